"""Ledgers that live from day to day: whatever happens in them, the books agree with the last list."""

import itertools
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.core.errors import Refused
from dunwell.store.models import Creditor, Payment, Receivable
from tests.imports.files import CUSTOMERS, NOW, everything, take_in, write
from tests.support.book import make_creditor
from tests.support.homes import Home

FIRST_DAY = date(2026, 11, 1)
_CODES = itertools.count()


@dataclass
class Item:
    """An item of the ledger: its amount and what is open of it, in cents; negative for a credit note."""

    amount: int
    open: int
    debtor: str = "C1"


@dataclass
class Ledger:
    """What another system holds, and the list it would export."""

    items: dict[str, Item] = field(default_factory=dict)

    def live(self, draw: Any) -> None:
        """A day of business: items are paid, reopened, corrected, moved and added."""
        for item in self.items.values():
            match draw(st.sampled_from(("rest", "rest", "pay", "clear", "reopen", "correct", "move"))):
                case "pay":
                    item.open -= item.open * draw(st.integers(1, 100)) // 100
                case "clear":
                    item.open = 0
                case "reopen":
                    item.open = item.amount * draw(st.integers(1, 100)) // 100
                case "correct":
                    item.amount *= 2
                    item.open = item.amount
                case "move":
                    item.debtor = draw(st.sampled_from(("C1", "C2")))
        for _ in range(draw(st.integers(0, 3))):
            amount = draw(st.integers(1, 10**7)) * draw(st.sampled_from((1, 1, 1, -1)))
            paid = draw(st.sampled_from((0, 0, amount // 3)))
            self.items[f"N{len(self.items)}"] = Item(amount, amount - paid)

    def rows(self, *, with_open: bool) -> list[dict[str, str]]:
        rows = []
        for number, item in self.items.items():
            if not item.open:
                continue
            figures = {"amount": cents(item.amount), "open_amount": cents(item.open)}
            rows.append({
                "invoice_id": number, "customer_id": item.debtor, "issue_date": "2026-09-01",
                "due_date": "2026-10-01", "currency": "EUR",
                **(figures if with_open else {"amount": figures["open_amount"]}),
            })  # fmt: skip
        return rows


def cents(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"


def open_by_lists(creditor: Creditor) -> dict[str, int]:
    """What the lists say is open of each item: its amount less the payments they imply."""
    found = dict(Receivable.objects.filter(creditor=creditor).values_list("number", "amount_minor"))
    for number, paid in Payment.objects.filter(creditor=creditor, source_kind="ledger").values_list(
        "receivable__number", "amount_minor"
    ):
        found[number] -= paid
    return found


def take_list(creditor: Creditor, folder: Path, day: date, rows: list[dict[str, str]]) -> None:
    header = ["invoice_id", "customer_id", "issue_date", "due_date", "currency", "amount"]
    take_in(creditor, write(folder, "items", rows, header), day=day, accept_disappeared=True)


@pytest.fixture
def folder(db: Home, tmp_path: Path) -> Path:
    write(tmp_path, "customers", CUSTOMERS)
    return tmp_path


_quick = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
_long = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _days(data: st.DataObject, folder: Path) -> None:
    creditor, ledger = make_creditor(f"c{next(_CODES)}"), Ledger()
    take_in(creditor, folder / "customers.csv")
    with_open = data.draw(st.booleans(), label="with a column of open amounts")
    for day in (FIRST_DAY + timedelta(days=n) for n in range(data.draw(st.integers(2, 5), label="days"))):
        ledger.live(data.draw)
        rows = ledger.rows(with_open=with_open)
        if rows and data.draw(st.integers(0, 3)) == 0:
            take_list(creditor, folder, day, rows[: len(rows) // 2])  # an incomplete export, mended the same day
        take_list(creditor, folder, day, rows)
        shown = {number: item.open for number, item in ledger.items.items()}
        found = open_by_lists(creditor)
        assert found == {number: shown[number] for number in found}
        assert {number for number, opened in shown.items() if opened} <= set(found)


class TestConsecutiveLists:
    @_quick
    @given(data=st.data())
    def test_leave_open_exactly_what_the_last_one_shows(self, data: st.DataObject, folder: Path) -> None:
        _days(data, folder)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @_long
    @given(data=st.data())
    def test_leave_open_exactly_what_the_last_one_shows_over_many_histories(
        self, data: st.DataObject, folder: Path
    ) -> None:
        _days(data, folder)

    @settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_change_nothing_when_one_is_repeated_or_an_older_one_is_tried(
        self, data: st.DataObject, folder: Path
    ) -> None:
        creditor, ledger = make_creditor(f"c{next(_CODES)}"), Ledger()
        take_in(creditor, folder / "customers.csv")
        lists = []
        for n in range(3):
            ledger.live(data.draw)
            lists.append(ledger.rows(with_open=True))
            take_list(creditor, folder, FIRST_DAY + timedelta(days=n), lists[-1])
        before = everything()
        take_list(creditor, folder, FIRST_DAY + timedelta(days=2), lists[-1])
        with pytest.raises(Refused):
            take_list(creditor, folder, FIRST_DAY, lists[0])
        assert everything() == before
        assert NOW.date() > FIRST_DAY
