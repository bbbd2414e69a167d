"""The files of e-invoices as they came, kept for ever under their hash beside the receivables that they told."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from django.conf import settings

from dunwell.actions.importing.report import storable
from dunwell.actions.sending.sent_bytes import keep
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.terms import DocumentKind, ReceivableKind
from dunwell.intake.shapes import FileReport
from dunwell.intake.source import open_file
from dunwell.intake.statements.shapes import MOST_BYTES
from dunwell.store import journal
from dunwell.store.models import Creditor, Document, Receivable, ReceivableDocument


@dataclass(frozen=True)
class Original:
    """A file to be kept. `file` is its index; `items` are kind and number of the receivables that it tells."""

    file: int
    path: Path
    name: str
    sha256: str
    media_type: str
    items: Sequence[tuple[str, str]]


def originals(creditor: Creditor, files: Sequence[FileReport], frames: Mapping[str, pl.DataFrame]) -> list[Original]:
    """The files of e-invoices with a good row that are not kept yet."""
    found = [
        Original(index, file.path, file.name, file.sha256, file.media_type, items)
        for index, file in enumerate(files)
        if file.media_type and (items := _items(index, frames))
    ]
    rows = ReceivableDocument.objects.filter(creditor=creditor, document__sha256__in=[one.sha256 for one in found])
    kept = set(rows.values_list("document__sha256", "receivable__kind", "receivable__number"))
    return [one for one in found if not {(one.sha256, *item) for item in one.items} <= kept]


def _items(file: int, frames: Mapping[str, pl.DataFrame]) -> list[tuple[str, str]]:
    mine = pl.col("file") == file
    bills = frames["invoices"].filter(mine).select("number", "instalment").rows()
    notes = frames["credit_notes"].filter(mine)["number"]
    return [
        *(
            (str(ReceivableKind.INVOICE if part is None else ReceivableKind.INSTALMENT), number)
            for number, part in bills
        ),
        *((str(ReceivableKind.CREDIT_NOTE), number) for number in notes),
    ]


def put_on_disk(found: Iterable[Original]) -> None:
    """Write the bytes before any row names them. Refuses a file that changed since it was read."""
    for one in found:
        with open_file(one.path) as file:
            data = file.read(MOST_BYTES + 1)
        if hashlib.sha256(data).hexdigest() != one.sha256:
            raise Refused("import.changed_meanwhile", why=one.name)
        try:
            keep(settings.DUNWELL.documents, data)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise DunwellError("document.not_kept", name=one.name, reason=reason) from None


def put_beside(found: Iterable[Original], *, creditor: Creditor, by: Actor, at: datetime) -> None:
    """Name the kept files beside their receivables, each with a journal entry. To be called inside an act."""
    for one in found:
        document, _ = Document.objects.get_or_create(
            creditor=creditor, sha256=one.sha256,
            defaults={"media_type": one.media_type, "size_bytes": one.path.stat().st_size, "made_at": at},
        )  # fmt: skip
        for kind, number in one.items:
            item = Receivable.objects.get(creditor=creditor, kind=kind, number=number)
            _, is_new = ReceivableDocument.objects.get_or_create(
                creditor=creditor, receivable=item, document=document,
                defaults={
                    "kind": str(DocumentKind.E_INVOICE), "name": storable(one.name)[:255], "added_at": at,
                    "recorded_by": str(by)[:200],
                },
            )  # fmt: skip
            if is_new:
                body = {
                    "receivable": item.pk,
                    "number": number,
                    "sha256": one.sha256,
                    "kind": str(DocumentKind.E_INVOICE),
                }
                journal.append("document.kept", creditor=creditor, by=by, at=at, body=body, debtor=item.debtor_id)
