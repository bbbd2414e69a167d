"""Play days of a book: every step goes through the same acts that a real day goes through."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.actions import creditors, talks
from dunwell.actions.day import runs
from dunwell.actions.importing import files as imports
from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.send import open_channels, send
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.money import Money
from dunwell.core.settings import Settings
from dunwell.core.terms import Channel, ContactOutcome, HoldReason, Stage
from dunwell.demo import ledger_files
from dunwell.demo.book import Book, Item, Paid
from dunwell.demo.sink import Sink
from dunwell.demo.world import Talk, World
from dunwell.store.reads import figures
from dunwell.store.reads import talks as read_talks
from dunwell.store.reads.figures import Complaint, Creditor, Debtor, Dispute

BY = Actor(ActorKind.JOB, "demo")
MORNING, BEFORE_SENDING, CALLING, EVENING = time(7, 30), time(9, 29), time(10, 30), time(16, 30)
CALLS_A_DAY = 8
"""So many calls the team of one creditor makes on a day; the others wait for the next."""
_TURN = 0.02
"""Seconds until it is tried again, when another creditor's work was under way."""
SENDING = (time(9, 30), time(16, 0))
"""Twice a day: in the afternoon debtors further west can be reached as well."""

_LETTER = re.compile(r"([^-]+)-")
_MAIL = re.compile(r"@c([^.]+)\.")


@dataclass(slots=True)
class Played:
    """What came of one creditor's days.

    calls       calls of the team, by what came of them
    held        rule -> numbers of the debtors it protected from a message
    recorded    what debtors said, by kind (see `Talk`)
    refused     what an act refused, by code: a debtor disputes what he has paid meanwhile...
    """

    book: Book
    world: World
    creditor: Creditor
    letters: int = 0
    mails: int = 0
    bounced: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    payments: int = 0
    held: dict[str, set[str]] = field(default_factory=dict)
    recorded: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    last: runs.RunReport | None = None


def office_days(first: date, last: date) -> Iterator[date]:
    """Mondays to Fridays: on the other days nobody works, and the next run sees to what is due."""
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day.weekday() < 5:
            yield day


class Player:
    """Plays one creditor's days."""

    def __init__(self, book: Book, world: World, sink: Sink, settings: Settings) -> None:
        self._house = book.house
        self._zone = ZoneInfo(book.house.fields["zone"])
        self._world, self._sink, self._settings = world, sink, settings
        self._folder = settings.home / "book" / book.house.code
        changes = {name: value for name, value in book.house.fields.items() if value}
        creditor = creditors.set_creditor(code=book.house.code, changes=changes, at=self._at(book.day, MORNING), by=BY)
        self.played = Played(book, world, creditor)
        self._debtors: dict[str, Debtor] = {}
        self._deadlines: dict[str, date | None] = {}
        self._disputes: dict[str, Dispute] = {}
        self._complaints: dict[str, Complaint] = {}

    def take_in(self) -> None:
        """Import the whole book, as on the first evening with a new system."""
        book = self.played.book
        self._import(ledger_files.write_book(self._folder, book), self._at(book.day, EVENING))
        self._debtors = figures.debtors(self.played.creditor)

    def day(self, day: date) -> None:
        """One day: files of the morning, the run, messages, answers."""
        files = self._world.morning(day)
        self._take(day, "morning", files.items, files.payments, MORNING)
        creditor = self.played.creditor
        report = _in_turn(lambda: runs.run_day(creditor=creditor, as_of=day, now=self._at(day, MORNING), by=BY))
        self._note(report)
        self._call(day, report)
        going = self._going(report)
        self._take(day, "before-sending", [], self._world.hurry(day, [each[:2] for each in going]), BEFORE_SENDING)
        self._send(day)
        reached = self._arrived(day)
        for number, channel in reached.items():
            self._world.contacted(day, number, channel, self._deadlines.get(number))
        reminded = [each[:2] for each in going if each[0] in reached and each[2] >= Stage.REMINDER]
        for talk in self._world.evening(day, reminded):
            self._hear(talk, self._at(day, EVENING))

    def _take(self, day: date, name: str, items: list[Item], payments: list[Paid], at: time) -> None:
        """Import a day's files, if there are any."""
        played = self.played
        played.payments += len(payments)
        folder = self._folder / "days" / f"{day.isoformat()}-{name}"
        if items or payments:
            paths = ledger_files.write(folder, self._house.code, items=items, payments=payments)
            self._import(paths, self._at(day, at))

    def _import(self, paths: list[Path], at: datetime) -> None:
        creditor = self.played.creditor
        report = _in_turn(lambda: imports.import_files(creditor=creditor, paths=paths, now=at, by=BY))
        if report.refused:
            first = report.errors.row(0, named=True)
            raise DunwellError("demo.import_refused", file=first["file"], row=first["row"], why=first["reason"])

    def _note(self, report: runs.RunReport) -> None:
        played = self.played
        played.last = report
        numbers = report.outcome.decisions.select("debtor_id", "number")
        held = report.outcome.lines.filter(pl.col("reason") == "forbidden").join(numbers, on="debtor_id")
        for rule, number in held.select("rule", "number").rows():
            played.held.setdefault(rule, set()).add(number)

    def _call(self, day: date, report: runs.RunReport) -> None:
        """The team calls those for whom a call is due, the largest sums first, as many as its hours allow."""
        due = report.outcome.tasks.filter(pl.col("stage") == int(Stage.CALL))
        numbers = report.outcome.decisions.select("debtor_id", "number")
        called = (
            due.group_by("debtor_id")
            .agg(pl.col("net_minor").sum())
            .join(numbers, on="debtor_id")
            .sort("net_minor", "number", descending=[True, False])
            .head(CALLS_A_DAY)
        )
        for number in called["number"]:
            reached = self._world.picks_up(number, day)
            outcome = ContactOutcome.REACHED if reached else ContactOutcome.NO_ANSWER
            try:
                talks.record_contact(
                    debtor=self._debtors[number], channel=Channel.PHONE, outcome=outcome, at=self._at(day, CALLING),
                    by=BY, key=f"demo:call:{number}:{day.isoformat()}",
                )  # fmt: skip
            except Refused as refused:
                self.played.refused[refused.code] += 1
                continue
            self.played.calls[str(outcome)] += 1
            if reached:
                self._world.contacted(day, number, "phone", None)

    def _going(self, report: runs.RunReport) -> list[tuple[str, str, int]]:
        """Number, currency, stage of each message that is ready to leave."""
        numbers = report.outcome.decisions.select("debtor_id", "number")
        lines = report.outcome.lines.filter(pl.col("action") == "message").join(numbers, on="debtor_id")
        rows = lines.select("number", "currency", "stage", "pay_by_date").sort("number", "currency").rows()
        self._deadlines |= {number: pay_by for number, _, _, pay_by in rows}
        return [(number, currency, stage) for number, currency, stage, _ in rows]

    def _send(self, day: date) -> None:
        for moment in SENDING:
            clock = Clock(fixed=self._at(day, moment))
            channels, problems = open_channels(self._settings, clock)
            if problems:
                raise problems[0]
            report = send(
                creditors=[self.played.creditor], channels=channels, settings=self._settings, clock=clock, by=BY
            )
            if report.refused:
                raise report.refused[0]

    def _arrived(self, day: date) -> dict[str, str]:
        """Number -> channel of those whom something reached today."""
        played = self.played
        mails, refused = self._sink.take()
        letters = self._letters_of(day)
        played.mails += len(mails)
        played.bounced += len(refused)
        played.letters += len(letters)
        return {**dict.fromkeys(letters, "letter"), **{_account(mail): "email" for mail in mails}}

    def _letters_of(self, day: date) -> list[str]:
        folder = self._settings.letters / self.played.creditor.code / day.isoformat()
        names = sorted(path.name for path in folder.glob("*.pdf")) if folder.is_dir() else []
        numbers = [found[1] for name in names if (found := _LETTER.match(name))]
        return [number for number in numbers if number in self._debtors]

    def _hear(self, talk: Talk, at: datetime) -> None:
        """What a debtor says is recorded; what the acts refuse is counted."""
        try:
            self._record(talk, at)
        except Refused as refused:
            self.played.refused[refused.code] += 1
            return
        self.played.recorded[talk.kind] += 1

    def _record(self, talk: Talk, at: datetime) -> None:
        debtor, key = self._debtors[talk.debtor], f"demo:{talk.kind}:{talk.key}"
        match talk.kind:
            case "promise":
                assert talk.amount_minor is not None
                assert talk.due is not None
                amount = Money(talk.amount_minor, talk.currency)
                talks.record_promise(debtor=debtor, amount=amount, due_date=talk.due, at=at, by=BY, key=key)
            case "dispute":
                part = Money(talk.amount_minor, talk.currency) if talk.amount_minor else None
                item = read_talks.receivable(self.played.creditor, talk.item)
                self._disputes[talk.key] = talks.open_dispute(
                    receivable=item, reason=talk.words, amount=part, at=at, by=BY, key=key
                )
            case "dispute_closed":
                if (dispute := self._disputes.pop(talk.key, None)) is not None:
                    talks.close_dispute(dispute=dispute, outcome=talk.words, at=at, by=BY, key=key)
            case "cease":
                talks.set_hold(debtor=debtor, reason=HoldReason.CEASE_REQUEST, at=at, by=BY, key=key)
            case "hardship":
                talks.set_hold(debtor=debtor, reason=HoldReason.HARDSHIP, until_date=talk.due, at=at, by=BY, key=key)
            case "complaint":
                self._complaints[talk.key] = talks.open_complaint(debtor=debtor, text=talk.words, at=at, by=BY, key=key)
            case "complaint_answered":
                if (complaint := self._complaints.pop(talk.key, None)) is not None:
                    talks.answer_complaint(complaint=complaint, answer=talk.words, at=at, by=BY, key=key)
            case _:
                raise ValueError(talk.kind)

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self._zone).astimezone(UTC)


def _in_turn[T](work: Callable[[], T]) -> T:
    """Imports and runs go one at a time in a database: wait for those of the other creditors."""
    while True:
        try:
            return work()
        except Refused as refused:
            if refused.code != "work.busy":
                raise
            sleep(_TURN)


def _account(address: str) -> str:
    found = _MAIL.search(address)
    if found is None:
        raise ValueError(f"no account has this address: {address}")
    return found[1].upper()
