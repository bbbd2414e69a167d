"""What must hold for every book: nothing is lost or asked twice, and nothing hangs on ids or the order of rows."""

import random
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.terms import Stage
from dunwell.engine.book import cash, claims
from dunwell.engine.day import history
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.day.shards import of_facts, told_until
from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.evidence.frames import frame_hash
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy import Strategy
from tests.engine.book import DAY, Book, days
from tests.engine.books import around, books
from tests.engine.strategies import strategies
from tests.support.strategies import plain_strategy

_IDS = {
    "debtor_id": "debtors", "receivable_id": "receivables", "parent_id": "receivables", "payment_id": "payments",
    "reverses_id": "payments", "contact_id": "contacts", "promise_id": "promises", "dispute_id": "disputes",
    "hold_id": "holds", "complaint_id": "complaints", "register_id": "registers",
}  # fmt: skip


def outcome_of(facts: Facts, zone: str, day: date, told_until: date | None = None) -> Outcome:
    moment = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    return decide(facts, plain_strategy(), house_rules(), day, moment, told_until=told_until)


def under(strategy: Strategy, book: Book, day: date) -> Outcome:
    moment = datetime.combine(day, time(), ZoneInfo(book.zone)).astimezone(UTC)
    return decide(book.facts(), strategy, house_rules(), day, moment)


def hashes(outcome: Outcome) -> list[str]:
    return [frame_hash(frame) for frame in (outcome.lines, outcome.items, outcome.findings, outcome.decisions)]


def renumbered(book: Book, seed: int) -> Book:
    """The same book whose rows arrived in another order, so that all ids differ (addresses keep theirs: their rank
    tells them apart)."""
    picked = random.Random(seed)
    new: dict[str, dict[int, int]] = {}
    for frame in set(_IDS.values()):
        old = [row[next(iter(SCHEMAS[frame]))] for row in book.rows[frame]]
        new[frame] = dict(zip(old, picked.sample(range(1, 1_000), len(old)), strict=True))
    other = Book(book.zone)
    for frame, rows in book.rows.items():
        other.rows[frame] = [
            {
                name: new[_IDS[name]][value] if name in _IDS and value is not None else value
                for name, value in row.items()
            }
            for row in rows
        ]
        picked.shuffle(other.rows[frame])
    return other


def by_number(book: Book, outcome: Outcome) -> list[list[dict[str, Any]]]:
    """An outcome with numbers in the place of ids."""
    debtors = {row["debtor_id"]: row["number"] for row in book.rows["debtors"]}
    receivables = {row["receivable_id"]: (row["kind"], row["number"]) for row in book.rows["receivables"]}
    found = []
    for frame in (outcome.lines, outcome.items, outcome.findings, outcome.decisions):
        rows = [
            {
                name: debtors[value]
                if name == "debtor_id"
                else receivables[value]
                if name == "receivable_id" and value is not None
                else value
                for name, value in row.items()
            }
            for row in frame.to_dicts()
        ]
        found.append(sorted(rows, key=str))
    return found


class TestMoney:
    @given(books(), around(20, 20))
    def test_is_either_matched_or_unallocated(self, book: Book, day: date) -> None:
        known = book.facts().on(day)
        came = cash.effective_money(known)
        applied = cash.apply_cash(known)
        paid, loose = applied.paid, applied.loose
        for debtor, currency, minor in came.group_by("debtor_id", "currency").agg(pl.col("amount_minor").sum()).rows():
            mine = (pl.col("debtor_id") == debtor) & (pl.col("currency") == currency)
            assert minor == paid.filter(mine)["amount_minor"].sum() + loose.filter(mine)["loose_minor"].sum()

    @given(books(ledger=False), around(20, 20))
    def test_of_the_bank_is_all_counted_once(self, book: Book, day: date) -> None:
        known = book.facts().on(day)
        notes = {r["receivable_id"] for r in book.rows["receivables"] if r["kind"] == "credit_note"}
        paid_in = known["payments"].filter(~pl.col("receivable_id").is_in(notes).fill_null(value=False))
        of_notes = {r["payment_id"] for r in book.rows["payments"] if r["receivable_id"] in notes}
        paid_in = paid_in.filter(~pl.col("reverses_id").is_in(of_notes).fill_null(value=False))
        came = cash.effective_money(known).filter(pl.col("payment_id").is_not_null())
        came = came.filter(~pl.col("payment_id").is_in(of_notes))
        assert came["amount_minor"].sum() == paid_in["amount_minor"].sum()

    @given(books(), around(20, 20))
    def test_never_pays_more_than_is_owed_or_was_paid(self, book: Book, day: date) -> None:
        known = book.facts().on(day)
        paid = cash.apply_cash(known).paid
        owed = dict(cash.components(known).select("receivable_id", "amount_minor").rows())
        for item, minor in paid.group_by("receivable_id").agg(pl.col("amount_minor").sum()).rows():
            assert 0 < minor <= owed[item]
        came = {p: minor for p, minor in cash.money(known).select("payment_id", "amount_minor").rows() if p}
        for payment, minor in cash.matches(known).group_by("payment_id").agg(pl.col("amount_minor").sum()).rows():
            assert minor <= came[payment]


class TestADemand:
    @given(books(), around(20, 20))
    def test_never_exceeds_what_is_open(self, book: Book, day: date) -> None:
        items = claims.with_credit(book.facts().on(day), day, netting=True)
        assert items.filter((pl.col("open_minor") <= 0) | (pl.col("net_minor") < 0)).is_empty()
        assert items.filter(pl.col("net_minor") > pl.col("demand_minor")).is_empty()
        assert items.filter(pl.col("demand_minor") + pl.col("disputed_minor") > pl.col("open_minor")).is_empty()

    @given(books(), around(20, 20))
    def test_is_the_sum_of_its_items_less_credit(self, book: Book, day: date) -> None:
        outcome = outcome_of(book.facts(), book.zone, day)
        before = dict(history.reached(book.facts().on(day), day).select("receivable_id", "written").rows())
        for line in outcome.lines.filter(pl.col("action") == "message").to_dicts():
            mine = (pl.col("debtor_id") == line["debtor_id"]) & (pl.col("currency") == line["currency"])
            items = outcome.items.filter(mine)
            assert 0 < line["total_minor"] <= items["demand_minor"].sum()
            assert items["demand_minor"].sum() - line["total_minor"] <= line["credit_minor"]
            for item, stage in items.select("receivable_id", "stage").rows():
                assert line["stage"] < Stage.PERSON
                assert stage <= max(line["stage"], before.get(item, 0))
        assert (
            outcome.items.select("debtor_id", "currency").unique().height
            == outcome.lines.filter(pl.col("action") == "message").height
        )

    @settings(max_examples=15)
    @given(books(ledger=False), around(20, 20), st.integers(1, 40_000), st.data())
    def test_never_grows_by_a_payment(self, book: Book, day: date, minor: int, data: st.DataObject) -> None:
        owed = [row for row in book.rows["receivables"] if row["kind"] != "credit_note"]
        before = _overdue(book, day)
        for pair, named in ((p, n) for p in before for n in (None, data.draw(st.sampled_from([None, *owed])))):
            receivable = named["receivable_id"] if named and named["debtor_id"] == pair[0] else None
            book.payment(pair[0], minor, days(-data.draw(st.integers(0, 90)), day), receivable, currency=pair[1])
            after = _overdue(book, day)
            assert all(after.get(each, 0) <= before[each] for each in before)
            before = {each: after.get(each, 0) for each in before}


def _overdue(book: Book, day: date) -> dict[tuple[int, str], int]:
    lines = outcome_of(book.facts(), book.zone, day).lines
    return {
        (debtor, currency): minor
        for debtor, currency, minor in lines.select("debtor_id", "currency", "overdue_minor").rows()
    }


class TestADecision:
    @settings(max_examples=20)
    @given(books(), around(20, 20), st.integers(0, 2**16))
    def test_does_not_hang_on_the_order_of_rows(self, book: Book, day: date, seed: int) -> None:
        facts = book.facts()
        mixed = Facts({n: facts[n].sample(fraction=1, shuffle=True, seed=seed) for n in SCHEMAS})
        assert hashes(outcome_of(facts, book.zone, day)) == hashes(outcome_of(mixed, book.zone, day))

    @settings(max_examples=20)
    @given(books(), around(20, 20), st.integers(0, 2**16))
    def test_does_not_hang_on_ids_nor_so_on_the_order_of_arrival(self, book: Book, day: date, seed: int) -> None:
        other = renumbered(book, seed)
        one = by_number(book, outcome_of(book.facts(), book.zone, day))
        assert one == by_number(other, outcome_of(other.facts(), other.zone, day))

    @settings(max_examples=20)
    @given(books(), around(20, 20))
    def test_about_one_person_is_the_same_as_in_the_whole_book(self, book: Book, day: date) -> None:
        facts = book.facts()
        whole = outcome_of(facts, book.zone, day)
        shards = []
        for person in facts["debtors"]["person_id"].unique().sort():
            mine = facts["debtors"].filter(pl.col("person_id") == person)["debtor_id"].implode()
            frames = {
                name: facts[name].filter(pl.col("debtor_id").is_in(mine))
                if "debtor_id" in SCHEMAS[name]
                else facts[name]
                for name in SCHEMAS
            }
            shards.append(outcome_of(Facts(frames), book.zone, day, told_until(of_facts(facts), day)))
        for part in ("lines", "items", "findings", "decisions"):
            together = pl.concat([getattr(shard, part) for shard in shards])
            assert sorted(map(str, together.rows())) == sorted(map(str, getattr(whole, part).rows()))

    @settings(max_examples=20)
    @given(books(), around(20, 20))
    def test_made_twice_is_the_same_to_the_byte(self, book: Book, day: date) -> None:
        assert hashes(outcome_of(book.facts(), book.zone, day)) == hashes(outcome_of(book.facts(), book.zone, day))

    @settings(max_examples=20)
    @given(books(), around(40, 0))
    def test_ignores_what_happened_later(self, book: Book, day: date) -> None:
        facts = book.facts()
        assert hashes(outcome_of(facts, book.zone, day)) == hashes(outcome_of(facts.on(day), book.zone, day))
        for frame, column in (
            ("disputes", "closed_date"),
            ("promises", "withdrawn_date"),
            ("complaints", "answered_date"),
        ):
            for row in book.rows[frame]:
                if row[column] and row[column] > day:
                    row[column] = None
        assert hashes(outcome_of(facts, book.zone, day)) == hashes(outcome_of(book.facts(), book.zone, day))

    @settings(max_examples=20)
    @given(books(), around(20, 20))
    def test_is_one_per_debtor_and_one_line_per_currency(self, book: Book, day: date) -> None:
        outcome = outcome_of(book.facts(), book.zone, day)
        assert sorted(outcome.decisions["debtor_id"]) == sorted(row["debtor_id"] for row in book.rows["debtors"])
        assert not outcome.lines.select("debtor_id", "currency").is_duplicated().any()


def crowd(seed: int, debtors: int) -> Book:
    """Debtors who owe many things, one after another, and pay little."""
    picked = random.Random(seed)
    book = Book()
    for number in range(debtors):
        debtor = book.debtor(f"D{number}", channels=picked.choice([("email", "letter"), ("letter",), ("email",)]))
        for _ in range(picked.randint(1, 9)):
            currency = picked.choice(["EUR", "EUR", "EUR", "JPY"])
            due = days(picked.randint(-30, 60))
            invoice = book.invoice(debtor, picked.randint(600, 90_000), due, currency=currency)
            if picked.random() < 0.2:
                paid = picked.randint(1, 90_000)
                book.payment(debtor, paid, days(picked.randint(0, 40), due), invoice, currency=currency)
    return book


TAKEN = tuple(step.stage for step in plain_strategy().segments[0].steps)
"""The steps that the strategy of these tests takes, in order."""


class TestDayAfterDay:
    @pytest.mark.parametrize("every", [1, 3, 11])
    def test_no_stage_is_skipped_and_messages_keep_their_distance(self, every: int) -> None:
        book = crowd(every, 40)
        reached: dict[int, int] = {}
        last: dict[tuple[int, str], date] = {}
        for day in (days(offset) for offset in range(-36, 60, every)):
            outcome = outcome_of(book.facts(), book.zone, day)
            for item, stage in outcome.items.select("receivable_id", "stage").rows():
                before = max(reached.get(item, 0), int(Stage.NOTICE))
                assert stage <= min((int(each) for each in TAKEN if each > before), default=before)
                reached[item] = max(stage, reached.get(item, 0))
            for line in book.send(day, outcome):
                pair = (line["debtor_id"], line["currency"])
                assert pair not in last or (day - last[pair]).days >= plain_strategy().segments[0].pause_days
                last[pair] = day
        assert set(reached.values()) == set(TAKEN[:4])

    def test_an_unpaid_debt_ends_with_a_person_however_many_newer_ones_follow(self) -> None:
        book = Book()
        for number, pace in enumerate((4, 7, 8, 10, 15, 30)):
            debtor = book.debtor(f"D{number}")
            for offset in range(0, 120, pace):
                book.invoice(debtor, 50_000, days(offset))
        ended: dict[int, date] = {}
        for day in (days(offset) for offset in range(-4, 90, 2)):
            outcome = outcome_of(book.facts(), book.zone, day)
            for debtor in outcome.lines.filter(pl.col("person_minor") > 0)["debtor_id"]:
                ended.setdefault(debtor, day)
            book.send(day, outcome)
        deadlines = {
            debtor: min(
                r["deadline_date"] for r in book.rows["contacts"] if r["debtor_id"] == debtor and r["stage"] == 50
            )
            for debtor in ended
        }
        assert sorted(ended) == [1, 2, 3, 4, 5, 6]
        assert all(3 < (ended[debtor] - deadlines[debtor]).days <= 5 for debtor in ended)

    def test_ten_missed_days_are_one_message_and_not_ten(self) -> None:
        book = Book()
        debtor = book.debtor()
        book.invoice(debtor, 50_000, DAY)
        assert len(book.live(days(-5), 9)) == 2
        assert [(on, line["stage"]) for on, line in book.live(days(23), 3)] == [(days(23), Stage.FIRST_DUNNING)]


class TestUnderAnyStrategy:
    @settings(max_examples=15)
    @given(books(), around(20, 20), strategies())
    def test_a_second_run_of_a_day_writes_to_nobody_again(self, book: Book, day: date, strategy: Strategy) -> None:
        sent = {(line["debtor_id"], line["currency"]) for line in book.send(day, under(strategy, book, day))}
        again = under(strategy, book, day).lines.filter(pl.col("action") == "message")
        assert not sent & set(again.select("debtor_id", "currency").rows())

    @settings(max_examples=15)
    @given(books(), around(20, 20), strategies(), st.integers(0, 2**16))
    def test_a_decision_does_not_hang_on_the_order_in_which_facts_arrived(
        self, book: Book, day: date, strategy: Strategy, seed: int
    ) -> None:
        one = under(strategy, book, day)
        picked = random.Random(seed)
        for rows in book.rows.values():
            picked.shuffle(rows)
        assert hashes(one) == hashes(under(strategy, book, day))

    @settings(max_examples=10)
    @given(books(), around(20, 20), strategies(), st.integers(1, 5))
    def test_an_outage_ends_with_what_a_perfect_observer_would_do_that_day(
        self, book: Book, day: date, strategy: Strategy, missed: int
    ) -> None:
        """He looked on every day of it, and each of his messages came back."""
        off = under(strategy, book, day)
        for ago in range(missed, 0, -1):
            looked = under(strategy, book, days(-ago, day))
            for line in looked.lines.filter(pl.col("action") == "message").iter_rows(named=True):
                book.contact(
                    line["debtor_id"], days(-ago, day), channel=line["channel"], stage=line["stage"],
                    currency=line["currency"], outcome="undeliverable",
                )  # fmt: skip
        steps = ["debtor_id", "currency", "stage", "treatment", "total_minor", "segment", "messages", "next_stage"]
        assert off.lines.select(steps).equals(under(strategy, book, day).lines.select(steps))
