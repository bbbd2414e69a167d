"""The commands of the day: run, runs, replay, explain."""

import json
from datetime import date
from typing import Any

import click
import polars as pl
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.day import runs as actions
from dunwell.actions.day.report import day_sums, tasks_of
from dunwell.actions.explain import explain
from dunwell.core.money import format_money, grouped_amount
from dunwell.documents.decision_words import channel_words, message_words
from dunwell.documents.plain import plain
from dunwell.engine.book.ageing import BUCKETS
from dunwell.jobs.context import language, moment, operator, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors, runs
from dunwell.store.reads.tasks import names

SHOWN = 10
"""So many debtors that wait for a person are named on the screen; `--json` names all."""


@click.command()
@click.option("--as-of", type=Day(), help="The day to decide (default: today at the creditor's place).")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
@click.option("--dry-run", is_flag=True, help="Decide and show, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def run(as_of: date | None, code: str | None, dry_run: bool, as_json: bool) -> None:
    """Decide the whole book for a day: one decision per debtor, and messages in the outbox."""
    creditor = creditors.choose(code)
    now = moment()
    day = as_of or today(creditor, now)
    console = Console(stderr=True)
    with console.status("") as status:
        report = actions.run_day(
            creditor=creditor,
            as_of=day,
            now=now,
            by=operator(),
            dry_run=dry_run,
            progress=lambda step: status.update(words(f"run.step.{step}")),
            deciding=lambda so_far: status.update(
                words(
                    "run.step.deciding",
                    done=f"{so_far.done:,}",
                    of=f"{so_far.of:,}",
                    rate=f"{so_far.rate:,}",
                    seconds=round(so_far.remaining_seconds or 0),
                )
            ),
        )
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
        return
    _print(report)


def _as_json(report: actions.RunReport) -> dict[str, Any]:
    tasks = tasks_of(report.outcome, report.rank)
    called = names(tasks["debtor_id"])
    return {
        "creditor": report.creditor,
        "as_of": report.as_of.isoformat(),
        "run": report.run,
        "repeated": report.repeated,
        "outbox": report.outbox,
        "waits": report.waits,
        "outbox_left_alone": report.outbox_left_alone,
        **report.summary,
        "tasks": [{"name": called[row.pop("debtor_id")], **row} for row in tasks.to_dicts()],
    }


def _print(report: actions.RunReport) -> None:
    spoken = language()
    tell("run.head", creditor=report.creditor, day=report.as_of.isoformat(), debtors=report.summary["debtors"])
    show(_ageing(report.summary["ageing"]))
    show(_sums(report.summary))
    table = Table(words("run.column.step"), words("run.column.channel"), _right(words("run.column.count")))
    for row in report.summary["messages"]:
        table.add_row(message_words(row["stage"], spoken), channel_words(row["channel"], spoken), f"{row['count']:,}")
    tasks = tasks_of(report.outcome, report.rank)
    for reason, count in tasks.group_by("reason").len().sort("reason").rows():
        table.add_row(words(f"run.task.{reason}"), words("run.person"), f"{count:,}")
    show(table)
    _print_tasks(report, tasks)
    for rule_id, count in report.summary["refused"].items():
        tell("run.refused", count=count, rule=f"{house_rules().named(rule_id).title[spoken]} ({rule_id})")
    if report.run and not report.repeated and report.outbox_left_alone is None:
        tell("run.outbox", **report.outbox)
        for reason, count in sorted(report.waits.items()):
            tell("review.wait_told", count=f"{count:,}", why=words(f"send.reason.{reason}"))
        if report.waits:
            tell("review.look")
        tell("run.next", run=report.run)
    elif report.outbox_left_alone:
        tell(f"run.left_alone.{report.outbox_left_alone}", run=report.run or "-")


def _print_tasks(report: actions.RunReport, tasks: pl.DataFrame) -> None:
    """The debtors that wait for a person, in the order of the worklists."""
    if tasks.is_empty():
        return
    spoken, shown = language(), tasks.head(SHOWN)
    called = names(shown["debtor_id"])
    tell("run.tasks", count=f"{tasks.height:,}")
    table = Table(
        Column(words("list.column.debtor"), no_wrap=True),
        words("list.column.name"),
        _right(words("list.column.amount")),
        _right(words("list.column.days")),
        words("list.column.what"),
    )
    for row in shown.iter_rows(named=True):
        table.add_row(
            Text(plain(row["number"], 60)),
            Text(plain(called[row["debtor_id"]], 40)),
            format_money(row["amount_minor"], row["currency"], spoken),
            f"{row['days_past_due']:,}",
            words(f"run.task.{row['reason']}"),
        )
    show(table)
    if tasks.height > SHOWN:
        # a run that left the outbox alone left the standings alone, which the list is read from
        listed = report.outbox_left_alone in (None, "repeated")
        tell("run.more_tasks" if listed else "run.more_tasks_json", count=f"{tasks.height - SHOWN:,}")


def _sums(summary: dict[str, Any]) -> Table:
    """How the sums that are demanded come about."""
    columns = ("currency", "open", "overdue", "aside", "credit", "net")
    table = Table(
        *(
            _right(words(f"run.column.{name}")) if name != "currency" else words(f"run.column.{name}")
            for name in columns
        )
    )
    for row in day_sums(summary):
        sums = (row.open_minor, row.overdue_minor, row.aside_minor, row.credit_minor, row.net_minor)
        table.add_row(row.currency, *(grouped_amount(minor, row.currency) for minor in sums))
    return table


def _right(header: str) -> Column:
    return Column(header, justify="right")


def _ageing(rows: list[dict[str, Any]]) -> Table:
    table = Table(words("run.column.currency"), *(_right(words(f"bucket.{b}")) for b in BUCKETS))
    for currency in sorted({row["currency"] for row in rows}):
        sums = {row["bucket"]: row["open_minor"] for row in rows if row["currency"] == currency}
        table.add_row(currency, *(grouped_amount(sums.get(b, 0), currency) for b in BUCKETS))
    return table


@click.command(name="runs")
@click.option("--creditor", "code", help="Whose book.")
def list_runs(code: str | None) -> None:
    """List the runs that were kept, newest first."""
    table = Table(words("run.column.run"), words("run.column.day"), words("run.column.messages"), "SHA-256")
    for each in runs.latest(creditors.choose(code), 50):
        count = sum(row["count"] for row in each.summary["messages"])
        table.add_row(each.name, each.as_of.isoformat(), str(count), each.decisions_hash[:16])
    show(table)


@click.command()
@click.argument("run_name", metavar="RUN")
def replay(run_name: str) -> None:
    """Decide a kept run anew from its facts and compare: the same engine gives the same decisions bit for bit."""
    manifest, outcome, again = actions.replay(run_name)
    recorded = runs.find(run_name)
    if recorded is not None and recorded.decisions_hash != manifest["decisions_hash"]:
        tell("replay.journal_differs", run=run_name)
        raise SystemExit(1)
    if again["decisions_hash"] == manifest["decisions_hash"]:
        tell("replay.same", run=run_name, debtors=outcome.decisions.height, hash=manifest["decisions_hash"])
        return
    tell("replay.differs", run=run_name, theirs=manifest["engine_version"], ours=again["engine_version"])
    for row in actions.differences(run_name, outcome).head(20).iter_rows(named=True):
        click.echo(f"  {row['number']} {row['currency'] or ''}: {row['before'] or '-'} -> {row['after'] or '-'}")
    raise SystemExit(1)


@click.command(name="explain")
@click.argument("debtor")
@click.option("--as-of", type=Day(), help="The day to explain (default: today).")
@click.option("--as-known-then", is_flag=True, help="Use only what was known by the end of that day.")
@click.option("--creditor", "code", help="Whose book.")
def explain_command(debtor: str, as_of: date | None, as_known_then: bool, code: str | None) -> None:
    """Tell in words what a debtor owes, which stage he has reached and why, what was sent or not and why."""
    creditor = creditors.choose(code)
    now = moment()
    day = as_of or today(creditor, now)
    told = explain(creditor=creditor, debtor_number=debtor, as_of=day, as_known_then=as_known_then, now=now)
    for line in told.words(language()):
        click.echo(line)
