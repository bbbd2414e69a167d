"""Lists of open items beside bank lines: what pays what, example by example."""

from datetime import date

import pytest

from dunwell.engine.book import cash, claims
from tests.engine.book import DAY, Book, days


def left_out(book, day):
    facts = book.facts().on(day)
    return cash.left_out(facts, cash.apply_cash(facts))


def ahead_of_lists(book, day):
    facts = book.facts().on(day)
    return cash.ahead_of_lists(facts, cash.apply_cash(facts))


class Beside(Book):
    """A debtor who owes, lists that show it, and bank lines."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self.debtor()

    def owes(self, minor: int, *, shown_first: date | None = None) -> int:
        return self.invoice(self.me, minor, days(-40), open_as_of=shown_first)

    def listed(self, item: int, minor: int, on: date) -> int:
        """A list of that day implies that so much of an item was paid."""
        return self.payment(self.me, minor, on, item, source="ledger")

    def bank(self, minor: int, on: date, item: int | None = None) -> int:
        return self.payment(self.me, minor, on, item)

    def open(self, day: date = DAY) -> dict[int, int]:
        items = claims.open_items(self.facts().on(day), day)
        return dict(items.select("receivable_id", "open_minor").iter_rows())

    def loose(self, day: date = DAY) -> int:
        return int(cash.apply_cash(self.facts().on(day)).loose["loose_minor"].sum())

    def reasons(self, day: date = DAY) -> list[tuple[int, int, int, str]]:
        found = cash.matches(self.facts().on(day))
        return found.select("payment_id", "receivable_id", "amount_minor", "reason").rows()


@pytest.fixture
def book() -> Beside:
    return Beside()


class TestABankLineWithoutAnItem:
    def test_pays_what_a_list_cleared_by_the_same_amount(self, book: Beside) -> None:
        item, other = book.owes(100), book.owes(70)
        book.open_items(days(-8), days(-1))
        line = book.bank(100, days(-3))
        book.listed(item, 100, days(-1))
        assert (book.open(), book.loose()) == ({other: 70}, 0)
        assert book.reasons() == [(line, item, 100, "amount_cleared")]

    def test_pays_all_that_a_list_cleared_together(self, book: Beside) -> None:
        first, second = book.owes(100), book.owes(70)
        book.open_items(days(-8), days(-1))
        line = book.bank(170, days(-3))
        book.listed(first, 100, days(-1))
        book.listed(second, 70, days(-1))
        assert (book.open(), book.loose()) == ({}, 0)
        assert book.reasons() == [(line, first, 100, "amount_cleared"), (line, second, 70, "amount_cleared")]

    def test_booked_before_the_bank_dates_it_is_that_money(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-3))
        book.listed(item, 100, days(-3))
        book.bank(100, days(1))
        assert (book.open(days(1)), book.loose(days(1))) == ({}, 0)

    def test_is_credit_when_nothing_was_cleared(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-8), days(-1))
        book.bank(100, days(-30))
        assert (book.open(), book.loose()) == ({item: 100}, 100)

    def test_is_not_what_was_cleared_long_before_it(self, book: Beside) -> None:
        old, new = book.owes(100), book.owes(100)
        book.open_items(days(-30), days(-1))
        book.listed(old, 100, days(-30))
        book.bank(100, days(-3))
        assert (book.open(), book.loose()) == ({new: 100}, 100)

    def test_is_not_what_was_cleared_long_after_it(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-12), days(-1))
        book.bank(100, days(-30))
        book.listed(item, 100, days(-1))
        assert (book.open(), book.loose()) == ({}, 100)

    def test_pays_one_of_two_equal_items_when_one_was_cleared(self, book: Beside) -> None:
        first, second = book.owes(50), book.owes(50)
        book.open_items(days(-1))
        book.bank(50, days(-3))
        book.bank(50, days(-2))
        book.listed(first, 50, days(-1))
        assert (book.open(), book.loose()) == ({second: 50}, 50)

    def test_is_left_alone_where_a_line_that_names_the_item_explains_the_clearing(self, book: Beside) -> None:
        item = book.owes(50)
        book.open_items(days(-1))
        book.bank(50, days(-3), item)
        book.bank(50, days(-3))
        book.listed(item, 50, days(-1))
        assert (book.open(), book.loose()) == ({}, 50)


class TestSeveralLinesWithoutAnItem:
    def test_pay_equal_items_that_lists_cleared_one_after_the_other(self, book: Beside) -> None:
        first, second, third, fourth = book.owes(50), book.owes(50), book.owes(50), book.owes(70)
        book.open_items(days(-20), days(-15), days(-14), days(-1))
        book.bank(50, days(-16))
        book.bank(50, days(-15))
        book.listed(first, 50, days(-15))
        book.listed(second, 50, days(-14))
        assert (book.open(), book.loose()) == ({third: 50, fourth: 70}, 0)

    def test_leave_to_a_person_what_nothing_explains_and_the_ledger_had_time_to_book(self, book: Beside) -> None:
        book.owes(50)
        book.open_items(days(-20), days(-1))
        book.bank(98, days(-12))
        line = book.line()
        assert (line["action"], line["reason"], line["total_minor"]) == ("task", "credit_in_doubt", 50)

    def test_are_simply_credit_while_the_ledger_may_still_book_them(self, book: Beside) -> None:
        book.owes(50)
        book.open_items(days(-20), days(-1))
        book.bank(98, days(-10))
        assert (book.line()["action"], book.line()["reason"]) == ("none", "covered_by_credit")


class TestACreditNoteWithoutAnItem:
    def test_pays_what_a_list_cleared_by_its_amount(self, book: Beside) -> None:
        item, other = book.owes(100), book.owes(500)
        book.open_items(days(-20), days(-1))
        book.credit_note(book.me, 100, days(-3))
        book.listed(item, 100, days(-1))
        assert (book.open(), book.loose()) == ({other: 500}, 0)


class TestAnItemWhoseOwnAmountNobodyTold:
    def test_owes_what_the_list_showed_whatever_was_paid_long_before(self, book: Beside) -> None:
        item = book.owes(60, shown_first=days(-20))
        book.open_items(days(-20), days(-1))
        line = book.bank(40, days(-35), item)
        assert (book.open(), book.loose()) == ({item: 60}, 0)
        assert left_out(book, DAY).select("payment_id", "left_minor").rows() == [(line, 40)]

    def test_owes_less_by_money_of_the_last_days_until_the_ledger_had_time_to_book_it(self, book: Beside) -> None:
        item = book.owes(60, shown_first=days(-12))
        book.open_items(days(-12), days(-5), days(-4))
        book.bank(40, days(-14), item)
        assert book.open(days(-5)) == {item: 20}
        assert (book.open(days(-4)), book.loose(days(-4))) == ({item: 60}, 0)

    def test_owes_less_by_money_that_a_list_shows_soon_after(self, book: Beside) -> None:
        item = book.owes(60, shown_first=days(-20))
        book.open_items(days(-20), days(-18), days(-1))
        book.bank(40, days(-21), item)
        book.listed(item, 40, days(-18))
        assert (book.open(), book.loose()) == ({item: 20}, 0)

    def test_owes_less_by_money_that_came_after(self, book: Beside) -> None:
        item = book.owes(60, shown_first=days(-20))
        book.open_items(days(-20))
        book.bank(40, days(-2), item)
        assert book.open() == {item: 20}


class TestMoneyThatTheLedgerTookBack:
    def test_is_gone(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20), days(-10), days(-5))
        book.bank(100, days(-12), item)
        book.listed(item, 100, days(-10))
        book.listed(item, -100, days(-5))
        assert (book.open(), book.loose()) == ({item: 100}, 0)

    def test_does_not_come_back_with_the_money_that_pays_at_last(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20), days(-10), days(-5), days(-1))
        book.bank(100, days(-12), item)
        book.listed(item, 100, days(-10))
        book.listed(item, -100, days(-5))
        book.bank(100, days(-2), item)
        book.listed(item, 100, days(-1))
        assert (book.open(), book.loose()) == ({}, 0)

    def test_counts_again_when_it_is_paid_at_once(self, book: Beside) -> None:
        """A direct debit is returned and paid by transfer before the ledger shows the item again."""
        item = book.owes(100)
        book.open_items(days(-8), days(-7), days(-4))
        book.bank(100, days(-8), item)
        book.listed(item, 100, days(-7))
        book.bank(-100, days(-6), item)
        book.bank(100, days(-5), item)
        book.listed(item, -100, days(-4))
        assert (book.open(), book.loose()) == ({}, 0)

    def test_is_not_money_that_came_after_the_list_that_lacked_the_item(self, book: Beside) -> None:
        """One incomplete list, and the customer pays the next day."""
        item = book.owes(100)
        book.open_items(days(-8), days(-7), days(-4))
        book.listed(item, 100, days(-7))
        book.bank(100, days(-6), item)
        book.listed(item, -100, days(-4))
        assert book.open() == {}

    def test_takes_nothing_from_money_that_came_since(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20), days(-5))
        book.listed(item, 100, days(-20))
        book.listed(item, -100, days(-5))
        book.bank(30, days(-6), item)
        assert book.open() == {item: 70}


class TestALine:
    def test_that_names_an_item_counts_though_lists_still_show_it(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20), days(-1))
        book.bank(100, days(-15), item)
        assert book.open() == {}

    def test_is_named_when_the_ledger_has_not_booked_it_in_time(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20), days(-6), days(-1))
        book.bank(100, days(-15), item)
        assert ahead_of_lists(book, days(-6)).is_empty()
        told = ahead_of_lists(book, DAY).select("receivable_id", "list_date", "ahead_minor")
        assert told.rows() == [(item, days(-1), 100)]

    def test_is_not_named_when_the_list_agrees(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20), days(-1))
        book.bank(60, days(-15), item)
        book.listed(item, 60, days(-1))
        assert ahead_of_lists(book, DAY).is_empty()


class TestAListThatShowsMoreThanTheAmount:
    def test_is_what_is_owed(self, book: Beside) -> None:
        item = book.owes(100)
        book.open_items(days(-20))
        book.listed(item, -30, days(-20))
        assert book.open() == {item: 130}
        book.bank(50, days(-1), item)
        assert book.open() == {item: 80}

    def test_stays_so_when_part_of_it_is_paid(self, book: Beside) -> None:
        item = book.owes(40)
        book.open_items(days(-40), days(-35), days(-20), days(-1))
        book.listed(item, -60, days(-35))
        book.bank(50, days(-22), item)
        assert book.open(days(-21)) == {item: 50}
        book.listed(item, 50, days(-20))
        assert book.open() == {item: 50}
        assert ahead_of_lists(book, DAY).is_empty()
