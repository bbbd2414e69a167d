"""`dunwell worklist`: what waits for a person today, ranked, with the reasons; and what stays undone."""

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.worklists import Worklists, worklists
from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money, plain_amount
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.plain import plain
from dunwell.documents.target_words import target_chip
from dunwell.documents.worklist_words import chips, sum_words, what_words
from dunwell.engine.day.worklists import NO_SKILL, NOBODY_THERE, Listed
from dunwell.jobs.context import language, moment, show_folded
from dunwell.jobs.day_option import Day
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors
from dunwell.store.reads.tasks import names

_WIDEST = {"debtor": 13, "what": 18}
"""No wider, so that a reason stays on one line where a hundred characters are to be had."""
SHOWN = 30
"""So many tasks are shown on the screen; `--json` has all."""


@click.command()
@click.option("--collector", help="Only this collector's list (default: everybody's).")
@click.option("--language", "spoken", type=click.Choice(LANGUAGES), help="In which language the reasons are told.")
@click.option("--hours", type=click.IntRange(0, 24), help="Hours of work that day, instead of those of the team.")
@click.option("--as-of", type=Day(), help="The day (default: today at the creditor's place).")
@click.option("--as-known-then", is_flag=True, help="Use only what was known by the end of that day.")
@click.option("--json", "as_json", is_flag=True, help="Print all tasks as JSON.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def worklist(
    collector: str | None,
    spoken: str | None,
    hours: int | None,
    as_of: date | None,
    as_known_then: bool,
    as_json: bool,
    code: str | None,
) -> None:
    """What waits for a person, the most worth doing first, and why it stands there; decided anew from the facts.

    Calls and visits stand with the hours in which the debtor may be called. What does not fit into the day, or may
    not be done today, is shown as undone with its sum. docs/worklists.md redoes a place by hand.
    """
    creditor = creditors.choose(code)
    now = moment()
    day = as_of or today(creditor, now)
    minutes = None if hours is None else hours * 60
    found = worklists(
        creditor=creditor, as_of=day, now=now, collector=collector, minutes=minutes, as_known_then=as_known_then
    )
    zone, told = ZoneInfo(creditor.zone), spoken or language()
    mine = [each for each in found.tasks if collector is None or each.collector == collector]
    if as_json:
        data = {"creditor": creditor.code, **_as_json(found, mine, zone, told)}
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    _print(found, mine, zone, told)


def _as_json(found: Worklists, mine: list[Listed], zone: ZoneInfo, spoken: str) -> dict[str, Any]:
    called = names(each.task["debtor_id"] for each in mine)
    return {
        "as_of": found.day.isoformat(),
        "team": found.team.name if found.team else None,
        "tasks": [_row(each, found, called, zone, spoken) for each in mine],
        "undone": [
            {"reason": why, "currency": currency, "count": count, "amount": plain_amount(minor, currency)}
            for (why, currency), (count, minor) in _undone(mine).items()
        ],
    }


def _row(each: Listed, found: Worklists, called: dict[int, str], zone: ZoneInfo, spoken: str) -> dict[str, Any]:
    task = each.task
    return {
        "place": task["place"],
        "debtor": task["number"],
        "name": called.get(task["debtor_id"], ""),
        "amount": plain_amount(task["amount_minor"], task["currency"]),
        "currency": task["currency"],
        "stage": Stage(task["stage"]).word,
        "what": task["reason"],
        "days_past_due": task["days_past_due"],
        "since": task["since_date"].isoformat() if task["since_date"] else None,
        "channel": task["channel"],
        "minutes": each.minutes,
        "portfolio": each.portfolio,
        "collector": each.collector,
        "assigned": task["assigned"],
        "window": _window(each, zone),
        "undone": each.undone,
        "rule": each.rule,
        "rank_minor": task["rank_minor"],
        "chance_bp": task["chance_bp"],
        "urgency_bp": task["urgency_bp"],
        "alarm": task["alarm"],
        "alarm_date": task["alarm_date"].isoformat() if task["alarm_date"] else None,
        "why": chips(task, found.day, spoken),
        "target": _target(found.targets.get((task["debtor_id"], task["currency"]))),
    }


def _target(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """What should come by which day, and what is missing."""
    if row is None:
        return None
    sums = {name: plain_amount(row[f"{name}_minor"], row["currency"]) for name in ("amount", "came", "missing")}
    return {**sums, "by": row["by_date"].isoformat(), "state": row["state"]}


def _window(each: Listed, zone: ZoneInfo) -> list[str] | None:
    """From when to when, by the creditor's clock."""
    if each.window is None:
        return None
    return [at.astimezone(zone).strftime("%H:%M") for at in each.window]


def _undone(mine: list[Listed]) -> dict[tuple[str, str], tuple[int, int]]:
    """(why, currency) -> how many tasks, and how much."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for each in mine:
        if each.undone is not None:
            key = (each.undone, each.task["currency"])
            count, minor = found.get(key, (0, 0))
            found[key] = (count + 1, minor + each.task["amount_minor"])
    return dict(sorted(found.items()))


def _print(found: Worklists, mine: list[Listed], zone: ZoneInfo, spoken: str) -> None:
    done = [each for each in mine if each.undone is None]
    minutes = sum(each.minutes for each in done)
    hours = f"{minutes // 60}:{minutes % 60:02d}"
    day = format_date(found.day, spoken)
    click.echo(say("worklist.head", spoken, day=day, count=f"{len(done):,}", hours=hours))
    if done:
        show_folded(_table(found, done[:SHOWN], zone, spoken))
    if len(done) > SHOWN:
        click.echo(say("worklist.more", spoken, count=f"{len(done) - SHOWN:,}"))
    for (why, currency), (count, minor) in _undone(mine).items():
        amount = format_money(minor, currency, spoken)
        click.echo(say(f"worklist.undone.{why}", spoken, count=f"{count:,}", amount=amount))
    for rule in sorted({each.rule for each in mine if each.rule}):
        click.echo(say("worklist.rule", spoken, rule=f"{house_rules().named(rule).title[spoken]} ({rule})"))
    if found.staff is not None and any(each.undone in (NO_SKILL, NOBODY_THERE) for each in found.tasks):
        click.echo(say("worklist.nobody", spoken))


def _table(found: Worklists, shown: list[Listed], zone: ZoneInfo, spoken: str) -> Table:
    columns = ["place", "debtor", "amount", "what", "why"]
    if found.staff is not None:
        columns.insert(4, "collector")
    whole = ("place", "amount")  # no digit of a sum goes to another line
    table = Table(
        *(
            Column(
                say(f"worklist.column.{name}", spoken), justify="right" if name in whole else "left", overflow="fold",
                no_wrap=name in whole, max_width=_WIDEST.get(name),
            )
            for name in columns
        ),
        padding=(0, 0),
    )  # fmt: skip
    called = names(each.task["debtor_id"] for each in shown)
    for each in shown:
        task = each.task
        why = [say("worklist.assigned", spoken, name=plain(task["assigned"], 40))] if task["assigned"] else []
        why += [*filter(None, [sum_words(task, spoken)]), *chips(task, found.day, spoken)]
        if aim := found.targets.get((task["debtor_id"], task["currency"])):
            why.append(target_chip(aim, spoken))
        cells = {
            "place": str(task["place"]),
            "debtor": "\n".join(
                filter(None, [plain(task["number"], 60), plain(called.get(task["debtor_id"], ""), 40)])
            ),
            "amount": format_money(task["amount_minor"], task["currency"], spoken),
            "what": "\n".join(filter(None, [what_words(task["reason"], spoken), _may_be_called(each, zone, spoken)])),
            "collector": each.collector or "",
            "why": "\n".join(why),
        }
        table.add_row(*(Text(cells[name]) for name in columns))
    return table


def _may_be_called(each: Listed, zone: ZoneInfo, spoken: str) -> str:
    window = _window(each, zone)
    return say("worklist.may_be_called", spoken, window="-".join(window)) if window else ""
