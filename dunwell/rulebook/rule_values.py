"""The values of a contact rule by its kind, checked and brought into one shape."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from dunwell.core.terms import Channel
from dunwell.rulebook.contact_rules import OUTCOMES, PER, REGISTERS
from dunwell.rulebook.rule_error import RuleError

_CLOCK = re.compile(r"([01]\d|2[0-4]):[0-5]\d")
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_CODE = re.compile(r"[a-z][a-z0-9_]*")
DIRECTIONS = ("out", "in", "any")
HOLIDAYS = ("open", "closed", "nationwide")
BY = ("anybody", "collector")


def read_values(kind: str, value: Any, where: str) -> Mapping[str, Any]:
    """The values of a rule of a kind, with what was left out filled in. Raises RuleError naming what is wrong."""
    needed, may, check = KINDS[kind]
    if not isinstance(value, dict) or not needed <= set(value) <= needed | set(may):
        named = ", ".join(sorted(needed)) or "none"
        raise RuleError(
            f"{where}: values of the kind {kind} need: {named}; may have: {', '.join(sorted(may)) or 'none'}"
        )
    read = {**may, **value}
    wrong = check(read)
    if wrong:
        raise RuleError(f"{where}: {wrong}")
    return read


def _hours(value: dict[str, Any]) -> str:
    """Several spans or one: they become `spans`."""
    single = {name: value.pop(name) for name in ("from", "until", "weekdays", "until_included")}
    spans = value["spans"] or [{name: told for name, told in single.items() if told is not None}]
    if value["spans"] and any(told is not None for told in single.values()):
        return "hours are one span, or a list of spans"
    for span in spans:
        if not isinstance(span, dict) or not {"from", "until", "weekdays"} <= set(span) <= set(single):
            return "a span of hours has from, until and weekdays"
        if not all(isinstance(span[end], str) and _CLOCK.fullmatch(span[end]) for end in ("from", "until")):
            return 'hours are written like "08:00"'
        if not span["from"] < span["until"] <= "24:00":
            return "hours end after they begin, on the same day"
        if any("00:00" < span[end] < "04:00" for end in ("from", "until")):
            return "hours neither begin nor end while clocks are put on and back, between 0 and 4 o'clock"
        if not span["weekdays"] or not set(span["weekdays"]) <= set(range(1, 8)):
            return "weekdays are numbers from 1 (Monday) to 7"
        if not isinstance(span.get("until_included", False), bool):
            return "until_included is true or false"
    if value["holidays"] not in HOLIDAYS:
        return f"holidays are one of {', '.join(HOLIDAYS)}"
    value["spans"] = [{"until_included": False, **span} for span in spans]
    return ""


def _count(value: dict[str, Any]) -> str:
    if value["days"] is not None and value["minutes"] is not None:
        return "a count looks back some days, or some minutes, or (with neither) as far as anything is known"
    return (
        _whole(value, "most", 0) or _whole(value, "days", 1) or _whole(value, "minutes", 1)
        or _words(value, "outcomes", OUTCOMES) or _words(value, "after_first", OUTCOMES)
        or _one(value, "per", PER) or _one(value, "direction", DIRECTIONS) or _one(value, "by", BY)
    )  # fmt: skip


def _wait(value: dict[str, Any]) -> str:
    return (
        _whole(value, "days", 1) or _words(value, "after", OUTCOMES)
        or _one(value, "per", PER) or _one(value, "direction", DIRECTIONS) or _one(value, "by", BY)
    )  # fmt: skip


def _intensity(value: dict[str, Any]) -> str:
    known = {*map(str, Channel), "reached"}
    weights = value["weights"]
    if not isinstance(weights, dict) or set(weights) != known or not all(_is_whole(n, 0) for n in weights.values()):
        return f"weights are whole numbers for each of {', '.join(sorted(known))}"
    return _whole(value, "days", 1) or _whole(value, "most", 1)


def _register(value: dict[str, Any]) -> str:
    """`lasts`: how many days an entry of a kind lasts where nothing else was said, its first day counted."""
    lasts = value["lasts"]
    good = isinstance(lasts, dict) and set(lasts) <= set(REGISTERS)
    if not good or not all(_is_whole(days, 1) for days in lasts.values()):
        return "lasts names kinds of entries, each with whole days"
    return _words(value, "entries", REGISTERS)


def _requires(value: dict[str, Any]) -> str:
    named = value["purpose"] is None or (isinstance(value["purpose"], str) and _CODE.fullmatch(value["purpose"]))
    return (
        _one(value, "entry", REGISTERS) or _whole(value, "days_after", 0) or _whole(value, "within_days", 1)
        or ("" if named else "purpose is a code")
    )  # fmt: skip


def _season(value: dict[str, Any]) -> str:
    for span in value["spans"]:
        if (
            not isinstance(span, list)
            or len(span) != 2
            or not all(type(day) is date for day in span)
            or span[0] > span[1]
        ):
            return "a span of a season is two days, the first not after the second"
    for span in value["yearly"]:
        if not isinstance(span, list) or len(span) != 2 or not all(_MONTH_DAY.fullmatch(str(day)) for day in span):
            return 'a span of each year is two days like "12-24"'
        if span[0] > span[1]:
            return "a span of each year does not pass the year's end: write two"
    return "" if value["spans"] or value["yearly"] else "a season has spans"


def _content(value: dict[str, Any]) -> str:
    return _code_list(value, "must") or _code_list(value, "must_not")


def _recording(value: dict[str, Any]) -> str:
    return _one(value, "may", ("required", "allowed", "ask", "forbidden"))


def _fine(_: dict[str, Any]) -> str:
    return ""


BEGUN = ("same_channel", "since_refused", "in_refused_time", "from_refused_place")
"""What an exception for answers may want of what the debtor began: see "Answers" in docs/contact-rules.md."""


def _lifts(value: dict[str, Any]) -> str:
    if not isinstance(value["lifts"], bool):
        return "lifts is true or false"
    if value["begun"] and not value["lifts"]:
        return "what the debtor began is asked where an exception lifts"
    return _words(value, "begun", BEGUN)


KINDS: Mapping[str, tuple[frozenset[str], Mapping[str, Any], Callable[[dict[str, Any]], str]]] = {
    "hours": (
        frozenset(),
        {"from": None, "until": None, "weekdays": None, "until_included": None, "spans": [], "holidays": "open"},
        _hours,
    ),
    "count": (
        frozenset({"most", "per", "outcomes"}),
        {"days": None, "minutes": None, "direction": "out", "after_first": [], "by": "anybody"},
        _count,
    ),
    "wait": (frozenset({"days", "per", "after"}), {"direction": "any", "by": "anybody"}, _wait),
    "intensity": (frozenset({"days", "weights", "most"}), {}, _intensity),
    "register": (frozenset({"entries"}), {"lasts": {}}, _register),
    "requires": (frozenset({"entry"}), {"days_after": 0, "within_days": None, "purpose": None}, _requires),
    "never": (frozenset(), {}, _fine),
    "visitors": (frozenset({"least"}), {}, lambda value: _whole(value, "least", 1)),
    "complaint": (frozenset(), {}, _fine),
    "promise": (frozenset({"grace_days"}), {}, lambda value: _whole(value, "grace_days", 0)),
    "season": (frozenset(), {"spans": [], "yearly": []}, _season),
    "content": (frozenset(), {"must": [], "must_not": []}, _content),
    "recording": (frozenset({"may"}), {}, _recording),
    "conduct": (frozenset({"points"}), {}, lambda value: _code_list(value, "points")),
    "answer": (frozenset({"within_days"}), {}, lambda value: _whole(value, "within_days", 1)),
    "exception": (frozenset({"lifts"}), {"begun": []}, _lifts),
}  # fmt: skip
"""Each kind with what its values need, what they may have and how that is filled in, and what checks them."""


def _is_whole(number: Any, least: int) -> bool:
    return type(number) is int and number >= least


def _whole(value: dict[str, Any], name: str, least: int) -> str:
    return "" if value[name] is None or _is_whole(value[name], least) else f"{name} is a whole number, at least {least}"


def _one(value: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    return "" if value[name] in known else f"{name} is one of {', '.join(known)}"


def _words(value: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    good = isinstance(value[name], list) and set(value[name]) <= set(known)
    return "" if good else f"{name} is a list of {', '.join(known)}"


def _code_list(value: dict[str, Any], name: str) -> str:
    good = isinstance(value[name], list) and all(
        isinstance(word, str) and _CODE.fullmatch(word) for word in value[name]
    )
    return "" if good else f"{name} is a list of codes"
