"""Dates are read in the forms ledgers use; a doubt is asked about, a day that does not exist is an error."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.intake import Mapping
from dunwell.intake.dates import parse_dates, pattern
from tests.intake.ledgers import invoice_rows, read, said

DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))
FORMS = {
    "YYYY-MM-DD": "{d:%Y-%m-%d}",
    "YYYY/MM/DD": "{d.year}/{d.month}/{d.day}",
    "YYYYMMDD": "{d:%Y%m%d}",
    "DD.MM.YYYY": "{d:%d.%m.%Y}",
    "D.M.YYYY": "{d.day}.{d.month}.{d.year}",
    "Chinese": "{d.year}年{d.month}月{d.day}日",
    "with time": "{d:%Y-%m-%d} 00:00:00",
    "ISO with zone": "{d:%Y-%m-%d}T12:30:00+08:00",
    "named": "{d:%d-%b-%Y}",
    "named in American": "{d:%B} {d.day}, {d.year}",
}


def one(text, **options):
    return parse_dates(pl.Series([text]), **options).row(0)[1:]


def book(*days):
    return invoice_rows(*[f"R{i},C1,{day},,EUR,1.00,10" for i, day in enumerate(days)],
                        header="number,debtor,issue_date,due_date,currency,amount,terms_days")  # fmt: skip


def days_of(batch):
    return batch.frames["invoices"]["issue_date"].to_list()


class TestADate:
    @given(DAYS, st.sampled_from(sorted(FORMS)))
    def test_comes_back_from_every_form(self, day, form):
        assert one(FORMS[form].format(d=day)) == (day, None)

    @given(DAYS, st.booleans())
    def test_comes_back_from_slashes_when_the_order_is_known(self, day, day_first):
        text = f"{day:%d/%m/%Y}" if day_first else f"{day:%m/%d/%Y}"
        assert one(text, day_first=day_first) == (day, None)

    @given(DAYS.filter(lambda day: 1970 <= day.year < 2070), st.sampled_from(["DD.MM.YY", "MM/DD/YY", "YYMMDD"]))
    def test_comes_back_from_two_digit_years_when_a_mapping_says_so(self, day, form):
        text = form.replace("DD", f"{day.day:02d}").replace("MM", f"{day.month:02d}").replace("YY", f"{day:%y}")
        assert one(text, form=form) == (day, None)

    @given(st.text(max_size=12))
    def test_is_a_day_or_a_problem_whatever_the_text(self, text):
        day, code = one(text)
        assert (day is None) == (code is not None)

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("2026-02-30", "impossible_date"),
            ("2026-13-01", "impossible_date"),
            ("2026-00-10", "impossible_date"),
            ("30.02.2026", "impossible_date"),
            ("20260230", "impossible_date"),
            ("2025年2月29日", "impossible_date"),
            ("1899-12-31", "date_out_of_range"),
            ("2201-01-01", "date_out_of_range"),
            ("0000-00-00", "impossible_date"),
            ("9999-12-31", "date_out_of_range"),
            ("tomorrow", "not_a_date"),
            ("46348", "not_a_date"),
            ("01.02.26", "not_a_date"),
            ("2026-1", "not_a_date"),
            ("-2026-01-01", "not_a_date"),
            ("2026-01-01x", "not_a_date"),
            ("٢٠٢٦-٠١-٠١", "not_a_date"),
        ],
    )
    def test_is_refused(self, text, code):
        assert one(text) == (None, f"intake.{code}")

    @pytest.mark.parametrize("form", ["", "DD.MM", "DD.MM.YYYY.DD", "dots", "%d.%m.%Y"])
    def test_form_must_name_year_month_and_day_once(self, form):
        assert pattern(form) is None


class TestTheOrderOfDayAndMonth:
    def test_is_found_over_all_dates_of_the_file(self, tmp_path):
        assert days_of(read(tmp_path, a=book("01/02/2026", "22/11/2026"))) == [date(2026, 2, 1), date(2026, 11, 22)]
        assert days_of(read(tmp_path, b=book("01/02/2026", "11/22/2026"))) == [date(2026, 1, 2), date(2026, 11, 22)]

    def test_is_found_in_another_column_of_the_file(self, tmp_path):
        content = invoice_rows("R1,C1,01/02/2026,28/02/2026,EUR,1.00")
        assert days_of(read(tmp_path, a=content)) == [date(2026, 2, 1)]

    def test_that_nothing_tells_is_an_error_of_each_row_that_needs_it(self, tmp_path):
        batch = read(tmp_path, a=book("01/02/2026", "2026-02-03", "03/03/2026", "3/4/2026"))
        assert said(batch) == [
            (2, "issue_date", "01/02/2026", "date_order_unclear"), (5, "issue_date", "3/4/2026", "date_order_unclear")
        ]  # fmt: skip
        assert days_of(batch) == [date(2026, 2, 3), date(2026, 3, 3)]
        assert 'date = "MM/DD/YYYY"' in batch.errors["reason"][0]

    def test_may_be_told_for_a_file_that_writes_other_dates_beside(self, tmp_path):
        batch = read(tmp_path, a=book("01/02/2026", "2026-02-03"), mapping=Mapping(date="MM/DD/YYYY"))
        assert days_of(batch) == [date(2026, 1, 2), date(2026, 2, 3)]
        assert days_of(read(tmp_path, a=book("01/02/2026"), mapping=Mapping(date="DD/MM/YYYY"))) == [date(2026, 2, 1)]

    def test_that_contradicts_itself_is_asked_for_with_a_row_of_each(self, tmp_path):
        with pytest.raises(DunwellError) as caught:
            read(tmp_path, a=book("22/11/2026", "01/02/2026", "11/22/2026"))
        assert caught.value.code == "intake.date_order_mixed"
        assert "22/11/2026 (row 2, column issue_date)" in caught.value.words()
        assert "11/22/2026 (row 4, column issue_date)" in caught.value.words()

    def test_is_no_question_when_both_are_the_same(self, tmp_path):
        assert days_of(read(tmp_path, a=book("03/03/2026"))) == [date(2026, 3, 3)]

    def test_makes_the_odd_impossible_day_an_error(self, tmp_path):
        batch = read(tmp_path, a=book("22/11/2026", "23/13/2026"))
        assert said(batch) == [(3, "issue_date", "23/13/2026", "impossible_date")]
