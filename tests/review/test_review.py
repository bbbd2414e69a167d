"""A person releases, holds or drops what the run proposes, and nobody's word is lost."""

import json
from datetime import timedelta

import pytest

from dunwell.actions.day.review import Chosen, Reviewed, proposal_hash
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.core.terms import Stage
from dunwell.store import guard
from dunwell.store.models import Creditor, JournalEntry, OutboxMessage
from tests.channels.sink import Sink
from tests.review.steps import ALL, LI, decide, drop, hold, message, of, release, setting
from tests.send.book import DAY, TEN, a_book, add_debtor, let_go, owe, pay, run, states
from tests.support.homes import Home


@pytest.fixture
def creditor(db: Home) -> Creditor:
    """Three messages that wait for a person."""
    made = a_book(mails=3)
    setting(made, automatic=False)
    run(made)
    return made


@pytest.fixture
def automatic(db: Home) -> Creditor:
    """Three messages that were released by the setting."""
    made = a_book(mails=3)
    run(made)
    return made


def body_of(event: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(bytes(JournalEntry.objects.get(event=event).body))["body"]
    return found


class TestARelease:
    def test_is_of_what_was_chosen_only(self, creditor: Creditor):
        add_debtor(creditor, "L1", letter=True)
        add_debtor(creditor, "N1", email="n@debtor.example", due=DAY + timedelta(days=4))
        run(creditor)
        assert release(creditor, Chosen(channels=("letter",))).count == 1
        assert release(creditor, Chosen(stages=(Stage.NOTICE,))).count == 1
        assert release(creditor, Chosen(keys=(message("M0").key,))).count == 1
        assert release(creditor, Chosen(stages=(Stage.REMINDER,), debtors=("M1", "N1"))).count == 1
        assert states()["M2"] == "prepared by_hand"
        assert release(creditor).count == 1

    def test_without_a_choice_is_refused(self, creditor: Creditor):
        with pytest.raises(Refused) as error:
            release(creditor, Chosen())
        assert error.value.code == "review.say_which"

    def test_of_what_is_released_already_says_so(self, creditor: Creditor):
        release(creditor)
        with pytest.raises(Refused) as error:
            release(creditor)
        assert (error.value.code, error.value.params["states"]) == ("review.nothing", "3 released")

    @pytest.mark.parametrize(
        ("chosen", "code"),
        [
            (of("nobody"), "debtor.unknown"),
            (Chosen(keys=("no:such",)), "send.no_such_message"),
            (Chosen(channels=("letter",)), "review.none"),
        ],
    )
    def test_of_what_is_not_there_is_refused(self, creditor: Creditor, chosen: Chosen, code: str):
        with pytest.raises(Refused) as error:
            release(creditor, chosen)
        assert error.value.code == code

    def test_repeated_with_its_key_answers_the_same_and_does_nothing(self, creditor: Creditor):
        first = release(creditor, of("M0"), key="monday")
        assert release(creditor, of("M0"), key="monday") == first == Reviewed(1, {})
        assert JournalEntry.objects.filter(event="review.released").count() == 1

    def test_with_a_key_that_asked_for_something_else_is_refused(self, creditor: Creditor):
        release(creditor, of("M0"), key="monday")
        with pytest.raises(Refused) as error:
            release(creditor, of("M1"), key="monday")
        assert (error.value.code, states()["M1"]) == ("talk.key_reused", "prepared by_hand")

    def test_stands_in_the_journal_with_its_sums_and_messages(self, creditor: Creditor):
        release(creditor, of("M0", "M1"))
        body = body_of("review.released")
        assert (body["count"], body["sums"]) == (2, {"EUR": 20_020})
        assert body["messages"] == sorted([message("M0").key, message("M1").key])

    def test_is_no_jobs_business(self, creditor: Creditor):
        with pytest.raises(Refused) as error:
            release(creditor, by=Actor(ActorKind.JOB, "nightly"))
        assert error.value.code == "act.not_allowed"

    def test_of_another_creditors_messages_cannot_be_asked_for(self, creditor: Creditor):
        other = a_book(code="other")
        with pytest.raises(Refused) as error:
            release(other, Chosen(keys=(message("M0").key,)))
        assert (error.value.code, states()["M0"]) == ("send.no_such_message", "prepared by_hand")


class TestAHold:
    def test_takes_back_what_was_released_and_has_not_left(self, automatic: Creditor, sink: Sink):
        assert hold(automatic, of("M1"), by=LI).count == 1
        row = message("M1")
        assert (row.state, row.held_by, row.review_note, row.released_at) == ("held", "user:li", "call first", None)
        let_go()
        assert states() == {"M0": "sent", "M1": "held", "M2": "sent"}

    def test_lasts_over_runs_until_somebody_releases_it(self, automatic: Creditor):
        hold(automatic, of("M1"))
        for day in (0, 1, 2):
            decide(automatic, days=day)
        assert (states()["M1"], message("M1").as_of) == ("held", DAY + timedelta(days=2))
        release(automatic, of("M1"))
        assert (states()["M1"], message("M1").held_by, message("M1").review_note) == ("released", "", "")

    def test_until_a_day_ends_with_the_run_of_that_day(self, automatic: Creditor):
        hold(automatic, of("M1"), until=DAY + timedelta(days=2))
        decide(automatic, days=1)
        assert states()["M1"] == "held"
        decide(automatic, days=2)
        row = message("M1")
        assert (row.state, row.held_by, row.free_date) == ("released", "", None)

    def test_until_a_day_waits_afterwards_where_a_person_releases_everything(self, creditor: Creditor):
        hold(creditor, of("M1"), until=DAY + timedelta(days=1))
        decide(creditor, days=1)
        assert states()["M1"] == "prepared by_hand"

    def test_until_a_day_that_is_not_ahead_is_refused(self, creditor: Creditor):
        with pytest.raises(Refused) as error:
            hold(creditor, until=DAY)
        assert error.value.code == "review.until_past"

    def test_without_a_reason_is_refused(self, creditor: Creditor):
        with pytest.raises(Refused) as error:
            hold(creditor, reason="  ")
        assert error.value.code == "talk.empty"

    def test_asks_again_when_its_message_changed(self, automatic: Creditor):
        hold(automatic, of("M1"), by=LI)
        owe(message("M1").debtor, "R-new")
        report = decide(automatic)
        assert (report.outbox["cancelled"], report.waits) == (1, {"changed_while_held": 1})
        row = message("M1")
        assert (row.state, row.held_by, row.total_minor) == ("prepared", "user:li", 20_020)

    def test_asks_again_however_often_its_message_changes(self, automatic: Creditor):
        hold(automatic, of("M1"), by=LI)
        for number in range(2):
            owe(message("M1").debtor, f"R-new{number}")
            decide(automatic)
        assert (states()["M1"], message("M1").held_by) == ("prepared changed_while_held", "user:li")
        decide(automatic, days=1)
        assert states()["M1"] == "prepared changed_while_held"

    def test_yields_to_the_money(self, automatic: Creditor):
        hold(automatic, of("M1"))
        pay(message("M1").debtor)
        decide(automatic)
        assert states()["M1"] == "cancelled superseded"

    def test_does_not_reach_what_is_being_sent_and_says_so(self, automatic: Creditor):
        with guard.writing("test"):
            OutboxMessage.objects.filter(debtor__number="M1").update(state="claimed", claimed_by="x")
        assert hold(automatic) == Reviewed(2, {"claimed": 1})
        with pytest.raises(Refused) as error:
            hold(automatic, of("M1"))
        assert (error.value.code, error.value.params["states"]) == ("review.nothing", "1 claimed")


class TestADrop:
    def test_is_for_the_day_and_a_later_day_decides_afresh(self, automatic: Creditor):
        drop(automatic, of("M1"), by=LI)
        row = message("M1")
        assert (states()["M1"], row.held_by, row.review_note) == ("cancelled dropped", "user:li", "wrong price")
        assert decide(automatic).repeated
        owe(row.debtor, "R-new")
        assert decide(automatic).outbox == {"prepared": 0, "kept": 2, "cancelled": 0}
        assert decide(automatic, days=1).outbox == {"prepared": 1, "kept": 2, "cancelled": 0}
        assert message("M1").key.endswith(":1")

    def test_on_the_morning_before_the_run_holds_for_that_days_run(self, automatic: Creditor):
        drop(automatic, of("M1"), at=TEN + timedelta(days=1))
        assert decide(automatic, days=1).outbox["prepared"] == 0
        assert decide(automatic, days=2).outbox["prepared"] == 1

    def test_stands_in_the_journal_with_its_reason(self, automatic: Creditor):
        drop(automatic, of("M1"))
        assert (body_of("review.dropped")["reason"], body_of("review.dropped")["count"]) == ("wrong price", 1)


class TestTwoPeople:
    def test_who_release_everything_leave_each_others_holds_alone(self, creditor: Creditor):
        hold(creditor, of("M1"), by=LI)
        assert release(creditor) == Reviewed(2, {"held": 1})
        assert states()["M1"] == "held"
        assert release(creditor, Chosen(everything=True, held=True)).count == 1

    def test_who_hold_and_drop_everything_keep_the_first_ones_reason(self, creditor: Creditor):
        hold(creditor, of("M1"), reason="talks", by=LI)
        assert hold(creditor, reason="later").others == {"held": 1}
        assert message("M1").review_note == "talks"

    def test_who_looked_before_the_other_changed_something_are_told_so(self, creditor: Creditor):
        seen = proposal_hash(creditor)
        hold(creditor, of("M1"), by=LI)
        with pytest.raises(Refused) as error:
            release(creditor, seen=seen)
        assert error.value.code == "review.changed_since"
        assert release(creditor, seen=proposal_hash(creditor)).count == 2

    def test_who_looked_before_a_run_replaced_something_are_told_so(self, creditor: Creditor):
        seen = proposal_hash(creditor)
        owe(message("M1").debtor, "R-new")
        decide(creditor)
        with pytest.raises(Refused) as error:
            release(creditor, ALL, seen=seen)
        assert error.value.code == "review.changed_since"


class TestASecondRunOfTheDay:
    def test_keeps_what_was_released_and_held_when_nothing_changed(self, creditor: Creditor):
        release(creditor, of("M0"))
        hold(creditor, of("M1"))
        before = states()
        assert decide(creditor).repeated
        add_debtor(creditor, "M9", email="m9@debtor.example")
        decide(creditor)
        assert states() == {**before, "M9": "prepared by_hand"}
        assert message("M0").released_by == "user:mei"

    def test_asks_again_when_a_released_message_changed(self, creditor: Creditor):
        release(creditor, of("M0"))
        owe(message("M0").debtor, "R-new")
        decide(creditor)
        assert states()["M0"] == "prepared by_hand"
