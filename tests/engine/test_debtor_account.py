"""The debts of one debtor with all his money placed, held against what the book says of the same money."""

from collections import Counter
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings

from dunwell.engine.book import cash, open_lists
from dunwell.engine.book.claims import open_items, with_credit
from dunwell.engine.claim.debtor_account import account_of
from dunwell.engine.claim.described import claimed, compute
from dunwell.engine.claim.statement import make_statement
from dunwell.engine.facts import Facts
from dunwell.rulebook.debt import Debt, Held, Placed
from dunwell.rulebook.interest_terms import make_terms
from tests.engine.book import DAY, Book, days
from tests.engine.books import CURRENCIES, books
from tests.oracles import claim as oracle

CLAUSE = Held(make_terms("contract.clause", {"rate": "7.3", "confirmed": True}))
"""On 10,000.00 that is 2.00 a day."""
FEWER = settings(max_examples=settings.default.max_examples // 2)
"""A book is a long story for one example."""
NONE = Held(make_terms("none"))
EVERY = {*CURRENCIES, "USD"}


def account(facts, held=NONE, debtor=1, day=DAY):
    """The debts by number, and the account itself."""
    found = account_of(facts, debtor, day, lambda *_: held)
    return [debt for each in found.debts.values() for debt in each], found


def totals(debts, day=DAY):
    """What is demanded by currency."""
    found = Counter[str]()
    if debts:
        sums = compute([claimed(debt) for debt in debts], day).sums
        owed = sums.select(pl.sum_horizontal("costs_minor", "interest_minor", "extra_minor", "principal_minor"))
        for debt, minor in zip(debts, owed.to_series(), strict=True):
            found[debt.currency] += minor
    return dict(found)


def placed(book, held=NONE, day=DAY):
    """Number of a debt -> (day, minor, how) of the money that was put there."""
    debts, _ = account(book.facts(), held, day=day)
    return {debt.number: [(e.day, e.amount_minor, e.placed) for e in debt.entries if e.placed] for debt in debts}


def loose_of(facts: Facts) -> dict[tuple[int, str], int]:
    return {(debtor, currency): minor for debtor, currency, minor in cash.apply_cash(facts).loose.rows()}


def by_oracle(debt: Debt, day: date) -> int:
    """What is demanded of a debt by the second implementation."""
    if debt.wholly_disputed:
        return 0
    rate = oracle.Rate("act/365", own=73_000) if debt.terms.regime.id == "contract.clause" else None
    described = oracle.Debt(0, debt.principal_minor - debt.disputed_minor, debt.due, interest=rate)
    entries = [
        oracle.Entry(n, each.day, each.kind, each.amount_minor - each.disputed_minor)
        for n, each in enumerate(debt.entries)
        if each.amount_minor > each.disputed_minor
    ]
    found = oracle.claim(described, entries, day)
    return found.costs + found.interest + found.extra + found.principal


class TestTheBook:
    @FEWER
    @given(books(debtors=2))
    def test_and_the_account_agree_on_every_sum(self, book):
        """Without interest: what is open and undisputed, less the money that may pay, is what is demanded."""
        facts = book.facts().on(DAY)
        items = open_items(facts, DAY)
        undisputed = pl.col("open_minor") - pl.col("disputed_minor")
        demand = Counter[tuple[int, str]]()
        for debtor, currency, minor in items.select("debtor_id", "currency", undisputed).rows():
            demand[debtor, currency] += minor
        loose = loose_of(facts)
        doubt = open_lists.in_doubt(cash.apply_cash(facts).came, facts)
        for debtor in facts["debtors"]["debtor_id"]:
            debts, found = account(facts, debtor=debtor)
            owed = totals(debts)
            for currency in EVERY:
                free = found.unallocated.get(currency, 0)
                credit = max(0, loose.get((debtor, currency), 0))
                assert owed.get(currency, 0) - free == demand[debtor, currency] - credit
                # money stays free only where it may not pay, or nothing is left to pay
                may_pay = free > found.in_doubt.get(currency, 0)
                assert not may_pay or owed.get(currency, 0) == 0 or "ledger" in facts["payments"]["source_kind"]
            assert set(found.in_doubt) <= set(doubt.filter(pl.col("debtor_id") == debtor)["currency"])

    @FEWER
    @given(books(debtors=2))
    def test_and_the_account_differ_by_the_interest_alone(self, book):
        facts = book.facts().on(DAY)
        for debtor in facts["debtors"]["debtor_id"]:
            plain, before = account(facts, debtor=debtor)
            debts, after = account(facts, CLAUSE, debtor)
            if not debts:
                continue
            interest = Counter[str]()
            for each in make_statement(debts, DAY).debts:
                interest[each.debt.currency] += sum(line.interest_minor for line in each.demanded.lines)
            owed, owed_plain = totals(debts), totals(plain)
            for currency, minor in owed.items():
                net = owed_plain[currency] - before.unallocated.get(currency, 0)
                assert minor - after.unallocated.get(currency, 0) == net + interest[currency]

    @given(books(debtors=1, ledger=False))
    def test_and_a_second_implementation_find_the_same_of_each_debt(self, book):
        debts, _ = account(book.facts(), CLAUSE)
        told = make_statement(debts, DAY).debts if debts else ()
        assert [each.sums.total for each in told] == [by_oracle(debt, DAY) for debt in debts]


class TestADebtThatIsDisputedAsAWhole:
    def book(self, disputed):
        """EUR 1,000.00, and EUR 70.00 of costs, 40.00 of them paid, of which nobody contests anything."""
        book = Book()
        debtor = book.debtor("D1")
        invoice = book.invoice(debtor, 1_000_00, days(-100), number="A")
        book.charge(debtor, 40_00, days(-50), invoice)
        book.payment(debtor, 40_00, days(-45), invoice)
        book.charge(debtor, 30_00, days(-40), invoice)
        book.dispute(debtor, invoice, days(-30), disputed)
        return book.facts().on(DAY)

    @pytest.mark.parametrize("disputed", [None, 1_000_00, 1_030_00])
    def test_demands_neither_principal_nor_charges_whether_by_an_amount_or_without(self, disputed):
        facts = self.book(disputed)
        assert with_credit(facts, DAY, netting=True)["net_minor"].sum() == 0
        debts, _ = account(facts, CLAUSE)
        assert totals(debts) == {"EUR": 0}

    def test_is_none_as_long_as_a_cent_of_its_invoice_is_not_contested(self):
        facts = self.book(999_99)
        assert with_credit(facts, DAY, netting=True)["net_minor"].sum() == 1 + 30_00
        debts, _ = account(facts)
        assert totals(debts) == {"EUR": 1 + 30_00}


class TestMoneyOfADebtor:
    def book(self):
        book = Book()
        return book, book.debtor("D1")

    def test_waits_for_the_invoice_that_comes_later(self):
        book, debtor = self.book()
        book.payment(debtor, 300_00, days(-50))
        book.invoice(debtor, 1_000_00, days(-10), issued=days(-40), number="A")
        assert placed(book) == {"A": [(days(-40), 300_00, Placed(days(-50)))]}

    def test_that_was_too_much_for_its_invoice_pays_the_other_one(self):
        book, debtor = self.book()
        first = book.invoice(debtor, 1_000_00, days(-100), number="A")
        book.invoice(debtor, 1_000_00, days(-50), number="B")
        book.payment(debtor, 1_500_00, days(-90), first)
        # ten days at 0.20 are 2.00 of interest on A
        assert placed(book, CLAUSE) == {"A": [], "B": [(days(-80), 498_00, Placed(days(-90), "A"))]}

    def test_pays_a_charge_that_comes_later_first_of_the_invoice_it_named(self):
        book, debtor = self.book()
        first = book.invoice(debtor, 1_000_00, days(-100), number="A")
        book.payment(debtor, 1_010_00, days(-110), first)
        book.charge(debtor, 15_00, days(-30), first)
        assert placed(book) == {"A": [(days(-30), 10_00, Placed(days(-110), "A"))]}

    def test_of_a_credit_note_takes_off_principal_before_anything_else(self):
        book, debtor = self.book()
        first = book.invoice(debtor, 100_00, days(-100), number="A")
        book.charge(debtor, 15_00, days(-60), first)
        book.credit_note(debtor, 110_00, days(-50))
        debts, found = account(book.facts())
        assert [(e.kind, e.amount_minor) for e in debts[0].entries if e.placed] == [
            ("credit", 100_00),
            ("payment", 10_00),
        ]
        assert totals(debts) == {"EUR": 5_00}
        assert found.unallocated == {}

    def test_of_a_cancelled_invoice_pays_what_is_open(self):
        book, debtor = self.book()
        gone = book.invoice(debtor, 100_00, days(-100), number="A", status="cancelled")
        book.invoice(debtor, 100_00, days(-100), number="B")
        book.payment(debtor, 100_00, days(-90), gone)
        assert placed(book) == {"B": [(days(-90), 100_00, Placed(days(-90), "A"))]}

    def test_never_pays_what_was_written_off(self):
        book, debtor = self.book()
        book.invoice(debtor, 100_00, days(-100), number="A", status="written_off")
        book.payment(debtor, 100_00, days(-90))
        debts, found = account(book.facts())
        assert (debts, found.unallocated) == ([], {"EUR": 100_00})

    def test_never_crosses_a_currency(self):
        book, debtor = self.book()
        book.invoice(debtor, 100_00, days(-100), number="A")
        book.payment(debtor, 100_00, days(-90), currency="USD")
        debts, found = account(book.facts())
        assert (totals(debts), found.unallocated) == ({"EUR": 100_00}, {"USD": 100_00})

    def test_that_went_back_takes_from_the_latest(self):
        book, debtor = self.book()
        book.invoice(debtor, 1_000_00, days(-100), number="A")
        book.payment(debtor, 100_00, days(-90))
        book.payment(debtor, 100_00, days(-80))
        book.payment(debtor, -150_00, days(-70))
        assert placed(book) == {"A": [(days(-90), 50_00, Placed(days(-90)))]}

    def test_that_a_list_may_have_had_in_view_is_left_to_a_person(self):
        book, debtor = self.book()
        book.invoice(debtor, 1_000_00, days(-100), number="A")
        book.payment(debtor, 400_00, days(-60))
        book.open_items(days(-30))
        debts, found = account(book.facts())
        assert totals(debts) == {"EUR": 1_000_00}
        assert (found.unallocated, found.in_doubt) == ({"EUR": 400_00}, {"EUR": 400_00})

    def test_pays_the_least_secured_of_what_is_due_first(self):
        book, debtor = self.book()
        book.invoice(debtor, 10_000, days(-90), number="pledged", secured=1)
        book.invoice(debtor, 10_000, days(-60), number="bare")
        book.invoice(debtor, 10_000, days(30), number="undue")
        book.payment(debtor, 15_000, days(-10))
        found = {number: sum(minor for _, minor, _ in money) for number, money in placed(book).items()}
        assert found == {"bare": 10_000, "pledged": 5_000, "undue": 0}

    def test_goes_where_its_payer_designated_it(self):
        book, debtor = self.book()
        first = book.invoice(debtor, 1_000_000, days(-30), number="first")
        book.payment(debtor, 5_000, days(-10), first, designation="principal")
        (debt,), _ = account(book.facts(), CLAUSE)
        (told,) = make_statement([debt], days(-10)).debts
        # twenty days at 2.00 stay open, though the order of the law has interest first
        assert (told.sums.interest, told.sums.principal) == (4_000, 995_000)

    def test_designated_without_an_invoice_pays_that_part_of_the_debts_in_their_order(self):
        book, debtor = self.book()
        book.invoice(debtor, 1_000_000, days(-30), number="first")
        book.payment(debtor, 5_000, days(-10), designation="principal")
        (debt,), _ = account(book.facts(), CLAUSE)
        (told,) = make_statement([debt], days(-10)).debts
        assert (told.sums.interest, told.sums.principal) == (4_000, 995_000)

    def test_designated_without_an_invoice_pays_that_part_of_every_debt_before_anything_else(self):
        book, debtor = self.book()
        book.invoice(debtor, 1_000_000, days(-30), number="first")
        book.invoice(debtor, 1_000_000, days(-20), number="second")
        book.payment(debtor, 1_500_000, days(-10), designation="principal")
        debts, _ = account(book.facts(), CLAUSE)
        told = [each.sums for each in make_statement(debts, days(-10)).debts]
        assert [(sums.interest, sums.principal) for sums in told] == [(4_000, 0), (2_000, 500_000)]

    def test_passes_by_what_is_disputed(self):
        book, debtor = self.book()
        first = book.invoice(debtor, 100_00, days(-100), number="A")
        book.invoice(debtor, 100_00, days(-50), number="B")
        book.dispute(debtor, first, days(-90))
        book.payment(debtor, 100_00, days(-40))
        assert placed(book) == {"A": [], "B": [(days(-40), 100_00, Placed(days(-40)))]}

    def test_of_somebody_else_stays_where_he_put_it(self):
        book, debtor = self.book()
        other = book.debtor("D2")
        first = book.invoice(debtor, 100_00, days(-100), number="A")
        book.invoice(debtor, 100_00, days(-50), number="B")
        book.invoice(other, 70_00, days(-50), number="C")
        book.payment(other, 150_00, days(-90), first)
        debts, found = account(book.facts())
        assert (totals(debts), found.unallocated) == ({"EUR": 100_00}, {})
        his, _ = account(book.facts(), debtor=other)
        assert totals(his) == {"EUR": 20_00}


class TestACharge:
    def test_that_was_written_off_is_not_demanded_and_keeps_what_it_was_paid(self):
        book = Book()
        debtor = book.debtor("D1")
        first = book.invoice(debtor, 100_00, days(-100), number="A")
        for minor in (15_00, 20_00):
            book.invoice(debtor, minor, days(-50), kind="charge", parent=first, status="written_off")
        book.payment(debtor, 25_00, days(-40), first)
        debts, _ = account(book.facts())
        assert totals(debts) == {"EUR": 100_00}

    def test_that_belongs_to_no_invoice_is_owed_once_and_bears_nothing(self):
        book = Book()
        book.charge(book.debtor("D1"), 15_00, days(-365), None)
        debts, _ = account(book.facts(), CLAUSE)
        assert totals(debts) == {"EUR": 15_00}


class TestAFixedSum:
    BGB = Held(make_terms("de.bgb-288-2", {"confirmed": True}), fixed_sum=True)

    def test_that_was_paid_counts_against_a_charge_that_comes_later(self):
        book = Book()
        book.debtor(1)
        invoice = book.invoice(1, 10_000, due=days(-60))
        late = account(book.facts(), self.BGB, day=days(-30))[0]
        (interest,) = (each.sums.interest for each in make_statement(late, days(-30)).debts)
        book.payment(1, 14_000 + interest, days(-30), invoice)
        book.charge(1, 15_050, days(-10), invoice)
        debts, found = account(book.facts(), self.BGB)
        # 40.00 are paid; of 150.50 only what exceeds them is owed
        assert totals(debts) == {"EUR": 11_050}
        assert found.unallocated == {}
