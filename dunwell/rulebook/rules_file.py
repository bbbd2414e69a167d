"""Read rules from YAML and refuse those that cannot be trusted: no citation, no confidence, no case."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.terms import LANGUAGES, Channel
from dunwell.rulebook.citation import read_citation

EFFECTS = ("forbidden", "presumed-violation", "advice")
VALUES: dict[str, set[str]] = {
    "hours": {"from", "until", "weekdays"},
    "frequency": {"contacts", "days"},
    "hold": {"reasons"},
    "complaint": set(),
    "promise": {"grace_days"},
}
"""What the values of each kind of rule name."""
_LEAST = {"contacts": 1, "days": 1}
_KEYS = {"id", "title", "applies", "kind", "effect", "values", "citation", "review_by", "cases"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated, cited rule. `values` holds what is in force from each day on; `cases` are its worked examples."""

    id: str
    title: dict[str, str]
    channels: tuple[str, ...]
    kind: str
    effect: str
    values: tuple[tuple[date, dict[str, Any]], ...]
    source: str
    confidence: str
    quote: str
    review_by: date
    cases: tuple[dict[str, Any], ...]

    def on(self, day: date) -> dict[str, Any] | None:
        """The values in force on a day, or None before the rule's first day."""
        found = None
        for start, value in self.values:
            if start <= day:
                found = value
        return found


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of an installation, with one hash over their text, so that a run can name what it asked."""

    rules: tuple[Rule, ...]
    texts: dict[str, str]
    hash: str

    def in_force(self, day: date, kind: str) -> list[tuple[Rule, dict[str, Any]]]:
        """Rules of a kind with their values on a day, ordered by id."""
        found = [(rule, rule.on(day)) for rule in self.rules if rule.kind == kind]
        return sorted([(rule, value) for rule, value in found if value is not None], key=lambda pair: pair[0].id)

    def named(self, rule_id: str) -> Rule:
        """The rule of an id; KeyError when there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


class RuleError(ValueError):
    """A rule that cannot be trusted: says which and why."""


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


def read_rules(texts: dict[str, str]) -> Rules:
    """Rules from YAML texts by file name. Raises RuleError for anything that cannot be trusted."""
    rules: list[Rule] = []
    for name, text in texts.items():
        try:
            entries = yaml.safe_load(text) or []
        except yaml.YAMLError as error:
            raise RuleError(f"{name}: no YAML: {error}") from error
        if not isinstance(entries, list):
            raise RuleError(f"{name}: a file of rules is a list")
        rules.extend(_rule(entry, name) for entry in entries)
    seen = [rule.id for rule in rules]
    for rule_id in seen:
        if seen.count(rule_id) > 1:
            raise RuleError(f"{rule_id} stands twice")
    digest = hashlib.sha256("\x00".join(f"{n}\x00{t}" for n, t in sorted(texts.items())).encode())
    return Rules(tuple(sorted(rules, key=lambda r: r.id)), dict(texts), digest.hexdigest())


def _rule(entry: Any, file: str) -> Rule:
    where = f"{file}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise RuleError(f"{where}: a rule has exactly the keys {', '.join(sorted(_KEYS))}")
    for key in ("title", "applies", "values", "citation"):
        if not isinstance(entry[key], dict):
            raise RuleError(f"{where}: {key} is a table")
    try:
        citation = read_citation(entry["citation"])
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from error
    if entry["kind"] not in VALUES or entry["effect"] not in EFFECTS:
        raise RuleError(f"{where}: unknown kind or effect")
    if not entry["values"] or not all(isinstance(day, date) for day in entry["values"]):
        raise RuleError(f"{where}: values are given from a day on")
    wanted = VALUES[entry["kind"]]
    for value in entry["values"].values():
        if not isinstance(value, dict) or set(value) != wanted:
            raise RuleError(
                f"{where}: the values of kind {entry['kind']} are exactly {', '.join(sorted(wanted)) or '{}'}"
            )
        if any(isinstance(number, int) and number < _LEAST.get(name, 0) for name, number in value.items()):
            raise RuleError(f"{where}: a number of contacts or days is too small")
    if not isinstance(entry["review_by"], date):
        raise RuleError(f"{where}: review_by is a day")
    if not isinstance(entry["cases"], list) or not entry["cases"]:
        raise RuleError(f"{where}: a rule without a case is not trusted")
    if set(entry["title"]) != set(LANGUAGES) or not all(str(text or "").strip() for text in entry["title"].values()):
        raise RuleError(f"{where}: a title needs {', '.join(LANGUAGES)}")
    named = entry["applies"].get("channel")
    channels = tuple(named) if isinstance(named, list) else ()
    if not channels or not set(channels) <= {str(c) for c in Channel}:
        raise RuleError(f"{where}: name the channels it applies to")
    return Rule(
        id=entry["id"],
        title=entry["title"],
        channels=channels,
        kind=entry["kind"],
        effect=entry["effect"],
        values=tuple(sorted(entry["values"].items())),
        source=citation.source,
        confidence=citation.confidence,
        quote=citation.quote,
        review_by=entry["review_by"],
        cases=tuple(entry["cases"]),
    )
