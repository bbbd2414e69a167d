"""Counts and sums over a creditor's whole book, for summaries."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Case, Count, Min, PositiveSmallIntegerField, Value, When

from dunwell.core.terms import Stage
from dunwell.store.models import (
    Complaint,
    ContactAttempt,
    Creditor,
    Debtor,
    Dispute,
    Document,
    JournalEntry,
    OutboxMessage,
    Payment,
    Receivable,
)

__all__ = [
    "Complaint",
    "Creditor",
    "Debtor",
    "Dispute",
    "cancelled",
    "contacts",
    "debtors",
    "documents",
    "journal_entries",
    "receivables",
    "recovered",
]


def debtors(creditor: Creditor) -> dict[str, Debtor]:
    """All debtors by number."""
    return {debtor.number: debtor for debtor in Debtor.objects.filter(creditor=creditor)}


def contacts(creditor: Creditor) -> list[tuple[str, int | None, str, int]]:
    """channel, stage, outcome, count: what left us and what could not; messages about promises with stage 0, calls,
    which have no stage either, with None."""
    none = Value(int(Stage.NONE), output_field=PositiveSmallIntegerField())
    rows = ContactAttempt.objects.filter(creditor=creditor, direction="out").annotate(
        kind=Case(When(promise__isnull=False, then=none), default="stage")
    )
    return list(
        rows.values_list("channel", "kind", "outcome").annotate(Count("pk")).order_by("channel", "kind", "outcome")
    )


def cancelled(creditor: Creditor) -> dict[str, int]:
    """Why messages that had been prepared did not leave: reason -> count."""
    rows = OutboxMessage.objects.filter(creditor=creditor, state="cancelled")
    return dict(rows.values_list("state_reason").annotate(Count("pk")).order_by("state_reason"))


def recovered(creditor: Creditor) -> dict[str, int]:
    """Currency -> minor units that came in, from the day after the first contact with their payer on."""
    contacted = ContactAttempt.objects.filter(creditor=creditor, direction="out", outcome__in=("sent", "unknown"))
    first: dict[int, date] = dict(contacted.values_list("debtor").annotate(Min("contact_date")))
    found: dict[str, int] = {}
    for debtor, day, currency, minor in _payments(creditor):
        if debtor in first and day > first[debtor]:
            found[currency] = found.get(currency, 0) + minor
    return dict(sorted(found.items()))


def receivables() -> int:
    """All invoices, charges and credit notes of all creditors."""
    return Receivable.objects.count()


def journal_entries() -> int:
    """All entries of all creditors."""
    return JournalEntry.objects.count()


def documents() -> int:
    """All documents that are kept."""
    return Document.objects.count()


def _payments(creditor: Creditor) -> Iterator[tuple[int, date, str, int]]:
    rows = Payment.objects.filter(creditor=creditor)
    return rows.values_list("debtor", "value_date", "currency", "amount_minor").iterator()
