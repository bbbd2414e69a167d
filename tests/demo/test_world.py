from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.demo.book import make_books
from dunwell.demo.play import office_days
from dunwell.demo.world import World

TODAY, UNTIL = date(2026, 9, 21), date(2026, 11, 20)


def _live(seed, effect, *, contacted=True):
    """The Shanghai creditor's world, everybody who is overdue contacted every ten days; all that happened."""
    book = make_books(seed, 90, 900, today=TODAY, until=UNTIL)[1]
    world = World(book, seed, effect)
    payments, talks, notes = [], [], []
    for n, day in enumerate(office_days(TODAY + timedelta(days=1), UNTIL)):
        files = world.morning(day)
        payments += files.payments
        notes += files.items
        late = [(d.number, d.currency) for d in book.debtors if world.overdue(d.number, day)] if n % 7 == 0 else []
        payments += world.hurry(day, late)
        for number, _ in late if contacted else []:
            world.contacted(day, number, "email", day + timedelta(days=10))
        talks += world.evening(day, late if contacted else [])
    return book, payments, talks, notes


class TestWorld:
    @pytest.mark.parametrize("effect", [0.0, 0.5, 1.0, 2.0, 10.0])
    def test_never_pays_more_than_is_owed_whatever_contacts_do(self, effect):
        book, payments, _, notes = _live(11, effect)
        owed = Counter({later.invoice.number: later.owed_minor for later in book.later})
        for note in notes:
            if note.kind == "credit_note":
                owed[note.parent] -= note.amount_minor
        paid = Counter()
        for payment in payments:
            assert payment.amount_minor > 0
            paid[payment.item] += payment.amount_minor
        assert all(paid[number] <= owed[number] for number in paid if number)
        assert len({payment.number for payment in payments}) == len(payments)

    def test_lives_the_same_days_for_the_same_seed(self):
        assert _live(12, 1.0)[1:] == _live(12, 1.0)[1:]
        assert _live(12, 1.0)[1] != _live(13, 1.0)[1]

    def test_brings_in_more_money_the_more_contacts_move_debtors(self):
        half, full, double = (sum(p.currency == "CNY" for p in _live(14, effect)[1]) for effect in (0.0, 1.0, 10.0))
        assert half < full < double

    def test_says_nothing_where_nobody_is_contacted(self):
        assert _live(15, 1.0, contacted=False)[2] == []

    def test_promises_no_more_than_is_overdue_and_only_ahead(self):
        _, _, talks, _ = _live(16, 0.2)
        promises = [talk for talk in talks if talk.kind == "promise"]
        assert promises
        assert all(talk.amount_minor > 0 and talk.due for talk in promises)

    def test_closes_only_disputes_that_were_opened(self):
        _, _, talks, _ = _live(17, 0.2)
        opened = [talk.key for talk in talks if talk.kind == "dispute"]
        closed = [talk.key for talk in talks if talk.kind == "dispute_closed"]
        assert set(closed) <= set(opened)
        assert len(closed) == len(set(closed))

    @settings(max_examples=8)
    @given(st.integers(0, 2**32), st.floats(0.0, 10.0))
    def test_breaks_for_no_seed_and_no_effect(self, seed, effect):
        book, payments, talks, _ = _live(seed, effect)
        numbers = {debtor.number for debtor in book.debtors}
        assert {payment.debtor for payment in payments} | {talk.debtor for talk in talks} <= numbers


class TestOfficeDays:
    def test_are_mondays_to_fridays(self):
        assert [day.day for day in office_days(date(2026, 11, 19), date(2026, 11, 24))] == [19, 20, 23, 24]
