"""Rules that count contacts: so many in a window, so long after the last, so much in all. See docs/contact-rules.md."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import polars as pl

from dunwell.core.terms import Channel
from dunwell.engine.contact.asked import Asked
from dunwell.engine.contact.local_days import leaves
from dunwell.engine.contact.scopes import Applied
from dunwell.engine.contact.spoken import all_spoken, gathered, nothing, spoken

KINDS = ("count", "wait", "intensity")
REACHED_US = "reached"
NOT_HIM = ("third_person", "attorney")
"""Whom a contact is with when it is not with the debtor."""
UNSENT = ("undeliverable", "not_connected")
"""Outcomes that nobody can have noticed: they weigh nothing."""

FEW = 10_000
"""So many rows are worked on at once: what leaves some out costs more than it saves."""


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
    counting = [each for each in found if each.rule.kind != "intensity" and each.value.get("most") != 0]
    parts = [_intensity(each, linked, subjects) for each in found if each.rule.kind == "intensity"]
    parts += [_not_even_one(each, subjects) for each in found if each.value.get("most") == 0]
    full: dict[tuple[int | None, int | None], list[pl.DataFrame]] = {}
    for each, rows in _counting(counting, linked, consents):
        if each.value.get("after_first"):
            rows = _after_first(each, rows, asked)
        window = (each.value.get("days"), each.value.get("minutes"))
        full.setdefault(window, []).append(_full(each, rows, asked, subjects))
    return parts + [_ending(pl.concat(rows, how="diagonal"), *window) for window, rows in full.items()]


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


def _counting(
    found: Sequence[Applied], linked: pl.DataFrame, consents: pl.DataFrame
) -> Iterator[tuple[Applied, pl.DataFrame]]:
    """The rules that may be full, each with the contacts it counts: one look at the contacts for all rules."""
    if not found:
        return
    counts = linked.select(_counts(each).alias(each.rule.id) for each in found)
    many = counts.sum().row(0, named=True)
    for each in found:
        if (many[each.rule.id] or 0) < _most(each):
            continue
        rows = linked.filter(counts[each.rule.id])
        if each.rule.unless and not consents.is_empty():
            rows = _without_consent(rows, consents.filter(pl.col("kind").is_in(each.rule.unless)))
        yield each, rows


def _most(each: Applied) -> int:
    """How many contacts fill the count."""
    return 1 if each.rule.kind == "wait" else int(each.value["most"])


@lru_cache(maxsize=1024)
def _counts(each: Applied) -> pl.Expr:
    """Whether a rule counts a contact, but for consents. Kept: a rule is asked often."""
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
    return pl.all_horizontal(conditions)


def _after_first(each: Applied, rows: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Contacts after the first one that ended in such an outcome, however long ago it was and whoever began it."""
    if rows.height > FEW:
        enough = rows.group_by("subject_id").agg(count=pl.len()).filter(pl.col("count") >= _most(each))
        rows = rows.join(enough, on="subject_id", how="semi")
    begun = asked.contacts.join(rows.select("person_id"), on="person_id", how="semi").filter(
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
        rows.select("subject_id", "contact_id", "channel", "direction", "address_id", "account_id", "purpose", "at")
        .join(consents, on="subject_id", suffix="_told")
        .filter(
            # who calls us needs no leave of his: the talk counts, and the consent excludes calls from us alone
            pl.col("direction") == "out",
            pl.col("at") > pl.col("given_at"),
            pl.col("ends_at").is_null() | (pl.col("at") < pl.col("ends_at")),
            pl.col("channel_told").is_null() | (pl.col("channel_told") == pl.col("channel")),
            pl.col("address_id_told").is_null() | pl.col("address_id_told").eq_missing(pl.col("address_id")),
            pl.col("account_id_told").is_null() | pl.col("account_id_told").eq_missing(pl.col("account_id")),
            # what was welcome for one purpose was for no other
            pl.col("purpose_told").is_null() | pl.col("purpose_told").eq_missing(pl.col("purpose")),
        )
    )
    return rows.join(welcome, on=["subject_id", "contact_id"], how="anti")


def _full(each: Applied, rows: pl.DataFrame, asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """Whom the rule lets contact no more: subject_id, debt_id or address_id where it counts by them, profile, zones,
    rule, count, and counted_at: the latest of the contacts that must leave the window."""
    most, keys = _most(each), ["subject_id"]
    if each.value["per"] == "debt":
        rows = _by_debt(each, rows, asked, subjects)
        keys.append("debt_id")
    elif each.value["per"] == "address":
        keys.append("address_id")
    if rows.height > FEW:
        # whom fewer reached is left out before the latest are sought: that is nearly everybody
        counts = rows.group_by(keys).agg(count=pl.len()).filter(pl.col("count") >= most)
        rows = rows.join(counts, on=keys, how="semi", nulls_equal=True)
    counted_at = pl.col("at").top_k(most).min()
    return (
        rows.group_by(keys)
        .agg(pl.col("profile", "zones").first(), rule=pl.lit(each.rule.id), count=pl.len(), counted_at=counted_at)
        .filter(pl.col("count") >= most)
    )


def _ending(found: pl.DataFrame, days: int | None, minutes: int | None) -> pl.DataFrame:
    """What the rules of one window found, with the moment at which enough has left it."""
    if days:
        return all_spoken(leaves(found, days))
    if minutes:
        # the bound is included, and moments are whole seconds
        until = pl.col("counted_at").dt.offset_by(f"{minutes}m1s")
        found = found.with_columns(until_at=until, until_date=until.dt.date())
    return all_spoken(found)


def _not_even_one(each: Applied, subjects: pl.DataFrame) -> pl.DataFrame:
    """A rule that permits none: it speaks whatever took place."""
    return spoken(each, each.of(subjects).select("subject_id", "profile", count=pl.lit(0)))


def _by_debt(each: Applied, rows: pl.DataFrame, asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """Contacts by debt: calls for those they were about, conversations for those talked about; a contact that names no
    debt counts for every debt asked about."""
    mine = _debts_of(rows, asked, subjects)
    if asked.contact_debts.is_empty():
        return rows.join(mine, on="subject_id")
    pairs = asked.contact_debts.join(rows.select("contact_id"), on="contact_id", how="semi")
    named = pairs.filter(pl.col("talked" if each.rule.kind == "wait" else "called"))
    told = rows.join(named.select("contact_id", "debt_id"), on="contact_id")
    untold = rows.join(pairs, on="contact_id", how="anti")
    return pl.concat(
        [told.join(mine, on=["subject_id", "debt_id"], how="semi"), untold.join(mine, on="subject_id")], how="diagonal"
    )


def _debts_of(rows: pl.DataFrame, asked: Asked, subjects: pl.DataFrame) -> pl.DataFrame:
    """subject_id, debt_id: the debts of the persons of some rows."""
    owners = subjects.select("person_id", "account_id", "subject_id").join(
        rows.select("person_id"), on="person_id", how="semi"
    )
    owed = owners.select("person_id", "account_id").join(asked.debts, on="account_id").select("person_id", "debt_id")
    return owners.select("subject_id", "person_id").join(owed, on="person_id").select("subject_id", "debt_id").unique()


def _intensity(each: Applied, linked: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """The weighted sum of all contacts with a person, with the one that is planned."""
    weights = each.value["weights"]
    room_of = {channel: each.value["most"] - weights[channel] for channel in each.rule.channels}
    # channels of the same weight have the same room left
    rooms = sorted(set(room_of.values()))
    rows = _weighed(each, linked)
    parts = []
    if rooms[0] < 0:
        parts.append(_planned_alone(each, subjects.join(rows, on="subject_id", how="anti")))
    if rows.height > FEW:
        heavy = rows.group_by("subject_id").agg(pl.col("weight").sum()).filter(pl.col("weight") > rooms[0])
        rows = rows.join(heavy, on="subject_id", how="semi")
    reaches = pl.col("weight").cum_sum()
    over = (
        rows.sort("at", descending=True)
        .group_by("subject_id")
        .agg(
            pl.col("profile", "zones").first(),
            *(pl.col("at").filter(reaches > room).max().alias(f"{room}") for room in rooms),
            count=pl.col("weight").sum(),
        )
        .filter(pl.col("count") > rooms[0])
    )
    if over.is_empty():
        return gathered(parts)
    on = pl.DataFrame({"channel": list(room_of), "room": list(room_of.values())})
    reached = pl.coalesce(pl.when(pl.col("room") == room).then(f"{room}") for room in rooms)
    full = over.join(on, how="cross").with_columns(counted_at=reached).filter(pl.col("counted_at").is_not_null())
    full = leaves(full, each.value["days"])
    if rooms[0] < 0:
        # what weighs too much by itself will do so on any day
        lasting = pl.col("room") >= 0
        full = full.with_columns(pl.when(lasting).then(name).alias(name) for name in ("until_at", "until_date"))
    return gathered([*parts, spoken(each, full)])


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
