"""The file of a backup: a plain tar of regular files, with a manifest at its end that names and binds every one.

    database.sqlite3 or database.pgdump      first, so that every document it names is in what follows
    settings.toml, documents/..., letters/..., runs/..., keys/...
    manifest.json                            size and SHA-256 of each, rows of each table, versions

An archive may come from anybody: what does not look exactly like this is refused.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from dunwell.channels.files import sync_folder
from dunwell.core.errors import Refused

VERSION = 1
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
FILES = ("settings.toml",)
FOLDERS = ("documents", "letters", "runs", "keys")

_CHUNK = 1 << 20
_LARGEST_HEADER = 4 << 20
_LARGEST_MANIFEST = 1 << 28
_FORMAT = "dunwell-backup"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds. `files` is path -> (size in bytes, SHA-256); `tables` is name -> rows."""

    vendor: str
    database_version: str
    program_version: str
    made_at: str
    migrations: tuple[str, ...]
    tables: dict[str, int]
    files: dict[str, tuple[int, str]] = field(default_factory=dict)

    def text(self) -> bytes:
        """As it stands in the archive."""
        content = {"format": _FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """Raises `restore.damaged` for anything else, `restore.other_version` for a later format."""
        try:
            content = json.loads(text)
            if content.pop("format") != _FORMAT:
                raise ValueError("format")
            if content.pop("version") != VERSION:
                raise Refused("restore.other_version")
            files = {str(name): (int(size), str(mark)) for name, (size, mark) in content.pop("files").items()}
            tables = {str(name): int(rows) for name, rows in content.pop("tables").items()}
            migrations = tuple(map(str, content.pop("migrations")))
            texts = {name: str(value) for name, value in content.items()}
            found = cls(migrations=migrations, tables=tables, files=files, **texts)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Refused("restore.damaged", why=MANIFEST) from error
        if DATABASES.get(found.vendor) not in files:
            raise Refused("restore.damaged", why=MANIFEST)
        return found


def allowed(name: str) -> bool:
    """May a member of an archive bear this name? None that leads elsewhere, is hidden, or is of no part we know."""
    parts = name.split("/")
    if not name.isprintable() or "\\" in name or len(name.encode("utf-8", "replace")) > 1_000:
        return False
    if any(not part or part.startswith(".") or len(part.encode("utf-8", "replace")) > 255 for part in parts):
        return False
    return parts[0] in FOLDERS if len(parts) > 1 else name in (*DATABASES.values(), *FILES, MANIFEST)


class Writer:
    """Writes an archive beside its name; it gets the name when it is complete, checked and on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.part")

    def __enter__(self) -> Self:
        self._draft.unlink(missing_ok=True)
        self._raw: IO[bytes] = open_private(self._draft)
        self._tar: Any = tarfile.open(fileobj=self._raw, mode="w", format=tarfile.PAX_FORMAT)
        self.files: dict[str, tuple[int, str]] = {}
        return self

    def add(self, name: str, source: Path) -> None:
        """Put a file in as it is at this moment. Raises OSError when it cannot be read to its end."""
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            hashed = _Hashing(file)
            self._put(name, size, hashed)
            self.files[name] = (size, hashed.hexdigest())

    def finish(self, manifest: Manifest) -> str:
        """Write the manifest, read everything back, and give the archive its name. Returns the manifest's SHA-256."""
        text = manifest.text()
        self._put(MANIFEST, len(text), io.BytesIO(text))
        self._tar.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        read(self._draft)
        self._draft.rename(self._path)
        sync_folder(self._path.parent)
        return hashlib.sha256(text).hexdigest()

    def _put(self, name: str, size: int, content: Any) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, content)
        self._tar.members = []  # tarfile would remember every member for ever

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._raw.close()
        self._draft.unlink(missing_ok=True)


def read(path: Path, into: Path | None = None) -> Manifest:
    """Read an archive to its end, comparing every member with the manifest; with `into`, unpack it there.

    Raises Refused (`restore.damaged`, `restore.member`, `restore.altered`, `restore.other_version`) for anything that
    is not a whole, unaltered archive; what was unpacked until then is the caller's to throw away.
    """
    seen: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    with _opened(path) as tar:
        for info in _members(tar):
            if info.name in seen or manifest is not None:
                raise Refused("restore.member", name=info.name[:200])
            content = tar.extractfile(info)
            if content is None:
                raise Refused("restore.member", name=info.name[:200])
            if info.name == MANIFEST:
                manifest = Manifest.read(content.read(_LARGEST_MANIFEST) if into is None else _kept(content, into))
                continue
            with _sink(into, info.name) as write:
                seen[info.name] = _copy(content, write)
    if manifest is None:
        raise Refused("restore.damaged", why=MANIFEST)
    for name in sorted(set(seen) | set(manifest.files)):
        if seen.get(name) != manifest.files.get(name):
            raise Refused("restore.altered", name=name[:200])
    return manifest


def vendor_of(path: Path) -> str:
    """Of which database an archive is, by its first member alone."""
    with _opened(path) as tar:
        first = next(_members(tar), None)
    for vendor, name in DATABASES.items():
        if first is not None and first.name == name:
            return vendor
    raise Refused("restore.damaged", why=path.name)


def open_private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read: archives hold passwords, keys and personal data."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w+b")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as raw, tarfile.open(fileobj=_Bounded(raw), mode="r:") as tar:  # type: ignore[call-overload]
            yield tar
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        raise Refused("restore.damaged", why=" ".join(str(error).split())[:200] or path.name) from error


def _members(tar: Any) -> Iterator[tarfile.TarInfo]:
    """The members in their order. Refuses links, devices, sparse files, names that lead elsewhere, and going back."""
    until = 0
    while (info := tar.next()) is not None:
        tar.members = []
        regular = info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and info.sparse is None
        if not regular or not allowed(info.name) or info.offset_data <= until or info.size < 0:
            raise Refused("restore.member", name=info.name[:200])
        if info.name == MANIFEST and info.size > _LARGEST_MANIFEST:
            raise Refused("restore.member", name=info.name)
        until = info.offset_data
        yield info


def _kept(content: IO[bytes], into: Path) -> bytes:
    text = content.read(_LARGEST_MANIFEST)
    (into / MANIFEST).write_bytes(text)
    return text


@contextmanager
def _sink(into: Path | None, name: str) -> Iterator[Callable[[bytes], object]]:
    if into is None:
        yield lambda _: None
        return
    target = into / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_private(target) as file:
        yield file.write
        file.flush()
        os.fsync(file.fileno())


def _copy(content: IO[bytes], write: Callable[[bytes], object]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := content.read(_CHUNK):
        digest.update(block)
        size += len(block)
        write(block)
    return size, digest.hexdigest()


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._digest.update(block)
        return block

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class _Bounded:
    """A file that refuses to be read in one huge piece: tarfile would take a header of any size into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_HEADER:
            raise tarfile.ReadError("a header is too large")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
