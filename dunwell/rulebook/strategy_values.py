"""Values of the files that people write about strategies and teams, each read with its faults by line."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS
from dunwell.core.terms import LANGUAGES, Channel
from dunwell.rulebook.conditions import Condition, read_condition
from dunwell.rulebook.contradictions import contradictions
from dunwell.rulebook.strategy import Offer, OfferKind
from dunwell.rulebook.yaml_lines import Faults, Node

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MOST_DAYS = 3_650
_MOST_MINOR = 10**15
_WHOLE_PERCENT_BP = 10_000
SPOKEN_OFFERS = (OfferKind.INSTALMENTS, OfferKind.EXTENSION)
"""What a letter may offer by itself: an invitation to talk. What takes off money is a person's to offer."""
_LIMITS: dict[OfferKind, tuple[frozenset[str], frozenset[str]]] = {
    OfferKind.WAIVER: (frozenset({"percent"}), frozenset({"days"})),
    OfferKind.EXTENSION: (frozenset({"days"}), frozenset()),
    OfferKind.DISCOUNT: (frozenset({"percent", "days"}), frozenset()),
    OfferKind.INSTALMENTS: (frozenset({"instalments"}), frozenset()),
}
"""Of each kind of offer: the limits it must have, and those it may have besides."""


@dataclass(slots=True)
class Values:
    """Reads one value after another; what is wrong with one goes to `faults`, and something harmless comes back."""

    faults: Faults

    def channels(self, node: Node | None, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Channels in order, each once; what is none is a fault."""
        return self.words(node, tuple(Channel), usual)

    def words(self, node: Node | None, known: tuple[str, ...], usual: tuple[str, ...]) -> tuple[str, ...]:
        """A list of known words, each once; the usual ones where there is no list."""
        if node is None:
            return usual
        found: list[str] = []
        for row in node.rows(self.faults):
            word = row.value
            if word not in known:
                self.faults.add(
                    row, "strategy.unknown_word", where=node.path, value=str(word)[:40], known=", ".join(known)
                )
            elif word not in found:
                found.append(word)
        return tuple(found)

    def offer(self, node: Node) -> Offer | None:
        """A way out with the limits of its kind."""
        keys = node.keys(self.faults, frozenset({"kind", "percent", "days", "instalments"}), frozenset({"kind"}))
        word = keys["kind"].value if "kind" in keys else None
        if word not in tuple(OfferKind):
            if "kind" in keys:
                self.faults.add(
                    keys["kind"], "strategy.unknown_word", where=node.path, value=str(word)[:40],
                    known=", ".join(OfferKind),
                )  # fmt: skip
            return None
        kind = OfferKind(word)
        needed, allowed = _LIMITS[kind]
        given = keys.keys() - {"kind"}
        if not needed <= given <= needed | allowed:
            self.faults.add(node, "strategy.offer_limits", kind=kind, needs=", ".join(sorted(needed | allowed)))
        return Offer(
            kind=kind,
            percent_bp=self.percent(keys["percent"]) if "percent" in keys else None,
            days=self.maybe_whole(keys, "days", 1),
            instalments=self.maybe_whole(keys, "instalments", 2),
        )

    def condition(self, node: Node | None) -> Condition | None:
        """A condition, or None where none stands."""
        if node is None:
            return None
        text = node.value
        if not isinstance(text, str) or not text.strip():
            self.faults.add(node, "strategy.wants_condition", where=node.path)
            return None
        try:
            found = read_condition(text)
        except DunwellError as error:
            self.faults.error(node, error)
            return None
        for column in dict.fromkeys(contradictions(found)):
            self.faults.warn(node, "strategy.never_holds", column=column)
        return found

    def name(self, node: Node | None) -> str:
        """A name in small letters; empty where it is a fault."""
        if node is None:
            return ""
        found = node.value
        if not isinstance(found, str) or not _NAME.fullmatch(found):
            self.faults.add(node, "strategy.bad_name", name=str(found)[:40])
            return ""
        return found

    def title(self, node: Node | None) -> dict[str, str]:
        """A title by language."""
        if node is None:
            return {}
        keys = node.keys(self.faults, frozenset(LANGUAGES), frozenset(LANGUAGES))
        found = {}
        for language, each in keys.items():
            text = each.value
            if not isinstance(text, str) or not text.strip() or len(text) > 80 or not text.isprintable():
                self.faults.add(each, "strategy.bad_title", where=each.path)
            else:
                found[language] = text
        return found

    def day(self, keys: dict[str, Node], name: str) -> date | None:
        """A day as 2027-01-31."""
        if name not in keys:
            return None
        text = str(keys[name].value)
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.isoformat() != text:
            self.faults.add(keys[name], "strategy.wants_date", where=keys[name].path)
            return None
        return found

    def flag(self, keys: dict[str, Node], name: str, *, default: bool = False) -> bool:
        """True or false."""
        if name not in keys:
            return default
        found = keys[name].value
        if not isinstance(found, bool):
            self.faults.add(keys[name], "strategy.wants_flag", where=keys[name].path)
            return default
        return found

    def one_of(self, keys: dict[str, Node], name: str, known: tuple[str, ...], default: str) -> str:
        """One of some words."""
        if name not in keys:
            return default
        found = keys[name].value
        if found not in known:
            self.faults.add(
                keys[name],
                "strategy.unknown_word",
                where=keys[name].path,
                value=str(found)[:40],
                known=", ".join(known),
            )
            return default
        return str(found)

    def whole(self, keys: dict[str, Node], name: str, least: int, *, default: int) -> int:
        """A whole number of days, tries or parts."""
        found = self.maybe_whole(keys, name, least)
        return default if found is None else found

    def maybe_whole(
        self, keys: dict[str, Node], name: str, least: int | None, default: int | None = None
    ) -> int | None:
        """A whole number, at least `least` (None: below zero too), or `default` where none stands."""
        if name not in keys:
            return default
        if keys[name].leads_with_zero:
            self.faults.add(keys[name], "strategy.leading_zero", where=keys[name].path)
            return default
        found: Any = keys[name].value
        lowest = -_MOST_DAYS if least is None else least
        if type(found) is not int or not lowest <= found <= _MOST_DAYS:
            self.faults.add(keys[name], "strategy.wants_days", where=keys[name].path, least=lowest, most=_MOST_DAYS)
            return default
        return found

    def sums(self, node: Node | None) -> dict[str, int]:
        """Currency to whole minor units."""
        found = {}
        for currency, each in node.pairs(self.faults) if node else ():
            if currency not in DIGITS:
                self.faults.add(each, "strategy.no_currency", currency=currency[:20])
            elif each.leads_with_zero:
                self.faults.add(each, "strategy.leading_zero", where=each.path)
            elif type(each.value) is not int or not 0 <= each.value <= _MOST_MINOR:
                self.faults.add(each, "strategy.wants_minor", where=each.path)
            else:
                found[currency] = each.value
        return found

    def percents(self, node: Node | None) -> dict[str, int]:
        """Currency to hundredths of a percent."""
        found = {}
        for currency, each in node.pairs(self.faults) if node else ():
            if currency not in DIGITS:
                self.faults.add(each, "strategy.no_currency", currency=currency[:20])
            else:
                found[currency] = self.percent(each) or 0
        return found

    def percent(self, node: Node) -> int | None:
        """A percentage as hundredths of a percent."""
        if node.leads_with_zero:
            self.faults.add(node, "strategy.leading_zero", where=node.path)
            return None
        try:
            found = Decimal(str(node.value)) * 100
        except DecimalException:
            found = Decimal(-1)
        if not (found.is_finite() and 0 < found <= _WHOLE_PERCENT_BP and found == found.to_integral_value()):
            self.faults.add(node, "strategy.wants_percent", where=node.path)
            return None
        return int(found)

    def uneconomic(self, node: Node | None) -> dict[str, dict[str, int]]:
        """Channel to currency to minor units."""
        found = {}
        for channel, each in node.pairs(self.faults) if node else ():
            if channel not in tuple(Channel):
                self.faults.add(
                    each,
                    "strategy.unknown_word",
                    where=node.path if node else "",
                    value=channel[:40],
                    known=", ".join(Channel),
                )
            else:
                found[channel] = self.sums(each)
        return found
