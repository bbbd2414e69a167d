"""Rates by day, added up: the interest of any stretch of days is one subtraction.

A *curve* is, for every day of a span, the sum so far of rate x weight of the day (docs/claims.md). A fixed rate shares
the curve of its day count, whose rate is 1, and multiplies; a floating rate has a curve of its own, with spread,
multiplier and cap inside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dunwell.rulebook.interest_terms import DAY_COUNTS, Rate
from dunwell.rulebook.rates import Series

DAYS_OF_YEAR = {"act/365": 365, "act/360": 360, "act/act": 365 * 366, "30/360": 360, "30/360-feb": 360, "per-day": 1}
"""What a curve of weights is divided by to become years. In `act/act` the weight of a day is 365 in a leap year and 366
in others, of 365 x 366."""
PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Curves:
    """All curves of a book over one span of days, one after the other in long columns.

    first   the day of place 0; the sums begin after it
    size    days of the span
    total   sum so far of rate x weight, Int64
    rate    rate of the day in ppm (1 for a curve of weights)
    weight  sum so far of the weights alone
    unit    weight of one whole day: 1, or 365 or 366 in `act/act`
    places  key of a rate (see `key_of`) -> number of its curve
    """

    first: date
    size: int
    total: pl.Series
    rate: pl.Series
    weight: pl.Series
    unit: pl.Series
    places: dict[tuple[object, ...], int]

    def changes(self, curve: int) -> list[int]:
        """Places of the last day before each change of a curve's rate."""
        return self._before_changes(self.rate, curve)

    def years(self, curve: int) -> list[int]:
        """Places of the last day before the weight of a day changes."""
        return self._before_changes(self.unit, curve)

    def _before_changes(self, column: pl.Series, curve: int) -> list[int]:
        part = column.slice(curve * self.size, self.size)
        return [int(place) - 1 for place in (part != part.shift()).fill_null(value=False).arg_true().to_list()]


def key_of(rate: Rate | None) -> tuple[object, ...]:
    """What tells one curve from another. Fixed rates of one day count share theirs."""
    if rate is None:
        return ("weights", "act/365")
    if rate.series is None or rate.fixed_on:
        return ("weights", rate.day_count)
    return (id(rate.series), rate.multiplier, rate.spread_ppm, rate.cap_ppm, rate.day_count)


def make_curves(rates: Iterable[Rate | None], first: date, last: date) -> Curves:
    """The curves that some rates need, for the days after `first` until `last`.

    The days of a floating series before its first value have rate 0 here: debts that need them are refused before.
    """
    found: dict[tuple[object, ...], Rate | None] = {("weights", "act/365"): None}
    for rate in rates:
        found.setdefault(key_of(rate), rate)
    days = pl.DataFrame({"day": pl.date_range(first, max(last, first), eager=True)})
    weights = {count: _weights(days, count) for count in DAY_COUNTS}
    parts: dict[str, list[pl.Series]] = {"total": [], "rate": [], "weight": [], "unit": []}
    for key, rate in found.items():
        count = rate.day_count if rate else "act/365"
        if key[0] == "weights" or rate is None:
            daily = pl.Series([1], dtype=pl.Int64).new_from_index(0, days.height)
        else:
            daily = floating(rate, days["day"])
        weight, unit = weights[count]
        # place 0 lies before the span
        step = (daily * weight).scatter(0, 0)
        for name, part in (
            ("total", step.cum_sum()),
            ("rate", daily),
            ("weight", weight.clone().scatter(0, 0).cum_sum()),
            ("unit", unit),
        ):
            parts[name].append(part.cast(pl.Int64).rename(name))
    columns = {name: pl.concat(each) for name, each in parts.items()}
    return Curves(first, days.height, places={key: n for n, key in enumerate(found)}, **columns)


def series_on(series: Series, days: pl.Series) -> pl.Series:
    """The value of a series on each day, in ppm; null before its first day and for a null day."""
    starts = pl.Series([start for start, _ in series.values], dtype=pl.Date)
    values = pl.Series([value for _, value in series.values], dtype=pl.Int64)
    place = starts.search_sorted(days, side="right").cast(pl.Int64) - 1
    known = (place >= 0) & days.is_not_null()
    return values.gather(place.clip(lower_bound=0)).to_frame("v").select(
        pl.when(pl.lit(known)).then("v")
    )["v"]  # fmt: skip


def applied(rate: Rate, value: pl.Series) -> pl.Series:
    """max(0, min(value x multiplier + spread, cap)) of docs/claims.md. Int64, ppm; null where the value is null."""
    full = (2 * value * rate.multiplier + 100) // 200 + rate.spread_ppm
    if rate.cap_ppm is not None:
        full = full.clip(upper_bound=rate.cap_ppm)
    return full.clip(lower_bound=0)


def floating(rate: Rate, days: pl.Series) -> pl.Series:
    """The rate of each day by a series that floats; 0 before its first day."""
    if rate.series is None or rate.cap is not None:
        raise ValueError("a floating rate has a series, and no cap that differs from debt to debt")
    return applied(rate, series_on(rate.series, days)).fill_null(0)


def _weights(days: pl.DataFrame, count: str) -> tuple[pl.Series, pl.Series]:
    """The weight of each day, and of a whole day there."""
    day = pl.col("day")
    one = pl.lit(1, pl.Int64)
    if count == "act/act":
        weight = unit = pl.when(day.dt.is_leap_year()).then(365).otherwise(366).cast(pl.Int64)
    elif count.startswith("30/360"):
        weight, unit = (_ordinal(day, count) - _ordinal(day - timedelta(days=1), count)), one
    else:
        weight = unit = one
    columns = days.with_columns(weight=weight, unit=unit)
    return columns["weight"], columns["unit"]


def _ordinal(day: pl.Expr, count: str) -> pl.Expr:
    """360 x year + 30 x month + day of the month, at most 30; with `-feb` the last day of February is a 30th."""
    of_month = pl.min_horizontal(day.dt.day().cast(pl.Int64), pl.lit(30, pl.Int64))
    if count == "30/360-feb":
        last_of_february = (day.dt.month() == 2) & ((day + timedelta(days=1)).dt.month() == 3)
        of_month = pl.when(last_of_february).then(30).otherwise(of_month)
    return day.dt.year().cast(pl.Int64) * 360 + day.dt.month().cast(pl.Int64) * 30 + of_month
