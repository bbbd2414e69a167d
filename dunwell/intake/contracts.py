"""Contracts that invoices rest on: what several rows say of one contract must agree."""

from collections.abc import Sequence

import polars as pl

from dunwell.intake.faults import Faults
from dunwell.intake.sheet import Sheet

_SAID_ONCE = (
    ("debtor", "intake.contract_of_another"),
    ("contract_date", "intake.contract_dates_differ"),
    ("law", "intake.contract_laws_differ"),
)


def check_contracts(invoices: pl.DataFrame, sheets: Sequence[Sheet], faults: Faults) -> None:
    """Refuse rows (frame `invoices`) that contradict another row about their contract, or whose invoice was due before
    the contract was signed. The first row that says something is taken to be right; an empty cell says nothing."""
    named = invoices.filter(pl.col("contract").is_not_null())
    if named.is_empty():
        return
    for field, code in _SAID_ONCE:
        rows = faults.good(named)
        first = pl.col(field).drop_nulls().first().over("contract")
        bad = rows.with_columns(other=first).filter(pl.col(field) != pl.col("other"))
        shown = "contract" if field == "debtor" else field
        _add(bad, sheets, faults, code, shown)
    rows = faults.good(named)
    signed = pl.coalesce("contract_date", pl.col("contract_date").drop_nulls().first().over("contract"))
    late = rows.with_columns(contract_date=signed, other="due_date").filter(
        pl.col("contract_date") > pl.col("due_date")
    )
    _add(late, sheets, faults, "intake.contract_after_due", "contract_date")


def _add(bad: pl.DataFrame, sheets: Sequence[Sheet], faults: Faults, code: str, field: str) -> None:
    for sheet in sheets:
        mine = bad.filter(pl.col("file") == sheet.index)
        faults.add(mine, None, code, column=sheet.header(field), value=mine[field], other=mine["other"])
