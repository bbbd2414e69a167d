"""House rules for trade debts as a creditor sets them: the rules that come with Dunwell, with his values from a day on.

Only the rules of `rules/house/trade.yaml` may be set: they are business manners. What protects natural persons, and
what the law says, stands as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from dunwell.rulebook.contact_rules import Rule, Rules
from dunwell.rulebook.rule_error import RuleError
from dunwell.rulebook.rule_values import read_values
from dunwell.rulebook.rules_file import house_rules, read_rules

FILE = "house/trade.yaml"
FIELDS: Mapping[str, tuple[str, ...]] = {
    "hours": ("from", "until", "weekdays", "holidays"),
    "count": ("most", "days"),
    "season": ("yearly", "spans"),
}
"""What may be set of a rule, by its kind."""
_WHOLE = re.compile(r"[0-9]{1,3}")


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
    """The values of a rule with some of them set otherwise, as YAML. Raises RuleError in words.

    wishes   by field (`FIELDS`): "09:00", "1,2,3", "closed", "3", "12-24:12-26,12-31"
    """
    known = FIELDS[rule.kind]
    if not wishes or not set(wishes) <= set(known):
        raise RuleError(f"{rule.id}: may be set: {', '.join(known)}")
    value = {**_shipped(rule.id), **{name: _read(name, told, rule.id) for name, told in wishes.items()}}
    read_values(rule.kind, dict(value), rule.id)
    return yaml.safe_dump(value, sort_keys=True, default_flow_style=True, width=10_000).strip()


@lru_cache(maxsize=256)
def with_own(own: tuple[OwnValue, ...]) -> Rules:
    """The rules that come with Dunwell, with the values a creditor set. Their texts are complete: a run keeps them."""
    if not own:
        return house_rules()
    texts = dict(house_rules().texts)
    entries = yaml.safe_load(texts[FILE])
    for entry in entries:
        entry["values"] = _merged(entry["values"], [each for each in own if each.rule == entry["id"]])
    texts[FILE] = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=10_000)
    return read_rules(texts)


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


def _read(name: str, told: str, where: str) -> Any:
    told = told.strip()
    if name in ("most", "days"):
        if not _WHOLE.fullmatch(told):
            raise RuleError(f"{where}: {name} is a whole number, at most three digits")
        return int(told)
    if name == "weekdays":
        if not all(_WHOLE.fullmatch(part) for part in told.split(",")):
            raise RuleError(f"{where}: weekdays are numbers with commas between: 1,2,3,4,5")
        return sorted({int(part) for part in told.split(",")})
    if name in ("yearly", "spans"):
        return [_span(part, name, where) for part in told.split(",") if part]
    return told


def _span(told: str, name: str, where: str) -> list[Any]:
    first, _, last = told.partition(":")
    days: list[Any] = [first.strip(), (last or first).strip()]
    if name == "yearly":
        return days
    try:
        return [date.fromisoformat(day) for day in days]
    except ValueError:
        raise RuleError(f"{where}: spans are written 2027-02-05:2027-02-12, with commas between") from None
