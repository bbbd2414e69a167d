"""Holds, complaints, contacts by people and addresses: what each stops, counts, and keeps."""

from datetime import timedelta

import pytest

from dunwell.actions.facts import facts_of
from dunwell.actions.sending.addresses import mark_invalid
from dunwell.actions.talks import (
    answer_complaint,
    lift_hold,
    open_complaint,
    record_contact,
    set_address,
    set_hold,
)
from dunwell.actions.talks.observations import record_observation
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel, ContactOutcome, HoldReason
from dunwell.engine.book.claims import open_items
from dunwell.engine.contact.findings import findings
from dunwell.engine.day.history import last_message, outbound
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.models import (
    Complaint,
    ComplaintPast,
    ContactAttempt,
    ContactPoint,
    ContactPointPast,
    Hold,
    HoldPast,
    JournalEntry,
)
from tests.support.rows import MEI, NOW, a_debtor
from tests.talks.book import TODAY, a_book, an_item

HOW = {"at": NOW, "by": MEI}


def spoken(book, day=TODAY):
    found = findings(facts_of(book.creditor, debtors=[book.debtor.pk]).on(day), house_rules(), day)
    return set(found["rule"].to_list())


def refusal(act, **values):
    with pytest.raises(Refused) as refused:
        act(**{**HOW, "key": "r", **values})
    assert refused.value.words("zh-Hant")
    return refused.value.code


class TestAHold:
    def test_speaks_until_its_last_day(self, db):
        book = a_book()
        until = TODAY + timedelta(days=5)
        set_hold(debtor=book.debtor, reason=HoldReason.TALKS, until_date=until, key="h", **HOW)
        assert "house.hold" in spoken(book)
        assert "house.hold" in spoken(book, until)
        assert "house.hold" not in spoken(book, until + timedelta(days=1))

    def test_on_one_item_takes_that_item_out_alone(self, db):
        book = a_book()
        an_item(book.debtor, "R-2", 500)
        set_hold(debtor=book.debtor, reason=HoldReason.OTHER, receivable=book.invoice, key="h", **HOW)
        items = open_items(facts_of(book.creditor).on(TODAY), TODAY)
        assert dict(items.select("number", "demand_minor").rows()) == {"R-1": 0, "R-2": 500}

    def test_is_lifted_from_today_on_and_remembered(self, db):
        book = a_book()
        hold = set_hold(debtor=book.debtor, reason=HoldReason.INSOLVENCY, key="h", **HOW)
        later = NOW + timedelta(days=2)
        for _ in range(2):
            lift_hold(hold=hold, at=later, by=MEI, key="l")
        assert "house.hold" in spoken(book, TODAY + timedelta(days=1))
        assert "house.hold" not in spoken(book, TODAY + timedelta(days=2))
        past = HoldPast.objects.get(of=hold.pk)
        assert (past.until_date, past.known_to) == (None, later)
        assert refusal(lift_hold, hold=hold, at=later, key="l2") == "hold.over"

    def test_that_was_to_begin_later_never_begins_once_lifted(self, db):
        book = a_book()
        start = TODAY + timedelta(days=10)
        hold = set_hold(debtor=book.debtor, reason=HoldReason.TALKS, from_date=start, key="h", **HOW)
        lift_hold(hold=hold, key="l", **HOW)
        assert all("house.hold" not in spoken(book, TODAY + timedelta(days=days)) for days in (0, 10, 11))

    def test_is_refused_in_words(self, db):
        book = a_book()
        other = a_debtor(book.creditor, "10002")
        base = {"debtor": book.debtor, "reason": HoldReason.TALKS}
        yesterday = TODAY - timedelta(days=1)
        assert refusal(set_hold, **base, until_date=yesterday) == "hold.ends_before"
        assert refusal(set_hold, **base, from_date=TODAY + timedelta(days=2), until_date=TODAY) == "hold.ends_before"
        assert refusal(set_hold, **base, channel=Channel.PHONE, receivable=book.invoice) == "hold.channel_and_item"
        assert refusal(set_hold, debtor=other, reason=HoldReason.TALKS, receivable=book.invoice) == "hold.other_debtor"
        assert refusal(set_hold, **base, note="x" * 2_001) == "talk.too_long"
        assert not Hold.objects.exists()

    def test_does_not_stand_twice(self, db):
        book = a_book()
        set_hold(debtor=book.debtor, reason=HoldReason.TALKS, key="h", **HOW)
        assert refusal(set_hold, debtor=book.debtor, reason=HoldReason.TALKS) == "hold.stands"
        set_hold(debtor=book.debtor, reason=HoldReason.TALKS, channel=Channel.PHONE, key="h2", **HOW)
        assert Hold.objects.count() == 2


class TestAnObservation:
    def test_that_would_end_before_it_begins_is_refused_in_its_own_words(self, db):
        base = {"debtor": a_book().debtor, "kind": "reason", "value": "hardship"}
        assert refusal(record_observation, **base, until_date=TODAY - timedelta(days=1)) == "observation.ends_before"


class TestAComplaint:
    def test_stops_all_until_it_is_answered(self, db):
        book = a_book()
        complaint = open_complaint(debtor=book.debtor, text="Nobody\nanswers me", key="c", **HOW)
        assert "house.complaint" in spoken(book)
        later = NOW + timedelta(days=1)
        for _ in range(2):
            answer_complaint(complaint=complaint, answer="We called him", at=later, by=MEI, key="a")
        assert "house.complaint" not in spoken(book, TODAY + timedelta(days=1))
        assert ComplaintPast.objects.get(of=complaint.pk).answered_date is None
        assert b"We called him" in bytes(JournalEntry.objects.get(event="complaint.answered").body)
        assert refusal(answer_complaint, complaint=complaint, answer="again", at=later) == "complaint.answered_before"

    def test_is_taken_once_and_never_empty(self, db):
        book = a_book()
        one = open_complaint(debtor=book.debtor, text="x", key="c", **HOW)
        assert open_complaint(debtor=book.debtor, text="x", key="c", **HOW).pk == one.pk
        assert refusal(open_complaint, debtor=book.debtor, text="") == "talk.empty"
        assert Complaint.objects.count() == 1


class TestAContactByAPerson:
    def test_counts_as_a_contact_but_is_no_step(self, db):
        book = a_book()
        for key, outcome in enumerate(ContactOutcome):
            record_contact(debtor=book.debtor, channel=Channel.PHONE, outcome=outcome, key=str(key), **HOW)
        facts = facts_of(book.creditor).on(TODAY)
        assert outbound(facts).collect().height == len(ContactOutcome)
        assert last_message(facts).is_empty()
        assert "house.trade.contacts" in spoken(book)

    def test_does_not_count_when_the_debtor_came_to_us(self, db):
        book = a_book()
        made = record_contact(
            debtor=book.debtor, channel=Channel.PHONE, outcome=ContactOutcome.REACHED, inbound=True, key="1", **HOW
        )
        assert (made.direction, made.contact_date, made.stage) == ("in", TODAY, None)
        assert outbound(facts_of(book.creditor)).collect().is_empty()

    def test_is_recorded_once_and_only_on_channels_of_people(self, db):
        book = a_book()
        base = {"debtor": book.debtor, "outcome": ContactOutcome.REACHED}
        first = record_contact(**base, channel=Channel.VISIT, key="1", **HOW)
        assert record_contact(**base, channel=Channel.VISIT, key="1", **HOW).pk == first.pk
        assert refusal(record_contact, **base, channel=Channel.EMAIL) == "contact.not_by_people"
        ahead = TODAY + timedelta(days=1)
        assert refusal(record_contact, **base, channel=Channel.PHONE, contact_date=ahead) == "talk.day_ahead"
        assert ContactAttempt.objects.count() == 1


class TestAnAddress:
    def test_given_becomes_the_first_of_its_channel(self, db):
        book = a_book()
        old = set_address(debtor=book.debtor, channel=Channel.EMAIL, lines={"value": "a@old.example"}, key="1", **HOW)
        new = set_address(debtor=book.debtor, channel=Channel.EMAIL, lines={"value": "b@new.example"}, key="2", **HOW)
        old.refresh_from_db()
        assert (new.rank, old.rank) == (0, 1)
        assert ContactPointPast.objects.get(of=old.pk).rank == 0

    def test_given_again_counts_as_good_again(self, db):
        book = a_book()
        lines = {"value": "a@old.example", "contact_name": "Ms Vogt"}
        point = set_address(debtor=book.debtor, channel=Channel.EMAIL, lines=lines, key="1", **HOW)
        mark_invalid(contact_point=point.pk, reason="bounced", **HOW)
        later = NOW + timedelta(days=1)
        lines = {"value": "a@old.example"}
        set_address(debtor=book.debtor, channel=Channel.EMAIL, lines=lines, key="2", at=later, by=MEI)
        point.refresh_from_db()
        assert (point.invalid_since, point.rank, point.contact_name) == (None, 0, "Ms Vogt")

    def test_of_a_house_replaces_the_former_one(self, db):
        book = a_book()
        for key, street in enumerate(("Alte Gasse 1", "Neue Gasse 2")):
            lines = {"street": street, "city": "Köln", "postcode": "50667"}
            set_address(debtor=book.debtor, channel=Channel.LETTER, lines=lines, key=str(key), **HOW)
        assert ContactPoint.objects.get(debtor=book.debtor).street == "Neue Gasse 2"
        assert ContactPointPast.objects.get().street == "Alte Gasse 1"

    @pytest.mark.parametrize(
        ("channel", "lines", "code"),
        [
            (Channel.EMAIL, {"value": "nobody"}, "address.not_one"),
            (Channel.EMAIL, {"value": "a@b.example\nBcc: x@y.example"}, "address.not_one"),
            (Channel.EMAIL, {"value": ""}, "address.not_one"),
            (Channel.PHONE, {"value": "call me"}, "address.not_one"),
            (Channel.LETTER, {"street": "Gasse 1"}, "address.incomplete"),
            (Channel.LETTER, {"street": "Gasse\x001", "city": "Köln"}, "talk.unclean"),
        ],
    )
    def test_that_is_none_is_refused(self, db, channel, lines, code):
        book = a_book()
        assert refusal(set_address, debtor=book.debtor, channel=channel, lines=lines) == code
        assert not ContactPoint.objects.exists()
