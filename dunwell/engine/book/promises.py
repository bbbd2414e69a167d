"""What became of promises: kept, part-kept, broken or open, computed from the money that came."""

from datetime import date

import polars as pl

from dunwell.engine.book.cash import effective_money
from dunwell.engine.facts import Facts, in_days
from dunwell.rulebook.contact_rules import Rules

_NONE = pl.DataFrame(
    schema={
        "promise_id": pl.Int64, "debtor_id": pl.Int64, "currency": pl.String, "amount_minor": pl.Int64,
        "made_date": pl.Date, "due_date": pl.Date, "until_date": pl.Date, "received_minor": pl.Int64,
        "state": pl.String,
    }
)  # fmt: skip
"""Nobody promised anything: of a single debtor that is what is asked most often."""


def promises(facts: Facts, rules: Rules, day: date, money: pl.DataFrame | None = None) -> pl.DataFrame:
    """Each promise with its state on a day: promise_id, debtor_id, currency, amount_minor, made_date, due_date,
    received_minor (what came for it, up to what was promised), until_date (the last day it is respected: money that
    comes later no longer keeps it), state (open, kept, part_kept, broken, withdrawn).

    Money of that currency counts from the day a promise was made to its until_date, and for one promise alone: the
    earliest due takes first, from the earliest money; then the one made first, then the smaller; withdrawn ones last.
    `money`: `cash.effective_money` of these facts, where it is known already.
    """
    if facts["promises"].is_empty():
        return _NONE
    came = _came(effective_money(facts) if money is None else money)
    return _states(facts["promises"], came, rules, day)


def newly_kept(facts: Facts, rules: Rules, day: date, since: date, money: pl.DataFrame) -> pl.DataFrame:
    """The promises that are kept on a day, and were not yet by the money that came before `since`: as `promises`, and
    kept_date (the first day by whose end the money was there, as far as is known today).

    Only debtors of a promise that could have been kept since then are looked at. money: `cash.effective_money`.
    """
    late = _came(money)
    recent = facts["promises"].filter(
        (pl.col("due_date").dt.offset_by(f"{grace_days(rules, day)}d") >= since)
        & (pl.col("withdrawn_date").is_null() | (pl.col("withdrawn_date") > day))
    )
    pair = ["debtor_id", "currency"]
    paid = late.filter(pl.col("value_date") >= since)
    made = facts["promises"].join(recent, on=pair, how="semi").join(paid, on=pair, how="semi")
    came = late.join(made, on=pair, how="semi")
    told = _states(made, came, rules, day)
    kept = told.filter(pl.col("state") == "kept").with_columns(kept_date=pl.lit(None, pl.Date))
    if kept.is_empty():
        return kept
    marked = told.with_columns(is_withdrawn=pl.col("state") == "withdrawn").drop("received_minor")
    # from the last day back to the first: what was received by then
    for before in range((day - since).days + 1):
        on = in_days(day, -before)
        had = _received(marked, came.filter(pl.col("value_date") <= on)).rename({"received_minor": "had_minor"})
        kept = kept.join(had, on="promise_id").with_columns(
            kept_date=pl.when(pl.col("had_minor") >= pl.col("amount_minor")).then(pl.lit(on)).otherwise("kept_date")
        ).drop("had_minor")  # fmt: skip
    earlier = _received(marked, came.filter(pl.col("value_date") < since)).rename({"received_minor": "had_minor"})
    return kept.join(earlier, on="promise_id").filter(pl.col("had_minor") < pl.col("amount_minor")).drop("had_minor")


def grace_days(rules: Rules, day: date) -> int:
    """So many days after a promise falls due money still keeps it."""
    return max([value["grace_days"] for _, value in rules.in_force(day, "promise")], default=0)


def _came(money: pl.DataFrame) -> pl.DataFrame:
    """Money, without credit notes."""
    return money.filter(pl.col("payment_id").is_not_null()).select(
        "debtor_id", "currency", "value_date", came_minor="amount_minor"
    )


def _states(made: pl.DataFrame, came: pl.DataFrame, rules: Rules, day: date) -> pl.DataFrame:
    """See `promises`."""
    made = made.with_columns(until_date=pl.col("due_date").dt.offset_by(f"{grace_days(rules, day)}d"))
    is_withdrawn = (pl.col("withdrawn_date") <= day).fill_null(value=False)
    over = pl.col("until_date") < day
    return (
        made.join(_received(made.with_columns(is_withdrawn=is_withdrawn), came), on="promise_id")
        .with_columns(
            state=pl.when(is_withdrawn)
            .then(pl.lit("withdrawn"))
            .when(pl.col("received_minor") >= pl.col("amount_minor"))
            .then(pl.lit("kept"))
            .when(over & (pl.col("received_minor") > 0))
            .then(pl.lit("part_kept"))
            .when(over)
            .then(pl.lit("broken"))
            .otherwise(pl.lit("open")),
        )
        .drop("withdrawn_date")
    )


def _received(made: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """promise_id, received_minor: who made one promise has all the money of its days; several share."""
    if made.is_empty():
        return made.select("promise_id", received_minor=pl.lit(0, pl.Int64))
    pair = ["debtor_id", "currency"]
    several = made.filter(pl.len().over(pair) > 1)
    alone = made.join(several, on=pair, how="anti")
    received = (
        came.join(alone.select(*pair, "promise_id", "made_date", "until_date"), on=pair)
        .filter(pl.col("value_date").is_between("made_date", "until_date"))
        .group_by("promise_id")
        .agg(pl.col("came_minor").sum())
    )
    one = alone.join(received, on="promise_id", how="left").select(
        "promise_id",
        # money that went back keeps others from counting, whichever it was
        received_minor=pl.min_horizontal("amount_minor", pl.col("came_minor").fill_null(0)).clip(lower_bound=0),
    )
    return pl.concat([one, _shared(several, came)])


def _shared(made: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """promise_id, received_minor: the money of each day handed out to one promise after another.

    Each promise changes what is left for the next, so this is a walk; only debtors of several promises are walked.
    """
    left: dict[tuple[int, str], dict[date, int]] = {}
    days = (
        came.join(made, on=["debtor_id", "currency"], how="semi")
        .group_by("debtor_id", "currency", "value_date")
        .agg(pl.col("came_minor").sum())
        .sort("value_date")
    )
    for debtor, currency, on, minor in days.iter_rows():
        left.setdefault((debtor, currency), {})[on] = minor
    found: list[tuple[int, int]] = []
    order = ["is_withdrawn", "due_date", "made_date", "amount_minor", "promise_id"]
    for row in made.sort(order).iter_rows(named=True):
        mine = left.get((row["debtor_id"], row["currency"]), {})
        span = [on for on in mine if row["made_date"] <= on <= row["until_date"]]
        # money that went back keeps others from counting, whichever it was
        received = max(min(row["amount_minor"], sum(mine[on] for on in span)), 0)
        found.append((row["promise_id"], received))
        for on in span:
            part = min(max(mine[on], 0), received)
            mine[on] -= part
            received -= part
    return pl.DataFrame(found, schema={"promise_id": pl.Int64, "received_minor": pl.Int64}, orient="row")
