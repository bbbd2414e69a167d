import csv
from collections import Counter
from dataclasses import asdict
from datetime import date, timedelta
from math import log
from statistics import fmean, median, quantiles, stdev

import pytest

from dunwell.demo import calibration, ledger_files
from dunwell.demo.book import HISTORY_DAYS, Book, make_books
from dunwell.demo.calibration import Nature
from dunwell.demo.houses import UNITS_PER_USD
from dunwell.intake import Defaults, Known, read_files

UNTIL = date(2026, 11, 20)


@pytest.fixture(scope="module")
def books() -> list[Book]:
    """A whole book, known to its end."""
    return make_books(7, 2000, 20_000, today=UNTIL, until=UNTIL)


def _debtors(books, **wanted):
    return {
        debtor.number: debtor
        for book in books
        for debtor in book.debtors
        if all(getattr(debtor, name) == value for name, value in wanted.items())
    }


class TestBook:
    def test_has_the_size_that_was_asked_for(self, books):
        assert sum(len(book.debtors) for book in books) == 2000
        assert abs(sum(len(book.items) for book in books) - 20_000) < 1_000

    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        one, same, other = (make_books(seed, 60, 500, today=UNTIL, until=UNTIL) for seed in (3, 3, 4))
        assert [asdict(book) for book in one] == [asdict(book) for book in same]
        assert [asdict(book) for book in one] != [asdict(book) for book in other]

    def test_speaks_three_languages_in_eight_currencies(self, books):
        assert {debtor.place.language for book in books for debtor in book.debtors} == {"en", "zh-Hans", "zh-Hant"}
        assert {item.currency for book in books for item in book.items} == set(UNITS_PER_USD)

    def test_writes_to_nobody_who_could_exist(self, books):
        mails = [debtor.email for book in books for debtor in book.debtors if debtor.email]
        assert all(mail.endswith((".example.com", ".invalid")) for mail in mails)
        assert len(set(mails)) == len(mails)
        assert any(mail.endswith(".invalid") for mail in mails)

    def test_has_debtors_without_mail_and_persons_with_two_accounts(self, books):
        debtors = [debtor for book in books for debtor in book.debtors]
        assert 0.3 < sum(not debtor.email for debtor in debtors) / len(debtors) < 0.5
        # the second account names the first by its person
        twice = [debtor for debtor in debtors if debtor.person]
        assert len(twice) > 20

    def test_never_pays_more_than_is_owed_nor_before_the_invoice(self, books):
        for book in books:
            owed, issued = Counter(), {}
            for item in book.items:
                claim = item.number if item.kind == "invoice" else item.parent
                owed[claim] += item.amount_minor if item.kind != "credit_note" else -item.amount_minor
                if item.kind == "invoice":
                    issued[item.number] = item.issued
            paid = Counter()
            for payment in book.payments:
                if payment.item:
                    paid[payment.item] += payment.amount_minor
                    assert issued[payment.item] <= payment.day <= book.day
            assert all(paid[number] <= owed[number] for number in paid)

    def test_lies_within_its_eighteen_months(self, books):
        days = [item.issued for book in books for item in book.items if item.kind == "invoice"]
        assert UNTIL - timedelta(days=HISTORY_DAYS + 3) <= min(days)
        assert max(days) <= UNTIL
        assert all(day.weekday() < 5 for day in days)


class TestCalibration:
    def test_of_invoices_per_customer_has_quartiles_of_one_two_and_six(self):
        counts = calibration.invoice_counts(2000, 18_600)
        assert [round(q) for q in quantiles(counts)] == [1, 2, 6]
        assert abs(sum(counts) - 18_600) < 500

    def test_of_amounts_is_lognormal(self, books):
        firms = _debtors(books, consumer=False)
        logs = [
            log(item.amount_minor / (1 if item.currency == "JPY" else 100) / UNITS_PER_USD[item.currency])
            for book in books
            for item in book.items
            if item.kind == "invoice" and item.debtor in firms
        ]
        mu, sigma = calibration.AMOUNT
        assert fmean(logs) == pytest.approx(mu, abs=0.08)
        assert stdev(logs) == pytest.approx(sigma, abs=0.08)

    def test_of_late_payers_by_habit_follows_the_fit(self, books):
        debtors = _debtors(books, consumer=False, nature=Nature.HABIT)
        a, b = calibration.LATE_SHARE
        shares = [debtor.late_share for debtor in debtors.values()]
        assert fmean(shares) == pytest.approx(a / (a + b), abs=0.03)
        late, days = [], []
        contested = {contest.item for book in books for contest in book.contests}
        for book in books:
            first = {}
            for payment in book.payments:
                first.setdefault(payment.item, payment.day)
            for item in book.items:
                known = item.kind == "invoice" and item.debtor in debtors and item.number not in contested
                if known and item.due < UNTIL - timedelta(days=90) and item.number in first:
                    late.append(first[item.number] > item.due)
                    days.append((first[item.number] - item.due).days)
        # a payment due on a weekend is booked on Monday, so that a few more are late than their payers meant
        assert fmean(late) == pytest.approx(fmean(shares), abs=0.12)
        assert median(sorted(day for day in days if day > 0)) == pytest.approx(3, abs=1.5)

    def test_of_days_late_follows_the_fit(self):
        rng = calibration.chance("days late")
        days = [calibration.days_late(rng) for _ in range(20_000)]
        assert fmean(days) == pytest.approx(6.9, abs=0.5)
        assert min(days) == 1

    def test_of_disputes_follows_the_fit(self, books):
        firms = _debtors(books, consumer=False)
        a, b = calibration.DISPUTE_RATE
        rates = [debtor.dispute_rate for debtor in firms.values()]
        assert fmean(rates) == pytest.approx(calibration.DISPUTE_SCALE * a / (a + b), abs=0.01)
        invoices = sum(item.kind == "invoice" for book in books for item in book.items)
        assert sum(len(book.contests) for book in books) / invoices == pytest.approx(0.056, abs=0.02)

    def test_of_consumers_lets_a_third_pay_before_any_letter(self):
        rng, issued = calibration.chance("consumers"), date(2026, 1, 1)
        due = issued + timedelta(days=60)
        days = [
            (
                calibration.own_payment(
                    rng, nature=Nature.HABIT, consumer=True, late_share=0.0, issued=issued, due=due, disputed=False
                )
                - issued
            ).days
            for _ in range(8_000)
        ]
        quick = sorted(day for day in days if day <= 30)
        assert len(quick) / len(days) == pytest.approx(calibration.QUICK_CONSUMERS, abs=0.02)
        assert [quick[int(len(quick) * at)] for at in (0.25, 0.5, 0.75, 0.9)] == pytest.approx([2, 5, 9, 27], abs=1)

    def test_of_deadlines_pulls_before_and_lets_go_after(self):
        deadline = date(2026, 10, 10)
        pulls = [calibration.pull_of_deadline(deadline + timedelta(days=n), deadline) for n in (-3, -2, 0, 1, 5, 6)]
        assert pulls == [1.0, 3.0, 3.0, 1.0, 1.0, pytest.approx(1 / 3)]


class TestLedgerFiles:
    def test_are_read_back_without_an_error_or_a_loss(self, tmp_path):
        for book in make_books(5, 120, 1_200, today=UNTIL, until=UNTIL):
            paths = ledger_files.write_book(tmp_path / book.house.code, book)
            batch = read_files(paths, known=Known(), defaults=Defaults())
            assert batch.errors.is_empty()
            assert batch.frames["customers"].height == len(book.debtors)
            kinds = Counter(item.kind for item in book.items)
            for kind, frame in (("invoice", "invoices"), ("charge", "charges"), ("credit_note", "credit_notes")):
                assert batch.frames[frame].height == kinds[kind]
            invoiced = sum(item.amount_minor for item in book.items if item.kind == "invoice")
            assert batch.frames["invoices"]["amount_minor"].sum() == invoiced
            assert batch.frames["payments"]["amount_minor"].sum() == sum(p.amount_minor for p in book.payments)
            assert batch.frames["disputes"].height == len(book.contests)
            assert not any(file.ignored for file in batch.files)

    def test_are_written_as_their_ledgers_write(self, tmp_path):
        for book in make_books(5, 60, 300, today=UNTIL, until=UNTIL):
            style = ledger_files.styles()[book.house.code]
            path = ledger_files.write_book(tmp_path / book.house.code, book)[0]
            with path.open(encoding=style.encoding, newline="") as file:
                rows = list(csv.reader(file, delimiter=style.delimiter))
            assert rows[0] == style.heads["customers"]
            assert len(rows) == len(book.debtors) + 1
