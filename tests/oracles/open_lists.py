"""What `dunwell.engine.book.open_lists` says, a second time: one claim, one line and one list after another."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

Row = dict[str, Any]
Claim = tuple[int, str]
LAG, BOOKED = timedelta(days=5), timedelta(days=10)


@dataclass
class Money:
    """Money that came in, as far as it still counts."""

    row: Row
    claim: Claim | None
    minor: int
    note: bool = False
    used: int = 0
    inferred: bool = False

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.row["value_date"], self.row["number"], self.note)

    @property
    def is_ledger(self) -> bool:
        return not self.note and self.row["source_kind"] == "ledger"

    @property
    def day(self) -> date:
        return self.row["value_date"]


def above(payments: list[Row], item: Row) -> int:
    """How much more than its amount a list once showed open of an item."""
    mine = [
        p
        for p in payments
        if p["source_kind"] == "ledger"
        and (p["receivable_id"], p["currency"]) == (item["receivable_id"], item["currency"])
    ]
    said = most = 0
    for day in sorted({p["value_date"] for p in mine}):
        said += sum(p["amount_minor"] for p in mine if p["value_date"] == day)
        most = max(most, -said)
    return most


@dataclass
class OpenLists:
    """All money of a book beside the days of its lists; `settle` changes the money in place."""

    money: list[Money]
    claims: dict[Claim, list[Row]]
    lists: list[date]
    payments: list[Row]

    def settle(self) -> None:
        first = [r for rows in self.claims.values() for r in rows if r["open_as_of_date"]]
        if not first and not any(m.is_ledger for m in self.money):
            return
        for claim in {m.claim for m in self.money if m.claim}:
            self._without_known(claim)
        self._name_by_amount()
        for claim in {m.claim for m in self.money if m.claim}:
            counts = self._unexplained(claim)
            for m in sorted((m for m in self._of(claim) if m.is_ledger), key=lambda m: m.order):
                m.minor = min(max(m.minor, 0), counts)
                counts -= m.minor

    @property
    def last(self) -> date:
        said = [m.day for m in self.money if m.is_ledger]
        return max(self.lists + said, default=date.min)

    def _of(self, claim: Claim) -> list[Money]:
        return [m for m in self.money if m.claim == claim]

    def _unexplained(self, claim: Claim) -> int:
        """How much of the implied money of a claim counts."""
        mine = self._of(claim)
        by_item: dict[int, int] = defaultdict(int)
        for m in mine:
            if m.is_ledger:
                by_item[m.row["receivable_id"]] += m.minor
        bank = [m for m in mine if not m.is_ledger]
        said = 0
        for item, minor in by_item.items():
            said += max(minor + above(self.payments, {"receivable_id": item, "currency": claim[1]}), 0)
        implied = max(said - sum(m.minor for m in bank if m.day <= self.last), 0)
        late = [m.minor for m in bank if timedelta(0) < m.day - self.last <= LAG]
        if implied in late or sum(late) == implied:
            return 0
        total = sum(row["amount_minor"] for row in self.claims[claim])
        return min(implied, max(total - sum(m.minor for m in bank), 0))

    def _without_known(self, claim: Claim) -> None:
        """Bank money that lists had in view counts as far as they say."""
        ledger = [m for m in self._of(claim) if m.is_ledger]
        bank = [m for m in self._of(claim) if not m.is_ledger]
        firsts = [r["open_as_of_date"] for r in self.claims[claim] if r["open_as_of_date"]]
        first = min(firsts, default=None)
        back = max((m.day for m in ledger if m.minor < 0), default=None)
        taken = max((m.day for m in ledger if back and m.minor > 0 and m.day < back), default=None)
        rest, reopened = [], False
        for m in bank:
            gone = bool((taken and m.day <= taken) or (back and m.minor < 0 and m.day <= back))
            if first and m.day + BOOKED <= first:
                m.minor = 0
            elif gone or (first and m.day <= first and m.day + BOOKED <= self.last):
                rest.append(m)
                reopened |= gone
        if reopened:
            cap = sum(m.minor for m in ledger if m.day <= back)
        else:
            cap = sum(m.minor for m in ledger if first and first < m.day <= first + BOOKED)
        excess = max(sum(m.minor for m in rest) - max(cap, 0), 0)
        for m in sorted(rest, key=lambda m: (m.day, m.row["number"]), reverse=True):
            cut = min(max(m.minor, 0), excess)
            m.minor -= cut
            excess -= cut

    def _name_by_amount(self) -> None:
        lines = [
            m for m in self.money if m.claim is None and not m.is_ledger and m.minor > 0 and m.day - self.last <= LAG
        ]
        left = {claim: self._unexplained(claim) for claim in {m.claim for m in self.money if m.claim}}
        rows = [m for m in self.money if m.is_ledger and m.claim and 0 < m.minor <= left[m.claim]]
        rows.sort(key=lambda m: (m.day, m.claim, m.row["number"]))
        singles = [[m] for m in sorted(rows, key=lambda m: (m.row["number"], m.claim))]
        pairs = self._paired(lines, singles, left)
        used = {(m.row["debtor_id"], m.row["currency"], m.day) for _, group in pairs for m in group}
        named = {id(line) for line, _ in pairs}
        whole: list[list[Money]] = []

        def of_debtor(m: Money) -> tuple[int, str, date]:
            return (m.row["debtor_id"], m.row["currency"], m.day)

        for day, group in groupby(sorted(rows, key=of_debtor), of_debtor):
            members = list(group)
            if day not in used and len(members) > 1:
                whole.append(members)
        pairs += self._paired([line for line in lines if id(line) not in named], whole, left)
        parts = [(m.claim, m.day, line.row["number"], m.minor, line) for line, group in pairs for m in group]
        so_far: dict[Claim, int] = defaultdict(int)
        found: dict[tuple[int, Claim], Money] = {}
        for claim, _, _, minor, line in sorted(parts, key=lambda part: part[:3]):
            assert claim is not None
            so_far[claim] += minor
            if so_far[claim] > left[claim]:
                continue
            line.minor -= minor
            part = found.setdefault((id(line), claim), Money(line.row, claim, 0, note=line.note, inferred=True))
            part.minor += minor
        self.money += found.values()

    def _paired(
        self, lines: list[Money], cleared: list[list[Money]], left: dict[Claim, int]
    ) -> list[tuple[Money, list[Money]]]:
        """Lines with what was cleared by their very amount, in rounds: in each, a line asks the first list that may
        speak of it and has something left; there the earlier lines are served first."""
        pairs: list[tuple[Money, list[Money]]] = []
        lines, cleared = list(lines), list(cleared)
        while True:
            new = self._round(lines, cleared, left)
            if not new:
                return pairs
            pairs += new
            lines = [line for line in lines if not any(line is one for one, _ in new)]
            cleared = [group for group in cleared if not any(group is one for _, one in new)]

    def _round(
        self, lines: list[Money], cleared: list[list[Money]], left: dict[Claim, int]
    ) -> list[tuple[Money, list[Money]]]:
        taken: dict[Any, int] = defaultdict(int)
        pairs = []
        for line in sorted(lines, key=lambda m: (m.day, m.row["number"])):
            mine = [
                group
                for group in cleared
                if (group[0].row["debtor_id"], group[0].row["currency"])
                == (line.row["debtor_id"], line.row["currency"])
                and sum(m.minor for m in group) == line.minor
                and group[0].day >= line.day - LAG
            ]
            if not mine:
                continue
            day = min(group[0].day for group in mine)
            before = max((known for known in self.lists if known < day), default=None) if day in self.lists else None
            if before and before >= line.day + BOOKED:
                continue
            mine = [group for group in mine if group[0].day == day]
            key = (line.row["debtor_id"], line.row["currency"], line.minor, day)
            place, taken[key] = taken[key], taken[key] + 1
            if place < len(mine):
                group = mine[place]
                whole = all(m.claim and m.minor == left[m.claim] for m in group)
                if line.day <= self.last or whole:
                    pairs.append((line, group))
        return pairs
