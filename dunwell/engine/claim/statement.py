"""The statement of a claim: every stretch of days with its balance, rate and interest, every payment with what it paid,
and what the claim will be on coming days. Numbers and codes only; `documents.statement` gives them words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from dunwell.documents.account import Account, DebtStatement, Event, Line, Statement, Sums
from dunwell.engine.claim.balance import Event as Happening
from dunwell.engine.claim.curves import PPM, Curves
from dunwell.engine.claim.debts import resolve
from dunwell.engine.claim.described import claimed, compute, frame, on_days, terms_of, undisputed
from dunwell.rulebook.debt import Debt
from dunwell.rulebook.interest_terms import COMPONENTS, Rate

COMING_DAYS = 14
"""For so many days a statement says ahead what the claim will be."""


def last_day_told(as_of: date, pay_by: date | None = None) -> date:
    """The latest day of which a statement as of a day says anything."""
    ahead = as_of + timedelta(days=COMING_DAYS)
    return max(ahead, pay_by + timedelta(days=1)) if pay_by else ahead


def make_statement(
    debts: Sequence[Debt], as_of: date, pay_by: date | None = None, loose: Sequence[tuple[str, str, int]] = ()
) -> Statement:
    """The statement of a debtor's debts. Raises DunwellError where interest cannot be known: `described.compute`."""
    asked = [claimed(debt) for debt in debts]
    demanded = _accounts(asked, as_of)
    parts = [undisputed(debt) for debt in debts]
    informed = demanded if asked == parts else _accounts(parts, as_of)
    disputed = [n for n, debt in enumerate(debts) if debt.in_dispute]
    wholes = _sums(compute([_whole(debts[n]) for n in disputed], as_of).sums) if disputed else []
    whole = dict(zip(disputed, wholes, strict=True))
    found, _ = resolve(frame(parts), terms_of(parts), as_of)
    made = [
        DebtStatement(
            debt=debt, start=start, demanded=demanded[n], informed=None if debt.terms.claimed else informed[n],
            disputed=_less(whole[n], demanded[n].sums) if n in whole else None, assumed_since=assumed,
        )
        for n, (debt, start, assumed) in enumerate(
            zip(debts, found["start_date"].to_list(), found["assumed_since"].to_list(), strict=True)
        )
    ]  # fmt: skip
    ahead = [as_of + timedelta(days=n) for n in range(1, COMING_DAYS + 1)]
    deadline = [pay_by, pay_by + timedelta(days=1)] if pay_by else []
    if pay_by:
        compute(asked, pay_by)  # what cannot be known by then is refused in words
    days = [*ahead, *deadline]
    told = _on(asked, days)
    known = [[pair for pair in part if pair] for part in (told[: len(ahead)], told[len(ahead) :])]
    coming, pay = (tuple(part) for part in known)
    return Statement(as_of, tuple(made), coming, pay, tuple(loose), _assumed_ahead(asked, as_of, days))


def _assumed_ahead(debts: Sequence[Debt], as_of: date, days: Sequence[date]) -> date | None:
    """From when a rate is assumed for the days ahead, where it is known until the day of the statement."""
    found, _ = resolve(frame(debts), terms_of(debts), max(days))
    return min((day for day in found["assumed_since"].drop_nulls() if day > as_of), default=None)


def _accounts(debts: Sequence[Debt], as_of: date) -> list[Account]:
    """The sums of each debt with the stretches of days and the entries that led to them."""
    found = compute(debts, as_of, with_lines=True)
    resolved, curves = resolve(frame(debts), terms_of(debts), as_of)
    assumed = resolved["assumed_since"].to_list()
    entries = [entry for debt in debts for entry in debt.entries]
    parts = found.lines.partition_by("debt_id", as_dict=True)
    accounts = []
    for n, (debt, sums) in enumerate(zip(debts, _sums(found.sums), strict=True)):
        rows = parts[n,].rows(named=True)
        events = [*_events(rows, debt, entries, curves), *_taken_back(debt, as_of)]
        events.sort(key=lambda event: event.day)
        events += _cut_off(sums, as_of)
        accounts.append(Account(sums, tuple(_lines(rows, debt, curves, assumed[n])), tuple(events)))
    return accounts


def _taken_back(debt: Debt, as_of: date) -> list[Event]:
    """Payments that were taken back: they count as so much less from their own day on, and are told all the same."""
    return [
        Event(entry.day, "reversal", f"{entry.reverses}", entry.amount_minor, dict.fromkeys(COMPONENTS, 0), {})
        for entry in debt.entries
        if entry.kind == "reversal" and entry.day <= as_of
    ]


def _cut_off(sums: Sums, as_of: date) -> list[Event]:
    """What caps cut off, as lines of their own: with them the lines add up to what is owed."""
    cut = {"capped": sums.capped, "capped_costs": sums.capped_costs}
    paid = dict.fromkeys(COMPONENTS, 0)
    return [Event(as_of, kind, "", minor, paid, {}) for kind, minor in cut.items() if minor]


def _whole(debt: Debt) -> Debt:
    entries = tuple(replace(entry, disputed_minor=0) for entry in debt.entries)
    return claimed(replace(debt, disputed_minor=0, entries=entries))


def _on(debts: Sequence[Debt], days: Sequence[date]) -> list[tuple[date, dict[str, int]] | None]:
    """The totals of some days, each computed anew: there is no second formula. None for a day that is refused."""
    return [
        None if owed is None else (day, _by_currency(list(zip(debts, owed, strict=True))))
        for day, owed in zip(days, on_days(debts, days), strict=True)
    ]


def _by_currency(pairs: Sequence[tuple[Debt, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for debt, minor in pairs:
        totals[debt.currency] = totals.get(debt.currency, 0) + minor
    return totals


def _sums(sums: pl.DataFrame) -> list[Sums]:
    columns = [f"{name}_minor" for name in (*COMPONENTS, "surplus", "capped", "capped_costs")]
    return [Sums(*row) for row in sums.select(columns).rows()]


def _less(one: Sums, other: Sums) -> Sums:
    return Sums(
        one.costs - other.costs, one.interest - other.interest, one.extra - other.extra,
        one.principal - other.principal, one.surplus - other.surplus, one.capped - other.capped,
        one.capped_costs - other.capped_costs,
    )  # fmt: skip


def _lines(rows: list[dict[str, Any]], debt: Debt, curves: Curves, assumed: date | None) -> list[Line]:
    """The stretches of days that bear interest, one after the other; those of a second interest after its first."""
    lines = []
    exact = {"": 0, "extra_": 0}
    grown = {"": 0, "extra_": 0}
    for row in rows:
        for prefix, name in (("", "interest"), ("extra_", "extra")):
            owed = row[f"{name}_rounded"]
            ran = row[f"{name}_exact"] - exact[prefix]
            if row["through"] > row["since"]:
                rate = _rate_of(debt, extra=bool(prefix), curves=curves, row=row)
                bears = ran or owed != grown[prefix]
                if rate is not None and bears:
                    lines.append(_line(row, prefix, rate, curves, ran, owed - grown[prefix], assumed))
            exact[prefix], grown[prefix] = row[f"{name}_exact"], owed
    if debt.terms.rounding != "once":
        return lines
    pauses = {curves.first + timedelta(days=row["through"]) for row in rows if row["event"] not in _NO_PAUSE}
    return _merged(lines, pauses)


_NO_PAUSE = {Happening.FIXED_SUM, Happening.CHARGE, Happening.FEE, Happening.RATE, Happening.END}
"""Fixed sums, charges, changes of a rate and the end leave the interest and what bears it as they are."""


def _merged(lines: list[Line], pauses: set[date]) -> list[Line]:
    """Stretches that nothing divides whose effect must be seen are one line."""
    merged: list[Line] = []
    for line in lines:
        last = next((n for n in range(len(merged) - 1, -1, -1) if merged[n].extra == line.extra), None)
        before = merged[last] if last is not None else None
        if before is None or last is None or _kind(before) != _kind(line) or before.last in pauses:
            merged.append(line)
            continue
        merged[last] = replace(
            before, last=line.last, days=before.days + line.days,
            interest_minor=before.interest_minor + line.interest_minor,
            exact=(before.exact[0] + line.exact[0], line.exact[1]),
        )  # fmt: skip
    return merged


def _kind(line: Line) -> tuple[object, ...]:
    told = line.rate.series.told_of(line.value_day) if line.rate.series else None
    return line.balance_minor, line.rate_ppm, line.value_ppm, line.assumed, told


def _rate_of(debt: Debt, *, extra: bool, curves: Curves, row: dict[str, Any]) -> Rate | None:
    """The version of the terms that a row went by."""
    picks = curves.first + timedelta(days=row["start"])
    if debt.terms.regime.dated_by == "contract" and debt.contract:
        picks = debt.contract
    elif debt.terms.regime.dated_by == "breach":
        picks = row["breach_date"]
    return debt.terms.on(picks)[1 if extra else 0]


def _line(
    row: dict[str, Any], prefix: str, rate: Rate, curves: Curves, ran: int, grew: int, assumed: date | None
) -> Line:
    at = row[f"{prefix}curve"] * curves.size
    last = curves.first + timedelta(days=row["through"])
    weight = curves.weight[at + row["through"]] - curves.weight[at + row["since"]]
    start = curves.first + timedelta(days=row["start"])
    day = {"start": start, "breach": row["breach_date"], "contract": row["contract_date"]}.get(rate.fixed_on, last)
    return Line(
        first=curves.first + timedelta(days=row["since"] + 1), last=last,
        days=row["through"] - row["since"] if rate.day_count == "act/act" else weight,
        balance_minor=row["principal_before"] if prefix else row["bearing"],
        rate_ppm=row[f"{prefix}factor"] * curves.rate[at + row["through"]], per_day=row[f"{prefix}units"] == PPM,
        rate=rate, value_ppm=rate.series.on(day) if rate.series else None, value_day=day,
        assumed=assumed is not None and (bool(rate.fixed_on) or last >= assumed),
        interest_minor=grew, exact=(ran, row[f"{prefix}units"]), extra=bool(prefix),
    )  # fmt: skip


_WORDS = {
    Happening.FIXED_SUM: "fixed_sum", Happening.CHARGE: "charge", Happening.FEE: "charge", Happening.CREDIT: "credit",
    Happening.PAYMENT: "payment", Happening.CAPITAL: "capital",
}  # fmt: skip


def _events(rows: list[dict[str, Any]], debt: Debt, entries: Sequence[Any], curves: Curves) -> list[Event]:
    events = []
    for row in rows:
        kind = _WORDS.get(row["event"])
        # where no principal was open on the first day of interest, no fixed sum arose
        if kind is None or (kind == "fixed_sum" and row["principal_before"] <= 0):
            continue
        entry = entries[row["entry_id"]] if row["entry_id"] is not None else None
        events.append(
            Event(
                day=curves.first + timedelta(days=row["place"]), kind=kind, id=entry.id if entry else "",
                amount_minor=row["amount"] if kind != "capital" else row["capital"], covered_minor=row["covered"],
                paid={name: row[f"to_{name}"] for name in COMPONENTS},
                after={
                    "costs": row["costs"], "interest": row["interest_open"], "extra": row["extra_open"],
                    "principal": row["principal"], "surplus": row["surplus"],
                },
                placed=entry.placed if entry else None, order_source=debt.order_source,
            )
        )  # fmt: skip
    return events
