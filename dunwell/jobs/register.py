"""Registers: what we were told about how somebody may be contacted, by hand and by list."""

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions import talks as acts
from dunwell.actions.business_day import day_start, today
from dunwell.actions.talks.lost_contact import borne_out_from
from dunwell.actions.talks.registers import KINDS, PLACES
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Channel
from dunwell.documents.finding_words import code_words, entry_words
from dunwell.documents.plain import plain
from dunwell.jobs.context import language, moment, show, tell, words
from dunwell.jobs.day_option import Day, Moment, meant_at
from dunwell.jobs.talks import acted, once
from dunwell.store.reads import creditors, registers
from dunwell.store.reads import talks as read


@click.group("register")
def register() -> None:
    """What we were told about how somebody may be contacted: consents, wishes, notices, lost contact."""


@register.command("add")
@click.argument("debtor")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--channel", type=click.Choice([str(c) for c in Channel]), help="Only on this channel.")
@click.option("--address", help="Only this number or address, as it is known; letter: the postal address.")
@click.option("--place", type=click.Choice(PLACES), help="Only at this place.")
@click.option("--purpose", help="Only for this purpose of a contact; of notice_sent: which notice it was.")
@click.option("--from", "start", type=Day(), help="First day (default: now).")
@click.option("--at", "told", type=Moment(), help="The moment we were told, e.g. 2026-11-24T10:30 (default: now).")
@click.option("--until", type=Day(), help="Last day (default: until it is ended).")
@click.option("--weekdays", help="Only on these, 1 is Monday: 1,2,3.")
@click.option("--hours", help="Only in these hours, on his clock: 15:00-17:00.")
@click.option("--evidence", default="", help="How we know, in words that a reader years later understands.")
@once
def register_add(
    debtor: str,
    kind: str,
    channel: str | None,
    address: str | None,
    place: str | None,
    purpose: str | None,
    start: date | None,
    told: datetime | None,
    until: date | None,
    weekdays: str | None,
    hours: str | None,
    evidence: str,
    key: str | None,
    code: str | None,
) -> None:
    """Record what DEBTOR, or somebody who may speak for him, told us. The kinds stand in docs/contact-rules.md.

    Requests to cease, lawyers, minors and other holds: dunwell hold set.
    """
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor)
    entry = acts.add_entry(
        debtor=owner,
        kind=kind,
        channel=Channel(channel) if channel else None,
        contact_point=read.address(owner, address) if address is not None else None,
        place=place,
        purpose=purpose,
        from_date=start,
        from_at=told and meant_at(told, creditor.zone),
        until_date=until,
        weekdays=_weekdays(weekdays),
        hours=_hours(hours),
        evidence=evidence,
        **acted(key),
    )
    scope = words("register.scope", scope=_scope(entry)) if _scope(entry) else ""
    named = {"entry": entry.pk, "number": owner.number, "what": entry_words(kind, language()), "scope": scope}
    since = format_date(_since(entry, creditor), language())
    if entry.until_date:
        tell("register.added_until", start=since, until=format_date(entry.until_date, language()), **named)
    else:
        tell("register.added", start=since, **named)
    if kind == "lost_contact":
        proven = borne_out_from(owner, moment())
        if proven is None:
            tell("register.not_borne_out")
        else:
            tell("register.borne_out", day=format_date(proven, language()))


@register.command("end")
@click.argument("entry_id", metavar="ID")
@click.option("--note", default="", help="Why.")
@once
def register_end(entry_id: str, note: str, key: str | None, code: str | None) -> None:
    """End an entry: from today it holds no longer."""
    ended = acts.end_entry(entry=registers.entry(creditors.choose(code), entry_id), note=note, **acted(key))
    tell("register.ended", entry=ended.pk)


@register.command("list")
@click.option("--debtor", help="Only of this debtor.")
@click.option("--all", "every", is_flag=True, help="Also those that are over.")
@click.option("--as-known-on", "known", type=Day(), help="As it was known at the end of this day.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def register_list(debtor: str | None, every: bool, known: date | None, as_json: bool, code: str | None) -> None:
    """List the entries that stand."""
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor) if debtor is not None else None
    day = known or today(creditor, moment())
    then = None if known is None else min(day_start(creditor, date.fromordinal(known.toordinal() + 1)), moment())
    found = registers.entries(creditor, owner, over=every, today=day, known_at=then)
    if as_json:
        click.echo(json.dumps([_data(each, creditor) for each in found], ensure_ascii=False, indent=1))
    elif not found:
        click.echo(words("register.none"))
    else:
        _print(found, creditor)


def _data(entry: Any, creditor: Any) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "debtor": entry.debtor.number,
        "kind": entry.kind,
        "from": entry.from_at.isoformat() if entry.from_at else _since(entry, creditor).isoformat(),
        "until": entry.until_date.isoformat() if entry.until_date else None,
        "channel": entry.channel,
        "address": entry.contact_point.value if entry.contact_point else None,
        "place": entry.place,
        "purpose": entry.purpose,
        "weekdays": [int(day) for day in (entry.weekdays or "").split()],
        "hours": [entry.hours_from, entry.hours_until] if entry.hours_from else None,
        "evidence": entry.evidence,
        "recorded_by": entry.recorded_by,
    }


def _print(found: list[Any], creditor: Any) -> None:
    names = ("id", "debtor", "kind", "scope", "from", "until", "evidence")
    table = Table(*(Column(words(f"list.column.{name}"), no_wrap=name in ("id", "debtor")) for name in names))
    for each in found:
        cells = (
            str(each.pk), plain(each.debtor.number, 120), entry_words(each.kind, language()), _scope(each) or "-",
            format_date(_since(each, creditor), language()),
            format_date(each.until_date, language()) if each.until_date else "-", plain(each.evidence, 120) or "-",
        )  # fmt: skip
        table.add_row(*(Text(cell) for cell in cells))
    show(table)


def _since(entry: Any, creditor: Any) -> date:
    """The first day at the creditor's place."""
    first: date = entry.from_at.astimezone(ZoneInfo(creditor.zone)).date() if entry.from_at else entry.from_date
    return first


def _scope(entry: Any) -> str:
    """What the entry is limited to, in words."""
    point = entry.contact_point
    parts = [
        words(f"channel.{entry.channel}") if entry.channel else "",
        plain(point.value or words("channel.letter"), 80) if point else "",
        code_words(entry.place, language()) if entry.place else "",
        code_words(entry.purpose, language()) if entry.purpose else "",
        words("explain.comma").join(words(f"finding.weekday.{day}") for day in (entry.weekdays or "").split()),
        f"{entry.hours_from}-{entry.hours_until}" if entry.hours_from else "",
    ]
    return words("explain.comma").join(part for part in parts if part)


def _weekdays(text: str | None) -> tuple[int, ...]:
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) == 1 for part in parts):
        raise DunwellError("register.bad_weekdays")
    return tuple(int(part) for part in parts)


def _hours(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    start, _, until = text.partition("-")
    return start.strip(), until.strip()
