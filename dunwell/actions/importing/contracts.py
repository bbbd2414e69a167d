"""Contracts that invoices of checked frames rest on -> what changes among the contracts of the book."""

from dataclasses import dataclass, field

import polars as pl

from dunwell.actions.importing.book import Book, Said, compare, condition, numbered
from dunwell.actions.importing.changes import differences, nothing
from dunwell.actions.importing.report import no_outcome
from dunwell.store import bulk


@dataclass(frozen=True)
class Contracts:
    """What changes, and how to find a contract.

    ids          number, id of all contracts, known and new (negative)
    outcome      file, row, kind (contracts), outcome: one row per contract that the files name
    differences  what changes, field by field (`import_changes.CHANGES`)
    """

    ids: pl.DataFrame
    changes: list[bulk.Change] = field(default_factory=list)
    outcome: pl.DataFrame = field(default_factory=no_outcome)
    differences: pl.DataFrame = field(default_factory=nothing)


def plan_contracts(invoices: pl.DataFrame, owners: pl.DataFrame, *, book: Book, said: Said) -> Contracts:
    """Compare the contracts that invoices name with those of the book.

    owners   number, id of all debtors, known and new
    The rows of a contract agree (`intake.contracts`, `checks`). What no row says stays: an empty cell takes no date and
    no law away.
    """
    named = invoices.filter(pl.col("contract").is_not_null())
    if named.is_empty():
        nobody = pl.DataFrame(schema={"number": pl.String(), "id": pl.Int64()})
        return Contracts(nobody if said("contract") is False else book.contracts.select("number", "id"))
    told = named.group_by(number="contract", maintain_order=True).agg(
        pl.col("file", "row", "debtor").first(),
        signed_date=pl.col("contract_date").drop_nulls().first(),
        law=pl.col("law").drop_nulls().first(),
    )
    rows = (
        told.join(owners.select(debtor="number", debtor_id="id"), on="debtor", how="left", maintain_order="left")
        .join(book.contracts.select("number", "id"), on="number", how="left", maintain_order="left")
        .with_columns(frame=pl.lit("contracts"), terms_days=pl.lit(None, pl.Int64))
    )
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    compared = compare(
        rows.filter(pl.col("id").is_not_null()),
        bulk.CONTRACTS,
        {
            "terms_days": False,
            "signed_date": condition(said("contract_date")) & pl.col("signed_date").is_not_null(),
            "law": condition(said("law")) & pl.col("law").is_not_null(),
        },
        creditor_id=book.creditor.pk,
        key=("number",),
    )
    became = pl.when("differs").then(pl.lit("changed")).otherwise(pl.lit("unchanged"))
    outcome = [
        fresh.select("file", "row", kind="frame", outcome=pl.lit("new")),
        compared.rows.select("file", "row", kind="frame", outcome=became),
    ]
    return Contracts(
        ids=pl.concat([book.contracts.select("number", "id"), fresh.select("number", id="ref")]),
        changes=[bulk.Change(bulk.CONTRACTS, fresh.select("ref", *bulk.CONTRACTS.columns, "file"), compared.changed)],
        outcome=pl.concat(outcome),
        differences=differences(compared.beside, bulk.CONTRACTS, {"debtor_id": owners}),
    )
