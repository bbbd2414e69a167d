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
    """receivable_id, currency, above_minor (> 0): so much more than its own amount a list once showed open of an item.

    That is the item's true size from then on: what lists show less later was paid of it.
    """
    key = ["receivable_id", "currency"]
    ledger = facts["payments"].filter(_IS_LEDGER & pl.col("receivable_id").is_not_null())
    if ledger.is_empty():
        return ledger.select(*key, above_minor=_AMOUNT)
    return (
        ledger.join(ledger.filter(_AMOUNT < 0), on=key, how="semi")
        .group_by(*key, "value_date")
        .agg(_AMOUNT.sum())
        .sort(*key, "value_date")
        .with_columns(above_minor=-running_sum(_AMOUNT, key))
        .group_by(key)
        .agg(pl.col("above_minor").max())
        .filter(pl.col("above_minor") > 0)
    )


def effective(came: pl.DataFrame, items: pl.DataFrame, facts: Facts, told_until: date | None = None) -> pl.DataFrame:
    """Money (see `cash.money`) as it counts: implied payments cut down to what no bank line explains.

    items: `cash.components`. told_until: the last day that rows of other parts of the book speak of as lists do, where
    the facts are a part of it. Adds `inferred` (Boolean: the bank line names nothing, its amount told what it pays).
    """
    came = came.with_columns(inferred=pl.lit(value=False))
    if not came.select(_IS_LEDGER.any()).item() and items["open_as_of_date"].null_count() == items.height:
        return came
    lists = facts["open_item_days"]["as_of"].unique().sort()
    # a row that says of its own item that it is paid speaks like a list
    others = pl.Series([told_until], dtype=pl.Date)
    spoken = pl.concat([lists, came.filter(_IS_LEDGER)["value_date"], others]).max()
    last = spoken if isinstance(spoken, date) else date.min
    came = _without_known(came, items, last)
    if not came.select(_IS_LEDGER.any()).item():
        return came
    above = shown_above(facts)
    came = _named_by_amount(came, _unexplained(came, items, above, last), lists, last)
    kept = (
        came.filter(_IS_LEDGER & pl.col("claim").is_not_null())
        .join(_unexplained(came, items, above, last), on="claim")
        .sort("claim", "value_date", "number")
        .with_columns(until=running_sum(_AMOUNT.clip(lower_bound=0), ["claim"]))
        .with_columns(
            amount_minor=pl.min_horizontal("until", "implied")
            - pl.min_horizontal(pl.col("until") - _AMOUNT.clip(lower_bound=0), "implied")
        )
        .select(came.columns)
    )
    return pl.concat([came.filter(~_IS_LEDGER), came.filter(_IS_LEDGER & pl.col("claim").is_null()), kept])


def paid_by_lists(came: pl.DataFrame, above: pl.DataFrame) -> pl.DataFrame:
    """claim, said: what the lists say was paid of each claim. above: see `shown_above`."""
    return (
        came.filter(_IS_LEDGER & pl.col("claim").is_not_null())
        .group_by("claim", "named_id", "currency")
        .agg(_AMOUNT.sum())
        .join(above, left_on=["named_id", "currency"], right_on=["receivable_id", "currency"], how="left")
        .with_columns(_AMOUNT + pl.col("above_minor").fill_null(0))
        .group_by("claim")
        .agg(said=_AMOUNT.clip(lower_bound=0).sum())
    )


def _unexplained(came: pl.DataFrame, items: pl.DataFrame, above: pl.DataFrame, last: date) -> pl.DataFrame:
    """claim, implied: what counts of the payments that lists imply. Of claims with any money that names them."""
    named = came.filter(pl.col("claim").is_not_null())
    in_list = pl.col("value_date") <= last
    lately = (pl.col("value_date") > last) & ((pl.col("value_date") - last).dt.total_days() <= LAG_DAYS)
    said = paid_by_lists(named, above)
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
            # what came after the list that showed it paid is other money; what went back explains the reopening
            taken_back=((day <= pl.col("taken_date")) | ((_AMOUNT < 0) & (day <= pl.col("back_date")))).fill_null(
                value=False
            ),
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


def _named_by_amount(came: pl.DataFrame, unexplained: pl.DataFrame, lists: pl.Series, last: date) -> pl.DataFrame:
    """Step 2: bank lines and credit notes without an item pay what was cleared by exactly their amount."""
    came = came.with_row_index("line")
    nameless = came.filter(
        pl.col("claim").is_null()
        & ~_IS_LEDGER
        & (_AMOUNT > 0)
        & ((pl.col("value_date") - last).dt.total_days() <= LAG_DAYS)
    ).with_columns(from_date=pl.col("value_date").dt.offset_by(f"-{LAG_DAYS}d"))
    if nameless.is_empty():
        return came.drop("line")
    before = pl.DataFrame({"list_date": lists, "before_date": lists.shift()})
    rows = (
        came.filter(_IS_LEDGER & pl.col("claim").is_not_null() & (_AMOUNT > 0))
        .join(unexplained, on="claim")
        .filter(pl.col("implied") >= _AMOUNT)
        .select("claim", *_LINE, "number", "implied", list_date="value_date")
        .join(before, on="list_date", how="left")
        .with_columns(whole=pl.col("implied") == _AMOUNT)
    )
    one = _paired(nameless, rows, last)
    used = one.select("debtor_id", "currency", "list_date").unique()
    together = (
        rows.join(used, on=["debtor_id", "currency", "list_date"], how="anti")
        .group_by("debtor_id", "currency", "list_date", "before_date")
        .agg(_AMOUNT.sum(), items=pl.len(), whole=pl.col("whole").all(), claim=pl.lit(0, pl.Int64), number=pl.lit(""))
        .filter(pl.col("items") > 1)
    )
    many = _paired(nameless.join(one, on="line", how="anti"), together, last)
    part = ["line", "line_number", "claim", "amount_minor", "implied", "list_date"]
    parts = pl.concat(
        [
            one.join(rows.select("claim", "number", "implied"), on=["claim", "number"]).select(part),
            many.select("line", "line_number", "debtor_id", "currency", "list_date")
            .join(rows, on=["debtor_id", "currency", "list_date"])
            .select(part),
        ]
    )
    # several lines may not name more of a claim than nobody else explains
    parts = (
        parts.sort("claim", "list_date", "line_number")
        .filter(running_sum(_AMOUNT, ["claim"]) <= pl.col("implied"))
        .group_by("line", "claim")
        .agg(_AMOUNT.sum())
    )
    named = parts.group_by("line").agg(named_minor=_AMOUNT.sum())
    lines = came.join(named, on="line")
    rest = lines.with_columns(amount_minor=_AMOUNT - pl.col("named_minor")).filter(_AMOUNT > 0).select(came.columns)
    pays = (
        lines.drop("claim", "amount_minor", "inferred")
        .join(parts, on="line")
        .with_columns(inferred=pl.lit(value=True))
        .select(came.columns)
    )
    return pl.concat([came.join(named, on="line", how="anti"), rest, pays]).drop("line")


_ROUNDS = 20
"""So often a line is offered the next list when the one before had nothing left for it."""


def _paired(lines: pl.DataFrame, cleared: pl.DataFrame, last: date) -> pl.DataFrame:
    """Lines and what was cleared by the same amount, one to one: each line takes from the first list that may speak of
    it and has something left. Columns of `cleared` (`number` is that of the implied payment), line, line_number."""
    found = []
    for _ in range(_ROUNDS):
        pairs = _pairs_once(lines, cleared, last)
        if pairs.is_empty():
            break
        found.append(pairs)
        lines = lines.join(pairs, on="line", how="anti")
        cleared = cleared.join(pairs, on=["claim", "number", *_LINE, "list_date"], how="anti")
    return pl.concat(found) if found else _pairs_once(lines.clear(), cleared, last)


def _pairs_once(lines: pl.DataFrame, cleared: pl.DataFrame, last: date) -> pl.DataFrame:
    key = [*_LINE, "list_date"]
    offered = (
        lines.select("line", "value_date", "from_date", *_LINE, line_number="number")
        .sort("from_date", "line_number")
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
        .drop("before_date")
        .sort("value_date", "line_number", "line")
        .with_columns(place=pl.int_range(pl.len()).over(key))
    )  # fmt: skip
    numbered = cleared.sort(*key, "number", "claim").with_columns(place=pl.int_range(pl.len()).over(key))
    return (
        offered.join(numbered, on=[*key, "place"])
        .filter((pl.col("value_date") <= last) | pl.col("whole"))
        .select("line", "line_number", "claim", "number", *_LINE, "list_date")
    )


def in_doubt(came: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """debtor_id, currency, doubt_minor: bank lines that name nothing, that nothing explains, and that the ledger had
    time to book before the last list. They may be credit, or long since part of what the lists show: a person looks."""
    return (
        doubtful(came, facts)
        .group_by("debtor_id", "currency")
        .agg(doubt_minor=_AMOUNT.sum())
        .filter(pl.col("doubt_minor") > 0)
    )


def doubtful(came: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """The rows of such bank lines."""
    last = facts["open_item_days"]["as_of"].max()
    return came.filter(
        pl.col("claim").is_null()
        & pl.col("payment_id").is_not_null()
        & ~_IS_LEDGER
        & (pl.col("value_date").dt.offset_by(f"{BOOKED_WITHIN_DAYS}d") <= pl.lit(last, pl.Date))
    )
