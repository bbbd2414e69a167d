"""Addresses found to be wrong."""

from datetime import datetime

from dunwell.actions.act import act
from dunwell.core.actor import Actor
from dunwell.store import journal
from dunwell.store.models import ContactPoint, ContactPointPast


@act("address.invalid", may_record_nothing=True)
def mark_invalid(*, contact_point: int, reason: str, at: datetime, by: Actor) -> None:
    """No message goes to this address any more; what was known before is kept. Repeating it records nothing."""
    point = ContactPoint.objects.select_for_update().select_related("creditor").get(pk=contact_point)
    if point.invalid_since is not None:
        return
    # a trial may pretend a day before the address was taken in: its history must still run forward
    since = max(at, point.known_from)
    past = {f.attname: getattr(point, f.attname) for f in ContactPoint._meta.concrete_fields if f.attname != "id"}
    ContactPointPast.objects.create(of=point.pk, known_to=since, **past)
    point.invalid_since, point.known_from = at, since
    point.save(update_fields=["invalid_since", "known_from"])
    journal.append(
        "address.invalidated",
        creditor=point.creditor,
        by=by,
        at=at,
        recorded_at=at,
        debtor=point.debtor_id,
        body={"contact_point": point.pk, "channel": point.channel, "reason": reason},
    )
