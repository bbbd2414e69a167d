"""Fill the settings object from the environment and from `settings.toml` in the data home."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from dunwell.core.errors import DunwellError
from dunwell.core.settings import Settings
from dunwell.core.terms import LANGUAGES

_CHOICES = {
    "language": LANGUAGES,
    "smtp_security": ("starttls", "tls", "none"),
    "sqlite_synchronous": ("full", "normal"),
}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings of this process. Raises DunwellError in words when a value cannot be used."""
    home = Path(environ.get("DUNWELL_HOME") or "~/.dunwell").expanduser().absolute()
    chosen: dict[str, Any] = {**_file(home / "settings.toml"), **_variables(environ), "home": home}
    known = {f.name for f in fields(Settings)}
    for name in chosen:
        if name not in known:
            raise DunwellError("settings.unknown", name=name, known=", ".join(sorted(known)))
    return Settings(**{name: _value(name, value) for name, value in chosen.items()})


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise DunwellError("settings.unreadable", path=str(path), why=str(error)) from error


def _variables(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if environ.get("DATABASE_URL"):
        found["database_url"] = environ["DATABASE_URL"]
    for each in fields(Settings):
        value = environ.get(f"DUNWELL_{each.name.upper()}")
        if value and each.metadata.get("in_file_only"):
            raise DunwellError("settings.in_file_only", name=each.name, variable=f"DUNWELL_{each.name.upper()}")
        if value:
            found[each.name] = value
    return found


def _value(name: str, value: Any) -> Any:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise DunwellError("settings.bad_value", name=name, value=str(value), expected=", ".join(_CHOICES[name]))
    if name == "smtp_port":
        if not str(value).isdecimal() or not 0 < int(value) < 65536:
            raise DunwellError("settings.bad_value", name=name, value=str(value), expected="1-65535")
        return int(value)
    if name == "now":
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        # a moment that has no day at some place of the earth could not be used
        if moment is None or moment.tzinfo is None or not 1970 <= moment.year <= 2200:
            raise DunwellError("settings.bad_value", name=name, value=str(value), expected="2026-11-22T09:30:00+00:00")
        return moment
    if name != "home" and not isinstance(value, str):
        raise DunwellError("settings.bad_value", name=name, value=str(value), expected="text")
    return value
