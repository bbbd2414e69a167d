"""The day of a large book agrees with a second implementation in SQL, row by row."""

from pathlib import Path

import pytest

from bench import day_book, day_floor
from dunwell.engine.day.decide import decide
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from tests.oracles import day_sql

OTHER = """
name: other
title: {en: Other, zh-Hans: 另一, zh-Hant: 另一}
netting: false
level: receivable
grace_days: 3
pause_days: 3
minimum_minor: {EUR: 900}
minimum_percent: {EUR: 20, USD: 10}
segments:
  - segment: talked
    title: {en: Talked, zh-Hans: 已谈, zh-Hant: 已談}
    when: "days_since_talk < 90 and calls >= 1 and not (overdue_31_60 > 100 or days_since_message is null)"
    stages:
      - {stage: notice, offset_days: -3, channels: [email]}
      - stage: reminder
        offset_days: 4
        channels: [email]
        instead:
          - {when: "open_amount between 50 and 500 or currency in ('JPY', 'TWD')", skip: true}
          - {when: "reached = 'second_dunning' and messages > 3", channels: [letter], by: person}
      - {stage: call, offset_days: 9, after_days: 2, attempts: 2}
      - {stage: second_dunning, offset_days: 20, channels: [letter], pay_within_days: 5}
      - {stage: person, after_deadline_days: 2}
  - segment: rest
    title: {en: Rest, zh-Hans: 其余, zh-Hant: 其餘}
    stages:
      - {stage: second_reminder, offset_days: 6, channels: [letter]}
      - stage: call
        offset_days: 12
        attempts: 1
        instead:
          - {when: "promises_kept > 0 or only_charges or credit > 40 or overdue_91 > 1000", skip: true}
      - {stage: suit, offset_days: 50, after_days: 7}
"""


def compare(folder: Path, debtors: int, strategy: Strategy) -> None:
    day_book.write(folder, debtors)
    day_floor.prepare(folder)
    outcome = decide(day_book.read(folder), strategy, house_rules(), day_book.DAY, day_book.MOMENT)
    with day_floor.work_out(folder, strategy) as connection:
        day_sql.refuse_unknown(connection, strategy)
        assert day_floor.compare(connection, outcome, strategy) > debtors * 0.9
    assert day_floor.compare_counts(folder, outcome) > debtors * 0.02


class TestTheDayOfABook:
    """Open amounts, credit, ageing, stages, next steps, messages, counts of contacts: in every row."""

    @pytest.mark.timeout(300)
    def test_equals_the_sql_under_the_default_strategy(self, tmp_path: Path) -> None:
        compare(tmp_path, 20_000, default_strategy())

    @pytest.mark.timeout(300)
    def test_equals_the_sql_under_another_strategy(self, tmp_path: Path) -> None:
        compare(tmp_path, 5_000, read_strategy(OTHER))

    def test_is_told_apart_by_a_single_row(self, tmp_path: Path) -> None:
        day_book.write(tmp_path, 300)
        day_floor.prepare(tmp_path)
        strategy = default_strategy()
        outcome = decide(day_book.read(tmp_path), strategy, house_rules(), day_book.DAY, day_book.MOMENT)
        with day_floor.work_out(tmp_path, strategy) as connection:
            connection.execute("UPDATE lines SET overdue_minor = overdue_minor + 1 WHERE debtor_id = 7")
            with pytest.raises(RuntimeError, match="'debtor_id': 7"):
                day_floor.compare(connection, outcome, strategy)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    def test_equals_the_sql_in_a_large_book(self, tmp_path: Path) -> None:
        compare(tmp_path, 200_000, default_strategy())
