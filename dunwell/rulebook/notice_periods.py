"""Days that follow from a notice, an act or a message: when it may be taken as received, until when an answer is
awaited, until when records are kept. The numbers are data in `periods/*.yaml`, each with its citation and cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.terms import LANGUAGES
from dunwell.rulebook.calendars import Day, add_working_days, calendar_named, day_in
from dunwell.rulebook.citation import Citation, read_citation
from dunwell.rulebook.rule_error import RuleError

UNITS = ("days", "working_days", "years")
"""In which a step counts: days of the calendar; working days of the place; years, in which a day that is not there is
the next one."""
_KEYS = {"id", "title", "place", "values", "citation", "review_by", "cases"}


@dataclass(frozen=True, slots=True)
class NoticePeriod:
    """A period from an event, whose own day is not counted: steps of a unit and a number, one after the other.

    place   whose working days count: a calendar of `rulebook.calendars`
    values  the steps in force for an event on or after a day
    cases   worked examples: `event`, and the `last` day, null where the rule was not in force
    """

    id: str
    title: Mapping[str, str]
    place: str
    values: tuple[tuple[date, tuple[tuple[str, int], ...]], ...]
    citation: Citation
    review_by: date
    cases: tuple[Mapping[str, Any], ...]

    def last_day(self, event: date) -> Day | None:
        """The last day of the period; `known` is false where public holidays on the way are not known yet. None
        before the rule's first day.

        A validation notice sent on Monday 15 June 2026, five working days, with 19 June a holiday: 23 June.
        """
        steps = next((steps for start, steps in reversed(self.values) if start <= event), None)
        if steps is None:
            return None
        here, known = event, True
        for unit, number in steps:
            if unit == "working_days":
                on = add_working_days(self.place, here, number)
                here, known = on.day, known and on.known
            else:
                here = here + timedelta(days=number) if unit == "days" else _years_later(here, number)
        return Day(here, day_in(self.place, here).working, known)


@cache
def notice_periods() -> Mapping[str, NoticePeriod]:
    """The periods that come with Dunwell, by id."""
    folder = resources.files("dunwell.rulebook") / "periods"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return read_notice_periods({file.name: file.read_text(encoding="utf-8") for file in files})


def read_notice_periods(texts: Mapping[str, str]) -> Mapping[str, NoticePeriod]:
    """Periods from YAML texts by file name. Raises RuleError for anything that cannot be trusted."""
    found: dict[str, NoticePeriod] = {}
    for file, text in texts.items():
        try:
            entries = yaml.safe_load(text) or []
        except yaml.YAMLError as error:
            raise RuleError(f"{file}: no YAML: {error}") from error
        if not isinstance(entries, list):
            raise RuleError(f"{file}: a file of periods is a list")
        for entry in entries:
            period = _period(entry, file)
            if period.id in found:
                raise RuleError(f"{file}: {period.id} stands twice")
            found[period.id] = period
    return found


def _period(entry: Any, file: str) -> NoticePeriod:
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise RuleError(f"{file}: a period has exactly the keys {', '.join(sorted(_KEYS))}")
    where = f"{file}: {entry['id']}"
    try:
        citation = read_citation(entry["citation"])
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from error
    title, values = entry["title"], entry["values"]
    if not isinstance(title, dict) or set(title) != set(LANGUAGES) or not all(title.values()):
        raise RuleError(f"{where}: a title needs {', '.join(LANGUAGES)}")
    if type(entry["review_by"]) is not date:
        raise RuleError(f"{where}: review_by is a day")
    if not isinstance(values, dict) or not values or not all(type(day) is date for day in values):
        raise RuleError(f"{where}: values are given from a day on")
    if not isinstance(entry["cases"], list) or not all(_is_case(case) for case in entry["cases"]) or not entry["cases"]:
        raise RuleError(f"{where}: a period has cases, each with its event and its last day")
    return NoticePeriod(
        id=str(entry["id"]),
        title=title,
        place=calendar_named(str(entry["place"])),
        values=tuple(sorted((day, _steps(steps, where)) for day, steps in values.items())),
        citation=citation,
        review_by=entry["review_by"],
        cases=tuple(entry["cases"]),
    )


def _is_case(case: Any) -> bool:
    return (
        isinstance(case, dict)
        and set(case) == {"event", "last"}
        and type(case["event"]) is date
        and (case["last"] is None or type(case["last"]) is date)
    )


def _steps(steps: Any, where: str) -> tuple[tuple[str, int], ...]:
    listed = steps if isinstance(steps, list) else []
    read = [pair for step in listed if isinstance(step, dict) for pair in step.items()]
    if not read or len(read) != len(listed) or not all(u in UNITS and type(n) is int and n > 0 for u, n in read):
        raise RuleError(f"{where}: a step is a number of {', '.join(UNITS)}")
    return tuple(read)


def _years_later(day: date, years: int) -> date:
    """The same day some years later; 29 February, where there is none, is 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
