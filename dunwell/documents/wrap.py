"""Plain text in lines of a fixed-width font. Chinese characters take two columns; what must be read whole stays so."""

import unicodedata
from collections.abc import Iterable

COLUMNS = 74
"""Short enough for a reply to quote the line once more inside the 78 columns that mail programs keep."""

_NOT_FIRST = frozenset("，。、；：！？）」』》】〉”’…,.;:!?)]}%·")
"""Signs that never begin a line."""
_NOT_LAST = frozenset("（「『《【〈“‘([{")
"""Signs that never end one."""
_STANDS_FOR = 0xE000
"""From here on private characters stand for what is kept whole; `plain` has taken theirs out of names."""


def display_width(text: str) -> int:
    """Columns in a fixed-width font: a Chinese character takes two, a combining mark none."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text if not unicodedata.combining(char)
    )


def wrapped(text: str, whole: Iterable[str] = (), columns: int = COLUMNS) -> str:
    """The text in lines of at most so many columns.

    whole   parts with spaces in them that are never broken: a sum, a date, an IBAN
    Words, addresses and numbers are not broken either: a longer one has its line to itself.
    """
    kept = sorted({part for part in whole if part}, key=len, reverse=True)
    for number, part in enumerate(kept):
        text = text.replace(part, chr(_STANDS_FOR + number))
    lines, line = [], ""
    for gap, unit in _units(text):
        for number, part in enumerate(kept):
            unit = unit.replace(chr(_STANDS_FOR + number), part)
        if line and display_width(line + gap + unit) > columns:
            lines.append(line)
            line = unit
        else:
            line += (gap if line else "") + unit
    return "\n".join([*lines, line])


def _units(text: str) -> Iterable[tuple[str, str]]:
    """What must stand together, each with the blank before it: a word, or one wide character with its signs."""
    gap, unit = "", ""
    for char in text:
        if char == " ":
            if unit:
                yield gap, unit
            gap, unit = " ", ""
        elif unit and _may_part(unit[-1], char):
            yield gap, unit
            gap, unit = "", char
        else:
            unit += char
    if unit:
        yield gap, unit


def _may_part(before: str, after: str) -> bool:
    """May a line end between two characters without a blank between them? Only beside a wide one."""
    if after in _NOT_FIRST or before in _NOT_LAST:
        return False
    return display_width(before) == 2 or display_width(after) == 2
