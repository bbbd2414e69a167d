"""The statement of what a debtor owes, from the book: the very functions that compute a described claim."""

from collections.abc import Sequence
from datetime import date, datetime

from dunwell.actions.facts import facts_of
from dunwell.core.errors import DunwellError
from dunwell.documents.account import Statement
from dunwell.engine.statement import make_statement
from dunwell.engine.stored_debts import debts_of
from dunwell.store.models import Creditor, Receivable
from dunwell.store.reads import interest, talks


def statement_of(
    *,
    creditor: Creditor,
    numbers: Sequence[str],
    as_of: date,
    pay_by: date | None = None,
    known_at: datetime | None = None,
) -> Statement:
    """The statement of receivables by their numbers (an invoice with its charges), all of one debtor.

    Raises DunwellError: an unknown number, a credit note or a charge, receivables of several debtors, a rate that is
    not known, and an invoice that did not yet exist on the day.
    """
    rows: list[Receivable] = [talks.receivable(creditor, number) for number in numbers]
    debtors = {row.debtor_id for row in rows}
    if len(debtors) > 1:
        raise DunwellError("statement.several_debtors", numbers=", ".join(numbers))
    facts = facts_of(creditor, debtors=debtors, known_at=known_at).on(as_of)
    stored = interest.all_terms(creditor)
    found = debts_of(facts, as_of, interest.terms_by_code(creditor), {row.code for row in stored if row.fixed_sum})
    for row in rows:
        if row.pk not in found:
            raise DunwellError("statement.no_debt", number=row.number, day=as_of.isoformat())
    return make_statement([found[row.pk] for row in rows], as_of, pay_by)
