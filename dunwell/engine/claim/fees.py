"""Court fees, fixed sums for late payment and agreed fees, for one debt or a whole book: exact, in whole minor units.

The numbers are those of `rulebook.fees`; one debt is a frame of one row. Refusals name the row (from 1) and the column.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, LARGEST_MINOR, Money
from dunwell.core.terms import DebtorKind, ReceivableKind
from dunwell.engine.claim.rounding import half_up
from dunwell.rulebook.fees import (
    COLLECTORS,
    CONTRACTS,
    Ceiling,
    FeeRule,
    Fees,
    FixedSum,
    Share,
    Slice,
    Slices,
    Value,
    house_fees,
)

FIXED_REASONS = (
    "due", "not_a_debt", "nothing_owed", "no_rule", "debtor_protected", "not_late", "before_rule", "other_currency",
    "charged_before", "same_cause", "within_costs",
)  # fmt: skip
"""Why a debt bears its fixed sum, or none. Words: `fees.fixed.<reason>`."""

AGREED_REASONS = (
    "due", "charged_before", "same_cause", "not_agreed", "room_unknown", "capped", "beyond_agreement",
)  # fmt: skip
"""Why an agreed fee is as high as it is. Words: `fees.agreed.<reason>`."""

_WHOLE = 1_000_000
_ROW = "fee_row"


def court_cost(fee: str, amount: Money, day: date) -> Money:
    """What a court asks on a day for a claim of this amount: `court_costs` of one row.

    `court_cost("cn.court.payment-order", Money(200_000_00, "CNY"), day)` is 1,433.33 yuan.
    """
    if abs(amount.minor) > LARGEST_MINOR:
        raise DunwellError("fees.too_large", row=1, column="amount_minor", value=amount.minor)
    claim = pl.DataFrame(
        {"fee": [fee], "currency": [amount.currency], "amount_minor": [amount.minor], "day": [day]},
        schema={"fee": pl.String, "currency": pl.String, "amount_minor": pl.Int64, "day": pl.Date},
    )
    return Money(court_costs(claim)["cost_minor"].item(), amount.currency)


def court_costs(claims: pl.DataFrame, fees: Fees | None = None) -> pl.DataFrame:
    """What courts ask for claims.

    Input   fee (id of a court fee), currency, amount_minor (claimed, enforced or to be preserved; > 0), day (Date)
    Output  the same rows + cost_minor (Int64)

    Each slice of the amount bears its own rate; the exact sum, or its share, is rounded once, half up, to the minor
    unit. Refuses an unknown fee (`fees.unknown`), another currency than the fee's (`fees.wrong_currency`), an amount
    that is not above zero or is absurd (`fees.not_positive`, `fees.too_large`), and a day before the fee's first
    (`fees.not_in_force`).
    """
    rules = (fees or house_fees()).of_kind("court-fee")
    _known(claims, "fee", [rule.id for rule in rules])
    _first_wrong(claims, pl.col("amount_minor") <= 0, "fees.not_positive", "amount_minor")
    _first_wrong(claims, pl.col("amount_minor") > LARGEST_MINOR, "fees.too_large", "amount_minor")
    for rule in rules:
        mine = pl.col("fee") == rule.id
        wanted = {"fee": rule.id, "currency": rule.currency, "first": rule.values[0][0].isoformat()}
        _first_wrong(claims, mine & (pl.col("currency") != rule.currency), "fees.wrong_currency", "currency", **wanted)
        _first_wrong(claims, mine & (pl.col("day") < rule.values[0][0]), "fees.not_in_force", "day", **wanted)
    cost = pl.lit(None, pl.Int128)
    for rule in rules:
        cost = pl.when(pl.col("fee") == rule.id).then(_court_fee(rule, rules)).otherwise(cost)
    return claims.with_columns(cost_minor=cost.cast(pl.Int64))


def _court_fee(rule: FeeRule, rules: Iterable[FeeRule]) -> pl.Expr:
    """The rounded fee by amount_minor and day."""
    by_id = {each.id: each for each in rules}
    found = pl.lit(None, pl.Int128)
    for start, _, value in rule.periods():
        if isinstance(value, Share):
            fee = half_up(_exact(by_id[value.of]) * value.numerator, _WHOLE * value.denominator)
        else:
            fee = half_up(_exact(rule), _WHOLE)
        found = pl.when(pl.col("day") >= start).then(fee).otherwise(found)
    return found


def _exact(rule: FeeRule) -> pl.Expr:
    """The fee in millionths of a minor unit, of the table in force on `day`. Int128: 10^15 x 10^6 exceeds 64 bits."""
    amount = pl.col("amount_minor").cast(pl.Int128)
    found = pl.lit(None, pl.Int128)
    for start, _, value in rule.periods():
        if not isinstance(value, Slices):
            continue
        fee = sum((bears for _, bears in _of_slices(value, amount)), pl.lit(0, pl.Int128))
        if value.cap_minor is not None:
            fee = pl.min_horizontal(fee, pl.lit(value.cap_minor * _WHOLE, pl.Int128))
        found = pl.when(pl.col("day") >= start).then(fee).otherwise(found)
    return found


def _of_slices(value: Slices, amount: pl.Expr) -> list[tuple[pl.Expr, pl.Expr]]:
    """For each slice: how much of the amount lies in it, and what that bears in millionths of a minor unit."""
    found, below = [], 0
    for part in value.slices:
        within = amount if part.up_to is None else pl.min_horizontal(amount, pl.lit(part.up_to, pl.Int128))
        inside = (within - below).clip(lower_bound=0)
        found.append((inside, inside * part.ppm + part.flat_minor * _WHOLE))
        below = part.up_to or below
    return found


@dataclass(frozen=True, slots=True)
class CourtCost:
    """A court fee and the rows of the table that led to it.

    rule     the fee; base: the one of which it is a share, else itself; since: the first day of that table
    rows     of each slice that the amount reaches: the slice, from which amount on it begins, how much lies in it
             (minor units), and what that bears (millionths of a minor unit, not rounded)
    capped   the cap cut the sum of the rows
    """

    rule: FeeRule
    base: FeeRule
    since: date
    share: Share | None
    rows: tuple[tuple[Slice, int, int, int], ...]
    cap_minor: int | None
    capped: bool
    cost: Money


def court_cost_shown(fee: str, amount: Money, day: date) -> CourtCost:
    """`court_cost` with the rows that led to it, by the same expressions. Refuses what `court_costs` refuses."""
    cost = court_cost(fee, amount, day)
    rule = house_fees().named(fee)
    value = _in_force(rule, day)
    share = value if isinstance(value, Share) else None
    base = house_fees().named(share.of) if share else rule
    table = _in_force(base, day)
    assert isinstance(table, Slices)
    one = pl.DataFrame({"amount_minor": [amount.minor]}, schema={"amount_minor": pl.Int128})
    rows, begins = [], 0
    for part, pair in zip(table.slices, _of_slices(table, pl.col("amount_minor")), strict=True):
        inside, bears = (int(one.select(each.alias("one")).item()) for each in pair)
        if inside > 0:
            rows.append((part, begins, inside, bears))
        begins = part.up_to or begins
    capped = table.cap_minor is not None and sum(row[3] for row in rows) > table.cap_minor * _WHOLE
    since = max(start for start, _, _ in base.periods() if start <= day)
    return CourtCost(rule, base, since, share, tuple(rows), table.cap_minor, capped, cost)


def _in_force(rule: FeeRule, day: date) -> Value:
    return [value for start, _, value in rule.periods() if start <= day][-1]


def fixed_sum_per_invoice(place: str) -> bool:
    """Whether the law of a place gives its fixed sum once an invoice, however many instalments of it are late."""
    rules = [rule for rule in house_fees().of_kind("fixed-sum") if place in rule.places]
    values = [value for rule in rules for _, _, value in rule.periods()]
    return any(isinstance(value, FixedSum) and value.per == "invoice" for value in values)


def fixed_sums(debts: pl.DataFrame, day: date, fees: Fees | None = None) -> pl.DataFrame:
    """What debts bear by law on `day` because they were paid late: EUR 40, GBP 40/70/100.

    Input   one row per debt: debt_id, kind (`ReceivableKind`), place (country whose law governs it, ISO 3166; null:
            not known), debtor_kind (`DebtorKind`), currency, amount_minor (its size when it became late; >= 0 except
            credit notes), late_from (first day of lateness; null: not late)
            and where there are such columns: invoice_id (of an instalment: its invoice), costs_minor (costs of
            recovery charged for it), charged (Boolean: the sum has been charged for it before)
    Output  the same rows in the same order +
            fixed_minor (Int64; 0: none), fixed_reason (one of `FIXED_REASONS`), fixed_rule (of its place, or null),
            fixed_from (the day on which it arose, or null), fixed_claim_basis (Boolean: claimable under that text; a
            directive is not), fixed_verified (Boolean: the official wording is at hand)

    A cause bears its sum once, however often its row or a reminder repeats: the debt, or the invoice of which an
    instalment was late first. Only a creditor who is a business has such a sum. Refuses unknown kinds and currencies
    (`fees.unknown_value`) and negative amounts (`fees.negative`).
    """
    rules = (fees or house_fees()).of_kind("fixed-sum")
    frame = debts.with_row_index(_ROW)
    defaults = {
        "invoice_id": pl.col("debt_id"),
        "costs_minor": pl.lit(0, pl.Int64),
        "charged": pl.lit(value=False),
    }
    frame = frame.with_columns(
        **{f"fee_{name}": _or(frame, name, default) for name, default in defaults.items()},
    )
    _whole(frame, "debt_id")
    _known(frame, "kind", list(ReceivableKind))
    _known(frame, "debtor_kind", list(DebtorKind))
    _known(frame, "currency", sorted(DIGITS), shown="ISO 4217")
    is_debt = pl.col("kind").is_in([ReceivableKind.INVOICE, ReceivableKind.INSTALMENT])
    _first_wrong(frame, is_debt & (pl.col("amount_minor") < 0), "fees.negative", "amount_minor")
    _first_wrong(frame, pl.col("fee_costs_minor") < 0, "fees.negative", "fee_costs_minor")
    frame = _by_rule(frame, rules)
    frame = frame.with_columns(
        cause=pl.when("per_invoice").then("fee_invoice_id").otherwise("debt_id"),
        fixed_reason=pl.when(~is_debt)
        .then(pl.lit("not_a_debt"))
        .when(pl.col("amount_minor") == 0)
        .then(pl.lit("nothing_owed"))
        .when(pl.col("fixed_rule").is_null())
        .then(pl.lit("no_rule"))
        .when(pl.col("protected"))
        .then(pl.lit("debtor_protected"))
        .when(pl.col("late_from").is_null() | (pl.col("late_from") > day))
        .then(pl.lit("not_late"))
        .when(pl.col("sum_minor").is_null())
        .then(pl.lit("before_rule"))
        .when(pl.col("currency") != pl.col("sum_currency"))
        .then(pl.lit("other_currency")),
    )
    frame = _once(frame, "fixed_reason", ["late_from", "debt_id"], ["fixed_rule", "cause"])
    counted = pl.when("costs_count").then("fee_costs_minor").otherwise(0)
    rest = (pl.col("sum_minor") - counted).clip(lower_bound=0)
    due = pl.col("fixed_reason").is_null()
    return (
        frame.with_columns(
            fixed_minor=pl.when(due).then(rest).otherwise(0).cast(pl.Int64),
            fixed_reason=pl.when(due & (rest == 0))
            .then(pl.lit("within_costs"))
            .otherwise(pl.col("fixed_reason").fill_null("due")),
        )
        .with_columns(fixed_from=pl.when(pl.col("fixed_minor") > 0).then("late_from"))
        .sort(_ROW)
        .select(
            *debts.columns,
            "fixed_minor",
            "fixed_reason",
            "fixed_rule",
            "fixed_from",
            "fixed_claim_basis",
            "fixed_verified",
        )
    )


def _by_rule(frame: pl.DataFrame, rules: Iterable[FeeRule]) -> pl.DataFrame:
    """Add what the rule of each row's place says: fixed_rule, protected, sum_minor (null before the rule's first day),
    sum_currency, per_invoice, costs_count, fixed_claim_basis, fixed_verified."""
    columns: dict[str, pl.Expr] = {
        "fixed_rule": pl.lit(None, pl.String),
        "protected": pl.lit(None, pl.Boolean),
        "sum_currency": pl.lit(None, pl.String),
        "fixed_verified": pl.lit(None, pl.Boolean),
        "fixed_claim_basis": pl.lit(None, pl.Boolean),
        "per_invoice": pl.lit(value=False),
        "costs_count": pl.lit(value=False),
        "sum_minor": pl.lit(None, pl.Int64),
    }
    for rule in rules:
        here = pl.col("place").is_in(rule.places).fill_null(value=False)
        said: dict[str, pl.Expr] = {
            "fixed_rule": pl.lit(rule.id),
            "protected": ~pl.col("debtor_kind").is_in(rule.applies.get("debtor", tuple(DebtorKind))),
            "sum_currency": pl.lit(rule.currency),
            "fixed_verified": pl.lit(rule.citation.verified),
        }
        columns |= {name: pl.when(here).then(value).otherwise(columns[name]) for name, value in said.items()}
        for start, end, value in rule.periods():
            if not isinstance(value, FixedSum):
                continue
            then = here & (pl.col("late_from") >= start)
            if end is not None:
                then = then & (pl.col("late_from") < end)
            held: dict[str, pl.Expr] = {
                "fixed_claim_basis": pl.lit(value.claim_basis),
                "per_invoice": pl.lit(value.per == "invoice"),
                "costs_count": pl.lit(value.costs_count),
                "sum_minor": _by_size(value),
            }
            columns |= {name: pl.when(then).then(each).otherwise(columns[name]) for name, each in held.items()}
    return frame.with_columns(**columns)


def _by_size(value: FixedSum) -> pl.Expr:
    """The sum by the size of the debt."""
    found = pl.lit(value.sums[-1][1], pl.Int64)
    for below, minor in reversed(value.sums[:-1]):
        found = pl.when(pl.col("amount_minor") < below).then(pl.lit(minor, pl.Int64)).otherwise(found)
    return found


def agreed_fees(asked: pl.DataFrame, fees: Fees | None = None) -> pl.DataFrame:
    """How much of the late fees and dunning fees that are asked for may be: what was agreed, once for each cause, and
    within the ceilings that are known.

    Input   one row per fee: debt_id, cause (what the agreement attaches it to, e.g. `late`, `first-dunning`), day,
            currency, asked_minor, agreed_minor (null: the agreement is silent), place (ISO 3166; null: not known),
            debtor_kind (`DebtorKind`), collector (`COLLECTORS`)
            and where there are such columns: contract (`CONTRACTS`), room_minor (what a cap on interest leaves; null:
            not known), charged (Boolean: charged for this cause before)
    Output  the same rows in the same order + fee_minor (Int64), fee_reason (one of `AGREED_REASONS`), ceiling (id of
            the rule that limits it, or null: no ceiling is known for this place, and none is invented)

    Refuses unknown kinds and currencies (`fees.unknown_value`) and negative amounts (`fees.negative`).
    """
    rules = (fees or house_fees()).of_kind("fee-ceiling")
    frame = asked.with_row_index(_ROW)
    frame = frame.with_columns(
        fee_contract=_or(frame, "contract", pl.lit("other")),
        fee_room=_or(frame, "room_minor", pl.lit(None, pl.Int64)),
        fee_charged=_or(frame, "charged", pl.lit(value=False)),
    )
    _whole(frame, "debt_id", "cause", "day")
    _known(frame, "currency", sorted(DIGITS), shown="ISO 4217")
    gates = (("debtor", "debtor_kind", list(DebtorKind)), ("collector", "collector", COLLECTORS),
             ("contract", "fee_contract", CONTRACTS))  # fmt: skip
    for _, column, words in gates:
        _known(frame, column, words)
    for column in ("asked_minor", "agreed_minor", "fee_room"):
        _first_wrong(frame, (pl.col(column) < 0).fill_null(value=column == "asked_minor"), "fees.negative", column)
    room = pl.lit(None, pl.Int64)
    limited = pl.lit(value=False)
    ceiling = pl.lit(None, pl.String)
    for rule in rules:
        here = pl.col("place").is_in(rule.places).fill_null(value=False)
        for gate, column, _ in gates:
            here = here & pl.col(column).is_in(rule.applies.get(gate, ())) if gate in rule.applies else here
        for start, end, value in rule.periods():
            then = here & (pl.col("day") >= start) & (pl.col("day") < end if end else pl.lit(value=True))
            ceiling = pl.when(then).then(pl.lit(rule.id)).otherwise(ceiling)
            if isinstance(value, Ceiling) and value.limit == "within-interest-cap":
                limited, room = limited | then, pl.when(then).then("fee_room").otherwise(room)
    agreed = pl.min_horizontal("asked_minor", pl.col("agreed_minor").fill_null(0))
    frame = frame.with_columns(ceiling=ceiling, limited=limited, room=room, agreed=agreed).with_columns(
        fee_reason=pl.when((pl.col("asked_minor") > 0) & (pl.col("agreed_minor").fill_null(0) == 0))
        .then(pl.lit("not_agreed"))
        .when(pl.col("limited") & pl.col("room").is_null())
        .then(pl.lit("room_unknown"))
    )
    frame = _once(frame, "fee_reason", ["day"], ["debt_id", "cause"])
    free = pl.col("fee_reason").is_null()
    allowed = pl.min_horizontal("agreed", "room")
    return (
        frame.with_columns(
            fee_minor=pl.when(free).then(allowed).otherwise(0).cast(pl.Int64),
            fee_reason=pl.when(~free)
            .then("fee_reason")
            .when(allowed < pl.col("agreed"))
            .then(pl.lit("capped"))
            .when(pl.col("agreed") < pl.col("asked_minor"))
            .then(pl.lit("beyond_agreement"))
            .otherwise(pl.lit("due")),
        )
        .sort(_ROW)
        .select(*asked.columns, "fee_minor", "fee_reason", "ceiling")
    )


def _once(frame: pl.DataFrame, reason: str, order: list[str], cause: list[str]) -> pl.DataFrame:
    """Of the rows of one cause that have no `reason` against them, let the first alone stay without one.

    One sort: in each cause what was charged stands first, then rows without a reason. Windows over a million small
    groups cost many times as much.
    """
    starts = pl.any_horizontal(pl.col(each).ne_missing(pl.col(each).shift()) for each in cause)
    starts = starts | (pl.int_range(pl.len()) == 0)
    return (
        frame.with_columns(later=~pl.col("fee_charged"), against=pl.col(reason).is_not_null())
        .sort(*cause, "later", "against", *order, _ROW)
        .with_columns(starts=starts)
        .with_columns(charged_before=pl.when("starts").then("fee_charged").forward_fill())
        .with_columns(
            pl.when("against")
            .then(reason)
            .when("charged_before")
            .then(pl.lit("charged_before"))
            .when(~pl.col("starts"))
            .then(pl.lit("same_cause"))
            .alias(reason)
        )
    )


def _or(frame: pl.DataFrame, column: str, default: pl.Expr) -> pl.Expr:
    return pl.coalesce(pl.col(column), default) if column in frame.columns else default


def _known(frame: pl.DataFrame, column: str, known: Collection[str], *, shown: str = "") -> None:
    """Refuse a value that is not on a closed list; nothing at all is none of them."""
    _first_wrong(
        frame,
        ~pl.col(column).is_in(list(map(str, known))),
        "fees.unknown_value",
        column,
        known=shown or ", ".join(known),
    )


def _whole(frame: pl.DataFrame, *columns: str) -> None:
    """Refuse a row in which one of these columns is empty."""
    for column in columns:
        _first_wrong(frame, pl.col(column).is_null(), "fees.missing", column)


def _first_wrong(frame: pl.DataFrame, wrong: pl.Expr, code: str, column: str, **params: str) -> None:
    """Refuse the frame for its first row where `wrong` holds, or cannot be answered because the value is missing."""
    found = frame.lazy().with_row_index("wrong_row", 1).filter(wrong.fill_null(value=True)).head(1).collect()
    if found.is_empty():
        return
    value = found[column].item()
    raise DunwellError(
        code, row=found["wrong_row"].item(), column=column.removeprefix("fee_"), value=str(value)[:100], **params
    )
