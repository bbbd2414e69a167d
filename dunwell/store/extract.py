"""Facts for the engine, as known at a moment: set by set from the tables, one frame per kind (`engine.facts.SCHEMAS`).

The store does not know the engine: the caller names the columns it wants (`schemas`) and builds `Facts` from the
frames. A fact known at a moment is its current row if that was known by then, else the past version that was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

import polars as pl
from django.db import connection

from dunwell.rulebook.creditor_kinds import collector_of, contact_kind_of, kinds_of
from dunwell.store import dialect
from dunwell.store.address_entries import spread
from dunwell.store.copies import Copies, Source
from dunwell.store.models import Creditor
from dunwell.store.point_zones import by_debtor
from dunwell.store.same_third_persons import as_one

_VERSIONED = {
    "debtors": (
        "debtor",
        "debtor_id",
        {
            "region": "subdivision",
            "zones": "NULL",
            # what the files call the person: his id there, or the number of the debtor for whom none was given
            "lot": "(SELECT p.number FROM store_person p WHERE p.id = person_id)",
        },
    ),
    "contact_points": (
        "contactpoint",
        "contact_point_id",
        {"usable": "(invalid_since IS NULL AND third_person_id IS NULL)"},
    ),
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
    copies: Copies | None = None,
) -> dict[str, pl.DataFrame]:
    """All frames of a creditor.

    known_at: as was known then (None: now). debtors: these, and whoever shares a person, an item, a payment or a
    contact with them: so that each of them is decided as within the whole book. The caller picks out whom he asked for.
    copies: of the whole book as known now, the tables that grow are read from there, but for what changed.
    """
    only = None if debtors is None else _with_related(debtors)
    asked = {name: dict(schemas[name]) for name in _VERSIONED}
    asked["contact_points"]["zones"] = pl.String()
    copied: dict[str, pl.DataFrame] = {}
    if copies is not None and known_at is None and only is None:
        copied = copies.frames(_sources(creditor, schemas))
    found = {
        name: copied[name] if name in copied else _versioned(creditor, name, schema, known_at, only)
        for name, schema in asked.items()
    }
    found["contact_points"] = as_one(found["contact_points"])
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
    if copied:
        return found | copied
    found["contacts"] = _contacts(creditor, dict(schemas["contacts"]), known_at, only)
    found["contact_items"] = _contact_items(creditor, dict(schemas["contact_items"]), known_at, only)
    return found


def rows_that_grow(creditor: Creditor) -> int:
    """How many rows of the tables that grow there are."""
    tables = ("receivable", "payment", "contactattempt", "contactitem")
    counts = " + ".join(f"(SELECT count(*) FROM store_{table} WHERE creditor_id = %s)" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [creditor.pk] * len(tables))
        return int(cursor.fetchone()[0])


_MARGIN = 10_000
"""So many rows before the marks are read again: of two that are written at once the later id may be seen first."""


def _sources(creditor: Creditor, schemas: Mapping[str, Mapping[str, pl.DataType]]) -> dict[str, Source]:
    """The tables that grow, for `Copies`."""

    def facts(name: str, sums: str, said: Callable[[pl.DataFrame], dict[str, int]]) -> Source:
        table, key, _ = _VERSIONED[name]

        def changed(marks: dict[str, int] | None) -> pl.DataFrame:
            since = (
                ""
                if marks is None
                else (
                    f" AND (id > {int(marks['id']) - _MARGIN}"
                    f' OR id IN (SELECT "of" FROM store_{table}past WHERE id > {int(marks["past"]) - _MARGIN}))'
                )
            )
            return _versioned(creditor, name, dict(schemas[name]), None, None, since)

        return Source(
            key=key, changed=changed, said=said,
            marks=lambda: _whole_numbers(
                f"SELECT (SELECT max(id) FROM store_{table}) AS id, (SELECT max(id) FROM store_{table}past) AS past"
            ),
            check=lambda: _whole_numbers(
                f"SELECT count(*) AS count, sum(id) AS ids, {sums} FROM store_{table} WHERE creditor_id = %s",
                [creditor.pk],
            ),
        )  # fmt: skip

    return {
        "receivables": facts(
            "receivables",
            "sum(amount_minor) AS amounts, sum(CASE WHEN status = 'open' THEN 1 ELSE 0 END) AS opened,"
            f" sum(debtor_id) AS owners, sum(parent_id) AS parents, count(open_as_of_date) AS listed,"
            f" sum({dialect.day_number('due_date')}) AS due, sum({dialect.day_number('issue_date')}) AS issued",
            lambda frame: _sums(
                frame, count=pl.len(), ids="receivable_id", amounts="amount_minor", opened=pl.col("status") == "open",
                owners="debtor_id", parents="parent_id", listed=pl.col("open_as_of_date").is_not_null(),
                due=pl.col("due_date").to_physical(), issued=pl.col("issue_date").to_physical(),
            ),
        ),
        "payments": facts(
            "payments",
            "sum(amount_minor) AS amounts, sum(debtor_id) AS owners, sum(receivable_id) AS named,"
            f" sum(reverses_id) AS reversed, sum({dialect.day_number('value_date')}) AS valued",
            lambda frame: _sums(
                frame, count=pl.len(), ids="payment_id", amounts="amount_minor", owners="debtor_id",
                named="receivable_id", reversed="reverses_id", valued=pl.col("value_date").to_physical(),
            ),
        ),
        "contacts": _contact_source(creditor, dict(schemas["contacts"])),
        "contact_items": _item_source(creditor, dict(schemas["contact_items"])),
    }  # fmt: skip


_FINAL = ("sent", "undeliverable", "reached")
"""Outcomes whose number the copy is held against: what the sweep of unknown fates and late bounces change."""


def _contact_source(creditor: Creditor, schema: dict[str, pl.DataType]) -> Source:
    counts = ", ".join(f"sum(CASE WHEN outcome = '{word}' THEN 1 ELSE 0 END) AS {word}" for word in _FINAL)
    words = {word: pl.col("outcome") == word for word in _FINAL}
    return Source(
        key="contact_id",
        changed=lambda marks: _contacts(creditor, schema, None, None, _since_contact(marks)),
        marks=lambda: _whole_numbers("SELECT max(id) AS id FROM store_contactattempt"),
        check=lambda: _whole_numbers(
            f"SELECT count(*) AS count, sum(id) AS ids, sum(debtor_id) AS owners, {counts}"
            " FROM store_contactattempt WHERE creditor_id = %s",
            [creditor.pk],
        ),
        said=lambda frame: _sums(frame, count=pl.len(), ids="contact_id", owners="debtor_id", **words),
        open_rows=pl.col("outcome") == "unknown",
    )


def _item_source(creditor: Creditor, schema: dict[str, pl.DataType]) -> Source:
    return Source(
        key="contact_id",
        changed=lambda marks: _contact_items(creditor, schema, None, None, _since_contact(marks)),
        marks=lambda: _whole_numbers("SELECT max(id) AS id FROM store_contactattempt"),
        check=lambda: _whole_numbers(
            "SELECT count(*) AS count, sum(contact_id) AS ids, sum(receivable_id) AS named, sum(stage) AS stages"
            " FROM store_contactitem WHERE creditor_id = %s",
            [creditor.pk],
        ),
        said=lambda frame: _sums(frame, count=pl.len(), ids="contact_id", named="receivable_id", stages="stage"),
    )


def _since_contact(marks: dict[str, int] | None) -> str:
    return "" if marks is None else f" AND (c.id > {int(marks['id'])} OR c.outcome = 'unknown')"


def _whole_numbers(sql: str, params: Sequence[int] = ()) -> dict[str, int]:
    """The one row of a question for counts and sums, nothing being 0."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        names = [column[0] for column in cursor.description]
        return {name: int(value or 0) for name, value in zip(names, cursor.fetchone(), strict=True)}


def _sums(frame: pl.DataFrame, **columns: str | pl.Expr) -> dict[str, int]:
    # Int128: sums of ids may leave 64 bits before sums of a table do
    asked = {name: (pl.col(of) if isinstance(of, str) else of).cast(pl.Int128).sum() for name, of in columns.items()}
    return {name: int(value) for name, value in frame.select(**asked).row(0, named=True).items()}


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
    creditor: Creditor,
    schema: dict[str, pl.DataType],
    known_at: datetime | None,
    debtors: list[int] | None,
    narrowed: str = "",
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
        f" WHERE c.creditor_id = %s{_among('c.debtor_id', debtors)}{narrowed}"
    )
    params = [*params, creditor.pk]
    if known_at is not None:
        sql, params = sql + " AND c.at <= %s", [*params, known_at]
    return dialect.read_frame(sql, params, schema).sort("contact_id")


def _contact_items(
    creditor: Creditor,
    schema: dict[str, pl.DataType],
    known_at: datetime | None,
    debtors: list[int] | None,
    narrowed: str = "",
) -> pl.DataFrame:
    sql = (
        "SELECT i.contact_id, i.receivable_id, i.stage, COALESCE(i.called, TRUE) AS called,"
        " COALESCE(i.talked, FALSE) AS talked FROM store_contactitem i"
        " JOIN store_contactattempt c ON c.id = i.contact_id"
        f" WHERE i.creditor_id = %s{_among('c.debtor_id', debtors)}{narrowed}"
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
