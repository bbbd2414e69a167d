"""Pages that stand by themselves as PDF/A: the same layout and data give the same bytes. Letters have `LetterPress`."""

from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from threading import Lock

import typst

from dunwell.core.errors import DunwellError
from dunwell.documents import fonts
from dunwell.documents.plain import plain

_ONE = Lock()


@cache
def layout(name: str) -> bytes:
    """A layout of ours by the name of its file, e.g. `statement.typ`."""
    return resources.files("dunwell.documents").joinpath("templates", name).read_bytes()


def set_page(template: bytes, inputs: dict[str, str], *, day: date, language: str, debtor: str) -> bytes:
    """A layout with its data (JSON by the name of each input) as PDF/A-2b, dated the noon of a day.

    debtor   whom it is about, for the words of an error

    Raises `documents.font_missing`, `documents.letter_failed`.
    """
    fonts.refuse_after_fork()
    fonts.require(language)
    with _ONE:
        try:
            pdf, warnings = _press().compile_with_warnings(
                template,
                format="pdf",
                pdf_standards=[fonts.PDF_STANDARD],
                sys_inputs=inputs,
                timestamp=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            )
        except typst.TypstError as error:
            reason = plain(fonts.missing_text(error) or error.message)
            raise DunwellError("documents.letter_failed", debtor=plain(debtor, 60), reason=reason) from error
    if warnings:
        raise DunwellError("documents.letter_failed", debtor=plain(debtor, 60), reason=warnings[0].message)
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _press() -> typst.Compiler:
    return typst.Compiler(font_paths=fonts.fonts())
