"""What should come of a debtor by a day: a person sets it, another takes its place, or it is withdrawn.

It is our aim, not what the debtor said: no step, no demand and no contact hangs on it. Met or missed is computed from
payments, see `engine.book.targets`.
"""

from datetime import date, datetime
from uuid import UUID

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.money import LARGEST_MINOR, Money
from dunwell.store import journal
from dunwell.store.models import Debtor, Target
from dunwell.store.versions import change

LONGEST_DAYS = 3_653
"""Ten years: a later day is a slip of the pen."""
_LONGEST_NOTE = 2_000


@act("target.set", may_record_nothing=True)
def set_target(
    *, debtor: Debtor, amount: Money, by_date: date, at: datetime, by: Actor, key: UUID | str, note: str = ""
) -> Target:
    """So much should come of him by a day, counted from today on. Takes the place of his target in that currency.

    Refuses: nothing or less, or more than any sum; a day before today, or more than ten years ahead.
    """
    note = clean_text(note, "note", limit=_LONGEST_NOTE)
    asked = {
        "amount": {"minor": amount.minor, "currency": amount.currency}, "by_date": by_date.isoformat(), "note": note,
    }  # fmt: skip
    debtor, text, before = first_result(debtor, "target.set", key, asked)
    if before is not None:
        return Target.objects.get(pk=before["target"])
    _, today = happened_on(debtor.creditor, None, at)
    if not 0 < amount.minor <= LARGEST_MINOR:
        raise Refused("target.not_positive", amount=str(amount))
    if by_date < today:
        raise Refused("target.day_over", by=by_date.isoformat(), today=today.isoformat())
    if (by_date - today).days > LONGEST_DAYS:
        raise Refused("target.too_far", by=by_date.isoformat())
    standing = Target.objects.select_for_update().filter(
        debtor=debtor, currency=amount.currency, withdrawn_date__isnull=True
    )
    former = standing.first()
    if former is not None:
        change(former, at=at, withdrawn_date=max(today, former.set_date))
    made = Target.objects.create(
        creditor=debtor.creditor, debtor=debtor, currency=amount.currency, amount_minor=amount.minor, set_date=today,
        by_date=by_date, note=note, recorded_by=str(by)[:200], known_from=at,
    )  # fmt: skip
    journal.append(
        "target.set", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "target": made.pk, "number": debtor.number, "set_date": today, "replaces": former.pk if former else None,
            **asked,
        },
    )  # fmt: skip
    return made


@act("target.withdraw", may_record_nothing=True)
def withdraw_target(*, target: Target, at: datetime, by: Actor, key: UUID | str) -> Target:
    """Nothing is aimed at any more. Refuses one that another took the place of, or that was withdrawn."""
    asked = {"target": target.pk}
    debtor, text, before = first_result(target.debtor, "target.withdrawn", key, asked)
    target = Target.objects.select_for_update().get(pk=target.pk)
    if before is not None:
        return target
    _, today = happened_on(debtor.creditor, None, at)
    if target.withdrawn_date is not None:
        raise Refused("target.gone", day=target.withdrawn_date.isoformat())
    change(target, at=at, withdrawn_date=max(today, target.set_date))
    journal.append(
        "target.withdrawn", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "number": debtor.number, "amount": Money(target.amount_minor, target.currency),
            "by_date": target.by_date, "withdrawn_date": target.withdrawn_date, **asked,
        },
    )  # fmt: skip
    return target
