"""Two real books through import and run: what is overdue equals what plain Python finds in the files."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunwell.actions.facts import facts_of
from dunwell.engine.book.cash import matches
from tests.imports.files import take_in
from tests.runs.kept import run, table
from tests.support.book import make_creditor

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.timeout(600)]

Sums = dict[str, tuple[Decimal, Decimal]]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_customer(folder: Path, day: date) -> Iterator[tuple[str, Decimal, Decimal]]:
    """(currency, open, overdue) of each customer and currency by the end of a day, from the files alone.

    Money pays the claim it names, what is too much and what names nothing pays the oldest due. A claim under appeal
    is open but not demanded. Cancelled invoices owe nothing, nor do their charges.
    """
    charges, paid, disputed = defaultdict(Decimal), defaultdict(Decimal), set()
    charge_days: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for name in ("charges", "payments", "disputes"):
        for row in rows(folder / f"{name}.csv") if (folder / f"{name}.csv").exists() else []:
            on = date.fromisoformat(row.get("date") or row.get("value_date") or row["opened_on"])
            if on > day:
                continue
            if name == "charges":
                charges[row["invoice_id"]] += Decimal(row["amount"])
                charge_days[row["invoice_id"]].append((on, Decimal(row["amount"])))
            elif name == "payments":
                paid[row["invoice_id"]] += Decimal(row["amount"])
            elif not row["closed_on"] or date.fromisoformat(row["closed_on"]) > day:
                disputed.add(row["invoice_id"])
    credit: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    owed: dict[tuple[str, str], list[tuple[date, Decimal, bool]]] = defaultdict(list)
    for row in rows(folder / "invoices.csv"):
        key, amount, number = (row["customer_id"], row["currency"]), Decimal(row["amount"]), row["invoice_id"]
        if date.fromisoformat(row["issue_date"]) > day:
            credit[key] += paid.pop(number, Decimal())
            continue
        if row["status_at_extract"] == "cancelled":
            credit[key] += paid.pop(number, Decimal())
            continue
        if amount < 0:
            credit[key] -= amount
            continue
        money = paid.pop(number, Decimal())
        for on, minor in [*sorted(charge_days[number]), (date.fromisoformat(row["due_date"]), amount)]:
            part = min(money, minor)
            money -= part
            if minor > part:
                owed[key].append((on, minor - part, number in disputed))
        credit[key] += money
    for key, items in owed.items():
        left, overdue = credit[key], Decimal()
        for due, minor, contested in sorted(items):
            if contested:
                continue
            part = min(left, minor)
            left -= part
            overdue += minor - part if due < day else 0
        yield key[1], sum((minor for _, minor, _ in items), Decimal()), overdue


def expected(folder: Path, day: date) -> Sums:
    sums: Sums = {}
    for currency, opened, overdue in by_customer(folder, day):
        before = sums.get(currency, (Decimal(), Decimal()))
        sums[currency] = (before[0] + opened, before[1] + overdue)
    return sums


def found(summary: dict[str, dict[str, dict[str, int]]]) -> Sums:
    return {
        currency: (Decimal(each["open_minor"]) / 100, Decimal(each["overdue_minor"]) / 100)
        for currency, each in summary["sums"].items()
    }


class TestTheOpenBook:
    @pytest.mark.parametrize("day", [date(2020, 5, 15)])
    def test_owes_what_plain_python_finds(self, shared_data: Path, day: date) -> None:
        folder = shared_data / "data" / "open_book"
        creditor = make_creditor(country="US", zone="America/New_York", currency="USD")
        take_in(creditor, folder / "customers.csv", folder / "invoices.csv")
        report = run(creditor, day)
        assert found(report.summary) == expected(folder, day)
        assert found(report.summary)["USD"][1] > 10**6
        assert report.summary["debtors"] == len(rows(folder / "customers.csv"))
        assert sum(report.summary["actions"].values()) == report.summary["debtors"]
        assert run(creditor, day).repeated


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
class TestTheFines:
    @pytest.mark.parametrize("day", [date(2006, 12, 31)])
    def test_owe_what_plain_python_finds(self, shared_data: Path, day: date) -> None:
        folder = shared_data / "data" / "fines"
        creditor = make_creditor(country="IT", zone="Europe/Rome", currency="EUR")
        take_in(creditor, *sorted(folder.glob("*.csv")))
        report = run(creditor, day)
        assert found(report.summary) == expected(folder, day)
        assert report.summary["sums"]["EUR"]["overdue_minor"] > 10**8
        assert len(table("match", "id")) == matches(facts_of(creditor).on(day)).height
