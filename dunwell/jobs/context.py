"""What every command needs: who asks, what time it is, and words in the chosen language."""

import os
import pwd
import sys
from datetime import UTC, datetime
from typing import Any

import click

from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import say
from dunwell.core.settings import Settings
from dunwell.core.terms import LANGUAGES


def settings() -> Settings:
    """The one settings object."""
    from django.conf import settings as django_settings

    chosen: Settings = django_settings.DUNWELL
    return chosen


def operator() -> Actor:
    """Whoever runs the command line: it owns the data home. The system says who it is, not the caller's environment."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid-{os.getuid()}"
    return Actor(ActorKind.USER, name)


def moment() -> datetime:
    """The present moment in UTC, or the pretended one of the setting `now`."""
    return (settings().now or datetime.now(UTC)).astimezone(UTC)


def language() -> str:
    """The language of the command line, also while the settings themselves are what is wrong."""
    if "dunwell.config.django" in sys.modules:
        return settings().language
    asked = os.environ.get("DUNWELL_LANGUAGE", "en")
    return asked if asked in LANGUAGES else "en"


def words(code: str, /, **params: Any) -> str:
    """Words of the catalogue in the chosen language."""
    return say(code, language(), **params)


def tell(code: str, /, **params: Any) -> None:
    """Print them on standard output."""
    click.echo(words(code, **params))


def show(table: Any) -> None:
    """Print a table of rich as wide as it needs: a narrow terminal folds lines, but no digit of a sum is ever cut."""
    from rich.console import Console

    console = Console()
    needed = Console(width=10_000).measure(table).maximum
    (Console(width=needed) if needed > console.width else console).print(table)


FOLDED_WIDTH = 100
"""So wide is a table of words where no terminal says how wide it is."""


def show_folded(table: Any) -> None:
    """Print a table of words inside the terminal's width: its cells fold, nothing of them is cut."""
    from rich.console import Console

    console = Console()
    (console if console.is_terminal else Console(width=FOLDED_WIDTH)).print(table)
