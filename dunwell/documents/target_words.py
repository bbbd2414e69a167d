"""A target beside what came, in words."""

from collections.abc import Mapping
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money


def target_words(row: Mapping[str, Any], language: str) -> str:
    """A row of `engine.book.targets.against_money` as a sentence."""

    def sum_of(name: str) -> str:
        return format_money(row[name], row["currency"], language)

    return say(
        f"target.{row['state']}", language, amount=sum_of("amount_minor"), by=format_date(row["by_date"], language),
        since=format_date(row["set_date"], language), came=sum_of("came_minor"), missing=sum_of("missing_minor"),
    )  # fmt: skip


def target_chip(row: Mapping[str, Any], language: str) -> str:
    """The same, short, as it stands beside a task."""
    return say(
        f"target.chip.{row['state']}", language, amount=format_money(row["amount_minor"], row["currency"], language),
        by=row["by_date"].isoformat(), missing=format_money(row["missing_minor"], row["currency"], language),
    )  # fmt: skip
