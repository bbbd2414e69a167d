import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from dunwell.channels.cleared import clear
from dunwell.channels.email import EmailChannel, is_this_machine
from dunwell.channels.mail_text import message_id
from dunwell.channels.message import Address, ChannelDown, Message, Receipt, TryLater, Undeliverable, Unknown
from dunwell.core.settings import Settings
from tests.channels.sink import Sink, smtp_sink
from tests.channels.test_mail_text import a_message


@pytest.fixture
def sink():
    with smtp_sink() as running:
        yield running


@pytest.fixture
def to() -> Iterator[Callable[..., EmailChannel]]:
    """A channel to a sink, closed after the test."""
    opened = []

    def connect(sink: Sink, **changes: Any) -> EmailChannel:
        values = {"smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_security": "none", **changes}
        opened.append(EmailChannel(Settings(home=Path(), **values), patience_seconds=2))
        return opened[-1]

    yield connect
    for channel in opened:
        channel.close()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def hand(channel: EmailChannel, message: Message) -> Receipt:
    return channel.send(message, channel.pack(message), clear(message.key, channel.name, 1))


class TestEmail:
    def test_arrives_as_it_was_packed(self, sink, to):
        message = a_message(text="Line\n.\n..two dots\nGrüße 请付款\n")
        receipt = hand(to(sink), message)
        assert receipt.text == "250 taken"
        (mail,) = sink.mails
        assert mail["Message-ID"] == message_id(message.key, "accounts@acme.example")
        assert text_of(mail) == "Line\n.\n..two dots\nGrüße 请付款\n"

    def test_goes_through_one_connection(self, sink, to):
        channel = to(sink)
        for number in range(5):
            hand(channel, a_message(key=str(number)))
        channel.close()
        assert (sink.connections, len(sink.count)) == (1, 5)

    def test_connects_anew_when_the_server_hung_up_in_between(self, sink, to):
        channel = to(sink)
        hand(channel, a_message(key="1"))
        channel._server.sock.shutdown(2)
        hand(channel, a_message(key="2"))
        assert (sink.connections, len(sink.mails)) == (2, 2)

    @pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "452 4.2.2 mailbox full"])
    def test_is_tried_later_when_the_server_says_later(self, sink, answer, to):
        sink.on_rcpt = lambda _: answer
        with pytest.raises(TryLater) as failed:
            hand(to(sink), a_message())
        assert (failed.value.reason, failed.value.said) == ("server_later", answer)
        assert not isinstance(failed.value, ChannelDown)
        assert sink.mails == []

    def test_is_undeliverable_when_the_recipient_is_refused(self, sink, to):
        sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("weber") else None
        channel = to(sink)
        with pytest.raises(Undeliverable) as failed:
            hand(channel, a_message())
        assert failed.value.reason == "address_refused"
        hand(channel, a_message(to=Address("B", "b@debtor.example")))
        assert [mail["To"].addresses[0].addr_spec for mail in sink.mails] == ["b@debtor.example"]
        assert sink.connections == 1

    @pytest.mark.parametrize(
        ("answer", "kind", "reason"),
        [("554 5.7.1 spam", Undeliverable, "message_refused"), ("451 4.3.0 later", TryLater, "server_later")],
    )
    def test_follows_the_answer_to_its_data(self, sink, answer, kind, reason, to):
        sink.on_data = lambda _: answer
        with pytest.raises(kind) as failed:
            hand(to(sink), a_message())
        assert failed.value.reason == reason

    def test_is_tried_later_when_the_line_breaks_before_the_data(self, sink, to):
        sink.on_rcpt = lambda _: "drop"
        with pytest.raises(TryLater):
            hand(to(sink), a_message())
        assert sink.mails == []

    @pytest.mark.parametrize("misdeed", ["drop", "hang"])
    def test_has_an_unknown_fate_when_no_answer_follows_the_data(self, sink, misdeed, to):
        sink.on_data = lambda _: misdeed
        channel = to(sink)
        channel._patience = 0.3
        with pytest.raises(Unknown):
            hand(channel, a_message())
        sink.on_data = lambda _: None
        hand(channel, a_message(key="other"))
        assert len(sink.count) == 2

    def test_is_tried_later_when_nobody_listens(self, to):
        with smtp_sink() as gone:
            pass
        with pytest.raises(ChannelDown) as failed:
            hand(to(gone), a_message())
        assert failed.value.reason == "server_unreachable"

    def test_does_not_go_without_the_encryption_asked_for(self, sink, to):
        with pytest.raises(ChannelDown):
            hand(to(sink, smtp_security="starttls"), a_message())
        assert sink.mails == []

    def test_stays_when_the_log_in_is_refused(self, sink, to):
        with pytest.raises(ChannelDown):
            hand(to(sink, smtp_user="acme", smtp_password="wrong"), a_message())
        assert sink.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key",
         "-out", folder / "cert"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context, folder / "cert"


class TestEncryption:
    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_refuses_a_certificate_nobody_vouches_for(self, certificate, security, to):
        with self._server(certificate[0], security) as sink:
            with pytest.raises(ChannelDown):
                hand(to(sink, smtp_host="localhost", smtp_security=security), a_message())
            assert sink.mails == []

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_carries_mail_to_a_server_that_is_vouched_for(self, certificate, security, monkeypatch, to):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
        with self._server(certificate[0], security) as sink:
            hand(to(sink, smtp_host="localhost", smtp_security=security), a_message())
            assert len(sink.mails) == 1

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_refuses_a_certificate_of_another_name(self, certificate, security, monkeypatch, to):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
        with self._server(certificate[0], security) as sink:
            with pytest.raises(ChannelDown):
                hand(to(sink, smtp_host="127.0.0.1", smtp_security=security), a_message())
            assert sink.mails == []

    @staticmethod
    def _server(context, security):
        if security == "tls":
            return smtp_sink(tls=context)
        return smtp_sink(tls_context=context, require_starttls=True)


class TestMailSettings:
    def problem(self, *, this_machine_only: bool = False, **changes: Any) -> str:
        channel = EmailChannel(Settings(home=Path(), **changes), this_machine_only=this_machine_only)
        return ",".join(problem.code for problem in channel.problems())

    def test_need_a_server(self):
        assert self.problem() == "send.no_mail_server"

    def test_allow_no_encryption_to_this_machine_only(self):
        assert self.problem(smtp_host="127.0.0.1", smtp_security="none") == ""
        assert self.problem(smtp_host="192.0.2.1", smtp_security="none") == "send.mail_unencrypted"

    def test_keep_a_trial_on_this_machine(self):
        assert self.problem(smtp_host="192.0.2.1", this_machine_only=True) == "send.trial_leaves_machine"
        assert self.problem(smtp_host="localhost", this_machine_only=True) == ""

    def test_know_this_machine(self):
        assert is_this_machine("127.0.0.1")
        assert is_this_machine("localhost")
        assert not is_this_machine("192.0.2.1")
        assert not is_this_machine("no such host")
