"""Places: in which time zones a debtor may be, and which law is part of which."""

import re
import tomllib
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


def candidate_zones(country: str | None, zone: str | None, part: str | None = None) -> tuple[str, ...]:
    """The zones a debtor may be in, most exact knowledge first; nothing known: every zone of the world.

    part   of the country, see `part_of`
    """
    if zone:
        return (zone,)
    if found := zones_of_part(country, part):
        return found
    return zones_by_country().get(country or "", every_zone())


@cache
def zones_of_part(country: str | None, part: str | None) -> tuple[str, ...]:
    """The zones of a part of a country that has several; none where they are not told apart."""
    return _zones_by_part().get(f"{country}-{part}", ())


@cache
def _zones_by_part() -> dict[str, tuple[str, ...]]:
    text = (resources.files("dunwell.rulebook") / "zones_of_parts.toml").read_text(encoding="utf-8")
    return {
        f"{country}-{part}": tuple(zones)
        for country, parts in tomllib.loads(text).items()
        for part, zones in parts.items()
    }


def part_of(country: str | None, told: str | None) -> str | None:
    """The part of a country that a code or a name means: the code of ISO 3166-2 after the hyphen, None where it is no
    part that has a name there. `ON`, `CA-ON` and `Ontario` are the same; England and Wales are one part: EAW."""
    if not country or not told:
        return None
    return _parts(country).get(_folded(told).removeprefix(f"{country.casefold()}-"))


def code_of_part(country: str | None, told: str) -> str | None:
    """`part_of`, and of a country whose parts are not known any code of the form of ISO 3166-2."""
    known = part_of(country, told)
    return told if known is None and country and not _parts(country) and _PART.fullmatch(told) else known


@cache
def _parts(country: str) -> dict[str, str]:
    import holidays  # costs a third of a second: only who asks for parts waits for it

    calendar = getattr(holidays, country, None)
    found = {_folded(code): code for code in getattr(calendar, "subdivisions", ()) if _PART.fullmatch(code)}
    aliases = getattr(calendar, "subdivisions_aliases", {})
    found.update({_folded(name): code for name, code in aliases.items() if _PART.fullmatch(code)})
    if country == "GB":
        found |= {"england and wales": "EAW", "eaw": "EAW"}
        return {name: _GB_LAW.get(code, code) for name, code in found.items()}
    return found


_PART = re.compile("[A-Z0-9]{1,3}")
_GB_LAW = {"ENG": "EAW", "WLS": "EAW"}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


UK_PARTS = ("UK-ENG", "UK-SCT", "UK-NIR")
"""Parts of the United Kingdom (GB) that have a law of their own: England and Wales, Scotland, Northern Ireland."""
US_STATES = frozenset(
    f"US-{state}"
    for state in (
        "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH"
        " OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
    ).split()
)
"""The states of the United States, each with a law of contracts of its own, and the District of Columbia."""
ANYWHERE = "any"


def is_law(code: str) -> bool:
    """Whether a code names a place that a law may be of: a country (ISO 3166 alpha-2), or a part of one (`UK_PARTS`,
    `US_STATES`)."""
    return code in UK_PARTS or code in US_STATES or code in zones_by_country()


def governs(place: str, law: str) -> bool:
    """Whether what holds in a place holds where a law governs: the same place, a part of it, or anywhere."""
    return place in (ANYWHERE, law) or law.startswith(f"{place}-") or (place == "GB" and law in UK_PARTS)


_EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())


def members_of(union: str) -> frozenset[str]:
    """The countries of a union of states that rules name as a place: `EU`; none for any other name."""
    return _EU if union == "EU" else frozenset()
