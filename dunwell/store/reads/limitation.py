"""What people recorded for the clock of limitation: frames for the engine, and single records by their reference."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.store import extract
from dunwell.store.models import (
    ContactAttempt,
    Creditor,
    Debtor,
    Guarantee,
    InsolvencyFiling,
    LimitationClaim,
    LimitationEvent,
    Receivable,
)

type Record = LimitationEvent | Guarantee | InsolvencyFiling | LimitationClaim

LETTERS: dict[str, type[Record]] = {
    "C": LimitationClaim,
    "E": LimitationEvent,
    "F": InsolvencyFiling,
    "G": Guarantee,
}
"""A record is called by a letter and its number, e.g. E12."""


def frames(
    creditor: Creditor, schemas: Mapping[str, Mapping[str, pl.DataType]], *, known_at: datetime | None = None
) -> dict[str, pl.DataFrame]:
    """All records of a creditor as known at a moment (None: now), as `engine.limitation.stored_clocks.RECORDS`."""
    return extract.records(creditor, schemas, known_at=known_at)


def reference(record: Record) -> str:
    """How a record is called."""
    letter = next(letter for letter, model in LETTERS.items() if isinstance(record, model))
    return f"{letter}{record.pk}"


def record(creditor: Creditor, text: str) -> Record:
    """The record of a reference, as it was typed. Raises `limitation.record_unknown`."""
    match = re.fullmatch("([CEFG])([0-9]{1,18})", text.strip().upper(), re.ASCII)
    found: Record | None = None
    if match:
        model: Any = LETTERS[match[1]]
        found = model.objects.filter(creditor=creditor, pk=int(match[2])).first()
    if found is None:
        raise DunwellError("limitation.record_unknown", record=text[:30])
    return found


def guarantee(receivable: Receivable, guarantor: str) -> Guarantee:
    """The guarantee of an item by its guarantor's number, his name, or its reference. `limitation.guarantor_unknown`"""
    given = list(
        Guarantee.objects.select_related("guarantor").filter(receivable=receivable, withdrawn_date=None).order_by("pk")
    )
    wanted = _same(guarantor)
    # a number is meant before a name
    found = [each for each in given if each.guarantor is not None and _same(each.guarantor.number) == wanted]
    found = found or [each for each in given if wanted in (_same(each.name), _same(reference(each)))]
    if not found:
        raise DunwellError(
            "limitation.guarantor_unknown",
            guarantor=guarantor[:100],
            item=receivable.number,
            known=", ".join(each.name[:60] for each in given[:10]) or "-",
        )
    return found[0]


def contact(creditor: Creditor, number: str) -> ContactAttempt:
    """The contact of a number, as it was typed. Raises `limitation.contact_unknown`."""
    found = None
    if re.fullmatch("[0-9]{1,18}", number.strip(), re.ASCII):
        found = ContactAttempt.objects.filter(creditor=creditor, pk=int(number)).first()
    if found is None:
        raise DunwellError("limitation.contact_unknown", contact=number[:30])
    return found


def debtor_called(creditor: Creditor, text: str) -> Debtor | None:
    """The debtor of a number, if there is one."""
    return Debtor.objects.filter(creditor=creditor, number=text.replace("\x00", "").strip()).first()


def guarantor_names(creditor: Creditor) -> dict[int, str]:
    """Guarantee id -> the guarantor's name, with his number where he is a debtor of the book."""
    rows = Guarantee.objects.filter(creditor=creditor).values_list("pk", "name", "guarantor__number")
    return {pk: f"{name} ({number})" if number else name for pk, name, number in rows}


def concerned(receivable: Receivable) -> list[int]:
    """The debtor of an item, and those who guarantee it and are debtors themselves."""
    given = Guarantee.objects.filter(receivable=receivable).exclude(guarantor=None)
    return [receivable.debtor_id, *given.values_list("guarantor_id", flat=True)]


def of_item(receivable: Receivable) -> list[Record]:
    """What is recorded for an item and stands: its facts, its guarantees, the filing date of its debtor."""
    found: list[Record] = list(LimitationClaim.objects.filter(receivable=receivable))
    found += Guarantee.objects.filter(receivable=receivable, withdrawn_date=None).order_by("pk")
    found += InsolvencyFiling.objects.filter(debtor=receivable.debtor_id, withdrawn_date=None)
    return found


def _same(text: str) -> str:
    return " ".join(text.split()).casefold()
