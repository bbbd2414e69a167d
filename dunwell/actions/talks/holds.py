"""Collecting is paused, or goes on."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel, HoldReason
from dunwell.store import journal
from dunwell.store.models import Debtor, Hold, Receivable
from dunwell.store.versions import change

_LONGEST = 2_000


@act("hold.set", may_record_nothing=True, refreshes=True)
def set_hold(
    *,
    debtor: Debtor,
    reason: HoldReason,
    at: datetime,
    by: Actor,
    key: UUID | str,
    channel: Channel | None = None,
    receivable: Receivable | None = None,
    from_date: date | None = None,
    until_date: date | None = None,
    note: str = "",
) -> Hold:
    """Pause collecting from a debtor: on one channel, or about one receivable (with its charges), or altogether.

    from_date    first day (None: today; may lie ahead, and may lie behind when we were told late)
    until_date   last day (None: until a person lifts it)
    Refuses: an end before the beginning; a channel and a receivable together (a receivable is held on every channel);
    a receivable of another debtor; and a hold that stands already for the same reason, scope and time.
    """
    note = clean_text(note, "note", limit=_LONGEST)
    asked = {
        "reason": str(reason),
        "channel": str(channel) if channel else None,
        "receivable": receivable.pk if receivable else None,
        "from_date_told": plain_day(from_date),
        "until_date": plain_day(until_date),
        "note": note,
    }
    debtor, text, before = first_result(debtor, "hold.set", key, asked)
    if before is not None:
        return Hold.objects.get(pk=before["hold"])
    if channel and receivable:
        raise Refused("hold.channel_and_item")
    if receivable and receivable.debtor_id != debtor.pk:
        raise Refused("hold.other_debtor", item=receivable.number, debtor=debtor.number)
    _, today = happened_on(debtor.creditor, None, at)
    start = from_date or today
    if until_date and until_date < max(start, today):
        raise Refused("hold.ends_before", until=until_date.isoformat(), start=max(start, today).isoformat())
    _refuse_same(debtor, reason, channel, receivable, start, until_date)
    hold = Hold.objects.create(
        creditor=debtor.creditor,
        debtor=debtor,
        receivable=receivable,
        channel=channel,
        reason=str(reason),
        note=note,
        from_date=start,
        until_date=until_date,
        known_from=at,
    )
    journal.append(
        "hold.set", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "hold": hold.pk,
            "number": debtor.number,
            "receivable_number": receivable.number if receivable else None,
            "from_date": start,
            **asked,
        },
    )  # fmt: skip
    return hold


@act("hold.lift", may_record_nothing=True, refreshes=True)
def lift_hold(*, hold: Hold, at: datetime, by: Actor, key: UUID | str, note: str = "") -> Hold:
    """Collecting goes on: yesterday was the last day of the hold. Refuses one that was over already."""
    note = clean_text(note, "note", limit=_LONGEST)
    asked = {"hold": hold.pk, "note": note}
    debtor, text, before = first_result(hold.debtor, "hold.lifted", key, asked)
    hold = Hold.objects.select_for_update().get(pk=hold.pk)
    if before is not None:
        return hold
    _, today = happened_on(debtor.creditor, None, at)
    if hold.until_date is not None and hold.until_date < today:
        raise Refused("hold.over", hold=hold.pk, day=hold.until_date.isoformat())
    was = hold.until_date
    # one that was to begin later so ends before it begins: it never holds
    change(hold, at=at, until_date=today - timedelta(days=1))
    journal.append(
        "hold.lifted", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "number": debtor.number,
            "reason": hold.reason,
            "from_date": hold.from_date,
            "until_date": hold.until_date,
            "until_date_before": was,
            **asked,
        },
    )  # fmt: skip
    return hold


def _refuse_same(
    debtor: Debtor,
    reason: HoldReason,
    channel: Channel | None,
    receivable: Receivable | None,
    start: date,
    until: date | None,
) -> None:
    lasting = Q(until_date=None) if until is None else Q(until_date=None) | Q(until_date__gte=until)
    same = (
        Hold.objects.filter(lasting, debtor=debtor, reason=str(reason), channel=channel, receivable=receivable)
        .filter(from_date__lte=start)
        .order_by("pk")
        .first()
    )
    if same is not None:
        raise Refused("hold.stands", hold=same.pk, since=same.from_date.isoformat())
