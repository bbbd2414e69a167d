"""Time and memory of the daily run, beside the bare scan of the rows it needs.

    engine     read the facts of a run from Parquet and decide; floor: scan the same files, one group-by each
    run        the whole of `dunwell run`, on each database; floor: a process that only reads the same rows

    python -m bench.runs [--sizes 100000,1000000] [--databases sqlite,postgresql]

Every figure is of a process of its own, with the start of the interpreter. A first run keeps its facts and decisions,
fills the outbox, and writes all matches and standings; `again` finds that nothing changed.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from bench import book
from bench.imports import data_home
from dunwell.engine.facts import SCHEMAS, Facts
from tests.support.postgres import binaries, remove

MOMENT = datetime(book.DAY.year, book.DAY.month, book.DAY.day, tzinfo=UTC)
ROWS_READ = {
    "store_debtor": "id, number, person_id, kind, debt_kind, country, subdivision, zone, language, preferred_channel",
    "store_contactpoint": "id, debtor_id, channel, rank, invalid_since, zones",
    "store_receivable": "id, debtor_id, number, kind, parent_id, issue_date, due_date, currency, amount_minor, status",
    "store_payment": "id, debtor_id, number, receivable_id, reverses_id, value_date, currency, amount_minor,"
    " source_kind",
    "store_contactattempt": "id, debtor_id, person_id, happened_at, contact_date, channel, direction, stage,"
    " currency, deadline_date, outcome, purpose, addressee, mode, contact_point_id",
    "store_contactitem": "contact_id, receivable_id, stage, called, talked",
}


def main() -> None:
    """Print one line per size and part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen, _ = parser.parse_known_args()
    print("\ndunwell run: seconds and peak memory of a process, and how many times its floor", flush=True)
    for size in map(int, chosen.sizes.split(",")):
        folder = Path(tempfile.mkdtemp(prefix="dunwell-bench-"))
        folder.chmod(0o711)  # PostgreSQL's own user passes through it
        try:
            _one_size(size, folder, chosen.databases.split(","))
        finally:
            remove(folder)


def _one_size(size: int, folder: Path, databases: list[str]) -> None:
    facts = str(folder / "facts")
    _child("make", str(size), facts)
    _print(size, "engine on Parquet", _child("decide", facts), _child("scan", facts))
    for vendor in databases:
        if vendor == "postgresql" and binaries() is None:
            continue
        with data_home(folder, vendor) as env:
            _child("load", facts, env=env)
            floor = _child("read", env=env)
            _print(size, f"first run, {vendor}", _child("run", env=env), floor)
            _print(size, f"again, {vendor}", _child("run", env=env), floor)


def _print(size: int, part: str, found: tuple[float, int], floor: tuple[float, int]) -> None:
    (seconds, memory), (least, small) = found, floor
    print(
        f"{size:>9,} invoices  {part:<22} {seconds:6.1f} s {memory:>6,} MB   floor {least:5.1f} s {small:>6,} MB"
        f"   x{seconds / least:.1f} time, x{memory / small:.1f} memory",
        flush=True,
    )


def _child(*arguments: str, env: dict[str, str] | None = None) -> tuple[float, int]:
    """One of `_PARTS` in a process of its own: seconds, peak memory in MB."""
    start = time.perf_counter()
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "bench.runs", *arguments]
    child = os.posix_spawn(sys.executable, command, {**(os.environ if env is None else env), "PYTHONPATH": str(root)})
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"bench: {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, usage.ru_maxrss // 1024


# --- what the processes do ---


def _make(size: str, folder: str) -> None:
    write_book(int(size), Path(folder))


def write_book(size: int, folder: Path) -> None:
    """The facts of a book of so many invoices as Parquet."""
    folder.mkdir()
    facts = book.facts(size)
    for name in SCHEMAS:
        facts[name].write_parquet(folder / f"{name}.parquet")


def _facts(folder: str) -> Facts:
    return Facts({name: pl.read_parquet(Path(folder) / f"{name}.parquet") for name in SCHEMAS})


def _scan(folder: str) -> None:
    for name, schema in SCHEMAS.items():
        key = next((column for column in ("debtor_id", "contact_id") if column in schema), next(iter(schema)))
        pl.read_parquet(Path(folder) / f"{name}.parquet").group_by(key).agg(pl.len())


def _decide(folder: str) -> None:
    from dunwell.engine.day.decide import decide
    from dunwell.rulebook.rules_file import house_rules
    from dunwell.rulebook.strategy_file import default_strategy

    decide(_facts(folder), default_strategy(), house_rules(), book.DAY, MOMENT)


def _django() -> None:
    import django

    django.setup()


def load_book(folder: str) -> None:
    """Put a book's facts into the tables of a new data home."""
    _django()
    from dunwell.store.models import Creditor
    from tests.runs import kept

    kept.write(_facts(folder), Creditor.objects.get())


def _read() -> None:
    url = os.environ.get("DATABASE_URL")
    if not url:
        connection = sqlite3.connect(Path(os.environ["DUNWELL_HOME"]) / "dunwell.sqlite3")
        for table, columns in ROWS_READ.items():
            cursor = connection.execute(f"SELECT {columns} FROM {table}")
            while cursor.fetchmany(100_000):
                pass
        return
    import psycopg

    with psycopg.connect(url) as server, server.cursor() as asked:
        for table, columns in ROWS_READ.items():
            with asked.copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT csv)".encode()) as copied:
                for _ in copied:
                    pass


def _run() -> None:
    _django()
    from dunwell.jobs.cli import main as dunwell

    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        sys.argv = ["dunwell", "run", "--as-of", book.DAY.isoformat(), "--json"]
        dunwell()


_PARTS = {"make": _make, "scan": _scan, "decide": _decide, "load": load_book, "read": _read, "run": _run}

if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in _PARTS:
        _PARTS[sys.argv[1]](*sys.argv[2:])
    else:
        main()
