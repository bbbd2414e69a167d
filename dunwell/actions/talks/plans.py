"""A person is about to call or to visit: the gate answers before he is shown a number."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dunwell.actions import gate
from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel
from dunwell.engine.contact.planned import Planned, Told
from dunwell.rulebook.contact_rules import BY_NUMBER, SCOPE
from dunwell.store import journal
from dunwell.store.models import Clearance, ContactPoint, Debtor

BY_PEOPLE = (Channel.PHONE, Channel.VISIT)
"""Channels on which people make contact; messages on the others leave by the outbox."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the gate said, as it was recorded.

    told            None: this plan was recorded before, by the same key, and may still be followed
    still           nothing stands against it now that did not when it was recorded
    contact_point   the number to be called; None on a visit, and where none is known
    """

    debtor: Debtor
    clearance: Clearance
    told: Told | None
    contact_point: ContactPoint | None
    still: bool = True

    @property
    def may_go(self) -> bool:
        """It is allowed, or a person who may went past what stood against it."""
        return self.still and (self.clearance.verdict == gate.ALLOWED or bool(self.clearance.override))


@act("contact.plan", may_record_nothing=True)
def plan_contact(
    *,
    debtor: Debtor,
    channel: Channel,
    at: datetime,
    by: Actor,
    key: UUID | str,
    purpose: str = "collection",
    to: str = "debtor",
    place: str | None = None,
    mode: str = "interactive",
    persons: int | None = None,
    contact_point: ContactPoint | None = None,
    collector: str = "",
    outside: bool = False,
    override: str = "",
) -> Plan:
    """Ask whether a call or a visit may take place now, and record the answer, whatever it is; also a message that does
    not leave by the outbox.

    collector  the agency that will make it; empty: we do
    outside    a message that our own people will send with another tool
    override   the reason for going past a presumption or an advice
    Refuses an override of what is forbidden, and one by somebody who may not.
    """
    override = clean_text(override, "override", limit=2_000)
    collector = clean_text(collector, "collector", limit=200)
    asked = {
        "channel": str(channel), "purpose": purpose, "to": to, "place": place, "mode": mode, "persons": persons,
        "contact_point_told": contact_point.pk if contact_point else None, "override": override,
        # what was not told stands in no entry, so that keys of older entries still mean the same
        **({"collector": collector} if collector else {}), **({"outside": True} if outside else {}),
    }  # fmt: skip

    def planned(point: ContactPoint | None) -> Planned:
        return planned_of(
            debtor, channel, point, purpose=purpose, to=to, place=place, mode=mode, persons=persons,
            collector="agency" if collector else None, elsewhere=outside,
        )  # fmt: skip

    points = numbers_of(debtor, channel, contact_point, to)
    ways = [planned(point) for point in points]
    debtor, text, before = first_result(debtor, "contact.planned", key, asked)
    if before is not None:
        clearance = Clearance.objects.select_related("contact_point").get(pk=before["clearance"])
        # an old answer is no leave: what was told since may stand against it
        [again] = gate.ask(debtor.creditor, [planned(clearance.contact_point)], at=at, with_notes=True)
        known = {each["rule"] for each in clearance.findings}
        still = again.answer.verdict == gate.ALLOWED or set(gate.against(again)) <= known
        return Plan(debtor, clearance, None if still else again, clearance.contact_point, still=still)
    answers = gate.ask(debtor.creditor, ways, at=at, with_notes=True)
    told = min(answers, key=lambda each: gate.SEVERITY[each.answer.verdict])
    point = points[answers.index(told)]
    gate.check_override(told, override, by)
    clearance = gate.record(debtor.creditor, told, at=at, by=by, override=override)
    journal.append(
        "contact.planned", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "clearance": clearance.pk,
            "number": debtor.number,
            "verdict": clearance.verdict,
            "rules": list(gate.against(told)),
            "overridden": bool(clearance.override),
            **asked,
        },
    )  # fmt: skip
    return Plan(debtor, clearance, told, point)


def planned_of(
    debtor: Debtor,
    channel: Channel,
    point: ContactPoint | None,
    *,
    purpose: str,
    to: str,
    place: str | None = None,
    mode: str | None = None,
    persons: int | None = None,
    collector: str | None = None,
    about: tuple[int, ...] | None = None,
    elsewhere: bool = False,
) -> Planned:
    """A call or a visit as the gate is asked about it; a message, where an agency sends it or it leaves `elsewhere`.

    elsewhere   the debtor came to us, or our people use another tool than the outbox
    Refuses a channel that is not for people, words that docs/contact-rules.md does not know, and less than one person.
    """
    if channel not in BY_PEOPLE and collector is None and not elsewhere:
        raise Refused("contact.not_by_people", channel=str(channel), known=", ".join(BY_PEOPLE))
    told = {"purpose": purpose, "to": to, "at_place": place, "mode": mode}
    for field, value in told.items():
        if value is not None and value not in SCOPE[field]:
            name = field.removeprefix("at_")
            raise Refused("register.not_one_of", field=name, value=value[:40], known=", ".join(SCOPE[field]))
    if persons is not None and not 1 <= persons <= 99:
        raise Refused("contact.bad_persons", persons=persons)
    return Planned(
        debtor.pk, str(channel), purpose, to, contact_point=point.pk if point else None, place=place,
        mode=mode or "interactive", persons=persons, collector=collector, about=about,
    )  # fmt: skip


def numbers_of(debtor: Debtor, channel: Channel, asked: ContactPoint | None, to: str) -> list[ContactPoint | None]:
    """The numbers that may be used: the one asked for, else the debtor's good ones, the first one first, of texts and
    instant messages those of calls where he has none of the channel; [None] on a visit, and where none is known.

    Refuses one of somebody else, and a third person who is not named by one of his."""
    check_whose(debtor, asked, to)
    if asked is not None:
        return [asked]
    if to == "third_person":
        raise Refused("third_person.unknown", number=debtor.number)
    if channel is Channel.VISIT:
        return [None]
    points = ContactPoint.objects.filter(debtor=debtor, third_person=None, invalid_since=None).order_by("rank", "pk")
    own = [*points.filter(channel=str(channel))]
    if not own and channel in BY_NUMBER:
        return [*points.filter(channel__in=BY_NUMBER)] or [None]
    return [*own] or [None]


def check_whose(debtor: Debtor, point: ContactPoint | None, to: str, *, inbound: bool = False) -> None:
    """Refuses an address of another debtor, one of a third person for anybody else, and one of the debtor for him."""
    if point is None:
        return
    if point.debtor_id != debtor.pk:
        raise Refused("register.other_address", number=debtor.number)
    if not inbound and (point.third_person_id is not None) != (to == "third_person"):
        code = "third_person.his_number" if point.third_person_id is not None else "third_person.not_his"
        raise Refused(code, value=point.value[:100], number=debtor.number)
