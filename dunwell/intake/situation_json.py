"""A contact described as JSON, with all that bears on it: see docs/contact-rules.md. The schema is
`situation.schema.json`. Whatever is wrong is refused with the path of the field."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from dunwell.core.errors import DunwellError
from dunwell.intake import json_fields as fields
from dunwell.intake.same_address import canonical
from dunwell.rulebook.contact_rules import NOTICES, OUTCOMES, REGISTERS, SCOPE
from dunwell.rulebook.places import candidate_zones, code_of_part, zones_by_country
from dunwell.rulebook.situation import PastContact, RegisterEntry, Situation

_FIRST_YEAR, _LAST_YEAR = 1970, 2150
"""Moments beyond these are slips of the pen."""
_TOP = {
    "at", "channel", "purpose", "to", "place", "persons", "mode", "debtor", "debt", "collector", "creditor_kind",
    "account", "about", "address", "provider", "contacts", "registers",
}  # fmt: skip
_DEBTOR = {"kind", "country", "region", "zones"}
_CONTACT = {
    "at", "channel", "direction", "outcome", "purpose", "to", "mode", "address", "place", "collector", "account",
    "debts", "talked",
}  # fmt: skip
_ENTRY = {
    "kind", "from", "until", "channel", "address", "place", "purpose", "weekdays", "hours", "account", "evidence",
}  # fmt: skip
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def read_situation(text: str) -> Situation:
    """A situation from JSON. Raises DunwellError `claim.*`, `situation.*`; all carry the path of the field."""
    return situation_of(fields.load(text))


def situation_of(told: Any) -> Situation:
    """A situation from what JSON says; errors as `read_situation`."""
    top = fields.table(told, "", _TOP)
    at = _moment(top, "at", "")
    if at is None:
        raise DunwellError("claim.missing", field="at")
    debtor = fields.table(top.get("debtor", {}), "debtor", _DEBTOR)
    country = _country(debtor)
    zones = tuple(_zone(word, f"debtor.zones[{n}]") for n, word in enumerate(fields.items(debtor, "zones", "debtor")))
    channel = _choice(top, "channel", "")
    contacts = tuple(
        _contact(row, f"contacts[{n}]", at, channel, country) for n, row in enumerate(fields.items(top, "contacts", ""))
    )
    entries = tuple(
        _entry(row, f"registers[{n}]", zones or candidate_zones(country, None), country)
        for n, row in enumerate(fields.items(top, "registers", ""))
    )
    debt = fields.table(top.get("debt", {}), "debt", {"kind"})
    about = _names(top, "about", "")
    return Situation(
        at=at, channel=channel, purpose=_choice(top, "purpose", "") or "collection",
        to=_choice(top, "to", "") or "debtor", at_place=_choice(top, "place", "", "at_place"),
        persons=_persons(top), mode=_choice(top, "mode", "") or "interactive",
        debtor_kind=_choice(debtor, "kind", "debtor", "debtor"), country=country, region=_region(debtor),
        zones=tuple(dict.fromkeys(zones)), debt_kind=_choice(debt, "kind", "debt", "debt"),
        collector=_choice(top, "collector", "") or "own", creditor_kind=_choice(top, "creditor_kind", "", "creditor"),
        account=_optional(top, "account", ""), about=about, address=_address(top, "", country),
        providers=_providers(top), contacts=contacts, entries=entries,
    )  # fmt: skip


def _contact(row: Any, at: str, now: datetime, channel: str | None, country: str | None) -> PastContact:
    row = fields.table(row, at, _CONTACT)
    moment = _moment(row, "at", at)
    outcome = fields.choice(row, "outcome", at, OUTCOMES)
    on = _choice(row, "channel", at) or channel
    for name, value in (("at", moment), ("outcome", outcome), ("channel", on)):
        if value is None:
            raise DunwellError("claim.missing", field=f"{at}.{name}")
    assert moment is not None
    assert outcome is not None
    assert on is not None
    if moment > now:
        raise DunwellError("situation.future", field=f"{at}.at", at=moment.isoformat(), now=now.isoformat())
    by = _optional(row, "collector", at)
    return PastContact(
        at=moment, outcome=outcome, channel=on,
        direction=fields.choice(row, "direction", at, ("out", "in")) or "out",
        purpose=_choice(row, "purpose", at), to=_choice(row, "to", at), mode=_choice(row, "mode", at),
        address=_address(row, at, country), account=_optional(row, "account", at),
        debts=_names(row, "debts", at), talked=_names(row, "talked", at),
        collector=by if by in (None, "own") else "agency", place=_choice(row, "place", at, "at_place"),
    )  # fmt: skip


def _entry(row: Any, at: str, zones: tuple[str, ...], country: str | None) -> RegisterEntry:
    row = fields.table(row, at, _ENTRY)
    kind = fields.choice(row, "kind", at, REGISTERS)
    if kind is None:
        raise DunwellError("claim.missing", field=f"{at}.kind")
    since = row.get("from")
    from_at = _moment(row, "from", at) if isinstance(since, str) and "T" in since else None
    from_date = min(_local_day(zone, from_at) for zone in zones) if from_at else fields.day(row, "from", at)
    if from_date is None:
        raise DunwellError("claim.missing", field=f"{at}.from")
    until = fields.day(row, "until", at)
    if until is not None and until < from_date:
        raise DunwellError("claim.order_of_days", field=f"{at}.until", first="from", second="until")
    purposes = NOTICES if kind == "notice_sent" else SCOPE["purpose"]
    _optional(row, "evidence", at)
    return RegisterEntry(
        kind=kind, from_date=from_date, from_at=from_at, until_date=until, channel=_choice(row, "channel", at),
        address=_address(row, at, country), place=_choice(row, "place", at, "at_place"),
        purpose=fields.choice(row, "purpose", at, purposes), weekdays=_weekdays(row, at), hours=_hours(row, at),
        account=_optional(row, "account", at),
    )  # fmt: skip


def _choice(given: Mapping[str, Any], field: str, at: str, dimension: str | None = None) -> str | None:
    """One of the words of a dimension of scopes, by default that of the field's own name."""
    return fields.choice(given, field, at, SCOPE[dimension or field])


def _optional(given: Mapping[str, Any], field: str, at: str) -> str | None:
    return fields.text(given, field, at) if given.get(field) is not None else None


def _address(given: Mapping[str, Any], at: str, country: str | None) -> str | None:
    """An address in one form, however it was written."""
    told = _optional(given, "address", at)
    return None if told is None else canonical(told, country)


def _moment(given: Mapping[str, Any], field: str, at: str) -> datetime | None:
    """A moment with its offset, to the second."""
    value = given.get(field)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is not None and not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        bounds = {"first": _FIRST_YEAR, "last": _LAST_YEAR}
        raise DunwellError("situation.moment_range", field=fields.path(at, field), value=str(value)[:40], **bounds)
    if moment is None or moment.utcoffset() is None:
        raise DunwellError("situation.moment", field=fields.path(at, field), value=str(value)[:40])
    return moment.replace(microsecond=0)


def _local_day(zone: str, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _country(debtor: Mapping[str, Any]) -> str | None:
    value = debtor.get("country")
    if value is not None and (not isinstance(value, str) or value not in zones_by_country()):
        raise DunwellError("situation.country", field="debtor.country", value=str(value)[:20])
    return value


def _region(debtor: Mapping[str, Any]) -> str | None:
    value = debtor.get("region")
    if value is None:
        return None
    country = debtor.get("country")
    # a part that is mistyped would switch off the law of that part
    part = code_of_part(country, value) if isinstance(value, str) and isinstance(country, str) else None
    if part is None:
        raise DunwellError("situation.region", field="debtor.region", value=str(value)[:20])
    return part


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(word: Any, at: str) -> str:
    if not isinstance(word, str) or word not in _zones():
        raise DunwellError("situation.zone", field=at, value=str(word)[:60])
    return word


def _persons(top: Mapping[str, Any]) -> int | None:
    value = top.get("persons")
    if value is not None and not (type(value) is int and 1 <= value <= 100):
        raise DunwellError("situation.number", field="persons", least=1, most=100)
    return value


def _names(given: Mapping[str, Any], field: str, at: str) -> tuple[str, ...] | None:
    """A list of names, each of them once; None when it is not told."""
    if given.get(field) is None:
        return None
    listed = fields.items(given, field, at)
    return tuple(
        dict.fromkeys(fields.text({"": word}, "", f"{fields.path(at, field)}[{n}]") for n, word in enumerate(listed))
    )


def _providers(top: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    told = fields.table(top.get("provider", {}), "provider", set(SCOPE["channel"]))
    return tuple(sorted((channel, fields.text(told, channel, "provider").lower()) for channel in told))


def _weekdays(row: Mapping[str, Any], at: str) -> tuple[int, ...]:
    days = fields.items(row, "weekdays", at)
    if not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise DunwellError("situation.weekdays", field=f"{at}.weekdays")
    return tuple(sorted(set(days)))


def _hours(row: Mapping[str, Any], at: str) -> tuple[str, str] | None:
    if row.get("hours") is None:
        return None
    told = fields.items(row, "hours", at)
    good = len(told) == 2 and all(isinstance(word, str) and _CLOCK.fullmatch(word) for word in told)
    if not good or told[0] >= told[1]:
        raise DunwellError("situation.hours", field=f"{at}.hours")
    return told[0], told[1]
