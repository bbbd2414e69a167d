"""One hash over what a message asks for, so that a changed claim is seen before the message leaves."""

import hashlib

import polars as pl

from dunwell.engine.day.decide import Outcome


def hashes_of(outcome: Outcome) -> pl.DataFrame:
    """debtor_id, currency, items_hash of every message that the outcome wants: there is one of a pair at most."""
    about = pl.concat_str("note", "promise_id", "due_date", separator="|")
    notes = outcome.notes.select("debtor_id", "currency", row=about)
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in notes["row"]]
    told = notes.select("debtor_id", "currency", items_hash=pl.Series(hashes, dtype=pl.String))
    return pl.concat([items_hashes(outcome.items), told])


def items_hashes(items: pl.DataFrame) -> pl.DataFrame:
    """`engine.day.decide.LINE_ITEMS` -> debtor_id, currency, items_hash (SHA-256 hex of receivable, demand, stage)."""
    rows = (
        items.sort("debtor_id", "currency", "receivable_id")
        .with_columns(row=pl.concat_str("receivable_id", "demand_minor", "stage", separator="|"))
        .group_by("debtor_id", "currency", maintain_order=True)
        .agg(pl.col("row").str.join("\n"))
    )
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in rows["row"]]
    return rows.select("debtor_id", "currency", items_hash=pl.Series(hashes, dtype=pl.String))
