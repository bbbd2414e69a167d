"""`dunwell review reassign`, `give-back`, `edit` and `deviations`, from the run to what is told, on both databases."""

import json
from typing import Any

import pytest

from dunwell.core.terms import LANGUAGES
from dunwell.store.models import OutboxMessage
from tests.engine.book import DAY, Book, days


@pytest.fixture
def say(say_of: Any) -> Any:
    """Two debtors whose reminders wait for a person."""
    book = Book()
    for number in ("D1", "D2"):
        book.invoice(book.debtor(number), 10_000, days(-20), number=f"R-{number}")
    said = say_of(book)
    said("release", "set", "--by-hand")
    said("run")
    return said


class TestReviewChanges:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_take_a_message_on_and_give_it_back(self, say: Any, language: str) -> None:
        told = say("review", "reassign", "--debtor", "D1", "--to", "anna", "--reason", "I know him", language=language)
        assert "anna" in told
        (task,) = json.loads(say("worklist", "--json", language=language))["tasks"]
        assert (task["debtor"], task["what"], task["assigned"]) == ("D1", "reassigned", "anna")
        for command in ("worklist", "explain", "why", "list"):
            line = {"worklist": (), "explain": ("D1",), "why": ("D1",), "list": ("tasks",)}[command]
            assert "{" not in say(command, *line, language=language)
        assert "D1" in say("review", "give-back", "D1", language=language)
        say("run", language=language)
        assert json.loads(say("worklist", "--json", language=language))["tasks"] == []

    def test_send_it_elsewhere_and_write_into_it(self, say: Any) -> None:
        changes = ("--to", "letter", "--text", "Many thanks for your call.")
        say("review", "edit", "--debtor", "D1", *changes, "--reason", "he asked for it")
        rows = OutboxMessage.objects.order_by("debtor__number").values_list("channel", "personal")
        assert list(rows) == [("letter", "Many thanks for your call."), ("email", "")]
        refused = say("review", "edit", "--debtor", "D1", "--text", "Pay 5 euros.", "--reason", "so", fails=True)
        assert "cannot stand" in refused

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_told_as_deviations(self, say: Any, language: str) -> None:
        assert say("review", "deviations", language=language)
        say("review", "hold", "--debtor", "D2", "--reason", "asks for a copy", language=language)
        say("review", "reassign", "--debtor", "D1", "--to", "anna", "--reason", "I know him", language=language)
        told = say("review", "deviations", language=language)
        assert "asks for a copy" in told
        assert "I know him" in told
        assert "{" not in told
        found = json.loads(say("review", "deviations", "--json", "--until", str(DAY)))
        assert [each["what"] for each in found] == ["held", "reassigned"]
