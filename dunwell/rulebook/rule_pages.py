"""Where the page of a rule stands: `docs/rules` has one page a pack, with an anchor for each rule."""

import re

from dunwell.rulebook.contact_rules import Rule

FOLDER = "docs/rules"
"""The pages, by their path in the repository."""
_NO_ANCHOR = re.compile(r"[^a-z0-9-]+")


def anchor_of(rule_id: str) -> str:
    """The anchor of a rule on its page, e.g. `us-regf-seven-in-seven`."""
    return _NO_ANCHOR.sub("-", rule_id.lower())


def page_of(rule: Rule) -> str:
    """The page of a rule with its anchor, e.g. `docs/rules/us.md#us-regf-seven-in-seven`."""
    return f"{FOLDER}/{rule.pack}.md#{anchor_of(rule.id)}"
