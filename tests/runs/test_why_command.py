"""`dunwell why` on kept books: the same answer as the run, in three languages and as JSON."""

import json
from datetime import date
from typing import Any

import pytest

from dunwell.core.terms import LANGUAGES, Stage
from tests.engine.book import DAY, Book, days
from tests.runs.kept import creditor, keep, run

UNKNOWN = "There is no debtor with the number"


def a_book() -> tuple[Book, int, int]:
    """A reminder went out three days after the due date, then a second one; a call comes next."""
    book = Book()
    debtor = book.debtor("D-1")
    item = book.invoice(debtor, 150_000, days(-20), number="R-1")
    book.contact(debtor, days(-17), {item: Stage.REMINDER})
    book.contact(debtor, days(-3), {item: Stage.SECOND_REMINDER})
    return book, debtor, item


def told(say: Any, *line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(say("why", "D-1", "--json", *line))
    return found


class TestWhy:
    def test_shows_segment_items_and_gates_in_every_language(self, say_of) -> None:
        book, *_ = a_book()
        say = say_of(book)
        said = {language: say("why", "D-1", language=language) for language in LANGUAGES}
        assert "Segment Trade debts (trade)" in said["en"]
        assert "Not Consumers (consumers): kind = 'consumer' is wanted, kind is business" in said["en"]
        assert "Next: call (a person), from 13 March 2026 on" in said["en"]
        assert "due date 10 February 2026 +31 days = 13 March 2026 (this binds)" in said["en"]
        assert (
            "[stands against it] pause: last message 27 February 2026, at least 7 days, over on 6 March 2026"
            in said["en"]
        )
        assert "客群 企业客户（trade）" in said["zh-Hans"]
        assert "下一步：致電（人員），自 2026年3月13日 起" in said["zh-Hant"]

    def test_says_none_where_there_is_none_and_a_condition_once(self, say_of) -> None:
        book = Book()
        book.invoice(book.debtor("D-1", kind="consumer"), 150_000, days(-1))
        said = say_of(book)("why", "D-1")
        assert "petty parts: none" in said
        assert "pause: no message so far, at least 7 days" in said
        assert "hours: none so far" in said
        assert "(consumers): kind = 'consumer' (kind: consumer)\n" in said

    def test_tells_hours_by_the_creditors_clock(self, say_of) -> None:
        book = Book()
        book.invoice(book.debtor("D-1"), 150_000, days(-20))
        assert f"({creditor().zone})" in say_of(book)("why", "D-1")

    def test_not_something_else_names_its_needs_and_the_day_the_run_does_it(self, say_of) -> None:
        book, *_ = a_book()
        say = say_of(book)
        said = say("why", "D-1", "--not", "call")
        assert "Why this and not: call?" in said
        assert "11 more days: R-1 may take call from 13 March 2026 on" in said
        assert "If nothing else changes, a run does it from 13 March 2026 on (in 11 days)." in said
        (answer,) = told(say, "--not", "call")["contrast"]
        assert answer["from_date"] == "2026-03-13"
        owner = creditor()
        for day, action in ((days(10), "none"), (days(11), "task")):
            lines = run(owner, day, dry_run=True).outcome.lines
            assert lines["action"].to_list() == [action]
            assert told(say, "--as-of", day.isoformat())["lines"][0]["result"]["action"] == action

    def test_not_a_suit_asks_for_money_and_the_steps_before(self, say_of) -> None:
        book, *_ = a_book()
        needs = told(say_of(book), "--not", "suit")["contrast"][0]["needs"]
        assert needs[0]["options"][0]["lacks"]["more"] == "500"
        assert [need["stage"] for need in needs if need["need"] == "step_before"] == [
            "call", "first_dunning", "second_dunning", "person", "lawyer_letter", "agency",
        ]  # fmt: skip

    def test_not_a_message_names_the_rule_and_its_end(self, say_of) -> None:
        book, debtor, _ = a_book()
        book.invoice(debtor, 30_000, days(-5), number="R-2")
        book.hold(debtor, "talks", days(-1), days(9))
        say = say_of(book)
        said = say("why", "D-1", "--not", "message")
        assert "[house.hold; talks under way], until 11 March 2026" in said
        assert said.count("This rule in full: dunwell rules show house.hold\n") == 1
        gates = {gate["gate"]: gate for gate in told(say, "--not", "call")["lines"][0]["gates"]}
        assert {stop["page"] for stop in gates["rules"]["stops"]} == {"docs/rules/house.md#house-hold"}
        assert "a run does it from 12 March 2026 on (in 10 days)" in said
        owner = creditor()
        actions = [run(owner, day, dry_run=True).outcome.lines["action"].item() for day in (days(9), days(10))]
        assert actions == ["none", "message"]

    def test_of_what_is_done_already_says_so(self, say_of) -> None:
        book, *_ = a_book()
        say = say_of(book)
        said = say("why", "D-1", "--as-of", days(11).isoformat(), "--not", "task")
        assert "This is what is done." in said
        assert "Nothing is open" not in said

    def test_of_a_debtor_who_owes_nothing_says_so(self, say_of) -> None:
        book = Book()
        book.debtor("D-1")
        say = say_of(book)
        assert "Nothing is open, so nothing is done." in say("why", "D-1", "--not", "call")
        assert told(say)["lines"] == []

    def test_refuses_what_it_does_not_know(self, say_of) -> None:
        book, *_ = a_book()
        say = say_of(book)
        assert UNKNOWN in say("why", "D-9", fails=True)
        assert "lunch is no action. Known: message, task, none, notice" in say(
            "why", "D-1", "--not", "lunch", fails=True
        )

    def test_with_what_was_known_then_does_not_know_later_debtors(self, say_of) -> None:
        book, *_ = a_book()
        say = say_of(book)
        early = date(2019, 6, 1).isoformat()
        assert "was not known yet" in say("why", "D-1", "--as-of", early, "--as-known-then", fails=True)


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
class TestTheSameFacts:
    def test_are_asked_as_by_the_run(self, db) -> None:
        from dunwell.actions.why import answer

        book, *_ = a_book()
        owner = creditor()
        keep(book, owner)
        made = answer(creditor=owner, debtor_number="D-1", as_of=DAY)
        (line,) = run(owner, DAY, dry_run=True).outcome.lines.to_dicts()
        kept = {
            name: made.lines[0]["result"][name] for name in ("action", "reason", "segment", "total_minor", "next_date")
        }
        assert kept == {name: line[name] for name in kept}
