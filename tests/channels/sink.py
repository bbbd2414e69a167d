"""A real SMTP server on loopback that counts what it takes, and can misbehave in the ways servers do."""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """What was taken: `mails` in order; `count` by Message-ID.

    on_rcpt, on_data   recipient or mail -> an answer like "550 5.1.1 no such user", or None for yes; "drop" breaks
                       the connection off, "hang" never answers
    """

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.count: Counter[str] = Counter()
        self.connections = 0
        self.on_rcpt: Callable[[str], str | None] = lambda _: None
        self.on_data: Callable[[EmailMessage], str | None] = lambda _: None

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in mail["To"]]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._obey(server, self.on_rcpt(address))
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        wanted = self.on_data(mail)
        if wanted is None or wanted in ("drop", "hang"):
            self.mails.append(mail)
            self.count[mail["Message-ID"]] += 1
        answer = await self._obey(server, wanted)
        return answer or "250 taken"

    async def _obey(self, server: SMTP, wanted: str | None) -> str | None:
        if wanted == "drop":
            assert server.transport is not None
            server.transport.abort()
        if wanted == "hang":
            await asyncio.sleep(30)
        return wanted


@contextmanager
def smtp_sink(tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Sink]:
    """Run a sink for the length of a block. `tls`: speak TLS from the first byte; options go to aiosmtpd's SMTP."""
    sink = Sink()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(sink, hostname="sink", loop=loop, **options), "127.0.0.1", 0, ssl=tls)
    )
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task():
            task.cancel()
    server.abort_clients()
    # closed transports let go of their sockets in later turns of the loop
    for _ in range(5):
        await asyncio.sleep(0)
