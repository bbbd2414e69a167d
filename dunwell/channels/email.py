"""E-mail by SMTP (RFC 5321). One connection serves many messages.

What each answer means. Before the data were handed over nothing has left, so the message may be tried again;
a refused recipient (5xx) is final. Between the last byte and the server's answer its fate is open: `Unknown`.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from ipaddress import ip_address
from typing import ClassVar

from dunwell.channels.cleared import Cleared, spend
from dunwell.channels.mail_text import mail_bytes, mailbox
from dunwell.channels.message import ChannelDown, Message, Receipt, TryLater, Undeliverable, Unknown
from dunwell.core.errors import DunwellError
from dunwell.core.settings import Settings

PATIENCE_SECONDS = 60.0
"""How long each answer of the server may take."""


class EmailChannel:
    """A mail server by its settings.

    this_machine_only   refuse any server that is not this machine: for trials with a pretended present
    """

    name: ClassVar[str] = "email"
    repeatable: ClassVar[bool] = False

    def __init__(
        self, settings: Settings, *, this_machine_only: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._settings = settings
        self._this_machine_only = this_machine_only
        self._patience = patience_seconds
        self._server: smtplib.SMTP | None = None

    def pack(self, message: Message) -> bytes:
        """The exact mail. Raises Undeliverable for an impossible address."""
        return mail_bytes(message)

    def send(self, message: Message, packed: bytes, leave: Cleared) -> Receipt:
        """Hand the mail to the server. Raises TryLater, ChannelDown, Undeliverable, Unknown."""
        spend(leave, message.key, self.name)
        sender, to = mailbox(message.sender.value), mailbox(message.to.value)
        server = self._begin(sender)
        try:
            self._ask(server, f"RCPT TO:<{to}>", (250, 251), "address_refused")
            self._ask(server, "DATA", (354,), "message_refused")
        except (TryLater, Undeliverable):
            self._reset()
            raise
        return self._hand_over(server, packed)

    def close(self) -> None:
        """Say goodbye to the server."""
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._server.quit()
            self._drop()

    def problems(self) -> list[DunwellError]:
        """No server set; no encryption on the way to another machine; a trial towards another machine."""
        host, port = self._settings.smtp_host, self._settings.smtp_port
        if not host:
            return [DunwellError("send.no_mail_server")]
        if self._settings.smtp_security == "none" and not is_this_machine(host):
            return [DunwellError("send.mail_unencrypted", place=f"{host}:{port}")]
        if self._this_machine_only and not is_this_machine(host):
            return [DunwellError("send.trial_leaves_machine", place=f"{host}:{port}")]
        return []

    def _begin(self, sender: str) -> smtplib.SMTP:
        """A connection that has accepted our sender; one that went stale since the last mail is replaced once."""
        reused = self._server is not None
        try:
            return self._mail_from(sender)
        except ChannelDown:
            if not reused:
                raise
            self._drop()
        return self._mail_from(sender)

    def _mail_from(self, sender: str) -> smtplib.SMTP:
        server = self._server or self._connect()
        self._server = server
        code, said = self._exchange(server, f"MAIL FROM:<{sender}>")
        if code == 250:
            return server
        self._drop()
        # a server that refuses our own address would refuse it for every message
        raise ChannelDown("sender_refused" if code >= 500 else "server_later", _words(code, said))

    def _connect(self) -> smtplib.SMTP:
        chosen = self._settings
        here = is_this_machine(chosen.smtp_host)
        name = "localhost" if here else None
        try:
            server: smtplib.SMTP
            if chosen.smtp_security == "tls":
                server = smtplib.SMTP_SSL(
                    chosen.smtp_host,
                    chosen.smtp_port,
                    local_hostname=name,
                    timeout=self._patience,
                    context=ssl.create_default_context(),
                )
            else:
                server = smtplib.SMTP(chosen.smtp_host, chosen.smtp_port, local_hostname=name, timeout=self._patience)
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelDown("server_unreachable", _why(error)) from error
        try:
            self._greet(server)
        except (smtplib.SMTPException, OSError) as error:
            server.close()
            reason = "login_refused" if isinstance(error, smtplib.SMTPAuthenticationError) else "server_unreachable"
            raise ChannelDown(reason, _why(error)) from error
        return server

    def _greet(self, server: smtplib.SMTP) -> None:
        chosen = self._settings
        assert server.sock is not None
        # a body and its end are two writes: they must not wait for each other's acknowledgement
        server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain = chosen.smtp_security == "none"
        if (plain or self._this_machine_only) and not ip_address(server.sock.getpeername()[0]).is_loopback:
            raise OSError("the server is not this machine")
        server.ehlo_or_helo_if_needed()
        if chosen.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if chosen.smtp_user:
            server.login(chosen.smtp_user, chosen.smtp_password)

    def _exchange(self, server: smtplib.SMTP, command: str) -> tuple[int, bytes]:
        """One command and its answer. Raises ChannelDown when the connection is gone."""
        try:
            verb, _, rest = command.partition(" ")
            return server.docmd(verb, rest)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise ChannelDown("server_unreachable", _why(error)) from error

    def _ask(self, server: smtplib.SMTP, command: str, wanted: tuple[int, ...], refused: str) -> None:
        code, said = self._exchange(server, command)
        if code in wanted:
            return
        if code == 421:
            self._drop()
            raise ChannelDown("server_later", _words(code, said))
        if 500 <= code < 600:
            raise Undeliverable(refused, _words(code, said))
        raise TryLater("server_later", _words(code, said))

    def _hand_over(self, server: smtplib.SMTP, packed: bytes) -> Receipt:
        assert server.sock is not None
        body = packed if packed.endswith(b"\r\n") else packed + b"\r\n"
        if body.startswith(b"."):
            body = b"." + body
        body = body.replace(b"\r\n.", b"\r\n..")
        try:
            server.sock.sendall(body)
        except OSError as error:
            # without the line that ends it the server may not take the message
            self._drop()
            raise ChannelDown("server_unreachable", _why(error)) from error
        try:
            server.sock.sendall(b".\r\n")
            code, said = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unknown("no_answer", _why(error)) from error
        if 200 <= code < 300:
            return Receipt(_words(code, said))
        if 500 <= code < 600:
            raise Undeliverable("message_refused", _words(code, said))
        if 400 <= code < 500:
            raise TryLater("server_later", _words(code, said))
        self._drop()
        raise Unknown("no_answer", _words(code, said))

    def _reset(self) -> None:
        """Forget the mail that was begun, or the connection with it."""
        if self._server is None:
            return
        try:
            code, _ = self._server.rset()
        except (smtplib.SMTPException, OSError):
            code = -1
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def is_this_machine(host: str) -> bool:
    """Do all addresses of a host lie on this machine?"""
    try:
        return all(ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None))
    except (OSError, UnicodeError, ValueError):
        return False


def _words(code: int, said: bytes) -> str:
    return f"{code} {' '.join(said.decode('utf-8', 'replace').split())}"[:300]


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return _words(error.smtp_code, said)
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
