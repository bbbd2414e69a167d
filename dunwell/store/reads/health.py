"""Is the database there, and of this version?"""

from enum import StrEnum
from pathlib import Path

from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader

from dunwell.core.errors import DunwellError
from dunwell.store import dialect


class Schema(StrEnum):
    """How the tables stand to this version of the program."""

    ABSENT = "absent"
    OLDER = "older"
    NEWER = "newer"
    READY = "ready"


def schema() -> Schema:
    """Compare the migrations that were applied with those we have. Raises `database.unreachable`."""
    if dialect.is_sqlite() and not Path(connection.settings_dict["NAME"]).is_file():
        # Connecting would make an empty file.
        return Schema.ABSENT
    reach()
    loader = MigrationLoader(connection)
    applied = {name for app, name in loader.applied_migrations if app == "store"}
    ours = {name for app, name in loader.disk_migrations if app == "store"}
    if not applied:
        return Schema.ABSENT
    if applied - ours:
        return Schema.NEWER
    return Schema.READY if applied == ours else Schema.OLDER


def reach() -> None:
    """Connect. Raises `database.unreachable` with the server's own words."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise DunwellError("database.unreachable", why=" ".join(str(error).split())) from error


def require_ready() -> None:
    """Raises in words when a command cannot work on this database: it is absent, older or newer than the program."""
    found = schema()
    if found is not Schema.READY:
        raise DunwellError(f"database.{found}")


def version() -> tuple[str, tuple[int, ...]]:
    """The database's product and version, e.g. `("PostgreSQL", (15, 18))`."""
    connection.ensure_connection()
    if dialect.is_sqlite():
        with connection.cursor() as cursor:
            cursor.execute("SELECT sqlite_version()")
            return "SQLite", tuple(int(part) for part in cursor.fetchone()[0].split("."))
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
    return "PostgreSQL", (number // 10000, number % 10000)
