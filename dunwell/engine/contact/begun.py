"""Whether an answer rests on what an exception wants of it: that the debtor began by the same channel, in the very
hours or from the very place he had refused. What is not known is not so. See "Answers" in docs/contact-rules.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.engine.contact.answers import ANSWER, HIMSELF, span_of
from dunwell.engine.contact.asked import Asked
from dunwell.engine.contact.counts import UNSENT
from dunwell.engine.contact.scopes import CHANNELS, began
from dunwell.rulebook.contact_rules import Rules

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An exception: its id, what it wants of the beginning, and the kinds of entries that its rule is about."""

    rule: str
    begun: tuple[str, ...]
    entries: tuple[str, ...]


def with_begun(subjects: pl.DataFrame, asked: Asked, rules: Rules, day: date) -> pl.DataFrame:
    """Subjects + begun: for which exceptions, on which channels, the debtor himself began (`scopes.began`, joined by a
    space); null where for none, as with everybody who is not answered.

    subjects   those of `asked`, with the purposes that are left to them (`answers.settled`)
    asked      as it was told: each answer that was made uses up one beginning, whatever it counts as
    """
    wanted = _wanted(rules, day)
    answered = subjects.filter(pl.col("purpose") == ANSWER) if wanted else subjects.clear()
    if answered.is_empty():
        return subjects.with_columns(begun=pl.lit(None, pl.String))
    span, persons = span_of(rules, day), answered["person_id"].unique().implode()
    contacts, entries = (
        frame.filter(pl.col("person_id").is_in(persons)).rows(named=True) for frame in (asked.contacts, asked.entries)
    )
    rows = []
    for subject in answered.rows(named=True):
        mine = _of_whom(contacts, subject)
        told = [entry for entry in entries if _is_about(entry, subject)]
        held = [
            began(each.rule, channel)
            for each in wanted
            for channel in CHANNELS
            if _is_begun(each, channel, subject, mine, told, span)
        ]
        rows.append((subject["subject_id"], " ".join(held) or None))
    found = pl.DataFrame(rows, schema={"subject_id": pl.Int64, "begun": pl.String}, orient="row")
    return subjects.join(found, on="subject_id", how="left")


def _wanted(rules: Rules, day: date) -> list[_Wanted]:
    entries = {rule.id: tuple(value["entries"]) for rule, value in rules.in_force(day, "register")}
    return [
        _Wanted(rule.id, tuple(value["begun"]), entries.get(rule.excepts or "", ()))
        for rule, value in rules.in_force(day, "exception")
        if value["begun"]
    ]


def _of_whom(contacts: Iterable[Row], subject: Row) -> list[Row]:
    """What passed between us and the one who is asked about, until now, the oldest first."""
    return sorted(
        (
            each
            for each in contacts
            if each["person_id"] == subject["person_id"]
            and (each["to"] or HIMSELF) == (subject["to"] or HIMSELF)
            and each["outcome"] not in UNSENT
            and each["at"] <= subject["at"]
        ),
        key=lambda each: each["at"],
    )


def _is_about(entry: Row, subject: Row) -> bool:
    return (
        entry["person_id"] == subject["person_id"]
        and entry["account_id"] in (None, subject["account_id"])
        and entry["at_place"] in (None, subject["at_place"])
        and entry["purpose"] in (None, subject["purpose"])
    )


def _is_begun(
    wanted: _Wanted,
    channel: str,
    subject: Row,
    contacts: Sequence[Row],
    entries: Sequence[Row],
    span: timedelta | None,
) -> bool:
    """Whether a beginning that fits is left, when each answer since took the oldest one that it could."""
    meant = [each for each in entries if each["kind"] in wanted.entries and each["channel"] in (None, channel)]
    by_channel = [each for each in contacts if "same_channel" not in wanted.begun or each["channel"] == channel]
    left = [
        each["at"]
        for each in by_channel
        if each["direction"] == "in" and all(_FITS[word](each, subject, meant) for word in wanted.begun)
    ]
    for each in by_channel:
        if each["direction"] == "out" and each["purpose"] == ANSWER:
            _oldest(left, each["at"], span, take=True)
    return _oldest(left, subject["at"], span)


def _oldest(left: list[datetime], at: datetime, span: timedelta | None, *, take: bool = False) -> bool:
    found = next((each for each in left if each <= at and (span is None or at <= each + span)), None)
    if found is not None and take:
        left.remove(found)
    return found is not None


def _in_zones(entry: Row, subject: Row) -> list[ZoneInfo]:
    """The zones by whose clock an entry is in force now."""
    return [zone for name in subject["zones"].split(" ") if _holds(entry, zone := ZoneInfo(name), subject["at"])]


def _holds(entry: Row, zone: ZoneInfo, at: datetime) -> bool:
    clock = at.astimezone(zone)
    today = clock.date()
    begun = entry["from_date"] <= today if entry["from_at"] is None else entry["from_at"] <= at
    return (
        begun
        and (entry["until_date"] is None or today <= entry["until_date"])
        and (entry["weekdays"] is None or str(today.isoweekday()) in entry["weekdays"].split(" "))
        and (entry["hours_from"] or "00:00") <= f"{clock:%H:%M}" < (entry["hours_until"] or "24:00")
    )


def _since_refused(contact: Row, subject: Row, entries: Iterable[Row]) -> bool:
    """What he began before he refused is no exception to it; on the very day, it may be the refusal itself."""
    return all(
        contact["at"].astimezone(zone).date() >= entry["from_date"]
        for entry in entries
        for zone in _in_zones(entry, subject)
    )


def _in_refused_time(contact: Row, subject: Row, entries: Iterable[Row]) -> bool:
    """The hours that are refused now are those in which he began, on the same day."""
    return all(
        _holds(entry, zone, contact["at"])
        and contact["at"].astimezone(zone).date() == subject["at"].astimezone(zone).date()
        for entry in entries
        if entry["kind"] == "inconvenient_time"
        for zone in _in_zones(entry, subject)
    )


def _from_refused_place(contact: Row, subject: Row, entries: Iterable[Row]) -> bool:
    refused = [each for each in entries if each["kind"] == "inconvenient_place" and _in_zones(each, subject)]
    return not refused or (contact["at_place"] is not None and contact["at_place"] == subject["at_place"])


_FITS = {
    "same_channel": lambda *_: True,  # only such contacts are looked at
    "since_refused": _since_refused,
    "in_refused_time": _in_refused_time,
    "from_refused_place": _from_refused_place,
}
