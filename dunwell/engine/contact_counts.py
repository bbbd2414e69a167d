"""Rules that count contacts: so many in a window, so long after the last, so much in all. See docs/contact-rules.md."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dunwell.core.terms import Channel
from dunwell.engine.asked import Asked
from dunwell.engine.local_days import leaves
from dunwell.engine.scopes import Applied
from dunwell.engine.spoken import nothing, spoken

KINDS = ("count", "wait", "intensity")
REACHED_US = "reached"
NOT_HIM = ("third_person", "attorney")
"""Whom a contact is with when it is not with the debtor."""
UNSENT = ("undeliverable", "not_connected")
"""Outcomes that nobody can have noticed: they weigh nothing."""


def spans_of(found: Sequence[Applied]) -> list[int]:
    """The windows, in days, that these rules look at."""
    return sorted({each.value["days"] for each in found if each.value.get("days")})


def counted(
    asked: Asked, subjects: pl.DataFrame, found: Sequence[Applied], consents: pl.DataFrame
) -> list[pl.DataFrame]:
    """What the rules that count say (`spoken.SPOKEN`).

    subjects   with profile and the windows of `local_days.with_days`
    consents   spans in which contacts were welcome: `registers.spans`
    """
    if not found or asked.contacts.is_empty():
        alone = [_planned_alone(each, subjects) for each in found if each.rule.kind == "intensity"]
        return alone + [_not_even_one(each, subjects) for each in found if each.value.get("most") == 0]
    linked = _linked(asked, subjects, found)
    seen = linked.select("channel", "outcome").unique().rows()
    parts = []
    for each in found:
        if each.rule.kind == "intensity":
            parts.append(_intensity(each, linked, subjects))
        elif each.value.get("most") == 0:
            parts.append(_not_even_one(each, subjects))
        elif any(channel in each.rule.channels and outcome in _outcomes(each) for channel, outcome in seen):
            rows = _counting(each, linked, consents)
            if each.value.get("after_first"):
                rows = _after_first(each, rows, asked)
            parts.append(_full(each, rows, asked, subjects))
    return parts


def _linked(asked: Asked, subjects: pl.DataFrame, found: Sequence[Applied]) -> pl.DataFrame:
    """Contacts of the persons, once for each of their accounts, no older than any window."""
    since = [f"since_{days}" for days in spans_of(found)]
    recent = asked.contacts
    if not any(map(_is_ever, found)):
        minutes = max((each.value.get("minutes") or 0 for each in found), default=0)
        oldest = subjects.select(
            pl.min_horizontal(*since, pl.col("at").dt.offset_by(f"-{minutes}m")).min() if since else pl.col("at").min()
        ).item()
        recent = recent.filter(pl.col("at") >= oldest)
    keys = ["subject_id", "person_id", "profile", "zones", *since]
    return recent.join(
        subjects.select(
            *keys, pl.col("account_id").alias("my_account"), pl.col("at").alias("now"), pl.col("collector").alias("by")
        ),
        on="person_id",
    ).with_columns(own=(pl.col("account_id") == pl.col("my_account")).fill_null(value=True))


def _is_ever(each: Applied) -> bool:
    """Whether it counts all that is known, however long ago."""
    return each.rule.kind == "count" and not each.value["days"] and not each.value["minutes"]


def _outcomes(each: Applied) -> Sequence[str]:
    outcomes: Sequence[str] = each.value["after" if each.rule.kind == "wait" else "outcomes"]
    return outcomes


def _counting(each: Applied, linked: pl.DataFrame, consents: pl.DataFrame) -> pl.DataFrame:
    """The contacts that a rule counts."""
    value = each.value
    conditions = [
        pl.col("channel").is_in(each.rule.channels),
        pl.col("outcome").is_in(_outcomes(each)),
    ]
    if value.get("days"):
        conditions.append(pl.col("at") >= pl.col(f"since_{value['days']}"))
    elif value.get("minutes"):
        conditions.append(pl.col("at") >= pl.col("now").dt.offset_by(f"-{value['minutes']}m"))
    if not each.everyone:
        conditions.append(pl.col("profile").is_in(each.profiles.implode()))
    if value["direction"] != "any":
        conditions.append(pl.col("direction") == value["direction"])
    for name in ("purpose", "to", "mode"):
        words = each.rule.scope.lists.get(name)
        if words is not None:
            conditions.append(pl.col(name).is_null() | pl.col(name).is_in(sorted(words)))
    if value["by"] == "collector":
        # what is not known to be another's counts
        conditions.append((pl.col("collector") == pl.col("by")).fill_null(value=True))
    if value["per"] == "account":
        conditions.append(pl.col("own"))
    rows = linked.filter(*conditions)
    return _without_consent(rows, consents.filter(pl.col("kind").is_in(each.rule.unless))) if each.rule.unless else rows


def _after_first(each: Applied, rows: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Contacts after the first one that ended in such an outcome, however long ago it was and whoever began it."""
    begun = asked.contacts.filter(
        pl.col("outcome").is_in(each.value["after_first"]),
        ~pl.col("to").is_in(NOT_HIM).fill_null(value=False),
    )
    if each.value["per"] != "account":
        first = begun.group_by("person_id").agg(begun_at=pl.col("at").min())
        return rows.join(first, on="person_id").filter(pl.col("at") > pl.col("begun_at"))
    # one that names no account counts for each of them
    first = begun.group_by("person_id", "account_id").agg(begun_at=pl.col("at").min())
    named = first.filter(pl.col("account_id").is_not_null()).rename({"account_id": "my_account"})
    untold = first.filter(pl.col("account_id").is_null()).select("person_id", untold_at="begun_at")
    both = rows.join(named, on=["person_id", "my_account"], how="left").join(untold, on="person_id", how="left")
    return both.filter(pl.col("at") > pl.min_horizontal("begun_at", "untold_at"))


def _without_consent(rows: pl.DataFrame, consents: pl.DataFrame) -> pl.DataFrame:
    """Leave out what took place while it was welcome."""
    if rows.is_empty() or consents.is_empty():
        return rows
    welcome = (
        rows.select("subject_id", "contact_id", "channel", "address_id", "account_id", "at")
        .join(consents, on="subject_id", suffix="_told")
        .filter(
            pl.col("at") > pl.col("given_at"),
            pl.col("ends_at").is_null() | (pl.col("at") < pl.col("ends_at")),
            pl.col("channel_told").is_null() | (pl.col("channel_told") == pl.col("channel")),
            pl.col("address_id_told").is_null() | pl.col("address_id_told").eq_missing(pl.col("address_id")),
            pl.col("account_id_told").is_null() | pl.col("account_id_told").eq_missing(pl.col("account_id")),
        )
    )
    return rows.join(welcome, on=["subject_id", "contact_id"], how="anti")


def _full(each: Applied, rows: pl.DataFrame, asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """Whom the rule lets contact no more, and until the contact that fills the count has left the window."""
    value = each.value
    most = 1 if each.rule.kind == "wait" else value["most"]
    if rows.height < most:
        return nothing()
    keys = ["subject_id", "profile", "zones"]
    if value["per"] == "debt":
        rows = _by_debt(each, rows, asked, subjects)
        keys.append("debt_id")
    elif value["per"] == "address":
        keys.append("address_id")
    # whom fewer reached is left out before the latest are sought: that is nearly everybody
    counts = rows.group_by(keys).agg(count=pl.len())
    if counts.is_empty() or int(counts["count"].max()) < most:  # type: ignore[arg-type]
        return nothing()
    if int(counts["count"].min()) < most:  # type: ignore[arg-type]
        full = counts.filter(pl.col("count") >= most)
        rows = rows.join(full, on=keys, how="semi", nulls_equal=True)
    found = rows.group_by(keys).agg(count=pl.len(), counted_at=pl.col("at").top_k(most).min())
    if value.get("days"):
        found = leaves(found, value["days"])
    elif value.get("minutes"):
        # the bound is included, and moments are whole seconds
        until = pl.col("counted_at").dt.offset_by(f"{value['minutes']}m1s")
        found = found.with_columns(until_at=until, until_date=until.dt.date())
    return spoken(each, found)


def _not_even_one(each: Applied, subjects: pl.DataFrame) -> pl.DataFrame:
    """A rule that permits none: it speaks whatever took place."""
    return spoken(each, each.of(subjects).select("subject_id", "profile", count=pl.lit(0)))


def _by_debt(each: Applied, rows: pl.DataFrame, asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """Contacts by debt: calls for those they were about, conversations for those talked about; a contact that names no
    debt counts for every debt asked about."""
    named = asked.contact_debts.filter(pl.col("talked" if each.rule.kind == "wait" else "called"))
    told = rows.join(named.select("contact_id", "debt_id"), on="contact_id")
    untold = rows.join(asked.contact_debts, on="contact_id", how="anti")
    mine = subjects.select("subject_id", "person_id").join(_debts_of_person(asked, subjects), on="person_id")
    mine = mine.select("subject_id", "debt_id").unique()
    return pl.concat(
        [told.join(mine, on=["subject_id", "debt_id"], how="semi"), untold.join(mine, on="subject_id")], how="diagonal"
    )


def _debts_of_person(asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    return subjects.select("person_id", "account_id").unique().join(asked.debts, on="account_id").drop("account_id")


def _intensity(each: Applied, linked: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """The weighted sum of all contacts with a person, with the one that is planned."""
    weights, keys = each.value["weights"], ["subject_id", "profile", "zones"]
    room_of = {channel: each.value["most"] - weights[channel] for channel in each.rule.channels}
    # channels of the same weight have the same room left
    rooms = sorted(set(room_of.values()))
    rows = _weighed(each, linked)
    total = rows.group_by(keys).agg(count=pl.col("weight").sum())
    parts = [_planned_alone(each, subjects.join(total, on="subject_id", how="anti"))]
    heavy = total.filter(pl.col("count") > min(rooms))
    if heavy.is_empty():
        return pl.concat(parts)
    reaches = pl.col("weight").cum_sum().over("subject_id")
    over = (
        rows.join(heavy.select("subject_id", "count"), on="subject_id")
        .sort("at", descending=True)
        .with_columns(reaches=reaches)
        .group_by(*keys, "count")
        .agg(pl.col("at").filter(pl.col("reaches") > room).max().alias(f"{room}") for room in rooms)
    )
    on = pl.DataFrame({"channel": list(room_of), "room": list(room_of.values())})
    reached = pl.coalesce(pl.when(pl.col("room") == room).then(f"{room}") for room in rooms)
    full = over.join(on, how="cross").with_columns(counted_at=reached).filter(pl.col("counted_at").is_not_null())
    full = leaves(full, each.value["days"])
    if rooms[0] < 0:
        # what weighs too much by itself will do so on any day
        lasting = pl.col("room") >= 0
        full = full.with_columns(pl.when(lasting).then(name).alias(name) for name in ("until_at", "until_date"))
    return pl.concat([*parts, spoken(each, full)])


def _weighed(each: Applied, linked: pl.DataFrame) -> pl.DataFrame:
    """Contacts from us in the window with their weight, a conversation weighing more."""
    weights: Mapping[str, Any] = each.value["weights"]
    weight = pl.col("channel").replace_strict({str(c): weights[str(c)] for c in Channel}, return_dtype=pl.Int64)
    talk = pl.when(pl.col("outcome") == REACHED_US).then(weights["reached"]).otherwise(0)
    return (
        each.of(linked)
        .filter(
            pl.col("direction") == "out",
            ~pl.col("outcome").is_in(UNSENT),
            pl.col("at") >= pl.col(f"since_{each.value['days']}"),
        )
        .with_columns(weight=weight + talk)
    )


def _planned_alone(each: Applied, subjects: pl.DataFrame) -> pl.DataFrame:
    """A channel that weighs too much by itself."""
    heavy = [channel for channel in each.rule.channels if each.value["weights"][channel] > each.value["most"]]
    if not heavy:
        return nothing()
    on = pl.DataFrame({"channel": heavy}, schema={"channel": pl.String})
    rows = each.of(subjects).select("subject_id", "profile", count=pl.lit(0))
    return spoken(each, rows.join(on, how="cross"))
