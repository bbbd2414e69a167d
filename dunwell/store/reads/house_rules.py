"""The contact rules of a creditor: those that come with Dunwell, with what he set for trade debts."""

from datetime import datetime

from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.own_rules import OwnValue, with_own
from dunwell.store.models import Creditor, HouseRule
from dunwell.store.versions import known


def rules_of(creditor: Creditor, known_at: datetime | None = None) -> Rules:
    """His rules, as known at a moment (None: now). A day uses the values in force then."""
    return with_own(own_values_of(creditor, known_at))


def own_values_of(creditor: Creditor, known_at: datetime | None = None) -> tuple[OwnValue, ...]:
    """What he set, by rule and day."""
    rows = known(HouseRule, known_at, creditor=creditor)
    found = [OwnValue(row.rule, row.from_date, row.values or None) for row in rows]
    return tuple(sorted(found, key=lambda each: (each.rule, each.from_date)))
