"""Does the record of contacts bear out that a debtor cannot be reached? What counts for it are the terms of
`rulebook/lost_contact`; without such terms for him, only what was written down as evidence does."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.actions.facts import facts_of
from dunwell.engine.contact.findings import asked_of
from dunwell.engine.contact.lost_contact import NUMBERS, lost_contact
from dunwell.rulebook.lost_contact_terms import house_lost_contact
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.models import ContactPoint, Debtor


def borne_out_from(debtor: Debtor, at: datetime) -> date | None:
    """The day from which on the record proves it (it may lie ahead); None: it does not."""
    creditor, moment = debtor.creditor, at.astimezone(UTC)
    day = at.astimezone(ZoneInfo(creditor.zone)).date()
    asked = asked_of(facts_of(creditor, debtors=[debtor.pk], around=day).on(day), house_rules(), day, moment)
    subject = asked.subjects.filter(pl.col("subject_id") == debtor.pk)
    told = subject.select("debtor", "place", "debt", "collector", "creditor").row(0, named=True)
    numbers = _numbers(debtor, asked.entries, day)
    found = [
        lost_contact(subject, asked.contacts, numbers, ways)
        for terms in house_lost_contact()
        if terms.scope.matches(told) and (ways := terms.on(day)) is not None
    ]
    days = [row for each in found for row in each["from_date"]]
    return min(days, default=None)


def _numbers(debtor: Debtor, entries: pl.DataFrame, day: date) -> pl.DataFrame:
    """The telephone numbers of the person, whichever account they stand with, and since when they are known as invalid.
    One that is somebody else's is valid: calls there were in vain, and count as such."""
    stands = pl.col("until_date").is_null() | (pl.col("until_date") >= day)
    closed = entries.filter(stands, pl.col("kind") == "invalid_number", pl.col("address_id").is_not_null())
    told: dict[int, date] = dict(closed.group_by("address_id").agg(pl.col("from_date").min()).rows())
    zone = ZoneInfo(debtor.creditor.zone)
    points = ContactPoint.objects.filter(debtor__person=debtor.person_id, channel="phone", third_person=None)
    rows = [
        (debtor.person_id, point, since.astimezone(zone).date() if since else told.get(point))
        for point, since in points.values_list("pk", "invalid_since")
    ]
    return pl.DataFrame(rows, schema=NUMBERS, orient="row")
