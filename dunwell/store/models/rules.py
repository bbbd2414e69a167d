"""House rules for trade debts as a creditor sets them."""

from django.db import models

from dunwell.store.models.base import Fact, Past


class HouseRuleFields(Fact):
    """The values of a rule of the house's pack for trade debts, from a day on; see `rulebook.own_rules`.

    `values`: as YAML; empty: those that come with Dunwell hold again.
    """

    rule = models.CharField(max_length=64)
    from_date = models.DateField()
    values = models.TextField(blank=True)
    set_by = models.CharField(max_length=200)

    class Meta:
        abstract = True


class HouseRule(HouseRuleFields):
    """Values as they stand."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "rule", "from_date"], name="house_rule_day")]


class HouseRulePast(HouseRuleFields, Past):
    """Values as they stood before: set anew on the same day."""
