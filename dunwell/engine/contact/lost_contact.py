"""Is there evidence that a debtor cannot be reached, and from which day on? See rulebook/lost_contact_terms.py.

Whoever records an entry `lost_contact` needs that evidence: from the day found here on, third persons may be asked how
to reach the debtor.
"""

import polars as pl

from dunwell.engine.contact.counts import NOT_HIM
from dunwell.rulebook.lost_contact_terms import WAYS, Ways

NUMBERS: dict[str, pl.DataType] = {
    "person_id": pl.Int64(), "address_id": pl.Int64(), "invalid_date": pl.Date(),
}  # fmt: skip
"""The numbers known of each person, and since which day each is known to be invalid (null: it is not)."""
LOST: dict[str, pl.DataType] = {
    "subject_id": pl.Int64(), "way": pl.String(), "established_date": pl.Date(), "from_date": pl.Date(),
    "evidence": pl.List(pl.Int64()),
}  # fmt: skip
"""Who is lost: by which of `WAYS`, on which day the evidence was complete, from which day on it holds (it may lie
ahead), and the contacts that prove it, in order of time. Where the debtor may be in several zones, the latest of their
days counts."""
_SEEKS = {"dials": ("phone",), "days": ("phone", "visit")}


def lost_contact(subjects: pl.DataFrame, contacts: pl.DataFrame, numbers: pl.DataFrame, ways: Ways) -> pl.DataFrame:
    """`LOST`: one row for each subject of whom there is evidence, of the way that holds first.

    subjects   subject_id, person_id, at (UTC), zones: joined by a space. What took place after `at` is not looked at
    contacts   `asked.CONTACTS`
    numbers    `NUMBERS`

    Example: dials in vain on 20 November at 9, 10 and 11 o'clock, and nothing since: way `dials`, from 21 November on.
    """
    zoned = subjects.select("subject_id", "person_id", "at", zone=pl.col("zones").str.split(" ")).explode("zone")
    linked = contacts.join(zoned.rename({"at": "now"}), on="person_id").filter(pl.col("at") <= pl.col("now"))
    linked = _with_day(linked, "at", "day")
    him = ~pl.col("to").is_in(NOT_HIM).fill_null(value=False)
    found_him = him & ((pl.col("direction") == "in") | pl.col("outcome").is_in(ways.reached))
    keys = ["subject_id", "zone"]
    last = linked.filter(found_him).group_by(keys).agg(reached_at=pl.col("at").max(), reached_day=pl.col("day").max())
    vain = (
        linked.filter(him, pl.col("direction") == "out", pl.col("outcome").is_in(ways.in_vain))
        .join(last, on=keys, how="left")
        .filter(pl.col("reached_at").is_null() | (pl.col("at") > pl.col("reached_at")))
        .sort(*keys, "at", "contact_id")
    )
    parts = [_dials(vain, ways), _days(vain, ways), _numbers(zoned, last, numbers, ways)]
    order = {way: place for place, way in enumerate(WAYS)}
    held = pl.concat([part for part in parts if part is not None] or [_nothing()])
    # in every zone he may be in: the latest of the days
    in_all = (
        held.group_by("subject_id", "way")
        .agg(pl.col("established_date").max(), pl.col("from_date").max(), pl.col("evidence").first(), zones=pl.len())
        .join(zoned.group_by("subject_id").agg(of=pl.len()), on="subject_id")
        .filter(pl.col("zones") == pl.col("of"))
    )
    return (
        in_all.sort("subject_id", "from_date", pl.col("way").replace_strict(order, return_dtype=pl.Int64))
        .unique("subject_id", keep="first", maintain_order=True)
        .select(list(LOST))
    )


def _with_day(rows: pl.DataFrame, moment: str, day: str) -> pl.DataFrame:
    """+ the day of a moment in the zone of each row; a zone cannot vary by row inside one expression."""
    parts = [
        part.with_columns(pl.col(moment).dt.convert_time_zone(str(zone)).dt.date().alias(day))
        for (zone,), part in rows.group_by("zone")
    ]
    return pl.concat(parts) if parts else rows.with_columns(pl.lit(None, pl.Date).alias(day))


def _dials(vain: pl.DataFrame, ways: Ways) -> pl.DataFrame | None:
    if "dials" not in ways.in_a_row:
        return None
    most = ways.in_a_row["dials"]
    found = (
        vain.filter(pl.col("channel").is_in(_SEEKS["dials"]))
        .group_by("subject_id", "zone", maintain_order=True)
        .agg(pl.col("day").head(most), evidence=pl.col("contact_id").head(most))
        .filter(pl.col("day").list.len() == most)
    )
    return _held(found.with_columns(established_date=pl.col("day").list.max()), "dials", ways)


def _days(vain: pl.DataFrame, ways: Ways) -> pl.DataFrame | None:
    if "days" not in ways.in_a_row:
        return None
    most, keys = ways.in_a_row["days"], ["subject_id", "zone"]
    # a day on which he was reached is none on which he could not be
    sought = vain.filter(
        pl.col("channel").is_in(_SEEKS["days"]),
        pl.col("reached_day").is_null() | (pl.col("day") > pl.col("reached_day")),
    )
    days = sought.group_by(*keys, "day").agg(evidence=pl.col("contact_id").first()).sort(*keys, "day")
    # days in a row share what is left when their place is taken from them
    runs = days.with_columns(run=pl.col("day").dt.epoch("d") - pl.int_range(pl.len()).over(keys))
    found = (
        runs.group_by(*keys, "run", maintain_order=True)
        .agg(pl.col("day").head(most), pl.col("evidence").head(most))
        .filter(pl.col("day").list.len() == most)
        .with_columns(established_date=pl.col("day").list.max())
        .sort(*keys, "established_date")
        .unique(keys, keep="first", maintain_order=True)
    )
    return _held(found, "days", ways)


def _numbers(zoned: pl.DataFrame, last: pl.DataFrame, numbers: pl.DataFrame, ways: Ways) -> pl.DataFrame | None:
    if "numbers" not in ways.holds_after_days:
        return None
    all_bad = (
        numbers.group_by("person_id")
        .agg(established_date=pl.col("invalid_date").max(), good=pl.col("invalid_date").null_count())
        .filter(pl.col("good") == 0)
    )
    today = _with_day(zoned, "at", "today")
    found = (
        today.join(all_bad, on="person_id")
        .filter(pl.col("established_date") <= pl.col("today"))
        .join(last, on=["subject_id", "zone"], how="left")
        .filter(pl.col("reached_day").is_null() | (pl.col("reached_day") < pl.col("established_date")))
        .with_columns(evidence=pl.lit([], pl.List(pl.Int64)))
    )
    return _held(found, "numbers", ways)


def _held(found: pl.DataFrame, way: str, ways: Ways) -> pl.DataFrame:
    return found.with_columns(
        way=pl.lit(way),
        from_date=pl.col("established_date").dt.offset_by(f"{ways.holds_after_days[way]}d"),
    ).select("zone", *LOST)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"zone": pl.String(), **LOST})
