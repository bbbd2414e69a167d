"""Business days are the creditor's: his midnight, his today."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from dunwell.store.models import Creditor


def day_start(creditor: Creditor, day: date) -> datetime:
    """Midnight at the creditor's place, in UTC: business days are his."""
    return datetime.combine(day, time(), ZoneInfo(creditor.zone)).astimezone(UTC)


def today(creditor: Creditor, now: datetime) -> date:
    """The creditor's business day at a moment."""
    return now.astimezone(ZoneInfo(creditor.zone)).date()
