"""A number that is somebody else's, or out of service, is called no more, by no channel, until somebody confirms it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dunwell.actions import gate
from dunwell.actions.facts import facts_of
from dunwell.actions.talks import add_entry, end_entry, plan_contact, record_contact, set_address
from dunwell.core.errors import Refused
from dunwell.core.terms import LANGUAGES, Channel, ContactOutcome
from dunwell.engine.contact.planned import Planned
from dunwell.jobs import cli
from dunwell.store import guard
from dunwell.store.models import ContactAttempt, Debtor, JournalEntry, RegisterEntry
from tests.support.rows import MEI, a_creditor, a_debtor
from tests.talks.book import a_book

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = MONDAY + timedelta(minutes=5)
HOW = {"at": MONDAY, "by": MEI}
QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
ONE, TWO = "+49 30 5550101", "+49 30 5550102"


@pytest.fixture
def debtor(db):
    return a_debtor(a_creditor(), country="DE", zone="Europe/Berlin")


def address(debtor, value, channel=Channel.PHONE, at=MONDAY):
    return set_address(
        debtor=debtor, channel=channel, lines={"value": value}, key=f"{debtor.pk} {channel} {value} {at}", at=at, by=MEI
    )


def called(debtor, outcome=ContactOutcome.WRONG_PERSON, key="r", **values):
    return record_contact(debtor=debtor, **{"channel": Channel.PHONE, "outcome": outcome, "key": key, **HOW, **values})


def verdict(debtor, point, channel="phone", at=LATER, **values):
    [told] = gate.ask(debtor.creditor, [Planned(debtor.pk, channel, contact_point=point.pk, **values)], at=at)
    return told.answer.verdict


def events(name):
    rows = JournalEntry.objects.filter(event=name).order_by("pk")
    return [json.loads(bytes(row.body))["body"] for row in rows]


class TestANumberAtWhichSomebodyElseAnswered:
    def test_is_called_no_more_for_any_purpose_and_the_other_one_is(self, debtor):
        two, one = address(debtor, TWO), address(debtor, ONE)
        assert verdict(debtor, one) == "allowed"
        called(debtor, contact_point=one)
        for purpose in ("collection", "service", "required_notice", "limitation_demand", "answer"):
            assert verdict(debtor, one, purpose=purpose) == "forbidden"
        assert verdict(debtor, two) == "allowed"
        assert [each["kind"] for each in events("register.added")] == ["wrong_person"]

    def test_is_closed_for_texts_however_it_was_written_and_not_for_mail(self, debtor):
        text = address(debtor, "030/5550101", Channel.SMS)
        mail = address(debtor, "mei@example.com", Channel.EMAIL)
        called(debtor, contact_point=address(debtor, ONE))
        assert (verdict(debtor, text, "sms"), verdict(debtor, mail, "email")) == ("forbidden", "allowed")

    def test_is_closed_for_each_account_of_the_person_and_for_nobody_else(self, debtor):
        again = a_debtor(debtor.creditor, "10002", country="DE", zone="Europe/Berlin")
        other = a_debtor(debtor.creditor, "10003", country="DE", zone="Europe/Berlin")
        with guard.writing("test"):
            Debtor.objects.filter(pk=again.pk).update(person=debtor.person_id)
        points = {each: address(each, ONE) for each in (debtor, again, other)}
        called(debtor, contact_point=points[debtor])
        assert [verdict(each, points[each]) for each in (debtor, again, other)] == ["forbidden", "forbidden", "allowed"]

    def test_is_left_out_by_a_plan_that_names_no_number(self, debtor):
        two, one = address(debtor, TWO), address(debtor, ONE)
        how = {"debtor": debtor, "channel": Channel.PHONE, "at": LATER, "by": MEI}
        assert plan_contact(key="1", **how).contact_point == one
        called(debtor, contact_point=one)
        assert plan_contact(key="2", **how).contact_point == two
        called(debtor, contact_point=two, key="r2")
        made = plan_contact(key="3", **how)
        assert (made.may_go, [each["rule"] for each in made.clearance.findings]) == (False, ["house.wrong-number"])
        with pytest.raises(Refused) as refused:
            plan_contact(key="4", override="try it again", **how)
        assert refused.value.code == "gate.forbidden_stays"

    def test_is_the_only_one_the_planned_one_or_has_to_be_named(self, debtor):
        one = address(debtor, ONE)
        called(debtor)
        assert verdict(debtor, one) == "forbidden"
        address(debtor, TWO), address(debtor, "+49 30 5550103")
        with pytest.raises(Refused) as refused:
            called(debtor, key="r2")
        assert refused.value.code == "contact.which_number"
        assert ContactAttempt.objects.count() == 1
        made = plan_contact(debtor=debtor, channel=Channel.PHONE, key="p", at=LATER, by=MEI)
        called(debtor, key="r3", plan=made.clearance, at=LATER)
        assert verdict(debtor, made.contact_point, at=LATER + timedelta(minutes=1)) == "forbidden"

    def test_is_closed_once_however_often_it_is_told(self, debtor):
        one = address(debtor, ONE)
        assert called(debtor, contact_point=one) == called(debtor, contact_point=one)
        called(debtor, contact_point=one, key="again")
        assert RegisterEntry.objects.count() == 1

    def test_opens_again_when_a_person_confirms_it(self, debtor):
        one, text = address(debtor, ONE), address(debtor, ONE, Channel.SMS)
        called(debtor, contact_point=one)
        add_entry(debtor=debtor, kind="verified", contact_point=one, key="v", at=LATER, by=MEI)
        after = LATER + timedelta(minutes=1)
        assert (verdict(debtor, one, at=after), verdict(debtor, text, "sms", at=after)) == ("allowed", "allowed")
        called(debtor, contact_point=one, key="r2", at=after)
        assert verdict(debtor, one, at=after + timedelta(minutes=1)) == "forbidden"
        address(debtor, "030 5550101", at=after + timedelta(minutes=2))
        assert verdict(debtor, one, at=after + timedelta(minutes=3)) == "allowed"
        ended = sorted(each["kind"] for each in events("register.ended"))
        assert ended == ["verified", "wrong_person", "wrong_person"]

    def test_opens_again_when_the_entry_is_ended(self, debtor):
        one = address(debtor, ONE)
        called(debtor, contact_point=one)
        end_entry(entry=RegisterEntry.objects.get(), key="e", at=LATER, by=MEI, note="his wife answered")
        assert verdict(debtor, one, at=LATER + timedelta(minutes=1)) == "allowed"

    def test_stays_open_where_he_called_from_it(self, debtor):
        one = address(debtor, ONE)
        called(debtor, ContactOutcome.REACHED, contact_point=one, inbound=True)
        assert verdict(debtor, one) == "allowed"

    def test_is_a_fact_of_the_debtor_for_the_run(self, debtor):
        one, text = address(debtor, ONE), address(debtor, ONE, Channel.SMS)
        called(debtor, contact_point=one)
        found = facts_of(debtor.creditor)["registers"].filter(kind="wrong_person")
        assert sorted(found["address_id"]) == sorted([one.pk, text.pk])


class TestANumberOutOfService:
    def test_is_closed_like_somebody_elses(self, debtor):
        one = address(debtor, ONE)
        called(debtor, ContactOutcome.NOT_CONNECTED, contact_point=one)
        assert verdict(debtor, one) == "allowed"
        called(debtor, ContactOutcome.NOT_CONNECTED, contact_point=one, not_in_service=True, key="r2")
        assert verdict(debtor, one) == "forbidden"

    def test_is_told_of_a_call_of_ours_that_was_not_connected_alone(self, debtor):
        one = address(debtor, ONE)
        for told in ({"outcome": ContactOutcome.REACHED}, {"outcome": ContactOutcome.NOT_CONNECTED, "inbound": True}):
            with pytest.raises(Refused) as refused:
                called(debtor, contact_point=one, not_in_service=True, **told)
            assert refused.value.code == "contact.not_in_service"


class TestWhatClosesANumber:
    @pytest.mark.parametrize("kind", ["wrong_person", "invalid_number"])
    def test_names_no_channel(self, debtor, kind):
        one = address(debtor, ONE)
        with pytest.raises(Refused) as refused:
            add_entry(debtor=debtor, kind=kind, contact_point=one, channel=Channel.PHONE, key="c", **HOW)
        assert refused.value.code == "register.closes_all"
        assert all("--channel phone" in refused.value.words(language) for language in LANGUAGES)

    def test_for_one_channel_as_it_was_recorded_once_closes_it_for_all(self, debtor):
        one, text = address(debtor, ONE), address(debtor, ONE, Channel.SMS)
        entry = add_entry(debtor=debtor, kind="wrong_person", contact_point=one, key="c", **HOW)
        with guard.writing("test"):
            RegisterEntry.objects.filter(pk=entry.pk).update(channel="phone")
        assert [verdict(debtor, one), verdict(debtor, text, "sms")] == ["forbidden", "forbidden"]

    def test_because_it_is_out_of_service_is_told_of_numbers_alone(self, debtor):
        mail = address(debtor, "mei@example.com", Channel.EMAIL)
        with pytest.raises(Refused) as refused:
            add_entry(debtor=debtor, kind="invalid_number", contact_point=mail, key="c", **HOW)
        assert refused.value.code == "register.no_number"
        assert all("wrong_person" in refused.value.words(language) for language in LANGUAGES)
        add_entry(debtor=debtor, kind="wrong_person", contact_point=mail, key="c2", **HOW)
        assert verdict(debtor, mail, "email") == "forbidden"

    def test_is_told_by_who_calls_us_from_it_too_but_never_guessed(self, debtor):
        one = address(debtor, ONE)
        called(debtor, inbound=True)
        assert verdict(debtor, one) == "allowed"
        called(debtor, inbound=True, contact_point=one, key="r2")
        assert verdict(debtor, one) == "forbidden"

    def test_forbids_texts_that_name_no_number_while_none_is_open(self, debtor):
        one = address(debtor, ONE)
        plan = {"debtor": debtor, "channel": Channel.SMS, "outside": True, "by": MEI}
        called(debtor, contact_point=one)
        [told] = gate.ask(debtor.creditor, [Planned(debtor.pk, "sms")], at=LATER)
        assert told.answer.verdict == "forbidden"
        assert {each["rule"] for each in plan_contact(key="p1", at=LATER, **plan).clearance.findings} == {
            "house.wrong-number"
        }
        two = address(debtor, TWO, at=LATER)
        made = plan_contact(key="p2", at=LATER + timedelta(minutes=1), **plan)
        assert (made.may_go, made.contact_point) == (True, two)


class TestTheCommand:
    @QUICK
    def test_takes_a_number_however_it_is_written_and_never_tells_its_row(self, db, capsys):
        number = a_book().debtor.number
        assert cli._run(("address", "set", number, "--phone", ONE)) == 0
        line = ("contact", "record", number, "--number", "+49 (0)30/555-0101", "--outcome", "wrong_person")
        assert cli._run(line) == 0
        point = RegisterEntry.objects.get(kind="wrong_person").contact_point
        assert point.value == ONE
        capsys.readouterr()
        assert cli._run(("contact", "plan", number, "--number", "0049305550101")) == 1
        told = capsys.readouterr().out
        assert "house.wrong-number" in told
        assert f"address {point.pk}" not in told
        assert f"number {point.pk}" not in told

    @QUICK
    def test_says_that_a_number_is_closed_only_where_one_was(self, db, capsys):
        number = a_book().debtor.number
        visit = ("contact", "record", number, "--channel", "visit", "--place", "home", "--outcome", "wrong_person")
        assert cli._run(visit) == 0
        assert "closed" not in capsys.readouterr().out
        assert cli._run(("address", "set", number, "--phone", ONE)) == 0
        for said in (True, False):
            capsys.readouterr()
            assert cli._run(("contact", "record", number, "--number", ONE, "--outcome", "wrong_person")) == 0
            assert ("The number is closed" in capsys.readouterr().out) is said

    @QUICK
    def test_closes_the_number_and_says_so(self, db, capsys):
        book = a_book()
        number = book.debtor.number
        assert cli._run(("address", "set", number, "--phone", ONE)) == 0
        assert cli._run(("contact", "record", number, "--outcome", "wrong_person")) == 0
        assert "The number is closed" in capsys.readouterr().out
        assert cli._run(("contact", "plan", number)) == 1
        assert "house.wrong-number" in capsys.readouterr().out
        assert cli._run(("register", "add", number, "verified", "--address", ONE)) == 0
        assert not RegisterEntry.objects.filter(kind="wrong_person", until_date=None).exists()
