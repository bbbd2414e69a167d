"""A house that lives from day to day: the program sends what it decides, a collector does the tasks he is given."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from dunwell.core.terms import Stage
from dunwell.engine.day.decide import Outcome
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import default_strategy
from tests.engine.book import DAY, Book, days


@dataclass
class House:
    """A book and its diary. Everybody owes from `DAY` on, under the default strategy unless another is in force.

    in_vain     debtors whom no call reaches
    untouched   debtors whose tasks nobody does
    told        what is told on a day, before that day's run: day -> acts
    diary       debtor -> what was done and when, e.g. (2026-03-05, "reminder by email")
    reasons     debtor -> day -> (action, reason)
    """

    strategy: Strategy = field(default_factory=default_strategy)
    book: Book = field(default_factory=Book)
    in_vain: set[int] = field(default_factory=set)
    untouched: set[int] = field(default_factory=set)
    told: dict[date, list[Callable[[], object]]] = field(default_factory=lambda: defaultdict(list))
    diary: dict[int, list[tuple[date, str]]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[int, dict[date, tuple[str, str]]] = field(default_factory=lambda: defaultdict(dict))

    def debtor(self, name: str, minor: int = 1_000_00, *, due: date = DAY, kind: str = "business") -> int:
        """Somebody who owes one invoice."""
        debtor = self.book.debtor(name, kind=kind)
        self.book.invoice(debtor, minor, due, number=f"R-{name}")
        return debtor

    def observe(self, debtor: int, kind: str, value: str, since: date, until: date | None = None) -> None:
        """What somebody observed."""
        self.book.add("observations", debtor_id=debtor, kind=kind, value=value, from_date=since, until_date=until)

    def on(self, day: date, act: Callable[[], object]) -> None:
        """Something is told on a day that may have happened before."""
        self.told[day].append(act)

    def live(self, first: date, last: date, *, every: int = 1, strategy: Strategy | None = None) -> None:
        """Every day, or every n-th, from one day to another."""
        for day in (days(offset, first) for offset in range(0, (last - first).days + 1, every)):
            for told in sorted(each for each in self.told if each <= day):
                for act in self.told.pop(told):
                    act()
            self.day(day, strategy)

    def day(self, day: date, strategy: Strategy | None = None) -> Outcome:
        """One day: decide, send, do the tasks."""
        outcome = self.book.decide(day, strategy=strategy or self.strategy)
        for line in outcome.lines.iter_rows(named=True):
            self.reasons[line["debtor_id"]][day] = (line["action"], line["rule"] or line["reason"])
        for line in self.book.send(day, outcome):
            word = Stage(line["stage"]).word
            self.diary[line["debtor_id"]].append((day, f"{word} by {line['channel']}"))
        for note in outcome.notes.iter_rows(named=True):
            self.diary[note["debtor_id"]].append((day, f"{note['note']} by {note['channel']}"))
        for line in outcome.lines.filter(pl.col("action") == "task").iter_rows(named=True):
            if line["debtor_id"] not in self.untouched and line["person_stage"] is not None:
                self._do(line["debtor_id"], day, outcome)
        return outcome

    def _do(self, debtor: int, day: date, outcome: Outcome) -> None:
        """The collector does what he is given, the same day."""
        for item in outcome.tasks.filter(pl.col("debtor_id") == debtor).iter_rows(named=True):
            stage = Stage(item["stage"])
            vain = stage is Stage.CALL and debtor in self.in_vain
            if stage is Stage.CALL:
                self.book.contact(
                    debtor, day, channel="phone", currency=None, outcome="no_answer" if vain else "reached",
                    addressee="debtor", purpose="collection",
                )  # fmt: skip
            self.book.add(
                "steps", debtor_id=debtor, receivable_id=item["receivable_id"], stage=int(stage), done_date=day,
                taken=not vain,
            )  # fmt: skip
            self.diary[debtor].append((day, f"{stage.word} in vain" if vain else stage.word))

    def steps(self, debtor: int) -> list[str]:
        """What was done, without the days."""
        return [what for _, what in self.diary[debtor]]

    def why(self, debtor: int, day: date) -> str:
        """Why nothing (or something) happened on a day."""
        return self.reasons[debtor][day][1]
