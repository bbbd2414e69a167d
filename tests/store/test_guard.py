"""The guard: nobody writes to our tables outside an act."""

import pytest
from django.db import DatabaseError, connection, transaction

from dunwell.store import dialect, guard
from dunwell.store.models import Debtor, JournalEntry, Person
from tests.support.rows import a_creditor, a_debtor

RAW = [
    "INSERT INTO store_person (creditor_id, number) VALUES (1, 'x')",
    "insert into \"store_person\" (creditor_id, number) values (1, 'x')",
    "UPDATE store_debtor SET name = 'x'",
    "UPDATE \"store_debtor\" SET name = 'x'",
    "DELETE FROM store_debtor",
    "/* a comment */ DELETE FROM store_debtor",
    "-- a comment\n  DELETE FROM store_debtor",
    "WITH gone AS (SELECT 1) DELETE FROM store_debtor",
    "WITH a AS (SELECT 1), b AS (SELECT 2) INSERT INTO store_person (creditor_id, number) SELECT 1, 'x'",
]
SQLITE = [
    "INSERT OR REPLACE INTO store_person (creditor_id, number) VALUES (1, 'x')",
    "INSERT OR IGNORE INTO store_person (creditor_id, number) VALUES (1, 'x')",
    "REPLACE INTO store_person (creditor_id, number) VALUES (1, 'x')",
    "UPDATE OR IGNORE store_debtor SET name = 'x'",
    "UPDATE main.store_debtor SET name = 'x'",
    "DELETE FROM [store_debtor]",
]
POSTGRESQL = [
    "WITH gone AS (DELETE FROM store_debtor RETURNING id) SELECT count(*) FROM gone",
    "UPDATE ONLY store_debtor SET name = 'x'",
    'UPDATE "public"."store_debtor" SET name = \'x\'',
    "DELETE FROM ONLY public.store_debtor",
    "TRUNCATE store_standing",
    "TRUNCATE TABLE ONLY store_standing",
    "COPY store_person (creditor_id, number) FROM STDIN",
    "MERGE INTO store_debtor USING store_person ON false WHEN MATCHED THEN DELETE",
]


class TestTheGuard:
    @pytest.mark.parametrize("statement", RAW)
    def test_refuses_raw_writes_outside_an_act(self, db, statement):
        a_debtor(a_creditor())
        with connection.cursor() as cursor, pytest.raises(guard.WriteOutsideAct):
            cursor.execute(statement)
        assert list(Debtor.objects.values_list("name", flat=True)) == ["Weber & Söhne"]

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("statement", SQLITE)
    def test_knows_the_dialect_of_sqlite(self, db, statement):
        with connection.cursor() as cursor, pytest.raises(guard.WriteOutsideAct):
            cursor.execute(statement)

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    @pytest.mark.parametrize("statement", POSTGRESQL)
    def test_knows_the_dialect_of_postgresql(self, db, statement):
        with connection.cursor() as cursor, pytest.raises(guard.WriteOutsideAct):
            cursor.execute(statement)

    def test_refuses_many_at_once(self, db):
        creditor = a_creditor()
        with connection.cursor() as cursor, pytest.raises(guard.WriteOutsideAct):
            cursor.executemany(
                "INSERT INTO store_person (creditor_id, number) VALUES (%s, %s)",
                [(creditor.pk, "1"), (creditor.pk, "2")],
            )
        assert Person.objects.count() == 0

    def test_refuses_the_orm(self, db):
        creditor = a_creditor()
        debtor = a_debtor(creditor)
        attempts = [
            lambda: Person.objects.create(creditor=creditor, number="2"),
            lambda: Person.objects.bulk_create([Person(creditor=creditor, number="2")]),
            lambda: Person.objects.bulk_create([Person(creditor=creditor, number="2")], ignore_conflicts=True),
            lambda: Person.objects.get_or_create(creditor=creditor, number="2"),
            lambda: Debtor.objects.bulk_update([debtor], ["name"]),
            lambda: Debtor.objects.update(name="x"),
            lambda: Debtor.objects.filter(pk=debtor.pk).delete(),
            debtor.save,
            debtor.delete,
        ]
        for attempt in attempts:
            with pytest.raises(guard.WriteOutsideAct):
                attempt()
        assert (Person.objects.count(), Debtor.objects.count()) == (1, 1)

    def test_refuses_bulk_rows_that_pass_the_wrapper_by(self, db):
        import polars as pl

        with pytest.raises(guard.WriteOutsideAct):
            dialect.insert_frame("store_person", pl.DataFrame({"creditor_id": [1], "number": ["x"]}))

    def test_allows_writes_inside_an_act_and_ends_with_it(self, db):
        creditor = a_creditor()
        with guard.writing("test.act"):
            assert guard.current_act() == "test.act"
            Person.objects.create(creditor=creditor, number="2")
        assert guard.current_act() is None
        with pytest.raises(guard.WriteOutsideAct):
            Person.objects.create(creditor=creditor, number="3")

    def test_stands_on_every_new_connection_once(self, db):
        for _ in range(3):
            connection.close()
            connection.ensure_connection()
        assert connection.execute_wrappers.count(guard.refuse) == 1

    def test_does_not_reach_into_another_thread(self, db):
        from threading import Thread

        seen = []
        with guard.writing("test.act"):
            thread = Thread(target=lambda: seen.append(guard.current_act()))
            thread.start()
            thread.join()
        assert seen == [None]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT count(*) FROM store_debtor",
            "WITH a AS (SELECT id FROM store_debtor) SELECT count(*) FROM a",
            "SELECT 'DELETE FROM store_debtor'",
            "CREATE TEMPORARY TABLE scratch (id bigint)",
        ],
    )
    def test_lets_reading_pass(self, db, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
        assert guard.current_act() is None

    def test_lets_other_tables_pass(self, db):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE staged (id bigint)")
            cursor.execute("INSERT INTO staged VALUES (1)")
            cursor.execute("SELECT count(*) FROM staged")
            assert cursor.fetchone() == (1,)


class TestTheJournalItself:
    @pytest.mark.parametrize(
        "statement", ["UPDATE store_journalentry SET actor = 'x'", "DELETE FROM store_journalentry"]
    )
    def test_refuses_changes_even_inside_an_act(self, db, statement):
        a_creditor()
        with pytest.raises(DatabaseError, match="append-only"), guard.writing("test"), connection.cursor() as cursor:
            cursor.execute(statement)
        assert JournalEntry.objects.count() == 1

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    def test_refuses_to_be_truncated(self, db):
        a_creditor()
        with pytest.raises(DatabaseError, match="append-only"), guard.writing("test"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE store_journalentry")
        assert JournalEntry.objects.count() == 1

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_refuses_to_be_replaced_row_by_row(self, db):
        a_creditor()
        columns = ", ".join(f.column for f in JournalEntry._meta.concrete_fields if f.column != "actor")
        table = "store_journalentry"
        statement = f"INSERT OR REPLACE INTO {table} ({columns}, actor) SELECT {columns}, 'x' FROM {table}"
        with pytest.raises(DatabaseError, match="append-only"), guard.writing("test"), connection.cursor() as cursor:
            cursor.execute(statement)
        assert list(JournalEntry.objects.values_list("actor", flat=True)) == ["user:mei"]


class TestSecondStatement:
    def test_is_seen_behind_a_harmless_one(self) -> None:
        with pytest.raises(guard.WriteOutsideAct):
            guard.refuse(lambda *_: None, "SELECT 1; DELETE FROM store_debtor", None, many=False, context={})
