"""Records of limitation beside a small book, by hand: as `store.reads.limitation.frames` would read them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from dunwell.engine.limitation.stored_clocks import RECORDS, stored_claims, stored_clocks
from dunwell.rulebook.limitation_rules import limitation_rules
from tests.engine.book import Book

type Rows = dict[str, list[dict[str, Any]]]


def frames(told: Mapping[str, list[dict[str, Any]]]) -> dict[str, pl.DataFrame]:
    """All frames of records; a row that names no id has its place in the list as one."""
    found = {}
    for name, schema in RECORDS.items():
        key = next(iter(schema))
        rows = [{**dict.fromkeys(schema), key: n, **row} for n, row in enumerate(told.get(name, []), start=1)]
        found[name] = pl.DataFrame(rows, schema=schema, orient="row")
    return found


def event(kind: str, day: date, **values: Any) -> dict[str, Any]:
    """A proven event of the first item, or of what is named."""
    where = {} if {"guarantee_id", "contact_id", "receivable_id"} & set(values) else {"receivable_id": 1}
    return {"event_kind": kind, "event_date": day, "proof": "EMS 1", "proof_sha256": "", **where, **values}


def guarantee(kind: str = "joint", **values: Any) -> dict[str, Any]:
    """A guarantee for the first item."""
    return {"receivable_id": 1, "kind": kind, **values}


def asked(book: Book, told: Mapping[str, list[dict[str, Any]]], day: date, place: str = "CN") -> dict[int, Any]:
    """The clock of each claim by its id, below zero for a guarantee."""
    stored = stored_claims(book.facts().on(day), frames(told), day, place)
    return {row["claim_id"]: row for row in stored_clocks(stored, day, limitation_rules()).to_dicts()}
