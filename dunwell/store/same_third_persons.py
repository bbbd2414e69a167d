"""Third persons of one debtor who share a number are one, however it is written and whatever they were called."""

import polars as pl

from dunwell.intake.same_address import canonical, may_be_one
from dunwell.rulebook.contact_rules import BY_NUMBER
from dunwell.store import dialect

_POINTS = {
    "third": pl.Int64(), "person": pl.Int64(), "channel": pl.String(), "value": pl.String(), "country": pl.String(),
}  # fmt: skip


def as_one(points: pl.DataFrame) -> pl.DataFrame:
    """The addresses, `third_person_id` being the first record of each third person: he was asked, and refused, as one,
    in all accounts of the person who owes.

    points   contact_point_id, third_person_id and others
    """
    known = points["third_person_id"].drop_nulls().unique()
    if known.is_empty():
        return points
    first = _first_records(known.to_list())
    person = pl.col("third_person_id").replace(list(first), list(first.values()))
    return points.with_columns(third_person_id=person)


def _first_records(third_persons: list[int]) -> dict[int, int]:
    """By third person the first record of him."""
    ids = ", ".join(str(int(each)) for each in sorted(third_persons))
    rows = dialect.read_frame(
        "SELECT p.third_person_id AS third, d.person_id AS person, p.channel, p.value,"
        " COALESCE(p.country, d.country) AS country"
        " FROM store_contactpoint p JOIN store_debtor d ON d.id = p.debtor_id"
        f" WHERE p.third_person_id IN ({ids})",
        [],
        _POINTS,
    ).sort("third")
    first = {each: each for each in third_persons}
    told: dict[int, list[tuple[int, str, str]]] = {}
    for third, person, channel, value, country in rows.rows():
        if not value:
            continue
        kind, form = "number" if channel in BY_NUMBER else channel, canonical(value, country)
        others = told.setdefault(person, [])
        for other, theirs, written in others:
            if theirs == kind and may_be_one(form, written):
                one, two = sorted((first[third], first[other]))
                first = {each: one if now == two else now for each, now in first.items()}
        others.append((third, kind, form))
    return first
