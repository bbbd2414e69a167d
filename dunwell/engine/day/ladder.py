"""Which step each item could take next: segment, ladder, stage and day.

A *ladder* is a segment with the treatment that was chosen at each of its stages; stages that are skipped are left out.
Where an experiment runs, each of its arms has ladders of its own.
Lines of one ladder are treated alike, and a book knows few of them: all that hangs on conditions is asked once per
debtor and currency, all that hangs on the stage once per ladder, by a join on a small table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.core.terms import Stage
from dunwell.engine.day.arms import NO_ARM, arms_of
from dunwell.engine.day.conditions import holds
from dunwell.engine.day.history import TALK_DATES
from dunwell.engine.day.profile import KEYS
from dunwell.engine.facts import Facts, days_between
from dunwell.rulebook.conditions import columns_of
from dunwell.rulebook.strategy import PERSON, Arm, Experiment, Level, Segment, Step, Strategy, Treatment

_NONE = int(Stage.NONE)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A segment and what is done at each of its stages, the skipped ones left out; both as in the arm, where one is."""

    segment: Segment
    steps: tuple[tuple[Step, Treatment], ...]
    experiment: Experiment | None = None
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladders of a book: `lines` says which one each debtor and currency is on (debtor_id, currency, ladder)."""

    lines: pl.DataFrame
    known: tuple[Ladder, ...]

    def steps(self) -> Iterator[tuple[int, Step, Treatment]]:
        """(ladder, step, treatment) of all."""
        for place, ladder in enumerate(self.known):
            for step, treatment in ladder.steps:
                yield place, step, treatment


def columns_wanted(strategy: Strategy, day: date) -> frozenset[str]:
    """The columns that the strategy's conditions ask for on a day."""
    running = strategy.experiment_on(day)
    conditions = [
        condition
        for segment in strategy.segments
        for condition in (
            segment.when,
            *(treatment.when for step in segment.steps for treatment in step.treatments),
        )
    ] + ([running.when] if running else [])
    return frozenset(name for condition in conditions for name in columns_of(condition))


def ladders_of(profile: pl.DataFrame, strategy: Strategy, facts: Facts, day: date) -> Ladders:
    """Put each debtor and currency on its ladder. profile: see `engine.day.profile`."""
    running = strategy.experiment_on(day)
    segment = pl.lit(len(strategy.segments) - 1)
    for place in range(len(strategy.segments) - 2, -1, -1):
        segment = pl.when(holds(strategy.segments[place].when)).then(pl.lit(place)).otherwise(segment)
    choices = {
        (place, number): choice(step)
        for place, each in enumerate(strategy.segments)
        for number, step in enumerate(each.steps)
        if len(step.treatments) > 1
    }
    named = {key: f"choice_{key[0]}_{key[1]}" for key in choices}
    placed = profile.select(
        *KEYS,
        segment=segment.cast(pl.Int32),
        joins=holds(running.when) if running else pl.lit(value=False),
        **{named[key]: found.cast(pl.Int32) for key, found in choices.items()},
    ).with_columns(
        # what another segment would have chosen makes no difference
        pl.when(pl.col("segment") == key[0]).then(name).otherwise(0).alias(name)
        for key, name in named.items()
    )
    placed = _with_arm(placed, strategy, running, facts)
    combined = ["segment", "arm", *named.values()]
    kinds = placed.select(combined).unique().sort(combined).with_row_index("ladder")
    known = []
    for row in kinds.iter_rows(named=True):
        mine = strategy.segments[row["segment"]]
        arm = running.arms[row["arm"]] if running and row["arm"] != NO_ARM else None
        if running and arm:
            mine = running.segment_in(mine, arm)
        chosen = (
            (step, step.treatments[row[named[row["segment"], number]] if len(step.treatments) > 1 else 0])
            for number, step in enumerate(mine.steps)
        )
        kept = tuple((step, treatment) for step, treatment in chosen if not treatment.skip)
        known.append(Ladder(mine, kept, running if arm else None, arm))
    lines = placed.join(kinds, on=combined).select(*KEYS, pl.col("ladder").cast(pl.Int32))
    return Ladders(lines, tuple(known))


def _with_arm(placed: pl.DataFrame, strategy: Strategy, running: Experiment | None, facts: Facts) -> pl.DataFrame:
    """+ arm: its place among those of the experiment that runs, for the lines that are meant; else `NO_ARM`."""
    if running is None:
        return placed.with_columns(arm=pl.lit(NO_ARM, pl.Int32))
    meant = pl.col("joins")
    if running.segment is not None:
        meant = meant & (pl.col("segment") == strategy.segments.index(strategy.segment(running.segment)))
    drawn = arms_of(facts, running, placed.filter(meant))
    return placed.join(drawn, on="debtor_id", how="left", maintain_order="left").with_columns(
        arm=pl.when(meant).then("arm").fill_null(NO_ARM)
    )


def choice(step: Step) -> pl.Expr:
    """The place of the treatment among the step's: the first whose condition holds."""
    found = pl.lit(len(step.treatments) - 1)
    for place in range(len(step.treatments) - 2, -1, -1):
        found = pl.when(holds(step.treatments[place].when)).then(pl.lit(place)).otherwise(found)
    return found


def with_next(
    items: pl.DataFrame, ladders: Ladders, strategy: Strategy, day: date, events: pl.DataFrame
) -> pl.DataFrame:
    """Items + the step each could take: ladder, next_stage (0: none), next_date, for_person, due_now (Booleans), and
    stood: the step it stands at, for this ladder; event_date, acts_date: the latest news for which it comes at once.

    items, events   see `with_parts`
    """
    return with_parts(items, ladders, strategy, day, events).drop(*_PARTS)


_PARTS = (
    "stood_date", "from_date", "from_stage", "stage_date", "set_date", "offset_days", "month_end", "after_days",
    "after_deadline_days", "attempts", "overdue", "by_due", "by_last", "by_deadline", "at_once", "at_once_since",
    "at_once_date",
)  # fmt: skip


def with_parts(
    items: pl.DataFrame, ladders: Ladders, strategy: Strategy, day: date, events: pl.DataFrame
) -> pl.DataFrame:
    """Items + what `with_next` says, and with it what makes next_date, the latest of

    by_due        from_date + offset_days
    by_last       stage_date, when the item came to from_stage, + after_days
    by_deadline   the day after set_date, the final deadline (or stage_date), + after_deadline_days

    No talk is leave to skip a demand, nor the first letter of all: one that came before what this ladder writes before
    it does not count, wherever it was held; the item stands where it stood before. `stood` is of the item alone,
    from_stage of all that go together.

    Where news bring the step forward, next_date is at_once_date instead, and at_once names the news (with a blank
    between), at_once_since their day.

    items    see `claims.net_items`, with what `history.reached` says of them
    events   see `news.EVENTS`
    """
    joined = items.join(ladders.lines, on=KEYS, how="left")
    joined = joined.with_columns(
        stood=_stood(ladders), stood_date=pl.max_horizontal("written_date", *TALK_DATES.values())
    )
    overdue = pl.col("days_past_due") > strategy.grace_days
    placed = joined.with_columns(
        overdue=overdue, from_date=pl.col("due_date"), from_stage=pl.col("stood"),
        stage_date=pl.col("stood_date"), set_date=pl.col("deadline_date"),
    )  # fmt: skip
    if strategy.level is Level.DEBTOR:
        placed = _together(placed)
    placed = placed.with_columns(pl.col("from_stage").cast(pl.Int16))
    table = _next_table(ladders)
    found = _look_up(placed, table)
    tried = (pl.col("next_stage") == int(Stage.CALL)) & (pl.col("tries") >= pl.col("attempts"))
    if found.select(tried.any()).item():
        # so many calls reached nobody that the step counts as taken
        moved = placed.with_columns(found["attempts"], found["next_stage"]).with_columns(
            stage_date=pl.when(tried).then("tried_date").otherwise("stage_date"),
            from_stage=pl.when(tried).then(pl.lit(int(Stage.CALL), pl.Int16)).otherwise("from_stage"),
        )
        found = _look_up(moved.drop("attempts", "next_stage"), table)
    by_due = _later("from_date", "offset_days")
    by_due = pl.when("month_end").then(by_due.dt.month_end()).otherwise(by_due)
    by_last = pl.when(pl.col("after_days") > 0).then(_later("stage_date", "after_days"))
    by_deadline = pl.coalesce("set_date", "stage_date") + pl.duration(days=pl.col("after_deadline_days") + 1)
    return (
        found.with_columns(by_due=by_due, by_last=by_last, by_deadline=by_deadline)
        .with_columns(next_date=pl.max_horizontal("by_due", "by_last", "by_deadline"))
        .join(_news_of(found, ladders, strategy, events), on="receivable_id", how="left")
        .with_columns(at_once_date=pl.max_horizontal("at_once_date", "by_deadline"))
        .with_columns(is_forward=pl.col("at_once").is_not_null() & (pl.col("at_once_date") < pl.col("next_date")))
        .with_columns(
            pl.when("is_forward").then(name).alias(name) for name in ("at_once", "at_once_since", "at_once_date")
        )
        .drop("is_forward")
        .with_columns(next_date=pl.coalesce("at_once_date", "next_date"))
        .with_columns(
            due_now=(
                (pl.col("next_stage") > _NONE) & (pl.col("next_date") <= day) & (pl.col("net_minor") > 0)
            ).fill_null(value=False)
        )
    )


_NEWS_OF: dict[str, pl.DataType] = {
    "receivable_id": pl.Int64(),
    "at_once": pl.String(),
    "at_once_since": pl.Date(),
    "at_once_date": pl.Date(),
    "event_date": pl.Date(),
    "acts_date": pl.Date(),
}


def _news_of(found: pl.DataFrame, ladders: Ladders, strategy: Strategy, events: pl.DataFrame) -> pl.DataFrame:
    """The news that each item's next step comes for at once, one row per item that has any: the first to act (at_once,
    at_once_since, at_once_date) and the latest (event_date, acts_date).

    An item that was overdue when the news came, and has taken no step since. What comes after the lawyer's letter
    waits for its own days: what is left to the debtor there is not ours to shorten.
    """
    if events.is_empty():
        return pl.DataFrame(schema=_NEWS_OF)
    kinds = [(place, kind) for place, ladder in enumerate(ladders.known) for kind in sorted(ladder.segment.at_once)]
    mine = pl.DataFrame(kinds, schema={"ladder": pl.Int32, "event": pl.String}, orient="row")
    was_overdue = days_between(pl.col("event_date"), pl.col("from_date")) > strategy.grace_days
    since = pl.col("stage_date").is_null() | (pl.col("stage_date") < pl.col("event_date"))
    first = pl.col("acts_date") == pl.col("acts_date").min()
    return (
        found.filter(pl.col("overdue") & pl.col("next_stage").is_between(Stage.REMINDER, Stage.LAWYER_LETTER))
        .join(events, on=KEYS)
        .join(mine, on=["ladder", "event"])
        .filter(was_overdue & since)
        .group_by("receivable_id")
        .agg(
            at_once=pl.col("event").filter(first).unique().sort().str.join(" "),
            at_once_since=pl.col("event_date").filter(first).min(),
            at_once_date=pl.col("acts_date").min(),
            event_date=pl.col("event_date").max(),
            acts_date=pl.col("acts_date").max(),
        )
    )


def _later(day: str, days: str) -> pl.Expr:
    return pl.col(day) + pl.duration(days=pl.col(days))


def _stood(ladders: Ladders) -> pl.Expr:
    """The highest stage that is no talk, or a talk above it that has what must come before it, and came after that."""
    found = [pl.col("written").cast(pl.Int16)]
    for talk, held in TALK_DATES.items():
        needed = pl.col("ladder").replace_strict(_needed(ladders, talk), default=_NONE, return_dtype=pl.Int16)
        since = (needed == _NONE) | pl.col("written_date").is_null() | (pl.col(held) >= pl.col("written_date"))
        counts = pl.col(held).is_not_null() & (pl.col("written") >= needed) & since
        found.append(pl.when(counts).then(pl.lit(int(talk), pl.Int16)))
    return pl.max_horizontal(found)


def _needed(ladders: Ladders, talk: Stage) -> dict[int, int]:
    """By ladder the stage that must have been reached in writing before a talk counts, where there is any: its last
    demand before it, else its first letter. A talk may stand in for a further reminder."""
    found = {}
    for place, ladder in enumerate(ladders.known):
        before = [step.stage for step, _ in ladder.steps if not step.stage.is_talk and Stage.NOTICE < step.stage < talk]
        demands = [stage for stage in before if stage > Stage.CALL]
        if before:
            found[place] = int(max(demands, default=min(before)))
    return found


def _together(items: pl.DataFrame) -> pl.DataFrame:
    """One ladder per debtor and currency: overdue items count from the oldest, and stand where the highest does."""
    late = items.filter("overdue")
    highest = pl.col("stood") == pl.col("stood").max()
    all_ = late.group_by(KEYS).agg(
        oldest=pl.col("due_date").min(), highest=pl.col("stood").max(),
        since=pl.col("stood_date").filter(highest).min(), deadline=pl.col("deadline_date").min(),
        most_tries=pl.col("tries").max(), last_tried=pl.col("tried_date").max(),
    )  # fmt: skip
    mine = pl.col("overdue")
    together = {
        "from_date": "oldest", "from_stage": "highest", "stage_date": "since", "set_date": "deadline",
        "tries": "most_tries", "tried_date": "last_tried",
    }  # fmt: skip
    return (
        items.join(all_, on=KEYS, how="left")
        .with_columns(pl.when(mine).then(of_all).otherwise(own).alias(own) for own, of_all in together.items())
        .drop(together.values())
    )


_NEXT: dict[str, pl.DataType] = {
    "ladder": pl.Int32(),
    "from_stage": pl.Int16(),
    "overdue": pl.Boolean(),
    "next_stage": pl.Int16(),
    "for_person": pl.Boolean(),
    "offset_days": pl.Int32(),
    "month_end": pl.Boolean(),
    "after_days": pl.Int32(),
    "after_deadline_days": pl.Int32(),
    "attempts": pl.Int32(),
}


def _next_table(ladders: Ladders) -> pl.DataFrame:
    """From where an item stands to its next step: a notice before it is due, else the first above, never below a
    reminder. What has no next step has no row."""
    rows = []
    stages = sorted(int(stage) for stage in Stage)
    for place, ladder in enumerate(ladders.known):
        for stage in stages:
            later = [pair for pair in ladder.steps if pair[0].stage > max(stage, Stage.NOTICE)]
            first = [pair for pair in ladder.steps if pair[0].stage == Stage.NOTICE and stage == Stage.NONE]
            for overdue, pairs in ((True, later[:1]), (False, first)):
                for step, treatment in pairs:
                    rows.append((
                        place, stage, overdue, int(step.stage), treatment.by == PERSON, step.offset_days,
                        step.month_end, step.after_days, step.after_deadline_days, treatment.attempts,
                    ))  # fmt: skip
    return pl.DataFrame(rows, schema=_NEXT, orient="row")


def _look_up(placed: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    found = placed.join(table, on=["ladder", "from_stage", "overdue"], how="left", maintain_order="left")
    # within the days of grace nothing is overdue, and a notice comes too late
    late = ~pl.col("overdue") & (pl.col("days_past_due") > 0)
    return found.with_columns(
        next_stage=pl.when(late).then(pl.lit(0, pl.Int16)).otherwise(pl.col("next_stage").fill_null(0)),
        for_person=pl.col("for_person").fill_null(value=False),
    )
