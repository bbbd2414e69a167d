"""What the tables hold already, as an import needs it: numbers and row ids, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dunwell.core.terms import PaymentSource, ReceivableKind
from dunwell.intake.shapes import FileReport, Known
from dunwell.intake.shapes import Mapping as Reading
from dunwell.store import bulk
from dunwell.store.models import Creditor

NAMED = (ReceivableKind.INVOICE, ReceivableKind.INSTALMENT, ReceivableKind.CHARGE, ReceivableKind.CREDIT_NOTE)
"""A receivable named by its number alone is looked for in this order of kinds."""


@dataclass(frozen=True)
class Book:
    """Row ids by number. debtors, persons, disputes: id, number. payments: id, number, source_kind. receivables: id,
    kind, number, debtor_id, currency, amount_minor, status, issue_date."""

    creditor: Creditor
    persons: pl.DataFrame
    debtors: pl.DataFrame
    receivables: pl.DataFrame
    payments: pl.DataFrame
    disputes: pl.DataFrame

    def known(self) -> Known:
        """As intake asks for it. Payments implied by open-item lists are none that a file may refer to."""
        owners = self.debtors.select(debtor_id="id", debtor="number")
        return Known(
            debtors=self.debtors.select("number"),
            receivables=self.receivables.join(owners, on="debtor_id").select("number", "kind", "debtor", "currency"),
            payments=self.payments.filter(pl.col("source_kind") == PaymentSource.BANK).select("number"),
        )


def read_book(creditor: Creditor) -> Book:
    """All numbers of a creditor."""

    def read(table: bulk.Table, *columns: str) -> pl.DataFrame:
        return bulk.read(table, creditor.pk, columns)

    return Book(
        creditor=creditor,
        persons=read(bulk.PERSONS, "number"),
        debtors=read(bulk.DEBTORS, "number"),
        receivables=read(
            bulk.RECEIVABLES, "kind", "number", "debtor_id", "currency", "amount_minor", "status", "issue_date"
        ),
        payments=read(bulk.PAYMENTS, "number", "source_kind"),
        disputes=read(bulk.DISPUTES, "number"),
    )


@dataclass(frozen=True)
class Said:
    """Which file speaks of which field. A null in a field that a file has no column for says nothing."""

    fields: Sequence[frozenset[str]]
    kinds: Sequence[str]

    @classmethod
    def by(cls, files: Sequence[FileReport], reading: Reading | None) -> "Said":
        """From what intake found in each file."""
        constants = set(reading.constants) if reading else set()
        return cls([frozenset({*file.columns.values(), *constants}) for file in files], [file.kind for file in files])

    def __call__(self, field: str, *, file: str = "file") -> pl.Expr:
        """Whether the file of a row (its index in column `file`) speaks of a field."""
        return self._among([index for index, fields in enumerate(self.fields) if field in fields], file)

    def of_customer(self, field: str) -> pl.Expr:
        """The same for a field of a customer, whom invoice files may describe as well."""
        renamed = _IN_INVOICES.get(field, field)
        speak = [
            index
            for index, (fields, kind) in enumerate(zip(self.fields, self.kinds, strict=True))
            if (renamed if kind == "invoices" else field) in fields
        ]
        return self._among(speak, "file")

    def _among(self, speak: Sequence[int], file: str) -> pl.Expr:
        if len(speak) in (0, len(self.fields)):
            return pl.lit(bool(speak))
        return pl.col(file).is_in(speak)


_IN_INVOICES = {"name": "debtor_name", "kind": "debtor_kind"}


def compare(
    incoming: pl.DataFrame, current: pl.DataFrame, table: bulk.Table, said: Mapping[str, pl.Expr]
) -> pl.DataFrame:
    """Set rows beside the versions that stand.

    incoming   id, the table's columns, file, ...: what the files tell
    current    id, the table's columns, known_from, by_file: what stands
    said       column -> whether the row's file speaks of it (absent: it does)
    Returns incoming with its columns as they will stand, plus seen_from and `differs`. What a file does not speak of
    stays. What a person has told since then, a file that is merely silent about it does not undo.
    """
    standing = current.rename({name: f"{name}_was" for name in table.columns})
    beside = incoming.join(standing, on="id", how="left", maintain_order="left")
    final = {}
    for name in table.columns:
        new, was = pl.col(name), pl.col(f"{name}_was")
        speaks = said.get(name, pl.lit(True)) & (new.is_not_null() | pl.col("by_file"))
        final[name] = pl.when(speaks).then(new).otherwise(was)
    beside = beside.with_columns(**final)
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_was")) for name in table.columns)
    return beside.with_columns(differs=differs).rename({"known_from": "seen_from"}).drop("by_file")


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """New rows with the negative numbers that name them until they are written (column `ref`)."""
    return frame.with_columns(ref=-pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
