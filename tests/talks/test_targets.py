"""What should come of a debtor by a day: set, replaced, withdrawn, and shown against what came."""

import json
from datetime import date, timedelta
from uuid import uuid4

import pytest

from dunwell.actions.talks.targets import set_target, withdraw_target
from dunwell.actions.targets import targets_of
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.core.money import Money
from dunwell.documents.target_words import target_chip, target_words
from dunwell.store.models import Debtor, JournalEntry, Target, TargetPast
from tests.support.rows import MEI, NOW
from tests.talks.book import TODAY, a_book, euro, pay

BY = date(2026, 12, 1)


def aim(debtor: Debtor, **changes) -> Target:
    values = {"amount": euro(50_000), "by_date": BY, "at": NOW, "by": MEI, "key": uuid4(), **changes}
    return set_target(debtor=debtor, **values)


def shown(debtor: Debtor, day: date = TODAY) -> list[tuple[str, int, int]]:
    return [(row["state"], row["came_minor"], row["missing_minor"]) for row in targets_of(debtor.creditor, day, debtor)]


class TestATarget:
    def test_stands_with_its_journal_entry(self, db):
        debtor = a_book().debtor
        made = aim(debtor, note="half of it before the holidays", key="k1")
        assert (made.amount_minor, made.set_date, made.by_date, made.recorded_by) == (50_000, TODAY, BY, "user:mei")
        entry = JournalEntry.objects.get(event="target.set")
        body = json.loads(bytes(entry.body))["body"]
        assert (entry.debtor, entry.key, body["replaces"]) == (debtor.pk, "k1", None)
        assert body["amount"] == {"minor": 50_000, "currency": "EUR"}

    def test_is_one_for_each_key(self, db):
        debtor = a_book().debtor
        assert aim(debtor, key="k1").pk == aim(debtor, key="k1").pk
        with pytest.raises(Refused) as refused:
            aim(debtor, key="k1", amount=euro(1))
        assert refused.value.code == "talk.key_reused"
        assert Target.objects.count() == 1

    def test_takes_the_place_of_the_one_before_in_its_currency_alone(self, db):
        debtor = a_book().debtor
        first, dollars = aim(debtor), aim(debtor, amount=Money(7_000, "USD"))
        second = aim(debtor, amount=euro(60_000))
        assert [each["target_id"] for each in targets_of(debtor.creditor, TODAY, debtor)] == [second.pk, dollars.pk]
        first.refresh_from_db()
        assert first.withdrawn_date == TODAY
        assert TargetPast.objects.get(of=first.pk).withdrawn_date is None

    def test_that_was_withdrawn_is_gone_and_cannot_be_withdrawn_again(self, db):
        debtor = a_book().debtor
        made = aim(debtor)
        withdraw_target(target=made, at=NOW, by=MEI, key="w1")
        withdraw_target(target=made, at=NOW, by=MEI, key="w1")
        assert shown(debtor) == []
        assert JournalEntry.objects.filter(event="target.withdrawn").count() == 1
        with pytest.raises(Refused) as refused:
            withdraw_target(target=made, at=NOW, by=MEI, key="w2")
        assert refused.value.code == "target.gone"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount": euro(0)}, "target.not_positive"),
            ({"amount": euro(10**16)}, "target.not_positive"),
            ({"by_date": TODAY - timedelta(days=1)}, "target.day_over"),
            ({"by_date": date(2099, 1, 1)}, "target.too_far"),
            ({"note": "a\x00b"}, "talk.unclean"),
            ({"by": Actor(ActorKind.DEBTOR, "1")}, "act.not_allowed"),
        ],
    )
    def test_that_cannot_be_one_is_refused_in_three_languages(self, db, changes, code):
        debtor = a_book().debtor
        with pytest.raises(Refused) as refused:
            aim(debtor, **changes)
        assert refused.value.code == code
        for language in ("en", "zh-Hans", "zh-Hant"):
            assert "{" not in refused.value.words(language)
        assert not Target.objects.exists()


class TestWhatCame:
    def test_counts_from_the_day_it_was_set_and_not_before(self, db):
        debtor = a_book().debtor
        aim(debtor)
        assert shown(debtor) == [("open", 0, 50_000)]
        pay(debtor, 20_000, TODAY)
        pay(debtor, 7_000, BY)
        assert shown(debtor) == [("open", 20_000, 30_000)]
        assert shown(debtor, BY) == [("open", 27_000, 23_000)]
        assert shown(debtor, BY + timedelta(days=1)) == [("missed", 27_000, 23_000)]

    def test_meets_it_in_time_or_late(self, db):
        debtor = a_book().debtor
        aim(debtor)
        pay(debtor, 49_999, BY)
        pay(debtor, 1, BY + timedelta(days=3))
        assert shown(debtor, BY + timedelta(days=2)) == [("missed", 49_999, 1)]
        assert shown(debtor, BY + timedelta(days=3)) == [("met_late", 50_000, 0)]
        aim(debtor, amount=euro(49_999))
        assert shown(debtor, BY + timedelta(days=3)) == [("met", 50_000, 0)]

    def test_is_no_money_of_another_currency_and_none_that_went_back(self, db):
        debtor = a_book().debtor
        aim(debtor)
        pay(debtor, 50_000, TODAY, currency="USD")
        paid = pay(debtor, 30_000, TODAY)
        pay(debtor, -30_000, BY, reverses=paid)
        assert shown(debtor, BY) == [("open", 0, 50_000)]

    def test_has_words_in_every_state_and_language(self, db):
        debtor = a_book().debtor
        aim(debtor)
        (row,) = targets_of(debtor.creditor, TODAY, debtor)
        for language in ("en", "zh-Hans", "zh-Hant"):
            for state in ("open", "met", "met_late", "missed"):
                for said in (
                    target_words({**row, "state": state}, language),
                    target_chip({**row, "state": state}, language),
                ):
                    assert "500" in said
                    assert "{" not in said
