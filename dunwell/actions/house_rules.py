"""A creditor sets the house's rules for trade debts: business hours, how often, when nobody is dunned."""

from collections.abc import Mapping
from datetime import datetime

from dunwell.actions.act import act
from dunwell.actions.business_day import today
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.rulebook.contact_rules import Rule
from dunwell.rulebook.own_rules import own_values, settable
from dunwell.store import journal
from dunwell.store.models import Creditor, HouseRule
from dunwell.store.versions import change


@act("rules.set", may_record_nothing=True)
def set_rule(*, creditor: Creditor, rule: str, wishes: Mapping[str, str], at: datetime, by: Actor) -> HouseRule:
    """Set values of a rule from the creditor's business day on; what is not named is as it comes with Dunwell.

    Refuses every rule that is not of the pack for trade debts, and values the rule cannot have or that lie beyond its
    bounds (`own_rules`). What stands already records nothing.
    """
    try:
        values = own_values(_settable(rule), wishes)
    except DunwellError as error:
        raise Refused(error.code, **error.params) from error
    return _record(creditor, rule, values, at, by)


@act("rules.unset", may_record_nothing=True)
def unset_rule(*, creditor: Creditor, rule: str, at: datetime, by: Actor) -> HouseRule:
    """Let the values that come with Dunwell hold again, from the creditor's business day on."""
    _settable(rule)
    if not HouseRule.objects.filter(creditor=creditor, rule=rule).exists():
        raise Refused("rules.not_set", value=rule)
    return _record(creditor, rule, "", at, by)


def _settable(rule: str) -> Rule:
    known = settable()
    if rule not in known:
        raise Refused("rules.not_settable", value=rule[:100], known=", ".join(known))
    return known[rule]


def _record(creditor: Creditor, rule: str, values: str, at: datetime, by: Actor) -> HouseRule:
    day = today(creditor, at)
    mine = HouseRule.objects.select_for_update().filter(creditor=creditor, rule=rule)
    latest = mine.filter(from_date__lte=day).order_by("-from_date").first()
    if latest is not None and latest.values == values:
        return latest
    told = {"values": values, "set_by": str(by)}
    if latest is not None and latest.from_date == day:
        change(latest, at=at, **told)
    else:
        latest = HouseRule.objects.create(creditor=creditor, rule=rule, from_date=day, known_from=at, **told)
    event = "rules.set" if values else "rules.unset"
    journal.append(event, creditor=creditor, by=by, at=at, body={"rule": rule, "from": day, "values": values})
    return latest
