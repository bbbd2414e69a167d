"""Fields of a description in JSON, read one by one: whatever is wrong is refused with the path of the field."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from dunwell.core.errors import DunwellError

LONGEST = 10_000_000
"""Characters of a description; more is none."""
MOST = 1_000
"""Items of a list of a description; more is a book."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, marks that turn the direction of writing, halves of characters: none is part of a name."""
_FIRST, _LAST = date(1900, 1, 1), date(2150, 12, 31)


class _Fraction(float):
    """A number with a point or an exponent, and how it was written: 1e400 is infinite to a float."""

    written: str


def _fraction(written: str) -> _Fraction:
    number = _Fraction(written)
    number.written = written
    return number


def load(source: str) -> Any:
    """What a text of JSON says. Raises DunwellError `claim.too_long`, `claim.no_json`, `claim.twice`,
    `claim.twice_at_top`."""
    if len(source) > LONGEST:
        raise DunwellError("claim.too_long", most=f"{LONGEST:,}")
    doubles: list[tuple[dict[str, Any], str]] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            doubles.append((found, Counter(name for name, _ in pairs).most_common(1)[0][0]))
        return found

    try:
        value = json.loads(source, object_pairs_hook=gather, parse_float=_fraction)
    except json.JSONDecodeError as error:
        raise DunwellError("claim.no_json", line=error.lineno, column=error.colno) from error
    except (RecursionError, ValueError) as error:  # nested too deep, or a number of thousands of digits
        raise DunwellError("claim.no_json", line=1, column=1) from error
    _refuse_doubles(value, doubles)
    return value


def _refuse_doubles(value: Any, doubles: list[tuple[dict[str, Any], str]]) -> None:
    """Refuse fields that stand twice in one object, with the path of the object. The last object gathered holds all
    others that may have been lost because their own field stands twice."""
    if not doubles:
        return
    holder, name = doubles[-1]
    where = _path_of(value, holder)
    if where:
        raise DunwellError("claim.twice", field=where, value=name[:60])
    raise DunwellError("claim.twice_at_top", value=name[:60])


def _path_of(value: Any, wanted: dict[str, Any]) -> str:
    """Where an object stands; "" at the top."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        at, one = waiting.pop()
        if one is wanted:
            return at
        if isinstance(one, dict):
            waiting += [(path(at, name[:60]), below) for name, below in one.items()]
        elif isinstance(one, list):
            waiting += [(f"{at}[{n}]", below) for n, below in enumerate(one)]
    return ""


def shown(value: Any) -> str:
    """A value as the description has it, for errors: text without its quotes, anything else as it was written."""
    if isinstance(value, str):
        return value
    return value.written if isinstance(value, _Fraction) else json.dumps(value, ensure_ascii=False, default=str)


def table(value: Any, at: str, known: set[str]) -> dict[str, Any]:
    """An object with no field but the known ones."""
    if not isinstance(value, dict):
        raise DunwellError("claim.table", field=at or "(the whole)")
    for name in value:
        if name not in known:
            raise DunwellError("claim.unknown_field", field=path(at, name[:60]), known=", ".join(sorted(known)))
    return value


def items(given: Mapping[str, Any], field: str, at: str, *, need: bool = False) -> list[Any]:
    """A list, empty when it is left out. `need`: it may not be empty."""
    value = given.get(field, [])
    if not isinstance(value, list):
        raise DunwellError("claim.list", field=path(at, field))
    if len(value) > MOST:
        raise DunwellError("claim.too_many", field=path(at, field), most=f"{MOST:,}")
    if need and not value:
        raise DunwellError("claim.empty_list" if field in given else "claim.missing", field=path(at, field))
    return value


def text(given: Mapping[str, Any], field: str, at: str) -> str:
    """A text that must be there, without white space around it, and of which a page shows all there is."""
    value = given.get(field)
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise DunwellError("claim.text" if field in given else "claim.missing", field=path(at, field))
    if _UNCLEAN.search(value.strip()):
        raise DunwellError("claim.unclean", field=path(at, field))
    return value.strip()


def choice(given: Mapping[str, Any], field: str, at: str, known: tuple[str, ...] | list[str]) -> str | None:
    """One of the known words; None when it is left out."""
    value = given.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or value not in known:
        raise DunwellError("claim.not_one_of", field=path(at, field), value=shown(value)[:60], known=", ".join(known))
    return value


def day(given: Mapping[str, Any], field: str, at: str) -> date | None:
    """A day like 2026-11-23; None when it is left out."""
    value = given.get(field)
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _ISO.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not _FIRST <= day <= _LAST:
        raise DunwellError("claim.day", field=path(at, field), value=shown(value)[:40])
    return day


def path(at: str, field: str) -> str:
    """Where a field stands, for errors."""
    return f"{at}.{field}" if at and field else at or field
