"""Lists of open items: what they imply, and when they are refused."""

from datetime import date
from pathlib import Path

import pytest

from dunwell.actions.explain import explain
from dunwell.actions.facts import facts_of
from dunwell.actions.importing.open_items import payment_number
from dunwell.core.errors import Refused
from dunwell.engine.book.cash import apply_cash
from dunwell.engine.book.claims import open_items
from dunwell.store.models import ImportFile, Payment, PaymentPast, Receivable, ReceivablePast
from tests.imports.files import CUSTOMERS, everything, take_in, write
from tests.support.book import make_creditor

pytestmark = pytest.mark.usefixtures("db")

DAY1, DAY2, DAY3 = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
TODAY = date(2026, 11, 22)


def item(number: str, amount: str, opened: str | None = None, **columns: str) -> dict[str, str]:
    row = {"invoice_id": number, "customer_id": "C1", "issue_date": "2026-10-01", "due_date": "2026-10-31",
           "currency": "EUR", "amount": amount}  # fmt: skip
    return {**row, **({} if opened is None else {"open_amount": opened}), **columns}


def many(count: int, amount: str = "10.00") -> list[dict[str, str]]:
    return [item(f"M{n:03}", amount) for n in range(count)]


class Lists:
    """Takes in lists of one creditor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.creditor = make_creditor()
        take_in(self.creditor, write(folder, "customers", CUSTOMERS))

    def take(self, day: date, *rows: dict[str, str], **options: object) -> object:
        path = write(self.folder, "items", rows, header=list(item("", "")))
        return take_in(self.creditor, path, day=day, **options)

    def file(self, name: str, *rows: dict[str, str]) -> object:
        return take_in(self.creditor, write(self.folder, name, rows))

    def open(self, day: date) -> dict[str, int]:
        """What the engine finds open."""
        return dict(open_items(facts_of(self.creditor).on(day), day).select("number", "open_minor").iter_rows())

    def implied(self) -> list[tuple[str, str, int, str]]:
        found = Payment.objects.filter(creditor=self.creditor, source_kind="ledger").exclude(amount_minor=0)
        return [
            (p.receivable.number, p.value_date.isoformat(), p.amount_minor, p.method.removesuffix(" in ledger"))
            for p in found.order_by("value_date", "number")
        ]


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(tmp_path)


class TestOpenItemList:
    def test_seen_first_implies_a_payment_of_what_is_not_open_any_more(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "60.00"), item("R2", "50.00", "50.00"))
        payment = Payment.objects.get()
        assert payment.number == "ledger:invoice:R1:2026-11-18"
        assert (payment.value_date, payment.amount_minor, payment.currency) == (DAY1, 4000, "EUR")
        assert (payment.source_kind, payment.method, payment.debtor.number) == ("ledger", "reduced in ledger", "C1")

    def test_implies_a_payment_of_each_reduction(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "100.00"))
        lists.take(DAY2, item("R1", "100.00", "70.00"))
        lists.take(DAY3, item("R1", "100.00", "20.00"))
        assert lists.implied() == [("R1", "2026-11-19", 3000, "reduced"), ("R1", "2026-11-20", 5000, "reduced")]

    def test_closes_an_item_that_it_lacks(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "60.00"), item("R2", "50.00", "50.00"))
        lists.take(DAY2, item("R2", "50.00", "50.00"))
        assert lists.implied() == [("R1", "2026-11-18", 4000, "reduced"), ("R1", "2026-11-19", 6000, "cleared")]

    def test_takes_back_the_payment_of_an_item_that_is_open_again(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "100.00"), item("R2", "50.00", "50.00"))
        lists.take(DAY2, item("R2", "50.00", "50.00"))
        lists.take(DAY3, item("R1", "100.00", "40.00"), item("R2", "50.00", "50.00"))
        assert lists.implied() == [("R1", "2026-11-19", 10000, "cleared"), ("R1", "2026-11-20", -4000, "reopened")]

    def test_without_a_column_of_open_amounts_shows_them_as_the_amount(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        lists.take(DAY2, item("R1", "60.00"))
        assert Receivable.objects.get().amount_minor == 10000
        assert not ReceivablePast.objects.exists()
        assert lists.implied() == [("R1", "2026-11-19", 4000, "reduced")]

    def test_that_shows_more_than_the_known_amount_makes_more_open(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        lists.take(DAY2, item("R1", "60.00"))
        lists.take(DAY3, item("R1", "130.00"))
        assert sum(row[2] for row in lists.implied()) == -3000
        assert lists.open(DAY3) == {"R1": 13000}

    def test_with_a_column_of_open_amounts_alone_is_read_the_same_way(self, lists: Lists) -> None:
        rows = [{k: v for k, v in item("R1", "", opened).items() if k != "amount"} for opened in ("100.00", "60.00")]
        lists.take(DAY1, rows[0])
        lists.take(DAY2, rows[1])
        assert Receivable.objects.get().amount_minor == 10000
        assert lists.implied() == [("R1", "2026-11-19", 4000, "reduced")]

    def test_follows_an_amount_that_the_ledger_corrects(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "100.00"))
        lists.take(DAY2, item("R1", "120.00", "120.00"))
        assert Receivable.objects.get().amount_minor == 12000
        assert lists.implied() == []

    def test_does_not_count_bank_payments(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "100.00"))
        paid = [{"payment_id": "P1", "invoice_id": "R1", "value_date": "2026-11-18", "amount": "100.00"}]
        take_in(lists.creditor, write(lists.folder, "payments", paid))
        lists.take(DAY2, item("R2", "1.00", "1.00"))
        assert lists.implied() == [("R1", "2026-11-19", 10000, "cleared")]

    def test_reads_credit_notes_with_their_sign(self, lists: Lists) -> None:
        lists.take(DAY1, item("G1", "-80.00", "-80.00"), item("R1", "1.00", "1.00"))
        lists.take(DAY2, item("G1", "-80.00", "-30.00"), item("R1", "1.00", "1.00"))
        lists.take(DAY3, item("R1", "1.00", "1.00"))
        assert lists.implied() == [("G1", "2026-11-19", -5000, "reduced"), ("G1", "2026-11-20", -3000, "cleared")]
        assert Payment.objects.first().number == "ledger:credit_note:G1:2026-11-19"

    def test_is_what_the_engine_finds_open(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "60.00"), item("R2", "50.00", "50.00"), item("R3", "9.00", "9.00"))
        lists.take(DAY2, item("R1", "100.00", "75.50"), item("R2", "50.00", "10.00"))
        assert lists.open(DAY2) == {"R1": 7550, "R2": 1000}

    def test_leaves_the_items_of_another_creditor_alone(self, lists: Lists) -> None:
        other = make_creditor("other")
        take_in(other, write(lists.folder, "customers", CUSTOMERS), write(lists.folder, "items", [item("R1", "7.00")]))
        lists.take(DAY1, item("R1", "100.00"), item("R2", "5.00"))
        lists.take(DAY2, item("R2", "5.00"))
        assert {p.creditor for p in Payment.objects.all()} == {lists.creditor}


def bank(number: str, day: str, amount: str, invoice: str = "") -> dict[str, str]:
    return {"payment_id": number, "customer_id": "C1", "invoice_id": invoice, "value_date": day, "amount": amount}


class TestAmountOfItsOwn:
    """A list told only what is open of an item; another file tells its amount."""

    def test_does_not_make_more_open_than_the_list_showed(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        lists.file("invoices", item("R1", "100.00"))
        assert lists.implied() == [("R1", "2026-11-18", 4000, "reduced")]
        assert lists.open(DAY3) == {"R1": 6000}
        lists.take(DAY2, item("R1", "25.00"))
        assert lists.open(DAY3) == {"R1": 2500}

    def test_told_by_a_later_list_does_not_either(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        lists.take(DAY2, item("R1", "100.00", "55.00"))
        assert lists.implied() == [("R1", "2026-11-18", 4000, "reduced"), ("R1", "2026-11-19", 500, "reduced")]

    def test_told_by_the_list_of_the_same_day_does_not_either(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        lists.take(DAY1, item("R1", "100.00", "60.00"))
        assert lists.implied() == [("R1", "2026-11-18", 4000, "reduced")]

    def test_smaller_than_what_was_shown_leaves_open_what_was_shown(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        lists.file("invoices", item("R1", "50.00"))
        assert lists.open(DAY3) == {"R1": 6000}

    def test_told_again_changes_nothing(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        lists.file("invoices", item("R1", "100.00"))
        before = everything()
        assert lists.file("invoices", item("R1", "100.00")).nothing_new
        assert everything() == before

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)])
    def test_may_come_before_between_or_after_the_lists(self, lists: Lists, order: tuple[int, ...]) -> None:
        steps = (
            lambda: lists.file("invoices", item("R1", "100.00"), item("R2", "80.00"), item("OLD", "7.00")),
            lambda: lists.take(DAY1, item("R1", "60.00"), item("R2", "80.00")),
            lambda: lists.take(DAY2, item("R1", "75.00"), item("R2", "10.00")),
        )
        for step in order:
            steps[step]()
        assert lists.implied() == [
            ("OLD", "2026-11-18", 700, "cleared"), ("R1", "2026-11-18", 4000, "reduced"),
            ("R1", "2026-11-19", -1500, "reopened"), ("R2", "2026-11-19", 7000, "reduced"),
        ]  # fmt: skip
        assert lists.open(DAY3) == {"R1": 7500, "R2": 1000}


class TestBankLinesBesideLists:
    @pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0)])
    def test_count_once_whichever_came_first(self, lists: Lists, order: tuple[int, ...]) -> None:
        """R1 is paid by a line that names it, R2 by one that does not, R3 in part before anything was known."""
        rows = [item("R1", "100.00"), item("R2", "50.00"), item("R3", "60.00"), item("R4", "9.00")]
        lines = [
            bank("P1", "2026-11-18", "100.00", "R1"), bank("P2", "2026-11-18", "50.00"),
            bank("P3", "2026-10-05", "40.00", "R3"),
        ]  # fmt: skip
        lists.take(DAY1, *rows)
        steps = (
            lambda: lists.take(DAY2, *rows[2:]),
            lambda: lists.file("payments", *lines),
            lambda: lists.file("invoices", item("R3", "100.00")),
        )
        for step in order:
            steps[step]()
        assert lists.open(DAY3) == {"R3": 6000, "R4": 900}
        loose = apply_cash(facts_of(lists.creditor).on(DAY3)).loose
        assert loose["loose_minor"].to_list() == [0]


class TestInvoiceOlderThanTheListThatLackedIt:
    def test_is_taken_as_paid_and_told(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        report = lists.file("invoices", item("R1", "60.00"), item("OLD", "80.00"))
        assert report.absent == (1, {"EUR": 8000})
        assert lists.implied() == [("OLD", "2026-11-18", 8000, "cleared")]
        lists.take(DAY2, item("R1", "60.00"), item("OLD", "80.00"))
        assert lists.open(DAY3) == {"R1": 6000, "OLD": 8000}

    def test_is_open_if_the_ledger_may_have_entered_it_since(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        report = lists.file("invoices", item("NEW", "80.00", issue_date="2026-11-10"))
        assert report.absent == (0, {})
        assert lists.open(DAY3) == {"R1": 6000, "NEW": 8000}

    def test_is_open_if_its_row_says_so(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "60.00"))
        lists.file("invoices", item("OLD", "80.00", status="open"))
        assert lists.open(DAY3) == {"R1": 6000, "OLD": 8000}


class TestOpenAmountWithoutADay:
    def test_is_refused_when_part_of_the_item_is_paid(self, lists: Lists) -> None:
        before = everything()
        with pytest.raises(Refused) as refusal:
            lists.file("invoices", item("R1", "100.00", "60.00"))
        assert refusal.value.code == "import.open_without_day"
        assert "R1: EUR 100.00, of which EUR 60.00 open" in str(refusal.value)
        assert everything() == before

    def test_is_only_noted_when_all_of_it_is_open(self, lists: Lists) -> None:
        assert lists.file("invoices", item("R1", "100.00", "100.00")).written


class TestItemNotInTheList:
    def test_is_open_still_if_it_was_issued_after_the_day(self, lists: Lists) -> None:
        later = item("R9", "10.00", issue_date="2026-11-20", due_date="2026-12-20")
        take_in(lists.creditor, write(lists.folder, "invoices", [later]))
        lists.take(DAY1, item("R1", "100.00"))
        assert lists.implied() == []

    def test_is_closed_if_an_earlier_list_held_it_already(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R9", "10.00", issue_date="2026-11-30", due_date="2026-12-20"))
        lists.take(DAY2, item("R1", "100.00"))
        assert lists.implied() == [("R9", "2026-11-19", 1000, "cleared")]

    def test_is_closed_if_an_ordinary_file_told_of_it(self, lists: Lists) -> None:
        take_in(lists.creditor, write(lists.folder, "invoices", [item("R0", "10.00")]))
        lists.take(DAY1, item("R1", "100.00"))
        assert lists.implied() == [("R0", "2026-11-18", 1000, "cleared")]

    def test_gets_no_payment_when_it_was_cancelled_or_written_off(self, lists: Lists) -> None:
        rows = [item("R0", "10.00", status="cancelled"), item("R1", "10.00", status="written off")]
        take_in(lists.creditor, write(lists.folder, "invoices", rows))
        lists.take(DAY1, item("R2", "100.00"))
        assert lists.implied() == []

    def test_gets_no_payment_when_lists_never_hold_its_kind(self, lists: Lists) -> None:
        take_in(
            lists.creditor,
            write(lists.folder, "invoices", [item("R1", "100.00")]),
            write(lists.folder, "charges", [
                {"charge_id": "F1", "invoice_id": "R1", "date": "2026-11-01", "amount": "5.00"}
            ]),
            write(lists.folder, "credit_notes", [
                {"credit_note_id": "G1", "customer_id": "C1", "issue_date": "2026-11-01", "amount": "3.00"}
            ]),
        )  # fmt: skip
        lists.take(DAY1, item("R1", "100.00"))
        assert lists.implied() == []

    def test_keeps_its_state_when_its_row_cannot_be_read(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R2", "50.00"), item("R3", "1.00"))
        lists.take(DAY2, item("R1", "one hundred"), item("R3", "1.00"), accept_valid_rows=True)
        assert lists.implied() == [("R2", "2026-11-19", 5000, "cleared")]

    def test_follows_its_payments_to_another_debtor(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", "60.00"))
        lists.take(DAY2, item("R1", "100.00", "60.00", customer_id="C2"))
        assert [(p.debtor.number, p.receivable.debtor.number) for p in Payment.objects.all()] == [("C2", "C2")]
        assert PaymentPast.objects.get().debtor.number == "C1"


class TestDayOfAList:
    def test_is_recorded_even_when_nothing_changed(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        report = lists.take(DAY2, item("R1", "100.00"))
        assert report.written
        assert list(ImportFile.objects.values_list("open_items_date", flat=True).order_by("pk"))[1:] == [DAY1, DAY2]

    def test_may_not_lie_before_the_latest_list(self, lists: Lists) -> None:
        lists.take(DAY2, item("R1", "100.00"))
        before = everything()
        with pytest.raises(Refused) as refusal:
            lists.take(DAY1, item("R1", "50.00"))
        assert refusal.value.code == "import.list_older"
        assert everything() == before

    def test_may_not_lie_ahead(self, lists: Lists) -> None:
        with pytest.raises(Refused) as refusal:
            lists.take(date(2026, 11, 23), item("R1", "100.00"))
        assert refusal.value.code == "import.list_ahead"

    def test_repeated_with_the_same_list_changes_nothing(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R2", "50.00"))
        lists.take(DAY2, item("R1", "60.00"))
        before = everything()
        assert lists.take(DAY2, item("R1", "60.00")).nothing_new
        assert everything() == before

    def test_repeated_with_another_list_replaces_what_the_first_implied(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R2", "50.00"), item("R3", "7.00"))
        lists.take(DAY2, item("R1", "60.00"))
        lists.take(DAY2, item("R1", "90.00"), item("R2", "50.00"))
        assert lists.implied() == [("R1", "2026-11-19", 1000, "reduced"), ("R3", "2026-11-19", 700, "cleared")]
        assert sorted(PaymentPast.objects.values_list("receivable__number", "amount_minor")) == [
            ("R1", 4000), ("R2", 5000)
        ]  # fmt: skip


class TestDisappearance:
    def test_of_many_items_is_refused_and_says_how_to_confirm(self, lists: Lists) -> None:
        lists.take(DAY1, *many(40))
        before = everything()
        with pytest.raises(Refused) as refusal:
            lists.take(DAY2, *many(29))
        assert refusal.value.code == "import.too_much_disappeared"
        assert "--accept-disappeared" in str(refusal.value)
        assert "11 of 40" in str(refusal.value)
        assert everything() == before
        assert lists.take(DAY2, *many(29), accept_disappeared=True).written
        assert len(lists.implied()) == 11

    def test_of_a_quarter_is_usual(self, lists: Lists) -> None:
        lists.take(DAY1, *many(60))
        assert lists.take(DAY2, *many(45)).open_items.disappeared.items == 15
        lists.take(DAY3, *many(35))
        assert len(lists.implied()) == 25

    def test_of_few_items_with_much_of_the_money_is_refused(self, lists: Lists) -> None:
        big = [item(f"B{n}", "1000.00") for n in range(11)]
        lists.take(DAY1, *many(100), *big)
        with pytest.raises(Refused) as refusal:
            lists.take(DAY2, *many(100))
        assert "EUR 11,000.00 / EUR 12,000.00" in str(refusal.value)

    def test_is_asked_about_where_somebody_can_answer(self, lists: Lists) -> None:
        lists.take(DAY1, *many(40))
        asked = []
        with pytest.raises(Refused):
            lists.take(DAY2, *many(20), ask=lambda gone: asked.append(gone.items) or False)
        assert lists.take(DAY2, *many(20), ask=lambda gone: asked.append(gone.items) or True).written
        assert asked == [20, 20]

    def test_is_shown_by_a_trial(self, lists: Lists) -> None:
        lists.take(DAY1, *many(40))
        before = everything()
        report = lists.take(DAY2, *many(20), dry_run=True)
        assert report.open_items.disappeared.too_much
        assert everything() == before

    def test_of_everything_must_be_confirmed_however_little_it_was(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        with pytest.raises(Refused) as refusal:
            lists.take(DAY2)
        assert refusal.value.code == "import.too_much_disappeared"
        lists.take(DAY2, accept_disappeared=True)
        assert lists.implied() == [("R1", "2026-11-19", 10000, "cleared")]

    @pytest.mark.parametrize(("before", "after", "asked"), [
        (8, 1, True), (8, 5, True), (12, 9, False), (11, 8, True), (8, 6, False), (2, 1, False), (3, 1, False)
    ])  # fmt: skip
    def test_of_a_small_list_is_asked_about_from_three_items_on(
        self, lists: Lists, before: int, after: int, asked: bool
    ) -> None:
        lists.take(DAY1, *many(before))
        assert lists.take(DAY2, *many(after), dry_run=True).open_items.disappeared.too_much == asked

    def test_that_was_confirmed_is_not_asked_about_again(self, lists: Lists) -> None:
        lists.take(DAY1, *many(40))
        lists.take(DAY2, *many(20), accept_disappeared=True)
        assert lists.take(DAY2, *many(20)).nothing_new


def credit(number: str, amount: str) -> dict[str, str]:
    return {"credit_note_id": number, "customer_id": "C1", "issue_date": "2026-10-05", "currency": "EUR",
            "amount": amount}  # fmt: skip


def charge(number: str, amount: str) -> dict[str, str]:
    return {"charge_id": number, "invoice_id": "R1", "date": "2026-10-20", "amount": amount}


class TestListInSeveralCommands:
    """Invoices in one command, credit notes and charges in others of the same day."""

    def second(self, lists: Lists, day: date, name: str, *rows: dict[str, str], **options: object) -> object:
        return take_in(lists.creditor, write(lists.folder, name, rows, header=list(credit("", ""))), day=day, **options)

    def test_closes_by_each_what_its_own_kind_lacks(self, lists: Lists) -> None:
        for day, invoices, credits_, charges in (
            (DAY1, ("R1", "R2", "R3", "R4"), ("G1", "G2", "G3", "G4", "G5"), ("F1", "F2", "F3", "F4")),
            (DAY2, ("R1", "R2", "R3"), ("G1", "G2", "G3", "G4"), ("F1", "F2", "F3")),
            (DAY3, ("R1", "R2"), ("G1", "G2", "G3"), ("F1", "F2")),
        ):
            lists.take(day, *(item(number, "100.00") for number in invoices))
            self.second(lists, day, "credit_notes", *(credit(number, "5.00") for number in credits_))
            self.second(lists, day, "charges", *(charge(number, "2.00") for number in charges))
            lists.take(day, *(item(number, "100.00") for number in invoices))
        assert lists.implied() == [
            ("F4", "2026-11-19", 200, "cleared"), ("G5", "2026-11-19", -500, "cleared"),
            ("R4", "2026-11-19", 10000, "cleared"),
            ("F3", "2026-11-20", 200, "cleared"), ("G4", "2026-11-20", -500, "cleared"),
            ("R3", "2026-11-20", 10000, "cleared"),
        ]  # fmt: skip

    def test_leaves_what_the_first_one_closed_closed(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R2", "50.00"))
        lists.take(DAY2, item("R1", "60.00"))
        before = lists.implied()
        assert self.second(lists, DAY2, "credit_notes", credit("G1", "5.00")).open_items.disappeared.of_items == 0
        assert lists.implied() == before

    def test_does_not_close_credit_notes_that_the_file_of_invoices_held(self, lists: Lists) -> None:
        for day in (DAY1, DAY2, DAY3):
            lists.take(day, item("R1", "100.00"), item("S1", "-7.00"), item("S2", "-8.00"))
            self.second(lists, day, "credit_notes", credit("G1", "5.00"), credit("G2", "6.00"))
        assert lists.implied() == []

    def test_closes_credit_notes_that_the_file_of_invoices_held_and_lacks(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("S1", "-7.00"))
        lists.take(DAY2, item("R1", "100.00"))
        assert lists.implied() == [("S1", "2026-11-19", -700, "cleared")]

    def test_says_what_a_new_day_leaves_out(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        self.second(lists, DAY1, "credit_notes", credit("G1", "5.00"))
        assert lists.take(DAY2, item("R1", "100.00")).left_out == ["credit_note"]
        assert lists.implied() == []
        self.second(lists, DAY2, "credit_notes")
        assert lists.implied() == [("G1", "2026-11-19", -500, "cleared")]
        assert lists.take(DAY3, item("R1", "100.00")).left_out == []

    def test_must_begin_with_the_invoices(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        before = everything()
        with pytest.raises(Refused) as refusal:
            self.second(lists, DAY2, "credit_notes", credit("G1", "5.00"), accept_disappeared=True)
        assert refusal.value.code == "import.list_without_invoices"
        assert everything() == before


class TestUnreadableList:
    def test_is_refused_when_a_row_has_no_number(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R2", "50.00"))
        before = everything()
        with pytest.raises(Refused) as refusal:
            lists.take(DAY2, item("", "100.00"), item("R2", "50.00"), accept_valid_rows=True)
        assert refusal.value.code == "import.list_unreadable"
        assert everything() == before

    def test_is_refused_when_a_row_cannot_be_taken_apart(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"), item("R2", "50.00"))
        path = write(lists.folder, "items", [item("R2", "50.00")])
        path.write_text(path.read_text() + "R1,C1,2026-10-01\n", encoding="utf-8")
        with pytest.raises(Refused) as refusal:
            take_in(lists.creditor, path, day=DAY2, accept_valid_rows=True)
        assert refusal.value.code == "import.list_unreadable"

    def test_is_refused_when_no_file_holds_items(self, lists: Lists) -> None:
        with pytest.raises(Refused) as refusal:
            take_in(lists.creditor, write(lists.folder, "customers", CUSTOMERS), day=DAY1)
        assert refusal.value.code == "import.list_without_items"


class TestNumberOfAnImpliedPayment:
    def test_stays_within_its_column_and_unlike_any_other(self) -> None:
        long = ["x" * 99 + end for end in "ab"]
        numbers = [payment_number("credit_note", number, DAY1) for number in long]
        assert max(map(len, numbers)) <= 120
        assert len(set(numbers)) == 2

    def test_may_belong_to_the_longest_item(self, lists: Lists) -> None:
        lists.take(DAY1, item("n" * 100, "100.00", "60.00"))
        assert Payment.objects.get().amount_minor == 4000

    def test_may_not_be_used_by_a_file(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00"))
        rows = [
            {"payment_id": "ledger:invoice:R1:2026-11-18", "invoice_id": "R1", "value_date": "2026-11-18",
             "amount": "1.00", "reverses": ""},
            {"payment_id": "P2", "invoice_id": "R1", "value_date": "2026-11-18", "amount": "-1.00",
             "reverses": "ledger:invoice:R1:2026-11-18"},
        ]  # fmt: skip
        report = take_in(lists.creditor, write(lists.folder, "payments", rows))
        assert report.errors["code"].to_list() == ["import.reserved_number", "intake.payment_rejected"]
        assert (report.files[0].found.bad_rows, report.files[0].found.totals[0].good_rows) == (2, 0)


class TestWhereBankAndListsDiffer:
    def test_the_debtor_is_explained_with_both(self, lists: Lists) -> None:
        lists.take(date(2026, 11, 1), item("R1", "100.00", "100.00"), item("R2", "60.00"))
        lists.file("payments", bank("P1", "2026-11-05", "100.00", "R1"), bank("P2", "2026-10-05", "40.00", "R2"))
        lists.take(DAY3, item("R1", "100.00", "100.00"), item("R2", "60.00"))
        told = "\n".join(explain(creditor=lists.creditor, debtor_number="C1", as_of=DAY3).words("en"))
        assert "R1: by the bank, EUR 100.00 more is paid than the list of open items" in told
        assert "Payment P2 of 5 October 2026: EUR 40.00 of it is not counted" in told
        assert lists.open(DAY3) == {"R2": 6000}


class TestARowThatSaysItIsPaid:
    def test_leaves_nothing_open(self, lists: Lists) -> None:
        lists.file("invoices", item("R1", "100.00", status="paid"), item("R2", "50.00", status="open"))
        assert lists.open(TODAY) == {"R2": 5000}
        assert lists.implied() == [("R1", "2026-11-22", 10000, "paid")]

    def test_changes_nothing_when_it_is_told_again_on_another_day(self, lists: Lists) -> None:
        lists.file("invoices", item("R1", "100.00", status="paid"))
        before = everything()
        assert lists.file("invoices", item("R1", "100.00", status="已付款")).nothing_new
        assert everything() == before

    def test_and_says_otherwise_later_is_open_again(self, lists: Lists) -> None:
        lists.file("invoices", item("R1", "100.00", status="paid"))
        lists.file("invoices", item("R1", "100.00", status="open"))
        assert lists.open(TODAY) == {"R1": 10000}

    @pytest.mark.parametrize("invoice", ["R1", ""])
    def test_counts_once_beside_the_bank(self, lists: Lists, invoice: str) -> None:
        lists.file("payments", bank("P1", "2026-11-20", "100.00")) if not invoice else None
        lists.file("invoices", item("R1", "100.00", status="paid"), item("R2", "50.00"))
        if invoice:
            lists.file("payments", bank("P1", "2026-11-20", "100.00", invoice))
        assert lists.open(TODAY) == {"R2": 5000}
        assert apply_cash(facts_of(lists.creditor).on(TODAY)).loose["loose_minor"].to_list() == [0]

    def test_within_a_list_is_not_open(self, lists: Lists) -> None:
        lists.take(DAY1, item("R1", "100.00", status="settled"), item("R2", "50.00"))
        assert lists.open(DAY1) == {"R2": 5000}

    def test_and_a_list_that_shows_it_open_agree_on_the_list(self, lists: Lists) -> None:
        lists.file("invoices", item("R1", "100.00", status="paid"), item("R2", "50.00"))
        lists.take(TODAY, item("R1", "100.00", "30.00"), item("R2", "50.00", "50.00"))
        assert lists.open(TODAY) == {"R1": 3000, "R2": 5000}

    def test_in_words_of_a_dispute_is_refused_with_the_way_out(self, lists: Lists) -> None:
        report = lists.file("invoices", item("R1", "100.00", status="disputed"))
        assert report.refused
        assert "file of disputes" in report.errors["reason"][0]
