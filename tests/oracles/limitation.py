"""The limitation clock a second time: plain Python, one claim and one event after another, over the YAML as it stands.

Written from `docs/limitation.md`. Slow and simple on purpose; nothing in the product uses it, and it uses nothing of
the product.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Entry = dict[str, Any]
DAY = timedelta(days=1)
COURT = ["suit", "suit_against_debtor", "payment_order_application", "payment_order_served", "enforcement_application"]
SAVERS = [
    *COURT, "demand", "assignment_notice", "written_acknowledgment", "oral_acknowledgment", "part_payment", "promise",
    "instalment_plan", "extension_request", "security_given",
]  # fmt: skip
CODES = [
    "no_rule_at_hand", "rule_unverified", "rule_older_than_claim", "rules_differ", "first_day_differs",
    "last_instalment", "agreed_period", "agreed_ignored", "outer_limit", "moved_from_day_off", "days_off_not_known",
    "event_unproven", "event_without_effect", "effect_not_stated", "event_after_end", "event_too_early",
    "demand_lapses", "nothing_pending", "guarantee_saved", "standstill_recalled", "revival_not_stated",
    "proceedings_pending", "obstacle_lasts", "no_suit_threat",
]  # fmt: skip
WEAKER = ["house", "official", "copy", "secondary", "recalled"]


def later(day: date, months: int) -> date:
    """The corresponding day some months on, or the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def in_force(rule: Entry, day: date) -> tuple[date | None, Entry]:
    """The values of a rule on a day, and since when; the first ones before that."""
    dated = sorted(rule["values"].items(), key=lambda pair: date.min if pair[0] == "not-stated" else pair[0])
    since, found = dated[0]
    for start, values in dated[1:]:
        if start <= day:
            since, found = start, values
    return (None if since == "not-stated" else since), found


def effect_of(values: Entry, kind: str) -> str:
    """The group in which a kind of event stands."""
    return next(effect for effect, kinds in values["effects"].items() if kind in kinds)


def months_of(values: Entry) -> int:
    """The period in months."""
    period = values["period"]
    return period["months"] if "months" in period else period["years"] * 12


@dataclass
class Reading:
    """One reading of one claim, from its first day through all its events."""

    strict: bool
    rule: Entry
    since: date | None
    values: Entry
    rules: list[Entry]
    claim: Entry
    days: dict[tuple[str, date], tuple[date, bool]]
    as_of: date
    notes: set[str] = field(default_factory=set)
    pending: bool = False
    suspended_from: date | None = None
    obstacles: list[date] = field(default_factory=list)
    obstacle_lasts: bool = False
    grace: date | None = None
    event: int | None = None

    def __post_init__(self) -> None:
        claim, values = self.claim, self.values
        self.due: date = claim["due_date"]
        if values["instalments"] == "last" and claim["last_instalment_date"]:
            self.due = claim["last_instalment_date"]
        arose = min(self.due, claim["arose_date"] or self.due)
        word = values["start"]["strict" if self.strict else "cautious"]
        self.breach = self.due + DAY if self.strict and values["start"]["strict"] == "day_after_due" else self.due
        self.start = {
            "due": self.due,
            "day_after_due": self.due + DAY,
            "year_end_arose": date(arose.year, 12, 31),
            "year_end_due": date(self.due.year, 12, 31),
        }[word]
        self.base = later(self.start, months_of(values))
        agreed = claim["agreed_until"]
        if values["agreed"] and agreed and not (self.strict and agreed <= self.due):
            self.base = agreed
        self.counted_from = self.start

    def reach(self) -> tuple[date, bool, bool, bool]:
        """The last day in time; whether the outer limit decides; whether a day off moved it; whether that is known."""
        end, capped, moved, known = self.base, False, False, True
        if self.values.get("obstacle_months"):
            end = max([end, *(later(day, self.values["obstacle_months"]) for day in self.obstacles)])
        if self.values.get("outer_years"):
            first = self.breach
            if self.strict:
                first = self.due + DAY if self.values["start"]["strict"] == "day_after_due" else self.due
            outer = later(first, 12 * self.values["outer_years"])
            capped, end = end > outer, min(end, outer)
        if self.strict and self.values["moves_from_days_off"]:
            working, known = self.days.get((self.claim["place"], end), (end, False))
            moved, end = working != end, working
        return end, capped, moved, known

    def take(self, event: Entry) -> None:
        """One event."""
        kind, day = event["event_kind"], event["event_date"]
        proven = any(sign.isalpha() or sign.isdecimal() for sign in event["proof"] or "")
        counts = proven or self.strict
        closing = self.values["end_of_proceedings"]
        begins_again = closing == "restarts" or (closing == "not_stated" and self.strict)
        if kind == "proceedings_ended":
            self.close(event, counts=counts, proven=proven, begins_again=begins_again)
            return
        effect = effect_of(self.values, kind)
        if effect == "nothing":
            self.notes.add("event_without_effect")
            return
        if effect == "not_stated":
            self.notes.add("effect_not_stated")
        if not proven:
            self.notes.add("event_unproven")
        if not counts:
            return
        stands_still = self.suspended_from is not None or (self.pending and begins_again)
        held = self.grace is not None and day <= self.grace and kind in self.values.get("lapse", {}).get("unless", [])
        if not (day <= self.reach()[0] or stands_still or held):
            self.notes.add("event_after_end")
            return
        if effect == "not_stated":
            if not self.strict:
                return
            effect = "saves" if self.values.get("then") else "restarts"
            court = False
        else:
            court = kind in COURT
        if effect == "saves":
            if day <= self.start:
                self.notes.add("event_too_early")
                return
            self.pending = self.pending or kind in COURT
            self.follow(day)
        elif effect == "restarts":
            if self.suspended_from is not None:
                self.base += max(day - self.suspended_from, timedelta())
                self.suspended_from = max(day, self.suspended_from)
            self.anew(day)
            self.pending = self.pending or court
        elif effect == "suspends":
            if self.suspended_from is None:
                self.suspended_from = max(day, self.start)
            self.pending = True
        elif effect == "brought":
            self.pending = True
            if self.strict and kind in self.values.get("recalled_standstill", {}).get("kinds", []):
                self.notes.add("standstill_recalled")
                self.suspended_from = self.suspended_from or max(day, self.start)
        elif effect == "lapses":
            self.notes.add("demand_lapses")
            self.grace = max(self.grace or day, later(day, self.values["lapse"]["months"]))
        elif effect == "obstacle":
            until = event["until_date"]
            if until is None or until > self.as_of:
                self.obstacle_lasts = True
                until = self.as_of if self.strict else day
            self.obstacles.append(until)
        self.event = event["event_id"]

    def close(self, event: Entry, *, counts: bool, proven: bool, begins_again: bool) -> None:
        """The end of all proceedings that are pending."""
        if not self.pending:
            self.notes.add("nothing_pending")
            return
        if not proven:
            self.notes.add("event_unproven")
        if counts:
            if self.suspended_from is not None:
                until = event["event_date"]
                after = self.values.get("recalled_standstill", {}).get("months")
                if self.strict and after:
                    self.notes.add("standstill_recalled")
                    until = later(until, after)
                self.base += max(until - self.suspended_from, timedelta())
            if begins_again:
                self.anew(event["event_date"])
            self.event = event["event_id"]
        self.pending, self.suspended_from = False, None

    def anew(self, day: date) -> None:
        """A new full period, if it leads further."""
        if later(day, months_of(self.values)) > self.base:
            self.base, self.counted_from = later(day, months_of(self.values)), day

    def follow(self, day: date) -> None:
        """The guarantee is saved: the clock of the rule that follows begins."""
        self.notes.add("guarantee_saved")
        self.rule = next(rule for rule in self.rules if rule["id"] == self.values["then"])
        self.since, self.values = in_force(self.rule, self.since or date.min)
        self.base, self.counted_from, self.start = later(day, months_of(self.values)), day, day


def reading(strict: bool, claim: Entry, rules: list[Entry], days: Any, as_of: date) -> Reading | None:
    """A reading of a claim before its events, or None where no rule covers it."""
    for rule in rules:
        for cover in rule.get("covers", []):
            if (
                cover["place"] == claim["place"]
                and claim["kind"] in cover["kinds"]
                and (claim["debtor_kind"] or "consumer") in cover.get("debtors", ["business", "consumer"])
                and cover.get("date", "strict" if strict else "cautious") == ("strict" if strict else "cautious")
            ):
                since, values = in_force(rule, claim["due_date"])
                return Reading(strict, rule, since, values, rules, claim, days, as_of)
    return None


def verified(citation: Entry) -> bool:
    """Whether the wording is at hand."""
    return citation["confidence"] == "house" or bool(citation["quote"])


def threat(claim: Entry, rules: list[Entry]) -> Entry | None:
    """The rule that forbids to threaten this debtor."""
    named = [
        rule
        for rule in rules
        if rule["kind"] == "threat"
        and (claim["debtor_kind"] or "consumer") in rule["debtors"]
        and any(
            there == place or there.startswith(place + "-")
            for there in (claim["place"], claim["debtor_place"] or "")
            for place in rule["places"]
        )
    ]
    return min(named, key=lambda rule: rule["id"], default=None)


def clock(claim: Entry, events: list[Entry], rules: list[Entry], days: Any, as_of: date) -> Entry:
    """The answer for one claim; `events` may hold those of others."""
    claim = {**claim, "kind": claim["kind"] or "unknown"}
    early, late = (reading(strict, claim, rules, days, as_of) for strict in (False, True))
    forbids = threat(claim, rules)
    answer: Entry = {
        "claim_id": claim["claim_id"], "place": claim["place"], "kind": claim["kind"], "as_of": as_of,
        "rule": None, "confidence": None, "verified": None, "start_date": None, "strict_start_date": None,
        "cautious_date": None, "strict_date": None, "state": "unknown", "time_barred": False,
        "may_be_time_barred": True, "last_event_id": None, "strict_event_id": None, "saved_by": [],
    }  # fmt: skip
    why = {"no_rule_at_hand"}
    gone = False
    if early is not None and late is not None:
        mine = [e for e in events if e["claim_id"] == claim["claim_id"] and e["event_date"] <= as_of]
        mine.sort(key=lambda e: (e["event_date"], e["event_kind"] == "proceedings_ended", e["event_id"]))
        for event in mine:
            early.take(event)
            late.take(event)
        why, gone = _tell(answer, early, late, claim, as_of)
    barred = answer["may_be_time_barred"]
    named = forbids if barred else None
    answer["threat_rule"] = named["id"] if named else None
    answer["threat_verified"] = verified(named["citation"]) if named else None
    answer["may_threaten_suit"] = named is None and not (barred and gone)
    if not answer["may_threaten_suit"]:
        why.add("no_suit_threat")
    answer["why"] = [code for code in CODES if code in why]
    return answer


def _tell(answer: Entry, early: Reading, late: Reading, claim: Entry, as_of: date) -> tuple[set[str], bool]:
    """Fill the answer from both readings; the why-codes, and whether the cautious rule extinguishes."""
    end, capped, _, _ = early.reach()
    late_end, late_capped, moved, known = late.reach()
    latest = max(end, late_end, late.grace or late_end)
    strict = None if late.pending or late.obstacle_lasts else latest
    cautious = min(end, late_end)
    values, gone = early.values, early.values["at_end"] == "extinguished"
    rest = values.get("obstacle_months")
    if early.pending or (early.obstacle_lasts and rest and later(as_of, rest) > early.base):
        state = "suspended"
    elif as_of <= cautious:
        state = "running"
    elif strict is None or as_of <= strict:
        state = "doubtful"
    else:
        state = "extinguished" if gone else "expired"
    lost = state in ("expired", "extinguished")
    savers = [k for k in SAVERS if effect_of(values, k) in ("restarts", "saves", "suspends", "brought")]
    if strict is not None and max(end, late_end) < as_of <= strict:
        savers = [k for k in SAVERS if k in values.get("lapse", {}).get("unless", [])]
    citations = (early.rule["citation"], early.rule["effects_citation"])
    answer |= {
        "rule": early.rule["id"],
        "confidence": max((c["confidence"] for c in citations), key=WEAKER.index),
        "verified": all(verified(c) for c in citations),
        "start_date": early.counted_from,
        "strict_start_date": late.counted_from,
        "cautious_date": cautious,
        "strict_date": strict,
        "state": state,
        "time_barred": lost,
        "may_be_time_barred": lost or state == "doubtful",
        "last_event_id": early.event,
        "strict_event_id": late.event,
        "saved_by": [] if lost else savers,
    }
    notes = early.notes | late.notes
    why = set(notes)
    for code, true in {
        "rule_unverified": not answer["verified"],
        "rule_older_than_claim": early.since is not None and claim["due_date"] < early.since,
        "rules_differ": early.rule["id"] != late.rule["id"],
        "first_day_differs": early.event is None and late.event is None and early.start != late.start,
        "last_instalment": values["instalments"] == "last" and claim["last_instalment_date"] is not None,
        "agreed_period": values["agreed"] and claim["agreed_until"] is not None,
        "agreed_ignored": not values["agreed"] and claim["agreed_until"] is not None and "guarantee_saved" not in notes,
        "outer_limit": capped or late_capped,
        "moved_from_day_off": moved,
        "days_off_not_known": not known,
        "revival_not_stated": "event_after_end" in notes and values["after_end"] == "not_stated",
        "proceedings_pending": early.pending or late.pending,
        "obstacle_lasts": early.obstacle_lasts or late.obstacle_lasts,
    }.items():
        if true:
            why.add(code)
    return why, gone


@dataclass
class Told:
    """What the book and people say, gathered item by item."""

    rows: dict[str, list[Entry]]
    records: dict[str, list[Entry]]
    as_of: date
    place: str
    claims: list[Entry] = field(default_factory=list)
    events: list[Entry] = field(default_factory=list)
    filings: list[tuple[int, date]] = field(default_factory=list)

    def happened(self, claim: int, kind: str, day: date, proof: str | None, until: date | None = None) -> None:
        """One event."""
        self.events.append(
            {"claim_id": claim, "event_kind": kind, "event_date": day, "until_date": until, "proof": proof or ""}
        )

    def take_item(self, item: Entry) -> None:
        """An open item: its claim, its events, its guarantees."""
        number = item["receivable_id"]
        facts = next((row for row in self.records["limitation_claims"] if row["receivable_id"] == number), {})
        laws = [
            contract["law"]
            for link in self.records["contract_items"]
            for contract in self.records["contracts"]
            if link["receivable_id"] == number and link["contract_id"] == contract["contract_id"]
        ]
        due = facts.get("perform_by_date") or item["due_date"]
        last = facts.get("last_instalment_date")
        claim = {
            "claim_id": number,
            "place": facts.get("place") or (laws or [None])[0] or self.home_of(item["debtor_id"]) or self.place,
            "kind": facts.get("kind"),
            "debtor_kind": self.kind_of(item["debtor_id"]),
            "debtor_place": self.place_of(item["debtor_id"]),
            "due_date": due,
            "arose_date": facts.get("arose_date"),
            "last_instalment_date": last if last and last >= due else None,
            "agreed_until": None,
        }
        self.claims.append(claim)
        told = with_ends([row for row in self.records["limitation_events"] if row["receivable_id"] == number])
        for kind, day, proof, until in told:
            if not (claim["kind"] or "").startswith("judgment") or day > due:
                self.happened(number, kind, day, proof, until)
        for kind, day, proof in self.known(item):
            if day > due:
                self.happened(number, kind, day, proof)
        self.file(number, item["debtor_id"])
        for given in self.records["guarantees"]:
            if given["receivable_id"] == number:
                self.take_guarantee(given, item, claim, told, judged=bool(facts.get("perform_by_date")))

    def known(self, item: Entry) -> list[tuple[str, date, str | None]]:
        """What the book knows by itself."""
        number = item["receivable_id"]
        found: list[tuple[str, date, str | None]] = [
            ("part_payment", payment["value_date"], payment["number"])
            for payment in self.rows["payments"]
            if payment["receivable_id"] == number
        ]
        found += [
            ("promise", promise["made_date"], None)
            for promise in self.rows["promises"]
            if (promise["debtor_id"], promise["currency"]) == (item["debtor_id"], item["currency"])
        ]
        for contact in self.rows["contacts"]:
            if {"contact_id": contact["contact_id"], "receivable_id": number} in [
                {name: link[name] for name in ("contact_id", "receivable_id")} for link in self.rows["contact_items"]
            ]:
                arrived = [e for e in self.records["limitation_events"] if e["contact_id"] == contact["contact_id"]]
                found += [("demand", e["event_date"], e["proof"] or e["proof_sha256"]) for e in arrived]
                if not arrived and contact["outcome"] == "sent" and (contact["stage"] or 0) >= 20:
                    found.append(("demand", contact["contact_date"], None))
        return found

    def take_guarantee(self, given: Entry, item: Entry, claim: Entry, told: list[Any], *, judged: bool) -> None:
        """A guarantee, with what happened to itself and what a suit against the debtor does to it."""
        name = -given["guarantee_id"]
        self.claims.append(
            claim
            | {
                "claim_id": name,
                "kind": "guarantee" if given["kind"] == "unstated" else f"guarantee_{given['kind']}",
                "debtor_kind": self.kind_of(given["guarantor_id"]),
                "debtor_place": self.place_of(given["guarantor_id"]),
                "due_date": item["due_date"],
                "last_instalment_date": None if judged else claim["last_instalment_date"],
                "agreed_until": given["agreed_until_date"],
            }
        )
        own = with_ends([e for e in self.records["limitation_events"] if e["guarantee_id"] == given["guarantee_id"]])
        for kind, day, proof, until in own:
            self.happened(name, kind, day, proof, until)
        sued = [day for kind, day, _, _ in told if kind == "suit"]
        himself = any(each[0] in COURT for each in own)
        for kind, day, proof, _ in told:
            if kind == "suit":
                self.happened(name, "suit_against_debtor", day, proof)
            elif kind == "proceedings_ended" and sued and day >= min(sued) and not himself:
                self.happened(name, kind, day, proof)
        self.file(name, given["guarantor_id"])

    def file(self, claim: int, debtor: int | None) -> None:
        """The last day to file it, while it waits for that."""
        for filing in self.records["insolvency_filings"]:
            if filing["debtor_id"] == debtor and not (filing["filed_date"] and filing["filed_date"] <= self.as_of):
                self.filings.append((claim, filing["file_by_date"]))

    def home_of(self, debtor: int | None) -> str | None:
        """The state of a debtor in the United States, where its law is asked for: of consumers, and by default."""
        there = self.place_of(debtor) or ""
        american = there == "US" or there.startswith("US-")
        return there if american and (self.place == "US" or self.kind_of(debtor) == "consumer") else None

    def place_of(self, debtor: int | None) -> str | None:
        """Country, or country and part."""
        row: Entry = next((row for row in self.rows["debtors"] if row["debtor_id"] == debtor), {})
        country, part = row.get("country"), row.get("region")
        return f"{country}-{part}" if country and part else country

    def kind_of(self, debtor: int | None) -> str | None:
        """Business or consumer."""
        return next((row["kind"] for row in self.rows["debtors"] if row["debtor_id"] == debtor), None)


def told_by_the_book(
    rows: dict[str, list[Entry]], records: dict[str, list[Entry]], as_of: date, place: str
) -> tuple[list[Entry], list[Entry], list[tuple[int, date]]]:
    """Claims, events and filing dates of a book whose payments name their item and pay no more than a part of it.

    Written from "What people record" in the page.
    """
    standing = {name: [row for row in each if row.get("withdrawn_date") is None] for name, each in records.items()}
    told = Told(rows, standing, as_of, place)
    for item in rows["receivables"]:
        if item["status"] == "open" and item["kind"] != "charge":
            told.take_item(item)
    # numbered by claim, day, kind and proof; nothing comes before something
    told.events.sort(key=lambda e: (e["claim_id"], e["event_date"], e["event_kind"], e["proof"]))
    return told.claims, [{**each, "event_id": n} for n, each in enumerate(told.events)], told.filings


def with_ends(events: list[Entry]) -> list[tuple[str, date, str, date | None]]:
    """Kind, day, proof and last day; where proceedings have an end, it is an event of its own."""
    found: list[tuple[str, date, str, date | None]] = []
    for event in events:
        kind, proof = event["event_kind"], event["proof"] or event["proof_sha256"]
        court = kind in COURT
        found.append((kind, event["event_date"], proof, None if court else event["until_date"]))
        if court and event["until_date"]:
            found.append(("proceedings_ended", event["until_date"], proof, None))
    return found
