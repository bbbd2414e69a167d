"""A day on the command line. Needs no Django: the demonstration reads its options before there is any."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from dunwell.core.errors import DunwellError
from dunwell.jobs.context import words

FIRST, LAST = date(1970, 1, 1), date(2200, 12, 31)
"""Days beyond these are slips of the pen, and in some zone not even a moment."""


class Day(click.ParamType[date]):
    """A day in ISO form, e.g. 2026-11-22, from `first` to `last`."""

    name = "date"

    def __init__(self, first: date = FIRST, last: date = LAST) -> None:
        self.first = first
        self.last = last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Text to date; a wrong one or one out of range is refused in words."""
        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(words("day.invalid", value=str(value)[:40]), param, ctx)
        if not self.first <= day <= self.last:
            bounds = {"first": self.first.isoformat(), "last": self.last.isoformat()}
            self.fail(words("day.out_of_range", value=day.isoformat(), **bounds), param, ctx)
        return day


class Moment(click.ParamType[datetime]):
    """A moment in ISO form, e.g. 2026-11-22T10:30+01:00; without an offset it is meant at the creditor's place."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Text to a moment; a wrong one or one out of range is refused in words."""
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(words("day.bad_moment", value=str(value)[:40]), param, ctx)
        Day().convert(at.date(), param, ctx)
        return at


def meant_at(moment: datetime, zone: str) -> datetime:
    """A moment as it is meant where the clocks show `zone`, unless it names its own offset.

    Refuses what those clocks never showed, as they were put on, and asks which is meant of what they showed twice.
    """
    if moment.tzinfo is not None:
        return moment
    first, second = (moment.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    told = {"value": moment.isoformat(timespec="minutes"), "zone": zone}
    if first.astimezone(UTC).astimezone(first.tzinfo).replace(tzinfo=None) != moment:
        raise DunwellError("day.moment_skipped", **told)
    both = {"first": first.isoformat(timespec="minutes"), "second": second.isoformat(timespec="minutes")}
    raise DunwellError("day.moment_twice", **told, **both)


def refuse_early(pay_by: date | None, day: date) -> None:
    """Nobody can pay before the day of the statement."""
    if pay_by is not None and pay_by < day:
        raise DunwellError("statement.pay_by_early", pay_by=pay_by.isoformat(), day=day.isoformat())
