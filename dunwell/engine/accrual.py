"""What each debt owes on a day: costs, interest, a second interest beside it, principal; to the minor unit, with lines.

The meaning of every word is in docs/claims.md. Sums are whole numbers: a rate is in ppm, a weight in parts of a year.
Interest is a numerator in Int128 (10^15 minor units x 10^13 would wrap around in 64 bits without a word) until its rule
says "round".

A debt's entries follow one another, so they are taken one by one; all debts take their n-th entry together. The debts
with the most entries stand first: those which still have an n-th are always the first rows, and nothing is joined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cache

import polars as pl

from dunwell.engine.curves import Curves
from dunwell.engine.debts import resolve
from dunwell.engine.rounding import half_up
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


class Event(IntEnum):
    """What changes a balance, in the order within a day. A fee is a charge under the ceiling."""

    FIXED_SUM = 0
    CHARGE = 1
    FEE = 2
    CREDIT = 3
    PAYMENT = 4
    RATE = 5
    CAPITAL = 6
    END = 7


_INTEREST, _EXTRA = 1, 2
"""Whose stretch of days a change of a rate ends, as the amount of the event."""
_KINDS = {"charge": Event.CHARGE, "credit": Event.CREDIT, "payment": Event.PAYMENT}
_ROUND = {"once": 0, "period": 1, "day": 2}
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

LARGEST_INTEREST = 10**18
"""A debt with more interest than this many minor units is refused: no claim is so large, and 64 bits end soon after."""


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
    """What each debt owes at the end of `as_of`. Debts follow `engine.debts.DEBTS`, entries `ENTRIES`."""
    if debts.is_empty():
        return Claims(pl.DataFrame(schema=SUMS), pl.DataFrame())
    found, curves = resolve(debts, terms, as_of)
    known = found.filter(pl.col("refused").is_null())
    events = _events(known, entries, curves, every_rate=with_lines)
    trace: list[pl.DataFrame] = []
    done = _through_events(_begin(known), events, curves, trace if with_lines else None)
    end = done.with_columns(
        place=pl.col("end"), event=pl.lit(Event.END, pl.Int8), amount=pl.lit(0, pl.Int64),
        designation=pl.lit(None, pl.String), entry_id=pl.lit(None, pl.Int64),
    )  # fmt: skip
    ended = _step(end, curves)
    if with_lines:
        trace.append(_line(end, ended))
    sums = ended.select(
        "debt_id", costs_minor=pl.col("costs") + pl.col("fees_open"), interest_minor="interest_open",
        extra_minor="extra_open", principal_minor="principal", surplus_minor="surplus",
        capped_minor=pl.col("interest_full") - pl.col("interest_owed"),
        capped_costs_minor=pl.col("fees") - pl.min_horizontal("fees", "fees_room"),
        interest_sum_minor="interest_owed", extra_sum_minor="extra_owed",
    )  # fmt: skip
    sums = found.select("debt_id", "refused", "assumed_since").join(sums, on="debt_id", how="left")
    sums = _refuse_too_large(sums).select(list(SUMS))
    lines = pl.concat(trace).sort("debt_id", "number") if trace else pl.DataFrame()
    return Claims(sums.sort("debt_id"), lines)


_OF_DEBT = [
    "debt_id", "start", "end", "breach_date", "contract_date", "curve", "factor", "units", "extra_curve",
    "extra_factor", "extra_units", "ceiling_curve", "ceiling_factor", "ceiling_units",
    "has_ceiling", "free", "sum_cap_minor", *(f"rank_{name}" for name in COMPONENTS),
]  # fmt: skip


def _begin(debts: pl.DataFrame) -> pl.DataFrame:
    """The balance before anything has happened. `last`: the place up to which interest has run."""
    zero = pl.lit(0, pl.Int64)
    wide = pl.lit(0, pl.Int128)
    return debts.select(
        *_OF_DEBT, pl.col("rounding").replace_strict(_ROUND, return_dtype=pl.Int8),
        # interest that begins after the day of the sums never runs
        last=pl.min_horizontal(pl.col("start") - 1, "end"),
        principal=pl.col("principal_minor"), costs=zero, surplus=zero, capital=zero,
        fees=zero, fees_paid=zero, ceiling_exact=wide,
        interest_exact=wide, interest_pending=wide, interest_rounded=zero, interest_paid=zero,
        extra_exact=wide, extra_pending=wide, extra_rounded=zero, extra_paid=zero, number=pl.lit(0, pl.Int32),
    )  # fmt: skip


def _events(debts: pl.DataFrame, entries: pl.DataFrame, curves: Curves, *, every_rate: bool) -> pl.DataFrame:
    """debt_id, place, event, amount, designation, entry_id; sorted by debt and order within it."""
    placed = debts.select(
        "debt_id", "start", "end", "curve", "extra_curve", "fixed_sum_minor", "rounding", "compound_months"
    )
    empty = {"designation": pl.lit(None, pl.String), "entry_id": pl.lit(None, pl.Int64)}
    columns = ["debt_id", "place", "event", "amount", "designation", "entry_id"]
    fixed = placed.filter((pl.col("fixed_sum_minor") > 0) & (pl.col("start") <= pl.col("end"))).select(
        "debt_id", place="start", event=pl.lit(Event.FIXED_SUM, pl.Int8), amount="fixed_sum_minor", **empty
    )
    parts = [_entries(entries, placed, curves).select(columns), fixed.select(columns)]
    if every_rate:
        parts.append(_known_until(debts, curves).with_columns(amount=pl.lit(0, pl.Int64), **empty).select(columns))
    breaks = _breaks(placed if every_rate else placed.filter(pl.col("rounding") != "once"), curves)
    if not breaks.is_empty():
        parts.append(breaks.with_columns(**empty).select(columns))
    capital = _capitalisations(placed, curves)
    if not capital.is_empty():
        parts.append(capital.with_columns(amount=pl.lit(0, pl.Int64), **empty).select(columns))
    return pl.concat(parts).sort("debt_id", "place", "event", "entry_id", nulls_last=False)


def _entries(entries: pl.DataFrame, placed: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """What happened until a debt's day, with the payments less what was taken back of each."""
    if "under_ceiling" not in entries.columns:
        entries = entries.with_columns(under_ceiling=pl.lit(value=False))
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
    return kept.filter(pl.col("amount_minor") > 0).with_columns(
        event=pl.when((pl.col("kind") == "charge") & pl.col("under_ceiling"))
        .then(pl.lit(Event.FEE, pl.Int8))
        .otherwise(pl.col("kind").replace_strict(_KINDS, return_dtype=pl.Int8)),
        amount="amount_minor",
    )


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
        for name, mask in (("curve", _INTEREST), ("extra_curve", _EXTRA))
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
        now = pl.concat([busy.head(size), queue.slice(offset, size).drop("turn")], how="horizontal")
        after = _step(now, curves)
        if trace is not None:
            trace.append(_line(now, after))
        offset += size
        busy = after.select(state.columns)
        still = sizes[turn + 1] if turn + 1 < len(sizes) else 0
        finished.append(busy.slice(still))
    return pl.concat(finished)


def _step(state: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """Let interest run up to an event, then take the event: the columns of the state as they are after it."""
    ran = _accrue(state.with_columns(_reaches()), curves)
    return ran.with_columns(_shares()).with_columns(_taken())


# What is the same in every step is built once: a debt with a thousand entries takes a thousand steps.


@cache
def _reaches() -> pl.Expr:
    """through: the place up to which interest runs before the event."""
    entry = pl.col("event") <= Event.PAYMENT
    # with a free day of payment the day itself bears interest on the balance it ends with
    reaches = pl.col("place") - (pl.col("free") & entry).cast(pl.Int32)
    return pl.max_horizontal("last", reaches).alias("through")


@cache
def _taken() -> list[pl.Expr]:
    """The balance after the event."""
    event = pl.col("event")
    amount = pl.col("amount")
    credited = pl.when(event == Event.CREDIT).then(pl.min_horizontal(amount, "principal")).otherwise(0)
    costs = (
        pl.when(event == Event.CHARGE)
        .then(amount)
        .when((event == Event.FIXED_SUM) & (pl.col("principal") > 0))
        .then(amount)
        .otherwise(0)
    )
    to_fees = (pl.col("to_costs") - pl.col("costs")).clip(lower_bound=0)
    fees = pl.col("fees") + pl.when(event == Event.FEE).then(amount).otherwise(0)
    balance = {
        "surplus": pl.col("surplus")
        + pl.when(event == Event.PAYMENT)
        .then(amount - pl.sum_horizontal(f"to_{name}" for name in COMPONENTS))
        .when(event == Event.CREDIT)
        .then(amount - credited)
        .otherwise(0),
        "capital": pl.when(event == Event.CAPITAL)
        .then("interest_open")
        .otherwise((pl.col("capital") - pl.col("to_interest")).clip(lower_bound=0)),
        # what pays costs pays those first that no ceiling can take back
        "costs": pl.col("costs") + costs - (pl.col("to_costs") - to_fees),
        "fees": fees,
        "fees_paid": pl.col("fees_paid") + to_fees,
        "fees_open": (pl.min_horizontal(fees, "fees_room") - pl.col("fees_paid") - to_fees).clip(lower_bound=0),
        "principal": pl.col("principal") - credited - pl.col("to_principal"),
        "interest_paid": pl.col("interest_paid") + pl.col("to_interest"),
        "interest_open": pl.col("interest_open") - pl.col("to_interest"),
        "extra_paid": pl.col("extra_paid") + pl.col("to_extra"),
        "extra_open": pl.col("extra_open") - pl.col("to_extra"),
        "last": pl.col("through"),
        "number": pl.col("number") + 1,
    }
    return [after.alias(name) for name, after in balance.items()]


@cache
def _shares() -> list[pl.Expr]:
    """to_<component>: what a payment gives to each, in the order of its debt's ranks, a designated one first."""
    open_of = {
        "costs": pl.col("costs") + pl.col("fees_open"), "interest": pl.col("interest_open"),
        "extra": pl.col("extra_open"), "principal": pl.col("principal"),
    }  # fmt: skip
    rank = {
        name: pl.when(pl.col("designation") == name).then(-1).otherwise(pl.col(f"rank_{name}")) for name in COMPONENTS
    }
    paid = pl.col("event") == Event.PAYMENT
    shares = []
    for name in COMPONENTS:
        before = pl.sum_horizontal(
            pl.when(rank[other] < rank[name]).then(open_of[other]).otherwise(0) for other in COMPONENTS if other != name
        )
        left = (pl.col("amount") - before).clip(lower_bound=0)
        share = pl.when(paid).then(pl.min_horizontal(left, open_of[name])).otherwise(0)
        shares.append(share.alias(f"to_{name}"))
    return shares


def _accrue(state: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """Interest of the days after `last` until `through`, and what is open of it then."""
    state = state.with_columns(bearing=pl.col("principal") + pl.col("capital"))
    state = _run(state, curves, "", "interest", pl.col("bearing"))
    state = _run(state, curves, "extra_", "extra", pl.col("principal"))
    grown, owed, still = _open_interest()
    return _under_ceiling(state.with_columns(grown).with_columns(owed).with_columns(still), curves)


def _under_ceiling(state: pl.DataFrame, curves: Curves) -> pl.DataFrame:
    """How much of the fees the interest leaves room for under the ceiling, and what of that is open."""
    if not state["has_ceiling"].any():
        return state.with_columns(fees_room=pl.lit(LARGEST_INTEREST), fees_open=pl.col("fees") - pl.col("fees_paid"))
    at = state["ceiling_curve"].cast(pl.Int64) * curves.size
    run = pl.lit(curves.total.gather(at + state["through"]) - curves.total.gather(at + state["last"]))
    grown = pl.col("principal").cast(pl.Int128) * pl.col("ceiling_factor").cast(pl.Int128) * run
    most = _whole(pl.col("ceiling_exact"), pl.col("ceiling_units"))
    left = pl.when(pl.col("has_ceiling")).then((most - pl.col("interest_owed")).clip(lower_bound=0))
    return (
        state.with_columns(ceiling_exact=pl.col("ceiling_exact") + grown)
        .with_columns(fees_room=left.otherwise(pl.lit(LARGEST_INTEREST)))
        .with_columns(fees_open=(pl.min_horizontal("fees", "fees_room") - pl.col("fees_paid")).clip(lower_bound=0))
    )


@cache
def _open_interest() -> tuple[list[pl.Expr], list[pl.Expr], pl.Expr]:
    """What interest came to; what of it is owed within its cap, and of the second one; what of the first is open."""
    once = pl.col("rounding") == _ROUND["once"]

    def so_far(name: str, prefix: str) -> pl.Expr:
        return (
            pl.when(once).then(_whole(pl.col(f"{name}_exact"), pl.col(f"{prefix}units"))).otherwise(f"{name}_rounded")
        )

    grown = [so_far("interest", "").alias("interest_full"), so_far("extra", "extra_").alias("extra_owed")]
    owed = [
        pl.min_horizontal("interest_full", "sum_cap_minor").alias("interest_owed"),
        (pl.col("extra_owed") - pl.col("extra_paid")).alias("extra_open"),
    ]
    still = (pl.col("interest_owed") - pl.col("interest_paid")).clip(lower_bound=0).alias("interest_open")
    return grown, owed, still


def _run(state: pl.DataFrame, curves: Curves, prefix: str, name: str, bearing: pl.Expr) -> pl.DataFrame:
    """Add the interest of some days to <name>_exact, and to <name>_rounded when its stretch of days ends."""
    at = state[f"{prefix}curve"].cast(pl.Int64) * curves.size
    since, until = at + state["last"], at + state["through"]
    factor = pl.col(f"{prefix}factor").cast(pl.Int128)
    units = pl.col(f"{prefix}units")
    run = pl.lit(curves.total.gather(until) - curves.total.gather(since))
    exact = bearing.cast(pl.Int128) * factor * run
    added = (pl.col(f"{name}_exact") + exact).alias(f"{name}_exact")
    if (state["rounding"] == _ROUND["once"]).all():
        return state.with_columns(added)
    rounding = pl.col("rounding")
    first = pl.select(pl.min_horizontal(pl.lit(since) + 1, pl.lit(until))).to_series()
    unit, rate = pl.lit(curves.unit.gather(first)), pl.lit(curves.rate.gather(first))
    days = pl.lit(curves.weight.gather(until) - curves.weight.gather(since)) // unit
    one_day = _whole(bearing.cast(pl.Int128) * factor * rate * unit, units)
    # a change of the other interest's rate does not end this one's stretch
    mine = _EXTRA if prefix else _INTEREST
    ends = (pl.col("event") != Event.RATE) | (pl.col("amount") // mine % 2 == 1)
    pending = pl.col(f"{name}_pending") + exact
    of_stretch = pl.when(ends).then(_whole(pending, units)).otherwise(0)
    rounded = (
        pl.when(rounding == _ROUND["period"])
        .then(of_stretch)
        .when(rounding == _ROUND["day"])
        .then(one_day * days)
        .otherwise(0)
    )
    return state.with_columns(
        added,
        pl.when(ends).then(pl.lit(0, pl.Int128)).otherwise(pending).alias(f"{name}_pending"),
        (pl.col(f"{name}_rounded") + rounded).alias(f"{name}_rounded"),
    )


def _refuse_too_large(sums: pl.DataFrame) -> pl.DataFrame:
    """Debts whose interest left all bounds have no sums."""
    whole = [name for name, kind in SUMS.items() if kind == pl.Int64() and name != "debt_id"]
    lost = pl.any_horizontal(pl.col(name).is_null() for name in whole)
    return sums.with_columns(
        *(pl.when(~lost).then(name) for name in whole),
        refused=pl.coalesce("refused", pl.when(lost).then(pl.lit("interest.too_large"))),
    )


def _whole(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """A sum of interest in whole minor units; null beyond `LARGEST_INTEREST`."""
    whole = half_up(numerator, denominator)
    return pl.when(whole <= LARGEST_INTEREST).then(whole).cast(pl.Int64)


def _line(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row of a statement: the days that ran, what bore interest at which rate, and what the event did."""
    return after.select(
        "debt_id", "number", "start", "breach_date", "contract_date", "event", "entry_id", "amount", "through",
        "bearing", "curve", "factor", "units", "interest_exact", "interest_full", "extra_curve", "extra_factor",
        "extra_units", "extra_exact", "extra_owed", "principal", "interest_open", "extra_open", "surplus",
        "capital",
        *(f"to_{name}" for name in COMPONENTS),
        costs=pl.col("costs") + pl.col("fees_open"), event_place="place",
        since=pl.lit(before["last"]), principal_before=pl.lit(before["principal"]),
    )  # fmt: skip
