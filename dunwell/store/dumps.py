"""The whole database as one file, and back. SQLite by its online backup, PostgreSQL by pg_dump and pg_restore.

Both are snapshots of one moment while others go on writing. The copy of SQLite is made by the very library that Django
uses: see the warning in `store.dialect`.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from dunwell.core.errors import Refused
from dunwell.store import dialect
from dunwell.store.reads.health import reach, version

_TABLES = "store_"
_PROGRAM_FOLDERS = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Dump:
    """What a dump holds, counted in the dump's own moment. `documents`: the hashes it names."""

    vendor: str
    version: str
    migrations: tuple[str, ...]
    tables: dict[str, int]
    documents: frozenset[str]


def dump(target: Path) -> Dump:
    """Write the database as it is at one moment into `target`, a file of nobody else's.

    Raises `backup.no_program` when PostgreSQL's own program is missing or too old.
    """
    reach()
    product, number = version()
    text = f"{product} {'.'.join(map(str, number))}"
    if dialect.is_sqlite():
        with closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy)
            # one file that needs no -wal beside it
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.commit()
            return _counted(copy.execute, "sqlite", text)
    program = _program("pg_dump", number[0])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        _run(program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}")
        return _counted(_fetching(cursor), "postgresql", text)


def save_postgresql(target: Path) -> None:
    """Keep whatever stands in the PostgreSQL database that is set, be it ours or not, before it is replaced."""
    program = _program("pg_dump", version()[1][0])
    connection.close()
    _run(program, "--format=custom", f"--file={target}")


def inspect_sqlite(file: Path) -> Dump:
    """Look into a dump of SQLite that nobody uses. Raises Refused when it is no sound database."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(file)}?mode=ro", uri=True)) as found:
            found.execute("PRAGMA trusted_schema=OFF")
            if [row[0] for row in found.execute("PRAGMA quick_check(1)")] != ["ok"]:
                raise Refused("restore.damaged", why=file.name)
            return _counted(found.execute, "sqlite", sqlite3.sqlite_version)
    except sqlite3.Error as error:
        raise Refused("restore.damaged", why=str(error)) from error


def inspect() -> Dump:
    """Count the database that is in use."""
    reach()
    with transaction.atomic(), connection.cursor() as cursor:
        return _counted(_fetching(cursor), connection.vendor, "")


def refuse_in_use(file: Path) -> None:
    """Refuse while another process has this SQLite database open. One that is broken is in nobody's use."""
    try:
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as alone:
            alone.execute("PRAGMA locking_mode=EXCLUSIVE")
            alone.execute("BEGIN EXCLUSIVE")
            alone.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Refused("restore.in_use", count=1) from error
    except sqlite3.DatabaseError:
        return


_LOOKS, _BETWEEN_LOOKS = 15, 0.2


def occupied() -> bool:
    """Are there tables in the PostgreSQL database that is set?"""
    reach()
    found = bool(connection.introspection.table_names())
    connection.close()
    return found


def refuse_connected() -> None:
    """Refuse while others are connected to the PostgreSQL database that is set.

    A program that was killed is still connected for a moment: the server notices a little later.
    """
    reach()
    count = 0
    with connection.cursor() as cursor:
        for _ in range(_LOOKS):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            count = cursor.fetchone()[0]
            if not count:
                break
            time.sleep(_BETWEEN_LOOKS)
    connection.close()
    if count:
        raise Refused("restore.in_use", count=count)


def load(file: Path) -> None:
    """Put a dump of PostgreSQL in the place of all our tables, in one transaction: all of it, or nothing happened."""
    reach()
    program = _program("pg_restore", version()[1][0])
    connection.close()
    name = str(connection.settings_dict["NAME"]).replace("\\", "\\\\").replace("'", "\\'")
    _run(
        program, "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
        f"--dbname=dbname='{name}'", str(file),
    )  # fmt: skip


def _counted(execute: Any, vendor: str, text: str) -> Dump:
    listing = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if vendor == "sqlite"
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    )
    names = sorted(row[0] for row in execute(listing) if row[0].startswith(_TABLES))
    tables = {name: next(iter(execute(f'SELECT count(*) FROM "{name}"')))[0] for name in names}
    done = tuple(row[0] for row in execute("SELECT name FROM django_migrations WHERE app = 'store' ORDER BY name"))
    hashes = frozenset(row[0] for row in execute("SELECT sha256 FROM store_document"))
    return Dump(vendor, text, done, tables, hashes)


def _fetching(cursor: Any) -> Any:
    def fetch(sql: str) -> Any:
        cursor.execute(sql)
        return cursor.fetchall()

    return fetch


def _run(program: Path, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], env=_environment(), capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Refused("backup.program_failed", program=program.name, why=(said or ["-"])[-1][:300])


def _environment() -> dict[str, str]:
    """How PostgreSQL's programs reach the same database: by the environment, where no list of processes shows it."""
    chosen = connection.settings_dict
    found = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    told = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"}
    found |= {name: str(chosen[field]) for name, field in told.items() if chosen.get(field)}
    options = {name: str(value) for name, value in chosen.get("OPTIONS", {}).items() if name in _OPTIONS}
    return found | {_OPTIONS[name]: value for name, value in options.items()}


_OPTIONS = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


def _program(name: str, server: int) -> Path:
    """PostgreSQL's own program, as old as the server or the next newer one that is installed."""
    candidates = sorted((int(p.parent.parent.name), p) for p in _PROGRAM_FOLDERS.glob(f"[0-9]*/bin/{name}"))
    for major, path in candidates:
        if major >= server:
            return path
    found = shutil.which(name)
    if found is not None and _major(found) >= server:
        return Path(found)
    raise Refused("backup.no_program", program=name, version=server)


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)(?:\.\d+)?", said)
    return int(number[1]) if number else 0


def _quoted(file: Path) -> str:
    return str(file).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
