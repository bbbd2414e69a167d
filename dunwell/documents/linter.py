"""The linter of our own words: threats and false statements are found before they are sent.

The rules are data (`wording/forbidden.toml`), each with its reason, per language. The linter knows words, not
meaning: it stops what must never be written and cannot prove that the rest is kind.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from dunwell.core.terms import LANGUAGES, Stage


@dataclass(frozen=True, slots=True)
class Finding:
    """One forbidden phrase: the rule's id, the words as they stand in the text, and why they are forbidden."""

    rule: str
    words: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    reason: str
    pattern: re.Pattern[str]
    allowed_stages: frozenset[Stage]
    allowed_with_annex: bool


def lint_wording(text: str, language: str, stage: Stage | None = None, *, annex: bool = False) -> list[Finding]:
    """Every forbidden phrase of a text, in order of appearance.

    `stage` frees what is true at that stage only ("final deadline" in the second dunning), `annex` what a statement
    computes that goes with the text. Chinese texts are read
    by the rules of both scripts; English rules are read in every text, because templates mix languages.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no wording rules for {language!r}")
    languages = ("en",) if language == "en" else LANGUAGES
    flat = re.sub(r"\s+", " ", text)
    found = {
        (match.start(), match.group(), rule.id): Finding(rule.id, match.group(), rule.reason)
        for chosen in languages
        for rule in _rules(chosen)
        if stage not in rule.allowed_stages and not (annex and rule.allowed_with_annex)
        for match in rule.pattern.finditer(flat)
    }
    return [found[key] for key in sorted(found)]


@cache
def _rules(language: str) -> tuple[_Rule, ...]:
    text = resources.files("dunwell.documents").joinpath("wording", "forbidden.toml").read_text(encoding="utf-8")
    return tuple(
        _Rule(
            id=rule["id"],
            reason=rule["reason"],
            pattern=re.compile("|".join(rule[language]), re.IGNORECASE),
            allowed_stages=frozenset(Stage[name.upper()] for name in rule.get("allowed_stages", [])),
            allowed_with_annex=rule.get("allowed_with_annex", False),
        )
        for rule in tomllib.loads(text)["rule"]
        if rule.get(language)
    )
