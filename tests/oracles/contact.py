"""docs/contact-rules.md a second time: one situation, one channel, one rule after another, over the YAML as it stands.

Slow and simple on purpose; nothing in the product uses it, and it uses nothing of the product. Moments are seconds
since 1970, days are dates. Which zones a country has and which days are holidays is told by `World`.
"""

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
BINDS_THE_PERSON = {"cease_request", "attorney", "insolvency", "deceased"}
UNNOTICED = {"undeliverable", "not_connected"}
NOT_HIM = {"third_person", "attorney"}
EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
AHEAD = 31 * 86_400
LOOKS = (4 * 86_400, AHEAD)  # near first, which is nearly always enough
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
                if table.get("holidays") == "closed" and day in holidays:
                    continue
                opens = number * 86_400 + clock(table["from"]) - by
                closes = number * 86_400 + clock(table["until"]) - by + bool(table.get("until_included"))
                if max(opens, begin) < min(closes, end):
                    found.append((max(opens, begin), min(closes, end)))
    return joined(found)


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


# --- one channel of one situation ---


class Asked:
    """One contact that is asked about, by one channel."""

    def __init__(self, rules: Sequence[Table], situation: Table, world: World, channel: str) -> None:
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
        self.contacts = [self._contact(each) for each in situation.get("contacts") or []]
        self.address = self._address()
        self.debts = self._debts()

    def _contact(self, told: Table) -> dict[str, Any]:
        return {
            **told,
            "moment": seconds(told["at"]),
            "channel": told.get("channel") or self.channel,
            "direction": told.get("direction") or "out",
        }

    def _address(self) -> str | None:
        """The address asked about; None where several are known and none is named."""
        if self.situation.get("address"):
            return str(self.situation["address"])
        named = {c["address"] for c in self.contacts if c["channel"] == self.channel and c.get("address")}
        named |= {
            e["address"] for e in self.entries if e.get("channel", self.channel) == self.channel and e.get("address")
        }
        if not named:
            return NAMELESS
        return named.pop() if len(named) == 1 else None

    def _debts(self) -> list[str | None]:
        named = set(self.situation.get("about") or [])
        for contact in self.contacts:
            named |= {*(contact.get("debts") or []), *(contact.get("talked") or [])}
        return sorted(named) or [None]

    # --- the answer ---

    def told(self) -> Told:
        found: list[Finding] = []
        hours: list[tuple[Table, Table]] = []
        for rule in self.rules:
            values = self.speaks_here(rule)
            if values is None:
                continue
            if rule["kind"] == "hours" and self.effect(rule) != "note":
                hours.append((rule, values))
            if self.lifting(rule):
                continue
            found += self.ask(rule, values)
        about = self.situation.get("about")
        binding = [
            each for each in found if each.effect in WORST and (each.debt is None or not about or each.debt in about)
        ]
        verdict = min((each.effect for each in binding), key=WORST.index, default="allowed")
        names = {rule["id"] for rule, _ in hours}
        return Told(verdict, frozenset(found), self.window(hours, [each for each in binding if each.rule not in names]))

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
            elif other["citation"]["confidence"] != "recalled" and self.is_in_scope(other["applies"], sure=True):
                lifts.append(other["applies"])
        if any(not any(is_inside(inner, wide) for inner in speaks) for wide in lifts):
            return None
        return self.values(rule)

    def lifting(self, rule: Table) -> list[Table]:
        """The entries that lift a rule now."""
        here = {"channel": self.channel, "address": self.address, "place": self.facts["at_place"],
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
        holidays = self.holidays(rule)
        spans = [(start, start + ahead)]
        for each in sorted({clocks(zone, start, start + ahead) for zone in self.zones}):
            spans = both(spans, on_the_wall(each, tables, holidays))
        return joined(spans)

    def holidays(self, rule: Table) -> frozenset[date]:
        if self.country is not None:
            places = [f"{self.country}-{self.region}" if self.region else self.country]
        else:
            places = rule["applies"].get("place") or []
        return frozenset().union(*(self.world.holidays.get(place, frozenset()) for place in places))

    def window(self, hours: list[tuple[Table, Table]], others: list[Finding]) -> tuple[int, int | None] | None:
        start = self.at
        for finding in others:
            if finding.until is None:
                return None
            start = max(start, finding.until)
        for ahead in LOOKS:
            spans = self.open(hours, start, ahead)
            if spans and (spans[0][1] < start + ahead or ahead == AHEAD):
                return spans[0][0], spans[0][1] if spans[0][1] < start + ahead else None
        return None

    def open(self, hours: list[tuple[Table, Table]], start: int, ahead: int) -> list[Span]:
        """When all hours rules are kept, or lifted."""
        spans = [(start, start + ahead)]
        for rule, values in hours:
            mine = self.kept(rule, values, start, ahead)
            lifted = [self.permit_ends(entry) for entry in self.lifting(rule)]
            if lifted:
                last = start + ahead if None in lifted else max(end for end in lifted if end is not None)
                if last > start:
                    mine = joined([*mine, (start, min(last, start + ahead))])
            spans = both(spans, mine)
        return joined(spans)

    # --- counts ---

    def counted(self, rule: Table, direction: str, every_channel: bool = False) -> list[dict[str, Any]]:
        """Contacts up to now that a rule looks at, whatever came of them."""
        scope = rule["applies"]
        return [
            contact
            for contact in self.contacts
            if contact["outcome"] != "undeliverable"
            and direction in ("any", contact["direction"])
            and (every_channel or matches(scope.get("channel"), contact["channel"]))
            and all(matches(scope.get(key), contact.get(key)) for key in ("purpose", "to", "mode"))
            and not self.was_under_consent(rule, contact)
        ]

    def was_under_consent(self, rule: Table, contact: dict[str, Any]) -> bool:
        return any(
            entry["kind"] in (rule.get("unless") or [])
            and self.permits(entry, contact)
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
        """(debt, address) each of which is counted by itself; none if an address must be known and is not."""
        if per == "debt":
            return [(debt, None) for debt in self.debts]
        if per == "address":
            return [] if self.address is None else [(None, self.address)]
        return [(None, None)]

    def is_of(self, contact: dict[str, Any], per: str, debt: str | None, address: str | None, talked: bool) -> bool:
        if per == "account":
            return self.account is None or contact.get("account") in (None, self.account)
        if per == "address":
            return address == NAMELESS or contact.get("address") in (None, address)
        if per == "debt":
            debts = contact.get("debts")
            if talked and contact["outcome"] == "reached" and contact.get("talked") is not None:
                debts = contact["talked"]
            return debts is None or debt is None or debt in debts
        return True

    def _count(self, rule: Table, values: Table) -> list[Finding]:
        found = []
        per = values.get("per", "person")
        for debt, address in self.groups(per, rule):
            leaving = []
            for contact in self.counted(rule, values.get("direction", "out")):
                outcome = contact["outcome"]
                if outcome not in values["outcomes"] if "outcomes" in values else outcome in UNNOTICED:
                    continue
                if not self.is_of(contact, per, debt, address, talked=False):
                    continue
                if "minutes" in values:
                    if contact["moment"] >= self.at - values["minutes"] * 60:
                        leaving.append(contact["moment"] + values["minutes"] * 60 + 1)
                elif self.in_window(contact, values["days"]):
                    leaving.append(self.leaves(contact, values["days"]))
            if len(leaving) >= values["most"]:
                leaving.sort(reverse=True)
                until = leaving[values["most"] - 1] if values["most"] else None
                found += self.say(rule, until, len(leaving), debt, address)
        return found

    def _wait(self, rule: Table, values: Table) -> list[Finding]:
        found = []
        per = values.get("per", "person")
        for debt, address in self.groups(per, rule):
            leaving = [
                self.leaves(contact, values["days"])
                for contact in self.counted(rule, values.get("direction", "any"))
                if contact["outcome"] in values["after"]
                and self.is_of(contact, per, debt, address, talked=True)
                and self.in_window(contact, values["days"])
            ]
            if leaving:
                found += self.say(rule, max(leaving), len(leaving), debt, address)
        return found

    def _intensity(self, rule: Table, values: Table) -> list[Finding]:
        weights, most = values["weights"], values["most"]
        planned = weights.get(self.channel, 0)
        weighed = []
        for contact in self.counted(rule, "out", every_channel=True):
            if contact["outcome"] in UNNOTICED or not self.in_window(contact, values["days"]):
                continue
            weight = weights.get(contact["channel"], 0)
            weight += weights.get("reached", 0) if contact["outcome"] == "reached" else 0
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

    def last_day(self, entry: Table, zone: str, grace: int = 0) -> date | None:
        begun = day_of(entry["from"]) or day_in(zone, seconds(entry["from"]))
        last = day_of(entry["until"]) if entry.get("until") else None
        days = entry.get("days")
        if days is None and last is None and entry["kind"] == "direct_consent":
            days = 7
        if days is not None:
            last = min(last or date.max, begun + (days - 1) * DAY)
        return last + grace * DAY if last else None

    def holds_at(self, entry: Table, zone: str, moment: int, grace: int = 0) -> bool:
        """Whether an entry is in force, by the clock of one zone."""
        first, today, last = day_of(entry["from"]), day_in(zone, moment), self.last_day(entry, zone, grace)
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
        last = self.last_day(entry, zone, grace)
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

    def forbids(self, kinds: Sequence[str], grace: int = 0) -> list[tuple[Table, int | None]]:
        """Entries of some kinds in force now, in any zone, and when each ends."""
        here = {"channel": self.channel, "place": self.facts["at_place"], "purpose": self.facts["purpose"]}
        found = []
        for entry in self.entries:
            if entry["kind"] not in kinds or not self.is_about(entry, here):
                continue
            if entry.get("address") is not None and entry["address"] != self.address:
                continue
            account = None if entry["kind"] in BINDS_THE_PERSON else entry.get("account")
            if account is not None and self.account is not None and account != self.account:
                continue
            speaking = [zone for zone in self.zones if self.holds_at(entry, zone, self.at, grace)]
            if speaking:
                by_clock = entry.get("weekdays") or entry.get("hours")
                ends = [self.ends(entry, z, self.at, grace) for z in (speaking if by_clock else self.zones)]
                found.append((entry, None if None in ends else max(end for end in ends if end is not None)))
        return found

    def speak_of(self, rule: Table, entries: list[tuple[Table, int | None]]) -> list[Finding]:
        if not entries:
            return []
        ends = [end for _, end in entries]
        return self.say(rule, None if None in ends else max(end for end in ends if end is not None))

    def _register(self, rule: Table, values: Table) -> list[Finding]:
        return self.speak_of(rule, self.forbids(values["entries"]))

    def _hold(self, rule: Table, values: Table) -> list[Finding]:
        return self.speak_of(rule, self.forbids(values["reasons"]))

    def _complaint(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule) if self.forbids(["complaint"]) else []

    def _promise(self, rule: Table, values: Table) -> list[Finding]:
        return self.speak_of(rule, self.forbids(["promise"], values["grace_days"]))

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

    def permit_ends(self, entry: Table) -> int | None:
        ends = [self.ends(entry, zone, self.at) for zone in self.zones]
        return min((end for end in ends if end is not None), default=None)

    def _requires(self, rule: Table, values: Table) -> list[Finding]:
        here = {"channel": self.channel, "address": self.address, "place": self.facts["at_place"],
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
        later = []
        for entry in asked:
            day = day_of(entry["from"])
            begun = 0 if day else seconds(entry["from"])
            old = [
                midnight(zone, (day or day_in(zone, begun)) + values.get("days_after", 0) * DAY) for zone in self.zones
            ]
            enough = max([begun, *old])
            if enough > self.at and self.is_enough(entry, values, enough):
                later.append(enough)
        return self.say(rule, min(later, default=None))

    def is_enough(self, entry: Table, values: Table, moment: int) -> bool:
        for zone in self.zones:
            age = day_in(zone, moment) - (day_of(entry["from"]) or day_in(zone, seconds(entry["from"])))
            if age < values.get("days_after", 0) * DAY:
                return False
            if values.get("within_days") is not None and age > values["within_days"] * DAY:
                return False
        return self.permits_at(entry, moment, asked=True)

    # --- the rest ---

    def _visitors(self, rule: Table, values: Table) -> list[Finding]:
        persons = self.situation.get("persons")
        fewer = persons is None or persons < values["least"]
        return self.say(rule) if self.channel == "visit" and fewer else []

    def _season(self, rule: Table, values: Table) -> list[Finding]:
        last = [end for zone in self.zones for end in season_ends(values, day_in(zone, self.at))]
        if not last:
            return []
        return self.say(rule, max(midnight(zone, max(last) + DAY) for zone in self.zones))

    def _content(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule)

    def _conduct(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule)

    def _recording(self, rule: Table, values: Table) -> list[Finding]:
        return self.say(rule) if self.channel in ("phone", "visit") else []


def season_ends(values: Table, day: date) -> list[date]:
    """The last days of the spans of a season in which a day lies."""
    found = [span["until"] for span in values.get("spans") or [] if span["from"] <= day <= span["until"]]
    yearly = values.get("yearly") or []
    for span in [yearly] if isinstance(yearly, Mapping) else yearly:
        first, last = span["from"], span["until"]
        today = f"{day:%m-%d}"
        inside = first <= today <= last if first <= last else today >= first or today <= last
        if inside:
            year = day.year + (first > last and today >= first)
            month, number = (int(part) for part in last.split("-"))
            while True:
                try:
                    found.append(date(year, month, number))
                    break
                except ValueError:  # the 29th of February of a year that has none
                    number -= 1
    return found
