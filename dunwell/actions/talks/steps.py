"""A person took a step of the strategy: he talked to the debtor, a lawyer wrote, a suit was filed."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from dunwell.actions import standing
from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Stage
from dunwell.store import journal
from dunwell.store.models import Debtor, Receivable, Step
from dunwell.store.versions import change

_LONGEST = 2_000


class Taken:
    """The steps that one act recorded, one per item. An act returns something of one debtor."""

    def __init__(self, debtor: Debtor, steps: Sequence[Step]) -> None:
        self.debtor, self.steps = debtor, tuple(steps)


@act("step.record", may_record_nothing=True, refreshes=True)
def record_step(
    *,
    debtor: Debtor,
    stage: Stage,
    at: datetime,
    by: Actor,
    key: UUID | str,
    done_date: date | None = None,
    receivables: Sequence[Receivable] | None = None,
    note: str = "",
) -> Taken:
    """Record that a step was taken outside of the program's own messages, so that the next one follows from it.

    done_date      the day it was done (None: today; not ahead)
    receivables    the items it was about (None: those for which it was due on that day)
    Refuses the steps that only a letter or mail takes, items of other debtors, and a step that was due for nothing.
    """
    note = clean_text(note, "note", limit=_LONGEST)
    if stage in {Stage.NONE, Stage.NOTICE}:
        raise Refused("step.no_step", stage=stage.word)
    named = None if receivables is None else sorted({each.pk for each in receivables})
    asked = {"stage": stage.word, "done_date_told": plain_day(done_date), "items": named, "note": note}
    debtor, text, before = first_result(debtor, "step.recorded", key, asked)
    if before is not None:
        return Taken(debtor, list(Step.objects.filter(pk__in=before["steps"]).order_by("pk")))
    for item in receivables or ():
        if item.debtor_id != debtor.pk:
            raise Refused("hold.other_debtor", item=item.number, debtor=debtor.number)
    day, _ = happened_on(debtor.creditor, done_date, at)
    if named is None:
        named = sorted(item for item, due in standing.tasks_due(debtor, day).items() if due == stage)
    if not named:
        raise Refused("step.not_due", stage=stage.word, number=debtor.number)
    steps = [
        Step.objects.create(
            creditor=debtor.creditor, debtor=debtor, receivable_id=item, stage=int(stage), done_date=day, note=note,
            recorded_by=str(by)[:200], known_from=at,
        )
        for item in named
    ]  # fmt: skip
    journal.append(
        "step.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "steps": [step.pk for step in steps], "number": debtor.number, "receivables": named, "done_date": day,
            **asked,
        },
    )  # fmt: skip
    return Taken(debtor, steps)


@act("step.withdraw", may_record_nothing=True, refreshes=True)
def withdraw_step(*, step: Step, at: datetime, by: Actor, key: UUID | str, note: str = "") -> Step:
    """It was recorded by mistake: from today on it counts no longer. What was decided meanwhile stays as it was."""
    note = clean_text(note, "note", limit=_LONGEST)
    asked = {"step": step.pk, "note": note}
    debtor, text, before = first_result(step.debtor, "step.withdrawn", key, asked)
    step = Step.objects.select_for_update().get(pk=step.pk)
    if before is not None:
        return step
    if step.withdrawn_date is not None:
        raise Refused("step.withdrawn_before", step=step.pk, day=step.withdrawn_date.isoformat())
    _, today = happened_on(debtor.creditor, None, at)
    change(step, at=at, withdrawn_date=today)
    journal.append(
        "step.withdrawn", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"number": debtor.number, "stage": Stage(step.stage).word, **asked},
    )  # fmt: skip
    return step
