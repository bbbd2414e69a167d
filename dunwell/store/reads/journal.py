"""The journal read as a stream: one entry after the other in the order of recording, however many there are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from dunwell.evidence import commitment
from dunwell.store import dialect
from dunwell.store.models import Creditor, Debtor, JournalEntry

_PAGE = 2_000
_COLUMNS = (
    "id", "creditor__code", "recorded_at", "at", "event", "actor", "debtor", "key", "schema_version", "encoding",
    "body", "salt", "commitment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with all that is needed to recompute its commitment. `number` is the debtor's, where there is one."""

    id: str
    recorded_at: datetime
    event: str
    actor: str
    number: str | None
    body: bytes
    salt: bytes
    commitment: bytes

    def content(self) -> dict[str, Any]:
        """The canonical entry, read."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a check: how many entries were read, how many are bad, the first of these and what is wrong."""

    entries: int
    bad: int
    first_bad: str | None
    problem: str | None


def entries(
    creditor: Creditor, *, debtor: Debtor | None = None, event: str | None = None, since: datetime | None = None
) -> Iterator[Entry]:
    """Entries of a creditor, as they were recorded.

    event   exactly this one, or all of a noun: `promise` gives promise.made, promise.withdrawn...
    since   recorded at this moment or later
    """
    rows = JournalEntry.objects.filter(creditor=creditor)
    if debtor is not None:
        rows = rows.filter(debtor=debtor.pk)
    if event is not None:
        rows = rows.filter(Q(event=event) | Q(event__startswith=f"{event}."))
    if since is not None:
        rows = rows.filter(recorded_at__gte=since)
    numbers = Debtor.objects.filter(pk=OuterRef("debtor")).values("number")[:1]
    shown = _in_order(rows).annotate(number=Subquery(numbers))
    names = ("id", "recorded_at", "event", "actor", "number", "body", "salt", "commitment")
    for row_id, recorded_at, what, actor, number, body, salt, mark in _stream(shown.values_list(*names)):
        yield Entry(str(row_id), recorded_at, what, actor, number, bytes(body), bytes(salt), bytes(mark))


def check() -> Check:
    """Recompute the commitment of every entry of every creditor, and compare what screens search by (event, moments,
    creditor, debtor, actor, key) with what the entry itself says. Memory does not grow with the journal.

    It finds an entry that was altered. It cannot see one that was taken out, or replaced together with its
    commitment: for that somebody else must have kept the commitments (`dunwell journal show --json`).
    """
    count = bad = 0
    first: tuple[str, str] | None = None
    for row in _stream(_in_order(JournalEntry.objects.all()).values_list(*_COLUMNS)):
        count += 1
        problem = _problem(row)
        if problem:
            bad += 1
            first = first or (str(row[0]), problem)
    return Check(count, bad, *(first or (None, None)))


def _problem(row: tuple[Any, ...]) -> str | None:
    """What is wrong with an entry (a code of the catalogue), or None."""
    row_id, code, recorded_at, at, event, actor, debtor, key, version, encoding, body, salt, mark = row
    if encoding != "json" or version != commitment.SCHEMA_VERSION:
        return "journal.unknown_format"
    if len(salt) != commitment.SALT_BYTES or commitment.commit(bytes(salt), bytes(body)) != bytes(mark):
        return "journal.commitment_differs"
    try:
        content = json.loads(bytes(body))
        said = [content[name] for name in ("v", "id", "creditor", "event", "actor", "debtor", "key")]
        moments = [datetime.fromisoformat(content[name]).astimezone(UTC) for name in ("recorded_at", "at")]
    except (ValueError, KeyError, TypeError):
        return "journal.unreadable"
    stands = [version, str(row_id), code, event, actor, debtor, key]
    return None if said == stands and moments == [recorded_at, at] else "journal.row_differs"


def _in_order(rows: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """SQLite keeps rows in the order they came in, and would sort others in memory; PostgreSQL sorts on its disk."""
    if dialect.is_sqlite():
        return rows.order_by(RawSQL("store_journalentry.rowid", []))
    return rows.order_by("recorded_at", "id")


def _stream(rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    if dialect.is_sqlite():
        yield from rows.iterator(chunk_size=_PAGE)
        return
    with transaction.atomic():  # a cursor on the server lives in a transaction
        yield from rows.iterator(chunk_size=_PAGE)
