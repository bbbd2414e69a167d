"""Every case of four peers, their levels written as strategies of ours; where we differ the test says why.

`CASES` and `ELSEWHERE` name each case of the list by its number; the last test counts that none is left out.
"""

import importlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dunwell.core.terms import Stage
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import check_strategy, read_strategy
from tests.engine.book import DAY, Book, days

TITLE = "{en: t, zh-Hans: t, zh-Hant: t}"
HEAD = f"name: peer\ntitle: {TITLE}\nnetting: true\n"
CASES: set[int] = set()
LATER = "- {stage: reminder, offset_days: 3650, channels: [email]}"
"""A segment in which nothing happens: it has a step that is ten years away."""


def case(*numbers: int) -> Callable[[type], type]:
    """This class is about these cases."""

    def mark(cls: type) -> type:
        assert not CASES & set(numbers)
        CASES.update(numbers)
        return cls

    return mark


def strategy(*segments: tuple[str, str, list[str]], pause: int = 1, more: str = "") -> Strategy:
    """Segments (name, condition or nothing, stages) as a strategy."""
    text = HEAD + f"pause_days: {pause}\n{more}segments:\n"
    for name, when, stages in segments:
        text += f"  - segment: {name}\n    title: {TITLE}\n"
        text += f'    when: "{when}"\n' if when else ""
        text += "    stages:\n" + "".join(f"      {stage}\n" for stage in stages)
    return read_strategy(text)


def states(*rungs: tuple[str, str]) -> Strategy:
    """Kill Bill's states as segments, the most severe first; who is in none is clear."""
    reminder = ["- {stage: reminder, offset_days: 1, channels: [email]}"]
    return strategy(*((name, when, reminder) for name, when in rungs), ("clear", "", [LATER]))


def state(book: Book, chosen: Strategy, day: date = DAY) -> str:
    """The segment a debtor is in."""
    return str(book.line(day, strategy=chosen).get("segment", "clear"))


def owing(*invoices: tuple[int, date], currency: str = "EUR") -> Book:
    """One debtor who owes these sums from these days."""
    book = Book()
    debtor = book.debtor()
    for minor, due in invoices:
        book.invoice(debtor, minor, due, currency=currency)
    return book


OCA_STAGES = [
    "- {stage: reminder, offset_days: 10, channels: [email, letter]}",
    "- {stage: second_reminder, offset_days: 30, month_end: true, channels: [email, letter]}",
    "- {stage: first_dunning, offset_days: 1, after_days: 10, channels: [letter], pay_within_days: 10}",
]
OCA = strategy(("all", "", OCA_STAGES))
OCA_HIGHEST = strategy(("all", "", OCA_STAGES), more="level: highest\n")
LEVELS = {1: Stage.REMINDER, 2: Stage.SECOND_REMINDER, 3: Stage.FIRST_DUNNING, None: Stage.NONE}


@case(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
class TestTheLevelsOfOca:
    @pytest.mark.parametrize(
        ("due", "sent", "control", "level"),
        [
            ("2025-03-05", None, "2025-03-15", 1),
            ("2025-03-06", None, "2025-03-15", None),
            ("2025-03-15", None, "2025-03-15", None),
            ("2025-01-15", (1, "2025-01-25"), "2025-02-27", None),
            ("2025-01-15", (1, "2025-01-25"), "2025-02-28", 2),
            ("2025-02-01", (1, "2025-02-11"), "2025-03-30", None),
            ("2025-02-01", (1, "2025-02-11"), "2025-03-31", 2),
            ("2024-06-01", (2, "2025-05-01"), "2025-05-10", None),
            ("2024-06-01", (2, "2025-05-01"), "2025-05-11", 3),
            ("2024-01-01", None, "2025-05-01", 1),
            ("2024-01-01", (3, "2025-01-01"), "2026-01-01", None),
        ],
    )
    def test_come_on_their_days(self, due: str, sent: tuple[int, str] | None, control: str, level: int | None) -> None:
        book = owing((1_000_00, date.fromisoformat(due)))
        if sent:
            book.contact(1, date.fromisoformat(sent[1]), {1: int(LEVELS[sent[0]])})
        line = book.line(date.fromisoformat(control), strategy=OCA)
        assert line["stage"] == LEVELS[level]
        if level == 3:
            assert line["channel"] == "letter"


@case(10)
class TestADraftThatNobodySent:
    def test_is_made_anew_at_the_same_level(self) -> None:
        book = owing((1_000_00, days(-365)))
        assert [book.line(days(ago), strategy=OCA)["stage"] for ago in (-180, -60, 0)] == [Stage.REMINDER] * 3


@case(11)
class TestTheHighestLevel:
    def test_raises_all_overdue_items_of_the_customer(self) -> None:
        book = owing(*((100_00, date.fromisoformat(due)) for due in ("2024-04-24", "2024-12-01", "2025-01-01")))
        book.send(date(2024, 12, 30), book.decide(date(2024, 12, 30), strategy=OCA_HIGHEST))
        second = book.decide(date(2025, 1, 30), strategy=OCA_HIGHEST)
        assert second.items["stage"].to_list() == [Stage.SECOND_REMINDER] * 3


@case(12)
class TestADayBeforeTheLastRun:
    def test_can_be_asked_and_knows_nothing_of_the_later_one(self) -> None:
        """Differs: the peer refuses it. Any day can be asked here; it sees what had happened by then."""
        book = owing((1_000_00, days(-60)))
        book.send(DAY, book.decide(DAY, strategy=OCA))
        assert book.line(days(-15), strategy=OCA)["messages"] == 0
        assert book.line(days(1), strategy=OCA)["messages"] == 1


@case(13, 14, 35)
class TestAStrategyThatCannotBe:
    @pytest.mark.parametrize(
        ("stages", "pause", "code"),
        [
            ("{stage: reminder, after_days: 5, channels: [email]}", 1, "strategy.when_missing"),
            ("{stage: reminder, offset_days: -1, channels: [email]}", 1, "strategy.step_early"),
            ("{stage: reminder, offset_days: 1, channels: [email]}", 0, "strategy.wants_days"),
            (
                "{stage: reminder, offset_days: 1, by: person}\n      - {stage: reminder, offset_days: 2, by: person}",
                1,
                "strategy.stage_order",
            ),
        ],
    )
    def test_is_refused_with_its_line(self, stages: str, pause: int, code: str) -> None:
        text = (
            f"{HEAD}pause_days: {pause}\nsegments:\n  - segment: a\n    title: {TITLE}\n    stages:\n      - {stages}\n"
        )
        assert [fault.error.code for fault in check_strategy(text)[1]] == [code]


@case(16)
class TestATolerance:
    @pytest.mark.parametrize(("minor", "action"), [(50_00, "none"), (99_99, "none"), (100_00, "message")])
    def test_leaves_out_what_is_below_and_keeps_what_is_equal(self, minor: int, action: str) -> None:
        chosen = strategy(("all", "", OCA_STAGES), more="minimum_minor: {USD: 10000}\n")
        assert owing((minor, days(-30)), currency="USD").line(strategy=chosen)["action"] == action

    CASES.add(18)

    def test_binds_the_program_and_not_a_person(self) -> None:
        """The peer's manual wizard ignores it: a letter that a person wrote counts here too, however small the debt."""
        chosen = strategy(("all", "", OCA_STAGES), more="minimum_minor: {EUR: 10000}\n")
        book = owing((5_00, days(-30)))
        book.contact(1, days(-1), {1: int(Stage.REMINDER)}, channel="letter")
        line = book.line(strategy=chosen)
        assert (line["action"], line["reason"], line["reached"]) == ("none", "below_minimum", Stage.REMINDER)


@case(19, 20, 21, 22, 57)
class TestWhoseStrategyItIs:
    TAGGED = strategy(
        ("tagged", "signal_internal", ["- {stage: reminder, offset_days: 1, channels: [letter]}"]),
        ("all", "", ["- {stage: reminder, offset_days: 1, channels: [email]}"]),
    )

    def test_is_the_customers_before_the_companys(self) -> None:
        """There a policy on the partner, or a tag on the account; here a segment that asks what was observed."""
        found = []
        for told in ("yes", "no"):
            book = owing((100_00, days(-5)))
            book.add("observations", debtor_id=1, kind="signal_internal", value=told, from_date=days(-9))
            found.append(book.line(strategy=self.TAGGED)["segment"])
        assert found == ["tagged", "all"]

    def test_leaves_out_whom_an_exclusion_names(self) -> None:
        chosen = states(("od1", "not signal_internal and days_past_due >= 5"))
        found = []
        for told in ("yes", "no"):
            book = owing((100_00, days(-5)))
            book.add("observations", debtor_id=1, kind="signal_internal", value=told, from_date=days(-9))
            found.append(state(book, chosen))
        assert found == ["clear", "od1"]

    def test_of_a_single_invoice_is_a_hold_on_it_and_a_person(self) -> None:
        """Differs: the peer may have a policy per invoice. One letter per customer names all that is due; an invoice
        that needs another way is taken out of it, with a reason and an end."""
        book = owing((100_00, days(-30)), (70_00, days(-30)))
        book.hold(1, "other", days(-1), receivable=1)
        assert book.decide(strategy=OCA).items.filter(pl.col("demand_minor") > 0)["receivable_id"].to_list() == [2]

    def test_that_does_nothing_is_a_hold(self) -> None:
        book = owing((100_00, days(-30)))
        book.hold(1, "other", days(-1))
        assert book.decide(strategy=OCA).items.is_empty()

    def test_may_change_and_the_item_goes_on_from_where_it_stands(self) -> None:
        """Differs: the peer puts an invoice that was dunned under another policy on a manual list. A step that was
        taken stands, whichever strategy took it: nobody goes back, nobody waits for a clerk."""
        other = strategy(("all", "", ["- {stage: reminder, offset_days: 2, channels: [email]}", *OCA_STAGES[2:]]))
        book = owing((100_00, days(-60)))
        book.contact(1, days(-20), {1: int(Stage.REMINDER)})
        assert book.line(strategy=other)["stage"] == Stage.FIRST_DUNNING


@case(26, 27)
class TestAFeeInAnotherCurrency:
    def test_stays_in_its_own_and_is_asked_for_by_a_message_of_its_own(self) -> None:
        """Differs: the peer converts 5 EUR into 7.65 USD by a rate of the day. A fee is owed in the currency in which
        it was charged; nothing here converts money, so the rate cannot be upside down either."""
        book = owing((100_00, days(-40)), currency="USD")
        book.charge(1, 5_00, days(-30), 1, currency="EUR")
        lines = book.decide(strategy=OCA).lines
        assert dict(lines.select("currency", "total_minor").rows()) == {"EUR": 5_00, "USD": 100_00}

    def test_of_nothing_stays_nothing(self) -> None:
        book = owing((100_00, days(-40)))
        book.charge(1, 0, days(-30), 1)
        assert book.line(strategy=OCA)["total_minor"] == 100_00


@case(28, 29, 30, 31, 33)
class TestTheRemindersOfOca:
    def after(self, count: int, pause: int = 5) -> Strategy:
        return strategy(("all", "", [f"- {{stage: reminder, offset_days: {count}, channels: [email]}}",
                                     *OCA_STAGES[1:]]), pause=pause)  # fmt: skip

    @pytest.mark.parametrize(("due", "action"), [("2025-03-10", "none"), ("2025-03-09", "message")])
    def test_begin_when_more_than_so_many_days_have_passed(self, due: str, action: str) -> None:
        """More than five there is six here: `offset_days` is the first day."""
        book = owing((100_00, date.fromisoformat(due)))
        assert book.line(date(2025, 3, 15), strategy=self.after(6))["action"] == action

    def test_name_all_that_is_overdue(self) -> None:
        book = owing(*((100_00, days(-late)) for late in (40, 3, -2)))
        assert book.decide(strategy=self.after(31)).items["receivable_id"].to_list() == [1, 2]

    @pytest.mark.parametrize(("ago", "action"), [(3, "none"), (5, "message")])
    def test_wait_for_the_interval_since_any_of_them(self, ago: int, action: str) -> None:
        book = owing((100_00, days(-40)), (100_00, days(-40)))
        book.contact(1, days(-ago), {1: int(Stage.REMINDER)})
        assert book.line(strategy=self.after(6))["action"] == action

    def test_count_the_messages_to_the_customer_and_not_per_invoice(self) -> None:
        """Differs: the peer's letter number is the highest counter of its invoices and one. Here the stage says how
        firm a letter is, and messages are counted per customer and currency."""
        book = owing(*((100_00, days(-60)) for _ in range(3)))
        for ago in (30, 15):
            book.contact(1, days(-ago), {2: int(Stage.REMINDER)})
        assert book.line(strategy=self.after(6))["messages"] + 1 == 3


@case(36)
class TestAMessageWithoutAnAddress:
    def test_is_the_task_of_a_person(self) -> None:
        book = Book()
        book.invoice(book.debtor(channels=()), 100_00, days(-30))
        line = book.line(strategy=OCA)
        assert (line["action"], line["reason"]) == ("task", "no_address")


BY_DAYS = states(*((f"od{n}", f"days_past_due >= {late}") for n, late in ((3, 50), (2, 40), (1, 30))))
BY_COUNT = states(*((f"od{n}", f"items >= {least}") for n, least in ((3, 5), (2, 3), (1, 2))))
BY_BALANCE = states(*((f"od{n}", f"amount >= {least}") for n, least in ((3, 1200), (2, 600), (1, 260))))


@case(*range(38, 57))
class TestTheStatesOfKillBill:
    @pytest.mark.parametrize(
        ("late", "expected"),
        [(29, "clear"), (30, "od1"), (31, "od1"), (39, "od1"), (40, "od2"), (41, "od2"), (50, "od3"), (51, "od3"),
         (60, "od3")],
    )  # fmt: skip
    def test_are_segments_by_the_days_of_the_oldest_the_most_severe_first(self, late: int, expected: str) -> None:
        assert state(owing((100_00, days(-late)), (100_00, days(-1))), BY_DAYS) == expected

    @pytest.mark.parametrize(("unpaid", "expected"), [(1, "clear"), (2, "od1"), (3, "od2"), (4, "od2"), (5, "od3")])
    def test_are_segments_by_the_number_of_unpaid_invoices(self, unpaid: int, expected: str) -> None:
        assert state(owing(*((10_00, days(-9)) for _ in range(unpaid))), BY_COUNT) == expected

    @pytest.mark.parametrize(
        ("minor", "expected"), [(259_99, "clear"), (260_00, "od1"), (600_00, "od2"), (1_200_00, "od3")]
    )
    def test_are_segments_by_the_balance(self, minor: int, expected: str) -> None:
        assert state(owing((minor, days(-9))), BY_BALANCE) == expected

    def test_of_two_conditions_want_both_and_match_nobody_who_owes_nothing(self) -> None:
        both = states(("od1", "days_past_due >= 10 and amount >= 100"))
        assert [state(owing((minor, days(-late))), both) for minor, late in ((100_00, 9), (99_99, 10), (100_00, 10))] \
            == ["clear", "clear", "od1"]  # fmt: skip
        assert state(owing(), both) == "clear"


@case(58, 60, 61)
class TestTheDaysOfKillBill:
    RUNGS = states(("cancellation", "days_past_due >= 11"), ("blocked", "days_past_due >= 7"),
                   ("warning", "days_past_due >= 5"))  # fmt: skip

    def test_come_each_on_its_own_after_a_part_payment_moved_the_anchor(self) -> None:
        """TRAP: the peer goes from clear to blocked."""
        first = date(2012, 5, 31)
        book = owing((10_00, first), (10_00, first), (10_00, date(2012, 6, 2)))
        for item in (1, 2):
            book.payment(1, 10_00, date(2012, 6, 2), item)
        found = {day: state(book, self.RUNGS, date(2012, 6, day)) for day in (5, 6, 7, 8, 9, 12, 13)}
        assert found == {5: "clear", 6: "clear", 7: "warning", 8: "warning", 9: "blocked", 12: "blocked",
                         13: "cancellation"}  # fmt: skip

    def test_come_one_after_the_other_for_a_single_invoice(self) -> None:
        book = owing((10_00, date(2012, 5, 31)))
        found = [state(book, self.RUNGS, date(2012, 6, day)) for day in (4, 5, 7)]
        assert found == ["clear", "warning", "blocked"]

    def test_pass_by_who_is_on_hold_and_count_on_when_it_ends(self) -> None:
        """There a tag that clears the state; here a hold, with a reason and an end."""
        book = owing((10_00, days(-36)))
        book.hold(1, "other", days(0), days(0))
        assert [book.line(days(n), strategy=self.RUNGS)["action"] for n in (-1, 0, 1)] == ["message", "none", "message"]


TWO = [
    "- {stage: reminder, offset_days: 1, channels: [email]}",
    "- {stage: first_dunning, offset_days: 1, after_days: 3, channels: [email], pay_within_days: 10}",
]
"""Lago's campaign of two attempts: more than two days between them is three here."""


def campaign(minimum: str, pause: int = 3) -> Strategy:
    return strategy(("all", "", TWO), pause=pause, more=f"minimum_minor: {{{minimum}}}\n")


@case(69, 73, 74, 76, 77)
class TestTheAttemptsOfLago:
    def test_are_used_up_per_currency(self) -> None:
        book = owing((50_00, days(-30)), currency="USD")
        book.invoice(1, 25_00, days(-30))
        for ago, stage in ((20, Stage.REMINDER), (10, Stage.FIRST_DUNNING)):
            book.contact(1, days(-ago), {1: int(stage)}, currency="USD")
        lines = book.decide(strategy=campaign("USD: 4000, EUR: 2000")).lines
        assert dict(lines.select("currency", "action").rows()) == {"USD": "none", "EUR": "message"}
        # and below its threshold the other currency is not asked for either
        lines = book.decide(strategy=campaign("USD: 4000, EUR: 8000")).lines
        assert set(lines["action"]) == {"none"}

    def test_come_on_the_days_of_the_timeline(self) -> None:
        book = owing((120_00, date(2024, 12, 31)), currency="USD")
        book.invoice(1, 149_00, date(2024, 12, 31))
        book.invoice(1, 10_00, date(2025, 1, 5))
        chosen, attempts, after = campaign("EUR: 15000, USD: 10000"), {"USD": 0, "EUR": 0}, []
        for day in (3, 5, 6, 9, 12):
            for line in book.send(date(2025, 1, day), book.decide(date(2025, 1, day), strategy=chosen)):
                attempts[line["currency"]] += 1
            after.append((attempts["USD"], attempts["EUR"]))
        assert after == [(1, 0), (1, 0), (2, 1), (2, 2), (2, 2)]
        assert [sum(each) for each in after] == [1, 1, 3, 4, 4]

    def test_that_are_used_up_leave_a_line_without_a_next_day_and_no_event_each_day(self) -> None:
        """Differs: the peer fires an event once. Here the decision of every day says that nothing is left to do."""
        book = owing((600_00, days(-30)))
        book.contact(1, days(-9), {1: int(Stage.FIRST_DUNNING)})
        assert {
            (
                book.line(days(n), strategy=campaign("EUR: 500"))["reason"],
                book.line(days(n), strategy=campaign("EUR: 500"))["next_date"],
            )
            for n in (0, 1)
        } == {("waiting", None)}

    @pytest.mark.parametrize(("least", "action"), [(99_999, "none"), (5_000, "message")])
    def test_are_not_forgotten_when_the_threshold_changes(self, least: int, action: str) -> None:
        """Differs: the peer counts anew when the new threshold no longer matches. What was sent was sent."""
        book = owing((50_01, days(-30)))
        book.contact(1, days(-9), {1: int(Stage.REMINDER)})
        line = book.line(strategy=campaign(f"EUR: {least}"))
        assert (line["action"], line["reached"], line["messages"]) == (action, Stage.REMINDER, 1)


@case(70)
class TestTheIntervalOfLago:
    @pytest.mark.parametrize(("ago", "action"), [(3, "none"), (4, "none"), (5, "message")])
    def test_of_more_than_four_days_is_a_pause_of_five(self, ago: int, action: str) -> None:
        """Differs in words only: the peer's must be exceeded, ours is the first day on which it may be."""
        chosen = strategy(("all", "", TWO), pause=5)
        book = owing((50_00, days(-30)), (50_00, days(-30)))
        book.contact(1, days(-ago), {1: int(Stage.REMINDER)})
        assert book.line(strategy=chosen)["action"] == action


@case(71, 75)
class TestTheCampaignOfACustomer:
    def test_goes_before_the_creditors(self) -> None:
        chosen = strategy(
            ("customer", "signal_internal and amount >= 49.99", TWO), ("entity", "amount >= 50.99", TWO),
            ("rest", "", [LATER]),
        )  # fmt: skip
        book = owing((50_00, days(-30)))
        assert state(book, chosen) == "rest"
        book.add("observations", debtor_id=1, kind="signal_internal", value="yes", from_date=days(-9))
        line = book.line(strategy=chosen)
        assert (line["segment"], line["stage"]) == ("customer", Stage.REMINDER)

    def test_of_two_creditors_is_one_each(self) -> None:
        """Differs: the peer counts one attempt for both. Each creditor has a book and a count of his own."""
        books = [owing((minor, days(-30))) for minor in (50_00, 60_00)]
        assert [book.send(DAY, book.decide(strategy=campaign("EUR: 4000")))[0]["stage"] for book in books] == [20, 20]
        assert [book.line(days(1))["messages"] for book in books] == [1, 1]


PEERS, RIGHT_DAY, RIGHT_SUM = "tests.lessons.test_peers", "tests.lessons.test_right_day", "tests.lessons.test_right_sum"
ELSEWHERE = {
    15: (PEERS, "TestOca", "test_an_e_mail_step_falls_back_to_a_letter_without_an_address"),
    17: (PEERS, "TestOca", "test_a_foreign_currency_has_its_own_tolerance"),
    # differs: the ledger cancels an invoice whatever was sent; what was sent stays in the journal
    23: (PEERS, "TestOca", "test_a_cancelled_invoice_is_dunned_no_more"),
    24: (PEERS, "TestOca", "test_a_cancelled_invoice_is_dunned_no_more"),
    25: (PEERS, "TestOca", "test_communications_are_one_per_customer_and_currency"),
    32: (PEERS, "TestOca", "test_a_phone_call_does_not_raise_the_level"),
    34: (RIGHT_SUM, "TestAnOpenCreditNote", "test_lowers_what_is_asked"),
    37: (PEERS, "TestOca", "test_open_payments_of_the_customer_are_seen_before_dunning"),
    59: (RIGHT_DAY, "TestAStep", "test_comes_back_when_a_write_off_is_taken_back"),
    62: (PEERS, "TestKillBill", "test_earliest_unpaid_and_sum"),
    **dict.fromkeys(range(63, 69), (PEERS, "TestLago", "test_thresholds_are_per_currency_and_inclusive")),
    72: (PEERS, "TestLago", "test_an_excluded_customer_is_never_dunned"),
    78: (PEERS, "TestLago", "test_a_partly_paid_invoice_counts_with_its_open_part_only"),
    79: (RIGHT_SUM, "TestAnOpenCreditNote", "test_of_500_silences_the_demand_for_500"),
}
"""Cases that other lessons tell."""


class TestTheList:
    def test_is_covered_case_by_case(self, shared_data: Path) -> None:
        file = shared_data / "peers" / "cases.json"
        if not file.is_file():
            pytest.skip(f"no cases of peers in {file}")
        count = len(json.loads(file.read_text(encoding="utf-8")))
        assert count == 80
        assert set(range(count)) == CASES | ELSEWHERE.keys()
        assert not CASES & ELSEWHERE.keys()

    @pytest.mark.parametrize("named", sorted(set(ELSEWHERE.values())))
    def test_names_lessons_that_exist(self, named: tuple[str, str, str]) -> None:
        module, holder, test = named
        assert callable(getattr(getattr(importlib.import_module(module), holder), test))
