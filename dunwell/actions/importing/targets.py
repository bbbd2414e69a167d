"""Targets of checked frames -> what changes among those of the book. What a target is says `actions.talks.targets`."""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from dunwell.actions.importing.book import Book, numbered
from dunwell.actions.importing.changes import differences, nothing
from dunwell.actions.importing.report import no_outcome
from dunwell.core.actor import Actor
from dunwell.store import bulk

_TOLD = ("amount_minor", "by_date")


@dataclass(frozen=True)
class Targets:
    """What changes, what became of each row (file, row, kind, outcome), and which fields change (`changes.CHANGES`)."""

    changes: list[bulk.Change]
    outcome: pl.DataFrame
    differences: pl.DataFrame


def beside(rows: pl.DataFrame, debtors: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Rows of the frame `targets` beside the latest target of each debtor and currency.

    debtors   number, debtor_id
    + debtor_id, id, seen_from, and of the latest target each column as `<column>_was`; same: it says what the row
    says, or the latest that a file set does. So a file that repeats itself neither sets anew what a person withdrew,
    nor takes back what a person set since.
    """
    of = ["debtor_id", "currency"]
    known = book.targets.sort("id")
    latest = known.drop("source_id").unique(of, keep="last", maintain_order=True)
    # a target whose place a file took has its source too, but the one that the file set came later
    told = known.filter(pl.col("source_id").is_not_null()).unique(of, keep="last", maintain_order=True)
    told = told.select(*of, *(pl.col(name).alias(f"{name}_told") for name in _TOLD))
    was = latest.rename({name: f"{name}_was" for name in bulk.TARGETS.columns if name not in ("debtor_id", "currency")})
    found = rows.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left").join(
        was.rename({"known_from": "seen_from"}), on=of, how="left", maintain_order="left"
    )
    found = found.join(told, on=of, how="left", maintain_order="left")
    same = [pl.all_horizontal(pl.col(name) == pl.col(f"{name}_{of}") for name in _TOLD) for of in ("was", "told")]
    return found.with_columns(same=pl.any_horizontal(each.fill_null(value=False) for each in same))


def plan_targets(rows: pl.DataFrame, debtors: pl.DataFrame, *, book: Book, today: date, by: Actor) -> Targets:
    """Compare the targets that files name with those of the book: another one takes the place of the one before, from
    today on. `by`: who takes the files in."""
    if rows.is_empty():
        return Targets([], no_outcome(), nothing())
    found = beside(rows, debtors, book)
    stands = pl.col("id").is_not_null() & pl.col("withdrawn_date_was").is_null()
    became = pl.when("same").then(pl.lit("unchanged")).when(stands).then(pl.lit("changed")).otherwise(pl.lit("new"))
    told = found.filter(~pl.col("same"))
    replaced = told.filter(stands)
    gone = replaced.select(
        "id", "seen_from", "file", "debtor_id", "currency",
        *(pl.col(f"{name}_was").alias(name) for name in (*_TOLD, "set_date", "note", "recorded_by")),
        withdrawn_date=pl.max_horizontal(pl.lit(today), "set_date_was"),
    )  # fmt: skip
    fresh = numbered(told).with_columns(
        set_date=pl.lit(today), withdrawn_date=pl.lit(None, pl.Date), note=pl.lit(""),
        recorded_by=pl.lit(str(by)[:200]),
    )  # fmt: skip
    fresh = fresh.select("ref", *bulk.TARGETS.columns, "file")
    what = replace(bulk.TARGETS, columns={name: bulk.TARGETS.columns[name] for name in _TOLD})
    return Targets(
        # the old one goes first: of a debtor and currency one target stands at a time
        changes=[
            bulk.Change(bulk.TARGETS, fresh.clear(), gone.select("id", "seen_from", *bulk.TARGETS.columns, "file")),
            bulk.Change(bulk.TARGETS, fresh, gone.clear().select("id", "seen_from", *bulk.TARGETS.columns, "file")),
        ],
        outcome=found.select("file", "row", kind=pl.lit("targets"), outcome=became),
        differences=differences(replaced.with_columns(number="debtor", frame=pl.lit("targets")), what, {}),
    )
