"""What time it is for the sender: the present, a pretended moment, or a day walked through from its first hour."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dunwell.store.models import Creditor


@dataclass(slots=True)
class Clock:
    """The moment of the business.

    fixed    a pretended present, which stands still; None: the machine's clock
    walked   a day of a trial: it begins at the creditor's midnight and goes from one due message to the next
    """

    fixed: datetime | None = None
    walked: date | None = None
    _at: datetime | None = None

    @property
    def pretends(self) -> bool:
        """Is it not the real present? Then mail leaves to this machine only."""
        return self.fixed is not None or self.walked is not None

    def begin(self, creditor: Creditor) -> None:
        """Stand at the beginning: of the walked day at the creditor's place."""
        if self.walked is not None:
            self._at = datetime(self.walked.year, self.walked.month, self.walked.day, tzinfo=ZoneInfo(creditor.zone))

    def now(self, creditor: Creditor) -> datetime:
        """The moment at the creditor's place."""
        return (self._at or self.fixed or datetime.now(UTC)).astimezone(ZoneInfo(creditor.zone))

    def walk_to(self, creditor: Creditor, moment: datetime | None) -> bool:
        """Go on to a later moment of the walked day; False when it lies beyond, or the clock does not walk."""
        if self.walked is None or moment is None:
            return False
        there = moment.astimezone(ZoneInfo(creditor.zone))
        if there.date() != self.walked:
            return False
        # not before the last word of the database, which keeps microseconds
        self._at = there + timedelta(microseconds=1)
        return True
