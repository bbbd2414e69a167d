"""Writers in several processes lose nothing: each committed row is there, and none is there twice."""

import subprocess
import sys

import pytest

from dunwell.store.models import Creditor, JournalEntry, Person
from tests.support.rows import a_creditor

WRITE = """
import sys
from datetime import datetime, UTC
import polars as pl
from django.db import transaction
from dunwell.actions.creditors import set_creditor
from dunwell.core.actor import Actor, ActorKind
from dunwell.store.dialect import insert_frame, read_frame
from dunwell.store.guard import writing
who, count = sys.argv[1], int(sys.argv[2])
sys.stdin.readline()
for number in range(count):
    set_creditor(code="main", changes={"name": f"{who} {number}"}, at=datetime.now(UTC), by=Actor(ActorKind.JOB, who))
    with transaction.atomic(), writing("test"):
        insert_frame("store_person", pl.DataFrame({"creditor_id": [1], "number": [f"{who} {number}"]}))
    read_frame("SELECT count(*) FROM store_person", [], {"count": pl.Int64()})
"""


def write_at_once(home, writers, count):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{WRITE}", f"w{number}", str(count)],
            env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(writers)
    ]  # fmt: skip
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said


class TestTwoWriters:
    @pytest.mark.parametrize(("writers", "count"), [(2, 60), pytest.param(6, 400, marks=pytest.mark.long)])
    def test_lose_nothing(self, db, writers, count):
        creditor = a_creditor()
        assert creditor.pk == 1
        write_at_once(db, writers, count)
        expected = {f"w{writer} {number}" for writer in range(writers) for number in range(count)}
        assert set(Person.objects.values_list("number", flat=True)) == expected
        assert Person.objects.count() == writers * count
        assert JournalEntry.objects.filter(event="creditor.changed").count() == writers * count
        assert Creditor.objects.get().name in expected
