"""What a statement of a claim shows: sums, every stretch of days with its interest, every payment with what it paid.

Numbers and codes only; `documents.statement` gives them words, `engine.claim.statement` fills them.
"""

from dataclasses import dataclass
from datetime import date

from dunwell.rulebook.debt import ORDER_SOURCES, Debt, Placed
from dunwell.rulebook.interest_terms import Rate


@dataclass(frozen=True, slots=True)
class Line:
    """Interest of the days `first` to `last`.

    days             those that the day count counts
    rate_ppm         per year, or per day where `per_day`
    rate             what it comes from: of its own or of a series, with its multiplier, spread and cap
    value_ppm        the value of the series it comes from, on `value_day`; None for a rate of its own
    assumed          the value was not yet known for these days
    interest_minor   by how much the rounded interest grew, so that the lines add up to the sum
    exact            (numerator, denominator), not rounded
    """

    first: date
    last: date
    days: int
    balance_minor: int
    rate_ppm: int
    per_day: bool
    rate: Rate
    value_ppm: int | None
    value_day: date
    assumed: bool
    interest_minor: int
    exact: tuple[int, int]
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed what is owed, what it paid, and the balance after it.

    kind     charge, fixed_sum, credit, payment; `capital` and `reversal` tell of sums that stand elsewhere; `capped`
             and `capped_costs`: what caps cut off
    placed   money that named no debt with anything open, and how it came here; `order_source`: by whose order
    covered_minor   of a charge: what the fixed sum for late payment stands for already, so that it adds as much less
    """

    day: date
    kind: str
    id: str
    amount_minor: int
    paid: dict[str, int]
    after: dict[str, int]
    placed: Placed | None = None
    covered_minor: int = 0
    order_source: str = ORDER_SOURCES[0]

    @property
    def adds_minor(self) -> int:
        """What it adds to the sum (below zero: takes off it): with the principal and the interest of all lines these
        add up to what is owed, less what was paid beyond it."""
        return _SIGN.get(self.kind, 0) * (self.amount_minor - self.covered_minor)


_SIGN = {"charge": 1, "fixed_sum": 1, "credit": -1, "payment": -1, "capped": -1, "capped_costs": -1}


@dataclass(frozen=True, slots=True)
class Sums:
    """What is open by component, what was paid beyond it, and what caps cut off; minor units."""

    costs: int = 0
    interest: int = 0
    extra: int = 0
    principal: int = 0
    surplus: int = 0
    capped: int = 0
    capped_costs: int = 0

    @property
    def total(self) -> int:
        """All that is owed."""
        return self.costs + self.interest + self.extra + self.principal


@dataclass(frozen=True, slots=True)
class Account:
    """What is open, and all that led to it."""

    sums: Sums
    lines: tuple[Line, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class DebtStatement:
    """One debt.

    demanded   what is demanded
    informed   what it were with the interest that may not be demanded; None where it may
    disputed   by how much the claim were higher without the dispute; None without one
    """

    debt: Debt
    start: date
    demanded: Account
    informed: Account | None
    disputed: Sums | None
    assumed_since: date | None

    @property
    def sums(self) -> Sums:
        """What is demanded."""
        return self.demanded.sums


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim on a day.

    loose    payments (currency, id, minor units) that are of no debt's currency and pay nothing here
    assumed_ahead   the first day ahead, of those told, for which a rate had to be assumed
    coming   totals demanded by currency on the days ahead
    pay_by   the same on the day until which somebody is asked to pay, and on the day after it
    """

    as_of: date
    debts: tuple[DebtStatement, ...]
    coming: tuple[tuple[date, dict[str, int]], ...]
    pay_by: tuple[tuple[date, dict[str, int]], ...] = ()
    loose: tuple[tuple[str, str, int], ...] = ()
    assumed_ahead: date | None = None

    @property
    def totals(self) -> dict[str, int]:
        """Demanded by currency; currencies are never added."""
        found: dict[str, int] = {}
        for each in self.debts:
            found[each.debt.currency] = found.get(each.debt.currency, 0) + each.sums.total
        return found
