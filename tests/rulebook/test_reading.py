"""Rules that cannot be trusted and strategies that cannot be followed are refused, in words that say why."""

from datetime import date
from typing import Any

import pytest
import yaml

from dunwell.core.terms import Stage
from dunwell.rulebook.places import candidate_zones, every_zone
from dunwell.rulebook.rules_file import RuleError, house_rules, read_rules
from dunwell.rulebook.strategy import StrategyError, default_strategy, read_strategy


def rule(**changes: Any) -> dict[str, Any]:
    """A good rule, changed; None takes a key away."""
    good = {
        "id": "x.cap",
        "title": {"en": "Enough", "zh-Hans": "够了", "zh-Hant": "夠了"},
        "applies": {"channel": ["phone"]},
        "kind": "frequency",
        "effect": "forbidden",
        "values": {date(2026, 1, 1): {"contacts": 7, "days": 7}},
        "citation": {"source": "a law", "confidence": "official", "quote": ""},
        "review_by": date(2027, 1, 1),
        "cases": [{"name": "one", "contacts_days_ago": [0], "finding": "allowed"}],
    } | changes
    return {key: value for key, value in good.items() if value is not None}


def read(*rules: object) -> None:
    read_rules({"x.yaml": yaml.safe_dump(list(rules), allow_unicode=True)})


class TestARule:
    def test_that_is_whole_is_read(self) -> None:
        found = read_rules({"x.yaml": yaml.safe_dump([rule()])})
        assert found.named("x.cap").on(date(2025, 12, 31)) is None
        assert found.named("x.cap").on(date(2026, 1, 1)) == {"contacts": 7, "days": 7}
        assert found.in_force(date(2025, 12, 31), "frequency") == []
        with pytest.raises(KeyError):
            found.named("y")

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"citation": None}, "exactly the keys"),
            ({"citation": {"confidence": "official"}}, "needs the source"),
            ({"citation": {"source": " ", "confidence": "official"}}, "needs the source"),
            ({"citation": {"source": "a law"}}, "confidence is one of"),
            ({"citation": {"source": "a law", "confidence": "somebody said"}}, "confidence is one of"),
            ({"citation": "a law"}, "citation is a table"),
            ({"cases": []}, "without a case"),
            ({"cases": None}, "exactly the keys"),
            ({"title": {"en": "Enough", "zh-Hans": "够了"}}, "title needs en, zh-Hans, zh-Hant"),
            ({"title": {"en": "Enough", "zh-Hans": "够了", "zh-Hant": ""}}, "title needs"),
            ({"kind": "mood"}, "unknown kind"),
            ({"effect": "maybe"}, "unknown kind or effect"),
            ({"values": {}}, "from a day on"),
            ({"values": {"always": {"contacts": 7, "days": 7}}}, "from a day on"),
            ({"values": {date(2026, 1, 1): {"contacts": 7}}}, "exactly contacts, days"),
            ({"values": {date(2026, 1, 1): {"contacts": 0, "days": 7}}}, "too small"),
            ({"values": {date(2026, 1, 1): None}}, "exactly contacts, days"),
            ({"applies": {"channel": ["telex"]}}, "name the channels"),
            ({"applies": {"channel": "phone"}}, "name the channels"),
            ({"applies": {}}, "name the channels"),
            ({"review_by": "soon"}, "review_by is a day"),
            ({"extra": 1}, "exactly the keys"),
        ],
    )
    def test_that_cannot_be_trusted_is_refused(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(RuleError, match=why) as caught:
            read(rule(**changes))
        assert "x.yaml: 'x.cap'" in str(caught.value)

    def test_that_stands_twice_is_refused(self) -> None:
        with pytest.raises(RuleError, match=r"x\.cap stands twice"):
            read(rule(), rule())

    @pytest.mark.parametrize("text", ["- just words", "{a: 1}", "- [", "5"])
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(RuleError):
            read_rules({"x.yaml": text})

    def test_of_the_house_has_a_review_day_ahead_of_its_values(self) -> None:
        for each in house_rules().rules:
            assert each.review_by > each.values[-1][0]

    def test_text_changes_the_hash(self) -> None:
        texts = house_rules().texts
        assert read_rules({name: text + "\n" for name, text in texts.items()}).hash != house_rules().hash
        assert read_rules(dict(texts)).hash == house_rules().hash


class TestAStrategy:
    def test_that_comes_with_the_product_is_gentle_and_in_order(self) -> None:
        found = default_strategy()
        assert [step.stage for step in found.steps] == [
            Stage.NOTICE,
            Stage.REMINDER,
            Stage.FIRST_DUNNING,
            Stage.SECOND_DUNNING,
        ]
        assert found.step(Stage.REMINDER).offset_days > 0
        assert found.step(Stage.NOTICE).offset_days + found.pause_days <= found.step(Stage.REMINDER).offset_days
        assert read_strategy(found.text) == found

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ("name: default", "nickname: default", "exactly the keys"),
            ("netting: true", "netting: maybe", "netting is true or false"),
            ("pause_days: 7", "pause_days: 0", "pause_days is a whole number, at least 1"),
            ("pause_days: 7", "pause_days: soon", "pause_days is a whole number"),
            ("stage: notice", "stage: greeting", "stages stand in order"),
            ("stage: notice", "stage: reminder", "stages stand in order"),
            ("offset_days: 3,", "offset_days: 0,", "every other step after it"),
            ("offset_days: 3,", "offset_days: -60,", "every other step after it"),
            ("offset_days: -4,", "offset_days: 4,", "a notice comes before the due date"),
            ("offset_days: 3,", "offset_days: 3.5,", "reminder: offset_days is a whole number"),
            ("after_days: 14", "after_days: -1", "second_dunning: after_days is a whole number, at least 0"),
            ("channels: [letter, email], pay_within_days: 10", "channels: [letter, email]", "final deadline"),
            ("pay_within_days: 10", "pay_within_days: 0", "pay_within_days is a whole number, at least 1"),
            ("channels: [email]", "channels: [pigeon]", "channels are some of"),
            ("channels: [email]", "channels: email", "channels are some of"),
            ("after_deadline_days: 3", "after_deadline_days: -3", "after_deadline_days is a whole number"),
            ("EUR: 500", "EURO: 500", "EURO is not a currency"),
            ("EUR: 500", "EUR: 5.5", "EUR is a whole number"),
            ("EUR: 500", "EUR: -1", "EUR is a whole number, at least 0"),
        ],
    )
    def test_that_cannot_be_followed_is_refused(self, old: str, new: str, why: str) -> None:
        text = default_strategy().text
        assert old in text
        with pytest.raises(StrategyError, match=why):
            read_strategy(text.replace(old, new))

    @pytest.mark.parametrize("text", ["", "[]", "{", "name: x\nstages: 5"])
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(StrategyError):
            read_strategy(text)


class TestAPlace:
    def test_that_is_known_is_one_zone_and_an_unknown_one_may_be_any(self) -> None:
        assert candidate_zones("DE", "Asia/Tokyo") == ("Asia/Tokyo",)
        assert candidate_zones("CN", None) == ("Asia/Shanghai",)
        assert candidate_zones("TW", None) == ("Asia/Taipei",)
        assert len(candidate_zones("US", None)) > 20
        assert candidate_zones(None, None) == candidate_zones("XX", None) == every_zone()
        assert len(every_zone()) > 300
