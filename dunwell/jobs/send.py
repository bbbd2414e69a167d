"""`dunwell send` lets the prepared messages leave; `dunwell outbox` shows those that wait and settles unknown fates."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.sending import outbox
from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.last_look import STALE_AFTER
from dunwell.actions.sending.report import SendReport
from dunwell.actions.sending.send import CHANNELS, open_channels, send
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.money import format_money
from dunwell.core.terms import OutboxState
from dunwell.documents.decision_words import channel_words, message_words
from dunwell.documents.plain import plain
from dunwell.jobs import context
from dunwell.jobs.day_option import Day
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors, review
from dunwell.store.reads import outbox as read

SHOWN = 20
"""So many single messages are named on the screen; `--json` names all."""


@click.command("send")
@click.option("--creditor", "code", help="Only this creditor's messages.")
@click.option("--channel", "channels", multiple=True, type=click.Choice(CHANNELS), help="Only this channel.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many messages.")
@click.option(
    "--as-of",
    "day",
    type=Day(),
    help="Try out a past day: pretends it is that day, mail leaves to this machine only. It uses up the messages.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def send_command(
    ctx: click.Context,
    code: str | None,
    channels: tuple[str, ...],
    limit: int | None,
    day: date | None,
    as_json: bool,
) -> None:
    """Let the messages that are due leave: e-mails by SMTP, letters as PDF files ready to print.

    Each is decided again just before it leaves: who has paid, promised or asked to be left alone meanwhile gets
    nothing. Ctrl-C stops after the message in hand. Several of these may run at once. Exit code 1: something waits
    for a person (a message of unknown fate, a channel that cannot be used).
    """
    settings = context.settings()
    clock = Clock(fixed=settings.now, walked=day)
    chosen = [creditors.choose(code)] if code else creditors.everyone()
    if day is not None and (count := read.could_leave(chosen, context.moment().date() - STALE_AFTER)):
        raise Refused("send.would_use_up", count=count)
    usable, problems = open_channels(settings, clock, channels)
    console = Console(stderr=True)
    with _until_interrupted() as stopped, console.status("") as status:
        report = send(
            creditors=chosen,
            channels=usable,
            settings=settings,
            clock=clock,
            by=context.operator(),
            limit=limit,
            stopped=stopped,
            progress=lambda so_far: status.update(f"{so_far.done:,}"),
        )
        interrupted = stopped()
    report.refused += [problem for problem in problems if any(count for count, _ in report.waiting.values())]
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
    else:
        _print(report)
        for creditor in chosen:
            if count := review.count_waiting(creditor):
                context.tell("review.waits_still", creditor=creditor.code, count=f"{count:,}")
    if interrupted:
        click.echo(context.words("send.interrupted"), err=True)
        ctx.exit(130)
    ctx.exit(1 if report.unknown or report.stopped or report.refused else 0)


@click.group("outbox")
def outbox_command() -> None:
    """Show the messages that wait, and say what became of one whose fate is unknown."""


@outbox_command.command("list")
@click.option("--creditor", "code", help="Only this creditor's messages.")
@click.option("--state", "states", multiple=True, type=click.Choice([str(state) for state in OutboxState]))
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, each with its key.")
def list_(code: str | None, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Messages that wait or whose fate is unknown; with --state, those in that state."""
    creditor, states = creditors.choose(code) if code else None, states or read.TO_SEE
    rows = read.messages(creditor, states, limit)
    if as_json:
        click.echo(json.dumps([_row_as_json(row) for row in rows], ensure_ascii=False, indent=1))
        return
    if not rows:
        context.tell("send.outbox_empty")
    for owner in sorted({(row["creditor__code"], row["creditor__zone"]) for row in rows}):
        context.show(_outbox_table(owner, [row for row in rows if row["creditor__code"] == owner[0]]))
    if (more := read.count(creditor, states) - len(rows)) > 0:
        context.tell("send.outbox_more", count=f"{more:,}")
    for row in rows:
        if row["state"] == OutboxState.UNKNOWN:
            context.tell("send.unknown", key=row["key"])


def _outbox_table(owner: tuple[str, str], rows: list[dict[str, Any]]) -> Table:
    """Messages of one creditor; moments stand at his place."""
    code, zone = owner
    spoken = context.language()
    table = Table(
        Column(context.words("list.column.debtor"), no_wrap=True),
        context.words("list.column.name"),
        context.words("send.column.stage"),
        context.words("list.column.channel"),
        Column(context.words("list.column.amount"), justify="right", no_wrap=True),
        context.words("list.column.state"),
        Column(context.words("send.column.moment", zone=zone), no_wrap=True),
        context.words("list.column.why"),
        title=context.words("send.outbox_of", creditor=code),
        title_justify="left",
    )
    for row in rows:
        moment = (row["settled_at"] or row["not_before_at"]).astimezone(ZoneInfo(zone))
        table.add_row(
            Text(plain(row["debtor__number"], 60)),
            Text(plain(row["debtor__name"], 40)),
            message_words(row["stage"], spoken, row["purpose"]),
            channel_words(row["channel"], spoken),
            format_money(row["total_minor"], row["currency"], spoken),
            context.words(f"outbox.{row['state']}"),
            f"{moment:%Y-%m-%d %H:%M}",
            Text(why_words(row["state_reason"]) if row["state_reason"] else "-"),
        )
    return table


def _row_as_json(row: dict[str, Any]) -> dict[str, Any]:
    plain_row = {name.replace("__", "_"): value for name, value in row.items()}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in plain_row.items()}


@outbox_command.command("resolve")
@click.argument("key")
@click.option("--sent/--not-sent", "sent", default=None, help="What became of the message.")
def resolve(key: str, sent: bool | None) -> None:
    """Say what became of a message whose fate is unknown."""
    if sent is None:
        raise DunwellError("send.say_which")
    outbox.resolve(key=key, sent=sent, now=context.moment(), by=context.operator())
    context.tell("send.resolved_sent" if sent else "send.resolved_not_sent", key=key)


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and a polite kill into a question the sender asks between two messages."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def why_words(reason: str) -> str:
    """Why a message was cancelled, waits or failed, in words."""
    code, _, rule = reason.partition(":")
    if rule:
        return context.words(f"send.reason.{code}", rule=_rule_words(rule))
    return context.words(f"send.reason.{code}")


def _rule_words(rule: str) -> str:
    try:
        return f"{house_rules().named(rule).title[context.language()]} ({rule})"
    except KeyError:
        return rule


def _print(report: SendReport) -> None:
    spoken = context.language()
    if report.sent:
        table = Table(
            context.words("send.column.channel"),
            context.words("send.column.stage"),
            Column(context.words("send.column.count"), justify="right"),
        )
        for (channel, stage), count in sorted(report.sent.items()):
            table.add_row(channel_words(channel, spoken), message_words(stage, spoken), f"{count:,}")
        Console().print(table)
    elif not report.done and not report.unknown:
        waits = report.later or any(count for count, _ in report.waiting.values())
        context.tell("send.nothing_left" if waits else "send.nothing")
    for folder in sorted(report.letters):
        context.tell("send.letters", folder=str(folder))
    for reason, count in sorted(report.cancelled.items()):
        context.tell("send.cancelled", count=count, why=why_words(reason))
    for reason, count in sorted(report.later.items()):
        context.tell("send.later", count=count, why=why_words(reason))
    if report.again:
        context.tell("send.again", count=report.again)
    for key, why in report.broken[:SHOWN]:
        context.tell("send.broken", key=key, why=why)
    for key, number, error in report.without_interest[:SHOWN]:
        code = "send.without_interest_on" if number else "send.without_interest"
        context.tell(code, key=key, number=number or "", why=error.words(context.language()))
    for key, reason, said in report.failed[:SHOWN]:
        context.tell("send.failed", key=key, why=why_words(reason), said=f"({said})" if said else "")
    for code, (count, moment) in sorted(report.waiting.items()):
        if count and moment is not None:
            context.tell("send.waiting_until", creditor=code, count=count, moment=_there(code, moment))
            _print_hours(code, count, report.waiting_from.get(code, []))
        elif count:
            context.tell("send.waiting", creditor=code, count=count)
    for channel, (reason, said) in sorted(report.stopped.items()):
        said = f"({said})" if said else ""
        _warn("send.stopped", channel=channel_words(channel, spoken), why=why_words(reason), said=said)
    for problem in report.refused:
        _warn(problem.code, **problem.params)
    for key in report.unknown:
        _warn("send.unknown", key=key)


def _print_hours(code: str, count: int, groups: list[tuple[datetime, int]]) -> None:
    """From when on how many may leave, where not all may at once."""
    at_once = count - sum(each for _, each in groups)
    if not at_once and len(groups) == 1:
        # the line before has said it
        return
    if at_once:
        context.tell("send.waiting_now", count=f"{at_once:,}")
    for moment, each in groups[:SHOWN]:
        context.tell("send.waiting_from", count=f"{each:,}", moment=_there(code, moment))
    if rest := sum(each for _, each in groups[SHOWN:]):
        context.tell("send.waiting_later", count=f"{rest:,}")


def _there(code: str, moment: datetime) -> str:
    """A moment on the creditor's clock."""
    owner = creditors.find(code)
    zone = owner.zone if owner else "UTC"
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _warn(code: str, **params: Any) -> None:
    click.echo(click.style(context.words(code, **params), bold=True), err=True)


def _as_json(report: SendReport) -> dict[str, Any]:
    return {
        "sent": [
            {"channel": channel, "stage": stage, "count": count}
            for (channel, stage), count in sorted(report.sent.items())
        ],
        "cancelled": dict(sorted(report.cancelled.items())),
        "later": dict(sorted(report.later.items())),
        "broken": [{"key": key, "why": why} for key, why in report.broken],
        "without_interest": [
            {"key": key, "invoice": number, "why": str(why)} for key, number, why in report.without_interest
        ],
        "undeliverable": [{"key": key, "reason": reason, "said": said} for key, reason, said in report.failed],
        "unknown": report.unknown,
        "taken_back": report.again,
        "stopped": {name: {"reason": reason, "said": said} for name, (reason, said) in sorted(report.stopped.items())},
        "refused": [{"code": problem.code, "words": str(problem)} for problem in report.refused],
        "waiting": {
            code: {
                "count": count,
                "next_at": moment.isoformat() if moment else None,
                "from": [
                    {"at": minute.isoformat(), "count": each} for minute, each in report.waiting_from.get(code, [])
                ],
            }
            for code, (count, moment) in sorted(report.waiting.items())
        },
        "letters": sorted(str(folder) for folder in report.letters),
    }
