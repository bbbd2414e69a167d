"""`dunwell journal`: what happened, and whether anybody changed it since."""

import json
from datetime import date

import click

from dunwell.actions.business_day import day_start
from dunwell.documents.plain import plain
from dunwell.jobs.context import tell, words
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
    """Show the journal, the oldest entry first.

    With --json each line holds `commitment`, `entry` and `salt`: the commitment is the SHA-256 of the bytes
    "dunwell.journal.v1", the salt, and the entry as canonical JSON (RFC 8785), as it stands in the line.
    """
    creditor = creditors.choose(code)
    owner = talks.debtor(creditor, debtor) if debtor is not None else None
    found = read.entries(
        creditor, debtor=owner, event=event, since=day_start(creditor, since) if since is not None else None
    )
    shown = False
    for entry in found:
        click.echo(_proof(entry) if as_json else _line(entry))
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


def _line(entry: read.Entry) -> str:
    body = json.dumps(entry.content()["body"], ensure_ascii=False)
    moment = f"{entry.recorded_at:%Y-%m-%d %H:%M:%SZ}"
    parts = (moment, entry.event, plain(entry.number or "-", 40), plain(entry.actor, 40), plain(body, 300))
    return "  ".join(parts)
