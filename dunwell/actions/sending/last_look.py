"""The last look: the very moment before a message leaves, all that was decided about it is decided again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.actions import gate
from dunwell.actions.day.items_hash import hashes_of
from dunwell.actions.facts import facts_of
from dunwell.core.terms import Note, Stage
from dunwell.engine.contact.planned import Planned, Told
from dunwell.engine.day.decide import decide
from dunwell.engine.facts import Facts
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import Creditor, OutboxMessage

STALE_AFTER = timedelta(days=3)
"""A message prepared for a day longer ago does not leave: the run of today decides afresh."""


@dataclass(frozen=True, slots=True)
class Go:
    """It may leave.

    line    of `decide.LINES`, or of `notes.NOTES` for a message about a promise, which has no items
    told    what the gate said of it: it is allowed until `told.until_at`
    facts   of its debtor and others: what the look rests on
    day     the business day of the look
    """

    line: Mapping[str, Any]
    items: tuple[Mapping[str, Any], ...]
    told: Told
    facts: Facts
    day: date


@dataclass(frozen=True, slots=True)
class Wait:
    """Not in these hours. `then`: what would leave if the hour had come."""

    not_before_at: datetime
    then: Go


@dataclass(frozen=True, slots=True)
class Cancel:
    """It must not leave: the reason is a code (words: `send.reason.<code>`), a rule's id after a colon."""

    reason: str


type Verdict = Go | Wait | Cancel


def look(
    creditor: Creditor,
    rows: Iterable[OutboxMessage],
    *,
    day: date,
    moment: datetime,
    strategy: Strategy,
    rules: Rules,
) -> dict[int, Verdict]:
    """A verdict for each row by its id. `day` is the creditor's business day at `moment`.

    The messages looked at must belong to different persons: each is judged as if no other left.
    """
    rows, moment = list(rows), moment.astimezone(UTC)
    facts = facts_of(creditor, debtors={row.debtor_id for row in rows}, around=day)
    outcome = decide(facts, strategy, rules, day, moment)
    hashes = {(debtor, currency): found for debtor, currency, found in hashes_of(outcome, strategy).rows()}
    lines = {(line["debtor_id"], line["currency"]): line for line in outcome.lines.iter_rows(named=True)}
    notes = {(note["debtor_id"], note["currency"]): note for note in outcome.notes.iter_rows(named=True)}
    items: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for item in outcome.items.iter_rows(named=True):
        items.setdefault((item["debtor_id"], item["currency"]), []).append(item)
    planned = [
        Planned(
            row.debtor_id, row.channel, row.purpose, contact_point=row.contact_point_id, currency=row.currency,
            about=_about(row, items.get((row.debtor_id, row.currency), ())),
            reminds=row.promise_id is not None and Note.of(row.purpose) is Note.REMINDER,
        )
        for row in rows
    ]  # fmt: skip
    answers = gate.ask(creditor, planned, at=moment, facts=facts.on(day), rules=rules.binding, with_notes=True)
    verdicts: dict[int, Verdict] = {}
    for row, told in zip(rows, answers, strict=True):
        pair = (row.debtor_id, row.currency)
        line = lines.get(pair) if row.promise_id is None else notes.get(pair)
        asked = _why_not if row.promise_id is None else _why_no_note
        if day - row.as_of > STALE_AFTER:
            verdicts[row.pk] = Cancel("stale")
        elif (reason := asked(row, line, hashes.get(pair))) or line is None:
            verdicts[row.pk] = Cancel(reason)
        else:
            go = Go(line, tuple(items.get(pair, ())), told, facts, day)
            if line["not_before_at"] > moment:
                verdicts[row.pk] = Wait(line["not_before_at"], go)
            else:
                verdicts[row.pk] = go if told.answer.verdict == gate.ALLOWED else _held_back(creditor, go)
    return verdicts


def _held_back(creditor: Creditor, go: Go) -> Wait | Cancel:
    """What the gate stops waits for another hour of the same day; on another day the run decides afresh."""
    later = go.told.answer.next_from
    if later is not None and later.astimezone(ZoneInfo(creditor.zone)).date() == go.day:
        return Wait(later, go)
    return Cancel(f"forbidden:{next(iter(gate.against(go.told)))}"[:60])


def reason_code(reason: str) -> str:
    """A reason of the decision as one of not leaving: whichever step of a person is due, it is a person's turn."""
    return "person_due" if reason in {f"{stage.word}_due" for stage in Stage} else reason


def _why_not(row: OutboxMessage, line: Mapping[str, Any] | None, items_hash: str | None) -> str:
    """Why the message must not leave as it was prepared; empty when it may."""
    if line is None:
        return "paid_meanwhile"
    if line["action"] != "message":
        if line["reason"] == "forbidden":
            return f"forbidden:{line['rule']}"[:60]
        paid = row.stage >= Stage.REMINDER and line["overdue_minor"] == 0 and line["reason"] != "all_disputed_or_held"
        return "paid_meanwhile" if paid else reason_code(str(line["reason"]))
    same = line["stage"] == row.stage and _is_same(row, line, items_hash)
    return "" if same else "changed"


def _about(row: OutboxMessage, items: Sequence[Mapping[str, Any]]) -> tuple[int, ...] | None:
    """The items it names; a message about a promise names none, and so is about all of them."""
    return tuple(item["receivable_id"] for item in items) if row.promise_id is None else None


def _why_no_note(row: OutboxMessage, note: Mapping[str, Any] | None, note_hash: str | None) -> str:
    """The same for a message about a promise: it was kept, withdrawn or broken, or the money went back."""
    if note is None or (note["promise_id"], note["note"]) != (row.promise_id, Note.of(row.purpose)):
        return "promise_over"
    return "" if _is_same(row, note, note_hash) else "changed"


def _is_same(row: OutboxMessage, line: Mapping[str, Any], items_hash: str | None) -> bool:
    return bool(
        line["channel"] == row.channel
        and line["contact_point_id"] == row.contact_point_id
        and line["language"] == row.language
        and line["total_minor"] == row.total_minor
        and items_hash == row.items_hash
    )
