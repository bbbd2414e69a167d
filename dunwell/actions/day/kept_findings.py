"""What the contact rules said when a task opened: kept with the run that wrote the standing, or in the standing."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from dunwell.store.models import Standing
from dunwell.store.reads.tasks import FOR_A_PERSON

type Rows = list[dict[str, Any]]


def kept(standings: Iterable[Standing]) -> Mapping[int, Rows | None]:
    """By standing's id its findings (`engine.contact.findings.FINDINGS`, but for the debtor; days and moments as text);
    None where the folder of the run is not kept any more."""
    found: dict[int, Rows | None] = {}
    by_run: dict[str, list[Standing]] = {}
    for each in standings:
        if each.run is None:
            found[each.pk] = [_without_debtor(row) for row in each.findings or []]
        else:
            by_run.setdefault(each.run.name, []).append(each)
    for name, rows in by_run.items():
        told = _of_run(name, {each.debtor_id for each in rows})
        found |= {each.pk: None if told is None else told.get(each.debtor_id, []) for each in rows}
    return found


def of_debtor(debtor: int) -> list[tuple[Standing, Rows | None]]:
    """The debtor's standings that wait for a person, with their findings."""
    rows = Standing.objects.filter(FOR_A_PERSON, debtor_id=debtor).select_related("run").order_by("currency", "pk")
    said = kept(rows)
    return [(row, said[row.pk]) for row in rows]


def _of_run(name: str, debtors: set[int]) -> dict[int, Rows] | None:
    """The findings of some debtors, from the folder of a run."""
    file = Path(settings.DUNWELL.runs) / Path(name).name / "findings.parquet"
    try:
        rows = pl.read_parquet(file).filter(pl.col("debtor_id").is_in(sorted(debtors)))
    except (OSError, pl.exceptions.PolarsError):
        return None
    found: dict[int, Rows] = {debtor: [] for debtor in debtors}
    for row in rows.to_dicts():
        found[row["debtor_id"]].append(_without_debtor(row))
    return found


def _without_debtor(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in row.items()
        if name != "debtor_id"
    }
