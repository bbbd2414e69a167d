"""XLSX as rows of texts. What it unpacks to is measured before anything reads it: a small file may hold a bomb."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from dunwell.core.errors import DunwellError

_MOST_UNPACKED = 256 << 20
_MOST_MEMBERS = 2000
_MOST_SHEETS = 20
_CHUNK = 1 << 20
_MOST_CELLS = 100
"""Columns of a statement that are looked at: every row is filled up to so many."""
_MOST_COLUMNS = 501
"""Columns of a ledger that are looked at: one more than it may have."""
_MOST_ROWS = 1 << 20

type Row = tuple[int, list[str]]
type Typed = tuple[int, tuple[object, ...]]


def sheets_of(data: bytes, file: str) -> Iterator[Iterator[Row]]:
    """The sheets one by one: numbers of rows and their cells as text, without blank rows, each read when asked for.

    Refuses what is no XLSX workbook, what unpacks to more than 256 MiB, and document types in its XML."""
    for sheet in _opened(data, file):
        yield _texts(sheet, file)


def named_sheets(data: bytes, file: str) -> Iterator[tuple[str, Iterator[Typed]]]:
    """The same with the name of each sheet and the values of its cells, up to 501 in a row."""
    for sheet in _opened(data, file):
        yield str(sheet.title), _rows(sheet, file, _MOST_COLUMNS)


def _opened(data: bytes, file: str) -> list[Any]:
    _measure(data, file)
    with _in_words(file):
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        return list(book.worksheets[:_MOST_SHEETS])


def _texts(sheet: Any, file: str) -> Iterator[Row]:
    for number, values in _rows(sheet, file, _MOST_CELLS):
        texts = [text_of(value) for value in values]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield number, texts


def _rows(sheet: Any, file: str, columns: int) -> Iterator[Typed]:
    blank: tuple[object, ...] | None = None
    with _in_words(file):
        # what a sheet says of its own size may be wrong, and then rows are cut off
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(max_col=columns, values_only=True), 1):
            if values is blank:  # the library gives the same one for each row of a gap, which may be a million long
                continue
            if not any(value is not None for value in values):
                blank = values
                continue
            yield number, values
            if number >= _MOST_ROWS:
                return


@contextmanager
def _in_words(file: str) -> Iterator[None]:
    """A broken workbook fails in as many ways as the library has lines: each is a refusal."""
    try:
        yield
    except DunwellError:
        raise
    except MemoryError:
        raise DunwellError("intake.workbook_too_large", file=file) from None
    except Exception as problem:  # noqa: BLE001
        reason = f"{type(problem).__name__}: {problem}"[:200]
        raise DunwellError("intake.workbook_broken", file=file, reason=reason) from None


def text_of(value: object) -> str:
    """A cell as text: days as `2026-01-31`, numbers as `1234.5`."""
    match value:
        case None:
            return ""
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        case bool():
            return str(value).lower()
        case float():
            # a spreadsheet keeps fifteen digits of a number: 0.1 + 0.2 is 0.3 in it
            return format(Decimal(format(value, ".15g")), "f") if abs(value) < 1e15 else str(value)
    return str(value).replace("\r\n", "\n")


def _measure(data: bytes, file: str) -> None:
    """Unpack everything once, in pieces, to nowhere: what the directory says of sizes may be a lie."""
    with _in_words(file), zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = packed.infolist()
        if "xl/workbook.xml" not in packed.namelist():
            raise DunwellError("intake.is_binary", file=file)
        if len(members) > _MOST_MEMBERS:
            raise DunwellError("intake.workbook_too_large", file=file)
        left = _MOST_UNPACKED
        for member in members:
            with packed.open(member) as stream:
                head = b""
                while piece := stream.read(_CHUNK):
                    left -= len(piece)
                    if left < 0:
                        raise DunwellError("intake.workbook_too_large", file=file)
                    if member.filename.endswith((".xml", ".rels")):
                        _no_doctype(head + piece, file)
                        head = piece[-16:]


def _no_doctype(piece: bytes, file: str) -> None:
    if b"<!DOCTYPE" in piece or "<!DOCTYPE".encode("utf-16-le") in piece or "<!DOCTYPE".encode("utf-16-be") in piece:
        raise DunwellError("intake.xml_doctype", file=file)
