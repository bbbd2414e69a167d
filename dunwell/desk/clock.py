"""The present moment, or the pretended one of a trial."""

from datetime import UTC, datetime

from django.conf import settings


def now() -> datetime:
    """Now, in UTC."""
    pretended: datetime | None = settings.DUNWELL.now
    return (pretended or datetime.now(UTC)).astimezone(UTC)
