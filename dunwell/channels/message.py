"""What every channel speaks of: a message, its receipt, and how it can fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from dunwell.channels.cleared import Cleared
from dunwell.core.errors import DunwellError


@dataclass(frozen=True, slots=True)
class Address:
    """A name and an address of the channel, e.g. an e-mail address; a letter needs the name only."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to leave. The same `key` is the same message: a channel derives from it what must be unique.

    at        the moment it leaves, which stands in its date line
    creditor  code of the creditor in whose name it goes: letters of each lie apart
    title     names it among files: debtor number and stage; never a secret
    """

    key: str
    at: datetime
    creditor: str
    title: str
    sender: Address
    to: Address
    subject: str
    text: str
    html: str
    language: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel said when it took the message: the server's words, or the file's name."""

    text: str


class Failed(Exception):
    """A message did not leave, or may not have. `reason` is a code (words: `send.reason.<code>`), `said` the channel's
    own words."""

    def __init__(self, reason: str, said: str = "") -> None:
        self.reason = reason
        self.said = said
        super().__init__(f"{reason}: {said}" if said else reason)


class TryLater(Failed):
    """It did not leave; the same message may be tried again later."""


class ChannelDown(TryLater):
    """It did not leave, and no other message would by this channel: the fault is not with this message."""


class Undeliverable(Failed):
    """It did not leave and never will by this address."""


class Unknown(Failed):
    """It was handed over and no answer came: it may have left. Never repeat it."""


class Channel(Protocol):
    """What `actions.sending` asks of a channel."""

    name: ClassVar[str]
    repeatable: ClassVar[bool]
    """May a message whose fate is unknown be sent again without harm? A file yes, a mail no."""

    def pack(self, message: Message) -> bytes:
        """The exact bytes that will leave. Raises Undeliverable; nothing has happened yet."""

    def send(self, message: Message, packed: bytes, leave: Cleared) -> Receipt:
        """Let them leave, once. Raises TryLater, Undeliverable or Unknown, and NotCleared before anything happens."""

    def close(self) -> None:
        """Let go of connections; the channel may be used again."""

    def problems(self) -> list[DunwellError]:
        """What in the settings stands in the way of sending at all, in words; looked at before a claim is made."""
