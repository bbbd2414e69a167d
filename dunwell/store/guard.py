"""The guard: a database wrapper that refuses INSERT, UPDATE and DELETE on our tables outside an act.

Imports cannot prove that nobody writes around `dunwell.actions`; this does, on every connection. Migrations
remake tables as `new__store_...`, which is let through; a migration that writes rows does so inside `writing`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_act: ContextVar[str | None] = ContextVar("dunwell_act", default=None)
_WRITE = re.compile(
    r"""(?:^|;)\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*          # comments in front
        (?:WITH\b.*?\b)?                             # a CTE may lead to a write
        (?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?
        |COPY|MERGE\s+INTO)\s+(?:ONLY\s+)?["`\[]?(?:\w+["`\]]?\.["`\[]?)?store_""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


class WriteOutsideAct(RuntimeError):
    """A programming mistake: something wrote to our tables without an act, so without permission and journal."""


@contextmanager
def writing(act: str) -> Iterator[None]:
    """Allow writes on this thread of control, in the name of an act."""
    token = _act.set(act)
    try:
        yield
    finally:
        _act.reset(token)


def current_act() -> str | None:
    """The act that is being performed, or None."""
    return _act.get()


def require_act(what: str) -> None:
    """For writers that pass the wrapper by (COPY): refuse outside an act."""
    if _act.get() is None:
        raise WriteOutsideAct(f"refused outside an act: {what}")


def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """The wrapper itself (see Django's database instrumentation)."""
    if _act.get() is None and _WRITE.search(sql):
        raise WriteOutsideAct(f"refused outside an act: {sql[:120]}")
    return execute(sql, params, many, context)


def watch(connection: Any, **_: Any) -> None:
    """Put the wrapper on a new connection, once."""
    if refuse not in connection.execute_wrappers:
        connection.execute_wrappers.append(refuse)
