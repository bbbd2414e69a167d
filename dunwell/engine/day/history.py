"""How far each item has come: stages are recomputed from the contacts that took place, never counted on a row."""

from datetime import date

import polars as pl

from dunwell.core.terms import TALKS, ContactOutcome, Note, Stage
from dunwell.engine.book import cash
from dunwell.engine.facts import Facts

COUNTED = ("sent", "unknown", *map(str, ContactOutcome))
"""Outcomes that count as a contact. A message whose fate a crash left open may have arrived, so it counts; a call or
a visit counts whoever answered."""


def outbound(facts: Facts) -> pl.LazyFrame:
    """The contacts that reached, or may have reached, a debtor from us. Lazy: the columns nobody asks for stay where
    they are."""
    return facts["contacts"].lazy().filter(_OUTBOUND)


_OUTBOUND = (pl.col("direction") == "out") & pl.col("outcome").is_in(COUNTED)


TALK_DATES = {stage: f"{stage.word}_date" for stage in TALKS}
"""The column of each kind of talk."""


def reached(facts: Facts, day: date) -> pl.DataFrame:
    """Per item that anything was done about, or about its claim: a charge goes the way of its invoice, so that a
    penalty does not begin again with a reminder after the final deadline.

    reached          the highest stage of a contact that named it, or of a step recorded for it (Int16; 0: none)
    reached_date     the day it came there
    written          the highest stage that is no talk: no talk stands in for a letter (0: none); written_date: the day
                     it came there
    call_date, person_date, mediation_date
                     talks of a higher stage: the first since written_date, else the last before it; null: none
    deadline_date    the first final deadline set for it; null before a second dunning
    tries            calls at the stage of a call that reached nobody, and so took no step; tried_date: the last

    The first day and the first deadline count: letters about newer items name the older ones again, and must not
    put off their next step for ever.
    """
    named = facts["contact_items"].lazy().filter(pl.col("stage").is_not_null()).join(
        outbound(facts).select("contact_id", "contact_date", "deadline_date"), on="contact_id"
    )  # fmt: skip
    done = facts["steps"].lazy().filter(pl.col("withdrawn_date").is_null() | (pl.col("withdrawn_date") > day))
    taken = pl.concat([
        named.select("receivable_id", "stage", "contact_date", "deadline_date"),
        done.filter("taken").select(
            "receivable_id", "stage", contact_date="done_date", deadline_date=pl.lit(None, pl.Date)
        ),
    ])  # fmt: skip
    claims = _claims(facts)
    taken = taken.join(claims, on="receivable_id").drop("receivable_id")
    return (
        _stages(taken.collect())
        .join(_tries(done, claims), on="claim", how="full", coalesce=True)
        .with_columns(pl.col("reached", "written", "tries").fill_null(0))
        .join(claims, on="claim")
        .drop("claim")
        .collect()
    )


_DAYS = 1 << 32
"""Room for the days of any date beside a stage."""


def _stages(taken: pl.DataFrame) -> pl.LazyFrame:
    """What `reached` says of stages and days, per claim. taken: claim, stage, contact_date, deadline_date."""
    is_talk = pl.col("stage").is_in(list(map(int, TALKS)))
    # the highest stage and the first day of it in one number: a group of its own for each stage costs as much again
    days = pl.col("contact_date").to_physical().cast(pl.Int64)
    height = pl.col("stage").cast(pl.Int64) * _DAYS + (_DAYS // 2 - days)
    final = pl.when(pl.col("stage") == Stage.SECOND_DUNNING).then("deadline_date")
    written = (
        taken.lazy()
        .filter(~is_talk)
        .select("claim", height=height, deadline_date=final)
        .group_by("claim")
        .agg(pl.col("height").max(), pl.col("deadline_date").min())
        .select(
            "claim",
            written=(pl.col("height") // _DAYS).cast(pl.Int16),
            written_date=(_DAYS // 2 - pl.col("height") % _DAYS).cast(pl.Int32).cast(pl.Date),
            deadline_date="deadline_date",
        )
    )
    since = pl.col("contact_date") >= pl.col("written_date").fill_null(date.min)
    talks = (
        taken.lazy()
        .filter(is_talk)
        .join(written, on="claim", how="left")
        .filter(pl.col("stage") > pl.col("written").fill_null(0))
        .group_by("claim", "stage")
        .agg(talk_date=pl.coalesce(pl.col("contact_date").filter(since).min(), pl.col("contact_date").max()))
        .group_by("claim")
        .agg(
            pl.col("stage").max().alias("talk"),
            *(pl.col("talk_date").filter(pl.col("stage") == stage).first().alias(name)
              for stage, name in TALK_DATES.items()),
        )
    )  # fmt: skip
    dates = (pl.when(pl.col("reached") == stage).then(name) for stage, name in TALK_DATES.items())
    return (
        written.join(talks, on="claim", how="full", coalesce=True)
        .with_columns(reached=pl.max_horizontal("written", "talk"))
        .with_columns(reached_date=pl.coalesce(*dates, "written_date"))
        .drop("talk")
    )


def _tries(done: pl.LazyFrame, claims: pl.LazyFrame) -> pl.LazyFrame:
    return (
        done.filter(~pl.col("taken"))
        .group_by("receivable_id")
        .agg(tries=pl.len().cast(pl.Int32), tried_date=pl.col("done_date").max())
        .join(claims, on="receivable_id")
        .group_by("claim")
        .agg(pl.col("tries").max(), pl.col("tried_date").max())
    )


def _claims(facts: Facts) -> pl.LazyFrame:
    """receivable_id, claim: see `cash.claim_key`."""
    with_claim = facts["receivables"].lazy().with_columns(claim_id=cash.claim_of())
    return with_claim.select("receivable_id", claim=cash.claim_key("claim_id"))


def last_message(facts: Facts) -> pl.DataFrame:
    """Per debtor and currency: last_message_date and messages (how many so far) about what is owed in it.

    The reminder of a promise asks for money, so it is such a message; thanks for a promise are none.
    """
    return (
        outbound(facts)
        .filter(pl.col("stage").is_not_null() | _notes(Note.REMINDER))
        .group_by("debtor_id", "currency")
        .agg(last_message_date=pl.col("contact_date").max(), messages=pl.len().cast(pl.Int32))
        .collect()
    )


def notes_sent(facts: Facts, note: Note) -> pl.DataFrame:
    """The messages of a kind about promises that left: promise_id, debtor_id, currency, contact_date."""
    columns = ("promise_id", "debtor_id", "currency", "contact_date")
    # few contacts are about a promise, so that is asked first
    about_promises = facts["contacts"].filter(pl.col("promise_id").is_not_null())
    return about_promises.filter(_OUTBOUND & _notes(note)).select(columns)


def _notes(note: Note) -> pl.Expr:
    return pl.col("promise_id").is_not_null() & (pl.col("purpose") == note.purpose).fill_null(value=False)
