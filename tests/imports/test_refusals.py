"""What is not taken in: rows with errors, trials, and imports that another one gets in the way of."""

import csv
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from dunwell.actions.importing import files as imports
from dunwell.actions.sending.addresses import mark_invalid
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import DunwellError, Refused
from dunwell.store import dialect, guard
from dunwell.store.models import ContactPoint, Debtor, Payment, Receivable
from dunwell.store.versions import change
from tests.imports.files import BOOK, CUSTOMERS, INVOICES, NOW, content, counts, everything, take_in, write, write_book
from tests.support.book import TESTER, make_creditor
from tests.support.homes import Home

pytestmark = pytest.mark.usefixtures("db")

BAD_INVOICES = [
    {**INVOICES[0], "invoice_id": "X1", "amount": "NaN"},
    {**INVOICES[0], "invoice_id": "X2", "due_date": "2026-02-30"},
    {**INVOICES[0], "invoice_id": "X3", "currency": "QQQ"},
    {**INVOICES[0], "invoice_id": "X4", "customer_id": "nobody"},
    {**INVOICES[0], "invoice_id": "X5", "amount": "9" * 40},
    {**INVOICES[0], "invoice_id": "", "amount": "1.00"},
]


class TestFileWithErrors:
    def test_writes_nothing(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        before = everything()
        report = take_in(creditor, *write_book(tmp_path, invoices=[*INVOICES, *BAD_INVOICES]))
        assert report.refused
        assert not report.written
        assert report.errors.select("file", "row").n_unique() == len(BAD_INVOICES)
        assert everything() == before

    def test_writes_exactly_the_good_rows_when_asked_to(self, tmp_path: Path) -> None:
        clean, mixed = make_creditor("clean"), make_creditor("mixed")
        take_in(clean, *write_book(tmp_path))
        rows = [*INVOICES, *BAD_INVOICES]
        random.Random(3).shuffle(rows)
        report = take_in(mixed, *write_book(tmp_path, invoices=rows), accept_valid_rows=True)
        assert counts(report)["invoices"] == (3, 0, 0)
        assert content(mixed) == content(clean)

    def test_takes_with_it_the_rows_that_refer_to_the_bad_ones(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        broken = [{**INVOICES[0], "amount": "?"}, *INVOICES[1:]]
        report = take_in(creditor, *write_book(tmp_path, invoices=broken), accept_valid_rows=True)
        assert sorted(Receivable.objects.values_list("number", flat=True)) == ["G1", "R2", "R3"]
        assert list(Payment.objects.values_list("number", flat=True)) == ["P2"]
        assert report.errors["code"].str.contains("rejected").sum() == 3

    def test_counts_good_and_bad_rows_of_each_currency(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [*INVOICES, {**INVOICES[0], "invoice_id": "X", "customer_id": "nobody"}]
        report = take_in(creditor, write(tmp_path, "customers", CUSTOMERS), write(tmp_path, "invoices", rows))
        invoices = next(file for file in report.files if file.found.kind == "invoices")
        totals = {t.currency: (t.rows, t.sum_minor, t.good_rows, t.good_sum_minor) for t in invoices.found.totals}
        assert totals == {"EUR": (3, 263050, 2, 144050), "JPY": (1, 90000, 1, 90000)}

    def test_that_is_no_table_stops_everything(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        bad = tmp_path / "notes.csv"
        bad.write_text("hello\nworld\n", encoding="utf-8")
        before = everything()
        with pytest.raises(DunwellError):
            take_in(creditor, *write_book(tmp_path), bad)
        assert everything() == before


class TestTrial:
    def test_writes_nothing_and_tells_what_would_be_written(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        before = everything()
        paths = write_book(tmp_path)
        trial = take_in(creditor, *paths, dry_run=True)
        assert everything() == before
        assert not trial.written
        assert counts(trial) == counts(take_in(creditor, *paths))

    def test_of_changes_writes_nothing_either(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        before = everything()
        changed = [{**row, "amount": "7.00"} for row in INVOICES]
        trial = take_in(creditor, write(tmp_path, "invoices", changed), dry_run=True)
        assert counts(trial) == {"invoices": (0, 3, 0)}
        assert everything() == before


class TestImport:
    def test_needs_the_right_to_import(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        with pytest.raises(Refused) as refusal:
            take_in(creditor, *write_book(tmp_path), by=Actor(ActorKind.DEBTOR, "C1"))
        assert refusal.value.code == "act.not_allowed"

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_does_not_run_beside_another(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        paths = write_book(tmp_path)
        with dialect.only_one("import"), pytest.raises(Refused) as refusal:
            take_in(creditor, *paths)
        assert refusal.value.code == "work.busy"
        assert take_in(creditor, *paths).written

    def test_compares_again_when_a_row_changed_meanwhile(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        creditor = make_creditor()
        row = {"customer_id": "1", "name": "a", "email": "a@a.example"}
        take_in(creditor, write(tmp_path, "customers", [row]))
        point, later = ContactPoint.objects.get(), NOW + timedelta(days=1)

        def bounce() -> None:
            mark_invalid(contact_point=point.pk, reason="550", at=later, by=TESTER)

        _before_writing(monkeypatch, bounce)
        report = take_in(creditor, write(tmp_path, "customers", [{**row, "email": "b@a.example"}]))
        assert report.written
        assert list(ContactPoint.objects.filter(invalid_since=None).values_list("value", flat=True)) == ["b@a.example"]
        closed = ContactPoint.objects.get(pk=point.pk)
        assert (closed.invalid_since, closed.known_from) == (later, later)

    def test_gives_up_when_rows_never_stop_changing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        path = write(tmp_path, "customers", [{**row, "name": "x"} for row in CUSTOMERS])

        def rename() -> None:
            change_name(Debtor.objects.get(number="C1"))

        _before_writing(monkeypatch, rename, times=99)
        with pytest.raises(Refused) as refusal:
            take_in(creditor, path)
        assert refusal.value.code == "import.changed_meanwhile"
        assert not Debtor.objects.filter(name="x").exists()

    def test_leaves_nothing_when_it_fails_half_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        before = everything()
        changed = write_book(
            tmp_path,
            customers=[{**row, "name": "x"} for row in CUSTOMERS],
            payments=[{**row, "amount": "1"} for row in BOOK["payments"] if not row["reverses"]],
        )

        def fail(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(imports.journal, "append", fail)
        with pytest.raises(KeyboardInterrupt):
            take_in(creditor, *changed)
        after = everything()
        after.pop("sequences"), before.pop("sequences")  # numbers that PostgreSQL handed out do not come back
        assert after == before
        monkeypatch.undo()
        assert take_in(creditor, *changed).written


def change_name(debtor: Debtor) -> None:
    """Somebody else's change, as another act would make it."""
    with guard.writing("test"), transaction.atomic():
        change(debtor, at=debtor.known_from + timedelta(seconds=1), name=f"{debtor.name}+")


def _before_writing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None], times: int = 1) -> None:
    """Let something happen between the comparison and the write, so many times."""
    write_plan, left = imports.take_in, [times]

    def interrupted(**arguments: Any) -> None:
        if left[0]:
            left[0] -= 1
            happens()
        write_plan(**arguments)

    monkeypatch.setattr(imports, "take_in", interrupted)


class TestHostileText:
    NAMES = (
        "=HYPERLINK(\"http://x\")", "'; DROP TABLE store_debtor; --", "\\.", "\\N", "a\"b,c;d\te", "{amount}%s%d",
        "<script>alert(1)</script>", "\u202etxt.exe", "NULL", " ", "名" * 500, "a\r\nb", "$1 :x ?", "🧾" * 100,
    )  # fmt: skip

    def test_is_kept_letter_by_letter_or_refused(self, tmp_path: Path, db: Home) -> None:
        creditor = make_creditor()
        path = tmp_path / "customers.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["customer_id", "name", "segment"])
            writer.writerows([f"C{place}", name, name] for place, name in enumerate(self.NAMES))
        report = take_in(creditor, path, accept_valid_rows=True)
        kept = dict(Debtor.objects.values_list("number", "name"))
        refused = report.errors["row"].n_unique()
        assert len(kept) + refused == len(self.NAMES)
        for place, name in enumerate(self.NAMES):
            if f"C{place}" in kept:
                assert kept[f"C{place}"].replace("\r", "") == name.strip().replace("\r", "")
        assert take_in(creditor, path, accept_valid_rows=True).nothing_new

    def test_in_names_of_files_and_columns_is_recorded(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        path = tmp_path / "cust\u202eomers\n'\"$(rm).csv"
        path.write_text('customer_id,name,"=1+1\n"\n1,a,b\n', encoding="utf-8")
        assert take_in(creditor, path).written
        odd = tmp_path / b"cu\xffst.csv".decode("utf-8", "surrogateescape")
        odd.write_text("customer_id,name\n2,b\n", encoding="utf-8")
        assert take_in(creditor, odd).written
        assert Debtor.objects.count() == 2

    def test_as_long_as_intake_allows_fits_every_column(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        name, text = "名" * 500, "述" * 2000
        paths = write_book(
            tmp_path,
            customers=[
                {**row, "name": name, "segment": name, "contact_name": name, "region": name} for row in CUSTOMERS
            ],
            invoices=[{**row, "description": text} for row in INVOICES],
            payments=[{**row, "method": name} for row in BOOK["payments"]],
            disputes=[{**row, "reason": text, "outcome": text} for row in BOOK["disputes"]],
        )
        assert take_in(creditor, *paths).written
        assert take_in(creditor, *paths).nothing_new
