"""Money that lists of open items imply, set beside what the bank says: no money counts twice, none is lost.

A list tells that an item was paid, not by which bank line. Such an *implied* payment counts only so far as no bank
line explains it. Of each claim, with L the day of the last list:

1. Bank money that the lists already had in view. Of an item whose own amount nobody told, the first list shows what
   was open then: money of more than `BOOKED_WITHIN_DAYS` before is part of what was paid before. Money of those days
   counts (the ledger may not have booked it yet) until a list that is younger by so many days still shows the item.
   And money that the ledger had taken and took back (the item is open again) is gone.
2. Bank lines that name no item. One that is, to the cent, what a list implied of one item of its debtor, or of all
   items it implied anything of, paid these: it is named so. A list of day K speaks of lines up to `LAG_DAYS` after
   it, and of those not older than `BOOKED_WITHIN_DAYS` before the list that precedes it.
3. What remains: implied = what the lists say was paid - what bank lines dated up to L paid. A line dated up to
   `LAG_DAYS` after L that is exactly what remains is that very money, booked late. And implied money never pushes a
   claim above its total.

So a bank line replaces what it explains, in whatever order the two arrive.
"""

from datetime import date

import polars as pl

from dunwell.core.terms import PaymentSource
from dunwell.engine.facts import Facts, running_sum

LAG_DAYS = 5
"""A bank line may bear a day so much later than the list that shows its money."""
BOOKED_WITHIN_DAYS = 10
"""A ledger takes a bank line in within so many days."""

_IS_LEDGER = pl.col("source_kind") == PaymentSource.LEDGER
_AMOUNT = pl.col("amount_minor")
_LINE = ["debtor_id", "currency", "amount_minor"]


def shown_above(facts: Facts) -> pl.DataFrame:
    """receivable_id, currency, above_minor (> 0): so much more than its own amount the lists show open of an item."""
    return (
        facts["payments"]
        .filter(_IS_LEDGER & pl.col("receivable_id").is_not_null())
        .group_by("receivable_id", "currency")
        .agg(above_minor=-_AMOUNT.sum())
        .filter(pl.col("above_minor") > 0)
    )


def effective(came: pl.DataFrame, items: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Money (see `cash.money`) as it counts: implied payments cut down to what no bank line explains.

    items: `cash.components`. Adds `inferred` (Boolean: the bank line names nothing, its amount told what it pays).
    """
    came = came.with_columns(inferred=pl.lit(value=False))
    if not came.select(_IS_LEDGER.any()).item() and items["open_as_of_date"].null_count() == items.height:
        return came
    lists = facts["open_item_days"]["as_of"].unique().sort()
    last: date = lists.max() or date.min  # type: ignore[assignment]
    came = _without_known(came, items, last)
    if not came.select(_IS_LEDGER.any()).item():
        return came
    came = _named_by_amount(came, items, lists, last)
    kept = (
        came.filter(_IS_LEDGER & pl.col("claim").is_not_null())
        .join(_unexplained(came, items, last), on="claim")
        .sort("claim", "value_date", "number")
        .with_columns(until=running_sum(_AMOUNT.clip(lower_bound=0), ["claim"]))
        .with_columns(
            amount_minor=pl.min_horizontal("until", "implied")
            - pl.min_horizontal(pl.col("until") - _AMOUNT.clip(lower_bound=0), "implied")
        )
        .select(came.columns)
    )
    return pl.concat([came.filter(~_IS_LEDGER), came.filter(_IS_LEDGER & pl.col("claim").is_null()), kept])


def _unexplained(came: pl.DataFrame, items: pl.DataFrame, last: date) -> pl.DataFrame:
    """claim, implied: what counts of the payments that lists imply. Of claims with any money that names them."""
    named = came.filter(pl.col("claim").is_not_null())
    in_list = pl.col("value_date") <= last
    lately = (pl.col("value_date") > last) & ((pl.col("value_date") - last).dt.total_days() <= LAG_DAYS)
    said = (
        named.filter(_IS_LEDGER)
        .group_by("claim", "named_id")
        .agg(_AMOUNT.sum().clip(lower_bound=0))
        .group_by("claim")
        .agg(said=_AMOUNT.sum())
    )
    late = pl.col("late")
    return (
        named.group_by("claim")
        .agg(
            bank=_AMOUNT.filter(~_IS_LEDGER).sum(),
            explained=_AMOUNT.filter(~_IS_LEDGER & in_list).sum(),
            late=_AMOUNT.filter(~_IS_LEDGER & lately),
        )
        .join(said, on="claim")
        .join(items.group_by("claim").agg(claim_minor=_AMOUNT.sum()), on="claim", how="left")
        .with_columns(implied=(pl.col("said") - pl.col("explained")).clip(lower_bound=0))
        .with_columns(late_is_it=(late.list.sum() == pl.col("implied")) | late.list.contains(pl.col("implied")))
        .select(
            "claim",
            implied=pl.when("late_is_it")
            .then(0)
            .otherwise(
                pl.min_horizontal("implied", (pl.col("claim_minor").fill_null(0) - pl.col("bank")).clip(lower_bound=0))
            ),
        )
    )


def _without_known(came: pl.DataFrame, items: pl.DataFrame, last: date) -> pl.DataFrame:
    """Step 1: bank money that the lists had in view already counts no more than they say."""
    first = (
        items.filter(pl.col("open_as_of_date").is_not_null())
        .group_by("claim")
        .agg(first_date=pl.col("open_as_of_date").min())
    )
    ledger = came.filter(_IS_LEDGER & pl.col("claim").is_not_null()).select("claim", "value_date", "amount_minor")
    back = ledger.filter(_AMOUNT < 0).group_by("claim").agg(back_date=pl.col("value_date").max())
    if first.is_empty() and back.is_empty():
        return came
    days = first.join(back, on="claim", how="full", coalesce=True)
    said = ledger.join(days, on="claim", how="right").group_by("claim", "first_date", "back_date")
    day = pl.col("value_date")
    caps = said.agg(
        taken_date=day.filter((_AMOUNT > 0) & (day < pl.col("back_date"))).max(),
        back_cap=_AMOUNT.filter(day <= pl.col("back_date")).sum(),
        first_cap=_AMOUNT.filter(
            (day > pl.col("first_date")) & (day <= pl.col("first_date").dt.offset_by(f"{BOOKED_WITHIN_DAYS}d"))
        ).sum(),
    )
    booked_by = day.dt.offset_by(f"{BOOKED_WITHIN_DAYS}d")
    bank = (
        came.with_row_index("place")
        .filter(~_IS_LEDGER)
        .join(caps, on="claim")
        .with_columns(
            before=(booked_by <= pl.col("first_date")).fill_null(value=False),
            taken_back=(
                (day <= pl.col("back_date")) & (day <= pl.col("taken_date").dt.offset_by(f"{LAG_DAYS}d"))
            ).fill_null(value=False),
            in_view=((day <= pl.col("first_date")) & (booked_by <= last)).fill_null(value=False),
        )
        .filter(pl.any_horizontal("before", "taken_back", "in_view"))
    )
    if bank.is_empty():
        return came
    cap = pl.when(pl.col("taken_back").any()).then(pl.col("back_cap").first()).otherwise(pl.col("first_cap").first())
    rest = bank.filter(~pl.col("before"))
    excess = rest.group_by("claim").agg(excess=(_AMOUNT.sum() - cap.clip(lower_bound=0)).clip(lower_bound=0))
    cut = (
        rest.join(excess, on="claim")
        .sort("claim", "value_date", "number", "place", descending=[False, True, True, True])
        .with_columns(until=running_sum(_AMOUNT.clip(lower_bound=0), ["claim"]))
        .select(
            "place",
            cut=pl.min_horizontal("until", "excess")
            - pl.min_horizontal(pl.col("until") - _AMOUNT.clip(lower_bound=0), "excess"),
        )
    )
    whole = bank.filter("before").select("place", cut="amount_minor")
    return (
        came.with_row_index("place")
        .join(pl.concat([cut, whole]), on="place", how="left", maintain_order="left")
        .with_columns(amount_minor=_AMOUNT - pl.col("cut").fill_null(0))
        .select(came.columns)
    )


def _named_by_amount(came: pl.DataFrame, items: pl.DataFrame, lists: pl.Series, last: date) -> pl.DataFrame:
    """Step 2: bank lines without an item pay what was cleared by exactly their amount."""
    nameless = (
        came.filter(
            pl.col("claim").is_null()
            & pl.col("payment_id").is_not_null()
            & ~_IS_LEDGER
            & (_AMOUNT > 0)
            & ((pl.col("value_date") - last).dt.total_days() <= LAG_DAYS)
        )
        .with_columns(from_date=pl.col("value_date").dt.offset_by(f"-{LAG_DAYS}d"))
        .sort("from_date", "number")
    )
    if nameless.is_empty():
        return came
    before = pl.DataFrame({"list_date": lists, "before_date": lists.shift()}).sort("list_date")
    rows = (
        came.filter(_IS_LEDGER & pl.col("claim").is_not_null() & (_AMOUNT > 0))
        .join(_unexplained(came, items, last), on="claim")
        .filter(pl.col("implied") >= _AMOUNT)
        .select("claim", *_LINE, "number", "implied", list_date="value_date")
        .sort("list_date")
        .join(before, on="list_date", how="left")
    )
    groups = rows.group_by("debtor_id", "currency", "list_date", "before_date").agg(
        _AMOUNT.sum(), items=pl.len(), whole=(pl.col("implied") == _AMOUNT).all()
    )
    one = _paired(nameless, rows.with_columns(whole=pl.col("implied") == _AMOUNT), last)
    used = one.select("debtor_id", "currency", "list_date").unique()
    left = nameless.join(one, on="payment_id", how="anti")
    many = _paired(
        left, groups.filter(pl.col("items") > 1).join(used, on=["debtor_id", "currency", "list_date"], how="anti"), last
    )
    parts = pl.concat(
        [
            one.select("payment_id", "number", "claim", "amount_minor", "implied", "list_date"),
            many.select("payment_id", "number", "debtor_id", "currency", "list_date")
            .join(rows.drop("number"), on=["debtor_id", "currency", "list_date"])
            .select("payment_id", "number", "claim", "amount_minor", "implied", "list_date"),
        ]
    )
    if parts.is_empty():
        return came
    # several lines may not name more of a claim than nobody else explains
    parts = (
        parts.sort("claim", "list_date", "number")
        .filter(running_sum(_AMOUNT, ["claim"]) <= pl.col("implied"))
        .group_by("payment_id", "claim")
        .agg(_AMOUNT.sum())
    )
    named = parts.group_by("payment_id").agg(named_minor=_AMOUNT.sum())
    lines = came.filter(pl.col("claim").is_null() & ~_IS_LEDGER).join(named, on="payment_id")
    rest = lines.with_columns(amount_minor=_AMOUNT - pl.col("named_minor")).filter(_AMOUNT > 0).select(came.columns)
    pays = (
        lines.drop("claim", "amount_minor", "inferred")
        .join(parts, on="payment_id")
        .with_columns(inferred=pl.lit(value=True))
        .select(came.columns)
    )
    return pl.concat([came.join(named, on="payment_id", how="anti"), rest, pays])


def _paired(lines: pl.DataFrame, cleared: pl.DataFrame, last: date) -> pl.DataFrame:
    """Lines and what was cleared by the same amount: each with the first list that may speak of it, one to one."""
    key = [*_LINE, "list_date"]
    found = (
        lines.select("payment_id", "value_date", "number", "from_date", *_LINE)
        .sort("from_date", "number")
        .join_asof(
            cleared.select(*key, "before_date").unique(key).sort("list_date"),
            left_on="from_date", right_on="list_date", by=_LINE, strategy="forward", check_sortedness=False,
        )
        .filter(
            pl.col("list_date").is_not_null()
            & (
                pl.col("before_date").is_null()
                | (pl.col("before_date") < pl.col("value_date").dt.offset_by(f"{BOOKED_WITHIN_DAYS}d"))
            )
        )
        .sort("value_date", "number", "payment_id")
        .with_columns(place=pl.int_range(pl.len()).over(key))
    )  # fmt: skip
    order = [*key, "number"] if "number" in cleared.columns else key
    numbered = (
        cleared.drop("before_date").sort(order).drop("number", strict=False)
        .with_columns(place=pl.int_range(pl.len()).over(key))
    )  # fmt: skip
    return found.join(numbered, on=[*key, "place"]).filter((pl.col("value_date") <= last) | pl.col("whole"))
