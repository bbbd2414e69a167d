"""What the tables hold already, as an import needs it: numbers and row ids, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
    kind, number, debtor_id, currency."""

    creditor: Creditor
    debtors: pl.DataFrame
    receivables: pl.DataFrame
    payments: pl.DataFrame

    @cached_property
    def persons(self) -> pl.DataFrame:
        """Read when a file speaks of customers."""
        return bulk.read(bulk.PERSONS, self.creditor.pk, ["number"])

    @cached_property
    def contracts(self) -> pl.DataFrame:
        """id, number, debtor_id, signed_date: read when a file names contracts."""
        return bulk.read(bulk.CONTRACTS, self.creditor.pk, ["number", "debtor_id", "signed_date"])

    @cached_property
    def disputes(self) -> pl.DataFrame:
        """Read when a file speaks of disputes."""
        return bulk.read(bulk.DISPUTES, self.creditor.pk, ["number"])

    @cached_property
    def targets(self) -> pl.DataFrame:
        """All columns of every target, with id, known_from and source_id: read when a file speaks of targets."""
        return bulk.read(bulk.TARGETS, self.creditor.pk, [*bulk.TARGETS.columns, "known_from", "source_id"])

    def known(self) -> Known:
        """As intake asks for it. Payments implied by open-item lists are none that a file may refer to."""
        owners = self.debtors.select(debtor_id="id", debtor="number")
        return Known(
            debtors=self.debtors.select("number"),
            receivables=self.receivables.join(owners, on="debtor_id").select("number", "kind", "debtor", "currency"),
            payments=self.payments.filter(pl.col("source_kind") == PaymentSource.BANK).select("number"),
        )


def read_book(creditor: Creditor) -> Book:
    """The numbers of a creditor that every file may refer to."""

    def read(table: bulk.Table, *columns: str) -> pl.DataFrame:
        return bulk.read(table, creditor.pk, columns)

    return Book(
        creditor=creditor,
        debtors=read(bulk.DEBTORS, "number"),
        receivables=read(bulk.RECEIVABLES, "kind", "number", "debtor_id", "currency"),
        payments=read(bulk.PAYMENTS, "number", "source_kind"),
    )


type Spoken = bool | pl.Expr
"""Whether a row speaks of a column: all rows, none, or those of an expression."""


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

    def __call__(self, field: str, *, file: str = "file") -> Spoken:
        """Whether the file of a row (its index in column `file`) speaks of a field."""
        return self._among([index for index, fields in enumerate(self.fields) if field in fields], file)

    def of_customer(self, field: str) -> Spoken:
        """The same for a field of a customer, whom invoice files may describe as well."""
        renamed = _IN_INVOICES.get(field, field)
        speak = [
            index
            for index, (fields, kind) in enumerate(zip(self.fields, self.kinds, strict=True))
            if (renamed if kind == "invoices" else field) in fields
        ]
        return self._among(speak, "file")

    def _among(self, speak: Sequence[int], file: str) -> Spoken:
        if len(speak) in (0, len(self.fields)):
            return bool(speak)
        return pl.col(file).is_in(speak)


def condition(spoken: Spoken) -> pl.Expr:
    """As an expression over rows."""
    return pl.lit(spoken) if isinstance(spoken, bool) else spoken


_IN_INVOICES = {"name": "debtor_name", "kind": "debtor_kind"}


@dataclass(frozen=True)
class Compared:
    """Known rows beside what stands.

    rows      incoming, and `differs`; for every column that is compared also `<column>_was`
    changed   as `bulk.Change` takes them: id, seen_from, all columns as they will stand, file
    beside    the changed rows with all that the incoming ones hold, each column as it will stand and `<column>_was`
    """

    rows: pl.DataFrame
    changed: pl.DataFrame
    beside: pl.DataFrame


def compare(
    incoming: pl.DataFrame, table: bulk.Table, said: Mapping[str, Spoken], *, creditor_id: int, key: Sequence[str]
) -> Compared:
    """Set rows beside the versions that stand.

    incoming   id, the table's columns, file, ...: what the files tell
    said       column -> whether the row's file speaks of it (absent: it does)
    key        columns that are equal because the rows were found by them
    What a file does not speak of stays. What a person has told since, a file that is merely silent about it (an empty
    cell) does not undo.
    """
    told = [name for name in table.columns if name not in key and said.get(name, True) is not False]
    standing = bulk.read(table, creditor_id, told, ids=incoming["id"])
    rows = incoming.join(standing, on="id", how="left", suffix="_was", maintain_order="left")
    spoken = {name: condition(said.get(name, True)) for name in told}
    # Of most rows nothing differs: only of the others the whole version is read.
    nothing = pl.lit(value=False)
    suspects = rows.filter(pl.any_horizontal(nothing, *(spoken[name] & _differs(name) for name in told)))
    whole = bulk.read(table, creditor_id, [*table.columns, "known_from", "by_file"], ids=suspects["id"]).rename(
        {name: f"{name}_was" for name in table.columns}
    )
    beside = suspects.select(pl.exclude("^.*_was$")).join(whole, on="id", maintain_order="left")
    beside = beside.with_columns(
        pl.when(spoken[name] & (pl.col(name).is_not_null() | pl.col("by_file"))).then(name).otherwise(f"{name}_was")
        if name in told
        else pl.col(f"{name}_was").alias(name)
        for name in table.columns
    ).rename({"known_from": "seen_from"})
    changed = beside.filter(pl.any_horizontal(_differs(name) for name in table.columns))
    return Compared(
        rows=rows.with_columns(differs=pl.col("id").is_in(changed["id"].implode())),
        changed=changed.select("id", "seen_from", *table.columns, "file"),
        beside=changed,
    )


def _differs(name: str) -> pl.Expr:
    return pl.col(name).ne_missing(pl.col(f"{name}_was"))


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """New rows with the negative numbers that name them until they are written (column `ref`)."""
    return frame.with_columns(ref=-pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
