"""When a contact may take place: the hours rules in every time zone the debtor may be in, and the hours he asked us to
leave him alone.

A zone cannot vary by row inside one Polars expression, so windows are computed per distinct spot (zones, moment, place,
rules, wishes: a few hundred in a book) and joined to the subjects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, reduce
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.engine.contact.asked import Asked
from dunwell.engine.contact.scopes import CHANNELS, Applied

AHEAD_DAYS = 31
"""How far ahead a window is sought: the longest run of public holidays with its weekends holds one."""

type Spans = tuple[tuple[datetime, datetime], ...]

WINDOWS: dict[str, pl.DataType] = {
    "spot": pl.Int32(),
    "channel": pl.String(),
    "open_at": pl.Datetime("us", "UTC"),
    "close_at": pl.Datetime("us", "UTC"),
    "rule": pl.String(),
    "bound": pl.Boolean(),
}
"""Per spot and channel the first window that closes after the moment; null when none lies ahead, e.g. when the zones a
debtor may be in share no allowed hour. `rule`: the first by id of those that keep it shut now, null when it is open;
`bound`: any rule or wish says anything of the channel's hours."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When contacts may take place.

    spots     subject_id, spot
    windows   `WINDOWS` by spot and channel
    spans     all windows as far as they are sought, by spot and channel
    shut      by spot and channel the rules that keep it shut now, with when each opens again (None: not seen)
    """

    spots: pl.DataFrame
    windows: pl.DataFrame
    spans: Mapping[tuple[int, str], Spans]
    shut: Mapping[tuple[int, str], tuple[tuple[str, datetime | None], ...]]


_INCLUDED = timedelta(seconds=1)
"""Moments are whole seconds: a bound that is included ends with its own."""


def windows(
    asked: Asked, subjects: pl.DataFrame, found: Sequence[Applied], lifted: pl.DataFrame, timed: pl.DataFrame
) -> Hours:
    """The hours of each subject.

    found    the hours rules that apply
    lifted   rule, subject_id, channel: where one of them, or a wish by a rule, does not hold (`registers.lifted`)
    timed    subject_id, rule, channel and the wish: entries about weekdays and hours that a rule makes binding
    """
    wishes = _by_subject(
        timed.with_columns(pl.col("from_at").dt.epoch("s")) if timed.height else timed,
        ("channel", "rule", "weekdays", "hours_from", "hours_until", "from_date", "until_date", "from_at"),
    )
    if lifted.height:
        opening = {*(each.rule.id for each in found), *timed["rule"]}
        lifted = lifted.filter(pl.col("rule").is_in(opening) & pl.col("address_id").is_null())
    free = _by_subject(lifted, ("rule", "channel"))
    spotted = subjects.select("subject_id", "zones", "at", "place", "profile")
    for name, texts in (("wishes", wishes), ("free", free)):
        spotted = (
            spotted.with_columns(pl.lit(None, pl.String).alias(name))
            if texts.is_empty()
            else spotted.join(texts.rename({"told": name}), on="subject_id", how="left")
        )
    keys = ["zones", "at", "place", "profile", "wishes", "free"]
    spots = spotted.select(keys).unique(maintain_order=True).with_row_index("spot").cast({"spot": pl.Int32})
    rows, all_spans, all_shut = [], {}, {}
    for spot, zones, at, place, profile, wish, freed in spots.select("spot", *keys).rows():
        off = {each.rule.id: _days_off(each, place, asked.days_off) for each in found}
        same: dict[tuple[Any, ...], tuple[Spans, tuple[tuple[str, datetime | None], ...]]] = {}
        for channel in CHANNELS:
            rules = [
                each
                for each in found
                if channel in each.channels.get(profile, ()) and not _is_free(freed, each.rule.id, channel)
            ]
            told = [each for each in _told(wish, channel) if not _is_free(freed, each[0], channel)]
            # most channels are asked the same rules
            key = (*(each.rule.id for each in rules), *map(tuple, told))
            if key not in same:
                same[key] = _spans(zones, at, rules, off, told)
            spans, shut = same[key]
            opened, closes = _first(spans, at)
            all_spans[spot, channel], all_shut[spot, channel] = spans, shut
            rows.append((spot, channel, opened, closes, shut[0][0] if shut else None, bool(rules or told)))
    mine = spotted.join(spots, on=keys, how="left", nulls_equal=True).select("subject_id", "spot")
    return Hours(mine, pl.DataFrame(rows, schema=WINDOWS, orient="row"), all_spans, all_shut)


def _by_subject(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """subject_id, told: what was told of each as one text, so that spots can be compared."""
    if rows.is_empty():
        return pl.DataFrame(schema={"subject_id": pl.Int64, "told": pl.String})
    told = pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in columns], separator="|")
    return rows.group_by("subject_id").agg(told=told.unique().sort()).with_columns(pl.col("told").list.join("\n"))


def _is_free(freed: str | None, rule: str, channel: str) -> bool:
    return freed is not None and any(line in (f"{rule}|", f"{rule}|{channel}") for line in freed.split("\n"))


def _told(wish: str | None, channel: str) -> list[list[str]]:
    lines = [line.split("|") for line in (wish or "").split("\n") if line]
    return [line[1:] for line in lines if line[0] == channel]


def _spans(
    zones: str,
    at: datetime,
    rules: Sequence[Applied],
    off: Mapping[str, frozenset[date]],
    wishes: Sequence[Sequence[str]],
) -> tuple[Spans, tuple[tuple[str, datetime | None], ...]]:
    """When all rules and wishes are open, and which of them are shut now."""
    common: Spans = ((at - timedelta(days=2), at + timedelta(days=AHEAD_DAYS)),)
    shut: dict[str, datetime | None] = {}
    for each in rules:
        spans = _of_rule(each, zones, at, off[each.rule.id])
        common = _both(common, spans)
        if not _covers(spans, at):
            shut[each.rule.id] = _seen(_first(spans, at)[0], at)
    # what several entries ask for is one wish, as far as the same rule makes them binding
    for rule in sorted({wish[0] for wish in wishes}):
        mine = [wish for wish in wishes if wish[0] == rule]
        taken = _joined(span for wish in mine for zone in zones.split(" ") for span in _wished(zone, at, wish))
        common = _without(common, taken)
        if _covers(taken, at):
            shut[rule] = _seen(_first(taken, at)[1], at)
    return common, tuple(sorted(shut.items()))


def _first(spans: Spans, at: datetime) -> tuple[datetime | None, datetime | None]:
    return next(((opened, closed) for opened, closed in spans if closed > at), (None, None))


def _seen(end: datetime | None, at: datetime) -> datetime | None:
    """An end, if it lies in the time that is looked at."""
    return end if end is not None and end < at + timedelta(days=AHEAD_DAYS) else None


def _covers(spans: Spans, at: datetime) -> bool:
    return any(opened <= at < closed for opened, closed in spans)


def _days_off(each: Applied, place: str | None, known: Mapping[str, frozenset[date]]) -> frozenset[date]:
    """The days on which a rule is shut because they are public holidays: of the place, or where that is not known, of
    all the places the rule names; of the country alone where only those of the whole country count."""
    if each.value["holidays"] == "open":
        return frozenset()
    places = each.rule.scope.lists.get("place", frozenset()) if place is None else {place}
    if each.value["holidays"] == "nationwide":
        places = {name.partition("-")[0] for name in places}
    return frozenset().union(*(known.get(name, ()) for name in places))


def _of_rule(each: Applied, zones: str, at: datetime, off: frozenset[date]) -> Spans:
    """When one rule is open in all zones."""
    spans = tuple(
        (span["from"], span["until"], tuple(span["weekdays"]), span["until_included"]) for span in each.value["spans"]
    )
    return _in_zones(zones, at.astimezone(UTC).date(), spans, off)


@lru_cache(maxsize=4096)
def _in_zones(zones: str, day: date, spans: tuple[Any, ...], off: frozenset[date]) -> Spans:
    found = (_in_zone(zone, day, spans, off) for zone in zones.split(" "))
    return reduce(_both, found)


@lru_cache(maxsize=65536)
def _in_zone(zone: str, day: date, spans: tuple[Any, ...], off: frozenset[date]) -> Spans:
    """The spans of a rule from two days before a day (of Greenwich) on, those that touch joined."""
    found = []
    for n in range(-2, AHEAD_DAYS + 2):
        local = day + timedelta(days=n)
        for start, until, weekdays, included in spans:
            if local.isoweekday() in weekdays and local not in off:
                found.append(
                    (
                        _local(zone, local, start),
                        _local(zone, local, until) + (_INCLUDED if included else 0 * _INCLUDED),
                    )
                )
    return _joined(found)


def _wished(zone: str, at: datetime, wish: Sequence[str]) -> Spans:
    """When somebody asked to be left alone: rule, weekdays, hours_from, hours_until, from_date, until_date,
    from_at (seconds since 1970: it was asked then, and not from the day's beginning)."""
    _, weekdays, start, until, first, last, asked = wish
    days = set(weekdays.split()) or set("1234567")
    today = at.astimezone(UTC).date()
    since = datetime.fromtimestamp(int(asked or 0), UTC)
    return _joined([
        (max(since, _local(zone, day, start or "00:00")), _local(zone, day, until or "24:00"))
        for day in (today + timedelta(days=n) for n in range(-2, AHEAD_DAYS + 2))
        if str(day.isoweekday()) in days and first <= day.isoformat() and (not last or day.isoformat() <= last)
    ])  # fmt: skip


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Spans in order, those that touch or overlap made one."""
    found: list[tuple[datetime, datetime]] = []
    for opened, closed in sorted(spans):
        if opened >= closed:
            continue
        if found and opened <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], closed))
        else:
            found.append((opened, closed))
    return tuple(found)


def _both(one: Spans, other: Spans) -> Spans:
    return tuple(sorted((max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d)))


def _without(spans: Spans, taken: Spans) -> Spans:
    left = list(spans)
    for start, end in taken:
        left = [
            piece
            for opened, closed in left
            for piece in ((opened, min(closed, start)), (max(opened, end), closed))
            if piece[0] < piece[1]
        ]
    return tuple(left)


@lru_cache(maxsize=262144)
def _local(zone: str, day: date, clock: str) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)
