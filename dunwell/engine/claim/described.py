"""Debts as they are described, as the columns of the claim engine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from dunwell.core.errors import DunwellError, Words, refusal
from dunwell.core.terms import ReceivableKind
from dunwell.engine.claim import accrual
from dunwell.engine.claim.debts import DEBTS, resolve
from dunwell.engine.claim.fees import fixed_sum_per_invoice, fixed_sums
from dunwell.rulebook.debt import Debt
from dunwell.rulebook.fees import FixedSum, house_fees
from dunwell.rulebook.instalments import invoice_and_place
from dunwell.rulebook.interest_terms import COMPONENTS, Terms, make_terms
from dunwell.rulebook.rates import Series


def compute(debts: Sequence[Debt], as_of: date, *, with_lines: bool = False) -> accrual.Claims:
    """`accrual.compute`; debt_id is the place in `debts`, entry_id the place among all entries. Raises DunwellError for
    the debts whose interest cannot be known: it names each of them."""
    found = accrual.compute(frame(debts), entry_frame(debts), terms_of(debts), as_of, with_lines=with_lines)
    refused = _refused(debts, found.sums)
    if refused:
        raise refusal("claim.debts_refused", refused)
    return found


def refusals(debts: Sequence[Debt], as_of: date) -> list[DunwellError]:
    """Why `compute` refuses debts, each of them."""
    return _refused(debts, accrual.claims(frame(debts), entry_frame(debts), terms_of(debts), as_of)) if debts else []


def _refused(debts: Sequence[Debt], sums: pl.DataFrame) -> list[DunwellError]:
    codes = dict(sums.filter(pl.col("refused").is_not_null()).select("debt_id", "refused").rows())
    return [debt.refused or refused_for(debt, codes[n]) for n, debt in enumerate(debts) if debt.refused or n in codes]


def on_days(debts: Sequence[Debt], days: Sequence[date]) -> list[list[int] | None]:
    """What is owed in all of each debt on each day: a list per day, None for a day on which some debt is refused."""
    copies = [debt for _ in days for debt in debts]
    each = [day for day in days for _ in debts]
    rows = frame(copies).with_columns(as_of_date=pl.Series(each, dtype=pl.Date))
    sums = accrual.claims(rows, entry_frame(copies), terms_of(copies), max(days))
    parts = [pl.col(f"{name}_minor") for name in COMPONENTS]
    owed = sums.select(pl.when(pl.col("refused").is_null()).then(pl.sum_horizontal(parts))).to_series().to_list()
    lists = [owed[n : n + len(debts)] for n in range(0, len(owed), len(debts))]
    return [None if None in one else one for one in lists]


def frame(debts: Sequence[Debt]) -> pl.DataFrame:
    """`engine.claim.debts.DEBTS`; the terms are named as in `terms_of`."""
    names, _ = _shared_terms(debts)
    rows = [
        (
            n, names[n], debt.principal_minor, debt.due, debt.start, debt.contract, debt.fixed_sum_minor,
            debt.fixed_sum_counts,
        )
        for n, debt in enumerate(debts)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema={**DEBTS, "fixed_counts": pl.Boolean()}, orient="row")


def terms_of(debts: Sequence[Debt]) -> dict[str, Terms]:
    """All terms of the debts, each once: debts of the same terms are worked on together."""
    return _shared_terms(debts)[1]


def _shared_terms(debts: Sequence[Debt]) -> tuple[list[str], dict[str, Terms]]:
    """The name of each debt's terms, and the terms by name."""
    names: list[str] = []
    found: dict[str, Terms] = {}
    for debt in debts:
        name = next((name for name, terms in found.items() if terms is debt.terms or terms == debt.terms), None)
        if name is None:
            name = str(len(found))
            found[name] = debt.terms
        names.append(name)
    return names, found


def entry_frame(debts: Sequence[Debt]) -> pl.DataFrame:
    """`accrual.ENTRIES`; what a reversal names is found within its debt."""
    rows = []
    number = 0
    for n, debt in enumerate(debts):
        places = {entry.id: number + place for place, entry in enumerate(debt.entries)}
        for entry in debt.entries:
            back = places.get(entry.reverses) if entry.reverses else None
            under = entry.charge_kind in debt.terms.fee_kinds
            rows.append((number, n, entry.day, entry.kind, entry.amount_minor, entry.designation, back, under))
            number += 1
    return pl.DataFrame(rows, schema={**accrual.ENTRIES, "under_ceiling": pl.Boolean()}, orient="row")


def claimed(debt: Debt) -> Debt:
    """What is demanded: the undisputed part, with interest only where the terms may raise the sum."""
    part = undisputed(debt)
    return part if debt.terms.claimed else without_interest(part)


def undisputed(debt: Debt) -> Debt:
    """The debt without what is disputed of its principal and of its charges.

    Of a debt that is disputed as a whole nothing is demanded on any day, neither interest nor costs; what was paid
    stays paid, and what is paid later is no surplus.
    """
    if debt.wholly_disputed:
        return replace(without_interest(debt), principal_minor=0, disputed_minor=0, entries=())
    entries = tuple(
        replace(entry, amount_minor=entry.amount_minor - entry.disputed_minor, disputed_minor=0)
        for entry in debt.entries
        if entry.amount_minor > entry.disputed_minor
    )
    return replace(debt, principal_minor=debt.principal_minor - debt.disputed_minor, disputed_minor=0, entries=entries)


def without_interest(debt: Debt) -> Debt:
    """The debt as if it bore nothing; its payments keep their order, and its fees the ceiling that bounds them."""
    terms = debt.terms
    bare = replace(make_terms("none"), order=terms.order, grace_days=terms.grace_days)
    bare = replace(bare, ceiling=terms.ceiling, fee_kinds=terms.fee_kinds)
    return replace(debt, terms=bare, fixed_sum_minor=0)


def as_far_as_told(debts: Sequence[Debt], day: date) -> list[Debt]:
    """The debts with none among them that is refused: one whose interest cannot be known on `day` bears none, and says
    why in `Debt.untold`. So one of them does not stop the sums of the others."""
    asked = [_bare(debt, debt.refused) if debt.refused else debt for debt in debts]
    if not asked:
        return []
    sums = accrual.claims(frame(asked), entry_frame(asked), terms_of(asked), day)
    codes = sums.sort("debt_id")["refused"].to_list()
    return [_bare(debt, refused_for(debt, code)) if code else debt for debt, code in zip(asked, codes, strict=True)]


def _bare(debt: Debt, why: DunwellError) -> Debt:
    # where the terms do not hold, neither does their ceiling
    bare = without_interest(debt)
    return replace(bare, terms=replace(bare.terms, ceiling=None, fee_kinds=()), refused=None, untold=why)


def with_fixed_sum(debt: Debt, debtor: str) -> Debt:
    """`with_fixed_sums` of one debt."""
    return with_fixed_sums([debt], debtor)[0]


def with_fixed_sums(debts: Sequence[Debt], debtor: str) -> list[Debt]:
    """The debts with the fixed sum that the law of their terms gives for late payment; it arises when they become late.

    It goes by what was owed without dispute when the debt became late. Costs charged before that count against it where
    the law says so; it counts against those charged later (`accrual`). Where the rate goes by the day of the contract,
    so does the fixed sum: one of an older contract has none. Where the law states it in another currency than the
    debt's, none is claimed, and `fixed_sum_in` names that one. Why there is none stands in `no_fixed_sum`.

    debtor   see `core.terms.DebtorKind`: there is none against consumers
    """
    if not debts:
        return []
    rows: list[dict[str, Any]] = []
    for n, debt in enumerate(debts):
        late = _late_from(debt)
        row = {
            "debt_id": 2 * n, "kind": str(ReceivableKind.INVOICE), "place": debt.terms.regime.place,
            "debtor_kind": debtor, "currency": debt.currency, "amount_minor": _owed_when_late(debt, late),
            "late_from": late, "costs_minor": sum(
                e.amount_minor for e in debt.entries if e.kind == "charge" and e.day < late),
        }  # fmt: skip
        signed = debt.contract if debt.terms.regime.dated_by == "contract" else None
        rows += [row, {**row, "debt_id": 2 * n + 1, "late_from": signed or late, "costs_minor": 0}]
    found = fixed_sums(pl.DataFrame(rows), max(row["late_from"] for row in rows)).sort("debt_id").rows(named=True)
    return [_with_found(debt, *found[2 * n : 2 * n + 2]) for n, debt in enumerate(debts)]


def once_an_invoice(debts: Sequence[Debt]) -> list[Debt]:
    """The debts of a description with their fixed sum, where the law gives it once an invoice: of instalments (`R1#1`,
    `R1#2`) only the one that was late first bears it."""
    found = list(debts)
    had: set[tuple[str, str]] = set()
    for n in sorted(range(len(found)), key=lambda n: (found[n].due, found[n].number)):
        debt, part = found[n], invoice_and_place(found[n].number)
        if part is None or not debt.fixed_sum_minor or not fixed_sum_per_invoice(debt.terms.regime.place):
            continue
        if (part[0], debt.currency) in had:
            found[n] = replace(debt, fixed_sum_minor=0)
        had.add((part[0], debt.currency))
    return found


def _late_from(debt: Debt) -> date:
    return debt.start or debt.due + timedelta(days=1 + debt.terms.grace_days)


def _with_found(debt: Debt, late: Mapping[str, Any], signed: Mapping[str, Any]) -> Debt:
    """The debt with its fixed sum: what the law gives by the day it became late, and by the day of its contract."""
    both = {late["fixed_reason"], signed["fixed_reason"]}
    rule = house_fees().named(late["fixed_rule"]) if late["fixed_rule"] else None
    if both == {"due"}:
        counts = all(value.costs_count for _, value in rule.values if isinstance(value, FixedSum)) if rule else True
        return replace(debt, fixed_sum_minor=int(late["fixed_minor"]), fixed_sum_counts=counts)
    none = replace(debt, fixed_sum_minor=0, fixed_sum_in=rule.currency if rule and both == {"other_currency"} else None)
    reason = late["fixed_reason"] if late["fixed_reason"] != "due" else f"contract_{signed['fixed_reason']}"
    if none.fixed_sum_in or reason not in _NO_FIXED_SUM:
        return none
    told = {"law": rule.citation.source, "first": rule.values[0][0].isoformat()} if rule else {}
    day = signed["late_from"] if reason.startswith("contract_") else late["late_from"]
    why = DunwellError(f"statement.no_fixed_sum.{reason}", day=day.isoformat(), **told)
    return replace(none, no_fixed_sum=why)


_NO_FIXED_SUM = ("no_rule", "debtor_protected", "before_rule", "contract_before_rule", "within_costs")
"""Why a fixed sum that was asked for is not claimed, as far as that must be said. Words: `statement.no_fixed_sum.*`."""


def _owed_when_late(debt: Debt, late: date) -> int:
    """What of the principal was owed, and not disputed, when the debt became late. Nothing bore interest before that,
    so payments paid the costs and the principal, in the order of the terms or as they were designated."""
    back = Counter[str | None]()
    for entry in debt.entries:
        if entry.kind == "reversal":
            back[entry.reverses] += entry.amount_minor
    before = [entry for entry in debt.entries if entry.day < late and entry.kind in _WITHIN_A_DAY]
    owed = {"costs": 0, "principal": debt.principal_minor - debt.disputed_minor}
    for entry in sorted(before, key=lambda entry: (entry.day, _WITHIN_A_DAY.index(entry.kind))):
        if entry.kind == "charge":
            owed["costs"] += entry.amount_minor - entry.disputed_minor
            continue
        left = max(entry.amount_minor - back[entry.id], 0) if entry.kind == "payment" else entry.amount_minor
        order = ("principal",) if entry.kind == "credit" else (entry.designation, *debt.terms.order)
        for component in order:
            paid = min(left, owed.get(component or "", 0))
            if component and paid > 0:
                owed[component] -= paid
                left -= paid
    return max(owed["principal"], 0)


_WITHIN_A_DAY = ("charge", "credit", "payment")


def yearly_rates(debts: Sequence[Debt], day: date) -> list[int]:
    """The rate of each debt on a day in ppm a year: how heavily it burdens."""
    found, curves = resolve(frame(debts), terms_of(debts), day)
    rates = []
    for curve, factor, units in found.select("curve", "factor", "units").rows():
        of_day = factor * curves.rate[curve * curves.size + curves.size - 1]
        rates.append(of_day * (365 if units == 1_000_000 else 1))
    return rates


def refused_for(debt: Debt, code: str) -> DunwellError:
    """What stands in the way of a debt's interest, in words: which debt, which field, what to do."""
    regime = debt.terms.regime
    start = _late_from(debt)
    who = {"number": debt.number, "regime": regime.id}
    earlier = Words(f"interest.earlier.{regime.earlier}" if regime.earlier else "interest.earlier")
    if code == "rate.before":
        series, day, field = _missing_rate(debt, start)
        return DunwellError(
            "interest.rate_before", **who, field=field, series=series.id, day=day.isoformat(),
            first=series.values[0][0].isoformat(), todo=earlier,
        )  # fmt: skip
    if code == "interest.not_yet_in_force":
        day, field = {
            "contract": (debt.contract or start, "contract" if debt.contract else "due"),
            "breach": (debt.due + timedelta(days=1), "due"),
        }.get(regime.dated_by, (start, "interest_from" if debt.start else "due"))
        first = regime.values[0][0].isoformat()
        return DunwellError(code, **who, field=field, first=first, day=day.isoformat(), todo=earlier)
    return DunwellError(code, **who)


def _missing_rate(debt: Debt, start: date) -> tuple[Series, date, str]:
    """Which series is not known on which day, and the field of a description that this day comes from."""
    begins = "interest_from" if debt.start else "due"
    days = {
        "": (start, begins), "start": (start, begins), "breach": (debt.due + timedelta(days=1), "due"),
        "contract": (debt.contract, "contract"),
    }  # fmt: skip
    for _, *both in debt.terms.versions:
        for rate in filter(None, both):
            needed = [(rate.series, *days[rate.fixed_on])]
            needed += [(bound.series, *days["contract"]) for bound in (rate.cap, rate.floor) if bound]
            for series, day, field in needed:
                if series and day and day < series.values[0][0]:
                    return series, day, field
    raise ValueError(f"{debt.number}: no rate is missing")
