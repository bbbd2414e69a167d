"""A person changes what the run proposes: takes a message on as a task, sends it elsewhere, adds a paragraph.

No sum, no deadline and no stage is anybody's to change here. Where a message goes is a wish (`engine.day.wishes`) that
is decided at once: what the strategy or the contact rules would not let go there is refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from dunwell.actions import standing
from dunwell.actions.act import act
from dunwell.actions.business_day import today
from dunwell.actions.day import review
from dunwell.actions.day.release_tables import REASSIGNED
from dunwell.actions.day.review import Chosen, Reviewed
from dunwell.actions.once import clean_text, first_result, happened_on
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.terms import OutboxState, Stage
from dunwell.documents.personal import refuse_personal
from dunwell.engine.day.wishes import ADDRESS, PERSON
from dunwell.rulebook.own_text import LONGEST
from dunwell.store import journal
from dunwell.store.models import ContactPoint, Creditor, Debtor, OutboxMessage, Wish
from dunwell.store.reads.strategies import strategy_of
from dunwell.store.reads.teams import team_of
from dunwell.store.versions import change

MOST_REASSIGNED = 500
"""More at once are nobody's tasks: they are dropped or held."""
_LONGEST_NAME = 40


@act("review.reassign", may_record_nothing=True)
def reassign(
    *,
    creditor: Creditor,
    chosen: Chosen,
    to: str,
    reason: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    until: date | None = None,
) -> Reviewed:
    """These messages become somebody's tasks instead of being sent. No run prepares them again while their debtors
    stand where they stand, until somebody gives them back, or a day has passed.

    to   a collector of the team, where there is one; else any name
    """
    reason = clean_text(reason, "reason", limit=review.LONGEST, needed=True)
    to = clean_text(to, "to", limit=_LONGEST_NAME, needed=True)
    asked = {"to": to, "reason": reason, "until": until.isoformat() if until else None}
    found = review.begin("review.reassigned", creditor, chosen, key, asked)
    if isinstance(found, Reviewed):
        return found
    now = today(creditor, at)
    if until is not None and until < now:
        raise Refused("review.until_past", day=until.isoformat(), today=now.isoformat())
    team = team_of(creditor, now)
    his = team.collector(to).stages if team is not None else ()
    states = (*review.FREE, OutboxState.HELD) if chosen.with_held else review.FREE
    rows = _steps_only(review.take(found, chosen, states))
    if len(rows) > MOST_REASSIGNED:
        raise Refused("review.too_many_tasks", count=len(rows), most=MOST_REASSIGNED)
    others = review.others_of(found, chosen, (row.pk for row in rows))
    for some in review.portions(rows, states):
        some.update(
            state=OutboxState.CANCELLED, state_reason=REASSIGNED, settled_at=at, held_by=str(by)[:200],
            review_note=reason, free_date=None,
        )  # fmt: skip
    Wish.objects.bulk_create(
        Wish(**_place(row), kind=PERSON, collector=to, **_told(at, now, by, reason), until_date=until) for row in rows
    )
    done = review.record("review.reassigned", creditor, chosen, rows, others, at, by, key, asked)
    for debtor in Debtor.objects.filter(pk__in={row.debtor_id for row in rows}).order_by("pk"):
        standing.refresh(debtor)
    return replace(done, not_his=tuple(Stage(each) for each in sorted({row.stage for row in rows} - set(his)) if his))


@act("review.give_back", may_record_nothing=True, refreshes=True)
def give_back(*, debtor: Debtor, at: datetime, by: Actor, key: UUID | str) -> "GivenBack":
    """What somebody took on of a debtor is the program's again: the next run prepares it if it still holds."""
    debtor, text, before = first_result(debtor, "review.given_back", key, {})
    if before is not None:
        return GivenBack(debtor, before["count"])
    _, now = happened_on(debtor.creditor, None, at)
    mine = [
        wish
        for wish in Wish.objects.select_for_update().filter(debtor=debtor, kind=PERSON).order_by("pk")
        if wish.until_date is None or wish.until_date >= now
    ]
    if not mine:
        raise Refused("review.nothing_taken_on", number=debtor.number)
    for wish in mine:
        change(wish, at=at, until_date=now - timedelta(days=1))
    journal.append(
        "review.given_back", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"number": debtor.number, "count": len(mine), "wishes": [wish.pk for wish in mine]},
    )  # fmt: skip
    return GivenBack(debtor, len(mine))


class GivenBack:
    """How many messages of a debtor are the program's again."""

    def __init__(self, debtor: Debtor, count: int) -> None:
        self.debtor, self.count = debtor, count


@act("review.edit", may_record_nothing=True)
def edit(
    *,
    creditor: Creditor,
    chosen: Chosen,
    reason: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    to: str | None = None,
    personal: str | None = None,
) -> Reviewed:
    """Change one message: where it goes, or what a person adds to it. It stays in the state in which it is.

    to         a channel of the step, or one of the debtor's addresses; the rules must let it go there
    personal   a paragraph of one's own (empty: none), see `documents.personal`
    Refuses more than one message, and an edit that says neither.
    """
    reason = clean_text(reason, "reason", limit=review.LONGEST, needed=True)
    if to is None and personal is None:
        raise Refused("review.edit_what")
    text = None if personal is None else clean_text(personal, "text", limit=LONGEST)
    asked = {"to": to, "personal": text, "reason": reason}
    found = review.begin("review.edited", creditor, chosen, key, asked)
    if isinstance(found, Reviewed):
        return found
    states = (*review.FREE, OutboxState.HELD)
    rows = _steps_only(review.take(found, chosen, states))
    if len(rows) != 1:
        raise Refused("review.one_at_a_time", count=len(rows))
    row = rows[0]
    was = {"channel": row.channel, "contact_point": row.contact_point_id, "had_personal": bool(row.personal)}
    changes: dict[str, Any] = {"edited_by": str(by)[:200]}
    if text is not None:
        _refuse_words(text, row)
        changes["personal"] = text
    if to is not None:
        changes |= _sent_to(row, to, at=at, by=by, reason=reason)
    OutboxMessage.objects.filter(pk=row.pk, state__in=states).update(**changes)
    if to is not None:
        standing.refresh(row.debtor)
    return review.record("review.edited", creditor, chosen, rows, {}, at, by, key, {**asked, "was": was})


def _steps_only(rows: list[OutboxMessage]) -> list[OutboxMessage]:
    """Refuses messages about promises: they stand nowhere on a ladder, and say nothing that a person could add to."""
    for row in rows:
        if row.promise_id is not None:
            raise Refused("review.about_promise", key=row.key, number=row.debtor.number)
    return rows


def _refuse_words(text: str, row: OutboxMessage) -> None:
    try:
        refuse_personal(text, Stage(row.stage))
    except DunwellError as error:
        raise Refused(error.code, **error.params) from error


def _sent_to(row: OutboxMessage, to: str, *, at: datetime, by: Actor, reason: str) -> Mapping[str, Any]:
    """Wish it there and decide anew: what changes of the message. Refuses where it would not go."""
    creditor = row.debtor.creditor
    now = today(creditor, at)
    point = _point(row, to)
    Wish.objects.create(**_place(row), kind=ADDRESS, contact_point=point, **_told(at, now, by, reason))
    day = max(now, row.as_of)
    decided = standing.decided(row.debtor, day).lines.to_dicts()
    lines = {(each["debtor_id"], each["currency"]): each for each in decided}
    line = lines.get((row.debtor_id, row.currency))
    if line is None or line["action"] != "message" or line["stage"] != row.stage:
        raise Refused("review.no_longer", key=row.key)
    if line["contact_point_id"] != point.pk:
        treatment = strategy_of(creditor, day).treatments()[line["segment"], line["treatment"]]
        code = "review.address_barred" if point.channel in treatment.channels else "review.no_channel_of_step"
        raise Refused(code, channel=point.channel, number=row.debtor.number, known=", ".join(treatment.channels))
    return {
        "channel": point.channel, "contact_point_id": point.pk,
        "not_before_at": max(row.not_before_at, line["not_before_at"]),
    }  # fmt: skip


def _point(row: OutboxMessage, to: str) -> ContactPoint:
    """The usable address that is meant: the first of a channel, or the one with that value."""
    usable = list(
        ContactPoint.objects.filter(debtor=row.debtor, third_person=None, invalid_since__isnull=True).order_by(
            "rank", "pk"
        )
    )
    for point in usable:
        if to in (point.channel, point.value):
            return point
    raise Refused("review.no_such_address", to=to[:80], number=row.debtor.number)


def _place(row: OutboxMessage) -> dict[str, Any]:
    """Where on the ladder a message stands. How many went before is told by its key."""
    return {
        "creditor_id": row.creditor_id, "debtor_id": row.debtor_id, "currency": row.currency, "stage": row.stage,
        "messages": int(row.key.rsplit(":", 2)[1]),
    }  # fmt: skip


def _told(at: datetime, day: date, by: Actor, reason: str) -> dict[str, Any]:
    return {"from_date": day, "reason": reason, "recorded_by": str(by)[:200], "known_from": at}
