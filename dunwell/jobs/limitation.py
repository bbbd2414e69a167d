"""`dunwell limitation`: which claims may soon be time-barred, and what would save them; and the story of one claim."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import click
import polars as pl
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import day_start, today
from dunwell.actions.facts import facts_of
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import plain_amount
from dunwell.core.terms import ReceivableKind
from dunwell.documents.plain import plain
from dunwell.engine.book.cash import apply_cash
from dunwell.engine.book.claims import net_items
from dunwell.engine.limitation.clock import alarms, court_dates
from dunwell.engine.limitation.stored_clocks import RECORDS, StoredClaims, calendar_of, stored_claims, stored_clocks
from dunwell.engine.limitation.story import story
from dunwell.jobs.context import language, moment, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.jobs.limitation_records import RECORDING
from dunwell.rulebook.limitation_rules import limitation_rules
from dunwell.store.reads import creditors
from dunwell.store.reads import limitation as read
from dunwell.store.reads import talks as read_talks

PLACES = (
    "CN",
    "TW",
    "DE",
    "GB",
    "UK-ENG",
    "UK-SCT",
    "HK",
    "SG",
    "JP",
    "US",
    "US-CA",
    "US-FL",
    "US-IL",
    "US-NY",
    "US-TX",
)

_PLACE = click.option(
    "--place", type=click.Choice(PLACES), help="Whose law claims fall under that do not say (default: the creditor's)."
)
_AS_OF = click.option("--as-of", type=Day(), help="Any day (default: today at the creditor's place).")
_KNOWN = click.option("--as-known-then", is_flag=True, help="Use only what was known by the end of that day.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
_CREDITOR = click.option("--creditor", "code", help="Whose book.")


@dataclass(frozen=True, slots=True)
class _Clocks:
    """The clocks of a book on a day."""

    day: date
    law: str
    stored: StoredClaims
    found: pl.DataFrame
    items: pl.DataFrame
    guarantors: Mapping[int, str]


@click.group("limitation", invoke_without_command=True)
@click.option("--within", type=click.IntRange(0, 36_600), default=180, show_default=True, help="Days ahead.")
@_PLACE
@_AS_OF
@_KNOWN
@_JSON
@_CREDITOR
@click.pass_context
def limitation(
    ctx: click.Context,
    within: int,
    place: str | None,
    as_of: date | None,
    *,
    as_known_then: bool,
    as_json: bool,
    code: str | None,
) -> None:
    """List the claims that may become time-barred within so many days, the most urgent first, and what saves them.

    Guarantees stand as claims of their own, and so do the last days to file a claim in an insolvency. With one of the
    commands below, record what moves a clock, or show the story of one claim.

    The cautious date is the earliest defensible end: only proven events count, and each doubt is to the creditor's
    disadvantage. No rule here replaces a lawyer's look; see docs/limitation.md.
    """
    if ctx.invoked_subcommand is not None:
        given = [
            name for name in ctx.params if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        ]
        if given:
            option = next(each for each in ctx.command.params if each.name == given[0]).opts[0]
            raise DunwellError("limitation.option_of_the_list", option=option, command=ctx.invoked_subcommand)
        return
    told = _clocks(code, place, as_of, as_known_then=as_known_then, debtors=None)
    rows = _alarm_rows(told, within)
    states = dict(told.found.group_by("state").len().sort("state").rows())
    if as_json:
        data = {"as_of": told.day, "place": told.law, "claims": told.found.height, "states": states, "alarms": rows}
        click.echo(json.dumps(data, default=str, ensure_ascii=False, indent=2))
        return
    head = {"day": _day(told.day), "place": told.law, "claims": told.found.height, "days": within, "count": len(rows)}
    tell("limitation.head", **head)
    remedies = _show_alarms(rows)
    for names, number in remedies.items():
        tell("limitation.remedy", number=number, listed=_remedy(names))
    for state in ("unknown", "doubtful", "expired", "extinguished"):
        if states.get(state):
            tell("limitation.counted", state=words(f"limitation.{state}"), count=states[state])
    # of the rows shown alone: a doubt about a claim that is only counted would read as one about these
    for why in sorted({code for row in rows for code in row["why"]}):
        tell("limitation.because", why=words(f"limitation.{why}"))


@limitation.command("show")
@click.argument("item")
@_PLACE
@_AS_OF
@_KNOWN
@_JSON
@_CREDITOR
def show_item(
    item: str, place: str | None, as_of: date | None, *, as_known_then: bool, as_json: bool, code: str | None
) -> None:
    """Show how ITEM came to its dates: the period, each event with its effect and proof, and what would save it.

    What was recorded by hand has a letter and a number, e.g. E12, by which `dunwell limitation withdraw` takes it back.
    """
    creditor = creditors.choose(code)
    receivable = read_talks.receivable(creditor, item)
    if receivable.kind == ReceivableKind.CHARGE:
        raise DunwellError("limitation.no_clock", item=receivable.number)
    told = _clocks(code, place, as_of, as_known_then=as_known_then, debtors=read.concerned(receivable))
    mine = told.found.filter(pl.col("receivable_id") == receivable.pk)
    if mine.is_empty():
        raise DunwellError("limitation.not_open", item=receivable.number, day=told.day.isoformat())
    claims = [
        _claim(told, row)
        # the claim itself before its guarantees
        for row in mine.sort(pl.col("guarantee_id").is_not_null(), "guarantee_id").rows(named=True)
    ]
    recorded = [] if as_known_then else [_record(each) for each in read.of_item(receivable)]
    if as_json:
        data = {"item": receivable.number, "as_of": told.day, "claims": claims, "recorded": recorded}
        click.echo(json.dumps(data, default=str, ensure_ascii=False, indent=2))
        return
    for claim in claims:
        _show_claim(receivable.number, claim)
    for each in recorded:
        tell("limitation.record_line", record=each["record"], told=_told(each))


for _command in RECORDING:
    limitation.add_command(_command)


def _clocks(
    code: str | None, place: str | None, as_of: date | None, *, as_known_then: bool, debtors: list[int] | None
) -> _Clocks:
    """The clocks of a book, or of the part of it that concerns these debtors."""
    creditor = creditors.choose(code)
    law = place or creditor.country
    day = as_of or today(creditor, moment())
    known_at = day_start(creditor, day + timedelta(days=1)) if as_known_then else None
    facts = facts_of(creditor, known_at=known_at, debtors=debtors).on(day)
    stored = stored_claims(facts, read.frames(creditor, RECORDS, known_at=known_at), day, law)
    if law not in PLACES and set(stored.claims["place"]) <= {law}:
        raise DunwellError("limitation.place_unknown", place=law, known=", ".join(PLACES))
    found = stored_clocks(stored, day, limitation_rules())
    items = (
        net_items(facts, day, apply_cash(facts), netting=True)
        .select(
            "receivable_id",
            "debtor_id",
            "currency",
            "open_minor",
            item="number",
            covered_minor=pl.col("demand_minor") - pl.col("net_minor"),
        )
        .join(facts["debtors"].select("debtor_id", debtor="number"), on="debtor_id")
    )
    return _Clocks(day, law, stored, found, items, read.guarantor_names(creditor))


def _alarm_rows(told: _Clocks, within: int) -> list[dict[str, Any]]:
    clocks = told.found.select(
        "claim_id", "receivable_id", "guarantee_id", "place", "kind", "strict_date", "may_threaten_suit"
    )
    urgent = (
        alarms(told.found, within, told.stored.filings)
        .join(clocks, on="claim_id", maintain_order="left")
        .join(told.items, on="receivable_id", maintain_order="left")
    )
    return [
        {
            "alarm": row["alarm"], "item": row["item"], "guarantor": told.guarantors.get(row["guarantee_id"]),
            "debtor": row["debtor"], "currency": row["currency"],
            "open": plain_amount(row["open_minor"], row["currency"]),
            "covered": plain_amount(row["covered_minor"], row["currency"]) if row["covered_minor"] else None,
            "place": row["place"], "kind": row["kind"],
            "cautious_date": row["last_date"],
            "strict_date": row["strict_date"] if row["alarm"] == "limitation" else None,
            "days_left": row["days_left"], "state": row["state"], "saved_by": row["saved_by"], "why": row["why"],
            "rule": row["rule"], "verified": row["verified"], "may_threaten_suit": row["may_threaten_suit"],
        }
        for row in urgent.rows(named=True)
    ]  # fmt: skip


def _show_alarms(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], int]:
    """The table; and each way to save a claim, with the number by which the table calls it."""
    table = Table(
        words("limitation.column.item"), words("limitation.column.debtor"),
        Column(words("limitation.column.open"), justify="right"), words("limitation.column.cautious"),
        words("limitation.column.strict"), Column(words("limitation.column.left"), justify="right"),
        words("limitation.column.saved_by"),
    )  # fmt: skip
    remedies: dict[tuple[str, ...], int] = {}
    for row in rows:
        number = remedies.setdefault(tuple(row["saved_by"]), len(remedies) + 1)
        item = plain(str(row["item"]))
        if row["guarantor"] is not None:
            item = words("limitation.guarantee_of", item=item, guarantor=plain(row["guarantor"], 60))
        table.add_row(
            Text(item), Text(plain(str(row["debtor"]))), _open(row),
            row["cautious_date"].isoformat(),
            row["strict_date"].isoformat() if row["strict_date"] else "-", str(row["days_left"]),
            f"({number})",
        )  # fmt: skip
    if rows:
        show(table)
    return remedies


def _open(row: Mapping[str, Any]) -> str:
    """What is open; beside it how much of that money covers which is not allocated to anything yet."""
    told = f"{row['currency']} {row['open']}"
    return told if row["covered"] is None else words("limitation.covered", open=told, covered=row["covered"])


def _claim(told: _Clocks, clock: Mapping[str, Any]) -> dict[str, Any]:
    """Everything about one clock."""
    rules = limitation_rules()
    mine = pl.col("claim_id") == clock["claim_id"]
    claim, events = told.stored.claims.filter(mine), told.stored.events.filter(mine)
    steps = story(claim, events, rules, calendar_of(claim, told.day), told.day)
    by_id = {each.id: each for each in rules.clocks}
    rule = by_id.get(clock["rule"])
    filings = told.stored.filings.filter(mine)["file_by_date"].to_list()
    happened = events.filter(pl.col("event_date") <= told.day)
    return {
        "guarantor": told.guarantors.get(clock["guarantee_id"]), "place": clock["place"], "kind": clock["kind"],
        "due_date": claim["due_date"].item(), "agreed_until": claim["agreed_until"].item(), "rule": clock["rule"],
        "title": rule.title if rule else None, "source": rule.citation.source if rule else None,
        "effects_source": rule.effects_citation.source if rule else None, "confidence": clock["confidence"],
        "verified": clock["verified"],
        "events": [_step(row) for row in steps.rows(named=True)],
        "counts_from": clock["start_date"], "strict_counts_from": clock["strict_start_date"],
        "cautious_date": clock["cautious_date"], "strict_date": clock["strict_date"], "state": clock["state"],
        "saved_by": clock["saved_by"], "why": clock["why"], "may_threaten_suit": clock["may_threaten_suit"],
        "threat_rule": clock["threat_rule"], "file_by_date": filings[0] if filings else None,
        "court_dates": court_dates(claim, happened, rules).select("what", "last_date", "rule", "proven").to_dicts(),
    }  # fmt: skip


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    """An event: what is recorded by hand is called by its letter, all else by where it comes from."""
    name = f"E{row['source_id']}" if row["source"] == "event" else f"{row['source']} {row['source_id']}"
    return {
        "record": name, "event": row["event_kind"], "date": row["event_date"], "until": row["until_date"],
        "proof": row["proof"] or None, "effect": row["effect"], "too_early": row["too_early"], "counts": row["counts"],
        "strict_counts": row["strict_counts"], "cautious_date": row["cautious_date"], "strict_date": row["strict_date"],
    }  # fmt: skip


def _show_claim(item: str, claim: Mapping[str, Any]) -> None:
    name = plain(item)
    if claim["guarantor"] is not None:
        name = words("limitation.guarantee_of", item=name, guarantor=plain(claim["guarantor"], 60))
    tell(
        "limitation.story", item=name, place=claim["place"], kind=words(f"limitation.kind.{claim['kind']}"),
        due=claim["due_date"].isoformat(),
    )  # fmt: skip
    if claim["rule"] is not None:
        tell(
            "limitation.story_rule", title=claim["title"][language()], rule=claim["rule"], source=claim["source"],
            effects=claim["effects_source"], confidence=words(f"confidence.{claim['confidence']}"),
        )  # fmt: skip
    if claim["events"]:
        show(_events_table(claim["events"]))
    if claim["rule"] is not None:
        tell(
            "limitation.story_dates", start=claim["counts_from"].isoformat(),
            cautious=claim["cautious_date"].isoformat(),
            strict=claim["strict_date"].isoformat() if claim["strict_date"] else words("limitation.open"),
        )  # fmt: skip
    tell("limitation.story_state", state=words(f"limitation.{claim['state']}"))
    if claim["rule"] is not None:
        tell("limitation.story_saved", listed=_remedy(tuple(claim["saved_by"])))
    if claim["file_by_date"] is not None:
        tell("limitation.story_filing", day=_day(claim["file_by_date"]))
    for each in claim["court_dates"]:
        tell("limitation.story_court", what=words(f"limitation.{each['what']}"), day=_day(each["last_date"]))
    for why in claim["why"]:
        tell("limitation.because", why=words(f"limitation.{why}"))


def _events_table(events: list[dict[str, Any]]) -> Table:
    names = ("record", "day", "event", "effect", "proof", "cautious_after", "strict_after")
    table = Table(*(words(f"limitation.column.{name}") for name in names))
    for each in events:
        day = each["date"].isoformat() + (f" - {each['until'].isoformat()}" if each["until"] else "")
        table.add_row(
            _where(each["record"]), day, words(f"limitation.event.{each['event']}"),
            _effect(each),
            Text(plain(each["proof"], 80) if each["proof"] else words("limitation.unproven")),
            *(each[name].isoformat() if each[name] else "-" for name in ("cautious_date", "strict_date")),
        )  # fmt: skip
    return table


def _effect(event: Mapping[str, Any]) -> str:
    """What an event does, and in which reading."""
    if event["effect"] is None:
        return "-"
    told = words(f"limitation.effect.{event['effect']}")
    if event["too_early"]:
        return words("limitation.effect_too_early", effect=told)
    if event["effect"] in ("nothing", "not_stated") or event["counts"]:
        return told
    return words("limitation.effect_strict" if event["strict_counts"] else "limitation.effect_void", effect=told)


def _where(name: str) -> str:
    source, _, number = name.partition(" ")
    return words(f"limitation.source.{source}", number=number) if number else name


def _record(record: Any) -> dict[str, Any]:
    """What was told by hand and stands."""
    hidden = ("id", "creditor_id", "source_id", "known_from", "receivable_id", "debtor_id", "guarantor_id",
              "withdrawn_date")  # fmt: skip
    fields = [each.attname for each in record._meta.concrete_fields if each.attname not in hidden]
    told = {name: getattr(record, name) for name in fields if getattr(record, name) not in (None, "")}
    return {"record": read.reference(record), **told}


def _told(record: Mapping[str, Any]) -> str:
    told = {name: value for name, value in record.items() if name != "record"}
    said: dict[str, Callable[[Any], str]] = {
        "kind": lambda kind: words(f"limitation.kind.{kind}" if record["record"][0] == "C" else f"guarantee.{kind}"),
    }
    return words("limitation.or").join(
        words(
            "limitation.told", field=words(f"limitation.field.{name}"),
            value=said[name](value) if name in said else plain(str(value), 80),
        )
        for name, value in told.items()
    )  # fmt: skip


def _remedy(names: tuple[str, ...]) -> str:
    return words("limitation.or").join(words(f"limitation.{name}") for name in names) or words("limitation.too_late")


def _day(day: date) -> str:
    return format_date(day, language())
