"""One step of a debt's balance: interest runs up to an event, then the event is taken (docs/claims.md).

The rule is written once, in words that both ways of reckoning know: `_Columns` takes a step of many debts at once,
`_Numbers` one of a single debt. A frame costs a thousandth of a second a step however few rows it has, so the last
debts with hundreds of entries are taken one by one (`accrual.FEW`).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from functools import cache
from typing import Any, Protocol

import polars as pl

from dunwell.engine.claim.curves import Curves
from dunwell.engine.claim.rounding import half_up
from dunwell.rulebook.interest_terms import COMPONENTS

LARGEST_INTEREST = 10**18
"""A debt with more interest than this many minor units is refused: no claim is so large, and 64 bits end soon after."""


class Event(IntEnum):
    """What changes a balance, in the order within a day. A fee is a charge under the ceiling."""

    FIXED_SUM = 0
    CHARGE = 1
    FEE = 2
    CREDIT = 3
    PAYMENT = 4
    RATE = 5
    CAPITAL = 6
    END = 7


INTEREST, EXTRA = 1, 2
"""Whose stretch of days a change of a rate ends, as the amount of the event."""
ROUND = {"once": 0, "period": 1, "day": 2}


class _Reckoning(Protocol):
    """What the rule needs of a debt's values. They are expressions, or whole numbers."""

    def __getitem__(self, name: str) -> Any: ...

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any: ...

    def least(self, one: Any, other: Any) -> Any:
        """The smaller one; the first where the other is not given."""

    def positive(self, value: Any) -> Any:
        """The value, or 0 below zero."""

    def wide(self, value: Any) -> Any:
        """The value with room for products of sums, rates and days."""

    def narrow(self, value: Any) -> Any:
        """A value that is no larger than sums are, as wide as they are."""

    def whole(self, numerator: Any, denominator: Any) -> Any:
        """Rounded half up."""

    def bounded(self, interest: Any) -> Any:
        """The interest of a debt so far; nothing beyond `LARGEST_INTEREST`."""


type _Rule = Callable[[_Reckoning], dict[str, Any]]


def _reaches(of: _Reckoning) -> dict[str, Any]:
    """through: the place up to which interest runs before the event; what bears it, and since when."""
    # with a free day of payment the day itself bears interest on the balance it ends with
    before = of["free"] & (of["event"] <= Event.PAYMENT)
    reaches = of.choose(before, of["place"] - 1, of["place"])
    return {
        "through": of.choose(of["last"] > reaches, of["last"], reaches),
        "since": of["last"],
        "bearing": of["principal"] + of["capital"],
        "principal_before": of["principal"],
    }


def _runs(of: _Reckoning) -> dict[str, Any]:
    """Interest of the days after `last` until `through`, exactly."""
    return {
        f"{name}_exact": of[f"{name}_exact"] + of.wide(of[bearing]) * of[f"{prefix}factor"] * of[f"{prefix}run"]
        for name, prefix, bearing in _BOTH
    }


def _rounds(of: _Reckoning) -> dict[str, Any]:
    """All interest so far, where all is rounded once."""
    return {f"{name}_rounded": of.whole(of[f"{name}_exact"], of[f"{prefix}units"]) for name, prefix, _ in _BOTH}


def _runs_in_stretches(of: _Reckoning) -> dict[str, Any]:
    """Interest of the days after `last` until `through`, exactly, and what waits for the end of its stretch of days."""
    ran = _runs(of)
    for name, prefix, bearing in _BOTH:
        exact = of.wide(of[bearing]) * of[f"{prefix}factor"] * of[f"{prefix}run"]
        ran[f"{name}_pending"] = of[f"{name}_pending"] + exact
    return ran


def _rounds_stretches(of: _Reckoning) -> dict[str, Any]:
    """All interest so far, rounded when its stretch of days ends, or day by day in it."""
    grown = {}
    once, period = of["rounding"] == ROUND["once"], of["rounding"] == ROUND["period"]
    for name, prefix, bearing in _BOTH:
        # a change of the other interest's rate does not end this one's stretch
        mine = EXTRA if prefix else INTEREST
        ends = (of["event"] != Event.RATE) | (of["amount"] // mine % 2 == 1)
        of_day = of.wide(of[bearing]) * of[f"{prefix}factor"] * of[f"{prefix}rate"] * of[f"{prefix}unit"]
        of_stretch = of.choose(ends, of[f"{name}_pending"], 0)
        numerator = of.choose(once, of[f"{name}_exact"], of.choose(period, of_stretch, of_day))
        times = of.choose(once | period, 1, of[f"{prefix}days"])
        before = of.choose(once, 0, of[f"{name}_rounded"])
        grown[f"{name}_rounded"] = before + of.whole(numerator, of[f"{prefix}units"]) * times
        grown[f"{name}_pending"] = of.choose(ends, of.wide(0), of[f"{name}_pending"])
    return grown


def _bounds(of: _Reckoning) -> dict[str, Any]:
    """Nothing is known of interest beyond all bounds."""
    return {f"{name}_rounded": of.bounded(of[f"{name}_rounded"]) for name, _, _ in _BOTH}


_BOTH = (("interest", "", "bearing"), ("extra", "extra_", "principal"))
"""Both interests: their names, the prefix of their rate, and what bears them."""


def _meets(of: _Reckoning) -> dict[str, Any]:
    """What the event finds: what of the interest is owed within its cap, what of both interests is open, and what the
    event itself adds or takes off before any money pays."""
    owed = of.least(of["interest_rounded"], of["sum_cap_minor"])
    return {
        "interest_owed": owed,
        "interest_open": of.positive(owed - of["interest_paid"]),
        "extra_open": of["extra_rounded"] - of["extra_paid"],
        **_arises(of),
    }


def _arises(of: _Reckoning) -> dict[str, Any]:
    """Costs with a charge or the fixed sum, and principal less a credit note. covered: what of a charge the fixed sum
    stands for already; money: what is there to pay with, a surplus among it, for nobody is asked while his is held."""
    event, amount = of["event"], of["amount"]
    credit, charge = event == Event.CREDIT, event == Event.CHARGE
    credited = of.choose(credit, of.least(amount, of["principal"]), 0)
    covered = of.choose(charge, of.least(amount, of["fixed"]), 0)
    arises = (event == Event.FIXED_SUM) & (of["principal"] > 0)
    return {
        "covered": covered,
        "costs": of["costs"] + of.choose(charge | arises, amount - covered, 0),
        "fixed": of["fixed"] + of.choose(arises & of["fixed_counts"], amount, 0) - covered,
        "principal": of["principal"] - credited,
        "money": of["surplus"] + of.choose(credit | (event == Event.PAYMENT), amount - credited, 0),
    }


def _shares(of: _Reckoning) -> dict[str, Any]:
    """to_<component>: what the money gives to each, in the order of its debt's ranks, a designated one first."""
    open_of = dict(zip(COMPONENTS, OPEN, strict=True))
    rank = {name: of.choose(of["designation"] == name, -1, of[f"rank_{name}"]) for name in COMPONENTS}
    shares = {}
    for name in COMPONENTS:
        left = of["money"]
        for other in COMPONENTS:
            if other != name:
                left = left - of.choose(rank[other] < rank[name], of[open_of[other]], 0)
        shares[f"to_{name}"] = of.least(of.positive(left), of[open_of[name]])
    return shares


OPEN = ("costs", "interest_open", "extra_open", "principal")
"""What is open of each of `COMPONENTS`."""


def _taken(of: _Reckoning) -> dict[str, Any]:
    """The balance after the event."""
    paid = of["to_costs"] + of["to_interest"] + of["to_extra"] + of["to_principal"]
    return {
        "surplus": of["money"] - paid,
        "capital": of.choose(
            of["event"] == Event.CAPITAL, of["interest_open"], of.positive(of["capital"] - of["to_interest"])
        ),
        "costs": of["costs"] - of["to_costs"],
        "principal": of["principal"] - of["to_principal"],
        "interest_paid": of["interest_paid"] + of["to_interest"],
        "interest_open": of["interest_open"] - of["to_interest"],
        "extra_paid": of["extra_paid"] + of["to_extra"],
        "extra_open": of["extra_open"] - of["to_extra"],
        "last": of["through"],
        "number": of["number"] + 1,
    }


# Fees: only debts that have any under a ceiling have these columns, and take these rules beside the others. `costs` are
# all that is open of costs, `fees_open` the part of them that is fees.


def _runs_to_ceiling(of: _Reckoning) -> dict[str, Any]:
    """What interest and fees may come to together so far, exactly."""
    run = of.wide(of["principal"]) * of["ceiling_factor"] * of["ceiling_run"]
    return {"ceiling_exact": of["ceiling_exact"] + run}


def _leaves_room(of: _Reckoning) -> dict[str, Any]:
    """What the interest, paid or not, leaves to fees under the ceiling."""
    most = of.whole(of["ceiling_exact"], of["ceiling_units"])
    return {"fees_room": of.positive(most - of["interest_owed"])}


def _adds_fee(of: _Reckoning) -> dict[str, Any]:
    """A fee that came."""
    return {"fees": of["fees"] + of.choose(of["event"] == Event.FEE, of["amount"], 0)}


def _opens_fees(of: _Reckoning) -> dict[str, Any]:
    """The fees that have room, less what was paid of them, are open among the costs."""
    still = of.positive(of.narrow(of.least(of["fees"], of["fees_room"])) - of["fees_paid"])
    return {"fees_open": still, "costs": of["costs"] - of["fees_open"] + still}


def _pays_fees(of: _Reckoning) -> dict[str, Any]:
    """What the event paid of fees."""
    # what pays costs pays those first that no ceiling can take back
    paid = of.positive(of["fees_open"] - of["costs"])
    return {
        "fees_paid": of["fees_paid"] + paid,
        "fees_open": of["fees_open"] - paid,
    }


@cache
def _rules(*, once: bool, fees: bool) -> tuple[_Rule, ...]:
    """What follows one another in a step. A frame has each result as a column, so that none is computed twice."""
    runs = (_runs, _rounds) if once else (_runs_in_stretches, _rounds_stretches)
    if not fees:
        return (*runs, _bounds, _meets, _shares, _taken)
    # the ceiling runs on the principal of the days before the event
    room = (_leaves_room, _adds_fee, _opens_fees)
    return (*runs, _runs_to_ceiling, _bounds, _meets, *room, _shares, _taken, _pays_fees, _opens_fees)


def _tracks(*, once: bool, fees: bool) -> tuple[tuple[str, bool], ...]:
    """The prefix of each rate that runs, and whether all of it is rounded once. A ceiling always is."""
    both = tuple((prefix, once) for _, prefix, _ in _BOTH)
    return (*both, ("ceiling_", True)) if fees else both


# --- many debts at once ---


class _Columns:
    """The rule as expressions of columns."""

    def __getitem__(self, name: str) -> pl.Expr:
        return pl.col(name)

    def choose(self, condition: pl.Expr, then: Any, otherwise: Any) -> pl.Expr:
        return pl.when(condition).then(then).otherwise(otherwise)

    def least(self, one: pl.Expr, other: pl.Expr) -> pl.Expr:
        return pl.min_horizontal(one, other)

    def positive(self, value: pl.Expr) -> pl.Expr:
        return value.clip(lower_bound=0)

    def wide(self, value: Any) -> pl.Expr:
        return value.cast(pl.Int128) if isinstance(value, pl.Expr) else pl.lit(value, pl.Int128)

    def narrow(self, value: pl.Expr) -> pl.Expr:
        return value.cast(pl.Int64)

    def whole(self, numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
        return half_up(numerator, denominator)

    def bounded(self, interest: pl.Expr) -> pl.Expr:
        return pl.when(interest <= LARGEST_INTEREST).then(interest).cast(pl.Int64)


@cache
def _expressions(rule: _Rule) -> list[pl.Expr]:
    """A rule as expressions, which are built once: the first of all steps would else cost as much as the last."""
    return [value.alias(name) for name, value in rule(_Columns()).items()]


def step(state: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """Let interest run up to an event, then take the event: the columns of the state as they are after it.

    A state with the column `fees` has a ceiling of every debt, too.
    """
    state = state.with_columns(_expressions(_reaches))
    once = bool((state["rounding"] == ROUND["once"]).all())
    fees = "fees" in state.columns
    state = state.with_columns(
        found.alias(name)
        for prefix, whole in _tracks(once=once, fees=fees)
        for name, found in _span(state, prefix, curves.size, _columns_of(curves), once=whole).items()
    )
    for rule in _rules(once=once, fees=fees):
        state = state.with_columns(_expressions(rule))
    return state


def _columns_of(curves: Curves) -> Mapping[str, Callable[[Any], Any]]:
    return {name: getattr(curves, name).gather for name in _LOOKED_UP}


_LOOKED_UP = ("total", "rate", "unit", "weight")


def _span(
    state: Any, prefix: str, size: int, look: Mapping[str, Callable[[Any], Any]], *, once: bool
) -> dict[str, Any]:
    """<prefix>run, what the days of a step come to on a debt's curve; and <prefix>rate, unit, days of its first day."""
    at = state[f"{prefix}curve"] * size
    since, until = at + state["last"], at + state["through"]
    found = {f"{prefix}run": look["total"](until) - look["total"](since)}
    if once:
        return found
    first = since + (until > since)
    unit = look["unit"](first)
    return found | {
        f"{prefix}rate": look["rate"](first),
        f"{prefix}unit": unit,
        f"{prefix}days": (look["weight"](until) - look["weight"](since)) // unit,
    }


# --- one debt after the other ---


class TooLargeError(Exception):
    """More interest than `LARGEST_INTEREST`."""


class _Numbers(dict[str, Any]):
    """The rule on the whole numbers of one debt."""

    def choose(self, condition: bool, then: Any, otherwise: Any) -> Any:
        return then if condition else otherwise

    def least(self, one: int, other: int | None) -> int:
        return one if other is None or one <= other else other

    def positive(self, value: int) -> int:
        return value if value > 0 else 0

    def wide(self, value: int) -> int:
        return value

    def narrow(self, value: int) -> int:
        return value

    def whole(self, numerator: int, denominator: int) -> int:
        return (2 * numerator + denominator) // (2 * denominator)

    def bounded(self, interest: int) -> int:
        if interest > LARGEST_INTEREST:
            raise TooLargeError
        return interest


class OneDebt:
    """The balance of one debt, taken from event to event. `values`: those of the columns that `step` has."""

    def __init__(self, values: Mapping[str, Any], size: int, look: Mapping[str, Callable[[Any], Any]]) -> None:
        self.values = _Numbers(values)
        self._size = size
        self._look = look
        once, fees = values["rounding"] == ROUND["once"], "fees" in values
        self._rules = _rules(once=once, fees=fees)
        self._tracks = _tracks(once=once, fees=fees)

    def take(self, event: Mapping[str, Any]) -> None:
        """A step. Raises TooLargeError where the interest leaves all bounds."""
        values = self.values
        values.update(event)
        values.update(_reaches(values))
        for prefix, once in self._tracks:
            values.update(_span(values, prefix, self._size, self._look, once=once))
        for rule in self._rules:
            values.update(rule(values))

    def open_before(self, event: Mapping[str, Any], parts: Sequence[str]) -> int:
        """What an event finds open of these parts (of `OPEN`): the step up to where the event itself is taken.
        The balance stays as it is. A surplus that is held is not spent on them yet.
        Raises TooLargeError as `take` does."""
        values = _Numbers(self.values)
        values.update(event)
        values.update(_reaches(values))
        for prefix, once in self._tracks:
            values.update(_span(values, prefix, self._size, self._look, once=once))
        for rule in self._rules[: self._rules.index(_shares)]:
            values.update(rule(values))
        return sum(values[part] for part in parts)


def numbers_of(curves: Curves) -> Mapping[str, Callable[[Any], Any]]:
    """The curves for `OneDebt`."""
    return {name: getattr(curves, name).to_list().__getitem__ for name in _LOOKED_UP}
