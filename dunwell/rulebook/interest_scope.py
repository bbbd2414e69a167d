"""For whom a regime of late interest holds: the one gate that terms of the book and described claims pass through.

What each regime asks for stands as data in `rulebook/interest/*.yaml` (`applies`, `place`); docs/claims.md says it in
words.
"""

from dataclasses import dataclass

from dunwell.core.errors import DunwellError
from dunwell.core.terms import DebtorKind
from dunwell.rulebook.interest_terms import Regime, house_regimes
from dunwell.rulebook.places import governs, is_law


@dataclass(frozen=True, slots=True)
class Case:
    """Whom a claim is between and which law governs it, as far as it is recorded.

    debtor      see `core.terms.DebtorKind`
    buyer       what the debtor is as a buyer (`BUYERS` or `other`); None: not recorded
    creditor    what the creditor is (`CREDITORS`, or `other` alone for none of them); empty: not recorded
    law         the place whose law governs the contract; None: not recorded
    countries   where creditor and debtor are, as far as known
    """

    debtor: str
    buyer: str | None = None
    creditor: frozenset[str] = frozenset()
    law: str | None = None
    countries: tuple[str, ...] = ()


NOT_THE_BUYER = ("buyer_not_recorded", "buyer_outside")
"""Doubts that say why terms of a kind of debtors were passed over for one of them; for the creditor's people only."""


def passed_over(regime: Regime, buyer: str | None) -> str | None:
    """Why terms that are set for a whole kind of debtors do not hold for one of them (see `NOT_THE_BUYER`); None: they
    do. What a debtor is as a buyer is what is recorded of him: nobody says it of all of a kind at once."""
    if not regime.buyers or buyer in regime.buyers:
        return None
    return NOT_THE_BUYER[0] if buyer is None else NOT_THE_BUYER[1]


def check_scope(regime: Regime, case: Case, *, whoever_buys: bool = False) -> tuple[str, ...]:
    """What is doubtful about a regime for a case: codes with words `interest.warning.<code>`.

    whoever_buys   the case is one of many debtors: the kind of buyer is asked of each (`passed_over`)

    Raises DunwellError `interest.*_out_of_scope` when it does not hold for the kind of debtor, of buyer or of creditor,
    or when another law governs the contract. A regime that holds for some creditors or buyers only asks for a record
    that this is one; one that leaves some creditors out is doubtful until there is a record.
    """
    if case.debtor not in regime.debtors:
        raise _refused("debtor", regime, regime.debtors)
    if regime.buyers and not whoever_buys and case.buyer not in regime.buyers:
        raise _refused("buyer", regime, regime.buyers)
    if regime.creditors and not case.creditor & set(regime.creditors):
        raise _refused("creditor", regime, regime.creditors)
    if left_out := sorted(case.creditor & set(regime.creditors_not)):
        raise DunwellError("interest.left_out_of_scope", field="creditor", regime=regime.id, known=", ".join(left_out))
    doubts = []
    if regime.creditors_not and not case.creditor:
        doubts.append("creditor_not_recorded")
    if case.law is not None and not _under(regime, case.law):
        raise DunwellError("interest.law_out_of_scope", field="law", regime=regime.id, place=regime.place, law=case.law)
    if case.law is None and not all(_under(regime, country) for country in case.countries):
        doubts.append("law_not_recorded")
    return tuple(doubts)


def charges_bound_by(chosen: Regime, case: Case) -> Regime | None:
    """The regime under which a claim's charges are claimed only as far as the agreement or a law allows them; None:
    no such regime holds for it.

    chosen   the regime of its terms. Another one binds it, too, where its law governs, or, where no law is recorded,
             where creditor or debtor is.
    """
    for regime in house_regimes().values():
        if not regime.charges or case.debtor not in regime.debtors or not case.creditor & set(regime.creditors):
            continue
        places = (case.law,) if case.law else case.countries
        if regime.id == chosen.id or any(_under(regime, place) for place in places):
            return regime
    return None


def charges_perhaps_bound_by(case: Case, currency: str) -> Regime | None:
    """The regime that would bind a claim's charges by what is not recorded: what the creditor is, or, in the regime's
    own currency, whose law it is. None: there is none, or it is recorded that none does. For claims that
    `charges_bound_by` does not bind."""
    for regime in house_regimes().values():
        if not regime.charges or case.debtor not in regime.debtors:
            continue
        if case.creditor and not case.creditor & set(regime.creditors):
            continue
        places = (case.law,) if case.law else case.countries
        if any(_under(regime, place) for place in places) or (not places and currency == regime.charges_in):
            return regime
    return None


def order_source_of(terms: Regime, case: Case) -> str:
    """Whose order money goes by that names no debt (`debt.ORDER_SOURCES`): by the law that governs, else that of the
    terms, else that of the country which creditor and debtor share."""
    shared = case.countries[0] if len(set(case.countries)) == 1 else ""
    law = case.law or (terms.place if is_law(terms.place) else shared)
    if law and governs("US", law) and case.debtor == DebtorKind.CONSUMER:
        return "us.consumer-direction"
    return {"CN": "cn.civil-code-560", "DE": "de.bgb-366-2"}.get(law, "house")


def binds_charges_of(kinds: frozenset[str]) -> bool:
    """Whether any regime binds the charges of such a creditor."""
    return any(regime.charges and kinds & set(regime.creditors) for regime in house_regimes().values())


def _under(regime: Regime, law: str) -> bool:
    return any(governs(place, law) for place in regime.laws or (regime.place,))


def _refused(field: str, regime: Regime, known: tuple[str, ...]) -> DunwellError:
    return DunwellError(f"interest.{field}_out_of_scope", field=field, regime=regime.id, known=", ".join(known))
