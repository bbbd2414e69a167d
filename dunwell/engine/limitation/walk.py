"""The state machine behind `limitation`: one step per recorded event, all claims at once, two readings side by side.

Every claim has two tracks: the cautious one counts only what is proven and reads each doubt so that time ends earlier;
the strict one is the latest end that can be defended. The tracks walk alone and meet in `limitation.clocks`.
"""

from collections.abc import Callable
from datetime import date
from itertools import product

import polars as pl

from dunwell.core.terms import DebtorKind
from dunwell.rulebook.limitation_rules import ACTS, PROCEEDINGS, LimitationRules, Terms

NOTES = (
    "event_unproven",
    "event_without_effect",
    "effect_not_stated",
    "event_after_end",
    "event_too_early",
    "demand_lapses",
    "nothing_pending",
    "guarantee_saved",
    "standstill_recalled",
)
"""What a walk may note about the events of a claim: why-codes."""

_EARLIEST, _LATEST = date(1, 1, 1), date(9999, 12, 31)


def add_months(day: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The corresponding day some months on; the month's last day where there is none. null where either is null."""
    total = day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1 + months
    year, month = total // 12, total % 12 + 1
    last = pl.date(year, month, 1).dt.month_end().dt.day()
    return pl.date(year, month, pl.min_horizontal(day.dt.day(), last))


def rule_table(rules: LimitationRules) -> pl.DataFrame:
    """One row per clock and version: key (its number), and its terms as columns."""
    places = _versions(rules)
    rows = []
    for key, (number, terms) in enumerate(places):
        clock = rules.clocks[number]
        then = None
        if terms.then is not None:
            followed = next(c for c in rules.clocks if c.id == terms.then)
            then = followed.on(terms.in_force or _EARLIEST)
        keys = {id(known): place for place, (_, known) in enumerate(places)}
        rows.append(
            {
                "key": key,
                "rule": clock.id,
                "confidence": clock.confidence,
                "verified": clock.verified,
                "in_force": terms.in_force,
                "months": terms.months,
                "outer_months": terms.outer_months,
                "start_cautious": terms.start_cautious,
                "start_strict": terms.start_strict,
                "from_last": terms.instalments == "last",
                "agreed": terms.agreed,
                "moves": terms.moves_from_days_off,
                "extinguishes": terms.extinguishes,
                "after_end_stated": terms.after_end == "nothing",
                "end_of_proceedings": terms.end_of_proceedings,
                "lapse_months": terms.lapse_months,
                "obstacle_months": terms.obstacle_months,
                "still_months": terms.still_months,
                "then_key": None if then is None else keys[id(then)],
                "then_months": None if then is None else then.months,
                "savers": [k for k in ACTS if terms.effects[k] in ("restarts", "saves", "suspends", "brought")],
                "last_resort": [k for k in ACTS if k in terms.lapse_unless],
            }
        )
    return pl.DataFrame(
        rows,
        schema={
            "key": pl.Int32,
            "rule": pl.String,
            "confidence": pl.String,
            "verified": pl.Boolean,
            "in_force": pl.Date,
            "months": pl.Int32,
            "outer_months": pl.Int32,
            "start_cautious": pl.String,
            "start_strict": pl.String,
            "from_last": pl.Boolean,
            "agreed": pl.Boolean,
            "moves": pl.Boolean,
            "extinguishes": pl.Boolean,
            "after_end_stated": pl.Boolean,
            "end_of_proceedings": pl.String,
            "lapse_months": pl.Int32,
            "obstacle_months": pl.Int32,
            "still_months": pl.Int32,
            "then_key": pl.Int32,
            "then_months": pl.Int32,
            "savers": pl.List(pl.String),
            "last_resort": pl.List(pl.String),
        },
    )


def cover_table(rules: LimitationRules) -> pl.DataFrame:
    """place, kind, debtor, strict (the reading), key, since, until (when the claim is due; not on until itself)."""
    numbers: dict[int, list[tuple[int, Terms]]] = {}
    for key, (number, terms) in enumerate(_versions(rules)):
        numbers.setdefault(number, []).append((key, terms))
    rows = []
    for number, clock in enumerate(rules.clocks):
        versions = numbers[number]
        since = [_EARLIEST, *(terms.in_force or _EARLIEST for _, terms in versions[1:])]
        until = [*since[1:], _LATEST]
        for cover in clock.covers:
            for reading in (cover.reading,) if cover.reading else ("cautious", "strict"):
                for kind, debtor in product(cover.kinds, cover.debtors):
                    for (key, _), start, end in zip(versions, since, until, strict=True):
                        rows.append((cover.place, kind, debtor, reading == "strict", key, start, end))
    schema = {
        "place": pl.String,
        "kind": pl.String,
        "debtor": pl.String,
        "strict": pl.Boolean,
        "key": pl.Int32,
        "since": pl.Date,
        "until": pl.Date,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def begin(claims: pl.DataFrame, rules: pl.DataFrame, covers: pl.DataFrame) -> pl.DataFrame:
    """Two tracks per claim for which a rule is known, before any event.

    claim_id, strict, key, place, first (the day the claim was due), start (the day from which the period counts),
    base (its end, but for obstacles, the outer limit and days off), and the state of the walk.
    """
    owed = pl.when("from_last").then(pl.coalesce("last_instalment_date", "due_date")).otherwise("due_date")
    start = pl.when("strict").then("start_strict").otherwise("start_cautious")
    arose = pl.min_horizontal("arose_date", "first")
    agreed = pl.when(pl.col("agreed")).then("agreed_until")
    period = add_months(pl.col("start"), pl.col("months"))
    return (
        claims.lazy()
        # of whom nobody says what he is, he may be a consumer
        .with_columns(debtor=pl.col("debtor_kind").fill_null(str(DebtorKind.CONSUMER)))
        .join(covers.lazy(), on=["place", "kind", "debtor"])
        .filter((pl.col("since") <= pl.col("due_date")) & (pl.col("due_date") < pl.col("until")))
        .join(rules.lazy(), on="key")
        .with_columns(first=owed)
        .with_columns(
            start=pl.when(start == "day_after_due")
            .then(pl.col("first").dt.offset_by("1d"))
            .when(start == "year_end_arose")
            .then(pl.date(arose.dt.year(), 12, 31))
            .when(start == "year_end_due")
            .then(pl.date(pl.col("first").dt.year(), 12, 31))
            .otherwise("first")
        )
        .with_columns(
            # an agreed period that ends before the debt is due may be read as none
            base=pl.when((agreed <= pl.col("first")) & pl.col("strict"))
            .then(period)
            .otherwise(pl.coalesce(agreed, period))
        )
        .select(
            "claim_id",
            "strict",
            "key",
            "place",
            "first",
            "start",
            "base",
            counted_from=pl.col("start"),
            pending=pl.lit(value=False),
            suspended_from=pl.lit(None, pl.Date),
            hold=pl.lit(None, pl.Date),
            hold_open=pl.lit(value=False),
            grace=pl.lit(None, pl.Date),
            event_id=pl.lit(None, pl.Int64),
            **{note: pl.lit(value=False) for note in NOTES},
        )
        .collect()
    )


def walk(
    tracks: pl.DataFrame,
    events: pl.DataFrame,
    rules: LimitationRules,
    table: pl.DataFrame,
    days: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """The tracks after all events up to `as_of`, each in its order: by day, the end of proceedings last, then by id."""
    effects = _effect_table(rules)
    ordered = (
        events.filter(pl.col("event_date") <= as_of)
        .sort("claim_id", "event_date", pl.col("event_kind") == "proceedings_ended", "event_id")
        .with_columns(
            step=pl.int_range(pl.len(), dtype=pl.UInt32).over("claim_id"),
            open=pl.col("until_date").is_null() | (pl.col("until_date") > as_of),
        )
    )
    counts = ordered.group_by("claim_id").agg(steps=pl.len().cast(pl.UInt32))
    active = tracks.join(counts, on="claim_id", how="left").with_columns(pl.col("steps").fill_null(0))
    columns = active.columns
    steps = ordered.partition_by("step", as_dict=True, include_key=False)
    done = []
    for number in range(len(steps)):
        done.append(active.filter(pl.col("steps") <= number))
        active = active.filter(pl.col("steps") > number)
        active = (
            with_end(active.lazy().join(steps[(number,)].lazy(), on="claim_id"), table, days)
            .join(effects.lazy(), on=["key", "event_kind"], how="left")
            .with_columns(pl.col("effect").fill_null("ended"), pl.col("after_lapse", "recalled").fill_null(value=False))
            .pipe(_step(as_of))
            .select(columns)
            .collect()
        )
    return pl.concat([*done, active]).drop("steps").sort("claim_id", "strict")


def with_end(tracks: pl.LazyFrame, table: pl.DataFrame, days: pl.DataFrame) -> pl.LazyFrame:
    """The tracks + the columns of their rule + end (the last day on which an act is in time), capped (Boolean: the
    outer limit decides), shifted (a day off moved it), known (Boolean: it is known which days are off there)."""
    breach = pl.when(pl.col("strict") & (pl.col("start_strict") == "day_after_due"))
    outer = add_months(breach.then(pl.col("first").dt.offset_by("1d")).otherwise("first"), pl.col("outer_months"))
    reached = pl.max_horizontal("base", add_months(pl.col("hold"), pl.col("obstacle_months")))
    return (
        tracks.join(table.lazy(), on="key")
        .with_columns(outer=outer, reached=reached)
        .with_columns(
            end=pl.min_horizontal("reached", "outer"),
            capped=(pl.col("reached") > pl.col("outer")).fill_null(value=False),
        )
        .join(days.lazy(), left_on=["place", "end"], right_on=["calendar", "day"], how="left")
        .with_columns(moves=pl.col("moves") & pl.col("strict"))
        .with_columns(
            shifted=(pl.col("moves") & (pl.col("working_date") != pl.col("end"))).fill_null(value=False),
            known=~pl.col("moves") | pl.col("working_known").fill_null(value=False),
        )
        .with_columns(end=pl.when("shifted").then("working_date").otherwise("end"))
        .drop("reached", "outer", "working_date", "working_known")
    )


def _step(as_of: date) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """One event on each track. `ended` is the effect of the end of proceedings."""
    day, strict, effect = pl.col("event_date"), pl.col("strict"), pl.col("effect")
    ended = effect == "ended"
    acts = ~effect.is_in(["ended", "nothing"])
    counts = pl.col("proven") | strict
    anew = (pl.col("end_of_proceedings") == "restarts") | ((pl.col("end_of_proceedings") == "not_stated") & strict)
    # while proceedings keep time from running, nothing comes too late
    still = pl.col("suspended_from").is_not_null() | (pl.col("pending") & anew)
    in_time = (day <= pl.col("end")) | still | (pl.col("after_lapse") & (day <= pl.col("grace"))).fill_null(value=False)
    unsaid = (effect == "not_stated") & strict
    recalled = pl.col("recalled") & strict
    suspends = (effect == "suspends") | recalled
    # what is recalled only of the months after proceedings counts for the strict date alone
    stood_until = pl.when(strict).then(pl.coalesce(add_months(day, pl.col("still_months")), day)).otherwise(day)
    stood_until = pl.when(ended).then(stood_until).otherwise(day)
    saving = pl.col("then_key").is_not_null()
    obstacle_until = (
        pl.when(pl.col("open"))
        .then(pl.when(strict).then(pl.lit(as_of)).otherwise(day))
        .otherwise(pl.max_horizontal("event_date", "until_date"))
    )

    still_known = pl.col("still_months").is_not_null()

    def take(frame: pl.LazyFrame) -> pl.LazyFrame:
        told = frame.with_columns(
            suspended_was="suspended_from", ok=acts & counts & in_time, ended_ok=ended & pl.col("pending") & counts
        )
        told = told.with_columns(
            restart=pl.col("ok") & ((effect == "restarts") | (unsaid & ~saving)),
            would_save=pl.col("ok") & ((effect == "saves") | (unsaid & saving)),
            restart_end=pl.col("ended_ok") & anew,
        )
        told = told.with_columns(save=pl.col("would_save") & (day > pl.col("start")))
        ok = pl.col("ok")
        return (
            told.with_columns(
                # days already stood still belong to the period before a restart
                before=pl.when((pl.col("restart") | pl.col("ended_ok")) & (stood_until > pl.col("suspended_from")))
                .then(pl.col("base") + (stood_until - pl.col("suspended_from")))
                .otherwise("base"),
                anew_until=pl.when(pl.col("restart") | pl.col("restart_end")).then(add_months(day, pl.col("months"))),
                saved_until=pl.when("save").then(add_months(day, pl.col("then_months"))),
            )
            .with_columns(gains=(pl.col("anew_until") > pl.col("before")).fill_null(value=False) | pl.col("save"))
            .with_columns(
                base=pl.coalesce("saved_until", pl.max_horizontal("before", "anew_until")),
                suspended_from=pl.when(ended)
                .then(None)
                .when(pl.col("restart") & pl.col("suspended_from").is_not_null())
                .then(pl.max_horizontal("event_date", "suspended_from"))
                .when(ok & suspends)
                .then(pl.coalesce("suspended_from", pl.max_horizontal("event_date", "start")))
                .otherwise("suspended_from"),
                pending=pl.when(ended)
                .then(statement=False)
                .otherwise(
                    pl.col("pending")
                    | (
                        pl.col("event_kind").is_in(PROCEEDINGS)
                        & ((ok & effect.is_in(["restarts", "suspends", "brought"])) | pl.col("save"))
                    )
                ),
                hold=pl.when(ok & (effect == "obstacle"))
                .then(pl.max_horizontal(pl.col("hold"), obstacle_until))
                .otherwise("hold"),
                hold_open=pl.col("hold_open") | (ok & (effect == "obstacle") & pl.col("open")),
                grace=pl.when(ok & (effect == "lapses"))
                .then(pl.max_horizontal(pl.col("grace"), add_months(day, pl.col("lapse_months"))))
                .otherwise("grace"),
                counted_from=pl.when("gains").then(day).otherwise("counted_from"),
                start=pl.when("save").then(day).otherwise("start"),
                key=pl.when("save").then("then_key").otherwise("key"),
                event_id=pl.when(
                    pl.col("ended_ok")
                    | (ok & ((effect != "not_stated") | strict) & (~pl.col("would_save") | pl.col("save")))
                )
                .then("id")
                .otherwise("event_id"),
                event_unproven=pl.col("event_unproven") | (~pl.col("proven") & (acts | (ended & pl.col("pending")))),
                event_without_effect=pl.col("event_without_effect") | (effect == "nothing"),
                effect_not_stated=pl.col("effect_not_stated") | (effect == "not_stated"),
                event_after_end=pl.col("event_after_end") | (acts & counts & ~in_time),
                event_too_early=pl.col("event_too_early") | (pl.col("would_save") & ~pl.col("save")),
                demand_lapses=pl.col("demand_lapses") | (ok & (effect == "lapses")),
                nothing_pending=pl.col("nothing_pending") | (ended & ~pl.col("pending")),
                guarantee_saved=pl.col("guarantee_saved") | pl.col("save"),
                standstill_recalled=pl.col("standstill_recalled")
                | (ok & recalled)
                | (pl.col("ended_ok") & strict & pl.col("suspended_was").is_not_null() & still_known),
            )
        )

    return take


def _effect_table(rules: LimitationRules) -> pl.DataFrame:
    rows = [
        (key, kind, effect, kind in terms.lapse_unless, kind in terms.still_kinds)
        for key, (_, terms) in enumerate(_versions(rules))
        for kind, effect in terms.effects.items()
    ]
    schema = {"key": pl.Int32, "event_kind": pl.String, "effect": pl.String}
    schema |= {"after_lapse": pl.Boolean, "recalled": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _versions(rules: LimitationRules) -> list[tuple[int, Terms]]:
    """The number of the clock, and the terms, of every version; the place in this list is its key."""
    return [(number, terms) for number, clock in enumerate(rules.clocks) for terms in clock.versions]
