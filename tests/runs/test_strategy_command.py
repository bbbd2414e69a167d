"""`dunwell strategy`, from the file to the list, on both databases."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from django.conf import settings
from rich.cells import cell_len

from dunwell.core.terms import LANGUAGES
from dunwell.jobs.strategy import check
from dunwell.rulebook.strategy_file import default_strategy
from dunwell.store.reads.strategies import strategy_of
from tests.engine.book import DAY, Book, days
from tests.runs.kept import creditor
from tests.support.strategies import PLAIN


@pytest.fixture
def say(say_of: Any) -> Any:
    """D1 owes in two currencies, D2 in one."""
    book = Book()
    one, two = book.debtor("D1"), book.debtor("D2")
    book.invoice(one, 10_000, days(-40))
    book.invoice(one, 20_000, days(-40), currency="USD")
    book.invoice(two, 10_000, days(-40))
    return say_of(book)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "strategy.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    return path


def kept(say: Any, file: Path) -> str:
    """The hash under which a file is kept."""
    return str(say("strategy", "save", str(file)).split()[2].rstrip("."))


class TestTheDifference:
    def test_of_comments_alone_is_said_as_such(self, say: Any, file: Path) -> None:
        other = file.with_name("other.yaml")
        other.write_text(PLAIN + "# a comment\n", encoding="utf-8")
        assert "only in comments" in say("strategy", "diff", str(file), str(other))
        assert say("strategy", "diff", str(file), str(file)) == "Both say the same.\n"


OWN = "channels: [email, letter], text: {en: 'We value your trust.', zh-Hans: 'FIRST'}"


class TestOwnWords:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_shown_compared_and_warned_of_where_a_language_is_missing(
        self, say: Any, file: Path, language: str
    ) -> None:
        one, other = file.with_name("one.yaml"), file.with_name("other.yaml")
        text = PLAIN.replace("channels: [email, letter]", OWN, 1)
        one.write_text(text.replace("FIRST", "感谢您的信任。"), encoding="utf-8")
        other.write_text(text.replace("FIRST", "感谢您的支持。"), encoding="utf-8")
        told = say("strategy", "check", str(one), language=language)
        assert "zh-Hant" in told.splitlines()[0]
        assert "plain" in told.splitlines()[1]
        assert "We value your trust." in say("strategy", "show", str(one), language=language)
        told = say("strategy", "diff", str(one), str(other), language=language)
        assert "感谢您的信任。" in told
        assert "感谢您的支持。" in told
        assert "We value your trust." not in told

    def test_that_threaten_are_told_by_line(self, say: Any, file: Path) -> None:
        file.write_text(PLAIN.replace("channels: [email, letter]", OWN, 1).replace("FIRST", "报警"), encoding="utf-8")
        found = CliRunner().invoke(check, [str(file)])
        assert found.exit_code == 1
        assert found.output.startswith("Line 10: '报警' must never stand")


class TestASimulation:
    def test_counts_debtors_not_their_currencies(self, say: Any, file: Path) -> None:
        assert "2 debtors come to another segment" in say("strategy", "simulate", str(file))


TRIAL = f"""\
experiments:
  - experiment: letter-first
    from: {DAY}
    until: {days(30)}
    arms:
      - {{arm: usual, share_bp: 5000}}
      - {{arm: letter, share_bp: 5000, stages: [{{stage: reminder, channels: [letter]}}]}}
"""


class TestAnExperiment:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_checked_shown_compared_and_simulated(self, say: Any, file: Path, language: str) -> None:
        tried = file.with_name("tried.yaml")
        tried.write_text(PLAIN + TRIAL, encoding="utf-8")
        for told in (say("strategy", "check", str(tried), language=language),
                     say("strategy", "show", str(tried), language=language),
                     say("strategy", "diff", str(file), str(tried), language=language)):  # fmt: skip
            assert "letter-first" in told
            assert "50" in told
        assert "letter-first" in say("strategy", "simulate", str(tried), "--as-of", str(DAY), language=language)

    def test_is_kept_with_the_run_and_told_by_why(self, say: Any, file: Path) -> None:
        file.write_text(PLAIN + TRIAL, encoding="utf-8")
        say("strategy", "adopt", kept(say, file))
        say("run", "--as-of", str(DAY))
        (folder,) = Path(settings.DUNWELL.runs).iterdir()
        drawn = pl.read_parquet(folder / "decisions.parquet").select("experiment", "arm", "propensity_bp").rows()
        assert {(experiment, share) for experiment, _, share in drawn} == {("letter-first", 5_000)}
        assert say("replay", folder.name)
        assert f"arm {drawn[0][1]}" in say("why", "D1", "--as-of", str(DAY))


class TestTheList:
    def test_says_of_a_version_that_another_replaced_the_same_day_that_it_does_not_hold(
        self, say: Any, file: Path
    ) -> None:
        first = kept(say, file)
        say("strategy", "adopt", first)
        file.write_text(PLAIN.replace("pause_days: 7", "pause_days: 8"), encoding="utf-8")
        second = kept(say, file)
        say("strategy", "adopt", second)
        by_hash = {line.split()[0]: line for line in say("strategy", "list").splitlines()}
        assert "in force from" in by_hash[second]
        assert "not in force" in by_hash[first]


class TestTheStrategyThatComesWithDunwell:
    def test_is_adopted_again_by_its_name(self, say: Any, file: Path) -> None:
        say("strategy", "adopt", kept(say, file))
        assert strategy_of(creditor(), DAY).name == "plain"
        assert "default: in force from" in say("strategy", "adopt", "default")
        assert strategy_of(creditor(), DAY) == default_strategy()


class TestATable:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_folds_inside_a_hundred_columns_and_cuts_nothing(self, say: Any, language: str) -> None:
        columns = say("strategy", "columns", language=language)
        shown = say("strategy", "show", "default", language=language)
        for line in (columns + shown).splitlines():
            assert cell_len(line) <= 100
        assert "second_dunning" in columns
        assert "…" not in columns + shown


class TestACheck:
    def test_counts_one_fault_as_one(self, tmp_path: Path) -> None:
        file = tmp_path / "one.yaml"
        file.write_text(PLAIN.replace("netting: true\n", ""), encoding="utf-8")
        told = CliRunner().invoke(check, [str(file)])
        assert told.exit_code == 1
        assert told.output == "Line 1: the file: netting is missing.\n1 fault: the strategy cannot be followed.\n"

    def test_tells_a_number_too_large_by_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "large.yaml"
        row = "{stage: person, after_deadline_days: 3, instead: [{when: amount > 1e999999999, skip: true}]}"
        file.write_text(PLAIN.replace("{stage: person, after_deadline_days: 3}", row), encoding="utf-8")
        told = CliRunner().invoke(check, [str(file)])
        assert told.output.startswith("Line 23: amount is compared with a number")
