"""Contracts that come with invoices: kept with their versions, changed in sight of people, held to their customer."""

from datetime import date
from pathlib import Path

import pytest

from dunwell.store.models import Contract, ContractPast, Debtor, Receivable, ReceivablePast
from tests.imports.files import BOOK, CUSTOMERS, INVOICES, counts, everything, journal_of, take_in, write, write_book
from tests.support.book import make_creditor

pytestmark = pytest.mark.usefixtures("db")


def of_contract(row: dict[str, str], number: str = "V-1", day: str = "2026-01-15", law: str = "DE") -> dict[str, str]:
    return {**row, "contract no": number, "contract date": day, "governing law": law}


def contracts() -> list[tuple[object, ...]]:
    return list(Contract.objects.order_by("number").values_list("number", "debtor__number", "signed_date", "law"))


def resting() -> dict[str, str | None]:
    return dict(Receivable.objects.filter(kind="invoice").order_by("number").values_list("number", "contract__number"))


def told(report: object) -> list[tuple[object, ...]]:
    return [row[1:] for row in report.changes.drop("moved").rows()]  # type: ignore[attr-defined]


def errors(report: object) -> list[tuple[object, ...]]:
    return report.errors.select("row", "column", "value", "other", "code").rows()  # type: ignore[attr-defined]


THREE = [of_contract(INVOICES[0]), of_contract(INVOICES[1], day=""), of_contract(INVOICES[2], "V-2", "", "")]


class TestContractsOfInvoices:
    def test_are_kept_with_their_invoices(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        report = take_in(creditor, *write_book(tmp_path, invoices=THREE))
        assert contracts() == [("V-1", "C1", date(2026, 1, 15), "DE"), ("V-2", "C2", None, None)]
        assert resting() == {"R1": "V-1", "R2": "V-1", "R3": "V-2"}
        assert counts(report)["contracts"] == (2, 0, 0)
        assert Contract.objects.get(number="V-1").source is not None

    def test_taken_in_again_change_nothing_at_all(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        paths = write_book(tmp_path, invoices=THREE)
        take_in(creditor, *paths)
        before = everything()
        report = take_in(creditor, *paths)
        assert report.nothing_new
        assert counts(report)["contracts"] == (0, 0, 2)
        assert everything() == before

    def test_are_not_written_by_a_trial(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        report = take_in(creditor, *write_book(tmp_path, invoices=THREE), dry_run=True)
        assert counts(report)["contracts"] == (2, 0, 0)
        assert contracts() == []

    def test_come_to_invoices_that_are_known_without_them(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
        report = take_in(creditor, write(tmp_path, "later", THREE[:1]))
        assert told(report) == [(2, "invoices", "R1", "contract no", None, "V-1")]
        assert resting()["R1"] == "V-1"
        assert ReceivablePast.objects.count() == 1

    def test_keep_the_version_that_stood_before(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path, invoices=THREE))
        later = write(tmp_path, "later", [of_contract(INVOICES[0], day="2026-02-01", law="AT")])
        report = take_in(creditor, later)
        assert told(report) == [
            (2, "contracts", "V-1", "contract date", "2026-01-15", "2026-02-01"),
            (2, "contracts", "V-1", "governing law", "DE", "AT"),
        ]
        assert contracts()[0] == ("V-1", "C1", date(2026, 2, 1), "AT")
        assert list(ContractPast.objects.values_list("signed_date", "law")) == [(date(2026, 1, 15), "DE")]
        assert len(journal_of(creditor)) == len(BOOK) + 1

    def test_lose_no_date_by_an_empty_cell_and_nothing_by_a_file_that_is_silent(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path, invoices=THREE))
        before = contracts(), resting()
        take_in(creditor, write(tmp_path, "later", [of_contract(INVOICES[0], day="", law="")]))
        take_in(creditor, write(tmp_path, "silent", INVOICES))
        assert (contracts(), resting()) == before

    def test_lose_an_invoice_that_its_file_no_longer_calls_theirs(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path, invoices=THREE))
        report = take_in(creditor, write(tmp_path, "later", [of_contract(INVOICES[0], "", "", "")]))
        assert told(report) == [(2, "invoices", "R1", "contract no", "V-1", None)]
        assert resting()["R1"] is None

    def test_are_held_apart_from_those_of_another_creditor(self, tmp_path: Path) -> None:
        for code in ("one", "two"):
            take_in(make_creditor(code), *write_book(tmp_path, invoices=THREE))
        assert len(contracts()) == 4


class TestAContractOfAnotherCustomer:
    ROW = of_contract({**INVOICES[2], "invoice_id": "R9"}, "V-1", "", "")

    def test_is_refused(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path, invoices=THREE))
        before = everything()
        report = take_in(creditor, write(tmp_path, "later", [self.ROW]))
        assert errors(report) == [(2, "contract no", "V-1", "C1", "import.contract_of_another")]
        assert everything() == before

    def test_goes_along_when_all_its_invoices_do(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path, invoices=THREE))
        moving = [{**THREE[0], "customer_id": "C2"}, {**THREE[1], "customer_id": "C2"}]
        report = take_in(creditor, write(tmp_path, "later", moving))
        assert contracts()[0][:2] == ("V-1", "C2")
        assert (2, "contracts", "V-1", "customer_id", "C1", "C2") in told(report)


class TestAContractYoungerThanADueDate:
    @pytest.mark.parametrize(
        ("row", "error"),
        [
            (of_contract({**INVOICES[1], "invoice_id": "R9"}, day="2026-09-01"),
             (2, "contract date", "2026-09-01", "R1", "import.contract_after_due")),
            (of_contract({**INVOICES[1], "invoice_id": "R9", "due_date": "2026-01-14", "issue_date": "2026-01-01"},
                         day=""),
             (2, "contract date", "2026-01-15", "2026-01-14", "intake.contract_after_due")),
        ],
    )  # fmt: skip
    def test_is_refused_whichever_of_them_came_first(self, tmp_path: Path, row: dict[str, str], error: object) -> None:
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path, invoices=THREE))
        before = everything()
        assert errors(take_in(creditor, write(tmp_path, "later", [row]))) == [error]
        assert everything() == before


class TestKindsOfBuyers:
    def test_are_kept_of_customers(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [{**CUSTOMERS[0], "buyer kind": "large enterprise"}, {**CUSTOMERS[1], "buyer kind": ""}]
        take_in(creditor, write(tmp_path, "customers", rows))
        kinds = dict(Debtor.objects.values_list("number", "buyer_kind"))
        assert kinds[CUSTOMERS[0]["customer_id"]] == "large_enterprise"
        assert kinds[CUSTOMERS[1]["customer_id"]] is None
