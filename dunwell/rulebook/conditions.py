"""Conditions of a strategy: boolean expressions over documented columns, read into a small tree of our own.

`sqlglot` reads the text; what it may contain is our list, so that a strategy means the same under any of its versions.
Allowed: `and`, `or`, `not`, parentheses, `= <> < <= > >=`, `in (...)`, `between ... and ...`, a flag by its name,
`is known` said as `is not null`. No arithmetic, no functions, no other columns than `strategy_columns.COLUMNS`.

A comparison with something that is not known is false; `not` of it is true.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException

import sqlglot
from sqlglot import errors as sql_errors
from sqlglot import expressions as sql

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS
from dunwell.rulebook.places import zones_by_country
from dunwell.rulebook.strategy_columns import COLUMNS, MONEY_SCALE_DIGITS, Column, Kind

LONGEST = 2_000
DEEPEST = 40
_LONGEST_NUMBER = 30
_LARGEST = 10**15
"""No number in a condition is as large: sums of a book are not."""

_STRING = re.compile(r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"--|/\*")


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a value. op: `=`, `!=`, `<`, `<=`, `>`, `>=`. Money: ten-thousandths of the unit."""

    column: str
    op: str
    value: int | str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column that is one of some values."""

    column: str
    values: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that is set."""

    column: str


@dataclass(frozen=True, slots=True)
class Known:
    """A column of which anything is known."""

    column: str


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple["Condition", ...]


type Condition = Compare | OneOf | Flag | Known | Not | All | Either


def read_condition(text: str) -> Condition:
    """A condition from its text. Raises DunwellError: `strategy.condition_*`, `strategy.unknown_column`."""
    if len(text) > LONGEST:
        raise DunwellError("strategy.condition_long", most=LONGEST)
    if _COMMENT.search(_STRING.sub("''", text)):
        # What stands behind it looks like a part of the condition and would be none.
        raise DunwellError("strategy.condition_comment")
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except (sql_errors.SqlglotError, RecursionError) as error:
        raise DunwellError("strategy.condition_unreadable", text=_short(text)) from error
    return _read(tree, DEEPEST)


def columns_of(condition: Condition | None) -> Iterator[str]:
    """The columns a condition asks for."""
    match condition:
        case Compare(column) | OneOf(column) | Flag(column) | Known(column):
            yield column
        case Not(of):
            yield from columns_of(of)
        case All(parts) | Either(parts):
            for part in parts:
                yield from columns_of(part)


def _read(node: sql.Expr, left: int) -> Condition:
    if left == 0:
        raise DunwellError("strategy.condition_deep", most=DEEPEST)
    match node:
        case sql.Paren():
            return _read(node.this, left - 1)
        case sql.And():
            return All(tuple(_read(part, left - 1) for part in node.flatten()))
        case sql.Or():
            return Either(tuple(_read(part, left - 1) for part in node.flatten()))
        case sql.Not():
            if isinstance(node.this, sql.Is):
                return Known(_nullable(node.this).name)
            return Not(_read(node.this, left - 1))
        case sql.Is():
            return Not(Known(_nullable(node).name))
        case sql.Between():
            if node.args.get("symmetric"):
                raise _not_allowed(node)
            column = _column(node.this)
            low, high = _value(column, node.args["low"]), _value(column, node.args["high"])
            _ordered(column)
            if low > high:  # type: ignore[operator]  # both are numbers: _ordered
                raise DunwellError("strategy.between_empty", column=column.name)
            return All((Compare(column.name, ">=", low), Compare(column.name, "<=", high)))
        case sql.In():
            column = _column(node.this)
            if not node.expressions:
                raise _not_allowed(node)
            return OneOf(column.name, tuple(_value(column, each) for each in node.expressions))
        case sql.Column():
            column = _column(node)
            if column.kind is not Kind.FLAG:
                raise DunwellError("strategy.no_flag", column=column.name)
            return Flag(column.name)
    return _comparison(node)


_OPS: dict[type[sql.Expr], tuple[str, str]] = {
    sql.EQ: ("=", "="), sql.NEQ: ("!=", "!="), sql.LT: ("<", ">"), sql.LTE: ("<=", ">="), sql.GT: (">", "<"),
    sql.GTE: (">=", "<="),
}  # fmt: skip
"""Each comparison, as it stands and with its sides changed."""


def _comparison(node: sql.Expr) -> Condition:
    ops = _OPS.get(type(node))
    if ops is None:
        raise _not_allowed(node)
    sides = (node.this, node.expression)
    if isinstance(sides[0], sql.Column):
        column, value, op = _column(sides[0]), sides[1], ops[0]
    elif isinstance(sides[1], sql.Column):
        column, value, op = _column(sides[1]), sides[0], ops[1]
    else:
        raise _not_allowed(node)
    if column.kind is Kind.FLAG:
        if not isinstance(value, sql.Boolean) or op not in {"=", "!="}:
            raise DunwellError("strategy.flag_compared", column=column.name)
        return Flag(column.name) if bool(value.this) == (op == "=") else Not(Flag(column.name))
    if op not in {"=", "!="}:
        _ordered(column)
    return Compare(column.name, op, _value(column, value))


def _ordered(column: Column) -> None:
    if column.kind not in {Kind.WHOLE, Kind.MONEY}:
        raise DunwellError("strategy.no_order", column=column.name)


def _nullable(node: sql.Is) -> Column:
    if not isinstance(node.expression, sql.Null):
        raise _not_allowed(node)
    return _column(node.this)


def _column(node: sql.Expr) -> Column:
    if not isinstance(node, sql.Column):
        raise _not_allowed(node)
    if node.args.get("table") is not None:
        raise _not_allowed(node)
    name = node.name
    if name in COLUMNS:
        return COLUMNS[name]
    near = difflib.get_close_matches(name.lower(), COLUMNS, n=1)
    if near:
        raise DunwellError("strategy.unknown_column_near", name=_short(name), near=near[0])
    raise DunwellError("strategy.unknown_column", name=_short(name))


_READERS: dict[Kind, Callable[[Column, sql.Expr], int | str]] = {}


def _value(column: Column, node: sql.Expr) -> int | str:
    reader = _READERS.get(column.kind)
    if reader is None:
        raise DunwellError("strategy.flag_compared", column=column.name)
    return reader(column, node)


def _text(column: Column, node: sql.Expr) -> str:
    if not (isinstance(node, sql.Literal) and node.is_string):
        raise DunwellError("strategy.wants_text", column=column.name)
    value = str(node.this)
    if column.values and value not in column.values:
        raise DunwellError(
            "strategy.unknown_value", column=column.name, value=_short(value), known=", ".join(column.values)
        )
    if column.name == "currency" and value not in DIGITS:
        raise DunwellError("strategy.no_currency", currency=_short(value))
    if column.name == "country" and value not in zones_by_country():
        raise DunwellError("strategy.no_country", country=_short(value))
    return value


def _whole(column: Column, node: sql.Expr) -> int:
    return _number(column, node, 0)


def _money(column: Column, node: sql.Expr) -> int:
    return _number(column, node, MONEY_SCALE_DIGITS)


def _number(column: Column, node: sql.Expr, digits: int) -> int:
    sign, inner = (-1, node.this) if isinstance(node, sql.Neg) else (1, node)
    if not isinstance(inner, sql.Literal) or inner.is_string:
        raise DunwellError("strategy.wants_number", column=column.name)
    if len(str(inner.this)) > _LONGEST_NUMBER:
        raise DunwellError("strategy.wants_number", column=column.name)
    try:
        found = Decimal(inner.this)
        scaled = found.scaleb(digits)
    except (DecimalException, ValueError) as error:
        raise DunwellError("strategy.wants_number", column=column.name) from error
    if (
        not found.is_finite()
        or abs(found) >= _LARGEST
        or bool(scaled) != bool(found)
        or scaled != scaled.to_integral_value()
    ):
        raise DunwellError("strategy.wants_number", column=column.name)
    return sign * int(scaled)


_READERS.update({Kind.TEXT: _text, Kind.WHOLE: _whole, Kind.MONEY: _money})


def _not_allowed(node: sql.Expr) -> DunwellError:
    return DunwellError("strategy.condition_not_allowed", what=_short(node.sql(dialect="duckdb")))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
