"""Random debts with entries on the days where sums go wrong: for the oracle of claims, and as frames for the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from zlib import crc32

import polars as pl

from dunwell.rulebook import interest_terms, rates
from tests.oracles import claim
from tests.oracles.claim import COMPONENTS, DAY, ENFORCEMENT, LAW, PRINCIPAL_FIRST, Debt, Entry, Rate, Series

DEBTS = {
    "debt_id": pl.Int64, "terms": pl.String, "principal_minor": pl.Int64, "due_date": pl.Date, "start_date": pl.Date,
    "contract_date": pl.Date, "fixed_sum_minor": pl.Int64,
}  # fmt: skip
ENTRIES = {
    "entry_id": pl.Int64, "debt_id": pl.Int64, "entry_date": pl.Date, "kind": pl.String, "amount_minor": pl.Int64,
    "designation": pl.String, "reverses_id": pl.Int64, "under_ceiling": pl.Boolean,
}  # fmt: skip


@dataclass
class ClaimBook:
    """Debts with their entries, all asked for as of one day."""

    as_of: date
    ledgers: list[tuple[Debt, list[Entry]]] = field(default_factory=list)

    def engine_input(self) -> tuple[pl.DataFrame, pl.DataFrame, Mapping[str, interest_terms.Terms]]:
        """Debts, entries and terms as the engine takes them."""
        keys: dict[Debt, str] = {}
        terms: dict[str, interest_terms.Terms] = {}
        debts: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for debt, mine in self.ledgers:
            alike = replace(
                debt, id=0, principal=0, due=date.min, start=None, contract=None, fixed_sum=0
            )  # terms are shared by debts
            if alike not in keys:
                keys[alike] = f"terms {len(keys)}"
                terms[keys[alike]] = _terms(alike)
            debts.append(
                {
                    "debt_id": debt.id, "terms": keys[alike], "principal_minor": debt.principal, "due_date": debt.due,
                    "start_date": debt.start, "contract_date": debt.contract, "fixed_sum_minor": debt.fixed_sum,
                }
            )  # fmt: skip
            entries += [
                {
                    "entry_id": entry.id, "debt_id": debt.id, "entry_date": entry.day, "kind": entry.kind,
                    "amount_minor": entry.amount, "designation": entry.designation, "reverses_id": entry.reverses,
                    "under_ceiling": entry.fee and debt.ceiling is not None,
                }
                for entry in mine
            ]  # fmt: skip
        return pl.DataFrame(debts, schema=DEBTS), pl.DataFrame(entries, schema=ENTRIES), terms


def _terms(debt: Debt) -> interest_terms.Terms:
    return interest_terms.Terms(
        regime=interest_terms.house_regimes()["contract.clause"],
        versions=((date(1900, 1, 1), _rate(debt.interest), _rate(debt.extra)),),
        order=debt.order, rounding=debt.rounding, payment_day=debt.payment_day, grace_days=debt.grace_days,
        sum_cap_bp=debt.sum_cap_bp, compound_months=debt.compound_months, confirmed=True,
        ceiling=_rate(debt.ceiling),
    )  # fmt: skip


def _rate(rate: Rate | None) -> interest_terms.Rate | None:
    if rate is None:
        return None
    return interest_terms.Rate(
        rate.day_count, rate_ppm=rate.own, series=rate.series and _series(rate.series), fixed_on=rate.fixed_on,
        multiplier=rate.multiplier, spread_ppm=rate.spread, cap_ppm=rate.cap,
        cap=rate.cap_series and interest_terms.Cap(_series(rate.cap_series), rate.cap_multiplier),
    )  # fmt: skip


def _series(series: Series) -> rates.Series:
    """One of the house's with other values; its id tells it from others."""
    name = crc32(repr((series.values, series.known_until)).encode())
    model = rates.house_series()["de.basiszins"]
    return replace(model, id=f"random.{name:08x}", values=series.values, known_until=series.known_until)


def claim_book(seed: int, size: int) -> ClaimBook:
    """A book of `size` debts, the same for the same seed."""
    random = Random(seed)
    as_of = random.choice([date(2026, 11, 23), date(2024, 2, 29), date(2027, 2, 28), date(2025, 12, 31), _near(random)])
    book = ClaimBook(as_of)
    series = [_random_series(random, as_of) for _ in range(6)]
    kinds = [_random_terms(random, series) for _ in range(min(400, max(1, size // 3)))]
    forty_years_by_month = random.random() < 0.2  # each month is a step of the whole frame
    for number in range(1, size + 1):
        kind = random.choice(kinds)
        longest = 3_000 if kind.compound_months == 1 and not forty_years_by_month else 14_700
        debt = _random_debt(random, kind, number, as_of, longest)
        book.ledgers.append((debt, _random_entries(random, debt, as_of)))
    return book


def _near(random: Random) -> date:
    return date(2020, 1, 1) + random.randrange(3000) * DAY


def _random_series(random: Random, as_of: date) -> Series:
    """Changes on first days of half-years, or on any day; below zero at times; some begin or end early."""
    day = as_of - random.choice([3000, *[16_000] * 9]) * DAY
    level = random.randrange(-10_000, 60_000)
    values = []
    wild = random.random() < 0.5
    while day <= as_of + 200 * DAY:
        values.append((day, level))
        if random.random() < 0.8:  # at times the same value is told again
            level += random.choice([-1, 1, -2_500, 2_500, 5_000, -5_000, -12_345, 12_345])
            level = max(-20_000, min(level, 150_000))
        if wild:
            day += random.choice([1, 2, 30, 31, 183, 366, 1000]) * DAY
        else:
            day = date(day.year, 7, 1) if day.month < 7 else date(day.year + 1, 1, 1)
    known_until = max(values[-1][0], as_of + random.choice([-400, -1, 0, 1, 400]) * DAY)
    if random.random() < 0.3:
        values = [(since, ppm) for since, ppm in values if since <= known_until - 1000 * DAY] or values[:1]
        known_until = values[-1][0] + random.randrange(200) * DAY
    return Series(tuple(values), known_until)


DAY_COUNTS = ["act/365", "act/365", "act/360", "act/act", "30/360", "30/360-feb", "per-day"]


def _random_rate(random: Random, series: list[Series]) -> Rate:
    day_count = random.choice(DAY_COUNTS)
    if day_count == "per-day":
        return Rate(day_count, own=random.choice([1, 175, 500, 500, random.randrange(800)]))
    rate = Rate(day_count, own=random.choice([0, 50_000, 85_000, 120_000, random.randrange(300_000)]))
    if random.random() < 0.6:
        rate = Rate(
            day_count,
            series=random.choice(series),
            fixed_on=random.choice(["", "", "", "start", "contract"]),
            multiplier=random.choice([100, 100, 130, 150, 400, 33]),
            spread=random.choice([0, 50_000, 50_000, 90_000, -15_000, 7]),
        )
    if random.random() < 0.1:
        rate = replace(rate, multiplier=random.choice([50, 133, 175]), spread=random.choice([0, 1, 80_000]))
    if random.random() < 0.2:
        rate = replace(rate, cap=random.choice([0, 20_000, 60_000, 60_000, 150_000]))
    if random.random() < 0.3 and (
        rate.series is None or rate.fixed_on
    ):  # no law caps a floating rate by the contract's day
        rate = replace(rate, cap_series=random.choice(series), cap_multiplier=random.choice([100, 133, 400]))
    return rate


def _random_ceiling(random: Random, series: list[Series]) -> Rate:
    """Four times a value, as laws say it, or so little that it meets the interest."""
    return Rate(
        random.choice(["act/365", "act/360", "act/act"]), series=random.choice(series), fixed_on="contract",
        multiplier=random.choice([400, 400, 100, 33]),
    )  # fmt: skip


def _random_terms(random: Random, series: list[Series]) -> Debt:
    """Terms alone: what several debts share."""
    compound = random.choice([None, None, None, None, 1, 3, 6, 12])
    interest = None if random.random() < 0.05 else _random_rate(random, series)
    if compound and interest is not None:  # forty years of more would leave 64 bits
        interest = replace(
            interest, cap=min(interest.cap or 10**9, 800 if interest.day_count == "per-day" else 250_000)
        )
    shuffled = list(COMPONENTS)
    random.shuffle(shuffled)
    return Debt(
        id=0, principal=0, due=date.min, interest=interest,
        extra=_random_rate(random, series) if random.random() < 0.3 else None,
        order=random.choice([LAW, LAW, ENFORCEMENT, PRINCIPAL_FIRST, tuple(shuffled)]),
        rounding=random.choice(["once", "once", "period", "day"]),
        payment_day=random.choice(["counts", "counts", "free"]), grace_days=random.choice([0, 0, 0, 1, 14, 30]),
        sum_cap_bp=random.choice([None] * 10 + [0, 33, 1_000, 1_000, 10_000]),
        compound_months=compound,
        ceiling=_random_ceiling(random, series) if random.random() < 0.3 else None,
    )  # fmt: skip


def _random_debt(random: Random, terms: Debt, number: int, as_of: date, longest: int) -> Debt:
    usual, any_size = int(10 ** random.uniform(3, 8)), int(10 ** random.uniform(0, 13))
    principal = random.choice([99_999, 5_000, 10**13, usual, usual, usual, any_size])
    months, life = random.randrange(1500), random.randrange(longest)
    ago = random.choice([-40, -1, 0, 1, 2, 30, 365, 400, *[months, life] * 5])
    due = as_of - ago * DAY
    if random.random() < 0.25:  # ends of months and of years, where anniversaries have no day of their own
        year = due.year if due < as_of.replace(month=1, day=1) else due.year - 1
        due = date(year, *random.choice([(1, 30), (12, 31), (2, 28), (8, 30)]))
    start = due + random.choice([-3, 0, 1, 2, 45]) * DAY if random.random() < 0.2 else None
    debt = replace(
        terms, id=number, principal=principal, due=due, start=start, fixed_sum=random.choice([0, 0, 0, 4_000, 40, 1])
    )
    needs = any(rate and (rate.fixed_on == "contract" or rate.cap_series) for rate in (terms.interest, terms.extra))
    if terms.ceiling or (needs and random.random() > 0.02) or random.random() < 0.3:
        return replace(debt, contract=due - random.choice([0, 30, 60, 365, 2000]) * DAY)
    return debt


def _random_entries(random: Random, debt: Debt, as_of: date) -> list[Entry]:
    if random.random() < 0.1:
        return []
    days = _telling_days(random, debt, as_of)
    entries: list[Entry] = []
    for _ in range(random.choice([1, 2, 3, 4, 6, 10])):
        number = debt.id * 100 + len(entries)
        day = random.choice(days)
        kind = random.choice(["payment"] * 6 + ["credit", "charge", "reversal", "reversal"])
        if kind == "reversal":
            payments = [entry for entry in entries if entry.kind == "payment"]
            if not payments:
                continue
            back = random.choice(payments)
            left = back.amount - sum(entry.amount for entry in entries if entry.reverses == back.id)
            if left > 0:
                amount = random.choice([left, left, random.randint(1, left), left + 1])
                later = day if random.random() < 0.2 else max(back.day, day)
                entries.append(Entry(number, later, "reversal", amount, reverses=back.id))
            continue
        amount = _telling_amount(random, debt, entries, day, kind)
        designation = random.choice(COMPONENTS) if kind == "payment" and random.random() < 0.25 else None
        fee = kind == "charge" and random.random() < 0.7
        entries.append(Entry(number, day, kind, amount, designation, fee=fee))
    random.shuffle(entries)  # the order of rows means nothing
    return entries


def _telling_days(random: Random, debt: Debt, as_of: date) -> list[date]:
    """Days of the life of a debt, many of them at its edges."""
    start = debt.first_day
    edges = [debt.due - 10 * DAY, start - DAY, start, start + DAY, as_of - DAY, as_of, as_of + DAY]
    span = max(1, (as_of - start).days)
    inner = [start + random.randrange(span) * DAY for _ in range(4)]
    month = inner[0].replace(day=1)
    inner += [
        month,
        month - DAY,
        date(inner[1].year, 12, 31),
        date(inner[1].year, 1, 1),
        date(inner[2].year, 3, 1) - DAY,
    ]
    for rate in (debt.interest, debt.extra):
        if rate and rate.series:
            change = random.choice(rate.series.values)[0]
            inner += [change, change - DAY]
    if debt.compound_months and span < 5000:
        later = start + timedelta(days=round(30.44 * debt.compound_months) * random.randint(1, 4))
        inner += [later.replace(day=min(start.day, 28)), later.replace(day=min(start.day, 28)) - DAY]
    return random.sample([*edges, *inner], 5)


def _telling_amount(random: Random, debt: Debt, entries: Sequence[Entry], day: date, kind: str) -> int:
    """Part, all, exactly what is open on the day, one more or one less, or much more."""
    if kind == "charge":
        return random.choice([1, 500, 4_000, max(1, debt.principal // random.choice([10, 30, 100]))])
    if kind == "payment" and random.random() < 0.15:
        answer = claim.claim(debt, entries, day)
        if answer.principal is not None:
            open_sum = sum(filter(None, (answer.costs, answer.interest, answer.extra, answer.principal)))
            return max(1, open_sum + random.choice([0, 0, -1, 1]))
    part = int(debt.principal * random.random())
    tenth = part // 10
    return max(1, random.choice([part, part // 3, *[tenth] * 5, debt.principal, 2 * debt.principal, 100, 1]))
