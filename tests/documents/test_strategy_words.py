"""Strategies in words: what two of them say differently."""

import pytest

from dunwell.core.terms import LANGUAGES
from dunwell.documents.strategy_words import strategy_lines
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from tests.support.strategies import PLAIN, plain_strategy, with_text

CALL = "- {stage: person, after_deadline_days: 3, instead: [%s]}"
VIP, FIRM = "{when: vip, skip: true}", "{when: items > 3, tone: firm}"
OFFER = "- {stage: person, after_deadline_days: 3, offer: {kind: waiver, percent: 50, days: %d}}"
PERSON = "- {stage: person, after_deadline_days: 3}"


class TestStrategiesThatDiffer:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ((PERSON, CALL % f"{VIP}, {FIRM}"), (PERSON, CALL % f"{FIRM}, {VIP}")),
            ((PERSON, OFFER % 5), (PERSON, OFFER % 6)),
            (("name: plain", "name: plain"), ("name: plain", "name: other")),
            (("en: Plain", "en: Plain"), ("en: Plain", "en: Simple")),
            (("zh-Hant: 所有客戶", "zh-Hant: 所有客戶"), ("zh-Hant: 所有客戶", "zh-Hant: 客戶")),
            (("name: plain", "name: plain\nat_once: [promise_broken]"), ("name: plain", "name: plain")),
            (("name: plain", "name: plain\nat_once: [promise_broken]"),
             ("name: plain", "name: plain\nat_once: [payment_bounced]")),
            (("name: plain", "name: plain\nrank: {alarm_days: 30}"), ("name: plain", "name: plain")),
            (("name: plain", "name: plain\npromises: {remind_days: 3, channels: [email]}"),
             ("name: plain", "name: plain\npromises: {remind_days: 4, channels: [email]}")),
            (("name: plain", "name: plain\npromises: {thank: true, channels: [email]}"),
             ("name: plain", "name: plain")),
            (("name: plain", "name: plain\nrank: {weights: {EUR: 2}}"), ("name: plain", "name: plain")),
            (("name: plain", "name: plain\nrank: {urgency: {from: 100, stages: {call: 5}}}"),
             ("name: plain", "name: plain\nrank: {urgency: {from: 100, stages: {call: 6}}}")),
            (("name: plain", "name: plain\nrank: {chance: {from: 50, vip: {yes: 5}}}"),
             ("name: plain", "name: plain\nrank: {chance: {from: 50, vip: {yes: 6}}}")),
        ],
    )  # fmt: skip
    def test_do_so_in_their_lines(self, first: tuple[str, str], second: tuple[str, str], language: str) -> None:
        one, other = strategy_lines(with_text(*first), language), strategy_lines(with_text(*second), language)
        assert set(one) ^ set(other)

    def test_only_in_comments_say_the_same(self) -> None:
        assert strategy_lines(read_strategy(PLAIN + "# more\n"), "en") == strategy_lines(plain_strategy(), "en")


class TestTheLines:
    @pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
    def test_use_no_word_of_the_file_where_the_reader_has_his_own(self, language: str) -> None:
        said = "\n".join(strategy_lines(default_strategy(), language))
        for word in ("minimum", "residue", "netting", "level", "grace", "uneconomic", ": "):
            assert word not in said

    def test_stand_once_each(self) -> None:
        lines = strategy_lines(default_strategy(), "en")
        assert len(lines) == len(set(lines))
