"""`dunwell list`: who waits for a person, and the promises, disputes, holds and complaints that stand."""

import json
from datetime import date
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.day.kept_findings import kept
from dunwell.actions.day.report import in_places
from dunwell.actions.facts import facts_of
from dunwell.core.money import format_money, plain_amount
from dunwell.documents.plain import plain
from dunwell.engine.book.promises import promises as states
from dunwell.jobs.context import language, moment, show, words
from dunwell.rulebook.rule_pages import linked
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors
from dunwell.store.reads import talks as read
from dunwell.store.reads.tasks import tasks

KINDS = ("tasks", "promises", "disputes", "holds", "complaints")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--debtor", help="Only of this debtor.")
@click.option("--all", "every", is_flag=True, help="Also those that are over: kept, closed, lifted, answered.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def list_talks(kind: str, debtor: str | None, every: bool, as_json: bool, code: str | None) -> None:
    """List what stands: debtors that wait for a person (with the run that says so; with --json also what the contact
    rules said then), promises that are open, disputes, holds, and complaints without an answer."""
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor) if debtor is not None else None
    day = today(creditor, moment())
    rows: list[dict[str, Any]] = {
        "tasks": lambda: _tasks(creditor, owner, with_findings=as_json),
        "promises": lambda: _promises(creditor, owner, day, every),
        "disputes": lambda: [_dispute(each) for each in read.disputes(creditor, owner, closed=every)],
        "holds": lambda: [_hold(each) for each in read.holds(creditor, owner, over=every, today=day)],
        "complaints": lambda: [_complaint(each) for each in read.complaints(creditor, owner, answered=every)],
    }[kind]()
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=1))
    elif not rows:
        click.echo(words(f"list.no_{kind}"))
    else:
        _print(rows, whole=kind == "tasks")


def _tasks(creditor: Any, owner: Any, *, with_findings: bool) -> list[dict[str, Any]]:
    """What waits for a person and the run it rests on; `with_findings`: and what the contact rules said then."""
    rows = in_places(creditor, tasks(creditor, owner))
    standings = [row.pop("standing") for row in rows]
    said = kept(standings) if with_findings else {}
    return [
        row | ({"findings": linked(said[each.pk], house_rules())} if with_findings else {})
        for row, each in zip(rows, standings, strict=True)
    ]


def _promises(creditor: Any, owner: Any, day: date, every: bool) -> list[dict[str, Any]]:
    """What became of each promise is the engine's answer of today."""
    given = read.promises(creditor, owner)
    facts = facts_of(creditor, debtors={each.debtor_id for each in given}).on(day)
    now = {row["promise_id"]: row for row in states(facts, house_rules(), day).iter_rows(named=True)}
    return [
        {
            "id": each.pk,
            "debtor": each.debtor.number,
            "amount": (each.amount_minor, each.currency),
            "made": each.made_date,
            "due": each.due_date,
            "received": (now[each.pk]["received_minor"], each.currency),
            "state": _state(now[each.pk], day),
        }
        for each in given
        if each.pk in now and (every or now[each.pk]["state"] == "open")
    ]


def _state(promise: dict[str, Any], day: date) -> str:
    """Its state; one whose day has passed is neither kept nor broken while money on its way still counts."""
    return "in_grace" if promise["state"] == "open" and promise["due_date"] < day else str(promise["state"])


def _dispute(each: Any) -> dict[str, Any]:
    part = None if each.amount_minor is None else (each.amount_minor, each.receivable.currency)
    return {
        "id": each.number,
        "debtor": each.debtor.number,
        "item": each.receivable.number,
        "amount": part,
        "opened": each.opened_date,
        "closed": each.closed_date,
        "reason": each.reason,
        "outcome": each.outcome,
    }


def _hold(each: Any) -> dict[str, Any]:
    return {
        "id": each.pk,
        "debtor": each.debtor.number,
        "why": each.reason,
        "channel": each.channel,
        "item": each.receivable.number if each.receivable else None,
        "from": each.from_date,
        "until": each.until_date,
        "note": each.note,
    }


def _complaint(each: Any) -> dict[str, Any]:
    return {
        "id": each.pk,
        "debtor": each.debtor.number,
        "opened": each.opened_date,
        "answered": each.answered_date,
        "text": each.text,
    }


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    found = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    for name, value in row.items():
        if isinstance(value, tuple):
            found[name] = {"amount": plain_amount(*value), "currency": value[1]}
    return found


def _print(rows: list[dict[str, Any]], *, whole: bool) -> None:
    """A table; `whole`: as wide as it needs, where no cell holds long texts that had better be folded."""
    shown = [name for name in rows[0] if name == "amount" or any(row[name] not in (None, "") for row in rows)]
    # numbers are copied from here into the next command: they stay in one piece
    one_piece = ("id", "debtor", "item")
    numbers = ("amount", "days", "received")
    table = Table(
        *(
            Column(
                words(f"list.column.{name}"),
                no_wrap=name in one_piece,
                justify="right" if name in numbers else "left",
            )
            for name in shown
        )
    )
    for row in rows:
        table.add_row(*(Text(_cell(name, row[name])) for name in shown))
    show(table) if whole else Console().print(table)


def _cell(name: str, value: Any) -> str:
    if value is None or value == "":
        return words("list.whole") if name == "amount" else "-"
    if isinstance(value, tuple):
        minor, currency = value
        return format_money(minor, currency, language())
    if name == "why":
        return words(f"hold.{value}")
    if name == "what":
        return words(f"run.task.{value}")
    if name == "state":
        return words(f"list.state.{value}")
    if name == "channel":
        return words(f"channel.{value}")
    return plain(str(value), 120)
