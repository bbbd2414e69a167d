"""What acts the same day: promises that were broken, payments that went back. All owe 1,000.00 from 2 March 2026.

By their own days: reminder 5 March, second reminder 19 March, call 2 April, first dunning 9 April (to be paid by the
20th), second dunning 2 May (by the 12th), a talk on the 16th.
"""

from datetime import date

import pytest

from tests.engine.book import DAY, days
from tests.journeys.story import House

MAR, APR, MAY = ((lambda day, month=month: date(2026, month, day)) for month in (3, 4, 5))


class Street(House):
    """Debtors by the name of their story."""

    who: dict[str, int]

    def here(self, name: str, *, kind: str = "business") -> tuple[int, int]:
        """A debtor and his invoice."""
        self.who[name] = self.debtor(name, kind=kind)
        return self.who[name], len(self.book.rows["receivables"])

    def wrote(self, name: str, since: date) -> list[tuple[date, str]]:
        """What happened to him from a day on."""
        return [(day, what.split(" by ")[0]) for day, what in self.diary[self.who[name]] if day >= since]

    def pays_and_it_bounces(self, debtor: int, item: int, paid: date, back: date, minor: int = 1_000_00) -> None:
        """A payment and its way back, which is known on its day."""
        payment = self.book.payment(debtor, minor, paid, item)
        self.on(back, lambda: self.book.payment(debtor, -minor, back, item, reverses=payment))


def _people(street: Street) -> None:
    """Whose story is told. Of a promise for the 13th, the house respects the 16th, and it is broken on the 17th."""
    book = street.book
    debtor, _ = street.here("breaks a promise")
    book.promise(debtor, 1_000_00, MAR(6), MAR(6))
    debtor, _ = street.here("keeps a part of it")
    book.promise(debtor, 800_00, MAR(6), MAR(6))
    book.payment(debtor, 300_00, MAR(8))
    debtor, item = street.here("pays all and it bounces")
    street.pays_and_it_bounces(debtor, item, MAR(6), MAR(10))
    debtor, item = street.here("breaks a promise and a payment bounces the same day")
    book.promise(debtor, 700_00, MAR(6), MAR(6))
    street.pays_and_it_bounces(debtor, item, MAR(8), MAR(10), 300_00)
    debtor, item = street.here("bounces while a deadline runs")
    street.pays_and_it_bounces(debtor, item, APR(10), APR(14))
    debtor, item = street.here("bounces while the final deadline runs")
    street.pays_and_it_bounces(debtor, item, MAY(3), MAY(6))
    debtor, item = street.here("bounces the day a letter goes")
    street.pays_and_it_bounces(debtor, item, MAR(1), MAR(19), 100_00)
    debtor, _ = street.here("breaks a promise in hardship")
    street.observe(debtor, "reason", "hardship", MAR(1))
    book.promise(debtor, 1_000_00, MAR(6), MAR(6))
    debtor, _ = street.here("breaks a promise as an important customer")
    street.observe(debtor, "vip", "yes", MAR(1))
    book.promise(debtor, 1_000_00, MAR(10), MAR(10))
    debtor, _ = street.here("breaks a promise and pays it late")
    book.promise(debtor, 400_00, MAR(6), MAR(6))
    book.hold(debtor, "talks", MAR(9), MAR(12))
    book.payment(debtor, 400_00, MAR(12))
    debtor, _ = street.here("breaks a promise and makes a new one")
    book.promise(debtor, 400_00, MAR(6), MAR(6))
    street.on(MAR(10), lambda d=debtor: book.promise(d, 100_00, MAR(10), MAR(12)))
    street.on(MAR(12), lambda d=debtor: book.payment(d, 100_00, MAR(12)))
    debtor, _ = street.here("breaks a promise on hold")
    book.promise(debtor, 1_000_00, MAR(6), MAR(6))
    book.hold(debtor, "talks", MAR(9), MAR(13))
    debtor, _ = street.here("breaks one of two promises")
    book.promise(debtor, 400_00, MAR(6), MAR(6))
    book.promise(debtor, 600_00, MAR(6), MAR(11))


@pytest.fixture(scope="module")
def street() -> Street:
    street = Street()
    street.who = {}
    _people(street)
    street.live(days(-6), MAY(17))
    return street


@pytest.fixture(scope="module")
def shut() -> Street:
    """The same, by a house that nobody opened from 10 to 14 March."""
    street = Street()
    street.who = {}
    _people(street)
    street.live(days(-6), MAR(9))
    street.live(MAR(15), MAR(24))
    return street


class TestABrokenPromise:
    def test_brings_the_next_step_the_day_it_is_seen_and_then_the_ladder_goes_by_its_own_days(
        self, street: Street
    ) -> None:
        """Promised for the 6th, respected until the 9th; the reminder was five days ago."""
        assert street.wrote("breaks a promise", DAY)[:4] == [
            (MAR(5), "reminder"), (MAR(10), "second_reminder"), (APR(2), "call"), (APR(9), "first_dunning"),
        ]  # fmt: skip

    def test_of_which_a_part_was_kept_does_too(self, street: Street) -> None:
        assert street.wrote("keeps a part of it", DAY)[:3] == [
            (MAR(5), "reminder"), (MAR(10), "second_reminder"), (APR(2), "call"),
        ]  # fmt: skip

    def test_that_was_made_good_since_brings_nothing(self, street: Street) -> None:
        assert street.wrote("breaks a promise and pays it late", MAR(6))[0] == (MAR(19), "second_reminder")

    def test_that_a_newer_one_took_the_place_of_brings_nothing_more(self, street: Street) -> None:
        assert street.wrote("breaks a promise and makes a new one", MAR(6))[:2] == [
            (MAR(12), "promise_thanks"), (MAR(19), "second_reminder"),
        ]  # fmt: skip

    def test_waits_for_the_end_of_a_hold(self, street: Street) -> None:
        assert street.wrote("breaks a promise on hold", MAR(6))[:2] == [(MAR(14), "second_reminder"), (APR(2), "call")]

    def test_waits_for_another_promise_and_both_together_bring_one_step(self, street: Street) -> None:
        assert street.wrote("breaks one of two promises", MAR(6))[:2] == [
            (MAR(15), "second_reminder"), (APR(2), "call"),
        ]  # fmt: skip


class TestAPaymentThatBounces:
    def test_brings_the_next_step_the_same_day(self, street: Street) -> None:
        assert street.wrote("pays all and it bounces", DAY)[:3] == [
            (MAR(5), "reminder"), (MAR(10), "second_reminder"), (APR(2), "call"),
        ]  # fmt: skip

    def test_the_day_a_promise_is_broken_brings_one_step(self, street: Street) -> None:
        assert street.wrote("breaks a promise and a payment bounces the same day", DAY)[:3] == [
            (MAR(5), "reminder"), (MAR(10), "second_reminder"), (APR(2), "call"),
        ]  # fmt: skip

    def test_waits_out_the_deadline_that_a_letter_set(self, street: Street) -> None:
        """The first dunning asks to pay by 20 April; without the bounce the next would come on 2 May."""
        assert street.wrote("bounces while a deadline runs", APR(9))[:3] == [
            (APR(9), "first_dunning"), (APR(21), "second_dunning"), (MAY(5), "person"),
        ]  # fmt: skip

    def test_waits_out_the_final_deadline_and_its_days(self, street: Street) -> None:
        assert street.wrote("bounces while the final deadline runs", MAY(1))[:2] == [
            (MAY(2), "second_dunning"), (MAY(16), "person"),
        ]  # fmt: skip

    def test_the_day_a_letter_goes_was_answered_by_it(self, street: Street) -> None:
        assert street.wrote("bounces the day a letter goes", MAR(6))[:2] == [
            (MAR(19), "second_reminder"),
            (APR(2), "call"),
        ]


class TestThoseToWhomSomebodyTalksFirst:
    def test_are_asked_by_no_letter_sooner(self, street: Street) -> None:
        assert street.wrote("breaks a promise in hardship", DAY)[:1] == [(MAR(5), "person")]
        important = street.wrote("breaks a promise as an important customer", DAY)
        assert important[:2] == [(MAR(14), "reminder"), (MAR(24), "call")]


class TestAHouseThatWasShut:
    def test_does_on_the_first_day_what_it_would_have_done_meanwhile_and_once(self, shut: Street) -> None:
        for name in ("breaks a promise", "keeps a part of it", "pays all and it bounces"):
            assert shut.wrote(name, MAR(6)) == [(MAR(15), "second_reminder")], name

    def test_asks_nobody_sooner_who_made_it_good_meanwhile(self, shut: Street) -> None:
        assert shut.wrote("breaks a promise and pays it late", MAR(6)) == [(MAR(19), "second_reminder")]
