"""`dunwell target`, and where else a target is shown, on both databases."""

import json
from typing import Any

import pytest

from dunwell.core.terms import LANGUAGES
from tests.engine.book import DAY, days
from tests.runs.test_worklist_command import a_book


@pytest.fixture
def say(say_of: Any) -> Any:
    return say_of(a_book())


class TestTheCommand:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_sets_shows_and_withdraws(self, say: Any, language: str) -> None:
        said = say("target", "D1", "--amount", "1,500.00", "--by", str(days(20)), language=language)
        assert "D1" in said
        assert "D1" in say("target", language=language)
        assert "D2" not in say("target", language=language)
        assert say("target", "D1", "--withdraw", language=language)
        assert "D1" not in say("target", language=language)

    def test_tells_it_as_data(self, say: Any) -> None:
        say("target", "D1", "--amount", "1500", "--by", str(days(20)), "--note", "before the holidays")
        (row,) = json.loads(say("target", "D1", "--json", "--as-of", str(days(21))))
        assert row == {
            "debtor": "D1", "currency": "EUR", "amount": "1500.00", "came": "0.00", "missing": "1500.00",
            "set": str(DAY), "by": str(days(20)), "state": "missed",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "line",
        [("target", "--amount", "5", "--by", str(days(3))), ("target", "D1", "--amount", "5"),
         ("target", "D1", "--by", str(days(3))), ("target", "D1", "--withdraw"),
         ("target", "D1", "--amount", "much", "--by", str(days(3))),
         ("target", "D9", "--amount", "5", "--by", str(DAY))],
    )  # fmt: skip
    def test_refuses_half_of_it(self, say: Any, line: tuple[str, ...]) -> None:
        assert say(*line, fails=True)
        assert "No target" in say("target")


class TestATarget:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_stands_in_the_explanation_and_beside_the_task_and_moves_none(self, say: Any, language: str) -> None:
        before = json.loads(say("worklist", "--json", language=language))["tasks"]
        say("target", "D1", "--amount", "1500", "--by", str(days(20)), language=language)
        assert "1,500" in say("explain", "D1", language=language)
        after = json.loads(say("worklist", "--json", language=language))["tasks"]
        assert [{**task, "target": None} for task in after] == before
        (mine,) = [task["target"] for task in after if task["debtor"] == "D1"]
        assert mine == {
            "amount": "1500.00", "came": "0.00", "missing": "1500.00", "by": str(days(20)), "state": "open",
        }  # fmt: skip
        assert str(days(20)) in say("worklist", language=language)
