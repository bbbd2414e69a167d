"""Errors are listed with their reasons, in three languages, in a CSV that is safe to open."""

import csv
import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError, catalogue
from dunwell.intake import ERRORS, in_language, write_errors_csv
from tests.intake.ledgers import invoice_rows, read


def hostile(value):
    return read_errors(invoice_rows(f'R1,C1,2026-01-02,2026-02-01,EUR,"{value}"'))


def read_errors(content):
    with tempfile.TemporaryDirectory() as made:
        return read(Path(made), a=content).errors


ONE_ERROR = pl.DataFrame(
    [("a.csv", 2, "amount", "x", "EUR", "intake.not_an_amount", "x is not an amount.")], schema=ERRORS, orient="row"
)


class TestErrors:
    def test_say_the_reason_in_three_languages(self):
        errors = hostile("abc")
        assert errors["reason"].to_list() == ["abc is not an amount. Write it like 1234.50."]
        assert in_language(errors, "zh-Hans")["reason"].to_list() == ["abc 不是金额。请写成 1234.50 的形式。"]
        assert in_language(errors, "zh-Hant")["reason"].to_list() == ["abc 不是金額。請寫成 1234.50 的形式。"]

    def test_show_no_control_characters_in_their_reasons(self):
        reason = hostile("\x1b[31mred\u202e")["reason"][0]
        assert reason.startswith("□[31mred□ is not an amount")

    def test_keep_at_most_two_hundred_characters_of_a_cell(self):
        errors = hostile("x" * 5000)
        assert errors["value"].to_list() == ["x" * 200]
        assert len(errors["reason"][0]) < 200

    def test_of_rows_use_only_words_that_every_error_has(self):
        words = catalogue()
        for code in words:
            if code.startswith("intake.") and "{value}" in words[code]["en"]:
                for text in words[code].values():
                    assert set(re.findall(r"{(\w+)}", text)) <= {"value", "other", "column"}, code

    def test_are_in_the_order_of_the_rows(self):
        content = invoice_rows(*[f"R{i},C9,2026-01-02,never,EUR,x" for i in range(3)])
        errors = read_errors(content)
        assert errors["row"].to_list() == [2, 2, 2, 3, 3, 3, 4, 4, 4]


class TestTheFileOfErrors:
    @pytest.mark.parametrize("value", ["=1+1", "+1+x", "-cmd", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", "＝1+x"])
    def test_never_begins_a_cell_like_a_formula(self, tmp_path, value):
        errors = hostile("x").with_columns(value=_lit(value), column=_lit(value), file=_lit(value))
        write_errors_csv(errors, tmp_path / "errors.csv")
        with (tmp_path / "errors.csv").open(newline="", encoding="utf-8-sig") as file:
            row = next(csv.DictReader(file))
        assert row["value"].startswith("'")
        assert row["column"].startswith("'")
        assert row["file"].startswith("'")

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    def test_can_be_read_back_whatever_a_cell_held(self, tmp_path_factory, value):
        path = tmp_path_factory.mktemp("errors") / "errors.csv"
        write_errors_csv(ONE_ERROR.with_columns(value=_lit(value)), path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["file", "row", "column", "value", "code", "reason"]
        assert len(rows) == 2
        assert not re.match(r"\s*[=+\-@\t\r]", rows[1][3])

    def test_that_cannot_be_written_is_said(self, tmp_path):
        with pytest.raises(DunwellError) as caught:
            write_errors_csv(hostile("x"), tmp_path / "no" / "errors.csv")
        assert caught.value.code == "intake.unwritable"


def _lit(value):
    return pl.lit(value)
