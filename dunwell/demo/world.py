"""How the simulated debtors of one creditor live through the days: what they pay, say and dispute.

Pure: knows no table. The world keeps its own account of who owes what, apart from the program's; each debtor and day
has a source of chance of its own, so that neither order nor another debtor's fate changes what somebody does.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from dunwell.demo import calibration
from dunwell.demo.book import OUTCOMES, REASONS, Book, DemoDebtor, Item, Paid
from dunwell.demo.calibration import Nature

_PROMISES = {Nature.HABIT: 0.03, Nature.FORGETFUL: 0.06, Nature.HARDSHIP: 0.20, Nature.REFUSING: 0.08}
_KEEPS = {Nature.HABIT: 0.85, Nature.FORGETFUL: 0.70, Nature.HARDSHIP: 0.45, Nature.REFUSING: 0.15}
_PART_KEEPS = 0.4
_DISPUTES = {Nature.HABIT: 0.02, Nature.FORGETFUL: 0.01, Nature.HARDSHIP: 0.02, Nature.REFUSING: 0.15}
_CEASES = {Nature.HABIT: 0.001, Nature.FORGETFUL: 0.001, Nature.HARDSHIP: 0.005, Nature.REFUSING: 0.04}
_COMPLAINS = {Nature.HABIT: 0.004, Nature.FORGETFUL: 0.004, Nature.HARDSHIP: 0.010, Nature.REFUSING: 0.03}
_HARDSHIP_HOLD = 0.03
_PICKS_UP = 0.5
"""Assumption: every second call is answered."""
_HURRIES = 0.01
"""Assumptions: the probability that a debtor answers a reminder or a dunning in this way; that he keeps his promise
in full, or keeps a part of one he does not keep; that he pays in the very minute before a message leaves."""

COMPLAINTS = {
    "en": "Your reminder went to the wrong department. Please talk to our purchasing first.",
    "zh-Hans": "催款邮件发错了部门，请先与我方采购联系。",
    "zh-Hant": "催款電郵寄錯了部門，請先與我方採購聯絡。",
}
ANSWERS = {
    "en": "We are sorry. The address has been corrected and a colleague has called.",
    "zh-Hans": "非常抱歉，联系人已更正，同事已致电说明。",
    "zh-Hant": "非常抱歉，聯絡人已更正，同事已致電說明。",
}


@dataclass(slots=True)
class Owed:
    """An invoice in the eyes of its debtor. owed_minor: what he still has to pay on it."""

    item: Item
    owed_minor: int
    planned: date
    contested: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """What a debtor tells the creditor, or what the creditor answers him, at the end of a day.

    kind    promise, dispute, dispute_closed, cease, hardship, complaint, complaint_answered
    item    the invoice's number (disputes)
    amount_minor   of a promise or of the disputed part; None: the whole
    """

    kind: str
    debtor: str
    key: str
    currency: str = ""
    item: str = ""
    amount_minor: int | None = None
    due: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Promised:
    due: date
    currency: str
    amount_minor: int
    pays_minor: int


@dataclass(frozen=True, slots=True)
class _Contested:
    close: date
    key: str
    owed: Owed
    part_minor: int | None
    right: bool


@dataclass(slots=True)
class _Life:
    """One debtor's present state."""

    debtor: DemoDebtor
    owed: list[Owed] = field(default_factory=list)
    contact: tuple[date, str, date | None] | None = None
    promised: _Promised | None = None
    contested: list[_Contested] = field(default_factory=list)
    complaint: tuple[date, str] | None = None
    silent: bool = False


@dataclass(slots=True)
class DayFiles:
    """What the ledger and the bank export on a morning."""

    items: list[Item] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)


class World:
    """The debtors of one creditor from the end of the book's day on."""

    def __init__(self, book: Book, seed: int, effect: float = 1.0) -> None:
        self.house = book.house
        self.told: Counter[str] = Counter()
        self._seed = f"{seed}/{book.house.code}"
        self._effect = effect
        self._lives = {debtor.number: _Life(debtor) for debtor in book.debtors}
        self._coming = sorted(
            (later for later in book.later if later.invoice.issued > book.day), key=lambda later: later.invoice.issued
        )
        contested = {contest.item for contest in book.contests if contest.closed is None}
        for later in book.later:
            if later.invoice.issued <= book.day and later.owed_minor > 0:
                owed = Owed(later.invoice, later.owed_minor, later.planned, later.invoice.number in contested)
                self._lives[later.invoice.debtor].owed.append(owed)
        self._numbers = 0
        self._notes: list[Item] = []

    def morning(self, day: date) -> DayFiles:
        """What happened until this morning: invoices issued, credit notes, and what the bank booked today."""
        files = DayFiles(items=[*self._issued(day), *self._notes])
        self._notes = []
        for life in self._lives.values():
            if life.owed or life.promised:
                files.payments += self._payments(life, day)
        return files

    def hurry(self, day: date, messages: Iterable[tuple[str, str]]) -> list[Paid]:
        """Debtors (number, currency) whose message is ready, and who pay all that is overdue before it leaves."""
        paid: list[Paid] = []
        for number, currency in messages:
            life = self._lives[number]
            mine = [owed for owed in self._due(life, day) if owed.item.currency == currency]
            if mine and self._chance(number, day, "hurry").random() < _HURRIES:
                paid += self._settle(life, mine, day, "transfer")
                self.told["hurried"] += 1
        return paid

    def contacted(self, day: date, number: str, channel: str, deadline: date | None) -> None:
        """A message arrived."""
        self._lives[number].contact = (day, channel, deadline)

    def picks_up(self, number: str, day: date) -> bool:
        """Does the debtor answer the telephone?"""
        return self._chance(number, day, "call").random() < _PICKS_UP

    def evening(self, day: date, reminded: Iterable[tuple[str, str]]) -> list[Talk]:
        """Answers of those (number, currency) who were reminded or dunned today, and what the creditor settles."""
        talks: list[Talk] = []
        for life in self._lives.values():
            if life.contested or life.complaint:
                talks += self._settled(life, day)
        for number, currency in reminded:
            life = self._lives[number]
            if not life.silent:
                talks += self._answer(life, currency, day)
        self.told.update(talk.kind for talk in talks)
        return talks

    def overdue(self, number: str, day: date) -> int:
        """How many items of a debtor are overdue in his own eyes."""
        return len(self._due(self._lives[number], day))

    def _issued(self, day: date) -> list[Item]:
        count = 0
        while count < len(self._coming) and self._coming[count].invoice.issued <= day:
            later = self._coming[count]
            self._lives[later.invoice.debtor].owed.append(Owed(later.invoice, later.owed_minor, later.planned))
            count += 1
        issued, self._coming = self._coming[:count], self._coming[count:]
        return [later.invoice for later in issued]

    def _payments(self, life: _Life, day: date) -> list[Paid]:
        if life.promised is not None and life.promised.due <= day:
            promised, life.promised = life.promised, None
            return self._keep(life, promised, day)
        # who has promised waits for his own day
        ready = [] if life.promised else [o for o in life.owed if o.planned <= day and not o.contested]
        rng = self._chance(life.debtor.number, day, "pays")
        paid = self._settle(life, ready, day, "transfer") if ready else []
        late = [] if life.promised else self._due(life, day)
        if late and rng.random() < self._hazard(life, day):
            if rng.random() < (0.5 if life.debtor.nature is Nature.HARDSHIP else 0.12):
                return [*paid, *self._part(life, late[0], day, rng.uniform(0.2, 0.7))]
            if rng.random() < 0.03 and len({owed.item.currency for owed in late}) == 1:
                return [*paid, *self._nameless(life, late, day)]
            return [*paid, *self._settle(life, late, day, "transfer")]
        return paid

    def _hazard(self, life: _Life, day: date) -> float:
        """Added daily probability of payment after a contact."""
        if life.contact is None:
            return 0.0
        at, channel, deadline = life.contact
        if not 0 < (day - at).days <= calibration.EFFECT_DAYS:
            return 0.0
        effect = calibration.EFFECTS[channel][life.debtor.nature] * self._effect
        # a Monday morning books what was paid over three days
        days = 3 if day.weekday() == 0 else 1
        return min(0.9, effect * calibration.pull_of_deadline(day, deadline) * days)

    def _keep(self, life: _Life, promised: _Promised, day: date) -> list[Paid]:
        left, paid = promised.pays_minor, []
        for owed in sorted(life.owed, key=lambda o: (o.item.due, o.item.number)):
            if owed.item.currency == promised.currency and not owed.contested and left > 0:
                piece = min(left, owed.owed_minor)
                paid.append(self._paid(owed, piece, day, "transfer"))
                left -= piece
        self._drop_settled(life)
        return paid

    def _settle(self, life: _Life, owed: list[Owed], day: date, method: str) -> list[Paid]:
        paid = [self._paid(each, each.owed_minor, day, method) for each in owed]
        self._drop_settled(life)
        return paid

    def _part(self, life: _Life, owed: Owed, day: date, share: float) -> list[Paid]:
        whole = 100 if owed.item.currency == "TWD" else 1
        return [self._paid(owed, max(1, int(owed.owed_minor * share / whole) * whole), day, "transfer")]

    def _nameless(self, life: _Life, late: list[Owed], day: date) -> list[Paid]:
        """One sum for everything that names no invoice."""
        total = sum(each.owed_minor for each in late)
        for each in late:
            each.owed_minor = 0
        self._drop_settled(life)
        first = late[0].item
        return [Paid(self._number("B"), first.debtor, "", day, first.currency, total, "transfer")]

    def _paid(self, owed: Owed, amount: int, day: date, method: str) -> Paid:
        owed.owed_minor -= amount
        item = owed.item
        return Paid(self._number("B"), item.debtor, item.number, day, item.currency, amount, method)

    def _answer(self, life: _Life, currency: str, day: date) -> list[Talk]:
        """At most one answer to a message."""
        debtor, nature = life.debtor, life.debtor.nature
        rng = self._chance(debtor.number, day, f"answers/{currency}")
        late = [owed for owed in self._due(life, day) if owed.item.currency == currency]
        at, key = rng.random(), f"{debtor.number}-{currency}-{day:%Y%m%d}"
        if not late:
            return []
        if at < _CEASES[nature]:
            life.silent = True
            return [Talk("cease", debtor.number, key)]
        at -= _CEASES[nature]
        if at < _COMPLAINS[nature] and life.complaint is None:
            life.complaint = (day + timedelta(days=rng.randint(2, 9)), key)
            return [Talk("complaint", debtor.number, key, words=COMPLAINTS[debtor.place.language])]
        at -= _COMPLAINS[nature]
        if nature is Nature.HARDSHIP and at < _HARDSHIP_HOLD:
            return [Talk("hardship", debtor.number, key, due=day + timedelta(days=30))]
        at -= _HARDSHIP_HOLD if nature is Nature.HARDSHIP else 0
        if at < _DISPUTES[nature] and not life.contested:
            return [self._dispute(life, rng.choice(late), day, key, rng)]
        at -= _DISPUTES[nature]
        if at < _PROMISES[nature] and life.promised is None:
            return [self._promise(life, late, day, key, rng)]
        return []

    def _promise(self, life: _Life, late: list[Owed], day: date, key: str, rng: Random) -> Talk:
        total = sum(owed.owed_minor for owed in late)
        whole = 100 if late[0].item.currency == "TWD" else 1
        amount = total if rng.random() < 0.75 else max(1, total // 2 // whole * whole)
        keeps, part = rng.random() < _KEEPS[life.debtor.nature], rng.random() < _PART_KEEPS
        due = day + timedelta(days=rng.randint(5, 18))
        pays = amount if keeps else max(1, amount // 3 // whole * whole) if part else 0
        life.promised = _Promised(due, late[0].item.currency, amount, pays)
        return Talk("promise", life.debtor.number, key, late[0].item.currency, "", amount, due)

    def _dispute(self, life: _Life, owed: Owed, day: date, key: str, rng: Random) -> Talk:
        whole = 100 if owed.item.currency == "TWD" else 1
        part: int | None = None
        if rng.random() < 0.5:
            part = min(owed.owed_minor, max(whole, int(owed.owed_minor * rng.uniform(0.1, 0.6) / whole) * whole))
        owed.contested = part is None
        right = rng.random() < 0.5
        life.contested.append(_Contested(day + timedelta(days=rng.randint(5, 20)), key, owed, part, right))
        reason = rng.choice(REASONS[life.debtor.place.language])
        return Talk("dispute", life.debtor.number, key, owed.item.currency, owed.item.number, part, words=reason)

    def _settled(self, life: _Life, day: date) -> list[Talk]:
        """The creditor decides disputes and answers complaints whose day has come."""
        talks = []
        language = life.debtor.place.language
        for each in [each for each in life.contested if each.close <= day]:
            life.contested.remove(each)
            each.owed.contested = False
            talks.append(
                Talk("dispute_closed", life.debtor.number, each.key, words=OUTCOMES[language][0 if each.right else 1])
            )
            credit = min(each.owed.owed_minor, each.part_minor or each.owed.owed_minor)
            if each.right and credit > 0:
                item = each.owed.item
                each.owed.owed_minor -= credit
                self._notes.append(
                    Item(
                        self._number("K"), item.debtor, "credit_note", item.number, day, day, item.currency, credit,
                        self.house.credit_name,
                    )
                )  # fmt: skip
                self._drop_settled(life)
        if life.complaint and life.complaint[0] <= day:
            talks.append(Talk("complaint_answered", life.debtor.number, life.complaint[1], words=ANSWERS[language]))
            life.complaint = None
        return talks

    def _due(self, life: _Life, day: date) -> list[Owed]:
        late = [owed for owed in life.owed if owed.item.due < day and not owed.contested and owed.owed_minor > 0]
        return sorted(late, key=lambda owed: (owed.item.due, owed.item.number))

    def _drop_settled(self, life: _Life) -> None:
        life.owed = [owed for owed in life.owed if owed.owed_minor > 0]

    def _number(self, letter: str) -> str:
        self._numbers += 1
        return f"{letter}{self.house.prefix}{self._numbers:06d}"

    def _chance(self, number: str, day: date, what: str) -> Random:
        return calibration.chance(self._seed, number, day, what)
