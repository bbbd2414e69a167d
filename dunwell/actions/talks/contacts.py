"""What people did by themselves: a call or a visit that took place, and an address that somebody gave us."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from dunwell.actions import gate, standing
from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.actions.talks.addresses import POSTAL, address_fields, zones_told
from dunwell.actions.talks.plans import BY_PEOPLE, check_whose, planned_of
from dunwell.actions.talks.registers import add_entry, end_of_address, lasting_days, standing_of_address
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel, ContactOutcome, Stage
from dunwell.engine.contact.planned import Planned
from dunwell.rulebook.contact_rules import CLOSING
from dunwell.rulebook.rules_file import house_rules
from dunwell.store import journal
from dunwell.store.models import (
    Clearance,
    ContactAttempt,
    ContactItem,
    ContactPoint,
    Creditor,
    Debtor,
    Receivable,
    Step,
)
from dunwell.store.versions import change


@act("contact.record", may_record_nothing=True, refreshes=True)
def record_contact(
    *,
    debtor: Debtor,
    channel: Channel,
    outcome: ContactOutcome | None,
    at: datetime,
    by: Actor,
    key: UUID | str,
    contact_date: date | None = None,
    happened_at: datetime | None = None,
    inbound: bool = False,
    purpose: str = "collection",
    to: str = "debtor",
    mode: str | None = None,
    place: str | None = None,
    persons: int | None = None,
    contact_point: ContactPoint | None = None,
    collector: str = "",
    outside: bool = False,
    undelivered: bool = False,
    about: Sequence[Receivable] | None = None,
    talked: Sequence[Receivable] | None = None,
    upset: bool = False,
    not_in_service: bool = False,
    plan: Clearance | None = None,
    note: str = "",
) -> ContactAttempt:
    """Record a call or a visit, reached or not; a message of the debtor (`inbound`), or one that did not leave by the
    outbox (of an agency, or `outside`). The outcome of messages is None.

    It counts as a contact of this person where rules count contacts, unless the debtor came to us (`inbound`). A call
    to the debtor is the strategy's step of a call, or a try of it, for the items for which that step is due; any other
    contact is no step.

    happened_at    when it took place (None: now, or the noon of `contact_date` at the creditor's place). `at` is the
                   moment we were told, so that a run asked what was known then does not see it earlier
    collector      the agency that made it; empty: we did
    outside        of a message: our own people sent it, with another tool
    undelivered    of a message of an agency or from outside: it did not arrive, and is not counted
    about, talked  what it was about, and what of that was talked about (None: not told; all of it when he was reached)
    upset          the talk upset him: he is left alone for the days that a house rule names (`registers.lasting_days`)
    not_in_service of a call that was not connected: the number is out of service. It is closed, as a number is at which
                   somebody else answered, until somebody confirms it anew
    plan           what the gate said before it was made; without one the gate is asked now about then
    It is recorded even where a rule forbade it: that it happened is a fact, and a deviation stands in the journal.
    """
    note = clean_text(note, "note", limit=2_000)
    collector = clean_text(collector, "collector", limit=200)
    items = tuple(each.pk for each in about) if about is not None else None
    planned = planned_of(
        debtor, channel, contact_point, purpose=purpose, to=to, place=place, mode=mode, persons=persons,
        collector="agency" if collector else None, about=items, elsewhere=inbound or outside,
    )  # fmt: skip
    if (outcome is None) == (channel in BY_PEOPLE) or (undelivered and (inbound or outcome is not None)):
        raise Refused("contact.outcome_of_calls", channel=str(channel))
    came = "undeliverable" if undelivered else str(outcome or "sent")
    asked = {
        "channel": str(channel),
        "outcome": came,
        "inbound": inbound,
        "contact_date_told": plain_day(contact_date),
        "note": note,
        # what was not told stands in no entry, so that keys of older entries still mean the same
        **{
            name: told
            for name, told in {
                "happened_at_told": happened_at.astimezone(UTC).isoformat() if happened_at else None,
                "purpose": purpose if purpose != "collection" else None,
                "to": to if to != "debtor" else None,
                "mode": mode,
                "place": place,
                "persons": persons,
                "contact_point": contact_point.pk if contact_point else None,
                "collector": collector or None,
                "outside": outside or None,
                "about": list(items) if items is not None else None,
                "talked": [each.pk for each in talked] if talked is not None else None,
                "upset": upset or None,
                "not_in_service": not_in_service or None,
                "plan": plan.pk if plan else None,
            }.items()
            if told is not None
        },
    }
    debtor, text, before = first_result(debtor, "contact.recorded", key, asked)
    if before is not None:
        return ContactAttempt.objects.get(pk=before["contact"])
    check_whose(debtor, contact_point, to, inbound=inbound)
    _refuse_items(debtor, (*(about or ()), *(talked or ())))
    closes = _closes(outcome, inbound=inbound, not_in_service=not_in_service)
    closed = _dialled(debtor, channel, contact_point, plan, inbound=inbound) if closes else None
    day, moment = _when(debtor.creditor, contact_date, happened_at, at)
    clearance = None if inbound else _clearance(debtor, planned, plan, moment, at, by)
    contact = ContactAttempt.objects.create(
        creditor=debtor.creditor,
        debtor=debtor,
        person_id=debtor.person_id,
        at=at,
        happened_at=moment,
        contact_date=day,
        channel=str(channel),
        contact_point=contact_point,
        mode=mode,
        addressee=to,
        place=place,
        persons=persons,
        collector=collector,
        clearance=clearance,
        direction="in" if inbound else "out",
        purpose=purpose,
        outcome=came,
    )
    _name_items(contact, items, talked, outcome)
    if channel is Channel.PHONE and not inbound and purpose == "collection" and to == "debtor":
        _take_step(contact, debtor, items, note, by)
    verdict = clearance.verdict if clearance else None
    journal.append(
        "contact.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "contact": contact.pk,
            "number": debtor.number,
            "contact_date": day,
            "happened_at": moment.astimezone(UTC).isoformat(),
            "verdict": verdict,
            **asked,
        },
    )  # fmt: skip
    if clearance is not None and verdict in (gate.FORBIDDEN, "presumed-violation") and not clearance.override:
        rules = list(dict.fromkeys(each["rule"] for each in clearance.findings if each["effect"] == verdict))
        journal.append(
            "contact.deviated", creditor=debtor.creditor, debtor=debtor, by=by, at=at,
            body={"contact": contact.pk, "number": debtor.number, "clearance": clearance.pk, "rules": rules},
        )  # fmt: skip
    if upset:
        _leave_alone(debtor, day, at, by, text)
    if closes and closed is not None:
        _close(closed, closes, moment, at, by, text)
    return contact


def _when(
    creditor: Creditor, contact_date: date | None, happened_at: datetime | None, at: datetime
) -> tuple[date, datetime]:
    """The day at the creditor's place, and the moment. Refuses what lies ahead, and two that contradict."""
    zone = ZoneInfo(creditor.zone)
    if happened_at is not None:
        if happened_at > at:
            raise Refused("talk.moment_ahead", moment=happened_at.isoformat())
        day = happened_at.astimezone(zone).date()
        if contact_date not in (None, day):
            raise Refused("contact.two_days", day=str(contact_date), moment=happened_at.isoformat())
        return day, happened_at
    day, today = happened_on(creditor, contact_date, at)
    return day, at if day == today else datetime.combine(day, _NOON, zone)


_NOON = time(12)
PLAN_LASTS = timedelta(hours=12)
"""A contact rests on a plan of the same working day."""


def _clearance(
    debtor: Debtor, planned: Planned, plan: Clearance | None, moment: datetime, at: datetime, by: Actor
) -> Clearance:
    """What the rules say of the contact: as it was asked before, or as they are asked now about then, where nothing was
    asked or more stood against it then."""
    if plan is None:
        [told] = gate.ask(debtor.creditor, [planned], at=moment)
        return gate.record(debtor.creditor, told, at=at, by=by)
    theirs = (plan.debtor_id, plan.channel, plan.purpose, plan.addressee)
    ours = (debtor.pk, planned.channel, planned.purpose, planned.to)
    if theirs != ours or planned.contact_point not in (None, plan.contact_point_id):
        raise Refused("contact.other_plan", plan=plan.pk, number=debtor.number)
    if not plan.at <= moment <= plan.at + PLAN_LASTS:
        raise Refused("contact.plan_old", plan=plan.pk, hours=int(PLAN_LASTS.total_seconds() // 3600))
    if ContactAttempt.objects.filter(clearance=plan).exists():
        raise Refused("contact.plan_used", plan=plan.pk)
    # the contact may have come later, at another place or with fewer people than was planned, or after new facts
    [then] = gate.ask(debtor.creditor, [planned], at=moment, known_at=moment)
    as_planned = {each["rule"] for each in plan.findings}
    if then.answer.verdict == gate.ALLOWED or set(gate.against(then)) <= as_planned:
        return plan
    return gate.record(debtor.creditor, then, at=at, by=by)


def _refuse_items(debtor: Debtor, items: Sequence[Receivable]) -> None:
    for item in items:
        if item.debtor_id != debtor.pk:
            raise Refused("hold.other_debtor", item=item.number, debtor=debtor.number)


def _name_items(
    contact: ContactAttempt,
    about: tuple[int, ...] | None,
    talked: Sequence[Receivable] | None,
    outcome: ContactOutcome | None,
) -> None:
    """The receivables it was about, without a stage: a call is no step of the strategy."""
    reached = outcome is ContactOutcome.REACHED
    of_talk = {each.pk for each in talked} if talked is not None else set(about or ()) if reached else set[int]()
    ContactItem.objects.bulk_create(
        ContactItem(
            creditor_id=contact.creditor_id, contact=contact, receivable_id=item, called=item in (about or ()),
            talked=item in of_talk,
        )
        for item in sorted({*(about or ()), *of_talk})
    )  # fmt: skip


def _take_step(contact: ContactAttempt, debtor: Debtor, about: tuple[int, ...] | None, note: str, by: Actor) -> None:
    """The strategy's call for the items for which it is due: taken when the debtor was talked to, else a try."""
    due = standing.tasks_due(debtor, contact.contact_date)
    Step.objects.bulk_create(
        Step(
            creditor_id=contact.creditor_id, debtor=debtor, receivable_id=item, stage=int(stage),
            done_date=contact.contact_date, taken=contact.outcome == ContactOutcome.REACHED, contact=contact,
            note=note, recorded_by=str(by)[:200], known_from=contact.at,
        )
        for item, stage in sorted(due.items())
        if stage is Stage.CALL and (about is None or item in about)
    )  # fmt: skip


def _leave_alone(debtor: Debtor, day: date, at: datetime, by: Actor, key: str) -> None:
    """He is left alone for some days from that day on, so far as they are not over."""
    days = lasting_days(house_rules(), day, "cooling_off")
    if days is None:
        raise Refused("contact.no_cooling_off")
    until = day + timedelta(days=days - 1)
    if until >= happened_on(debtor.creditor, None, at)[1]:
        hashed = sha256(key.encode()).hexdigest()
        add_entry(
            debtor=debtor, kind="cooling_off", from_date=day, until_date=until, at=at, by=by, key=f"upset:{hashed}"
        )


def _closes(outcome: ContactOutcome | None, *, inbound: bool, not_in_service: bool) -> str | None:
    """What a contact tells of the address that was used: the kind of entry, None where it tells nothing."""
    if not_in_service and (inbound or outcome is not ContactOutcome.NOT_CONNECTED):
        raise Refused("contact.not_in_service")
    if not_in_service:
        return "invalid_number"
    return "wrong_person" if outcome is ContactOutcome.WRONG_PERSON else None


def _dialled(
    debtor: Debtor, channel: Channel, told: ContactPoint | None, plan: Clearance | None, *, inbound: bool
) -> ContactPoint | None:
    """The number of the call; on a visit there may be none, and who called us is not guessed. Refuses to guess among
    several."""
    if told is None and plan is not None:
        told = plan.contact_point
    if told is not None or inbound or channel is not Channel.PHONE:
        return told
    points = list(
        ContactPoint.objects.filter(debtor=debtor, channel=str(channel), third_person=None, invalid_since=None)[:2]
    )
    if len(points) > 1:
        raise Refused("contact.which_number", number=debtor.number)
    return points[0] if points else None


def _close(point: ContactPoint, kind: str, moment: datetime, at: datetime, by: Actor, key: str) -> None:
    """Nobody contacts the debtor at this address any more, by whatever channel."""
    if any(each.kind == kind for each in standing_of_address(point, (kind,), happened_on(point.creditor, None, at)[1])):
        return
    hashed = sha256(key.encode()).hexdigest()
    add_entry(debtor=point.debtor, kind=kind, contact_point=point, from_at=moment, at=at, by=by, key=f"closed:{hashed}")


@act("address.set", may_record_nothing=True, refreshes=True)
def set_address(
    *, debtor: Debtor, channel: Channel, lines: Mapping[str, str], at: datetime, by: Actor, key: UUID | str
) -> ContactPoint:
    """An address we were given: from now on it is the first of its channel, and counts as good again, also where it was
    closed because it was somebody else's or not in service.

    lines   `value` for e-mail, phone, sms, im; for letters `street` and `city`, and where there are any `postcode`,
    `region`, `country`. `contact_name` for either.
    Refuses what is no address. The other addresses of the channel stay, after this one.
    """
    values = address_fields(channel, lines)
    asked = {"channel": str(channel), **values}
    debtor, text, before = first_result(debtor, "address.set", key, asked)
    if before is not None:
        return ContactPoint.objects.get(pk=before["contact_point"])
    points = list(
        ContactPoint.objects.select_for_update().filter(debtor=debtor, channel=str(channel), third_person=None)
    )
    values["zones"] = zones_told(debtor, channel, values)
    others = sorted((p for p in points if p.value != values["value"]), key=lambda p: (p.rank, p.pk))
    for rank, other in enumerate(others, start=1):
        change(other, at=at, rank=rank)
    point = next((p for p in points if p.value == values["value"]), None)
    old = {name: getattr(point, name) for name in values} if point else {}
    if point is None:
        point = ContactPoint.objects.create(
            creditor=debtor.creditor, debtor=debtor, channel=str(channel), rank=0, known_from=at, **values
        )
    else:
        # who is asked for there stays, unless we were told another name
        told = {name: value for name, value in values.items() if value is not None or name in (*POSTAL, "zones")}
        change(point, at=at, rank=0, invalid_since=None, **told)
    journal.append(
        "address.set", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"contact_point": point.pk, "number": debtor.number, "old": old, **asked},
    )  # fmt: skip
    end_of_address(point, CLOSING, at=at, by=by, key=text)
    return point
