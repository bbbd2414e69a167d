"""The right sum, with interest and fees: defects of others that must not happen here."""

from datetime import date

import pytest

from dunwell.core.errors import DunwellError
from dunwell.engine.claim import described
from dunwell.engine.claim.statement import make_statement
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_terms import make_terms
from dunwell.rulebook.rates import house_series, percent_of

DUE = date(2025, 6, 30)


def debt(terms, principal=10_000_00, due=DUE, currency="EUR", **more):
    return Debt("R-1", currency, principal, due, terms, **more)


def owed(one, day):
    return described.compute([one], day).sums.row(0, named=True)


class TestLateInterest:
    def test_survives_the_payment_of_the_principal(self):
        """ERPNext 58220: interest and fee were lost when the principal was paid."""
        terms = make_terms("contract.clause", {"rate": "7.3", "order": "principal-first"})
        paid = Entry("P", date(2025, 7, 10), "payment", 10_000_00)
        fee = Entry("F", date(2025, 7, 5), "charge", 15_00)
        sums = owed(debt(terms, entries=(fee, paid)), date(2026, 1, 1))
        assert (sums["principal_minor"], sums["interest_minor"], sums["costs_minor"]) == (0, 20_00, 15_00)

    def test_runs_on_what_is_open_after_a_part_payment(self):
        """ERPNext 42605, 46650: wrong outstanding with part payments."""
        terms = make_terms("contract.clause", {"rate": "7.3", "order": "principal-first"})
        half = Entry("P", date(2025, 7, 10), "payment", 5_000_00)
        assert owed(debt(terms, entries=(half,)), date(2025, 7, 20))["interest_minor"] == 20_00 + 10_00

    def test_knows_more_than_one_rate_and_one_count_of_days(self):
        """ERPNext 37178, 49621: one flat rate, one day count."""
        sums = {
            count: owed(debt(make_terms("contract.clause", {"rate": "6", "day_count": count})), date(2026, 6, 30))
            for count in ("act/365", "act/360", "30/360")
        }
        assert {count: row["interest_minor"] for count, row in sums.items()} == {
            "act/365": 600_00, "act/360": 608_33, "30/360": 600_00,
        }  # fmt: skip

    def test_takes_the_new_rate_on_the_very_day_it_changes(self):
        """The best German tool keeps the old base rate for 1 January and 1 July themselves (328.28)."""
        one = debt(make_terms("de.bgb-288-1"), due=date(2023, 1, 1))
        assert owed(one, date(2023, 7, 1))["interest_minor"] == 328_69

    def test_goes_by_the_bank_rate_that_was(self):
        """A public table has 5.00 and 5.25 for 2025."""
        series = house_series()["uk.boe-reference"]
        assert [percent_of(series.on(day)) for day in (date(2025, 1, 1), date(2025, 7, 1))] == ["4.75", "4.25"]

    def test_caps_a_loan_at_four_times_the_lpr_and_not_at_24_percent(self):
        """A Chinese calculator still has the cap of before 2020."""
        one = debt(make_terms("cn.loan-agreed", {"rate": "36"}), currency="CNY", contract=date(2025, 6, 1))
        assert percent_of(described.yearly_rates([one], date(2025, 8, 1))[0]) == "12.00"

    def test_is_never_added_over_currencies(self):
        """Odoo + OCA, metasfresh 15375: sums of foreign money mixed or in the wrong currency."""
        told = make_statement([debt(make_terms("none")), debt(make_terms("none"), currency="JPY")], DUE)
        assert told.totals == {"EUR": 10_000_00, "JPY": 10_000_00}

    def test_is_refused_for_days_of_which_no_rate_is_known(self):
        with pytest.raises(DunwellError, match="known from 2002-01-01 on"):
            owed(debt(make_terms("de.bgb-288-1"), due=date(2001, 5, 31)), DUE)


class TestALateFee:
    def test_comes_once_however_often_the_day_is_looked_at(self):
        """Invoice Ninja 2330: a late fee every hour."""
        one = described.with_fixed_sum(debt(make_terms("de.bgb-288-2", {"confirmed": True})), "business")
        late = date(2025, 9, 1)
        one = described.with_fixed_sum(one, "business")
        assert [owed(one, day)["costs_minor"] for day in (DUE, date(2025, 7, 1), late, date(2026, 1, 1))] == [
            0, 40_00, 40_00, 40_00,
        ]  # fmt: skip

    def test_is_no_part_of_the_invoice(self):
        fee = Entry("F", date(2025, 7, 5), "charge", 15_00)
        sums = owed(debt(make_terms("contract.clause", {"rate": "7.3"}), entries=(fee,)), date(2025, 7, 10))
        # interest runs on the invoice alone
        assert (sums["principal_minor"], sums["interest_minor"]) == (10_000_00, 20_00)

    def test_is_never_asked_of_a_consumer_by_law(self):
        one = described.with_fixed_sum(debt(make_terms("de.bgb-288-2")), "consumer")
        assert one.fixed_sum_minor == 0
