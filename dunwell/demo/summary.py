"""What the demonstration tells at its end."""

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dunwell.actions.facts import facts_of
from dunwell.core.errors import say
from dunwell.core.money import DIGITS, grouped_amount
from dunwell.core.terms import Stage
from dunwell.demo.play import Played
from dunwell.documents.decision_words import channel_words, message_words
from dunwell.engine.book.ageing import BUCKETS
from dunwell.engine.book.claims import open_items
from dunwell.engine.book.promises import promises
from dunwell.engine.facts import Facts
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
    known = {each.book.house.code: facts_of(each.creditor).on(until) for each in played}
    _talks(played, known, until, tell)
    first, now = sum(len(each.book.items) for each in played), figures.receivables()
    tell("book_grown", items=f"{now:,}", first=f"{first:,}", more=f"{now - first:,}")
    tell("evidence", entries=f"{figures.journal_entries():,}", documents=f"{figures.documents():,}")
    console.print()
    _places(played, home, tell)
    console.print()
    told = _worth_explaining(known, until)
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
            counts[int(Stage.CALL) if stage is None else stage, channel, outcome] += count
    table = Table(
        words("column.stage"), words("column.channel"), words("column.outcome"), _right(words("column.count")),
        title=words("sent"),
    )  # fmt: skip
    for (stage, channel, outcome), count in sorted(counts.items()):
        table.add_row(
            message_words(stage, language), channel_words(channel, language), words(f"outcome.{outcome}"), f"{count:,}"
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


def _talks(played: list[Played], known: dict[str, Facts], until: date, tell: Callable[..., None]) -> None:
    kept: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for each in played:
        kept.update(promises(known[each.book.house.code], house_rules(), until)["state"].to_list())
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


def _worth_explaining(known: dict[str, Facts], until: date) -> tuple[str, str]:
    """Creditor and number of the debtor with the richest story that is still short enough to read: money that came in
    part, a promise that was not kept, a dispute, several stages. The same book always gives the same debtor."""
    found = []
    for code, facts in known.items():
        stories = _stories(facts, until).join(facts["debtors"].select("debtor_id", "number"), on="debtor_id")
        best = stories.sort("weight", "number", descending=[True, False]).head(1)
        found += [(weight, code, number) for weight, number in best.select("weight", "number").rows()]
    # without any contact yet: the first debtor of the first creditor
    first_code, first = next(iter(known.items()))
    _, code, number = min(
        found, key=lambda one: (-one[0], one[1]), default=(0, first_code, first["debtors"]["number"][0])
    )
    return code, number


def _stories(facts: Facts, until: date) -> pl.DataFrame:
    """debtor_id, weight of everybody who owes something."""
    items = open_items(facts, until)
    promised = promises(facts, house_rules(), until)
    sent = facts["contacts"].filter((pl.col("direction") == "out") & (pl.col("outcome") == "sent"))
    parts = (
        (promised.filter(pl.col("state").is_in(["broken", "part_kept"])), _TURN),
        (promised.filter(pl.col("state") == "kept"), 1),
        (items.filter(pl.col("paid_minor") > 0), _TURN),
        (facts["disputes"], _TURN),
        (facts["complaints"], 2),
    )
    told = items.group_by("debtor_id").agg(weight=-2 * (pl.len().cast(pl.Int64) - _FEW).clip(lower_bound=0))
    stages = sent.group_by("debtor_id").agg(
        more=3 * pl.col("stage").n_unique().cast(pl.Int64) - (pl.len().cast(pl.Int64) - _FEW).clip(lower_bound=0)
    )
    told = _plus(told, stages)
    for rows, weight in parts:
        told = _plus(told, rows.select("debtor_id").unique().with_columns(more=pl.lit(weight, pl.Int64)))
    return told


def _plus(told: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    return (
        told.join(more, on="debtor_id", how="left")
        .with_columns(weight=pl.col("weight") + pl.col("more").fill_null(0))
        .select("debtor_id", "weight")
    )


_TURN = 4
"""A turn of the story weighs more than one more stage."""
_FEW = 6
"""Beyond so many items or contacts nothing new is to be seen, and a long list tires."""


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
