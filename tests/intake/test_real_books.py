"""Real books are read without loss: counts and sums equal those of plain Python."""

import csv
from collections import Counter
from decimal import Decimal

import pytest

from dunwell.intake import Defaults, Known, read_files


def by_hand(path, inherited=None):
    """Rows and sums of minor units by currency, with nothing but csv and Decimal."""
    sums, rows = Counter(), 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            if "amount" in row:
                currency = row.get("currency") or inherited
                sums[currency] += int(Decimal(row["amount"]) * 100)
    return rows, dict(sums)


class TestARealBook:
    @pytest.mark.parametrize("book", ["open_book", "fines", "late_payment"])
    def test_is_read_without_loss(self, shared_data, book):
        paths = sorted((shared_data / "data" / book).glob("*.csv"))
        assert paths
        batch = read_files(paths, known=Known(), defaults=Defaults())
        lost = 0
        for report in batch.files:
            rows, sums = by_hand(report.path, "EUR")
            assert report.rows == rows
            assert {total.currency: total.sum_minor for total in report.totals} == sums
            if book == "late_payment" and report.kind == "disputes":
                lost = report.bad_rows
            else:
                assert report.good_rows == rows == batch.frames[report.kind].height
                assert {total.currency: total.good_sum_minor for total in report.totals} == sums
        assert lost == (561 if book == "late_payment" else 0) == batch.errors.height
        if lost:
            assert batch.errors["column"].unique().to_list() == ["opened_on"]
