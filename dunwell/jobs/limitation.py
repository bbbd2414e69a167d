"""`dunwell limitation`: which claims may soon be time-barred, and what would save them."""

import json
from datetime import date

import click
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.facts import facts_of
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import plain_amount
from dunwell.documents.plain import plain
from dunwell.engine.claims import open_items
from dunwell.engine.limitation import alarms
from dunwell.engine.stored_clocks import stored_clocks
from dunwell.jobs.context import language, moment, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.limitation_rules import limitation_rules
from dunwell.store.reads import creditors

PLACES = ("CN", "TW", "DE", "GB", "UK-ENG", "UK-SCT", "HK", "SG", "JP", "US")


@click.command("limitation")
@click.option("--within", type=click.IntRange(0, 36_600), default=180, show_default=True, help="Days ahead.")
@click.option("--place", type=click.Choice(PLACES), help="Whose law the claims fall under (default: the creditor's).")
@click.option("--as-of", type=Day(), help="Any day (default: today at the creditor's place).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--creditor", "code", help="Whose book.")
def limitation(within: int, place: str | None, as_of: date | None, *, as_json: bool, code: str | None) -> None:
    """List the claims that may become time-barred within so many days, the most urgent first, and what saves them.

    The cautious date is the earliest defensible end: only proven events count, and each doubt is to the creditor's
    disadvantage. No rule here replaces a lawyer's look; see docs/limitation.md.
    """
    creditor = creditors.choose(code)
    law = place or creditor.country
    if law not in PLACES:
        raise DunwellError("limitation.place_unknown", place=law, known=", ".join(PLACES))
    day = as_of or today(creditor, moment())
    facts = facts_of(creditor).on(day)
    found = stored_clocks(facts, day, law, limitation_rules())
    known = (
        open_items(facts, day)
        .select("debtor_id", "currency", "open_minor", item="number", claim_id="receivable_id")
        .join(facts["debtors"].select("debtor_id", debtor="number"), on="debtor_id")
    )
    urgent = alarms(found, within).join(known, on="claim_id", how="left", maintain_order="left")
    strict = dict(found.select("claim_id", "strict_date").rows())
    threats = dict(found.select("claim_id", "may_threaten_suit").rows())
    rows = [
        {
            "item": row["item"], "debtor": row["debtor"], "currency": row["currency"],
            "open": plain_amount(row["open_minor"], row["currency"]), "cautious_date": row["last_date"],
            "strict_date": strict[row["claim_id"]], "days_left": row["days_left"], "state": row["state"],
            "saved_by": row["saved_by"], "why": row["why"], "rule": row["rule"], "verified": row["verified"],
            "may_threaten_suit": threats[row["claim_id"]],
        }
        for row in urgent.rows(named=True)
    ]  # fmt: skip
    states = dict(found.group_by("state").len().rows())
    if as_json:
        told = {"as_of": day, "place": law, "claims": found.height, "states": states, "alarms": rows}
        click.echo(json.dumps(told, default=str, ensure_ascii=False, indent=2))
        return
    table = Table(
        words("limitation.column.item"), words("limitation.column.debtor"),
        Column(words("limitation.column.open"), justify="right"), words("limitation.column.cautious"),
        words("limitation.column.strict"), Column(words("limitation.column.left"), justify="right"),
        words("limitation.column.saved_by"),
    )  # fmt: skip
    remedies: dict[tuple[str, ...], int] = {}
    for row in rows:
        number = remedies.setdefault(tuple(row["saved_by"]), len(remedies) + 1)
        table.add_row(
            Text(plain(str(row["item"]))), Text(plain(str(row["debtor"]))), f"{row['currency']} {row['open']}",
            row["cautious_date"].isoformat(),
            row["strict_date"].isoformat() if row["strict_date"] else "-", str(row["days_left"]),
            f"({number})",
        )  # fmt: skip
    tell(
        "limitation.head",
        day=format_date(day, language()),
        place=law,
        claims=found.height,
        days=within,
        count=len(rows),
    )
    if rows:
        show(table)
    for names, number in remedies.items():
        listed = words("limitation.or").join(words(f"limitation.{name}") for name in names)
        tell("limitation.remedy", number=number, listed=listed or words("limitation.too_late"))
    for state in ("unknown", "doubtful", "expired", "extinguished"):
        if states.get(state):
            tell("limitation.counted", state=words(f"limitation.{state}"), count=states[state])
    for why in sorted({code for codes in found["why"].to_list() for code in codes}):
        tell("limitation.because", why=words(f"limitation.{why}"))
