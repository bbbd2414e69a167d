"""A description that is piped into a command, and the schema it follows."""

from importlib import resources
from typing import TextIO

from dunwell.core.errors import DunwellError
from dunwell.intake.json_fields import LONGEST
from dunwell.jobs.context import words


def described(source: TextIO, no_input: str) -> str:
    """All that was given, up to a character more than may be. `no_input`: the code of the error when nothing is piped
    in. Raises DunwellError, also for what cannot be read."""
    if source.isatty():
        raise DunwellError(no_input)
    try:
        return source.read(LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise DunwellError("claim.unreadable", path=str(getattr(source, "name", "-")), why=_why(error)) from error


def schema_text(name: str) -> str:
    """A JSON schema of the room `intake`, by the name of its file."""
    return (resources.files("dunwell.intake") / name).read_text(encoding="utf-8").rstrip()


def _why(error: OSError | UnicodeDecodeError) -> str:
    return words("claim.not_utf8") if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
