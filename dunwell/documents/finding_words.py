"""What a contact rule says, in words: because of which numbers, on whose authority, until when.

One function words a finding wherever it is shown: `word_finding`. The words lie in `core/words/findings.toml`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.core.dates import format_date
from dunwell.core.errors import catalogue, say
from dunwell.rulebook.contact_rules import SEASON_UNKNOWN, Rule, known_until

_HOUSE = "Dunwell house rule on "
_OPEN_ENDED = ("register", "complaint", "promise", "requires")
"""Kinds whose findings last, where no end is known, until somebody tells us otherwise."""


def word_finding(
    rule: Rule,
    value: Mapping[str, Any],
    effect: str,
    language: str,
    *,
    detail: str | None = None,
    count: int | None = None,
    debt: str | None = None,
    address: str | None = None,
    until: datetime | None = None,
    zones: Sequence[str] = (),
    ours: tzinfo | None = None,
) -> str:
    """A finding as sentences: effect and title, the numbers, until when, and the rule with its source and strength.

    value   the rule's values of the day (`Rule.on`); empty where it has none that day
    detail, count, debt, address   as the finding tells them; debt and address in words people know
    until   the first moment at which the rule says it no longer (aware; None: not known)
    zones   the zones the debtor may be in; ours: our own clock. See `clock_words`
    """
    parts = [
        say("finding.head", language, effect=effect_words(effect, language), title=rule.title[language]),
        numbers_words(rule, value, language, detail=detail, count=count, debt=debt, address=address),
        _until_words(rule, effect, until, zones, ours, language),
        source_words(rule, language),
    ]
    return sentences(parts, language)


def effect_words(effect: str, language: str) -> str:
    """The name of an effect, or of the verdict `allowed`."""
    return say(f"finding.effect.{effect}", language)


def source_words(rule: Rule, language: str) -> str:
    """The rule's id and source, how much it binds, and how far the source can be trusted."""
    return say(
        "finding.source",
        language,
        rule=rule.id,
        source=source_name(rule, language),
        strength=say(f"finding.strength.{rule.strength}", language),
        confidence=confidence_words(rule, language),
    )


def source_name(rule: Rule, language: str) -> str:
    """Where a rule comes from: the house's own in the language, what is law as it is cited."""
    key = "finding.house." + rule.source.removeprefix(_HOUSE).replace(" ", "_")
    return say(key, language) if rule.strength == "house" and key in catalogue() else rule.source


def confidence_words(rule: Rule, language: str) -> str:
    """How far a rule's source can be trusted."""
    return say(f"finding.confidence.{rule.confidence}", language)


def numbers_words(
    rule: Rule,
    value: Mapping[str, Any],
    language: str,
    *,
    detail: str | None = None,
    count: int | None = None,
    debt: str | None = None,
    address: str | None = None,
) -> str:
    """What the rule asks, and what was counted or is on record. Empty where the title says it all."""
    if not value:
        return ""
    what = _NUMBERS.get(rule.kind, _nothing)(value, language, detail, count)
    names = {"debt": debt, "address": address}
    about = [say(f"finding.about_{name}", language, value=told) for name, told in names.items() if told]
    return sentences((what, *about), language)


def clock_words(moment: datetime, zones: Sequence[str], ours: tzinfo | None, language: str) -> str:
    """A moment on the debtor's clock; where he may be in several zones, on ours, and between which two on his.

    E.g. `8 April 2026 00:00 (America/New_York)`. Without any zone, and without ours, it is UTC.
    """
    clocks = sorted({_local(moment, ZoneInfo(zone), language)[1:] for zone in zones}, key=lambda each: each[0])
    if len(clocks) == 1:
        return say("finding.clock", language, at=clocks[0][1], zone=zones[0])
    own = _local(moment, ours or ZoneInfo("UTC"), language)
    if not clocks:
        return say("finding.clock", language, at=own[2], zone=own[0])
    return say("finding.clocks", language, at=own[2], zone=own[0], first=clocks[0][1], last=clocks[-1][1])


def span_words(
    opened: datetime, closed: datetime | None, zones: Sequence[str], ours: tzinfo | None, language: str
) -> str:
    """A span of time, as `clock_words`; None: no end is in sight."""
    if closed is None:
        return say("finding.span_open", language, since=clock_words(opened, zones, ours, language))
    clocks = {tuple(_local(each, ZoneInfo(zone), language)[1:] for each in (opened, closed)) for zone in zones}
    if len(clocks) != 1:
        since, until = (clock_words(each, zones, ours, language) for each in (opened, closed))
        return say("finding.span", language, since=since, until=until)
    [((first, since), (last, until))] = clocks
    # one clock: the day and the zone are said once
    short = until.rpartition(" ")[2] if first.date() == last.date() else until
    return say("finding.clock", language, at=say("finding.span", language, since=since, until=short), zone=zones[0])


def rebuttal_words(rule: Rule, language: str) -> str:
    """By what a presumption can be rebutted; empty where nothing is named."""
    if not rule.rebuttal:
        return ""
    return say("finding.rebuttal", language, factors=codes_words(rule.rebuttal, language))


def codes_words(codes: Iterable[str], language: str) -> str:
    """Codes of a rule as a list of phrases."""
    return list_words((code_words(code, language) for code in codes), language)


def code_words(code: str, language: str) -> str:
    """A code of a rule in words; one that has none yet is shown with its own, so that nothing is kept back."""
    key = f"finding.code.{code}"
    return say(key, language) if key in catalogue() else code.replace("_", " ")


def entry_words(kind: str, language: str) -> str:
    """A kind of entry of the registers, or a reason of a hold."""
    key = f"hold.{kind}"
    return say(key if key in catalogue() else f"finding.entry.{kind}", language)


def outcome_words(outcome: str, language: str) -> str:
    """What came of a contact."""
    return say(f"finding.outcome.{outcome}", language)


def hours_words(value: Mapping[str, Any], language: str) -> str:
    """The spans of an hours rule: weekdays, from, until."""
    spans = [
        say(
            "finding.hours_span",
            language,
            weekdays=_weekdays(span["weekdays"], language),
            start=span["from"],
            until=span["until"],
        )
        for span in value["spans"]
    ]
    return list_words(spans, language)


def _until_words(
    rule: Rule, effect: str, until: datetime | None, zones: Sequence[str], ours: tzinfo | None, language: str
) -> str:
    if effect == "note" and rule.kind != "season":
        return ""
    if until is not None:
        return say("finding.until", language, at=clock_words(until, zones, ours, language))
    if rule.kind == "hours":
        return say("finding.no_hour", language)
    return say("finding.open_end", language) if rule.kind in _OPEN_ENDED else ""


def _local(moment: datetime, zone: tzinfo, language: str) -> tuple[str, datetime, str]:
    """The clock's name, its wall time for sorting, and that in words."""
    there = moment.astimezone(zone)
    name = zone.key if isinstance(zone, ZoneInfo) else f"UTC{there:%:z}"
    clock = f"{there:%H:%M:%S}" if there.second else f"{there:%H:%M}"
    return name, there.replace(tzinfo=None), f"{format_date(there.date(), language)} {clock}"


def sentences(parts: Iterable[str], language: str) -> str:
    """One sentence after the other: Chinese needs nothing between them."""
    return ("" if language.startswith("zh") else " ").join(part for part in parts if part)


def list_words(parts: Iterable[str], language: str) -> str:
    """One beside the other, with the language's comma."""
    return say("explain.comma", language).join(parts)


def _weekdays(days: Sequence[int], language: str) -> str:
    """Weekdays with runs of three and more as a span."""
    runs: list[list[int]] = []
    for day in sorted(set(days)):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    named = [_run(run, language) for run in runs]
    return list_words(named, language)


def _run(run: Sequence[int], language: str) -> str:
    names = [say(f"finding.weekday.{day}", language) for day in run]
    if len(run) < 3:
        return list_words(names, language)
    return say("finding.weekday_span", language, first=names[0], last=names[-1])


def span_of(value: Mapping[str, Any]) -> str:
    """In which span a rule counts: `day`, `days`, `minutes` or `ever`."""
    if value.get("days") == 1:
        return "day"
    return next((name for name in ("days", "minutes") if value.get(name)), "ever")


def _count(value: Mapping[str, Any], language: str, _: str | None, count: int | None) -> str:
    span = span_of(value)
    return say(
        f"finding.count_{span}",
        language,
        count=count or 0,
        most=value["most"],
        span=value.get(span),
        per=_per(value, language),
    )


def _wait(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    after = list_words((outcome_words(each, language) for each in value["after"]), language)
    return say("finding.wait", language, days=value["days"], after=after, per=_per(value, language))


def _per(value: Mapping[str, Any], language: str) -> str:
    return say(f"finding.per_{value['per']}", language)


def _intensity(value: Mapping[str, Any], language: str, _: str | None, count: int | None) -> str:
    return say("finding.intensity", language, count=count or 0, most=value["most"], days=value["days"])


def _hours(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    code = "finding.hours" if value["holidays"] == "open" else f"finding.hours_{value['holidays']}"
    return say(code, language, spans=hours_words(value, language))


def _register(value: Mapping[str, Any], language: str, detail: str | None, _: int | None) -> str:
    kinds = [detail] if detail else value.get("entries", [])
    return say(
        "finding.register", language, entries=list_words((entry_words(kind, language) for kind in kinds), language)
    )


def _requires(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    entry = entry_words(value["entry"], language)
    if value["purpose"]:
        entry += say("explain.in_brackets", language, text=code_words(value["purpose"], language))
    parts = [say("finding.requires", language, entry=entry)]
    if value["days_after"]:
        parts.append(say("finding.requires_after", language, days=value["days_after"]))
    if value["within_days"]:
        parts.append(say("finding.requires_within", language, days=value["within_days"]))
    return sentences(parts, language)


def _visitors(value: Mapping[str, Any], language: str, _: str | None, count: int | None) -> str:
    code = "finding.visitors" if count is not None else "finding.visitors_unknown"
    return say(code, language, least=value["least"], count=count)


def _promise(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    return say("finding.promise", language, days=value["grace_days"])


def _content(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    parts = [
        say(f"finding.{name}", language, codes=codes_words(value[name], language))
        for name in ("must", "must_not")
        if value[name]
    ]
    return sentences(parts, language)


def _recording(value: Mapping[str, Any], language: str, detail: str | None, _: int | None) -> str:
    return say(f"finding.recording.{detail or value['may']}", language)


def _conduct(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    return say("finding.conduct", language, codes=codes_words(value["points"], language))


def _season(value: Mapping[str, Any], language: str, detail: str | None, _: int | None) -> str:
    last = known_until(value)
    if detail != SEASON_UNKNOWN or last is None:
        return ""
    return say("finding.season_not_known", language, last=format_date(last, language))


def _answer(value: Mapping[str, Any], language: str, _: str | None, __: int | None) -> str:
    return say("finding.answer", language, days=value["within_days"])


def _nothing(_: Mapping[str, Any], __: str, ___: str | None, ____: int | None) -> str:
    return ""


_NUMBERS = {
    "count": _count, "wait": _wait, "intensity": _intensity, "hours": _hours, "register": _register,
    "requires": _requires, "visitors": _visitors, "promise": _promise, "content": _content, "recording": _recording,
    "conduct": _conduct, "answer": _answer, "season": _season,
}  # fmt: skip
"""How the numbers of a kind are worded. Complaints say all in their title, seasons too as long as they are known."""
