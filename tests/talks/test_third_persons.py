"""Whom we may ask how to reach a debtor: a third person is known by name, asked once however many numbers he has, and
left alone for ever where he wants no part in it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from dunwell.actions import gate
from dunwell.actions.facts import facts_of
from dunwell.actions.talks import (
    add_entry,
    add_third_person,
    plan_contact,
    record_contact,
    set_address,
)
from dunwell.core.errors import Refused
from dunwell.core.terms import LANGUAGES, Channel, ContactOutcome
from dunwell.engine.contact.planned import Planned
from dunwell.jobs import cli
from dunwell.store import guard
from dunwell.store.models import ContactPoint, Debtor, JournalEntry, ThirdPerson
from tests.support.rows import MEI, a_creditor, a_debtor
from tests.talks.book import a_book

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOW = {"at": MONDAY, "by": MEI}
QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
HIS, SISTERS, SISTERS_TOO = "+49 30 5550101", "+49 30 5550201", "+49 30 5550202"


@pytest.fixture
def debtor(db):
    owner = a_debtor(a_creditor(), kind="consumer", country="DE", zone="Europe/Berlin")
    set_address(debtor=owner, channel=Channel.PHONE, lines={"value": HIS}, key="his", **HOW)
    return owner


@pytest.fixture
def lost(debtor):
    add_entry(
        debtor=debtor, kind="lost_contact", from_date=date(2026, 11, 20), evidence="letters came back", key="l", **HOW
    )
    return debtor


def second_account(debtor):
    other = a_debtor(debtor.creditor, "10002", kind="consumer", country="DE", zone="Europe/Berlin")
    with guard.writing("test"):
        Debtor.objects.filter(pk=other.pk).update(person=debtor.person)
    other.refresh_from_db()
    return other


def known(debtor, value, name="Anna Weber", key=None, channel=Channel.PHONE, **values):
    told = {"name": name, "relation": "sibling", "told_by": "named in the application", **HOW, **values}
    add_third_person(debtor=debtor, addresses={channel: {"value": value}}, key=key or f"{channel} {value}", **told)
    return ContactPoint.objects.get(debtor=debtor, channel=str(channel), value=value, third_person__isnull=False)


def planned(debtor, point, key="p", at=MONDAY, **values):
    told = {"to": "third_person", "purpose": "service", **values}
    return plan_contact(debtor=debtor, channel=Channel.PHONE, contact_point=point, at=at, by=MEI, key=key, **told)


def asked(debtor, point, outcome=ContactOutcome.REACHED, key="r", **values):
    return record_contact(
        debtor=debtor, channel=Channel.PHONE, outcome=outcome, to="third_person", purpose="service",
        contact_point=point, key=key, **{**HOW, **values},
    )  # fmt: skip


def rules(plan):
    return {each["rule"] for each in plan.clearance.findings}


def refusal(act, *args, **values):
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    assert all(refused.value.words(language) for language in LANGUAGES)
    return refused.value.code


class TestAThirdPerson:
    def test_is_asked_only_once_the_debtor_is_lost(self, debtor):
        sister = known(debtor, SISTERS)
        assert "house.natural.third-persons" in rules(planned(debtor, sister))
        add_entry(
            debtor=debtor, kind="lost_contact", from_date=date(2026, 11, 20), evidence="came back", key="l", **HOW
        )
        made = planned(debtor, sister, key="p2")
        assert (made.may_go, made.contact_point) == (True, sister)

    def test_hears_nothing_of_the_debt_in_any_country(self, lost):
        made = planned(lost, known(lost, SISTERS))
        notes = {each.rule: each.detail for each in made.told.answer.findings if each.effect == "note"}
        assert "not_any_debt" in notes["house.third-persons.words"]

    def test_is_asked_once_whichever_of_his_numbers_is_called(self, lost):
        one, two = known(lost, SISTERS), known(lost, SISTERS_TOO)
        brother = known(lost, "+49 30 5550301", name="Ben Weber")
        assert ThirdPerson.objects.count() == 2
        asked(lost, one, ContactOutcome.NO_ANSWER)
        assert planned(lost, two, key="p1", at=MONDAY + timedelta(days=1)).may_go
        asked(lost, one, key="r2", at=MONDAY + timedelta(days=1))
        later = MONDAY + timedelta(days=100)
        for number, point in enumerate((one, two)):
            stopped = planned(lost, point, key=f"p2{number}", at=later)
            assert (stopped.may_go, rules(stopped)) == (False, {"house.natural.third-persons.once"})
        assert planned(lost, brother, key="p3", at=later).may_go

    def test_may_be_called_again_where_he_asked_for_it(self, lost):
        one, two = known(lost, SISTERS), known(lost, SISTERS_TOO)
        asked(lost, one)
        later = MONDAY + timedelta(minutes=10)
        add_entry(debtor=lost, kind="direct_consent", contact_point=one, key="c", at=later, by=MEI)
        assert planned(lost, two, at=later + timedelta(hours=1)).may_go

    def test_who_wants_no_part_in_it_is_never_asked_again_at_any_of_his_numbers(self, lost):
        one, two = known(lost, SISTERS), known(lost, SISTERS_TOO)
        brother = known(lost, "+49 30 5550301", name="Ben Weber")
        add_entry(debtor=lost, kind="third_person_refused", contact_point=one, key="s", **HOW)
        for number, point in enumerate((one, two)):
            stopped = planned(lost, point, key=f"p{number}", at=MONDAY + timedelta(days=900))
            assert "house.natural.third-person-refused" in rules(stopped)
        assert planned(lost, brother, key="p3").may_go

    def test_is_left_alone_at_a_number_that_is_not_his_and_asked_at_the_other(self, lost):
        one, two = known(lost, SISTERS), known(lost, SISTERS_TOO)
        asked(lost, one, ContactOutcome.WRONG_PERSON)
        later = MONDAY + timedelta(minutes=1)
        assert rules(planned(lost, one, key="p1", at=later)) == {"house.wrong-number"}
        assert planned(lost, two, key="p2", at=later).may_go

    def test_pays_nothing(self, lost):
        stopped = planned(lost, known(lost, SISTERS), purpose="collection")
        assert "house.natural.third-persons.collecting" in rules(stopped)

    def test_is_one_however_often_he_is_told(self, lost):
        known(lost, SISTERS)
        known(lost, SISTERS, key="again")
        counts = ThirdPerson.objects.count(), ContactPoint.objects.exclude(third_person=None).count()
        assert counts == (1, 1)
        assert JournalEntry.objects.filter(event="third_person.added").count() == 2

    def test_is_one_by_his_number_however_it_is_written_and_whatever_he_is_called(self, lost):
        one = known(lost, SISTERS)
        again = known(lost, "030/555-0201", name="A. Schmidt", relation="friend", key="again")
        by_text = known(lost, "0049 30 5550201", name="Ann", channel=Channel.SMS)
        asked(lost, one)
        assert again.pk != one.pk
        later = MONDAY + timedelta(days=100)
        assert rules(planned(lost, again, at=later)) == {"house.natural.third-persons.once"}
        add_entry(debtor=lost, kind="third_person_refused", contact_point=by_text, key="s", **HOW)
        assert "house.natural.third-person-refused" in rules(planned(lost, again, key="p2", at=later))

    def test_who_refused_in_one_account_of_the_debtor_is_asked_in_none(self, lost):
        second = second_account(lost)
        add_entry(debtor=second, kind="lost_contact", from_date=date(2026, 11, 20), evidence="x", key="l2", **HOW)
        one, theirs = known(lost, SISTERS), known(second, "030 5550201", name="Frau Weber", key="second")
        assert planned(second, theirs).may_go
        add_entry(debtor=lost, kind="third_person_refused", contact_point=one, key="s", **HOW)
        assert "house.natural.third-person-refused" in rules(planned(second, theirs, key="p2"))
        asked(second, theirs)
        later = MONDAY + timedelta(minutes=1)
        assert "house.natural.third-persons.once" in rules(planned(lost, one, key="p3", at=later))

    @pytest.mark.parametrize("written", [HIS, "030 5550101", "0049/30/5550101"])
    @pytest.mark.parametrize("channel", [Channel.PHONE, Channel.SMS])
    def test_has_no_number_that_is_the_debtors_however_it_is_written(self, debtor, written, channel):
        second = second_account(debtor)
        assert refusal(known, debtor, written, channel=channel) == "third_person.own_number"
        assert refusal(known, second, written, channel=channel) == "third_person.own_number"

    @pytest.mark.parametrize("kind", ["wrong_person", "invalid_number"])
    def test_has_no_number_that_was_closed_for_the_debtor(self, debtor, kind):
        add_entry(debtor=debtor, kind=kind, contact_point=ContactPoint.objects.get(value=HIS), key="w", **HOW)
        assert refusal(known, debtor, "030 5550101") == "third_person.closed_number"

    @QUICK
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"relation": "cousin"}, "register.not_one_of"), ({"name": " "}, "third_person.needs"),
            ({"told_by": ""}, "third_person.needs"), ({"value": HIS}, "third_person.own_number"),
            ({"value": "nowhere"}, "address.not_one"),
        ],
    )  # fmt: skip
    def test_is_refused_where_he_is_nobody_we_know(self, debtor, values, code):
        assert refusal(known, debtor, **{"value": SISTERS, **values}) == code


class TestHisNumber:
    def test_is_never_the_debtors(self, lost):
        sister, mail = known(lost, SISTERS), known(lost, "anna@example.com", channel=Channel.EMAIL)
        found = facts_of(lost.creditor)["contact_points"]
        usable = dict(found.select("contact_point_id", "usable").rows())
        assert (usable[sister.pk], usable[mail.pk]) == (False, False)
        assert refusal(planned, lost, sister, to="debtor") == "third_person.his_number"
        own = plan_contact(debtor=lost, channel=Channel.PHONE, at=MONDAY, by=MEI, key="own")
        assert own.contact_point.value == HIS

    def test_has_to_be_said(self, lost):
        known(lost, SISTERS)
        assert refusal(planned, lost, None) == "third_person.unknown"
        assert refusal(planned, lost, ContactPoint.objects.get(value=HIS)) == "third_person.not_his"

    def test_and_the_debtors_are_two_in_what_was_told_of_them(self, lost):
        sister = known(lost, SISTERS)
        set_address(debtor=lost, channel=Channel.PHONE, lines={"value": SISTERS}, key="too", **HOW)
        own = ContactPoint.objects.get(value=SISTERS, third_person=None)
        add_entry(debtor=lost, kind="opt_out", contact_point=own, key="o", **HOW)
        [told] = gate.ask(lost.creditor, [Planned(lost.pk, "phone", contact_point=own.pk)], at=MONDAY)
        assert told.answer.verdict == "forbidden"
        assert planned(lost, sister).may_go


class TestTheCommand:
    @QUICK
    def test_records_lists_and_plans(self, db, capsys):
        number = a_book().debtor.number
        line = (
            "third-person",
            "add",
            number,
            "--name",
            "Anna Weber",
            "--relation",
            "sibling",
            "--told-by",
            "he said so",
        )
        assert cli._run((*line, "--phone", SISTERS)) == 0
        assert cli._run((*line, "--phone", SISTERS_TOO)) == 0
        capsys.readouterr()
        assert cli._run(("third-person", "list", number, "--json")) == 0
        [row] = json.loads(capsys.readouterr().out)
        assert row["addresses"] == [["phone", SISTERS], ["phone", SISTERS_TOO]]
        assert cli._run(("third-person", "list", number)) == 0
        assert "brother or sister" in capsys.readouterr().out
        cli._run(("contact", "plan", number, "--to", "third_person", "--purpose", "service", "--number", SISTERS))
        assert "debt" in capsys.readouterr().out
        assert cli._run(("contact", "plan", number, "--to", "third_person")) == 2
        assert cli._run(("third-person", "add", number, "--name", "B", "--relation", "other", "--told-by", "x")) == 2
