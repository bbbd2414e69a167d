"""What people wish otherwise than a run proposed: a message that is a person's task, or that goes to another address.

A wish is about one place on the ladder (stage, and how many messages went before): once the line stands elsewhere, it
is over by itself. It never makes a message that the strategy and the rules would not let go.
"""

from datetime import date

import polars as pl

from dunwell.engine.day.profile import KEYS
from dunwell.engine.facts import Facts

PERSON, ADDRESS = "person", "address"
PLACE = [*KEYS, "stage", "messages"]
REASSIGNED = "reassigned"


def wishes(facts: Facts, kind: str, day: date) -> pl.DataFrame:
    """The wishes of a kind that stand on a day, one per place: of several the one told last."""
    standing = pl.col("until_date").is_null() | (pl.col("until_date") >= day)
    return (
        facts["wishes"]
        .filter((pl.col("kind") == kind) & standing)
        .sort("from_date", "wish_id")
        .unique(PLACE, keep="last", maintain_order=True)
    )


def reassigned(lines: pl.DataFrame, facts: Facts, day: date) -> pl.DataFrame:
    """Lines whose message a person took on are his task: action, reason, and assigned, his name (null: nobody's)."""
    told = wishes(facts, PERSON, day).select(*PLACE, assigned="collector")
    found = lines.join(told, on=PLACE, how="left", maintain_order="left")
    taken = (pl.col("action") == "message") & pl.col("assigned").is_not_null()
    return found.with_columns(
        action=pl.when(taken).then(pl.lit("task")).otherwise("action"),
        reason=pl.when(taken).then(pl.lit(REASSIGNED)).otherwise("reason"),
        assigned=pl.when(taken).then("assigned"),
    )


def with_wished(ways: pl.DataFrame, facts: Facts, day: date) -> pl.DataFrame:
    """Ways of a message (with the columns of `PLACE`) + is_wished: a person chose this address."""
    told = wishes(facts, ADDRESS, day).select(*PLACE, "contact_point_id", is_wished=pl.lit(value=True))
    return ways.join(told, on=[*PLACE, "contact_point_id"], how="left").with_columns(
        pl.col("is_wished").fill_null(value=False)
    )
