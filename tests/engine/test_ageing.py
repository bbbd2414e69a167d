"""The ageing table: own buckets, by due date or by document, loose money shown and netted, currencies apart."""

from collections import defaultdict
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.engine.book.ageing import BUCKETS, Ageing, Buckets, aged, ageing, buckets
from dunwell.rulebook.rules_file import house_rules
from tests.engine.book import DAY, Book, days
from tests.engine.books import around, books
from tests.engine.list_books import list_books
from tests.oracles.engine import Oracle
from tests.support.strategies import WITHOUT_NETTING, plain_strategy

BOUNDS = st.lists(st.integers(0, 90), min_size=1, max_size=6, unique=True).map(sorted)


def of(book: Book, wanted: Buckets | None = None, *, netting: bool = False, day: date = DAY) -> Ageing:
    return aged(book.facts().on(day), day, wanted or buckets([30, 60, 90]), netting=netting)


def cells(table: Ageing) -> dict[tuple[Any, ...], int]:
    """(debtor, currency, bucket) -> what rests; without debtors (currency, bucket)."""
    return {row[:-2]: row[-1] for row in table.cells.rows()}


def twin(book: Book, day: date, bounds: list[int], by: str, netting: bool) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The same table in plain Python: (debtor, currency, bucket) -> items, rest; (debtor, currency) -> sums."""
    strategy = plain_strategy() if netting else WITHOUT_NETTING
    moment = datetime.combine(day, time(), ZoneInfo(book.zone)).astimezone(UTC)
    oracle = Oracle(book.facts(), strategy, house_rules(), day, moment)
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    for row in oracle.open:
        pair = (row["debtor_id"], row["currency"])
        netted = row["demand_minor"] - row["net_minor"]
        rest = row["open_minor"] - netted
        age = (day - (row["due_date"] if by == "due" else row["issue_date"])).days
        cell = found[(*pair, label(age, bounds, by))]
        cell[0], cell[1] = cell[0] + 1, cell[1] + rest
        total = sums[pair]
        for place, value in enumerate((1, row["open_minor"], netted, rest)):
            total[place] += value
    for money in oracle.cash.money:
        sums[money.row["debtor_id"], money.row["currency"]][5 if money.note else 4] += money.minor - money.used
    return (
        {key: tuple(value) for key, value in found.items()},
        {key: tuple(value) for key, value in sums.items() if value[0] or value[4] or value[5]},
    )


def label(age: int, bounds: list[int], by: str) -> str:
    first = 1 if by == "due" else 0
    if age < first:
        return "not_due"
    for bound in bounds:
        if age <= bound:
            return f"{first}-{bound}" if bound > first else str(first)
        first = max(first, bound + 1)
    return f"{first}+"


def assert_as_by_hand(book: Book, day: date, bounds: list[int], by: str, netting: bool) -> None:
    table = aged(book.facts().on(day), day, buckets(bounds, by), netting=netting)
    by_cell, by_pair = twin(book, day, bounds, by, netting)
    assert {row[:3]: row[3:] for row in table.cells.rows()} == by_cell
    assert {row[:2]: row[2:] for row in table.sums.rows()} == by_pair
    assert_adds_up(table)
    assert_adds_up(table.by_currency())


def assert_adds_up(table: Ageing) -> None:
    keys = [name for name in ("debtor_id", "currency") if name in table.sums.columns]
    both = table.sums.join(
        table.cells.group_by(keys).agg(cells=pl.col("rest_minor").sum(), count=pl.col("items").sum()),
        on=keys,
        how="left",
    ).with_columns(pl.col("cells", "count").fill_null(0))
    assert both["cells"].to_list() == both["rest_minor"].to_list()
    assert both["count"].to_list() == both["items"].to_list()
    assert (both["rest_minor"] + both["netted_minor"]).to_list() == both["open_minor"].to_list()
    assert set(table.cells["bucket"]) <= set(table.buckets.labels)


class TestTheTable:
    @settings(max_examples=25)
    @given(books(), around(20, 20), BOUNDS, st.sampled_from(["due", "document"]), st.booleans())
    def test_is_what_plain_python_says(self, book: Book, day: date, bounds: list[int], by: str, netting: bool) -> None:
        assert_as_by_hand(book, day, bounds, by, netting)

    @settings(max_examples=10)
    @given(list_books(), around(20, 20), BOUNDS, st.booleans())
    def test_is_what_plain_python_says_beside_lists_of_open_items(
        self, book: Book, day: date, bounds: list[int], netting: bool
    ) -> None:
        assert_as_by_hand(book, day, bounds, "due", netting)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=500)
    @given(books(debtors=5), around(20, 20), BOUNDS, st.sampled_from(["due", "document"]), st.booleans())
    def test_is_what_plain_python_says_many_times(
        self, book: Book, day: date, bounds: list[int], by: str, netting: bool
    ) -> None:
        assert_as_by_hand(book, day, bounds, by, netting)

    @settings(max_examples=10)
    @given(books(), around(20, 20))
    def test_with_the_usual_buckets_is_the_one_that_runs_keep(self, book: Book, day: date) -> None:
        known = book.facts().on(day)
        usual = aged(known, day, netting=False).by_currency().cells
        assert usual.rows() == ageing(known, day).select("currency", "bucket", "items", "open_minor").rows()
        assert set(usual["bucket"]) <= set(BUCKETS)

    def test_of_an_empty_book_is_empty(self) -> None:
        assert of(Book(), netting=True).sums.is_empty()
        assert of(Book()).by_currency().cells.is_empty()


class TestABucket:
    @pytest.mark.parametrize(
        ("late", "name"),
        [
            (-400, "not_due"), (-1, "not_due"), (0, "not_due"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"),
            (61, "61-90"), (90, "61-90"), (91, "91+"), (20_000, "91+"),
        ],
    )  # fmt: skip
    def test_holds_its_last_day_past_due_and_not_the_next(self, late: int, name: str) -> None:
        book = Book()
        book.invoice(book.debtor(), 500, days(-late), issued=min(days(-late), DAY))
        assert cells(of(book)) == {(1, "EUR", name): 500}

    @pytest.mark.parametrize(("old", "name"), [(0, "0-30"), (30, "0-30"), (31, "31-60"), (61, "61-90"), (91, "91+")])
    def test_by_document_counts_from_the_paper_whether_it_is_due_or_not(self, old: int, name: str) -> None:
        book = Book()
        book.invoice(book.debtor(), 500, days(300), issued=days(-old))
        assert cells(of(book, buckets([30, 60, 90], "document"))) == {(1, "EUR", name): 500}
        assert cells(of(book)) == {(1, "EUR", "not_due"): 500}

    def test_may_be_one_day_wide(self) -> None:
        assert buckets([1, 2, 7]).labels == ("not_due", "1", "2", "3-7", "8+")
        assert buckets([0], "document").labels == ("not_due", "0", "1+")

    def test_that_ends_with_the_due_date_is_the_part_not_due(self) -> None:
        assert buckets([0, 30]).labels == buckets([30]).labels == ("not_due", "1-30", "31+")

    @pytest.mark.parametrize(
        "bounds",
        [[], [-1], [30, 30], [60, 30], [30, 60, 45], [36_501], [10**400], list(range(25)), [True], [3.0], [None]],
    )
    def test_with_bounds_that_make_no_sense_is_refused(self, bounds: list[Any]) -> None:
        with pytest.raises(DunwellError) as caught:
            buckets(bounds)
        assert caught.value.code == "ageing.bounds"

    def test_of_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(DunwellError, match="due, document"):
            buckets([30], "birthday")


class TestLooseMoney:
    def book(self) -> Book:
        """EUR 900 open in three items, 100 of it disputed; EUR 250 paid for nothing in particular, and a note of 40."""
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 300_00, days(-70))
        book.dispute(debtor, book.invoice(debtor, 100_00, days(-65)), days(-3))
        book.invoice(debtor, 500_00, days(-5))
        book.payment(debtor, 250_00, days(-2))
        book.credit_note(debtor, 40_00, days(-2))
        return book

    def test_is_shown_in_its_own_columns(self) -> None:
        for netting in (False, True):
            sums = of(self.book(), netting=netting).sums.row(0, named=True)
            assert (sums["unallocated_minor"], sums["credit_note_minor"]) == (250_00, 40_00)
            assert (sums["items"], sums["open_minor"]) == (3, 900_00)

    def test_takes_from_nothing_without_netting(self) -> None:
        table = of(self.book())
        assert cells(table) == {(1, "EUR", "1-30"): 500_00, (1, "EUR", "61-90"): 400_00}
        assert table.sums["netted_minor"].to_list() == [0]

    def test_reduces_the_oldest_first_and_leaves_what_is_disputed(self) -> None:
        book = self.book()
        book.payment(1, 20_00, days(-1))
        table = of(book, netting=True)
        assert cells(table) == {(1, "EUR", "1-30"): 490_00, (1, "EUR", "61-90"): 100_00}
        assert table.sums.select("netted_minor", "rest_minor").rows() == [(310_00, 590_00)]

    def test_of_a_debtor_who_owes_nothing_is_seen(self) -> None:
        book = Book()
        book.invoice(book.debtor("D1"), 70_00, days(-1))
        book.payment(book.debtor("D2"), 30_00, days(-1))
        table = of(book, netting=True)
        assert table.sums.select("debtor_id", "items", "open_minor", "unallocated_minor").rows() == [
            (1, 1, 70_00, 0),
            (2, 0, 0, 30_00),
        ]
        total = table.by_currency().sums.row(0, named=True)
        # one debtor's money pays nobody else's debt
        assert (total["rest_minor"], total["netted_minor"], total["unallocated_minor"]) == (70_00, 0, 30_00)

    def test_that_went_back_is_shown_below_zero_and_adds_no_debt(self) -> None:
        book = Book()
        book.invoice(book.debtor(), 70_00, days(-1))
        book.payment(1, -30_00, DAY)
        sums = of(book, netting=True).sums.row(0, named=True)
        assert (sums["unallocated_minor"], sums["rest_minor"]) == (-30_00, 70_00)

    def test_in_one_currency_never_touches_another(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 100, days(-1))
        book.invoice(debtor, 100, days(-1), currency="JPY")
        book.payment(debtor, 1_000, DAY, currency="JPY")
        table = of(book, netting=True).by_currency()
        assert cells(table) == {("EUR", "1-30"): 100, ("JPY", "1-30"): 0}
        assert table.sums["currency"].to_list() == ["EUR", "JPY"]


class TestAnyDay:
    def test_shows_the_book_as_it_stood_then(self) -> None:
        book = Book()
        debtor = book.debtor()
        invoice = book.invoice(debtor, 100_00, days(-40), issued=days(-70))
        book.payment(debtor, 100_00, days(-5), invoice)
        assert of(book).sums.is_empty()
        assert cells(of(book, day=days(-6))) == {(1, "EUR", "31-60"): 100_00}
        assert cells(of(book, day=days(-60))) == {(1, "EUR", "not_due"): 100_00}
        assert of(book, day=days(-71)).sums.is_empty()
