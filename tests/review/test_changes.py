"""A person takes a message on, sends it elsewhere, writes into it; and what people did otherwise is told."""

import json
from datetime import timedelta
from typing import Any

import pytest

from dunwell.actions.day import review_changes as changes
from dunwell.actions.day.review import Chosen, Reviewed
from dunwell.actions.sending.preview import previews
from dunwell.actions.teams import adopt_team
from dunwell.actions.worklists import worklists
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.store import guard
from dunwell.store.models import Creditor, Debtor, JournalEntry, OutboxMessage, Payment, Standing, Wish
from dunwell.store.reads.review import deviations
from tests.channels.sink import Sink
from tests.review.steps import LI, acted, decide, drop, hold, message, of, release, setting
from tests.send.book import DAY, TEN, a_book, add_debtor, add_point, let_go, owe, pay, run, states
from tests.support.homes import Home


@pytest.fixture
def creditor(db: Home) -> Creditor:
    """M0 and M1 by mail; B by mail, who has a postal address too. All wait for a person."""
    made = a_book(mails=2)
    add_debtor(made, "B", email="b@debtor.example", letter=True)
    setting(made, automatic=False)
    run(made)
    return made


def reassign(creditor: Creditor, chosen: Chosen, **more: Any) -> Reviewed:
    return changes.reassign(creditor=creditor, chosen=chosen, **{"to": "anna", "reason": "I know him", **acted(**more)})


def edit(creditor: Creditor, chosen: Chosen, **more: Any) -> Reviewed:
    return changes.edit(creditor=creditor, chosen=chosen, **{"reason": "better so", **acted(**more)})


def give_back(number: str, **more: Any) -> int:
    return changes.give_back(debtor=Debtor.objects.get(number=number), **acted(**more)).count


def refusal(act: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **more)
    for language in LANGUAGES:
        assert "{" not in refused.value.words(language)
    return refused.value.code


class TestAMessageThatIsReassigned:
    def test_is_a_task_and_no_message_on_this_day_and_the_next(self, creditor: Creditor, sink: Sink):
        assert reassign(creditor, of("M0")) == Reviewed(1, {})
        assert states()["M0"] == "cancelled reassigned"
        standing = Standing.objects.get(debtor__number="M0")
        assert (standing.action, standing.reason, standing.body["assigned"]) == ("task", "reassigned", "anna")
        decide(creditor)
        release(creditor)
        let_go()
        assert (states()["M0"], states()["M1"]) == ("cancelled reassigned", "sent")
        for day in (1, 5):
            decide(creditor, days=day)
        assert OutboxMessage.objects.filter(debtor__number="M0").count() == 1

    def test_stands_on_the_worklist_with_who_took_it(self, creditor: Creditor):
        reassign(creditor, of("M0"))
        found = worklists(creditor=creditor, as_of=DAY, now=TEN).tasks
        assert [(each.task["number"], each.task["reason"], each.task["assigned"]) for each in found] == [
            ("M0", "reassigned", "anna")
        ]

    def test_stands_on_the_worklist_as_it_was_known_though_money_was_booked_late(self, creditor: Creditor):
        reassign(creditor, of("M0"))
        pay(Debtor.objects.get(number="M0"))
        with guard.writing("test"):
            Payment.objects.update(known_from=TEN + timedelta(days=3))

        def numbers(*, as_known_then: bool) -> list[str]:
            found = worklists(creditor=creditor, as_of=DAY, now=TEN, as_known_then=as_known_then)
            return [each.task["number"] for each in found.tasks]

        assert (numbers(as_known_then=True), numbers(as_known_then=False)) == (["M0"], [])

    def test_stands_in_the_journal_and_with_its_reason(self, creditor: Creditor):
        reassign(creditor, of("M0", "M1"), by=LI)
        body = json.loads(bytes(JournalEntry.objects.get(event="review.reassigned").body))["body"]
        assert (body["count"], body["to"], body["reason"]) == (2, "anna", "I know him")
        assert (message("M0").held_by, message("M0").review_note) == ("user:li", "I know him")

    def test_is_one_for_each_key(self, creditor: Creditor):
        assert reassign(creditor, of("M0"), key="k") == reassign(creditor, of("M0"), key="k")
        assert Wish.objects.count() == 1
        assert refusal(reassign, creditor, of("M0"), key="k", to="ben") == "talk.key_reused"

    def test_warns_where_the_team_does_not_give_its_steps_to_him_and_refuses_who_is_none(self, creditor: Creditor):
        text = "name: house\ncollectors:\n  - {collector: anna, stages: [call], hours: {mon: 8}}\n"
        text += "  - {collector: ben, hours: {mon: 8}}\nportfolios:\n  - {portfolio: all, collectors: [anna, ben]}\n"
        adopt_team(creditor=creditor, text=text, at=TEN, by=LI)
        assert reassign(creditor, of("M0")).not_his == (Stage.REMINDER,)
        assert reassign(creditor, of("M1"), to="ben").not_his == ()
        with pytest.raises(DunwellError) as refused:
            reassign(creditor, of("B"), to="zoe")
        assert refused.value.code == "team.no_collector"
        assert message("B").state == "prepared"

    def test_is_the_programs_again_when_it_is_given_back(self, creditor: Creditor):
        reassign(creditor, of("M0"))
        assert give_back("M0", key="k") == give_back("M0", key="k") == 1
        decide(creditor)
        assert (message("M0").state, OutboxMessage.objects.filter(debtor__number="M0").count()) == ("prepared", 2)
        assert refusal(give_back, "M0") == "review.nothing_taken_on"

    def test_is_the_programs_again_after_its_last_day(self, creditor: Creditor):
        reassign(creditor, of("M0"), until=DAY + timedelta(days=1))
        decide(creditor, days=1)
        assert message("M0").state == "cancelled"
        decide(creditor, days=2)
        assert message("M0").state == "prepared"

    def test_is_nobodys_task_when_it_is_paid(self, creditor: Creditor):
        reassign(creditor, of("M0"))
        pay(Debtor.objects.get(number="M0"))
        decide(creditor, days=1)
        assert not Standing.objects.filter(debtor__number="M0", action="task").exists()

    def test_is_refused_without_a_name_a_reason_or_a_day_ahead_and_to_a_job(self, creditor: Creditor):
        assert refusal(reassign, creditor, of("M0"), to=" ") == "talk.empty"
        assert refusal(reassign, creditor, of("M0"), reason="") == "talk.empty"
        assert refusal(reassign, creditor, of("M0"), until=DAY - timedelta(days=1)) == "review.until_past"
        assert refusal(reassign, creditor, of("M0"), by=Actor(ActorKind.JOB, "nightly")) == "act.not_allowed"
        assert not Wish.objects.exists()


class TestAMessageThatGoesElsewhere:
    def test_leaves_there(self, creditor: Creditor, sink: Sink):
        edit(creditor, of("B"), to="letter")
        decide(creditor)
        release(creditor, of("B"))
        let_go()
        assert (message("B").channel, message("B").state) == ("letter", "sent")

    def test_goes_there_after_the_runs_of_other_days_too(self, creditor: Creditor):
        edit(creditor, of("B"), to="letter")
        for day in (0, 1, 2):
            decide(creditor, days=day)
        row = message("B")
        assert (row.channel, row.state, row.edited_by) == ("letter", "prepared", "user:mei")
        assert OutboxMessage.objects.filter(debtor__number="B").count() == 1

    def test_may_go_to_another_address_of_the_same_channel(self, creditor: Creditor):
        other = add_point(Debtor.objects.get(number="B"), channel="email", value="books@debtor.example", rank=5)
        edit(creditor, of("B"), to="books@debtor.example")
        decide(creditor)
        assert (message("B").contact_point_id, message("B").state) == (other.pk, "prepared")

    def test_is_refused_where_he_has_no_such_address_or_the_step_no_such_channel(self, creditor: Creditor):
        assert refusal(edit, creditor, of("M0"), to="letter") == "review.no_such_address"
        add_point(Debtor.objects.get(number="M0"), channel="phone", value="+49 89 1")
        assert refusal(edit, creditor, of("M0"), to="phone") == "review.no_channel_of_step"
        assert not Wish.objects.exists()

    def test_is_refused_where_a_rule_stands_against_it(self, creditor: Creditor):
        from dunwell.actions.talks.registers import add_entry

        debtor = Debtor.objects.get(number="B")
        add_entry(debtor=debtor, kind="opt_out", channel="letter", **acted())
        assert refusal(edit, creditor, of("B"), to="letter") == "review.address_barred"
        assert message("B").channel == "email"

    def test_is_refused_when_it_would_not_leave_any_more(self, creditor: Creditor):
        pay(Debtor.objects.get(number="B"))
        assert refusal(edit, creditor, of("B"), to="letter") == "review.no_longer"

    def test_is_one_at_a_time_and_says_what(self, creditor: Creditor):
        assert refusal(edit, creditor, of("M0", "M1"), personal="Kind regards to your team.") == "review.one_at_a_time"
        assert refusal(edit, creditor, of("M0")) == "review.edit_what"


KIND = "Thank you for the friendly talk; please call us if anything is unclear."


class TestAParagraph:
    def test_stands_in_the_mail_and_in_the_letter(self, creditor: Creditor, sink: Sink):
        edit(creditor, of("M0"), personal=KIND)
        edit(creditor, of("B"), personal=KIND, to="letter")
        rows = list(OutboxMessage.objects.select_related("creditor", "debtor", "contact_point").order_by("pk"))
        shown = {each.row.debtor.number: each for each in previews(creditor, rows, day=DAY, moment=TEN)}
        for number in ("M0", "B"):
            assert KIND in " ".join(shown[number].text.split())
        assert KIND not in " ".join(shown["M1"].text.split())
        assert shown["B"].pages

    def test_changes_no_sum_and_no_deadline(self, creditor: Creditor):
        row = message("M0")
        edit(creditor, of("M0"), personal=KIND)
        after = message("M0")
        for name in ("total_minor", "items_hash", "stage", "channel", "as_of", "state", "not_before_at"):
            assert getattr(after, name) == getattr(row, name)

    def test_stays_over_runs_and_is_taken_out_by_an_empty_one(self, creditor: Creditor):
        edit(creditor, of("M0"), personal=KIND)
        decide(creditor, days=1)
        assert message("M0").personal == KIND
        edit(creditor, of("M0"), personal="")
        assert message("M0").personal == ""

    def test_is_asked_about_again_when_the_message_changes(self, creditor: Creditor):
        release(creditor, of("M0"))
        edit(creditor, of("M0"), personal=KIND)
        owe(Debtor.objects.get(number="M0"), "R-more")
        decide(creditor)
        row = message("M0")
        assert (row.state, row.state_reason, row.personal) == ("prepared", "changed_while_held", "")

    def test_is_asked_about_again_when_the_sender_found_that_its_message_changed(self, creditor: Creditor, sink: Sink):
        edit(creditor, of("M0"), personal=KIND)
        release(creditor, of("M0"))
        owe(Debtor.objects.get(number="M0"), "R-more")
        let_go()
        assert states()["M0"] == "cancelled changed"
        setting(creditor, automatic=True)
        for day in (0, 1):
            decide(creditor, days=day)
            row = message("M0")
            assert (row.state, row.state_reason, row.held_by) == ("prepared", "changed_while_held", "user:mei")
        let_go()
        assert states()["M0"] == "prepared changed_while_held"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Or else we call the police.", "personal.forbidden"),
            ("否则我们将起诉", "personal.forbidden"),
            ("Pay 500 and all is well.", "personal.not_yours"),
            ("Pay five hundred and all is well.", "personal.not_yours"),
            ("Please pay by Friday.", "personal.not_yours"),
            ("Please answer within the week.", "personal.not_yours"),
            ("请三天内付款", "personal.not_yours"),
            ("请付五百元", "personal.not_yours"),
            ("請於明日付款", "personal.not_yours"),
            ("Write to me@elsewhere.example instead.", "personal.not_yours"),
            ("Pay at www.elsewhere.example.", "personal.not_yours"),
            ("Pay {total} please.", "personal.brace"),
            ("Thank you {", "personal.brace"),
            ("You thereby waive your right to object.", "personal.not_yours"),
            ("a\x00b", "talk.unclean"),
            ("long " * 200, "talk.too_long"),
        ],
    )
    def test_that_says_what_it_must_not_is_refused(self, creditor: Creditor, text: str, code: str):
        assert refusal(edit, creditor, of("M0"), personal=text) == code
        assert message("M0").personal == ""

    @pytest.mark.parametrize(
        "text", [KIND, "感谢您日前的来电，如有疑问请随时联系我们。", "感謝您的來電，如有疑問請隨時與我們聯絡。"]
    )
    def test_of_kind_words_is_taken(self, creditor: Creditor, text: str):
        assert edit(creditor, of("M0"), personal=text).count == 1


class TestDeviations:
    def test_are_told_with_who_why_and_at_which_stage(self, creditor: Creditor):
        hold(creditor, of("M0"), by=LI)
        drop(creditor, of("M1"))
        edit(creditor, of("B"), to="letter")
        reassign(creditor, of("B"))
        found = deviations(creditor, DAY, DAY)
        assert [(each["what"], each["by"], each["reason"], each["stages"], each["to"]) for each in found] == [
            ("held", "user:li", "call first", {"reminder": 1}, None),
            ("dropped", "user:mei", "wrong price", {"reminder": 1}, None),
            ("edited", "user:mei", "better so", {"reminder": 1}, "letter"),
            ("reassigned", "user:mei", "I know him", {"reminder": 1}, "anna"),
        ]
        assert not deviations(creditor, DAY - timedelta(days=9), DAY - timedelta(days=1))

    def test_are_none_where_people_released_what_was_proposed(self, creditor: Creditor):
        release(creditor)
        assert deviations(creditor, DAY, DAY) == []
