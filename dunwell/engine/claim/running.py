"""Debts of which it is asked again and again, day after day, what is open: each event is taken once.

The rule of a step is that of `engine.claim.balance`; nothing of it stands here.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import accumulate
from typing import Any

from dunwell.core.errors import refusal
from dunwell.engine.claim.accrual import Beginning, beginnings
from dunwell.engine.claim.balance import OPEN, Event, OneDebt, TooLargeError, numbers_of
from dunwell.engine.claim.curves import PPM, Curves
from dunwell.engine.claim.debts import resolve
from dunwell.engine.claim.described import entry_frame, frame, refused_for, terms_of
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_terms import COMPONENTS

_EVENTS = {"payment": Event.PAYMENT, "credit": Event.CREDIT}


class Running:
    """One debt as its days go by. Days are asked for in their order; what happens may come in any."""

    def __init__(
        self, debt: Debt, begins: Beginning, first: int, curves: Curves, look: Mapping[str, Callable[[Any], Any]]
    ) -> None:
        """first: the number of the debt's first entry in `begins`; here it is 0."""
        self._debt = debt
        self._begins = begins.values
        self._size, self._look, self._first = curves.size, look, curves.first
        self._events = [
            event if event["entry_id"] is None else {**event, "entry_id": event["entry_id"] - first}
            for event in begins.events
        ]
        self._keys = [_key(event) for event in self._events]
        charges = (key for key in self._keys if key[1] in (Event.CHARGE, Event.FEE))
        self._last_charge = max(charges, default=(-1, -1, -1))
        self._later = len(debt.entries)
        self._restart()

    def _restart(self) -> None:
        self._taken = 0
        self._one = OneDebt(self._begins, self._size, self._look)

    def _place(self, day: date) -> int:
        return (day - self._first).days

    def beyond(self, day: date) -> list[tuple[int, int]]:
        """Take all events until the payments of a day: (number of the entry, how much more it was than what was open)
        of those that were more, since the day asked for before."""
        until = bisect_right(self._keys, (self._place(day), int(Event.PAYMENT), _LAST))
        grew = []
        while self._taken < until:
            event = self._events[self._taken]
            before = self._one.values["surplus"]
            self._take(event)
            self._taken += 1
            if self._one.values["surplus"] > before and event["entry_id"] is not None:
                grew.append((event["entry_id"], self._one.values["surplus"] - before))
        return grew

    def _take(self, event: Mapping[str, Any]) -> None:
        try:
            self._one.take(event)
        except TooLargeError:
            raise refused_for(self._debt, "interest.too_large") from None

    def owed(self, day: date, component: str | None = None) -> int:
        """What a payment of a day finds open, after all other entries of the day; of one component where it is named.
        Where the day of a payment bears nothing for what was paid, that is without the day's interest."""
        self.beyond(day)
        if self.quiet:
            return 0
        nothing = {"event": int(Event.PAYMENT), "amount": 0, "designation": None, "entry_id": None}
        event = {"place": self._place(day), **nothing}
        parts = OPEN if component is None else (OPEN[COMPONENTS.index(component)],)
        try:
            if not self._one.values["surplus"]:
                return self._one.open_before(event, parts)
            # money that is held pays what has arisen since
            asked = OneDebt(self._one.values, self._size, self._look)
            asked.take(event)
        except TooLargeError:
            raise refused_for(self._debt, "interest.too_large") from None
        return sum(asked.values[part] for part in parts)

    def principal(self, day: date) -> int:
        """What is open of the principal after all entries of a day."""
        self.beyond(day)
        return int(self._one.values["principal"])

    @property
    def quiet(self) -> bool:
        """Whether nothing is open, so that nothing grows either: only a charge can open anything again."""
        values = self._one.values
        return not (values["principal"] or values["costs"] or values.get("interest_open") or values.get("extra_open"))

    @property
    def over(self) -> bool:
        """Whether nothing is open, nor ever will be."""
        return self.quiet and self._taken >= bisect_right(self._keys, self._last_charge)

    def add(self, entry: Entry, minor: int) -> None:
        """Let so much of a payment or credit note happen, after all of its kind and day."""
        event = {
            "place": self._place(entry.day), "event": int(_EVENTS[entry.kind]), "amount": minor,
            "designation": entry.designation, "entry_id": self._later,
        }  # fmt: skip
        self._later += 1
        at = bisect_right(self._keys, _key(event))
        self._events.insert(at, event)
        self._keys.insert(at, _key(event))
        if at < self._taken:
            self._restart()

    def lessen(self, number: int, minor: int) -> None:
        """Let so much less of an entry have happened; one of which nothing is left did not happen."""
        at = next(n for n, event in enumerate(self._events) if event["entry_id"] == number)
        left = self._events[at]["amount"] - minor
        if left > 0:
            self._events[at] = {**self._events[at], "amount": left}
        else:
            del self._events[at], self._keys[at]
        if at < self._taken:
            self._restart()


_LAST = 2**62


def _key(event: Mapping[str, Any]) -> tuple[int, int, int]:
    """The order of events: by day, kind and number; those without a number first."""
    return event["place"], event["event"], -1 if event["entry_id"] is None else event["entry_id"]


class RunningDebts:
    """The debts of one debtor, as they are asked for; and their rates by day.

    debts   as they are demanded (`described.claimed`)
    since   the first day that will be asked for

    Raises DunwellError that names all debts whose interest cannot be known by `as_of`.
    """

    def __init__(self, debts: Sequence[Debt], as_of: date, since: date) -> None:
        found, self._curves = resolve(frame(debts), terms_of(debts), as_of, since)
        codes = found.sort("debt_id")["refused"].to_list()
        refused = [refused_for(debt, code) for debt, code in zip(debts, codes, strict=True) if code]
        if refused:
            raise refusal("claim.debts_refused", refused)
        begins = beginnings(found, entry_frame(debts), self._curves)
        look = numbers_of(self._curves)
        firsts = accumulate((len(debt.entries) for debt in debts), initial=0)
        self.each = [
            Running(debt, begins[n], first, self._curves, look)
            for (n, debt), first in zip(enumerate(debts), firsts)  # noqa: B905
        ]
        self._rates = look["rate"]
        self._burdens = found.sort("debt_id").select("curve", "factor", "units").rows()

    def rate(self, n: int, day: date) -> int:
        """The rate of a debt on a day in ppm a year: how heavily it burdens."""
        curve, factor, units = self._burdens[n]
        of_day = factor * self._rates(curve * self._curves.size + (day - self._curves.first).days)
        return int(of_day * (365 if units == PPM else 1))
