"""Refresh one debtor's standing after an act, through the very functions of the run."""

from datetime import date

from dunwell.actions.business_day import day_start
from dunwell.actions.day import outcome_tables
from dunwell.actions.facts import facts_of
from dunwell.core.terms import Stage
from dunwell.engine.day.decide import Outcome, decide
from dunwell.store.models import Debtor, Standing
from dunwell.store.reads.house_rules import rules_of
from dunwell.store.reads.strategies import strategy_of


def refresh(debtor: Debtor) -> None:
    """Decide a debtor anew for the day his book was last run. Before the first run there is nothing to refresh."""
    creditor = debtor.creditor
    day = Standing.objects.filter(creditor=creditor).order_by("-as_of").values_list("as_of", flat=True).first()
    if day is not None:
        outcome_tables.refresh_standing(creditor, day, decided(debtor, day), debtor=debtor.pk)


def tasks_due(debtor: Debtor, day: date) -> dict[int, Stage]:
    """The debtor's items whose next step is a person's and due on that day: receivable id -> stage."""
    tasks = decided(debtor, day).tasks
    return {
        row["receivable_id"]: Stage(row["stage"]) for row in tasks.to_dicts() if row["debtor_id"] == debtor.pk
    }  # fmt: skip


def decided(debtor: Debtor, day: date) -> Outcome:
    """What a day's facts, as known now, lead to for a debtor and those whose facts matter to his."""
    creditor = debtor.creditor
    facts = facts_of(creditor, debtors=[debtor.pk], around=day, clocks=True)
    return decide(facts, strategy_of(creditor, day), rules_of(creditor), day, day_start(creditor, day))
