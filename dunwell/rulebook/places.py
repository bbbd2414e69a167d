"""Places: in which time zones a debtor may be, and which law is part of which."""

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


UK_PARTS = ("UK-ENG", "UK-SCT", "UK-NIR")
"""Parts of the United Kingdom (GB) that have a law of their own: England and Wales, Scotland, Northern Ireland."""
ANYWHERE = "any"


def is_law(code: str) -> bool:
    """Whether a code names a place that a law may be of: a country (ISO 3166 alpha-2), or a part of one."""
    return code in UK_PARTS or code in zones_by_country()


def governs(place: str, law: str) -> bool:
    """Whether what holds in a place holds where a law governs: the same place, a part of it, or anywhere."""
    return place in (ANYWHERE, law) or law.startswith(f"{place}-") or (place == "GB" and law in UK_PARTS)


_EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())


def members_of(union: str) -> frozenset[str]:
    """The countries of a union of states that rules name as a place: `EU`; none for any other name."""
    return _EU if union == "EU" else frozenset()
