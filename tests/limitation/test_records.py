"""What people record about limitation: once, refused in words, changed without losing what stood, withdrawn, kept."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dunwell.actions import limitation as acts
from dunwell.actions.facts import facts_of
from dunwell.core.errors import DunwellError, Refused
from dunwell.engine.limitation.stored_clocks import RECORDS, stored_claims, stored_clocks
from dunwell.rulebook.limitation_rules import limitation_rules
from dunwell.store import guard
from dunwell.store.models import (
    ContactAttempt,
    ContactItem,
    Guarantee,
    InsolvencyFiling,
    JournalEntry,
    LimitationClaim,
    LimitationClaimPast,
    LimitationEvent,
    LimitationEventPast,
)
from dunwell.store.reads import limitation as read
from tests.support.rows import MEI, NOW, a_creditor, a_debtor
from tests.talks.book import TODAY, Book, a_book, an_item

HOW: dict[str, Any] = {"at": NOW, "by": MEI}
LATER = NOW + timedelta(days=2)


def record(book: Book, kind: str = "demand", day: date = TODAY, key: str = "e", **values: Any) -> LimitationEvent:
    return acts.record_event(
        **{**HOW, "receivable": book.invoice, "kind": kind, "event_date": day, "key": key, **values}
    )


def refusal(act: Any, **values: Any) -> str:
    before = JournalEntry.objects.count()
    with pytest.raises(Refused) as refused:
        act(**{**HOW, "key": "r", **values})
    for language in ("en", "zh-Hans", "zh-Hant"):
        assert refused.value.words(language)
    assert JournalEntry.objects.count() == before
    return refused.value.code


def clock(book: Book, known_at: datetime | None = None, place: str = "CN") -> dict[int, dict[str, Any]]:
    facts = facts_of(book.creditor, known_at=known_at).on(TODAY)
    stored = stored_claims(facts, read.frames(book.creditor, RECORDS, known_at=known_at), TODAY, place)
    return {row["claim_id"]: row for row in stored_clocks(stored, TODAY, limitation_rules()).to_dicts()}


def a_demand(book: Book, **changes: Any) -> ContactAttempt:
    values = {
        "channel": "letter", "direction": "out", "purpose": "collection", "stage": 20, "outcome": "sent",
        "contact_date": date(2026, 11, 3), "at": datetime(2026, 11, 3, 9, tzinfo=UTC), **changes,
    }  # fmt: skip
    values.setdefault("happened_at", values["at"])
    with guard.writing("test"):
        sent = ContactAttempt.objects.create(
            creditor=book.creditor, debtor=book.debtor, person_id=book.debtor.person_id, **values
        )
        ContactItem.objects.create(
            creditor=book.creditor, contact=sent, receivable=book.invoice, stage=20, open_minor=70_000
        )
    return sent


class TestAnEvent:
    def test_is_one_record_however_often_it_is_told(self, db: Any) -> None:
        book = a_book()
        first = record(book, proof="EMS 1234", key="a")
        assert record(book, proof="EMS 1234", key="a") == first, "the same key"
        assert record(book, proof="EMS 1234", key="b") == first, "told twice"
        assert record(book, key="c") == first, "told again without its proof, which stays"
        assert LimitationEvent.objects.get().proof == "EMS 1234"
        assert LimitationEventPast.objects.count() == 0
        assert JournalEntry.objects.filter(event="limitation.recorded").count() == 1

    def test_takes_its_proof_later_and_keeps_what_stood(self, db: Any) -> None:
        book = a_book()
        first = record(book, "written_acknowledgment", date(2026, 11, 10))
        assert clock(book)[book.invoice.pk]["cautious_date"] == date(2029, 11, 1), "the payment counts, this not yet"
        record(book, "written-acknowledgment", date(2026, 11, 10), key="f", proof_sha256="ab" * 32, at=LATER)
        assert clock(book)[book.invoice.pk]["cautious_date"] == date(2029, 11, 10)
        past = LimitationEventPast.objects.get(of=first.pk)
        assert (past.proof_sha256, past.known_to) == ("", LATER)
        assert clock(book, NOW)[book.invoice.pk]["cautious_date"] == date(2029, 11, 1)

    def test_of_a_guarantor_moves_his_clock_alone(self, db: Any) -> None:
        book = a_book()
        given = acts.record_guarantee(receivable=book.invoice, name="Ann Lee", kind="joint", key="g", **HOW)
        record(book, "demand", date(2026, 11, 20), guarantee=given, proof="EMS 1")
        found = clock(book)
        assert found[-given.pk]["cautious_date"] == date(2029, 11, 20)
        assert found[book.invoice.pk]["cautious_date"] == date(2029, 11, 1)

    def test_that_is_withdrawn_moves_nothing_any_more_but_did_until_then(self, db: Any) -> None:
        book = a_book()
        made = record(book, proof="EMS 1")
        assert clock(book)[book.invoice.pk]["cautious_date"] == date(2029, 11, 22)
        for _ in range(2):
            acts.withdraw_record(record=made, at=LATER, by=MEI, key="w", reason="another debtor's")
        assert clock(book)[book.invoice.pk]["cautious_date"] == date(2029, 11, 1)
        assert clock(book, NOW)[book.invoice.pk]["cautious_date"] == date(2029, 11, 22)
        assert JournalEntry.objects.filter(event="limitation.withdrawn").count() == 1
        assert refusal(acts.withdraw_record, record=made) == "limitation.withdrawn_before"
        assert record(book, key="again", proof="EMS 1").pk != made.pk

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_is_refused_in_words(self, db: Any) -> None:
        book = a_book()
        told: dict[str, Any] = {"receivable": book.invoice, "kind": "demand", "event_date": TODAY}

        def code(**values: Any) -> str:
            return refusal(acts.record_event, **{**told, **values})

        assert code(kind="demnad") == "limitation.event_near"
        assert code(kind="x" * 500 + "\x1b[2J") == "limitation.event_unknown"
        assert code(kind="suit_against_debtor") == "limitation.suit_on_item"
        assert code(event_date=TODAY + timedelta(1)) == "talk.day_ahead"
        assert code(event_date=date(1899, 12, 31)) == "limitation.day_out_of_reach"
        assert code(until_date=TODAY) == "limitation.until_of_nothing"
        assert code(kind="obstacle", until_date=TODAY - timedelta(1)) == "limitation.ends_before"
        assert code(kind="suit", until_date=TODAY + timedelta(1)) == "talk.day_ahead"
        assert code(proof="a\x00b") == "talk.unclean"
        assert code(proof="x" * 501) == "talk.too_long"
        assert code(proof_sha256="zz") == "limitation.no_hash"
        assert code(receivable=book.charge) == "limitation.no_clock"
        assert code(receivable=book.note) == "limitation.no_clock"
        other = an_item(book.debtor, "R-9", 500)
        given = acts.record_guarantee(receivable=other, name="Ann Lee", key="g", **HOW)
        assert code(guarantee=given) == "limitation.other_item"
        record(book)
        assert refusal(acts.record_event, **{**told, "kind": "suit"}, key="e") == "talk.key_reused"


class TestAnArrival:
    def test_proves_the_demand_for_each_item_that_it_named(self, db: Any) -> None:
        book = a_book()
        sent = a_demand(book)
        assert "event_unproven" in clock(book)[book.invoice.pk]["why"]
        for key in ("a", "a", "b"):
            made = acts.record_arrival(contact=sent, arrived_date=date(2026, 11, 5), proof="EMS 1", key=key, **HOW)
        found = clock(book)[book.invoice.pk]
        assert (found["cautious_date"], "event_unproven" in found["why"]) == (date(2029, 11, 5), False)
        assert (LimitationEvent.objects.count(), LimitationEventPast.objects.count()) == (1, 0)
        acts.record_arrival(contact=sent, arrived_date=date(2026, 11, 6), proof=None, proof_sha256="ab" * 32,
                            at=LATER, by=MEI, key="c")  # fmt: skip
        assert clock(book)[book.invoice.pk]["cautious_date"] == date(2029, 11, 6)
        assert clock(book, NOW)[book.invoice.pk]["cautious_date"] == date(2029, 11, 5)
        acts.withdraw_record(record=made, at=LATER, by=MEI, key="w")
        assert "event_unproven" in clock(book)[book.invoice.pk]["why"]

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_is_refused_in_words(self, db: Any) -> None:
        book = a_book()
        told: dict[str, Any] = {"contact": a_demand(book), "arrived_date": date(2026, 11, 5), "proof": "EMS 1"}

        def code(**values: Any) -> str:
            return refusal(acts.record_arrival, **{**told, **values})

        assert code(proof=None) == "limitation.no_proof"
        assert code(proof=" - ") == "limitation.no_proof"
        assert code(arrived_date=date(2026, 11, 2)) == "limitation.arrived_before"
        assert code(arrived_date=TODAY + timedelta(1)) == "talk.day_ahead"
        assert code(contact=a_demand(book, direction="in")) == "limitation.no_demand"
        assert code(contact=a_demand(book, stage=10)) == "limitation.no_demand"


class TestFactsOfAClaim:
    def test_decide_the_rule_and_are_changed_one_by_one(self, db: Any) -> None:
        book = a_book()
        for key in ("a", "a", "b"):
            acts.tell_claim(receivable=book.invoice, place="TW", kind="goods_services", key=key, **HOW)
        assert JournalEntry.objects.filter(event="limitation.claim_told").count() == 1
        assert clock(book)[book.invoice.pk]["rule"] == "tw.merchant"
        acts.tell_claim(receivable=book.invoice, kind="periodic", key="c", at=LATER, by=MEI)
        assert clock(book)[book.invoice.pk]["rule"] == "tw.periodic"
        assert clock(book, NOW)[book.invoice.pk]["rule"] == "tw.merchant"
        assert LimitationClaimPast.objects.count() == 1

    def test_of_a_judgment_carry_its_last_day_to_perform_and_lose_it_with_the_kind(self, db: Any) -> None:
        book = a_book()
        tell: dict[str, Any] = {"receivable": book.invoice, **HOW}
        acts.tell_claim(kind="judgment", perform_by_date=date(2026, 12, 10), key="a", **tell)
        assert clock(book)[book.invoice.pk]["cautious_date"] == date(2028, 12, 10)
        acts.tell_claim(kind="general", key="b", **tell)
        assert LimitationClaim.objects.get().perform_by_date is None

    def test_are_emptied_when_they_were_a_mistake_and_may_be_told_anew(self, db: Any) -> None:
        book = a_book()
        told = acts.tell_claim(receivable=book.invoice, place="TW", key="a", **HOW)
        acts.withdraw_record(record=told, key="w", **HOW)
        assert clock(book)[book.invoice.pk]["place"] == "CN"
        assert refusal(acts.withdraw_record, record=told) == "limitation.withdrawn_before"
        acts.tell_claim(receivable=book.invoice, place="DE", key="b", **HOW)
        assert clock(book)[book.invoice.pk]["place"] == "DE"

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_are_refused_in_words(self, db: Any) -> None:
        book = a_book()

        def code(**values: Any) -> str:
            return refusal(acts.tell_claim, **{"receivable": book.invoice, **values})

        assert code() == "limitation.nothing_told"
        assert code(kind="guarantee_joint") == "limitation.kind_unknown"
        assert code(place="Atlantis") == "limitation.law_unknown"
        assert code(kind="judgment") == "limitation.judgment_needs_day"
        assert code(perform_by_date=TODAY) == "limitation.day_without_judgment"
        assert code(arose_date=date(2026, 10, 2)) == "limitation.arose_after_due"
        assert code(last_instalment_date=date(2026, 9, 30)) == "limitation.instalment_before_due"
        assert code(last_instalment_date=date(2200, 1, 1)) == "limitation.day_out_of_reach"
        assert code(receivable=book.charge, kind="general") == "limitation.no_clock"


class TestAGuarantee:
    def test_is_one_record_for_each_guarantor(self, db: Any) -> None:
        book = a_book()
        owner = a_debtor(book.creditor, "20001", name="Holding AG")
        give: dict[str, Any] = {"receivable": book.invoice, **HOW}
        for key in ("a", "a", "b"):
            given = acts.record_guarantee(guarantor=owner, name="20001", key=key, **give)
        assert (given.name, given.kind) == ("Holding AG", "unstated")
        acts.record_guarantee(name=" ann  LEE", kind="joint", key="c", **give)
        acts.record_guarantee(name="Ann Lee", agreed_until_date=date(2027, 1, 31), key="d", **give)
        assert Guarantee.objects.count() == 2
        found = clock(book)
        assert {row["kind"] for row in found.values()} == {"unknown", "guarantee", "guarantee_joint"}
        assert read.guarantee(book.invoice, "20001") == read.guarantee(book.invoice, "holding ag") == given
        assert read.guarantee(book.invoice, f"g{given.pk}") == given
        with pytest.raises(DunwellError, match="Holding AG, ann LEE"):
            read.guarantee(book.invoice, "nobody")

    def test_that_is_withdrawn_is_no_claim_any_more(self, db: Any) -> None:
        book = a_book()
        given = acts.record_guarantee(receivable=book.invoice, name="Ann Lee", key="a", **HOW)
        acts.withdraw_record(record=given, key="w", **HOW)
        assert set(clock(book)) == {book.invoice.pk}

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_is_refused_in_words(self, db: Any) -> None:
        book = a_book()
        same = a_debtor(book.creditor, "10002")
        with guard.writing("test"):
            type(same).objects.filter(pk=same.pk).update(person_id=book.debtor.person_id)
            same.refresh_from_db()

        def code(**values: Any) -> str:
            return refusal(acts.record_guarantee, **{"receivable": book.invoice, "name": "Ann Lee", **values})

        assert code(guarantor=book.debtor) == "limitation.guarantor_is_debtor"
        assert code(guarantor=same) == "limitation.guarantor_is_debtor"
        assert code(name="WEBER & Söhne ") == "limitation.guarantor_is_debtor"
        assert code(name=" ") == "talk.empty"
        assert code(name="x" * 501) == "talk.too_long"
        assert code(kind="several") == "limitation.guarantee_unknown"
        assert code(agreed_until_date=date(2200, 1, 1)) == "limitation.day_out_of_reach"
        assert code(receivable=book.charge) == "limitation.no_clock"


class TestAnInsolvency:
    def test_has_one_record_a_debtor_and_waits_until_it_was_filed(self, db: Any) -> None:
        book = a_book()
        tell: dict[str, Any] = {"debtor": book.debtor, **HOW}
        for key in ("a", "a", "b"):
            acts.record_insolvency(file_by_date=date(2026, 12, 1), key=key, **tell)
        facts = facts_of(book.creditor).on(TODAY)

        def waiting() -> list[Any]:
            return stored_claims(facts, read.frames(book.creditor, RECORDS), TODAY, "CN").filings.rows()

        assert waiting() == [(book.invoice.pk, date(2026, 12, 1))]
        acts.record_insolvency(filed_date=TODAY, reference="71 IN 5/26", key="c", **tell)
        assert waiting() == []
        assert JournalEntry.objects.filter(event="insolvency.recorded").count() == 2
        acts.withdraw_record(record=InsolvencyFiling.objects.get(), key="w", **HOW)
        acts.record_insolvency(file_by_date=date(2026, 12, 9), key="d", **tell)
        assert waiting() == [(book.invoice.pk, date(2026, 12, 9))]

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_is_refused_in_words(self, db: Any) -> None:
        book = a_book()

        def code(**values: Any) -> str:
            return refusal(acts.record_insolvency, **{"debtor": book.debtor, **values})

        assert code(filed_date=TODAY) == "limitation.no_filing_day"
        assert code(file_by_date=date(2200, 1, 1)) == "limitation.day_out_of_reach"
        assert code(file_by_date=TODAY, filed_date=TODAY + timedelta(1)) == "talk.day_ahead"
        assert code(file_by_date=TODAY, reference="\x07") == "talk.unclean"


class TestARecord:
    def test_is_found_by_its_letter_and_number(self, db: Any) -> None:
        book = a_book()
        made = record(book)
        assert read.record(book.creditor, f" e{made.pk} ") == made
        for wrong in (f"G{made.pk}", "E", "E0", "E" + "9" * 30, "١", "E1; DROP", "\x00"):
            with pytest.raises(DunwellError) as told:
                read.record(book.creditor, wrong)
            assert told.value.code == "limitation.record_unknown"

    def test_of_another_creditor_is_unknown(self, db: Any) -> None:
        book = a_book()
        made = record(book)
        with pytest.raises(DunwellError):
            read.record(a_creditor("other"), f"E{made.pk}")
