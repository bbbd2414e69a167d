"""Rows of a bank's table -> columns by field: texts joined, direction and state understood."""

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.columns import plain
from dunwell.intake.shapes import Note
from dunwell.intake.statements.header import Header
from dunwell.intake.statements.shapes import CREDIT, DEBIT, LONGEST, MOST_ENTRIES, NEUTRAL, tidy
from dunwell.intake.values import words

_NOTHING = frozenset({"", "/", "-", "--", "—", "无", "無", "N/A", "null", "NULL"})
_SIDES = {"credit": CREDIT, "debit": DEBIT, "neutral": NEUTRAL}
_REFUNDS = ("退款", "refund", "reversal", "storno", "冲正", "沖正", "退回", "chargeback", "rückläufer", "returned")
"""Words in the kind of an entry that takes an earlier one back."""
_FIELDS = (
    "booking_date", "value_date", "amount", "credit", "debit", "balance", "currency", "direction", "state", "kind",
    "account", "bank_reference", "end_to_end", "reference", "text", "payer", "payer_account",
)  # fmt: skip


class TableEntries:
    """The entries of a table, column by column, as text; only fields that the table tells."""

    def __init__(self, header: Header) -> None:
        self._header = header
        told = {*header.columns, *header.constants, "kind"}
        self._columns: dict[str, list[str | None]] = {field: [] for field in _FIELDS if field in told}
        self._rows: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int, cells: list[str]) -> None:
        """One entry. Raises for the one too many."""
        if len(self._rows) >= MOST_ENTRIES:
            raise DunwellError("intake.statement_too_long", most=MOST_ENTRIES)
        self._rows.append(row)
        for field, column in self._columns.items():
            column.append(_cell(self._header, field, cells))

    def frame(self) -> pl.DataFrame:
        """All of them."""
        silent = [pl.lit(None, pl.String).alias(field) for field in _FIELDS if field not in self._columns]
        told = pl.DataFrame(
            {"row": self._rows, **self._columns},
            schema={"row": pl.Int64, **dict.fromkeys(self._columns, pl.String)},
        )
        return told.with_columns(silent)


def understood(entries: TableEntries, account: str) -> tuple[pl.DataFrame, list[Note]]:
    """Columns as `Taken.cells` has them, and notes: what was left out because no money moved by it."""
    notes: list[Note] = []
    frame = entries.frame().with_columns(
        pl.col("account").fill_null(account), head=pl.lit(0, pl.Int32), batch_of=pl.lit(None, pl.Int64)
    )
    frame = frame.with_columns(
        _looked_up(frame["direction"], "direction", _SIDES).alias("side"),
        _looked_up(frame["state"], "entry_state", None).alias("became"),
        reversal=pl.col("kind").fill_null("").str.to_lowercase().str.contains_any(list(_REFUNDS)),
    )
    strange = frame.filter(pl.col("state").is_not_null() & pl.col("became").is_null())["state"].unique().sort()
    if strange.len():
        notes.append(Note("intake.note_entry_state", {"values": ", ".join(strange.head(5).str.slice(0, 30))}))
    void = (frame["became"] == "void").sum()
    if void:
        notes.append(Note("intake.note_void_entries", {"count": void}))
    return frame.with_columns(
        void=pl.col("became").eq_missing("void"),
        booked=~pl.col("became").is_in(["pending", "void"]).fill_null(value=False),
    ), notes


def _cell(header: Header, field: str, cells: list[str]) -> str | None:
    found = header.columns.get(field)
    if field == "kind" and found is None:
        found = header.columns.get("text")
    if not found:
        return header.constants.get(field)
    texts = [cells[index].strip() for index in found if index < len(cells)]
    if field in ("booking_date", "value_date", "amount", "credit", "debit", "balance", "direction"):
        return tidy(texts[0], 200) or None if texts else None
    told = dict.fromkeys(one for text in texts if (one := tidy(text, 2000)) not in _NOTHING)
    return tidy(" ".join(told), LONGEST.get(field, 200)) or None


def _looked_up(cells: pl.Series, table: str, meaning: dict[str, str] | None) -> pl.Series:
    known = words(table)
    spoken = {one: known.get(plain(one) or one.casefold()) for one in cells.drop_nulls().unique()}
    found = {one: (meaning[sense] if meaning else sense) for one, sense in spoken.items() if sense}
    return cells.replace_strict(found, default=None, return_dtype=pl.String)
