"""The time zones that addresses tell: filled in for addresses that were known before, and told by debtor."""

from functools import cache

import polars as pl
from django.db import connection

from dunwell.intake.time_zones import zones_of
from dunwell.rulebook.places import part_of, zones_by_country, zones_of_part
from dunwell.store import dialect

_SCHEMA = {
    "id": pl.Int64(), "channel": pl.String(), "value": pl.String(), "country": pl.String(), "region": pl.String(),
}  # fmt: skip


def fill() -> None:
    """Work out the zones of all addresses as known now, in place: nothing was told anew."""
    points = dialect.read_frame(
        "SELECT p.id, p.channel, p.value, COALESCE(p.country, d.country) AS country, p.region"
        " FROM store_contactpoint p JOIN store_debtor d ON d.id = p.debtor_id",
        [],
        _SCHEMA,
    )
    told = points.with_columns(zones=zones_of(points)).filter(pl.col("zones").is_not_null())
    with connection.cursor() as cursor:
        for (zones,), rows in told.group_by("zones"):
            for part in rows["id"].sort().to_frame().iter_slices(5_000):
                ids = ", ".join(str(each) for each in part["id"])
                cursor.execute(f"UPDATE store_contactpoint SET zones = %s WHERE id IN ({ids})", [zones])


def by_debtor(debtors: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """The debtors with `zones`: those their addresses and the part of their country tell; null: no more than the
    country does.

    debtors   debtor_id, country, region and others
    points    debtor_id, zones, of the addresses in use

    Where no address lies in the debtor's own country, he may be anywhere in it as well.
    """
    told = (
        points.filter(pl.col("zones").is_not_null())
        .group_by("debtor_id")
        .agg(told=pl.col("zones").unique().sort())
        .with_columns(pl.col("told").list.join("|"))
    )
    joined = debtors.drop("zones").join(told, on="debtor_id", how="left")
    places = joined.select("country", "region", "told").unique()
    rows = [(*place, _zones(*place)) for place in places.rows()]
    found = pl.DataFrame(rows, schema={**places.schema, "zones": pl.String()}, orient="row")
    return joined.join(found, on=["country", "region", "told"], how="left", nulls_equal=True).select(debtors.columns)


@cache
def _zones(country: str | None, region: str | None, told: str | None) -> str | None:
    zones = {zone for each in (told or "").split("|") for zone in each.split(" ") if zone}
    of_country = set(zones_by_country().get(country or "", ()))
    of_part = set(zones_of_part(country, part_of(country, region)))
    if not zones & of_country and (zones or of_part):
        zones |= of_part or of_country
    return " ".join(sorted(zones)) or None
