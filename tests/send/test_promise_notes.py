"""Reminders of promises and thanks for them, from the run to the mail."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from dunwell.actions.day import review
from dunwell.actions.day.runs import run_day
from dunwell.actions.explain import explain
from dunwell.actions.release import set_release
from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.preview import previews
from dunwell.actions.strategies import adopt_strategy, save_strategy
from dunwell.actions.talks import open_complaint, record_promise, withdraw_promise
from dunwell.actions.why import answer
from dunwell.core.money import Money
from dunwell.core.terms import LANGUAGES, Note, Stage
from dunwell.store import guard
from dunwell.store.models import (
    ContactAttempt,
    ContactItem,
    Creditor,
    Debtor,
    Decision,
    OutboxMessage,
    Payment,
    Promise,
    Receivable,
)
from tests.channels.test_email import text_of
from tests.review.steps import setting
from tests.send.book import DAY, TEN, add_debtor, let_go, run, states
from tests.support.rows import MEI, a_creditor
from tests.support.strategies import PLAIN

WITH_NOTES = PLAIN + "promises: {remind_days: 3, thank: true, channels: [email, letter]}\n"
DUE = DAY + timedelta(days=3)


@pytest.fixture
def creditor(sink) -> Creditor:
    """A creditor who writes about promises, with one debtor who owes EUR 100.10 and promised EUR 60.00."""
    made = a_creditor()
    version = save_strategy(creditor=made, text=WITH_NOTES, at=TEN - timedelta(days=30), by=MEI)
    adopt_strategy(creditor=made, version=version, at=TEN - timedelta(days=30), by=MEI)
    debtor = add_debtor(made, "M0", email="m0@debtor.example")
    promise(debtor)
    return made


def promise(debtor: Debtor, cents: int = 6_000, due: date = DUE) -> Promise:
    with guard.writing("test"):
        return Promise.objects.create(
            creditor=debtor.creditor, debtor=debtor, currency="EUR", amount_minor=cents, due_date=due,
            made_date=DAY - timedelta(days=4), known_from=TEN - timedelta(days=4),
        )  # fmt: skip


def pay(cents: int, on: date = DAY, **more: object) -> Payment:
    debtor = Debtor.objects.get()
    with guard.writing("test"):
        return Payment.objects.create(
            creditor=debtor.creditor, debtor=debtor, number=f"P-{Payment.objects.count()}", currency="EUR",
            value_date=on, amount_minor=cents, source_kind="bank", known_from=TEN,
            receivable=Receivable.objects.get(), **more,
        )  # fmt: skip


class TestAReminder:
    def test_is_prepared_sent_and_recorded_once(self, creditor, sink):
        assert run(creditor)["prepared"] == 1
        row = OutboxMessage.objects.get()
        assert (row.purpose, row.stage, row.promise, row.total_minor) == ("collection", 0, Promise.objects.get(), 6_000)
        assert row.key == f"main:M0:collection:EUR:promise_reminder:{row.promise_id}:0"
        assert dict(let_go().sent) == {("email", 0): 1}
        (mail,) = sink.mails
        assert "Your payment on 27 November 2026" in mail["Subject"]
        assert "EUR 60.00" in text_of(mail)
        contact = ContactAttempt.objects.get()
        assert (contact.stage, contact.promise_id, contact.purpose) == (None, row.promise_id, "collection")
        assert (contact.demanded_minor, contact.deadline_date) == (6_000, None)
        assert contact.template_version.startswith("email.en.promise_reminder@")
        assert not ContactItem.objects.exists()
        run(creditor, DAY + timedelta(days=1), TEN + timedelta(days=1))
        assert OutboxMessage.objects.count() == 1

    def test_says_in_the_decision_in_why_and_in_explain_that_it_is_one(self, creditor):
        run(creditor)
        decision = Decision.objects.get()
        assert (decision.action, decision.reason, decision.channel) == ("message", "promise_reminder", "email")
        told = answer(creditor=creditor, debtor_number="M0", as_of=DAY)
        assert [note["note"] for note in told.notes] == ["promise_reminder"]
        for words in (told.words("en"), explain(creditor=creditor, debtor_number="M0", as_of=DAY).words("en")):
            text = "\n".join(words)
            assert "a reminder by e-mail of the promise that falls due on 27 November 2026; EUR 60.00" in text
        let_go()
        later = explain(creditor=creditor, debtor_number="M0", as_of=DAY)
        assert "reminder of a promise by e-mail" in "\n".join(later.words("en"))

    @pytest.mark.parametrize("action", ["message", "email"])
    def test_is_the_answer_to_why_no_message_and_a_step_is_told_beside_it(self, creditor, action):
        told = answer(creditor=creditor, debtor_number="M0", as_of=DAY, not_action=action)
        (contrast,) = told.contrast
        assert (contrast["done"], contrast["note"]) == ("note", "promise_reminder")
        assert [need["need"] for need in contrast["needs"]] == ["rule"]
        text = "\n".join(told.words("en"))
        assert "This is what is done: reminder of a promise. It is no step" in text
        assert text.index("A step by message instead:") < text.index("For it, this would have to be otherwise:")
        for language in LANGUAGES:
            assert "{" not in "\n".join(told.words(language))

    def test_is_not_the_answer_about_a_step_or_another_channel(self, creditor):
        for action in ("reminder", "letter", "task"):
            (contrast,) = answer(creditor=creditor, debtor_number="M0", as_of=DAY, not_action=action).contrast
            assert (contrast["done"], contrast["note"]) == (None, "promise_reminder")
            assert contrast["needs"]

    def test_is_not_called_nothing(self, creditor):
        told = answer(creditor=creditor, debtor_number="M0", as_of=DAY, not_action="none")
        (contrast,) = told.contrast
        assert contrast["done"] is None
        assert [need["need"] for need in contrast["needs"]] == ["promise_paid", "promise_withdrawn", "no_reminders"]
        assert "EUR 60.00 of the promise that falls due on 27 November 2026 paid" in "\n".join(told.words("en"))
        pay(6_000)
        told = answer(creditor=creditor, debtor_number="M0", as_of=DAY, not_action="none")
        assert told.contrast[0]["note"] == "promise_thanks"

    def test_waits_for_a_person_where_reminders_always_do_and_thanks_do_not(self, creditor, sink):
        setting(creditor, waiting_notes=(Note.REMINDER,))
        assert run_day(creditor=creditor, as_of=DAY, now=TEN, by=MEI).waits == {"note_waits": 1}
        assert (let_go().done, states()) == (0, {"M0": "prepared note_waits"})
        setting(creditor, waiting_notes=(Note.THANKS,))
        run(creditor, DAY + timedelta(days=1), TEN + timedelta(days=1))
        assert states() == {"M0": "released"}

    @pytest.mark.parametrize(
        ("cents", "state"),
        [(6_000, "cancelled promise_over"), (10_010, "cancelled promise_over"), (1_000, "cancelled changed")],
    )
    def test_does_not_leave_as_it_was_when_money_came_since_the_run(self, creditor, sink, cents, state):
        run(creditor)
        pay(cents)
        let_go()
        assert (states(), sink.mails) == ({"M0": state}, [])

    def test_of_which_a_part_came_is_prepared_anew_with_the_rest(self, creditor, sink):
        run(creditor)
        pay(1_000)
        assert run(creditor) == {"prepared": 1, "kept": 0, "cancelled": 1}
        let_go()
        assert "EUR 50.00" in text_of(sink.mails[0])

    def test_does_not_leave_when_the_promise_was_withdrawn_since_the_run(self, creditor, sink):
        run(creditor)
        withdraw_promise(promise=Promise.objects.get(), at=TEN, by=MEI, key="w")
        let_go()
        assert (states(), sink.mails) == ({"M0": "cancelled promise_over"}, [])

    def test_does_not_leave_when_he_complained_since_the_run(self, creditor, sink):
        run(creditor)
        open_complaint(debtor=Debtor.objects.get(), text="rude", at=TEN, by=MEI, key="c")
        let_go()
        assert sink.mails == []
        assert states()["M0"].startswith("cancelled")

    def test_waits_for_a_person_where_the_setting_wants_it(self, creditor, sink):
        set_release(creditor=creditor, changes={"automatic": False}, at=TEN, by=MEI)
        run(creditor)
        assert states() == {"M0": "prepared by_hand"}
        let_go()
        assert sink.mails == []
        (seen,) = previews(creditor, list(OutboxMessage.objects.all()), day=DAY, moment=TEN)
        assert "EUR 60.00" in seen.text
        review.release(creditor=creditor, chosen=review.Chosen(stages=(Stage.NONE,)), at=TEN, by=MEI, key="r")
        let_go()
        assert len(sink.mails) == 1

    def test_goes_by_letter_where_there_is_no_mail(self, creditor):
        other = add_debtor(creditor, "L0", letter=True)
        promise(other)
        run(creditor)
        report = let_go()
        assert dict(report.sent) == {("email", 0): 1, ("letter", 0): 1}
        (folder,) = report.letters
        assert [file.name.startswith("L0-promise_reminder-") for file in folder.iterdir()] == [True]


class TestThanks:
    def test_go_out_the_day_the_money_is_seen_and_the_rest_is_asked_for_the_day_after(self, creditor, sink):
        pay(6_000)
        assert run(creditor)["prepared"] == 1
        row = OutboxMessage.objects.get()
        assert (row.purpose, row.stage, row.total_minor) == ("service", 0, 6_000)
        assert row.key == f"main:M0:service:EUR:promise_thanks:{row.promise_id}:0"
        let_go()
        text = text_of(sink.mails[0])
        assert "We have received EUR 60.00, as you promised." in text
        assert "DE89" not in text
        assert "40.10" not in text
        assert ContactAttempt.objects.get().demanded_minor is None
        morning = TEN + timedelta(days=1)
        assert run(creditor, DAY + timedelta(days=1), morning)["prepared"] == 1
        let_go(clock=Clock(fixed=morning))
        assert "EUR 40.10" in text_of(sink.mails[1])

    def test_are_followed_by_no_demand_on_the_same_day_also_when_it_is_run_again(self, creditor, sink):
        pay(6_000)
        run(creditor)
        let_go()
        assert run(creditor)["prepared"] == 0
        told = "\n".join(answer(creditor=creditor, debtor_number="M0", as_of=DAY, not_action="message").words("en"))
        assert "nothing is asked for on the same day" in told
        assert "thanks for a kept promise go out first" in told

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_the_answer_to_why_no_message_where_nothing_is_owed_any_more(self, creditor, language):
        pay(10_010)
        found = {
            action: answer(creditor=creditor, debtor_number="M0", as_of=DAY, not_action=action)
            for action in ("message", "none", "call")
        }
        told = {action: each.contrast[0] for action, each in found.items()}
        assert (told["message"]["done"], told["message"]["needs"]) == ("note", [])
        assert [need["need"] for need in told["none"]["needs"]] == ["money_back", "no_thanks"]
        assert [need["need"] for need in told["call"]["needs"]] == ["something_open"]
        assert all("{" not in "\n".join(each.words(language)) for each in found.values())

    def test_reach_whoever_owes_nothing_any_more(self, creditor, sink):
        pay(10_010)
        run(creditor)
        assert Decision.objects.get().reason == "promise_thanks"
        told = "\n".join(answer(creditor=creditor, debtor_number="M0", as_of=DAY).words("en"))
        assert "Nothing is open any more.\nFor today: thanks by e-mail for keeping the promise (EUR 60.00" in told
        let_go()
        assert [mail["Subject"].startswith("Thank you for your payment") for mail in sink.mails] == [True]

    def test_leave_once_however_often_the_day_is_run(self, creditor, sink):
        pay(10_010)
        for _ in range(3):
            run(creditor)
            let_go()
        run(creditor, DAY + timedelta(days=1), TEN + timedelta(days=1))
        assert (len(sink.mails), OutboxMessage.objects.count()) == (1, 1)

    def test_do_not_leave_when_the_money_went_back_since_the_run(self, creditor, sink):
        paid = pay(6_000)
        run(creditor)
        pay(-6_000, reverses=paid)
        let_go()
        assert (states(), sink.mails) == ({"M0": "cancelled promise_over"}, [])

    def test_take_the_place_of_a_reminder_that_waits(self, creditor, sink):
        run(creditor)
        pay(10_010)
        assert run(creditor) == {"prepared": 1, "kept": 0, "cancelled": 1}
        let_go()
        assert [mail["Subject"].startswith("Thank you") for mail in sink.mails] == [True]

    def test_are_counted_in_the_summary_of_the_run_as_messages(self, creditor):
        pay(10_010)
        report = run_day(creditor=creditor, as_of=DAY, now=TEN, by=MEI)
        assert report.summary["messages"] == [{"stage": 0, "channel": "email", "count": 1}]


class TestAPromiseThatWasRecorded:
    def test_by_the_command_of_every_day_is_reminded_of(self, sink):
        creditor = a_creditor()
        version = save_strategy(creditor=creditor, text=WITH_NOTES, at=TEN, by=MEI)
        adopt_strategy(creditor=creditor, version=version, from_date=DAY, at=TEN, by=MEI)
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example")
        record_promise(
            debtor=debtor, amount=Money(5_000, "EUR"), due_date=DAY + timedelta(days=9), at=TEN, by=MEI, key="p"
        )
        then = datetime(2026, 11, 30, 9, tzinfo=UTC)
        run(creditor, then.date(), then)
        let_go(clock=Clock(fixed=then))
        assert "EUR 50.00" in text_of(sink.mails[0])
        assert settings.DUNWELL.documents.is_dir()
