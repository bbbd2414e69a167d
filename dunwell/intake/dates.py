"""Dates as ledgers write them -> Date, by columns. A day that does not exist is an error, never moved."""

import re
from functools import cache

import polars as pl

_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?Z| ?[+-][0-9]{2}:?[0-9]{2})?)?$"
_Y, _M, _D = r"(?P<y>[0-9]{4})", r"(?P<m>[0-9]{1,2})", r"(?P<d>[0-9]{1,2})"
_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NAME = r"(?P<name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))[A-Za-z]{0,6}\.?"

SURE = (
    rf"^{_Y}-{_M}-{_D}{_TIME}",
    rf"^{_Y}/{_M}/{_D}{_TIME}",
    rf"^{_Y}\.{_M}\.{_D}{_TIME}",
    r"^(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})$",
    rf"^{_Y} ?年 ?{_M} ?月 ?{_D} ?[日号號]$",
    rf"^{_D}\.{_M}\.{_Y}{_TIME}",
    rf"^{_D}[ -]{_NAME}[ ,-]*{_Y}{_TIME}",
    rf"^{_NAME} {_D},? {_Y}{_TIME}",
)
"""Forms that can be read one way only."""

UNSURE = rf"^(?P<a>[0-9]{{1,2}})[/-](?P<b>[0-9]{{1,2}})[/-]{_Y}{_TIME}"
"""Day first or month first: decided over all dates of a file."""

_FULL_WIDTH = dict(zip("０１２３４５６７８９／－．", "0123456789/-.", strict=True))
EARLIEST, LATEST = 1900, 2200


@cache
def pattern(form: str) -> str | None:
    """The pattern of a date form such as `DD.MM.YYYY`; None if it is not one."""
    parts = re.split(r"(YYYY|YY|MM|DD)", form.strip().upper())
    if sorted(part[0] for part in parts if part in ("YYYY", "YY", "MM", "DD")) != ["D", "M", "Y"]:
        return None
    groups = {"YYYY": _Y, "YY": r"(?P<yy>[0-9]{2})", "MM": _M, "DD": _D}
    return "^" + "".join(groups.get(part, re.escape(part)) for part in parts) + _TIME


def orders(texts: pl.Series) -> tuple[int, int, int]:
    """Of the unsure dates: how many can only be day first, only month first, and either."""
    cells = texts.to_frame("t").filter(pl.col("t").str.contains(UNSURE))
    parts = cells.select(_number("a", UNSURE), _number("b", UNSURE))
    a, b = pl.col("a"), pl.col("b")
    counted = parts.select(
        ((a > 12) & (b <= 12)).sum().alias("day"),
        ((b > 12) & (a <= 12)).sum().alias("month"),
        ((a <= 12) & (b <= 12) & (a != b)).sum().alias("either"),
    )
    day, month, either = counted.row(0)
    return int(day), int(month), int(either)


def example(texts: pl.Series, *, day_first: bool) -> str:
    """A date that can only be read with the day (or the month) first."""
    cells = texts.drop_nulls().to_frame("t").filter(pl.col("t").str.contains(UNSURE))
    a, b = _number("a", UNSURE), _number("b", UNSURE)
    fits = cells.filter((a > 12) & (b <= 12) if day_first else (b > 12) & (a <= 12))
    return str(fits["t"][0]) if fits.height else ""


def parse_dates(texts: pl.Series, *, day_first: bool | None = True, form: str | None = None) -> pl.DataFrame:
    """Distinct texts -> frame of `text`, `date` (Date or null) and `problem` (code or null).

    form        a date form that is read first, e.g. DD/MM/YYYY; what can be read one way only is read beside it
    day_first   of 01/02/2026; None: nobody knows, so only 03/03/2026 is a day
    """
    own = pattern(form) if form else None
    first, second = ("m", "d") if day_first is False else ("d", "m")
    unsure = UNSURE.replace("<a>", f"<{first}>").replace("<b>", f"<{second}>")
    forms = [own, *SURE] if own else [*SURE, unsure]
    frame = texts.drop_nulls().to_frame("text").with_columns(t=pl.col("text").str.replace_many(_FULL_WIDTH))
    found: list[pl.DataFrame] = []
    for one in forms:
        if frame.is_empty():
            break
        match = frame.filter(pl.col("t").str.contains(one))
        frame = frame.filter(~pl.col("t").str.contains(one))
        if match.height:
            found.append(match.select("text", _year(one), _month(one), _number("d", one)))
    parts = pl.concat(
        [frame.select("text", *[pl.lit(None, dtype=pl.Int32).alias(name) for name in "ymd"]), *found]
    ).with_columns(
        date=pl.concat_str(
            pl.col("y").cast(pl.String).str.zfill(4),
            pl.col("m").cast(pl.String).str.zfill(2),
            pl.col("d").cast(pl.String).str.zfill(2),
        ).str.to_date("%Y%m%d", strict=False)
    )
    in_range = pl.col("y").is_between(EARLIEST, LATEST)
    undecided = pl.lit(value=False)
    if day_first is None and not own:
        undecided = pl.col("text").str.replace_many(_FULL_WIDTH).str.contains(UNSURE) & (pl.col("m") != pl.col("d"))
    return parts.select(
        "text",
        pl.when(in_range & ~undecided).then(pl.col("date")).alias("date"),
        pl.when(pl.col("y").is_null())
        .then(pl.lit("intake.not_a_date"))
        .when(undecided)
        .then(pl.lit("intake.date_order_unclear"))
        .when(pl.col("date").is_null())
        .then(pl.lit("intake.impossible_date"))
        .when(~in_range)
        .then(pl.lit("intake.date_out_of_range"))
        .alias("problem"),
    )


def _number(name: str, form: str) -> pl.Expr:
    return pl.col("t").str.extract(form, _group(form, name)).cast(pl.Int32).alias(name)


def _year(form: str) -> pl.Expr:
    if "(?P<yy>" not in form:
        return _number("y", form)
    two = _number("yy", form)
    return pl.when(two < 70).then(two + 2000).otherwise(two + 1900).alias("y")


def _month(form: str) -> pl.Expr:
    if "(?P<name>" not in form:
        return _number("m", form)
    word = pl.col("t").str.extract(form, _group(form, "name")).str.to_lowercase()
    return word.replace_strict({name: i + 1 for i, name in enumerate(_NAMES)}, return_dtype=pl.Int32).alias("m")


@cache
def _group(form: str, name: str) -> int:
    return re.compile(form).groupindex[name]
