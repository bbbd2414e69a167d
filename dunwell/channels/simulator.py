"""A channel that only pretends, for trials: it answers by what stands before the @ of the address."""

from typing import ClassVar

from dunwell.channels.cleared import Cleared, spend
from dunwell.channels.message import ChannelDown, Message, Receipt, TryLater, Undeliverable, Unknown
from dunwell.core.errors import DunwellError


class Simulator:
    """Keeps what was sent in `sent`. Addresses: try-later@, undeliverable@, unknown@, down@; all others succeed."""

    name: ClassVar[str] = "email"
    repeatable: ClassVar[bool] = False

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def pack(self, message: Message) -> bytes:
        """The text."""
        return message.text.encode()

    def send(self, message: Message, packed: bytes, leave: Cleared) -> Receipt:
        """Answer as the address asks."""
        spend(leave, message.key, self.name)
        match message.to.value.partition("@")[0]:
            case "try-later":
                raise TryLater("server_later", "451 simulated")
            case "undeliverable":
                raise Undeliverable("address_refused", "550 simulated")
            case "unknown":
                raise Unknown("no_answer", "simulated")
            case "down":
                raise ChannelDown("server_unreachable", "simulated")
        self.sent.append(message)
        return Receipt("250 simulated")

    def close(self) -> None:
        """Nothing is open."""

    def problems(self) -> list[DunwellError]:
        """None: it needs no settings."""
        return []
