"""What another strategy would change on a day: the same facts and rules decided twice, and compared."""

from dataclasses import dataclass

import polars as pl

from dunwell.engine.day.decide import Outcome

STEPS = ["debtor_id", "currency", "action", "stage", "segment", "next_stage", "next_date"]


@dataclass(frozen=True, slots=True)
class Effect:
    """moved       lines that come to another step: debtor_id, currency, and STEPS of both, with _before and _after
    resegmented    how many debtors come to another segment, in whatever currency
    counts         what (action, stage, channel) -> before, after: those that differ
    conflicts      rule -> how many steps of the new strategy it forbids today
    arms           experiment, arm, propensity_bp, debtors: how many the new strategy would draw for each arm today
    """

    moved: pl.DataFrame
    resegmented: int
    counts: pl.DataFrame
    conflicts: dict[str, int]
    arms: pl.DataFrame


def effect(before: Outcome, after: Outcome) -> Effect:
    """Compare two outcomes of the same facts."""
    both = (
        before.lines.select(STEPS)
        .join(after.lines.select(STEPS), on=["debtor_id", "currency"], how="full", coalesce=True, suffix="_after")
        .sort("debtor_id", "currency")
    )
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in ("action", "stage"))
    forbidden = after.lines.filter(pl.col("reason") == "forbidden")
    return Effect(
        moved=both.filter(differs),
        resegmented=both.filter(pl.col("segment").ne_missing(pl.col("segment_after")))["debtor_id"].n_unique(),
        counts=_counts(before.lines).join(_counts(after.lines), on=_BY, how="full", coalesce=True, nulls_equal=True,
            suffix="_after").with_columns(pl.col("count", "count_after").fill_null(0))
        .filter(pl.col("count") != pl.col("count_after")).sort(_BY),
        conflicts=dict(forbidden.group_by("rule").len().sort("rule").rows()),
        arms=after.decisions.drop_nulls("arm").group_by(*_ARM).agg(debtors=pl.len()).sort(_ARM),
    )  # fmt: skip


_BY = ["action", "stage", "channel"]
_ARM = ["experiment", "arm", "propensity_bp"]


def _counts(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(pl.col("action") != "none").group_by(_BY).agg(count=pl.len().cast(pl.Int64))
