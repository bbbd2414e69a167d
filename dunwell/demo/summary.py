"""What the demonstration tells at its end."""

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dunwell.actions.explain import channel_words, stage_words
from dunwell.actions.facts import facts_of
from dunwell.core.errors import say
from dunwell.core.money import DIGITS, grouped_amount
from dunwell.demo.play import Played
from dunwell.engine.ageing import BUCKETS
from dunwell.engine.findings import promises
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.reads import figures


def show(console: Console, played: list[Played], *, home: Path, until: date, language: str, seconds: int) -> None:
    """Print the tables, where things are, and what to do next."""

    def words(code: str, /, **params: Any) -> str:
        return say(f"demo.{code}", language, **params)

    def tell(code: str, /, **params: Any) -> None:
        console.print(words(code, **params), highlight=False, markup=False, soft_wrap=True)

    console.print()
    for table in (
        _ageing(played, words, language),
        _sent(played, words, language),
        _held(played, words, language),
        _recovered(played, words),
    ):
        console.print(table)
        console.print()
    _talks(played, until, tell)
    tell("evidence", entries=f"{figures.journal_entries():,}", documents=f"{figures.documents():,}")
    console.print()
    _places(played, home, tell)
    console.print()
    told = _worth_explaining(played)
    tell("explain_this", number=told[1])
    here, program = f"DUNWELL_HOME={_short(home)}", _program()
    tell("command", command=f"{here} {program} explain {told[1]} --creditor {told[0]}")
    tell("browse")
    tell("command", command=f"{here} {program} serve")
    tell("next")
    tell("command", command=f'{program} init --name "..." --country DE')
    tell("command", command=f"{program} import FILE... && {program} run")
    tell("took", seconds=seconds)


def _ageing(played: list[Played], words: Callable[..., str], language: str) -> Table:
    """Open amounts of all creditors by days past due, in thousands: they stand beside each other on 80 columns."""
    sums: Counter[tuple[str, str]] = Counter()
    for each in played:
        for row in each.last.summary["ageing"] if each.last else []:
            sums[row["currency"], row["bucket"]] += row["open_minor"]
    heads = [_right(say(f"bucket.{bucket}", language)) for bucket in BUCKETS]
    table = Table(words("column.currency"), *heads, title=words("ageing"))
    for currency in sorted({currency for currency, _ in sums}):
        one = 1000 * 10 ** DIGITS[currency]
        table.add_row(currency, *(f"{round(sums[currency, bucket] / one):,}" for bucket in BUCKETS))
    return table


def _sent(played: list[Played], words: Callable[..., str], language: str) -> Table:
    """Contacts by stage, channel and outcome."""
    counts: Counter[tuple[int, str, str]] = Counter()
    for each in played:
        for channel, stage, outcome, count in figures.contacts(each.creditor):
            counts[stage, channel, outcome] += count
    table = Table(
        words("column.stage"), words("column.channel"), words("column.outcome"), _right(words("column.count")),
        title=words("sent"),
    )  # fmt: skip
    for (stage, channel, outcome), count in sorted(counts.items()):
        table.add_row(
            stage_words(stage, language), channel_words(channel, language), words(f"outcome.{outcome}"), f"{count:,}"
        )
    return table


def _held(played: list[Played], words: Callable[..., str], language: str) -> Table:
    """Debtors protected by each rule, and messages that the last look stopped."""
    table = Table(
        words("column.reason"), _right(words("column.debtors")), _right(words("column.messages")), title=words("held")
    )
    debtors: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    for each in played:
        debtors.update({rule: len(numbers) for rule, numbers in each.held.items()})
        stopped.update(figures.cancelled(each.creditor))
    for rule, count in sorted(debtors.items()):
        table.add_row(_rule(rule, language), f"{count:,}", "")
    for reason, count in sorted(stopped.items()):
        code, _, rule = reason.partition(":")
        told = _rule(rule, language) if rule else say(f"send.reason.{code}", language)
        table.add_row(words("stopped", reason=told), "", f"{count:,}")
    return table


def _recovered(played: list[Played], words: Callable[..., str]) -> Table:
    """Money that came in after the first contact with its payer."""
    sums: Counter[str] = Counter()
    for each in played:
        sums.update(figures.recovered(each.creditor))
    table = Table(words("column.currency"), _right(words("column.amount")), title=words("recovered"))
    for currency, minor in sorted(sums.items()):
        table.add_row(currency, grouped_amount(minor, currency))
    return table


def _talks(played: list[Played], until: date, tell: Callable[..., None]) -> None:
    kept: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for each in played:
        known = facts_of(each.creditor).on(until)
        kept.update(promises(known, house_rules(), until)["state"].to_list())
        told.update(each.recorded)
    tell(
        "promises",
        made=kept.total(),
        kept=kept["kept"],
        part=kept["part_kept"],
        broken=kept["broken"],
        open=kept["open"],
    )
    tell(
        "talks", disputes=told["dispute"], closed=told["dispute_closed"], complaints=told["complaint"],
        cease=told["cease"], hardship=told["hardship"], hurried=sum(each.world.told["hurried"] for each in played),
        bounced=sum(each.bounced for each in played),
    )  # fmt: skip


def _places(played: list[Played], home: Path, tell: Callable[..., None]) -> None:
    tell("letters", count=f"{sum(each.letters for each in played):,}", path=_short(home / "letters"))
    for each in played:
        letters = home / "letters" / each.creditor.code
        names = sorted(letters.glob("*/*-second*.pdf")) or sorted(letters.glob("*/*.pdf"))
        if names:
            tell("sample", path=_short(names[len(names) // 2]))
    tell("mails", count=f"{sum(each.mails for each in played):,}", path=_short(home / "mail"))
    tell("files", path=_short(home / "book"))


def _worth_explaining(played: list[Played]) -> tuple[str, str]:
    """Creditor and number of the debtor with whom most happened, of those who still owe not too many items."""
    found = [
        (
            _weight(each.events.get(debtor.number, ()), each.world.owes(debtor.number)),
            each.book.house.code,
            debtor.number,
        )
        for each in played
        for debtor in each.book.debtors
    ]
    _, code, number = max(found, key=lambda one: (one[0], one[2]))
    return code, number


def _weight(events: Iterable[str], owes: int) -> int:
    """Talks weigh more than contacts; beyond five contacts nothing new is to be seen, and a long list tires."""
    contacts = sum(event.startswith("contact") for event in events)
    talks = sum(event in ("promise", "dispute", "complaint", "payment") for event in events)
    return min(contacts, 5) + 3 * talks + (10 if owes else 0) - max(0, owes - 6)


def _rule(rule: str, language: str) -> str:
    return escape(house_rules().named(rule).title[language])


def _right(head: str) -> Column:
    return Column(head, justify="right")


def _program() -> str:
    """How `dunwell` is called from where the user stands."""
    beside = Path(sys.executable).parent / "dunwell"
    return "dunwell" if shutil.which("dunwell") == str(beside) else _short(beside)


def _short(path: Path) -> str:
    """A path for a shell: seen from the working directory if it lies below it."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
