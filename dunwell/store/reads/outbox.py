"""What stands in the outbox."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet

from dunwell.core.terms import LIVE_STATES, SENDING_STATES, OutboxState
from dunwell.store.models import Creditor, OutboxMessage

TO_SEE = (*LIVE_STATES, OutboxState.UNKNOWN)
"""States that still ask for something: the sender's work, or a person's answer."""


def messages(creditor: Creditor | None, states: tuple[str, ...] = TO_SEE, limit: int = 100) -> list[dict[str, Any]]:
    """Messages in these states, those that wait for a person first, then by the moment they may leave."""
    rows = _found(creditor, states).order_by("not_before_at", "pk").values(
        "key", "state", "state_reason", "channel", "stage", "purpose", "currency", "total_minor", "as_of",
        "not_before_at", "settled_at", "attempts", "debtor__number", "debtor__name", "creditor__code", "creditor__zone",
    )  # fmt: skip
    unknown = rows.filter(state=OutboxState.UNKNOWN)[:limit]
    others = rows.exclude(state=OutboxState.UNKNOWN)[:limit]
    return [dict(row) for row in (*unknown, *others)][:limit]


def count(creditor: Creditor | None, states: tuple[str, ...] = TO_SEE) -> int:
    """How many messages are in these states."""
    return _found(creditor, states).count()


def _found(creditor: Creditor | None, states: tuple[str, ...]) -> QuerySet[OutboxMessage]:
    found = OutboxMessage.objects.filter(state__in=states)
    return found if creditor is None else found.filter(creditor=creditor)


def could_leave(creditors: Iterable[Creditor], since: date) -> int:
    """How many waiting messages were prepared for a day not before `since`, so that they may still leave in earnest."""
    mine = OutboxMessage.objects.filter(creditor__in=list(creditors), state__in=SENDING_STATES)
    return mine.filter(as_of__gte=since).count()
