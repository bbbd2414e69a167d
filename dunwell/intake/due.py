"""When an invoice of a file falls due: as its row says, or as its payment terms make it; one row per instalment."""

from dataclasses import replace
from fractions import Fraction

import polars as pl

from dunwell.intake.cells import LONGEST_KEY, Cells
from dunwell.rulebook.due_dates import due_dates
from dunwell.rulebook.instalments import number_of
from dunwell.rulebook.payment_terms import BaseDate, PaymentTerms
from dunwell.rulebook.terms_notation import read_terms

BASE_FIELDS = tuple(kind.column for kind in BaseDate if kind not in (BaseDate.INVOICE, BaseDate.DUE))
"""Columns of days, beside the invoice's own, that payment terms may run from."""
_DAYS = (*BASE_FIELDS, BaseDate.DUE.column)
_PLACE = "_place"


def told_days(cells: Cells) -> dict[str, pl.Series]:
    """The days of receipt, delivery and acceptance that a file tells."""
    return {field: cells.date(field) for field in BASE_FIELDS if cells.given(field)}


def told_terms(cells: Cells) -> pl.Series:
    """The payment terms of the rows that name no due date, in their notation."""
    if not cells.given("terms_days"):
        return cells.constant(None, "payment_terms")
    return cells.terms("terms_days", where=cells.raw("due_date").is_null()).alias("payment_terms")


def with_due_dates(rows: pl.DataFrame, cells: Cells, *, amounts_told: bool) -> pl.DataFrame:
    """Rows of invoices with the due dates that their terms make; terms of several instalments make a row of each.

    Input   as `FRAMES["invoices"]`, due_date as the row tells it, payment_terms as `told_terms`
    Output  the same, due_date filled in where terms say it, due_known (false: it rests on a calendar that is not
            official yet; null: no terms were counted), and of instalments instalment (from 1 on), number (`R1#2`),
            amount_minor and open_minor (their part of it; the parts add up to the invoice), payment_terms (its own)

    amounts_told   the file has a column of amounts, beside one of what is open
    """
    asked = rows.with_row_index(_PLACE).filter(pl.col("due_date").is_null() & pl.col("payment_terms").is_not_null())
    if asked.is_empty():
        return rows
    days = ["issue_date", *BASE_FIELDS, "due_date"]
    counted = due_dates(asked.select("file", "row", _PLACE, *days, "amount_minor", terms="payment_terms"))
    _refuse(counted, asked, cells, amounts_told=amounts_told)
    found = (
        rows.with_row_index(_PLACE)
        .drop("due_known", "instalment")
        .join(
            counted.select(
                _PLACE, "instalment", "instalments", "instalment_minor", "falls_due_date", due_known="falls_due_known"
            ),
            on=_PLACE,
            how="left",
            maintain_order="left_right",
        )
        .with_columns(due_date=pl.coalesce("due_date", "falls_due_date"))
    )
    several = pl.col("instalments") > 1
    found = found.with_columns(instalment=pl.when(several).then("instalment"))
    if found["instalment"].null_count() == found.height:
        return found.select(rows.columns)
    return _parts(found).select(rows.columns)


def _parts(found: pl.DataFrame) -> pl.DataFrame:
    """Rows of instalments with their own number, amount, open amount and terms."""
    part = pl.col("instalment").is_not_null()
    own = pl.DataFrame(
        [
            (notation, n, str(PaymentTerms((replace(each, share=Fraction(1)),), terms.calendar)))
            for notation in found.filter(part)["payment_terms"].unique(maintain_order=True)
            for terms in [read_terms(notation)]
            for n, each in enumerate(terms.parts, 1)
        ],
        schema={"payment_terms": pl.String, "instalment": pl.Int16, "own_terms": pl.String},
        orient="row",
    )
    until = pl.col("instalment_minor").cum_sum().over(_PLACE, order_by=["due_date", "instalment"])
    paid = pl.col("amount_minor") - pl.col("open_minor")
    last = pl.col("instalment") == pl.col("instalments")
    # What was paid went to the parts that fell due first; what is open beyond the amount is open of the last.
    of_part = (paid - (until - pl.col("instalment_minor"))).clip(lower_bound=0)
    beyond = pl.when(last).then(paid.clip(upper_bound=0)).otherwise(0)
    paid_of_part = pl.min_horizontal(of_part, "instalment_minor") + beyond
    return (
        found.join(own, on=["payment_terms", "instalment"], how="left", maintain_order="left")
        .with_columns(
            open_minor=pl.when(part & pl.col("open_minor").is_not_null())
            .then(pl.col("instalment_minor") - paid_of_part)
            .otherwise("open_minor")
        )
        .with_columns(
            number=pl.when(part).then(number_of(pl.col("number"), pl.col("instalment"))).otherwise("number"),
            amount_minor=pl.when(part).then("instalment_minor").otherwise("amount_minor"),
            payment_terms=pl.coalesce("own_terms", "payment_terms"),
        )
    )


def _refuse(counted: pl.DataFrame, asked: pl.DataFrame, cells: Cells, *, amounts_told: bool) -> None:
    """Errors of rows whose terms cannot be counted."""
    told = cells.rows.with_columns(
        told=cells.raw("terms_days"), **{f"{field}!": _silent(cells, field) for field in _DAYS}
    )
    first = counted.sort(_PLACE, "refused", nulls_last=True).unique(_PLACE, keep="first", maintain_order=True)
    first = first.join(told, on=["file", "row"], how="left", maintain_order="left")
    for field in first["refused"].drop_nulls().unique().sort():
        mine = pl.col("refused") == field
        # a day that is there and cannot be read has its error already
        missing = mine & pl.col(field).is_null() & (pl.col(f"{field}!") if field in _DAYS else pl.lit(value=False))
        header = cells.sheet.header(field)
        _fault(cells, first.filter(missing), "intake.terms_base_missing", header)
        _fault(cells, first.filter(mine & pl.col(field).is_not_null()), "intake.terms_base_out_of_reach", header)
    several = first.filter(pl.col("instalments") > 1)
    if not amounts_told:
        _fault(cells, several, "intake.instalments_without_amount")
    long = several.join(asked.select(_PLACE, "number"), on=_PLACE, maintain_order="left")
    long = long.filter(pl.col("number").str.len_chars() > LONGEST_KEY - len("#120"))
    _fault(cells, long.with_columns(told="number"), "intake.instalment_number_too_long")


def _silent(cells: Cells, field: str) -> pl.Series:
    return cells.is_nothing(field) if cells.given(field) else cells.raw(field).is_null()


def _fault(cells: Cells, rows: pl.DataFrame, code: str, other: str = "") -> None:
    cells.fault_of(rows, "terms_days", code, rows["told"], other)


def note_assumed(rows: pl.DataFrame, cells: Cells) -> None:
    """Say how many due dates rest on a calendar that is not official yet, and which."""
    assumed = rows.filter(~pl.col("due_known"))
    if assumed.is_empty():
        return
    calendars = sorted({str(read_terms(text).calendar) for text in assumed["payment_terms"].unique()})
    years = sorted(assumed["due_date"].dt.year().unique())
    shown = [str(row) for row in assumed["row"].unique(maintain_order=True).head(5)]
    cells.sheet.note(
        "intake.note_calendar_assumed", count=assumed.height, calendar=", ".join(calendars),
        years=", ".join(map(str, years)), rows=", ".join(shown) + (", ..." if assumed["row"].n_unique() > 5 else ""),
    )  # fmt: skip
