"""Reading a tree of elements: a text or an amount with the path that told it."""

import re
from collections.abc import Iterator
from decimal import Decimal

from dunwell.core.errors import DunwellError
from dunwell.intake.einvoices.shapes import Amount, Told
from dunwell.intake.xml_nodes import Node, walk

_NUMBER = re.compile(r"^[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})$")


def tree(data: bytes, file: str, root: str) -> Node:
    """The whole document; refuses, in words, what is not well-formed and any document type."""
    found: list[Node] = []
    walk(data, file, whole=frozenset({root}), opened=lambda _: None, closed=found.append)
    if not found:
        raise DunwellError("intake.xml_broken", file=file, row=1, reason=f"no element {root}")
    return found[0]


def children(node: Node | None, path: str) -> Iterator[Node]:
    """Every element at `A/B/C` below one."""
    if node is None:
        return
    name, _, rest = path.partition("/")
    for child in node.children:
        if child.name == name:
            if rest:
                yield from children(child, rest)
            else:
                yield child


def told(node: Node | None, *paths: str, at: str = "") -> Told:
    """The text at the first of the paths that has one; `at` is written before the path."""
    for path in paths:
        for found in children(node, path):
            if found.text.strip():
                return Told(at + path, " ".join(found.text.split()))
    return Told(at + paths[0])


def amount_of(node: Node, element: str) -> Amount:
    """The amount that an element holds."""
    text = node.text.strip()
    return Amount(element, Decimal(text) if _NUMBER.match(text) else None, text)


def amount(node: Node | None, *paths: str, at: str = "") -> Amount:
    """The amount at the first of the paths that has a text."""
    for path in paths:
        for found in children(node, path):
            if found.text.strip():
                return amount_of(found, at + path)
    return Amount(at + paths[0])


def amounts(node: Node | None, path: str, at: str = "") -> list[Amount]:
    """All amounts at a path."""
    return [amount_of(found, at + path) for found in children(node, path)]


def is_true(text: str) -> bool:
    """Whether an indicator is set."""
    return text.strip().casefold() in ("true", "1")
