"""Errors of rows: gathered by columns, said in words, written to a CSV that a spreadsheet may open safely."""

import string
from pathlib import Path

import polars as pl

from dunwell.core.errors import DunwellError, catalogue
from dunwell.intake.shapes import ERRORS

_LONGEST_VALUE = 200
CONTROL = "[\\x00-\\x1f\\x7f-\\x9f\\u{200b}-\\u{200f}\\u{2028}-\\u{202e}\\u{2060}-\\u{2069}\\u{feff}]"
"""Characters that show nothing or change how their neighbours are shown."""

_FOUND = {
    "file": pl.Int32(),
    "row": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "other": pl.String(),
    "code": pl.String(),
}
_NONE = pl.DataFrame(schema=_FOUND)


class Faults:
    """The errors found so far, and the rows they condemn."""

    def __init__(self) -> None:
        self._found: list[pl.DataFrame] = []
        self._rows: tuple[pl.DataFrame, pl.DataFrame] | None = None

    def add(
        self,
        rows: pl.DataFrame,
        bad: pl.Series | None,
        code: str,
        *,
        column: str = "",
        value: pl.Series | None = None,
        other: pl.Series | str = "",
    ) -> bool:
        """Note an error for the rows (frame with `file` and `row`) where `bad` is true; whether there was one."""
        if (bad is not None and not bad.any()) or rows.is_empty():
            return False
        frame = rows.select("file", "row").with_columns(
            pl.lit(column).alias("column"),
            (value.cast(pl.String) if value is not None else pl.lit("")).alias("value"),
            (other.cast(pl.String) if isinstance(other, pl.Series) else pl.lit(other)).alias("other"),
            pl.lit(code).alias("code"),
        )
        if bad is not None:
            frame = frame.filter(bad.fill_null(False))
        self._found.append(
            frame.select(
                pl.col("file").cast(pl.Int32),
                pl.col("row").cast(pl.Int64),
                pl.col("column").fill_null(""),
                pl.col("value").fill_null("").str.slice(0, _LONGEST_VALUE),
                pl.col("other").fill_null("").str.slice(0, _LONGEST_VALUE),
                "code",
            )
        )
        return True

    def all(self) -> pl.DataFrame:
        """Every error so far: file (index), row, column, value, other, code."""
        if len(self._found) > 1:
            self._found = [pl.concat(self._found, rechunk=False)]
        return self._found[0] if self._found else _NONE

    def rows(self) -> pl.DataFrame:
        """The rows with at least one error: file, row."""
        found = self.all()
        if self._rows is None or self._rows[0] is not found:
            self._rows = (found, found.select("file", "row").unique())
        return self._rows[1]

    def good(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of a frame that have no error."""
        if frame.is_empty() or not self._found:
            return frame
        bad = self.rows()
        return frame.join(bad, on=["file", "row"], how="anti", maintain_order="left")

    def bad(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of a frame that have an error."""
        if frame.is_empty() or not self._found:
            return frame.clear()
        bad = self.rows()
        return frame.join(bad, on=["file", "row"], how="semi", maintain_order="left")


def report(found: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """The errors as people read them, in the order of files and rows; see `ERRORS`."""
    table = pl.DataFrame(
        {"file": list(range(len(names))), "name": names}, schema={"file": pl.Int32(), "name": pl.String()}
    )
    frame = found.with_row_index("order").join(table, on="file", how="left").sort("file", "row", "order")
    frame = frame.select(pl.col("name").alias("file"), "row", "column", "value", "other", "code")
    return in_language(frame.with_columns(reason=pl.lit("")), "en")


def in_language(errors: pl.DataFrame, language: str) -> pl.DataFrame:
    """The same errors with their reasons in one of the three languages."""
    if errors.is_empty():
        return pl.DataFrame(schema=ERRORS)
    reason = pl.lit("")
    for code in errors["code"].unique().sort():
        reason = pl.when(pl.col("code") == code).then(_sentence(code, language)).otherwise(reason)
    return errors.with_columns(reason.alias("reason")).select(list(ERRORS))


def _sentence(code: str, language: str) -> pl.Expr:
    """The words of a code as an expression over value, column and other; what cannot be seen is shown as a box."""
    parts: list[pl.Expr] = []
    for text, name, _, _ in string.Formatter().parse(catalogue()[code][language]):
        if text:
            parts.append(pl.lit(text))
        if name:
            parts.append(pl.col(name).str.slice(0, 80).str.replace_all(CONTROL, "\u25a1"))
    return pl.concat_str(parts)


def write_errors_csv(errors: pl.DataFrame, path: Path) -> None:
    """Write errors as a CSV for spreadsheets; see `write_sheet`."""
    write_sheet(errors.drop("other"), path)


def write_sheet(frame: pl.DataFrame, path: Path) -> None:
    """Write a CSV (UTF-8 with BOM, so that spreadsheets show Chinese). A cell that a spreadsheet could take for a
    formula gets an apostrophe in front; control characters are shown as boxes."""
    safe = [_safe(pl.col(name)).alias(name) for name, dtype in frame.schema.items() if dtype == pl.String]
    try:
        frame.with_columns(safe).write_csv(path, include_bom=True)
    except OSError as problem:
        raise DunwellError("intake.unwritable", file=str(path), reason=problem.strerror or str(problem)) from None


def _safe(text: pl.Expr) -> pl.Expr:
    shown = text.str.replace_all(CONTROL, "\u25a1")
    return (
        pl.when(text.str.contains(r"^[\s'\x00-\x1f]*[=+\-@＝＋－＠\t\r]"))
        .then(shown.str.replace("^", "'"))
        .otherwise(shown)
    )
