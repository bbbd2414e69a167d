"""What an import makes of e-invoices: rows in the tables, nothing twice, and no other invoice taken as paid."""

from datetime import date
from pathlib import Path

import pytest

from dunwell.core.errors import DunwellError
from dunwell.store.models import Creditor, Debtor, Receivable
from tests.imports.files import counts, everything, take_in, write_book
from tests.intake.einvoices import cii, pdf, put, terms, ubl
from tests.support.book import make_creditor
from tests.support.homes import Home

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def creditor(db: Home, tmp_path: Path) -> Creditor:
    """A creditor with the small book: C1 is Müller & Söhne."""
    made = make_creditor()
    take_in(made, *write_book(tmp_path))
    return made


def receivables(creditor: Creditor, *numbers: str) -> list[tuple[str, str, str, date | None, int]]:
    found = Receivable.objects.filter(creditor=creditor, number__in=numbers).order_by("number")
    return list(found.values_list("number", "kind", "debtor__number", "due_date", "amount_minor"))


class TestAnEInvoice:
    def test_becomes_an_invoice_of_the_customer_whom_the_book_knows(self, creditor: Creditor, tmp_path: Path) -> None:
        several = terms(("2026-10-31", "50.00"), ("2026-11-30", "69.00"))
        files = [
            put(tmp_path, "a.xml", ubl()), put(tmp_path, "b.pdf", pdf(factur_x=cii())),
            put(tmp_path, "c.xml", ubl("R-79", due="", after_parties=several)),
            put(tmp_path, "d.xml", ubl("G-79", root="CreditNote", code="381", due="")),
        ]  # fmt: skip
        before = Debtor.objects.count()
        take_in(creditor, *files)
        assert receivables(creditor, "R-77", "R-78", "R-79", "R-79#1", "R-79#2", "G-79") == [
            ("G-79", "credit_note", "C1", date(2026, 10, 1), -11900),
            ("R-77", "invoice", "C1", date(2026, 10, 31), 11900),
            ("R-78", "invoice", "C1", date(2026, 10, 31), 11900),
            ("R-79#1", "instalment", "C1", date(2026, 10, 31), 5000),
            ("R-79#2", "instalment", "C1", date(2026, 11, 30), 6900),
        ]
        assert Debtor.objects.count() == before

    def test_changes_nothing_the_second_time(self, creditor: Creditor, tmp_path: Path) -> None:
        file = put(tmp_path, "a.xml", ubl())
        take_in(creditor, file)
        stood = everything()
        assert not take_in(creditor, file).written
        assert everything() == stood

    def test_is_only_looked_at_in_a_dry_run(self, creditor: Creditor, tmp_path: Path) -> None:
        report = take_in(creditor, put(tmp_path, "a.xml", ubl()), dry_run=True)
        assert counts(report)["invoices"][0] == 1
        assert receivables(creditor, "R-77") == []

    def test_that_was_paid_in_advance_leaves_nothing_open(self, creditor: Creditor, tmp_path: Path) -> None:
        paid = "<cbc:PrepaidAmount>119.00</cbc:PrepaidAmount>"
        take_in(creditor, put(tmp_path, "a.xml", ubl(more_totals=paid, payable="0.00")))
        assert receivables(creditor, "R-77") == [("R-77", "invoice", "C1", date(2026, 10, 31), 0)]

    def test_with_wrong_sums_is_not_written_and_keeps_the_others_back(self, creditor: Creditor, tmp_path: Path) -> None:
        files = put(tmp_path, "a.xml", ubl(payable="120.00")), put(tmp_path, "b.xml", ubl("R-80"))
        report = take_in(creditor, *files)
        assert report.refused
        assert report.errors["code"].to_list() == ["intake.einvoice_sum"]
        take_in(creditor, *files, accept_valid_rows=True)
        assert [number for number, *_ in receivables(creditor, "R-77", "R-80")] == ["R-80"]

    def test_is_refused_in_a_list_of_open_items(self, creditor: Creditor, tmp_path: Path) -> None:
        with pytest.raises(DunwellError, match="open-items"):
            take_in(creditor, put(tmp_path, "a.xml", ubl()), day=date(2026, 11, 1))
