"""Copies of the tables that grow: whatever happened since, the frames are those of the tables."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from django.conf import settings

from dunwell.engine.facts import SCHEMAS
from dunwell.store import extract
from dunwell.store.copies import Copies
from dunwell.store.models import Creditor
from tests.engine.book import DAY, Book, days
from tests.runs import kept
from tests.support.book import make_creditor

GROW = ("receivables", "payments", "contacts", "contact_items")


@pytest.fixture
def book(db: object, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Three debtors with invoices, payments, letters, and a message whose fate is open; no margin hides a mistake."""
    monkeypatch.setattr(extract, "_MARGIN", 0)
    book = Book()
    for name in ("A", "B", "C"):
        debtor = book.debtor(name)
        invoice = book.invoice(debtor, 100_00, days(-40), number=f"R-{name}")
        book.payment(debtor, 10_00, days(-20), invoice)
        book.contact(debtor, days(-30), {invoice: 20}, channel="email", outcome="sent", currency="EUR")
        book.contact(debtor, days(-1), {invoice: 25}, channel="email", outcome="unknown", currency="EUR")
    kept.keep(book, make_creditor())
    return book


def _no_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


class Kept:
    """The copies in a folder, and what they have read of the tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "copies"

    def frames(self, bound: str = "1") -> dict[str, pl.DataFrame]:
        return extract.frames(Creditor.objects.get(), SCHEMAS, copies=Copies(self.folder, bound))

    def files(self) -> set[str]:
        return {each.name for each in self.folder.glob("*.parquet")}

    def agree(self) -> None:
        mine, tables = self.frames(), extract.frames(Creditor.objects.get(), SCHEMAS)
        assert set(mine) == set(tables)
        for name in tables:
            assert mine[name].equals(tables[name]), name


@pytest.fixture
def copies(book: Book, tmp_path: Path) -> Kept:
    found = Kept(tmp_path)
    found.agree()
    return found


def _new_rows(book: Book) -> None:
    debtor = book.debtor("D")
    invoice = book.invoice(debtor, 70_00, days(-9))
    book.payment(debtor, 7_00, days(-2), invoice)
    book.contact(debtor, DAY, {invoice: 20}, channel="email", outcome="sent", currency="EUR")
    kept.keep(book, Creditor.objects.get())


def _put_away(table: str, columns: str, change: str) -> None:
    """Change a row as an import does: its earlier version is kept."""
    fields = f"creditor_id, {columns}, source_id, known_from"
    kept.change(
        f'INSERT INTO store_{table}past ({fields}, "of", known_to)'
        f" SELECT {fields}, id, known_from FROM store_{table} WHERE id = 2"
    )
    kept.change(f"UPDATE store_{table} SET {change} WHERE id = 2")


RECEIVABLE = (
    "debtor_id, number, kind, parent_id, issue_date, due_date, currency, amount_minor, open_as_of_date, status,"
    " charge_kind, charge_basis, secured, contract_id"
)
PAYMENT = "debtor_id, number, receivable_id, reverses_id, value_date, currency, amount_minor, source_kind, designation"

CHANGES: dict[str, Callable[[Book], None]] = {
    "nothing": lambda _: None,
    "new rows": _new_rows,
    "an invoice falls due later": lambda _: _put_away("receivable", RECEIVABLE, "due_date = '2026-05-05'"),
    "an invoice has another number": lambda _: _put_away("receivable", RECEIVABLE, "number = 'X'"),
    "an invoice is written off": lambda _: _put_away("receivable", RECEIVABLE, "status = 'written_off'"),
    "a payment names another invoice": lambda _: _put_away("payment", PAYMENT, "receivable_id = 3"),
    "a message is known to have left": lambda _: kept.change(
        "UPDATE store_contactattempt SET outcome = 'sent' WHERE id = 2"
    ),
    "a message is known not to have left": lambda _: [  # type: ignore[dict-item, func-returns-value]
        kept.change("DELETE FROM store_contactitem WHERE contact_id = 4"),
        kept.change("DELETE FROM store_contactattempt WHERE id = 4"),
    ],
    "a mail came back weeks later": lambda _: kept.change(
        "UPDATE store_contactattempt SET outcome = 'undeliverable' WHERE id = 1"
    ),
    "somebody wrote an amount by hand": lambda _: kept.change(
        "UPDATE store_receivable SET amount_minor = 1 WHERE id = 1"
    ),
    "somebody deleted a payment by hand": lambda _: kept.change("DELETE FROM store_payment WHERE id = 1"),
}


class TestTheFrames:
    @pytest.mark.parametrize("what", CHANGES)
    def test_are_those_of_the_tables_after(self, what: str, book: Book, copies: Kept) -> None:
        CHANGES[what](book)
        copies.agree()
        copies.agree()

    def test_are_those_of_the_tables_after_all_of_it(self, book: Book, copies: Kept) -> None:
        for change in CHANGES.values():
            change(book)
        copies.agree()


class TestTheFiles:
    def test_of_spans_in_which_nothing_happened_stay(
        self, book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dunwell.store.copies.SPAN", 2)
        copies = Kept(tmp_path)
        copies.agree()
        before = copies.files()
        _put_away("receivable", RECEIVABLE, "number = 'X'")
        copies.agree()
        # a message of an open fate is read each time; that of the first span of invoices has nothing to do with it
        assert {name for name in before if name.startswith("payments")} <= copies.files()
        assert "receivables-0-1.parquet" in copies.files()
        assert "receivables-1-2.parquet" in copies.files()
        assert "receivables-1-1.parquet" not in copies.files()

    @pytest.mark.parametrize("name", GROW)
    def test_are_written_anew_when_one_is_damaged_or_gone(self, name: str, copies: Kept) -> None:
        file = next(copies.folder.glob(f"{name}-*.parquet"))
        file.write_bytes(file.read_bytes()[:-20])
        copies.agree()
        next(copies.folder.glob(f"{name}-*.parquet")).unlink()
        copies.agree()

    def test_are_written_anew_when_the_manifest_is_damaged(self, copies: Kept) -> None:
        (copies.folder / "manifest.json").write_text('{"version": 1, "frames": {', encoding="utf-8")
        copies.agree()

    def test_are_written_anew_when_what_they_are_bound_to_changed(self, copies: Kept) -> None:
        copies.frames("2")
        assert json.loads((copies.folder / "manifest.json").read_text(encoding="utf-8"))["bound"] == "2"

    def test_that_cannot_be_written_leave_the_frames_right_and_are_none_until_they_can(
        self, book: Book, copies: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _new_rows(book)
        with monkeypatch.context() as full:
            full.setattr(pl.DataFrame, "write_parquet", _no_space)
            copies.agree()
        assert not (copies.folder / "manifest.json").exists()
        copies.agree()
        assert (copies.folder / "manifest.json").is_file()

    def test_of_a_try_that_was_killed_are_taken_away(self, copies: Kept) -> None:
        (copies.folder / "receivables-0-99.parquet").write_bytes(b"half")
        copies.agree()
        assert "receivables-0-99.parquet" not in copies.files()


class TestADay:
    def test_of_a_large_book_is_decided_from_them(self, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dunwell.actions.facts.ROWS_PER_SHARD", 1)
        owner = Creditor.objects.get()
        first = kept.run(owner, DAY, dry_run=True)
        assert (settings.DUNWELL.copies / owner.code / "manifest.json").is_file()
        _new_rows(book)
        second = kept.run(owner, DAY, dry_run=True)
        monkeypatch.setattr("dunwell.actions.facts.ROWS_PER_SHARD", 10**9)
        plain = kept.run(owner, DAY, dry_run=True)
        assert second.outcome.lines.equals(plain.outcome.lines)
        assert second.outcome.lines.height == first.outcome.lines.height + 1
