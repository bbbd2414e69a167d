"""When a debtor counts as lost, so that a third person may be asked how to reach him: dated, cited values.

A debtor is lost where all his known numbers are invalid (`numbers`), where so many dials in a row did not reach him
(`dials`), or where so many days in a row all calls and visits were in vain (`days`). Each way says after how many days
it holds. What ends a row: a contact that reached him, or that came from him. See `engine/contact/lost_contact.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.terms import LANGUAGES
from dunwell.rulebook.citation import Citation, read_citation
from dunwell.rulebook.contact_rules import OUTCOMES, Scope
from dunwell.rulebook.rule_error import RuleError
from dunwell.rulebook.rules_file import read_scope

WAYS = ("numbers", "dials", "days")
_KEYS = {"id", "title", "applies", "values", "citation", "review_by", "given", "cases"}
_WAY_KEYS = {
    "numbers": {"holds_after_days"},
    "dials": {"in_a_row", "holds_after_days"},
    "days": {"in_a_row", "holds_after_days"},
}


@dataclass(frozen=True, slots=True)
class Ways:
    """The values of a day. `in_a_row`, `holds_after_days`: by way; `in_vain`, `reached`: outcomes."""

    in_a_row: Mapping[str, int]
    holds_after_days: Mapping[str, int]
    in_vain: tuple[str, ...]
    reached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LostContactTerms:
    """One dated, cited set of ways in which a debtor is found to be lost. `cases` run as tests."""

    id: str
    title: Mapping[str, str]
    scope: Scope
    values: tuple[tuple[date, Ways], ...]
    citation: Citation
    review_by: date
    cases: tuple[Mapping[str, Any], ...]

    def on(self, day: date) -> Ways | None:
        """The values in force on a day, or None before the first."""
        return next((ways for start, ways in reversed(self.values) if start <= day), None)


@cache
def house_lost_contact() -> tuple[LostContactTerms, ...]:
    """The terms that come with Dunwell, by id."""
    folder = resources.files("dunwell.rulebook") / "lost_contact"
    files = sorted((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir())
    found = [each for name, text in files for each in read_lost_contact(name, text)]
    return tuple(sorted(found, key=lambda each: each.id))


def read_lost_contact(name: str, text: str) -> list[LostContactTerms]:
    """Terms from a YAML text. Raises RuleError for anything that cannot be trusted."""
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleError(f"{name}: no YAML: {error}") from error
    if not isinstance(entries, list):
        raise RuleError(f"{name}: a file of terms is a list")
    return [_terms(entry, name) for entry in entries]


def _terms(entry: Any, name: str) -> LostContactTerms:
    where = f"{name}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise RuleError(f"{where}: lost contact has the keys {', '.join(sorted(_KEYS))}")
    if not isinstance(entry["title"], dict) or set(entry["title"]) != set(LANGUAGES):
        raise RuleError(f"{where}: a title needs {', '.join(LANGUAGES)}")
    if type(entry["review_by"]) is not date:
        raise RuleError(f"{where}: review_by is a day")
    if not entry["cases"] or not all(
        isinstance(case, dict) and {"name", "lost"} <= set(case) for case in entry["cases"]
    ):
        raise RuleError(f"{where}: terms without a case are not trusted")
    values = entry["values"]
    if not isinstance(values, dict) or not values or not all(type(day) is date for day in values):
        raise RuleError(f"{where}: values are given from a day on")
    try:
        citation = read_citation(entry["citation"])
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from error
    return LostContactTerms(
        id=entry["id"],
        title=entry["title"],
        scope=read_scope(entry["applies"], where),
        values=tuple(sorted(((day, _ways(value, where)) for day, value in values.items()), key=lambda pair: pair[0])),
        citation=citation,
        review_by=entry["review_by"],
        cases=tuple({**entry["given"], **case} for case in entry["cases"]),
    )


def _ways(value: Any, where: str) -> Ways:
    if not isinstance(value, dict) or not {"in_vain", "reached"} <= set(value) <= {*WAYS, "in_vain", "reached"}:
        raise RuleError(f"{where}: values are in_vain, reached, and some of {', '.join(WAYS)}")
    ways = {way: value[way] for way in WAYS if way in value}
    for way, told in ways.items():
        if (
            not isinstance(told, dict)
            or set(told) != _WAY_KEYS[way]
            or not all(type(n) is int and n >= 0 for n in told.values())
        ):
            raise RuleError(f"{where}: {way} has whole numbers {', '.join(sorted(_WAY_KEYS[way]))}")
        if told.get("in_a_row", 1) < 1:
            raise RuleError(f"{where}: in_a_row is at least 1")
    for name in ("in_vain", "reached"):
        if not isinstance(value[name], list) or not value[name] or not set(value[name]) <= set(OUTCOMES):
            raise RuleError(f"{where}: {name} is a list of {', '.join(OUTCOMES)}")
    return Ways(
        in_a_row={way: told["in_a_row"] for way, told in ways.items() if "in_a_row" in told},
        holds_after_days={way: told["holds_after_days"] for way, told in ways.items()},
        in_vain=tuple(value["in_vain"]),
        reached=tuple(value["reached"]),
    )
