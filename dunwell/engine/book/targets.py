"""What came of a target: what should have come of a debtor by a day, beside what did."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

TARGETS: dict[str, pl.DataType] = {
    "target_id": pl.Int64(),
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "set_date": pl.Date(),
    "by_date": pl.Date(),
}
"""Targets that stand on a day, one per debtor and currency."""
OPEN, MET, MET_LATE, MISSED = "open", "met", "met_late", "missed"


def against_money(
    told: Iterable[tuple[int, int, str, int, date, date]], came: pl.DataFrame, day: date
) -> list[dict[str, Any]]:
    """Rows of `TARGETS` + came_minor (from set_date to the day, both included), missing_minor (>= 0) and state.

    open      the day has not passed, and something is missing
    met       all came by it; met_late: later
    missed    it passed, and something is missing still

    told   rows of `TARGETS`
    came   `cash.effective_money`: payments of the currency count, net of what went back, credit notes do not
    """
    targets = pl.DataFrame(list(told), schema=TARGETS, orient="row")
    pair = ["debtor_id", "currency"]
    paid = (
        came.filter(pl.col("payment_id").is_not_null() & (pl.col("value_date") <= day))
        .select(*pair, "value_date", "amount_minor")
        .join(targets.select(*pair, "target_id", "set_date", "by_date"), on=pair)
        .filter(pl.col("value_date") >= pl.col("set_date"))
        .group_by("target_id")
        .agg(
            came_minor=pl.col("amount_minor").sum(),
            in_time_minor=pl.col("amount_minor").filter(pl.col("value_date") <= pl.col("by_date")).sum(),
        )
    )
    missing = (pl.col("amount_minor") - pl.col("came_minor")).clip(lower_bound=0)
    return (
        targets.join(paid, on="target_id", how="left")
        # money that went back may be more than came since
        .with_columns(pl.col("came_minor", "in_time_minor").fill_null(0).clip(lower_bound=0))
        .with_columns(missing_minor=missing)
        .with_columns(
            state=pl.when((pl.col("missing_minor") == 0) & (pl.col("in_time_minor") >= pl.col("amount_minor")))
            .then(pl.lit(MET))
            .when(pl.col("missing_minor") == 0)
            .then(pl.lit(MET_LATE))
            .when(pl.col("by_date") < day)
            .then(pl.lit(MISSED))
            .otherwise(pl.lit(OPEN))
        )
        .drop("in_time_minor")
        .sort(*pair)
        .to_dicts()
    )
