"""A book that is decided in shards comes to the same as in one piece."""

import os
import signal
import time as clock
from dataclasses import fields
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from bench import day_book
from dunwell.core.errors import DunwellError
from dunwell.engine.day import sharded, shards
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.day.sharded import Progress, decide_in_shards
from dunwell.engine.facts import LARGEST_SUM_MINOR, Facts
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import default_strategy
from tests.engine.book import DAY, Book, days
from tests.engine.books import around, books
from tests.engine.list_books import list_books
from tests.engine.strategies import strategies


def assert_same(ours: Outcome, whole: Outcome) -> None:
    for each in fields(Outcome):
        assert_frame_equal(getattr(ours, each.name), getattr(whole, each.name))


def compare(facts: Facts, strategy: Strategy, day: date, parts: int) -> None:
    moment = day_book.MOMENT.replace(year=day.year, month=day.month, day=day.day)
    whole = decide(facts, strategy, house_rules(), day, moment)
    assert_same(decide_in_shards(facts, strategy, house_rules(), day, moment, shards=parts), whole)


def owners_apart(facts: Facts, parts: int) -> dict[int, int]:
    """Debtor to shard."""
    found = shards.groups(shards.of_facts(facts)).with_columns(shard=shards.shard_of(pl.col("group"), parts))
    return dict(found.select("debtor_id", "shard").rows())


class TestABookInShards:
    @settings(max_examples=10)
    @given(books(debtors=5), around(20, 20), strategies())
    def test_is_decided_as_in_one_piece(self, book: Book, day: date, strategy: Strategy) -> None:
        compare(book.facts(), strategy, day, 3)

    @settings(max_examples=10)
    @given(list_books(), around(20, 8))
    def test_hears_of_the_lists_of_other_shards(self, book: Book, day: date) -> None:
        compare(book.facts(), default_strategy(), day, 5)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=500)
    @given(books(debtors=6), around(20, 20), strategies())
    def test_is_decided_as_in_one_piece_many_times(self, book: Book, day: date, strategy: Strategy) -> None:
        compare(book.facts(), strategy, day, 4)

    @pytest.mark.timeout(300)
    def test_is_decided_as_in_one_piece_from_files_and_in_two_processes(self, tmp_path: Path) -> None:
        day_book.write(tmp_path / "facts", 2_000)
        asked = (default_strategy(), house_rules(), day_book.DAY, day_book.MOMENT)
        whole = decide(day_book.read(tmp_path / "facts"), *asked)
        told: list[Progress] = []
        ours = decide_in_shards(
            tmp_path / "facts", *asked, shards=4, processes=2, scratch=tmp_path, progress=told.append
        )
        assert_same(ours, whole)
        assert [each.of for each in told] == [2_000] * 4
        assert told[-1].done == 2_000
        assert told[-1].remaining_seconds == 0
        assert [path.name for path in tmp_path.iterdir()] == ["facts"]


class TestDebtorsOfOneShard:
    """Whoever shares anything is not cut apart, in 50 shards."""

    def test_share_a_person(self) -> None:
        book = Book()
        pair = [book.debtor(f"D{n}", person=7) for n in range(2)]
        assert len({owners_apart(book.facts(), 50)[each] for each in pair}) == 1

    def test_share_a_payment_a_contact_or_an_address_to_the_end_of_the_chain(self) -> None:
        book = Book()
        chain = [book.debtor(f"D{n}") for n in range(5)]
        items = [book.invoice(each, 1_000, DAY) for each in chain]
        paid = book.payment(chain[1], 500, DAY, items[0])
        book.payment(chain[2], -500, DAY, reverses=paid)
        book.contact(chain[2], days(-1), {items[3]: 20})
        of_third = next(r["contact_point_id"] for r in book.rows["contact_points"] if r["debtor_id"] == chain[3])
        book.contact(chain[4], days(-1), contact_point_id=of_third)
        found = owners_apart(book.facts(), 50)
        assert len({found[each] for each in chain}) == 1

    def test_are_the_only_ones_in_it(self) -> None:
        book = Book()
        for n in range(200):
            book.debtor(f"D{n}")
        assert len(set(owners_apart(book.facts(), 8).values())) == 8


class TestADayInShards:
    def test_leaves_nothing_when_it_is_interrupted(self, tmp_path: Path) -> None:
        day_book.write(tmp_path / "facts", 500)

        def stop(_: Progress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            decide_in_shards(
                tmp_path / "facts", default_strategy(), house_rules(), day_book.DAY, day_book.MOMENT, shards=6,
                processes=2, scratch=tmp_path, progress=stop,
            )  # fmt: skip
        assert [path.name for path in tmp_path.iterdir()] == ["facts"]

    def test_says_so_when_a_process_is_ended_from_outside(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        day_book.write(tmp_path / "facts", 500)
        begin = sharded.multiprocessing.get_context("spawn").Process.start

        def shot(process: sharded.multiprocessing.process.BaseProcess) -> None:
            begin(process)  # type: ignore[arg-type]
            clock.sleep(0.1)
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)

        monkeypatch.setattr(sharded.multiprocessing.get_context("spawn").Process, "start", shot)
        with pytest.raises(DunwellError) as refused:
            decide_in_shards(
                tmp_path / "facts", default_strategy(), house_rules(), day_book.DAY, day_book.MOMENT, shards=4,
                processes=2, scratch=tmp_path,
            )  # fmt: skip
        assert refused.value.code == "engine.shard_ended"
        assert [path.name for path in tmp_path.iterdir()] == ["facts"]

    def test_refuses_sums_that_are_too_large_only_together(self) -> None:
        book = Book()
        for n in range(6):
            book.invoice(book.debtor(f"D{n}"), LARGEST_SUM_MINOR // 4, DAY)
        moment = day_book.MOMENT.replace(year=2026, month=3, day=1)
        with pytest.raises(DunwellError) as refused:
            decide_in_shards(book.facts(), default_strategy(), house_rules(), DAY, moment, shards=6)
        assert refused.value.code == "engine.sum_too_large"
