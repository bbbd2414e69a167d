"""Addresses found to be wrong."""

from datetime import datetime

from dunwell.actions.act import act
from dunwell.core.actor import Actor
from dunwell.store import journal
from dunwell.store.models import ContactPoint
from dunwell.store.versions import change


@act("address.invalid", may_record_nothing=True)
def mark_invalid(*, contact_point: int, reason: str, at: datetime, by: Actor) -> None:
    """No message goes to this address any more; what was known before is kept. Repeating it records nothing."""
    point = ContactPoint.objects.select_for_update().select_related("creditor").get(pk=contact_point)
    if point.invalid_since is not None:
        return
    change(point, at=at, invalid_since=at)
    journal.append(
        "address.invalidated",
        creditor=point.creditor,
        by=by,
        at=at,
        debtor=point.debtor_id,
        body={"contact_point": point.pk, "channel": point.channel, "reason": reason},
    )
