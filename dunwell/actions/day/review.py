"""A person looks at what the run proposes: he releases, holds or drops messages before they leave.

Every act takes the creditor's row first, as the claim of a sender does, and changes messages only from the states in
which it found them: of two people, or a person and a sender, the second one sees what the first one did, and is told
so. Nothing here goes around the last look: a message that was released is decided again when it leaves.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from dunwell.actions.act import act
from dunwell.actions.business_day import today
from dunwell.actions.day.release_tables import DROPPED
from dunwell.actions.once import checked_key, clean_text
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import LIVE_STATES, OutboxState, Stage
from dunwell.store import journal
from dunwell.store.models import Creditor, Debtor, JournalEntry, OutboxMessage
from dunwell.store.reads.release import release_of

LONGEST = 2_000
_NAMED = 200
"""So many messages are named in the journal one by one; of more, the hash over all keys."""

FREE = (OutboxState.PREPARED, OutboxState.RELEASED, OutboxState.TRY_LATER)
"""States from which a message may be held or dropped: nobody has it in hand."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages are meant: those that match every kind of choice, in each kind any of the values.

    everything   no choice is needed: all that there are
    held         those too that somebody held; without it only where they are named by debtor or key
    """

    stages: tuple[Stage, ...] = ()
    channels: tuple[str, ...] = ()
    debtors: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    everything: bool = False
    held: bool = False

    @property
    def with_held(self) -> bool:
        """Does it mean held ones too?"""
        return self.held or bool(self.debtors or self.keys)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many messages changed, and how many of the chosen did not, by the state they are in.

    not_his   stages that the collector who got them does not take by the team, in order; told when it was done first
    """

    count: int
    others: Mapping[str, int]
    not_his: tuple[Stage, ...] = field(default=(), compare=False)


@act("review.release", may_record_nothing=True)
def release(
    *, creditor: Creditor, chosen: Chosen, at: datetime, by: Actor, key: UUID | str, seen: str | None = None
) -> Reviewed:
    """Let messages leave that wait. They leave when the quiet period of the creditor is over, if the last look lets
    them.

    seen   the proposal as it was looked at (`proposal_hash`): refused when it has changed since
    """
    found = begin("review.released", creditor, chosen, key, {"seen": seen})
    if isinstance(found, Reviewed):
        return found
    _refuse_unseen(creditor, seen)
    states = (OutboxState.PREPARED, OutboxState.HELD) if chosen.with_held else (OutboxState.PREPARED,)
    rows = take(found, chosen, states)
    others = others_of(found, chosen, (row.pk for row in rows))
    quiet = release_of(creditor, today(creditor, at)).quiet_minutes
    leaves = at + timedelta(minutes=quiet)
    for some in portions(rows, states):
        if quiet:
            some.filter(not_before_at__lt=leaves).update(not_before_at=leaves)
        some.update(
            state=OutboxState.RELEASED, state_reason="", released_at=at, released_by=str(by)[:200], held_by="",
            review_note="", free_date=None,
        )  # fmt: skip
    return record(
        "review.released", creditor, chosen, rows, others, at, by, key, {"quiet_minutes": quiet, "seen": seen}
    )


@act("review.hold", may_record_nothing=True)
def hold(
    *,
    creditor: Creditor,
    chosen: Chosen,
    reason: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    until: date | None = None,
) -> Reviewed:
    """Keep messages back, also released ones that have not left: until somebody releases them, or until a day, whose
    run asks about them again. Refuses a day that is not ahead, and no reason."""
    reason = clean_text(reason, "reason", limit=LONGEST, needed=True)
    asked = {"reason": reason, "until": until.isoformat() if until else None}
    found = begin("review.held", creditor, chosen, key, asked)
    if isinstance(found, Reviewed):
        return found
    now = today(creditor, at)
    if until is not None and until <= now:
        raise Refused("review.until_past", day=until.isoformat(), today=now.isoformat())
    states = (*FREE, OutboxState.HELD) if chosen.with_held else FREE
    rows = take(found, chosen, states)
    others = others_of(found, chosen, (row.pk for row in rows))
    for some in portions(rows, states):
        some.update(
            state=OutboxState.HELD, state_reason="", held_by=str(by)[:200], review_note=reason, free_date=until,
            released_at=None, released_by="",
        )  # fmt: skip
    return record("review.held", creditor, chosen, rows, others, at, by, key, asked)


@act("review.drop", may_record_nothing=True)
def drop(*, creditor: Creditor, chosen: Chosen, reason: str, at: datetime, by: Actor, key: UUID | str) -> Reviewed:
    """Cancel messages. No run of the same day prepares them again; one of a later day decides afresh."""
    reason = clean_text(reason, "reason", limit=LONGEST, needed=True)
    asked = {"reason": reason}
    found = begin("review.dropped", creditor, chosen, key, asked)
    if isinstance(found, Reviewed):
        return found
    states = (*FREE, OutboxState.HELD) if chosen.with_held else FREE
    rows = take(found, chosen, states)
    others = others_of(found, chosen, (row.pk for row in rows))
    free = max(today(creditor, at), *(row.as_of for row in rows)) + timedelta(days=1)
    for some in portions(rows, states):
        some.update(
            state=OutboxState.CANCELLED, state_reason=DROPPED, settled_at=at, held_by=str(by)[:200],
            review_note=reason, free_date=free,
        )  # fmt: skip
    return record("review.dropped", creditor, chosen, rows, others, at, by, key, {**asked, "not_before": free})


def proposal_hash(creditor: Creditor) -> str:
    """Twelve hexadecimal digits over what waits: other digits, another proposal."""
    waits = OutboxMessage.objects.filter(creditor=creditor, state__in=(OutboxState.PREPARED, OutboxState.HELD))
    return _hash(f"{key} {state}" for key, state in waits.order_by("key").values_list("key", "state"))[:12]


def begin(
    event: str, creditor: Creditor, chosen: Chosen, key: UUID | str, asked: dict[str, Any]
) -> "QuerySet[OutboxMessage] | Reviewed":
    """Take the creditor's row; what an act of the same key did before, or the messages that are chosen."""
    text = checked_key(key)
    Creditor.objects.select_for_update(no_key=True).get(pk=creditor.pk)
    entry = JournalEntry.objects.filter(creditor=creditor, event=event, key=text).first()
    if entry is None:
        return _chosen(creditor, chosen)
    body: dict[str, Any] = json.loads(bytes(entry.body))["body"]
    if any(body.get(name) != value for name, value in {**asked, "chosen": _choice(chosen)}.items()):
        raise Refused("talk.key_reused", key=text)
    return Reviewed(body["count"], body["others"])


def _chosen(creditor: Creditor, chosen: Chosen) -> "QuerySet[OutboxMessage]":
    rows = OutboxMessage.objects.filter(creditor=creditor)
    if not (chosen.everything or chosen.stages or chosen.channels or chosen.debtors or chosen.keys):
        raise Refused("review.say_which")
    if chosen.stages:
        rows = rows.filter(stage__in=[int(stage) for stage in chosen.stages])
    if chosen.channels:
        rows = rows.filter(channel__in=chosen.channels)
    if chosen.debtors:
        known = dict(Debtor.objects.filter(creditor=creditor, number__in=chosen.debtors).values_list("number", "pk"))
        for number in chosen.debtors:
            if number not in known:
                raise Refused("debtor.unknown", number=number[:60])
        rows = rows.filter(debtor__in=list(known.values()))
    if chosen.keys:
        there = set(OutboxMessage.objects.filter(creditor=creditor, key__in=chosen.keys).values_list("key", flat=True))
        for each in chosen.keys:
            if each not in there:
                raise Refused("send.no_such_message", key=each[:250])
        rows = rows.filter(key__in=chosen.keys)
    return rows


def take(found: "QuerySet[OutboxMessage]", chosen: Chosen, states: tuple[OutboxState, ...]) -> list[OutboxMessage]:
    """The messages in these states, locked. Refuses when there are none, and says what became of the chosen."""
    rows = list(found.filter(state__in=states).select_for_update(of=("self",)).order_by("pk"))
    if not rows:
        if told := others_of(found, chosen, ()):
            words = ", ".join(f"{count} {state}" for state, count in sorted(told.items()))
            raise Refused("review.nothing", states=words)
        raise Refused("review.none")
    return rows


def others_of(found: "QuerySet[OutboxMessage]", chosen: Chosen, taken: Iterable[int]) -> dict[str, int]:
    """Chosen messages that the act leaves as they are, by state. What is over counts where a key names it."""
    gone, seen = set(taken), found if chosen.keys else found.filter(state__in=LIVE_STATES)
    return dict(Counter(state for pk, state in seen.values_list("pk", "state") if pk not in gone))


def portions(rows: list[OutboxMessage], states: tuple[OutboxState, ...]) -> Iterable["QuerySet[OutboxMessage]"]:
    """These messages as far as they still stand in one of the states, some at a time."""
    ids = [row.pk for row in rows]
    for start in range(0, len(ids), 5_000):
        yield OutboxMessage.objects.filter(pk__in=ids[start : start + 5_000], state__in=states)


def _refuse_unseen(creditor: Creditor, seen: str | None) -> None:
    if seen is not None and seen != (now := proposal_hash(creditor)):
        raise Refused("review.changed_since", seen=seen[:20], now=now)


def record(
    event: str, creditor: Creditor, chosen: Chosen, rows: list[OutboxMessage], others: Mapping[str, int], at: datetime,
    by: Actor, key: UUID | str, more: Mapping[str, Any],
) -> Reviewed:  # fmt: skip
    """One entry for all: which messages, how many, of which stages, and what they ask for per currency."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row.currency] += row.total_minor
    debtors = {row.debtor_id for row in rows}
    keys = sorted(row.key for row in rows)
    journal.append(
        event, creditor=creditor, by=by, at=at, key=str(key), debtor=debtors.pop() if len(debtors) == 1 else None,
        body={
            "chosen": _choice(chosen), "count": len(rows), "others": dict(others), "sums": dict(sums),
            "stages": dict(Counter(Stage(row.stage).word for row in rows)),
            "keys_hash": _hash(keys), "messages": keys if len(keys) <= _NAMED else None, **more,
        },
    )  # fmt: skip
    return Reviewed(len(rows), others)


def _choice(chosen: Chosen) -> dict[str, Any]:
    return {
        "stages": [stage.word for stage in chosen.stages], "channels": list(chosen.channels),
        "debtors": list(chosen.debtors), "keys": list(chosen.keys), "everything": chosen.everything,
        "held": chosen.held,
    }  # fmt: skip


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
