"""Decide a large book shard by shard, in one process or several: the outcome is that of `decide`, in every row."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import date, datetime
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.engine.book.ageing import BUCKETS
from dunwell.engine.contact.findings import FINDINGS
from dunwell.engine.day import shards as cut
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.facts import Facts
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import Strategy

_ORDER = {
    "lines": ["debtor_id", "currency"],
    "items": ["debtor_id", "currency", "receivable_id"],
    "tasks": ["debtor_id", "currency", "receivable_id"],
    "findings": list(FINDINGS),
    "notes": ["debtor_id", "currency"],
    "decisions": ["number", "debtor_id"],
    "matches": ["payment_id", "receivable_id"],
}
"""The order of each frame of an outcome; that of the ageing is by currency and bucket."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a day has come: debtors decided, of how many, and the seconds since the first shard was begun."""

    done: int
    of: int
    seconds: float

    @property
    def rate(self) -> int:
        """Debtors a second."""
        return round(self.done / self.seconds) if self.seconds > 0 else 0

    @property
    def remaining_seconds(self) -> float | None:
        """At this rate; None: nobody knows yet."""
        return self.seconds * (self.of - self.done) / self.done if self.done else None


@dataclass(frozen=True, slots=True)
class _Task:
    """What every shard is decided by."""

    folder: Path
    strategy: Strategy
    rules: Rules
    day: date
    moment: datetime
    told_until: date | None

    def do(self, shard: int) -> None:
        outcome = decide(
            cut.read(self.folder / "facts", shard), self.strategy, self.rules, self.day, self.moment,
            told_until=self.told_until,
        )  # fmt: skip
        for each in fields(Outcome):
            getattr(outcome, each.name).write_ipc(self.folder / "found" / f"{each.name}-{shard}.arrow")


def decide_in_shards(
    source: Facts | Path,
    strategy: Strategy,
    rules: Rules,
    day: date,
    moment: datetime,
    *,
    processes: int = 1,
    shards: int | None = None,
    scratch: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """`decide` for a book that is too large to be held at once.

    source      the facts, or a folder with a Parquet file for each of their frames
    processes   so many shards are decided at the same time
    shards      None: as many as its size wants, see `shards.ROWS_PER_SHARD`
    scratch     a folder where the shards lie meanwhile (None: that of the system); nothing stays there, also when
                the work is interrupted
    progress    is told after each shard

    Raises DunwellError as `decide` does, and `engine.shard_ended` when a process was ended from outside.
    """
    frames = cut.of_facts(source) if isinstance(source, Facts) else cut.of_folder(source)
    wanted = shards or max(cut.shards_for(cut.rows_of(frames)), processes)
    with TemporaryDirectory(prefix="dunwell-shards-", dir=scratch) as name:
        folder = Path(name)
        (folder / "found").mkdir()
        task = _Task(folder, strategy, rules, day, moment, cut.told_until(frames, day))
        sizes = cut.split(frames, wanted, folder / "facts")
        begun, done = perf_counter(), 0
        for shard in _in_turn(task, wanted) if processes == 1 else _at_once(task, wanted, processes):
            done += sizes[shard]
            progress(Progress(done, sum(sizes), perf_counter() - begun))
        return _joined(folder / "found")


def _in_turn(task: _Task, shards: int) -> Iterator[int]:
    for shard in range(shards):
        task.do(shard)
        yield shard


def _at_once(task: _Task, shards: int, processes: int) -> Iterator[int]:
    """Each process takes every n-th shard and says when one is done. None outlives this, however it ends."""
    context = multiprocessing.get_context("spawn")
    working, talking = list[multiprocessing.process.BaseProcess](), list[Connection]()
    try:
        with _threads(max(1, (os.cpu_count() or 1) // processes)):
            for first in range(min(processes, shards)):
                mine, theirs = context.Pipe(duplex=False)
                worker = context.Process(
                    target=_work, args=(task, range(first, shards, processes), theirs), daemon=True
                )
                worker.start()
                theirs.close()
                working.append(worker)
                talking.append(mine)
        while talking:
            for each in wait(talking):
                assert isinstance(each, Connection)
                told = _told(each)
                if told is None:
                    talking.remove(each)
                else:
                    yield told
    finally:
        for one in working:
            one.terminate()
        for one in working:
            one.join()


def _told(line: Connection) -> int | None:
    """A shard that is done; None: all of this process are."""
    try:
        told = line.recv()
    except EOFError as error:
        raise DunwellError("engine.shard_ended") from error
    if isinstance(told, Exception):
        raise told
    assert told is None or isinstance(told, int)
    return told


def _work(task: _Task, mine: Sequence[int], line: Connection) -> None:
    """What a process does. Whoever interrupts the program interrupts its parent, who ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Polars hears the keyboard in the middle of a query all the same, and whoever listened may have gone
    with suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            for shard in mine:
                task.do(shard)
                line.send(shard)
            line.send(None)
        except DunwellError as error:
            line.send(error)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Processes started meanwhile use so many threads each: together no more than the machine has."""
    name = "POLARS_MAX_THREADS"
    before = os.environ.get(name)
    os.environ[name] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _joined(found: Path) -> Outcome:
    parts = {name: _all(found, name).sort(order, nulls_last=True) for name, order in _ORDER.items()}
    return Outcome(**parts, ageing=_aged(_all(found, "ageing")))


def _all(found: Path, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_ipc(file) for file in sorted(found.glob(f"{name}-*.arrow"))])


def _aged(parts: pl.DataFrame) -> pl.DataFrame:
    """The ageing of all shards together."""
    place = pl.col("bucket").replace_strict({label: n for n, label in enumerate(BUCKETS)}, return_dtype=pl.Int8)
    return parts.group_by("currency", "bucket").agg(pl.all().sum()).sort("currency", place).select(parts.columns)
