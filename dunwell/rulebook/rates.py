"""Series of reference rates as dated, cited data: the value in force on a day, and how far the series is known.

Rates are whole millionths (ppm): 1.27 % is 12,700.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES
from dunwell.rulebook.citation import Citation, read_citation

_KEYS = {"id", "title", "citation", "known_until", "rhythm", "review_by", "update", "values", "cases"}


RHYTHMS = ("half-year", "month-20", "none")
"""When a series is fixed anew: on 1 January and 1 July; on the 20th of each month (or the working day after it); on no
day that is known beforehand."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where a value comes from that did not come with the release, and the day on which it was taken in."""

    source: str
    day: date


@dataclass(frozen=True, slots=True)
class Series:
    """A reference rate. Each value holds from its day until the next one's; the last is known to hold until
    `known_until`. `update` says where newer values are found, and in what form; `told`: who told the values that did
    not come with the release, by their first days."""

    id: str
    title: Mapping[str, str]
    citation: Citation
    values: tuple[tuple[date, int], ...]
    known_until: date
    review_by: date
    update: str
    cases: tuple[Mapping[str, Any], ...]
    told: Mapping[date, Told] = field(default_factory=dict)
    rhythm: str = "none"

    def latest_known(self, since: date, today: date) -> date:
        """The last day for which a value that holds from `since` on can be known today: the one before the next fixing
        by the series' rhythm, counted from today, or from `since` where that is the fixing to come. Without a rhythm a
        year from today."""
        if self.rhythm == "none":
            return today + timedelta(days=365)
        before_next = _before_half_year if self.rhythm == "half-year" else _before_20th
        end = before_next(today)
        return before_next(end + timedelta(days=1)) if since > end else end

    def source_of(self, day: date) -> str:
        """Where the value in force on a day comes from: the series' own source, or who told it since."""
        told = self.told_of(day)
        return told.source if told else self.citation.source

    def told_of(self, day: date) -> Told | None:
        """Who told the value in force on a day; None where it came with the release."""
        if not self.told:
            return None
        place = bisect_right(self.values, day, key=lambda pair: pair[0])
        return self.told.get(self.values[place - 1][0]) if place else None

    def on(self, day: date) -> int:
        """The rate in force on a day, in ppm. Raises DunwellError `rate.before` before the first known day.

        After `known_until` it is the last value; whoever uses it says "assumed since".
        """
        place = bisect_right(self.values, day, key=lambda pair: pair[0])
        if place == 0:
            raise DunwellError("rate.before", series=self.id, day=day, first=self.values[0][0])
        return self.values[place - 1][1]

    def with_values(self, values: Mapping[date, int], known_until: date, told: Mapping[date, Told]) -> "Series":
        """The series with newer values, and who told each."""
        return replace(
            self, told=dict(told), values=tuple(sorted({**dict(self.values), **values}.items())),
            known_until=max(known_until, self.known_until),
        )  # fmt: skip


def _before_half_year(day: date) -> date:
    """The last day of a day's half-year."""
    return date(day.year, 6, 30) if day.month <= 6 else date(day.year, 12, 31)


def _before_20th(day: date) -> date:
    """The first 19th of a month on or after a day."""
    if day.day <= 19:
        return day.replace(day=19)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=19)


class RateError(ValueError):
    """A series that cannot be trusted: says which and why."""


@cache
def house_series() -> Mapping[str, Series]:
    """The series that come with Dunwell, by id."""
    folder = resources.files("dunwell.rulebook") / "rates"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return {
        series.id: series for series in (read_series(file.read_text(encoding="utf-8"), file.name) for file in files)
    }


def read_series(text: str, file: str) -> Series:
    """A series from YAML. Raises RateError for anything that cannot be trusted."""
    entry = yaml.safe_load(text)
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise RateError(f"{file}: a series has exactly the keys {', '.join(sorted(_KEYS))}")
    where = f"{file}: {entry['id']}"
    try:
        citation = read_citation(entry["citation"])
        values = {day: ppm_of(value) for day, value in entry["values"].items()}
    except (ValueError, AttributeError) as error:
        raise RateError(f"{where}: {error}") from error
    if not values or not all(type(day) is date for day in values) or list(values) != sorted(values):
        raise RateError(f"{where}: values are given from a day on, earliest first")
    if not all(type(entry[key]) is date for key in ("known_until", "review_by")):
        raise RateError(f"{where}: known_until and review_by are days")
    if entry["known_until"] < max(values):
        raise RateError(f"{where}: known_until lies before the last value")
    if entry["rhythm"] not in RHYTHMS:
        raise RateError(f"{where}: rhythm is one of {', '.join(RHYTHMS)}")
    if set(entry["title"]) != set(LANGUAGES) or not entry["cases"]:
        raise RateError(f"{where}: a series needs its title in {', '.join(LANGUAGES)} and cases")
    return Series(
        id=entry["id"], title=entry["title"], citation=citation, values=tuple(values.items()),
        known_until=entry["known_until"], review_by=entry["review_by"], update=str(entry["update"]),
        cases=tuple(entry["cases"]), rhythm=entry["rhythm"],
    )  # fmt: skip


def ppm_of(percent: object) -> int:
    """`"1.27"` (percent) -> 12,700 (ppm).

    Raises ValueError for more than four decimals, and for what is no text: numbers of YAML or JSON are floats.
    """
    if not isinstance(percent, str):
        raise ValueError(f"a rate is written in quotes: {percent!r}")
    exact = Decimal(percent) * 10_000 if _PLAIN.fullmatch(percent) else None
    if exact is None or exact != exact.to_integral_value() or abs(exact) > _LARGEST_PPM:
        raise ValueError(f"{percent!r} is no percentage of at most four decimals and at most 10,000")
    return int(exact)


_LARGEST_PPM = 10_000 * 10_000
_PLAIN = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,6})?")


def percent_of(ppm: int) -> str:
    """12,700 (ppm) -> `1.27`; at least two decimals."""
    sign, rest = ("-" if ppm < 0 else ""), abs(ppm)
    whole, part = divmod(rest, 10_000)
    decimals = f"{part:04d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"
