"""Simple enough to use: what a setting means is seen before it is in force.

"Users find it too complex and eventually stop using it" (OCA wrote a second module); a large ERP's users do not
understand how grace days, letter days and process days interact.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from dunwell.core.terms import LANGUAGES, Stage
from dunwell.jobs.cli import _run
from dunwell.rulebook.strategy_dates import dates_of
from dunwell.rulebook.strategy_file import default_strategy
from dunwell.store.models import JournalEntry, OutboxMessage
from tests.lessons.test_once import MONDAY, Office, ten_on
from tests.send.book import add_debtor
from tests.support.homes import Home
from tests.support.strategies import PLAIN

type Say = Callable[..., str]


@pytest.fixture
def say(db: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command line on a Monday."""

    def run(*line: str, code: int = 0, language: str = "en") -> str:
        monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, language=language, now=ten_on(MONDAY)))
        found = _run(line)
        told = capsys.readouterr()
        assert found == code, told
        return told.out + told.err

    return run


class TestAStrategy:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_shows_the_calendar_date_of_an_example_beside_every_offset(self, say: Say, language: str) -> None:
        """Dolibarr 30771: a sign inverted, and overdue mail left 60 days BEFORE the due date."""
        told = say("strategy", "show", "default", "--due", "2026-03-02", language=language)
        for segment in default_strategy().segments:
            for each in dates_of(segment, date(2026, 3, 2)):
                assert each.day.isoformat() in told, (segment.name, each.step.stage.word)
        assert "2026-02-26" in told  # a notice, four days before

    def test_with_an_inverted_sign_is_refused_by_its_line(self, say: Say, tmp_path: Path) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text(PLAIN.replace("offset_days: 3,", "offset_days: -60,"), encoding="utf-8")
        told = say("strategy", "check", str(file), code=1)
        assert "nobody is dunned before the day after the due date" in told
        assert "Line 10:" in told

    def test_says_what_a_month_end_is_and_shows_its_day(self, say: Say, tmp_path: Path) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text(PLAIN.replace("offset_days: 14", "offset_days: 14\n        month_end: true"), encoding="utf-8")
        told = say("strategy", "show", str(file), "--due", "2026-03-02")
        assert "2026-03-31" in told
        # a cell may be folded, so words of one cell stand in several lines
        cells = [line.split("│")[2] for line in told.splitlines() if line.count("│") > 3]
        assert "end of that month" in " ".join(" ".join(cells).split())

    def test_is_tried_on_the_book_before_it_is_in_force_and_nothing_is_written(self, say: Say, tmp_path: Path) -> None:
        office = Office()
        add_debtor(office.creditor, "M1", email="m1@debtor.example", due=date(2026, 11, 19))
        file = tmp_path / "mine.yaml"
        file.write_text(PLAIN.replace("offset_days: 3,", "offset_days: 9,"), encoding="utf-8")
        before = JournalEntry.objects.count()
        told = say("strategy", "simulate", str(file))
        assert "M1" in told
        assert "2026-11-28" in told  # its reminder under the new one
        assert (JournalEntry.objects.count(), OutboxMessage.objects.count()) == (before, 0)


class TestANewHouse:
    def test_has_a_worklist_on_its_first_day_without_setting_anything(self, say: Say) -> None:
        """From a file to a useful list: the strategy that comes with the program is in force until another is."""
        office = Office()
        for number, late in (("M1", 4), ("M2", 40)):
            add_debtor(office.creditor, number, email=f"{number}@debtor.example", due=MONDAY - timedelta(days=late))
        add_debtor(office.creditor, "L1", due=MONDAY - timedelta(days=9))
        say("run")
        assert OutboxMessage.objects.count() == 2
        assert "L1" in say("list", "tasks")


class TestAnExampleOnTheCalendar:
    def test_sets_no_deadline_on_a_weekend_and_counts_on_from_the_day_it_sets(self) -> None:
        segment = default_strategy().segment("unwilling")
        planned = {each.step.stage: each for each in dates_of(segment, date(2026, 10, 1))}
        # ten days from Thursday 22 October are a Sunday
        assert planned[Stage.SECOND_DUNNING].deadline == date(2026, 11, 2)
        assert planned[Stage.PERSON].day == date(2026, 11, 6)
