"""XLSX as rows of texts. What it unpacks to is measured before anything reads it: a small file may hold a bomb."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

from openpyxl import load_workbook

from dunwell.core.errors import DunwellError
from dunwell.intake.columns import MOST_COLUMNS
from dunwell.intake.statements.shapes import MOST_BYTES, MOST_ENTRIES

_MOST_UNPACKED = 4 * MOST_BYTES
_MOST_MEMBERS = 2000
_MOST_SHEETS = 20
_CHUNK = 1 << 20
_SPARE = 2000
"""Rows beside the entries: titles, totals, blank ones."""

type Row = tuple[int, list[str]]


def sheets_of(data: bytes, file: str) -> Iterator[list[Row]]:
    """The sheets one by one: number of the row and its cells as text, blank rows left out.

    Refuses what is no XLSX workbook, what unpacks to more than 256 MiB, and document types in its XML."""
    _measure(data, file)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets[:_MOST_SHEETS]:
            # what a sheet says of its own size may be wrong, and then rows are cut off
            sheet.reset_dimensions()
            yield _rows(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True))
    except DunwellError:
        raise
    except MemoryError:
        raise DunwellError("intake.workbook_too_large", file=file) from None
    except Exception as problem:  # noqa: BLE001 a broken workbook fails in as many ways as the library has lines
        reason = f"{type(problem).__name__}: {problem}"[:200]
        raise DunwellError("intake.workbook_broken", file=file, reason=reason) from None


def _rows(cells: Iterator[tuple[object, ...]]) -> list[Row]:
    rows: list[Row] = []
    for number, values in enumerate(cells, 1):
        texts = [_text(value) for value in values]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            rows.append((number, texts))
            if len(rows) > MOST_ENTRIES + _SPARE:
                raise DunwellError("intake.statement_too_long", most=MOST_ENTRIES)
        if number >= 1 << 20:
            break
    return rows


def _text(value: object) -> str:
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
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
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
    except DunwellError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, KeyError) as problem:
        raise DunwellError("intake.workbook_broken", file=file, reason=str(problem)[:200]) from None
    except Exception as problem:  # noqa: BLE001 zlib and lzma have errors of their own
        raise DunwellError("intake.workbook_broken", file=file, reason=type(problem).__name__) from None


def _no_doctype(piece: bytes, file: str) -> None:
    if b"<!DOCTYPE" in piece or "<!DOCTYPE".encode("utf-16-le") in piece or "<!DOCTYPE".encode("utf-16-be") in piece:
        raise DunwellError("intake.xml_doctype", file=file)
