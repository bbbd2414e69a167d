"""Entries about one address: they are entries about each address of the debtor that is the same, written otherwise."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from dunwell.intake.same_address import canonical
from dunwell.rulebook.contact_rules import BY_NUMBER, CLOSING, PERMITS
from dunwell.store import dialect

_POINTS = {
    "id": pl.Int64(), "debtor_id": pl.Int64(), "person_id": pl.Int64(), "third": pl.Int64(), "channel": pl.String(),
    "value": pl.String(), "country": pl.String(),
}  # fmt: skip


class _Point(NamedTuple):
    """An address, and the account it stands with."""

    id: int
    channel: str
    debtor: int


def spread(registers: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """The entries, those about an address once for each of the debtor's addresses that is the same.

    registers   register_id, debtor_id, kind, channel, address_id and others
    points      contact_point_id: the addresses known

    What forbids and names no channel forbids a number on all channels that use numbers; what permits, permits it on the
    channel of the address it names. What closes an address (`CLOSING`) closes it for all accounts of the person, and
    for every channel that uses it, whichever one it names.
    """
    closes = pl.col("kind").is_in(CLOSING) & pl.col("address_id").is_not_null()
    registers = registers.with_columns(channel=pl.when(~closes).then("channel"))
    named = registers.filter(pl.col("address_id").is_not_null())
    if named.is_empty():
        return registers
    same = _same(named["debtor_id"].unique(), frozenset(points["contact_point_id"]))
    rows = [
        (row["register_id"], row["address_id"], row["debtor_id"], point, debtor)
        for row in named.rows(named=True)
        for point, debtor in sorted({(row["address_id"], row["debtor_id"]), *_meant(row, same.get(row["address_id"]))})
    ]
    keys = ["register_id", "address_id", "debtor_id"]
    schema = dict.fromkeys((*keys, "point", "owner"), pl.Int64)
    found = registers.join(pl.DataFrame(rows, schema=schema, orient="row"), on=keys, how="left")
    return (
        found.with_columns(address_id=pl.coalesce("point", "address_id"), debtor_id=pl.coalesce("owner", "debtor_id"))
        .select(registers.columns)
        .sort("register_id", "address_id")
    )


def _same(debtors: Iterable[int], known: frozenset[int]) -> dict[int, tuple[_Point, list[_Point]]]:
    """By address: itself, and all that are the same, with any account of the person."""
    ids = ", ".join(str(int(each)) for each in sorted(debtors))
    points = dialect.read_frame(
        "SELECT p.id, p.debtor_id, d.person_id, CASE WHEN p.third_person_id IS NULL THEN 0 ELSE 1 END AS third,"
        " p.channel, p.value, COALESCE(p.country, d.country) AS country"
        " FROM store_contactpoint p JOIN store_debtor d ON d.id = p.debtor_id"
        f" WHERE d.person_id IN (SELECT person_id FROM store_debtor WHERE id IN ({ids}))",
        [],
        _POINTS,
    )
    groups: dict[tuple[int, int, str], list[_Point]] = {}
    mine: dict[int, tuple[_Point, tuple[int, int, str]]] = {}
    for point, debtor, person, third, channel, value, country in points.rows():
        if value and point in known:
            key, one = (person, third, canonical(value, country)), _Point(point, channel, debtor)
            groups.setdefault(key, []).append(one)
            mine[point] = one, key
    return {point: (itself, groups[key]) for point, (itself, key) in mine.items()}


def _meant(entry: Mapping[str, Any], told: tuple[_Point, list[_Point]] | None) -> Iterator[tuple[int, int]]:
    """Those of the same addresses that an entry is about, and whose they are."""
    if told is None:
        return
    itself, same = told
    for point in same:
        if point.debtor != entry["debtor_id"] and entry["kind"] not in CLOSING:
            continue
        if entry["channel"] is None and entry["kind"] not in PERMITS:
            meant = point.channel == itself.channel or {point.channel, itself.channel} <= {*BY_NUMBER}
        else:
            meant = point.channel == (entry["channel"] or itself.channel)
        if meant:
            yield point.id, point.debtor
