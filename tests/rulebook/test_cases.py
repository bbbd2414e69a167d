"""What the house's rules mean for a book: persons with two accounts, promises, holds on one channel, clocks of places.

Each rule's own cases are asked in test_contact_cases.py.
"""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from dunwell.engine.book.promises import promises
from dunwell.engine.contact.findings import findings, windows
from dunwell.rulebook.rules_file import house_rules, read_rules
from tests.engine.book import DAY, Book, days


class TestTheCap:
    @pytest.mark.parametrize(
        ("kind", "most", "rule"),
        [("consumer", 3, "house.natural.contacts"), ("business", 5, "house.trade.contacts")],
    )
    def test_is_full_with_so_many_and_not_with_one_less(self, kind: str, most: int, rule: str) -> None:
        book = Book()
        debtor = book.debtor(kind=kind)
        book.invoice(debtor, 10_000, days(-20))
        book.contact(debtor, days(-6), currency="USD")
        for _ in range(most - 2):
            book.contact(debtor, days(-1), currency="USD", channel="letter")
        assert book.line()["action"] == "message"
        book.contact(debtor, days(0), currency="USD", channel="letter")
        line = book.line()
        assert (line["reason"], line["rule"], line["next_date"]) == ("forbidden", rule, days(1))
        assert book.line(days(1))["action"] == "message"

    def test_protects_a_person_with_two_accounts(self) -> None:
        book = Book()
        one, other = (book.debtor(number, person=7, kind="consumer") for number in ("D1", "D2"))
        stranger = book.debtor("D3", kind="consumer")
        for debtor in (one, other, stranger):
            book.invoice(debtor, 10_000, days(-20))
        for ago in (1, 2, 3):
            book.contact(one, days(-ago), channel="phone", currency=None, outcome="no_answer")
        reasons = dict(book.decide().lines.select("debtor_id", "reason").rows())
        assert reasons == {one: "forbidden", other: "forbidden", stranger: "step_due"}

    def test_counts_what_may_have_arrived_but_neither_failures_nor_what_the_debtor_sent(self) -> None:
        book = Book()
        debtor = book.debtor(kind="consumer")
        book.invoice(debtor, 10_000, days(-20))
        book.contact(debtor, days(-1), direction="in", currency=None)
        book.contact(debtor, days(-1), outcome="undeliverable", currency=None)
        book.contact(debtor, days(-1), outcome="not_connected", channel="phone", currency=None)
        book.contact(debtor, days(-1), outcome="unknown", currency=None)
        book.contact(debtor, days(-2), currency=None)
        assert book.line()["action"] == "message"
        book.contact(debtor, days(-3), outcome="unknown", currency=None)
        assert book.line()["rule"] == "house.natural.contacts"

    def test_of_electronic_messages_leaves_the_letter(self) -> None:
        """Answers and notices are contacts too, but no demands: so many demands by e-mail leave room for a letter."""
        book = Book()
        debtor = book.debtor(kind="consumer", preferred="email")
        book.invoice(debtor, 10_000, days(-20))
        for ago in (1, 2, 3):
            book.contact(debtor, days(-ago), currency=None, purpose="limitation_demand")
        line = book.line()
        assert (line["action"], line["channel"]) == ("message", "letter")

    def test_knows_the_person_whom_nobody_told_us_about_as_a_consumer_and_as_a_company(self) -> None:
        book = Book()
        debtor = book.debtor(kind=None)
        for ago in (1, 2, 3, 4, 5):
            book.contact(debtor, days(-ago), currency=None)
        spoken = set(findings(book.facts().on(DAY), house_rules(), DAY)["rule"])
        assert {"house.natural.contacts", "house.trade.contacts"} <= spoken

    def test_of_all_contacts_together_is_no_missing_address(self) -> None:
        """A visit that met somebody weighs so much that a message by any channel would be too much."""
        book = Book()
        debtor = book.debtor(kind="consumer")
        book.invoice(debtor, 10_000, days(-20))
        book.contact(debtor, days(-3), channel="visit", outcome="reached", currency=None)
        assert book.line()["action"] == "message"
        book.contact(debtor, days(-2), channel="phone", outcome="no_answer", currency=None)
        line = book.line()
        assert (line["action"], line["reason"], line["rule"]) == ("none", "forbidden", "house.natural.intensity")
        assert line["next_date"] == days(4)


class TestARegister:
    def test_closes_an_address_and_leaves_the_next_one(self) -> None:
        book = Book()
        debtor = book.debtor(channels=("email",))
        first = book.rows["contact_points"][-1]["contact_point_id"]
        second = book.add("contact_points", debtor_id=debtor, channel="email", rank=1, usable=True)
        book.invoice(debtor, 10_000, days(-20))
        assert book.line()["contact_point_id"] == first
        book.register(debtor, "opt_out", days(-3), channel="email", address_id=first)
        assert book.line()["contact_point_id"] == second
        book.register(debtor, "opt_out", days(-3), channel="email")
        line = book.line()
        assert (line["action"], line["reason"], line["rule"]) == ("task", "forbidden", "house.wishes")

    def test_of_hours_moves_the_message_behind_them(self) -> None:
        book = Book()
        debtor = book.debtor(channels=("email",))
        book.invoice(debtor, 10_000, days(-20))
        book.register(debtor, "inconvenient_time", days(-9), weekdays="1", hours_from="08:00", hours_until="12:30")
        assert book.line()["not_before_at"] == datetime.combine(DAY, time(11, 30), UTC)

    def test_entry_of_a_minor_binds_all_accounts_of_the_person(self) -> None:
        book = Book()
        one, other = (book.debtor(number, person=7, kind="consumer") for number in ("D1", "D2"))
        for debtor in (one, other):
            book.invoice(debtor, 10_000, days(-20))
        book.register(one, "minor", days(-30))
        assert book.decide().lines["detail"].to_list() == ["minor", "minor"]


class TestASeason:
    def test_is_silent_for_companies_too(self) -> None:
        book = Book()
        debtor = book.debtor(channels=("letter",))
        book.invoice(debtor, 10_000, date(2026, 12, 1))
        line = book.line(date(2026, 12, 24))
        assert (line["rule"], line["next_date"]) == ("house.trade.year-end", date(2026, 12, 27))
        assert book.line(date(2026, 12, 30))["action"] == "message"


class TestAHold:
    def test_on_one_channel_leaves_the_other_open(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 10_000, days(-20))
        book.hold(debtor, "cease_request", days(-3), channel="email")
        line = book.line()
        assert (line["action"], line["channel"]) == ("message", "letter")

    def test_that_never_ends_is_named_before_one_that_does(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 10_000, days(-20))
        book.hold(debtor, "talks", days(-3), days(5))
        book.promise(debtor, 10_000, days(-1), days(20))
        assert (book.line()["rule"], book.line()["next_date"]) == ("house.promise", days(24))
        book.hold(debtor, "insolvency", days(-3))
        assert (book.line()["rule"], book.line()["next_date"]) == ("house.hold", None)

    def test_on_a_receivable_takes_that_one_out_and_leaves_the_rest(self) -> None:
        book = Book()
        debtor = book.debtor()
        held = book.invoice(debtor, 10_000, days(-20))
        book.invoice(debtor, 3_000, days(-20))
        book.hold(debtor, "talks", days(-3), receivable=held)
        line = book.line()
        assert (line["action"], line["total_minor"], line["disputed_minor"]) == ("message", 3_000, 10_000)


class TestAPromise:
    @pytest.mark.parametrize(
        ("paid", "on", "state"),
        [
            (0, 3, "open"),
            (0, 4, "broken"),
            (9_999, 3, "open"),
            (9_999, 4, "part_kept"),
            (10_000, 0, "kept"),
            (10_000, 4, "kept"),
        ],
    )
    def test_is_judged_by_what_came_in_and_by_the_last_day_of_grace(self, paid: int, on: int, state: str) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 20_000, days(-30))
        book.promise(debtor, 10_000, days(-10), DAY)
        if paid:
            book.payment(debtor, paid, DAY)
        found = promises(book.facts().on(days(on)), house_rules(), days(on)).to_dicts()
        assert [(row["state"], row["received_minor"]) for row in found] == [(state, paid)]

    def test_in_one_currency_does_not_stop_the_other(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 10_000, days(-20))
        book.invoice(debtor, 10_000, days(-20), currency="USD")
        book.promise(debtor, 10_000, days(-1), days(10), currency="USD")
        assert dict(book.decide().lines.select("currency", "action").rows()) == {"EUR": "message", "USD": "none"}


class TestTheWindow:
    @pytest.mark.parametrize(
        ("kind", "country", "zone", "moment", "opens", "closes"),
        [
            # summer time begins in Berlin on 29 March 2026, a Sunday; the Monday opens an hour earlier in UTC
            ("consumer", "DE", None, "2026-03-28T19:30:00Z", "2026-03-30T07:00:00Z", "2026-03-30T17:00:00Z"),
            ("consumer", "DE", None, "2026-03-27T20:00:00Z", "2026-03-28T08:00:00Z", "2026-03-28T16:00:00Z"),
            ("consumer", "DE", None, "2026-10-24T10:00:00Z", "2026-10-24T07:00:00Z", "2026-10-24T15:00:00Z"),
            ("consumer", "DE", None, "2026-10-24T18:00:00Z", "2026-10-26T08:00:00Z", "2026-10-26T18:00:00Z"),
            ("business", "DE", None, "2026-03-27T20:00:00Z", "2026-03-30T06:00:00Z", "2026-03-30T16:00:00Z"),
            # where nobody told what he is, both rules are kept
            (None, "DE", None, "2026-03-27T20:00:00Z", "2026-03-30T07:00:00Z", "2026-03-30T16:00:00Z"),
            # the whole of China keeps Beijing time, Xinjiang too
            ("business", "CN", None, "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-02T10:00:00Z"),
            # half an hour, and three quarters of an hour
            ("business", "IN", None, "2026-03-02T00:00:00Z", "2026-03-02T02:30:00Z", "2026-03-02T12:30:00Z"),
            ("business", "NP", None, "2026-03-02T00:00:00Z", "2026-03-02T02:15:00Z", "2026-03-02T12:15:00Z"),
            # somewhere in the United States: from eight in Adak until six in the evening in New York
            ("business", "US", None, "2026-03-03T01:00:00Z", "2026-03-03T18:00:00Z", "2026-03-03T23:00:00Z"),
            ("consumer", "US", None, "2026-03-03T01:00:00Z", "2026-03-03T19:00:00Z", "2026-03-04T00:00:00Z"),
            ("business", "US", "America/Lima", "2026-03-03T00:00:00Z", "2026-03-03T13:00:00Z", "2026-03-03T23:00:00Z"),
            # nothing known: no hour is right everywhere
            ("business", None, None, "2026-03-02T00:00:00Z", None, None),
            ("consumer", "XX", None, "2026-03-02T00:00:00Z", None, None),
        ],
    )  # fmt: skip
    def test_follows_the_clocks_of_the_place(
        self,
        kind: str | None,
        country: str | None,
        zone: str | None,
        moment: str,
        opens: str | None,
        closes: str | None,
    ) -> None:
        book = Book()
        book.debtor(country=country, zone=zone, kind=kind)
        assert _window(book, moment) == tuple(
            datetime.fromisoformat(each) if each else None for each in (opens, closes)
        )

    def test_passes_by_the_holidays_of_the_place(self) -> None:
        book = Book()
        book.debtor(country="DE", region="BY")
        book.day_off("DE", days(1))
        book.day_off("DE-BY", days(0), days(1))
        assert _window(book, "2026-03-02T09:00:00Z")[0] == datetime(2026, 3, 4, 7, tzinfo=UTC)
        book.rows["debtors"][0]["region"] = None
        assert _window(book, "2026-03-02T09:00:00Z")[0] == datetime(2026, 3, 2, 7, tzinfo=UTC)

    def test_lies_in_all_the_zones_of_his_addresses(self) -> None:
        book = Book()
        book.debtor(country="US", zones="America/New_York Pacific/Honolulu")
        assert _window(book, "2026-03-03T00:00:00Z") == (
            datetime(2026, 3, 3, 18, tzinfo=UTC), datetime(2026, 3, 3, 23, tzinfo=UTC),
        )  # fmt: skip

    def test_is_asked_of_the_rules_of_the_creditors_day(self) -> None:
        """Midnight in Shanghai is still yesterday in Greenwich: a rule in force from today on must already bind."""
        texts = {
            name: text.replace('2020-01-01: {from: "08:00", until: "18:00"', f'{DAY}: {{from: "08:00", until: "18:00"')
            for name, text in house_rules().texts.items()
        }
        assert texts != house_rules().texts
        book = Book("Asia/Shanghai")
        debtor = book.debtor(country="CN", channels=("email",))
        book.invoice(debtor, 10_000, days(-20))
        line = book.line(rules=read_rules(texts))
        assert line["not_before_at"] == datetime.combine(DAY, time(), UTC)
        moment = datetime.combine(DAY, time(), UTC) - timedelta(hours=8)
        assert book.line(days(-1), rules=read_rules(texts))["not_before_at"] == moment - timedelta(days=1)

    @pytest.mark.parametrize(("kind", "rule"), [("business", "house.trade.hours"), ("consumer", "house.natural.hours")])
    def test_sends_a_debtor_of_unknown_place_to_a_person_but_lets_a_letter_go(self, kind: str, rule: str) -> None:
        book = Book()
        mail, letter = (
            book.debtor("D1", country=None, channels=("email",), kind=kind),
            book.debtor("D2", country=None, channels=("letter",), kind=kind),
        )
        for debtor in (mail, letter):
            book.invoice(debtor, 10_000, days(-20))
        lines = {line["debtor_id"]: line for line in book.decide().lines.to_dicts()}
        assert (lines[mail]["action"], lines[mail]["rule"]) == ("task", rule)
        assert (lines[letter]["action"], lines[letter]["channel"]) == ("message", "letter")


def _window(book: Book, moment: str) -> tuple[datetime | None, datetime | None]:
    """When the only debtor may be called next."""
    said = windows(book.facts(), house_rules(), datetime.fromisoformat(moment))
    opened, closed = said.hours.windows.filter(pl.col("channel") == "email").select("open_at", "close_at").row(0)
    return opened, closed
