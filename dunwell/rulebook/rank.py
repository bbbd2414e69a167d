"""What comes first on a worklist: amount x chance x urgency, as small tables that stand in a strategy.

docs/worklists.md says what each word means and redoes a sum by hand. All shares are basis points (10,000 = 100 %).
"""

import re
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS
from dunwell.core.terms import Channel, Stage
from dunwell.rulebook.strategy_columns import COLUMNS, Column, Kind
from dunwell.rulebook.yaml_lines import Faults, Node, read_yaml

WHOLE_BP = 10_000
LEAST_BP, MOST_CHANCE_BP, MOST_URGENCY_BP = 100, 10_000, 100_000
"""Chance and urgency never fall below the first; no sum is worth nothing because of a rule of thumb."""
MOST_DAYS = 366
"""No alarm looks farther ahead."""
OTHER = "other"

_TOP = frozenset({"alarm_days", "recent_days", "chance", "urgency", "minutes", "weights"})
_NEWS = ("deadline_passed", "promise_broken", "payment_bounced", "waiting_week", "waiting_most")
_MINUTES = (Channel.PHONE, Channel.VISIT, OTHER)
_MOST_PERCENT = 1_000
_MOST_MINUTES = 600
_MOST_WEIGHT = 1_000_000
_WHOLE = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Chance:
    """How a column of `strategy_columns` moves the chance: value -> basis points. Of a column of whole numbers the
    largest of the named ones that is not above what is found counts."""

    column: str
    changes_bp: tuple[tuple[int | str, int], ...]


@dataclass(frozen=True, slots=True)
class Urgency:
    """How the task moves the urgency, in basis points each.

    stages_bp           stage -> for a task of this stage
    deadline_passed_bp  the final deadline has passed
    promise_broken_bp   a promise was broken within `Rank.recent_days`
    payment_bounced_bp  a payment went back within `Rank.recent_days`
    waiting_week_bp     for each whole week since the task fell due, together at most waiting_most_bp
    """

    from_bp: int = WHOLE_BP
    stages_bp: dict[int, int] = field(default_factory=dict)
    deadline_passed_bp: int = 0
    promise_broken_bp: int = 0
    payment_bounced_bp: int = 0
    waiting_week_bp: int = 0
    waiting_most_bp: int = 0


@dataclass(frozen=True, slots=True)
class Rank:
    """What a strategy says of worklists.

    alarm_days    a claim whose limitation may end within so many days goes first
    recent_days   so long what happened is news
    chance_bp     the chance before anything is known of the debtor
    chance        what is known, column by column
    minutes       phone, visit, other -> how long a task takes
    weights       currency -> what one unit counts beside others; others than these take turns
    """

    alarm_days: int
    recent_days: int
    chance_bp: int
    chance: tuple[Chance, ...]
    urgency: Urgency
    minutes: dict[str, int]
    weights: dict[str, int]

    @property
    def columns(self) -> frozenset[str]:
        """The columns it asks for."""
        return frozenset(each.column for each in self.chance)

    def minutes_of(self, channel: str | None) -> int:
        """How long a task takes that is done by this channel (None: at the desk)."""
        return self.minutes.get(channel or OTHER, self.minutes[OTHER])


@cache
def packaged_rank() -> str:
    """The text of what holds where a strategy says nothing."""
    return (resources.files("dunwell.rulebook") / "strategies" / "rank.yaml").read_text("utf-8")


@cache
def whole_rank(text: str) -> Rank:
    """A block `rank` that stands by itself. Raises DunwellError with its first fault."""
    faults = Faults()
    found = read_rank(read_yaml(text), faults, _NOTHING)
    if faults.found:
        first = faults.found[0]
        raise DunwellError("strategy.fault", line=first.line, why=first.error.words(), more=len(faults.found) - 1)
    return found


_NOTHING = Rank(0, 1, WHOLE_BP, (), Urgency(), dict.fromkeys(_MINUTES, 1), {})


def read_rank(node: Node | None, faults: Faults, usual: Rank) -> Rank:
    """The block `rank`. What it leaves out is as in `usual`; a part that it names is replaced as a whole."""
    if node is None:
        return usual
    keys = node.keys(faults, _TOP)
    found = replace(
        usual,
        alarm_days=_whole(keys.get("alarm_days"), faults, 0, MOST_DAYS, usual.alarm_days),
        recent_days=_whole(keys.get("recent_days"), faults, 1, MOST_DAYS, usual.recent_days),
        minutes=usual.minutes | _table(keys.get("minutes"), faults, _MINUTES, 1, _MOST_MINUTES),
        weights=_table(keys["weights"], faults, DIGITS, 1, _MOST_WEIGHT) if "weights" in keys else usual.weights,
    )
    if "chance" in keys:
        chance_bp, chance = _chance(keys["chance"], faults)
        found = replace(found, chance_bp=chance_bp, chance=chance)
    return replace(found, urgency=_urgency(keys["urgency"], faults)) if "urgency" in keys else found


def _chance(node: Node, faults: Faults) -> tuple[int, tuple[Chance, ...]]:
    allowed = [name for name, column in COLUMNS.items() if _can(column)]
    keys = node.keys(faults, frozenset({"from", *allowed}), frozenset({"from"}))
    tables = tuple(Chance(name, _changes(each, COLUMNS[name], faults)) for name, each in keys.items() if name != "from")
    return _whole(keys.get("from"), faults, 1, 100, 50) * 100, tables


def _can(column: Column) -> bool:
    """May it move the chance? What it may say must be known beforehand."""
    return column.kind in (Kind.WHOLE, Kind.FLAG) or (column.kind is Kind.TEXT and bool(column.values))


def _changes(node: Node, column: Column, faults: Faults) -> tuple[tuple[int | str, int], ...]:
    found: dict[int | str, int] = {}
    known = ("yes", "no") if column.kind is Kind.FLAG else column.values
    for word, each in node.pairs(faults):
        percent = _whole(each, faults, -_MOST_PERCENT, _MOST_PERCENT, 0)
        if column.kind is Kind.WHOLE and not _WHOLE.fullmatch(word):
            faults.add(each, "rank.wants_threshold", where=node.path, value=word[:40])
        elif column.kind is not Kind.WHOLE and word not in known:
            faults.add(each, "strategy.unknown_word", where=node.path, value=word[:40], known=", ".join(known))
        else:
            found[int(word) if column.kind is Kind.WHOLE else word] = percent * 100
    return tuple(sorted(found.items(), key=lambda pair: (str(type(pair[0])), pair[0])))


def _urgency(node: Node, faults: Faults) -> Urgency:
    keys = node.keys(faults, frozenset({"from", "stages", *_NEWS}), frozenset({"from"}))
    stages = {stage.word: int(stage) for stage in Stage if stage}
    changes = _table(keys.get("stages"), faults, stages, -_MOST_PERCENT, _MOST_PERCENT)
    news = {f"{name}_bp": _whole(keys.get(name), faults, 0, _MOST_PERCENT, 0) * 100 for name in _NEWS}
    return Urgency(
        from_bp=_whole(keys.get("from"), faults, 1, _MOST_PERCENT, 100) * 100,
        stages_bp={stages[word]: percent * 100 for word, percent in changes.items()},
        **news,
    )


def _table(
    node: Node | None, faults: Faults, known: tuple[str, ...] | dict[str, int], least: int, most: int
) -> dict[str, int]:
    found = {}
    for word, each in node.pairs(faults) if node else ():
        if word not in known:
            where = node.path if node else ""
            faults.add(each, "strategy.unknown_word", where=where, value=word[:40], known=", ".join(known))
        else:
            found[word] = _whole(each, faults, least, most, least)
    return found


def _whole(node: Node | None, faults: Faults, least: int, most: int, default: int) -> int:
    if node is None:
        return default
    found = node.value
    if type(found) is not int or not least <= found <= most:
        faults.add(node, "rank.wants_whole", where=node.path, least=least, most=most)
        return default
    return found
