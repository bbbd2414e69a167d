"""A paragraph of the house's own in a strategy: what it may say, and what is told of it by line."""

from collections.abc import Iterator
from typing import Any

import pytest

from dunwell.core.errors import DunwellError, Words
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.content import wording
from dunwell.documents.personal import refuse_own_text, refuse_personal
from dunwell.rulebook.own_text import LONGEST, PLACES, filled
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import Reading, examine_strategy, read_strategy
from tests.support.strategies import PLAIN

REMINDER = "      - {stage: reminder, offset_days: 3, channels: [email, letter]}\n"
HEAD = "      - stage: reminder\n        offset_days: 3\n        channels: [email, letter]\n"
KIND = {
    "en": "Thank you, {debtor}: we value working with you.",
    "zh-Hans": "感谢{debtor}一直以来的信任。",
    "zh-Hant": "感謝{debtor}長久以來的信任。",
}


def with_own(text: dict[str, str], more: str = "") -> str:
    lines = "".join(f"          {language}: {words!r}\n" for language, words in text.items())
    assert REMINDER in PLAIN
    return PLAIN.replace(REMINDER, f"{HEAD}{more}        text:\n{lines}")


def line_of(text: str, needle: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if needle in line)


def examined(text: str) -> Reading:
    return examine_strategy(text, lint=refuse_own_text)


def texts(strategy: Strategy) -> dict[str, dict[str, str]]:
    return {each.name: each.text for each in strategy.treatments().values()}


class TestAParagraphOfTheHouse:
    def test_is_read_by_language(self) -> None:
        reading = examined(with_own(KIND))
        assert reading.strategy is not None
        assert not reading.warnings
        assert texts(reading.strategy)["reminder"] == KIND
        assert texts(reading.strategy)["first_dunning"] == {}

    def test_may_stand_over_several_lines_of_the_file(self) -> None:
        text = with_own(KIND).replace(repr(KIND["en"]), ">\n            We value\n            your trust.\n")
        strategy = examined(text).strategy
        assert strategy is not None
        assert texts(strategy)["reminder"]["en"] == "We value your trust."

    def test_is_that_of_other_rows_which_say_nothing_else(self) -> None:
        rows = ("{when: vip, tone: gentle}", "{when: items > 3, text: {en: Many.}}")
        more = "        instead:\n" + "".join(f"          - {row}\n" for row in rows)
        strategy = examined(with_own(KIND, more)).strategy
        assert strategy is not None
        assert texts(strategy)["reminder.1"] == KIND
        assert texts(strategy)["reminder.2"] == {"en": "Many."}

    def test_names_a_deadline_where_one_is_set(self) -> None:
        words = {**KIND, "en": "May we count on {weekday}, {pay_by}?"}
        assert not examined(with_own(words, "        pay_within_days: 9\n")).faults
        faults = examined(with_own(words)).faults
        assert [each.error.code for each in faults] == ["strategy.text_no_deadline"]

    @pytest.mark.parametrize("missing", LANGUAGES)
    def test_that_is_missing_in_a_language_is_warned_of(self, missing: str) -> None:
        text = with_own({language: words for language, words in KIND.items() if language != missing})
        reading = examined(text)
        assert reading.strategy is not None
        (warning,) = reading.warnings
        assert warning.line == line_of(text, "text:") + 1
        assert (warning.error.code, warning.error.params["languages"]) == ("strategy.text_missing", missing)

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            ("We call the police.", "personal.forbidden"),
            ("否则我们将起诉。", "personal.forbidden"),
            ("This is the final deadline.", "personal.forbidden"),
            ("Pay 500 and all is well.", "personal.not_yours"),
            ("Please pay within the week.", "personal.not_yours"),
            ("Pay at www.elsewhere.example.", "personal.not_yours"),
            ("Dear {name}", "strategy.text_place"),
            ("Dear {debtor.name}", "strategy.text_place"),
            ("Dear {debtor!r}", "strategy.text_place"),
            ("Dear {}", "strategy.text_place"),
            ("Dear {debtor", "strategy.text_brace"),
            ("Dear {{debtor}}", "strategy.text_brace"),
            ("Dear\tfriend", "strategy.text_unclean"),
            ("Dear\u202efriend", "strategy.text_unclean"),
            ("", "strategy.text_unclean"),
            ("Thank you \U0001f600", "personal.unprinted"),
            ("kind " * 200, "strategy.text_long"),
        ],
    )
    def test_that_says_what_it_must_not_is_told_by_its_line(self, words: str, code: str) -> None:
        place = "".join(f"\\U{ord(sign):08x}" for sign in words)
        text = with_own({**KIND, "zh-Hans": "HERE"}).replace("'HERE'", f'"{place}"')
        reading = examined(text)
        assert reading.strategy is None
        assert [(each.line, each.error.code) for each in reading.faults] == [(line_of(text, 'zh-Hans: "'), code)]
        assert not reading.warnings
        for language in LANGUAGES:
            assert reading.faults[0].error.words(language)

    def test_has_no_place_where_a_person_does_the_step(self) -> None:
        faults = examined(with_own(KIND, "        by: person\n")).faults
        assert [each.error.code for each in faults] == ["strategy.text_by_person"]

    @pytest.mark.parametrize("value", ["plain words", "[a, b]", "{fr: Merci}", "{en: [a]}", "{en: 5}", "{en: null}"])
    def test_of_another_shape_is_a_fault(self, value: str) -> None:
        text = PLAIN.replace(REMINDER, f"{HEAD}        text: {value}\n")
        assert examined(text).faults

    def test_is_as_long_as_it_may_be(self) -> None:
        assert not examined(with_own({**KIND, "en": "x" * LONGEST})).faults

    def test_is_refused_with_its_line_where_a_strategy_is_kept(self) -> None:
        with pytest.raises(DunwellError) as refused:
            read_strategy(with_own({**KIND, "en": "We call the police."}), lint=refuse_own_text)
        assert "police" in refused.value.words("en")


REFUSED = {
    "rights": [
        "You waive your right to object.", "This claim cannot be disputed.", "Complaints will be ignored.",
        "视为放弃异议。", "您不得异议。", "视为放棄異議。", "不得提出異議。",
    ],
    "payment": [
        "Please transfer it to our private account.", "Use PayPal instead.", "The money goes to me directly.",
        "请用支付宝付款。", "请汇入私人账户。", "請匯入私人帳戶。", "請用支付寶付款。", "我们的账户已变更。",
        "請把款項匯到我這裡，匯給我。",
    ],
    "deadline": ["Please pay by Christmas.", "Please pay by next Friday.", "请于春节前付款。", "請於農曆年前付清。",
                 "下周付款即可。"],
    "threat": [
        "You will lose your house.", "The enforcement officer is on his way.", "Think of your children.",
        "您会失去房子。", "想想您的孩子。", "執行人員會來。", "您會失去房屋。", "走着瞧。",
    ],
    "address": ["Please look at evil.example.", "Pay at pay-here.example", "见evil.example"],
    "numbers_in_words": ["电话一三八零零一三八零零零。", "請撥零九一二三四五六。", "Call oh one seven one five."],
}  # fmt: skip


class TestWordsOfOnesOwn:
    @pytest.mark.parametrize(("why", "words"), [(why, words) for why, some in REFUSED.items() for words in some])
    def test_that_deny_redirect_or_frighten_are_refused_in_three_languages(self, why: str, words: str) -> None:
        for refuse in (refuse_own_text, refuse_personal):
            with pytest.raises(DunwellError) as refused:
                refuse(words, Stage.REMINDER)
            assert refused.value.code == "personal.not_yours"
            for language in LANGUAGES:
                assert DunwellError(f"personal.{why}").words(language) in refused.value.words(language)

    @pytest.mark.parametrize(
        "words",
        [
            "We gladly talk about it, and we do not question your good will.",
            "If you think that an item is wrong, tell us: we will look at it.",
            "Please send me a short reply, or ask for my colleague.",
            "Our account manager at Muster GmbH & Co.KG is there for you.",
            "We would not like to lose your business, and we regret this misunderstanding.",
            "如有异议，请告诉我们。请付款给我们公司，感谢。",
            "如有異議，請告訴我們。請付款給我們公司，謝謝。",
            "三三两两的小问题，一五一十地告诉我们就好。",
        ],
    )
    def test_that_are_kind_are_taken(self, words: str) -> None:
        for refuse in (refuse_own_text, refuse_personal):
            assert refuse(words, Stage.REMINDER) is None  # type: ignore[func-returns-value]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_refused_for_nothing_that_our_own_messages_say_but_their_days(self, language: str) -> None:
        told = set()
        for text in _texts(wording(language)):
            try:
                refuse_own_text(text, Stage.SECOND_DUNNING)
            except DunwellError as error:
                told.add(str(error.params.get("why")))
        assert not told & {str(Words(f"personal.{why}")) for why in REFUSED if why != "deadline"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


class TestPlaceholders:
    def test_are_filled_once_whatever_stands_in_a_name(self) -> None:
        values = dict.fromkeys(PLACES, "-") | {"debtor": "{total} & <b>", "total": "EUR 5"}
        assert filled("{debtor}: {total}", values) == "{total} & <b>: EUR 5"

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_may_stand_at_every_stage_that_is_written(self, language: str) -> None:
        refuse_own_text(KIND[language] + "".join(f" {{{name}}}" for name in PLACES), Stage.REMINDER)
        assert KIND[language].count("{debtor}") == 1
