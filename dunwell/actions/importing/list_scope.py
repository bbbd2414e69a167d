"""What a list of open items speaks of: which kinds its files would hold, so that their silence means something.

A file of invoices speaks of invoices, and of credit notes once such a file has held some; a file of credit notes or of
charges speaks of its own kind alone. So a list may come in several commands of one day, and a file left out by mistake
closes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.actions.importing.ledger import KINDS
from dunwell.core.errors import Refused
from dunwell.core.terms import ReceivableKind, ReceivableStatus
from dunwell.intake.shapes import Batch
from dunwell.store import bulk
from dunwell.store.models import Creditor, ImportFile

_INVOICES, _CREDIT_NOTES = "invoices", "credit_notes"


@dataclass(frozen=True)
class Scope:
    """What a list speaks of.

    kinds            kinds of receivables that it would hold
    credit_notes_of  only credit notes that files of this kind (invoices, credit_notes) have told; None: all of them
    left_out         kinds that earlier lists held and this one says nothing about
    """

    kinds: frozenset[str]
    credit_notes_of: str | None
    left_out: frozenset[str]


def scope_of(creditor: Creditor, batch: Batch, day: date, last: date | None) -> Scope:
    """What a list of a day speaks of; `last` is the day of the latest list. Refuses a new day without its invoices:
    the day of the last list holds for all invoices, also where the engine sets bank lines against what lists imply."""
    files = {file.kind for file in batch.files if file.kind in KINDS}
    if not files:
        raise Refused("import.list_without_items")
    if day != last and _INVOICES not in files:
        raise Refused("import.list_without_invoices", day=day.isoformat())
    ways, earlier = _earlier(creditor)
    ways |= files & {_CREDIT_NOTES}
    if batch.frames[_CREDIT_NOTES].filter(pl.col("file").is_in(_of_kind(batch, _INVOICES))).height:
        ways.add(_INVOICES)
    speaks = {str(kind) for file in files for kind in KINDS[file]}
    if _INVOICES in files & ways:
        speaks.add(str(ReceivableKind.CREDIT_NOTE))
    told = ways & files
    return Scope(
        kinds=frozenset(speaks),
        credit_notes_of=None if ways <= files or len(told) != 1 else min(told),
        left_out=frozenset() if day == last else frozenset(earlier - speaks),
    )


def _earlier(creditor: Creditor) -> tuple[set[str], set[str]]:
    """By which kinds of file earlier lists told credit notes, and which kinds of receivables they held."""
    ways: set[str] = set()
    held: set[str] = set()
    lists = ImportFile.objects.filter(creditor=creditor, open_items_date__isnull=False)
    for kind, report in lists.values_list("kind", "report"):
        frames = {frame for frame in report.get("counts", {}) if frame in KINDS}
        held |= {str(kind) for frame in frames for kind in KINDS[frame]}
        if _CREDIT_NOTES in frames:
            ways.add(kind)
    return ways, held


def _of_kind(batch: Batch, kind: str) -> list[int]:
    return [index for index, file in enumerate(batch.files) if file.kind == kind]


def still_open(creditor: Creditor, kinds: Sequence[str]) -> list[str]:
    """Those of the kinds of which lists still show something open."""
    if not kinds:
        return []
    items = bulk.read(bulk.RECEIVABLES, creditor.pk, ["kind", "amount_minor", "status"])
    items = items.filter(pl.col("kind").is_in(kinds), pl.col("status") == ReceivableStatus.OPEN)
    paid = bulk.read(
        bulk.PAYMENTS, creditor.pk, ["receivable_id", "amount_minor"], ids=items["id"], by="receivable_id",
        where="source_kind = 'ledger'",
    )  # fmt: skip
    paid = paid.group_by("receivable_id").agg(paid=pl.col("amount_minor").sum())
    beside = items.join(paid, left_on="id", right_on="receivable_id", how="left")
    left = beside.filter(pl.col("amount_minor") != pl.col("paid").fill_null(0))
    return sorted(left["kind"].unique())
