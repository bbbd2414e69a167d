"""One file taken apart: its raw cells by field, what its header said, and the notes gathered while reading it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.columns import MOST_COLUMNS, SEPARATORS, Recognition, best, check_mapping, refuse
from dunwell.intake.records import Grammar, Rows, split
from dunwell.intake.shapes import Mapping, Note
from dunwell.intake.source import NotThisEncoding, blocks, first_guess, older_encoding

Progress = Callable[[str, int, int], None]

_HEADER_WITHIN = 40
"""The header is looked for in this many lines: some exports begin with a title."""


@dataclass
class Sheet:
    """Raw cells of a file. `cells` has file (Int32), row (Int64) and a String column per field that has a column."""

    index: int
    path: Path
    sha256: str
    encoding: str
    delimiter: str
    recognition: Recognition
    headers: list[str]
    cells: pl.DataFrame
    faults: list[tuple[int, str, str, str]]
    rows: int
    notes: list[Note] = field(default_factory=list)
    typed: bool = False
    """Its dates are `2026-01-31` and its amounts `1234.5`, whatever a mapping says of other files: they were typed, or
    are of a standard that knows one way to write them."""

    @property
    def kind(self) -> str:
        """The kind of file."""
        return self.recognition.kind

    def has(self, field_name: str) -> bool:
        """Whether the file says anything about the field: by a column or a constant."""
        return field_name in self.cells.columns

    def header(self, field_name: str) -> str:
        """How the file calls a field, for messages."""
        index = self.recognition.columns.get(field_name)
        return field_name if index is None else self.headers[index]

    def note(self, code: str, **params: object) -> None:
        """Gather something a person should know."""
        self.notes.append(Note(code, params))


def sniff(path: Path, mapping: Mapping | None = None) -> tuple[str, str, list[str]]:
    """Encoding, delimiter and header of a file, from its beginning."""
    encoding = mapping.encoding if mapping and mapping.encoding else first_guess(path)
    while True:
        try:
            block, _ = next(blocks(path, encoding))
            head = _head(path, block, mapping)
            return encoding, head.delimiter, head.headers
        except NotThisEncoding:
            encoding = _another(path, encoding, mapping)


def read_sheet(
    path: Path, index: int, mapping: Mapping | None, progress: Progress | None, *, may_be_empty: bool = False
) -> Sheet:
    """Take a file apart. Refuses, in words, what is not a table of a known kind."""
    encoding = mapping.encoding if mapping and mapping.encoding else first_guess(path)
    while True:
        try:
            sheet = _read(path, index, encoding, mapping, progress)
            if not sheet.rows and not may_be_empty:
                raise DunwellError("intake.header_only", file=str(path))
            return sheet
        except NotThisEncoding:
            encoding = _another(path, encoding, mapping)


def _another(path: Path, encoding: str, mapping: Mapping | None) -> str:
    """What to try after an encoding that failed."""
    other = older_encoding(path) if encoding == "utf-8" else "cp1252"
    if (mapping and mapping.encoding) or encoding not in ("utf-8", "gb18030", "cp950"):
        raise DunwellError("intake.undecodable", file=str(path), encoding=encoding)
    return other


def _read(path: Path, index: int, encoding: str, mapping: Mapping | None, progress: Progress | None) -> Sheet:
    size = path.stat().st_size
    tell = (lambda done: progress(path.name, done, size)) if progress else None
    head: _Head | None = None
    rows: Rows | None = None
    frames: list[pl.DataFrame] = []
    sha = ""
    before = b""
    for block, digest in blocks(path, encoding, digest=True, on_progress=tell):
        sha = digest or sha
        if head is None:
            block = before + block
            if not block.strip() and digest is None:
                before = block
                continue
            head = _head(path, block, mapping)
            block = _after(block, head.lines)
            rows = Rows(Grammar(head.delimiter, len(head.headers)), str(path), head.lines + 1)
        assert rows is not None
        if block or not frames or rows.waiting:
            frames.append(_named(rows.feed(block, last=digest is not None), head.recognition, index))
    if head is None or rows is None:
        raise DunwellError("intake.empty_file", file=str(path))
    cells = pl.concat(frames)
    sheet = Sheet(
        index=index,
        path=path,
        sha256=sha,
        encoding=encoding,
        delimiter=head.delimiter,
        recognition=head.recognition,
        headers=head.headers,
        cells=cells,
        faults=rows.faults,
        rows=cells.height + len(rows.faults),
    )
    if encoding in ("gb18030", "cp950", "cp1252") and not (mapping and mapping.encoding):
        sheet.note("intake.note_encoding", encoding=encoding)
    if head.skipped:
        sheet.note("intake.note_preamble", lines=head.skipped)
    if head.recognition.debtor_is_name:
        sheet.note("intake.note_debtor_is_name", column=sheet.header("debtor"))
    return sheet


def _named(frame: pl.DataFrame, found: Recognition, index: int) -> pl.DataFrame:
    """Only the columns that mean something, by the names of their fields."""
    chosen = [pl.col(f"c{column}").alias(name) for name, column in found.columns.items()]
    return frame.select(pl.lit(index, dtype=pl.Int32).alias("file"), "row", *chosen)


@dataclass(frozen=True, slots=True)
class _Head:
    delimiter: str
    headers: list[str]
    lines: int
    """Lines up to and with the header."""
    skipped: int
    recognition: Recognition


def _head(path: Path, block: bytes, mapping: Mapping | None) -> _Head:
    """Find header and delimiter together: the pair under which most of the columns make sense."""
    try:
        text = _after_bom(block).decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise NotThisEncoding from None
    lines = text.split("\n")
    given = mapping.delimiter if mapping else None
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise DunwellError("intake.empty_file", file=str(path))
    declared = re.match(r'^"?sep=(.)"?$', lines[first].strip(" \r"))
    if declared:
        given, first = given or declared.group(1), first + 1
    separators = [given] if given else list(SEPARATORS)
    fallback: _Head | None = None
    starts = [i for i in range(first, min(first + _HEADER_WITHIN, len(lines))) if lines[i].strip()]
    for start in starts:
        tried = [head for one in separators if (head := _try(path, lines, start, one, mapping))]
        tried.sort(key=lambda head: (head.recognition.complete, len(head.recognition.columns), len(head.headers)))
        if tried and (fallback is None or len(tried[-1].recognition.columns) > len(fallback.recognition.columns)):
            fallback = tried[-1]
        if tried and tried[-1].recognition.complete:
            found = tried[-1]
            skipped = sum(1 for i in starts if i < start)
            if mapping and mapping.columns:
                check_mapping(mapping, found.headers, str(path))
            return _Head(found.delimiter, found.headers, found.lines, skipped, found.recognition)
    if fallback is None:
        raise DunwellError("intake.no_header", file=str(path))
    if mapping and mapping.columns:
        check_mapping(mapping, fallback.headers, str(path))
    refuse(fallback.recognition, fallback.headers, str(path))
    raise AssertionError("refuse always raises")


def _try(path: Path, lines: list[str], start: int, delimiter: str, mapping: Mapping | None) -> _Head | None:
    outcome, cells, height = split("\n".join(lines[start : start + 20]), delimiter)
    if outcome != "cells":
        return None
    headers = [" ".join(cell.split()).strip("\ufeff") for cell in cells]
    if len(headers) > MOST_COLUMNS:
        raise DunwellError("intake.too_many_columns", file=str(path), count=len(headers), most=MOST_COLUMNS)
    return _Head(delimiter, headers, start + height, 0, best(headers, path.name, mapping))


def _after_bom(block: bytes) -> bytes:
    return block[3:] if block.startswith(b"\xef\xbb\xbf") else block


def _after(block: bytes, lines: int) -> bytes:
    at = 0
    for _ in range(lines):
        at = block.find(b"\n", at) + 1
    return block[at:]
