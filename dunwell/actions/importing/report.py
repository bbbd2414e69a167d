"""What an import did, or would do: by file, with control totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from dunwell.actions.importing.open_items import Implied
from dunwell.intake.shapes import FileReport


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a file by what became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file. `counts`: kind of row -> counts; an invoice file may bring customers and credit notes as well."""

    found: FileReport
    counts: Mapping[str, Counts]

    def body(self) -> dict[str, Any]:
        """For journal and table: sums as text, because they may exceed what JSON numbers hold."""
        return {
            "file": storable(self.found.name),
            "sha256": self.found.sha256,
            "kind": self.found.kind,
            "rows": self.found.rows,
            "refused_rows": self.found.bad_rows,
            "columns": {storable(header): meant for header, meant in self.found.columns.items()},
            "totals": [
                {"currency": total.currency, "rows": total.good_rows, "sum_minor": str(total.good_sum_minor)}
                for total in self.found.totals
            ],
            "counts": {
                kind: {"new": each.new, "changed": each.changed, "unchanged": each.unchanged}
                for kind, each in self.counts.items()
            },
        }


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    errors      rows refused, as `intake.shapes.ERRORS`
    refused     there are errors, valid rows alone were not accepted: nothing was written
    written     something was written
    open_items  what a list of open items implied
    absent      how many invoices, and what sums by currency, are new to the book though a list of open items that is
                younger lacked them: they were taken as paid
    changes     what changes of what stands, field by field: file, row, kind, number, column, was, now, moved
    left_out    kinds of receivables with something open that earlier lists held, and this one says nothing about
    """

    creditor: str
    files: Sequence[FileResult]
    errors: pl.DataFrame
    dry_run: bool
    refused: bool
    written: bool
    open_items_date: date | None = None
    open_items: Implied | None = None
    absent: tuple[int, Mapping[str, int]] = (0, {})
    changes: pl.DataFrame = field(default_factory=pl.DataFrame)
    left_out: Sequence[str] = ()

    @property
    def nothing_new(self) -> bool:
        """Every row was known already."""
        return not self.refused and not self.written and not self.dry_run


def implied_body(implied: Implied) -> dict[str, Any]:
    """What a list implied, for journal and table."""
    gone = implied.disappeared
    return {
        "day": implied.day.isoformat(),
        "open_before": gone.of_items,
        "disappeared": gone.items,
        "payments": {
            method: {"rows": rows, "sums_minor": {currency: str(total) for currency, total in sums.items()}}
            for method, (rows, sums) in implied.by_method.items()
        },
    }


def no_outcome() -> pl.DataFrame:
    """What became of no row: file, row, kind, outcome."""
    return pl.DataFrame(schema={"file": pl.Int32(), "row": pl.Int64(), "kind": pl.String(), "outcome": pl.String()})


def storable(text: str) -> str:
    """Text as every database and canonical JSON can hold it: names of files may hold any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "\ufffd")


def tally(outcome: pl.DataFrame, files: Sequence[FileReport]) -> list[FileResult]:
    """Counts by file and kind from one outcome per row (file, row, kind, outcome)."""
    counted = outcome.group_by("file", "kind", "outcome").len().sort("file", "kind", "outcome")
    found: dict[int, dict[str, dict[str, int]]] = {}
    for file, kind, became, count in counted.iter_rows():
        found.setdefault(file, {}).setdefault(kind, {})[became] = count
    results = []
    for index, report in enumerate(files):
        counts = {kind: Counts(**each) for kind, each in found.get(index, {}).items()}
        results.append(FileResult(report, counts or {report.kind: Counts()}))
    return results
