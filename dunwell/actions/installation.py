"""Bring the tables to this version of the program."""

from django.core.management import call_command

from dunwell.core.errors import DunwellError
from dunwell.store import dialect
from dunwell.store.reads.health import Schema, reach, schema


def migrate() -> bool:
    """Create or bring up to date all tables; True when something was done. Safe to repeat, and while data exist.

    No act: there may be no journal yet. One at a time (`work.busy`); refuses a database of a newer version.
    """
    with dialect.only_one("init"):
        reach()
        found = schema()
        if found is Schema.NEWER:
            raise DunwellError("database.newer")
        if found is Schema.READY:
            return False
        call_command("migrate", verbosity=0, interactive=False)
        return True
