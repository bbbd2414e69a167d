"""Carry an outcome into the tables: outbox, decisions acted on, standings, matches. Called inside the run's act.

Each compares frames and touches only what changed; the conditional updates lose to a sender that was quicker.
"""

import json
from datetime import date, datetime

import polars as pl
from django.db import connection

from dunwell.actions.day import release_tables
from dunwell.actions.day.items_hash import hashes_of
from dunwell.actions.day.release_tables import DROPPED, SUPERSEDED
from dunwell.core.terms import LIVE_STATES, Note, OutboxState, Stage
from dunwell.engine.book.cash import MATCHES
from dunwell.engine.day.decide import LINES, Outcome
from dunwell.engine.facts import SCHEMA_VERSION
from dunwell.rulebook.strategy import Strategy
from dunwell.store import dialect
from dunwell.store.models import Creditor, Run

PURPOSE = "collection"
_PENDING = str(tuple(str(state) for state in LIVE_STATES if state != OutboxState.CLAIMED))
_SAME = ["stage", "language", "channel", "contact_point_id", "total_minor", "items_hash"]


def put_in_outbox(
    run: Run, outcome: Outcome, strategy: Strategy, debtors: pl.DataFrame, at: datetime
) -> tuple[dict[str, int], dict[str, int]]:
    """Prepare today's messages, keep those that still hold, cancel what no longer does; then release what the
    creditor's setting lets leave by itself.

    At most one message per debtor and currency is prepared for a day. The key names the place on the ladder (stage, how
    many messages went before), or the promise, and a revision (how often a message of that place was cancelled): it
    can leave once.
    Returns how many were prepared, kept and cancelled, and why how many wait for a person.
    """
    wanted = _wanted(run.creditor, outcome, debtors).join(hashes_of(outcome, strategy), on=["debtor_id", "currency"])
    live = _live(run.creditor)
    pending = live.filter(pl.col("state") != OutboxState.CLAIMED)
    kept = pending.join(wanted, on=["debtor_id", "currency", *_SAME], how="semi")
    dropped = pending.join(kept, on="id", how="anti")
    with connection.cursor() as cursor:
        for part in _parts(dropped["id"].to_list()):
            cursor.execute(
                "UPDATE store_outboxmessage SET state = %s, state_reason = %s, settled_at = %s"
                f" WHERE state IN {_PENDING} AND id IN ({part})",
                [OutboxState.CANCELLED, SUPERSEDED, at],
            )
        for part in _parts(kept["id"].to_list()):
            cursor.execute(
                f"UPDATE store_outboxmessage SET as_of = %s, run_id = %s WHERE state IN {_PENDING} AND id IN ({part})",
                [run.as_of, run.pk],
            )
    # a sender may have been quicker since `live` was read: what he claimed is his, what he sent is not sent again
    fresh = _unprepared(run.creditor, wanted, run.as_of)
    new, waits = release_tables.judged(run, fresh, changed=dropped["id"], wanted=wanted.height, at=at)
    rows = new.select(
        "debtor_id",
        "stage",
        "currency",
        "language",
        "channel",
        "contact_point_id",
        "total_minor",
        "items_hash",
        "not_before_at",
        "state",
        "state_reason",
        "released_at",
        "held_by",
        "review_note",
        "purpose",
        "promise_id",
        key=pl.concat_str("place", pl.col("revision").fill_null(0), separator=":"),
        creditor_id=pl.lit(run.creditor.pk, pl.Int64),
        run_id=pl.lit(run.pk, pl.Int64),
        as_of=pl.lit(run.as_of),
        attempts=pl.lit(0, pl.Int16),
        claimed_by=pl.lit(""),
        released_by=pl.lit(""),
    )
    dialect.insert_frame("store_outboxmessage", rows)
    return {"prepared": new.height, "kept": kept.height, "cancelled": dropped.height}, waits


def nothing_to_prepare(creditor: Creditor, as_of: date, outcome: Outcome, debtors: pl.DataFrame) -> bool:
    """Does a message wait, or did one leave, for every line that wants one?

    False after the last look cancelled one, or one could not be written: the template, the address or the setting may
    be mended by now, so the run prepares it again. Not what a person dropped for the day.
    """
    return _unprepared(creditor, _wanted(creditor, outcome, debtors), as_of).is_empty()


def _wanted(creditor: Creditor, outcome: Outcome, debtors: pl.DataFrame) -> pl.DataFrame:
    """The lines that want a message, with its place on the ladder, and the messages about promises, whose place is
    their promise: one reminder and one message of thanks may leave of each."""
    steps = outcome.lines.filter(pl.col("action") == "message").select(
        *_WANTED, "stage", purpose=pl.lit(PURPOSE), promise_id=pl.lit(None, pl.Int64), word=_stage_word(),
        which=pl.col("messages").cast(pl.Int64),
    )  # fmt: skip
    purpose = pl.col("note").replace_strict({note.value: note.purpose for note in Note}, return_dtype=pl.String)
    notes = outcome.notes.select(
        *_WANTED, stage=pl.lit(int(Stage.NONE), pl.Int16), purpose=purpose, promise_id="promise_id", word="note",
        which="promise_id",
    )  # fmt: skip
    return (
        pl.concat([steps, notes])
        .join(debtors.select("debtor_id", "number"), on="debtor_id")
        .with_columns(
            place=pl.concat_str(pl.lit(creditor.code), "number", "purpose", "currency", "word", "which", separator=":")
        )
        .drop("word", "which")
    )


_WANTED = ["debtor_id", "currency", "language", "channel", "contact_point_id", "total_minor", "not_before_at"]


def _unprepared(creditor: Creditor, wanted: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Those of the lines for which no message lives, none of their place has left, and none was dropped for the day,
    with the next revision."""
    taken = pl.concat([_live(creditor).select("debtor_id", "currency"), _dropped(creditor, as_of)])
    places = _places(creditor)
    left = places.filter(pl.col("left")).select("place")
    return (
        wanted.join(taken, on=["debtor_id", "currency"], how="anti")
        .join(left, on="place", how="anti")
        .join(places, on="place", how="left")
    )


def keep_decisions(run: Run, outcome: Outcome) -> None:
    """Rows for what was acted on: a message, or a task for a person that is new since the last standing."""
    before = _standing(run.creditor).filter(pl.col("action") == "task").select("debtor_id", "currency", "reason")
    tasks = outcome.lines.filter(pl.col("action") == "task").join(
        before, on=["debtor_id", "currency", "reason"], how="anti"
    )
    messages = outcome.lines.filter(pl.col("action") == "message")
    acted = pl.concat([part.select("debtor_id") for part in (messages, tasks, outcome.notes)])
    rows = (
        outcome.decisions.join(acted.select("debtor_id").unique(), on="debtor_id", how="semi")
        # who is thanked for his last money has no line any more
        .join(
            _body(outcome.lines).group_by("debtor_id").agg(pl.col("body").sort().str.join(",")),
            on="debtor_id",
            how="left",
        )
        .sort("debtor_id")
        .select(
            "debtor_id",
            "action",
            "stage",
            "channel",
            "reason",
            body=pl.concat_str(pl.lit("["), pl.col("body").fill_null(""), pl.lit("]")),
            creditor_id=pl.lit(run.creditor.pk, pl.Int64),
            run_id=pl.lit(run.pk, pl.Int64),
            as_of=pl.lit(run.as_of),
            schema_version=pl.lit(SCHEMA_VERSION, pl.Int16),
        )
    )
    dialect.insert_frame("store_decision", rows)


def refresh_standing(
    creditor: Creditor, as_of: date, outcome: Outcome, *, run: Run | None = None, debtor: int | None = None
) -> None:
    """The latest answer per debtor and currency; of the whole book, or of one debtor. Writes only what changed.

    run   whose folder keeps what the contact rules said for it; without one, the rows of the one debtor keep it
    """
    now = outcome.lines.join(_body(outcome.lines), on=["debtor_id", "currency"]).select(
        "debtor_id",
        "currency",
        "open_minor",
        "overdue_minor",
        "credit_minor",
        "days_past_due",
        "stage",
        "action",
        "reason",
        "body",
    )
    before = _standing(creditor, debtor)
    if debtor is not None:
        now = now.filter(pl.col("debtor_id") == debtor)
    # the body as data: the databases write the same JSON in different ways
    told = pl.Struct({name: pl.String() if kind.is_temporal() else kind for name, kind in LINES.items()})
    before = before.with_columns(pl.col("body").str.json_decode(told)).unnest("body", separator=".")
    fresh = now.with_columns(pl.col("body").str.json_decode(told)).unnest("body", separator=".")
    same = fresh.columns
    gone = before.join(fresh, on=same, how="anti", nulls_equal=True)
    fresh = now.join(
        before.join(fresh, on=same, how="semi", nulls_equal=True), on=["debtor_id", "currency"], how="anti"
    )
    with connection.cursor() as cursor:
        for part in _parts(gone["id"].to_list()):
            cursor.execute(f"DELETE FROM store_standing WHERE id IN ({part})")
    dialect.insert_frame(
        "store_standing",
        fresh.with_columns(
            creditor_id=pl.lit(creditor.pk, pl.Int64),
            as_of=pl.lit(as_of),
            run_id=pl.lit(run.pk if run else None, pl.Int64),
            findings=pl.lit(None if run else _findings_json(outcome.findings, debtor), pl.String),
        ),
    )


def _findings_json(found: pl.DataFrame, debtor: int | None) -> str:
    mine = found if debtor is None else found.filter(pl.col("debtor_id") == debtor)
    return json.dumps([{name: _plain(value) for name, value in row.items()} for row in mine.to_dicts()])


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def refresh_matches(creditor: Creditor, outcome: Outcome, at: datetime) -> None:
    """The matches of the day's facts. One that changed or went moves to the past with the moment it held until."""
    now = outcome.matches
    before = dialect.read_frame(
        f"SELECT id, {', '.join(MATCHES)} FROM store_match WHERE creditor_id = %s",
        [creditor.pk],
        {"id": pl.Int64(), **MATCHES},
    )
    gone = before.join(now, on=list(MATCHES), how="anti")
    fresh = now.join(before, on=list(MATCHES), how="anti")
    columns = ", ".join(["creditor_id", "source_id", "known_from", *MATCHES])
    with connection.cursor() as cursor:
        for part in _parts(gone["id"].to_list()):
            cursor.execute(
                f'INSERT INTO store_matchpast ("of", known_to, {columns})'
                f" SELECT id, %s, {columns} FROM store_match WHERE id IN ({part})",
                [at],
            )
            cursor.execute(f"DELETE FROM store_match WHERE id IN ({part})")
    dialect.insert_frame(
        "store_match",
        fresh.with_columns(creditor_id=pl.lit(creditor.pk, pl.Int64), known_from=pl.lit(at)),
    )


def _stage_word() -> pl.Expr:
    return pl.col("stage").replace_strict({int(s): s.word for s in Stage}, return_dtype=pl.String)


def _body(lines: pl.DataFrame) -> pl.DataFrame:
    """Each line as a JSON object, for `explain` and for screens."""
    return lines.select(
        "debtor_id",
        "currency",
        body=pl.struct(
            *(
                pl.col(name).cast(pl.String) if kind.is_temporal() else pl.col(name)
                for name, kind in lines.schema.items()
            )
        ).struct.json_encode(),
    )


def _live(creditor: Creditor) -> pl.DataFrame:
    states = ", ".join(f"'{state}'" for state in LIVE_STATES)
    return dialect.read_frame(
        "SELECT id, debtor_id, currency, stage, language, channel, contact_point_id, total_minor, items_hash, state"
        f" FROM store_outboxmessage WHERE creditor_id = %s AND state IN ({states})",
        [creditor.pk],
        {
            "id": pl.Int64(),
            "debtor_id": pl.Int64(),
            "currency": pl.String(),
            "stage": pl.Int16(),
            "language": pl.String(),
            "channel": pl.String(),
            "contact_point_id": pl.Int64(),
            "total_minor": pl.Int64(),
            "items_hash": pl.String(),
            "state": pl.String(),
        },
    )


def _dropped(creditor: Creditor, as_of: date) -> pl.DataFrame:
    """debtor_id, currency: what a person dropped, and the day's run does not prepare again."""
    return dialect.read_frame(
        "SELECT debtor_id, currency FROM store_outboxmessage"
        " WHERE creditor_id = %s AND state = %s AND state_reason = %s AND free_date > %s",
        [creditor.pk, OutboxState.CANCELLED, DROPPED, as_of],
        {"debtor_id": pl.Int64(), "currency": pl.String()},
    )


def _places(creditor: Creditor) -> pl.DataFrame:
    """place on the ladder -> revision (how many messages of it there were), left (one of them left, or may have)."""
    keys = dialect.read_frame(
        "SELECT key, state FROM store_outboxmessage WHERE creditor_id = %s",
        [creditor.pk],
        {"key": pl.String(), "state": pl.String()},
    )
    return (
        keys.with_columns(place=pl.col("key").str.replace(r":\d+$", ""))
        .group_by("place")
        .agg(
            revision=pl.len().cast(pl.Int32),
            left=pl.col("state").is_in([str(OutboxState.SENT), str(OutboxState.UNKNOWN)]).any(),
        )
    )


def _standing(creditor: Creditor, debtor: int | None = None) -> pl.DataFrame:
    only, which = ("", []) if debtor is None else (" AND debtor_id = %s", [debtor])
    return dialect.read_frame(
        "SELECT id, debtor_id, currency, open_minor, overdue_minor, credit_minor, days_past_due, stage, action, reason,"
        f" body FROM store_standing WHERE creditor_id = %s{only}",
        [creditor.pk, *which],
        {
            "id": pl.Int64(),
            "debtor_id": pl.Int64(),
            "currency": pl.String(),
            "open_minor": pl.Int64(),
            "overdue_minor": pl.Int64(),
            "credit_minor": pl.Int64(),
            "days_past_due": pl.Int32(),
            "stage": pl.Int16(),
            "action": pl.String(),
            "reason": pl.String(),
            "body": pl.String(),
        },
    )


def _parts(ids: list[int]) -> list[str]:
    """Row ids of ours as text, in portions that any database takes."""
    return [", ".join(str(each) for each in ids[start : start + 5_000]) for start in range(0, len(ids), 5_000)]
