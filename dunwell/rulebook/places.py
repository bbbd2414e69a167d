"""In which time zones a debtor may be: his own if it is known, else all of his country."""

from functools import cache
from importlib import resources

# Where tzdata lists zones that nobody's office clock follows: the whole of China keeps Beijing time.
_OFFICIAL = {"CN": ("Asia/Shanghai",)}


@cache
def zones_by_country() -> dict[str, tuple[str, ...]]:
    """Country (ISO 3166 alpha-2) -> its time zones, from the tz database's own table `zone.tab`."""
    found: dict[str, list[str]] = {}
    text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return {country: _OFFICIAL.get(country, tuple(sorted(zones))) for country, zones in sorted(found.items())}


@cache
def every_zone() -> tuple[str, ...]:
    """All zones of all countries."""
    return tuple(sorted({zone for zones in zones_by_country().values() for zone in zones}))


def candidate_zones(country: str | None, zone: str | None) -> tuple[str, ...]:
    """The zones a debtor may be in, most exact first knowledge first; nothing known: every zone of the world."""
    if zone:
        return (zone,)
    return zones_by_country().get(country or "", every_zone())
