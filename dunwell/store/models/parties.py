"""Who owes whom, and how to reach them."""

from django.db import models

from dunwell.rulebook.creditor_kinds import collector_of, kinds_of
from dunwell.store.models.base import Fact, Owned, Past


class Creditor(models.Model):
    """Who is owed: the sender of every letter. `kind`: what he is, see `rulebook.creditor_kinds`."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2)
    zone = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="en")
    currency = models.CharField(max_length=3)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=50, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    bank_name = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=64, blank=True)
    signatory_name = models.CharField(max_length=200, blank=True)
    signatory_title = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=120, blank=True)

    @property
    def collector(self) -> str:
        """Who collects: `own`, or `agency` where he collects the debts of others."""
        return collector_of(kinds_of(self.kind))


class Person(Owned):
    """One human or company behind one or more debtors: contact caps protect persons, not accounts."""

    number = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "number"], name="person_number")]


class DebtorFields(Fact):
    """A customer account of the creditor's ledger. `buyer_kind`: what he is where rules ask what a buyer is;
    `debt_kind`: what contact rules call his debt; `subdivision`: the part of the country whose law he has (`ON`, `MA`,
    `SCT`: ISO 3166-2 after the hyphen)."""

    number = models.CharField(max_length=100)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=500)
    contact_name = models.CharField(max_length=500, null=True)
    kind = models.CharField(max_length=10)
    buyer_kind = models.CharField(max_length=32, null=True)
    country = models.CharField(max_length=2, null=True)
    language = models.CharField(max_length=10)
    zone = models.CharField(max_length=64, null=True)
    segment = models.CharField(max_length=500, null=True)
    preferred_channel = models.CharField(max_length=10, null=True)
    debt_kind = models.CharField(max_length=20, null=True)
    subdivision = models.CharField(max_length=10, null=True)

    class Meta:
        abstract = True


class Debtor(DebtorFields):
    """A debtor as known now."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "number"], name="debtor_number")]


class DebtorPast(DebtorFields, Past):
    """A debtor as known before."""


class ThirdPerson(Owned):
    """Somebody who does not owe, and may be asked how to reach the debtor where the rules allow it. Never changed.

    `relation`: what he is to the debtor, see `actions.talks.third_persons`; `told_by`: how we know of him and of it.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=500)
    relation = models.CharField(max_length=20)
    told_by = models.CharField(max_length=500)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)


class ContactPointFields(Fact):
    """An address of a debtor on one channel. E-mail and phone live in `value`, a postal address in its lines.

    `zones`: the time zones it may lie in, joined by a blank, by its prefix or its place; null: it does not tell.
    `third_person`: whose it is, where it is not the debtor's own: then nothing is ever sent to it, and it stands in no
    file of the ledger.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10)
    value = models.CharField(max_length=500, blank=True)
    contact_name = models.CharField(max_length=500, null=True)
    street = models.CharField(max_length=500, null=True)
    postcode = models.CharField(max_length=20, null=True)
    city = models.CharField(max_length=500, null=True)
    region = models.CharField(max_length=500, null=True)
    country = models.CharField(max_length=2, null=True)
    rank = models.PositiveSmallIntegerField(default=0)
    invalid_since = models.DateTimeField(null=True)
    zones = models.TextField(null=True)
    third_person = models.ForeignKey(ThirdPerson, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        abstract = True


class ContactPoint(ContactPointFields):
    """An address as known now. `rank` orders the addresses of a channel: 0 is tried first."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["debtor", "channel", "value"],
                condition=models.Q(third_person=None),
                name="contact_point_value",
            ),
            models.UniqueConstraint(
                fields=["third_person", "channel", "value"],
                condition=models.Q(third_person__isnull=False),
                name="third_person_value",
            ),
        ]


class ContactPointPast(ContactPointFields, Past):
    """An address as known before."""


class GuarantorFields(Fact):
    """A person who answers for a debtor's debt, up to `limit_minor` (null: without limit)."""

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=500)
    currency = models.CharField(max_length=3)
    limit_minor = models.BigIntegerField(null=True)
    from_date = models.DateField()
    until_date = models.DateField(null=True)

    class Meta:
        abstract = True


class Guarantor(GuarantorFields):
    """A guarantor as known now."""


class GuarantorPast(GuarantorFields, Past):
    """A guarantor as known before."""
