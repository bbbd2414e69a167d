"""The statement of what a debtor owes, from the book: the very functions that compute a described claim."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dunwell.actions.facts import facts_of
from dunwell.core.errors import DunwellError, refusal
from dunwell.core.terms import ReceivableStatus
from dunwell.documents.account import Statement
from dunwell.engine.claim.debtor_account import DebtorAccount, account_of
from dunwell.engine.claim.described import as_far_as_told, compute, undisputed
from dunwell.engine.claim.statement import last_day_told, make_statement
from dunwell.engine.facts import Facts
from dunwell.rulebook.debt import Debt
from dunwell.store.models import Creditor, Debtor, Receivable
from dunwell.store.reads import interest, talks
from dunwell.store.reads.due_dates import due_bases


@dataclass(frozen=True, slots=True)
class Told:
    """A statement, whose it is, and the debtor's money by currency that pays nothing yet (minor units, above zero).

    in_doubt   the part of that money that may be paid out already: a list of open items may have had it in view
    """

    statement: Statement
    debtor: Debtor
    unallocated: dict[str, int]
    in_doubt: dict[str, int]


def statement_of(
    *,
    creditor: Creditor,
    numbers: Sequence[str],
    as_of: date,
    pay_by: date | None = None,
    known_at: datetime | None = None,
) -> Told:
    """The statement of receivables by their numbers (an invoice with its charges), all of one debtor, each told once.
    The number of an invoice in instalments stands for all of them.

    known_at   with facts, terms and rates as they were known then (None: now)

    Raises DunwellError: an unknown number, a credit note or a charge, what was cancelled or written off, receivables of
    several debtors, terms that do not hold for one of them, a rate that is not known, and an invoice that did not yet
    exist on the day.
    """
    rows: list[Receivable] = [each for number in dict.fromkeys(numbers) for each in talks.receivables(creditor, number)]
    if len({row.debtor_id for row in rows}) > 1:
        owners = "; ".join(f"{row.number}: {row.debtor.number}" for row in rows)
        raise DunwellError("statement.several_debtors", owners=owners)
    debtor = rows[0].debtor
    facts = facts_of(creditor, debtors=[debtor.pk], known_at=known_at)
    states = dict(facts["receivables"].select("receivable_id", "status").rows())
    account = account_of(facts, debtor.pk, as_of, interest.StoredTerms(creditor, [debtor.pk], known_at).of)
    for row in rows:
        if states.get(row.pk, ReceivableStatus.OPEN) != ReceivableStatus.OPEN:
            raise DunwellError("statement.not_claimed", number=row.number)
        if row.pk not in account.debts:
            raise DunwellError("statement.no_debt", number=row.number, day=as_of.isoformat())
    bases = due_bases(creditor, debtor, [row.pk for row in rows], known_at)
    debts = [replace(debt, due_basis=bases.get(row.pk)) for row in rows for debt in account.debts[row.pk]]
    untold = [debt.untold for debt in debts if debt.untold]
    if untold:
        raise refusal("claim.debts_refused", untold)
    return _told(debts, account, debtor, as_of, pay_by)


def statement_of_debtor(
    *,
    creditor: Creditor,
    debtor: Debtor,
    as_of: date,
    pay_by: date | None = None,
    known_at: datetime | None = None,
    facts: Facts | None = None,
    currency: str | None = None,
    only: Collection[int] | None = None,
    terms: interest.StoredTerms | None = None,
) -> Told:
    """The statement of all open debts of a debtor: those of which anything is demanded, disputed or computed.

    known_at   with facts, terms and rates as they were known then (None: now)
    facts      of the debtor, where somebody read them already (see `facts_of`; later days in them are left out)
    currency   only debts and money in it
    only       only the claims that these items (receivable ids: invoices, charges) belong to, in the order of due dates
    terms      the creditor's, where somebody read them already

    All debts take part when money that names none is placed, also those that are not told. One whose terms are refused,
    or whose rate is not known, is told without interest and says why (`Debt.untold`). Raises DunwellError
    `statement.nothing_open`.
    """
    known = facts if facts is not None else facts_of(creditor, debtors=[debtor.pk], known_at=known_at)
    terms = terms or interest.StoredTerms(creditor, [debtor.pk], known_at)
    account = account_of(known, debtor.pk, as_of, terms.of)
    asked = account.debts.keys() if only is None else {account.claims[item] for item in only if item in account.claims}
    bases = due_bases(creditor, debtor, asked, known_at)
    debts = [
        replace(debt, due_basis=bases.get(item))
        for item, each in account.debts.items()
        for debt in each
        if item in asked and currency in (None, debt.currency)
    ]
    debts = sorted(_open(debts, as_of), key=lambda debt: (debt.currency, debt.due, debt.number))
    if not debts:
        raise DunwellError("statement.nothing_open", number=debtor.number, day=as_of.isoformat())
    told = _told(as_far_as_told(debts, last_day_told(as_of, pay_by)), account, debtor, as_of, pay_by)
    if currency is None:
        return told
    money, doubt = ({name: m for name, m in of.items() if name == currency} for of in (told.unallocated, told.in_doubt))
    return Told(told.statement, debtor, money, doubt)


def _open(debts: list[Debt], as_of: date) -> list[Debt]:
    """Those with anything open, demanded or not."""
    if not debts:
        return []
    sums = compute([undisputed(debt) for debt in debts], as_of).sums
    parts = ("costs_minor", "interest_minor", "extra_minor", "principal_minor")
    owed = [sum(row) for row in sums.select(parts).rows()]
    return [debt for debt, minor in zip(debts, owed, strict=True) if minor or debt.in_dispute or debt.not_claimed]


def _told(debts: list[Debt], account: DebtorAccount, debtor: Debtor, as_of: date, pay_by: date | None) -> Told:
    return Told(make_statement(debts, as_of, pay_by), debtor, account.unallocated, account.in_doubt)
