"""The lines of a text one by one, without a second copy of it in memory."""

from collections.abc import Iterator


def lines_of(text: str) -> Iterator[str]:
    """What stands between line ends; the last line may have none."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    if start < len(text):
        yield text[start:]
