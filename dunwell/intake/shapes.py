"""What goes into intake and what comes out of it."""

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

from dunwell.core.errors import say

KINDS = ("customers", "contacts", "invoices", "credit_notes", "charges", "payments", "disputes", "targets")
"""The kinds of file, in the order in which they are checked: each may refer to those before it."""

STATEMENTS = "statements"
"""The kind of file that comes from a bank or a wallet; it is read by `dunwell.intake.statements`."""

DecimalMark = Literal[".", ","]

_TEXT, _DATE, _INT = pl.String(), pl.Date(), pl.Int64()


def _schema(**columns: pl.DataType) -> dict[str, pl.DataType]:
    return {"file": pl.Int32(), "row": pl.Int64(), **columns}


def _texts(names: str) -> dict[str, pl.DataType]:
    return dict.fromkeys(names.split(), _TEXT)


FRAMES: dict[str, dict[str, pl.DataType]] = {
    "customers": _schema(
        **_texts(
            "number name kind buyer_kind debt_kind subdivision country language zone person segment email phone street"
            " postcode city region preferred_channel contact_name"
        ),
        derived=pl.Boolean(),
    ),
    "contacts": _schema(**_texts("debtor channel value contact_name street postcode city region country")),
    "invoices": _schema(
        **_texts("number debtor"),
        issue_date=_DATE,
        due_date=_DATE,
        currency=_TEXT,
        amount_minor=_INT,
        open_minor=_INT,
        **_texts("status"),
        says_paid=pl.Boolean(),
        **_texts("description contract"),
        contract_date=_DATE,
        law=_TEXT,
        payment_terms=_TEXT,
        received_date=_DATE,
        delivered_date=_DATE,
        accepted_date=_DATE,
        due_known=pl.Boolean(),
        due_rule=_TEXT,
        instalment=pl.Int16(),
        secured=_INT,
    ),
    "credit_notes": _schema(
        **_texts("number debtor"),
        issue_date=_DATE,
        **_texts("receivable currency"),
        amount_minor=_INT,
        open_minor=_INT,
        description=_TEXT,
    ),
    "charges": _schema(
        **_texts("number debtor receivable"),
        issue_date=_DATE,
        due_date=_DATE,
        currency=_TEXT,
        amount_minor=_INT,
        **_texts("charge_kind charge_basis"),
        description=_TEXT,
    ),
    "payments": _schema(
        **_texts("number debtor receivable"),
        value_date=_DATE,
        currency=_TEXT,
        amount_minor=_INT,
        **_texts("designation reverses method"),
    ),
    "disputes": _schema(
        **_texts("number debtor receivable"),
        opened_date=_DATE,
        closed_date=_DATE,
        currency=_TEXT,
        amount_minor=_INT,
        **_texts("reason outcome"),
    ),
    "targets": _schema(**_texts("number debtor currency"), amount_minor=_INT, by_date=_DATE),
}
"""The columns of each frame of a `Batch`. `file` is an index into `Batch.files`, `row` the line of the file on which
the row begins, as a text editor counts (the header is usually line 1); amounts are minor units of `currency`.

Of invoices, `due_known` is false where the due date was counted by a calendar that is not official yet, and null where
it was not counted; `due_rule` names the rule of law that gives it where nothing was agreed; an invoice in instalments
is a row of each, `instalment` being its place."""

ERRORS: dict[str, pl.DataType] = {
    "file": _TEXT,
    "row": _INT,
    "column": _TEXT,
    "value": _TEXT,
    "other": _TEXT,
    "code": _TEXT,
    "reason": _TEXT,
}
"""The columns of `Batch.errors`. `value` is what the cell holds (at most 200 characters), `other` what it was
compared with (a bound, the invoice's currency...), `reason` both in English words."""


@cache
def empty(kind: str) -> pl.DataFrame:
    """A frame of a kind without rows."""
    return pl.DataFrame(schema=FRAMES[kind])


@dataclass(frozen=True)
class Known:
    """What the store already has: files may refer to it. All frames may be empty.

    debtors      number
    receivables  number, kind, debtor, currency
    payments     number
    """

    debtors: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_texts("number")))
    receivables: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=_texts("number kind debtor currency"))
    )
    payments: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_texts("number")))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a file is silent. `day` is the day of an open-item list, if the files are one; `today` is the
    creditor's, after which a date is worth a note. `due_by_law`: an invoice may lack due date and terms. `creditor`:
    his name, whose e-invoices these should be."""

    currency: str | None = None
    country: str | None = None
    language: str | None = None
    debtor_kind: str = "business"
    decimal: DecimalMark | None = None
    day: date | None = None
    today: date | None = None
    due_by_law: bool = False
    creditor: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read files whose columns are not recognised; see `dunwell.intake.mapping.load_mapping`."""

    kind: str | None = None
    columns: Lookup[str, str] = field(default_factory=dict)
    constants: Lookup[str, str] = field(default_factory=dict)
    decimal: DecimalMark | None = None
    date: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about a file that is no error: how a doubt was settled."""

    code: str
    params: Lookup[str, Any]

    def words(self, language: str = "en") -> str:
        """The note in one of the three languages."""
        return say(self.code, language, **self.params)


@dataclass(frozen=True, slots=True)
class Total:
    """Control total of one currency, minor units: over every row whose amount could be read, and over the good rows."""

    currency: str
    rows: int
    sum_minor: int
    good_rows: int
    good_sum_minor: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one file. `rows` counts every row that is not blank, the header apart."""

    path: Path
    name: str
    sha256: str
    kind: str
    encoding: str
    delimiter: str
    rows: int
    good_rows: int
    bad_rows: int
    columns: Lookup[str, str]
    """Header -> field, of the columns that were understood."""
    ignored: tuple[str, ...]
    """Headers of the columns that were not."""
    totals: tuple[Total, ...]
    notes: tuple[Note, ...]
    without_amount: int = 0
    """Rows that `totals` lack: without an amount, or without a currency, that could be read."""
    media_type: str = ""
    """Of a document that is to be kept as it came: an e-invoice."""


@dataclass(frozen=True)
class Batch:
    """All files together. `frames` holds all eight kinds, good rows only."""

    frames: dict[str, pl.DataFrame]
    rejected: dict[str, pl.DataFrame]
    """The rows with an error, as far as they could be read; a row that could not be taken apart is in none of them."""
    errors: pl.DataFrame
    files: list[FileReport]
    given: dict[str, frozenset[str]]
    """Kind -> fields for which some file had a column: a null in another field says nothing about it."""
