"""A data home with something of everything in it, and a look at all of it, row by row and file by file."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import connection

from dunwell.actions.keeping.archive import FILES, FOLDERS
from dunwell.store import guard
from dunwell.store.models import Document
from tests.support.homes import Home, django_on
from tests.support.rows import NOW
from tests.talks.book import Book, a_book


def fill(home: Home) -> Book:
    """Rows (Django must work on this home), documents they name, letters, a run, settings and a key."""
    book = a_book()
    for text in (b"%PDF one", b"%PDF two", b""):
        keep_document(home.path, book, text)
    put(home.path / "letters/2026-11-22/10001-reminder-5f3a9c01d2.pdf", b"%PDF one")
    put(home.path / "letters/2026-11-22/函件 1.pdf", os.urandom(3_000_000))
    put(home.path / "runs/main-20261122-1/facts/debtors.parquet", b"PAR1")
    put(home.path / "runs/main-20261122-1/manifest.json", b"{}")
    put(home.path / "keys/seal.pem", b"-----BEGIN PRIVATE KEY-----")
    put(home.path / "settings.toml", b'language = "en"\nsmtp_password = "secret"\n')
    return book


def keep_document(home: Path, book: Book, text: bytes) -> str:
    name = sha256(text).hexdigest()
    put(home / "documents" / name[:2] / name, text)
    with guard.writing("test"):
        Document.objects.create(
            creditor=book.creditor, sha256=name, media_type="application/pdf", size_bytes=len(text), made_at=NOW
        )
    return name


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def rows(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of ours."""
    found = {}
    with django_on(home), connection.cursor() as cursor:
        names = [n for n in connection.introspection.table_names() if n.startswith(("store_", "django_migrations"))]
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            plain = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]
            found[name] = sorted(plain, key=repr)
    return found


def files(home: Path) -> dict[str, bytes]:
    """Every file that belongs to a backup."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.relative_to(home).parts[0] in (*FILES, *FOLDERS)
    }
