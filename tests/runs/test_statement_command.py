"""`dunwell statement`, `terms`, `rates` on a real home: stored claims go through the engine of described ones."""

import json
import re
from datetime import date, timedelta

import pytest
from pypdf import PdfReader

from tests.engine.book import DAY, Book, days

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


def a_book() -> Book:
    """D1: an invoice of EUR 10,000.00, 100 days late, with EUR 15.00 of costs and EUR 1,000.00 paid 40 days ago."""
    book = Book()
    debtor = book.debtor("D1")
    invoice = book.invoice(debtor, 10_000_00, days(-100))
    book.charge(debtor, 15_00, days(-50), invoice)
    book.payment(debtor, 1_000_00, days(-40), invoice)
    other = book.debtor("D2")
    book.invoice(other, 500_00, days(-5))
    return book


@pytest.fixture
def say(say_of):
    """Run the command line."""
    return say_of(a_book())


TITLES = [("en", "Statement of the claim"), ("zh-Hans", "债权计算明细"), ("zh-Hant", "債權計算明細")]
CLAUSE = ("terms", "set", "business", "--regime", "contract.clause", "--rate", "7.3", "--confirmed")


class TestAStatement:
    def test_without_terms_claims_what_was_invoiced_and_charged(self, say, numbers):
        told = json.loads(say("statement", numbers[0], "--json"))
        assert told["total"] == {"EUR": "9015.00"}
        assert told["debts"][0]["lines"] == []

    def test_by_the_terms_pays_costs_then_interest_then_principal(self, say, numbers):
        say(*CLAUSE)
        debt = json.loads(say("statement", numbers[0], "--json"))["debts"][0]
        # 10,000.00 at 7.3 % is 2.00 a day: 60 days until the payment, which pays 15.00 + 120.00 + 865.00
        payment = next(entry for entry in debt["entries"] if entry["kind"] == "payment")
        assert payment["paid"] == {"costs": "15.00", "interest": "120.00", "principal": "865.00"}
        assert debt["demanded"]["principal"] == "9135.00"
        # 9,135.00 at 7.3 % for 40 days is 73.08
        assert debt["demanded"]["interest"] == "73.08"
        assert debt["demanded"]["total"] == "9208.08"

    def test_is_the_same_as_of_the_described_claim(self, say, numbers, tmp_path):
        say(*CLAUSE)
        stored = json.loads(say("statement", numbers[0], "--json"))["debts"][0]
        described = {
            "as_of": DAY.isoformat(), "debtor": "business",
            "debts": [{
                "number": "X", "currency": "EUR", "principal": "10000.00", "due": days(-100).isoformat(),
                "terms": {"regime": "contract.clause", "rate": "7.3", "confirmed": True},
                "entries": [
                    {"date": days(-50).isoformat(), "kind": "charge", "amount": "15.00"},
                    {"date": days(-40).isoformat(), "kind": "payment", "amount": "1000.00"},
                ],
            }],
        }  # fmt: skip
        path = tmp_path / "claim.json"
        path.write_text(json.dumps(described), encoding="utf-8")
        told = json.loads(say("claim", str(path), "--json"))["debts"][0]
        assert told["demanded"] == stored["demanded"]
        assert told["lines"] == stored["lines"]

    def test_keeps_interest_alive_when_the_principal_is_paid(self, say, numbers):
        say(*CLAUSE, "--order", "principal-first")
        on_the_day = json.loads(say("statement", numbers[0], "--json", "--as-of", days(-40).isoformat()))
        assert on_the_day["debts"][0]["demanded"]["interest"] == "120.00"

    def test_of_an_earlier_day_leaves_out_what_came_later(self, say, numbers):
        told = json.loads(say("statement", numbers[0], "--json", "--as-of", days(-60).isoformat()))
        assert told["total"] == {"EUR": "10000.00"}

    def test_claims_the_fixed_sum_of_the_law_where_asked(self, say, numbers):
        say("terms", "set", "business", "--regime", "de.bgb-288-2", "--fixed-sum", "--confirmed")
        debt = json.loads(say("statement", numbers[0], "--json"))["debts"][0]
        # EUR 40 by law, and the EUR 15.00 of costs that were charged count against them
        told = {entry["kind"]: entry for entry in debt["entries"]}
        assert (told["fixed_sum"]["amount"], told["charge"]["covered_by_fixed_sum"]) == ("40.00", "15.00")
        assert (told["fixed_sum"]["adds"], told["charge"]["adds"]) == ("40.00", "0.00")

    @pytest.mark.parametrize(("language", "title"), TITLES)
    @QUICK
    def test_is_a_page_for_the_letter(self, say, numbers, tmp_path, language, title):
        say(*CLAUSE)
        path = tmp_path / "annex.pdf"
        say("statement", numbers[0], "--pdf", str(path), "--language", language, "--pay-by", "2026-03-31")
        pages = PdfReader(path).pages
        assert len(pages) == 1
        text = pages[0].extract_text()
        assert title in text
        assert "9,208.08" in text
        assert "D1" in text
        # 29 days more at 1.83: what was asked for by the deadline stands on the page
        assert "9,261.06" in text

    @QUICK
    def test_of_several_debtors_is_refused(self, say, numbers):
        said = say("statement", *numbers, fails=True)
        assert "several debtors" in said
        assert f"{numbers[1]}: D2" in said

    @QUICK
    def test_of_an_unknown_item_is_refused(self, say, numbers):
        assert "NOPE" in say("statement", "NOPE", fails=True)

    @QUICK
    def test_of_a_day_before_the_invoice_is_refused(self, say, numbers):
        assert numbers[0] in say("statement", numbers[0], "--as-of", "2001-01-01", fails=True)


@QUICK
class TestAStatementOf:
    """What the book says of an item decides what is demanded of it: the same as in every other sum."""

    @staticmethod
    def told(say_of, book, *line, terms=CLAUSE):
        run = say_of(book)
        if terms:
            run(*terms)
        return json.loads(run("statement", *line, "--json"))

    def one(self, **more):
        book = Book()
        debtor = book.debtor("D1")
        return book, debtor, book.invoice(debtor, 1_000_00, days(-100), **more)

    def test_an_invoice_named_twice_is_claimed_once(self, say_of):
        book, _, _ = self.one()
        assert self.told(say_of, book, "invoice-1", "invoice-1")["total"] == {"EUR": "1020.00"}

    def test_a_wholly_disputed_invoice_demands_nothing_with_or_without_charges(self, say_of):
        book, debtor, invoice = self.one()
        book.charge(debtor, 40_00, days(-50), invoice)
        book.payment(debtor, 300_00, days(-60), invoice)
        book.add("disputes", debtor_id=debtor, receivable_id=invoice, opened_date=days(-30))
        told = self.told(say_of, book, "invoice-1")
        assert told["total"] == {"EUR": "0.00"}
        assert float(told["debts"][0]["disputed"]["total"]) > 740

    def test_an_invoice_with_a_disputed_charge_demands_the_invoice_in_full(self, say_of):
        book, debtor, invoice = self.one()
        charge = book.charge(debtor, 40_00, days(-50), invoice)
        book.add("disputes", debtor_id=debtor, receivable_id=charge, opened_date=days(-30))
        debt = self.told(say_of, book, "invoice-1", terms=None)["debts"][0]
        assert (debt["demanded"]["principal"], debt["demanded"]["costs"]) == ("1000.00", "0.00")
        assert debt["with_disputed_part"] == "1040.00"

    @pytest.mark.parametrize("status", ["written_off", "cancelled"])
    def test_what_was_given_up_is_refused(self, say_of, status):
        book, _, _ = self.one(status=status)
        assert "cancelled or written off" in say_of(book)("statement", "invoice-1", fails=True)

    def test_an_invoice_with_a_charge_in_another_currency_tells_both(self, say_of):
        book, debtor, invoice = self.one()
        book.charge(debtor, 40_00, days(-50), invoice, currency="USD")
        assert self.told(say_of, book, "invoice-1", terms=None)["total"] == {"EUR": "1000.00", "USD": "40.00"}

    def test_a_debtor_of_a_country_goes_by_the_terms_of_his_country(self, say_of):
        book = Book()
        for number, country in (("D1", "DE"), ("D2", "GB")):
            book.invoice(book.debtor(number, country=country), 1_000_00, days(-100))
        run = say_of(book)
        run("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        run("terms", "set", "business:GB", "--regime", "uk.lpcdia-1998", "--confirmed")
        regimes = [json.loads(run("statement", f"invoice-{n}", "--json"))["debts"][0]["regime"] for n in (1, 2)]
        assert regimes == ["de.bgb-288-2", "uk.lpcdia-1998"]

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", "No fixed sum for late payment is claimed: its law states it in EUR"),
            ("zh-Hans", "未主张逾期付款固定补偿：法律以 EUR 规定"),
            ("zh-Hant", "未主張遲延付款固定補償：法律以 EUR 規定"),
        ],
    )
    def test_a_debt_in_another_currency_than_the_fixed_sum_says_that_none_is_claimed(
        self, say_of, tmp_path, language, words
    ):
        book, _, _ = self.one(currency="USD")
        run = say_of(book)
        run("terms", "set", "business", "--regime", "de.bgb-288-2", "--fixed-sum", "--confirmed")
        debt = json.loads(run("statement", "invoice-1", "--json"))["debts"][0]
        assert debt["fixed_sum_not_claimed"] == {"why": "other_currency", "currency": "EUR"}
        assert [entry for entry in debt["entries"] if entry["kind"] == "fixed_sum"] == []
        assert words in run("statement", "invoice-1", "--language", language)
        path = tmp_path / "page.pdf"
        run("statement", "invoice-1", "--language", language, "--pdf", str(path))
        text = "".join("".join(page.extract_text() for page in PdfReader(path).pages).split())
        assert words.replace(" ", "") in text

    def test_a_debt_in_the_currency_of_the_fixed_sum_says_nothing_of_it(self, say_of):
        book, _, _ = self.one()
        run = say_of(book)
        run("terms", "set", "business", "--regime", "de.bgb-288-2", "--fixed-sum", "--confirmed")
        assert json.loads(run("statement", "invoice-1", "--json"))["debts"][0]["fixed_sum_not_claimed"] is None

    def test_a_loan_holds_fees_of_files_under_its_cap_with_the_interest(self, say_of, tmp_path):
        book = Book()
        book.debtor("D1")
        run = say_of(book)
        invoices, charges = tmp_path / "invoices.csv", tmp_path / "charges.csv"
        invoices.write_text(
            "invoice,customer,issue date,due date,currency,amount,contract no,contract date\n"
            "L-1,D1,2025-01-01,2025-01-31,CNY,100000.00,V-1,2024-10-21\n", encoding="utf-8"
        )  # fmt: skip
        charges.write_text(
            "费用编号,invoice,date,费用类型,amount\nF-1,L-1,2025-02-01,滞纳金,2500.00\n"
            "F-2,L-1,2025-02-01,诉讼费,50.00\nF-3,L-1,2025-02-01,邮费,10.00\n", encoding="utf-8"
        )  # fmt: skip
        run("import", str(invoices), str(charges))
        run("terms", "set", "contract:V-1", "--regime", "cn.loan-agreed", "--rate", "10", "--confirmed")
        debt = json.loads(run("statement", "L-1", "--json", "--as-of", "2026-01-31"))["debts"][0]
        # 12.4 % of 100,000.00 less 10 % leave room for 2,400.00 of fees; courts and what has no kind are beside it
        assert debt["demanded"]["interest"] == "10000.00"
        assert (debt["demanded"]["costs"], debt["demanded"]["capped_costs"]) == ("2460.00", "100.00")
        (cut,) = [entry for entry in debt["entries"] if entry["kind"] == "capped_costs"]
        assert cut["adds"] == "-100.00"
        assert any("F-3" in note and "F-1" not in note for note in debt["notes"])

    def test_a_payment_that_bounced_tells_both(self, say_of):
        book, debtor, invoice = self.one()
        paid = book.payment(debtor, 500_00, days(-60), invoice)
        book.payment(debtor, -500_00, days(-55), invoice, reverses=paid)
        assert self.told(say_of, book, "invoice-1")["total"] == {"EUR": "1020.00"}

    def test_a_deadline_before_its_day_is_refused(self, say_of):
        book, _, _ = self.one()
        assert "--pay-by 2020-01-01" in say_of(book)("statement", "invoice-1", "--pay-by", "2020-01-01", fails=True)


@pytest.fixture
def numbers(say):
    from dunwell.store.models import Receivable

    return list(Receivable.objects.filter(kind="invoice").order_by("pk").values_list("number", flat=True))


@QUICK
class TestTerms:
    def test_are_shown_with_whom_they_were_confirmed_by(self, say):
        said = say(*CLAUSE)
        assert "contract.clause" in said
        assert "confirmed by user:" in said
        assert say("terms", "show") == said

    def test_that_nobody_confirmed_demand_nothing(self, say, numbers):
        said = say("terms", "set", "business", "--regime", "de.bgb-288-2")
        assert "not demanded" in said
        debt = json.loads(say("statement", numbers[0], "--json"))["debts"][0]
        assert debt["demanded"]["total"] == "9015.00"
        assert float(debt["computed_not_demanded"]["total"]) > 9015

    @pytest.mark.parametrize(
        ("code", "names"),
        [
            ("business:UK", "UK is not the code by which this country is recorded of debtors: write GB"),
            ("consumer:UK", "consumer:GB"),
            ("business:ZZ", "ZZ is no country"),
            ("business:QQ", "QQ is no country"),
        ],
    )
    def test_of_a_country_that_no_debtor_can_have_are_refused(self, say, code, names):
        assert names in say("terms", "set", code, "--regime", "none", fails=True)
        assert "No terms of late interest are set" in say("terms", "show")

    def test_of_no_interest_say_that_none_is_demanded(self, say):
        said = say("terms", "set", "business:GB", "--regime", "none")
        assert "No late interest is demanded" in said
        assert "confirmed by" not in said

    def test_that_need_no_confirmation_say_so(self, say):
        said = say("terms", "set", "business", "--regime", "contract.clause", "--rate", "6")
        assert "Interest is demanded; these terms need no confirmation." in said

    def test_set_again_record_nothing(self, say):
        from dunwell.store.models import JournalEntry

        say(*CLAUSE)
        before = JournalEntry.objects.count()
        say(*CLAUSE)
        assert JournalEntry.objects.count() == before

    def test_changed_keep_what_stood_before(self, say):
        from dunwell.store.models import InterestTermsPast

        say(*CLAUSE)
        say("terms", "set", "business", "--regime", "none")
        assert [old.regime for old in InterestTermsPast.objects.all()] == ["contract.clause"]

    @pytest.mark.parametrize(
        ("line", "names"),
        [
            (("business", "--regime", "nothing"), "regime"),
            (("business", "--regime", "contract.clause"), "rate"),
            (("consumer", "--regime", "de.bgb-288-2"), "debtor"),
            (("business", "--regime", "cn.sme-payment"), "creditor set --kind"),
            (("invoice:invoice-1", "--regime", "cn.sme-payment"), "buyer"),
            (("business", "--regime", "contract.clause", "--rate", "7,3"), "rate"),
            (("business", "--regime", "contract.clause", "--rate", "7", "--fixed-sum"), "fixed_sum"),
            (("business", "--regime", "contract.clause", "--rate", "7", "--order", "costs,costs"), "order"),
            (("nobody", "--regime", "none"), "nobody"),
            (("business:gb", "--regime", "none"), "business:gb"),
            (("business:", "--regime", "none"), "business:"),
            (("contract:V-1", "--regime", "none"), "no contract V-1"),
            (("invoice:V-1", "--regime", "none"), "V-1"),
            (("invoice:invoice-1", "--regime", "cn.loan-agreed", "--rate", "10"), "day of the contract"),
            (("business", "--regime", "cn.sme-payment", "--buyer", "other"), "buyer"),
            (("business", "--regime", "cn.sme-payment", "--buyer", "large_enterprise"), "buyer_kind"),
            (("business", "--regime", "de.bgb-288-2", "--day-count", "act/360"), "day_count"),
            (("consumer", "--regime", "de.bgb-288-1", "--fixed-sum"), "gives no fixed sum"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_refused_by_name(self, say, line, names):
        assert names in say("terms", "set", *line, fails=True)

    def test_list_names_every_regime(self, say):
        from dunwell.rulebook.interest_terms import house_regimes

        said = say("terms", "list")
        assert all(name in said for name in house_regimes())
        assert "Of HK, SG no interest by law is at hand" in said

    @pytest.mark.parametrize("regime", ["hk.judgments", "HK", "sg.late-payment"])
    def test_of_hong_kong_and_singapore_by_law_are_refused_for_none_is_at_hand(self, say, regime):
        said = say("terms", "set", "business", "--regime", regime, fails=True)
        assert f"Of {regime[:2].upper()} no interest by law is at hand" in said
        assert "contract.clause" in said
        assert "Known:" in say("terms", "set", "business", "--regime", "hkx", fails=True)


HEAD = "series,from,rate,known_until\n"


@QUICK
class TestRates:
    def take(self, say, tmp_path, text, *options, fails=False):
        path = tmp_path / "rates.csv"
        path.write_text(text, encoding="utf-8")
        return say("rates", "import", str(path), "--source", "a test", *options, fails=fails)

    def test_newer_ones_end_the_assumption(self, say, numbers, tmp_path):
        say("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        assumed = json.loads(say("statement", numbers[0], "--json", "--as-of", "2026-11-23"))["debts"][0]
        assert assumed["assumed_since"] == "2026-07-01"
        self.take(say, tmp_path, HEAD + "de.basiszins,2026-07-01,2.00,2026-12-31\n")
        known = json.loads(say("statement", numbers[0], "--json", "--as-of", "2026-11-23"))["debts"][0]
        assert known["assumed_since"] is None
        assert known["lines"][-1]["rate"] == "11.00"
        # nobody takes a value that somebody told for the Bundesbank's own
        assert known["lines"][-1]["rate_source"]["source"] == "a test"
        assert "by a test" in say("rates", "show")

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", "told by a test on {}"),
            ("zh-Hans", "由 a test 于 {} 提供"),
            ("zh-Hant", "由 a test 於 {} 提供"),
        ],
    )
    def test_name_who_told_them_and_when_on_every_line_that_rests_on_them(
        self, say, numbers, tmp_path, language, words
    ):
        from dunwell.core.dates import format_date
        from dunwell.store.models import RateValue

        say("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        self.take(say, tmp_path, HEAD + "de.basiszins,2026-07-01,2.00,2026-12-31\n")
        day = format_date(RateValue.objects.get().known_from.date(), language)
        words = words.format(day)
        said = say("statement", numbers[0], "--as-of", "2026-11-23", "--language", language)
        (told,) = [line for line in said.splitlines() if words in line]
        assert "2.00 %" in told
        path = tmp_path / "page.pdf"
        say("statement", numbers[0], "--as-of", "2026-11-23", "--language", language, "--pdf", str(path))
        text = "".join("".join(page.extract_text() for page in PdfReader(path).pages).split())
        assert words.replace(" ", "") in text

    def test_told_before_are_replaced_only_when_that_is_asked_for(self, say, tmp_path):
        self.take(say, tmp_path, HEAD + "de.basiszins,2026-07-01,1.27,2026-12-31\n")
        other = HEAD + "de.basiszins,2026-07-01,9.99,2026-12-31\n"
        refused = self.take(say, tmp_path, other, fails=True)
        assert all(part in refused for part in ("1.27 %", "9.99 %", "2026-07-01", "--replace"))
        within = HEAD + "de.basiszins,2026-08-01,9.99,2026-12-31\n"
        assert "1.27 %" in self.take(say, tmp_path, within, fails=True)
        shorter = HEAD + "de.basiszins,2026-07-01,1.27,2026-09-30\n"
        assert "known until 2026-12-31" in self.take(say, tmp_path, shorter, fails=True)
        assert "1.27 % from 2026-07-01" in say("rates", "show")
        said = self.take(say, tmp_path, other, "--replace")
        assert "Rates taken in: 1." in said
        assert "de.basiszins from 2026-07-01 on, 1.27 % by 9.99 %" in said
        assert "9.99 % from 2026-07-01" in say("rates", "show")

    def test_that_came_with_the_release_are_never_replaced(self, say, tmp_path):
        text = HEAD + "de.basiszins,2026-01-01,9.99,2026-06-30\n"
        (tmp_path / "rates.csv").write_text(text, encoding="utf-8")
        refused = say("rates", "import", str(tmp_path / "rates.csv"), "--source", "x", "--replace", fails=True)
        assert "the source that came with Dunwell" in refused

    @pytest.mark.parametrize("series", ["de.basiszins,2026-07-01,1.27", "cn.lpr-1y,2026-02-20,3.00"])
    def test_known_beyond_their_next_fixing_are_refused_with_the_latest_day(self, say, tmp_path, series):
        refused = self.take(say, tmp_path, HEAD + f"{series},2999-12-31\n", fails=True)
        (latest,) = re.findall(r"Write (\S+) or an earlier day", refused)
        late = date.fromisoformat(latest) + timedelta(days=1)
        assert "nobody can know" in self.take(say, tmp_path, HEAD + f"{series},{late}\n", fails=True)
        assert "Rates taken in: 1." in self.take(say, tmp_path, HEAD + f"{series},{latest}\n")

    def test_taken_in_twice_are_one(self, say, tmp_path):
        text = HEAD + "de.basiszins,2026-07-01,1.27,2026-12-31\n"
        assert "Rates taken in: 1." in self.take(say, tmp_path, text)
        assert "Rates taken in: 0." in self.take(say, tmp_path, text)

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("", "series,from,rate,known_until"),
            (HEAD, "no rate"),
            (HEAD + "x,2026-07-01,1,2026-12-31\n", "Line 2"),
            (HEAD + "de.basiszins,2026-07-01,1,27,2026-12-31\n", "Line 2"),
            (HEAD + "de.basiszins,01.07.2026,1.27,2026-12-31\n", "Line 2"),
            (HEAD + "de.basiszins,2026-07-01,1.27,2026-06-30\n", "Line 2"),
            (HEAD + "de.basiszins,2026-01-01,9.99,2026-06-30\n", "1.27"),
            (HEAD + "de.basiszins,2026-07-01,NaN,2026-12-31\n", "NaN"),
            (HEAD + "de.basiszins,20260701,1.27,2026-12-31\n", "20260701"),
            (HEAD + "de.basiszins,2026-07-01,152,2026-12-31\n", "152"),
            (HEAD + "de.basiszins,2027-01-01,1.27,2027-06-30\n", "known until 2026-06-30"),
            (HEAD + "cn.lpr-1y,2015-01-01,20,2015-12-31\n", "2019-08-20"),
            (HEAD + "de.basiszins,2026-07-01,9,2026-12-31\nde.basiszins,2026-07-01,1.27,2026-12-31\n", "two values"),
            ("series;from;rate;known_until\n", "commas"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_refused_with_their_line(self, say, tmp_path, text, names):
        assert names in self.take(say, tmp_path, text, fails=True)

    def test_are_shown_with_their_source(self, say):
        said = say("rates", "show")
        assert "known until 2026-06-30" in said
        assert "faithful copy" in said
