"""What debtors told us, found by the numbers that people use."""

import re
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from dunwell.core.errors import DunwellError
from dunwell.core.terms import ReceivableKind
from dunwell.intake.same_address import canonical
from dunwell.rulebook.instalments import invoice_and_place
from dunwell.store.models import (
    Complaint,
    ContactPoint,
    Creditor,
    Debtor,
    Dispute,
    Hold,
    Promise,
    Receivable,
    ThirdPerson,
)


def debtor(creditor: Creditor, number: str) -> Debtor:
    """The debtor of a number. Raises `debtor.unknown`."""
    found = Debtor.objects.select_related("creditor").filter(creditor=creditor, number=_text(number)).first()
    if found is None:
        raise DunwellError("debtor.unknown", number=number[:100])
    return found


def receivable(creditor: Creditor, number: str) -> Receivable:
    """The item of a number, an invoice before a charge of the same number; never a credit note. `receivable.unknown`"""
    found = list(
        Receivable.objects.select_related("debtor")
        .filter(creditor=creditor, number=_text(number))
        .exclude(kind=ReceivableKind.CREDIT_NOTE)
    )
    if not found:
        raise DunwellError("receivable.unknown", number=number[:100])
    return min(found, key=lambda item: (list(ReceivableKind).index(ReceivableKind(item.kind)), item.pk))


def receivables(creditor: Creditor, number: str) -> list[Receivable]:
    """The item of a number as `receivable`; of an invoice in instalments these, in order. `receivable.unknown`"""
    parts = Receivable.objects.select_related("debtor").filter(
        creditor=creditor, kind=ReceivableKind.INSTALMENT, number__startswith=f"{_text(number)}#"
    )
    places = {row: invoice_and_place(row.number) for row in parts}
    mine = [(place[1], row) for row, place in places.items() if place and place[0] == number]
    whole = Receivable.objects.filter(creditor=creditor, number=_text(number)).exclude(kind=ReceivableKind.CREDIT_NOTE)
    if not mine or whole.exists():
        return [receivable(creditor, number)]
    return [row for _, row in sorted(mine, key=lambda each: each[0])]


def dispute(creditor: Creditor, number: str) -> Dispute:
    """The dispute of a number. Raises `dispute.unknown`."""
    found = Dispute.objects.select_related("debtor").filter(creditor=creditor, number=_text(number)).first()
    if found is None:
        raise DunwellError("dispute.unknown", number=number[:100])
    return found


def promise(creditor: Creditor, number: str) -> Promise:
    """The promise of an id, as it was typed. Raises `promise.unknown`."""
    return by_id(Promise, creditor, number, "promise.unknown")


def complaint(creditor: Creditor, number: str) -> Complaint:
    """The complaint of an id, as it was typed. Raises `complaint.unknown`."""
    return by_id(Complaint, creditor, number, "complaint.unknown")


def hold(creditor: Creditor, number: str) -> Hold:
    """The hold of an id, as it was typed. Raises `hold.unknown`."""
    return by_id(Hold, creditor, number, "hold.unknown")


def address(owner: Debtor, value: str, *, to: str | None = None) -> ContactPoint:
    """The e-mail address or phone number of a debtor, however it is written; `letter` for his postal address. Raises
    `address.unknown`.

    to   who is contacted there: third_person, one of a third person; None: of a third person where he has none such
    """
    points = ContactPoint.objects.select_related("third_person").filter(debtor=owner)
    if to is not None:
        points = points.filter(third_person__isnull=to != "third_person")
    if value == "letter":
        found = points.filter(channel="letter", third_person=None)
    else:
        found = points.filter(value=_text(value))
    order = (F("third_person").asc(nulls_first=True), "rank", "pk")
    first = found.order_by(*order).first()
    if first is None and value != "letter":
        first = next((each for each in points.order_by(*order) if each.value and _is_written(each, owner, value)), None)
    if first is None:
        raise DunwellError("address.unknown", value=value[:100], number=owner.number)
    return first


def _is_written(point: ContactPoint, owner: Debtor, value: str) -> bool:
    """Whether that is the same number or address, written otherwise."""
    country = point.country or owner.country
    return canonical(point.value, country) == canonical(value, country)


def third_persons(owner: Debtor) -> list[dict[str, Any]]:
    """Third persons of a debtor, the first known first: id, name, relation, told_by, addresses (channel, value)."""
    points = ContactPoint.objects.filter(debtor=owner).exclude(third_person=None).order_by("pk")
    mine: dict[int, list[tuple[str, str]]] = {}
    for person, channel, value in points.values_list("third_person", "channel", "value"):
        mine.setdefault(person, []).append((channel, value))
    return [
        {
            "id": each.pk, "name": each.name, "relation": each.relation, "told_by": each.told_by,
            "addresses": mine.get(each.pk, []),
        }
        for each in ThirdPerson.objects.filter(debtor=owner).order_by("pk")
    ]  # fmt: skip


def promises(creditor: Creditor, owner: Debtor | None) -> list[Promise]:
    """All promises, the next due first."""
    return list(_of(Promise, creditor, owner).order_by("due_date", "pk"))


def disputes(creditor: Creditor, owner: Debtor | None, *, closed: bool) -> list[Dispute]:
    """Disputes, the oldest first; the closed ones too where asked."""
    rows = _of(Dispute, creditor, owner).select_related("receivable")
    return list((rows if closed else rows.filter(closed_date=None)).order_by("opened_date", "pk"))


def complaints(creditor: Creditor, owner: Debtor | None, *, answered: bool) -> list[Complaint]:
    """Complaints, the oldest first; the answered ones too where asked."""
    rows = _of(Complaint, creditor, owner)
    return list((rows if answered else rows.filter(answered_date=None)).order_by("opened_date", "pk"))


def holds(creditor: Creditor, owner: Debtor | None, *, over: bool, today: date) -> list[Hold]:
    """Holds, the oldest first; those that are over too where asked."""
    rows = _of(Hold, creditor, owner).select_related("receivable")
    standing = Q(until_date=None) | Q(until_date__gte=today)
    return list((rows if over else rows.filter(standing)).order_by("from_date", "pk"))


def _of(model: Any, creditor: Creditor, owner: Debtor | None) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.select_related("debtor").filter(creditor=creditor)
    return rows if owner is None else rows.filter(debtor=owner)


def by_id[M](model: type[M], creditor: Creditor, number: str, code: str) -> M:
    """The row of an id, as it was typed, with its debtor. Raises the error of `code`."""
    rows: Any = model
    found: M | None = None
    if re.fullmatch("[0-9]{1,18}", number.strip()):
        found = rows.objects.select_related("debtor").filter(creditor=creditor, pk=int(number)).first()
    if found is None:
        raise DunwellError(code, number=number[:30])
    return found


def _text(number: str) -> str:
    # PostgreSQL has no text with a zero byte; and no number holds a broken character of the command line
    return number.replace("\x00", "").encode("utf-8", "replace").decode()
