"""`dunwell worklist` and `dunwell team`, from the file to the list, on both databases."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from dunwell.actions.limitation import tell_claim
from dunwell.actions.standing import refresh
from dunwell.actions.teams import adopt_team, record_absence, withdraw_absence
from dunwell.core.errors import Refused
from dunwell.core.terms import Stage
from dunwell.store import guard
from dunwell.store.models import Debtor, JournalEntry, Receivable, Standing, TeamAbsence, TeamAdopted
from dunwell.store.reads import teams as read
from tests.engine.book import DAY, Book, days
from tests.runs.kept import creditor
from tests.support.book import TESTER

NOW = datetime(DAY.year, DAY.month, DAY.day, 11, tzinfo=UTC)
TEAM = """\
name: trade
collectors:
  - {collector: anna, hours: {mon: 8}}
  - {collector: ben, languages: [en], hours: {mon: 0:10}}
portfolios:
  - {portfolio: large, when: amount >= 1000, collectors: [anna]}
  - {portfolio: rest, collectors: [ben]}
"""


def a_book() -> Book:
    """D1 owes 2,000.00 and D2, D3 10.00 and 20.00 EUR; the final deadline of all of them has passed."""
    book = Book()
    for number, minor in ((1, 2_000_00), (2, 10_00), (3, 20_00)):
        item = book.invoice(book.debtor(f"D{number}"), minor, days(-60))
        book.contact(number, days(-30), {item: Stage.SECOND_DUNNING}, deadline=days(-15))
    return book


@pytest.fixture
def say(say_of: Any) -> Any:
    return say_of(a_book())


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM, encoding="utf-8")
    return str(path)


def tasks(say: Any, *line: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(say("worklist", "--json", *line))["tasks"]
    return found


class TestTheWorklist:
    def test_names_who_is_first_and_why_in_three_languages(self, say: Any) -> None:
        shown = say("worklist")
        assert "3 tasks" in shown
        assert shown.index("D1") < shown.index("D3") < shown.index("D2")
        assert "final deadline passed (urgency +50)" in shown
        assert max(map(len, shown.splitlines())) <= 100
        assert "最后期限已过（紧迫 +50）" in say("worklist", "--language", "zh-Hans")
        assert "最後期限已過（急迫 +50）" in say("worklist", "--language", "zh-Hant")

    def test_tells_the_parts_of_the_rank_as_data(self, say: Any) -> None:
        first = tasks(say)[0]
        assert (first["debtor"], first["amount"], first["what"]) == ("D1", "2000.00", "deadline_passed")
        shares = first["chance_bp"] * first["urgency_bp"]
        assert first["rank_minor"] == 2_000_00 * shares // 10**8
        assert first["collector"] is None

    def test_cut_at_the_hours_says_what_stays_undone_with_its_sum(self, say: Any) -> None:
        found = json.loads(say("worklist", "--json", "--hours", "0"))
        assert found["undone"] == [{"reason": "hours", "currency": "EUR", "count": 3, "amount": "2030.00"}]
        assert "the day is full: 3 tasks, EUR 2,030.00" in say("worklist", "--hours", "0")

    def test_of_another_day_is_told_too(self, say: Any) -> None:
        assert tasks(say, "--as-of", days(-20).isoformat()) == []

    def test_of_a_collector_wants_a_team(self, say: Any) -> None:
        assert "dunwell team adopt" in say("worklist", "--collector", "anna", fails=True)

    def test_puts_a_claim_that_may_soon_be_time_barred_first(self, say: Any) -> None:
        _a_judgment()
        first = tasks(say)[0]
        assert (first["debtor"], first["alarm"]) == ("D2", "limitation")
        assert first["alarm_date"] is not None
        assert first["alarm_date"] in first["why"][0]

    def test_has_the_same_alarm_after_the_run_and_after_one_debtor_is_decided_anew(self, say: Any) -> None:
        _a_judgment()
        say("run")
        before = Standing.objects.get(debtor__number="D2").body
        with guard.writing("test"), transaction.atomic():
            refresh(Debtor.objects.get(number="D2"))
        assert before["alarm_date"] == "2026-04-01"
        assert Standing.objects.get(debtor__number="D2").body == before
        assert "the same" in say("replay", "acme-20260302-1")


def _a_judgment() -> None:
    """Of D2, under the law of China: two years to enforce it from the last day to perform."""
    tell_claim(
        receivable=Receivable.objects.get(debtor__number="D2"), kind="judgment", place="CN",
        perform_by_date=date(2024, 4, 1), at=NOW, by=TESTER, key=uuid4(),
    )  # fmt: skip


class TestATeam:
    def test_gives_each_his_list(self, say: Any, file: str) -> None:
        assert "2 collectors, 2 portfolios" in say("team", "check", file)
        assert "in force from 2026-03-02" in say("team", "adopt", file)
        assert "amount >= 1000" in say("team", "show")
        assert say("team", "show", "--text") == TEAM
        assert [each["debtor"] for each in tasks(say, "--collector", "anna")] == ["D1"]
        # ten minutes are enough for one
        ben = {each["debtor"]: each["undone"] for each in tasks(say, "--collector", "ben")}
        assert ben == {"D3": None, "D2": "hours"}
        assert {each["undone"] for each in tasks(say, "--collector", "ben", "--hours", "3")} == {None}
        assert "carl" in say("worklist", "--collector", "carl", fails=True)

    def test_lets_a_substitute_do_the_work_of_who_is_away(self, say: Any, file: str) -> None:
        say("team", "adopt", file)
        assert "away 2026-03-02 - 2026-03-04" in say(
            "team", "absent", "ben", "--until", "2026-03-04", "--substitute", "anna"
        )
        assert {each["collector"] for each in tasks(say)} == {"anna"}
        number = TeamAbsence.objects.get().pk
        assert "taken back" in say("team", "absent", "--back", str(number))
        assert {each["collector"] for each in tasks(say)} == {"anna", "ben"}

    def test_with_a_fault_is_told_by_its_line_and_not_adopted(self, say: Any, file: str) -> None:
        Path(file).write_text(TEAM.replace("mon: 8", "mon: 99"), encoding="utf-8")
        assert "Line 3" in say("team", "adopt", file, fails=True)
        assert not TeamAdopted.objects.exists()


@pytest.mark.usefixtures("db")
class TestTheActs:
    def test_of_adopting_stand_in_the_journal_once(self) -> None:
        owner = creditor()
        one = adopt_team(creditor=owner, text=TEAM, at=NOW, by=TESTER)
        assert adopt_team(creditor=owner, text=TEAM, at=NOW, by=TESTER) == one
        entry = JournalEntry.objects.get(event="team.adopted")
        assert json.loads(entry.body)["body"]["hash"] == one.hash
        assert read.team_of(owner, days(-1)) is None

    def test_refuse_the_past_unknown_names_and_days_in_the_wrong_order(self) -> None:
        owner = creditor()

        def code(**told: Any) -> str:
            with pytest.raises(Refused) as refused:
                if "text" in told:
                    adopt_team(creditor=owner, at=NOW, by=TESTER, **told)
                else:
                    usual = {"collector": "anna", "from_date": DAY, "until_date": DAY}
                    record_absence(creditor=owner, at=NOW, by=TESTER, **(usual | told))
            return refused.value.code

        assert code(text=TEAM, from_date=days(-1)) == "team.adopted_late"
        assert code(text="name: x") == "team.fault"
        assert code() == "team.none"
        adopt_team(creditor=owner, text=TEAM, at=NOW, by=TESTER)
        assert code(collector="carl") == "team.no_collector"
        assert code(substitute="carl") == "team.no_collector"
        assert code(substitute="anna") == "team.own_substitute"
        assert code(until_date=days(-1)) == "team.days_reversed"
        assert code(from_date=days(-9), until_date=days(-1)) == "team.none"

    def test_of_an_absence_are_kept_once_and_taken_back_once(self) -> None:
        owner = creditor()
        adopt_team(creditor=owner, text=TEAM, at=NOW, by=TESTER)
        told: dict[str, Any] = {"creditor": owner, "collector": "ben", "from_date": DAY, "until_date": days(2)}
        one = record_absence(**told, at=NOW, by=TESTER)
        assert record_absence(**told, at=NOW, by=TESTER) == one
        withdraw_absence(absence=one, at=NOW, by=TESTER)
        with pytest.raises(Refused):
            withdraw_absence(absence=one, at=NOW, by=TESTER)
        assert read.absences(owner, DAY) == []
