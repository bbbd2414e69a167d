"""What debtors tell us, by hand: promise, dispute, complaint, hold, address. Calls and visits: `jobs.contacts`."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import click

from dunwell.actions import talks as acts
from dunwell.actions.business_day import today
from dunwell.actions.sending.addresses import mark_invalid
from dunwell.actions.talks.promises import respected_until
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import Money, format_money
from dunwell.core.terms import Channel, HoldReason
from dunwell.intake.amounts import parse_one
from dunwell.jobs.context import language, moment, operator, tell, words
from dunwell.jobs.day_option import Day
from dunwell.store.reads import creditors
from dunwell.store.reads import talks as read


def once(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every act by hand takes."""
    command = click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")(command)
    return click.option("--key", help="Repeating the command with the same key does it once.")(command)


def acted(key: str | None) -> dict[str, Any]:
    """What every act by hand is told: when, by whom, and the key that makes it happen once."""
    return {"at": moment(), "by": operator(), "key": key if key is not None else uuid4()}


def _money(text: str, currency: str) -> Money:
    return Money(parse_one(text, currency), currency)


def _day(day: date) -> str:
    return format_date(day, language())


@click.command("promise")
@click.argument("debtor")
@click.argument("amount", required=False)
@click.argument("currency", required=False)
@click.option("--by", "due", type=Day(), help="The last day by which it is to be paid.")
@click.option("--made", type=Day(), help="The day it was given (default: today).")
@click.option("--withdraw", metavar="ID", help="Take this promise of the debtor back instead.")
@once
def promise(
    debtor: str,
    amount: str | None,
    currency: str | None,
    due: date | None,
    made: date | None,
    withdraw: str | None,
    key: str | None,
    code: str | None,
) -> None:
    """Record that a debtor promised to pay AMOUNT (CURRENCY: the creditor's, if left out) by a day.

    Until that day nothing is demanded of him in this currency.
    """
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor)
    if withdraw is not None:
        given = read.promise(creditor, withdraw)
        if given.debtor_id != owner.pk:
            raise DunwellError("promise.unknown", number=withdraw[:30])
        acts.withdraw_promise(promise=given, **acted(key))
        tell("talks.promise_withdrawn", promise=given.pk)
        return
    if amount is None or due is None:
        raise DunwellError("talks.promise_incomplete")
    money = _money(amount, (currency or creditor.currency).upper())
    taken = acts.record_promise(debtor=owner, amount=money, due_date=due, made_date=made, **acted(key))
    tell(
        "talks.promised",
        promise=taken.pk,
        number=owner.number,
        amount=format_money(taken.amount_minor, taken.currency, language()),
        due=_day(taken.due_date),
        until=_day(respected_until(taken, today(creditor, moment()))),
    )


@click.group("dispute")
def dispute() -> None:
    """A debtor contests an item: open it, close it."""


@dispute.command("open")
@click.argument("item")
@click.option("--reason", required=True, help="In the debtor's words.")
@click.option("--amount", help="Only so much of it (default: the whole).")
@click.option("--opened", type=Day(), help="The day he said so (default: today).")
@once
def dispute_open(
    item: str, reason: str, amount: str | None, opened: date | None, key: str | None, code: str | None
) -> None:
    """Record that a debtor contests ITEM (an invoice number), or a part of it. What is contested is not demanded."""
    receivable = read.receivable(creditors.choose(code), item)
    part = _money(amount, receivable.currency) if amount is not None else None
    opened_now = acts.open_dispute(receivable=receivable, reason=reason, amount=part, opened_date=opened, **acted(key))
    tell("talks.dispute_opened", dispute=opened_now.number, item=receivable.number, number=receivable.debtor.number)


@dispute.command("close")
@click.argument("number")
@click.option("--outcome", required=True, help="What was decided, e.g. 'credit note 4711 given'.")
@once
def dispute_close(number: str, outcome: str, key: str | None, code: str | None) -> None:
    """Close the dispute NUMBER: from today its item is demanded again."""
    closed = acts.close_dispute(dispute=read.dispute(creditors.choose(code), number), outcome=outcome, **acted(key))
    tell("talks.dispute_closed", dispute=closed.number)


@click.group("complaint")
def complaint() -> None:
    """A debtor complains about us: take it, answer it."""


@complaint.command("open")
@click.argument("debtor")
@click.argument("text")
@click.option("--opened", type=Day(), help="The day it reached us (default: today).")
@once
def complaint_open(debtor: str, text: str, opened: date | None, key: str | None, code: str | None) -> None:
    """Record a complaint in the debtor's words. Until it is answered nothing is demanded of him."""
    owner = read.debtor(creditors.choose(code), debtor)
    taken = acts.open_complaint(debtor=owner, text=text, opened_date=opened, **acted(key))
    tell("talks.complaint_opened", complaint=taken.pk, number=owner.number)


@complaint.command("answer")
@click.argument("complaint_id", metavar="ID")
@click.argument("answer")
@once
def complaint_answer(complaint_id: str, answer: str, key: str | None, code: str | None) -> None:
    """Record what the debtor was answered."""
    waiting = read.complaint(creditors.choose(code), complaint_id)
    acts.answer_complaint(complaint=waiting, answer=answer, **acted(key))
    tell("talks.complaint_answered", complaint=waiting.pk)


@click.group("hold")
def hold() -> None:
    """Pause collecting, and go on."""


@hold.command("set")
@click.argument("debtor")
@click.option("--reason", required=True, type=click.Choice([str(r) for r in HoldReason]), help="Why.")
@click.option("--channel", type=click.Choice([str(c) for c in Channel]), help="Only on this channel.")
@click.option("--item", help="Only this invoice, with its charges.")
@click.option("--from", "start", type=Day(), help="First day (default: today).")
@click.option("--until", type=Day(), help="Last day (default: until it is lifted).")
@click.option("--note", default="", help="What colleagues should know.")
@once
def hold_set(
    debtor: str,
    reason: str,
    channel: str | None,
    item: str | None,
    start: date | None,
    until: date | None,
    note: str,
    key: str | None,
    code: str | None,
) -> None:
    """Pause collecting from a debtor: altogether, on one channel, or about one item."""
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor)
    held = acts.set_hold(
        debtor=owner,
        reason=HoldReason(reason),
        channel=Channel(channel) if channel else None,
        receivable=read.receivable(creditor, item) if item is not None else None,
        from_date=start,
        until_date=until,
        note=note,
        **acted(key),
    )
    scope = words("talks.hold_of_item", item=item) if item is not None else ""
    scope += words("talks.hold_of_channel", channel=words(f"channel.{channel}")) if channel else ""
    if held.until_date:
        tell("talks.hold_set_until", hold=held.pk, number=owner.number, scope=scope, until=_day(held.until_date))
    else:
        tell("talks.hold_set", hold=held.pk, number=owner.number, scope=scope)


@hold.command("lift")
@click.argument("hold_id", metavar="ID")
@click.option("--note", default="", help="Why.")
@once
def hold_lift(hold_id: str, note: str, key: str | None, code: str | None) -> None:
    """End a hold: from today collecting goes on."""
    lifted = acts.lift_hold(hold=read.hold(creditors.choose(code), hold_id), note=note, **acted(key))
    tell("talks.hold_lifted", hold=lifted.pk)


@click.group("address")
def address() -> None:
    """How a debtor is reached: an address we were given, or one that proved wrong."""


@address.command("set")
@click.argument("debtor")
@click.option("--email", help="An e-mail address.")
@click.option("--phone", help="A telephone number.")
@click.option("--street", help="Street and house number; with --city and what else belongs to it.")
@click.option("--postcode", help="Postcode.")
@click.option("--city", help="City.")
@click.option("--region", help="State or province.")
@click.option("--country", help="Two letters of ISO 3166.")
@click.option("--contact-name", help="Who is asked for there.")
@once
def address_set(debtor: str, key: str | None, code: str | None, **lines: str | None) -> None:
    """Make an address the first of its kind: one of e-mail, phone, or postal address."""
    owner = read.debtor(creditors.choose(code), debtor)
    given = {name: value for name, value in lines.items() if value is not None}
    values = {Channel(name): given.pop(name) for name in ("email", "phone") if name in given}
    postal = bool(set(given) - {"contact_name"})
    if len(values) + postal != 1:
        raise DunwellError("talks.one_address")
    for channel, value in values.items():
        acts.set_address(debtor=owner, channel=channel, lines={"value": value, **given}, **acted(key))
    if postal:
        acts.set_address(debtor=owner, channel=Channel.LETTER, lines=given, **acted(key))
    tell("talks.address_set", number=owner.number)


@address.command("invalid")
@click.argument("debtor")
@click.argument("value")
@click.option("--reason", required=True, help="How we know, e.g. 'letter came back'.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
def address_invalid(debtor: str, value: str, reason: str, code: str | None) -> None:
    """Send nothing more to this e-mail address or number (VALUE letter: the postal address)."""
    owner = read.debtor(creditors.choose(code), debtor)
    point = read.address(owner, value)
    mark_invalid(contact_point=point.pk, reason=reason, at=moment(), by=operator())
    tell("talks.address_invalid", number=owner.number)
