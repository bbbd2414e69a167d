"""Ledgers as XLSX or Parquet -> sheets like those of CSV files: typed cells become text that reads one way only."""

import hashlib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.columns import MOST_COLUMNS, Recognition, best, check_mapping, refuse
from dunwell.intake.shapes import Mapping
from dunwell.intake.sheet import Sheet
from dunwell.intake.source import open_file
from dunwell.intake.statements.shapes import MOST_BYTES
from dunwell.intake.workbook import Typed, named_sheets, text_of

_HEADER_WITHIN = 40
_CHUNK = 20_000
_AMOUNTS = ("amount", "open")
_EXACT = 10**15
"""From here on a spreadsheet no longer keeps every digit of a whole number."""
_MOST_PARQUET = 256 << 20
_MOST_ROWS = 20_000_000
_MOST_TEXT = 2 << 30
"""Bytes of text in all columns of a Parquet file that mean something."""
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"


def typed_format(path: Path) -> str | None:
    """xlsx, ods or parquet by a file's first bytes; None: another one, or none that can be read."""
    try:
        with open_file(path) as file:
            head = file.read(200)
    except (DunwellError, OSError):
        return None  # whoever reads the file says why it cannot be read
    if head.startswith(_PARQUET):
        return "parquet"
    if not head.startswith(_ZIP):
        return None
    return "ods" if b"application/vnd.oasis.opendocument" in head else "xlsx"


def read_typed(path: Path, index: int, form: str, mapping: Mapping | None, *, may_be_empty: bool = False) -> Sheet:
    """Take a workbook or a Parquet file apart. Refuses, in words, what is broken, too large or of no known kind."""
    if form == "ods":
        raise DunwellError("intake.is_ods", file=str(path))
    sheet = _of_parquet(path, index, mapping) if form == "parquet" else _of_workbook(path, index, mapping)
    if not sheet.rows and not may_be_empty:
        raise DunwellError("intake.header_only", file=str(path))
    return sheet


# --- workbooks ---


@dataclass(frozen=True, slots=True)
class _Table:
    """A table in a sheet of a workbook: its header and the rows below."""

    name: str
    headers: list[str]
    skipped: int
    recognition: Recognition
    rows: Iterator[Typed]


def _of_workbook(path: Path, index: int, mapping: Mapping | None) -> Sheet:
    with open_file(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DunwellError("intake.workbook_too_large", file=str(path))
    tables = [found for name, rows in named_sheets(data, str(path)) if (found := _table(name, rows, path, mapping))]
    if not tables:
        raise DunwellError("intake.no_header", file=str(path))
    chosen = max(tables, key=lambda one: (one.recognition.complete, len(one.recognition.columns)))
    if mapping and mapping.columns:
        check_mapping(mapping, chosen.headers, str(path))
    if not chosen.recognition.complete:
        refuse(chosen.recognition, chosen.headers, str(path))
    sheet = _filled(chosen, path, index, hashlib.sha256(data).hexdigest())
    if chosen.skipped:
        sheet.note("intake.note_preamble", lines=chosen.skipped)
    if chosen.recognition.debtor_is_name:
        sheet.note("intake.note_debtor_is_name", column=sheet.header("debtor"))
    others = [one.name for one in tables if one is not chosen and one.recognition.complete]
    if others:
        sheet.note("intake.note_sheets_left", sheet=chosen.name, others=", ".join(others))
    elif len(tables) > 1:
        sheet.note("intake.note_sheet", sheet=chosen.name)
    return sheet


def _table(name: str, rows: Iterator[Typed], path: Path, mapping: Mapping | None) -> _Table | None:
    """The header that most of the columns make sense under, among the first rows."""
    head = list(islice(rows, _HEADER_WITHIN))
    fallback: tuple[int, list[str], Recognition] | None = None
    for place, (_, values) in enumerate(head):
        headers = [" ".join(text_of(value).split()) for value in values]
        while headers and not headers[-1]:
            headers.pop()
        if sum(1 for header in headers if header) < 2:
            continue
        if len(headers) > MOST_COLUMNS:
            raise DunwellError("intake.too_many_columns", file=str(path), count=len(headers), most=MOST_COLUMNS)
        found = best(headers, path.name, mapping)
        if fallback is None or found.complete or len(found.columns) > len(fallback[2].columns):
            fallback = place, headers, found
        if found.complete:
            break
    if fallback is None:
        return None
    place, headers, found = fallback
    return _Table(name, headers, place, found, chain(head[place + 1 :], rows))


def _filled(table: _Table, path: Path, index: int, sha256: str) -> Sheet:
    taken = _Rows(table, index)
    while part := list(islice(table.rows, _CHUNK)):
        taken.take(part)
    cells = pl.concat(taken.frames) if taken.frames else taken.frame([])
    return Sheet(
        index=index, path=path, sha256=sha256, encoding="xlsx", delimiter="", recognition=table.recognition,
        headers=table.headers, cells=cells, faults=taken.faults, rows=cells.height + taken.torn,
        typed=not taken.text_amounts,
    )  # fmt: skip


class _Rows:
    """Rows of typed cells -> frames of the columns that mean something."""

    def __init__(self, table: _Table, index: int) -> None:
        self.frames: list[pl.DataFrame] = []
        self.faults: list[tuple[int, str, str, str]] = []
        self.torn = 0
        self.text_amounts = False
        self._columns = table.recognition.columns
        self._width = len(table.headers)
        self._index = index

    def take(self, rows: Sequence[Typed]) -> None:
        """A part of the rows."""
        kept = []
        for row, values in rows:
            beyond = [value for value in values[self._width :] if text_of(value).strip()]
            if beyond:
                self.torn += 1
                self.faults.append((row, "intake.field_count", str(self._width + len(beyond)), str(self._width)))
                continue
            kept.append((row, values))
            self._look_at(row, values)
        self.frames.append(self.frame(kept))

    def _look_at(self, row: int, values: Sequence[object]) -> None:
        for field, at in self._columns.items():
            value = values[at] if at < len(values) else None
            if field in _AMOUNTS:
                self.text_amounts |= isinstance(value, str) and any(one.isdigit() for one in value)
            elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _EXACT:
                self.faults.append((row, "intake.digits_lost", str(value), field))

    def frame(self, rows: Sequence[Typed]) -> pl.DataFrame:
        """Cells as text by the names of their fields."""
        texts = {
            field: [text_of(values[at]) if at < len(values) else "" for _, values in rows]
            for field, at in self._columns.items()
        }
        schema = {"row": pl.Int64(), **dict.fromkeys(texts, pl.String())}
        cells = pl.DataFrame({"row": [row for row, _ in rows], **texts}, schema=schema)
        return cells.select(pl.lit(self._index, dtype=pl.Int32).alias("file"), pl.all())


# --- Parquet ---


def _of_parquet(path: Path, index: int, mapping: Mapping | None) -> Sheet:
    file = str(path)
    if path.stat().st_size > _MOST_PARQUET:
        raise DunwellError("intake.parquet_too_large", file=file, most=_MOST_PARQUET >> 20, rows=_MOST_ROWS)
    sha256 = hashlib.sha256()
    with open_file(path) as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
    try:
        scanned = pl.scan_parquet(path, glob=False)
        schema = scanned.collect_schema()
        rows = scanned.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError, ValueError) as problem:
        raise _broken(file, problem) from None
    if rows > _MOST_ROWS:
        raise DunwellError("intake.parquet_too_large", file=file, most=_MOST_PARQUET >> 20, rows=_MOST_ROWS)
    headers = list(schema)
    if len(headers) > MOST_COLUMNS:
        raise DunwellError("intake.too_many_columns", file=file, count=len(headers), most=MOST_COLUMNS)
    if mapping and mapping.columns:
        check_mapping(mapping, headers, file)
    found = best(headers, path.name, mapping)
    if not found.complete:
        refuse(found, headers, file)
    chosen = {field: (headers[at], schema[headers[at]]) for field, at in found.columns.items()}
    for name, dtype in chosen.values():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Null):
            raise DunwellError("intake.parquet_column", file=file, column=name, type=str(dtype))
    try:
        _measure(scanned, chosen, file)
        cells = scanned.select(_as_text(name, dtype).alias(field) for field, (name, dtype) in chosen.items()).collect()
    except (pl.exceptions.PolarsError, OSError, ValueError) as problem:
        raise _broken(file, problem) from None
    cells = cells.select(
        pl.lit(index, dtype=pl.Int32).alias("file"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"),
        pl.all(),
    )
    sheet = Sheet(
        index=index, path=path, sha256=sha256.hexdigest(), encoding="parquet", delimiter="", recognition=found,
        headers=headers, cells=cells, faults=_digits_lost(cells, chosen), rows=cells.height,
        typed=not any(chosen[field][1] in (pl.String, pl.Categorical) for field in _AMOUNTS if field in chosen),
    )  # fmt: skip
    if found.debtor_is_name:
        sheet.note("intake.note_debtor_is_name", column=sheet.header("debtor"))
    return sheet


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_float():
        return column.map_elements(text_of, return_dtype=pl.String)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String)


def _measure(scanned: pl.LazyFrame, chosen: Lookup[str, tuple[str, pl.DataType]], file: str) -> None:
    """A small file may hold much: count the bytes of its texts part by part before all of them are read."""
    texts = [name for name, dtype in chosen.values() if dtype in (pl.String, pl.Categorical)]
    if not texts:
        return
    sizes = [pl.col(name).cast(pl.String).str.len_bytes().cast(pl.UInt64).sum() for name in dict.fromkeys(texts)]
    size = sum(scanned.select(sizes).collect(engine="streaming").row(0))
    if size > _MOST_TEXT:
        raise DunwellError("intake.parquet_too_large", file=file, most=_MOST_PARQUET >> 20, rows=_MOST_ROWS)


def _digits_lost(cells: pl.DataFrame, chosen: Lookup[str, tuple[str, pl.DataType]]) -> list[tuple[int, str, str, str]]:
    """Numbers kept as floats that are longer than a float keeps."""
    floats = [field for field, (_, dtype) in chosen.items() if dtype.is_float() and field not in _AMOUNTS]
    return [
        (row, "intake.digits_lost", value, field)
        for field in floats
        for row, value in cells.filter(pl.col(field).cast(pl.Float64, strict=False).abs() >= _EXACT)
        .select("row", field)
        .iter_rows()
    ]


def _broken(file: str, problem: Exception) -> DunwellError:
    return DunwellError("intake.parquet_broken", file=file, reason=f"{type(problem).__name__}: {problem}"[:200])
