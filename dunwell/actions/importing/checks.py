"""What only the book can say against a row: the last errors, after those that intake found in the files."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from dunwell.actions.importing.book import Book, Said, condition
from dunwell.actions.importing.due_by_law import with_due_dates_of_law, with_notes_of_law
from dunwell.actions.importing.open_items import NUMBER_PREFIX
from dunwell.actions.importing.targets import beside
from dunwell.actions.talks.targets import LONGEST_DAYS
from dunwell.core.terms import ReceivableKind, ReceivableStatus
from dunwell.intake.faults import Faults, report
from dunwell.intake.kinds import kind_of_receivables
from dunwell.intake.shapes import Batch, FileReport
from dunwell.rulebook.instalments import invoice_of, place_of
from dunwell.store import bulk

_RECEIVABLE_FRAMES = ("invoices", "credit_notes", "charges")
_REFERRING = ("credit_notes", "charges", "payments", "disputes")


def checked(batch: Batch, book: Book, said: Said, today: date) -> Batch:
    """The batch without rows that the book contradicts; their errors are added to the others. today: the creditor's."""
    faults = Faults()
    batch = with_due_dates_of_law(batch, book, faults)
    check = _Check(batch, book, said, faults)
    check.reserved_numbers()
    check.changed_currencies()
    check.instalments_of_the_book()
    check.contracts_of_the_book()
    check.targets_ahead(today)
    check.what_refers_to_refused_rows()
    added = check.faults.all()
    if added.is_empty():
        return with_notes_of_law(batch, book)
    good = {kind: check.faults.good(frame) for kind, frame in batch.frames.items()}
    rejected = {
        kind: pl.concat([batch.rejected[kind], check.faults.bad(frame)]) for kind, frame in batch.frames.items()
    }
    names = [str(file.path) for file in batch.files]
    errors = pl.concat([batch.errors, report(added, names)]).sort("file", "row", maintain_order=True)
    found = replace(
        batch,
        frames=good,
        rejected=rejected,
        errors=errors,
        files=[_without(file, index, batch, check.faults) for index, file in enumerate(batch.files)],
    )
    return with_notes_of_law(found, book)


def _without(file: FileReport, index: int, batch: Batch, faults: Faults) -> FileReport:
    """A file's report with the control totals of what is good now."""
    lost: dict[str, tuple[int, int]] = {}
    for frame in batch.frames.values():
        if "currency" in frame.columns:
            gone = faults.bad(frame).filter(pl.col("file") == index).drop_nulls("amount_minor")
            total_minor = pl.col("amount_minor").cast(pl.Int128).sum()
            for currency, count, total in (
                gone.group_by("currency").agg(pl.col("row").n_unique(), total_minor).iter_rows()
            ):
                rows, minor = lost.get(currency, (0, 0))
                lost[currency] = (rows + count, minor + int(total))
    bad = faults.rows().filter(pl.col("file") == index).height
    totals = tuple(
        replace(
            total,
            good_rows=total.good_rows - lost.get(total.currency, (0, 0))[0],
            good_sum_minor=total.good_sum_minor - lost.get(total.currency, (0, 0))[1],
        )
        for total in file.totals
    )
    return replace(file, good_rows=file.good_rows - bad, bad_rows=file.bad_rows + bad, totals=totals)


@dataclass
class _Check:
    batch: Batch
    book: Book
    said: Said
    faults: Faults

    def reserved_numbers(self) -> None:
        """Payments that lists imply have numbers of their own."""
        payments = self.batch.frames["payments"]
        self._add(payments, pl.col("number").str.starts_with(NUMBER_PREFIX), "number", "import.reserved_number")

    def changed_currencies(self) -> None:
        """A receivable keeps its currency: payments and charges rest on it. A plain mistake may be mended as long as
        nothing does, and by a file that names the currency."""
        for kind in _RECEIVABLE_FRAMES:
            rows = self.batch.frames[kind]
            if rows.is_empty():
                continue
            rows = rows.with_columns(kind=kind_of_receivables(kind))
            known = self.book.receivables.select("number", "kind", "id", was="currency")
            differing = rows.join(known, on=["number", "kind"], maintain_order="left").filter(
                pl.col("currency") != pl.col("was")
            )
            if differing.is_empty():
                continue
            held = self._rested_on(differing["id"])
            fixed = ~condition(self.said("currency")) | pl.col("id").is_in(held.implode())
            self._add(differing, fixed, "currency", "import.currency_changed", "was")

    def instalments_of_the_book(self) -> None:
        """Nothing is owed twice: an invoice that stands whole in the book is not taken in again in instalments, nor
        the other way round, nor in fewer instalments than stand there."""
        rows = self.faults.good(self.batch.frames["invoices"])
        part = pl.col("instalment").is_not_null()
        known = self.book.receivables.select("number", "kind", "id")
        parts = known.filter(pl.col("kind") == ReceivableKind.INSTALMENT)
        if rows.is_empty() or (parts.is_empty() and rows["instalment"].null_count() == rows.height):
            return
        bills = self._uncancelled(known.filter(pl.col("kind") == ReceivableKind.INVOICE), rows)
        of_parts = parts.select(
            "id", invoice=invoice_of(pl.col("number")), place=place_of(pl.col("number"))
        )  # fmt: skip
        rows = rows.with_columns(invoice=pl.when(part).then(invoice_of(pl.col("number"))))
        whole = pl.col("invoice").is_in(bills.implode()) | (part & pl.col("number").is_in(bills.implode()))
        self._add(rows, whole, "number", "import.invoice_stands_whole")
        split = pl.col("number").is_in(pl.concat([of_parts["invoice"], parts["number"]]).implode())
        self._add(rows, ~part & split, "number", "import.invoice_in_instalments")
        most = of_parts.group_by("invoice").agg(most=pl.col("place").max())
        counts = rows.filter(part).group_by("invoice").agg(count=pl.col("instalment").max())
        fewer = counts.join(most, on="invoice").filter(pl.col("count") < pl.col("most"))["invoice"]
        self._add(rows, pl.col("invoice").is_in(fewer.implode()), "number", "import.fewer_instalments")

    def _uncancelled(self, bills: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
        """The numbers of those invoices that rows of instalments are about and that are not cancelled."""
        parts = rows.filter(pl.col("instalment").is_not_null())["number"]
        asked = pl.concat([parts, parts.to_frame().select(invoice_of(pl.col("number"))).to_series()])
        found = bills.filter(pl.col("number").is_in(asked.implode()))
        states = bulk.read(bulk.RECEIVABLES, self.book.creditor.pk, ["number", "status"], ids=found["id"])
        return states.filter(pl.col("status") != ReceivableStatus.CANCELLED)["number"]

    def contracts_of_the_book(self) -> None:
        """A contract stays its customer's as long as an invoice of his rests on it that no row moves along; and no
        invoice that rests on it was due before its date."""
        every = self.faults.good(self.batch.frames["invoices"])
        named = every.filter(pl.col("contract").is_not_null()) if every.height else every
        if named.is_empty():
            return
        owners = self.book.debtors.select(debtor_id="id", owner="number")
        known = self.book.contracts.join(owners, on="debtor_id", how="left").select(
            "owner", contract="number", contract_id="id", was="signed_date"
        )
        rows = named.join(known, on="contract", maintain_order="left")
        moved = pl.col("debtor") != pl.col("owner")
        redated = (pl.col("contract_date") != pl.col("was")).fill_null(pl.col("contract_date").is_not_null())
        asked = rows.filter(moved | redated)["contract_id"].drop_nulls().unique()
        resting = bulk.read(
            bulk.RECEIVABLES, self.book.creditor.pk, ["contract_id", "kind", "number", "due_date"], ids=asked,
            by="contract_id",
        )  # fmt: skip
        stays = resting.join(
            every.select("number", kind=kind_of_receivables("invoices")), on=["kind", "number"], how="anti"
        )
        held = stays["contract_id"].implode()
        self._add(rows, moved & pl.col("contract_id").is_in(held), "contract", "import.contract_of_another", "owner")
        first = stays.sort("due_date").group_by("contract_id", maintain_order=True).agg(
            due=pl.col("due_date").first(), item=pl.col("number").first()
        )  # fmt: skip
        dated = rows.filter(redated).join(first, on="contract_id", maintain_order="left")
        self._add(dated, pl.col("contract_date") > pl.col("due"), "contract_date", "import.contract_after_due", "item")
        told = pl.col("contract_date").drop_nulls().first().over("contract")
        silent = (
            rows.with_columns(told=told)
            .filter(pl.col("contract_date").is_null())
            .with_columns(contract_date=pl.coalesce("told", "was"), other="due_date")
        )
        self._add(
            silent, pl.col("contract_date") > pl.col("due_date"), "contract_date", "intake.contract_after_due", "other"
        )

    def targets_ahead(self, today: date) -> None:
        """A target that is new counts from today on, so its day is ahead. One that is known already may be told again
        whenever."""
        rows = self.batch.frames["targets"]
        if rows.is_empty():
            return
        told = beside(rows, self.book.debtors.select("number", debtor_id="id"), self.book)
        fresh = told.filter(~pl.col("same")).with_columns(other=pl.lit(today))
        self._add(fresh, pl.col("by_date") < today, "by_date", "import.target_over", "other")
        most = today + timedelta(days=LONGEST_DAYS)
        self._add(fresh, pl.col("by_date") > most, "by_date", "import.target_too_far")

    def _rested_on(self, receivables: pl.Series) -> pl.Series:
        creditor = self.book.creditor.pk
        paid = bulk.read(bulk.PAYMENTS, creditor, ["receivable_id"], ids=receivables, by="receivable_id")
        parts = bulk.read(bulk.RECEIVABLES, creditor, ["parent_id"], ids=receivables, by="parent_id")
        return pl.concat([paid["receivable_id"].alias("id"), parts["parent_id"].alias("id")]).unique()

    def what_refers_to_refused_rows(self) -> None:
        """Rows about a receivable or a payment that is refused are refused with it, and so on."""
        more = not self.faults.all().is_empty()
        while more:
            more = False
            frames = self.batch.frames
            lost = pl.concat([self.faults.bad(frames[kind])["number"] for kind in _RECEIVABLE_FRAMES])
            for kind in _REFERRING:
                rows = self.faults.good(frames[kind])
                more |= self._add(
                    rows, pl.col("receivable").is_in(lost.implode()), "receivable", "intake.receivable_rejected"
                )
            payments = self.faults.good(frames["payments"])
            gone = self.faults.bad(frames["payments"])["number"]
            more |= self._add(payments, pl.col("reverses").is_in(gone.implode()), "reverses", "intake.payment_rejected")

    def _add(self, rows: pl.DataFrame, bad: pl.Expr, field: str, code: str, other: str | None = None) -> bool:
        found = rows.filter(bad) if rows.height else rows
        if found.is_empty():
            return False
        for index, file in enumerate(self.batch.files):
            mine = found.filter(pl.col("file") == index).unique(["file", "row"], keep="first", maintain_order=True)
            header = next((name for name, meant in file.columns.items() if meant == field), field)
            self.faults.add(
                mine, None, code, column=header, value=mine[field], other=mine[other] if other else "",
            )  # fmt: skip
        return True
