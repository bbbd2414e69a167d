"""docs/claims.md a second time: one debt, one stretch of days after another, in exact fractions.

Nothing here is shared with `dunwell`. Where the page leaves a choice, "Reading:" says which was taken.
"""

from calendar import isleap, monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)
COMPONENTS = ("costs", "interest", "extra", "principal")
LAW = COMPONENTS
ENFORCEMENT = ("costs", "interest", "principal", "extra")
PRINCIPAL_FIRST = ("principal", "costs", "interest", "extra")


@dataclass(frozen=True)
class Series:
    """Values (ppm) from a day on, earliest first; the last is known to hold until `known_until`."""

    values: tuple[tuple[date, int], ...] = field(repr=False)
    known_until: date

    def on(self, day: date) -> int:
        if day < self.values[0][0]:
            raise Refusal("rate.before")
        return [ppm for since, ppm in self.values if since <= day][-1]


@dataclass(frozen=True)
class Rate:
    """`own` (ppm) or a series, fixed on start or contract if at all; a cap in ppm, one by a series, both or none."""

    day_count: str
    own: int | None = None
    series: Series | None = None
    fixed_on: str = ""
    multiplier: int = 100
    spread: int = 0
    cap: int | None = None
    cap_series: Series | None = None
    cap_multiplier: int = 100


@dataclass(frozen=True)
class Debt:
    """What was agreed and what is owed. `start` None: the day after the due date and the days of grace."""

    id: int
    principal: int
    due: date
    start: date | None = None
    contract: date | None = None
    fixed_sum: int = 0
    interest: Rate | None = None
    extra: Rate | None = None
    order: tuple[str, ...] = LAW
    rounding: str = "once"
    payment_day: str = "counts"
    grace_days: int = 0
    sum_cap_bp: int | None = None
    compound_months: int | None = None
    ceiling: Rate | None = None
    """At which interest and the fees under it may run together at most."""

    @property
    def first_day(self) -> date:
        return self.start or self.due + (1 + self.grace_days) * DAY


@dataclass(frozen=True)
class Entry:
    id: int
    day: date
    kind: str
    amount: int
    designation: str | None = None
    reverses: int | None = None
    fee: bool = False
    """Of a charge: it is under the ceiling."""


@dataclass(frozen=True)
class Answer:
    """What is open at the end of a day; the sums of interest are all that arose, paid or not, after the cap."""

    costs: int | None = None
    interest: int | None = None
    extra: int | None = None
    principal: int | None = None
    surplus: int | None = None
    capped: int | None = None
    capped_costs: int | None = None
    interest_sum: int | None = None
    extra_sum: int | None = None
    refused: str | None = None
    assumed_since: date | None = None


class Refusal(Exception):
    """No sum can be told: the code of the reason."""


def half_up(exact: Fraction) -> int:
    """Reading: half up means up, below zero too (only a series' value times a multiplier can be below zero)."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def claim(debt: Debt, entries: Sequence[Entry], as_of: date) -> Answer:
    """What is owed at the end of `as_of`."""
    try:
        return _Account(debt, as_of).after(_that_count(entries, as_of))
    except Refusal as refusal:
        return Answer(refused=str(refusal))


def _that_count(entries: Sequence[Entry], as_of: date) -> list[Entry]:
    """Charges, credits and payments up to the day, payments less what was taken back.

    Reading: a reversal does nothing on its own day; it ends no stretch, nor does a payment of which nothing is left.
    """
    known = [entry for entry in entries if entry.day <= as_of]
    taken_back: Counter[int | None] = Counter()
    for entry in known:
        if entry.kind == "reversal":
            taken_back[entry.reverses] += entry.amount
    left = []
    for entry in known:
        if entry.kind == "payment":
            amount = entry.amount - taken_back[entry.id]
            if amount > 0:  # Reading: no more can be taken back than was paid.
                left.append(replace(entry, amount=amount))
        elif entry.kind != "reversal":
            left.append(entry)
    return left


class _Account:
    """A debt as its days go by."""

    def __init__(self, debt: Debt, as_of: date) -> None:
        self.debt, self.as_of, self.start = debt, as_of, debt.first_day
        self.ran_to = self.start - DAY
        self.costs, self.principal, self.surplus = 0, debt.principal, 0
        # What of the fixed sum stands for costs that are yet to be charged.
        self.fixed_left = 0
        self.capitalised = 0
        self.interest = _Track(debt, debt.interest, as_of)
        self.fees, self.fees_paid = 0, 0
        # Reading: the ceiling is one running fraction, whatever way the interest is rounded.
        alone = replace(debt, sum_cap_bp=None, rounding="once")
        try:
            self.most = _Track(alone, debt.ceiling, as_of)
        except Refusal:
            # Reading: a ceiling that cannot be known leaves no room; it is the interest that is refused.
            self.most = _Track(alone, Rate("act/365", own=0), as_of)
        # Reading: a cap on the sum limits `interest`; the second interest beside it has none.
        self.extra = _Track(replace(debt, sum_cap_bp=None), debt.extra, as_of)

    def after(self, entries: list[Entry]) -> Answer:
        rank = {"charge": 1, "credit": 2, "payment": 3}
        happens: list[tuple[date, int, int, Entry | None]] = [(e.day, rank[e.kind], e.id, e) for e in entries]
        happens += [(day, 4, 0, None) for day in self._capitalisations()]
        if self.debt.fixed_sum and self.start <= self.as_of:
            happens.append((self.start, 0, 0, None))
        for day, what, _, entry in sorted(happens, key=lambda happening: happening[:3]):
            if entry is not None:
                self._run_to(day if self.debt.payment_day == "counts" else day - DAY)
                self._book(entry)
            elif what == 0:
                # Reading: the fixed sum is an entry among the others of its day, and ends a stretch as they do.
                self._run_to(day if self.debt.payment_day == "counts" else day - DAY)
                self.fixed_left = self.debt.fixed_sum if self.principal > 0 else 0
                self.costs += self.fixed_left
                self._use_surplus()
            else:
                self._run_to(day)
                self.capitalised = self.interest.open
        self._run_to(self.as_of)
        first, second = self.interest, self.extra
        return Answer(
            costs=self.costs + self.fees_open,
            interest=first.open,
            extra=second.open,
            principal=self.principal,
            surplus=self.surplus,
            capped=first.capped,
            capped_costs=self.fees - min(self.fees, self.fees_room),
            interest_sum=first.owed,
            extra_sum=second.owed,
            assumed_since=min(filter(None, (first.assumed_since, second.assumed_since)), default=None),
        )

    def _capitalisations(self) -> Iterator[date]:
        """The days at whose end open interest joins the bearing balance."""
        months = self.debt.compound_months
        number = 1
        while months and (day := _months_later(self.start, months * number) - DAY) <= self.as_of:
            yield day
            number += 1

    def _run_to(self, day: date) -> None:
        """Let the interest run up to and including a day."""
        if day > self.ran_to:
            first, self.ran_to = self.ran_to + DAY, day
            self.interest.run(first, day, self.principal + self.capitalised)
            # Reading: the second interest is borne by the principal alone, and never joins the bearing balance.
            self.extra.run(first, day, self.principal)
            self.most.run(first, day, self.principal)

    @property
    def fees_room(self) -> int:
        """What the ceiling leaves beside all interest, paid or not."""
        return self.fees if self.debt.ceiling is None else max(0, self.most.so_far - self.interest.owed)

    @property
    def fees_open(self) -> int:
        return max(0, min(self.fees, self.fees_room) - self.fees_paid)

    def _book(self, entry: Entry) -> None:
        if entry.kind == "charge" and entry.fee and self.debt.ceiling is not None:
            self.fees += entry.amount
        elif entry.kind == "charge":
            # Reading: it makes no difference whether the fixed sum was paid; fees under a ceiling never meet one.
            met = min(entry.amount, self.fixed_left)
            self.fixed_left -= met
            self.costs += entry.amount - met
        elif entry.kind == "credit":
            self.surplus += entry.amount - self._pay("principal", entry.amount)
        else:
            first = (entry.designation,) if entry.designation else ()
            self.surplus += entry.amount - sum(self._pay_each(first, entry.amount))
        self._use_surplus()

    def _use_surplus(self) -> None:
        """Money that is held pays whatever is open, in the order of the terms."""
        self.surplus -= sum(self._pay_each(self.debt.order, self.surplus))

    def _pay_each(self, components: Sequence[str], money: int) -> Iterator[int]:
        """Pay one component after the other; how much each took."""
        for component in components:
            taken = self._pay(component, money)
            money -= taken
            yield taken

    def _pay(self, component: str, at_most: int) -> int:
        """Pay a component; how much of the money that took."""
        if component == "interest":
            taken = min(at_most, self.interest.open)
            self.interest.paid += taken
            self.capitalised -= min(taken, self.capitalised)
        elif component == "extra":
            taken = min(at_most, self.extra.open)
            self.extra.paid += taken
        elif component == "costs":
            # Reading: costs that no ceiling bounds are paid before fees.
            costs = min(at_most, self.costs)
            fees = min(at_most - costs, self.fees_open)
            self.costs -= costs
            self.fees_paid += fees
            taken = costs + fees
        else:
            taken = min(at_most, self.principal)
            self.principal -= taken
        return taken


class _Track:
    """One interest as it runs: exact for `once`, in whole minor units for `period` and `day`."""

    def __init__(self, debt: Debt, rate: Rate | None, as_of: date) -> None:
        self.rate, self.rounding, self.start = rate, debt.rounding, debt.first_day
        self.exact, self.rounded, self.paid = Fraction(0), 0, 0
        # Reading: the most that interest may sum up to is itself rounded half up.
        self.most = None if debt.sum_cap_bp is None else half_up(Fraction(debt.principal * debt.sum_cap_bp, 10_000))
        self.rates: list[tuple[date, int]] = []
        self.assumed_since: date | None = None
        # Reading: as long as no day bears interest, no rate is needed and nothing is refused.
        if rate is not None and self.start <= as_of:
            self.rates = rates_of(rate, self.start, as_of, debt.contract)
            self.assumed_since = assumed_since(rate, self.start, as_of, debt.contract)

    def run(self, first: date, last: date, balance: int) -> None:
        """Let days pass on which one balance bears interest."""
        if self.rate is None or balance == 0:
            return
        for one, other, ppm in self._stretches(first, last):
            weight = Fraction(ppm, 1_000_000) * weight_of_days(self.rate.day_count, one, other)
            if self.rounding == "once":
                self.exact += balance * weight
            elif self.rounding == "period":
                self.rounded += half_up(balance * weight)
            else:
                self.rounded += self._day_by_day(balance, ppm, one, other)

    def _stretches(self, first: date, last: date) -> Iterator[tuple[date, date, int]]:
        """First day, last day and rate of each part of these days that has one rate.

        Reading: a rate is what comes of value, multiplier, spread and cap; two interests have stretches of their own.
        """
        until = [since - DAY for since, _ in self.rates[1:]] + [last]
        for (since, ppm), end in zip(self.rates, until, strict=True):
            if max(first, since) <= min(last, end):
                yield max(first, since), min(last, end), ppm

    def _day_by_day(self, balance: int, ppm: int, first: date, last: date) -> int:
        """One day's interest, rounded, times the weight of the days; a year with act/act at a time."""
        day_count = self.rate.day_count if self.rate else ""
        total = 0
        for year in range(first.year, last.year + 1):
            one, other = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
            year_days = days_of_year(day_count, year)
            weight = weight_of_days(day_count, one, other) * year_days
            total += half_up(Fraction(balance * ppm, 1_000_000 * year_days)) * int(weight)
        return total

    @property
    def so_far(self) -> int:
        return half_up(self.exact) if self.rounding == "once" else self.rounded

    @property
    def owed(self) -> int:
        return self.so_far if self.most is None else min(self.so_far, self.most)

    @property
    def capped(self) -> int:
        return self.so_far - self.owed

    @property
    def open(self) -> int:
        return max(0, self.owed - self.paid)


def rates_of(rate: Rate, start: date, as_of: date, contract: date | None) -> list[tuple[date, int]]:
    """From each day on, the rate (ppm); the first from `start` on, and a new one only where it differs."""
    caps = [] if rate.cap is None else [rate.cap]
    if rate.cap_series is not None:
        caps.append(_times(rate.cap_series.on(_given(contract)), rate.cap_multiplier))
    if rate.series is None:
        # Reading: multiplier and spread hold for a rate of its own as for a value of a series.
        values = [(start, rate.own or 0)]
    elif rate.fixed_on:
        values = [(start, rate.series.on(start if rate.fixed_on == "start" else _given(contract)))]
    else:
        values = [(start, rate.series.on(start))]
        values += [(since, value) for since, value in rate.series.values if start < since <= as_of]
    rates: list[tuple[date, int]] = []
    for since, value in values:
        ppm = max(0, min(_times(value, rate.multiplier) + rate.spread, *caps, 10**18))
        if not rates or rates[-1][1] != ppm:
            rates.append((since, ppm))
    return rates


def assumed_since(rate: Rate, start: date, as_of: date, contract: date | None) -> date | None:
    """Reading: the first day of which a needed series says nothing, if a value was needed on it or later."""
    needed = []
    if rate.cap_series is not None:
        needed.append((rate.cap_series, contract))
    if rate.series is not None:
        needed.append((rate.series, {"start": start, "contract": contract, "": as_of}[rate.fixed_on]))
    return min((s.known_until + DAY for s, day in needed if day is not None and day > s.known_until), default=None)


def _given(contract: date | None) -> date:
    if contract is None:
        raise Refusal("interest.contract_date_missing")
    return contract


def _times(ppm: int, hundredths: int) -> int:
    return half_up(Fraction(ppm * hundredths, 100))


def weight_of_days(day_count: str, first: date, last: date) -> Fraction:
    """Parts of a year (of a day, with `per-day`) that the days from `first` to `last` weigh, both included."""
    if day_count == "act/act":
        years = range(first.year, last.year + 1)
        return sum((_share_of_year(max(first, date(y, 1, 1)), min(last, date(y, 12, 31))) for y in years), Fraction(0))
    if day_count in ("30/360", "30/360-feb"):
        # The differences of neighbouring days add up to the difference of the ends.
        return Fraction(_ord(day_count, last) - _ord(day_count, first - DAY), 360)
    return Fraction((last - first).days + 1, days_of_year(day_count, first.year))


def days_of_year(day_count: str, year: int) -> int:
    actual = 366 if isleap(year) else 365
    return {"act/365": 365, "act/360": 360, "act/act": actual, "30/360": 360, "30/360-feb": 360, "per-day": 1}[
        day_count
    ]


def _share_of_year(first: date, last: date) -> Fraction:
    return Fraction((last - first).days + 1, 366 if isleap(first.year) else 365)


def _ord(day_count: str, day: date) -> int:
    last_of_february = day.month == 2 and day.day == monthrange(day.year, 2)[1]
    number = 30 if day_count == "30/360-feb" and last_of_february else min(day.day, 30)
    return 360 * day.year + 30 * day.month + number


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
