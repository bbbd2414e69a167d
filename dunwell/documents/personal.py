"""What a person may write into a message of ours: kind words, and nothing that the message itself states."""

import re
import tomllib
from functools import cache
from importlib import resources

from dunwell.core.errors import DunwellError, Words
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.linter import lint_wording
from dunwell.documents.plain import plain
from dunwell.rulebook.own_text import PLACE


def refuse_own_text(text: str, stage: Stage) -> None:
    """The same of a paragraph that a strategy adds to every message of a treatment: its placeholders may stand, and
    what no letter can print is refused too (`personal.unprinted`)."""
    bare = PLACE.sub("…", text)
    if plain(bare, len(bare)) != " ".join(bare.split()):
        raise DunwellError("personal.unprinted")
    refuse_words(bare, stage)


def refuse_personal(text: str, stage: Stage) -> None:
    """The same of a paragraph that a person adds to one message: nothing in it is filled, so braces are refused too
    (`personal.brace`)."""
    if set("{}") & set(text):
        raise DunwellError("personal.brace")
    refuse_words(text, stage)


def refuse_words(text: str, stage: Stage) -> None:
    """Raise DunwellError where a paragraph says what it must not: `personal.forbidden` (a threat, a false statement,
    see `linter`), `personal.not_yours` (a sum, a day, an address, a right denied, money sent elsewhere, a threat).

    No list of words knows meaning: what passes is not proven kind, only free of what was thought of.
    """
    # a text may mix languages, whatever the message is written in
    found = [each for spoken in LANGUAGES for each in lint_wording(text, spoken, stage)]
    if found:
        raise DunwellError("personal.forbidden", words=found[0].words, rule=found[0].rule)
    flat = re.sub(r"\s+", " ", text)
    for rule, pattern in _patterns():
        hit = pattern.search(flat)
        if hit is not None:
            raise DunwellError("personal.not_yours", words=hit.group(), why=Words(f"personal.{rule}"))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The rules of every language: a text may mix them."""
    text = resources.files("dunwell.documents").joinpath("wording", "personal.toml").read_text(encoding="utf-8")
    return tuple(
        (rule["id"], re.compile("|".join(part for name in ("all", *LANGUAGES) for part in rule.get(name, [])), re.I))
        for rule in tomllib.loads(text)["rule"]
    )
