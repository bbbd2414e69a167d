"""Amounts are read as people write them, to the last minor unit, or not at all."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, LARGEST_MINOR, plain_amount
from dunwell.intake import Defaults, Mapping, parse_amounts, parse_one
from tests.intake.ledgers import invoice_rows, notes, read, said

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "CNY"])
MINOR = st.integers(-LARGEST_MINOR, LARGEST_MINOR)


def problem(text, currency="EUR", decimal="."):
    with pytest.raises(DunwellError) as caught:
        parse_one(text, currency, decimal)
    return caught.value.code.removeprefix("intake.")


def book(*amounts, currency="EUR"):
    return invoice_rows(*[f'R{i},C1,2026-01-02,2026-02-01,{currency},"{amount}"' for i, amount in enumerate(amounts)])


def minors(batch):
    both = pl.concat([batch.frames[kind].select("row", "amount_minor") for kind in ("invoices", "credit_notes")])
    return both.sort("row")["amount_minor"].to_list()


class TestAnAmount:
    @given(MINOR, CURRENCIES)
    def test_comes_back_as_it_was_written(self, minor, currency):
        assert parse_one(plain_amount(minor, currency), currency) == minor

    @given(MINOR, CURRENCIES, st.sampled_from([",", "'", " ", "\u00a0", "\u202f", "’"]))
    def test_comes_back_with_groups_of_thousands(self, minor, currency, group):
        whole, _, part = f"{Decimal(minor).scaleb(-DIGITS[currency]):,f}".partition(".")
        text = whole.replace(",", group) + (f".{part}" if part else "")
        assert parse_one(text, currency) == minor

    @given(MINOR, CURRENCIES, st.sampled_from([".", "'", " ", "\u00a0"]))
    def test_comes_back_with_a_decimal_comma(self, minor, currency, group):
        whole, _, part = f"{Decimal(minor).scaleb(-DIGITS[currency]):,f}".partition(".")
        text = whole.replace(",", group) + (f",{part}" if part else "")
        assert parse_one(text, currency, ",") == minor

    @given(st.decimals(-(10**7), 10**7, places=4), CURRENCIES)
    def test_is_exact_or_refused_and_never_rounded(self, value, currency):
        exact = value.scaleb(DIGITS[currency])
        if exact == exact.to_integral_value():
            assert parse_one(str(value), currency) == int(exact)
        else:
            assert problem(str(value), currency) == "too_many_decimals"

    @given(st.text(max_size=12))
    def test_is_a_number_or_refused_whatever_the_text(self, text):
        frame = pl.DataFrame({"t": [text]}).select(parse_amounts(pl.col("t"), 2, ".").alias("p"))
        parsed = frame["p"][0]
        assert (parsed["minor"] is None) == (parsed["problem"] is not None)

    @pytest.mark.parametrize(
        ("text", "minor"),
        [
            ("1234.5", 123450),
            ("1,234.50", 123450),
            ("12,34,567.00", 123456700),
            ("1'234.50", 123450),
            ("1 234.50", 123450),
            (".50", 50),
            ("-.50", -50),
            ("+7", 700),
            ("007.10", 710),
            ("0.00", 0),
            ("-0.00", 0),
            ("35.0000", 3500),
            ("35.000000000000000000", 3500),
            ("(1,234.50)", -123450),
            ("1,234.50-", -123450),
            ("1,234.50 -", -123450),
            ("- 12.00", -1200),
            ("\u22121.00", -100),
            ("€ 12.34", 1234),
            ("12.34€", 1234),
            ("EUR 12.34", 1234),
            ("-€12.34", -1234),
            ("€-12.34", -1234),
            ("(€12.34)", -1234),
            ("12.34 EUR-", -1234),
            ("１２３４．５０", 123450),
            ("￥1,234.50", 123450),
            ("1,234.50元", 123450),
        ],
    )
    def test_is_understood_as_people_write_it(self, text, minor):
        assert parse_one(text, "EUR") == minor

    @pytest.mark.parametrize(
        "text",
        ["", " ", "NaN", "nan", "inf", "-Infinity", "1e9", "1E9", "0x10", "1,23", "1,2345", "1.234,50", "1.2.3", "--1",
         "-(1)", "(-1)", "1 2", "12 34", "0,123", "one", "=1+1", "1_000", "٣", "½", "1..2", ".", "-", "EUR", "1.5.",
         "1\n2", "1,234,56.00", "'1", "$", "1-1", "+-1"],
    )  # fmt: skip
    def test_is_refused_when_it_is_none(self, text):
        assert problem(text) == "not_an_amount"

    @pytest.mark.parametrize(
        ("text", "currency", "code"),
        [
            ("1.005", "EUR", "doubtful_amount"),
            ("1.250", "EUR", "doubtful_amount"),
            ("0.005", "EUR", "too_many_decimals"),
            ("1234.005", "EUR", "too_many_decimals"),
            ("1.5", "JPY", "too_many_decimals"),
            ("0." + "0" * 60 + "1", "EUR", "too_many_decimals"),
            (plain_amount(LARGEST_MINOR, "EUR"), "EUR", None),
            (plain_amount(LARGEST_MINOR + 1, "EUR"), "EUR", "absurd_amount"),
            ("9" * 17, "JPY", "absurd_amount"),
            ("9" * 400, "EUR", "absurd_amount"),
            ("-" + "9" * 19, "EUR", "absurd_amount"),
            ("USD 5.00", "EUR", "currency_in_amount"),
            ("€5.00", "USD", "currency_in_amount"),
            ("5", "XXX", "unknown_currency"),
        ],
    )
    def test_is_refused_for_its_currency_and_size(self, text, currency, code):
        if code is None:
            assert parse_one(text, currency) == LARGEST_MINOR
        else:
            assert problem(text, currency) == code


class TestTheDecimalMark:
    @pytest.mark.parametrize(
        ("amounts", "expected"),
        [
            (["1.234,56", "7,00"], [123456, 700]),
            (["1,234.56", "7.00"], [123456, 700]),
            (["1'234.50", "1'000'000.00"], [123450, 100000000]),
            (["1 234,50", "12,00"], [123450, 1200]),
            (["1\u00a0234,50", "1\u202f234\u202f567,00"], [123450, 123456700]),
            (["1.234", "25,50", "-3,00"], [123400, 2550, -300]),
            (["1,234", "25.50"], [123400, 2550]),
            (["1.234.567", "5"], [123456700, 500]),
            (["1,234,567", "5"], [123456700, 500]),
            (["10.000", "1500.000", "0.500"], [1000, 150000, 50]),
            (["(1.234,50)", "7,00-"], [-123450, -700]),
            (["５，００", "１．２３４，５０"], [500, 123450]),
        ],
    )
    def test_is_decided_over_the_whole_column(self, tmp_path, amounts, expected):
        batch = read(tmp_path, a=book(*amounts))
        assert minors(batch) == expected
        assert not batch.errors.height
        assert "note_thousands" not in notes(batch)

    @pytest.mark.parametrize("mark", [".", ","])
    def test_when_only_thousands_are_seen_is_taken_so_and_said(self, tmp_path, mark):
        batch = read(tmp_path, a=book(f"1{mark}234", f"56{mark}789", "12"))
        assert minors(batch) == [123400, 5678900, 1200]
        assert "note_thousands" in notes(batch)

    @pytest.mark.parametrize(
        ("amounts", "currency", "doubtful"),
        [
            (["1,234", "1.234"], "EUR", ["1,234", "1.234"]),
            (["1,234", "1500"], "EUR", ["1,234"]),
            (["1,250", "15000"], "TWD", ["1,250"]),
            (["1.234", "5.678"], "KWD", ["1.234", "5.678"]),
            (["1.250", "99.50", "-2.500"], "GBP", ["1.250", "-2.500"]),
            (["1,250", "99,50"], "EUR", ["1,250"]),
            (["1.250 €", "99.50"], "EUR", ["1.250 €"]),
            (["1.250", "99.50", "1500.000"], "EUR", ["1.250"]),
            (["1.250", "99.50"], "TWD", ["1.250"]),
        ],
    )
    def test_that_stays_in_doubt_is_an_error_of_the_row(self, tmp_path, amounts, currency, doubtful):
        batch = read(tmp_path, a=book(*amounts, currency=currency))
        assert [(value, code) for _, _, value, code in said(batch)] == [(one, "doubtful_amount") for one in doubtful]
        assert len(minors(batch)) == len(amounts) - len(doubtful)
        assert 'decimal = "."' in batch.errors["reason"][0]

    @pytest.mark.parametrize(
        ("amounts", "currency", "expected"),
        [
            (["1.250", "99.50"], "KWD", [1250, 99500]),
            (["1.250", "0.500", "1500.000"], "EUR", [125, 50, 150000]),
            (["1250", "99.00", "1,250.00"], "TWD", [125000, 9900, 125000]),
            (["1250", "15000"], "TWD", [125000, 1500000]),
            (["1250.00", "35.0000"], "TWD", [125000, 3500]),
            (["1,250", "980"], "TWD", [125000, 98000]),
        ],
    )
    def test_is_decided_by_the_column_as_a_whole(self, tmp_path, amounts, currency, expected):
        batch = read(tmp_path, a=book(*amounts, currency=currency))
        assert minors(batch) == expected

    def test_that_contradicts_itself_is_asked_for(self, tmp_path):
        with pytest.raises(DunwellError) as caught:
            read(tmp_path, a=book("1,50", "2.50"))
        assert caught.value.code == "intake.decimal_mixed"

    def test_in_doubt_may_be_told(self, tmp_path):
        assert minors(read(tmp_path, a=book("1.250", "99.50"), mapping=Mapping(decimal="."))) == [125, 9950]

    def test_of_a_currency_without_decimals_is_no_question(self, tmp_path):
        batch = read(tmp_path, a=book("1,234", "15000", currency="JPY"))
        assert minors(batch) == [1234, 15000]
        assert not notes(batch)

    def test_may_be_told(self, tmp_path):
        batch = read(tmp_path, a=book("1,234", "5,5"), defaults=Defaults(decimal=","))
        assert minors(batch) == [550]
        assert said(batch) == [(2, "amount", "1,234", "too_many_decimals")]
        batch = read(tmp_path, a=book("1,23", "5,5"), mapping=Mapping(decimal=","))
        assert minors(batch) == [123, 550]

    def test_makes_the_few_that_use_the_other_one_errors(self, tmp_path):
        batch = read(tmp_path, a=book("1.50", "2.50", "3.50", "4,50"))
        assert minors(batch) == [150, 250, 350]
        assert said(batch) == [(5, "amount", "4,50", "other_decimal_mark")]
        assert batch.errors["other"].to_list() == ["."]

    def test_that_was_told_and_is_the_other_one_says_which_it_is(self, tmp_path):
        batch = read(tmp_path, a=book("1.234,56", "x"), mapping=Mapping(decimal="."))
        assert said(batch) == [
            (2, "amount", "1.234,56", "other_decimal_mark"), (3, "amount", "x", "not_an_amount"),
        ]  # fmt: skip

    @given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6), st.booleans(), st.booleans())
    def test_found_for_a_column_gives_back_its_numbers(self, tmp_path_factory, numbers, comma, grouped):
        texts = [f"{Decimal(n).scaleb(-2):{',' if grouped else ''}f}" for n in numbers]
        if comma:
            texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
        batch = read(tmp_path_factory.mktemp("book"), a=book(*texts))
        assert minors(batch) == numbers
