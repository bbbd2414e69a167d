"""Conditions that can never hold."""

from itertools import product
from typing import Any

import pytest

from dunwell.rulebook.conditions import read_condition
from dunwell.rulebook.contradictions import contradictions
from dunwell.rulebook.strategy_file import examine_strategy
from tests.support.strategies import PLAIN


def found(text: str) -> list[str]:
    return list(contradictions(read_condition(text)))


class TestAConditionThatCanNeverHold:
    @pytest.mark.parametrize(
        ("text", "column"),
        [
            ("days_past_due > 30 and days_past_due < 10", "days_past_due"),
            ("days_past_due > 30 and days_past_due < 31", "days_past_due"),
            ("days_past_due between 1 and 30 and days_past_due >= 31", "days_past_due"),
            ("days_past_due = 5 and days_past_due <> 5", "days_past_due"),
            ("days_past_due >= 5 and days_past_due <= 6 and days_past_due not in (5, 6)", "days_past_due"),
            ("items in (1, 2) and items > 2", "items"),
            ("amount > 100.5 and not (amount > 50)", "amount"),
            ("10 > items and 20 < items", "items"),
            ("currency = 'EUR' and currency = 'USD'", "currency"),
            ("kind in ('business', 'consumer') and kind = 'unknown'", "kind"),
            ("kind <> 'business' and kind <> 'consumer' and kind <> 'unknown'", "kind"),
            ("vip and not vip", "vip"),
            ("vip = true and items > 1 and vip = false", "vip"),
            ("messages is null and messages > 0", "messages"),
            ("messages is null and messages is not null", "messages"),
            ("vip or (items > 3 and (items < 2))", "items"),
            ("not (items > 3 and items < 2)", "items"),
            ("country = 'DE' and (amount > 5 and (vip and country = 'FR'))", "country"),
        ],
    )
    def test_names_the_column(self, text: str, column: str) -> None:
        assert found(text) == [column]

    @pytest.mark.parametrize(
        "text",
        [
            "days_past_due > 30 or days_past_due < 10",
            "days_past_due >= 30 and days_past_due <= 30",
            "days_past_due > 30 and days_past_due < 32",
            "amount > 100 and amount < 100.01",
            "amount > 5 and open_amount < 4",
            "kind <> 'business' and kind <> 'consumer'",
            "not (messages > 3) and not (messages <= 3)",
            "not (kind = 'business') and not (kind = 'consumer') and not (kind = 'unknown')",
            "currency in ('EUR', 'USD') and currency <> 'EUR'",
            "vip and vip",
            "not vip and not signal_court",
        ],
    )
    def test_is_not_one_that_somebody_may_fulfil(self, text: str) -> None:
        assert found(text) == []

    @pytest.mark.parametrize("ops", list(product(["=", "<>", "<", "<=", ">", ">="], repeat=2)))
    def test_is_found_exactly_where_no_number_fulfils_it(self, ops: tuple[str, str]) -> None:
        does = {
            "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
            ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
        }  # fmt: skip
        for one, other in product(range(3, 7), repeat=2):
            some = any(does[ops[0]](value, one) and does[ops[1]](value, other) for value in range(12))
            assert bool(found(f"items {ops[0]} {one} and items {ops[1]} {other}")) == (not some)


class TestAStrategyWithOne:
    def test_is_warned_of_by_line_and_read_all_the_same(self) -> None:
        row = "channels: [email], instead: [{when: items > 5 and items < 3, tone: firm}]}"
        text = PLAIN.replace("channels: [email]}", row)
        reading: Any = examine_strategy(text)
        assert reading.strategy is not None
        assert [(each.line, each.error.code, each.error.params) for each in reading.warnings] == [
            (9, "strategy.never_holds", {"column": "items"})
        ]

    def test_is_warned_of_for_segments_too(self) -> None:
        one = (
            "  - segment: nobody\n    title: {en: A, zh-Hans: A, zh-Hant: A}\n    when: vip and not vip\n"
            "    stages: [{stage: reminder, offset_days: 3, channels: [email]}]\n"
        )
        reading = examine_strategy(PLAIN.replace("segments:\n", "segments:\n" + one))
        assert [each.line for each in reading.warnings] == [8]
        assert not reading.faults
