"""The daily run: decide the whole book of a creditor, keep what was decided, put messages in the outbox.

Nothing counts on yesterday's run having happened. A run that rests on the same facts and rules as the latest one of
its day, and so decides the same, leaves everything as it is: n runs are one run. Only a message that was cancelled
without any new fact (it could not be written, say) is prepared again: what stood in its way may be mended.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from dunwell import engine
from dunwell.actions.act import act
from dunwell.actions.business_day import day_start, today
from dunwell.actions.day import outcome_tables, run_folder
from dunwell.actions.facts import copies_of, facts_of
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Stage
from dunwell.engine.contact.findings import paused
from dunwell.engine.day.decide import Outcome
from dunwell.engine.day.sharded import Progress
from dunwell.engine.facts import SCHEMA_VERSION
from dunwell.rulebook.rank import Rank
from dunwell.rulebook.rules_file import Rules
from dunwell.rulebook.strategy import Strategy
from dunwell.store import dialect, journal
from dunwell.store.copies import Copies
from dunwell.store.models import Creditor, Run
from dunwell.store.reads.house_rules import rules_of
from dunwell.store.reads.strategies import strategy_of


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did. `run` is None for a dry run. `outbox`: prepared, kept, cancelled; or why it was left alone.

    waits   why how many of its messages wait until somebody releases them
    rank    the order of tasks in the strategy that was followed
    """

    creditor: str
    as_of: date
    run: str | None
    repeated: bool
    outbox: dict[str, int]
    outbox_left_alone: str | None
    summary: dict[str, Any]
    outcome: Outcome
    rank: Rank
    waits: dict[str, int] = field(default_factory=dict)


def inputs_of(
    creditor: Creditor,
    as_of: date,
    *,
    strategy: Strategy | None = None,
    rules: Rules | None = None,
    copies: Copies | None = None,
    known_at: datetime | None = None,
) -> run_folder.Inputs:
    """What a run of a day rests on, as known at a moment (None: now). copies: see `facts_of`."""
    facts = facts_of(creditor, known_at=known_at, around=as_of, clocks=True, copies=copies)
    if facts["debtors"].is_empty():
        raise DunwellError("run.nothing_imported", creditor=creditor.code)
    return run_folder.Inputs(
        facts=facts,
        strategy=strategy or strategy_of(creditor, as_of),
        rules=rules or rules_of(creditor, known_at),
        as_of=as_of,
        moment=day_start(creditor, as_of),
    )


def run_day(
    *,
    creditor: Creditor,
    as_of: date,
    now: datetime,
    by: Actor,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    deciding: Callable[[Progress], None] = lambda _: None,
) -> RunReport:
    """Run one day for one creditor. Refuses while another run is at work.

    progress is told each step; deciding, of a large book, how many debtors are decided.

    Any day may be given. Messages go to the outbox unless the day lies ahead, or a later day was run after it had
    come (`outbox_left_alone` says which): the past is decided for reading only once a later day has spoken.
    """
    with dialect.only_one("run"):
        progress("facts")
        inputs = inputs_of(creditor, as_of, copies=copies_of(creditor))
        progress("decisions")
        outcome = inputs.decide(deciding)
        summary = summarise(inputs, outcome)
        if dry_run:
            return RunReport(creditor.code, as_of, None, False, {}, "dry_run", summary, outcome, inputs.strategy.rank)
        manifest = run_folder.manifest_of(inputs, outcome)
        ahead = _is_ahead(creditor, as_of, now)
        left_alone = "day_ahead" if ahead else "later_day_was_run" if _later_day_spoke(creditor, as_of) else None
        same_day = Run.objects.filter(creditor=creditor, as_of=as_of).order_by("-pk").first()
        if (
            same_day is not None
            and _is_ahead(creditor, as_of, same_day.known_at) == ahead
            and _same(same_day, manifest)
            and (left_alone or outcome_tables.nothing_to_prepare(creditor, as_of, outcome, inputs.facts["debtors"]))
        ):
            return RunReport(
                creditor.code, as_of, same_day.name, True, {}, "repeated", summary, outcome, inputs.strategy.rank
            )
        name = f"{creditor.code}-{as_of:%Y%m%d}-{Run.objects.filter(creditor=creditor, as_of=as_of).count() + 1}"
        progress("files")
        run_folder.write(Path(settings.DUNWELL.runs) / name, inputs, outcome, manifest)
        progress("tables")
        outbox, waits = _keep(
            creditor=creditor, name=name, inputs=inputs, outcome=outcome, manifest=manifest, summary=summary,
            to_outbox=left_alone is None, at=now, by=by,
        )  # fmt: skip
        return RunReport(
            creditor.code, as_of, name, False, outbox, left_alone, summary, outcome, inputs.strategy.rank, waits
        )


def _is_ahead(creditor: Creditor, as_of: date, moment: datetime) -> bool:
    return as_of > today(creditor, moment)


def _same(run: Run, manifest: dict[str, Any]) -> bool:
    """Did that run rest on the same and decide the same?"""
    hashes = ("facts_hash", "strategy_hash", "rules_hash", "decisions_hash")
    return all(getattr(run, name) == manifest[name] for name in hashes)


def _later_day_spoke(creditor: Creditor, as_of: date) -> bool:
    """Was a later day run when it had come? A look ahead did not touch the outbox and silences nobody."""
    later = Run.objects.filter(creditor=creditor, as_of__gt=as_of).order_by("-as_of", "-pk")
    return any(not _is_ahead(creditor, run.as_of, run.known_at) for run in later)


@act("run.decide")
def _keep(
    *,
    creditor: Creditor,
    name: str,
    inputs: run_folder.Inputs,
    outcome: Outcome,
    manifest: dict[str, Any],
    summary: dict[str, Any],
    to_outbox: bool,
    at: datetime,
    by: Actor,
) -> tuple[dict[str, int], dict[str, int]]:
    """Write the run, its outbox messages, the decisions acted on and the standings: one transaction."""
    run = Run.objects.create(
        creditor=creditor,
        name=name,
        as_of=inputs.as_of,
        known_at=at,
        finished_at=at,
        facts_hash=manifest["facts_hash"],
        strategy_hash=manifest["strategy_hash"],
        rules_hash=manifest["rules_hash"],
        decisions_hash=manifest["decisions_hash"],
        engine_version=engine.VERSION,
        schema_version=SCHEMA_VERSION,
        summary=summary,
    )
    outbox: dict[str, int] = {}
    waits: dict[str, int] = {}
    if to_outbox:
        outbox, waits = outcome_tables.put_in_outbox(run, outcome, inputs.strategy, inputs.facts["debtors"], at)
        outcome_tables.keep_decisions(run, outcome)
        outcome_tables.refresh_standing(creditor, inputs.as_of, outcome, run=run)
        outcome_tables.refresh_matches(creditor, outcome, at)
    journal.append(
        "run.decided",
        creditor=creditor,
        by=by,
        at=at,
        key=name,
        body={"run": name, **manifest, "outbox": outbox, "waits": waits, "summary": summary},
    )
    return outbox, waits


def summarise(inputs: run_folder.Inputs, outcome: Outcome) -> dict[str, Any]:
    """Counts and sums of a day, for people and for the journal: whole numbers only."""
    lines = outcome.lines
    return {
        "debtors": inputs.facts["debtors"].height,
        "actions": _counts(outcome.decisions, "action"),
        "lines": _counts(lines, "action"),
        "reasons": _counts(lines, "reason"),
        "messages": [
            dict(zip(("stage", "channel", "count"), row, strict=True))
            for row in pl.concat(
                [
                    outcome.notes.select("channel", stage=pl.lit(int(Stage.NONE), pl.Int16)).select("stage", "channel"),
                    lines.filter(pl.col("action") == "message").select("stage", "channel"),
                ]
            )
            .group_by("stage", "channel")
            .len()
            .sort("stage", "channel")
            .rows()
        ],
        "refused": _counts(lines.filter(pl.col("reason") == "forbidden"), "rule"),
        "sums": {
            currency: {"open_minor": opened, "overdue_minor": overdue, "credit_minor": credit, "paused_minor": waits}
            for currency, opened, overdue, credit, waits in lines.with_columns(
                waits=pl.when(_is_paused(inputs, outcome)).then("overdue_minor").otherwise(0)
            )
            .group_by("currency")
            .agg(pl.col("open_minor", "overdue_minor", "credit_minor", "waits").sum())
            .sort("currency")
            .rows()
        },
        "ageing": outcome.ageing.to_dicts(),
    }


def _is_paused(inputs: run_folder.Inputs, outcome: Outcome) -> pl.Expr:
    """Lines of debtors of whom nothing is demanded for now."""
    found = paused(outcome.findings)
    everything = found.filter(pl.col("currency").is_null())["debtor_id"]
    pairs = found.filter(pl.col("currency").is_not_null()).select(pair=pl.struct("debtor_id", "currency"))["pair"]
    return pl.col("debtor_id").is_in(everything.implode()) | pl.struct("debtor_id", "currency").is_in(pairs.implode())


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(frame.group_by(column).len().sort(column).rows())


def replay(name: str) -> tuple[dict[str, Any], Outcome, dict[str, Any]]:
    """Decide a kept run anew. Returns its manifest, the outcome now, and the manifest that outcome would have."""
    inputs, manifest = run_folder.read(Path(settings.DUNWELL.runs) / Path(name).name)
    outcome = inputs.decide()
    return manifest, outcome, run_folder.manifest_of(inputs, outcome)


def differences(name: str, outcome: Outcome) -> pl.DataFrame:
    """number, currency, before, after (action and reason): the debtors for whom a replay decides otherwise."""
    kept = pl.read_parquet(Path(settings.DUNWELL.runs) / Path(name).name / "decisions.parquet")
    words = pl.concat_str("action", "reason", "stage", separator=" ")
    before = kept.select("number", "currency", before=words)
    after = outcome.decisions.select("number", "currency", after=words)
    return (
        before.join(after, on=["number", "currency"], how="full", coalesce=True, nulls_equal=True)
        .filter(pl.col("before").ne_missing(pl.col("after")))
        .sort("number", "currency")
    )
