"""What comes first among all that waits for a person, and why."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.money import DIGITS
from dunwell.core.terms import Stage
from dunwell.engine.day.rank import in_order
from dunwell.rulebook.rank import packaged_rank, whole_rank
from dunwell.rulebook.strategy_file import check_strategy, default_strategy
from tests.engine.book import Book, days
from tests.oracles.rank import in_order as oracle
from tests.support.strategies import PLAIN, with_text


def a_task() -> Book:
    """1,000.00 EUR, 60 days late, whose final deadline passed a week and a half ago."""
    book = Book()
    item = book.invoice(book.debtor("D1"), 1_000_00, days(-60))
    book.contact(1, days(-30), {item: Stage.SECOND_DUNNING}, deadline=days(-15))
    return book


class TestATask:
    def test_counts_amount_times_chance_times_urgency_as_the_page_redoes_by_hand(self) -> None:
        line = a_task().line()
        # 50 - 10 (31 days and more) - 10 (second dunning); 100 + 20 (a talk) + 50 (deadline) + 10 (a whole week)
        assert (line["chance_bp"], line["urgency_bp"], line["rank_minor"]) == (3_000, 18_000, 540_00)
        assert line["rank_why"].split(" ") == [
            "chance/days_past_due/31/-1000", "chance/reached/second_dunning/-1000", "urgency/stage/person/2000",
            "urgency/deadline_passed/yes/5000", "urgency/waiting/11/1000",
        ]  # fmt: skip
        assert line["task_since_date"] == days(-11)

    def test_rises_the_day_after_a_promise_broke_and_falls_again(self) -> None:
        book = a_task()
        # three days of grace for money on its way
        book.promise(1, 500_00, days(-10), days(-4))
        assert "urgency/promise_broken/yes/10000" in book.line()["rank_why"]
        assert "promises_broken/1/-1000" in book.line()["rank_why"]
        assert "promise_broken/yes" not in book.line(days(3))["rank_why"]

    def test_rises_when_a_payment_bounced(self) -> None:
        book = a_task()
        paid = book.payment(1, 100_00, days(-9), 1)
        book.payment(1, -100_00, days(-1), 1, reverses=paid)
        assert "urgency/payment_bounced/yes/10000" in book.line()["rank_why"]

    def test_never_counts_nothing_and_never_more_than_the_sum_ten_times(self) -> None:
        low = with_text(
            "netting: true", "netting: true\nrank: {chance: {from: 1, items: {0: -900}}, urgency: {from: 1}}"
        )
        high = with_text(
            "netting: true",
            "netting: true\nrank: {chance: {from: 90, items: {0: 900}}, urgency: {from: 900, deadline_passed: 900}}",
        )
        assert a_task().line(strategy=low)["rank_minor"] == 1_000_00 // 10_000
        assert a_task().line(strategy=high)["rank_minor"] == 1_000_00 * 10

    def test_of_which_nothing_waits_for_a_person_has_no_place(self) -> None:
        book = Book()
        book.invoice(book.debtor("D1"), 1_000_00, days(-5))
        line = book.line()
        assert line["action"] == "message"
        assert (line["rank_minor"], line["rank_why"], line["chance_bp"]) == (None, None, None)


class TestAnAlarmOfLimitation:
    def test_is_marked_with_its_day_and_the_sum_of_the_items(self) -> None:
        book = a_task()
        book.clock(1, days(90))
        book.clock(book.invoice(1, 5_00, days(-1_000)), days(50))
        book.clock(book.invoice(1, 7_00, days(-1_000)), days(91))
        line = book.line()
        assert (line["alarm"], line["alarm_date"], line["alarm_minor"]) == ("limitation", days(50), 1_005_00)

    def test_does_not_wait_for_a_step_to_be_due(self) -> None:
        book = Book()
        book.clock(book.invoice(book.debtor("D1"), 1_000_00, days(-5)), days(3))
        book.hold(1, "talks", days(-2))
        line = book.line()
        assert (line["action"], line["alarm_date"]) == ("none", days(3))

    def test_of_an_item_that_was_paid_is_none(self) -> None:
        book = a_task()
        book.clock(1, days(9))
        book.payment(1, 1_000_00, days(-1), 1)
        book.invoice(1, 3_00, days(-5))
        assert book.line()["alarm"] is None


def tasks(rows: list[tuple[str, int, str, int | None]]) -> pl.DataFrame:
    found = [
        {"number": number, "rank_minor": rank, "amount_minor": rank * 2, "currency": currency,
         "alarm_date": None if alarm is None else days(alarm)}
        for number, rank, currency, alarm in rows
    ]  # fmt: skip
    schema = {"number": pl.String, "rank_minor": pl.Int64, "amount_minor": pl.Int64, "currency": pl.String,
              "alarm_date": pl.Date}  # fmt: skip
    return pl.DataFrame(found, schema=schema)


class TestTheOrder:
    def test_puts_alarms_first_and_lets_currencies_take_turns(self) -> None:
        given_ = tasks([
            ("A", 10_00, "EUR", None), ("B", 20_00, "EUR", None), ("C", 5, "JPY", None), ("D", 1, "USD", 30),
            ("E", 99_00, "EUR", 31),
        ])  # fmt: skip
        assert in_order(given_, {})["number"].to_list() == ["D", "E", "B", "C", "A"]

    def test_compares_currencies_that_were_given_weights(self) -> None:
        # 2,000 yen at 1 count less than 15.00 euro at 160
        given_ = tasks([("A", 15_00, "EUR", None), ("B", 2_000, "JPY", None), ("C", 3_000, "JPY", None)])
        assert in_order(given_, {"EUR": 160, "JPY": 1})["number"].to_list() == ["C", "A", "B"]

    @settings(max_examples=60)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 30).map(str), st.sampled_from([0, 1, 5, 10**12]), st.sampled_from(["EUR", "JPY", "KWD"]),
                st.sampled_from([None, None, -3, 5]),
            ),
            max_size=9, unique_by=lambda row: (row[0], row[2]),
        ),
        st.sampled_from([{}, {"EUR": 160, "JPY": 1}]), st.randoms(use_true_random=False),
    )  # fmt: skip
    def test_equals_the_oracle_and_does_not_hang_on_the_order_of_rows(self, rows: Any, weights: Any, dice: Any) -> None:
        found = in_order(tasks(rows), weights)
        expected = oracle(tasks(rows).to_dicts(), weights, dict(DIGITS))
        assert found.drop("place").to_dicts() == expected
        assert found["place"].to_list() == list(range(1, len(rows) + 1))
        dice.shuffle(rows)
        assert in_order(tasks(rows), weights).equals(found)


def faults(block: str) -> list[tuple[int, str, str]]:
    _, found = check_strategy(PLAIN + block)
    first = PLAIN.count("\n")
    return [(each.line - first, each.error.code, str(each.error.params.get("where", ""))) for each in found]


class TestTheBlockOfAStrategy:
    def test_left_out_is_the_one_that_comes_with_the_program(self) -> None:
        assert default_strategy().rank is whole_rank(packaged_rank())

    def test_replaces_what_it_names_and_leaves_the_rest(self) -> None:
        found = with_text("netting: true", "netting: true\nrank: {alarm_days: 30, minutes: {visit: 120}}").rank
        assert (found.alarm_days, found.minutes_of("visit"), found.minutes_of("phone")) == (30, 120, 15)
        assert found.chance == whole_rank(packaged_rank()).chance

    @pytest.mark.parametrize(
        ("block", "fault"),
        [
            ("rank:\n  alarm_days: 400\n", (2, "rank.wants_whole", "rank.alarm_days")),
            ("rank:\n  chance:\n    from: 0\n", (3, "rank.wants_whole", "rank.chance.from")),
            ("rank:\n  chance:\n    from: 50\n    amount: {1: 1}\n", (4, "strategy.unknown_key", "rank.chance")),
            ("rank:\n  chance:\n    from: 50\n    items: {all: 1}\n", (4, "rank.wants_threshold", "rank.chance.items")),
            ("rank:\n  chance:\n    from: 50\n    vip: {maybe: 1}\n", (4, "strategy.unknown_word", "rank.chance.vip")),
            ("rank:\n  urgency:\n    stages: {}\n", (3, "strategy.missing_key", "rank.urgency")),
            ("rank:\n  urgency: {from: 1, stages: {knock: 3}}\n", (2, "strategy.unknown_word", "rank.urgency.stages")),
            ("rank:\n  weights: {EUR: 1.5}\n", (2, "rank.wants_whole", "rank.weights.EUR")),
            ("rank:\n  weights: {XXZ: 1}\n", (2, "strategy.unknown_word", "rank.weights")),
            ("rank:\n  minutes: {phone: 0}\n", (2, "rank.wants_whole", "rank.minutes.phone")),
            ("rank: 3\n", (1, "strategy.wants_table", "rank")),
        ],
    )  # fmt: skip
    def test_is_refused_by_line_and_place(self, block: str, fault: tuple[int, str, str]) -> None:
        assert faults(block) == [fault]
