"""A debtor promises to pay, or takes it back. Kept or broken is computed from payments: `engine.book.promises`."""

from datetime import date, datetime
from uuid import UUID

import polars as pl

from dunwell.actions.act import act
from dunwell.actions.facts import facts_of
from dunwell.actions.once import first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.money import Money
from dunwell.engine.book.claims import open_items
from dunwell.engine.book.promises import promises
from dunwell.rulebook.rules_file import house_rules
from dunwell.store import journal
from dunwell.store.models import Debtor, Promise
from dunwell.store.versions import change

LONGEST_DAYS = 366
"""A promise stops reminders until its day: one for a later year is a slip of the pen, or a plan of instalments."""


@act("promise.record", may_record_nothing=True, refreshes=True)
def record_promise(
    *,
    debtor: Debtor,
    amount: Money,
    due_date: date,
    at: datetime,
    by: Actor,
    key: UUID | str,
    made_date: date | None = None,
) -> Promise:
    """Take a debtor's promise to pay `amount` by `due_date`. Repeated with its key it gives the first promise.

    made_date   the day he gave it, at the creditor's place (None: today)
    Refuses: nothing or less than nothing; more than the engine finds open in that currency, together with what open
    promises still owe; a day before it was made, or more than a year after.
    """
    asked = {
        "amount": {"minor": amount.minor, "currency": amount.currency},
        "due_date": due_date.isoformat(),
        "made_date_told": plain_day(made_date),
    }
    debtor, text, before = first_result(debtor, "promise.made", key, asked)
    if before is not None:
        return Promise.objects.get(pk=before["promise"])
    made, today = happened_on(debtor.creditor, made_date, at)
    if amount.minor <= 0:
        raise Refused("promise.not_positive", amount=str(amount))
    if due_date < made:
        raise Refused("promise.due_before_made", due=due_date.isoformat(), made=made.isoformat())
    if (due_date - made).days > LONGEST_DAYS:
        raise Refused("promise.too_far", due=due_date.isoformat(), days=LONGEST_DAYS)
    facts = facts_of(debtor.creditor, debtors=[debtor.pk]).on(today)
    mine = (pl.col("debtor_id") == debtor.pk) & (pl.col("currency") == amount.currency)
    owed = int(open_items(facts, today).filter(mine)["open_minor"].sum())
    waiting = promises(facts, house_rules(), today).filter(mine & (pl.col("state") == "open"))
    # what came for an open promise is no longer open, or soon will not be: only the rest of it is promised
    promised = int(waiting["amount_minor"].sum()) - int(waiting["received_minor"].sum())
    if amount.minor + promised > owed:
        together = Money(amount.minor + promised, amount.currency)
        raise Refused("promise.exceeds_debt", amount=str(together), open=str(Money(owed, amount.currency)))
    promise = Promise.objects.create(
        creditor=debtor.creditor,
        debtor=debtor,
        currency=amount.currency,
        amount_minor=amount.minor,
        made_date=made,
        due_date=due_date,
        known_from=at,
    )
    journal.append(
        "promise.made", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"promise": promise.pk, "number": debtor.number, "made_date": made, "open_minor": owed, **asked},
    )  # fmt: skip
    return promise


@act("promise.withdraw", may_record_nothing=True, refreshes=True)
def withdraw_promise(*, promise: Promise, at: datetime, by: Actor, key: UUID | str) -> Promise:
    """The debtor takes an open promise back: from today it stops nothing. Refuses one that was kept, broken or
    withdrawn: what became of it stays on record."""
    asked = {"promise": promise.pk}
    debtor, text, before = first_result(promise.debtor, "promise.withdrawn", key, asked)
    promise = Promise.objects.select_for_update().get(pk=promise.pk)
    if before is not None:
        return promise
    _, today = happened_on(debtor.creditor, None, at)
    facts = facts_of(debtor.creditor, debtors=[debtor.pk]).on(today)
    mine = promises(facts, house_rules(), today).filter(pl.col("promise_id") == promise.pk)["state"].to_list()
    if mine != ["open"]:
        raise Refused(f"promise.was_{mine[0] if mine else 'withdrawn'}", promise=promise.pk)
    change(promise, at=at, withdrawn_date=today)
    journal.append(
        "promise.withdrawn", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "number": debtor.number,
            "amount": Money(promise.amount_minor, promise.currency),
            "due_date": promise.due_date,
            "withdrawn_date": today,
            **asked,
        },
    )  # fmt: skip
    return promise


def respected_until(promise: Promise, day: date) -> date:
    """The last day on which an open promise is respected, as the engine says on a day: money may be on its way."""
    facts = facts_of(promise.creditor, debtors=[promise.debtor_id]).on(day)
    found = promises(facts, house_rules(), day).filter(pl.col("promise_id") == promise.pk)["until_date"]
    return found.item() if len(found) else promise.due_date
