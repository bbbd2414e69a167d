"""`dunwell ageing`: what is open by age, for any day, per creditor, currency and debtor."""

import json
from datetime import date
from typing import Any

import click
import polars as pl
from rich.table import Column, Table
from rich.text import Text

from dunwell.actions.business_day import today
from dunwell.actions.facts import facts_of
from dunwell.core.errors import DunwellError
from dunwell.core.money import grouped_amount
from dunwell.documents.plain import plain
from dunwell.engine.book.ageing import BY, DEFAULT_BOUNDS, LARGEST_BOUND, MOST_BOUNDS, Ageing, Buckets, aged, buckets
from dunwell.engine.claim.stored_debts import unfounded_charges
from dunwell.engine.facts import Facts
from dunwell.jobs.context import moment, show, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.strategy_file import default_strategy
from dunwell.store.reads import creditors
from dunwell.store.reads.interest import StoredTerms
from dunwell.store.reads.tasks import names

SHOWN = 50
"""So many debtors are shown on the screen, the largest sums of each currency first; `--json` lists all."""

_AMOUNTS = ("rest", "netted", "unallocated", "credit_note")


@click.command("ageing")
@click.option("--as-of", type=Day(), help="Any day (default: today at the creditor's place).")
@click.option("--by", type=click.Choice(BY), default="due", show_default=True, help="Count from which date.")
@click.option(
    "--buckets",
    "bounds",
    default=",".join(map(str, DEFAULT_BOUNDS)),
    show_default=True,
    help="The last day of each bucket.",
)
@click.option(
    "--netting/--no-netting",
    default=None,
    help="Deduct unallocated payments and open credit notes, the oldest item first (default: as the strategy has it).",
)
@click.option("--by-debtor", is_flag=True, help="Also one row for each debtor.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--creditor", "code", help="Whose book (default: each creditor's, one after another, never added).")
def ageing_command(
    as_of: date | None, by: str, bounds: str, netting: bool | None, by_debtor: bool, as_json: bool, code: str | None
) -> None:
    """Show what is open by how long it is overdue, or by how old its invoice is.

    Currencies and creditors stand apart. Unallocated payments and open credit notes have columns of their own.
    """
    wanted = buckets(_whole_numbers(bounds), by)
    net = default_strategy().netting if netting is None else netting
    every = creditors.everyone()
    chosen = every if code is None and len(every) > 1 else [creditors.choose(code)]
    reports = []
    for creditor in chosen:
        day = as_of or today(creditor, moment())
        facts = facts_of(creditor).on(day)
        table = aged(facts, day, wanted, netting=net)
        numbers = facts["debtors"].select("debtor_id", "number")
        report: dict[str, Any] = {
            "creditor": creditor.code,
            "as_of": day.isoformat(),
            "by": by,
            "netting": net,
            "buckets": list(wanted.labels),
            "currencies": _rows(table.by_currency()),
            "charges_not_claimed": _not_claimed(creditor, facts, day),
        }
        if by_debtor:
            report["debtors"] = _named(_rows(table), dict(numbers.rows()), whole=as_json)
            report["debtors_count"] = table.sums.height
        reports.append(report)
    if as_json:
        click.echo(json.dumps(reports, ensure_ascii=False, indent=1))
        return
    for report in reports:
        _print(report, wanted)


def _not_claimed(creditor: Any, facts: Facts, day: date) -> dict[str, int]:
    """By currency, the open charges that may not be claimed: they are part of what the table shows."""
    terms = StoredTerms(creditor)
    if not terms.binds_charges:
        return {}
    found = unfounded_charges(facts, day, terms.of).group_by("currency").agg(pl.col("open_minor").sum())
    return dict(found.sort("currency").rows())


def _whole_numbers(text: str) -> list[int]:
    """`30,60,90` -> its numbers. Raises `ageing.bounds` for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        raise DunwellError("ageing.bounds", value=text[:60], largest=LARGEST_BOUND, most=MOST_BOUNDS)
    return [int(part) for part in parts]


def _rows(table: Ageing) -> list[dict[str, Any]]:
    """The sums, each with its buckets: label -> minor units."""
    keys = [name for name in ("debtor_id", "currency") if name in table.sums.columns]
    empty = dict.fromkeys(table.buckets.labels, 0)
    spread: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in table.cells.iter_rows(named=True):
        spread.setdefault(tuple(row[key] for key in keys), dict(empty))[row["bucket"]] = row["rest_minor"]
    return [
        {**row, "buckets": spread.get(tuple(row[key] for key in keys), empty)}
        for row in table.sums.iter_rows(named=True)
    ]


def _named(rows: list[dict[str, Any]], numbers: dict[int, str], *, whole: bool) -> list[dict[str, Any]]:
    """The rows with number and name of their debtor in the place of the key; all, or as many as the screen shows."""
    rows = sorted(rows, key=lambda row: (row["currency"], -row["rest_minor"], numbers[row["debtor_id"]]))
    rows = rows if whole else rows[:SHOWN]
    called = names({row["debtor_id"] for row in rows})
    return [
        {"debtor": numbers[row["debtor_id"]], "name": called[row["debtor_id"]]}
        | {name: value for name, value in row.items() if name != "debtor_id"}
        for row in rows
    ]


def _print(report: dict[str, Any], wanted: Buckets) -> None:
    if not report["currencies"]:
        tell("ageing.nothing", creditor=report["creditor"], day=report["as_of"])
        return
    tell(f"ageing.head.{report['by']}", creditor=report["creditor"], day=report["as_of"])
    tell("ageing.netted" if report["netting"] else "ageing.not_netted")
    show(_table(report["currencies"], wanted, [], netting=report["netting"]))
    for currency, minor in report["charges_not_claimed"].items():
        tell("ageing.not_claimed", amount=f"{currency} {grouped_amount(minor, currency)}")
    if "debtors" in report:
        show(_table(report["debtors"], wanted, ["debtor", "name"], netting=report["netting"]))
        if report["debtors_count"] > SHOWN:
            tell("ageing.more", count=f"{report['debtors_count'] - SHOWN:,}")


def _table(rows: list[dict[str, Any]], wanted: Buckets, first: list[str], *, netting: bool) -> Table:
    labels = wanted.labels if wanted.by == "due" else wanted.labels[1:]
    amounts = [name for name in _AMOUNTS if netting or name != "netted"]
    table = Table(
        *(Column(words(f"ageing.column.{name}"), no_wrap=name == "debtor") for name in (*first, "currency")),
        *(
            Column(head, justify="right")
            for head in (
                words("ageing.column.items"),
                *(_head(label) for label in labels),
                *(words(f"ageing.column.{name}") for name in amounts),
            )
        ),
    )
    for row in rows:
        currency = row["currency"]
        table.add_row(
            *(Text(plain(row[name], 40)) for name in first),
            currency,
            f"{row['items']:,}",
            *(grouped_amount(row["buckets"][label], currency) for label in labels),
            *(grouped_amount(row[f"{name}_minor"], currency) for name in amounts),
        )
    return table


def _head(label: str) -> str:
    if label == "not_due":
        return words("ageing.bucket.not_due")
    if label.endswith("+"):
        return words("ageing.bucket.over", days=int(label[:-1]) - 1)
    return words("ageing.bucket.span", days=label)
