"""Plain text in lines of a fixed-width font. Chinese characters take two columns; what must be read whole stays so."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

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
    return len(text) if text.isascii() else sum(map(_width, text))


@lru_cache(maxsize=20_000)
def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrapped(text: str, whole: Iterable[str] = (), columns: int = COLUMNS) -> str:
    """The text in lines of at most so many columns.

    whole   parts with spaces in them that are never broken: a sum, a date, an IBAN
    Words, addresses and numbers are not broken either: a longer one has its line to itself.
    """
    if display_width(text) <= columns:
        return text
    kept = sorted({part for part in whole if part}, key=len, reverse=True)
    for number, part in enumerate(kept):
        text = text.replace(part, chr(_STANDS_FOR + number))
    lines, line, taken = [], "", 0
    for gap, unit in _units(text):
        for number, part in enumerate(kept):
            unit = unit.replace(chr(_STANDS_FOR + number), part)
        width = display_width(unit)
        if line and taken + len(gap) + width > columns:
            lines.append(line)
            line, taken = unit, width
        else:
            gap = gap if line else ""
            line, taken = line + gap + unit, taken + len(gap) + width
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
    return _width(before) == 2 or _width(after) == 2
