"""Each creditor is played in a process of its own, so that two cores are used; all share one home and its database.

A process reads this module before it knows its mail server, and so before Django: what needs Django is imported late.
"""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dunwell.core.errors import DunwellError
from dunwell.demo.book import Book
from dunwell.demo.sink import sink

if TYPE_CHECKING:
    from dunwell.demo.play import Played


@dataclass(frozen=True, slots=True)
class Plan:
    """What all creditors have in common. The home is the one of this process's environment."""

    home: Path
    seed: int
    effect: float
    last: date


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a creditor has come: what left and what came in until the evening of `day`."""

    day: date
    mails: int = 0
    letters: int = 0
    payments: int = 0


def play(books: Sequence[Book], plan: Plan, progress: Callable[[date, list[Tally]], None]) -> "list[Played]":
    """Take the books in, then play all office days after their day until the last, all creditors side by side.

    progress    told each day, in their order, when all creditors are through it; the first is the day of the books

    Raises what a process ran into, as it was said there.
    """
    from dunwell.actions import installation

    installation.migrate()
    context = get_context("spawn")
    workers = []
    for book in books:
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(book, plan, theirs), daemon=True)
        worker.start()
        theirs.close()
        workers.append((worker, ours))
    try:
        return _gather([ours for _, ours in workers], progress)
    finally:
        for worker, _ in workers:
            worker.terminate()
            worker.join()


def _gather(pipes: Sequence[Connection], progress: Callable[[date, list[Tally]], None]) -> "list[Played]":
    """Listen to all processes until each has handed over what came of it."""
    told: dict[date, dict[int, Tally]] = {}
    done: dict[int, Played] = {}
    waiting = dict(enumerate(pipes))
    while waiting:
        for pipe in wait(list(waiting.values())):
            n = next(n for n, each in waiting.items() if each is pipe)
            said = _heard(waiting[n])
            if isinstance(said, Tally):
                told.setdefault(said.day, {})[n] = said
                if len(told[said.day]) == len(pipes):
                    progress(said.day, list(told.pop(said.day).values()))
            else:
                done[n] = said
                del waiting[n]
    return [done[n] for n in range(len(pipes))]


def _heard(pipe: Connection) -> "Tally | Played":
    try:
        said: Any = pipe.recv()
    except EOFError as error:
        raise RuntimeError("a process of the demonstration ended before its work was done") from error
    if isinstance(said, _Failed):
        if said.code:
            raise DunwellError(said.code, **said.params)
        raise RuntimeError(said.why)
    return said  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Failed:
    """An error on its way through a pipe: errors with parameters of their own cannot be pickled."""

    code: str
    params: dict[str, Any]
    why: str = ""


def _work(book: Book, plan: Plan, pipe: Connection) -> None:
    """All days of one creditor, in a process of its own."""
    # the keyboard speaks to the process that listens; it ends the others
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    # nobody listens any more: the other end says why. Polars hears the keyboard in the middle of a query all the same
    with suppress(BrokenPipeError, KeyboardInterrupt):
        try:
            _play(book, plan, pipe)
        except DunwellError as error:
            pipe.send(_Failed(error.code, {name: _plain(value) for name, value in error.params.items()}))
        except Exception as error:
            if os.environ.get("DUNWELL_DEBUG") == "1":
                raise
            pipe.send(_Failed("", {}, f"{type(error).__name__}: {error}"))


def _play(book: Book, plan: Plan, pipe: Connection) -> None:
    with sink(plan.home / "mail" / book.house.code) as kept:
        os.environ["DUNWELL_SMTP_PORT"] = str(kept.port)
        import django

        django.setup()
        from django.conf import settings

        from dunwell.demo.play import Player, office_days
        from dunwell.demo.world import World

        player = Player(book, World(book, plan.seed, plan.effect), kept, settings.DUNWELL)
        player.take_in()
        pipe.send(Tally(book.day))
        played = player.played
        for day in office_days(book.day + timedelta(days=1), plan.last):
            player.day(day)
            pipe.send(Tally(day, played.mails, played.letters, played.payments))
        pipe.send(played)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | date) else str(value)
