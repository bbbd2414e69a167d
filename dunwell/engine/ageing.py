"""The ageing table: what is open by how long it is overdue."""

from datetime import date

import polars as pl

from dunwell.engine.claims import open_items
from dunwell.engine.facts import Facts

BUCKETS = ("not_due", "1-30", "31-60", "61-90", "91-180", "181+")
_UPPER = (0, 30, 60, 90, 180)


def ageing(facts: Facts, day: date) -> pl.DataFrame:
    """currency, bucket (in the order of `BUCKETS`), items, open_minor (before any credit is deducted), demand_minor
    (of it what is neither disputed nor held)."""
    return ageing_of(open_items(facts, day))


def ageing_of(items: pl.DataFrame) -> pl.DataFrame:
    """The same from open items."""
    place = pl.lit(0, pl.Int8)
    for upper in _UPPER:
        place = place + (pl.col("days_past_due") > upper).cast(pl.Int8)
    names = pl.DataFrame(
        {"place": range(len(BUCKETS)), "bucket": BUCKETS}, schema={"place": pl.Int8, "bucket": pl.String}
    )
    return (
        items.with_columns(place=place)
        .group_by("currency", "place")
        .agg(
            items=pl.len().cast(pl.Int64),
            open_minor=pl.col("open_minor").sum(),
            demand_minor=pl.col("demand_minor").sum(),
        )
        .join(names, on="place")
        .sort("currency", "place")
        .select("currency", "bucket", "items", "open_minor", "demand_minor")
    )
