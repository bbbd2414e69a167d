"""The block `experiments` of a strategy: what is read, and how faults are told."""

from datetime import date

import pytest

from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.strategy_words import strategy_lines
from dunwell.rulebook.strategy import Change, Offer, OfferKind
from dunwell.rulebook.strategy_file import check_strategy, read_strategy
from tests.support.strategies import PLAIN

TRIAL = """\
experiments:
  - experiment: letter-first
    from: 2027-01-01
    until: 2027-03-31
    segment: everybody
    when: "kind = 'business'"
    arms:
      - {arm: usual, share_bp: 5000}
      - arm: letter
        share_bp: 5000
        stages:
          - stage: first_dunning
            channels: [letter, email]
            after_days: 14
            offer: {kind: extension, days: 10}
"""
ANOTHER = """\
  - {experiment: second, from: 2027-03-31, until: 2027-05-31, arms: [{arm: a, share_bp: 1}, {arm: b, share_bp: 9999}]}
"""


def faults(text: str) -> list[tuple[int, str]]:
    _, found = check_strategy(text)
    return [(fault.line, fault.error.code) for fault in found]


class TestAnExperiment:
    def test_is_read_with_its_days_its_arms_and_what_they_change(self) -> None:
        (found,) = read_strategy(PLAIN + TRIAL).experiments
        assert (found.name, found.from_date, found.until_date) == ("letter-first", date(2027, 1, 1), date(2027, 3, 31))
        assert found.segment == "everybody"
        assert [(arm.name, arm.share_bp) for arm in found.arms] == [("usual", 5_000), ("letter", 5_000)]
        offer = Offer(OfferKind.EXTENSION, days=10)
        assert found.arms[1].changes == (Change(Stage.FIRST_DUNNING, ("letter", "email"), 14, offer),)

    def test_may_follow_another(self) -> None:
        found = read_strategy(PLAIN + TRIAL + ANOTHER.replace("2027-03-31", "2027-04-01"))
        on = [found.experiment_on(date(2027, month, 1)) for month in (1, 4, 6)]
        assert [each and each.name for each in on] == ["letter-first", "second", None]

    def test_may_widen_an_offer_of_the_strategy(self) -> None:
        stage = "- stage: first_dunning\n        offer: {kind: extension, days: 10}"
        text = PLAIN.replace("- stage: first_dunning", stage) + TRIAL
        assert not faults(text)
        assert not faults(text.replace("offer: {kind: extension, days: 10}\n", "offer: {kind: extension, days: 11}\n"))

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize(
        ("old", "new"),
        [("letter-first", "trial"), ("2027-03-31", "2027-03-30"), ("    segment: everybody\n", ""),
         ("business", "consumer"), ("5000", "5001"), ("[letter, email]", "[email, letter]"), ("14", "15"),
         ("days: 10", "days: 11")],
    )  # fmt: skip
    def test_differs_in_its_lines_from_any_other(self, old: str, new: str, language: str) -> None:
        changed = TRIAL.replace(old, new)
        if old == "5000":
            changed = changed.replace("      - {arm: usual, share_bp: 5001}", "      - {arm: usual, share_bp: 4999}")
        one, other = (strategy_lines(read_strategy(PLAIN + text), language) for text in (TRIAL, changed))
        assert set(one) ^ set(other)
        assert len(one) == len(set(one))


class TestAFault:
    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("    until: 2027-03-31\n", "", "strategy.missing_key"),
            ("until: 2027-03-31", "until: 2026-12-31", "strategy.experiment_days"),
            ("from: 2027-01-01", "from: 1 January", "strategy.wants_date"),
            ("from: 2027-01-01", "from: 20270101", "strategy.wants_date"),
            ("segment: everybody", "segment: nobody", "strategy.unknown_segment"),
            ("kind = 'business'", "kynd = 'business'", "strategy.unknown_column_near"),
            ("kind = 'business'", "zzz > 3", "strategy.unknown_column"),
            ("arm: usual", "arm: letter", "strategy.arm_twice"),
            ("arm: usual", "arm: as it was", "strategy.bad_name"),
            ("usual, share_bp: 5000", "usual, share_bp: 4999", "strategy.shares"),
            ("usual, share_bp: 5000", "usual, share_bp: 50 %", "strategy.wants_share"),
            ("usual, share_bp: 5000", "usual, share_bp: 10000", "strategy.wants_share"),
            ("      - {arm: usual, share_bp: 5000}\n", "", "strategy.few_arms"),
            ("stage: first_dunning", "stage: agency", "strategy.unknown_stage"),
            ("channels: [letter, email]", "channels: [letter, phone]", "strategy.arm_channel"),
            ("channels: [letter, email]", "channels: [pigeon]", "strategy.unknown_word"),
            ("channels: [letter, email]", "pay_within_days: 3", "strategy.unknown_key"),
            ("channels: [letter, email]", "interest: true", "strategy.unknown_key"),
            ("channels: [letter, email]", "skip: true", "strategy.unknown_key"),
            ("channels: [letter, email]", "by: system", "strategy.unknown_key"),
            ("after_days: 14", "after_days: 9", "strategy.arm_sooner"),
            ("kind: extension, days: 10", "kind: waiver, percent: 50", "strategy.offer_by_person"),
        ],
    )  # fmt: skip
    def test_is_told_with_its_line(self, old: str, new: str, code: str) -> None:
        line = (PLAIN + TRIAL[: TRIAL.index(old)]).count("\n") + 1
        found = faults(PLAIN + TRIAL.replace(old, new, 1))
        assert code in [each for _, each in found]
        assert all(abs(at - line) <= 8 for at, _ in found)

    def test_is_an_experiment_that_shares_a_day_with_another(self) -> None:
        assert [code for _, code in faults(PLAIN + TRIAL + ANOTHER)] == ["strategy.experiments_overlap"]

    def test_is_the_name_of_another(self) -> None:
        text = ANOTHER.replace("2027-03-31", "2027-04-01").replace("second", "letter-first")
        assert [code for _, code in faults(PLAIN + TRIAL + text)] == ["strategy.experiment_twice"]

    def test_is_a_row_without_a_change_or_a_stage_that_stands_twice(self) -> None:
        bare = "          - stage: second_dunning\n"
        assert [code for _, code in faults(PLAIN + TRIAL + bare)] == ["strategy.arm_same"]
        twice = "          - {stage: first_dunning, after_days: 20}\n"
        assert [code for _, code in faults(PLAIN + TRIAL + twice)] == ["strategy.twice"]

    def test_is_a_wait_before_the_first_step(self) -> None:
        text = TRIAL + "          - {stage: notice, after_days: 3}\n"
        assert [code for _, code in faults(PLAIN + text)] == ["strategy.arm_first"]

    def test_is_an_offer_that_is_narrower_than_the_strategys_or_another(self) -> None:
        for usual in ("{kind: extension, days: 11}", "{kind: instalments, instalments: 2}"):
            stage = f"- stage: first_dunning\n        offer: {usual}"
            text = PLAIN.replace("- stage: first_dunning", stage) + TRIAL
            assert [code for _, code in faults(text)] == ["strategy.arm_offer"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_has_words(self, language: str) -> None:
        _, found = check_strategy(PLAIN + TRIAL.replace("14", "9").replace("letter, email", "phone") + ANOTHER)
        said = [fault.error.words(language) for fault in found]
        assert len(said) == 3
        assert not any("{" in each for each in said)
