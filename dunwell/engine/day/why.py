"""Why a debtor is treated as he is on a day: one answer per currency, as data. Words: `documents.why_words`.

The day is decided by `decide` itself, which tells what it was decided from; nothing is asked a second way. What would
have to be otherwise for another action is `engine.day.why_not`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.core.terms import Stage
from dunwell.documents.strategy_words import condition_text
from dunwell.engine.day import ladder, lines, reach
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.day.why_condition import Profile
from dunwell.engine.day.wishes import REASSIGNED
from dunwell.engine.facts import Facts, in_days
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import Segment, Step, Strategy, Treatment
from dunwell.rulebook.strategy_dates import Stood, dates_from

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """A debtor's day, decided, with what it was decided from (see `decide.Watch`): only his own rows.

    items   his open items with their next step and what makes its day, see `ladder.with_parts`
    """

    day: date
    debtor_id: int
    strategy: Strategy
    rules: Rules
    outcome: Outcome
    seen: dict[str, Any]
    items: pl.DataFrame

    def rows(self, name: str, currency: str) -> pl.DataFrame:
        """His rows in a currency of a frame that was seen."""
        return _mine(self.seen[name], self.debtor_id).filter(pl.col("currency") == currency)

    def row(self, name: str, currency: str) -> Row:
        """The one row of a frame of lines."""
        return self.rows(name, currency).row(0, named=True)

    def items_in(self, currency: str) -> list[Row]:
        """His open items in a currency, the oldest first."""
        return self.items.filter(pl.col("currency") == currency).sort("due_date", "number", "receivable_id").to_dicts()

    def profile(self, currency: str) -> Profile:
        """What conditions of the strategy ask of him."""
        return Profile(self.rows("profile", currency), currency, self.day)

    def ladder(self, currency: str) -> ladder.Ladder:
        """His segment and its steps, those left out that are skipped for him."""
        found: ladder.Ladders = self.seen["ladders"]
        return found.known[self.row("due", currency)["ladder"]]

    def result(self, currency: str) -> Row:
        """The line as it was decided, see `decide.LINES`."""
        mine = _mine(self.outcome.lines, self.debtor_id)
        return mine.filter(pl.col("currency") == currency).row(0, named=True)

    def currencies(self) -> list[str]:
        """In which anything is open, in order."""
        return _mine(self.outcome.lines, self.debtor_id)["currency"].sort().to_list()


def look(facts: Facts, strategy: Strategy, rules: Rules, debtor_id: int, day: date) -> Look:
    """Decide a day from the creditor's midnight on, and keep what bears on one debtor. facts: his, and whose facts
    matter to his."""
    seen: dict[str, Any] = {}
    zone = ZoneInfo(facts["creditor"]["zone"].item())
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    outcome = decide(facts, strategy, rules, day, moment, seen.__setitem__)
    items = ladder.with_parts(_mine(seen["standing"], debtor_id), seen["ladders"], strategy, day, seen["events"])
    return Look(day, debtor_id, strategy, rules, outcome, seen, items)


def notes(seen: Look) -> list[Row]:
    """What is written about promises that day, see `notes.NOTES`: also in a currency in which nothing is open."""
    return _mine(seen.outcome.notes, seen.debtor_id).drop("debtor_id").to_dicts()


def why(seen: Look) -> list[Row]:
    """One answer per currency in which anything is open; empty where nothing is. Stages are words, days are dates.

    currency
    result      what is done and why, see `decide.LINES`
    segment     name, when (text), parts (its comparisons), not: each earlier segment with what it lacked
    experiment  the one he is in, its days, his arm and its share; what the arm changes is told as his treatment (null:
                none)
    items       each open item: where it stands, its next step, the day, the parts that make it, which of them bind; of
                one that is not overdue and gets no notice, its first step once it is
    treatment   what is done at the stage that is due or next, chosen because ..., and which not
    gates       all that the line passed or failed, in the order in which it is asked; passed null: not asked
    """
    return [_line(seen, currency) for currency in seen.currencies()]


def _line(seen: Look, currency: str) -> Row:
    result = seen.result(currency)
    about = seen.profile(currency)
    mine = seen.ladder(currency).segment
    stage = result["stage"] or result["person_stage"] or result["next_stage"]
    step = mine.step(Stage(stage)) if stage else None
    return {
        "currency": currency,
        "result": {**result, **{name: word(result[name]) for name in _STAGES}},
        "segment": segment_of(seen.strategy, mine, about),
        "experiment": experiment_of(seen.ladder(currency)),
        "items": [_item(seen, currency, item) for item in seen.items_in(currency)],
        "treatment": treatment_of(step, about) if step else None,
        "gates": gates_of(seen, currency),
    }


_STAGES = ("stage", "person_stage", "next_stage", "reached")


def word(stage: int | None) -> str | None:
    """The word of a stage; None for none."""
    return Stage(stage).word if stage else None


def segment_of(strategy: Strategy, mine: Segment, about: Profile) -> Row:
    """Which segment took the debtor, why, and why none before it did."""
    # of an arm of an experiment the segment is another, but of the same name
    before = strategy.segments[: strategy.segments.index(strategy.segment(mine.name))]
    return {
        "name": mine.name,
        "title": mine.title,
        "when": condition_text(mine.when),
        "parts": about.parts(mine.when),
        "not": [
            {"name": each.name, "title": each.title, "when": condition_text(each.when),
             "lacks": about.lacking(each.when)}
            for each in before
        ],
    }  # fmt: skip


def experiment_of(mine: ladder.Ladder) -> Row | None:
    """The experiment and the arm a line is treated by."""
    if mine.experiment is None or mine.arm is None:
        return None
    return {
        "name": mine.experiment.name, "from": mine.experiment.from_date, "until": mine.experiment.until_date,
        "arm": mine.arm.name, "propensity_bp": mine.arm.share_bp,
    }  # fmt: skip


def treatment_of(step: Step, about: Profile) -> Row:
    """Which treatment of a step is taken, why, and why none before it is."""
    place = chosen(step, about)
    mine = step.treatments[place]
    return {
        "stage": step.stage.word,
        **treatment_row(mine),
        "parts": about.parts(mine.when),
        "not": [{**treatment_row(each), "lacks": about.lacking(each.when)} for each in step.treatments[:place]],
    }


def chosen(step: Step, about: Profile) -> int:
    """The place of the treatment that the debtor gets at a step."""
    return int(about.row.select(ladder.choice(step)).item())


def treatment_row(treatment: Treatment) -> Row:
    """A treatment as data."""
    return {
        "name": treatment.name,
        "when": condition_text(treatment.when),
        "skip": treatment.skip,
        "by": treatment.by,
        "channels": list(treatment.channels),
        "pay_within_days": treatment.pay_within_days,
    }


def _item(seen: Look, currency: str, item: Row) -> Row:
    kept = (
        "number", "kind", "due_date", "days_past_due", "amount_minor", "open_minor", "disputed_minor", "held",
        "petty_minor", "demand_minor", "net_minor", "tries",
    )  # fmt: skip
    found = {name: item[name] for name in kept}
    stands = {"stage": word(item["reached"]), "day": item["reached_date"]} if item["reached"] else None
    return {**found, "reached": stands, "next": next_step(item) or _once_overdue(seen, currency, item)}


def _once_overdue(seen: Look, currency: str, item: Row) -> Row | None:
    """The first step of an item that is not overdue yet: the run asks about it only then. Which treatments are skipped
    is as of today. None: it is overdue, or its ladder has no such step, or no day for it."""
    if item["overdue"]:
        return None
    ahead = [pair for pair in seen.ladder(currency).steps if pair[0].stage > max(item["from_stage"], Stage.NOTICE)]
    if not ahead or ahead[0][0].offset_days is None:
        return None
    step, treatment = ahead[0]
    stood = Stood(since=item["stage_date"], not_before=in_days(item["due_date"], seen.strategy.grace_days + 1))
    day = dates_from(ahead[:1], item["due_date"], 0, stood)[0].day
    part = {"part": "due", "since": item["due_date"], "days": step.offset_days, "day": day}
    return {"stage": step.stage.word, "by": treatment.by, "day": day, "parts": [part], "binds": ["due"], "due": False}


def next_step(item: Row) -> Row | None:
    """The next step of an item, the day it may be taken, and the parts that make it."""
    if not item["next_stage"]:
        return None
    parts = [
        {"part": "due", "since": item["from_date"], "days": item["offset_days"], "day": item["by_due"]},
        {"part": "last", "since": item["stage_date"], "days": item["after_days"], "day": item["by_last"]},
        {"part": "deadline", "since": item["set_date"] or item["stage_date"], "days": item["after_deadline_days"],
         "day": item["by_deadline"]},
    ]  # fmt: skip
    parts = [part for part in parts if part["day"] is not None]
    if item["at_once"]:
        parts.append({
            "part": "news", "since": item["at_once_since"], "days": 0, "day": item["at_once_date"],
            "events": item["at_once"].split(" "),
        })  # fmt: skip
    # news go before the step's own days, but for a final deadline
    binding = ("news", "deadline") if item["at_once"] else ("due", "last", "deadline")
    return {
        "stage": word(item["next_stage"]),
        "by": "person" if item["for_person"] else "system",
        "day": item["next_date"],
        "parts": parts,
        "binds": [part["part"] for part in parts if part["part"] in binding and part["day"] == item["next_date"]],
        "due": item["due_now"],
    }


_MONEY_GATES = ("petty", "all_disputed_or_held", "covered_by_credit", "not_yet_due", "residue", "below_minimum")
"""Reasons of `lines.gates` that keep tasks back as well as messages."""


def standing(seen: Look, currency: str) -> list[str]:
    """The reasons that stand against a line's message, of `lines.gates`, in order; rules not yet asked."""
    asked = lines.gates(seen.strategy, seen.day)
    row = seen.rows("due", currency).select(found.alias(name) for name, found in asked.items()).row(0, named=True)
    return [name for name in asked if row[name]]


def gates_of(seen: Look, currency: str) -> list[Row]:
    """Every gate of a line, in order."""
    due, stands = seen.row("due", currency), standing(seen, currency)
    strategy, segment = seen.strategy, seen.ladder(currency).segment
    numbers: dict[str, Row] = {
        "not_yet_due": {
            "items": due["items"], "grace_days": strategy.grace_days, "days_past_due": due["days_past_due"],
        },
        "petty": {"petty_minor": due["petty_minor"]},
        "all_disputed_or_held": {"disputed_minor": due["disputed_minor"], "asked_minor": due["asked_overdue"]},
        "covered_by_credit": {
            "credit_minor": due["credit_minor"] if strategy.netting else 0, "net_minor": due["overdue_minor"],
            "doubt_minor": due["doubt_minor"] or 0,
        },
        "residue": {
            "charges_minor": due["charges_minor"], "net_minor": due["overdue_minor"],
            "residue_minor": strategy.residue_minor.get(currency, 0),
        },
        "below_minimum": {
            "net_minor": due["notice_minor"] if due["stage"] == Stage.NOTICE else due["overdue_minor"],
            "minimum_minor": strategy.minimum_minor.get(currency, 0),
        },
        "overdue_first": {"notice_minor": due["notice_minor"], "net_minor": due["overdue_minor"]},
        "waiting": {"stage": word(due["dunning_stage"]), "person_stage": word(due["person_stage"])},
        "paused": {
            "last_date": due["last_message_date"], "pause_days": segment.pause_days, "until": due["pause_until"],
            "news_date": _ended_by(due, segment.pause_days),
        },
    }  # fmt: skip
    if not due["notice_minor"] or not due["overdue_minor"] or due["stage"] == Stage.NOTICE:
        # no notice is left out
        del numbers["overdue_first"]
    first = next((name for name in stands if name != "for_person"), None)
    found, asked = [], True
    for name, row in numbers.items():
        failed = name == first if name in _MONEY_GATES else name in stands
        found.append({"gate": name, "passed": not failed if asked or failed else None, **row})
        asked = asked and not failed
    return [*found, *_rule_gates(seen, currency)]


def _ended_by(due: Row, pause_days: int) -> date | None:
    """The day of the news that ended a line's pause before its time."""
    last, until = due["last_message_date"], due["pause_until"]
    found: date | None = due["event_date"] if last and until < in_days(last, pause_days) else None
    return found


def _rule_gates(seen: Look, currency: str) -> list[Row]:
    """Contact rules, addresses, hours."""
    stops = stops_of(seen, currency)
    stopped, chosen_line, last = (seen.row(name, currency) for name in ("stopped", "chosen", "last"))
    goes, leaves = stopped["action"] == "message", chosen_line["action"] == "message"
    ways = ways_of(seen, currency) if goes else []
    taken = last["reason"] == REASSIGNED
    closed = leaves and last["action"] != "message" and not taken and not last["thanked"]
    return [
        {"gate": "rules", "passed": not stops, "stops": stops},
        {"gate": "economic", "passed": not any(way["dear"] for way in ways) if goes else None,
         "ways": [way for way in ways if way["dear"]]},
        {"gate": "address", "passed": leaves if goes else None, "ways": ways},
        {"gate": "hours", "passed": not closed if leaves else None, "rule": last["rule"] if closed else None,
         "not_before_at": last["not_before_at"]},
        *([{"gate": REASSIGNED, "passed": False, "assigned": last["assigned"]}] if taken else []),
        *([{"gate": "thanked", "passed": False}] if last["thanked"] else []),
    ]  # fmt: skip


def stops_of(seen: Look, currency: str) -> list[Row]:
    """The rules that stand against a line on every channel, each with the last day it does (None: no end is known)."""
    found = reach.stops_of(seen.rows("due", currency), _mine(seen.seen["against"], seen.debtor_id), seen.seen["caps"])
    return [
        {
            "rule": row["rule"], "effect": row["effect"], "detail": row["detail"], "count": row["count"],
            "until": None if row["until_date"] == date.max else row["until_date"], "cap": row["is_cap"],
        }
        for row in found.sort(
            "until_date", "rule", "detail", "count", descending=[True, False, False, True], nulls_last=True
        ).to_dicts()
    ]  # fmt: skip


def ways_of(seen: Look, currency: str, as_if: tuple[Stage, int] | None = None) -> list[Row]:
    """The addresses of a line's message, the best first. as_if: as if it were at this stage, over this sum (minor)."""
    line = seen.rows("stopped", currency)
    if as_if is not None:
        stage, total = as_if
        line = line.with_columns(
            action=pl.lit("message"), stage=pl.lit(int(stage), pl.Int16), total_minor=pl.lit(total, pl.Int64)
        )
    against = _mine(seen.seen["against"], seen.debtor_id)
    found = reach.ways_of(
        line, seen.seen["known"], against, seen.strategy, seen.seen["ladders"], seen.seen["caps"], seen.day
    )
    point = seen.row("chosen", currency)["contact_point_id"] if as_if is None else None
    return [
        {
            "channel": row["channel"], "contact_point_id": row["contact_point_id"], "rule": row["rule"],
            "until": row["until_date"], "dear": row["dear"], "least_minor": row["least_minor"],
            "preferred": not row["other"], "chosen": row["contact_point_id"] == point,
        }
        for row in found.to_dicts()
    ]  # fmt: skip


def _mine(frame: pl.DataFrame, debtor_id: int) -> pl.DataFrame:
    return frame.filter(pl.col("debtor_id") == debtor_id)
