"""What every act is: one permission check, one transaction, at least one journal entry, writes allowed inside only."""

from collections.abc import Callable
from functools import wraps

from django.db import transaction

from dunwell.actions import standing
from dunwell.actions.permissions import may
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.store import guard, journal


class NothingRecorded(RuntimeError):
    """A programming mistake: an act that wrote no journal entry."""


def act[**P, R](
    name: str, *, may_record_nothing: bool = False, refreshes: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an act. It takes `by: Actor` as keyword; a refusal raises Refused and rolls all back.

    may_record_nothing: for acts that may find nothing to do, e.g. a second import of the same file.
    refreshes: the act returns something of one debtor, whose standing changes with it.
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
                recorded = journal.count_here() > before
                if not recorded and not may_record_nothing:
                    raise NothingRecorded(name)
                if recorded and refreshes:
                    standing.refresh(result.debtor)  # type: ignore[attr-defined]
                return result

        return perform

    return decorate
