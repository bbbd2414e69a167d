"""What people tell the clock of limitation by hand: the commands below `dunwell limitation`."""

from collections.abc import Callable
from datetime import date
from hashlib import file_digest
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from dunwell.actions import limitation as acts
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.documents.plain import plain
from dunwell.jobs.context import language, moment, operator, tell, words
from dunwell.jobs.day_option import Day
from dunwell.store.reads import creditors
from dunwell.store.reads import limitation as read
from dunwell.store.reads import talks as read_talks

_ANY_DAY = Day(date(1900, 1, 1), date(2199, 12, 31))


def _once(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every act by hand takes."""
    command = click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")(command)
    return click.option("--key", help="Repeating the command with the same key does it once.")(command)


def proven(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of what a proof can be."""
    command = click.option(
        "--document", type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The file that proves it: its SHA-256 is recorded. Keep the file.",
    )(command)  # fmt: skip
    return click.option("--proof", help="What proves it: a number of a receipt, a file reference.")(command)


def hash_of(document: Path | None) -> str | None:
    """The hash of a file of proof. Raises `limitation.document_unreadable`."""
    if document is None:
        return None
    try:
        with document.open("rb") as data:
            return file_digest(data, "sha256").hexdigest()
    except OSError as error:
        raise DunwellError("limitation.document_unreadable", path=str(document), why=str(error.strerror)) from error


def _act(key: str | None) -> dict[str, Any]:
    return {"at": moment(), "by": operator(), "key": key if key is not None else uuid4()}


@click.command("record")
@click.argument("item")
@click.argument("kind")
@click.option("--on", "day", type=_ANY_DAY, required=True, help="The day; of a demand, the day it arrived.")
@click.option("--until", type=_ANY_DAY, help="Last day of an obstacle, or the day on which proceedings ended.")
@proven
@click.option("--guarantor", help="It happened to this guarantor of the item: his number, name, or e.g. G3.")
@_once
def record(
    item: str,
    kind: str,
    day: date,
    until: date | None,
    proof: str | None,
    document: Path | None,
    guarantor: str | None,
    key: str | None,
    code: str | None,
) -> None:
    """Record that something happened to ITEM which may move its clock.

    KIND is one of: suit, payment_order_application, payment_order_served, enforcement_application, demand,
    assignment_notice, written_acknowledgment, oral_acknowledgment, part_payment, promise, instalment_plan,
    extension_request, security_given, obstacle, proceedings_ended. Arbitration counts as a suit.

    Without a proof it counts for the latest date only. Recorded again with a proof or a last day, it has them. Payments
    of bank lines, demands that we sent and promises are known without this; for the arrival of a demand that we sent
    there is `dunwell contact arrived`.
    """
    receivable = read_talks.receivable(creditors.choose(code), item)
    guarantee = read.guarantee(receivable, guarantor) if guarantor is not None else None
    made = acts.record_event(
        receivable=receivable, kind=kind, event_date=day, until_date=until, proof=proof,
        proof_sha256=hash_of(document), guarantee=guarantee, **_act(key),
    )  # fmt: skip
    tell(
        "limitation.recorded", record=read.reference(made), kind=words(f"limitation.event.{made.event_kind}"),
        item=_of(receivable.number, guarantee), day=_day(made.event_date),
    )  # fmt: skip
    if not (made.proof or made.proof_sha256):
        tell("limitation.recorded_unproven")


@click.command("claim")
@click.argument("item")
@click.option("--kind", type=click.Choice(acts.KINDS), help="goods_services: a merchant's; periodic: interest, rent.")
@click.option("--place", help="Whose law it falls under: CN, TW, DE, UK-ENG, UK-SCT, HK, US-CA ...")
@click.option("--arose", type=_ANY_DAY, help="The day it arose, where that was before it fell due.")
@click.option("--last-instalment", type=_ANY_DAY, help="The day on which the last instalment is due.")
@click.option("--perform-by", type=_ANY_DAY, help="Of a judgment: the last day to perform.")
@_once
def claim(
    item: str,
    kind: str | None,
    place: str | None,
    arose: date | None,
    last_instalment: date | None,
    perform_by: date | None,
    key: str | None,
    code: str | None,
) -> None:
    """Say of ITEM what the ledger does not: the kind of claim, whose law, the day it arose, the last instalment.

    Where the kind is not told and the law knows several periods, the shorter one gives the cautious date.
    """
    receivable = read_talks.receivable(creditors.choose(code), item)
    told = acts.tell_claim(
        receivable=receivable, kind=kind, place=None if place is None else place.strip().upper(), arose_date=arose,
        last_instalment_date=last_instalment, perform_by_date=perform_by, **_act(key),
    )  # fmt: skip
    tell("limitation.claim_told", record=read.reference(told), item=plain(receivable.number))


@click.command("guarantee")
@click.argument("item")
@click.option("--guarantor", required=True, help="A debtor's number, or the name of somebody else.")
@click.option("--kind", type=click.Choice(acts.GUARANTEES), help="What was agreed (default: unstated).")
@click.option("--until", type=_ANY_DAY, help="The last day of an agreed guarantee period.")
@_once
def guarantee(
    item: str, guarantor: str, kind: str | None, until: date | None, key: str | None, code: str | None
) -> None:
    """Record that somebody answers for ITEM. From now on that is a claim of its own, with its own last days."""
    creditor = creditors.choose(code)
    receivable = read_talks.receivable(creditor, item)
    made = acts.record_guarantee(
        receivable=receivable, name=guarantor, guarantor=read.debtor_called(creditor, guarantor), kind=kind,
        agreed_until_date=until, **_act(key),
    )  # fmt: skip
    tell(
        "limitation.guarantee_recorded", record=read.reference(made), guarantor=plain(made.name),
        item=plain(receivable.number), kind=words(f"guarantee.{made.kind}"),
    )  # fmt: skip


@click.command("insolvency")
@click.argument("debtor")
@click.option("--file-by", type=_ANY_DAY, help="The last day to file claims.")
@click.option("--filed", type=_ANY_DAY, help="The day on which ours were filed: no alarm any more.")
@click.option("--reference", help="The court's file.")
@_once
def insolvency(
    debtor: str, file_by: date | None, filed: date | None, reference: str | None, key: str | None, code: str | None
) -> None:
    """Record until when claims must be filed in the insolvency of DEBTOR, and when ours were."""
    owner = read_talks.debtor(creditors.choose(code), debtor)
    made = acts.record_insolvency(
        debtor=owner, file_by_date=file_by, filed_date=filed, reference=reference, **_act(key)
    )
    code_of = "insolvency_filed" if made.filed_date else "insolvency_recorded"
    tell(
        f"limitation.{code_of}", record=read.reference(made), debtor=plain(owner.number),
        day=_day(made.filed_date or made.file_by_date),
    )  # fmt: skip


@click.command("withdraw")
@click.argument("record_name", metavar="RECORD")
@click.option("--reason", default="", help="Why it was a mistake.")
@_once
def withdraw(record_name: str, reason: str, key: str | None, code: str | None) -> None:
    """Take back what was recorded by mistake: RECORD as `dunwell limitation show` calls it, e.g. E12.

    What was believed until now is kept, for --as-known-then. Also takes back the arrival of a demand.
    """
    found = read.record(creditors.choose(code), record_name)
    acts.withdraw_record(record=found, reason=reason, **_act(key))
    tell("limitation.withdrawn", record=read.reference(found))


RECORDING = (record, claim, guarantee, insolvency, withdraw)


def _of(item: str, given: Any) -> str:
    if given is None:
        return plain(item)
    return words("limitation.guarantee_of", item=plain(item), guarantor=plain(given.name, 60))


def _day(day: date) -> str:
    return format_date(day, language())
