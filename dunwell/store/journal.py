"""Write and read journal entries. Called inside an act only; an entry is never changed or deleted."""

from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from dunwell.core.actor import Actor
from dunwell.core.money import Money
from dunwell.evidence import commitment
from dunwell.store import guard
from dunwell.store.models import Creditor, Debtor, JournalEntry

_LARGEST = 2**53 - 1

_written: ContextVar[int] = ContextVar("journal_written", default=0)


def count_here() -> int:
    """How many entries this thread of control has appended: lets an act prove that it recorded itself."""
    return _written.get()


def append(
    event: str,
    *,
    creditor: Creditor,
    by: Actor,
    at: datetime,
    recorded_at: datetime | None = None,
    body: dict[str, Any],
    debtor: Debtor | int | None = None,
    key: str | None = None,
) -> JournalEntry:
    """Append one entry, e.g. `promise.made`.

    at             the moment of the business: a trial, a demonstration or `send --as-of` may pretend it
    recorded_at    when it was written down, by the machine's own clock (None: now); nothing that pretends a moment
                   may date an entry back
    """
    guard.require_act(f"journal entry {event}")
    entry_id, recorded_at = uuid4(), recorded_at or datetime.now(UTC)
    debtor_id = debtor.pk if isinstance(debtor, Debtor) else debtor
    content = {
        "v": commitment.SCHEMA_VERSION,
        "id": str(entry_id),
        "event": event,
        "at": _moment(at),
        "recorded_at": _moment(recorded_at),
        "creditor": creditor.code,
        "debtor": debtor_id,
        "actor": str(by),
        "key": key,
        "body": _plain(body),
    }
    entry = commitment.canonical(content)
    salt = commitment.new_salt()
    _written.set(_written.get() + 1)
    return JournalEntry.objects.create(
        id=entry_id,
        creditor=creditor,
        recorded_at=recorded_at,
        at=at,
        event=event,
        actor=str(by),
        debtor=debtor_id,
        key=key,
        schema_version=commitment.SCHEMA_VERSION,
        encoding="json",
        body=entry,
        salt=salt,
        commitment=commitment.commit(salt, entry),
    )


def verify(entry: JournalEntry) -> bool:
    """Does the entry still match its commitment?"""
    return commitment.commit(bytes(entry.salt), bytes(entry.body)) == bytes(entry.commitment)


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Values as canonical JSON can hold them: moments and dates as text, money as minor units and currency.

    A whole number beyond 2^53 - 1 becomes decimal text: RFC 8785 knows numbers only as far as a double is exact.
    """
    match value:
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case Money():
            return {"minor": _plain(value.minor), "currency": value.currency}
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case None | bool():
            return value
        case int():
            return value if abs(value) <= _LARGEST else str(value)
        case str():
            return str(value)
    raise TypeError(f"a journal entry cannot hold {type(value).__name__}")
