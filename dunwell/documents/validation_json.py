"""A validation notice described as JSON. What is missing is asked for by name, all of it at once; whatever is wrong is
refused with the path of the field. Amounts are whole numbers of minor units. The schema is `validation.schema.json`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dunwell.core.errors import DunwellError
from dunwell.documents.notice import Party
from dunwell.documents.validation_notice import DATE_KINDS, ValidationNotice
from dunwell.intake import json_fields as fields

_PARTY = {"name", "address"}
_NEEDED = (
    "day", "collector", "consumer", "creditor_now", "account", "itemization_date", "date_kind", "then_minor",
    "interest_minor", "fees_minor", "payments_minor", "credits_minor", "now_minor", "financial",
)  # fmt: skip
"""All that a notice cannot do without. `account` may be "" where there was none, amounts may be 0: both are said."""
_MAY = ("creditor_then", "currency", "email", "phone", "reference")


def read_validation_notice(text: str) -> ValidationNotice:
    """A notice from JSON. Raises DunwellError `claim.*`, `validation.*`; `validation.missing` names all that is."""
    top = fields.table(fields.load(text), "", {*_NEEDED, *_MAY})
    missing = [name for name in _NEEDED if top.get(name) is None]
    if top.get("financial") is True and not top.get("creditor_then"):
        missing.append("creditor_then")
    if missing:
        raise DunwellError("validation.missing", fields=", ".join(missing))
    if not isinstance(top["financial"], bool):
        raise DunwellError("claim.not_one_of", field="financial", value=str(top["financial"])[:60], known="true, false")
    return ValidationNotice(
        collector=_party(top, "collector"),
        consumer=_party(top, "consumer"),
        creditor_now=fields.text(top, "creditor_now", ""),
        creditor_then=_said(top, "creditor_then"),
        account=_said(top, "account"),
        date_kind=fields.choice(top, "date_kind", "", list(DATE_KINDS)) or "",
        itemization_date=_day(top, "itemization_date"),
        day=_day(top, "day"),
        currency=_said(top, "currency") or "USD",
        **{name: _minor(top, name) for name in _NEEDED if name.endswith("_minor")},
        financial=top["financial"],
        email=_said(top, "email"),
        phone=_said(top, "phone"),
        reference=_said(top, "reference"),
    )


def _party(top: Mapping[str, Any], field: str) -> Party:
    told = fields.table(top[field], field, _PARTY)
    lines = [str(line) for line in fields.items(told, "address", field, need=True)]
    return Party(fields.text(told, "name", field), tuple(lines), "US")


def _said(top: Mapping[str, Any], field: str) -> str:
    """A text, "" where there is none."""
    return fields.text(top, field, "") if top.get(field) not in (None, "") else ""


def _day(top: Mapping[str, Any], field: str) -> date:
    found = fields.day(top, field, "")
    assert found is not None  # asked for above
    return found


def _minor(top: Mapping[str, Any], field: str) -> int:
    value = top[field]
    if type(value) is not int or not 0 <= value <= 10**15:
        raise DunwellError("validation.amount", field=field, value=fields.shown(value)[:40])
    return value
