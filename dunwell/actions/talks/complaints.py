"""A debtor complains about us. Until he is answered nothing is demanded of him."""

from datetime import date, datetime
from uuid import UUID

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.store import journal
from dunwell.store.models import Complaint, Debtor
from dunwell.store.versions import change

_LONGEST = 20_000


@act("complaint.open", may_record_nothing=True, refreshes=True)
def open_complaint(
    *, debtor: Debtor, text: str, at: datetime, by: Actor, key: UUID | str, opened_date: date | None = None
) -> Complaint:
    """Take a complaint, in the debtor's own words. opened_date: the day it reached us (None: today)."""
    text = clean_text(text, "text", limit=_LONGEST, needed=True)
    asked = {"text": text, "opened_date_told": plain_day(opened_date)}
    debtor, key_text, before = first_result(debtor, "complaint.opened", key, asked)
    if before is not None:
        return Complaint.objects.get(pk=before["complaint"])
    opened, _ = happened_on(debtor.creditor, opened_date, at)
    complaint = Complaint.objects.create(
        creditor=debtor.creditor, debtor=debtor, opened_date=opened, text=text, known_from=at
    )
    journal.append(
        "complaint.opened", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=key_text,
        body={"complaint": complaint.pk, "number": debtor.number, "opened_date": opened, **asked},
    )  # fmt: skip
    return complaint


@act("complaint.answer", may_record_nothing=True, refreshes=True)
def answer_complaint(*, complaint: Complaint, answer: str, at: datetime, by: Actor, key: UUID | str) -> Complaint:
    """Say what the debtor was answered, today; the journal keeps the words. Refuses one that was answered before."""
    answer = clean_text(answer, "answer", limit=_LONGEST, needed=True)
    asked = {"complaint": complaint.pk, "answer": answer}
    debtor, key_text, before = first_result(complaint.debtor, "complaint.answered", key, asked)
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if before is not None:
        return complaint
    if complaint.answered_date is not None:
        raise Refused("complaint.answered_before", complaint=complaint.pk, day=complaint.answered_date.isoformat())
    _, today = happened_on(debtor.creditor, None, at)
    change(complaint, at=at, answered_date=today)
    journal.append(
        "complaint.answered", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=key_text,
        body={
            "number": debtor.number,
            "opened_date": complaint.opened_date,
            "answered_date": today,
            **asked,
        },
    )  # fmt: skip
    return complaint
