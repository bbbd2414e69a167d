"""`dunwell rules`: the contact rules, how far they can be trusted, and when they are to be looked at again."""

import json
from datetime import date
from typing import Any

import click
from rich.table import Table

from dunwell.actions.house_rules import set_rule, unset_rule
from dunwell.core.errors import DunwellError
from dunwell.documents import finding_words as worded
from dunwell.documents.rule_words import case_words, scope_words, trust_words, value_words
from dunwell.jobs.context import language, moment, operator, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.contact_rules import Rule
from dunwell.rulebook.rule_pages import page_of
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors
from dunwell.store.reads.health import require_ready
from dunwell.store.reads.house_rules import own_values_of

CREDITOR = click.option("--creditor", "code", help="Whose rules (may be left out when there is only one).")


@click.group("rules")
def rules() -> None:
    """Contact rules: which there are, on whose authority, and when they are to be looked at again."""


@rules.command("report")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def report(*, as_json: bool) -> None:
    """All contact rules, those first whose review is overdue."""
    today = moment().date()
    found = sorted(house_rules().rules, key=lambda rule: (rule.review_by >= today, rule.pack, rule.id))
    if as_json:
        click.echo(json.dumps([_data(rule, today) for rule in found], ensure_ascii=False, indent=2))
        return
    names = ("rule", "pack", "kind", "effect", "strength", "cases", "confidence", "review")
    table = Table(*(words(f"rules.{name}") for name in names), box=None)
    for rule in found:
        review = rule.review_by.isoformat()
        table.add_row(
            rule.id, rule.pack, rule.kind, rule.effect, rule.strength, str(len(rule.cases)), rule.confidence,
            words("rules.overdue", day=review) if rule.review_by < today else review,
        )  # fmt: skip
    show(table)
    tell("rules.counted", count=len(found), overdue=sum(rule.review_by < today for rule in found))


@rules.command("show")
@click.argument("rule_id", metavar="RULE")
@click.option("--on", "day", type=Day(), help="With the values of this day (default: today).")
def show_rule(rule_id: str, day: date | None) -> None:
    """What one rule says, with its source and its cases."""
    known = {rule.id: rule for rule in house_rules().rules}
    if rule_id not in known:
        raise DunwellError("rules.unknown", value=rule_id[:100], near=_near(rule_id, list(known)))
    rule, spoken, on = known[rule_id], language(), day or moment().date()
    tell("rules.title", rule=rule.id, title=rule.title[spoken])
    if rule.quote:
        click.echo(f"  > {rule.quote}")
    effect = worded.effect_words(rule.effect, spoken)
    tell("rules.says", effect=effect, source=worded.source_words(rule, spoken))
    for line in trust_words(rule, spoken):
        click.echo("  " + line)
    for line in scope_words(rule, spoken):
        click.echo(line)
    tell("rules.values", day=on.isoformat(), value=value_words(rule, rule.on(on), spoken))
    if rule.rebuttal:
        click.echo("  " + worded.rebuttal_words(rule, spoken))
    for each in house_rules().rules:
        if rule.id in (each.excepts, each.id) and each.excepts:
            tell("rules.exception", exception=each.id, rule=each.excepts)
    for name, finding in case_words(rule, spoken):
        tell("rules.case", name=name, finding=finding.lower())
    tell("rules.page", page=page_of(rule), day=rule.review_by.isoformat())


@rules.command("set")
@click.argument("rule_id", metavar="RULE")
@click.argument("wishes", nargs=-1, required=True, metavar="NAME=VALUE...")
@CREDITOR
def set_command(rule_id: str, wishes: tuple[str, ...], code: str | None) -> None:
    """Set a house rule for trade debts, from today on: dunwell rules set house.trade.hours from=09:00 until=17:00

    Hours: from, until, weekdays (1,2,3,4,5), holidays (closed, nationwide, open); no wider than from
    07:00 until 21:00 on six weekdays. Contacts: most, days; at most two for each day. Seasons: yearly
    (12-24:12-26,12-31), spans (2027-02-05:2027-02-12). What is not named is as it comes with Dunwell.
    """
    require_ready()
    told = [wish.partition("=") for wish in wishes]
    for name, sign, _ in told:
        if not sign:
            raise DunwellError("rules.no_value", value=name[:60])
    found = set_rule(
        creditor=creditors.choose(code), rule=rule_id, at=moment(), by=operator(),
        wishes={name: value for name, _, value in told},
    )  # fmt: skip
    tell("rules.was_set", rule=found.rule, day=found.from_date.isoformat(), values=found.values)


@rules.command("unset")
@click.argument("rule_id", metavar="RULE")
@CREDITOR
def unset_command(rule_id: str, code: str | None) -> None:
    """Let a house rule for trade debts hold as it comes with Dunwell again, from today on."""
    require_ready()
    found = unset_rule(creditor=creditors.choose(code), rule=rule_id, at=moment(), by=operator())
    tell("rules.was_unset", rule=found.rule, day=found.from_date.isoformat())


@rules.command("own")
@CREDITOR
def own_command(code: str | None) -> None:
    """What the creditor set of the house rules for trade debts, by day."""
    require_ready()
    found = own_values_of(creditors.choose(code))
    for each in found:
        day = each.from_date.isoformat()
        if each.values is None:
            tell("rules.was_unset", rule=each.rule, day=day)
        else:
            tell("rules.was_set", rule=each.rule, day=day, values=each.values)
    if not found:
        tell("rules.none_own")


def _near(asked: str, known: list[str]) -> str:
    from difflib import get_close_matches

    return ", ".join(get_close_matches(asked[:100], known, n=3)) or "-"


def _data(rule: Rule, today: date) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "title": rule.title[language()],
        "pack": rule.pack,
        "kind": rule.kind,
        "effect": rule.effect,
        "strength": rule.strength,
        "cases": len(rule.cases),
        "source": rule.source,
        "confidence": rule.confidence,
        "quoted": bool(rule.quote),
        "verified": rule.verified,
        "first_day": rule.first_day,
        "review_by": rule.review_by.isoformat(),
        "overdue": rule.review_by < today,
        "page": page_of(rule),
    }
