"""Fees and fixed sums as dated, cited data: court fees, fixed sums for late payment, ceilings of agreed fees.

`engine.claim.fees` works them out. Amounts are whole minor units, percentages whole millionths (ppm).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.money import DIGITS
from dunwell.core.terms import LANGUAGES, DebtorKind
from dunwell.rulebook.citation import Citation, read_citation
from dunwell.rulebook.rates import ppm_of

KINDS = ("court-fee", "fixed-sum", "fee-ceiling")
LIMITS = ("as-agreed", "within-interest-cap")
COLLECTORS = ("creditor", "agency")
"""Who collects: the creditor himself, or somebody else for him."""
CONTRACTS = ("sale", "private-loan", "other")
"""What the debt comes from, as far as ceilings ask for it. A private loan: the lender is no licensed institution."""

_ACTS = {"case": "suit"}
"""What the last part of a court fee's id is called where people ask for it."""

_KEYS = {"id", "title", "kind", "places", "applies", "currency", "values", "citation", "review_by", "cases"}
_APPLIES = {"debtor": tuple(map(str, DebtorKind)), "collector": COLLECTORS, "contract": CONTRACTS}


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the amount, up to a bound (None: without end). The first slice may bear a flat fee instead of a
    percentage: it is due in full from the first minor unit on."""

    up_to: int | None
    flat_minor: int
    ppm: int


@dataclass(frozen=True, slots=True)
class Slices:
    """A court fee by slices of the amount, at most `cap_minor` where there is a cap."""

    slices: tuple[Slice, ...]
    cap_minor: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """A court fee that is a share of another one: `numerator` / `denominator` of the fee `of`."""

    numerator: int
    denominator: int
    of: str


@dataclass(frozen=True, slots=True)
class FixedSum:
    """A fixed sum by the size of the debt: `sums` are (below, sum), smallest bound first, the last without a bound.

    per           `debt` (instalments too) or `invoice`: what bears it once
    claim_basis   whether a creditor can claim it under this text
    costs_count   whether costs of recovery charged already are part of it
    """

    per: str
    claim_basis: bool
    costs_count: bool
    sums: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What limits a fee that was agreed: one of `LIMITS`."""

    limit: str


Value = Slices | Share | FixedSum | Ceiling


@dataclass(frozen=True, slots=True)
class FeeRule:
    """One dated, cited rule. `places`: countries by ISO 3166 (EU: a member state that is not named); `applies`: what
    it is limited to, by `debtor`, `collector` or `contract`; `currency`: of its amounts, or `any`."""

    id: str
    title: Mapping[str, str]
    kind: str
    places: tuple[str, ...]
    applies: Mapping[str, tuple[str, ...]]
    currency: str
    values: tuple[tuple[date, Value], ...]
    citation: Citation
    review_by: date
    cases: tuple[Mapping[str, Any], ...]

    def periods(self) -> list[tuple[date, date | None, Value]]:
        """From which day to which day (exclusive; None: still in force) each value holds."""
        ends: list[date | None] = [day for day, _ in self.values[1:]]
        return [(day, end, value) for (day, value), end in zip(self.values, [*ends, None], strict=True)]


@dataclass(frozen=True, slots=True)
class Fees:
    """All rules on fees, ordered by id."""

    rules: tuple[FeeRule, ...]

    def of_kind(self, kind: str) -> tuple[FeeRule, ...]:
        """The rules of one of `KINDS`."""
        return tuple(rule for rule in self.rules if rule.kind == kind)

    def courts(self, place: str) -> dict[str, FeeRule]:
        """The court fees of a place by what is asked of the court: `suit`, `payment-order`, ..."""
        return {
            _ACTS.get(name, name): rule
            for rule in self.of_kind("court-fee")
            if place in rule.places
            for name in [rule.id.rpartition(".")[2]]
        }

    def named(self, rule_id: str) -> FeeRule:
        """The rule of an id; KeyError when there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


class FeeError(ValueError):
    """A rule on fees that cannot be trusted: says which and why."""


@cache
def house_fees() -> Fees:
    """The rules on fees that come with Dunwell."""
    folder = resources.files("dunwell.rulebook") / "fee_tables"
    return read_fees(
        {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")}
    )


def read_fees(texts: Mapping[str, str]) -> Fees:
    """Rules on fees from YAML texts by file name. Raises FeeError for anything that cannot be trusted."""
    rules: list[FeeRule] = []
    for file, text in texts.items():
        try:
            entries = yaml.safe_load(text) or []
        except yaml.YAMLError as error:
            raise FeeError(f"{file}: no YAML: {error}") from error
        if not isinstance(entries, list):
            raise FeeError(f"{file}: a file of rules is a list")
        for entry in entries:
            where = f"{file}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
            try:
                rules.append(_rule(entry))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise FeeError(f"{where}: {error}") from error
    _refuse_contradictions(rules)
    return Fees(tuple(sorted(rules, key=lambda rule: rule.id)))


def minor_of(text: object, currency: str) -> int:
    """`"999.99", "GBP"` -> 99999. Raises ValueError for what is no amount in quotes: YAML would make a float of it."""
    try:
        exact = Decimal(text).scaleb(DIGITS[currency]) if isinstance(text, str) else Decimal("NaN")
    except (InvalidOperation, KeyError):
        exact = Decimal("NaN")
    if not exact.is_finite() or exact < 0 or exact != exact.to_integral_value():
        raise ValueError(f"{text!r} is no amount of {currency} in quotes")
    return int(exact)


def _rule(entry: Any) -> FeeRule:
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise ValueError(f"a rule has exactly the keys {', '.join(sorted(_KEYS))}")
    if entry["kind"] not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    if entry["currency"] not in DIGITS and not (entry["kind"] == "fee-ceiling" and entry["currency"] == "any"):
        raise ValueError("currency is one of ISO 4217")
    if not isinstance(entry["places"], list) or not entry["places"]:
        raise ValueError("places are a list of countries")
    if not all(isinstance(place, str) and len(place) == 2 and place.isupper() for place in entry["places"]):
        raise ValueError("a place is two capital letters, in quotes if YAML reads them otherwise (NO)")
    if set(entry["title"]) != set(LANGUAGES) or not all(str(text or "").strip() for text in entry["title"].values()):
        raise ValueError(f"a title needs {', '.join(LANGUAGES)}")
    if type(entry["review_by"]) is not date:
        raise ValueError("review_by is a day")
    if not isinstance(entry["cases"], list) or not entry["cases"]:
        raise ValueError("a rule without a case is not trusted")
    values = entry["values"]
    if not values or not all(type(day) is date for day in values) or list(values) != sorted(values):
        raise ValueError("values are given from a day on, earliest first")
    return FeeRule(
        id=str(entry["id"]),
        title=entry["title"],
        kind=entry["kind"],
        places=tuple(entry["places"]),
        applies={name: _among(name, words) for name, words in entry["applies"].items()},
        currency=entry["currency"],
        values=tuple((day, _value(entry["kind"], value, entry["currency"])) for day, value in values.items()),
        citation=read_citation(entry["citation"]),
        review_by=entry["review_by"],
        cases=tuple(entry["cases"]),
    )


def _among(name: str, words: Any) -> tuple[str, ...]:
    if name not in _APPLIES or not isinstance(words, list) or not words or not set(words) <= set(_APPLIES[name]):
        raise ValueError(f"applies: {name} is a list of some of {', '.join(_APPLIES.get(name, _APPLIES))}")
    return tuple(words)


def _value(kind: str, value: Any, currency: str) -> Value:
    if kind == "fixed-sum":
        return _fixed_sum(value, currency)
    if kind == "fee-ceiling":
        if set(value) != {"limit"} or value["limit"] not in LIMITS:
            raise ValueError(f"limit is one of {', '.join(LIMITS)}")
        return Ceiling(value["limit"])
    if set(value) == {"share", "of"}:
        top, _, bottom = str(value["share"]).partition("/")
        if not top.isdecimal() or not bottom.isdecimal() or not 0 < int(top) <= int(bottom):
            raise ValueError("a share is written 1/3")
        return Share(int(top), int(bottom), str(value["of"]))
    return _slices(value, currency)


def _slices(value: Any, currency: str) -> Slices:
    if not {"slices"} <= set(value) <= {"slices", "cap"}:
        raise ValueError("a court fee is slices (and cap), or share and of")
    found = []
    for place, each in enumerate(value["slices"]):
        bears = "flat" if "flat" in each else "percent"
        if set(each) - {"up_to"} != {bears} or (bears == "flat" and place > 0):
            raise ValueError("a slice bears a percent; only the first may bear a flat fee")
        found.append(
            Slice(
                up_to=minor_of(each["up_to"], currency) if "up_to" in each else None,
                flat_minor=minor_of(each["flat"], currency) if bears == "flat" else 0,
                ppm=_ppm(each["percent"]) if bears == "percent" else 0,
            )
        )
    _refuse_bounds([each.up_to for each in found])
    return Slices(tuple(found), minor_of(value["cap"], currency) if "cap" in value else None)


def _fixed_sum(value: Any, currency: str) -> FixedSum:
    if set(value) != {"per", "claim_basis", "costs_count", "sums"} or value["per"] not in ("debt", "invoice"):
        raise ValueError("a fixed sum is per (debt or invoice), claim_basis, costs_count, sums")
    if not isinstance(value["claim_basis"], bool) or not isinstance(value["costs_count"], bool):
        raise ValueError("claim_basis and costs_count are true or false")
    sums = []
    for each in value["sums"]:
        if set(each) - {"below"} != {"sum"}:
            raise ValueError("sums are given below a bound, the last without one")
        below = minor_of(each["below"], currency) if "below" in each else None
        sums.append((below, minor_of(each["sum"], currency)))
    _refuse_bounds([below for below, _ in sums])
    return FixedSum(value["per"], value["claim_basis"], value["costs_count"], tuple(sums))


def _ppm(percent: object) -> int:
    """A share: `"2.5"` (percent) -> 25,000 (ppm), at most the whole."""
    ppm = ppm_of(percent)
    if not 0 <= ppm <= 1_000_000:
        raise ValueError(f"{percent!r} is no percentage of at most the whole")
    return ppm


def _refuse_bounds(bounds: list[int | None]) -> None:
    named = [bound for bound in bounds[:-1] if bound is not None]
    if not bounds or bounds[-1] is not None or len(named) != len(bounds) - 1 or named != sorted(set(named)):
        raise ValueError("bounds rise, and only the last part has none")


def _refuse_contradictions(rules: list[FeeRule]) -> None:
    """No id twice, a share of a court fee that exists at the time, one fixed sum for each place."""
    by_id = {rule.id: rule for rule in rules}
    if len(by_id) != len(rules):
        twice = sorted({rule.id for rule in rules if sum(each.id == rule.id for each in rules) > 1})
        raise FeeError(f"{', '.join(twice)} stands twice")
    places = [place for rule in rules if rule.kind == "fixed-sum" for place in rule.places]
    if len(set(places)) != len(places):
        raise FeeError("two fixed sums for one place")
    for rule in rules:
        for day, value in rule.values:
            if isinstance(value, Share):
                base = by_id.get(value.of)
                if base is None or base.currency != rule.currency or base.values[0][0] > day:
                    raise FeeError(f"{rule.id}: {value.of} is no fee of that time and currency")
                if any(isinstance(each, Share) for _, each in base.values):
                    raise FeeError(f"{rule.id}: a share of a share")
