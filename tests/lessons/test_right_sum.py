"""The right sum: what today's systems get wrong about how much is owed."""

import polars as pl
import pytest

from dunwell.engine.book.claims import open_items
from dunwell.rulebook.strategy_file import read_strategy
from tests.engine.book import DAY, Book, days
from tests.support.strategies import plain_strategy


def one(*channels: str) -> tuple[Book, int]:
    book = Book()
    return book, book.debtor(channels=channels or ("email", "letter"))


class TestAnOpenCreditNote:
    def test_of_500_silences_the_demand_for_500(self) -> None:
        """Odoo + OCA, seen live: invoice 500 and open credit note 500, and 500 are demanded."""
        book, debtor = one()
        book.invoice(debtor, 500_00, days(-73))
        book.credit_note(debtor, 500_00, days(-10))
        line = book.line()
        assert (line["action"], line["reason"], line["overdue_minor"]) == ("none", "covered_by_credit", 0)
        assert (line["open_minor"], line["credit_minor"]) == (500_00, 500_00)

    def test_lowers_what_is_asked(self) -> None:
        """OCA reminder case: 100 less a refund of 30 is 70."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-20))
        book.credit_note(debtor, 30_00, days(-10))
        assert book.line()["total_minor"] == 70_00

    def test_is_netted_by_a_visible_choice_and_shown_either_way(self) -> None:
        """OCA 211, 226, 283, 346: netting must be a choice somebody can see."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-20))
        book.credit_note(debtor, 30_00, days(-10))
        without = read_strategy(plain_strategy().text.replace("netting: true", "netting: false"))
        line = book.line(strategy=without)
        assert (line["total_minor"], line["credit_minor"]) == (100_00, 30_00)

    def test_in_another_currency_is_not_set_off(self) -> None:
        """Nothing is converted, here either."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-20))
        book.credit_note(debtor, 100_00, days(-10), currency="USD")
        assert book.line()["total_minor"] == 100_00


class TestTheSmallestSum:
    @pytest.mark.parametrize(
        ("currency", "minor", "written"),
        [("EUR", 499, False), ("EUR", 500, True), ("JPY", 599, False), ("JPY", 600, True), ("KWD", 1, True)],
    )
    def test_is_the_currencys_own_and_never_converted(self, currency: str, minor: int, written: bool) -> None:
        """Odoo + OCA, seen live: a tolerance of 100 USD converted the wrong way, 10 USD worth of yen are dunned."""
        book, debtor = one()
        book.invoice(debtor, minor, days(-20), currency=currency)
        line = book.line()
        assert (line["action"], line["reason"]) == (("message", "step_due") if written else ("none", "below_minimum"))

    def test_spares_the_residue_of_a_payment(self) -> None:
        """Fines log: 73 % of the part-payers handed to collection had paid all but a small rest."""
        book, debtor = one()
        fine = book.invoice(debtor, 35_00, days(-90))
        book.charge(debtor, 4_99, days(-60), fine)
        book.payment(debtor, 35_00, days(-20), fine)
        line = book.line()
        assert (line["open_minor"], line["reason"]) == (4_99, "below_minimum")

    def test_spares_who_paid_all_but_a_penalty_that_the_books_had_paid_first(self) -> None:
        """The same log: money pays charges first, so that by the books the fine is open and the penalty paid."""
        book, debtor = one()
        fine = book.invoice(debtor, 35_00, days(-90))
        book.payment(debtor, 46_00, days(-70), fine)
        book.charge(debtor, 11_00, days(-80), fine)
        book.charge(debtor, 36_50, days(-60), fine)
        tolerant = read_strategy(plain_strategy().text + "residue_minor: {EUR: 4000}\n")
        strict = read_strategy(plain_strategy().text + "residue_minor: {EUR: 3600}\n")
        assert [book.line(strategy=each)["reason"] for each in (tolerant, strict)] == ["residue", "step_due"]
        assert book.line()["open_minor"] == 36_50

    @pytest.mark.parametrize(("open_minor", "dunned"), [(4_00, False), (4_99, False), (5_00, True)])
    def test_itself_is_written_for_and_below_it_nothing(self, open_minor: int, dunned: bool) -> None:
        """OCA: open amount below tolerance skipped, equal kept (there 50, 99.99 and 100; here our own minimum)."""
        book, debtor = one()
        book.invoice(debtor, open_minor, days(-20))
        assert (book.line()["action"] == "message") == dunned


class TestAPartPayment:
    def test_counts_in_every_sum(self) -> None:
        """Lago: campaign sums ignore part payments (12,000 less 5,000 paid is below a threshold of 10,000);
        ERPNext 42605, 46650: wrong outstanding with several invoices or part payments."""
        book, debtor = one()
        first = book.invoice(debtor, 120_00, days(-20))
        second = book.invoice(debtor, 80_00, days(-10))
        book.payment(debtor, 50_00, days(-5), first)
        book.payment(debtor, 10_00, days(-4), second)
        book.payment(debtor, 15_00, days(-3), second)
        line = book.line()
        assert (line["open_minor"], line["total_minor"]) == (125_00, 125_00)
        items = book.decide().items
        assert dict(items.select("receivable_id", "open_minor").rows()) == {first: 70_00, second: 55_00}

    def test_pays_fees_before_the_invoice_so_that_none_is_lost(self) -> None:
        """ERPNext 58220: interest and fee vanish when the principal is paid."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60))
        fee = book.charge(debtor, 12_00, days(-20), invoice)
        book.payment(debtor, 100_00, days(-5), invoice)
        left = open_items(book.facts().on(DAY), DAY).select("receivable_id", "open_minor").rows()
        assert left == [(invoice, 12_00)]
        assert fee not in dict(left)
        assert book.line()["total_minor"] == 12_00

    def test_that_bounced_is_owed_again(self) -> None:
        """A reversal takes from the payment it reverses, from its own day on."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60))
        paid = book.payment(debtor, 100_00, days(-10), invoice)
        book.payment(debtor, -100_00, days(-2), invoice, reverses=paid)
        assert book.line(days(-3)) == {}
        assert book.line()["total_minor"] == 100_00

    def test_too_much_pays_the_next_invoice_and_is_not_forgotten(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60))
        book.invoice(debtor, 50_00, days(-20))
        book.payment(debtor, 130_00, days(-10), invoice)
        line = book.line()
        assert (line["open_minor"], line["credit_minor"], line["total_minor"]) == (50_00, 30_00, 20_00)


class TestADispute:
    def test_of_one_percent_leaves_the_rest_in_dunning(self) -> None:
        """A leading product, from its manual: a 1 % dispute takes the whole invoice out."""
        book, debtor = one()
        invoice = book.invoice(debtor, 1_000_00, days(-20))
        book.dispute(debtor, invoice, days(-5), 10_00)
        line = book.line()
        assert (line["action"], line["total_minor"], line["disputed_minor"]) == ("message", 990_00, 10_00)

    def test_of_a_fee_leaves_the_invoice_in_dunning(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 1_000_00, days(-40))
        fee = book.charge(debtor, 25_00, days(-20), invoice)
        book.dispute(debtor, fee, days(-5))
        assert book.line()["total_minor"] == 1_000_00

    def test_of_the_whole_invoice_takes_its_fees_along(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 1_000_00, days(-40))
        book.charge(debtor, 25_00, days(-20), invoice)
        book.dispute(debtor, invoice, days(-5), closed=days(3))
        assert book.line()["reason"] == "all_disputed_or_held"
        assert book.line(days(3))["total_minor"] == 1_025_00

    def test_of_one_invoice_lets_the_notice_of_another_go(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 1_000_00, days(-40))
        book.invoice(debtor, 300_00, days(2))
        book.dispute(debtor, invoice, days(-5))
        line = book.line()
        assert (line["action"], line["stage"], line["total_minor"]) == ("message", 10, 300_00)


class TestAFee:
    @pytest.mark.parametrize(("status", "open_minor"), [("open", 112_00), ("cancelled", None), ("written_off", None)])
    def test_goes_with_its_invoice(self, status: str, open_minor: int | None) -> None:
        """Fines log: 984 fines were annulled on appeal, their postage and penalty with them."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60), status=status)
        book.charge(debtor, 12_00, days(-20), invoice)
        assert book.line().get("open_minor") == open_minor

    def test_is_money_of_its_own_and_never_rewrites_the_invoice(self) -> None:
        """Invoice Ninja 2330: a late fee every hour; elsewhere a fee changes the invoice."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60))
        fee = book.charge(debtor, 12_00, days(-20), invoice)
        items = open_items(book.facts().on(DAY), DAY).select("receivable_id", "amount_minor").rows()
        assert sorted(items) == [(invoice, 100_00), (fee, 12_00)]


class TestALedgersPayment:
    """An open-item list shows that an item was paid, and the bank line comes too, in whatever order."""

    @pytest.mark.parametrize("bank_day", [-3, 0, 1, 5])
    def test_is_not_counted_twice_when_its_bank_line_comes(self, bank_day: int) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-40))
        book.payment(debtor, 60_00, DAY, invoice, source="ledger")
        book.open_items(days(-1), DAY)
        assert book.line(days(6))["open_minor"] == 40_00
        book.payment(debtor, 60_00, days(bank_day), invoice)
        assert book.line(days(6))["open_minor"] == 40_00

    def test_stays_when_a_bank_line_is_other_money(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-40))
        book.payment(debtor, 60_00, DAY, invoice, source="ledger")
        book.open_items(DAY)
        book.payment(debtor, 15_00, days(3), invoice)
        assert book.line(days(6))["open_minor"] == 25_00
        book.payment(debtor, 60_00, days(4), invoice)
        assert book.line(days(6))["open_minor"] == 25_00

    def test_without_any_list_counts_as_it_stands(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-40))
        book.payment(debtor, 60_00, DAY, invoice, source="ledger")
        assert book.line(days(6))["open_minor"] == 40_00


class TestMoneyInAnotherCurrency:
    def test_pays_nothing_by_itself(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-20))
        book.payment(debtor, 100_00, days(-2), invoice, currency="USD")
        lines = book.decide().lines
        assert lines.select("currency", "total_minor", "credit_minor").rows() == [("EUR", 100_00, 0)]

    def test_is_never_added_up_with_another(self) -> None:
        """OCA: one communication per partner, level, currency and company."""
        book, debtor = one()
        for currency in ("EUR", "EUR", "USD"):
            book.invoice(debtor, 100_00, days(-20), currency=currency)
        lines = book.decide().lines.filter(pl.col("action") == "message")
        assert dict(lines.select("currency", "total_minor").rows()) == {"EUR": 200_00, "USD": 100_00}
