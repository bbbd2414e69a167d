"""Money that names no debt, where a debtor has several: which debt it pays (docs/claims.md, "Several debts")."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from dunwell.engine.described import claimed, compute, yearly_rates
from dunwell.rulebook.debt import Debt, Entry


def distribute(
    debts: Sequence[Debt], payments: Sequence[tuple[str, Entry]], as_of: date
) -> tuple[list[Debt], list[tuple[str, Entry]]]:
    """The debts with their shares of payments (currency, payment) as entries; and the payments of no debt's currency.

    One payment after the other by day: what is owed, and the heaviest burden, are those of its day. A rest that no debt
    of its currency can take becomes the surplus of the debt that was paid last, or of the first of its currency.
    """
    debts = list(debts)
    strangers = []
    for currency, payment in sorted(payments, key=lambda pair: pair[1].day):
        if payment.day > as_of:
            continue
        places = [n for n, debt in enumerate(debts) if debt.currency == currency and not debt.wholly_disputed]
        if not places:
            strangers.append((currency, payment))
            continue
        left = payment.amount_minor
        last = places[0]
        for n, open_minor in _in_order([debts[n] for n in places], places, payment.day):
            share = min(left, open_minor)
            if share > 0:
                debts[n] = _with(debts[n], payment, share)
                left, last = left - share, n
        if left > 0:
            debts[last] = _with(debts[last], payment, left)
    return debts, strangers


def _in_order(debts: list[Debt], places: list[int], day: date) -> list[tuple[int, int]]:
    """(place, what is open of the undisputed part on the day), the debt that is paid first first."""
    undisputed = [claimed(debt) for debt in debts]
    owed = _open_before(undisputed, day)
    rates = yearly_rates(undisputed, day)
    ranks = [
        ((debt.due > day, debt.secured, -rate, debt.due, debt.number), place, open_minor)
        for debt, rate, place, open_minor in zip(debts, rates, places, owed, strict=True)
    ]
    return [(place, open_minor) for _, place, open_minor in sorted(ranks)]


def _open_before(debts: list[Debt], day: date) -> list[int]:
    """What is owed of each debt when a payment of the day comes in.

    Where the day of a payment bears nothing for what was paid, that is without the day's interest.
    """
    sums = compute(debts, day).sums
    owed = sums.select(pl.sum_horizontal("costs_minor", "interest_minor", "extra_minor", "principal_minor")).to_series()
    columns = ("interest_sum_minor", "extra_sum_minor")
    until, before = (
        found.select(pl.sum_horizontal(columns)).to_series()
        for found in (sums, compute(debts, day - timedelta(days=1)).sums)
    )
    of_day = until - before
    return [
        open_minor - (more if debt.terms.payment_day == "free" else 0)
        for debt, open_minor, more in zip(debts, owed, of_day, strict=True)
    ]


def _with(debt: Debt, payment: Entry, share: int) -> Debt:
    """The debt with a share of a payment; what it already got of the same payment becomes more."""
    same = [entry for entry in debt.entries if entry.id == payment.id and entry.kind == "payment"]
    if same:
        more = replace(same[0], amount_minor=same[0].amount_minor + share)
        return replace(debt, entries=tuple(more if entry is same[0] else entry for entry in debt.entries))
    return replace(debt, entries=(*debt.entries, replace(payment, amount_minor=share)))
