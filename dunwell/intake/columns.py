"""Which column means what, and what kind of file it is: by the table of names in `columns.toml`, or by a mapping."""

import difflib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from dunwell.core.errors import DunwellError
from dunwell.intake.shapes import KINDS, STATEMENTS, Defaults, Mapping

REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
    "customers": (("number",), ("name",)),
    "contacts": (("debtor",), ("channel",)),
    "invoices": (
        ("number",),
        ("debtor",),
        ("issue_date",),
        ("due_date", "terms_days", "received_date", "delivered_date", "accepted_date"),
        ("amount", "open"),
    ),
    "credit_notes": (("number",), ("debtor", "receivable"), ("issue_date",), ("amount",)),
    "charges": (("number",), ("receivable",), ("date",), ("amount",)),
    "payments": (("number",), ("debtor", "receivable"), ("value_date",), ("amount",)),
    "disputes": (("receivable",), ("opened_date",), ("reason",)),
    "targets": (("debtor",), ("amount",), ("by_date",)),
    STATEMENTS: (("booking_date",), ("amount", "credit", "debit")),
}
"""Kind -> what it must have; any one of each group will do."""

CUSTOMER_FIELDS = (
    "debtor_name",
    "debtor_kind",
    "country",
    "language",
    "zone",
    "person",
    "segment",
    "email",
    "phone",
    "street",
    "postcode",
    "city",
    "region",
    "preferred_channel",
    "contact_name",
)
"""Fields of an invoice file that speak of the customer."""

MOST_COLUMNS = 500
SEPARATORS = (",", ";", "\t", "|")


@lru_cache(4096)
def plain(name: str) -> str:
    """A name of a column or a word of a cell without what does not matter: case, spaces, points, dashes, width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).replace("#", " no").casefold())


@cache
def _data() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("dunwell.intake").joinpath("columns.toml").read_text(encoding="utf-8"))


@cache
def names(kind: str) -> dict[str, str]:
    """Plain name -> field, for a kind of file. The first field that claims a name keeps it."""
    found: dict[str, str] = {}
    for field, listed in _data()[kind].items():
        for name in listed:
            for one in _data()["shared"][name[1:]] if name.startswith("@") else [name]:
                found.setdefault(plain(one), field)
        found.setdefault(plain(field), field)
    return found


def fields(kind: str) -> tuple[str, ...]:
    """The fields of a kind of file."""
    return tuple(_data()[kind])


def names_of(kind: str) -> dict[str, list[str]]:
    """Field -> the names of columns that mean it, as people write them; a name that several fields of the kind claim
    is listed where it counts."""
    owner = names(kind)
    return {
        field: [
            one
            for name in listed
            for one in (_data()["shared"][name[1:]] if name.startswith("@") else [name])
            if owner[plain(one)] == field
        ]
        for field, listed in _data()[kind].items()
    }


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a header says: kind, field -> index of its column, constants, headers left over, groups still missing."""

    kind: str
    columns: dict[str, int]
    constants: dict[str, str]
    ignored: tuple[str, ...]
    missing: tuple[tuple[str, ...], ...]
    twice: tuple[tuple[str, str, str], ...]
    """Field and the two headers that claim it."""
    debtor_is_name: bool

    @property
    def complete(self) -> bool:
        """Whether a file with this header can be read."""
        return not self.missing and not self.twice


def recognise(headers: list[str], kind: str, mapping: Mapping | None) -> Recognition:
    """Read a header as that of one kind of file."""
    table = names(kind)
    known = set(fields(kind))
    by_hand = {plain(name): field for name, field in (mapping.columns if mapping else {}).items() if field in known}
    constants = {name: value for name, value in (mapping.constants if mapping else {}).items() if name in known}
    columns: dict[str, int] = {}
    twice: list[tuple[str, str, str]] = []
    taken: set[int] = set()

    def take(field: str, index: int) -> None:
        if field in columns:
            twice.append((field, headers[columns[field]], headers[index]))
        else:
            columns[field] = index
        taken.add(index)

    for index, header in enumerate(headers):
        if plain(header) in by_hand:
            take(by_hand[plain(header)], index)
    settled = set(columns) | set(constants)
    for index, header in enumerate(headers):
        field = table.get(plain(header)) or table.get(plain(re.sub(r"[(\[（【].*", "", header)))
        if index not in taken and field is not None and field not in settled:
            take(field, index)
    debtor_is_name = _customer_column(headers, kind, columns, constants, taken)
    have = set(columns) | set(constants)
    return Recognition(
        kind=kind,
        columns=columns,
        constants={field: value for field, value in constants.items() if field not in columns},
        ignored=tuple(header for index, header in enumerate(headers) if index not in taken and header.strip()),
        missing=tuple(group for group in REQUIRED[kind] if not have & set(group)),
        twice=tuple(twice),
        debtor_is_name=debtor_is_name,
    )


def _customer_column(
    headers: list[str], kind: str, columns: dict[str, int], constants: dict[str, str], taken: set[int]
) -> bool:
    """A column just called "customer" is the name where a number stands beside it, else the number; if an invoice
    file has nothing else about its customers, it is both. True when a name serves as number."""
    number, name = ("number", "name") if kind == "customers" else ("debtor", "debtor_name")
    weak = {plain(one) for one in _data()["weak"]["customer"]}
    for index, header in enumerate(headers):
        if index not in taken and plain(header) in weak:
            if number not in columns and number not in constants:
                columns[number] = index
            elif name in fields(kind) and name not in columns:
                columns[name] = index
            else:
                continue
            taken.add(index)
    if kind != "invoices" or "debtor" in constants:
        return False
    if "debtor" not in columns and "debtor_name" in columns:
        columns["debtor"] = columns["debtor_name"]
        return True
    if "debtor" in columns and "debtor_name" not in columns and plain(headers[columns["debtor"]]) in weak:
        columns["debtor_name"] = columns["debtor"]
        return True
    return False


_FULLER = 2
"""A kind that understands so many columns more than a complete one is what the file is meant to be."""


def best(headers: list[str], file: str, mapping: Mapping | None) -> Recognition:
    """The kind that the header fits best: complete before incomplete (but for `_FULLER`), then the most columns
    understood, then the file's name."""
    if mapping and mapping.kind:
        return recognise(headers, mapping.kind, mapping)
    tried = [recognise(headers, kind, mapping) for kind in KINDS]

    def rank(found: Recognition) -> tuple[bool, bool, float, int, bool]:
        share = 1 - len(found.missing) / len(REQUIRED[found.kind])
        return (
            not found.missing,
            not found.twice,
            0.0 if not found.missing else share,
            len(set(found.columns.values())),
            named(found.kind, file),
        )

    chosen = max(tried, key=rank)
    # a file of invoices that lacks one column is no file of customers, though it has their columns
    fuller = [
        found
        for found in tried
        if len(found.missing) == 1 and len(set(found.columns.values())) >= len(set(chosen.columns.values())) + _FULLER
    ]
    return max(fuller, key=rank) if fuller and not chosen.missing else chosen


def named(kind: str, file: str) -> bool:
    """Whether the file's name speaks of the kind."""
    return any(plain(word) in plain(file) for word in _data()["names"][kind])


def refuse(found: Recognition, headers: list[str], file: str) -> None:
    """Say what is wrong with a header, with the nearest names and an example of a mapping file."""
    if found.twice:
        field, one, other = found.twice[0]
        raise DunwellError("intake.two_columns", file=file, field=field, one=one, other=other)
    missing = [" / ".join(group) for group in found.missing]
    free = [header for header in found.ignored if header.strip()]
    hints = []
    for group in found.missing:
        for field in group:
            spoken = [name for name, owner in names(found.kind).items() if owner == field]
            hints += [
                f'"{header[:60]}" -> {field}'
                for header in free
                if difflib.get_close_matches(plain(header), spoken, n=1, cutoff=0.75)
            ]
    raise DunwellError(
        "intake.missing_columns",
        file=file,
        kind=found.kind,
        missing=", ".join(missing),
        found=", ".join(f'"{header[:60]}"' for header in headers[:40]) or "-",
        hints="; ".join(dict.fromkeys(hints)) or "-",
        example=example(found, free),
    )


def example(found: Recognition, free: list[str]) -> str:
    """A mapping file to begin with, one line: TOML."""
    wanted = [group[0] for group in found.missing]
    pairs = [f'"{(free[i] if i < len(free) else "...")[:60]}" = "{field}"' for i, field in enumerate(wanted)]
    return f'kind = "{found.kind}"; [columns]; ' + "; ".join(pairs)


def check_mapping(mapping: Mapping, headers: list[str], file: str) -> None:
    """Refuse a mapping that names columns the file has not."""
    have = {plain(header) for header in headers}
    for column in mapping.columns:
        if plain(column) not in have:
            close = difflib.get_close_matches(plain(column), have, n=1)
            near = next((header for header in headers if close and plain(header) == close[0]), "-")
            raise DunwellError("intake.mapping_column_absent", file=file, column=column, near=near)


def with_defaults(found: Recognition, defaults: Defaults) -> dict[str, Any]:
    """Constants of a file: those of its mapping, and the defaults for fields that neither column nor mapping gives."""
    constants: dict[str, Any] = dict(found.constants)
    for field, value in (("country", defaults.country), ("language", defaults.language)):
        if value and found.kind == "customers" and field not in found.columns:
            constants.setdefault(field, value)
    return constants
