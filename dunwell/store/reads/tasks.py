"""Who waits for a person, by the latest standings, and what debtors are called."""

from collections.abc import Iterable
from itertools import batched
from typing import Any

from django.db.models import Q, QuerySet

from dunwell.store.models import Creditor, Debtor, Standing

FOR_A_PERSON = Q(action="task") | Q(action="message", body__person_minor__gt=0)
"""Standings that wait for a person: a task, or a message beside which something else waits for one."""


def tasks(creditor: Creditor, owner: Debtor | None) -> list[dict[str, Any]]:
    """debtor (his number), name, amount (minor units, currency), days, what (words: `run.task.<what>`), day, run (its
    name, see `dunwell runs`; None: an act decided him anew), standing (the row itself). Their order is that of the
    worklists: see `actions.day.report.in_places`."""
    rows: QuerySet[Standing] = Standing.objects.filter(FOR_A_PERSON, creditor=creditor).select_related("debtor", "run")
    if owner is not None:
        rows = rows.filter(debtor=owner)
    return [_task(row) for row in rows.order_by("currency", "pk")]


def _task(row: Standing) -> dict[str, Any]:
    beside = row.action == "message"
    return {
        "debtor": row.debtor.number,
        "name": row.debtor.name,
        "amount": (row.body["person_minor" if beside else "total_minor"], row.currency),
        "days": row.days_past_due,
        "what": row.body["person_reason"] if beside else row.reason,
        "day": row.as_of,
        "run": row.run.name if row.run else None,
        "standing": row,
    }


def names(debtors: Iterable[int]) -> dict[int, str]:
    """Row id -> name."""
    return _told(debtors, "name")


def numbers(debtors: Iterable[int]) -> dict[int, str]:
    """Row id -> number."""
    return _told(debtors, "number")


def _told(debtors: Iterable[int], column: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in batched(debtors, 900):
        found |= dict(Debtor.objects.filter(pk__in=part).values_list("pk", column))
    return found
