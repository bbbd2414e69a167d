"""What the contact rules are asked, of whom, and all that bears on it: frames in one shape for a book and for described
situations. See docs/contact-rules.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from dunwell.rulebook.contact_rules import OUTCOMES, SCOPE

_MOMENT = pl.Datetime("us", "UTC")
_INT, _TEXT, _DATE = pl.Int64(), pl.String(), pl.Date()


def _one_of(words: Sequence[str]) -> pl.DataType:
    return pl.Enum(list(words))


SUBJECTS: dict[str, pl.DataType] = {
    "subject_id": _INT,
    "account_id": _INT,
    "person_id": _INT,
    "at": _MOMENT,
    "debtor": _TEXT,
    "place": _TEXT,
    "zones": _TEXT,
    "debt": _TEXT,
    "collector": _TEXT,
    "creditor": _TEXT,
    "purpose": _TEXT,
    "to": _TEXT,
    "at_place": _TEXT,
    "mode": _TEXT,
    "persons": pl.Int32(),
}
"""Who is asked about, by account. `place`: country, or country-part; `zones`: time zones joined by a space, null where
nothing is known; the others are words of `contact_rules.SCOPE`, null where not known."""

CONTACTS: dict[str, pl.DataType] = {
    "contact_id": _INT,
    "account_id": _INT,
    "person_id": _INT,
    "at": _MOMENT,
    "channel": _one_of(SCOPE["channel"]),
    "direction": _one_of(("out", "in")),
    "outcome": _one_of(OUTCOMES),
    "purpose": _one_of(SCOPE["purpose"]),
    "to": _one_of(SCOPE["to"]),
    "mode": _one_of(SCOPE["mode"]),
    "address_id": _INT,
    "collector": _one_of(SCOPE["collector"]),
    "at_place": _one_of(SCOPE["at_place"]),
}
"""Words are kept by number: contacts are many, and a text takes sixteen times as much. `collector`: who
made it, own or agency; `at_place`: where the debtor was; null where that is not known."""
CONTACT_DEBTS: dict[str, pl.DataType] = {
    "contact_id": _INT, "debt_id": _INT, "called": pl.Boolean(), "talked": pl.Boolean(),
}  # fmt: skip
DEBTS: dict[str, pl.DataType] = {"account_id": _INT, "debt_id": _INT}
ENTRIES: dict[str, pl.DataType] = {
    "entry_id": _INT,
    "account_id": _INT,
    "person_id": _INT,
    "kind": _TEXT,
    "from_date": _DATE,
    "from_at": _MOMENT,
    "until_date": _DATE,
    "channel": _TEXT,
    "address_id": _INT,
    "at_place": _TEXT,
    "purpose": _TEXT,
    "weekdays": _TEXT,
    "hours_from": _TEXT,
    "hours_until": _TEXT,
    "currency": _TEXT,
}
"""Entries of the registers. `account_id` null: it binds the person; `weekdays`: numbers joined by a space."""

ADDRESSES: dict[str, pl.DataType] = {"subject_id": _INT, "channel": _TEXT, "address_id": _INT}


@dataclass(frozen=True, slots=True)
class Asked:
    """Subjects, and what bears on them.

    contacts        what took place (`CONTACTS`); of other people too
    contact_debts   which debts a contact was about; a contact without any counts for every debt
    debts           the debts asked about, by account
    entries         of the registers
    days_off        public holidays by place (`DE`, `CA-ON`)
    providers       who carries messages, by channel
    addresses       which a subject may be contacted at (`ADDRESSES`); none: it is not known, and what permits for one
                    address permits nothing
    """

    subjects: pl.DataFrame
    contacts: pl.DataFrame
    contact_debts: pl.DataFrame
    debts: pl.DataFrame
    entries: pl.DataFrame
    days_off: Mapping[str, frozenset[date]]
    providers: Mapping[str, str]
    addresses: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ADDRESSES))
