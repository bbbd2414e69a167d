"""What makes an act of a person happen once, and what it may be told: the caller's key, days, and free text."""

import json
import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dunwell.actions.business_day import today
from dunwell.core.errors import Refused
from dunwell.store.models import Creditor, Debtor, JournalEntry

_UNCLEAN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_KEY = 250


def first_result(
    debtor: Debtor, event: str, key: UUID | str, asked: dict[str, Any]
) -> tuple[Debtor, str, dict[str, Any] | None]:
    """Lock the debtor, and look whether this key was used before.

    asked   what the caller asks for, as the body of the journal entry will hold it (text, whole numbers, null)
    Returns the debtor as he stands, the key as text, and the body of the first entry, or None when there is none yet.
    Refuses a key that asked for something else then. Two callers with one key queue for the lock: the second one
    finds the entry of the first.
    """
    text = checked_key(key)
    debtor = Debtor.objects.select_for_update(of=("self",)).select_related("creditor").get(pk=debtor.pk)
    entry = JournalEntry.objects.filter(creditor=debtor.creditor, event=event, key=text).first()
    if entry is None:
        return debtor, text, None
    body: dict[str, Any] = json.loads(bytes(entry.body))["body"]
    if entry.debtor != debtor.pk or any(body.get(name) != value for name, value in asked.items()):
        raise Refused("talk.key_reused", key=text)
    return debtor, text, body


def checked_key(key: UUID | str) -> str:
    """The caller's key as text. Refuses an empty, long or unclean one."""
    text = str(key)
    if not text.strip() or len(text) > _LONGEST_KEY or _UNCLEAN.search(text):
        raise Refused("talk.bad_key", limit=_LONGEST_KEY)
    return text


def happened_on(creditor: Creditor, asked: date | None, at: datetime) -> tuple[date, date]:
    """The day something happened (left open: today), and today, at the creditor's place. Refuses a day ahead."""
    now = today(creditor, at)
    if asked is not None and asked > now:
        raise Refused("talk.day_ahead", day=asked.isoformat(), today=now.isoformat())
    return asked or now, now


def plain_day(day: date | None) -> str | None:
    """A day as the journal holds it."""
    return day.isoformat() if day else None


def clean_text(text: str, field: str, *, limit: int, needed: bool = False) -> str:
    """Free text without the blanks around it. Refuses control characters (lines may break), length, and nothing."""
    text = text.strip()
    if _UNCLEAN.search(text):
        raise Refused("talk.unclean", field=field)
    if len(text) > limit:
        raise Refused("talk.too_long", field=field, limit=limit)
    if needed and not text:
        raise Refused("talk.empty", field=field)
    return text
