"""Why this and not that: what would have to be otherwise for another action, each need with its numbers.

A day that is told as the answer (`from_date`) was tried: the run decides that day, with the same facts, and the day
before it. Words: `documents.why_words`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.core.terms import ACTIONS, Channel, Stage
from dunwell.documents.strategy_words import condition_text
from dunwell.engine.day.why import Look, Row, chosen, look, next_step, standing, stops_of, ways_of, word
from dunwell.engine.day.why_condition import Profile, may_change
from dunwell.engine.day.why_notes import ends_of, is_note, notes_in
from dunwell.engine.day.wishes import PERSON, PLACE, REASSIGNED, wishes
from dunwell.engine.facts import Facts, in_days
from dunwell.rulebook.conditions import Condition
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import SYSTEM, Segment, Step, Strategy, Treatment
from dunwell.rulebook.strategy_dates import Planned, Stood, dates_from

HORIZON_DAYS = 400
"""So far ahead a day is tried; what would come later is told without."""
_ROUNDS = 8
_BACK = 14


@dataclass(frozen=True, slots=True)
class Wanted:
    """Another action: `message`, `task`, `none`, a step by its word, or a channel."""

    action: str

    @property
    def stage(self) -> Stage | None:
        """The step, where one is meant."""
        return next((each for each in Stage if each and each.word == self.action), None)

    @property
    def channel(self) -> str | None:
        """The channel, where one is meant."""
        return self.action if self.action in tuple(Channel) else None

    def fits(self, step: Step, treatment: Treatment) -> bool:
        """Would this treatment of a step be the action?"""
        if treatment.skip:
            return False
        if self.stage is not None:
            return step.stage is self.stage
        if self.channel is not None:
            return self.channel in treatment.channels or (self.channel == Channel.PHONE and step.stage is Stage.CALL)
        return (treatment.by == SYSTEM) is (self.action == "message")


def wanted(text: str) -> Wanted:
    """An action from its word. Raises DunwellError `why.unknown_action`."""
    known = (*ACTIONS, *(stage.word for stage in Stage if stage), *Channel)
    if text not in known:
        raise DunwellError("why.unknown_action", action=text[:40], known=", ".join(known))
    return Wanted(text)


def why_not(facts: Facts, strategy: Strategy, rules: Rules, debtor_id: int, day: date, action: Wanted) -> list[Row]:
    """One answer per currency in which anything is open, or a message about a promise goes out.

    currency, action
    note        which message about a promise goes out that day (`core.terms.Note`; null: none)
    done        line: it is what the line does; beside: it waits for a person beside a message; within: an item takes
                it with the step of another; note: the message about a promise is it, and what follows is about a step
                instead; null: it is not what is done
    together    all needs must be met; else any one of them
    needs       what would have to be otherwise: `need` names the kind; `day`: from which day time alone meets it
    later       what would stand against it on that day, if anything is known to
    from_date   the first day on which a run does it when nothing else changes (null: none, or none is known)
    rests       where days are told that no run was tried on: the conditions of segments and treatments on the way that
                were weighed as they are today, and may be otherwise by then
    """
    frozen = facts.on(day)

    def at(on: date) -> Look:
        return look(frozen, strategy, rules, debtor_id, on)

    now = at(day)
    about_promises = notes_in(now)
    return [
        _with_note(now, at, currency, action, about_promises.get(currency))
        for currency in sorted({*now.currencies(), *about_promises})
    ]


def _with_note(now: Look, at: Callable[[date], Look], currency: str, action: Wanted, note: Row | None) -> Row:
    """The answer about steps, and before it what there is to say of the message about a promise."""
    owed = currency in now.currencies()
    if owed:
        found = _answer(now, at, currency, action)
    else:
        # he is thanked for his last money: there is no line, and nothing that a step could be about
        found = {**_empty(currency, action), "needs": [] if action.action == "none" else [{"need": "something_open"}]}
    if note is None:
        return found
    found["note"] = note["note"]
    if action.action == "none" and not found["needs"]:
        return {**found, "done": None, "needs": list(ends_of(note))}
    if found["done"] is None and is_note(note, action.action):
        return {**found, "done": "note", "needs": found["needs"] if owed else []}
    return found


def _empty(currency: str, action: Wanted) -> Row:
    return {"currency": currency, "action": action.action, "note": None, "done": None,
            "together": action.action != "none", "needs": [], "later": [], "from_date": None, "rests": []}  # fmt: skip


def _answer(now: Look, at: Callable[[date], Look], currency: str, action: Wanted) -> Row:
    done = done_as(now, currency, action)
    found: Row = {**_empty(currency, action), "done": done}
    if done is not None:
        return found
    if action.action == "none":
        return {**found, "needs": list(_ends(now, currency))}
    found["needs"] = needs_of(now, currency, action)
    found |= _when(now.day, at, currency, action, found["needs"])
    if found["from_date"] is None and _tells_days(now.day, found["needs"]):
        found["rests"] = list(_rests(now, currency, action))
    return found


def _tells_days(day: date, needs: list[Row]) -> bool:
    """Does an answer name a day to come of a step?"""
    return any(need["earliest"] > day for need in needs if need.get("earliest"))


def _rests(seen: Look, currency: str, action: Wanted) -> Iterator[Row]:
    """Conditions that may change, of segments, and of the steps from where the items stand up to the action."""
    for segment in seen.strategy.segments:
        if may_change(segment.when):
            yield {"segment": segment.name, "title": segment.title, "text": condition_text(segment.when)}
    last = _path(seen, currency, action).stage
    lowest = min(item["from_stage"] for item in seen.items_in(currency))
    for step in seen.ladder(currency).segment.steps:
        if last is not None and lowest < step.stage <= last:
            for treatment in step.treatments:
                if may_change(treatment.when):
                    yield {"stage": step.stage.word, "text": condition_text(treatment.when)}


def done_as(seen: Look, currency: str, action: Wanted) -> str | None:
    """Is it done already, and how: `line`, `beside`, `within` (see `why_not`) or None."""
    line = seen.result(currency)
    if action.action in ("message", "none"):
        return "line" if line["action"] == action.action else None
    by_person = line["action"] == "task" and line["reason"] == line["person_reason"]
    beside = line["action"] != "none" and line["person_minor"] > 0 and not by_person
    if action.action == "task":
        return "line" if line["action"] == "task" else "beside" if beside else None
    ladder = {step.stage: treatment for step, treatment in seen.ladder(currency).steps}
    if action.channel is not None:
        if line["action"] == "message" and line["channel"] == action.channel:
            return "line"
        return _by_person_through(seen, currency, action, ladder, beside=beside, by_person=by_person)
    if line["stage"] == action.stage and (line["action"] == "message" or by_person):
        return "line"
    if beside and line["person_stage"] == action.stage:
        return "beside"
    due = [item for item in seen.items_in(currency) if item["due_now"] and item["next_stage"] == action.stage]
    taken = any((by_person or beside) if item["for_person"] else line["action"] == "message" for item in due)
    return "within" if taken else None


def _by_person_through(
    seen: Look, currency: str, action: Wanted, ladder: dict[Stage, Treatment], *, beside: bool, by_person: bool
) -> str | None:
    """Does a person take a step through this channel?"""
    if not (beside or by_person):
        return None
    stage = Stage(seen.result(currency)["person_stage"])
    treatment = ladder[stage]
    fits = action.channel in treatment.channels or (action.channel == Channel.PHONE and stage is Stage.CALL)
    return ("line" if by_person else "beside") if fits else None


def _when(day: date, at: Callable[[date], Look], currency: str, action: Wanted, needs: list[Row]) -> Row:
    """From which day on a run does it, tried by deciding; and what would stand against it later."""
    on, later = day, list[Row]()
    for _ in range(_ROUNDS):
        met = _met_on(needs)
        if met is None or not on < met <= in_days(day, HORIZON_DAYS):
            return {"later": later, "from_date": None}
        # a promise that is over by then may be broken, and bring the step before its own days
        on = _sooner(on, met, at, currency, action, needs) or met
        then = at(on)
        if currency not in then.currencies():
            return {"later": later, "from_date": None}
        if done_as(then, currency, action) is not None:
            return {"later": [], "from_date": _first(day, on, at, currency, action)}
        needs = needs_of(then, currency, action)
        later = [{**need, "on": on} for need in needs]
    return {"later": later, "from_date": None}


def _sooner(
    on: date, met: date, at: Callable[[date], Look], currency: str, action: Wanted, needs: list[Row]
) -> date | None:
    """The first day between, on which one of the needs is met, and a run does it already."""
    if not any(segment.at_once for segment in at(on).strategy.segments):
        return None
    days: set[date] = {need["day"] for need in needs}
    for day in sorted(each for each in days if on < each < met):
        then = at(day)
        if currency in then.currencies() and done_as(then, currency, action) is not None:
            return day
    return None


def _met_on(needs: list[Row]) -> date | None:
    """The day on which time alone has met them all; None: it never does."""
    days: list[date | None] = [need.get("day") for need in needs]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _first(day: date, on: date, at: Callable[[date], Look], currency: str, action: Wanted) -> date | None:
    """The first of the days up to `on` on each of which a run does it."""
    for _ in range(_BACK):
        before = in_days(on, -1)
        if before == day:
            return on
        seen = at(before)
        if currency not in seen.currencies() or done_as(seen, currency, action) is None:
            return on
        on = before
    return None


# --- the needs of a message, a task, a step or a channel ---


def needs_of(seen: Look, currency: str, action: Wanted) -> list[Row]:
    """Everything that stands against an action on the day."""
    path = _path(seen, currency, action)
    found = [*path.needs, *_money(seen, currency, path), *_rules(seen, currency, path)]
    if path.by_message:
        found += [*_pause(seen, currency), *_address(seen, currency, action, path), *_taken_on(seen, currency)]
    if not found:
        line = seen.result(currency)
        found = [
            {"need": "message_first", "stage": word(line["stage"]), "reason": line["reason"], "rule": line["rule"]}
        ]
    return found


@dataclass(frozen=True, slots=True)
class _Path:
    """The way of one item to the action.

    stage        the step that would be it (None: no way is known)
    by_message   it would be a message
    needs        what the item itself lacks
    more_minor   what the item would add to what is overdue now
    late         it is overdue already, or no item is meant
    day          the day it could come there (None: not known)
    """

    stage: Stage | None
    by_message: bool
    needs: list[Row]
    more_minor: int = 0
    late: bool = True
    day: date | None = None


def _path(seen: Look, currency: str, action: Wanted) -> _Path:
    """The way of the item that would come to the action first; of one that money is asked for, if there is any."""
    items = seen.items_in(currency)
    found = [(item, path) for item in items if (path := _of_item(seen, currency, action, item)) is not None]
    if not found:
        return _no_way(seen, currency, action, items)
    return min(found, key=lambda each: (each[0]["net_minor"] == 0, each[1].day or date.max))[1]


def _of_item(
    seen: Look, currency: str, action: Wanted, item: Row, ladder: Sequence[tuple[Step, Treatment]] | None = None
) -> _Path | None:
    """The way of an item; None: none on the ladder, which is the debtor's own if none is given."""
    steps = _ahead(seen, currency, item, action, seen.ladder(currency).steps if ladder is None else ladder)
    if not steps:
        return None
    stage, treatment = steps[-1][0].stage, steps[-1][1]
    planned = _planned(seen, currency, item, steps)
    needs = [_step_before(item, each, way) for each, (_, way) in zip(planned[:-1], steps, strict=False)]
    if not planned:
        needs = [{"need": "no_deadline", "stage": stage.word, "number": item["number"]}]
    elif planned[-1].day > seen.day:
        needs.append(_from_day(seen, item, planned[-1], alone=not needs))
    if not item["net_minor"]:
        needs.append(_not_asked(seen, item))
    overdue = _asked_overdue(seen, currency)
    if stage is Stage.NOTICE and overdue:
        needs.append({"need": "overdue_first", "net_minor": overdue})
    late = bool(item["overdue"])
    return _Path(
        stage, treatment.by == SYSTEM, needs, more_minor=0 if late else item["net_minor"], late=late,
        day=planned[-1].day if planned else None,
    )  # fmt: skip


def _asked_overdue(seen: Look, currency: str) -> int:
    """What is overdue and not left alone, in minor units."""
    due = seen.row("due", currency)
    return 0 if due["is_residue"] else int(due["overdue_minor"])


def _ahead(
    seen: Look, currency: str, item: Row, action: Wanted, ladder: Sequence[tuple[Step, Treatment]]
) -> list[tuple[Step, Treatment]]:
    """The steps an item has to take up to the action; empty: none of them is. No step waits for a notice."""
    notices = [pair for pair in ladder if pair[0].stage is Stage.NOTICE and action.fits(*pair)]
    before_due = not item["from_stage"] and item["days_past_due"] <= 0
    # who owes something overdue gets no notice about something else
    if notices and before_due and (action.stage is Stage.NOTICE or not _asked_overdue(seen, currency)):
        return notices
    later = [pair for pair in ladder if pair[0].stage > max(item["from_stage"], int(Stage.NOTICE))]
    place = next((n for n, pair in enumerate(later) if action.fits(*pair)), None)
    return [] if place is None else later[: place + 1]


def _planned(seen: Look, currency: str, item: Row, steps: list[tuple[Step, Treatment]]) -> list[Planned]:
    """The first day of each step, if every one before is taken on its first day; empty: no day is known."""
    first = steps[0][0]
    if first.offset_days is None and item["set_date"] is None and item["stage_date"] is None:
        return []
    is_notice = first.stage is Stage.NOTICE
    overdue = in_days(item["due_date"], seen.strategy.grace_days + 1)
    stood = Stood(
        since=item["stage_date"],
        deadline=item["set_date"],
        # the pause before the next step is a need of its own
        last_message=seen.row("due", currency)["last_message_date"] if len(steps) > 1 else None,
        not_before=seen.day if is_notice else max(seen.day, overdue),
        first=item["at_once_date"] if first.stage == item["next_stage"] else None,
    )
    return dates_from(steps, item["from_date"], seen.ladder(currency).segment.pause_days, stood)


def _step_before(item: Row, planned: Planned, treatment: Treatment) -> Row:
    stage = planned.step.stage.word
    return {
        "need": "step_before", "stage": stage, "number": item["number"], "by": treatment.by, "earliest": planned.day,
    }  # fmt: skip


def _from_day(seen: Look, item: Row, planned: Planned, *, alone: bool) -> Row:
    """From which day on; alone: time is all the step waits for. Else it is the earliest if the others are taken."""
    stage = planned.step.stage
    step = next_step(item)
    parts = step["parts"] if alone and step and step["stage"] == stage.word and step["day"] == planned.day else []
    return {
        "need": "from_day" if alone else "then", "stage": stage.word, "number": item["number"],
        "days": (planned.day - seen.day).days, "earliest": planned.day, "parts": parts,
        **({"day": planned.day} if alone else {}),
    }  # fmt: skip


def _not_asked(seen: Look, item: Row) -> Row:
    """Why nothing is asked for of an item."""
    about: Row = {"number": item["number"]}
    if item["petty_minor"]:
        least = seen.strategy.minimum_bp.get(item["currency"], 0)
        wanted_minor = -(-item["amount_minor"] * least // 10_000)
        return {"need": "item_petty", **about, "more_minor": wanted_minor - item["open_minor"]}
    if item["demand_minor"]:
        return {"need": "item_credit", **about, "credit_minor": item["credit_minor"]}
    return {"need": "item_aside", **about, "disputed_minor": item["disputed_minor"], "held": item["held"],
            "day": _aside_until(seen)}  # fmt: skip


def _aside_until(seen: Look) -> date | None:
    """The day after the last hold on an item, where each has an end and nothing is disputed without one."""
    mine = [row for row in seen.seen["known"]["holds"].to_dicts() if row["debtor_id"] == seen.debtor_id]
    ends = [row["until_date"] for row in mine if row["receivable_id"] is not None]
    ends = [end for end in ends if end is None or end >= seen.day]
    closes = [
        row["closed_date"] for row in seen.seen["known"]["disputes"].to_dicts() if row["debtor_id"] == seen.debtor_id
    ]
    closes = [close for close in closes if close is None or close > seen.day]
    if None in ends or None in closes or not (ends or closes):
        return None
    last: date = max([*(in_days(end, 1) for end in ends), *closes])
    return last


def _no_way(seen: Look, currency: str, action: Wanted, items: list[Row]) -> _Path:
    """No item comes to the action on this ladder: it is behind, or another treatment or segment would have it."""
    by_message = action.action == "message" or action.channel in (Channel.EMAIL, Channel.LETTER)
    if action.stage is not None:
        by_message = action.stage.is_message
    lowest = min(item["from_stage"] for item in items)
    needs = list(_behind(seen, currency, action, items))
    options = _treatments(seen.ladder(currency).segment, seen.profile(currency), action, lowest)
    if options:
        needs.append({"need": "other_treatment", "options": options})
        needs += _with_treatment(seen, currency, action, items, options[0])
    elif not needs or action.stage is None:
        others = _segments(seen, currency, action, lowest)
        needs += [{"need": "other_segment", "options": others}] if others else []
    return _Path(action.stage, by_message, needs or [{"need": "no_such_step"}])


def _with_treatment(seen: Look, currency: str, action: Wanted, items: list[Row], option: Row) -> list[Row]:
    """What the nearest item would need if a step had another treatment."""
    own = seen.ladder(currency)
    step = own.segment.step(Stage[option["stage"].upper()])
    if step is None:
        return []
    other = next(each for each in step.treatments if each.name == option["name"])
    kept = [pair for pair in own.steps if pair[0].stage is not step.stage]
    steps = sorted([*kept, (step, other)], key=lambda pair: pair[0].stage)
    ways = [way for way in (_of_item(seen, currency, action, item, steps) for item in items) if way is not None]
    return min(ways, key=lambda way: way.day or date.max).needs if ways else []


def _behind(seen: Look, currency: str, action: Wanted, items: list[Row]) -> Iterator[Row]:
    """Steps of this kind that the items have behind them."""
    fitting = [step.stage for step, treatment in seen.ladder(currency).steps if action.fits(step, treatment)]
    if not fitting:
        return
    if fitting == [Stage.NOTICE]:
        yield {"need": "too_late", "stage": Stage.NOTICE.word, "due_date": max(item["due_date"] for item in items)}
        return
    item = max(items, key=lambda each: each["from_stage"])
    since = item["stage_date"]
    yield {"need": "behind", "stage": max(fitting).word, "number": item["number"], "stands": word(item["from_stage"]),
           "since": since}  # fmt: skip


def _treatments(segment: Segment, about: Profile, action: Wanted, lowest: int) -> list[Row]:
    """Treatments of the segment that would be the action, and what must hold for each."""
    found = []
    for step in segment.steps:
        mine = chosen(step, about)
        for place, each in enumerate(step.treatments):
            if place != mine and step.stage > lowest and action.fits(step, each):
                before = [other.when for other in step.treatments[:place]]
                found.append({
                    "stage": step.stage.word, "name": each.name, "instead_of": step.treatments[mine].name,
                    "skipped": step.treatments[mine].skip, "lacks": _lacks(about, each.when, before),
                })  # fmt: skip
    return found


def _segments(seen: Look, currency: str, action: Wanted, lowest: int) -> list[Row]:
    """Other segments that have such a step, and what must hold for each to take the debtor."""
    mine, about = seen.ladder(currency).segment, seen.profile(currency)
    found = []
    for place, each in enumerate(seen.strategy.segments):
        stages = [step.stage.word for step in each.steps if step.stage > lowest
                  and any(action.fits(step, treatment) for treatment in step.treatments)]  # fmt: skip
        if each.name != mine.name and stages:
            before = [other.when for other in seen.strategy.segments[:place]]
            found.append({
                "name": each.name, "title": each.title, "when": condition_text(each.when), "stages": stages,
                "lacks": _lacks(about, each.when, before),
            })  # fmt: skip
    return found


def _lacks(about: Profile, when: Condition | None, before: list[Condition | None]) -> Row | None:
    """What must be otherwise for a row of a table to be the first that holds."""
    parts = [about.lacking(when), *(about.lacking(other, wanted=False) for other in before)]
    found = [part for part in parts if part is not None]
    return {"all": found} if len(found) > 1 else found[0] if found else None


def _money(seen: Look, currency: str, path: _Path) -> Iterator[Row]:
    """What stands against a line because of its sums. What is not overdue yet brings its own sum with it."""
    due, stands, strategy = seen.row("due", currency), set(standing(seen, currency)), seen.strategy
    nothing_late = stands & {"petty", "all_disputed_or_held", "covered_by_credit"}
    if nothing_late and path.late:
        yield from _nothing_late(seen, currency, due, nothing_late)
        return
    total = (due["overdue_minor"] or (due["notice_minor"] if path.stage is Stage.NOTICE else 0)) + path.more_minor
    if path.stage is Stage.NOTICE:
        total = max(due["notice_minor"], path.more_minor)
    if due["is_residue"] and path.late and path.stage is not Stage.NOTICE:
        most = strategy.residue_minor.get(currency, 0)
        yield {"need": "residue", "net_minor": total, "residue_minor": most, "more_minor": most + 1 - total}
    least = strategy.minimum_minor.get(currency, 0)
    if 0 < total < least:
        yield {"need": "minimum", "net_minor": total, "minimum_minor": least, "more_minor": least - total}


def _nothing_late(seen: Look, currency: str, due: Row, stands: set[str]) -> Iterator[Row]:
    if "petty" in stands:
        items = [item for item in seen.items_in(currency) if item["overdue"] and item["petty_minor"]]
        yield min((_not_asked(seen, item) for item in items), key=lambda each: int(each["more_minor"]))
    elif "all_disputed_or_held" in stands:
        yield {"need": "aside", "disputed_minor": due["disputed_minor"], "day": _aside_until(seen)}
    else:
        yield {
            "need": "credit", "credit_minor": due["credit_minor"], "asked_minor": due["asked_overdue"],
            "more_minor": due["credit_minor"] - due["asked_overdue"] + 1, "doubt_minor": due["doubt_minor"] or 0,
        }  # fmt: skip


def _pause(seen: Look, currency: str) -> Iterator[Row]:
    if "paused" in standing(seen, currency):
        due = seen.row("due", currency)
        yield {
            "need": "pause", "last_date": due["last_message_date"],
            "pause_days": seen.ladder(currency).segment.pause_days, "day": due["pause_until"],
        }  # fmt: skip


def _rules(seen: Look, currency: str, path: _Path) -> Iterator[Row]:
    """Rules that stand against it on every channel. A cap on contacts stands against messages alone."""
    told = set()
    for stop in stops_of(seen, currency):
        key = (stop["rule"], stop["detail"], stop["until"])
        if (path.by_message or not stop["cap"]) and key not in told:
            told.add(key)
            yield {"need": "rule", **stop, "day": _after(stop["until"])}


def _address(seen: Look, currency: str, action: Wanted, path: _Path) -> Iterator[Row]:
    """What stands against the address of a message at the stage."""
    ladder = {step.stage: treatment for step, treatment in seen.ladder(currency).steps}
    treatment = ladder.get(path.stage) if path.stage is not None else None
    if treatment is None or path.stage is None:
        return
    due, is_notice = seen.row("due", currency), path.stage is Stage.NOTICE
    total = max(due["notice_minor"], path.more_minor) if is_notice else due["overdue_minor"] + path.more_minor
    ways = ways_of(seen, currency, (path.stage, total))
    mine = [way for way in ways if action.channel in (None, way["channel"])]
    open_ways = [way for way in ways if not way["dear"] and way["rule"] is None]
    channels = [action.channel] if action.channel else list(treatment.channels)
    dear = [way for way in mine if way["dear"]]
    shut = [way for way in mine if not way["dear"] and way["rule"] is not None]
    if not mine:
        yield {"need": "address", "channels": channels}
    elif not [way for way in open_ways if way in mine]:
        yield from _all_shut(shut, dear, total)
    elif action.channel and open_ways[0]["channel"] != action.channel:
        yield {"need": "other_first", "channel": open_ways[0]["channel"], "preferred": open_ways[0]["preferred"]}
    elif seen.row("last", currency)["thanked"]:
        yield {"need": "thanked", "earliest": in_days(seen.day, 1)}
    elif seen.row("chosen", currency)["action"] == "message" and seen.row("last", currency)["reason"] == "forbidden":
        yield {"need": "hours", "rule": seen.row("last", currency)["rule"]}


def _taken_on(seen: Look, currency: str) -> Iterator[Row]:
    """A person took the message on: until he gives it back, or its last day."""
    line = seen.result(currency)
    if line["reason"] == REASSIGNED:
        told = wishes(seen.seen["known"], PERSON, seen.day).join(pl.DataFrame([line]).select(PLACE), on=PLACE)
        yield {"need": REASSIGNED, "assigned": line["assigned"], "day": _after(told["until_date"].item())}


def _all_shut(shut: list[Row], dear: list[Row], total: int) -> Iterator[Row]:
    if shut:
        ends = [way["until"] for way in shut if way["until"] is not None]
        yield {
            "need": "channels_shut",
            "ways": [{name: way[name] for name in ("channel", "rule", "until")} for way in shut],
            "day": _after(min(ends)) if ends else None,
        }  # fmt: skip
    for channel, least in sorted({(way["channel"], way["least_minor"]) for way in dear}):
        yield {"need": "economic", "channel": channel, "least_minor": least, "net_minor": total,
               "more_minor": least - total}  # fmt: skip


def _after(until: date | None) -> date | None:
    return None if until is None else in_days(until, 1)


# --- nothing instead of something ---


def _ends(seen: Look, currency: str) -> Iterator[Row]:
    """What would end it: any one of these."""
    line, due = seen.result(currency), seen.row("due", currency)
    if line["reason"] == "credit_in_doubt":
        yield {"need": "doubt", "doubt_minor": due["doubt_minor"]}
        return
    if line["action"] == "task" and line["reason"] == line["person_reason"]:
        yield {"need": "step_taken", "stage": word(line["stage"])}
    owed = _asked_overdue(seen, currency) or due["notice_minor"] or due["person_minor"] or due["overdue_minor"]
    yield {"need": "paid", "minor": owed}
    least = seen.strategy.minimum_minor.get(currency, 0)
    if least and owed >= least:
        yield {"need": "below_minimum", "minor": owed - least + 1, "minimum_minor": least}
    yield {"need": "stopped"}
