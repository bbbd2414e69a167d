"""Disputes: about the whole or a part, one at a time, closed in words."""

from datetime import timedelta

import polars as pl
import pytest

from dunwell.actions.facts import facts_of
from dunwell.actions.talks import close_dispute, open_dispute
from dunwell.core.errors import Refused
from dunwell.core.money import Money
from dunwell.engine.book.claims import open_items
from dunwell.store.models import Dispute, DisputePast, JournalEntry
from tests.support.rows import MEI, NOW
from tests.talks.book import TODAY, a_book, an_item, euro


def contest(item, **changes):
    values = {"reason": "wrong quantity", "at": NOW, "by": MEI, "key": "k1", **changes}
    return open_dispute(receivable=item, **values)


def refusal(item, **changes):
    with pytest.raises(Refused) as refused:
        contest(item, **changes)
    return refused.value.code


def demanded(book, day=TODAY):
    return open_items(facts_of(book.creditor).on(day), day).select(pl.col("demand_minor").sum()).item()


class TestADispute:
    def test_takes_the_whole_claim_out_of_what_is_demanded(self, db):
        book = a_book()
        assert demanded(book) == 72_000
        contest(book.invoice)
        assert demanded(book) == 0

    def test_takes_a_part_out_and_leaves_the_rest(self, db):
        book = a_book()
        contest(book.invoice, amount=euro(10_000))
        assert demanded(book) == 62_000

    def test_may_be_about_all_that_is_open_with_its_charge_and_not_a_cent_more(self, db):
        book = a_book()
        assert refusal(book.invoice, amount=euro(72_001)) == "dispute.exceeds_open"
        assert contest(book.invoice, amount=euro(72_000)).amount_minor == 72_000

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount": Money(100, "USD")}, "dispute.other_currency"),
            ({"amount": euro(0)}, "dispute.not_positive"),
            ({"amount": euro(-5)}, "dispute.not_positive"),
            ({"reason": " \n "}, "talk.empty"),
            ({"reason": "x" * 501}, "talk.too_long"),
            ({"reason": "a\x1b[2Jb"}, "talk.unclean"),
            ({"reason": "a\udcffb"}, "talk.unclean"),
            ({"opened_date": TODAY + timedelta(1)}, "talk.day_ahead"),
        ],
    )
    def test_is_refused_in_words(self, db, changes, code):
        assert refusal(a_book().invoice, **changes) == code
        assert not Dispute.objects.exists()

    def test_is_refused_where_nothing_is_open(self, db):
        book = a_book()
        assert refusal(book.note) == "dispute.nothing_open"
        gone = an_item(book.debtor, "R-9", 100, status="cancelled")
        assert refusal(gone) == "dispute.nothing_open"

    def test_stands_alone_until_it_is_closed(self, db):
        book = a_book()
        first = contest(book.invoice)
        assert refusal(book.invoice, key="k2") == "dispute.open_already"
        close_dispute(dispute=first, outcome="our mistake, credit note follows", at=NOW, by=MEI, key="c")
        assert contest(book.invoice, key="k3").pk != first.pk

    def test_is_opened_once_for_a_key(self, db):
        book = a_book()
        assert contest(book.invoice).pk == contest(book.invoice).pk
        assert refusal(book.invoice, reason="another") == "talk.key_reused"
        assert JournalEntry.objects.filter(event="dispute.opened").count() == 1


class TestClosingADispute:
    def test_demands_the_item_again_and_keeps_what_was_known(self, db):
        book = a_book()
        dispute = contest(book.invoice)
        later = NOW + timedelta(days=3)
        close_dispute(dispute=dispute, outcome="delivery proved", at=later, by=MEI, key="c")
        assert demanded(book, TODAY + timedelta(days=2)) == 0
        assert demanded(book, TODAY + timedelta(days=3)) == 72_000
        past = DisputePast.objects.get(of=dispute.pk)
        assert (past.closed_date, past.outcome, past.known_to) == (None, None, later)

    def test_happens_once(self, db):
        dispute = contest(a_book().invoice)
        for _ in range(2):
            close_dispute(dispute=dispute, outcome="settled", at=NOW, by=MEI, key="c")
        assert DisputePast.objects.count() == 1
        with pytest.raises(Refused) as refused:
            close_dispute(dispute=dispute, outcome="settled", at=NOW, by=MEI, key="c2")
        assert refused.value.code == "dispute.closed_before"
