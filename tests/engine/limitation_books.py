"""Claims and events for tests of the limitation clock: by hand, or by chance."""

import calendar
import random
from datetime import date, timedelta
from typing import Any

import polars as pl

from dunwell.engine.limitation.clock import CALENDAR, CLAIMS, EVENTS, alarms, clocks
from dunwell.rulebook.limitation_rules import CLAIM_KINDS, EVENT_KINDS, limitation_rules

PLACES = (
    "CN",
    "TW",
    "DE",
    "UK-ENG",
    "UK-SCT",
    "GB",
    "HK",
    "SG",
    "JP",
    "US",
    "US-CA",
    "US-IL",
    "US-NY",
    "US-TX",
    "US-OH",
    "FR",
)
FAR = date(2199, 12, 31)
NO_DAYS_OFF = pl.DataFrame(schema=CALENDAR)

Rows = list[dict[str, Any]]


def claim(number: int = 1, **values: Any) -> dict[str, Any]:
    """A claim, null where nothing is said."""
    return {
        **dict.fromkeys(CLAIMS),
        "claim_id": number,
        "place": "CN",
        "kind": "general",
        "debtor_kind": "business",
        "due_date": date(2023, 5, 31),
        **values,
    }


def event(kind: str, day: date, number: int = 1, claim_id: int = 1, **values: Any) -> dict[str, Any]:
    """A proven event."""
    return {
        **dict.fromkeys(EVENTS),
        "event_id": number,
        "claim_id": claim_id,
        "event_kind": kind,
        "event_date": day,
        "proof": "receipt",
        **values,
    }


def frames(claims: Rows, events: Rows) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two tables."""
    return pl.DataFrame(claims, schema=CLAIMS, orient="row"), pl.DataFrame(events, schema=EVENTS, orient="row")


def answers(claims: Rows, events: Rows, as_of: date, days: pl.DataFrame = NO_DAYS_OFF) -> pl.DataFrame:
    """What the clocks say."""
    return clocks(*frames(claims, events), limitation_rules(), days, as_of)


def answer(claims: dict[str, Any], events: Rows, as_of: date = FAR, days: pl.DataFrame = NO_DAYS_OFF) -> dict[str, Any]:
    """What the clock of one claim says."""
    return answers([claims], events, as_of, days).to_dicts()[0]


def warned(claims: Rows, events: Rows, as_of: date, days: int, filings: pl.DataFrame | None = None) -> Rows:
    """The alarms of the clocks."""
    return alarms(answers(claims, events, as_of), days, filings).to_dicts()


_EDGES = [
    date(2020, 2, 28),
    date(2020, 2, 29),
    date(2021, 12, 31),
    date(2022, 1, 1),
    date(2024, 2, 29),
    date(2023, 9, 30),
]
_KEY_MONTHS = [1, 6, 6, 24, 24, 36, 36, 42, 60, 72, 180, 240]
_PROOFS = ["receipt 7", "回执", "receipt", "receipt", "receipt", "", " -\u200b", None]


def book(seed: int, claims: int = 60, events_each: int = 9) -> tuple[Rows, Rows, date]:
    """Claims of all places and kinds, their events on and beside the days that decide, in no order; and a day."""
    dice = random.Random(seed)
    owed = [_claim(dice, number) for number in range(1, claims + 1)]
    events: Rows = []
    for each in owed:
        days = [each["due_date"]]
        chained = dice.random() < 0.1
        for _ in range(12 if chained else dice.choice(range(events_each + 1))):
            if chained:
                day, kind = days[-1] + timedelta(dice.randrange(500, 1_000)), "demand"
            else:
                day = _near(dice, dice.choice(days))
                kind = dice.choice(["demand", "suit"] if dice.random() < 0.3 else EVENT_KINDS)
            days.append(day)
            until = _near(dice, day) if kind == "obstacle" and dice.random() < 0.7 else None
            if until is not None and until < day:
                day, until = until, day
            proof = dice.choice(_PROOFS)
            events.append(event(kind, day, len(events) + 1, each["claim_id"], until_date=until, proof=proof))
    day = max(date(2020, 1, 1), dice.choice([e["event_date"] for e in events]))
    as_of = dice.choice([_near(dice, day), date(2026, 11, 23), date(2050, 1, 1)])
    dice.shuffle(events)
    return owed, events, as_of


def _claim(dice: random.Random, number: int) -> dict[str, Any]:
    due = dice.choice([*_EDGES, date(2018, 1, 1) + timedelta(dice.randrange(2_500))])

    def some(first: int, last: int) -> date | None:
        return due + timedelta(dice.randrange(first, last)) if dice.random() < 0.3 else None

    return claim(
        number,
        place=dice.choice(["CN", "CN", "CN", "TW", "TW", "DE", *PLACES]),
        kind=dice.choice([*CLAIM_KINDS, None]),
        debtor_kind=dice.choice(["business", "consumer", None]),
        debtor_place=dice.choice([None, None, "CN", "US", "US-NY", "GB-EAW", "USX"]),
        due_date=due,
        arose_date=some(-400, 30),
        last_instalment_date=some(0, 900),
        agreed_until=some(-100, 2_000),
    )


def _near(dice: random.Random, day: date) -> date:
    """On, beside, or some months of the law after a day."""
    at = day.year * 12 + day.month - 1 + dice.choice([0, *_KEY_MONTHS])
    year, month = divmod(at, 12)
    there = date(min(year, 2150), month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return there + timedelta(dice.choice([-1, 0, 0, 1, 2, dice.randrange(-60, 400)]))


def days_off(place: str, closed: list[date], first: date, last: date) -> pl.DataFrame:
    """A calendar whose weekends are closed, but for what `closed` says otherwise: days that are, besides."""
    rows = []
    for number in range((last - first).days + 1):
        day = on = first + timedelta(number)
        while on.weekday() > 4 or on in closed:
            on += timedelta(1)
        rows.append({"calendar": place, "day": day, "working_date": on, "working_known": day.year < 2028})
    return pl.DataFrame(rows, schema=CALENDAR)
