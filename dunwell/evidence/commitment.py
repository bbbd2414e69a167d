"""The commitment of a journal entry: a hash that binds its content without showing it.

The commitment of an entry is SHA-256(b"dunwell.journal.v1" || salt || canonical JSON of the entry), where the
canonical form is RFC 8785 and the salt is 32 random bytes kept beside the entry. Erasing salt and body later
leaves the commitment, and every proof built over it, intact. Content holds text, whole numbers, true/false,
null, lists and objects: no floats (money is minor units, moments are ISO 8601 text in UTC).
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import rfc8785

SCHEMA_VERSION = 1
SALT_BYTES = 32
_DOMAIN = b"dunwell.journal.v1"


def canonical(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785) as UTF-8. Raises ValueError for floats and whole numbers beyond 2^53 - 1."""
    _refuse_floats(content)
    try:
        return rfc8785.dumps(dict(content))
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def new_salt() -> bytes:
    """32 fresh random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def commit(salt: bytes, entry: bytes) -> bytes:
    """The 32-byte commitment of canonical `entry` bytes under `salt`."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(_DOMAIN + salt + entry).digest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a journal entry holds no floats: write minor units or text")
    if isinstance(value, Mapping):
        for each in value.values():
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)
