"""Invoices, credit notes, charges, payments and disputes of checked frames -> what changes in the tables."""

from dataclasses import dataclass

import polars as pl

from dunwell.actions import open_items
from dunwell.actions.import_book import NAMED, Book, Said, compare, numbered
from dunwell.actions.open_items import OpenList
from dunwell.core.terms import PaymentSource, ReceivableKind, ReceivableStatus
from dunwell.store import bulk

_IMPLIED = "implied"
"""In the place of a frame: payments that no row of a file tells."""
_INVOICES = (ReceivableKind.INVOICE, ReceivableKind.INSTALMENT)
KINDS = {
    "invoices": ReceivableKind.INVOICE,
    "credit_notes": ReceivableKind.CREDIT_NOTE,
    "charges": ReceivableKind.CHARGE,
}
"""Frame of intake -> kind of receivable."""


@dataclass(frozen=True)
class Ledger:
    """What changes, and what became of each row: file, row, kind (of frame), outcome (new, changed, unchanged)."""

    changes: list[bulk.Change]
    outcome: pl.DataFrame
    open_items: open_items.Implied | None


def plan_ledger(
    frames: dict[str, pl.DataFrame], debtors: pl.DataFrame, *, book: Book, said: Said, open_list: OpenList | None
) -> Ledger:
    """Compare the frames with the book.

    debtors     number, debtor_id of all debtors, known and new
    open_list   the frames are a list of open items; then payments that it implies are added
    """
    rows = _receivables(frames, debtors, book, said)
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    known = rows.filter(pl.col("id").is_not_null())
    everything = pl.concat(
        [
            book.receivables.select("number", "kind", receivable_id="id"),
            fresh.select("number", "kind", receivable_id="ref"),
        ]
    )
    invoices = _by_number(everything, _INVOICES).rename({"receivable_id": "parent_id"})
    fresh, known = (part.join(invoices, left_on="parent", right_on="number", how="left", maintain_order="left")
                    for part in (fresh, known))  # fmt: skip
    current = bulk.read(
        bulk.RECEIVABLES, book.creditor.pk, [*bulk.RECEIVABLES.columns, "known_from", "by_file"], ids=known["id"]
    )
    if open_list:
        fresh, known = open_items.amounts(fresh, known, current)
    beside = compare(known, current, bulk.RECEIVABLES, _said_of_receivables(said))
    del known, current
    implied = open_items.implied_by(open_list, fresh, beside, book) if open_list else None
    payments = _payments(frames["payments"], debtors, _by_number(everything, NAMED), book)
    if implied:
        payments = pl.concat([payments, implied.payments], how="diagonal")
    payments = pl.concat([payments, _moved_along(beside, payments, book)], how="diagonal")
    columns = [*bulk.RECEIVABLES.columns, "file"]
    receivables = bulk.Change(
        bulk.RECEIVABLES,
        fresh.select("ref", *columns),
        beside.filter("differs").select("id", "seen_from", *columns),
    )
    outcome = [
        fresh.select("file", "row", kind="frame", outcome=pl.lit("new")),
        beside.select("file", "row", kind="frame", outcome=_changed()),
    ]
    changes = [receivables]
    for table, incoming, spoken in (
        (bulk.PAYMENTS, payments, {name: said(name) | _implied() for name in ("method",)}
            | {"receivable_id": said("receivable") | _implied(), "reverses_id": said("reverses") | _implied()}),
        (bulk.DISPUTES, _disputes(frames["disputes"], debtors, invoices, book),
            {"closed_date": said("closed_date"), "amount_minor": said("amount"), "outcome": said("outcome")}),
    ):  # fmt: skip
        change, became = _plan(table, incoming, book, spoken)
        changes.append(change)
        outcome.append(became)
    return Ledger(changes, pl.concat(outcome), implied)


def _receivables(frames: dict[str, pl.DataFrame], debtors: pl.DataFrame, book: Book, said: Said) -> pl.DataFrame:
    """All rows that become receivables, with the id of those that are known."""
    parts = []
    for frame, kind in KINDS.items():
        part = frames[frame].with_columns(frame=pl.lit(frame), kind=pl.lit(str(kind)))
        parts.append(
            part.select(
                "file",
                "row",
                "frame",
                "kind",
                "number",
                "debtor",
                "issue_date",
                "currency",
                "amount_minor",
                "description",
                parent="receivable" if "receivable" in part.columns else pl.lit(None, pl.String),
                due_date="due_date" if "due_date" in part.columns else "issue_date",
                status="status" if "status" in part.columns else pl.lit(str(ReceivableStatus.OPEN)),
                open_minor="open_minor" if "open_minor" in part.columns else pl.lit(None, pl.Int64),
                contract_id=pl.lit(None, pl.Int64),
                # Where a file has no column of amounts, intake gives what is open in its place.
                amount_told=pl.lit(value=True) if frame == "charges" else said("amount"),
            )
        )
    rows = pl.concat(parts)
    del parts
    known = book.receivables.select("id", "kind", "number")
    return rows.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left").join(
        known, on=["kind", "number"], how="left", maintain_order="left"
    )


def _said_of_receivables(said: Said) -> dict[str, pl.Expr]:
    never = pl.lit(value=False)
    invoice = pl.col("frame") == "invoices"
    return {
        "contract_id": never,
        "parent_id": ~invoice & (said("receivable") | (pl.col("frame") == "charges")),
        "status": said("status") & invoice,
        "description": said("description"),
    }


def _by_number(receivables: pl.DataFrame, kinds: tuple[ReceivableKind, ...]) -> pl.DataFrame:
    """number -> receivable_id, where several kinds bear a number the first of `kinds`."""
    order = {str(kind): place for place, kind in enumerate(kinds)}
    found = receivables.filter(pl.col("kind").is_in(list(order)))
    if found["kind"].n_unique() > 1:
        found = found.sort(pl.col("kind").replace_strict(order, return_dtype=pl.Int8), maintain_order=True)
        found = found.unique("number", keep="first", maintain_order=True)
    return found.select("number", "receivable_id")


def _payments(payments: pl.DataFrame, debtors: pl.DataFrame, receivables: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Bank payments of files, with their references; `reverses_id` may name a payment of the same files."""
    rows = (
        payments.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left")
        .join(receivables, left_on="receivable", right_on="number", how="left", maintain_order="left")
        .join(book.payments.select("number", "id"), on="number", how="left", maintain_order="left")
    )
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    every = pl.concat([book.payments.select("number", reverses_id="id"), fresh.select("number", reverses_id="ref")])
    return (
        rows.join(every, left_on="reverses", right_on="number", how="left", maintain_order="left")
        .with_columns(source_kind=pl.lit(str(PaymentSource.BANK)), frame=pl.lit("payments"))
        .drop("id", "debtor", "receivable", "reverses")
    )


def _moved_along(beside: pl.DataFrame, payments: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Implied payments follow their receivable when the ledger moves it to another debtor."""
    moved = beside.filter(pl.col("debtor_id") != pl.col("debtor_id_was")).select(
        "file", "debtor_id", receivable_id="id"
    )
    if moved.is_empty():
        return payments.clear()
    found = bulk.read(
        bulk.PAYMENTS, book.creditor.pk, list(bulk.PAYMENTS.columns), ids=moved["receivable_id"], by="receivable_id",
        where="source_kind = 'ledger'",
    ).drop("id", "debtor_id")  # fmt: skip
    return (
        found.join(moved, on="receivable_id")
        .join(payments.select("number"), on="number", how="anti")
        .with_columns(frame=pl.lit(_IMPLIED))
    )


def _implied() -> pl.Expr:
    return pl.col("frame") == _IMPLIED


def _disputes(disputes: pl.DataFrame, debtors: pl.DataFrame, invoices: pl.DataFrame, book: Book) -> pl.DataFrame:
    return (
        disputes.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left")
        .join(invoices, left_on="receivable", right_on="number", how="left", maintain_order="left")
        .rename({"parent_id": "receivable_id"})
        .with_columns(frame=pl.lit("disputes"))
    )


def _plan(
    table: bulk.Table, incoming: pl.DataFrame, book: Book, said: dict[str, pl.Expr]
) -> tuple[bulk.Change, pl.DataFrame]:
    """Compare rows of a table that is keyed by number alone."""
    numbers = book.payments if table is bulk.PAYMENTS else book.disputes
    rows = incoming.join(numbers.select("number", "id"), on="number", how="left", maintain_order="left")
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    known = rows.filter(pl.col("id").is_not_null())
    current = bulk.read(table, book.creditor.pk, [*table.columns, "known_from", "by_file"], ids=known["id"])
    beside = compare(known, current, table, said)
    columns = [*table.columns, "file"]
    change = bulk.Change(
        table, fresh.select("ref", *columns), beside.filter("differs").select("id", "seen_from", *columns)
    )
    outcome = pl.concat(
        [
            fresh.select("file", "row", kind="frame", outcome=pl.lit("new")),
            beside.select("file", "row", kind="frame", outcome=_changed()),
        ]
    )
    return change, outcome.filter(pl.col("kind") != _IMPLIED)


def _changed() -> pl.Expr:
    return pl.when("differs").then(pl.lit("changed")).otherwise(pl.lit("unchanged"))
