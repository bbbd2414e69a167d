"""The pages of the contact rules, one a pack, and their index: what a finding links to."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from dunwell.core.terms import LANGUAGES
from dunwell.documents import finding_words as worded
from dunwell.documents.rule_words import case_words, scope_words, trust_words, value_words
from dunwell.rulebook.contact_rules import Rule, Rules
from dunwell.rulebook.rule_pages import anchor_of

COLUMNS = ("rule", "title", "kind", "effect", "strength", "confidence", "wording", "cases", "review by")


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
        parts += [
            f"## {pack}",
            "",
            "| rule | title | kind | effect | strength | confidence | wording | cases | review by |",
        ]
        parts += ["|---|---|---|---|---|---|---|---|---|"]
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
        rule.effect, rule.strength, rule.confidence, _wording(rule), str(len(rule.cases)), rule.review_by.isoformat(),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _wording(rule: Rule) -> str:
    return "house" if rule.confidence == "house" else "quoted" if rule.quote else "not at hand"


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
        f"- applies to: {_scope(rule)}",
        *([f"- excepts {_link(rules.named(rule.excepts))}"] if rule.excepts else []),
        *(_values(rule)),
        *([f"- lifted by: {', '.join(worded.entry_words(each, 'en') for each in rule.unless)}"] if rule.unless else []),
        *([f"- {worded.rebuttal_words(rule, 'en')}"] if rule.rebuttal else []),
        *([f"- exceptions: {', '.join(_link(each) for each in exceptions)}"] if exceptions else []),
        f"- source: {_plain(rule.source)} ({worded.confidence_words(rule, 'en')})",
        *(f"- {_plain(line)}" for line in trust_words(rule, "en")),
        *(
            f"- {language}: {_plain(''.join(trust_words(rule, language)))}"
            for language in LANGUAGES
            if language != "en"
        ),
        f"- to be reviewed by {rule.review_by}",
        "",
        f"| case | {' | '.join(LANGUAGES[1:])} | finding |",
        f"|{'---|' * (len(LANGUAGES) + 1)}",
        *_cases(rule),
        "",
    ]


def _cases(rule: Rule) -> Iterator[str]:
    """A row for each case: its name in all languages, and what the rule says of it."""
    told = [case_words(rule, language) for language in LANGUAGES]
    for case, *names in zip(rule.cases, *told, strict=True):
        yield f"| {' | '.join(_plain(name) for name, _ in names)} | {case['finding']} |"


def _scope(rule: Rule) -> str:
    return "; ".join(line.strip() for line in scope_words(rule, "en")) or "everything"


def _values(rule: Rule) -> Iterator[str]:
    """The values of each span of days in which they are in force."""
    ends: list[date | None] = [*(after for _, (after, _) in pairwise(rule.values)), None]
    for (since, value), end in zip(rule.values, ends, strict=True):
        if value is not None:
            until = f" until {end} (excluded)" if end else ""
            yield f"- from {since}{until}: {value_words(rule, value, 'en')}"


def _link(rule: Rule) -> str:
    return f"[`{rule.id}`]({rule.pack}.md#{anchor_of(rule.id)})"


def _plain(text: str) -> str:
    """Text inside a table: one line, and no bar."""
    return " ".join(text.split()).replace("|", "\\|")
