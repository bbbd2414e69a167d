"""What a creditor is, and what that means where rules ask: one list for rules of late interest and of contact."""

from collections.abc import Iterable

OTHER = "other"
"""Recorded, and none of the kinds."""

KINDS = (
    "sme", "licensed_lender", "debt_collector", "bank", "consumer_finance", "money_lender", "supplier", "utility",
)  # fmt: skip
"""What a creditor may be, several at once: a small or medium enterprise, a financial institution with a licence to
lend, somebody who collects the debts of others, a bank, a company that lends to consumers, a money lender, somebody who
delivers goods or services, a supplier of water, power or telephone."""

_BUSINESS = ("bank", "consumer_finance", "money_lender", "supplier", "utility")
"""What contact rules ask a creditor to be: see `contact_rules.SCOPE`."""
_UNTOLD = {"consumer_finance", "money_lender"}
"""Kinds that leave open whether he is a financial institution with a licence to lend."""


def kinds_of(told: str) -> frozenset[str]:
    """The kinds as a creditor's row tells them, commas between."""
    return frozenset(filter(None, told.split(",")))


def collector_of(kinds: Iterable[str]) -> str:
    """`agency` where the creditor collects the debts of others, else `own`."""
    return "agency" if "debt_collector" in kinds else "own"


def contact_kind_of(kinds: Iterable[str]) -> str | None:
    """What contact rules call him; None where that is not known, or he is several things: every rule holds then."""
    kinds = frozenset(kinds)
    named = [kind for kind in _BUSINESS if kind in kinds]
    if len(named) == 1:
        return named[0]
    return OTHER if kinds == {OTHER} else None


def interest_kinds_of(kinds: Iterable[str]) -> frozenset[str]:
    """What rules of late interest call him; empty where that is not known. A bank lends with a licence."""
    kinds = frozenset(kinds)
    if "bank" in kinds:
        kinds |= {"licensed_lender"}
    return frozenset() if kinds and kinds <= _UNTOLD else kinds


def with_collector(kinds: Iterable[str], collector: str) -> frozenset[str]:
    """The kinds after it was said who collects, `own` or `agency`."""
    rest = frozenset(kinds) - {"debt_collector"}
    return rest if collector == "own" else (rest - {OTHER}) | {"debt_collector"}
