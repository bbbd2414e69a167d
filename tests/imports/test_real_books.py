"""Two real books, taken in without loss: counts and sums as plain Python finds them in the files."""

import csv
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from dunwell.store.models import Debtor, Dispute, Payment, Receivable
from tests.imports.files import take_in
from tests.support.book import make_creditor

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.timeout(600)]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sums(table: list[dict[str, str]], currency: str = "") -> dict[str, tuple[int, int]]:
    """Currency -> rows, sum in minor units (two decimals)."""
    counted, summed = Counter(), defaultdict(Decimal)
    for row in table:
        code = row.get("currency") or currency
        counted[code] += 1
        summed[code] += Decimal(row["amount"])
    return {code: (counted[code], int(summed[code] * 100)) for code in counted}


def stored(found: object) -> dict[str, tuple[int, int]]:
    listed = found.values("currency").annotate(rows=Count("pk"), total=Sum("amount_minor"))  # type: ignore[attr-defined]
    return {each["currency"]: (each["rows"], int(each["total"])) for each in listed}


class TestOpenBook:
    def test_is_taken_in_without_loss(self, shared_data: Path) -> None:
        folder = shared_data / "data" / "open_book"
        creditor = make_creditor(country="US", zone="America/New_York", currency="USD")
        paths = [folder / "customers.csv", folder / "invoices.csv"]
        assert take_in(creditor, *paths).errors.is_empty()
        assert Debtor.objects.count() == len(rows(paths[0]))
        assert stored(Receivable.objects.filter(kind="invoice")) == sums(
            [row for row in rows(paths[1]) if Decimal(row["amount"]) >= 0]
        )
        per_debtor = defaultdict(Decimal)
        for row in rows(paths[1]):
            per_debtor[row["customer_id"]] += Decimal(row["amount"])
        found = Receivable.objects.values_list("debtor__number").annotate(Sum("amount_minor"))
        assert {number: Decimal(int(total)) / 100 for number, total in found} == per_debtor
        assert take_in(creditor, *paths).nothing_new

    def test_is_taken_in_as_a_list_of_open_items(self, shared_data: Path, tmp_path: Path) -> None:
        folder = shared_data / "data" / "open_book"
        creditor = make_creditor(country="US", zone="America/New_York", currency="USD")
        take_in(creditor, folder / "customers.csv")
        take_in(creditor, folder / "invoices.csv", day=date(2020, 5, 14))
        lines = (folder / "invoices.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        shorter = tmp_path / "invoices.csv"
        shorter.write_text(lines[0] + "".join(lines[500:]), encoding="utf-8")
        report = take_in(creditor, shorter, day=date(2020, 5, 15), accept_disappeared=True)
        assert report.open_items is not None
        gone = rows(folder / "invoices.csv")[:499]
        assert report.open_items.disappeared.items == len(gone)
        assert stored(Payment.objects.filter(source_kind="ledger")) == sums(gone)


class TestFines:
    def test_are_taken_in_without_loss(self, shared_data: Path) -> None:
        folder = shared_data / "data" / "fines"
        creditor = make_creditor(country="IT", zone="Europe/Rome", currency="EUR")
        paths = sorted(folder.glob("*.csv"))
        assert take_in(creditor, *paths).errors.is_empty()
        assert Debtor.objects.count() == len(rows(folder / "customers.csv"))
        assert stored(Receivable.objects.filter(kind="invoice")) == sums(rows(folder / "invoices.csv"))
        assert stored(Receivable.objects.filter(kind="charge")) == sums(rows(folder / "charges.csv"), "EUR")
        assert stored(Payment.objects.filter(source_kind="bank")) == sums(rows(folder / "payments.csv"))
        assert Dispute.objects.count() == len(rows(folder / "disputes.csv"))
        parents = Receivable.objects.filter(kind="charge").values_list("number", "parent__number")
        assert dict(parents) == {row["charge_id"]: row["invoice_id"] for row in rows(folder / "charges.csv")}
