"""Terms and rates of a creditor, and which terms hold for which debt."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.core.errors import DunwellError
from dunwell.core.terms import ReceivableKind
from dunwell.rulebook.creditor_kinds import interest_kinds_of, kinds_of
from dunwell.rulebook.debt import Held
from dunwell.rulebook.interest_scope import (
    Case,
    binds_charges_of,
    charges_bound_by,
    charges_perhaps_bound_by,
    check_scope,
    order_source_of,
    passed_over,
)
from dunwell.rulebook.interest_terms import Rate, Regime, Terms, make_terms
from dunwell.rulebook.rates import Series, Told, house_series
from dunwell.store.models import Contract, Creditor, Debtor, InterestTerms, RateValue, Receivable
from dunwell.store.reads import talks
from dunwell.store.versions import known

CONTRACT, INVOICE = "contract:", "invoice:"
"""How codes of terms begin that hold for one contract, or for one invoice."""
_INVOICES = (ReceivableKind.INVOICE, ReceivableKind.INSTALMENT)


def series_of(creditor: Creditor, known_at: datetime | None = None) -> Mapping[str, Series]:
    """All series as this creditor knows them, or knew them then: those of the release with what was told since."""
    series = dict(house_series())
    told: dict[str, dict[date, int]] = {}
    until: dict[str, date] = {}
    sources: dict[str, dict[date, Told]] = {}
    zone = ZoneInfo(creditor.zone)
    for row in sorted(known(RateValue, known_at, creditor=creditor), key=lambda row: (row.series, row.from_date)):
        told.setdefault(row.series, {})[row.from_date] = row.rate_ppm
        sources.setdefault(row.series, {})[row.from_date] = Told(row.told_by, row.known_from.astimezone(zone).date())
        until[row.series] = max(row.known_until, until.get(row.series, row.known_until))
    return {**series, **{name: series[name].with_values(told[name], until[name], sources[name]) for name in told}}


def all_terms(creditor: Creditor, known_at: datetime | None = None) -> list[InterestTerms]:
    """What is set, or was set at a moment, by code."""
    return sorted(known(InterestTerms, known_at, creditor=creditor), key=lambda row: row.code)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a code of terms is about: `case`, and for a contract or an invoice the day its contract was signed.

    single   it is about one contract or one invoice
    """

    case: Case
    signed: date | None = None
    single: bool = False


def aim_of(creditor: Creditor, code: str, buyer: str | None) -> Aim:
    """What terms of a code are about. Raises `contract.unknown`, `receivable.unknown`, `terms.no_invoice`.

    buyer   what whoever sets the terms says of the debtors; what is recorded of a debtor goes before it
    """
    contract: Contract | None = None
    if code.startswith(CONTRACT):
        contract = _contract(creditor, code.removeprefix(CONTRACT))
        debtor = contract.debtor
    elif code.startswith(INVOICE):
        item = talks.receivable(creditor, code.removeprefix(INVOICE))
        if item.kind not in _INVOICES:
            raise DunwellError("terms.no_invoice", number=item.number)
        debtor = item.debtor
        contract = item.contract or (item.parent.contract if item.parent else None)
    else:
        kind, _, country = code.partition(":")
        return Aim(_case(creditor, kind, buyer, None, country or None))
    case = _case(creditor, debtor.kind, debtor.buyer_kind or buyer, contract, debtor.country)
    return Aim(case, contract.signed_date if contract else None, single=True)


def _contract(creditor: Creditor, number: str) -> Contract:
    found = None
    if "\x00" not in number:
        found = Contract.objects.select_related("debtor").filter(creditor=creditor, number=number).first()
    if found is None:
        raise DunwellError("contract.unknown", number=number[:100])
    return found


def _case(creditor: Creditor, debtor: str, buyer: str | None, contract: Contract | None, country: str | None) -> Case:
    return Case(
        debtor=debtor, buyer=buyer or None, creditor=interest_kinds_of(kinds_of(creditor.kind)),
        law=contract.law if contract else None,
        countries=tuple(each for each in (creditor.country, country) if each),
    )  # fmt: skip


class StoredTerms:
    """Which terms hold for a debt: those of its invoice, else of its contract, else of debtors of its debtor's kind in
    his country, else of his kind. As they and the contracts stand now, or stood at `known_at`. Terms of a kind that
    hold for certain buyers only are passed over where the debtor is not recorded as one of them.

    debtors   only debts of these debtors (by row id) will be asked for; None: of all
    """

    def __init__(
        self, creditor: Creditor, debtors: Collection[int] | None = None, known_at: datetime | None = None
    ) -> None:
        series = series_of(creditor, known_at)
        self._creditor = creditor
        self._rows = {row.code: row for row in all_terms(creditor, known_at)}
        self._terms: dict[str, Terms] = {}
        self._wrong: dict[str, DunwellError] = {}
        for code, row in self._rows.items():
            try:
                self._terms[code] = terms_of(row, series)
            except DunwellError as error:
                # terms that cannot be read stop the debts they hold for, and no other
                self._wrong[code] = error
        own = {"creditor": creditor} if debtors is None else {"creditor": creditor, "debtor__in": list(debtors)}
        # what laws say of one debtor's money and charges goes by his contracts even without terms
        asked = bool(self._rows) or self.binds_charges or not creditor.kind or debtors is not None
        linked = known(Receivable, known_at, contract__isnull=False, **own) if asked else []
        contracts = known(Contract, known_at, pk__in={row.contract_id for row in linked}) if linked else []
        by_id = {row.pk: row for row in contracts}
        self._contracts = {row.pk: by_id[row.contract_id] for row in linked if row.contract_id in by_id}
        whom = {"creditor": creditor} if debtors is None else {"creditor": creditor, "pk__in": list(debtors)}
        buyers = known(Debtor, known_at, buyer_kind__isnull=False, **whom) if self._rows else []
        self._buyers = {row.pk: row.buyer_kind for row in buyers}

    @property
    def any_claimed(self) -> bool:
        """Whether interest by any of these terms may be demanded."""
        return any(terms.claimed for terms in self._terms.values())

    @property
    def any_ceiling(self) -> bool:
        """Whether any of these terms bounds fees together with the interest."""
        return any(terms.ceiling for terms in self._terms.values())

    @property
    def binds_charges(self) -> bool:
        """Whether some law lets this creditor claim only charges that rest on the agreement or a law."""
        return binds_charges_of(interest_kinds_of(kinds_of(self._creditor.kind)))

    def of(self, debtor: Mapping[str, Any], item: Mapping[str, Any]) -> Held:
        """The terms of an item (rows of facts); without any, nothing is claimed. Terms that do not hold for it, or need
        the day of a contract that is not recorded, are told in `Held.refused`."""
        contract = self._contracts.get(item["receivable_id"]) or self._contracts.get(item["parent_id"])
        signed = contract.signed_date if contract else None
        codes = [f"{debtor['kind']}:{debtor['country']}", str(debtor["kind"])]
        if contract:
            codes.insert(0, f"{CONTRACT}{contract.number}")
        if item["kind"] in _INVOICES:
            codes.insert(0, f"{INVOICE}{item['number']}")
        buyer = self._buyers.get(debtor["debtor_id"])
        code, passed = self._code(codes, buyer)
        none = make_terms("none")
        if not code:
            case = _case(self._creditor, debtor["kind"], buyer, contract, debtor["country"])
            return self._with_laws(Held(replace(none, doubts=passed), signed), none.regime, case, item["currency"])
        row = self._rows[code]
        said = row.buyer if code.startswith((CONTRACT, INVOICE)) else None
        case = _case(self._creditor, debtor["kind"], buyer or said, contract, debtor["country"])
        if code in self._wrong:
            refused = _about(self._wrong[code], item["number"], code)
            return self._with_laws(Held(none, signed, refused=refused), none.regime, case, item["currency"])
        terms = self._terms[code]
        try:
            if terms.needs_contract_date and signed is None:
                raise DunwellError("terms.contract_date_missing", number=item["number"], regime=row.regime)
            doubts = check_scope(terms.regime, case)
        except DunwellError as error:
            held = Held(none, signed, refused=_about(error, item["number"], code))
        else:
            held = Held(replace(terms, doubts=(*doubts, *passed)), signed, row.fixed_sum)
        return self._with_laws(held, terms.regime, case, item["currency"])

    def _code(self, codes: Collection[str], buyer: str | None) -> tuple[str, tuple[str, ...]]:
        """The first code whose terms hold for such a buyer, "" for none; and why others were passed over."""
        passed: dict[str, None] = {}
        for code in codes:
            if code not in self._rows:
                continue
            by_kind = code in self._terms and not code.startswith((CONTRACT, INVOICE))
            why = passed_over(self._terms[code].regime, buyer) if by_kind else None
            if why is None:
                return code, tuple(passed)
            passed[why] = None
        return "", tuple(passed)

    def _with_laws(self, held: Held, regime: Regime, case: Case, currency: str) -> Held:
        """With the law by which only charges that rest on something are claimed, or that may ask it, and the one whose
        order money goes by that names no debt."""
        bound = charges_bound_by(regime, case)
        # whoever is recorded as anything is not recorded as one who collects for others
        recorded = replace(case, creditor=kinds_of(self._creditor.kind))
        perhaps = None if bound else charges_perhaps_bound_by(recorded, currency)
        law, doubt = (each.citation.source if each else None for each in (bound, perhaps))
        return replace(held, charges_law=law, charges_doubt=doubt, order_source=order_source_of(regime, case))


def _about(error: DunwellError, number: str, code: str) -> DunwellError:
    """The same refusal, naming the item and the terms instead of a field."""
    if "field" not in error.params:
        return error
    return DunwellError(error.code, **{**error.params, "field": f"{number} ({code})"})


def terms_of(row: InterestTerms, series: Mapping[str, Series]) -> Terms:
    """Stored terms as terms."""
    return make_terms(row.regime, {**json.loads(row.wishes), "confirmed": bool(row.confirmed_by)}, series)


def rates_in_use(creditor: Creditor) -> list[Rate]:
    """Every rate that the terms of a creditor rest on."""
    return [
        rate
        for terms in (terms_of(row, series_of(creditor)) for row in all_terms(creditor))
        for _, *both in terms.versions
        for rate in both
        if rate is not None
    ]


def buyers_under(creditor: Creditor, code: str, regime: Regime) -> tuple[int, int]:
    """Of the debtors that terms of a kind are about, how many are recorded as buyers for whom the regime holds, and
    how many there are."""
    kind, _, country = code.partition(":")
    about = Debtor.objects.filter(creditor=creditor, kind=kind, **({"country": country} if country else {}))
    return about.filter(buyer_kind__in=regime.buyers).count(), about.count()
