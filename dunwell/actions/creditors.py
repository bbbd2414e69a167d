"""Who is owed: added and changed."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import available_timezones

from babel.core import get_global

from dunwell.actions.act import act
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.money import DIGITS
from dunwell.core.terms import LANGUAGES
from dunwell.documents.bank import check_bic, check_iban
from dunwell.rulebook.creditor_kinds import KINDS, OTHER, kinds_of, with_collector
from dunwell.store import journal
from dunwell.store.models import Creditor

NEEDED = ("name", "country", "zone", "currency")
"""Without these a creditor cannot be added."""

_LIMITS = {field.name: field.max_length for field in Creditor._meta.concrete_fields if field.name not in ("id", "code")}
FIELDS = (*_LIMITS, "collector")
"""Everything about a creditor that may be set. `collector` is told by `kind`: own, or agency."""

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_COUNTRY = re.compile(r"(?!ZZ)[A-Z]{2}")
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_UNCLEAN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@act("creditor.set", may_record_nothing=True)
def set_creditor(*, code: str, changes: Mapping[str, str], at: datetime, by: Actor) -> Creditor:
    """Add the creditor of this code, or change it; setting what already stands records nothing.

    changes     field (see FIELDS) -> value; an empty value clears a field that may be empty
    Refuses what no letter could carry: an unknown country, zone, currency, language or kind, an IBAN or BIC with wrong
    check digits, an address that is no address, text too long or with control characters; and a new creditor without
    NEEDED.
    """
    if not _CODE.fullmatch(code):
        raise Refused("creditor.code_invalid", code=code[:60])
    values = {name: _checked(name, value) for name, value in changes.items() if name != "collector"}
    creditor = Creditor.objects.select_for_update().filter(code=code).first()
    if "collector" in changes:
        told = values.get("kind", creditor.kind if creditor else "")
        values["kind"] = _collector(changes["collector"], told, said="kind" in values)
    if creditor is None:
        if missing := [name for name in NEEDED if not values.get(name)]:
            raise Refused("creditor.incomplete", code=code, missing=", ".join(missing))
        creditor = Creditor.objects.create(code=code, **values)
        event, old = "creditor.added", {}
    else:
        values = {name: value for name, value in values.items() if getattr(creditor, name) != value}
        if not values:
            return creditor
        event, old = "creditor.changed", {name: getattr(creditor, name) for name in values}
        for name, value in values.items():
            setattr(creditor, name, value)
        creditor.save(update_fields=list(values))
    body = {"old": old, "new": values}
    journal.append(event, creditor=creditor, by=by, at=at, body=body)
    return creditor


def _checked(name: str, value: str) -> str:
    value = value.strip()
    limit = _LIMITS[name]
    if _UNCLEAN.search(value):
        raise Refused("creditor.unclean", field=name, value=value[:60])
    if name in NEEDED and not value:
        raise Refused("creditor.empty", field=name)
    if value and name in _CHECKS:
        value = _CHECKS[name](value)
    if limit is not None and len(value) > limit:
        raise Refused("creditor.too_long", field=name, limit=limit)
    return value


def _country(value: str) -> str:
    if not _COUNTRY.fullmatch(value.upper()) or value.upper() not in get_global("territory_zones"):
        raise Refused("creditor.country_unknown", value=value[:60])
    return value.upper()


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise Refused("creditor.zone_unknown", value=value[:60])
    return value


def _currency(value: str) -> str:
    if value.upper() not in DIGITS:
        raise Refused("creditor.currency_unknown", value=value[:60])
    return value.upper()


def _language(value: str) -> str:
    if value not in LANGUAGES:
        raise Refused("creditor.language_unknown", value=value[:60], known=", ".join(LANGUAGES))
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise Refused("creditor.email_invalid", value=value[:60])
    return value


def _kind(value: str) -> str:
    """What rules ask of a creditor, several with commas between; `other` alone: none of it."""
    kinds = sorted({part.strip() for part in value.split(",")})
    if not set(kinds) <= {*KINDS, OTHER} or (OTHER in kinds and len(kinds) > 1):
        raise Refused("creditor.kind_unknown", value=value[:60], known=", ".join(KINDS), other=OTHER)
    return ",".join(kinds)


def _collector(value: str, kinds: str, *, said: bool) -> str:
    """The kinds after it was said who collects. said: they were given in the same breath, so they must agree."""
    if value.strip() not in ("own", "agency"):
        raise Refused("creditor.collector_unknown", value=value[:60])
    after = with_collector(kinds_of(kinds), value.strip())
    if said and after != kinds_of(kinds) and value.strip() == "own":
        raise Refused("creditor.collector_contradicts", kind="debt_collector")
    return ",".join(sorted(after))


_CHECKS: dict[str, Callable[[str], str]] = {
    "country": _country,
    "zone": _zone,
    "currency": _currency,
    "language": _language,
    "email": _email,
    "iban": check_iban,
    "bic": check_bic,
    "kind": _kind,
}
