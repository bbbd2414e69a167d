"""Targets of debtors beside what came, for any day. Reads, writes nothing."""

from datetime import date
from typing import Any

from dunwell.actions.facts import facts_of
from dunwell.engine.book.cash import effective_money
from dunwell.engine.book.targets import against_money
from dunwell.store.models import Creditor, Debtor
from dunwell.store.reads.targets import targets


def targets_of(creditor: Creditor, day: date, debtor: Debtor | None = None) -> list[dict[str, Any]]:
    """The rows of `engine.book.targets.against_money`: of one debtor, or all of a creditor, what was missed first."""
    told = targets(creditor, day, debtor=debtor)
    if not told:
        return []
    facts = facts_of(creditor, debtors=sorted({row[1] for row in told})).on(day)
    found = against_money(told, effective_money(facts), day)
    return sorted(found, key=lambda row: (row["state"] != "missed", row["by_date"], row["currency"]))
