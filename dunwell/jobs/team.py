"""`dunwell team`: who collects, whose debtors are whose, who is away."""

from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.teams import adopt_team, record_absence, withdraw_absence
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Stage
from dunwell.documents.strategy_words import condition_text
from dunwell.jobs.context import language, moment, operator, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.team import Team, check_team
from dunwell.store.reads import creditors
from dunwell.store.reads import teams as read
from dunwell.store.reads.health import require_ready

CREDITOR = click.option("--creditor", "code", help="Whose team (may be left out when there is only one).")


@click.group()
def team() -> None:
    """Collectors and portfolios, as a table in a file. docs/worklists.md says what the words mean."""


@team.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Read a team and tell every fault by its line. Needs no database."""
    found, faults = check_team(_text_of(file))
    for fault in faults:
        tell("strategy.line", line=fault.line, why=fault.error.words(language()))
    if found is None:
        tell("team.bad_one" if len(faults) == 1 else "team.bad", count=len(faults))
        raise SystemExit(1)
    tell("team.good", name=found.name, collectors=len(found.collectors), portfolios=len(found.portfolios))


@team.command("show")
@click.option("--as-of", type=Day(), help="The day (default: today).")
@click.option("--text", "as_text", is_flag=True, help="Print the file itself.")
@CREDITOR
def show_command(as_of: date | None, as_text: bool, code: str | None) -> None:
    """Show who collects that day, and who is away then or later."""
    require_ready()
    creditor = creditors.choose(code)
    day = as_of or today(creditor, moment())
    found = read.require_team(creditor, day)
    if as_text:
        click.echo(found.text, nl=False)
        return
    tell("team.head", name=found.name, hash=found.hash[:12], day=day.isoformat())
    show(_people(found, day))
    for each in found.portfolios:
        when = condition_text(each.when) or words("team.all_others")
        tell("team.portfolio", name=each.name, when=when, collectors=", ".join(each.collectors))
    for row in read.absences(creditor, day):
        _tell_absence("team.away", row)


def _people(found: Team, day: date) -> Table:
    table = Table(*(words(f"team.column.{name}") for name in ("collector", "languages", "stages", "hours")))
    for each in found.collectors:
        minutes = each.minutes_on(day)
        stages = ", ".join(words(f"stage.{Stage(stage).word}") for stage in each.stages)
        table.add_row(
            Text(each.name), ", ".join(each.languages) or words("team.every"), stages or words("team.every"),
            f"{minutes // 60}:{minutes % 60:02d}",
        )  # fmt: skip
    return table


@team.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "from_date", type=Day(), help="From which day it is in force (default: today).")
@CREDITOR
def adopt(file: Path, from_date: date | None, code: str | None) -> None:
    """Put a team in force, from today on or from a later day. Its text is kept under its hash."""
    require_ready()
    text = _text_of(file)
    found = adopt_team(creditor=creditors.choose(code), text=text, from_date=from_date, at=moment(), by=operator())
    tell("team.adopted", name=found.name, hash=found.hash[:12], day=found.from_date.isoformat())


@team.command()
@click.argument("collector", required=False)
@click.option("--from", "from_date", type=Day(), help="The first day (default: today).")
@click.option("--until", "until_date", type=Day(), help="The last day (default: the first).")
@click.option("--substitute", help="Who takes his tasks first.")
@click.option("--back", type=int, metavar="ID", help="Take this absence back instead.")
@CREDITOR
def absent(
    collector: str | None,
    from_date: date | None,
    until_date: date | None,
    substitute: str | None,
    back: int | None,
    code: str | None,
) -> None:
    """A collector is away: his tasks go to the substitute, else to others of the portfolio who have least to do."""
    require_ready()
    creditor = creditors.choose(code)
    if back is not None:
        gone = withdraw_absence(absence=read.absence(creditor, back), at=moment(), by=operator())
        tell("team.back", id=gone.pk, collector=gone.collector)
        return
    if collector is None:
        for row in read.absences(creditor, today(creditor, moment())):
            _tell_absence("team.away", row)
        return
    first = from_date or today(creditor, moment())
    made = record_absence(
        creditor=creditor, collector=collector, from_date=first, until_date=until_date or first,
        substitute=substitute, at=moment(), by=operator(),
    )  # fmt: skip
    _tell_absence("team.away", made)


def _tell_absence(code: str, row: Any) -> None:
    tell(
        code, id=row.pk, collector=row.collector, first=row.from_date.isoformat(), last=row.until_date.isoformat(),
        substitute=row.substitute or "-",
    )  # fmt: skip


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DunwellError("team.no_file", path=str(file), why="UTF-8") from error
    except OSError as error:
        raise DunwellError("team.no_file", path=str(file), why=error.strerror or "") from error
