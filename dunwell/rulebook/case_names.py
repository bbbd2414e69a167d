"""What the cases of the contact rules are called in each language: English beside the rule, Chinese in one table."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from dunwell.core.terms import LANGUAGES

TABLE = "case_names.toml"
"""English name = [zh-Hans, zh-Hant]."""


@cache
def case_names() -> Mapping[str, tuple[str, ...]]:
    """By the English name the names in Chinese, in the order of `LANGUAGES` after English."""
    text = (resources.files("dunwell.rulebook") / TABLE).read_text(encoding="utf-8")
    return {name: tuple(names) for name, names in tomllib.loads(text).items()}


def case_name(name: str, language: str) -> str:
    """A case's name in a language; one that has none there (a house's own file may) is told as it stands."""
    found = case_names().get(name, ())
    at = LANGUAGES.index(language) - 1
    return found[at] if 0 <= at < len(found) else name
