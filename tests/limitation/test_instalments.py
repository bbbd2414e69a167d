"""The clocks and alarms of an invoice in instalments, from its file to the commands."""

import json
from datetime import date
from pathlib import Path

import pytest

from dunwell.actions.facts import facts_of
from dunwell.engine.limitation.clock import alarms
from dunwell.engine.limitation.stored_clocks import RECORDS, stored_claims, stored_clocks
from dunwell.rulebook.limitation_rules import limitation_rules
from dunwell.store.models import Receivable
from dunwell.store.reads import limitation
from tests.imports.files import take_in, write
from tests.support.book import make_creditor

pytestmark = pytest.mark.usefixtures("db")

BILL = {
    "invoice_id": "R1", "customer_id": "C1", "customer_name": "Ada Ltd", "issue_date": "2023-01-10",
    "currency": "EUR", "amount": "100.00", "terms": "50%: on 2023-02-10; 50%: on 2024-05-10",
}  # fmt: skip


def clocks_of(tmp_path: Path, country: str) -> tuple[dict[str, date], list[tuple[str, int]]]:
    """Number -> cautious date; and the alarms within a year: number, days left."""
    creditor = make_creditor(country=country)
    assert not take_in(creditor, write(tmp_path, "invoices", [BILL])).refused
    day = date(2026, 3, 1)
    facts = facts_of(creditor).on(day)
    stored = stored_claims(facts, limitation.frames(creditor, RECORDS), day, country)
    found = stored_clocks(stored, day, limitation_rules())
    numbers = dict(Receivable.objects.values_list("pk", "number"))
    dates = {numbers[item]: last for item, last in found.select("receivable_id", "cautious_date").rows()}
    return dates, [(numbers[item], left) for item, left in alarms(found, 365).select("claim_id", "days_left").rows()]


class TestAnInstalment:
    def test_has_a_clock_of_its_own_where_the_law_counts_from_each(self, tmp_path: Path) -> None:
        dates, listed = clocks_of(tmp_path, "DE")
        assert dates == {"R1#1": date(2026, 12, 31), "R1#2": date(2027, 12, 31)}
        assert listed == [("R1#1", 305)]

    def test_counts_from_the_last_of_its_invoice_in_china(self, tmp_path: Path) -> None:
        dates, _ = clocks_of(tmp_path, "CN")
        assert dates == {"R1#1": date(2027, 5, 10), "R1#2": date(2027, 5, 10)}


class TestAListOfAlarms:
    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_comes_from_a_file_by_the_commands_alone(self, home: object, tmp_path: Path) -> None:
        run = home.dunwell  # type: ignore[attr-defined]
        run("creditor", "set", "--name", "Acme", "--country", "DE", "--zone", "Europe/Berlin", "--currency", "EUR")
        assert run("import", str(write(tmp_path, "invoices", [BILL]))).returncode == 0
        on = ("--as-of", "2026-03-01", "--json")
        rows = json.loads(run("limitation", "--within", "365", *on).stdout)["alarms"]
        assert [(row["item"], row["cautious_date"]) for row in rows] == [("R1#1", "2026-12-31")]
        assert run("limitation", "insolvency", "C1", "--file-by", "2027-03-20").returncode == 0
        rows = json.loads(run("limitation", "--within", "500", *on).stdout)["alarms"]
        assert {(row["item"], row["alarm"]) for row in rows} == {
            ("R1#1", "limitation"), ("R1#1", "filing"), ("R1#2", "filing"),
        }  # fmt: skip
