"""Why a task stands where it stands, in words: one short chip for each thing that counted."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dunwell.core.errors import say
from dunwell.rulebook.strategy_columns import COLUMNS, Kind

LIMITATION = "limitation"


def what_words(reason: str, language: str) -> str:
    """What the task is."""
    return say("worklist.what.limitation" if reason == LIMITATION else f"run.task.{reason}", language)


def chips(task: Mapping[str, Any], day: date, language: str) -> list[str]:
    """The reasons of a task (`engine.day.worklists.TASKS`), the alarm first, then what moved chance and urgency.

    day   the day of the list, from which days that are left are counted
    """
    found = []
    if task["alarm_date"] is not None:
        left = (task["alarm_date"] - day).days
        code = f"worklist.alarm.{task['alarm']}" + ("_past" if left < 0 else "")
        found.append(say(code, language, day=task["alarm_date"].isoformat(), days=left))
    if task["chance_bp"] is None:
        return found
    for part in (task["rank_why"] or "").split():
        kind, name, value, change = part.split("/")
        found.append(_chip(kind, name, value, int(change), language))
    return found


def _chip(kind: str, name: str, value: str, change_bp: int, language: str) -> str:
    percent = f"{change_bp // 100:+d}"
    if kind == "urgency":
        said = say(f"stage.{value}", language) if name == "stage" else value
        return say(f"worklist.urgency.{name}", language, value=said, percent=percent)
    column = COLUMNS[name]
    if column.kind is Kind.FLAG:
        said = say(f"worklist.{value}", language)
    elif column.kind is Kind.WHOLE:
        said = say("worklist.from", language, count=value)
    else:
        said = say(f"stage.{value}", language) if name == "reached" else _value(name, value, language)
    return say("worklist.chance", language, what=say(f"worklist.about.{name}", language), value=said, percent=percent)


def _value(name: str, value: str, language: str) -> str:
    """A grade in words; what has no words of its own stands as in the file."""
    graded = ("good", "fair", "limited", "poor", "none", "unknown")
    return say(f"worklist.grade.{value}", language) if value in graded else value


def sum_words(task: Mapping[str, Any], language: str) -> str:
    """Chance and urgency together, e.g. `30 % x 180 %`; empty for an alarm alone."""
    if task["chance_bp"] is None:
        return ""
    return say(
        "worklist.shares", language, chance=task["chance_bp"] // 100, urgency=task["urgency_bp"] // 100
    )  # fmt: skip
