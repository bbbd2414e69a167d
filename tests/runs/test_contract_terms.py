"""Terms of one contract or one invoice, and what regimes ask of creditor, buyer, contract and governing law."""

import json
from datetime import date

import pytest

from tests.engine.book import Book, days

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
CLAUSE = ("--regime", "contract.clause", "--confirmed", "--rate")
LOAN = ("--regime", "cn.loan-agreed", "--rate", "24", "--confirmed")


def a_book(**debtor: str) -> Book:
    """D1 owes two invoices of EUR 1,000.00 that are 100 days late."""
    book = Book()
    owner = book.debtor("D1", **debtor)
    for _ in range(2):
        book.invoice(owner, 1_000_00, days(-100))
    return book


@pytest.fixture
def say(say_of):
    return say_of(a_book())


def contract(number="V-1", signed=date(2025, 1, 10), law=None, item="invoice-1"):
    """What an import with columns of contracts would have written."""
    from dunwell.store.models import Contract, Receivable
    from tests.runs.kept import EARLY, change

    invoice = Receivable.objects.get(number=item)
    change(
        "INSERT INTO store_contract (creditor_id, debtor_id, number, signed_date, law, known_from)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        invoice.creditor_id, invoice.debtor_id, number, signed, law, EARLY,
    )  # fmt: skip
    made = Contract.objects.get(number=number)
    change("UPDATE store_receivable SET contract_id = %s WHERE id = %s", made.pk, invoice.pk)


def debt(say, number="invoice-1"):
    return json.loads(say("statement", number, "--json"))["debts"][0]


def rates(say, number="invoice-1"):
    return {line["rate"] for line in debt(say, number)["lines"]}


class TestTheMostSpecificTerms:
    def test_hold_for_a_debt(self, say):
        contract()
        for rate, code in enumerate(("business", "business:GB", "business:DE", "contract:V-1", "invoice:invoice-1"), 1):
            say("terms", "set", code, *CLAUSE, str(rate))
        found = []
        for code in ("invoice:invoice-1", "contract:V-1", "business:DE", "business"):
            found.append((rates(say), rates(say, "invoice-2")))
            say("terms", "remove", code)
        assert found == [({"5.00"}, {"3.00"}), ({"4.00"}, {"3.00"}), ({"3.00"}, {"3.00"}), ({"1.00"}, {"1.00"})]
        assert debt(say)["lines"] == []


@QUICK
class TestTermsTakenAway:
    def test_are_kept_as_they_stood_and_stand_in_the_journal(self, say):
        from dunwell.store.models import InterestTerms, InterestTermsPast, JournalEntry

        say("terms", "set", "business", *CLAUSE, "5")
        assert "Terms removed: business." in say("terms", "remove", "business")
        assert not InterestTerms.objects.exists()
        assert [old.code for old in InterestTermsPast.objects.all()] == ["business"]
        assert JournalEntry.objects.filter(event="terms.removed").count() == 1

    @pytest.mark.parametrize("code", ["business", "invoice:nothing", "\x00", "x" * 300])
    def test_that_are_not_there_are_refused(self, say, code):
        assert say("terms", "remove", code, fails=True)


@QUICK
class TestARegimeThatAsksForTheContract:
    def test_goes_by_the_day_it_was_signed(self, say):
        contract(signed=date(2022, 8, 22), law="CN")
        say("terms", "set", "contract:V-1", *LOAN)
        # four times the LPR of that day, 3.65 %
        assert rates(say) == {"14.60"}

    def test_is_refused_for_a_contract_without_a_day(self, say):
        contract(signed=None)
        assert "day of the contract" in say("terms", "set", "contract:V-1", *LOAN, fails=True)

    def test_is_refused_by_the_statement_of_an_invoice_without_one(self, say):
        contract(signed=date(2022, 8, 22), law="CN")
        say("terms", "set", "business", *LOAN)
        assert rates(say) == {"14.60"}
        said = say("statement", "invoice-2", fails=True)
        assert "invoice-2: cn.loan-agreed needs the day of the contract" in said
        assert "columns contract number and contract date" in said

    def test_of_an_old_contract_takes_the_version_of_that_time(self, say):
        contract(signed=date(2014, 7, 28), law="DE")
        say("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        # 1.27 % + 8 points; without a day of the contract + 9
        assert (rates(say), rates(say, "invoice-2")) == ({"9.27"}, {"10.27"})


@QUICK
class TestTheGoverningLaw:
    def test_refuses_terms_of_another_place_when_they_are_set(self, say):
        contract(law="FR")
        said = say("terms", "set", "contract:V-1", "--regime", "de.bgb-288-2", fails=True)
        assert "the law of FR governs this contract" in said

    def test_refuses_terms_of_another_place_in_the_statement_alone(self, say):
        contract(law="FR")
        say("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        said = say("statement", "invoice-1", fails=True)
        assert "invoice-1 (business)" in said
        assert "FR" in said
        assert rates(say, "invoice-2") == {"10.27"}

    def test_lets_terms_of_its_place_and_agreed_ones_stand(self, say):
        contract(law="UK-SCT")
        for regime in (("uk.lpcdia-1998",), ("contract.clause", "--rate", "5")):
            assert "Check:" not in say("terms", "set", "contract:V-1", "--regime", *regime)

    def test_that_nobody_recorded_is_doubtful_across_a_border(self, say_of):
        run = say_of(a_book(country="AT"))
        run("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        assert "no governing law is recorded" in run("statement", "invoice-1")
        assert "no governing law is recorded" in run("terms", "set", "business:AT", "--regime", "de.bgb-288-2")

    def test_is_not_in_doubt_at_home(self, say):
        said = say("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        assert "Check:" not in said
        assert "governing law" not in say("statement", "invoice-1")


PAYMENT = ("--regime", "cn.sme-payment", "--confirmed")
SME = ("terms", "set", "invoice:invoice-1", *PAYMENT, "--buyer", "large_enterprise")


@QUICK
class TestTheKindOfCreditor:
    def kind(self, say, kind):
        return say("creditor", "set", "--code", "acme", "--kind", kind)

    def test_opens_a_regime_that_asks_for_it(self, say):
        assert "creditor set --kind" in say(*SME, fails=True)
        self.kind(say, "sme")
        say(*SME)
        assert rates(say) == {"0.05"}

    def test_closes_a_regime_again_when_it_is_another(self, say):
        self.kind(say, "sme")
        say(*SME)
        self.kind(say, "other")
        assert "Check:" in say("terms", "show")
        assert "invoice-1 (invoice:invoice-1)" in say("statement", "invoice-1", fails=True)

    def test_closes_what_licensed_lenders_are_outside_of(self, say):
        contract(signed=date(2022, 8, 22), law="CN")
        assert "has not been recorded" in say("terms", "set", "contract:V-1", *LOAN)
        self.kind(say, "sme")
        assert "Check:" not in say("terms", "show")
        self.kind(say, "licensed_lender,sme")
        assert "does not hold for a creditor who is licensed_lender" in say("statement", "invoice-1", fails=True)

    @pytest.mark.parametrize("kind", ["broker", "sme,other", "sme,", ","])
    def test_that_is_none_is_refused(self, say, kind):
        said = say("creditor", "set", "--code", "acme", "--kind", kind, fails=True)
        assert "licensed_lender" in said

    def test_may_be_cleared(self, say):
        from dunwell.store.models import Creditor

        self.kind(say, "sme, licensed_lender")
        assert Creditor.objects.get().kind == "licensed_lender,sme"
        self.kind(say, "")
        assert Creditor.objects.get().kind == ""


@QUICK
class TestTheKindOfBuyer:
    def test_that_is_recorded_goes_before_what_was_said_with_the_terms(self, say):
        from tests.runs.kept import change

        say("creditor", "set", "--code", "acme", "--kind", "sme")
        say(*SME)
        change("UPDATE store_debtor SET buyer_kind = 'other'")
        assert "only where the buyer is one of" in say("statement", "invoice-1", fails=True)
        change("UPDATE store_debtor SET buyer_kind = 'state_organ'")
        assert rates(say) == {"0.05"}

    def test_that_is_recorded_need_not_be_said(self, say):
        from tests.runs.kept import change

        say("creditor", "set", "--code", "acme", "--kind", "sme")
        change("UPDATE store_debtor SET buyer_kind = 'state_organ'")
        say("terms", "set", "invoice:invoice-1", "--regime", "cn.sme-payment", "--confirmed")
        assert rates(say) == {"0.05"}

    @pytest.mark.parametrize(
        ("recorded", "found", "said"),
        [
            ("large_enterprise", {"0.05"}, None),
            (None, {"7.00"}, "has not been recorded"),
            ("other", {"7.00"}, "recorded as none of them"),
        ],
    )
    def test_decides_whether_terms_of_all_businesses_hold_for_one(self, say, recorded, found, said):
        from tests.runs.kept import change

        say("creditor", "set", "--code", "acme", "--kind", "sme")
        change("UPDATE store_debtor SET buyer_kind = %s", recorded)
        say("terms", "set", "business", *CLAUSE, "7")
        told = say("terms", "set", "business:DE", *PAYMENT)
        assert f"{int(recorded == 'large_enterprise')} of 1" in told
        assert rates(say) == found
        notes = " ".join(debt(say)["notes"])
        assert (said in notes) if said else ("passed over" not in notes)

    def test_that_is_not_recorded_leaves_a_customer_without_interest_and_it_is_said(self, say):
        say("creditor", "set", "--code", "acme", "--kind", "sme")
        say("terms", "set", "business", *PAYMENT)
        assert rates(say) == set()
        assert "what this customer is as a buyer has not been recorded" in say("statement", "invoice-1")
