"""What a day's outcome says to people: how the sums demanded come about, and which debtors wait for a person."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from dunwell.engine.day import worklists
from dunwell.engine.day.decide import Outcome
from dunwell.engine.day.rank import in_order
from dunwell.rulebook.rank import Rank
from dunwell.store.models import Creditor
from dunwell.store.reads.strategies import strategy_of


@dataclass(frozen=True, slots=True)
class DaySums:
    """Sums of a whole book in one currency: overdue_minor - aside_minor - credit_minor = net_minor.

    aside_minor     overdue, and disputed or on hold; or of a debtor of whom nothing is demanded for now, because of a
                    hold, a complaint or a promise
    credit_minor    so much of the debtors' loose money as paid overdue items
    loose_minor     all loose money of debtors who have something open
    """

    currency: str
    open_minor: int
    overdue_minor: int
    aside_minor: int
    credit_minor: int
    net_minor: int
    loose_minor: int


def day_sums(summary: dict[str, Any]) -> list[DaySums]:
    """From the summary of a run, by currency."""
    return [_sums(currency, sums, summary["ageing"]) for currency, sums in sorted(summary["sums"].items())]


def _sums(currency: str, sums: dict[str, int], ageing: list[dict[str, Any]]) -> DaySums:
    late = [row for row in ageing if row["currency"] == currency and row["bucket"] != "not_due"]
    waits = sums.get("paused_minor", 0)
    net = sums["overdue_minor"]
    # runs of older versions did not keep what may be demanded: of these only the result is known
    known = all("demand_minor" in row for row in late)
    overdue = sum(row["open_minor"] for row in late) if known else net
    asked = sum(row["demand_minor"] for row in late) if known else net
    return DaySums(
        currency, sums["open_minor"], overdue, overdue - asked + waits, asked - net, net - waits, sums["credit_minor"]
    )


TASKS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "number": pl.String(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "days_past_due": pl.Int32(),
    "reason": pl.String(),
}
"""One row per debtor and currency that waits for a person (words: `run.task.<reason>`): the task of a line, or what
waits for him beside a message about other items."""


def tasks_of(outcome: Outcome, rank: Rank) -> pl.DataFrame:
    """See `TASKS`, in the order of the worklists, those that only an alarm puts there left out."""
    found = worklists.tasks_of(outcome, rank)
    return found.filter(pl.col("reason") != worklists.LIMITATION).select(list(TASKS))


def in_places(creditor: Creditor, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks of `store.reads.tasks.tasks` in the order of the worklists, currencies weighed by the strategy in force on
    the latest of their days."""
    if not tasks:
        return []
    rows = [
        (place, task["debtor"], task["amount"][1], task["amount"][0], body.get("rank_minor"), body.get("alarm_date"))
        for place, task in enumerate(tasks)
        for body in (task["standing"].body,)
    ]
    frame = pl.DataFrame(rows, schema=_PLACES, orient="row").with_columns(pl.col("alarm_date").str.to_date())
    rank = strategy_of(creditor, max(task["day"] for task in tasks)).rank
    return [tasks[place] for place in in_order(frame, rank.weights)["task"]]


_PLACES: dict[str, pl.DataType] = {
    "task": pl.Int64(),
    "number": pl.String(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "rank_minor": pl.Int64(),
    "alarm_date": pl.String(),
}
