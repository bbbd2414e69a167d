"""Letters as PDF/A: the same notice gives the same bytes, on any machine with the same fonts and typesetter."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from threading import Lock
from types import MappingProxyType
from typing import Any

import typst
from babel import Locale

from dunwell.core.errors import DunwellError
from dunwell.documents import fonts
from dunwell.documents.content import Content, content
from dunwell.documents.notice import Notice
from dunwell.documents.payment_qr import payment_qr
from dunwell.documents.plain import breakable, plain
from dunwell.documents.promise_note import Written
from dunwell.documents.reconciliation import reconciliation_data, reconciliation_template
from dunwell.documents.statement_page import Parties, annex_data, annex_template, render_statement

_SURELY_ONE_PAGE, _SURELY_MORE = 6, 16
"""Lines of a table up to which the usual spacing is tried first, and from which closing ranks is vain."""

_FORMS = {"US": "us10", "CA": "us10", "CN": "centred", "TW": "centred", "HK": "centred", "MO": "centred"}
_ONE = Lock()
_PAGE = re.compile(rb"/Type\s*/Page\b")


class LetterPress:
    """One typesetter, kept warm: the second letter takes a fraction of the first one's time.

    Not thread-safe: one press per thread, or `render_letter`. Never across a fork: a process forked after a letter
    was set would hang, so the press refuses there with RuntimeError; start workers with `spawn`.
    """

    def __init__(self) -> None:
        self._template = resources.files("dunwell.documents").joinpath("templates", "letter.typ").read_bytes()
        self._compiler = typst.Compiler(font_paths=fonts.fonts())

    def render(self, notice: Written) -> bytes:
        """The letter of a notice as PDF/A-2b, on A4 or US letter by the debtor's country.

        Raises `documents.font_missing` (install it), `documents.glyph_missing` (a name in a script our fonts lack),
        `documents.letter_failed`.
        """
        fonts.refuse_after_fork()
        fonts.require(notice.language)
        said = content(notice)
        page = _page(notice, said)
        lines = len(said.rows) + len(said.sums) + (2 if said.disputed else 0)
        roomy = self._set(notice, said, page, tight=False) if lines <= _SURELY_ONE_PAGE else b""
        if (roomy and _is_one_page(roomy)) or lines >= _SURELY_MORE:
            return self._with_annex(notice, said, page, roomy, tight=False)
        tight = self._set(notice, said, page, tight=True)
        if _is_one_page(tight):
            return self._with_annex(notice, said, page, tight, tight=True)
        return self._with_annex(notice, said, page, roomy, tight=False)

    def _with_annex(self, notice: Written, said: Content, page: dict[str, Any], alone: bytes, *, tight: bool) -> bytes:
        """The letter in the spacing that suits it, with what goes with it behind it in the same file."""
        paper = "us-letter" if page["form"] == "us10" else "a4"
        behind: dict[str, tuple[str, bytes]] = {}
        if notice.annex is not None:
            data = annex_data(notice.annex, _parties(notice), notice.language, paper)
            behind["annex"] = (data, annex_template())
        if isinstance(notice, Notice) and notice.reconciliation:
            behind["reconciliation"] = (reconciliation_data(notice, paper), reconciliation_template())
        return self._set(notice, said, page, tight=tight, behind=behind) if behind or not alone else alone

    def _set(
        self,
        notice: Written,
        said: Content,
        page: dict[str, Any],
        *,
        tight: bool,
        behind: Mapping[str, tuple[str, bytes]] = MappingProxyType({}),
    ) -> bytes:
        """behind: what is set after the letter, by the name of its input: its data and its layout."""
        inputs = {"data": json.dumps({**page, "tight": tight}, ensure_ascii=False, sort_keys=True)}
        inputs |= {name: data for name, (data, _) in behind.items()}
        template = b"".join([self._template, *(layout for _, layout in behind.values())])
        try:
            pdf, warnings = self._compiler.compile_with_warnings(
                template,  # each time: the compiler forgets a source given as bytes after its first letter
                format="pdf",
                pdf_standards=[fonts.PDF_STANDARD],
                sys_inputs=inputs,
                timestamp=datetime(notice.day.year, notice.day.month, notice.day.day, 12, tzinfo=UTC),
            )
        except typst.TypstError as error:
            raise _explained(error, said) from error
        if warnings:
            raise DunwellError("documents.letter_failed", debtor=said.debtor_name, reason=warnings[0].message)
        assert isinstance(pdf, bytes)
        return pdf


def render_annex(notice: Written) -> bytes:
    """The annex of a notice by itself, for messages that are no letters. The notice must have one."""
    assert notice.annex is not None
    return render_statement(notice.annex, _parties(notice), notice.language)


def _parties(notice: Written) -> Parties:
    return Parties((notice.sender.party.name, *notice.sender.party.lines), notice.debtor.name, notice.debtor_number)


def render_letter(notice: Written) -> bytes:
    """The letter of a notice as PDF/A, set by this process's own press, one at a time. Errors as `LetterPress`."""
    fonts.refuse_after_fork()  # before the lock: a forked child may have inherited it closed
    with _ONE:
        return _press().render(notice)


@cache
def _press() -> LetterPress:
    return LetterPress()


def _is_one_page(pdf: bytes) -> bool:
    return len(_PAGE.findall(pdf)) == 1


def _page(notice: Written, said: Content) -> dict[str, Any]:
    """What the template reads: the content, with breaks allowed in endless words, and where things stand."""
    page: dict[str, Any] = _breakable(asdict(said))
    page["form"] = _FORMS.get(notice.debtor.country or "", "din")
    page["facts_box"] = page.pop("facts") + page.pop("sender_contact")
    if notice.debtor.country != notice.sender.party.country:
        page["debtor_lines"] += _country_line(notice.debtor.country or "")
    imprint = " · ".join((said.sender_name, *said.sender_lines))
    page["return_line"] = plain(imprint, 90)
    page["footer"] = " · ".join(part for part in (imprint, said.tax_id) if part)
    page["unbroken"] = [text for text in (said.payable[1], plain(notice.sender.phone or "", 40)) if len(text) >= 6]
    code = payment_qr(notice) if notice.asks else None
    if code:
        page["qr"] = {"kind": code.kind, "svg": code.svg.decode(), "label": said.scan_label[code.kind]}
    return page


def _country_line(country: str) -> list[str]:
    """The country as the last line of an address abroad, in capitals and English, which posts everywhere read."""
    name = Locale("en").territories.get(country)
    return [name.upper()] if name else []


def _breakable(value: Any) -> Any:
    if isinstance(value, str):
        return breakable(value)
    if isinstance(value, dict):
        return {key: _breakable(part) for key, part in value.items()}
    return [_breakable(part) for part in value]


def _explained(error: typst.TypstError, said: Content) -> DunwellError:
    missing = fonts.missing_text(error)
    if missing is None:
        return DunwellError("documents.letter_failed", debtor=said.debtor_name, reason=plain(error.message))
    points = " ".join(f"U+{ord(char):04X}" for char in missing[:5])
    return DunwellError("documents.glyph_missing", debtor=said.debtor_name, text=missing[:20], points=points)
