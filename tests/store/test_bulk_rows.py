"""Bulk rows in and out: what went in comes out, on both databases."""

import csv
import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from dunwell.store.dialect import insert_frame, is_sqlite, read_frame
from dunwell.store.guard import writing

SCHEMA = {
    "id": pl.Int64(),
    "name": pl.String(),
    "amount_minor": pl.Int64(),
    "due_date": pl.Date(),
    "known_from": pl.Datetime("us", "UTC"),
    "is_open": pl.Boolean(),
}
SELECT = f"SELECT {', '.join(SCHEMA)} FROM scratch ORDER BY id"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["", '"', '""', ",", "\n", "\r\n", "\r", "\\", "\\.", "\\N", "a\n\\.\nb", "NULL", "善收", "t", " x ", "\ufeff", "'"]
)
ROW = st.tuples(
    st.none() | TEXT,
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
    st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.booleans(),
)


@pytest.fixture
def scratch(db):
    """A table of every kind of column we use."""
    kinds = {"id": "bigint", "name": "text", "amount_minor": "bigint", "due_date": "date"}
    kinds |= {"known_from": "datetime" if is_sqlite() else "timestamptz", "is_open": "bool"}
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE scratch ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
    return db


def there_and_back(rows):
    frame = pl.DataFrame([(i, *row) for i, row in enumerate(rows)], schema=SCHEMA, orient="row")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scratch")
    with writing("test"):
        insert_frame("scratch", frame)
    return frame, read_frame(SELECT, [], SCHEMA)


class TestBulkRows:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(ROW, max_size=8))
    @example([(None, None, None, None, None), ("", 0, date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC), False)])
    @example([("\\.", 2**63 - 1, None, None, True), ("a\n\\.\nb", -(2**63), None, None, None)])
    def test_come_back_as_they_went_in(self, scratch, rows):
        frame, back = there_and_back(rows)
        assert_frame_equal(back, frame)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.none() | TEXT, max_size=8))
    @example(["\\."])
    @example([None, "", None])
    def test_of_a_single_column_keep_null_and_empty_apart(self, scratch, texts):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM scratch")
        with writing("test"):
            insert_frame("scratch", pl.DataFrame({"name": texts}, schema={"name": pl.String}))
        assert sorted(map(str, read_frame("SELECT name FROM scratch", [], {"name": pl.String()})["name"])) == sorted(
            map(str, texts)
        )

    def test_keep_every_microsecond(self, scratch):
        moments = [datetime(2026, 11, 22, 8, 30, 0, each, UTC) for each in (0, 1, 10, 100_000, 999_999)]
        frame, back = there_and_back([(None, None, None, each, None) for each in moments])
        assert_frame_equal(back, frame)
        assert back["known_from"].to_list() == moments

    def test_read_as_the_orm_reads(self, db):
        from dunwell.store.models import Debtor
        from tests.support.rows import NOW, a_creditor, a_debtor

        moment = NOW.replace(microsecond=123456)
        debtor = a_debtor(a_creditor(), name='王"小\n明', known_from=moment, segment="")
        schema = {"id": pl.Int64(), "name": pl.String(), "known_from": pl.Datetime("us", "UTC"), "segment": pl.String(),
                  "zone": pl.String()}  # fmt: skip
        back = read_frame(f"SELECT {', '.join(schema)} FROM store_debtor WHERE known_from <= %s", [moment], schema)
        assert back.rows() == [(debtor.pk, '王"小\n明', moment, "", None)]
        assert Debtor.objects.get().known_from == moment

    def test_written_are_read_by_the_orm(self, db):
        from dunwell.store.models import Debtor
        from tests.support.rows import NOW, a_creditor, a_debtor

        first = a_debtor(a_creditor())
        moment = NOW.replace(microsecond=7)
        frame = pl.DataFrame(
            [(first.creditor_id, first.person_id, "2", "善收", "business", "en", moment)],
            schema={"creditor_id": pl.Int64, "person_id": pl.Int64, "number": pl.String, "name": pl.String,
                    "kind": pl.String, "language": pl.String, "known_from": pl.Datetime("us", "UTC")},
            orient="row",
        )  # fmt: skip
        with writing("test"):
            insert_frame("store_debtor", frame)
        second = Debtor.objects.get(number="2")
        assert (second.name, second.known_from, second.zone) == ("善收", moment, None)
        assert Debtor.objects.filter(known_from=moment).count() == 1

    def test_may_be_none_at_all(self, scratch):
        frame, back = there_and_back([])
        assert_frame_equal(back, frame)
        assert back.schema == pl.Schema(SCHEMA)

    def test_take_parameters(self, scratch):
        there_and_back([("a", 1, date(2026, 1, 1), None, True), ("b", 2, date(2026, 1, 2), None, False)])
        back = read_frame("SELECT name FROM scratch WHERE due_date > %s", [date(2026, 1, 1)], {"name": pl.String()})
        assert back["name"].to_list() == ["b"]

    def test_are_all_or_nothing_in_a_transaction(self, scratch):
        from django.db import transaction

        frame = pl.DataFrame({"id": [1, 2], "name": ["a", "b"]})
        with pytest.raises(ZeroDivisionError), transaction.atomic(), writing("test"):
            insert_frame("scratch", frame)
            1 / 0  # noqa: B018
        assert read_frame(SELECT, [], SCHEMA).is_empty()

    def test_cross_the_size_of_a_slice(self, scratch):
        frame = pl.DataFrame({"id": range(120_001)}).with_columns(name=pl.col("id").cast(pl.String))
        with writing("test"):
            insert_frame("scratch", frame)
        back = read_frame("SELECT id, name FROM scratch ORDER BY id", [], {"id": pl.Int64(), "name": pl.String()})
        assert_frame_equal(back, frame)

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    def test_leave_postgresql_as_csv_that_others_read_alike(self, scratch):
        there_and_back([('a "quoted", line\nbroken', 1, None, None, None)])
        with connection.cursor() as cursor, cursor.cursor.copy("COPY scratch (name) TO STDOUT (FORMAT csv)") as copy:
            text = b"".join(bytes(block) for block in copy).decode()
        assert list(csv.reader(io.StringIO(text))) == [['a "quoted", line\nbroken']]
