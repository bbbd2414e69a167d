"""The ageing table: what is open by how long it is overdue, or by how old its paper is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.engine.book import cash, claims
from dunwell.engine.facts import Facts, days_between

BY = ("due", "document")
"""What the age is counted from: the due date, or the date of the invoice."""
DEFAULT_BOUNDS = (30, 60, 90, 180)
NOT_DUE = "not_due"
MOST_BOUNDS, LARGEST_BOUND = 24, 36_500

_KEYS = ["debtor_id", "currency"]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Spans of days: `bounds` are their last days, ascending; behind the last comes one without end.

    By due date an item that is not past due stands in `not_due`, and the first bucket begins with the first day past
    due (a bound of 0 says no more than that). By document date every item has an age: the first bucket begins with 0,
    and `not_due` stays empty.
    """

    bounds: tuple[int, ...]
    by: str = "due"

    @property
    def spans(self) -> tuple[tuple[int, int | None], ...]:
        """First and last day (None: without end) of each bucket behind `not_due`."""
        first = 1 if self.by == "due" else 0
        ends = [bound for bound in self.bounds if bound >= first]
        starts = [first, *(end + 1 for end in ends)]
        return tuple(zip(starts, [*ends, None], strict=True))

    @property
    def labels(self) -> tuple[str, ...]:
        """`not_due`, then `1-30`, `31-60`, ... `91+`; a bucket of one day is called by it."""
        return (NOT_DUE, *(_label(first, last) for first, last in self.spans))

    def place(self) -> pl.Expr:
        """The place in `labels` of each age in the column `age_days`. Int8."""
        found = pl.lit(0, pl.Int8)
        for first, _ in self.spans:
            found = found + (pl.col("age_days") >= first).cast(pl.Int8)
        # a paper cannot be younger than the day; were it, it would not be lost
        return found if self.by == "due" else found.clip(lower_bound=1)


def _label(first: int, last: int | None) -> str:
    return f"{first}+" if last is None else f"{first}-{last}" if last > first else f"{first}"


def buckets(bounds: Sequence[int], by: str = "due") -> Buckets:
    """Buckets of one's own. Raises DunwellError `ageing.bounds` unless the bounds are whole numbers of days that rise,
    from 0 to `LARGEST_BOUND`, at least one and at most `MOST_BOUNDS`; `ageing.by` for an unknown way to count."""
    if by not in BY:
        raise DunwellError("ageing.by", value=str(by)[:40], known=", ".join(BY))
    whole = all(type(bound) is int and 0 <= bound <= LARGEST_BOUND for bound in bounds)
    if not whole or not 0 < len(bounds) <= MOST_BOUNDS or list(bounds) != sorted(set(bounds)):
        given = ",".join(str(bound)[:20] for bound in bounds[: MOST_BOUNDS + 1])
        raise DunwellError("ageing.bounds", value=given, largest=LARGEST_BOUND, most=MOST_BOUNDS)
    return Buckets(tuple(bounds), by)


_HOUSE = Buckets(DEFAULT_BOUNDS)
BUCKETS = _HOUSE.labels


@dataclass(frozen=True, slots=True)
class Ageing:
    """What a creditor's book shows on a day. Currencies stand in rows of their own and are never added.

    cells   one row per debtor, currency and bucket in which something stands: debtor_id, currency, bucket, items,
            rest_minor (open, less what was netted)
    sums    one row per debtor and currency with open items or loose money: debtor_id, currency, items, open_minor,
            netted_minor (0 without netting), rest_minor (= open_minor - netted_minor = the sum of the cells),
            unallocated_minor (payments that pay nothing yet; below zero when more went back than came),
            credit_note_minor (open credit notes); both before netting
    """

    buckets: Buckets
    cells: pl.DataFrame
    sums: pl.DataFrame

    def by_currency(self) -> "Ageing":
        """The same without debtors: one row per currency and bucket, and one per currency."""
        place = pl.col("bucket").replace_strict(
            {label: place for place, label in enumerate(self.buckets.labels)}, return_dtype=pl.Int8
        )
        cells = self.cells.drop("debtor_id").group_by("currency", "bucket").agg(pl.all().sum()).sort("currency", place)
        sums = self.sums.drop("debtor_id").group_by("currency").agg(pl.all().sum()).sort("currency")
        return Ageing(self.buckets, cells, sums)


def aged(facts: Facts, day: date, wanted: Buckets = _HOUSE, *, netting: bool) -> Ageing:
    """The ageing of every debtor on a day. Facts as of that day (see `Facts.on`).

    netting: the debtor's unallocated payments and open credit notes pay the oldest due items first, as
    `claims.with_credit` has it: they reduce what may be demanded, and leave what is disputed or held.
    """
    applied = cash.apply_cash(facts)
    items = claims.net_items(facts, day, applied, netting=netting)
    age = pl.col("days_past_due") if wanted.by == "due" else days_between(day, pl.col("issue_date"))
    items = items.with_columns(
        age_days=age,
        netted_minor=pl.col("demand_minor") - pl.col("net_minor"),
    ).with_columns(rest_minor=pl.col("open_minor") - pl.col("netted_minor"), place=wanted.place())
    labels = pl.DataFrame(
        {"place": range(len(wanted.labels)), "bucket": wanted.labels}, schema={"place": pl.Int8, "bucket": pl.String}
    )
    cells = (
        items.group_by(*_KEYS, "place")
        .agg(items=pl.len().cast(pl.Int64), rest_minor=pl.col("rest_minor").sum())
        .join(labels, on="place")
        .sort(*_KEYS, "place")
        .select(*_KEYS, "bucket", "items", "rest_minor")
    )
    open_sums = items.group_by(_KEYS).agg(
        items=pl.len().cast(pl.Int64),
        **{name: pl.col(name).sum() for name in ("open_minor", "netted_minor", "rest_minor")},
    )
    sums = (
        open_sums.join(_loose(applied), on=_KEYS, how="full", coalesce=True)
        .with_columns(pl.col(pl.Int64).exclude("debtor_id").fill_null(0))
        .filter(pl.any_horizontal(pl.col("items", "unallocated_minor", "credit_note_minor") != 0))
        .sort(_KEYS)
    )
    return Ageing(wanted, cells, sums)


def _loose(applied: cash.Cash) -> pl.DataFrame:
    """Per debtor and currency what pays nothing yet, payments and credit notes apart: unallocated_minor,
    credit_note_minor. Together they are `loose_minor` of `cash.Cash`."""
    came, paid = (
        frame.select(*_KEYS, "amount_minor", note=pl.col("credit_note_id").is_not_null())
        for frame in (applied.came, applied.paid)
    )
    return (
        pl.concat([came, paid.with_columns(-pl.col("amount_minor"))])
        .group_by(_KEYS)
        .agg(
            unallocated_minor=pl.col("amount_minor").filter(~pl.col("note")).sum(),
            credit_note_minor=pl.col("amount_minor").filter("note").sum(),
        )
    )


def ageing(facts: Facts, day: date) -> pl.DataFrame:
    """currency, bucket (in the order of `BUCKETS`), items, open_minor (before any credit is deducted), demand_minor
    (of it what is neither disputed nor held)."""
    return ageing_of(claims.open_items(facts, day))


def ageing_of(items: pl.DataFrame) -> pl.DataFrame:
    """The same from open items."""
    names = pl.DataFrame(
        {"place": range(len(BUCKETS)), "bucket": BUCKETS}, schema={"place": pl.Int8, "bucket": pl.String}
    )
    return (
        items.with_columns(age_days=pl.col("days_past_due"))
        .with_columns(place=_HOUSE.place())
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
