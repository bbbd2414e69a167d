"""The facts of a run: one frame per kind, keys and numbers only, no names and no addresses.

`store.extract` fills them from the tables; a Parquet folder holds them for a replay. `SCHEMA_VERSION` changes
whenever a column of them, or of what is decided from them, does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dunwell.core.errors import DunwellError

SCHEMA_VERSION = 8
_MOMENT = pl.Datetime("us", "UTC")
_DATE = pl.Date()
_INT = pl.Int64()
_TEXT = pl.String()

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "creditor": {"code": _TEXT, "zone": _TEXT, "country": _TEXT, "kind": _TEXT, "collector": _TEXT},
    "debtors": {
        "debtor_id": _INT,
        "number": _TEXT,
        "person_id": _INT,
        "lot": _TEXT,
        "kind": _TEXT,
        "debt_kind": _TEXT,
        "country": _TEXT,
        "region": _TEXT,
        "zone": _TEXT,
        "zones": _TEXT,
        "language": _TEXT,
        "preferred_channel": _TEXT,
    },
    "contact_points": {
        "contact_point_id": _INT,
        "debtor_id": _INT,
        "channel": _TEXT,
        "rank": pl.Int16(),
        "usable": pl.Boolean(),
        "third_person_id": _INT,
    },
    "receivables": {
        "receivable_id": _INT,
        "debtor_id": _INT,
        "number": _TEXT,
        "kind": _TEXT,
        "parent_id": _INT,
        "issue_date": _DATE,
        "due_date": _DATE,
        "currency": _TEXT,
        "amount_minor": _INT,
        "open_as_of_date": _DATE,
        "status": _TEXT,
        "charge_kind": _TEXT,
        "charge_basis": _TEXT,
        "secured": _INT,
    },
    "payments": {
        "payment_id": _INT,
        "debtor_id": _INT,
        "number": _TEXT,
        "receivable_id": _INT,
        "reverses_id": _INT,
        "value_date": _DATE,
        "currency": _TEXT,
        "amount_minor": _INT,
        "source_kind": _TEXT,
        "designation": _TEXT,
    },
    "open_item_days": {"as_of": _DATE},
    "promises": {
        "promise_id": _INT,
        "debtor_id": _INT,
        "currency": _TEXT,
        "amount_minor": _INT,
        "made_date": _DATE,
        "due_date": _DATE,
        "withdrawn_date": _DATE,
    },
    "disputes": {
        "dispute_id": _INT,
        "debtor_id": _INT,
        "receivable_id": _INT,
        "opened_date": _DATE,
        "closed_date": _DATE,
        "amount_minor": _INT,
    },
    "holds": {
        "hold_id": _INT,
        "debtor_id": _INT,
        "receivable_id": _INT,
        "channel": _TEXT,
        "reason": _TEXT,
        "from_date": _DATE,
        "until_date": _DATE,
    },
    "complaints": {"complaint_id": _INT, "debtor_id": _INT, "opened_date": _DATE, "answered_date": _DATE},
    "contacts": {
        "contact_id": _INT,
        "debtor_id": _INT,
        "person_id": _INT,
        "at": _MOMENT,
        "contact_date": _DATE,
        "channel": _TEXT,
        "direction": _TEXT,
        "stage": pl.Int16(),
        "currency": _TEXT,
        "deadline_date": _DATE,
        "outcome": _TEXT,
        "purpose": _TEXT,
        "addressee": _TEXT,
        "mode": _TEXT,
        "contact_point_id": _INT,
        "collector": _TEXT,
        "at_place": _TEXT,
        "promise_id": _INT,
    },
    "contact_items": {
        "contact_id": _INT,
        "receivable_id": _INT,
        "stage": pl.Int16(),
        "called": pl.Boolean(),
        "talked": pl.Boolean(),
    },
    "registers": {
        "register_id": _INT,
        "debtor_id": _INT,
        "kind": _TEXT,
        "from_date": _DATE,
        "from_at": _MOMENT,
        "until_date": _DATE,
        "channel": _TEXT,
        "address_id": _INT,
        "at_place": _TEXT,
        "purpose": _TEXT,
        "weekdays": _TEXT,
        "hours_from": _TEXT,
        "hours_until": _TEXT,
    },
    "steps": {
        "step_id": _INT,
        "debtor_id": _INT,
        "receivable_id": _INT,
        "stage": pl.Int16(),
        "done_date": _DATE,
        "taken": pl.Boolean(),
        "withdrawn_date": _DATE,
    },
    "observations": {
        "observation_id": _INT,
        "debtor_id": _INT,
        "kind": _TEXT,
        "value": _TEXT,
        "from_date": _DATE,
        "until_date": _DATE,
    },
    "wishes": {
        "wish_id": _INT,
        "debtor_id": _INT,
        "currency": _TEXT,
        "stage": pl.Int16(),
        "messages": pl.Int32(),
        "kind": _TEXT,
        "collector": _TEXT,
        "contact_point_id": _INT,
        "from_date": _DATE,
        "until_date": _DATE,
    },
    "days_off": {"place": _TEXT, "day_off": _DATE},
    "clocks": {"receivable_id": _INT, "debtor_id": _INT, "alarm": _TEXT, "last_date": _DATE},
}

LARGEST_SUM_MINOR = 2**62
"""Sums of a book stay below this: Polars wraps 64-bit integers around without a word."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a run may know, as known at one moment. Immutable; each frame follows `SCHEMAS`."""

    frames: Mapping[str, pl.DataFrame]

    def __post_init__(self) -> None:
        for name, schema in SCHEMAS.items():
            if dict(self.frames[name].schema) != schema:
                raise ValueError(f"facts {name}: {self.frames[name].schema} instead of {schema}")

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.frames[name]

    def on(self, day: date) -> "Facts":
        """The facts that had happened by the end of a day: later invoices, payments and talks are left out.

        Raises DunwellError when the sums of the book do not fit in 64 bits.
        """
        kept = dict(self.frames)
        for name, column in _HAPPENED.items():
            kept[name] = kept[name].filter(pl.col(column) <= day)
        for name in ("receivables", "payments"):
            refuse_overflow(kept[name], name)
        return Facts(kept)


_HAPPENED = {
    "receivables": "issue_date",
    "payments": "value_date",
    "open_item_days": "as_of",
    "promises": "made_date",
    "disputes": "opened_date",
    "holds": "from_date",
    "complaints": "opened_date",
    "contacts": "contact_date",
    "registers": "from_date",
    "steps": "done_date",
    "observations": "from_date",
    "wishes": "from_date",
}


def empty(name: str) -> pl.DataFrame:
    """A frame of a kind without rows."""
    return pl.DataFrame(schema=SCHEMAS[name])


def days_between(later: pl.Expr | date, earlier: pl.Expr | date) -> pl.Expr:
    """Whole days from `earlier` to `later`, negative when it lies ahead. Int32."""
    end = pl.lit(later) if isinstance(later, date) else later
    start = pl.lit(earlier) if isinstance(earlier, date) else earlier
    return (end - start).dt.total_days().cast(pl.Int32)


def running_sum(amount: pl.Expr, keys: list[str]) -> pl.Expr:
    """The sum of `amount` so far within each group, in a frame whose rows stand sorted by `keys` (never null).

    A window over a million small groups costs a hundred times as much.
    """
    total = amount.cum_sum()
    starts = pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift()) for key in keys)
    return total - pl.when(starts).then(total - amount).forward_fill()


def in_days(day: date, days: int) -> date:
    """The day so many days later."""
    return day + timedelta(days=days)


def refuse_overflow(frame: pl.DataFrame, name: str) -> None:
    """Raise DunwellError `engine.sum_too_large` when the amounts of a frame do not fit in 64 bits."""
    total = frame.select(pl.col("amount_minor").abs().cast(pl.Int128).sum()).item()
    if total and int(total) >= LARGEST_SUM_MINOR:
        raise DunwellError("engine.sum_too_large", what=name)
