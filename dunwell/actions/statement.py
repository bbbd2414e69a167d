"""The statement of what a debtor owes, from the book: the very functions that compute a described claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dunwell.actions.facts import facts_of
from dunwell.core.errors import DunwellError
from dunwell.core.terms import ReceivableStatus
from dunwell.documents.account import Statement
from dunwell.engine import cash
from dunwell.engine.statement import make_statement
from dunwell.engine.stored_debts import debts_of
from dunwell.store.models import Creditor, Debtor, Receivable
from dunwell.store.reads import interest, talks


@dataclass(frozen=True, slots=True)
class Told:
    """A statement, whose it is, and the debtor's money by currency that pays nothing yet (minor units, above zero)."""

    statement: Statement
    debtor: Debtor
    unallocated: dict[str, int]


def statement_of(
    *,
    creditor: Creditor,
    numbers: Sequence[str],
    as_of: date,
    pay_by: date | None = None,
    known_at: datetime | None = None,
) -> Told:
    """The statement of receivables by their numbers (an invoice with its charges), all of one debtor, each told once.

    Raises DunwellError: an unknown number, a credit note or a charge, what was cancelled or written off, receivables of
    several debtors, a rate that is not known, and an invoice that did not yet exist on the day.
    """
    rows: list[Receivable] = [talks.receivable(creditor, number) for number in dict.fromkeys(numbers)]
    for row in rows:
        if row.status != ReceivableStatus.OPEN:
            raise DunwellError("statement.not_claimed", number=row.number)
    if len({row.debtor_id for row in rows}) > 1:
        owners = "; ".join(f"{row.number}: {row.debtor.number}" for row in rows)
        raise DunwellError("statement.several_debtors", owners=owners)
    debtor = rows[0].debtor
    facts = facts_of(creditor, debtors=[debtor.pk], known_at=known_at).on(as_of)
    terms = interest.StoredTerms(creditor, facts["debtors"]["debtor_id"].to_list())
    found = debts_of(facts, as_of, terms.of)
    for row in rows:
        if row.pk not in found:
            raise DunwellError("statement.no_debt", number=row.number, day=as_of.isoformat())
    loose = cash.apply_cash(facts).loose.filter((pl.col("debtor_id") == debtor.pk) & (pl.col("loose_minor") > 0))
    made = make_statement([debt for row in rows for debt in found[row.pk]], as_of, pay_by)
    return Told(made, debtor, dict(loose.sort("currency").select("currency", "loose_minor").rows()))
