"""From claims, history and findings to one decision per debtor: the next step of the strategy, or why not.

Lines: one per debtor and currency. A stage is never skipped unless the strategy says so: each item takes its own steps
(or all of a debtor together, see `rulebook.strategy.Level`), a message goes out at the highest step that is due, and
names all overdue items of the currency. A step that is a person's is his task; it keeps no other item from its own
next step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from dunwell.core.terms import Stage
from dunwell.engine.book import cash, claims, open_lists
from dunwell.engine.book.ageing import ageing_of
from dunwell.engine.contact.counts import KINDS as CAPS
from dunwell.engine.contact.findings import both, of_book, uncarried
from dunwell.engine.day import history, ladder, notes, rank, reach, wishes
from dunwell.engine.day.ladder import Ladders
from dunwell.engine.day.lines import lines_of
from dunwell.engine.day.news import News
from dunwell.engine.day.profile import profile
from dunwell.engine.facts import Facts, in_days
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import Level, Strategy

LINES: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "action": pl.String(),
    "reason": pl.String(),
    "stage": pl.Int16(),
    "rule": pl.String(),
    "detail": pl.String(),
    "next_date": pl.Date(),
    "next_stage": pl.Int16(),
    "segment": pl.String(),
    "treatment": pl.String(),
    "experiment": pl.String(),
    "arm": pl.String(),
    "propensity_bp": pl.Int32(),
    "channel": pl.String(),
    "contact_point_id": pl.Int64(),
    "pay_by_date": pl.Date(),
    "not_before_at": pl.Datetime("us", "UTC"),
    "open_minor": pl.Int64(),
    "overdue_minor": pl.Int64(),
    "credit_minor": pl.Int64(),
    "disputed_minor": pl.Int64(),
    "total_minor": pl.Int64(),
    "person_minor": pl.Int64(),
    "person_stage": pl.Int16(),
    "person_reason": pl.String(),
    "items": pl.Int32(),
    "days_past_due": pl.Int32(),
    "oldest_due_date": pl.Date(),
    "reached": pl.Int16(),
    "messages": pl.Int32(),
    "last_message_date": pl.Date(),
    "language": pl.String(),
    "assigned": pl.String(),
    **rank.RANKED,
    "alarm": pl.String(),
    "alarm_date": pl.Date(),
    "alarm_minor": pl.Int64(),
}
"""One row per debtor and currency with anything open. `action`: message, task or none; `reason`: the code that says
why (words: `decision.<reason>`); `stage`: the step it is about; `rule`: the rule that forbids; `next_date`: the day
it will be looked at anew, as far as known; total_minor: what the message asks for, or the task is about;
person_minor, person_stage, person_reason: what waits for a person, beside a message about other items too, at which
stage and why (`deadline_passed` or `<stage>_due`, which then is the reason of his task);
next_stage: the step that can be taken next, on next_date if nothing else stands against it; segment, treatment: whom
the strategy takes the debtor for, and what it does at `stage` (`Strategy.treatments`); experiment, arm: by which the
line is treated, drawn with a chance of propensity_bp in 10 000 (`engine.day.arms`; null: by none); overdue_minor: net
of credit; assigned: whose task its message is, where a person took it on (`engine.day.wishes`); task_since_date to
alarm_minor: where what waits for a person stands among all tasks, and why (`engine.day.rank`)."""

LINE_ITEMS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "receivable_id": pl.Int64(),
    "stage": pl.Int16(),
    "open_minor": pl.Int64(),
    "demand_minor": pl.Int64(),
    "days_past_due": pl.Int32(),
}
"""The items a message names, with the stage each reaches by it. What is disputed or held is open but not demanded;
the sum of demand_minor less the credit that is deducted is the line's total_minor."""

TASK_ITEMS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "receivable_id": pl.Int64(),
    "stage": pl.Int16(),
    "net_minor": pl.Int64(),
}
"""The items whose next step is a person's and is due, with the stage it is."""

DECISIONS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "number": pl.String(),
    "action": pl.String(),
    "stage": pl.Int16(),
    "reason": pl.String(),
    "currency": pl.String(),
    "channel": pl.String(),
    "experiment": pl.String(),
    "arm": pl.String(),
    "propensity_bp": pl.Int32(),
}
"""One row per debtor of the book: that of its weightiest line, or `nothing_open`. experiment, arm, propensity_bp: of
whichever of his lines is treated by one; of two they are the same."""


_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a day's facts lead to. Every frame in a total order, without floats.

    Beside the decisions what they rest on: `matches` (see `cash.MATCHES`), the `ageing` table; `tasks`: `TASK_ITEMS`;
    `notes`: messages about promises, `notes.NOTES`;
    `about`: see `profile`; `hours`: when each debtor may be contacted, from the moment of the decision on.
    """

    lines: pl.DataFrame
    items: pl.DataFrame
    tasks: pl.DataFrame
    findings: pl.DataFrame
    notes: pl.DataFrame
    decisions: pl.DataFrame
    matches: pl.DataFrame
    ageing: pl.DataFrame


type Watch = Callable[[str, Any], None]
"""Is told, by name, what a decision is made of on its way. Of a whole book nobody keeps it; of one debtor it says why.

known      the facts of the day; applied: its money (see `cash.apply_cash`)
open       what is open and what is asked for of it (see `claims.net_items`)
standing   open items with how far each has come, before a step is sought for it
events     news for which steps come at once, see `news.EVENTS`
profile    what conditions of the strategy ask for, one row per line; ladders: see `ladder.Ladders`
hours      when debtors may be contacted, by channel (see `hours.Hours`)
due        lines with the step that is due by the strategy alone (see `lines.lines_of`); stopped: after the rules
against    findings, and what our messages do not carry; caps: the ids of caps on contacts
ways       every address of a message (see `reach.ways_of`); chosen: lines with their address, before hours are asked
last       lines after all of it, with more columns than `LINES`
"""


def _unwatched(_: str, __: Any) -> None:
    """Nobody asks why."""


def decide(
    facts: Facts,
    strategy: Strategy,
    rules: Rules,
    day: date,
    moment: datetime,
    watch: Watch = _unwatched,
    *,
    also: frozenset[str] = frozenset(),
    told_until: date | None = None,
) -> Outcome:
    """Decide a day. `moment` (aware) is the earliest instant a message may leave; facts may reach beyond the day.

    also         columns of `profile` that the caller asks for beside those of the strategy
    told_until   where the facts are a part of a book: what the others say, see `shards.told_until`
    """
    known = facts.on(day)
    watch("known", known)
    applied = cash.apply_cash(known, told_until)
    watch("applied", applied)
    news = News(known, rules, applied.came, day)
    items, ladders, about = _items(known, applied, strategy, news, watch, also)
    told = both(known, rules.binding, day, moment, applied.came)
    watch("hours", told.hours)
    found = of_book(told)
    lines = lines_of(known, items, ladders, open_lists.in_doubt(applied.came, known), strategy, day)
    watch("due", lines)
    caps = frozenset(rule.id for rule, _ in rules.in_force(day, *CAPS))
    watch("caps", caps)
    lines = reach.stopped(lines, found, caps)
    watch("stopped", lines)
    against = pl.concat([found, uncarried(told)], how="diagonal")
    watch("against", against)
    ways = reach.ways_of(lines, known, against, strategy, ladders, caps, day)
    watch("ways", ways)
    lines = reach.by_channel(lines, ways)
    watch("chosen", lines)
    lines = wishes.reassigned(reach.in_hours(lines, told.hours, moment), known, day)
    today = notes.Today(known, strategy, rules, day, moment, ladders, told, found, applied.came, caps)
    about_promises = notes.notes_of(today, lines)
    lines = notes.thanked_first(today, lines, about_promises)
    lines = _treated(lines, ladders, day, _days_off(known))
    lines = rank.with_rank(lines, about, ladders, strategy.rank, news)
    lines = rank.with_alarms(lines, items, known["clocks"], strategy.rank.alarm_days, day)
    watch("last", lines)
    lines = lines.select(list(LINES)).cast(dict(LINES)).sort("debtor_id", "currency")  # type: ignore[arg-type]
    return Outcome(
        lines=lines,
        items=_line_items(lines, items, strategy),
        tasks=_task_items(items),
        findings=found,
        notes=about_promises,
        decisions=_decisions(known, lines, about_promises),
        matches=cash.matches_of(applied.paid),
        ageing=ageing_of(items),
    )


def _items(
    facts: Facts,
    applied: cash.Cash,
    strategy: Strategy,
    news: News,
    watch: Watch,
    also: frozenset[str],
) -> tuple[pl.DataFrame, Ladders, pl.DataFrame]:
    """Open items (see `claims.with_credit`) with the step each could take (see `ladder.with_next`), the ladders, and
    what is known of each debtor (see `profile`)."""
    day = news.day
    items = claims.net_items(facts, day, applied, netting=strategy.netting)
    watch("open", items)
    items = items.join(history.reached(facts, day), on="receivable_id", how="left").with_columns(
        pl.col("reached", "written").fill_null(0).cast(pl.Int16), pl.col("tries").fill_null(0)
    )
    items = claims.with_residue(_without_petty(items, strategy), applied)
    watch("standing", items)
    wanted = ladder.columns_wanted(strategy, day) | strategy.rank.columns | also
    about = profile(facts, items, news.rules, day, applied.came, wanted, strategy.grace_days)
    watch("profile", about)
    ladders = ladder.ladders_of(about, strategy, facts, day)
    watch("ladders", ladders)
    kinds = frozenset[str]().union(*(segment.at_once for segment in strategy.segments))
    events = news.events(kinds)
    watch("events", events)
    return ladder.with_next(items, ladders, strategy, day, events), ladders, about


def _without_petty(items: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    """+ petty_minor: what is left of an item that is paid but for less than `minimum_bp` is not asked for."""
    if not strategy.minimum_bp:
        return items.with_columns(petty_minor=pl.lit(0, pl.Int64))
    least = pl.col("currency").replace_strict(strategy.minimum_bp, default=0, return_dtype=pl.Int64)
    # Int128: 10^13 minor units times 10^4
    petty = pl.col("open_minor").cast(pl.Int128) * 10_000 < pl.col("amount_minor").cast(pl.Int128) * least
    return items.with_columns(petty_minor=pl.when(petty).then("demand_minor").otherwise(0)).with_columns(
        demand_minor=pl.when(petty).then(0).otherwise("demand_minor"),
        net_minor=pl.when(petty).then(0).otherwise("net_minor"),
    )


def _treated(lines: pl.DataFrame, ladders: Ladders, day: date, off: frozenset[date]) -> pl.DataFrame:
    """+ treatment, and of messages pay_by_date: the day by which to pay; when banks rest, the next working day.

    off   public holidays at the creditor's place
    """
    rows = [
        (
            place, int(step.stage), treatment.name,
            _working(in_days(day, treatment.pay_within_days), off) if treatment.pay_within_days else None,
        )
        for place, step, treatment in ladders.steps()
    ]  # fmt: skip
    schema = {"ladder": pl.Int32, "stage": pl.Int16, "treatment": pl.String, "pay_by": pl.Date}
    message = pl.col("action") == "message"
    return lines.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["ladder", "stage"], how="left").with_columns(
        pay_by_date=pl.when(message).then("pay_by"),
        channel=pl.when(message).then("channel"),
        contact_point_id=pl.when(message).then("contact_point_id"),
        not_before_at=pl.when(message).then("not_before_at"),
    )


def _working(day: date, off: frozenset[date]) -> date:
    """The day itself, or the first after it that is neither a weekend day nor off."""
    while day.weekday() >= _SATURDAY or day in off:
        day = in_days(day, 1)
    return day


def _days_off(facts: Facts) -> frozenset[date]:
    """Public holidays at the creditor's place."""
    mine = facts["creditor"]["country"].item()
    return frozenset(facts["days_off"].filter(pl.col("place") == mine)["day_off"])


def _line_items(lines: pl.DataFrame, items: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    """What each message names: a notice the items about to fall due, every other step all overdue items.

    An item takes its own next step if that is due; one that is named for the first time has been reminded by it;
    any other keeps what was written about it, one that waits for a person too: naming it is no talk. At the level
    `highest` or `debtor` all come to where the message stands.
    """
    going = lines.filter(pl.col("action") == "message").select("debtor_id", "currency", line_stage="stage")
    is_notice = pl.col("line_stage") == Stage.NOTICE
    overdue = pl.col("days_past_due") > strategy.grace_days
    together = pl.lit(strategy.level is not Level.RECEIVABLE)
    least = pl.when(together).then("line_stage").otherwise(pl.lit(int(Stage.REMINDER), pl.Int16))
    first_time = pl.max_horizontal("written", least)
    return (
        items.join(going, on=["debtor_id", "currency"])
        .filter((is_notice & ~overdue & pl.col("due_now")) | (~is_notice & overdue & (pl.col("demand_minor") > 0)))
        .with_columns(
            stage=pl.when(is_notice)
            .then("line_stage")
            .when(pl.col("due_now") & ~pl.col("for_person") & ~together)
            .then("next_stage")
            .otherwise(first_time)
        )
        .select(list(LINE_ITEMS))
        .cast(dict(LINE_ITEMS))  # type: ignore[arg-type]
        .sort("debtor_id", "currency", "receivable_id")
    )


def _task_items(items: pl.DataFrame) -> pl.DataFrame:
    """See `TASK_ITEMS`."""
    return (
        items.filter(pl.col("due_now") & pl.col("for_person"))
        .select("debtor_id", "currency", "receivable_id", stage="next_stage", net_minor="net_minor")
        .cast(dict(TASK_ITEMS))  # type: ignore[arg-type]
        .sort("debtor_id", "currency", "receivable_id")
    )


def _decisions(facts: Facts, lines: pl.DataFrame, about_promises: pl.DataFrame) -> pl.DataFrame:
    """One decision per debtor: of the line that asks most, by action, stage and sum. A message about a promise comes
    after those of steps, and before tasks."""
    weight = pl.col("action").replace_strict({"message": 0, "task": 2, "none": 3}, return_dtype=pl.Int8)
    beside = about_promises.lazy().select(
        "debtor_id", "currency", "channel", action=pl.lit("message"), stage=pl.lit(0, pl.Int16), reason="note",
        overdue_minor="total_minor", weight=pl.lit(1, pl.Int8),
    )  # fmt: skip
    columns = ["debtor_id", "currency", "channel", "action", "stage", "reason", "overdue_minor", "weight"]
    first = (
        pl.concat([lines.lazy().with_columns(weight=weight).select(columns), beside.select(columns)])
        .sort("debtor_id", "weight", "stage", "overdue_minor", "currency", descending=[False, False, True, True, False])
        .unique("debtor_id", keep="first", maintain_order=True)
        .select("debtor_id", "action", "stage", "reason", "currency", "channel")
    )
    drawn = (
        lines.lazy()
        .filter(pl.col("arm").is_not_null())
        .unique("debtor_id", keep="first", maintain_order=True)
        .select("debtor_id", "experiment", "arm", "propensity_bp")
    )
    return (
        facts["debtors"]
        .lazy()
        .select("debtor_id", "number")
        .join(first, on="debtor_id", how="left")
        .join(drawn, on="debtor_id", how="left")
        .with_columns(
            pl.col("action").fill_null("none"),
            pl.col("stage").fill_null(0).cast(pl.Int16),
            pl.col("reason").fill_null("nothing_open"),
        )
        .select(list(DECISIONS))
        .cast(dict(DECISIONS))  # type: ignore[arg-type]
        .sort("number", "debtor_id")
        .collect()
    )
