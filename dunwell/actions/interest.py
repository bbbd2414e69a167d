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
from dunwell.actions.business_day import today
from dunwell.actions.once import clean_text
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.terms import DebtorKind
from dunwell.intake.values import words
from dunwell.rulebook.interest_scope import check_scope
from dunwell.rulebook.interest_terms import BUYERS, OTHER, make_terms
from dunwell.rulebook.rates import Series, house_series, percent_of, ppm_of
from dunwell.store import journal
from dunwell.store.models import Creditor, InterestTerms, RateValue
from dunwell.store.reads.interest import CONTRACT, INVOICE, aim_of, series_of
from dunwell.store.versions import change, close

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
    """Set the terms by which a creditor claims late interest: of a kind of debtors, of a contract, or of an invoice.

    code        `business`, `consumer`, one of them with a country: `business:GB`; `contract:NUMBER`, `invoice:NUMBER`.
                The most specific one holds for a debt.
    buyer       what the debtor of a contract or an invoice is as a buyer; what is recorded of him goes before it. Of a
                kind of debtors it is refused: each is what is recorded of him
    confirmed   whoever sets them answers for them: their interest is demanded though the wording of the rule is not
                at hand
    What stands already records nothing. Refuses what `make_terms` and `check_scope` refuse, unknown contracts and
    invoices, and terms of one contract or invoice that need the day of a contract where none is recorded.
    """
    kind, _, country = code.partition(":")
    if not code.startswith((CONTRACT, INVOICE)) and (
        kind not in DEFAULTS or (country and not _COUNTRY.fullmatch(country)) or code.endswith(":")
    ):
        raise Refused("terms.code_unknown", code=code[:40], known=", ".join(DEFAULTS))
    if kind in DEFAULTS and country:
        _check_country(kind, country)
    if buyer is not None and buyer not in (*BUYERS, OTHER):
        raise Refused("interest.not_one_of", field="buyer", value=buyer[:40], known=", ".join((*BUYERS, OTHER)))
    if buyer is not None and kind in DEFAULTS:
        raise Refused("terms.buyer_of_a_kind", field="buyer", code=code)
    terms = make_terms(regime, {**wishes, "confirmed": confirmed}, series_of(creditor))
    aim = aim_of(creditor, code, buyer)
    check_scope(terms.regime, aim.case, whoever_buys=not aim.single)
    if fixed_sum and not terms.regime.fixed_sum:
        raise Refused("interest.no_fixed_sum", field="fixed_sum", regime=regime)
    if aim.single and terms.needs_contract_date and aim.signed is None:
        raise Refused("terms.contract_date_missing", number=code, regime=regime)
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


def _check_country(kind: str, country: str) -> None:
    """Refuse what debtors cannot have as their country: terms for them would never hold for anybody."""
    meant = words("country").get(country.casefold())
    if meant is None:
        raise Refused("terms.country_unknown", country=country, kind=kind)
    if meant != country:
        raise Refused("terms.country_other_code", country=country, kind=kind, right=meant)


@act("terms.remove")
def remove_terms(*, creditor: Creditor, code: str, at: datetime, by: Actor) -> None:
    """Take terms away; those of the next code that holds for a debt hold again. Refuses a code without terms."""
    code = clean_text(code, "code", limit=200)
    found = InterestTerms.objects.select_for_update().filter(creditor=creditor, code=code).first()
    if found is None:
        raise Refused("terms.not_set", code=code[:120])
    regime = found.regime
    close(found, at=at)
    journal.append("terms.removed", creditor=creditor, by=by, at=at, body={"code": code, "regime": regime})


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


@dataclass(frozen=True, slots=True)
class Replaced:
    """A value that was told before and has made way for another one: percents as text."""

    series: str
    day: date
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import of rates did: how many are new, the series of the file, and what was replaced."""

    new: int
    series: list[str]
    replaced: list[Replaced]


@act("rates.import", may_record_nothing=True)
def import_rates(
    *, creditor: Creditor, rates: list[NewRate], source: str, at: datetime, by: Actor, replace: bool = False
) -> Taken:
    """Take rates in; those that stand already change nothing.

    replace   a value that was told before may be replaced by another one

    Refuses a value that differs from one of the release, for days which that knew: it was checked against its source,
    and a release brings the corrected one. Refuses a value that differs from one told before, or is known for a shorter
    time, unless `replace`; and one that is said to be known beyond the next fixing of its series: nobody can know it.
    """
    source = clean_text(source, "source", limit=200)
    standing = series_of(creditor)
    until = {name: series.known_until for name, series in standing.items()}
    new = 0
    replaced: list[Replaced] = []
    for rate in sorted(rates, key=lambda each: each.from_date):
        _check_rate(rate, until[rate.series], today(creditor, at))
        until[rate.series] = max(until[rate.series], rate.known_until)
        old = _told_otherwise(creditor, rate, standing[rate.series], allowed=replace)
        if not _record_rate(creditor, rate, source, old, at, by):
            continue
        new += 1
        if old is not None:
            replaced.append(Replaced(rate.series, rate.from_date, old, percent_of(rate.rate_ppm)))
    return Taken(new, sorted({rate.series for rate in rates}), replaced)


def _check_rate(rate: NewRate, until: date, day: date) -> None:
    """Refuse a rate that cannot be; `until`: up to which day the series is known, `day`: today."""
    known = house_series()[rate.series]
    if rate.from_date < known.values[0][0]:
        raise Refused("rates.too_early", series=rate.series, first=known.values[0][0].isoformat())
    if rate.from_date <= known.known_until and known.on(rate.from_date) != rate.rate_ppm:
        raise Refused(
            "rates.contradicts", series=rate.series, day=rate.from_date.isoformat(),
            theirs=percent_of(rate.rate_ppm), ours=percent_of(known.on(rate.from_date)),
        )  # fmt: skip
    # days between that nobody knows must not pass for known
    if rate.from_date > until + timedelta(days=1):
        raise Refused("rates.gap", series=rate.series, until=until.isoformat())
    latest = known.latest_known(rate.from_date, day)
    if rate.known_until > latest:
        raise Refused(
            "rates.known_too_long", series=rate.series, until=rate.known_until.isoformat(), latest=latest.isoformat()
        )


def _told_otherwise(creditor: Creditor, rate: NewRate, series: Series, *, allowed: bool) -> str | None:
    """The percentage that was told before for the day from which a rate holds, where it is another one. Refuses
    another one, and one that was known for longer, unless that is allowed."""
    told = series.told_of(rate.from_date) if rate.from_date <= series.known_until else None
    if told is None:
        return None
    old = series.on(rate.from_date)
    row = RateValue.objects.filter(creditor=creditor, series=rate.series, from_date=rate.from_date).first()
    shorter = row is not None and rate.known_until < row.known_until
    if (old != rate.rate_ppm or shorter) and not allowed:
        raise Refused(
            "rates.told_before", series=rate.series, day=rate.from_date.isoformat(), source=told.source,
            old=percent_of(old), new=percent_of(rate.rate_ppm), new_until=rate.known_until.isoformat(),
            old_until=(row.known_until if row else series.known_until).isoformat(),
        )  # fmt: skip
    return percent_of(old) if old != rate.rate_ppm else None


def _record_rate(creditor: Creditor, rate: NewRate, source: str, old: str | None, at: datetime, by: Actor) -> bool:
    """Write a rate and its entry in the journal; False where it stands already."""
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
        return False
    journal.append(
        "rate.told", creditor=creditor, by=by, at=at,
        body={
            "series": rate.series, "from": rate.from_date, "rate": percent_of(rate.rate_ppm),
            "known_until": rate.known_until, "source": source, **({"instead_of": old} if old else {}),
        },
    )  # fmt: skip
    return True
