"""Items of the book and what people recorded, as claims of the clock: against the law's examples and an oracle."""

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.engine.limitation.clock import alarms
from dunwell.engine.limitation.last_days import last_days
from dunwell.engine.limitation.stored_clocks import calendar_of, stored_claims, stored_clocks
from dunwell.rulebook.limitation_rules import EVENT_KINDS, limitation_rules
from dunwell.rulebook.rank import MOST_DAYS
from tests.engine.book import Book
from tests.limitation.books import Rows, asked, event, frames, guarantee
from tests.oracles.limitation import clock as oracle
from tests.oracles.limitation import told_by_the_book

RULES: list[dict[str, Any]] = [rule for text in limitation_rules().texts.values() for rule in yaml.safe_load(text)]
DAY = date(2026, 11, 23)


def a_book(due: date = date(2026, 1, 31)) -> Book:
    """One invoice."""
    book = Book()
    book.invoice(book.debtor("D1"), 100_00, due)
    return book


def random_book(seed: int) -> tuple[Book, Rows, date, str]:
    """Items with payments, demands, promises and records of every kind, some withdrawn, in no order."""
    dice = random.Random(seed)
    book = Book()
    told: Rows = {
        "limitation_claims": [], "limitation_events": [], "guarantees": [], "insolvency_filings": [], "contracts": [],
        "contract_items": [],
    }  # fmt: skip

    def near(day: date) -> date:
        return day + timedelta(dice.choice([-1, 0, 1, 90, 181, 365, 730, 1095, dice.randrange(-200, 1500)]))

    def maybe(day: date, chance: float = 0.3) -> date | None:
        return near(day) if dice.random() < chance else None

    for number in range(1, 4):
        debtor = book.debtor(f"D{number}")
        book.rows["debtors"][-1]["kind"] = dice.choice(["business", "consumer"])
        for _ in range(dice.randrange(1, 4)):
            due = date(2019, 6, 1) + timedelta(dice.randrange(2_300))
            item = book.invoice(debtor, 1_000_00, due, status=dice.choice(["open"] * 6 + ["written_off"]))
            for _ in range(dice.randrange(3)):
                book.payment(debtor, 1_00, max(near(due), due - timedelta(20)), item)
            judged = dice.random() < 0.2
            if judged or dice.random() < 0.5:
                told["limitation_claims"].append(
                    {
                        "receivable_id": item,
                        "kind": dice.choice(["judgment", "judgment_interest"]) if judged
                        else dice.choice([None, "general", "goods_services", "periodic"]),
                        "place": dice.choice([None, "CN", "TW", "DE", "UK-ENG", "US-NY", "FR"]),
                        "arose_date": maybe(due), "last_instalment_date": maybe(due),
                        "perform_by_date": near(due) if judged else None,
                    }
                )  # fmt: skip
            if dice.random() < 0.4:
                told["contracts"].append({"law": dice.choice([None, "TW", "GB"])})
                told["contract_items"].append({"receivable_id": item, "contract_id": len(told["contracts"])})
            for _ in range(dice.choice([0, 0, 1, 2])):
                told["guarantees"].append(
                    guarantee(
                        dice.choice(["joint", "general", "unstated"]), receivable_id=item,
                        guarantor_id=dice.choice([None, 1, 2, 3]), agreed_until_date=maybe(due),
                        withdrawn_date=DAY if dice.random() < 0.1 else None,
                    )
                )  # fmt: skip
                where = {"guarantee_id": len(told["guarantees"])}
                told["limitation_events"] += [_event(dice, near(due), near, **where) for _ in range(dice.randrange(3))]
            for _ in range(dice.randrange(5)):
                told["limitation_events"].append(_event(dice, near(due), near, receivable_id=item))
            for _ in range(dice.randrange(3)):
                contact = book.contact(
                    debtor, max(near(due), date(2019, 6, 1)), {item: dice.choice([10, 20, 40, 50])},
                    outcome=dice.choice(["sent", "sent", "undeliverable"]),
                )  # fmt: skip
                if dice.random() < 0.5:
                    told["limitation_events"].append(_event(dice, near(due), near, "demand", contact_id=contact))
        if dice.random() < 0.4:
            book.promise(debtor, 5_00, near(date(2023, 1, 1)), date(2026, 1, 1))
        if dice.random() < 0.6:
            told["insolvency_filings"].append(
                {"debtor_id": debtor, "file_by_date": near(DAY), "filed_date": maybe(DAY),
                 "withdrawn_date": DAY if dice.random() < 0.2 else None}
            )  # fmt: skip
    dice.shuffle(told["limitation_events"])
    return book, told, dice.choice([DAY, date(2024, 2, 29), date(2030, 1, 1)]), dice.choice(["CN", "DE", "TW", "US"])


def _event(dice: random.Random, day: date, near: Any, kind: str | None = None, **where: Any) -> dict[str, Any]:
    kinds = [each for each in EVENT_KINDS if each != "suit_against_debtor"]
    chosen = kind or dice.choice(["suit", "proceedings_ended", *kinds])
    until = None
    if chosen == "obstacle" or chosen in ("suit", "payment_order_application", "payment_order_served"):
        until = dice.choice([None, max(day, near(day))])
    proof, sha256 = dice.choice([("EMS 1", ""), ("EMS 1", "ab"), ("", "cd"), ("", ""), ("...", "")])
    withdrawn = DAY if dice.random() < 0.1 else None
    return event(chosen, day, until_date=until, proof=proof, proof_sha256=sha256, withdrawn_date=withdrawn, **where)


def compare(seed: int) -> None:
    book, told, day, place = random_book(seed)
    facts = book.facts().on(day)
    stored = stored_claims(facts, frames(told), day, place)
    days = {
        (row["calendar"], row["day"]): (row["working_date"], row["working_known"])
        for row in calendar_of(stored.claims, day).rows(named=True)
    }
    rows = {name: facts[name].to_dicts() for name in ("receivables", "payments", "contacts", "contact_items",
                                                      "promises", "debtors")}  # fmt: skip
    records = {name: frame.to_dicts() for name, frame in frames(told).items()}
    claims, events, filings = told_by_the_book(rows, records, day, place)
    found = {row["claim_id"]: row for row in stored_clocks(stored, day, limitation_rules()).to_dicts()}
    assert set(found) == {each["claim_id"] for each in claims}
    for each in claims:
        mine = [one for one in events if one["claim_id"] == each["claim_id"]]
        expected = oracle(each, mine, RULES, days, day)
        got = {name: found[each["claim_id"]][name] for name in expected}
        assert got == expected, (seed, each, mine)
    assert sorted(stored.filings.rows()) == sorted(filings)


class TestStoredClocks:
    @settings(max_examples=20)
    @given(st.integers(0, 2**32))
    def test_equal_the_oracle(self, seed: int) -> None:
        compare(seed)

    @pytest.mark.long
    @pytest.mark.timeout(1200)
    @settings(max_examples=600)
    @given(st.integers(0, 2**32))
    def test_equal_the_oracle_many_times(self, seed: int) -> None:
        compare(seed)

    def test_leave_out_what_is_paid_written_off_or_a_charge(self) -> None:
        book = a_book()
        book.payment(1, 100_00, date(2026, 2, 2), 1)
        lost = book.invoice(1, 5_00, date(2026, 1, 31), status="written_off")
        owed = book.invoice(1, 5_00, date(2026, 1, 31))
        book.charge(1, 1_00, date(2026, 2, 20), owed)
        told: Rows = {"guarantees": [guarantee(), guarantee(receivable_id=lost), guarantee(receivable_id=owed)]}
        assert set(asked(book, told, DAY)) == {owed, -3}

    def test_take_the_law_from_the_record_the_contract_and_the_creditor_in_this_order(self) -> None:
        book = a_book()
        assert asked(book, {}, DAY, "DE")[1]["place"] == "DE"
        contract: Rows = {"contracts": [{"law": "TW"}], "contract_items": [{"receivable_id": 1, "contract_id": 1}]}
        assert asked(book, contract, DAY, "DE")[1]["place"] == "TW"
        claim: Rows = {"limitation_claims": [{"receivable_id": 1, "place": "CN"}], "guarantees": [guarantee()]}
        found = asked(book, {**contract, **claim}, DAY, "DE")
        assert (found[1]["place"], found[-1]["place"]) == ("CN", "CN")

    @pytest.mark.parametrize(
        ("kind", "region", "default", "place"),
        [
            ("consumer", "NY", "US", "US-NY"),
            ("business", "NY", "US", "US-NY"),
            ("consumer", "NY", "CN", "US-NY"),
            ("business", "NY", "CN", "CN"),
            ("consumer", None, "CN", "US"),
            ("consumer", "OH", "US", "US-OH"),
        ],
    )
    def test_take_the_law_of_an_american_debtor_s_state(
        self, kind: str, region: str | None, default: str, place: str
    ) -> None:
        book = Book()
        book.invoice(book.debtor(kind=kind, country="US", region=region), 10_000, date(2023, 3, 1))
        found = asked(book, {}, DAY, default)[1]
        assert found["place"] == place
        assert (found["state"] == "unknown") == (place in ("US", "US-OH"))
        contract: Rows = {
            "contracts": [{"law": "US-TX"}], "contract_items": [{"receivable_id": 1, "contract_id": 1}],
        }  # fmt: skip
        assert asked(book, contract, DAY, default)[1]["place"] == "US-TX"

    def test_threaten_no_american_consumer_with_suit_for_what_is_barred_in_his_state(self) -> None:
        book = Book()
        debtor = book.debtor(kind="consumer", country="US", region="NY")
        book.invoice(debtor, 10_000, date(2023, 3, 1))
        last = asked(book, {}, date(2026, 3, 1), "US")[1]
        assert (last["state"], last["cautious_date"], last["may_threaten_suit"]) == ("running", date(2026, 3, 1), True)
        over = asked(book, {}, date(2026, 3, 2), "US")[1]
        assert (over["state"], over["may_threaten_suit"]) == ("doubtful", False)
        assert over["threat_rule"] == "us.no-suit-when-barred"
        assert (over["confidence"], over["verified"]) == ("recalled", False)

    def test_know_a_demand_as_proven_on_the_day_it_arrived(self) -> None:
        book = a_book(date(2023, 5, 31))
        sent = book.contact(1, date(2025, 3, 3), {1: 20})
        assert asked(book, {}, DAY)[1]["cautious_date"] == date(2026, 5, 31)
        told: Rows = {"limitation_events": [event("demand", date(2025, 3, 5), contact_id=sent)]}
        found = asked(book, told, DAY)[1]
        assert (found["cautious_date"], found["strict_date"]) == (date(2028, 3, 5), date(2028, 3, 6))
        assert "event_unproven" not in found["why"]

    def test_count_a_file_as_a_proof_without_further_words(self) -> None:
        paper = event("written_acknowledgment", date(2025, 3, 5), proof="", proof_sha256="ab" * 32)
        assert asked(a_book(date(2023, 5, 31)), {"limitation_events": [paper]}, DAY)[1]["cautious_date"].year == 2028

    def test_count_a_judgment_from_the_last_day_to_perform_and_forget_the_suit_before_it(self) -> None:
        told: Rows = {
            "limitation_claims": [
                {"receivable_id": 1, "kind": "judgment", "perform_by_date": date(2025, 12, 10), "place": "CN"}
            ],
            "limitation_events": [event("suit", date(2025, 2, 3)), event("demand", date(2026, 11, 2))],
        }
        found = asked(a_book(date(2024, 5, 31)), told, DAY)[1]
        assert (found["rule"], found["state"]) == ("cn.enforcement", "running")
        assert found["cautious_date"] == date(2028, 11, 2)

    def test_do_not_stumble_over_a_due_date_that_moved_behind_the_last_instalment(self) -> None:
        told: Rows = {"limitation_claims": [{"receivable_id": 1, "last_instalment_date": date(2025, 12, 1)}]}
        assert asked(a_book(), told, DAY)[1]["cautious_date"] == date(2029, 1, 31)


class TestAGuarantee:
    def test_is_saved_by_a_demand_on_a_joint_guarantor(self) -> None:
        before: Rows = {"guarantees": [guarantee("joint")]}
        assert asked(a_book(), before, date(2026, 3, 1))[-1]["saved_by"] == ["demand"]
        told: Rows = {**before, "limitation_events": [event("demand", date(2026, 7, 31), guarantee_id=1)]}
        assert asked(a_book(), told, DAY)[-1]["cautious_date"] == date(2029, 7, 31)

    def test_is_not_saved_by_a_demand_on_the_debtor(self) -> None:
        told: Rows = {"guarantees": [guarantee()], "limitation_events": [event("demand", date(2026, 3, 2))]}
        found = asked(a_book(), told, DAY)
        assert (found[1]["cautious_date"], found[-1]["state"]) == (date(2029, 3, 2), "expired")

    def test_of_a_general_guarantor_is_saved_by_the_suit_recorded_on_the_item(self) -> None:
        suit = event("suit", date(2026, 5, 4), until_date=date(2026, 10, 30))
        told: Rows = {"guarantees": [guarantee("general"), guarantee("joint")], "limitation_events": [suit]}
        found = asked(a_book(), told, DAY)
        assert found[-1]["cautious_date"] == date(2029, 10, 30)
        assert "guarantee_saved" in found[-1]["why"]
        assert found[-2]["state"] == "expired", "a suit against the debtor does not save a joint guarantee"

    def test_stays_before_the_court_when_only_the_suit_against_the_debtor_ended(self) -> None:
        told: Rows = {
            "guarantees": [guarantee("general")],
            "limitation_events": [
                event("suit", date(2026, 5, 4)), event("suit", date(2026, 6, 4), guarantee_id=1),
                event("proceedings_ended", date(2026, 10, 30)),
            ],
        }  # fmt: skip
        found = asked(a_book(), told, DAY)
        assert (found[1]["state"], found[-1]["state"]) == ("running", "suspended")
        told["limitation_events"].append(event("proceedings_ended", date(2026, 11, 2), guarantee_id=1))
        assert asked(a_book(), told, DAY)[-1]["cautious_date"] == date(2029, 11, 2)

    def test_that_was_agreed_for_longer_lasts_as_long(self) -> None:
        told: Rows = {"guarantees": [guarantee(agreed_until_date=date(2027, 1, 31))]}
        assert asked(a_book(), told, DAY)[-1]["cautious_date"] == date(2027, 1, 31)

    def test_counts_from_the_principals_due_date_also_after_a_judgment(self) -> None:
        judged = {"receivable_id": 1, "kind": "judgment", "perform_by_date": date(2026, 9, 9)}
        told: Rows = {"guarantees": [guarantee()], "limitation_claims": [judged]}
        assert asked(a_book(), told, DAY)[-1]["cautious_date"] == date(2026, 7, 31)

    @pytest.mark.parametrize("kind", ["general", "joint", "unstated"])
    def test_cn_lim_8_ends_on_the_published_day(self, shared_data: Path, kind: str) -> None:
        texts = json.loads((shared_data / "law" / "examples.json").read_text(encoding="utf-8"))
        example = next(each for each in texts if each["id"] == "CN-LIM-8")
        due, demanded = (
            date.fromisoformat(example["inputs"][name]) for name in ("principal_due", "demand_to_guarantor")
        )
        told: Rows = {"guarantees": [guarantee(kind)]}
        last = date.fromisoformat(example["expected"]["guarantee_period_last_day"])
        assert asked(a_book(due), told, due + timedelta(1))[-1]["cautious_date"] == last
        told["limitation_events"] = [event("demand", demanded, guarantee_id=1)]
        after = asked(a_book(due), told, last)[-1]
        # a demand on a joint guarantor does not extend the period, it saves the claim: another clock begins
        assert (after["rule"] == "cn.limitation") is (kind == "joint")
        assert (after["cautious_date"] == last) is (kind != "joint")


class TestAFilingDate:
    def test_concerns_the_items_of_the_debtor_and_the_guarantees_of_a_guarantor(self) -> None:
        book = a_book()
        bank = book.debtor("D2")
        told: Rows = {
            "guarantees": [guarantee(guarantor_id=bank)],
            "insolvency_filings": [{"debtor_id": bank, "file_by_date": date(2026, 12, 1)}],
        }
        stored = stored_claims(book.facts().on(DAY), frames(told), DAY, "CN")
        rung = alarms(stored_clocks(stored, DAY, limitation_rules()), 30, stored.filings).to_dicts()
        assert [(row["claim_id"], row["alarm"], row["days_left"]) for row in rung] == [(-1, "filing", 8)]
        assert rung[0]["saved_by"] == ["insolvency_filing"]

    def test_rings_no_more_once_the_claim_was_filed(self) -> None:
        for filed, count in ((None, 1), (date(2026, 11, 23), 0), (date(2026, 11, 24), 1)):
            row = {"debtor_id": 1, "file_by_date": date(2026, 12, 1), "filed_date": filed}
            stored = stored_claims(a_book().facts().on(DAY), frames({"insolvency_filings": [row]}), DAY, "CN")
            assert stored.filings.height == count


def _all_clocks(book: Book, told: Rows, day: date, place: str) -> list[tuple[Any, ...]]:
    """The alarms of the whole book, item by item."""
    facts = book.facts().on(day)
    stored = stored_claims(facts, frames(told), day, place)
    found = stored_clocks(stored, day, limitation_rules())
    of = dict(stored.claims.select("claim_id", "receivable_id").rows())
    owner = dict(facts["receivables"].select("receivable_id", "debtor_id").rows())
    last: dict[tuple[int, str], date] = {}
    for row in alarms(found, MOST_DAYS, stored.filings).to_dicts():
        key = (of[row["claim_id"]], row["alarm"])
        last[key] = min(row["last_date"], last.get(key, date.max))
    return sorted((item, owner[item], alarm, day) for (item, alarm), day in last.items())


class TestTheLastDaysOfARun:
    @settings(max_examples=60)
    @given(st.integers(0, 10**9), st.integers(0, 12))
    def test_are_those_of_the_whole_book_though_only_old_claims_are_asked(self, seed: int, others: int) -> None:
        book, told, day, place = random_book(seed)
        for number in range(others):
            # many debtors who owe nothing old: the part of the book that matters is cut out
            book.invoice(book.debtor(f"Y{number}"), 1_00, day - timedelta(40))
        found = last_days(book.facts().on(day), frames(told), day, place, limitation_rules())
        assert sorted(found.rows()) == _all_clocks(book, told, day, place)

    @settings(max_examples=30)
    @given(st.integers(0, 10**9))
    def test_do_not_hang_on_the_order_of_rows(self, seed: int) -> None:
        book, told, day, place = random_book(seed)
        mixed = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in frames(told).items()}
        one = last_days(book.facts().on(day), frames(told), day, place, limitation_rules())
        assert one.rows() == last_days(book.facts().on(day), mixed, day, place, limitation_rules()).rows()

    def test_of_a_young_claim_nobody_spoke_of_are_not_asked(self) -> None:
        assert last_days(a_book(DAY - timedelta(60)).facts(), frames({}), DAY, "CN", limitation_rules()).is_empty()
        old = last_days(a_book(date(2024, 1, 31)).facts(), frames({}), DAY, "CN", limitation_rules())
        assert old["last_date"].to_list() == [date(2027, 1, 31)]
