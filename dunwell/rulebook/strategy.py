"""The strategy: which step comes when, by which channel. A table, not code."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.money import DIGITS
from dunwell.core.terms import Channel, Stage

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the strategy. `pay_within_days`: the deadline the message sets, in days from its day (the next
    working day, where that is none). `interest`: it demands late interest too, as far as the terms of the debtor
    let it be claimed."""

    stage: Stage
    offset_days: int
    after_days: int
    channels: tuple[str, ...]
    pay_within_days: int | None
    interest: bool = False


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy with the text it was read from, so that a run can be replayed."""

    name: str
    netting: bool
    pause_days: int
    steps: tuple[Step, ...]
    person_after_deadline_days: int
    minimum_minor: dict[str, int]
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def step(self, stage: Stage) -> Step:
        """The step of a stage."""
        return next(step for step in self.steps if step.stage == stage)


class StrategyError(ValueError):
    """A strategy that cannot be followed: says where and why."""


@cache
def default_strategy() -> Strategy:
    """The strategy a new installation starts with."""
    return read_strategy(
        (resources.files("dunwell.rulebook") / "strategies" / "default.yaml").read_text(encoding="utf-8")
    )


def read_strategy(text: str) -> Strategy:
    """A strategy from its YAML text. Raises StrategyError."""
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise StrategyError(f"no YAML: {error}") from error
    wanted = {"name", "netting", "pause_days", "stages", "minimum_minor"}
    if not isinstance(table, dict) or set(table) != wanted:
        raise StrategyError(f"a strategy has exactly the keys {', '.join(sorted(wanted))}")
    rows = table["stages"]
    named = [row.get("stage") if isinstance(row, dict) else None for row in rows] if isinstance(rows, list) else []
    if named != [s.word for s in Stage if s is not Stage.NONE]:
        raise StrategyError("the stages stand in order: notice, reminder, first_dunning, second_dunning, person")
    if not isinstance(table["netting"], bool):
        raise StrategyError("netting is true or false")
    steps = tuple(_step(row) for row in rows[:-1])
    if steps[0].offset_days > 0 or any(step.offset_days < 1 for step in steps[1:]):
        raise StrategyError("a notice comes before the due date, every other step after it")
    if steps[-1].pay_within_days is None:
        raise StrategyError("the second dunning sets a final deadline: pay_within_days")
    minimum = table["minimum_minor"]
    if not isinstance(minimum, dict):
        raise StrategyError("minimum_minor is a table: currency to whole minor units")
    for currency, least in minimum.items():
        if currency not in DIGITS:
            raise StrategyError(f"minimum_minor: {currency} is not a currency of ISO 4217")
        _whole(least, f"minimum_minor: {currency}", 0)
    return Strategy(
        name=str(table["name"]),
        netting=table["netting"],
        pause_days=_whole(table["pause_days"], "pause_days", 1),
        steps=steps,
        person_after_deadline_days=_whole(rows[-1].get("after_deadline_days"), "person: after_deadline_days", 0),
        minimum_minor=dict(minimum),
        text=text,
    )


def _step(row: dict[str, Any]) -> Step:
    where = row["stage"]
    channels = tuple(row["channels"]) if isinstance(row.get("channels"), list) else ()
    if not channels or not set(channels) <= {str(c) for c in Channel}:
        raise StrategyError(f"{where}: channels are some of {', '.join(Channel)}")
    within = row.get("pay_within_days")
    if not isinstance(row.get("interest", False), bool):
        raise StrategyError(f"{where}: interest is true or false")
    return Step(
        stage=Stage[where.upper()],
        offset_days=_whole(row.get("offset_days"), f"{where}: offset_days", None),
        after_days=_whole(row.get("after_days", 0), f"{where}: after_days", 0),
        channels=channels,
        pay_within_days=None if within is None else _whole(within, f"{where}: pay_within_days", 1),
        interest=row.get("interest", False),
    )


def _whole(value: Any, where: str, least: int | None) -> int:
    if type(value) is not int or (least is not None and value < least):
        raise StrategyError(f"{where} is a whole number" + ("" if least is None else f", at least {least}"))
    return value
