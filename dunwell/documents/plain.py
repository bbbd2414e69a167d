"""Text from other people's files, made fit to print: nothing in it is interpreted, nothing in it moves the page."""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_LONG_RUN = re.compile(r"[^\s\u2e80-\U0003ffff]{22}(?=\S)")


def plain(text: str, limit: int = 200) -> str:
    """One line of visible text, at most `limit` characters, cut with an ellipsis.

    Line breaks, tabs and other control characters become a space. Bidi overrides, zero-width and private-use
    characters and pictographs are dropped: no font we print with has them, and overrides can forge an amount.
    """
    kept = []
    for char in unicodedata.normalize("NFC", text[: limit * 8]):
        kind = unicodedata.category(char)
        if kind == "Cc" or kind in ("Zs", "Zl", "Zp"):
            kept.append(" ")
        elif kind not in _INVISIBLE and not _is_pictograph(char, kind):
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def breakable(text: str) -> str:
    """The same text with a permitted line break in every run of more than 22 characters without one."""
    return _LONG_RUN.sub(lambda run: run.group() + "\u200b", text)


def _is_pictograph(char: str, kind: str) -> bool:
    """Emoji and dingbats, with what modifies them; ordinary signs (©, ℃, ㈱) stay."""
    point = ord(char)
    if 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
        return True
    return kind in ("So", "Sk") and point >= 0x2500 and not 0x3000 <= point <= 0x33FF
