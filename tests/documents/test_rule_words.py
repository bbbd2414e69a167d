"""A rule in words: nobody has to read how a program writes its values."""

import re

import pytest

from dunwell.core.errors import LANGUAGES
from dunwell.documents.rule_words import case_words, cited_words, scope_words, trust_words, value_words
from dunwell.rulebook.case_names import case_names
from dunwell.rulebook.rules_file import house_rules

RULES = house_rules().rules
LATIN = re.compile(r"[A-Za-z]{2,}")
"""Words that are left in a language of Latin letters."""
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
            "place: China (CN)", "debtor: consumer", "debt: online credit", "channel: phone",
            "purpose: collection, demand that saves a limitation period", "whom: debtor",
            "way: with an answer (a conversation)",
        ]  # fmt: skip


class TestAValueThatIsNotInForce:
    def test_is_told(self) -> None:
        assert value_words(RULES[0], None, "en") == "not in force"


def trusted(rule_id: str, language: str = "en") -> str:
    return " ".join(trust_words(house_rules().named(rule_id), language))


class TestHowFarARuleIsTrusted:
    def test_is_told_of_each_in_every_language(self) -> None:
        for language in LANGUAGES:
            for rule in RULES:
                cited, seen, follows, *first = list(trust_words(rule, language)) if rule.confidence != "house" else [
                    "", *trust_words(rule, language)
                ]  # fmt: skip
                assert bool(cited) == (rule.confidence != "house"), rule.id
                assert seen, rule.id
                assert follows, rule.id
                assert bool(first) == (rule.first_day != "told"), rule.id

    def test_says_that_the_wording_is_quoted_and_whence(self) -> None:
        assert "what is quoted comes from the official text" in trusted("us.regf.hours")
        assert "stands so with others who cite it" in trusted("cn.cba-2026.attempts")

    def test_says_that_no_wording_is_at_hand_and_that_such_a_rule_permits_and_raises_nothing(self) -> None:
        unquoted = [rule.id for rule in RULES if not rule.quote and rule.confidence not in ("house", "recalled")]
        assert len(unquoted) > 50
        for rule_id in unquoted:
            told = trusted(rule_id)
            assert "not at hand" in told, rule_id
            assert "never permits what another rule forbids, and never raises what is owed" in told, rule_id

    def test_says_that_a_recalled_rule_holds_nothing_back(self) -> None:
        told = trusted("uk.conc-7-14.disputes")
        assert "recalled from memory" in told
        assert "holds back nothing that leaves by itself" in told

    def test_tells_first_days_that_are_only_the_houses_choice(self) -> None:
        assert "from 1 January 2020 on is this house's choice, not the law's" in trusted("hk.banking-code.notice")
        assert "names only the year 2011" in trusted("cn.card.66")
        for rule in RULES:
            day = rule.values[0][0]
            # the house begins its rules, and those whose day it does not know, with this day
            assert (day.isoformat() != "2020-01-01") or rule.confidence == "house" or rule.first_day == "not_told", rule

    def test_names_the_text_that_is_cited_in_the_language_of_the_reader(self) -> None:
        for rule in RULES:
            for language in LANGUAGES:
                assert bool(cited_words(rule, language)) == (rule.confidence != "house"), (rule.id, language)
        assert "F 条例" in cited_words(house_rules().named("us.regf.hours"), "zh-Hans")
        assert "China Banking Association" in cited_words(house_rules().named("cn.cba-2026.hours"), "en")


class TestACase:
    @pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
    def test_has_a_chinese_name_in_every_pack(self, language: str) -> None:
        for rule in RULES:
            for name, finding in case_words(rule, language):
                assert not LATIN.search(name), (rule.id, name)
                assert not LATIN.search(finding), (rule.id, finding)

    def test_keeps_its_own_name_in_english(self) -> None:
        rule = house_rules().named("house.trade.contacts")
        assert [name for name, _ in case_words(rule, "en")] == [case["name"] for case in rule.cases]

    def test_is_named_once_and_no_name_is_left_over(self) -> None:
        asked = {case["name"] for rule in RULES for case in rule.cases}
        assert set(case_names()) == asked
        assert all(len(names) == len(LANGUAGES) - 1 and all(names) for names in case_names().values())
