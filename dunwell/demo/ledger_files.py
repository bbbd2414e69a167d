"""The book as the CSV files a ledger would export: each creditor's in its own way of writing."""

import csv
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from dunwell.core.money import plain_amount
from dunwell.demo.book import Book, Contest, DemoDebtor, Item, Paid


@dataclass(frozen=True, slots=True)
class Style:
    """How a ledger writes: heads of columns by kind of file, delimiter, encoding, decimal mark, dates, its words."""

    heads: dict[str, list[str]]
    words: dict[str, str]
    delimiter: str
    encoding: str
    decimal: str
    day: str


@cache
def styles() -> dict[str, Style]:
    """By the creditor's code."""
    table = tomllib.loads((resources.files("dunwell.demo") / "ledgers.toml").read_text(encoding="utf-8"))
    return {code: Style(**row) for code, row in table.items()}


def write_book(folder: Path, book: Book) -> list[Path]:
    """All files of a book into a folder: customers, invoices, credit notes, charges, payments, disputes."""
    return write(
        folder, book.house.code, debtors=book.debtors, items=book.items, payments=book.payments, contests=book.contests
    )


def write(
    folder: Path,
    house: str,
    *,
    debtors: Iterable[DemoDebtor] = (),
    items: Iterable[Item] = (),
    payments: Iterable[Paid] = (),
    contests: Iterable[Contest] = (),
) -> list[Path]:
    """Files with what is given; a kind without rows gets no file. Returns their paths."""
    style = styles()[house]
    by_kind: dict[str, list[Item]] = {"invoice": [], "credit_note": [], "charge": []}
    for item in items:
        by_kind[item.kind].append(item)
    rows = {
        "customers": [_customer(style, each) for each in debtors],
        "invoices": [_invoice(style, each) for each in by_kind["invoice"]],
        "credit_notes": [_credit_note(style, each) for each in by_kind["credit_note"]],
        "charges": [_charge(style, each) for each in by_kind["charge"]],
        "payments": [_payment(style, each) for each in payments],
        "disputes": [_dispute(style, each) for each in contests],
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{kind}.csv", style, kind, found) for kind, found in rows.items() if found]


def _write(path: Path, style: Style, kind: str, rows: Sequence[tuple[str, ...]]) -> Path:
    with path.open("w", encoding=style.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=style.delimiter)
        writer.writerow(style.heads[kind])
        writer.writerows(rows)
    return path


def _customer(style: Style, each: DemoDebtor) -> tuple[str, ...]:
    say = _words(style)
    return (
        each.number, each.name, say("consumer" if each.consumer else "business"),
        say("other" if each.consumer else "trade"), say(each.place.country), say(each.place.language), each.zone,
        each.person, each.email, each.street, each.postcode, each.city, each.region, say(each.preferred_channel),
        each.contact_name,
    )  # fmt: skip


def _invoice(style: Style, each: Item) -> tuple[str, ...]:
    return (
        each.number, each.debtor, _day(style, each.issued), _day(style, each.due), each.currency,
        _amount(style, each.amount_minor, each.currency), each.text,
    )  # fmt: skip


def _credit_note(style: Style, each: Item) -> tuple[str, ...]:
    return (
        each.number, each.debtor, _day(style, each.issued), each.parent, each.currency,
        _amount(style, -each.amount_minor, each.currency), each.text,
    )  # fmt: skip


def _charge(style: Style, each: Item) -> tuple[str, ...]:
    return (
        each.number, each.debtor, each.parent, _day(style, each.issued), each.currency,
        _amount(style, each.amount_minor, each.currency), each.text,
    )  # fmt: skip


def _payment(style: Style, each: Paid) -> tuple[str, ...]:
    return (
        each.number, each.debtor, each.item, _day(style, each.day), each.currency,
        _amount(style, each.amount_minor, each.currency), _words(style)(each.method), each.reverses,
    )  # fmt: skip


def _dispute(style: Style, each: Contest) -> tuple[str, ...]:
    amount = "" if each.amount_minor is None else _amount(style, each.amount_minor, each.currency)
    return (
        each.number, each.debtor, each.item, _day(style, each.opened), _day(style, each.closed), each.currency, amount,
        each.reason, each.outcome,
    )  # fmt: skip


def _words(style: Style) -> Callable[[str], str]:
    return lambda word: style.words.get(word, word)


def _day(style: Style, day: date | None) -> str:
    return day.strftime(style.day) if day else ""


def _amount(style: Style, minor: int, currency: str) -> str:
    return plain_amount(minor, currency).replace(".", style.decimal)
