"""A rule in words: nobody has to read how a program writes its values."""

import re

import pytest

from dunwell.core.errors import LANGUAGES
from dunwell.documents.rule_words import scope_words, value_words
from dunwell.rulebook.rules_file import house_rules

RULES = house_rules().rules
NOTATION = re.compile(r"[\[\]{}_]|'\w+'|None|True|datetime")


def told(rule_id: str, language: str = "en") -> str:
    rule = house_rules().named(rule_id)
    return value_words(rule, rule.values[-1][1], language)


class TestEveryRule:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_told_without_the_notation_of_a_program(self, language: str) -> None:
        for rule in RULES:
            for _, value in rule.values:
                said = value_words(rule, value, language)
                assert said
                assert not NOTATION.search(said), (rule.id, said)
            for line in scope_words(rule, language):
                assert not NOTATION.search(line), (rule.id, line)


class TestARuleThatCounts:
    def test_says_how_many_in_which_time_what_counts_and_whose(self) -> None:
        assert told("cn.gbt-45251.calls") == (
            "At most 3 a day with one person. What counts: conversation. Contacts of everybody count, agencies too."
        )

    def test_says_so_in_chinese(self) -> None:
        assert told("cn.gbt-45251.calls", "zh-Hans").startswith("对同一人每天至多 3 次。")


class TestAScope:
    def test_names_what_is_looked_at_first(self) -> None:
        assert [line.strip() for line in scope_words(house_rules().named("cn.gbt-45251.calls"), "en")] == [
            "place: CN", "debtor: consumer", "debt: online credit", "channel: phone",
            "purpose: collection, demand that saves a limitation period", "whom: debtor",
            "way: with an answer (a conversation)",
        ]  # fmt: skip


class TestAValueThatIsNotInForce:
    def test_is_told(self) -> None:
        assert value_words(RULES[0], None, "en") == "not in force"
