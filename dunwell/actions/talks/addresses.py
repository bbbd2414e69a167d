"""Addresses as people give them: their lines, checked, and the time zones they tell."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from dunwell.actions.once import clean_text
from dunwell.core.errors import Refused
from dunwell.core.terms import Channel
from dunwell.intake.cells import Cells
from dunwell.intake.time_zones import zones_of
from dunwell.store.models import ContactPoint, Debtor

POSTAL = ("street", "postcode", "city", "region", "country")
"""The lines of a postal address."""


def zones_told(debtor: Debtor, channel: Channel, values: Mapping[str, Any]) -> str | None:
    """The time zones that an address tells."""
    country = values["country"] or debtor.country
    told = pl.DataFrame(
        {"channel": [str(channel)], "value": [values["value"]], "country": [country], "region": [values["region"]]},
        schema=dict.fromkeys(("channel", "value", "country", "region"), pl.String),
    )
    found: str | None = zones_of(told).item()
    return found


def address_fields(channel: Channel, lines: Mapping[str, str]) -> dict[str, Any]:
    """All fields of a contact point but its rank, checked."""
    if unknown := set(lines) - {"value", "contact_name", *POSTAL}:
        raise TypeError(f"not part of an address: {', '.join(sorted(unknown))}")
    found: dict[str, Any] = {}
    for name in ("contact_name", *POSTAL):
        field: Any = ContactPoint._meta.get_field(name)
        found[name] = " ".join(clean_text(lines.get(name, ""), name, limit=field.max_length).split()) or None
    value = clean_text(lines.get("value", ""), "value", limit=500)
    if channel is Channel.LETTER:
        if value or not (found["street"] and found["city"]):
            raise Refused("address.incomplete")
        return {"value": "", **found}
    series = pl.Series([value])
    good = Cells.is_email(series) if channel is Channel.EMAIL else Cells.is_phone(series)
    if channel is Channel.VISIT or (channel is not Channel.IM and not good.item()) or not value or "\n" in value:
        raise Refused("address.not_one", value=value[:100], channel=str(channel))
    return {"value": value, **found}
