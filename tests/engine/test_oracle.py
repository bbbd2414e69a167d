"""The engine equals its independent second implementation, on every column, for books nobody thought of."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.engine import cash, claims
from dunwell.engine.ageing import ageing
from dunwell.engine.decide import DECISIONS, LINE_ITEMS, LINES, decide
from dunwell.engine.findings import FINDINGS, promises, windows
from dunwell.rulebook.rules_file import Rules, house_rules, read_rules
from dunwell.rulebook.strategy import Strategy, default_strategy, read_strategy
from tests.engine.book import Book
from tests.engine.books import around, books
from tests.engine.list_books import list_books
from tests.oracles.engine import Oracle
from tests.oracles.engine import ageing as oracle_ageing

WITHOUT_NETTING = read_strategy(default_strategy().text.replace("netting: true", "netting: false"))


def _phone_and_mail_rules() -> Rules:
    """House rules with a narrower cap, and holds that bind some channels only."""
    texts = {
        name: text.replace("contacts: 3, days: 7", "contacts: 1, days: 14")
        for name, text in house_rules().texts.items()
    }
    narrow = {
        name: text.replace(
            "2020-01-01: {reasons: [cease_request]}", "2020-01-01: {reasons: [cease_request, talks]}"
        ).replace(
            "applies: {channel: [email, letter, sms, phone, visit, im]}\n  kind: hold",
            "applies: {channel: [email, phone]}\n  kind: hold",
        )
        for name, text in texts.items()
    }
    assert narrow != texts != house_rules().texts
    return read_rules(narrow)


OTHER_RULES = _phone_and_mail_rules()


def same(found: list[dict[str, object]], columns: list[str]) -> list[str]:
    return sorted(" ".join(f"{name}={row[name]}" for name in columns) for row in found)


def rows(frame: pl.DataFrame, columns: list[str]) -> list[str]:
    return same(frame.to_dicts(), columns)


def compare(book: Book, day: date, strategy: Strategy, rules: Rules) -> None:
    facts = book.facts()
    moment = datetime.combine(day, time(), ZoneInfo(book.zone)).astimezone(UTC)
    oracle = Oracle(facts, strategy, rules, day, moment)
    known = facts.on(day)
    got = claims.with_credit(known, day, netting=strategy.netting)
    columns = [name for name in got.columns if name not in ("whole", "part_minor")]
    assert rows(got, columns) == same(oracle.open, columns)
    pairs = {(p, r): (minor, reason) for p, r, _, minor, reason in cash.matches(known).rows()}
    assert pairs == oracle.cash.pairs
    assert rows(promises(known, rules, day), ["promise_id", "received_minor", "until_date", "state"]) == same(
        oracle.promises(), ["promise_id", "received_minor", "until_date", "state"]
    )
    outcome = decide(facts, strategy, rules, day, moment)
    assert rows(outcome.findings, list(FINDINGS)) == same(oracle.findings, list(FINDINGS))
    assert rows(outcome.lines, list(LINES)) == same(oracle.lines, list(LINES))
    assert rows(outcome.items, list(LINE_ITEMS)) == same(oracle.line_items, list(LINE_ITEMS))
    assert rows(outcome.decisions, list(DECISIONS)) == same(oracle.decisions, list(DECISIONS))
    table = {
        (c, b): (n, minor, asked)
        for c, b, n, minor, asked in ageing(known, day)
        .select("currency", "bucket", "items", "open_minor", "demand_minor")
        .rows()
    }
    assert table == oracle_ageing(oracle.open)


class TestTheEngine:
    @given(books(), around(20, 20))
    def test_equals_the_oracle(self, book: Book, day: date) -> None:
        compare(book, day, default_strategy(), house_rules())

    @given(books(), around(20, 20))
    def test_equals_the_oracle_without_netting_and_under_other_rules(self, book: Book, day: date) -> None:
        compare(book, day, WITHOUT_NETTING, OTHER_RULES)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=800)
    @given(books(debtors=5), around(20, 20), st.booleans())
    def test_equals_the_oracle_many_times(self, book: Book, day: date, netting: bool) -> None:
        compare(book, day, default_strategy() if netting else WITHOUT_NETTING, house_rules())

    @given(st.sampled_from(["DE", "US", "CN", "IN", "NP", "RU", "BR", "AU", None, "XX"]), st.integers(0, 600 * 24 * 4))
    def test_finds_the_same_window_as_one_who_looks_at_every_quarter_of_an_hour(
        self, country: str | None, quarter: int
    ) -> None:
        book = Book("Asia/Shanghai")
        book.debtor(country=country)
        moment = datetime(2026, 1, 1, tzinfo=UTC) + quarter * (datetime(2026, 1, 1, 0, 15) - datetime(2026, 1, 1))  # noqa: DTZ001
        day = moment.astimezone(ZoneInfo(book.zone)).date()
        oracle = Oracle(book.facts(), default_strategy(), house_rules(), day, moment)
        found = windows(book.facts(), house_rules(), moment).select("open_at", "close_at").row(0)
        expected = oracle.window(book.rows["debtors"][0])
        assert (found[1], found[0] and max(found[0], moment)) == (expected[1], expected[0] and max(expected[0], moment))


class TestMoneyBesideLists:
    """Cash alone, so that many books of lists and bank lines can be compared."""

    @settings(max_examples=60)
    @given(list_books(), around(20, 8))
    def test_equals_the_oracle(self, book: Book, day: date) -> None:
        _compare_cash(book, day)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=3_000)
    @given(list_books(), around(20, 8))
    def test_equals_the_oracle_many_times(self, book: Book, day: date) -> None:
        _compare_cash(book, day)


def _compare_cash(book: Book, day: date) -> None:
    known = book.facts().on(day)
    found = Oracle.money_alone(book.facts(), day)
    assert {(p, r): (minor, why) for p, r, _, minor, why in cash.matches(known).rows()} == found.pairs
    loose = cash.apply_cash(known).loose.select("debtor_id", "currency", "loose_minor").rows()
    assert {(debtor, currency): minor for debtor, currency, minor in loose} == dict(found.loose)
