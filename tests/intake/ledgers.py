"""Small ledger files for the tests of intake."""

from pathlib import Path

import polars as pl

from dunwell.intake import Batch, Defaults, Known, Mapping, read_files

CUSTOMERS = "customer_id,name,kind,country\nC1,Ada Ltd,business,GB\nC2,Bo,consumer,US\n"
INVOICES = (
    "invoice_id,customer_id,issue_date,due_date,currency,amount,description\n"
    "R1,C1,2026-01-02,2026-02-01,EUR,100.00,first\n"
    "R2,C2,2026-01-03,2026-02-02,USD,20.50,second\n"
)
DEBTORS = Known(debtors=pl.DataFrame({"number": ["C1", "C2"]}))


def write(folder: Path, **files: str | bytes) -> list[Path]:
    """Files `name.csv`, in UTF-8 where a text is given."""
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        paths.append(path)
    return paths


def read(
    folder: Path,
    known: Known = DEBTORS,
    defaults: Defaults = Defaults(),  # noqa: B008
    mapping: Mapping | None = None,
    **files: str | bytes,
) -> Batch:
    """Write the files and read them."""
    return read_files(write(folder, **files), known=known, defaults=defaults, mapping=mapping)


def invoice_rows(*rows: str, header: str = "number,debtor,issue_date,due_date,currency,amount") -> str:
    """An invoice file of these rows."""
    return "\n".join([header, *rows]) + "\n"


def said(batch: Batch) -> list[tuple[int, str, str, str]]:
    """The errors of a batch: row, column, value, code without its room."""
    rows = batch.errors.select("row", "column", "value", "code").rows()
    return [(row, column, value, code.removeprefix("intake.")) for row, column, value, code in rows]


def numbers(batch: Batch, kind: str = "invoices") -> list[str]:
    """The numbers of the good rows of a kind."""
    return batch.frames[kind]["number"].to_list()


def notes(batch: Batch) -> list[str]:
    """Codes of all notes of a batch."""
    return [note.code.removeprefix("intake.") for file in batch.files for note in file.notes]
