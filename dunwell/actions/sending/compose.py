"""From a decided line and the names and addresses in the tables to the message that leaves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dunwell.channels.message import Address, Attachment, Message
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Channel, Note, Stage
from dunwell.documents.bank import is_qr_iban
from dunwell.documents.email_text import render_email
from dunwell.documents.letter import render_annex, render_letter
from dunwell.documents.notice import Item, Notice, Party, Sender
from dunwell.documents.promise_note import PromiseNote, Written
from dunwell.documents.reconciliation import render_reconciliation
from dunwell.documents.versions import template_version
from dunwell.rulebook.strategy import Treatment
from dunwell.store.models import ContactPoint, Creditor, OutboxMessage, Receivable

_REGION_AFTER_CITY = {"US", "CA", "AU"}
_LARGEST_FIRST = {"CN", "TW", "HK", "MO", "JP", "KR"}


@dataclass(frozen=True, slots=True)
class Composed:
    """A message with what is recorded about it."""

    message: Message
    template: str
    deadline_date: date | None
    demanded_minor: int | None
    """None: nothing is asked for."""
    items: tuple[tuple[int, int, int], ...]
    """receivable_id, stage reached by it, minor units asked for."""


def sender_of(creditor: Creditor) -> Sender:
    """The creditor as the sender of a notice.

    Raises DunwellError when a notice could not say all it must: `send.no_street`, `documents.no_account`,
    `documents.no_signatory`, `documents.qr_reference_missing`...
    """
    if not creditor.street or not creditor.city:
        raise DunwellError("send.no_street", creditor=creditor.name[:80], code=creditor.code)
    sender = Sender(
        party=Party(
            creditor.name,
            address_lines(creditor.street, creditor.postcode, creditor.city, None, creditor.country),
            creditor.country,
        ),
        signatory_name=creditor.signatory_name,
        signatory_title=creditor.signatory_title or None,
        email=creditor.email or None,
        phone=creditor.phone or None,
        iban=creditor.iban or None,
        bic=creditor.bic or None,
        bank_name=creditor.bank_name or None,
        account=creditor.account or None,
        city=creditor.city,
    )
    if sender.iban and is_qr_iban(sender.iban):
        # our references are debtor numbers: every single notice would be refused
        raise DunwellError("documents.qr_reference_missing", reference="10427")
    return sender


def notice_of(
    row: OutboxMessage,
    line: Mapping[str, Any],
    items: Iterable[Mapping[str, Any]],
    *,
    sender: Sender,
    receivables: Mapping[int, Receivable],
    day: date,
    treatment: Treatment,
) -> Notice:
    """The notice of a decided line.

    line, items   one row of `engine.day.decide.LINES` and its rows of `LINE_ITEMS`, decided for `day`
    receivables   by id, for numbers and dates
    treatment     what the strategy does at its stage: tone, own text, offer, reconciliation letter

    What is asked for per item is demand_minor: a disputed part is left out. The credit deducted is the sum of these
    less the line's total.
    """
    shown = sorted(
        (
            Item(
                number=receivable.number,
                kind=receivable.kind,
                issue_date=receivable.issue_date,
                due_date=receivable.due_date,
                days_past_due=item["days_past_due"],
                amount_minor=receivable.amount_minor,
                open_minor=item["demand_minor"],
            )
            for item in items
            for receivable in (receivables[item["receivable_id"]],)
        ),
        key=lambda item: (item.due_date, item.number, item.kind),
    )
    debtor = row.debtor
    number = debtor.number if len(shown) != 1 else f"{debtor.number} {shown[0].number}"
    return Notice(
        language=row.language,
        stage=Stage(row.stage),
        sender=sender,
        debtor=_party(row),
        debtor_number=debtor.number,
        currency=row.currency,
        day=day,
        items=tuple(shown),
        credit_minor=sum(item.open_minor for item in shown) - line["total_minor"],
        total_minor=line["total_minor"],
        pay_by=line["pay_by_date"],
        reference=number,
        offer=treatment.offer,
        tone=treatment.tone,
        own=treatment.text.get(row.language, ""),
        reconciliation=treatment.reconciliation,
    )


def promise_note_of(row: OutboxMessage, note: Mapping[str, Any], *, sender: Sender, day: date) -> PromiseNote:
    """The message about a promise, from a row of `engine.day.notes.NOTES` decided for `day`."""
    return PromiseNote(
        note=Note(note["note"]),
        language=row.language,
        sender=sender,
        debtor=_party(row),
        debtor_number=row.debtor.number,
        currency=row.currency,
        day=day,
        total_minor=note["total_minor"],
        due_date=note["due_date"],
    )


def title_of(row: OutboxMessage) -> str:
    """What the file of a letter is called, without its key."""
    word = Stage(row.stage).word if row.promise_id is None else Note.of(row.purpose).value
    return f"{row.debtor.number}-{word}"


def compose(row: OutboxMessage, notice: Written, items: Iterable[Mapping[str, Any]], *, at: datetime) -> Composed:
    """The message of a notice by the row's channel. `at`: the moment it leaves, in the creditor's zone.

    Raises what `documents` raises: a glyph no font has, contradicting numbers.
    """
    creditor = row.creditor
    subject, text, html = "", "", ""
    attachments: tuple[Attachment, ...] = ()
    if row.channel == Channel.EMAIL:
        words = render_email(notice)
        subject, text, html = words.subject, words.text, words.html
        if isinstance(notice, Notice) and notice.annex is not None:
            attachments = (Attachment("statement.pdf", "application/pdf", render_annex(notice)),)
        if isinstance(notice, Notice) and notice.reconciliation:
            page = Attachment("reconciliation.pdf", "application/pdf", render_reconciliation(notice))
            attachments = (*attachments, page)
        template = template_version(notice, "email")
    else:
        attachments = (Attachment("letter.pdf", "application/pdf", render_letter(notice)),)
        template = template_version(notice, "letter")
    return Composed(
        message=Message(
            key=row.key,
            at=at,
            creditor=creditor.code,
            title=title_of(row),
            sender=Address(creditor.name, creditor.email),
            to=Address(row.contact_point.contact_name or row.debtor.name, row.contact_point.value),
            subject=subject,
            text=text,
            html=html,
            language=row.language,
            attachments=attachments,
        ),
        template=template,
        deadline_date=notice.pay_by if isinstance(notice, Notice) else None,
        demanded_minor=notice.payable_minor if notice.asks else None,
        items=tuple((item["receivable_id"], item["stage"], item["demand_minor"]) for item in items),
    )


def address_lines(
    street: str | None, postcode: str | None, city: str | None, region: str | None, country: str | None
) -> tuple[str, ...]:
    """The lines of a postal address as the country writes them, without name and country."""
    street, postcode, city, region = (part or "" for part in (street, postcode, city, region))
    if country in _LARGEST_FIRST:
        region = "" if city.startswith(region) else region
        city = "" if street.startswith(city) else city
        lines = [f"{region}{city}{street}", postcode]
    elif country in _REGION_AFTER_CITY:
        lines = [street, ", ".join(part for part in (city, f"{region} {postcode}".strip()) if part)]
    elif country == "GB":
        lines = [street, city, postcode]
    else:
        lines = [street, f"{postcode} {city}".strip(), region]
    return tuple(line for line in lines if line)


def _party(row: OutboxMessage) -> Party:
    point: ContactPoint = row.contact_point
    country = point.country or row.debtor.country
    lines = address_lines(point.street, point.postcode, point.city, point.region, country)
    person = point.contact_name or row.debtor.contact_name
    if person and person != row.debtor.name and row.channel == Channel.LETTER:
        lines = (person, *lines)
    return Party(row.debtor.name, lines, country)
