"""Let the prepared messages leave, by every channel that can be used. The steps are in `actions.sending.sender`."""

from collections.abc import Callable, Iterable, Mapping

from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.report import SendReport
from dunwell.actions.sending.sender import Sender
from dunwell.channels.email import EmailChannel
from dunwell.channels.letter import LetterChannel
from dunwell.channels.message import Channel
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError
from dunwell.core.settings import Settings
from dunwell.core.terms import LANGUAGES
from dunwell.documents import fonts
from dunwell.store.models import Creditor

CHANNELS = ("email", "letter")
"""What can be sent by today."""


def open_channels(
    settings: Settings, clock: Clock, wanted: Iterable[str] = ()
) -> tuple[dict[str, Channel], list[DunwellError]]:
    """The channels that can be used, and in words what stands in the way of the others.

    wanted   names; what stands in the way of a named channel is raised. Empty: every channel that can be used.
    """
    every: tuple[Channel, ...] = (
        EmailChannel(settings, this_machine_only=clock.pretends),
        LetterChannel(settings.letters),
    )
    names = tuple(wanted)
    usable: dict[str, Channel] = {}
    problems: list[DunwellError] = []
    for channel in every:
        if names and channel.name not in names:
            continue
        found = channel.problems() or (_font_problems() if channel.name == "letter" else [])
        if found and names:
            raise found[0]
        if found:
            problems += found
        else:
            usable[channel.name] = channel
    return usable, problems


def send(
    *,
    creditors: Iterable[Creditor],
    channels: Mapping[str, Channel],
    settings: Settings,
    clock: Clock,
    by: Actor,
    limit: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[SendReport], None] = lambda _: None,
    pause_at: Callable[[str], None] = lambda _: None,
) -> SendReport:
    """Send all that is due, until nothing is, `limit` messages are done, or `stopped()` says so.

    channels   by name, see `open_channels`; tests and trials bring their own
    pause_at   called with the name of each step as it is reached: a test kills the process there

    A creditor who cannot be a sender (no address, no signatory, no account) is refused before anything is claimed.
    """
    report = SendReport()
    usable = dict(channels)
    try:
        for creditor in creditors:
            Sender(creditor, usable, settings, clock, by, limit, stopped, progress, pause_at, report).run()
    finally:
        for channel in channels.values():
            channel.close()
    return report


def _font_problems() -> list[DunwellError]:
    try:
        for language in LANGUAGES:
            fonts.require(language)
    except DunwellError as problem:
        return [problem]
    return []
