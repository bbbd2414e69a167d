"""Texts of entries -> typed columns, by the same cells that read ledgers; each doubt is an error of its entry."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from dunwell.intake.cells import Cells
from dunwell.intake.columns import Recognition
from dunwell.intake.faults import Faults
from dunwell.intake.shapes import STATEMENTS, Defaults, Mapping, Note
from dunwell.intake.sheet import Sheet
from dunwell.intake.statements.shapes import DEBIT, LINES, NEUTRAL, Taken

_DATES, _AMOUNTS = ("booking_date", "value_date"), ("credit", "debit", "amount")
_TEXTS = ("bank_reference", "end_to_end", "reference", "text", "payer", "payer_account")
_BESIDE = ("row", "head", "reversal", "booked", "batch_of")
_NAMES = {
    "camt": {"amount": "Amt", "booking_date": "BookgDt", "value_date": "ValDt", "currency": "Ccy", "side": "CdtDbtInd"},
    "ofx": {"amount": "TRNAMT", "booking_date": "DTPOSTED", "value_date": "DTAVAIL", "currency": "CURDEF"},
    "mt": dict.fromkeys(("amount", "booking_date", "value_date", "currency", "side"), ":61:"),
}
"""What formats that have no header call a field."""


def typed(
    taken: Taken, index: int, path: Path, faults: Faults, defaults: Defaults, mapping: Mapping | None
) -> pl.DataFrame:
    """All entries of a file as `LINES` without numbers, with `booked` and, of a table, `balance_minor`; what could not
    be read is null and has its fault. Entries by which no money moved, or only one's own, are left out and told."""
    for trouble in taken.troubles:
        faults_of = faults if trouble.entry else None
        if faults_of is not None:
            place = pl.DataFrame({"file": [index], "row": [trouble.row]})
            faults_of.add(
                place, None, trouble.code, column=trouble.column, value=pl.Series([trouble.value]), other=trouble.other
            )
    broken = [trouble.row for trouble in taken.troubles if trouble.entry]
    rows = taken.cells.filter(~pl.col("row").is_in(broken))
    if "void" in rows.columns:
        rows = rows.filter(~pl.col("void"))
    neutral = (rows["side"] == NEUTRAL).sum()
    if neutral:
        taken.notes.append(Note("intake.note_neutral_entries", {"count": neutral}))
        rows = rows.filter(pl.col("side").ne_missing(NEUTRAL))
    cells = _cells(taken, rows, index, path, faults, defaults, mapping)
    if rows.is_empty():
        return _frame(taken, cells, _nothing(0), _nothing(0), pl.Series([], dtype=pl.String))
    told = next((field for field in _AMOUNTS if cells.sheet.has(field)), "amount")
    currency = cells.currency(told)
    signed = _signed(cells, currency, rows["side"])
    balance = _balance(taken, cells, currency, rows, path, defaults, mapping)
    return _frame(taken, cells, signed, balance, currency)


def _cells(
    taken: Taken,
    rows: pl.DataFrame,
    index: int,
    path: Path,
    faults: Faults,
    defaults: Defaults,
    mapping: Mapping | None,
) -> Cells:
    is_table = bool(taken.columns)
    named = {field: header for header, field in reversed(taken.columns.items())} if is_table else _names(taken.format)
    headers = list(named.values())
    for field, value in taken.constants.items():
        if field in rows.columns and rows[field].null_count() == rows.height:
            rows = rows.with_columns(pl.lit(value, pl.String).alias(field))
    fields = [name for name, dtype in rows.schema.items() if dtype == pl.String]
    if is_table:
        # a column that is empty throughout says nothing: another one may tell the amount
        told = {*taken.columns.values(), *taken.constants, "account", "booking_date"}
        speaking = [name for name in _AMOUNTS if name in told and rows[name].null_count() < rows.height]
        silent = set(_AMOUNTS) - set(speaking) if speaking else set()
        fields = [name for name in fields if name in told and name not in silent]
    sheet = Sheet(
        index=index, path=path, sha256="", encoding=taken.encoding, delimiter=taken.delimiter,
        recognition=Recognition(
            kind=STATEMENTS, columns={field: place for place, field in enumerate(named)}, constants={}, ignored=(),
            missing=(), twice=(), debtor_is_name=False,
        ),
        headers=headers, faults=[], rows=rows.height, notes=taken.notes,
        cells=rows.select(pl.lit(index, pl.Int32).alias("file"), *_BESIDE, *fields),
    )  # fmt: skip
    own = mapping if is_table and mapping else Mapping(decimal=taken.decimal)
    if is_table and not own.date and _short_years(rows):
        own = replace(own, date="DD.MM.YY")
        sheet.note("intake.note_short_years", column=sheet.header("booking_date"))
    kept = defaults if is_table else Defaults()
    return Cells(
        sheet, faults, kept, own, dates=tuple(field for field in _DATES if sheet.has(field)),
        amounts=tuple(field for field in _AMOUNTS if sheet.has(field)) or ("amount",),
    )  # fmt: skip


def _short_years(rows: pl.DataFrame) -> bool:
    """Whether all days are written like 02.11.26: with points between, the day comes first."""
    days = rows["booking_date"].drop_nulls()
    return days.len() > 0 and bool(days.str.contains(r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}$").all())


def _names(format_name: str) -> dict[str, str]:
    return next((names for prefix, names in _NAMES.items() if format_name.startswith(prefix)), {})


def _signed(cells: Cells, currency: pl.Series, side: pl.Series) -> pl.Series:
    """Minor units: money in positive, money out negative."""
    if cells.sheet.has("credit") or cells.sheet.has("debit"):
        credit, debit = (
            cells.amount(field, currency, required=False) if cells.sheet.has(field) else _nothing(len(currency))
            for field in ("credit", "debit")
        )
        silent = pl.Series([True] * len(currency))
        for field in ("credit", "debit"):
            if cells.sheet.has(field):
                silent = silent & cells.is_nothing(field)
        cells.fault(silent, "credit" if cells.sheet.has("credit") else "debit", "intake.empty_cell")
        both = pl.DataFrame({"credit": credit, "debit": _without_sign(debit)})
        total = pl.col("credit").fill_null(0) - pl.col("debit").fill_null(0)
        return both.select(pl.when(pl.any_horizontal(pl.col("credit", "debit").is_not_null())).then(total)).to_series()
    amount = cells.amount("amount", currency)
    if cells.sheet.has("direction"):
        unclear = cells.raw("direction").is_not_null() & side.is_null()
        cells.fault(unclear, "direction", "intake.unknown_direction", cells.raw("direction"))
        cells.fault(cells.raw("direction").is_null(), "direction", "intake.empty_cell")
        out = _without_sign(amount.set(side.ne_missing(DEBIT), None))
        return pl.select(pl.when(side == DEBIT).then(-out).otherwise(amount)).to_series()
    if cells.sheet.recognition.columns.keys() & {"side"} or side.null_count() < len(side):
        cells.fault(amount < 0, "amount", "intake.not_an_amount", cells.raw("amount"))
        cells.fault(~side.is_in(["C", "D"]).fill_null(value=False), "side", "intake.unknown_direction", side)
        return pl.select(pl.when(side == DEBIT).then(-amount).otherwise(amount)).to_series()
    if len(amount) > 1 and not (amount < 0).any():
        cells.sheet.note("intake.note_all_incoming", column=cells.sheet.header("amount"))
    return amount


def _without_sign(amounts: pl.Series) -> pl.Series:
    """Money out as positive amounts: some banks write a minus as well. Where signs differ, a minus is a correction."""
    written = amounts.drop_nulls()
    return amounts.abs() if written.len() and (written <= 0).all() else amounts


def _balance(
    taken: Taken,
    cells: Cells,
    currency: pl.Series,
    rows: pl.DataFrame,
    path: Path,
    defaults: Defaults,
    mapping: Mapping | None,
) -> pl.Series:
    """The balance after each entry, where a table has one that can be read."""
    if not cells.sheet.has("balance") or cells.raw("balance").null_count() == rows.height:
        return _nothing(rows.height)
    aside = _cells(taken, rows, cells.sheet.index, path, Faults(), defaults, mapping)
    found = aside.amount("balance", currency, required=False)
    if found.null_count() == rows.height:
        taken.notes.append(Note("intake.note_balance_unreadable", {"column": cells.sheet.header("balance")}))
        return found
    cells.amount("balance", currency, required=False)
    return found


def _frame(taken: Taken, cells: Cells, signed: pl.Series, balance: pl.Series, currency: pl.Series) -> pl.DataFrame:
    dates = [cells.date(field, required=field == "booking_date").alias(field) for field in _DATES]
    heads = pl.DataFrame(
        {
            "head": range(len(taken.heads)),
            "head_account": [head.account or None for head in taken.heads],
            "statement": [head.statement or None for head in taken.heads],
        },
        schema={"head": pl.Int32, "head_account": pl.String, "statement": pl.String},
    )
    raw = cells.sheet.cells
    texts = [raw[name] if name in raw.columns else cells.constant(None, name) for name in _TEXTS]
    account = raw["account"] if "account" in raw.columns else cells.constant(None, "account")
    frame = (
        raw.select("file", "row", "head", "booked", "batch_of", is_reversal="reversal")
        .with_columns(
            *dates, *texts, account.alias("account"), amount_minor=signed.cast(pl.Int64), currency=currency,
            balance_minor=balance.cast(pl.Int64), format=pl.lit(taken.format), number=pl.lit(None, pl.String),
        )
        .join(heads, on="head", how="left", maintain_order="left")
        .with_columns(account=pl.coalesce("account", "head_account"))
    )  # fmt: skip
    return frame.select(*LINES, "booked", "balance_minor")


def _nothing(height: int) -> pl.Series:
    return pl.Series([None] * height, dtype=pl.Int64)
