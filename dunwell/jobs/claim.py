"""`dunwell claim`: the statement of a claim that is described as JSON; no database is asked or written."""

import json
from datetime import date
from typing import TextIO

import click

from dunwell.core.errors import refusal
from dunwell.documents import statement as words_of
from dunwell.engine.claim.described import once_an_invoice, refusals, with_fixed_sums
from dunwell.engine.claim.several_debts import distribute
from dunwell.engine.claim.statement import make_statement
from dunwell.intake.claim_json import read_with_faults
from dunwell.jobs.context import language, moment
from dunwell.jobs.day_option import Day, refuse_early
from dunwell.jobs.description import described, schema_text
from dunwell.rulebook.debt import Entry

_SCHEMA = "claim.schema.json"


@click.command("claim")
@click.argument("source", type=click.File("r", encoding="utf-8-sig"), default="-", metavar="[FILE]")
@click.option("--as-of", type=Day(), help="The day of the statement (default: as the file says, or today).")
@click.option("--pay-by", type=Day(), help="Say also what it costs if it is paid by this day, and after it.")
@click.option("--json", "as_json", is_flag=True, help="The statement as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of a description, and nothing else.")
def claim(source: TextIO, as_of: date | None, pay_by: date | None, *, as_json: bool, schema: bool) -> None:
    """Compute the statement of a described claim: dunwell claim < claim.json

    Every line can be checked by hand: from, to, days, balance, rate, interest. Nothing is stored.
    """
    if schema:
        click.echo(schema_text(_SCHEMA))
        return
    told, wrong = read_with_faults(described(source, "claim.no_input"))
    day = as_of or told.as_of or moment().date()
    loose = [
        (each.currency, Entry(each.id, each.day, "payment", each.amount_minor, each.designation))
        for each in told.payments
    ]
    asked = with_fixed_sums([debt for debt in told.debts if debt.number in told.fixed_for], told.debtor)
    fixed = {debt.number: debt for debt in once_an_invoice(asked)}
    owed = [fixed.get(debt.number, debt) for debt in told.debts]
    wrong += refusals(owed, day)
    if wrong:
        raise refusal("claim.debts_refused", wrong)
    debts, strangers = distribute(owed, loose, day)
    until = pay_by or told.pay_by
    refuse_early(until, day)
    left = [(currency, payment.id, payment.amount_minor) for currency, payment in strangers]
    statement = make_statement(debts, day, until, left)
    if as_json:
        click.echo(json.dumps(words_of.as_data(statement, language()), ensure_ascii=False, indent=2))
        return
    for line in words_of.as_text(statement, language()):
        click.echo(line)
