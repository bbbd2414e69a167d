"""Regimes of late interest as dated, cited data, and the terms of a debt: a regime with what was agreed.

What the words mean is said in docs/claims.md. Rates are in ppm (millionths), multipliers in hundredths.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, cast

import yaml

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES, ChargeKind
from dunwell.rulebook.citation import Citation, read_citation
from dunwell.rulebook.creditor_kinds import OTHER as OTHER
from dunwell.rulebook.places import ANYWHERE, is_law
from dunwell.rulebook.rates import Series, house_series, ppm_of

DAY_COUNTS = ("act/365", "act/360", "act/act", "30/360", "30/360-feb", "per-day")
ROUNDINGS = ("once", "period", "day")
PAYMENT_DAYS = ("counts", "free")
COMPONENTS = ("costs", "interest", "extra", "principal")
ORDERS: Mapping[str, tuple[str, ...]] = {
    "law": ("costs", "interest", "extra", "principal"),
    "enforcement": ("costs", "interest", "principal", "extra"),
    "principal-first": ("principal", "costs", "interest", "extra"),
}
COMPOUND_MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
BUYERS = ("state_organ", "public_institution", "large_enterprise")
"""What a rule may ask of the buyer."""
CREDITORS = ("sme", "licensed_lender", "debt_collector")
"""What a rule may ask of the creditor: a small or medium enterprise, a financial institution with a licence to lend,
somebody who collects the debts of others."""

_NEEDED = {"id", "title", "place", "applies", "values", "citation", "review_by", "warnings", "cases"}
_MAY = {
    "series", "fixed_on", "dated_by", "agreed", "beside", "basis", "cap", "floor", "choices", "fixed_sum", "order",
    "day_count", "rounding", "payment_day", "cap_counts", "cited_before", "earlier", "charges",
    "charges_in",
}  # fmt: skip
_APPLIES = {"debtor", "buyer", "creditor", "creditor_not", "law"}
_VALUE_KEYS = {"rate", "per", "spread", "multiplier", "cap"}


@dataclass(frozen=True, slots=True)
class Cap:
    """The most (or the least) an agreed rate may be: a multiple of a series on the day of the contract."""

    series: Series
    multiplier: int


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate: of its own (`rate_ppm`) or of a series; fixed on a day, or floating when `fixed_on` is empty.

    The rate of a day is max(0, min(value x multiplier + spread, cap)), see docs/claims.md.
    """

    day_count: str
    rate_ppm: int | None = None
    series: Series | None = None
    fixed_on: str = ""
    multiplier: int = 100
    spread_ppm: int = 0
    cap_ppm: int | None = None
    cap: Cap | None = None
    floor: Cap | None = None


@dataclass(frozen=True, slots=True)
class Regime:
    """A regime of late interest. `values` holds what is in force from each day on; `dated_by`: whose day picks them.

    `cap_counts`: kinds of charges (`core.terms.ChargeKind`) that `cap` bounds together with the interest.
    For whom it holds, see `interest_scope`: `creditors` only those, `creditors_not` all but those (empty: all);
    `charges`: `as_agreed` where no charge is claimed but what the agreement or a law allows (`charges_bound_by`);
    `charges_in`: the currency in which that is asked where nothing says whose law it is (`charges_perhaps_bound_by`).
    `earlier`: what to do about a debt or contract older than what is known (words `interest.earlier.<earlier>`).
    `laws`: the places whose law it is part of, where that is not just `place`.
    `cited_before`: the sources of earlier texts with the same values, each with the day before which it was in force.
    """

    id: str
    title: Mapping[str, str]
    place: str
    debtors: tuple[str, ...]
    buyers: tuple[str, ...]
    creditors: tuple[str, ...]
    creditors_not: tuple[str, ...]
    laws: tuple[str, ...]
    values: tuple[tuple[date, Mapping[str, str]], ...]
    citation: Citation
    review_by: date
    warnings: tuple[str, ...]
    cases: tuple[Mapping[str, Any], ...]
    series: str | None = None
    fixed_on: str = ""
    dated_by: str = "start"
    agreed: bool = False
    beside: bool = False
    basis: bool = True
    cap: Mapping[str, str] | None = None
    cap_counts: tuple[str, ...] = ()
    floor: Mapping[str, str] | None = None
    choices: Mapping[str, Any] | None = None
    fixed_sum: bool = False
    order: str = "law"
    day_count: str = "act/365"
    rounding: str = "once"
    payment_day: str = "counts"
    cited_before: tuple[tuple[date, Citation], ...] = ()
    earlier: str = ""
    charges: str = ""
    charges_in: str = ""

    def cited_on(self, day: date) -> Citation:
        """The source of the text that was in force on a day."""
        return next((citation for until, citation in self.cited_before if day < until), self.citation)

    @property
    def country(self) -> str | None:
        """The country whose law the regime is; None where it is of no one country: a contract's own, a directive."""
        return self.place if is_law(self.place) else None

    @property
    def verified(self) -> bool:
        """Whether the official wording stands beside the rule, of each of its texts."""
        return self.citation.verified and all(citation.verified for _, citation in self.cited_before)

    @property
    def unbounded(self) -> bool:
        """Whether the law bounds no agreed rate of a year: another way to count days would pass such a bound."""
        return self.cap is None and self.floor is None and not any("cap" in values for _, values in self.values)


@dataclass(frozen=True, slots=True)
class Terms:
    """A regime with what was agreed: all that a debt's interest rests on beside its amounts and dates.

    versions   from each day on: the rate of the interest, and that of a second interest beside it
    claimed    whether interest by these terms joins the claimed sum: the rule is verified or a person confirmed the
               terms, and it is a basis for a claim
    doubts     what is doubtful about the regime for this debt, see `interest_scope`
    agreed     the rate as the terms name it (ppm), and what it is for: year, month or day; None where they name none
    ceiling    the rate at which the interest and charges of `fee_kinds` may run together at most
    """

    regime: Regime
    versions: tuple[tuple[date, Rate | None, Rate | None], ...]
    order: tuple[str, ...]
    rounding: str
    payment_day: str
    grace_days: int = 0
    sum_cap_bp: int | None = None
    compound_months: int | None = None
    confirmed: bool = False
    doubts: tuple[str, ...] = ()
    ceiling: Rate | None = None
    fee_kinds: tuple[str, ...] = ()
    agreed: tuple[int, str] | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be said beside interest by these terms: codes with words `interest.warning.<code>`."""
        return (*self.regime.warnings, *self.doubts)

    @property
    def needs_contract_date(self) -> bool:
        """Whether a rate cannot be found without the day of the contract."""
        rates = [rate for _, *both in self.versions for rate in both if rate]
        return any(rate.fixed_on == "contract" or rate.cap or rate.floor for rate in rates)

    @property
    def claimed(self) -> bool:
        """See the class."""
        return self.regime.basis and (self.confirmed or self.regime.verified)

    def on(self, day: date) -> tuple[Rate | None, Rate | None]:
        """The interest and the second one beside it by the version in force on a day; the first version before all."""
        found = [version for version in self.versions if version[0] <= day] or [self.versions[0]]
        return found[-1][1], found[-1][2]


class RegimeError(ValueError):
    """A regime that cannot be trusted: says which and why."""


@cache
def house_regimes() -> Mapping[str, Regime]:
    """The regimes that come with Dunwell, by id."""
    folder = resources.files("dunwell.rulebook") / "interest"
    found: dict[str, Regime] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            for regime in read_regimes(file.read_text(encoding="utf-8"), file.name):
                if regime.id in found:
                    raise RegimeError(f"{regime.id} stands twice")
                found[regime.id] = regime
    return found


def read_regimes(text: str, file: str) -> list[Regime]:
    """Regimes from YAML. Raises RegimeError for anything that cannot be trusted."""
    entries = yaml.safe_load(text)
    if not isinstance(entries, list):
        raise RegimeError(f"{file}: a file of regimes is a list")
    return [_regime(entry, file) for entry in entries]


def _regime(entry: Any, file: str) -> Regime:
    where = f"{file}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
    if not isinstance(entry, dict) or not _NEEDED <= set(entry) <= _NEEDED | _MAY:
        raise RegimeError(
            f"{where}: a regime has the keys {', '.join(sorted(_NEEDED))}; it may have {', '.join(sorted(_MAY))}"
        )
    try:
        citation = read_citation(entry["citation"])
        before = tuple((day, read_citation(each)) for day, each in sorted(entry.get("cited_before", {}).items()))
    except ValueError as error:
        raise RegimeError(f"{where}: {error}") from error
    for says, holds in (
        ("values are given from a day on", entry["values"] and all(type(day) is date for day in entry["values"])),
        ("cited_before names days", all(type(day) is date for day, _ in before)),
        ("review_by is a day", type(entry["review_by"]) is date),
        ("a regime without a case is not trusted", entry["cases"]),
        (f"a title needs {', '.join(LANGUAGES)}", set(entry["title"]) == set(LANGUAGES)),
        ("its series is not known", entry.get("series") in {None, *house_series()}),
        ("its fixed_on is not known", entry.get("fixed_on", "") in {"", "start", "breach", "contract"}),
        ("dated_by is start, breach or contract", entry.get("dated_by", "start") in {"start", "breach", "contract"}),
        ("its charges are as_agreed or not spoken of", entry.get("charges", "") in {"", "as_agreed"}),
        ("its order is not known", entry.get("order", "law") in ORDERS),
        ("its day count is not known", entry.get("day_count", "act/365") in DAY_COUNTS),
        ("applies has an unknown name", set(entry["applies"]) <= _APPLIES),
        ("a kind of buyer is not known", set(entry["applies"].get("buyer", ())) <= set(BUYERS)),
        ("a kind of creditor is not known", all(
            set(entry["applies"].get(name, ())) <= set(CREDITORS) for name in ("creditor", "creditor_not"))),
        ("its place is not known", entry["place"] in {ANYWHERE, "EU"} or is_law(entry["place"])),
        ("a law is not known", all(is_law(law) for law in entry["applies"].get("law", ()))),
        ("a value has an unknown name", all(set(value) <= _VALUE_KEYS for value in entry["values"].values())),
        ("a cap or floor bounds an agreed rate", "series" not in entry or not {"cap", "floor"} & set(entry)),
        ("cap_counts names kinds of charges under a cap by a series", "cap_counts" not in entry or (
            "cap" in entry and set(entry["cap_counts"]) <= set(ChargeKind))),
        ("a cap by a series is of the contract's day", (entry.get("cap") or {}).get("fixed_on") in {None, "contract"}),
    ):  # fmt: skip
        if not holds:
            raise RegimeError(f"{where}: {says}")
    rest = {key: entry[key] for key in _MAY if key in entry}
    rest["cap_counts"] = tuple(rest.get("cap_counts", ()))
    rest["cited_before"] = before
    return Regime(
        id=entry["id"], title=entry["title"], place=entry["place"],
        debtors=tuple(entry["applies"]["debtor"]), buyers=tuple(entry["applies"].get("buyer", ())),
        creditors=tuple(entry["applies"].get("creditor", ())),
        creditors_not=tuple(entry["applies"].get("creditor_not", ())), laws=tuple(entry["applies"].get("law", ())),
        values=tuple(sorted(entry["values"].items())), citation=citation, review_by=entry["review_by"],
        warnings=tuple(entry["warnings"]), cases=tuple(entry["cases"]), **rest,
    )  # fmt: skip


NOTHING = "none"
"""The regime under which no late interest is owed."""
NOT_AT_HAND = ("HK", "SG")
"""Places that are asked for and of whose interest by law no figure is at hand: what a contract agreed is claimed there,
by the regime `contract.clause`."""

# What the terms of a debt may say beside their regime, and what is possible for each.
WISHES = (
    "rate", "per", "multiplier", "day_count", "payment_day", "rounding", "order", "grace_days", "sum_cap", "compound",
    "confirmed",
)  # fmt: skip


def make_terms(
    regime: str, wishes: Mapping[str, Any] | None = None, series: Mapping[str, Series] | None = None
) -> Terms:
    """Terms from a regime's id and what was agreed (see `WISHES`). Raises DunwellError, naming the field in `field`.

    series   by id, where newer rates than those that came with Dunwell are known
    """
    found = house_regimes().get(regime)
    if found is None and (place := regime.strip().upper()[:2]) in NOT_AT_HAND and not regime.strip()[2:3].isalnum():
        raise DunwellError("interest.not_at_hand", field="regime", value=regime, place=place)
    if found is None:
        raise DunwellError("interest.unknown_regime", field="regime", value=regime, known=", ".join(house_regimes()))
    wishes = dict(wishes or {})
    for name in wishes:
        if name not in WISHES:
            raise DunwellError("interest.unknown_field", field=name, known=", ".join(WISHES))
    day_count = _day_count(found, wishes)
    versions = []
    for start, values in found.values:
        first, extra = _rates(found, values, wishes, day_count, series or house_series())
        versions.append((start, first, extra))
    compound = _one_of(wishes, "compound", (*COMPOUND_MONTHS, ""), "")
    if compound and not (found.agreed and found.unbounded):
        raise DunwellError("interest.no_compounding", field="compound", regime=found.id)
    return Terms(
        regime=found, versions=tuple(versions), order=_order(wishes.get("order", found.order)),
        rounding=_one_of(wishes, "rounding", ROUNDINGS, found.rounding),
        payment_day=_one_of(wishes, "payment_day", PAYMENT_DAYS, found.payment_day),
        grace_days=_whole(wishes, "grace_days", 0, 3660) or 0, sum_cap_bp=_basis_points(wishes),
        compound_months=COMPOUND_MONTHS.get(compound), confirmed=_yes(wishes),
        ceiling=_ceiling(found, day_count, series or house_series()), fee_kinds=found.cap_counts,
        agreed=(ppm_of(wishes["rate"]), wishes.get("per", "year")) if "rate" in wishes else None,
    )  # fmt: skip


def _rates(
    regime: Regime, values: Mapping[str, str], wishes: Mapping[str, Any], day_count: str, series: Mapping[str, Series]
) -> tuple[Rate | None, Rate | None]:
    """The interest and the second interest beside it, by one version of a regime's values."""
    agreed = _agreed_rate(regime, values, wishes, day_count)
    if regime.beside:
        return agreed, _own_rate(values["rate"], values.get("per", "year"), day_count)
    cap, floor = (
        Cap(series[bound["series"]], _hundredths(bound["multiplier"], "multiplier")) if bound else None
        for bound in (regime.cap, regime.floor)
    )
    cap_ppm = ppm_of(values["cap"]) if "cap" in values else None
    if agreed is not None:
        if agreed.day_count == "per-day" and (cap or floor or cap_ppm is not None):
            # bounds are those of a year: a rate per day is held against them as 365 times itself
            agreed = Rate("act/365", rate_ppm=(agreed.rate_ppm or 0) * 365)
        return Rate(agreed.day_count, rate_ppm=agreed.rate_ppm, cap=cap, cap_ppm=cap_ppm, floor=floor), None
    if regime.series:
        rate = Rate(
            day_count, series=series[regime.series], fixed_on=regime.fixed_on,
            multiplier=_multiplier(regime, values, wishes), spread_ppm=ppm_of(values.get("spread", "0")),
        )  # fmt: skip
        return rate, None
    if "rate" in values:
        return _own_rate(values["rate"], values.get("per", "year"), day_count), None
    return None, None


def _ceiling(regime: Regime, day_count: str, series: Mapping[str, Series]) -> Rate | None:
    """The cap as a rate of its own, where it bounds charges together with the interest."""
    if not (regime.cap and regime.cap_counts):
        return None
    bound = regime.cap
    multiplier = _hundredths(bound["multiplier"], "multiplier")
    return Rate(day_count, series=series[bound["series"]], fixed_on="contract", multiplier=multiplier)


def _agreed_rate(regime: Regime, values: Mapping[str, str], wishes: Mapping[str, Any], day_count: str) -> Rate | None:
    """The rate that the terms name, where the regime leaves one to them."""
    asked = values.get("rate") == "ask"
    free = asked or regime.beside or (regime.choices or {}).get("rate") == "any"
    if "rate" not in wishes:
        if asked:
            raise DunwellError("interest.rate_missing", field="rate", regime=regime.id)
        if "per" in wishes:
            raise DunwellError("interest.not_to_be_chosen", field="per", regime=regime.id)
        return None
    if not free:
        raise DunwellError("interest.not_to_be_chosen", field="rate", regime=regime.id)
    return _own_rate(wishes["rate"], _one_of(wishes, "per", ("year", "month", "day"), "year"), day_count)


def _own_rate(percent: Any, per: str, day_count: str) -> Rate:
    try:
        ppm = ppm_of(percent)
    except ValueError:
        raise DunwellError("interest.no_percentage", field="rate", value=str(percent)[:40]) from None
    if ppm < 0:
        raise DunwellError("interest.out_of_range", field="rate", value=str(percent), least="0", most="10000")
    if per == "day":
        return Rate("per-day", rate_ppm=ppm)
    # a month is a twelfth of a year: how many days it has is for the day count to say
    return Rate(day_count, rate_ppm=ppm * (12 if per == "month" else 1))


def _multiplier(regime: Regime, values: Mapping[str, str], wishes: Mapping[str, Any]) -> int:
    given = values.get("multiplier", "1")
    if "multiplier" not in wishes:
        return _hundredths(given, "multiplier")
    bounds = (regime.choices or {}).get("multiplier")
    if not bounds:
        raise DunwellError("interest.not_to_be_chosen", field="multiplier", regime=regime.id)
    chosen = _hundredths(wishes["multiplier"], "multiplier")
    least, most = (_hundredths(bound, "multiplier") for bound in bounds)
    if not least <= chosen <= most:
        raise DunwellError(
            "interest.out_of_range",
            field="multiplier",
            value=str(wishes["multiplier"]),
            least=bounds[0],
            most=bounds[1],
        )
    return chosen


def _hundredths(value: Any, field: str) -> int:
    """`"1.3"` -> 130."""
    try:
        ppm = ppm_of(value)
    except ValueError:
        raise DunwellError("interest.no_percentage", field=field, value=str(value)[:40]) from None
    if ppm % 100 or ppm < 0:
        raise DunwellError("interest.no_percentage", field=field, value=str(value)[:40])
    return ppm // 100


def _day_count(regime: Regime, wishes: Mapping[str, Any]) -> str:
    """How days count: as agreed, where the law neither says it nor bounds the rate of a year by it."""
    free = (regime.agreed and regime.unbounded) or (regime.choices or {}).get("day_count") == "any"
    if "day_count" in wishes and not free:
        raise DunwellError("interest.not_to_be_chosen", field="day_count", regime=regime.id)
    return _one_of(wishes, "day_count", tuple(name for name in DAY_COUNTS if name != "per-day"), regime.day_count)


def _order(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) and value in ORDERS:
        return ORDERS[value]
    if isinstance(value, list | tuple) and sorted(map(str, value)) == sorted(COMPONENTS):
        return tuple(cast("list[str]", value))
    raise DunwellError(
        "interest.order_unknown", field="order", known=", ".join(ORDERS), components=", ".join(COMPONENTS)
    )


def _one_of(wishes: Mapping[str, Any], field: str, known: tuple[str, ...], default: str) -> str:
    value = wishes.get(field, default)
    if not isinstance(value, str) or value not in known:
        raise DunwellError(
            "interest.not_one_of", field=field, value=str(value)[:40], known=", ".join(filter(None, known))
        )
    return value


def _whole(wishes: Mapping[str, Any], field: str, least: int, most: int) -> int | None:
    value = wishes.get(field)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= most:
        raise DunwellError(
            "interest.out_of_range", field=field, value=str(value)[:40], least=str(least), most=str(most)
        )
    return value


def _basis_points(wishes: Mapping[str, Any]) -> int | None:
    """`sum_cap: "10"` (percent of the principal) -> 1,000."""
    if wishes.get("sum_cap") is None:
        return None
    return _hundredths(wishes["sum_cap"], "sum_cap")


def _yes(wishes: Mapping[str, Any]) -> bool:
    value = wishes.get("confirmed", False)
    if type(value) is not bool:
        raise DunwellError("interest.not_one_of", field="confirmed", value=str(value)[:40], known="true, false")
    return value
