"""What the desk shows: today's standings, one debtor's contacts and journal, and what was sent."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, Q

from dunwell.store.models import Creditor, Debtor, Document, JournalEntry, Run, Standing
from dunwell.store.reads.tasks import FOR_A_PERSON

__all__ = ["Creditor", "Cursor", "Standing", "counts", "debtor", "document", "journal", "latest_run", "standings"]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of standings ended: rows go by overdue sum, then id. No OFFSET: it slows with depth."""

    overdue_minor: int
    row_id: int

    def __str__(self) -> str:
        return f"{self.overdue_minor}.{self.row_id}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """From the address of a page; None for anything that is not one."""
        found = re.fullmatch(r"([0-9]{1,18})\.([0-9]{1,18})", text)
        return cls(int(found[1]), int(found[2])) if found else None


def latest_run(creditor: Creditor) -> Run | None:
    """The run that the standings were last refreshed by.

    A run refreshes them when its day has come and no later day was run before after that had come (`actions.day.runs`):
    so it is the latest day's run among those that were no look ahead.
    """
    zone = ZoneInfo(creditor.zone)
    newest = Run.objects.filter(creditor=creditor).order_by("-as_of", "-pk").iterator(chunk_size=50)
    return next((run for run in newest if run.as_of <= run.known_at.astimezone(zone).date()), None)


def standings(
    creditor: Creditor, action: str, search: str, after: Cursor | None
) -> tuple[list[Standing], Cursor | None]:
    """A page of standings of one action, largest overdue sum first, and where the next page begins.

    Those of `task` are all that wait for a person, also beside a message.
    """
    rows = Standing.objects.filter(_of(action), creditor=creditor).select_related("debtor")
    if search:
        rows = rows.filter(Q(debtor__number__startswith=search) | Q(debtor__name__icontains=search))
    if after:
        rows = rows.filter(
            Q(overdue_minor__lt=after.overdue_minor) | Q(overdue_minor=after.overdue_minor, pk__gt=after.row_id)
        )
    found = list(rows.order_by(F("overdue_minor").desc(), "pk")[: PAGE + 1])
    if len(found) <= PAGE:
        return found, None
    last = found[PAGE - 1]
    return found[:PAGE], Cursor(last.overdue_minor, last.pk)


def counts(creditor: Creditor) -> dict[str, int]:
    """Action -> how many standings `standings` has of it."""
    rows = Standing.objects.filter(creditor=creditor)
    found = dict(rows.values_list("action").annotate(Count("pk")).order_by("action"))
    return {**found, "task": rows.filter(_of("task")).count()}


def _of(action: str) -> Q:
    return FOR_A_PERSON if action == "task" else Q(action=action)


def debtor(debtor_id: int) -> Debtor | None:
    """A debtor by row id."""
    return Debtor.objects.select_related("creditor").filter(pk=debtor_id).first()


def journal(of: Debtor) -> list[dict[str, Any]]:
    """The latest journal entries about a debtor: at, event, actor."""
    rows = JournalEntry.objects.filter(debtor=of.pk).order_by("-at", "-recorded_at")[:30]
    return [dict(row) for row in rows.values("at", "event", "actor")]


def document(sha256: str) -> tuple[Document, bytes] | None:
    """A kept document and its bytes, or None."""
    found = Document.objects.filter(sha256=sha256).first()
    if found is None:
        return None
    path: Path = settings.DUNWELL.documents / found.sha256[:2] / found.sha256
    return (found, path.read_bytes()) if path.is_file() else None
