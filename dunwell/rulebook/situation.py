"""A contact as somebody describes it, with all that bears on it. See docs/contact-rules.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dunwell.rulebook.places import candidate_zones


@dataclass(frozen=True, slots=True)
class PastContact:
    """A contact that took place. `debts` and `talked` name debts; None: not told."""

    at: datetime
    outcome: str
    channel: str
    direction: str = "out"
    purpose: str | None = None
    to: str | None = None
    mode: str | None = None
    address: str | None = None
    account: str | None = None
    debts: tuple[str, ...] | None = None
    talked: tuple[str, ...] | None = None
    collector: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """Something we were told and must respect. `account` None: it binds the person."""

    kind: str
    from_date: date
    from_at: datetime | None = None
    until_date: date | None = None
    channel: str | None = None
    address: str | None = None
    place: str | None = None
    purpose: str | None = None
    weekdays: tuple[int, ...] = ()
    hours: tuple[str, str] | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The contact asked about. What is None is not known; see docs/contact-rules.md for what that means.

    days_off   public holidays by place (`DE`, `CA-ON`); None: they were not looked up, and no day is one
    """

    at: datetime
    channel: str | None = None
    purpose: str = "collection"
    to: str = "debtor"
    at_place: str | None = None
    persons: int | None = None
    mode: str = "interactive"
    debtor_kind: str | None = None
    country: str | None = None
    region: str | None = None
    zones: tuple[str, ...] = ()
    debt_kind: str | None = None
    collector: str = "own"
    creditor_kind: str | None = None
    account: str | None = None
    about: tuple[str, ...] | None = None
    address: str | None = None
    providers: tuple[tuple[str, str], ...] = ()
    contacts: tuple[PastContact, ...] = ()
    entries: tuple[RegisterEntry, ...] = ()
    days_off: Mapping[str, frozenset[date]] | None = None

    @property
    def asked_zones(self) -> tuple[str, ...]:
        """The zones the debtor may be in: those told, else all of the country, else all of the world."""
        return self.zones or candidate_zones(self.country, None)

    @property
    def rule_day(self) -> date:
        """The day whose rules are asked: the earliest that it may be at the debtor's place."""
        return _earliest_day(self.at, self.asked_zones)

    @property
    def debtor_place(self) -> str | None:
        """Country, or country-part: `US`, `CA-ON`."""
        return f"{self.country}-{self.region}" if self.country and self.region else self.country


@lru_cache(maxsize=256)
def _earliest_day(at: datetime, zones: tuple[str, ...]) -> date:
    """The earliest day it may be then. Kept: where nothing is known, all zones there are must be asked."""
    return min(at.astimezone(ZoneInfo(zone)).date() for zone in zones)
