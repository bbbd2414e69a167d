"""Account numbers and payment references: what a bank would refuse is refused here first.

Sources: IBAN, ISO 13616 (check by ISO 7064 mod 97-10; lengths of the SWIFT IBAN registry); BIC, ISO 9362;
creditor reference "RF", ISO 11649; QR reference, Swiss Implementation Guidelines QR-bill (mod 10, recursive).
"""

import re
from enum import StrEnum

from dunwell.core.errors import DunwellError

SEPA = frozenset(
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS"
    " SE SI SK SM VA".split()
)
"""Countries of the SEPA credit transfer scheme, by the first two letters of the IBAN."""

_COUNTRIES_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI NL",
    19: "MK SI",
    20: "AT BA EE LT LU",
    21: "CH HR LI LV",
    22: "BG DE GB IE ME RS VA",
    23: "AE GI",
    24: "AD CZ ES MD RO SA SE SK",
    25: "PT",
    26: "IS TR",
    27: "FR GR IT MC SM",
    28: "AL CY HU PL",
    31: "MT",
}
_LENGTHS = {country: length for length, countries in _COUNTRIES_BY_LENGTH.items() for country in countries.split()}
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_RF = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_QR_STEPS = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


class ReferenceKind(StrEnum):
    """What a payment reference is, by its own check digits."""

    CREDITOR = "SCOR"
    """ISO 11649, `RF18 5390 0754 7034`."""
    QR = "QRR"
    """27 digits of the Swiss QR-bill."""
    PLAIN = "NON"
    """Anything else: free text of the payment."""


def check_iban(text: str) -> str:
    """The IBAN without spaces, in capitals. Raises `documents.iban_invalid` on a wrong length or check digit."""
    iban = re.sub(r"\s", "", text).upper()
    expected = _LENGTHS.get(iban[:2])
    if not _IBAN.fullmatch(iban) or (expected and len(iban) != expected) or _mod97(iban) != 1:
        raise DunwellError("documents.iban_invalid", iban=text[:60])
    return iban


def check_bic(text: str) -> str:
    """The BIC without spaces, in capitals. Raises `documents.bic_invalid`."""
    bic = re.sub(r"\s", "", text).upper()
    if not _BIC.fullmatch(bic):
        raise DunwellError("documents.bic_invalid", bic=text[:60])
    return bic


def in_fours(text: str) -> str:
    """`DE89370400440532013000` -> `DE89 3704 0044 0532 0130 00`, as people read and type it."""
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def is_qr_iban(iban: str) -> bool:
    """Whether a checked IBAN is a Swiss QR-IBAN (institution 30000-31999): it takes QR references and nothing else."""
    return iban[:2] in ("CH", "LI") and iban[4:6] in ("30", "31")


def reference_kind(reference: str) -> ReferenceKind:
    """What the reference proves to be; a wrong check digit makes it plain text, never a structured reference."""
    compact = re.sub(r"\s", "", reference).upper()
    if _RF.fullmatch(compact) and _mod97(compact) == 1:
        return ReferenceKind.CREDITOR
    if re.fullmatch(r"[0-9]{27}", compact) and compact.strip("0") and _mod10(compact[:26]) == int(compact[26]):
        return ReferenceKind.QR
    return ReferenceKind.PLAIN


def _mod97(text: str) -> int:
    turned = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97


def _mod10(digits: str) -> int:
    carry = 0
    for digit in digits:
        carry = _QR_STEPS[(carry + int(digit)) % 10]
    return (10 - carry) % 10
