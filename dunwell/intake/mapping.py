"""Mapping files, YAML or TOML: for exports whose columns are not recognised.

kind = "invoices"                 # customers, contacts, invoices, credit_notes, charges, payments, disputes,
                                  # targets, statements
decimal = ","                     # or "."
date = "DD.MM.YYYY"
encoding = "cp1252"
delimiter = ";"
[columns]
"Beleg" = "number"
"Kunde" = "debtor"
[constants]
currency = "EUR"
"""

import codecs
import difflib
import tomllib
from pathlib import Path
from typing import Any

import yaml

from dunwell.core.errors import DunwellError
from dunwell.intake.columns import fields
from dunwell.intake.dates import pattern
from dunwell.intake.shapes import KINDS, STATEMENTS, Mapping
from dunwell.intake.source import open_file

_KEYS = ("kind", "columns", "constants", "decimal", "date", "encoding", "delimiter")
_KINDS = (*KINDS, STATEMENTS)
_LARGEST = 1 << 16
_MOST_BRACKETS = 200
"""YAML reads a long row of opening brackets in quadratic time."""
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; what it may hold is shown at the top of this module. Refuses unknown keys and fields."""
    with open_file(path) as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise _invalid(path, "larger than 64 KiB")
    try:
        text = raw.decode("utf-8-sig")
        if text.count("[") + text.count("{") > _MOST_BRACKETS:
            raise ValueError("too many brackets")
        data = tomllib.loads(text) if path.suffix.lower() == ".toml" else yaml.safe_load(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError, ValueError, RecursionError) as problem:
        raise _invalid(path, " ".join(str(problem).split())[:300]) from None
    if not isinstance(data, dict):
        raise _invalid(path, "not a table of keys and values")
    for key in data:
        if key not in _KEYS:
            raise _invalid(path, f"unknown key {str(key)[:60]!r}; the keys are {', '.join(_KEYS)}")
    kind = _text(path, data, "kind")
    if kind is not None and kind not in _KINDS:
        raise _invalid(path, f"unknown kind {kind[:60]!r}; the kinds are {', '.join(_KINDS)}")
    columns = _table(path, data, "columns")
    constants = _table(path, data, "constants")
    _check_fields(path, kind, [*columns.values(), *constants])
    targets = [*columns.values(), *constants]
    for field in targets:
        if targets.count(field) > 1 and (kind, field) != (STATEMENTS, "text"):
            raise _invalid(path, f"field {field!r} is given twice")
    decimal = _text(path, data, "decimal")
    if decimal not in (None, ".", ","):
        raise _invalid(path, 'decimal is "." or ","')
    date = _text(path, data, "date")
    if date is not None and pattern(date) is None:
        raise _invalid(path, "date is made of YYYY (or YY), MM and DD, e.g. DD.MM.YYYY")
    encoding = _text(path, data, "encoding")
    if encoding is not None:
        try:
            if not codecs.lookup(encoding)._is_text_encoding:
                raise LookupError
        except (LookupError, ValueError):
            raise _invalid(path, f"unknown encoding {encoding[:60]!r}") from None
    delimiter = _text(path, data, "delimiter")
    delimiter = _DELIMITERS.get(delimiter or "", delimiter)
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'):
        raise _invalid(path, "delimiter is one character, e.g. ; or tab")
    return Mapping(kind, columns, constants, decimal, date, encoding, delimiter)  # type: ignore[arg-type]


def _check_fields(path: Path, kind: str | None, targets: list[str]) -> None:
    allowed = {field for one in ([kind] if kind else _KINDS) for field in fields(one)}
    for field in targets:
        if field not in allowed:
            near = difflib.get_close_matches(field, allowed, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise _invalid(path, f"unknown field {field[:60]!r}{hint} The fields are {', '.join(sorted(allowed))}")


def _text(path: Path, data: dict[str, Any], key: str) -> str | None:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise _invalid(path, f"{key} is a text")
    return value


def _table(path: Path, data: dict[str, Any], key: str) -> dict[str, str]:
    value = data.get(key) or {}
    if not isinstance(value, dict) or not all(
        isinstance(name, str | int) and isinstance(target, str | int) for name, target in value.items()
    ):
        raise _invalid(path, f"{key} is a table of texts")
    return {str(name): str(target) for name, target in value.items()}


def _invalid(path: Path, reason: str) -> DunwellError:
    return DunwellError("intake.mapping_invalid", file=str(path), reason=reason)
