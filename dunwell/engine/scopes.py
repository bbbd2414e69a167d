"""Which rules apply to whom: subjects of the same profile are asked the same rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dunwell.core.terms import Channel
from dunwell.rulebook.contact_rules import Rule, Rules

DIMENSIONS = ("debtor", "place", "debt", "collector", "creditor", "purpose", "to", "at_place", "mode")
CHANNELS = tuple(str(channel) for channel in Channel)


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule with its values of the day, and by profile the channels on which it speaks."""

    rule: Rule
    value: Mapping[str, Any]
    channels: Mapping[int, tuple[str, ...]]

    @property
    def profiles(self) -> pl.Series:
        """The profiles it applies to."""
        return pl.Series(list(self.channels), dtype=pl.Int32)

    def on_channels(self) -> pl.DataFrame:
        """profile, channel: one row for each channel of a profile."""
        rows = [(profile, channel) for profile, channels in self.channels.items() for channel in channels]
        return pl.DataFrame(rows, schema={"profile": pl.Int32, "channel": pl.String}, orient="row")

    def spoken_on(self) -> pl.DataFrame:
        """profile, channel: one row for each channel of a profile; null where the rule speaks of every channel."""
        rows = [
            (profile, channel)
            for profile, channels in self.channels.items()
            for channel in ([None] if len(channels) == len(CHANNELS) else channels)
        ]
        return pl.DataFrame(rows, schema={"profile": pl.Int32, "channel": pl.String}, orient="row")


def with_profiles(subjects: pl.DataFrame) -> tuple[pl.DataFrame, list[dict[str, str | None]]]:
    """Subjects + profile, and what each profile is told of (see `contact_rules.Scope.matches`)."""
    distinct = subjects.select(DIMENSIONS).unique().sort(DIMENSIONS, nulls_last=True).with_row_index("profile")
    joined = subjects.join(
        distinct.with_columns(pl.col("profile").cast(pl.Int32)), on=list(DIMENSIONS), how="left", nulls_equal=True
    )
    return joined, distinct.select(DIMENSIONS).to_dicts()


def applied(
    rules: Rules,
    kinds: Iterable[str],
    day: date,
    profiles: list[dict[str, str | None]],
    providers: Mapping[str, str],
) -> list[Applied]:
    """The rules of some kinds in force on a day that apply to any profile, without those an exception silences."""
    exceptions: dict[str, list[tuple[Rule, Mapping[str, Any]]]] = {}
    for rule, value in rules.in_force(day, "exception"):
        exceptions.setdefault(rule.excepts or "", []).append((rule, value))
    found = []
    for rule, value in rules.in_force(day, *kinds):
        channels = {}
        for number, profile in enumerate(profiles):
            on = tuple(
                channel
                for channel in rule.channels
                if rule.scope.matches(told := {**profile, "channel": channel, "provider": providers.get(channel)})
                and not _silenced(exceptions.get(rule.id, ()), told)
            )
            if on:
                channels[number] = on
        if channels:
            found.append(Applied(rule, value, channels))
    return found


def _silenced(exceptions: Iterable[tuple[Rule, Mapping[str, Any]]], told: Mapping[str, str | None]) -> bool:
    """Whether the innermost exceptions that hold lift the rule. One that is only recalled lifts nothing."""
    holding = [
        (rule, value["lifts"])
        for rule, value in exceptions
        if (
            rule.scope.surely_matches(told) and rule.confidence != "recalled"
            if value["lifts"]
            else rule.scope.matches(told)
        )
    ]
    return bool(holding) and all(
        lifts or any(other.scope.lies_in(rule.scope) and not rule.scope.lies_in(other.scope) for other, _ in holding)
        for rule, lifts in holding
    )
