"""The account reconciliation letter in what leaves: with the mail, and behind the letter."""

from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from dunwell.actions.strategies import adopt_strategy, save_strategy
from tests.send.book import DAY, TEN, a_book, add_debtor, let_go, run
from tests.support.rows import MEI
from tests.support.strategies import with_text

USUAL = "{stage: reminder, offset_days: 3, channels: [email, letter]}"
WITH_IT = with_text(
    f"- {USUAL}",
    "- stage: reminder\n        offset_days: 3\n        channels: [email, letter]\n        instead:\n"
    "          - {when: \"country = 'CN'\", reconciliation: true}",
)


@pytest.fixture
def book(sink):
    creditor = a_book()
    version = save_strategy(creditor=creditor, text=WITH_IT.text, at=TEN, by=MEI)
    adopt_strategy(creditor=creditor, version=version, at=TEN, by=MEI, from_date=DAY)
    return creditor


def attached(mail):
    return {
        part.get_filename(): part.get_payload(decode=True)
        for part in mail.walk()
        if part.get_content_type() == "application/pdf"
    }


def pages(pdf):
    return [page.extract_text() for page in PdfReader(pdf).pages]


class TestTheReconciliationLetter:
    def test_goes_with_the_mail_and_names_what_is_open(self, sink, book):
        add_debtor(book, "M0", email="m0@debtor.example", due=date(2026, 11, 20), country="CN", zone="Europe/Berlin")
        run(book)
        let_go()
        found = attached(sink.mails[0])
        assert list(found) == ["reconciliation.pdf"]
        [text] = pages(BytesIO(found["reconciliation.pdf"]))
        assert "Reconciliation of accounts" in text
        assert "R-M0" in text
        assert "100.10" in text

    def test_is_the_last_page_of_the_letter(self, sink, book):
        add_debtor(book, "L0", letter=True, due=date(2026, 11, 20), country="CN", zone="Europe/Berlin")
        run(book)
        (folder,) = let_go().letters
        (file,) = folder.iterdir()
        first, last = pages(file)
        assert "Reconciliation of accounts" not in first
        assert "Reconciliation of accounts" in last

    def test_does_not_go_where_the_strategy_does_not_say_so(self, sink, book):
        add_debtor(book, "M0", email="m0@debtor.example", due=date(2026, 11, 20))
        run(book)
        let_go()
        assert attached(sink.mails[0]) == {}
