"""Invented names and addresses that fit their country. No person and no company of these names is meant: Latin stems
are made of invented syllables, Chinese names carry 例, 样/樣 or 範 (example, sample, pattern), streets are called so.
E-mail addresses lie under example.com, or under .invalid where they shall bounce.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

_HEADS = (
    "Pel Thist Brack Osmer Quill Varn Hest Lumb Corv Drem Falm Gris Halv Jorr Kest Mard Nev Orl Tamb Ulv Zell".split()
)
_TAILS = "marrow wick holt stead brin dale mere combe gate low sund heim fors ley nau rond".split()
_FIRST = {
    "DE": "Anke Bernd Frauke Holger Ilka Jens Katja Lutz Meike Uwe".split(),
    "FR": "Aline Bastien Chloé Didier Élodie Fabrice Gaëlle Hugo".split(),
    "NL": "Anouk Bram Femke Joost Maaike Sander Tessa Wouter".split(),
    "US": "Amber Brad Carla Derek Elena Frank Grace Hank".split(),
    "GB": "Alice Ben Clara David Edith Fergus Gemma Hugh".split(),
}
_FIRST |= {"AT": _FIRST["DE"], "CH": _FIRST["DE"], "IE": _FIRST["GB"]}
_ZH_SURNAMES = {
    "zh-Hans": "陈林黄张李王吴刘蔡杨许郑谢洪郭邱曾赖徐周",
    "zh-Hant": "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾賴徐周",
}
_ZH_GIVEN = {"zh-Hans": ("例样", "明文芳强安宁平华"), "zh-Hant": ("例範樣", "明文芳強安寧平華")}
_ZH_BRAND = {"zh-Hans": ("例样", "禾棠岫澜川屿枫筑朗溪"), "zh-Hant": ("例範樣", "禾棠岫瀾川嶼楓築朗溪")}


@dataclass(frozen=True, slots=True)
class Place:
    """Where debtors live: country, how companies are called there, streets, towns (city, postcode, region, zone)."""

    country: str
    language: str
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str, str, str], ...]


@cache
def places() -> dict[str, Place]:
    """Where the debtors of the book live, by country."""
    table = tomllib.loads((resources.files("dunwell.demo") / "places.toml").read_text(encoding="utf-8"))
    return {country: _place(country, row) for country, row in table.items()}


def _place(country: str, row: dict[str, Any]) -> Place:
    towns = [town.split("|") for town in row["towns"]]
    return Place(
        country=country,
        language=row["language"],
        trades=tuple(row["trades"]),
        forms=tuple(row["forms"]),
        streets=tuple(row["streets"]),
        towns=tuple((city, postcode, region, zone) for city, postcode, region, zone in towns),
    )


def company(rng: Random, place: Place) -> str:
    """A company, e.g. `Kestdale Joinery Ltd`, `苏州例禾纺织有限公司`."""
    trade, form = rng.choice(place.trades), rng.choice(place.forms)
    if place.language == "en":
        return f"{_stem(rng)} {trade} {form}"
    mark, rest = _ZH_BRAND[place.language]
    town = rng.choice(place.towns)[0]
    town = town if place.country == "HK" else town[:2]
    return f"{'香港' if place.country == 'HK' else town}{rng.choice(mark)}{rng.choice(rest)}{trade}{form}"


def person(rng: Random, place: Place) -> str:
    """A person, e.g. `Edith Kestdale`, `陈例安`."""
    if place.language == "en":
        return f"{rng.choice(_FIRST[place.country])} {_stem(rng)}"
    mark, rest = _ZH_GIVEN[place.language]
    return f"{rng.choice(_ZH_SURNAMES[place.language])}{rng.choice(mark)}{rng.choice(rest)}"


def address(rng: Random, place: Place) -> tuple[str, str, str, str, str]:
    """Street, postcode, city, region, zone (the last three may be empty)."""
    city, postcode, region, zone = rng.choice(place.towns)
    return rng.choice(place.streets).format(n=rng.randint(1, 88)), postcode, city, region, zone


def mailbox(number: str, *, consumer: bool, bounces: bool) -> str:
    """An address of its own for each account; one that ends in .invalid is refused by the demonstration's server."""
    local = "me" if consumer else "accounts"
    return f"{local}@c{number.lower()}.invalid" if bounces else f"{local}@c{number.lower()}.example.com"


def _stem(rng: Random) -> str:
    return rng.choice(_HEADS) + rng.choice(_TAILS)
