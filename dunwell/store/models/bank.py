"""What banks and wallets booked on the creditor's own accounts, line by line."""

from django.db import models

from dunwell.store.models.base import Fact


class BankLine(Fact):
    """One entry of a statement, or one payment of several that an entry holds. A line is never changed: the bank books
    a second one that takes it back.

    `number` is its identity, and that of the payment made of it (`intake.statements.identity`). `amount_minor` in minor
    units of `currency`: money in is positive, money out negative. `is_reversal`: it takes an earlier line back.
    `batch_of`: so many payments in one sum that the file does not tell apart. `payer`: the other party.
    """

    number = models.CharField(max_length=100)
    format = models.CharField(max_length=20)
    account = models.CharField(max_length=100)
    statement = models.CharField(max_length=100, null=True)
    booking_date = models.DateField()
    value_date = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    is_reversal = models.BooleanField()
    batch_of = models.BigIntegerField(null=True)
    bank_reference = models.CharField(max_length=100, null=True)
    end_to_end = models.CharField(max_length=100, null=True)
    reference = models.CharField(max_length=100, null=True)
    text = models.CharField(max_length=2000, null=True)
    payer = models.CharField(max_length=500, null=True)
    payer_account = models.CharField(max_length=100, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "number"], name="bank_line_number")]
