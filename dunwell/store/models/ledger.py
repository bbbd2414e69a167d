"""What is owed and what was paid, as the creditor's ledger and bank tell it."""

from django.db import models

from dunwell.store.models.base import Derived, Fact, Owned, Past
from dunwell.store.models.parties import Debtor


class ImportFile(Owned):
    """A file taken in: its hash, what it held, and the control totals shown to the user."""

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20)
    imported_at = models.DateTimeField()
    open_items_date = models.DateField(null=True)
    report = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["creditor", "open_items_date"], name="import_open_items")]


class ContractFields(Fact):
    """An agreement that receivables rest on. `law`: place whose law governs it, see `rulebook.places.is_law`."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=100)
    signed_date = models.DateField(null=True)
    terms_days = models.PositiveIntegerField(null=True)
    law = models.CharField(max_length=10, null=True)

    class Meta:
        abstract = True


class Contract(ContractFields):
    """A contract as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "number"], name="contract_number")]


class ContractPast(ContractFields, Past):
    """A contract as known before."""


class ReceivableFields(Fact):
    """One item of the ledger. `amount_minor` in minor units of `currency`; negative for a credit note.

    `parent` is the invoice a charge, an instalment or a credit note belongs to. `open_as_of_date`: no file has told
    the item's own amount yet; `amount_minor` is what was open on that day. None: it is the item's own amount.
    `payment_terms`: the terms that its due date was counted by, in the notation of `rulebook.payment_terms`.
    `due_known`: false where that rests on a calendar that was not official yet; null where nothing was counted.
    `due_rule`: the rule of law (`rulebook.legal_terms`) that gives the due date, because nothing was agreed.
    `charge_kind`: what a charge is for (`core.terms.ChargeKind`), `charge_basis`: what it rests on
    (`rulebook.debt.CHARGE_BASES`), where these were told. `secured`: how well the claim is secured, 0 not at all.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=100)
    kind = models.CharField(max_length=12)
    parent = models.ForeignKey(
        "store.Receivable", on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    issue_date = models.DateField()
    due_date = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    open_as_of_date = models.DateField(null=True)
    status = models.CharField(max_length=12)
    description = models.CharField(max_length=2000, null=True)
    charge_kind = models.CharField(max_length=12, null=True)
    payment_terms = models.CharField(max_length=200, null=True)
    received_date = models.DateField(null=True)
    delivered_date = models.DateField(null=True)
    accepted_date = models.DateField(null=True)
    due_known = models.BooleanField(null=True)
    due_rule = models.CharField(max_length=40, null=True)
    charge_basis = models.CharField(max_length=6, null=True)
    secured = models.PositiveSmallIntegerField(null=True)

    class Meta:
        abstract = True


class Receivable(ReceivableFields):
    """A receivable as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "kind", "number"], name="receivable_number")]
        indexes = [
            models.Index(fields=["debtor"], name="receivable_debtor"),
            models.Index(fields=["parent"], name="receivable_parent", condition=models.Q(parent__isnull=False)),
        ]


class ReceivablePast(ReceivableFields, Past):
    """A receivable as known before."""


class PaymentFields(Fact):
    """Money that came in (negative: went back). `receivable` is what the payer or the ledger says it pays.

    `source_kind` bank: a bank line. ledger: an open-item list showed less open than before; the engine lets
    a later bank line replace it instead of counting the money twice (see `engine.book.cash`). `designation`: what of a
    claim the payer says it pays first (`rulebook.interest_terms.COMPONENTS`).
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=120)
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    reverses = models.ForeignKey("store.Payment", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    value_date = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    source_kind = models.CharField(max_length=6)
    designation = models.CharField(max_length=9, null=True)
    method = models.CharField(max_length=500, null=True)

    class Meta:
        abstract = True


class Payment(PaymentFields):
    """A payment as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "number"], name="payment_number")]
        indexes = [
            models.Index(fields=["receivable"], name="payment_receivable"),
            models.Index(fields=["reverses"], name="payment_reverses", condition=models.Q(reverses__isnull=False)),
        ]


class PaymentPast(PaymentFields, Past):
    """A payment as known before."""


class MatchFields(Derived, Fact):
    """So much of a payment pays this receivable, and why: found by the engine, see `engine.book.cash`."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    receivable = models.ForeignKey(
        Receivable, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=40)

    class Meta:
        abstract = True


class Match(MatchFields):
    """A match as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payment", "receivable"], name="match_pair")]
        indexes = [models.Index(fields=["debtor"], name="match_debtor")]


class MatchPast(MatchFields, Past):
    """A match as known before."""
