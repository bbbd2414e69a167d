"""A small book written by hand, as the engine reads it: every row gets an id, frames stand in the order of ids."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.core.terms import Note, Stage
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.rulebook.rules_file import Rules, house_rules
from dunwell.rulebook.strategy import Strategy
from tests.support.strategies import plain_strategy

DAY = date(2026, 3, 2)
"""A Monday without feasts, far from changes of the clock: the day on which examples owe."""


def days(count: int, since: date = DAY) -> date:
    """So many days after (negative: before) a day."""
    return since + timedelta(days=count)


class Book:
    """Facts of one creditor. Methods add a row and return its id."""

    def __init__(self, zone: str = "Europe/Berlin") -> None:
        self.zone = zone
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self.rows["creditor"].append({"code": "acme", "zone": zone, "country": "DE", "kind": None, "collector": "own"})

    def add(self, frame: str, **row: Any) -> int:
        """A row of any frame; columns that are not named are null."""
        key = next(iter(SCHEMAS[frame]))
        found = dict.fromkeys(SCHEMAS[frame]) | {key: len(self.rows[frame]) + 1} | row
        self.rows[frame].append(found)
        return found[key]

    def debtor(
        self,
        number: str = "D1",
        *,
        channels: tuple[str, ...] = ("email", "letter"),
        person: int | None = None,
        country: str | None = "DE",
        zone: str | None = None,
        language: str = "en",
        preferred: str | None = None,
        kind: str | None = "business",
        debt_kind: str | None = "trade",
        region: str | None = None,
        zones: str | None = None,
    ) -> int:
        """A debtor with one address per channel; without `person`, a person of his own."""
        debtor = self.add(
            "debtors", number=number, kind=kind, debt_kind=debt_kind, country=country, region=region, zone=zone,
            zones=zones, language=language, preferred_channel=preferred,
        )  # fmt: skip
        own = {"person_id": 1_000 + debtor, "lot": number}
        self.rows["debtors"][-1] |= own if person is None else {"person_id": person, "lot": f"P{person}"}
        for channel in channels:
            self.add("contact_points", debtor_id=debtor, channel=channel, rank=0, usable=True)
        return debtor

    def invoice(
        self,
        debtor: int,
        minor: int,
        due: date,
        *,
        number: str | None = None,
        issued: date | None = None,
        currency: str = "EUR",
        kind: str = "invoice",
        parent: int | None = None,
        status: str = "open",
        open_as_of: date | None = None,
        secured: int | None = None,
    ) -> int:
        """An invoice, or with `kind` another receivable. Issued 30 days before it is due unless said."""
        return self.add(
            "receivables", debtor_id=debtor, number=number or f"{kind}-{len(self.rows['receivables']) + 1}", kind=kind,
            parent_id=parent, issue_date=issued or due - timedelta(days=30), due_date=due, currency=currency,
            amount_minor=minor, status=status, open_as_of_date=open_as_of, secured=secured,
        )  # fmt: skip

    def charge(
        self, debtor: int, minor: int, issued: date, parent: int | None, *, currency: str = "EUR", of: str | None = None
    ) -> int:
        """A charge, due on the day it is made; `of`: what it is for."""
        made = self.invoice(debtor, minor, issued, issued=issued, kind="charge", parent=parent, currency=currency)
        self.rows["receivables"][-1]["charge_kind"] = of
        return made

    def credit_note(
        self, debtor: int, minor: int, issued: date, parent: int | None = None, *, currency: str = "EUR"
    ) -> int:
        """A credit note over so many minor units (given as a positive number)."""
        return self.invoice(debtor, -minor, issued, issued=issued, kind="credit_note", parent=parent, currency=currency)

    def payment(
        self,
        debtor: int,
        minor: int,
        on: date,
        receivable: int | None = None,
        *,
        currency: str = "EUR",
        source: str = "bank",
        reverses: int | None = None,
        number: str | None = None,
        designation: str | None = None,
    ) -> int:
        """Money that came in (negative: went back)."""
        return self.add(
            "payments", debtor_id=debtor, number=number or f"P{len(self.rows['payments']) + 1}",
            receivable_id=receivable, reverses_id=reverses, value_date=on, currency=currency, amount_minor=minor,
            source_kind=source, designation=designation,
        )  # fmt: skip

    def promise(
        self, debtor: int, minor: int, made: date, due: date, *, currency: str = "EUR", withdrawn: date | None = None
    ) -> int:
        """A promise to pay."""
        return self.add(
            "promises", debtor_id=debtor, currency=currency, amount_minor=minor, made_date=made, due_date=due,
            withdrawn_date=withdrawn,
        )  # fmt: skip

    def dispute(
        self, debtor: int, receivable: int, opened: date, minor: int | None = None, closed: date | None = None
    ) -> int:
        """A dispute about the whole, or about `minor` of it."""
        return self.add(
            "disputes", debtor_id=debtor, receivable_id=receivable, opened_date=opened, closed_date=closed,
            amount_minor=minor,
        )  # fmt: skip

    def hold(
        self,
        debtor: int,
        reason: str,
        since: date,
        until: date | None = None,
        *,
        receivable: int | None = None,
        channel: str | None = None,
    ) -> int:
        """A hold on a debtor or on one receivable."""
        return self.add(
            "holds", debtor_id=debtor, receivable_id=receivable, channel=channel, reason=reason, from_date=since,
            until_date=until,
        )  # fmt: skip

    def complaint(self, debtor: int, opened: date, answered: date | None = None) -> int:
        """A complaint."""
        return self.add("complaints", debtor_id=debtor, opened_date=opened, answered_date=answered)

    def contact(
        self,
        debtor: int,
        on: date,
        items: dict[int, int] | None = None,
        *,
        channel: str = "email",
        direction: str = "out",
        stage: int | None = None,
        currency: str | None = "EUR",
        deadline: date | None = None,
        outcome: str = "sent",
        clock: time = time(10),
        talked: tuple[int, ...] = (),
        **more: Any,
    ) -> int:
        """A contact that named `items` (receivable -> stage it reached), of which some were `talked` about.

        clock   in UTC
        more    other columns: purpose, addressee, mode, contact_point_id
        """
        named = items or {}
        person = next(row["person_id"] for row in self.rows["debtors"] if row["debtor_id"] == debtor)
        contact = self.add(
            "contacts", debtor_id=debtor, person_id=person, at=datetime.combine(on, clock, UTC), contact_date=on,
            channel=channel, direction=direction, stage=stage or max(named.values(), default=None), currency=currency,
            deadline_date=deadline, outcome=outcome, **more,
        )  # fmt: skip
        for receivable, reached in sorted(named.items()):
            self.rows["contact_items"].append({
                "contact_id": contact, "receivable_id": receivable, "stage": reached, "called": True,
                "talked": receivable in talked,
            })  # fmt: skip
        return contact

    def register(self, debtor: int, kind: str, since: date, until: date | None = None, **more: Any) -> int:
        """What a debtor told us: an entry of the registers."""
        return self.add("registers", debtor_id=debtor, kind=kind, from_date=since, until_date=until, **more)

    def wish(
        self, debtor: int, stage: int, messages: int, kind: str = "person", *, since: date = DAY,
        until: date | None = None, currency: str = "EUR", point: int | None = None, collector: str = "anna",
    ) -> int:  # fmt: skip
        """What a person wished of the message at a place: that it is a collector's task, or goes to an address."""
        return self.add(
            "wishes", debtor_id=debtor, currency=currency, stage=stage, messages=messages, kind=kind,
            collector=collector if kind == "person" else None, contact_point_id=point, from_date=since,
            until_date=until,
        )  # fmt: skip

    def day_off(self, place: str, *on: date) -> None:
        """Public holidays of a place."""
        self.rows["days_off"].extend({"place": place, "day_off": day} for day in on)

    def clock(self, receivable: int, last: date, alarm: str = "limitation") -> None:
        """The last day on which an item can be sued for, or be filed in an insolvency."""
        owner = next(row["debtor_id"] for row in self.rows["receivables"] if row["receivable_id"] == receivable)
        self.rows["clocks"].append(
            {"receivable_id": receivable, "debtor_id": owner, "alarm": alarm, "last_date": last}
        )  # fmt: skip

    def open_items(self, *as_of: date) -> None:
        """Days on which a list of open items was taken in."""
        self.rows["open_item_days"].extend({"as_of": day} for day in as_of)

    def facts(self) -> Facts:
        """All rows as frames."""
        return Facts({name: pl.DataFrame(self.rows[name], schema=SCHEMAS[name], orient="row") for name in SCHEMAS})

    def decide(
        self, day: date = DAY, *, strategy: Strategy | None = None, rules: Rules | None = None, hour: int = 0
    ) -> Outcome:
        """Decide a day from its midnight at the creditor's place, or from a later hour."""
        moment = datetime.combine(day, time(hour), ZoneInfo(self.zone)).astimezone(UTC)
        return decide(self.facts(), strategy or plain_strategy(), rules or house_rules(), day, moment)

    def line(self, day: date = DAY, **options: Any) -> dict[str, Any]:
        """The only line of a book with one debtor and one currency; empty when nothing is open."""
        found = self.decide(day, **options).lines.to_dicts()
        assert len(found) < 2
        return found[0] if found else {}

    def send(self, day: date, outcome: Outcome | None = None) -> list[dict[str, Any]]:
        """Let the messages of a day arrive: each becomes a contact. Returns the lines that were sent."""
        outcome = outcome or self.decide(day)
        sent = outcome.lines.filter(pl.col("action") == "message").to_dicts()
        for line in sent:
            mine = outcome.items.filter(
                (pl.col("debtor_id") == line["debtor_id"]) & (pl.col("currency") == line["currency"])
            )
            self.contact(
                line["debtor_id"], day, dict(mine.select("receivable_id", "stage").rows()), channel=line["channel"],
                stage=line["stage"], currency=line["currency"], deadline=line["pay_by_date"],
            )  # fmt: skip
        for note in outcome.notes.to_dicts():
            self.note(note["promise_id"], day, Note(note["note"]), channel=note["channel"])
        return sent

    def note(self, promise: int, on: date, note: Note, **more: Any) -> int:
        """A message about a promise that left."""
        told = self.rows["promises"][promise - 1]
        return self.contact(
            told["debtor_id"], on, currency=told["currency"], purpose=note.purpose, promise_id=promise,
            **{"addressee": "debtor", **more},
        )  # fmt: skip

    def live(self, first: date, count: int, *, every: int = 1) -> list[tuple[date, dict[str, Any]]]:
        """Run and send on so many days, on each or on every n-th. Returns (day, line) of what was sent."""
        sent: list[tuple[date, dict[str, Any]]] = []
        for day in (days(offset, first) for offset in range(0, count, every)):
            sent.extend((day, line) for line in self.send(day))
        return sent


def stages(sent: list[tuple[date, dict[str, Any]]]) -> list[Stage]:
    """The steps that were taken, in order."""
    return [Stage(line["stage"]) for _, line in sent]
