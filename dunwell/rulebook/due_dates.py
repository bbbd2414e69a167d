"""When each instalment falls due: payment terms counted for any number of rows at once.

One receivable goes the same way, as a frame of one row. Days are counted without the day they run from; months are
calendar months, the day cut to the month's length; a due date is moved to the next working day only where the terms
name a calendar.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.rulebook.calendars import table
from dunwell.rulebook.payment_terms import FIRST_DAY, LAST_DAY, BaseDate, PaymentTerms
from dunwell.rulebook.terms_notation import read_terms

_ROW = "_terms_row"
_OUT = ("instalment", "instalments", "instalment_minor", "falls_due_date", "falls_due_known", "refused")


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment: its number from 1 on, its part of the amount (None where none was given), its due date.

    `known` is false where a due date was moved by a calendar whose official schedule is not known yet (`calendars`).
    """

    number: int
    amount_minor: int | None
    due_date: date
    known: bool


def due_dates(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per row and instalment, in order, with its due date.

    Input   terms (String: the notation of `payment_terms`), amount_minor (Int64, optional), and of issue_date,
            received_date, delivered_date, accepted_date, due_date (Date) those that the terms run from
    Output  the same columns + instalment and instalments (Int16: n-th of how many), instalment_minor (Int64: the
            shares cut to whole minor units towards zero, the remainder in the last one; null without an amount),
            falls_due_date (Date), falls_due_known (Boolean), refused (String: the column that is missing or lies
            outside 1900 to 2099, for which reason falls_due_date is null; null where all is well)

    Raises DunwellError for a notation that cannot be read, with the place in it.
    """
    plan = _plan(str(text) for text in rows["terms"].unique(maintain_order=True).drop_nulls())
    given = set(rows.columns)
    found = rows.with_row_index(_ROW).join(plan, on="terms", how="left", maintain_order="left_right")
    found = found.with_columns(
        instalment=pl.col("instalment").fill_null(1),
        instalments=pl.col("instalments").fill_null(1),
        refused=_refused(given),
    )
    found = found.with_columns(
        instalment_minor=_amounts() if "amount_minor" in given else pl.lit(None, pl.Int64),
        falls_due_date=_base(given),
    )
    # Most terms take one step: columns of steps that none of these terms takes are not there.
    for step in range(sum(name.startswith("_months_") for name in plan.columns)):
        found = found.with_columns(falls_due_date=_step(pl.col("falls_due_date"), step))
    return _rolled(found).select(*rows.columns, *_OUT)


def instalments(
    terms: PaymentTerms | str, days: Mapping[BaseDate, date | None], amount_minor: int | None = None
) -> tuple[Instalment, ...]:
    """The instalments of one receivable. Refuses, naming the field, when a day that the terms run from is missing."""
    notation = str(terms)
    row = {"terms": notation, "amount_minor": amount_minor} | {kind.column: days.get(kind) for kind in BaseDate}
    schema = {"terms": pl.String, "amount_minor": pl.Int64} | {kind.column: pl.Date for kind in BaseDate}
    found = due_dates(pl.DataFrame([row], schema=schema))
    for field in found["refused"].drop_nulls():
        if row[field] is None:
            raise DunwellError("terms.base_missing", field=field, terms=notation)
        raise DunwellError("terms.base_out_of_reach", field=field, day=row[field])
    return tuple(
        Instalment(*each)
        for each in found.select("instalment", "instalment_minor", "falls_due_date", "falls_due_known").iter_rows()
    )


def due_date(terms: PaymentTerms | str, days: Mapping[BaseDate, date | None]) -> Instalment:
    """The one due date of terms without instalments. Refuses terms with several."""
    found = instalments(terms, days)
    if len(found) > 1:
        raise DunwellError("terms.several_instalments", terms=str(terms), count=len(found))
    return found[0]


def _plan(texts: Iterable[str]) -> pl.DataFrame:
    """One row per notation and part: what is asked of a row's days."""
    read = {text: read_terms(text) for text in texts}
    steps = range(max((len(part.steps) for terms in read.values() for part in terms.parts), default=0))
    rows = []
    for text, terms in read.items():
        for number, part in enumerate(terms.parts, 1):
            row: dict[str, object] = {
                "terms": text,
                "instalment": number,
                "instalments": len(terms.parts),
                "_over": part.share.numerator,
                "_under": part.share.denominator,
                "_fixed": part.fixed,
                "_calendar": terms.calendar,
            }
            for place in steps:
                step = part.steps[place] if place < len(part.steps) else None
                row[f"_months_{place}"] = step.months if step else 0
                row[f"_day_{place}"] = step.day if step else 0
                row[f"_days_{place}"] = step.days if step else 0
            rows.append(row | {f"_from_{kind}": kind in part.base for kind in BaseDate})
    schema: dict[str, type[pl.DataType]] = {
        "terms": pl.String,
        "instalment": pl.Int16,
        "instalments": pl.Int16,
        "_over": pl.Int32,
        "_under": pl.Int32,
        "_fixed": pl.Date,
        "_calendar": pl.String,
    }
    for place in steps:
        schema |= {f"_{each}_{place}": pl.Int32 for each in ("months", "day", "days")}
    return pl.DataFrame(rows, schema=schema | {f"_from_{kind}": pl.Boolean for kind in BaseDate})


def _day_of(kind: BaseDate, given: set[str]) -> pl.Expr:
    return pl.col(kind.column) if kind.column in given else pl.lit(None, pl.Date)


def _refused(given: set[str]) -> pl.Expr:
    """The first column that the terms need and that holds no day they can run from."""
    faults = [pl.when(pl.col("terms").is_null()).then(pl.lit("terms"))]
    for kind in BaseDate:
        usable = _day_of(kind, given).is_between(FIRST_DAY, LAST_DAY).fill_null(value=False)
        faults.append(pl.when(pl.col(f"_from_{kind}") & ~usable).then(pl.lit(kind.column)))
    return pl.coalesce(faults)


def _base(given: set[str]) -> pl.Expr:
    """The day the steps begin from. `max_horizontal` passes over nulls: a needed day that is null was refused above."""
    asked = [pl.when(pl.col(f"_from_{kind}")).then(_day_of(kind, given)) for kind in BaseDate]
    return pl.when(pl.col("refused").is_null()).then(pl.max_horizontal(pl.col("_fixed"), *asked))


def _step(day: pl.Expr, place: int) -> pl.Expr:
    """Months on, to a day of the month cut to its length, days on. A step of nothing leaves the day as it is."""
    month = day.dt.year() * 12 + day.dt.month() - 1 + pl.col(f"_months_{place}")
    first = pl.date(month // 12, month % 12 + 1, 1)
    wanted = pl.when(pl.col(f"_day_{place}") > 0).then(pl.col(f"_day_{place}")).otherwise(day.dt.day().cast(pl.Int32))
    within = pl.min_horizontal(wanted, first.dt.days_in_month().cast(pl.Int32)) - 1
    moved = (first.cast(pl.Int32) + within + pl.col(f"_days_{place}")).cast(pl.Date)
    return pl.when(day.is_not_null()).then(moved)


def _amounts() -> pl.Expr:
    """Each share cut towards zero, so that no remainder turns its sign; the last takes what the others leave.

    Int128: an amount times a share's numerator (up to a million) does not fit in 64 bits.
    """
    amount = pl.col("amount_minor").cast(pl.Int128)
    cut = amount.sign() * (amount.abs() * pl.col("_over") // pl.col("_under"))
    last = pl.col("instalment") == pl.col("instalments")
    others = pl.when(last).then(0).otherwise(cut).sum().over(_ROW)
    return pl.when(last).then(amount - others).otherwise(cut).cast(pl.Int64)


def _rolled(found: pl.DataFrame) -> pl.DataFrame:
    """Due dates moved to the next working day of the calendar that the terms name."""
    spans = (
        found.filter(pl.col("_calendar").is_not_null() & pl.col("falls_due_date").is_not_null())
        .group_by("_calendar")
        .agg(first=pl.col("falls_due_date").min(), last=pl.col("falls_due_date").max())
        .sort("_calendar")
    )
    known = pl.col("falls_due_date").is_not_null()
    if spans.is_empty():
        return found.with_columns(falls_due_known=pl.when(known).then(pl.lit(value=True)))
    days = pl.concat([table(*span) for span in spans.iter_rows()])
    on = days.select(_calendar="calendar", falls_due_date="day", _date="working_date", _known="working_known")
    return found.join(on, on=["_calendar", "falls_due_date"], how="left", maintain_order="left").with_columns(
        falls_due_date=pl.coalesce("_date", "falls_due_date"),
        falls_due_known=pl.when(known).then(pl.col("_known").fill_null(value=True)),
    )
