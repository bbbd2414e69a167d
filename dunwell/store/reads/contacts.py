"""What was said to a debtor so far: contacts with what they asked for, and what came of them."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from dunwell.core.terms import Note
from dunwell.store.models import ContactAttempt, ContactItem, Debtor, Document, JournalEntry


@dataclass(frozen=True, slots=True)
class NamedItem:
    """An item that a message named, with what was open on it and how late it was that day (negative: not due yet)."""

    number: str
    open_minor: int
    days_past_due: int


@dataclass(frozen=True, slots=True)
class PastContact:
    """A message that left, or a call or a visit (`stage` None, as of a message about a promise).

    total_minor     what the message asked for; None for a call or a visit
    reason          why it did not arrive (words: `send.reason.<code>`); empty when nothing is known against it
    outcome         as known at the moment that was asked for
    items           that a message named; what a call was about is not told here
    about_promise   of a message about a promise: whether it reminds or thanks
    note            what was said in a call or on a visit, as it was written down
    """

    day: date
    channel: str
    stage: int | None
    currency: str | None
    total_minor: int | None
    deadline_date: date | None
    inbound: bool
    outcome: str
    reason: str
    note: str
    items: tuple[NamedItem, ...]
    document: Document | None
    about_promise: Note | None = None


def past(of: Debtor, *, until: date | None = None, known_at: datetime | None = None) -> list[PastContact]:
    """A debtor's contacts, oldest first. `until`: up to this day; `known_at`: as was known then (None: now)."""
    rows = ContactAttempt.objects.filter(debtor=of).select_related("message", "document").order_by("at", "pk")
    if until is not None:
        rows = rows.filter(contact_date__lte=until)
    if known_at is not None:
        rows = rows.filter(at__lte=known_at)
    named: dict[int, list[ContactItem]] = {}
    for item in ContactItem.objects.filter(contact__debtor=of).select_related("receivable").order_by("pk"):
        named.setdefault(item.contact_id, []).append(item)
    notes = _notes(of)
    return [_past(row, named.get(row.pk, []), notes.get(row.pk, ""), known_at) for row in rows]


def _notes(of: Debtor) -> dict[int, str]:
    """Contact -> note. The journal alone keeps it."""
    rows = JournalEntry.objects.filter(creditor=of.creditor_id, debtor=of.pk, event="contact.recorded")
    bodies = (json.loads(bytes(body))["body"] for body in rows.values_list("body", flat=True))
    return {body["contact"]: body["note"] for body in bodies}


def _past(row: ContactAttempt, named: list[ContactItem], note: str, known_at: datetime | None) -> PastContact:
    message = row.message
    settled = message.settled_at if message else None
    # what came of it was not known yet: see `extract`, which tells the engine the same
    pending = known_at is not None and settled is not None and settled > known_at
    items = (
        NamedItem(each.receivable.number, each.open_minor, (row.contact_date - each.receivable.due_date).days)
        for each in named
        if each.open_minor is not None
    )
    return PastContact(
        day=row.contact_date,
        channel=row.channel,
        stage=row.stage,
        currency=row.currency,
        total_minor=row.demanded_minor if row.demanded_minor is not None or not message else message.total_minor,
        deadline_date=row.deadline_date,
        inbound=row.direction == "in",
        outcome="unknown" if pending else row.outcome,
        reason="" if pending or message is None else message.state_reason,
        note=note,
        items=tuple(sorted(items, key=lambda item: (-item.days_past_due, item.number))),
        document=row.document,
        about_promise=None if row.promise_id is None else Note.of(row.purpose),
    )
