"""What differs between SQLite and PostgreSQL, in one place: triggers, work locks, bulk rows in and out.

Never open the SQLite file with a second SQLite library in this process (ADBC, DuckDB): two copies break POSIX
file locks and committed rows are lost. All bulk work goes through Django's own connection.
"""

import fcntl
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection

from dunwell.core.errors import Refused
from dunwell.store import guard

JOURNAL = "store_journalentry"

_JOURNAL_TRIGGERS = {
    "sqlite": [
        f"""CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON {JOURNAL}
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ]
    + [
        # INSERT OR REPLACE removes the old row without asking the trigger above
        f"""CREATE TRIGGER journal_no_replace BEFORE INSERT ON {JOURNAL}
        WHEN EXISTS (SELECT 1 FROM {JOURNAL} WHERE id = NEW.id)
        OR EXISTS (SELECT 1 FROM {JOURNAL} WHERE creditor_id = NEW.creditor_id AND event = NEW.event AND key = NEW.key)
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only: this entry is there already'); END"""
    ],
    "postgresql": [
        """CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$""",
        f"""CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON {JOURNAL}
        FOR EACH ROW EXECUTE FUNCTION journal_refuse()""",
        f"""CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON {JOURNAL}
        FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()""",
    ],
}
_JOURNAL_TRIGGERS_GONE = {
    "sqlite": [f"DROP TRIGGER journal_no_{verb}" for verb in ("update", "delete", "replace")],
    "postgresql": [
        f"DROP TRIGGER journal_append_only ON {JOURNAL}",
        f"DROP TRIGGER journal_no_truncate ON {JOURNAL}",
        "DROP FUNCTION journal_refuse",
    ],
}


def is_sqlite() -> bool:
    """Is the embedded database in use?"""
    return connection.vendor == "sqlite"


def make_journal_append_only(apps: Any, editor: Any) -> None:
    """Migration step: triggers that refuse to change or delete journal entries."""
    for statement in _JOURNAL_TRIGGERS[editor.connection.vendor]:
        editor.execute(statement)


def make_journal_plain(apps: Any, editor: Any) -> None:
    """The step back."""
    for statement in _JOURNAL_TRIGGERS_GONE[editor.connection.vendor]:
        editor.execute(statement)


@contextmanager
def only_one(kind: str) -> Iterator[None]:
    """Hold the lock of a kind of long work (run, import, send, backup), or refuse when another holds it.

    It goes with its process, so that a killed run leaves nothing locked: a file lock in the data home beside
    SQLite, an advisory lock of the session on PostgreSQL.
    """
    if is_sqlite():
        home: Path = settings.DUNWELL.home
        with (home / f".{kind}.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Refused("work.busy", kind=kind) from None
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"dunwell.{kind}"])
        if not cursor.fetchone()[0]:
            raise Refused("work.busy", kind=kind)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"dunwell.{kind}"])


def insert_frame(table: str, frame: pl.DataFrame, progress: Callable[[int], None] = lambda _: None) -> None:
    """Append the rows of a frame to a table (columns by name), the fastest way the database has.

    Moments are aware datetimes in UTC; text stays text, null stays null. `progress(rows)` is told how many are in.
    """
    guard.require_act(f"bulk rows into {table}")
    _load(table, frame, progress)


@contextmanager
def staged(name: str, frame: pl.DataFrame) -> Iterator[str]:
    """A frame as a temporary table of this connection, keyed by its first column; gone afterwards.

    Yields the table's name in quotes. It needs no act, because nobody else can see it.
    """
    kinds = _TYPES[connection.vendor]
    columns = ", ".join(
        f'"{column}" {kinds[kind.base_type()]}{"" if place else " PRIMARY KEY"}'
        for place, (column, kind) in enumerate(frame.schema.items())
    )
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TEMP TABLE "{name}" ({columns})')
        try:
            _load(name, frame)
            cursor.execute(f'ANALYZE "{name}"')
            yield f'"{name}"'
        finally:
            # A transaction that failed takes the table with it, and accepts no statement any more.
            if not (connection.in_atomic_block and connection.needs_rollback) and connection.is_usable():
                cursor.execute(f'DROP TABLE IF EXISTS "{name}"')


def take_ids(table: str, count: int) -> pl.Series:
    """Row ids for so many new rows, ascending; nobody else gets them. Inside the act that uses them."""
    guard.require_act(f"row ids of {table}")
    if is_sqlite():
        # The write lock is held: nobody else can move the counter before these ids are used.
        last = _raw().execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table]).fetchone()
        first = last[0] + 1 if last else 1
        return pl.int_range(first, first + count, eager=True).alias("id")
    sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS id FROM generate_series(1, %s)"
    return read_frame(sql, [table, count], {"id": pl.Int64()})["id"].sort()


_TYPES: dict[str, dict[Any, str]] = {
    "sqlite": {
        pl.Int64: "integer", pl.Int32: "integer", pl.Int16: "integer", pl.Boolean: "integer",
        pl.String: "text", pl.Date: "text", pl.Datetime: "text",
    },
    "postgresql": {
        pl.Int64: "bigint", pl.Int32: "integer", pl.Int16: "smallint", pl.Boolean: "boolean",
        pl.String: "text", pl.Date: "date", pl.Datetime: "timestamptz",
    },
}  # fmt: skip


def _load(table: str, frame: pl.DataFrame, progress: Callable[[int], None] = lambda _: None) -> None:
    if frame.is_empty():
        return
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    if is_sqlite():
        marks = ", ".join(["?"] * frame.width)
        raw = _raw()
        for start, part in _slices(frame, 50_000):
            raw.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', _as_sqlite(part).rows())
            progress(start + part.height)
        return
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY \"{table}\" ({columns}) FROM STDIN (FORMAT csv, NULL '')") as copy,
    ):
        for start, part in _slices(frame, 100_000):
            # text in quotes: a bare \. would end the data
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric").encode())
            progress(start + part.height)


def read_frame(sql: str, params: Sequence[Any], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The rows of a SELECT as a frame of the given schema (names in the order selected)."""
    if is_sqlite():
        # `+column` has no declared type: the text of a date arrives as it is, not through a converter in Python
        named, plain = ", ".join(schema), ", ".join(f"+{name}" for name in schema)
        sql = f"WITH chosen({named}) AS ({sql.replace('%s', '?')}) SELECT {plain} FROM chosen"
        cursor = _raw().execute(sql, [_sqlite_value(p) for p in params])
        parts = []
        while rows := cursor.fetchmany(200_000):
            parts.append(_from_sqlite(rows, schema))
        return pl.concat(parts) if parts else pl.DataFrame(schema=schema)
    copied = io.BytesIO()
    statement = f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER)"
    with connection.cursor() as cursor, cursor.cursor.copy(statement, params) as copy:
        for block in copy:
            copied.write(block)
    return _from_csv(copied, schema)


def day_number(column: str) -> str:
    """The days from 1970-01-01 to a column's day, as a whole number in SQL."""
    if is_sqlite():
        return f"CAST(julianday({column}) - 2440587.5 AS INTEGER)"
    return f"({column} - DATE '1970-01-01')"


def _raw() -> Any:
    """Django's own sqlite3 connection: the one copy of SQLite in this process."""
    connection.ensure_connection()
    return connection.connection


def _slices(frame: pl.DataFrame, rows: int) -> Iterator[tuple[int, pl.DataFrame]]:
    for start in range(0, frame.height, rows):
        yield start, frame.slice(start, rows)


def _as_sqlite(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates and moments as the text Django keeps in SQLite, truth as 0 and 1."""
    return frame.with_columns(
        [pl.col(n).dt.to_string("%Y-%m-%d") for n, t in frame.schema.items() if t == pl.Date]
        + [_moment_text(n) for n, t in frame.schema.items() if t.base_type() == pl.Datetime]
        + [pl.col(n).cast(pl.Int8) for n, t in frame.schema.items() if t == pl.Boolean]
    )


def _moment_text(name: str) -> pl.Expr:
    """As Django writes it: whole seconds carry no fraction. In one form only does text compare as moments do."""
    moment = pl.col(name).dt
    whole = moment.to_string("%Y-%m-%d %H:%M:%S")
    return (
        pl.when(moment.microsecond() == 0).then(whole).otherwise(moment.to_string("%Y-%m-%d %H:%M:%S%.6f")).alias(name)
    )


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    return value.isoformat() if isinstance(value, date) else value


def _from_sqlite(rows: list[tuple[Any, ...]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    as_text = {
        name: pl.String
        if kind == pl.Date or kind.base_type() == pl.Datetime
        else pl.Int8
        if kind == pl.Boolean
        else kind
        for name, kind in schema.items()
    }
    frame = pl.DataFrame(rows, schema=as_text, orient="row")
    return frame.with_columns(_typed(name, kind) for name, kind in schema.items())


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.Date:
        return pl.col(name).str.to_date("%Y-%m-%d")
    if kind.base_type() == pl.Datetime:
        return pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC")
    return pl.col(name).cast(kind)


def _from_csv(copied: io.BytesIO, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    copied.seek(0)
    as_text = {
        name: pl.String if kind in (pl.Date, pl.Boolean) or kind.base_type() == pl.Datetime else kind
        for name, kind in schema.items()
    }
    # the line of names keeps text that begins with a byte order mark from losing it
    frame = pl.read_csv(copied, has_header=False, skip_rows=1, schema=as_text)
    return frame.with_columns(
        pl.col(name) == "t"
        if kind == pl.Boolean
        else pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", time_zone="UTC")
        if kind.base_type() == pl.Datetime
        else _typed(name, kind)
        for name, kind in schema.items()
    )
