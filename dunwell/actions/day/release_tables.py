"""Release the messages of a run that the creditor's setting lets leave by itself. Called inside the run's act.

What waits is judged again by every run that writes: a hold that has ended, what was over yesterday's number, what waits
for a setting that has changed. What a person held stays held, and what took the place of a held message waits for him.
"""

from datetime import datetime, timedelta

import polars as pl
from django.db.models import Exists, OuterRef

from dunwell.core.terms import Note, OutboxState
from dunwell.engine.day.release import is_unusual, usual, waiting
from dunwell.rulebook.release import Release
from dunwell.store import dialect
from dunwell.store.models import Creditor, OutboxMessage, Run
from dunwell.store.reads.release import earlier_counts, release_of

DROPPED = "dropped"
"""Why a message was cancelled that a person dropped."""
REASSIGNED = "reassigned"
"""Why one was cancelled that a person took on."""
SUPERSEDED = "superseded"
"""Why one was cancelled that no longer holds, as a run found."""
_ANSWERED = (DROPPED, REASSIGNED, SUPERSEDED, "paid_meanwhile")
"""Cancelled for these, no message is owed a successor: a person decided, another run did, or the money came."""
CHANGED = "changed_while_held"
"""Why a message waits that took the place of one that a person held or wrote into."""


def judged(
    run: Run, fresh: pl.DataFrame, *, changed: pl.Series, wanted: int, at: datetime
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Release what waits and may leave; say of each fresh message whether it may.

    fresh     lines with place, not in the outbox yet
    changed   ids of messages that the run has cancelled because they no longer hold
    wanted    how many messages the day wants in all
    Returns the fresh ones with state, state_reason, released_at, held_by, review_note and the moment they may leave,
    and why how many wait.
    """
    release = release_of(run.creditor, run.as_of)
    unusual = is_unusual(release, wanted, usual(earlier_counts(run.creditor, run.as_of)))
    fresh = fresh.join(_held_before(run.creditor, changed), on=["debtor_id", "currency"], how="left").with_columns(
        pl.col("held_by", "review_note").fill_null("")
    )
    names = ["place", "stage", "note", "currency", "total_minor"]
    open_question = pl.concat(
        [
            _waiting_rows(run).with_columns(place=pl.col("key")).select("id", *names),
            _with_note(fresh.filter(held_by="")).select(pl.lit(None, pl.Int64).alias("id"), *names),
        ]
    )
    told = waiting(open_question, release, unusual=unusual, left=_let_go_today(run))
    _answer(told.filter(pl.col("id").is_not_null()), release, at)
    found = fresh.join(told.select("place", "waits"), on="place", how="left").with_columns(
        waits=pl.when(pl.col("held_by") == "").then("waits").otherwise(pl.lit(CHANGED))
    )
    again = fresh.filter(pl.col("held_by") != "").height
    return _with_state(found, release, at), _why(told, again)


def _waiting_rows(run: Run) -> pl.DataFrame:
    """What waits for a reason that may have gone, and what was held until a day that has come."""
    rows = dialect.read_frame(
        "SELECT id, key, stage, purpose, promise_id, currency, total_minor FROM store_outboxmessage"
        " WHERE creditor_id = %s"
        " AND ((state = %s AND state_reason <> %s) OR (state = %s AND free_date <= %s))",
        [run.creditor.pk, OutboxState.PREPARED, CHANGED, OutboxState.HELD, run.as_of],
        {
            "id": pl.Int64(),
            "key": pl.String(),
            "stage": pl.Int16(),
            "purpose": pl.String(),
            "promise_id": pl.Int64(),
            "currency": pl.String(),
            "total_minor": pl.Int64(),
        },
    )
    return _with_note(rows)


def _with_note(rows: pl.DataFrame) -> pl.DataFrame:
    """+ note: of a message about a promise, which of the two it is."""
    kinds = {note.purpose: note.value for note in Note}
    note = pl.col("purpose").replace_strict(kinds, default=None, return_dtype=pl.String)
    return rows.with_columns(note=pl.when(pl.col("promise_id").is_not_null()).then(note))


def _held_before(creditor: Creditor, changed: pl.Series) -> pl.DataFrame:
    """debtor_id, currency, held_by, review_note of messages that a person held or changed, or that waited for him, and
    that this run cancelled, or the sender by his last look, since when nothing was prepared."""
    theirs = OutboxMessage.objects.filter(creditor=creditor, state=OutboxState.CANCELLED).exclude(
        held_by="", edited_by=""
    )
    later = OutboxMessage.objects.filter(
        debtor_id=OuterRef("debtor_id"), currency=OuterRef("currency"), pk__gt=OuterRef("pk")
    )
    asked = [theirs.exclude(state_reason__in=_ANSWERED).filter(~Exists(later))]
    asked += [theirs.filter(pk__in=part["id"].to_list()) for part in changed.to_frame().iter_slices(5_000)]
    names = ("debtor_id", "currency", "held_by", "edited_by", "review_note")
    rows = [
        (debtor, currency, held or edited, note)
        for some in asked
        for debtor, currency, held, edited, note in some.values_list(*names)
    ]
    text = pl.String()
    kinds = {"debtor_id": pl.Int64(), "currency": text, "held_by": text, "review_note": text}
    return pl.DataFrame(rows, schema=kinds, orient="row").unique(["debtor_id", "currency"], keep="last")


def _let_go_today(run: Run) -> int:
    """How many the setting let leave on this day before."""
    mine = OutboxMessage.objects.filter(creditor=run.creditor, as_of=run.as_of, released_by="")
    return mine.filter(released_at__isnull=False).exclude(state=OutboxState.CANCELLED).count()


def _answer(told: pl.DataFrame, release: Release, at: datetime) -> None:
    """Write what was found of messages that stand in the outbox already; who was quicker keeps his word."""
    quiet = at + timedelta(minutes=release.quiet_minutes)
    for (why,), rows in told.group_by("waits"):
        mine = OutboxMessage.objects.filter(state__in=(OutboxState.PREPARED, OutboxState.HELD))
        for part in rows["id"].to_frame().iter_slices(5_000):
            some = mine.filter(pk__in=part["id"].to_list())
            if why is not None:
                some.update(state=OutboxState.PREPARED, state_reason=why, held_by="", review_note="", free_date=None)
                continue
            if release.quiet_minutes:
                some.filter(not_before_at__lt=quiet).update(not_before_at=quiet)
            some.update(
                state=OutboxState.RELEASED, state_reason="", released_at=at, released_by="", held_by="",
                review_note="", free_date=None,
            )  # fmt: skip


def _with_state(found: pl.DataFrame, release: Release, at: datetime) -> pl.DataFrame:
    goes = pl.col("waits").is_null()
    quiet = pl.lit(at + timedelta(minutes=release.quiet_minutes)).cast(found.schema["not_before_at"])
    moment = pl.max_horizontal("not_before_at", quiet) if release.quiet_minutes else pl.col("not_before_at")
    return found.with_columns(
        state=pl.when(goes).then(pl.lit(str(OutboxState.RELEASED))).otherwise(pl.lit(str(OutboxState.PREPARED))),
        state_reason=pl.col("waits").fill_null(""),
        released_at=pl.when(goes).then(pl.lit(at).cast(found.schema["not_before_at"])),
        not_before_at=moment,
    )


def _why(told: pl.DataFrame, asked_again: int) -> dict[str, int]:
    found = dict(told.filter(pl.col("waits").is_not_null()).group_by("waits").len().sort("waits").rows())
    return {**found, CHANGED: asked_again} if asked_again else found
