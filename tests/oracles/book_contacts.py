"""A book as the situations of docs/contact-rules.md: what `tests.oracles.contact` says of each debtor, by channel."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.places import candidate_zones, zones_by_country
from tests.oracles import contact
from tests.oracles.contact import Finding, Table
from tests.oracles.open_lists import Row

NO_ADDRESS = "-"
OF_THE_PERSON = {"complaint", *contact.BINDS_THE_PERSON}
SAID_BY_COLLECTORS = (
    "first_attempt_to_collect_a_debt", "first_information_used_for_it", "later_from_debt_collector",
)  # fmt: skip
CARRIED = {
    "letter": {
        "debtor_name", "balance", "current_amount", "current_creditor", "how_to_check_pay_and_object",
        "creditor_contact", "own_name", *SAID_BY_COLLECTORS,
    },
    "email": {
        "debtor_name", "balance", "current_amount", "current_creditor", "how_to_check_pay_and_object",
        "creditor_contact", "own_name", *SAID_BY_COLLECTORS, "opt_out_notice",
    },
}  # fmt: skip
TOLD_BESIDE = {"hours", "content", "recording", "conduct"}
CAPS = {"count", "wait", "intensity"}
FOR_EVER = float("inf")


class Stop(NamedTuple):
    """A rule that stands against a contact. `last`: its last day, None: no end is known."""

    rule: str
    detail: str | None
    last: date | None
    is_cap: bool


class Contacts:
    """What the rules of a day say of a contact, for collection unless said, with each debtor of a book.

    carried   what our messages say, by channel
    """

    def __init__(
        self,
        facts: Mapping[str, Sequence[Row]],
        rules: Rules,
        day: date,
        moment: datetime,
        promises: Sequence[Row],
        *,
        purpose: str = "collection",
        carried: Mapping[str, set[str]] | None = None,
    ) -> None:
        self.purpose, self.carried = purpose, carried or CARRIED
        self.facts, self.day, self.moment = facts, day, moment
        self.rules = tables(rules, day)
        self.kinds = {rule["id"]: rule["kind"] for rule in self.rules}
        self.creditor = facts["creditor"][0]
        noon = datetime.combine(day, time(12), ZoneInfo(self.creditor["zone"]))
        self.at = max(moment, noon)
        self.promises = [promise for promise in promises if promise["state"] == "open"]
        days_off: dict[str, set[date]] = {}
        for row in facts["days_off"]:
            days_off.setdefault(row["place"], set()).add(row["day_off"])
        self.world = contact.World(zones_by_country(), {place: frozenset(days) for place, days in days_off.items()})
        self.persons = {row["debtor_id"]: row["person_id"] for row in facts["debtors"]}
        self.binding = {kind for rule in self.rules if rule["kind"] == "register" for kind in in_force(rule)["entries"]}
        self.told_of = {each.get("address") for _, each in self.entries()} | {
            self.asked_at(row["contact_point_id"]) for row in facts["contacts"]
        }
        self.promised = {(each["debtor_id"], each["currency"]) for each in self.promises}
        self.known: dict[Any, frozenset[Finding]] = {}

    def zones(self, debtor: Row) -> list[str]:
        """The debtor's own zone, else those of his addresses, else those of his country."""
        if debtor["zone"]:
            return [debtor["zone"]]
        return debtor["zones"].split(" ") if debtor["zones"] else list(candidate_zones(debtor["country"], None))

    def situation(self, debtor: Row, at: datetime) -> dict[str, Any]:
        """A debtor, all that took place with the person, and all we were told by him."""
        mine = {key for key, person in self.persons.items() if person == debtor["person_id"]}
        return {
            "at": at.astimezone(UTC).isoformat(),
            "account": str(debtor["debtor_id"]),
            "purpose": self.purpose,
            "of_a_book": True,
            "debtor": {
                "kind": debtor["kind"], "country": debtor["country"], "region": debtor["region"],
                "zones": self.zones(debtor),
            },
            "debt": {"kind": debtor["debt_kind"]},
            "collector": self.creditor["collector"],
            "creditor_kind": self.creditor["kind"],
            "about": [
                str(row["receivable_id"]) for row in self.facts["receivables"] if row["debtor_id"] in mine
            ] or ["none"],
            "contacts": [
                self.contact(row)
                for row in self.facts["contacts"]
                if self.persons.get(row["debtor_id"], row["person_id"]) == debtor["person_id"]
            ],
            "registers": [entry for row, entry in self.entries() if row["debtor_id"] in mine],
        }  # fmt: skip

    def contact(self, row: Row) -> dict[str, Any]:
        named = [item for item in self.facts["contact_items"] if item["contact_id"] == row["contact_id"]]
        debts = {
            "debts": [str(item["receivable_id"]) for item in named if item["called"]],
            "talked": [str(item["receivable_id"]) for item in named if item["talked"]],
        }
        return {
            "at": row["at"], "channel": row["channel"], "direction": row["direction"], "outcome": row["outcome"],
            "purpose": row["purpose"], "to": row["addressee"], "mode": row["mode"], "place": row["at_place"],
            "address": self.asked_at(row["contact_point_id"]), "account": str(row["debtor_id"]),
            "collector": row["collector"], **(debts if named else {}),
        }  # fmt: skip

    def asked_at(self, point: int | None) -> str | None:
        """An address; those of a third person are he himself."""
        for row in self.facts["contact_points"]:
            if row["contact_point_id"] == point and row["third_person_id"] is not None:
                return f"third person {row['third_person_id']}"
        return text(point)

    def told_of_address(self, row: Row) -> str | None:
        """Whose a number is, is said of the number; all else of him."""
        of_number = row["kind"] in ("wrong_person", "invalid_number")
        return text(row["address_id"]) if of_number else self.asked_at(row["address_id"])

    def entries(self) -> list[tuple[Row, dict[str, Any]]]:
        """Registers, holds on the whole account, and complaints."""
        found: list[tuple[Row, dict[str, Any]]] = []
        for row in self.facts["registers"]:
            entry = {
                "kind": row["kind"], "from": row["from_at"] or row["from_date"], "until": row["until_date"],
                "channel": row["channel"], "address": self.told_of_address(row), "place": row["at_place"],
                "purpose": row["purpose"],
                "weekdays": [int(number) for number in (row["weekdays"] or "").split()],
                "hours": [row["hours_from"], row["hours_until"]] if row["hours_from"] else None,
            }  # fmt: skip
            found.append((row, entry))
        for row in self.facts["holds"]:
            if row["receivable_id"] is None:
                entry = {"kind": row["reason"], "from": row["from_date"], "until": row["until_date"]}
                found.append((row, {**entry, "channel": row["channel"]}))
        for row in self.facts["complaints"]:
            answered = row["answered_date"] if row["answered_date"] and row["answered_date"] <= self.day else None
            last = answered and answered - timedelta(days=1)
            found.append((row, {"kind": "complaint", "from": row["opened_date"], "until": last}))
        for row, entry in found:
            entry["account"] = None if entry["kind"] in OF_THE_PERSON else str(row["debtor_id"])
        return found

    # --- what the rules say, but for hours ---

    def said(
        self, debtor: Row, channel: str, address: str = NO_ADDRESS, currency: str | None = None, only: str | None = None
    ) -> frozenset[Finding]:
        """What stands against a contact, or is to be known about it. `only`: entries of no other kind are there."""
        # of an address that nothing names no more is said than of any, and of a currency nobody promised
        address = address if address in self.told_of else NO_ADDRESS
        currency = currency if (debtor["debtor_id"], currency) in self.promised else None
        key = (debtor["debtor_id"], channel, address, currency, only)
        if key not in self.known:
            found = self._ask(debtor, channel, address, currency, only)
            self.known[key] = frozenset(each for each in found if each.debt != "none")
        return self.known[key]

    def _ask(
        self, debtor: Row, channel: str, address: str, currency: str | None, only: str | None
    ) -> frozenset[Finding]:
        asked = {**self.situation(debtor, self.at), "channel": channel, "address": address}
        asked["registers"] = [
            entry
            for entry in asked["registers"]
            if not (contact.is_timed(entry) and entry["kind"] in self.binding)
            and (only is None or entry["kind"] == only or entry["kind"] not in self.binding)
        ]
        if currency is None:
            rules = [rule for rule in self.rules if rule["kind"] not in TOLD_BESIDE | {"promise"}]
            return contact.answer(rules, asked, self.world)[channel].findings
        asked["registers"] = [
            {"kind": "promise", "from": each["made_date"], "until": each["due_date"], "account": asked["account"]}
            for each in self.promises
            if (each["debtor_id"], each["currency"]) == (debtor["debtor_id"], currency)
        ]
        rules = [rule for rule in self.rules if rule["kind"] in ("promise", "exception")]
        return contact.answer(rules, asked, self.world)[channel].findings | self.said(debtor, channel, address)

    def against(self, debtor: Row, channel: str, address: str, currency: str) -> list[Stop]:
        """What keeps us from a contact by a channel, to an address."""
        ends = self._ends(self.said(debtor, channel, address, currency))
        return [
            Stop(rule, None, self._last(debtor, rule, until), self.kinds[rule] in CAPS)
            for rule, until in sorted(ends.items())
        ] + [Stop(rule, None, None, False) for rule in self._wants_more(debtor, channel)]

    def _wants_more(self, debtor: Row, channel: str) -> list[str]:
        """The rules that want a message to carry what ours do not."""
        asked = contact.Asked(self.rules, self.situation(debtor, self.at), self.world, channel)
        return [
            rule["id"]
            for rule in self.rules
            if rule["kind"] == "content"
            and (values := asked.speaks_here(rule)) is not None
            and set(values.get("must", [])) - self.carried[channel]
        ]

    def everywhere(self, debtor: Row, currency: str) -> list[Stop]:
        """What stands against every contact about a currency. How much is too much in all is asked by channel."""
        by_channel = [self._ends(self.said(debtor, channel, currency=currency)) for channel in contact.CHANNELS]
        found = []
        for rule in sorted(set.intersection(*(set(ends) for ends in by_channel))):
            until = min(ends[rule] for ends in by_channel)
            if self.kinds[rule] == "intensity":
                continue
            found.append(
                Stop(rule, self._detail(debtor, rule, until), self._last(debtor, rule, until), self.kinds[rule] in CAPS)
            )
        return found

    def _ends(self, found: frozenset[Finding]) -> dict[str, float]:
        ends: dict[str, float] = {}
        for each in found:
            if each.effect in contact.WORST:
                until = FOR_EVER if each.until is None else each.until
                ends[each.rule] = max(ends.get(each.rule, 0), until)
        return ends

    def _detail(self, debtor: Row, rule: str, until: float) -> str | None:
        """Which kind of entry it is that lasts so long."""
        table = next(each for each in self.rules if each["id"] == rule)
        if table["kind"] in ("complaint", "promise"):
            return str(table["kind"])
        if table["kind"] == "requires":
            return str(in_force(table)["entry"])
        if table["kind"] != "register":
            return None
        for kind in sorted(in_force(table)["entries"]):
            ends = [self._ends(self.said(debtor, channel, only=kind)).get(rule, 0) for channel in contact.CHANNELS]
            if min(ends) == until:
                return str(kind)
        raise AssertionError(rule)

    def _last(self, debtor: Row, rule: str, until: float) -> date | None:
        """The last day: the one before the midnight from which the rule is silent. Two zones a day apart may have it
        at once: what is counted lasts until the later day, entries and seasons have days of their own."""
        if until == FOR_EVER:
            return None
        days = [contact.day_in(zone, int(until)) for zone in self.zones(debtor)]
        if self.kinds[rule] in CAPS:
            begun = [
                day
                for day, zone in zip(days, self.zones(debtor), strict=True)
                if contact.midnight(zone, day) == int(until)
            ]
            # minutes end at any time
            return max(begun) - timedelta(days=1) if begun else contact.day_in("UTC", int(until))
        return min(days) - timedelta(days=1)

    # --- hours ---

    def opens(self, debtor: Row, channel: str) -> tuple[datetime | None, datetime | None, str | None]:
        """When a contact by a channel may take place from the moment of the run on, until when, and the first of the
        rules that stand against it now. None: not within a month; no end within a month."""
        at_noon = {**self.situation(debtor, self.at), "channel": channel, "address": NO_ADDRESS}
        asks = contact.Asked(self.rules, at_noon, self.world, channel)
        rules = [
            rule
            for rule in self.rules
            if rule["kind"] in ("register", "exception")
            or (rule["kind"] == "hours" and not asks.lifting(rule, in_force(rule)))
        ]
        asked = {**self.situation(debtor, self.moment), "channel": channel, "address": NO_ADDRESS}
        asked["registers"] = [
            entry for entry in asked["registers"] if contact.is_timed(entry) and entry["kind"] in self.binding
        ]
        told = contact.answer(rules, asked, self.world)[channel]
        shut = min((each.rule for each in told.findings), default=None)
        if told.window is None:
            return None, None, shut
        opened, closed = (each and datetime.fromtimestamp(each, UTC) for each in told.window)
        return opened, closed, shut


def in_force(rule: Table) -> Any:
    """The values of a rule of `tables`."""
    (value,) = rule["values"].values()
    return value


def tables(rules: Rules, day: date) -> list[Table]:
    """The rules that bind, in force on a day, as their YAML has them, with the values of that day alone."""
    return _tables(tuple(rules.texts.values()), day)


@cache
def _tables(texts: tuple[str, ...], day: date) -> list[Table]:
    found = []
    for rule in _read(texts):
        values = [value for start, value in sorted(rule["values"].items()) if start <= day]
        if values and values[-1] is not None and rule["citation"]["confidence"] != "recalled":
            found.append({**rule, "values": {date.min: values[-1]}})
    return found


@cache
def _read(texts: tuple[str, ...]) -> list[Table]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [rule for each in texts for rule in yaml.load(each, Loader=loader) or []]


def text(key: int | None) -> str | None:
    return None if key is None else str(key)
