"""Short words for what a person does in a review."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from dunwell.actions.day import review
from dunwell.actions.day.review import Chosen, Reviewed
from dunwell.actions.day.runs import RunReport, run_day
from dunwell.actions.release import set_release
from dunwell.core.actor import Actor, ActorKind
from dunwell.rulebook.release import Release
from dunwell.store.models import Creditor, OutboxMessage
from tests.send.book import DAY, TEN
from tests.support.rows import MEI, NOW

LI = Actor(ActorKind.USER, "li")
ALL = Chosen(everything=True)


def setting(creditor: Creditor, **changes: Any) -> Release:
    """Set from the day before the run."""
    return set_release(creditor=creditor, changes=changes, at=NOW, by=MEI)


def decide(creditor: Creditor, days: int = 0) -> RunReport:
    """Run the day, or one so many days later."""
    later = timedelta(days=days)
    return run_day(creditor=creditor, as_of=DAY + later, now=TEN + later, by=MEI)


def acted(**more: Any) -> dict[str, Any]:
    return {"at": TEN, "by": MEI, "key": uuid4(), **more}


def release(creditor: Creditor, chosen: Chosen = ALL, **more: Any) -> Reviewed:
    return review.release(creditor=creditor, chosen=chosen, **acted(**more))


def hold(creditor: Creditor, chosen: Chosen = ALL, reason: str = "call first", **more: Any) -> Reviewed:
    return review.hold(creditor=creditor, chosen=chosen, reason=reason, **acted(**more))


def drop(creditor: Creditor, chosen: Chosen = ALL, reason: str = "wrong price", **more: Any) -> Reviewed:
    return review.drop(creditor=creditor, chosen=chosen, reason=reason, **acted(**more))


def of(*numbers: str, **more: Any) -> Chosen:
    return Chosen(debtors=numbers, **more)


def message(number: str) -> OutboxMessage:
    """The latest message to a debtor."""
    found = OutboxMessage.objects.filter(debtor__number=number).order_by("-pk").first()
    assert found is not None
    return found
