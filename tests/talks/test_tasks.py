"""Who waits for a person: the run names them, and `dunwell list tasks` lists all of them."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from django.conf import settings

from dunwell.actions.day.report import DaySums, day_sums
from dunwell.actions.talks import add_entry
from dunwell.core.terms import Channel, Stage
from dunwell.jobs import cli
from dunwell.rulebook.rule_pages import page_of
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.models import Debtor
from tests.engine.book import DAY, Book, days
from tests.runs.kept import creditor, keep, run
from tests.support.rows import MEI

NOW = datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC)
QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


@pytest.fixture
def owner(db):
    """D1: one item past its deadline, one to remind. D2..D13: no address. D14: past its deadline, in dollars."""
    book = Book()
    first = book.debtor("D1")
    old = book.invoice(first, 100_00, days(-60))
    book.invoice(first, 40_00, days(-3))
    book.contact(first, days(-20), {old: Stage.SECOND_DUNNING}, deadline=days(-10))
    for n in range(2, 14):
        book.invoice(book.debtor(f"D{n}", channels=()), n * 10_00, days(-5))
    last = book.debtor("D14")
    late = book.invoice(last, 9_00, days(-90), currency="USD")
    book.contact(last, days(-20), {late: Stage.SECOND_DUNNING}, currency="USD", deadline=days(-10))
    book.dispute(first, book.invoice(first, 7_00, days(-5)), days(-1))
    made = creditor()
    keep(book, made)
    return made


def said(capsys, *line):
    assert cli._run(line) == 0
    return capsys.readouterr().out


class TestTheRun:
    @QUICK
    def test_names_the_largest_that_wait_for_a_person_and_how_to_see_all(self, owner, capsys):
        shown = said(capsys, "run", "--as-of", DAY.isoformat())
        assert "Waiting for a person: 14" in shown
        rows = shown.split("Waiting for a person")[1]
        for number in ("D13", "D12", "D1 ", "D14"):
            assert f" {number}" in rows
        assert "USD 9.00" in rows
        assert "D5" not in rows
        assert "and 4 more" in rows
        assert "dunwell list tasks" in rows
        assert "Final deadline passed" in rows
        # 1,047.00 is past due, and 7.00 of it disputed
        assert "1,040.00" in shown.replace("|", " ")

    @QUICK
    def test_counts_what_waits_beside_a_message(self, owner, capsys):
        found = json.loads(said(capsys, "run", "--as-of", DAY.isoformat(), "--dry-run", "--json"))
        assert len(found["tasks"]) == 14
        assert found["tasks"][:3] == [
            {
                "name": "Debtor D13", "number": "D13", "currency": "EUR", "amount_minor": 130_00, "days_past_due": 5,
                "reason": "no_address",
            },
            {
                "name": "Debtor D14", "number": "D14", "currency": "USD", "amount_minor": 9_00, "days_past_due": 90,
                "reason": "deadline_passed",
            },
            {
                "name": "Debtor D12", "number": "D12", "currency": "EUR", "amount_minor": 120_00, "days_past_due": 5,
                "reason": "no_address",
            },
        ]  # fmt: skip
        assert {"D1"} == {task["number"] for task in found["tasks"] if task["amount_minor"] == 100_00 and
                          task["reason"] == "deadline_passed"}  # fmt: skip
        assert "--json" in said(capsys, "run", "--as-of", DAY.isoformat(), "--dry-run")

    @QUICK
    def test_shows_how_the_sums_demanded_come_about(self, owner):
        sums = day_sums(run(owner, DAY).summary)
        assert sums[0] == DaySums("EUR", 1_047_00, 1_047_00, 7_00, 0, 1_040_00, 0)
        assert sums[1].net_minor == 9_00

    @QUICK
    def test_of_an_older_version_shows_the_result_alone(self, owner):
        summary = run(owner, DAY).summary
        for row in summary["ageing"]:
            del row["demand_minor"]
        assert day_sums(summary)[0] == DaySums("EUR", 1_047_00, 1_040_00, 0, 0, 1_040_00, 0)


class TestTheOrder:
    """D2, D3 and D4 owe alike in euros, and D3 just broke a promise; D1 owes more, D5 yen."""

    @pytest.fixture
    def ranked(self, db):
        book = Book()
        for n, minor in ((1, 101_00), (2, 100_00), (3, 100_00), (4, 100_00)):
            item = book.invoice(book.debtor(f"D{n}"), minor, days(-60))
            book.contact(n, days(-30), {item: Stage.SECOND_DUNNING}, deadline=days(-20))
        yen = book.invoice(book.debtor("D5"), 9_000, days(-60), currency="JPY")
        book.contact(5, days(-30), {yen: Stage.SECOND_DUNNING}, deadline=days(-20), currency="JPY")
        book.promise(3, 100_00, days(-6), days(-5))
        made = creditor()
        keep(book, made)
        return made

    def test_of_the_run_and_of_the_list_is_that_of_the_worklist(self, ranked, capsys):
        day = DAY.isoformat()
        worked = [task["debtor"] for task in json.loads(said(capsys, "worklist", "--as-of", day, "--json"))["tasks"]]
        assert worked == ["D3", "D5", "D1", "D2", "D4"]
        told = json.loads(said(capsys, "run", "--as-of", day, "--json"))["tasks"]
        assert [task["number"] for task in told] == worked
        listed = json.loads(said(capsys, "list", "tasks", "--json"))
        assert [task["debtor"] for task in listed] == worked
        shown = said(capsys, "list", "tasks")
        assert sorted(worked, key=lambda number: shown.index(f"{number} ")) == worked


class TestTheList:
    def test_holds_all_of_the_latest_run(self, owner, capsys):
        assert "Nobody waits" in said(capsys, "list", "tasks")
        run(owner, DAY)
        listed = said(capsys, "list", "tasks")
        assert all(f"D{n} " in listed for n in range(1, 15))
        found = json.loads(said(capsys, "list", "tasks", "--json", "--debtor", "D1"))
        assert [(task["debtor"], task["amount"]["amount"], task["what"]) for task in found] == [
            ("D1", "100.00", "deadline_passed")
        ]

    def test_names_the_run_and_what_the_rules_said_in_it(self, owner, capsys):
        name = run(owner, DAY).run
        assert name in said(capsys, "list", "tasks")
        [task] = json.loads(said(capsys, "list", "tasks", "--json", "--debtor", "D1"))
        kept = pl.read_parquet(Path(settings.DUNWELL.runs) / name / "findings.parquet")
        mine = kept.filter(pl.col("debtor_id") == Debtor.objects.get(number="D1").pk)
        assert task["run"] == name
        assert [each["rule"] for each in task["findings"]] == mine["rule"].to_list()
        assert {each["page"] for each in task["findings"]} == {
            page_of(house_rules().named(rule)) for rule in mine["rule"]
        }
        shutil.rmtree(Path(settings.DUNWELL.runs) / name)
        [task] = json.loads(said(capsys, "list", "tasks", "--json", "--debtor", "D1"))
        assert task["findings"] is None

    @QUICK
    def test_is_explained_with_the_run_it_rests_on(self, owner, capsys):
        name = run(owner, DAY).run
        told = said(capsys, "explain", "D1", "--as-of", DAY.isoformat())
        assert f"by the run {name}" in told
        debtor = Debtor.objects.get(number="D1")
        add_entry(debtor=debtor, kind="opt_out", channel=Channel.PHONE, at=NOW, by=MEI, key="o")
        add_entry(debtor=debtor, kind="opt_out", channel=Channel.VISIT, at=NOW, by=MEI, key="v")
        told = said(capsys, "explain", "D1", "--as-of", DAY.isoformat())
        [task] = json.loads(said(capsys, "list", "tasks", "--json", "--debtor", "D1"))
        assert ("decided anew" in told) is (task["run"] is None)
        assert all(each["rule"] in told for each in task["findings"] or () if each["effect"] != "note")
