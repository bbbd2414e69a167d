"""The journal: one committed entry per act, provable from what it holds."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import IntegrityError

from dunwell.core.money import Money
from dunwell.evidence import commitment
from dunwell.store import guard, journal
from dunwell.store.models import JournalEntry
from tests.support.rows import MEI, NOW, a_creditor, a_debtor


def append(creditor, event="promise.made", **changes):
    values = {"by": MEI, "at": NOW, "recorded_at": NOW, "body": {}, **changes}
    with guard.writing("test"):
        return journal.append(event, creditor=creditor, **values)


class TestAnEntry:
    def test_holds_the_act_as_canonical_json(self, db):
        creditor = a_creditor()
        debtor = a_debtor(creditor)
        zone = timezone(timedelta(hours=8))
        entry = append(
            creditor,
            debtor=debtor,
            at=datetime(2026, 11, 22, 16, 30, tzinfo=zone),
            key="k1",
            body={
                "amount": Money(123450, "EUR"),
                "due": date(2026, 12, 1),
                "note": '答应付款\n"x"',
                "parts": [1, None],
            },
        )
        content = json.loads(bytes(entry.body))
        assert content == {
            "v": 1,
            "id": str(entry.id),
            "event": "promise.made",
            "at": "2026-11-22T08:30:00.000000Z",
            "recorded_at": "2026-11-22T08:30:00.000000Z",
            "creditor": "main",
            "debtor": debtor.pk,
            "actor": "user:mei",
            "key": "k1",
            "body": {
                "amount": {"minor": 123450, "currency": "EUR"},
                "due": "2026-12-01",
                "note": '答应付款\n"x"',
                "parts": [1, None],
            },
        }
        assert bytes(entry.body) == commitment.canonical(content)
        assert (entry.schema_version, entry.encoding) == (1, "json")

    def test_verifies_after_it_was_read_back(self, db):
        for number in range(5):
            append(a_creditor(), body={"number": number})
        entries = list(JournalEntry.objects.all())
        assert len(entries) == 6
        assert all(journal.verify(entry) for entry in entries)
        assert len({bytes(entry.salt) for entry in entries}) == 6

    @pytest.mark.parametrize("field", ["body", "salt", "commitment"])
    def test_no_longer_verifies_when_a_byte_was_changed(self, db, field):
        a_creditor()
        entry = JournalEntry.objects.get()
        changed = bytearray(getattr(entry, field))
        changed[-1] ^= 1
        setattr(entry, field, bytes(changed))
        assert not journal.verify(entry)

    def test_can_be_had_once_per_key(self, db):
        creditor = a_creditor()
        append(creditor, key="k1")
        append(creditor, event="promise.kept", key="k1")
        append(creditor, key=None)
        append(creditor, key=None)
        with pytest.raises(IntegrityError):
            append(creditor, key="k1")
        assert JournalEntry.objects.filter(event="promise.made").count() == 3

    @pytest.mark.parametrize("value", [1.5, Decimal("1.5"), {1, 2}, object(), b"x"])
    def test_refuses_what_canonical_json_cannot_hold(self, db, value):
        creditor = a_creditor()
        with pytest.raises(TypeError):
            append(creditor, body={"value": value})
        assert JournalEntry.objects.count() == 1

    @pytest.mark.parametrize(
        ("number", "written"),
        [(2**53 - 1, 2**53 - 1), (2**53, "9007199254740992"), (-(2**53), "-9007199254740992"), (2**62, str(2**62))],
    )
    def test_writes_whole_numbers_no_double_holds_as_text(self, db, number, written):
        entry = append(a_creditor(), body={"sums": [number], "of": Money(number, "EUR")})
        assert json.loads(bytes(entry.body))["body"] == {"sums": [written], "of": {"minor": written, "currency": "EUR"}}
        assert journal.verify(JournalEntry.objects.get(pk=entry.pk))

    def test_wants_moments_with_a_zone(self, db):
        with pytest.raises(ValueError, match="time zone"):
            append(a_creditor(), at=datetime(2026, 11, 22, 8, 30))  # noqa: DTZ001

    def test_is_written_inside_an_act_only(self, db):
        creditor = a_creditor()
        with pytest.raises(guard.WriteOutsideAct):
            journal.append("promise.made", creditor=creditor, by=MEI, at=NOW, recorded_at=NOW, body={})

    def test_keeps_microseconds_on_both_databases(self, db):
        moment = NOW.replace(microsecond=123456)
        entry = JournalEntry.objects.get(pk=append(a_creditor(), at=moment).pk)
        assert entry.at == moment
        assert json.loads(bytes(entry.body))["at"].endswith("30:00.123456Z")
