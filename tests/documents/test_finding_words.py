"""Findings in words: numbers, until when on which clock, and the source, in three languages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dunwell.core.errors import catalogue
from dunwell.core.terms import LANGUAGES
from dunwell.documents.finding_words import clock_words, rebuttal_words, source_name, span_words, word_finding
from dunwell.rulebook.citation import CONFIDENCES
from dunwell.rulebook.contact_rules import EFFECTS, OUTCOMES, PER, REGISTERS, STRENGTHS
from dunwell.rulebook.rule_pages import anchor_of, page_of
from dunwell.rulebook.rules_file import house_rules

DAY = date(2026, 11, 23)
MOMENT = datetime(2026, 11, 24, 5, tzinfo=UTC)


def worded(rule_id: str, language: str = "en", **told: object) -> str:
    rule = house_rules().named(rule_id)
    return word_finding(rule, rule.on(DAY) or {}, rule.effect, language, **told)  # type: ignore[arg-type]


class TestAFinding:
    def test_tells_its_numbers_its_end_and_its_source(self) -> None:
        said = worded("house.natural.contacts", count=3, until=MOMENT, zones=("America/New_York",))
        assert said == (
            "Forbidden: Enough contacts for this week. Counted so far: 3; at most 3 in 7 days with one person."
            " Until 24 November 2026 00:00 (America/New_York)."
            " [house.natural.contacts; Dunwell house rule on the number of contacts; house rule, our own decision]"
        )

    def test_names_the_source_of_a_house_rule_in_the_language(self) -> None:
        for rule in house_rules().rules:
            if rule.strength == "house":
                for language in ("zh-Hans", "zh-Hant"):
                    assert "house rule" not in source_name(rule, language), rule.id
                assert source_name(rule, "en") == rule.source
        assert source_name(house_rules().named("house.trade.hours"), "zh-Hant") == "Dunwell 內部規則：上班時間"
        law = house_rules().named("us.regf.hours")
        assert source_name(law, "zh-Hans") == law.source

    def test_counts_however_long_ago(self) -> None:
        said = worded("us.regf.location-once", count=1)
        assert ", however long ago." in said

    def test_speaks_chinese_in_both_scripts(self) -> None:
        assert "已计 3 次；对同一人每 7 天至多 3 次。" in worded("house.natural.contacts", "zh-Hans", count=3)
        assert "已計 3 次；對同一人每 7 天至多 3 次。" in worded("house.natural.contacts", "zh-Hant", count=3)

    def test_tells_the_hours_that_are_open(self) -> None:
        assert "Monday to Friday 08:00 to 18:00, not on public holidays." in worded("house.trade.hours")
        assert "No allowed hour within 31 days." in worded("house.trade.hours")

    def test_names_the_debt_and_the_address_it_is_about(self) -> None:
        said = worded("house.natural.contacts", debt="R-1", address="+1 555 0100")
        assert "Debt: R-1. Number or address: +1 555 0100." in said

    def test_shows_hostile_text_as_escapes(self) -> None:
        assert "\x1b" not in worded("house.natural.contacts", debt="\x1b[2J\u202e")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_has_words_for_every_rule(self, language: str) -> None:
        for rule in house_rules().rules:
            for day, value in rule.values:
                if value is not None:
                    said = word_finding(rule, value, rule.effect, language, until=MOMENT, count=1)
                    assert rule.id in said, day
                    assert rule.title[language] in said, day

    def test_has_words_for_every_list_of_the_contract(self) -> None:
        needed = [f"finding.effect.{each}" for each in (*EFFECTS, "allowed")]
        needed += [f"finding.strength.{each}" for each in STRENGTHS]
        needed += [f"finding.confidence.{each}" for each in CONFIDENCES]
        needed += [f"finding.outcome.{each}" for each in OUTCOMES]
        needed += [f"finding.per_{each}" for each in PER]
        needed += [f"finding.entry.{each}" for each in REGISTERS if f"hold.{each}" not in catalogue()]
        assert [code for code in needed if code not in catalogue()] == []

    def test_keeps_back_no_code_that_has_no_words(self) -> None:
        rule = replace(house_rules().named("house.natural.contacts"), rebuttal=("no_words_yet",))
        assert rebuttal_words(rule, "en") == "Can be rebutted by: no words yet."


class TestAClock:
    def test_is_the_debtors_where_his_is_known(self) -> None:
        assert clock_words(MOMENT, ("Asia/Shanghai",), None, "en") == "24 November 2026 13:00 (Asia/Shanghai)"

    def test_is_one_where_all_his_zones_show_the_same(self) -> None:
        said = clock_words(MOMENT, ("Europe/Berlin", "Europe/Paris"), UTC, "en")
        assert said == "24 November 2026 06:00 (Europe/Berlin)"

    def test_is_ours_where_his_may_be_several(self) -> None:
        ours = timezone(timedelta(hours=1))
        assert clock_words(MOMENT, ("America/New_York", "Pacific/Honolulu"), ours, "en") == (
            "24 November 2026 06:00 (UTC+01:00; at the debtor's place between 23 November 2026 19:00 and"
            " 24 November 2026 00:00)"
        )

    def test_of_a_span_without_end_tells_its_beginning(self) -> None:
        assert span_words(MOMENT, None, (), None, "en") == "from 24 November 2026 05:00 (UTC) on"


class TestAPage:
    def test_of_a_rule_has_its_anchor(self) -> None:
        assert page_of(house_rules().named("house.trade.year-end")) == "docs/rules/house.md#house-trade-year-end"

    def test_has_an_anchor_for_every_rule_of_its_own(self) -> None:
        anchors = [anchor_of(rule.id) for rule in house_rules().rules]
        assert len(anchors) == len(set(anchors))
