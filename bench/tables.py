"""The way out of the tables and back: facts beside a bare read of their rows, decisions beside a bare load of theirs.

    python -m bench.tables [--sizes 100000,1000000] [--databases sqlite,postgresql] [--repeats 3]

`extract` makes the facts of a whole book; `again` makes them the next day, when a hundredth of the items changed, from
the copies that a large book keeps. Their floor reads the same columns of the same rows and does nothing with them: ADBC
to a frame from PostgreSQL, fetchmany from SQLite. `keep` writes what a first run decided, in one transaction: outbox,
decisions, standings, matches, journal. Its floor loads the very rows it wrote into the same empty tables (COPY, or rows
bound to a prepared INSERT). Seconds of the work alone, in processes of their own; the repeats are interleaved, and the
median is told.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from bench.imports import data_home
from bench.runs import ROWS_READ, write_book
from tests.support.postgres import binaries, remove

_KEPT = ("store_outboxmessage", "store_decision", "store_standing", "store_match")
"""The tables a run writes, but for its own row and the journal's."""


def main() -> None:
    """Print one line per size and database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--repeats", type=int, default=3)
    chosen, _ = parser.parse_known_args()
    print("\nFrom the tables and back: seconds, and how many times a bare read or load of the same rows", flush=True)
    for size in map(int, chosen.sizes.split(",")):
        folder = Path(tempfile.mkdtemp(prefix="dunwell-bench-"))
        folder.chmod(0o711)  # PostgreSQL's own user passes through it
        try:
            write_book(size, folder / "facts")
            for vendor in chosen.databases.split(","):
                if vendor == "sqlite" or binaries() is not None:
                    _measure(size, folder, vendor, chosen.repeats)
        finally:
            remove(folder)


def _measure(size: int, folder: Path, vendor: str, repeats: int) -> None:
    with data_home(folder, vendor) as env:
        _child(env, "fill", folder / "facts")
        rounds = [
            {
                "read": _child(env, "read"),
                "extract": _child(env, "extract"),
                "again": _child(env, "again"),
                **_child(env, "keep"),
            }
            for _ in range(repeats)
        ]
    parts = ("read", "extract", "again", "keep", "load")
    wall = {part: median(found[part]["wall"] for found in rounds) for part in parts}
    told = (
        f"{ours} {wall[ours]:.2f} s, {wall[ours] / wall[floor]:.2f} x the bare {floor} ({wall[floor]:.2f} s)"
        for ours, floor in (("extract", "read"), ("again", "read"), ("keep", "load"))
    )
    print(f"{size:>9,} invoices  {vendor:<10}  {'; '.join(told)}; {rounds[0]['rows']:,} rows kept", flush=True)


def _child(env: dict[str, str], *arguments: object) -> dict[str, Any]:
    root = str(Path(__file__).resolve().parent.parent)
    command = [sys.executable, "-m", "bench.tables", *map(str, arguments)]
    said = subprocess.run(command, env={**env, "PYTHONPATH": root}, check=True, stdout=subprocess.PIPE, text=True)
    read: dict[str, Any] = json.loads(said.stdout)
    return read


# --- what the processes do ---


def _timed(work: Callable[[], object]) -> dict[str, Any]:
    wall, cpu = perf_counter(), process_time()
    work()
    return {"wall": perf_counter() - wall, "cpu": process_time() - cpu}


def _fill(folder: str) -> dict[str, Any]:
    from bench.runs import load_book

    load_book(folder)
    return {}


def _read() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL")
    return _timed(lambda: _read_postgresql(url) if url else _read_sqlite())


def _read_sqlite() -> None:
    with sqlite3.connect(Path(os.environ["DUNWELL_HOME"]) / "dunwell.sqlite3") as connection:
        for table, columns in ROWS_READ.items():
            cursor = connection.execute(f"SELECT {columns} FROM {table}")
            while cursor.fetchmany(100_000):
                pass


def _read_postgresql(url: str) -> None:
    from adbc_driver_postgresql.dbapi import connect

    with connect(url) as server, server.cursor() as cursor:
        for table, columns in ROWS_READ.items():
            cursor.execute(f"SELECT {columns} FROM {table}")
            cursor.fetch_polars()


def _extract() -> dict[str, Any]:
    import django

    django.setup()
    from bench import book
    from dunwell.actions.facts import facts_of
    from dunwell.store.models import Creditor

    creditor = Creditor.objects.get()
    return _timed(lambda: facts_of(creditor, around=book.DAY))


def _again() -> dict[str, Any]:
    """The facts from copies, after one item in a hundred was changed and put away as imports do."""
    import django

    django.setup()
    from django.db import connection, transaction

    from bench import book
    from dunwell.actions.facts import facts_of
    from dunwell.store import guard
    from dunwell.store.copies import Copies
    from dunwell.store.models import Creditor

    creditor = Creditor.objects.get()
    copies = Copies(Path(os.environ["DUNWELL_HOME"]) / "copies", "bench")
    facts_of(creditor, around=book.DAY, copies=copies)
    fields = (
        "creditor_id, debtor_id, number, kind, parent_id, issue_date, due_date, currency, amount_minor,"
        " open_as_of_date, status, charge_kind, charge_basis, secured, contract_id, source_id, known_from"
    )
    with transaction.atomic(), guard.writing("bench"), connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO store_receivablepast ({fields}, "of", known_to)'
            f" SELECT {fields}, id, known_from FROM store_receivable WHERE id % 100 = 0"
        )
        cursor.execute("UPDATE store_receivable SET amount_minor = amount_minor + 1 WHERE id % 100 = 0")
    return _timed(lambda: facts_of(creditor, around=book.DAY, copies=copies))


def _keep() -> dict[str, Any]:
    """Decide and write what was decided; then empty the tables and load the very rows again, bare."""
    import django

    django.setup()
    from bench import book
    from bench.runs import MOMENT
    from dunwell.actions.day import runs
    from dunwell.core.actor import Actor, ActorKind
    from dunwell.store.models import Creditor

    took: dict[str, Any] = {}
    keep = runs._keep

    def timed(**told: Any) -> Any:
        found: list[Any] = []
        took.update(_timed(lambda: found.append(keep(**told))))
        return found[0]

    runs._keep = timed
    _empty((*_KEPT, "store_run"))
    runs.run_day(creditor=Creditor.objects.get(), as_of=book.DAY, now=MOMENT, by=Actor(ActorKind.JOB, "bench"))
    rows = {table: _rows(table) for table in _KEPT}
    _empty(_KEPT)
    return {"keep": took, "load": _timed(lambda: _load(rows)), "rows": sum(_counts.values())}


_counts: dict[str, int] = {}


def _empty(tables: tuple[str, ...]) -> None:
    from django.db import connection, transaction

    from dunwell.store import guard

    with transaction.atomic(), guard.writing("bench"), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")


def _rows(table: str) -> Any:
    """The rows as the database hands them over: tuples of SQLite, CSV of PostgreSQL."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        _counts[table] = cursor.fetchone()[0]
        if connection.vendor == "sqlite":
            return connection.connection.execute(f"SELECT * FROM {table}").fetchall()
        with cursor.cursor.copy(f"COPY {table} TO STDOUT (FORMAT csv)") as copied:
            return [bytes(block) for block in copied]


def _load(rows: dict[str, Any]) -> None:
    from django.db import connection, transaction

    from dunwell.store import guard

    with transaction.atomic(), guard.writing("bench"), connection.cursor() as cursor:
        for table, told in rows.items():
            if connection.vendor == "sqlite":
                marks = ", ".join("?" * len(told[0])) if told else ""
                if told:
                    connection.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", told)
                continue
            with cursor.cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copied:
                for block in told:
                    copied.write(block)


_PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "fill": _fill, "read": _read, "extract": _extract, "again": _again,
    "keep": _keep,
}  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in _PARTS:
        print(json.dumps(_PARTS[sys.argv[1]](*sys.argv[2:])))
    else:
        main()
