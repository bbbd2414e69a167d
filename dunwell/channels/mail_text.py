"""A message as the exact bytes of an e-mail (RFC 5322), plain ASCII on the wire, deterministic for the same message."""

import hashlib
import re
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from dunwell.channels.message import Message, Undeliverable

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_NOT_IN_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_LONGEST_NAME = 78
_LONGEST_SUBJECT = 200


def message_id(key: str, sender: str) -> str:
    """The Message-ID of a key: the same message always carries the same one."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{mailbox(sender).rpartition('@')[2]}>"


def mail_bytes(message: Message) -> bytes:
    """The mail with CRLF line ends. Raises Undeliverable for an address that is none.

    Names and subject come from files of other people: control and direction characters become a space, so that
    no header can be added or forged.
    """
    mail = EmailMessage(policy=_POLICY)
    sender, to = mailbox(message.sender.value), mailbox(message.to.value)
    mail["From"] = _named(message.sender.name, sender)
    mail["To"] = _named(message.to.name, to)
    mail["Reply-To"] = sender
    mail["Subject"] = one_line(message.subject)[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message_id(message.key, message.sender.value)
    # answers of machines help nobody; a person's answer is welcome, so this is no Auto-Submitted mail
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content(message.text, charset="utf-8", cte=_encoding(message.text))
    if message.html:
        mail.add_alternative(message.html, subtype="html", charset="utf-8", cte=_encoding(message.html))
    for attachment in message.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        name = one_line(attachment.name) or "attachment"
        mail.add_attachment(attachment.data, maintype=kind, subtype=subtype, filename=name)
    # last, because setting the content takes away what was said of another
    mail["Content-Language"] = message.language
    for number, part in enumerate(_multiparts(mail)):
        part.set_boundary(f"=_{hashlib.sha256(f'{number} {message.key}'.encode()).hexdigest()[:40]}")
    return mail.as_bytes()


def mailbox(value: str) -> str:
    """An address in ASCII: the domain of another script becomes its xn-- form.

    Raises Undeliverable: `address_malformed`; `address_not_ascii` when the part before the @ is not ASCII, or the
    domain would become another one on the way (old encodings read ß as ss).
    """
    local, at, domain = value.strip().rpartition("@")
    if not at or not local or not domain:
        raise Undeliverable("address_malformed")
    if not local.isascii():
        raise Undeliverable("address_not_ascii")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64 or len(domain) > 253:
        raise Undeliverable("address_malformed")
    return f"{local}@{domain}"


def one_line(text: str) -> str:
    """Text that cannot leave its header line."""
    return " ".join(_NOT_IN_HEADER.sub(" ", text).split())


def _ascii_domain(domain: str) -> str:
    try:
        encoded = domain.encode("idna").decode("ascii")
        back = encoded.encode("ascii").decode("idna")
    except UnicodeError as error:
        raise Undeliverable("address_malformed") from error
    if back != domain.lower():
        raise Undeliverable("address_not_ascii")
    return encoded


def _named(name: str, address: str) -> MailAddress:
    local, _, domain = address.rpartition("@")
    return MailAddress(one_line(name)[:_LONGEST_NAME], local, domain)


def _encoding(text: str) -> str:
    """Quoted-printable keeps Latin text readable in its raw form; Chinese is shorter in base64."""
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return "quoted-printable" if foreign * 6 < len(text) else "base64"


def _multiparts(mail: EmailMessage) -> list[MIMEPart]:
    return [part for part in mail.walk() if part.is_multipart()]
