"""Who promises to pay is reminded in time and thanked when he keeps his word: one debtor per story.

All owe 1,000.00 from 2 March 2026 and promised on 17 March to pay on the 27th, unless their story says otherwise.
"""

from collections.abc import Callable
from datetime import date, time

import pytest

from dunwell.core.terms import Note
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from tests.engine.book import DAY
from tests.journeys.story import House

REMINDED, THANKED = "promise_reminder", "promise_thanks"
Story = Callable[[House, int, int], object]


def march(day: int) -> date:
    return date(2026, 3, day)


def lived(
    *stories: Story, until: date = date(2026, 4, 1), every: int = 1, first: date = DAY, minor: int = 1_000_00,
    house: House | None = None, **debtor: str,
) -> list[tuple[date, str]]:  # fmt: skip
    """What was written to a debtor from 18 March on: day and what it was. stories: told before anything happens."""
    house = house or House()
    who = house.debtor("D", minor, **debtor)  # type: ignore[arg-type]
    for story in stories:
        story(house, who, len(house.book.rows["receivables"]))
    house.live(first, until, every=every)
    return [(day, what.split(" by ")[0]) for day, what in house.diary[who] if day >= march(18)]


def promises(minor: int = 400_00, made: int = 17, due: int = 27) -> Story:
    return lambda house, who, item: house.book.promise(who, minor, march(made), march(due))


def pays(minor: int, on: date, *, seen: date | None = None) -> Story:
    def told(house: House, who: int, item: int) -> None:
        house.on(seen or on, lambda: house.book.payment(who, minor, on))

    return told


class TestSomebodyWhoPromised:
    def test_is_reminded_once_three_days_before_and_nobody_thanks_him_for_nothing(self) -> None:
        assert lived(promises())[:2] == [(march(24), REMINDED), (march(31), "second_reminder")]

    def test_is_not_reminded_when_he_pays_early_and_is_thanked_the_same_day(self) -> None:
        assert lived(promises(), pays(400_00, march(22)))[:2] == [
            (march(22), THANKED), (march(23), "second_reminder"),
        ]  # fmt: skip

    def test_is_asked_for_the_rest_the_day_after_the_thanks_and_not_on_the_same(self) -> None:
        house = House()
        found = lived(promises(), pays(400_00, march(27)), house=house)
        assert found[:3] == [(march(24), REMINDED), (march(27), THANKED), (march(31), "second_reminder")]
        early = House()
        lived(promises(), pays(400_00, march(23)), house=early)
        assert early.why(1, march(23)) == "thanked_today"

    def test_is_thanked_too_when_the_money_comes_in_the_days_of_grace(self) -> None:
        found = lived(promises(1_000_00), pays(1_000_00, march(30)))
        assert found == [(march(24), REMINDED), (march(30), THANKED)]

    def test_is_not_thanked_for_money_that_came_when_his_word_was_broken(self) -> None:
        found = lived(promises(1_000_00), pays(1_000_00, date(2026, 4, 1)))
        assert found == [(march(24), REMINDED), (march(31), "second_reminder")]

    def test_is_not_thanked_for_a_part_and_is_reminded_of_what_is_still_to_come(self) -> None:
        house = House()
        lived(promises(), pays(300_00, march(20)), until=march(23), house=house)
        (note,) = house.day(march(24)).notes.to_dicts()
        assert (note["note"], note["total_minor"], note["due_date"]) == (REMINDED, 100_00, march(27))

    def test_is_never_asked_for_more_than_he_owes(self) -> None:
        house = House()
        lived(promises(5_000_00), until=march(23), house=house)
        (note,) = house.day(march(24)).notes.to_dicts()
        assert note["total_minor"] == 1_000_00

    def test_is_not_reminded_of_what_he_said_yesterday(self) -> None:
        assert lived(promises(made=23, due=27), until=march(30)) == [(march(19), "second_reminder")]

    def test_is_not_reminded_when_he_took_his_word_back(self) -> None:
        def takes_it_back(house: House, who: int, _: int) -> None:
            house.book.promise(who, 400_00, march(17), march(27), withdrawn=march(23))

        assert REMINDED not in [what for _, what in lived(takes_it_back)]

    def test_of_two_days_is_reminded_of_each_and_thanked_for_each(self) -> None:
        found = lived(
            promises(200_00, due=20), promises(300_00, due=30), pays(200_00, march(20)), pays(300_00, march(30)),
            until=march(30),
        )  # fmt: skip
        assert found == [(march(20), THANKED), (march(27), REMINDED), (march(30), THANKED)]

    def test_of_two_sums_that_come_on_one_day_is_thanked_once(self) -> None:
        house = House()
        found = lived(promises(200_00), promises(300_00), pays(500_00, march(22)), until=march(30), house=house)
        assert [what for _, what in found].count(THANKED) == 1

    def test_waits_for_the_pause_after_our_last_message(self) -> None:
        def wrote(house: House, who: int, item: int) -> None:
            house.book.contact(who, march(19), {item: 25}, purpose="collection")

        assert lived(promises(), wrote, until=march(30)) == [(march(26), REMINDED)]

    def test_in_hardship_is_thanked_and_not_reminded(self) -> None:
        def hardship(house: House, who: int, _: int) -> None:
            house.observe(who, "reason", "hardship", DAY)

        found = lived(promises(1_000_00), hardship, pays(1_000_00, march(27)), until=march(30))
        assert [what for _, what in found] == [THANKED]


class TestARuleThatStandsAgainstIt:
    @pytest.mark.parametrize("reason", ["talks", "cease_request", "attorney"])
    def test_as_a_hold_stops_the_reminder_and_the_thanks(self, reason: str) -> None:
        def held(house: House, who: int, _: int) -> None:
            house.book.hold(who, reason, march(18), march(31))

        assert lived(promises(), held, pays(400_00, march(26)), until=march(31)) == []

    def test_as_a_complaint_stops_the_reminder_and_not_the_thanks(self) -> None:
        def complains(house: House, who: int, _: int) -> None:
            house.book.complaint(who, march(18))

        assert lived(promises(), complains, pays(400_00, march(26)), until=march(31)) == [(march(26), THANKED)]

    def test_as_an_opt_out_leaves_the_other_channel(self) -> None:
        def opts_out(house: House, who: int, _: int) -> None:
            house.book.register(who, "opt_out", march(1), channel="email")

        house = House()
        lived(promises(), opts_out, house=house)
        assert (march(24), "promise_reminder by letter") in house.diary[1]

    def test_as_a_quiet_season_is_respected_by_the_reminder_and_thanks_still_go_out(self) -> None:
        house = House(strategy=default_strategy())
        who = house.debtor("D", 1_000_00, due=date(2026, 12, 1))
        house.book.promise(who, 400_00, date(2026, 12, 15), date(2026, 12, 27))
        house.on(date(2026, 12, 25), lambda: house.book.payment(who, 400_00, date(2026, 12, 25)))
        house.live(date(2026, 12, 1), date(2026, 12, 26))
        notes = [(day, what) for day, what in house.diary[who] if what.startswith("promise")]
        assert notes == [(date(2026, 12, 25), "promise_thanks by email")]


class TestAnOutage:
    def test_of_two_days_brings_the_reminder_as_soon_as_it_is_over(self) -> None:
        assert lived(promises(), first=march(17), every=9, until=march(26)) == [(march(26), REMINDED)]

    def test_over_the_promised_day_brings_none(self) -> None:
        assert lived(promises(), first=march(17), every=10, until=march(27)) == []

    def test_of_a_few_days_brings_thanks_a_long_one_none(self) -> None:
        paid = pays(1_000_00, march(22))
        assert lived(promises(1_000_00), paid, first=march(20), every=7, until=march(27)) == [(march(27), THANKED)]
        assert lived(promises(1_000_00), paid, first=march(20), every=8, until=march(28)) == []


class TestMoneyThatGoesBack:
    def test_before_the_thanks_makes_them_untrue(self) -> None:
        def bounces(house: House, who: int, item: int) -> None:
            paid = house.book.payment(who, 400_00, march(22), item)
            house.book.payment(who, -400_00, march(22), item, reverses=paid)

        assert THANKED not in [what for _, what in lived(promises(), bounces)]

    def test_after_the_thanks_brings_the_next_step_and_no_second_thanks_when_it_comes_again(self) -> None:
        def bounces(house: House, who: int, item: int) -> None:
            paid = house.book.payment(who, 1_000_00, march(25), item)
            house.on(march(27), lambda: house.book.payment(who, -1_000_00, march(27), item, reverses=paid))
            house.on(march(29), lambda: house.book.payment(who, 1_000_00, march(29), item))

        found = lived(promises(1_000_00), bounces)
        assert found == [(march(24), REMINDED), (march(25), THANKED)]


class TestThanks:
    def test_reach_whoever_owes_nothing_any_more(self) -> None:
        house = House()
        lived(promises(1_000_00), until=march(19), house=house)
        house.book.payment(1, 1_000_00, march(20), receivable=1)
        outcome = house.day(march(20))
        assert outcome.lines.is_empty()
        assert outcome.decisions.select("action", "reason", "stage").rows() == [("message", THANKED, 0)]

    def test_are_no_message_that_the_next_step_waits_for(self) -> None:
        found = lived(promises(), pays(400_00, march(22)))
        assert found[1] == (march(23), "second_reminder")

    def test_leave_once_however_often_the_day_is_run(self) -> None:
        house = House()
        lived(promises(), pays(400_00, march(22)), until=march(22), house=house)
        assert house.book.decide(march(22), strategy=house.strategy).notes.is_empty()

    def test_of_unknown_fate_are_not_repeated(self) -> None:
        house = House()
        lived(promises(), pays(400_00, march(22)), until=march(21), house=house)
        house.book.note(1, march(22), Note.THANKS, outcome="unknown", clock=time(9))
        assert house.day(march(22)).notes.is_empty()


class TestAStrategyWithoutTheBlock:
    def test_writes_nothing_about_promises(self) -> None:
        text = "\n".join(line for line in default_strategy().text.splitlines() if "promises: {" not in line)
        found = lived(promises(), pays(400_00, march(26)), house=House(strategy=read_strategy(text)))
        assert {what for _, what in found}.isdisjoint({REMINDED, THANKED})
        assert found[0] == (march(26), "second_reminder")


class TestTheReminder:
    def test_is_no_step_taken(self) -> None:
        house = House()
        who = house.debtor("D")
        house.book.promise(who, 400_00, march(17), march(27))
        house.live(DAY, march(30))
        assert (march(24), "promise_reminder by email") in house.diary[who]
        line = house.day(march(30)).lines.row(0, named=True)
        assert (line["reached"], line["last_message_date"], line["messages"]) == (20, march(24), 3)
