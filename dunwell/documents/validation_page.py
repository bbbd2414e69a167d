"""A validation notice as a letter (PDF/A, the same notice gives the same bytes) and as the plain text of an e-mail."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from dunwell.documents.press import layout, set_page
from dunwell.documents.validation_notice import ValidationNotice, ValidationWords, words_of
from dunwell.documents.wrap import wrapped

_COLUMNS = 74


def render_validation_letter(notice: ValidationNotice) -> bytes:
    """The notice on US letter paper as PDF/A-2b. Raises `documents.font_missing`, `documents.letter_failed`."""
    said = words_of(notice, electronic=False)
    data = json.dumps(asdict(said), ensure_ascii=False, sort_keys=True)
    return set_page(layout("validation.typ"), {"data": data}, day=notice.day, language="en", debtor=said.consumer_name)


def validation_email(notice: ValidationNotice) -> str:
    """The notice as the plain text of an e-mail, which says how to reply electronically and how to stop e-mails.
    Raises `validation.no_email`."""
    said = words_of(notice, electronic=True)
    return "\n\n".join(block for block in _blocks(said) if block) + "\n"


def _blocks(said: ValidationWords) -> Iterator[str]:
    yield "\n".join((said.collector_name, *said.collector_lines))
    yield said.day
    yield "\n".join((said.consumer_name, *said.consumer_lines))
    yield said.title
    for text in (said.disclosure, said.intro):
        yield wrapped(text, ())
    yield "\n".join(f"{label}: {value}" for label, value in said.facts)
    yield wrapped(said.table_head, ())
    yield "\n".join(_ends(*row) for row in (*said.table, said.total))
    yield said.rights_head
    for text in (*said.rights, said.reach):
        yield wrapped(text, ())
    yield "-" * _COLUMNS
    yield f"{said.form_head}\n{said.form_all}"
    yield "\n".join((f"[ ] {said.dispute}", *(f"    [ ] {reason}" for reason in said.reasons), f"[ ] {said.original}"))
    yield "\n".join((said.mail_to, said.collector_name, *said.collector_lines))
    yield "\n".join((said.consumer_name, *said.consumer_lines))
    yield wrapped(said.opt_out, ())


def _ends(label: str, value: str) -> str:
    return label + " " * max(2, _COLUMNS - len(label) - len(value)) + value
