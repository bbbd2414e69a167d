"""Fees for many debts at once: exact to the minor unit, once for each cause, and refused in words."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError, catalogue
from dunwell.core.money import LARGEST_MINOR, Money
from dunwell.engine.claim.fees import AGREED_REASONS, FIXED_REASONS, agreed_fees, court_cost, court_costs, fixed_sums

DAY = date(2026, 3, 2)
LATE = date(2026, 2, 1)

# the tables once more, as the law is usually written: (up to yuan, percent), after the flat first slice
CASE = (50, 10_000, [(100_000, "2.5"), (200_000, "2"), (500_000, "1.5"), (10**6, "1"), (2 * 10**6, "0.9"),
                     (5 * 10**6, "0.8"), (10**7, "0.7"), (2 * 10**7, "0.6"), (None, "0.5")])  # fmt: skip
ENFORCEMENT = (50, 10_000, [(500_000, "1.5"), (5 * 10**6, "1"), (10**7, "0.5"), (None, "0.1")])
PRESERVATION = (30, 1_000, [(100_000, "1"), (None, "0.5")])
TABLES = {
    "case": (CASE, 1, None), "summary": (CASE, 2, None), "mediation": (CASE, 2, None), "withdrawal": (CASE, 2, None),
    "payment-order": (CASE, 3, None), "enforcement": (ENFORCEMENT, 1, None), "preservation": (PRESERVATION, 1, 5_000),
}  # fmt: skip


def by_hand(what: str, minor: int) -> int:
    """The fee in fen, in fractions."""
    (flat, below, parts), share, cap = TABLES[what]
    fee, amount = Fraction(flat), Fraction(minor, 100)
    for upper, percent in parts:
        top = amount if upper is None else min(amount, Fraction(upper))
        fee += max(Fraction(0), top - below) * Fraction(percent) / 100
        below = upper or below
    fee = fee if cap is None else min(fee, Fraction(cap))
    return int((fee / share * 100 + Fraction(1, 2)).__floor__())


BOUNDS = [
    100 * yuan for yuan in (1_000, 10_000, 100_000, 200_000, 500_000, 896_000, 10**6, 5 * 10**6, 10**7, 2 * 10**7)
]
AMOUNTS = st.one_of(
    st.integers(1, LARGEST_MINOR),
    st.builds(lambda bound, off: bound + off, st.sampled_from(BOUNDS), st.integers(-2_000, 2_000)),
)


def claims(rows: list[tuple[str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"fee": [f"cn.court.{what}" for what, _ in rows], "amount_minor": [minor for _, minor in rows]},
        schema={"fee": pl.String, "amount_minor": pl.Int64},
    ).with_columns(currency=pl.lit("CNY"), day=pl.lit(DAY))


class TestACourtFee:
    @given(st.lists(st.tuples(st.sampled_from(sorted(TABLES)), AMOUNTS), max_size=30))
    def test_of_many_is_what_fractions_say_of_each(self, rows: list[tuple[str, int]]) -> None:
        found = court_costs(claims(rows))
        assert found["cost_minor"].to_list() == [by_hand(what, minor) for what, minor in rows]
        assert found.drop("cost_minor").equals(claims(rows))

    @given(st.sampled_from(sorted(TABLES)), AMOUNTS, AMOUNTS)
    def test_never_falls_when_the_amount_rises(self, what: str, one: int, other: int) -> None:
        lower, higher = (
            court_cost(f"cn.court.{what}", Money(minor, "CNY"), DAY).minor for minor in sorted((one, other))
        )
        assert 0 < lower <= higher

    def test_of_the_largest_amount_does_not_wrap_around(self) -> None:
        assert court_cost("cn.court.case", Money(LARGEST_MINOR, "CNY"), DAY).minor == by_hand("case", LARGEST_MINOR)

    @pytest.mark.parametrize(
        ("fee", "amount", "day", "code", "words"),
        [
            ("cn.court.bribe", Money(1, "CNY"), DAY, "fees.unknown_value", "cn.court.payment-order"),
            ("de.bgb-288-5", Money(1, "CNY"), DAY, "fees.unknown_value", "de.bgb-288-5"),
            ("cn.court.case", Money(1, "EUR"), DAY, "fees.wrong_currency", "amount in CNY"),
            ("cn.court.case", Money(0, "CNY"), DAY, "fees.not_positive", "amount_minor is 0"),
            ("cn.court.case", Money(-1, "CNY"), DAY, "fees.not_positive", "-1"),
            ("cn.court.case", Money(LARGEST_MINOR + 1, "CNY"), DAY, "fees.too_large", "too large"),
            ("cn.court.case", Money(10**60, "CNY"), DAY, "fees.too_large", "too large"),
            ("cn.court.case", Money(-(10**60), "CNY"), DAY, "fees.too_large", "too large"),
            ("cn.court.summary", Money(1, "CNY"), date(2007, 3, 31), "fees.not_in_force", "2007-04-01"),
            ("\x1b[31m\u202e", Money(1, "CNY"), DAY, "fees.unknown_value", "\\x1b[31m\\u202e"),
        ],
    )
    def test_is_refused_in_words(self, fee: str, amount: Money, day: date, code: str, words: str) -> None:
        with pytest.raises(DunwellError) as caught:
            court_cost(fee, amount, day)
        assert caught.value.code == code
        assert words in str(caught.value)

    def test_names_the_row_that_is_wrong(self) -> None:
        for column, value in (("amount_minor", -5), ("amount_minor", None), ("currency", None), ("day", None)):
            rows = claims([("case", 100), ("case", 200), ("case", 300)])
            wrong = pl.when(pl.int_range(pl.len()) == 1).then(pl.lit(value)).otherwise(column).alias(column)
            with pytest.raises(DunwellError, match=f"Row 2.*{value}"):
                court_costs(rows.with_columns(wrong))


def debt(**row: Any) -> dict[str, Any]:
    return {
        "debt_id": 1, "kind": "invoice", "place": "DE", "debtor_kind": "business", "currency": "EUR",
        "amount_minor": 100_00, "late_from": LATE, "invoice_id": None, "costs_minor": None, "charged": None,
    } | row  # fmt: skip


TYPES = {
    "place": pl.String,
    "late_from": pl.Date,
    "invoice_id": pl.Int64,
    "costs_minor": pl.Int64,
    "charged": pl.Boolean,
}


def answers(*rows: dict[str, Any], day: date = DAY) -> list[tuple[int, str]]:
    found = fixed_sums(pl.DataFrame(list(rows), schema_overrides=TYPES), day)
    return found.select("fixed_minor", "fixed_reason").rows()


class TestAFixedSum:
    def test_is_borne_once_however_many_reminders_repeat_the_debt(self) -> None:
        for days in (0, 30, 4_000):
            assert (
                answers(debt(), debt(), debt(), day=LATE + timedelta(days))
                == [(40_00, "due")] + [(0, "same_cause")] * 2
            )
        assert answers(debt(charged=True)) == [(0, "charged_before")]
        assert answers(debt(charged=True), debt()) == [(0, "charged_before")] * 2
        assert answers(debt(), debt(charged=True)) == [(0, "charged_before")] * 2
        # charged too early, which its own row says; it is not charged again
        early = debt(charged=True, late_from=DAY + timedelta(1))
        assert answers(debt(), early) == [(0, "charged_before"), (0, "not_late")]

    def test_is_borne_by_every_instalment_in_germany_and_by_the_invoice_in_france(self) -> None:
        parts = [
            debt(debt_id=n, kind="instalment", invoice_id=9, late_from=LATE + timedelta(10 - n)) for n in (1, 2, 3)
        ]
        assert answers(*parts) == [(40_00, "due")] * 3
        french = [part | {"place": "FR"} for part in parts]
        # the one that was late first bears it
        assert answers(*french) == [(0, "same_cause"), (0, "same_cause"), (40_00, "due")]
        assert answers(french[0], french[1], french[2] | {"charged": True}) == [(0, "charged_before")] * 3

    def test_arises_on_the_first_day_of_lateness(self) -> None:
        rows = pl.DataFrame([debt()], schema_overrides=TYPES)
        assert fixed_sums(rows, LATE - timedelta(1))["fixed_reason"].to_list() == ["not_late"]
        on_the_day = fixed_sums(rows, LATE).row(0, named=True)
        assert (on_the_day["fixed_minor"], on_the_day["fixed_from"]) == (40_00, LATE)
        assert fixed_sums(rows, LATE - timedelta(1))["fixed_from"].to_list() == [None]

    def test_does_not_go_when_more_is_known_of_other_debts(self) -> None:
        alone = answers(debt(debt_id=5))
        beside = answers(debt(debt_id=4, place="FR"), debt(debt_id=5), debt(debt_id=6, debtor_kind="consumer"))
        assert beside[1] == alone[0]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"debtor_kind": "consumer"}, "debtor_protected"),
            ({"place": None}, "no_rule"),
            ({"place": "US"}, "no_rule"),
            ({"place": "\x00' OR 1"}, "no_rule"),
            ({"kind": "charge"}, "not_a_debt"),
            ({"kind": "credit_note", "amount_minor": -5}, "not_a_debt"),
            ({"amount_minor": 0}, "nothing_owed"),
            ({"late_from": None}, "not_late"),
            ({"late_from": date(1999, 1, 1)}, "before_rule"),
            ({"currency": "PLN"}, "other_currency"),
            ({"costs_minor": 40_00}, "within_costs"),
            ({"costs_minor": 10**12}, "within_costs"),
        ],
    )
    def test_is_not_borne_and_why(self, changes: dict[str, Any], reason: str) -> None:
        assert answers(debt(**changes)) == [(0, reason)]

    def test_needs_neither_instalments_nor_costs_nor_history(self) -> None:
        bare = pl.DataFrame([debt()], schema_overrides=TYPES).drop("invoice_id", "costs_minor", "charged")
        found = fixed_sums(bare, DAY)
        assert found["fixed_minor"].to_list() == [40_00]
        assert found.columns[: len(bare.columns)] == bare.columns

    def test_of_a_directive_is_no_claim(self) -> None:
        rows = pl.DataFrame([debt(place="EU"), debt(debt_id=2), debt(debt_id=3, place="US")], schema_overrides=TYPES)
        found = fixed_sums(rows, DAY)
        assert found["fixed_claim_basis"].to_list() == [False, True, None]
        assert found["fixed_verified"].to_list() == [False, False, None]

    def test_of_nothing_is_nothing(self) -> None:
        none = pl.DataFrame([debt()], schema_overrides=TYPES).clear()
        assert fixed_sums(none, DAY).is_empty()
        assert court_costs(claims([])).is_empty()
        assert agreed_fees(pl.DataFrame([fee()]).clear()).is_empty()

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"kind": "gift"}, "fees.unknown_value"),
            ({"kind": None}, "fees.unknown_value"),
            ({"debtor_kind": "cat"}, "fees.unknown_value"),
            ({"currency": "EURO"}, "fees.unknown_value"),
            ({"amount_minor": -1}, "fees.negative"),
            ({"amount_minor": None}, "fees.negative"),
            ({"costs_minor": -1}, "fees.negative"),
            ({"debt_id": None}, "fees.missing"),
        ],
    )
    def test_is_refused_in_words(self, changes: dict[str, Any], code: str) -> None:
        with pytest.raises(DunwellError) as caught:
            answers(debt(), debt(debt_id=2) | changes)
        assert caught.value.code == code
        assert "Row 2: " in str(caught.value)
        assert next(iter(changes)) in str(caught.value)

    @given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3), st.sampled_from(["DE", "FR", "GB", "IT", "CH"]),
                              st.integers(1, 3_000_000), st.integers(-20, 20)), max_size=20))  # fmt: skip
    def test_is_one_for_each_cause_in_any_order(self, rows: list[tuple[int, int, str, int, int]]) -> None:
        """A debt has one place and one size, however often it is named."""
        known: dict[int, dict[str, Any]] = {}
        debts = []
        for number, invoice, place, minor, late in rows:
            money = "GBP" if place == "GB" else "EUR"
            known.setdefault(
                number,
                debt(
                    debt_id=number, invoice_id=100 + invoice, place=place, amount_minor=minor, currency=money,
                    late_from=DAY + timedelta(late),
                ),
            )  # fmt: skip
            debts.append(known[number])
        expected = sorted(self.by_hand(list(known.values())))
        for order in (debts, debts[::-1]) if debts else ():
            assert sorted(minor for minor, _ in answers(*order) if minor) == expected

    @staticmethod
    def by_hand(debts: list[dict[str, Any]]) -> list[int]:
        """What distinct debts bear: an invoice in France and Britain once, by what was late first."""
        found, seen = [], set()
        for each in sorted(debts, key=lambda row: (row["late_from"], row["debt_id"])):
            if each["place"] == "CH" or each["late_from"] > DAY:
                continue
            wide = each["place"] in ("FR", "GB")
            cause = (each["place"] if wide else "", each["invoice_id" if wide else "debt_id"], wide)
            if cause not in seen:
                seen.add(cause)
                size = each["amount_minor"]
                british = 40_00 if size < 1_000_00 else 70_00 if size < 10_000_00 else 100_00
                found.append(british if each["place"] == "GB" else 40_00)
        return found


def fee(**row: Any) -> dict[str, Any]:
    return {
        "debt_id": 1, "cause": "late", "day": DAY, "currency": "EUR", "asked_minor": 15_00, "agreed_minor": 20_00,
        "place": "DE", "debtor_kind": "business", "collector": "creditor",
    } | row  # fmt: skip


def allowed(*rows: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    types = {"agreed_minor": pl.Int64, "place": pl.String}
    found = agreed_fees(pl.DataFrame(list(rows), schema_overrides=types))
    return found.select("fee_minor", "fee_reason", "ceiling").rows()


class TestAnAgreedFee:
    def test_is_what_is_asked_up_to_what_was_agreed_and_no_ceiling_is_invented(self) -> None:
        assert allowed(fee()) == [(15_00, "due", None)]
        assert allowed(fee(asked_minor=20_01)) == [(20_00, "beyond_agreement", None)]
        assert allowed(fee(agreed_minor=None)) == [(0, "not_agreed", None)]
        assert allowed(fee(place=None)) == [(15_00, "due", None)]
        assert allowed(fee(asked_minor=0, agreed_minor=None)) == [(0, "due", None)]

    def test_is_charged_once_for_each_cause(self) -> None:
        rows = [fee(day=DAY + timedelta(9)), fee(), fee(cause="first-dunning"), fee(debt_id=2)]
        assert [reason for _, reason, _ in allowed(*rows)] == ["same_cause", "due", "due", "due"]
        charged = [{**row, "charged": row["cause"] == "late"} for row in rows]
        assert [minor for minor, _, _ in allowed(*charged)] == [0, 0, 15_00, 0]

    def test_of_a_private_loan_counts_within_the_cap_on_interest(self) -> None:
        loan = fee(place="CN", currency="CNY") | {"contract": "private-loan", "room_minor": 10_00}
        assert allowed(loan) == [(10_00, "capped", "cn.loan.fees-within-cap")]
        assert allowed({**loan, "contract": "sale"}) == [(15_00, "due", None)]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"asked_minor": -1}, "fees.negative"),
            ({"asked_minor": None}, "fees.negative"),
            ({"agreed_minor": -1}, "fees.negative"),
            ({"currency": "???"}, "fees.unknown_value"),
            ({"collector": "thug"}, "fees.unknown_value"),
            ({"contract": "gift"}, "fees.unknown_value"),
            ({"debtor_kind": None}, "fees.unknown_value"),
            ({"day": None}, "fees.missing"),
            ({"cause": None}, "fees.missing"),
        ],
    )
    def test_is_refused_in_words(self, changes: dict[str, Any], code: str) -> None:
        good = {"contract": "other"}
        with pytest.raises(DunwellError, match="Row 2: ") as caught:
            allowed(fee(**good), fee(**good) | changes)
        assert caught.value.code == code
        assert next(iter(changes)) in str(caught.value)


class TestEveryReason:
    def test_has_its_words(self) -> None:
        wanted = {f"fees.fixed.{each}" for each in FIXED_REASONS} | {f"fees.agreed.{each}" for each in AGREED_REASONS}
        assert wanted | {"fees.no_ceiling"} <= set(catalogue())
