"""Migrations: one line, down to nothing and up again, and nothing forgotten."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from dunwell.store.models import JournalEntry
from dunwell.store.reads.health import Schema, schema
from tests.support.rows import a_creditor


def tables():
    return {name for name in connection.introspection.table_names() if name.startswith("store_")}


def migrate(*target):
    call_command("migrate", *target, verbosity=0, interactive=False)


class TestMigrations:
    def test_are_complete(self, db):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
        assert schema() is Schema.READY

    def test_stand_in_one_line(self):
        graph = MigrationLoader(None).graph
        names = sorted(name for app, name in graph.nodes if app == "store")
        assert [name for _, name in graph.leaf_nodes("store")] == names[-1:]
        parents = [graph.node_map["store", name].parents for name in names]
        assert [{str(p.key[1]) for p in each} for each in parents] == [set(), *({name} for name in names[:-1])]

    def test_go_down_to_nothing_and_up_again(self, db):
        before = tables()
        assert len(before) > 30
        migrate("store", "zero")
        assert tables() == set()
        assert schema() is Schema.ABSENT
        migrate()
        assert tables() == before
        a_creditor()
        assert JournalEntry.objects.count() == 1

    def test_leave_the_journal_guarded_after_going_down_and_up(self, db):
        import pytest
        from django.db import DatabaseError

        from dunwell.store import guard

        migrate("store", "zero")
        migrate()
        a_creditor()
        with pytest.raises(DatabaseError, match="append-only"), guard.writing("test"):
            JournalEntry.objects.update(actor="x")

    def test_tell_an_older_and_a_newer_database(self, db):
        migrate("store", "0001")
        assert schema() is Schema.OLDER
        migrate()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_x', '2026-11-22')"
            )
        assert schema() is Schema.NEWER


def references(table):
    """The columns whose rows the database checks against another table."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return {column for each in found.values() if each["foreign_key"] for column in each["columns"]}


class TestReferences:
    def test_of_facts_and_messages_are_checked(self, db):
        assert references("store_payment") == {"creditor_id", "source_id", "debtor_id", "receivable_id", "reverses_id"}
        assert references("store_outboxmessage") == {
            "creditor_id", "debtor_id", "run_id", "contact_point_id", "promise_id",
        }  # fmt: skip

    def test_of_rows_the_engine_finds_are_not(self, db):
        """They are written by the hundred thousand from facts just read; the check of each costs more than the row."""
        assert references("store_match") == references("store_matchpast") == {"source_id"}
        assert references("store_standing") == references("store_decision") == set()
