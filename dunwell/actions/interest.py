"""Terms of late interest by which a creditor claims, and rates that came after the release."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dunwell.actions.act import act
from dunwell.actions.once import clean_text
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.terms import DebtorKind
from dunwell.rulebook.interest_terms import BUYERS, make_terms, refuse_out_of_scope
from dunwell.rulebook.rates import house_series, percent_of, ppm_of
from dunwell.store import journal
from dunwell.store.models import Creditor, InterestTerms, RateValue
from dunwell.store.reads.interest import series_of
from dunwell.store.versions import change

DEFAULTS = tuple(str(kind) for kind in DebtorKind)
"""Codes of terms that hold for all debtors of a kind; `business:GB` holds for those of a country."""
_COUNTRY = re.compile(r"[A-Z]{2}")
_LARGEST_PPM = 500_000
"""No reference rate has been beyond 50 % where these series come from: such a value is a slip of the pen."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COLUMNS = ["series", "from", "rate", "known_until"]


@act("terms.set", may_record_nothing=True)
def set_terms(
    *,
    creditor: Creditor,
    code: str,
    regime: str,
    wishes: Mapping[str, Any],
    buyer: str | None,
    fixed_sum: bool,
    confirmed: bool,
    at: datetime,
    by: Actor,
) -> InterestTerms:
    """Set the terms by which a creditor claims late interest from debtors of a kind.

    code        `business`, `consumer`, or one of them with a country: `business:GB`
    confirmed   whoever sets them answers for them: their interest is demanded though the wording of the rule is not
                at hand
    What stands already records nothing. Refuses what `make_terms` refuses, and terms that do not hold for the debtors
    of that kind.
    """
    kind, _, country = code.partition(":")
    if kind not in DEFAULTS or (country and not _COUNTRY.fullmatch(country)) or code.endswith(":"):
        raise Refused("terms.code_unknown", code=code[:40], known=", ".join(DEFAULTS))
    if buyer is not None and buyer not in BUYERS:
        raise Refused("interest.not_one_of", field="buyer", value=buyer[:40], known=", ".join(BUYERS))
    terms = make_terms(regime, {**wishes, "confirmed": confirmed}, series_of(creditor))
    refuse_out_of_scope(terms.regime, kind, buyer)
    if fixed_sum and not terms.regime.fixed_sum:
        raise Refused("interest.no_fixed_sum", field="fixed_sum", regime=regime)
    if terms.needs_contract_date:
        raise Refused("terms.needs_contract", regime=regime)
    values: dict[str, Any] = {
        "regime": regime,
        "wishes": json.dumps(dict(wishes), sort_keys=True),
        "buyer": buyer or "",
        "fixed_sum": fixed_sum,
        "confirmed_by": str(by) if confirmed else "",
    }
    found = InterestTerms.objects.select_for_update().filter(creditor=creditor, code=code).first()
    if found is None:
        found = InterestTerms.objects.create(creditor=creditor, code=code, known_from=at, **values)
    elif not change(found, at=at, **values):
        return found
    journal.append("terms.set", creditor=creditor, by=by, at=at, body={"code": code, **values})
    return found


@dataclass(frozen=True, slots=True)
class NewRate:
    """A value of a series from a day on, and until when it is known to hold."""

    series: str
    from_date: date
    rate_ppm: int
    known_until: date


def read_rates(text: str) -> list[NewRate]:
    """Rates from CSV with the columns series, from, rate (percent), known_until. Raises DunwellError with the line."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        if rows.fieldnames is None or [name.strip() for name in rows.fieldnames] != _COLUMNS:
            raise DunwellError("rates.columns", columns=",".join(_COLUMNS))
        found = [_read_rate(row, rows.line_num) for row in rows]
    except csv.Error as error:
        raise DunwellError("rates.row", line=rows.line_num, row=str(error)[:80]) from error
    if not found:
        raise DunwellError("rates.empty")
    for (series, day), count in Counter((rate.series, rate.from_date) for rate in found).items():
        if count > 1:
            raise DunwellError("rates.twice", series=series, day=day.isoformat())
    return found


def _iso(day: str) -> str:
    if not _ISO.fullmatch(day):
        raise ValueError(day)
    return day


def _read_rate(row: Mapping[str, str | None], line: int) -> NewRate:
    values = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    if row.get(None) or values["series"] not in house_series():  # type: ignore[call-overload]
        known = ", ".join(house_series())
        raise DunwellError("rates.series_unknown", line=line, value=values["series"][:60], known=known)
    try:
        start, until = (date.fromisoformat(_iso(values[name])) for name in ("from", "known_until"))
        ppm = ppm_of(values["rate"])
    except ValueError:
        raise DunwellError("rates.row", line=line, row=",".join(values.values())[:80]) from None
    if until < start:
        raise DunwellError("rates.order", line=line)
    if abs(ppm) > _LARGEST_PPM:
        raise DunwellError("rates.implausible", line=line, value=values["rate"])
    return NewRate(values["series"], start, ppm, until)


@act("rates.import", may_record_nothing=True)
def import_rates(
    *, creditor: Creditor, rates: list[NewRate], source: str, at: datetime, by: Actor
) -> tuple[int, list[str]]:
    """Take rates in; those that stand already change nothing. Returns how many are new, and the series they belong to.

    A value that differs from one of the release, for days which that knew, is refused: it was checked against its
    source, and a release brings the corrected one.
    """
    source = clean_text(source, "source", limit=200)
    house = house_series()
    until = {name: series.known_until for name, series in series_of(creditor).items()}
    new = 0
    for rate in sorted(rates, key=lambda each: each.from_date):
        known = house[rate.series]
        if rate.from_date < known.values[0][0]:
            raise Refused("rates.too_early", series=rate.series, first=known.values[0][0].isoformat())
        if rate.from_date <= known.known_until and known.on(rate.from_date) != rate.rate_ppm:
            raise Refused(
                "rates.contradicts", series=rate.series, day=rate.from_date.isoformat(),
                theirs=percent_of(rate.rate_ppm), ours=percent_of(known.on(rate.from_date)),
            )  # fmt: skip
        # days between that nobody knows must not pass for known
        if rate.from_date > until[rate.series] + timedelta(days=1):
            raise Refused("rates.gap", series=rate.series, until=until[rate.series].isoformat())
        until[rate.series] = max(until[rate.series], rate.known_until)
        values = {"rate_ppm": rate.rate_ppm, "known_until": rate.known_until, "told_by": source}
        found = (
            RateValue.objects.select_for_update()
            .filter(creditor=creditor, series=rate.series, from_date=rate.from_date)
            .first()
        )
        if found is None:
            RateValue.objects.create(
                creditor=creditor, series=rate.series, from_date=rate.from_date, known_from=at, **values
            )
        elif not change(found, at=at, **values):
            continue
        new += 1
        journal.append(
            "rate.told", creditor=creditor, by=by, at=at,
            body={
                "series": rate.series, "from": rate.from_date, "rate": percent_of(rate.rate_ppm),
                "known_until": rate.known_until, "source": source,
            },
        )  # fmt: skip
    return new, sorted({rate.series for rate in rates})
