import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.documents.plain import breakable, plain


class TestPlainText:
    @pytest.mark.parametrize(
        ("given", "printed"),
        [
            ("Anna\r\nMüller\t GmbH", "Anna Müller GmbH"),
            ("pay\u202e00.1 RUE\u202c", "pay00.1 RUE"),
            ("a\u200bb\ufeffc\u00add", "abcd"),
            ("Emoji 😀👍🏽❤️ Shop", "Emoji Shop"),
            ("© ℃ ㈱ № ™", "© ℃ ㈱ № ™"),
            ("e\u0301", "é"),
            ("  ", ""),
        ],
    )
    def test_keeps_what_can_be_seen(self, given, printed):
        assert plain(given) == printed

    def test_is_cut_with_an_ellipsis(self):
        assert plain("x" * 300, 10) == "xxxxxxxxx…"

    @given(st.text(max_size=500), st.integers(1, 80))
    def test_is_one_short_printable_line_and_stays_as_it_is(self, text, limit):
        line = plain(text, limit)
        assert len(line) <= limit
        assert line.isprintable()
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in line)
        assert plain(line, limit) == line


class TestBreakableText:
    def test_may_break_inside_an_endless_word_only(self):
        assert breakable("an ordinary line") == "an ordinary line"
        assert breakable("x" * 50).split("\u200b") == ["x" * 22, "x" * 22, "x" * 6]

    @given(st.text(max_size=200))
    def test_says_the_same(self, text):
        assert breakable(text).replace("\u200b", "") == text.replace("\u200b", "")
