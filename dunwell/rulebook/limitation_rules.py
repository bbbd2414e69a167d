"""Read the rules of limitation from YAML, and refuse those that cannot be trusted.

Three kinds stand in `rulebook/limitation/*.yaml`: a `clock` (how long, from when, what each recorded event does), a
`threat` (where a suit must not be threatened once a debt is time-barred), a `deadline` (a court's days from one event).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from dunwell.core.terms import LANGUAGES, DebtorKind
from dunwell.rulebook.citation import CONFIDENCES, Citation, read_citation
from dunwell.rulebook.rules_file import RuleError

CLAIM_KINDS = (
    "unknown",
    "general",
    "goods_services",
    "periodic",
    "judgment",
    "judgment_interest",
    "guarantee",
    "guarantee_joint",
    "guarantee_general",
)
"""What is claimed. `unknown`: nobody says; `goods_services`: a merchant's price; `periodic`: interest, rent and the
like; `guarantee`: nobody says whether joint or general."""

ACTS = (
    "suit",
    "suit_against_debtor",
    "payment_order_application",
    "payment_order_served",
    "enforcement_application",
    "demand",
    "assignment_notice",
    "written_acknowledgment",
    "oral_acknowledgment",
    "part_payment",
    "promise",
    "instalment_plan",
    "extension_request",
    "security_given",
)
"""What may be done to save a claim, arbitration counting as a suit. On a guarantee, `demand` and `suit` are those on
the guarantor, `suit_against_debtor` is the one against the principal debtor."""

EVENT_KINDS = (*ACTS, "obstacle", "proceedings_ended")
PROCEEDINGS = ACTS[:5]
"""These are pending until `proceedings_ended`, where the rule gives them an effect."""

EFFECTS = ("restarts", "saves", "suspends", "brought", "lapses", "obstacle", "not_stated", "nothing")
"""What an event does to the clock.

restarts: the period begins anew in full. saves: a guarantee is saved, and the clock of the rule `then` begins.
suspends: time stands still until the proceedings end. brought: the very act that limitation asks for; the dates stay.
lapses: holds the claim if a further act follows within some months. obstacle: some months remain after it.
not_stated: the text at hand does not say; only the latest reading counts it, as a restart (as saving, where the rule
has `then`). nothing: it does not help."""

STARTS = ("due", "day_after_due", "year_end_arose", "year_end_due")
"""The day from which a period counts, itself not counted."""

_EACH = {"id", "kind", "title", "citation", "review_by"}
_KEYS = {
    "clock": _EACH | {"covers", "values", "effects_citation", "cases"},
    "threat": _EACH | {"places", "debtors"},
    "deadline": _EACH | {"place", "from", "what", "days", "months", "cases"},
}
_VALUES = {
    "period",
    "start",
    "instalments",
    "agreed",
    "moves_from_days_off",
    "at_end",
    "after_end",
    "effects",
    "end_of_proceedings",
}
_OPTIONAL = {"outer_years", "then", "lapse", "obstacle_months", "recalled_standstill"}
_CASE = {"name", "place", "kind", "due", "arose", "last_instalment", "agreed_until", "events", "cautious", "strict",
         "debtor"}  # fmt: skip
_CHOICES = {
    "instalments": ("each", "last"),
    "agreed": (True, False),
    "moves_from_days_off": (True, False),
    "at_end": ("barred", "extinguished"),
    "after_end": ("nothing", "not_stated"),
    "end_of_proceedings": ("restarts", "not_stated", "nothing"),
}
WHATS = ("objection_ends", "enforcement_order_by")
"""What a court's deadline is for."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Claims a clock is for. `reading`: `cautious` or `strict` where it gives only that date, else None; `debtors`: the
    kinds of debtors (a debtor of whom nobody says counts as a consumer)."""

    place: str
    kinds: tuple[str, ...]
    reading: str | None
    debtors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """A clock in force from a day on (None: the text at hand gives no day). Periods in months.

    still_kinds, still_months   recalled only, so for the strict date alone: these proceedings (otherwise `brought`)
    suspend, and time stands still so many months beyond the end of any that do
    """

    in_force: date | None
    months: int
    outer_months: int | None
    start_cautious: str
    start_strict: str
    instalments: str
    agreed: bool
    moves_from_days_off: bool
    extinguishes: bool
    after_end: str
    effects: dict[str, str]
    end_of_proceedings: str
    lapse_months: int | None
    lapse_unless: frozenset[str]
    obstacle_months: int | None
    then: str | None
    still_kinds: frozenset[str] = frozenset()
    still_months: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One limitation period. `cases` are its worked examples."""

    id: str
    title: dict[str, str]
    covers: tuple[Cover, ...]
    versions: tuple[Terms, ...]
    citation: Citation
    effects_citation: Citation
    review_by: date
    cases: tuple[dict[str, Any], ...]

    @property
    def verified(self) -> bool:
        """Whether the official wording of both the period and the effects is at hand."""
        return self.citation.verified and self.effects_citation.verified

    @property
    def confidence(self) -> str:
        """The weaker of its two sources' confidences."""
        order = ("house", *CONFIDENCES[:-1])
        return max(self.citation.confidence, self.effects_citation.confidence, key=order.index)

    def on(self, day: date) -> Terms:
        """The terms in force on a day; the earliest ones for a day before all of them."""
        found = self.versions[0]
        for terms in self.versions:
            if terms.in_force is not None and terms.in_force <= day:
                found = terms
        return found


@dataclass(frozen=True, slots=True)
class Threat:
    """Where a suit must not be threatened for a time-barred debt. A place covers its parts (US covers US-CA)."""

    id: str
    title: dict[str, str]
    places: tuple[str, ...]
    debtors: tuple[str, ...]
    citation: Citation
    review_by: date


@dataclass(frozen=True, slots=True)
class Deadline:
    """A court's period from an event, whose own day is not counted: days or months, the other is 0."""

    id: str
    title: dict[str, str]
    place: str
    event: str
    what: str
    days: int
    months: int
    citation: Citation
    review_by: date
    cases: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class LimitationRules:
    """All rules of limitation, each kind ordered by id, with one hash over their text."""

    clocks: tuple[Clock, ...]
    threats: tuple[Threat, ...]
    deadlines: tuple[Deadline, ...]
    texts: dict[str, str]
    hash: str


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not the last one's victory."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        named = [key.value for key, _ in node.value]
        if twice := [name for name in named if named.count(name) > 1]:
            raise RuleError(f"line {node.start_mark.line + 1}: {twice[0]} stands twice")
        return super().construct_mapping(node, deep=deep)


@cache
def limitation_rules() -> LimitationRules:
    """The rules of limitation that come with Dunwell."""
    folder = resources.files("dunwell.rulebook") / "limitation"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return read_limitation_rules({file.name: file.read_text(encoding="utf-8") for file in files})


def read_limitation_rules(texts: dict[str, str]) -> LimitationRules:
    """Rules from YAML texts by file name. Raises RuleError, which says where and why, for what cannot be trusted."""
    clocks: list[Clock] = []
    threats: list[Threat] = []
    deadlines: list[Deadline] = []
    for name, text in texts.items():
        for entry in _entries(name, text):
            where = f"{name}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
            try:
                kind = _kind(entry)
                if kind == "clock":
                    clocks.append(_clock(entry))
                elif kind == "threat":
                    threats.append(_threat(entry))
                else:
                    deadlines.append(_deadline(entry))
            except (ValueError, TypeError, KeyError) as error:
                raise RuleError(f"{where}: {error}") from error
    _once([r.id for r in clocks] + [r.id for r in threats] + [r.id for r in deadlines])
    _once(
        f"{cover.place} {kind} {reading} {debtor}"
        for clock in clocks
        for cover in clock.covers
        for kind in cover.kinds
        for debtor in cover.debtors
        for reading in ((cover.reading,) if cover.reading else ("cautious", "strict"))
    )
    _lead_on(clocks)
    digest = hashlib.sha256("\x00".join(f"{n}\x00{t}" for n, t in sorted(texts.items())).encode())
    return LimitationRules(
        tuple(sorted(clocks, key=lambda r: r.id)),
        tuple(sorted(threats, key=lambda r: r.id)),
        tuple(sorted(deadlines, key=lambda r: r.id)),
        dict(texts),
        digest.hexdigest(),
    )


def _entries(name: str, text: str) -> list[Any]:
    try:
        entries = yaml.load(text, _Loader) or []  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise RuleError(f"{name}: no YAML: {error}") from error
    if not isinstance(entries, list):
        raise RuleError(f"{name}: a file of rules is a list")
    return entries


def _once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RuleError(f"{name} stands twice")
        seen.add(name)


def _lead_on(clocks: list[Clock]) -> None:
    """A rule that is followed by another names one that exists and is followed by none."""
    last = {clock.id for clock in clocks if not any(terms.then for terms in clock.versions)}
    for clock in clocks:
        for terms in clock.versions:
            if terms.then is not None and terms.then not in last:
                raise RuleError(f"{clock.id}: {terms.then} cannot follow it")


def _kind(entry: Any) -> str:
    if not isinstance(entry, dict) or entry.get("kind") not in _KEYS:
        raise ValueError(f"kind is one of {', '.join(_KEYS)}")
    kind = str(entry["kind"])
    wanted = _KEYS[kind]
    if kind == "deadline":
        wanted = wanted - {"days" if "months" in entry else "months"}
    if set(entry) != wanted:
        raise ValueError(f"a {kind} has exactly the keys {', '.join(sorted(wanted))}")
    if not isinstance(entry["id"], str) or not entry["id"].strip():
        raise ValueError("id is a word")
    title = entry["title"]
    if (
        not isinstance(title, dict)
        or set(title) != set(LANGUAGES)
        or not all(isinstance(text, str) and text.strip() for text in title.values())
    ):
        raise ValueError(f"a title needs {', '.join(LANGUAGES)}")
    _day(entry["review_by"], "review_by")
    if "cases" in wanted and not (isinstance(entry["cases"], list) and entry["cases"]):
        raise ValueError("a rule without a case is not trusted")
    return kind


def _day(value: Any, name: str) -> date:
    if type(value) is not date:
        raise ValueError(f"{name} is a day")
    return value


def _number(value: Any, name: str) -> int:
    if type(value) is not int or not 1 <= value <= 100:
        raise ValueError(f"{name} is a whole number from 1 to 100")
    return value


def _words(value: Any, name: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValueError(f"{name} is a list of words")
    unknown = sorted(set(value) - set(allowed)) if allowed is not None else []
    if unknown or len(set(value)) < len(value):
        raise ValueError(f"{name}: {', '.join(unknown) or 'a word'} is unknown or stands twice")
    return tuple(value)


def _only(table: Any, name: str, needed: set[str], optional: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(table, dict) or not needed <= set(table) <= needed | (optional or set()):
        raise ValueError(f"{name} is a table of {', '.join(sorted(needed))}")
    return table


def _clock(entry: dict[str, Any]) -> Clock:
    if not isinstance(entry["values"], dict) or not entry["values"]:
        raise ValueError("values are given from a day on, or under not-stated")
    versions = [
        _terms(None if day == "not-stated" else _day(day, "the day of the values"), value)
        for day, value in entry["values"].items()
    ]
    if not isinstance(entry["covers"], list) or not entry["covers"]:
        raise ValueError("covers is a list of place and kinds")
    clock = Clock(
        id=entry["id"],
        title=entry["title"],
        covers=tuple(_cover(cover) for cover in entry["covers"]),
        versions=tuple(sorted(versions, key=lambda terms: terms.in_force or date.min)),
        citation=read_citation(entry["citation"]),
        effects_citation=read_citation(entry["effects_citation"]),
        review_by=entry["review_by"],
        cases=tuple(entry["cases"]),
    )
    for case in clock.cases:
        _case(clock, case)
    return clock


def _cover(entry: Any) -> Cover:
    table = _only(entry, "covers", {"place", "kinds"}, {"date", "debtors"})
    if not isinstance(table["place"], str) or table.get("date") not in (None, "cautious", "strict"):
        raise ValueError("covers names a place, and cautious or strict where it gives one date only")
    every = [str(kind) for kind in DebtorKind]
    debtors = _words(table.get("debtors", every), "debtors", every)
    return Cover(table["place"], _words(table["kinds"], "kinds", CLAIM_KINDS), table.get("date"), debtors)


def _terms(in_force: date | None, value: Any) -> Terms:
    table = _only(value, "values", _VALUES, _OPTIONAL)
    for name, allowed in _CHOICES.items():
        # 1 == True, but a number is no answer to yes or no
        if type(table[name]) is not type(allowed[0]) or table[name] not in allowed:
            raise ValueError(f"{name} is one of {', '.join(str(choice) for choice in allowed)}")
    period = _only(table["period"], "period", set(), {"years", "months"})
    if len(period) != 1:
        raise ValueError("period is a number of years or of months")
    months = _number(period["years"], "years") * 12 if "years" in period else _number(period["months"], "months")
    start = _only(table["start"], "start", {"cautious", "strict"})
    if not set(start.values()) <= set(STARTS):
        raise ValueError(f"start is one of {', '.join(STARTS)}")
    effects = _effects(table["effects"])
    lapse = _only(table.get("lapse", {}), "lapse", set(), {"unless", "months"})
    then = table.get("then")
    obstacle = table.get("obstacle_months")
    outer = table.get("outer_years")
    still = _only(table.get("recalled_standstill", {}), "recalled_standstill", set(), {"kinds", "months"})
    if still and set(still) != {"kinds", "months"}:
        raise ValueError("recalled_standstill is a table of kinds, months")
    for effect, present in (("lapses", bool(lapse)), ("saves", then is not None), ("obstacle", obstacle is not None)):
        if (effect in effects.values()) != present:
            raise ValueError(f"what {effect} is said in both places or in none")
    if lapse and set(lapse) != {"unless", "months"}:
        raise ValueError("lapse is a table of months, unless")
    if outer is not None and _number(outer, "outer_years") * 12 < months:
        raise ValueError("outer_years is not shorter than the period")
    return Terms(
        in_force=in_force,
        months=months,
        outer_months=None if outer is None else outer * 12,
        start_cautious=start["cautious"],
        start_strict=start["strict"],
        instalments=table["instalments"],
        agreed=table["agreed"],
        moves_from_days_off=table["moves_from_days_off"],
        extinguishes=table["at_end"] == "extinguished",
        after_end=table["after_end"],
        effects=effects,
        end_of_proceedings=table["end_of_proceedings"],
        lapse_months=_number(lapse["months"], "lapse") if lapse else None,
        lapse_unless=frozenset(
            _words(lapse["unless"], "unless", {k for k, e in effects.items() if e in ("restarts", "brought")})
            if lapse
            else ()
        ),
        obstacle_months=None if obstacle is None else _number(obstacle, "obstacle_months"),
        then=then,
        still_kinds=frozenset(
            _words(still["kinds"], "kinds", {k for k, e in effects.items() if e == "brought"}) if still else ()
        ),
        still_months=_number(still["months"], "recalled_standstill") if still else None,
    )


def _effects(entry: Any) -> dict[str, str]:
    """Every kind of event has exactly one effect: what was forgotten cannot pass for `nothing`."""
    table = _only(entry, "effects", set(), set(EFFECTS))
    found: dict[str, str] = {}
    for effect, kinds in table.items():
        allowed: tuple[str, ...] = (*ACTS, "obstacle")
        if effect in ("suspends", "brought"):
            allowed = PROCEEDINGS
        elif effect == "obstacle":
            allowed = ("obstacle",)
        elif effect != "nothing":
            allowed = ACTS
        for kind in _words(kinds, effect, allowed):
            if kind in found:
                raise ValueError(f"{kind} has two effects")
            found[kind] = effect
    missing = [kind for kind in EVENT_KINDS if kind not in found and kind != "proceedings_ended"]
    if missing:
        raise ValueError(f"the effect of {', '.join(missing)} is missing")
    return found


def _case(clock: Clock, entry: Any) -> None:
    case = _only(entry, "a case", {"name", "place", "kind", "due", "cautious", "strict"}, _CASE)
    for name in ("due", "arose", "last_instalment", "agreed_until", "cautious", "strict"):
        if name in case:
            _day(case[name], name)
    debtor = case.get("debtor", str(DebtorKind.BUSINESS))
    if not any(
        case["place"] == cover.place and case["kind"] in cover.kinds and debtor in cover.debtors
        for cover in clock.covers
    ):
        raise ValueError(f"the case {case['name']} is about another claim")
    for event in case.get("events", []):
        _only(event, "an event", {"date", "kind"}, {"until", "proof"})
        _day(event["date"], "date")
        if event["kind"] not in EVENT_KINDS:
            raise ValueError(f"{event['kind']} is no kind of event")


def _threat(entry: dict[str, Any]) -> Threat:
    return Threat(
        id=entry["id"],
        title=entry["title"],
        places=_words(entry["places"], "places"),
        debtors=_words(entry["debtors"], "debtors", [str(kind) for kind in DebtorKind]),
        citation=read_citation(entry["citation"]),
        review_by=entry["review_by"],
    )


def _deadline(entry: dict[str, Any]) -> Deadline:
    if entry["from"] not in EVENT_KINDS or entry["what"] not in WHATS or not isinstance(entry["place"], str):
        raise ValueError(f"a deadline names a place, an event, and one of {', '.join(WHATS)}")
    for case in entry["cases"]:
        _day(_only(case, "a case", {"date", "last"})["date"], "date")
        _day(case["last"], "last")
    return Deadline(
        id=entry["id"],
        title=entry["title"],
        place=entry["place"],
        event=entry["from"],
        what=entry["what"],
        days=_number(entry["days"], "days") if "days" in entry else 0,
        months=_number(entry["months"], "months") if "months" in entry else 0,
        citation=read_citation(entry["citation"]),
        review_by=entry["review_by"],
        cases=tuple(entry["cases"]),
    )
