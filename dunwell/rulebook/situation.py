"""A contact as somebody describes it, with all that bears on it. See docs/contact-rules.md."""

from dataclasses import dataclass
from datetime import date, datetime


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
    """The contact asked about. What is None is not known; see docs/contact-rules.md for what that means."""

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
    days_off: frozenset[date] | None = None
