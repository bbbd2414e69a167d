"""Errors that speak to people: a code, its parameters, and its words in three languages.

The words lie in `core/words/*.toml`, one file per room, one table per code:

    ["import.unknown_currency"]
    en = "{value} is not a currency of ISO 4217. Write its three letters, e.g. EUR."
    zh-Hans = "..."
    zh-Hant = "..."
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from dunwell.core.terms import LANGUAGES


@dataclass(frozen=True, slots=True)
class Words:
    """A parameter that has words of its own in each language: their code."""

    code: str


class DunwellError(Exception):
    """Something a person must hear about. Raised with a code of the catalogue and its parameters."""

    def __init__(self, code: str, /, **params: Any) -> None:
        self.code = code
        self.params = params
        super().__init__(say(code, "en", **params))

    def words(self, language: str = "en") -> str:
        """The error in one of the three languages."""
        return say(self.code, language, **self.params)


class SeveralErrors(DunwellError):
    """Several things that a person must hear about in one answer: `errors`, at least two, in their order."""

    def __init__(self, code: str, errors: Sequence[DunwellError], /) -> None:
        self.errors = tuple(errors)
        super().__init__(code, count=len(self.errors))

    def words(self, language: str = "en") -> str:
        """How many, then each on a line of its own."""
        return "\n".join([super().words(language), *(f"- {error.words(language)}" for error in self.errors)])

    def __str__(self) -> str:
        return self.words("en")


class AtField(DunwellError):
    """An error that does not say by itself which field it is about: `field` stands before its words."""

    def __init__(self, field: str, error: DunwellError, /) -> None:
        self.error = error
        super().__init__("error.at_field", field=field, why=error.words("en"))
        self.code = error.code

    def at(self, field: str) -> "AtField":
        """The same about a field that is called otherwise."""
        return AtField(field, self.error)

    def words(self, language: str = "en") -> str:
        """The field, then the error."""
        return say("error.at_field", language, field=self.params["field"], why=self.error.words(language))


def refusal(code: str, errors: Sequence[DunwellError]) -> DunwellError:
    """One error as it is, several together under `code` (with {count})."""
    return errors[0] if len(errors) == 1 else SeveralErrors(code, errors)


class Refused(DunwellError):
    """An act was refused: nothing was written."""


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All codes with their words: `{code: {language: template}}`. A code may stand in one file only."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files("dunwell.core.words").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            for code, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
                if code in found:
                    raise ValueError(f"{code} stands twice in the catalogue (again in {file.name})")
                found[code] = words
    return found


def say(code: str, language: str = "en", /, **params: Any) -> str:
    """The words of a code with its parameters filled in. Unknown codes and missing parameters are bugs and raise.

    Values may come from hostile files: control characters are shown as escapes, so that a name cannot
    repaint a terminal or forge a second line.
    """
    template = catalogue()[code][language if language in LANGUAGES else "en"]
    return template.format_map({name: _plain(value, language) for name, value in params.items()})


def _plain(value: Any, language: str) -> Any:
    if isinstance(value, Words):
        return say(value.code, language)
    if isinstance(value, str):
        return _CONTROL.sub(lambda m: repr(m.group())[1:-1], value)
    return value


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
