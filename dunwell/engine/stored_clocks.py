"""Open items of the book as claims of the limitation clock, with the events that the book knows of."""

from datetime import date, timedelta

import polars as pl

from dunwell.core.terms import PaymentSource, ReceivableKind, Stage
from dunwell.engine import cash
from dunwell.engine.claims import open_items
from dunwell.engine.facts import Facts
from dunwell.engine.limitation import CALENDAR, CLAIMS, EVENTS, clocks
from dunwell.rulebook.calendars import table
from dunwell.rulebook.limitation_rules import LimitationRules

_AHEAD_YEARS = 4
"""A period that ends later than this is not looked up in the calendar: nothing is urgent about it yet."""


def stored_clocks(facts: Facts, day: date, place: str, rules: LimitationRules) -> pl.DataFrame:
    """`limitation.clocks` of every open item that stands alone, by facts as of `day`, under the law of `place`.

    claim_id is the receivable's. The kind of claim is not recorded, so that where the law knows several periods the
    shorter one gives the cautious date. Events: payments of bank lines (proven by their number), demands that left
    (whether they arrived is not proven), promises.
    """
    items = open_items(facts, day).filter(pl.col("kind") != ReceivableKind.CHARGE)
    claims = items.join(facts["debtors"].select("debtor_id", debtor_kind="kind"), on="debtor_id", how="left").select(
        claim_id="receivable_id", place=pl.lit(place), kind=pl.lit(None, pl.String), debtor_kind="debtor_kind",
        due_date="due_date", arose_date=pl.lit(None, pl.Date), last_instalment_date=pl.lit(None, pl.Date),
        agreed_until=pl.lit(None, pl.Date),
    )  # fmt: skip
    return clocks(claims.select(list(CLAIMS)), _events(facts, items), rules, _calendar(place, day), day)


def _events(facts: Facts, items: pl.DataFrame) -> pl.DataFrame:
    paid = cash.apply_cash(facts).paid.filter(
        (pl.col("source_kind") == PaymentSource.BANK) & pl.col("payment_id").is_not_null()
    )
    payments = paid.join(facts["payments"].select("payment_id", "value_date", "number"), on="payment_id").select(
        "receivable_id", event_kind=pl.lit("part_payment"), event_date="value_date", proof="number"
    )
    sent = facts["contacts"].filter(
        (pl.col("direction") == "out") & (pl.col("outcome") == "sent") & (pl.col("stage") >= Stage.REMINDER)
    )
    demands = facts["contact_items"].select("contact_id", "receivable_id").join(sent, on="contact_id").select(
        "receivable_id", event_kind=pl.lit("demand"), event_date="contact_date", proof=pl.lit(None, pl.String)
    )  # fmt: skip
    promises = facts["promises"].join(
        items.select("debtor_id", "currency", "receivable_id"), on=["debtor_id", "currency"]
    )
    promised = promises.select(
        "receivable_id", event_kind=pl.lit("promise"), event_date="made_date", proof=pl.lit(None, pl.String)
    )
    known = items.select("receivable_id", "due_date")
    return (
        pl.concat([payments, demands, promised])
        .join(known, on="receivable_id")
        # what happened before the claim fell due moves no clock
        .filter(pl.col("event_date") > pl.col("due_date"))
        .sort("receivable_id", "event_date", "event_kind", "proof")
        .with_row_index("event_id")
        .select(
            pl.col("event_id").cast(pl.Int64), "event_kind", "event_date", "proof", claim_id="receivable_id",
            until_date=pl.lit(None, pl.Date),
        )
        .select(list(EVENTS))
    )  # fmt: skip


def _calendar(place: str, day: date) -> pl.DataFrame:
    """Working days around the ends that matter; only the law of mainland China moves an end off them."""
    if place != "CN":
        return pl.DataFrame(schema=CALENDAR)
    days = table("CN", day - timedelta(days=3660), day + timedelta(days=366 * _AHEAD_YEARS))
    return days.select(list(CALENDAR)).cast(CALENDAR)  # type: ignore[arg-type]
