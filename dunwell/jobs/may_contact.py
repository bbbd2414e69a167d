"""`dunwell may-contact`: what the rules say of a described contact; no database is asked or written."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import click

from dunwell.documents.contact_answer import REFUSED_REQUIRED, AnswerWords, ChannelAnswer, Finding
from dunwell.documents.finding_words import code_words
from dunwell.engine.contact.situation import answer
from dunwell.intake.situation_json import read_situation
from dunwell.jobs.context import language, words
from dunwell.jobs.description import described, schema_text
from dunwell.rulebook.rule_pages import page_of
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.situation import Situation
from dunwell.rulebook.situation_holidays import with_holidays

_SCHEMA = "situation.schema.json"
_MAY_BE_UNKNOWN = {
    "debtor.kind": "debtor_kind", "debt.kind": "debt_kind", "creditor_kind": "creditor_kind",
}  # fmt: skip


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
    told = AnswerWords(rules, situation.rule_day, situation.asked_zones, situation.at.tzinfo, language())
    if as_json:
        click.echo(json.dumps(_data(situation, answers, told), ensure_ascii=False, indent=2))
        return
    for line in _lines(situation, answers, told):
        click.echo(line)


def _lines(situation: Situation, answers: Sequence[ChannelAnswer], told: AnswerWords) -> Iterator[str]:
    at = told.clock(situation.at) or ""
    yield words("may_contact.head", at=at, purpose=code_words(situation.purpose, language()))
    yield from (words(code, **named) for code, named in _unknown(situation))
    for paragraph in told.lines(answers, pages=True):
        yield ""
        yield from paragraph


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


def _data(situation: Situation, answers: Sequence[ChannelAnswer], told: AnswerWords) -> dict[str, Any]:
    """The answer as an object for JSON; moments in ISO form, on the clock of the moment asked about, and in UTC."""
    return {
        "at": situation.at.isoformat(),
        "purpose": situation.purpose,
        "rules_of": situation.rule_day.isoformat(),
        "rules_hash": told.rules.hash,
        "zones": list(situation.asked_zones),
        "not_told": [words(code, **named) for code, named in _unknown(situation)],
        "channels": [
            {
                "channel": each.channel,
                "verdict": each.verdict,
                "recording": "refused" if each.recording else None,
                "write_instead": each.recording == REFUSED_REQUIRED,
                "findings": [_finding_data(situation, finding, told) for finding in each.findings],
                "next_from": _moment(situation, each.next_from),
                "next_until": _moment(situation, each.next_until),
                "next_local": told.clock(each.next_from),
            }
            for each in answers
        ],
    }


def _finding_data(situation: Situation, finding: Finding, told: AnswerWords) -> dict[str, Any]:
    rule = told.rules.named(finding.rule)
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
        "until_local": told.clock(finding.until_at),
        "rebuttal": list(rule.rebuttal),
        "words": told.sentence(finding),
    }


def _moment(situation: Situation, moment: datetime | None) -> str | None:
    """On the clock of the moment asked about: its offset."""
    return None if moment is None else moment.astimezone(situation.at.tzinfo).isoformat(timespec="seconds")
