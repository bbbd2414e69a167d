"""`dunwell release`: which messages leave without anybody looking at them."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import click

from dunwell.actions.business_day import today
from dunwell.actions.release import set_release
from dunwell.core.errors import DunwellError
from dunwell.core.money import format_money
from dunwell.core.terms import WRITTEN_STAGES, Note, Stage
from dunwell.documents.decision_words import message_words, stage_words
from dunwell.intake.amounts import parse_one
from dunwell.jobs.context import language, moment, operator, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.release import Release
from dunwell.store.reads import creditors
from dunwell.store.reads import release as read

NONE = "none"
WAITING = (*(stage.word for stage in WRITTEN_STAGES), *(note.value for note in Note))
"""What may always wait: a step that is written, or a message about a promise."""


@click.group("release")
def release() -> None:
    """Say which messages of a run leave by themselves, and which wait for a person (`dunwell review`)."""


@release.command()
@click.option("--as-of", type=Day(), help="The day (default: today).")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(as_of: date | None, code: str | None, as_json: bool) -> None:
    """The setting of a day, and who set what from which day on."""
    creditor = creditors.choose(code)
    day = as_of or today(creditor, moment())
    if as_json:
        found = {"as_of": day.isoformat(), **_plain(read.release_of(creditor, day)), "set": _set(creditor)}
        click.echo(json.dumps(found, indent=1))
        return
    _print(creditor, read.release_of(creditor, day), day)
    for row, was, now in read.changes_of(creditor):
        tell("release.set_by", day=row.from_date.isoformat(), by=row.set_by)
        _tell_difference(was, now)


def _plain(found: Release) -> dict[str, Any]:
    return {**asdict(found), "waiting_stages": [stage.word for stage in found.waiting_stages]}


def _set(creditor: Any) -> list[dict[str, Any]]:
    """Who set what from which day on: of each field that changed, what it was and what it is."""
    found = []
    for row, was, now in read.changes_of(creditor):
        before, after = _plain(was), _plain(now)
        changed = {name: {"was": before[name], "now": after[name]} for name in after if before[name] != after[name]}
        found.append({"from": row.from_date.isoformat(), "by": row.set_by, "changed": changed})
    return found


@release.command("set")
@click.option("--automatic/--by-hand", "automatic", default=None, help="Do messages leave by themselves at all?")
@click.option("--most-messages", metavar="N", help="So many a day leave by themselves; none: any number.")
@click.option(
    "--most-amount", "amounts", multiple=True, metavar="CUR=AMOUNT",
    help="A message that asks for more waits, e.g. EUR=50000; EUR=none: no limit.",
)  # fmt: skip
@click.option(
    "--waits", "stages", multiple=True, type=click.Choice([*WAITING, NONE]),
    help="Messages of these stages always wait, and no others (may be repeated); of these kinds about a promise "
    "likewise. Naming stages leaves the kinds as they are, and the other way round; none, alone: nothing waits so.",
)  # fmt: skip
@click.option("--times-usual", metavar="N", help="A run with more than N times the usual messages waits; none: never.")
@click.option("--usual-at-least", metavar="N", help="A usual number below this counts as this.")
@click.option("--quiet", metavar="MINUTES", help="So long a released message stays and can be taken back.")
@click.option("--from", "from_date", type=Day(), help="From which day on (default: today).")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def set_(
    automatic: bool | None,
    most_messages: str | None,
    amounts: tuple[str, ...],
    stages: tuple[str, ...],
    times_usual: str | None,
    usual_at_least: str | None,
    quiet: str | None,
    from_date: date | None,
    code: str | None,
) -> None:
    """Change the setting from a day on; what is not named stays. It holds for the runs of these days."""
    creditor = creditors.choose(code)
    now = moment()
    day = from_date or today(creditor, now)
    numbers = {
        "most_messages": most_messages, "times_usual": times_usual, "usual_at_least": usual_at_least,
        "quiet_minutes": quiet,
    }  # fmt: skip
    changes: dict[str, Any] = {name: _number(text) for name, text in numbers.items() if text is not None}
    if automatic is not None:
        changes["automatic"] = automatic
    changes |= _waiting(stages)
    if amounts:
        changes["most_minor"] = _amounts(read.release_of(creditor, day).most_minor, amounts)
    was = read.release_of(creditor, day)
    found = set_release(creditor=creditor, changes=changes, at=now, by=operator(), from_date=day)
    _print(creditor, found, day)
    tell("release.changed" if found != was else "release.unchanged")
    _tell_difference(was, found)


def _waiting(named: tuple[str, ...]) -> dict[str, Any]:
    """What is said of stages and of kinds about promises: of which none is named stays as it is."""
    if NONE in named:
        if set(named) != {NONE}:
            raise DunwellError("release.none_alone")
        return {"waiting_stages": (), "waiting_notes": ()}
    stages = tuple(stage for stage in WRITTEN_STAGES if stage.word in named)
    notes = tuple(note for note in Note if note in named)
    return ({"waiting_stages": stages} if stages else {}) | ({"waiting_notes": notes} if notes else {})


def _number(text: str) -> int | None:
    if text.strip().lower() == NONE:
        return None
    try:
        return int(text)
    except ValueError:
        raise DunwellError("release.bad_number", value=text[:40]) from None


def _amounts(before: dict[str, int], wanted: tuple[str, ...]) -> dict[str, int]:
    after = dict(before)
    for each in wanted:
        currency, _, amount = each.partition("=")
        currency = currency.strip().upper()
        if not amount.strip():
            raise DunwellError("release.bad_amount", currency=each[:10])
        if amount.strip().lower() == NONE:
            after.pop(currency, None)
        else:
            after[currency] = parse_one(amount, currency)
    return after


def _print(creditor: Any, found: Release, day: date) -> None:
    tell("release.head", creditor=creditor.code, day=day.isoformat())
    for line in _lines(found):
        click.echo(line)


def _tell_difference(was: Release, now: Release) -> None:
    """The lines that only the one has, and those that only the other has."""
    before, after = _lines(was), _lines(now)
    for code, lines, others in (("release.was", before, after), ("release.is", after, before)):
        for line in lines:
            if line not in others:
                tell(code, line=line.strip())


def _lines(found: Release) -> list[str]:
    """A setting in words, in the reader's language."""
    spoken = language()
    said = []
    if found.automatic:
        said.append(words("release.automatic"))
        if found.most_messages is not None:
            said.append(words("release.most_messages", value=f"{found.most_messages:,}"))
        if found.most_minor:
            sums = (format_money(minor, currency, spoken) for currency, minor in sorted(found.most_minor.items()))
            said.append(words("release.most_minor", value=", ".join(sums)))
        if found.waiting_stages:
            stages = (stage_words(each, spoken) for each in found.waiting_stages)
            said.append(words("release.waiting_stages", value=", ".join(stages)))
        if found.waiting_notes:
            kinds = (message_words(Stage.NONE, spoken, note.purpose) for note in found.waiting_notes)
            said.append(words("release.waiting_notes", value=", ".join(kinds)))
        if found.times_usual is not None:
            least = f"{found.usual_at_least:,}"
            said.append(words("release.times_usual", value=found.times_usual, least=least))
    else:
        said.append(words("release.by_hand"))
    said.append(words("release.quiet_minutes", value=found.quiet_minutes))
    return said
