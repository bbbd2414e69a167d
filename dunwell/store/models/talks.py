"""What debtors told us and what we agreed with them."""

from django.db import models

from dunwell.store.models.base import Fact, Past
from dunwell.store.models.ledger import Receivable
from dunwell.store.models.parties import Debtor


class PromiseFields(Fact):
    """A promise to pay `amount_minor` by `due_date`. Kept, part-kept or broken is computed from payments."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    made_date = models.DateField()
    due_date = models.DateField()
    withdrawn_date = models.DateField(null=True)

    class Meta:
        abstract = True


class Promise(PromiseFields):
    """A promise as known now."""


class PromisePast(PromiseFields, Past):
    """A promise as known before."""


class DisputeFields(Fact):
    """The debtor contests a receivable, or `amount_minor` of it (null: the whole)."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=100)
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+", db_index=False)
    opened_date = models.DateField()
    closed_date = models.DateField(null=True)
    amount_minor = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=2000)
    outcome = models.CharField(max_length=2000, null=True)

    class Meta:
        abstract = True


class Dispute(DisputeFields):
    """A dispute as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "number"], name="dispute_number")]


class DisputePast(DisputeFields, Past):
    """A dispute as known before."""


class ComplaintFields(Fact):
    """The debtor complains about us. While it is unanswered nothing is demanded."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    opened_date = models.DateField()
    answered_date = models.DateField(null=True)
    text = models.TextField(blank=True)

    class Meta:
        abstract = True


class Complaint(ComplaintFields):
    """A complaint as known now."""


class ComplaintPast(ComplaintFields, Past):
    """A complaint as known before."""


class HoldFields(Fact):
    """Collecting is paused: for a debtor or one receivable, on one channel or all, until a day or for good."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    channel = models.CharField(max_length=10, null=True)
    reason = models.CharField(max_length=20)
    note = models.TextField(blank=True)
    from_date = models.DateField()
    until_date = models.DateField(null=True)

    class Meta:
        abstract = True


class Hold(HoldFields):
    """A hold as known now. `until_date` is the last day it holds; null: until a person lifts it."""


class HoldPast(HoldFields, Past):
    """A hold as known before."""
