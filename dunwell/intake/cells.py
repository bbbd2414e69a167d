"""Raw cells of one file -> typed columns. Each doubt about a cell becomes an error of its row."""

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS
from dunwell.intake.amounts import (
    PLAIN,
    bare_column,
    canonical,
    code,
    decimal_evidence,
    doubtful,
    minor,
    three_decimals,
)
from dunwell.intake.columns import plain, with_defaults
from dunwell.intake.dates import example, orders, parse_dates
from dunwell.intake.faults import CONTROL, Faults
from dunwell.intake.shapes import DecimalMark, Defaults, Mapping
from dunwell.intake.sheet import Sheet
from dunwell.intake.values import words, zones
from dunwell.rulebook.debt import MOST_SECURED
from dunwell.rulebook.terms_notation import read_terms

LONGEST_KEY = 100
LONGEST_NAME = 500
LONGEST_TEXT = 2000
_NOTHING = ["NULL", "null", "\\N", "N/A", "n/a", "#N/A", "-", "--", "—", "/", "无", "無"]
"""What databases and people write into an empty cell of a date or an amount."""
# A text may run over several lines; nothing else that cannot be seen belongs in it.
_CONTROL_IN_TEXT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_NOT_IN_MAIL = r"\s@<>()\[\]\\,;:\x22\x00-\x1f\x7f-\x9f\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}"
_EMAIL = rf"^[^{_NOT_IN_MAIL}]{{1,64}}@[^{_NOT_IN_MAIL}_]+\.[^{_NOT_IN_MAIL}_.]{{2,}}$"
_PHONE = r"^[+]?[0-9０-９() ./\-]{3,30}(?: ?(?:ext|x|转|轉|#)\.? ?[0-9]{1,6})?$"

_UNASKED = object()


class Cells:
    """The cells of one sheet by field. Every method gives a Series as long as the sheet; null where a cell is empty
    or wrong."""

    def __init__(
        self,
        sheet: Sheet,
        faults: Faults,
        defaults: Defaults,
        mapping: Mapping | None,
        *,
        dates: tuple[str, ...] = (),
        amounts: tuple[str, ...] = (),
    ) -> None:
        self.sheet = sheet
        self.rows = sheet.cells.select("file", "row")
        self._faults = faults
        self._constants = with_defaults(sheet.recognition, defaults)
        self._defaults = defaults
        self._mapping = mapping or Mapping()
        self._dates, self._amounts = dates, amounts
        self._order: object = _UNASKED
        self._decimal: tuple[DecimalMark, str] | None = None
        self._raw: dict[str, pl.Series] = {}
        self._filled: dict[str, pl.Series] = {}
        self._distinct: dict[str, pl.Series] = {}

    def fault(
        self, bad: pl.Series, field: str, code: str, value: pl.Series | None = None, other: pl.Series | str = ""
    ) -> None:
        """Note an error of the field for the rows where `bad` is true."""
        self._faults.add(self.rows, bad, code, column=self.sheet.header(field), value=value, other=other)

    def fault_of(
        self, rows: pl.DataFrame, field: str, code: str, value: pl.Series, other: pl.Series | str = ""
    ) -> None:
        """Note an error of the field for each of some rows (frame with `file` and `row`)."""
        self._faults.add(rows, None, code, column=self.sheet.header(field), value=value, other=other)

    def given(self, field: str) -> bool:
        """Whether a column or a constant gives the field."""
        return self.sheet.has(field) or field in self._constants

    def raw(self, field: str) -> pl.Series:
        """The trimmed text."""
        if field not in self._raw:
            self._raw[field] = self._trimmed(field)
        return self._raw[field]

    def _trimmed(self, field: str) -> pl.Series:
        if not self.sheet.has(field):
            return self.constant(self._constants.get(field), field)
        cells = self.sheet.cells[field].str.strip_chars()
        empty = cells == ""
        return cells.set(empty, None) if empty.any() else cells

    def constant(self, value: str | None, field: str) -> pl.Series:
        """The same text in each row."""
        return pl.select(pl.repeat(value, self.rows.height, dtype=pl.String).alias(field)).to_series()

    def _required(self, cells: pl.Series, field: str, required: bool) -> None:
        if required:
            self.fault(cells.is_null(), field, "intake.empty_cell")

    def key(self, field: str, *, required: bool = True) -> pl.Series:
        """A number by which something is known: short, and nothing in it that cannot be seen."""
        cells = self.raw(field)
        self._required(cells, field, required)
        self._check_text(cells, field, LONGEST_KEY, CONTROL)
        return cells

    def text(self, field: str, *, longest: int = LONGEST_NAME, required: bool = False) -> pl.Series:
        """A name or a description."""
        cells = self.raw(field)
        self._required(cells, field, required)
        self._check_text(cells, field, longest, _CONTROL_IN_TEXT)
        return cells

    def _check_text(self, cells: pl.Series, field: str, longest: int, control: str) -> None:
        text = pl.col("text")
        long, strange = text.str.len_chars() > longest, text.str.contains(control)
        frame = cells.to_frame("text")
        # One look at the column finds that nothing is wrong: the rule.
        too_long, has_control = frame.select(long.any().alias("long"), strange.any().alias("strange")).row(0)
        if too_long:
            self.fault(frame.select(long).to_series(), field, "intake.too_long", cells, str(longest))
        if has_control:
            self.fault(frame.select(strange).to_series(), field, "intake.control_character", cells)

    def word(self, field: str, table: str, code: str, *, default: str | None = None) -> pl.Series:
        """A word of a closed list; `default` where the cell is empty."""
        cells = self.raw(field)
        found = self.looked_up(cells, table)
        self.fault(cells.is_not_null() & found.is_null(), field, code, cells)
        return found.set(cells.is_null(), default) if default is not None else found

    def looked_up(self, cells: pl.Series, table: str) -> pl.Series:
        """What words mean by a table of `values.toml`; null for unknown ones."""
        meanings = words(table)
        spoken = cells.unique().drop_nulls().to_list()
        found = {one: meaning for one in spoken if (meaning := meanings.get(plain(one) or one.casefold()))}
        return cells.replace_strict(found, default=None, return_dtype=pl.String)

    def language(self, field: str) -> pl.Series:
        """One of the three languages; another one is no error, the file's report says that it was left out."""
        cells = self.raw(field)
        found = self.looked_up(cells, "language")
        unknown = cells.filter(cells.is_not_null() & found.is_null()).unique().sort()
        if unknown.len():
            self.sheet.note("intake.note_language", values=", ".join(unknown.head(5).str.slice(0, 20)))
        return found

    def charge_kind(self, field: str) -> pl.Series:
        """What a charge is for; another word is no error, the file's report says that it is no kind."""
        cells = self.raw(field)
        found = self.looked_up(cells, "charge_kind")
        unknown = cells.filter(cells.is_not_null() & found.is_null()).unique().sort()
        if unknown.len():
            self.sheet.note("intake.note_charge_kind", values=", ".join(unknown.head(5).str.slice(0, 20)))
        return found

    def secured(self, field: str) -> pl.Series:
        """How well a claim is secured: a whole number from 0 (not at all) to 100, or yes (1) or no."""
        cells = self.raw(field)
        spoken = self.looked_up(cells, "secured").replace_strict(
            {"yes": 1, "no": 0}, default=None, return_dtype=pl.Int64
        )
        number = cells.filter(cells.str.contains(r"^[0-9]{1,3}$")).unique()
        levels = {one: int(one) for one in number if int(one) <= MOST_SECURED}
        found = pl.select(
            pl.coalesce(pl.lit(spoken), cells.replace_strict(levels, default=None, return_dtype=pl.Int64))
        ).to_series()
        self.fault(cells.is_not_null() & found.is_null(), field, "intake.bad_secured", cells)
        return found

    def zone(self, field: str) -> pl.Series:
        """An IANA time zone."""
        cells = self.raw(field)
        known = cells.is_in(sorted(zones()))
        self.fault(cells.is_not_null() & ~known, field, "intake.unknown_zone", cells)
        return cells

    def email(self, field: str) -> pl.Series:
        """One address that a mail program can take."""
        cells = self.text(field)
        self.fault(~self.is_email(cells), field, "intake.bad_email", cells)
        return cells

    def phone(self, field: str) -> pl.Series:
        """Digits and the signs between them."""
        cells = self.raw(field)
        self.fault(~self.is_phone(cells), field, "intake.bad_phone", cells)
        return cells

    @staticmethod
    def is_email(cells: pl.Series) -> pl.Series:
        """Whether a text has the form of one e-mail address."""
        return cells.str.contains(_EMAIL) & (cells.str.len_chars() <= 254)

    @staticmethod
    def is_phone(cells: pl.Series) -> pl.Series:
        """Whether a text has the form of a telephone number."""
        return cells.str.contains(_PHONE)

    def is_nothing(self, field: str) -> pl.Series:
        """Whether a cell of a date or an amount is empty, or says so in a word such as NULL."""
        return self.filled(field).is_null()

    def terms(self, field: str, *, where: pl.Series) -> pl.Series:
        """Payment terms in the notation of `rulebook.payment_terms`; a number alone is days.

        `30`, `30 days`, `NET 30` and `30 天` are all `30 days`; `end of month + 45 days`, `30 days from acceptance`.
        where: rows that are asked; what others say is left unread.
        """
        cells = self.raw(field).set(~where, None)
        number = cells.str.extract(r"^(?i:net *)?([0-9]{1,4})(?:\.0+)? *(?i:days?|d|tage|天|日)?$", 1).cast(pl.Int32)
        number = number.set(number > _LONGEST_TERM, None)
        others = cells.filter(cells.is_not_null() & number.is_null()).unique(maintain_order=True)
        found = pl.DataFrame(
            [(text, *_read_terms(text)) for text in others],
            schema={"text": pl.String, "notation": pl.String, "problem": pl.String},
            orient="row",
        )
        joined = pl.DataFrame({"text": cells, "days": number}).join(found, on="text", how="left", maintain_order="left")
        for (problem,) in found.select(pl.col("problem").drop_nulls().unique().sort()).iter_rows():
            self.fault((joined["problem"] == problem).fill_null(value=False), field, problem, cells)
        return joined.select(pl.coalesce(pl.format("{} days", "days"), "notation").alias(field)).to_series()

    def date(self, field: str, *, required: bool = False) -> pl.Series:
        """A day."""
        cells = self.filled(field)
        self._required(cells, field, required)
        if cells.null_count() == len(cells):
            return pl.select(pl.repeat(None, len(cells), dtype=pl.Date).alias(field)).to_series()
        form = None if self.sheet.typed else self._mapping.date
        parsed = parse_dates(self._distinct_dates(field), day_first=self._is_day_first(), form=form)
        joined = cells.to_frame("text").join(parsed, on="text", how="left", maintain_order="left")
        for (problem,) in parsed.select(pl.col("problem").drop_nulls().unique().sort()).iter_rows():
            self.fault(joined["problem"] == problem, field, problem, cells)
        return joined["date"].alias(field)

    def _is_day_first(self) -> bool | None:
        """Whether 01/02/2026 is in February: decided over all dates of the file; None if they do not say."""
        if self._order is _UNASKED:
            self._order = True if self._mapping.date else self._find_order()
        return self._order if isinstance(self._order, bool) else None

    def _find_order(self) -> bool | None:
        day = month = 0
        for field in self._dates:
            found = orders(self._distinct_dates(field))
            day, month = day + found[0], month + found[1]
        if day and month and max(day, month) < 20 * min(day, month):
            raise self._mixed_dates()
        return day >= month if day or month else None

    def _mixed_dates(self) -> DunwellError:
        """The refusal of a file in which some dates have the day first and others the month: one row of each."""
        seen: dict[str, str] = {}
        for field in self._dates:
            for name, day_first in (("day", True), ("month", False)):
                text = example(self._distinct_dates(field), day_first=day_first)
                if text and name not in seen:
                    row = self.sheet.cells["row"][(self.filled(field) == text).arg_true()[0]]
                    seen |= {name: text, f"{name}_row": str(row), f"{name}_column": self.sheet.header(field)}
        return DunwellError("intake.date_order_mixed", file=str(self.sheet.path), **seen)

    def _distinct_dates(self, field: str) -> pl.Series:
        if field not in self._distinct:
            self._distinct[field] = self.filled(field).unique()
        return self._distinct[field]

    def filled(self, field: str) -> pl.Series:
        """The trimmed text of a date or an amount, null also where the cell says in a word that it is empty."""
        if field not in self._filled:
            self._filled[field] = self._or_nothing(self.raw(field))
        return self._filled[field]

    @staticmethod
    def _or_nothing(cells: pl.Series) -> pl.Series:
        # A date or an amount has a digit; asking for that first is ten times cheaper than comparing with each word.
        perhaps = ~cells.str.contains("[0-9]")
        if not perhaps.any():
            return cells
        nothing = cells.is_in(_NOTHING)
        return cells.set(nothing, None) if nothing.any() else cells

    def currency(self, amount_field: str, inherited: pl.Series | None = None) -> pl.Series:
        """Three letters: the cell's, else those beside the amount, else the invoice's, else the default."""
        cells = self.raw("currency")
        found = self.looked_up(cells, "currency")
        self.fault(cells.is_not_null() & found.is_null(), "currency", "intake.unknown_currency", cells)
        silent = cells.is_null()
        if not silent.any():
            return found
        amounts = self.filled(amount_field)
        fallback = pl.select(
            pl.coalesce(
                amounts.to_frame("a").select(code(pl.col("a"))).to_series(),
                inherited if inherited is not None else pl.lit(None, dtype=pl.String),
                pl.lit(self._defaults.currency, dtype=pl.String),
            )
        ).to_series()
        if not self.given("currency") and inherited is None and fallback.null_count() == len(fallback):
            raise DunwellError("intake.no_currency", file=str(self.sheet.path))
        found = pl.select(pl.when(silent).then(fallback).otherwise(found)).to_series()
        if inherited is None:
            self.fault(silent & found.is_null(), "currency", "intake.empty_cell")
        return found

    def amount(self, field: str, currency: pl.Series, *, required: bool = True) -> pl.Series:
        """Minor units of each row's currency; null, without an error, where the currency is not known."""
        cells = self.filled(field)
        self._required(cells, field, required)
        if cells.null_count() == len(cells):
            return pl.select(pl.repeat(None, len(cells), dtype=pl.Int64).alias(field)).to_series()
        decimal, doubt = self._decimal_mark(currency)
        frame = pl.DataFrame({"text": cells, "currency": currency})
        text = pl.col("text")
        simple = decimal == "." and bool(cells.str.contains(PLAIN).all())
        digits = pl.col("currency").replace_strict(DIGITS, default=None, return_dtype=pl.Int64)
        if currency.drop_nulls().n_unique() == 1 and not currency.null_count():
            digits = pl.lit(DIGITS[currency[0]], dtype=pl.Int64)
        bare = cells if simple else bare_column(cells)
        number = text if simple else canonical(pl.lit(bare), decimal)
        parsed = frame.select(minor(number, digits).alias("parsed")).to_series().struct.unnest()
        problems = parsed["problem"].set(cells.is_null(), None)
        if doubt:
            places = 3 if doubt == decimal else 9
            either = frame.select(doubtful(pl.lit(bare), doubt) & (digits < places)).to_series().fill_null(value=False)
            if either.any():
                problems = problems.set(either, "intake.doubtful_amount")
                parsed = parsed.with_columns(minor=pl.when(~either).then("minor"))
        strange = problems.eq_missing("intake.not_an_amount")
        if strange.any():
            turned = canonical(pl.lit(bare_column(cells)), "," if decimal == "." else ".").is_not_null()
            problems = problems.set(strange & frame.select(turned).to_series(), "intake.other_decimal_mark")
        for problem in problems.drop_nulls().unique().sort():
            of_mark = problem == "intake.other_decimal_mark"
            self.fault(problems == problem, field, problem, cells, decimal if of_mark else currency)
        if not simple:
            beside = frame.select(code(text)).to_series()
            differs = beside.is_not_null() & (beside != currency)
            self.fault(differs, field, "intake.currency_in_amount", cells, currency)
        return parsed["minor"].alias(field)

    def _decimal_mark(self, currency: pl.Series) -> tuple[DecimalMark, str]:
        """Point or comma, as told, else as the amounts of the whole file say; and which of the two stays in doubt
        where it stands once before three digits (none: empty, both: `.,`)."""
        if self._decimal is None and self.sheet.typed:
            self._decimal = (".", "")
        if self._decimal is None:
            told = self._mapping.decimal or self._defaults.decimal
            self._decimal = (told, "") if told else self._find_decimal_mark(currency)
        return self._decimal

    def _find_decimal_mark(self, currency: pl.Series) -> tuple[DecimalMark, str]:
        columns = [self.filled(field).drop_nulls() for field in self._amounts if self.given(field)]
        cells = pl.concat([column.alias("text") for column in columns]) if len(columns) > 1 else columns[0]
        if cells.str.contains(PLAIN).all() and (
            cells.str.contains(r"\.(?:[0-9]{1,2}|[0-9]{4,})$").any() or not cells.str.contains(".", literal=True).any()
        ):
            return ".", "."
        bare = bare_column(cells)
        seen = decimal_evidence(bare)
        point, comma = seen["point"], seen["comma"]
        file, column = str(self.sheet.path), self.sheet.header(self._amounts[0])
        if point or comma:
            if max(point, comma) < 2 * min(point, comma):
                raise DunwellError("intake.decimal_mixed", file=file, column=column, point=point, comma=comma)
            mark: DecimalMark = "." if point > comma else ","
            return mark, "" if three_decimals(bare, mark) else mark
        if not seen["point_groups"] and not seen["comma_groups"]:
            return ".", ""
        places = {DIGITS[one] for one in currency.drop_nulls().unique()}
        if (seen["point_groups"] and seen["comma_groups"]) or places & {3, 4} or (seen["long"] and places != {0}):
            return ".", ".,"
        groups = "." if seen["point_groups"] else ","
        if places != {0}:
            self.sheet.note("intake.note_thousands", column=column, mark=groups)
        return ("," if groups == "." else "."), ""


_LONGEST_TERM = 3650


def _read_terms(text: str) -> tuple[str | None, str | None]:
    """Terms in their notation, or the code of what is wrong with them."""
    try:
        return str(read_terms(text)), None
    except DunwellError as error:
        return None, "intake.instalment_shares" if error.code == "terms.shares" else "intake.not_days"
