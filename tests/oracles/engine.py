"""The engine a second time: plain Python over dicts, one debtor, item and payment after another.

Written from the docstrings of `dunwell.engine` and the YAML of the rules, not from its expressions. Slow and simple
on purpose; nothing in the product uses it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import Arm, PromiseNotes, Strategy, Treatment
from tests.oracles import rank
from tests.oracles import strategy as ladders
from tests.oracles.book_contacts import SAID_BY_COLLECTORS, Contacts
from tests.oracles.open_lists import Claim, Money, OpenLists, Row, above

NOTES_CARRY = {
    note: {
        channel: {"debtor_name", "current_creditor", "creditor_contact", "own_name", *SAID_BY_COLLECTORS, *more, *stop}
        for channel, stop in (("letter", ()), ("email", ("opt_out_notice",)))
    }
    for note, more in (("promise_reminder", ("how_to_check_pay_and_object",)), ("promise_thanks", ()))
}

HAPPENED = {
    "receivables": "issue_date",
    "payments": "value_date",
    "open_item_days": "as_of",
    "promises": "made_date",
    "disputes": "opened_date",
    "holds": "from_date",
    "complaints": "opened_date",
    "contacts": "contact_date",
    "registers": "from_date",
    "steps": "done_date",
    "observations": "from_date",
    "wishes": "from_date",
}


@dataclass
class Cash:
    """The answer about money: what pays what, and what is loose."""

    money: list[Money]
    paid: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    pairs: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)
    loose: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))


class Oracle:
    """All answers about one day."""

    def __init__(self, facts: Facts, strategy: Strategy, rules: Rules, day: date, moment: datetime) -> None:
        self.moment, self.strategy, self.rules = moment, strategy, rules
        self._read(facts, day)
        self.cash = self._cash()
        self.open = self._open()
        self.before_petty = [dict(row) for row in self.open]
        self._leave_petty()
        self._mark_residue()
        self.ladders = self._steps()
        self.contacts = Contacts(self.facts, rules, day, moment, self.promises())
        self.note_contacts: dict[str, Contacts] = {}
        self.lines = self._lines()
        self.notes = self._notes()
        self.line_items = self._line_items()
        self.decisions = self._decisions()

    @classmethod
    def money_alone(cls, facts: Facts, day: date) -> Cash:
        """What pays what, without the rest."""
        oracle = cls.__new__(cls)
        oracle._read(facts, day)
        return oracle._cash()

    def _read(self, facts: Facts, day: date) -> None:
        self.day = day
        self.facts: dict[str, list[Row]] = {name: facts[name].to_dicts() for name in SCHEMAS}
        for name, column in HAPPENED.items():
            self.facts[name] = [row for row in self.facts[name] if row[column] <= day]
        self.receivables = {row["receivable_id"]: row for row in self.facts["receivables"]}
        self.items = [
            row
            for row in map(self._shown_above, map(self._with_parent, self.facts["receivables"]))
            if row["kind"] != "credit_note" and row["status"] != "cancelled" and row["amount_minor"] > 0
        ]

    # --- money ---

    def claim_of(self, row: Row) -> Claim:
        """A charge belongs to its invoice, anything else to itself; nothing is converted."""
        of_invoice = row["kind"] == "charge" and row["parent_id"] is not None
        return (row["parent_id"] if of_invoice else row["receivable_id"], row["currency"])

    def _with_parent(self, row: Row) -> Row:
        """The charges of an invoice that was cancelled or written off go with it."""
        parent = self.receivables.get(row["parent_id"]) if row["kind"] == "charge" else None
        if parent is None or parent["kind"] == "charge" or "cancelled" in (row["status"], parent["status"]):
            ended = parent is not None and parent["kind"] != "charge" and parent["status"] == "cancelled"
            return {**row, "status": "cancelled"} if ended else row
        return {**row, "status": "written_off"} if parent["status"] == "written_off" else row

    def _shown_above(self, row: Row) -> Row:
        """Lists may show more open than the item's own amount: then that is owed."""
        return {**row, "amount_minor": row["amount_minor"] + above(self.facts["payments"], row)}

    def _money(self) -> list[Money]:
        payments = {row["payment_id"]: row for row in self.facts["payments"]}
        amounts = {key: row["amount_minor"] for key, row in payments.items()}
        for key, row in payments.items():
            original = payments.get(row["reverses_id"])
            if original and original["reverses_id"] is None and original["currency"] == row["currency"]:
                amounts[original["payment_id"]] += row["amount_minor"]
                del amounts[key]
        found = []
        notes = {}
        for row in self.facts["receivables"]:
            if row["kind"] == "credit_note" and row["status"] != "cancelled" and row["amount_minor"] < 0:
                parent = self.receivables.get(row["parent_id"])
                claim = (self.claim_of(parent)[0], row["currency"]) if parent else None
                as_money = {**row, "value_date": row["issue_date"]}
                notes[row["receivable_id"]] = Money(as_money, claim, -row["amount_minor"], note=True)
        for key, minor in amounts.items():
            row = payments[key]
            note = notes.get(row["receivable_id"])
            named = self.receivables.get(row["receivable_id"])
            if note and note.row["currency"] == row["currency"]:
                note.minor += minor
            else:
                found.append(Money(row, (self.claim_of(named)[0], row["currency"]) if named else None, minor))
        return found + list(notes.values())

    def _cash(self) -> Cash:
        cash = Cash(self._money())
        claims: dict[Claim, list[Row]] = defaultdict(list)
        for row in self.items:
            claims[self.claim_of(row)].append(row)
        lists = sorted({row["as_of"] for row in self.facts["open_item_days"]})
        OpenLists(cash.money, claims, lists, self.facts["payments"]).settle()
        named: dict[Claim, list[Money]] = defaultdict(list)
        for each in cash.money:
            if each.claim:
                named[each.claim].append(each)
        for claim, money in named.items():
            money.sort(key=lambda m: m.order)
            self._pay(cash, claims[claim], money)
        for each in cash.money:
            cash.loose[each.row["debtor_id"], each.row["currency"]] += each.minor - each.used
        return cash

    def _pay(self, cash: Cash, items: list[Row], money: list[Money]) -> None:
        """Charges first, then the invoice; earliest money first. Money that went back takes from the latest."""
        left = max(sum(m.minor for m in money), 0)
        owed = [
            [row, row["amount_minor"]]
            for row in sorted(items, key=lambda r: (r["kind"] != "charge", r["issue_date"], r["number"]))
        ]
        for m in money:
            spend = min(max(m.minor, 0), left)
            left -= spend
            for entry in owed:
                part = min(spend, entry[1])
                if part > 0:
                    key = entry[0]["receivable_id"]
                    entry[1] -= part
                    spend -= part
                    m.used += part
                    cash.paid[key] += part
                    if not m.note:
                        reason = "cleared_in_ledger" if m.is_ledger else "amount_cleared" if m.inferred else "named"
                        cash.pairs[m.row["payment_id"], key] = (part, reason)

    # --- what is open ---

    def _open(self) -> list[Row]:
        found = []
        for row in self.items:
            paid = self.cash.paid.get(row["receivable_id"], 0)
            if row["status"] == "open" and row["amount_minor"] > paid:
                found.append({
                    **row, "paid_minor": paid, "open_minor": row["amount_minor"] - paid, "disputed_minor": 0,
                    "claim_id": self.claim_of(row)[0], "days_past_due": (self.day - row["due_date"]).days,
                    "held": self._is_held(row), "reached": 0, "reached_date": None, "deadline_date": None,
                })  # fmt: skip
        self._dispute(found)
        for row in found:
            row["demand_minor"] = 0 if row["held"] else row["open_minor"] - row["disputed_minor"]
            row["net_minor"] = row["demand_minor"]
        self._net(found)
        return found

    def _leave_petty(self) -> None:
        """Of an item that is nearly paid nothing is asked."""
        for row in self.open:
            least = self.strategy.minimum_bp.get(row["currency"], 0)
            row["petty_minor"] = row["demand_minor"] if row["open_minor"] * 10_000 < row["amount_minor"] * least else 0
            if row["open_minor"] * 10_000 < row["amount_minor"] * least:
                row["demand_minor"] = row["net_minor"] = 0

    def _mark_residue(self) -> None:
        """Is no more left of an item's claim than its charges come to?"""
        for row in self.open:
            mine = [other for other in self.open if self.claim_of(other) == self.claim_of(row)]
            charges = [each for each in self.items if self.claim_of(each) == self.claim_of(row)]
            charged = sum(each["amount_minor"] for each in charges if each["kind"] == "charge")
            credit = sum(other["demand_minor"] - other["net_minor"] for other in mine)
            row["only_charges"] = 0 < charged >= sum(other["open_minor"] for other in mine) - credit

    def _about(self, row: Row, named: int | None) -> bool:
        """Does what was said about a receivable concern this item? About an invoice: its charges too."""
        other = self.receivables.get(named) if named is not None else None
        if other is None:
            return False
        own = self.claim_of(other)
        return own == self.claim_of(row) if own[0] == named else named == row["receivable_id"]

    def _is_held(self, row: Row) -> bool:
        return any(
            self._about(row, hold["receivable_id"]) and (hold["until_date"] is None or hold["until_date"] >= self.day)
            for hold in self.facts["holds"]
        )

    def _dispute(self, items: list[Row]) -> None:
        active = [d for d in self.facts["disputes"] if d["closed_date"] is None or d["closed_date"] > self.day]
        for claim in {self.claim_of(row) for row in items}:
            mine = [row for row in items if self.claim_of(row) == claim]
            mine.sort(key=lambda r: (r["kind"] == "charge", r["issue_date"], r["number"]))
            wide = [d for d in active if d["receivable_id"] == claim[0] and self._about(mine[0], claim[0])]
            part = sum(d["amount_minor"] or 0 for d in wide)
            # an invoice that is contested in full takes its charges with it
            all_of_it = any(row["receivable_id"] == claim[0] and part >= row["open_minor"] for row in mine)
            for row in mine:
                own = [
                    d for d in active if d["receivable_id"] == row["receivable_id"] and row["receivable_id"] != claim[0]
                ]
                spread = min(part, row["open_minor"])
                part -= spread
                minor = spread + sum(d["amount_minor"] or 0 for d in own)
                whole = all_of_it or any(d["amount_minor"] is None for d in wide + own)
                row["disputed_minor"] = row["open_minor"] if whole else min(minor, row["open_minor"])

    def _net(self, items: list[Row]) -> None:
        credit = {pair: max(minor, 0) for pair, minor in self.cash.loose.items()}
        for row in sorted(items, key=lambda r: (r["due_date"], r["number"], r["kind"])):
            pair = (row["debtor_id"], row["currency"])
            row["credit_minor"] = max(self.cash.loose.get(pair, 0), 0)
            if self.strategy.netting:
                part = min(credit.get(pair, 0), row["net_minor"])
                credit[pair] = credit.get(pair, 0) - part
                row["net_minor"] -= part

    # --- stages ---

    def _outbound(self) -> list[Row]:
        """What went out and may have arrived; calls and visits, whoever answered."""
        return [c for c in self.facts["contacts"] if c["direction"] == "out" and c["outcome"] != "undeliverable"]

    def _steps(self) -> dict[tuple[int, str], ladders.Ladder]:
        """The ladder of each debtor and currency, and each item's next step."""
        debtors = {row["debtor_id"]: row for row in self.facts["debtors"]}
        grace = self.strategy.grace_days
        kept = [p for p in self.promises() if p["state"] != "open"]
        found = {}
        self.about: dict[tuple[int, str], Row] = {}
        self.arms: dict[tuple[int, str], tuple[str, Arm] | None] = {}
        for debtor, currency in sorted({(row["debtor_id"], row["currency"]) for row in self.open}):
            items = [row for row in self.open if (row["debtor_id"], row["currency"]) == (debtor, currency)]
            for row in items:
                claim = self.claim_of(row)
                mine = {r["receivable_id"] for r in self.facts["receivables"] if self.claim_of(r) == claim}
                ladders.history(self.facts, self._outbound(), row, mine, self.day)
            if debtor not in debtors:
                continue
            asked = ladders.about(self.facts, debtors[debtor], currency, items, self.day, grace)
            states = [p["state"] for p in kept if (p["debtor_id"], p["currency"]) == (debtor, currency)]
            asked["promises_kept"] = states.count("kept")
            asked["promises_broken"] = states.count("broken") + states.count("part_kept")
            self.about[debtor, currency] = asked
            found[debtor, currency] = ladders.ladder_of(self.strategy, asked)
            self.arms[debtor, currency] = ladders.drawn(self.facts, self.strategy, debtors[debtor], asked, self.day)
            if mark := self.arms[debtor, currency]:
                found[debtor, currency] = ladders.in_arm(found[debtor, currency], *mark)
            if self.strategy.level == "debtor":
                ladders.together(items, found[debtor, currency], grace)
        self.events = self._events()
        for row in self.open:
            pair = (row["debtor_id"], row["currency"])
            on = found.get(pair)
            step = ladders.next_step(row, on, grace) if on else ladders.Next(0, False, None)
            row["next_stage"], row["for_person"], row["next_date"] = step.stage, step.for_person, step.day
            row["news"] = ladders.news_of(row, step, on[0], self.events[pair], grace) if on else []
            if row["news"] and step.day:
                acts = [event["acts_date"] for event in row["news"]]
                row["next_date"] = min(step.day, max(min(acts), step.after_deadline or date.min))
            row["due_now"] = bool(
                row["next_stage"] and row["next_date"] and row["next_date"] <= self.day and row["net_minor"] > 0
            )
        return found

    # --- promises ---

    def promises(self, money_until: date | None = None) -> list[Row]:
        """Each promise with its state. money_until: as if no money of a later day had come."""
        graces = [
            v["grace_days"] for r in self.rules.rules if r.kind == "promise" and (v := r.on(self.day)) is not None
        ]
        found = []
        left = {id(m): m.minor for m in self.cash.money if not m.note}
        for promise in sorted(
            self.facts["promises"],
            key=lambda p: (
                bool(p["withdrawn_date"] and p["withdrawn_date"] <= self.day), p["due_date"], p["made_date"],
                p["amount_minor"], p["promise_id"],
            ),
        ):  # fmt: skip
            until = promise["due_date"] + timedelta(days=max(graces, default=0))
            counts = [
                m
                for m in sorted(self.cash.money, key=lambda m: m.order)
                if not m.note
                and (m.row["debtor_id"], m.row["currency"]) == (promise["debtor_id"], promise["currency"])
                and promise["made_date"] <= m.row["value_date"] <= min(until, money_until or until)
            ]
            received = 0
            ceiling = sum(left[id(m)] for m in counts)
            by_day: dict[date, list[Money]] = defaultdict(list)
            for m in counts:
                by_day[m.row["value_date"]].append(m)
            for of_day in by_day.values():
                came = sum(left[id(m)] for m in of_day)
                part = max(min(came, promise["amount_minor"] - received, ceiling - received), 0)
                received += part
                left[id(of_day[0])] -= part
            if promise["withdrawn_date"] and promise["withdrawn_date"] <= self.day:
                state = "withdrawn"
            elif received >= promise["amount_minor"]:
                state = "kept"
            elif self.day <= until:
                state = "open"
            else:
                state = "part_kept" if received > 0 else "broken"
            found.append({**promise, "received_minor": received, "until_date": until, "state": state})
        return found

    # --- news ---

    def _events(self) -> dict[tuple[int, str], list[Row]]:
        """Broken promises and bounced payments of each debtor and currency that nobody made good since."""
        found: dict[tuple[int, str], list[Row]] = defaultdict(list)
        promises = self.promises()
        for promise in promises:
            if promise["state"] in ("broken", "part_kept"):
                found[promise["debtor_id"], promise["currency"]].append({
                    "event": "promise_broken", "event_date": promise["until_date"] + timedelta(days=1),
                    "missing": promise["amount_minor"] - promise["received_minor"],
                })  # fmt: skip
        for payment in self.facts["payments"]:
            if payment["reverses_id"] is not None and payment["amount_minor"] < 0:
                found[payment["debtor_id"], payment["currency"]].append({
                    "event": "payment_bounced", "event_date": payment["value_date"], "missing": -payment["amount_minor"]
                })  # fmt: skip
        for pair, events in found.items():
            found[pair] = [event for event in events if not self._is_answered(event, pair, promises)]
            for event in found[pair]:
                asked = [
                    c["deadline_date"]
                    for c in self._outbound()
                    if (c["debtor_id"], c["currency"]) == pair
                    and c["stage"] is not None
                    and c["deadline_date"]
                    and c["contact_date"] < event["event_date"]
                ]
                event["acts_date"] = max([event["event_date"], *(each + timedelta(days=1) for each in asked)])
        return found

    def _is_answered(self, event: Row, pair: tuple[int, str], promises: list[Row]) -> bool:
        """By money since, or by a newer promise."""
        on = event["event_date"]
        came = sum(
            max(m.minor, 0)
            for m in self.cash.money
            if not m.note and (m.row["debtor_id"], m.row["currency"]) == pair and m.row["value_date"] >= on
        )
        anew = any(
            (p["debtor_id"], p["currency"]) == pair and p["state"] != "withdrawn" and p["made_date"] >= on
            for p in promises
        )
        return anew or came >= event["missing"]

    # --- lines ---

    def _lines(self) -> list[Row]:
        debtors = {row["debtor_id"]: row for row in self.facts["debtors"]}
        pairs = sorted({(row["debtor_id"], row["currency"]) for row in self.open})
        return [
            self._line(
                debtors[debtor],
                currency,
                [r for r in self.open if (r["debtor_id"], r["currency"]) == (debtor, currency)],
            )
            for debtor, currency in pairs
            if debtor in debtors
        ]

    def _line(self, debtor: Row, currency: str, items: list[Row]) -> Row:
        segment, _ = self.ladders[debtor["debtor_id"], currency]
        overdue = [row for row in items if row["days_past_due"] > self.strategy.grace_days]
        counted = [row for row in overdue if row["net_minor"] > 0]
        due_stages = [row["next_stage"] for row in overdue if row["due_now"] and not row["for_person"]]
        person = [row for row in items if row["due_now"] and row["for_person"]]
        person_minor = sum(row["net_minor"] for row in person)
        notice_minor = sum(
            row["net_minor"] for row in items if row not in overdue and row["due_now"] and not row["for_person"]
        )
        overdue_minor = sum(row["net_minor"] for row in overdue)
        charges = sum(row["net_minor"] for row in overdue if row["only_charges"])
        residue = 0 < charges == overdue_minor <= self.strategy.residue_minor.get(currency, 0)
        if residue:
            due_stages, person, person_minor = [], [], 0
        is_notice = notice_minor > 0 and (overdue_minor == 0 or residue)
        messages = [
            c
            for c in self._outbound()
            if (c["stage"] is not None or is_note(c, "collection"))
            and (c["debtor_id"], c["currency"]) == (debtor["debtor_id"], currency)
        ]
        last = max((c["contact_date"] for c in messages), default=None)
        resumes = last + timedelta(days=segment.pause_days) if last else None
        news = [e for r in overdue if r["due_now"] and not r["for_person"] for e in r["news"]]
        if last and resumes and any(event["event_date"] > last for event in news):
            resumes = min(resumes, max(event["acts_date"] for event in news))
        total = notice_minor if is_notice else overdue_minor
        stage = 10 if is_notice else max(due_stages, default=0)
        line: Row = {
            "debtor_id": debtor["debtor_id"], "currency": currency, "stage": stage, "rule": None, "detail": None,
            "open_minor": sum(row["open_minor"] for row in items), "overdue_minor": overdue_minor,
            "credit_minor": items[0]["credit_minor"],
            "disputed_minor": sum(row["open_minor"] - row["demand_minor"] - row["petty_minor"] for row in items),
            "total_minor": total, "person_minor": person_minor, "segment": segment.name,
            "person_stage": max((row["next_stage"] for row in person), default=None),
            "person_reason": self._person_reason(person), **self._arm(debtor["debtor_id"], currency),
            "items": len(counted), "days_past_due": max((row["days_past_due"] for row in counted), default=0),
            "oldest_due_date": min((row["due_date"] for row in counted), default=None),
            "reached": max((row["reached"] for row in counted), default=0), "messages": len(messages),
            "last_message_date": last, "language": debtor["language"], "channel": None, "contact_point_id": None,
            "pay_by_date": None, "not_before_at": None, "assigned": None,
            "next_date": min((r["next_date"] for r in self._ahead(items) if r["next_date"]), default=None),
            "next_stage": next((r["next_stage"] for r in self._ahead(items)), None),
        }  # fmt: skip
        line["action"], line["reason"] = "none", self._reason(
            line, overdue, is_notice=is_notice, residue=residue, notice_minor=notice_minor, due_stages=due_stages,
            resumes=resumes,
        )  # fmt: skip
        if line["reason"] == "paused":
            line["next_date"] = resumes
            if person_minor:
                self._task(line)
                self._forbid(line, debtor)
        if line["reason"] == "credit_in_doubt":
            asked = sum(row["demand_minor"] for row in overdue)
            line.update(action="task", stage=60, total_minor=asked)
            self._forbid(line, debtor)
        if line["reason"] in ("step_due", "for_person"):
            if line["reason"] == "step_due":
                line["action"] = "message"
            else:
                self._task(line)
            self._forbid(line, debtor)
        if line["action"] == "message":
            self._address(line, debtor)
        if line["action"] == "message":
            self._time(line, debtor)
        wish = self._wish(line, "person")
        if line["action"] == "message" and wish and wish["collector"] is not None:
            line.update(
                action="task", reason="reassigned", assigned=wish["collector"], channel=None, contact_point_id=None,
                pay_by_date=None, not_before_at=None,
            )  # fmt: skip
        self._finish(line)
        return line

    def _finish(self, line: Row) -> None:
        """What hangs on what is done: the treatment, the rank, the alarm."""
        treatment, items = self._treatment(line), self._of(line)
        line["treatment"] = treatment.name if treatment else None
        line |= self._ranked(line, items)
        line |= rank.alarm(
            self.facts["clocks"], line["debtor_id"], items, self.strategy.rank.alarm_days, self.day
        )  # fmt: skip

    def _arm(self, debtor: int, currency: str) -> Row:
        mark = self.arms[debtor, currency]
        names = ("experiment", "arm", "propensity_bp")
        return dict(zip(names, (mark[0], mark[1].name, mark[1].share_bp) if mark else (None,) * 3, strict=True))

    def _ranked(self, line: Row, items: list[Row]) -> Row:
        pair, rules = (line["debtor_id"], line["currency"]), self.strategy.rank
        since = self.day - timedelta(days=rules.recent_days)
        broken = any(
            (p["debtor_id"], p["currency"]) == pair
            and p["state"] in ("broken", "part_kept")
            and since <= p["until_date"] < self.day
            for p in self.promises()
        )
        bounced = any(
            (p["debtor_id"], p["currency"]) == pair and p["reverses_id"] is not None and p["value_date"] > since
            for p in self.facts["payments"]
        )
        channels = {int(s.stage): t.channels[0] if t.channels else None for s, t in self.ladders[pair][1]}
        named = [{**row, "is_late": row["days_past_due"] > self.strategy.grace_days} for row in items]
        news = {"promise_broken": broken, "payment_bounced": bounced}
        return rank.ranked(line, self.about[pair], named, channels, news, rules, self.day)

    def _reason(
        self, line: Row, overdue: list[Row], *, is_notice: bool, residue: bool, notice_minor: int,
        due_stages: list[int], resumes: date | None,
    ) -> str:  # fmt: skip
        if not is_notice:
            if not overdue:
                return "not_yet_due"
            if line["overdue_minor"] == 0:
                if sum(r["petty_minor"] for r in self._of(line)) > 0:
                    return "petty"
                if not any(r["demand_minor"] > 0 for r in overdue):
                    return "all_disputed_or_held"
                return "credit_in_doubt" if self._doubt(line) > 0 else "covered_by_credit"
        if residue and not is_notice:
            return "residue"
        if line["total_minor"] < self.strategy.minimum_minor.get(line["currency"], 0):
            return "below_minimum"
        if not is_notice and not due_stages:
            left_out = "overdue_first" if notice_minor else "waiting"
            return "for_person" if line["person_minor"] else left_out
        return "paused" if resumes and resumes > self.day else "step_due"

    def _doubt(self, line: Row) -> int:
        """Nameless bank money that the ledger had ten days to book before its last list."""
        lists = [row["as_of"] for row in self.facts["open_item_days"]]
        return sum(
            m.minor
            for m in self.cash.money
            if lists and m.claim is None and not m.note and not m.is_ledger
            and (m.row["debtor_id"], m.row["currency"]) == (line["debtor_id"], line["currency"])
            and m.row["value_date"] + timedelta(days=10) <= max(lists)
        )  # fmt: skip

    def _of(self, line: Row) -> list[Row]:
        pair = (line["debtor_id"], line["currency"])
        return [row for row in self.open if (row["debtor_id"], row["currency"]) == pair]

    def _ahead(self, items: list[Row]) -> list[Row]:
        """Items that have a next step which is not due, the earliest first, those without a day first of all."""
        ahead = [r for r in items if r["net_minor"] > 0 and not r["due_now"] and r["next_stage"]]
        return sorted(ahead, key=lambda r: (r["next_date"] or date.min, r["next_stage"]))

    def _task(self, line: Row) -> None:
        line.update(
            action="task", reason=line["person_reason"], stage=line["person_stage"], total_minor=line["person_minor"]
        )

    @staticmethod
    def _person_reason(person: list[Row]) -> str | None:
        if not person:
            return None
        stage = max(row["next_stage"] for row in person)
        passed = stage == 60 and any(row["deadline_date"] for row in person)
        return "deadline_passed" if passed else f"{ladders.WORDS[stage]}_due"

    def _forbid(self, line: Row, debtor: Row) -> None:
        """A cap never takes back a task; a message that it takes back leaves the task that waits beside it."""
        stops = self.contacts.everywhere(debtor, line["currency"])
        caps = [stop for stop in stops if stop.is_cap]
        if line["person_minor"] or line["action"] == "task":
            stops = [stop for stop in stops if not stop.is_cap]
        if not stops and caps and line["action"] == "message":
            last = max(stop.last or date.max for stop in caps)
            line["next_date"] = last + timedelta(days=1) if last < date.max else None
            self._task(line)
        if stops:
            longest = max(stop.last or date.max for stop in stops)
            first = next(stop for stop in stops if (stop.last or date.max) == longest)
            line.update(
                action="none", reason="forbidden", rule=first.rule, detail=first.detail,
                next_date=longest + timedelta(days=1) if longest < date.max else None,
            )  # fmt: skip

    def _wish(self, line: Row, kind: str) -> Row | None:
        """What a person wished for this place on the ladder; of several the latest."""
        place = ("debtor_id", "currency", "stage", "messages")
        mine = [
            wish
            for wish in self.facts["wishes"]
            if wish["kind"] == kind
            and all(wish[name] == line[name] for name in place)
            and (wish["until_date"] is None or wish["until_date"] >= self.day)
        ]
        return max(mine, key=lambda wish: (wish["from_date"], wish["wish_id"]), default=None)

    def _address(self, line: Row, debtor: Row) -> None:
        """The first channel of the step, the debtor's own before the others, with an address that nothing forbids.

        An address that a person wished for comes before all of them, if the step has its channel.
        """
        step = self._treatment(line)
        assert step is not None
        order = sorted(step.channels, key=lambda c: (c != debtor["preferred_channel"], step.channels.index(c)))
        dear = False
        full: list[tuple[date, str]] = []
        barred: list[str] = []
        wish = self._wish(line, "address")
        wished = wish["contact_point_id"] if wish else None
        ways: list[tuple[str, Row]] = []
        for channel in order:
            points = [
                p
                for p in self.facts["contact_points"]
                if p["debtor_id"] == debtor["debtor_id"] and p["channel"] == channel and p["usable"]
            ]
            if line["total_minor"] < self.strategy.uneconomic_minor.get(channel, {}).get(line["currency"], 0):
                dear = dear or bool(points)
                continue
            ways += [(channel, point) for point in sorted(points, key=lambda p: (p["rank"], p["contact_point_id"]))]
        for channel, point in sorted(ways, key=lambda way: way[1]["contact_point_id"] != wished):
            against = self.contacts.against(debtor, channel, str(point["contact_point_id"]), line["currency"])
            if against:
                lasts = [stop.last for stop in against]
                longest = None if None in lasts else max(last for last in lasts if last)
                barred.append(min(stop.rule for stop in against if stop.last == longest))
                if all(stop.is_cap for stop in against) and None not in lasts:
                    last = max(stop.last for stop in against if stop.last)
                    full.append((last, min(stop.rule for stop in against if stop.last == last)))
                continue
            line["channel"], line["contact_point_id"] = channel, point["contact_point_id"]
            if step.pay_within_days is not None:
                line["pay_by_date"] = self._working(self.day + timedelta(days=step.pay_within_days))
            return
        if full:
            last, rule = min(full, key=lambda one: one[0])
            line["next_date"] = last + timedelta(days=1)
            if line["person_minor"]:
                self._task(line)
            else:
                line.update(action="none", reason="forbidden", rule=rule)
            return
        if dear and not barred:
            if line["person_minor"]:
                self._task(line)
            else:
                line.update(action="none", reason="uneconomic")
            return
        line.update(action="none" if line["stage"] == 10 else "task", reason="forbidden" if barred else "no_address")
        if barred:
            line["rule"] = barred[0]

    def _treatment(self, line: Row) -> Treatment | None:
        """What the debtor's ladder does at the line's stage."""
        _, steps = self.ladders[line["debtor_id"], line["currency"]]
        return next((treatment for step, treatment in steps if step.stage == line["stage"]), None)

    def _working(self, day: date) -> date:
        """The next day on which banks work at the creditor's place."""
        place = self.facts["creditor"][0]["country"]
        off = {row["day_off"] for row in self.facts["days_off"] if row["place"] == place}
        while day.isoweekday() > 5 or day in off:
            day += timedelta(days=1)
        return day

    def _time(self, line: Row, debtor: Row) -> None:
        opened, _, shut = self.contacts.opens(debtor, line["channel"])
        if opened is not None:
            line["not_before_at"] = opened
            return
        line.update(action="task", reason="forbidden", rule=shut, channel=None, contact_point_id=None, pay_by_date=None)

    def _line_items(self) -> list[Row]:
        found = []
        for line in self.lines:
            if line["action"] != "message":
                continue
            for row in self.open:
                if (row["debtor_id"], row["currency"]) != (line["debtor_id"], line["currency"]):
                    continue
                overdue = row["days_past_due"] > self.strategy.grace_days
                if line["stage"] == 10:
                    named, stage = not overdue and row["due_now"], 10
                elif self.strategy.level != "receivable":
                    named, stage = overdue and row["demand_minor"] > 0, max(row["written"], line["stage"])
                else:
                    named = overdue and row["demand_minor"] > 0
                    takes_step = row["due_now"] and not row["for_person"]
                    stage = row["next_stage"] if takes_step else max(row["written"], 20)
                if named:
                    found.append({**row, "stage": stage})
        return found

    # --- messages about promises ---

    def _notes(self) -> list[Row]:
        """Thanks and reminders, one debtor and currency after another; who is thanked is asked for nothing today."""
        found = []
        for debtor in self.facts["debtors"]:
            for currency in sorted({p["currency"] for p in self.facts["promises"]}):
                mine = [(line["debtor_id"], line["currency"]) == (debtor["debtor_id"], currency) for line in self.lines]
                line = self.lines[mine.index(True)] if any(mine) else None
                note = self._thanks(debtor, currency, line) or self._reminder(debtor, currency, line)
                note = note and self._note_reaches(note, debtor)
                thanked = self._thanked_today(debtor, currency)
                if note:
                    found.append(note)
                    thanked = thanked or note["note"] == "promise_thanks"
                if thanked and line and line["action"] == "message":
                    line.update(
                        action="none", reason="thanked_today", next_date=self.day + timedelta(days=1), channel=None,
                        contact_point_id=None, pay_by_date=None, not_before_at=None,
                    )  # fmt: skip
                    if line["person_minor"]:
                        self._task(line)
                    self._finish(line)
        return found

    def _written(self, debtor: Row, currency: str, purpose: str) -> list[Row]:
        return [
            c
            for c in self._outbound()
            if is_note(c, purpose) and (c["debtor_id"], c["currency"]) == (debtor["debtor_id"], currency)
        ]

    def _thanked_today(self, debtor: Row, currency: str) -> bool:
        return any(c["contact_date"] == self.day for c in self._written(debtor, currency, "service"))

    def _settings(self, debtor: Row, currency: str, line: Row | None) -> PromiseNotes:
        return self.ladders[debtor["debtor_id"], currency][0].promises if line else self.strategy.promises

    def _thanks(self, debtor: Row, currency: str, line: Row | None) -> Row | None:
        """For all that was kept in the last five days and not thanked for since."""
        if not self._settings(debtor, currency, line).thank:
            return None
        by_day = [
            {p["promise_id"]: p["received_minor"] for p in self.promises(self.day - timedelta(days=ago))}
            for ago in range(7)
        ]
        sent = self._written(debtor, currency, "service")
        mine = []
        for p in self.promises():
            if (p["debtor_id"], p["currency"]) != (debtor["debtor_id"], currency) or p["state"] != "kept":
                continue
            had = [received[p["promise_id"]] >= p["amount_minor"] for received in by_day]
            if had[6]:
                continue
            kept = self.day - timedelta(days=max(ago for ago in range(6) if had[ago]))
            if not any(c["promise_id"] == p["promise_id"] or c["contact_date"] >= kept for c in sent):
                mine.append(p)
        if not mine:
            return None
        first = min(mine, key=lambda p: (p["due_date"], p["promise_id"]))
        return self._note("promise_thanks", first, sum(p["received_minor"] for p in mine), debtor)

    def _reminder(self, debtor: Row, currency: str, line: Row | None) -> Row | None:
        """Of the next promise that falls due in a few days."""
        if line is None or line["action"] == "message" or self._thanked_today(debtor, currency):
            return None
        segment = self.ladders[debtor["debtor_id"], currency][0]
        last, days = line["last_message_date"], segment.promises.remind_days
        if not days or (last and last + timedelta(days=segment.pause_days) > self.day):
            return None
        sent = {c["promise_id"] for c in self._outbound() if is_note(c, "collection")}
        owed = line["open_minor"] - line["disputed_minor"] - line["credit_minor"]
        least = max(self.strategy.minimum_minor.get(currency, 0), 1)
        for p in sorted(self.promises(), key=lambda p: (p["due_date"], p["promise_id"])):
            if (p["debtor_id"], p["currency"]) != (debtor["debtor_id"], currency) or p["state"] != "open":
                continue
            planned = p["due_date"] - timedelta(days=days)
            total = min(owed, p["amount_minor"] - p["received_minor"])
            in_time = planned <= self.day < p["due_date"] and planned - p["made_date"] >= timedelta(days=2)
            if in_time and p["promise_id"] not in sent and total >= least:
                return self._note("promise_reminder", p, total, debtor)
        return None

    def _note(self, note: str, promise: Row, total: int, debtor: Row) -> Row:
        return {
            "debtor_id": promise["debtor_id"], "currency": promise["currency"], "note": note,
            "promise_id": promise["promise_id"], "total_minor": total, "due_date": promise["due_date"],
            "language": debtor["language"],
        }  # fmt: skip

    def _note_reaches(self, note: Row, debtor: Row) -> Row | None:
        """The same with its address and hour; none where anything stands against it."""
        currency = note["currency"]
        line = next((e for e in self.lines if (e["debtor_id"], e["currency"]) == (debtor["debtor_id"], currency)), None)
        contacts = self._note_contacts(note["note"])
        if contacts.everywhere(debtor, currency):
            return None
        channels = self._settings(debtor, currency, line).channels
        for channel in sorted(channels, key=lambda c: (c != debtor["preferred_channel"], channels.index(c))):
            if note["total_minor"] < self.strategy.uneconomic_minor.get(channel, {}).get(currency, 0):
                continue
            points = [
                p
                for p in self.facts["contact_points"]
                if p["debtor_id"] == debtor["debtor_id"] and p["channel"] == channel and p["usable"]
            ]
            for point in sorted(points, key=lambda p: (p["rank"], p["contact_point_id"])):
                if contacts.against(debtor, channel, str(point["contact_point_id"]), currency):
                    continue
                opened, _, _ = contacts.opens(debtor, channel)
                if opened is None:
                    return None
                return {
                    **note, "channel": channel, "contact_point_id": point["contact_point_id"], "not_before_at": opened,
                }  # fmt: skip
        return None

    def _note_contacts(self, note: str) -> Contacts:
        """What the rules say of such a message, as if nobody had promised anything."""
        if note not in self.note_contacts:
            self.note_contacts[note] = Contacts(
                self.facts, self.rules, self.day, self.moment, [], carried=NOTES_CARRY[note],
                purpose="collection" if note == "promise_reminder" else "service",
            )  # fmt: skip
        return self.note_contacts[note]

    def _decisions(self) -> list[Row]:
        found = []
        for debtor in self.facts["debtors"]:
            mine = [line for line in self.lines if line["debtor_id"] == debtor["debtor_id"]]
            mine += [
                {**note, "action": "note", "stage": 0, "reason": note["note"], "overdue_minor": note["total_minor"]}
                for note in self.notes
                if note["debtor_id"] == debtor["debtor_id"]
            ]
            mine.sort(key=lambda line: line["currency"])
            mine.sort(key=lambda line: (-line["stage"], -line["overdue_minor"]))
            mine.sort(key=lambda line: ("message", "note", "task", "none").index(line["action"]))
            mine = [{**line, "action": "message"} if line["action"] == "note" else line for line in mine]
            nothing = {"action": "none", "stage": 0, "reason": "nothing_open", "currency": None, "channel": None}
            arms = {(each["experiment"], each["arm"], each["propensity_bp"]) for each in mine if each.get("arm")}
            assert len(arms) <= 1, "nobody is in two arms"
            drawn = dict(zip(("experiment", "arm", "propensity_bp"), *(arms or {(None,) * 3}), strict=True))
            found.append({
                **(mine[0] if mine else nothing), **drawn, "debtor_id": debtor["debtor_id"], "number": debtor["number"]
            })  # fmt: skip
        return found


def is_note(contact: Row, purpose: str) -> bool:
    """Is it a message about a promise, for this purpose?"""
    return contact["promise_id"] is not None and contact["purpose"] == purpose


def ageing(items: Iterable[Row]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(currency, bucket) -> how many items are open, how much, and how much of it may be demanded."""
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for row in items:
        late = row["days_past_due"]
        name = next(
            (
                n
                for n, upper in (("not_due", 0), ("1-30", 30), ("31-60", 60), ("61-90", 90), ("91-180", 180))
                if late <= upper
            ),
            "181+",
        )
        count, minor, asked = found.get((row["currency"], name), (0, 0, 0))
        found[row["currency"], name] = (count + 1, minor + row["open_minor"], asked + row["demand_minor"])
    return found
