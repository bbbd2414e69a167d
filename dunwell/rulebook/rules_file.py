"""Read contact rules from YAML and refuse those that cannot be trusted: no citation, no confidence, no case, a word
that nobody knows, exceptions that contradict one another."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.terms import LANGUAGES
from dunwell.rulebook.citation import read_citation
from dunwell.rulebook.contact_rules import EFFECTS, FIRST_DAYS, REGISTERS, SCOPE, STRENGTHS, Rule, Rules, Scope
from dunwell.rulebook.rule_error import RuleError
from dunwell.rulebook.rule_values import KINDS, read_values

__all__ = ["Rule", "RuleError", "Rules", "house_rules", "read_rules", "read_scope"]

_NEEDED = {"id", "title", "applies", "kind", "effect", "strength", "values", "citation", "review_by", "cases"}
_MAY = {"excepts", "unless", "rebuttal", "given", "first_day"}
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_ANSWERS = frozenset({"allowed", "forbidden", "presumed-violation", "advice", "note"})


@cache
def house_rules() -> Rules:
    """The rules that come with Dunwell."""
    folder = resources.files("dunwell.rulebook") / "rules"
    texts = [
        (f"{pack.name}/{file.name}", file.read_text(encoding="utf-8"))
        for pack in folder.iterdir()
        if pack.is_dir()
        for file in pack.iterdir()
        if file.name.endswith(".yaml")
    ]
    return read_rules(dict(sorted(texts)))


def read_rules(texts: Mapping[str, str]) -> Rules:
    """Rules from YAML texts by file name. Raises RuleError for anything that cannot be trusted."""
    rules: list[Rule] = []
    for name, text in texts.items():
        try:
            entries = yaml.load(text, Loader=_Loader) or []  # noqa: S506 - either loader is a safe one
        except yaml.YAMLError as error:
            raise RuleError(f"{name}: no YAML: {error}") from error
        if not isinstance(entries, list):
            raise RuleError(f"{name}: a file of rules is a list")
        rules.extend(_rule(entry, name) for entry in entries)
    by_id = {rule.id: rule for rule in rules}
    if len(by_id) < len(rules):
        twice = sorted({rule.id for rule in rules if sum(other.id == rule.id for other in rules) > 1})
        raise RuleError(f"{', '.join(twice)} stands twice")
    _check_exceptions(rules, by_id)
    digest = hashlib.sha256("\x00".join(f"{n}\x00{t}" for n, t in sorted(texts.items())).encode())
    return Rules(tuple(sorted(rules, key=lambda r: r.id)), dict(texts), digest.hexdigest(), by_id)


# libyaml reads a pack some ten times as fast, where the machine has it
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_exceptions(rules: list[Rule], by_id: Mapping[str, Rule]) -> None:
    exceptions = [rule for rule in rules if rule.kind == "exception"]
    for one in exceptions:
        excepted = by_id.get(one.excepts or "")
        if excepted is None or excepted.kind in ("exception", "answer"):
            raise RuleError(f"{one.id}: excepts names no rule: {one.excepts}")
        for other in exceptions:
            if other.id > one.id and other.excepts == one.excepts and _contradict(one, other):
                raise RuleError(f"{one.id} and {other.id} are exceptions of {one.excepts} that contradict one another")


def _contradict(one: Rule, other: Rule) -> bool:
    """Two exceptions that overlap and disagree, neither of them inside the other."""
    days = sorted({day for rule in (one, other) for day, _ in rule.values})
    said = [(one.on(day), other.on(day)) for day in days]
    nested = one.scope.lies_in(other.scope) != other.scope.lies_in(one.scope)
    return not nested and one.scope.overlaps(other.scope) and any(a and b and a["lifts"] != b["lifts"] for a, b in said)


def _rule(entry: Any, file: str) -> Rule:
    where = f"{file}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
    if not isinstance(entry, dict) or not _NEEDED <= set(entry) <= _NEEDED | _MAY:
        raise RuleError(
            f"{where}: a rule has the keys {', '.join(sorted(_NEEDED))}, and may have {', '.join(sorted(_MAY))}"
        )
    for key in ("title", "applies", "values", "citation"):
        if not isinstance(entry[key], dict):
            raise RuleError(f"{where}: {key} is a table")
    try:
        citation = read_citation(entry["citation"])
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from error
    if entry["kind"] not in KINDS or entry["effect"] not in EFFECTS or entry["strength"] not in STRENGTHS:
        raise RuleError(f"{where}: unknown kind, effect or strength")
    if (entry["strength"] == "house") != (citation.confidence == "house"):
        raise RuleError(f"{where}: a house rule is cited as the house's, and no other is")
    if (entry["kind"] == "exception") != ("excepts" in entry):
        raise RuleError(f"{where}: an exception, and nothing else, names what it excepts")
    if entry["kind"] == "answer" and (entry["applies"] or entry["effect"] != "note"):
        raise RuleError(f"{where}: what an answer is holds for everybody, and is a note")
    if set(entry["title"]) != set(LANGUAGES) or not all(str(text or "").strip() for text in entry["title"].values()):
        raise RuleError(f"{where}: a title needs {', '.join(LANGUAGES)}")
    if not isinstance(entry["review_by"], date):
        raise RuleError(f"{where}: review_by is a day")
    if entry.get("first_day", "told") not in FIRST_DAYS:
        raise RuleError(f"{where}: first_day is one of {', '.join(FIRST_DAYS)}")
    # what is only recalled never binds
    binding = entry["effect"] in ("forbidden", "presumed-violation")
    return Rule(
        id=entry["id"],
        title=entry["title"],
        scope=read_scope(entry["applies"], where),
        kind=entry["kind"],
        effect="advice" if citation.confidence == "recalled" and binding else entry["effect"],
        strength=entry["strength"],
        values=_dated(entry["values"], entry["kind"], where),
        source=citation.source,
        confidence=citation.confidence,
        quote=citation.quote,
        review_by=entry["review_by"],
        cases=_cases(entry["cases"], entry.get("given", {}), where),
        excepts=entry.get("excepts"),
        unless=_listed(entry.get("unless", []), REGISTERS, f"{where}: unless"),
        rebuttal=_codes(entry.get("rebuttal", []), f"{where}: rebuttal"),
        pack=file.partition("/")[0],
        first_day=entry.get("first_day", "told"),
    )


def read_scope(applies: Any, where: str) -> Scope:
    """Where a rule applies, from its lists by dimension. Raises RuleError for a word that nobody knows."""
    if not isinstance(applies, dict):
        raise RuleError(f"{where}: applies is a table")
    lists: dict[str, frozenset[str]] = {}
    for name, words in applies.items():
        if name not in SCOPE:
            raise RuleError(f"{where}: applies names {name}, known are {', '.join(SCOPE)}")
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise RuleError(f"{where}: {name} is a list of words")
        if name == "place" and not all(word == "EU" or _PLACE.fullmatch(word) for word in words):
            raise RuleError(f"{where}: a place is a country or a part of it: DE, CA-ON, EU")
        if SCOPE[name] and not set(words) <= set(SCOPE[name]):
            raise RuleError(f"{where}: {name} is some of {', '.join(SCOPE[name])}")
        lists[name] = frozenset(words)
    return Scope(lists)


def _dated(values: dict[Any, Any], kind: str, where: str) -> tuple[tuple[date, Mapping[str, Any] | None], ...]:
    if not values or not all(type(day) is date for day in values):
        raise RuleError(f"{where}: values are given from a day on")
    read = {day: None if value is None else read_values(kind, value, where) for day, value in values.items()}
    return tuple(sorted(read.items(), key=lambda pair: pair[0]))


def _cases(cases: Any, given: Any, where: str) -> tuple[Mapping[str, Any], ...]:
    """Cases, each with what is given in all of them."""
    if not isinstance(cases, list) or not cases:
        raise RuleError(f"{where}: a rule without a case is not trusted")
    if not isinstance(given, dict):
        raise RuleError(f"{where}: given is a table")
    for case in cases:
        if not isinstance(case, dict) or not case.get("name") or case.get("finding") not in _ANSWERS:
            raise RuleError(f"{where}: a case has a name, a situation, and a finding of {', '.join(sorted(_ANSWERS))}")
    return tuple(_merged(given, case) for case in cases)


def _merged(given: Mapping[str, Any], case: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a case says goes before what is given; tables are merged field by field."""
    tables = {name: {**given[name], **case[name]} for name in set(given) & set(case) if isinstance(given[name], dict)}
    return {**given, **case, **tables}


def _listed(words: Any, known: tuple[str, ...], where: str) -> tuple[str, ...]:
    if not isinstance(words, list) or not set(words) <= set(known):
        raise RuleError(f"{where} is a list of {', '.join(known)}")
    return tuple(words)


def _codes(words: Any, where: str) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(isinstance(word, str) and _CODE.fullmatch(word) for word in words):
        raise RuleError(f"{where} is a list of codes")
    return tuple(words)
