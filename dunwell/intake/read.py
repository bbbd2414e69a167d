"""Files -> one batch: read, checked cell by cell, then against each other; the order of the files is all one."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake import kinds
from dunwell.intake.columns import CUSTOMER_FIELDS
from dunwell.intake.contracts import check_contracts
from dunwell.intake.einvoices import is_einvoice, read_einvoice
from dunwell.intake.faults import Faults, report
from dunwell.intake.kinds import Desk
from dunwell.intake.links import Links
from dunwell.intake.shapes import (
    ERRORS,
    FRAMES,
    KINDS,
    Batch,
    Defaults,
    FileReport,
    Known,
    Mapping,
    Note,
    Total,
    empty,
)
from dunwell.intake.sheet import Progress, Sheet, read_sheet
from dunwell.intake.typed_tables import read_typed, typed_format
from dunwell.intake.values import words

_KEPT = {"xml": "application/xml", "pdf": "application/pdf"}
"""How e-invoices came: each is a document, and no list of rows."""


def read_files(
    paths: Sequence[Path],
    *,
    known: Known,
    defaults: Defaults,
    mapping: Mapping | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read ledger files and check every cell.

    Rows with an error are in `Batch.errors` and in no frame. What makes a whole file unreadable (no such file, not a
    table, a column missing, dates or decimals that can be read two ways) raises DunwellError with words.
    `progress(file name, bytes read, bytes in all)` is called about once for each 8 MiB.
    """
    _check_defaults(defaults)
    files = sorted({path.resolve(): path for path in paths}.values(), key=lambda path: (path.name, str(path)))
    # A list of open items says something even when it is empty: that nothing is open any more.
    sheets = [_sheet(path, index, known, defaults, mapping, progress) for index, path in enumerate(files)]
    faults = Faults()
    for sheet in sheets:
        kinds.tell_kind_apart(sheet)
        _torn_rows(sheet, faults)
    desk = Desk(faults, Links(known), defaults, mapping)
    frames = _frames(sheets, desk)
    _reversed_payments(frames["payments"], sheets, desk)
    errors = faults.all()
    good = {kind: faults.good(frame) for kind, frame in frames.items()}
    # A customer known from invoices stays, even if the last row that spoke of him is wrong in another way.
    derived = frames["customers"].filter("derived")
    good["customers"] = pl.concat([good["customers"].filter(~pl.col("derived")), derived])
    reports = [_report(sheet, frames, good, errors) for sheet in sheets]
    return Batch(
        frames=good,
        rejected={kind: faults.bad(frame) for kind, frame in frames.items()},
        errors=report(errors, [str(sheet.path) for sheet in sheets]) if errors.height else pl.DataFrame(schema=ERRORS),
        files=reports,
        given=_given(sheets),
    )


def _sheet(
    path: Path, index: int, known: Known, defaults: Defaults, mapping: Mapping | None, progress: Progress | None
) -> Sheet:
    """One file taken apart by the reader of its format."""
    if is_einvoice(path):
        return read_einvoice(path, index, known, defaults, mapping)
    form = typed_format(path)
    if form:
        return read_typed(path, index, form, mapping, may_be_empty=defaults.day is not None)
    return read_sheet(path, index, mapping, progress, may_be_empty=defaults.day is not None)


def _check_defaults(defaults: Defaults) -> None:
    if defaults.currency is not None and defaults.currency not in words("currency").values():
        raise DunwellError("intake.unknown_currency", value=defaults.currency, column="currency", other="")


def _torn_rows(sheet: Sheet, faults: Faults) -> None:
    """Rows that could not be taken apart into cells."""
    by_code: dict[str, list[tuple[int, str, str]]] = {}
    for row, code, value, other in sheet.faults:
        by_code.setdefault(code, []).append((row, value, other))
    for code, found in by_code.items():
        rows = pl.DataFrame({"row": [row for row, _, _ in found]}, schema={"row": pl.Int64}).with_columns(
            file=pl.lit(sheet.index, dtype=pl.Int32)
        )
        values, others = pl.Series([v for _, v, _ in found]), pl.Series([o for _, _, o in found])
        faults.add(rows, None, code, value=values, other=others)


def _frames(sheets: list[Sheet], desk: Desk) -> dict[str, pl.DataFrame]:
    """The frames of all kinds with every row that could be taken apart, good or not. Raw cells are let go at once."""
    faults, links = desk.faults, desk.links
    found: dict[str, list[pl.DataFrame]] = {kind: [empty(kind)] for kind in KINDS}
    by_kind = {kind: [sheet for sheet in sheets if sheet.kind == kind] for kind in KINDS}
    for sheet in by_kind["customers"]:
        found["customers"].append(kinds.customers(sheet, desk))
    derived: list[pl.DataFrame] = []
    for sheet in by_kind["invoices"]:
        bills, credited = kinds.invoices(sheet, desk)
        found["invoices"].append(bills)
        found["credit_notes"].append(credited)
        about = kinds.customers_of_invoices(sheet, desk)
        if about is not None:
            derived.append(about)
    frames = {"invoices": _no_twins(pl.concat(found["invoices"]), "invoices", sheets, desk)}
    check_contracts(frames["invoices"], sheets, faults)
    customers = _no_twins(pl.concat(found["customers"]), "customers", sheets, desk)
    own = _derived_customers(customers, derived, sheets, desk)
    frames["customers"] = pl.concat([customers, own])
    links.add_debtors(
        pl.concat([faults.good(customers)["number"], own["number"]]),
        pl.concat([faults.bad(one)["number"] for one in (customers, *derived)]),
    )
    for sheet in by_kind["invoices"]:
        cells = desk.cells(sheet)
        debtor = cells.raw("debtor")
        if any(sheet.has(field) for field in CUSTOMER_FIELDS):
            # A row that would make its own customer but for an error of its own has been told that error already.
            wrong = faults.bad(sheet.cells.select("file", "row"))["row"]
            debtor = debtor.set(sheet.cells["row"].is_in(wrong.implode()), None) if wrong.len() else debtor
        links.check_debtor(cells, debtor)
    readers = {
        "contacts": kinds.contacts,
        "invoices": None,
        "credit_notes": kinds.credit_notes,
        "charges": kinds.charges,
        "payments": kinds.payments,
        "disputes": kinds.disputes,
        "targets": kinds.targets,
    }
    for kind, read in readers.items():
        if read is not None:
            found[kind] += [read(sheet, desk) for sheet in by_kind[kind]]
            frames[kind] = _no_twins(pl.concat(found[kind]), kind, sheets, desk)
        if kind in ("invoices", "credit_notes", "charges"):
            links.add_receivables(kinds.kind_of_receivables(kind), frames[kind], faults)
        for sheet in by_kind[kind]:
            sheet.cells = sheet.cells.select("file", "row")
    return {kind: frames[kind] for kind in KINDS}


def _derived_customers(
    customers: pl.DataFrame, derived: list[pl.DataFrame], sheets: list[Sheet], desk: Desk
) -> pl.DataFrame:
    """The customers that the good rows of invoice files speak of; a file of customers knows better."""
    if not derived:
        return customers.clear()
    rows = desk.faults.good(pl.concat(derived)).filter(pl.col("number").is_not_null())
    once, contradicting = kinds.one_per_debtor(rows)
    if contradicting:
        for sheet in sheets:
            if sheet.kind == "invoices" and any(sheet.has(field) for field in CUSTOMER_FIELDS):
                sheet.note("intake.note_customers_differ", count=contradicting)
    return once.join(customers, on="number", how="anti", maintain_order="left")


def _no_twins(frame: pl.DataFrame, kind: str, sheets: list[Sheet], desk: Desk) -> pl.DataFrame:
    """A number may stand once. Of rows that say the same the first is kept; of rows that differ none is."""
    if kind == "contacts" or frame.is_empty() or frame["number"].n_unique() == frame.height:
        return frame
    number = pl.col("number")
    twins = frame.filter(number.is_not_null() & number.is_duplicated())
    if twins.is_empty():
        return frame
    content = [name for name in FRAMES[kind] if name not in ("file", "row")]
    places = pl.col("file").replace_strict({s.index: s.path.name for s in sheets}, return_dtype=pl.String)
    twins = twins.with_columns(
        first=pl.int_range(pl.len()).over("number") == 0,
        same=pl.struct(content).hash().n_unique().over("number") == 1,
        place=pl.format("{}:{}", places, "row"),
    ).with_columns(
        other=pl.when("first")
        .then(pl.col("place").get(1).over("number"))
        .otherwise(pl.col("place").first().over("number"))
    )
    named = ("debtor", "currency") if kind == "targets" else ("number",)
    bad = twins.filter(~(pl.col("first") & pl.col("same")))
    for sheet in sheets:
        mine = bad.filter(pl.col("file") == sheet.index)
        desk.faults.add(
            mine, None, "intake.duplicate_target" if kind == "targets" else "intake.duplicate_number",
            column=" / ".join(sheet.header(field) for field in named if sheet.has(field)), value=mine["number"],
            other=mine["other"],
        )  # fmt: skip
    return frame


def _reversed_payments(payments: pl.DataFrame, sheets: list[Sheet], desk: Desk) -> None:
    """The payment that a row takes back must exist, in these files or before, and be written."""
    named = payments.filter(pl.col("reverses").is_not_null())
    known = desk.links.known.payments["number"].cast(pl.String)
    again = named.height > 0
    while again:
        again = False
        named = desk.faults.good(named)
        good = pl.concat([desk.faults.good(payments)["number"], known]).drop_nulls().unique()
        every = pl.concat([payments["number"], known]).drop_nulls().unique()
        for sheet in sheets:
            mine = named.filter(pl.col("file") == sheet.index)
            target = mine["reverses"]
            lost = ~target.is_in(every.implode()) | (target == mine["number"])
            rejected = ~lost & ~target.is_in(good.implode())
            for bad, code in ((lost, "intake.unknown_payment"), (rejected, "intake.payment_rejected")):
                again |= desk.faults.add(mine, bad, code, column=sheet.header("reverses"), value=target)


def _report(
    sheet: Sheet, frames: dict[str, pl.DataFrame], good: dict[str, pl.DataFrame], errors: pl.DataFrame
) -> FileReport:
    bad = errors.filter(pl.col("file") == sheet.index)["row"].n_unique() if errors.height else 0
    found = sheet.recognition
    totals = _totals(sheet, frames, good, errors)
    return FileReport(
        path=sheet.path,
        name=sheet.path.name,
        sha256=sheet.sha256,
        kind=sheet.kind,
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        rows=sheet.rows,
        good_rows=sheet.rows - bad,
        bad_rows=bad,
        columns={sheet.headers[i]: name for name, i in sorted(found.columns.items(), key=lambda item: item[::-1])},
        ignored=found.ignored,
        totals=totals,
        notes=tuple(_once(sheet.notes)),
        without_amount=_without_amount(sheet, totals, errors),
        media_type=_KEPT.get(sheet.encoding, ""),
    )


def _totals(
    sheet: Sheet, frames: dict[str, pl.DataFrame], good: dict[str, pl.DataFrame], errors: pl.DataFrame
) -> tuple[Total, ...]:
    """Count and sum of each currency in one file; sums in 128 bits, because bad rows may hold anything."""
    if sheet.kind in ("customers", "contacts"):
        return ()
    every = _sums(sheet, frames)
    fine = _sums(sheet, good) if errors.height else every
    return tuple(Total(one, *every[one], *fine.get(one, (0, 0))) for one in sorted(every))


def _sums(sheet: Sheet, frames: dict[str, pl.DataFrame]) -> dict[str, tuple[int, int]]:
    """Currency -> count and sum of one file's rows."""
    mine = [
        frames[kind].lazy().filter(pl.col("file") == sheet.index).select("currency", "amount_minor", again=_again(kind))
        for kind in ("invoices", "credit_notes", "charges", "payments", "disputes", "targets")
        if frames[kind].height
    ]
    if not mine:
        return {}
    total = pl.col("amount_minor").cast(pl.Int128).sum()
    rows = pl.concat(mine).drop_nulls(["currency", "amount_minor"])
    counted = pl.len() - pl.col("again").fill_null(value=False).sum()
    grouped = rows.group_by("currency").agg(counted.alias("rows"), total).collect()
    return {currency: (count, int(minor)) for currency, count, minor in grouped.iter_rows()}


def _again(kind: str) -> pl.Expr:
    """Whether a row of a frame is of a row of the file that another one is of already: a further instalment."""
    return pl.col("instalment") > 1 if kind == "invoices" else pl.lit(value=False)


def _without_amount(sheet: Sheet, totals: tuple[Total, ...], errors: pl.DataFrame) -> int:
    """Rows of a file of amounts that the totals lack. A dispute may be about all of an invoice: a row without an
    amount lacks one only if it has an error there, or could not be taken apart."""
    if sheet.kind in ("customers", "contacts"):
        return 0
    if sheet.kind != "disputes":
        return sheet.rows - sum(total.rows for total in totals)
    wrong = errors.filter((pl.col("file") == sheet.index) & pl.col("column").is_in(["", sheet.header("amount")]))
    return wrong["row"].n_unique()


def _once(notes: list[Note]) -> list[Note]:
    kept: list[Note] = []
    for note in notes:
        if note not in kept:
            kept.append(note)
    return kept


def _given(sheets: list[Sheet]) -> dict[str, frozenset[str]]:
    """Kind -> fields that some file speaks of."""
    given: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for sheet in sheets:
        fields = set(sheet.recognition.columns) | set(sheet.recognition.constants)
        given[sheet.kind] |= fields
        if sheet.kind == "invoices":
            about = {
                {"debtor_name": "name", "debtor_kind": "kind"}.get(one, one) for one in fields & set(CUSTOMER_FIELDS)
            }
            given["customers"] |= about
    return {kind: frozenset(fields) for kind, fields in given.items()}
