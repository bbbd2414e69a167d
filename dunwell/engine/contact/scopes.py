"""Which rules apply to whom: subjects of the same profile are asked the same rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from dunwell.core.terms import Channel
from dunwell.rulebook.contact_rules import Rule, Rules

DIMENSIONS = ("debtor", "place", "debt", "collector", "creditor", "purpose", "to", "at_place", "mode", "begun")
CHANNELS = tuple(str(channel) for channel in Channel)


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """A rule with its values of the day, and by profile the channels on which it speaks. `everyone`: all profiles.

    The same as no other: what is worked out of it can be kept beside it.
    """

    rule: Rule
    value: Mapping[str, Any]
    channels: Mapping[int, tuple[str, ...]]
    everyone: bool

    @property
    def profiles(self) -> pl.Series:
        """The profiles it applies to."""
        return pl.Series(list(self.channels), dtype=pl.Int32)

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those rows (profile) that it applies to."""
        return rows if self.everyone else rows.filter(pl.col("profile").is_in(self.profiles.implode()))

    def on_channels(self) -> pl.DataFrame:
        """profile, channel: one row for each channel of a profile."""
        rows = [(profile, channel) for profile, channels in self.channels.items() for channel in channels]
        return pl.DataFrame(rows, schema={"profile": pl.Int32, "channel": pl.String}, orient="row")


def began(rule: str, channel: str) -> str:
    """How a subject is told (in `begun`) that an exception which asks what he began holds on a channel."""
    return f"{rule}@{channel}"


def with_profiles(subjects: pl.DataFrame) -> tuple[pl.DataFrame, list[dict[str, str | None]]]:
    """Subjects + profile, and what each profile is told of (see `contact_rules.Scope.matches`)."""
    distinct = subjects.select(DIMENSIONS)
    if distinct.height == 1:
        return subjects.with_columns(profile=pl.lit(0, pl.Int32)), distinct.to_dicts()
    distinct = distinct.unique().sort(DIMENSIONS, nulls_last=True)
    distinct = distinct.with_columns(profile=pl.int_range(pl.len(), dtype=pl.Int32))
    joined = subjects.join(distinct, on=list(DIMENSIONS), how="left", nulls_equal=True)
    return joined, distinct.drop("profile").to_dicts()


def applied(
    rules: Rules, day: date, profiles: list[dict[str, str | None]], providers: Mapping[str, str]
) -> Mapping[str, tuple[Applied, ...]]:
    """The rules in force on a day that apply to any profile, without those an exception silences, by kind."""
    told = tuple(tuple(profile.items()) for profile in profiles)
    return _applied(_Named(rules.hash, rules), day, told, tuple(sorted(providers.items())))


@dataclass(frozen=True, slots=True)
class _Named:
    """Rules that are the same where their hash is."""

    hash: str
    rules: Rules = field(compare=False)


@lru_cache(maxsize=256)
def _applied(
    named: _Named,
    day: date,
    profiles: tuple[tuple[tuple[str, str | None], ...], ...],
    providers: tuple[tuple[str, str], ...],
) -> Mapping[str, tuple[Applied, ...]]:
    """Kept: a single debtor is asked about by the same rules as the one before."""
    speaking = [_channels(named, day, profile, providers) for profile in profiles]
    found: dict[str, list[Applied]] = {}
    for rule, value in named.rules.in_force(day):
        channels = {number: on[rule.id] for number, on in enumerate(speaking) if rule.id in on}
        if channels:
            found.setdefault(rule.kind, []).append(Applied(rule, value, channels, len(channels) == len(profiles)))
    return {kind: tuple(each) for kind, each in found.items()}


@lru_cache(maxsize=4096)
def _channels(
    named: _Named, day: date, profile: tuple[tuple[str, str | None], ...], providers: tuple[tuple[str, str], ...]
) -> Mapping[str, tuple[str, ...]]:
    """By rule the channels on which it speaks of a profile. Kept: a book has few profiles, and asks often."""
    exceptions: dict[str, list[tuple[Rule, Mapping[str, Any]]]] = {}
    for rule, value in named.rules.in_force(day, "exception"):
        exceptions.setdefault(rule.excepts or "", []).append((rule, value))
    told, carriers = dict(profile), dict(providers)
    found = {}
    for rule, _ in named.rules.in_force(day):
        mine, by_provider = exceptions.get(rule.id, ()), "provider" in rule.scope.lists
        # a channel that is not told matches, so that one look leaves most rules out
        if rule.kind == "exception" or not (by_provider or rule.scope.matches(told)):
            continue
        on = rule.channels
        if mine or by_provider:
            on = tuple(
                channel
                for channel in on
                if rule.scope.matches(here := {**told, "channel": channel, "provider": carriers.get(channel)})
                and not _silenced(mine, here)
            )
        if on:
            found[rule.id] = on
    return found


def _silenced(exceptions: Iterable[tuple[Rule, Mapping[str, Any]]], told: Mapping[str, str | None]) -> bool:
    """Whether the innermost exceptions that hold lift the rule. One whose wording was not seen lifts nothing."""
    holding = [
        (rule, value["lifts"])
        for rule, value in exceptions
        if (
            rule.verified and rule.scope.surely_matches(told) and _is_begun(rule, value, told)
            if value["lifts"]
            else rule.scope.matches(told)
        )
    ]
    return bool(holding) and all(
        lifts or any(other.scope.lies_in(rule.scope) and not rule.scope.lies_in(other.scope) for other, _ in holding)
        for rule, lifts in holding
    )


def _is_begun(rule: Rule, value: Mapping[str, Any], told: Mapping[str, str | None]) -> bool:
    """Whether the debtor himself began, as far as an exception asks; see `engine.contact.begun`."""
    return not value["begun"] or began(rule.id, told["channel"] or "") in (told["begun"] or "").split(" ")
