"""A message in the words of its language: what letter and e-mail both say, ready to be laid out."""

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.money import format_money, grouped_amount
from dunwell.core.terms import ReceivableKind, Stage
from dunwell.documents.bank import ReferenceKind, in_fours
from dunwell.documents.notice import Item, Notice, Party, Sender
from dunwell.documents.plain import plain
from dunwell.documents.promise_note import PromiseNote, Written
from dunwell.rulebook.own_text import filled
from dunwell.rulebook.strategy import OfferKind

LONGEST_NAME = 280
"""Characters of a name that are printed; the rest is cut with an ellipsis."""
LONGEST_SALUTATION = 60
"""A longer name stands in the address only; the salutation is then a general one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item as printed; `note` says that it is in dispute or not yet due."""

    item: str
    issued: str
    due: str
    days: str
    amount: str
    open: str
    note: str


@dataclass(frozen=True, slots=True)
class Content:
    """All words and numbers of one message, cleaned and formatted. Pairs are (label, value).

    Empty is what it does not say: a message about a promise has no table of items.

    `whole`: sums, dates and numbers with spaces in them that are not broken over two lines of plain text.
    """

    language: str
    title: str
    mail_subject: str
    sender_name: str
    sender_lines: tuple[str, ...]
    sender_contact: tuple[tuple[str, str], ...]
    debtor_name: str
    debtor_lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    debtor_facts: tuple[tuple[str, str], ...]
    salutation: str
    greeting: str
    collector: str
    opening: str
    ask: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: tuple[tuple[str, str], ...]
    payable: tuple[str, str]
    disputed: str
    late: str
    pay_title: str
    pay: tuple[tuple[str, str], ...]
    own: str
    personal: str
    help: str
    object: str
    reach: str
    paid: str
    reply: str
    opt_out: str
    closing: tuple[str, ...]
    signatory: str
    signatory_title: str
    tax_id: str
    to_label: str
    page_label: str
    scan_label: dict[str, str]
    qr_alt: str
    whole: tuple[str, ...]


@cache
def wording(language: str) -> dict[str, Any]:
    """The words of a language, as they lie in `wording/<language>.toml`."""
    text = resources.files("dunwell.documents").joinpath("wording", f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def content(notice: Written) -> Content:
    """Put a message into words. Amounts name their currency, in the sentence or at the head of their column."""
    return _about_promise(notice) if isinstance(notice, PromiseNote) else _about_items(notice)


def _about_items(notice: Notice) -> Content:
    words = wording(notice.language)
    labels = words["labels"]
    stage = words[notice.word]
    pay_by = notice.pay_by or _only_due_date(notice)
    values = {**_values(notice, notice.payable_minor, pay_by, words), **_due(notice, words)}
    return replace(
        _frame(notice, values, words),
        opening=_toned(stage, _opening(notice), notice.tone).format_map(values),
        ask=_toned(stage, "ask_by" if pay_by else "ask", notice.tone).format_map(values),
        head=tuple(
            labels[name].format(currency=notice.currency)
            for name in ("item", "issued", "due", "days", "amount", "open")
        ),
        rows=tuple(_row(item, notice, words) for item in notice.items),
        sums=_sums(notice, labels),
        payable=(labels["payable"], format_money(notice.payable_minor, notice.currency, notice.language)),
        disputed=words["disputed"] if notice.disputed_minor else "",
        late=words["late"] if notice.late_minor else "",
        own=filled(notice.own, {**values, **_names(notice)}),
        personal=" ".join(notice.personal.split()),
        help=_toned(stage, "help", notice.tone).format_map(values) + _offer(notice, words),
        object=words["object"],
    )


def _names(notice: Notice) -> dict[str, str]:
    return {
        "debtor": plain(notice.debtor.name, LONGEST_NAME),
        "debtor_number": plain(notice.debtor_number, 40),
        "sender": plain(notice.sender.party.name, LONGEST_NAME),
    }


def _toned(stage: dict[str, str], name: str, tone: str) -> str:
    """A sentence of a stage in a tone; the plain one where the stage has none of its own."""
    return stage.get(f"{name}_{tone}", stage[name])


def _about_promise(note: PromiseNote) -> Content:
    """Who is thanked is told no account and no sum to pay: nothing is asked of him."""
    words = wording(note.language)
    said = words[note.word]
    values = _values(note, note.total_minor, note.due_date, words)
    found = replace(
        _frame(note, values, words),
        opening=said["opening"].format_map(values),
        ask=said["ask"].format_map(values),
        help=said["help"],
        object=said["object"],
    )
    return found if note.asks else replace(found, pay_title="", pay=(), paid="", scan_label={})


def _values(notice: Written, minor: int, pay_by: date | None, words: dict[str, Any]) -> dict[str, str]:
    return {
        "total": _in_sentence(format_money(minor, notice.currency, notice.language), notice.language),
        "pay_by": format_date(pay_by, notice.language) if pay_by else "",
        "weekday": words["weekdays"][pay_by.weekday()] if pay_by else "",
    }


def _frame(notice: Written, values: dict[str, str], words: dict[str, Any]) -> Content:
    """What stands around every message: who writes to whom, how to pay, how to reach us, the signature."""
    labels = words["labels"]
    sender, debtor = notice.sender, notice.debtor
    debtor_name = plain(debtor.name, LONGEST_NAME)
    reference = _reference(notice)
    title = words[notice.word]["title"].format_map(values)
    return Content(
        language=notice.language,
        title=title,
        mail_subject=words["mail_subject"].format(
            title=title, sender=plain(sender.party.name, 80), debtor_number=plain(notice.debtor_number, 40)
        ),
        sender_name=plain(sender.party.name, LONGEST_NAME),
        sender_lines=_lines(sender.party),
        sender_contact=_pairs(
            (labels["contact"], plain(sender.signatory_name, 80)),
            (labels["phone"], plain(sender.phone or "", 40)),
            (labels["email"], plain(sender.email or "", 100)),
        ),
        debtor_name=debtor_name,
        debtor_lines=_lines(debtor),
        facts=_pairs(
            (labels["date"], format_date(notice.day, notice.language)),
            (labels["debtor_number"], plain(notice.debtor_number, 40)),
            (labels["reference"], reference if len(reference) <= 40 else ""),
        ),
        debtor_facts=_pairs(
            (labels["debtor"], debtor_name), (labels["debtor_number"], plain(notice.debtor_number, 40))
        ),
        salutation=words["salutation"].format(debtor=debtor_name)
        if 0 < len(debtor_name) <= LONGEST_SALUTATION
        else words["salutation_long_name"],
        greeting=words["greeting"],
        collector=words["collector"] if notice.from_collector else "",
        opening="",
        ask="",
        head=(),
        rows=(),
        sums=(),
        payable=("", ""),
        disputed="",
        late="",
        pay_title=labels["pay"],
        pay=_pairs(
            (labels["payee"], plain(sender.party.name, LONGEST_NAME)),
            (labels["iban"], in_fours(sender.iban or "")),
            (labels["bic"], sender.bic or ""),
            (labels["bank"], plain(sender.bank_name or "", 100)),
            (labels["account"], "" if sender.iban else plain(sender.account or "", 60)),
            (labels["reference"], reference),
        ),
        own="",
        personal="",
        help="",
        object="",
        reach=_reach(sender, words),
        paid=words["paid"],
        reply=words["reply"],
        opt_out=words["opt_out"] if notice.opt_out else "",
        closing=tuple(words["closing"]),
        signatory=plain(sender.signatory_name, 80),
        signatory_title=plain(sender.signatory_title or "", 80),
        tax_id=f"{labels['tax_id']} {plain(sender.tax_id, 40)}" if sender.tax_id else "",
        to_label=labels["to"],
        page_label=labels["page"],
        scan_label={"epc": labels["epc"], "swiss": labels["swiss"]},
        qr_alt=labels["qr_alt"].format(total=values["total"].strip(), reference=reference),
        whole=(
            *(values[name].strip() for name in ("total", "pay_by", "first_due", "days") if name in values),
            plain(sender.phone or "", 40),
            in_fours(sender.iban or ""),
            plain(sender.account or "", 60),
            reference,
        ),
    )


def _offer(notice: Notice, words: dict[str, Any]) -> str:
    """The way out that a message may offer by itself, after the words that ask to get in touch."""
    if notice.offer is None:
        return ""
    space = "" if notice.language.startswith("zh") else " "
    most = notice.offer.instalments if notice.offer.kind is OfferKind.INSTALMENTS else notice.offer.days
    phrase: str = words["offers"][notice.offer.kind]
    return space + phrase.format(n=most)


def _opening(notice: Notice) -> str:
    owed = [item for item in notice.items if item.kind != ReceivableKind.CREDIT_NOTE]
    if notice.stage == Stage.NOTICE and any(item.days_past_due > 0 for item in owed):
        return "opening_mixed"
    return "opening_one" if len(owed) == 1 else "opening_many"


def _only_due_date(notice: Notice) -> date | None:
    """Before the due date of a single item, that date is when to pay."""
    dates = {item.due_date for item in notice.items if item.kind != ReceivableKind.CREDIT_NOTE and not item.disputed}
    return min(dates) if len(dates) == 1 and min(dates) >= notice.day else None


def _due(notice: Notice, words: dict[str, Any]) -> dict[str, str]:
    """The earliest due date demanded and the longest delay in words."""
    owed = [item for item in notice.items if item.kind != ReceivableKind.CREDIT_NOTE and not item.disputed]
    days = max(item.days_past_due for item in owed)
    return {
        "first_due": format_date(min(item.due_date for item in owed), notice.language),
        "days": words["days"]["one" if days == 1 else "many"].format(n=days),
    }


def _row(item: Item, notice: Notice, words: dict[str, Any]) -> Row:
    labels = words["labels"]
    credit = item.kind == ReceivableKind.CREDIT_NOTE
    note = labels["in_dispute"] if item.disputed else ""
    return Row(
        item=f"{words['kinds'][item.kind]} {plain(item.number, 60)}",
        issued=format_date(item.issue_date, notice.language),
        due="–" if credit else format_date(item.due_date, notice.language),
        days="–" if credit or item.days_past_due <= 0 else str(item.days_past_due),
        amount=_printed(item.amount_minor, notice.currency),
        open=_printed(item.open_minor, notice.currency),
        note=note,
    )


def _sums(notice: Notice, labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The steps from the open items to what is asked for; none when both are the same."""
    if not notice.credit_minor and not notice.disputed_minor and not notice.late_minor:
        return ()
    steps = [(labels["sum"], notice.total_minor + notice.credit_minor)]
    if notice.credit_minor:
        steps.append((labels["credit"], -notice.credit_minor))
    if notice.disputed_minor:
        steps.append((labels["dispute"], -notice.disputed_minor))
    if notice.late_minor:
        steps.append((labels["late"].format(day=format_date(notice.day, notice.language)), notice.late_minor))
    return tuple((label, _printed(minor, notice.currency)) for label, minor in steps)


def _printed(minor: int, currency: str) -> str:
    return grouped_amount(minor, currency).replace("-", "\u2212")


def _reference(notice: Written) -> str:
    reference = plain(notice.reference, 140)
    compact = reference.replace(" ", "").upper()
    if notice.reference_kind is ReferenceKind.CREDITOR:
        return in_fours(compact)
    if notice.reference_kind is ReferenceKind.QR:
        return f"{compact[:2]} " + " ".join(compact[i : i + 5] for i in range(2, 27, 5))
    return reference


def _reach(sender: Sender, words: dict[str, Any]) -> str:
    kind = "_".join(name for name, given in (("email", sender.email), ("phone", sender.phone)) if given)
    phrase: str = words["reach"][kind or "post"]
    return phrase.format(email=plain(sender.email or "", 100), phone=plain(sender.phone or "", 40))


def _lines(party: Party) -> tuple[str, ...]:
    return tuple(line for line in (plain(line, 100) for line in party.lines[:8]) if line)


def _pairs(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs if pair[1])


def _in_sentence(money: str, language: str) -> str:
    """Chinese text sets no space before a Chinese word, and one before Latin letters."""
    return f" {money}" if language.startswith("zh") and money[:1].isascii() else money
