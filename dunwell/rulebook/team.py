"""Who collects: people with their languages, steps and hours, and which debtors are whose. A table; read from YAML.

docs/worklists.md says what each word means. Every fault is told with its line.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.rulebook.conditions import Condition, columns_of
from dunwell.rulebook.strategy_values import Values
from dunwell.rulebook.yaml_lines import Fault, Faults, Node, read_yaml

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME = re.compile(r"[^\W_][\w .-]{0,39}")
_HOURS = re.compile(r"([0-9]{1,2})(?::([0-5][0-9]))?")
_MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Collector:
    """One who collects. languages, stages: what he can do; empty: all. minutes: weekday -> how long he works."""

    name: str
    languages: tuple[str, ...]
    stages: tuple[int, ...]
    minutes: dict[str, int]

    def minutes_on(self, day: date) -> int:
        """How long he works on a day, if he is there."""
        return self.minutes.get(WEEKDAYS[day.weekday()], 0)

    def can(self, language: str, stage: int) -> bool:
        """Does he speak the debtor's language and take such steps? Stage 0, an alarm, is everybody's."""
        return (not self.languages or language in self.languages) and (
            not self.stages or not stage or stage in self.stages
        )


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Debtors whom `when` holds for and no portfolio before it took, and who looks after them (names)."""

    name: str
    when: Condition | None
    collectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """Collectors and portfolios, with the text they were read from."""

    name: str
    collectors: tuple[Collector, ...]
    portfolios: tuple[Portfolio, ...]
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def columns(self) -> frozenset[str]:
        """The columns that its conditions ask for."""
        return frozenset(name for each in self.portfolios for name in columns_of(each.when))

    def collector(self, name: str) -> Collector:
        """One by his name. Raises `team.no_collector`."""
        for each in self.collectors:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.collectors)
        raise DunwellError("team.no_collector", name=name[:40], known=known)


@dataclass(frozen=True, slots=True)
class Absence:
    """A collector is away from a day to another, both included. substitute: who takes his tasks first, if anybody."""

    collector: str
    from_date: date
    until_date: date
    substitute: str | None


def check_team(text: str) -> tuple[Team | None, list[Fault]]:
    """A team from its text, or all its faults by line. Raises DunwellError when it is no YAML at all."""
    faults = Faults()
    team = _Reader(faults).team(read_yaml(text), text)
    ordered = sorted(faults.found, key=lambda fault: fault.line)
    return (None if ordered else team), ordered


def read_team(text: str) -> Team:
    """A team from its text. Raises DunwellError `team.fault` with the first fault and its line."""
    team, faults = check_team(text)
    if team is None:
        first = faults[0]
        raise DunwellError("team.fault", line=first.line, why=first.error.words(), more=len(faults) - 1)
    return team


@dataclass(slots=True)
class _Reader(Values):
    known: set[str] = field(default_factory=set)

    def team(self, top: Node, text: str) -> Team:
        every = frozenset({"name", "collectors", "portfolios"})
        keys = top.keys(self.faults, every, every)
        collectors = tuple(map(self.collector, self.rows(keys.get("collectors"))))
        rows = self.rows(keys.get("portfolios"))
        portfolios = tuple(self.portfolio(row, is_last=n == len(rows)) for n, row in enumerate(rows, 1))
        return Team(self.name(keys.get("name")), collectors, portfolios, text)

    def rows(self, node: Node | None) -> list[Node]:
        found = node.rows(self.faults) if node else []
        if node and not found:
            self.faults.add(node, "team.empty", where=node.path)
        return found

    def collector(self, row: Node) -> Collector:
        keys = row.keys(
            self.faults, frozenset({"collector", "languages", "stages", "hours"}), frozenset({"collector", "hours"})
        )
        stages = {stage.word: int(stage) for stage in Stage if stage}
        return Collector(
            name=self.once(keys.get("collector"), "collector"),
            languages=self.some(keys.get("languages"), LANGUAGES),
            stages=tuple(stages[word] for word in self.some(keys.get("stages"), tuple(stages))),
            minutes=self.hours(keys.get("hours")),
        )

    def portfolio(self, row: Node, *, is_last: bool) -> Portfolio:
        keys = row.keys(
            self.faults, frozenset({"portfolio", "when", "collectors"}), frozenset({"portfolio", "collectors"})
        )
        name = self.once(keys.get("portfolio"), "portfolio")
        if is_last and "when" in keys:
            self.faults.add(keys["when"], "team.last_for_all", name=name)
        if not is_last and "when" not in keys:
            self.faults.add(row, "team.takes_all", name=name)
        people = tuple(each.removeprefix("collector:") for each in sorted(self.known) if each.startswith("collector:"))
        return Portfolio(name, self.condition(keys.get("when")), self.some(keys.get("collectors"), people))

    def once(self, node: Node | None, kind: str) -> str:
        name = self.name(node)
        if node and name and f"{kind}:{name}" in self.known:
            self.faults.add(node, "team.twice", name=name)
        self.known.add(f"{kind}:{name}")
        return name

    def name(self, node: Node | None) -> str:
        if node is None:
            return ""
        found = node.value
        if not isinstance(found, str) or not _NAME.fullmatch(found):
            self.faults.add(node, "team.bad_name", name=str(found)[:40])
            return ""
        return found

    def some(self, node: Node | None, known: tuple[str, ...]) -> tuple[str, ...]:
        """Known words; a list that is there has at least one."""
        return self.words(node, known, ()) if self.rows(node) else ()

    def hours(self, node: Node | None) -> dict[str, int]:
        keys = node.keys(self.faults, frozenset(WEEKDAYS)) if node else {}
        found = {}
        for name, each in keys.items():
            match = _HOURS.fullmatch(str(each.value))
            minutes = int(match[1]) * 60 + int(match[2] or 0) if match else _MOST_MINUTES + 1
            if minutes > _MOST_MINUTES:
                self.faults.add(each, "team.wants_hours", where=each.path)
            else:
                found[name] = minutes
        return found
