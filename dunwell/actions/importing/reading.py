"""Files and folders -> what they hold, checked: those of ledgers and those of banks are told apart here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from dunwell.actions.importing.book import Book, Said
from dunwell.actions.importing.checks import checked
from dunwell.core.errors import DunwellError
from dunwell.intake.einvoices import is_einvoice
from dunwell.intake.read import read_files
from dunwell.intake.shapes import ERRORS, KINDS, Batch, Defaults, empty
from dunwell.intake.shapes import Mapping as Reading
from dunwell.intake.sheet import Progress
from dunwell.intake.statements import LINES, format_of, read_statements


@dataclass(frozen=True)
class Read:
    """All files. `batch.files` lists those of ledgers first, then statements; `lines` holds the lines of the latter,
    `said` is of the former."""

    batch: Batch
    said: Said
    lines: pl.DataFrame


def read_all(
    paths: Sequence[Path],
    *,
    book: Book,
    mapping: Reading | None,
    defaults: Defaults,
    today: date,
    progress: Progress | None = None,
) -> Read:
    """Read files and the files of folders. Raises as `read_files` and `read_statements` do."""
    ledgers, statements = _told_apart(_files(paths), mapping)
    batch = _nothing()
    if ledgers:
        batch = read_files(ledgers, known=book.known(), defaults=defaults, mapping=mapping, progress=progress)
    said = Said.by(batch.files, mapping)
    batch = checked(batch, book, said, today)
    found = read_statements(statements, first=len(batch.files), defaults=defaults, mapping=mapping, progress=progress)
    batch = replace(
        batch,
        errors=pl.concat([batch.errors, *(one.errors for one in found)]),
        files=[*batch.files, *(one.report for one in found)],
    )
    return Read(batch, said, pl.concat([pl.DataFrame(schema=LINES), *(one.lines for one in found)]))


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files, those of a folder in the place of the folder; hidden ones and folders in it are left alone."""
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(one for one in _listed(path) if one.is_file() and not one.name.startswith((".", "~$")))
        if not inside:
            raise DunwellError("intake.empty_folder", file=str(path))
        files += inside
    return files


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as problem:
        raise DunwellError("intake.unreadable", file=str(folder), reason=problem.strerror or str(problem)) from None


def _told_apart(paths: Sequence[Path], mapping: Reading | None) -> tuple[list[Path], list[Path]]:
    ledgers: list[Path] = []
    statements: dict[Path, Path] = {}
    for path in paths:
        if not is_einvoice(path) and format_of(path, mapping):
            statements[path.resolve()] = path
        else:
            ledgers.append(path)
    return ledgers, sorted(statements.values(), key=lambda path: (path.name, str(path)))


def _nothing() -> Batch:
    return Batch(
        frames={kind: empty(kind) for kind in KINDS}, rejected={kind: empty(kind) for kind in KINDS},
        errors=pl.DataFrame(schema=ERRORS), files=[], given={kind: frozenset() for kind in KINDS},
    )  # fmt: skip
