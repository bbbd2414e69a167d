"""The gate: what the contact rules say of a contact, asked right before it is made, and recorded with it.

A run plans by the same rules (`engine.day.decide` asks them of the whole book and keeps their findings in its folder);
the sender asks here at the last moment, and so does a person before a call or a visit. Nothing leaves by a channel
without the leave that `let_go` gives, and that rests on a recorded answer.

What is forbidden stays forbidden. A presumption or an advice yields to a person whom the owner of the installation
named for it (`contact.override`), with a reason, which the journal keeps beside the rules; what the program sends by
itself keeps to all three.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.actions.facts import facts_of
from dunwell.actions.permissions import may
from dunwell.channels.cleared import Cleared, clear
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.engine.contact.planned import Planned, Told, told_of
from dunwell.engine.facts import Facts
from dunwell.rulebook.contact_rules import Rules
from dunwell.store.models import Clearance, ContactAttempt, Creditor, OutboxMessage
from dunwell.store.reads.house_rules import rules_of

ALLOWED, FORBIDDEN = "allowed", "forbidden"
SEVERITY = {verdict: rank for rank, verdict in enumerate((ALLOWED, "advice", "presumed-violation", FORBIDDEN))}
"""From what may be done to what may not."""


def ask(
    creditor: Creditor,
    planned: Sequence[Planned],
    *,
    at: datetime,
    known_at: datetime | None = None,
    facts: Facts | None = None,
    rules: Rules | None = None,
    with_notes: bool = False,
) -> list[Told]:
    """What the rules say of each planned contact at a moment: the one question that every contact is asked.

    known_at     with what was known then (None: now)
    facts        of these debtors, around the day, where they were read already
    with_notes   tell what a person must know as well: what may be said and recorded
    Several contacts with one person are each answered as if the others did not take place.
    """
    day = at.astimezone(ZoneInfo(creditor.zone)).date()
    if facts is None:
        debtors = {each.debtor_id for each in planned}
        facts = facts_of(creditor, known_at=known_at, debtors=debtors, around=day).on(day)
    return told_of(facts, rules or rules_of(creditor), day, at.astimezone(UTC), planned, with_notes=with_notes)


def check_override(told: Told, reason: str, by: Actor) -> None:
    """Refuses to go past what is forbidden, and anybody who may not go past anything."""
    if not reason or told.answer.verdict == ALLOWED:
        return
    if told.answer.verdict == FORBIDDEN:
        rules = ", ".join(dict.fromkeys(each.rule for each in told.answer.findings if each.effect == FORBIDDEN))
        raise Refused("gate.forbidden_stays", rules=rules)
    if not may(by, "contact.override"):
        raise Refused("gate.may_not_override", actor=by.name[:100])


def record(creditor: Creditor, told: Told, *, at: datetime, by: Actor, override: str = "") -> Clearance:
    """Keep the answer that a contact rests on. Called inside the act that makes or plans the contact."""
    planned = told.planned
    return Clearance.objects.create(
        creditor=creditor,
        debtor_id=planned.debtor_id,
        at=at,
        channel=planned.channel,
        purpose=planned.purpose,
        addressee=planned.to,
        contact_point_id=planned.contact_point,
        verdict=told.answer.verdict,
        findings=finding_set(told),
        rules_hash=rules_of(creditor).hash,
        override=override if told.answer.verdict != ALLOWED else "",
        asked_by=str(by)[:200],
    )


def finding_set(told: Told) -> list[dict[str, Any]]:
    """The findings as they are kept, without those that only want to be known."""
    return [
        {
            "rule": each.rule,
            "effect": each.effect,
            "detail": each.detail,
            "count": each.count,
            "debt": each.debt,
            "address": each.address,
            "until": each.until_at.isoformat() if each.until_at else None,
        }
        for each in told.answer.findings
        if each.effect != "note"
    ]


def let_go(row: OutboxMessage, clearance: Clearance) -> Cleared:
    """Leave for a message that begins to be sent. Refuses an answer about another contact, and any but `allowed`."""
    same = (clearance.debtor_id, clearance.channel, clearance.contact_point_id, clearance.verdict)
    if same != (row.debtor_id, row.channel, row.contact_point_id, ALLOWED):
        raise Refused("gate.not_cleared", key=row.key)
    return clear(row.key, row.channel, clearance.pk)


def finish(row: OutboxMessage) -> Cleared:
    """Leave to write once more what had leave before, and what a crash interrupted. Refuses where there was none."""
    contact = ContactAttempt.objects.select_related("clearance").filter(message=row, outcome="unknown").first()
    if contact is None or contact.clearance is None:
        raise Refused("gate.not_cleared", key=row.key)
    return let_go(row, contact.clearance)


def wanted(told: Told) -> frozenset[str]:
    """What a message must carry, in the codes of content rules; asked with notes."""
    return frozenset(
        code for each in told.answer.findings if each.effect == "note" for code in (each.detail or "").split()
    )


def against(told: Told) -> Iterable[str]:
    """The rules that stand against a contact, each once."""
    return dict.fromkeys(each.rule for each in told.answer.findings if each.effect != "note")
