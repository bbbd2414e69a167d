"""What each item of the book still owes on a day, and how much of that may be demanded."""

from datetime import date

import polars as pl

from dunwell.engine import cash
from dunwell.engine.facts import Facts, days_between


def open_items(facts: Facts, day: date) -> pl.DataFrame:
    """Every item with an open amount on `day`. Facts as of that day (see `Facts.on`).

    receivable_id, claim_id, debtor_id, currency, kind, number, issue_date, due_date, amount_minor, paid_minor,
    open_minor (> 0), disputed_minor (part of the open amount under dispute), held (Boolean: a hold on this item),
    demand_minor (open and neither disputed nor held), days_past_due (Int32; 0 on the due date itself).
    """
    paid, _ = cash.apply_cash(facts)
    return _open(facts, day, paid)


def _open(facts: Facts, day: date, paid: pl.DataFrame) -> pl.DataFrame:
    per_item = paid.group_by("receivable_id").agg(paid_minor=pl.col("amount_minor").sum())
    return (
        cash.components(facts)
        .join(per_item, on="receivable_id", how="left")
        .with_columns(pl.col("paid_minor").fill_null(0))
        .with_columns(open_minor=pl.col("amount_minor") - pl.col("paid_minor"))
        # written off: still owed in law, no longer chased
        .filter((pl.col("open_minor") > 0) & (pl.col("status") == "open"))
        .join(_disputed(facts, day), on="claim_id", how="left")
        .join(_held(facts, day), on="claim_id", how="left")
        .with_columns(
            pl.col("held").fill_null(value=False),
            days_past_due=days_between(day, pl.col("due_date")),
            disputed_until=pl.col("disputed_minor"),
        )
        # a dispute about a part takes that part out of the claim, the invoice first, and leaves the rest
        .sort("claim_id", pl.col("kind") == "charge", "issue_date", "number")
        .with_columns(before=pl.col("open_minor").cum_sum().over("claim_id") - pl.col("open_minor"))
        .with_columns(
            disputed_minor=pl.when(pl.col("whole"))
            .then(pl.col("open_minor"))
            .otherwise((pl.col("disputed_until") - pl.col("before")).clip(lower_bound=0))
            .fill_null(0)
        )
        .with_columns(disputed_minor=pl.min_horizontal("disputed_minor", "open_minor"))
        .with_columns(
            demand_minor=pl.when(pl.col("held")).then(0).otherwise(pl.col("open_minor") - pl.col("disputed_minor"))
        )
        .select(
            "receivable_id",
            "claim_id",
            "debtor_id",
            "currency",
            "kind",
            "number",
            "issue_date",
            "due_date",
            "amount_minor",
            "paid_minor",
            "open_minor",
            "disputed_minor",
            "held",
            "demand_minor",
            "days_past_due",
        )
    )


def with_credit(facts: Facts, day: date, *, netting: bool) -> pl.DataFrame:
    """`open_items` + net_minor: what remains to be demanded after the debtor's loose money (unallocated payments,
    open credit notes) has paid the oldest due items first; and credit_minor: that money, per debtor and currency.

    Without netting net_minor is demand_minor. Loose money below zero (more went back than came) is shown nowhere
    as a demand: a person looks at it.
    """
    paid, loose = cash.apply_cash(facts)
    items = (
        _open(facts, day, paid)
        .join(loose, on=["debtor_id", "currency"], how="left")
        .with_columns(credit_minor=pl.col("loose_minor").fill_null(0).clip(lower_bound=0))
        .drop("loose_minor")
    )
    if not netting:
        return items.with_columns(net_minor=pl.col("demand_minor"))
    return (
        items.sort("debtor_id", "currency", "due_date", "number", "receivable_id")
        .with_columns(until=pl.col("demand_minor").cum_sum().over("debtor_id", "currency"))
        .with_columns(
            net_minor=pl.min_horizontal(
                pl.col("demand_minor"), (pl.col("until") - pl.col("credit_minor")).clip(lower_bound=0)
            )
        )
        .drop("until")
    )


def _disputed(facts: Facts, day: date) -> pl.DataFrame:
    """Per claim: whole (Boolean), disputed_minor (sum of the disputed parts; null when only wholes)."""
    claims = facts["receivables"].select("receivable_id", claim_id=cash.claim_of())
    return (
        facts["disputes"]
        .filter(pl.col("closed_date").is_null() | (pl.col("closed_date") > day))
        .join(claims, on="receivable_id")
        .group_by("claim_id")
        .agg(whole=pl.col("amount_minor").is_null().any(), disputed_minor=pl.col("amount_minor").sum())
    )


def _held(facts: Facts, day: date) -> pl.DataFrame:
    claims = facts["receivables"].select("receivable_id", claim_id=cash.claim_of())
    return (
        facts["holds"]
        .filter(
            pl.col("receivable_id").is_not_null() & (pl.col("until_date").is_null() | (pl.col("until_date") >= day))
        )
        .join(claims, on="receivable_id")
        .select("claim_id", held=pl.lit(value=True))
        .unique()
    )
