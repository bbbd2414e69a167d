"""Amounts as people and ledgers write them -> whole minor units, by columns. Never a float, never rounded.

Understood: `1234.5`, `1,234.50`, `1.234,50`, `1'234.50`, `1 234,50` (any kind of space), `12,34,567.00`, full-width
digits, a currency before or after, a minus before or after, parentheses for negative. Not understood, and therefore an
error of the row: `1e9`, `NaN`, `1,23` where the decimal mark is a point, more decimals than the currency has, and
`1.250` euro: one mark before three digits may be above a thousand. A column that writes three decimals throughout
(`1500.000`, `0.500`) decides it, and so does a mapping.
"""

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, LARGEST_MINOR
from dunwell.intake.shapes import DecimalMark

PLAIN = r"^-?[0-9]{1,12}(?:\.[0-9]{1,6})?$"
"""An amount that needs no further reading where the decimal mark is a point."""

_FULL_WIDTH = dict(zip("０１２３４５６７８９，．－＋（）＄￥￡", "0123456789,.-+()$¥£", strict=True))
_SAME = {
    **_FULL_WIDTH,
    "\u2212": "-",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\ufe63": "-",
    "\u00a0": " ",
    "\u2007": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u3000": " ",
    "\u2019": "'",
    "\u2018": "'",
    "\u00b4": "'",
    "`": "'",
}
_CODE = "|".join(sorted(DIGITS))
_SIGN = (
    r"(?:US|HK|NT|CA|AU|NZ|SG|S|C|A|R)?\$|€|£|¥|₩|₹|₽|₺|₫|฿|₴|₦|₱|₪|₲|₸"
    r"|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?|元|圆|圓|人民币|人民幣|RMB"
)
_GROUPS = (
    r"[0-9]+",
    r"[1-9][0-9]{0,2}(?:,[0-9]{3})+",
    r"[1-9][0-9]{0,2}(?:'[0-9]{3})+",
    r"[1-9][0-9]{0,2}(?: [0-9]{3})+",
    r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}",
)
_AMOUNT = rf"^([+-]?(?:(?:{'|'.join(_GROUPS)})(?:\.[0-9]+)?|\.[0-9]+))$"


def bare(text: pl.Expr) -> pl.Expr:
    """The amount without its currency, sign first, spaces and marks in one form: `（€ 1 234,50）` -> `-1 234,50`."""
    one = text.str.replace_many(_SAME).str.strip_chars().str.replace(r"^\(([^()+-]*)\)$", "-$1")
    one = one.str.replace(rf"^([+-]?) ?(?:{_CODE}|{_SIGN}) ?", "$1")
    one = one.str.replace(rf" ?(?:{_CODE}|{_SIGN}) ?([+-]?)$", "$1")
    return one.str.replace(r"^([^+-]*[^+ -]) ?([+-])$", "$2$1").str.replace(r"^([+-]) +", "$1").str.strip_chars()


def bare_column(cells: pl.Series) -> pl.Series:
    """`bare` for a whole column; the work is done only on the cells that need it."""
    strange = cells.str.contains(r"[^0-9.,' -]|.-").fill_null(False)
    if not strange.any():
        return cells
    some = cells.filter(strange).to_frame("t").select(bare(pl.col("t"))).to_series()
    # A copy, because scatter writes into the series itself, and the cells as they were written are still needed.
    return cells.clone().scatter(strange.arg_true(), some) if len(some) < len(cells) else some


def code(text: pl.Expr) -> pl.Expr:
    """The currency that a cell names beside its amount (three letters or €), null if none."""
    named = text.str.extract(rf"(?:^|[^A-Z])({_CODE})(?:$|[^A-Z])", 1)
    return pl.when(named.is_null() & text.str.contains("€", literal=True)).then(pl.lit("EUR")).otherwise(named)


def canonical(bare_text: pl.Expr, decimal: DecimalMark) -> pl.Expr:
    """A bare amount as `-1234.5`, without groups and needless zeros far behind the point; null when it is none."""
    one = bare_text if decimal == "." else bare_text.str.replace_many({",": ".", ".": ","})
    return one.str.extract(_AMOUNT, 1).str.replace_all(r"[,' +]", "").str.replace(r"(\.[0-9]{4}[0-9]*?)0+$", "$1")


def minor(number: pl.Expr, digits: pl.Expr) -> pl.Expr:
    """Canonical amounts -> struct of `minor` (Int64, null where there is a problem) and `problem` (a code or null).

    `digits` says how many decimals the currency has; where that is null so is the result, without a problem.
    """
    text, scale, whole = pl.field("text"), pl.field("scale"), pl.field("whole")
    decimals = (text.str.len_bytes().cast(pl.Int64) - text.str.find(".", literal=True).cast(pl.Int64) - 1).fill_null(0)
    # Built in steps, each of which names its results: one nested expression would repeat them a thousand times.
    steps = pl.struct(text=number, digits=digits.cast(pl.Int64)).struct.with_fields(
        scale=pl.field("digits") - decimals,
        whole=text.str.replace(".", "", literal=True).cast(pl.Int64, strict=False),
    )
    steps = steps.struct.with_fields(power=_ten(scale), surplus=_ten(-scale))
    power, surplus = pl.field("power"), pl.field("surplus")
    # More decimals than the currency has are no loss where they are zeros: many databases write 35.0000.
    steps = steps.struct.with_fields(
        minor=pl.when(scale < 0)
        .then(pl.when(whole % surplus == 0).then(whole // surplus))
        .when(whole.abs() <= LARGEST_MINOR // power)
        .then(whole * power)
    )
    minor_units = pl.field("minor")
    steps = steps.struct.with_fields(
        minor=pl.when(minor_units.abs() <= LARGEST_MINOR).then(minor_units),
        problem=pl.when(text.is_null())
        .then(pl.lit("intake.not_an_amount"))
        .when(scale.is_null())
        .then(pl.lit(None, dtype=pl.String))
        .when((scale < 0) & (whole.is_null() | (whole % surplus != 0)))
        .then(pl.lit("intake.too_many_decimals"))
        .when(minor_units.is_null() | (minor_units.abs() > LARGEST_MINOR))
        .then(pl.lit("intake.absurd_amount")),
    )
    return pl.struct(steps.struct.field("minor", "problem"))


def _ten(exponent: pl.Expr) -> pl.Expr:
    """10 to the exponent, 1 below zero. More than eighteen decimals end as too many whatever they are."""
    return pl.lit(10, dtype=pl.Int64).pow(exponent.clip(0, 18))


def parse_amounts(column: pl.Expr, digits: pl.Expr | int, decimal: DecimalMark) -> pl.Expr:
    """Texts -> struct of `minor` (Int64 minor units) and `problem` (code of the catalogue or null).

    `digits`: decimals of each row's currency. A null text gives `intake.not_an_amount`.
    """
    places = pl.lit(digits, dtype=pl.Int64) if isinstance(digits, int) else digits
    return minor(canonical(bare(column), decimal), places)


def parse_one(text: str, currency: str, decimal: DecimalMark = ".") -> int:
    """One amount in minor units of its currency, by the same expressions as whole files: `("1,234.50", "EUR")` ->
    123450. Refuses what they refuse, and a text that names another currency."""
    if currency not in DIGITS:
        raise DunwellError("intake.unknown_currency", value=currency, column="currency", other="")
    frame = pl.DataFrame({"text": [text.strip()]}).select(
        parse_amounts(pl.col("text"), DIGITS[currency], decimal).alias("parsed"), code(pl.col("text")).alias("code")
    )
    if DIGITS[currency] < 3 and frame.select(doubtful(bare(pl.lit(text.strip())), decimal)).item():
        raise DunwellError("intake.doubtful_amount", value=text[:200], column="amount", other=currency)
    parsed, named = frame.row(0)
    if parsed["problem"]:
        raise DunwellError(parsed["problem"], value=text[:200], column="amount", other=currency)
    if named not in (None, currency):
        raise DunwellError("intake.currency_in_amount", value=text[:200], column="amount", other=currency)
    return int(parsed["minor"])


def doubtful(bare_text: pl.Expr, mark: str) -> pl.Expr:
    """Amounts such as `1.250`: above a thousand, or with three decimals. `mark` is the one that is in doubt."""
    return bare_text.str.contains(rf"^[+-]?[1-9][0-9]{{0,2}}[{mark}][0-9]{{3}}$")


def three_decimals(texts: pl.Series, mark: DecimalMark) -> bool:
    """Whether bare amounts have three decimals throughout: some that cannot be groups, and none of another length."""
    t = pl.col("t")
    behind = t.str.extract(rf"[{mark}]([0-9]+)$").str.len_bytes()
    found = texts.to_frame("t").select(
        sure=((behind == 3) & ~doubtful(t, mark)).any(), others=(behind != 3).any()
    )  # fmt: skip
    sure, others = found.row(0)
    return bool(sure) and not others


def decimal_evidence(texts: pl.Series) -> dict[str, int]:
    """How many bare amounts speak for which decimal mark.

    point, comma      amounts that can only be read with that mark
    point_groups      `1.234`: groups of three if the comma is the mark, three decimals if the point is
    comma_groups      `1,234`: the other way round
    long              digits without any mark that would carry groups if groups were written: `1234`
    """
    t = pl.col("t")
    points, commas = t.str.count_matches(".", literal=True), t.str.count_matches(",", literal=True)
    last_is_point = t.str.contains(r"\.[^,]*$")
    both = (points > 0) & (commas > 0)
    grouped = t.str.contains(r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$")
    spaced = t.str.contains(r"[ '][0-9]{3}[.,]")
    one_point, one_comma = (points == 1) & (commas == 0), (commas == 1) & (points == 0)
    counted = texts.to_frame("t").select(
        point=((both & last_is_point) | ((commas > 1) & (points == 0)) | (one_point & (~grouped | spaced))).sum(),
        comma=((both & ~last_is_point) | ((points > 1) & (commas == 0)) | (one_comma & (~grouped | spaced))).sum(),
        point_groups=(one_point & grouped & ~spaced).sum(),
        comma_groups=(one_comma & grouped & ~spaced).sum(),
        long=t.str.contains(r"^[+-]?[0-9]{4,}$").sum(),
    )
    return {name: int(count) for name, count in counted.row(0, named=True).items()}
