"""Strategies that tests follow."""

from functools import cache

from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import read_strategy

PLAIN = """\
name: plain
title: {en: Plain, zh-Hans: 简单, zh-Hant: 簡單}
netting: true
pause_days: 7
segments:
  - segment: everybody
    title: {en: Everybody, zh-Hans: 所有客户, zh-Hant: 所有客戶}
    stages:
      - {stage: notice, offset_days: -4, channels: [email]}
      - {stage: reminder, offset_days: 3, channels: [email, letter]}
      - stage: first_dunning
        offset_days: 14
        after_days: 10
        channels: [email, letter]
        pay_within_days: 10
        interest: true
      - stage: second_dunning
        offset_days: 28
        after_days: 14
        channels: [letter, email]
        pay_within_days: 10
        interest: true
      - {stage: person, after_deadline_days: 3}
minimum_minor:
  {EUR: 500, USD: 500, GBP: 500, CHF: 500, CNY: 3000, TWD: 15000, HKD: 4000, JPY: 600}
"""
"""One short ladder for everybody, so that a test's days are easy to count: notice 4 days before the due date, reminder
3 days after it, dunnings from day 14 and 28, then a person."""


@cache
def plain_strategy() -> Strategy:
    """`PLAIN`, read."""
    return read_strategy(PLAIN)


def with_text(old: str, new: str) -> Strategy:
    """The plain strategy with one thing changed."""
    assert old in PLAIN
    return read_strategy(PLAIN.replace(old, new))


WITHOUT_NETTING = with_text("netting: true", "netting: false")
