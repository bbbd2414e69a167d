"""Third persons who may be asked how to reach a debtor: who they are, how we know of them, and their numbers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on
from dunwell.actions.talks.addresses import address_fields, zones_told
from dunwell.actions.talks.registers import same_of_person, standing_of_address
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel
from dunwell.rulebook.contact_rules import CLOSING
from dunwell.store import journal
from dunwell.store.models import ContactPoint, Debtor, ThirdPerson

RELATIONS = (
    "spouse", "parent", "child", "sibling", "relative", "friend", "colleague", "employer", "neighbour", "named_contact",
    "other",
)  # fmt: skip
"""What a third person is to the debtor. `named_contact`: whom the debtor himself named to be asked."""
CHANNELS = (Channel.PHONE, Channel.SMS, Channel.IM, Channel.EMAIL, Channel.LETTER)


@act("third_person.add", may_record_nothing=True)
def add_third_person(
    *,
    debtor: Debtor,
    name: str,
    relation: str,
    told_by: str,
    addresses: Mapping[Channel, Mapping[str, str]],
    at: datetime,
    by: Actor,
    key: UUID | str,
) -> ThirdPerson:
    """Record a third person with his numbers, or more numbers of one who is known: the same name and relation.

    told_by     how we know of him, in words that a reader years later understands
    addresses   by channel the lines of `set_address`; at least one
    He owes nothing: his numbers are never the debtor's, and whether he may be asked is for the rules to say.
    Refuses a number that stands as the debtor's own with any of his accounts, however it is written, also where it is
    closed because it is somebody else's or out of service.
    """
    name, told_by = (clean_text(text, field, limit=500) for text, field in ((name, "name"), (told_by, "told_by")))
    if relation not in RELATIONS:
        raise Refused("register.not_one_of", field="relation", value=relation[:40], known=", ".join(RELATIONS))
    for value, field in ((name, "name"), (told_by, "told_by"), (addresses, "address")):
        if not value:
            raise Refused("third_person.needs", field=field)
    points = {channel: address_fields(channel, lines) for channel, lines in sorted(addresses.items())}
    told = {
        "name": name, "relation": relation, "told_by": told_by,
        "addresses": {str(channel): values["value"] for channel, values in points.items()},
    }  # fmt: skip
    debtor, text, before = first_result(debtor, "third_person.added", key, told)
    if before is not None:
        return ThirdPerson.objects.get(pk=before["third_person"])
    person = ThirdPerson.objects.filter(debtor=debtor, name=name, relation=relation).first()
    if person is None:
        person = ThirdPerson.objects.create(
            creditor=debtor.creditor, debtor=debtor, name=name, relation=relation, told_by=told_by, recorded_at=at,
            recorded_by=str(by)[:200],
        )  # fmt: skip
    for channel, values in points.items():
        _add(person, channel, values, at)
    journal.append(
        "third_person.added", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"third_person": person.pk, "number": debtor.number, **told},
    )  # fmt: skip
    return person


def _add(person: ThirdPerson, channel: Channel, values: Mapping[str, Any], at: datetime) -> None:
    """One of his addresses; what is known already stays as it is, however it is written."""
    point = ContactPoint(
        creditor=person.creditor, debtor=person.debtor, channel=str(channel), third_person=person, rank=0,
        known_from=at, zones=zones_told(person.debtor, channel, values), **values,
    )  # fmt: skip
    same = same_of_person(point)
    told = {"value": values["value"][:100], "number": person.debtor.number}
    own = [each for each in same if each.third_person_id is None]
    today = happened_on(person.creditor, None, at)[1]
    if any(standing_of_address(each, CLOSING, today) for each in own):
        raise Refused("third_person.closed_number", **told)
    if own:
        raise Refused("third_person.own_number", **told)
    if any(each.third_person_id == person.pk and each.channel == point.channel for each in same):
        return
    point.save(force_insert=True)
