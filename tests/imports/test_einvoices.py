"""What an import makes of e-invoices: rows in the tables, nothing twice, and no other invoice taken as paid."""

from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from dunwell.actions.sending.sent_bytes import read
from dunwell.core.errors import DunwellError
from dunwell.jobs.cli import _run
from dunwell.store.models import Creditor, Debtor, JournalEntry, Receivable
from dunwell.store.reads.documents import documents_of
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


class TestTheOriginal:
    def test_is_kept_under_its_hash_beside_each_receivable_that_it_told(
        self, creditor: Creditor, tmp_path: Path
    ) -> None:
        several = terms(("2026-10-31", "50.00"), ("2026-11-30", "69.00"))
        file = put(tmp_path, "c.xml", ubl("R-79", due="", after_parties=several))
        take_in(creditor, file)
        take_in(creditor, file)
        found = documents_of(creditor, "R-79")
        assert [(one.receivable.number, one.kind, one.name) for one in found] == [
            ("R-79#1", "einvoice", "c.xml"),
            ("R-79#2", "einvoice", "c.xml"),
        ]
        assert {one.document.media_type for one in found} == {"application/xml"}
        assert read(settings.DUNWELL.documents, found[0].document.sha256) == file.read_bytes()
        assert JournalEntry.objects.filter(event="document.kept").count() == 2

    def test_is_kept_of_a_credit_note_and_of_a_pdf(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(
            creditor, put(tmp_path, "b.pdf", pdf(factur_x=cii())),
            put(tmp_path, "d.xml", ubl("G-79", root="CreditNote", code="381", due="")),
        )  # fmt: skip
        assert [one.document.media_type for one in documents_of(creditor, "R-78")] == ["application/pdf"]
        assert [one.name for one in documents_of(creditor, "G-79")] == ["d.xml"]

    def test_is_kept_also_where_the_ledger_had_told_the_row_before(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(creditor, put(tmp_path, "a.xml", ubl()))
        again = put(tmp_path, "again.xml", ubl() + "<!-- sent once more -->")
        assert take_in(creditor, again).written
        assert [one.name for one in documents_of(creditor, "R-77")] == ["a.xml", "again.xml"]

    def test_is_not_kept_where_nothing_of_it_is_taken_in(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(creditor, put(tmp_path, "a.xml", ubl()), dry_run=True)
        take_in(creditor, put(tmp_path, "b.xml", ubl(payable="1.00")), accept_valid_rows=True)
        assert not JournalEntry.objects.filter(event="document.kept").exists()


class TestTheCommandLine:
    def test_lists_and_exports_what_is_kept(
        self, creditor: Creditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = put(tmp_path, "a.xml", ubl())
        take_in(creditor, file)
        assert _run(["documents", "list", "R-77"]) == 0
        assert "a.xml" in capsys.readouterr().out
        assert _run(["documents", "export", "R-77", "--into", str(tmp_path / "out")]) == 0
        (exported,) = (tmp_path / "out").iterdir()
        assert exported.read_bytes() == file.read_bytes()
        assert exported.suffix == ".xml"

    def test_says_where_nothing_is_kept_and_what_is_unknown(
        self, creditor: Creditor, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert _run(["documents", "list", "R1"]) == 0
        assert "R1" in capsys.readouterr().out
        assert _run(["documents", "list", "R-none"]) == 2
        assert "Traceback" not in capsys.readouterr().err
