"""The command: prepares a home before Django is loaded, plays, and tells what came of it."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import click
from rich.console import Console

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError, say
from dunwell.core.terms import LANGUAGES
from dunwell.demo import book as books
from dunwell.demo import ledger_files
from dunwell.demo.home import make_home, use_home, write_settings
from dunwell.jobs.day_option import Day

_LAST_DAY = Day(first=date(2000, 1, 1), last=date(2100, 12, 31))
"""There are rules and calendars for these years."""
_EVENING = time(15, 55)
"""In UTC: the offices of all three creditors have done their work, and it is the same day in all of them."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for."""

    debtors: int
    receivables: int
    days: int
    seed: int
    until: date
    effect: float
    language: str

    def words(self, code: str, /, **params: Any) -> str:
        return say(code, self.language, **params)


@click.command("dunwell demo", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=Path("demo-home"),
    show_default=True,
    help="Where the demonstration lives; removed and made anew each time.",
)
@click.option("--debtors", type=click.IntRange(9, 200_000), default=2000, show_default=True, help="Customers, about.")
@click.option(
    "--receivables",
    type=click.IntRange(9, 5_000_000),
    default=20_000,
    show_default=True,
    help="Invoices, charges and credit notes in eighteen months, about.",
)
@click.option("--days", type=click.IntRange(1, 365), default=60, show_default=True, help="How many days are played.")
@click.option("--until", type=_LAST_DAY, help="The last day (default: today).")
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="The same seed and days give the same book and the same decisions.",
)
@click.option(
    "--effect",
    type=click.FloatRange(0.0, 10.0),
    default=1.0,
    show_default=True,
    help="How strongly contacts move debtors: an assumption, to be varied.",
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), help="Language of what is printed (default: DUNWELL_LANGUAGE, or en)."
)
@click.option("--database-url", default="", help="An empty PostgreSQL database instead of SQLite in the home.")
@click.option("--book-only", is_flag=True, help="Only write the book as CSV files, to --out.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for --book-only; made if absent.")
def demo(
    home: Path,
    debtors: int,
    receivables: int,
    days: int,
    until: date | None,
    seed: int,
    effect: float,
    language: str | None,
    database_url: str,
    book_only: bool,
    out: Path | None,
) -> None:
    """Play the last 60 days of an invented book and show what came of it.

    Everything goes through the real import, engine, outbox and sender; mails go to a server on this machine that only
    keeps them, letters are PDF files. Your own data are not touched.
    """  # fmt: skip
    spoken = language or os.environ.get("DUNWELL_LANGUAGE", "en")
    wish = _Wish(
        debtors, receivables, days, seed, until or datetime.now(UTC).astimezone().date(), effect,
        spoken if spoken in LANGUAGES else "en",
    )  # fmt: skip
    os.environ["DUNWELL_LANGUAGE"] = wish.language
    if book_only:
        if out is None:
            raise click.UsageError(wish.words("demo.out_missing"))
        _write_book(wish, out)
        return
    _play(wish, home, database_url)


def main() -> None:
    """Run it; errors speak in words, exit codes are those of `dunwell`. All it writes is the owner's alone."""
    os.umask(0o077)
    try:
        demo.main(prog_name="dunwell demo", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        # Python flushes standard output once more at exit; into a closed pipe that would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        if os.environ.get("DUNWELL_DEBUG") == "1":
            raise
        sys.exit(_said(error, os.environ.get("DUNWELL_LANGUAGE", "en")))


def _said(error: Exception, language: str) -> int:
    """Words for an error, and the exit code."""
    why = " ".join(str(error).split())[:300] or type(error).__name__
    if isinstance(error, DunwellError):
        click.echo(error.words(language), err=True)
    elif isinstance(error, OSError):
        click.echo(say("jobs.system_refused", language, why=why), err=True)
    else:
        click.echo(say("jobs.unexpected", language, kind=type(error).__name__, why=why), err=True)
        return 70
    return 2


def _write_book(wish: _Wish, out: Path) -> None:
    """CSV files of the book as of the last day."""
    made = books.make_books(wish.seed, wish.debtors, wish.receivables, today=wish.until, until=wish.until)
    try:
        for book in made:
            for path in ledger_files.write_book(out / book.house.code, book):
                click.echo(str(path))
    except OSError as error:
        raise DunwellError("demo.home_refused", path=str(out), why=error.strerror or str(error)) from error
    click.echo(
        wish.words(
            "demo.book_written",
            debtors=f"{sum(len(b.debtors) for b in made):,}",
            items=f"{sum(len(b.items) for b in made):,}",
        )
    )
    click.echo(wish.words("demo.book_next", path=str(out / made[0].house.code / "*.csv")))


def _play(wish: _Wish, home: Path, database_url: str) -> None:
    began = monotonic()
    try:
        from dunwell.demo.side_by_side import Plan, Tally, play
    except ModuleNotFoundError as error:
        raise DunwellError("demo.no_mail_server", module=str(error.name)) from error
    console = Console()
    home = make_home(home)
    use_home(home, language=wish.language, database_url=database_url)
    write_settings(home, language=wish.language, now=datetime.combine(wish.until, _EVENING, UTC))
    import django

    django.setup()
    from dunwell.demo.summary import show
    from dunwell.store.reads import creditors

    if database_url:
        from dunwell.actions import installation

        installation.migrate()
        if creditors.everyone():
            raise DunwellError("demo.database_in_use")
    console.print(
        wish.words("demo.begins", days=wish.days, until=format_date(wish.until, wish.language), path=str(home))
    )
    first = wish.until - timedelta(days=wish.days)
    made = books.make_books(wish.seed, wish.debtors, wish.receivables, today=first, until=wish.until)

    def progress(day: date, told: list[Tally]) -> None:
        if day == made[0].day:
            console.print(
                wish.words(
                    "demo.book_taken_in",
                    debtors=f"{sum(len(book.debtors) for book in made):,}",
                    items=f"{sum(len(book.items) for book in made):,}",
                )
            )
        elif day.weekday() == 4 or day == wish.until:
            console.print(
                wish.words(
                    "demo.week",
                    day=day.isoformat(),
                    mails=f"{sum(each.mails for each in told):,}",
                    letters=f"{sum(each.letters for each in told):,}",
                    payments=f"{sum(each.payments for each in told):,}",
                )
            )

    played = play(made, Plan(home, wish.seed, wish.effect, wish.until), progress)
    show(console, played, home=home, until=wish.until, language=wish.language, seconds=round(monotonic() - began))
