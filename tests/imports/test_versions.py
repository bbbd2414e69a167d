"""What a later import changes, and what it leaves alone."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from dunwell.actions.importing.files import import_files
from dunwell.actions.talks.disputes import close_dispute
from dunwell.engine.facts import SCHEMAS
from dunwell.store import extract
from dunwell.store.models import (
    Debtor,
    DebtorPast,
    Dispute,
    ImportFile,
    Payment,
    PaymentPast,
    Receivable,
    ReceivablePast,
)
from tests.imports.files import (
    BOOK,
    CUSTOMERS,
    INVOICES,
    NOW,
    content,
    counts,
    everything,
    files_of,
    journal_of,
    take_in,
    write,
    write_book,
)
from tests.support.book import TESTER, make_creditor

pytestmark = pytest.mark.usefixtures("db")


def changed(rows: list[dict[str, str]], which: int, **values: str) -> list[dict[str, str]]:
    return [{**row, **values} if place == which else row for place, row in enumerate(rows)]


class TestRepeatedImport:
    def test_changes_nothing_at_all(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        paths = write_book(tmp_path)
        take_in(creditor, *paths)
        before = everything()
        report = take_in(creditor, *paths)
        assert report.nothing_new
        assert not report.written
        assert everything() == before

    def test_changes_nothing_when_only_the_order_of_rows_or_columns_differs(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        before = everything()
        turned = {name: [dict(reversed(row.items())) for row in reversed(rows)] for name, rows in BOOK.items()}
        assert take_in(creditor, *write_book(tmp_path, **turned)).nothing_new
        assert everything() == before

    def test_records_only_the_files_that_bring_something(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        take_in(creditor, *write_book(tmp_path, invoices=changed(INVOICES, 0, amount="1200.00")))
        assert files_of(creditor) == 7
        assert len(journal_of(creditor)) == 7


class TestChangedRow:
    def test_moves_the_old_version_into_the_past_and_stays_under_its_id(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        old = Receivable.objects.get(number="R1")
        report = take_in(creditor, write(tmp_path, "invoices", changed(INVOICES, 0, amount="1200.00")))
        assert counts(report) == {"invoices": (0, 1, 2)}
        new = Receivable.objects.get(number="R1")
        past = ReceivablePast.objects.get()
        assert (new.pk, new.amount_minor) == (old.pk, 120000)
        assert (past.of, past.amount_minor, past.known_from, past.known_to) == (
            old.pk, 119000, old.known_from, new.known_from
        )  # fmt: skip
        assert (past.source, new.source) == (old.source, ImportFile.objects.latest("pk"))

    def test_leaves_every_day_visible_as_it_was_known_then(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        moments = [Receivable.objects.get(number="R1").known_from]
        for amount in ("1200.00", "1300.00", "1190.00"):
            take_in(creditor, write(tmp_path, "invoices", changed(INVOICES, 0, amount=amount)))
            moments.append(Receivable.objects.get(number="R1").known_from)
        seen = []
        for moment in moments:
            facts = extract.frames(creditor, SCHEMAS, known_at=moment + timedelta(seconds=1))
            seen.append(facts["receivables"].filter(number="R1")["amount_minor"].to_list())
        assert seen == [[119000], [120000], [130000], [119000]]

    def test_can_be_a_debtor_a_payment_or_a_dispute(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        take_in(
            creditor,
            *write_book(
                tmp_path,
                customers=changed(CUSTOMERS, 0, name="Müller AG"),
                payments=changed(BOOK["payments"], 1, amount="2000", invoice_id="R3"),
                disputes=changed(BOOK["disputes"], 0, closed_on="2026-11-01"),
            ),
        )
        assert Debtor.objects.get(number="C1").name == "Müller AG"
        assert [past.name for past in DebtorPast.objects.all()] == ["Müller & Söhne GmbH"]
        payment = Payment.objects.get(number="P2")
        assert (payment.amount_minor, payment.receivable.number) == (2000, "R3")
        assert [(past.amount_minor, past.receivable) for past in PaymentPast.objects.all()] == [(1000, None)]
        assert Dispute.objects.get().closed_date == date(2026, 11, 1)

    def test_may_lead_to_a_debtor_that_is_new_in_the_same_import(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        customers = [*CUSTOMERS, {"customer_id": "C9", "name": "Neun", "email": "", "city": ""}]
        take_in(
            creditor,
            write(tmp_path, "customers", customers),
            write(tmp_path, "invoices", changed(INVOICES, 1, customer_id="C9")),
        )
        assert Receivable.objects.get(number="R2").debtor.number == "C9"
        assert ReceivablePast.objects.get().debtor.number == "C1"

    def test_never_begins_before_the_version_it_follows(self, tmp_path: Path) -> None:
        # A trial may pretend an earlier moment; history must still run forward.
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        began = Receivable.objects.get(number="R1").known_from
        path = write(tmp_path, "invoices", changed(INVOICES, 0, amount="1200.00"))
        import_files(creditor=creditor, paths=[path], by=TESTER, now=NOW - timedelta(days=400))
        assert Receivable.objects.get(number="R1").known_from == began
        assert ReceivablePast.objects.get().known_to == began


class TestSilentFile:
    def test_does_not_erase_what_it_has_no_column_for(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        full = [{"customer_id": "1", "name": "a", "country": "AT", "language": "zh-Hant", "segment": "gold",
                 "person": "group", "kind": "consumer", "email": "a@a.example"}]  # fmt: skip
        take_in(creditor, write(tmp_path, "customers", full))
        before = everything()
        assert take_in(creditor, write(tmp_path, "customers", [{"customer_id": "1", "name": "a"}])).nothing_new
        assert everything() == before

    def test_does_not_erase_a_description_or_a_status(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", CUSTOMERS))
        take_in(creditor, write(tmp_path, "invoices", changed(INVOICES, 0, status="cancelled")))
        silent = [{k: v for k, v in row.items() if k != "description"} for row in INVOICES]
        assert take_in(creditor, write(tmp_path, "invoices", silent)).nothing_new
        found = Receivable.objects.get(number="R1")
        assert (found.status, found.description) == ("cancelled", "Steel")

    def test_erases_what_it_has_an_empty_cell_for(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        take_in(creditor, write(tmp_path, "invoices", changed(INVOICES, 0, description="")))
        assert Receivable.objects.get(number="R1").description is None

    def test_is_told_apart_from_another_file_of_the_same_import(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        silent = [{k: v for k, v in INVOICES[0].items() if k != "description"}]
        erasing = [{**INVOICES[2], "description": ""}]
        report = take_in(creditor, write(tmp_path, "a-invoices", silent), write(tmp_path, "b-invoices", erasing))
        assert counts(report) == {"invoices": (0, 1, 1)}
        assert dict(Receivable.objects.filter(kind="invoice").values_list("number", "description")) == {
            "R1": "Steel", "R2": None, "R3": None
        }  # fmt: skip

    def test_does_not_undo_what_a_person_has_recorded_since(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        paths = write_book(tmp_path)
        take_in(creditor, *paths)
        close_dispute(
            dispute=Dispute.objects.get(), outcome="price was right", at=NOW + timedelta(days=1), by=TESTER, key="k"
        )
        assert take_in(creditor, *paths).nothing_new
        assert Dispute.objects.get().outcome == "price was right"


class TestCustomersInInvoiceFiles:
    ITEM = {"invoice_id": "1", "customer_id": "A", "customer_name": "Ann", "email": "ann@a.example", "segment": "",
            "issue_date": "2026-01-01", "due_date": "2026-02-01", "currency": "EUR", "amount": "10"}  # fmt: skip

    def test_change_what_only_invoice_files_have_told(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "items", [self.ITEM]))
        take_in(creditor, write(tmp_path, "items", [{**self.ITEM, "customer_name": "Ann B."}]))
        assert Debtor.objects.get().name == "Ann B."

    def test_do_not_overrule_a_file_of_customers(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        customers = [{"customer_id": "A", "name": "Ann Brown Ltd", "email": "ap@a.example", "segment": ""}]
        take_in(creditor, write(tmp_path, "customers", customers))
        item = {**self.ITEM, "segment": "gold"}
        take_in(creditor, write(tmp_path, "items", [item]))
        found = content(creditor)
        assert (found["debtors"][0][2], found["debtors"][0][8]) == ("Ann Brown Ltd", "gold")
        assert [row[:4] for row in found["contact_points"]] == [("A", "email", 0, "ap@a.example")]
        # ... nor later, when the debtor's latest version is of an invoice file
        take_in(creditor, write(tmp_path, "items", [{**item, "customer_name": "A.", "email": "x@a.example"}]))
        assert content(creditor) == found

    def test_fill_in_a_contact_that_the_file_of_customers_lacks(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", [{"customer_id": "A", "name": "Ann"}]))
        take_in(creditor, write(tmp_path, "items", [self.ITEM]))
        assert [row[:4] for row in content(creditor)["contact_points"]] == [("A", "email", 0, "ann@a.example")]


class TestCurrency:
    def test_of_an_item_that_was_paid_cannot_change(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        report = take_in(creditor, write(tmp_path, "invoices", changed(INVOICES, 0, currency="USD")))
        assert report.refused
        assert report.errors["code"].to_list() == ["import.currency_changed"]

    def test_can_be_mended_while_nothing_rests_on_it(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", CUSTOMERS), write(tmp_path, "invoices", INVOICES))
        take_in(creditor, write(tmp_path, "invoices", changed(INVOICES, 0, currency="USD")))
        assert Receivable.objects.get(number="R1").currency == "USD"

    def test_is_not_changed_by_a_file_that_does_not_name_it(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", CUSTOMERS), write(tmp_path, "invoices", INVOICES))
        silent = [{k: v for k, v in INVOICES[2].items() if k != "currency"}]
        report = take_in(creditor, write(tmp_path, "invoices", silent))
        assert report.errors["code"].to_list() == ["import.currency_changed"]


class TestDisputeWithoutANumber:
    def test_is_the_same_one_when_it_is_told_again_or_closed(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        row = {"invoice_id": "R1", "opened_on": "2026-10-07", "closed_on": "", "reason": "broken"}
        assert take_in(creditor, write(tmp_path, "told", [row])).written
        assert take_in(creditor, write(tmp_path, "told", [row])).nothing_new
        take_in(creditor, write(tmp_path, "told", [{**row, "closed_on": "2026-11-01"}]))
        disputes = Dispute.objects.filter(receivable__number="R1").values_list("number", "closed_date")
        assert list(disputes) == [("R1/2026-10-07", date(2026, 11, 1))]
