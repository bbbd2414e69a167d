"""May we call or visit now? The gate answers before the number is shown; what was done is recorded with its answer."""

import json
import os
import pwd
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from dunwell.actions.facts import facts_of
from dunwell.actions.permissions import may
from dunwell.actions.talks import add_entry, open_complaint, plan_contact, record_contact, set_address
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel, ContactOutcome
from dunwell.engine.day.history import reached
from dunwell.jobs import cli
from dunwell.jobs.context import operator
from dunwell.store import guard
from dunwell.store.models import Clearance, ContactAttempt, ContactItem, Debtor, JournalEntry
from tests.support.rows import MEI
from tests.talks.book import a_book

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 20, tzinfo=UTC)
QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def overriders(db, monkeypatch):
    """Who may go past a presumption or an advice."""

    def named(names):
        monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, override_by=names))

    named("anna mei")
    return named


@pytest.fixture
def book(db):
    book = a_book()
    with guard.writing("test"):
        Debtor.objects.update(country="DE")
    book.debtor.refresh_from_db()
    set_address(
        debtor=book.debtor, channel=Channel.PHONE, lines={"value": "+49 30 1234567"}, at=MONDAY, by=MEI, key="phone"
    )
    return book


def plan(book, at=MONDAY, key="p", **values):
    return plan_contact(debtor=book.debtor, **{"channel": Channel.PHONE, "at": at, "by": MEI, "key": key, **values})


def record(book, at=MONDAY, key="r", **values):
    told = {"channel": Channel.PHONE, "outcome": ContactOutcome.NO_ANSWER, "at": at, "by": MEI, "key": key, **values}
    return record_contact(debtor=book.debtor, **told)


def refusal(act, *args, **values):
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    assert refused.value.words("zh-Hans")
    return refused.value.code


def events(*names):
    return JournalEntry.objects.filter(event__in=names).count()


class TestAPlan:
    def test_is_answered_and_kept_with_the_number(self, book):
        made = plan(book)
        assert (made.may_go, made.clearance.verdict, made.contact_point.value) == (True, "allowed", "+49 30 1234567")
        assert plan(book).clearance == made.clearance
        assert (Clearance.objects.count(), events("contact.planned")) == (1, 1)

    def test_against_an_advice_goes_on_with_a_reason_only(self, book):
        stopped = plan(book, at=NIGHT)
        assert (stopped.may_go, stopped.clearance.verdict) == (False, "advice")
        assert [each["rule"] for each in stopped.clearance.findings] == ["house.trade.hours"]
        assert stopped.told.answer.next_from == datetime(2026, 11, 24, 7, tzinfo=UTC)
        gone = plan(book, at=NIGHT, key="2", override="He asked for a call at nine")
        assert (gone.may_go, gone.clearance.override) == (True, "He asked for a call at nine")
        body = json.loads(bytes(JournalEntry.objects.filter(event="contact.planned").latest("recorded_at").body))
        assert body["body"]["overridden"] is True

    def test_against_what_is_forbidden_goes_on_with_no_reason(self, book):
        add_entry(debtor=book.debtor, kind="opt_out", channel=Channel.PHONE, at=MONDAY, by=MEI, key="o")
        assert refusal(plan, book, override="the boss says so") == "gate.forbidden_stays"
        assert Clearance.objects.count() == 0
        made = plan(book, key="2")
        assert (made.may_go, made.clearance.verdict) == (False, "forbidden")

    def test_is_overridden_by_people_alone_who_are_named_for_it(self, book, overriders):
        job, ben = Actor(ActorKind.JOB, "mei"), Actor(ActorKind.USER, "ben")
        assert [may(each, "contact.override") for each in (MEI, job, ben)] == [True, False, False]
        for other in (job, ben):
            assert refusal(plan, book, at=NIGHT, override="x", by=other) == "gate.may_not_override"
        overriders("")
        assert refusal(plan, book, at=NIGHT, override="x") == "gate.may_not_override"
        assert Clearance.objects.count() == 0
        assert not plan(book, at=NIGHT, key="2").may_go

    def test_that_went_past_a_rule_is_journaled_with_it(self, book):
        plan(book, at=NIGHT, override="He asked for a call at nine")
        body = json.loads(bytes(JournalEntry.objects.get(event="contact.planned").body))["body"]
        assert (body["rules"], body["override"]) == (["house.trade.hours"], "He asked for a call at nine")

    @QUICK
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"channel": Channel.EMAIL}, "contact.not_by_people"),
            ({"place": "moon"}, "register.not_one_of"),
            ({"persons": 0}, "contact.bad_persons"),
            ({"override": "\x1b[31m"}, "talk.unclean"),
        ],
    )
    def test_refuses_what_it_cannot_ask(self, book, values, code):
        assert refusal(plan, book, **values) == code

    def test_of_an_answer_rests_on_one_call_of_his(self, book):
        complaint = open_complaint(debtor=book.debtor, text="Wrong goods", at=MONDAY, by=MEI, key="c")
        assert complaint.pk
        stopped = plan(book, purpose="answer")
        assert stopped.clearance.verdict == "forbidden"
        assert "house.complaint" in [each["rule"] for each in stopped.clearance.findings]
        record(book, key="in", inbound=True, outcome=ContactOutcome.REACHED)
        answered = plan(book, key="2", purpose="answer")
        assert answered.clearance.verdict == "allowed"
        record(book, key="out", purpose="answer", plan=answered.clearance)
        assert plan(book, key="3", purpose="answer").clearance.verdict == "forbidden"


class TestARecord:
    def test_that_came_after_a_wish_not_to_be_called_does_not_rest_on_its_plan(self, book):
        planned = plan(book).clearance
        assert planned.verdict == "allowed"
        later = MONDAY + timedelta(hours=1)
        add_entry(
            debtor=book.debtor,
            kind="opt_out",
            from_date=MONDAY.date(),
            channel=Channel.PHONE,
            at=later,
            by=MEI,
            key="o",
        )
        late = later + timedelta(hours=2)
        made = record(book, plan=planned, happened_at=late, at=late)
        assert made.clearance != planned
        assert made.clearance.verdict == "forbidden"
        assert events("contact.deviated") == 1

    def test_that_came_at_night_does_not_rest_on_the_plan_of_the_day(self, book):
        planned = plan(book).clearance
        night = MONDAY.replace(hour=20, minute=45)
        made = record(book, plan=planned, happened_at=night, at=night)
        assert made.clearance != planned
        assert made.clearance.verdict != "allowed"

    def test_rests_on_its_plan_once(self, book):
        planned = plan(book).clearance
        assert record(book, plan=planned).clearance == planned
        assert refusal(record, book, key="2", plan=planned) == "contact.plan_used"
        visit = {"channel": Channel.VISIT, "persons": 2}
        assert refusal(record, book, key="3", plan=plan(book, key="p2").clearance, **visit) == "contact.other_plan"

    def test_of_a_message_of_his_is_what_an_answer_rests_on(self, book, capsys):
        assert refusal(record, book, channel=Channel.EMAIL, outcome=None) == "contact.not_by_people"
        assert refusal(record, book, outcome=None, inbound=True) == "contact.outcome_of_calls"
        assert refusal(record, book, channel=Channel.EMAIL, inbound=True) == "contact.outcome_of_calls"
        open_complaint(debtor=book.debtor, text="Wrong goods", at=MONDAY, by=MEI, key="c")
        assert plan(book, purpose="answer").clearance.verdict == "forbidden"
        wrote = record(book, key="in", channel=Channel.EMAIL, inbound=True, outcome=None)
        assert (wrote.direction, wrote.outcome, wrote.clearance) == ("in", "sent", None)
        assert plan(book, key="2", purpose="answer").clearance.verdict == "allowed"

    def test_without_a_plan_is_asked_about_when_it_took_place(self, book):
        made = record(book, at=NIGHT, happened_at=MONDAY)
        assert (made.clearance.verdict, made.happened_at, made.at) == ("allowed", MONDAY, NIGHT)
        late = record(book, at=NIGHT, key="2")
        assert (late.clearance.verdict, late.happened_at) == ("advice", NIGHT)
        assert events("contact.deviated") == 0

    def test_of_what_was_forbidden_is_kept_as_a_deviation(self, book):
        add_entry(debtor=book.debtor, kind="opt_out", channel=Channel.PHONE, at=MONDAY, by=MEI, key="o")
        for _ in range(2):
            made = record(book)
        assert made.clearance.verdict == "forbidden"
        entry = json.loads(bytes(JournalEntry.objects.get(event="contact.deviated").body))["body"]
        assert (entry["contact"], entry["rules"]) == (made.pk, ["house.wishes"])
        assert record(book, key="in", inbound=True).clearance is None

    def test_reaches_the_engine_as_it_took_place(self, book):
        day = date(2026, 11, 16)
        record(
            book, contact_date=day, outcome=ContactOutcome.REACHED, about=[book.invoice], collector="Fast Cash Ltd",
            mode="notification", to="guarantor",
        )  # fmt: skip
        facts = facts_of(book.creditor)
        [row] = facts["contacts"].filter(facts["contacts"]["channel"] == "phone").to_dicts()
        assert (row["at"], row["contact_date"]) == (datetime(2026, 11, 16, 11, tzinfo=UTC), day)
        assert (row["mode"], row["addressee"]) == ("notification", "guarantor")
        [item] = facts["contact_items"].to_dicts()
        assert (item["receivable_id"], item["stage"], item["called"], item["talked"]) == (
            book.invoice.pk, None, True, True
        )  # fmt: skip
        assert ContactAttempt.objects.get().collector == "Fast Cash Ltd"
        assert reached(facts, MONDAY.date()).is_empty()

    def test_is_not_known_before_it_was_told(self, book):
        record(book, at=NIGHT, happened_at=MONDAY)
        assert facts_of(book.creditor, known_at=NIGHT - timedelta(seconds=1))["contacts"].is_empty()
        assert facts_of(book.creditor, known_at=NIGHT)["contacts"]["at"].to_list() == [MONDAY]

    @QUICK
    def test_says_when_it_contradicts_itself(self, book):
        assert refusal(record, book, happened_at=NIGHT) == "talk.moment_ahead"
        assert refusal(record, book, happened_at=MONDAY, contact_date=date(2026, 11, 20)) == "contact.two_days"
        assert (ContactAttempt.objects.count(), ContactItem.objects.count()) == (0, 0)


class TestTheCommand:
    def told(self, capsys, *line, code):
        assert cli._run(line) == code
        return capsys.readouterr().out

    @QUICK
    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    def test_answers_before_it_shows_the_number(self, book, capsys, monkeypatch, language):
        from django.conf import settings

        now = settings.DUNWELL
        values = {name: getattr(now, name) for name in now.__dataclass_fields__}

        def at(moment):
            monkeypatch.setattr(settings, "DUNWELL", type(now)(**{**values, "now": moment, "language": language}))

        number = book.debtor.number
        at(NIGHT)
        stopped = self.told(capsys, "contact", "plan", number, code=1)
        assert "1234567" not in stopped
        assert "house.trade.hours" in stopped
        assert "08:00" in stopped
        at(MONDAY)
        gone = self.told(capsys, "contact", "plan", number, code=0)
        assert "+49 30 1234567" in gone
        row = json.loads(self.told(capsys, "contact", "plan", number, "--json", code=0))
        assert (row["verdict"], row["number"]) == ("allowed", "+49 30 1234567")
        assert self.told(
            capsys, "contact", "record", number, "--outcome", "not_connected", "--plan", str(row["plan"]), code=0
        )

    @QUICK
    def test_is_asked_by_the_user_of_the_system_whatever_the_environment_calls_him(self, monkeypatch):
        for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
            monkeypatch.setenv(name, "mallory")
        assert operator().name == pwd.getpwuid(os.getuid()).pw_name
        assert operator().name != "mallory"
        monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
        assert operator().name == "uid-3999999999"

    @QUICK
    def test_goes_past_an_advice_with_a_reason_and_past_nothing_forbidden(self, book, capsys, monkeypatch):
        told = {"now": NIGHT, "language": "en", "override_by": operator().name}
        monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, **told))
        line = ("contact", "plan", book.debtor.number, "--override", "He asked for a call at nine")
        gone = self.told(capsys, *line, code=0)
        assert "+49 30 1234567" in gone
        assert "He asked for a call at nine" in gone
        entry = json.loads(bytes(JournalEntry.objects.filter(event="contact.planned").latest("recorded_at").body))
        assert (entry["body"]["override"], entry["body"]["overridden"]) == ("He asked for a call at nine", True)
        add_entry(debtor=book.debtor, kind="opt_out", channel=Channel.PHONE, at=NIGHT, by=MEI, key="o")
        before = Clearance.objects.count()
        assert cli._run(line) not in (0, 1)
        told = capsys.readouterr()
        assert "1234567" not in told.out + told.err
        assert "house.wishes" in told.err
        assert Clearance.objects.count() == before
