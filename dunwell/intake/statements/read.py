"""Files of banks and wallets -> lines, one shape for all: recognised, taken apart, typed, checked, numbered."""

import codecs
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.faults import Faults, report
from dunwell.intake.shapes import STATEMENTS, Defaults, FileReport, Mapping, Note, Total
from dunwell.intake.sheet import Progress
from dunwell.intake.source import first_guess, older_encoding, open_file
from dunwell.intake.statements import tables
from dunwell.intake.statements.camt import read_camt
from dunwell.intake.statements.checks import weigh
from dunwell.intake.statements.identity import numbered, once
from dunwell.intake.statements.ofx import read_ofx
from dunwell.intake.statements.shapes import LINES, MOST_BYTES, Taken
from dunwell.intake.statements.swift import read_swift
from dunwell.intake.statements.typed import typed
from dunwell.intake.workbook import sheets_of

_SAMPLE = 1 << 18
_SWIFT = re.compile(rb"(?m)^(?:\{1:|:(?:20|25|28C?|60[FM]|61|62[FM]|64|86|NS):)")
_OLE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class StatementFile:
    """One file: its report, its good lines (`LINES`), and what is wrong with it (`intake.shapes.ERRORS`)."""

    report: FileReport
    lines: pl.DataFrame
    errors: pl.DataFrame


def format_of(path: Path, mapping: Mapping | None = None) -> str | None:
    """xml, ofx, swift, table or workbook, by the file's content; None: no statement, or no file that can be read."""
    try:
        with open_file(path) as file:
            sample = file.read(_SAMPLE)
        if sample.startswith(b"PK\x03\x04"):
            return "workbook" if _in_workbook(path, mapping) else None
        found = _by_signature(sample)
        if found or sample.startswith(_OLE):
            return found
        if mapping and mapping.kind == STATEMENTS:
            return "table"
        text = _decoded(sample, _encoding(path, mapping), partial=True)
        return "table" if tables.in_text(text, path.name, mapping) else None
    except DunwellError as refusal:
        # a workbook that is a bomb is refused here; whatever else cannot be read, the reader of ledgers says why
        if refusal.code in _DANGEROUS:
            raise
        return None
    except (UnicodeError, LookupError):
        return None


_DANGEROUS = ("intake.workbook_too_large", "intake.xml_doctype", "intake.statement_too_large")


def read_statements(
    paths: Sequence[Path],
    *,
    first: int = 0,
    defaults: Defaults,
    mapping: Mapping | None = None,
    progress: Progress | None = None,
) -> list[StatementFile]:
    """Read statements whose format is known. `first`: the index of the first file, for the column `file`.

    Entries that cannot be read are in `errors` and not in `lines`. What makes a whole file unreadable raises.
    """
    found = []
    for index, path in enumerate(paths, first):
        if progress:
            size = path.stat().st_size if path.exists() else 0
            progress(path.name, size, size)
        taken, sha256 = _taken(path, mapping)
        found.append(_checked(taken, sha256, index, path, defaults, mapping))
    return found


def _by_signature(sample: bytes) -> str | None:
    head = sample[:4096]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    head = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if b"OFXHEADER" in head[:200] or re.search(rb"<OFX>", head, re.IGNORECASE):
        return "ofx"
    if head.startswith(b"<"):
        return "xml"
    return "swift" if _SWIFT.search(head[:2048]) else None


def _bytes(path: Path) -> bytes:
    with open_file(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DunwellError("intake.statement_too_large", file=str(path), most=MOST_BYTES >> 20)
    return data


def _encoding(path: Path, mapping: Mapping | None) -> str:
    return mapping.encoding if mapping and mapping.encoding else first_guess(path)


def _decoded(data: bytes, encoding: str, *, partial: bool = False) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    text = decoder.decode(data, not partial)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _text(path: Path, data: bytes, mapping: Mapping | None) -> tuple[str, str]:
    """The whole file as text, and its encoding: as guessed, else as one of the older ones."""
    encoding = _encoding(path, mapping)
    for one in dict.fromkeys([encoding, older_encoding(path), "cp1252", "latin-1"]):
        try:
            return _decoded(data, one), one
        except UnicodeError:
            if mapping and mapping.encoding:
                break
    raise DunwellError("intake.undecodable", file=str(path), encoding=encoding)


def _taken(path: Path, mapping: Mapping | None) -> tuple[Taken, str]:
    """A file taken apart, and its hash. Its bytes are let go as soon as they are text."""
    file, data = str(path), _bytes(path)
    sha256, signature = hashlib.sha256(data).hexdigest(), _by_signature(data[:4096])
    if data.startswith(b"PK\x03\x04"):
        return _of_workbook(path, data, mapping), sha256
    if signature == "xml":
        return read_camt(data, file), sha256
    text, encoding = _text(path, data, mapping)
    del data
    if signature == "ofx":
        taken = read_ofx(text, file)
    elif signature == "swift":
        taken = read_swift(text, file)
    else:
        table = tables.in_text(text, path.name, mapping)
        if table is None:
            raise tables.refusal(text, file, mapping)
        return tables.read_table(table, file, encoding=encoding), sha256
    taken.encoding = encoding
    return taken, sha256


def _of_workbook(path: Path, data: bytes, mapping: Mapping | None) -> Taken:
    for rows in sheets_of(data, str(path)):
        found = tables.in_rows(rows, path.name, mapping)
        if found:
            return tables.read_table(found, str(path), encoding="xlsx")
    raise DunwellError("intake.is_workbook", file=str(path))


def _in_workbook(path: Path, mapping: Mapping | None) -> bool:
    return any(tables.in_rows(rows, path.name, mapping) for rows in sheets_of(_bytes(path), str(path)))


def _checked(
    taken: Taken, sha256: str, index: int, path: Path, defaults: Defaults, mapping: Mapping | None
) -> StatementFile:
    """Types, balances, identities; entries and whole statements that are wrong become errors."""
    faults, doubts = Faults(), Faults()
    every = typed(taken, index, path, faults, defaults, mapping)
    weigh(taken, every, index, faults, doubts)
    _future(taken, every, defaults)
    lines = once(faults.good(every.filter(pl.col("booked"))), taken)
    lines = numbered(lines).select(list(LINES))
    _told(taken, every, lines)
    errors = pl.concat([faults.all(), doubts.all()])
    bad = faults.rows().height
    rows = taken.cells["row"].n_unique()
    found = FileReport(
        path=path, name=path.name, sha256=sha256, kind=STATEMENTS, encoding=taken.encoding,
        delimiter=taken.delimiter, rows=rows, good_rows=rows - bad, bad_rows=bad, columns=taken.columns,
        ignored=taken.ignored, totals=_totals(every, lines), notes=_once(taken.notes),
        without_amount=every.filter(pl.col("amount_minor").is_null())["row"].n_unique(),
    )  # fmt: skip
    return StatementFile(found, lines, report(errors, [""] * index + [str(path)]))


def _once(notes: list[Note]) -> tuple[Note, ...]:
    return tuple(note for place, note in enumerate(notes) if note not in notes[:place])


def _future(taken: Taken, every: pl.DataFrame, defaults: Defaults) -> None:
    late = every.filter(pl.col("booking_date") > defaults.today).height if defaults.today and every.height else 0
    if late and defaults.today:
        taken.notes.append(Note("intake.note_after_today", {"count": late, "day": defaults.today.isoformat()}))


def _totals(every: pl.DataFrame, lines: pl.DataFrame) -> tuple[Total, ...]:
    def sums(frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
        total = pl.col("amount_minor").cast(pl.Int128).sum()
        grouped = frame.drop_nulls(["currency", "amount_minor"]).group_by("currency").agg(pl.len(), total)
        return {currency: (count, int(minor)) for currency, count, minor in grouped.iter_rows()}

    told, fine = sums(every), sums(lines)
    return tuple(Total(one, *told[one], *fine.get(one, (0, 0))) for one in sorted(told))


def _told(taken: Taken, every: pl.DataFrame, lines: pl.DataFrame) -> None:
    """What the user should see of how the file was read."""
    accounts = list(dict.fromkeys(every["account"].drop_nulls().to_list())) or [head.account for head in taken.heads]
    first, last = lines["booking_date"].min(), lines["booking_date"].max()
    taken.notes.insert(
        0,
        Note(
            "intake.note_statement",
            {
                "format": taken.format, "accounts": ", ".join(one or "-" for one in dict.fromkeys(accounts[:3])),
                "statements": len(taken.heads), "first": str(first or "-"), "last": str(last or "-"),
            },
        ),
    )  # fmt: skip
    if taken.columns:
        mark = {"\t": "tab"}.get(taken.delimiter, taken.delimiter) or "-"
        row = taken.heads[0].row
        taken.notes.insert(1, Note("intake.note_table", {"row": row, "delimiter": mark, "encoding": taken.encoding}))
    announced = every.filter(~pl.col("booked")).height
    if announced:
        taken.notes.append(Note("intake.note_announced", {"count": announced}))
