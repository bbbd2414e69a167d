"""The pages of the contact rules, one a pack, and their index: what a finding links to."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from dunwell.documents import finding_words as worded
from dunwell.rulebook.contact_rules import Rule, Rules
from dunwell.rulebook.rule_pages import anchor_of

_SAID = ("hours", "wait", "requires", "content", "recording", "conduct")
"""Kinds whose values are worded; the words of the others tell what was counted or recorded, too."""


def index(rules: Rules) -> str:
    """All rules by pack, each with a link to its own page."""
    parts = [
        "# Contact rules",
        "",
        "What a rule says, and how the answer comes about: [contact-rules.md](../contact-rules.md). Each rule is data",
        "in `dunwell/rulebook/rules`, and its cases run as tests. `dunwell rules report` lists days of review.",
        "",
    ]
    for pack in packs(rules):
        parts += [f"## {pack}", "", "| rule | title | kind | effect | strength | confidence | cases | review by |"]
        parts += ["|---|---|---|---|---|---|---|---|"]
        parts += [_row(rule) for rule in rules.rules if rule.pack == pack]
        parts += [""]
    return "\n".join(parts)


def page(rules: Rules, pack: str) -> str:
    """Every rule of a pack: the words of the law, where it holds, its values by day, its exceptions and cases."""
    parts = [
        f"# Contact rules: {pack}",
        "",
        "Written from the rules themselves. What the words mean: [contact-rules.md](../contact-rules.md).",
        "",
    ]
    for rule in rules.rules:
        if rule.pack == pack:
            parts += _rule(rule, rules)
    return "\n".join(parts)


def packs(rules: Rules) -> list[str]:
    """The packs, in order."""
    return sorted({rule.pack for rule in rules.rules})


def _row(rule: Rule) -> str:
    cells = (
        f"[`{rule.id}`](../rules/{rule.pack}.md#{anchor_of(rule.id)})", _plain(rule.title["en"]), rule.kind,
        rule.effect, rule.strength, rule.confidence, str(len(rule.cases)), rule.review_by.isoformat(),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _rule(rule: Rule, rules: Rules) -> list[str]:
    exceptions = [each for each in rules.rules if each.excepts == rule.id]
    return [
        f'<a id="{anchor_of(rule.id)}"></a>',
        "",
        f"## {rule.id}",
        "",
        " · ".join(_plain(title) for title in rule.title.values()),
        "",
        *([*(f"> {line}" for line in rule.quote.splitlines()), ""] if rule.quote else []),
        f"- effect: **{rule.effect}**; strength: {rule.strength}; kind: {rule.kind}",
        f"- applies to: {_scope(rule.scope.lists)}",
        *([f"- excepts {_link(rules.named(rule.excepts))}"] if rule.excepts else []),
        *(_values(rule)),
        *([f"- lifted by: {', '.join(worded.entry_words(each, 'en') for each in rule.unless)}"] if rule.unless else []),
        *([f"- {worded.rebuttal_words(rule, 'en')}"] if rule.rebuttal else []),
        *([f"- exceptions: {', '.join(_link(each) for each in exceptions)}"] if exceptions else []),
        f"- source: {_plain(rule.source)} ({worded.confidence_words(rule, 'en')})",
        f"- to be reviewed by {rule.review_by}",
        "",
        "| case | finding |",
        "|---|---|",
        *(f"| {_plain(str(case['name']))} | {case['finding']} |" for case in rule.cases),
        "",
    ]


def _scope(lists: Mapping[str, frozenset[str]]) -> str:
    return "; ".join(f"{name} {', '.join(sorted(words))}" for name, words in lists.items()) or "everything"


def _values(rule: Rule) -> Iterator[str]:
    """The values of each span of days in which they are in force."""
    ends: list[date | None] = [*(after for _, (after, _) in pairwise(rule.values)), None]
    for (since, value), end in zip(rule.values, ends, strict=True):
        if value is not None:
            until = f" until {end} (excluded)" if end else ""
            said = worded.numbers_words(rule, value, "en") if rule.kind in _SAID else ""
            yield f"- from {since}{until}: {said + ' ' if said else ''}`{_data(value)}`"


def _data(value: Mapping[str, Any]) -> str:
    told = {name: each for name, each in value.items() if each not in (None, [])}
    return ", ".join(f"{name}: {each}" for name, each in told.items()) or "in force"


def _link(rule: Rule) -> str:
    return f"[`{rule.id}`]({rule.pack}.md#{anchor_of(rule.id)})"


def _plain(text: str) -> str:
    """Text inside a table: one line, and no bar."""
    return " ".join(text.split()).replace("|", "\\|")
