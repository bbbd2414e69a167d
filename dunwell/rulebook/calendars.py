"""Which days are working days, by country or a part of it, and whether that is known yet.

A calendar has a name: a country (ISO 3166 alpha-2, `CN`) or a part of it (ISO 3166-2, `DE-BY`, `GB-ENG`, `US-CA`).
Without a part only the days that are off in the whole country count. A working day is one that is neither a weekend
day of the place nor a public holiday, or a weekend day that is worked by official order. Days off come from the
library `holidays`; announced years of our own tables (`official_days`) go before it.

**Known or assumed.** Some governments decide each year which weekend days are worked (China, Taiwan, Vietnam, Hungary
and others), and some feasts wait for the moon to be seen. Beyond the last year announced, and for an estimated feast
and the days beside it, the answer is still given from the statutory days, but with `known` false: whoever shows it
says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.rulebook.official_days import MAKE_UP, OfficialYear, official_days

if TYPE_CHECKING:
    from holidays import HolidayBase

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
"""No calendar is asked beyond these days."""
_NAME = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")
_DAY = timedelta(days=1)
_ALIASES = {"GB-EAW": "GB-ENG"}
"""England and Wales is one place of law, and has one calendar."""
_LIBRARY_LANGUAGE = {"en": "en_US", "zh-Hans": "zh_CN", "zh-Hant": "zh_TW"}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar. `known` is false where the official schedule is not known and the answer is assumed."""

    day: date
    working: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Count:
    """A number of working days; `known` as for `Day`."""

    days: int
    known: bool


def calendar_named(name: str) -> str:
    """The calendar's name in capitals. Refuses, in words, a country or a part of it that nobody here knows."""
    found = _NAME.fullmatch(name.strip().upper())
    parts = _countries().get(found[1]) if found else None
    if found is None or parts is None:
        raise DunwellError("calendar.unknown_country", value=name)
    if found[2] is not None and found[2] not in parts:
        raise DunwellError("calendar.unknown_part", value=name, country=found[1], parts=", ".join(parts) or "-")
    return found[0]


def day_in(calendar: str, day: date) -> Day:
    """Whether a day is worked. Refuses an unknown calendar and a day before 1900 or after 2199."""
    name, year = calendar_named(calendar), _within(day).year
    return _days(name, year)[day.timetuple().tm_yday - 1]


def is_official(calendar: str, day: date) -> bool:
    """Whether the official schedule of a day is known; of a place without a calendar there is nothing to be known."""
    try:
        return day_in(calendar, day).known
    except DunwellError:
        return True


def name_of_day(calendar: str, day: date, language: str = "en") -> str:
    """What the day is called, e.g. `Spring Festival` or `Make-up working day`; empty for an ordinary day or weekend.

    In the language asked for where the library has it, else in the country's own.
    """
    name = calendar_named(calendar)
    country = name[:2]
    announced = _announced(country, _within(day).year)
    if announced is None:
        return str(_holidays(name, day.year, language).get(day) or "")
    key = MAKE_UP if day in announced.work else announced.off.get(day)
    return official_days()[country].names[key][language] if key else ""


def public_holidays(calendar: str, first: date, last: date) -> list[date]:
    """The public holidays of a place from `first` to `last`, in order; those of the country alone for a part of it that
    has no calendar, none for a country that has none, and none beyond the years of calendars."""
    name = _ALIASES.get(calendar, calendar)
    known = _countries().get(name[:2])
    if known is None:
        return []
    name = name if name[3:] in known else name[:2]
    found: list[date] = []
    for year in range(max(first, FIRST).year, min(last, LAST).year + 1):
        announced = _announced(name[:2], year)
        found += announced.off if announced else [day for day in _holidays(name, year, "en") if day.year == year]
    return sorted({day for day in found if first <= day <= last})


def working_day_on_or_after(calendar: str, day: date) -> Day:
    """The day itself if it is worked, else the first one after it. Known only if every day looked at is."""
    return _forward(calendar_named(calendar), day, day)[0][1]


def add_working_days(calendar: str, day: date, count: int) -> Day:
    """The `count`-th working day after `day` (before it when negative), `day` itself not counted; 0 is `day` itself."""
    name, step = calendar_named(calendar), _DAY if count > 0 else -_DAY
    here = day_in(name, day)
    known = here.known
    left = abs(count)
    while left:
        here = day_in(name, here.day + step)
        known &= here.known
        left -= here.working
    return Day(here.day, here.working, known)


def working_days_between(calendar: str, first: date, last: date) -> Count:
    """Working days after `first` up to and including `last`. Refuses a last day before the first."""
    if last < first:
        raise DunwellError("calendar.out_of_order", first=first, last=last)
    days = list(_each(calendar_named(calendar), first, last))[1:]
    return Count(sum(day.working for day in days), all(day.known for day in days))


def known_until(calendar: str) -> int | None:
    """The last year whose official schedule is known, where a government announces one each year; else None."""
    country = calendar_named(calendar)[:2]
    swapped = _swapped_years(country)
    announced = official_days()[country].years if country in official_days() else {}
    years = [*swapped, *announced]
    return max(years) if years else None


def table(calendar: str, first: date, last: date) -> pl.DataFrame:
    """One row per day from `first` to `last`, both included, in order: what the engine joins.

    Columns: calendar (String), day (Date), working (Boolean), known (Boolean), working_date (Date: the day itself or
    the first working day after it), working_known (Boolean: every day up to it is known).
    """
    if last < first:
        raise DunwellError("calendar.out_of_order", first=first, last=last)
    name = calendar_named(calendar)
    rows = [(name, day.day, day.working, day.known, on.day, on.known) for day, on in _forward(name, first, last)]
    schema = {
        "calendar": pl.String,
        "day": pl.Date,
        "working": pl.Boolean,
        "known": pl.Boolean,
        "working_date": pl.Date,
        "working_known": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _forward(name: str, first: date, last: date) -> list[tuple[Day, Day]]:
    """Each day of a span with the working day on or after it, in order."""
    end = last
    while not day_in(name, end).working:
        end += _DAY
    found: list[tuple[Day, Day]] = []
    on = day_in(name, end)
    for day in reversed(list(_each(name, first, end))):
        on = day if day.working else Day(on.day, True, on.known and day.known)
        found.append((day, on))
    found.reverse()
    return found[: (last - first).days + 1]


def _each(name: str, first: date, last: date) -> Iterable[Day]:
    for year in range(_within(first).year, _within(last).year + 1):
        yield from (day for day in _days(name, year) if first <= day.day <= last)


def _within(day: date) -> date:
    if not FIRST <= day <= LAST:
        raise DunwellError("calendar.out_of_reach", day=day, first=FIRST.year, last=LAST.year)
    return day


@lru_cache(maxsize=512)
def _days(name: str, year: int) -> tuple[Day, ...]:
    """All days of a year."""
    found = _holidays(name, year, "en")
    until = known_until(name)
    published = found.start_year <= year <= found.end_year and (until is None or year <= until)
    announced = _announced(name[:2], year)
    doubtful = set() if announced else _doubtful(found)
    first = date(year, 1, 1)
    days = []
    for day in (first + timedelta(days=i) for i in range((date(year + 1, 1, 1) - first).days)):
        if announced:
            working = day in announced.work or (day not in announced.off and not found.is_weekend(day))
        else:
            working = found.is_working_day(day)
        days.append(Day(day, working, published and day not in doubtful))
    return tuple(days)


def _doubtful(found: "HolidayBase") -> set[date]:
    """Days whose feast is only estimated, and the days beside them."""
    endings = [
        found.tr(label).rpartition("%s")[2].strip()
        for label in (getattr(found, "estimated_label", ""), getattr(found, "observed_estimated_label", ""))
        if label
    ]
    estimated = {
        day for day, name in found.items() if any(each.endswith(end) for each in name.split("; ") for end in endings)
    }
    return {day + step for day in estimated for step in (-_DAY, 0 * _DAY, _DAY)}


def _announced(country: str, year: int) -> OfficialYear | None:
    days = official_days().get(country)
    return days.years.get(year) if days else None


@lru_cache(maxsize=64)
def _holidays(name: str, year: int, language: str) -> "HolidayBase":
    """The library's days of a year and its neighbours, whose days may be moved across New Year."""
    # Not above: the library takes a third of a second to load, and most commands never ask for a calendar.
    from holidays import country_holidays

    country, _, part = name.partition("-")
    years = (year - 1, year, year + 1)
    return country_holidays(country, part or None, years=years, language=_LIBRARY_LANGUAGE[language])


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    """Country -> the parts that the library knows under a code of ISO 3166-2."""
    from holidays import list_supported_countries

    listed = list_supported_countries(include_aliases=False)
    return {
        country: tuple(sorted(part for part in parts if _NAME.fullmatch(f"{country}-{part}")))
        for country, parts in sorted(listed.items())
    }


@cache
def _swapped_years(country: str) -> tuple[int, ...]:
    """Years for which the library lists days off that were swapped for a weekend day by official order."""
    special = getattr(_holidays(country, 2020, "en"), "special_public_holidays", {})
    years = []
    for year, entries in special.items():
        each = entries if entries and isinstance(entries[0], tuple) else (entries,)
        if any(len(entry) >= 4 for entry in each):  # month, day, and the month and day it was swapped for
            years.append(year)
    return tuple(sorted(years))
