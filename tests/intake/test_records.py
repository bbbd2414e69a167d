"""Lines become rows: cells as they were written, line numbers as an editor shows them, broken rows alone."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.intake import records, source
from dunwell.intake.records import Grammar, Rows
from tests.intake.ledgers import INVOICES, invoice_rows, numbers, read, said

CELL = st.text(st.sampled_from(list("ab ,;\t|\"\n'=é中")), max_size=6)


def taken_apart(text: str, delimiter: str, width: int, size: int) -> tuple[list[tuple[int, list[str]]], Rows]:
    """Rows of a text fed in blocks of whole lines of about `size` bytes."""
    rows = Rows(Grammar(delimiter, width), "a.csv", 1)
    lines = text.encode().splitlines(keepends=True)
    found = []
    while True:
        block = b""
        while lines and len(block) < size:
            block += lines.pop(0)
        frame = rows.feed(block, last=not lines)
        found += [(row[-1], [cell or "" for cell in row[:-1]]) for row in frame.rows()]
        if not lines:
            return found, rows


class TestRows:
    @settings(max_examples=150)
    @given(
        st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=8)),
        st.sampled_from(",;\t|"),
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        st.sampled_from([1, 20, 10_000]),
    )
    def test_come_back_as_any_csv_writer_wrote_them(self, table, delimiter, quoting, size):
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator="\n")
        expected = []
        for cells in table:
            line = buffer.getvalue().count("\n") + 1
            if all(not cell.lstrip().startswith('"') or quoting or _is_quoted(cell, delimiter) for cell in cells):
                writer.writerow(cells)
                if any(cell.strip() for cell in cells):
                    expected.append((line, cells))
        found, rows = taken_apart(buffer.getvalue(), delimiter, len(table[0]), size)
        assert not rows.faults
        assert found == expected

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_end_as_on_any_system(self, tmp_path, end):
        batch = read(tmp_path, a=INVOICES.replace("\n", end).encode())
        assert batch.frames["invoices"]["description"].to_list() == ["first", "second"]
        assert batch.frames["invoices"]["row"].to_list() == [2, 3]

    def test_may_lack_the_last_line_end(self, tmp_path):
        assert numbers(read(tmp_path, a=INVOICES.rstrip())) == ["R1", "R2"]

    def test_keep_line_ends_delimiters_and_quotes_within_quotes(self, tmp_path):
        cell = 'a "b", c\n\nd'
        content = INVOICES + f'R3,C1,2026-01-02,2026-02-01,EUR,1.00,"{cell.replace(chr(34), chr(34) * 2)}"\n'
        batch = read(tmp_path, a=content + "R4,C1,2026-01-02,2026-02-01,EUR,1.00,after\n")
        assert batch.frames["invoices"].select("row", "description").rows()[2:] == [(4, cell), (7, "after")]

    @pytest.mark.parametrize("block", [40, 64, 100, 333])
    def test_do_not_depend_on_how_the_file_is_cut_into_blocks(self, tmp_path, monkeypatch, block):
        content = INVOICES + "".join(
            f'R{i},C1,2026-01-02,2026-02-01,EUR,{i}.00,"multi\r\nline ""{i}"" \u4e2d"\r\n' for i in range(3, 40)
        )
        whole = read(tmp_path, a=content)
        monkeypatch.setattr(source, "BLOCK", block)
        cut = read(tmp_path, a=content)
        assert cut.frames["invoices"].equals(whole.frames["invoices"])
        assert cut.files == whole.files
        assert whole.frames["invoices"].height == 39

    def test_with_too_few_or_too_many_cells_are_errors_and_the_rest_is_read(self, tmp_path):
        content = invoice_rows(
            "R1,C1,2026-01-02,2026-02-01,EUR,1.00",
            "R2,C1,2026-01-02,2026-02-01,EUR",
            "R3,C1,2026-01-02,2026-02-01,EUR,1,000.00",
            'R4,C1,2026-01-02,2026-02-01,EUR,"1.00",extra',
            "R5,C1,2026-01-02,2026-02-01,EUR,5.00",
        )
        batch = read(tmp_path, a=content)
        assert numbers(batch) == ["R1", "R5"]
        assert batch.errors.select("row", "code", "value", "other").rows() == [
            (3, "intake.field_count", "5", "6"),
            (4, "intake.field_count", "7", "6"),
            (5, "intake.field_count", "7", "6"),
        ]
        assert batch.errors["reason"][0] == "Cells in this row: 5; in the header: 6."
        assert (batch.files[0].rows, batch.files[0].good_rows, batch.files[0].bad_rows) == (5, 2, 3)

    def test_with_a_stray_quote_are_errors_and_the_rest_is_read(self, tmp_path):
        header = "number,debtor,issue_date,due_date,currency,amount,description"
        content = invoice_rows(
            'R1,C1,2026-01-02,2026-02-01,EUR,1.00,"Big" Bob',
            'R2,C1,2026-01-02,2026-02-01,EUR,2.00,"never closed',
            'R3,C1,2026-01-02,2026-02-01,EUR,3.00,"well, closed"',
            'R4,C1,2026-01-02,2026-02-01,EUR,4.00,a 5" pipe',
            'R5,C1,2026-01-02,2026-02-01,EUR,5.00, "space first"',
            header=header,
        )
        batch = read(tmp_path, a=content)
        assert [(row, code) for row, _, _, code in said(batch)] == [
            (2, "stray_quote"),
            (3, "stray_quote"),
            (6, "stray_quote"),
        ]
        assert batch.frames["invoices"].select("row", "description").rows() == [(4, "well, closed"), (5, 'a 5" pipe')]

    def test_that_are_blank_are_none(self, tmp_path):
        content = INVOICES + ",,,,,,\n\n   \n" + '"","","","","","",""\n' + ",,,,,,,,,,\n"
        batch = read(tmp_path, a=content)
        assert numbers(batch) == ["R1", "R2"]
        assert batch.files[0].rows == 2
        assert not batch.errors.height

    def test_are_found_under_a_title_and_a_declared_delimiter(self, tmp_path):
        title = "sep=;\nOpen items of the day;;\n\n"
        batch = read(tmp_path, a=title + INVOICES.replace(",", ";"))
        assert batch.frames["invoices"]["row"].to_list() == [5, 6]
        assert batch.files[0].delimiter == ";"

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_are_found_with_any_common_delimiter(self, tmp_path, delimiter):
        batch = read(tmp_path, a=INVOICES.replace(",", delimiter))
        assert numbers(batch) == ["R1", "R2"]
        assert batch.files[0].delimiter == delimiter

    def test_full_of_wrongly_closed_quotes_cost_no_more_than_the_text_they_hold(self, tmp_path, monkeypatch):
        monkeypatch.setattr(records, "_RESCAN", 100_000)
        content = INVOICES + ('y,"a\n' + "x,\n" * 3_000) * 20 + 'y,"a"b\n'
        with pytest.raises(DunwellError) as caught:
            read(tmp_path, a=content)
        assert caught.value.code == "intake.too_many_quotes"


def _is_quoted(cell: str, delimiter: str) -> bool:
    """Whether csv's writer quotes a cell by itself."""
    return any(one in cell for one in ('"', "\n", delimiter))
