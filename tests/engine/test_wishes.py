"""What people wish otherwise than a run proposed, as the engine reads it."""

from datetime import date
from typing import Any

from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.why_words import WhyWords
from dunwell.engine.day.why import look, why
from dunwell.engine.day.why_not import wanted, why_not
from dunwell.rulebook.rules_file import house_rules
from tests.engine.book import DAY, Book, days
from tests.support.strategies import plain_strategy

REMINDER = int(Stage.REMINDER)


def book_of() -> Book:
    """D1 is three days late: a reminder by mail is due."""
    book = Book()
    book.invoice(book.debtor(), 10_000, days(-3))
    return book


def line(book: Book, day: date = DAY) -> dict[str, Any]:
    return book.line(day)


class TestAMessageThatAPersonTookOn:
    def test_is_his_task_about_its_sum(self) -> None:
        book = book_of()
        book.wish(1, REMINDER, 0, collector="anna")
        found = line(book)
        assert (found["action"], found["reason"], found["assigned"]) == ("task", "reassigned", "anna")
        assert (found["stage"], found["total_minor"], found["channel"]) == (REMINDER, 10_000, None)

    def test_is_the_programs_at_any_other_place_and_after_its_last_day(self) -> None:
        elsewhere = ((REMINDER, 1, None), (int(Stage.FIRST_DUNNING), 0, None), (REMINDER, 0, days(-1)))
        for stage, messages, until in elsewhere:
            book = book_of()
            book.wish(1, stage, messages, since=days(-2), until=until)
            assert (line(book)["action"], line(book)["assigned"]) == ("message", None)

    def test_is_no_task_where_no_message_would_go(self) -> None:
        book = book_of()
        book.wish(1, REMINDER, 0)
        book.hold(1, "insolvency", days(-1))
        assert (line(book)["action"], line(book)["assigned"]) == ("none", None)

    def test_is_told_by_why_with_what_would_make_it_a_message_again(self) -> None:
        book = book_of()
        book.wish(1, REMINDER, 0, collector="anna", until=days(4))
        answer = why(look(book.facts(), plain_strategy(), house_rules(), 1, DAY))[0]
        assert answer["gates"][-1] == {"gate": "reassigned", "passed": False, "assigned": "anna"}
        (contrast,) = why_not(book.facts(), plain_strategy(), house_rules(), 1, DAY, wanted("message"))
        assert [need["need"] for need in contrast["needs"]] == ["reassigned"]
        assert contrast["from_date"] == days(5)
        for language in LANGUAGES:
            words = WhyWords(plain_strategy(), house_rules(), DAY, language)
            assert "anna" in "\n".join(words.line(answer))
            assert "anna" in "\n".join(words.contrast(contrast))


class TestAnAddressThatAPersonChose:
    def test_goes_before_the_debtors_own_preference(self) -> None:
        book = book_of()
        book.rows["debtors"][0]["preferred_channel"] = "email"
        book.wish(1, REMINDER, 0, "address", point=2)
        assert (line(book)["channel"], line(book)["contact_point_id"]) == ("letter", 2)

    def test_never_goes_around_a_rule_or_out_of_the_steps_channels(self) -> None:
        book = book_of()
        book.wish(1, REMINDER, 0, "address", point=2)
        book.register(1, "opt_out", days(-5), channel="letter")
        assert line(book)["channel"] == "email"
        other = book_of()
        phone = other.add("contact_points", debtor_id=1, channel="phone", rank=0, usable=True)
        other.wish(1, REMINDER, 0, "address", point=phone)
        assert line(other)["channel"] == "email"

    def test_holds_for_its_place_alone(self) -> None:
        book = book_of()
        book.wish(1, REMINDER, 1, "address", point=2)
        assert line(book)["channel"] == "email"
