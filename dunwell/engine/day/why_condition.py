"""Why a condition holds for a debtor or not, comparison by comparison, and what would have to be otherwise.

Whether a comparison holds is asked of `engine.day.conditions.holds` alone, on the one row of the debtor's profile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dunwell.core.money import DIGITS
from dunwell.documents.strategy_words import condition_text, value_text
from dunwell.engine.day.conditions import holds
from dunwell.engine.facts import in_days
from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf, columns_of
from dunwell.rulebook.strategy_columns import COLUMNS, MONEY_SCALE_DIGITS, Kind

type Leaf = Compare | OneOf | Flag | Known

_DAILY = frozenset({"days_past_due", "days_since_message", "days_since_talk"})
"""Columns that grow by one a day when nothing else happens."""
_PASSING = _DAILY | {
    "amount", "items", "only_charges", "overdue_1_30", "overdue_31_60", "overdue_61_90", "overdue_91", "reached",
    "messages", "calls", "promises_kept", "promises_broken",
}  # fmt: skip
"""Columns that time alone may change, or the steps before: what falls due, ages, is sent, or was promised."""


def may_change(condition: Condition | None) -> bool:
    """Does a condition ask for what may be otherwise on a later day, though nobody pays or tells us anything?"""
    return not _PASSING.isdisjoint(columns_of(condition))


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a debtor in one currency on a day: one row of `engine.day.profile`."""

    row: pl.DataFrame
    currency: str
    day: date

    def holds(self, condition: Condition | None) -> bool:
        """Does a condition hold for him?"""
        return bool(self.row.select(holds(condition)).item())

    def parts(self, condition: Condition | None) -> list[dict[str, Any]]:
        """Every comparison of a condition with his value beside it, see `part`."""
        return [self.part(leaf) for leaf in _leaves(condition)]

    def part(self, leaf: Leaf, *, wanted: bool = True) -> dict[str, Any]:
        """A comparison beside his value.

        text     the comparison as it may stand in the file, or its contrary if that is wanted
        holds    does that hold
        column, value    his value (text; None: not known)
        more     so much more (negative: less) would make it hold: text, in units of the currency or whole
        from     the day from which it holds if nothing but time changes
        """
        value = self.row[leaf.column].item()
        more = _difference(leaf, value, self.currency) if wanted else None
        grows = more is not None and more > 0 and leaf.column in _DAILY
        return {
            "text": condition_text(leaf if wanted else Not(leaf)),
            "holds": self.holds(leaf) is wanted,
            "column": leaf.column,
            "value": None if value is None else _shown(leaf.column, value),
            "more": None if more is None else value_text(leaf.column, more),
            "from": in_days(self.day, more) if more is not None and grows and more < _LONG else None,
        }

    def lacking(self, condition: Condition | None, *, wanted: bool = True) -> dict[str, Any] | None:
        """What would have to be otherwise, so that a condition holds (wanted: False: so that it does not).

        None: nothing. Else a comparison (see `part`), {"all": [...]} or {"any": [...]} of such.
        """
        if condition is None:
            return None if wanted else {"any": []}
        if self.holds(condition) is wanted:
            return None
        match condition:
            case Not(of):
                return self.lacking(of, wanted=not wanted)
            case All(parts) | Either(parts):
                found = [each for each in (self.lacking(part, wanted=wanted) for part in parts) if each]
                together = isinstance(condition, All) is wanted
                return found[0] if len(found) == 1 else {"all" if together else "any": found}
            case Compare(column, op, value) if not wanted:
                # it holds, so the value is known, and the contrary of the comparison says the same
                return self.part(Compare(column, _CONTRARY[op], value))
        return self.part(condition, wanted=wanted)


_CONTRARY = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LONG = 10_000
"""Days: further ahead nobody plans."""


def _leaves(condition: Condition | None) -> Iterator[Leaf]:
    match condition:
        case None:
            return
        case Not(of):
            yield from _leaves(of)
        case All(parts) | Either(parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield condition


def _shown(column: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else value_text(column, value)


def _difference(leaf: Leaf, value: Any, currency: str) -> int | None:
    """What must be added to a number so that the comparison holds; None: it holds, or no number is meant."""
    if not isinstance(leaf, Compare) or isinstance(value, str | None) or isinstance(leaf.value, str):
        return None
    is_money = COLUMNS[leaf.column].kind is Kind.MONEY
    step = 10 ** (MONEY_SCALE_DIGITS - DIGITS[currency]) if is_money else 1
    short: int = leaf.value - value
    match leaf.op:
        case ">=" if short > 0:
            return -(-short // step) * step
        case ">" if short >= 0:
            return (short // step + 1) * step
        case "<=" if short < 0:
            return short // step * step
        case "<" if short <= 0:
            return (-(-short // step) - 1) * step
        case "=" if short and short % step == 0:
            return short
    return None
