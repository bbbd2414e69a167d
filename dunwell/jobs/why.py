"""`dunwell why`: why a debtor is treated as he is, and what would have to be otherwise for something else."""

import json
from datetime import date

import click

from dunwell.actions.business_day import today
from dunwell.actions.why import answer
from dunwell.jobs.context import language, moment
from dunwell.jobs.day_option import Day
from dunwell.store.reads import creditors


@click.command(name="why")
@click.argument("debtor")
@click.option(
    "--not", "not_action", metavar="ACTION",
    help="Why not this instead: message, task, none, a step (e.g. call, suit) or a channel (e.g. letter).",
)  # fmt: skip
@click.option("--as-of", type=Day(), help="The day (default: today at the creditor's place).")
@click.option("--as-known-then", is_flag=True, help="Use only what was known by the end of that day.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--creditor", "code", help="Whose book.")
def why_command(
    debtor: str, not_action: str | None, as_of: date | None, as_known_then: bool, as_json: bool, code: str | None
) -> None:
    """Tell why a debtor is treated as he is: segment, steps and their days, treatment, every gate that was asked; with
    --not, what would have to be otherwise for another action."""
    creditor = creditors.choose(code)
    told = answer(
        creditor=creditor, debtor_number=debtor, as_of=as_of or today(creditor, moment()), not_action=not_action,
        as_known_then=as_known_then,
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps(told.as_json(), ensure_ascii=False, indent=1, default=str))
        return
    for line in told.words(language()):
        click.echo(line)
