"""`dunwell target`: what should come of a debtor by a day, shown against what came."""

import json
from datetime import date
from typing import Any

import click

from dunwell.actions.business_day import today
from dunwell.actions.talks.targets import set_target, withdraw_target
from dunwell.actions.targets import targets_of
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import Money, format_money, plain_amount
from dunwell.documents.plain import plain
from dunwell.documents.target_words import target_words
from dunwell.intake.amounts import parse_one
from dunwell.jobs.context import language, moment, tell
from dunwell.jobs.day_option import Day
from dunwell.jobs.talks import acted, once
from dunwell.store.reads import creditors
from dunwell.store.reads import talks as read_talks
from dunwell.store.reads import targets as read
from dunwell.store.reads.tasks import numbers


@click.command()
@click.argument("debtor", required=False)
@click.option("--amount", help="How much should come, from today on.")
@click.option("--currency", help="Of which currency (default: the creditor's).")
@click.option("--by", "by_date", type=Day(), help="By which day, this day included.")
@click.option("--note", default="", help="Why so much, and why by then.")
@click.option("--withdraw", is_flag=True, help="Take the target back instead.")
@click.option("--as-of", type=Day(), help="Show it for this day (default: today).")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@once
def target(
    debtor: str | None,
    amount: str | None,
    currency: str | None,
    by_date: date | None,
    note: str,
    withdraw: bool,
    as_of: date | None,
    as_json: bool,
    key: str | None,
    code: str | None,
) -> None:
    """Set how much should come of DEBTOR by a day, or show what came of it; without DEBTOR: of everybody's.

    It is our own aim: nothing is demanded because of it. Another target takes the place of the one before.
    """
    creditor = creditors.choose(code)
    owner = read_talks.debtor(creditor, debtor) if debtor is not None else None
    money = (currency or creditor.currency).upper()
    if withdraw or amount is not None or by_date is not None:
        if owner is None or (not withdraw and (amount is None or by_date is None)):
            raise DunwellError("target.incomplete")
        if withdraw:
            gone = withdraw_target(target=read.target(owner, money), **acted(key))
            tell("target.withdrawn", number=owner.number, amount=_sum(gone.amount_minor, money))
            return
        assert amount is not None
        assert by_date is not None
        made = set_target(
            debtor=owner, amount=Money(parse_one(amount, money), money), by_date=by_date, note=note, **acted(key)
        )
        tell(
            "target.set", number=owner.number, amount=_sum(made.amount_minor, money),
            by=format_date(made.by_date, language()),
        )  # fmt: skip
        return
    _show(creditor, owner, as_of or today(creditor, moment()), as_json=as_json)


def _show(creditor: Any, owner: Any, day: date, *, as_json: bool) -> None:
    rows = targets_of(creditor, day, owner)
    called = numbers(row["debtor_id"] for row in rows)
    if as_json:
        click.echo(json.dumps([_row(row, called) for row in rows], ensure_ascii=False, indent=1))
        return
    if not rows:
        tell("target.nothing")
    for row in rows:
        tell("target.line", number=plain(called[row["debtor_id"]], 40), what=target_words(row, language()))


def _row(row: dict[str, Any], called: dict[int, str]) -> dict[str, Any]:
    sums = {name: plain_amount(row[f"{name}_minor"], row["currency"]) for name in ("amount", "came", "missing")}
    return {
        "debtor": called[row["debtor_id"]], "currency": row["currency"], **sums, "set": row["set_date"].isoformat(),
        "by": row["by_date"].isoformat(), "state": row["state"],
    }  # fmt: skip


def _sum(minor: int, currency: str) -> str:
    return format_money(minor, currency, language())
