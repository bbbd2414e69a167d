"""`dunwell journal`: a stranger can recompute it, and an altered entry is found and named."""

import hashlib
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from dunwell.evidence import commitment
from dunwell.store import dialect, guard, journal
from dunwell.store.models import JournalEntry
from dunwell.store.reads import journal as read
from tests.send.book import TEN, add_debtor
from tests.support.rows import MEI, NOW, a_creditor, a_debtor

TRIGGERS = {
    "sqlite": ["DROP TRIGGER IF EXISTS journal_no_update"],
    "postgresql": [f"ALTER TABLE {dialect.JOURNAL} DISABLE TRIGGER USER"],
}


def write(creditor, count=1, event="promise.made", **changes):
    with guard.writing("test"):
        return [journal.append(event, creditor=creditor, **_values(n, changes)) for n in range(count)]


def _values(n, changes):
    moment = NOW + timedelta(seconds=n)
    return {"by": MEI, "at": moment, "recorded_at": moment, "body": {"note": "付款 \u202e[red]x"}, **changes}


def forge(sql, *params):
    """Change an entry behind the back of the program, as an intruder with the database's password would."""
    with guard.writing("test"), connection.cursor() as cursor:
        for statement in TRIGGERS[connection.vendor]:
            cursor.execute(statement)
        cursor.execute(sql, params)


class TestJournalCheck:
    def test_finds_nothing_wrong_in_a_journal_nobody_touched(self, db):
        write(a_creditor(), 5)
        assert read.check() == read.Check(6, 0, None, None)
        assert "6 entries" in db.dunwell("journal", "check").stdout

    def test_names_the_first_entry_whose_content_was_altered(self, db):
        entries = write(a_creditor(), 5)
        for entry in entries[2:4]:
            forged = bytes(entry.body).replace(b"promise", b"Promise")
            forge(f"UPDATE {dialect.JOURNAL} SET body = %s WHERE id = %s", forged, _key(entry))
        found = read.check()
        assert (found.entries, found.bad, found.first_bad) == (6, 2, str(entries[2].id))
        assert found.problem == "journal.commitment_differs"
        said = db.dunwell("journal", "check", check=False)
        assert said.returncode == 1
        assert str(entries[2].id) in said.stdout

    @pytest.mark.parametrize(
        ("column", "value"),
        [("event", "promise.withdrawn"), ("actor", "user:eve"), ("debtor", 7), ("key", "k"), ("schema_version", 2)],
    )
    def test_finds_a_column_that_says_otherwise_than_the_entry(self, db, column, value):
        entry = write(a_creditor())[0]
        forge(f'UPDATE {dialect.JOURNAL} SET "{column}" = %s WHERE id = %s', value, _key(entry))
        assert (read.check().bad, read.check().first_bad) == (1, str(entry.id))

    def test_finds_a_moment_that_was_shifted(self, db):
        entry = write(a_creditor())[0]
        forge(f"UPDATE {dialect.JOURNAL} SET at = %s WHERE id = %s", entry.at + timedelta(microseconds=1), _key(entry))
        assert read.check().problem == "journal.row_differs"

    def test_needs_no_more_memory_for_a_long_journal_than_for_a_short_one(self, db):
        creditor = a_creditor()
        with guard.writing("test"):
            rows = [_copy(entry, creditor) for entry in write(creditor, 1) for _ in range(8_000)]
            JournalEntry.objects.bulk_create(rows, batch_size=2_000)
        del rows
        read.check()
        tracemalloc.start()
        assert read.check().entries == 8_002
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5_000_000


class TestTheClock:
    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_of_the_machine_dates_the_record_whatever_a_trial_pretends(self, db):
        add_debtor(a_creditor(), "L0", letter=True)
        began = datetime.now(UTC)
        pretended = {"DUNWELL_NOW": TEN.isoformat()}
        db.dunwell("run", "--as-of", "2026-11-24", env=pretended)
        db.dunwell("send", "--as-of", "2026-11-24", env={"DUNWELL_NOW": "2026-12-24T09:00:00+00:00"})
        db.dunwell("hold", "set", "L0", "--reason", "talks", env=pretended)
        entries = {entry.event: entry for entry in JournalEntry.objects.exclude(event="creditor.added")}
        assert set(entries) == {"run.decided", "letter.written", "hold.set"}
        for entry in entries.values():
            assert began <= entry.recorded_at <= datetime.now(UTC)
            assert entry.at.astimezone(ZoneInfo("Europe/Berlin")).date() == TEN.date()
        written = json.loads(bytes(entries["letter.written"].body))
        assert written["body"]["as_of"] == "2026-11-24"
        assert read.check().bad == 0


class TestJournalShow:
    def test_lets_a_stranger_recompute_every_commitment(self, db):
        creditor = a_creditor()
        write(creditor, 3, debtor=a_debtor(creditor))
        lines = db.dunwell("journal", "show", "--json").stdout.splitlines()
        assert len(lines) == 4
        for line in lines:
            found = json.loads(line)
            canonical = json.dumps(found["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            hashed = hashlib.sha256(b"dunwell.journal.v1" + bytes.fromhex(found["salt"]) + canonical.encode())
            assert hashed.hexdigest() == found["commitment"]
            assert list(found) == ["commitment", "entry", "salt"]

    def test_chooses_by_debtor_event_and_day(self, db):
        creditor = a_creditor()
        debtor = a_debtor(creditor)
        write(creditor, debtor=debtor)
        write(creditor, event="promise.withdrawn", debtor=debtor, recorded_at=NOW + timedelta(days=3))
        write(creditor, event="hold.set")

        def events(**chosen):
            return [entry.event for entry in read.entries(creditor, **chosen)]

        assert sorted(events()) == ["creditor.added", "hold.set", "promise.made", "promise.withdrawn"]
        assert events(debtor=debtor) == ["promise.made", "promise.withdrawn"]
        assert events(event="promise") == ["promise.made", "promise.withdrawn"]
        assert events(event="promise.made") == ["promise.made"]
        # the creditor was added by a clock of its own, so only entries about the debtor are asked for
        assert events(since=NOW + timedelta(days=2), debtor=debtor) == ["promise.withdrawn"]
        assert events(event="nothing.happened") == []
        options = ("--debtor", "10001", "--event", "promise", "--since", "2026-11-25", "--json")
        line = db.dunwell("journal", "show", *options).stdout
        assert json.loads(line)["entry"]["event"] == "promise.withdrawn"

    def test_shows_hostile_text_as_text(self, db):
        creditor = a_creditor()
        write(creditor, debtor=a_debtor(creditor))
        shown = db.dunwell("journal", "show", "--event", "promise").stdout
        assert "[red]x" in shown
        assert "\u202e" not in shown
        assert "10001" in shown

    def test_tells_an_entry_in_lines(self, db):
        creditor = a_creditor()
        body = {
            "amount": {"minor": 12_345, "currency": "EUR"}, "due_date": "2026-12-01", "note": "", "none": None,
            "sums": {"USD": {"open_minor": 500}}, "ageing": [{"currency": "JPY", "open_minor": 7, "items": 2}],
            "open_minor": 4000, "ids": [1, 2], "long": {f"n{n}": n for n in range(60)},
        }  # fmt: skip
        write(creditor, debtor=a_debtor(creditor), body=body, recorded_at=NOW + timedelta(hours=1))
        shown = db.dunwell("journal", "show", "--event", "promise").stdout.splitlines()
        # Berlin is an hour ahead of UTC
        assert shown[:8] == [
            "2026-11-22 09:30:00  promise.made  debtor 10001  by user:mei",
            "    recorded on 2026-11-22 10:30:00",
            "    ageing: currency: JPY, items: 2, open: JPY 7",
            "    amount: EUR 123.45",
            "    due_date: 2026-12-01",
            "    ids: 1, 2",
            "    long.n0: 0",
            "    long.n1: 1",
        ]
        assert "more lines: --json" in shown[-1]
        assert not any("{" in line for line in shown)
        lines = db.dunwell("journal", "show", "--event", "promise", "--json").stdout
        assert json.loads(lines)["entry"]["body"]["sums"] == {"USD": {"open_minor": 500}}
        assert [line for line in _all_lines(body) if line.startswith("sums")] == ["sums.USD.open: USD 5.00"]

    def test_refuses_a_debtor_or_a_day_that_is_none(self, db):
        a_creditor()
        assert db.dunwell("journal", "show", "--debtor", "nobody", check=False).returncode == 2
        assert db.dunwell("journal", "show", "--since", "yesterday", check=False).returncode == 2


def _all_lines(body):
    from dunwell.jobs.journal import _lines

    return list(_lines(body, None))


def _key(entry):
    return entry.id.hex if connection.vendor == "sqlite" else entry.id


def _copy(entry, creditor):
    new = uuid4()
    body = bytes(entry.body).replace(str(entry.id).encode(), str(new).encode())
    names = ("recorded_at", "at", "event", "actor", "debtor", "key", "schema_version", "encoding")
    values = {name: getattr(entry, name) for name in names}
    salt = bytes(entry.salt)
    mark = commitment.commit(salt, body)
    return JournalEntry(id=new, creditor=creditor, body=body, salt=salt, commitment=mark, **values)
