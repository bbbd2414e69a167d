"""What should have come of a debtor by a day, as people set it."""

from django.db import models

from dunwell.store.models.base import Fact, Past
from dunwell.store.models.parties import Debtor


class TargetFields(Fact):
    """So much of a currency should come of a debtor from `set_date` to `by_date`: our aim, not his promise.

    Of a debtor and currency one stands at a time; another one takes its place, which then is withdrawn.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    set_date = models.DateField()
    by_date = models.DateField()
    withdrawn_date = models.DateField(null=True)
    note = models.TextField(blank=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Target(TargetFields):
    """A target as known now."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["debtor", "currency"],
                condition=models.Q(withdrawn_date__isnull=True),
                name="target_stands_once",
            )
        ]


class TargetPast(TargetFields, Past):
    """A target as known before."""
