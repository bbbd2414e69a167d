"""`dunwell strategy`: which there are, what is in one, what is wrong with it, what it would change."""

from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.day.runs import inputs_of
from dunwell.actions.strategies import adopt_strategy, save_strategy
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Stage
from dunwell.documents.personal import refuse_own_text
from dunwell.documents.plain import plain
from dunwell.documents.strategy_words import (
    at_once_words,
    experiment_lines,
    note_words,
    own_text_words,
    segment_words,
    strategy_lines,
    treatment_words,
    when_words,
)
from dunwell.engine.day.strategy_effect import Effect, effect
from dunwell.jobs.context import language, moment, operator, show_folded, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_columns import COLUMNS
from dunwell.rulebook.strategy_dates import dates_of
from dunwell.rulebook.strategy_file import default_strategy, examine_strategy, read_strategy
from dunwell.store.reads import creditors
from dunwell.store.reads import strategies as read
from dunwell.store.reads.health import require_ready
from dunwell.store.reads.tasks import names

CREDITOR = click.option("--creditor", "code", help="Whose strategies (may be left out when there is only one).")

EXAMPLES = 3
_DUE = date(2026, 10, 1)


@click.group()
def strategy() -> None:
    """Strategies: segments, stages, treatments, as a table in a file. docs/strategy.md says what the words mean."""


@strategy.command()
def columns() -> None:
    """The columns that conditions may name."""
    table = Table(
        Column(words("strategy.column.name"), no_wrap=True),
        *(Column(words(f"strategy.column.{name}"), overflow="fold") for name in ("holds", "means")),
    )
    for column in COLUMNS.values():
        holds = ", ".join(column.values) or words(f"strategy.kind.{column.kind}")
        table.add_row(column.name, holds, words(f"strategy.about.{column.name}"))
    show_folded(table)


@strategy.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Read a strategy and tell every fault by its line, and what hardly was meant so. Needs no database."""
    found, faults, warnings = examine_strategy(_text_of(file), lint=refuse_own_text)
    for fault in faults:
        tell("strategy.line", line=fault.line, why=fault.error.words(language()))
    for warning in warnings:
        tell("strategy.warning", line=warning.line, why=warning.error.words(language()))
    if found is None:
        tell("strategy.bad_one" if len(faults) == 1 else "strategy.bad", count=len(faults))
        raise SystemExit(1)
    treatments = [each for segment in found.segments for step in segment.steps for each in step.treatments]
    asked = [segment.when for segment in found.segments] + [each.when for each in treatments]
    asked += [each.when for each in found.experiments]
    conditions = sum(when is not None for when in asked)
    stages = sum(len(segment.steps) for segment in found.segments)
    tell("strategy.good", name=found.name, segments=len(found.segments), stages=stages, conditions=conditions)
    _print_experiments(found)


@strategy.command("show")
@click.argument("which", default="", metavar="[WHICH]")
@click.option("--due", type=Day(), help="The due date of the example (default: 2026-10-01).")
@click.option("--text", "as_text", is_flag=True, help="Print the file itself.")
@CREDITOR
def show_command(which: str, due: date | None, as_text: bool, code: str | None) -> None:
    """Show a strategy, each step with the calendar date of an example. Left out: the one in force today."""
    found = _find(which, code)
    if as_text:
        click.echo(found.text, nl=False)
        return
    click.echo(found.title[language()] + words("explain.in_brackets", text=f"{found.name}, {found.hash[:12]}"))
    for segment in found.segments:
        click.echo("")
        click.echo(segment_words(segment, language()))
        if at_once := at_once_words(segment, language()):
            click.echo(at_once)
        table = Table(
            *(
                Column(words(f"strategy.column.{name}"), overflow="fold", ratio=ratio)
                for name, ratio in (("stage", 3), ("when", 4), ("how", 6))
            ),
            Column(words("strategy.column.date"), width=len("-> 2026-10-01")),
            expand=True,
        )
        for each in dates_of(segment, due or _DUE):
            how = "\n".join(treatment_words(treatment, language()) for treatment in each.step.treatments)
            day = each.day.isoformat() + (f"\n-> {each.deadline.isoformat()}" if each.deadline else "")
            table.add_row(words(f"stage.{each.step.stage.word}"), when_words(each.step, language()), Text(how), day)
        show_folded(table)
        for own in own_text_words(segment, language()):
            click.echo(own)
        for about_promises in note_words(segment.promises, language()):
            click.echo(about_promises)
    tell("strategy.example", amount="1,000", currency="EUR", due=format_date(due or _DUE, language()))
    _print_experiments(found)


def _print_experiments(found: Strategy) -> None:
    for each in found.experiments:
        for line in experiment_lines(each, language()):
            click.echo(line)


@strategy.command("list")
@CREDITOR
def list_command(code: str | None) -> None:
    """The strategies of a creditor: in force from which day, and drafts."""
    require_ready()
    creditor = creditors.choose(code)
    adopted = read.adoptions(creditor)
    days: set[date] = set()
    for each in adopted:
        # of several from one day the last holds, and it comes first here
        _tell_adopted("strategy.replaced" if each.from_date in days else "strategy.adopted", each)
        days.add(each.from_date)
    taken = {each.version_id for each in adopted}
    for version in read.versions(creditor):
        if version.pk not in taken:
            tell(
                "strategy.draft", hash=version.hash[:12], name=version.name, day=version.saved_at.date().isoformat(),
                by=version.saved_by,
            )  # fmt: skip
    tell("strategy.default", name=default_strategy().name)


@strategy.command()
@click.argument("file", type=click.Path(path_type=Path))
@CREDITOR
def save(file: Path, code: str | None) -> None:
    """Keep a strategy as a draft, under its hash."""
    require_ready()
    saved = save_strategy(creditor=creditors.choose(code), text=_text_of(file), at=moment(), by=operator())
    tell("strategy.saved", hash=saved.hash[:12])


@strategy.command()
@click.argument("version", metavar="HASH|default")
@click.option("--from", "from_date", type=Day(), help="From which day it is in force (default: today).")
@CREDITOR
def adopt(version: str, from_date: date | None, code: str | None) -> None:
    """Put a kept version in force, from today on or from a later day; `default`: the one that comes with Dunwell."""
    require_ready()
    creditor, at, by = creditors.choose(code), moment(), operator()
    if version == "default":
        kept = save_strategy(creditor=creditor, text=default_strategy().text, at=at, by=by)
    else:
        kept = read.find_version(creditor, version)
    found = adopt_strategy(creditor=creditor, version=kept, from_date=from_date, at=at, by=by)
    _tell_adopted("strategy.adopted", found)


def _tell_adopted(says: str, found: Any) -> None:
    version = found.version
    tell(says, hash=version.hash[:12], name=version.name, day=found.from_date.isoformat(), by=found.adopted_by)


@strategy.command()
@click.argument("before", metavar="WHICH")
@click.argument("after", metavar="[WHICH]", default="")
@CREDITOR
def diff(before: str, after: str, code: str | None) -> None:
    """What two strategies say differently, in words. The second left out: the one in force today."""
    spoken = language()
    first, second = (_find(which, code) for which in (before, after))
    old, new = strategy_lines(first, spoken), strategy_lines(second, spoken)
    gone, come = [each for each in old if each not in new], [each for each in new if each not in old]
    for each in gone:
        tell("strategy.diff.gone", what=each)
    for each in come:
        tell("strategy.diff.new", what=each)
    if not gone and not come:
        tell("strategy.same" if first.hash == second.hash else "strategy.same_but_layout")


@strategy.command()
@click.argument("which", metavar="WHICH")
@click.option("--as-of", type=Day(), help="The day (default: today at the creditor's place).")
@CREDITOR
def simulate(which: str, as_of: date | None, code: str | None) -> None:
    """What a strategy would change on the book: debtors that come to another step, more or fewer calls and letters,
    conflicts with contact rules. Nothing is written."""
    require_ready()
    creditor = creditors.choose(code)
    day = as_of or today(creditor, moment())
    base = read.strategy_of(creditor, day)
    other = _find(which, code)
    inputs = inputs_of(creditor, day, strategy=base)
    found = effect(inputs.decide(), inputs.with_strategy(other).decide())
    tell(
        "strategy.sim.head", day=day.isoformat(), name=other.name, base=f"{base.name} {base.hash[:8]}",
        debtors=f"{inputs.facts['debtors'].height:,}",
    )  # fmt: skip
    _print_effect(found, dict(inputs.facts["debtors"].select("debtor_id", "number").rows()))


def _print_effect(found: Effect, numbers: dict[int, str]) -> None:
    tell("strategy.sim.change", count=f"{found.moved['debtor_id'].n_unique():,}")
    tell("strategy.sim.segments", count=f"{found.resegmented:,}")
    for row in found.counts.iter_rows(named=True):
        before, after = row["count"], row["count_after"]
        what = _step_words(row)
        tell("strategy.sim.more", what=what, before=before, after=after, change=f"{after - before:+,}")
    if found.conflicts:
        titles = [house_rules().named(rule).title[language()] for rule in list(found.conflicts)[:3]]
        tell("strategy.sim.conflicts", count=f"{sum(found.conflicts.values()):,}", rules="; ".join(titles))
    else:
        tell("strategy.sim.no_conflicts")
    for name, arm, share, count in found.arms.rows():
        tell("strategy.sim.arm", name=name, arm=arm, percent=f"{share / 100:g}", count=f"{count:,}")
    shown = found.moved.head(EXAMPLES)
    called = names(shown["debtor_id"])
    for row in shown.iter_rows(named=True):
        after = {name: row[f"{name}_after"] for name in ("action", "stage", "next_stage", "next_date")}
        who = f"{plain(numbers[row['debtor_id']], 40)} {plain(called.get(row['debtor_id'], ''), 40)} {row['currency']}"
        tell("strategy.sim.example", number=who, before=_state_words(row), after=_state_words(after))


def _step_words(row: dict[str, Any]) -> str:
    by = words(f"channel.{row['channel']}") if row["channel"] else words("run.person")
    return f"{_stage(row['stage'])}, {by}"


def _state_words(row: dict[str, Any]) -> str:
    """What happens today, and the next step with its date."""
    today_words = _stage(row["stage"]) if row["action"] in ("message", "task") else words("stage.none")
    if row["next_date"] is None or row["next_stage"] is None:
        return today_words
    return f"{today_words}; {row['next_date'].isoformat()} {_stage(row['next_stage'])}"


def _stage(stage: int | None) -> str:
    return words(f"stage.{Stage(stage or 0).word}")


def _find(which: str, code: str | None) -> Strategy:
    """The strategy that is meant: in force today (empty), `default`, a file, or a kept version."""
    if which == "default":
        return default_strategy()
    if which and Path(which).is_file():
        return read_strategy(_text_of(Path(which)))
    require_ready()
    creditor = creditors.choose(code)
    if not which:
        return read.strategy_of(creditor, today(creditor, moment()))
    return read_strategy(read.find_version(creditor, which).text)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DunwellError("strategy.no_file", path=str(file), why="UTF-8") from error
    except OSError as error:
        raise DunwellError("strategy.no_file", path=str(file), why=error.strerror or "") from error
