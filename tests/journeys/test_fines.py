"""A town's fines of 2005 and 2006, as they were: postage, penalties, part payments, appeals. Played through to 2008.

Real facts (Road Traffic Fine Management Process, 4TU), a strategy of our own, and an independent ledger in plain
Python beside the engine. What a head of collections would want to be sure of is asserted.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dunwell.core.terms import Stage
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy_file import read_strategy

FIRST, LAST = date(2005, 3, 1), date(2008, 5, 31)
RESIDUE_MINOR = 60_00
PAUSE_DAYS = 21
STRATEGY = read_strategy(f"""
name: town
title: {{en: Fines of a town, zh-Hans: 罚款, zh-Hant: 罰款}}
netting: true
pause_days: {PAUSE_DAYS}
minimum_minor: {{EUR: 300}}
residue_minor: {{EUR: {RESIDUE_MINOR}}}
segments:
  - segment: fined
    title: {{en: Fined, zh-Hans: 受罚人, zh-Hant: 受罰人}}
    stages:
      - {{stage: reminder, offset_days: 15, channels: [letter], tone: gentle}}
      - {{stage: first_dunning, offset_days: 45, after_days: 28, channels: [letter], pay_within_days: 30}}
      - {{stage: second_dunning, offset_days: 90, after_days: 42, channels: [letter], tone: firm, pay_within_days: 30}}
      - {{stage: agency, after_deadline_days: 5}}
""")
LADDER = [int(step.stage) for step in STRATEGY.segments[0].steps]


def cents(text: str) -> int:
    """Minor units of an amount as the file writes it."""
    return int(Decimal(text) * 100)


@dataclass
class Fine:
    """One fine, in plain Python: what was owed and paid until a day."""

    due: date
    minor: int
    issued: date
    cancelled: bool
    charges: list[tuple[date, int, bool]] = field(default_factory=list)
    payments: list[tuple[date, int]] = field(default_factory=list)
    appeals: list[tuple[date, date | None]] = field(default_factory=list)

    def paid(self, day: date) -> int:
        """The money that came until a day."""
        return sum(minor for on, minor in self.payments if on <= day)

    def open(self, day: date) -> int:
        """What is owed on a day."""
        charged = sum(minor for on, minor, _ in self.charges if on <= day)
        return max(self.minor + charged - self.paid(day), 0)

    def overdue(self, day: date) -> int:
        """What is past due: money pays charges first, the earliest first, then the fine."""
        money, found = self.paid(day), 0
        charges = sorted((on, max(on, self.due), minor) for on, minor, _ in self.charges if on <= day)
        for due, minor in [*((due, minor) for _, due, minor in charges), (self.due, self.minor)]:
            part = min(money, minor)
            money -= part
            found += minor - part if due < day else 0
        return found

    def appealed(self, day: date) -> bool:
        """Is an appeal open?"""
        return any(opened <= day and (closed is None or closed > day) for opened, closed in self.appeals)

    def penalty(self, day: date) -> int:
        """The late penalties until a day."""
        return sum(minor for on, minor, late in self.charges if late and on <= day)


class Town:
    """The facts as frames, every n-th fine, and what the program did."""

    def __init__(self, folder: Path, nth: int) -> None:
        self.fines = _fines(folder, nth)
        self.keys = {number: key for key, number in enumerate(sorted(self.fines), 1)}
        self.frames = {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
        self.outcomes: dict[date, Outcome] = {}
        self._fill()

    def _fill(self) -> None:
        rows: dict[str, list[dict[str, object]]] = defaultdict(list)
        rows["creditor"].append({"code": "town", "zone": "Europe/Rome", "country": "IT", "kind": None,
                                 "collector": "own"})  # fmt: skip
        for number, key in self.keys.items():
            fine = self.fines[number]
            rows["debtors"].append({"debtor_id": key, "number": number, "person_id": key, "kind": "consumer",
                                    "country": "IT", "language": "en"})  # fmt: skip
            rows["contact_points"].append({"contact_point_id": key, "debtor_id": key, "channel": "letter", "rank": 0,
                                           "usable": True})  # fmt: skip
            same = {"debtor_id": key, "currency": "EUR", "status": "cancelled" if fine.cancelled else "open"}
            rows["receivables"].append({"receivable_id": key, "number": number, "kind": "invoice", "due_date": fine.due,
                                        "issue_date": fine.issued, "amount_minor": fine.minor, **same})  # fmt: skip
            for place, (on, minor, _) in enumerate(fine.charges, 1):
                rows["receivables"].append({
                    "receivable_id": place * 1_000_000 + key, "number": f"{number}-{place}", "kind": "charge",
                    "parent_id": key, "issue_date": on, "due_date": max(on, fine.due), "amount_minor": minor, **same,
                })  # fmt: skip
            for on, minor in fine.payments:
                rows["payments"].append({
                    "payment_id": len(rows["payments"]) + 1, "debtor_id": key, "number": f"P{len(rows['payments'])}",
                    "receivable_id": key, "value_date": on, "currency": "EUR", "amount_minor": minor,
                    "source_kind": "bank",
                })  # fmt: skip
            for opened, closed in fine.appeals:
                rows["disputes"].append(
                    {
                        "dispute_id": len(rows["disputes"]) + 1,
                        "debtor_id": key,
                        "receivable_id": key,
                        "opened_date": opened,
                        "closed_date": closed,
                    }
                )
        for name, found in rows.items():
            columns = {column: [row.get(column) for row in found] for column in SCHEMAS[name]}
            self.frames[name] = pl.DataFrame(columns, schema=SCHEMAS[name])

    def live(self, every: int) -> None:
        """Decide and send on every n-th day."""
        day = FIRST
        while day <= LAST:
            moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Rome"))
            outcome = decide(Facts(self.frames), STRATEGY, house_rules(), day, moment.astimezone(ZoneInfo("UTC")))
            self.outcomes[day] = outcome
            self._send(day, outcome, moment)
            day += timedelta(days=every)

    def _send(self, day: date, outcome: Outcome, moment: datetime) -> None:
        letters = outcome.lines.filter(pl.col("action") == "message")
        if letters.is_empty():
            return
        first = self.frames["contacts"].height + 1
        contacts = letters.select(
            "debtor_id", "channel", "stage", "currency", contact_id=pl.int_range(first, first + pl.len()),
            person_id="debtor_id", at=pl.lit(moment), contact_date=pl.lit(day), direction=pl.lit("out"),
            deadline_date="pay_by_date", outcome=pl.lit("sent"),
        )  # fmt: skip
        items = outcome.items.join(contacts.select("debtor_id", "contact_id"), on="debtor_id").select(
            "contact_id", "receivable_id", "stage", called=pl.lit(value=True), talked=pl.lit(value=False)
        )
        for name, rows in (("contacts", contacts), ("contact_items", items)):
            shaped = [
                pl.col(c).cast(kind) if c in rows.columns else pl.lit(None, kind).alias(c)
                for c, kind in SCHEMAS[name].items()
            ]
            self.frames[name] = pl.concat([self.frames[name], rows.select(shaped)])

    def letters(self) -> dict[str, list[tuple[date, int, int]]]:
        """Number -> the letters: day, stage, what was asked."""
        found: dict[str, list[tuple[date, int, int]]] = defaultdict(list)
        numbers = {key: number for number, key in self.keys.items()}
        for day, outcome in self.outcomes.items():
            for row in outcome.lines.filter(pl.col("action") == "message").iter_rows(named=True):
                found[numbers[row["debtor_id"]]].append((day, row["stage"], row["total_minor"]))
        return found

    def on_last(self, reason: str) -> set[str]:
        """The numbers of those with a reason on the last day."""
        last = self.outcomes[max(self.outcomes)]
        return set(last.decisions.filter(pl.col("reason") == reason)["number"])


def _fines(folder: Path, nth: int) -> dict[str, Fine]:
    def rows(name: str) -> list[dict[str, str]]:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    mine = [row for row in rows("invoices") if row["issue_date"][:4] in ("2005", "2006")][::nth]
    found = {
        row["invoice_id"]: Fine(
            due=date.fromisoformat(row["due_date"]), minor=cents(row["amount"]),
            issued=date.fromisoformat(row["issue_date"]), cancelled=row["status_at_extract"] == "cancelled",
        )
        for row in mine
    }  # fmt: skip
    for row in rows("charges"):
        if row["invoice_id"] in found and cents(row["amount"]):
            found[row["invoice_id"]].charges.append(
                (date.fromisoformat(row["date"]), cents(row["amount"]), row["kind"] == "late penalty")
            )
    for row in rows("payments"):
        if row["invoice_id"] in found:
            found[row["invoice_id"]].payments.append((date.fromisoformat(row["value_date"]), cents(row["amount"])))
    for row in rows("disputes"):
        if row["invoice_id"] in found:
            closed = date.fromisoformat(row["closed_on"]) if row["closed_on"] else None
            found[row["invoice_id"]].appeals.append((date.fromisoformat(row["opened_on"]), closed))
    return found


@pytest.fixture(
    scope="module",
    params=[pytest.param((15, 14), id="a sample"), pytest.param((1, 7), id="all", marks=pytest.mark.long)],
)
def town(request: pytest.FixtureRequest, shared_data: Path) -> Town:
    nth, every = request.param
    folder = shared_data / "data" / "fines"
    if not folder.is_dir():
        pytest.skip(f"no fines in {folder}")
    made = Town(folder, nth)
    made.live(every)
    return made


@pytest.mark.timeout(1_800)
class TestTheTown:
    def test_asks_nobody_for_what_is_paid(self, town: Town) -> None:
        """Every letter against the ledger of its day: whoever paid all by then gets none."""
        letters = town.letters()
        assert sum(map(len, letters.values())) > len(town.fines) / 4
        for number, sent in letters.items():
            assert all(town.fines[number].open(day) > 0 for day, _, _ in sent), number

    def test_asks_for_the_exact_sum(self, town: Town) -> None:
        for number, sent in town.letters().items():
            assert [asked for _, _, asked in sent] == [town.fines[number].overdue(day) for day, _, _ in sent], number

    def test_knows_to_the_cent_what_is_open_on_every_day(self, town: Town) -> None:
        for day, outcome in town.outcomes.items():
            mine = sum(fine.open(day) for fine in town.fines.values() if fine.issued <= day and not fine.cancelled)
            assert outcome.lines["open_minor"].sum() == mine, day

    def test_writes_to_nobody_twice_in_the_pause(self, town: Town) -> None:
        for number, sent in town.letters().items():
            assert all((later - day).days >= PAUSE_DAYS for (day, *_), (later, *_) in pairwise(sent)), number

    def test_skips_no_step_and_goes_back_to_none(self, town: Town) -> None:
        for number, sent in town.letters().items():
            assert [stage for _, stage, _ in sent] == LADDER[: len(sent)], number
        last = town.outcomes[max(town.outcomes)]
        handed = last.tasks.filter(pl.col("stage") == int(Stage.AGENCY))["debtor_id"].unique()
        numbers = {key: number for number, key in town.keys.items()}
        assert len(handed) > 0
        letters = town.letters()
        assert all(len(letters[numbers[key]]) == 3 for key in handed)

    def test_reminds_nobody_before_his_day(self, town: Town) -> None:
        for number, sent in town.letters().items():
            assert (sent[0][0] - town.fines[number].due).days >= 15, number

    def test_leaves_alone_who_appealed_while_it_is_open(self, town: Town) -> None:
        appealed = [number for number, fine in town.fines.items() if fine.appeals]
        letters = town.letters()
        assert appealed
        for number in appealed:
            assert not any(town.fines[number].appealed(day) for day, _, _ in letters[number]), number

    def test_leaves_alone_who_paid_all_but_the_penalty(self, town: Town) -> None:
        """As many, and the same, as a count in plain Python says."""
        day = max(town.outcomes)
        counted = {
            number
            for number, fine in town.fines.items()
            if not fine.cancelled and not fine.appealed(day) and fine.due < day
            and 0 < fine.open(day) <= RESIDUE_MINOR and fine.paid(day) >= fine.minor
        }  # fmt: skip
        assert town.on_last("residue") == counted
        but_the_penalty = {
            number for number in counted if town.fines[number].open(day) <= town.fines[number].penalty(day)
        }
        assert len(but_the_penalty) > 0
        letters = town.letters()
        for number in counted:
            fine = town.fines[number]
            assert all(fine.paid(on) < fine.minor for on, _, _ in letters[number]), number

    def test_hands_over_no_part_payer_who_owes_the_penalty_alone(self, town: Town) -> None:
        """In the real log most part-payers that were handed to collection owed nothing but the penalty."""
        last = town.outcomes[max(town.outcomes)]
        tasks = set(
            last.lines.filter((pl.col("action") == "task") & (pl.col("person_stage") == int(Stage.AGENCY)))["debtor_id"]
        )
        numbers = {key: number for number, key in town.keys.items()}
        for key in tasks:
            fine = town.fines[numbers[key]]
            assert fine.paid(max(town.outcomes)) < fine.minor or fine.open(max(town.outcomes)) > RESIDUE_MINOR
