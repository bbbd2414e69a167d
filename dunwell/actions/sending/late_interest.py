"""Late interest beside what a message asks for, with the statement that shows how it came about."""

from collections.abc import Collection
from dataclasses import replace

from dunwell.actions.statement import statement_of_debtor
from dunwell.core.errors import DunwellError
from dunwell.documents.notice import Notice
from dunwell.engine.claim.described import compute, undisputed, without_interest
from dunwell.engine.facts import Facts
from dunwell.rulebook.debt import Debt
from dunwell.store.models import Creditor, OutboxMessage
from dunwell.store.reads.interest import StoredTerms

type Untold = tuple[str | None, DunwellError]
"""The number of an invoice on which no interest is asked (None: on nothing), and why."""


class LateInterest:
    """Adds late interest to notices of one creditor. `facts`: of all debtors it will be asked about."""

    def __init__(self, creditor: Creditor, facts: Facts, debtors: Collection[int]) -> None:
        self._facts = facts
        self._terms = StoredTerms(creditor, debtors)

    def added(self, notice: Notice, row: OutboxMessage, items: Collection[int]) -> tuple[Notice, list[Untold]]:
        """The notice with interest and costs of its items up to its day, if the terms let them be demanded.

        The statement must come to the very sum that the notice asks for with them: where something of a claim is held
        or in dispute apart from it, the notice stays as it is and asks for less. On an invoice whose interest cannot be
        told none is asked, and which and why is given beside it. Where a law caps interest and fees together, what it
        cuts off of the fees is taken off the interest; raises DunwellError `send.fees_over_cap` where that leaves none:
        the notice would ask for more than is owed. So it does for `send.charges_without_basis`: charges that no
        agreement and no law is recorded for, where a law lets none other be collected.
        """
        if not (self._terms.any_claimed or self._terms.any_ceiling or self._terms.binds_charges):
            return notice, []
        try:
            told = statement_of_debtor(
                creditor=row.creditor, debtor=row.debtor, as_of=notice.day, pay_by=notice.pay_by, facts=self._facts,
                currency=notice.currency, only=items, terms=self._terms,
            )  # fmt: skip
        except DunwellError as error:
            return notice, [(None, error)]
        annex = told.statement
        unfounded = [each.debt for each in annex.debts if each.debt.not_claimed]
        if unfounded:
            numbers = "; ".join(entry.id for debt in unfounded for entry in debt.not_claimed)
            raise DunwellError("send.charges_without_basis", numbers=numbers, law=str(unfounded[0].charges_law))
        untold: list[Untold] = [(each.debt.number, each.debt.untold) for each in annex.debts if each.debt.untold]
        bare = compute([_as_charged(each.debt) for each in annex.debts], notice.day).sums
        parts = ("costs_minor", "interest_minor", "extra_minor", "principal_minor")
        asked = sum(int(bare[part].sum()) for part in parts)
        # what paid interest or a fixed sum is credit to a notice that knows of neither
        matches = notice.payable_minor in (asked, asked - int(bare["surplus_minor"].sum()))
        late = annex.totals[notice.currency] - notice.payable_minor
        if late <= 0 or not matches or set(annex.totals) != {notice.currency}:
            if any(each.sums.capped_costs for each in annex.debts):
                numbers = "; ".join(each.debt.number for each in annex.debts if each.sums.capped_costs)
                raise DunwellError("send.fees_over_cap", numbers=numbers)
            return notice, untold
        return replace(notice, late_minor=late, annex=annex), untold


def _as_charged(debt: Debt) -> Debt:
    """The undisputed debt without interest, all its charges in full: what the items of a notice come to."""
    bare = without_interest(undisputed(debt))
    return replace(bare, terms=replace(bare.terms, ceiling=None, fee_kinds=()))
