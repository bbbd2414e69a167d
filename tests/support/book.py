"""A small book in the tables, for tests that are not about taking it in."""

from datetime import UTC, date, datetime

import polars as pl
from django.db import transaction

from dunwell.actions.creditors import set_creditor
from dunwell.core.actor import Actor, ActorKind
from dunwell.store import dialect, guard
from dunwell.store.models import Creditor, Person

TESTER = Actor(ActorKind.USER, "tester")
KNOWN = datetime(2026, 1, 1, tzinfo=UTC)

ACME = {
    "name": "Acme GmbH", "street": "Hauptstr. 1", "postcode": "10115", "city": "Berlin", "country": "DE",
    "zone": "Europe/Berlin", "language": "en", "currency": "EUR", "iban": "DE89370400440532013000",
    "signatory_name": "Erika Muster", "email": "ar@acme.example",
}  # fmt: skip


def make_creditor(code: str = "main", **changes: str) -> Creditor:
    """A creditor complete enough to write letters."""
    return set_creditor(code=code, changes={**ACME, **changes}, at=KNOWN, by=TESTER)


def make_debtors(creditor: Creditor, *names: str, **columns: str | None) -> list[int]:
    """Debtors D1, D2, ... with an e-mail address each; returns their row ids."""
    base = {"kind": "business", "country": "DE", "language": "en", **columns}
    ids = []
    with guard.writing("test"), transaction.atomic():
        start = Person.objects.filter(creditor=creditor).count()
        for n, name in enumerate(names, start + 1):
            person = Person.objects.create(creditor=creditor, number=f"P{n}")
            row = {"creditor_id": creditor.pk, "known_from": KNOWN, "number": f"D{n}", "name": name,
                   "person_id": person.pk, **base}  # fmt: skip
            insert("store_debtor", row)
            debtor = dialect.read_frame(
                "SELECT id FROM store_debtor WHERE creditor_id = %s AND number = %s",
                [creditor.pk, f"D{n}"],
                {"id": pl.Int64()},
            ).item()
            insert("store_contactpoint", {"creditor_id": creditor.pk, "known_from": KNOWN, "debtor_id": debtor,
                   "channel": "email", "value": f"d{n}@debtor.example", "rank": 0})  # fmt: skip
            ids.append(debtor)
    return ids


def make_invoice(creditor: Creditor, debtor: int, number: str, due: date, minor: int, currency: str = "EUR") -> None:
    """An open invoice, issued thirty days before it is due."""
    with guard.writing("test"), transaction.atomic():
        insert("store_receivable", {
            "creditor_id": creditor.pk, "known_from": KNOWN, "debtor_id": debtor, "number": number, "kind": "invoice",
            "issue_date": date.fromordinal(due.toordinal() - 30), "due_date": due, "currency": currency,
            "amount_minor": minor, "status": "open",
        })  # fmt: skip


def insert(table: str, row: dict[str, object]) -> None:
    """One row, as bulk work writes it."""
    dialect.insert_frame(table, pl.DataFrame([row]))
