"""What each debt owes on a day: costs, interest, a second interest beside it, principal; to the minor unit, with lines.

The meaning of every word is in docs/claims.md. Sums are whole numbers: a rate is in ppm, a weight in parts of a year.
Interest is a numerator in Int128 (10^15 minor units x 10^13 would wrap around in 64 bits without a word) until its rule
says "round".

A debt's entries follow one another, so they are taken one by one (`engine.claim.balance` has the rule of a step); all
debts take their n-th entry together. The debts with the most entries stand first: those with an n-th are always
the first rows, and nothing is joined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dunwell.engine.claim.balance import EXTRA, INTEREST, ROUND, Event, OneDebt, TooLargeError, numbers_of, step
from dunwell.engine.claim.curves import Curves
from dunwell.engine.claim.debts import resolve
from dunwell.rulebook.interest_terms import COMPONENTS, Terms

ENTRIES: dict[str, pl.DataType] = {
    "entry_id": pl.Int64(),
    "debt_id": pl.Int64(),
    "entry_date": pl.Date(),
    "kind": pl.String(),
    "amount_minor": pl.Int64(),
    "designation": pl.String(),
    "reverses_id": pl.Int64(),
}
"""What happened to a debt. kind: charge, credit, payment, reversal (of the payment `reverses_id`); amount_minor > 0.
Within a day and kind they count in the order of `entry_id`. A column `under_ceiling` (Boolean) may stand beside:
charges that are owed only as far as the ceiling of the debt's terms leaves room beside the interest."""


AT_ONCE = 500_000
"""Debts that are worked on together."""

FEW = 100
"""So many debts or fewer take their steps one debt after the other: a frame has its price however few rows it has."""


_KINDS = {"charge": Event.CHARGE, "credit": Event.CREDIT, "payment": Event.PAYMENT}
SUMS: dict[str, pl.DataType] = {
    "debt_id": pl.Int64(),
    "costs_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "extra_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "surplus_minor": pl.Int64(),
    "capped_minor": pl.Int64(),
    "capped_costs_minor": pl.Int64(),
    "interest_sum_minor": pl.Int64(),
    "extra_sum_minor": pl.Int64(),
    "refused": pl.String(),
    "assumed_since": pl.Date(),
}
"""See `Claims.sums`."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What is owed, and how it came about.

    sums    one row per debt, sorted by debt_id: costs_minor, interest_minor, extra_minor, principal_minor (open);
            surplus_minor (paid beyond all); capped_minor (interest that a cap on its sum cuts off); capped_costs_minor
            (charges for which the ceiling leaves no room beside the interest); interest_sum_minor,
            extra_sum_minor (all that came of it so far, paid or not); refused (why there are no sums, a code, or null);
            assumed_since (the first day for which a rate had to be assumed, or null)
    lines   one row per stretch of days and entry, in order, where they were asked for; else no rows
    """

    sums: pl.DataFrame
    lines: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Beginning:
    """A debt before anything has happened: the values that `balance.OneDebt` takes, and its events in their order."""

    values: dict[str, Any]
    events: list[dict[str, Any]]


def claims(debts: pl.DataFrame, entries: pl.DataFrame, terms: Mapping[str, Terms], as_of: date) -> pl.DataFrame:
    """The sums of `compute`, a part of the book at a time: what is worked on stays small."""
    if debts.height <= AT_ONCE:
        return compute(debts, entries, terms, as_of, with_lines=False).sums
    debts = debts.sort("debt_id")
    parts = []
    for start in range(0, debts.height, AT_ONCE):
        part = debts.slice(start, AT_ONCE)
        theirs = entries.filter(pl.col("debt_id").is_between(part["debt_id"][0], part["debt_id"][-1]))
        parts.append(compute(part, theirs, terms, as_of, with_lines=False).sums)
    return pl.concat(parts)


def compute(
    debts: pl.DataFrame, entries: pl.DataFrame, terms: Mapping[str, Terms], as_of: date, *, with_lines: bool
) -> Claims:
    """What each debt owes at the end of `as_of`. Debts follow `engine.claim.debts.DEBTS`, entries `ENTRIES`."""
    if debts.is_empty():
        return Claims(pl.DataFrame(schema=SUMS), pl.DataFrame())
    found, curves = resolve(debts, terms, as_of)
    trace: list[pl.DataFrame] | None = [] if with_lines else None
    parts = _with_fees_apart(found.filter(pl.col("refused").is_null()), entries)
    sums = pl.concat(_sums(_ended(part, entries, curves, trace, fees=fees)) for part, fees in parts)
    sums = found.select("debt_id", "refused", "assumed_since").join(sums, on="debt_id", how="left")
    sums = _refuse_too_large(sums).select(list(SUMS))
    lines = pl.concat(trace).sort("debt_id", "number") if trace else pl.DataFrame()
    return Claims(sums.sort("debt_id"), lines)


def beginnings(debts: pl.DataFrame, entries: pl.DataFrame, curves: Curves) -> dict[int, Beginning]:
    """By debt_id: what each debt begins with, to be taken from event to event by whoever lets more happen to it between
    (`engine.claim.running`). `debts` as `resolve` gives them, none refused; `entries` follow `ENTRIES`."""
    found: dict[int, Beginning] = {}
    for part, fees in _with_fees_apart(debts, entries):
        events = _events(part, entries, curves, every_rate=False, fees=fees).partition_by("debt_id", as_dict=True)
        for values in _begin(part, fees=fees).rows(named=True):
            mine = events.get((values["debt_id"],))
            found[values["debt_id"]] = Beginning(values, [] if mine is None else mine.drop("debt_id").rows(named=True))
    return found


def _with_fees_apart(debts: pl.DataFrame, entries: pl.DataFrame) -> list[tuple[pl.DataFrame, bool]]:
    """Debts with fees under a ceiling stand apart (True), so that all the others need not know of ceilings."""
    if not {"under_ceiling", "has_ceiling"} <= {*entries.columns, *debts.columns}:
        return [(debts, False)]
    fees = entries.filter((pl.col("kind") == "charge") & pl.col("under_ceiling"))["debt_id"].unique()
    mine = debts["has_ceiling"] & debts["debt_id"].is_in(fees.implode())
    return [(debts.filter(~mine), False), (debts.filter(mine), True)] if mine.any() else [(debts, False)]


def _ended(
    debts: pl.DataFrame, entries: pl.DataFrame, curves: Curves, trace: list[pl.DataFrame] | None, *, fees: bool
) -> pl.DataFrame:
    """The balances at the end of each debt's day. fees: whether the debts have fees under a ceiling."""
    events = _events(debts, entries, curves, every_rate=trace is not None, fees=fees)
    done = _through_events(_begin(debts, fees=fees), events, curves, trace)
    end = done.with_columns(
        place=pl.col("end"), event=pl.lit(Event.END, pl.Int8), amount=pl.lit(0, pl.Int64),
        designation=pl.lit(None, pl.String), entry_id=pl.lit(None, pl.Int64),
    )  # fmt: skip
    ended = step(end, curves)
    if trace is not None:
        trace.append(ended.select(list(_LINE)))
    return ended


def _sums(ended: pl.DataFrame) -> pl.DataFrame:
    no_room = pl.lit(0, pl.Int64)
    if "fees" in ended.columns:
        no_room = pl.col("fees") - pl.min_horizontal("fees", "fees_room").cast(pl.Int64)
    return ended.select(
        "debt_id", costs_minor="costs", interest_minor="interest_open", extra_minor="extra_open",
        principal_minor="principal", surplus_minor="surplus",
        capped_minor=pl.col("interest_rounded") - pl.col("interest_owed"), capped_costs_minor=no_room,
        interest_sum_minor="interest_owed", extra_sum_minor="extra_rounded",
    )  # fmt: skip


_OF_DEBT = [
    "debt_id", "start", "end", "breach_date", "contract_date", "factor", "units", "extra_factor", "extra_units", "free",
    "sum_cap_minor", "fixed_counts", *(f"rank_{name}" for name in COMPONENTS),
]  # fmt: skip


def _begin(debts: pl.DataFrame, *, fees: bool) -> pl.DataFrame:
    """The balance before anything has happened. `last`: the place up to which interest has run; `fixed`: what of the
    fixed sum no charge has been counted against yet."""
    zero = pl.lit(0, pl.Int64)
    wide = pl.lit(0, pl.Int128)
    ceiling = []
    if fees:
        ceiling = [
            pl.col("ceiling_curve").cast(pl.Int64), pl.col("ceiling_factor", "ceiling_units"),
            wide.alias("ceiling_exact"), *(zero.alias(name) for name in ("fees", "fees_paid", "fees_open")),
        ]  # fmt: skip
    return debts.select(
        # places on all curves: more than 32 bits hold, in a large book
        *_OF_DEBT, pl.col("curve", "extra_curve").cast(pl.Int64), *ceiling,
        pl.col("rounding").replace_strict(ROUND, return_dtype=pl.Int8),
        # interest that begins after the day of the sums never runs
        last=pl.min_horizontal(pl.col("start") - 1, "end"),
        principal=pl.col("principal_minor"), costs=zero, surplus=zero, capital=zero, fixed=zero,
        interest_exact=wide, interest_pending=wide, interest_rounded=zero, interest_paid=zero,
        extra_exact=wide, extra_pending=wide, extra_rounded=zero, extra_paid=zero, number=pl.lit(0, pl.Int32),
    )  # fmt: skip


def _events(
    debts: pl.DataFrame, entries: pl.DataFrame, curves: Curves, *, every_rate: bool, fees: bool
) -> pl.DataFrame:
    """debt_id, place, event, amount, designation, entry_id; sorted by debt and order within it."""
    placed = debts.select(
        "debt_id", "start", "end", "curve", "extra_curve", "fixed_sum_minor", "rounding", "compound_months"
    )
    empty = {"designation": pl.lit(None, pl.String), "entry_id": pl.lit(None, pl.Int64)}
    columns = ["debt_id", "place", "event", "amount", "designation", "entry_id"]
    fixed = placed.filter((pl.col("fixed_sum_minor") > 0) & (pl.col("start") <= pl.col("end"))).select(
        "debt_id", place="start", event=pl.lit(Event.FIXED_SUM, pl.Int8), amount="fixed_sum_minor", **empty
    )
    parts = [_entries(entries, placed, curves, fees=fees).select(columns), fixed.select(columns)]
    if every_rate:
        parts.append(_known_until(debts, curves).with_columns(amount=pl.lit(0, pl.Int64), **empty).select(columns))
    breaks = _breaks(placed if every_rate else placed.filter(pl.col("rounding") != "once"), curves)
    if not breaks.is_empty():
        parts.append(breaks.with_columns(**empty).select(columns))
    capital = _capitalisations(placed, curves)
    if not capital.is_empty():
        parts.append(capital.with_columns(amount=pl.lit(0, pl.Int64), **empty).select(columns))
    return pl.concat(parts).sort("debt_id", "place", "event", "entry_id", nulls_last=False)


def _entries(entries: pl.DataFrame, placed: pl.DataFrame, curves: Curves, *, fees: bool) -> pl.DataFrame:
    """What happened until a debt's day, with the payments less what was taken back of each."""
    happened = (
        entries.with_columns(place=(pl.col("entry_date") - curves.first).dt.total_days().cast(pl.Int32))
        .join(placed.select("debt_id", "end"), on="debt_id")
        .filter(pl.col("place") <= pl.col("end"))
    )
    reversals = happened.filter(pl.col("kind") == "reversal")
    back = reversals.group_by(entry_id="reverses_id").agg(back=pl.col("amount_minor").sum())
    kept = happened.filter(pl.col("kind") != "reversal")
    if not back.is_empty():
        kept = kept.join(back, on="entry_id", how="left").with_columns(
            amount_minor=pl.when(pl.col("kind") == "payment")
            .then((pl.col("amount_minor") - pl.col("back").fill_null(0)).clip(lower_bound=0))
            .otherwise("amount_minor")
        )
    event = pl.col("kind").replace_strict(_KINDS, return_dtype=pl.Int8)
    if fees:
        fee = (pl.col("kind") == "charge") & pl.col("under_ceiling")
        event = pl.when(fee).then(pl.lit(Event.FEE, pl.Int8)).otherwise(event)
    return kept.filter(pl.col("amount_minor") > 0).with_columns(event=event, amount="amount_minor")


def _breaks(placed: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """The last day before each change of one of a debt's rates: debt_id, place, event.

    Where one day's interest is rounded, the last day before the weight of a day changes, too.
    """
    if placed.is_empty():
        return pl.DataFrame()
    numbers = sorted({*placed["curve"].unique(), *placed["extra_curve"].unique()})
    rows = [(number, place, False) for number in numbers for place in curves.changes(number)]
    rows += [(number, place, True) for number in numbers for place in curves.years(number)]
    schema = {"curve": pl.Int32, "place": pl.Int32, "of_weight": pl.Boolean}
    tracks = [
        placed.select("debt_id", "start", "end", "rounding", curve=name, amount=pl.lit(mask, pl.Int64))
        for name, mask in (("curve", INTEREST), ("extra_curve", EXTRA))
    ]
    return (
        pl.concat(tracks)
        .join(pl.DataFrame(rows, schema=schema, orient="row"), on="curve")
        .filter(
            (pl.col("place") >= pl.col("start"))
            & (pl.col("place") < pl.col("end"))
            & (~pl.col("of_weight") | (pl.col("rounding") == "day"))
        )
        .select("debt_id", "place", "amount")
        .unique()
        .group_by("debt_id", "place")
        .agg(pl.col("amount").sum(), event=pl.lit(Event.RATE, pl.Int8))
    )


def _known_until(debts: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """The last day whose rate is known, where later ones are assumed: debt_id, place, event."""
    place = ((pl.col("assumed_since") - curves.first).dt.total_days() - 1).cast(pl.Int32)
    return debts.filter((place >= pl.col("start")) & (place < pl.col("end"))).select(
        "debt_id", place=place, event=pl.lit(Event.RATE, pl.Int8)
    )


def _capitalisations(placed: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """The last day of each period after which open interest bears interest: debt_id, place, event."""
    compound = placed.filter(pl.col("compound_months").is_not_null() & (pl.col("start") <= pl.col("end")))
    if compound.is_empty():
        return pl.DataFrame()
    begins = pl.lit(curves.first) + pl.duration(days=pl.col("start"))
    return (
        compound.with_columns(begin=begins)
        .with_columns(times=(pl.col("end") - pl.col("start")) // (28 * pl.col("compound_months")) + 1)
        .with_columns(time=pl.int_ranges(1, pl.col("times") + 1))
        .explode("time")
        .with_columns(day=pl.col("begin").dt.offset_by(pl.format("{}mo", pl.col("time") * pl.col("compound_months"))))
        .with_columns(place=((pl.col("day") - curves.first).dt.total_days() - 1).cast(pl.Int32))
        .filter(pl.col("place") <= pl.col("end"))
        .select("debt_id", "place", event=pl.lit(Event.CAPITAL, pl.Int8))
    )


def _through_events(
    state: pl.DataFrame, events: pl.DataFrame, curves: Curves, trace: list[pl.DataFrame] | None
) -> pl.DataFrame:
    """All debts after their last event."""
    row = pl.int_range(pl.len(), dtype=pl.Int64)
    first = pl.when(pl.col("debt_id").ne_missing(pl.col("debt_id").shift())).then(row)
    queue = events.with_columns(turn=row - first.forward_fill())
    counts = queue.group_by("debt_id").agg(events=pl.len())
    counted = state.join(counts, on="debt_id", how="left", maintain_order="left")
    busy = counted.filter(pl.col("events").is_not_null()).sort("events", descending=True, maintain_order=True)
    finished = [counted.filter(pl.col("events").is_null()).drop("events")]
    ranks = busy.select("debt_id", rank=row)
    queue = (
        queue.join(ranks, on="debt_id")
        # one key sorts much faster than two
        .sort(pl.col("turn") * busy.height + pl.col("rank"))
        .drop("rank", "debt_id")
    )
    sizes = queue.group_by("turn").len().sort("turn")["len"].to_list()
    busy = busy.drop("events")
    offset = 0
    for turn, size in enumerate(sizes):
        if size <= FEW:
            finished.append(_one_by_one(busy, queue.slice(offset).drop("turn"), sizes[turn:], curves, trace))
            break
        now = pl.concat([busy, queue.slice(offset, size).drop("turn")], how="horizontal")
        after = step(now, curves)
        if trace is not None:
            trace.append(after.select(list(_LINE)))
        offset += size
        busy = after.select(state.columns)
        still = sizes[turn + 1] if turn + 1 < len(sizes) else 0
        finished.append(busy.slice(still))
        busy = busy.head(still)
    return pl.concat(finished)


def _one_by_one(
    busy: pl.DataFrame, queue: pl.DataFrame, sizes: list[int], curves: Curves, trace: list[pl.DataFrame] | None
) -> pl.DataFrame:
    """The last debts after all their events, of which each turn has so many as `sizes` says, the first debts' first."""
    look = numbers_of(curves)
    debts = [OneDebt(values, curves.size, look) for values in busy.rows(named=True)]
    lost: set[int] = set()
    lines = []
    events = queue.iter_rows(named=True)
    for size in sizes:
        for place, event in zip(range(size), events):  # noqa: B905  the next turn goes on where this one ends
            if place in lost:
                continue
            try:
                debts[place].take(event)
            except TooLargeError:
                lost.add(place)
                continue
            if trace is not None:
                lines.append([debts[place].values[name] for name in _LINE])
    if trace is not None and lines:
        trace.append(pl.DataFrame(lines, schema=_LINE, orient="row"))
    rows = [
        # nothing is known of what left all bounds
        [None if place in lost and name in _COUNTED else debt.values[name] for name in busy.columns]
        for place, debt in enumerate(debts)
    ]
    return pl.DataFrame(rows, schema=busy.schema, orient="row")


_COUNTED = ("interest_exact", "interest_pending", "interest_rounded", "extra_exact", "extra_pending", "extra_rounded")


def _refuse_too_large(sums: pl.DataFrame) -> pl.DataFrame:
    """Debts whose interest left all bounds have no sums."""
    whole = [name for name, kind in SUMS.items() if kind == pl.Int64() and name != "debt_id"]
    lost = pl.any_horizontal(pl.col(name).is_null() for name in whole)
    return sums.with_columns(
        *(pl.when(~lost).then(name) for name in whole),
        refused=pl.coalesce("refused", pl.when(lost).then(pl.lit("interest.too_large"))),
    )


_LINE: dict[str, pl.DataType] = {
    "debt_id": pl.Int64(), "number": pl.Int32(), "start": pl.Int32(), "breach_date": pl.Date(),
    "contract_date": pl.Date(), "event": pl.Int8(), "entry_id": pl.Int64(), "amount": pl.Int64(),
    "place": pl.Int32(), "since": pl.Int32(), "through": pl.Int32(), "principal_before": pl.Int64(),
    "bearing": pl.Int64(), "curve": pl.Int64(), "factor": pl.Int64(), "units": pl.Int64(),
    "interest_exact": pl.Int128(), "interest_rounded": pl.Int64(), "extra_curve": pl.Int64(),
    "extra_factor": pl.Int64(), "extra_units": pl.Int64(), "extra_exact": pl.Int128(), "extra_rounded": pl.Int64(),
    "costs": pl.Int64(), "principal": pl.Int64(), "interest_open": pl.Int64(), "extra_open": pl.Int64(),
    "surplus": pl.Int64(), "capital": pl.Int64(), "covered": pl.Int64(),
    **{f"to_{name}": pl.Int64() for name in COMPONENTS},
}  # fmt: skip
"""One row of a statement: the days that ran, what bore interest at which rate, and what the event at `place` did."""
