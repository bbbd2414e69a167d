"""The same through the real acts on both databases: a strategy for a later day, a run replayed, an outage, two runs."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dunwell.actions.day.runs import replay, run_day
from dunwell.actions.sending.clock import Clock
from dunwell.actions.strategies import adopt_strategy, save_strategy
from dunwell.actions.talks.observations import record_observation
from dunwell.actions.talks.steps import record_step
from dunwell.core.terms import Stage
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from dunwell.store.models import ContactAttempt, Creditor, Decision
from tests.lessons.test_once import Office, ten_on
from tests.send.book import add_debtor, let_go
from tests.support.homes import Home
from tests.support.rows import MEI, a_creditor
from tests.support.strategies import PLAIN, plain_strategy

MONDAY = date(2026, 11, 23)


def after(count: int) -> date:
    return MONDAY + timedelta(days=count)


@pytest.fixture
def office(db: Home) -> Office:
    return Office()


def run(creditor: Creditor, day: date) -> Any:
    return run_day(creditor=creditor, as_of=day, now=ten_on(day), by=MEI)


def adopt(creditor: Creditor, text: str, told: date, day: date) -> None:
    at = ten_on(told)
    version = save_strategy(creditor=creditor, text=text, at=at, by=MEI)
    adopt_strategy(creditor=creditor, version=version, at=at, by=MEI, from_date=day)


class TestAStrategyForALaterDay:
    def test_takes_over_that_day_and_not_before(self, office: Office) -> None:
        """The plain one reminds on the third day after the due date; the new one, from Wednesday on, on the fifth."""
        later = PLAIN.replace("offset_days: 3,", "offset_days: 5,")
        adopt(office.creditor, later, MONDAY, after(2))
        for number, late in (("three", 3), ("two", 2), ("one", 1)):
            add_debtor(office.creditor, number, email=f"{number}@debtor.example", due=after(-late))
        assert [office.day(after(count)) for count in range(5)] == [
            ["three@debtor.example"], ["two@debtor.example"], [], [], ["one@debtor.example"],
        ]  # fmt: skip
        used = [replay(f"main-202611{23 + count}-1")[0]["strategy_hash"] for count in range(5)]
        assert used == [plain_strategy().hash] * 2 + [read_strategy(later).hash] * 3


class TestAReplay:
    def test_of_a_day_before_the_strategy_was_replaced_says_the_same(self, office: Office) -> None:
        add_debtor(office.creditor, "M1", email="m1@debtor.example", due=after(-4))
        report = run(office.creditor, MONDAY)
        adopt(office.creditor, PLAIN.replace("offset_days: 3,", "offset_days: 9,"), after(1), after(1))
        later = run(office.creditor, after(1))
        manifest, outcome, again = replay(report.run)
        assert manifest["decisions_hash"] == again["decisions_hash"]
        assert manifest["strategy_hash"] == plain_strategy().hash
        assert outcome.decisions["stage"].to_list() == [Stage.REMINDER]
        assert replay(later.run)[1].decisions["stage"].to_list() == [0]


class TestAnOutage:
    @pytest.mark.parametrize("missed", [3, 14])
    def test_ends_with_the_day_that_a_perfect_observer_would_have_had(self, office: Office, missed: int) -> None:
        """One creditor's program looked on every day and could not send; the other's was off. Then both send."""
        off = a_creditor(code="off")
        for creditor in (office.creditor, off):
            for number, late in (("one", 1), ("two", 20), ("three", -2), ("four", 90)):
                add_debtor(creditor, f"{creditor.code}-{number}", email=f"{number}@{creditor.code}.example",
                           due=after(-late))  # fmt: skip
        for count in range(missed):
            run(office.creditor, after(count))
        for creditor in (office.creditor, off):
            run(creditor, after(missed))
        let_go(clock=Clock(fixed=ten_on(after(missed))), channels={"email": office.mail})
        stages = {
            code: sorted(
                (number.removeprefix(code), stage)
                for number, stage in ContactAttempt.objects.filter(creditor__code=code).values_list(
                    "debtor__number", "stage"
                )
            )
            for code in ("main", "off")
        }
        assert stages["main"] == stages["off"]
        assert len(stages["off"]) == len(dict(stages["off"])) > 1


class TestAReason:
    def test_told_today_leads_another_way_today(self, office: Office) -> None:
        adopt(office.creditor, default_strategy().text, MONDAY, MONDAY)
        debtor = add_debtor(office.creditor, "M1", email="m1@debtor.example", due=after(-4))
        record_observation(
            debtor=debtor, kind="reason", value="hardship", at=ten_on(MONDAY), by=MEI, key="o1", until_date=after(6)
        )
        assert office.day(MONDAY) == []
        assert Decision.objects.get(run__as_of=MONDAY).reason == "person_due"
        at: datetime = ten_on(after(1))
        record_step(debtor=debtor, stage=Stage.PERSON, at=at, by=MEI, key="s1")
        assert [office.day(after(count)) for count in range(1, 7)] == [[]] * 6
        # the hardship is over: the talk is no leave to skip the reminder
        assert office.day(after(7)) == ["m1@debtor.example"]
        assert list(ContactAttempt.objects.values_list("stage", flat=True)) == [Stage.REMINDER]
