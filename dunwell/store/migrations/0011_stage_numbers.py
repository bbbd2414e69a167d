"""Stages got room between them: 1 to 5 became 10, 20, 40, 50 and 60."""

from typing import Any

from django.db import migrations

from dunwell.store import guard

_TABLES = ("store_contactattempt", "store_contactitem", "store_outboxmessage", "store_standing", "store_decision")
_NUMBERS = {1: 10, 2: 20, 3: 40, 4: 50, 5: 60}


def _renumber(numbers: dict[int, int], schema_editor: Any) -> None:
    cases = " ".join(f"WHEN {old} THEN {new}" for old, new in numbers.items())
    olds = ", ".join(map(str, numbers))
    with guard.writing("migration"), schema_editor.connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"UPDATE {table} SET stage = CASE stage {cases} END WHERE stage IN ({olds})")


def forwards(_apps: Any, schema_editor: Any) -> None:
    """With room."""
    _renumber(_NUMBERS, schema_editor)


def backwards(_apps: Any, schema_editor: Any) -> None:
    """Without; a stage that was not there before stays as it is."""
    _renumber({new: old for old, new in _NUMBERS.items()}, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("store", "0010_strategies")]

    operations = [migrations.RunPython(forwards, backwards)]
