"""The shape of what rules say of subjects."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import polars as pl

from dunwell.engine.contact.scopes import CHANNELS, Applied

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

_RAW: dict[str, pl.DataType] = {"profile": pl.Int32(), **{name: SPOKEN[name] for name in SPOKEN if name != "effect"}}

_SHAPED = {name: pl.col(name).cast(kind) for name, kind in _RAW.items()}


def spoken(asked: Applied, rows: pl.DataFrame) -> pl.DataFrame:
    """What a rule found: of the columns `_RAW` those that `rows` has (subject_id, profile and more), and the rule. The
    others are null once `gathered`. A row that names no channel is one about each channel of the rule: see
    `on_channels`."""
    if rows.is_empty():
        return nothing()
    return rows.select(pl.lit(asked.rule.id).alias("rule"), *_found_in(rows))


def all_spoken(rows: pl.DataFrame) -> pl.DataFrame:
    """The same of rows that name their rule."""
    return rows.select(*_found_in(rows), "rule")


def _found_in(rows: pl.DataFrame) -> list[pl.Expr]:
    return [column for name, column in _SHAPED.items() if name in rows.columns and name != "rule"]


def gathered(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All that rules found, in one frame (`_RAW`)."""
    return pl.concat([nothing(), *(part for part in parts if not part.is_empty())], how="diagonal")


def on_channels(found: pl.DataFrame, asked: Iterable[Applied]) -> pl.DataFrame:
    """`SPOKEN` from all that rules found: a row that names no channel becomes one for each channel of its rule, unless
    the rule speaks of all."""
    speaking = set(found["rule"].unique())
    rows = [
        (each.rule.id, profile, channel, each.rule.effect)
        for each in asked
        if each.rule.id in speaking
        for profile, channels in each.channels.items()
        for channel in ([None] if len(channels) == len(CHANNELS) else channels)
    ]
    schema = {"rule": pl.String(), "profile": pl.Int32(), "bound": pl.String(), "effect": pl.String()}
    bound, channel = pl.DataFrame(rows, schema=schema, orient="row"), pl.col("channel")
    return (
        found.join(bound, on=["rule", "profile"])
        .filter(channel.is_null() | pl.col("bound").is_null() | (channel == pl.col("bound")))
        .select(_ON_CHANNEL)
    )


def is_of_entry(row: Mapping[str, Any]) -> bool:
    """Whether a row of `SPOKEN` tells of an entry, or of one that is missing, and not of what was counted."""
    return row["count"] is None


_ON_CHANNEL = [pl.coalesce("channel", "bound") if name == "channel" else pl.col(name) for name in SPOKEN]


@cache
def nothing() -> pl.DataFrame:
    """No findings of a rule."""
    return pl.DataFrame(schema=_RAW)
