"""`dunwell costs`: numbers with the rows and the rule that led to them, without a data home."""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.core.money import Money
from dunwell.engine.claim.fees import court_cost_shown
from dunwell.jobs.costs import costs
from dunwell.rulebook.fees import house_fees
from tests.engine.book import DAY

COURT = [rule.id for rule in house_fees().of_kind("court-fee")]


def run(*line):
    found = CliRunner().invoke(costs, line, catch_exceptions=False, standalone_mode=False)
    return found.output


def data(*line):
    return json.loads(run(*line, "--json"))


class TestACourtFee:
    @pytest.mark.parametrize(
        ("act", "fee"),
        [("suit", "1050.00"), ("payment-order", "350.00"), ("preservation", "520.00"), ("enforcement", "650.00")],
    )
    def test_is_told_for_each_act(self, act, fee):
        told = data("court", "--place", "CN", "--amount", "50000.00", "--act", act)
        assert (told["fee"], told["currency"]) == (fee, "CNY")
        assert told["rule"]["source"].startswith("诉讼费用交纳办法")
        assert told["rule"]["confidence"] == "official"

    @given(st.sampled_from(COURT), st.integers(1, 10**12))
    def test_is_the_sum_of_its_rows(self, fee, minor):
        shown = court_cost_shown(fee, Money(minor, "CNY"), DAY)
        assert sum(inside for _, _, inside, _ in shown.rows) == minor
        exact = Decimal(sum(bears for *_, bears in shown.rows)) / 1_000_000
        if shown.cap_minor is not None:
            assert shown.capped == (exact > shown.cap_minor)
            exact = min(exact, Decimal(shown.cap_minor))
        if shown.share is not None:
            exact = exact * shown.share.numerator / shown.share.denominator
        assert shown.cost.minor == int(exact.quantize(Decimal(1), ROUND_HALF_UP))

    def test_shows_its_rows_in_words(self):
        said = run("court", "--place", "cn", "--amount", "200000.34")
        assert "above CNY 200,000.00: 1.50 % of CNY 0.34 = CNY 0.0051" in said.replace("\xa0", " ")
        assert "Fee: CNY 4,300.01" in said
        assert "art. 13 (official text)" in said
        assert "Unverified" in said

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (("--place", "FR", "--amount", "1"), "fees.no_court_table"),
            (("--place", "CN", "--amount", "1", "--act", "nothing"), "fees.no_such_act"),
            (("--place", "CN", "--amount", "1", "--currency", "EUR"), "costs.wrong_currency"),
            (("--place", "CN", "--amount", "1", "--currency", "yuan"), "intake.unknown_currency"),
            (("--place", "CN", "--amount", "1e9"), "intake.not_an_amount"),
            (("--place", "CN", "--amount", "-1"), "costs.not_positive"),
            (("--place", "CN", "--amount", "0"), "costs.not_positive"),
            (("--place", "CN", "--amount", "1", "--day", "2007-03-31"), "costs.not_in_force"),
            (("--place", "CN", "--amount", "99999999999999"), "intake.absurd_amount"),
        ],
    )
    def test_that_cannot_be_told_is_refused_in_words(self, line, code):
        with pytest.raises(DunwellError) as caught:
            run("court", *line)
        assert caught.value.code == code


class TestALateFee:
    def test_is_cut_to_the_agreement(self):
        line = ("late-fee", "--place", "US", "--debtor", "consumer", "--collector", "agency", "--currency", "USD")
        told = data(*line, "--asked", "25", "--agreed", "20")
        assert (told["fee"], told["reason"], told["rule"]["id"]) == ("20.00", "beyond_agreement", "us.reg-f.as-agreed")
        assert data(*line, "--asked", "25")["fee"] == "0.00"

    def test_of_a_place_without_a_known_ceiling_says_so(self):
        said = run("late-fee", "--place", "DE", "--currency", "EUR", "--asked", "5", "--agreed", "5")
        assert "No ceiling is known for this place" in said

    def test_within_a_cap_on_interest_asks_what_the_cap_leaves(self):
        line = ("late-fee", "--place", "CN", "--contract", "private-loan", "--currency", "CNY", "--asked", "100")
        assert data(*line, "--agreed", "100")["reason"] == "room_unknown"
        assert data(*line, "--agreed", "100", "--room", "30")["fee"] == "30.00"


class TestAFixedSum:
    def test_goes_by_the_size_of_the_debt(self):
        line = ("fixed-sum", "--place", "GB", "--late-from", "2026-01-31")
        assert data(*line, "--amount", "9999.99")["fee"] == "70.00"
        assert data(*line, "--amount", "10000")["fee"] == "100.00"

    def test_that_was_charged_in_france_is_not_claimed_again(self):
        told = data("fixed-sum", "--place", "FR", "--amount", "5000", "--costs", "40")
        assert (told["fee"], told["reason"]) == ("0.00", "within_costs")

    def test_of_a_directive_is_no_basis_for_a_claim(self):
        assert data("fixed-sum", "--place", "IE", "--amount", "5000")["claim_basis"] is False

    def test_of_an_unknown_place_asks_for_the_currency(self):
        with pytest.raises(DunwellError) as caught:
            run("fixed-sum", "--place", "ZZ", "--amount", "5000")
        assert caught.value.code == "fees.no_currency"
        assert data("fixed-sum", "--place", "ZZ", "--amount", "5000", "--currency", "USD")["reason"] == "no_rule"
