"""From claims, history and findings to one decision per debtor: the next step of the strategy, or why not.

Lines: one per debtor and currency. A stage is never skipped: each item takes its own steps, a message goes out at
the highest step that is due, and names all overdue items of the currency. An item past its final deadline is a
person's task; it keeps no other item from its own next step.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dunwell.core.terms import Stage
from dunwell.engine import cash, claims, history, open_lists
from dunwell.engine.ageing import ageing_of
from dunwell.engine.contact_counts import KINDS as CAPS
from dunwell.engine.facts import Facts, in_days
from dunwell.engine.findings import STOPPING, both, of_book, uncarried
from dunwell.engine.hours import Hours
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import Strategy

LINES: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "action": pl.String(),
    "reason": pl.String(),
    "stage": pl.Int16(),
    "rule": pl.String(),
    "detail": pl.String(),
    "next_date": pl.Date(),
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
    "items": pl.Int32(),
    "days_past_due": pl.Int32(),
    "oldest_due_date": pl.Date(),
    "reached": pl.Int16(),
    "messages": pl.Int32(),
    "last_message_date": pl.Date(),
    "language": pl.String(),
}
"""One row per debtor and currency with anything open. `action`: message, task or none; `reason`: the code that says
why (words: `decision.<reason>`); `stage`: the step it is about; `rule`: the rule that forbids; `next_date`: the day
it will be looked at anew, as far as known; total_minor: what the message asks for, or the task is about;
person_minor: what is past its final deadline and waits for a person, beside a message about other items too;
overdue_minor: net of credit."""

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

DECISIONS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "number": pl.String(),
    "action": pl.String(),
    "stage": pl.Int16(),
    "reason": pl.String(),
    "currency": pl.String(),
    "channel": pl.String(),
}
"""One row per debtor of the book: that of its weightiest line, or `nothing_open`."""


_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a day's facts lead to. Every frame in a total order, without floats.

    Beside the decisions what they rest on: `matches` (see `cash.MATCHES`) and the `ageing` table.
    """

    lines: pl.DataFrame
    items: pl.DataFrame
    findings: pl.DataFrame
    decisions: pl.DataFrame
    matches: pl.DataFrame
    ageing: pl.DataFrame


def decide(facts: Facts, strategy: Strategy, rules: Rules, day: date, moment: datetime) -> Outcome:
    """Decide a day. `moment` (aware) is the earliest instant a message may leave; facts may reach beyond the day."""
    known = facts.on(day)
    applied = cash.apply_cash(known)
    items = _items(known, claims.net_items(known, day, applied, netting=strategy.netting), strategy, day)
    told = both(known, rules.binding, day, moment, applied.came)
    found = of_book(told)
    lines = _lines(known, items, open_lists.in_doubt(applied.came, known), strategy, day)
    caps = frozenset(rule.id for rule, _ in rules.in_force(day, *CAPS))
    lines = _stopped(lines, found, caps)
    lines = _by_channel(lines, _ways(lines, known, pl.concat([found, uncarried(told)], how="diagonal"), strategy, caps))
    lines = _in_hours(lines, told.hours, moment)
    lines = _deadline(lines, strategy, day, _days_off(known))
    lines = lines.select(list(LINES)).cast(dict(LINES)).sort("debtor_id", "currency")  # type: ignore[arg-type]
    return Outcome(
        lines=lines,
        items=_line_items(lines, items),
        findings=found,
        decisions=_decisions(known, lines),
        matches=cash.matches_of(applied.paid),
        ageing=ageing_of(items),
    )


def _items(facts: Facts, items: pl.DataFrame, strategy: Strategy, day: date) -> pl.DataFrame:
    """Open items (see `claims.with_credit`) + the step each could take: next_stage, due_now (Boolean), next_date."""
    items = items.join(history.reached(facts), on="receivable_id", how="left").with_columns(
        pl.col("reached").fill_null(0)
    )
    overdue = pl.col("days_past_due") > 0
    stage, date_of = pl.lit(int(Stage.NONE)), pl.lit(None, pl.Date)
    for step in strategy.steps:
        mine = (
            pl.col("reached") == 0
            if step.stage == Stage.NOTICE
            else (
                pl.col("reached") <= Stage.NOTICE
                if step.stage == Stage.REMINDER
                else pl.col("reached") == step.stage - 1
            )
        ) & (~overdue if step.stage == Stage.NOTICE else overdue)
        by_due = pl.col("due_date").dt.offset_by(f"{step.offset_days}d")
        by_last = pl.col("reached_date").dt.offset_by(f"{step.after_days}d")
        stage = pl.when(mine).then(pl.lit(int(step.stage))).otherwise(stage)
        date_of = (
            pl.when(mine).then(pl.max_horizontal(by_due, by_last) if step.after_days else by_due).otherwise(date_of)
        )
    last = (pl.col("reached") >= Stage.SECOND_DUNNING) & overdue
    stage = pl.when(last).then(pl.lit(int(Stage.PERSON))).otherwise(stage)
    date_of = (
        pl.when(last)
        .then(pl.coalesce("deadline_date", "reached_date").dt.offset_by(f"{strategy.person_after_deadline_days + 1}d"))
        .otherwise(date_of)
    )
    return items.with_columns(next_stage=stage.cast(pl.Int16), next_date=date_of).with_columns(
        due_now=((pl.col("next_stage") > 0) & (pl.col("next_date") <= day) & (pl.col("net_minor") > 0)).fill_null(
            value=False
        )
    )


def _lines(facts: Facts, items: pl.DataFrame, doubt: pl.DataFrame, strategy: Strategy, day: date) -> pl.DataFrame:
    """Debtor and currency: sums, and the step that is due by the strategy alone. doubt: `open_lists.in_doubt`.

    A step that can be taken today goes before the task of a person, whose sum is told beside it: `person_minor`.
    """
    overdue = pl.col("days_past_due") > 0
    counts = overdue & (pl.col("net_minor") > 0)
    due = pl.col("due_now")
    final = due & (pl.col("next_stage") == Stage.PERSON)
    lines = (
        items.group_by("debtor_id", "currency")
        .agg(
            open_minor=pl.col("open_minor").sum(),
            overdue_minor=pl.col("net_minor").filter(overdue).sum(),
            credit_minor=pl.col("credit_minor").first(),
            disputed_minor=(pl.col("open_minor") - pl.col("demand_minor")).sum(),
            asked_overdue=pl.col("demand_minor").filter(overdue).sum(),
            items=counts.sum().cast(pl.Int32),
            days_past_due=pl.col("days_past_due").filter(counts).max().fill_null(0),
            oldest_due_date=pl.col("due_date").filter(counts).min(),
            reached=pl.col("reached").filter(counts).max().fill_null(0),
            dunning_stage=pl.col("next_stage").filter(due & overdue & ~final).max(),
            person_minor=pl.col("net_minor").filter(final).sum(),
            notice_minor=pl.col("net_minor").filter(due & ~overdue).sum(),
            next_date=pl.col("next_date").filter((pl.col("net_minor") > 0) & ~due).min(),
            any_demand=(pl.col("demand_minor").filter(overdue) > 0).any(),
            any_overdue=overdue.any(),
        )
        .join(history.last_message(facts), on=["debtor_id", "currency"], how="left")
        .with_columns(pl.col("messages").fill_null(0))
        .join(facts["debtors"].select("debtor_id", "language", "preferred_channel"), on="debtor_id")
        .join(doubt, on=["debtor_id", "currency"], how="left")
    )
    minimum = pl.lit(0)
    for currency, least in sorted(strategy.minimum_minor.items()):
        minimum = pl.when(pl.col("currency") == currency).then(pl.lit(least)).otherwise(minimum)
    is_notice = pl.col("dunning_stage").is_null() & (pl.col("notice_minor") > 0) & (pl.col("overdue_minor") == 0)
    total = pl.when(is_notice).then(pl.col("notice_minor")).otherwise(pl.col("overdue_minor"))
    pause_until = pl.col("last_message_date").dt.offset_by(f"{strategy.pause_days}d")
    paused = (pause_until > day).fill_null(value=False)
    has_step = pl.col("dunning_stage").is_not_null() | is_notice
    is_person = (pl.col("person_minor") > 0) & (~has_step | paused)
    decided = lines.with_columns(
        total_minor=total,
        stage=pl.when(is_notice).then(pl.lit(int(Stage.NOTICE))).otherwise("dunning_stage").fill_null(0).cast(pl.Int16),
        paused=has_step & paused,
        reason=pl.when(pl.col("any_overdue") & (pl.col("overdue_minor") == 0) & ~pl.col("any_demand") & ~is_notice)
        .then(pl.lit("all_disputed_or_held"))
        .when(pl.col("any_overdue") & (pl.col("overdue_minor") == 0) & ~is_notice)
        .then(pl.lit("covered_by_credit"))
        .when(~pl.col("any_overdue") & ~is_notice)
        .then(pl.lit("not_yet_due"))
        .when(total < minimum)
        .then(pl.lit("below_minimum"))
        .when(is_person)
        .then(pl.lit("deadline_passed"))
        .when(~has_step)
        .then(pl.lit("waiting"))
        .when(paused)
        .then(pl.lit("paused"))
        .otherwise(pl.lit("step_due")),
    ).with_columns(
        next_date=pl.when(pl.col("paused") & pl.col("reason").is_in(["paused", "deadline_passed"]))
        .then(pause_until)
        .otherwise("next_date"),
        action=pl.when(pl.col("reason") == "step_due").then(pl.lit("message")).otherwise(pl.lit("none")),
        rule=pl.lit(None, pl.String),
        detail=pl.lit(None, pl.String),
    )
    # nobody is asked for what may be paid, and nobody forgets that it may not be
    unsure = (pl.col("reason") == "covered_by_credit") & (pl.col("doubt_minor") > 0)
    decided = decided.with_columns(
        action=pl.when(unsure).then(pl.lit("task")).otherwise("action"),
        total_minor=pl.when(unsure).then("asked_overdue").otherwise("total_minor"),
        stage=pl.when(unsure).then(pl.lit(int(Stage.PERSON), pl.Int16)).otherwise("stage"),
        reason=pl.when(unsure).then(pl.lit("credit_in_doubt")).otherwise("reason"),
    )
    return _to_person(decided, pl.col("reason") == "deadline_passed")


def _to_person(lines: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    """These lines are the task of a person, about what is past its final deadline alone."""
    return lines.with_columns(
        action=pl.when(which).then(pl.lit("task")).otherwise("action"),
        reason=pl.when(which).then(pl.lit("deadline_passed")).otherwise("reason"),
        stage=pl.when(which).then(pl.lit(int(Stage.PERSON), pl.Int16)).otherwise("stage"),
        total_minor=pl.when(which).then("person_minor").otherwise("total_minor"),
    )


def _stopped(lines: pl.DataFrame, found: pl.DataFrame, caps: frozenset[str]) -> pl.DataFrame:
    """Take back messages and tasks that a finding on every channel stands against. The longest is named.

    A cap on contacts (`caps`: the ids of these rules) takes back messages alone, for a task contacts nobody: where
    something waits for a person, his task takes the place of the message.
    """
    everywhere = pl.col("channel").is_null() & pl.col("contact_point_id").is_null()
    stops = found.filter(pl.col("effect").is_in(STOPPING) & everywhere).with_columns(
        pl.col("until_date").fill_null(date.max), is_cap=pl.col("rule").is_in(sorted(caps))
    )
    waits = (pl.col("person_minor") > 0) | (pl.col("action") == "task")
    pairs = lines.select("debtor_id", "currency", waits=waits)
    wide = pairs.join(stops.filter(pl.col("currency").is_null()).drop("currency"), on="debtor_id")
    narrow = pairs.join(stops, on=["debtor_id", "currency"])
    all_stops = pl.concat([wide, narrow.select(wide.columns)])
    yields = pl.col("is_cap") & pl.col("waits")
    capped = all_stops.filter(yields).group_by("debtor_id", "currency").agg(capped_date=pl.col("until_date").max())
    longest = (
        all_stops.filter(~yields)
        .sort("until_date", "rule", "detail", descending=[True, False, False], nulls_last=True)
        .unique(["debtor_id", "currency"], keep="first", maintain_order=True)
        .select("debtor_id", "currency", "rule", "detail", "until_date")
    )
    joined = lines.drop("rule", "detail").join(longest, on=["debtor_id", "currency"], how="left")
    hit = pl.col("rule").is_not_null() & pl.col("action").is_in(["message", "task"])
    after = pl.when(pl.col("until_date") < date.max).then(pl.col("until_date").dt.offset_by("1d"))
    stopped = (
        joined.with_columns(
            action=pl.when(hit).then(pl.lit("none")).otherwise("action"),
            reason=pl.when(hit).then(pl.lit("forbidden")).otherwise("reason"),
            next_date=pl.when(hit).then(after).otherwise("next_date"),
            rule=pl.when(hit).then("rule"),
            detail=pl.when(hit).then("detail"),
        )
        .drop("until_date")
        .join(capped, on=["debtor_id", "currency"], how="left")
        .with_columns(is_capped=(pl.col("action") == "message") & pl.col("capped_date").is_not_null())
        .with_columns(
            next_date=pl.when("is_capped").then(pl.col("capped_date").dt.offset_by("1d")).otherwise("next_date")
        )
    )
    return _to_person(stopped, pl.col("is_capped"))


def _ways(
    lines: pl.DataFrame, facts: Facts, found: pl.DataFrame, strategy: Strategy, caps: frozenset[str]
) -> pl.DataFrame:
    """Every address a message may go to, the best first: the debtor's preferred channel if the step allows it, else the
    step's order.

    rule         what stands against it, the longest; null: nothing
    until_date   the last day of that, null: no end is known
    only_caps    nothing but caps on contacts stands against it
    """
    order = pl.DataFrame(
        [(int(step.stage), channel, place) for step in strategy.steps for place, channel in enumerate(step.channels)],
        schema={"stage": pl.Int16, "channel": pl.String, "place": pl.Int16},
        orient="row",
    )
    ways = (
        lines.filter(pl.col("action") == "message")
        .select("debtor_id", "currency", "stage", "preferred_channel")
        .join(order, on="stage")
        .join(facts["contact_points"].filter(pl.col("usable")).drop("usable"), on=["debtor_id", "channel"])
        .with_columns(other=(pl.col("channel") != pl.col("preferred_channel")).fill_null(value=True))
    )
    against = found.filter(pl.col("effect").is_in(STOPPING) | pl.col("effect").is_null()).select(
        "debtor_id", "channel", "contact_point_id", "rule", "until_date", about="currency"
    )
    keys = ["debtor_id", "currency", "contact_point_id"]
    of_channel = against.filter(pl.col("channel").is_not_null() & pl.col("contact_point_id").is_null())
    of_address = against.filter(pl.col("contact_point_id").is_not_null())
    shut = pl.concat([
        ways.join(of_channel.drop("contact_point_id"), on=["debtor_id", "channel"]),
        ways.join(of_address.drop("debtor_id", "channel"), on="contact_point_id"),
    ], how="diagonal").filter(pl.col("about").is_null() | (pl.col("about") == pl.col("currency")))  # fmt: skip
    longest = (
        shut.with_columns(only_caps=pl.col("rule").is_in(sorted(caps)).all().over(keys))
        .sort("until_date", "rule", descending=[True, False], nulls_last=False)
        .unique(keys, keep="first", maintain_order=True)
    )
    return ways.join(longest.select(*keys, "rule", "until_date", "only_caps"), on=keys, how="left").sort(
        "debtor_id", "currency", "other", "place", "rank", "contact_point_id"
    )


def _by_channel(lines: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """Choose the address. Where a cap alone stands against all there are, the message waits until there is room again;
    if something waits for a person, it is his task meanwhile."""
    keys = ["debtor_id", "currency"]
    chosen = (
        ways.filter(pl.col("rule").is_null())
        .unique(keys, keep="first", maintain_order=True)
        .select(*keys, "channel", "contact_point_id")
    )
    later = (
        ways.filter(pl.col("only_caps") & pl.col("until_date").is_not_null())
        .sort("until_date", maintain_order=True)
        .unique(keys, keep="first", maintain_order=True)
        .select(*keys, full="rule", full_date="until_date")
    )
    barred = ways.filter(pl.col("rule").is_not_null()).unique(keys, keep="first", maintain_order=True)
    lines = (
        lines.join(chosen, on=keys, how="left")
        .join(later, on=keys, how="left")
        .join(barred.select(*keys, barred="rule"), on=keys, how="left")
    )
    unreachable = (pl.col("action") == "message") & pl.col("channel").is_null()
    full = unreachable & pl.col("full").is_not_null()
    lines = lines.with_columns(
        next_date=pl.when(full).then(pl.col("full_date").dt.offset_by("1d")).otherwise("next_date"),
        rule=pl.when(full & (pl.col("person_minor") == 0))
        .then("full")
        .when(unreachable & ~full)
        .then("barred")
        .otherwise("rule"),
        # a notice before the due date is a courtesy: nobody has to look for an address because of it
        action=pl.when(unreachable)
        .then(pl.when(full | (pl.col("stage") == Stage.NOTICE)).then(pl.lit("none")).otherwise(pl.lit("task")))
        .otherwise("action"),
        reason=pl.when(unreachable & (full | pl.col("barred").is_not_null()))
        .then(pl.lit("forbidden"))
        .when(unreachable)
        .then(pl.lit("no_address"))
        .otherwise("reason"),
        waits=full & (pl.col("person_minor") > 0),
    )
    return _to_person(lines, pl.col("waits"))


def _in_hours(lines: pl.DataFrame, hours: Hours, moment: datetime) -> pl.DataFrame:
    """When the message may leave; a debtor who can never be reached in allowed hours goes to a person."""
    spans = hours.windows.filter(pl.col("bound")).select("spot", "channel", "open_at", shut_by="rule", bound="bound")
    message = pl.col("action") == "message"
    never = message & pl.col("bound").fill_null(value=False) & pl.col("open_at").is_null()
    return (
        lines.join(hours.spots.rename({"subject_id": "debtor_id"}), on="debtor_id", how="left")
        .join(spans, on=["spot", "channel"], how="left")
        .with_columns(not_before_at=pl.when(message).then(pl.max_horizontal("open_at", pl.lit(moment))))
        .with_columns(
            action=pl.when(never).then(pl.lit("task")).otherwise("action"),
            reason=pl.when(never).then(pl.lit("forbidden")).otherwise("reason"),
            rule=pl.when(never).then("shut_by").otherwise("rule"),
        )
    )


def _deadline(lines: pl.DataFrame, strategy: Strategy, day: date, off: frozenset[date]) -> pl.DataFrame:
    """The day by which a message asks to be paid: when banks rest, the next working day.

    off   public holidays at the creditor's place
    """
    pay_by = pl.lit(None, pl.Date)
    for step in strategy.steps:
        if step.pay_within_days is not None:
            pay_by = (
                pl.when(pl.col("stage") == int(step.stage))
                .then(pl.lit(_working(in_days(day, step.pay_within_days), off)))
                .otherwise(pay_by)
            )
    message = pl.col("action") == "message"
    return lines.with_columns(
        pay_by_date=pl.when(message).then(pay_by),
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


def _line_items(lines: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """What each message names: a notice the items about to fall due, every other step all overdue items.

    An item takes its own next step if that is due; one that is named for the first time has been reminded by it;
    any other keeps the stage it had, one that waits for a person too.
    """
    going = lines.filter(pl.col("action") == "message").select("debtor_id", "currency", line_stage="stage")
    is_notice = pl.col("line_stage") == Stage.NOTICE
    overdue = pl.col("days_past_due") > 0
    first_time = pl.max_horizontal(pl.col("reached"), pl.lit(int(Stage.REMINDER), pl.Int16))
    return (
        items.join(going, on=["debtor_id", "currency"])
        .filter((is_notice & ~overdue & pl.col("due_now")) | (~is_notice & overdue & (pl.col("demand_minor") > 0)))
        .with_columns(
            stage=pl.when(is_notice)
            .then("line_stage")
            .when(pl.col("due_now") & (pl.col("next_stage") < Stage.PERSON))
            .then("next_stage")
            .otherwise(first_time)
        )
        .select(list(LINE_ITEMS))
        .cast(dict(LINE_ITEMS))  # type: ignore[arg-type]
        .sort("debtor_id", "currency", "receivable_id")
    )


def _decisions(facts: Facts, lines: pl.DataFrame) -> pl.DataFrame:
    """One decision per debtor: of the line that asks most, by action, stage and sum."""
    weight = pl.col("action").replace_strict({"message": 0, "task": 1, "none": 2}, return_dtype=pl.Int8)
    first = (
        lines.with_columns(weight=weight)
        .sort("debtor_id", "weight", "stage", "overdue_minor", "currency", descending=[False, False, True, True, False])
        .unique("debtor_id", keep="first", maintain_order=True)
        .select("debtor_id", "action", "stage", "reason", "currency", "channel")
    )
    return (
        facts["debtors"]
        .select("debtor_id", "number")
        .join(first, on="debtor_id", how="left")
        .with_columns(
            pl.col("action").fill_null("none"),
            pl.col("stage").fill_null(0).cast(pl.Int16),
            pl.col("reason").fill_null("nothing_open"),
        )
        .select(list(DECISIONS))
        .cast(dict(DECISIONS))  # type: ignore[arg-type]
        .sort("number", "debtor_id")
    )
