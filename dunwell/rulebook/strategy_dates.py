"""A strategy on the calendar: the days of one item that nobody pays, each step taken on its first day."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from dunwell.core.terms import Stage
from dunwell.rulebook.strategy import Segment, Step


@dataclass(frozen=True, slots=True)
class Planned:
    """A step and the first day it may be taken; deadline: what a letter of that day says."""

    step: Step
    day: date
    deadline: date | None


def dates_of(segment: Segment, due: date) -> list[Planned]:
    """The steps of a segment for an item due on a day. Stages skipped only for some are taken; weekends, feasts and
    contact rules, which move a real message, are left out."""
    found: list[Planned] = []
    final: date | None = None
    for step in segment.steps:
        last = found[-1].day if found else None
        days = [_after_due(step, due)] if step.offset_days is not None else []
        if step.after_days and last is not None:
            days.append(last + timedelta(days=step.after_days))
        if step.after_deadline_days is not None and (final or last) is not None:
            days.append((final or last or due) + timedelta(days=step.after_deadline_days + 1))
        day = max(days, default=due)
        if last is not None and step.stage.is_message:
            # two messages keep their distance, so a step may wait for the one before it
            messages = [each.day for each in found if each.step.stage.is_message]
            day = max(day, messages[-1] + timedelta(days=segment.pause_days)) if messages else day
        within = step.treatment.pay_within_days
        deadline = day + timedelta(days=within) if within and step.stage.is_message else None
        if step.stage is Stage.SECOND_DUNNING:
            final = deadline
        found.append(Planned(step, day, deadline))
    return found


def _after_due(step: Step, due: date) -> date:
    """Its offset from the due date, moved to the end of the month where the step says so."""
    day = due + timedelta(days=step.offset_days or 0)
    return day.replace(day=monthrange(day.year, day.month)[1]) if step.month_end else day
