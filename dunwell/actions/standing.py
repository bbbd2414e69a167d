"""Refresh one debtor's standing after an act, through the very functions of the run."""

from dunwell.actions.business_day import day_start
from dunwell.actions.day import outcome_tables
from dunwell.actions.facts import facts_of
from dunwell.engine.decide import decide
from dunwell.rulebook.strategy import default_strategy
from dunwell.store.models import Debtor, Standing
from dunwell.store.reads.house_rules import rules_of


def refresh(debtor: Debtor) -> None:
    """Decide a debtor anew for the day his book was last run. Before the first run there is nothing to refresh."""
    creditor = debtor.creditor
    day = Standing.objects.filter(creditor=creditor).order_by("-as_of").values_list("as_of", flat=True).first()
    if day is None:
        return
    facts = facts_of(creditor, debtors=[debtor.pk], around=day)
    outcome = decide(facts, default_strategy(), rules_of(creditor), day, day_start(creditor, day))
    outcome_tables.refresh_standing(creditor, day, outcome, debtor=debtor.pk)
