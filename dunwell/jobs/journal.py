"""`dunwell journal`: what happened, and whether anybody changed it since."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from dunwell.actions.business_day import day_start
from dunwell.core.money import DIGITS, format_money
from dunwell.documents.plain import plain
from dunwell.jobs.context import language, tell, words
from dunwell.jobs.day_option import Day
from dunwell.store.reads import creditors, talks
from dunwell.store.reads import journal as read


@click.group("journal")
def journal() -> None:
    """What happened: show it, and check that nobody changed it."""


@journal.command("show")
@click.option("--debtor", help="Only what concerns this debtor.")
@click.option("--event", help="Only this event (promise.made), or all of a noun (promise).")
@click.option("--since", type=Day(), help="Only what was recorded on this day or later.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with salt and commitment, for proof.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def show(debtor: str | None, event: str | None, since: date | None, as_json: bool, code: str | None) -> None:
    """Show the journal, the oldest entry first: what happened, when, about whom, and who did it.

    With --json each line holds `commitment`, `entry` and `salt`: the commitment is the SHA-256 of the bytes
    "dunwell.journal.v1", the salt, and the entry as canonical JSON (RFC 8785), as it stands in the line.
    """
    creditor = creditors.choose(code)
    owner = talks.debtor(creditor, debtor) if debtor is not None else None
    found = read.entries(
        creditor, debtor=owner, event=event, since=day_start(creditor, since) if since is not None else None
    )
    shown = False
    zone = ZoneInfo(creditor.zone)
    for entry in found:
        click.echo(_proof(entry) if as_json else "\n".join(_told(entry, zone)))
        shown = True
    if not shown and not as_json:
        tell("journal.nothing")


@journal.command("check")
@click.pass_context
def check(ctx: click.Context) -> None:
    """Recompute the commitment of every entry. Exit code 1 when one does not fit."""
    found = read.check()
    if found.bad:
        problem = words(found.problem or "", entry=found.first_bad)
        tell("journal.bad", entries=found.entries, bad=found.bad, problem=problem)
        ctx.exit(1)
    tell("journal.good", entries=found.entries)


def _proof(entry: read.Entry) -> str:
    # the very bytes that were committed to, so that a reader need not make them canonical again
    canonical = entry.body.decode("utf-8", "replace")
    return f'{{"commitment":"{entry.commitment.hex()}","entry":{canonical},"salt":"{entry.salt.hex()}"}}'


def _told(entry: read.Entry, zone: ZoneInfo) -> Iterator[str]:
    """An entry in lines: what, when, about whom, by whom; then its body, a line for each thing it says."""
    content = entry.content()
    at, recorded = (datetime.fromisoformat(content[name]).astimezone(zone) for name in ("at", "recorded_at"))
    yield words(
        "journal.entry" if entry.number else "journal.entry_of_none",
        moment=f"{at:%Y-%m-%d %H:%M:%S}",
        event=entry.event,
        number=plain(entry.number or "", 60),
        actor=plain(entry.actor, 60),
    )
    if abs(recorded - at) >= _APART:
        yield "    " + words("journal.recorded", moment=f"{recorded:%Y-%m-%d %H:%M:%S}")
    body = content["body"]
    currency = body["amount"]["currency"] if isinstance(body.get("amount"), dict) else body.get("currency")
    said = list(_lines(body, currency))
    yield from (f"    {line}" for line in said[:_LINES])
    if len(said) > _LINES:
        yield "    " + words("journal.more_lines", count=len(said) - _LINES)


def _lines(value: Any, currency: Any, name: str = "") -> Iterator[str]:
    """The lines of a body: names as they stand in the entry, amounts of money as people write them."""
    match value:
        case None | "" | []:
            return
        case {"minor": minor, "currency": str(own)} if len(value) == 2 and own in DIGITS:
            yield f"{name}: {format_money(int(minor), own, language())}"
        case dict():
            for key, each in value.items():
                # sums of a run stand below the name of their currency
                inner = key if key in DIGITS else value.get("currency") or currency
                yield from _lines(each, inner, f"{name}.{key}" if name else str(key))
        case list() if all(isinstance(each, dict) for each in value):
            for each in value:
                parts = _lines(each, each.get("currency", currency))
                yield f"{name}: {plain(', '.join(parts), 300)}"
        case list():
            yield f"{name}: {plain(', '.join(str(each) for each in value), 300)}"
        case int() if name.endswith("_minor") and currency in DIGITS:
            yield f"{name.removesuffix('_minor')}: {format_money(value, currency, language())}"
        case _:
            yield f"{name}: {plain(str(value), 300)}"


_APART = timedelta(minutes=1)
_LINES = 40
"""Longer bodies (a run's, an import's) are cut on the screen; `--json` holds all."""
