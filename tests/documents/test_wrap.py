from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.documents.wrap import display_width, wrapped

TEXTS = st.text(st.sampled_from("abc def，。（）付款请于2026年1月, .é"), max_size=200).map(
    lambda text: " ".join(text.split())
)


class TestWrappedText:
    def test_breaks_between_words(self):
        assert wrapped("one two three four", columns=9) == "one two\nthree\nfour"

    def test_counts_a_chinese_character_as_two_columns(self):
        assert wrapped("应付金额请于月底前支付", columns=10) == "应付金额请\n于月底前支\n付"

    def test_begins_no_line_with_a_closing_sign_and_ends_none_with_an_opening_one(self):
        assert wrapped("请于月底前，支付", columns=10) == "请于月底\n前，支付"
        assert wrapped("请于月底（前）支付", columns=10) == "请于月底\n（前）支付"

    def test_keeps_whole_what_it_is_told(self):
        text = "Please pay EUR 1,234.50 by 2 December 2026."
        assert wrapped(text, ["EUR 1,234.50", "2 December 2026"], 16) == "Please pay\nEUR 1,234.50 by\n2 December 2026."
        assert wrapped("请于2026年12月2日前支付", ["2026年12月2日"], 16) == "请于\n2026年12月2日前\n支付"

    def test_breaks_no_address_however_long(self):
        address = "https://pay.example/" + "x" * 90
        assert wrapped(f"Pay at {address} today", columns=20).splitlines() == ["Pay at", address, "today"]

    @settings(max_examples=100, deadline=None)
    @given(TEXTS, st.lists(TEXTS, max_size=3), st.integers(4, 40))
    def test_is_the_same_text(self, text, whole, columns):
        lines = wrapped(text, whole, columns)
        assert lines.replace("\n", "").replace(" ", "") == text.replace(" ", "")
        assert all(line == line.strip() for line in lines.splitlines())

    @settings(max_examples=100, deadline=None)
    @given(TEXTS, st.integers(8, 40))
    def test_fits_unless_a_single_word_does_not(self, text, columns):
        for line in wrapped(text, columns=columns).splitlines():
            assert display_width(line) <= columns or " " not in line
