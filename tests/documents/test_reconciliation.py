"""The account reconciliation letter: what is open in our books, to be confirmed or corrected."""

import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from dunwell.core.dates import format_date
from dunwell.core.money import format_money, grouped_amount
from dunwell.core.terms import Stage
from dunwell.documents.letter import render_letter
from dunwell.documents.reconciliation import render_reconciliation
from tests.documents.samples import notice, with_annex

HOME = {"en": "DE", "zh-Hans": "CN", "zh-Hant": "TW"}
TITLE = {"en": "Reconciliation of accounts", "zh-Hans": "往来账款对账函", "zh-Hant": "往來帳款對帳函"}


def given(language, count=3, **more):
    return replace(notice(language, Stage.FIRST_DUNNING, count, HOME[language], **more), reconciliation=True)


def pages(pdf):
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def squeezed(text):
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("language", HOME)
class TestTheLetter:
    def test_names_every_item_and_the_sum_without_late_interest(self, language):
        sent = given(language, credit_minor=25000)
        (text,) = pages(render_reconciliation(sent))
        expected = [
            TITLE[language], sent.sender.party.name, sent.debtor.name, sent.debtor_number,
            format_date(sent.day, language), format_money(sent.total_minor, sent.currency, language),
            grouped_amount(-sent.credit_minor, sent.currency),
            *(item.number for item in sent.items),
            *(grouped_amount(item.open_minor, sent.currency) for item in sent.items),
        ]  # fmt: skip
        assert [words for words in expected if squeezed(words) not in text] == []

    def test_is_the_same_bytes_for_the_same_notice(self, language):
        assert render_reconciliation(given(language)) == render_reconciliation(given(language))

    def test_is_the_last_page_of_a_letter(self, language):
        letter = pages(render_letter(given(language)))
        assert squeezed(TITLE[language]) in letter[-1]
        assert len(letter) == 2

    def test_follows_the_statement_where_there_is_one(self, language):
        letter = pages(render_letter(replace(with_annex(given(language)), reconciliation=True)))
        assert squeezed(TITLE[language]) in letter[-1]
        assert len(letter) >= 3

    def test_of_many_items_goes_over_pages(self, language):
        found = pages(render_reconciliation(given(language, 60)))
        assert len(found) > 1
        assert all(item.number in "".join(found) for item in given(language, 60).items)


class TestALetterWithoutIt:
    def test_has_no_page_more(self):
        assert len(pages(render_letter(notice("en", Stage.FIRST_DUNNING, 3, "DE")))) == 1


class TestHostileNames:
    def test_are_set_as_text(self):
        sent = given("en")
        hostile = replace(sent, debtor=replace(sent.debtor, name='#panic("x") *bold* $1$'))
        assert '#panic("x")*bold*$1$' in pages(render_reconciliation(hostile))[0]
