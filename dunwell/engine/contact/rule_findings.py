"""All that the contact rules say of some subjects at a moment, but for the hours: see `engine.contact.hours`."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from dunwell.engine.contact import answers, recording, registers
from dunwell.engine.contact import counts as contact_counts
from dunwell.engine.contact.asked import Asked
from dunwell.engine.contact.begun import with_begun
from dunwell.engine.contact.hours import Hours, windows
from dunwell.engine.contact.local_days import with_days
from dunwell.engine.contact.scopes import CHANNELS, Applied, applied, with_profiles
from dunwell.engine.contact.spoken import SPOKEN, gathered, nothing, on_channels, spoken
from dunwell.rulebook.contact_rules import SEASON_UNKNOWN, Rules, known_until

NOTES = ("content", "recording", "conduct")
_ASKED = ("never", "visitors", "register", "complaint", "promise", "requires", "season")


@dataclass(frozen=True, slots=True)
class Said:
    """What the rules say.

    findings   `spoken.SPOKEN`, but for hours
    hours      when contacts may take place
    profiles   subject_id, profile
    notes      by profile what must be known: rules of the kinds `NOTES`
    effects    by rule
    """

    findings: pl.DataFrame
    hours: Hours
    profiles: pl.DataFrame
    notes: tuple[Applied, ...]
    effects: Mapping[str, str]


def say(asked: Asked, rules: Rules, day: date, *, with_notes: bool = False, hours_from: datetime | None = None) -> Said:
    """Ask the rules in force on `day` about all subjects.

    with_notes   notes are told as findings too, one row a subject and note: for few subjects
    hours_from   hours are sought from this moment on (None: that of the subjects)
    """
    as_told = asked
    asked, idle = answers.settled(as_told, rules, day)
    subjects, profiles = with_profiles(with_begun(asked.subjects, as_told, rules, day))
    by_kind = applied(rules, day, profiles, asked.providers)
    counting, opening, others, notes = (
        [each for kind in kinds for each in by_kind.get(kind, ())]
        for kinds in (contact_counts.KINDS, ("hours",), _ASKED, NOTES)
    )
    # what only is to be known is told with the notes, to people
    others = [each for each in others if with_notes or each.rule.effect != "note"]
    subjects = with_days(subjects, contact_counts.spans_of(counting))
    told = registers.of_subjects(asked, subjects)
    grace = max((each.value["grace_days"] for each in others if each.rule.kind == "promise"), default=0)
    active = registers.in_force(told, grace)
    consents = registers.spans(asked, told)
    freed = registers.lifted([*counting, *opening, *others], active, consents, subjects.select("subject_id", "at"))
    from_then = (
        subjects if hours_from is None else subjects.with_columns(at=pl.lit(hours_from).cast(subjects["at"].dtype))
    )
    parts = [
        *contact_counts.counted(asked, subjects, counting, consents),
        *(_other(each, subjects, active, asked.addresses) for each in others),
    ]
    found = on_channels(gathered(parts), [*counting, *others])
    wishes = registers.wishes([each for each in others if each.rule.kind == "register"], told)
    return Said(
        findings=_without_lifted(
            pl.concat([found, *_all_notes([*notes, *_unknown(others, day)], subjects, active, asked.addresses), idle])
            if with_notes
            else found,
            freed,
        ).sort(list(SPOKEN), nulls_last=True),
        hours=windows(asked, from_then, opening, freed, wishes),
        profiles=subjects.select("subject_id", "profile"),
        notes=tuple(notes),
        effects={rule.id: rule.effect for rule in rules.rules},
    )


def _other(each: Applied, subjects: pl.DataFrame, active: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    if each.rule.kind in registers.KINDS:
        return registers.told(each, active)
    if each.rule.kind == "requires":
        return registers.required(each, subjects, active, addresses)
    mine = each.of(subjects)
    if each.rule.kind == "never":
        return spoken(each, mine.select("subject_id", "profile"))
    if each.rule.kind == "visitors":
        least = each.value["least"]
        few = mine.filter(pl.col("persons").is_null() | (pl.col("persons") < least))
        return spoken(each, few.select("subject_id", "profile", count="persons"))
    return _season(each, mine)


def _season(each: Applied, subjects: pl.DataFrame) -> pl.DataFrame:
    """A span of days in which people are left alone; the one that lasts longest is told."""
    rows = []
    for first, last in subjects.select("first_today", "last_today").unique().rows():
        spans = [tuple(span) for span in each.value["spans"]]
        for year in {first.year - 1, first.year, last.year, last.year + 1}:
            spans += [tuple(_in_year(year, day) for day in span) for span in each.value["yearly"]]
        ends = [end for begin, end in spans if begin <= last and end >= first]
        # a span that follows at once goes on
        while more := [
            end for begin, end in spans if ends and begin <= max(ends) + timedelta(days=1) and end > max(ends)
        ]:
            ends += more
        if ends:
            rows.append((first, last, max(ends)))
    if not rows:
        return nothing()
    schema = {"first_today": pl.Date, "last_today": pl.Date, "until_date": pl.Date}
    inside = subjects.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["first_today", "last_today"])
    return spoken(each, registers.with_end(inside.select("subject_id", "profile", "zones", "until_date")))


def _in_year(year: int, month_day: str) -> date:
    """A day of each year; the 29th of February is the 28th where there is none."""
    month, day = (int(part) for part in month_day.split("-"))
    return date(year, month, min(day, monthrange(year, month)[1]))


def _all_notes(
    notes: Sequence[Applied], subjects: pl.DataFrame, active: pl.DataFrame, addresses: pl.DataFrame
) -> list[pl.DataFrame]:
    """What must be known: what every rule says, and one answer about recording."""
    plain = [each for each in notes if each.rule.kind != "recording"]
    return [_noted(plain, subjects), recording.answered(notes, subjects, active, addresses)]


def _noted(notes: Sequence[Applied], subjects: pl.DataFrame) -> pl.DataFrame:
    """All notes at once: they ask nothing but the profile."""
    rows = [
        (profile, None if len(on) == len(CHANNELS) else channel, each.rule.id, "note", _codes(each))
        for each in notes
        for profile, on in each.channels.items()
        for channel in (on if len(on) < len(CHANNELS) else on[:1])
    ]
    schema = {"profile": pl.Int32(), **{name: pl.String() for name in ("channel", "rule", "effect", "detail")}}
    told = subjects.select("subject_id", "profile").join(pl.DataFrame(rows, schema=schema, orient="row"), on="profile")
    absent = [pl.lit(None, kind).alias(name) for name, kind in SPOKEN.items() if name not in told.columns]
    return told.with_columns(absent).select(list(SPOKEN))


def _unknown(found: Sequence[Applied], day: date) -> list[Applied]:
    """The seasons of which nothing is known on a day any more: silence would look like leave."""
    seasons = (each for each in found if each.rule.kind == "season")
    return [each for each in seasons if (last := known_until(each.value)) is not None and last < day]


def _codes(note: Applied) -> str:
    """What a note says, as codes."""
    if note.rule.kind == "season":
        return SEASON_UNKNOWN
    value: Mapping[str, Any] = note.value
    named = [*value.get("points", []), *value.get("must", []), *(f"not_{code}" for code in value.get("must_not", []))]
    return " ".join(named)


def _without_lifted(found: pl.DataFrame, freed: pl.DataFrame) -> pl.DataFrame:
    """Leave out what an entry lifts: on all channels, or on the entry's channel alone."""
    if found.is_empty() or freed.is_empty():
        return found
    whole = freed.filter(pl.col("channel").is_null() & pl.col("address_id").is_null())
    found = found.join(whole.select("subject_id", "rule"), on=["subject_id", "rule"], how="anti")
    narrow = freed.filter(pl.col("channel").is_not_null() | pl.col("address_id").is_not_null())
    if narrow.is_empty():
        return found
    hit = found.join(narrow.select("subject_id", "rule").unique(), on=["subject_id", "rule"], how="semi")
    rest = found.join(narrow.select("subject_id", "rule").unique(), on=["subject_id", "rule"], how="anti")
    channels = pl.DataFrame({"each": list(CHANNELS)})
    by_channel = (
        hit.with_row_index("row")
        .join(channels, how="cross")
        .filter(pl.col("channel").is_null() | (pl.col("channel") == pl.col("each")))
        .with_columns(channel="each")
        .drop("each")
    )
    lifts = by_channel.join(narrow, on=["subject_id", "rule"], suffix="_told").filter(
        (pl.col("channel_told").is_null() | (pl.col("channel_told") == pl.col("channel")))
        & (pl.col("address_id_told").is_null() | (pl.col("address_id_told") == pl.col("address_id")))
    )
    # a word for one address lifts what is said of it alone: what the same rule says besides stands
    left = by_channel.join(lifts.select("row", "channel").unique(), on=["row", "channel"], how="anti")
    return pl.concat([rest, left.select(list(SPOKEN))])
