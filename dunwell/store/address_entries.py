"""Entries about one address: they are entries about each address of the debtor that is the same, written otherwise."""

from collections.abc import Iterable, Iterator

import polars as pl

from dunwell.intake.same_address import canonical
from dunwell.rulebook.contact_rules import PERMITS
from dunwell.store import dialect

_BY_NUMBER = ("phone", "sms", "im")
"""Channels on which a number is the address."""
_POINTS = {
    "id": pl.Int64(), "debtor_id": pl.Int64(), "channel": pl.String(), "value": pl.String(), "country": pl.String(),
}  # fmt: skip

type _Point = tuple[int, str]
"""Id and channel."""


def spread(registers: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """The entries, those about an address once for each of the debtor's addresses that is the same.

    registers   register_id, debtor_id, kind, channel, address_id and others
    points      contact_point_id: the addresses known

    What forbids and names no channel forbids a number on all channels that use numbers; what permits, permits it on the
    channel of the address it names.
    """
    named = registers.filter(pl.col("address_id").is_not_null())
    if named.is_empty():
        return registers
    same = _same(named["debtor_id"].unique(), frozenset(points["contact_point_id"]))
    rows = [
        (row["register_id"], row["address_id"], point)
        for row in named.rows(named=True)
        for point in sorted({row["address_id"], *_meant(row["kind"], row["channel"], same.get(row["address_id"]))})
    ]
    schema = {"register_id": pl.Int64, "address_id": pl.Int64, "point": pl.Int64}
    found = registers.join(
        pl.DataFrame(rows, schema=schema, orient="row"), on=["register_id", "address_id"], how="left"
    )
    return (
        found.with_columns(address_id=pl.coalesce("point", "address_id"))
        .select(registers.columns)
        .sort("register_id", "address_id")
    )


def _same(debtors: Iterable[int], known: frozenset[int]) -> dict[int, tuple[_Point, list[_Point]]]:
    """By address: itself, and all of the debtor's that are the same."""
    ids = ", ".join(str(int(each)) for each in sorted(debtors))
    points = dialect.read_frame(
        "SELECT p.id, p.debtor_id, p.channel, p.value, COALESCE(p.country, d.country) AS country"
        f" FROM store_contactpoint p JOIN store_debtor d ON d.id = p.debtor_id WHERE p.debtor_id IN ({ids})",
        [],
        _POINTS,
    )
    groups: dict[tuple[int, str], list[_Point]] = {}
    mine: dict[int, tuple[_Point, tuple[int, str]]] = {}
    for point, debtor, channel, value, country in points.rows():
        if value and point in known:
            key = (debtor, canonical(value, country))
            groups.setdefault(key, []).append((point, channel))
            mine[point] = (point, channel), key
    return {point: (itself, groups[key]) for point, (itself, key) in mine.items()}


def _meant(kind: str, channel: str | None, told: tuple[_Point, list[_Point]] | None) -> Iterator[int]:
    """Those of the same addresses that an entry is about."""
    if told is None:
        return
    itself, same = told
    for point, on in same:
        if channel is None and kind not in PERMITS:
            meant = on == itself[1] or {on, itself[1]} <= {*_BY_NUMBER}
        else:
            meant = on == (channel or itself[1])
        if meant:
            yield point
