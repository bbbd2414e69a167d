import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf._text_extraction import mult

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import format_money, grouped_amount
from dunwell.core.terms import WRITTEN_STAGES, Stage
from dunwell.documents import fonts
from dunwell.documents.letter import LetterPress, render_annex, render_letter
from dunwell.documents.notice import Party
from tests.documents.samples import CHINESE, DEBTORS, GERMAN, SWISS, disputed, items, notice, with_annex

HOME = {"en": "DE", "zh-Hans": "CN", "zh-Hant": "TW"}


def reader(pdf):
    return PdfReader(io.BytesIO(pdf))


def squeezed(text):
    """Text without white space: where a line was broken says nothing about what stands there."""
    return re.sub(r"\s", "", text)


def text_of(pdf):
    return squeezed("".join(page.extract_text() for page in reader(pdf).pages))


class TestLetter:
    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    @pytest.mark.parametrize("stage", WRITTEN_STAGES)
    def test_says_who_what_how_much_and_by_when(self, language, stage):
        given = notice(language, stage, count=3, country=HOME[language])
        text = text_of(render_letter(given))
        expected = [
            given.sender.party.name,
            given.debtor.name,
            *given.debtor.lines,
            given.debtor_number,
            given.sender.signatory_name,
            format_date(given.day, language),
            format_money(given.payable_minor, given.currency, language),
            *(item.number for item in given.items),
            *(format_date(item.due_date, language) for item in given.items),
            *(grouped_amount(item.open_minor, given.currency) for item in given.items),
            *([format_date(given.pay_by, language)] if given.pay_by else []),
        ]
        assert [words for words in expected if squeezed(words) not in text] == []
        assert len(reader(render_letter(given)).pages) == 1

    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    def test_of_eight_items_with_credit_and_dispute_stays_on_one_page(self, language):
        given = disputed(notice(language, Stage.SECOND_DUNNING, 8, HOME[language], credit_minor=25000), "2026-1045")
        assert len(reader(render_letter(given)).pages) == 1

    @pytest.mark.parametrize(
        ("language", "country"), [("zh-Hans", "US"), ("zh-Hant", "DE"), ("zh-Hant", "TW"), ("en", "DE")]
    )
    def test_of_few_items_ends_on_its_first_page(self, language, country):
        for count in (5, 6, 8):
            given = notice(language, Stage.SECOND_DUNNING, count, country)
            assert len(reader(render_letter(given)).pages) == 1

    def test_on_two_pages_leaves_neither_the_sum_nor_the_name_alone(self):
        for count in (16, 31, 33):
            given = notice("zh-Hant", Stage.SECOND_DUNNING, count, "TW")
            first, second = (page.extract_text() for page in reader(render_letter(given)).pages)
            assert "陳怡君" in second
            assert "您可以寄電郵至" in second
            assert "應付金額" in first or f"2026-{1043 + count - 1}" in second

    def test_of_sixty_items_repeats_the_head_and_numbers_its_pages(self):
        given = notice(stage=Stage.FIRST_DUNNING, count=60)
        pages = [page.extract_text() for page in reader(render_letter(given)).pages]
        assert len(pages) > 1
        assert all("Days overdue" in page for page in pages)
        assert all(f"Page {i} of {len(pages)}" in page for i, page in enumerate(pages, 1))
        assert format_money(given.payable_minor, "EUR", "en") in pages[-1]
        assert all(any(item.number in page for page in pages) for item in given.items)

    def test_prints_the_steps_from_open_items_to_the_sum(self):
        given = disputed(notice(count=3, credit_minor=25000), "2026-1045")
        text = text_of(render_letter(given))
        for minor in (given.total_minor + 25000, 25000, given.disputed_minor, given.payable_minor):
            assert grouped_amount(minor, "EUR") in text
        assert "indispute" in text

    def test_is_the_same_bytes_each_time_and_from_each_press(self):
        first, other = notice(), notice("zh-Hant", country="TW")
        press = LetterPress()
        one = press.render(first)
        press.render(other)
        assert one == press.render(first) == LetterPress().render(first) == render_letter(first)
        assert one != press.render(replace(first, debtor_number="10428"))

    def test_is_archival_and_names_its_title_and_day(self):
        pdf = reader(render_letter(notice()))
        xmp = pdf.trailer["/Root"]["/Metadata"].get_data().decode()
        assert "<pdfaid:part>2</pdfaid:part>" in xmp
        assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
        assert pdf.metadata.title == "Payment reminder"
        assert pdf.metadata.creation_date.date() == notice().day

    @pytest.mark.parametrize(("country", "inches"), [("DE", (8.27, 11.69)), ("US", (8.5, 11)), ("CN", (8.27, 11.69))])
    def test_is_on_the_paper_of_the_debtor_s_country(self, country, inches):
        box = reader(render_letter(notice(country=country))).pages[0].mediabox
        assert (round(float(box.width) / 72, 2), round(float(box.height) / 72, 2)) == inches

    def test_abroad_names_the_country_last(self):
        assert "UNITEDSTATES" in text_of(render_letter(notice(country="US")))
        assert "GERMANY" not in text_of(render_letter(notice(country="DE")))

    def test_puts_the_address_where_the_window_of_the_envelope_is(self):
        found = {}
        for country in ("DE", "US"):
            page = reader(render_letter(notice(country=country))).pages[0]

            def keep(text, cm, tm, _font, _size, country=country, height=float(page.mediabox.height)):
                if DEBTORS[country].name in text:
                    x, y = mult(tm, cm)[4:6]
                    found.setdefault(country, (x, height - y))

            page.extract_text(visitor_text=keep)
        mm = 72 / 25.4
        left, top = found["DE"]
        assert 20 * mm <= left <= 30 * mm
        assert 62.7 * mm <= top <= 72 * mm
        left, top = found["US"]
        assert 0.9 * 72 <= left <= 1.1 * 72
        assert 2.1 * 72 <= top <= 2.4 * 72

    def test_carries_a_payment_code_only_where_there_is_one(self):
        def pictures(given):
            return render_letter(given).count(b"/Subtype /Form") + render_letter(given).count(b"/Figure")

        assert pictures(notice()) != pictures(notice(currency="USD"))
        assert pictures(notice(currency="CHF", sender=SWISS, country="CH")) > 0

    def test_of_a_language_may_go_to_any_country(self):
        text = text_of(render_letter(notice("zh-Hans", Stage.SECOND_DUNNING, 2, "DE", sender=GERMAN, currency="EUR")))
        assert "第二次催款函" in text
        assert "BäckereiSonnenscheinOHG" in text
        text = text_of(render_letter(notice("en", count=2, country="CN", sender=CHINESE, currency="CNY")))
        assert "Dear杭州恒远贸易有限公司," in text


class TestHostileText:
    NAME = '#panic("x") *bold* $x^2$ `raw` @ref <label> \\ // /* [ ] { #eval("1+1") = - + ~ --- \'"'

    def test_is_printed_and_never_interpreted(self):
        party = Party(self.NAME, ('#image("/etc/passwd")', "#set page(fill: red)", "80331 München"), "DE")
        text = text_of(render_letter(notice(debtor=party, debtor_number="#sys.inputs", reference="#while true {}")))
        for words in (self.NAME, '#image("/etc/passwd")', "#set page(fill: red)", "#sys.inputs", "#while true {}"):
            assert squeezed(words) in text

    def test_without_visible_meaning_is_dropped(self):
        party = Party("An\u202ena\u202c \x00Mül\u200bler\r\n😀👍🏽 ©\ufeff", ("Weg\t1",), "DE")
        text = text_of(render_letter(notice(debtor=party)))
        assert "AnnaMüller©" in text
        assert "Weg1" in text
        assert not set("\u202e\u202c\x00😀") & set(text)

    def test_of_any_length_stays_in_its_place(self):
        endless = "X" * 5000
        party = Party(endless, (endless,) * 20, "DE")
        given = notice(
            debtor=party,
            debtor_number=endless,
            reference=endless,
            items=(replace(items(1, Stage.REMINDER)[0], number=endless),),
            sender=replace(GERMAN, signatory_title=endless, bank_name=endless, email=endless, phone=endless),
        )
        pages = reader(render_letter(given)).pages
        assert len(pages) <= 2
        assert squeezed(format_money(given.payable_minor, "EUR", "en")) in text_of(render_letter(given))

    def test_in_a_script_without_font_is_refused_by_name(self):
        with pytest.raises(DunwellError) as refused:
            render_letter(notice(debtor=Party("บริษัท ไทย", (), "TH")))
        assert refused.value.code == "documents.glyph_missing"
        assert "U+0E1A" in str(refused.value)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.text(max_size=300), st.text(max_size=80))
    def test_never_ends_in_anything_but_a_letter_or_a_plain_refusal(self, name, number):
        given = notice(
            debtor=Party(name, (name, number), "US"),
            debtor_number=number,
            items=(replace(items(1, Stage.REMINDER)[0], number=number),),
        )
        try:
            outcome = render_letter(given)[:5]
        except DunwellError as refused:
            outcome = refused.code
        assert outcome in (b"%PDF-", "documents.glyph_missing")


class TestPropertyOfTheSum:
    @settings(max_examples=12, deadline=None)
    @given(st.lists(st.integers(1, 10**13), min_size=1, max_size=12), st.data())
    def test_printed_is_the_items_less_the_credit(self, opens, data):
        credit = data.draw(st.integers(0, sum(opens) - 1))
        one = items(1, Stage.REMINDER)[0]
        listed = tuple(
            replace(one, number=f"N{i}", amount_minor=minor, open_minor=minor) for i, minor in enumerate(opens)
        )
        text = text_of(render_letter(notice(items=listed, credit_minor=credit)))
        assert f"AmounttopayEUR{grouped_amount(sum(opens) - credit, 'EUR')}" in text


class TestFonts:
    def test_of_this_machine_print_every_language(self):
        assert fonts.check_fonts() == []

    def test_that_are_missing_are_named_with_the_remedy(self, monkeypatch):
        bare = typst.Fonts(include_system_fonts=False)
        monkeypatch.setattr(fonts, "fonts", lambda: bare)
        problems = fonts.check_fonts()
        assert [problem.code for problem in problems] == ["documents.font_missing"] * 2
        with pytest.raises(DunwellError, match="apt-get install fonts-noto-cjk"):
            LetterPress().render(notice())

    def test_used_are_ours_alone(self):
        names = set()
        for page in reader(render_letter(notice("zh-Hant", country="TW"))).pages:
            for font in page["/Resources"]["/Font"].values():
                names.add(font.get_object()["/BaseFont"].split("+")[-1])
        assert names
        assert all(name.startswith(("LibertinusSerif", "NotoSerifCJK")) for name in names)


class TestForkedProcess:
    def test_is_refused_instead_of_hanging(self):
        script = (
            "import os, sys\n"
            "from dunwell.documents.letter import render_letter\n"
            "from tests.documents.samples import notice\n"
            "render_letter(notice())\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    try:\n"
            "        render_letter(notice())\n"
            "    except RuntimeError:\n"
            "        os._exit(7)\n"
            "    os._exit(1)\n"
            "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        )
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], timeout=60)
        assert done.returncode == 7


class TestAnnex:
    @pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
    def test_follows_the_letter_in_the_same_file_and_agrees_with_it(self, language):
        given = with_annex(notice(language, Stage.SECOND_DUNNING, count=3, country=HOME[language]))
        first, second = (squeezed(page.extract_text()) for page in reader(render_letter(given)).pages)
        asked = squeezed(format_money(given.payable_minor, given.currency, language))
        assert given.late_minor > 0
        assert asked in first
        assert asked in second
        assert squeezed(grouped_amount(given.late_minor, given.currency)) in first
        assert all(item.number in second for item in given.items)

    def test_stands_on_the_paper_of_the_letter(self):
        pages = reader(render_letter(with_annex(notice("en", Stage.FIRST_DUNNING, country="US")))).pages
        assert {tuple(page.mediabox)[2:] for page in pages} == {(612, 792)}

    @pytest.mark.parametrize("count", [1, 5, 7])
    def test_begins_a_page_of_its_own_behind_a_letter_of_one_page(self, count):
        pages = reader(render_letter(with_annex(notice("en", Stage.SECOND_DUNNING, count=count)))).pages
        titled = [n for n, page in enumerate(pages) if "Statementoftheclaim" in squeezed(page.extract_text())]
        assert titled == [1]
        assert "Yourssincerely" in squeezed(pages[0].extract_text())

    def test_is_a_page_by_itself_for_a_mail(self):
        given = with_annex(notice("en", Stage.FIRST_DUNNING, count=2))
        assert format_money(given.payable_minor, "EUR", "en").split()[1] in text_of(render_annex(given))
