"""`dunwell ageing` on a real home: any day, own buckets, each creditor and currency apart, and mistakes in words."""

import json
from datetime import date
from typing import Any

import pytest

from dunwell.jobs.cli import _run
from tests.engine.book import DAY, Book, days
from tests.runs.kept import creditor, keep
from tests.support.homes import Home

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


def a_book() -> Book:
    """D1: EUR 300.00 (70 days late), 500.00 (5 days late), 250.00 loose. D2: JPY 1,000 not due, EUR note of 40.00."""
    book = Book()
    first, second = book.debtor("D1"), book.debtor("D2")
    book.invoice(first, 300_00, days(-70))
    book.invoice(first, 500_00, days(-5))
    book.payment(first, 250_00, days(-2))
    book.invoice(second, 1_000, days(20), issued=days(-10), currency="JPY")
    book.credit_note(second, 40_00, days(-2))
    return book


@pytest.fixture
def say(say_of):
    """Run the command."""
    run = say_of(a_book())
    return lambda *line, **how: run("ageing", *line, **how)


def sums(said: str) -> dict[str, dict[str, Any]]:
    (report,) = json.loads(said)
    return {row["currency"]: row for row in report["currencies"]}


class TestTheAgeingCommand:
    def test_shows_what_is_open_by_age(self, say) -> None:
        found = sums(say("--json", "--no-netting"))
        assert found["EUR"] == {
            "currency": "EUR", "items": 2, "open_minor": 800_00, "netted_minor": 0, "rest_minor": 800_00,
            "unallocated_minor": 250_00, "credit_note_minor": 40_00,
            "buckets": {"not_due": 0, "1-30": 500_00, "31-60": 0, "61-90": 300_00, "91-180": 0, "181+": 0},
        }  # fmt: skip
        assert found["JPY"]["buckets"]["not_due"] == 1_000
        assert say("--json") == say("--json", "--netting", "--as-of", DAY.isoformat(), "--creditor", "acme")
        shown = say()
        assert all(
            part in shown for part in ("acme on 2026-03-02", "550.00", "50.00", "250.00", "40.00", "1,000", "JPY")
        )
        assert "are deducted" in shown

    def test_deducts_loose_money_from_the_oldest_item_of_its_debtor(self, say) -> None:
        found = sums(say("--json", "--netting"))["EUR"]
        assert (found["netted_minor"], found["rest_minor"], found["buckets"]["61-90"]) == (250_00, 550_00, 50_00)
        assert (found["unallocated_minor"], found["credit_note_minor"]) == (250_00, 40_00)

    @QUICK
    def test_takes_own_buckets_any_day_and_the_date_of_the_invoice(self, say) -> None:
        found = sums(say("--json", "--no-netting", "--by", "document", "--buckets", "0, 35,100"))
        assert found["EUR"]["buckets"] == {"not_due": 0, "0": 0, "1-35": 500_00, "36-100": 300_00, "101+": 0}
        assert found["JPY"]["buckets"]["1-35"] == 1_000
        before = sums(say("--json", "--as-of", days(-71).isoformat()))
        assert before["EUR"]["buckets"]["not_due"] == 300_00
        assert list(before) == ["EUR"]
        assert "not due" not in say("--by", "document")
        assert "nothing is open" in say("--as-of", "1999-12-31")
        assert json.loads(say("--json", "--as-of", "1999-12-31"))[0]["currencies"] == []

    def test_names_debtors_the_largest_first(self, say) -> None:
        (report,) = json.loads(say("--json", "--by-debtor", "--no-netting"))
        told = [(row["currency"], row["debtor"], row["name"], row["rest_minor"]) for row in report["debtors"]]
        assert told == [
            ("EUR", "D1", "Debtor D1", 800_00),
            ("EUR", "D2", "Debtor D2", 0),
            ("JPY", "D2", "Debtor D2", 1_000),
        ]
        assert report["debtors"][1]["credit_note_minor"] == 40_00
        assert "Debtor D1" in say("--by-debtor")
        assert "Debtor D1" not in say()

    @QUICK
    def test_shows_so_many_debtors_and_says_how_many_more(self, say, monkeypatch) -> None:
        monkeypatch.setattr("dunwell.jobs.ageing.SHOWN", 1)
        shown = say("--by-debtor")
        assert "and 2 more" in shown
        assert "D2" not in shown
        assert json.loads(say("--by-debtor", "--json"))[0]["debtors_count"] == 3

    @QUICK
    def test_keeps_creditors_apart(self, say) -> None:
        creditor("zeta", zone="Pacific/Kiritimati")
        reports = json.loads(say("--json"))
        assert [(each["creditor"], len(each["currencies"])) for each in reports] == [("acme", 2), ("zeta", 0)]
        # noon in Greenwich is the next day there
        assert [each["as_of"] for each in reports] == [DAY.isoformat(), days(1).isoformat()]
        assert "zeta on 2026-03-03: nothing is open." in say()
        assert [each["creditor"] for each in json.loads(say("--json", "--creditor", "acme"))] == ["acme"]
        assert "no creditor with the code nobody" in say("--creditor", "nobody", fails=True)

    @QUICK
    @pytest.mark.parametrize(("language", "words"), [("zh-Hans", "未用贷项通知单"), ("zh-Hant", "未使用折讓單")])
    def test_speaks_the_chosen_language(self, say, language: str, words: str) -> None:
        assert words in say("--by-debtor", language=language)

    @QUICK
    @pytest.mark.parametrize(
        "bounds", ["", "x", "30,", "-1", "60,30", "30,30", "36501", "1.5", "９", "1e2", "9" * 5_000, "\x1b[31m", "1\n2"]
    )
    def test_answers_wrong_buckets_in_words(self, say, bounds: str) -> None:
        told = say("--buckets", bounds, fails=True)
        assert "makes no buckets" in told
        assert "\x1b" not in told
        assert len(told.splitlines()) == 1
        assert "帳齡區間" in say("--buckets", bounds, fails=True, language="zh-Hant")

    @QUICK
    def test_shows_hostile_names_as_text(self, db: Home, capsys) -> None:
        from tests.runs.kept import change

        keep(a_book(), creditor())
        change("UPDATE store_debtor SET name = %s, number = %s WHERE id = 1", "[b]x\u202e=1+1\x1b[31m", "[red]D1")
        assert _run(("ageing", "--by-debtor", "--as-of", DAY.isoformat())) == 0
        shown = capsys.readouterr().out
        assert "[b]x=1+1" in shown
        assert "[red]D1" in shown
        assert not {"\u202e", "\x1b"} & set(shown)

    @QUICK
    def test_works_as_a_process_and_asks_for_a_creditor_first(self, home: Home) -> None:
        done = home.dunwell("ageing", check=False)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        home.dunwell("init", "--name", "Acme", "--country", "DE")
        day = date(2026, 3, 2).isoformat()
        assert home.dunwell("ageing", "--as-of", day).stdout == f"main on {day}: nothing is open.\n"


@QUICK
class TestChargesThatMayNotBeClaimed:
    def test_are_said_beside_the_table_they_are_part_of(self, say_of: Any) -> None:
        book = Book()
        debtor = book.debtor("D1", kind="consumer", country="US")
        invoice = book.invoice(debtor, 500_00, days(-40), number="invoice-1", currency="USD")
        for minor, basis in ((25_00, None), (7_00, "agreed"), (3_00, "none")):
            book.charge(debtor, minor, days(-20), invoice, currency="USD")
            book.rows["receivables"][-1]["charge_basis"] = basis
        book.charge(debtor, 40_00, days(-20), None, currency="USD")
        run = say_of(book)
        assert json.loads(run("ageing", "--json"))[0]["charges_not_claimed"] == {}
        run("creditor", "set", "--code", "acme", "--kind", "debt_collector")
        assert json.loads(run("ageing", "--json"))[0]["charges_not_claimed"] == {"USD": 68_00}
        assert "USD 68.00 are open charges that may not be claimed" in " ".join(run("ageing").split())
