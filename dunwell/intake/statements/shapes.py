"""What every reader of statements gives: heads (account, balances) and entries as text, typed and checked later."""

import re
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.shapes import DecimalMark, Note

MOST_BYTES = 48 << 20
"""A larger statement is refused: it is held in memory while it is read."""
MOST_ENTRIES = 200_000
"""Entries of one file, at most."""

CREDIT, DEBIT, NEUTRAL = "C", "D", "N"
"""Money in, money out, and entries that wallets count as neither (own money moved about)."""

LONGEST = {
    "account": 100, "statement": 100, "bank_reference": 100, "end_to_end": 100, "reference": 100, "text": 2000,
    "payer": 500, "payer_account": 100,
}  # fmt: skip
"""Text fields of a line and how much of each is kept, in characters."""

LINES: dict[str, pl.DataType] = {
    "file": pl.Int32(),
    "row": pl.Int64(),
    "head": pl.Int32(),
    "number": pl.String(),
    "format": pl.String(),
    "account": pl.String(),
    "statement": pl.String(),
    "booking_date": pl.Date(),
    "value_date": pl.Date(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "is_reversal": pl.Boolean(),
    "batch_of": pl.Int64(),
    "bank_reference": pl.String(),
    "end_to_end": pl.String(),
    "reference": pl.String(),
    "text": pl.String(),
    "payer": pl.String(),
    "payer_account": pl.String(),
}
"""One row per booked entry, or per payment in it where the file tells them apart.

row           line of the file (MT940, tables), or the entry's place in the file (XML, OFX: one line may hold all)
head          index into `Taken.heads`
number        the line's identity: the same whenever the entry is told again
amount_minor  minor units of `currency`; money in is positive, money out negative
is_reversal   the entry takes an earlier one back: a negative one takes back money that had come in
batch_of      so many payments came in one sum and the file does not tell them apart; null for a single payment
end_to_end    the payer's own reference; `reference` is the structured one (RF, Swiss QR, merchant's order)
payer         the other party's name, with `payer_account`
"""

_ENTRY = (
    "booking_date", "value_date", "amount", "currency", "bank_reference", "end_to_end", "reference", "text", "payer",
    "payer_account",
)  # fmt: skip
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(slots=True)
class Balance:
    """A balance as the file tells it: signed amount and date as text. `label`: what the file calls it."""

    amount: str
    currency: str
    date: str
    row: int
    label: str


@dataclass(slots=True)
class Declared:
    """What the file says of its own entries: their number, or their sum. label: in its words. side "": of all."""

    label: str
    side: str
    count: int | None
    amount: str | None
    row: int
    firm: bool = True
    """False: the file itself warns that its figure may differ from the sum of the entries."""


@dataclass(slots=True)
class Head:
    """One statement of a file. `must_balance`: its format demands both balances."""

    account: str = ""
    statement: str = ""
    currency: str = ""
    row: int = 0
    opening: Balance | None = None
    closing: Balance | None = None
    must_balance: bool = False
    declared: list[Declared] = field(default_factory=list)


@dataclass(slots=True)
class Trouble:
    """Something wrong. `entry`: the entry on this row cannot be used; else it is about the statement as a whole."""

    row: int
    code: str
    column: str = ""
    value: str = ""
    other: str = ""
    entry: bool = True


class Entries:
    """The entries of one file, column by column, as text."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {
            name: [] for name in ("row", "head", "side", "reversal", "booked", "batch_of", *_ENTRY)
        }

    def __len__(self) -> int:
        return len(self._columns["row"])

    def add(
        self,
        *,
        row: int,
        head: int,
        side: str,
        reversal: bool = False,
        booked: bool = True,
        batch_of: int | None = None,
        **texts: str,
    ) -> None:
        """One entry. `amount` is without a sign, with a point; dates are ISO. Raises for the entry too many."""
        if len(self) >= MOST_ENTRIES:
            raise DunwellError("intake.statement_too_long", most=MOST_ENTRIES)
        columns = self._columns
        columns["row"].append(row)
        columns["head"].append(head)
        columns["side"].append(side)
        columns["reversal"].append(reversal)
        columns["booked"].append(booked)
        columns["batch_of"].append(batch_of)
        for name in _ENTRY:
            columns[name].append(tidy(texts.get(name, ""), LONGEST.get(name, 100)) or None)

    def frame(self) -> pl.DataFrame:
        """All of them."""
        types: dict[str, Any] = {
            "row": pl.Int64, "head": pl.Int32, "side": pl.String, "reversal": pl.Boolean, "booked": pl.Boolean,
            "batch_of": pl.Int64,
        }  # fmt: skip
        return pl.DataFrame(self._columns, schema={name: types.get(name, pl.String) for name in self._columns})


@dataclass
class Taken:
    """A file taken apart. `cells` has row, head, side, reversal, booked, batch_of and text columns by field name."""

    format: str
    heads: list[Head]
    cells: pl.DataFrame
    troubles: list[Trouble] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    """Header -> field, of a table."""
    ignored: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    decimal: DecimalMark | None = "."
    date: str | None = None


def tidy(text: str, longest: int) -> str:
    """A text on one line, without what cannot be seen, and not longer than is kept."""
    return " ".join(_INVISIBLE.sub("", text).split())[:longest].rstrip()
