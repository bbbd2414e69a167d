"""What rows refer to: debtors, receivables and payments, in these files or known already."""

from dataclasses import dataclass, field

import polars as pl

from dunwell.intake.cells import Cells
from dunwell.intake.faults import Faults
from dunwell.intake.shapes import Known
from dunwell.rulebook.instalments import invoice_of, place_of

_RANK = {"invoice": 0, "instalment": 1, "charge": 2, "credit_note": 3}


def _table(*numbers: pl.Series, good: bool) -> pl.DataFrame:
    frames = [pl.DataFrame({"number": one.cast(pl.String)}) for one in numbers]
    return pl.concat(frames).drop_nulls().unique().with_columns(good=pl.lit(good))


@dataclass
class Links:
    """Numbers that may be referred to. `good` is false for those whose own row has an error: to refer to them is an
    error too, because they will not be written."""

    known: Known
    _debtors: pl.DataFrame = field(init=False)
    _receivables: pl.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        self._debtors = _table(self.known.debtors["number"], good=True)
        self._receivables = self.known.receivables.select(
            pl.col("number", "kind", "debtor", "currency").cast(pl.String), good=pl.lit(True)
        )

    def add_debtors(self, good: pl.Series, bad: pl.Series) -> None:
        """Customers of these files."""
        if good.is_empty() and bad.is_empty():
            return
        self._debtors = pl.concat([self._debtors, _table(good, good=True), _table(bad, good=False)])
        self._debtors = self._debtors.sort("good", descending=True, maintain_order=True).unique(
            "number", keep="first", maintain_order=True
        )

    def add_receivables(self, kind: pl.Expr, rows: pl.DataFrame, faults: Faults) -> None:
        """Receivables of these files; they come before what is known under the same number."""
        if rows.is_empty():
            return
        columns = [pl.col("number", "debtor", "currency"), kind.alias("kind")]
        bad = faults.bad(rows).select(*columns, good=pl.lit(False))
        good = faults.good(rows).select(*columns, good=pl.lit(True))
        order = ["number", "kind", "debtor", "currency", "good"]
        self._receivables = pl.concat([good.select(order), self._receivables, bad.select(order)])

    def check_debtor(self, cells: Cells, debtor: pl.Series, field_name: str = "debtor") -> None:
        """The debtor must exist."""
        asked = debtor.unique().drop_nulls().to_frame("number")
        lost = asked.join(self._debtors, on="number", how="left").filter(~pl.col("good").fill_null(False))
        if lost.is_empty():
            return
        rejected = lost.filter(pl.col("good").is_not_null())["number"]
        unknown = lost.filter(pl.col("good").is_null())["number"]
        cells.fault(debtor.is_in(unknown.implode()), field_name, "intake.unknown_debtor", debtor)
        cells.fault(debtor.is_in(rejected.implode()), field_name, "intake.debtor_rejected", debtor)

    def receivable(
        self, cells: Cells, number: pl.Series, kinds: tuple[str, ...], *, must_exist: bool = True
    ) -> pl.DataFrame:
        """Debtor and currency of the receivable that each row names (null where none or unknown)."""
        table = self._receivables.lazy().filter(pl.col("kind").is_in(kinds) & pl.col("number").is_not_null())
        if 10 * number.len() < self._receivables.height:
            # Few rows beside a large book: what they do not name need not be put in order.
            table = table.filter(pl.col("number").is_in(number.unique().implode()))
        table = table.sort(
            pl.col("good"), -pl.col("kind").replace_strict(_RANK, return_dtype=pl.Int8), descending=True,
            maintain_order=True,
        ).unique("number", keep="first", maintain_order=True)  # fmt: skip
        found = number.to_frame("number").lazy().join(
            table.select("number", "debtor", "currency", "good"), on="number", how="left", maintain_order="left"
        ).collect()  # fmt: skip
        if must_exist:
            cells.fault(
                number.is_not_null() & found["good"].is_null(), "receivable", "intake.unknown_receivable", number
            )
            cells.fault(~found["good"], "receivable", "intake.receivable_rejected", number)
        return found.select("debtor", "currency")

    def instalments(self, invoices: pl.Series) -> pl.DataFrame:
        """invoice, number, instalment: the instalments, in order, of those of the numbers that are invoices in
        instalments, and nothing else."""
        asked = pl.DataFrame({"invoice": invoices.unique().drop_nulls()})
        items = self._receivables.filter(pl.col("kind").is_in(["invoice", "instalment"]))
        parts = items.filter(pl.col("kind") == "instalment").select(
            "number", invoice=invoice_of(pl.col("number")), instalment=place_of(pl.col("number"))
        )
        return (
            asked.join(items.filter(pl.col("kind") == "invoice"), left_on="invoice", right_on="number", how="anti")
            .join(parts.unique(), on="invoice")
            .sort("invoice", "instalment")
        )

    def named(self, number: pl.Series) -> pl.Series:
        """The numbers, with that of the first instalment where an invoice in instalments is named."""
        parts = self.instalments(number).unique("invoice", keep="first", maintain_order=True)
        if parts.is_empty():
            return number
        return number.replace(parts["invoice"], parts["number"])

    def agree(self, cells: Cells, own: pl.Series, linked: pl.Series, field_name: str, code: str) -> pl.Series:
        """The row's own value, or that of what it refers to; an error where they differ."""
        cells.fault(own.is_not_null() & linked.is_not_null() & (own != linked), field_name, code, own, linked)
        return pl.select(pl.coalesce(own, linked)).to_series()
