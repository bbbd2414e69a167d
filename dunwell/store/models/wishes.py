"""What people wish of a message otherwise than a run proposed."""

from django.db import models

from dunwell.store.models.base import Fact, Past
from dunwell.store.models.parties import ContactPoint, Debtor


class WishFields(Fact):
    """A wish about the message at one place on the ladder: `stage`, when `messages` of the currency went before.

    kind `person`: it is the task of `collector` instead. `address`: it goes to `contact_point`. It stands from
    `from_date` to `until_date` (null: while the debtor stands at the place).
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    stage = models.PositiveSmallIntegerField()
    messages = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    collector = models.CharField(max_length=40, null=True)
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    from_date = models.DateField()
    until_date = models.DateField(null=True)
    reason = models.TextField(blank=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Wish(WishFields):
    """A wish as known now."""


class WishPast(WishFields, Past):
    """A wish as known before."""
