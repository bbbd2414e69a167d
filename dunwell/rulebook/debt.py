"""A debt as somebody describes it: its amounts, days, terms, and what happened to it. See docs/claims.md."""

from dataclasses import dataclass, replace
from datetime import date

from dunwell.core.errors import DunwellError
from dunwell.rulebook.interest_terms import Terms

ENTRY_KINDS = ("charge", "credit", "payment", "reversal")
MOST_SECURED = 100
CHARGE_BASES = ("agreed", "law", "none")
"""What a charge rests on: the agreement that created the debt, a law that allows it, or neither of them."""
ORDER_SOURCES = ("house", "cn.civil-code-560", "de.bgb-366-2", "us.consumer-direction")
"""Whose order it is by which money goes that names no debt (docs/claims.md, "Several debts"): it is one order, which
the house uses everywhere; where a law is known that has it, that is cited. Words: `statement.order.<source>`."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Money that named no debt with anything open, and was put on one in the order of docs/claims.md.

    came     the day on which it came in; it pays from the day of its entry on, when there was something to pay
    over     the number of the debt that it named and that it exceeded; None: it named none
    credit   it is a credit note, not a payment
    """

    came: date
    over: str | None = None
    credit: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that changed what is owed.

    reverses         id of the payment that a reversal takes back
    disputed_minor   the part of a charge that is disputed
    placed           None: it names this debt
    charge_basis     what a charge rests on, one of `CHARGE_BASES`; None: not recorded
    charge_kind      what a charge is for, see `core.terms.ChargeKind`; None: not recorded
    """

    id: str
    day: date
    kind: str
    amount_minor: int
    designation: str | None = None
    reverses: str | None = None
    disputed_minor: int = 0
    placed: Placed | None = None
    charge_kind: str | None = None
    charge_basis: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """By which terms a debt is held, and what is recorded of its contract.

    contract    the day it was signed
    fixed_sum   the fixed sum for late payment is claimed
    refused     why nothing can be told by these terms; then they are those of no interest
    charges_law   the law by which only charges that rest on the agreement or a law are claimed; None: no such law holds
    charges_doubt   the same law, where what would tell whether it holds is not recorded
    order_source    see `ORDER_SOURCES`
    """

    terms: Terms
    contract: date | None = None
    fixed_sum: bool = False
    refused: DunwellError | None = None
    charges_law: str | None = None
    charges_doubt: str | None = None
    order_source: str = ORDER_SOURCES[0]


@dataclass(frozen=True, slots=True)
class Bound:
    """A due date is later than a rule of law (`rulebook.legal_terms`) lets it be.

    latest   the last day on which it would let the debt fall due
    basis    `cut`: no longer term may be agreed; `doubtful`: a person judges whether it may; `unchecked`: a day that
             the rule runs from is not told, and it was measured from the invoice's own
    """

    rule: str
    latest: date
    basis: str


@dataclass(frozen=True, slots=True)
class DueBasis:
    """How a due date came about, where that is recorded.

    terms   the payment terms it was counted by
    known   false: it rests on a calendar that was not official yet
    rule    the rule of law that gives it, because nothing was agreed
    beyond  the rule of law that it is later than; it stands all the same
    issued_after   the day of issue, where that is after the due date: one of the two may be wrong
    """

    terms: str | None = None
    known: bool = True
    rule: str | None = None
    beyond: Bound | None = None
    issued_after: date | None = None


@dataclass(frozen=True, slots=True)
class Debt:
    """One debt in its currency.

    start            the first day of interest, when the terms do not say it
    fixed_sum_in     the currency in which the law states a fixed sum that is not claimed, for it is not the debt's
    fixed_sum_counts  costs charged after the fixed sum count against it: they are owed as far as they exceed it
    no_fixed_sum     why a fixed sum that was asked for is not claimed, in words
    disputed_minor   the part of the principal under dispute
    secured          how well it is secured; 0 is not at all
    refused          why its interest cannot be told: whoever asks for it hears this
    untold           why it bears none here though others of the debtor may; `refused` is then None
    due_basis        how its due date came about; None: it was told
    not_claimed      charges that are not claimed: `charges_law` asks what they rest on, and nothing is recorded
    doubtful         charges (by id) that are claimed though nothing is recorded that they rest on, and `charges_doubt`
                     may ask it: what would tell whether that law holds is not recorded
    order_source     see `ORDER_SOURCES`
    since            from this day on it exists and takes money that names no debt; None: from ever
    """

    number: str
    currency: str
    principal_minor: int
    due: date
    terms: Terms
    start: date | None = None
    contract: date | None = None
    fixed_sum_minor: int = 0
    fixed_sum_in: str | None = None
    fixed_sum_counts: bool = True
    no_fixed_sum: DunwellError | None = None
    disputed_minor: int = 0
    secured: int = 0
    since: date | None = None
    entries: tuple[Entry, ...] = ()
    refused: DunwellError | None = None
    untold: DunwellError | None = None
    due_basis: DueBasis | None = None
    not_claimed: tuple[Entry, ...] = ()
    charges_law: str | None = None
    charges_doubt: str | None = None
    doubtful: tuple[str, ...] = ()
    order_source: str = ORDER_SOURCES[0]

    @property
    def wholly_disputed(self) -> bool:
        """Whether the debtor contests all of it."""
        return 0 < self.principal_minor <= self.disputed_minor

    @property
    def in_dispute(self) -> bool:
        """Whether anything of it is contested."""
        return self.disputed_minor > 0 or any(entry.disputed_minor for entry in self.entries)


def rests_on_something(charge_basis: str | None) -> bool:
    """Whether a charge rests on the agreement or a law, by what is recorded."""
    return charge_basis in ("agreed", "law")


def with_founded_charges(debt: Debt, law: str | None, doubt: str | None = None) -> Debt:
    """The debt without the charges that rest on nothing, where a law (its source) asks that they do; with a note of
    them where one may (`doubt`)."""
    out = tuple(e for e in debt.entries if e.kind == "charge" and not rests_on_something(e.charge_basis))
    if not out or not (law or doubt):
        return debt
    if not law:
        return replace(debt, charges_doubt=doubt, doubtful=tuple(entry.id for entry in out))
    left = tuple(entry for entry in debt.entries if entry not in out)
    return replace(debt, entries=left, not_claimed=(*debt.not_claimed, *out), charges_law=law)
