"""Bring a backup back. Everything is unpacked and checked beside the data home first; then it takes its place.

No act and no journal entry: afterwards all is as it was when the backup was made, to the row and the byte.
"""

import ctypes
import errno
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from dunwell.actions.keeping import archive
from dunwell.channels.files import sync_folder
from dunwell.core.errors import Refused
from dunwell.core.settings import Settings
from dunwell.store import dialect, dumps
from dunwell.store.reads import journal

_EXCHANGE = 2
_HERE = -100


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back. `kept`: where the data lie that stood there before; `settings_changed`: settings.toml
    named another database and was made to name this one; `check`: the journal's commitments, recomputed."""

    manifest: archive.Manifest
    check: journal.Check
    kept: tuple[Path, ...]
    settings_changed: bool


def restore(
    *,
    file: Path,
    settings: Settings,
    at: datetime,
    replace: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Unpack an archive, check every hash and count, and put it in the place of the data home and database set.

    replace   also where data are already; they are kept beside it (see `Restored.kept`)
    Refuses: an archive that is damaged, altered, of a newer version or of the other kind of database; a data home or
    database that is not empty; one that others use.
    Killed at any moment the data home is either the old or the new one, as a whole; on PostgreSQL, whose tables change
    in a transaction of their own just before, repeating the command completes it.
    """
    home = settings.home.resolve()
    vendor = archive.vendor_of(file)
    if vendor != ("sqlite" if dialect.is_sqlite() else "postgresql"):
        raise Refused("restore.other_database", theirs=vendor, ours=connection.vendor)
    with _alone(home):
        occupied = _refuse_occupied(home, vendor, replace=replace)
        with _workplace(home, occupied=occupied) as draft:
            progress("unpack")
            manifest = archive.read(file, draft)
            _refuse_newer(manifest)
            database = draft / archive.DATABASES[vendor]
            kept: list[Path] = []
            stamp = _stamp(home, at)
            changed = _point_settings(draft / "settings.toml", settings)
            if vendor == "sqlite":
                _compare(manifest, dumps.inspect_sqlite(database))
                database.rename(draft / settings.sqlite_file.name)
                if settings.sqlite_file.exists():
                    dumps.refuse_in_use(settings.sqlite_file)
            else:
                progress("database")
                kept += _load(home, database, stamp)
                _compare(manifest, dumps.inspect())
            progress("swap")
            kept += _take_place(draft, home, stamp)
    progress("journal")
    return Restored(manifest, journal.check(), tuple(kept), changed)


def _refuse_occupied(home: Path, vendor: str, *, replace: bool) -> bool:
    """Is there anything? Refused unless it is to be replaced."""
    there = sorted(each.name for each in home.iterdir() if not _ignored(each)) if home.is_dir() else []
    if home.exists() and not home.is_dir():
        raise Refused("restore.home_not_folder", home=str(home))
    if there and not replace:
        raise Refused("restore.home_not_empty", home=str(home), found=", ".join(there[:5]))
    if vendor == "postgresql" and dumps.occupied():
        if not replace:
            raise Refused("restore.database_not_empty", name=str(connection.settings_dict["NAME"]))
        dumps.refuse_connected()
    return bool(there)


def _stamp(home: Path, at: datetime) -> str:
    """Part of the names under which the former data are kept; of a second restore in one second too."""
    moment = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    there = len(list(home.parent.glob(f"{glob.escape(home.name)}.before-restore-{moment}*")))
    return f"{moment}-{there + 1}" if there else moment


def _ignored(path: Path) -> bool:
    """Locks of ours, and what a file system puts in its own root."""
    return (path.name.startswith(".") and path.suffix == ".lock") or path.name == "lost+found"


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One restore of a data home at a time. The lock cannot lie in the data home, which itself is exchanged."""
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    lock = Path(tempfile.gettempdir()) / f".dunwell-restore-{os.getuid()}-{mark}.lock"
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("work.busy", kind="restore") from None
        yield


@contextmanager
def _workplace(home: Path, *, occupied: bool) -> Iterator[Path]:
    """An empty folder on the same file system: beside the data home, or in it where it is a mount of its own."""
    home.parent.mkdir(parents=True, exist_ok=True)
    beside = not home.is_dir() or not (home.is_mount() or not os.access(home.parent, os.W_OK))
    if not beside and occupied:
        raise Refused("restore.mounted", home=str(home))
    folder, prefix = (home.parent, f".{home.name}.restoring-") if beside else (home, ".restoring-")
    for left_over in folder.glob(f"{glob.escape(prefix)}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refuse_newer(manifest: archive.Manifest) -> None:
    ours = {name for app, name in MigrationLoader(None).disk_migrations or {} if app == "store"}
    if set(manifest.migrations) - ours:
        raise Refused("restore.newer", version=manifest.program_version)


def _compare(manifest: archive.Manifest, found: dumps.Dump) -> None:
    if found.tables != manifest.tables or found.migrations != manifest.migrations:
        raise Refused("restore.counts_differ")


def _load(home: Path, database: Path, stamp: str) -> list[Path]:
    """Replace PostgreSQL's tables; what stood there is saved beside the data home first."""
    kept = []
    if dumps.occupied():
        before = home.with_name(f"{home.name}.before-restore-{stamp}.pgdump")
        before.unlink(missing_ok=True)
        archive.open_private(before).close()
        dumps.save_postgresql(before)
        kept.append(before)
    dumps.load(database)
    database.unlink()
    return kept


def _point_settings(file: Path, settings: Settings) -> bool:
    """A restored settings.toml must not lead to another database than the one just filled: to the live one, perhaps."""
    if not file.is_file():
        return False
    text = file.read_text(encoding="utf-8")
    named = tomllib.loads(text).get("database_url", "")
    if named in ("", settings.database_url):
        return False
    line = f"database_url = {json.dumps(settings.database_url)}"
    changed = re.sub(r"^[ \t]*[\"']?database_url[\"']?[ \t]*=.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    if tomllib.loads(changed).get("database_url") != settings.database_url:
        raise Refused("restore.settings_unclear")
    file.write_text(changed, encoding="utf-8")
    return True


def _take_place(draft: Path, home: Path, stamp: str) -> list[Path]:
    """Let the draft become the data home. Returns where the former one lies."""
    (draft / archive.MANIFEST).unlink()
    draft.chmod(0o700)
    if draft.parent == home:
        # an empty home of its own file system: the database last, it makes the home a home
        for part in sorted(draft.iterdir(), key=lambda each: each.name.endswith(".sqlite3")):
            part.rename(home / part.name)
        sync_folder(home)
        return []
    kept = home.with_name(f"{home.name}.before-restore-{stamp}")
    if not home.exists():
        draft.rename(home)
    else:
        _exchange(draft, home, kept)
    sync_folder(home.parent)
    return [kept] if kept.exists() else []


def _exchange(draft: Path, home: Path, kept: Path) -> None:
    """Exchange two folders in one step where the system can, else by two renames."""
    # under its last name before the exchange: were it still a draft, a kill right after would leave the former data
    # under a name that the next restore clears away
    draft.rename(kept)
    try:
        exchanged = _renameat2(kept, home)
    except OSError:
        kept.rename(draft)
        raise
    if not exchanged:
        kept.rename(draft)
        home.rename(kept)
        draft.rename(home)
    if not any(not _ignored(each) for each in kept.iterdir()):
        shutil.rmtree(kept)


def _renameat2(one: Path, other: Path) -> bool:
    """Linux only: both names change at once, so that no moment is without a data home."""
    if not sys.platform.startswith("linux"):
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))
