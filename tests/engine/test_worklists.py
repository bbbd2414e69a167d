"""Who does which task: every one of the book stands on exactly one list or is undone, and nobody works too long."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.terms import Stage
from dunwell.engine.day.decide import decide
from dunwell.engine.day.worklists import (
    HOURS,
    NO_SKILL,
    NO_WINDOW,
    NOBODY_THERE,
    Decided,
    Listed,
    Staff,
    lists,
    tasks_of,
)
from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.rulebook.rank import packaged_rank, whole_rank
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.team import Absence, Team, read_team
from tests.engine.book import DAY, Book, days
from tests.engine.books import books
from tests.support.strategies import with_text

RANK = whole_rank(packaged_rank())
CALLS = with_text(
    "      - {stage: reminder, offset_days: 3, channels: [email, letter]}\n",
    "      - {stage: call, offset_days: 3, attempts: 9}\n",
)
"""Everybody who is late is called."""
TEAM = read_team("""\
name: trade
collectors:
  - {collector: anna, languages: [en, zh-Hans], hours: {mon: 8, tue: 8}}
  - {collector: ben, languages: [en], hours: {mon: "0:30", tue: 6}}
  - {collector: chen, stages: [call], hours: {mon: 4}}
portfolios:
  - {portfolio: large, when: amount >= 300, collectors: [anna]}
  - {portfolio: rest, collectors: [anna, ben, chen]}
""")


def outcome_of(book: Book, day: date = DAY, facts: Facts | None = None) -> Decided:
    seen: dict[str, Any] = {}
    outcome = decide(
        facts or book.facts(), CALLS, house_rules(), day, _midnight(day), seen.__setitem__, also=TEAM.columns
    )
    return Decided(outcome, seen["profile"], seen["hours"], seen["known"]["contact_points"])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1)


def listed(
    book: Book, *absences: Absence, team: Team | None = TEAM, day: date = DAY, hours: int | None = None, hour: int = 0,
    **minutes: int,
) -> list[Listed]:  # fmt: skip
    staff = Staff(team, absences, day, minutes) if team else None
    start = _midnight(day)
    return lists(
        outcome_of(book, day), RANK, staff, start + timedelta(hours=hour), start + timedelta(days=1), hours
    )  # fmt: skip


def owners(found: list[Listed]) -> dict[str, str | None]:
    return {each.task["number"]: each.collector for each in found}


def many(count: int = 12, minor: int = 100_00, **more: str) -> Book:
    """So many debtors who are to be called."""
    book = Book()
    for number in range(1, count + 1):
        book.invoice(book.debtor(f"D{number}", channels=("phone",), **more), minor, days(-5))
    return book


class TestATask:
    def test_goes_by_the_first_portfolio_that_takes_the_debtor(self) -> None:
        assert set(owners(listed(many(minor=300_00))).values()) == {"anna"}
        assert len(set(owners(listed(many())).values())) == 3

    def test_goes_to_one_who_speaks_the_language(self) -> None:
        assert set(owners(listed(many(language="zh-Hans"))).values()) == {"anna", "chen"}

    def test_for_whom_nobody_has_the_skill_is_undone(self) -> None:
        found = listed(many(2, minor=300_00, language="zh-Hant"))
        assert [(each.collector, each.undone) for each in found] == [(None, NO_SKILL)] * 2

    def test_stays_with_the_same_person_from_day_to_day(self) -> None:
        book = many()
        assert owners(listed(book)) == owners(listed(book, day=days(1)))

    def test_that_somebody_took_on_is_his_whatever_the_portfolio_and_of_who_stands_in_for_him(self) -> None:
        book = Book()
        book.invoice(book.debtor("D1"), 300_00, days(2))
        book.wish(1, int(Stage.NOTICE), 0, collector="ben")
        assert owners(listed(book)) == {"D1": "ben"}
        away = Absence("ben", DAY, DAY, "chen")
        assert owners(listed(book, away)) == {"D1": "chen"}
        left = replace(_without("ben"), collectors=tuple(each for each in TEAM.collectors if each.name != "ben"))
        assert owners(listed(book, team=left)) == {"D1": "anna"}

    def test_of_one_who_leaves_moves_and_all_others_stay(self) -> None:
        before, after = owners(listed(many())), owners(listed(many(), team=_without("ben")))
        assert {number for number in before if before[number] != after[number]} == {
            number for number, name in before.items() if name == "ben"
        }

    def test_beyond_his_hours_is_undone_and_the_sum_of_his_day_is_never_longer(self) -> None:
        mine = [each for each in listed(many(20)) if each.collector == "ben"]
        done = [each for each in mine if each.undone is None]
        assert (sum(each.minutes for each in done), {each.undone for each in mine[2:]}) == (30, {HOURS})

    def test_without_a_team_is_on_the_one_list(self) -> None:
        assert {each.collector for each in listed(many(), team=None)} == {None}
        short = listed(many(), team=None, hours=60)
        assert [each.undone for each in short] == [None] * 4 + [HOURS] * 8


def _without(name: str) -> Team:
    portfolios = tuple(replace(p, collectors=tuple(c for c in p.collectors if c != name)) for p in TEAM.portfolios)
    return replace(TEAM, portfolios=portfolios)


class TestACall:
    def test_stands_with_the_hours_in_which_it_is_allowed(self) -> None:
        book = many(1, kind="consumer")
        window = listed(book)[0].window
        assert window is not None
        assert _midnight(DAY) < window[0] < window[1] < _midnight(days(1))

    def test_is_undone_when_the_hours_of_the_day_are_over(self) -> None:
        found = listed(many(1, kind="consumer"), hour=23)
        assert (found[0].undone, found[0].window) == (NO_WINDOW, None)

    def test_is_undone_where_each_of_his_numbers_is_closed(self) -> None:
        book = many(1)
        [debtor] = [row["debtor_id"] for row in book.rows["debtors"]]
        [point] = [row["contact_point_id"] for row in book.rows["contact_points"]]
        second = book.add("contact_points", debtor_id=debtor, channel="phone", rank=1, usable=True)
        book.register(debtor, "wrong_person", days(-1), address_id=point)
        assert listed(book)[0].undone is None
        book.register(debtor, "invalid_number", days(-1), address_id=second)
        found = listed(book)[0]
        assert (found.undone, found.rule) == (NO_WINDOW, "house.wrong-number")


class TestAnAbsence:
    def test_gives_his_tasks_to_the_substitute(self) -> None:
        before = owners(listed(many()))
        after = owners(listed(many(), Absence("anna", DAY, DAY, "ben")))
        assert {number for number, name in after.items() if name == "ben"} == {
            number for number, name in before.items() if name in ("anna", "ben")
        }

    def test_gives_them_to_those_with_least_to_do_where_the_substitute_is_away_too(self) -> None:
        found = listed(many(), Absence("anna", DAY, DAY, "ben"), Absence("ben", DAY, days(3), "anna"))
        assert set(owners(found).values()) == {"chen"}

    def test_does_not_give_them_to_a_substitute_who_cannot(self) -> None:
        found = listed(many(language="zh-Hans"), Absence("anna", DAY, DAY, "ben"))
        assert set(owners(found).values()) == {"chen"}

    def test_of_everybody_leaves_them_undone(self) -> None:
        found = listed(many(2, minor=300_00), Absence("anna", days(-1), days(1), None))
        assert [(each.collector, each.undone) for each in found] == [(None, NOBODY_THERE)] * 2

    def test_is_over_on_the_day_after(self) -> None:
        absence = Absence("anna", days(-2), days(-1), "ben")
        assert owners(listed(many(), absence)) == owners(listed(many()))


class TestTheLists:
    @settings(max_examples=15)
    @given(books(), st.integers(0, 2**16))
    def test_hold_every_task_once_and_no_day_is_longer_than_its_hours(self, book: Book, seed: int) -> None:
        dice = random.Random(seed)
        people = [each.name for each in TEAM.collectors]
        away = [
            Absence(dice.choice(people), days(-1), days(dice.randrange(-1, 2)), dice.choice([None, *people]))
            for _ in range(dice.randrange(3))
        ]
        minutes = {name: dice.choice([0, 10, 25, 480]) for name in people}
        staff = Staff(TEAM, away, DAY, minutes)
        start = _midnight(DAY)
        decided = outcome_of(book)
        outcome = decided.outcome
        found = lists(decided, RANK, staff, start, start + timedelta(days=1))
        assert [each.task for each in found] == tasks_of(outcome, RANK).to_dicts()
        lines = outcome.lines.filter((pl.col("action") == "task") | pl.col("alarm_date").is_not_null())
        told = {(each.task["debtor_id"], each.task["currency"]) for each in found}
        assert set(lines.select("debtor_id", "currency").rows()) <= told
        assert len(told) == len(found)
        for name in people:
            done = [each for each in found if each.collector == name and each.undone is None]
            assert sum(each.minutes for each in done) <= minutes[name]
            assert not done or staff.away(name) is None
        assert all(each.collector is not None or each.undone is not None for each in found)

    @settings(max_examples=10)
    @given(books(), st.integers(0, 2**16))
    def test_do_not_hang_on_the_order_of_facts(self, book: Book, seed: int) -> None:
        facts = book.facts()
        mixed = Facts({name: facts[name].sample(fraction=1, shuffle=True, seed=seed) for name in SCHEMAS})
        staff, start = Staff(TEAM, (), DAY), _midnight(DAY)
        one, other = (
            lists(outcome_of(book, facts=each), RANK, staff, start, start + timedelta(days=1))
            for each in (facts, mixed)
        )
        assert one == other
