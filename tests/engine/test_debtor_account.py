"""The debts of one debtor with all his money placed, held against what the book says of the same money."""

from collections import Counter

import polars as pl
from hypothesis import given

from dunwell.engine import cash
from dunwell.engine.claims import open_items
from dunwell.engine.debtor_account import account_of
from dunwell.engine.statement import make_statement
from dunwell.rulebook.debt import Held
from dunwell.rulebook.interest_terms import make_terms
from tests.engine.book import DAY
from tests.engine.books import books

CLAUSE = Held(make_terms("contract.clause", {"rate": "7.3", "confirmed": True}))
"""On 10,000.00 that is 2.00 a day."""
NONE = Held(make_terms("none"))


def account(book, held=NONE, debtor=1, day=DAY):
    return account_of(book.facts(), debtor, day, lambda *_: held)


def told(book, held=NONE, debtor=1, day=DAY):
    """Statement of all debts of a debtor, and the money that pays nothing."""
    found = account(book, held, debtor, day)
    debts = [debt for each in found.debts.values() for debt in each]
    return (make_statement(debts, day) if debts else None), found


def shares(book, held=NONE):
    """What each debt got of money that named none: number -> [(day, minor, placed)]."""
    return {
        debt.number: [(each.day, each.amount_minor, each.placed) for each in debt.entries if each.placed]
        for debts in account(book, held).debts.values()
        for debt in debts
    }


class TestTheBook:
    @given(books())
    def test_and_the_account_agree_on_every_sum(self, book):
        """Without interest: what is open and undisputed, less the money that may pay, is what is demanded."""
        facts = book.facts().on(DAY)
        applied = cash.apply_cash(facts)
        demand = Counter()
        for debtor, currency, minor in (
            open_items(facts, DAY)
            .select("debtor_id", "currency", pl.col("open_minor") - pl.col("disputed_minor"))
            .rows()
        ):
            demand[debtor, currency] += minor
        loose = {(debtor, currency): minor for debtor, currency, minor in applied.loose.rows()}
        for debtor in facts["debtors"]["debtor_id"]:
            statement, found = told(book, debtor=debtor)
            totals = statement.totals if statement else {}
            for currency in {"EUR", "JPY", "KWD", "USD"}:
                owed, free = totals.get(currency, 0), found.unallocated.get(currency, 0)
                credit = max(0, loose.get((debtor, currency), 0))
                assert owed - free == demand[debtor, currency] - credit

    @given(books())
    def test_and_the_account_differ_by_the_interest_alone(self, book):
        facts = book.facts().on(DAY)
        loose = {(debtor, currency): minor for debtor, currency, minor in cash.apply_cash(facts).loose.rows()}
        for debtor in facts["debtors"]["debtor_id"]:
            plain, before = told(book, debtor=debtor)
            statement, found = told(book, CLAUSE, debtor)
            if statement is None:
                continue
            interest = Counter()
            for each in statement.debts:
                interest[each.debt.currency] += sum(line.interest_minor for line in each.demanded.lines)
            for currency, owed in statement.totals.items():
                net = plain.totals[currency] - before.unallocated.get(currency, 0)
                assert owed - found.unallocated.get(currency, 0) == net + interest[currency]
            assert sum(loose.values()) is not None
