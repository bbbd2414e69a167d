"""Targets from files: taken in once, replaced by another, held to days ahead, and never set again by a repetition."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dunwell.actions.importing.report import ImportReport
from dunwell.actions.talks.targets import set_target, withdraw_target
from dunwell.actions.targets import targets_of
from dunwell.core.money import Money
from dunwell.core.terms import LANGUAGES
from dunwell.intake.faults import in_language
from dunwell.store.models import Debtor, Target, TargetPast
from tests.imports.files import CUSTOMERS, NOW, counts, everything, journal_of, take_in, write
from tests.support.book import TESTER, make_creditor

pytestmark = pytest.mark.usefixtures("db")

TODAY = NOW.date()
BY = "2026-12-20"
TWO = [
    {"customer_id": "C1", "target amount": "500.00", "currency": "EUR", "by date": BY},
    {"customer_id": "C2", "target amount": "90000", "currency": "JPY", "by date": BY},
]


def a_file(folder: Path, *rows: dict[str, str], name: str = "targets") -> Path:
    return write(folder, name, list(rows) or TWO)


def stands() -> list[tuple[Any, ...]]:
    found = Target.objects.filter(withdrawn_date__isnull=True).order_by("debtor__number", "currency")
    return list(found.values_list("debtor__number", "currency", "amount_minor", "set_date", "by_date"))


def errors(report: ImportReport) -> list[tuple[Any, ...]]:
    return report.errors.select("row", "column", "code").rows()


@pytest.fixture
def creditor(tmp_path: Path) -> Any:
    made = make_creditor()
    take_in(made, write(tmp_path, "customers", CUSTOMERS))
    return made


class TestTargetsOfAFile:
    def test_stand_from_today_on_and_are_shown_against_what_came(self, creditor, tmp_path):
        report = take_in(creditor, a_file(tmp_path))
        assert counts(report) == {"targets": (2, 0, 0)}
        by = date.fromisoformat(BY)
        assert stands() == [("C1", "EUR", 50_000, TODAY, by), ("C2", "JPY", 90_000, TODAY, by)]
        made = Target.objects.get(currency="EUR")
        assert made.source is not None
        assert made.recorded_by == str(TESTER)
        (shown,) = targets_of(creditor, TODAY, made.debtor)
        assert (shown["state"], shown["missing_minor"]) == ("open", 50_000)
        assert journal_of(creditor) == ["file.imported"] * 2

    def test_may_come_with_their_customers(self, tmp_path):
        creditor = make_creditor()
        report = take_in(creditor, write(tmp_path, "customers", CUSTOMERS), a_file(tmp_path))
        assert counts(report)["targets"] == (2, 0, 0)
        assert [row[0] for row in stands()] == ["C1", "C2"]

    def test_are_not_written_by_a_trial(self, creditor, tmp_path):
        before = everything()
        assert counts(take_in(creditor, a_file(tmp_path), dry_run=True)) == {"targets": (2, 0, 0)}
        assert everything() == before

    def test_told_again_change_nothing_at_all_on_any_day(self, creditor, tmp_path):
        take_in(creditor, a_file(tmp_path))
        before = everything()
        for days in (0, 5, 60):
            report = take_in(creditor, a_file(tmp_path), now=NOW + timedelta(days=days))
            assert report.nothing_new
            assert counts(report) == {"targets": (0, 0, 2)}
        assert everything() == before

    def test_take_the_place_of_the_one_before(self, creditor, tmp_path):
        take_in(creditor, a_file(tmp_path))
        first = Target.objects.get(currency="EUR")
        later = NOW + timedelta(days=3)
        report = take_in(creditor, a_file(tmp_path, {**TWO[0], "target amount": "700.00"}, TWO[1]), now=later)
        assert counts(report) == {"targets": (0, 1, 1)}
        assert report.changes.select("row", "number", "column", "was", "now").rows() == [
            (2, "C1", "target amount", "500.00", "700.00")
        ]
        assert stands()[0][:4] == ("C1", "EUR", 70_000, later.date())
        first.refresh_from_db()
        assert (first.withdrawn_date, first.amount_minor) == (later.date(), 50_000)
        assert TargetPast.objects.get(of=first.pk).withdrawn_date is None

    def test_take_the_place_of_what_a_person_set(self, creditor, tmp_path):
        debtor = Debtor.objects.get(number="C1")
        set_target(
            debtor=debtor, amount=Money(1_000, "EUR"), by_date=date(2026, 12, 1), at=NOW, by=TESTER, key="k1", note="x"
        )
        assert counts(take_in(creditor, a_file(tmp_path))) == {"targets": (1, 1, 0)}
        assert [row[2] for row in stands()] == [50_000, 90_000]
        assert Target.objects.exclude(withdrawn_date=None).get().note == "x"

    def test_that_say_again_what_they_said_leave_alone_what_a_person_set_since(self, creditor, tmp_path):
        take_in(creditor, a_file(tmp_path))
        debtor, next_day = Debtor.objects.get(number="C1"), NOW + timedelta(days=1)
        set_target(
            debtor=debtor, amount=Money(1_000, "EUR"), by_date=date(2026, 12, 1), at=next_day, by=TESTER, key="k1"
        )
        before = everything()
        for days in (2, 60):
            assert take_in(creditor, a_file(tmp_path), now=NOW + timedelta(days=days)).nothing_new
        assert everything() == before
        assert stands()[0][2] == 1_000
        other = a_file(tmp_path, {**TWO[0], "target amount": "600.00"})
        assert counts(take_in(creditor, other, now=NOW + timedelta(days=2))) == {"targets": (0, 1, 0)}
        assert stands()[0][2] == 60_000
        assert counts(take_in(creditor, a_file(tmp_path, TWO[0]), now=NOW + timedelta(days=3))) == {
            "targets": (0, 1, 0)
        }
        assert stands()[0][2] == 50_000

    def test_that_a_person_withdrew_are_not_set_again_by_the_same_file(self, creditor, tmp_path):
        take_in(creditor, a_file(tmp_path))
        withdraw_target(target=Target.objects.get(currency="EUR"), at=NOW + timedelta(days=1), by=TESTER, key="w")
        assert take_in(creditor, a_file(tmp_path), now=NOW + timedelta(days=2)).nothing_new
        assert [row[0] for row in stands()] == ["C2"]
        other = a_file(tmp_path, {**TWO[0], "by date": "2026-12-24"})
        assert counts(take_in(creditor, other, now=NOW + timedelta(days=2))) == {"targets": (1, 0, 0)}

    @pytest.mark.parametrize(
        ("change", "column", "code"),
        [
            ({"customer_id": "C9"}, "customer_id", "intake.unknown_debtor"),
            ({"customer_id": ""}, "customer_id", "intake.empty_cell"),
            ({"target amount": ""}, "target amount", "intake.empty_cell"),
            ({"target amount": "0"}, "target amount", "intake.target_not_positive"),
            ({"target amount": "-5.00"}, "target amount", "intake.target_not_positive"),
            ({"target amount": "much"}, "target amount", "intake.not_an_amount"),
            ({"currency": "XXQ"}, "currency", "intake.unknown_currency"),
            ({"by date": ""}, "by date", "intake.empty_cell"),
            ({"by date": "2026-02-30"}, "by date", "intake.impossible_date"),
            ({"by date": "2026-11-21"}, "by date", "import.target_over"),
            ({"by date": "2037-01-01"}, "by date", "import.target_too_far"),
        ],
    )
    def test_with_a_wrong_cell_are_refused_by_row_and_column(self, creditor, tmp_path, change, column, code):
        report = take_in(creditor, a_file(tmp_path, TWO[1], {**TWO[0], **change}))
        assert (report.refused, errors(report)) == (True, [(3, column, code)])
        for language in LANGUAGES:
            assert "{" not in in_language(report.errors, language)["reason"][0]
        assert not Target.objects.exists()

    def test_of_today_may_stand(self, creditor, tmp_path):
        take_in(creditor, a_file(tmp_path, {**TWO[0], "by date": TODAY.isoformat()}))
        assert stands()[0][4] == TODAY

    def test_that_stand_twice_for_a_debtor_and_currency_are_refused(self, creditor, tmp_path):
        report = take_in(creditor, a_file(tmp_path, TWO[0], {**TWO[0], "target amount": "7.00"}, TWO[1]))
        where = "customer_id / currency"
        assert errors(report) == [
            (2, where, "intake.duplicate_target"), (3, where, "intake.duplicate_target"),
        ]  # fmt: skip

    def test_count_in_the_control_totals(self, creditor, tmp_path):
        (file,) = take_in(creditor, a_file(tmp_path)).files
        assert [(total.currency, total.rows, total.sum_minor) for total in file.found.totals] == [
            ("EUR", 1, 50_000), ("JPY", 1, 90_000),
        ]  # fmt: skip
        assert file.found.kind == "targets"
        assert file.found.without_amount == 0

    @pytest.mark.parametrize(
        "header", ["客户编号,目标金额,目标日期", "客戶編號,目標金額,目標日期", "Kundennummer,Zielbetrag,Zieldatum"]
    )
    def test_are_recognised_in_other_languages(self, creditor, tmp_path, header):
        path = tmp_path / "a.csv"
        path.write_text(f"{header}\nC1,500.00,{BY}\n", encoding="utf-8")
        assert counts(take_in(creditor, path)) == {"targets": (1, 0, 0)}
        assert stands()[0][:3] == ("C1", "EUR", 50_000)
