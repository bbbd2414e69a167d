"""What people tell the clock of limitation: events with their proof, facts of a claim, guarantees, insolvencies.

Each is recorded once: the same record told again changes nothing, told with more (a proof, a last day) it is changed,
and what stood before is kept. What was a mistake is withdrawn.
"""

import difflib
import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.terms import ReceivableKind, Stage
from dunwell.engine.limitation.stored_clocks import JUDGMENTS
from dunwell.rulebook.limitation_rules import CLAIM_KINDS, EVENT_KINDS, PROCEEDINGS
from dunwell.rulebook.places import is_law
from dunwell.store import journal
from dunwell.store.models import (
    ContactAttempt,
    ContactItem,
    Debtor,
    Guarantee,
    InsolvencyFiling,
    LimitationClaim,
    LimitationEvent,
    Receivable,
)
from dunwell.store.reads.limitation import Record, reference
from dunwell.store.versions import change

KINDS = tuple(kind for kind in CLAIM_KINDS if kind != "unknown" and not kind.startswith("guarantee"))
"""Kinds of claims that may be told; a guarantee is recorded as one, beside the claim that it is for."""
EVENTS = tuple(kind for kind in EVENT_KINDS if kind != "suit_against_debtor")
"""Kinds of events that may be told; a suit against the debtor is the suit on the item itself."""
GUARANTEES = ("joint", "general", "unstated")

_DAYS = (date(1900, 1, 1), date(2199, 12, 31))
_LONGEST_PROOF = 500


@act("limitation.record", may_record_nothing=True)
def record_event(
    *,
    receivable: Receivable,
    kind: str,
    event_date: date,
    at: datetime,
    by: Actor,
    key: UUID | str,
    until_date: date | None = None,
    proof: str | None = None,
    proof_sha256: str | None = None,
    guarantee: Guarantee | None = None,
) -> LimitationEvent:
    """Record what happened to a claim, or to a guarantee for it: one of `EVENTS`.

    event_date    of a demand, the day it arrived; of an obstacle, its first day
    until_date    the last day of an obstacle, or the day on which proceedings ended
    proof         what proves it (None: what stands, or nothing); proof_sha256 the hash of a file that does
    One event of a kind and day is one record. Refuses: an unknown kind, a day ahead, an end before the beginning or of
    what has none, a charge, and a guarantee for another item.
    """
    kind = _event_kind(kind)
    _refuse_clockless(receivable)
    if guarantee is not None and guarantee.receivable_id != receivable.pk:
        raise Refused("limitation.other_item", guarantor=guarantee.name, item=receivable.number)
    told = _proof(proof, proof_sha256)
    _reach(event_date=event_date, until_date=until_date)
    asked = {
        "receivable": receivable.pk,
        "guarantee": guarantee.pk if guarantee else None,
        "event_kind": kind,
        "event_date": event_date.isoformat(),
        "until_date": plain_day(until_date),
        "proof_told": proof,
        "proof_sha256_told": proof_sha256,
    }
    debtor, text, before = first_result(receivable.debtor, "limitation.recorded", key, asked)
    if before is not None:
        return LimitationEvent.objects.get(pk=before["event"])
    happened_on(debtor.creditor, event_date, at)
    if until_date is not None:
        if kind != "obstacle" and kind not in PROCEEDINGS:
            raise Refused("limitation.until_of_nothing", kind=kind)
        if until_date < event_date:
            raise Refused("limitation.ends_before", until=until_date.isoformat(), start=event_date.isoformat())
        if kind in PROCEEDINGS:
            happened_on(debtor.creditor, until_date, at)
        told["until_date"] = until_date
    where: dict[str, Any] = {"guarantee": guarantee} if guarantee else {"receivable": receivable}
    event, changed = _keep_event({**where, "event_kind": kind, "event_date": event_date}, told, debtor, at, by)
    if changed:
        journal.append(
            "limitation.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
            body={
                **_body(debtor, receivable), "event": event.pk, "proof": event.proof,
                "proof_sha256": event.proof_sha256, "guarantor": guarantee.name if guarantee else None, **asked,
            },
        )  # fmt: skip
    return event


@act("contact.arrive", may_record_nothing=True)
def record_arrival(
    *,
    contact: ContactAttempt,
    arrived_date: date,
    proof: str | None,
    at: datetime,
    by: Actor,
    key: UUID | str,
    proof_sha256: str | None = None,
) -> LimitationEvent:
    """A demand that we sent arrived, and this proves it: a number of EMS, an answer, a receipt of reading.

    It counts for every item that the contact named. Told again with another day or proof, that one stands from then on.
    Refuses: what came from the debtor, what named no item or was no demand, a day before it left or ahead, no proof.
    """
    told = _proof(proof, proof_sha256)
    if not told:
        raise Refused("limitation.no_proof")
    if "proof" in told and not re.search(r"\w", told["proof"]):
        raise Refused("limitation.no_proof")
    _reach(arrived_date=arrived_date)
    asked = {
        "contact": contact.pk,
        "arrived_date": arrived_date.isoformat(),
        "proof_told": proof,
        "proof_sha256_told": proof_sha256,
    }
    debtor, text, before = first_result(contact.debtor, "contact.arrived", key, asked)
    if before is not None:
        return LimitationEvent.objects.get(pk=before["event"])
    happened_on(debtor.creditor, arrived_date, at)
    named = list(
        ContactItem.objects.filter(contact=contact).values_list("receivable__number", flat=True).order_by("pk")
    )
    if contact.direction != "out" or (contact.stage or 0) < Stage.REMINDER or not named:
        raise Refused("limitation.no_demand", contact=contact.pk)
    if arrived_date < contact.contact_date:
        raise Refused(
            "limitation.arrived_before", day=arrived_date.isoformat(), contact=contact.pk,
            left=contact.contact_date.isoformat(),
        )  # fmt: skip
    standing = {"contact": contact, "event_kind": "demand"}
    event, changed = _keep_event(standing, {"event_date": arrived_date, **told}, debtor, at, by)
    if changed:
        journal.append(
            "contact.arrived", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
            body={
                "event": event.pk, "number": debtor.number, "receivable_numbers": named, "proof": event.proof,
                "proof_sha256": event.proof_sha256, **asked,
            },
        )  # fmt: skip
    return event


@act("limitation.claim", may_record_nothing=True)
def tell_claim(
    *,
    receivable: Receivable,
    at: datetime,
    by: Actor,
    key: UUID | str,
    kind: str | None = None,
    place: str | None = None,
    arose_date: date | None = None,
    last_instalment_date: date | None = None,
    perform_by_date: date | None = None,
) -> LimitationClaim:
    """Say of a claim what the ledger does not; None leaves what stands.

    kind    one of `KINDS`; place: whose law it falls under, e.g. CN, UK-ENG, US-CA; arose_date: where that was before
    it fell due; last_instalment_date: the last instalment of the debt; perform_by_date: of a judgment, the last day to
    perform, which it must have and nothing else may
    Refuses: a charge, unknown words, a claim that arose after it fell due, a last instalment before that.
    """
    _refuse_clockless(receivable)
    if kind is not None and kind not in KINDS:
        raise Refused("limitation.kind_unknown", kind=kind[:40], known=", ".join(KINDS))
    if place is not None and not is_law(place):
        raise Refused("limitation.law_unknown", place=place[:20])
    days = {
        "arose_date": arose_date,
        "last_instalment_date": last_instalment_date,
        "perform_by_date": perform_by_date,
    }
    _reach(**days)
    asked = {
        "receivable": receivable.pk,
        "kind_told": kind,
        "place_told": place,
        **{f"{name}_told": plain_day(day) for name, day in days.items()},
    }
    debtor, text, before = first_result(receivable.debtor, "limitation.claim_told", key, asked)
    if before is not None:
        return LimitationClaim.objects.get(pk=before["claim"])
    told = {"kind": kind, "place": place, **days}
    given: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    if not given:
        raise Refused("limitation.nothing_told")
    claim = LimitationClaim.objects.select_for_update().filter(receivable=receivable).first()
    if kind is not None and kind not in JUDGMENTS:
        # what was told of a judgment by mistake goes with it
        given.setdefault("perform_by_date", None)
    stands = {name: getattr(claim, name, None) for name in ("kind", "place", *days)} | given
    _refuse_order(receivable, stands)
    happened_on(debtor.creditor, arose_date, at)
    if claim is None:
        claim = LimitationClaim.objects.create(
            creditor=debtor.creditor, receivable=receivable, known_from=at, recorded_by=str(by), **given
        )
    elif not _changed(claim, at, by, given):
        return claim
    journal.append(
        "limitation.claim_told", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={**_body(debtor, receivable), "claim": claim.pk, **stands, **asked},
    )  # fmt: skip
    return claim


@act("limitation.guarantee", may_record_nothing=True)
def record_guarantee(
    *,
    receivable: Receivable,
    name: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    guarantor: Debtor | None = None,
    kind: str | None = None,
    agreed_until_date: date | None = None,
) -> Guarantee:
    """Somebody answers for an item: a debtor of the book (`guarantor`; his name is used), or a person named here.

    kind                 joint, general or unstated (None: what stands, or unstated)
    agreed_until_date    the last day of an agreed guarantee period (None: what stands, or none)
    One guarantee of a guarantor for an item is one record. Refuses: the debtor himself, a charge, an unknown kind.
    """
    _refuse_clockless(receivable)
    if kind is not None and kind not in GUARANTEES:
        raise Refused("limitation.guarantee_unknown", kind=kind[:40], known=", ".join(GUARANTEES))
    _reach(agreed_until_date=agreed_until_date)
    name = " ".join(clean_text(guarantor.name if guarantor else name, "guarantor", limit=500, needed=True).split())
    asked = {
        "receivable": receivable.pk,
        "guarantor": guarantor.pk if guarantor else None,
        "name": name,
        "kind_told": kind,
        "agreed_until_date_told": plain_day(agreed_until_date),
    }
    debtor, text, before = first_result(receivable.debtor, "guarantee.recorded", key, asked)
    if before is not None:
        return Guarantee.objects.get(pk=before["guarantee"])
    himself = _plain(name) in (_plain(debtor.name), _plain(debtor.number)) if guarantor is None else (
        guarantor.person_id == debtor.person_id
    )  # fmt: skip
    if himself:
        raise Refused("limitation.guarantor_is_debtor", item=receivable.number, debtor=debtor.number)
    given: dict[str, Any] = {}
    if kind is not None:
        given["kind"] = kind
    if agreed_until_date is not None:
        given["agreed_until_date"] = agreed_until_date
    standing = [
        each
        for each in Guarantee.objects.select_for_update().filter(receivable=receivable, withdrawn_date=None)
        if (each.guarantor_id == guarantor.pk if guarantor else _plain(each.name) == _plain(name))
    ]
    if standing:
        found = standing[0]
        if not _changed(found, at, by, given):
            return found
    else:
        found = Guarantee.objects.create(
            creditor=debtor.creditor, receivable=receivable, guarantor=guarantor, name=name, known_from=at,
            recorded_by=str(by), **{"kind": "unstated", **given},
        )  # fmt: skip
    journal.append(
        "guarantee.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            **_body(debtor, receivable), "guarantee": found.pk, "kind": found.kind,
            "agreed_until_date": found.agreed_until_date, **asked,
        },
    )  # fmt: skip
    return found


@act("limitation.insolvency", may_record_nothing=True)
def record_insolvency(
    *,
    debtor: Debtor,
    at: datetime,
    by: Actor,
    key: UUID | str,
    file_by_date: date | None = None,
    filed_date: date | None = None,
    reference: str | None = None,
) -> InsolvencyFiling:
    """A debtor is insolvent: claims must be filed by a day, or were filed on one; None leaves what stands.

    reference    the court's file, as it is called there
    One debtor has one such record. Refuses: filing before there is a last day for it, or on a day ahead.
    """
    _reach(file_by_date=file_by_date, filed_date=filed_date)
    words = None if reference is None else clean_text(reference, "reference", limit=200)
    asked = {
        "file_by_date_told": plain_day(file_by_date),
        "filed_date_told": plain_day(filed_date),
        "reference_told": words,
    }
    debtor, text, before = first_result(debtor, "insolvency.recorded", key, asked)
    if before is not None:
        return InsolvencyFiling.objects.get(pk=before["filing"])
    happened_on(debtor.creditor, filed_date, at)
    told = {"file_by_date": file_by_date, "filed_date": filed_date, "reference": words}
    given = {name: value for name, value in told.items() if value is not None}
    found = InsolvencyFiling.objects.select_for_update().filter(debtor=debtor, withdrawn_date=None).first()
    if found is None:
        if file_by_date is None:
            raise Refused("limitation.no_filing_day", debtor=debtor.number)
        found = InsolvencyFiling.objects.create(
            creditor=debtor.creditor, debtor=debtor, known_from=at, recorded_by=str(by), **given
        )
    elif not _changed(found, at, by, given):
        return found
    journal.append(
        "insolvency.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={
            "number": debtor.number, "filing": found.pk, "file_by_date": found.file_by_date,
            "filed_date": found.filed_date, "reference": found.reference, **asked,
        },
    )  # fmt: skip
    return found


@act("limitation.withdraw", may_record_nothing=True)
def withdraw_record(*, record: Record, at: datetime, by: Actor, key: UUID | str, reason: str = "") -> Record:
    """A record was a mistake: no clock knows it any more, on no day. What was believed until now is kept.

    Facts of a claim are emptied: they may be told anew. A guarantee takes what was recorded about it out with it.
    Refuses one that was withdrawn before.
    """
    reason = clean_text(reason, "reason", limit=_LONGEST_PROOF)
    name = reference(record)
    asked = {"record": name, "reason": reason}
    debtor, text, before = first_result(_debtor_of(record), "limitation.withdrawn", key, asked)
    found: Any = type(record).objects.select_for_update().get(pk=record.pk)
    if before is not None:
        return record
    if isinstance(record, LimitationClaim):
        facts = ("kind", "place", "arose_date", "last_instalment_date", "perform_by_date")
        was = {name: getattr(found, name) for name in facts if getattr(found, name) is not None}
        empty: dict[str, Any] = dict.fromkeys(facts)
    else:
        was = {} if found.withdrawn_date else {"withdrawn_date": None}
        _, today = happened_on(debtor.creditor, None, at)
        empty = {"withdrawn_date": today}
    if not was:
        raise Refused("limitation.withdrawn_before", record=name)
    _changed(found, at, by, empty)
    journal.append(
        "limitation.withdrawn", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"number": debtor.number, "was": was, **asked},
    )  # fmt: skip
    return record


def _event_kind(text: str) -> str:
    kind = text.strip().lower().replace("-", "_")
    if kind in EVENTS:
        return kind
    if kind == "suit_against_debtor":
        raise Refused("limitation.suit_on_item")
    near = difflib.get_close_matches(kind, EVENTS, n=1)
    known = ", ".join(EVENTS)
    if near:
        raise Refused("limitation.event_near", kind=text[:40], near=near[0], known=known)
    raise Refused("limitation.event_unknown", kind=text[:40], known=known)


def _proof(proof: str | None, sha256: str | None) -> dict[str, Any]:
    """What was told of the proof, as columns."""
    told: dict[str, Any] = {}
    if proof is not None:
        told["proof"] = clean_text(proof, "proof", limit=_LONGEST_PROOF)
    if sha256 is not None:
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise Refused("limitation.no_hash")
        told["proof_sha256"] = sha256
    return told


def _keep_event(
    standing: dict[str, Any], told: dict[str, Any], debtor: Debtor, at: datetime, by: Actor
) -> tuple[LimitationEvent, bool]:
    """The record that stands, changed where more was told, or a new one; and whether anything was written."""
    found = LimitationEvent.objects.select_for_update().filter(withdrawn_date=None, **standing).order_by("pk").first()
    if found is not None:
        return found, _changed(found, at, by, told)
    made = LimitationEvent.objects.create(
        creditor=debtor.creditor, known_from=at, recorded_by=str(by), **standing, **told
    )
    return made, True


def _changed(record: Record, at: datetime, by: Actor, values: dict[str, Any]) -> bool:
    """Change a record where it differs; who did is part of it."""
    if all(getattr(record, name) == value for name, value in values.items()):
        return False
    return change(record, at=at, **values, recorded_by=str(by))


def _refuse_clockless(receivable: Receivable) -> None:
    if receivable.kind in (ReceivableKind.CHARGE, ReceivableKind.CREDIT_NOTE):
        raise Refused("limitation.no_clock", item=receivable.number)


def _refuse_order(receivable: Receivable, told: dict[str, Any]) -> None:
    """The days of a claim in their order."""
    due = told["perform_by_date"] or receivable.due_date
    judged = told["kind"] in JUDGMENTS
    if judged != (told["perform_by_date"] is not None):
        raise Refused("limitation.judgment_needs_day" if judged else "limitation.day_without_judgment")
    if told["arose_date"] is not None and told["arose_date"] > due:
        raise Refused("limitation.arose_after_due", day=told["arose_date"].isoformat(), due=due.isoformat())
    last = told["last_instalment_date"]
    if last is not None and last < due:
        raise Refused("limitation.instalment_before_due", day=last.isoformat(), due=due.isoformat())


def _reach(**days: date | None) -> None:
    """One day out of reach would stop the clocks of the whole book."""
    for field, day in days.items():
        if day is not None and not _DAYS[0] <= day <= _DAYS[1]:
            raise Refused("limitation.day_out_of_reach", table="limitation", column=field, day=day.isoformat())


def _debtor_of(record: Record) -> Debtor:
    if isinstance(record, InsolvencyFiling):
        return record.debtor
    if isinstance(record, LimitationEvent):
        if record.contact is not None:
            return record.contact.debtor
        if record.guarantee is not None:
            return record.guarantee.receivable.debtor
    receivable: Any = record.receivable
    found: Debtor = receivable.debtor
    return found


def _body(debtor: Debtor, receivable: Receivable) -> dict[str, Any]:
    return {"number": debtor.number, "receivable_number": receivable.number}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
