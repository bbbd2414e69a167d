"""Which time zones an address may lie in: a telephone number by its prefix, a postal address by its region.

Prefixes and their zones come from libphonenumber (`phonenumbers.tzdata`), those of regions from
`rulebook/zones_of_parts.toml`. What tells no more than the country does is left open (null).
"""

from functools import cache

import polars as pl
from phonenumbers import country_code_for_region, ndd_prefix_for_region
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from dunwell.rulebook.places import part_of, zones_of_part

_UNKNOWN = "Etc/Unknown"


def zones_of(points: pl.DataFrame) -> pl.Series:
    """Zones joined by a blank, or null, for each address.

    points   channel, value, country (of the address, else of its debtor), region: text, null where not known
    """
    phones = points.select(
        "country", value=pl.when(pl.col("channel").is_in(["phone", "sms"])).then("value")
    ).with_columns(prefix=_dialled().str.slice(0, TIMEZONE_LONGEST_PREFIX))
    prefixes = phones.select(pl.col("prefix").unique()).with_columns(by_prefix=_by_prefix(pl.col("prefix")))
    told = phones.join(prefixes, on="prefix", how="left", maintain_order="left")["by_prefix"]
    return points.select(zones=pl.when(pl.col("channel") == "letter").then(_by_region(points)).otherwise(told))["zones"]


def _dialled() -> pl.Expr:
    """The number as digits that begin with a calling code; null where that is not known."""
    plain = pl.col("value").str.replace_many({"(0)": "", **dict.fromkeys(_BETWEEN, "")})
    abroad = plain.str.strip_prefix("00").str.replace(r"^\+", "")
    is_abroad = plain.str.starts_with("+") | plain.str.starts_with("00")
    code = pl.col("country").replace_strict(_calling_codes(), default=None, return_dtype=pl.String)
    trunk = pl.col("country").replace_strict(_trunk_prefixes(), default="", return_dtype=pl.String)
    at_home = pl.concat_str(code, plain.str.strip_prefix(trunk))
    return pl.when(is_abroad).then(abroad).otherwise(at_home)


_BETWEEN = " -()./\u00a0\t"
"""What people write between digits. A number with anything else in its first digits has no known prefix."""


def _by_prefix(digits: pl.Expr) -> pl.Expr:
    """Zones by the longest prefix that has any."""
    found = [
        digits.str.slice(0, length).replace_strict(zones, default=None, return_dtype=pl.String)
        for length, zones in sorted(_prefixes().items(), reverse=True)
    ]
    return pl.coalesce(found).replace("", None)


@cache
def _prefixes() -> dict[int, dict[str, str]]:
    """Length -> prefix -> zones. A calling code alone whose numbers lie in several zones tells nothing: empty."""
    codes = set(_calling_codes().values())
    found: dict[int, dict[str, str]] = {length: {} for length in range(1, TIMEZONE_LONGEST_PREFIX + 1)}
    for prefix, zones in TIMEZONE_DATA.items():
        tells = _UNKNOWN not in zones and (prefix not in codes or len(zones) == 1)
        found[len(prefix)][prefix] = " ".join(zones) if tells else ""
    return {length: zones for length, zones in found.items() if zones}


@cache
def _calling_codes() -> dict[str, str]:
    codes = {country: country_code_for_region(country) for country in _countries()}
    return {country: str(code) for country, code in codes.items() if code}


@cache
def _trunk_prefixes() -> dict[str, str]:
    found = {country: ndd_prefix_for_region(country, strip_non_digits=True) for country in _countries()}
    return {country: prefix for country, prefix in found.items() if prefix}


def _countries() -> list[str]:
    return [f"{one}{two}" for one in _LETTERS for two in _LETTERS]


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _by_region(points: pl.DataFrame) -> pl.Expr:
    """Zones by country and region: asked once for each pair."""
    pairs = points.filter(pl.col("channel") == "letter").select("country", "region").drop_nulls().unique()
    zones = {
        f"{country}|{region}": " ".join(zones_of_part(country, part_of(country, region)))
        for country, region in pairs.rows()
    }
    told = {pair: found for pair, found in zones.items() if found}
    if not told:
        return pl.lit(None, pl.String)
    return pl.concat_str("country", pl.lit("|"), "region").replace_strict(told, default=None, return_dtype=pl.String)
