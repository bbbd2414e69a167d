"""Money that names no debt, where a debtor has several: which debt it pays (docs/claims.md, "Several debts")."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from heapq import heappop, heappush
from itertools import groupby

from dunwell.engine.claim.described import claimed
from dunwell.engine.claim.running import RunningDebts
from dunwell.rulebook.debt import Debt, Entry, Placed

type Money = tuple[str, Entry]
"""Currency, and a payment or a credit note in it that names no debt (or is more than what it named owed)."""


def distribute(debts: Sequence[Debt], payments: Sequence[Money], as_of: date) -> tuple[list[Debt], list[Money]]:
    """The debts with their shares of payments as entries; and the payments of no debt's currency.

    A rest that no debt of its currency can take becomes the surplus of the last one that it paid, or of the first of
    its currency.
    """
    found, left = place(debts, payments, as_of)
    takers: dict[str, int] = {}
    paid: dict[tuple[object, ...], int] = {}
    for n, debt in enumerate(found):
        if debt.wholly_disputed:
            continue
        takers.setdefault(debt.currency, n)
        paid.update({_what(debt.currency, entry): n for entry in debt.entries})
    rests: dict[int, list[Entry]] = {}
    strangers = []
    for currency, payment in left:
        if currency in takers:
            rests.setdefault(paid.get(_what(currency, payment), takers[currency]), []).append(payment)
        else:
            strangers.append((currency, replace(payment, placed=None)))
    for n, more in rests.items():
        found[n] = _with(found[n], more)
    return found, strangers


@dataclass(frozen=True, slots=True)
class Free:
    """What becomes of money that is more than the debt it names owed: it is free from its day on.

    but    numbers of payments that stay where they are all the same
    back   by currency, what went back of it in all: so much less is free
    """

    but: Collection[str]
    back: Mapping[str, int]


def place(
    debts: Sequence[Debt], money: Sequence[Money], as_of: date, free: Free | None = None
) -> tuple[list[Debt], list[Money]]:
    """The debts with their shares of the money as entries, and what no debt takes.

    One after the other by day: what is owed, and the heaviest burden, are those of its day. What finds nothing to pay
    waits: it pays what arises later (a new debt, a charge) on the day it arises. A credit note takes off principal
    first, wherever any is open; only then it pays like money.

    free   what happens to money that is more than the debt it names owed; None: it stays there, as a surplus
    """
    if not debts:
        return [], [
            (currency, replace(entry, placed=_placed(entry))) for currency, entry in money if entry.day <= as_of
        ]
    return _Placing(debts, money, as_of, free).done()


def _placed(entry: Entry) -> Placed:
    return entry.placed or Placed(entry.day, credit=entry.kind == "credit")


class _Placing:
    """Money as it is placed, day after day.

    The queue holds, by day: debts whose own entries are to be looked at, then money that named none, then what turned
    out to be free, then what waited for this day. Debts run along with the days (`running`), so each entry is taken
    once.
    """

    def __init__(self, debts: Sequence[Debt], money: Sequence[Money], as_of: date, free: Free | None) -> None:
        self._debts = list(debts)
        self._more: list[list[Entry]] = [[] for _ in debts]
        self._as_of, self._free = as_of, free
        self._back = dict(free.back) if free else {}
        self._left: list[Money] = []
        self._queue: list[tuple[date, int, int, int | Money]] = []
        self._count = 0
        for pair in money:
            if pair[1].day <= as_of:
                self._wait(pair[1].day, _NAMELESS, pair)
        asked = [claimed(debt) for debt in debts]
        self._entries = [list(debt.entries) for debt in asked]
        self._open = [n for n, debt in enumerate(debts) if not debt.wholly_disputed]
        self._order: tuple[date, str, list[list[int]]] | None = None
        self._chances = {currency: self._chances_in(currency) for currency in {debt.currency for debt in debts}}
        if free:
            for n, debt in enumerate(asked):
                for day in {entry.day for entry in debt.entries if entry.kind in ("payment", "credit")}:
                    if day <= as_of:
                        self._wait(day, _OWN, n)
        self._running = RunningDebts(asked, as_of, min((day for day, *_ in self._queue), default=as_of))

    def _wait(self, day: date, rank: int, what: int | Money) -> None:
        self._count += 1
        heappush(self._queue, (day, rank, self._count, what))

    def done(self) -> tuple[list[Debt], list[Money]]:
        """The debts with the money, and what is left of it."""
        while self._queue:
            day, _, _, what = heappop(self._queue)
            if isinstance(what, int):
                self._free_what_is_more(what, day)
                continue
            currency, payment = what
            payment = replace(payment, day=day, placed=_placed(payment))
            rest = self._pay(currency, payment)
            if rest:
                self._put_off(currency, replace(payment, amount_minor=rest))
        found = [
            replace(debt, entries=(*debt.entries, *more)) if more else debt
            for debt, more in zip(self._debts, self._more, strict=True)
        ]
        return found, self._left

    def _put_off(self, currency: str, payment: Entry) -> None:
        """Money waits for the next day on which something arises that it may pay; without one it is left."""
        chances = self._chances.get(currency, [])
        at = bisect_right(chances, payment.day)
        if at < len(chances) and chances[at] <= self._as_of:
            self._wait(chances[at], _WAITING, (currency, payment))
            return
        assert payment.placed is not None
        self._left.append((currency, replace(payment, day=payment.placed.came)))

    def _chances_in(self, currency: str) -> list[date]:
        """The days on which something arises that money may pay. Where all is paid, no interest does."""
        days = [
            day
            for n in self._open
            if (debt := self._debts[n]).currency == currency
            for day in (debt.since, *(entry.day for entry in debt.entries if entry.kind == "charge"))
            if day is not None
        ]
        return sorted(set(days))

    def _free_what_is_more(self, n: int, day: date) -> None:
        """What is more than a debt takes of the money that names it is taken off there, and placed as money that names
        none; what went back is none of it."""
        assert self._free is not None
        for number, minor in self._running.each[n].beyond(day):
            entry = self._entries[n][number] if number < len(self._entries[n]) else None
            if entry is None or entry.placed is not None or entry.id in self._free.but:
                continue
            currency = self._debts[n].currency
            self._running.each[n].lessen(number, minor)
            self._debts[n] = _less(self._debts[n], entry, minor)
            self._entries[n][number] = replace(entry, amount_minor=entry.amount_minor - minor)
            gone = min(self._back.get(currency, 0), minor)
            self._back[currency] = self._back.get(currency, 0) - gone
            if minor > gone:
                placed = Placed(entry.day, self._debts[n].number, credit=entry.kind == "credit")
                # what it was designated for is paid
                rest = replace(entry, kind="payment", amount_minor=minor - gone, placed=placed, designation=None)
                self._wait(day, _FREED, (currency, rest))

    def _pay(self, currency: str, payment: Entry) -> int:
        """Give the debts their shares; what is left."""
        left = payment.amount_minor
        for kind in ("credit", "payment") if payment.kind == "credit" else ("payment",):
            of_kind = replace(payment, kind=kind)
            for n, share in self._shares(currency, replace(of_kind, amount_minor=left)).items() if left else ():
                self._more[n].append(replace(of_kind, amount_minor=share))
                self._running.each[n].add(of_kind, share)
                left -= share
        return left

    def _shares(self, currency: str, payment: Entry) -> dict[int, int]:
        """What each debt gets: what the payer designated, of all debts, before anything else of any."""
        left = payment.amount_minor
        shares: dict[int, int] = {}
        groups = self._in_order(currency, payment)
        for part in (payment.designation, None) if payment.designation else (None,):
            for alike in groups:
                owed = [self._owed(n, payment, part) - shares.get(n, 0) for n in alike]
                for n, share in zip(alike, _pro_rata(left, owed), strict=True):
                    if share > 0:
                        shares[n] = shares.get(n, 0) + share
                        left -= share
                if not left:
                    return shares
        return shares

    def _owed(self, n: int, payment: Entry, part: str | None) -> int:
        """What a payment finds open of a component, or of all; a credit note: of the principal."""
        one = self._running.each[n]
        return max(one.principal(payment.day) if payment.kind == "credit" else one.owed(payment.day, part), 0)

    def _in_order(self, currency: str, payment: Entry) -> list[list[int]]:
        """The debts that may be paid on the payment's day, those that are paid first first; those in one list rank
        alike and are paid in proportion.

        What a payment was more than the debt it named goes to this debt first, where more is owed of it later.
        """
        groups = self._ranked(currency, payment.day)
        named = payment.placed.over if payment.placed else None
        if named is None:
            return groups
        first, others = (
            [[n for n in alike if (self._debts[n].number == named) is own] for alike in groups] for own in (True, False)
        )
        return [alike for alike in (*first, *others) if alike]

    def _ranked(self, currency: str, day: date) -> list[list[int]]:
        if self._order is not None and self._order[:2] == (day, currency):
            return self._order[2]
        each = self._running.each
        self._open = [n for n in self._open if not each[n].over]
        ranks = []
        for n in self._open:
            debt = self._debts[n]
            if debt.currency == currency and (debt.since is None or debt.since <= day):
                burden = (debt.due > day, debt.secured, -self._running.rate(n, day), debt.due)
                ranks.append((burden, debt.number, n))
        groups = [[n for *_, n in alike] for _, alike in groupby(sorted(ranks), key=lambda rank: rank[0])]
        self._order = (day, currency, groups)
        return groups


_OWN, _NAMELESS, _FREED, _WAITING = range(4)


def _pro_rata(money: int, owed: Sequence[int]) -> list[int]:
    """What each of several debts gets of money that pays all of them alike: no more than it owes, in proportion to it.
    What rounding leaves goes, unit by unit, to those it cut most, the first first."""
    total = sum(owed)
    if money >= total:
        return list(owed)
    shares = [money * each // total for each in owed]
    rest = money - sum(shares)
    if rest:
        # a stable sort keeps the first first among those that were cut alike
        for n in sorted(range(len(owed)), key=lambda n: -(money * owed[n] % total))[:rest]:
            shares[n] += 1
    return shares


def _with(debt: Debt, rests: Sequence[Entry]) -> Debt:
    """The debt with rests of payments; what it already got of the same payment becomes more."""
    entries = list(debt.entries)
    at = {(_what("", entry), entry.kind): n for n, entry in reversed(list(enumerate(entries)))}
    for rest in rests:
        same = at.get((_what("", rest), rest.kind))
        if same is None:
            entries.append(rest)
        else:
            entries[same] = replace(entries[same], amount_minor=entries[same].amount_minor + rest.amount_minor)
    return replace(debt, entries=tuple(entries))


def _what(currency: str, entry: Entry) -> tuple[object, ...]:
    """What is the same of all shares of the same money on the same day."""
    return currency, entry.id, entry.day, entry.placed


def _less(debt: Debt, entry: Entry, minor: int) -> Debt:
    """The debt with so much less of an entry."""
    at = debt.entries.index(entry)
    less = (replace(entry, amount_minor=entry.amount_minor - minor),) if entry.amount_minor > minor else ()
    return replace(debt, entries=(*debt.entries[:at], *less, *debt.entries[at + 1 :]))
