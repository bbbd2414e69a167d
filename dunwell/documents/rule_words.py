"""A contact rule in words, whatever was counted: to what it applies, and what it allows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import catalogue, say
from dunwell.documents import finding_words as worded
from dunwell.rulebook.contact_rules import Rule


def scope_words(rule: Rule, language: str) -> list[str]:
    """A line for each thing that the rule looks at before it applies, e.g. `debtor: consumer`."""
    return [
        say(
            "rules.scope_line",
            language,
            name=say(f"rules.scope.{name}", language),
            values=worded.list_words((_about(each, language) for each in sorted(listed)), language),
        )
        for name, listed in rule.scope.lists.items()
    ]


def value_words(rule: Rule, value: Mapping[str, Any] | None, language: str) -> str:
    """What a rule allows with the values of a day (`Rule.on`; None: it is not in force)."""
    if value is None:
        return say("rules.not_in_force", language)
    said = _SAID[rule.kind](value, language) if rule.kind in _SAID else worded.numbers_words(rule, value, language)
    return said or say("rules.in_force", language)


def _about(value: str, language: str) -> str:
    """The name of a value of a scope; places and providers go by their codes."""
    for kind in ("rules.about", "channel", "finding.code"):
        if (key := f"{kind}.{value}") in catalogue():
            return say(key, language)
    return value


def _count(value: Mapping[str, Any], language: str) -> str:
    span = worded.span_of(value)
    per = say(f"finding.per_{value['per']}", language)
    parts = [
        say(f"rules.counts_{span}", language, most=value["most"], span=value.get(span), per=per),
        say("rules.counted_are", language, outcomes=_outcomes(value["outcomes"], language)),
        say(f"rules.counted_by.{value['by']}", language),
    ]
    if value["after_first"]:
        parts.append(say("rules.after_first", language, outcomes=_outcomes(value["after_first"], language)))
    return worded.sentences(parts, language)


def _outcomes(outcomes: list[str], language: str) -> str:
    return worded.list_words((worded.outcome_words(each, language) for each in outcomes), language)


def _intensity(value: Mapping[str, Any], language: str) -> str:
    weights = [
        say("rules.weight_talk", language, points=points)
        if name == "reached"
        else say("rules.weight", language, name=say(f"channel.{name}", language), points=points)
        for name, points in value["weights"].items()
    ]
    told = worded.list_words(weights, language)
    return say("rules.intensity", language, most=value["most"], days=value["days"], weights=told)


def _register(value: Mapping[str, Any], language: str) -> str:
    lasts = [
        say("rules.lasts", language, entry=worded.entry_words(entry, language), days=days)
        for entry, days in value["lasts"].items()
    ]
    entries = worded.list_words((worded.entry_words(each, language) for each in value["entries"]), language)
    return worded.list_words([entries, *lasts], language)


def _season(value: Mapping[str, Any], language: str) -> str:
    spans = [(_day(first, language), _day(last, language)) for first, last in [*value["yearly"], *value["spans"]]]
    told = [first if first == last else say("rules.span", language, first=first, last=last) for first, last in spans]
    return (
        say("rules.season", language, spans=worded.list_words(told, language))
        if told
        else say("rules.season_none", language)
    )


def _day(day: date | str, language: str) -> str:
    """A day, or month and day of every year as they stand in the rule."""
    return day if isinstance(day, str) else format_date(day, language)


def _exception(value: Mapping[str, Any], language: str) -> str:
    parts = [say("rules.lifts", language)]
    if value.get("begun"):
        named = (say(f"rules.begun.{each}", language) for each in value["begun"])
        parts.append(say("rules.begun", language, conditions=worded.list_words(named, language)))
    return worded.sentences(parts, language)


def _visitors(value: Mapping[str, Any], language: str) -> str:
    return say("finding.visitors_unknown", language, least=value["least"])


_SAID = {
    "count": _count, "intensity": _intensity, "register": _register, "season": _season, "exception": _exception,
    "visitors": _visitors,
}  # fmt: skip
"""Kinds whose findings say something else than the rule does."""
