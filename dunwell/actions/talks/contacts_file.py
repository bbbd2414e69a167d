"""Contacts that were made elsewhere are taken in from a file: each counts as if it had been recorded here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction

from dunwell.actions import gate
from dunwell.actions.act import act
from dunwell.actions.talks.contacts import record_contact
from dunwell.actions.talks.registers import one_form
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError
from dunwell.core.terms import ContactOutcome
from dunwell.intake.contacts_made import Fault, MadeContact, read_contacts
from dunwell.intake.same_address import canonical
from dunwell.store import journal
from dunwell.store.models import ContactPoint, Creditor, Debtor, JournalEntry
from dunwell.store.reads import talks as read


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file. deviations: of the new contacts, those that a rule forbade or presumed a violation."""

    recorded: int
    known: int
    deviations: int
    faults: Sequence[Fault]


class _TakenBack(Exception):
    """Nothing is to stay of what was tried."""

    def __init__(self, taken: Taken) -> None:
        self.taken = taken


def import_contacts(
    *, creditor: Creditor, path: Path, at: datetime, by: Actor, dry_run: bool = False, accept_valid_rows: bool = False
) -> Taken:
    """Record the contacts of a file, in the order in which they took place: all, or none where a line is wrong.

    dry_run             tell what would come of it, and write nothing
    accept_valid_rows   record the good lines although others are wrong
    A line that was recorded before changes nothing. Raises DunwellError where the file is no table of contacts.
    """
    sha256, rows, faults = read_contacts(path)
    try:
        return _take(
            creditor=creditor, name=path.name[:200], sha256=sha256, rows=rows, faults=faults, at=at, by=by,
            keep=not dry_run, accept_valid_rows=accept_valid_rows,
        )  # fmt: skip
    except _TakenBack as taken_back:
        return taken_back.taken


@act("contact.import", may_record_nothing=True)
def _take(
    *,
    creditor: Creditor,
    name: str,
    sha256: str,
    rows: Sequence[MadeContact],
    faults: Sequence[Fault],
    at: datetime,
    by: Actor,
    keep: bool,
    accept_valid_rows: bool,
) -> Taken:
    recorded, known, deviations, wrong, seen = 0, 0, 0, list(faults), Counter[str]()
    for row in sorted(rows, key=lambda each: (_moment(each, creditor), each.line)):
        try:
            with transaction.atomic():
                owner = read.debtor(creditor, row.debtor)
                key, was = _key(owner, row, seen)
                verdict = _record(owner, row, key, at, by)
        except DunwellError as error:
            wrong.append(Fault(row.line, error))
            continue
        recorded, known = recorded + (not was), known + was
        deviations += not was and verdict in (gate.FORBIDDEN, "presumed-violation")
    taken = Taken(recorded, known, deviations, sorted(wrong, key=lambda fault: fault.line))
    if not keep or (wrong and not accept_valid_rows):
        raise _TakenBack(taken)
    if recorded:
        journal.append(
            "contact.imported", creditor=creditor, by=by, at=at,
            body={
                "file": name, "sha256": sha256, "recorded": recorded, "known": known, "deviations": deviations,
                "faults": len(wrong),
            },
        )  # fmt: skip
    return taken


def _moment(row: MadeContact, creditor: Creditor) -> datetime:
    """When it took place. An hour that the clock showed twice is taken for the first: it can only count earlier."""
    zoned = row.at if row.at.tzinfo is not None else row.at.replace(tzinfo=ZoneInfo(creditor.zone))
    return zoned.astimezone(UTC)


def _key(owner: Debtor, row: MadeContact, seen: Counter[str]) -> tuple[str, bool]:
    """The key of a contact, and whether it was recorded before: the same for the same row however its number and its
    moment are written. Rows that say the same twice in one file are two contacts.

    seen   how often this file has said the same so far; changed here
    """
    told = {**row.told, "debtor": owner.number, "channel": str(row.channel), "outcome": row.outcome or ""}
    told |= {"at": _moment(row, owner.creditor).isoformat(), "direction": "in" if row.inbound else "out"}
    if "number" in told:
        told["number"] = canonical(told["number"], owner.country)
    text = "\0".join(f"{name}={told[name]}" for name in sorted(told))
    seen[text] += 1
    hashed = sha256(f"{text}\0{seen[text]}".encode("utf-8", "replace")).hexdigest()
    # rows that came before this form was kept are known by their letters
    keys = (f"contacts:as-one:{hashed}", row.key)
    known = JournalEntry.objects.filter(creditor=owner.creditor, event="contact.recorded", key__in=keys)
    was = known.values_list("key", flat=True).first()
    return was or keys[0], was is not None


def _record(owner: Debtor, row: MadeContact, key: str, at: datetime, by: Actor) -> str | None:
    """Record one contact; what the rules said of it then."""
    creditor, told = owner.creditor, row.told
    calls = row.outcome if row.outcome in tuple(ContactOutcome) else None
    to = told.get("to", "debtor")
    items = {
        field: [read.receivable(creditor, number) for number in row.items(field)] or None
        for field in ("about", "talked")
    }
    made = record_contact(
        debtor=owner, channel=row.channel, outcome=ContactOutcome(calls) if calls else None, at=at, by=by, key=key,
        happened_at=_moment(row, creditor), inbound=row.inbound, purpose=told.get("purpose", "collection"), to=to,
        mode=told.get("mode"), place=told.get("place"), persons=row.persons,
        contact_point=_point(owner, row, to),
        collector=told.get("agency", ""), outside=not row.inbound, undelivered=row.outcome == "undeliverable",
        about=items["about"], talked=items["talked"], note=told.get("note", ""),
    )  # fmt: skip
    return made.clearance.verdict if made.clearance else None


def _point(owner: Debtor, row: MadeContact, to: str) -> ContactPoint | None:
    """The address that was used, however it is written. One that the book does not know leaves it open: the contact
    counts all the same, at every address. Refuses to say of such a one that it is somebody else's."""
    number = row.told.get("number")
    if number is None:
        return None
    points = ContactPoint.objects.select_related("debtor").filter(
        debtor=owner, third_person__isnull=to != "third_person"
    )
    wanted = canonical(number, owner.country)
    same = [point for point in points.order_by("rank", "pk") if point.value and one_form(point) == wanted]
    if not same and row.outcome == ContactOutcome.WRONG_PERSON:
        raise DunwellError("address.unknown", value=number[:100], number=owner.number)
    return next((point for point in same if point.channel == row.channel), same[0] if same else None)
