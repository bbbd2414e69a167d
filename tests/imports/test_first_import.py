"""What the first import of a book puts into the tables."""

from datetime import date
from pathlib import Path

import pytest

from dunwell.store import journal
from dunwell.store.models import ImportFile, JournalEntry, Payment, Person, Receivable
from tests.imports.files import CHARGES, CUSTOMERS, INVOICES, PAYMENTS, content, counts, take_in, write, write_book
from tests.support.book import make_creditor
from tests.support.homes import Home

pytestmark = pytest.mark.usefixtures("db")


class TestFirstImport:
    def test_takes_in_every_kind_of_row(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        report = take_in(creditor, *write_book(tmp_path))
        assert report.written
        assert counts(report) == {
            "customers": (3, 0, 0), "invoices": (3, 0, 0), "credit_notes": (1, 0, 0), "charges": (1, 0, 0),
            "payments": (3, 0, 0), "disputes": (1, 0, 0),
        }  # fmt: skip
        found = content(creditor)
        assert found["receivables"] == [
            ("charge", "F1", "C1", "R1", date(2026, 9, 20), date(2026, 9, 20), "EUR", 500, "open", None),
            ("credit_note", "G1", "C1", "R1", date(2026, 8, 20), date(2026, 8, 20), "EUR", -19000, "open", None),
            ("invoice", "R1", "C1", None, date(2026, 8, 1), date(2026, 8, 31), "EUR", 119000, "open", "Steel"),
            ("invoice", "R2", "C1", None, date(2026, 9, 1), date(2026, 10, 1), "EUR", 25050, "open", None),
            ("invoice", "R3", "C2", None, date(2026, 9, 15), date(2026, 10, 15), "JPY", 90000, "open", "Parts"),
        ]
        assert Receivable.objects.get(number="F1").charge_kind == "late_fee"
        assert list(Receivable.objects.values_list("secured", "charge_basis").distinct()) == [(None, None)]
        assert found["payments"] == [
            ("P1", "C1", "R1", "invoice", None, date(2026, 9, 3), "EUR", 30000, "bank", None),
            ("P2", "C2", None, None, None, date(2026, 9, 30), "JPY", 1000, "bank", None),
            ("P3", "C1", "R1", "invoice", "P1", date(2026, 9, 10), "EUR", -30000, "bank", None),
        ]
        assert found["disputes"] == [("D1", "C1", "R2", date(2026, 10, 5), None, 5050, "wrong price", None)]

    def test_keeps_what_secures_a_claim_and_what_a_payment_was_designated_for(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        told = {"invoices": {"R1": "yes", "R2": "no"}, "payments": {"P1": "principal"}}
        take_in(
            creditor,
            write(tmp_path, "customers", CUSTOMERS),
            write(
                tmp_path, "invoices",
                [{**row, "secured": told["invoices"].get(row["invoice_id"], "")} for row in INVOICES],
            ),
            write(tmp_path, "charges", [{**row, "charge basis": "agreed"} for row in CHARGES]),
            write(
                tmp_path, "payments",
                [{**row, "designation": told["payments"].get(row["payment_id"], "")} for row in PAYMENTS],
            ),
        )  # fmt: skip
        found = dict(Receivable.objects.values_list("number", "secured"))
        assert found == {"R1": 1, "R2": 0, "R3": None, "F1": None}
        assert Receivable.objects.get(number="F1").charge_basis == "agreed"
        assert dict(Payment.objects.values_list("number", "designation")) == {"P1": "principal", "P2": None, "P3": None}
        # a file without the columns says nothing of them
        take_in(creditor, write(tmp_path, "invoices", [{**INVOICES[0], "description": "Iron"}, *INVOICES[1:]]))
        assert dict(Receivable.objects.values_list("number", "secured")) == found

    def test_fills_what_the_files_leave_open_from_the_creditor(self, tmp_path: Path) -> None:
        creditor = make_creditor(country="CN", language="zh-Hans", zone="Asia/Shanghai", currency="CNY")
        take_in(creditor, write(tmp_path, "customers", [{"customer_id": "1", "name": "甲"}]))
        assert content(creditor)["debtors"] == [("1", "1", "甲", None, "business", "CN", "zh-Hans", None, None, None)]

    def test_does_not_guess_the_zone_of_a_debtor(self, tmp_path: Path) -> None:
        # A creditor in New York must not make a debtor in Hawaii reachable at three in the morning.
        creditor = make_creditor(country="US", zone="America/New_York", currency="USD")
        take_in(creditor, write(tmp_path, "customers", [{"customer_id": "1", "name": "Kai", "country": "US"}]))
        assert content(creditor)["debtors"][0][7] is None

    def test_makes_one_person_for_each_debtor_unless_the_file_names_one(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [
            {"customer_id": "1", "name": "a", "person": ""},
            {"customer_id": "2", "name": "b", "person": "1"},
            {"customer_id": "3", "name": "c", "person": "group"},
            {"customer_id": "4", "name": "d", "person": "group"},
        ]
        take_in(creditor, write(tmp_path, "customers", rows))
        assert [row[:2] for row in content(creditor)["debtors"]] == [
            ("1", "1"), ("2", "1"), ("3", "group"), ("4", "group")
        ]  # fmt: skip
        assert Person.objects.filter(creditor=creditor).count() == 2

    def test_names_the_person_by_number_whichever_row_comes_first(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "one", [{"customer_id": "2", "name": "b", "person": "1"}]))
        take_in(creditor, write(tmp_path, "two", [{"customer_id": "1", "name": "a", "person": ""}]))
        assert [row[:2] for row in content(creditor)["debtors"]] == [("1", "1"), ("2", "1")]

    def test_finds_the_invoice_before_a_charge_of_the_same_number(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        invoice = {"invoice_id": "7", "customer_id": "C1", "issue_date": "2026-01-01", "due_date": "2026-02-01",
                   "currency": "EUR", "amount": "10"}  # fmt: skip
        charge = {"charge_id": "7", "invoice_id": "7", "date": "2026-02-02", "amount": "1"}
        only_charge = {"charge_id": "8", "invoice_id": "7", "date": "2026-02-02", "amount": "1"}
        payments = [
            {"payment_id": str(n), "invoice_id": number, "value_date": "2026-03-01", "amount": "1"}
            for n, number in enumerate(("7", "8"))
        ]
        take_in(
            creditor,
            write(tmp_path, "customers", CUSTOMERS),
            write(tmp_path, "invoices", [invoice]),
            write(tmp_path, "charges", [charge, only_charge]),
            write(tmp_path, "payments", payments),
        )
        found = Payment.objects.order_by("number").values_list("receivable__kind", "receivable__number")
        assert list(found) == [("invoice", "7"), ("charge", "8")]

    def test_takes_customers_from_the_columns_of_invoices(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [
            {"invoice_id": "1", "customer_id": "A", "customer_name": "Ann", "email": "ann@a.example",
             "issue_date": "2026-01-01", "due_date": "2026-02-01", "currency": "EUR", "amount": "10"},
        ]  # fmt: skip
        report = take_in(creditor, write(tmp_path, "items", rows))
        assert counts(report) == {"customers": (1, 0, 0), "invoices": (1, 0, 0)}
        assert content(creditor)["debtors"][0][:3] == ("A", "A", "Ann")
        assert content(creditor)["contact_points"][0][:4] == ("A", "email", 0, "ann@a.example")

    def test_keeps_two_creditors_apart(self, tmp_path: Path) -> None:
        one, other = make_creditor("one"), make_creditor("other")
        paths = write_book(tmp_path)
        take_in(one, *paths)
        changed = [{**row, "name": f"other {row['name']}"} for row in CUSTOMERS]
        take_in(other, *write_book(tmp_path, customers=changed))
        assert content(one)["receivables"] == content(other)["receivables"]
        assert [row[2] for row in content(other)["debtors"]] == [f"other {row[2]}" for row in content(one)["debtors"]]
        assert not Receivable.objects.filter(creditor=one, debtor__creditor=other).exists()
        assert take_in(one, *write_book(tmp_path)).nothing_new


class TestRecord:
    def test_holds_hash_counts_and_control_totals_of_each_file(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        file = ImportFile.objects.get(creditor=creditor, kind="invoices")
        assert file.report["totals"] == [
            {"currency": "EUR", "rows": 2, "sum_minor": "144050"}, {"currency": "JPY", "rows": 1, "sum_minor": "90000"}
        ]  # fmt: skip
        assert file.report["counts"] == {"invoices": {"new": 3, "changed": 0, "unchanged": 0}}
        assert file.report["columns"]["invoice_id"] == "number"
        assert len(file.sha256) == 64
        assert Receivable.objects.get(number="R1").source == file

    def test_stands_in_the_journal_once_for_each_file(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        entries = list(JournalEntry.objects.filter(creditor=creditor, event="file.imported"))
        assert len(entries) == 6
        assert all(journal.verify(entry) for entry in entries)
        assert sum(b"Steel" in bytes(entry.body) or "Müller".encode() in bytes(entry.body) for entry in entries) == 0

    def test_can_hold_sums_beyond_what_json_numbers_hold(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [
            {"invoice_id": str(n), "customer_id": "C1", "issue_date": "2026-01-01", "due_date": "2026-02-01",
             "currency": "EUR", "amount": "9999999999999.99"}
            for n in range(1000)
        ]  # fmt: skip
        take_in(creditor, write(tmp_path, "customers", CUSTOMERS), write(tmp_path, "invoices", rows))
        file = ImportFile.objects.get(creditor=creditor, kind="invoices")
        assert file.report["totals"][0]["sum_minor"] == str(1000 * 999999999999999)


class TestMoment:
    def test_is_kept_in_one_form_whether_written_in_bulk_or_row_by_row(self, tmp_path: Path, db: Home) -> None:
        # SQLite compares moments as text: a bulk row must not look later than the same moment in a query.
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        file = ImportFile.objects.get(creditor=creditor, kind="invoices")
        assert Receivable.objects.filter(known_from__lte=file.imported_at, kind="invoice").count() == 3
        assert Receivable.objects.filter(known_from=file.imported_at, kind="invoice").count() == 3
