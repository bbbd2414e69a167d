"""`:86:` of MT940: what the payer wrote and who he is, as banks write it: `?20`, `EREF+`, `/REMI/` or free text."""

import re
from dataclasses import dataclass

_SUBFIELD = re.compile(r"^[0-9]{3}([?>~@|])[0-9]{2}")
_FULL = 27
"""A subfield so long runs on in the next one; after a shorter one a word ends."""
_SEPA = ("EREF", "KREF", "MREF", "CRED", "DEBT", "COAM", "OAMT", "SVWZ", "ABWA", "ABWE", "IBAN", "BIC", "PURP", "ABWD")
_SEPA_KEY = re.compile(rf"(?:^|(?<=\W)|(?<=[a-z0-9]))({'|'.join(_SEPA)})\+")
_SLASH_KEYS = (
    "EREF", "ORDP", "BENM", "REMI", "NAME", "IBAN", "BIC", "ACCW", "TRTP", "CSID", "MARF", "PREF", "RTRN", "PURP",
    "ADDR", "ISDT", "CNTP", "TRCD", "INIT", "ULTD", "ULTC", "ID", "USTD", "STRD",
)  # fmt: skip
_SLASH_KEY = re.compile(rf"/({'|'.join(_SLASH_KEYS)})(?=/)")


@dataclass(slots=True)
class Details:
    """What `:86:` tells."""

    text: str = ""
    end_to_end: str = ""
    reference: str = ""
    payer: str = ""
    payer_account: str = ""


def details_of(raw: str) -> Details:
    """Read one `:86:`, its lines joined by line ends."""
    structured = _SUBFIELD.match(raw.lstrip())
    if structured:
        return _subfields(raw.strip(), structured[1])
    joined = raw.replace("\n", "")
    if _SLASH_KEY.match(joined.lstrip()):
        return _slashes(joined.strip())
    return _with_sepa(" ".join(raw.split()), Details())


def _subfields(raw: str, mark: str) -> Details:
    """`166?00...?20...?32...`: lines are broken anywhere, subfields 20 to 29 and 60 to 63 run on."""
    parts: dict[str, str] = {}
    for piece in raw.replace("\n", "").split(mark)[1:]:
        key, text = piece[:2], piece[2:]
        if key.isdigit():
            parts[key] = parts.get(key, "") + text
        elif parts:
            parts[next(reversed(parts))] += mark + piece
    found = Details(
        payer=(parts.get("32", "") + parts.get("33", "")).strip(),
        payer_account=(parts.get("31") or parts.get("38") or "").strip(),
    )
    purpose = [parts[str(key)] for key in (*range(20, 30), *range(60, 64)) if str(key) in parts]
    return _with_sepa("".join(one if len(one) >= _FULL else f"{one} " for one in purpose), found)


def _with_sepa(joined: str, found: Details) -> Details:
    """`EREF+...SVWZ+...` taken apart; without such keys all of it is text."""
    keys = list(_SEPA_KEY.finditer(joined))
    if not keys:
        found.text = joined.strip()
        return found
    values: dict[str, str] = {}
    for key, after in zip(keys, [*keys[1:], None], strict=True):
        text = joined[key.end() : after.start() if after else len(joined)].strip()
        values.setdefault(key[1], text)
    before = joined[: keys[0].start()].strip()
    found.end_to_end = values.get("EREF", "")
    found.reference = values.get("KREF", "")
    found.payer_account = found.payer_account or values.get("IBAN", "")
    found.payer = values.get("ABWA") or found.payer
    found.text = " ".join(one for one in (before, values.get("SVWZ", "")) if one)
    return found


def _slashes(joined: str) -> Details:
    """`/EREF/x/ORDP//NAME/y/REMI/z`: keys between slashes."""
    keys = list(_SLASH_KEY.finditer(joined))
    values: dict[str, str] = {}
    for key, after in zip(keys, [*keys[1:], None], strict=True):
        text = joined[key.end() : after.start() if after else len(joined)].strip("/ ")
        values[key[1]] = f"{values[key[1]]} {text}" if values.get(key[1]) else text
    remittance = values.get("REMI", "")
    structured = re.match(r"^STRD/CUR/(.*)$", remittance)
    return Details(
        text=" ".join(one for one in (re.sub(r"^USTD/+", "", remittance), values.get("USTD", "")) if one),
        end_to_end=values.get("EREF", ""),
        reference=structured[1] if structured else values.get("STRD", "").removeprefix("CUR/"),
        payer=values.get("NAME", ""),
        payer_account=values.get("IBAN", "") or values.get("ACCW", "").split(",")[0],
    )
