"""A paragraph of the house's own in the messages of a treatment: its placeholders, and how they are filled.

Whether its words may stand in a message at all is asked by `documents.personal`, handed in by whoever reads a strategy.
"""

import re
from collections.abc import Callable, Mapping

from dunwell.core.errors import DunwellError
from dunwell.core.terms import Stage

LONGEST = 600
"""Characters of a paragraph."""
PLACES = ("total", "pay_by", "weekday", "debtor", "debtor_number", "sender")
"""What a paragraph may name in braces: docs/strategy.md says what each is."""
DEADLINES = ("pay_by", "weekday")
"""Those that only a treatment has that sets a deadline."""

type Lint = Callable[[str, Stage], None]
"""Raises DunwellError where a paragraph says what a message of a stage must not say."""

PLACE = re.compile(r"\{([^{}]*)\}")


def refuse_places(text: str, *, has_deadline: bool) -> None:
    """Raise DunwellError: `strategy.text_long`, `.text_unclean` (a sign that cannot be seen), `.text_place`,
    `.text_no_deadline`, `.text_brace`."""
    if len(text) > LONGEST:
        raise DunwellError("strategy.text_long", most=LONGEST)
    if not text.strip() or not text.isprintable():
        raise DunwellError("strategy.text_unclean")
    for name in PLACE.findall(text):
        if name not in PLACES:
            raise DunwellError("strategy.text_place", name=name[:40], known=", ".join(PLACES))
        if name in DEADLINES and not has_deadline:
            raise DunwellError("strategy.text_no_deadline", name=name)
    if {"{", "}"} & set(PLACE.sub("", text)):
        raise DunwellError("strategy.text_brace", known=", ".join(PLACES))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The paragraph with its placeholders filled; what stands in a value is never taken for a placeholder."""
    return PLACE.sub(lambda place: values[place.group(1)], text)
