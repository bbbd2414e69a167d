"""The documents of a receivable out of the data home. Reads the tables, writes nothing into them."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from dunwell.actions.sending.sent_bytes import read
from dunwell.channels.files import write_whole
from dunwell.core.errors import DunwellError
from dunwell.store.models import ReceivableDocument

_EXTENSIONS = {"application/xml": ".xml", "application/pdf": ".pdf"}


def export(found: Iterable[ReceivableDocument], folder: Path) -> list[tuple[Path, str]]:
    """Write each document once, named by its hash: paths and SHA-256 (hex).

    Raises DunwellError where the bytes are gone or altered, or the folder cannot be written."""
    written = []
    for sha256, one in {each.document.sha256: each.document for each in found}.items():
        data = read(settings.DUNWELL.documents, sha256)
        path = folder / f"{sha256[:16]}{_EXTENSIONS.get(one.media_type, '.bin')}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise DunwellError("intake.unwritable", file=str(path), reason=reason) from None
        written.append((path, sha256))
    return written
