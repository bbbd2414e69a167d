"""What an import makes of statements: bank lines, payments, reversals, and nothing twice."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dunwell.core.errors import DunwellError
from dunwell.store.models import BankLine, Creditor, ImportFile, Payment
from tests.imports.files import counts, everything, journal_of, take_in, write
from tests.intake.statements import (
    BACK,
    CAMT,
    ENGLISH,
    FEE,
    FIRST,
    MT940,
    SECOND,
    balance,
    camt,
    details,
    entry,
    put,
    workbook,
)
from tests.support.book import make_creditor
from tests.support.homes import Home

pytestmark = pytest.mark.usefixtures("db")
one_database = pytest.mark.parametrize("home", ["sqlite"], indirect=True)

ENDS = balance("OPBD", "1000.00", "2026-11-01"), balance("CLBD", "1245.50", "2026-11-05")


@pytest.fixture
def creditor(db: Home, tmp_path: Path) -> Creditor:
    """A creditor to whom C1 owes R-1001, C2 owes R-1002 and R-1003."""
    made = make_creditor()
    take_in(made, *ledger(tmp_path))
    return made


def ledger(folder: Path) -> list[Path]:
    customers = [{"customer_id": number, "name": f"Name {number}"} for number in ("C1", "C2")]
    invoices = [
        {"invoice_id": number, "customer_id": debtor, "issue_date": "2026-10-01", "due_date": "2026-10-31",
         "currency": "EUR", "amount": amount}
        for number, debtor, amount in (("R-1001", "C1", "250.50"), ("R-1002", "C2", "100.00"), ("R-1003", "C2", "7.00"))
    ]  # fmt: skip
    return [write(folder, "customers", customers), write(folder, "invoices", invoices)]


def payments() -> list[tuple[Any, ...]]:
    found = Payment.objects.order_by("value_date", "id")
    return list(found.values_list("debtor__number", "receivable__number", "amount_minor", "method"))


def sums(creditor: Creditor) -> tuple[int, int]:
    """How many lines, and what they make."""
    amounts = list(BankLine.objects.filter(creditor=creditor).values_list("amount_minor", flat=True))
    return len(amounts), sum(amounts)


class TestAStatement:
    def test_becomes_lines_and_its_credits_that_name_an_invoice_payments(
        self, creditor: Creditor, tmp_path: Path
    ) -> None:
        report = take_in(creditor, put(tmp_path, "bank.xml", CAMT))
        assert counts(report) == {"statements": (4, 0, 0), "payments": (3, 0, 0)}
        assert payments() == [
            ("C1", "R-1001", 25050, "bank"), ("C2", "R-1002", 10000, "bank"), ("C2", "R-1002", -10000, "bank"),
        ]  # fmt: skip
        back = Payment.objects.get(amount_minor=-10000)
        assert back.reverses == Payment.objects.get(amount_minor=10000)
        assert sums(creditor) == (4, 24550)
        line = BankLine.objects.get(number=Payment.objects.get(amount_minor=25050).number)
        assert (line.payer, line.payer_account, line.text, line.end_to_end) == (
            "Müller GmbH", "DE02120300000000202051", "Rechnung R-1001", "E1",
        )  # fmt: skip
        assert (journal_of(creditor)[-1], ImportFile.objects.get(kind="statements").name) == (
            "file.imported",
            "bank.xml",
        )

    def test_told_again_changes_nothing(self, creditor: Creditor, tmp_path: Path) -> None:
        path = put(tmp_path, "bank.xml", CAMT)
        take_in(creditor, path)
        before = everything()
        report = take_in(creditor, path)
        assert report.nothing_new
        assert counts(report) == {"statements": (0, 0, 4)}
        assert everything() == before

    @one_database
    def test_that_overlaps_with_another_brings_only_what_is_new(self, creditor: Creditor, tmp_path: Path) -> None:
        part = camt(ENDS[0], balance("CLBD", "1350.50", "2026-11-03"), FIRST, SECOND, name="S0")
        take_in(creditor, put(tmp_path, "part.xml", part))
        report = take_in(creditor, put(tmp_path, "whole.xml", CAMT))
        assert counts(report) == {"payments": (1, 0, 0), "statements": (2, 0, 2)}
        assert sums(creditor) == (4, 24550)

    @one_database
    def test_and_the_one_it_overlaps_with_may_come_in_one_command(self, creditor: Creditor, tmp_path: Path) -> None:
        part = camt(ENDS[0], balance("CLBD", "1350.50", "2026-11-03"), FIRST, SECOND, name="S0")
        take_in(creditor, put(tmp_path, "part.xml", part), put(tmp_path, "whole.xml", CAMT))
        assert sums(creditor) == (4, 24550)
        assert len(payments()) == 3

    @one_database
    def test_in_another_format_counts_nothing_twice(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(creditor, put(tmp_path, "bank.xml", CAMT))
        other = MT940.replace("//B1", "//Z9").replace("//B2", "")  # a bank that numbers its entries otherwise here
        report = take_in(creditor, put(tmp_path, "bank.sta", other))
        assert counts(report) == {"statements": (0, 0, 4)}
        assert "import.note_told_elsewhere" in [note.code for note in report.files[0].found.notes]
        assert sums(creditor) == (4, 24550)

    @one_database
    def test_with_two_equal_payments_of_one_day_tells_both(self, creditor: Creditor, tmp_path: Path) -> None:
        same = entry("3.50", "2026-11-02", details(text="R-1003"))
        first = camt(ENDS[0], balance("CLBD", "1003.50", "2026-11-02"), same, name="A")
        both = camt(ENDS[0], balance("CLBD", "1007.00", "2026-11-02"), same, same, name="B")
        take_in(creditor, put(tmp_path, "a.xml", first))
        take_in(creditor, put(tmp_path, "b.xml", both))
        take_in(creditor, put(tmp_path, "b.xml", both))
        assert payments() == [("C2", "R-1003", 350, "bank")] * 2

    @one_database
    def test_is_tried_only_when_asked_for_that(self, creditor: Creditor, tmp_path: Path) -> None:
        before = everything()
        report = take_in(creditor, put(tmp_path, "bank.xml", CAMT), dry_run=True)
        assert counts(report) == {"statements": (4, 0, 0), "payments": (3, 0, 0)}
        assert everything() == before

    @one_database
    def test_may_come_with_the_invoices_it_pays_and_in_a_folder(self, db: Home, tmp_path: Path) -> None:
        made = make_creditor()
        drop = tmp_path / "drop"
        drop.mkdir()
        ledger(drop)
        put(drop, "bank.xml", CAMT)
        put(drop, ".hidden", b"\0")
        report = take_in(made, drop)
        assert [file.found.kind for file in report.files] == ["customers", "invoices", "statements"]
        assert payments()[0] == ("C1", "R-1001", 25050, "bank")

    @one_database
    def test_of_an_empty_folder_is_refused(self, creditor: Creditor, tmp_path: Path) -> None:
        (tmp_path / "none").mkdir()
        with pytest.raises(DunwellError) as refused:
            take_in(creditor, tmp_path / "none")
        assert refused.value.code == "intake.empty_folder"

    @one_database
    def test_of_one_creditor_says_nothing_of_another(self, creditor: Creditor, tmp_path: Path) -> None:
        other = make_creditor("other", name="Other GmbH")
        path = put(tmp_path, "bank.xml", CAMT)
        take_in(creditor, path)
        take_in(other, path)
        assert sums(creditor) == sums(other)
        assert set(Payment.objects.values_list("creditor__code", flat=True)) == {"main"}


class TestMoneyThatTheLedgerTellsToo:
    @one_database
    @pytest.mark.parametrize(("day", "count"), [("2026-11-03", 1), ("2026-10-01", 0)])
    def test_is_told_to_count_twice(self, creditor: Creditor, tmp_path: Path, day: str, count: int) -> None:
        line = "2026-11-03,100.00,EUR,C1 GmbH,R-1001\n"
        booked = put(
            tmp_path, "payments.csv", f"number,receivable,value date,amount,currency\nP1,R-1001,{day},100.00,EUR\n"
        )
        bank = put(tmp_path, "bank.csv", "booking date,amount,currency,payer,text\n" + line)
        take_in(creditor, booked)
        report = take_in(creditor, bank)
        notes = {note.code: note.params for note in report.files[0].found.notes}
        assert notes.get("import.note_told_by_ledger", {}).get("count", 0) == count
        again = take_in(creditor, bank)
        assert "import.note_told_by_ledger" not in {note.code for note in again.files[0].found.notes}


class TestMoneyThatNamesNobody:
    @one_database
    def test_waits_as_a_line_until_its_invoice_is_known(self, db: Home, tmp_path: Path) -> None:
        made = make_creditor()
        path = put(tmp_path, "bank.xml", CAMT)
        report = take_in(made, path)
        assert (counts(report), payments()) == ({"statements": (4, 0, 0)}, [])
        notes = {note.code: note.params for note in report.files[0].found.notes}
        assert notes["import.note_nobody_named"] == {"count": 2, "sums": "EUR 350.50"}
        take_in(made, *ledger(tmp_path))
        assert counts(take_in(made, path)) == {"payments": (3, 0, 0), "statements": (0, 0, 4)}

    @one_database
    @pytest.mark.parametrize(
        ("text", "debtor", "invoice"),
        [
            ("for R-1002 and R-1003", "C2", None),
            ("R-1001/R-1002", None, None),
            ("rechnung r-1001, danke", "C1", "R-1001"),
            ("货款R-1001谢谢", "C1", "R-1001"),
            ("XR-1001", None, None),
            ("R-10011", None, None),
            ("R-100", None, None),
        ],
    )
    def test_is_told_from_money_that_names_an_invoice(
        self, creditor: Creditor, tmp_path: Path, text: str, debtor: str | None, invoice: str | None
    ) -> None:
        line = entry("40.00", "2026-11-02", details(text=text), ref="U1")
        take_in(creditor, put(tmp_path, "a.xml", camt(ENDS[0], balance("CLBD", "1040", "2026-11-02"), line)))
        assert payments() == ([(debtor, invoice, 4000, "bank")] if debtor else [])
        assert sums(creditor) == (1, 4000)

    @one_database
    def test_in_another_currency_is_its_debtors_but_pays_no_invoice(self, creditor: Creditor, tmp_path: Path) -> None:
        line = entry("40.00", "2026-11-02", details(text="R-1001"), ref="U1", currency="USD")
        ends = balance("OPBD", "0", "2026-11-01", "USD"), balance("CLBD", "40", "2026-11-02", "USD")
        content = camt(*ends, line).replace(b"<Ccy>EUR</Ccy>", b"<Ccy>USD</Ccy>")
        take_in(creditor, put(tmp_path, "a.xml", content))
        assert payments() == [("C1", None, 4000, "bank")]


class TestASumOfSeveralPayments:
    @one_database
    def test_waits_for_the_notification_that_tells_them(self, creditor: Creditor, tmp_path: Path) -> None:
        ends = balance("OPBD", "0", "2026-11-01"), balance("CLBD", "257.50", "2026-11-03")
        together = entry("257.50", "2026-11-03", ref="X1", batch=2)
        report = take_in(creditor, put(tmp_path, "053.xml", camt(*ends, together)))
        assert payments() == []
        assert "import.note_batches" in [note.code for note in report.files[0].found.notes]
        parts = [details("250.50", text="R-1001"), details("7.00", text="R-1003")]
        single = camt(entry("257.50", "2026-11-03", *parts, ref="X1"), kind="054")
        take_in(creditor, put(tmp_path, "054.xml", single))
        assert payments() == [("C1", "R-1001", 25050, "bank"), ("C2", "R-1003", 700, "bank")]
        whole = camt(*ends, entry("257.50", "2026-11-03", *parts, ref="X1"), name="S2")
        report = take_in(creditor, put(tmp_path, "again.xml", whole))
        assert (report.nothing_new, len(payments())) == (True, 2)

    @one_database
    def test_is_no_single_payment_of_the_same_amount(self, creditor: Creditor, tmp_path: Path) -> None:
        ends = balance("OPBD", "0", "2026-11-01"), balance("CLBD", "250.50", "2026-11-02")
        take_in(creditor, put(tmp_path, "a.xml", camt(*ends, entry("250.50", "2026-11-02", ref="X1", batch=2))))
        take_in(creditor, put(tmp_path, "b.xml", camt(FIRST, kind="054")))
        assert payments() == [("C1", "R-1001", 25050, "bank")]


class TestAReversal:
    @one_database
    def test_finds_its_payment_in_an_earlier_import(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(
            creditor, put(tmp_path, "a.xml", camt(ENDS[0], balance("CLBD", "1100", "2026-11-03"), SECOND, name="A"))
        )
        later = camt(balance("OPBD", "1100", "2026-11-03"), balance("CLBD", "1000", "2026-11-05"), BACK, name="B")
        take_in(creditor, put(tmp_path, "b.xml", later))
        back = Payment.objects.get(amount_minor=-10000)
        assert back.reverses is not None
        assert (back.reverses.amount_minor, back.value_date) == (10000, date(2026, 11, 5))

    @one_database
    def test_takes_each_payment_back_once(self, creditor: Creditor, tmp_path: Path) -> None:
        again = BACK.replace("B4", "B5")
        ends = ENDS[0], balance("CLBD", "900", "2026-11-05")
        take_in(creditor, put(tmp_path, "a.xml", camt(*ends, SECOND, BACK, again)))
        assert [amount for _, _, amount, _ in payments()] == [10000, -10000]
        assert sums(creditor) == (3, -10000)

    @one_database
    def test_of_money_that_is_no_payment_stays_a_line(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(creditor, put(tmp_path, "a.xml", camt(ENDS[0], balance("CLBD", "900", "2026-11-05"), BACK)))
        assert (payments(), sums(creditor)) == ([], (1, -10000))


class TestAStatementThatIsWrong:
    WRONG = camt(ENDS[0], balance("CLBD", "9999.00", "2026-11-05"), FIRST, FEE)

    @one_database
    def test_is_not_taken_in_unless_the_user_agrees(self, creditor: Creditor, tmp_path: Path) -> None:
        path = put(tmp_path, "a.xml", self.WRONG)
        before = everything()
        report = take_in(creditor, path)
        assert (report.refused, report.errors["code"].to_list()) == (True, ["intake.statement_unbalanced"])
        assert everything() == before
        assert take_in(creditor, path, accept_valid_rows=True).written
        assert sums(creditor) == (2, 24550)

    @one_database
    def test_goes_in_without_the_entry_that_cannot_be_read(self, creditor: Creditor, tmp_path: Path) -> None:
        path = put(tmp_path, "a.xml", camt(*ENDS, FIRST.replace("2026-11-02", "2026-11-31"), SECOND, FEE, BACK))
        assert take_in(creditor, path).refused
        report = take_in(creditor, path, accept_valid_rows=True)
        assert (report.errors["row"].unique().to_list(), sums(creditor)) == ([1], (3, -500))


class TestStatementsAsTables:
    @one_database
    def test_become_payments_as_well(self, creditor: Creditor, tmp_path: Path) -> None:
        take_in(creditor, put(tmp_path, "bank.csv", ENGLISH))
        assert payments() == [("C1", "R-1001", 25050, "bank")]
        rows = [["Date", "Description", "Money in", "Money out"], ["2026-11-09", "R-1002", "100.00", ""]]
        take_in(creditor, put(tmp_path, "bank.xlsx", workbook(rows)))
        assert payments()[1] == ("C2", "R-1002", 10000, "bank")

    @one_database
    def test_are_imported_by_the_command_which_says_what_it_found(self, home: Home, tmp_path: Path) -> None:
        home.dunwell("init", "--name", "Acme GmbH", "--country", "DE")
        home.dunwell("import", *(str(path) for path in ledger(tmp_path)))
        said = home.dunwell("import", str(put(tmp_path, "bank.csv", ENGLISH)))
        assert "bank lines" in said.stdout
        assert "Header in line 1" in said.stdout
        assert "Taken in." in said.stdout
        wrong = str(put(tmp_path, "wrong.csv", ENGLISH.replace("1245.50", "1.00")))
        refused = home.dunwell("import", wrong, check=False)
        assert (refused.returncode, "1,245.50" in refused.stdout) == (1, True)
        assert "because you said so" in home.dunwell("import", wrong, "--accept-rest").stdout
