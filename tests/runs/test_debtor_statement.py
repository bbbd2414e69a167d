"""`dunwell statement` where money names no invoice, of all debts of a debtor, and with what was known then."""

import json
import re

import pytest

from dunwell.core.terms import LANGUAGES
from tests.engine.book import DAY, Book, days
from tests.runs.test_statement_command import CLAUSE, QUICK

TODAY = DAY.isoformat()


def two(*money) -> Book:
    """D1 owes invoice-1 (EUR 1,000.00, 100 days late) and invoice-2 (EUR 500.00, 20 days late)."""
    book = Book()
    debtor = book.debtor("D1")
    book.invoice(debtor, 1_000_00, days(-100), number="invoice-1")
    book.invoice(debtor, 500_00, days(-20), number="invoice-2")
    for minor, day in money:
        book.payment(debtor, minor, days(day), number=f"P{day}")
    return book


@QUICK
class TestMoneyThatNamesNoInvoice:
    def run(self, say_of, book, *line, terms=CLAUSE):
        said = say_of(book)
        if terms:
            said(*terms)
        return lambda *more, **how: said("statement", *line, *more, **how)

    def test_pays_by_the_order_and_says_so(self, say_of):
        told = json.loads(self.run(say_of, two((200_00, -50)), "invoice-1")("--json"))
        (payment,) = [entry for entry in told["debts"][0]["entries"] if entry["kind"] == "payment"]
        # 50 days at 0.20 are 10.00 of interest
        assert payment["paid"] == {"interest": "10.00", "principal": "190.00"}
        assert payment["placed"] == {
            "received": days(-50).isoformat(), "named": None, "document": "payment", "order": "de.bgb-366-2",
        }  # fmt: skip
        assert told["unallocated"] == {}

    def test_pays_debts_that_nobody_asked_for_too(self, say_of):
        told = json.loads(self.run(say_of, two((200_00, -50)), "invoice-2")("--json"))
        assert told["debts"][0]["entries"] == []
        assert told["unallocated"] == {}

    def test_that_is_more_than_all_debts_is_unallocated(self, say_of):
        told = json.loads(self.run(say_of, two((1_600_00, -100)), "invoice-1", "invoice-2", terms=None)("--json"))
        assert told["total"] == {"EUR": "0.00"}
        assert told["unallocated"] == {"EUR": "100.00"}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_told_in_words_and_on_the_page(self, say_of, tmp_path, language):
        from pypdf import PdfReader

        run = self.run(say_of, two((200_00, -50)), "invoice-1")
        words = {"en": "names no invoice", "zh-Hans": "未指明所付账单", "zh-Hant": "未指明所付帳單"}[language]
        assert words in run("--language", language)
        path = tmp_path / "page.pdf"
        run("--language", language, "--pdf", str(path))
        text = "".join(page.extract_text() for page in PdfReader(path).pages)
        assert words.replace(" ", "") in "".join(text.split())


@QUICK
class TestAllDebtsOfADebtor:
    def test_are_told_with_one_total(self, say_of):
        run = say_of(two((200_00, -50)))
        told = json.loads(run("statement", "--debtor", "D1", "--json"))
        assert [each["number"] for each in told["debts"]] == ["invoice-1", "invoice-2"]
        assert told["total"] == {"EUR": "1300.00"}

    def test_leave_out_what_is_paid(self, say_of):
        told = json.loads(say_of(two((1_100_00, -50)))("statement", "--debtor", "D1", "--json"))
        assert [each["number"] for each in told["debts"]] == ["invoice-2"]
        assert told["total"] == {"EUR": "400.00"}

    def test_keep_their_interest_where_that_of_one_cannot_be_told(self, say_of):
        run = say_of(two())
        # the regime needs the day of the contract, which nobody recorded
        run("terms", "set", "business", "--regime", "cn.loan-agreed", "--rate", "10")
        run("terms", "set", "invoice:invoice-1", "--regime", "contract.clause", "--rate", "7.3", "--confirmed")
        told = json.loads(run("statement", "--debtor", "D1", "--json", "--pay-by", days(30).isoformat()))
        first, second = told["debts"]
        # 100 days at 0.20
        assert first["demanded"]["interest"] == "20.00"
        assert first["without_interest"] is None
        assert (second["demanded"]["total"], second["regime"]) == ("500.00", "none")
        assert second["without_interest"]["code"] == "terms.contract_date_missing"
        assert "invoice-2" in second["without_interest"]["why"]
        assert told["total"] == {"EUR": "1520.00"}
        assert [each["total"] for each in told["pay_by"]] == [{"EUR": "1526.00"}, {"EUR": "1526.20"}]
        assert "invoice-2" in run("statement", "invoice-2", fails=True)
        assert "invoice-2" in run("statement", "invoice-1", "invoice-2", fails=True)
        assert "interest" in run("statement", "invoice-1")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_name_the_one_that_cannot_be_told_in_words_and_on_the_page(self, say_of, tmp_path, language):
        from pypdf import PdfReader

        run = say_of(two((200_00, -50)))
        run("terms", "set", "business", "--regime", "cn.loan-agreed", "--rate", "10")
        run("terms", "set", "invoice:invoice-1", "--regime", "contract.clause", "--rate", "7.3", "--confirmed")
        words = {
            "en": "invoice-2 is computed without late interest",
            "zh-Hans": "invoice-2 未计逾期利息",
            "zh-Hant": "invoice-2 未計遲延利息",
        }[language]
        assert words in run("statement", "--debtor", "D1", "--language", language)
        path = tmp_path / "page.pdf"
        run("statement", "--debtor", "D1", "--language", language, "--pdf", str(path))
        text = "".join("".join(page.extract_text() for page in PdfReader(path).pages).split())
        shown = {
            "en": "Nolateinterestiscomputedoninvoice-2here",
            "zh-Hans": "此处未对invoice-2计算逾期利息",
            "zh-Hant": "此處未對invoice-2計算遲延利息",
        }[language]
        assert shown in text

    def test_keep_their_interest_where_one_is_older_than_its_rate(self, say_of):
        book = two()
        book.invoice(1, 300_00, days(-4000), number="invoice-3")
        run = say_of(book)
        run("terms", "set", "business", "--regime", "cn.sale-lpr", "--confirmed")
        old, *others = json.loads(run("statement", "--debtor", "D1", "--json"))["debts"]
        assert (old["number"], old["demanded"]["interest"]) == ("invoice-3", "0.00")
        assert old["without_interest"]["code"] == "interest.not_yet_in_force"
        assert all(float(each["demanded"]["interest"]) > 0 for each in others)

    def test_keep_their_interest_where_one_grows_beyond_all_bounds(self, say_of):
        book = two()
        book.invoice(1, 10**13, days(-14_000), number="invoice-3")
        run = say_of(book)
        run(*CLAUSE)
        run("terms", "set", "invoice:invoice-3", "--regime", "contract.clause", "--rate", "36", "--compound", "month")
        wild, *others = json.loads(run("statement", "--debtor", "D1", "--json"))["debts"]
        assert wild["without_interest"]["code"] == "interest.too_large"
        assert [each["demanded"]["interest"] for each in others] == ["20.00", "2.00"]

    def test_keep_their_interest_where_the_terms_of_one_are_no_longer_known(self, say_of):
        run = say_of(two())
        run(*CLAUSE)
        run("terms", "set", "invoice:invoice-1", "--regime", "contract.clause", "--rate", "5", "--confirmed")
        from dunwell.store import guard
        from dunwell.store.models import InterestTerms

        with guard.writing("test"):
            InterestTerms.objects.filter(code="invoice:invoice-1").update(regime="gone.law")
        first, second = json.loads(run("statement", "--debtor", "D1", "--json"))["debts"]
        assert first["without_interest"]["code"] == "interest.unknown_regime"
        assert "invoice-1 (invoice:invoice-1)" in first["without_interest"]["why"]
        assert (first["demanded"]["interest"], second["demanded"]["interest"]) == ("0.00", "2.00")

    def test_of_a_consumer_in_america_lack_charges_of_a_collector_that_rest_on_nothing(self, say_of):
        book = Book()
        debtor = book.debtor("D1", kind="consumer", country="US")
        invoice = book.invoice(debtor, 500_00, days(-40), number="invoice-1", currency="USD")
        for minor, basis in ((25_00, None), (7_00, "agreed"), (1_00, "law"), (3_00, "none")):
            book.charge(debtor, minor, days(-20), invoice, currency="USD")
            book.rows["receivables"][-1]["charge_basis"] = basis
        book.charge(debtor, 40_00, days(-20), None, currency="USD")
        run = say_of(book)
        own = json.loads(run("statement", "--debtor", "D1", "--json"))
        assert own["total"] == {"USD": "576.00"}
        # nobody recorded whether he collects for others
        asked = [note for debt in own["debts"] for note in debt["notes"] if "1006.22(b)" in note]
        assert [sorted(re.findall(r"charge-\d+", note)) for note in asked] == [["charge-2", "charge-5"], ["charge-6"]]
        run("creditor", "set", "--code", "acme", "--kind", "other")
        assert "1006.22(b)" not in run("statement", "--debtor", "D1")
        run("creditor", "set", "--code", "acme", "--kind", "debt_collector")
        told = json.loads(run("statement", "--debtor", "D1", "--json"))
        assert told["total"] == {"USD": "508.00"}
        left_out = [(each["amount"], each["law"]) for debt in told["debts"] for each in debt["charges_not_claimed"]]
        assert sorted(left_out) == [(minor, "12 CFR 1006.22(b)") for minor in ("25.00", "3.00", "40.00")]
        assert "Not claimed: charge-2, USD 25.00" in run("statement", "--debtor", "D1")

    def test_are_refused_where_nothing_is_open(self, say_of):
        assert "Nothing of debtor D1" in say_of(two((1_500_00, -50)))("statement", "--debtor", "D1", fails=True)

    @pytest.mark.parametrize("line", [(), ("invoice-1", "--debtor", "D1")])
    def test_and_numbers_are_asked_for_apart(self, say_of, line):
        assert "--debtor" in say_of(two())("statement", *line, fails=True)

    def test_of_an_unknown_debtor_are_refused(self, say_of):
        assert "NOPE" in say_of(two())("statement", "--debtor", "NOPE", fails=True)

    def test_take_the_facts_that_somebody_read_and_the_items_he_names(self, say_of):
        say_of(two((200_00, -50)))
        from dunwell.actions.facts import facts_of
        from dunwell.actions.statement import statement_of_debtor
        from dunwell.store.models import Debtor, Receivable

        debtor = Debtor.objects.select_related("creditor").get(number="D1")
        told = statement_of_debtor(
            creditor=debtor.creditor, debtor=debtor, as_of=DAY, facts=facts_of(debtor.creditor), currency="EUR",
            only=[Receivable.objects.get(number="invoice-1").pk],
        )  # fmt: skip
        assert told.statement.totals == {"EUR": 800_00}


class TestAStatementAsKnownThen:
    def test_knows_neither_later_money_nor_later_terms(self, say_of):
        from dunwell.actions.interest import set_terms
        from dunwell.store.models import Creditor, Payment
        from tests.runs.kept import CLERK, noon

        book = two((200_00, -50))
        run = say_of(book)
        owner = Creditor.objects.get()
        told = {
            "creditor": owner,
            "code": "business",
            "buyer": None,
            "fixed_sum": False,
            "confirmed": True,
            "by": CLERK,
        }
        set_terms(**told, regime="contract.clause", wishes={"rate": "7.3"}, at=noon(days(-30)))
        set_terms(**told, regime="contract.clause", wishes={"rate": "14.6"}, at=noon(days(-10)))
        from django.db import transaction

        from dunwell.store import guard

        with guard.writing("test"), transaction.atomic():
            Payment.objects.update(known_from=noon(days(-15)))
        then = days(-20).isoformat()
        line = ("statement", "--debtor", "D1", "--json", "--as-of", then)
        by_now = json.loads(run(*line))["debts"][0]
        by_then = json.loads(run(*line, "--as-known-then"))["debts"][0]
        assert [entry["kind"] for entry in by_now["entries"]] == ["payment"]
        assert by_then["entries"] == []
        # 80 days at 0.20 and at 0.40 a day
        assert by_then["demanded"]["interest"] == "16.00"
        assert by_now["lines"][0]["rate"] == "14.60"
        none = json.loads(
            run("statement", "--debtor", "D1", "--json", "--as-of", days(-40).isoformat(), "--as-known-then")
        )
        assert none["debts"][0]["regime"] == "none"

    @QUICK
    def test_has_the_rates_of_its_day(self, say_of, tmp_path):
        run = say_of(two())
        run("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        path = tmp_path / "rates.csv"
        path.write_text("series,from,rate,known_until\nde.basiszins,2026-07-01,2.00,2026-12-31\n", encoding="utf-8")
        run("rates", "import", str(path), "--source", "a test")
        from django.db import transaction

        from dunwell.store import guard
        from dunwell.store.models import RateValue
        from tests.runs.kept import noon

        with guard.writing("test"), transaction.atomic():
            RateValue.objects.update(known_from=noon(days(300)))
        line = ("statement", "invoice-1", "--json", "--as-of")
        assumed = json.loads(run(*line, days(200).isoformat(), "--as-known-then"))["debts"][0]
        known = json.loads(run(*line, days(200).isoformat()))["debts"][0]
        assert (assumed["assumed_since"], known["assumed_since"]) == ("2026-07-01", None)
