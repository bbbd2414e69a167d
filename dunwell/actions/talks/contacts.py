"""What people did by themselves: a call or a visit that took place, and an address that somebody gave us."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel, ContactOutcome
from dunwell.intake.cells import Cells
from dunwell.store import journal
from dunwell.store.models import ContactAttempt, ContactPoint, Debtor
from dunwell.store.versions import change

BY_PEOPLE = (Channel.PHONE, Channel.VISIT)
"""Channels on which people make contact; messages on the others leave by the outbox."""

POSTAL = ("street", "postcode", "city", "region", "country")
"""The lines of a postal address."""


@act("contact.record", may_record_nothing=True, refreshes=True)
def record_contact(
    *,
    debtor: Debtor,
    channel: Channel,
    outcome: ContactOutcome,
    at: datetime,
    by: Actor,
    key: UUID | str,
    contact_date: date | None = None,
    inbound: bool = False,
    note: str = "",
) -> ContactAttempt:
    """Record a call or a visit, reached or not. It is no step of the strategy, but counts as a contact of this person
    where rules count contacts, unless the debtor came to us (`inbound`).

    contact_date   the day it took place, at the creditor's place (None: today). `at` is the moment we were told, so
    that a run asked what was known then does not see it earlier.
    It is recorded even where a rule forbade it: that it happened is a fact.
    """
    note = clean_text(note, "note", limit=2_000)
    if channel not in BY_PEOPLE:
        raise Refused("contact.not_by_people", channel=str(channel), known=", ".join(BY_PEOPLE))
    asked = {
        "channel": str(channel),
        "outcome": str(outcome),
        "inbound": inbound,
        "contact_date_told": plain_day(contact_date),
        "note": note,
    }
    debtor, text, before = first_result(debtor, "contact.recorded", key, asked)
    if before is not None:
        return ContactAttempt.objects.get(pk=before["contact"])
    day, _ = happened_on(debtor.creditor, contact_date, at)
    contact = ContactAttempt.objects.create(
        creditor=debtor.creditor,
        debtor=debtor,
        person_id=debtor.person_id,
        at=at,
        contact_date=day,
        channel=str(channel),
        direction="in" if inbound else "out",
        purpose="collection",
        outcome=str(outcome),
    )
    journal.append(
        "contact.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"contact": contact.pk, "number": debtor.number, "contact_date": day, **asked},
    )  # fmt: skip
    return contact


@act("address.set", may_record_nothing=True, refreshes=True)
def set_address(
    *, debtor: Debtor, channel: Channel, lines: Mapping[str, str], at: datetime, by: Actor, key: UUID | str
) -> ContactPoint:
    """An address we were given: from now on it is the first of its channel, and counts as good again.

    lines   `value` for e-mail, phone, sms, im; for letters `street` and `city`, and where there are any `postcode`,
    `region`, `country`. `contact_name` for either.
    Refuses what is no address. The other addresses of the channel stay, after this one.
    """
    values = _address(channel, lines)
    asked = {"channel": str(channel), **values}
    debtor, text, before = first_result(debtor, "address.set", key, asked)
    if before is not None:
        return ContactPoint.objects.get(pk=before["contact_point"])
    points = list(ContactPoint.objects.select_for_update().filter(debtor=debtor, channel=str(channel)))
    others = sorted((p for p in points if p.value != values["value"]), key=lambda p: (p.rank, p.pk))
    for rank, other in enumerate(others, start=1):
        change(other, at=at, rank=rank)
    point = next((p for p in points if p.value == values["value"]), None)
    old = {name: getattr(point, name) for name in values} if point else {}
    if point is None:
        point = ContactPoint.objects.create(
            creditor=debtor.creditor, debtor=debtor, channel=str(channel), rank=0, known_from=at, **values
        )
    else:
        # who is asked for there stays, unless we were told another name
        told = {name: value for name, value in values.items() if value is not None or name in POSTAL}
        change(point, at=at, rank=0, invalid_since=None, **told)
    journal.append(
        "address.set", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"contact_point": point.pk, "number": debtor.number, "old": old, **asked},
    )  # fmt: skip
    return point


def _address(channel: Channel, lines: Mapping[str, str]) -> dict[str, Any]:
    """All fields of a contact point but its rank, checked."""
    if unknown := set(lines) - {"value", "contact_name", *POSTAL}:
        raise TypeError(f"not part of an address: {', '.join(sorted(unknown))}")
    found: dict[str, Any] = {}
    for name in ("contact_name", *POSTAL):
        field: Any = ContactPoint._meta.get_field(name)
        found[name] = " ".join(clean_text(lines.get(name, ""), name, limit=field.max_length).split()) or None
    value = clean_text(lines.get("value", ""), "value", limit=500)
    if channel is Channel.LETTER:
        if value or not (found["street"] and found["city"]):
            raise Refused("address.incomplete")
        return {"value": "", **found}
    series = pl.Series([value])
    good = Cells.is_email(series) if channel is Channel.EMAIL else Cells.is_phone(series)
    if channel is Channel.VISIT or (channel is not Channel.IM and not good.item()) or not value or "\n" in value:
        raise Refused("address.not_one", value=value[:100], channel=str(channel))
    return {"value": value, **found}
