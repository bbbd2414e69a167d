"""What conditions of a strategy may ask of a debtor in one currency: one column each of `strategy_columns.COLUMNS`.

Only the columns that a strategy names are computed: the daily run of a large book asks for few.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date

import polars as pl

from dunwell.core.money import DIGITS
from dunwell.core.terms import Channel, ContactOutcome, Stage
from dunwell.engine.book.promises import promises
from dunwell.engine.day import history
from dunwell.engine.facts import Facts, days_between, in_days
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy_columns import COLUMNS, MONEY_SCALE_DIGITS, UNKNOWN, Kind

KEYS = ["debtor_id", "currency"]
_CALL_DAYS = 30


def profile(
    facts: Facts, items: pl.DataFrame, rules: Rules, day: date, came: pl.DataFrame | None, wanted: Collection[str],
    grace_days: int,
) -> pl.DataFrame:  # fmt: skip
    """One row per debtor and currency with anything open: debtor_id, currency, and the wanted columns.

    items   open items with net_minor, credit_minor, only_charges and reached
    came    `cash.effective_money` of these facts, where it is known already
    """
    found = _from_items(items, wanted, grace_days).join(
        facts["debtors"].select(
            "debtor_id",
            "country",
            "language",
            pl.col("kind").fill_null(UNKNOWN),
            pl.col("debt_kind").fill_null(UNKNOWN),
        ),
        on="debtor_id",
    )
    if not {"messages", "days_since_message"}.isdisjoint(wanted):
        found = found.join(history.last_message(facts), on=KEYS, how="left").with_columns(
            pl.col("messages").fill_null(0), days_since_message=days_between(day, pl.col("last_message_date"))
        )
    if not {"calls", "days_since_talk"}.isdisjoint(wanted):
        found = found.join(_talks(facts, day), on="debtor_id", how="left").with_columns(pl.col("calls").fill_null(0))
    if not {"promises_kept", "promises_broken"}.isdisjoint(wanted):
        found = found.join(_promises(facts, rules, day, came), on=KEYS, how="left").with_columns(
            pl.col("promises_kept", "promises_broken").fill_null(0)
        )
    told = [name for name in wanted if COLUMNS[name].observed]
    if told:
        found = _observed(found, facts, day, told)
    return _scaled(found, wanted).select(*KEYS, *sorted(set(wanted) - set(KEYS)))


def _from_items(items: pl.DataFrame, wanted: Collection[str], grace_days: int) -> pl.DataFrame:
    """The sums of a line, each only where it is asked for."""
    late, net = pl.col("days_past_due"), pl.col("net_minor")
    counts = (late > grace_days) & (net > 0)
    of_items: Mapping[str, Callable[[], pl.Expr]] = {
        "amount": lambda: net.filter(late > grace_days).sum(),
        "open_amount": lambda: pl.col("open_minor").sum(),
        "disputed": lambda: pl.col("open_minor").sum() - pl.col("demand_minor").sum(),
        "credit": lambda: pl.col("credit_minor").first(),
        "overdue_1_30": lambda: net.filter(late.is_between(1, 30)).sum(),
        "overdue_31_60": lambda: net.filter(late.is_between(31, 60)).sum(),
        "overdue_61_90": lambda: net.filter(late.is_between(61, 90)).sum(),
        "overdue_91": lambda: net.filter(late > 90).sum(),
        "items": lambda: counts.sum().cast(pl.Int32),
        "days_past_due": lambda: late.filter(counts).max().fill_null(0),
        "only_charges": lambda: counts.any() & pl.col("only_charges").filter(counts).all(),
        "reached": lambda: pl.col("reached").filter(counts).max().fill_null(0),
    }
    asked = [make().alias(name) for name, make in of_items.items() if name in wanted]
    found = items.group_by(*KEYS).agg(asked) if asked else items.select(KEYS).unique()
    if "reached" in wanted:
        words = {int(stage): stage.word for stage in Stage}
        found = found.with_columns(pl.col("reached").replace_strict(words, return_dtype=pl.String))
    return found.sort(KEYS)


def _talks(facts: Facts, day: date) -> pl.DataFrame:
    """debtor_id, calls (to the debtor, in the last 30 days), days_since_talk (with him, whoever called)."""
    with_debtor = facts["contacts"].filter((pl.col("channel") == Channel.PHONE) & (pl.col("addressee") == "debtor"))
    recent = (pl.col("direction") == "out") & (pl.col("contact_date") > in_days(day, -_CALL_DAYS))
    talked = pl.col("outcome") == ContactOutcome.REACHED
    return with_debtor.group_by("debtor_id").agg(
        calls=recent.sum().cast(pl.Int32),
        days_since_talk=days_between(day, pl.col("contact_date").filter(talked).max()),
    )


def _promises(facts: Facts, rules: Rules, day: date, came: pl.DataFrame | None) -> pl.DataFrame:
    found = promises(facts, rules, day, came)
    return found.group_by(KEYS).agg(
        promises_kept=(pl.col("state") == "kept").sum().cast(pl.Int32),
        promises_broken=pl.col("state").is_in(["broken", "part_kept"]).sum().cast(pl.Int32),
    )


def _observed(found: pl.DataFrame, facts: Facts, day: date, told: list[str]) -> pl.DataFrame:
    """The latest observation of each kind that still holds; of one day the one told last."""
    latest = (
        facts["observations"]
        .lazy()
        .filter(pl.col("until_date").is_null() | (pl.col("until_date") >= day))
        .sort("from_date", "observation_id")
        .group_by("debtor_id", maintain_order=True)
        .agg(pl.col("value").filter(pl.col("kind") == COLUMNS[name].observed).last().alias(name) for name in told)
    )
    flags = [name for name in told if COLUMNS[name].kind is Kind.FLAG]
    return (
        found.lazy()
        .join(latest, on="debtor_id", how="left", maintain_order="left")
        .with_columns(
            *((pl.col(name) == "yes").fill_null(value=False) for name in flags),
            *(pl.col(name).fill_null(UNKNOWN) for name in told if name not in flags),
        )
        .collect()
    )


def _scaled(found: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """Money in ten-thousandths of the unit. Int128: sums of a book times 10^4 do not fit in Int64."""
    money = [name for name in wanted if COLUMNS[name].kind is Kind.MONEY]
    if not money:
        return found
    scale = pl.col("currency").replace_strict(
        {currency: 10 ** (MONEY_SCALE_DIGITS - digits) for currency, digits in DIGITS.items()},
        return_dtype=pl.Int64,
    )
    return found.with_columns(pl.col(name).cast(pl.Int128) * scale.cast(pl.Int128) for name in money)
