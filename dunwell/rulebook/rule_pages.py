"""Where the page of a rule stands: `docs/rules` has one page a pack, with an anchor for each rule."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dunwell.rulebook.contact_rules import Rule, Rules

FOLDER = "docs/rules"
"""The pages, by their path in the repository."""
_NO_ANCHOR = re.compile(r"[^a-z0-9-]+")


def anchor_of(rule_id: str) -> str:
    """The anchor of a rule on its page, e.g. `us-regf-seven-in-seven`."""
    return _NO_ANCHOR.sub("-", rule_id.lower())


def page_of(rule: Rule) -> str:
    """The page of a rule with its anchor, e.g. `docs/rules/us.md#us-regf-seven-in-seven`."""
    return f"{FOLDER}/{rule.pack}.md#{anchor_of(rule.id)}"


def look_up(rule_id: str) -> str:
    """The command that tells a rule in full, e.g. `dunwell rules show us.regf.seven-in-seven`."""
    return f"dunwell rules show {rule_id}"


def linked(told: Any, rules: Rules) -> Any:
    """Data for JSON with the `page` of each rule that it names under `rule`, however deep."""
    return _linked(told, {rule.id: page_of(rule) for rule in rules.rules})


def _linked(told: Any, pages: Mapping[str, str]) -> Any:
    if isinstance(told, Mapping):
        found = {name: _linked(value, pages) for name, value in told.items()}
        page = pages.get(told["rule"]) if isinstance(told.get("rule"), str) else None
        return found if page is None else {**found, "page": page}
    if isinstance(told, Sequence) and not isinstance(told, str):
        return [_linked(value, pages) for value in told]
    return told
