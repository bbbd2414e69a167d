"""When a message may leave: the hours rules in every time zone the debtor may be in.

A zone cannot vary by row inside one Polars expression, so windows are computed per distinct place (country and
zone: a few hundred at most) and joined to the debtors.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.rulebook.places import candidate_zones

AHEAD_DAYS = 8
"""How far ahead a window is sought: a week with a holiday weekend always holds one."""

WINDOWS: dict[str, pl.DataType] = {
    "country": pl.String(),
    "zone": pl.String(),
    "open_at": pl.Datetime("us", "UTC"),
    "close_at": pl.Datetime("us", "UTC"),
}


def next_windows(places: pl.DataFrame, moment: datetime, hours: list[dict[str, Any]]) -> pl.DataFrame:
    """For each place (country, zone; either may be null) the first window that closes after `moment`.

    `hours`: the values of all rules in force, each {from: "08:00", until: "20:00", weekdays: [1..7]} in local time
    (until excluded; Monday is 1). Returns `WINDOWS`; open_at and close_at are null when no window lies ahead,
    e.g. when the zones a debtor may be in share no allowed hour.
    """
    rows = []
    for country, zone in places.select("country", "zone").unique(maintain_order=True).rows():
        opened, closed = next_window(candidate_zones(country, zone), moment, hours)
        rows.append((country, zone, opened, closed))
    return pl.DataFrame(rows, schema=WINDOWS, orient="row")


def next_window(
    zones: tuple[str, ...], moment: datetime, hours: list[dict[str, Any]]
) -> tuple[datetime | None, datetime | None]:
    """The first span, open in every zone and by every rule, that ends after `moment` (aware). UTC."""
    spans = [
        _spans(zone, moment, ({"from": "00:00", "until": "24:00", "weekdays": list(range(1, 8))}, *hours))
        for zone in zones
    ]
    common = spans[0] if spans else []
    for other in spans[1:]:
        common = _both(common, other)
    for opened, closed in common:
        if closed > moment:
            return opened, closed
    return None, None


def _spans(zone: str, moment: datetime, hours: tuple[dict[str, Any], ...]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] | None = None
    for rule in hours:
        mine = [span for day in _days(zone, moment) if (span := _span(zone, day, rule))]
        found = mine if found is None else _both(found, mine)
    return found or []


def _days(zone: str, moment: datetime) -> list[date]:
    first = moment.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    return [first + timedelta(days=n) for n in range(AHEAD_DAYS + 1)]


def _span(zone: str, day: date, rule: dict[str, Any]) -> tuple[datetime, datetime] | None:
    if day.isoweekday() not in rule["weekdays"]:
        return None
    return _local(zone, day, rule["from"]), _local(zone, day, rule["until"])


def _local(zone: str, day: date, clock: str) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


def _both(
    one: list[tuple[datetime, datetime]], other: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    return sorted((max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d))
