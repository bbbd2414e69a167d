"""The outbox: who may let a message leave, and what is recorded about it.

prepared --release (the setting, or a person)--> released; a person may hold it, or drop it: `actions.day.review`
released --claim--> claimed --begin--> (the channel is called) --settle--> sent, try_later, undeliverable or unknown

Each step is a conditional UPDATE, so that of two senders only one has a message. `begin` writes the contact with the
outcome `unknown` before the channel is called: whatever happens then, even a power cut, the record is true, and the
contact counts. `settle` says what became of it. A contact that did not take place after all (the server said: later)
is taken away again.

Two clocks. `now` is the moment of the business, which a trial may pretend; leases run by the machine's own clock.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.db.models import F
from django.db.models.functions import TruncMinute

from dunwell.actions import gate
from dunwell.actions.act import act
from dunwell.actions.sending.addresses import mark_invalid
from dunwell.actions.sending.compose import Composed
from dunwell.actions.sending.owner import is_dead
from dunwell.channels.cleared import Cleared
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import SENDING_STATES, OutboxState
from dunwell.engine.contact.planned import Told
from dunwell.store import journal
from dunwell.store.models import (
    ContactAttempt,
    ContactItem,
    Creditor,
    Debtor,
    Document,
    JournalEntry,
    OutboxMessage,
)

LEASE = timedelta(minutes=15)
"""How long a claim holds without a sign of life; longer than any single call of a channel may take."""

MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=5)
"""After a try that failed; four times as long after each further one."""

REPEATABLE = ("letter",)
"""Channels that may repeat a message of unknown fate: the same file is written again."""

EVENTS = {"email": "email.sent", "letter": "letter.written"}

_WAITING = (OutboxState.RELEASED, OutboxState.TRY_LATER)


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed message whose bytes are made and kept.

    told        what the gate said of it at the last look
    asked_at    the moment of that look
    looked_at   the same by the machine's own clock: what is written down about the person after it is not known yet
    """

    row: OutboxMessage
    told: Told
    asked_at: datetime
    looked_at: datetime
    composed: Composed
    sha256: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a message. state: sent, try_later, undeliverable or unknown; `said`: the channel's own words.

    counts   False: the fault was not the message's, so this try is not counted
    """

    ready: Ready
    state: OutboxState
    reason: str
    said: str
    counts: bool = True

    def after_all_tries(self) -> "Ended":
        """The same, or undeliverable when this was the last try."""
        if self.state == OutboxState.TRY_LATER and self.counts and self.ready.row.attempts >= MAX_ATTEMPTS:
            return Ended(self.ready, OutboxState.UNDELIVERABLE, "gave_up", self.said)
        return self


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found of senders that died: keys that may be sent again, and keys whose fate is unknown."""

    again: tuple[str, ...]
    unknown: tuple[str, ...]


@act("outbox.claim", may_record_nothing=True)
def claim(
    *,
    creditor: Creditor,
    channels: Sequence[str],
    day: date,
    now: datetime,
    size: int,
    owner: str,
    by: Actor,
) -> list[OutboxMessage]:
    """Take up to `size` messages that are due, at most one per person, none of a person who has one in flight: what
    the rules say of one contact depends on the other. Claims of one creditor wait for each other here."""
    Creditor.objects.select_for_update(no_key=True).get(pk=creditor.pk)
    mine = OutboxMessage.objects.filter(pk__in=_one_per_person(creditor, channels, day, now, size))
    mine.filter(state__in=_WAITING).update(
        state=OutboxState.CLAIMED, claimed_by=owner, lease_until_at=_clock() + LEASE, call_started_at=None
    )
    return list(
        mine.filter(state=OutboxState.CLAIMED, claimed_by=owner)
        .select_related("creditor", "debtor", "contact_point")
        .order_by("not_before_at", "pk")
    )


def _one_per_person(creditor: Creditor, channels: Sequence[str], day: date, now: datetime, size: int) -> list[int]:
    """Due messages of persons who have none in flight: looks as far into the queue as it must to find `size`."""
    moment, until = connection.ops.adapt_datetimefield_value(now), connection.ops.adapt_datefield_value(day)
    reach = size * 4
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_DUE, [creditor.pk, channels[0], channels[-1], moment, until, reach])
            due = cursor.fetchall()
            # ids of ours, so they may stand in the text: there may be more of them than a statement takes parameters
            cursor.execute(_HELD.format(persons=", ".join(str(int(person)) for _, person in due) or "NULL"))
            held = {person for (person,) in cursor.fetchall()}
        first = {person: message for message, person in reversed(due) if person not in held}
        if len(first) >= size or len(due) < reach:
            return [message for message, person in due if first.get(person) == message][:size]
        reach *= 8


_DUE = """
SELECT m.id, d.person_id FROM store_outboxmessage m JOIN store_debtor d ON d.id = m.debtor_id
WHERE +m.creditor_id = %s AND m.state IN ('released', 'claimed', 'try_later') AND m.state <> 'claimed'
AND m.channel IN (%s, %s) AND m.not_before_at <= %s AND m.as_of <= %s
ORDER BY m.not_before_at LIMIT %s
"""
"""The states stand here as text because SQLite uses a partial index only when it can read its condition. The `+` keeps
it from the index by creditor: it walks the one by moment and stops early, instead of sorting all that waits."""

_HELD = """
SELECT DISTINCT d.person_id FROM store_debtor d JOIN store_outboxmessage m ON m.debtor_id = d.id
WHERE d.person_id IN ({persons}) AND m.state = 'claimed'
"""


def next_due(creditor: Creditor, channels: Sequence[str], day: date, after: datetime) -> datetime | None:
    """When the next waiting message may leave, as far as is known."""
    later = _waiting(creditor, channels, day).filter(not_before_at__gt=after).order_by("not_before_at")
    return later.values_list("not_before_at", flat=True).first()


def due_from(creditor: Creditor, channels: Sequence[str], day: date, after: datetime) -> list[tuple[datetime, int]]:
    """From which minute on how many waiting messages may leave, as far as is known; the earliest first."""
    later = _waiting(creditor, channels, day).filter(not_before_at__gt=after)
    minutes = later.annotate(minute=TruncMinute("not_before_at", tzinfo=UTC)).values_list("minute")
    return list(minutes.annotate(count=models.Count("pk")).order_by("minute"))


def waiting(creditor: Creditor, channels: Sequence[str], day: date) -> int:
    """How many messages wait."""
    return _waiting(creditor, channels, day).count()


@act("outbox.claim", may_record_nothing=True)
def release(*, rows: Iterable[OutboxMessage], by: Actor) -> None:
    """Give claims back that were not begun: all of one owner's, in one statement each for new and tried ones."""
    rows = list(rows)
    untouched = OutboxMessage.objects.filter(
        pk__in=[row.pk for row in rows],
        state=OutboxState.CLAIMED,
        claimed_by__in={row.claimed_by for row in rows},
        call_started_at=None,
    )
    untouched.filter(attempts=0).update(state=OutboxState.RELEASED, claimed_by="", lease_until_at=None)
    untouched.filter(attempts__gt=0).update(state=OutboxState.TRY_LATER, claimed_by="", lease_until_at=None)


@act("outbox.claim", may_record_nothing=True)
def postpone(*, rows: Iterable[tuple[OutboxMessage, datetime]], reason: str, by: Actor) -> None:
    """Give claims back until a moment, e.g. until the allowed hours begin."""
    for row, until in rows:
        _mine(row).filter(call_started_at=None).update(
            state=OutboxState.TRY_LATER, state_reason=reason, not_before_at=until, claimed_by="", lease_until_at=None
        )


@act("outbox.settle", may_record_nothing=True)
def cancel(*, rows: Iterable[tuple[OutboxMessage, str]], now: datetime, by: Actor) -> None:
    """Messages that must not leave any more, each with its reason. The next run prepares what is right then."""
    for row, reason in rows:
        done = _mine(row).update(state=OutboxState.CANCELLED, state_reason=reason, settled_at=now, lease_until_at=None)
        if done:
            _note("message.cancelled", row, now, by, {"reason": reason})


@act("outbox.settle", may_record_nothing=True)
def refuse(*, row: OutboxMessage, told: Told, reason: str, day: date, now: datetime, by: Actor) -> None:
    """A message that cannot be sent to its address at all, found before the channel was called."""
    if _mine(row).update(state=OutboxState.UNDELIVERABLE, state_reason=reason, settled_at=now, lease_until_at=None):
        clearance = gate.record(row.creditor, told, at=now, by=by)
        _contact(row, day, now, outcome="undeliverable", clearance=clearance)
        _note("message.failed", row, now, by, {"reason": reason})
        mark_invalid(contact_point=row.contact_point_id, reason=reason, at=now, by=by)


@act("outbox.settle", may_record_nothing=True)
def turn(*, ended: Ended | None, starting: Ready | None, day: date, now: datetime, by: Actor) -> Cleared | None:
    """Settle the message whose call has ended and begin the next one: one transaction, for a commit is dear.

    Returns leave for the message to begin, if that is still ours; without it its channel cannot be called.
    """
    if ended is not None:
        _settle(ended, now, by)
    return None if starting is None else _begin(starting, day, now, by)


@act("outbox.sweep", may_record_nothing=True)
def sweep(
    *,
    creditor: Creditor,
    now: datetime,
    by: Actor,
    finish: Callable[[OutboxMessage, date, str], str | None] = lambda *_: None,
) -> Swept:
    """Take back what senders that died left claimed.

    Not begun: it may be sent. A letter that was begun may lie in its folder, may be printed: `finish` (message, day of
    the contact, hash of the kept bytes) writes the very same file again and returns its receipt; only where that is
    impossible (None) it goes back. A mail that was begun may have arrived: its fate is unknown, its contact counts,
    and a person says what became of it (`resolve`); it is never sent again by itself.
    """
    again, unknown = [], []
    held = OutboxMessage.objects.filter(creditor=creditor, state__in=SENDING_STATES).filter(state=OutboxState.CLAIMED)
    for row in held.select_related("creditor", "debtor").order_by("pk"):
        if row.lease_until_at is not None and row.lease_until_at > _clock() and not is_dead(row.claimed_by):
            continue
        same = _mine(row).filter(call_started_at=row.call_started_at)
        if row.call_started_at is not None and row.channel in REPEATABLE and _finished(row, finish, now, by):
            again.append(row.key)
            continue
        if row.call_started_at is None or row.channel in REPEATABLE:
            state = OutboxState.TRY_LATER if row.attempts else OutboxState.RELEASED
            if same.update(state=state, claimed_by="", lease_until_at=None, call_started_at=None):
                _forget_contact(row)
                again.append(row.key)
        elif same.update(state=OutboxState.UNKNOWN, state_reason="sender_died", settled_at=now, lease_until_at=None):
            _note("message.unknown", row, now, by, {"reason": "sender_died", "document": _document_of(row)})
            unknown.append(row.key)
    return Swept(tuple(again), tuple(unknown))


def _finished(
    row: OutboxMessage, finish: Callable[[OutboxMessage, date, str], str | None], now: datetime, by: Actor
) -> bool:
    contact = ContactAttempt.objects.filter(message=row).select_related("document").first()
    if contact is None or contact.document is None:
        return False
    receipt = finish(row, contact.contact_date, contact.document.sha256)
    if receipt is None:
        return False
    if _mine(row).update(state=OutboxState.SENT, state_reason="", settled_at=now, lease_until_at=None):
        ContactAttempt.objects.filter(pk=contact.pk).update(outcome="sent", receipt=receipt[:500])
        facts = {"document": contact.document.sha256, "template": contact.template_version}
        _note(EVENTS[row.channel], row, now, by, facts)
    return True


@act("outbox.resolve")
def resolve(*, key: str, sent: bool, now: datetime, by: Actor) -> OutboxMessage:
    """A person says what became of a message whose fate is unknown.

    The contact's outcome goes from `unknown` to `sent` or `not_sent`, the one change a contact may ever see: it was
    recorded as unknown because nobody knew, and the journal keeps both. What was not sent no longer counts, and the
    next run prepares it afresh. Refuses any message that is not of unknown fate.
    """
    row = OutboxMessage.objects.select_related("creditor").filter(key=key).first()
    if row is None:
        raise Refused("send.no_such_message", key=key[:250])
    if not _settle_unknown(row, sent=sent, receipt="", now=now, by=by):
        raise Refused("send.not_unknown", key=key[:250], state=row.state)
    return row


def _begin(ready: Ready, day: date, now: datetime, by: Actor) -> Cleared | None:
    row, clock = ready.row, _clock()
    if _told_since(row, ready.looked_at):
        return None  # it goes back, and is looked at once more
    if (
        not _mine(row)
        .filter(call_started_at=None)
        .update(call_started_at=clock, lease_until_at=clock + LEASE, attempts=F("attempts") + 1)
    ):
        return None
    row.attempts += 1
    clearance = gate.record(row.creditor, ready.told, at=ready.asked_at, by=by)
    # only the holder of this claim can make these bytes, so nobody else inserts the row meanwhile
    document = Document.objects.filter(creditor=row.creditor_id, sha256=ready.sha256).first()
    if document is None:
        document = Document.objects.create(
            creditor_id=row.creditor_id,
            sha256=ready.sha256,
            media_type=ready.media_type,
            size_bytes=ready.size_bytes,
            made_at=now,
        )
    contact = _contact(
        row,
        day,
        now,
        outcome="unknown",
        clearance=clearance,
        deadline_date=ready.composed.deadline_date,
        demanded_minor=ready.composed.demanded_minor,
        document=document,
        template_version=ready.composed.template,
    )
    ContactItem.objects.bulk_create(
        ContactItem(
            creditor_id=row.creditor_id, contact=contact, receivable_id=receivable, stage=stage, open_minor=asked,
            called=True, talked=False,
        )
        for receivable, stage, asked in ready.composed.items
    )  # fmt: skip
    return gate.let_go(row, clearance)


def _told_since(row: OutboxMessage, moment: datetime) -> bool:
    """Whether anything was written down about the person of a message after a moment: an opt-out, a call, a hold."""
    accounts = Debtor.objects.filter(person_id=row.debtor.person_id).values_list("pk", flat=True)
    return JournalEntry.objects.filter(debtor__in=list(accounts), recorded_at__gt=moment).exists()


def _settle(ended: Ended, now: datetime, by: Actor) -> None:
    row = ended.ready.row
    if ended.state == OutboxState.TRY_LATER:
        pause = FIRST_PAUSE * 4 ** max(row.attempts - 1, 0) if ended.counts else timedelta(0)
        if _mine(row).update(
            state=OutboxState.TRY_LATER,
            state_reason=ended.reason,
            not_before_at=now + pause,
            attempts=row.attempts if ended.counts else row.attempts - 1,
            claimed_by="",
            lease_until_at=None,
            call_started_at=None,
        ):
            _forget_contact(row)
        return
    if not _mine(row).update(state=ended.state, state_reason=ended.reason, settled_at=now, lease_until_at=None):
        # our lease ran out and a sweep took us for dead; now it is known after all
        if ended.state in (OutboxState.SENT, OutboxState.UNDELIVERABLE):
            _settle_unknown(row, sent=ended.state == OutboxState.SENT, receipt=ended.said, now=now, by=by)
        return
    outcome = {OutboxState.SENT: "sent", OutboxState.UNDELIVERABLE: "undeliverable"}.get(ended.state, "unknown")
    ContactAttempt.objects.filter(message=row).update(outcome=outcome, receipt=ended.said[:500])
    composed = ended.ready.composed
    facts = {
        "document": ended.ready.sha256, "template": composed.template, "demanded_minor": composed.demanded_minor,
    }  # fmt: skip
    if ended.state == OutboxState.SENT:
        _note(EVENTS[row.channel], row, now, by, facts)
        return
    event = "message.unknown" if ended.state == OutboxState.UNKNOWN else "message.failed"
    _note(event, row, now, by, {"reason": ended.reason, **facts})
    if ended.state == OutboxState.UNDELIVERABLE and (ended.reason != "gave_up" or _gave_up_before(row)):
        mark_invalid(contact_point=row.contact_point_id, reason=ended.reason, at=now, by=by)


def _settle_unknown(row: OutboxMessage, *, sent: bool, receipt: str, now: datetime, by: Actor) -> bool:
    state = OutboxState.SENT if sent else OutboxState.CANCELLED
    if not OutboxMessage.objects.filter(pk=row.pk, state=OutboxState.UNKNOWN).update(
        state=state, state_reason="" if sent else "not_sent", settled_at=now
    ):
        return False
    ContactAttempt.objects.filter(message=row, outcome="unknown").update(
        outcome="sent" if sent else "not_sent", receipt=receipt[:500]
    )
    _note("message.resolved", row, now, by, {"sent": sent, "document": _document_of(row)})
    return True


def _gave_up_before(row: OutboxMessage) -> bool:
    """An address that twice in a row answered `later` until we gave up is a wrong one."""
    return (
        OutboxMessage.objects.filter(
            debtor=row.debtor_id,
            contact_point=row.contact_point_id,
            state=OutboxState.UNDELIVERABLE,
            state_reason="gave_up",
        )
        .exclude(pk=row.pk)
        .exists()
    )


def _contact(row: OutboxMessage, day: date, now: datetime, **fields: Any) -> ContactAttempt:
    return ContactAttempt.objects.create(
        creditor_id=row.creditor_id,
        debtor_id=row.debtor_id,
        person_id=row.debtor.person_id,
        message=row,
        at=now,
        happened_at=now,
        contact_date=day,
        channel=row.channel,
        contact_point_id=row.contact_point_id,
        addressee="debtor",
        direction="out",
        purpose=row.purpose,
        # a message about a promise is no step: it moves nothing on the ladder
        stage=row.stage if row.promise_id is None else None,
        promise_id=row.promise_id,
        currency=row.currency,
        **fields,
    )


def _forget_contact(row: OutboxMessage) -> None:
    """It did not take place: nothing left us."""
    ContactItem.objects.filter(contact__message=row).delete()
    ContactAttempt.objects.filter(message=row, outcome="unknown").delete()


def _note(event: str, row: OutboxMessage, now: datetime, by: Actor, body: dict[str, Any]) -> None:
    """One journal entry. The address itself stays out: an entry cannot be erased, an address must be."""
    journal.append(
        event,
        creditor=row.creditor,
        by=by,
        at=now,
        debtor=row.debtor_id,
        key=row.key,
        body={
            "channel": row.channel,
            "stage": row.stage,
            "currency": row.currency,
            "total_minor": row.total_minor,
            "as_of": row.as_of,
            "contact_point": row.contact_point_id,
            **({} if row.promise_id is None else {"promise": row.promise_id}),
            **body,
        },
    )


def _document_of(row: OutboxMessage) -> str | None:
    return ContactAttempt.objects.filter(message=row).values_list("document__sha256", flat=True).first()


def _mine(row: OutboxMessage) -> "models.QuerySet[OutboxMessage]":
    """The row, as long as it is claimed by whom it was when it was read."""
    return OutboxMessage.objects.filter(pk=row.pk, state=OutboxState.CLAIMED, claimed_by=row.claimed_by)


def _waiting(creditor: Creditor, channels: Sequence[str], day: date) -> "models.QuerySet[OutboxMessage]":
    return OutboxMessage.objects.filter(creditor=creditor, state__in=_WAITING, channel__in=channels, as_of__lte=day)


def _clock() -> datetime:
    """The machine's own clock: a lease must run also while a trial pretends a moment."""
    return datetime.now(UTC)
