"""What the clock of limitation must be told by people: events with their proof, facts of a claim, guarantees, filings.

A record made by mistake keeps its row with `withdrawn_date`; as anywhere, what was believed before stands in `...Past`.
"""

from django.db import models

from dunwell.store.models.base import Fact, Past
from dunwell.store.models.contacts import ContactAttempt
from dunwell.store.models.ledger import Receivable
from dunwell.store.models.parties import Debtor


class LimitationClaimFields(Fact):
    """What the ledger does not say of a claim; null: nobody said. `kind`: see `CLAIM_KINDS`.

    `place`: whose law it falls under. `perform_by_date`: of a judgment, the last day to perform.
    """

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, null=True)
    place = models.CharField(max_length=10, null=True)
    arose_date = models.DateField(null=True)
    last_instalment_date = models.DateField(null=True)
    perform_by_date = models.DateField(null=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class LimitationClaim(LimitationClaimFields):
    """Facts of a claim as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["receivable"], name="limitation_claim_item")]


class LimitationClaimPast(LimitationClaimFields, Past):
    """Facts of a claim as known before."""


class GuaranteeFields(Fact):
    """Somebody answers for one receivable: a debtor of the book (`guarantor`), or a person known by name alone.

    `kind` joint, general or unstated. `agreed_until_date`: the last day of an agreed guarantee period.
    """

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+")
    guarantor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    name = models.CharField(max_length=500)
    kind = models.CharField(max_length=10)
    agreed_until_date = models.DateField(null=True)
    withdrawn_date = models.DateField(null=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class Guarantee(GuaranteeFields):
    """A guarantee as known now."""


class GuaranteePast(GuaranteeFields, Past):
    """A guarantee as known before."""


class LimitationEventFields(Fact):
    """An event that may move a clock: of a claim, of a guarantee, or the arrival of a demand that we sent (`contact`).

    `until_date`: the last day of an obstacle (null: it lasts), or the day on which proceedings ended (null: pending).
    `proof_sha256`: hash of the file that proves it.
    """

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+", null=True)
    guarantee = models.ForeignKey(Guarantee, on_delete=models.PROTECT, related_name="+", null=True)
    contact = models.ForeignKey(ContactAttempt, on_delete=models.PROTECT, related_name="+", null=True)
    event_kind = models.CharField(max_length=30)
    event_date = models.DateField()
    until_date = models.DateField(null=True)
    proof = models.CharField(max_length=500, blank=True)
    proof_sha256 = models.CharField(max_length=64, blank=True)
    withdrawn_date = models.DateField(null=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class LimitationEvent(LimitationEventFields):
    """An event as known now."""


class LimitationEventPast(LimitationEventFields, Past):
    """An event as known before."""


class InsolvencyFilingFields(Fact):
    """A debtor is insolvent: claims are filed until `file_by_date`; `filed_date` is the day on which ours were."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+", db_index=False)
    file_by_date = models.DateField()
    filed_date = models.DateField(null=True)
    reference = models.CharField(max_length=200, blank=True)
    withdrawn_date = models.DateField(null=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class InsolvencyFiling(InsolvencyFilingFields):
    """A filing date as known now."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["debtor"], condition=models.Q(withdrawn_date=None), name="insolvency_filing_debtor"
            )
        ]


class InsolvencyFilingPast(InsolvencyFilingFields, Past):
    """A filing date as known before."""
