"""An import takes ledgers as XLSX and Parquet like those as CSV."""

from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from dunwell.store.models import Receivable
from tests.imports.files import CUSTOMERS, INVOICES, counts, take_in
from tests.support.book import make_creditor

pytestmark = pytest.mark.usefixtures("db")


class TestLedgersOfTypedCells:
    def test_become_the_rows_that_they_hold_and_nothing_the_second_time(self, tmp_path: Path) -> None:
        customers, invoices = tmp_path / "customers.parquet", tmp_path / "invoices.xlsx"
        pl.DataFrame(CUSTOMERS).write_parquet(customers)
        book = Workbook()
        sheet = book.worksheets[0]
        sheet.append(list(INVOICES[0]))
        for row in INVOICES:
            sheet.append([float(value) if name == "amount" else value for name, value in row.items()])
        book.save(invoices)
        creditor = make_creditor()
        report = take_in(creditor, customers, invoices)
        assert counts(report)["invoices"] == (3, 0, 0)
        amounts = Receivable.objects.order_by("number").values_list("number", "amount_minor")
        assert list(amounts) == [("R1", 119000), ("R2", 25050), ("R3", 90000)]
        assert not take_in(creditor, customers, invoices).written
