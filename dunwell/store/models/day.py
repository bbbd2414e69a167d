"""What the engine decided: runs, the decisions acted on, and each debtor's latest standing."""

from django.db import models

from dunwell.store.models.base import Derived, Owned
from dunwell.store.models.parties import Debtor


class Run(Owned):
    """One run of the day for one creditor. Its facts and decisions lie as Parquet under `runs/<name>`."""

    name = models.CharField(max_length=64, unique=True)
    as_of = models.DateField()
    known_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    facts_hash = models.CharField(max_length=64)
    strategy_hash = models.CharField(max_length=64)
    rules_hash = models.CharField(max_length=64)
    decisions_hash = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)
    schema_version = models.PositiveSmallIntegerField()
    summary = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["creditor", "as_of"], name="run_as_of")]


class Decision(Derived):
    """A decision that was acted on: a message prepared or a task for a person. All others lie in the run's Parquet."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    as_of = models.DateField()
    action = models.CharField(max_length=10)
    stage = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=10, null=True)
    reason = models.CharField(max_length=60)
    body = models.JSONField()
    schema_version = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "debtor"], name="decision_once")]


class Standing(Derived):
    """The engine's latest answer per debtor and currency, for fast screens. Derived: nobody counts by hand.

    What the contact rules said for it: in the folder of `run`, or, where an act decided one debtor anew, in `findings`.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    currency = models.CharField(max_length=3)
    as_of = models.DateField()
    open_minor = models.BigIntegerField()
    overdue_minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField()
    days_past_due = models.IntegerField()
    stage = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=10)
    reason = models.CharField(max_length=60)
    body = models.JSONField()
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, related_name="+", null=True, db_index=False, db_constraint=False
    )
    findings = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["debtor", "currency"], name="standing_line")]
        indexes = [models.Index(fields=["creditor", "action", "-overdue_minor"], name="standing_rank")]
