"""Third persons of a debtor: whom we may ask how to reach him, and what is known of them."""

import json

import click
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions import talks as acts
from dunwell.actions.talks.third_persons import RELATIONS
from dunwell.core.terms import Channel
from dunwell.documents.plain import plain
from dunwell.jobs.context import show, tell, words
from dunwell.jobs.talks import acted, once
from dunwell.store.reads import creditors
from dunwell.store.reads import talks as read


@click.group("third-person")
def third_person() -> None:
    """Whom we may ask how to reach a debtor who is lost; never the debtor, and told nothing of his debt."""


@third_person.command("add")
@click.argument("debtor")
@click.option("--name", required=True, help="His name.")
@click.option("--relation", type=click.Choice(RELATIONS), required=True, help="What he is to the debtor.")
@click.option("--told-by", required=True, help="How we know of him, e.g. 'named in the application of 2024-03-01'.")
@click.option("--phone", help="His telephone number.")
@click.option("--sms", help="His number for text messages.")
@click.option("--email", help="His e-mail address.")
@once
def third_person_add(
    debtor: str, name: str, relation: str, told_by: str, key: str | None, code: str | None, **given: str | None
) -> None:
    """Record a third person of DEBTOR with a number of his; a further number of one who is known.

    May he be asked? dunwell contact plan DEBTOR --to third_person --purpose service --number NUMBER
    He wants no part in it: dunwell register add DEBTOR third_person_refused --address NUMBER
    """
    owner = read.debtor(creditors.choose(code), debtor)
    addresses = {Channel(channel): {"value": value} for channel, value in given.items() if value is not None}
    made = acts.add_third_person(
        debtor=owner, name=name, relation=relation, told_by=told_by, addresses=addresses, **acted(key)
    )
    tell("third_person.added", name=plain(made.name, 120), number=owner.number)


@third_person.command("list")
@click.argument("debtor")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def third_person_list(debtor: str, as_json: bool, code: str | None) -> None:
    """List the third persons of DEBTOR, with their numbers."""
    found = read.third_persons(read.debtor(creditors.choose(code), debtor))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo(words("third_person.none"))
        return
    table = Table(*(Column(words(f"list.column.{name}")) for name in ("name", "relation", "address", "told_by")))
    for each in found:
        numbers = words("explain.comma").join(plain(value, 120) for _, value in each["addresses"])
        cells = (plain(each["name"], 120), words(f"relation.{each['relation']}"), numbers, plain(each["told_by"], 120))
        table.add_row(*(Text(cell) for cell in cells))
    show(table)
