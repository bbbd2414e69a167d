from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.channels.mail_text import mail_bytes, mailbox, message_id, one_line
from dunwell.channels.message import Address, Attachment, Message, Undeliverable


def a_message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "key": "main:10001:collection:EUR:reminder:0:0",
        "at": datetime(2026, 11, 24, 9, tzinfo=UTC),
        "creditor": "main",
        "title": "10001-reminder",
        "sender": Address("Acme GmbH", "accounts@acme.example"),
        "to": Address("Weber & Söhne", "weber@debtor.example"),
        "subject": "Reminder: EUR 1,234.50",
        "text": "Dear Weber,\nplease pay EUR 1,234.50.\n",
        "html": "<p>please pay EUR 1,234.50</p>",
        "language": "en",
    }
    return Message(**(values | changes))


HOSTILE = st.text(
    alphabet=st.one_of(st.sampled_from("\r\n\x00\x0b\x0c\u2028\u2029\u202e\ud800\t :;,<>@\"'\\=?"), st.characters()),
    max_size=300,
)


class TestMailText:
    def test_is_plain_ascii_with_crlf_on_the_wire(self):
        packed = mail_bytes(
            a_message(text="请付款 1,234.50 元\n" * 50, subject="催款通知：上海善成机电设备有限公司" * 9)
        )
        packed.decode("ascii")
        assert b"\n" not in packed.replace(b"\r\n", b"")
        assert max(map(len, packed.split(b"\r\n"))) <= 998

    def test_says_who_writes_to_whom_and_when(self):
        mail = message_from_bytes(mail_bytes(a_message()), policy=default)
        assert mail["From"] == "Acme GmbH <accounts@acme.example>"
        assert mail["To"].addresses[0].display_name == "Weber & Söhne"
        assert mail["Reply-To"] == "accounts@acme.example"
        assert mail["Date"].datetime == datetime(2026, 11, 24, 9, tzinfo=UTC)
        assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
        assert mail["Auto-Submitted"] is None

    def test_carries_text_html_and_attachment_unharmed(self):
        given_text = "Grüße\n.\n.a line with a dot\n" + "x" * 2000 + "\n"
        pdf = bytes(range(256)) * 9
        packed = mail_bytes(a_message(text=given_text, attachments=(Attachment("a.pdf", "application/pdf", pdf),)))
        mail = message_from_bytes(packed, policy=default)
        assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == given_text
        assert "please pay" in mail.get_body(("html",)).get_content()
        assert [part.get_content() for part in mail.iter_attachments()] == [pdf]

    def test_is_the_same_for_the_same_message(self):
        assert mail_bytes(a_message()) == mail_bytes(a_message())

    def test_has_one_message_id_per_key(self):
        one, other = message_id("a", "x@acme.example"), message_id("b", "x@acme.example")
        assert one == message_id("a", "y@acme.example") != other
        assert one.endswith("@acme.example>")

    @given(name=HOSTILE, subject=HOSTILE, sender=HOSTILE)
    def test_cannot_be_given_another_header(self, name, subject, sender):
        message = a_message(
            to=Address(name, "weber@debtor.example"), subject=subject, sender=Address(sender, "accounts@acme.example")
        )
        mail = message_from_bytes(mail_bytes(message), policy=default)
        assert sorted(mail.keys()) == sorted(
            ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language", "X-Auto-Response-Suppress",
             "MIME-Version", "Content-Type"]
        )  # fmt: skip
        assert [each.addr_spec for each in mail["To"].addresses] == ["weber@debtor.example"]
        assert [each.addr_spec for each in mail["From"].addresses] == ["accounts@acme.example"]

    def test_keeps_a_forged_header_inside_the_name(self):
        message = a_message(to=Address("Weber\r\nBcc: all@debtor.example", "weber@debtor.example"))
        mail = message_from_bytes(mail_bytes(message), policy=default)
        assert mail["Bcc"] is None
        assert mail["To"].addresses[0].display_name == "Weber Bcc: all@debtor.example"

    @given(st.text(max_size=80))
    def test_makes_one_line_of_any_text(self, text):
        assert len(one_line(text).splitlines()) <= 1


class TestMailbox:
    def test_takes_ordinary_addresses(self):
        assert mailbox(" o'neil+a.b@Sub.debtor.example ") == "o'neil+a.b@Sub.debtor.example"

    def test_writes_a_domain_of_another_script_in_ascii(self):
        assert mailbox("info@bücher.example") == "info@xn--bcher-kva.example"
        assert mailbox("info@例子.example") == "info@xn--fsqu00a.example"

    def test_refuses_a_domain_that_would_become_another_one(self):
        with pytest.raises(Undeliverable) as refused:
            mailbox("info@straße.example")
        assert refused.value.reason == "address_not_ascii"

    def test_refuses_a_local_part_it_cannot_write(self):
        with pytest.raises(Undeliverable) as refused:
            mailbox("用户@debtor.example")
        assert refused.value.reason == "address_not_ascii"

    @pytest.mark.parametrize(
        "value",
        ["", "@", "weber", "weber@", "@debtor.example", "a b@debtor.example", "a@b@debtor.example", "a@-b.example",
         "a@b..example", ".a@debtor.example", "a@debtor.example\r\nRCPT TO:<b@debtor.example>", "a@[127.0.0.1]",
         "a>@debtor.example", "a" * 65 + "@debtor.example", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "c",
         "a@" + "ü" * 70 + ".example", "a@b.example,c@d.example", "\x00@debtor.example"],
    )  # fmt: skip
    def test_refuses_what_is_no_address(self, value):
        with pytest.raises(Undeliverable) as refused:
            mailbox(value)
        assert refused.value.reason == "address_malformed"

    @given(HOSTILE)
    def test_never_lets_a_second_command_through(self, value):
        try:
            found = mailbox(value)
        except Undeliverable:
            return
        assert found.isascii()
        assert not set(found) & set(" \r\n\t<>,;\x00")
