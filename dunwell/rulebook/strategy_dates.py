"""A strategy on the calendar: the days of one item that nobody pays, each step taken on its first day."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunwell.core.terms import Stage
from dunwell.rulebook.strategy import Segment, Step, Treatment

_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Planned:
    """A step and the first day it may be taken; deadline: what a letter of that day says."""

    step: Step
    day: date
    deadline: date | None


@dataclass(frozen=True, slots=True)
class Stood:
    """Where an item stands when its further steps are planned: nowhere, unless said.

    since          the day of its last step; deadline: the final one that was set for it
    last_message   the day of the last message to the debtor about this currency
    not_before     no step comes earlier
    first          the day of the first step, where news bring it forward, whatever its own days and the pause
    """

    since: date | None = None
    deadline: date | None = None
    last_message: date | None = None
    not_before: date = date.min
    first: date | None = None


def dates_of(segment: Segment, due: date) -> list[Planned]:
    """The steps of a segment for an item due on a day. Stages skipped only for some are taken. Deadlines never end on a
    weekend; feasts, and contact rules that move a real message, are left out."""
    return dates_from([(step, step.treatment) for step in segment.steps], due, segment.pause_days, Stood())


def dates_from(steps: Sequence[tuple[Step, Treatment]], due: date, pause_days: int, stood: Stood) -> list[Planned]:
    """The days of these steps, for an item due on a day that stands so far. See `dates_of` for what is left out."""
    found: list[Planned] = []
    last, final, message = stood.since, stood.deadline, stood.last_message
    for step, treatment in steps:
        days = [_after_due(step, due)] if step.offset_days is not None else []
        if step.after_days and last is not None:
            days.append(last + timedelta(days=step.after_days))
        if step.after_deadline_days is not None and (final or last) is not None:
            days.append((final or last or due) + timedelta(days=step.after_deadline_days + 1))
        day = max(days, default=due)
        if last is not None:
            # one step after another
            day = max(day, last)
        if step.stage.is_message and message is not None:
            # two messages keep their distance, so a step may wait for the one before it
            day = max(day, message + timedelta(days=pause_days))
        if not found and stood.first is not None:
            day = stood.first
        day = max(day, stood.not_before)
        within = treatment.pay_within_days
        deadline = _weekday(day + timedelta(days=within)) if within and step.stage.is_message else None
        if step.stage is Stage.SECOND_DUNNING:
            final = deadline
        if step.stage.is_message:
            message = day
        last = day
        found.append(Planned(step, day, deadline))
    return found


def _weekday(day: date) -> date:
    """The day itself, or the Monday after its weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > _FRIDAY else 0)


def _after_due(step: Step, due: date) -> date:
    """Its offset from the due date, moved to the end of the month where the step says so."""
    day = due + timedelta(days=step.offset_days or 0)
    return day.replace(day=monthrange(day.year, day.month)[1]) if step.month_end else day
