"""The right day and step: what today's systems get wrong about when, and how often."""

from datetime import date
from itertools import pairwise

import polars as pl
import pytest

from dunwell.actions.explain import explain
from dunwell.core.errors import DunwellError, say
from dunwell.core.money import format_money
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.engine.book.promises import promises
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy_file import read_strategy
from tests.engine.book import DAY, Book, days, stages
from tests.runs.kept import creditor, keep
from tests.support.homes import Home
from tests.support.strategies import plain_strategy


def one(kind: str = "business") -> tuple[Book, int]:
    book = Book()
    return book, book.debtor(kind=kind)


class TestAReminder:
    def test_never_comes_before_the_due_date(self) -> None:
        """Dolibarr 30771: overdue mail 60 days BEFORE due, a sign inverted."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(60), issued=days(-30))
        for ahead in range(63):
            line = book.line(days(ahead))
            assert line["stage"] <= Stage.NOTICE, ahead
        with pytest.raises(DunwellError, match="nobody is dunned before the day after the due date"):
            read_strategy(plain_strategy().text.replace("offset_days: 3,", "offset_days: -60,"))

    def test_does_not_come_on_the_due_date_itself(self) -> None:
        """iDempiere 2064: dunned on the due date itself."""
        book, debtor = one()
        book.invoice(debtor, 100_00, DAY)
        line = book.line()
        assert (line["days_past_due"], line["overdue_minor"], line["stage"]) == (0, 0, Stage.NOTICE)

    @pytest.mark.parametrize(("day", "stage"), [(2, 0), (3, Stage.REMINDER), (4, Stage.REMINDER)])
    def test_is_due_on_its_day_and_from_then_on(self, day: int, stage: int) -> None:
        """OCA: the bound is inclusive, and one day short is nothing (there 10 days, here 3)."""
        book, debtor = one()
        book.invoice(debtor, 100_00, DAY)
        assert book.line(days(day))["stage"] == stage

    def test_counts_from_the_due_date_and_not_from_the_invoice_date(self) -> None:
        """Kill Bill counts days since the invoice date: with 60 days to pay it blocks who owes nothing yet."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(10), issued=days(-50))
        assert book.line()["reason"] == "not_yet_due"
        assert book.line(days(12))["stage"] == 0
        assert book.line(days(13))["stage"] == Stage.REMINDER

    def test_does_not_wait_for_the_last_instalment(self) -> None:
        """OCA: a reminder that waits for the LAST instalment."""
        book, debtor = one()
        for number in range(4):
            book.invoice(debtor, 25_00, days(30 * number), issued=days(-10), kind="instalment")
        line = book.line(days(3))
        assert (line["stage"], line["total_minor"], line["items"]) == (Stage.REMINDER, 25_00, 1)

    def test_names_all_that_is_overdue_once_one_of_them_calls_for_it(self) -> None:
        """OCA reminder: invoices 40, 3 and -2 days overdue: the first two are included, the third is not."""
        book, debtor = one()
        late, newer, coming = (book.invoice(debtor, 100_00, days(-n)) for n in (40, 1, -2))
        assert sorted(book.decide().items["receivable_id"]) == sorted([late, newer])
        assert coming not in book.decide().items["receivable_id"].to_list()


class TestAStep:
    def test_is_not_skipped_after_a_part_payment(self) -> None:
        """Kill Bill 2297 (and its case): the two older invoices are paid, the anchor moves forward, and the account
        goes from clear to blocked. Here each item takes its own steps."""
        book, debtor = one()
        first, second, third = (
            book.invoice(debtor, 100_00, due) for due in (date(2012, 5, 31), date(2012, 5, 31), date(2012, 6, 2))
        )
        for invoice in (first, second):
            book.payment(debtor, 100_00, date(2012, 6, 4), invoice)
        sent = book.live(date(2012, 6, 3), 45)
        assert stages(sent) == [Stage.REMINDER, Stage.FIRST_DUNNING, Stage.SECOND_DUNNING]
        assert {on for on, _ in sent} == {date(2012, 6, 3), date(2012, 6, 16), date(2012, 6, 30)}
        assert third in {row["receivable_id"] for row in book.rows["contact_items"]}

    def test_for_a_two_year_old_invoice_is_the_first_and_explain_says_why(self, db: Home) -> None:
        """OCA: a very old invoice starts at level 1 by design, without saying so."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-730))
        assert book.line()["stage"] == Stage.REMINDER
        owner = creditor()
        keep(book, owner)
        told = explain(creditor=owner, debtor_number="D1", as_of=DAY)
        for language in LANGUAGES:
            assert say("explain.never_skipped", language, days=730) in "\n".join(told.words(language))

    def test_follows_the_message_that_left_and_not_the_calendar(self) -> None:
        """OCA: a level that counts from the last SENT reminder. Due long ago, reminded on the first of May: the next
        step is due ten days later and not one day before."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, date(2024, 6, 1))
        book.contact(debtor, date(2025, 5, 1), {invoice: Stage.REMINDER})
        assert book.line(date(2025, 5, 10))["reason"] == "waiting"
        assert book.line(date(2025, 5, 10))["next_date"] == date(2025, 5, 11)
        assert book.line(date(2025, 5, 11))["stage"] == Stage.FIRST_DUNNING

    def test_is_not_taken_by_a_message_that_never_left(self) -> None:
        """OCA: an unsent draft is made anew at the same level, the old one is ignored."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-365))
        for on in (-180, -60):
            book.contact(debtor, days(on), {invoice: Stage.REMINDER}, outcome="undeliverable")
        assert (book.line()["stage"], book.line()["messages"]) == (Stage.REMINDER, 0)

    def test_of_a_customer_with_several_levels_is_the_highest(self) -> None:
        """OCA 432, 470: different levels on one customer."""
        book, debtor = one()
        old = book.invoice(debtor, 100_00, days(-30))
        new = book.invoice(debtor, 50_00, days(-5))
        book.contact(debtor, days(-20), {old: Stage.REMINDER})
        line = book.line()
        assert (line["stage"], line["total_minor"]) == (Stage.FIRST_DUNNING, 150_00)
        # OCA raises the others to that level; here the newer item has only been reminded by it, so that none is skipped
        assert dict(book.decide().items.select("receivable_id", "stage").rows()) == {
            old: Stage.FIRST_DUNNING,
            new: Stage.REMINDER,
        }

    def test_after_the_last_is_a_task_and_never_another_letter(self) -> None:
        """OCA: after the last level nothing more is produced. Here a person has the task, until it is solved."""
        book, debtor = one()
        book.invoice(debtor, 100_00, DAY)
        sent = book.live(days(-5), 120)
        assert stages(sent) == [Stage.NOTICE, Stage.REMINDER, Stage.FIRST_DUNNING, Stage.SECOND_DUNNING]
        assert {book.line(days(n))["action"] for n in range(50, 110, 10)} == {"task"}

    def test_about_a_new_invoice_is_not_silenced_by_an_old_one_that_waits_for_a_person(self, db: Home) -> None:
        book, debtor = one()
        old = book.invoice(debtor, 100_00, days(-60))
        new = book.invoice(debtor, 40_00, days(-3))
        book.contact(debtor, days(-20), {old: Stage.SECOND_DUNNING}, deadline=days(-10))
        line = book.line()
        assert (line["action"], line["reason"], line["stage"]) == ("message", "step_due", Stage.REMINDER)
        assert (line["total_minor"], line["person_minor"]) == (140_00, 100_00)
        assert dict(book.decide().items.select("receivable_id", "stage").rows()) == {
            old: Stage.SECOND_DUNNING,
            new: Stage.REMINDER,
        }
        owner = creditor()
        keep(book, owner)
        told = explain(creditor=owner, debtor_number="D1", as_of=DAY)
        for language in LANGUAGES:
            total = format_money(100_00, "EUR", language)
            assert say("decision.also_person", language, total=total, stage=say("stage.person", language)) in told.why(
                told.lines[0], language
            )
        book.send(DAY)
        after = book.line(days(1))
        assert (after["action"], after["reason"], after["stage"]) == ("task", "deadline_passed", Stage.PERSON)
        assert (after["total_minor"], after["overdue_minor"], after["person_minor"]) == (100_00, 140_00, 100_00)
        assert [book.line(days(n))["stage"] for n in (10, 11)] == [Stage.PERSON, Stage.FIRST_DUNNING]

    def test_of_a_person_is_about_what_is_past_its_deadline_alone(self) -> None:
        book, debtor = one()
        old = book.invoice(debtor, 100_00, days(-60))
        book.invoice(debtor, 40_00, days(-1))
        book.contact(debtor, days(-20), {old: Stage.SECOND_DUNNING}, deadline=days(-10))
        line = book.line()
        assert (line["action"], line["reason"], line["total_minor"]) == ("task", "deadline_passed", 100_00)
        assert (line["overdue_minor"], line["next_date"]) == (140_00, days(2))

    def test_comes_back_when_a_write_off_is_taken_back(self) -> None:
        """Kill Bill: a written-off invoice does not count; removing the mark brings the state back at once."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-6), status="written_off")
        assert book.line() == {}
        book.rows["receivables"][0]["status"] = "open"
        assert book.line()["stage"] == Stage.REMINDER


class TestADistance:
    @pytest.mark.parametrize(("ago", "reason"), [(6, "paused"), (7, "step_due"), (8, "step_due")])
    def test_between_two_messages_is_kept_to_the_day(self, ago: int, reason: str) -> None:
        """OCA reminder: exactly the interval is allowed, one day less is not. Lago asks for more than the interval
        (its third case); ours says at least, so the exact day is right here."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-20))
        other = book.invoice(debtor, 100_00, days(-40))
        book.contact(debtor, days(-ago), {other: Stage.REMINDER})
        assert book.line()["reason"] == reason

    def test_holds_for_a_notice_too(self) -> None:
        book, debtor = one()
        for number in range(5):
            book.invoice(debtor, 100_00, days(number))
        sent = [on for on, _ in book.live(days(-8), 30)]
        assert all((later - earlier).days >= 7 for earlier, later in pairwise(sent))

    def test_of_each_final_deadline_is_counted_from_its_own_letter(self) -> None:
        """Invoice Ninja 4020 (Norway): a new deadline on each demand, else the claim can be void."""
        book, debtor = one()
        book.invoice(debtor, 100_00, DAY)
        sent = {Stage(line["stage"]): (on, line["pay_by_date"]) for on, line in book.live(days(-5), 60)}
        for stage in (Stage.FIRST_DUNNING, Stage.SECOND_DUNNING):
            on, pay_by = sent[stage]
            tenth = days(10, on)
            assert pay_by == days((7 - tenth.weekday()) if tenth.weekday() in (5, 6) else 0, tenth)

    @pytest.mark.parametrize(("on", "later"), [(0, 10), (1, 10), (2, 12), (3, 11), (4, 10)])
    def test_never_ends_on_a_weekend(self, on: int, later: int) -> None:
        """A deadline of ten days from Wednesday or Thursday ends on the Monday after the weekend."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60))
        book.contact(debtor, days(-30), {invoice: Stage.FIRST_DUNNING})
        line = book.line(days(on))
        assert (line["stage"], line["pay_by_date"]) == (Stage.SECOND_DUNNING, days(on + later))
        assert line["pay_by_date"].weekday() < 5

    def test_never_ends_on_a_holiday_at_the_creditors_place(self) -> None:
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-60))
        book.contact(debtor, days(-30), {invoice: Stage.FIRST_DUNNING})
        book.day_off("DE", days(10), days(11), days(14))
        book.day_off("FR", days(15))
        assert book.line()["pay_by_date"] == days(15)

    def test_of_a_pause_has_a_reason_and_an_end(self) -> None:
        """Invoice Ninja 4293; Fineract 3604, 3659, 5100, 6157: pauses computed wrongly or back-dated."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-20))
        book.hold(debtor, "talks", days(-2), days(5))
        line = book.line()
        assert (line["reason"], line["detail"], line["next_date"]) == ("forbidden", "talks", days(6))
        assert [book.line(days(n))["action"] for n in (-3, -2, 5, 6)] == ["message", "none", "none", "message"]


class TestAPromise:
    def test_stops_chasing_until_it_is_broken(self) -> None:
        """A leading product, from its manual: a promise entered by the debtor does not stop chasing."""
        book, debtor = one()
        book.invoice(debtor, 100_00, days(-20))
        book.promise(debtor, 100_00, days(-1), days(6))
        reasons = [book.line(days(n))["reason"] for n in (-2, -1, 0, 6, 9, 10)]
        assert reasons == ["step_due", "forbidden", "forbidden", "forbidden", "forbidden", "step_due"]

    def test_is_not_kept_by_money_that_kept_another(self) -> None:
        book, debtor = one()
        book.invoice(debtor, 200_00, days(-40))
        later = book.promise(debtor, 100_00, days(-20), days(-8))
        first = book.promise(debtor, 100_00, days(-20), days(-10))
        book.payment(debtor, 100_00, days(-15))
        assert promised(book) == {first: ("kept", 100_00), later: ("broken", 0)}
        book.payment(debtor, 30_00, days(-14))
        assert promised(book) == {first: ("kept", 100_00), later: ("part_kept", 30_00)}

    def test_takes_no_money_from_before_it_was_made(self) -> None:
        book, debtor = one()
        early = book.promise(debtor, 50_00, days(-10), days(-2))
        wide = book.promise(debtor, 50_00, days(-20), days(0))
        book.payment(debtor, 50_00, days(-15))
        assert promised(book) == {early: ("open", 0), wide: ("kept", 50_00)}

    def test_that_was_withdrawn_takes_nothing_from_one_that_stands(self) -> None:
        book, debtor = one()
        gone = book.promise(debtor, 50_00, days(-10), days(2), withdrawn=days(-5))
        stands = book.promise(debtor, 50_00, days(-10), days(5))
        book.payment(debtor, 50_00, days(-7))
        assert promised(book) == {gone: ("withdrawn", 0), stands: ("kept", 50_00)}


def promised(book: Book) -> dict[int, tuple[str, int]]:
    found = promises(book.facts().on(DAY), house_rules(), DAY)
    return {key: (state, minor) for key, state, minor in found.select("promise_id", "state", "received_minor").rows()}


class TestAPerson:
    @pytest.mark.parametrize(
        ("reason", "is_of_the_person"),
        [
            ("cease_request", True),
            ("deceased", True),
            ("insolvency", True),
            ("attorney", True),
            ("talks", False),
            ("hardship", False),
            ("other", False),
        ],
    )
    def test_is_bound_by_a_hold_that_speaks_of_himself_on_all_his_accounts(
        self, reason: str, is_of_the_person: bool
    ) -> None:
        book = Book()
        one, other, stranger = (book.debtor(f"D{n}", person=person) for n, person in enumerate((7, 7, 8)))
        for debtor in (one, other, stranger):
            book.invoice(debtor, 100_00, days(-20))
        book.hold(one, reason, days(-1))
        actions = dict(book.decide().lines.select("debtor_id", "action").rows())
        assert actions == {one: "none", other: "none" if is_of_the_person else "message", stranger: "message"}

    def test_who_complains_about_one_account_is_left_alone_on_the_other(self) -> None:
        book = Book()
        one, other = book.debtor("D1", person=7), book.debtor("D2", person=7)
        for debtor in (one, other):
            book.invoice(debtor, 100_00, days(-20))
        book.complaint(one, days(-1))
        found = book.decide()
        assert found.lines["rule"].to_list() == ["house.complaint"] * 2
        told = found.findings.filter(pl.col("rule") == "house.complaint")
        assert told.select("debtor_id", "detail", "until_at").rows() == [(n, "complaint", None) for n in (one, other)]

    def test_is_asked_of_the_account_and_not_of_the_contact(self) -> None:
        """Two accounts turn out to be of one person: what each was sent before counts for both from now on."""
        book = Book()
        one, other = (book.debtor(f"D{n}", person=n, kind="consumer") for n in (7, 8))
        for debtor in (one, other):
            book.invoice(debtor, 100_00, days(-20))
        for debtor, ago in ((one, 1), (one, 2), (other, 3)):
            book.contact(debtor, days(-ago), channel="phone", currency=None)
        assert set(book.decide().lines["action"]) == {"message"}
        book.rows["debtors"][1]["person_id"] = 7
        assert set(book.decide().lines["rule"]) == {"house.natural.contacts"}


class TestATask:
    def waiting(self) -> tuple[Book, int]:
        book, debtor = one("consumer")
        old = book.invoice(debtor, 100_00, days(-60))
        book.contact(debtor, days(-20), {old: Stage.SECOND_DUNNING}, deadline=days(-10))
        return book, debtor

    def test_contacts_nobody_and_so_outlives_a_full_cap(self) -> None:
        book, debtor = self.waiting()
        for ago in (1, 2, 3):
            book.contact(debtor, days(-ago), channel="phone", currency=None)
        line = book.line()
        assert "house.natural.contacts" in book.decide().findings["rule"].to_list()
        assert (line["action"], line["reason"], line["rule"]) == ("task", "deadline_passed", None)

    def test_takes_the_place_of_a_message_beside_it_that_the_cap_forbids(self) -> None:
        book, debtor = self.waiting()
        book.invoice(debtor, 40_00, days(-3))
        for ago in (1, 2, 3):
            book.contact(debtor, days(-ago), channel="phone", currency=None)
        line = book.line()
        assert (line["action"], line["reason"], line["total_minor"]) == ("task", "deadline_passed", 100_00)
        assert line["next_date"] == days(4)
        assert book.line(days(4))["action"] == "message"

    def test_waits_for_a_promise_and_for_a_hold_even_beside_a_full_cap(self) -> None:
        book, debtor = self.waiting()
        for ago in (1, 2, 3):
            book.contact(debtor, days(-ago), channel="phone", currency=None)
        book.promise(debtor, 100_00, days(-1), days(1))
        assert (book.line()["action"], book.line()["rule"]) == ("none", "house.promise")
        book.hold(debtor, "talks", days(-1))
        assert (book.line()["action"], book.line()["rule"]) == ("none", "house.hold")


class TestAnyDay:
    def test_can_be_asked_as_it_was(self) -> None:
        """A large ERP's FAQ: runs only as of today, never as of another date."""
        book, debtor = one()
        invoice = book.invoice(debtor, 100_00, days(-100))
        book.payment(debtor, 60_00, days(-50), invoice)
        book.payment(debtor, 40_00, days(-10), invoice)
        assert [book.line(days(n)).get("open_minor", 0) for n in (-51, -50, -11, -10)] == [100_00, 40_00, 40_00, 0]


class TestAManualStep:
    def test_of_one_debtor_blocks_nobody_else(self) -> None:
        """A leading product: a manual step blocks the workflow until its owner acts, even in his absence."""
        book = Book()
        stuck, other = book.debtor("D1", channels=()), book.debtor("D2")
        for debtor in (stuck, other):
            book.invoice(debtor, 100_00, days(-20))
        book.invoice(stuck, 100_00, days(-20), currency="USD")
        assert dict(book.decide().decisions.select("number", "action").rows()) == {"D1": "task", "D2": "message"}
