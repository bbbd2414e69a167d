"""A file of contacts that were made elsewhere: an agency's calls and messages, the lender's own earlier tools.

One row is one contact. The columns are the words of docs/contact-rules.md; which are needed is told below.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from dunwell.core.errors import DunwellError
from dunwell.core.terms import Channel, ContactOutcome
from dunwell.intake.source import open_file
from dunwell.rulebook.contact_rules import SCOPE

NEEDED = ("debtor", "at", "channel")
COLUMNS = (
    *NEEDED, "outcome", "direction", "agency", "number", "purpose", "to", "mode", "place", "persons", "about", "talked",
    "note",
)  # fmt: skip
"""`at`: a moment, 2026-11-24T10:30, with an offset or as the clock at the creditor's place showed it. `outcome`: of a
call or a visit; of a message sent (or nothing) or undeliverable. `direction`: out (or nothing), in. `agency`: who made
it (nothing: the creditor's own people). `about`, `talked`: numbers of items, separated by blanks."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "channel": tuple(map(str, Channel)), "direction": ("out", "in"), "purpose": SCOPE["purpose"], "to": SCOPE["to"],
    "mode": SCOPE["mode"], "place": SCOPE["at_place"],
    "outcome": (*map(str, ContactOutcome), "sent", "undeliverable"),
}  # fmt: skip
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MadeContact:
    """One contact as the file tells it. `key`: the same for the same letters, also in another file; rows that say the
    same twice in one file are two contacts."""

    line: int
    key: str
    debtor: str
    at: datetime
    channel: Channel
    outcome: str | None
    inbound: bool
    told: Mapping[str, str]

    @property
    def persons(self) -> int | None:
        """How many visited together."""
        return int(self.told["persons"]) if "persons" in self.told else None

    def items(self, field: str) -> tuple[str, ...]:
        """Numbers of items, of `about` or `talked`."""
        return tuple(self.told.get(field, "").split())


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, in words of the catalogue."""

    line: int
    error: DunwellError


def read_contacts(path: Path) -> tuple[str, list[MadeContact], list[Fault]]:
    """Hash of the file, its good rows, and what is wrong with the others.

    Raises DunwellError where the file is no table of contacts: unreadable, not UTF-8, a column missing or unknown.
    """
    with open_file(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise DunwellError("contacts_file.too_large", file=str(path), limit=_LARGEST // 1024 // 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DunwellError("contacts_file.not_utf8", file=str(path)) from error
    seen: dict[str, int] = {}
    rows, faults = list[MadeContact](), list[Fault]()
    try:
        for line, row in _rows(text, path):
            try:
                rows.append(_contact(line, row, seen))
            except DunwellError as error:
                faults.append(Fault(line, error))
    except csv.Error as error:
        raise DunwellError("contacts_file.no_table", file=str(path), needed=", ".join(NEEDED)) from error
    return sha256(data).hexdigest(), rows, faults


def _rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by column, without the blank ones."""
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in next(reader, [])]
    if set(NEEDED) - set(names) or len(set(names)) < len(names):
        raise DunwellError("contacts_file.no_table", file=str(path), needed=", ".join(NEEDED))
    if unknown := [name for name in names if name not in COLUMNS]:
        raise DunwellError(
            "contacts_file.unknown_column", file=str(path), column=unknown[0][:60], known=", ".join(COLUMNS)
        )
    for cells in reader:
        if any(cell.strip() for cell in cells):
            # a cell too many is told as a wrong row, not as a wrong table
            told = dict(zip(names, cells, strict=False)) if len(cells) <= len(names) else {}
            yield reader.line_num, {name: cell.strip() for name, cell in told.items() if cell.strip()}


def _contact(line: int, row: dict[str, str], seen: dict[str, int]) -> MadeContact:
    for name in NEEDED:
        if name not in row:
            raise DunwellError("contacts_file.missing", column=name)
    for name, known in _WORDS.items():
        if row.get(name, known[0]) not in known:
            raise DunwellError("register.not_one_of", field=name, value=row[name][:40], known=", ".join(known))
    persons = row.get("persons", "1")
    if not (persons.isascii() and persons.isdigit() and 1 <= int(persons[:3]) <= 99 and len(persons) < 3):
        raise DunwellError("contact.bad_persons", persons=persons[:10])
    try:
        at = datetime.fromisoformat(row["at"])
    except ValueError:
        at = None
    if at is None or len(row["at"]) <= len("2026-11-24") or not 1970 <= at.year <= 2199:
        raise DunwellError("contacts_file.bad_moment", value=row["at"][:40])
    channel, inbound = Channel(row["channel"]), row.get("direction") == "in"
    outcome = row.get("outcome")
    by_people = channel in (Channel.PHONE, Channel.VISIT)
    if by_people != (outcome in tuple(ContactOutcome)) or (inbound and outcome == "undeliverable"):
        raise DunwellError("contact.outcome_of_calls", channel=str(channel))
    text = "\0".join(f"{name}={row[name]}" for name in sorted(row))
    seen[text] = seen.get(text, 0) + 1
    key = sha256(f"{text}\0{seen[text]}".encode("utf-8", "replace")).hexdigest()
    told = {name: value for name, value in row.items() if name not in (*NEEDED, "outcome", "direction")}
    return MadeContact(line, f"contacts:{key}", row["debtor"], at, channel, outcome, inbound, told)
