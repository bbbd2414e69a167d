"""Promises: taken, refused in words, once per key, withdrawn, and never lost."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.actions.facts import facts_of
from dunwell.actions.talks import record_promise, withdraw_promise
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.core.money import Money
from dunwell.engine.contact.findings import findings
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.guard import WriteOutsideAct
from dunwell.store.models import Debtor, JournalEntry, Promise, PromisePast
from tests.support.rows import MEI, NOW, a_debtor
from tests.talks.book import TODAY, a_book, an_item, euro, pay

DUE = date(2026, 12, 1)


def promise(debtor, **changes):
    values = {"amount": euro(50_000), "due_date": DUE, "at": NOW, "by": MEI, "key": "k1", **changes}
    return record_promise(debtor=debtor, **values)


def refusal(debtor, **changes):
    with pytest.raises(Refused) as refused:
        promise(debtor, **changes)
    assert not Promise.objects.exists()
    assert not JournalEntry.objects.filter(event="promise.made").exists()
    for language in ("en", "zh-Hans", "zh-Hant"):
        assert refused.value.words(language)
    return refused.value.code


class TestAPromise:
    def test_is_kept_with_its_journal_entry(self, db):
        book = a_book()
        made = promise(book.debtor)
        assert (made.amount_minor, made.currency, made.made_date, made.due_date) == (50_000, "EUR", TODAY, DUE)
        entry = JournalEntry.objects.get(event="promise.made")
        body = json.loads(bytes(entry.body))["body"]
        assert (entry.debtor, entry.key, entry.actor) == (book.debtor.pk, "k1", "user:mei")
        assert body["amount"] == {"minor": 50_000, "currency": "EUR"}
        assert (body["due_date"], body["made_date"], body["open_minor"]) == ("2026-12-01", "2026-11-22", 72_000)

    def test_pauses_what_the_engine_would_do(self, db):
        book = a_book()
        promise(book.debtor)
        facts = facts_of(book.creditor, debtors=[book.debtor.pk]).on(TODAY)
        assert "house.promise" in findings(facts, house_rules(), TODAY)["rule"].to_list()

    def test_may_be_of_all_that_is_open_and_not_a_cent_more(self, db):
        book = a_book()
        assert refusal(book.debtor, amount=euro(72_001)) == "promise.exceeds_debt"
        assert promise(book.debtor, amount=euro(72_000)).amount_minor == 72_000

    def test_may_not_with_what_was_promised_before_exceed_what_is_open(self, db):
        book = a_book()
        promise(book.debtor, amount=euro(50_000), key="first")
        with pytest.raises(Refused) as refused:
            promise(book.debtor, amount=euro(22_001), key="second")
        assert refused.value.code == "promise.exceeds_debt"
        promise(book.debtor, amount=euro(22_000), key="second")
        assert Promise.objects.count() == 2

    def test_is_measured_against_the_rest_of_one_that_was_paid_in_part(self, db):
        book = a_book()
        promise(book.debtor, amount=euro(50_000), key="first")
        pay(book.debtor, 20_000, TODAY, receivable=book.invoice)
        promise(book.debtor, amount=euro(22_000), key="second")
        assert Promise.objects.count() == 2

    def test_is_measured_in_its_own_currency(self, db):
        book = a_book()
        assert refusal(book.debtor, amount=Money(100, "USD")) == "promise.exceeds_debt"
        an_item(book.debtor, "R-2", 900, currency="JPY")
        assert promise(book.debtor, amount=Money(900, "JPY")).currency == "JPY"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount": euro(0)}, "promise.not_positive"),
            ({"amount": euro(-1)}, "promise.not_positive"),
            ({"due_date": TODAY - timedelta(1)}, "promise.due_before_made"),
            ({"due_date": TODAY + timedelta(367)}, "promise.too_far"),
            ({"due_date": date.max}, "promise.too_far"),
            ({"made_date": TODAY + timedelta(1)}, "talk.day_ahead"),
            ({"key": ""}, "talk.bad_key"),
            ({"key": "k" * 251}, "talk.bad_key"),
            ({"key": "a\x00b"}, "talk.bad_key"),
            ({"by": Actor(ActorKind.DEBTOR, "10001")}, "act.not_allowed"),
        ],
    )
    def test_is_refused_in_words(self, db, changes, code):
        assert refusal(a_book().debtor, **changes) == code

    def test_is_due_at_the_creditors_place_and_not_at_ours(self, db):
        book = a_book()
        late = NOW.replace(hour=23, minute=30)
        assert promise(book.debtor, at=late, due_date=date(2026, 11, 23)).made_date == date(2026, 11, 23)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
    @given(minor=st.integers(-10_000, 200_000), days=st.integers(-3, 400))
    def test_is_taken_just_when_it_lies_within_the_debt_and_the_year(self, db, minor, days):
        debtor = Debtor.objects.first() or a_book().debtor
        promised = sum(Promise.objects.values_list("amount_minor", flat=True))
        good = 0 < minor <= 72_000 - promised and 0 <= days <= 366
        key = f"{minor}/{days}"
        try:
            taken = promise(debtor, amount=euro(minor), due_date=TODAY + timedelta(days), key=key)
        except Refused:
            taken = None
        assert (taken is not None) == good


class TestAKey:
    def test_makes_it_happen_once(self, db):
        book = a_book()
        first = promise(book.debtor)
        count = JournalEntry.objects.count()
        again = promise(book.debtor, at=NOW + timedelta(days=2))
        assert again.pk == first.pk
        assert (Promise.objects.count(), JournalEntry.objects.count()) == (1, count)

    def test_gives_the_first_result_even_when_nothing_is_open_any_more(self, db):
        book = a_book()
        first = promise(book.debtor)
        pay(book.debtor, 72_000, TODAY, receivable=book.invoice)
        assert promise(book.debtor).pk == first.pk

    def test_cannot_be_used_for_something_else(self, db):
        book = a_book()
        promise(book.debtor)
        for changes in ({"amount": euro(1)}, {"due_date": DUE + timedelta(1)}):
            with pytest.raises(Refused) as refused:
                promise(book.debtor, **changes)
            assert refused.value.code == "talk.key_reused"
        with pytest.raises(Refused) as refused:
            promise(a_debtor(book.creditor, "10002"))
        assert refused.value.code == "talk.key_reused"
        assert Promise.objects.count() == 1

    def test_makes_two_processes_record_one_promise(self, db):
        book = a_book()
        line = ("promise", book.debtor.number, "500", "--by", "2027-02-01", "--key", "same")
        both = [db.start(*line, env={"DUNWELL_NOW": "2027-01-05T09:00:00+00:00"}) for _ in range(2)]
        said = [each.communicate(timeout=60) for each in both]
        assert [each.returncode for each in both] == [0, 0], said
        assert said[0][0] == said[1][0]
        assert Promise.objects.count() == 1
        assert JournalEntry.objects.filter(event="promise.made").count() == 1


class TestWithdrawing:
    def test_keeps_what_was_known_before(self, db):
        book = a_book()
        made = promise(book.debtor)
        later = NOW + timedelta(days=1)
        withdraw_promise(promise=made, at=later, by=MEI, key="w")
        past = PromisePast.objects.get(of=made.pk)
        made.refresh_from_db()
        assert (past.withdrawn_date, past.known_from, past.known_to) == (None, NOW, later)
        assert (made.withdrawn_date, made.known_from) == (date(2026, 11, 23), later)
        then = facts_of(book.creditor, known_at=NOW + timedelta(hours=1))["promises"]
        assert then["withdrawn_date"].to_list() == [None]
        assert facts_of(book.creditor)["promises"]["withdrawn_date"].to_list() == [date(2026, 11, 23)]

    def test_happens_once(self, db):
        made = promise(a_book().debtor)
        withdraw_promise(promise=made, at=NOW, by=MEI, key="w")
        withdraw_promise(promise=made, at=NOW, by=MEI, key="w")
        assert PromisePast.objects.count() == 1
        with pytest.raises(Refused) as refused:
            withdraw_promise(promise=made, at=NOW, by=MEI, key="other")
        assert refused.value.code == "promise.was_withdrawn"

    def test_does_not_wash_a_broken_promise_clean(self, db):
        made = promise(a_book().debtor)
        with pytest.raises(Refused) as refused:
            withdraw_promise(promise=made, at=NOW + timedelta(days=30), by=MEI, key="w")
        assert refused.value.code == "promise.was_broken"


class TestTheGuard:
    def test_refuses_a_promise_outside_an_act(self, db):
        book = a_book()
        with pytest.raises(WriteOutsideAct):
            Promise.objects.create(
                creditor=book.creditor, debtor=book.debtor, currency="EUR", amount_minor=1, made_date=TODAY,
                due_date=TODAY, known_from=NOW,
            )  # fmt: skip
        assert not Promise.objects.exists()
