"""Payment codes where the country has a standard: a scan fills in account, amount and reference.

EPC      EPC069-12 version 2 ("GiroCode"): euro to an IBAN of the SEPA area; error correction M, at most version 13
Swiss    Swiss Payment Standards, QR-bill 2.3: CHF or EUR to a Swiss or Liechtenstein IBAN; error correction M,
         at most version 25, structured addresses, the Swiss cross in the middle

Elsewhere there is none: bank details and reference are printed, and nothing pretends to be scannable.
"""

import io
import re
from dataclasses import dataclass
from typing import Literal

import segno

from dunwell.core.money import plain_amount
from dunwell.documents.bank import SEPA, ReferenceKind, is_qr_iban, reference_kind
from dunwell.documents.notice import Party
from dunwell.documents.plain import plain
from dunwell.documents.promise_note import Written

LARGEST_MINOR = 99_999_999_999
"""Both standards end at 999,999,999.99."""

_SWISS = ("CH", "LI")
_SWISS_TEXT = re.compile(r"[\x20-\x7e\u00a0-\u017f\u0218-\u021b\u20ac]*")
_TOWN = re.compile(r"(?:[A-Z]{1,2}[- ])?(?P<code>\d{4,5}) (?P<town>\S.*)")
_STREET = re.compile(r"(?P<street>.*\S) (?P<house>\d+ ?[a-zA-Z]?(?:[-/]\d+ ?[a-zA-Z]?)?)")


@dataclass(frozen=True, slots=True)
class PaymentQR:
    """A payment code: its standard, its picture, and the exact bytes a bank's app reads from it."""

    kind: Literal["epc", "swiss"]
    svg: bytes
    payload: bytes


def payment_qr(notice: Written) -> PaymentQR | None:
    """The payment code of a notice, or None where no standard fits its currency, account or amount.

    Euro to a Swiss account: the Swiss code for a debtor in Switzerland or Liechtenstein, or for a QR-IBAN; the EPC
    code for everybody else, whose bank reads that one.
    """
    iban = notice.sender.iban
    if not iban or notice.payable_minor > LARGEST_MINOR:
        return None
    if iban[:2] in _SWISS and (
        notice.currency == "CHF" or (notice.currency == "EUR" and (notice.debtor.country in _SWISS or is_qr_iban(iban)))
    ):
        payload = _swiss_payload(notice, iban)
        return PaymentQR("swiss", _draw(payload, 25, cross=True), payload) if payload else None
    if notice.currency == "EUR" and iban[:2] in SEPA:
        payload = _epc_payload(notice, iban)
        return PaymentQR("epc", _draw(payload, 13, cross=False), payload)
    return None


def _epc_payload(notice: Written, iban: str) -> bytes:
    """Up to eleven lines; at most 331 bytes by the limits of its elements, cut here where a name needs more bytes."""
    structured = notice.reference_kind is ReferenceKind.CREDITOR
    reference = _compact(notice.reference) if structured else ""
    lines = [
        "BCD",
        "002",
        "1",
        "SCT",
        notice.sender.bic or "",
        _bytes(plain(notice.sender.party.name), 70),
        iban,
        f"EUR{plain_amount(notice.payable_minor, 'EUR')}",
        "",
        reference,
        "" if structured else _bytes(plain(notice.reference), 140),
    ]
    return "\n".join(lines).rstrip("\n").encode()


def _swiss_payload(notice: Written, iban: str) -> bytes | None:
    """Thirty-one lines, or None when the creditor's address cannot be split into postal code and town."""
    creditor = _swiss_address(notice.sender.party)
    if creditor is None:
        return None
    kind = reference_kind(notice.reference)
    if kind is ReferenceKind.QR and not is_qr_iban(iban):
        kind = ReferenceKind.PLAIN
    message = plain(notice.reference, 140) if kind is ReferenceKind.PLAIN else ""
    lines = [
        "SPC",
        "0200",
        "1",
        iban,
        *creditor,
        *[""] * 7,
        plain_amount(notice.payable_minor, notice.currency),
        notice.currency,
        *(_swiss_address(notice.debtor) or [""] * 7),
        kind.value,
        "" if kind is ReferenceKind.PLAIN else _compact(notice.reference),
        message if _SWISS_TEXT.fullmatch(message) else "",
        "EPD",
    ]
    return "\n".join(lines).encode()


def _swiss_address(party: Party) -> list[str] | None:
    """Seven lines: type S, name, street, house number, postal code, town, country.

    None when the address does not say so or uses letters the standard does not know: a code may lack the debtor's
    address, never the creditor's.
    """
    lines = [plain(line, 100) for line in party.lines if plain(line, 100)]
    if len(lines) > 1 and not any(char.isdigit() for char in lines[-1]):
        lines.pop()  # the country in words
    town = _TOWN.fullmatch(lines[-1]) if lines else None
    if not town or not re.fullmatch(r"[A-Z]{2}", party.country or ""):
        return None
    street, house = "", ""
    if len(lines) > 1:
        split = _STREET.fullmatch(lines[-2])
        street, house = (split["street"], split["house"]) if split else (lines[-2], "")
    name = plain(party.name)[:70].rstrip()
    address = ["S", name, street[:70], house[:16], town["code"], town["town"][:35], party.country or ""]
    return address if address[1] and all(_SWISS_TEXT.fullmatch(line) for line in address) else None


def _compact(reference: str) -> str:
    return re.sub(r"\s", "", reference).upper()


def _bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character."""
    return text.encode()[:limit].decode(errors="ignore").rstrip()


def _draw(payload: bytes, largest_version: int, *, cross: bool) -> bytes:
    """The code as SVG, one user unit per module, without quiet zone: the page leaves the white."""
    code = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8", mode="byte")
    if int(code.version) > largest_version:
        raise ValueError(f"payment code of version {code.version}")
    out = io.BytesIO()
    code.save(
        out, kind="svg", border=0, xmldecl=False, svgns=True, omitsize=True, nl=False, svgclass=None, lineclass=None
    )
    svg = out.getvalue()
    if not cross:
        return svg
    modules = int(code.symbol_size(border=0)[0])
    return svg.replace(b"</svg>", _swiss_cross(modules).encode() + b"</svg>")


def _swiss_cross(modules: int) -> str:
    """The Swiss cross: 7 of the code's 46 mm, black with a white rim, as the guidelines draw it."""
    mm = modules / 46
    middle = modules / 2

    def square(width: float, height: float, colour: str) -> str:
        x, y = middle - width * mm / 2, middle - height * mm / 2
        return f'<rect x="{x:.3f}" y="{y:.3f}" width="{width * mm:.3f}" height="{height * mm:.3f}" fill="{colour}"/>'

    return square(7, 7, "#fff") + square(6, 6, "#000") + square(1.166, 3.888, "#fff") + square(3.888, 1.166, "#fff")
