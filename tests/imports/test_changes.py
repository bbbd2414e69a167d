"""What an import changes is shown field by field; what goes to another customer, loudly."""

import json
from pathlib import Path

import polars as pl
import pytest

from dunwell.actions.importing.report import ImportReport
from tests.imports.files import BOOK, CUSTOMERS, INVOICES, take_in, write, write_book
from tests.support.book import make_creditor
from tests.support.homes import Home

one_database = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


def changes(report: ImportReport) -> list[tuple[object, ...]]:
    return report.changes.drop("moved").rows()


@pytest.mark.usefixtures("db")
class TestChangesOfAnImport:
    def test_are_none_for_what_is_new_or_as_it_was(self, tmp_path: Path) -> None:
        creditor, paths = make_creditor(), write_book(tmp_path)
        assert take_in(creditor, *paths).changes.is_empty()
        assert take_in(creditor, *paths).changes.is_empty()

    def test_name_file_row_column_and_both_values(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        rows = [{**INVOICES[0], "amount": "-5"}, {**INVOICES[1], "due_date": "2026-11-01", "amount": "0.05"},
                {**INVOICES[2], "amount": "100000", "description": ""}]  # fmt: skip
        path = write(tmp_path, "later", rows[1:])
        for dry_run in (True, False):
            assert changes(take_in(creditor, path, dry_run=dry_run)) == [
                ("later.csv", 2, "invoices", "R2", "due_date", "2026-10-01", "2026-11-01"),
                ("later.csv", 2, "invoices", "R2", "amount", "250.50", "0.05"),
                ("later.csv", 3, "invoices", "R3", "amount", "90000", "100000"),
                ("later.csv", 3, "invoices", "R3", "description", "Parts", None),
            ]

    def test_call_customers_invoices_and_payments_by_their_numbers(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        new = {"customer_id": "C9", "name": "New", "email": "n@n.example", "city": "Ulm"}
        paths = write_book(
            tmp_path,
            customers=[*CUSTOMERS, new],
            invoices=[{**INVOICES[0]}, {**INVOICES[1], "customer_id": "C9"}, INVOICES[2]],
            payments=[{**row, "invoice_id": "" if row["payment_id"] == "P1" else row["invoice_id"]}
                      for row in BOOK["payments"]],
            disputes=[{**BOOK["disputes"][0], "amount": "", "closed_on": "2026-11-01"}],
        )  # fmt: skip
        report = take_in(creditor, *paths)
        assert changes(report) == [
            ("disputes.csv", 2, "disputes", "D1", "debtor", "C1", "C9"),
            ("disputes.csv", 2, "disputes", "D1", "closed_on", None, "2026-11-01"),
            ("disputes.csv", 2, "disputes", "D1", "amount", "50.50", None),
            ("invoices.csv", 3, "invoices", "R2", "customer_id", "C1", "C9"),
            ("payments.csv", 2, "payments", "P1", "invoice_id", "R1", None),
        ]
        moved = report.changes.filter("moved").select("kind", "number", "was", "now").rows()
        assert set(moved) == {("disputes", "D1", "C1", "C9"), ("invoices", "R2", "C1", "C9")}

    def test_of_customers_tell_of_their_addresses_too(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", CUSTOMERS))
        rows = [{**CUSTOMERS[0], "name": "Müller AG", "email": "new@mueller.example"}, CUSTOMERS[1],
                {**CUSTOMERS[2], "email": "o@neill.example"}]  # fmt: skip
        report = take_in(creditor, write(tmp_path, "customers", rows))
        assert sorted(changes(report)) == [
            ("customers.csv", 2, "customers", "C1", "email", "ap@mueller.example", "new@mueller.example"),
            ("customers.csv", 2, "customers", "C1", "name", "Müller & Söhne GmbH", "Müller AG"),
            ("customers.csv", 4, "customers", "C3", "email", None, "o@neill.example"),
        ]
        assert not report.changes["moved"].any()

    def test_of_contacts_name_the_customer(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        contact = {"customer_id": "C1", "channel": "email", "value": "b@b.example", "contact_name": "Bo"}
        take_in(creditor, write(tmp_path, "customers", CUSTOMERS), write(tmp_path, "contacts", [contact]))
        report = take_in(creditor, write(tmp_path, "contacts", [{**contact, "contact_name": "Cy"}]))
        assert changes(report) == [("contacts.csv", 2, "contacts", "C1", "contact_name", "Bo", "Cy")]

    def test_agree_with_the_counts(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        report = take_in(creditor, *write_book(tmp_path, invoices=[{**row, "amount": "7"} for row in INVOICES]))
        counted = {
            (file.found.name, kind): each.changed
            for file in report.files for kind, each in file.counts.items() if each.changed
        }  # fmt: skip
        rows = report.changes.group_by("file", "kind").agg(pl.col("row").n_unique())
        assert {(file, kind): count for file, kind, count in rows.iter_rows()} == counted


class TestChangesOnTheCommandLine:
    @one_database
    @pytest.mark.parametrize(
        ("language", "warning", "more"),
        [
            ("en", "WARNING: invoice M0 moves from customer C1 to customer C3 (later.csv, row 2).", "... and 5 more"),
            ("zh-Hans", "警告：发票 M0 从客户 C1 转到客户 C3（later.csv 第 2 行）。", "另有 5 "),
            ("zh-Hant", "警告：發票 M0 從客戶 C1 轉到客戶 C3（later.csv 第 2 列）。", "另有 5 "),
        ],
    )
    def test_are_shown_up_to_twenty_and_all_in_a_file(
        self, home: Home, tmp_path: Path, language: str, warning: str, more: str
    ) -> None:
        home.dunwell("init", "--name", "Acme GmbH", "--country", "DE")
        rows = [{**INVOICES[0], "invoice_id": f"M{n}"} for n in range(25)]
        home.dunwell("import", str(write(tmp_path, "customers", CUSTOMERS)), str(write(tmp_path, "one", rows)))
        later = str(write(tmp_path, "later", [{**row, "customer_id": "C3"} for row in rows]))
        listed = home.path / "imports" / "import-changes.csv"
        for arguments in (("--dry-run",), ()):
            said = home.dunwell("import", later, *arguments, env={"DUNWELL_LANGUAGE": language}).stdout
            assert warning in said
            assert said.count(more) == 2
            assert str(listed) in said
            assert listed.read_text(encoding="utf-8-sig").count("\n") == 26
        again = json.loads(home.dunwell("import", later, "--json").stdout)
        assert (again["changed_fields"], again["changes_file"], again["moved_to_another_customer"]) == (0, None, [])
        assert not listed.exists()

    @one_database
    def test_that_move_are_all_in_the_json(self, home: Home, tmp_path: Path) -> None:
        home.dunwell("init", "--name", "Acme GmbH", "--country", "DE")
        home.dunwell("import", *(str(path) for path in write_book(tmp_path)))
        later = str(write(tmp_path, "later", [{**INVOICES[1], "customer_id": "C3"}]))
        told = json.loads(home.dunwell("import", later, "--json").stdout)
        assert told["moved_to_another_customer"] == [
            {"file": "later.csv", "row": 2, "kind": "invoices", "number": "R2", "was": "C1", "now": "C3"}
        ]
