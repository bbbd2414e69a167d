"""`dunwell review`: look at what the run proposes; release, hold, drop, change or take on what is about to leave."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.day import review as acts
from dunwell.actions.day import review_changes as changes
from dunwell.actions.sending.preview import Preview, previews
from dunwell.actions.sending.send import CHANNELS
from dunwell.core.errors import DunwellError
from dunwell.core.money import format_money
from dunwell.core.terms import WRITTEN_STAGES, OutboxState, Stage
from dunwell.documents.decision_words import channel_words, message_words
from dunwell.documents.plain import plain
from dunwell.jobs.context import language, moment, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.jobs.send import why_words
from dunwell.jobs.talks import acted
from dunwell.store.reads import creditors
from dunwell.store.reads import review as read
from dunwell.store.reads import talks as read_talks
from dunwell.store.reads.release import release_of

SHOWN = 20
"""So many held messages are named on the screen; `dunwell outbox list --state held` names all."""

OWNER = click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")


def _choice(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which messages are meant."""
    for option in (
        OWNER,
        click.option("--key", help="Repeating the command with the same key does it once."),
        click.option("--held", is_flag=True, help="Also what people hold; otherwise only where it is named."),
        click.option("--all", "everything", is_flag=True, help="All that wait."),
        click.option("--message", "keys", multiple=True, metavar="KEY", help="This message."),
        click.option("--debtor", "debtors", multiple=True, help="This debtor's."),
        click.option("--channel", "channels", multiple=True, type=click.Choice(CHANNELS), help="Of this channel."),
        click.option(
            "--stage", "stages", multiple=True,
            type=click.Choice([stage.word for stage in (Stage.NONE, *WRITTEN_STAGES)]),
            help="Of this stage; none: messages about promises, which have none.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _chosen(
    stages: tuple[str, ...], channels: tuple[str, ...], debtors: tuple[str, ...], keys: tuple[str, ...],
    everything: bool, held: bool,
) -> acts.Chosen:  # fmt: skip
    return acts.Chosen(
        tuple(sorted(Stage[word.upper()] for word in stages)), tuple(sorted(channels)), tuple(sorted(debtors)),
        tuple(sorted(keys)), everything, held,
    )  # fmt: skip


@click.group("review", invoke_without_command=True)
@OWNER
@click.option("--samples", type=click.IntRange(0, 50), default=1, show_default=True, help="Of each stage and channel.")
@click.option("--letters", type=click.Path(file_okay=False, path_type=Path), help="Write sample letters there as PDF.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def review(ctx: click.Context, code: str | None, samples: int, letters: Path | None, as_json: bool) -> None:
    """What is about to leave, by stage and channel, with samples, and what waits for a person and why.

    The samples are decided and written as if they left now; nothing leaves. Without a release nothing leaves that
    waits; what was released can be held or dropped until it leaves.
    """
    if ctx.invoked_subcommand is not None:
        return
    creditor = creditors.choose(code)
    found, proposal = read.groups(creditor), acts.proposal_hash(creditor)
    made = _samples(creditor, samples)
    if letters is not None:
        _write_letters(letters, made)
    if as_json:
        click.echo(json.dumps(_as_json(creditor, proposal, found, made), ensure_ascii=False, indent=1))
        return
    if not found:
        tell("review.empty")
        return
    show(_table(creditor, proposal, found))
    for row in read.held(creditor, SHOWN):
        until = words("review.until_day", day=row.free_date.isoformat()) if row.free_date else None
        tell(
            "review.held_line", by=row.held_by, key=row.key, until=until or words("review.until_released"),
            note=plain(row.review_note, 200),
        )  # fmt: skip
    for each in made:
        _print_sample(each)
    if read.count_waiting(creditor):
        tell("review.next", hash=proposal)


def _samples(creditor: Any, count: int) -> list[Preview]:
    rows, at = read.samples(creditor, count), moment().astimezone(ZoneInfo(creditor.zone))
    return previews(creditor, rows, day=at.date(), moment=at) if rows else []


def _table(creditor: Any, proposal: str, found: list[dict[str, Any]]) -> Table:
    spoken = language()
    table = Table(
        words("send.column.stage"),
        words("list.column.channel"),
        Column(words("review.column.count"), justify="right"),
        Column(words("review.column.sum"), justify="right", no_wrap=True),
        words("list.column.state"),
        words("list.column.why"),
        title=words("review.head", creditor=creditor.code, hash=proposal),
        title_justify="left",
    )
    for row in found:
        table.add_row(
            message_words(row["stage"], spoken),
            channel_words(row["channel"], spoken),
            f"{row['count']:,}",
            format_money(row["total_minor"], row["currency"], spoken),
            _state(row["state"]),
            Text(why_words(row["state_reason"]) if row["state_reason"] else "-"),
        )
    return table


def _print_sample(each: Preview) -> None:
    spoken, row = language(), each.row
    click.echo()
    tell(
        "review.sample", key=row.key, name=plain(row.debtor.name, 60),
        stage=message_words(row.stage, spoken, row.purpose),
        channel=channel_words(row.channel, spoken),
    )  # fmt: skip
    if each.text:
        click.echo(f"{each.subject}\n\n{each.text}")
    else:
        tell("review.not_composed", why=_why_not(each))


def _why_not(each: Preview) -> str:
    return each.error.words(language()) if each.error is not None else why_words(each.why)


def _write_letters(folder: Path, made: list[Preview]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in made:
            if each.pages:
                (folder / f"{each.row.pk}.pdf").write_bytes(each.pages)
    except OSError as error:
        raise DunwellError("statement.not_written", path=str(folder), why=error.strerror or str(error)) from error


def _as_json(creditor: Any, proposal: str, found: list[dict[str, Any]], made: list[Preview]) -> dict[str, Any]:
    waits: Counter[str] = Counter()
    for row in found:
        if row["state"] == OutboxState.PREPARED:
            waits[row["state_reason"]] += row["count"]
    return {
        "creditor": creditor.code,
        "proposal": proposal,
        "groups": [{**row, "stage": Stage(row["stage"]).word} for row in found],
        "waits": dict(waits),
        "held": [
            {
                "key": row.key, "by": row.held_by, "reason": row.review_note,
                "until": row.free_date.isoformat() if row.free_date else None,
            }
            for row in read.held(creditor, 10_000)
        ],
        "samples": [
            {
                "key": each.row.key, "state": each.row.state, "stage": Stage(each.row.stage).word,
                "purpose": each.row.purpose, "channel": each.row.channel, "subject": each.subject, "text": each.text,
                "why_not": _why_not(each) if not each.text else None,
            }
            for each in made
        ],
    }  # fmt: skip


@review.command("release")
@click.option("--seen", metavar="PROPOSAL", help="Refuse when what waits is no longer what `dunwell review` showed.")
@_choice
def release(seen: str | None, key: str | None, code: str | None, **choice: Any) -> None:
    """Let messages leave that wait. Each is decided again just before it leaves."""
    creditor = creditors.choose(code)
    done = acts.release(creditor=creditor, chosen=_chosen(**choice), seen=seen, **acted(key))
    if quiet := release_of(creditor, today(creditor, moment())).quiet_minutes:
        tell("review.released_quiet", count=f"{done.count:,}", minutes=quiet)
    else:
        tell("review.released", count=f"{done.count:,}")
    _tell_others(done)


@review.command("hold")
@click.option("--until", type=Day(), help="The day whose run asks about them again (default: until released).")
@click.option("--reason", required=True, help="Why.")
@_choice
def hold(reason: str, until: date | None, key: str | None, code: str | None, **choice: Any) -> None:
    """Keep messages back, also released ones that have not left yet."""
    done = acts.hold(
        creditor=creditors.choose(code), chosen=_chosen(**choice), reason=reason, until=until, **acted(key)
    )
    if until is None:
        tell("review.held", count=f"{done.count:,}")
    else:
        tell("review.held_until", count=f"{done.count:,}", day=until.isoformat())
    _tell_others(done)


@review.command("drop")
@click.option("--reason", required=True, help="Why.")
@_choice
def drop(reason: str, key: str | None, code: str | None, **choice: Any) -> None:
    """Cancel messages. No run of today prepares them again; a later day decides afresh."""
    done = acts.drop(creditor=creditors.choose(code), chosen=_chosen(**choice), reason=reason, **acted(key))
    tell("review.dropped", count=f"{done.count:,}")
    _tell_others(done)


@review.command("reassign")
@click.option("--to", required=True, metavar="COLLECTOR", help="Whose task it becomes.")
@click.option("--until", type=Day(), help="Its last day (default: while the debtor stands where he stands).")
@click.option("--reason", required=True, help="Why.")
@_choice
def reassign(to: str, reason: str, until: date | None, key: str | None, code: str | None, **choice: Any) -> None:
    """Make messages somebody's tasks instead of sending them. No run prepares them again meanwhile."""
    done = changes.reassign(
        creditor=creditors.choose(code), chosen=_chosen(**choice), to=to, reason=reason, until=until, **acted(key)
    )
    tell("review.reassigned", count=f"{done.count:,}", to=to)
    if done.not_his:
        tell("review.not_his_stages", to=to, stages=", ".join(message_words(each, language()) for each in done.not_his))
    _tell_others(done)


@review.command("give-back")
@click.argument("debtor")
@click.option("--key", help="Repeating the command with the same key does it once.")
@OWNER
def give_back(debtor: str, key: str | None, code: str | None) -> None:
    """What somebody took on of DEBTOR is the program's again: the next run prepares it if it still holds."""
    done = changes.give_back(debtor=read_talks.debtor(creditors.choose(code), debtor), **acted(key))
    tell("review.given_back", count=f"{done.count:,}", number=debtor)


@review.command("edit")
@click.option("--to", metavar="CHANNEL|ADDRESS", help="Where it goes instead: a channel of the step, or an address.")
@click.option("--text", "personal", help="A paragraph of your own in it; empty takes it out.")
@click.option("--reason", required=True, help="Why.")
@_choice
def edit(
    to: str | None, personal: str | None, reason: str, key: str | None, code: str | None, **choice: Any
) -> None:  # fmt: skip
    """Change one message: where it goes, or a paragraph in it. Sums, days and the step stay as they are."""
    changes.edit(
        creditor=creditors.choose(code), chosen=_chosen(**choice), to=to, personal=personal, reason=reason, **acted(key)
    )
    tell("review.edited")


@review.command("deviations")
@click.option("--from", "since", type=Day(), help="The first day (default: 30 days before the last).")
@click.option("--until", type=Day(), help="The last day (default: today).")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@OWNER
def deviations(since: date | None, until: date | None, as_json: bool, code: str | None) -> None:
    """Where people did otherwise than a run proposed: what was held, dropped, edited or reassigned, by whom and why."""
    creditor = creditors.choose(code)
    last = until or today(creditor, moment())
    found = read.deviations(creditor, since or last - timedelta(days=30), last)
    if as_json:
        click.echo(json.dumps([{**each, "at": each["at"].isoformat()} for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        tell("review.no_deviations")
        return
    show(_counted(found))
    for each in found:
        to = words("review.deviation_to", to=plain(each["to"], 60)) if each["to"] else ""
        day = each["at"].astimezone(ZoneInfo(creditor.zone)).date().isoformat()
        tell(
            "review.deviation", day=day, by=each["by"], what=words(f"review.did.{each['what']}"), to=to,
            count=f"{each['count']:,}", reason=plain(each["reason"], 200),
        )  # fmt: skip


def _counted(found: list[dict[str, Any]]) -> Table:
    """How many messages, by stage and by what was done."""
    counts: Counter[tuple[str, str]] = Counter()
    for each in found:
        for stage, count in each["stages"].items():
            counts[stage, each["what"]] += count
    done = [event.removeprefix("review.") for event in read.DEVIATIONS]
    table = Table(
        words("send.column.stage"), *(Column(words(f"review.did.{what}"), justify="right") for what in done),
        title=words("review.deviations_head"), title_justify="left",
    )  # fmt: skip
    for stage in sorted({stage for stage, _ in counts}, key=lambda word: Stage[word.upper()]):
        named = message_words(int(Stage[stage.upper()]), language())
        table.add_row(named, *(f"{counts[stage, what]:,}" if counts[stage, what] else "-" for what in done))
    return table


def _tell_others(done: acts.Reviewed) -> None:
    for state, count in sorted(done.others.items()):
        tell("review.others", count=f"{count:,}", state=_state(state))


def _state(state: str) -> str:
    """The outbox's words; what is ready names no hour here."""
    return words("review.state.released" if state == OutboxState.RELEASED else f"outbox.{state}")
