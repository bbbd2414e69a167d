"""Arms of an experiment: drawn by lot, one for each person, the same on every day; never firmer than the strategy."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from bench import day_book
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.documents.why_words import WhyWords
from dunwell.engine.day.arms import arm_of, draw
from dunwell.engine.day.decide import Outcome, decide
from dunwell.engine.day.sharded import decide_in_shards
from dunwell.engine.day.why import look, why
from dunwell.engine.facts import Facts
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy import OfferKind, Strategy
from dunwell.rulebook.strategy_file import read_strategy
from tests.engine.book import DAY, Book, days
from tests.engine.books import around, books
from tests.engine.strategies import strategies
from tests.support.strategies import PLAIN, plain_strategy

MARKS = ("experiment", "arm", "propensity_bp")


def trying(arms: str, more: str = "") -> Strategy:
    """The plain strategy with an experiment `mail-first` beside it, for 31 days."""
    head = f"experiments:\n  - experiment: mail-first\n    from: {DAY}\n    until: {days(30)}\n"
    return read_strategy(f"{PLAIN}{head}{more}    arms:\n{arms}")


HALVES = "      - {arm: usual, share_bp: 5000}\n      - {arm: other, share_bp: 5000}\n"
LETTER = (
    "      - {arm: usual, share_bp: 1}\n"
    "      - arm: letter\n        share_bp: 9999\n        stages: [{stage: first_dunning, %s}]\n"
)


def book_of(debtors: int = 1, *, since: int = 20) -> Book:
    """Debtors with an invoice so many days past due each, who were reminded ten days after that."""
    book = Book()
    for number in range(debtors):
        debtor = book.debtor(f"D{number}")
        invoice = book.invoice(debtor, 10_000, days(-since), number=f"R{number}")
        book.contact(debtor, days(10 - since), {invoice: int(Stage.REMINDER)})
    return book


def run(facts: Facts, strategy: Strategy, day: date) -> Outcome:
    moment = day_book.MOMENT.replace(year=day.year, month=day.month, day=day.day)
    return decide(facts, strategy, house_rules(), day, moment)


def arms_in(outcome: Outcome) -> dict[int, set[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = {}
    for debtor, experiment, arm in outcome.lines.drop_nulls("arm").select("debtor_id", "experiment", "arm").rows():
        found.setdefault(debtor, set()).add((experiment, arm))
    return found


class TestTheLot:
    def test_is_the_hash_that_anybody_may_reckon(self) -> None:
        # printf 'dunwell experiment\nacme\nmail-first\nD1' | sha256sum: fe68e741776d69e1...
        assert draw("acme", "mail-first", "D1") == 0xFE68E741776D69E1 % 10_000 == 3_697
        assert draw("acme", "mail-first", "P7") == 0x87FDAB02105BC15B % 10_000 == 347

    def test_is_another_for_another_experiment_and_another_creditor(self) -> None:
        assert draw("acme", "other", "D1") == 0x1875F41795F03A55 % 10_000 == 1_125
        assert draw("beta", "mail-first", "D1") == 0x58D9964672DB148A % 10_000 == 8_106

    def test_keeps_the_shares_among_a_hundred_thousand(self) -> None:
        arms = "".join(f"      - {{arm: a{bp}, share_bp: {bp}}}\n" for bp in (100, 900, 2_500, 6_500))
        experiment = trying(arms).experiments[0]
        counts = Counter(arm_of(experiment, "acme", f"P{number}") for number in range(100_000))
        for place, arm in enumerate(experiment.arms):
            expected = 100_000 * arm.share_bp / 10_000
            # five standard deviations of so many draws
            assert abs(counts[place] - expected) < 5 * (expected * (1 - arm.share_bp / 10_000)) ** 0.5

    def test_of_one_experiment_says_nothing_about_that_of_another(self) -> None:
        both = Counter(
            (draw("acme", "one", f"P{n}") < 5_000, draw("acme", "two", f"P{n}") < 5_000) for n in range(20_000)
        )
        assert all(abs(count - 5_000) < 350 for count in both.values())


class TestADebtor:
    def test_gets_the_arm_of_his_ticket_and_its_chance_is_written_down(self) -> None:
        lines = run(book_of(3).facts(), trying(HALVES), DAY).lines
        assert lines.select(*MARKS).rows() == [
            ("mail-first", "other", 5_000), ("mail-first", "usual", 5_000), ("mail-first", "other", 5_000),
        ]  # fmt: skip
        assert (
            run(book_of(3).facts(), trying(HALVES), DAY).decisions.select(*MARKS).rows() == lines.select(*MARKS).rows()
        )

    def test_has_one_arm_in_all_accounts_of_his_person_and_in_all_currencies(self) -> None:
        book = Book()
        for number in range(40):
            debtor = book.debtor(f"D{number}", person=number // 2)
            book.invoice(debtor, 10_000, days(-20), number=f"R{number}")
            book.invoice(debtor, 10_000, days(-20), number=f"J{number}", currency="JPY")
        lines = run(book.facts(), trying(HALVES), DAY).lines.join(
            book.facts()["debtors"].select("debtor_id", "person_id"), on="debtor_id"
        )
        assert set(lines.group_by("person_id").agg(pl.col("arm").n_unique())["arm"]) == {1}
        assert lines["arm"].n_unique() == 2

    def test_whose_person_is_not_known_draws_for_himself(self) -> None:
        book = book_of()
        book.rows["debtors"][0].update(person_id=None, lot=None, number="D1")
        assert run(book.facts(), trying(HALVES), DAY).lines["arm"].to_list() == ["usual"]

    def test_keeps_his_arm_on_every_day_and_has_none_before_and_after(self) -> None:
        strategy, facts = trying(HALVES), book_of(20).facts()
        first, last = arms_in(run(facts, strategy, DAY)), arms_in(run(facts, strategy, days(30)))
        assert first == last
        assert len(first) == 20
        assert not arms_in(run(facts, strategy, days(-1)))
        assert not arms_in(run(facts, strategy, days(31)))

    def test_who_is_not_meant_has_none(self) -> None:
        book = book_of(2)
        book.rows["debtors"][1]["country"] = "CN"
        lines = run(book.facts(), trying(HALVES, "    when: country = 'CN'\n"), DAY).lines
        assert [arm is None for arm in lines["arm"]] == [True, False]
        assert run(book.facts(), trying(HALVES, "    segment: everybody\n"), DAY).lines["arm"].null_count() == 0

    def test_with_nothing_open_has_none(self) -> None:
        book = book_of()
        book.debtor("D9")
        assert run(book.facts(), trying(HALVES), DAY).decisions["arm"].to_list()[1] is None

    @settings(max_examples=25)
    @given(books(debtors=5), around(20, 20), strategies(), st.randoms(use_true_random=False), st.integers(1, 4))
    def test_is_in_one_arm_at_most_whatever_the_day_the_order_and_the_shards(
        self, book: Book, day: date, strategy: Strategy, chance: random.Random, parts: int
    ) -> None:
        seen: dict[tuple[int, str], str] = {}
        for later in (0, 1, 7):
            facts, on = _shuffled(book.facts(), chance), day + timedelta(days=later)
            moment = day_book.MOMENT.replace(year=on.year, month=on.month, day=on.day)
            found = arms_in(decide_in_shards(facts, strategy, house_rules(), on, moment, shards=parts))
            assert all(len(arms) == 1 for arms in found.values())
            for debtor, arms in found.items():
                experiment, arm = next(iter(arms))
                assert seen.setdefault((debtor, experiment), arm) == arm


def _shuffled(facts: Facts, chance: random.Random) -> Facts:
    """The same debtors in another order."""
    rows = facts["debtors"].to_dicts()
    chance.shuffle(rows)
    return Facts({**facts.frames, "debtors": pl.DataFrame(rows, schema=facts["debtors"].schema)})


class TestAnExperiment:
    @settings(max_examples=25)
    @given(books(debtors=5), around(20, 20), strategies())
    def test_whose_arms_change_nothing_changes_nothing(self, book: Book, day: date, strategy: Strategy) -> None:
        plain = replace(strategy, experiments=())
        both = replace(trying(HALVES).experiments[0], from_date=days(-400), until_date=days(400))
        usual, tried = (run(book.facts(), each, day) for each in (plain, replace(plain, experiments=(both,))))
        for name in ("lines", "decisions"):
            assert_frame_equal(getattr(tried, name).drop(*MARKS), getattr(usual, name).drop(*MARKS))
        for name in ("items", "tasks", "findings", "ageing", "matches"):
            assert_frame_equal(getattr(tried, name), getattr(usual, name))

    def test_sends_one_arm_by_letter_first(self) -> None:
        strategy = trying(LETTER % "channels: [letter]")
        line = run(book_of().facts(), strategy, DAY).lines.row(0, named=True)
        assert (line["action"], line["channel"]) == ("message", "letter")
        assert line["treatment"] == "first_dunning@mail-first.letter"
        assert run(book_of().facts(), plain_strategy(), DAY).lines["channel"].to_list() == ["email"]

    def test_never_goes_before_the_channel_that_a_debtor_chose(self) -> None:
        book = book_of()
        book.rows["debtors"][0]["preferred_channel"] = "email"
        line = run(book.facts(), trying(LETTER % "channels: [letter]"), DAY).lines.row(0, named=True)
        assert line["channel"] == "email"

    def test_never_goes_around_a_contact_rule(self) -> None:
        book = book_of()
        book.register(1, "opt_out", days(-5), channel="letter")
        line = run(book.facts(), trying(LETTER % "channels: [letter]"), DAY).lines.row(0, named=True)
        assert line["channel"] == "email"

    def test_lets_one_arm_wait_longer(self) -> None:
        strategy = trying(LETTER % "after_days: 14")
        assert run(book_of().facts(), strategy, days(3)).lines["action"].to_list() == ["none"]
        assert run(book_of().facts(), strategy, days(4)).lines["action"].to_list() == ["message"]
        assert run(book_of().facts(), plain_strategy(), days(3)).lines["action"].to_list() == ["message"]

    def test_offers_a_way_out_to_one_arm(self) -> None:
        strategy = trying(LETTER % "offer: {kind: instalments, instalments: 6}")
        line = run(book_of().facts(), strategy, DAY).lines.row(0, named=True)
        offer = strategy.treatments()[line["segment"], line["treatment"]].offer
        assert offer is not None
        assert offer.kind is OfferKind.INSTALMENTS
        assert strategy.treatments()["everybody", "first_dunning"].offer is None

    def test_is_told_by_why_in_three_languages(self) -> None:
        strategy, book = trying(LETTER % "channels: [letter]"), book_of()
        answer = why(look(book.facts(), strategy, house_rules(), 1, DAY))[0]
        assert answer["experiment"] == {
            "name": "mail-first", "from": DAY, "until": days(30), "arm": "letter", "propensity_bp": 9_999,
        }  # fmt: skip
        assert answer["treatment"]["channels"] == ["letter", "email"]
        for language in LANGUAGES:
            said = "\n".join(WhyWords(strategy, house_rules(), DAY, language).line(answer))
            assert "mail-first" in said
            assert "99.99" in said
