"""Every rule's own cases, asked of the engine on a book of one debtor."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from dunwell.engine.findings import findings, promises, windows
from dunwell.engine.hours import next_window
from dunwell.rulebook.rules_file import Rule, house_rules, read_rules
from tests.engine.book import DAY, Book, days

CASES = [
    pytest.param(rule, case, id=f"{rule.id}: {case['name']}") for rule in house_rules().rules for case in rule.cases
]


def in_hours(rule: Rule, case: dict[str, Any]) -> str:
    moment = datetime.fromisoformat(case["at"])
    value = rule.on(moment.date())
    assert value is not None
    opened, _ = next_window(tuple(case["zones"]), moment, [value])
    return "allowed" if opened is not None and opened <= moment else "forbidden"


def on_the_day(rule: Rule, case: dict[str, Any]) -> str:
    book = Book()
    debtor = book.debtor()
    book.invoice(debtor, 10_000, days(-20))
    if rule.kind == "frequency":
        for ago in case["contacts_days_ago"]:
            book.contact(debtor, days(-ago))
    if rule.kind == "hold":
        until = case.get("until_days_ago")
        book.hold(debtor, case["hold"], days(-case["from_days_ago"]), None if until is None else days(-until))
    if rule.kind == "complaint":
        answered = case.get("answered_days_ago")
        book.complaint(debtor, days(-case["complaint_opened_days_ago"]), None if answered is None else days(-answered))
    if rule.kind == "promise":
        book.promise(debtor, 10_000, days(-case["promise_due_days_ago"] - 10), days(-case["promise_due_days_ago"]))
    found = findings(book.facts().on(DAY), house_rules(), DAY).filter(pl.col("rule") == rule.id)
    spoken = found["effect"].unique().to_list()
    line = book.line()
    if spoken == ["forbidden"]:
        assert (line["action"], line["reason"], line["rule"]) == ("none", "forbidden", rule.id)
    else:
        assert (line["action"], line["reason"]) == ("message", "step_due")
    return spoken[0] if spoken else "allowed"


class TestTheCase:
    @pytest.mark.parametrize(("rule", "case"), CASES)
    def test_of_a_rule_is_what_the_engine_finds(self, rule: Rule, case: dict[str, Any]) -> None:
        found = in_hours(rule, case) if rule.kind == "hours" else on_the_day(rule, case)
        assert found == case["finding"]

    def test_exists_on_both_sides_of_every_rule_that_has_a_bound(self) -> None:
        for rule in house_rules().rules:
            assert {case["finding"] for case in rule.cases} == {"allowed", "forbidden"}, rule.id


class TestTheCap:
    def test_of_three_is_full_with_three_and_not_with_two(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 10_000, days(-20))
        book.contact(debtor, days(-6), currency="USD")
        book.contact(debtor, days(-1), currency="USD")
        assert book.line()["action"] == "message"
        book.contact(debtor, days(0), currency="USD")
        line = book.line()
        assert (line["reason"], line["rule"], line["next_date"]) == ("forbidden", "house.frequency", days(1))
        assert book.line(days(1))["action"] == "message"

    def test_protects_a_person_with_two_accounts(self) -> None:
        book = Book()
        one, other = book.debtor("D1", person=7), book.debtor("D2", person=7)
        stranger = book.debtor("D3")
        for debtor in (one, other, stranger):
            book.invoice(debtor, 10_000, days(-20))
        for ago in (1, 2, 3):
            book.contact(one, days(-ago), channel="phone", currency=None)
        reasons = dict(book.decide().lines.select("debtor_id", "reason").rows())
        assert reasons == {one: "forbidden", other: "forbidden", stranger: "step_due"}

    def test_counts_what_may_have_arrived_but_neither_failures_nor_what_the_debtor_sent(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 10_000, days(-20))
        book.contact(debtor, days(-1), direction="in", currency=None)
        book.contact(debtor, days(-1), outcome="undeliverable", currency=None)
        book.contact(debtor, days(-1), outcome="unknown", currency=None)
        book.contact(debtor, days(-2), currency=None)
        assert book.line()["action"] == "message"
        book.contact(debtor, days(-3), outcome="unknown", currency=None)
        assert book.line()["rule"] == "house.frequency"


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
        ("country", "zone", "moment", "opens", "closes"),
        [
            # summer time begins in Berlin on 29 March 2026, a Sunday; the Monday opens an hour earlier in UTC
            ("DE", None, "2026-03-28T19:30:00Z", "2026-03-30T06:00:00Z", "2026-03-30T18:00:00Z"),
            ("DE", None, "2026-03-27T20:00:00Z", "2026-03-28T07:00:00Z", "2026-03-28T19:00:00Z"),
            ("DE", None, "2026-10-24T10:00:00Z", "2026-10-24T06:00:00Z", "2026-10-24T18:00:00Z"),
            ("DE", None, "2026-10-24T18:00:00Z", "2026-10-26T07:00:00Z", "2026-10-26T19:00:00Z"),
            # the whole of China keeps Beijing time, Xinjiang too
            ("CN", None, "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-02T12:00:00Z"),
            # half an hour, and three quarters of an hour
            ("IN", None, "2026-03-02T00:00:00Z", "2026-03-02T02:30:00Z", "2026-03-02T14:30:00Z"),
            ("NP", None, "2026-03-02T00:00:00Z", "2026-03-02T02:15:00Z", "2026-03-02T14:15:00Z"),
            # somewhere in the United States: from eight in Adak until eight in the evening in New York
            ("US", None, "2026-03-03T01:00:00Z", "2026-03-03T18:00:00Z", "2026-03-04T01:00:00Z"),
            ("US", "America/Chicago", "2026-03-03T00:00:00Z", "2026-03-02T14:00:00Z", "2026-03-03T02:00:00Z"),
            # nothing known: no hour is right everywhere
            (None, None, "2026-03-02T00:00:00Z", None, None),
            ("XX", None, "2026-03-02T00:00:00Z", None, None),
        ],
    )
    def test_follows_the_clocks_of_the_place(
        self, country: str | None, zone: str | None, moment: str, opens: str | None, closes: str | None
    ) -> None:
        book = Book()
        book.debtor(country=country, zone=zone)
        found = (
            windows(book.facts(), house_rules(), datetime.fromisoformat(moment)).select("open_at", "close_at").row(0)
        )
        assert found == tuple(datetime.fromisoformat(each) if each else None for each in (opens, closes))

    def test_is_asked_of_the_rules_of_the_creditors_day(self) -> None:
        """Midnight in Shanghai is still yesterday in Greenwich: a rule in force from today on must already bind."""
        texts = {
            name: text.replace("2020-01-01: {from", f"{DAY.isoformat()}: {{from")
            for name, text in house_rules().texts.items()
        }
        book = Book("Asia/Shanghai")
        debtor = book.debtor(country="CN", channels=("email",))
        book.invoice(debtor, 10_000, days(-20))
        line = book.line(rules=read_rules(texts))
        assert line["not_before_at"] == datetime.combine(DAY, time(), UTC)
        moment = datetime.combine(DAY, time(), UTC) - timedelta(hours=8)
        assert book.line(days(-1), rules=read_rules(texts))["not_before_at"] == moment - timedelta(days=1)

    def test_sends_a_debtor_of_unknown_place_to_a_person_but_lets_a_letter_go(self) -> None:
        book = Book()
        mail, letter = (
            book.debtor("D1", country=None, channels=("email",)),
            book.debtor("D2", country=None, channels=("letter",)),
        )
        for debtor in (mail, letter):
            book.invoice(debtor, 10_000, days(-20))
        lines = {line["debtor_id"]: line for line in book.decide().lines.to_dicts()}
        assert (lines[mail]["action"], lines[mail]["rule"]) == ("task", "house.hours")
        assert (lines[letter]["action"], lines[letter]["channel"]) == ("message", "letter")
