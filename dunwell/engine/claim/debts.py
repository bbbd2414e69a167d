"""Debts and their terms as columns: from when interest runs, at which rate, and what stands in the way."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from dunwell.engine.claim.curves import DAYS_OF_YEAR, PPM, Curves, applied, key_of, make_curves, series_on
from dunwell.engine.claim.rounding import half_up
from dunwell.rulebook.interest_terms import COMPONENTS, Cap, Rate, Terms
from dunwell.rulebook.rates import Series

DEBTS: dict[str, pl.DataType] = {
    "debt_id": pl.Int64(),
    "terms": pl.String(),
    "principal_minor": pl.Int64(),
    "due_date": pl.Date(),
    "start_date": pl.Date(),
    "contract_date": pl.Date(),
    "fixed_sum_minor": pl.Int64(),
}
"""One row per debt. `terms` is a key of the terms given beside; `start_date` null: the day after the due date and the
days of grace; `fixed_sum_minor`: a cost that arises on the first day of interest. A column `as_of_date` may stand
beside: the day of this row's sums, where it is an earlier one; and `fixed_counts` (Boolean, else true): charges that
come after the fixed sum count against it."""


def resolve(
    debts: pl.DataFrame, terms: Mapping[str, Terms], as_of: date, since: date | None = None
) -> tuple[pl.DataFrame, Curves]:
    """Debts with all that their sums need, in the order of `debt_id`, and the curves of their rates; from `since` on at
    the latest, where rates of days are asked for before any interest begins.

    Adds start (place of the first day of interest in the curves), end (place of the day of the sums); for the interest
    and, with the prefix `extra_`, for the second one: curve, factor, units; rounding, free (Boolean),
    rank_<component>, sum_cap_minor, compound_months, assumed_since (Date or null), refused (a code or null). Where any
    of the terms has a ceiling, also has_ceiling (Boolean) and, with the prefix `ceiling_`, curve, factor, units of what
    interest and fees may be together.
    """
    used = {name: terms[name] for name in debts["terms"].unique().sort()}
    if "as_of_date" not in debts.columns:
        debts = debts.with_columns(as_of_date=pl.lit(as_of))
    if "fixed_counts" not in debts.columns:
        debts = debts.with_columns(fixed_counts=pl.lit(value=True))
    starts = debts.with_columns(
        breach_date=pl.col("due_date") + pl.duration(days=1),
        start_date=pl.coalesce(
            "start_date",
            pl.col("due_date")
            + pl.duration(
                days=1
                + pl.col("terms").replace_strict({n: t.grace_days for n, t in used.items()}, return_dtype=pl.Int64)
            ),
        ),
    )
    known: list[date | None] = [starts["start_date"].min(), starts["as_of_date"].min(), as_of, since]  # type: ignore[list-item]
    first = min(day for day in known if day is not None) - timedelta(days=1)
    rates = [rate for each in used.values() for _, *both in each.versions for rate in (*both, each.ceiling)]
    curves = make_curves(rates, first, as_of)
    parts = [
        _of_terms(part, used[str(name)], curves) for (name,), part in starts.partition_by("terms", as_dict=True).items()
    ]
    if any(each.ceiling for each in used.values()):
        parts = [_with_ceiling(part, used[part["terms"][0]].ceiling, curves) for part in parts]
    if not parts:
        parts = [_of_terms(starts, next(iter(terms.values())), curves)]
    found = pl.concat(parts).sort("debt_id")
    return found.with_columns(start=_place("start_date", first), end=_place("as_of_date", first)), curves


def _place(day: str, first: date) -> pl.Expr:
    return (pl.col(day) - first).dt.total_days().cast(pl.Int32)


def _of_terms(debts: pl.DataFrame, terms: Terms, curves: Curves) -> pl.DataFrame:
    """Debts of the same terms: version by version of what is in force."""
    picks = pl.col("start_date")
    if terms.regime.dated_by == "contract":
        picks = pl.coalesce("contract_date", "start_date")
    elif terms.regime.dated_by == "breach":
        picks = pl.col("breach_date")
    days = [version[0] for version in terms.versions]
    debts = debts.with_columns(version=pl.Series(days).search_sorted(debts.select(picks).to_series(), side="right"))
    parts = []
    for (number,), part in debts.partition_by("version", as_dict=True).items():
        place = int(str(number))
        _, interest, extra = terms.versions[max(place - 1, 0)]
        part = _with_rate(part, interest, curves, "")
        part = _with_rate(part, extra, curves, "extra_")
        early = pl.lit("interest.not_yet_in_force") if place == 0 else pl.lit(None, pl.String)
        # as long as no day bears interest, no rate is needed
        begun = pl.col("start_date") <= pl.col("as_of_date")
        parts.append(part.with_columns(refused=pl.when(begun).then(pl.coalesce(early, "refused", "extra_refused"))))
    cap = pl.lit(None, pl.Int64)
    if terms.sum_cap_bp is not None:
        cap = half_up(pl.col("principal_minor").cast(pl.Int128) * terms.sum_cap_bp, 10_000).cast(pl.Int64)
    return (
        pl.concat(parts)
        .with_columns(
            assumed_since=pl.min_horizontal("assumed_since", "extra_assumed_since"),
            rounding=pl.lit(terms.rounding),
            free=pl.lit(terms.payment_day == "free"),
            sum_cap_minor=cap,
            compound_months=pl.lit(terms.compound_months, pl.Int32),
            **{f"rank_{name}": pl.lit(terms.order.index(name), pl.Int8) for name in COMPONENTS},
        )
        .drop("version", "extra_assumed_since", "extra_refused")
    )


def _with_rate(debts: pl.DataFrame, rate: Rate | None, curves: Curves, prefix: str) -> pl.DataFrame:
    """Add <prefix>curve, <prefix>factor, <prefix>units, <prefix>assumed_since, <prefix>refused."""
    factor = _factor(debts, rate)
    assumed, refused = _assumed_and_refused(rate)
    if rate is not None and rate.floor is not None:
        below = pl.lit(factor < _multiple(rate.floor, debts))
        refused = pl.coalesce(refused, pl.when(below).then(pl.lit("interest.below_floor")))
    return debts.with_columns(
        pl.lit(curves.places[key_of(rate)], pl.Int32).alias(f"{prefix}curve"),
        factor.fill_null(0).alias(f"{prefix}factor"),
        pl.lit(DAYS_OF_YEAR[rate.day_count if rate else "act/365"] * PPM, pl.Int64).alias(f"{prefix}units"),
        assumed.alias(f"{prefix}assumed_since"),
        refused.alias(f"{prefix}refused"),
    )


def _with_ceiling(debts: pl.DataFrame, ceiling: Rate | None, curves: Curves) -> pl.DataFrame:
    """Add ceiling_curve, ceiling_factor, ceiling_units, has_ceiling: at which rate interest and fees may run at most.

    Where it cannot be known (no day of the contract, or one before the series) it is 0: then no fee is owed.
    """
    found = _with_rate(debts, ceiling, curves, "ceiling_").drop("ceiling_assumed_since", "ceiling_refused")
    return found.with_columns(has_ceiling=pl.lit(ceiling is not None))


def _factor(debts: pl.DataFrame, rate: Rate | None) -> pl.Series:
    """What the curve of a rate is multiplied by: the rate in ppm where it is fixed, 1 where the curve has it; Int64."""
    nothing = pl.Series([None], dtype=pl.Int64).new_from_index(0, debts.height)
    if rate is None:
        return nothing.fill_null(0)
    if rate.series is None:
        factor = applied(rate, nothing.fill_null(rate.rate_ppm or 0))
    elif rate.fixed_on:
        factor = applied(rate, series_on(rate.series, debts[_FIXED_ON[rate.fixed_on]]))
    else:
        return nothing.fill_null(1)
    if rate.cap is None:
        return factor
    most = _multiple(rate.cap, debts).clip(lower_bound=0)
    return pl.select(pl.min_horizontal(pl.lit(factor), pl.lit(most))).to_series()


_FIXED_ON = {"start": "start_date", "breach": "breach_date", "contract": "contract_date"}


def _assumed_and_refused(rate: Rate | None) -> tuple[pl.Expr, pl.Expr]:
    """From when a value is only assumed, and why a rate cannot be known: a day that nobody gave, or one too early."""
    needed: list[tuple[Series, pl.Expr, pl.Expr]] = []  # series, the first and the last day of which it is asked
    if rate is not None and rate.series is not None:
        first = pl.col(_FIXED_ON.get(rate.fixed_on, "start_date"))
        needed.append((rate.series, first, first if rate.fixed_on else pl.col("as_of_date")))
    if rate is not None:
        contract = pl.col("contract_date")
        needed += [(bound.series, contract, contract) for bound in (rate.cap, rate.floor) if bound]
    begun = pl.col("start_date") <= pl.col("as_of_date")
    assumed, missing, early = pl.lit(None, pl.Date), pl.lit(None, pl.String), pl.lit(None, pl.String)
    for series, first, last in needed:
        since = pl.when(begun & (last > series.known_until)).then(pl.lit(series.known_until + timedelta(days=1)))
        assumed = pl.min_horizontal(assumed, since)
        missing = pl.coalesce(missing, pl.when(first.is_null()).then(pl.lit("interest.contract_date_missing")))
        early = pl.coalesce(early, pl.when(first < series.values[0][0]).then(pl.lit("rate.before")))
    return assumed, pl.coalesce(missing, early)


def _multiple(bound: Cap, debts: pl.DataFrame) -> pl.Series:
    """So many times the value of a series on the day of the contract, in ppm; null where that is not known."""
    return (2 * series_on(bound.series, debts["contract_date"]) * bound.multiplier + 100) // 200
