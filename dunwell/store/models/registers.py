"""What we were told about how a debtor may be contacted: consents, wishes, notices, what is known of an address."""

from django.db import models

from dunwell.store.models.base import Fact, Past
from dunwell.store.models.parties import ContactPoint, Debtor


class RegisterEntryFields(Fact):
    """An entry of a register; what each kind means stands in docs/contact-rules.md.

    It holds from `from_date` (from the moment `from_at`, where one was told) to `until_date`, both included (null:
    until it is ended). Null in a column: on every channel, at every address, place and time, for every purpose.
    `weekdays`: numbers joined by a blank, 1 is Monday. Requests to cease and other holds stand in `Hold`.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24)
    from_date = models.DateField()
    from_at = models.DateTimeField(null=True)
    until_date = models.DateField(null=True)
    channel = models.CharField(max_length=10, null=True)
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    place = models.CharField(max_length=12, null=True)
    purpose = models.CharField(max_length=20, null=True)
    weekdays = models.CharField(max_length=13, null=True)
    hours_from = models.CharField(max_length=5, null=True)
    hours_until = models.CharField(max_length=5, null=True)
    evidence = models.TextField(blank=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class RegisterEntry(RegisterEntryFields):
    """An entry as known now."""


class RegisterEntryPast(RegisterEntryFields, Past):
    """An entry as known before."""
