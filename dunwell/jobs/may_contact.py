"""`dunwell may-contact`: what the rules say of a described contact; no database is asked or written."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import click

from dunwell.documents import finding_words as worded
from dunwell.engine.hours import AHEAD_DAYS
from dunwell.engine.situation import ChannelAnswer, Finding, answer
from dunwell.intake.situation_json import read_situation
from dunwell.jobs.context import language, words
from dunwell.jobs.description import described, schema_text
from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.places import members_of
from dunwell.rulebook.rule_pages import page_of
from dunwell.rulebook.rules_file import Rules, house_rules
from dunwell.rulebook.situation import Situation

_SCHEMA = "situation.schema.json"
_MAY_BE_UNKNOWN = {
    "debtor.kind": "debtor_kind", "debt.kind": "debt_kind", "creditor_kind": "creditor_kind",
}  # fmt: skip
_BEFORE = timedelta(days=3)


@click.command("may-contact")
@click.argument("source", type=click.File("r", encoding="utf-8-sig"), default="-", metavar="[FILE]")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of a description, and nothing else.")
def may_contact(source: TextIO, *, as_json: bool, schema: bool) -> None:
    """May we contact, then, by this channel, for this purpose? dunwell may-contact < situation.json

    The rules that speak, because of which numbers, until when, and the next hours in which none does. What the fields
    mean is said in docs/contact-rules.md. Nothing is stored.
    """
    if schema:
        click.echo(schema_text(_SCHEMA))
        return
    rules = house_rules()
    situation = with_holidays(read_situation(described(source, "may_contact.no_input")), rules)
    [answers] = answer([situation], rules)
    if as_json:
        click.echo(json.dumps(_data(situation, answers, rules), ensure_ascii=False, indent=2))
        return
    for line in _lines(situation, answers, rules):
        click.echo(line)


def with_holidays(situation: Situation, rules: Rules) -> Situation:
    """The situation with the public holidays around its moment: of the debtor's place, or where his country is not
    known, of all places that a rule about hours names."""
    day = situation.at.date()
    first, last = day - _BEFORE, day + timedelta(days=AHEAD_DAYS) + _BEFORE
    place = situation.debtor_place
    if place is not None:
        return replace(situation, days_off={place: frozenset(public_holidays(place, first, last))})
    named = {
        name
        for rule, value in rules.in_force(situation.rule_day, "hours")
        if value["holidays"] == "closed"
        for name in rule.scope.lists.get("place", ())
    }
    return replace(situation, days_off={name: _holidays(name, first, last) for name in sorted(named)})


def _holidays(name: str, first: date, last: date) -> frozenset[date]:
    """Of a place, or of all members of a union of states."""
    places = members_of(name) or {name}
    return frozenset(day for place in places for day in public_holidays(place, first, last))


def _lines(situation: Situation, answers: Sequence[ChannelAnswer], rules: Rules) -> Iterator[str]:
    spoken = language()
    at = worded.clock_words(situation.at, situation.asked_zones, situation.at.tzinfo, spoken)
    purpose = worded.code_words(situation.purpose, spoken)
    yield words("may_contact.head", at=at, purpose=purpose)
    yield from (words(code, **told) for code, told in _unknown(situation))
    same: dict[tuple[str, ...], list[str]] = {}
    for each in answers:
        same.setdefault(tuple(_channel_lines(situation, each, rules)), []).append(words(f"channel.{each.channel}"))
    for (verdict, *lines), channels in same.items():
        yield ""
        yield words("may_contact.channel", channel=words("explain.comma").join(channels), verdict=verdict)
        yield from (f"  {line}" for line in lines)


def _channel_lines(situation: Situation, each: ChannelAnswer, rules: Rules) -> Iterator[str]:
    """The verdict, and then the lines below it: channels with the same answer are told together."""
    yield worded.effect_words(each.verdict, language())
    for finding in each.findings:
        if finding.effect != "note":
            yield from _finding_lines(situation, finding, rules)
    yield _window(situation, each)
    notes = [finding for finding in each.findings if finding.effect == "note"]
    if notes:
        yield words("may_contact.notes")
        for finding in notes:
            yield from (f"  {line}" for line in _finding_lines(situation, finding, rules))


def _unknown(situation: Situation) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was not told, and what that means: codes of words with their parameters."""
    if situation.country is None:
        yield "may_contact.no_country" if situation.zones else "may_contact.no_place", {}
    elif (
        not situation.zones
        and len({situation.at.astimezone(ZoneInfo(z)).utcoffset() for z in situation.asked_zones}) > 1
    ):
        yield "may_contact.zones_of_country", {"count": len(situation.asked_zones), "country": situation.country}
    missing = [field for field, name in _MAY_BE_UNKNOWN.items() if getattr(situation, name) is None]
    if missing:
        yield "may_contact.unknown", {"fields": ", ".join(missing)}


def _finding_lines(situation: Situation, finding: Finding, rules: Rules) -> Iterator[str]:
    rule = rules.named(finding.rule)
    yield _sentence(situation, finding, rules)
    if finding.effect == "presumed-violation" and rule.rebuttal:
        yield "  " + worded.rebuttal_words(rule, language())
    yield "  " + page_of(rule)


def _sentence(situation: Situation, finding: Finding, rules: Rules) -> str:
    rule = rules.named(finding.rule)
    return worded.word_finding(
        rule, rule.on(situation.rule_day) or {}, finding.effect, language(), detail=finding.detail,
        count=finding.count, debt=finding.debt, address=finding.address, until=finding.until_at,
        zones=situation.asked_zones, ours=situation.at.tzinfo,
    )  # fmt: skip


def _window(situation: Situation, each: ChannelAnswer) -> str:
    if each.next_from is None:
        return words("may_contact.no_window")
    span = worded.span_words(
        each.next_from, each.next_until, situation.asked_zones, situation.at.tzinfo, language()
    )  # fmt: skip
    return words("may_contact.window", span=span)


def _data(situation: Situation, answers: Sequence[ChannelAnswer], rules: Rules) -> dict[str, Any]:
    """The answer as an object for JSON; moments in ISO form, on the clock of the moment asked about, and in UTC."""
    return {
        "at": situation.at.isoformat(),
        "purpose": situation.purpose,
        "rules_of": situation.rule_day.isoformat(),
        "rules_hash": rules.hash,
        "zones": list(situation.asked_zones),
        "not_told": [words(code, **told) for code, told in _unknown(situation)],
        "channels": [
            {
                "channel": each.channel,
                "verdict": each.verdict,
                "findings": [_finding_data(situation, finding, rules) for finding in each.findings],
                "next_from": _moment(situation, each.next_from),
                "next_until": _moment(situation, each.next_until),
                "next_local": _local(situation, each.next_from),
            }
            for each in answers
        ],
    }


def _finding_data(situation: Situation, finding: Finding, rules: Rules) -> dict[str, Any]:
    rule = rules.named(finding.rule)
    return {
        "rule": rule.id,
        "title": rule.title[language()],
        "kind": rule.kind,
        "effect": finding.effect,
        "strength": rule.strength,
        "source": rule.source,
        "confidence": rule.confidence,
        "quote": rule.quote,
        "page": page_of(rule),
        "detail": finding.detail,
        "count": finding.count,
        "debt": finding.debt,
        "address": finding.address,
        "until": _moment(situation, finding.until_at),
        "until_local": _local(situation, finding.until_at),
        "rebuttal": list(rule.rebuttal),
        "words": _sentence(situation, finding, rules),
    }


def _moment(situation: Situation, moment: datetime | None) -> str | None:
    """On the clock of the moment asked about: its offset."""
    return None if moment is None else moment.astimezone(situation.at.tzinfo).isoformat(timespec="seconds")


def _local(situation: Situation, moment: datetime | None) -> str | None:
    """In words, on the debtor's clock."""
    if moment is None:
        return None
    return worded.clock_words(moment, situation.asked_zones, situation.at.tzinfo, language())
