"""Official days off and make-up working days, where a government announces them by year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.terms import LANGUAGES
from dunwell.rulebook.citation import Citation, read_citation
from dunwell.rulebook.rules_file import RuleError

MAKE_UP = "make-up"
_KEYS = {"country", "title", "review_by", "names", "years", "cases"}


@dataclass(frozen=True, slots=True)
class OfficialYear:
    """One announced year: `off` has each day off with the key of its name, `work` the weekend days worked."""

    off: Mapping[date, str]
    work: frozenset[date]
    citation: Citation


@dataclass(frozen=True, slots=True)
class OfficialDays:
    """A country's announced years. `names` holds `{key: {language: name}}`; `cases` are worked examples."""

    country: str
    title: Mapping[str, str]
    review_by: date
    names: Mapping[str, Mapping[str, str]]
    years: Mapping[int, OfficialYear]
    cases: tuple[dict[str, Any], ...]


@cache
def official_days() -> dict[str, OfficialDays]:
    """Country -> its announced years, from the tables that come with Dunwell."""
    folder = resources.files("dunwell.rulebook") / "days_off"
    read = [
        read_official_days(file.name, file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda each: each.name)
        if file.name.endswith(".yaml")
    ]
    return {days.country: days for days in read}


def read_official_days(file: str, text: str) -> OfficialDays:
    """A table from YAML. Raises RuleError, naming the file and the year, for anything that cannot be trusted."""
    try:
        entry = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleError(f"{file}: no YAML: {error}") from error
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise RuleError(f"{file}: a table of days off has exactly the keys {', '.join(sorted(_KEYS))}")
    for key in ("title", "names", "years"):
        if not isinstance(entry[key], dict) or not entry[key]:
            raise RuleError(f"{file}: {key} is a table")
    if type(entry["review_by"]) is not date:
        raise RuleError(f"{file}: review_by is a day")
    if not isinstance(entry["cases"], list) or not entry["cases"]:
        raise RuleError(f"{file}: a table without a case is not trusted")
    for key, words in {"title": entry["title"], **entry["names"]}.items():
        if not isinstance(words, dict) or set(words) != set(LANGUAGES) or not all(words.values()):
            raise RuleError(f"{file}: {key} needs {', '.join(LANGUAGES)}")
    if MAKE_UP not in entry["names"]:
        raise RuleError(f"{file}: make-up days need a name")
    return OfficialDays(
        country=str(entry["country"]),
        title=entry["title"],
        review_by=entry["review_by"],
        names=entry["names"],
        years={year: _year(f"{file}: {year}", year, of, set(entry["names"])) for year, of in entry["years"].items()},
        cases=tuple(entry["cases"]),
    )


def _year(where: str, year: Any, entry: Any, names: set[str]) -> OfficialYear:
    if type(year) is not int or not isinstance(entry, dict) or set(entry) != {"citation", "days_off", "worked"}:
        raise RuleError(f"{where}: a year has exactly the keys citation, days_off, worked")
    try:
        citation = read_citation(entry["citation"])
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from error
    if not isinstance(entry["days_off"], dict) or not set(entry["days_off"]) <= names - {MAKE_UP}:
        raise RuleError(f"{where}: days_off are called as in names")
    off: dict[date, str] = {}
    for key, span in entry["days_off"].items():
        if not isinstance(span, list) or len(span) != 2 or not all(type(day) is date for day in span):
            raise RuleError(f"{where}: {key} is its first and its last day")
        first, last = span
        if not date(year, 1, 1) <= first <= last <= date(year, 12, 31):
            raise RuleError(f"{where}: {key} lies within the year, first day first")
        off |= {first + timedelta(days=i): key for i in range((last - first).days + 1)}
    work = entry["worked"]
    if not isinstance(work, list) or not all(type(day) is date and day.year == year for day in work):
        raise RuleError(f"{where}: worked is a list of days of the year")
    if set(work) & set(off) or len(set(work)) != len(work):
        raise RuleError(f"{where}: a day is off or worked, once")
    return OfficialYear(off, frozenset(work), citation)
