import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.dates import format_date
from dunwell.core.money import format_money, grouped_amount
from dunwell.core.terms import WRITTEN_STAGES, Stage
from dunwell.documents.email_text import render_email
from dunwell.documents.notice import Party
from dunwell.documents.wrap import display_width
from tests.documents.samples import disputed, items, notice

HOME = {"en": "DE", "zh-Hans": "CN", "zh-Hant": "TW"}
HOSTILE = Party('<script>alert(1)</script> & "Co" $total ${x}\r\nBcc: x@y.example\u202e', (), "DE")


class Reader(HTMLParser):
    """Collects the tags, the attributes and the text a reader would see."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.names, self.words = [], set(), []
        self.feed(html)
        self.text = " ".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.words.append(data.strip())


class TestEmail:
    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    @pytest.mark.parametrize("stage", WRITTEN_STAGES)
    def test_says_the_same_in_text_and_in_html(self, language, stage):
        given = notice(language, stage, country=HOME[language])
        mail = render_email(given)
        expected = [
            given.debtor.name,
            given.sender.party.name,
            given.sender.signatory_name,
            given.reference if language != "en" else "RF18 5390 0754 7034",
            format_money(given.payable_minor, given.currency, language),
            *(item.number for item in given.items),
            *(format_date(item.due_date, language) for item in given.items),
            *(grouped_amount(item.open_minor, given.currency) for item in given.items),
            *([format_date(given.pay_by, language)] if given.pay_by else []),
        ]
        seen = Reader(mail.html).text
        assert [words for words in expected if words not in mail.text] == []
        assert [words for words in expected if words not in seen] == []

    def test_aligns_its_table_in_columns(self):
        lines = render_email(notice("zh-Hans", count=3, country="CN")).text.splitlines()
        rule = next(line for line in lines if line.startswith("----"))
        start = lines.index(rule) + 1
        assert [line.split()[0] for line in lines[start : start + 6 : 2]] == ["发票", "发票", "分期款"]
        assert {display_width(line) for line in lines[start + 1 : start + 6 : 2]} == {len(rule)}

    def test_keeps_items_on_one_line_where_there_is_room(self):
        one = replace(items(1, Stage.REMINDER)[0], number="1", issue_date=date(2026, 5, 1), due_date=date(2026, 5, 2))
        lines = render_email(notice(items=(one,))).text.splitlines()
        assert "Invoice 1  1 May 2026  2 May 2026        6  1,234.50  1,234.50" in lines
        assert "                                      Days    Amount      Open" in lines

    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    @pytest.mark.parametrize("stage", WRITTEN_STAGES)
    def test_stands_in_lines_that_a_reply_can_quote(self, language, stage):
        given = disputed(notice(language, stage, 12, country=HOME[language], credit_minor=12_00), "2026-1045")
        assert max(map(display_width, render_email(given).text.splitlines())) <= 74

    def test_never_breaks_a_number_that_is_copied_from_it(self):
        given = notice(debtor=Party("A long name of many words " * 8, (), "DE"), reference="9 " * 45 + "9")
        text = render_email(given).text
        assert "DE89 3704 0044 0532 0130 00" in text
        assert "9 " * 45 + "9" in text
        assert "Customer      A long name of many words" in text
        assert "\n              A long name" in text or "\n              name" in text or "\n              of" in text

    def test_asks_in_one_sentence_on_its_own_line(self):
        assert "\nPlease pay EUR 3,604.83 by Wednesday, 2 December 2026.\n" in render_email(notice()).text

    def test_before_the_due_date_of_one_item_names_that_date(self):
        text = render_email(notice(stage=Stage.NOTICE, count=1)).text
        assert "Please pay EUR 1,234.50 by Friday, 27 November 2026." in text

    def test_says_openly_when_some_items_are_already_overdue(self):
        late = items(1, Stage.REMINDER)[0]
        text = render_email(notice(stage=Stage.NOTICE, items=(late, *items(2, Stage.NOTICE)))).text
        assert "have passed their due date" in text

    def test_shows_what_is_not_demanded(self):
        mail = render_email(disputed(notice(credit_minor=25000), "2026-1045"))
        for text in (mail.text, Reader(mail.html).text):
            assert "in dispute" in text
            assert "−250.00" in text
            assert "EUR 2,186.11" in text

    def test_has_a_subject_of_one_line_whatever_the_names(self):
        given = notice(debtor_number="1\r\nBcc: all@example.org\x00" + "9" * 500)
        subject = render_email(given).subject
        assert subject.isprintable()
        assert len(subject) < 250

    def test_of_a_debtor_without_visible_name_or_number_is_still_a_message(self):
        mail = render_email(notice(debtor=Party("\u200b"), debtor_number=""))
        assert mail.text.startswith("Dear Sir or Madam,")
        assert "EUR 3,604.83" in mail.text

    def test_escapes_every_name_in_html(self):
        hostile = replace(items(1, Stage.REMINDER)[0], number="<img src=x onerror=y>")
        given = notice(debtor=HOSTILE, items=(hostile,), reference="</td><b>1", debtor_number="<i>")
        read = Reader(render_email(given).html)
        assert not {"script", "img", "b", "i"} & set(read.tags)
        assert '<script>alert(1)</script> & "Co" $total ${x} Bcc: x@y.example' in read.text

    def test_fetches_and_tracks_nothing(self):
        html = render_email(notice()).html
        read = Reader(html)
        assert not {"src", "href", "background", "onload"} & read.names
        assert "url(" not in html
        assert "http" not in html

    def test_leaves_the_colours_to_the_reader_s_theme(self):
        html = render_email(notice()).html
        assert 'name="color-scheme" content="light dark"' in html
        assert not re.search(r"(?<!-)(?:background|color):", html.replace("border-bottom", ""))


class TestPropertyOfTheSum:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(1, 10**13), st.booleans()), min_size=1, max_size=20),
        st.sampled_from(["EUR", "JPY", "KWD"]),
        st.data(),
    )
    def test_printed_is_the_items_less_credit_and_dispute(self, opens, currency, data):
        demanded = sum(minor for minor, held in opens if not held)
        if not demanded:
            opens, demanded = [(opens[0][0], False)], opens[0][0]
        credit = data.draw(st.integers(0, demanded - 1))
        one = items(1, Stage.REMINDER)[0]
        listed = tuple(
            replace(one, number=f"N{i}", amount_minor=minor, open_minor=minor, disputed=held)
            for i, (minor, held) in enumerate(opens)
        )
        text = render_email(notice(items=listed, credit_minor=credit, currency=currency)).text
        [line] = [line for line in text.splitlines() if line.startswith("Amount to pay")]
        assert line.endswith(f" {currency} {grouped_amount(demanded - credit, currency)}")


class TestOptOut:
    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    def test_stands_in_a_mail_that_must_carry_it_and_in_no_other(self, language):
        plain = notice(language, Stage.REMINDER)
        told = render_email(replace(plain, opt_out=True))
        assert "STOP" in told.text
        assert "STOP" in told.html
        assert "STOP" not in render_email(plain).text
