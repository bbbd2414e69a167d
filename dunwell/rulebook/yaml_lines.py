"""YAML that knows its lines, so that a fault in a file is told by line. Duplicate keys are faults too."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dunwell.core.errors import DunwellError, Words


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file: where, and an error with its words. Lines count from 1."""

    line: int
    error: DunwellError


@dataclass(slots=True)
class Faults:
    """All faults of one reading, in the order they were found. warnings: what holds, but hardly as it was meant."""

    found: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def add(self, node: "Node", code: str, /, **params: Any) -> None:
        """Write a fault down."""
        self.found.append(Fault(node.line, DunwellError(code, **params)))

    def warn(self, node: "Node", code: str, /, **params: Any) -> None:
        """Write a warning down."""
        self.warnings.append(Fault(node.line, DunwellError(code, **params)))

    def error(self, node: "Node", error: DunwellError) -> None:
        """Write an error down that something else raised."""
        self.found.append(Fault(node.line, error))


@dataclass(frozen=True, slots=True)
class Node:
    """One place of a YAML file: its path in words, its line, and what stands there."""

    path: str
    yaml: yaml.Node

    @property
    def where(self) -> str | Words:
        """Its path as a fault names it; the top has none."""
        return self.path or Words("strategy.top")

    @property
    def line(self) -> int:
        """The line it begins on."""
        return int(self.yaml.start_mark.line) + 1

    @property
    def value(self) -> Any:
        """What a scalar says: text, whole number, boolean, None; a number with decimals as its text. Else None."""
        if not isinstance(self.yaml, yaml.ScalarNode):
            return None
        tag, text = self.yaml.tag.rpartition(":")[2], str(self.yaml.value)
        match tag:
            case "null":
                return None
            case "bool":
                return text.lower() in {"true", "yes", "on"}
            case "int" if not self.leads_with_zero and _whole(text) and len(text) <= 18:
                return int(text)
        return text

    @property
    def leads_with_zero(self) -> bool:
        """A whole number like 010: eight to YAML, ten to who wrote it, so it is no number here."""
        if not isinstance(self.yaml, yaml.ScalarNode):
            return False
        digits = str(self.yaml.value).lstrip("+-")
        return _whole(digits) and len(digits) > 1 and digits.startswith("0")

    def keys(
        self, faults: Faults, allowed: frozenset[str], required: frozenset[str] = frozenset()
    ) -> dict[str, "Node"]:
        """The entries of a mapping; what is missing, unknown, or there twice is a fault."""
        if not isinstance(self.yaml, yaml.MappingNode):
            faults.add(self, "strategy.wants_table", where=self.where)
            return {}
        found: dict[str, Node] = {}
        for key, value in self.yaml.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            place = Node(name, key)
            if name not in allowed:
                faults.add(
                    place, "strategy.unknown_key", where=self.where, key=name[:80], known=", ".join(sorted(allowed))
                )
            elif name in found:
                faults.add(place, "strategy.twice", where=self.where, key=name)
            else:
                found[name] = Node(f"{self.path}.{name}" if self.path else name, value)
        for name in sorted(required - set(found)):
            faults.add(self, "strategy.missing_key", where=self.where, key=name)
        return found

    def pairs(self, faults: Faults) -> Iterator[tuple[str, "Node"]]:
        """The entries of a mapping whose keys are the author's own."""
        if not isinstance(self.yaml, yaml.MappingNode):
            faults.add(self, "strategy.wants_table", where=self.where)
            return
        seen = set()
        for key, value in self.yaml.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in seen:
                faults.add(Node(name, key), "strategy.twice", where=self.where, key=name[:80])
                continue
            seen.add(name)
            yield name, Node(f"{self.path}.{name[:80]}", value)

    def rows(self, faults: Faults) -> list["Node"]:
        """The entries of a list."""
        if not isinstance(self.yaml, yaml.SequenceNode):
            faults.add(self, "strategy.wants_list", where=self.where)
            return []
        return [Node(f"{self.path}[{place}]", value) for place, value in enumerate(self.yaml.value, 1)]


def _whole(text: str) -> bool:
    digits = text.lstrip("+-")
    return digits.isascii() and digits.isdigit()


LARGEST_FILE = 1_000_000


def read_yaml(text: str) -> Node:
    """The top of a YAML text. Raises DunwellError `strategy.no_yaml` with the line."""
    if len(text) > LARGEST_FILE:
        raise DunwellError("strategy.too_long", most=LARGEST_FILE)
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DunwellError("strategy.no_yaml", line=line, why=error.problem or "") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DunwellError("strategy.no_yaml", line=1, why=type(error).__name__) from error
    if top is None:
        raise DunwellError("strategy.no_yaml", line=1, why="empty")
    return Node("", top)
