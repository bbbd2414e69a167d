"""Time `dunwell import` beside its floor: the bare load of the very rows it writes, into the same tables and indexes.

    python -m bench.imports [--sizes 100000,1000000] [--databases sqlite,postgresql] [--rounds 1]

Each figure is of a process of its own (wall time from start to exit, peak memory as the kernel counted it). The floor
is the time from frames in memory to the end of the commit, by the fastest means the database has: rows bound to a
prepared INSERT (SQLite), COPY (PostgreSQL). It has no reading, no checks, no comparison and no journal.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.support.postgres import SERVER_SETTINGS, Cluster, binaries, remove

SEED = 20261122
TABLES = ("person", "debtor", "contactpoint", "receivable")
_SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
         "shared_buffers": "256MB", "max_wal_size": "4GB"}  # fmt: skip


@dataclass(frozen=True)
class Timing:
    """Wall seconds, processor seconds (without those of a database server) and peak memory of one process."""

    seconds: float
    cpu: float
    peak_mb: float


def main() -> None:
    """Run all and print one table per database and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=1)
    chosen, _ = parser.parse_known_args()
    folder = Path(tempfile.mkdtemp(prefix="dunwell-bench-"))
    folder.chmod(0o711)  # PostgreSQL's own user passes through it
    try:
        for vendor in chosen.databases.split(","):
            if vendor == "postgresql" and binaries() is None:
                print("postgresql: no server binaries (initdb, pg_ctl) on this machine; left out", flush=True)
                continue
            for size in map(int, chosen.sizes.split(",")):
                _bench(folder, vendor, size, chosen.rounds)
    finally:
        remove(folder)


def _bench(folder: Path, vendor: str, size: int, rounds: int) -> None:
    files = folder / f"files-{size}"
    if not files.exists():
        files.mkdir()
        _child([sys.executable, "-m", "bench.imports_book", str(files), str(size)], dict(os.environ))
    first, floors, cpus, loads = [], [], [], []
    repeated = mixed = Timing(0, 0, 0)
    for number in range(rounds):
        with data_home(folder, vendor) as env:
            first.append(_import(env, files / "customers.csv", files / "invoices.csv"))
            rows = folder / "rows"
            _child([sys.executable, "-m", "bench.imports_floor", "dump", str(rows)], env)
            if number == 0:
                repeated = _import(env, files / "customers.csv", files / "invoices.csv")
                mixed = _import(env, files / "changed.csv")
        with data_home(folder, vendor) as env:
            told = json.loads(
                _child([sys.executable, "-m", "bench.imports_floor", "load", str(rows)], env, listen=True)
            )
            floors.append(told["seconds"])
            cpus.append(told["cpu"])
            loads.append(told["receivables"])
        shutil.rmtree(rows)
    floor, middle = statistics.median(floors), sorted(first, key=lambda each: each.seconds)[len(first) // 2]
    print(f"\n{vendor}, {size:,} invoices of {size // 10:,} debtors", flush=True)
    _line("floor: bare load of the same rows", Timing(floor, statistics.median(cpus), 0), floor)
    print(f"    of it receivables alone, without the commit: {statistics.median(loads):.1f} s")
    _line("first import", middle, floor)
    _line("repeated: nothing changes", repeated, floor)
    _line("5 % changed, 5 % new", mixed, floor)


def _line(name: str, timing: Timing, floor: float) -> None:
    ratio = f"{timing.seconds / floor:5.2f} x floor"
    memory = f"   peak {timing.peak_mb:,.0f} MB" if timing.peak_mb else ""
    print(f"  {name:<36}{timing.seconds:8.1f} s   {ratio}   processor {timing.cpu:6.1f} s{memory}", flush=True)


def _import(env: dict[str, str], *paths: Path) -> Timing:
    program = str(Path(sys.executable).parent / "dunwell")
    return _timed([program, "import", *map(str, paths)], env)


def _timed(command: list[str], env: dict[str, str]) -> Timing:
    """Run a process to its end; its own time and peak memory, whatever other processes used."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {said.decode()[-2000:]}")
    return Timing(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _child(command: list[str], env: dict[str, str], *, listen: bool = False) -> str:
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE if listen else None, text=True)
    return done.stdout or ""


@contextmanager
def data_home(folder: Path, vendor: str) -> Iterator[dict[str, str]]:
    """A data home with one creditor and an empty book."""
    home = folder / f"home-{uuid4().hex[:8]}"
    env = {**os.environ, "DUNWELL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "dunwell.config.django"}
    env.pop("DATABASE_URL", None)
    name = f"bench_{uuid4().hex[:8]}"
    cluster = Cluster(folder, {**SERVER_SETTINGS, **_SAFE})
    if vendor == "postgresql":
        cluster.start()
        _ask(cluster, f'CREATE DATABASE "{name}"')
        env["DATABASE_URL"] = cluster.url(name)
    program = str(Path(sys.executable).parent / "dunwell")
    subprocess.run(
        [program, "init", "--code", "bench", "--name", "Bench", "--country", "DE"],
        env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield env
    finally:
        if vendor == "postgresql":
            _ask(cluster, f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(home)


def _ask(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as server:
        server.execute(statement.encode())


if __name__ == "__main__":
    main()
