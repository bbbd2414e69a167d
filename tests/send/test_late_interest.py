"""Late interest in what leaves: demanded where terms were confirmed, shown line by line, left out where untold."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from dunwell.actions.interest import set_terms
from dunwell.core.money import grouped_amount
from dunwell.store import guard
from dunwell.store.models import ContactAttempt, ContactItem, Contract, Debtor, Receivable
from tests.channels.test_email import text_of
from tests.send.book import TEN, a_book, add_debtor, let_go, owe, run
from tests.support.rows import MEI

DUE = date(2026, 10, 20)


def reminded(debtor: Debtor) -> None:
    """Its invoice was reminded of on 30 October: the first dunning is due."""
    with guard.writing("test"):
        contact = ContactAttempt.objects.create(
            creditor=debtor.creditor, debtor=debtor, person_id=debtor.person_id, channel="email", direction="out",
            at=datetime(2026, 10, 30, 9, tzinfo=UTC), happened_at=datetime(2026, 10, 30, 9, tzinfo=UTC),
            contact_date=date(2026, 10, 30), purpose="collection", stage=20, currency="EUR", outcome="sent",
        )  # fmt: skip
        for receivable in Receivable.objects.filter(debtor=debtor):
            ContactItem.objects.create(
                creditor=debtor.creditor, contact=contact, receivable=receivable, stage=20, open_minor=1
            )


def terms(creditor, code="business", **wishes):
    confirmed = wishes.pop("confirmed", True)
    set_terms(
        creditor=creditor, code=code, regime=wishes.pop("regime", "contract.clause"), wishes=wishes, buyer=None,
        fixed_sum=False, confirmed=confirmed, at=TEN, by=MEI,
    )  # fmt: skip


def mailed(sink):
    [mail] = sink.mails
    [annex] = [part for part in mail.walk() if part.get_content_type() == "application/pdf"] or [None]
    return text_of(mail), annex and "".join(
        page.extract_text() for page in PdfReader(BytesIO(annex.get_payload(decode=True))).pages
    )


@pytest.fixture
def dunned():
    creditor = a_book()
    debtor = add_debtor(creditor, "M0", email="m0@debtor.example", due=DUE, cents=1_000_000)
    reminded(debtor)
    return creditor


class TestLateInterest:
    def test_joins_the_sum_with_the_statement_that_shows_it(self, sink, dunned):
        terms(dunned, rate="7.3")
        run(dunned)
        let_go()
        words, annex = mailed(sink)
        # 10,000.00 at 7.3 % a year are 2.00 a day; 21 October to 24 November are 35 days
        late = grouped_amount(35 * 200, "EUR")
        assert f"Late interest and costs up to 24 November 2026{late:>14}".replace(" ", "") in words.replace(" ", "")
        assert "EUR 10,070.00" in words
        assert "EUR 10,070.00" in annex
        contact = ContactAttempt.objects.get(stage=40)
        assert contact.demanded_minor == 1_007_000
        assert "R-M0" in annex

    def test_is_not_demanded_by_terms_that_nobody_confirmed(self, sink, dunned):
        terms(dunned, regime="de.bgb-288-2", confirmed=False)
        run(dunned)
        let_go()
        words, annex = mailed(sink)
        assert "EUR 10,000.00" in words
        assert "nterest" not in words
        assert annex is None

    def test_stays_out_of_a_friendly_reminder(self, sink):
        creditor = a_book(mails=1)
        terms(creditor, rate="7.3")
        run(creditor)
        let_go()
        words, annex = mailed(sink)
        assert "EUR 100.10" in words
        assert annex is None

    def test_is_left_out_and_said_where_it_cannot_be_told(self, sink, dunned):
        terms(dunned, regime="cn.loan-agreed", rate="10")
        run(dunned)
        report = let_go()
        words, annex = mailed(sink)
        assert "EUR 10,000.00" in words
        assert annex is None
        [(_, number, why)] = report.without_interest
        assert number == "R-M0"
        assert "R-M0" in str(why)

    def test_is_asked_on_the_other_invoices_where_one_cannot_be_told(self, sink):
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", due=DUE, cents=1_000_000)
        owe(debtor, "R-SECOND", due=DUE, cents=500_000)
        reminded(debtor)
        # of R-SECOND the day of the contract would be needed
        terms(creditor, regime="cn.loan-agreed", rate="10")
        terms(creditor, code="invoice:R-M0", rate="7.3")
        run(creditor)
        report = let_go()
        words, annex = mailed(sink)
        assert "EUR 15,070.00" in words
        assert "No late interest is computed on R-SECOND" in " ".join(annex.split())
        # what the house should record is not for the debtor
        assert "contract" not in annex
        [(_, number, why)] = report.without_interest
        assert number == "R-SECOND"
        assert "R-SECOND" in str(why)

    @pytest.mark.parametrize("rate", ["11", "24"])
    def test_comes_with_fees_to_no_more_than_a_cap_on_both(self, sink, rate):
        """35 days of 10,000.00 at 12.4 % (4 x LPR of 21 October 2024) are 118.90; the fee is EUR 20.00."""
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", due=DUE, cents=1_000_000)
        with guard.writing("test"):
            contract = Contract.objects.create(
                creditor=creditor, debtor=debtor, number="V-1", signed_date=date(2024, 10, 21), known_from=TEN
            )
            Receivable.objects.update(contract=contract)
            Receivable.objects.create(
                creditor=creditor, debtor=debtor, number="F-1", kind="charge", charge_kind="late_fee",
                parent=Receivable.objects.get(), issue_date=DUE, due_date=DUE, currency="EUR", amount_minor=20_00,
                status="open", known_from=TEN,
            )  # fmt: skip
        reminded(debtor)
        terms(creditor, regime="cn.loan-agreed", rate=rate)
        run(creditor)
        report = let_go()
        words, annex = mailed(sink)
        assert "EUR 10,118.90" in words
        assert "EUR 10,118.90" in annex
        assert report.broken == []

    def test_does_not_leave_with_more_fees_than_its_cap_leaves_room_for(self, sink):
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", due=DUE, cents=1_000_000)
        with guard.writing("test"):
            contract = Contract.objects.create(
                creditor=creditor, debtor=debtor, number="V-1", signed_date=date(2024, 10, 21), known_from=TEN
            )
            Receivable.objects.update(contract=contract)
            Receivable.objects.create(
                creditor=creditor, debtor=debtor, number="F-1", kind="charge", charge_kind="late_fee",
                parent=Receivable.objects.get(), issue_date=DUE, due_date=DUE, currency="EUR", amount_minor=200_00,
                status="open", known_from=TEN,
            )  # fmt: skip
        reminded(debtor)
        terms(creditor, regime="cn.loan-agreed", rate="10")
        run(creditor)
        [(_, why)] = let_go().broken
        assert "R-M0" in why
        assert sink.mails == []

    @pytest.mark.parametrize("basis", [None, "agreed"])
    def test_never_leaves_with_a_charge_that_a_collector_may_not_ask_of_a_consumer(self, sink, basis):
        creditor = a_book(kind="debt_collector")
        debtor = add_debtor(
            creditor, "M0", email="m0@debtor.example", due=DUE, cents=1_000_000, kind="consumer", country="DE"
        )
        with guard.writing("test"):
            contract = Contract.objects.create(
                creditor=creditor, debtor=debtor, number="V-1", law="US-NY", known_from=TEN
            )
            Receivable.objects.update(contract=contract)
            Receivable.objects.create(
                creditor=creditor, debtor=debtor, number="F-1", kind="charge", parent=Receivable.objects.get(),
                issue_date=DUE, due_date=DUE, currency="EUR", amount_minor=20_00, status="open", known_from=TEN,
                charge_basis=basis,
            )  # fmt: skip
        reminded(debtor)
        run(creditor)
        broken = let_go().broken
        assert len(sink.mails) == (0 if basis is None else 1)
        assert [("F-1" in why, "12 CFR 1006.22(b)" in why) for _, why in broken] == (
            [(True, True)] if basis is None else []
        )

    def test_stands_in_a_letter_with_its_statement_behind_it(self, sink):
        creditor = a_book()
        reminded(add_debtor(creditor, "L0", letter=True, due=DUE, cents=1_000_000))
        terms(creditor, rate="7.3")
        run(creditor)
        [folder] = let_go().letters
        [path] = folder.iterdir()
        first, second = (page.extract_text() for page in PdfReader(path).pages)
        assert "10,070.00" in first
        assert "10,070.00" in second
        assert "Statement of the claim" in second
