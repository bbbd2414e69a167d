"""Days at the debtor's place, who may be in several time zones. See "Days and windows" in docs/contact-rules.md."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

_MOMENT = pl.Datetime("us", "UTC")
FEW = 64
"""So many rows are looked at one by one."""


def with_days(subjects: pl.DataFrame, spans: Sequence[int]) -> pl.DataFrame:
    """Subjects + first_today, last_today (the earliest and the latest day it may be at their place), and for each n of
    `spans` since_n: when a rolling window of n days began. A place is worked out once."""
    places = subjects.select("zones", "at").unique()
    rows = []
    for zones, at in places.rows():
        # the day before, today and the day after it in Greenwich, and so many days earlier
        around = {at.date() + timedelta(days=n - back) for n in (-1, 0, 1) for back in {0, *(s - 1 for s in spans)}}
        names = _apart(zones, tuple(sorted(around)))
        today = [at.astimezone(_zone(name)).date() for name in names]
        since = [
            min(midnight(name, day - timedelta(days=n - 1)) for name, day in zip(names, today, strict=True))
            for n in spans
        ]
        rows.append((zones, at, min(today), max(today), *since))
    schema = {
        "zones": pl.String(), "at": _MOMENT, "first_today": pl.Date(), "last_today": pl.Date(),
        **{f"since_{n}": _MOMENT for n in spans},
    }  # fmt: skip
    return subjects.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["zones", "at"], how="left")


def leaves(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    """Rows (zones, counted_at) + until_at: the moment from which what took place at `counted_at` lies outside a rolling
    window of so many days in every zone; until_date: the last day it counts."""
    if rows.is_empty():
        return rows.with_columns(until_at=pl.lit(None, _MOMENT), until_date=pl.lit(None, pl.Date()))
    first, last = rows["counted_at"].min(), rows["counted_at"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    # the days on which windows may end, whose midnights are looked up: no clock is more than a day off
    around = [first.date() + timedelta(days=n) for n in range(-1, (last.date() - first.date()).days + 3)]
    ends = [day + timedelta(days=days) for day in around[:-1]]
    if rows.height <= FEW:
        return _few_leave(rows, days, (*around, *ends))
    parts = []
    for part in [rows] if rows["zones"].n_unique() == 1 else rows.partition_by("zones"):
        local = {
            name: pl.col("counted_at").dt.convert_time_zone(name).dt.date().dt.offset_by(f"{days}d")
            for name in _apart(part["zones"][0], (*around, *ends))
        }
        free = (
            day.replace_strict(ends, [midnight(name, end) for end in ends], return_dtype=_MOMENT)
            for name, day in local.items()
        )
        parts.append(
            part.with_columns(
                until_at=pl.max_horizontal(free),
                until_date=pl.max_horizontal(local.values()).dt.offset_by("-1d"),
            )
        )
    return pl.concat(parts) if len(parts) > 1 else parts[0]


def _few_leave(rows: pl.DataFrame, days: int, looked_at: tuple[date, ...]) -> pl.DataFrame:
    """`leaves` of a few rows, one by one: for them alone the columns of forty zones cost more than they save."""
    found = []
    for zones, at in rows.select("zones", "counted_at").rows():
        ends = [(at.astimezone(_zone(name)).date() + timedelta(days=days), name) for name in _apart(zones, looked_at)]
        found.append((max(midnight(name, end) for end, name in ends), max(ends)[0] - timedelta(days=1)))
    until = pl.DataFrame(found, schema={"until_at": _MOMENT, "until_date": pl.Date()}, orient="row")
    return rows.drop("until_at", "until_date", strict=False).hstack(until)


@lru_cache(maxsize=1024)
def _apart(zones: str, days: tuple[date, ...]) -> tuple[str, ...]:
    """Of some zones one of all those whose days begin at the same moments: most of a country's clocks agree."""
    return tuple({tuple(midnight(name, day) for day in days): name for name in zones.split(" ")}.values())


@lru_cache(maxsize=65536)
def midnight(zone: str, day: date) -> datetime:
    """When a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
