"""Entries of the registers, and what the gate said of planned contacts, found by the numbers that people use."""

from datetime import date, datetime

from django.db.models import Q

from dunwell.rulebook.contact_rules import CLOSING
from dunwell.store.models import Clearance, ContactAttempt, Creditor, Debtor, RegisterEntry
from dunwell.store.reads.talks import by_id
from dunwell.store.versions import known


def entry(creditor: Creditor, number: str) -> RegisterEntry:
    """The entry of an id, as it was typed. Raises `register.unknown`."""
    return by_id(RegisterEntry, creditor, number, "register.unknown")


def plan(creditor: Creditor, number: str) -> Clearance:
    """What the gate said of a planned contact, by its id, as it was typed. Raises `contact.plan_unknown`."""
    return by_id(Clearance, creditor, number, "contact.plan_unknown")


def closed_with(contact: ContactAttempt) -> bool:
    """Whether an address was closed with the record of this contact."""
    planned = contact.clearance.contact_point_id if contact.clearance else None
    if contact.channel != "phone" and contact.contact_point_id is None and planned is None:
        return False
    return RegisterEntry.objects.filter(
        debtor=contact.debtor_id, kind__in=CLOSING, from_at=contact.happened_at, known_from=contact.at
    ).exists()


def entries(
    creditor: Creditor, owner: Debtor | None, *, over: bool, today: date, known_at: datetime | None = None
) -> list[RegisterEntry]:
    """Entries, the oldest first; those that are over too where asked; as known at a moment (None: now)."""
    wanted = {"creditor": creditor} | ({} if owner is None else {"debtor": owner})
    if known_at is not None:
        rows = known(RegisterEntry, known_at, **wanted)
        standing = [row for row in rows if over or row.until_date is None or row.until_date >= today]
        return sorted(standing, key=lambda row: (row.from_date, row.pk))
    found = RegisterEntry.objects.select_related("debtor", "contact_point").filter(**wanted)
    lasting = Q(until_date=None) | Q(until_date__gte=today)
    return list((found if over else found.filter(lasting)).order_by("from_date", "pk"))
