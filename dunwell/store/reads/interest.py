"""Terms and rates of a creditor."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from dunwell.rulebook.interest_terms import Rate, Terms, make_terms
from dunwell.rulebook.rates import Series, house_series
from dunwell.store.models import Creditor, InterestTerms, RateValue


def series_of(creditor: Creditor) -> Mapping[str, Series]:
    """All series as this creditor knows them: those of the release with what was told since."""
    series = dict(house_series())
    told: dict[str, dict[date, int]] = {}
    until: dict[str, date] = {}
    sources: dict[str, dict[date, str]] = {}
    for row in RateValue.objects.filter(creditor=creditor).order_by("series", "from_date"):
        told.setdefault(row.series, {})[row.from_date] = row.rate_ppm
        sources.setdefault(row.series, {})[row.from_date] = row.told_by
        until[row.series] = max(row.known_until, until.get(row.series, row.known_until))
    return {**series, **{name: series[name].with_values(told[name], until[name], sources[name]) for name in told}}


def all_terms(creditor: Creditor) -> list[InterestTerms]:
    """What was set, by code."""
    return list(InterestTerms.objects.filter(creditor=creditor).order_by("code"))


class StoredTerms:
    """Which terms hold for a debtor (a row of facts): those of his kind in his country, else those of his kind."""

    def __init__(self, creditor: Creditor) -> None:
        series = series_of(creditor)
        self._rows = {row.code: row for row in all_terms(creditor)}
        self._terms = {code: terms_of(row, series) for code, row in self._rows.items()}

    def of(self, debtor: Mapping[str, Any]) -> Terms:
        """His terms; without any, nothing is claimed."""
        code = self._code(debtor)
        return self._terms[code] if code else make_terms("none")

    def with_fixed_sum(self, debtor: Mapping[str, Any]) -> bool:
        """Whether the fixed sum for late payment is claimed of him."""
        code = self._code(debtor)
        return bool(code) and self._rows[code].fixed_sum

    def _code(self, debtor: Mapping[str, Any]) -> str:
        codes = (f"{debtor['kind']}:{debtor['country']}", str(debtor["kind"]))
        return next((code for code in codes if code in self._rows), "")


def terms_of(row: InterestTerms, series: Mapping[str, Series]) -> Terms:
    """Stored terms as terms."""
    return make_terms(row.regime, {**json.loads(row.wishes), "confirmed": bool(row.confirmed_by)}, series)


def rates_in_use(creditor: Creditor) -> list[Rate]:
    """Every rate that the terms of a creditor rest on."""
    return [
        rate
        for terms in (terms_of(row, series_of(creditor)) for row in all_terms(creditor))
        for _, *both in terms.versions
        for rate in both
        if rate is not None
    ]
