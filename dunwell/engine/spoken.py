"""The shape of what rules say of subjects."""

import polars as pl

from dunwell.engine.scopes import Applied

SPOKEN: dict[str, pl.DataType] = {
    "subject_id": pl.Int64(),
    "channel": pl.String(),
    "address_id": pl.Int64(),
    "debt_id": pl.Int64(),
    "currency": pl.String(),
    "rule": pl.String(),
    "effect": pl.String(),
    "detail": pl.String(),
    "count": pl.Int32(),
    "until_date": pl.Date(),
    "until_at": pl.Datetime("us", "UTC"),
}
"""One row per subject, rule that speaks, and what it speaks of: a channel, an address, a debt, a currency; null is all
of them. `detail`: e.g. the kind of an entry; `count`: what was counted. `until_date`: the last day it holds, and
`until_at` the moment from which it does not; null: open end."""


def spoken(asked: Applied, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `SPOKEN` from what a rule found; columns that are missing are null. `rows` have subject_id and profile.

    A row that names no channel becomes one for each channel of the rule, unless it speaks of all.
    """
    absent = [pl.lit(None, kind).alias(name) for name, kind in SPOKEN.items() if name not in rows.columns]
    rows = rows.with_columns(absent)
    rows = rows.join(asked.spoken_on().rename({"channel": "bound"}), on="profile").filter(
        pl.col("channel").is_null() | pl.col("bound").is_null() | (pl.col("channel") == pl.col("bound"))
    )
    return rows.select(
        *(pl.col(name).cast(kind) for name, kind in SPOKEN.items() if name not in ("channel", "rule", "effect")),
        channel=pl.coalesce("channel", "bound"),
        rule=pl.lit(asked.rule.id),
        effect=pl.lit(asked.rule.effect),
    ).select(list(SPOKEN))


def nothing() -> pl.DataFrame:
    """No findings."""
    return pl.DataFrame(schema=SPOKEN)
