"""Which of a day's messages may leave without anybody looking at them."""

from collections.abc import Sequence

import polars as pl

from dunwell.rulebook.release import BY_HAND, NOTE_WAITS, OVER_AMOUNT, OVER_COUNT, STAGE_WAITS, UNUSUAL, Release

KNOWN_DAYS = 3
"""With fewer days before it nobody knows what is usual."""


def usual(counts: Sequence[int]) -> int | None:
    """The median of the messages of earlier days (the higher one of two); None when too few days are known."""
    return sorted(counts)[len(counts) // 2] if len(counts) >= KNOWN_DAYS else None


def is_unusual(release: Release, wanted: int, usually: int | None) -> bool:
    """Does a day that wants so many messages go beyond what is usual?"""
    if release.times_usual is None or usually is None:
        return False
    return wanted > release.times_usual * max(usually, release.usual_at_least)


def waiting(messages: pl.DataFrame, release: Release, *, unusual: bool, left: int = 0) -> pl.DataFrame:
    """The messages with `waits`: why each waits for a person (`rulebook.release.WAITS`), null where it may leave.

    messages   with stage, note (of one about a promise: `core.terms.Note`, else null), currency, total_minor, and
               place, which tells them apart
    left       how many the setting let leave on this day before
    Within the day's number the mildest stages go first, and within a stage the smaller sums.
    """
    if not release.automatic or unusual:
        return messages.with_columns(waits=pl.lit(UNUSUAL if release.automatic else BY_HAND))
    most = pl.col("currency").replace_strict(release.most_minor, default=None, return_dtype=pl.Int64)
    one = (
        pl.when(pl.col("stage").is_in([int(stage) for stage in release.waiting_stages]))
        .then(pl.lit(STAGE_WAITS))
        .when(pl.col("note").is_in([str(note) for note in release.waiting_notes]))
        .then(pl.lit(NOTE_WAITS))
        .when(pl.col("total_minor") > most)
        .then(pl.lit(OVER_AMOUNT))
        .otherwise(pl.lit(None, pl.String))
    )
    asked = messages.with_columns(waits=one).sort("stage", "total_minor", "place")
    if release.most_messages is None:
        return asked
    rank = pl.col("waits").is_null().cum_sum()
    over = pl.col("waits").is_null() & (rank > max(release.most_messages - left, 0))
    return asked.with_columns(waits=pl.when(over).then(pl.lit(OVER_COUNT)).otherwise("waits"))
