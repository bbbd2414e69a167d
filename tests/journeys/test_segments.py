"""Debtors who come into another segment in the middle of a ladder: nobody goes back, nobody skips."""

import random
from datetime import date

import pytest

from dunwell.core.terms import Stage
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from tests.engine.book import DAY, days
from tests.journeys.story import House

TALKS = {"person", "mediation"}
MAR, APR, MAY = ((lambda day, month=month: date(2026, month, day)) for month in (3, 4, 5))


@pytest.fixture(scope="module")
def house() -> tuple[House, dict[str, int]]:
    house, who = House(), {}
    for name, told in {
        "refuses on 25 March": [("reason", "refusal", MAR(25), None)],
        "refuses until 10 April": [("reason", "refusal", MAR(6), APR(10))],
        "becomes important": [("vip", "yes", APR(3), None)],
        "was important": [("vip", "yes", days(-30), MAR(28))],
        "is in hardship late": [("reason", "hardship", APR(12), APR(30))],
    }.items():
        who[name] = house.debtor(name)
        for each in told:
            house.observe(who[name], *each)
    house.live(days(-6), date(2026, 6, 12))
    return house, who


class TestWhoBeginsToRefuse:
    def test_meets_the_short_ladder_where_he_stands(self, house: tuple[House, dict[str, int]]) -> None:
        """Reminded twice in March; the short ladder has no second reminder, so its call is next, and at once."""
        played, who = house
        assert [(day, what.split(" by ")[0]) for day, what in played.diary[who["refuses on 25 March"]]][1:5] == [
            (MAR(5), "reminder"), (MAR(19), "second_reminder"), (MAR(25), "call"), (APR(1), "second_dunning"),
        ]  # fmt: skip


class TestWhoNoLongerRefuses:
    def test_is_not_reminded_again_after_his_final_deadline_was_set(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        steps = [what.split(" by ")[0] for what in played.steps(who["refuses until 10 April"])]
        assert steps == ["notice", "reminder", "call", "second_dunning", "person", "lawyer_letter", "agency"]


class TestWhoBecomesImportant:
    def test_is_not_called_a_second_time(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        steps = played.steps(who["becomes important"])
        assert steps.count("call") == 1
        assert steps[-2:] == ["first_dunning", "person"]


class TestWhoIsNoLongerImportant:
    def test_goes_on_from_the_call_with_the_first_dunning(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        assert [what.split(" by ")[0] for what in played.steps(who["was important"])][:6] == [
            "notice", "reminder", "call", "first_dunning", "second_dunning", "person",
        ]  # fmt: skip


class TestWhoComesIntoHardshipAfterTheFirstDunning:
    def test_is_sent_the_second_one_before_any_lawyer_when_it_is_over(
        self, house: tuple[House, dict[str, int]]
    ) -> None:
        played, who = house
        diary = [(day, what.split(" by ")[0]) for day, what in played.diary[who["is in hardship late"]]]
        assert diary[4:] == [
            (APR(9), "first_dunning"), (APR(12), "person"), (MAY(2), "second_dunning"), (MAY(16), "person"),
            (MAY(26), "lawyer_letter"), (date(2026, 6, 10), "agency"),
        ]  # fmt: skip


TALKED_FIRST = """
name: talked_first
title: {en: Talked first, zh-Hans: 先谈, zh-Hant: 先談}
netting: true
level: LEVEL
minimum_minor: {}
pause_days: 3
segments:
  - segment: talks
    title: {en: Talks, zh-Hans: 谈, zh-Hant: 談}
    when: vip
    stages:
      - {stage: TALK, offset_days: 1}
  - segment: letters
    title: {en: Letters, zh-Hans: 信, zh-Hant: 信}
    stages:
      - {stage: reminder, offset_days: 3, channels: [email]}
      - {stage: second_reminder, offset_days: 8, after_days: 5, channels: [email]}
      - {stage: call, offset_days: 12, after_days: 3}
      - {stage: first_dunning, offset_days: 16, after_days: 4, channels: [email], pay_within_days: 3}
      - {stage: second_dunning, offset_days: 22, after_days: 5, channels: [email], pay_within_days: 5}
      - {stage: person, after_deadline_days: 2}
      - {stage: lawyer_letter, offset_days: 35, after_days: 3}
      - {stage: mediation, offset_days: 40, after_days: 3}
      - {stage: suit, offset_days: 45, after_days: 3}
"""
LETTERS = "reminder second_reminder call first_dunning second_dunning person lawyer_letter mediation suit".split()


def _talked_first(talk: str, level: str, after: str) -> list[str]:
    """The steps of somebody with whom the first thing done was a talk, and who then came among the others."""
    strategy = read_strategy(TALKED_FIRST.replace("TALK", talk).replace("LEVEL", level))
    house = House(strategy=strategy)
    debtor = house.debtor(after)
    house.observe(debtor, "vip", "yes", days(-30), days(2))
    house.live(days(-6), days(75))
    return [what.split(" by ")[0] for what in house.steps(debtor)]


class TestWhoWasTalkedToBeforeAnythingWasWritten:
    @pytest.mark.parametrize("level", ["receivable", "debtor"])
    @pytest.mark.parametrize("talk", ["call", "person", "mediation"])
    def test_meets_every_letter_and_every_talk_of_the_others_in_their_order(self, talk: str, level: str) -> None:
        assert _talked_first(talk, level, "D") == [talk, *LETTERS]

    @pytest.mark.parametrize("step", ["lawyer_letter", "agency", "suit"])
    def test_gets_no_letter_of_ours_any_more_if_it_was_a_lawyer_or_others_who_wrote(self, step: str) -> None:
        after = {"lawyer_letter": ["mediation", "suit"], "agency": ["suit"], "suit": []}
        assert _talked_first(step, "receivable", "D") == [step, *after[step]]


def _wander(seed: int, debtors: int = 12) -> House:
    """Debtors whose kinds, reasons and importance change every other week."""
    picked, house = random.Random(seed), House()
    for number in range(debtors):
        debtor = house.debtor(f"D{number}", picked.choice([150_00, 1_000_00, 5_000_00]),
                              kind=picked.choice(["business", "consumer"]))  # fmt: skip
        for _ in range(6):
            kind = picked.choice(["reason", "reason", "vip", "cooperation"])
            value = {
                "reason": picked.choice(["hardship", "oversight", "dispute", "refusal", "delay", "evasion"]),
                "vip": picked.choice(["yes", "no"]), "cooperation": picked.choice(["good", "poor"]),
            }[kind]  # fmt: skip
            since = days(picked.randint(0, 100))
            house.observe(debtor, kind, value, since, picked.choice([None, days(picked.randint(5, 30), since)]))
        if picked.random() < 0.3:
            house.in_vain.add(debtor)
    house.live(DAY, days(130), every=2)
    return house


@pytest.fixture(scope="module")
def wanderers() -> House:
    """Twelve of them, looked at every other day."""
    return _wander(3)


class TestWhoeverWandersBetweenSegments:
    def test_never_meets_a_step_twice_but_for_talks(self, wanderers: House) -> None:
        for debtor, diary in wanderers.diary.items():
            steps = [what.split(" by ")[0] for _, what in diary if not what.endswith("in vain") and what not in TALKS]
            assert len(steps) == len(set(steps)), (debtor, diary)

    def test_never_goes_back_to_a_gentler_step(self, wanderers: House) -> None:
        for debtor, diary in wanderers.diary.items():
            words = [what.split(" by ")[0] for _, what in diary if not what.endswith("in vain") and what not in TALKS]
            order = [Stage[word.upper()] for word in words]
            assert order == sorted(order), (debtor, diary)

    def test_never_meets_a_lawyer_without_a_final_deadline(self, wanderers: House) -> None:
        met = [
            [what.split(" by ")[0] for what in wanderers.steps(debtor)]
            for debtor in wanderers.diary
            if {"lawyer_letter", "agency", "suit"} & {what.split(" by ")[0] for what in wanderers.steps(debtor)}
        ]
        assert met, "nobody came so far: the story proves nothing"
        assert all("second_dunning" in steps for steps in met)

    def test_comes_through_every_segment(self, wanderers: House) -> None:
        seen = {
            row
            for day in range(0, 120, 10)
            for row in wanderers.book.decide(days(day), strategy=default_strategy()).lines["segment"]
        }
        assert seen == {segment.name for segment in default_strategy().segments}
