"""A book of `tests.engine.book` in the tables: what an import, a clerk and a sender would have written."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from dunwell.actions.creditors import set_creditor
from dunwell.actions.day.runs import RunReport, run_day
from dunwell.core.actor import Actor, ActorKind
from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.store import dialect, guard
from dunwell.store.models import Creditor
from tests.engine.book import Book

CLERK = Actor(ActorKind.USER, "mei")
EARLY = datetime(2020, 1, 1, tzinfo=UTC)
_TABLES = {
    "debtors": "debtor", "contact_points": "contactpoint", "receivables": "receivable", "payments": "payment",
    "promises": "promise", "disputes": "dispute", "holds": "hold", "complaints": "complaint",
    "registers": "registerentry", "contacts": "contactattempt",
}  # fmt: skip
_ALSO: dict[str, dict[str, pl.Expr]] = {
    "debtors": {"name": pl.concat_str(pl.lit("Debtor "), "number")},
    "contact_points": {"value": pl.concat_str("channel", "contact_point_id", separator="-")},
    "disputes": {"number": pl.concat_str(pl.lit("S"), "dispute_id"), "reason": pl.lit("wrong price")},
    "holds": {"note": pl.lit("")},
    "complaints": {"text": pl.lit("")},
    "contacts": {
        "purpose": pl.col("purpose").fill_null("collection"),
        "template_version": pl.lit(""),
        "receipt": pl.lit(""),
        "happened_at": pl.col("at"),
        "collector": pl.when(pl.col("collector") == "agency").then(pl.lit("Fast Cash Ltd")).otherwise(pl.lit("")),
    },
    "registers": {"evidence": pl.lit(""), "recorded_by": pl.lit("test")},
}
_NAMES = {
    "debtors": {"region": "subdivision"},
    "registers": {"address_id": "contact_point_id", "at_place": "place"},
    "contacts": {"at_place": "place"},
}
"""Columns that are called otherwise in the tables."""
_TOLD = {"debtors": ["zones", "lot"], "contact_points": ["usable"]}
"""Columns that other tables or columns tell."""


def noon(day: date) -> datetime:
    """The middle of a day in Europe."""
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def creditor(code: str = "acme", zone: str = "Europe/Berlin") -> Creditor:
    """The creditor of the tests."""
    changes = {"name": "Acme GmbH", "country": "DE", "zone": zone, "currency": "EUR"}
    return set_creditor(code=code, changes=changes, at=EARLY, by=CLERK)


def keep(book: Book, owner: Creditor) -> None:
    """Write all rows of a book that are not in the tables yet."""
    write(book.facts(), owner)


def write(facts: Facts, owner: Creditor) -> None:
    """Write all facts that are not in the tables yet."""
    with guard.writing("test"), transaction.atomic():
        persons = facts["debtors"].select(id=pl.col("person_id").unique().sort())
        _fresh("person", persons.with_columns(number=pl.concat_str(pl.lit("N"), "id")), owner)
        for frame, name in _TABLES.items():
            _fresh(name, _rows(facts, frame), owner)
        items = facts["contact_items"].with_columns(id=pl.int_range(1, pl.len() + 1), open_minor=pl.lit(1))
        _fresh("contactitem", items, owner)
        lists = facts["open_item_days"].select(
            open_items_date="as_of",
            id=pl.int_range(1, pl.len() + 1),
            sha256=pl.lit("0" * 64),
            name=pl.lit("open.csv"),
            kind=pl.lit("open_items"),
            imported_at=pl.lit(EARLY),
            report=pl.lit("{}"),
        )
        _fresh("importfile", lists, owner)


def run(owner: Creditor, day: date, *, at: datetime | None = None, dry_run: bool = False) -> RunReport:
    """Run a day at its noon, or at another moment."""
    return run_day(creditor=owner, as_of=day, now=at or noon(day), by=CLERK, dry_run=dry_run)


def table(name: str, columns: str = "*", order: str = "id") -> list[tuple[Any, ...]]:
    """All rows of a table of ours."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM store_{name} ORDER BY {order}")
        return [tuple(row) for row in cursor.fetchall()]


def change(statement: str, *params: Any) -> None:
    """What another act would have written."""
    with guard.writing("test"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def _rows(facts: Facts, frame: str) -> pl.DataFrame:
    rows = facts[frame].with_columns(**_ALSO.get(frame, {})).rename({next(iter(SCHEMAS[frame])): "id"})
    if frame != "contacts":
        rows = rows.with_columns(known_from=pl.lit(EARLY))
    return rows.drop(_TOLD.get(frame, [])).rename(_NAMES.get(frame, {}))


def _fresh(name: str, rows: pl.DataFrame, owner: Creditor) -> None:
    known = [row[0] for row in table(name, "id")]
    rows = rows.filter(~pl.col("id").is_in(known)).with_columns(creditor_id=pl.lit(owner.pk, pl.Int64))
    dialect.insert_frame(f"store_{name}", rows)
    if connection.vendor == "postgresql" and not rows.is_empty():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('store_{name}', 'id'), max(id)) FROM store_{name}")
