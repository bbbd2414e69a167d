"""Carry facts from the store to the engine: neither knows the other."""

from collections.abc import Iterable
from datetime import datetime

from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.store import extract
from dunwell.store.models import Creditor


def facts_of(creditor: Creditor, *, known_at: datetime | None = None, debtors: Iterable[int] | None = None) -> Facts:
    """The facts of a creditor's book as known at a moment (None: now).

    debtors: these and all others whose facts matter to theirs; pick out the rows of whom you asked for.
    """
    return Facts(extract.frames(creditor, SCHEMAS, known_at=known_at, debtors=debtors))
