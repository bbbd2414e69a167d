"""What we were told about how somebody may be contacted: an entry of a register is made, or ends."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Q

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.actions.talks.lost_contact import borne_out_from
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel, HoldReason
from dunwell.intake.same_address import canonical, may_be_one
from dunwell.rulebook.contact_rules import (
    ANSWERED_BY,
    ANSWERS,
    BY_NUMBER,
    CLOSING,
    NOTICES,
    PERMITS,
    REGISTERS,
    SCOPE,
    Rules,
)
from dunwell.store import journal
from dunwell.store.models import ContactPoint, Debtor, RegisterEntry
from dunwell.store.versions import change

KINDS = tuple(kind for kind in REGISTERS if kind not in {*map(str, HoldReason), "complaint", "promise"})
"""What can be recorded here. Requests to cease, lawyers, minors and other holds: `holds`; complaints and promises have
acts of their own."""

PLACES = SCOPE["at_place"]
PURPOSES = SCOPE["purpose"]
_NEEDS: Mapping[str, str] = {
    "opt_out": "channel", "consent": "channel", "inconvenient_place": "place", "verified": "address",
    "work_address": "address", "public_medium": "address", "third_person_refused": "address",
    "wrong_person": "address", "invalid_number": "address", "notice_sent": "purpose", "lost_contact": "evidence",
}  # fmt: skip
"""What an entry of a kind must say; a channel is also told by an address."""
_TIMED = ("inconvenient_time", "hours_agreed")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_LONGEST = 5_000
_ANYWHERE = timedelta(hours=12)
"""No place on earth is further behind Greenwich."""


@act("register.add", may_record_nothing=True, refreshes=True)
def add_entry(
    *,
    debtor: Debtor,
    kind: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    from_date: date | None = None,
    from_at: datetime | None = None,
    until_date: date | None = None,
    channel: Channel | None = None,
    contact_point: ContactPoint | None = None,
    place: str | None = None,
    purpose: str | None = None,
    weekdays: Sequence[int] = (),
    hours: tuple[str, str] | None = None,
    evidence: str = "",
) -> RegisterEntry:
    """Record what a debtor, or somebody who may speak for him, told us; the kinds stand in docs/contact-rules.md.

    from_date, from_at   since when; both left open: what permits begins now, what forbids with this day
    until_date           the last day (None: until it is ended)
    purpose              of `notice_sent`: which notice it was (`NOTICES`), sent today or before; else the purpose of
                         contacts it is about
    A `notice_sent` ends what waited for it (`ANSWERED_BY`): a written dispute ends with its verification.
    Refuses what its kind must say and does not, an end before the beginning, hours that are none, an address of
    somebody else, and an entry that stands already; what closes an address closes it for every channel, and names none.
    """
    evidence = clean_text(evidence, "evidence", limit=_LONGEST)
    if kind == "employer_prohibits":
        place = place or "work"
    _check(kind, channel, contact_point, place, purpose, weekdays, hours, evidence)
    told = {
        "kind": kind,
        "from_date_told": plain_day(from_date),
        "from_at_told": from_at.astimezone(UTC).isoformat() if from_at else None,
        "until_date": plain_day(until_date),
        "channel": str(channel) if channel else None,
        "contact_point": contact_point.pk if contact_point else None,
        "place": place,
        "purpose": purpose,
        "weekdays": " ".join(map(str, sorted(set(weekdays)))) or None,
        "hours_from": hours[0] if hours else None,
        "hours_until": hours[1] if hours else None,
        "evidence": evidence,
    }
    debtor, text, before = first_result(debtor, "register.added", key, told)
    if before is not None:
        return RegisterEntry.objects.get(pk=before["entry"])
    if contact_point is not None and contact_point.debtor_id != debtor.pk:
        raise Refused("register.other_address", number=debtor.number)
    if kind in CLOSING and contact_point is not None:
        _check_closing(kind, channel, contact_point)
    _, today = happened_on(debtor.creditor, None, at)
    if from_at is not None and from_at > at:
        raise Refused("talk.moment_ahead", moment=from_at.isoformat())
    if kind == "notice_sent":
        # it says that something was done: a day ahead is none on which it was
        happened_on(debtor.creditor, from_date, at)
    if from_date is None and from_at is None and kind in PERMITS:
        from_at = at
    start = (from_at.astimezone(UTC) - _ANYWHERE).date() if from_at else from_date or today
    if until_date and until_date < max(start, today):
        raise Refused("register.ends_before", until=until_date.isoformat(), start=max(start, today).isoformat())
    kept = {name: told[name] for name in _SAME}
    _refuse_same(debtor, contact_point, kept, start, until_date)
    entry = RegisterEntry.objects.create(
        creditor=debtor.creditor, debtor=debtor, contact_point=contact_point, from_date=start, from_at=from_at,
        until_date=until_date, evidence=evidence, recorded_by=str(by)[:200], known_from=at, **kept,
    )  # fmt: skip
    answered = {"answered": _end_answered(debtor, entry, at)} if kind == "notice_sent" else {}
    proven = {"borne_out_from": plain_day(borne_out_from(debtor, at))} if kind == "lost_contact" else {}
    journal.append(
        "register.added", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"entry": entry.pk, "number": debtor.number, "from_date": start, **proven, **answered, **told},
    )  # fmt: skip
    if contact_point is not None and kind in (*CLOSING, "verified"):
        # whose address it is has one answer: what was said of it before is over
        ended = ("verified",) if kind in CLOSING else CLOSING
        end_of_address(contact_point, ended, at=at, by=by, key=text)
    if kind in ANSWERS:
        _end_opposite(entry, at=at, by=by, key=text)
    return entry


def _end_answered(debtor: Debtor, notice: RegisterEntry, at: datetime) -> list[int]:
    """What waited for this notice waits no longer: the day it was sent is its last. What came later goes on."""
    waiting = [kind for kind, purpose in ANSWERED_BY.items() if purpose == notice.purpose]
    # where only the moment is known, it was sent on the day of the creditor's clock
    sent = notice.from_date if notice.from_at is None else happened_on(debtor.creditor, None, notice.from_at)[1]
    found = RegisterEntry.objects.select_for_update().filter(
        Q(until_date=None) | Q(until_date__gt=sent), debtor=debtor, kind__in=waiting, from_date__lte=sent
    )
    ended = list(found.order_by("pk"))
    for each in ended:
        change(each, at=at, until_date=sent)
    return [each.pk for each in ended]


@act("register.end", may_record_nothing=True, refreshes=True)
def end_entry(*, entry: RegisterEntry, at: datetime, by: Actor, key: UUID | str, note: str = "") -> RegisterEntry:
    """An entry holds no longer: yesterday was its last day. Refuses one that was over already."""
    note = clean_text(note, "note", limit=_LONGEST)
    asked = {"entry": entry.pk, "note": note}
    debtor, text, before = first_result(entry.debtor, "register.ended", key, asked)
    entry = RegisterEntry.objects.select_for_update().get(pk=entry.pk)
    if before is not None:
        return entry
    _, today = happened_on(debtor.creditor, None, at)
    if entry.until_date is not None and entry.until_date < today:
        raise Refused("register.over", entry=entry.pk, day=entry.until_date.isoformat())
    was = entry.until_date
    change(entry, at=at, until_date=today - timedelta(days=1))
    journal.append(
        "register.ended", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "number": debtor.number,
            "kind": entry.kind,
            "from_date": entry.from_date,
            "until_date": entry.until_date,
            "until_date_before": was,
            **asked,
        },
    )  # fmt: skip
    return entry


def end_of_address(point: ContactPoint, kinds: Sequence[str], *, at: datetime, by: Actor, key: str) -> None:
    """End the entries of some kinds about an address, however it was written, with whichever account of the person."""
    today = happened_on(point.creditor, None, at)[1]
    for entry in standing_of_address(point, kinds, today):
        if entry.from_at is not None and entry.from_at > at:
            continue
        hashed = sha256(f"{key} {entry.pk}".encode()).hexdigest()
        end_entry(entry=entry, at=at, by=by, key=f"address:{hashed}")


def _end_opposite(entry: RegisterEntry, *, at: datetime, by: Actor, key: str) -> None:
    """End what was answered before to the same question, at the same address and place, by the same channel."""
    today = happened_on(entry.debtor.creditor, None, at)[1]
    same = {name: getattr(entry, name) for name in ("debtor", "contact_point", "channel", "place", "purpose")}
    standing = RegisterEntry.objects.filter(
        Q(until_date=None) | Q(until_date__gte=today), kind=ANSWERS[entry.kind], **same
    )
    for other in standing.select_related("debtor").order_by("pk"):
        hashed = sha256(f"{key} {other.pk}".encode()).hexdigest()
        end_entry(entry=other, at=at, by=by, key=f"answer:{hashed}")


def standing_of_address(point: ContactPoint, kinds: Sequence[str], today: date) -> list[RegisterEntry]:
    """Entries of some kinds about an address that are not over: of all accounts of the person, and for a number of all
    channels that use numbers."""
    channels = BY_NUMBER if point.channel in BY_NUMBER else (point.channel,)
    found = RegisterEntry.objects.select_related("debtor", "contact_point__debtor").filter(
        Q(until_date=None) | Q(until_date__gte=today), kind__in=kinds, debtor__person=point.debtor.person_id,
        contact_point__channel__in=channels,
        contact_point__third_person__isnull=point.third_person_id is None,
    )  # fmt: skip
    wanted = one_form(point)
    return [each for each in found.order_by("pk") if each.contact_point and one_form(each.contact_point) == wanted]


def same_of_person(point: ContactPoint) -> list[ContactPoint]:
    """The addresses of all accounts of the person that may be the same as one, his own and third persons' alike."""
    channels = BY_NUMBER if point.channel in BY_NUMBER else (point.channel,)
    known = ContactPoint.objects.select_related("debtor").filter(
        debtor__person=point.debtor.person_id, channel__in=channels
    )
    if not point.value:
        return list(known.filter(debtor=point.debtor, value=""))
    wanted = one_form(point)
    return [each for each in known.order_by("pk") if may_be_one(one_form(each), wanted)]


def one_form(point: ContactPoint) -> str:
    """An address in one form; a postal one, which has no value, is itself alone."""
    return canonical(point.value, point.country or point.debtor.country) if point.value else f"#{point.pk}"


def lasting_days(rules: Rules, day: date, kind: str) -> int | None:
    """How many days an entry of a kind lasts where nothing else was said, the first counted: the longest that a rule
    in force names; None where none does."""
    named = [value["lasts"].get(kind) for _, value in rules.in_force(day, "register")]
    return max((days for days in named if days is not None), default=None)


_SAME = ("kind", "channel", "place", "purpose", "weekdays", "hours_from", "hours_until")


def _check(
    kind: str,
    channel: Channel | None,
    contact_point: ContactPoint | None,
    place: str | None,
    purpose: str | None,
    weekdays: Sequence[int],
    hours: tuple[str, str] | None,
    evidence: str,
) -> None:
    if kind not in KINDS:
        raise Refused("register.kind_unknown", kind=kind[:40], known=", ".join(KINDS))
    given = {
        "channel": channel or contact_point, "address": contact_point, "place": place, "purpose": purpose,
        "evidence": evidence,
    }  # fmt: skip
    needed = _NEEDS.get(kind)
    if needed and not given[needed]:
        raise Refused(f"register.needs_{needed}", kind=kind)
    if place is not None and place not in PLACES:
        raise Refused("register.not_one_of", field="place", value=place[:40], known=", ".join(PLACES))
    if purpose is not None and kind == "notice_sent" and purpose not in NOTICES:
        near = get_close_matches(purpose.lower()[:100], NOTICES, n=1, cutoff=0.5)
        known = ", ".join(NOTICES)
        if near:
            raise Refused("register.notice_near", value=purpose[:40], near=near[0], known=known)
        raise Refused("register.bad_notice", value=purpose[:40], known=known)
    if purpose is not None and kind != "notice_sent" and purpose not in PURPOSES:
        raise Refused("register.not_one_of", field="purpose", value=purpose[:40], known=", ".join(PURPOSES))
    if (weekdays or hours) and kind not in _TIMED:
        raise Refused("register.no_hours", kind=kind)
    if not set(weekdays) <= set(range(1, 8)):
        raise Refused("register.bad_weekdays")
    if hours and not (all(_CLOCK.fullmatch(clock) for clock in hours) and hours[0] < hours[1]):
        raise Refused("register.bad_hours", start=hours[0][:10], until=hours[1][:10])


def _check_closing(kind: str, channel: Channel | None, point: ContactPoint) -> None:
    """Refuses to close an address for one channel alone, and to call something out of service that is no number."""
    if channel is not None:
        raise Refused("register.closes_all", kind=kind, channel=str(channel))
    if kind == "invalid_number" and point.channel not in BY_NUMBER:
        raise Refused("register.no_number", kind=kind, channel=point.channel)


def _refuse_same(
    debtor: Debtor, contact_point: ContactPoint | None, kept: Mapping[str, Any], start: date, until: date | None
) -> None:
    lasting = Q(until_date=None) if until is None else Q(until_date=None) | Q(until_date__gte=until)
    # a consent of some days that is given again begins anew
    if kept["kind"] == "direct_consent":
        return
    standing = RegisterEntry.objects.filter(lasting, debtor=debtor, contact_point=contact_point, **kept)
    same = standing.filter(from_date__lte=start).order_by("pk").first()
    if same is not None:
        raise Refused("register.stands", entry=same.pk, since=same.from_date.isoformat())
