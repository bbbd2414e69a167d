"""Terms and rates of a creditor."""

import json
from collections.abc import Mapping
from datetime import date

from dunwell.rulebook.interest_terms import Rate, Terms, make_terms
from dunwell.rulebook.rates import Series, house_series
from dunwell.store.models import Creditor, InterestTerms, RateValue


def series_of(creditor: Creditor) -> Mapping[str, Series]:
    """All series as this creditor knows them: those of the release with what was told since."""
    series = dict(house_series())
    told: dict[str, dict[date, int]] = {}
    until: dict[str, date] = {}
    for row in RateValue.objects.filter(creditor=creditor).order_by("series", "from_date"):
        told.setdefault(row.series, {})[row.from_date] = row.rate_ppm
        until[row.series] = max(row.known_until, until.get(row.series, row.known_until))
    return {**series, **{name: series[name].with_values(told[name], until[name]) for name in told}}


def all_terms(creditor: Creditor) -> list[InterestTerms]:
    """What was set, by code."""
    return list(InterestTerms.objects.filter(creditor=creditor).order_by("code"))


def terms_by_code(creditor: Creditor) -> Mapping[str, Terms]:
    """The terms that were set, ready to be computed with."""
    series = series_of(creditor)
    return {row.code: terms_of(row, series) for row in all_terms(creditor)}


def terms_of(row: InterestTerms, series: Mapping[str, Series]) -> Terms:
    """Stored terms as terms."""
    return make_terms(row.regime, {**json.loads(row.wishes), "confirmed": bool(row.confirmed_by)}, series)


def rates_in_use(creditor: Creditor) -> list[Rate]:
    """Every rate that the terms of a creditor rest on."""
    return [
        rate
        for terms in terms_by_code(creditor).values()
        for _, *both in terms.versions
        for rate in both
        if rate is not None
    ]
