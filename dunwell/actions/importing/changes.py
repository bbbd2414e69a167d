"""What an import changes of what stands, field by field, so that a person can look at it before or after."""

from collections.abc import Mapping, Sequence

import polars as pl

from dunwell.actions.importing.report import storable
from dunwell.core.money import DIGITS
from dunwell.intake.shapes import FileReport
from dunwell.store import bulk

CHANGES: dict[str, pl.DataType] = {
    "file": pl.Int32(),
    "row": pl.Int64(),
    "kind": pl.String(),
    "number": pl.String(),
    "field": pl.String(),
    "was": pl.String(),
    "now": pl.String(),
}
"""One line per field that changes. `kind` is the frame of intake; `number` that of the row, of a contact that of its
customer; `field` that of intake; `was` and `now` as a file would say it, null for nothing."""

_TOLD: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    **dict.fromkeys(["kind", "number", "column", "was", "now"], pl.String()),
    "moved": pl.Boolean(),
}
_FIELDS = {
    "debtor_id": "debtor",
    "parent_id": "receivable",
    "receivable_id": "receivable",
    "person_id": "person",
    "reverses_id": "reverses",
    "amount_minor": "amount",
    "contract_id": "contract",
    "signed_date": "contract_date",
}
_INNER = ("open_as_of_date", "source_kind")
"""Columns that no file tells: they follow from others."""
DEBTOR = "debtor"
_IN_INVOICES = {"name": "debtor_name", "kind": "debtor_kind"}


def nothing() -> pl.DataFrame:
    """No change."""
    return pl.DataFrame(schema=CHANGES)


def differences(beside: pl.DataFrame, table: bulk.Table, names: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The fields in which rows differ from what stands, as `CHANGES`.

    beside   `Compared.beside`: each column of the table and `<column>_was`, with file, row, number, and frame if it is
             not of customers
    names    column -> id, number: what to call the row that a column refers to
    """
    if beside.is_empty():
        return nothing()
    kind = pl.col("frame") if "frame" in beside.columns else pl.lit("customers")
    parts = [nothing()]
    for name in table.columns:
        if name in _INNER:
            continue
        rows = beside.filter(pl.col(name).ne_missing(pl.col(f"{name}_was")))
        if rows.is_empty():
            continue
        now, was = pl.col(name), pl.col(f"{name}_was")
        if name == "amount_minor":
            before = "currency_was" if "currency_was" in rows.columns else "currency"
            now, was = _amount(now, pl.col("currency")), _amount(was, pl.col(before))
        elif name in names:
            called = names[name].select("id", "number").unique("id")
            for column in (name, f"{name}_was"):
                rows = rows.join(
                    called.rename({"id": column, "number": f"{column}!"}), on=column, how="left", maintain_order="left"
                )
            now, was = pl.col(f"{name}!"), pl.col(f"{name}_was!")
        parts.append(
            rows.select(
                pl.col("file").cast(pl.Int32),
                pl.col("row").cast(pl.Int64),
                kind=kind,
                number="number",
                field=pl.lit(_FIELDS.get(name, name)),
                was=was.cast(pl.String),
                now=now.cast(pl.String),
            )
        )
    return pl.concat(parts).filter(pl.col("row").is_not_null())


def _amount(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """`1234.50`: minor units as files carry them."""
    digits = currency.replace_strict(DIGITS, default=0, return_dtype=pl.Int64)
    text = minor.abs().cast(pl.String).str.zfill(digits + 1)
    whole = text.str.slice(0, text.str.len_bytes().cast(pl.Int64) - digits)
    part = pl.when(digits > 0).then(pl.concat_str(pl.lit("."), text.str.tail(digits))).otherwise(pl.lit(""))
    return pl.concat_str(pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit("")), whole, part)


def as_told(changes: pl.DataFrame, files: Sequence[FileReport]) -> pl.DataFrame:
    """In the order of files and rows, with names of files and the headers of their columns in the place of fields;
    `moved` marks what goes to another customer."""
    if changes.is_empty():
        return pl.DataFrame(schema=_TOLD)
    headers = [
        {"file": index, "kind": kind, "field": field, "header": storable(header)}
        for index, file in enumerate(files)
        for header, meant in file.columns.items()
        for kind, field in _meanings(file.kind, meant)
    ]
    table = pl.DataFrame(
        headers, schema={"file": pl.Int32(), "kind": pl.String(), "field": pl.String(), "header": pl.String()}
    ).unique(["file", "kind", "field"], keep="first", maintain_order=True)
    names = pl.DataFrame(
        {"file": range(len(files)), "name": [storable(file.name) for file in files]},
        schema={"file": pl.Int32(), "name": pl.String()},
    )
    return (
        changes.sort("file", "row", maintain_order=True)
        .join(table, on=["file", "kind", "field"], how="left", maintain_order="left")
        .join(names, on="file", how="left", maintain_order="left")
        .select(
            "row",
            "kind",
            "number",
            "was",
            "now",
            file="name",
            column=pl.coalesce("header", "field"),
            moved=(pl.col("field") == DEBTOR) & (pl.col("kind") != "customers"),
        )
        .select("file", "row", "kind", "number", "column", "was", "now", "moved")
    )


def _meanings(kind: str, meant: str) -> list[tuple[str, str]]:
    """Of which frames a column of a file is which field: a file of invoices tells of four."""
    if kind != "invoices":
        return [(kind, "issue_date" if (kind, meant) == ("charges", "date") else meant)]
    about = next((field for field, told in _IN_INVOICES.items() if told == meant), meant)
    return [("invoices", meant), ("credit_notes", meant), ("contracts", meant), ("customers", about)]
