"""The header of a bank's table: which column means what, and whether the table is a statement at all."""

import re
from collections.abc import Mapping as Lookup
from dataclasses import dataclass

from dunwell.intake.columns import MOST_COLUMNS, names, plain, recognise
from dunwell.intake.columns import fields as fields_of
from dunwell.intake.shapes import KINDS, STATEMENTS, Mapping

_MARKS = ("balance", "direction", "credit", "debit", "payer", "payer_account", "bank_reference", "value_date", "state")
"""Fields that only statements have under these names: a table with at least one of them, a day and an amount is one."""
_MANY = ("text",)
"""Fields that several columns may tell together."""


@dataclass(frozen=True, slots=True)
class Header:
    """Field -> columns that tell it (more than one for texts only); headers nobody understood."""

    columns: Lookup[str, tuple[int, ...]]
    headers: tuple[str, ...]
    ignored: tuple[str, ...]
    constants: Lookup[str, str]
    several: frozenset[str]
    """Fields that more than one column claimed."""

    @property
    def complete(self) -> bool:
        """Whether entries can be read under this header."""
        have = {*self.columns, *self.constants}
        return "booking_date" in self.columns and bool({"amount", "credit", "debit"} & have)

    @property
    def by_header(self) -> dict[str, str]:
        """Header -> field."""
        return {self.headers[index]: field for field, found in self.columns.items() for index in found}

    def header(self, field: str) -> str:
        """What the file calls a field."""
        found = self.columns.get(field)
        return self.headers[found[0]] if found else field


def read_header(cells: list[str], mapping: Mapping | None) -> Header:
    """Read one row as a header."""
    headers = [" ".join(cell.split()).strip("\ufeff") for cell in cells][:MOST_COLUMNS]
    while headers and not headers[-1]:
        headers.pop()
    told = mapping if mapping and mapping.kind in (None, STATEMENTS) else None
    own = {plain(name): field for name, field in (told.columns if told else {}).items()}
    constants = {name: value for name, value in (told.constants if told else {}).items() if name in _fields()}
    table = names(STATEMENTS)
    columns: dict[str, list[int]] = {}
    for index, header in enumerate(headers):
        if plain(header) in own and own[plain(header)] in _fields():
            columns.setdefault(own[plain(header)], []).append(index)
    settled = {*columns, *constants}
    for index, header in enumerate(headers):
        field = table.get(plain(header)) or table.get(plain(re.sub(r"[(\[（【].*", "", header)))
        if field is None or plain(header) in own or (field in settled and field not in _MANY):
            continue
        columns.setdefault(field, []).append(index)
    several = frozenset(field for field, found in columns.items() if len(found) > 1)
    # of `交易金额(收入)` and `记账金额(收入)` the name that the table of names has first: what moved on the account
    order = {name: place for place, name in enumerate(table)}
    for field in several - set(_MANY):
        columns[field] = [min(columns[field], key=lambda index: order.get(plain(headers[index]), -1))]
    if "booking_date" not in columns and "value_date" in columns:
        columns["booking_date"] = columns["value_date"]
    used = {index for found in columns.values() for index in found}
    return Header(
        columns={field: tuple(found) for field, found in columns.items()},
        headers=tuple(headers),
        ignored=tuple(header for index, header in enumerate(headers) if index not in used and header),
        constants=constants,
        several=several,
    )


def is_statement(header: Header, file: str, mapping: Mapping | None) -> bool:
    """Whether a table under this header is a statement: told so, or complete as one and no file of a ledger."""
    if mapping and mapping.kind:
        return mapping.kind == STATEMENTS and header.complete
    if not header.complete or not {*header.columns, *_days(header)} & set(_MARKS):
        return False
    return not any(_is_ledger(header, kind, mapping) for kind in KINDS)


def _days(header: Header) -> tuple[str, ...]:
    """A table with a day of the deal and one of the booking is a statement as well."""
    return ("value_date",) if "booking_date" in header.several else ()


def _is_ledger(header: Header, kind: str, mapping: Mapping | None) -> bool:
    """A ledger's file names customers or invoices; `payer` or `account` alone is what banks write too."""
    found = recognise(list(header.headers), kind, mapping)
    if not found.complete:
        return False
    strong = names(kind)
    ours = names(STATEMENTS)
    pointers = [found.columns[field] for field in ("debtor", "receivable") if field in found.columns]
    if kind in ("customers", "invoices"):
        return True
    return any(
        plain(header.headers[index]) in strong and ours.get(plain(header.headers[index])) is None for index in pointers
    )


def _fields() -> frozenset[str]:
    return frozenset(fields_of(STATEMENTS))
