"""Once, and only once: defects of today's systems, driven through real runs and a real sender on both databases.

The trackers of the systems that are named carry each story.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dunwell.actions.sending.clock import Clock
from dunwell.channels.simulator import Simulator
from dunwell.store import guard
from dunwell.store.models import ContactAttempt, Creditor, OutboxMessage
from tests.send.book import add_debtor, add_point, let_go, owe, run
from tests.support.homes import Home
from tests.support.rows import a_creditor

MONDAY = date(2026, 11, 23)


def ten_on(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Europe/Berlin"))


class Office:
    """A creditor whose day is run and whose mail leaves by a simulator."""

    def __init__(self) -> None:
        self.creditor: Creditor = a_creditor()
        self.mail = Simulator()

    def day(self, day: date, times: int = 1) -> list[str]:
        """Run and send so many times; returns the addresses that were written to."""
        before = len(self.mail.sent)
        for _ in range(times):
            run(self.creditor, day, ten_on(day))
            let_go(clock=Clock(fixed=ten_on(day)), channels={"email": self.mail})
        return [message.to.value for message in self.mail.sent[before:]]


@pytest.fixture
def office(db: Home) -> Office:
    return Office()


class TestAReminder:
    def test_leaves_once_however_often_the_job_runs_that_day(self, office: Office) -> None:
        """Invoice Ninja 1693, 553: the same reminder 22 and 100+ times in a day."""
        add_debtor(office.creditor, "M1", email="m1@debtor.example", due=MONDAY - timedelta(days=4))
        assert office.day(MONDAY, times=12) == ["m1@debtor.example"]
        assert (OutboxMessage.objects.count(), ContactAttempt.objects.count()) == (1, 1)

    def test_leaves_when_the_job_missed_its_day(self, office: Office) -> None:
        """Invoice Ninja sends on the exact day only; Dolibarr 25197: only on the exact day, never again."""
        add_debtor(office.creditor, "M1", email="m1@debtor.example", due=MONDAY - timedelta(days=3))
        assert office.day(MONDAY + timedelta(days=9)) == ["m1@debtor.example"]

    def test_is_one_after_ten_missed_days(self, office: Office) -> None:
        """Adempiere 2365: runs that nobody processed spoil the count of reminders."""
        add_debtor(office.creditor, "M1", email="m1@debtor.example", due=MONDAY - timedelta(days=3))
        for missed in range(10):
            run(office.creditor, MONDAY + timedelta(days=missed), ten_on(MONDAY + timedelta(days=missed)))
        assert OutboxMessage.objects.count() == 1
        assert office.day(MONDAY + timedelta(days=10)) == ["m1@debtor.example"]
        assert list(ContactAttempt.objects.values_list("stage", flat=True)) == [20]

    def test_to_two_hundred_customers_leaves_two_hundred_times(self, office: Office) -> None:
        """Odoo + OCA, seen live: 135 of 200 mails lost without an error, and lines that are queued for ever."""
        wanted = [f"m{number}@debtor.example" for number in range(200)]
        for number, address in enumerate(wanted):
            add_debtor(office.creditor, f"M{number}", email=address, due=MONDAY - timedelta(days=4))
        assert sorted(office.day(MONDAY)) == sorted(wanted)
        assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"sent"}

    def test_to_one_customer_leaves_while_another_has_no_usable_address(self, office: Office) -> None:
        """OCA 447: a blacklisted address stays queued for ever; OCA 460: one letter makes other reminders vanish."""
        add_debtor(office.creditor, "M1", email="undeliverable@debtor.example", due=MONDAY - timedelta(days=4))
        other = add_debtor(office.creditor, "M2", email="m2@debtor.example", due=MONDAY - timedelta(days=4))
        owe(other, "R-USD", due=MONDAY - timedelta(days=4), currency="USD")
        assert office.day(MONDAY) == ["m2@debtor.example", "m2@debtor.example"]
        assert not OutboxMessage.objects.filter(state__in=["released", "claimed", "try_later"]).exists()
        assert OutboxMessage.objects.get(debtor__number="M1").state == "undeliverable"

    def test_is_one_message_with_all_overdue_invoices_of_a_customer(self, office: Office) -> None:
        """ERPNext 12429, OCA 21, metasfresh 5379: one mail per invoice."""
        debtor = add_debtor(office.creditor, "M1", email="m1@debtor.example", due=MONDAY - timedelta(days=4))
        for number in range(4):
            owe(debtor, f"R-{number}", due=MONDAY - timedelta(days=1 + number))
        assert office.day(MONDAY) == ["m1@debtor.example"]
        text = office.mail.sent[0].text
        assert all(f"R-{number}" in text for number in range(4))
        assert "EUR 500.50" in text

    def test_counts_one_message_per_currency_and_never_mixes_sums(self, office: Office) -> None:
        """metasfresh 15375: the wrong currency in the mail."""
        debtor = add_debtor(office.creditor, "M1", email="m1@debtor.example", due=MONDAY - timedelta(days=4))
        owe(debtor, "R-JPY", due=MONDAY - timedelta(days=4), currency="JPY", cents=98_000)
        office.day(MONDAY)
        texts = sorted(message.text for message in office.mail.sent)
        assert len(texts) == 2
        assert [("EUR 100.10" in text, "JPY 98,000" in text) for text in texts] in (
            [(True, False), (False, True)],
            [(False, True), (True, False)],
        )

    def test_is_in_the_debtors_language_and_not_the_clerks(self, office: Office) -> None:
        """Crater 1019, Adempiere 1494."""
        add_debtor(office.creditor, "M1", email="m1@debtor.example", due=MONDAY - timedelta(days=4), language="zh-Hant")
        add_debtor(office.creditor, "M2", email="m2@debtor.example", due=MONDAY - timedelta(days=4), language="zh-Hans")
        office.day(MONDAY)
        assert {message.language for message in office.mail.sent} == {"zh-Hant", "zh-Hans"}
        assert all("發票" in m.text or "发票" in m.text for m in office.mail.sent)

    def test_goes_to_the_address_for_reminders_first(self, office: Office) -> None:
        """Odoo 62141: reminders go to the mailbox for invoices. Here addresses of a debtor have an order."""
        debtor = add_debtor(office.creditor, "M1", email="invoices@debtor.example", due=MONDAY - timedelta(days=4))
        with guard.writing("test"):
            debtor_points = add_point(debtor, channel="email", value="payables@debtor.example")
            type(debtor_points).objects.filter(debtor=debtor, value="invoices@debtor.example").update(rank=1)
        assert office.day(MONDAY) == ["payables@debtor.example"]
