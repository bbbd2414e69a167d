"""`dunwell rules`: the report and one rule, without a database; and the pages that findings link to."""

import json
import re
from datetime import date

import pytest
from click.testing import CliRunner

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES
from dunwell.documents.rule_words import case_words, trust_words
from dunwell.jobs import rules as command
from dunwell.rulebook.rule_pages import page_of
from dunwell.rulebook.rules_file import house_rules
from tests.conftest import ROOT
from tools import rule_pages

NAMES = {"Dunwell", "Twilio", "twilio", "CONC", "CFR", "CMR", "FCA", "ACCC", "ASIC", "EAW"}
"""What has no other name in Chinese."""


class TestTheReport:
    def test_lists_every_rule_the_overdue_ones_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        days = sorted({rule.review_by for rule in house_rules().rules})
        monkeypatch.setattr(command, "moment", lambda: _At(days[-1]))
        told = json.loads(CliRunner().invoke(command.rules, ["report", "--json"]).output)
        assert {each["rule"] for each in told} == {rule.id for rule in house_rules().rules}
        overdue = [each["overdue"] for each in told]
        assert overdue == sorted(overdue, reverse=True)
        assert sum(overdue) == sum(rule.review_by < days[-1] for rule in house_rules().rules)

    def test_counts_cases_and_tells_confidence(self) -> None:
        told = json.loads(CliRunner().invoke(command.rules, ["report", "--json"]).output)
        one = next(each for each in told if each["rule"] == "house.trade.hours")
        assert (one["pack"], one["cases"], one["confidence"], one["strength"]) == ("house", 7, "house", "house")

    def test_is_a_table_for_people(self) -> None:
        done = CliRunner().invoke(command.rules, ["report"])
        assert done.exit_code == 0
        assert "house.trade.hours" in done.output
        assert f"Rules: {len(house_rules().rules)}. Overdue for review:" in done.output


class TestOneRule:
    def test_is_told_with_its_cases_and_its_page(self) -> None:
        done = CliRunner().invoke(command.rules, ["show", "house.trade.hours", "--on", "2026-11-23"])
        assert "house.trade.hours: Outside business hours" in done.output
        assert "eight in the morning: allowed" in done.output
        assert "docs/rules/house.md#house-trade-hours" in done.output

    def test_that_is_not_in_force_yet_says_so(self) -> None:
        done = CliRunner().invoke(command.rules, ["show", "house.trade.hours", "--on", "2019-12-31"])
        assert "On 2019-12-31: not in force" in done.output

    def test_says_how_far_it_is_trusted_and_whose_its_first_day_is(self) -> None:
        told = CliRunner().invoke(command.rules, ["show", "uk.conc-7-9.wishes"]).output
        assert "Wording: not at hand." in told
        assert "What follows: unverified." in told
        assert "this house's choice, not the law's" in told

    @pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
    def test_speaks_chinese_but_for_ids_citations_and_quotations(
        self, language: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(command, "language", lambda: language)
        monkeypatch.setattr("dunwell.jobs.context.language", lambda: language)
        for rule in house_rules().rules:
            told = CliRunner().invoke(command.rules, ["show", rule.id]).output
            kept = [rule.quote, rule.source, page_of(rule), *(each.id for each in house_rules().rules)]
            for text in sorted(kept, key=len, reverse=True):
                told = told.replace(text, "") if text else told
            left = set(re.findall(r"[A-Za-z]{3,}", told)) - NAMES
            assert not left, (rule.id, left)

    def test_that_nobody_knows_is_refused_with_its_neighbours(self) -> None:
        done = CliRunner().invoke(command.rules, ["show", "house.trade.hour"])
        assert isinstance(done.exception, DunwellError)
        assert "house.trade.hours" in done.exception.words("en")


class TestThePages:
    def test_have_the_anchor_that_findings_link_to(self) -> None:
        rules = house_rules()
        pages = {pack: rule_pages.page(rules, pack) for pack in rule_pages.packs(rules)}
        for rule in rules.rules:
            path, _, anchor = page_of(rule).partition("#")
            assert path == f"docs/rules/{rule.pack}.md"
            assert f'<a id="{anchor}"></a>\n\n## {rule.id}\n' in pages[rule.pack]
            assert all(line in pages[rule.pack] for line in rule.quote.splitlines())
            assert (ROOT / path).is_file(), path

    def test_say_of_each_rule_in_three_languages_whether_its_wording_was_seen(self) -> None:
        rules = house_rules()
        pages = {pack: rule_pages.page(rules, pack) for pack in rule_pages.packs(rules)}
        for rule in rules.rules:
            for language in LANGUAGES:
                assert all(line in pages[rule.pack] for line in trust_words(rule, language)), (rule.id, language)
                assert all(name.replace("|", "\\|") in pages[rule.pack] for name, _ in case_words(rule, language))

    def test_tell_exceptions_at_both_ends(self) -> None:
        rules = house_rules()
        for rule in rules.rules:
            if rule.excepts:
                excepted = rules.named(rule.excepts)
                assert f"- excepts [`{excepted.id}`]" in rule_pages.page(rules, rule.pack)
                assert f"[`{rule.id}`]" in rule_pages.page(rules, excepted.pack)


class _At:
    """A moment of a day."""

    def __init__(self, day: date) -> None:
        self._day = day

    def date(self) -> date:
        return self._day
