"""Ledgers as XLSX and Parquet are read like CSV files: same rows, typed cells taken as they are, bombs refused."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook

from dunwell.core.errors import DunwellError
from dunwell.intake import Batch, Defaults, Known, Mapping, read_files
from tests.intake.ledgers import DEBTORS, INVOICES, notes, said

MIDNIGHT = datetime(2026, 2, 1, tzinfo=UTC).replace(tzinfo=None)
HEADER = ["invoice_id", "customer_id", "issue_date", "due_date", "currency", "amount", "description"]
ROWS: list[list[Any]] = [
    ["R1", "C1", date(2026, 1, 2), MIDNIGHT, "EUR", 100, "first"],
    ["R2", "C2", date(2026, 1, 3), date(2026, 2, 2), "USD", 20.5, "second"],
]


def workbook(folder: Path, **sheets: list[list[Any]]) -> Path:
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = folder / "ledger.xlsx"
    book.save(path)
    return path


def parquet(folder: Path, frame: pl.DataFrame) -> Path:
    path = folder / "ledger.parquet"
    frame.write_parquet(path)
    return path


def read(path: Path, mapping: Mapping | None = None, known: Known = DEBTORS) -> Batch:
    return read_files([path], known=known, defaults=Defaults(), mapping=mapping)


def refusal(path: Path) -> str:
    with pytest.raises(DunwellError) as refused:
        read(path)
    assert all(refused.value.words(language) for language in ("en", "zh-Hans", "zh-Hant"))
    return refused.value.code.removeprefix("intake.")


def content(batch: Batch, kind: str = "invoices") -> pl.DataFrame:
    return batch.frames[kind].drop("file", "row")


@pytest.fixture
def as_csv(tmp_path: Path) -> pl.DataFrame:
    """What the same rows are as a CSV file."""
    path = tmp_path / "same.csv"
    path.write_text(INVOICES)
    return content(read(path))


class TestAWorkbook:
    def test_holds_the_same_rows_as_the_csv_file(self, tmp_path: Path, as_csv: pl.DataFrame) -> None:
        batch = read(workbook(tmp_path, Sheet1=[["Open invoices"], [], HEADER, *ROWS]))
        assert content(batch).equals(as_csv)
        assert batch.frames["invoices"]["row"].to_list() == [4, 5]
        assert batch.files[0].encoding == "xlsx"

    def test_is_read_from_the_sheet_that_is_a_ledger(self, tmp_path: Path, as_csv: pl.DataFrame) -> None:
        batch = read(workbook(tmp_path, Notes=[["About", "this"], ["a", "b"]], Data=[HEADER, *ROWS]))
        assert content(batch).equals(as_csv)
        assert "note_sheet" in notes(batch)

    def test_says_which_other_sheets_are_ledgers_too(self, tmp_path: Path) -> None:
        customers = [["customer_id", "name"], ["C1", "Ada"]]
        batch = read(workbook(tmp_path, Invoices=[HEADER, *ROWS], Customers=customers))
        [note] = [one for one in batch.files[0].notes if one.code == "intake.note_sheets_left"]
        assert note.params == {"sheet": "Invoices", "others": "Customers"}

    def test_has_its_numbers_read_as_they_are_whatever_a_mapping_says(self, tmp_path: Path) -> None:
        rows = [[*ROWS[0][:5], 1.125, ""], [*ROWS[1][:5], 1250, ""]]
        batch = read(
            workbook(tmp_path, A=[HEADER, *[[*row[:4], "KWD", *row[5:]] for row in rows]]), Mapping(decimal=",")
        )
        assert batch.frames["invoices"]["amount_minor"].to_list() == [1125, 1250000]

    def test_with_amounts_as_text_is_read_as_a_csv_file_is(self, tmp_path: Path) -> None:
        rows = [[*ROWS[0][:5], "1.234,50", ""], [*ROWS[1][:5], "99,00", ""]]
        assert read(workbook(tmp_path, A=[HEADER, *rows])).frames["invoices"]["amount_minor"].to_list() == [
            123450,
            9900,
        ]

    def test_refuses_numbers_that_lost_their_digits_and_rows_that_are_too_long(self, tmp_path: Path) -> None:
        rows = [[1234567890123456789, *ROWS[0][1:]], [*ROWS[1], "beyond"]]
        batch = read(workbook(tmp_path, A=[HEADER, *rows]))
        assert [(row, code) for row, _, _, code in said(batch)] == [(2, "digits_lost"), (3, "field_count")]
        assert (batch.files[0].rows, batch.files[0].bad_rows) == (2, 2)

    def test_without_a_ledger_is_refused_with_what_is_missing(self, tmp_path: Path) -> None:
        assert refusal(workbook(tmp_path, A=[["customer_id", "colour"], ["C1", "red"]])) == "missing_columns"
        assert refusal(workbook(tmp_path, A=[HEADER])) == "header_only"
        assert refusal(workbook(tmp_path, A=[["x"]])) == "no_header"

    def test_that_is_a_bomb_is_refused(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, A=[HEADER, *ROWS])
        packed = io.BytesIO()
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
            for member in old.namelist():
                new.writestr(member, old.read(member))
            with new.open("xl/bomb.xml", "w") as bomb:
                for _ in range(300):
                    bomb.write(b" " * (1 << 20))
        path.write_bytes(packed.getvalue())
        assert refusal(path) == "workbook_too_large"

    def test_that_is_broken_or_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, A=[HEADER, *ROWS])
        path.write_bytes(path.read_bytes()[:-200])
        assert refusal(path) == "workbook_broken"
        with zipfile.ZipFile(tmp_path / "a.ods", "w") as ods:
            ods.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        assert refusal(tmp_path / "a.ods") == "is_ods"


class TestAParquetFile:
    def test_holds_the_same_rows_as_the_csv_file(self, tmp_path: Path, as_csv: pl.DataFrame) -> None:
        rows = [[*row[:3], date(2026, 2, n), row[4], Decimal(str(row[5])), row[6]] for n, row in enumerate(ROWS, 1)]
        schema = [*HEADER[:5], ("amount", pl.Decimal(18, 2)), "description"]
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        batch = read(parquet(tmp_path, frame))
        assert content(batch).equals(as_csv)
        assert batch.files[0].encoding == "parquet"

    def test_has_its_floats_read_without_a_rest(self, tmp_path: Path) -> None:
        frame = pl.DataFrame({
            "invoice_id": [1001.0, 1002.0, 1000.0], "customer_id": "C1", "issue_date": "2026-01-02",
            "due_date": MIDNIGHT, "currency": "EUR", "amount": [0.1 + 0.2, 1e6, 1234567890.12],
        })  # fmt: skip
        found = read(parquet(tmp_path, frame)).frames["invoices"]
        assert found.select("number", "amount_minor").rows() == [
            ("1001", 30), ("1002", 100_000_000), ("1000", 123_456_789_012),
        ]  # fmt: skip
        assert found["due_date"].unique().to_list() == [date(2026, 2, 1)]

    def test_with_lists_in_a_column_is_refused(self, tmp_path: Path) -> None:
        assert refusal(parquet(tmp_path, pl.DataFrame({"customer_id": [["C1"]], "name": ["Ada"]}))) == "parquet_column"

    def test_that_is_broken_is_refused(self, tmp_path: Path) -> None:
        path = parquet(tmp_path, pl.DataFrame({"customer_id": ["C1"], "name": ["Ada"]}))
        data = path.read_bytes()
        for broken in (data[:-20], data[:4] + b"\0" * 40 + data[44:], b"PAR1" * 3):
            path.write_bytes(broken)
            assert refusal(path) in ("parquet_broken", "missing_columns")

    def test_of_too_many_rows_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dunwell.intake.typed_tables._MOST_ROWS", 1)
        assert (
            refusal(parquet(tmp_path, pl.DataFrame({"customer_id": ["C1", "C2"], "name": "Ada"})))
            == "parquet_too_large"
        )

    def test_of_too_much_text_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dunwell.intake.typed_tables._MOST_TEXT", 1000)
        much = pl.DataFrame({"customer_id": ["C1"], "name": "A" * 2000})
        assert refusal(parquet(tmp_path, much)) == "parquet_too_large"

    def test_refuses_numbers_that_lost_their_digits(self, tmp_path: Path) -> None:
        batch = read(parquet(tmp_path, pl.DataFrame({"customer_id": [12345678901234567890.0, 12.0], "name": "Ada"})))
        assert [(row, code) for row, _, _, code in said(batch)] == [(1, "digits_lost")]
        assert batch.frames["customers"]["number"].to_list() == ["12"]


class TestBig5:
    def test_is_found_by_itself(self, tmp_path: Path) -> None:
        path = tmp_path / "客戶.csv"
        path.write_bytes(
            "客戶編號,客戶名稱,城市\nC1,臺灣積體貿易股份有限公司,臺北市\nC2,高雄鋼鐵廠,高雄市\n".encode("cp950")
        )
        batch = read(path, known=Known())
        assert batch.frames["customers"]["name"].to_list() == ["臺灣積體貿易股份有限公司", "高雄鋼鐵廠"]
        assert batch.files[0].encoding == "cp950"
