"""Money: whole minor units, three languages, currencies of 0, 2 and 3 digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.money import DIGITS, Money, format_money, grouped_amount, plain_amount
from dunwell.core.terms import LANGUAGES

AMOUNTS = st.integers(-(10**15), 10**15)
CURRENCIES = st.sampled_from(sorted(DIGITS))


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "language", "expected"),
        [
            (123450, "EUR", "en", "EUR 1,234.50"),
            (123450, "EUR", "zh-Hans", "EUR 1,234.50"),
            (123450, "JPY", "en", "JPY 123,450"),
            (1234567, "KWD", "en", "KWD 1,234.567"),
            (5, "KWD", "zh-Hant", "KWD 0.005"),
            (123450, "CNY", "zh-Hans", "人民币 1,234.50 元"),
            (123450, "CNY", "zh-Hant", "人民幣 1,234.50 元"),
            (123450, "CNY", "en", "CNY 1,234.50"),
            (123400, "TWD", "zh-Hant", "新臺幣 1,234 元"),
            (100, "HKD", "zh-Hant", "港幣 1.00 元"),
            (0, "EUR", "en", "EUR 0.00"),
            (-1, "EUR", "en", "EUR -0.01"),
            (-123450, "USD", "en", "USD -1,234.50"),
            (10**15, "EUR", "en", "EUR 10,000,000,000,000.00"),
        ],
    )
    def test_is_written_with_the_digits_of_its_currency(self, minor, currency, language, expected):
        assert format_money(minor, currency, language) == expected

    @given(AMOUNTS, CURRENCIES)
    def test_written_plainly_reads_back_to_the_same_minor_units(self, minor, currency):
        text = plain_amount(minor, currency)
        whole, _, part = text.partition(".")
        assert len(part) == DIGITS[currency]
        assert int(whole.replace("-", "") + part) * (-1 if text.startswith("-") else 1) == minor

    @given(AMOUNTS, CURRENCIES)
    def test_grouped_differs_from_plain_by_commas_only(self, minor, currency):
        assert grouped_amount(minor, currency).replace(",", "") == plain_amount(minor, currency)

    @given(AMOUNTS, CURRENCIES, st.sampled_from(LANGUAGES))
    def test_in_any_language_holds_the_grouped_amount(self, minor, currency, language):
        assert grouped_amount(minor, currency) in format_money(minor, currency, language)

    @pytest.mark.parametrize("minor", [1.0, "1", None, True])
    def test_is_never_anything_but_a_whole_number(self, minor):
        with pytest.raises(TypeError):
            Money(minor, "EUR")

    @pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "DM"])
    def test_has_a_currency_of_iso_4217(self, currency):
        with pytest.raises(ValueError, match="ISO 4217"):
            Money(1, currency)

    def test_says_itself_in_english(self):
        assert str(Money(123450, "EUR")) == "EUR 1,234.50"
