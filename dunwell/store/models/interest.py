"""Terms of late interest, and rates that came after those of the release."""

from django.db import models

from dunwell.store.models.base import Fact, Past


class InterestTermsFields(Fact):
    """Terms of a creditor by a code, the most specific one wins: `invoice:NUMBER`, `contract:NUMBER`, `business:GB`
    (debtors of that kind in that country), `business` or `consumer` (all debtors of that kind).

    `wishes`: what was agreed beside the regime (see `rulebook.interest_terms.WISHES`), as JSON text.
    """

    code = models.CharField(max_length=120)
    regime = models.CharField(max_length=64)
    wishes = models.TextField()
    buyer = models.CharField(max_length=32, blank=True)
    fixed_sum = models.BooleanField(default=False)
    confirmed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


class InterestTerms(InterestTermsFields):
    """Terms as they stand."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "code"], name="interest_terms_code")]


class InterestTermsPast(InterestTermsFields, Past):
    """Terms as they stood before."""


class RateValueFields(Fact):
    """A value of a series of rates from a day on, told by a creditor's people for his book.

    `known_until`: how far it was known to hold when it was told.
    """

    series = models.CharField(max_length=64)
    from_date = models.DateField()
    rate_ppm = models.BigIntegerField()
    known_until = models.DateField()
    told_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class RateValue(RateValueFields):
    """A rate as it stands."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "series", "from_date"], name="rate_value_day")]


class RateValuePast(RateValueFields, Past):
    """A rate as it stood before."""
