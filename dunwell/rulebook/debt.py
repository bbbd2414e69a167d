"""A debt as somebody describes it: its amounts, days, terms, and what happened to it. See docs/claims.md."""

from dataclasses import dataclass
from datetime import date

from dunwell.rulebook.interest_terms import Terms

ENTRY_KINDS = ("charge", "credit", "payment", "reversal")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that changed what is owed.

    reverses         id of the payment that a reversal takes back
    disputed_minor   the part of a charge that is disputed
    """

    id: str
    day: date
    kind: str
    amount_minor: int
    designation: str | None = None
    reverses: str | None = None
    disputed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Debt:
    """One debt in its currency.

    start            the first day of interest, when the terms do not say it
    disputed_minor   the part of the principal under dispute
    secured          how well it is secured; 0 is not at all
    """

    number: str
    currency: str
    principal_minor: int
    due: date
    terms: Terms
    start: date | None = None
    contract: date | None = None
    fixed_sum_minor: int = 0
    disputed_minor: int = 0
    secured: int = 0
    entries: tuple[Entry, ...] = ()

    @property
    def wholly_disputed(self) -> bool:
        """Whether the debtor contests all of it."""
        return 0 < self.principal_minor <= self.disputed_minor

    @property
    def in_dispute(self) -> bool:
        """Whether anything of it is contested."""
        return self.disputed_minor > 0 or any(entry.disputed_minor for entry in self.entries)
