"""Rules on contacts: what each asks, where it applies, and how much it binds. See docs/contact-rules.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from dunwell.core.terms import Channel
from dunwell.rulebook.places import members_of

EFFECTS = ("forbidden", "presumed-violation", "advice", "note")
"""From the strongest to that which stops nothing."""
STRENGTHS = ("law", "standard", "guideline", "provider", "house")
FIRST_DAYS = ("told", "year_only", "not_told")
"""How the source at hand gives a rule's first day: it names it; only its year; not at all. What is not told is the
house's choice."""

SCOPE: Mapping[str, tuple[str, ...]] = {
    "place": (),
    "debtor": ("consumer", "business"),
    "debt": ("trade", "online_credit", "credit_card", "consumer_loan", "utility", "other"),
    "collector": ("own", "agency"),
    "creditor": ("bank", "consumer_finance", "money_lender", "supplier", "utility", "other"),
    "channel": tuple(str(channel) for channel in Channel),
    "purpose": ("collection", "answer", "required_notice", "limitation_demand", "service"),
    "to": ("debtor", "guarantor", "third_person", "attorney"),
    "at_place": ("home", "work", "public", "neighbours"),
    "mode": ("interactive", "notification"),
    "provider": (),
}
"""What a scope may name, with the words of each; places and providers are open lists."""
_ONLY_IF_KNOWN = frozenset({"at_place", "provider"})
_CHANNELS_OF = {"visitors": frozenset({"visit"}), "recording": frozenset({"phone", "visit"})}

OUTCOMES = (
    "reached", "dropped", "message_left", "no_answer", "not_connected", "wrong_person", "sent", "undeliverable",
    "unknown",
)  # fmt: skip
"""What may come of a contact."""
PER = ("person", "account", "debt", "address")
HARD_STOPS = ("cease_request", "attorney", "insolvency", "deceased", "minor")
"""Entries that bind the person, whichever account they were told about."""
OF_THE_PERSON = (*HARD_STOPS, "third_person_refused")
"""Those, and what a third person told us: who wants no part in it wants none in another account of the same debtor."""
REGISTERS = (
    *HARD_STOPS, "hardship", "talks", "other", "complaint", "promise", "opt_out", "consent", "direct_consent",
    "hours_agreed", "frequency_agreed", "inconvenient_time", "inconvenient_place", "employer_prohibits", "cooling_off",
    "lost_contact", "third_person_refused", "verified", "wrong_person", "invalid_number", "notice_sent",
    "recording_consent", "recording_refused", "breathing_space", "work_address", "public_medium",
    "dispute_in_writing", "original_creditor_asked",
)  # fmt: skip
"""Kinds of entries of the registers."""
CLOSING = ("wrong_person", "invalid_number")
"""Entries that close an address for every channel that uses it, until somebody confirms it anew: they are about whose
address it is, and so about the person, whichever of his accounts they were told of."""
BY_NUMBER = ("phone", "sms", "im")
"""Channels on which a number is the address."""
ANSWERED_BY: Mapping[str, str] = {"dispute_in_writing": "verification", "original_creditor_asked": "original_creditor"}
"""Entries that wait for something to be sent, and the purpose of the `notice_sent` that says it was."""
PERMITS = frozenset({
    "consent", "direct_consent", "hours_agreed", "frequency_agreed", "lost_contact", "verified", "notice_sent",
    "recording_consent",
})  # fmt: skip
"""Entries that permit something: they count only where they are in force in every zone the debtor may be in."""
ANSWERS: Mapping[str, str] = {"recording_consent": "recording_refused", "recording_refused": "recording_consent"}
"""What the last word ends: he was asked the same again."""
NOTICES = ("placement", "validation", "email_procedure", *ANSWERED_BY.values())
"""Which notice a `notice_sent` says was sent."""
DIRECT_CONSENT_DAYS = 7
"""So long a wish to be called back lasts where nothing else was said; the day it was told is the first."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule applies: lists by dimension (see `SCOPE`); a dimension that is missing leaves nothing out."""

    lists: Mapping[str, frozenset[str]]

    def matches(self, told: Mapping[str, str | None]) -> bool:
        """Whether it applies where so much is told; what is not known matches, but for places of contact and providers.

        `told`: a value by dimension; `place` as country with its part where that is known (`US`, `CA-ON`).
        """
        return all(_matches(name, words, told.get(name)) for name, words in self.lists.items())

    def surely_matches(self, told: Mapping[str, str | None]) -> bool:
        """Whether it is known to apply: what is not known never excuses."""
        return self.matches(told) and all(
            told.get(name) is not None and (name != "place" or _is_in(told[name] or "", words))
            for name, words in self.lists.items()
        )

    def lies_in(self, other: "Scope") -> bool:
        """Whether all it applies to, the other applies to as well."""
        return all(
            name in self.lists
            and (
                all(_is_in(word, words) for word in self.lists[name]) if name == "place" else self.lists[name] <= words
            )
            for name, words in other.lists.items()
        )

    def overlaps(self, other: "Scope") -> bool:
        """Whether there is anything both apply to."""
        return all(
            any(_same_place(one, two) for one in words for two in other.lists[name])
            if name == "place"
            else bool(words & other.lists[name])
            for name, words in self.lists.items()
            if name in other.lists
        )

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it is about, in the order of `core.terms.Channel`."""
        named = self.lists.get("channel")
        return tuple(channel for channel in SCOPE["channel"] if named is None or channel in named)


def _matches(name: str, words: frozenset[str], value: str | None) -> bool:
    if value is None:
        return name not in _ONLY_IF_KNOWN
    if name != "place":
        return value in words
    return any(_same_place(word, value) for word in words)


def _is_in(place: str, words: frozenset[str]) -> bool:
    """Whether a place is, or lies in, one of some places."""
    return any(
        place == word or place.startswith(f"{word}-") or place[:2] in members_of(word) or place == "EU" == word
        for word in words
    )


def _same_place(one: str, other: str) -> bool:
    """A country holds all its parts; a part whose country alone is known may be meant."""
    if one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-"):
        return True
    return other[:2] in members_of(one) or one[:2] in members_of(other)


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated, cited rule. `values` holds what is in force from each day on (None: nothing any more).

    excepts    the rule an exception is about
    unless     entries of registers that lift it
    rebuttal   by what a presumption can be rebutted
    first_day  whose choice the first day of `values` is: see `FIRST_DAYS`
    cases      worked examples: each a situation as docs/contact-rules.md describes it, with what the rule says of it
    """

    id: str
    title: Mapping[str, str]
    scope: Scope
    kind: str
    effect: str
    strength: str
    values: tuple[tuple[date, Mapping[str, Any] | None], ...]
    source: str
    confidence: str
    quote: str
    review_by: date
    cases: tuple[Mapping[str, Any], ...]
    excepts: str | None = None
    unless: tuple[str, ...] = ()
    rebuttal: tuple[str, ...] = ()
    pack: str = ""
    first_day: str = "told"

    @property
    def verified(self) -> bool:
        """Whether the official wording stands beside it, or the house answers for it. A rule without may forbid, but
        lifts no other rule."""
        return self.confidence == "house" or (bool(self.quote) and self.confidence != "recalled")

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it is about: visitors come on visits alone, and only what is said can be recorded."""
        own = _CHANNELS_OF.get(self.kind)
        return tuple(channel for channel in self.scope.channels if own is None or channel in own)

    def on(self, day: date) -> Mapping[str, Any] | None:
        """The values in force on a day, or None before the rule's first day and after its last."""
        found = None
        for start, value in self.values:
            if start <= day:
                found = value
        return found


SEASON_UNKNOWN = "season_not_known"
"""The detail of a note: nobody wrote down when the season is in this year."""


def known_until(value: Mapping[str, Any]) -> date | None:
    """Until which day the spans of a season are known: the end of the last year that has one. None: for ever, as it
    comes back every year on the same days."""
    last = max((span[1] for span in value["spans"]), default=None)
    return None if last is None else date(last.year, 12, 31)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of an installation, with one hash over their text, so that a run can name what it asked."""

    rules: tuple[Rule, ...]
    texts: Mapping[str, str]
    hash: str
    _by_id: Mapping[str, Rule] = field(default_factory=dict, compare=False)

    def in_force(self, day: date, *kinds: str) -> list[tuple[Rule, Mapping[str, Any]]]:
        """Rules of some kinds (none named: of all) with their values on a day, ordered by id."""
        found = [(rule, rule.on(day)) for rule in self.rules if not kinds or rule.kind in kinds]
        return [(rule, value) for rule, value in found if value is not None]

    @property
    def binding(self) -> "Rules":
        """Those that stop what leaves by itself: a rule that is only recalled is told to people, and binds nobody."""
        kept = tuple(rule for rule in self.rules if rule.confidence != "recalled")
        return replace(self, rules=kept, hash=f"{self.hash} binding")

    def named(self, rule_id: str) -> Rule:
        """The rule of an id; KeyError when there is none."""
        return self._by_id[rule_id]
