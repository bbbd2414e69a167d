"""The engine equals its independent second implementation, on every column, for books nobody thought of."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.engine.book import cash, claims
from dunwell.engine.book.ageing import ageing
from dunwell.engine.book.promises import promises
from dunwell.engine.contact.findings import FINDINGS, windows
from dunwell.engine.day.decide import DECISIONS, LINE_ITEMS, LINES, decide
from dunwell.engine.day.notes import NOTES
from dunwell.rulebook.rules_file import Rules, house_rules, read_rules
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import default_strategy
from tests.engine.book import Book, days
from tests.engine.books import around, books, promising_books
from tests.engine.list_books import list_books
from tests.engine.news_books import news_books
from tests.engine.strategies import strategies
from tests.oracles.book_contacts import FOR_EVER, NO_ADDRESS
from tests.oracles.contact import CHANNELS
from tests.oracles.engine import Oracle
from tests.oracles.engine import ageing as oracle_ageing
from tests.support.strategies import WITHOUT_NETTING, plain_strategy, with_text

_NEWS = "at_once: [promise_broken, payment_bounced]"
AT_ONCE = with_text("pause_days: 7", f"pause_days: 7\n{_NEWS}")
AT_ONCE_TOGETHER = with_text("pause_days: 7", f"pause_days: 7\nlevel: debtor\n{_NEWS}")


def _other_rules() -> Rules:
    """The rules with other numbers and scopes, and some more: they may ask a lot of a debtor in Germany too."""
    changes = [
        ("{most: 3, days: 7,", "{most: 1, days: 14,"),
        ("{entries: [cease_request]}", "{entries: [cease_request, talks]}"),
        ("{purpose: [collection, service]}\n  kind: register", "{channel: [email, phone]}\n  kind: register"),
        ("{most: 5, days: 7, per: person,", "{most: 1, days: 7, per: debt,"),
        ("most: 8}", "most: 3}"),
        ("grace_days: 3", "grace_days: 0"),
    ]  # fmt: skip
    texts = dict(house_rules().texts)
    for old, new in changes:
        assert any(old in text for text in texts.values()), old
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    return read_rules({**texts, "more/more.yaml": MORE_RULES})


MORE_RULES = """
- id: more.talk
  title: {en: A talk about a debt, zh-Hans: 谈过, zh-Hant: 談過}
  applies: {debtor: [consumer], channel: [phone, email], to: [debtor]}
  kind: wait
  effect: presumed-violation
  strength: law
  values:
    2020-01-01: {days: 5, after: [reached], per: debt}
  unless: [direct_consent]
  citation: {source: an example, confidence: official, quote: ""}
  review_by: 2027-11-22
  cases: [{name: nothing, finding: allowed}]
- id: more.notice
  title: {en: The notice first, zh-Hans: 先通知, zh-Hant: 先通知}
  applies: {collector: [agency]}
  kind: requires
  effect: forbidden
  strength: law
  values:
    2020-01-01: {entry: notice_sent, purpose: placement, days_after: 2, within_days: 12}
  citation: {source: an example, confidence: official, quote: ""}
  review_by: 2027-11-22
  cases: [{name: nothing, finding: allowed}]
- id: more.holidays
  title: {en: Not on holidays, zh-Hans: 假日不催, zh-Hant: 假日不催}
  applies: {place: [DE-BY, CN, US], channel: [email, letter]}
  kind: hours
  effect: advice
  strength: law
  values:
    2020-01-01: {from: "06:00", until: "20:30", weekdays: [1, 2, 3, 4, 5, 6, 7], holidays: closed, until_included: true}
  citation: {source: an example, confidence: official, quote: ""}
  review_by: 2027-11-22
  cases: [{name: nothing, finding: allowed}]
- id: more.no-holidays
  title: {en: Banks may, zh-Hans: 银行可以, zh-Hant: 銀行可以}
  applies: {creditor: [bank], place: [US]}
  kind: exception
  excepts: more.holidays
  effect: note
  strength: law
  values:
    2020-01-01: {lifts: true}
  citation: {source: an example, confidence: official, quote: ""}
  review_by: 2027-11-22
  cases: [{name: nothing, finding: allowed}]
"""
OTHER_RULES = _other_rules()


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
    assert rows(got, columns) == same(oracle.before_petty, columns)
    pairs = {(p, r): (minor, reason) for p, r, _, minor, reason in cash.matches(known).rows()}
    assert pairs == oracle.cash.pairs
    assert rows(promises(known, rules, day), ["promise_id", "received_minor", "until_date", "state"]) == same(
        oracle.promises(), ["promise_id", "received_minor", "until_date", "state"]
    )
    outcome = decide(facts, strategy, rules, day, moment)
    assert list(outcome.findings.columns) == list(FINDINGS)
    assert_finds_the_same(book, outcome.findings, oracle)
    assert rows(outcome.lines, list(LINES)) == same(oracle.lines, list(LINES))
    assert rows(outcome.notes, list(NOTES)) == same(oracle.notes, list(NOTES))
    assert rows(outcome.items, list(LINE_ITEMS)) == same(oracle.line_items, list(LINE_ITEMS))
    assert rows(outcome.decisions, list(DECISIONS)) == same(oracle.decisions, list(DECISIONS))
    table = {
        (c, b): (n, minor, asked)
        for c, b, n, minor, asked in ageing(known, day)
        .select("currency", "bucket", "items", "open_minor", "demand_minor")
        .rows()
    }
    assert table == oracle_ageing(oracle.before_petty)


def assert_finds_the_same(book: Book, found: pl.DataFrame, oracle: Oracle) -> None:
    """What is said of each debtor's contacts, by channel, address and currency: rule, effect, debt -> count, until."""
    told = found.to_dicts()
    for debtor in book.rows["debtors"]:
        key = debtor["debtor_id"]
        own = [row["contact_point_id"] for row in book.rows["contact_points"] if row["debtor_id"] == key]
        for channel, point, currency in product(CHANNELS, [None, *own], [None, "EUR", "JPY"]):
            if point is not None and currency is not None:
                continue
            mine: dict[tuple[str, str, int | None], tuple[int | None, float]] = {}
            for row in told:
                if (
                    row["debtor_id"] == key
                    and row["channel"] in (None, channel)
                    and row["contact_point_id"] in (None, point)
                    and row["currency"] in (None, currency)
                ):
                    what = (row["rule"], row["effect"], row["receivable_id"])
                    until = row["until_at"].timestamp() if row["until_at"] else FOR_EVER
                    mine[what] = (row["count"], max(until, mine.get(what, (0, 0.0))[1]))
            address = NO_ADDRESS if point is None else str(point)
            assert mine == {
                (each.rule, each.effect, None if each.debt is None else int(each.debt)): (
                    each.counted, FOR_EVER if each.until is None else each.until,
                )
                for each in oracle.contacts.said(debtor, channel, address, currency)
                # what only wants to be known stops nothing, and a day does not ask for it
                if each.effect != "note"
            }, (debtor, channel, point, currency)  # fmt: skip


class TestTheEngine:
    @settings(max_examples=15)
    @given(books(), around(20, 20))
    def test_equals_the_oracle(self, book: Book, day: date) -> None:
        compare(book, day, plain_strategy(), house_rules())

    @settings(max_examples=15)
    @given(books(), around(20, 20))
    def test_equals_the_oracle_without_netting_and_under_other_rules(self, book: Book, day: date) -> None:
        compare(book, day, WITHOUT_NETTING, OTHER_RULES)

    @settings(max_examples=40)
    @given(books(), around(20, 20), strategies())
    def test_equals_the_oracle_under_any_strategy(self, book: Book, day: date, strategy: Strategy) -> None:
        compare(book, day, strategy, house_rules())

    @settings(max_examples=15)
    @given(books(), around(20, 20))
    def test_equals_the_oracle_under_the_default_strategy(self, book: Book, day: date) -> None:
        compare(book, day, default_strategy(), house_rules())

    @settings(max_examples=200)
    @given(news_books(), around(2, 6), st.sampled_from([default_strategy(), AT_ONCE, AT_ONCE_TOGETHER]))
    def test_equals_the_oracle_where_news_act_at_once(self, book: Book, day: date, strategy: Strategy) -> None:
        compare(book, day, strategy, house_rules())

    @settings(max_examples=40)
    @given(promising_books(), around(4, 4), st.one_of(st.none(), strategies()))
    def test_equals_the_oracle_about_promises(self, book: Book, day: date, strategy: Strategy | None) -> None:
        compare(book, day, strategy or default_strategy(), house_rules())

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=1_000)
    @given(promising_books(), around(4, 4), st.one_of(st.none(), strategies()), st.booleans())
    def test_equals_the_oracle_about_many_promises(
        self, book: Book, day: date, strategy: Strategy | None, other: bool
    ) -> None:
        compare(book, day, strategy or default_strategy(), OTHER_RULES if other else house_rules())

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=500)
    @given(books(debtors=5), around(20, 20), strategies())
    def test_equals_the_oracle_under_many_strategies(self, book: Book, day: date, strategy: Strategy) -> None:
        compare(book, day, strategy, house_rules())

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @settings(max_examples=500)
    @given(books(debtors=5), around(20, 20), st.booleans())
    def test_equals_the_oracle_many_times(self, book: Book, day: date, netting: bool) -> None:
        compare(book, day, plain_strategy() if netting else WITHOUT_NETTING, house_rules())

    @settings(max_examples=20)
    @given(
        st.sampled_from(["DE", "US", "CN", "IN", "NP", "RU", "BR", "AU", None, "XX"]),
        st.sampled_from(["consumer", "business", None]), st.integers(0, 600 * 24 * 4), st.lists(st.integers(0, 30)),
    )  # fmt: skip
    def test_finds_the_same_windows_as_the_oracle(
        self, country: str | None, kind: str | None, quarter: int, off: list[int]
    ) -> None:
        book = Book("Asia/Shanghai")
        book.debtor(country=country, kind=kind)
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
        day = moment.astimezone(ZoneInfo(book.zone)).date()
        book.day_off(country or "DE", *(days(count, day) for count in off))
        oracle = Oracle(book.facts(), plain_strategy(), house_rules(), day, moment)
        hours = windows(book.facts(), house_rules(), moment).hours
        for row in hours.windows.to_dicts():
            opened, closed, shut = oracle.contacts.opens(book.rows["debtors"][0], row["channel"])
            ends = closed and (row["open_at"], row["close_at"])
            assert (row["open_at"] and max(row["open_at"], moment), row["rule"]) == (opened, shut), row["channel"]
            assert ends is None or ends[1] == closed


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
