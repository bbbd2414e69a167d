"""Who does which task today: by portfolio, skill and absence, cut at hours and at when a debtor may be called.

Every task of the book is on exactly one list, or undone with the reason. docs/worklists.md tells how.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from dunwell.core.terms import Channel
from dunwell.engine.contact.findings import STOPPING
from dunwell.engine.contact.hours import Hours
from dunwell.engine.day.conditions import holds
from dunwell.engine.day.decide import Outcome
from dunwell.engine.day.profile import KEYS
from dunwell.engine.day.rank import in_order, waits
from dunwell.rulebook.rank import Rank
from dunwell.rulebook.team import Absence, Collector, Team

TASKS: dict[str, pl.DataType] = {
    "place": pl.Int32(),
    "debtor_id": pl.Int64(),
    "number": pl.String(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "stage": pl.Int16(),
    "reason": pl.String(),
    "days_past_due": pl.Int32(),
    "language": pl.String(),
    "channel": pl.String(),
    "since_date": pl.Date(),
    "chance_bp": pl.Int32(),
    "urgency_bp": pl.Int32(),
    "rank_minor": pl.Int64(),
    "rank_why": pl.String(),
    "alarm": pl.String(),
    "alarm_date": pl.Date(),
    "alarm_minor": pl.Int64(),
    "assigned": pl.String(),
}
"""One row per debtor and currency that waits for a person, in the order of `place`. reason: words `run.task.<reason>`;
`limitation` where nothing but an alarm waits: then stage is 0 and the sum is that of its items."""

LIMITATION = "limitation"
HOURS, NO_WINDOW, NO_SKILL, NOBODY_THERE = "hours", "no_window", "no_skill", "nobody_there"
"""Why a task stays undone."""
CALLS = (Channel.PHONE, Channel.VISIT)

type Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Listed:
    """A task and who does it. undone: why nobody does it today; rule: the contact rule that forbids the call.

    window   from when to when the debtor may be called or visited today; None: no hours bind
    """

    task: Mapping[str, Any]
    minutes: int
    portfolio: str | None = None
    collector: str | None = None
    window: Window | None = None
    undone: str | None = None
    rule: str | None = None


@dataclass(slots=True)
class Load:
    """What a collector has to do: minutes of all his tasks, and of those that fit into his day."""

    assigned: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is there on a day. minutes: collector -> how long he works that day, where it is not as in the team."""

    team: Team
    absences: Sequence[Absence]
    day: date
    minutes: Mapping[str, int] = field(default_factory=dict)

    def minutes_of(self, collector: Collector) -> int:
        """How long he works today."""
        return self.minutes.get(collector.name, collector.minutes_on(self.day))

    def away(self, name: str) -> Absence | None:
        """His absence today: of several the one that was told last."""
        found = [
            each for each in self.absences if each.collector == name and each.from_date <= self.day <= each.until_date
        ]
        return found[-1] if found else None


def tasks_of(outcome: Outcome, rank: Rank) -> pl.DataFrame:
    """See `TASKS`."""
    lines = outcome.lines
    beside = pl.col("action") == "message"
    is_task = waits(lines)
    found = (
        lines.filter(is_task | pl.col("alarm_date").is_not_null())
        .with_columns(is_task=is_task)
        .join(outcome.decisions.select("debtor_id", "number"), on="debtor_id")
        .select(
            *KEYS, "number", "days_past_due", "language", "chance_bp", "urgency_bp", "rank_minor", "rank_why", "alarm",
            "alarm_date", "alarm_minor", "assigned",
            amount_minor=pl.when(~pl.col("is_task")).then("alarm_minor").when(beside).then("person_minor")
            .otherwise("total_minor"),
            stage=pl.when(~pl.col("is_task")).then(0).when(beside).then("person_stage").otherwise("stage"),
            reason=pl.when(~pl.col("is_task")).then(pl.lit(LIMITATION)).when(beside).then("person_reason")
            .otherwise("reason"),
            channel="task_channel", since_date="task_since_date",
        )
    )  # fmt: skip
    return in_order(found, rank.weights).select(list(TASKS)).cast(dict(TASKS))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Decided:
    """A day with what it was made of. about: see `profile`; hours: when debtors may be contacted; points: the frame
    `contact_points` of the facts."""

    outcome: Outcome
    about: pl.DataFrame
    hours: Hours
    points: pl.DataFrame


def lists(
    day: Decided, rank: Rank, staff: Staff | None, at: datetime, until: datetime, hours: int | None = None
) -> list[Listed]:
    """All tasks, in the order of their places.

    staff    None: there is no team; one list for everybody
    at       the moment from which calls are made, until the end of the day
    hours    minutes of the one list without a team (None: no end)
    """
    tasks = tasks_of(day.outcome, rank)
    windows = _windows(day.hours, tasks, at, until)
    stops = _stops(day, tasks)
    portfolios = _portfolios(tasks, day.about, staff.team) if staff else {}
    owners: dict[int, tuple[str | None, str | None]] = {}
    loads: dict[str | None, Load] = {}
    found = []
    for task in tasks.iter_rows(named=True):
        minutes = rank.minutes_of(task["channel"])
        pair = (task["debtor_id"], task["currency"])
        portfolio = portfolios.get(pair)
        collector, why = None, None
        if staff is not None:
            # all of a debtor's tasks are one person's, as far as he can do them
            owner, why = owners.get(task["debtor_id"], (None, None))
            if (taken := _taken_on(task, staff)) is not None:
                owner = taken
            elif owner is None or not staff.team.collector(owner).can(task["language"], task["stage"]):
                owner, why = _owner(task, portfolio, staff, loads)
                owners.setdefault(task["debtor_id"], (owner, why))
            collector = owner
        if why is None:
            loads.setdefault(collector, Load()).assigned += minutes
            room = hours if staff is None or collector is None else staff.minutes_of(staff.team.collector(collector))
            if pair in stops or (pair in windows and windows[pair] is None):
                why = NO_WINDOW
            elif room is not None and loads[collector].used + minutes > room:
                why = HOURS
            else:
                loads[collector].used += minutes
        window = windows.get(pair)
        found.append(Listed(task, minutes, portfolio, collector, window, why, stops.get(pair)))
    return found


def _owner(
    task: Mapping[str, Any], portfolio: str | None, staff: Staff, loads: Mapping[str | None, Load]
) -> tuple[str | None, str | None]:
    """Who does it, or why nobody does. The same person every day, unless he is away: then his substitute, then whoever
    of the portfolio has least to do."""
    names = next((each.collectors for each in staff.team.portfolios if each.name == portfolio), ())
    able = [name for name in names if staff.team.collector(name).can(task["language"], task["stage"])]
    if not able:
        return None, NO_SKILL
    own = min(able, key=lambda name: _draw(task["number"], name))
    for name in _substitutes(own, staff):
        if staff.away(name) is None and staff.team.collector(name).can(task["language"], task["stage"]):
            return name, None
    there = [name for name in able if staff.away(name) is None]
    if not there:
        return None, NOBODY_THERE
    return min(there, key=lambda name: (loads.get(name, Load()).assigned, _draw(task["number"], name))), None


def _taken_on(task: Mapping[str, Any], staff: Staff) -> str | None:
    """Whose task it is because a person said so: his, or of who stands in for him; None: nobody's who is there."""
    if task["assigned"] is None:
        return None
    return next((name for name in _substitutes(task["assigned"], staff) if staff.away(name) is None), None)


def _substitutes(name: str, staff: Staff) -> Iterable[str]:
    """He himself, his substitute, the substitute of that one, each once."""
    known = {each.name for each in staff.team.collectors}
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current in known and current not in seen:
        seen.add(current)
        yield current
        away = staff.away(current)
        current = away.substitute if away else None


def _draw(number: str, name: str) -> str:
    """A lot for a debtor and a collector: the lowest wins, so that one who leaves or comes moves few debtors."""
    return hashlib.sha256(f"{number}\0{name}".encode()).hexdigest()


def _portfolios(tasks: pl.DataFrame, about: pl.DataFrame, team: Team) -> dict[tuple[int, str], str]:
    found = pl.lit(team.portfolios[-1].name)
    for each in reversed(team.portfolios[:-1]):
        found = pl.when(holds(each.when)).then(pl.lit(each.name)).otherwise(found)
    placed = about.join(tasks.select(KEYS), on=KEYS, how="semi").select(*KEYS, portfolio=found)
    return {(debtor, currency): name for debtor, currency, name in placed.select(*KEYS, "portfolio").rows()}


def _windows(hours: Hours, tasks: pl.DataFrame, at: datetime, until: datetime) -> dict[tuple[int, str], Window | None]:
    """Of calls and visits the span in which they are allowed between two moments; None: none is left. What no hours
    bind has no entry."""
    bound = {
        (spot, channel)
        for spot, channel, is_bound in hours.windows.select("spot", "channel", "bound").rows()
        if is_bound
    }
    calls = tasks.filter(pl.col("channel").is_in(CALLS)).join(
        hours.spots.rename({"subject_id": "debtor_id"}), on="debtor_id", how="left"
    )
    found: dict[tuple[int, str], Window | None] = {}
    for debtor, currency, channel, spot in calls.select(*KEYS, "channel", "spot").rows():
        if (spot, channel) in bound:
            spans = ((max(a, at), min(b, until)) for a, b in hours.spans[spot, channel] if a < until and b > at)
            found[debtor, currency] = next(spans, None)
    return found


def _stops(day: Decided, tasks: pl.DataFrame) -> dict[tuple[int, str], str]:
    """The rule that stands against a call or a visit today."""
    stopping = day.outcome.findings.filter(pl.col("effect").is_in(STOPPING))
    whole = stopping.filter(pl.col("contact_point_id").is_null()).select(
        "debtor_id", "rule", about="currency", by="channel"
    )
    against = pl.concat([whole, _closed(stopping, day.points)])
    hit = (
        tasks.filter(pl.col("channel").is_in(CALLS))
        .join(against, on="debtor_id")
        .filter(
            (pl.col("by").is_null() | (pl.col("by") == pl.col("channel")))
            & (pl.col("about").is_null() | (pl.col("about") == pl.col("currency")))
        )
        .group_by(KEYS)
        .agg(pl.col("rule").min())
    )
    return {(debtor, currency): rule for debtor, currency, rule in hit.select(*KEYS, "rule").rows()}


def _closed(stopping: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """debtor_id, rule, about, by: a rule against calls where something stands against each of the debtor's numbers."""
    numbers = points.filter(pl.col("usable") & (pl.col("channel") == Channel.PHONE)).select(
        "debtor_id", "contact_point_id"
    )
    of_number = (
        stopping.filter(
            pl.col("currency").is_null() & (pl.col("channel").is_null() | (pl.col("channel") == Channel.PHONE))
        )
        .drop_nulls("contact_point_id")
        .group_by("contact_point_id")
        .agg(pl.col("rule").min())
    )
    found = (
        numbers.join(of_number, on="contact_point_id", how="left")
        .group_by("debtor_id")
        .agg(pl.col("rule").min(), shut=pl.col("rule").is_not_null().all())
    )
    return found.filter("shut").select(
        "debtor_id", "rule", about=pl.lit(None, pl.String), by=pl.lit(str(Channel.PHONE))
    )
