"""Strategies a second time: what conditions ask of a debtor, which ladder he is on, and each item's next step.

One row and one condition after another; from docs/strategy.md.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dunwell.core.money import DIGITS
from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf
from dunwell.rulebook.strategy import Arm, Experiment, Segment, Step, Strategy, Treatment

type Row = dict[str, Any]
type Ladder = tuple[Segment, list[tuple[Step, Treatment]]]

WORDS = {
    0: "none", 10: "notice", 20: "reminder", 25: "second_reminder", 30: "call", 40: "first_dunning",
    50: "second_dunning", 60: "person", 70: "lawyer_letter", 80: "mediation", 90: "agency", 100: "suit",
}  # fmt: skip
CALL, NOTICE, LAWYER_LETTER = 30, 10, 70
TALKS = (30, 60, 80)


def about(facts: dict[str, list[Row]], debtor: Row, currency: str, items: list[Row], day: date, grace: int) -> Row:
    """Everything a condition may ask, but for promises (the caller adds them). Money: exact amounts of the currency."""

    def money(minor: int) -> Decimal:
        return Decimal(minor).scaleb(-DIGITS[currency])

    late = [row for row in items if row["days_past_due"] > grace]
    counted = [row for row in late if row["net_minor"] > 0]

    def aged(low: int, high: int) -> Decimal:
        return money(sum(row["net_minor"] for row in items if low <= row["days_past_due"] <= high))

    mine = [c for c in facts["contacts"] if c["debtor_id"] == debtor["debtor_id"]]
    messages = [
        c["contact_date"]
        for c in mine
        if c["direction"] == "out"
        and c["outcome"] != "undeliverable"
        and c["currency"] == currency
        and (c["stage"] or (c["promise_id"] is not None and c["purpose"] == "collection"))
    ]
    phoned = [c for c in mine if c["channel"] == "phone" and c["addressee"] == "debtor"]
    talked = [c["contact_date"] for c in phoned if c["outcome"] == "reached"]
    found: Row = {
        "amount": money(sum(row["net_minor"] for row in late)),
        "open_amount": money(sum(row["open_minor"] for row in items)),
        "disputed": money(sum(row["open_minor"] - row["demand_minor"] for row in items)),
        "credit": money(items[0]["credit_minor"]),
        "overdue_1_30": aged(1, 30), "overdue_31_60": aged(31, 60), "overdue_61_90": aged(61, 90),
        "overdue_91": aged(91, 10**6),
        "items": len(counted),
        "days_past_due": max((row["days_past_due"] for row in counted), default=0),
        "only_charges": bool(counted) and all(row["only_charges"] for row in counted),
        "reached": WORDS[max((row["reached"] for row in counted), default=0)],
        "messages": len(messages),
        "days_since_message": (day - max(messages)).days if messages else None,
        "calls": sum(c["direction"] == "out" and (day - c["contact_date"]).days < 30 for c in phoned),
        "days_since_talk": (day - max(talked)).days if talked else None,
        "currency": currency, "country": debtor["country"], "language": debtor["language"],
        "kind": debtor["kind"] or "unknown", "debt_kind": debtor["debt_kind"] or "unknown",
    }  # fmt: skip
    told = sorted(facts["observations"], key=lambda o: (o["from_date"], o["observation_id"]))
    for name in ("vip", "signal_registry", "signal_court", "signal_bureau", "signal_news", "signal_internal"):
        found[name] = _latest(told, debtor, name, day) == "yes"
    for name in ("reason", "cooperation", "ability", "willingness"):
        found[name] = _latest(told, debtor, name, day) or "unknown"
    return found


def _latest(told: list[Row], debtor: Row, kind: str, day: date) -> str | None:
    mine = [
        o["value"]
        for o in told
        if (o["debtor_id"], o["kind"]) == (debtor["debtor_id"], kind)
        and (o["until_date"] is None or o["until_date"] >= day)
    ]
    return mine[-1] if mine else None


def holds(condition: Condition | None, row: Row) -> bool:
    """Does it hold? What is not known makes a comparison false."""
    match condition:
        case None:
            return True
        case Flag(column):
            return bool(row[column])
        case Known(column):
            return row[column] is not None
        case Not(of):
            return not holds(of, row)
        case All(parts):
            return all(holds(part, row) for part in parts)
        case Either(parts):
            return any(holds(part, row) for part in parts)
        case OneOf(column, values):
            return row[column] is not None and any(_is(row[column], value) for value in values)
        case Compare(column, op, value):
            mine = row[column]
            if mine is None:
                return False
            if isinstance(mine, Decimal):
                value = Decimal(value).scaleb(-4)
            match op:
                case "=":
                    return bool(mine == value)
                case "!=":
                    return bool(mine != value)
                case "<":
                    return bool(mine < value)
                case "<=":
                    return bool(mine <= value)
                case ">":
                    return bool(mine > value)
            return bool(mine >= value)
    raise AssertionError(condition)


def _is(mine: Any, value: int | str) -> bool:
    return bool(mine == (Decimal(value).scaleb(-4) if isinstance(mine, Decimal) else value))


def ladder_of(strategy: Strategy, row: Row) -> Ladder:
    """The first segment that takes him, and what it does at each of its stages, the skipped ones left out."""
    segment = next(each for each in strategy.segments if holds(each.when, row))
    chosen = [(step, next(t for t in step.treatments if holds(t.when, row))) for step in segment.steps]
    return segment, [(step, treatment) for step, treatment in chosen if not treatment.skip]


def drawn(facts: dict[str, list[Row]], strategy: Strategy, debtor: Row, row: Row, day: date) -> tuple[str, Arm] | None:
    """The experiment and arm that a debtor gets in a currency on a day; None: none."""
    for each in strategy.experiments:
        if each.from_date <= day <= each.until_date:
            segment, _ = ladder_of(strategy, row)
            if each.segment in (None, segment.name) and holds(each.when, row):
                return each.name, _by_lot(each, facts["creditor"][0]["code"], debtor)
    return None


def _by_lot(experiment: Experiment, creditor: str, debtor: Row) -> Arm:
    """Of a pile of 10 000 tickets, the first share_bp are of the first arm, and so on; a person draws one."""
    who = debtor["number"] if debtor["lot"] is None else debtor["lot"]
    digest = hashlib.sha256(f"dunwell experiment\n{creditor}\n{experiment.name}\n{who}".encode()).hexdigest()
    tickets = [arm for arm in experiment.arms for _ in range(arm.share_bp)]
    return tickets[int(digest[:16], 16) % 10_000]


def in_arm(ladder: Ladder, experiment: str, arm: Arm) -> Ladder:
    """The ladder as the arm has it: channels in its order first, its days, its offer."""
    steps = []
    for step, treatment in ladder[1]:
        for change in arm.changes:
            if change.stage != step.stage:
                continue
            if change.after_days is not None:
                step = replace(step, after_days=change.after_days)
            if change.channels or change.offer:
                wish = {channel: place for place, channel in enumerate(change.channels)}
                treatment = replace(
                    treatment, name=f"{treatment.name}@{experiment}.{arm.name}",
                    channels=tuple(sorted(treatment.channels, key=lambda each: wish.get(each, 99))),
                    offer=change.offer or treatment.offer,
                )  # fmt: skip
        steps.append((step, treatment))
    return ladder[0], steps


def history(facts: dict[str, list[Row]], outbound: Iterable[Row], row: Row, claim: set[int], day: date) -> None:
    """What was done about an item or another of its claim: reached, reached_date, deadline_date, tries, tried_date."""
    contacts = {c["contact_id"]: c for c in outbound}
    named = [
        (item["stage"], contacts[item["contact_id"]]["contact_date"], contacts[item["contact_id"]]["deadline_date"])
        for item in facts["contact_items"]
        if item["receivable_id"] in claim and item["contact_id"] in contacts and item["stage"]
    ]
    mine = [
        s
        for s in facts["steps"]
        if s["receivable_id"] in claim and not (s["withdrawn_date"] and s["withdrawn_date"] <= day)
    ]
    named += [(s["stage"], s["done_date"], None) for s in mine if s["taken"]]
    tried = [(s["receivable_id"], s["done_date"]) for s in mine if not s["taken"]]
    row["tries"] = max((sum(item == each for item, _ in tried) for each in claim), default=0)
    row["tried_date"] = max((on for _, on in tried), default=None)
    row["written"] = max((stage for stage, _, _ in named if stage not in TALKS), default=0)
    row["written_date"] = min((on for stage, on, _ in named if stage == row["written"]), default=None)
    row["talks"] = {}
    for talk in TALKS:
        held = sorted(on for stage, on, _ in named if stage == talk > row["written"])
        if held:
            row["talks"][talk] = next(
                (on for on in held if not row["written_date"] or on >= row["written_date"]), held[-1]
            )
    row["reached"] = max(row["written"], *row["talks"], 0)
    row["reached_date"] = row["talks"].get(row["reached"], row["written_date"])
    row["deadline_date"] = min((by for stage, _, by in named if stage == 50 and by), default=None)


def together(items: list[Row], ladder: Ladder, grace: int) -> None:
    """At the level `debtor`: overdue items count from the oldest and stand where the highest does."""
    late = [row for row in items if row["days_past_due"] > grace]
    if not late:
        return
    places = [stood(row, ladder) for row in late]
    highest = max(place for place, _ in places)
    since = min((on for place, on in places if place == highest and on), default=None)
    deadline = min((r["deadline_date"] for r in late if r["deadline_date"]), default=None)
    oldest = min(row["due_date"] for row in late)
    tries = max(row["tries"] for row in late)
    tried = max((row["tried_date"] for row in late if row["tried_date"]), default=None)
    for row in late:
        row["stands"] = (oldest, highest, since, deadline, tries, tried)


def stood(row: Row, ladder: Ladder) -> tuple[int, date | None]:
    """(stage, since): no talk stands in for a demand that this ladder has before it, nor for its first letter, nor does
    one that was held before that was written."""
    place = row["written"]
    for talk, held in row["talks"].items():
        before = [int(s.stage) for s, _ in ladder[1] if NOTICE < s.stage < talk and s.stage not in TALKS]
        must = [stage for stage in before if stage > CALL] or before[:1]
        missing = any(stage > row["written"] for stage in must)
        too_early = must and row["written_date"] and held < row["written_date"]
        if not missing and not too_early:
            place = max(place, talk)
    return place, max((on for on in (row["written_date"], *row["talks"].values()) if on), default=None)


@dataclass(frozen=True)
class Next:
    """A step: its stage (0: none), is it a person's, from which day; the day after a final deadline and its days;
    since when the item stands where it stands, and from which due date its days count."""

    stage: int
    for_person: bool
    day: date | None
    after_deadline: date | None = None
    since: date | None = None
    due: date | None = None


def next_step(row: Row, ladder: Ladder, grace: int) -> Next:
    """The next step of an item by its own days."""
    _, steps = ladder
    due, reached, since, deadline, tries, tried = row.get("stands") or (
        row["due_date"], *stood(row, ladder), row["deadline_date"], row["tries"], row["tried_date"],
    )  # fmt: skip
    overdue = row["days_past_due"] > grace
    if not overdue:
        ahead = [pair for pair in steps if pair[0].stage == NOTICE and reached == 0 and row["days_past_due"] <= 0]
        return _when(ahead[0], due, since, deadline) if ahead else Next(0, False, None)
    later = [pair for pair in steps if pair[0].stage > max(reached, NOTICE)]
    if later and later[0][0].stage == CALL and tries >= later[0][1].attempts:
        later, since = later[1:], tried
    return _when(later[0], due, since, deadline) if later else Next(0, False, None)


def _when(pair: tuple[Step, Treatment], due: date, since: date | None, deadline: date | None) -> Next:
    step, treatment = pair
    days = []
    if step.offset_days is not None:
        first = due + timedelta(days=step.offset_days)
        while step.month_end and (first + timedelta(days=1)).day != 1:
            first += timedelta(days=1)
        days.append(first)
    if step.after_days and since:
        days.append(since + timedelta(days=step.after_days))
    passed, after = deadline or since, None
    if step.after_deadline_days is not None and passed:
        after = passed + timedelta(days=step.after_deadline_days + 1)
        days.append(after)
    return Next(int(step.stage), treatment.by == "person", max(days, default=None), after, since, due)


def news_of(row: Row, step: Next, segment: Segment, events: list[Row], grace: int) -> list[Row]:
    """The news for which an item's next step comes at once: it was overdue then, and no step was taken since. What
    comes after the lawyer's letter never does."""
    if row["days_past_due"] <= grace or not NOTICE < step.stage <= LAWYER_LETTER or step.due is None:
        return []
    return [
        event
        for event in events
        if event["event"] in segment.at_once
        and (event["event_date"] - step.due).days > grace
        and (step.since is None or step.since < event["event_date"])
    ]
