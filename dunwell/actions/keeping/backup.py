"""Save the whole installation into one file, while others go on working."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dunwell.actions.act import act
from dunwell.actions.keeping import archive
from dunwell.actions.permissions import may
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.store import dialect, dumps, journal
from dunwell.store.models import Creditor


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made. `gone`: documents the database names whose bytes are missing or altered in the data
    home; `left_out`: what lies in the data home and is not part of a backup."""

    path: Path
    size_bytes: int
    manifest_sha256: str
    manifest: archive.Manifest
    gone: tuple[str, ...]
    left_out: tuple[str, ...]


def make_backup(
    *, home: Path, target: Path, at: datetime, by: Actor, progress: Callable[[str], None] = lambda _: None
) -> Made:
    """Write database, documents, letters, runs, settings and keys into one archive, mode 0600, and read it back.

    target   the file, or a folder in which it gets a name of its own
    The database is taken first and the files after it: documents are written before rows name them, so every document
    the database names is there. The archive appears under its name only when it is complete.
    Refuses: a file that is there, a place inside the data home, PostgreSQL without pg_dump.
    """
    if not may(by, "backup.make"):
        raise Refused("act.not_allowed", actor=str(by), act="backup.make")
    path = _chosen(home, target, at)
    with dialect.only_one("backup"), tempfile.TemporaryDirectory(prefix=".dunwell-", dir=path.parent) as draft:
        database = Path(draft) / "database"
        archive.open_private(database).close()
        progress("database")
        dumped = dumps.dump(database)
        progress("files")
        left_out: list[str] = []
        with archive.Writer(path) as writer:
            writer.add(archive.DATABASES[dumped.vendor], database)
            database.unlink()
            for name, file in _files(home, left_out):
                writer.add(name, file)
            manifest = archive.Manifest(
                vendor=dumped.vendor,
                database_version=dumped.version,
                program_version=version("dunwell"),
                made_at=at.astimezone(UTC).isoformat(),
                migrations=dumped.migrations,
                tables=dumped.tables,
                files=writer.files,
            )
            progress("check")
            mark = writer.finish(manifest)
    gone = tuple(sorted(name for name in dumped.documents if not _whole(name, manifest)))
    made = Made(path, path.stat().st_size, mark, manifest, gone, tuple(sorted(left_out)))
    _record(made=made, at=at, by=by)
    return made


@act("backup.make", may_record_nothing=True)
def _record(*, made: Made, at: datetime, by: Actor) -> None:
    """Every creditor's journal says that a copy of his book was made. It cannot stand in the copy itself."""
    for creditor in Creditor.objects.order_by("code"):
        journal.append(
            "backup.made", creditor=creditor, by=by, at=at,
            body={
                "file": made.path.name,
                "size_bytes": made.size_bytes,
                "manifest_sha256": made.manifest_sha256,
                "files": len(made.manifest.files),
                "tables": made.manifest.tables,
                "documents_gone": len(made.gone),
            },
        )  # fmt: skip


def _chosen(home: Path, target: Path, at: datetime) -> Path:
    if target.is_dir():
        target = target / f"dunwell-backup-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"
    if not target.parent.is_dir():
        raise Refused("backup.no_folder", folder=str(target.parent))
    if target.exists() or target.is_symlink():
        raise Refused("backup.exists", file=str(target))
    path = target.parent.resolve() / target.name
    if path.is_relative_to(home.resolve()):
        raise Refused("backup.inside_home", folder=str(home))
    return path


def _files(home: Path, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    """Name in the archive and place of every file of the data home; what is none of ours goes to `left_out`."""
    for top in sorted(home.iterdir()):
        if top.name in archive.FOLDERS and top.is_dir():
            yield from _below(top, top.name, left_out)
        elif top.name in archive.FILES and top.is_file():
            yield top.name, top
        elif not top.name.startswith((".", "dunwell.sqlite3")):
            left_out.append(top.name)


def _below(folder: Path, name: str, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    # hidden: drafts of files and runs that are being written
    for each in sorted(folder.iterdir()):
        inner = f"{name}/{each.name}"
        if each.name.startswith("."):
            continue
        if each.is_dir() and not each.is_symlink():
            yield from _below(each, inner, left_out)
        elif each.is_file() and archive.allowed(inner):
            yield inner, each
        else:
            left_out.append(inner)


def _whole(document: str, manifest: archive.Manifest) -> bool:
    """Is the document in the archive, with the very bytes its name says?"""
    found = manifest.files.get(f"documents/{document[:2]}/{document}")
    return found is not None and found[1] == document
