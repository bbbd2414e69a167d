"""Strategies a creditor keeps, and what people observed and did that strategies ask for."""

from django.db import models

from dunwell.store.models.base import Fact, Owned, Past
from dunwell.store.models.contacts import ContactAttempt
from dunwell.store.models.ledger import Receivable
from dunwell.store.models.parties import Debtor


class StrategyVersion(Owned):
    """A strategy as text, kept under its hash. Never changed: another text is another version.

    A draft until somebody adopts it; see `StrategyAdopted`.
    """

    name = models.CharField(max_length=40)
    hash = models.CharField(max_length=64)
    text = models.TextField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "hash"], name="strategy_text")]


class StrategyAdopted(Owned):
    """From `from_date` on this version is in force. Of several for one day the one adopted last."""

    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    from_date = models.DateField()
    adopted_at = models.DateTimeField()
    adopted_by = models.CharField(max_length=200)


class ObservationFields(Fact):
    """What somebody observed or was told of a debtor: `kind` and `value` of `rulebook.strategy_columns.OBSERVED`.

    The latest of a kind holds, from `from_date` to `until_date` (null: until another is made).
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=20)
    from_date = models.DateField()
    until_date = models.DateField(null=True)
    evidence = models.TextField(blank=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Observation(ObservationFields):
    """An observation as known now."""


class ObservationPast(ObservationFields, Past):
    """An observation as known before."""


class StepFields(Fact):
    """A step of the strategy that a person took for an item: a call, a talk, a lawyer's letter, a suit. Letters and
    mails tell their step themselves.

    `taken` is false of a try: a call that reached nobody. `contact`: the call it was, if it was one.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+", db_index=False)
    stage = models.PositiveSmallIntegerField()
    done_date = models.DateField()
    taken = models.BooleanField(default=True)
    contact = models.ForeignKey(ContactAttempt, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    withdrawn_date = models.DateField(null=True)
    note = models.TextField(blank=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Step(StepFields):
    """A step as known now."""


class StepPast(StepFields, Past):
    """A step as known before."""
