"""One debtor with an invoice, a charge on it, a credit note and a payment: 1,000.00 + 20.00 - 300.00 EUR open."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from dunwell.core.money import Money
from dunwell.store import guard
from dunwell.store.models import Creditor, Debtor, Payment, Receivable
from tests.support.rows import NOW, a_creditor, a_debtor

TODAY = date(2026, 11, 22)


@dataclass
class Book:
    creditor: Creditor
    debtor: Debtor
    invoice: Receivable
    charge: Receivable
    note: Receivable


def a_book() -> Book:
    creditor = a_creditor()
    debtor = a_debtor(creditor)
    invoice = an_item(debtor, "R-1", 100_000)
    charge = an_item(debtor, "R-1-fee", 2_000, kind="charge", parent=invoice)
    note = an_item(debtor, "C-1", -5_000, kind="credit_note")
    pay(debtor, 30_000, date(2026, 11, 1), receivable=invoice)
    return Book(creditor, debtor, invoice, charge, note)


def an_item(debtor: Debtor, number: str, minor: int, **changes: Any) -> Receivable:
    values = {
        "kind": "invoice",
        "issue_date": date(2026, 9, 1),
        "due_date": date(2026, 10, 1),
        "currency": "EUR",
        "status": "open",
        "known_from": NOW,
        **changes,
    }
    with guard.writing("test"):
        return Receivable.objects.create(
            creditor=debtor.creditor, debtor=debtor, number=number, amount_minor=minor, **values
        )


def pay(debtor: Debtor, minor: int, day: date, **changes: Any) -> Payment:
    values = {"number": f"B-{day}-{minor}", "currency": "EUR", "source_kind": "bank", "known_from": NOW, **changes}
    with guard.writing("test"):
        return Payment.objects.create(
            creditor=debtor.creditor, debtor=debtor, value_date=day, amount_minor=minor, **values
        )


def euro(minor: int) -> Money:
    return Money(minor, "EUR")
