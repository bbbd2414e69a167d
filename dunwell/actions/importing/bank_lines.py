"""Lines of statements beside what is known: which are new, and which of them are payments of whom.

A line that comes in and names an invoice is a payment; one that takes such a line back is its reversal. Everything else
stays a line: fees, other money out, sums of several payments, and money of which nobody can say yet whose it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dunwell.actions.importing.book import Book
from dunwell.actions.importing.named_invoices import named_invoices
from dunwell.actions.importing.report import no_outcome
from dunwell.core.money import format_money
from dunwell.core.terms import PaymentSource
from dunwell.engine.book.open_lists import BOOKED_WITHIN_DAYS
from dunwell.intake.shapes import FRAMES, STATEMENTS, Note
from dunwell.store import bulk

_SAME = ["account", "booking_date", "currency", "amount_minor", "is_batch"]
"""What two formats tell alike of one entry. A sum of several payments is none of them."""
_IS_BATCH = pl.col("batch_of").is_not_null().alias("is_batch")
_METHODS = {"alipay": "Alipay", "wechat": "WeChat Pay"}
_LINKS = ("end_to_end", "reference", "bank_reference")
"""References of a line of which one leads from the reversal to what it takes back."""
_KNOWN = ["number", "format", "account", "booking_date", "currency", "amount_minor", "batch_of", *_LINKS]


@dataclass(frozen=True)
class BankLines:
    """What statements bring.

    change     new lines
    payments   rows as intake gives those of ledgers, for lines that have no payment yet
    outcome    file, row, kind, outcome of each line
    notes      file -> what became of lines that are no payments
    """

    change: bulk.Change
    payments: pl.DataFrame
    outcome: pl.DataFrame
    notes: Mapping[int, Sequence[Note]]


def plan_lines(lines: pl.DataFrame, frames: Mapping[str, pl.DataFrame], book: Book) -> BankLines:
    """Compare lines (`intake.statements.LINES`) with the book. frames: the ledger files of the same import."""
    if lines.is_empty():
        nothing = bulk.Change(bulk.BANK_LINES, pl.DataFrame(), pl.DataFrame())
        return BankLines(nothing, frames["payments"].clear(), no_outcome(), {})
    known = bulk.read(bulk.BANK_LINES, book.creditor.pk, _KNOWN)
    told = _told_before(lines, known)
    fresh = told.filter(pl.col("became") == "new")
    counted = told.filter(pl.col("became") != "elsewhere")
    payable = counted.filter(~pl.col("number").is_in(book.payments["number"].implode())).unique(
        "number", keep="first", maintain_order=True
    )
    named = named_invoices(payable, frames, book)
    came = _credits(named)
    back = _Reversals(known, came, book).of(named)
    return BankLines(
        change=bulk.Change(bulk.BANK_LINES, _new_rows(fresh), pl.DataFrame()),
        payments=pl.concat([came, back]),
        outcome=_outcome(told),
        notes=_notes(told, named, pl.concat([came, back])["number"], _told_twice(came, known, frames, book)),
    )


def _told_twice(
    came: pl.DataFrame, known: pl.DataFrame, frames: Mapping[str, pl.DataFrame], book: Book
) -> pl.DataFrame:
    """Numbers of lines beside which a file of the ledger tells a payment of the same debtor, sum and nearly the same
    day: most likely the same money, which counts twice as long as nobody takes one of them out."""
    same = ["debtor", "currency", "amount_minor"]
    told = ["number", "debtor_id", "currency", "amount_minor", "value_date", "source_kind"]
    stored = bulk.read(bulk.PAYMENTS, book.creditor.pk, told)
    booked = (
        stored.filter(
            (pl.col("source_kind") == PaymentSource.BANK) & ~pl.col("number").is_in(known["number"].implode())
        )
        .join(book.debtors.select(debtor_id="id", debtor="number"), on="debtor_id")
        .select(*same, booked_date="value_date")
    )
    beside = frames["payments"].select(*same, booked_date="value_date")
    pairs = came.join(pl.concat([booked, beside]), on=same)
    near = (pl.col("value_date") - pl.col("booked_date")).dt.total_days().abs() <= BOOKED_WITHIN_DAYS
    return pairs.filter(near).select("number").unique()


def _told_before(lines: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Lines with `became`: new, known (under its number), or elsewhere: another format has told as many lines of the
    same account, day and amount, and writes other texts and references."""
    seen = known.select("number", "format", *_SAME[:-1], _IS_BATCH)
    parts = [lines.with_columns(became=pl.lit("new")).clear()]
    for _, own in lines.group_by("file", maintain_order=True):
        is_known = pl.col("number").is_in(seen["number"].implode())
        others = (
            seen.filter((pl.col("format") != own["format"][0]) & ~pl.col("number").is_in(own["number"].implode()))
            .group_by(_SAME)
            .agg(told=pl.len())
        )
        part = (
            own.with_columns(_IS_BATCH)
            .join(others, on=_SAME, how="left", maintain_order="left")
            .with_columns(is_known=is_known)
            .with_columns(place=(~pl.col("is_known")).cum_sum().over(_SAME))
            .with_columns(
                became=pl.when("is_known")
                .then(pl.lit("known"))
                .when(pl.col("place") <= pl.col("told").fill_null(0))
                .then(pl.lit("elsewhere"))
                .otherwise(pl.lit("new"))
            )
            .select(*parts[0].columns, "is_batch")
        )
        parts.append(part.drop("is_batch"))
        seen = pl.concat([seen, part.filter(pl.col("became") == "new").select(seen.columns)])
    return pl.concat(parts)


def _new_rows(fresh: pl.DataFrame) -> pl.DataFrame:
    rows = fresh.with_columns(account=pl.col("account").fill_null(""))
    return rows.with_columns(ref=-pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).select(
        "ref", *bulk.BANK_LINES.columns, "file"
    )


def _credits(named: pl.DataFrame) -> pl.DataFrame:
    """Payments of lines that came in for one debtor."""
    return _payments(
        named.filter((pl.col("amount_minor") > 0) & pl.col("batch_of").is_null() & pl.col("debtor").is_not_null()),
        pl.lit(None, pl.String),
    )


def _payments(rows: pl.DataFrame, reverses: pl.Expr) -> pl.DataFrame:
    method = pl.col("format").replace_strict(_METHODS, default="bank", return_dtype=pl.String)
    return rows.with_columns(
        value_date=pl.coalesce("value_date", "booking_date"),
        reverses=reverses,
        method=method,
        designation=pl.lit(None, pl.String),
    ).select([pl.col(name).cast(dtype) for name, dtype in FRAMES["payments"].items()])


class _Reversals:
    """Lines that take money back, and the payments that they take back."""

    def __init__(self, known: pl.DataFrame, came: pl.DataFrame, book: Book) -> None:
        self._known, self._came, self._book = known, came, book

    def of(self, named: pl.DataFrame) -> pl.DataFrame:
        """Payments below zero. Where what was taken back is not known, one that names its debtor stands alone: money
        that went back by itself."""
        rows = named.filter(pl.col("is_reversal") & (pl.col("amount_minor") < 0) & pl.col("batch_of").is_null())
        if rows.is_empty():
            return self._came.clear()
        open_credits = self._candidates(named, -rows["amount_minor"])
        found = [self._one(row, open_credits) for row in rows.sort("booking_date").iter_rows(named=True)]
        frame = pl.DataFrame(found, schema={**rows.schema, "reverses": pl.String})
        return _payments(frame.filter(pl.col("debtor").is_not_null()), pl.col("reverses"))

    def _candidates(self, named: pl.DataFrame, amounts: pl.Series) -> list[dict[str, Any]]:
        """Lines of these amounts that became payments, not taken back yet: with debtor and invoice of each."""
        creditor = self._book.creditor.pk
        paid = bulk.read(bulk.PAYMENTS, creditor, ["number", "debtor_id", "receivable_id", "reverses_id"])
        gone = paid["reverses_id"].drop_nulls()
        debtors = self._book.debtors.select(debtor_id="id", debtor="number")
        items = self._book.receivables.select(receivable_id="id", receivable="number")
        standing = (
            paid.filter(~pl.col("id").is_in(gone.implode()))
            .join(debtors, on="debtor_id")
            .join(items, on="receivable_id", how="left")
        )
        told = pl.concat([self._known.drop("id"), named.select(self._known.drop("id").columns)])
        told = told.filter(pl.col("amount_minor").is_in(amounts.implode()))
        payments = pl.concat([standing.select("number", "debtor", "receivable"),
                              self._came.select("number", "debtor", "receivable")])  # fmt: skip
        rows = told.unique("number", keep="first", maintain_order=True).join(payments, on="number")
        return rows.sort("booking_date", "number").to_dicts()

    @staticmethod
    def _one(row: dict[str, Any], candidates: list[dict[str, Any]]) -> dict[str, Any]:
        fitting = [
            one
            for one in candidates
            if one["amount_minor"] == -row["amount_minor"]
            and all(one[name] == row[name] for name in ("account", "currency"))
            and one["booking_date"] <= row["booking_date"]
            and (
                any(row[name] and one[name] == row[name] for name in _LINKS)
                or (row["receivable"] and one["receivable"] == row["receivable"])
            )
        ]
        if not fitting:
            return {**row, "reverses": None}
        latest = fitting[-1]
        candidates.remove(latest)
        return {**row, "reverses": latest["number"], "debtor": latest["debtor"], "receivable": latest["receivable"]}


def _outcome(told: pl.DataFrame) -> pl.DataFrame:
    became = pl.when(pl.col("became") == "new").then(pl.lit("new")).otherwise(pl.lit("unchanged"))
    return pl.concat([no_outcome(), told.select("file", "row", kind=pl.lit(STATEMENTS), outcome=became)])


def _notes(told: pl.DataFrame, named: pl.DataFrame, paid: pl.Series, twice: pl.DataFrame) -> dict[int, list[Note]]:
    """What a person should know of lines that became no payments, or payments told twice, by file."""
    notes: dict[int, list[Note]] = {}
    loose = named.filter(~pl.col("number").is_in(paid.implode()))
    batch, money_in = pl.col("batch_of").is_not_null(), pl.col("amount_minor") > 0
    parts = (
        ("import.note_told_elsewhere", told.filter(pl.col("became") == "elsewhere")),
        ("import.note_told_by_ledger", named.join(twice, on="number", how="semi")),
        ("import.note_batches", loose.filter(batch & money_in)),
        ("import.note_nobody_named", loose.filter(~batch & money_in & ~pl.col("is_reversal"))),
        ("import.note_reversals_of_nothing", loose.filter(pl.col("is_reversal") & ~money_in)),
    )
    for code, rows in parts:
        for (file,), own in rows.group_by("file", maintain_order=True):
            sums = own.group_by("currency").agg(pl.col("amount_minor").abs().sum()).sort("currency").rows()
            shown = "; ".join(format_money(minor, currency, "en") for currency, minor in sums)
            notes.setdefault(int(str(file)), []).append(Note(code, {"count": own.height, "sums": shown}))
    return notes
