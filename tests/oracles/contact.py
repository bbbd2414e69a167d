"""docs/contact-rules.md a second time: one situation, one channel, one rule after another, over the YAML as it stands.

Slow and simple on purpose; nothing in the product uses it, and it uses nothing of the product. Moments are seconds
since 1970, days are dates. Which zones a country has and which days are holidays is told by `World`.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Table = Mapping[str, Any]
Span = tuple[int, int]

CHANNELS = ("email", "letter", "sms", "phone", "visit", "im")
WORST = ("forbidden", "presumed-violation", "advice")
BINDS_THE_PERSON = {"cease_request", "attorney", "insolvency", "deceased", "minor", "third_person_refused"}
UNNOTICED = {"undeliverable", "not_connected"}
CONSENTS = {"consent", "direct_consent", "hours_agreed", "frequency_agreed"}
PERMITTING = CONSENTS | {"lost_contact", "verified", "notice_sent", "recording_consent"}
NOT_HIM = {"third_person", "attorney"}
EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
AHEAD = 31 * 86_400
LOOKS = (4 * 86_400, AHEAD)  # near first, which is nearly always enough
NUMBERS = ("phone", "sms", "im")
NAMELESS = "(the only one)"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class World:
    """zones: country -> its time zones; holidays: country, or country-region -> its public holidays."""

    zones: Mapping[str, Sequence[str]]
    holidays: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def zones_of(self, debtor: Table) -> list[str]:
        if debtor.get("zones"):
            return sorted(set(debtor["zones"]))
        every = {zone for zones in self.zones.values() for zone in zones}
        return sorted(self.zones.get(debtor.get("country") or "", every))


class Finding(NamedTuple):
    """What one rule says about one channel. `until`: seconds since 1970."""

    rule: str
    debt: str | None
    address: str | None
    effect: str
    counted: int | None
    until: int | None


class Told(NamedTuple):
    """The answer for one channel. `window`: first moment, and the first one after it (None: no end)."""

    verdict: str
    findings: frozenset[Finding]
    window: tuple[int, int | None] | None


def answer(rules: Sequence[Table], situation: Table, world: World) -> dict[str, Told]:
    """Per channel asked about, what the rules say."""
    asked = [situation["channel"]] if situation.get("channel") else CHANNELS
    return {channel: Asked(rules, situation, world, channel).told() for channel in asked}


# --- time ---


def seconds(text: str | datetime) -> int:
    """A moment, its fraction cut off."""
    moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    return int(moment.replace(microsecond=0).timestamp())


def day_of(value: Any) -> date | None:
    """The day, where no moment is given."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if len(value) == 10 else None


def clock(text: str) -> int:
    hour, minute = text.split(":")[:2]
    return int(hour) * 3_600 + int(minute) * 60


def offset(zone: str, moment: int) -> int:
    found = datetime.fromtimestamp(moment, ZoneInfo(zone)).utcoffset()
    assert found is not None
    return int(found.total_seconds())


@cache
def stretches(zone: str, number: int) -> tuple[tuple[int, int, int], ...]:
    """31 days, cut where a zone's clocks are put on or back (never twice in four days), with seconds before UTC."""
    found = []
    step = AHEAD // 8
    for begin in range(number * AHEAD, (number + 1) * AHEAD, step):
        before, after = offset(zone, begin), offset(zone, begin + step)
        low, high = begin, begin + step
        while before != after and high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
        found.append((begin, high, before))
        if high < begin + step:
            found.append((high, begin + step, after))
    joined = [found[0]]
    for begin, end, by in found[1:]:
        if by == joined[-1][2]:
            joined[-1] = (joined[-1][0], end, by)
        else:
            joined.append((begin, end, by))
    return tuple(joined)


@cache
def clocks(zone: str, begin: int, end: int) -> tuple[tuple[int, int, int], ...]:
    """The same for any span of time."""
    months = range(begin // AHEAD, (end - 1) // AHEAD + 1)
    cut = [(max(a, begin), min(b, end), by) for month in months for a, b, by in stretches(zone, month)]
    return tuple(each for each in cut if each[0] < each[1])


@cache
def alike(zones: tuple[str, ...], first: int, last: int) -> list[str]:
    """One of the zones whose clocks agree in all these stretches."""
    found = {tuple(stretches(zone, month) for month in range(first, last)): zone for zone in reversed(zones)}
    return sorted(found.values())


@cache
def day_in(zone: str, moment: int) -> date:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).date()


@cache
def midnight(zone: str, day: date) -> int:
    """The first moment of a day: where midnight is left out, the clock before the change leads to it."""
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def both(one: list[Span], other: list[Span]) -> list[Span]:
    return sorted((max(a, c), min(b, d)) for a, b in one for c, d in other if a < d and c < b)


def joined(spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def on_the_wall(
    zone_clocks: tuple[tuple[int, int, int], ...], tables: list[Table], holidays: frozenset[date]
) -> list[Span]:
    """When the clock on the wall, in one zone, shows a time in one of the tables of hours."""
    found = []
    for begin, end, by in zone_clocks:
        for number in range((begin + by) // 86_400, (end - 1 + by) // 86_400 + 1):
            day = date(1970, 1, 1) + number * DAY
            for table in tables:
                if day.isoweekday() not in table.get("weekdays", range(1, 8)):
                    continue
                if table.get("holidays", "open") != "open" and day in holidays:
                    continue
                opens = number * 86_400 + clock(table["from"]) - by
                closes = number * 86_400 + clock(table["until"]) - by + bool(table.get("until_included"))
                if max(opens, begin) < min(closes, end):
                    found.append((max(opens, begin), min(closes, end)))
    return joined(found)


# --- addresses ---

CALLING = {
    "CN": "86", "US": "1", "GB": "44", "TW": "886", "HK": "852", "DE": "49", "JP": "81", "IN": "91", "AU": "61",
    "CA": "1", "FR": "33", "KI": "686", "CU": "53", "EG": "20", "NZ": "64", "CH": "41",
}  # fmt: skip
TRUNK = {"US": "1", "CA": "1", "HK": ""}


def one_form(address: str, country: str | None) -> str:
    """A telephone number as + and digits (? where its country is not known), anything else without its capitals."""
    if "@" in address:
        return re.sub(r"\s", "", address).lower()
    digits = re.sub(r"[ ()./-]", "", address.replace("(0)", ""))
    if not re.fullmatch(r"\+?\d+", digits) or len(digits) < 4:
        return " ".join(address.split()).lower()
    digits = re.sub("^00", "+", digits)
    if digits.startswith("+"):
        return digits
    if country not in CALLING:
        return "?" + digits.lstrip("0")
    return f"+{CALLING[country]}{digits.removeprefix(TRUNK.get(country, '0'))}"


def may_be(one: str, other: str) -> bool:
    """Whether two addresses may be one: a national number may be one of any country."""
    for home, whole in ((one, other), (other, one)):
        if home[0] == "?" and whole[0] in "+?" and whole.endswith(home[1:]):
            return True
    return one == other


def settled(situation: Table) -> dict[str, Any]:
    """A situation whose addresses have one form. Where one may be the address asked about, it is taken for it: of
    contacts, and of entries that do not permit."""
    country = (situation.get("debtor") or {}).get("country")
    asked = one_form(situation["address"], country) if situation.get("address") else None

    def same(told: Table, permits: bool = False) -> dict[str, Any]:
        if not told.get("address"):
            return {**told}
        address = one_form(told["address"], country)
        return {
            **told,
            "itself": address,
            "address": asked if asked and not permits and may_be(address, asked) else address,
        }

    return {
        **situation,
        "address": asked,
        "contacts": [same(each) for each in situation.get("contacts") or []],
        "registers": [same(each, each["kind"] in PERMITTING) for each in situation.get("registers") or []],
    }


# --- scopes ---


def matches(listed: Sequence[str] | None, fact: str | None, sure: bool = False) -> bool:
    """Whether a list of a scope names a fact; one not known matches, unless it must be `sure`."""
    if listed is None:
        return True
    return fact in listed if fact is not None else not sure


def holds_in(places: Sequence[str] | None, country: str | None, region: str | None, sure: bool = False) -> bool:
    if places is None:
        return True
    if country is None:
        return not sure
    for place in places:
        land, _, part = place.partition("-")
        here = country in EU if land == "EU" else country == land
        if here and (not part or part == region or (region is None and not sure)):
            return True
    return False


def is_inside(inner: Table, outer: Table) -> bool:
    """Whether each list of a scope lies within the other's."""
    for key, wide in outer.items():
        narrow = inner.get(key)
        if narrow is None:
            return False
        if key == "place":
            if not all(any(_within(one, other) for other in wide) for one in narrow):
                return False
        elif not set(narrow) <= set(wide):
            return False
    return True


def _within(place: str, other: str) -> bool:
    return place == other or place.startswith(f"{other}-") or (other == "EU" and place[:2] in EU)


def is_timed(entry: Table) -> bool:
    """Whether an entry is about weekdays or hours, and so about the window."""
    return bool(entry.get("weekdays") or entry.get("hours"))


# --- one channel of one situation ---


class Asked:
    """One contact that is asked about, by one channel."""

    def __init__(self, rules: Sequence[Table], situation: Table, world: World, channel: str) -> None:
        situation = settled(situation)
        self.rules, self.situation, self.channel = rules, situation, channel
        self.at = seconds(situation["at"])
        self.debtor: Table = situation.get("debtor") or {}
        self.country, self.region = self.debtor.get("country"), self.debtor.get("region")
        self.world = world
        zones = world.zones_of(self.debtor)
        facts = [self.at, *(seconds(each["at"]) for each in situation.get("contacts") or [])]
        self.zones = alike(tuple(zones), min(facts) // AHEAD - 2, self.at // AHEAD + 36)
        self.today = min(day_in(zone, self.at) for zone in self.zones)
        provider = situation.get("provider")
        self.facts: dict[str, str | None] = {
            "debtor": self.debtor.get("kind"),
            "debt": (situation.get("debt") or {}).get("kind"),
            "collector": situation.get("collector") or "own",
            "creditor": situation.get("creditor_kind"),
            "channel": channel,
            "purpose": situation.get("purpose") or "collection",
            "to": situation.get("to") or "debtor",
            "mode": situation.get("mode") or "interactive",
            "at_place": situation.get("place"),
            "provider": provider.get(channel) if isinstance(provider, Mapping) else provider,
        }
        self.account = situation.get("account")
        self.entries: list[Table] = list(situation.get("registers") or [])
        if not situation.get("of_a_book"):
            self.entries = [entry for entry in self.entries if not self._taken_back(entry)]
        self.told_entries = list(self.entries)
        self.contacts = [self._contact(each) for each in situation.get("contacts") or []]
        for entry in self.told_entries:
            closes = entry["kind"] in ("wrong_person", "invalid_number") and entry.get("address")
            if closes and entry.get("channel") in NUMBERS:
                self.entries += [{**entry, "channel": each} for each in NUMBERS if each != entry["channel"]]
        self.entries += self.closed_by_contacts()
        self.told_contacts = [dict(each) for each in self.contacts]
        self.rests_on_nothing, self.span = False, float("inf")
        self.settle_answers()
        self.address = self._address()
        self.debts = self._debts()

    def _contact(self, told: Table) -> dict[str, Any]:
        return {
            **told,
            "moment": seconds(told["at"]),
            "channel": told.get("channel") or self.channel,
            "direction": told.get("direction") or "out",
        }

    def closed_by_contacts(self) -> list[Table]:
        """Where somebody else answered nobody is contacted again, until the very address is confirmed later."""
        found: list[Table] = []
        # in a book the entries that a record of a call made stand for themselves
        for contact in () if self.situation.get("of_a_book") else self.contacts:
            if contact["outcome"] != "wrong_person":
                continue
            if contact.get("address"):
                confirming: set[str | None] = {contact["itself"]}
            else:
                same_kind = (contact.get("to") or "debtor") == self.facts["to"]
                if contact["direction"] == "in" or contact["channel"] == "visit" or not same_kind:
                    continue
                confirming = {None, self.situation["address"]}
            confirmed = []
            for entry in self.entries:
                if entry["kind"] == "verified" and (entry.get("address") or None) in confirming:
                    day = day_of(entry["from"])
                    confirmed.append(max(midnight(z, day) for z in self.zones) if day else seconds(entry["from"]))
            if not any(contact["moment"] < since <= self.at for since in confirmed):
                everywhere = contact["channel"] in NUMBERS and contact.get("address")
                for channel in NUMBERS if everywhere else (contact["channel"],):
                    told = {"kind": "wrong_person", "from": contact["at"], "channel": channel}
                    found.append({**told, "address": contact.get("address")})
        return found

    def settle_answers(self) -> None:
        """What answers nothing counts as collection: each answer takes the oldest question it can."""
        found = [self.values(rule) for rule in self.rules if rule["kind"] == "answer"]
        spans = [values["within_days"] * 86_400 for values in found if values is not None]
        if not spans:
            return
        self.span = min(spans)
        noticed = [each for each in self.contacts if each["outcome"] not in UNNOTICED]
        questions = sorted((each for each in noticed if each["direction"] == "in"), key=lambda each: each["moment"])
        asked = {"purpose": self.facts["purpose"], "to": self.facts["to"], "moment": self.at}
        sent = sorted((each for each in noticed if each["direction"] == "out"), key=lambda each: each["moment"])
        for each in (*sent, asked):
            if each.get("purpose") != "answer":
                continue
            for question in questions:
                same = (question.get("to") or "debtor") == (each.get("to") or "debtor")
                if same and 0 <= each["moment"] - question["moment"] <= min(spans):
                    questions.remove(question)
                    break
            else:
                each["purpose"] = "collection"
        self.rests_on_nothing = asked["purpose"] != self.facts["purpose"]
        self.facts["purpose"] = asked["purpose"]

    def _address(self) -> str | None:
        """The address asked about; None where several are known and none is named."""
        if self.situation.get("address"):
            return str(self.situation["address"])
        named = {c["address"] for c in self.contacts if c["channel"] == self.channel and c.get("address")}
        named |= {
            e["address"]
            for e in self.told_entries
            if e.get("channel", self.channel) == self.channel and e.get("address")
        }
        if not named:
            return NAMELESS
        return named.pop() if len(named) == 1 else None

    def _debts(self) -> list[str | None]:
        if self.situation.get("about"):
            return [*self.situation["about"]]
        named: set[str] = set()
        for contact in self.contacts:
            named |= {*(contact.get("debts") or []), *(contact.get("talked") or [])}
        return [*sorted(named)] or [None]

    # --- the answer ---

    def told(self) -> Told:
        found: list[Finding] = []
        hours: list[tuple[Table, Table]] = []
        others: list[Finding] = []
        kinds: list[str] = []
        for rule in self.rules:
            values = self.speaks_here(rule)
            if values is None:
                continue
            if self.lifting(rule, values):
                continue
            if rule["kind"] == "hours" and self.effect(rule) != "note":
                hours.append((rule, values))
            said = self.ask(rule, values)
            found += said
            if rule["kind"] == "register" and self.effect(rule) != "note":
                kinds += values["entries"]
                said = self.speak_of(rule, self.ends_of(values["entries"], rule=rule))
            if rule["kind"] != "hours":
                others += [each for each in said if each.effect in WORST]
        binding = [each for each in found if each.effect in WORST]
        verdict = min((each.effect for each in binding), key=WORST.index, default="allowed")
        return Told(verdict, frozenset(found), self.window(hours, kinds, others))

    def effect(self, rule: Table) -> str:
        if rule["kind"] in ("content", "recording", "conduct"):
            return "note"
        if rule["citation"]["confidence"] == "recalled" and rule["effect"] in WORST:
            return "advice"
        return str(rule["effect"])

    def values(self, rule: Table) -> Table | None:
        """The values in force on the earliest day at his place."""
        found = None
        for start, value in sorted(rule["values"].items()):
            if start <= self.today:
                found = value
        return found

    def is_in_scope(self, scope: Table, sure: bool = False) -> bool:
        for key, listed in scope.items():
            if key == "place":
                if not holds_in(listed, self.country, self.region, sure):
                    return False
            elif not matches(listed, self.facts[key], sure or key in ("at_place", "provider")):
                return False
        return True

    def speaks_here(self, rule: Table) -> Table | None:
        """The values of a rule that applies and that no exception silences."""
        if rule["kind"] == "exception" or not self.is_in_scope(rule["applies"]):
            return None
        lifts: list[Table] = []
        speaks: list[Table] = []
        for other in self.rules:
            if other["kind"] != "exception" or other["excepts"] != rule["id"]:
                continue
            values = self.values(other)
            if values is None:
                continue
            if not values["lifts"]:
                if self.is_in_scope(other["applies"]):
                    speaks.append(other["applies"])
            elif (
                is_backed(other["citation"])
                and self.is_in_scope(other["applies"], sure=True)
                and (not values.get("begun") or self.he_began(values["begun"], self.values(rule) or {}))
            ):
                lifts.append(other["applies"])
        if any(not any(is_inside(inner, wide) for inner in speaks) for wide in lifts):
            return None
        return self.values(rule)

    def he_began(self, wanted: Sequence[str], of_rule: Table) -> bool:
        """Whether an answer rests on something of his that fits, and that no answer has used up."""
        if self.facts["purpose"] != "answer":
            return False
        here = {"channel": self.channel, "place": self.facts["at_place"], "purpose": "answer"}
        entries = [
            entry
            for entry in self.entries
            if entry["kind"] in of_rule.get("entries", [])
            and self.is_about(entry, here)
            and (
                entry["kind"] in BINDS_THE_PERSON
                or None in (entry.get("account"), self.account)
                or entry.get("account") == self.account
            )
        ]
        refused = [(entry, zone) for entry in entries for zone in self.zones if self.holds_at(entry, zone, self.at)]
        moments: list[int] = []
        for contact in sorted(self.told_contacts, key=lambda each: (each["moment"], each["direction"])):
            if contact["outcome"] in UNNOTICED or contact["moment"] > self.at:
                continue
            if (contact.get("to") or "debtor") != self.facts["to"]:
                continue
            if "same_channel" in wanted and contact["channel"] != self.channel:
                continue
            moment = contact["moment"]
            if contact["direction"] == "out":
                spent = [each for each in moments if moment - each <= self.span]
                if contact.get("purpose") == "answer" and spent:
                    moments.remove(spent[0])
            elif all(self.fits(contact, wanted, entry, zone) for entry, zone in refused):
                moments.append(moment)
        return any(self.at - moment <= self.span for moment in moments)

    def fits(self, contact: Table, wanted: Sequence[str], entry: Table, zone: str) -> bool:
        """Whether he began as an exception wants it, as far as one entry by the clock of one zone goes."""
        moment, place = contact["moment"], contact.get("place")
        if "since_refused" in wanted and day_in(zone, moment) < self.first_day(entry):
            return False
        if "in_refused_time" in wanted and entry["kind"] == "inconvenient_time":
            same_day = day_in(zone, moment) == day_in(zone, self.at)
            if not same_day or not self.holds_at(entry, zone, moment):
                return False
        if "from_refused_place" in wanted and entry["kind"] == "inconvenient_place":
            return place is not None and place == self.facts["at_place"]
        return True

    def lifting(self, rule: Table, values: Table) -> list[Table]:
        """The entries that lift a rule now; one for an address lifts what is counted of contacts that name it."""
        named = values.get("per") == "address" and any(contact.get("address") for contact in self.contacts)
        address = self.address if named else None
        here = {"channel": self.channel, "address": address, "place": self.facts["at_place"],
                "purpose": self.facts["purpose"], "account": self.account}  # fmt: skip
        return [
            entry
            for entry in self.entries
            if entry["kind"] in (rule.get("unless") or [])
            and self.permits(entry, here)
            and self.permits_at(entry, self.at, asked=True)
        ]

    def ask(self, rule: Table, values: Table) -> list[Finding]:
        kind: Callable[[Table, Table], list[Finding]] = getattr(self, f"_{rule['kind']}")
        return kind(rule, values)

    def say(
        self,
        rule: Table,
        until: int | None = None,
        count: int | None = None,
        debt: str | None = None,
        address: str | None = None,
    ) -> list[Finding]:
        return [Finding(rule["id"], debt, None if address == NAMELESS else address, self.effect(rule), count, until)]

    # --- hours ---

    def _hours(self, rule: Table, values: Table) -> list[Finding]:
        for ahead in LOOKS:
            spans = self.kept(rule, values, self.at, ahead)
            if spans:
                return [] if spans[0][0] == self.at else self.say(rule, spans[0][0])
        return self.say(rule)

    def kept(self, rule: Table, values: Table, start: int, ahead: int) -> list[Span]:
        """When, from a moment on and so far ahead, an hours rule is kept in all zones."""
        beside = {key: value for key, value in values.items() if key != "spans"}
        tables: list[Table] = [{**beside, **span} for span in values.get("spans", [{}])]
        holidays = self.holidays(rule, nationwide=values.get("holidays") == "nationwide")
        spans = [(start, start + ahead)]
        for each in sorted({clocks(zone, start, start + ahead) for zone in self.zones}):
            spans = both(spans, on_the_wall(each, tables, holidays))
        return joined(spans)

    def holidays(self, rule: Table, nationwide: bool) -> frozenset[date]:
        if self.country is not None:
            places = [f"{self.country}-{self.region}" if self.region else self.country]
        else:
            places = rule["applies"].get("place") or []
        if nationwide:
            places = [place.split("-")[0] for place in places]
        return frozenset().union(*(self.world.holidays.get(place, frozenset()) for place in places))

    def window(
        self, hours: list[tuple[Table, Table]], kinds: list[str], others: list[Finding]
    ) -> tuple[int, int | None] | None:
        start = self.at
        for finding in others:
            if finding.until is None:
                return None
            start = max(start, finding.until)
        for ahead in LOOKS:
            end = min(start + ahead, self.at + AHEAD)
            spans = self.open(hours, kinds, start, end - start) if start < end else []
            if spans and (spans[0][1] < end or ahead == AHEAD):
                return spans[0][0], spans[0][1] if spans[0][1] < end else None
        return None

    def open(self, hours: list[tuple[Table, Table]], kinds: list[str], start: int, ahead: int) -> list[Span]:
        """When all hours rules are kept, and no entry of these kinds takes the hour."""
        spans = [(start, start + ahead)]
        for rule, values in hours:
            spans = both(spans, self.kept(rule, values, start, ahead))
        bounds = [start, *(bound for span in self.taken(kinds, start, ahead) for bound in span), start + ahead]
        return joined(both(spans, list(zip(bounds[::2], bounds[1::2], strict=True))))

    # --- counts ---

    def counted(self, rule: Table, values: Table, direction: str) -> list[dict[str, Any]]:
        """Contacts up to now that a rule looks at, whatever came of them."""
        scope = rule["applies"]
        return [
            contact
            for contact in self.contacts
            if contact["outcome"] != "undeliverable"
            and direction in ("any", contact["direction"])
            and all(matches(scope.get(key), contact.get(key)) for key in ("channel", "purpose", "to", "mode"))
            and not self.was_under_consent(rule, contact)
            and (self.is_by_the_collector(contact) or values.get("by", "anybody") == "anybody")
        ]

    def is_by_the_collector(self, contact: dict[str, Any]) -> bool:
        """Whether he who is asked about made it, as far as is known: the creditor is not an agency, nor the reverse."""
        if contact.get("collector") is None:
            return True
        return (contact["collector"] == "own") == (self.facts["collector"] == "own")

    def was_under_consent(self, rule: Table, contact: dict[str, Any]) -> bool:
        return contact["direction"] == "out" and any(
            entry["kind"] in CONSENTS & {*(rule.get("unless") or [])}
            and (entry.get("account") is None or entry["account"] == self.account)
            and self.permits(entry, contact)
            and not is_timed(entry)
            and self.was_given_before(entry, contact["moment"])
            and self.permits_at(entry, contact["moment"])
            for entry in self.entries
        )

    def was_given_before(self, entry: Table, moment: int) -> bool:
        day = day_of(entry["from"])
        return all(day_in(zone, moment) > day for zone in self.zones) if day else moment > seconds(entry["from"])

    def in_window(self, contact: dict[str, Any], days: int) -> bool:
        return any(day_in(z, contact["moment"]) > day_in(z, self.at) - days * DAY for z in self.zones)

    def leaves(self, contact: dict[str, Any], days: int) -> int:
        return max(midnight(z, day_in(z, contact["moment"]) + days * DAY) for z in self.zones)

    def groups(self, per: str, rule: Table) -> list[tuple[str | None, str | None]]:
        """(debt, address) each of which is counted by itself."""
        if per == "debt":
            return [(debt, None) for debt in self.debts]
        if per == "address":
            return [(None, self.address or NAMELESS)]
        return [(None, None)]

    def is_of(self, contact: dict[str, Any], per: str, debt: str | None, address: str | None, talked: bool) -> bool:
        if per == "account":
            return self.account is None or contact.get("account") in (None, self.account)
        if per == "address":
            return contact.get("address") in (None, address)
        if per == "debt":
            debts = contact.get("debts")
            if talked and contact["outcome"] == "reached" and contact.get("talked") is not None:
                debts = contact["talked"]
            # a talk about none of the debts is one about nothing, where all is one debt too
            return debts is None or debt in debts or (debt is None and bool(debts))
        return True

    def _count(self, rule: Table, values: Table) -> list[Finding]:
        found = []
        per = values.get("per", "person")
        for debt, address in self.groups(per, rule):
            leaving = []
            for contact in self.counted(rule, values, values.get("direction", "out")):
                outcome = contact["outcome"]
                if outcome not in values["outcomes"] if "outcomes" in values else outcome in UNNOTICED:
                    continue
                if not self.is_of(contact, per, debt, address, talked=False):
                    continue
                if contact["moment"] <= self.first_moment(values.get("after_first"), per):
                    continue
                if "minutes" not in values and "days" not in values:
                    leaving.append(0)
                elif "minutes" in values:
                    if contact["moment"] >= self.at - values["minutes"] * 60:
                        leaving.append(contact["moment"] + values["minutes"] * 60 + 1)
                elif self.in_window(contact, values["days"]):
                    leaving.append(self.leaves(contact, values["days"]))
            if len(leaving) >= values["most"]:
                leaving.sort(reverse=True)
                until = leaving[values["most"] - 1] or None if values["most"] else None
                found += self.say(rule, until, len(leaving), debt, address)
        return found

    def first_moment(self, outcomes: list[str] | None, per: str) -> float:
        """When the first of such contacts took place: only later ones count."""
        begun = [
            contact["moment"]
            for contact in self.contacts
            if contact["outcome"] in (outcomes or ())
            and contact.get("to") not in NOT_HIM
            and (per != "account" or self.is_of(contact, per, None, None, talked=False))
        ]
        return min(begun, default=float("inf")) if outcomes else float("-inf")

    def _wait(self, rule: Table, values: Table) -> list[Finding]:
        found = []
        per = values.get("per", "person")
        for debt, address in self.groups(per, rule):
            leaving = [
                self.leaves(contact, values["days"])
                for contact in self.counted(rule, values, values.get("direction", "any"))
                if contact["outcome"] in values["after"]
                and self.is_of(contact, per, debt, address, talked=True)
                and self.in_window(contact, values["days"])
            ]
            if leaving:
                found += self.say(rule, max(leaving), len(leaving), debt, address)
        return found

    def _intensity(self, rule: Table, values: Table) -> list[Finding]:
        weights, most = values["weights"], values["most"]
        planned = weights[self.channel]
        weighed = []
        for contact in self.contacts:
            if (
                contact["direction"] != "out"
                or contact["outcome"] in UNNOTICED
                or not self.in_window(contact, values["days"])
            ):
                continue
            weight = weights[contact["channel"]]
            weight += weights["reached"] if contact["outcome"] == "reached" else 0
            weighed.append((self.leaves(contact, values["days"]), weight))
        total = sum(weight for _, weight in weighed)
        if total + planned <= most:
            return []
        left = total
        for moment in sorted({moment for moment, _ in weighed}):
            left -= sum(weight for leaves, weight in weighed if leaves == moment)
            if left + planned <= most:
                return self.say(rule, moment, total)
        return self.say(rule, None, total)

    # --- registers ---

    def first_day(self, entry: Table) -> date:
        """The day from which an entry is: the earliest at his place, where a moment is given."""
        return day_of(entry["from"]) or min(day_in(zone, seconds(entry["from"])) for zone in self.zones)

    def last_day(self, entry: Table, grace: int = 0) -> date | None:
        last = day_of(entry["until"]) if entry.get("until") else None
        if last is None and entry["kind"] == "direct_consent":
            last = self.first_day(entry) + 6 * DAY
        return last + grace * DAY if last else None

    def holds_at(self, entry: Table, zone: str, moment: int, grace: int = 0) -> bool:
        """Whether an entry is in force, by the clock of one zone."""
        first, today, last = day_of(entry["from"]), day_in(zone, moment), self.last_day(entry, grace)
        if (today < first) if first else (moment < seconds(entry["from"])):
            return False
        if last is not None and today > last:
            return False
        if entry.get("weekdays") and today.isoweekday() not in entry["weekdays"]:
            return False
        if not entry.get("hours"):
            return True
        of_day = (moment + offset(zone, moment)) % 86_400
        return clock(entry["hours"][0]) <= of_day < clock(entry["hours"][1])

    def ends(self, entry: Table, zone: str, moment: int, grace: int = 0) -> int | None:
        """The end of what holds at a moment, by the clock of one zone."""
        last = self.last_day(entry, grace)
        found = [midnight(zone, last + DAY)] if last is not None else []
        tomorrow = midnight(zone, day_in(zone, moment) + DAY)
        if entry.get("weekdays"):
            found.append(tomorrow)
        if entry.get("hours"):
            table: Table = {"from": entry["hours"][0], "until": entry["hours"][1]}
            for begin, end in on_the_wall(clocks(zone, moment, moment + 3 * 86_400), [table], frozenset()):
                if begin <= moment < end:
                    found.append(min(end, tomorrow))
        return min(found, default=None)

    def is_about(self, entry: Table, here: Table) -> bool:
        """Whether channel, place and purpose, where an entry names them, are those of a contact."""
        named = ["channel", "place"] if entry["kind"] == "notice_sent" else ["channel", "place", "purpose"]
        return all(entry.get(key) is None or entry[key] == here.get(key) for key in named)

    # what forbids

    def forbids(self, kinds: Sequence[str]) -> list[Table]:
        """Entries of some kinds that are about what is asked, whenever they are in force."""
        here = {"channel": self.channel, "place": self.facts["at_place"], "purpose": self.facts["purpose"]}
        found = []
        for entry in self.entries:
            if entry["kind"] not in kinds or not self.is_about(entry, here):
                continue
            # of an address that is not known, none can be left out
            asked = self.situation["address"] or entry.get("address")
            if entry.get("address") not in (None, asked) and not is_timed(entry):
                continue
            account = None if entry["kind"] in BINDS_THE_PERSON else entry.get("account")
            if account is None or self.account is None or account == self.account:
                found.append(entry)
        return found

    def is_lifted(self, entry: Table, rule: Table) -> bool:
        """Whether a later word of his permits the very address that an entry is about."""
        here = {"channel": self.channel, "address": entry.get("address"), "place": self.facts["at_place"],
                "purpose": self.facts["purpose"], "account": self.account}  # fmt: skip
        return any(
            each["kind"] in (rule.get("unless") or [])
            and each.get("address") is not None
            and self.permits(each, here)
            and self.permits_at(each, self.at, asked=True)
            for each in self.entries
        )

    def ends_of(self, kinds: Sequence[str], grace: int = 0, rule: Table | None = None) -> list[int | None]:
        """When each of the entries of all day that are in force now, in any zone, ends."""
        found = []
        for entry in self.forbids(kinds):
            if is_timed(entry) or not any(self.holds_at(entry, zone, self.at, grace) for zone in self.zones):
                continue
            if rule is not None and self.is_lifted(entry, rule):
                continue
            ends = [self.ends(entry, zone, self.at, grace) for zone in self.zones]
            found.append(None if None in ends else max(end for end in ends if end is not None))
        return found

    def taken(self, kinds: Sequence[str], start: int, ahead: int) -> list[Span]:
        """The hours, in any zone, that entries with weekdays or hours take from a moment on."""
        found = []
        for entry in filter(is_timed, self.forbids(kinds)):
            day, hours = day_of(entry["from"]), entry.get("hours") or ["00:00", "24:00"]
            table = {"from": hours[0], "until": hours[1], "weekdays": entry.get("weekdays") or range(1, 8)}
            for zone in self.zones:
                last = self.last_day(entry)
                begins = midnight(zone, day) if day else seconds(entry["from"])
                ends = midnight(zone, last + DAY) if last else start + ahead
                spans = on_the_wall(clocks(zone, start, start + ahead), [table], frozenset())
                found += both(spans, [(begins, ends)])
        return joined(found)

    def speak_of(self, rule: Table, ends: list[int | None]) -> list[Finding]:
        if not ends:
            return []
        return self.say(rule, None if None in ends else max(end for end in ends if end is not None))

    def _register(self, rule: Table, values: Table) -> list[Finding]:
        ends = self.ends_of(values["entries"], rule=rule)
        taken = self.taken(values["entries"], self.at, AHEAD)
        if taken and taken[0][0] == self.at:
            ends.append(taken[0][1] if taken[0][1] < self.at + AHEAD else None)
        return self.speak_of(rule, ends)

    def _complaint(self, rule: Table, values: Table) -> list[Finding]:
        return self.speak_of(rule, self.ends_of(["complaint"]))

    def _promise(self, rule: Table, values: Table) -> list[Finding]:
        return self.speak_of(rule, self.ends_of(["promise"], values["grace_days"]))

    # what permits

    def permits(self, entry: Table, contact: Table) -> bool:
        """Whether an entry permits a contact of this kind, whenever."""
        if not self.is_about(entry, contact):
            return False
        if entry.get("address") is not None and entry["address"] != contact.get("address"):
            return False
        return entry.get("account") is None or entry["account"] == contact.get("account")

    def permits_at(self, entry: Table, moment: int, asked: bool = False) -> bool:
        """Whether an entry permits at a moment: a contact that took place, or one asked about."""
        if not all(self.holds_at(entry, zone, moment) for zone in self.zones):
            return False
        if entry["kind"] != "direct_consent":
            return True
        day = day_of(entry["from"])
        given = max(midnight(z, day) for z in self.zones) if day else seconds(entry["from"])
        return not any(
            contact["outcome"] == "reached"
            and contact.get("to") not in NOT_HIM
            and given < contact["moment"] < moment + asked
            for contact in self.contacts
        )

    def _requires(self, rule: Table, values: Table) -> list[Finding]:
        here = {"channel": self.channel, "address": self.situation["address"], "place": self.facts["at_place"],
                "purpose": self.facts["purpose"], "account": self.account}  # fmt: skip
        asked = [
            entry
            for entry in self.entries
            if entry["kind"] == values["entry"]
            and (values.get("purpose") is None or entry.get("purpose") == values["purpose"])
            and self.permits(entry, here)
        ]
        if any(self.is_enough(entry, values, self.at) for entry in asked):
            return []
        return self.say(rule)

    def is_enough(self, entry: Table, values: Table, moment: int) -> bool:
        for zone in self.zones:
            age = day_in(zone, moment) - self.first_day(entry)
            if age < values.get("days_after", 0) * DAY:
                return False
            if values.get("within_days") is not None and age >= values["within_days"] * DAY:
                return False
        return self.permits_at(entry, moment, asked=True)

    # --- the rest ---

    def _never(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule)

    def _visitors(self, rule: Table, values: Table) -> list[Finding]:
        persons = self.situation.get("persons")
        fewer = persons is None or persons < values["least"]
        return self.say(rule) if self.channel == "visit" and fewer else []

    def _season(self, rule: Table, values: Table) -> list[Finding]:
        last = [end for zone in self.zones for end in season_ends(values, day_in(zone, self.at))]
        if last:
            return self.say(rule, max(midnight(zone, max(last) + DAY) for zone in self.zones))
        years = [end.year for _, end in values.get("spans") or []]
        if years and self.today.year > max(years):
            return [Finding(rule["id"], None, None, "note", None, None)]
        return []

    def _content(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule)

    def _answer(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule) if self.rests_on_nothing else []

    def _conduct(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule)

    def _recording(self, rule: Table, values: Table) -> list[Finding]:
        decides = self.recording()
        return self.say(rule) if decides is not None and decides[0] == rule["id"] else []

    def recording(self) -> tuple[str, str] | None:
        """May it be recorded: the rule that decides, and the answer."""
        if self.channel not in ("phone", "visit"):
            return None
        found = []
        for rule in self.rules:
            values = self.speaks_here(rule) if rule["kind"] == "recording" else None
            if values is not None:
                order = ["forbidden", "required", "ask", "allowed"].index(values["may"])
                found.append((self._heard(rule, values["may"]), order, rule["id"], values["may"]))
        if not found:
            return None
        *_, decides, may = min(found)
        here = {"channel": self.channel, "address": self.situation["address"], "place": self.facts["at_place"],
                "purpose": self.facts["purpose"], "account": self.account}  # fmt: skip
        refused = any(
            entry["kind"] == "recording_refused"
            and self.is_about(entry, here)
            and entry.get("account") in (None, self.account or entry.get("account"))
            and any(self.holds_at(entry, zone, self.at) for zone in self.zones)
            for entry in self.entries
        )
        consented = any(
            entry["kind"] == "recording_consent" and self.permits(entry, here) and self.permits_at(entry, self.at)
            for entry in self.entries
        )
        if refused and may != "forbidden":
            return decides, "refused_required" if may == "required" else "refused"
        return decides, "consented" if consented and may == "ask" else may

    def _taken_back(self, entry: Table) -> bool:
        """Whether he was asked the same about recording again, and answered otherwise."""
        answers = {"recording_consent": "recording_refused", "recording_refused": "recording_consent"}

        def since(told: Table) -> int:
            day = day_of(told["from"])
            return max(midnight(zone, day) for zone in self.zones) if day else seconds(told["from"])

        def scope(told: Table) -> list[Any]:
            return [told.get(name) for name in ("channel", "place", "purpose", "account")] + [told.get("itself")]

        return any(
            other["kind"] == answers.get(entry["kind"])
            and scope(other) == scope(entry)
            and since(entry) < since(other) <= self.at
            for other in self.situation.get("registers") or []
        )

    def _heard(self, rule: Table, may: str) -> str:
        """First those who are sure, then the house, then hearsay; what forbids is heard unless it is only recalled."""
        if rule["strength"] == "house":
            return "b"
        if may == "forbidden":
            return "b" if rule["citation"]["confidence"] == "recalled" else "a"
        return "a" if is_backed(rule["citation"]) and self.is_in_scope(rule["applies"], sure=True) else "c"


def is_backed(citation: Table) -> bool:
    """The house answers for its own rules; of others the official wording stands beside them, not from memory."""
    if citation["confidence"] == "house":
        return True
    return citation["confidence"] != "recalled" and citation.get("quote", "") != ""


def season_ends(values: Table, day: date) -> list[date]:
    """The last days of the spans of a season in which a day lies; one that follows at once goes on."""
    found = [last for first, last in values.get("spans") or [] if first <= day <= last]
    for first, last in values.get("yearly") or []:
        if first <= f"{day:%m-%d}" <= last:
            month, number = (int(part) for part in last.split("-"))
            found.append(date(day.year, month, min(number, monthrange(day.year, month)[1])))
    return [max(season_ends(values, last + DAY), default=last) for last in found]
