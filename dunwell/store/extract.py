"""Facts for the engine, as known at a moment: set by set from the tables, one frame per kind (`engine.facts.SCHEMAS`).

The store does not know the engine: the caller names the columns it wants (`schemas`) and builds `Facts` from the
frames. A fact known at a moment is its current row if that was known by then, else the past version that was.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import polars as pl
from django.db import connection

from dunwell.rulebook.creditor_kinds import collector_of, contact_kind_of, kinds_of
from dunwell.store import dialect
from dunwell.store.address_entries import spread
from dunwell.store.models import Creditor
from dunwell.store.point_zones import by_debtor

_VERSIONED = {
    "debtors": ("debtor", "debtor_id", {"region": "subdivision", "zones": "NULL"}),
    "contact_points": ("contactpoint", "contact_point_id", {"usable": "invalid_since IS NULL"}),
    "receivables": ("receivable", "receivable_id", {}),
    "payments": ("payment", "payment_id", {}),
    "promises": ("promise", "promise_id", {}),
    "disputes": ("dispute", "dispute_id", {}),
    "holds": ("hold", "hold_id", {}),
    "complaints": ("complaint", "complaint_id", {}),
    "steps": ("step", "step_id", {}),
    "observations": ("observation", "observation_id", {}),
    "wishes": ("wish", "wish_id", {}),
    "registers": ("registerentry", "register_id", {"address_id": "contact_point_id", "at_place": "place"}),
}
_RECORDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "limitation_claims": ("limitationclaim", "limitation_claim_id", {}),
    "limitation_events": ("limitationevent", "limitation_event_id", {}),
    "guarantees": ("guarantee", "guarantee_id", {}),
    "insolvency_filings": ("insolvencyfiling", "insolvency_filing_id", {}),
    "contracts": ("contract", "contract_id", {}),
    "contract_items": ("receivable", "receivable_id", {}),
}


def frames(
    creditor: Creditor,
    schemas: Mapping[str, Mapping[str, pl.DataType]],
    *,
    known_at: datetime | None = None,
    debtors: Iterable[int] | None = None,
) -> dict[str, pl.DataFrame]:
    """All frames of a creditor.

    known_at: as was known then (None: now). debtors: these, and whoever shares a person, an item, a payment or a
    contact with them: so that each of them is decided as within the whole book. The caller picks out whom he asked for.
    """
    only = None if debtors is None else _with_related(debtors)
    asked = {name: dict(schemas[name]) for name in _VERSIONED}
    asked["contact_points"]["zones"] = pl.String()
    found = {name: _versioned(creditor, name, schema, known_at, only) for name, schema in asked.items()}
    found["registers"] = spread(found["registers"], found["contact_points"])
    found["debtors"] = by_debtor(found["debtors"], found["contact_points"].filter("usable"))
    found["contact_points"] = found["contact_points"].drop("zones")
    kinds = kinds_of(creditor.kind)
    found["creditor"] = pl.DataFrame(
        {
            "code": [creditor.code], "zone": [creditor.zone], "country": [creditor.country],
            "kind": [contact_kind_of(kinds)], "collector": [collector_of(kinds)],
        },
        schema=dict(schemas["creditor"]),
    )  # fmt: skip
    found["days_off"] = pl.DataFrame(schema=dict(schemas["days_off"]))
    found["open_item_days"] = _open_item_days(creditor, schemas["open_item_days"], known_at)
    found["contacts"] = _contacts(creditor, dict(schemas["contacts"]), known_at, only)
    found["contact_items"] = _contact_items(creditor, dict(schemas["contact_items"]), known_at, only)
    return found


def records(
    creditor: Creditor,
    schemas: Mapping[str, Mapping[str, pl.DataType]],
    *,
    known_at: datetime | None = None,
    debtors: Iterable[int] | None = None,
    due_by: date | None = None,
) -> dict[str, pl.DataFrame]:
    """What people recorded for the clock of limitation.

    debtors   only about their items and those of whoever is related (see `frames`)
    due_by    contracts only of items that were due by then, or about which something was recorded
    """
    only = None if debtors is None else _with_related(debtors)
    return {
        name: _versioned(creditor, name, dict(schemas[name]), known_at, None, _narrowed(name, only, due_by))
        for name in _RECORDS
    }


_TOLD_ABOUT = (
    "SELECT receivable_id FROM store_limitationclaim UNION SELECT receivable_id FROM store_guarantee"
    " UNION SELECT id FROM store_receivable WHERE debtor_id IN (SELECT debtor_id FROM store_insolvencyfiling)"
)


def _narrowed(name: str, debtors: list[int] | None, due_by: date | None) -> str:
    """The condition for a kind of record; {id} stands for the column that says which fact it is."""
    items = f"SELECT id FROM store_receivable WHERE TRUE{_among('debtor_id', debtors)}"
    if name == "contract_items":
        old = "" if due_by is None else f" AND (due_date <= '{due_by.isoformat()}' OR {{id}} IN ({_TOLD_ABOUT}))"
        return f" AND contract_id IS NOT NULL{_among('debtor_id', debtors)}{old}"
    if debtors is None:
        return ""
    if name == "limitation_events":
        # those of guarantees and contacts say by these whose they are
        return f" AND (receivable_id IS NULL OR receivable_id IN ({items}))"
    if name in ("limitation_claims", "guarantees"):
        return f" AND receivable_id IN ({items})"
    if name == "contracts":
        return f" AND {{id}} IN (SELECT contract_id FROM store_receivable WHERE TRUE{_among('debtor_id', debtors)})"
    return ""


_RELATED = (
    "SELECT o.id FROM store_debtor d JOIN store_debtor o ON o.person_id = d.person_id WHERE d.id IN ({ids})",
    (
        "SELECT p.debtor_id FROM store_receivable r JOIN store_payment p ON p.receivable_id = r.id"
        " WHERE r.debtor_id IN ({ids}) AND p.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT r.debtor_id FROM store_payment p JOIN store_receivable r ON r.id = p.receivable_id"
        " WHERE p.debtor_id IN ({ids}) AND p.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT b.debtor_id FROM store_payment p JOIN store_payment b ON b.reverses_id = p.id"
        " WHERE p.debtor_id IN ({ids}) AND p.debtor_id <> b.debtor_id"
    ),
    (
        "SELECT c.debtor_id FROM store_receivable r JOIN store_receivable c ON c.parent_id = r.id"
        " WHERE r.debtor_id IN ({ids}) AND c.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT r.debtor_id FROM store_receivable c JOIN store_receivable r ON r.id = c.parent_id"
        " WHERE c.debtor_id IN ({ids}) AND c.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT x.debtor_id FROM store_receivable r JOIN store_dispute x ON x.receivable_id = r.id"
        " WHERE r.debtor_id IN ({ids}) AND x.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT x.debtor_id FROM store_receivable r JOIN store_hold x ON x.receivable_id = r.id"
        " WHERE r.debtor_id IN ({ids}) AND x.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT x.debtor_id FROM store_receivable r JOIN store_step x ON x.receivable_id = r.id"
        " WHERE r.debtor_id IN ({ids}) AND x.debtor_id <> r.debtor_id"
    ),
    (
        "SELECT k.debtor_id FROM store_receivable r JOIN store_contactitem i ON i.receivable_id = r.id"
        " JOIN store_contactattempt k ON k.id = i.contact_id"
        " WHERE r.debtor_id IN ({ids}) AND k.debtor_id <> r.debtor_id"
    ),
)
"""From some debtors to others whose facts matter to theirs: an item may have moved, a group may pay for its members."""


def _with_related(debtors: Iterable[int]) -> list[int]:
    """These debtors and all whose facts matter to theirs, to the end of the chain."""
    known: set[int] = set()
    fresh = set(debtors)
    with connection.cursor() as cursor:
        while fresh:
            known |= fresh
            ids = ", ".join(str(int(each)) for each in sorted(fresh))
            found: set[int] = set()
            for question in _RELATED:
                cursor.execute(question.format(ids=ids))
                found |= {row[0] for row in cursor.fetchall()}
            fresh = found - known
    return sorted(known)


def _versioned(
    creditor: Creditor,
    name: str,
    schema: dict[str, pl.DataType],
    known_at: datetime | None,
    debtors: list[int] | None,
    narrowed: str = "",
) -> pl.DataFrame:
    """narrowed: a condition more, in which {id} stands for the column that says which fact it is."""
    table, key, special = (_VERSIONED | _RECORDS)[name]
    columns = [name for name in schema if name != key]

    def select(suffix: str, identity: str, condition: str) -> str:
        listed = ", ".join(f'{special.get(column, f"{column}")} AS "{column}"' for column in columns)
        owner = "id" if name == "debtors" and not suffix else '"of"' if name == "debtors" else "debtor_id"
        return (
            f'SELECT "{identity}" AS "{key}", {listed} FROM store_{table}{suffix}'
            f" WHERE creditor_id = %s{condition}{_among(owner, debtors)}{narrowed.format(id=identity)}"
        )

    params: list[object] = [creditor.pk]
    sql = select("", "id", "")
    if known_at is not None:
        sql = select("", "id", " AND known_from <= %s")
        sql += " UNION ALL " + select("past", "of", " AND known_from <= %s AND known_to > %s")
        params = [creditor.pk, known_at, creditor.pk, known_at, known_at]
    wanted = {key: schema[key], **{column: schema[column] for column in columns}}
    return dialect.read_frame(sql, params, wanted).select(list(schema)).sort(key)


def _open_item_days(creditor: Creditor, schema: Mapping[str, pl.DataType], known_at: datetime | None) -> pl.DataFrame:
    sql = "SELECT DISTINCT open_items_date FROM store_importfile WHERE creditor_id = %s AND open_items_date IS NOT NULL"
    params: list[object] = [creditor.pk]
    if known_at is not None:
        sql, params = sql + " AND imported_at <= %s", [*params, known_at]
    return dialect.read_frame(sql, params, dict(schema)).sort("as_of")


def _contacts(
    creditor: Creditor, schema: dict[str, pl.DataType], known_at: datetime | None, debtors: list[int] | None
) -> pl.DataFrame:
    columns = {column: f"c.{'id' if column == 'contact_id' else column}" for column in schema}
    columns["at"], columns["at_place"] = "c.happened_at AS at", "c.place AS at_place"
    # who made it: an agency that is named, or whoever collects for the creditor (a word of ours, so it may stand here)
    columns["collector"] = f"CASE WHEN c.collector = '' THEN '{creditor.collector}' ELSE 'agency' END AS collector"
    messages, params = "", list[object]()
    if known_at is not None:
        # before its message was settled nobody knew what came of it; settling and resolving set this moment
        columns["outcome"] = "CASE WHEN m.settled_at > %s THEN 'unknown' ELSE c.outcome END AS outcome"
        messages, params = " LEFT JOIN store_outboxmessage m ON m.id = c.message_id", [known_at]
    sql = (
        f"SELECT {', '.join(columns.values())} FROM store_contactattempt c{messages}"
        f" WHERE c.creditor_id = %s{_among('c.debtor_id', debtors)}"
    )
    params = [*params, creditor.pk]
    if known_at is not None:
        sql, params = sql + " AND c.at <= %s", [*params, known_at]
    return dialect.read_frame(sql, params, schema).sort("contact_id")


def _contact_items(
    creditor: Creditor, schema: dict[str, pl.DataType], known_at: datetime | None, debtors: list[int] | None
) -> pl.DataFrame:
    sql = (
        "SELECT i.contact_id, i.receivable_id, i.stage, COALESCE(i.called, TRUE) AS called,"
        " COALESCE(i.talked, FALSE) AS talked FROM store_contactitem i"
        " JOIN store_contactattempt c ON c.id = i.contact_id"
        f" WHERE i.creditor_id = %s{_among('c.debtor_id', debtors)}"
    )
    params: list[object] = [creditor.pk]
    if known_at is not None:
        sql, params = sql + " AND c.at <= %s", [*params, known_at]
    return dialect.read_frame(sql, params, schema).sort("contact_id", "receivable_id")


def _among(column: str, ids: list[int] | None) -> str:
    """A condition for row ids (whole numbers of ours, so they may stand in the text: a list may be long)."""
    if ids is None:
        return ""
    return f" AND {column} IN ({', '.join(str(int(each)) for each in ids) or 'NULL'})"
