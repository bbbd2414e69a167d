"""Random situations and rules on the moments where answers go wrong: for the oracle of contacts, and for the engine.

Both are plain tables, as they stand in JSON and YAML. The same seed gives the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracles.contact import CHANNELS

Table = dict[str, Any]
DAY = timedelta(days=1)

PLACES: dict[str, Sequence[str]] = {
    "CN": ["Asia/Shanghai"], "US": ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "America/Phoenix"],
    "GB": ["Europe/London"], "TW": ["Asia/Taipei"], "HK": ["Asia/Hong_Kong"], "DE": ["Europe/Berlin"],
    "JP": ["Asia/Tokyo"], "IN": ["Asia/Kolkata"], "AU": ["Australia/Sydney", "Australia/Perth", "Australia/Lord_Howe"],
    "CA": ["America/Toronto", "America/Vancouver", "America/St_Johns"], "FR": ["Europe/Paris", "Indian/Reunion"],
    "KI": ["Pacific/Kiritimati", "Pacific/Tarawa"], "CU": ["America/Havana"], "EG": ["Africa/Cairo"],
    "NZ": ["Pacific/Auckland", "Pacific/Chatham"],
}  # fmt: skip
REGIONS = {"CA": ["ON", "QC", "BC"], "US": ["MA", "CA", "NY"], "GB": ["EAW", "SCT", "NIR"], "AU": ["NSW", "WA"]}
FAR_APART = [
    ["Pacific/Kiritimati", "Pacific/Pago_Pago"], ["Pacific/Apia", "Pacific/Honolulu"],
    ["America/New_York", "Asia/Shanghai"], ["Europe/London", "Europe/Berlin"],
    ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"],
    ["Australia/Lord_Howe", "Asia/Kathmandu"], ["America/Phoenix", "America/Denver"],
]  # fmt: skip
DAYS = [
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4),
    date(2026, 4, 24), date(2026, 1, 1), date(2026, 2, 17), date(2026, 12, 25), date(2026, 12, 31), date(2027, 2, 5),
    date(2028, 2, 29), date(2026, 7, 3), date(2025, 2, 28), date(2026, 1, 30),
]  # fmt: skip
CLOCKS = [
    "00:00:00", "00:00:01", "02:30:00", "06:59:59", "07:00:00", "07:29:59", "07:30:00", "07:59:59", "08:00:00",
    "08:00:01", "08:59:59", "09:00:00", "12:00:00", "12:59:59", "13:00:00", "15:00:00", "16:59:59", "17:00:00",
    "17:00:01", "18:59:59", "19:00:00", "19:00:01", "19:59:59", "20:00:00", "20:59:59", "21:00:00", "21:00:01",
    "21:59:59", "22:00:00", "22:00:01", "23:59:59",
]  # fmt: skip
OUTCOMES = ["reached", "dropped", "message_left", "no_answer", "not_connected", "wrong_person"]
OF_MESSAGES = ["sent", "undeliverable", "unknown"]
PURPOSES = ["collection", "answer", "required_notice", "limitation_demand", "service"]
TO = ["debtor", "guarantor", "third_person", "attorney"]
AT = ["home", "work", "public", "neighbours"]
DEBT_KINDS = ["trade", "online_credit", "credit_card", "consumer_loan", "utility", "other"]
CREDITORS = ["bank", "consumer_finance", "money_lender", "supplier", "utility", "other"]
NUMBERS = ["+1 555 0100", "+1 555 0101"]
WRITTEN = [
    *NUMBERS, *NUMBERS, "0015550100", "+1 (0)555-0100", "555 0100", "0555/010101010", "Anna@Example.com",
    " anna@example.com ", "Her brother", "her  brother", "+49 555 0100", "+81 (555) 010101010",
]  # fmt: skip
"""Addresses, some of them the same written otherwise."""
ACCOUNTS = ["A-1", "A-2"]
DEBTS = ["D-1", "D-2", "D-3"]
PROVIDERS = ["one", "two"]
HOLDS = ["cease_request", "attorney", "insolvency", "deceased"]
KINDS = [
    "opt_out", "consent", "direct_consent", "hours_agreed", "frequency_agreed", "inconvenient_time",
    "inconvenient_place", "employer_prohibits", "cooling_off", "lost_contact", "third_person_refused", "verified",
    "notice_sent", "recording_consent", "recording_refused", "breathing_space", "minor", "work_address",
    "public_medium", "dispute_in_writing", "original_creditor_asked", "wrong_person", "invalid_number", *HOLDS,
    "complaint", "promise", "hardship", "talks", "other",
]  # fmt: skip
NOTICES = ["placement", "validation", "email_procedure", "verification", "original_creditor"]
WANTED = ["consent", "notice_sent", "lost_contact", "verified"]
BEGUN = ["same_channel", "since_refused", "in_refused_time", "from_refused_place"]
LIFTING = ["consent", "direct_consent", "hours_agreed", "frequency_agreed", "lost_contact", "verified"]
FORBIDDING = [kind for kind in KINDS if kind not in (*LIFTING, "notice_sent", "recording_consent")]
TOLD = [kind for kind in FORBIDDING if kind not in ("promise", "complaint")]


@dataclass(frozen=True)
class Batch:
    """Situations about the same days, that are asked by the same rules and know the holidays of one country.

    rules   None: those that come with Dunwell
    """

    rules: list[Table] | None
    situations: list[Table]
    holidays_of: str


def batch(seed: int, size: int) -> Batch:
    """Some situations and a small set of rules; each fifth batch asks the rules of the house and of the law."""
    random = Random(seed)
    rules = None if seed % 5 == 0 else random_rules(random)
    day = random.choice(DAYS) if random.random() < 0.7 else date(2025, 1, 1) + random.randrange(900) * DAY
    provider = {random.choice(CHANNELS): random.choice(PROVIDERS) for _ in range(2)}
    country = random.choice(sorted(PLACES))
    return Batch(rules, [situation(random, day, provider) for _ in range(size)], country)


def batch_of_answers(seed: int, size: int) -> Batch:
    """Answers to people who refused something, each of them a minute or an hour from a bound: what they began, and what
    was answered already, decides."""
    random = Random(seed)
    refused = _rule(random, "random.refused", "register", {}, "forbidden")
    refused["values"] = {date(2020, 1, 1): {"entries": ["inconvenient_place", "inconvenient_time", "opt_out"]}}
    begun = _rule(random, "random.refused.answer", "exception", {"purpose": ["answer"]}, "note")
    begun["excepts"] = refused["id"]
    wanted = sorted(random.sample(BEGUN, random.choice([1, 2, 3, 4])))
    begun["values"] = {date(2020, 1, 1): {"lifts": True, "begun": wanted}}
    refused["strength"] = begun["strength"] = "law"
    refused["citation"] = begun["citation"] = {"source": "chance", "confidence": "official", "quote": "words"}
    rules = [refused, begun]
    if random.random() < 0.8:
        answer = _rule(random, "random.answer", "answer", {}, "note")
        answer["values"] = {date(2020, 1, 1): {"within_days": random.choice([1, 7])}}
        rules.append(answer)
    day = random.choice(DAYS)
    return Batch(rules, [_answered(random, day) for _ in range(size)], "US")


def _answered(random: Random, day: date) -> Table:
    zones = random.choice([["America/New_York"], ["America/New_York", "America/Los_Angeles"], ["Europe/Berlin"]])
    channels = ["phone", "sms"]
    at = _moment(random, day, random.choice(zones))
    made: Table = {"at": _written(random, at, zones), "channel": random.choice(channels), "purpose": "answer"}
    made["debtor"] = {"kind": "consumer", "zones": zones}
    _maybe(random, made, 0.6, "place", ["home", "work"])
    _maybe(random, made, 0.1, "to", ["guarantor"])
    _maybe(random, made, 0.2, "account", ACCOUNTS)
    ago = [0, 1, 60, 1_800, 3_600, 7_200, 86_399, 86_400, 86_401, 7 * 86_400]
    made["contacts"] = [
        {
            "at": _written(random, at - timedelta(seconds=random.choice(ago)), zones),
            "channel": random.choice(channels), "direction": (came := random.choice(["in", "in", "out"])),
            "outcome": random.choice(["reached", "reached", "sent", "undeliverable"]),
            **({} if came == "in" else {"purpose": random.choice(["answer", "answer", "collection"])}),
            **({} if random.random() < 0.3 else {"place": random.choice(["home", "home", "work"])}),
            **({} if random.random() < 0.9 else {"to": "guarantor"}),
        }
        for _ in range(random.choice([1, 2, 3, 5]))
    ]  # fmt: skip
    local = at.astimezone(ZoneInfo(zones[0]))
    made["registers"] = []
    for _ in range(random.choice([1, 1, 2, 3])):
        entry: Table = {"kind": random.choice(["opt_out", "inconvenient_time", "inconvenient_place"])}
        entry["from"] = (local.date() - random.choice([0, 1, 2, 30]) * DAY).isoformat()
        if random.random() < 0.3:
            entry["from"] = random.choice(made["contacts"])["at"]
        _maybe(random, entry, 0.4, "channel", channels)
        _maybe(random, entry, 0.1, "account", ACCOUNTS)
        if entry["kind"] == "inconvenient_place":
            entry["place"] = random.choice(["home", "home", "work"])
        if entry["kind"] == "inconvenient_time":
            _maybe(random, entry, 0.3, "weekdays", [[local.isoweekday()], [1, 3, 5]])
            hour = min(max(local.hour - random.choice([0, 0, 1]), 0), 21)
            _maybe(random, entry, 0.8, "hours", [[f"{hour:02}:00", f"{hour + 2:02}:00"], ["15:00", "17:00"]])
        made["registers"].append(entry)
    return made


# --- situations ---


def situation(random: Random, day: date, provider: Table) -> Table:
    """One described situation, as JSON would have it."""
    made: Table = {}
    debtor, zones = _debtor(random)
    day += random.choice([-1, 0, 0, 0, 1]) * DAY
    at = _moment(random, day, random.choice(zones))
    made["at"] = _written(random, at, zones)
    if random.random() < 0.93:
        made["channel"] = random.choice(["phone", "phone", "phone", *CHANNELS])
    _maybe(random, made, 0.35, "purpose", PURPOSES)
    _maybe(random, made, 0.25, "to", TO)
    _maybe(random, made, 0.3, "place", AT)
    _maybe(random, made, 0.3, "persons", [1, 2, 3])
    _maybe(random, made, 0.2, "mode", ["interactive", "notification"])
    if debtor:
        made["debtor"] = debtor
    if random.random() < 0.6:
        made["debt"] = {"kind": random.choice(DEBT_KINDS)}
    _maybe(random, made, 0.7, "collector", ["own", "agency", "agency"])
    _maybe(random, made, 0.5, "creditor_kind", CREDITORS)
    _maybe(random, made, 0.3, "account", ACCOUNTS)
    several = random.random() < 0.35
    if several and random.random() < 0.7:
        made["about"] = sorted(random.sample(DEBTS, random.choice([1, 1, 2])))
    _maybe(random, made, 0.4, "address", WRITTEN)
    if random.random() < 0.2:
        made["provider"] = provider
    channel = made.get("channel")
    contacts = _contacts(random, at, zones, channel, several)
    if random.random() < 0.5:
        numbers = random.choice([NUMBERS, NUMBERS[:1], WRITTEN])
        contacts = [{**contact, "address": random.choice(numbers)} for contact in contacts]
    if contacts or random.random() < 0.1:
        made["contacts"] = contacts
    registers = [_entry(random, at, zones, contacts) for _ in range(random.choice([0, 0, 0, 1, 1, 2, 3, 5]))]
    if registers:
        made["registers"] = registers
    return made


def _maybe(random: Random, table: Table, share: float, key: str, values: Sequence[Any]) -> None:
    if random.random() < share:
        table[key] = random.choice(values)


def _debtor(random: Random) -> tuple[Table, Sequence[str]]:
    """What is known of the debtor, and zones whose clocks are worth asking about."""
    debtor: Table = {}
    _maybe(random, debtor, 0.7, "kind", ["consumer", "consumer", "business"])
    dice = random.random()
    if dice < 0.03:
        return debtor, ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"]
    if dice < 0.18:
        debtor["zones"] = random.choice(FAR_APART)
        if random.random() < 0.5:
            debtor["country"] = random.choice(sorted(PLACES))
        return debtor, debtor["zones"]
    country = random.choice(["CN", "US", "US", "CA", "GB", *sorted(PLACES)])
    debtor["country"] = country
    if country in REGIONS and random.random() < 0.6:
        debtor["region"] = random.choice(REGIONS[country])
    if random.random() < 0.7:
        zones = PLACES[country]
        debtor["zones"] = random.sample(zones, min(len(zones), random.choice([1, 1, 2])))
        return debtor, debtor["zones"]
    return debtor, PLACES[country]


def _moment(random: Random, day: date, zone: str) -> datetime:
    """A moment on a day by the clock of a place: mostly a bound."""
    if random.random() < 0.75:
        of_day = time.fromisoformat(random.choice(CLOCKS))
    else:
        of_day = time(random.randrange(24), random.randrange(60), random.choice([0, 30, 59]))
    return datetime.combine(day, of_day, ZoneInfo(zone)).replace(fold=random.randrange(2)).astimezone(UTC)


def _written(random: Random, moment: datetime, zones: Sequence[str]) -> str:
    zone = ZoneInfo(random.choice([*zones, "UTC", "Asia/Shanghai"]))
    if random.random() < 0.02:
        moment = moment.replace(microsecond=900_000)
    return moment.astimezone(zone).isoformat()


def _contacts(random: Random, at: datetime, zones: Sequence[str], channel: str | None, several: bool) -> list[Table]:
    """Bursts of like contacts at the bounds of windows, and single ones."""
    made: list[Table] = []
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        like = _contact(random, channel, several)
        back = random.choice([0, 0, 1, 2, 3, 5, 6, 6, 7, 7, 13, 14, 29, 30, 31])
        spread = random.choice([0, 0, 1, 6])
        for _ in range(random.choice([1, 1, 2, 3, 5, 6, 7, 8])):
            when = _past(random, at, zones, back + random.choice([0, spread]))
            if when is None:
                continue
            contact = {"at": _written(random, when, zones), **like}
            if random.random() < 0.15:
                contact.update(_contact(random, channel, several))
            made.append(contact)
    return made


def _past(random: Random, at: datetime, zones: Sequence[str], back: int) -> datetime | None:
    """A moment up to `at`, some days back: the very minute or second, or a bound of the day at the place."""
    dice = random.random()
    if dice < 0.15:
        when = at - timedelta(days=back, seconds=random.choice([0, 0, 1, 60, 299, 300, 301, 3_600, 3_601]))
    elif dice < 0.3:
        when = at - timedelta(days=back)
    else:
        zone = random.choice(zones)
        day = at.astimezone(ZoneInfo(zone)).date() - back * DAY
        when = _moment(random, day, zone)
    return when if when <= at else None


def _contact(random: Random, channel: str | None, several: bool) -> Table:
    made: Table = {}
    if channel is None or random.random() < 0.5:
        made["channel"] = random.choice(["phone", "phone", *CHANNELS])
    by = made.get("channel") or channel
    made["outcome"] = random.choice(OUTCOMES if by in ("phone", "visit") else [*OF_MESSAGES, "sent", "sent", "reached"])
    _maybe(random, made, 0.3, "direction", ["out", "out", "in"])
    _maybe(random, made, 0.2, "purpose", PURPOSES)
    _maybe(random, made, 0.2, "to", TO)
    _maybe(random, made, 0.15, "mode", ["interactive", "notification"])
    _maybe(random, made, 0.1, "place", AT)
    _maybe(random, made, 0.3, "collector", ["own", "agency", "Fast Cash Ltd"])
    _maybe(random, made, 0.4, "account", ACCOUNTS)
    if several and random.random() < 0.7:
        made["debts"] = sorted(random.sample(DEBTS, random.choice([1, 1, 2, 3])))
    if several and random.random() < 0.3:
        made["talked"] = sorted(random.sample(DEBTS, random.choice([0, 1, 2])))
    return made


def _entry(random: Random, at: datetime, zones: Sequence[str], contacts: Sequence[Table]) -> Table:
    zone = random.choice(zones)
    today = at.astimezone(ZoneInfo(zone)).date()
    made: Table = {
        "kind": random.choice(
            [*KINDS, *LIFTING, "direct_consent", "inconvenient_time", "notice_sent", "promise", "complaint"]
        )
    }
    begun = today - random.choice([-1, 0, 0, 1, 2, 5, 6, 7, 8, 34, 35, 36, 59, 60, 61]) * DAY
    dice = random.random()
    if dice < 0.5:
        made["from"] = begun.isoformat()
    elif dice < 0.65 and contacts:
        made["from"] = random.choice(contacts)["at"]
    else:
        made["from"] = _written(random, _moment(random, begun, zone), zones)
    if made["kind"] == "promise" or random.random() < 0.4:
        first = datetime.fromisoformat(made["from"]).astimezone(ZoneInfo(zone)).date() + DAY
        made["until"] = max(first, today + random.choice([-3, -2, -1, 0, 0, 1, 5, 40]) * DAY).isoformat()
    _maybe(random, made, 0.25, "channel", ["phone", "phone", *CHANNELS])
    _maybe(random, made, 0.25, "address", WRITTEN)
    _maybe(random, made, 0.1, "account", ACCOUNTS)
    if made["kind"] == "notice_sent":
        _maybe(random, made, 0.8, "purpose", NOTICES)
    elif made["kind"] in FORBIDDING and random.random() < 0.1:
        made["purpose"] = random.choice(PURPOSES)
    if made["kind"] == "inconvenient_place" or (made["kind"] in FORBIDDING and random.random() < 0.05):
        made["place"] = random.choice(AT)
    if made["kind"] in ("inconvenient_time", "hours_agreed"):
        if random.random() < 0.5:
            made["weekdays"] = sorted(random.sample(range(1, 8), random.choice([1, 2, 5])))
        if random.random() < 0.6:
            made["hours"] = random.choice(
                [["15:00", "17:00"], ["08:00", "09:00"], ["20:00", "24:00"], ["00:00", "07:00"]]
            )
    return made


# --- rules ---


def random_rules(random: Random) -> list[Table]:
    """A dozen rules of all kinds, some with exceptions, each as a YAML file would have it."""
    made: list[Table] = []
    for number in range(random.choice([5, 10, 16])):
        kind = random.choice(
            ["hours", "count", "count", "count", "count", "wait", "wait", "register", "intensity", *VALUES]
        )
        rule = _rule(random, f"random.r{number:02}", kind, _scope(random), random.choice(EFFECTS))
        if kind == "answer":
            rule["applies"] = {}
        rule["values"] = _dated(random, lambda kind=kind: VALUES[kind](random))
        if kind in UNLESS and random.random() < 0.4:
            rule["unless"] = sorted(random.sample(LIFTING, random.choice([1, 2])))
        made.append(rule)
    for rule in random.sample(made, min(2, len(made))):
        if rule["kind"] == "answer":
            continue
        made += _exceptions(random, rule)
    return made


EFFECTS = ["forbidden", "forbidden", "presumed-violation", "presumed-violation", "advice"]
UNLESS = {"hours", "count", "wait", "intensity", "register", "visitors"}


def _rule(random: Random, name: str, kind: str, scope: Table, effect: str) -> Table:
    if kind in ("content", "recording", "conduct", "answer", "exception"):
        effect = "note"
    confidence = random.choice(["house", "official", "copy", "secondary", "recalled"])
    rule: Table = {
        "id": name, "title": {"en": name, "zh-Hans": name, "zh-Hant": name}, "applies": scope, "kind": kind,
        "effect": effect, "strength": "house" if confidence == "house" else "law", "values": {},
        "citation": {"source": "chance", "confidence": confidence, "quote": random.choice(["", "words"])},
        "review_by": date(2027, 11, 22), "cases": [{"name": "none", "finding": "allowed"}],
    }  # fmt: skip
    if effect == "presumed-violation":
        rule["rebuttal"] = ["required_by_law"]
    return rule


def _scope(random: Random) -> Table:
    scope: Table = {}
    if random.random() < 0.2:
        place = random.choice(["US", "CN", "CA", "CA-ON", "GB-EAW", "EU", "AU", "KI"])
        scope["place"] = sorted({place, random.choice(["US", "TW", place])})
    _some(random, scope, 0.12, "debtor", ["consumer", "business"], 1)
    _some(random, scope, 0.1, "debt", DEBT_KINDS, 4)
    _some(random, scope, 0.1, "collector", ["own", "agency"], 1)
    _some(random, scope, 0.1, "creditor", CREDITORS, 4)
    if random.random() < 0.6:
        scope["channel"] = sorted({"phone", *random.sample(CHANNELS, random.choice([0, 1, 3]))})
    if random.random() < 0.2:
        scope["purpose"] = sorted({"collection", *random.sample(PURPOSES, 2)})
    if random.random() < 0.2:
        scope["to"] = sorted({"debtor", random.choice(TO)})
    _some(random, scope, 0.07, "at_place", AT, 2)
    _some(random, scope, 0.1, "mode", ["interactive", "notification"], 1)
    _some(random, scope, 0.05, "provider", PROVIDERS, 1)
    return scope


def _some(random: Random, scope: Table, share: float, key: str, values: Sequence[str], most: int) -> None:
    if random.random() < share:
        scope[key] = sorted(random.sample(values, random.randint(1, most)))


def _dated(random: Random, values: Any) -> dict[date, Any]:
    made: dict[date, Any] = {date(2020, 1, 1): values()}
    if random.random() < 0.2:
        made[random.choice(DAYS)] = random.choice([values(), None])
    return made


def _hours(random: Random) -> Table:
    def table(clocks: Sequence[tuple[str, str]]) -> Table:
        opens, closes = random.choice(clocks)
        made: Table = {"from": opens, "until": closes, "weekdays": list(range(1, 8))}
        if random.random() < 0.4:
            made["weekdays"] = sorted(random.sample(range(1, 8), random.choice([5, 6])))
        if closes != "24:00" and random.random() < 0.2:
            made["until_included"] = True
        return made

    if random.random() < 0.3:
        early = table([("07:00", "12:00"), ("09:00", "11:30"), ("00:00", "06:00")])
        late = table([("13:00", "17:00"), ("12:00", "21:00"), ("15:30", "24:00")])
        made: Table = {"spans": [early, late]}
    else:
        made = table([("08:00", "21:00"), ("08:00", "22:00"), ("07:30", "19:00"), ("07:00", "22:00"),
                      ("00:00", "24:00"), ("04:00", "23:30"), ("08:00", "20:00")])  # fmt: skip
    _maybe(random, made, 0.3, "holidays", ["closed", "closed", "nationwide", "open"])
    return made


def _outcomes(random: Random) -> list[str]:
    return random.choice(
        [
            ["reached"],
            ["reached", "dropped", "message_left", "no_answer", "wrong_person"],
            ["no_answer", "dropped", "message_left"],
            ["reached", "message_left", "sent"],
            ["sent", "unknown"],
        ]
    )


def _count(random: Random) -> Table:
    made: Table = {
        "most": random.choice([1, 1, 2, 3, 6, 7]),
        "per": random.choice(["person", "account", "debt", "address"]),
    }
    dice = random.random()
    if dice < 0.2:
        made["minutes"] = random.choice([1, 5, 60])
    elif dice < 0.92:
        made["days"] = random.choice([1, 1, 7, 7, 30])
    made["outcomes"] = _outcomes(random)
    if random.random() < 0.15:
        made["after_first"] = ["reached"]
    if random.random() < 0.3:
        made["direction"] = random.choice(["out", "in", "any"])
    _maybe(random, made, 0.3, "by", ["collector", "collector", "anybody"])
    return made


def _wait(random: Random) -> Table:
    made: Table = {"days": random.choice([1, 2, 7, 30]), "after": random.choice([["reached"], _outcomes(random)]),
                   "per": random.choice(["person", "account", "debt", "address"])}  # fmt: skip
    if random.random() < 0.3:
        made["direction"] = random.choice(["out", "in", "any"])
    _maybe(random, made, 0.3, "by", ["collector", "collector", "anybody"])
    return made


def _intensity(random: Random) -> Table:
    weights = {channel: random.choice([0, 1, 1, 2, 3, 5]) for channel in CHANNELS}
    return {"days": random.choice([1, 7, 30]), "weights": {**weights, "phone": 2, "reached": random.choice([0, 2])},
            "most": random.choice([2, 3, 6, 10])}  # fmt: skip


def _register(random: Random) -> Table:
    return {"entries": sorted(random.sample(TOLD, random.choice([2, 6, 12])))}


def _requires(random: Random) -> Table:
    made: Table = {"entry": random.choice([*WANTED, "notice_sent"])}
    if made["entry"] == "notice_sent" and random.random() < 0.7:
        made["purpose"] = random.choice(NOTICES)
    _maybe(random, made, 0.4, "days_after", [0, 1, 6, 35])
    _maybe(random, made, 0.4, "within_days", [7, 60])
    return made


def _season(random: Random) -> Table:
    day = random.choice(DAYS)
    if random.random() < 0.5:
        return {"spans": [[day, day + random.choice([0, 6]) * DAY]]}
    return {
        "yearly": random.choice([[["12-24", "12-31"], ["01-01", "01-02"]], [["02-16", "02-29"]], [["10-25", "11-01"]]])
    }


VALUES: dict[str, Any] = {
    "hours": _hours,
    "count": _count,
    "wait": _wait,
    "intensity": _intensity,
    "register": _register,
    "requires": _requires,
    "visitors": lambda random: {"least": random.choice([2, 3])},
    "never": lambda random: {},
    "complaint": lambda random: {},
    "promise": lambda _: {"grace_days": 3},
    "season": _season,
    "content": lambda random: {"must": ["opt_out"]},
    "recording": lambda random: {"may": random.choice(["required", "allowed", "ask", "forbidden"])},
    "conduct": lambda random: {"points": ["no_threat"]},
    "answer": lambda random: {"within_days": random.choice([1, 7, 30])},
}


def _exceptions(random: Random, rule: Table) -> list[Table]:
    """An exception of a rule, at times with one inside it that lets the rule speak, and one inside that again."""
    made: list[Table] = []
    scope = _scope(random)
    lifts = True
    for depth in range(random.choice([1, 1, 2, 3])):
        exception = _rule(random, f"{rule['id']}.except{depth}", "exception", dict(scope), "note")
        exception["excepts"] = rule["id"]
        exception["values"] = {date(2020, 1, 1): {"lifts": lifts}}
        if lifts and random.random() < 0.3:
            exception["values"][date(2020, 1, 1)]["begun"] = sorted(random.sample(BEGUN, random.choice([1, 2, 4])))
        if random.random() < 0.1:
            exception["values"][random.choice(DAYS)] = None
        made.append(exception)
        narrower = {**_scope(random), **scope}
        if narrower == scope:
            break
        scope, lifts = narrower, not lifts
    return made
