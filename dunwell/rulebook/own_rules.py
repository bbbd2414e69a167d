"""House rules for trade debts as a creditor sets them: the rules that come with Dunwell, with his values from a day on.

Only the rules of `rules/house/trade.yaml` may be set: they are business manners. What protects natural persons, and
what the law says, stands as it is. And they may be set within bounds only: hours do not reach into the night nor over
every day of the week, and nobody is contacted without end. Values beyond the bounds, from a time that had none, do not
hold: those that come with Dunwell do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from dunwell.core.errors import DunwellError
from dunwell.rulebook.contact_rules import Rule, Rules
from dunwell.rulebook.rule_values import HOLIDAYS, read_values
from dunwell.rulebook.rules_file import house_rules, read_rules

FILE = "house/trade.yaml"
FIELDS: Mapping[str, tuple[str, ...]] = {
    "hours": ("from", "until", "weekdays", "holidays"),
    "count": ("most", "days"),
    "season": ("yearly", "spans"),
}
"""What may be set of a rule, by its kind."""
EARLIEST, LATEST, WORKDAYS = "07:00", "21:00", 6
"""The widest hours: not before the one, not after the other, and not on all seven weekdays."""
A_DAY = 2
"""The most contacts for each day of the window of a count."""
_WHOLE = re.compile(r"[0-9]{1,3}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, slots=True, order=True)
class OwnValue:
    """The values of a rule from a day on, as YAML; None: those that come with Dunwell again."""

    rule: str
    from_date: date
    values: str | None


def settable() -> dict[str, Rule]:
    """The rules a creditor may set, by id."""
    ids = [entry["id"] for entry in yaml.safe_load(house_rules().texts[FILE])]
    return {each: house_rules().named(each) for each in ids}


def own_values(rule: Rule, wishes: Mapping[str, str]) -> str:
    """The values of a rule with some of them set otherwise, as YAML.

    wishes   by field (`FIELDS`): "09:00", "1,2,3", "closed", "3", "12-24:12-26,12-31"

    Raises DunwellError: `rules.may_be_set`, `.whole_number`, `.clock`, `.hours_too_wide`, `.weekdays`,
    `.every_weekday`, `.holidays`, `.too_many`, `.yearly`, `.spans`.
    """
    known = FIELDS[rule.kind]
    if not wishes or not set(wishes) <= set(known):
        raise DunwellError("rules.may_be_set", rule=rule.id, known=", ".join(known))
    value = {**_shipped(rule.id), **{name: _read(name, told) for name, told in wishes.items()}}
    if wrong := _beyond(rule.kind, value):
        raise wrong
    read_values(rule.kind, dict(value), rule.id)
    return yaml.safe_dump(value, sort_keys=True, default_flow_style=True, width=10_000).strip()


def _beyond(kind: str, value: Mapping[str, Any]) -> DunwellError | None:
    """What is wrong with values that can be read: no such hours, or wider than the bounds."""
    if kind == "hours":
        if not value["from"] < value["until"]:
            return DunwellError("rules.clock", name="until", value=value["until"])
        if value["from"] < EARLIEST or value["until"] > LATEST:
            return DunwellError("rules.hours_too_wide", earliest=EARLIEST, latest=LATEST)
        if len(value["weekdays"]) > WORKDAYS:
            return DunwellError("rules.every_weekday", most=WORKDAYS)
    if kind == "count":
        if value["days"] < 1:
            return DunwellError("rules.whole_number", name="days", least=1)
        if value["most"] > A_DAY * value["days"]:
            return DunwellError("rules.too_many", most=A_DAY * value["days"], days=value["days"])
    return None


@lru_cache(maxsize=256)
def with_own(own: tuple[OwnValue, ...]) -> Rules:
    """The rules that come with Dunwell, with the values a creditor set. Their texts are complete: a run keeps them."""
    if not own:
        return house_rules()
    texts = dict(house_rules().texts)
    entries = yaml.safe_load(texts[FILE])
    for entry in entries:
        mine = [_within(each, entry["kind"]) for each in own if each.rule == entry["id"]]
        entry["values"] = _merged(entry["values"], mine)
    texts[FILE] = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=10_000)
    return read_rules(texts)


def _within(own: OwnValue, kind: str) -> OwnValue:
    """What was set, or the values that come with Dunwell in its place where it lies beyond the bounds."""
    if own.values is None or _beyond(kind, yaml.safe_load(own.values)) is None:
        return own
    return replace(own, values=None)


def _merged(shipped: Mapping[date, Any], own: list[OwnValue]) -> dict[date, Any]:
    """Values by day: what the creditor set holds until he takes it back, whatever comes with Dunwell meanwhile."""
    found: dict[date, Any] = {}
    for day in sorted({*shipped, *(each.from_date for each in own)}):
        mine = max((each for each in own if each.from_date <= day), key=lambda each: each.from_date, default=None)
        known = max((since for since in shipped if since <= day), default=min(shipped))
        found[day] = shipped[known] if mine is None or mine.values is None else yaml.safe_load(mine.values)
    return found


def _shipped(rule_id: str) -> dict[str, Any]:
    """The latest values that come with Dunwell, as they are written."""
    entry = next(each for each in yaml.safe_load(house_rules().texts[FILE]) if each["id"] == rule_id)
    values: dict[str, Any] = entry["values"][max(entry["values"])]
    return values


def _read(name: str, told: str) -> Any:
    told = told.strip()
    if name in ("most", "days"):
        if not _WHOLE.fullmatch(told):
            raise DunwellError("rules.whole_number", name=name, least=1 if name == "days" else 0)
        return int(told)
    if name == "weekdays":
        days = told.split(",")
        if not all(day in "1234567" and len(day) == 1 for day in days):
            raise DunwellError("rules.weekdays", value=told[:40])
        return sorted({int(day) for day in days})
    if name in ("from", "until"):
        if not _CLOCK.fullmatch(told):
            raise DunwellError("rules.clock", name=name, value=told[:40])
        return told
    if name == "holidays":
        if told not in HOLIDAYS:
            raise DunwellError("rules.holidays", value=told[:40], known=", ".join(HOLIDAYS))
        return told
    parts = [part for part in told.split(",") if part]
    if not parts:
        raise DunwellError(f"rules.{name}", value=told[:40])
    return [_yearly(part) if name == "yearly" else _span(part) for part in parts]


def _yearly(told: str) -> list[str]:
    first, _, last = told.partition(":")
    days = [first.strip(), (last or first).strip()]
    if not all(_MONTH_DAY.fullmatch(day) and _is_a_day(day) for day in days) or days[0] > days[1]:
        raise DunwellError("rules.yearly", value=told[:40])
    return days


def _is_a_day(day: str) -> bool:
    """Is there such a day, at least in leap years?"""
    try:
        date.fromisoformat(f"2024-{day}")
    except ValueError:
        return False
    return True


def _span(told: str) -> list[date]:
    first, _, last = told.partition(":")
    try:
        days = [date.fromisoformat(day) for day in (first.strip(), (last or first).strip())]
    except ValueError:
        raise DunwellError("rules.spans", value=told[:40]) from None
    if days[0] > days[1]:
        raise DunwellError("rules.spans", value=told[:40])
    return days
