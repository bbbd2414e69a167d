"""Which debtor the demonstration suggests to look at."""

from dunwell.core.terms import Stage
from dunwell.demo.summary import _stories, _worth_explaining
from tests.engine.book import DAY, Book, days


def plain_and_rich():
    """D1: one reminder. D2: two stages, paid in part, promise broken. D3: as D2, but with forty items. D4: paid all."""
    book = Book()
    plain = book.debtor("D1")
    book.contact(plain, days(-20), {book.invoice(plain, 100_00, days(-60)): Stage.REMINDER})
    for number, more in (("D2", 0), ("D3", 40)):
        rich = book.debtor(number)
        invoice = book.invoice(rich, 100_00, days(-60))
        book.contact(rich, days(-40), {invoice: Stage.REMINDER})
        book.contact(rich, days(-25), {invoice: Stage.FIRST_DUNNING})
        book.payment(rich, 30_00, days(-20), invoice)
        book.promise(rich, 70_00, days(-20), days(-10))
        for n in range(more):
            book.invoice(rich, 10_00, days(5 + n))
    book.payment(paid := book.debtor("D4"), 50_00, days(-5), book.invoice(paid, 50_00, days(-60)))
    return book.facts().on(DAY)


class TestTheSuggestion:
    def test_is_the_debtor_with_the_richest_story_that_is_short(self):
        assert _worth_explaining({"acme": plain_and_rich()}, DAY) == ("acme", "D2")

    def test_is_the_same_whatever_the_order_of_the_creditors(self):
        facts = plain_and_rich()
        assert _worth_explaining({"b": facts, "a": facts}, DAY) == ("a", "D2")

    def test_is_somebody_where_nobody_owes_anything(self):
        book = Book()
        book.debtor("D1")
        assert _worth_explaining({"acme": book.facts().on(DAY)}, DAY) == ("acme", "D1")

    def test_weighs_turns_of_the_story_and_stages(self):
        facts = plain_and_rich()
        weights = dict(_stories(facts, DAY).join(facts["debtors"], on="debtor_id").select("number", "weight").rows())
        assert weights == {"D1": 3, "D2": 14, "D3": 14 - 2 * 21}
