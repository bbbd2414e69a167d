"""Words inside cells -> the field's closed lists, by the table in `values.toml`; countries, zones, currencies too."""

import tomllib
from functools import cache
from importlib import resources
from zoneinfo import available_timezones

from babel import Locale

from dunwell.core.money import DIGITS
from dunwell.intake.columns import plain


@cache
def _data() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("dunwell.intake").joinpath("values.toml").read_text(encoding="utf-8"))


@cache
def words(table: str) -> dict[str, str]:
    """Plain word -> what it means, of one table: status, doc_type, debtor_kind, buyer_kind, debt_kind, charge_kind,
    charge_basis, secured (of a claim: yes or no), designation (what a payment is for),
    language, channel, currency, country, law (of a contract: a country, or a part of one that has a law of its own).

    The keys are plain (see `columns.plain`)."""
    if table == "country":
        return _countries()
    if table == "law":
        return {**_countries(), **_listed(table)}
    found = _listed(table)
    if table == "currency":
        found.update({code.casefold(): code for code in DIGITS})
    if table == "preferred_channel":
        found.update(words("channel"))
    return found


def _listed(table: str) -> dict[str, str]:
    return {
        plain(word) or word.strip().casefold(): meaning
        for meaning, listed in _data()[table].items()
        for word in [meaning, *listed]
    }


def _countries() -> dict[str, str]:
    """Two letters of ISO 3166-1, or a country's name in English or Chinese. XA to XZ count too: ISO leaves them to
    users, who write Kosovo (XK) and made-up countries so. ZZ (unknown), groups and codes of nobody do not."""
    found: dict[str, str] = {}
    for language in ("en", "zh_Hans", "zh_Hant", "zh_Hant_HK"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES:
                found.setdefault(plain(name), code)
                found[code.casefold()] = code
    found.update({f"x{letter}": f"X{letter.upper()}" for letter in "abcdefghijklmnopqrstuvwxyz"})
    found.update(
        {
            plain(name): code
            for name, code in (("USA", "US"), ("UK", "GB"), ("PRC", "CN"), ("香港", "HK"), ("澳门", "MO"))
        }
    )
    found.update(
        {plain(name): code for name, code in (("澳門", "MO"), ("中国大陆", "CN"), ("中國大陸", "CN"), ("臺灣", "TW"))}
    )
    return found


_NO_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())
"""Codes of CLDR that ISO 3166-1 has not assigned to a country: reserved ones, groups, pseudo-locales, unknown."""


@cache
def zones() -> frozenset[str]:
    """The names of the IANA time zones."""
    return frozenset(available_timezones())
