"""The whole day of a book: `decide` beside DuckDB on the same files, in shards, in two processes; and of one debtor.

    python -m bench.day [--sizes 100000] [--repeats 3]

A debtor has ten receivables, nine payments, twenty contacts and three consents; the default strategy and all contact
packs are asked. Each figure is of processes of their own; their work begins with the reading of the files, and the
repeats are interleaved. One process has a thread for each core, so two are held beside one of a single thread: what a
second core brings. DuckDB works out what `bench.day_floor` says, which is less: it tells no messages, tasks, matches,
hours or channels. `scan` is the least the rows can cost: one look at each file. All columns that both tell are
compared, row by row. A size of 1 000 000 wants some 8 GB of disk and half an hour.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter
from typing import Any

REPEATS = 3
WHOLE_UP_TO = 300_000
"""Larger books are decided in shards only: in one piece they take more memory than a small machine has."""
_LABELS = {
    "scan": "scan", "duckdb": "DuckDB", "whole": "in one piece", "shards": "in shards", "one": "in one, one thread",
    "two": "in two, one each",
}  # fmt: skip


def main() -> None:
    """Print the ratios of each size, and what one debtor takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    chosen, _ = parser.parse_known_args()
    print("\nThe day: decide beside DuckDB working out the same columns from the same files", flush=True)
    for size in map(int, chosen.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="dunwell-bench-") as folder:
            measure(Path(folder), size, chosen.repeats)


def measure(folder: Path, size: int, repeats: int) -> None:
    """Write a book, measure, compare and print."""
    load = os.getloadavg()[0]
    _child("write", folder, size)
    parts = [part for part in _LABELS if part != "whole" or size <= WHOLE_UP_TO]
    rounds = [{part: _child(part, folder, size) for part in parts} for _ in range(repeats)]
    agreed = _child("compare", folder, size)
    found = {
        part: {name: median(each[part][name] for each in rounds) for name in ("cpu", "wall", "peak_mb")}
        for part in parts
    }
    floor, ours = found["duckdb"], found["whole" if "whole" in parts else "shards"]
    print(
        f"  {size:>9,} debtors: {ours['cpu'] / floor['cpu']:.2f} x DuckDB's processor time,"
        f" {ours['wall'] / floor['wall']:.2f} x its wall time,"
        f" two processes {found['one']['wall'] / found['two']['wall']:.2f} x as fast as one of a thread;"
        f" {agreed['lines']:,} lines and {agreed['counts']:,} counts agree (load {load:.1f})",
        flush=True,
    )
    for part in parts:
        each = found[part]
        print(
            f"    {_LABELS[part]:<18}{each['wall']:7.1f} s {each['cpu']:7.1f} CPU-s"
            f" {each['cpu'] / size * 1e6:7.1f} a million debtors {each['peak_mb']:>7,.0f} MB",
            flush=True,
        )


def _child(part: str, folder: Path, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.day", part, str(folder), str(size)]
    env = {**os.environ, "POLARS_MAX_THREADS": "1"} if part == "one" else None
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
    read: dict[str, Any] = json.loads(said.stdout)
    return read


# --- what the processes do ---


def _run(part: str, folder: Path, size: int) -> dict[str, Any]:
    from bench import day_book, day_floor
    from dunwell.rulebook.rules_file import house_rules
    from dunwell.rulebook.strategy_file import default_strategy

    house_rules()
    if part == "write":
        day_book.write(folder, size)
        day_floor.prepare(folder)
        return {}
    if part == "compare":
        return _compare(folder)
    work: dict[str, Callable[[], object]] = {
        "scan": lambda: _scan(folder),
        "duckdb": lambda: day_floor.work_out(folder, default_strategy()),
        "whole": lambda: _whole(folder),
        "shards": lambda: _in_shards(folder, 1),
        "one": lambda: _in_shards(folder, 1),
        "two": lambda: _in_shards(folder, 2),
    }
    began, used = perf_counter(), _used()
    kept = work[part]()
    took = {"wall": perf_counter() - began, "cpu": _used() - used}
    del kept
    # of several processes the sum of their peaks is an upper bound
    children = getrusage(RUSAGE_CHILDREN).ru_maxrss / 1024 * (2 if part == "two" else 0)
    return {**took, "peak_mb": max(_peak_mb(), children + 300) if children else _peak_mb()}


def _used() -> float:
    return sum(each.ru_utime + each.ru_stime for each in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def _peak_mb() -> float:
    """The most memory this process held; a figure of its own, unlike that of `getrusage`, which begins with its
    parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return getrusage(RUSAGE_SELF).ru_maxrss / 1024**2
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _scan(folder: Path) -> None:
    import polars as pl

    from dunwell.engine.facts import SCHEMAS

    for name, schema in SCHEMAS.items():
        key = next((column for column in ("debtor_id", "contact_id") if column in schema), next(iter(schema)))
        pl.read_parquet(folder / f"{name}.parquet").group_by(key).agg(pl.len())


def _whole(folder: Path) -> object:
    from bench import day_book
    from dunwell.engine.day.decide import decide

    return decide(day_book.read(folder), *_asked())


def _in_shards(folder: Path, processes: int) -> Any:
    from dunwell.engine.day.sharded import decide_in_shards

    return decide_in_shards(folder, *_asked(), processes=processes, scratch=folder)


def _asked() -> tuple[Any, Any, Any, datetime]:
    from bench import day_book
    from dunwell.rulebook.rules_file import house_rules
    from dunwell.rulebook.strategy_file import default_strategy

    return default_strategy(), house_rules(), day_book.DAY, day_book.MOMENT


def _compare(folder: Path) -> dict[str, Any]:
    from bench import day_floor
    from tests.oracles import day_sql

    strategy = _asked()[0]
    outcome = _in_shards(folder, 1)
    with day_floor.work_out(folder, strategy) as connection:
        day_sql.refuse_unknown(connection, strategy)
        lines = day_floor.compare(connection, outcome, strategy)
    return {"lines": lines, "counts": day_floor.compare_counts(folder, outcome)}


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        print(json.dumps(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
