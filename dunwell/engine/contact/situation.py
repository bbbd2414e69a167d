"""What the rules say of described situations: the very functions that ask about a book."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.documents.contact_answer import ChannelAnswer, Finding
from dunwell.engine.contact.asked import ADDRESSES, CONTACT_DEBTS, CONTACTS, DEBTS, ENTRIES, SUBJECTS, Asked
from dunwell.engine.contact.channel_answers import channel_answer
from dunwell.engine.contact.local_days import midnight
from dunwell.engine.contact.rule_findings import Said, say
from dunwell.engine.contact.scopes import CHANNELS
from dunwell.engine.contact.spoken import is_of_entry
from dunwell.intake.same_address import may_be_one
from dunwell.rulebook.contact_rules import ANSWERS, BY_NUMBER, CLOSING, OF_THE_PERSON, PERMITS, Rules
from dunwell.rulebook.situation import PastContact, RegisterEntry, Situation


def answer(situations: Sequence[Situation], rules: Rules) -> list[tuple[ChannelAnswer, ...]]:
    """The answers for each situation: for the channel it asks about, or for all of them."""
    found: list[tuple[ChannelAnswer, ...]] = [()] * len(situations)
    # rules are those of a day, and providers and public holidays those of one installation and place
    order = sorted(range(len(situations)), key=lambda n: _batch(situations[n]))
    for (day, providers, _), places in groupby(order, key=lambda n: _batch(situations[n])):
        numbers = list(places)
        batch = [situations[n] for n in numbers]
        named = _Names()
        asked = _asked(batch, named, dict(providers))
        said = say(asked, rules, date.fromisoformat(day), with_notes=True)
        for number, one in zip(numbers, _answers(batch, asked, said, named), strict=True):
            found[number] = one
    return found


def _batch(situation: Situation) -> tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    off = (situation.days_off or {}).items()
    days = tuple(sorted((place, tuple(sorted(day.isoformat() for day in days))) for place, days in off))
    return situation.rule_day.isoformat(), situation.providers, days


class _Names:
    """Numbers for what situations name by words: the same word of the same situation is the same number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str, str], int] = {}
        self.words: list[str] = []

    def number(self, situation: int, kind: str, word: str) -> int:
        key = (situation, kind, word)
        if key not in self._numbers:
            self._numbers[key] = len(self.words)
            self.words.append(word)
        return self._numbers[key]


def _debts(situation: Situation) -> list[str]:
    """The debts asked about, else those that contacts name; where nothing names any, all is one debt."""
    if situation.about is not None:
        return list(situation.about)
    named = {debt for contact in situation.contacts for debt in (*(contact.debts or ()), *(contact.talked or ()))}
    return sorted(named) or [""]


def _asked(batch: Sequence[Situation], named: _Names, providers: Mapping[str, str]) -> Asked:
    subjects, contacts, pairs, debts, entries = [], list[Any](), list[Any](), list[Any](), list[Any]()
    addresses = list[Any]()
    days_off: dict[str, frozenset[date]] = {}
    for n, each in enumerate(batch):
        account = named.number(n, "account", each.account or "")
        zones = " ".join(each.asked_zones)
        days_off.update(each.days_off or {})
        subjects.append((
            n, account, n, each.at.astimezone(UTC), each.debtor_kind, each.debtor_place, zones, each.debt_kind,
            each.collector, each.creditor_kind, each.purpose, each.to, each.at_place, each.mode, each.persons,
        ))  # fmt: skip
        if each.address is not None:
            address = named.number(n, "address", each.address)
            addresses += [(n, channel, address) for channel in CHANNELS if each.channel in (None, channel)]
        for debt in _debts(each):
            debts.append((account, named.number(n, "debt", debt)))
        for contact in each.contacts:
            number = len(contacts)
            owner = (
                None if None in (contact.account, each.account) else named.number(n, "account", contact.account or "")
            )
            used = _number_of(contact.address, n, each, named)
            contacts.append((
                number, owner, n, contact.at.astimezone(UTC), contact.channel, contact.direction, contact.outcome,
                contact.purpose, contact.to, contact.mode, used, contact.collector, contact.place,
            ))  # fmt: skip
            spoken_of = contact.talked if contact.outcome == "reached" else None
            if contact.debts is None and spoken_of is None:
                continue
            called = _debts(each) if contact.debts is None else contact.debts
            talked = called if spoken_of is None else spoken_of
            for debt in sorted({*called, *talked}):
                pairs.append((number, named.number(n, "debt", debt), debt in called, debt in talked))
        for entry in (*_widened(_last_words(each)), *_closed(each)):
            if entry.kind in PERMITS and entry.account is not None and each.account is None:
                continue  # what permits for one account permits where that one is known to be asked about
            binds = None in (entry.account, each.account) or entry.kind in OF_THE_PERSON
            entries.append((
                len(entries), None if binds else named.number(n, "account", entry.account or ""), n, entry.kind,
                entry.from_date, entry.from_at and entry.from_at.astimezone(UTC), entry.until_date, entry.channel,
                _number_of(entry.address, n, each, named, permits=entry.kind in PERMITS), entry.place,
                entry.purpose, " ".join(map(str, entry.weekdays)) or None, *(entry.hours or (None, None)), None,
            ))  # fmt: skip
    return Asked(
        subjects=pl.DataFrame(subjects, schema=SUBJECTS, orient="row"),
        contacts=pl.DataFrame(contacts, schema=CONTACTS, orient="row"),
        contact_debts=pl.DataFrame(pairs, schema=CONTACT_DEBTS, orient="row"),
        debts=pl.DataFrame(debts, schema=DEBTS, orient="row"),
        entries=pl.DataFrame(entries, schema=ENTRIES, orient="row"),
        addresses=pl.DataFrame(addresses, schema=ADDRESSES, orient="row"),
        days_off=days_off,
        providers=providers,
    )


def _last_words(situation: Situation) -> list[RegisterEntry]:
    """The entries without those that a later answer to the same question ended: about recording, as the book ends them
    (same account, channel, address, place and purpose)."""

    def scope(entry: RegisterEntry) -> tuple[str | None, ...]:
        return entry.account, entry.channel, entry.address, entry.place, entry.purpose

    def since(entry: RegisterEntry) -> datetime:
        return entry.from_at or max(midnight(zone, entry.from_date) for zone in situation.asked_zones)

    answers = [entry for entry in situation.entries if entry.kind in ANSWERS]
    return [
        entry
        for entry in situation.entries
        if not any(
            other.kind == ANSWERS.get(entry.kind)
            and scope(other) == scope(entry)
            and since(entry) < since(other) <= situation.at
            for other in answers
        )
    ]


def _widened(entries: Sequence[RegisterEntry]) -> Iterator[RegisterEntry]:
    """The entries; what closes a number closes it for every channel that uses numbers, whichever one it names."""
    for entry in entries:
        if entry.kind in CLOSING and entry.address is not None and entry.channel in BY_NUMBER:
            yield from (replace(entry, channel=channel) for channel in BY_NUMBER)
        else:
            yield entry


def _closed(situation: Situation) -> Iterator[RegisterEntry]:
    """What contacts say of whose address it was: where somebody else answered it is closed until it is confirmed. A
    message or a call that names no address may have been to any of its channel."""
    confirmed = [
        (entry.address, entry.from_at or max(midnight(zone, entry.from_date) for zone in situation.asked_zones))
        for entry in situation.entries
        if entry.kind == "verified"
    ]
    for contact in situation.contacts:
        if contact.outcome != "wrong_person" or (contact.address is None and not _may_tell_of_all(situation, contact)):
            continue
        same = (contact.address,) if contact.address is not None else (None, situation.address)
        if any(which in same and contact.at < since <= situation.at for which, since in confirmed):
            continue
        day = min(contact.at.astimezone(ZoneInfo(zone)).date() for zone in situation.asked_zones)
        numbers = contact.channel in BY_NUMBER and contact.address is not None
        for channel in BY_NUMBER if numbers else (contact.channel,):
            yield RegisterEntry("wrong_person", day, from_at=contact.at, channel=channel, address=contact.address)


def _may_tell_of_all(situation: Situation, contact: PastContact) -> bool:
    """Whether a contact that names no address may have been to the one asked about: it was with the same kind of
    person. Who opened the door to a visit tells nothing of an address that nobody named; nor who came to us."""
    return (contact.direction, contact.to or "debtor") == ("out", situation.to) and contact.channel != "visit"


def _number_of(
    address: str | None, n: int, situation: Situation, named: _Names, *, permits: bool = False
) -> int | None:
    """The number of an address. One that may be the address asked about is, but where it would permit something."""
    if address is None:
        return None
    asked = situation.address
    one = asked is not None and not permits and may_be_one(address, asked)
    return named.number(n, "address", asked if one and asked else address)


def _answers(batch: Sequence[Situation], asked: Asked, said: Said, named: _Names) -> list[tuple[ChannelAnswer, ...]]:
    by_subject: dict[int, list[dict[str, Any]]] = {}
    for row in said.findings.rows(named=True):
        by_subject.setdefault(row["subject_id"], []).append(row)
    spots = dict(said.hours.spots.rows())
    return [
        tuple(
            _channel(each, channel, by_subject.get(n, []), said, spots[n], named)
            for channel in CHANNELS
            if each.channel in (None, channel)
        )
        for n, each in enumerate(batch)
    ]


def _channel(
    situation: Situation, channel: str, rows: Sequence[dict[str, Any]], said: Said, spot: int, named: _Names
) -> ChannelAnswer:
    found = [
        Finding(
            row["rule"], row["effect"], row["detail"], row["count"],
            (named.words[row["debt_id"]] or None) if row["debt_id"] is not None else None,
            None if row["address_id"] is None else named.words[row["address_id"]], row["until_at"],
        )
        for row in rows
        if row["channel"] in (None, channel)
        and (row["address_id"] is None or _is_used(situation, channel, row, named.words[row["address_id"]]))
    ]  # fmt: skip
    return channel_answer(channel, situation.at, found, said, spot)


def _is_used(situation: Situation, channel: str, row: Mapping[str, Any], address: str) -> bool:
    """Whether what is said of one address is said of this contact: it is the one asked about. Where that is not known,
    what an entry forbids may be meant, and what is counted is if no other address is known."""
    if situation.address is not None:
        return situation.address == address
    if is_of_entry(row):
        return True
    named: list[tuple[str | None, str | None]] = [(each.channel, each.address) for each in situation.contacts]
    named += [(each.channel, each.address) for each in situation.entries]
    known = {word for on, word in named if word is not None and on in (None, channel)}
    return known == {address}
