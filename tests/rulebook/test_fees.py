"""Court fees, fixed sums and ceilings: every case of the tables, at the exact bounds; and what is not trusted."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from dunwell.core.errors import DunwellError
from dunwell.core.money import Money
from dunwell.engine.claim.fees import agreed_fees, court_cost, fixed_sums
from dunwell.rulebook.fees import FeeError, FeeRule, house_fees, minor_of, read_fees
from tests.rulebook.examples import examples_of

DAY = date(2026, 3, 2)
CASES = [
    pytest.param(rule, case, id=f"{rule.id}: {case['name']}") for rule in house_fees().rules for case in rule.cases
]


def of_kind(kind: str) -> list[Any]:
    return [each for each in CASES if each.values[0].kind == kind]


def fixed(**row: Any) -> dict[str, Any]:
    """The answer about one debt."""
    debt = {"debt_id": 1, "kind": "invoice", "debtor_kind": "business", "costs_minor": None, "day": DAY} | row
    day = debt.pop("day")
    dates = {"late_from": pl.Date, "costs_minor": pl.Int64}
    return fixed_sums(pl.DataFrame([debt], schema_overrides=dates), day).row(0, named=True)


class TestTheCase:
    @pytest.mark.parametrize(("rule", "case"), of_kind("court-fee"))
    def test_of_a_court_fee_is_what_is_asked(self, rule: FeeRule, case: dict[str, Any]) -> None:
        amount = Money(minor_of(case["amount"], rule.currency), rule.currency)
        if "refused" in case:
            with pytest.raises(DunwellError) as caught:
                court_cost(rule.id, amount, case["day"])
            assert caught.value.code == case["refused"]
        else:
            assert str(court_cost(rule.id, amount, case.get("day", DAY))).replace(",", "") == f"CNY {case['fee']}"

    @pytest.mark.parametrize(("rule", "case"), of_kind("fixed-sum"))
    def test_of_a_fixed_sum_is_what_a_debt_bears(self, rule: FeeRule, case: dict[str, Any]) -> None:
        currency = case.get("currency", rule.currency)
        found = fixed(
            kind=case.get("item", "invoice"), place=case["place"], debtor_kind=case.get("debtor", "business"),
            currency=currency, amount_minor=minor_of(case["amount"], currency), late_from=case["late_from"],
            costs_minor=minor_of(case["costs"], currency) if "costs" in case else None, day=case.get("day", DAY),
        )  # fmt: skip
        assert found["fixed_reason"] == case.get("reason", "due")
        assert found["fixed_minor"] == (minor_of(case["sum"], rule.currency) if "sum" in case else 0)
        assert found["fixed_rule"] == rule.id

    @pytest.mark.parametrize(("rule", "case"), of_kind("fee-ceiling"))
    def test_of_a_ceiling_is_what_a_fee_may_be(self, rule: FeeRule, case: dict[str, Any]) -> None:
        row = {
            "debt_id": 1, "cause": "late", "day": case.get("day", DAY), "currency": case["currency"],
            "asked_minor": minor_of(case["asked"], case["currency"]),
            "agreed_minor": minor_of(case["agreed"], case["currency"]) if "agreed" in case else None,
            "place": case["place"], "debtor_kind": case.get("debtor", "business"),
            "collector": case.get("collector", "creditor"), "contract": case.get("contract", "other"),
            "room_minor": minor_of(case["room"], case["currency"]) if "room" in case else None,
        }  # fmt: skip
        types = {"agreed_minor": pl.Int64, "room_minor": pl.Int64}
        found = agreed_fees(pl.DataFrame([row], schema_overrides=types)).row(0, named=True)
        assert found["fee_minor"] == minor_of(case["fee"], case["currency"])
        assert found["ceiling"] == (rule.id if case["ceiling"] else None)

    def test_lies_on_both_sides_of_every_bound(self) -> None:
        for rule in house_fees().of_kind("court-fee"):
            named = {minor_of(case["amount"], rule.currency) for case in rule.cases}
            for _, value in rule.values:
                for bound in [each.up_to for each in getattr(value, "slices", ()) if each.up_to is not None]:
                    assert bound in named, (rule.id, bound)
                    assert any(bound < each < bound + 1_000 for each in named), (rule.id, bound)
        for rule in house_fees().of_kind("fixed-sum"):
            named = {minor_of(case["amount"], rule.currency) for case in rule.cases}
            for _, value in rule.values:
                for bound, _ in getattr(value, "sums", ()):
                    assert bound is None or {bound - 1, bound} <= named, (rule.id, bound)


class TestAnExampleOfTheLaw:
    def test_about_the_case_fee_of_a_chinese_court_is_met(self, shared_data: Path) -> None:
        found = examples_of(shared_data, lambda each: "claim" in each["inputs"] and each["rule"] == "CN-FEES")
        assert len(found) >= 5
        ours = {"case_fee": "case", "summary_procedure_half": "summary", "payment_order_third": "payment-order"}
        for each in found:
            for name, expected in each["expected"].items():
                assert self.asked(ours[name], each["inputs"]["claim"]) == minor_of(expected, "CNY"), each["id"]

    @pytest.mark.parametrize(
        ("what", "given", "expected"),
        [("enforcement", "execution_amount", "enforcement_fee"), ("preservation", "preserved", "preservation_fee")],
    )
    def test_about_what_is_applied_for_there_is_met(
        self, shared_data: Path, what: str, given: str, expected: str
    ) -> None:
        found = examples_of(shared_data, lambda each: given in each["inputs"])
        assert len(found) >= 2
        for each in found:
            assert self.asked(what, each["inputs"][given]) == minor_of(each["expected"][expected], "CNY"), each["id"]

    def test_about_british_compensation_is_met(self, shared_data: Path) -> None:
        found = examples_of(shared_data, lambda each: "compensation" in each["expected"])
        assert {each["id"] for each in found} >= {"UK-COMP-999.99", "UK-COMP-1000.00", "UK-COMP-9999.99"}
        assert "UK-FIXED-REF" in {each["id"] for each in found}
        for each in found:
            debt = each["inputs"].get("debt") or each["inputs"]["principal"]
            late = date.fromisoformat(each["inputs"].get("interest_starts", "2025-08-01"))
            answer = fixed(place="GB", currency="GBP", amount_minor=minor_of(debt, "GBP"), late_from=late)
            assert answer["fixed_minor"] == minor_of(each["expected"]["compensation"], "GBP"), each["id"]
            assert answer["fixed_claim_basis"]

    @pytest.mark.parametrize(("place", "name", "basis"), [("EU", "fixed_sum", False), ("FR", "indemnity", True)])
    def test_about_forty_euro_is_met(self, shared_data: Path, place: str, name: str, basis: bool) -> None:
        found = examples_of(shared_data, lambda each: name in each["expected"])
        assert [each["id"] for each in found] == [f"{place}-2025H2"]
        given = found[0]["inputs"]
        minor, late = minor_of(given["principal"], "EUR"), date.fromisoformat(given["late_from"])
        answer = fixed(place=place, currency="EUR", amount_minor=minor, late_from=late)
        assert answer["fixed_minor"] == minor_of(found[0]["expected"][name], "EUR")
        assert answer["fixed_claim_basis"] is basis

    @staticmethod
    def asked(what: str, amount: str) -> int:
        return court_cost(f"cn.court.{what}", Money(minor_of(amount, "CNY"), "CNY"), DAY).minor


def court(**changes: Any) -> dict[str, Any]:
    """A good rule, changed; None takes a key away."""
    good = {
        "id": "x.fee",
        "title": {"en": "Fee", "zh-Hans": "费", "zh-Hant": "費"},
        "kind": "court-fee",
        "places": ["CN"],
        "applies": {},
        "currency": "CNY",
        "values": {date(2026, 1, 1): {"slices": [{"up_to": "10.00", "flat": "1.00"}, {"percent": "2.5"}]}},
        "citation": {"source": "a law", "confidence": "official", "quote": ""},
        "review_by": date(2027, 1, 1),
        "cases": [{"name": "one"}],
    } | changes
    return {key: value for key, value in good.items() if value is not None}


def slices(*parts: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"values": {date(2026, 1, 1): {"slices": list(parts), **more}}}


def forty(place: str = "XX", **changes: Any) -> dict[str, Any]:
    value = {"per": "debt", "claim_basis": True, "costs_count": True, "sums": [{"sum": "40.00"}]} | changes
    values = {date(2026, 1, 1): {name: each for name, each in value.items() if each is not None}}
    return court(id=f"x.{place}", kind="fixed-sum", places=[place], values=values)


def read(*entries: object) -> None:
    read_fees({"x.yaml": yaml.safe_dump(list(entries), allow_unicode=True, sort_keys=False)})


class TestARuleOnFees:
    def test_that_is_whole_is_read(self) -> None:
        found = read_fees({"x.yaml": yaml.safe_dump([court()])})
        assert found.named("x.fee").periods()[0][:2] == (date(2026, 1, 1), None)
        assert found.of_kind("fixed-sum") == ()
        with pytest.raises(KeyError):
            found.named("y")

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"citation": None}, "exactly the keys"),
            ({"citation": {"confidence": "official"}}, "needs the source"),
            ({"citation": {"source": "a law", "confidence": "hearsay"}}, "confidence is one of"),
            ({"cases": []}, "without a case"),
            ({"title": {"en": "Fee"}}, "title needs"),
            ({"kind": "tip"}, "kind is one of"),
            ({"currency": "yuan"}, "ISO 4217"),
            ({"currency": "any"}, "ISO 4217"),
            ({"places": []}, "list of countries"),
            ({"places": [False]}, "two capital letters"),
            ({"review_by": "soon"}, "review_by is a day"),
            ({"applies": {"debtor": ["anybody"]}}, "debtor is a list of some of"),
            ({"applies": {"mood": ["bad"]}}, "mood is a list"),
            ({"values": {}}, "from a day on"),
            ({"values": {date(2026, 1, 1): {}, date(2025, 1, 1): {}}}, "earliest first"),
            ({"values": {date(2026, 1, 1): {"fee": "5.00"}}}, "slices"),
            (slices({"percent": "2.5"}, {"percent": "1"}), "bounds rise"),
            (slices({"up_to": "10.00", "percent": "2.5"}), "bounds rise"),
            (slices({"up_to": "10.00", "percent": "2"}, {"up_to": "9.00", "percent": "1"}, {"percent": "1"}), "bounds"),
            (slices({"up_to": "10.00", "flat": "1.00"}, {"flat": "5.00"}), "only the first"),
            (slices({"flat": "1.00", "percent": "1"}), "only the first"),
            (slices({"percent": 2.5}), "in quotes"),  # type: ignore[dict-item]
            (slices({"percent": "101"}), "no percentage"),
            (slices({"percent": "-1"}), "no percentage"),
            (slices({"percent": "1"}, cap=5), "no amount of CNY in quotes"),
            (slices({"percent": "1"}, cap="5.001"), "no amount of CNY"),
            (slices({"percent": "1"}, cap="-5"), "no amount of CNY"),
            (slices({"percent": "1"}, cap="NaN"), "no amount of CNY"),
            ({"values": {date(2026, 1, 1): {"share": "1:3", "of": "x"}}}, "written 1/3"),
            ({"values": {date(2026, 1, 1): {"share": "4/3", "of": "x"}}}, "written 1/3"),
            ({"values": {date(2026, 1, 1): {"share": "1/3", "of": "x"}}}, "x is no fee of that time"),
            ({"kind": "fee-ceiling", "values": {date(2026, 1, 1): {"limit": "sky"}}}, "limit is one of"),
        ],
    )
    def test_that_cannot_be_trusted_is_refused(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(FeeError, match=why):
            read(court(**changes))

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"per": "reminder"}, "per"),
            ({"per": None}, "per"),
            ({"claim_basis": "yes"}, "true or false"),
            ({"sums": [{"below": "10.00", "sum": "1.00"}]}, "bounds rise"),
            ({"sums": [{"above": "10.00", "sum": "1.00"}]}, "below a bound"),
        ],
    )
    def test_about_a_fixed_sum_that_cannot_be_trusted_is_refused(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(FeeError, match=why):
            read(forty(**changes))

    def test_that_contradicts_another_is_refused(self) -> None:
        with pytest.raises(FeeError, match=r"x\.fee stands twice"):
            read(court(), court())
        with pytest.raises(FeeError, match="two fixed sums for one place"):
            read(forty(), court(id="y", kind="fixed-sum", places=["XX"], values=forty()["values"]))
        half = {"values": {date(2026, 1, 1): {"share": "1/2", "of": "x.fee"}}}
        with pytest.raises(FeeError, match="share of a share"):
            read(court(), court(id="h", **half), court(id="q", values={date(2026, 1, 1): {"share": "1/2", "of": "h"}}))

    @pytest.mark.parametrize("text", ["- just words", "{a: 1}", "- [", "5"])
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(FeeError):
            read_fees({"x.yaml": text})

    def test_of_the_house_has_a_review_day_ahead_of_its_values(self) -> None:
        assert all(rule.review_by > rule.values[-1][0] for rule in house_fees().rules)

    def test_without_official_wording_says_so(self) -> None:
        verified: Callable[[str], bool] = lambda name: house_fees().named(name).citation.verified  # noqa: E731
        assert verified("us.reg-f.as-agreed")
        assert not verified("de.bgb-288-5")
