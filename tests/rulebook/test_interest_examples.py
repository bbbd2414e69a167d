"""The worked examples of the law that concern interest and rates, asked of the engine; those at hand only."""

from datetime import date

import pytest

from dunwell.core.errors import DunwellError
from dunwell.engine.claim import described
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_terms import house_regimes, make_terms
from dunwell.rulebook.rates import house_series, percent_of
from tests.rulebook.examples import examples_of

RULES = {
    "UK-LPA-RATE", "IE-LPD-FIXED", "DE-288-B2C", "EU-LPD-RATE", "FR-L441-10", "CN-EXEC-INT", "CN-ALLOC-EXEC",
    "CN-INT-SALE", "CN-INT-LOAN-CAP", "CN-SME-INT",
}  # fmt: skip


@pytest.fixture
def example(shared_data):
    """An example by its id."""
    found = {each["id"]: each for each in examples_of(shared_data, lambda each: True)}
    return lambda name: (found[name]["inputs"], found[name]["expected"])


def minor(text):
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(2, "0"))


def debt(principal, due, regime, *entries, contract=None, **wishes):
    return Debt(
        "1", "CNY" if regime.startswith("cn") else "EUR", minor(principal), due, make_terms(regime, wishes),
        contract=contract, entries=entries,
    )  # fmt: skip


def sums(one, day):
    return described.compute([one], day).sums.row(0, named=True)


def day(text):
    return date.fromisoformat(text)


def before(text):
    return date.fromordinal(day(text).toordinal() - 1)


class TestTheExamples:
    def test_are_all_asked_here(self, shared_data):
        asked = {each["id"] for each in examples_of(shared_data, lambda each: each["rule"] in RULES)}
        assert asked == {
            "UK-FIXED-REF", "IE-2024", "DE-BASIS-2025-07-01", "DE-BASIS-2016-07-01", "DE-25d", "DE-B2C-boundary",
            "EU-2025H2", "FR-2025H2", "CN-EXEC-1", "CN-EXEC-2", "CN-EXEC-3", "CN-LPR-2020-08-20",
            "CN-LPR-2024-10-20", "CN-LPR-2019-08-20", "CN-LPR-2022-08-22", "CN-SALE-1.3", "CN-SME-INT",
            "CN-SME-MINRATE",
        }  # fmt: skip

    def test_of_the_uk_keep_the_reference_rate_of_the_first_day(self, example):
        given, wanted = example("UK-FIXED-REF")
        one = debt(given["principal"], day(given["due"]), "uk.lpcdia-1998")
        assert sums(one, day(given["paid"]))["interest_minor"] == minor(wanted["interest"])
        assert percent_of(described.yearly_rates([one], day(given["paid"]))[0]) == wanted["rate"]

    def test_of_ireland_take_one_rate(self, example):
        given, wanted = example("IE-2024")
        one = debt("1.00", before(given["date"]), "ie.si-580-2012")
        assert percent_of(described.yearly_rates([one], day(given["date"]))[0]) == wanted["rate"]

    @pytest.mark.parametrize("name", ["DE-BASIS-2025-07-01", "DE-BASIS-2016-07-01"])
    def test_of_the_german_base_rate(self, example, name):
        given, wanted = example(name)
        on = day(given["date"])
        assert percent_of(house_series()["de.basiszins"].on(on)) == wanted["basiszins"]
        for regime, field in (("de.bgb-288-1", "b2c"), ("de.bgb-288-2", "b2b")):
            one = debt("1.00", before(given["date"]), regime)
            assert percent_of(described.yearly_rates([one], on)[0]) == wanted[field]

    def test_of_25_days_at_an_agreed_rate(self, example):
        given, wanted = example("DE-25d")
        one = debt(given["principal"], date(2025, 1, 1), "contract.clause", rate=given["rate"])
        assert sums(one, date(2025, 1, 1 + given["days"]))["interest_minor"] == minor(wanted["interest"])

    def test_of_thirty_days_a_month(self, example):
        given, wanted = example("DE-30-360")
        one = debt(
            given["principal"], before(given["start"]), "contract.clause", rate=given["rate"], day_count="30/360"
        )
        assert sums(one, day(given["end"]))["interest_minor"] == minor(wanted["interest"])

    def test_of_a_change_of_the_rate_on_its_own_day(self, example):
        given, wanted = example("DE-B2C-boundary")
        one = debt(given["principal"], day(given["due"]), "de.bgb-288-1")
        assert sums(one, day(given["paid"]))["interest_minor"] == minor(wanted["interest"])

    @pytest.mark.parametrize(
        ("name", "regime"), [("EU-2025H2", "eu.directive-2011-7"), ("FR-2025H2", "fr.c-com-l441-10")]
    )
    def test_of_the_directive_and_of_france(self, example, name, regime):
        given, wanted = example(name)
        one = debt(given["principal"], before(given["late_from"]), regime)
        assert sums(one, day(given["paid"]))["interest_minor"] == minor(wanted["interest"])

    def test_of_judgments_in_china(self, example):
        given, wanted = example("CN-EXEC-1")
        one = debt(given["judgment_principal"], day(given["perform_by"]), "cn.judgment")
        assert sums(one, day(given["paid"]))["extra_minor"] == minor(wanted["doubled_part"])
        given, wanted = example("CN-EXEC-3")
        one = debt(given["principal"], before(given["from"]), "cn.judgment")
        assert sums(one, day(given["to"]))["extra_minor"] == minor(wanted["doubled_part"])

    def test_of_enforcement_pay_the_judgment_before_the_doubled_part(self, example):
        given, wanted = example("CN-EXEC-2")
        paid_on = date(2026, 3, 31)
        # so long that the doubled part is at least 5,000.00; the example gives its sum and not its days
        began = date.fromordinal(paid_on.toordinal() - 286)
        paid = Entry("P", paid_on, "payment", minor(given["recovered"]))
        after = sums(debt(given["judgment_principal"], began, "cn.judgment", paid), paid_on)
        assert after["principal_minor"] == minor(given["judgment_principal"]) - minor(wanted["to_principal"])
        assert after["extra_sum_minor"] - after["extra_minor"] == minor(wanted["to_doubled"])

    @pytest.mark.parametrize("on", ["2020-08-20", "2024-10-20", "2019-08-20", "2022-08-22"])
    def test_of_the_cap_on_private_loans(self, example, on):
        given, wanted = example(f"CN-LPR-{on}")
        contract = day(given["contract_date"])
        assert percent_of(house_series()["cn.lpr-1y"].on(contract)) == wanted["lpr_1y"]
        one = debt("1.00", date(2025, 1, 1), "cn.loan-agreed", contract=contract, rate="36")
        assert percent_of(described.yearly_rates([one], date(2025, 2, 1))[0]) == wanted["cap_4x"]

    def test_of_a_sale_in_china_keep_the_rate_of_the_breach(self, example):
        given, wanted = example("CN-SALE-1.3")
        one = debt(given["principal"], day(given["due"]), "cn.sale-lpr", multiplier=given["markup"])
        assert sums(one, day(given["paid"]))["interest_minor"] == minor(wanted["interest"])

    def test_of_small_enterprises_in_china(self, example):
        given, wanted = example("CN-SME-INT")
        one = debt(given["principal"], day(wanted["due"]), "cn.sme-payment")
        assert sums(one, day(given["paid"]))["interest_minor"] == minor(wanted["interest"])
        given, wanted = example("CN-SME-MINRATE")
        one = debt(
            "1.00",
            date(2025, 8, 30),
            "cn.sme-agreed",
            contract=day(given["contract_date"]),
            rate=given["agreed_rate_pa"],
        )
        with pytest.raises(DunwellError) as refused:
            sums(one, date(2025, 9, 30))
        assert (refused.value.code == "interest.below_floor") is (not wanted["valid"])


class TestTheWordingAtHand:
    def test_stands_in_the_text_it_is_quoted_from(self, shared_data):
        text = (shared_data / "law" / "reg_f_2026-03.txt").read_text(encoding="utf-8")
        quotes = [regime.citation.quote for regime in house_regimes().values() if regime.citation.quote]
        assert quotes
        assert all(quote in text for quote in quotes)

    def test_rates_are_those_at_hand(self, shared_data):
        import json

        tables = json.loads((shared_data / "law" / "rates.json").read_text(encoding="utf-8"))
        for name, key, rows, column in (
            ("cn.lpr-1y", "CN_LPR", "from", "1Y"),
            ("de.basiszins", "DE_BASISZINS", "from", "rate"),
            ("eu.ecb-half-year", "EU_ECB_MRO_HALFYEAR", "from", "rate"),
        ):
            for row in tables[key]["rows"]:
                assert percent_of(house_series()[name].on(day(row[rows]))) == row[column]
        for row in tables["UK_BOE_REFERENCE"]["rows"]:
            next_day = date.fromordinal(day(row["reference_date"]).toordinal() + 1)
            assert percent_of(house_series()["uk.boe-reference"].on(next_day)) == row["rate"]
