"""A condition of a strategy as an expression over the columns of `engine.day.profile`. Never null: what is not known
makes a comparison false."""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import polars as pl

from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf

_OPS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(condition: Condition | None) -> pl.Expr:
    """Boolean: does it hold? No condition always does."""
    match condition:
        case None:
            return pl.lit(value=True)
        case Compare(column, op, value):
            return _known(_OPS[op](pl.col(column), pl.lit(value)))
        case OneOf(column, values):
            return _known(pl.col(column).is_in(list(values)))
        case Flag(column):
            return _known(pl.col(column))
        case Known(column):
            return pl.col(column).is_not_null()
        case Not(of):
            return ~holds(of)
        case All(parts):
            return reduce(operator.and_, map(holds, parts))
        case Either(parts):
            return reduce(operator.or_, map(holds, parts))


def _known(found: pl.Expr) -> pl.Expr:
    return found.fill_null(value=False)
