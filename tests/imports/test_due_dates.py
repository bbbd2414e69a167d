"""From a file to a statement: due dates by payment terms, invoices in instalments, calendars not yet official."""

import json
from datetime import date
from pathlib import Path

import pytest

from dunwell.actions.explain import explain
from dunwell.actions.importing.report import ImportReport
from dunwell.actions.interest import set_terms
from dunwell.actions.statement import statement_of
from dunwell.core.errors import DunwellError
from dunwell.documents.statement import as_data, as_text
from dunwell.store.models import Creditor, Dispute, Receivable
from tests.imports.files import NOW, counts, take_in, write
from tests.support.book import TESTER, make_creditor

pytestmark = pytest.mark.usefixtures("db")

CUSTOMER = [{"customer_id": "C1", "name": "Müller GmbH", "email": "ap@mueller.example", "city": "Berlin"}]


def bill(number: str = "R1", **columns: str) -> dict[str, str]:
    return {"invoice_id": number, "customer_id": "C1", "issue_date": "2026-01-15", "currency": "EUR",
            "amount": "1000.00", "terms": "", **columns}  # fmt: skip


def book(tmp_path: Path, creditor: Creditor, *bills: dict[str, str], **options: object) -> ImportReport:
    keys = list(dict.fromkeys(key for each in bills for key in each))
    rows = [{key: each.get(key, "") for key in keys} for each in bills]
    paths = [write(tmp_path, "customers", CUSTOMER), write(tmp_path, "invoices", rows)]
    return take_in(creditor, *paths, **options)  # type: ignore[arg-type]


def owed() -> list[tuple[str, str, date, int]]:
    return sorted(Receivable.objects.values_list("kind", "number", "due_date", "amount_minor"))


def errors(report: ImportReport) -> list[tuple[int, str]]:
    return list(report.errors.select("row", "code").rows())


class TestADueDate:
    @pytest.mark.parametrize(
        ("terms", "due"),
        [
            ("30 days from acceptance", date(2026, 3, 31)),
            ("30 days from delivery", date(2026, 3, 2)),
            ("10 days from receipt", date(2026, 1, 30)),
            ("30 days from later of receipt and delivery", date(2026, 3, 2)),
            ("end of month + 45 days", date(2026, 3, 17)),
            ("10th of next month", date(2026, 2, 10)),
        ],
    )
    def test_is_counted_from_the_day_that_the_terms_name(self, tmp_path: Path, terms: str, due: date) -> None:
        days = {"received_date": "2026-01-20", "delivery_date": "2026-01-31", "acceptance_date": "2026-03-01"}
        book(tmp_path, make_creditor(), bill(terms=terms, **days))
        assert owed() == [("invoice", "R1", due, 100000)]
        item = Receivable.objects.get()
        assert (item.payment_terms, item.accepted_date, item.due_known) == (terms, date(2026, 3, 1), True)

    def test_of_terms_whose_day_is_missing_is_refused_with_the_name_of_the_column(self, tmp_path: Path) -> None:
        report = book(tmp_path, make_creditor(), bill(terms="30 days from acceptance"))
        assert errors(report) == [(2, "intake.terms_base_missing")]
        assert "accepted_date" in report.errors["reason"][0]

    def test_that_rests_on_a_calendar_not_yet_official_is_said_wherever_it_is_told(self, tmp_path: Path) -> None:
        creditor = make_creditor(country="CN", currency="CNY", zone="Asia/Shanghai")
        # 30 days after 2027-04-01 is a Saturday of a year whose make-up days nobody has announced
        bills = [bill("R1", issue_date="2027-04-01", terms="30 days roll CN"), bill("R2", terms="30 days roll CN")]
        now = NOW.replace(year=2027, month=6)
        report = book(tmp_path, creditor, *bills, now=now)
        assert [each.code for each in report.files[1].found.notes] == ["intake.note_calendar_assumed"]
        assert "CN" in report.files[1].found.notes[0].words("zh-Hant")
        assert dict(Receivable.objects.values_list("number", "due_known")) == {"R1": False, "R2": True}
        told = statement_of(creditor=creditor, numbers=["R1", "R2"], as_of=date(2027, 6, 1)).statement
        data = as_data(told, "en")
        assert [each["due_basis"]["calendar_official"] for each in data["debts"]] == [False, True]
        assert any("calendar that is not official yet" in note for note in data["debts"][0]["notes"])
        assert any("官方日历尚未公布" in line for line in as_text(told, "zh-Hans"))
        words = "\n".join(
            explain(creditor=creditor, debtor_number="C1", as_of=date(2027, 6, 1), now=now).words("en")
        )  # fmt: skip
        assert words.count("calendar that is not official yet") == 1

    def test_told_later_by_the_ledger_rests_on_no_calendar_any_more(self, tmp_path: Path) -> None:
        creditor = make_creditor(country="CN", currency="CNY", zone="Asia/Shanghai")
        book(tmp_path, creditor, bill(issue_date="2027-04-01", terms="30 days roll CN"))
        book(tmp_path, creditor, bill(issue_date="2027-04-01", due_date="2027-05-08"))
        item = Receivable.objects.get()
        assert (item.due_date, item.due_known, item.payment_terms) == (date(2027, 5, 8), None, None)


class TestAnInvoiceInInstalments:
    TERMS = "30%: on 2026-01-31; 1/3: 60 days; 11/30: end of month + 45 days"

    def test_is_a_receivable_for_each_that_add_up_to_it(self, tmp_path: Path) -> None:
        report = book(tmp_path, make_creditor(), bill(amount="1000.01", terms=self.TERMS))
        assert counts(report)["invoices"] == (3, 0, 0)
        assert (report.files[1].found.totals[0].rows, report.files[1].found.totals[0].sum_minor) == (1, 100001)
        assert owed() == [
            ("instalment", "R1#1", date(2026, 1, 31), 30000),
            ("instalment", "R1#2", date(2026, 3, 16), 33333),
            ("instalment", "R1#3", date(2026, 3, 17), 36668),
        ]
        assert sum(row[3] for row in owed()) == 100001

    def test_is_taken_in_again_without_a_change(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms=self.TERMS))
        assert book(tmp_path, creditor, bill(terms=self.TERMS)).nothing_new

    def test_has_a_statement_with_the_due_date_of_each(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms=self.TERMS))
        told = statement_of(creditor=creditor, numbers=["R1"], as_of=date(2026, 6, 1)).statement
        assert [(each.debt.number, each.debt.due) for each in told.debts] == [
            ("R1#1", date(2026, 1, 31)), ("R1#2", date(2026, 3, 16)), ("R1#3", date(2026, 3, 17)),
        ]  # fmt: skip
        assert told.totals == {"EUR": 100000}

    @pytest.mark.parametrize(
        ("paid", "open_minor"),
        [
            ([("R1", "500.00")], {"R1#2": 13333, "R1#3": 36667}),
            ([("R1", "300.00"), ("R1", "700.00")], {}),
            ([("R1#3", "400.00")], {"R1#1": 26667, "R1#2": 33333}),
            ([("R1", "500.00"), ("R1", "-500.00")], {"R1#1": 30000, "R1#2": 33333, "R1#3": 36667}),
        ],
    )
    def test_is_paid_from_the_first_to_the_last_by_money_that_names_the_invoice(
        self, tmp_path: Path, paid: list[tuple[str, str]], open_minor: dict[str, int]
    ) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms=self.TERMS))
        rows = [
            {"payment_id": f"P{n}", "customer_id": "C1", "invoice_id": name, "value_date": f"2026-02-{n + 10}",
             "currency": "EUR", "amount": amount}
            for n, (name, amount) in enumerate(paid)
        ]  # fmt: skip
        assert not take_in(creditor, write(tmp_path, "payments", rows)).refused
        told = explain(creditor=creditor, debtor_number="C1", as_of=date(2026, 6, 1), now=NOW)
        assert {item["number"]: item["open_minor"] for item in told.items} == open_minor
        assert told.loose.get("EUR", 0) == 0
        if open_minor:
            of_account = statement_of(creditor=creditor, numbers=["R1"], as_of=date(2026, 6, 1)).statement
            assert of_account.totals == {"EUR": sum(open_minor.values())}

    def test_shown_open_by_a_list_counts_a_bank_line_once(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        day = date(2026, 2, 28)
        book(tmp_path, creditor, bill(terms=self.TERMS))
        book(tmp_path, creditor, bill(terms=self.TERMS, open="500.00"), day=day)
        row = {"payment_id": "P1", "customer_id": "C1", "invoice_id": "R1", "value_date": "2026-02-12",
               "currency": "EUR", "amount": "500.00"}  # fmt: skip
        take_in(creditor, write(tmp_path, "payments", [row]))
        told = explain(creditor=creditor, debtor_number="C1", as_of=date(2026, 6, 1), now=NOW)
        assert {item["number"]: item["open_minor"] for item in told.items} == {"R1#2": 13333, "R1#3": 36667}
        assert told.loose.get("EUR", 0) == 0

    def test_that_a_list_lacks_is_paid(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms=self.TERMS), bill("R2", due_date="2026-02-15"))
        report = book(tmp_path, creditor, bill("R2", due_date="2026-02-15"), day=date(2026, 6, 1),
                      accept_disappeared=True)  # fmt: skip
        assert report.open_items is not None
        assert report.open_items.disappeared.items == 3
        told = explain(creditor=creditor, debtor_number="C1", as_of=date(2026, 6, 2), now=NOW)
        assert [item["number"] for item in told.items] == ["R2"]

    def test_contested_as_a_whole_is_contested_in_each(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms=self.TERMS))
        row = {"dispute_id": "D1", "invoice_id": "R1", "opened_on": "2026-02-05", "reason": "broken", "amount": ""}
        take_in(creditor, write(tmp_path, "disputes", [row]))
        assert sorted(Dispute.objects.values_list("number", "receivable__number")) == [
            ("D1#1", "R1#1"), ("D1#2", "R1#2"), ("D1#3", "R1#3"),
        ]  # fmt: skip

    def test_contested_in_part_must_name_the_instalment(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms=self.TERMS))
        row = {"dispute_id": "D1", "invoice_id": "R1", "opened_on": "2026-02-05", "reason": "x", "amount": "5.00"}
        assert errors(take_in(creditor, write(tmp_path, "disputes", [row]))) == [(2, "intake.dispute_of_instalments")]
        named = write(tmp_path, "disputes", [{**row, "invoice_id": "R1#2"}])
        assert not take_in(creditor, named).refused

    @pytest.mark.parametrize(
        ("before", "after", "code"),
        [
            ({"due_date": "2026-02-15"}, {"terms": TERMS}, "import.invoice_stands_whole"),
            ({"terms": TERMS}, {"due_date": "2026-02-15"}, "import.invoice_in_instalments"),
            ({"terms": TERMS}, {"terms": "1/2: 30 days; 1/2: 60 days"}, "import.fewer_instalments"),
        ],
    )
    def test_is_never_owed_twice(
        self, tmp_path: Path, before: dict[str, str], after: dict[str, str], code: str
    ) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(**before))
        report = book(tmp_path, creditor, bill(**after))
        assert errors(report) == [(2, code)]
        assert not report.written

    @pytest.mark.parametrize(
        ("columns", "code"),
        [
            ({"terms": "30%: 10 days; 60%: 40 days"}, "intake.instalment_shares"),
            ({"terms": "50%: 10 days; 50%: 40 days from acceptance"}, "intake.terms_base_missing"),
            ({"invoice_id": "R" * 98, "terms": "50%: 10 days; 50%: 40 days"}, "intake.instalment_number_too_long"),
        ],
    )
    def test_that_cannot_be_split_is_refused_once_for_its_row(
        self, tmp_path: Path, columns: dict[str, str], code: str
    ) -> None:
        assert errors(book(tmp_path, make_creditor(), {**bill(), **columns})) == [(2, code)]

    def test_of_a_list_without_amounts_is_refused(self, tmp_path: Path) -> None:
        row = bill(terms="50%: 10 days; 50%: 40 days", open="500.00")
        del row["amount"]
        report = book(tmp_path, make_creditor(), row, day=date(2026, 6, 1))
        assert errors(report) == [(2, "intake.instalments_without_amount")]


class TestAnUnknownInvoice:
    def test_in_instalments_is_still_unknown(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        book(tmp_path, creditor, bill(terms="50%: 10 days; 50%: 40 days"))
        with pytest.raises(DunwellError) as caught:
            statement_of(creditor=creditor, numbers=["R"], as_of=date(2026, 6, 1))
        assert caught.value.code == "receivable.unknown"
        assert json.dumps(caught.value.params)


class TestTheLaw:
    """What rules of law say of due dates."""

    def test_gives_a_due_date_only_where_a_person_says_that_nothing_was_agreed(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        row = bill(received_date="2026-01-20", delivery_date="2026-01-10")
        report = book(tmp_path, creditor, row)
        assert errors(report) == [(2, "intake.no_due_date")]
        assert "--due-by-law" in report.errors["reason"][0]
        told = book(tmp_path, creditor, row, due_by_law=True)
        item = Receivable.objects.get()
        assert (item.due_date, item.due_rule) == (date(2026, 2, 19), "de-286.due")
        note = told.files[1].found.notes[0].words("en")
        assert "de-286.due (BGB § 286" in note
        assert "2026-02-19" in note
        data = as_data(statement_of(creditor=creditor, numbers=["R1"], as_of=date(2026, 6, 1)).statement, "en")
        assert data["debts"][0]["due_basis"]["rule"] == "de-286.due"
        assert "No payment terms were agreed" in data["debts"][0]["notes"][0]
        assert "Unverified" in data["debts"][0]["notes"][1]

    def test_runs_from_the_later_of_receipt_and_the_day_on_which_payment_could_be_demanded(
        self, tmp_path: Path
    ) -> None:
        book(tmp_path, make_creditor(), bill(received_date="2026-01-20", delivery_date="2026-02-10"), due_by_law=True)
        assert owed()[0][2] == date(2026, 3, 12)

    @pytest.mark.parametrize(
        ("creditor", "columns", "code"),
        [
            ({}, {"delivery_date": "2026-01-10"}, "import.due_by_law_lacks"),
            ({}, {"received_date": "2026-01-20", "customer_kind": "consumer"}, "import.no_rule_for_due"),
            ({"country": "FR"}, {"received_date": "2026-01-20"}, "import.no_rule_for_due"),
            ({"country": "CN"}, {"delivery_date": "2026-01-20"}, "import.no_rule_for_due"),
            ({"country": "GB"}, {"received_date": "2026-01-20"}, "import.due_by_law_lacks"),
        ],
    )
    def test_gives_no_day_where_no_rule_holds_or_the_day_it_runs_from_is_not_told(
        self, tmp_path: Path, creditor: dict[str, str], columns: dict[str, str], code: str
    ) -> None:
        rows = write(tmp_path, "invoices", [{**bill(**columns), "customer_name": "Ada"}])
        report = take_in(make_creditor(**creditor), rows, due_by_law=True)
        assert errors(report) == [(2, code)]
        assert not report.written

    def test_later_than_which_a_due_date_was_agreed_is_named_and_the_date_stands(self, tmp_path: Path) -> None:
        creditor = make_creditor(country="CN", currency="CNY", zone="Asia/Shanghai", kind="sme")
        buyer = write(tmp_path, "customers", [{**CUSTOMER[0], "buyer_kind": "public_institution"}])
        row = bill(issue_date="2025-07-01", delivery_date="2025-07-01", terms="90 days from delivery")
        report = take_in(creditor, buyer, write(tmp_path, "invoices", [row]))
        note = report.files[1].found.notes[0]
        assert note.code == "import.note_due_beyond.cut"
        assert "2: 2025-09-29 > 2025-08-30" in note.words("zh-Hans")
        assert owed()[0][2] == date(2025, 9, 29)
        told = statement_of(creditor=creditor, numbers=["R1"], as_of=date(2026, 6, 1)).statement
        assert as_data(told, "en")["debts"][0]["due_basis"]["beyond_law"] == {
            "rule": "cn-sme.due", "latest": "2025-08-30", "basis": "cut",
        }  # fmt: skip
        assert any("保障中小企业款项支付条例" in line for line in as_text(told, "zh-Hans"))

    @pytest.mark.parametrize(
        ("creditor", "columns", "basis"),
        [
            ({}, {"due_date": "2026-04-01", "received_date": "2026-01-20", "delivery_date": "2026-01-20"}, "doubtful"),
            ({}, {"due_date": "2026-04-01"}, "unchecked"),
            ({}, {"due_date": "2026-03-16"}, None),
            ({"country": "US"}, {"due_date": "2026-12-01"}, None),
            ({"country": "CN"}, {"due_date": "2026-12-01"}, None),
        ],
    )
    def test_speaks_of_a_long_term_only_where_a_rule_holds(
        self, tmp_path: Path, creditor: dict[str, str], columns: dict[str, str], basis: str | None
    ) -> None:
        report = book(tmp_path, make_creditor(**creditor), bill(**columns))
        codes = [note.code for note in report.files[1].found.notes]
        assert codes == ([f"import.note_due_beyond.{basis}"] if basis else [])


class TestTheFixedSumForLatePayment:
    @pytest.mark.parametrize(("regime", "country", "costs"), [("fr.c-com-l441-10", "FR", 1), ("de.bgb-288-2", "DE", 2)])
    def test_is_borne_once_an_invoice_or_by_each_instalment_as_the_law_says(
        self, tmp_path: Path, regime: str, country: str, costs: int
    ) -> None:
        creditor = make_creditor(country=country)
        book(tmp_path, creditor, bill(terms="50%: on 2025-01-31; 50%: on 2025-02-28", issue_date="2025-01-02"))
        set_terms(
            creditor=creditor, code="business", regime=regime, wishes={}, buyer=None, fixed_sum=True, confirmed=True,
            by=TESTER, at=NOW,
        )  # fmt: skip
        told = statement_of(creditor=creditor, numbers=["R1"], as_of=date(2025, 6, 1)).statement
        assert sum(each.sums.costs for each in told.debts) == 4000 * costs
        assert told.debts[0].sums.costs == 4000
