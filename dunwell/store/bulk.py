"""Many recorded facts at once: read as they stand, append new ones, open new versions of changed ones.

Works on frames and knows tables, not meaning. A row that is not there yet is named by a negative number, its place
among the new rows of its table (-1 is the first); `write` gives it an id and fills in whoever refers to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

import polars as pl
from django.db import connection, models

from dunwell.store import dialect, guard
from dunwell.store.models import BankLine, ContactPoint, Contract, Debtor, Dispute, Payment, Person, Receivable, Target

MOMENT = pl.Datetime("us", "UTC")
_FEW = 0.2
"""Below this share of a table its rows are fetched by id, above it the whole table is read: measured, about even."""


class ChangedMeanwhile(RuntimeError):
    """A row was changed between the look at it and the write: look again."""


def _dtype(field: Any) -> pl.DataType:
    match field.get_internal_type():
        case "CharField" | "TextField":
            return pl.String()
        case "DateField":
            return pl.Date()
        case "DateTimeField":
            return MOMENT
        case "BooleanField":
            return pl.Boolean()
    return pl.Int64()


@dataclass(frozen=True)
class Table:
    """A table of facts. `columns`: what a version holds, without id, creditor, source and moment. `refers`: column ->
    table whose row it names."""

    name: str
    columns: Mapping[str, pl.DataType]
    refers: Mapping[str, str]
    versioned: bool

    @classmethod
    def of(cls, model: type[models.Model]) -> Self:
        """The table of a model."""
        fields = {
            str(field.column): field
            for field in model._meta.concrete_fields
            if field.column not in ("id", "creditor_id", "source_id", "known_from")
        }
        return cls(
            name=model._meta.db_table,
            columns={column: _dtype(field) for column, field in fields.items()},
            refers={
                column: field.related_model._meta.db_table
                for column, field in fields.items()
                if isinstance(field, models.ForeignKey)
            },
            versioned=any(field.column == "known_from" for field in model._meta.concrete_fields),
        )


PERSONS = Table.of(Person)
DEBTORS = Table.of(Debtor)
CONTACT_POINTS = Table.of(ContactPoint)
CONTRACTS = Table.of(Contract)
RECEIVABLES = Table.of(Receivable)
PAYMENTS = Table.of(Payment)
DISPUTES = Table.of(Dispute)
TARGETS = Table.of(Target)
BANK_LINES = Table.of(BankLine)


@dataclass(frozen=True)
class Change:
    """What happens to one table.

    new       ref (negative), the table's columns, file
    changed   id, seen_from (known_from of the version that was compared), the table's columns, file
    `file` is a key of the sources given to `write`.
    """

    table: Table
    new: pl.DataFrame
    changed: pl.DataFrame


def read(
    table: Table,
    creditor_id: int,
    columns: Sequence[str],
    *,
    ids: pl.Series | None = None,
    by: str = "id",
    where: str = "",
) -> pl.DataFrame:
    """Rows of a creditor: id and the columns; for versioned tables `known_from`, `source_id` and `by_file` (the row
    stands as a file told it: no person has changed it since) may be named as well. `ids`: only rows whose column `by`
    is among them."""
    schema = {"id": pl.Int64(), **{name: _OWN.get(name) or table.columns[name] for name in columns}}
    if ids is not None and ids.is_empty():
        return pl.DataFrame(schema=schema)
    listed = ", ".join(["t.id", *(_BY_FILE if name == "by_file" else f't."{name}"' for name in columns)])
    sql = f"SELECT {listed} FROM {table.name} t"
    if "by_file" in columns:
        sql += " LEFT JOIN store_importfile f ON f.id = t.source_id"
    condition = f" WHERE t.creditor_id = %s{f' AND {where}' if where else ''}"
    if ids is None or (ids.len() > _count(table, creditor_id) * _FEW and ids.len() > 1000):
        found = dialect.read_frame(sql + condition, [creditor_id], schema)
        return found if ids is None else found.filter(pl.col(by).is_in(ids.implode()))
    with dialect.staged("wanted", ids.unique().to_frame("id")) as wanted:
        return dialect.read_frame(f"{sql} JOIN {wanted} w ON w.id = t.{by}{condition}", [creditor_id], schema)


_OWN: dict[str, pl.DataType] = {"known_from": MOMENT, "by_file": pl.Boolean(), "source_id": pl.Int64()}
_BY_FILE = "(f.id IS NOT NULL AND f.imported_at = t.known_from) AS by_file"


def told_by(table: Table, files: str, creditor_id: int, ids: pl.Series) -> pl.Series:
    """Those of the rows of which certain files have told any version: `files` is a condition on `f`, the file."""
    if ids.is_empty():
        return ids.cast(pl.Int64)
    told = f" JOIN store_importfile f ON f.id = t.source_id AND {files} WHERE t.creditor_id = %s"
    with dialect.staged("wanted", ids.unique().to_frame("id")) as wanted:
        return dialect.read_frame(
            f"SELECT t.id FROM {table.name} t JOIN {wanted} w ON w.id = t.id{told}"
            f' UNION SELECT t."of" FROM {table.name}past t JOIN {wanted} w ON w.id = t."of"{told}',
            [creditor_id, creditor_id],
            {"id": pl.Int64()},
        )["id"]


def write(
    changes: Sequence[Change],
    *,
    creditor_id: int,
    sources: Mapping[int, int],
    at: datetime,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> None:
    """Write all changes, in the given order of tables. `sources`: file -> id of its ImportFile.

    Inside an act. A version never begins before the one it follows. Raises ChangedMeanwhile when a row is not as it
    was seen. `progress(table, rows, of all)` is told of new rows.
    """
    guard.require_act("facts taken in")
    ids: dict[str, pl.Series] = {}
    for change in changes:
        if change.new.height:
            ids[change.table.name] = dialect.take_ids(change.table.name, change.new.height)
    for change in changes:
        if change.new.height:
            _append(change, ids, creditor_id, sources, at, partial(_told, progress, change))
        if change.changed.height:
            _supersede(change, ids, sources, at)


def _told(progress: Callable[[str, int, int], None], change: Change, rows: int) -> None:
    progress(change.table.name, rows, change.new.height)


def _append(
    change: Change,
    ids: Mapping[str, pl.Series],
    creditor_id: int,
    sources: Mapping[int, int],
    at: datetime,
    progress: Callable[[int], None],
) -> None:
    table = change.table
    own = [pl.lit(creditor_id, pl.Int64).alias("creditor_id")]
    if table.versioned:
        own += [_source(change.new, sources), pl.lit(at, MOMENT).alias("known_from")]
    rows = change.new.select(
        _identity(pl.col("ref"), ids[table.name]).alias("id"), *own, *_resolved(change.new, table, ids)
    )
    dialect.insert_frame(table.name, rows, progress)


def _supersede(change: Change, ids: Mapping[str, pl.Series], sources: Mapping[int, int], at: datetime) -> None:
    """Close the versions that stand into the past, then change the rows."""
    table = change.table
    began = pl.max_horizontal("seen_from", pl.lit(at, MOMENT))
    rows = change.changed.select(
        "id", "seen_from", began.alias("known_from"), _source(change.changed, sources),
        *_resolved(change.changed, table, ids),
    )  # fmt: skip
    kept = ["creditor_id", "source_id", "known_from", *table.columns]
    told = ["known_from", "source_id", *table.columns]
    with dialect.staged("told", rows) as staged, connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO {table.name}past ("of", known_to, {_list(kept)})'
            f" SELECT t.id, s.known_from, {_list(kept, 't')} FROM {table.name} t"
            f" JOIN {staged} s ON s.id = t.id AND s.seen_from = t.known_from"
        )
        if cursor.rowcount != rows.height:
            raise ChangedMeanwhile(table.name)
        cursor.execute(
            f"UPDATE {table.name} SET {', '.join(f'"{name}" = s."{name}"' for name in told)}"
            f" FROM {staged} s WHERE s.id = {table.name}.id AND s.seen_from = {table.name}.known_from"
        )
        if cursor.rowcount != rows.height:
            raise ChangedMeanwhile(table.name)


def _resolved(frame: pl.DataFrame, table: Table, ids: Mapping[str, pl.Series]) -> list[pl.Expr]:
    """The table's columns, with ids in the place of negative numbers."""
    return [
        _identity(pl.col(column), ids[table.refers[column]]).alias(column)
        if column in table.refers and table.refers[column] in ids
        else pl.col(column)
        for column in table.columns
    ]


def _identity(ref: pl.Expr, ids: pl.Series) -> pl.Expr:
    place = (-ref - 1).clip(lower_bound=0).cast(pl.UInt32)
    return pl.when(ref < 0).then(pl.lit(ids).gather(place)).otherwise(ref)


def _source(frame: pl.DataFrame, sources: Mapping[int, int]) -> pl.Expr:
    if len(sources) == 1:
        return pl.lit(next(iter(sources.values())), pl.Int64).alias("source_id")
    return pl.col("file").replace_strict(dict(sources), return_dtype=pl.Int64).alias("source_id")


def _count(table: Table, creditor_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table.name} WHERE creditor_id = %s", [creditor_id])
        return int(cursor.fetchone()[0])


def _list(columns: Sequence[str], of: str = "") -> str:
    return ", ".join(f'{of}."{name}"' if of else f'"{name}"' for name in columns)
