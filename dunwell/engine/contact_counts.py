"""Rules that count contacts: so many in a window, so long after the last, so much in all. See docs/contact-rules.md."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dunwell.core.terms import Channel
from dunwell.engine.asked import Asked
from dunwell.engine.local_days import leaves
from dunwell.engine.scopes import Applied
from dunwell.engine.spoken import spoken

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
    parts = []
    for each in found:
        if each.rule.kind == "intensity":
            parts.append(_intensity(each, linked, subjects))
        else:
            rows = _counting(each, linked, consents)
            if each.value.get("after_first"):
                rows = _after_first(each, rows, asked)
            parts.append(_full(each, rows, asked, subjects))
    return parts


def _linked(asked: Asked, subjects: pl.DataFrame, found: Sequence[Applied]) -> pl.DataFrame:
    """Contacts of the persons, once for each of their accounts, no older than any window."""
    since = [f"since_{days}" for days in spans_of(found)]
    minutes = max((each.value.get("minutes") or 0 for each in found), default=0)
    oldest = subjects.select(
        pl.min_horizontal(*since, pl.col("at").dt.offset_by(f"-{minutes}m")).min() if since else pl.col("at").min()
    ).item()
    keys = ["subject_id", "person_id", "profile", "zones", *since]
    recent = asked.contacts.filter(pl.col("at") >= oldest)
    return recent.join(
        subjects.select(*keys, pl.col("account_id").alias("my_account"), pl.col("at").alias("now")), on="person_id"
    ).with_columns(own=(pl.col("account_id") == pl.col("my_account")).fill_null(value=True))


def _counting(each: Applied, linked: pl.DataFrame, consents: pl.DataFrame) -> pl.DataFrame:
    """The contacts that a rule counts."""
    value = each.value
    after = value["after"] if each.rule.kind == "wait" else value["outcomes"]
    start = (
        pl.col(f"since_{value['days']}") if value.get("days") else pl.col("now").dt.offset_by(f"-{value['minutes']}m")
    )
    conditions = [
        pl.col("profile").is_in(each.profiles.implode()),
        pl.col("channel").is_in(each.rule.channels),
        pl.col("outcome").is_in(after),
        pl.col("at") >= start,
    ]
    if value["direction"] != "any":
        conditions.append(pl.col("direction") == value["direction"])
    for name in ("purpose", "to", "mode"):
        words = each.rule.scope.lists.get(name)
        if words is not None:
            conditions.append(pl.col(name).is_null() | pl.col(name).is_in(sorted(words)))
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
        rows.select("subject_id", "contact_id", "channel", "address_id", "at")
        .join(consents, on="subject_id", suffix="_told")
        .filter(
            pl.col("at") > pl.col("given_at"),
            pl.col("ends_at").is_null() | (pl.col("at") < pl.col("ends_at")),
            pl.col("channel_told").is_null() | (pl.col("channel_told") == pl.col("channel")),
            pl.col("address_id_told").is_null() | pl.col("address_id_told").eq_missing(pl.col("address_id")),
        )
    )
    return rows.join(welcome, on=["subject_id", "contact_id"], how="anti")


def _full(each: Applied, rows: pl.DataFrame, asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """Whom the rule lets contact no more, and until the contact that fills the count has left the window."""
    value = each.value
    most = 1 if each.rule.kind == "wait" else value["most"]
    keys = ["subject_id", "profile", "zones"]
    if value["per"] == "debt":
        rows = _by_debt(each, rows, asked, subjects)
        keys.append("debt_id")
    elif value["per"] == "address":
        keys.append("address_id")
    if most == 0:
        return _not_even_one(each, subjects)
    found = (
        rows.group_by(keys)
        .agg(count=pl.len(), counted_at=pl.col("at").top_k(most).min())
        .filter(pl.col("count") >= most)
    )
    if value.get("days"):
        found = leaves(found, value["days"])
    else:
        # the bound is included, and moments are whole seconds
        until = pl.col("counted_at").dt.offset_by(f"{value['minutes']}m1s")
        found = found.with_columns(until_at=until, until_date=until.dt.date())
    return spoken(each, found)


def _not_even_one(each: Applied, subjects: pl.DataFrame) -> pl.DataFrame:
    """A rule that permits none: it speaks whatever took place."""
    mine = subjects.filter(pl.col("profile").is_in(each.profiles.implode()))
    return spoken(each, mine.select("subject_id", "profile", count=pl.lit(0)))


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
    rows = _weighed(each, linked)
    total = rows.group_by("subject_id").agg(figure=pl.col("weight").sum())
    parts = [_planned_alone(each, subjects.join(total, on="subject_id", how="anti"))]
    weights = each.value["weights"]
    mine = rows.sort("at", descending=True).with_columns(reaches=pl.col("weight").cum_sum().over("subject_id"))
    for channel in each.rule.channels:
        room = each.value["most"] - weights[channel]
        over = (
            mine.filter(pl.col("reaches") > room)
            .group_by("subject_id", "profile", "zones")
            .agg(counted_at=pl.col("at").max())
            .join(total, on="subject_id")
            .rename({"figure": "count"})
            .with_columns(channel=pl.lit(channel))
        )
        # what weighs too much by itself will do so on any day
        parts.append(spoken(each, over if room < 0 else leaves(over, each.value["days"])))
    return pl.concat(parts)


def _weighed(each: Applied, linked: pl.DataFrame) -> pl.DataFrame:
    """Contacts from us in the window with their weight, a conversation weighing more."""
    weights: Mapping[str, Any] = each.value["weights"]
    weight = pl.col("channel").replace_strict({str(c): weights[str(c)] for c in Channel}, return_dtype=pl.Int64)
    talk = pl.when(pl.col("outcome") == REACHED_US).then(weights["reached"]).otherwise(0)
    return linked.filter(
        pl.col("profile").is_in(each.profiles.implode()),
        pl.col("direction") == "out",
        ~pl.col("outcome").is_in(UNSENT),
        pl.col("at") >= pl.col(f"since_{each.value['days']}"),
    ).with_columns(weight=weight + talk)


def _planned_alone(each: Applied, subjects: pl.DataFrame) -> pl.DataFrame:
    """A channel that weighs too much by itself."""
    heavy = [channel for channel in each.rule.channels if each.value["weights"][channel] > each.value["most"]]
    rows = subjects.filter(pl.col("profile").is_in(each.profiles.implode())).select(
        "subject_id", "profile", count=pl.lit(0)
    )
    on = pl.DataFrame({"channel": heavy}, schema={"channel": pl.String})
    return spoken(each, rows.join(on, how="cross"))
