"""Every case beside a rate or a regime is asked of the engine itself."""

from dataclasses import replace
from datetime import date

import pytest

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS
from dunwell.engine.claim import described
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_scope import Case, check_scope
from dunwell.rulebook.interest_terms import house_regimes, make_terms
from dunwell.rulebook.rates import house_series, percent_of

RATES = [(series, case) for series in house_series().values() for case in series.cases]
REGIMES = [(regime, case) for regime in house_regimes().values() for case in regime.cases]


def minor(text, currency):
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(DIGITS[currency], "0"))


def name_of(value):
    return getattr(value, "id", None) or (value.get("name", "") if isinstance(value, dict) else "")


@pytest.mark.parametrize(("series", "case"), RATES, ids=name_of)
class TestARate:
    def test_is_what_its_cases_say(self, series, case):
        if case.get("refused"):
            with pytest.raises(DunwellError) as refused:
                series.on(case["day"])
            assert refused.value.code == f"rate.{case['refused']}"
            return
        assert percent_of(series.on(case["day"])) == case["rate"]
        assert (case["day"] > series.known_until) == case.get("assumed", False)


class TestTheLastDayForWhichARateCanBeKnown:
    @pytest.mark.parametrize(
        ("rhythm", "since", "today", "latest"),
        [
            ("half-year", date(2026, 7, 1), date(2026, 11, 30), date(2026, 12, 31)),
            ("half-year", date(2024, 7, 1), date(2026, 5, 1), date(2026, 6, 30)),
            ("half-year", date(2027, 1, 1), date(2026, 12, 28), date(2027, 6, 30)),
            # a fixing after the next one is known to nobody
            ("half-year", date(2030, 1, 1), date(2026, 12, 28), date(2027, 6, 30)),
            ("month-20", date(2026, 11, 20), date(2026, 11, 30), date(2026, 12, 19)),
            ("month-20", date(2026, 1, 20), date(2026, 2, 19), date(2026, 2, 19)),
            ("month-20", date(2026, 12, 20), date(2026, 12, 19), date(2027, 1, 19)),
            ("none", date(2020, 1, 1), date(2026, 11, 30), date(2027, 11, 30)),
        ],
    )
    def test_is_the_one_before_the_next_fixing(self, rhythm, since, today, latest):
        series = replace(house_series()["de.basiszins"], rhythm=rhythm)
        assert series.latest_known(since, today) == latest

    @pytest.mark.parametrize("series", house_series().values(), ids=name_of)
    def test_is_where_each_series_of_the_release_ends(self, series):
        assert series.rhythm != "none"
        assert series.latest_known(series.values[-1][0], series.known_until) == series.known_until


@pytest.mark.parametrize(("regime", "case"), REGIMES, ids=name_of)
class TestARegime:
    def test_gives_what_its_cases_say(self, regime, case):
        if case.get("refused"):
            with pytest.raises(DunwellError) as refused:
                self.computed(regime, case)
            assert refused.value.code == case["refused"]
            assert refused.value.words("zh-Hans")
            return
        sums = self.computed(regime, case)
        for part in {"interest", "extra", "costs", "capped_costs"} & set(case):
            assert sums[f"{part}_minor"] == minor(case[part], case["currency"])

    def test_applies_the_rate_its_cases_say(self, regime, case):
        if "rate" not in case:
            assert "refused" in case or {"interest", "extra"} & set(case)
            return
        debt = self.debt(regime, case)
        assert percent_of(described.yearly_rates([debt], case["as_of"])[0]) == case["rate"]

    def computed(self, regime, case):
        return described.compute([self.debt(regime, case)], case["as_of"]).sums.row(0, named=True)

    @staticmethod
    def debt(regime, case):
        doubts = check_scope(
            regime,
            Case(
                debtor=case.get("debtor", regime.debtors[0]), buyer=case.get("buyer"),
                creditor=frozenset(case.get("creditor", ())), law=case.get("law"),
                countries=tuple(case.get("countries", ())),
            ),
        )  # fmt: skip
        assert list(doubts) == case.get("doubts", list(doubts))
        return Debt(
            number="1", currency=case["currency"], principal_minor=minor(case["principal"], case["currency"]),
            due=case["due"], start=case.get("start"), contract=case.get("contract"),
            terms=make_terms(regime.id, case.get("terms")),
            entries=tuple(
                Entry(
                    f"C{n}", each["day"], "charge", minor(each["amount"], case["currency"]),
                    charge_kind=each.get("kind"),
                )
                for n, each in enumerate(case.get("charges", ()))
            ),
        )  # fmt: skip


class TestTheRatesOfEurope:
    def test_differ_by_the_fixed_distance(self):
        """Since July 2016 the base rate is the ECB's rate less 0.88 points: two series from two sources."""
        german, european = (house_series()[name] for name in ("de.basiszins", "eu.ecb-half-year"))
        for day, value in european.values:
            assert german.on(day) == value - 8800


class TestWarnings:
    def test_have_words(self):
        from dunwell.core.errors import say

        assert all(
            say(f"interest.warning.{code}", "zh-Hant")
            for regime in house_regimes().values()
            for code in (*regime.warnings, "creditor_not_recorded", "law_not_recorded")
        )


class TestRegimesOfTheLaw:
    def test_never_raise_a_sum_by_themselves_without_the_wording(self):
        for regime in house_regimes().values():
            terms = make_terms(regime.id, {"rate": "5"} if regime.agreed else {})
            assert terms.claimed == (bool(regime.citation.quote) or regime.citation.confidence == "house")

    def test_of_the_directive_never_raise_a_sum(self):
        assert not make_terms("eu.directive-2011-7", {"confirmed": True}).claimed
