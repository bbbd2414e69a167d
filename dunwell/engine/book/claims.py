"""What each item of the book still owes on a day, and how much of that may be demanded."""

from datetime import date

import polars as pl

from dunwell.core.terms import ReceivableKind, ReceivableStatus
from dunwell.engine.book import cash
from dunwell.engine.facts import Facts, days_between, running_sum


def open_items(facts: Facts, day: date) -> pl.DataFrame:
    """Every item with an open amount on `day`. Facts as of that day (see `Facts.on`).

    receivable_id, claim_id, debtor_id, currency, kind, number, issue_date, due_date, amount_minor, paid_minor,
    open_minor (> 0), disputed_minor (part of the open amount under dispute), held (Boolean: a hold on this item),
    demand_minor (open and neither disputed nor held), days_past_due (Int32; 0 on the due date itself).
    """
    return _open(facts, day, cash.apply_cash(facts)).collect()


def _open(facts: Facts, day: date, applied: cash.Cash) -> pl.LazyFrame:
    per_item = applied.paid.lazy().group_by("receivable_id").agg(paid_minor=pl.col("amount_minor").sum())
    return (
        applied.items.lazy()
        .join(per_item, on="receivable_id", how="left")
        .with_columns(pl.col("paid_minor").fill_null(0))
        .with_columns(open_minor=pl.col("amount_minor") - pl.col("paid_minor"))
        # written off: still owed in law, no longer chased
        .filter((pl.col("open_minor") > 0) & (pl.col("status") == ReceivableStatus.OPEN))
        .pipe(_with_disputed, facts, day)
        .pipe(_with_held, facts, day)
        .with_columns(
            days_past_due=days_between(day, pl.col("due_date")),
            demand_minor=pl.when(pl.col("held")).then(0).otherwise(pl.col("open_minor") - pl.col("disputed_minor")),
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


def _with_disputed(items: pl.LazyFrame, facts: Facts, day: date) -> pl.LazyFrame:
    """Items + disputed_minor. Most claims are not disputed, and cost nothing."""
    if facts["disputes"].is_empty():
        return items.with_columns(disputed_minor=pl.lit(0, pl.Int64))
    named = _active_disputes(facts, day).select("claim").unique()
    found = _disputed(items.join(named, on="claim", how="semi"), facts, day)
    return items.join(found, on="receivable_id", how="left").with_columns(pl.col("disputed_minor").fill_null(0))


def _disputed(items: pl.LazyFrame, facts: Facts, day: date) -> pl.LazyFrame:
    """receivable_id, disputed_minor of items of disputed claims."""
    contested = (pl.col("receivable_id") == pl.col("claim_id")) & (pl.col("part_minor") >= pl.col("open_minor"))
    after = (pl.col("part_minor") - pl.col("before")).clip(lower_bound=0)
    return (
        items.join(_disputed_claims(facts, day), on="claim", how="left")
        .join(_disputed_charges(facts, day), on="receivable_id", how="left")
        .with_columns(
            pl.col("whole", "whole_charge").fill_null(value=False), pl.col("part_minor", "charge_minor").fill_null(0)
        )
        # a dispute about a part takes that part out of the claim, the invoice first, and leaves the rest
        .sort("claim", pl.col("kind") == ReceivableKind.CHARGE, "issue_date", "number")
        # where all that is open of an invoice is disputed, its debt is, with its charges
        .with_columns(whole=pl.col("whole") | contested.any().over("claim"))
        .with_columns(before=running_sum(pl.col("open_minor"), ["claim"]) - pl.col("open_minor"))
        .select(
            "receivable_id",
            disputed_minor=pl.when(pl.col("whole") | pl.col("whole_charge"))
            .then("open_minor")
            .otherwise(pl.min_horizontal("open_minor", after + pl.col("charge_minor"))),
        )
    )


def _with_held(items: pl.LazyFrame, facts: Facts, day: date) -> pl.LazyFrame:
    """Items + held."""
    if facts["holds"].is_empty():
        return items.with_columns(held=pl.lit(value=False))
    return items.join(_held(facts, day), on="receivable_id", how="left").with_columns(
        pl.col("held").fill_null(value=False)
    )


def with_credit(facts: Facts, day: date, *, netting: bool) -> pl.DataFrame:
    """`open_items` + net_minor: what remains to be demanded after the debtor's loose money (unallocated payments,
    open credit notes) has paid the oldest due items first; and credit_minor: that money, per debtor and currency.

    Without netting net_minor is demand_minor. Loose money below zero (more went back than came) is shown nowhere
    as a demand: a person looks at it.
    """
    return net_items(facts, day, cash.apply_cash(facts), netting=netting)


def net_items(facts: Facts, day: date, applied: cash.Cash, *, netting: bool) -> pl.DataFrame:
    """`with_credit` from what `cash.apply_cash` said. In no order."""
    items = (
        _open(facts, day, applied)
        .join(applied.loose.lazy(), on=["debtor_id", "currency"], how="left")
        .with_columns(credit_minor=pl.col("loose_minor").fill_null(0).clip(lower_bound=0))
        .drop("loose_minor")
        .with_columns(net_minor=pl.col("demand_minor"))
        .collect()
    )
    has_credit = pl.col("credit_minor") > 0
    with_credit = items.filter(has_credit) if netting else items.clear()
    if with_credit.is_empty():
        return items
    # few debtors have any, and nobody else's items need an order
    netted = (
        with_credit.sort("debtor_id", "currency", "due_date", "number", "kind")
        .with_columns(until=running_sum(pl.col("demand_minor"), ["debtor_id", "currency"]))
        .with_columns(
            net_minor=pl.min_horizontal(
                pl.col("demand_minor"), (pl.col("until") - pl.col("credit_minor")).clip(lower_bound=0)
            )
        )
        .drop("until")
    )
    return pl.concat([items.filter(~has_credit), netted])


def with_residue(items: pl.DataFrame, applied: cash.Cash) -> pl.DataFrame:
    """+ only_charges (Boolean): of its claim no more is left than its charges come to, so as much as the invoice was
    paid. Money pays charges first: who paid his invoice and not the penalty owes the invoice by the books.
    """
    keys = ["claim_id", "currency"]
    charged = (
        applied.items.filter(pl.col("kind") == ReceivableKind.CHARGE)
        .group_by(keys)
        .agg(charged_minor=pl.col("amount_minor").sum())
    )
    small = (
        items.join(charged, on=keys)
        .group_by(keys)
        .agg(
            left_minor=(pl.col("open_minor") - pl.col("demand_minor") + pl.col("net_minor")).sum(),
            charged_minor=pl.col("charged_minor").first(),
        )
        .filter(pl.col("left_minor") <= pl.col("charged_minor"))
        .select(*keys, only_charges=pl.lit(value=True))
    )
    return items.join(small, on=keys, how="left").with_columns(pl.col("only_charges").fill_null(value=False))


def _disputed_claims(facts: Facts, day: date) -> pl.LazyFrame:
    """Per claim whose invoice is disputed: whole (Boolean), part_minor (sum of the disputed parts)."""
    return (
        _active_disputes(facts, day)
        .filter(~pl.col("is_charge"))
        .group_by("claim")
        .agg(whole=pl.col("amount_minor").is_null().any(), part_minor=pl.col("amount_minor").sum())
    )


def _disputed_charges(facts: Facts, day: date) -> pl.LazyFrame:
    """Who contests a fee contests the fee: receivable_id, whole_charge (Boolean), charge_minor."""
    return (
        _active_disputes(facts, day)
        .filter(pl.col("is_charge"))
        .group_by("receivable_id")
        .agg(whole_charge=pl.col("amount_minor").is_null().any(), charge_minor=pl.col("amount_minor").sum())
    )


def _active_disputes(facts: Facts, day: date) -> pl.LazyFrame:
    return (
        facts["disputes"]
        .lazy()
        .filter(pl.col("closed_date").is_null() | (pl.col("closed_date") > day))
        .join(_places(facts), on="receivable_id")
    )


def _held(facts: Facts, day: date) -> pl.LazyFrame:
    """receivable_id, held: a hold on an invoice holds its charges too, a hold on a charge that charge."""
    places = _places(facts)
    active = (
        facts["holds"]
        .lazy()
        .filter(
            pl.col("receivable_id").is_not_null() & (pl.col("until_date").is_null() | (pl.col("until_date") >= day))
        )
        .join(places, on="receivable_id")
    )
    wide = places.join(active.filter(~pl.col("is_charge")), on="claim", how="semi").select("receivable_id")
    narrow = active.filter(pl.col("is_charge")).select("receivable_id")
    return pl.concat([wide, narrow]).unique().with_columns(held=pl.lit(value=True))


def _places(facts: Facts) -> pl.LazyFrame:
    """receivable_id, claim, is_charge (of an invoice: its claim has another name than its own)."""
    return (
        facts["receivables"]
        .lazy()
        .with_columns(claim_id=cash.claim_of())
        .select(
            "receivable_id", claim=cash.claim_key("claim_id"), is_charge=pl.col("claim_id") != pl.col("receivable_id")
        )
    )
