"""XML as small trees, one entry at a time: no document type, hence no entities, nothing fetched, bounded depth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from dunwell.core.errors import DunwellError

_DEEPEST = 60
_LONGEST_TEXT = 100_000
_MOST_NODES = 200_000
"""Nodes below one element that is handed over at once: an entry of a thousand payments has about fifty thousand."""


@dataclass(slots=True)
class Node:
    """An element: its name without namespace, attributes, text, children."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def at(self, path: str) -> "Node | None":
        """The first element at `A/B/C` below this one."""
        node: Node | None = self
        for name in path.split("/"):
            node = next((child for child in node.children if child.name == name), None) if node else None
        return node

    def get(self, *paths: str) -> str:
        """The text at the first of the paths that has one."""
        for path in paths:
            node = self.at(path)
            if node is not None and node.text.strip():
                return node.text.strip()
        return ""

    def every(self, name: str) -> Iterator["Node"]:
        """All elements of a name below this one, in their order."""
        for child in self.children:
            if child.name == name:
                yield child
            else:
                yield from child.every(name)


def walk(
    data: bytes, file: str, *, whole: frozenset[str], opened: Callable[[str], None], closed: Callable[[Node], None]
) -> None:
    """Tell of a document as it is read.

    whole    names of elements that are handed over complete, with all below them, when they end
    opened   called with the name of every other element when it begins
    closed   called with each whole element, and with every other one that has text of its own
    Refuses what is not well-formed, and any document type: entities could be bombs or name other files.
    """
    reader = _Reader(file, whole, opened, closed)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as problem:
        raise DunwellError(
            "intake.xml_broken", file=file, row=problem.lineno, reason=expat.ErrorString(problem.code)
        ) from None
    except (ValueError, LookupError) as problem:  # an encoding that nobody knows
        raise DunwellError("intake.xml_broken", file=file, row=1, reason=str(problem)[:200]) from None


class _Reader:
    def __init__(
        self, file: str, whole: frozenset[str], opened: Callable[[str], None], closed: Callable[[Node], None]
    ) -> None:
        self._file, self._whole, self._opened, self._closed = file, whole, opened, closed
        self._open: list[Node] = []
        self._inside = 0
        self._nodes = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._no_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _no_doctype(self, *_: object) -> None:
        raise DunwellError("intake.xml_doctype", file=self._file)

    def _refuse(self, reason: str) -> DunwellError:
        return DunwellError("intake.xml_broken", file=self._file, row=self.parser.CurrentLineNumber, reason=reason)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise self._refuse("elements too deep in each other")
        node = Node(name.rpartition(":")[2], attributes)
        if self._inside:
            self._nodes += 1
            if self._nodes > _MOST_NODES:
                raise self._refuse("too many elements in one entry")
            self._open[-1].children.append(node)
            self._inside += 1
        elif node.name in self._whole:
            self._inside, self._nodes = 1, 0
        else:
            self._opened(node.name)
        self._open.append(node)

    def _end(self, _: str) -> None:
        node = self._open.pop()
        if self._inside:
            self._inside -= 1
            if self._inside:
                return
        elif not node.text.strip():
            return
        self._closed(node)

    def _text(self, text: str) -> None:
        if self._open:
            node = self._open[-1]
            if len(node.text) < _LONGEST_TEXT:
                node.text += text
