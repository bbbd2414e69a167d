"""How far each item has come: stages are recomputed from the contacts that took place, never counted on a row."""

from datetime import date

import polars as pl

from dunwell.core.terms import ContactOutcome, Stage
from dunwell.engine import cash
from dunwell.engine.facts import Facts

COUNTED = ("sent", "unknown", *map(str, ContactOutcome))
"""Outcomes that count as a contact. A message whose fate a crash left open may have arrived, so it counts; a call or
a visit counts whoever answered."""


def outbound(facts: Facts) -> pl.DataFrame:
    """The contacts that reached, or may have reached, a debtor from us."""
    return facts["contacts"].filter((pl.col("direction") == "out") & pl.col("outcome").is_in(COUNTED))


def reached(facts: Facts, day: date) -> pl.DataFrame:
    """Per item that anything was done about, or about its claim: a charge goes the way of its invoice, so that a
    penalty does not begin again with a reminder after the final deadline.

    reached          the highest stage of a contact that named it, or of a step recorded for it (Int16; 0: none)
    reached_date     the day it came there
    before_talk      the highest step below a talk of a person, who may be called in early (0: none); before_date: the
                     day it came there; talk_date: the first talk since, which then is its reached_date
    deadline_date    the first final deadline set for it; null before a second dunning
    tries            calls at the stage of a call that reached nobody, and so took no step; tried_date: the last

    The first day and the first deadline count: letters about newer items name the older ones again, and must not
    put off their next step for ever.
    """
    named = facts["contact_items"].filter(pl.col("stage").is_not_null()).join(
        outbound(facts).select("contact_id", "contact_date", "deadline_date"), on="contact_id"
    )  # fmt: skip
    done = facts["steps"].filter(pl.col("withdrawn_date").is_null() | (pl.col("withdrawn_date") > day))
    taken = pl.concat([
        named.select("receivable_id", "stage", "contact_date", "deadline_date"),
        done.filter("taken").select("receivable_id", "stage", contact_date="done_date"),
    ], how="diagonal")  # fmt: skip
    claims = _claims(facts)
    taken = taken.join(claims, on="receivable_id").drop("receivable_id").rename({"claim": "receivable_id"})
    first = taken.group_by("receivable_id", "stage").agg(
        reached_date=pl.col("contact_date").min(), deadline_date=pl.col("deadline_date").min()
    )
    highest = pl.col("stage") == pl.col("stage").max()
    before = (
        first.filter(pl.col("stage") < Stage.PERSON)
        .group_by("receivable_id")
        .agg(before_talk=pl.col("stage").max(), before_date=pl.col("reached_date").filter(highest).first())
    )
    since = pl.col("contact_date") >= pl.col("before_date").fill_null(date.min)
    talks = (
        taken.filter(pl.col("stage") == Stage.PERSON)
        .join(before, on="receivable_id", how="left")
        .filter(since)
        .group_by("receivable_id")
        .agg(talk_date=pl.col("contact_date").min())
    )
    deadlines = first.filter(pl.col("stage") == Stage.SECOND_DUNNING).select("receivable_id", "deadline_date")
    tries = (
        done.filter(~pl.col("taken"))
        .group_by("receivable_id")
        .agg(tries=pl.len().cast(pl.Int32), tried_date=pl.col("done_date").max())
        .join(claims, on="receivable_id")
        .group_by(receivable_id="claim")
        .agg(pl.col("tries").max(), pl.col("tried_date").max())
    )
    return (
        first.group_by("receivable_id")
        .agg(pl.col("stage").max())
        .join(first.drop("deadline_date"), on=["receivable_id", "stage"])
        .rename({"stage": "reached"})
        .join(deadlines, on="receivable_id", how="left")
        .join(before, on="receivable_id", how="left")
        .join(talks, on="receivable_id", how="left")
        .with_columns(
            reached_date=pl.when(pl.col("reached") == Stage.PERSON)
            .then(pl.coalesce("talk_date", "reached_date"))
            .otherwise("reached_date")
        )
        .join(tries, on="receivable_id", how="full", coalesce=True)
        .with_columns(pl.col("reached", "before_talk", "tries").fill_null(0))
        .rename({"receivable_id": "claim"})
        .join(claims, on="claim")
        .drop("claim")
    )


def _claims(facts: Facts) -> pl.DataFrame:
    """receivable_id, claim: see `cash.claim_key`."""
    with_claim = facts["receivables"].with_columns(claim_id=cash.claim_of())
    return with_claim.select("receivable_id", claim=cash.claim_key("claim_id"))


def last_message(facts: Facts) -> pl.DataFrame:
    """Per debtor and currency: last_message_date and messages (how many so far) about what is owed in it."""
    return (
        outbound(facts)
        .filter(pl.col("stage").is_not_null())
        .group_by("debtor_id", "currency")
        .agg(last_message_date=pl.col("contact_date").max(), messages=pl.len().cast(pl.Int32))
    )
