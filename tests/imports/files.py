"""Ledger files for tests, imports of them in this process, and what the tables hold afterwards, without row ids."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from dunwell.actions.importing.files import import_files
from dunwell.actions.importing.report import ImportReport
from dunwell.store import dialect
from dunwell.store.models import (
    ContactPoint,
    Creditor,
    Debtor,
    Dispute,
    ImportFile,
    JournalEntry,
    Payment,
    Receivable,
)
from tests.support.book import TESTER

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

CUSTOMERS = [
    {"customer_id": "C1", "name": "Müller & Söhne GmbH", "email": "ap@mueller.example", "city": "Berlin"},
    {"customer_id": "C2", "name": "陈记贸易有限公司", "email": "ap@chen.example", "city": "上海"},
    {"customer_id": "C3", "name": "O'Neill Ltd", "email": "", "city": "Cork"},
]
INVOICES = [
    {"invoice_id": "R1", "customer_id": "C1", "issue_date": "2026-08-01", "due_date": "2026-08-31", "currency": "EUR",
     "amount": "1190.00", "description": "Steel"},
    {"invoice_id": "R2", "customer_id": "C1", "issue_date": "2026-09-01", "due_date": "2026-10-01", "currency": "EUR",
     "amount": "250.50", "description": ""},
    {"invoice_id": "R3", "customer_id": "C2", "issue_date": "2026-09-15", "due_date": "2026-10-15", "currency": "JPY",
     "amount": "90000", "description": "Parts"},
]  # fmt: skip
CREDIT_NOTES = [
    {"credit_note_id": "G1", "invoice_id": "R1", "customer_id": "C1", "issue_date": "2026-08-20", "currency": "EUR",
     "amount": "190.00"},
]  # fmt: skip
CHARGES = [{"charge_id": "F1", "invoice_id": "R1", "date": "2026-09-20", "kind": "reminder fee", "amount": "5.00"}]
PAYMENTS = [
    {"payment_id": "P1", "customer_id": "C1", "invoice_id": "R1", "value_date": "2026-09-03", "currency": "EUR",
     "amount": "300.00", "reverses": ""},
    {"payment_id": "P2", "customer_id": "C2", "invoice_id": "", "value_date": "2026-09-30", "currency": "JPY",
     "amount": "1000", "reverses": ""},
    {"payment_id": "P3", "customer_id": "C1", "invoice_id": "R1", "value_date": "2026-09-10", "currency": "EUR",
     "amount": "-300.00", "reverses": "P1"},
]  # fmt: skip
DISPUTES = [
    {"dispute_id": "D1", "invoice_id": "R2", "opened_on": "2026-10-05", "closed_on": "", "reason": "wrong price",
     "amount": "50.50"},
]  # fmt: skip
BOOK: dict[str, list[dict[str, str]]] = {
    "customers": CUSTOMERS,
    "invoices": INVOICES,
    "credit_notes": CREDIT_NOTES,
    "charges": CHARGES,
    "payments": PAYMENTS,
    "disputes": DISPUTES,
}


def write(folder: Path, name: str, rows: Sequence[Mapping[str, str]], header: Sequence[str] = ()) -> Path:
    """A CSV file of rows."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else list(header))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_book(folder: Path, **replaced: Sequence[Mapping[str, str]]) -> list[Path]:
    """The files of the small book."""
    return [write(folder, name, rows) for name, rows in {**BOOK, **replaced}.items()]


def take_in(creditor: Creditor, *paths: Path, day: date | None = None, **options: Any) -> ImportReport:
    """Import files; each call two seconds later than the one before, so that versions can be told apart."""
    take_in.calls += 1  # type: ignore[attr-defined]
    now = NOW + timedelta(seconds=2 * take_in.calls)  # type: ignore[attr-defined]
    return import_files(creditor=creditor, paths=paths, open_items_date=day, **{"now": now, "by": TESTER, **options})


take_in.calls = 0  # type: ignore[attr-defined]


def counts(report: ImportReport) -> dict[str, tuple[int, int, int]]:
    """Kind -> new, changed, unchanged, over all files."""
    found: dict[str, tuple[int, int, int]] = {}
    for file in report.files:
        for kind, each in file.counts.items():
            new, changed, unchanged = found.get(kind, (0, 0, 0))
            found[kind] = (new + each.new, changed + each.changed, unchanged + each.unchanged)
    return found


def content(creditor: Creditor) -> dict[str, list[tuple[Any, ...]]]:
    """What is known about a creditor now: by numbers instead of row ids, without moments, sorted."""
    of = {"creditor": creditor}
    return {
        "debtors": sorted(
            Debtor.objects.filter(**of).values_list(
                "number", "person__number", "name", "contact_name", "kind", "country", "language", "zone", "segment",
                "preferred_channel",
            ),
            key=str,
        ),
        "contact_points": sorted(
            ContactPoint.objects.filter(**of).values_list(
                "debtor__number", "channel", "rank", "value", "contact_name", "street", "postcode", "city", "region",
                "country", "invalid_since",
            ),
            key=str,
        ),
        "receivables": sorted(
            Receivable.objects.filter(**of).values_list(
                "kind", "number", "debtor__number", "parent__number", "issue_date", "due_date", "currency",
                "amount_minor", "status", "description",
            ),
            key=str,
        ),
        "payments": sorted(
            Payment.objects.filter(**of).values_list(
                "number", "debtor__number", "receivable__number", "receivable__kind", "reverses__number", "value_date",
                "currency", "amount_minor", "source_kind", "method",
            ),
            key=str,
        ),
        "disputes": sorted(
            Dispute.objects.filter(**of).values_list(
                "number", "debtor__number", "receivable__number", "opened_date", "closed_date", "amount_minor",
                "reason", "outcome",
            ),
            key=str,
        ),
    }  # fmt: skip


def everything() -> dict[str, list[Any]]:
    """Every row of every table, ids and moments included: equal before and after means that nothing was written."""
    with connection.cursor() as cursor:
        tables = [table for table in connection.introspection.table_names(cursor) if table.startswith("store_")]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
            found[table] = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor]
        if dialect.is_sqlite():
            cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name")
            found["sequences"] = cursor.fetchall()
        else:
            cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
            found["sequences"] = cursor.fetchall()
    return found


def journal_of(creditor: Creditor) -> list[str]:
    """The events recorded about files."""
    return list(JournalEntry.objects.filter(creditor=creditor, event="file.imported").values_list("event", flat=True))


def files_of(creditor: Creditor) -> int:
    """How many files are on record."""
    return ImportFile.objects.filter(creditor=creditor).count()
