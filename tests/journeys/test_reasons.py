"""Eleven debtors owe from the second of March 2026; each is led his own way by the strategy that comes with Dunwell.

The days are those of the calendar: whoever changes the default strategy sees here what that means for people.
"""

from datetime import date
from itertools import pairwise

import pytest

from dunwell.core.terms import Stage
from tests.engine.book import days
from tests.journeys.story import House

FEB, MAR, APR, MAY, JUN = ((lambda day, month=month: date(2026, month, day)) for month in (2, 3, 4, 5, 6))


@pytest.fixture(scope="module")
def house() -> tuple[House, dict[str, int]]:
    """Everybody's first hundred and fifteen days."""
    house = House()
    who = {name: house.debtor(name, minor) for name, minor in (("owes 1,000", 1_000_00), ("owes 5,000", 5_000_00))}
    who["owes 150"] = house.debtor("owes 150", 150_00)
    who["is a consumer"] = house.debtor("is a consumer", 150_00, kind="consumer")
    who["is important"] = house.debtor("is important", 5_000_00)
    house.observe(who["is important"], "vip", "yes", days(-100))
    for reason in ("hardship", "oversight", "dispute", "refusal", "delay", "evasion"):
        who[reason] = house.debtor(reason)
        house.observe(who[reason], "reason", reason, days(6))
    who["hides"] = house.debtor("hides")
    house.in_vain.add(who["hides"])
    house.live(days(-6), days(115))
    return house, who


class TestWhoOwesAThousand:
    def test_is_warned_reminded_called_dunned_talked_to_and_then_handed_to_others(
        self, house: tuple[House, dict[str, int]]
    ) -> None:
        played, who = house
        assert played.diary[who["owes 1,000"]] == [
            (FEB(26), "notice by email"),
            (MAR(5), "reminder by email"),
            (MAR(19), "second_reminder by email"),
            (APR(2), "call"),
            (APR(9), "first_dunning by email"),
            (MAY(2), "second_dunning by letter"),
            (MAY(16), "person"),
            (MAY(26), "lawyer_letter"),
            (JUN(10), "agency"),
        ]

    def test_would_be_sued_and_not_sold_if_it_were_five_thousand(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        assert played.diary[who["owes 5,000"]][-2:] == [(MAY(26), "lawyer_letter"), (JUN(20), "suit")]

    def test_would_not_be_called_nor_meet_a_lawyer_for_a_hundred_and_fifty(
        self, house: tuple[House, dict[str, int]]
    ) -> None:
        played, who = house
        assert "call" not in played.steps(who["owes 150"])
        assert "lawyer_letter" not in played.steps(who["owes 150"])
        assert (APR(9), "first_dunning by email") in played.diary[who["owes 150"]]


class TestAConsumerWithASmallDebt:
    def test_has_three_gentle_letters_a_call_and_a_talk_and_no_suit(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        assert played.diary[who["is a consumer"]] == [
            (FEB(26), "notice by email"),
            (MAR(7), "reminder by email"),
            (MAR(22), "second_reminder by email"),
            (APR(2), "call"),
            (APR(11), "first_dunning by letter"),
            (MAY(2), "second_dunning by letter"),
            (MAY(22), "person"),
        ]

    def test_is_given_a_final_deadline_that_ends_on_a_working_day(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        deadlines = [
            row["deadline_date"]
            for row in played.book.rows["contacts"]
            if row["debtor_id"] == who["is a consumer"] and row["stage"] == Stage.SECOND_DUNNING
        ]
        assert deadlines == [MAY(18)]  # fourteen days end on a Saturday


class TestAnImportantCustomer:
    def test_is_talked_to_before_anything_firm_is_written_and_then_by_a_person(
        self, house: tuple[House, dict[str, int]]
    ) -> None:
        played, who = house
        assert played.diary[who["is important"]] == [
            (FEB(25), "notice by email"),
            (MAR(11), "reminder by email"),
            (MAR(23), "call"),
            (APR(16), "first_dunning"),
            (MAY(1), "person"),
        ]


class TestTheReasonForArrears:
    def test_leads_each_another_way(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        ways = {
            reason: tuple(
                (row["stage"], row["deadline_date"])
                for row in played.book.rows["contacts"]
                if row["debtor_id"] == who[reason] and row["stage"]
            )
            + tuple(played.diary[who[reason]])
            for reason in ("hardship", "oversight", "dispute", "refusal", "delay")
        }
        assert len(set(ways.values())) == 5

    def test_hardship_brings_a_person_and_no_further_letter(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        assert played.diary[who["hardship"]] == [
            (FEB(26), "notice by email"), (MAR(5), "reminder by email"), (MAR(8), "person"),
        ]  # fmt: skip

    def test_oversight_is_reminded_twice_and_never_asked_for_the_reason_on_the_phone(
        self, house: tuple[House, dict[str, int]]
    ) -> None:
        played, who = house
        assert played.diary[who["oversight"]][1:4] == [
            (MAR(5), "reminder by email"), (MAR(19), "second_reminder by email"), (APR(9), "first_dunning by email"),
        ]  # fmt: skip

    def test_dispute_is_talked_over_early_and_mediated_before_anybody_sues(
        self, house: tuple[House, dict[str, int]]
    ) -> None:
        played, who = house
        assert played.diary[who["dispute"]][2:] == [
            (MAR(14), "call"), (APR(11), "first_dunning"), (MAY(1), "person"), (MAY(21), "mediation"),
        ]  # fmt: skip

    @pytest.mark.parametrize("reason", ["refusal", "evasion"])
    def test_refusal_and_evasion_go_a_short_way_to_the_court(
        self, house: tuple[House, dict[str, int]], reason: str
    ) -> None:
        played, who = house
        assert played.diary[who[reason]][1:] == [
            (MAR(5), "reminder by email"),
            (MAR(12), "call"),
            (MAR(23), "second_dunning by letter"),
            (APR(6), "person"),
            (APR(16), "lawyer_letter"),
            (MAY(7), "suit"),
        ]

    def test_delay_is_set_a_day_already_by_the_second_reminder(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        set_by_second = {
            name: [
                row["deadline_date"]
                for row in played.book.rows["contacts"]
                if row["debtor_id"] == who[name] and row["stage"] == Stage.SECOND_REMINDER
            ]
            for name in ("delay", "owes 1,000")
        }
        assert set_by_second == {"delay": [MAR(26)], "owes 1,000": [None]}


class TestACallThatNobodyAnswers:
    def test_is_tried_three_times_and_then_the_ladder_goes_on(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        assert played.diary[who["hides"]][2:7] == [
            (MAR(19), "second_reminder by email"),
            (APR(2), "call in vain"),
            (APR(3), "call in vain"),
            (APR(4), "call in vain"),
            (APR(9), "first_dunning by email"),
        ]


class TestNobody:
    def test_is_written_to_twice_within_the_pause_of_his_segment(self, house: tuple[House, dict[str, int]]) -> None:
        played, who = house
        for debtor in who.values():
            wrote = [day for day, what in played.diary[debtor] if " by " in what]
            assert all((later - earlier).days >= 7 for earlier, later in pairwise(wrote))
            assert len(wrote) >= 2
