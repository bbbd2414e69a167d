"""What a sending did, for people and for programs."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dunwell.core.errors import DunwellError


@dataclass(slots=True)
class SendReport:
    """What a sending did.

    sent, cancelled   (channel, stage) -> count; reason -> count
    broken            (key, why) of messages that could not be written; they count among `cancelled` too
    failed            (key, reason, the channel's words) of messages that will never leave
    without_interest  (key, number, why) of invoices on which a message asks for no interest, which could not be told;
                      number None: it asks for none at all
    unknown           keys whose fate a person must find out, from this sending and from senders that died
    again             messages taken back from senders that died
    later             reason -> how many will be tried again later
    stopped           channel -> why it was left alone
    refused           what stood in the way of a channel or of a creditor before anything was claimed
    waiting           creditor -> messages that still wait, and when the next may leave
    waiting_from      creditor -> from which minute on how many of them may leave, the earliest first; the others of
                      them could leave at once
    letters           folders with the letters written
    """

    sent: Counter[tuple[str, int]] = field(default_factory=Counter)
    cancelled: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    without_interest: list[tuple[str, str | None, DunwellError]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    again: int = 0
    later: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: list[DunwellError] = field(default_factory=list)
    waiting: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)
    waiting_from: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)
    letters: set[Path] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Messages this sending has done with."""
        return self.sent.total() + self.cancelled.total() + len(self.failed)
