"""Money that names no debt, where a debtor has several: which debt it pays (docs/claims.md, "Several debts")."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from dunwell.engine.described import claimed, compute, yearly_rates
from dunwell.rulebook.debt import Debt, Entry


def distribute(debts: Sequence[Debt], payments: Sequence[tuple[str, Entry]], as_of: date) -> tuple[list[Debt], int]:
    """The debts with their shares of payments (currency, payment) as entries, and how many payments left a rest.

    One payment after the other by day: what is owed, and the heaviest burden, are those of its day. A rest that no debt
    of its currency can take becomes the surplus of the debt that was paid last, or of the first of its currency.
    """
    debts = list(debts)
    rests = 0
    for currency, payment in sorted(payments, key=lambda pair: pair[1].day):
        if payment.day > as_of:
            continue
        places = [n for n, debt in enumerate(debts) if debt.currency == currency]
        if not places:
            rests += 1
            continue
        left = payment.amount_minor
        last = places[0]
        for n, open_minor in _in_order([debts[n] for n in places], places, payment.day):
            share = min(left, open_minor)
            if share > 0:
                debts[n] = _with(debts[n], payment, share)
                left, last = left - share, n
        if left > 0:
            rests += 1
            debts[last] = _with(debts[last], payment, left)
    return debts, rests


def _in_order(debts: list[Debt], places: list[int], day: date) -> list[tuple[int, int]]:
    """(place, what is open of the undisputed part on the day), the debt that is paid first first."""
    undisputed = [claimed(debt) for debt in debts]
    sums = compute(undisputed, day).sums
    rates = yearly_rates(undisputed, day)
    owed = sums.select("costs_minor", "interest_minor", "extra_minor", "principal_minor").rows()
    ranks = [
        ((debt.due > day, debt.secured, -rate, debt.due, debt.number), place, sum(parts))
        for debt, rate, place, parts in zip(debts, rates, places, owed, strict=True)
    ]
    return [(place, open_minor) for _, place, open_minor in sorted(ranks)]


def _with(debt: Debt, payment: Entry, share: int) -> Debt:
    """The debt with a share of a payment; what it already got of the same payment becomes more."""
    same = [entry for entry in debt.entries if entry.id == payment.id and entry.kind == "payment"]
    if same:
        more = replace(same[0], amount_minor=same[0].amount_minor + share)
        return replace(debt, entries=tuple(more if entry is same[0] else entry for entry in debt.entries))
    return replace(debt, entries=(*debt.entries, replace(payment, amount_minor=share)))
