"""`dunwell explain`: the sum with all its parts, the hours on the debtor's clock, and what was known when."""

from datetime import date, timedelta

import pytest

from dunwell.actions import talks
from dunwell.actions.day.report import day_sums
from dunwell.actions.day.runs import run_day
from dunwell.actions.explain import Demand, explain
from dunwell.actions.sending import outbox
from dunwell.core.terms import LANGUAGES, Channel, ContactOutcome, HoldReason
from dunwell.engine.facts import SCHEMAS
from dunwell.store import extract
from dunwell.store.models import OutboxMessage, Receivable
from tests.channels.sink import smtp_sink
from tests.send.book import DAY, TEN, at_sink, let_go, run
from tests.send.book import a_book as mails_book
from tests.support.rows import MEI, NOW, a_creditor, a_debtor
from tests.talks.book import TODAY, a_book, an_item, euro, pay

SQLITE = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


def told(debtor, day=TODAY, language="en", **asked):
    made = explain(creditor=debtor.creditor, debtor_number=debtor.number, as_of=day, **asked)
    return "\n".join(made.words(language))


@SQLITE
class TestTheSum:
    def test_goes_from_what_is_past_due_to_what_is_demanded(self, db):
        book = a_book()
        an_item(book.debtor, "R-2", 10_000)
        held = an_item(book.debtor, "R-3", 20_000)
        an_item(book.debtor, "R-4", 7_000, due_date=date(2026, 12, 1))
        act = {"at": NOW, "by": MEI}
        talks.open_dispute(receivable=book.invoice, reason="price", amount=euro(15_000), key="1", **act)
        talks.set_hold(debtor=book.debtor, reason=HoldReason.TALKS, receivable=held, key="2", **act)
        made = explain(creditor=book.creditor, debtor_number=book.debtor.number, as_of=TODAY)
        # 700.00 + 20.00 + 100.00 + 200.00 past due, and a credit note of 50.00
        assert made.demand("EUR") == Demand(102_000, 15_000, 20_000, 5_000, 62_000)
        said = "\n".join(made.words("en"))
        assert "open EUR 1,090.00, of which EUR 1,020.00 is past its due date" in said
        assert (
            "Past due EUR 1,020.00 - disputed EUR 150.00 - on hold EUR 200.00 - credit EUR 50.00"
            " = to be demanded EUR 620.00" in said
        )

    def test_demands_nothing_of_a_debtor_on_hold(self, db):
        book = a_book()
        held = talks.set_hold(debtor=book.debtor, reason=HoldReason.INSOLVENCY, at=NOW, by=MEI, key="1")
        demand = explain(creditor=book.creditor, debtor_number=book.debtor.number, as_of=TODAY).demand("EUR")
        assert demand.net_minor == 0
        assert demand.held_minor == demand.overdue_minor - demand.credit_minor > 0
        summary = run_day(creditor=book.creditor, as_of=TODAY, now=NOW, by=MEI, dry_run=True).summary
        (sums,) = day_sums(summary)
        assert (sums.net_minor, sums.aside_minor) == (0, demand.held_minor)
        talks.lift_hold(hold=held, at=NOW, by=MEI, key="2")
        assert explain(creditor=book.creditor, debtor_number=book.debtor.number, as_of=TODAY).demand("EUR").net_minor

    def test_names_a_credit_when_nothing_is_open(self, db):
        debtor = a_debtor(a_creditor())
        pay(debtor, 12_345, date(2026, 11, 1))
        assert "Nothing is open." in told(debtor)
        assert "EUR 123.45" in told(debtor)
        assert all("123.45" in told(debtor, language=language) for language in LANGUAGES)

    def test_names_money_that_went_back_without_having_come(self, db):
        debtor = a_debtor(a_creditor())
        pay(debtor, -500, date(2026, 11, 1))
        assert "EUR 5.00 more went back" in told(debtor)


@SQLITE
class TestTheHours:
    def test_are_those_of_the_debtors_clock(self, db):
        debtor = a_debtor(a_creditor(), country="US", zone="America/New_York")
        # Sunday morning in Berlin: in New York Saturday's hours are over
        assert "23 November 2026 08:00 to 18:00 (America/New_York)" in told(debtor, now=NOW)
        assert "2026年11月23日 08:00 至 18:00（America/New_York）" in told(debtor, language="zh-Hans", now=NOW)

    def test_are_those_of_our_clock_where_his_is_one_of_several(self, db):
        debtor = a_debtor(a_creditor(), country="AU")
        said = told(debtor)
        assert "(Europe/Berlin; at the debtor's place between" in said

    def test_are_not_told_apart_where_all_zones_of_a_country_agree(self, db):
        said = told(a_debtor(a_creditor(), country="DE"))
        assert "08:00 to 18:00 (Europe/Berlin)" in said
        assert "time zones" not in said


@SQLITE
class TestAPromise:
    def test_is_neither_kept_nor_broken_while_the_money_may_be_on_its_way(self, db):
        book = a_book()
        act = {"by": MEI, "key": "p", "made_date": date(2026, 11, 2)}
        talks.record_promise(debtor=book.debtor, amount=euro(1_000), due_date=date(2026, 11, 20), at=NOW, **act)
        assert "open (received" in told(book.debtor, date(2026, 11, 20))
        for day in (21, 22, 23):
            assert "counts until 23 November 2026" in told(book.debtor, date(2026, 11, day))
        assert "broken" in told(book.debtor, date(2026, 11, 24))


class TestPastContacts:
    def test_say_what_was_asked_for_and_why(self, db):
        with smtp_sink() as sink:
            at_sink(sink)
            creditor = mails_book(mails=1)
            run(creditor)
            let_go()
        debtor = Receivable.objects.get().debtor
        said = told(debtor, DAY)
        assert "24 November 2026: friendly reminder by e-mail, asked for EUR 100.10" in said
        assert "because of R-M0 (EUR 100.10, 4 days past due)" in said
        for language in LANGUAGES:
            assert told(debtor, DAY, language).count("R-M0") == 2

    @SQLITE
    def test_keep_the_note_of_a_call(self, db):
        book = a_book()
        talks.record_contact(
            debtor=book.debtor, channel=Channel.PHONE, outcome=ContactOutcome.REACHED, at=NOW, by=MEI, key="c",
            note="pays on Friday", inbound=True,
        )  # fmt: skip
        assert "the debtor came to us by phone; reached (pays on Friday)" in told(book.debtor)

    def test_have_the_outcome_that_was_known_then(self, db):
        with smtp_sink() as sink:
            sink.on_data = lambda _: "drop"
            at_sink(sink)
            creditor = mails_book(mails=1)
            run(creditor)
            let_go()
        message = OutboxMessage.objects.get()
        assert message.state == "unknown"
        later = TEN + timedelta(days=2)
        outbox.resolve(key=message.key, sent=False, now=later, by=MEI)
        debtor = message.debtor
        assert "not sent" in told(debtor, DAY)
        then = told(debtor, DAY, as_known_then=True)
        assert "fate unknown" in then
        assert "not sent" not in then
        assert "not sent" in told(debtor, later.date(), as_known_then=True)
        assert outcomes(creditor, later - timedelta(seconds=1)) == ["unknown"]
        assert outcomes(creditor, later) == outcomes(creditor, None) == ["not_sent"]


def outcomes(creditor, known_at):
    return extract.frames(creditor, SCHEMAS, known_at=known_at)["contacts"]["outcome"].to_list()


@SQLITE
class TestTheStrip:
    def test_tells_every_channel_with_the_rule_its_end_and_the_next_window(self, db):
        debtor = a_debtor(a_creditor(), country="US", zone="America/New_York")
        said = told(debtor, now=NOW)
        assert "May we contact the debtor for collection?" in said
        # all that have hours say the same on one line; letters may always go
        assert "e-mail, SMS, phone, visit, instant message: Not advisable" in said
        assert "letter: Allowed" in said
        assert "Outside business hours." in said
        assert "[house.trade.hours; " in said
        assert "Until 23 November 2026 08:00 (America/New_York)." in said

    def test_tells_what_stops_every_channel_once(self, db):
        debtor = a_debtor(a_creditor(), country="DE")
        talks.set_hold(debtor=debtor, reason=HoldReason.ATTORNEY, at=NOW, by=MEI, key="1")
        said = told(debtor, now=NOW)
        # with and without hours
        assert said.count("[house.hold; ") == 2
        assert said.count("dunwell rules show house.hold\n") == 2
        assert "represented by a lawyer" in said
        assert "No next window is known." in said
        assert all("house.hold" in told(debtor, language=language, now=NOW) for language in LANGUAGES)
