"""A mail server on this machine that delivers to a folder: the demonstration's post office."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"
REFUSED = "550 5.1.1 no such mailbox"


@dataclass(slots=True)
class Sink:
    """What came in. `arrived` and `refused` hold addresses in the order they came; see `take`."""

    folder: Path
    port: int = 0
    count: int = 0
    arrived: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def take(self) -> tuple[list[str], list[str]]:
        """The addresses that got a mail, and those that were refused, since the last call."""
        arrived, self.arrived = self.arrived, []
        refused, self.refused = self.refused, []
        return arrived, refused

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Nobody lives under .invalid."""
        if address.endswith(".invalid"):
            self.refused.append(address)
            return REFUSED
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail as a file that any mail program opens."""
        self.count += 1
        (self.folder / f"{self.count:05d}.eml").write_bytes(envelope.original_content)
        self.arrived += envelope.rcpt_tos
        return "250 OK"


@contextmanager
def sink(folder: Path) -> Iterator[Sink]:
    """A server on a free port of this machine, as long as the block runs. Mails go to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = Sink(folder, _free_port())
    controller = Controller(kept, hostname=HOST, port=kept.port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def message_ids(folder: Path) -> list[str]:
    """The Message-ID of each mail that was kept, in the order of arrival."""
    return [
        str(message_from_bytes(path.read_bytes(), policy=SMTP)["Message-ID"]) for path in sorted(folder.glob("*.eml"))
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
