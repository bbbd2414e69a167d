"""Conditions that can never hold: comparisons of one column, joined by `and`, that no value fulfils.

Numbers are whole here (money in ten-thousandths), words are equal or not. What several columns say together, and an
`or` inside an `and`, is not looked into: what is found is certain, what is not found is not proven possible.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf
from dunwell.rulebook.strategy_columns import COLUMNS

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def contradictions(condition: Condition | None) -> Iterator[str]:
    """The columns of which a condition asks what nothing can be, wherever in it that stands."""
    match condition:
        case All():
            parts = list(_joined(condition))
            yield from _impossible(parts)
            for part in parts:
                yield from contradictions(part)
        case Either(parts):
            for part in parts:
                yield from contradictions(part)
        case Not(of):
            yield from contradictions(of)


def _joined(condition: Condition) -> Iterator[Condition]:
    """The parts that must hold together, through parentheses and `between`."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _joined(part)
    else:
        yield condition


@dataclass(slots=True)
class _Left:
    """What a column may still be. may_be_unknown: also nothing; words: None is any; low, high: None is open."""

    may_be_unknown: bool = True
    low: int | None = None
    high: int | None = None
    words: set[int | str] | None = None
    never: set[int | str] = field(default_factory=set)

    def among(self, values: Iterable[int | str]) -> None:
        """It is one of these."""
        self.words = set(values) if self.words is None else self.words & set(values)

    def compare(self, op: str, value: int | str) -> None:
        """It compares so with a value."""
        match op:
            case "=":
                self.among({value})
            case "!=":
                self.never.add(value)
            case _ if isinstance(value, int):
                if op in (">", ">="):
                    least = value + (op == ">")
                    self.low = least if self.low is None else max(self.low, least)
                else:
                    most = value - (op == "<")
                    self.high = most if self.high is None else min(self.high, most)

    def is_nothing(self) -> bool:
        """Can it be no value, and not unknown either?"""
        return not self.may_be_unknown and not self._any_value()

    def _any_value(self) -> bool:
        if self.words is not None:
            return any(self._inside(value) for value in self.words - self.never)
        if self.low is None or self.high is None:
            return True
        gone = sum(1 for value in self.never if self._inside(value))
        return self.high - self.low + 1 > gone

    def _inside(self, value: int | str) -> bool:
        if isinstance(value, str):
            return True
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def _impossible(parts: list[Condition]) -> Iterator[str]:
    left: dict[str, _Left] = {}
    flags: dict[str, set[bool]] = {}
    for part in parts:
        match part:
            case Flag(column):
                flags.setdefault(column, set()).add(True)
            case Not(Flag(column)):
                flags.setdefault(column, set()).add(False)
            case Compare(column, op, value):
                found = _of(left, column)
                found.may_be_unknown = False
                found.compare(op, value)
            case Not(Compare(column, op, value)):
                _of(left, column).compare(_OPPOSITE[op], value)
            case OneOf(column, values):
                found = _of(left, column)
                found.may_be_unknown = False
                found.among(values)
            case Not(OneOf(column, values)):
                _of(left, column).never |= set(values)
            case Known(column):
                _of(left, column).may_be_unknown = False
            case Not(Known(column)):
                _of(left, column).among(())
    yield from (column for column, asked in flags.items() if len(asked) == 2)
    yield from (column for column, found in left.items() if found.is_nothing())


def _of(left: dict[str, _Left], column: str) -> _Left:
    if column not in left:
        known = COLUMNS[column].values
        left[column] = _Left(words=set(known) if known else None)
    return left[column]
