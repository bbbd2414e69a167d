"""The house's rules for natural persons held to every law at hand: what a law forbids with a consumer, it forbids.

Left out are rules that are only recalled (they never bind), terms of providers, and what a place wants done first: a
notice before a placement (`requires`), and what people told us (`register`), which the law of the place asks by itself.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.engine.contact.asked import CONTACT_DEBTS, CONTACTS, DEBTS, ENTRIES, SUBJECTS, Asked
from dunwell.engine.contact.rule_findings import say
from dunwell.engine.contact.situation import answer
from dunwell.intake.situation_json import situation_of
from dunwell.jobs.may_contact import with_holidays
from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.contact_rules import Rule, Rules
from dunwell.rulebook.rules_file import house_rules

PLACES = {
    "CN": "Asia/Shanghai", "TW": "Asia/Taipei", "HK": "Asia/Hong_Kong", "JP": "Asia/Tokyo", "IN": "Asia/Kolkata",
    "AU-NSW": "Australia/Sydney", "CA-ON": "America/Toronto", "CA-QC": "America/Toronto", "US-NY": "America/New_York",
    "US-MA": "America/New_York", "GB-EAW": "Europe/London", "DE": "Europe/Berlin", "SG": "Asia/Singapore",
}  # fmt: skip
PURPOSES = ("collection", "answer", "required_notice", "limitation_demand", "service")
KINDS = ("hours", "count", "wait", "never", "visitors")
SPAN_DAYS = 28


def is_law(rule: Rule) -> bool:
    """A rule of law, a standard or a guideline that forbids or presumes something about a consumer, and is at hand."""
    return (
        rule.strength not in ("house", "provider")
        and rule.confidence != "recalled"
        and rule.kind in KINDS
        and rule.effect in ("forbidden", "presumed-violation")
        and "consumer" in rule.scope.lists.get("debtor", {"consumer"})
    )


def is_natural(rule: Rule) -> bool:
    return rule.id.startswith("house.natural.") and rule.effect == "forbidden"


def only(wanted: Any) -> Rules:
    """Some of the rules, with the exceptions of those that are left."""
    kept = [rule for rule in house_rules().rules if wanted(rule)]
    names = {rule.id for rule in kept}
    kept += [rule for rule in house_rules().rules if rule.kind == "exception" and rule.excepts in names]
    # one hash for each set: the engine takes rules of the same hash for the same
    return Rules(tuple(kept), {}, " ".join(rule.id for rule in kept))


def asked_of(at: datetime, subjects: list[tuple[str, str, str | None]]) -> Asked:
    """Subjects (place, purpose, place of the contact) at a moment, with nothing known but that."""
    rows = [
        (n, n, n, at, "consumer", place, PLACES[place], None, "agency", None, purpose, "debtor", here, "interactive", 2)
        for n, (place, purpose, here) in enumerate(subjects)
    ]
    empty = {"contacts": CONTACTS, "contact_debts": CONTACT_DEBTS, "debts": DEBTS, "entries": ENTRIES}
    days = {
        place: frozenset(public_holidays(place, at.date() - timedelta(days=5), at.date() + timedelta(days=40)))
        for place in PLACES
    }
    return Asked(
        subjects=pl.DataFrame(rows, schema=SUBJECTS, orient="row"),
        **{name: pl.DataFrame(schema=schema) for name, schema in empty.items()},
        days_off=days,
        providers={},
    )


def uncovered(spans: Any, by: Any, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """The pieces of some spans, within a time, that other spans leave open."""
    left = [(max(a, first), min(b, last)) for a, b in spans if max(a, first) < min(b, last)]
    for opened, closed in by:
        left = [
            piece
            for a, b in left
            for piece in ((a, min(b, opened)), (max(a, closed), b))
            if piece[0] < piece[1]
        ]  # fmt: skip
    return left


class TestTheHousePackForNaturalPersons:
    def test_is_shut_at_every_moment_of_a_year_at_which_a_law_is_shut(self) -> None:
        """Not only at every half hour: the spans themselves lie within one another."""
        law, house = only(is_law), only(is_natural)
        subjects = [
            (place, purpose, here) for place in PLACES for purpose in PURPOSES for here in (None, "work", "home")
        ]
        shut = 0
        for n in range(366 // SPAN_DAYS + 1):
            at = datetime(2026, 1, 1, tzinfo=UTC) + n * timedelta(days=SPAN_DAYS)
            asked = asked_of(at, subjects)
            by_law, by_house = (say(asked, rules, at.date()).hours for rules in (law, house))
            spots_law, spots_house = dict(by_law.spots.rows()), dict(by_house.spots.rows())
            end = at + timedelta(days=SPAN_DAYS)
            for number, told in enumerate(subjects):
                for channel in ("email", "letter", "sms", "phone", "visit", "im"):
                    allowed = by_law.spans[spots_law[number], channel]
                    ours = by_house.spans[spots_house[number], channel]
                    assert uncovered(ours, allowed, at, end) == [], (told, channel)
                    shut += bool(uncovered([(at, end)], allowed, at, end))
        assert shut > 3_000

    def test_agrees_at_the_half_hours_of_the_days_on_which_clocks_change(self) -> None:
        """The same asked of described situations, as people ask it."""
        law, house = only(is_law), only(is_natural)
        situations = [
            with_holidays(
                situation_of({
                    "at": at.isoformat(), "channel": "phone", "collector": "agency",
                    "debtor": {"kind": "consumer", "zones": [PLACES[place]], **in_place(place)},
                }),
                house_rules(),
            )
            for place, day in (
                ("US-NY", date(2026, 3, 8)), ("US-NY", date(2026, 11, 1)), ("AU-NSW", date(2026, 4, 5)),
                ("CA-ON", date(2026, 3, 8)), ("CN", date(2026, 11, 23)), ("IN", date(2026, 11, 23)),
            )
            for n in range(48)
            for at in half_hour(place, day, n)
        ]  # fmt: skip
        told = [
            ([each.verdict for [each] in answer(situations, rules)])
            for rules in (law, house)
        ]  # fmt: skip
        laxer = [
            each.at.isoformat()
            for each, by_law, by_house in zip(situations, *told, strict=True)
            if by_law != "allowed" and by_house == "allowed"
        ]
        assert laxer == []
        assert Counter(told[0])["allowed"] > 100
        assert Counter(told[1])["allowed"] > 50

    def test_stops_what_a_law_stops_after_any_history_of_contacts(self) -> None:
        random = Random(2026)
        told = [history(random) for _ in range(1_600)]
        situations = [with_holidays(situation_of(each), house_rules()) for each in told]
        spoken: set[str] = set()
        for each, [said] in zip(told, answer(situations, house_rules()), strict=True):
            by_law = {f.rule for f in said.findings if is_law(house_rules().named(f.rule))}
            by_house = {f.rule for f in said.findings if is_natural(house_rules().named(f.rule))}
            assert by_house or not by_law, (by_law, each)
            spoken |= by_law
        # and each of the laws was asked in earnest
        assert {rule.id for rule in house_rules().rules if is_law(rule) and rule.kind != "hours"} == spoken


def in_place(place: str) -> dict[str, str]:
    country, _, region = place.partition("-")
    return {"country": country, "region": region} if region else {"country": country}


def half_hour(place: str, day: date, number: int) -> list[datetime]:
    """The number-th half hour of a day, the second before it and the one after it."""
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(PLACES[place])).astimezone(UTC)
    return [start + timedelta(minutes=30 * number, seconds=seconds) for seconds in (-1, 0, 1)]


def history(random: Random) -> dict[str, Any]:
    """A consumer on a Wednesday at noon, when all hours are open, and what took place with him."""
    place = random.choice([*sorted(PLACES), "CN", "CN", "CN", "CN"])
    zone = ZoneInfo(PLACES[place])
    now = datetime(2026, 11, 25, 12, tzinfo=zone)
    channel = random.choice(["phone", "phone", "phone", "visit", "email", "sms", "letter", "im"])
    to = random.choice(["debtor", "debtor", "debtor", "guarantor", "third_person"])
    purpose = random.choice(["collection", "collection", *PURPOSES])
    mode = random.choice(["interactive", "interactive", "notification"])
    contacts = []
    for _ in range(random.choice([0, 1, 1, 2, 3, 4, 8])):
        on = random.choice([channel, channel, "phone", "email"])
        calls = on in ("phone", "visit")
        outcomes = ["reached", "reached", "no_answer", "not_connected", "message_left", "dropped", "wrong_person"]
        like = {
            "channel": on, "outcome": random.choice(outcomes if calls else ["sent", "unknown", "undeliverable"]),
            "to": random.choice([to, to, None]), "purpose": random.choice([None, purpose, *PURPOSES]),
            "mode": random.choice([None, mode, "interactive"]), "account": random.choice([None, None, "A", "B"]),
            "address": random.choice([None, "1", "2"]), "debts": random.choice([None, ["D-1"], ["D-1", "D-2"]]),
            "direction": random.choice(["out", "out", "out", "out", "in"]),
        }  # fmt: skip
        back = random.choice([0, 0, 0, 1, 3, 6, 6, 7, 20, 29, 30, 400])
        step = random.choice([0, 0, 0, 1, 2])
        for n in range(random.choice([1, 1, 1, 3, 4, 7, 11])):
            day = now.date() - timedelta(days=max(back - n * step, 0))
            at = datetime.combine(day, datetime.min.time(), zone) + timedelta(minutes=random.randrange(720))
            contacts.append({"at": at.isoformat(), **like})
    made: dict[str, Any] = {
        "at": now.isoformat(), "channel": channel, "to": to, "collector": "agency", "contacts": contacts,
        "purpose": purpose, "mode": mode,
        "debtor": {"kind": "consumer", "zones": [PLACES[place]], **in_place(place)},
    }  # fmt: skip
    if random.random() < 0.4:
        made["place"] = random.choice(["home", "work", "public", "neighbours"])
    if random.random() < 0.5:
        made["persons"] = random.choice([1, 2])
    if random.random() < 0.5:
        made["account"] = random.choice(["A", "B"])
    if random.random() < 0.5:
        made["address"] = random.choice(["1", "2"])
    return made
