"""What the contact rules say of contacts with debtors of a book that somebody is about to make: one answer for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from dunwell.documents.contact_answer import ChannelAnswer, Finding
from dunwell.engine.contact.asked import ADDRESSES, DEBTS, SUBJECTS, Asked
from dunwell.engine.contact.channel_answers import channel_answer
from dunwell.engine.contact.findings import asked_of, third_persons
from dunwell.engine.contact.rule_findings import Said, say
from dunwell.engine.contact.spoken import is_of_entry
from dunwell.engine.facts import Facts
from dunwell.rulebook.contact_rules import BY_NUMBER, Rules


@dataclass(frozen=True, slots=True)
class Planned:
    """A contact that is about to be made. What is None is not known; the words are those of docs/contact-rules.md.

    contact_point   the address or number that is used
    collector       who makes it, own or agency; None: who collects for the creditor
    currency        what is demanded is owed in it; None: in all of them
    about           receivables it is about; None: all of the debtor's
    reminds         it reminds the debtor of his open promises, which else stand against it
    """

    debtor_id: int
    channel: str
    purpose: str = "collection"
    to: str = "debtor"
    contact_point: int | None = None
    place: str | None = None
    mode: str = "interactive"
    persons: int | None = None
    collector: str | None = None
    currency: str | None = None
    about: tuple[int, ...] | None = None
    reminds: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a planned contact.

    until_at   when the present hours end (None: no hours bind the channel, or they are not open)
    zones      where the debtor may be
    """

    planned: Planned
    answer: ChannelAnswer
    until_at: datetime | None
    zones: tuple[str, ...]


def told_of(
    facts: Facts, rules: Rules, day: date, at: datetime, planned: Sequence[Planned], *, with_notes: bool = False
) -> list[Told]:
    """The answer to each planned contact at a moment, all asked at once.

    facts   of the debtors and whoever bears on them; what lies after the moment counts for nothing
    day     the creditor's business day then, whose rules hold
    """
    if not planned:
        return []
    persons = third_persons(facts)
    asked = _narrowed(asked_of(facts, rules, day, at), planned, at, persons)
    said = say(asked, rules, day, with_notes=with_notes)
    spots = dict(said.hours.spots.select("subject_id", "spot").rows())
    zones = dict(asked.subjects.select("subject_id", "zones").rows())
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in said.findings.rows(named=True):
        rows.setdefault(row["subject_id"], []).append(row)
    closing = _closing(said, at)
    channels = dict(facts["contact_points"].select("contact_point_id", "channel").rows())
    return [
        Told(
            planned=each,
            answer=channel_answer(
                each.channel, at, _findings(each, rows.get(n, []), channels, persons), said, spots[n]
            ),
            until_at=closing.get((spots[n], each.channel)),
            zones=tuple(filter(None, (zones[n] or "").split(" "))),
        )
        for n, each in enumerate(planned)
    ]


def _narrowed(asked: Asked, planned: Sequence[Planned], at: datetime, persons: Mapping[int, int]) -> Asked:
    """The planned contacts as subjects, and the debts they are about."""
    rows = [
        (n, each.debtor_id, each.purpose, each.to, each.place, each.mode, each.persons, each.collector)
        for n, each in enumerate(planned)
    ]
    told = {"purpose": pl.String, "to": pl.String, "at_place": pl.String, "mode": pl.String, "persons": pl.Int32}
    wanted = pl.DataFrame(rows, schema={"n": pl.Int64, "debtor_id": pl.Int64, **told, "by": pl.String}, orient="row")
    subjects = (
        wanted.join(asked.subjects.drop(list(told)), left_on="debtor_id", right_on="subject_id", maintain_order="left")
        .with_columns(subject_id="n", collector=pl.coalesce("by", "collector"))
        .select(list(SUBJECTS))
    )
    named = [(each.debtor_id, item) for each in planned if each.about is not None for item in each.about]
    about = {each.debtor_id for each in planned if each.about is not None}
    debts = pl.concat(
        [
            asked.debts.filter(~pl.col("account_id").is_in(sorted(about))),
            pl.DataFrame(named, schema=DEBTS, orient="row").unique(maintain_order=True),
        ]
    )
    reminded = sorted({each.debtor_id for each in planned if each.reminds})
    of_promise = (pl.col("kind") == "promise") & pl.col("account_id").is_in(reminded)
    used = [
        (n, each.channel, persons.get(each.contact_point, each.contact_point))
        for n, each in enumerate(planned)
        if each.contact_point is not None
    ]
    return replace(
        asked, subjects=subjects, contacts=asked.contacts.filter(pl.col("at") <= at), debts=debts,
        entries=asked.entries.filter(~of_promise.fill_null(value=False)),
        addresses=pl.DataFrame(used, schema=ADDRESSES, orient="row"),
    )  # fmt: skip


def _findings(
    planned: Planned, rows: Sequence[dict[str, Any]], channels: Mapping[int, str], persons: Mapping[int, int]
) -> list[Finding]:
    """What is said of this channel, of this address or of the third person whose it is, and of what is demanded."""
    point = planned.contact_point
    meant = (None, point) if point is None else (None, point, persons.get(point, point))
    return [
        Finding(
            rule=row["rule"], effect=row["effect"], detail=row["detail"], count=row["count"],
            debt=None if row["debt_id"] is None else str(row["debt_id"]),
            address=_named(row["address_id"], point), until_at=row["until_at"],
        )
        for row in rows
        if row["channel"] in (None, planned.channel)
        and (row["address_id"] in meant or _may_be_meant(planned, row, channels))
        and (None in (row["currency"], planned.currency) or row["currency"] == planned.currency)
    ]  # fmt: skip


def _named(address: int | None, point: int | None) -> str | None:
    """An address as it is told: a third person (below zero) by the number that is asked about."""
    told = point if address is not None and address < 0 else address
    return None if told is None else str(told)


def _may_be_meant(planned: Planned, row: Mapping[str, Any], channels: Mapping[int, str]) -> bool:
    """Where nobody said which address is used, what was told of one of this channel may be about it; of a number, on
    every channel that uses numbers."""
    if row["address_id"] < 0:
        return planned.contact_point is None and planned.to == "third_person"
    on = channels.get(row["address_id"], planned.channel)
    meant = on == planned.channel or {on, planned.channel} <= {*BY_NUMBER}
    return planned.contact_point is None and is_of_entry(row) and meant


def _closing(said: Said, at: datetime) -> dict[tuple[int, str], datetime]:
    """When the present hours close, by spot and channel whose hours a rule binds."""
    rows = said.hours.windows.filter(pl.col("bound") & (pl.col("open_at") <= at) & pl.col("close_at").is_not_null())
    return {(spot, channel): closes for spot, channel, closes in rows.select("spot", "channel", "close_at").rows()}
