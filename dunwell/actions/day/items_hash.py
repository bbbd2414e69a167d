"""One hash over what a message asks for and how it says it, so that a changed one is seen before it leaves."""

import hashlib

import polars as pl

from dunwell.core.terms import LANGUAGES
from dunwell.engine.day.decide import Outcome
from dunwell.rulebook.strategy import PLAIN, Strategy, Treatment

_KEYS = ["debtor_id", "currency"]


def hashes_of(outcome: Outcome, strategy: Strategy) -> pl.DataFrame:
    """debtor_id, currency, items_hash of every message that the outcome wants: there is one of a pair at most.

    strategy   by which it was decided: its tone and the house's own text are a part of what was released
    """
    about = pl.concat_str("note", "promise_id", "due_date", separator="|")
    notes = outcome.notes.select("debtor_id", "currency", row=about)
    return pl.concat([_hashed(_items(outcome.items, _said(outcome.lines, strategy))), _hashed(notes)])


def _items(items: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """`engine.day.decide.LINE_ITEMS` -> debtor_id, currency, row: receivable, demand, stage of each, and how it is said
    where that is not as usual."""
    return (
        items.sort(*_KEYS, "receivable_id")
        .with_columns(row=pl.concat_str("receivable_id", "demand_minor", "stage", separator="|"))
        .group_by(_KEYS, maintain_order=True)
        .agg(pl.col("row").str.join("\n"))
        .join(said, on=_KEYS, how="left")
        .select(*_KEYS, row=pl.concat_str("row", "said", separator="\n", ignore_nulls=True))
    )


def _said(lines: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    """debtor_id, currency, said: how the message of a line is said; no row where it is said as usual."""
    rows = [
        (segment, name, language, said)
        for (segment, name), treatment in strategy.treatments().items()
        for language in LANGUAGES
        if (said := _manner(treatment, language))
    ]
    known = pl.DataFrame(
        rows, schema=dict.fromkeys(("segment", "treatment", "language", "said"), pl.String), orient="row"
    )
    messages = lines.filter(pl.col("action") == "message")
    return messages.join(known, on=["segment", "treatment", "language"]).select(*_KEYS, "said")


def _manner(treatment: Treatment, language: str) -> str:
    text = treatment.text.get(language, "")
    return "" if treatment.tone == PLAIN and not text else f"{treatment.tone}|{text}"


def _hashed(rows: pl.DataFrame) -> pl.DataFrame:
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in rows["row"]]
    return rows.select(*_KEYS, items_hash=pl.Series(hashes, dtype=pl.String))
