"""Rules about what we were told: entries that forbid, that lift a rule, that must be there.

See docs/contact-rules.md.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.engine.contact.asked import ENTRIES, SUBJECTS, Asked
from dunwell.engine.contact.counts import REACHED_US
from dunwell.engine.contact.local_days import midnight
from dunwell.engine.contact.scopes import Applied
from dunwell.engine.contact.spoken import gathered, nothing, spoken
from dunwell.rulebook.contact_rules import DIRECT_CONSENT_DAYS, PERMITS

KINDS = ("register", "complaint", "promise")
"""Kinds of rules that speak where an entry is in force."""

TIMED = pl.col("weekdays").is_not_null() | pl.col("hours_from").is_not_null()
"""Entries about weekdays or hours shape the windows: see `engine.contact.hours`."""

_MOMENT = pl.Datetime("us", "UTC")
_NO_SPANS = pl.DataFrame(schema={
    "subject_id": pl.Int64(), "kind": pl.String(), "channel": pl.String(), "address_id": pl.Int64(),
    "account_id": pl.Int64(), "purpose": pl.String(), "begins_at": _MOMENT, "given_at": _MOMENT, "ends_at": _MOMENT,
})  # fmt: skip
_NOT_LIFTED = pl.DataFrame(
    schema={"subject_id": pl.Int64(), "channel": pl.String(), "address_id": pl.Int64(), "rule": pl.String()}
)


def of_subjects(asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """Entries by subject: his account's, and those that bind the person.

    Columns of `asked.ENTRIES`, subject_id, profile, zones, now, first_today, last_today; until_date of a direct consent
    is worked out.
    """
    return _nobody() if asked.entries.is_empty() else _by_subject(asked.entries, subjects)


@cache
def _nobody() -> pl.DataFrame:
    """No entries of subjects: most are told of nothing."""
    days = {"profile": pl.Int32(), "first_today": pl.Date(), "last_today": pl.Date()}
    return _by_subject(pl.DataFrame(schema=ENTRIES), pl.DataFrame(schema={**SUBJECTS, **days}))


def _by_subject(entries: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    mine = subjects.select(
        "subject_id", "person_id", "profile", "zones", "purpose", "at_place", "first_today", "last_today",
        my_account="account_id", now="at",
    ).rename({"purpose": "my_purpose", "at_place": "my_place"})  # fmt: skip
    rows = entries.join(mine, on="person_id").filter(
        pl.col("account_id").is_null() | (pl.col("account_id") == pl.col("my_account"))
    )
    lasts = pl.col("from_date").dt.offset_by(f"{DIRECT_CONSENT_DAYS - 1}d")
    return rows.with_columns(
        until_date=pl.when(pl.col("kind") == "direct_consent")
        .then(pl.coalesce("until_date", lasts))
        .otherwise("until_date")
    )


def in_force(entries: pl.DataFrame, grace_days: int = 0) -> pl.DataFrame:
    """Those in force now + sure: in every zone. What permits must be so, what forbids need be in force in one alone.
    Grace follows a promise."""
    if entries.is_empty():
        return entries.with_columns(sure=pl.lit(value=True))
    entries = entries.with_columns(
        until_date=pl.when(pl.col("kind") == "promise")
        .then(pl.col("until_date").dt.offset_by(f"{grace_days}d"))
        .otherwise("until_date")
    )
    permits = pl.col("kind").is_in(sorted(PERMITS))
    begun = pl.when(permits).then(pl.col("first_today")).otherwise("last_today") >= pl.col("from_date")
    told = pl.col("from_at").is_null() | (pl.col("from_at") <= pl.col("now"))
    last = pl.when(permits).then(pl.col("last_today")).otherwise("first_today")
    lasts = pl.col("until_date").is_null() | (pl.col("until_date") >= last)
    everywhere = (pl.col("first_today") >= pl.col("from_date")) & (
        pl.col("until_date").is_null() | (pl.col("until_date") >= pl.col("last_today"))
    )
    found = entries.filter(begun, told, lasts).with_columns(sure=everywhere)
    return _in_hours(_meant(found), permits & TIMED)


def _meant(entries: pl.DataFrame) -> pl.DataFrame:
    """Those about the place and the purpose that are asked about, where they name one."""
    here = pl.col("at_place").is_null() | (pl.col("at_place") == pl.col("my_place")).fill_null(value=False)
    meant = pl.col("purpose").is_null() | (pl.col("purpose") == pl.col("my_purpose")).fill_null(value=False)
    return entries.filter(here, meant | (pl.col("kind") == "notice_sent"))


def _in_hours(found: pl.DataFrame, timed: pl.Expr) -> pl.DataFrame:
    """Leave out what permits at hours of its own, unless the clocks of all zones show one of them."""
    rows = found.with_row_index("row")
    shut = [row["row"] for row in rows.filter(timed).rows(named=True) if not _shows(row)]
    return rows.filter(~pl.col("row").is_in(shut)).drop("row") if shut else found


def _shows(row: dict[str, Any]) -> bool:
    days, first, last = (row["weekdays"] or "1 2 3 4 5 6 7").split(" "), row["hours_from"], row["hours_until"]
    clocks = [row["now"].astimezone(ZoneInfo(zone)) for zone in row["zones"].split(" ")]
    return all(
        str(clock.isoweekday()) in days and (first or "00:00") <= f"{clock:%H:%M}" < (last or "24:00")
        for clock in clocks
    )


def spans(asked: Asked, entries: pl.DataFrame) -> pl.DataFrame:
    """When contacts were welcome: subject_id, kind, channel, address_id, account_id, purpose, begins_at, given_at,
    ends_at (excluded; null: open).

    `given_at`: what took place later was under it; where only the day is known, when that day is over. A consent ends
    with the first conversation after it, and in the earliest zone.
    """
    if entries.is_empty():
        return _NO_SPANS
    kinds = ["consent", "direct_consent", "hours_agreed", "frequency_agreed"]
    # what was agreed for some hours says nothing of how often
    permits = entries.filter(pl.col("kind").is_in(kinds) & ~TIMED)
    if permits.is_empty():
        return _NO_SPANS
    permits = (
        permits.join(_begun(permits), on=["zones", "from_date"], how="left")
        .join(_ended(permits), on=["zones", "until_date"], how="left")
        .with_columns(
            begins_at=pl.coalesce("from_at", "begins_at"), given_at=pl.coalesce("from_at", "given_at"),
        )
    )  # fmt: skip
    direct = pl.col("kind") == "direct_consent"
    parts = [permits.filter(~direct), _until_talk(permits.filter(direct), asked)]
    return pl.concat(part.select(list(_NO_SPANS.columns)) for part in parts).cast(dict(_NO_SPANS.schema))  # type: ignore[arg-type]


def _begun(permits: pl.DataFrame) -> pl.DataFrame:
    """zones, from_date, begins_at, given_at: when a day has begun, and is over, in every zone. A book knows few."""
    rows = []
    for zones, day in permits.select("zones", "from_date").unique().rows():
        names, next_day = zones.split(" "), day + timedelta(days=1)
        begins = max(midnight(zone, day) for zone in names)
        rows.append((zones, day, begins, max(midnight(zone, next_day) for zone in names) - timedelta(microseconds=1)))
    schema = {"zones": pl.String(), "from_date": pl.Date(), "begins_at": _MOMENT, "given_at": _MOMENT}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _ended(permits: pl.DataFrame) -> pl.DataFrame:
    """zones, until_date, ends_at: when a last day is over in the earliest zone."""
    rows = [
        (zones, day, min(midnight(zone, day + timedelta(days=1)) for zone in zones.split(" ")))
        for zones, day in permits.select("zones", "until_date").drop_nulls().unique().rows()
    ]
    schema = {"zones": pl.String(), "until_date": pl.Date(), "ends_at": _MOMENT}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _until_talk(direct: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Consents that end with the first conversation after them, if nothing ends them before."""
    if direct.is_empty():
        return direct
    rows = direct.with_row_index("row")
    talks = (
        rows.select("row", "person_id", "begins_at")
        .join(_talks(asked, direct), on="person_id")
        .filter(pl.col("at") > pl.col("begins_at"))
        .group_by("row")
        # the call that became the conversation was still welcome
        .agg(talked_at=pl.col("at").min().dt.offset_by("1us"))
    )
    return rows.join(talks, on="row", how="left").with_columns(ends_at=pl.min_horizontal("ends_at", "talked_at"))


def _talks(asked: Asked, permits: pl.DataFrame) -> pl.DataFrame:
    """person_id, at: conversations with them."""
    return (
        asked.contacts.join(permits.select("person_id").unique(), on="person_id", how="semi")
        .filter(
            (pl.col("outcome") == REACHED_US) & ~pl.col("to").is_in(["third_person", "attorney"]).fill_null(value=False)
        )
        .select("person_id", "at")
    )


def lifted(found: Sequence[Applied], active: pl.DataFrame, consents: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """rule, subject_id, channel (null: every), address_id (null: every): where an entry lifts a rule now.

    active     `in_force`; what lifts a rule must be sure, also where the entry is one that forbids
    consents   `spans`, whose ends count for consents
    now        subject_id, at
    """
    if active.is_empty() and consents.is_empty():
        return _NOT_LIFTED
    welcome = consents.join(now, on="subject_id").filter(
        pl.col("at") >= pl.col("begins_at"),
        # what is asked about at the very moment of the conversation that ended it is no longer welcome
        pl.col("ends_at").is_null() | (pl.col("at").dt.offset_by("1us") < pl.col("ends_at")),
    )
    keys, direct = ["subject_id", "channel", "address_id"], pl.col("kind") == "direct_consent"
    entries = pl.concat(
        [active.filter(~direct & pl.col("sure")).select("kind", *keys), welcome.filter(direct).select("kind", *keys)]
    )
    lifting = [(each.rule.id, kind) for each in found for kind in each.rule.unless]
    rules = pl.DataFrame(lifting, schema={"rule": pl.String, "kind": pl.String}, orient="row")
    return entries.join(rules, on="kind").select(*keys, "rule").unique()


def told(each: Applied, active: pl.DataFrame) -> pl.DataFrame:
    """A rule about entries that forbid."""
    kinds = each.value["entries"] if each.rule.kind == "register" else [each.rule.kind]
    if active.is_empty() or not active["kind"].is_in(kinds).any():
        return nothing()
    rows = each.of(active).filter(pl.col("kind").is_in(kinds) & ~TIMED)
    return spoken(
        each,
        rows.select(
            "subject_id", "profile", "channel", "address_id", "until_date", "zones", "currency", detail="kind"
        ).pipe(with_end),
    )


def wishes(found: Sequence[Applied], entries: pl.DataFrame) -> pl.DataFrame:
    """Entries about weekdays and hours that a rule makes binding, once for each channel: subject_id, rule, channel,
    weekdays, hours_from, hours_until, from_date, until_date, from_at."""
    columns = [
        "subject_id", "rule", "channel", "weekdays", "hours_from", "hours_until", "from_date", "until_date", "from_at",
    ]  # fmt: skip
    if entries.is_empty():
        return _no_wishes(tuple(columns))
    timed = _meant(entries).filter(TIMED)
    if timed.is_empty():
        return _no_wishes(tuple(columns))
    parts = [
        timed.filter(pl.col("kind").is_in(each.value["entries"]))
        .join(each.on_channels().rename({"channel": "on"}), on="profile")
        .filter(pl.col("channel").is_null() | (pl.col("channel") == pl.col("on")))
        .with_columns(channel="on", rule=pl.lit(each.rule.id))
        .select(columns)
        for each in found
    ]
    return pl.concat([_no_wishes(tuple(columns)), *parts])


@cache
def _no_wishes(columns: tuple[str, ...]) -> pl.DataFrame:
    return _nobody().with_columns(rule=pl.lit("")).select(columns)


def with_end(rows: pl.DataFrame) -> pl.DataFrame:
    """+ until_at: when the last day is over in every zone."""
    found = [
        (zones, day, max(midnight(zone, day + timedelta(days=1)) for zone in zones.split(" ")))
        for zones, day in rows.select("zones", "until_date").drop_nulls().unique().rows()
    ]
    schema: dict[str, Any] = {"zones": pl.String, "until_date": pl.Date, "until_at": pl.Datetime("us", "UTC")}
    return rows.join(pl.DataFrame(found, schema=schema, orient="row"), on=["zones", "until_date"], how="left")


def required(each: Applied, subjects: pl.DataFrame, entries: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    """A rule that wants an entry: of whom there is none, by channel where the entries name channels, and by address
    where they name addresses.

    addresses   `Asked.addresses`: an entry for one of them is none for another, and none where nothing is known
    """
    mine, value = each.of(subjects).select("subject_id", "profile"), each.value
    there = _enough(each, entries)
    whole = there.filter(pl.col("address_id").is_null())
    missing = mine.join(whole.filter(pl.col("channel").is_null()), on="subject_id", how="anti")
    named = there.filter(pl.col("channel").is_not_null() | pl.col("address_id").is_not_null()).select("subject_id")
    alone = missing.join(named, on="subject_id", how="anti")
    parts = [spoken(each, alone.with_columns(detail=pl.lit(value["entry"])))]
    partly = missing.join(named.unique(), on="subject_id", how="semi")
    if not partly.is_empty():
        by_channel = partly.join(pl.DataFrame({"channel": each.rule.channels}), how="cross")
        left = by_channel.join(whole, on=["subject_id", "channel"], how="anti")
        left = _but_for(left, there.filter(pl.col("address_id").is_not_null()), addresses)
        parts.append(spoken(each, left.with_columns(detail=pl.lit(value["entry"]))))
    return gathered(parts)


def _enough(each: Applied, entries: pl.DataFrame) -> pl.DataFrame:
    """subject_id, channel, address_id of the entries that a rule wants."""
    value = each.value
    wanted = entries.filter(pl.col("kind") == value["entry"])
    conditions = [pl.col("from_date").dt.offset_by(f"{value['days_after']}d") <= pl.col("first_today")]
    if value["within_days"] is not None:
        conditions.append(pl.col("from_date") > pl.col("last_today").dt.offset_by(f"-{value['within_days']}d"))
    if value["purpose"] is not None:
        conditions.append(pl.col("purpose") == value["purpose"])
    return wanted.filter(*conditions).select("subject_id", "channel", "address_id").unique()


def _but_for(left: pl.DataFrame, there: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    """Subjects by channel, where an entry is there for one address but not for all: by the addresses that lack it."""
    mine = left.join(addresses, on=["subject_id", "channel"])
    covered = (
        mine.join(there, on=["subject_id", "address_id"], suffix="_told")
        .filter(pl.col("channel_told").is_null() | (pl.col("channel_told") == pl.col("channel")))
        .select("subject_id", "channel", "address_id")
        .unique()
    )
    keys = ["subject_id", "channel"]
    others = mine.join(covered.select(keys).unique(), on=keys, how="semi").join(
        covered, on=[*keys, "address_id"], how="anti"
    )
    return pl.concat([left.join(covered.select(keys), on=keys, how="anti"), others], how="diagonal")
