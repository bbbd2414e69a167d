"""What stops, for how long, and what comes next: one debtor per story, all owing 1,000.00 from 2 March 2026.

Without a pause: reminder 5 March, second reminder 19 March, call 2 April, first dunning 9 April, second dunning 2 May.
"""

from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.engine.book import DAY, days
from tests.journeys.story import House

MAR, APR, MAY = ((lambda day, month=month: date(2026, month, day)) for month in (3, 4, 5))


class Street(House):
    """Debtors by the name of their story."""

    who: dict[str, int]

    def here(self, name: str, minor: int = 1_000_00) -> tuple[int, int]:
        """A debtor and his invoice."""
        self.who[name] = self.debtor(name, minor)
        return self.who[name], len(self.book.rows["receivables"])

    def wrote(self, name: str, since: date = DAY) -> list[tuple[date, str]]:
        """What happened to him from a day on."""
        return [(day, what.split(" by ")[0]) for day, what in self.diary[self.who[name]] if day >= since]

    def asked(self, name: str) -> dict[date, int]:
        """What was demanded by the messages of each day."""
        return {day: minor for day, debtor, minor in self.demands if debtor == self.who[name]}

    def day(self, day: date, *args: Any) -> Any:
        outcome = super().day(day, *args)
        for line in outcome.lines.iter_rows(named=True):
            if line["action"] == "message":
                self.demands.append((day, line["debtor_id"], line["total_minor"]))
        return outcome


@pytest.fixture(scope="module")
def street() -> Street:
    street = Street()
    street.who, street.demands = {}, []
    book = street.book

    debtor, _ = street.here("promises and breaks it")
    book.promise(debtor, 1_000_00, MAR(17), MAR(27))
    debtor, _ = street.here("promises and keeps it")
    book.promise(debtor, 400_00, MAR(17), MAR(27))
    book.payment(debtor, 400_00, MAR(25))
    debtor, item = street.here("disputes a part")
    book.dispute(debtor, item, MAR(10), 300_00, APR(6))
    debtor, item = street.here("disputes all")
    book.dispute(debtor, item, MAR(10), None, APR(6))
    debtor, _ = street.here("complains")
    book.complaint(debtor, MAR(10), MAR(24))
    debtor, _ = street.here("is on hold")
    book.hold(debtor, "talks", MAR(10), MAR(31))
    debtor, item = street.here("has one of two invoices on hold")
    book.invoice(debtor, 70_00, DAY)
    book.hold(debtor, "other", MAR(10), receivable=item)
    debtor, _ = street.here("is in hardship for a month")
    street.observe(debtor, "reason", "hardship", MAR(10), APR(9))
    debtor, _ = street.here("has a promise inside a hold")
    book.promise(debtor, 1_000_00, MAR(17), MAR(18))
    book.hold(debtor, "talks", MAR(20), MAR(31))

    debtor, item = street.here("pays and the payment bounces")
    paid = book.payment(debtor, 1_000_00, MAR(20), item)
    book.payment(debtor, -1_000_00, APR(14), item, reverses=paid)

    debtor, item = street.here("paid before we heard of it")
    street.on(MAR(21), lambda d=debtor, i=item: book.payment(d, 1_000_00, MAR(17), i))
    debtor, _ = street.here("was on hold before we heard of it")
    street.on(MAR(21), lambda d=debtor: book.hold(d, "talks", MAR(10), MAR(31)))
    debtor, item = street.here("disputed last week, told yesterday")
    street.on(MAR(21), lambda d=debtor, i=item: book.dispute(d, i, MAR(13), None, APR(6)))
    street.live(days(-6), MAY(4))
    return street


class TestAnOpenPromise:
    def test_stops_everything_until_its_grace_is_over_and_then_the_same_day_the_next_step_comes(
        self, street: Street
    ) -> None:
        debtor = street.who["promises and breaks it"]
        assert {street.why(debtor, MAR(day)) for day in range(19, 25)} == {"house.promise"}
        # he was reminded of it on the 24th, so that both stand against a message
        assert {street.why(debtor, MAR(day)) for day in range(25, 31)} == {"paused"}
        assert street.wrote("promises and breaks it", MAR(6)) == [
            (MAR(24), "promise_reminder"), (MAR(31), "second_reminder"),
            (APR(7), "call"), (APR(12), "first_dunning"), (MAY(2), "second_dunning"),
        ]  # fmt: skip

    def test_that_is_kept_is_thanked_for_and_the_rest_asked_for_when_the_pause_after_its_reminder_is_over(
        self, street: Street
    ) -> None:
        assert street.wrote("promises and keeps it", MAR(6))[:3] == [
            (MAR(24), "promise_reminder"), (MAR(25), "promise_thanks"), (MAR(31), "second_reminder"),
        ]  # fmt: skip
        assert street.asked("promises and keeps it")[MAR(31)] == 600_00


class TestADispute:
    def test_of_a_part_leaves_the_rest_on_its_way_and_asks_for_all_when_it_is_closed(self, street: Street) -> None:
        assert street.wrote("disputes a part", MAR(6))[:3] == [
            (MAR(19), "second_reminder"), (APR(2), "call"), (APR(9), "first_dunning"),
        ]  # fmt: skip
        asked = street.asked("disputes a part")
        assert (asked[MAR(19)], asked[APR(9)]) == (700_00, 1_000_00)

    def test_of_all_resumes_at_the_next_step_and_skips_none_that_it_slept_through(self, street: Street) -> None:
        assert street.wrote("disputes all", MAR(6))[:3] == [
            (APR(6), "second_reminder"), (APR(13), "call"), (APR(18), "first_dunning"),
        ]  # fmt: skip

    def test_told_yesterday_for_last_week_stops_from_the_day_it_is_known(self, street: Street) -> None:
        assert street.wrote("disputed last week, told yesterday", MAR(6))[:3] == [
            (MAR(19), "second_reminder"), (APR(6), "call"), (APR(11), "first_dunning"),
        ]  # fmt: skip


class TestAComplaint:
    def test_is_answered_before_anybody_is_asked_again(self, street: Street) -> None:
        assert {street.why(street.who["complains"], MAR(day)) for day in (19, 20, 23)} == {"house.complaint"}
        assert street.wrote("complains", MAR(6))[0] == (MAR(24), "second_reminder")


class TestAHold:
    def test_ends_with_its_last_day(self, street: Street) -> None:
        assert street.why(street.who["is on hold"], MAR(31)) == "house.hold"
        assert street.wrote("is on hold", MAR(6))[:2] == [(APR(1), "second_reminder"), (APR(8), "call")]

    def test_of_one_invoice_leaves_the_other_on_its_way(self, street: Street) -> None:
        name = "has one of two invoices on hold"
        assert street.wrote(name, MAR(6))[0] == (MAR(19), "second_reminder")
        assert street.asked(name)[MAR(19)] == 70_00

    def test_around_a_promise_is_the_one_that_counts(self, street: Street) -> None:
        debtor = street.who["has a promise inside a hold"]
        assert street.why(debtor, MAR(19)) == "house.promise"
        assert street.why(debtor, MAR(24)) == "house.hold"
        assert street.wrote("has a promise inside a hold", MAR(6))[0] == (APR(1), "second_reminder")

    def test_told_late_stops_from_the_day_it_is_known_and_moves_nothing_that_was_sent(self, street: Street) -> None:
        assert street.wrote("was on hold before we heard of it", MAR(6))[:3] == [
            (MAR(19), "second_reminder"), (APR(2), "call"), (APR(9), "first_dunning"),
        ]  # fmt: skip


class TestAHardship:
    def test_is_met_by_a_person_and_after_its_last_day_no_letter_is_skipped(self, street: Street) -> None:
        """The talk of that month is no leave to go on with a lawyer: nobody was ever dunned."""
        assert street.wrote("is in hardship for a month", MAR(6)) == [
            (MAR(10), "person"), (APR(10), "second_reminder"), (APR(17), "call"), (APR(22), "first_dunning"),
        ]  # fmt: skip


class TestAPayment:
    def test_that_bounces_brings_the_next_step_the_same_day(self, street: Street) -> None:
        assert street.wrote("pays and the payment bounces", MAR(6))[:2] == [
            (MAR(19), "second_reminder"), (APR(14), "call"),
        ]  # fmt: skip

    def test_that_is_dated_back_ends_it_from_the_day_it_is_known(self, street: Street) -> None:
        assert street.wrote("paid before we heard of it", MAR(6)) == [(MAR(19), "second_reminder")]

    def test_that_is_dated_back_makes_a_look_at_that_day_know_better_than_the_day_itself(self, street: Street) -> None:
        debtor = street.who["paid before we heard of it"]
        assert street.reasons[debtor][MAR(19)] == ("message", "step_due")
        again = street.book.decide(MAR(19), strategy=street.strategy)
        assert again.lines.filter(pl.col("debtor_id") == debtor).is_empty()
