"""A debtor contests an item or a part of it; later the dispute is decided."""

import secrets
from datetime import date, datetime
from uuid import UUID

import polars as pl
from django.db.models import Q

from dunwell.actions.act import act
from dunwell.actions.facts import facts_of
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.money import Money
from dunwell.engine.book.claims import open_items
from dunwell.store import journal
from dunwell.store.models import Debtor, Dispute, Receivable
from dunwell.store.versions import change

_LONGEST = 500


@act("dispute.open", may_record_nothing=True, refreshes=True)
def open_dispute(
    *,
    receivable: Receivable,
    reason: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    amount: Money | None = None,
    opened_date: date | None = None,
) -> Dispute:
    """The debtor contests a receivable, or `amount` of it (None: the whole). That much is no longer demanded.

    opened_date   the day he did, at the creditor's place (None: today)
    Refuses: an item on which nothing is open (charges count with their invoice), more than is open on it, another
    currency, no reason, and a second dispute while one about this item is open.
    """
    reason = clean_text(reason, "reason", limit=_LONGEST, needed=True)
    asked = {
        "receivable": receivable.pk,
        "reason": reason,
        "amount": {"minor": amount.minor, "currency": amount.currency} if amount else None,
        "opened_date_told": plain_day(opened_date),
    }
    debtor, text, before = first_result(receivable.debtor, "dispute.opened", key, asked)
    if before is not None:
        return Dispute.objects.get(pk=before["dispute"])
    opened, today = happened_on(debtor.creditor, opened_date, at)
    _refuse_second(receivable, today)
    _refuse_amount(receivable, amount, _open_on(debtor, receivable, today))
    dispute = Dispute.objects.create(
        creditor=debtor.creditor,
        debtor=debtor,
        number=f"D-{secrets.token_hex(4).upper()}",
        receivable=receivable,
        opened_date=opened,
        amount_minor=amount.minor if amount else None,
        reason=reason,
        known_from=at,
    )
    journal.append(
        "dispute.opened", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "dispute": dispute.pk,
            "dispute_number": dispute.number,
            "number": debtor.number,
            "receivable_number": receivable.number,
            "opened_date": opened,
            **asked,
        },
    )  # fmt: skip
    return dispute


@act("dispute.close", may_record_nothing=True, refreshes=True)
def close_dispute(*, dispute: Dispute, outcome: str, at: datetime, by: Actor, key: UUID | str) -> Dispute:
    """Decide a dispute, in words that a reader years later understands: from today the item is demanded again, so far
    as no credit note or write-off has made it smaller. Refuses one that was closed, and no outcome."""
    outcome = clean_text(outcome, "outcome", limit=_LONGEST, needed=True)
    asked = {"dispute": dispute.pk, "outcome": outcome}
    debtor, text, before = first_result(dispute.debtor, "dispute.closed", key, asked)
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("receivable").get(pk=dispute.pk)
    if before is not None:
        return dispute
    if dispute.closed_date is not None:
        raise Refused("dispute.closed_before", number=dispute.number, day=dispute.closed_date.isoformat())
    _, today = happened_on(debtor.creditor, None, at)
    change(dispute, at=at, closed_date=today, outcome=outcome)
    journal.append(
        "dispute.closed", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "dispute_number": dispute.number,
            "number": debtor.number,
            "receivable": dispute.receivable_id,
            "receivable_number": dispute.receivable.number,
            "opened_date": dispute.opened_date,
            "closed_date": today,
            **asked,
        },
    )  # fmt: skip
    return dispute


def _refuse_second(receivable: Receivable, today: date) -> None:
    standing = (
        Dispute.objects.filter(receivable=receivable)
        .filter(Q(closed_date=None) | Q(closed_date__gt=today))
        .order_by("pk")
        .first()
    )
    if standing is not None:
        raise Refused("dispute.open_already", number=standing.number, item=receivable.number)


def _refuse_amount(receivable: Receivable, amount: Money | None, owed: int) -> None:
    if owed <= 0:
        raise Refused("dispute.nothing_open", item=receivable.number)
    if amount is None:
        return
    if amount.currency != receivable.currency:
        raise Refused("dispute.other_currency", item=receivable.number, currency=receivable.currency)
    if amount.minor <= 0:
        raise Refused("dispute.not_positive", amount=str(amount))
    if amount.minor > owed:
        raise Refused(
            "dispute.exceeds_open", amount=str(amount), item=receivable.number, open=str(Money(owed, amount.currency))
        )


def _open_on(debtor: Debtor, receivable: Receivable, today: date) -> int:
    """What is open on the claim of the item: an invoice with its charges."""
    items = open_items(facts_of(debtor.creditor, debtors=[debtor.pk]).on(today), today)
    claim = items.filter(pl.col("receivable_id") == receivable.pk)["claim_id"].to_list() or [receivable.pk]
    return int(items.filter(pl.col("claim_id") == claim[0])["open_minor"].sum())
