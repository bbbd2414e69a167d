"""What is about to leave, and what waits for a person."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum

from dunwell.core.terms import LIVE_STATES, OutboxState
from dunwell.store.models import Creditor, JournalEntry, OutboxMessage

WAITING = (OutboxState.PREPARED, OutboxState.HELD)


def groups(creditor: Creditor) -> list[dict[str, Any]]:
    """stage, channel, currency, state, state_reason -> count, total_minor: of all messages that may still leave."""
    by = ("stage", "channel", "currency", "state", "state_reason")
    return [
        {**row, "total_minor": int(row["total_minor"])}
        for row in _live(creditor).values(*by).annotate(count=Count("pk"), total_minor=Sum("total_minor")).order_by(*by)
    ]


def held(creditor: Creditor, limit: int) -> list[OutboxMessage]:
    """What people hold, the oldest first."""
    return list(_live(creditor).filter(state=OutboxState.HELD).order_by("pk")[:limit])


def count_waiting(creditor: Creditor) -> int:
    """How many messages a person has to say a word about."""
    return OutboxMessage.objects.filter(creditor=creditor, state__in=WAITING).count()


def samples(creditor: Creditor, count: int) -> list[OutboxMessage]:
    """Of each stage and channel the first so many messages of different persons, those that wait before the others."""
    found: list[OutboxMessage] = []
    persons: set[int] = set()
    groups = _live(creditor).values_list("stage", "channel").distinct().order_by("stage", "channel")
    for stage, channel in groups:
        mine = _live(creditor).filter(stage=stage, channel=channel)
        taken = 0
        for states in (WAITING, [state for state in LIVE_STATES if state not in WAITING]):
            # twice as many: some may be of persons of whom there is a sample already
            for row in _whole(mine.filter(state__in=states))[: count * 2]:
                if taken < count and row.debtor.person_id not in persons:
                    persons.add(row.debtor.person_id)
                    found.append(row)
                    taken += 1
    return found


def _whole(rows: "QuerySet[OutboxMessage]") -> "QuerySet[OutboxMessage]":
    return rows.select_related("creditor", "debtor", "contact_point").order_by("pk")


def _live(creditor: Creditor, states: Sequence[str] = LIVE_STATES) -> "QuerySet[OutboxMessage]":
    return OutboxMessage.objects.filter(creditor=creditor, state__in=states)


DEVIATIONS = ("review.held", "review.dropped", "review.edited", "review.reassigned")
"""Acts by which a person does otherwise than a run proposed."""


def deviations(creditor: Creditor, since: date, until: date) -> list[dict[str, Any]]:
    """Every such act of these days (of the creditor's clock), the earliest first: at, by, what (`held`, ...), reason,
    count, stages (stage -> how many; empty: not told), to (whose task it became, or where it goes; or None)."""
    zone = ZoneInfo(creditor.zone)
    first = datetime.combine(since, time(), zone)
    end = datetime.combine(until + timedelta(days=1), time(), zone)
    entries = JournalEntry.objects.filter(creditor=creditor, event__in=DEVIATIONS, at__gte=first, at__lt=end)
    return [_deviation(each) for each in entries.order_by("recorded_at", "pk")]


def _deviation(entry: JournalEntry) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(entry.body))["body"]
    # entries of before name their messages, whose keys name the stage
    named = Counter(key.rsplit(":", 3)[1] for key in body["messages"] or ())
    return {
        "at": entry.at, "by": entry.actor, "what": entry.event.removeprefix("review."), "reason": body["reason"],
        "count": body["count"], "stages": body.get("stages", dict(named)), "to": body.get("to"),
    }  # fmt: skip
