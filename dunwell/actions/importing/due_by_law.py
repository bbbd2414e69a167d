"""What the law says of the due dates of an import: the day where nothing was agreed, if a person asks for it, and which
due dates are later than a rule lets them be. A due date that a file tells is never moved."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from dunwell.actions.importing.book import Book
from dunwell.intake.faults import Faults
from dunwell.intake.shapes import Batch, FileReport, Note
from dunwell.rulebook.creditor_kinds import kinds_of
from dunwell.rulebook.lawful_due import beyond_law, debtor_of, due_by_law
from dunwell.rulebook.legal_terms import legal_terms
from dunwell.store import bulk

_FIRST = 5
"""So many rows are named in a note."""


def with_due_dates_of_law(batch: Batch, book: Book, faults: Faults) -> Batch:
    """The batch with the day that the law gives in rows that have neither due date nor terms.

    Only `Defaults.due_by_law` lets such rows come here. Errors of those for which no rule gives a day go to `faults`.
    """
    every = batch.frames["invoices"]
    silent = pl.col("due_date").is_null()
    if not every["due_date"].null_count():
        return batch
    asked = _about(every.filter(silent), batch, book)
    given = due_by_law(asked, kinds_of(book.creditor.kind)).select(
        "file", "row", "number", "due_by_law", "law_lacks", "given_rule", "law_terms"
    )
    for index, file in enumerate(batch.files):
        mine = given.filter(pl.col("file") == index)
        header = {meant: name for name, meant in file.columns.items()}
        none, lacks = mine.filter(pl.col("given_rule").is_null()), mine.filter(pl.col("law_lacks").is_not_null())
        faults.add(none, None, "import.no_rule_for_due", column="due_date", value=none["number"])
        names = lacks["law_lacks"].replace(header)
        faults.add(lacks, None, "import.due_by_law_lacks", column="due_date", value=lacks["number"], other=names)
    found = every.join(given.drop("law_lacks"), on=["file", "row", "number"], how="left", maintain_order="left")
    by_law = silent & pl.col("due_by_law").is_not_null()
    filled = found.with_columns(
        due_date=pl.coalesce("due_date", "due_by_law"),
        due_rule=pl.when(by_law).then("given_rule").otherwise("due_rule"),
        payment_terms=pl.when(by_law).then("law_terms").otherwise("payment_terms"),
        due_known=pl.when(by_law).then(pl.lit(value=True)).otherwise("due_known"),
    ).select(every.columns)
    return replace(batch, frames={**batch.frames, "invoices": filled})


def with_notes_of_law(batch: Batch, book: Book) -> Batch:
    """The batch whose files say which due dates the law gave, and which are later than it lets them be."""
    rows = batch.frames["invoices"]
    if rows.is_empty():
        return batch
    late = beyond_law(_about(rows, batch, book), kinds_of(book.creditor.kind))
    given = rows.filter(pl.col("due_rule").is_not_null())
    if late.is_empty() and given.is_empty():
        return batch
    files = [_noted(file, index, given, late) for index, file in enumerate(batch.files)]
    return replace(batch, files=files)


def _noted(file: FileReport, index: int, given: pl.DataFrame, late: pl.DataFrame) -> FileReport:
    mine = pl.col("file") == index
    return replace(file, notes=(*file.notes, *_given(given.filter(mine)), *_late(late.filter(mine))))


def _given(rows: pl.DataFrame) -> Iterator[Note]:
    for (rule,), part in rows.sort("due_rule", "row").group_by("due_rule", maintain_order=True):
        shown = ", ".join(f"{row}: {day}" for row, day in part.head(_FIRST).select("row", "due_date").rows())
        yield Note("import.note_due_by_law", {**_cited(str(rule)), "count": part.height, "rows": shown})


def _late(rows: pl.DataFrame) -> Iterator[Note]:
    by = ["law_rule", "law_basis"]
    for (rule, basis), part in rows.sort(*by, "row").group_by(by, maintain_order=True):
        first = part.head(_FIRST).select("row", "due_date", "lawful_date").rows()
        shown = ", ".join(f"{row}: {due} > {latest}" for row, due, latest in first)
        yield Note(f"import.note_due_beyond.{basis}", {**_cited(str(rule)), "count": part.height, "rows": shown})


def _cited(rule: str) -> dict[str, str]:
    return {"rule": rule, "source": legal_terms(rule).citation.source}


def _about(rows: pl.DataFrame, batch: Batch, book: Book) -> pl.DataFrame:
    """The rows with what `lawful_due` asks for: law, debtor. What the files say of a customer goes before the book."""
    standing = bulk.read(bulk.DEBTORS, book.creditor.pk, ["number", "kind", "buyer_kind"]).drop("id")
    told = batch.frames["customers"].select("number", "kind", "buyer_kind")
    both = told.join(standing, on="number", how="full", coalesce=True, suffix="_was").select(
        debtor="number", kind=pl.coalesce("kind", "kind_was"), buyer=pl.coalesce("buyer_kind", "buyer_kind_was")
    )
    contracts = book.contracts.select(contract="number", contract_id="id") if rows["contract"].count() else None
    law = pl.col("law")
    if contracts is not None:
        laws = bulk.read(bulk.CONTRACTS, book.creditor.pk, ["law"]).rename({"id": "contract_id", "law": "law_was"})
        rows = rows.join(contracts.join(laws, on="contract_id"), on="contract", how="left", maintain_order="left")
        of_contract = law.drop_nulls().first().over("contract")
        law = pl.when(pl.col("contract").is_not_null()).then(pl.coalesce(law, of_contract, "law_was"))
    return (
        rows.join(both.unique("debtor"), on="debtor", how="left", maintain_order="left")
        .with_columns(law=law.fill_null(book.creditor.country))
        .with_columns(debtor=debtor_of(pl.col("kind"), pl.col("buyer")))
    )
