"""What comes first among all that waits for a person: amount x chance x urgency, after alarms of limitation.

docs/worklists.md redoes a sum by hand. The tables stand in the strategy (`rulebook.rank`); whole numbers only.
"""

from datetime import date
from functools import reduce

import polars as pl

from dunwell.core.money import DIGITS
from dunwell.core.terms import Stage
from dunwell.engine.day.ladder import Ladders
from dunwell.engine.day.news import News
from dunwell.engine.day.profile import KEYS
from dunwell.engine.facts import days_between, in_days
from dunwell.rulebook.rank import LEAST_BP, MOST_CHANCE_BP, MOST_URGENCY_BP, WHOLE_BP, Chance, Rank
from dunwell.rulebook.strategy import PAYMENT_BOUNCED, PROMISE_BROKEN
from dunwell.rulebook.strategy_columns import COLUMNS, MONEY_SCALE_DIGITS, Kind

NOT_OF_A_STEP = ("no_address", "forbidden", "credit_in_doubt", "reassigned")
"""Reasons of tasks that no step of a person's leads to."""
CHANCE, URGENCY = "chance", "urgency"
STAGE, DEADLINE_PASSED, WAITING = "stage", "deadline_passed", "waiting"
_WEEK = 7


def with_rank(lines: pl.DataFrame, about: pl.DataFrame, ladders: Ladders, rank: Rank, news: News) -> pl.DataFrame:
    """Lines + where what waits for a person stands: task_since_date, task_channel, chance_bp, urgency_bp, rank_minor,
    rank_why; null where nothing waits.

    about             see `profile`, with the columns the rank asks for
    task_since_date   the day the task fell due; null: no step leads to it
    task_channel      how it is done: the first channel of the treatment; null: at the desk
    rank_minor        what the task counts: the sum that waits x chance x urgency, in minor units of the currency
    rank_why          what made chance and urgency: `chance/<column>/<value>/<basis points>` and
                      `urgency/<name>/<value>/<basis points>`, with a blank between
    """
    tasks = _waiting(lines)
    if tasks.is_empty():
        return lines.with_columns(pl.lit(None, kind).alias(name) for name, kind in RANKED.items())
    waiting = _with_channel(tasks, ladders).join(
        about.select(*KEYS, *sorted(rank.columns - set(KEYS))), on=KEYS, how="left"
    )
    for name, found in ((PROMISE_BROKEN, news.broken), (PAYMENT_BOUNCED, news.bounced)):
        told = found(rank.recent_days).with_columns(pl.lit(value=True).alias(f"is_{name}"))
        waiting = waiting.join(told, on=KEYS, how="left")
    chance = [_change(each) for each in rank.chance]
    urgency = _urgencies(rank, news.day)
    why = [*_told(chance, CHANCE), *_told(urgency, URGENCY)]
    rank_bp = pl.col("chance_bp").cast(pl.Int128) * pl.col("urgency_bp")
    ranked = waiting.with_columns(
        chance_bp=_total(rank.chance_bp, chance, MOST_CHANCE_BP),
        urgency_bp=_total(rank.urgency.from_bp, urgency, MOST_URGENCY_BP),
        rank_why=pl.concat_str(why, separator=" ", ignore_nulls=True) if why else pl.lit(""),
    ).with_columns(rank_minor=(pl.col("task_minor").cast(pl.Int128) * rank_bp // WHOLE_BP**2).cast(pl.Int64))
    return lines.join(ranked.select(*KEYS, *RANKED), on=KEYS, how="left")


RANKED: dict[str, pl.DataType] = {
    "task_since_date": pl.Date(),
    "task_channel": pl.String(),
    "chance_bp": pl.Int32(),
    "urgency_bp": pl.Int32(),
    "rank_minor": pl.Int64(),
    "rank_why": pl.String(),
}


def waits(lines: pl.DataFrame) -> pl.Expr:
    """Lines of which something waits for a person: a task, or what waits beside a message about other items."""
    return (pl.col("action") == "task") | ((pl.col("action") == "message") & (pl.col("person_minor") > 0))


def _waiting(lines: pl.DataFrame) -> pl.DataFrame:
    """The tasks: debtor_id, currency, ladder, task_minor, task_stage, task_reason, task_since_date."""
    beside = pl.col("action") == "message"
    of_step = beside | ~pl.col("reason").is_in(NOT_OF_A_STEP)
    return lines.filter(waits(lines)).select(
        *KEYS,
        "ladder",
        task_minor=pl.when(beside).then("person_minor").otherwise("total_minor"),
        task_stage=pl.when(beside).then("person_stage").otherwise("stage").cast(pl.Int16),
        task_reason=pl.when(beside).then("person_reason").otherwise("reason"),
        task_since_date=pl.when(of_step).then("person_since").otherwise("step_since"),
    )


def _with_channel(waiting: pl.DataFrame, ladders: Ladders) -> pl.DataFrame:
    rows = [
        (place, int(step.stage), treatment.channels[0])
        for place, step, treatment in ladders.steps()
        if treatment.channels
    ]
    schema = {"ladder": pl.Int32, "task_stage": pl.Int16, "task_channel": pl.String}
    of_step = ~pl.col("task_reason").is_in(NOT_OF_A_STEP)
    return waiting.join(
        pl.DataFrame(rows, schema=schema, orient="row"), on=["ladder", "task_stage"], how="left"
    ).with_columns(task_channel=pl.when(of_step).then("task_channel"))


type _Change = tuple[str, pl.Expr, pl.Expr]
"""name, the value that made it (text), basis points (0: none)"""


def _change(table: Chance) -> _Change:
    column = pl.col(table.column)
    found, value = pl.lit(0), pl.lit(None, pl.String)
    kind = COLUMNS[table.column].kind
    for word, change_bp in table.changes_bp:
        if kind is Kind.WHOLE:
            holds = column >= word
        elif kind is Kind.FLAG:
            holds = column if word == "yes" else ~column
        else:
            holds = column == word
        holds = holds.fill_null(value=False)
        found = pl.when(holds).then(pl.lit(change_bp)).otherwise(found)
        value = pl.when(holds).then(pl.lit(str(word))).otherwise(value)
    return table.column, value, found


def _urgencies(rank: Rank, day: date) -> list[_Change]:
    table = rank.urgency
    stage, word = pl.lit(0), pl.lit(None, pl.String)
    for number, change_bp in sorted(table.stages_bp.items()):
        here = pl.col("task_stage") == number
        stage = pl.when(here).then(pl.lit(change_bp)).otherwise(stage)
        word = pl.when(here).then(pl.lit(Stage(number).word)).otherwise(word)
    waited = pl.max_horizontal(days_between(day, pl.col("task_since_date")).fill_null(0), pl.lit(0))
    weeks_bp = pl.min_horizontal(waited // _WEEK * table.waiting_week_bp, pl.lit(table.waiting_most_bp))

    def given(holds: pl.Expr, change_bp: int) -> pl.Expr:
        return pl.when(holds.fill_null(value=False)).then(pl.lit(change_bp)).otherwise(pl.lit(0))

    yes = pl.lit("yes")
    return [
        (STAGE, word, stage),
        (DEADLINE_PASSED, yes, given(pl.col("task_reason") == DEADLINE_PASSED, table.deadline_passed_bp)),
        (PROMISE_BROKEN, yes, given(pl.col(f"is_{PROMISE_BROKEN}"), table.promise_broken_bp)),
        (PAYMENT_BOUNCED, yes, given(pl.col(f"is_{PAYMENT_BOUNCED}"), table.payment_bounced_bp)),
        (WAITING, waited.cast(pl.String), weeks_bp),
    ]


def _total(from_bp: int, changes: list[_Change], most_bp: int) -> pl.Expr:
    found = reduce(lambda one, other: one + other, (each for _, _, each in changes), pl.lit(from_bp))
    return found.clip(LEAST_BP, most_bp).cast(pl.Int32)


def _told(changes: list[_Change], part: str) -> list[pl.Expr]:
    return [
        pl.when(bp != 0).then(pl.concat_str(pl.lit(f"{part}/{name}/"), value, pl.lit("/"), bp.cast(pl.String)))
        for name, value, bp in changes
    ]


def with_alarms(
    lines: pl.DataFrame, items: pl.DataFrame, clocks: pl.DataFrame, alarm_days: int, day: date
) -> pl.DataFrame:
    """Lines + the alarm of limitation, where an open item may soon be time-barred: alarm (`limitation`, or `filing`:
    the last day to file it in an insolvency), alarm_date (the earliest last day), alarm_minor (open of all such items).

    clocks   the facts of that name: receivable_id, debtor_id, alarm, last_date
    """
    if clocks.is_empty():
        return lines.with_columns(
            alarm=pl.lit(None, pl.String), alarm_date=pl.lit(None, pl.Date), alarm_minor=pl.lit(None, pl.Int64)
        )
    soon = (
        clocks.filter(pl.col("last_date") <= in_days(day, alarm_days))
        .join(items.select(*KEYS, "receivable_id", "open_minor"), on=["receivable_id", "debtor_id"])
        .sort("last_date", "alarm", "receivable_id")
    )
    sums = soon.unique("receivable_id").group_by(KEYS).agg(alarm_minor=pl.col("open_minor").sum())
    first = soon.unique(KEYS, keep="first", maintain_order=True).select(*KEYS, "alarm", alarm_date="last_date")
    return lines.join(first, on=KEYS, how="left").join(sums, on=KEYS, how="left")


def in_order(tasks: pl.DataFrame, weights: dict[str, int]) -> pl.DataFrame:
    """Tasks with their place (1, 2, ...), sorted by it.

    tasks     with alarm_date, rank_minor, currency, amount_minor, number
    weights   see `rulebook.rank.Rank`

    Alarms come first, the earliest last day before the others. Currencies are not compared: each is ranked by itself,
    and they take turns; currencies with a weight are one queue, by what they weigh.
    """
    scale = {code: weight * 10 ** (MONEY_SCALE_DIGITS - DIGITS[code]) for code, weight in weights.items()}
    weight = pl.col("currency").replace_strict(scale, default=None, return_dtype=pl.Int64)
    counted = tasks.with_columns(
        queue=pl.when(weight.is_null()).then("currency").otherwise(pl.lit("")),
        is_calm=pl.col("alarm_date").is_null(),
        value=pl.col("rank_minor").fill_null(0).cast(pl.Int128) * weight.fill_null(1),
        asked=pl.col("amount_minor").cast(pl.Int128) * weight.fill_null(1),
    ).sort("value", "asked", "number", "currency", descending=[True, True, False, False])
    return (
        counted.with_columns(turn=pl.int_range(pl.len()).over("queue", "is_calm"))
        .sort("is_calm", "alarm_date", "turn", "queue", "number", nulls_last=True)
        .with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int32))
        .drop("queue", "is_calm", "value", "asked", "turn")
    )
