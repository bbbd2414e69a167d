"""The e-invoice inside a PDF: the XML attached to it, with bounds on what is unpacked."""

import io
import logging

from pypdf import PdfReader

from dunwell.core.errors import DunwellError

MOST_XML = 16 << 20
_MOST_ATTACHMENTS = 50
_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
"""What the standards call it, the likeliest first."""


def attached(data: bytes, file: str) -> bytes:
    """The XML that a PDF carries. Refuses, in words, a PDF that is broken, locked, or carries none."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        found = _attachments(data)
    except MemoryError:
        raise DunwellError("intake.einvoice_too_large", file=file, most=MOST_XML >> 20) from None
    except RecursionError:
        raise DunwellError("intake.pdf_broken", file=file, reason="RecursionError") from None
    except Exception as problem:  # noqa: BLE001  a broken PDF fails in as many ways as the library has lines
        reason = f"{type(problem).__name__}: {problem}"[:200]
        raise DunwellError("intake.pdf_broken", file=file, reason=reason) from None
    if not found:
        raise DunwellError("intake.pdf_without_xml", file=file)
    chosen = min(found, key=lambda name: (_NAMES.index(name.lower()) if name.lower() in _NAMES else len(_NAMES), name))
    if len(found[chosen]) > MOST_XML:
        raise DunwellError("intake.einvoice_too_large", file=file, most=MOST_XML >> 20)
    return found[chosen]


def _attachments(data: bytes) -> dict[str, bytes]:
    reader = PdfReader(io.BytesIO(data), strict=False)
    found: dict[str, bytes] = {}
    for place, one in enumerate(reader.attachment_list):
        if place >= _MOST_ATTACHMENTS:
            break
        if one.name.lower().endswith(".xml"):
            found[one.name] = one.content
    return found
