"""A contact rule in words, whatever was counted: to what it applies, what it allows, and how far it can be trusted."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from babel import Locale

from dunwell.core.dates import format_date
from dunwell.core.errors import catalogue, say
from dunwell.documents import finding_words as worded
from dunwell.rulebook.case_names import case_name
from dunwell.rulebook.contact_rules import Rule, known_until

_CITED = {
    "Regulation F": "regulation_f", "47 CFR 64.1200": "telephone_act", "940 CMR 7.04": "massachusetts",
    "ACCC/ASIC": "australia", "Code of Banking Practice (Hong Kong)": "hong_kong",
    "Debt Collection Act 2022": "singapore", "Draft RBI": "india_draft", "RBI/2022-23/108": "india", "FCA CONC": "conc",
    "SI 2020/1311": "breathing_space",
    "Office de la protection": "quebec", "R.R.O. 1990, Reg. 74": "ontario", "Regulation (EU) 2016/679": "gdpr",
    "Twilio": "twilio", "GB/T 45251-2025": "online_credit", "NIFA《": "nifa_2024", "《互联网金融逾期": "nifa_2018",
    "个人信息保护法": "pipl", "中国银行业协会": "cba_2026", "刑法": "criminal_law", "商业银行信用卡": "credit_cards",
    "消费金融公司": "consumer_finance", "貸金業法": "japan", "金融機構作業委託": "outsourcing",
}  # fmt: skip
"""How the citation of a text begins, and the key of the words that say which text it is."""


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


def trust_words(rule: Rule, language: str) -> Iterator[str]:
    """How far a rule can be trusted: what its citation is, whether its wording was seen, what follows from that, and
    whose choice its first day is."""
    if cited := cited_words(rule, language):
        yield say("rules.cited", language, text=cited)
    seen = "quoted" if rule.quote and rule.confidence != "house" else "told"
    yield say(f"rules.wording.{seen}_{rule.confidence}", language)
    yield say(f"rules.follows.{_follows(rule)}", language)
    if rule.first_day != "told":
        day = rule.values[0][0]
        yield say(f"rules.first_day.{rule.first_day}", language, day=format_date(day, language), year=day.year)


def cited_words(rule: Rule, language: str) -> str:
    """Which text a citation names, in the language; empty for the house's own rules."""
    named = next((name for start, name in _CITED.items() if rule.source.startswith(start)), None)
    return "" if rule.confidence == "house" or named is None else say(f"rules.cited.{named}", language)


def case_words(rule: Rule, language: str) -> Iterator[tuple[str, str]]:
    """The cases of a rule, each with its finding."""
    for case in rule.cases:
        yield case_name(str(case["name"]), language), worded.effect_words(case["finding"], language)


def _follows(rule: Rule) -> str:
    if rule.confidence in ("house", "recalled"):
        return rule.confidence
    return "verified" if rule.verified else "unverified"


@cache
def _places(language: str) -> Mapping[str, str]:
    return Locale.parse(language, sep="-").territories


def _about(value: str, language: str) -> str:
    """The name of a value of a scope, places with their code; providers go by their names."""
    if value in (named := _places(language)):
        return named[value] + say("explain.in_brackets", language, text=value)
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
    if not told:
        return say("rules.season_none", language)
    said = say("rules.season", language, spans=worded.list_words(told, language))
    last = known_until(value)
    after = "" if last is None else say("finding.season_not_known", language, last=format_date(last, language))
    return worded.sentences([said, after], language)


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
