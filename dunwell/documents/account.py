"""What a statement of a claim shows: sums, every stretch of days with its interest, every payment with what it paid.

Numbers and codes only; `documents.statement` gives them words, `engine.statement` fills them.
"""

from dataclasses import dataclass, field
from datetime import date

from dunwell.rulebook.debt import Debt
from dunwell.rulebook.rates import Series


@dataclass(frozen=True, slots=True)
class Line:
    """Interest of the days `first` to `last`.

    days             those that the day count counts
    rate_ppm         per year, or per day where `per_day`
    value_ppm        the value of the series it comes from; None for a rate of its own
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
    series: Series | None
    value_ppm: int | None
    assumed: bool
    interest_minor: int
    exact: tuple[int, int]
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed what is owed, what it paid, and the balance after it."""

    day: date
    kind: str
    id: str
    amount_minor: int
    paid: dict[str, int]
    after: dict[str, int]


@dataclass(frozen=True, slots=True)
class Sums:
    """What is open by component, what was paid beyond it, and what a cap cuts off; minor units."""

    costs: int = 0
    interest: int = 0
    extra: int = 0
    principal: int = 0
    surplus: int = 0
    capped: int = 0

    @property
    def total(self) -> int:
        """All that is owed."""
        return self.costs + self.interest + self.extra + self.principal


@dataclass(frozen=True, slots=True)
class DebtStatement:
    """One debt.

    sums       what is demanded
    computed   with the interest that may not be demanded; None where it may
    disputed   by how much the claim were higher without the dispute; None without one

    Lines and events are those of `sums`, or of `computed` where there is one.
    """

    debt: Debt
    start: date
    sums: Sums
    computed: Sums | None
    disputed: Sums | None
    lines: tuple[Line, ...]
    events: tuple[Event, ...]
    assumed_since: date | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim on a day.

    coming   totals demanded by currency on the days ahead
    pay_by   the same on the day until which somebody is asked to pay, and on the day after it
    """

    as_of: date
    debts: tuple[DebtStatement, ...]
    coming: tuple[tuple[date, dict[str, int]], ...]
    pay_by: tuple[tuple[date, dict[str, int]], ...] = field(default=())

    @property
    def totals(self) -> dict[str, int]:
        """Demanded by currency; currencies are never added."""
        found: dict[str, int] = {}
        for each in self.debts:
            found[each.debt.currency] = found.get(each.debt.currency, 0) + each.sums.total
        return found
