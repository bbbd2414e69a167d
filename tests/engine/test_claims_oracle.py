"""The claim, computed a second time: the oracle against sums done by hand, the engine against the oracle."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from dunwell.engine.claim import accrual
from tests.engine.claim_books import ClaimBook, claim_book
from tests.oracles.claim import ENFORCEMENT, PRINCIPAL_FIRST, Answer, Debt, Entry, Rate, Series, claim, rates_of

BASISZINS = Series(
    ((date(2022, 7, 1), -8_800), (date(2023, 1, 1), 16_200), (date(2023, 7, 1), 31_200)), date(2026, 6, 30)
)
BANK_OF_ENGLAND = Series(((date(2024, 7, 1), 52_500), (date(2025, 1, 1), 47_500)), date(2026, 6, 30))
LPR = Series(((date(2024, 10, 21), 31_000), (date(2025, 5, 20), 30_000)), date(2026, 5, 19))


def owed(debt: Debt, as_of: date, *entries: Entry) -> Answer:
    return claim(debt, entries, as_of)


def plain(principal: int = 1_000_000, percent: int = 10, due: date = date(2024, 12, 31), **rest: object) -> Debt:
    """10,000.00 at 10 % a year of 365 days from New Year 2025: 2.7397... a day."""
    return Debt(1, principal, due, interest=Rate("act/365", own=percent * 10_000), **rest)  # type: ignore[arg-type]


def paid(day: date, amount: int, number: int = 1, **rest: object) -> Entry:
    return Entry(number, day, "payment", amount, **rest)  # type: ignore[arg-type]


class TestTheOracle:
    """Published examples, and sums that were done by hand."""

    @pytest.mark.parametrize(
        ("debt", "as_of", "interest"),
        [
            pytest.param(
                Debt(1, 1_000_000, date(2023, 1, 1), interest=Rate("act/365", series=BASISZINS, spread=50_000)),
                date(2023, 7, 1), 328_69, id="a new base rate holds on its first day",
            ),
            pytest.param(
                Debt(
                    1, 1_000_000, date(2024, 12, 15),
                    interest=Rate("act/365", series=BANK_OF_ENGLAND, fixed_on="start", spread=80_000),
                ),
                date(2025, 3, 25), 363_01, id="a reference rate that is fixed",
            ),
            pytest.param(
                Debt(
                    1, 20_000_000, date(2024, 10, 31),
                    interest=Rate("act/365", series=LPR, fixed_on="start", multiplier=130),
                ),
                date(2025, 6, 30), 5_343_89, id="1.3 times the LPR of the breach",
            ),
            pytest.param(
                Debt(1, 50_000_000, date(2025, 8, 30), interest=Rate("per-day", own=500)),
                date(2025, 10, 8), 9_750_00, id="five in ten thousand a day",
            ),
            pytest.param(
                Debt(1, 500_000, date(2025, 7, 31), interest=Rate("act/365", own=21_500, spread=80_000)),
                date(2025, 10, 29), 125_14, id="ninety days at 10.15 per cent",
            ),
            pytest.param(
                Debt(1, 500_000, date(2025, 7, 31), interest=Rate("act/365", own=21_500, spread=100_000)),
                date(2025, 10, 29), 149_79, id="ninety days at 12.15 per cent",
            ),
            pytest.param(
                Debt(1, 100_000, date(2025, 1, 1), interest=Rate("act/365", own=51_200)),
                date(2025, 1, 26), 3_51, id="25 days at 5.12 per cent",
            ),
            pytest.param(
                Debt(1, 1_000_000, date(2015, 12, 31), interest=Rate("30/360", own=60_000)),
                date(2016, 7, 30), 350_00, id="months of thirty days",
            ),
        ],
    )  # fmt: skip
    def test_agrees_with_published_examples(self, debt: Debt, as_of: date, interest: int) -> None:
        assert owed(debt, as_of).interest == interest

    @pytest.mark.parametrize(
        ("principal", "first", "last", "doubled"),
        [
            (10_000_000, date(2025, 12, 11), date(2026, 3, 31), 1_942_50),
            (12_000_000, date(2025, 3, 21), date(2025, 5, 7), 1_008_00),
        ],
    )
    def test_counts_the_doubled_part_of_a_judgment_debt_beside_its_interest(
        self, principal: int, first: date, last: date, doubled: int
    ) -> None:
        debt = Debt(1, principal, date(2025, 1, 1), start=first, extra=Rate("per-day", own=175), order=ENFORCEMENT)
        answer = owed(debt, last)
        assert (answer.interest, answer.extra, answer.principal) == (0, doubled, principal)

    def test_pays_the_doubled_part_last(self) -> None:
        debt = Debt(1, 10_000_000, date(2025, 1, 1), extra=Rate("per-day", own=500), order=ENFORCEMENT)
        answer = owed(debt, date(2025, 4, 11), paid(date(2025, 4, 11), 10_300_000))
        assert answer.extra_sum == 5_000_00
        assert (answer.principal, answer.extra, answer.surplus) == (0, 2_000_00, 0)

    def test_lets_the_day_of_a_payment_count_or_not(self) -> None:
        for payment_day, days in (("counts", 10), ("free", 9)):
            debt = plain(3_650_000, payment_day=payment_day)
            answer = owed(debt, date(2025, 2, 1), paid(date(2025, 1, 10), 9_999_999))
            assert (answer.interest_sum, answer.interest, answer.principal) == (days * 1_000, 0, 0)
            assert answer.surplus == 9_999_999 - 3_650_000 - days * 1_000

    def test_rounds_where_the_terms_say(self) -> None:
        """2.7397... a day: 31 days with one payment in them that pays the interest of ten days and nothing else."""
        found = {}
        for rounding in ("once", "period", "day"):
            answer = owed(
                plain(rounding=rounding), date(2025, 1, 31), paid(date(2025, 1, 10), 1, designation="interest")
            )
            found[rounding] = (answer.interest_sum, answer.interest)
        assert found == {"once": (84_93, 84_92), "period": (27_40 + 57_53, 84_92), "day": (31 * 2_74, 84_93)}

    def test_ends_a_stretch_at_every_entry_but_not_at_a_reversal(self) -> None:
        """50.00 at 10 % earn 1.37 cents a day: 1 + 1 when two days are rounded each by itself, 3 together."""
        debt = plain(5_000, rounding="period")
        charge, back = Entry(2, date(2025, 1, 1), "charge", 5), Entry(3, date(2025, 1, 1), "reversal", 7, reverses=1)
        payment = paid(date(2025, 1, 1), 7)
        assert owed(debt, date(2025, 1, 2)).interest == 3
        assert owed(debt, date(2025, 1, 2), charge).interest == 2
        assert owed(debt, date(2025, 1, 2), payment, back).interest == 3

    def test_knows_leap_years(self) -> None:
        """10 % of 366.00 and 365.00 for the two days around New Year, and the 29th of February."""
        debt = Debt(1, 36_600_000, date(2024, 12, 30), interest=Rate("act/act", own=100_000))
        assert owed(debt, date(2024, 12, 31)).interest == 10_000
        assert owed(debt, date(2025, 1, 1)).interest == 20_027  # 10,000 + 3,660,000 / 365
        leap = Debt(1, 36_000_000, date(2024, 2, 28), interest=Rate("act/360", own=100_000))
        assert owed(leap, date(2024, 3, 1)).interest == 20_000

    @pytest.mark.parametrize(
        ("day_count", "day", "weight"),
        [
            ("30/360", date(2025, 1, 31), 0), ("30/360", date(2025, 2, 28), 1), ("30/360", date(2025, 3, 1), 3),
            ("30/360", date(2024, 2, 29), 1), ("30/360", date(2024, 3, 1), 2),
            ("30/360-feb", date(2025, 2, 28), 3), ("30/360-feb", date(2025, 3, 1), 1),
            ("30/360-feb", date(2024, 2, 28), 1), ("30/360-feb", date(2024, 2, 29), 2),
            ("30/360-feb", date(2024, 3, 1), 1),
        ],
    )  # fmt: skip
    def test_weighs_days_at_the_end_of_a_month(self, day_count: str, day: date, weight: int) -> None:
        debt = Debt(1, 3_600, day - timedelta(days=1), interest=Rate(day_count, own=1_000_000))
        assert owed(debt, day).interest == weight * 10

    def test_bears_interest_on_interest_after_each_period(self) -> None:
        """January: 100.00, of which 51.00 are paid on 1 February. 28 thirtieths of 1 % of 10,049.00 are 93.79."""
        debt = Debt(
            1,
            1_000_000,
            date(2024, 12, 31),
            interest=Rate("30/360", own=120_000),
            compound_months=1,
            payment_day="free",
        )
        payment = paid(date(2025, 2, 1), 51_00, designation="interest")
        assert owed(debt, date(2025, 1, 31)).interest == 100_00
        assert owed(debt, date(2025, 2, 28), payment).interest == 49_00 + 93_79

    def test_takes_a_payment_from_capitalised_interest_first(self) -> None:
        debt = Debt(1, 1_000_000, date(2025, 2, 28), interest=Rate("per-day", own=1_000), compound_months=1)
        march = owed(debt, date(2025, 3, 31))
        assert march.interest == 31 * 1_000
        payment = paid(date(2025, 4, 1), 31_000, designation="interest")
        april = owed(debt, date(2025, 4, 2), payment)
        assert april.interest == 1_031 + 1_000

    def test_capitalises_on_the_last_day_of_a_month_that_has_no_such_day(self) -> None:
        """From 31 January: anniversaries on 28 February and 31 March, so interest joins on 27 February and 30 March."""
        debt = Debt(1, 1_000_000, date(2025, 1, 30), interest=Rate("per-day", own=1_000), compound_months=1)
        assert owed(debt, date(2025, 2, 27)).interest == 28_000
        assert owed(debt, date(2025, 2, 28)).interest == 28_000 + 1_028
        assert owed(debt, date(2025, 3, 30)).interest == 28_000 + 31 * 1_028
        assert owed(debt, date(2025, 3, 31)).interest == 28_000 + 31 * 1_028 + 1_060  # 1,059,868 bear 1,059.868

    def test_shows_what_a_cap_on_the_sum_holds_back(self) -> None:
        debt = plain(3_650_000, sum_cap_bp=100)
        answer = owed(debt, date(2025, 2, 28), paid(date(2025, 2, 28), 30_000))
        assert (answer.interest_sum, answer.interest, answer.capped) == (36_500, 6_500, 59_000 - 36_500)

    def test_lets_costs_and_interest_survive_the_principal(self) -> None:
        order = ("principal", "costs", "interest", "extra")
        answer = owed(
            plain(3_650_000, order=order, fixed_sum=4_000), date(2026, 1, 1), paid(date(2025, 1, 10), 3_650_000)
        )
        assert (answer.costs, answer.interest, answer.principal, answer.surplus) == (4_000, 10_000, 0, 0)

    def test_counts_a_fixed_sum_against_the_costs_that_follow_it(self) -> None:
        charges = [Entry(n, date(2025, 1, n), "charge", minor) for n, minor in ((3, 1_500), (4, 3_000))]
        debt = plain(fixed_sum=4_000)
        answers = [owed(debt, date(2025, 1, day), *charges, paid(date(2025, 1, 2), 4_000, 9)) for day in (2, 3, 4)]
        assert [answer.costs for answer in answers] == [0, 0, 500]

    def test_uses_a_surplus_for_charges_that_come_later(self) -> None:
        charges = [Entry(n, date(2025, 1, n), "charge", 3_000, fee=n == 6) for n in (5, 6, 7)]
        bound = Rate("act/365", own=240_000)
        for debt in (plain(10_000), plain(10_000, ceiling=bound), plain(10_000, order=PRINCIPAL_FIRST)):
            answers = [owed(debt, c.day, *charges, paid(date(2024, 12, 1), 15_000)) for c in charges]
            fees = 0 if debt.ceiling else 3_000  # without interest there was no principal, so no room for fees
            held = [15_000 - 10_000 - 3_000, 2_000 - fees, 2_000 - fees - 3_000]
            assert [answer.surplus - answer.costs for answer in answers] == held
            assert not any(answer.surplus and answer.costs for answer in answers)

    def test_uses_a_surplus_for_what_a_charge_is_more_than_the_fixed_sum(self) -> None:
        debt = plain(1_000_000, fixed_sum=4_000)
        money, charge = (
            paid(date(2025, 1, 1), 1_000_000 + 4_000 + 274 + 900),
            Entry(8, date(2025, 1, 5), "charge", 5_000),
        )
        assert owed(debt, date(2025, 1, 4), money, charge).surplus == 900
        after = owed(debt, date(2025, 1, 5), money, charge)
        assert (after.costs, after.surplus) == (100, 0)

    def test_asks_no_fixed_sum_of_one_who_paid_in_time(self) -> None:
        debt = plain(fixed_sum=4_000)
        assert owed(debt, date(2025, 1, 1), paid(date(2024, 12, 31), 1_000_000)).costs == 0
        assert owed(debt, date(2025, 1, 1), paid(date(2025, 1, 1), 1_000_000)).principal == 4_000 + 274
        assert owed(debt, date(2024, 12, 31)).costs == 0

    def test_begins_with_the_component_that_the_payer_names(self) -> None:
        debt = plain(3_650_000, fixed_sum=4_000)
        answer = owed(debt, date(2025, 1, 10), paid(date(2025, 1, 10), 12_000, designation="interest"))
        assert (answer.costs, answer.interest, answer.principal) == (2_000, 0, 3_650_000)

    def test_takes_a_credit_from_the_principal_first_and_before_payments_of_the_day(self) -> None:
        debt = plain(3_650_000)
        credit = Entry(2, date(2025, 1, 10), "credit", 3_650_001)
        answer = owed(debt, date(2025, 1, 31), paid(date(2025, 1, 10), 9_999), credit)
        # the cent that the credit note is more than the principal pays the cent of interest that the payment leaves
        assert (answer.interest, answer.principal, answer.surplus) == (0, 0, 0)
        assert owed(debt, date(2025, 1, 10), replace(credit, amount=9_999)).interest == 10_000

    def test_undoes_a_payment_from_its_own_day_once_the_reversal_is_known(self) -> None:
        debt = plain(3_650_000)
        payment, back = (
            paid(date(2025, 1, 10), 3_660_000),
            Entry(2, date(2025, 3, 1), "reversal", 3_650_000, reverses=1),
        )
        before = owed(debt, date(2025, 2, 28), payment, back)
        after = owed(debt, date(2025, 3, 1), payment, back)
        assert (before.principal, before.interest) == (0, 0)
        assert (after.principal, after.interest, after.interest_sum) == (3_650_000, 50_000, 60_000)

    def test_refuses_what_a_series_does_not_reach_and_says_what_is_assumed(self) -> None:
        rate = Rate("act/365", series=LPR)
        assert owed(Debt(1, 100, date(2024, 10, 19), interest=rate), date(2025, 1, 1)) == Answer(refused="rate.before")
        assert owed(Debt(1, 100, date(2024, 10, 20), interest=rate), date(2026, 5, 19)).assumed_since is None
        assert owed(Debt(1, 100, date(2024, 10, 20), interest=rate), date(2026, 5, 20)).assumed_since == date(
            2026, 5, 20
        )

    def test_caps_a_rate_by_the_series_of_the_contract_s_day(self) -> None:
        rate = Rate("act/365", own=240_000, cap_series=LPR, cap_multiplier=400)
        debt = Debt(1, 10_000_000, date(2025, 1, 1), contract=date(2025, 1, 1), interest=rate)
        assert owed(debt, date(2026, 1, 1)).interest == 12_400_00
        assert claim(Debt(1, 1, date(2025, 1, 1), interest=rate), (), date(2026, 1, 1)).refused is not None


def engine_answers(book: ClaimBook) -> dict[int, Answer]:
    """What the engine says of each debt of a book."""
    frame = accrual.claims(*book.engine_input(), book.as_of)
    assert frame["debt_id"].to_list() == sorted(debt.id for debt, _ in book.ledgers)
    return {row["debt_id"]: _answer(row) for row in frame.to_dicts()}


def _answer(row: dict[str, Any]) -> Answer:
    sums = {name.name: row[f"{name.name}_minor"] for name in fields(Answer)[:9]}
    return Answer(**sums, refused=row["refused"], assumed_since=None if row["refused"] else row["assumed_since"])


def difference(debt: Debt, entries: Sequence[Entry], as_of: date) -> str | None:
    """A debt alone, with its rates, its entries and both answers, for one who does the sum by hand."""
    expected, found = claim(debt, entries, as_of), engine_answers(ClaimBook(as_of, [(debt, list(entries))]))[debt.id]
    if found == expected:
        return None
    told = [f"as of {as_of}", f"{debt}"]
    for name, rate in (("interest", debt.interest), ("extra", debt.extra)):
        if rate and not expected.refused and debt.first_day <= as_of:
            rates = rates_of(rate, debt.first_day, as_of, debt.contract)
            told.append(f"  {name}: " + ", ".join(f"{ppm} ppm from {since}" for since, ppm in rates))
    told += [f"  {entry}" for entry in sorted(entries, key=lambda entry: (entry.day, entry.id))]
    return "\n".join([*told, f"oracle {expected}", f"engine {found}"])


def shortest(debt: Debt, entries: list[Entry], as_of: date) -> str | None:
    """The difference, without the entries that it does not need."""
    for entry in list(entries):
        fewer = [other for other in entries if other is not entry and other.reverses != entry.id]
        if difference(debt, fewer, as_of):
            entries = fewer
    return difference(debt, entries, as_of)


def compare(book: ClaimBook) -> None:
    found = engine_answers(book)
    wrong = [ledger for ledger in book.ledgers if found[ledger[0].id] != claim(*ledger, book.as_of)]
    for debt, entries in sorted(wrong, key=lambda ledger: len(ledger[1]))[:1]:
        whole = (
            difference(debt, entries, book.as_of)
            or f"{debt}\n{entries}\nis right alone, among others: {found[debt.id]}"
        )
        short = shortest(debt, entries, book.as_of)
        pytest.fail(f"{len(wrong)} of {len(found)} differ, one of them\n{whole}\nor with fewer entries\n{short}")


class TestTheEngine:
    """Many debts in one frame: the engine goes through all of them at once."""

    @pytest.mark.parametrize("seed", range(2))
    def test_equals_the_oracle(self, seed: int) -> None:
        compare(claim_book(seed, 1_000))

    @pytest.mark.parametrize("few", [0, 10**9], ids=["all debts together", "one debt after the other"])
    def test_equals_the_oracle_in_both_ways_of_reckoning(self, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
        monkeypatch.setattr(accrual, "FEW", few)
        compare(claim_book(7, 300))

    @pytest.mark.parametrize(
        "debt",
        [
            pytest.param(plain(10**13, due=date(1985, 12, 31)), id="the largest principal for forty years"),
            pytest.param(plain(due=date(2026, 1, 20)), id="one not yet due"),
            pytest.param(plain(due=date(2025, 12, 31)), id="one that falls due on the day"),
            pytest.param(Debt(1, 100_000, date(2025, 1, 1)), id="one without interest"),
        ],
    )
    def test_computes_a_debt_alone(self, debt: Debt) -> None:
        assert difference(debt, (), date(2025, 12, 31)) is None

    @pytest.mark.parametrize("few", [0, 100], ids=["all debts together", "one debt after the other"])
    def test_leaves_all_room_to_fees_under_a_ceiling_beyond_every_bound(
        self, monkeypatch: pytest.MonkeyPatch, few: int
    ) -> None:
        monkeypatch.setattr(accrual, "FEW", few)
        wild = Series(((date(1950, 1, 1), 10**9),), date(2100, 1, 1))
        ceiling = Rate("act/365", series=wild, fixed_on="contract", multiplier=400)
        debt = plain(10**14, 5, date(1985, 12, 31), contract=date(1980, 1, 1), ceiling=ceiling)
        fee = Entry(1, date(1990, 1, 1), "charge", 10**14, fee=True)
        entries = (fee, paid(date(1991, 1, 1), 5 * 10**13, 2))
        assert owed(debt, date(2025, 12, 31), *entries).capped_costs == 0
        assert difference(debt, entries, date(2025, 12, 31)) is None

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("seed", range(100, 120))
    def test_equals_the_oracle_many_times(self, seed: int) -> None:
        compare(claim_book(seed, 5_000))
