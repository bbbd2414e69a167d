"""Lines -> rows of cells. RFC 4180 with any delimiter: quoted cells may hold delimiters, doubled quotes and line ends.

A line is regular when each of its cells is either well quoted or free of quotes and their number is right: Polars
reads those. Every other line is taken apart here, so that a broken row costs that row alone and the numbers of the
lines after it stay true.
"""

import io
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.source import LONGEST, NotThisEncoding

Fault = tuple[int, str, str, str]
"""Line, code, the text as far as it matters, what it was compared with."""

_RESCAN = 64 << 20
"""How much text may be looked through in vain for the ends of quotes before the file is given up."""


@dataclass(frozen=True)
class Grammar:
    """How cells are told apart in one file: its delimiter and the number of cells in each row."""

    delimiter: str
    width: int

    @property
    def regular(self) -> str:
        """Pattern of a regular line."""
        cell = f'(?:"(?:[^"]|"")*"|[^"{_escaped(self.delimiter)}]*)'
        return f"^{cell}(?:{_escaped(self.delimiter)}{cell}){{{self.width - 1}}}$"


def _escaped(delimiter: str) -> str:
    return re.escape(delimiter)


Outcome = tuple[Literal["cells", "open", "bad"], list[str], int]


def split(text: str, delimiter: str) -> Outcome:
    """Take one record apart from the beginning of `text`: its cells and the number of lines it took.

    "open" when a quote has no end in `text`, "bad" when a quote stands where none may.
    """
    cell = _cell(delimiter)
    cells: list[str] = []
    at = 0
    while True:
        found = cell.match(text, at)
        if found is None:
            return ("open" if text.startswith('"', at) else "bad"), cells, 0
        quoted, bare = found.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"') if '""' in quoted else quoted)
        at = found.end()
        if at >= len(text) or text[at] == "\n":
            return "cells", cells, text.count("\n", 0, at) + 1
        if text[at] != delimiter:
            return "bad", cells, 0
        at += 1


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    """One cell: well quoted, or without a quote at its beginning, be it behind spaces."""
    stop = f"{_escaped(delimiter)}\\n"
    return re.compile(f'"([^"]*(?:""[^"]*)*)"(?!")|(?![^\\S{stop}]*")([^{stop}]*)')


class Rows:
    """Fed with blocks of lines, gives frames of cells c0..cN (String, null when empty) with `row`, and the faults."""

    def __init__(self, grammar: Grammar, file: str, first_line: int) -> None:
        self.grammar = grammar
        self.faults: list[Fault] = []
        self._file = file
        self._line = first_line
        self._carry = pl.Series("line", [], dtype=pl.String)
        self._columns = [f"c{i}" for i in range(grammar.width)]
        self._in_vain = 0

    @property
    def waiting(self) -> bool:
        """Whether lines of a row that may go on are kept."""
        return len(self._carry) > 0

    def feed(self, block: bytes, last: bool) -> pl.DataFrame:
        """The rows that end in this block; a row that may go on is kept for the next."""
        lines = lines_of(block)
        if len(self._carry):
            lines = pl.concat([self._carry, lines])
        regular = lines.str.contains(self.grammar.regular)
        if regular.all():
            taken, odd, rest = lines, None, len(lines)
            numbers = pl.int_range(self._line, self._line + len(lines), dtype=pl.Int64, eager=True)
        else:
            keep, odd, rest = self._odd_lines(lines, regular, last)
            taken = lines.filter(keep)
            numbers = keep.arg_true().cast(pl.Int64) + self._line
        frame = self._regular_lines(taken, numbers)
        if odd is not None and odd.height:
            frame = pl.concat([frame, odd]).sort("row")
        self._carry = lines.slice(rest)
        self._line += rest
        return self._without_blank(frame)

    def _without_blank(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of nothing but empty cells are no rows: spreadsheets leave them at the end."""
        perhaps = frame.filter(_nothing(pl.col("c0")))
        blank = perhaps.filter(pl.all_horizontal([_nothing(pl.col(name)) for name in self._columns]))
        return frame.join(blank.select("row"), on="row", how="anti", maintain_order="left") if blank.height else frame

    def _regular_lines(self, lines: pl.Series, numbers: pl.Series) -> pl.DataFrame:
        """Polars' reader on lines of which each is one row; checked, because a row lost here would be lost silently."""
        if lines.is_empty():
            return self._frame([], [])
        buffer = io.BytesIO()
        buffer.write((self.grammar.delimiter.join(self._columns) + "\n").encode())
        lines.to_frame().write_csv(buffer, include_header=False, quote_style="never")
        frame = pl.read_csv(buffer.getvalue(), separator=self.grammar.delimiter, infer_schema=False)
        if frame.height != len(lines):
            cells = [split(line, self.grammar.delimiter)[1] for line in lines]
            return self._frame(cells, numbers.to_list())
        return frame.with_columns(numbers.alias("row"))

    def _odd_lines(self, lines: pl.Series, regular: pl.Series, last: bool) -> tuple[pl.Series, pl.DataFrame, int]:
        """Which lines are regular rows, the rows found among the others, and how many lines are done with."""
        quoted = lines.str.contains('"', literal=True)
        texts = lines.to_list()
        swallowed: list[tuple[int, int]] = []
        cells: list[list[str]] = []
        numbers: list[int] = []
        faults: list[tuple[int, str, str, str]] = []
        done, rest = 0, len(lines)
        for at in (quoted & ~regular).arg_true().to_list():
            if at < done:
                continue
            outcome, found, height = self._record(texts, at)
            if outcome == "open" and not last:
                rest = at
                break
            if outcome == "open":
                raise DunwellError("intake.unclosed_quote", file=self._file, row=self._line + at)
            if outcome == "cells" and len(found) == self.grammar.width:
                swallowed.append((at, height))
                cells.append(found)
                numbers.append(self._line + at)
                done = at + height
            elif outcome == "cells" and height == 1:
                faults.append((at, "intake.field_count", str(len(found)), str(self.grammar.width)))
            else:
                faults.append((at, "intake.stray_quote", texts[at][:200], ""))
        inside = _ranges(swallowed, len(lines))
        before = pl.int_range(0, len(lines), eager=True) < rest
        ragged = ~regular & ~quoted & ~inside & before & lines.str.contains(r"\S")
        counts = lines.filter(ragged).str.count_matches(self.grammar.delimiter, literal=True) + 1
        # A row of empty cells only is blank however many they are.
        blank = lines.filter(ragged).str.replace_all(self.grammar.delimiter, "", literal=True).str.contains(r"^\s*$")
        for at, count, skip in zip(ragged.arg_true(), counts, blank, strict=True):
            if not skip:
                faults.append((at, "intake.field_count", str(count), str(self.grammar.width)))
        self.faults += [(self._line + at, code, value, other) for at, code, value, other in sorted(faults)]
        return regular & ~inside & before, self._frame(cells, numbers), rest

    def _record(self, texts: list[str], at: int) -> Outcome:
        """The record that begins at a line, looking ahead in growing steps so that long cells cost what they weigh."""
        reach = 1
        while True:
            window = "\n".join(texts[at : at + reach])
            outcome = split(window, self.grammar.delimiter)
            if outcome[0] == "cells" and len(outcome[1]) == self.grammar.width:
                if len(window) > LONGEST // 4 and sum(len(cell.encode()) for cell in outcome[1]) > LONGEST:
                    raise DunwellError("intake.line_too_long", file=self._file, row=self._line + at)
                return outcome
            if outcome[0] != "open":
                self._in_vain += len(window) if reach > 1 else 0
                if self._in_vain > _RESCAN:
                    raise DunwellError("intake.too_many_quotes", file=self._file, row=self._line + at)
                return outcome
            if len(window) > LONGEST // 4 and len(window.encode()) > LONGEST:
                raise DunwellError("intake.unclosed_quote", file=self._file, row=self._line + at)
            if at + reach >= len(texts):
                return outcome
            reach *= 2

    def _frame(self, cells: list[list[str]], numbers: list[int]) -> pl.DataFrame:
        columns = list(zip(*cells, strict=True)) if cells else [()] * self.grammar.width
        frame = pl.DataFrame(
            {name: pl.Series(values, dtype=pl.String) for name, values in zip(self._columns, columns, strict=True)}
        )
        empty_is_null = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in self._columns]
        return frame.select(empty_is_null).with_columns(pl.Series("row", numbers, dtype=pl.Int64))


def _nothing(cell: pl.Expr) -> pl.Expr:
    return cell.is_null() | (cell.str.strip_chars() == "")


def _ranges(ranges: list[tuple[int, int]], size: int) -> pl.Series:
    """Marks of the lines that lie in any of the ranges (first, height); they do not overlap."""
    if not ranges:
        return pl.repeat(False, size, eager=True)
    first = pl.Series([at for at, _ in ranges], dtype=pl.Int64)
    height = pl.Series([count for _, count in ranges], dtype=pl.Int64)
    lines = pl.DataFrame({"at": first, "n": height}).select(
        pl.int_ranges("at", pl.col("at") + pl.col("n")).explode(empty_as_null=True, keep_nulls=True)
    )
    return pl.int_range(0, size, eager=True).is_in(lines.to_series().implode())


def lines_of(block: bytes) -> pl.Series:
    """The lines of a block. Raises NotThisEncoding where it is not UTF-8."""
    if not block:
        return pl.Series("line", [], dtype=pl.String)
    try:
        return pl.read_lines(io.BytesIO(block), name="line").to_series()
    except pl.exceptions.ComputeError:
        raise NotThisEncoding from None
