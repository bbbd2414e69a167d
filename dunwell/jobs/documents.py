"""`dunwell documents`: what is kept beside a receivable, and its bytes."""

import json
from pathlib import Path

import click

from dunwell.actions.documents import export
from dunwell.documents.plain import plain
from dunwell.jobs.context import tell, words
from dunwell.store.reads import creditors
from dunwell.store.reads.documents import documents_of

_WHOSE = click.option("--creditor", "code", help="Whose book (may be left out when there is only one).")


@click.group("documents")
def documents() -> None:
    """Show and export the documents of a receivable: the e-invoice as it came."""


@documents.command("list")
@click.argument("receivable")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@_WHOSE
def list_documents(receivable: str, code: str | None, *, as_json: bool) -> None:
    """List the documents of RECEIVABLE with their hashes."""
    found = documents_of(creditors.choose(code), receivable)
    if as_json:
        rows = [
            {"receivable": one.receivable.number, "kind": one.kind, "name": one.name, "sha256": one.document.sha256,
             "media_type": one.document.media_type, "size_bytes": one.document.size_bytes,
             "added_at": one.added_at.isoformat(), "by": one.recorded_by}
            for one in found
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        tell("document.none", number=plain(receivable, 100))
    for one in found:
        tell(
            "document.line", number=plain(one.receivable.number, 100), kind=words(f"document.kind.{one.kind}"),
            name=plain(one.name, 100), size=one.document.size_bytes, sha256=one.document.sha256,
        )  # fmt: skip


@documents.command("export")
@click.argument("receivable")
@click.option("--into", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder.")
@_WHOSE
def export_documents(receivable: str, folder: Path, code: str | None) -> None:
    """Write the documents of RECEIVABLE into a folder, each checked against its hash, named by it."""
    written = export(documents_of(creditors.choose(code), receivable), folder)
    if not written:
        tell("document.none", number=plain(receivable, 100))
    for path, sha256 in written:
        tell("document.exported", path=str(path), sha256=sha256)
