"""Debtor and currency: what is owed, and the step that is due by the strategy alone."""

from datetime import date

import polars as pl

from dunwell.core.terms import Stage
from dunwell.engine.day import history
from dunwell.engine.day.ladder import Ladders
from dunwell.engine.day.profile import KEYS
from dunwell.engine.facts import Facts
from dunwell.rulebook.strategy import Strategy

_STAGES = 1 << 15
"""Room for the number of any stage beside a day."""


def lines_of(
    facts: Facts, items: pl.DataFrame, ladders: Ladders, doubt: pl.DataFrame, strategy: Strategy, day: date
) -> pl.DataFrame:
    """One row per debtor and currency with anything open. items: see `ladder.with_next`; doubt: `open_lists.in_doubt`.

    A step that can be taken today goes before the task of a person, whose sum is told beside it: `person_minor`.
    """
    sums = _with_reason(_leaving_residue(_sums(items, strategy), strategy))
    lines = (
        sums.join(history.last_message(facts), on=KEYS, how="left")
        .with_columns(pl.col("messages").fill_null(0))
        .join(facts["debtors"].select("debtor_id", "language", "preferred_channel"), on="debtor_id")
        .join(doubt, on=KEYS, how="left")
        .join(ladders.lines, on=KEYS, how="left")
        .join(_segments(ladders), on="ladder", how="left")
    )
    decided = _step_due(lines, strategy, day)
    # nobody is asked for what may be paid, and nobody forgets that it may not be
    unsure = (pl.col("reason") == "covered_by_credit") & (pl.col("doubt_minor") > 0)
    decided = decided.with_columns(
        action=pl.when(unsure).then(pl.lit("task")).otherwise("action"),
        total_minor=pl.when(unsure).then("asked_overdue").otherwise("total_minor"),
        stage=pl.when(unsure).then(pl.lit(int(Stage.PERSON), pl.Int16)).otherwise("stage"),
        reason=pl.when(unsure).then(pl.lit("credit_in_doubt")).otherwise("reason"),
    )
    return to_person(decided, pl.col("reason") == "for_person")


def _sums(items: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    """The sums of each line, and its steps that are due: dunning_stage (a message), person_stage (a task)."""
    overdue = pl.col("days_past_due") > strategy.grace_days
    net = pl.col("net_minor")
    counts = overdue & (net > 0)
    due = pl.col("due_now")
    person = due & pl.col("for_person")
    message = due & overdue & ~person
    ahead = (net > 0) & ~due & (pl.col("next_stage") > 0)
    # a step whose day is not known yet is the next of all
    days = pl.col("next_date").to_physical().cast(pl.Int64).fill_null(-_STAGES * _STAGES)
    # each item says what it adds, and the items of a line are added up: to seek them anew for each sum costs twice
    sums: dict[str, pl.Expr] = {
        "open_minor": pl.col("open_minor"),
        "overdue_minor": pl.when(overdue).then(net),
        "charges_minor": pl.when(overdue & pl.col("only_charges")).then(net),
        "petty_minor": pl.col("petty_minor"),
        "disputed_minor": pl.col("open_minor") - pl.col("demand_minor") - pl.col("petty_minor"),
        "asked_overdue": pl.when(overdue).then("demand_minor"),
        "items": counts.cast(pl.Int32),
        "person_minor": pl.when(person).then(net),
        "notice_minor": pl.when(due & ~overdue & ~person).then(net),
    }
    least: dict[str, pl.Expr] = {
        "oldest_due_date": pl.when(counts).then("due_date"),
        "person_since": pl.when(person).then("next_date"),
        "step_since": pl.when(message).then("next_date"),
        "next_date": pl.when(ahead).then("next_date"),
        # the first of the coming steps; of several on a day the lowest
        "ahead": pl.when(ahead).then(days * _STAGES + pl.col("next_stage")),
    }
    most: dict[str, pl.Expr] = {
        "credit_minor": pl.col("credit_minor"),
        "days_past_due": pl.when(counts).then("days_past_due").otherwise(0),
        "reached": pl.when(counts).then("reached").otherwise(0),
        "dunning_stage": pl.when(message).then("next_stage"),
        "person_stage": pl.when(person).then("next_stage"),
        "event_date": pl.when(message).then("event_date"),
        "acts_date": pl.when(message).then("acts_date"),
        "has_deadline": person & pl.col("deadline_date").is_not_null(),
        "any_demand": overdue & (pl.col("demand_minor") > 0),
        "any_overdue": overdue,
    }
    return (
        items.lazy()
        .select(*KEYS, **sums, **least, **most)
        .group_by(KEYS)
        .agg(pl.col(*sums).sum(), pl.col(*least).min(), pl.col(*most).max())
        .with_columns(next_stage=(pl.col("ahead") % _STAGES).cast(pl.Int16))
        .drop("ahead")
        .collect()
    )


def is_residue(strategy: Strategy) -> pl.Expr:
    """Nothing is overdue but charges, and no more of them than is left alone. Over the columns of `_sums`."""
    small = pl.col("overdue_minor") <= by_currency(strategy.residue_minor)
    return (pl.col("overdue_minor") > 0) & (pl.col("charges_minor") == pl.col("overdue_minor")) & small


def _leaving_residue(lines: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    """+ is_residue. What is left alone takes no step and is nobody's task; what falls due soon goes its way."""
    asked = ~pl.col("is_residue")
    return lines.with_columns(is_residue=is_residue(strategy)).with_columns(
        *(
            pl.when(asked).then(name).alias(name)
            for name in ("dunning_stage", "step_since", "person_stage", "person_since")
        ),
        person_minor=pl.when(asked).then("person_minor").otherwise(0),
    )


def _with_reason(lines: pl.DataFrame) -> pl.DataFrame:
    """+ person_reason: why something waits for a person, `deadline_passed` or `<stage>_due`."""
    word = pl.col("person_stage").replace_strict({int(stage): stage.word for stage in Stage}, return_dtype=pl.String)
    passed = (pl.col("person_stage") == int(Stage.PERSON)) & pl.col("has_deadline")
    return lines.with_columns(
        person_reason=pl.when(passed).then(pl.lit("deadline_passed")).otherwise(pl.concat_str(word, pl.lit("_due")))
    )


def _segments(ladders: Ladders) -> pl.DataFrame:
    """What hangs on the ladder alone: segment, segment_pause, and the arm with its chance, where there is one."""
    rows = [
        (
            place, each.segment.name, each.segment.pause_days,
            each.experiment.name if each.experiment else None,
            each.arm.name if each.arm else None,
            each.arm.share_bp if each.arm else None,
        )
        for place, each in enumerate(ladders.known)
    ]  # fmt: skip
    schema = {
        "ladder": pl.Int32, "segment": pl.String, "segment_pause": pl.Int32, "experiment": pl.String,
        "arm": pl.String, "propensity_bp": pl.Int32,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def gates(strategy: Strategy, day: date) -> dict[str, pl.Expr]:
    """What may keep a line from its message, in the order in which it is asked: reason -> Boolean, it stands.

    The first that stands is the line's reason; where none does, it is `step_due`. Over the columns of `_sums`.
    """
    nothing_late = (pl.col("overdue_minor") == 0) & ~_is_notice()
    paused = (_pause_until() > day).fill_null(value=False)
    return {
        "petty": nothing_late & (pl.col("petty_minor") > 0) & pl.col("any_overdue"),
        "all_disputed_or_held": nothing_late & pl.col("any_overdue") & ~pl.col("any_demand"),
        "covered_by_credit": nothing_late & pl.col("any_overdue"),
        "not_yet_due": ~pl.col("any_overdue") & ~_is_notice(),
        "residue": pl.col("is_residue") & ~_is_notice(),
        "below_minimum": _asked() < by_currency(strategy.minimum_minor),
        "for_person": (pl.col("person_minor") > 0) & (~_has_step() | paused),
        "overdue_first": ~_has_step() & (pl.col("notice_minor") > 0),
        "waiting": ~_has_step(),
        "paused": paused,
    }


def _is_notice() -> pl.Expr:
    """Nothing that is demanded is overdue, and something falls due soon."""
    return (pl.col("notice_minor") > 0) & ((pl.col("overdue_minor") == 0) | pl.col("is_residue"))


def _has_step() -> pl.Expr:
    return pl.col("dunning_stage").is_not_null() | _is_notice()


def _asked() -> pl.Expr:
    """What a message would ask for, in minor units."""
    return pl.when(_is_notice()).then(pl.col("notice_minor")).otherwise(pl.col("overdue_minor"))


def _pause_until() -> pl.Expr:
    """The first day after the pause that follows the last message; news since then end it (see `news.EVENTS`)."""
    since = (pl.col("event_date") > pl.col("last_message_date")).fill_null(value=False)
    after = pl.col("last_message_date") + pl.duration(days=pl.col("segment_pause"))
    return pl.when(since).then(pl.min_horizontal(after, "acts_date")).otherwise(after)


def _step_due(lines: pl.DataFrame, strategy: Strategy, day: date) -> pl.DataFrame:
    """+ action, reason, stage, total_minor, next_date, pause_until: what the strategy says before rules are asked."""
    asked = gates(strategy, day)
    reason = pl.lit("step_due")
    for name in reversed(asked):
        reason = pl.when(asked[name]).then(pl.lit(name)).otherwise(reason)
    notice = pl.when(_is_notice()).then(pl.lit(int(Stage.NOTICE)))
    return lines.with_columns(
        total_minor=_asked(),
        stage=notice.otherwise("dunning_stage").fill_null(0).cast(pl.Int16),
        paused=_has_step() & asked["paused"],
        pause_until=_pause_until(),
        reason=reason,
    ).with_columns(
        next_date=pl.when(pl.col("paused") & pl.col("reason").is_in(["paused", "for_person"]))
        .then("pause_until")
        .otherwise("next_date"),
        action=pl.when(pl.col("reason") == "step_due").then(pl.lit("message")).otherwise(pl.lit("none")),
        rule=pl.lit(None, pl.String),
        detail=pl.lit(None, pl.String),
    )


def by_currency(least_minor: dict[str, int]) -> pl.Expr:
    """A sum in minor units per currency; 0 where none is named."""
    found = pl.lit(0)
    for currency, least in sorted(least_minor.items()):
        found = pl.when(pl.col("currency") == currency).then(pl.lit(least)).otherwise(found)
    return found


def to_person(lines: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    """These lines are the task of a person, about what waits for him alone."""
    return lines.with_columns(
        action=pl.when(which).then(pl.lit("task")).otherwise("action"),
        reason=pl.when(which).then("person_reason").otherwise("reason"),
        stage=pl.when(which).then(pl.col("person_stage").cast(pl.Int16)).otherwise("stage"),
        total_minor=pl.when(which).then("person_minor").otherwise("total_minor"),
    )
