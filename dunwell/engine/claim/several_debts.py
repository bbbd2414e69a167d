"""Money that names no debt, where a debtor has several: which debt it pays (docs/claims.md, "Several debts")."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import polars as pl

from dunwell.engine.claim.described import claimed, compute, yearly_rates
from dunwell.rulebook.debt import Debt, Entry, Placed

type Money = tuple[str, Entry]
"""Currency, and a payment or a credit note in it that names no debt (or is more than what it named owed)."""


def distribute(debts: Sequence[Debt], payments: Sequence[Money], as_of: date) -> tuple[list[Debt], list[Money]]:
    """The debts with their shares of payments as entries; and the payments of no debt's currency.

    A rest that no debt of its currency can take becomes the surplus of the last one that it paid, or of the first of
    its currency.
    """
    found, left = place(debts, payments, as_of)
    strangers = []
    for currency, payment in left:
        takers = [n for n, debt in enumerate(found) if debt.currency == currency and not debt.wholly_disputed]
        if takers:
            paid = [n for n in takers if any(_same(entry, payment) for entry in found[n].entries)]
            n = paid[-1] if paid else takers[0]
            found[n] = _with(found[n], payment, payment.amount_minor)
        else:
            strangers.append((currency, replace(payment, placed=None)))
    return found, strangers


def place(debts: Sequence[Debt], money: Sequence[Money], as_of: date) -> tuple[list[Debt], list[Money]]:
    """The debts with their shares of the money as entries, and what no debt takes.

    One after the other by day: what is owed, and the heaviest burden, are those of its day. What finds nothing to pay
    waits: it pays what arises later (a new debt, a charge) on the day it arises. A credit note takes off principal
    first, wherever any is open; only then it pays like money.
    """
    debts = list(debts)
    left = []
    queue = sorted(money, key=lambda pair: pair[1].day)
    while queue:
        currency, payment = queue.pop(0)
        if payment.day > as_of:
            continue
        placed = payment.placed or Placed(payment.day, credit=payment.kind == "credit")
        payment = replace(payment, placed=placed)
        rest = _pay(debts, currency, payment)
        if not rest:
            continue
        payment = replace(payment, amount_minor=rest)
        later = _next_chance(debts, currency, payment.day)
        if later is None or later > as_of:
            left.append((currency, replace(payment, day=placed.came)))
            continue
        at = next((n for n, pair in enumerate(queue) if pair[1].day > later), len(queue))
        queue.insert(at, (currency, replace(payment, day=later)))
    return debts, left


def _pay(debts: list[Debt], currency: str, payment: Entry) -> int:
    """Give the debts their shares; what is left."""
    left = payment.amount_minor
    for kind in ("credit", "payment") if payment.kind == "credit" else ("payment",):
        of_kind = replace(payment, kind=kind)
        for equal in _in_order(debts, currency, of_kind) if left else []:
            shares = _pro_rata(left, [open_minor for _, open_minor in equal])
            for (n, _), share in zip(equal, shares, strict=True):
                if share > 0:
                    debts[n] = _with(debts[n], of_kind, share)
            left -= sum(shares)
    return left


def _pro_rata(money: int, owed: Sequence[int]) -> list[int]:
    """What each of several debts gets of money that pays all of them alike: no more than it owes, in proportion to it.
    What rounding leaves goes, unit by unit, to those it cut most, the first first."""
    total = sum(owed)
    if money >= total:
        return list(owed)
    shares = [money * each // total for each in owed]
    cut = sorted(range(len(owed)), key=lambda n: (-(money * owed[n] % total), n))
    for n in cut[: money - sum(shares)]:
        shares[n] += 1
    return shares


def _next_chance(debts: Sequence[Debt], currency: str, day: date) -> date | None:
    """The next day on which something arises that money may pay. Where all is paid, no interest does."""
    days = [
        later
        for debt in debts
        if debt.currency == currency and not debt.wholly_disputed
        for later in (debt.since, *(entry.day for entry in debt.entries if entry.kind == "charge"))
        if later is not None and later > day
    ]
    return min(days, default=None)


def _in_order(debts: Sequence[Debt], currency: str, payment: Entry) -> list[list[tuple[int, int]]]:
    """(place, what is open of the undisputed part on the payment's day), the debts that are paid first first; those in
    one list rank alike and are paid in proportion.

    What a payment was more than the debt it named goes to this debt first, where more is owed of it later.
    """
    day = payment.day
    takers = [
        n
        for n, debt in enumerate(debts)
        if debt.currency == currency and not debt.wholly_disputed and (debt.since is None or debt.since <= day)
    ]
    undisputed = [claimed(debts[n]) for n in takers]
    if not takers:
        return []
    named = payment.placed.over if payment.placed else None
    owed = _open_before(undisputed, day, principal_only=payment.kind == "credit")
    ranks = [
        ((debt.number != named, debt.due > day, debt.secured, -rate, debt.due), debt.number, n, max(open_minor, 0))
        for debt, rate, n, open_minor in zip(undisputed, yearly_rates(undisputed, day), takers, owed, strict=True)
    ]
    alike = groupby(sorted(ranks), key=lambda rank: rank[0])
    return [[(n, open_minor) for _, _, n, open_minor in rows] for _, rows in alike]


def _open_before(debts: list[Debt], day: date, *, principal_only: bool) -> list[int]:
    """What is owed of each debt when a payment of the day comes in.

    Where the day of a payment bears nothing for what was paid, that is without the day's interest.
    """
    sums = compute(debts, day).sums
    if principal_only:
        return sums["principal_minor"].to_list()
    owed = sums.select(pl.sum_horizontal("costs_minor", "interest_minor", "extra_minor", "principal_minor")).to_series()
    free = [debt.terms.payment_day == "free" for debt in debts]
    if not any(free):
        return owed.to_list()
    columns = ("interest_sum_minor", "extra_sum_minor")
    until, before = (
        found.select(pl.sum_horizontal(columns)).to_series()
        for found in (sums, compute(debts, day - timedelta(days=1)).sums)
    )
    return [
        open_minor - (more if is_free else 0)
        for is_free, open_minor, more in zip(free, owed, until - before, strict=True)
    ]


def _with(debt: Debt, payment: Entry, share: int) -> Debt:
    """The debt with a share of a payment; what it already got of the same payment becomes more."""
    same = next((entry for entry in debt.entries if entry.kind == payment.kind and _same(entry, payment)), None)
    if same is None:
        return replace(debt, entries=(*debt.entries, replace(payment, amount_minor=share)))
    more = replace(same, amount_minor=same.amount_minor + share)
    return replace(debt, entries=tuple(more if entry is same else entry for entry in debt.entries))


def _same(entry: Entry, payment: Entry) -> bool:
    """Whether an entry is a share of the same money, on the same day."""
    return (entry.id, entry.day, entry.placed) == (payment.id, payment.day, payment.placed)
