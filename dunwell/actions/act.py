"""What every act is: one permission check, one transaction, at least one journal entry, writes allowed inside only."""

from collections.abc import Callable
from functools import wraps

from django.db import transaction

from dunwell.actions.permissions import may
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.store import guard, journal


class NothingRecorded(RuntimeError):
    """A programming mistake: an act that wrote no journal entry."""


def act[**P, R](name: str, *, may_record_nothing: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an act. It takes `by: Actor` as keyword; a refusal raises Refused and rolls all back.

    may_record_nothing: for acts that may find nothing to do, e.g. a second import of the same file.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def perform(*args: P.args, **kwargs: P.kwargs) -> R:
            by = kwargs.get("by")
            if not isinstance(by, Actor) or not may(by, name):
                raise Refused("act.not_allowed", actor=str(by), act=name)
            with guard.writing(name), transaction.atomic():
                before = journal.count_here()
                result = function(*args, **kwargs)
                if not may_record_nothing and journal.count_here() == before:
                    raise NothingRecorded(name)
                return result

        return perform

    return decorate
