"""A claim described as JSON: debts, terms and what happened, without any database. The schema is `claim.schema.json`.

Amounts and rates are written in quotes, because a number of JSON is a float to most programs. Whatever is wrong is
refused with the path of the field.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from dunwell.core.errors import AtField, DunwellError, refusal
from dunwell.core.money import DIGITS, LARGEST_MINOR, plain_amount
from dunwell.core.terms import ChargeKind, DebtorKind
from dunwell.intake import json_fields as fields
from dunwell.rulebook.debt import (
    CHARGE_BASES,
    ENTRY_KINDS,
    MOST_SECURED,
    Bound,
    Debt,
    DueBasis,
    Entry,
    with_founded_charges,
)  # fmt: skip
from dunwell.rulebook.due_dates import Instalment, due_date, instalments
from dunwell.rulebook.interest_scope import (
    Case,
    charges_bound_by,
    charges_perhaps_bound_by,
    check_scope,
    order_source_of,
)
from dunwell.rulebook.interest_terms import BUYERS, COMPONENTS, CREDITORS, OTHER, Terms, make_terms
from dunwell.rulebook.lawful_due import beyond_law, debtor_of
from dunwell.rulebook.payment_terms import BaseDate, PaymentTerms
from dunwell.rulebook.places import is_law
from dunwell.rulebook.rates import Series
from dunwell.rulebook.terms_notation import told_terms

_PLAIN = re.compile(r"[0-9]{1,1000}(\.[0-9]{1,6})?")

DAYS_OF_TERMS = {
    "issued": BaseDate.INVOICE, "received": BaseDate.RECEIPT, "delivered": BaseDate.DELIVERY,
    "accepted": BaseDate.ACCEPTANCE,
}  # fmt: skip
"""Fields of days that payment terms run from."""
_TOP = {"as_of", "pay_by", "debtor", "buyer", "creditor", "debts", "payments"}
_DEBT = {
    "number", "currency", "principal", "due", "payment_terms", *DAYS_OF_TERMS, "interest_from", "contract", "law",
    "fixed_sum", "disputed", "secured", "terms", "entries",
}  # fmt: skip
_ENTRY = {"id", "date", "kind", "amount", "designation", "reverses", "charge_kind", "charge_basis"}
_LOOSE = {"id", "date", "amount", "currency", "designation"}


@dataclass(frozen=True, slots=True)
class Loose:
    """A payment that names no debt."""

    id: str
    day: date
    amount_minor: int
    currency: str
    designation: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """All of a description. `as_of` and `pay_by` are None when it does not say them.

    fixed_for   numbers of the debts whose fixed sum by law is claimed
    """

    as_of: date | None
    pay_by: date | None
    debtor: str
    debts: tuple[Debt, ...]
    payments: tuple[Loose, ...]
    fixed_for: frozenset[str] = frozenset()


def read_claim(text: str, series: Mapping[str, Series] | None = None) -> Described:
    """A description from JSON. Raises DunwellError `claim.*`, `interest.*`; all carry the path of the field, and all
    faults that `read_with_faults` finds are named at once."""
    found, wrong = read_with_faults(text, series)
    if wrong:
        raise refusal("claim.debts_refused", wrong)
    return found


def read_with_faults(text: str, series: Mapping[str, Series] | None = None) -> tuple[Described, list[DunwellError]]:
    """A description with the debts and payments that can be read, and what is wrong: the first thing of each debt and
    payment, and numbers that stand twice. Raises DunwellError where nothing of it can be read, or not who the parties
    are, for whether terms hold goes by that."""
    top = fields.table(fields.load(text), "", _TOP)
    debtor = fields.choice(top, "debtor", "", [str(kind) for kind in DebtorKind])
    if debtor is None:
        raise DunwellError("claim.missing", field="debtor")
    case = Case(debtor, fields.choice(top, "buyer", "", (*BUYERS, OTHER)), _creditor(top))
    rows, paid = fields.items(top, "debts", "", need=True), fields.items(top, "payments", "")
    wrong: list[DunwellError] = []
    read = [(row, _or_fault(wrong, _debts, row, f"debts[{n}]", case, series) or []) for n, row in enumerate(rows)]
    wrong += _twice("debts", _told(rows, "number"))
    loose = [_or_fault(wrong, _loose, row, f"payments[{n}]") for n, row in enumerate(paid)]
    debts = tuple(debt for _, parts in read for debt in parts)
    wrong += _twice("payments", _told(paid, "id") + sorted({e.id for debt in debts for e in debt.entries}))
    as_of, pay_by = (_or_fault(wrong, fields.day, top, name, "") for name in ("as_of", "pay_by"))
    fixed = frozenset(debt.number for row, parts in read for debt in parts if row.get("fixed_sum") is True)
    return Described(as_of, pay_by, debtor, debts, tuple(filter(None, loose)), fixed), wrong


def _or_fault[T, **P](wrong: list[DunwellError], read: Callable[P, T], *told: P.args, **more: P.kwargs) -> T | None:
    """What is read, or None with its fault in `wrong`."""
    try:
        return read(*told, **more)
    except DunwellError as error:
        wrong.append(_of_debt(error, told[0]))
        return None


def _told(rows: list[Any], field: str) -> list[str]:
    """A field of all rows as far as it is a text, also of rows with other faults."""
    texts = (row.get(field) for row in rows if isinstance(row, dict))
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()]


def _twice(field: str, names: list[str]) -> list[DunwellError]:
    return [
        DunwellError("claim.twice", field=field, value=name[:60]) for name, count in Counter(names).items() if count > 1
    ]


def _creditor(top: Mapping[str, Any]) -> frozenset[str]:
    """What the creditor is: a word or a list of words; none of them may stand beside `other`."""
    value = top.get("creditor")
    kinds = [] if value is None else value if isinstance(value, list) else [value]
    known = (*CREDITORS, OTHER)
    for kind in kinds:
        if not isinstance(kind, str) or kind not in known:
            listed = ", ".join(known)
            raise DunwellError("claim.not_one_of", field="creditor", value=fields.shown(kind)[:60], known=listed)
    beside = sorted(set(kinds) - {OTHER})
    if OTHER in kinds and beside:
        raise DunwellError("claim.other_beside", field="creditor", other=OTHER, kinds=", ".join(beside))
    return frozenset(kinds)


def _law(entry: Mapping[str, Any], at: str) -> str | None:
    value = entry.get("law")
    if value is not None and not (isinstance(value, str) and is_law(value)):
        raise DunwellError("claim.law", field=f"{at}.law", value=fields.shown(value)[:60])
    return value


def _debts(row: Any, at: str, case: Case, series: Mapping[str, Series] | None) -> list[Debt]:
    """The debts of a row: one, or one for each of its instalments."""
    return [_debt(part, at, case, series) for part in _parts(row, at)]


def _parts(row: Any, at: str) -> list[Any]:
    """A row whose payment terms have several instalments as a row for each: `R1#1`, `R1#2`, with its part of the
    principal and terms of its own. Any other row as it is, whatever may be wrong with it.

    What happened to a debt, and a dispute about a part of it, is about one instalment: that is refused, and how to
    write it is said."""
    try:
        terms = told_terms(row["payment_terms"])
        currency, number = row["currency"], fields.text(row, "number", at)
        principal = _amount(row, "principal", at, currency)
        if len(terms.parts) == 1 or row.get("due") is not None:
            return [row]
    except (DunwellError, KeyError, TypeError, AttributeError):
        return [row]
    days = _days(row, at)
    with _at_terms(at):
        _check_days(terms, days, at)
        counted = instalments(terms, days, principal)
    amounts = [plain_amount(each.amount_minor or 0, currency) for each in counted]
    told = [name for name in ("entries", "interest_from") if row.get(name)]
    disputed = row.get("disputed") is not None and _amount(row, "disputed", at, currency)
    if disputed and disputed != principal:
        told.append("disputed")
    if told:
        parts = [
            f"{number}#{each.number}, principal {amount}, due {each.due_date}"
            for each, amount in zip(counted, amounts, strict=True)
        ]
        raise DunwellError(
            "claim.instalments_apart", field=f"{at}.payment_terms", count=len(parts), told=", ".join(told),
            parts="; ".join(parts),
        )  # fmt: skip
    return [
        {
            **row, "number": f"{number}#{each.number}", "principal": amount, "disputed": amount if disputed else "0",
            "payment_terms": str(PaymentTerms((replace(part, share=Fraction(1)),), terms.calendar)),
        }
        for each, amount, part in zip(counted, amounts, terms.parts, strict=True)
    ]  # fmt: skip


def _of_debt(error: DunwellError, row: Any) -> DunwellError:
    """The same error, its field with the number of the debt, where it has one that can be told."""
    number = row.get("number") if isinstance(row, dict) else None
    if not isinstance(number, str) or not number.strip() or "field" not in error.params:
        return error
    if isinstance(error, AtField):
        return error.at(f"{error.params['field']} ({number.strip()[:60]})")
    return DunwellError(error.code, **{**error.params, "field": f"{error.params['field']} ({number.strip()[:60]})"})


def _debt(entry: Any, at: str, case: Case, series: Mapping[str, Series] | None) -> Debt:
    entry = fields.table(entry, at, _DEBT)
    currency = fields.text(entry, "currency", at)
    if currency not in DIGITS:
        raise DunwellError("claim.currency", field=f"{at}.currency", value=currency)
    principal = _amount(entry, "principal", at, currency)
    case = replace(case, law=_law(entry, at))
    due, counted = _due(entry, at)
    disputed = _amount(entry, "disputed", at, currency, default=0)
    if disputed > principal:
        raise DunwellError("claim.more_than_principal", field=f"{at}.disputed")
    start, contract = fields.day(entry, "interest_from", at), fields.day(entry, "contract", at)
    if start is not None and start <= due:
        raise DunwellError("claim.order_of_days", field=f"{at}.interest_from", first="due", second="interest_from")
    if contract is not None and contract > due:
        raise DunwellError("claim.order_of_days", field=f"{at}.contract", first="contract", second="due")
    terms = _terms(entry.get("terms", {"regime": "none"}), f"{at}.terms", case, series)
    basis = _with_bound(counted, due, entry, at, replace(case, law=case.law or terms.regime.country))
    if type(entry.get("fixed_sum", False)) is not bool:
        raise DunwellError("claim.yes_or_no", field=f"{at}.fixed_sum")
    if entry.get("fixed_sum") and not terms.regime.fixed_sum:
        raise DunwellError("interest.no_fixed_sum", field=f"{at}.fixed_sum", regime=terms.regime.id)
    entries = _entries(entry, at, currency)
    if principal + sum(each.amount_minor for each in entries) > LARGEST_MINOR:
        raise DunwellError("claim.too_large", field=at)
    secured = entry.get("secured", 0)
    if type(secured) is not int or not 0 <= secured <= MOST_SECURED:
        raise DunwellError("claim.whole_number", field=f"{at}.secured", least=0, most=MOST_SECURED)
    bound = charges_bound_by(terms.regime, case)
    perhaps = None if bound else charges_perhaps_bound_by(case, currency)
    described = Debt(
        number=fields.text(entry, "number", at), currency=currency, principal_minor=principal, due=due,
        terms=terms,
        start=start, contract=contract,
        disputed_minor=disputed, secured=secured, entries=entries, due_basis=basis,
        order_source=order_source_of(terms.regime, case),
    )  # fmt: skip
    law, doubt = (each.citation.source if each else None for each in (bound, perhaps))
    return with_founded_charges(described, law, doubt)


def _due(entry: Mapping[str, Any], at: str) -> tuple[date, DueBasis]:
    """The due date, as it is told or as payment terms make it; and how it came about."""
    due = fields.day(entry, "due", at)
    days = _days(entry, at)
    notation = entry.get("payment_terms")
    if due is None and notation is None:
        raise DunwellError("claim.missing", field=f"{at}.due")
    if due is not None and notation is not None:
        raise DunwellError("claim.due_twice", field=f"{at}.payment_terms")
    basis = DueBasis()
    if due is None:
        with _at_terms(at):
            read = told_terms(fields.text(entry, "payment_terms", at))
            found = _counted(read, days, at)
        due, basis = found.due_date, DueBasis(str(read), found.known)
    issued = days[BaseDate.INVOICE]
    if issued is not None and issued > due:
        basis = replace(basis, issued_after=issued)
    return due, basis


def _days(entry: Mapping[str, Any], at: str) -> dict[BaseDate, date | None]:
    return {kind: fields.day(entry, field, at) for field, kind in DAYS_OF_TERMS.items()}


def _with_bound(basis: DueBasis, due: date, entry: Mapping[str, Any], at: str, case: Case) -> DueBasis | None:
    """How a due date came about, with the rule of law that it is later than; None where there is nothing to say."""
    basis = replace(basis, beyond=_bound(due, _days(entry, at), case))
    return None if basis == DueBasis() else basis


def _counted(terms: PaymentTerms, days: Mapping[BaseDate, date | None], at: str) -> Instalment:
    """The due date of terms; a day that is missing is called as the description calls it."""
    _check_days(terms, days, at)
    return due_date(terms, days)


def _check_days(terms: PaymentTerms, days: Mapping[BaseDate, date | None], at: str) -> None:
    names = {kind: field for field, kind in DAYS_OF_TERMS.items()}
    for kind in (kind for part in terms.parts for kind in part.base):
        if days.get(kind) is None:
            raise DunwellError("claim.missing", field=f"{at}.{names.get(kind, 'due')}")


@contextmanager
def _at_terms(at: str) -> Iterator[None]:
    """What is wrong with payment terms is told of their field."""
    try:
        yield
    except DunwellError as error:
        if not error.code.startswith("terms."):
            raise
        raise AtField(f"{at}.payment_terms", error) from error


def _bound(due: date, days: Mapping[BaseDate, date | None], case: Case) -> Bound | None:
    """The rule of law that a due date is later than, where it is known which law governs and when it was invoiced."""
    if case.law is None or days[BaseDate.INVOICE] is None:
        return None
    told = {kind.column: day for kind, day in days.items()} | {BaseDate.DUE.column: due}
    row = pl.DataFrame([told], schema=dict.fromkeys(told, pl.Date)).with_columns(
        law=pl.lit(case.law), debtor=debtor_of(pl.lit(case.debtor), pl.lit(case.buyer, pl.String))
    )  # fmt: skip
    for rule, latest, basis in beyond_law(row, case.creditor).select("law_rule", "lawful_date", "law_basis").rows():
        return Bound(rule, latest, basis)
    return None


def _terms(entry: Any, at: str, case: Case, series: Mapping[str, Series] | None) -> Terms:
    if not isinstance(entry, dict):
        raise DunwellError("claim.table", field=at)
    wishes = {name: value for name, value in entry.items() if name != "regime"}
    try:
        terms = make_terms(fields.text(entry, "regime", at), wishes, series)
        return replace(terms, doubts=check_scope(terms.regime, case))
    except DunwellError as error:
        field = error.params.get("field")
        if error.code == "interest.law_out_of_scope":
            raise DunwellError(error.code, **{**error.params, "field": f"{at.removesuffix('.terms')}.law"}) from error
        if not field or error.code.startswith("claim.") or error.code.endswith("_out_of_scope"):
            raise
        raise DunwellError(error.code, **{**error.params, "field": f"{at}.{field}"}) from error


def _entries(debt: Mapping[str, Any], at: str, currency: str) -> tuple[Entry, ...]:
    rows = fields.items(debt, "entries", at)
    entries = tuple(_entry(row, f"{at}.entries[{n}]", currency, n) for n, row in enumerate(rows))
    payments = {entry.id: entry for entry in entries if entry.kind == "payment"}
    seen: set[str] = set()
    for n, entry in enumerate(entries):
        here = f"{at}.entries[{n}]"
        if entry.id in seen:
            raise DunwellError("claim.twice", field=f"{here}.id", value=entry.id)
        seen.add(entry.id)
        if entry.kind != "reversal":
            continue
        payment = payments.get(entry.reverses or "")
        if payment is None:
            raise DunwellError("claim.no_such_payment", field=f"{here}.reverses", value=entry.reverses or "")
        if entry.day < payment.day:
            raise DunwellError("claim.order_of_days", field=f"{here}.date", first=payment.id, second=entry.id)
        back = sum(other.amount_minor for other in entries if other.reverses == payment.id)
        if back > payment.amount_minor:
            raise DunwellError("claim.reversed_more", field=f"{here}.amount", value=payment.id)
    return entries


def _entry(row: Any, at: str, currency: str, place: int) -> Entry:
    row = fields.table(row, at, _ENTRY)
    kind = fields.choice(row, "kind", at, ENTRY_KINDS)
    day = fields.day(row, "date", at)
    if kind is None or day is None:
        raise DunwellError("claim.missing", field=f"{at}.{'kind' if kind is None else 'date'}")
    for field, only in _ONLY_WITH:
        if row.get(field) is not None and kind != only:
            raise DunwellError("claim.only_with", field=f"{at}.{field}", kind=only)
    return Entry(
        id=fields.text(row, "id", at) if "id" in row else f"#{place + 1}", day=day, kind=kind,
        amount_minor=_amount(row, "amount", at, currency, least=1),
        designation=fields.choice(row, "designation", at, COMPONENTS),
        reverses=fields.text(row, "reverses", at) if row.get("reverses") is not None else None,
        charge_kind=fields.choice(row, "charge_kind", at, [str(each) for each in ChargeKind]),
        charge_basis=fields.choice(row, "charge_basis", at, CHARGE_BASES),
    )  # fmt: skip


_ONLY_WITH = (
    ("designation", "payment"), ("reverses", "reversal"), ("charge_kind", "charge"), ("charge_basis", "charge"),
)  # fmt: skip


def _loose(row: Any, at: str) -> Loose:
    row = fields.table(row, at, _LOOSE)
    currency, day = fields.text(row, "currency", at), fields.day(row, "date", at)
    if currency not in DIGITS:
        raise DunwellError("claim.currency", field=f"{at}.currency", value=currency)
    if day is None:
        raise DunwellError("claim.missing", field=f"{at}.date")
    amount = _amount(row, "amount", at, currency, least=1)
    designation = fields.choice(row, "designation", at, COMPONENTS)
    return Loose(fields.text(row, "id", at), day, amount, currency, designation)


def _amount(
    table: Mapping[str, Any], field: str, at: str, currency: str, *, default: int | None = None, least: int = 0
) -> int:
    value = table.get(field)
    if value is None and default is not None:
        return default
    digits = DIGITS[currency]
    exact = Decimal(value) * 10**digits if isinstance(value, str) and _PLAIN.fullmatch(value) else None
    here = fields.path(at, field)
    if exact is not None and exact > LARGEST_MINOR:
        most = f"{LARGEST_MINOR // 10**digits:,}"
        raise DunwellError("claim.amount_too_large", field=here, currency=currency, most=most)
    if exact is None or exact != exact.to_integral_value():
        code = "claim.amount" if field in table else "claim.missing"
        raise DunwellError(code, field=here, currency=currency, digits=digits)
    if exact < least:
        raise DunwellError("claim.amount_of_nothing", field=here)
    return int(exact)
