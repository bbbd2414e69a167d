"""Strategies as people write them: what is read, and how faults are told."""

import pytest

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.rulebook.strategy import OfferKind
from dunwell.rulebook.strategy_file import check_strategy, default_strategy, read_strategy
from tests.support.strategies import PLAIN


class TestTheDefaultStrategy:
    def test_reads_as_itself(self) -> None:
        assert read_strategy(default_strategy().text) == default_strategy()

    def test_has_every_segment_in_three_languages(self) -> None:
        for segment in default_strategy().segments:
            assert set(segment.title) == set(LANGUAGES)

    @pytest.mark.parametrize("segment", [each.name for each in default_strategy().segments])
    def test_warns_before_it_demands_and_lets_a_notices_pause_end_before_the_reminder(self, segment: str) -> None:
        found = default_strategy().segment(segment)
        notice, reminder = found.step(Stage.NOTICE), found.step(Stage.REMINDER)
        if notice is not None and reminder is not None:
            assert notice.offset_days is not None
            assert reminder.offset_days is not None
            assert notice.offset_days + found.pause_days <= reminder.offset_days + 2

    def test_is_friendly_in_the_first_thirty_days_and_firm_only_beyond_sixty(self) -> None:
        for segment in default_strategy().segments:
            if segment.name == "unwilling":
                continue
            for step in segment.steps:
                offset = step.offset_days
                if offset is not None and step.stage.is_message and offset <= 30:
                    assert {each.tone for each in step.treatments} <= {"gentle", "plain"}
                    assert step.stage < Stage.FIRST_DUNNING
                if step.stage == Stage.SECOND_DUNNING:
                    assert offset is not None
                    assert offset > 60

    def test_reminds_of_promises_and_thanks_for_them_in_every_segment_but_reminds_nobody_in_hardship(self) -> None:
        found = default_strategy()
        assert (found.promises.remind_days, found.promises.thank) == (3, True)
        for segment in found.segments:
            assert segment.promises.thank
            assert segment.promises.channels == found.promises.channels
            assert (segment.promises.remind_days == 0) == (segment.name == "hardship")

    def test_leaves_what_is_firmer_than_a_letter_to_people(self) -> None:
        for segment in default_strategy().segments:
            for step in segment.steps:
                if step.stage >= Stage.PERSON:
                    assert {each.by for each in step.treatments} == {"person"}

    def test_offers_ways_out_to_who_is_in_hardship(self) -> None:
        step = default_strategy().segment("hardship").step(Stage.PERSON)
        assert step is not None
        assert step.treatment.offer is not None
        assert step.treatment.offer.kind is OfferKind.INSTALMENTS
        assert default_strategy().segment("hardship").step(Stage.FIRST_DUNNING) is None


class TestAStrategy:
    def test_that_says_nothing_of_promises_writes_nothing_about_them(self) -> None:
        found = read_strategy(PLAIN)
        assert not found.promises.any
        assert not any(segment.promises.any for segment in found.segments)

    def test_says_in_a_segment_only_what_differs_from_the_top(self) -> None:
        own = "    promises: {thank: false}\n    stages:\n      - {stage: notice"
        text = PLAIN.replace("    stages:\n      - {stage: notice", own)
        found = read_strategy(text + "promises: {remind_days: 2, thank: true, channels: [letter]}\n")
        mine = found.segments[0].promises
        assert (mine.remind_days, mine.thank, mine.channels) == (2, False, ("letter",))
        assert found.promises.thank


def faults(text: str) -> list[tuple[int, str]]:
    _, found = check_strategy(text)
    return [(fault.line, fault.error.code) for fault in found]


def line_of(needle: str) -> int:
    return next(number for number, line in enumerate(PLAIN.splitlines(), 1) if needle in line)


class TestAFault:
    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("name: plain", "nickname: plain", "strategy.unknown_key"),
            ("name: plain", "name: Plain Old", "strategy.bad_name"),
            ("netting: true", "netting: maybe", "strategy.wants_flag"),
            ("pause_days: 7", "pause_days: 0", "strategy.wants_days"),
            ("pause_days: 7", "pause_days: soon", "strategy.wants_days"),
            ("pause_days: 7", "pause_days: 010", "strategy.leading_zero"),
            ("EUR: 500", "EUR: 0500", "strategy.leading_zero"),
            ("name: plain", "minimum_percent: {EUR: 010}\nname: plain", "strategy.leading_zero"),
            ("name: plain", "minimum_percent: {EUR: 1e999999999}\nname: plain", "strategy.wants_percent"),
            ("channels: [email]}", "channels: [email], instead: [{when: amount > 1e999999999, skip: true}]}",
             "strategy.wants_number"),
            ("pause_days: 7", "pause_days: 7\npause_days: 8", "strategy.twice"),
            ("stage: notice", "stage: greeting", "strategy.unknown_stage"),
            ("offset_days: 3,", "offset_days: 0,", "strategy.step_early"),
            ("offset_days: 3,", "offset_days: -60,", "strategy.step_early"),
            ("offset_days: -4,", "offset_days: 4,", "strategy.notice_late"),
            ("offset_days: 3,", "offset_days: 3.5,", "strategy.wants_days"),
            ("offset_days: -4,", "offset_days: -4, month_end: true,", "strategy.month_end"),
            ("offset_days: 3,", "offset_days: 3, month_end: 1,", "strategy.wants_flag"),
            ("after_days: 14", "after_days: -1", "strategy.wants_days"),
            ("channels: [email]", "channels: [pigeon]", "strategy.unknown_word"),
            ("channels: [email]", "channels: email", "strategy.wants_list"),
            ("channels: [email]}", "channels: [sms]}", "strategy.unsendable"),
            ("channels: [email]}", "tone: gentle}", "strategy.no_channels"),
            ("channels: [email]}", "channels: [email], tone: rude}", "strategy.unknown_word"),
            ("after_deadline_days: 3", "after_deadline_days: -3", "strategy.wants_days"),
            ("stage: person, after_deadline_days: 3", "stage: person", "strategy.when_missing"),
            ("after_deadline_days: 3}", "after_deadline_days: 3, by: system}", "strategy.needs_person"),
            ("EUR: 500", "EURO: 500", "strategy.no_currency"),
            ("EUR: 500", "EUR: 5.5", "strategy.wants_minor"),
            ("EUR: 500", "EUR: -1", "strategy.wants_minor"),
            ("zh-Hant: 所有客戶", "zh-Hant: ''", "strategy.bad_title"),
            ("{en: Everybody, ", "{", "strategy.missing_key"),
            ("  - segment: everybody", "  - segment: everybody\n    when: vip", "strategy.last_for_all"),
            ("channels: [email]}", "channels: [email], offer: {kind: gift}}", "strategy.unknown_word"),
            ("channels: [email]}", "channels: [email], offer: {kind: discount, days: 5}}", "strategy.offer_limits"),
            ("channels: [email]}", "channels: [email], instead: [{when: amout > 5, skip: true}]}",
             "strategy.unknown_column_near"),
            ("channels: [email]}", "channels: [email], instead: [{skip: true}]}", "strategy.missing_key"),
            ("channels: [email]}", "channels: [email], instead: [{when: vip, skip: true, tone: firm}]}",
             "strategy.skip_alone"),
            ("name: plain", "minimum_percent: {EUR: 0}\nname: plain", "strategy.wants_percent"),
            ("name: plain", "uneconomic_minor: {pigeon: {EUR: 5}}\nname: plain", "strategy.unknown_word"),
            ("name: plain", "level: everybody\nname: plain", "strategy.unknown_word"),
            ("name: plain", "at_once: [promise_brokn]\nname: plain", "strategy.unknown_word"),
            ("name: plain", "at_once: promise_broken\nname: plain", "strategy.wants_list"),
            ("    stages:", "    at_once: [vip]\n    stages:", "strategy.unknown_word"),
            ("name: plain", "promises: {remind_days: -1, channels: [email]}\nname: plain", "strategy.wants_days"),
            ("name: plain", "promises: {thank: often, channels: [email]}\nname: plain", "strategy.wants_flag"),
            ("name: plain", "promises: {remind_days: 3}\nname: plain", "strategy.no_channels"),
            ("name: plain", "promises: {thank: true, channels: [sms]}\nname: plain", "strategy.note_unsendable"),
            ("name: plain", "promises: {forgive: true}\nname: plain", "strategy.unknown_key"),
        ],
    )  # fmt: skip
    def test_is_told_by_its_line(self, old: str, new: str, code: str) -> None:
        assert PLAIN.count(old) >= 1
        found = faults(PLAIN.replace(old, new, 1))
        assert code in [each for _, each in found]
        wanted = line_of(old.splitlines()[0])
        assert any(abs(line - wanted) <= 1 for line, each in found if each == code), (found, wanted)

    @pytest.mark.parametrize(("language", "top"), [("en", "the file: "), ("zh-Hans", "文件："), ("zh-Hant", "檔案：")])
    def test_at_the_top_names_the_file(self, language: str, top: str) -> None:
        for text in (PLAIN.replace("name: plain", "nickname: plain"), PLAIN.replace("netting: true", ""), "- 1"):
            _, found = check_strategy(text)
            assert found[0].error.words(language).startswith(top)

    def test_does_not_hide_the_others(self) -> None:
        text = PLAIN.replace("pause_days: 7", "pause_days: 0").replace("offset_days: 3,", "offset_days: 0,")
        assert [code for _, code in faults(text)] == ["strategy.wants_days", "strategy.step_early"]

    def test_of_stages_out_of_order_names_both(self) -> None:
        text = PLAIN.replace("stage: reminder", "stage: suit")
        _, found = check_strategy(text)
        assert ("strategy.stage_order", {"stage": "first_dunning", "before": "suit"}) in [
            (fault.error.code, fault.error.params) for fault in found
        ]

    def test_is_a_segment_that_would_stay_empty(self) -> None:
        twice = PLAIN.replace("segments:\n", "segments:\n" + _segment("before"))
        assert "strategy.takes_all" in [code for _, code in faults(twice)]

    def test_is_a_final_deadline_that_nobody_set(self) -> None:
        stage = "{stage: person, after_deadline_days: 3}"
        alone = PLAIN[: PLAIN.index("      - stage: first_dunning")] + f"      - {stage}\n"
        assert "strategy.no_deadline_before" in [code for _, code in faults(alone)]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_speaks_the_readers_language(self, language: str) -> None:
        _, found = check_strategy(PLAIN.replace("pause_days: 7", "pause_days: soon"))
        assert "pause_days" in found[0].error.words(language)

    @pytest.mark.parametrize("text", ["[]", "5", "name: x\nsegments: 5"])
    def test_of_the_whole_shape_is_no_crash(self, text: str) -> None:
        strategy, found = check_strategy(text)
        assert strategy is None
        assert found

    @pytest.mark.parametrize(
        "text", ["", "{", "a: [1", "\x00", "&a [*a", "x: !!python/object:os.system y\n  z", "a" * 1_000_001]
    )
    def test_that_makes_it_no_yaml_is_refused(self, text: str) -> None:
        with pytest.raises(DunwellError) as refused:
            read_strategy(text)
        assert refused.value.code.startswith("strategy.")


def _segment(name: str) -> str:
    return (
        f"  - segment: {name}\n    title: {{en: A, zh-Hans: A, zh-Hant: A}}\n"
        "    stages: [{stage: reminder, offset_days: 3, channels: [email]}]\n"
    )
