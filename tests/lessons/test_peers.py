"""Concrete cases of four peers, as facts: OCA credit control and overdue reminder, Kill Bill overdue, Lago dunning.

Where our model differs on purpose the test says so. Levels, thresholds and days are ours; what is compared is the
kind of bound and the way of counting.
"""

import polars as pl
import pytest

from dunwell.core.terms import Stage
from dunwell.engine.book.claims import open_items
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import read_strategy
from tests.engine.book import DAY, Book, days
from tests.support.strategies import plain_strategy


def strategy(**minimum: int) -> Strategy:
    """The default strategy with other smallest sums."""
    text = plain_strategy().text
    head, _, _ = text.partition("minimum_minor:")
    return read_strategy(head + "minimum_minor: {" + ", ".join(f"{c}: {n}" for c, n in minimum.items()) + "}\n")


def overdue(*sums: tuple[str, int]) -> Book:
    book = Book()
    debtor = book.debtor()
    for currency, minor in sums:
        book.invoice(debtor, minor, days(-20), currency=currency)
    return book


def dunned(book: Book, chosen: Strategy) -> list[str]:
    lines = book.decide(strategy=chosen).lines
    return sorted(lines.filter(pl.col("action") == "message")["currency"])


class TestLago:
    @pytest.mark.parametrize(
        ("sums", "minimum", "expected"),
        [
            ([("EUR", 5000), ("EUR", 100)], {"EUR": 5099}, ["EUR"]),
            ([("EUR", 5000)], {"EUR": 5099}, []),
            ([("EUR", 9900)], {"EUR": 9900}, ["EUR"]),
            ([("EUR", 9900)], {"EUR": 9901}, []),
            ([("USD", 5000), ("EUR", 1500)], {"USD": 4000, "EUR": 2000}, ["USD"]),
            ([("USD", 5000), ("EUR", 2500)], {"USD": 4000, "EUR": 2000}, ["EUR", "USD"]),
            # differs on purpose: there a currency without a threshold is never dunned, here it has no minimum
            ([("EUR", 5000)], {"GBP": 1}, ["EUR"]),
        ],
    )
    def test_thresholds_are_per_currency_and_inclusive(
        self, sums: list[tuple[str, int]], minimum: dict[str, int], expected: list[str]
    ) -> None:
        assert dunned(overdue(*sums), strategy(**minimum)) == expected

    def test_a_partly_paid_invoice_counts_with_its_open_part_only(self) -> None:
        book = Book()
        debtor = book.debtor()
        invoice = book.invoice(debtor, 12_000, days(-20))
        book.payment(debtor, 5_000, days(-10), invoice)
        assert dunned(book, strategy(EUR=10_000)) == []
        assert dunned(book, strategy(EUR=7_000)) == ["EUR"]

    def test_an_excluded_customer_is_never_dunned(self) -> None:
        """Here exclusion is a hold, with its reason."""
        book = overdue(("EUR", 999_999))
        book.hold(1, "other", days(-1))
        assert dunned(book, plain_strategy()) == []

    def test_currencies_go_their_own_ways_over_time(self) -> None:
        """The timeline of two currencies: attempts in one do not count for the other."""
        book = overdue(("USD", 12_000))
        book.invoice(1, 15_900, days(-12))
        sent = book.live(days(-9), 40)
        attempts = {c: [line["stage"] for _, line in sent if line["currency"] == c] for c in ("USD", "EUR")}
        assert attempts == {"USD": [20, 40, 50], "EUR": [20, 40, 50]}


class TestKillBill:
    @pytest.mark.parametrize(("late", "stage"), [(2, 0), (3, 20), (13, 20), (14, 20), (60, 20)])
    def test_days_bring_the_first_step_and_time_alone_no_further_one(self, late: int, stage: int) -> None:
        """Differs on purpose: there the most severe state whose days have passed wins at once (60 days: OD3). Here
        nobody meets a second step who was not sent the first."""
        book = Book()
        book.invoice(book.debtor(), 100_00, days(-late))
        assert book.line()["stage"] == stage

    def test_a_single_unpaid_invoice_goes_down_step_by_step(self) -> None:
        book = Book()
        book.invoice(book.debtor(), 100_00, DAY)
        sent = [(on, line["stage"]) for on, line in book.live(days(0), 40)]
        assert sent == [(days(0), 10), (days(7), 20), (days(17), 40), (days(31), 50)]

    def test_earliest_unpaid_and_sum(self) -> None:
        book = Book()
        debtor = book.debtor()
        for due, minor in ((days(-30), 0), (days(-29), 10_00), (days(-28), 100_00)):
            book.invoice(debtor, minor, due)
        line = book.line()
        # differs on purpose: an invoice over nothing is not open and not the earliest
        assert (line["items"], line["open_minor"], line["oldest_due_date"]) == (2, 110_00, days(-29))

    def test_no_unpaid_invoice_matches_nothing(self) -> None:
        book = Book()
        book.debtor()
        assert book.line() == {}
        assert book.decide().decisions["reason"].to_list() == ["nothing_open"]

    def test_enforcement_off_clears_and_on_restores(self) -> None:
        """There a tag, here a hold with its days."""
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 100_00, days(-36))
        book.hold(debtor, "other", days(0), days(0))
        assert [book.line(days(n))["action"] for n in (-1, 0, 1)] == ["message", "none", "message"]


class TestOca:
    def test_an_e_mail_step_falls_back_to_a_letter_without_an_address(self) -> None:
        book = Book()
        book.invoice(book.debtor(channels=("letter",)), 100_00, days(-20))
        assert (book.line()["stage"], book.line()["channel"]) == (Stage.REMINDER, "letter")

    def test_a_foreign_currency_has_its_own_tolerance(self) -> None:
        """TRAP of the peer: 1,500 yen at 150 a dollar against a tolerance of 100 USD is dunned."""
        assert dunned(overdue(("JPY", 1_500)), strategy(USD=10_000, JPY=15_000)) == []

    def test_communications_are_one_per_customer_and_currency(self) -> None:
        """Differs on purpose: there also one per level (three); here one letter at the highest."""
        book = Book()
        debtor, other = book.debtor("D1"), book.debtor("D2")
        old = book.invoice(debtor, 100_00, days(-40))
        book.invoice(debtor, 100_00, days(-20))
        book.invoice(debtor, 100_00, days(-20), currency="USD")
        book.invoice(other, 100_00, days(-20))
        book.contact(debtor, days(-25), {old: Stage.REMINDER})
        lines = book.decide().lines.filter(pl.col("action") == "message")
        assert sorted(lines.select("debtor_id", "currency", "stage").rows()) == [
            (1, "EUR", 40),
            (1, "USD", 20),
            (2, "EUR", 20),
        ]

    def test_a_phone_call_does_not_raise_the_level(self) -> None:
        """The reminder counter: phone leaves it, mail and letter raise it. Here a call names no step."""
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 100_00, days(-20))
        book.contact(debtor, days(-1), channel="phone", currency=None)
        assert (book.line()["messages"], book.line()["stage"]) == (0, Stage.REMINDER)

    def test_open_payments_of_the_customer_are_seen_before_dunning(self) -> None:
        """There a warning; here the money is deducted and shown."""
        book = overdue(("EUR", 100_00))
        book.payment(1, 50_00, days(-3))
        line = book.line()
        assert (line["credit_minor"], line["total_minor"]) == (50_00, 50_00)

    def test_a_cancelled_invoice_is_dunned_no_more(self) -> None:
        book = overdue(("EUR", 100_00))
        book.rows["receivables"][0]["status"] = "cancelled"
        assert book.line() == {}
        assert open_items(book.facts().on(DAY), DAY).is_empty()

    @pytest.mark.parametrize(("late", "stage"), [(13, 0), (14, 40)])
    def test_a_step_waits_for_its_own_day_even_when_the_one_before_was_early(self, late: int, stage: int) -> None:
        """There end-of-month levels; here the later of due date + offset and last step + distance."""
        book = Book()
        debtor = book.debtor()
        invoice = book.invoice(debtor, 100_00, days(-late))
        book.contact(debtor, days(3 - late), {invoice: Stage.REMINDER})
        assert book.line()["stage"] == stage
