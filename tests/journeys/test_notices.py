"""Who is told of an invoice before it falls due, four days ahead, while something else of him is open.

The second invoice, 500.00, is due on 16 March; the first was due on 2 March.
"""

import pytest

from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.why_words import WhyWords
from dunwell.engine.day.why import look, why
from dunwell.engine.day.why_not import wanted, why_not
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy_file import default_strategy
from tests.engine.book import Book, days
from tests.journeys.story import House

SOON, TOLD = days(14), days(10)


def owing_charges(minor: int = 300) -> tuple[House, int]:
    """He paid his first invoice late; so much is left of its late fee."""
    house = House()
    debtor = house.debtor("A")
    house.book.charge(debtor, minor, days(6), 1)
    # money pays the fee before the invoice: what is left is no more than the fee
    house.book.payment(debtor, 1_000_00, days(7), 1)
    house.book.invoice(debtor, 500_00, SOON, number="R-2", issued=days(-20))
    return house, debtor


class TestAResidueOfCharges:
    def test_that_is_left_alone_keeps_no_notice_of_the_next_invoice_back(self) -> None:
        house, debtor = owing_charges()
        house.live(days(8), days(16))
        assert house.diary[debtor] == [(TOLD, "notice by email")]

    def test_is_not_asked_for_by_the_notice(self) -> None:
        house, _ = owing_charges()
        outcome = house.day(TOLD)
        (line,) = outcome.lines.to_dicts()
        assert (line["stage"], line["total_minor"], line["overdue_minor"]) == (Stage.NOTICE, 500_00, 300)
        assert outcome.items["receivable_id"].to_list() == [3]

    def test_is_nobodys_task_beside_it(self) -> None:
        """The letters about the first invoice are all behind it: its next step is a person's."""
        house, debtor = owing_charges()
        for stage, ago in ((Stage.FIRST_DUNNING, -60), (Stage.SECOND_DUNNING, -40)):
            house.book.contact(debtor, days(ago), {1: stage}, deadline=days(ago + 10))
        (line,) = house.day(TOLD).lines.to_dicts()
        assert (line["action"], line["person_minor"], line["person_stage"]) == ("message", 0, None)

    def test_is_left_alone_as_before_where_nothing_falls_due(self) -> None:
        house, debtor = owing_charges()
        house.live(days(8), days(9))
        assert {house.why(debtor, days(8)), house.why(debtor, days(9))} == {"residue"}

    def test_that_is_larger_goes_first(self) -> None:
        house, debtor = owing_charges(900)
        house.book.contact(debtor, days(8), {1: Stage.REMINDER, 2: Stage.REMINDER})
        house.live(days(9), TOLD)
        assert house.diary[debtor] == []
        assert house.why(debtor, TOLD) == "overdue_first"


def owing_two() -> Book:
    """The first invoice was reminded a week ago, its next step is on day 17; the second falls due soon."""
    house = House()
    debtor = house.debtor("A")
    house.book.contact(debtor, days(3), {1: Stage.REMINDER})
    house.book.invoice(debtor, 500_00, SOON, number="R-2", issued=days(-20))
    return house.book


class TestANoticeBesideSomethingOverdue:
    def test_is_left_out_for_a_reason_of_its_own(self) -> None:
        lines = owing_two().decide(TOLD, strategy=default_strategy()).lines.to_dicts()
        assert [(line["action"], line["reason"], line["next_date"]) for line in lines] == [
            ("none", "overdue_first", days(17))
        ]  # fmt: skip

    def test_is_no_reason_before_its_day(self) -> None:
        (line,) = owing_two().decide(days(9), strategy=default_strategy()).lines.to_dicts()
        assert line["reason"] == "waiting"

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_told_with_both_sums(self, language: str) -> None:
        (told,) = why(look(owing_two().facts(), default_strategy(), house_rules(), 1, TOLD))
        (gate,) = [each for each in told["gates"] if each["gate"] == "overdue_first"]
        assert (gate["passed"], gate["notice_minor"], gate["net_minor"]) == (False, 500_00, 1_000_00)
        said = "\n".join(WhyWords(default_strategy(), house_rules(), TOLD, language).line(told))
        assert said.count("500.00") >= 2

    def test_is_no_gate_where_there_is_none(self) -> None:
        (told,) = why(look(owing_two().facts(), default_strategy(), house_rules(), 1, days(9)))
        assert "overdue_first" not in [each["gate"] for each in told["gates"]]

    def test_is_a_need_only_of_what_is_demanded(self) -> None:
        book = owing_two()
        (told,) = why_not(book.facts(), default_strategy(), house_rules(), 1, TOLD, wanted("notice"))
        assert [need["need"] for need in told["needs"]] == ["overdue_first"]
        house, _ = owing_charges()
        (told,) = why_not(house.book.facts(), default_strategy(), house_rules(), 1, days(8), wanted("notice"))
        assert ([need["need"] for need in told["needs"]], told["from_date"]) == (["from_day"], TOLD)
