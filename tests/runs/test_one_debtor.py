"""A debtor asked alone is decided as within the whole book, whoever shares a person, an item or a payment with him."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from dunwell.actions.business_day import day_start
from dunwell.actions.explain import explain
from dunwell.actions.facts import facts_of
from dunwell.actions.importing.files import import_files
from dunwell.engine.day.decide import decide
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.models import Creditor, Debtor
from tests.support.book import TESTER, make_creditor
from tests.support.homes import Home
from tests.support.strategies import plain_strategy

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
INVOICES = "invoice_id,customer_id,customer_name,issue_date,due_date,currency,amount\n"


def take_in(creditor: Creditor, folder: Path, name: str, text: str, hour: int) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    import_files(creditor=creditor, paths=[path], by=TESTER, now=NOW.replace(hour=hour))


def assert_alone_as_in_the_book(creditor: Creditor) -> None:
    moment = day_start(creditor, DAY)
    whole = decide(facts_of(creditor), plain_strategy(), house_rules(), DAY, moment)
    for debtor in Debtor.objects.filter(creditor=creditor):
        alone = decide(facts_of(creditor, debtors=[debtor.pk]), plain_strategy(), house_rules(), DAY, moment)
        for part in ("lines", "items", "findings", "decisions"):
            mine = pl.col("debtor_id") == debtor.pk
            assert getattr(alone, part).filter(mine).equals(getattr(whole, part).filter(mine)), part


class TestOneDebtor:
    def test_owes_what_the_book_says_after_an_item_moved_to_him(self, db: Home, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, tmp_path, "1.csv", INVOICES + "R1,A,A Ltd,2026-09-01,2026-10-01,EUR,100.00\n", 1)
        take_in(creditor, tmp_path, "2.csv", INVOICES + "R2,B,B Ltd,2026-09-01,2026-10-01,EUR,50.00\n", 2)
        pays = "payment_id,customer_id,invoice_id,value_date,currency,amount\nP1,A,R1,2026-10-05,EUR,100.00\n"
        take_in(creditor, tmp_path, "3.csv", pays, 3)
        take_in(creditor, tmp_path, "4.csv", INVOICES + "R1,B,B Ltd,2026-09-01,2026-10-01,EUR,100.00\n", 4)
        assert_alone_as_in_the_book(creditor)
        told = explain(creditor=creditor, debtor_number="B", as_of=DAY)
        assert [line["open_minor"] for line in told.lines] == [5_000]

    def test_is_as_in_the_book_after_two_accounts_became_one_person(self, db: Home, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = "R1,A,A Ltd,2026-09-01,2026-10-01,EUR,100.00\nR2,B,B Ltd,2026-09-01,2026-10-01,EUR,50.00\n"
        take_in(creditor, tmp_path, "1.csv", INVOICES + rows, 1)
        people = "customer_id,name,person\nA,A Ltd,GROUP\nB,B Ltd,GROUP\n"
        take_in(creditor, tmp_path, "2.csv", people, 2)
        assert Debtor.objects.values("person").distinct().count() == 1
        assert_alone_as_in_the_book(creditor)
        told = explain(creditor=creditor, debtor_number="A", as_of=DAY)
        assert [item["number"] for item in told.items] == ["R1"]
