"""Whether two addresses, as people write them, are one: telephone numbers and e-mail addresses in one form each.

Calling codes and what is dialled before a national number come from libphonenumber (`phonenumbers`).
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

_NUMBER = re.compile(r"\+?[0-9]+")
_BETWEEN = re.compile(r"\(0\)|[\s().,/\-\u2010-\u2015]")
"""What people write between digits; the zero in brackets is not dialled from abroad."""
_SHORTEST = 4
"""Fewer digits are no telephone number."""
_AT_HOME = "~"
"""Begins a national number of which nobody said in which country it is."""


@lru_cache(maxsize=65_536)
def canonical(written: str, country: str | None) -> str:
    """One form of an address: a number as `+4930...`, an e-mail address in small letters without blanks.

    country   ISO 3166-1 alpha-2, of a number that names none; None: not known, see `may_be_one`
    What is neither, e.g. a name or a street, is told apart by its letters, whatever their size.
    """
    plain = unicodedata.normalize("NFKC", written)
    if "@" in plain:
        return "".join(plain.split()).casefold()
    digits = _BETWEEN.sub("", plain)
    if not _NUMBER.fullmatch(digits) or len(digits) < _SHORTEST:
        return " ".join(plain.split()).casefold()
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    try:
        found = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return digits if digits.startswith("+") else _AT_HOME + digits.lstrip("0")
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def may_be_one(one: str, other: str) -> bool:
    """Whether two canonical addresses may be the same: a national number may be one of any country."""
    if one == other:
        return True
    return any(
        home.startswith(_AT_HOME) and whole[:1] in (_AT_HOME, "+") and whole.endswith(home[1:])
        for home, whole in ((one, other), (other, one))
    )
