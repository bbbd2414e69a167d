"""Calls and visits: whether one may be made now, the record of one that was made, the proof that a demand arrived."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from dunwell.actions import gate
from dunwell.actions import talks as acts
from dunwell.actions.limitation import record_arrival
from dunwell.actions.talks.contacts_file import import_contacts
from dunwell.actions.talks.plans import Plan
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Channel, ContactOutcome
from dunwell.documents.contact_answer import REFUSED_REQUIRED, AnswerWords
from dunwell.documents.finding_words import effect_words
from dunwell.engine.contact.planned import Told
from dunwell.jobs.context import language, moment, operator, tell, words
from dunwell.jobs.day_option import Day, Moment, meant_at
from dunwell.jobs.limitation_records import hash_of, proven
from dunwell.jobs.talks import acted, once
from dunwell.rulebook.contact_rules import SCOPE
from dunwell.rulebook.rule_pages import linked
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import creditors, registers
from dunwell.store.reads import limitation as read_limitation
from dunwell.store.reads import talks as read
from dunwell.store.reads.house_rules import rules_of

_CHANNELS = click.Choice([str(channel) for channel in Channel])
_OF_MESSAGES = ("sent", "undeliverable")


@click.group("contact")
def contact() -> None:
    """Calls and visits that people make; the proof that what we sent arrived."""


@contact.command("plan")
@click.argument("debtor")
@click.option(
    "--channel",
    type=_CHANNELS,
    default=str(Channel.PHONE),
    show_default=True,
    help="A message is planned here only where it does not leave by the outbox: --agency, --outside.",
)
@click.option("--number", "value", help="The number or address to be used (default: his first good one).")
@click.option("--purpose", type=click.Choice(SCOPE["purpose"]), default="collection", show_default=True)
@click.option("--to", type=click.Choice(SCOPE["to"]), default="debtor", show_default=True, help="Who is contacted.")
@click.option("--place", type=click.Choice(SCOPE["at_place"]), help="Where a visit is made.")
@click.option("--mode", type=click.Choice(SCOPE["mode"]), default="interactive", show_default=True)
@click.option("--persons", type=int, help="How many visit together.")
@click.option("--agency", "collector", help="The agency that will make it, where it is not us.")
@click.option("--outside", is_flag=True, help="A message that our people will send with another tool.")
@click.option("--override", default="", help="Why to go past a presumption or an advice; it is kept.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@once
@click.pass_context
def contact_plan(
    ctx: click.Context,
    debtor: str,
    channel: str,
    value: str | None,
    purpose: str,
    to: str,
    place: str | None,
    mode: str,
    persons: int | None,
    collector: str | None,
    outside: bool,
    override: str,
    as_json: bool,
    key: str | None,
    code: str | None,
) -> None:
    """May this debtor be called or visited now? The rules answer, with their numbers, before the number is shown.

    Exit code 1 when he may not. What was answered is kept; `contact record --plan` names it afterwards.
    """
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor)
    at = moment()
    plan = acts.plan_contact(
        debtor=owner,
        channel=Channel(channel),
        contact_point=read.address(owner, value, to=to) if value is not None else None,
        purpose=purpose,
        to=to,
        place=place,
        mode=mode,
        persons=persons,
        collector=_agency(collector),
        outside=outside,
        override=override,
        **{**acted(key), "at": at},
    )
    if as_json:
        click.echo(json.dumps(_data(plan), ensure_ascii=False, indent=1))
    else:
        _tell_plan(plan, creditor, at)
    ctx.exit(0 if plan.may_go else 1)


def _tell_plan(plan: Plan, creditor: Any, at: datetime) -> None:
    clearance = plan.clearance
    verdict = effect_words(clearance.verdict, language())
    if plan.told is not None and plan.told.answer.recording == REFUSED_REQUIRED:
        verdict = words("may_contact.write_instead", verdict=verdict)
    tell(
        "contact.plan_verdict", channel=words(f"channel.{clearance.channel}"), number=plan.debtor.number,
        verdict=verdict, plan=clearance.pk,
    )  # fmt: skip
    if plan.told is not None:
        for line in _answer_lines(_with_numbers(plan, plan.told), creditor, at):
            click.echo(line)
    if clearance.override:
        tell("contact.plan_overridden", reason=clearance.override)
    if not plan.may_go:
        tell("contact.plan_forbidden" if clearance.verdict == gate.FORBIDDEN else "contact.plan_stops")
        return
    if plan.contact_point is not None:
        tell("contact.plan_number", value=plan.contact_point.value)
    elif clearance.channel == Channel.PHONE:
        tell("contact.plan_no_number", number=plan.debtor.number)
    tell("contact.plan_record", number=plan.debtor.number, channel=clearance.channel, plan=clearance.pk)


def _number(plan: Plan) -> str | None:
    """The number to be called, where he may be."""
    return plan.contact_point.value if plan.may_go and plan.contact_point else None


def _with_numbers(plan: Plan, told: Told) -> Told:
    """The answer with the number that is asked about in words, where he may be called there; else it names none: the
    number is shown after a yes alone."""
    findings = tuple(replace(each, address=each.address and _number(plan)) for each in told.answer.findings)
    return replace(told, answer=replace(told.answer, findings=findings))


def _answer_lines(told: Told, creditor: Any, at: datetime) -> list[str]:
    """Findings with rule and source, and the next window on the debtor's clock."""
    zone = ZoneInfo(creditor.zone)
    worded = AnswerWords(rules_of(creditor), at.astimezone(zone).date(), told.zones, zone, language())
    return [line for paragraph in worded.lines([told.answer], pages=True) for line in paragraph[1:]]


def _data(plan: Plan) -> dict[str, object]:
    told = plan.told
    window = (told.answer.next_from, told.answer.next_until) if told else (None, None)
    return {
        "plan": plan.clearance.pk,
        "debtor": plan.debtor.number,
        "channel": plan.clearance.channel,
        "verdict": plan.clearance.verdict,
        "findings": [
            {**each, "address": each["address"] and _number(plan)}
            for each in linked(plan.clearance.findings, house_rules())
        ],
        "next": None if window[0] is None else [each.isoformat() if each else None for each in window],
        "recording": "refused" if told and told.answer.recording else None,
        "write_instead": told is not None and told.answer.recording == REFUSED_REQUIRED,
        "override": plan.clearance.override or None,
        "number": _number(plan),
    }


@contact.command("record")
@click.argument("debtor")
@click.option(
    "--channel",
    type=click.Choice([str(channel) for channel in Channel]),
    default=str(Channel.PHONE),
    show_default=True,
    help="Of calls and visits; of a message of his (--inbound), an agency's or from outside any.",
)
@click.option(
    "--outcome",
    type=click.Choice([*map(str, ContactOutcome), *_OF_MESSAGES]),
    help="Who answered, of calls and visits; of messages sent (the default) or undeliverable.",
)
@click.option("--date", "day", type=Day(), help="The day it took place (default: today).")
@click.option("--at", "happened", type=Moment(), help="The moment it took place, e.g. 2026-11-24T10:30 (default: now).")
@click.option("--inbound", is_flag=True, help="The debtor came to us: it does not count as a contact from us.")
@click.option("--number", "value", help="The telephone number.")
@click.option("--purpose", type=click.Choice(SCOPE["purpose"]), default="collection", show_default=True)
@click.option("--to", type=click.Choice(SCOPE["to"]), default="debtor", show_default=True, help="Who was contacted.")
@click.option("--place", type=click.Choice(SCOPE["at_place"]), help="Where it took place.")
@click.option("--mode", type=click.Choice(SCOPE["mode"]), help="A talk, or a voice that only tells.")
@click.option("--persons", type=int, help="How many visited together.")
@click.option("--agency", "collector", help="The agency that made it, where it was not us.")
@click.option("--outside", is_flag=True, help="A message that our people sent with another tool.")
@click.option("--about", multiple=True, metavar="INVOICE", help="What it was about (repeat; default: all he owes).")
@click.option("--talked", multiple=True, metavar="INVOICE", help="What was talked about (default: all it was about).")
@click.option("--upset", is_flag=True, help="It upset him: he is left alone for the days that the house rule names.")
@click.option("--not-in-service", is_flag=True, help="The number is out of service: it is closed (not_connected).")
@click.option("--plan", "planned", metavar="ID", help="The plan it rests on (contact plan).")
@click.option("--note", default="", help="What was said.")
@once
def contact_record(
    debtor: str,
    channel: str,
    outcome: str | None,
    day: date | None,
    happened: datetime | None,
    inbound: bool,
    value: str | None,
    purpose: str,
    to: str,
    place: str | None,
    mode: str | None,
    persons: int | None,
    collector: str | None,
    outside: bool,
    about: tuple[str, ...],
    talked: tuple[str, ...],
    upset: bool,
    not_in_service: bool,
    planned: str | None,
    note: str,
    key: str | None,
    code: str | None,
) -> None:
    """Record a call or a visit, a message of the debtor (--inbound), or one that did not leave by the outbox.

    A contact of ours counts where a rule limits how often a person is contacted; what the rules said is kept, and
    one that they forbade is a deviation in the journal. An answer (--purpose answer) rests on what came from him.
    """
    agency = _agency(collector)
    creditor = creditors.choose(code)
    owner = read.debtor(creditor, debtor)
    made = acts.record_contact(
        debtor=owner,
        channel=Channel(channel),
        outcome=ContactOutcome(outcome) if outcome and outcome not in _OF_MESSAGES else None,
        contact_date=day,
        happened_at=happened and meant_at(happened, creditor.zone),
        inbound=inbound,
        contact_point=read.address(owner, value, to=to) if value is not None else None,
        purpose=purpose,
        to=to,
        place=place,
        mode=mode,
        persons=persons,
        collector=agency,
        outside=outside,
        undelivered=outcome == "undeliverable",
        about=[read.receivable(creditor, number) for number in about] or None,
        talked=[read.receivable(creditor, number) for number in talked] or None,
        upset=upset,
        not_in_service=not_in_service,
        plan=registers.plan(creditor, planned) if planned is not None else None,
        note=note,
        **acted(key),
    )
    tell("talks.contact_recorded", contact=made.pk, number=owner.number, day=format_date(made.contact_date, language()))
    if (outcome == ContactOutcome.WRONG_PERSON or not_in_service) and registers.closed_with(made):
        tell("contact.closed", number=owner.number)
    if made.clearance is not None and made.clearance.verdict != gate.ALLOWED:
        _tell_against(made.clearance)


@contact.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would be recorded.")
@click.option("--accept-valid-rows", is_flag=True, help="Record the good lines although others are wrong.")
@click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")
@click.pass_context
def contact_import(ctx: click.Context, path: Path, dry_run: bool, accept_valid_rows: bool, code: str | None) -> None:
    """Record contacts that were made elsewhere, one line each: an agency's, or those of earlier tools.

    FILE is CSV in UTF-8. Columns: debtor, at, channel; and where known outcome, direction, agency, number, purpose, to,
    mode, place, persons, about, talked, note (docs/contact-rules.md). A line that is known already changes nothing.
    """
    report = import_contacts(
        creditor=creditors.choose(code), path=path, at=moment(), by=operator(), dry_run=dry_run,
        accept_valid_rows=accept_valid_rows,
    )  # fmt: skip
    for fault in report.faults:
        tell("contacts_file.line", line=fault.line, why=fault.error.words(language()))
    if report.faults and not accept_valid_rows:
        tell("contacts_file.faults", count=len(report.faults))
        ctx.exit(1)
    counts = {"recorded": report.recorded, "known": report.known, "deviations": report.deviations}
    tell("contacts_file.tried" if dry_run else "contacts_file.recorded", **counts)


def _agency(name: str | None) -> str:
    if name is not None and not name.strip():
        raise DunwellError("talks.agency_empty")
    return name or ""


def _tell_against(clearance: Any) -> None:
    rules = words("explain.comma").join(dict.fromkeys(each["rule"] for each in clearance.findings))
    if clearance.verdict == gate.FORBIDDEN:
        tell("contact.deviated", rules=rules)
    else:
        tell("contact.went_against", verdict=effect_words(clearance.verdict, language()), rules=rules)


@contact.command("arrived")
@click.argument("contact_id", metavar="CONTACT")
@click.option("--on", "day", type=Day(), required=True, help="The day it arrived.")
@proven
@once
def contact_arrived(
    contact_id: str, day: date, proof: str | None, document: Path | None, key: str | None, code: str | None
) -> None:
    """Record the proof that a demand we sent arrived: a number of EMS, an answer, a receipt of reading.

    CONTACT is its number, as `dunwell limitation show` tells it. Every item that it named has the proof then.
    """
    sent = read_limitation.contact(creditors.choose(code), contact_id)
    made = record_arrival(contact=sent, arrived_date=day, proof=proof, proof_sha256=hash_of(document), **acted(key))
    tell(
        "limitation.arrived", record=read_limitation.reference(made), contact=sent.pk,
        day=format_date(made.event_date, language()),
    )  # fmt: skip
