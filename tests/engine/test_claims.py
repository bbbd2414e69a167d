"""What a claim is: disputes, several debts, money that names none, and what no sum can be told of."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.documents.statement import event_words, notes
from dunwell.engine.claim import accrual, described
from dunwell.engine.claim.balance import OneDebt
from dunwell.engine.claim.debts import DEBTS
from dunwell.engine.claim.several_debts import Free, distribute, place
from dunwell.engine.claim.statement import make_statement
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_terms import make_terms

CLAUSE = make_terms("contract.clause", {"rate": "7.3", "confirmed": True})
"""On 10,000.00 that is 2.00 a day."""
NONE = make_terms("none")
DUE = date(2025, 1, 31)


def debt(number="1", principal=1_000_000, due=DUE, terms=CLAUSE, **more):
    return Debt(number, "EUR", principal, due, terms, **more)


def payment(day, minor, number="P", **more):
    return Entry(number, day, "payment", minor, **more)


class TestADispute:
    def test_leaves_the_undisputed_part_with_its_own_interest(self):
        (told,) = make_statement([debt(disputed_minor=250_000)], date(2025, 2, 10)).debts
        # 7,500.00 at 1.50 a day for ten days; the disputed 2,500.00 would be 5.00 more
        assert (told.sums.principal, told.sums.interest) == (750_000, 1_500)
        assert (told.disputed.principal, told.disputed.interest) == (250_000, 500)

    def test_of_the_whole_debt_demands_nothing_and_keeps_what_was_paid(self):
        paid = debt(
            disputed_minor=1_000_000, entries=(payment(date(2025, 2, 5), 300_000), Entry("C", DUE, "charge", 500))
        )
        (told,) = make_statement([paid], date(2025, 2, 10)).debts
        assert (told.sums.total, told.sums.surplus) == (0, 0)

    def test_of_the_whole_debt_demands_nothing_before_a_payment_that_comes_later(self):
        later = debt(disputed_minor=1_000_000, entries=(payment(date(2025, 3, 1), 300_000),))
        told = make_statement([later], date(2025, 2, 10), date(2025, 3, 10))
        assert told.totals == {"EUR": 0}
        assert {sums["EUR"] for _, sums in (*told.coming, *told.pay_by)} == {0}

    def test_gets_no_payment(self):
        paid = debt(principal=1_000_000, disputed_minor=400_000, entries=(payment(DUE, 700_000),))
        (told,) = make_statement([paid], date(2025, 2, 10)).debts
        assert (told.sums.principal, told.sums.surplus) == (0, 100_000)
        # without the dispute the payment would have left 3,000.00 open
        assert told.sums.total + told.disputed.total == 300_000 + 600


class TestFeesUnderACeiling:
    """4 x LPR of 20 October 2024 (3.10 %) are 12.4 %: on 100,000.00 that is 12,400.00 a year."""

    TERMS = make_terms("cn.loan-agreed", {"rate": "10", "confirmed": True})

    def loan(self, *charges, terms=TERMS, **more):
        entries = tuple(
            Entry(f"C{n}", date(2025, 2, 1), "charge", minor, charge_kind=kind)
            for n, (minor, kind) in enumerate(charges)
        )
        contract = date(2024, 10, 21)
        return replace(
            debt(principal=10_000_000, terms=terms, contract=contract), currency="CNY", entries=entries, **more
        )

    def owed(self, one, day=date(2026, 1, 31)):
        (told,) = make_statement([one], day).debts
        return told.sums

    def test_are_owed_as_far_as_the_interest_leaves_room(self):
        sums = self.owed(self.loan((240_001, "late_fee")))
        assert (sums.interest, sums.costs, sums.capped_costs) == (1_000_000, 240_000, 1)

    def test_come_in_as_the_room_grows(self):
        half = self.owed(self.loan((240_000, "penalty")), date(2025, 7, 2))
        # 152 days at 12.4 % are 5,163.84, at 10 % 4,164.38
        assert (half.costs, half.capped_costs) == (99_946, 140_054)

    def test_are_bounded_where_the_interest_is_not_demanded_too(self):
        bare = self.loan((1_300_000, "late_fee"), terms=make_terms("cn.loan-agreed", {"rate": "10"}))
        (told,) = make_statement([bare], date(2026, 1, 31)).debts
        assert (told.sums.interest, told.sums.costs, told.sums.capped_costs) == (0, 1_240_000, 60_000)
        assert told.informed.sums.total == 10_000_000 + 1_240_000

    def test_are_not_those_of_a_court_nor_of_no_kind(self):
        sums = self.owed(self.loan((500_000, "court_cost"), (400_000, None)))
        assert (sums.costs, sums.capped_costs) == (900_000, 0)

    def test_that_nobody_named_are_named_in_words(self):
        (told,) = make_statement([self.loan((400_000, None))], date(2026, 1, 31)).debts
        assert any("C0" in note for note in notes(told, "en"))
        (named,) = make_statement([self.loan((400_000, "other"))], date(2026, 1, 31)).debts
        assert not any("C0" in note for note in notes(named, "en"))

    def test_are_paid_after_other_costs(self):
        one = self.loan((240_000, "late_fee"), (5_000, "court_cost"))
        paid = replace(one, entries=(*one.entries, payment(date(2025, 2, 1), 6_000)))
        # on the first day 6.57 of fees have room (33.97 less 27.40)
        (told,) = make_statement([paid], date(2025, 2, 1)).debts
        (came,) = [event for event in told.demanded.events if event.kind == "payment"]
        assert came.paid["costs"] == 5_000 + 657
        assert told.sums.costs == 0


class TestMoneyThatNamesNoDebt:
    def split(self, debts, *payments, day=date(2025, 6, 30)):
        found, _ = distribute(debts, [("EUR", each) for each in payments], day)
        return {one.number: sum(e.amount_minor for e in one.entries) for one in found}

    def test_pays_what_is_due_before_what_is_not(self):
        debts = [debt("later", 50_000, date(2025, 12, 31), NONE), debt("due", 50_000, terms=NONE)]
        assert self.split(debts, payment(date(2025, 3, 1), 60_000)) == {"later": 10_000, "due": 50_000}

    def test_pays_the_least_secured_first(self):
        debts = [debt("pledged", 50_000, terms=NONE, secured=2), debt("bare", 50_000, terms=NONE)]
        assert self.split(debts, payment(date(2025, 3, 1), 60_000)) == {"pledged": 10_000, "bare": 50_000}

    def test_pays_the_heaviest_burden_first(self):
        heavy = debt("heavy", 1_000_000, date(2025, 2, 15))
        debts = [debt("light", 50_000, terms=NONE), heavy]
        assert self.split(debts, payment(date(2025, 2, 20), 1_000)) == {"light": 0, "heavy": 1_000}

    def test_holds_a_rate_per_day_against_a_rate_per_year(self):
        daily = make_terms("contract.clause", {"rate": "0.05", "per": "day", "confirmed": True})
        debts = [debt("year", 50_000), debt("day", 50_000, terms=daily)]
        assert self.split(debts, payment(date(2025, 2, 20), 1_000)) == {"year": 0, "day": 1_000}

    def test_pays_the_earliest_due_first(self):
        debts = [debt("b", 50_000, terms=NONE), debt("a", 50_000, date(2025, 1, 15), NONE)]
        assert self.split(debts, payment(date(2025, 3, 1), 50_001)) == {"a": 50_000, "b": 1}

    def test_passes_by_what_is_disputed(self):
        debts = [debt("1", 50_000, terms=NONE, disputed_minor=50_000), debt("2", 50_000, terms=NONE)]
        assert self.split(debts, payment(date(2025, 3, 1), 50_000)) == {"1": 0, "2": 50_000}

    def test_pays_debts_that_are_alike_in_proportion(self):
        debts = [debt("B", 300_000, terms=NONE), debt("A", 100_000, terms=NONE)]
        assert self.split(debts, payment(date(2025, 3, 1), 100_000)) == {"B": 75_000, "A": 25_000}

    @pytest.mark.parametrize(
        ("owed", "minor", "shares"),
        [((1, 1, 1), 2, (1, 1, 0)), ((3, 3, 1), 5, (2, 2, 1)), ((100, 50), 149, (99, 50)), ((7, 7), 20, (7, 7))],
    )
    def test_gives_every_cent_of_a_proportion_to_somebody(self, owed, minor, shares):
        debts = [debt(f"{n}", each, terms=NONE) for n, each in enumerate(owed)]
        found, _ = distribute(debts, [("EUR", payment(date(2025, 3, 1), minor))], date(2025, 6, 30))
        taken = [min(sum(e.amount_minor for e in one.entries), each) for one, each in zip(found, owed, strict=True)]
        assert taken == list(shares)

    def test_that_names_a_component_pays_it_of_all_debts_before_anything_else_of_any(self):
        # 2.00 a day of each: 60.00 of interest on A and 40.00 on B
        debts = [debt("A"), debt("B", due=date(2025, 2, 10))]
        day = date(2025, 3, 2)

        def open_after(minor, designation):
            paid = payment(day, minor, designation=designation)
            sums = described.compute(distribute(debts, [("EUR", paid)], day)[0], day).sums
            return sums.select("interest_minor", "principal_minor").rows()

        assert open_after(1_500_000, "principal") == [(6_000, 0), (4_000, 500_000)]
        assert open_after(2_007_000, "principal") == [(0, 0), (3_000, 0)]
        assert open_after(7_000, "interest") == [(0, 1_000_000), (3_000, 1_000_000)]
        assert open_after(7_000, "costs") == open_after(7_000, None) == [(0, 999_000), (4_000, 1_000_000)]

    def test_that_names_a_component_is_one_entry_of_each_debt(self):
        debts = [debt("A"), debt("B", due=date(2025, 2, 10))]
        paid = payment(date(2025, 3, 2), 2_007_000, designation="principal")
        found, _ = distribute(debts, [("EUR", paid)], date(2025, 3, 2))
        assert [[entry.amount_minor for entry in one.entries] for one in found] == [[1_006_000], [1_001_000]]

    def test_of_another_currency_pays_nothing(self):
        paid = payment(date(2025, 3, 1), 5_000)
        found, strangers = distribute([debt()], [("USD", paid)], date(2025, 6, 30))
        assert found[0].entries == ()
        assert strangers == [("USD", paid)]

    def test_of_a_free_day_pays_no_interest_of_that_day(self):
        free = make_terms("contract.clause", {"rate": "10", "payment_day": "free", "confirmed": True})
        debts = [debt("A", 36_500_00, date(2025, 1, 1), free), debt("B", 36_500_00, date(2025, 1, 2), free)]
        found = self.split(debts, payment(date(2025, 2, 1), 40_000_00), day=date(2025, 2, 1))
        # thirty days at 10.00: the 31st is the day of the payment
        assert found == {"A": 36_800_00, "B": 3_200_00}

    def test_beyond_all_debts_is_a_surplus(self):
        assert self.split([debt("1", 100, terms=NONE)], payment(date(2025, 3, 1), 150)) == {"1": 150}

    FREE = make_terms("contract.clause", {"rate": "9", "payment_day": "free", "rounding": "period", "confirmed": True})
    ALSO = make_terms("contract.clause", {"rate": "20", "order": "principal-first", "confirmed": True})

    @given(
        st.lists(
            st.tuples(
                st.integers(1, 10**5), st.integers(-60, 200), st.integers(0, 1),
                st.sampled_from([CLAUSE, NONE, FREE, ALSO]),
                st.lists(st.tuples(st.integers(-40, 200), st.integers(1, 2_000)), max_size=2),
            ),
            min_size=1, max_size=4,
        ),
        st.lists(
            st.tuples(st.integers(1, 10**5), st.integers(-80, 220), st.sampled_from(["payment", "credit"])), max_size=5
        ),
    )  # fmt: skip
    def test_is_never_more_than_its_debts_owe_by_a_computation_from_the_beginning(self, owed, came):
        debts = [
            debt(
                str(n), minor, DUE + timedelta(days=late), terms, secured=secured,
                entries=tuple(
                    Entry(f"C{n}.{k}", DUE + timedelta(days=on), "charge", of) for k, (on, of) in enumerate(charged)
                ),
            )
            for n, (minor, late, secured, terms, charged) in enumerate(owed)
        ]  # fmt: skip
        money = [
            ("EUR", Entry(f"P{n}", DUE + timedelta(days=on), kind, minor)) for n, (minor, on, kind) in enumerate(came)
        ]
        end = DUE + timedelta(days=220)
        found, left = place(debts, money, end)
        sums = described.compute(found, end).sums
        assert sums["surplus_minor"].to_list() == [0] * len(debts)
        # what is left found nothing open, neither on its day nor later
        parts = ("costs_minor", "interest_minor", "extra_minor", "principal_minor")
        assert not left or sums.select(pl.sum_horizontal(parts)).sum().item() == 0

    def test_takes_each_entry_of_a_debt_once_however_many_payments_there_are(self, monkeypatch):
        """Twice the payments on twice the debts cost twice the steps, not eight times as many."""
        steps = Counter()
        take = OneDebt.take
        monkeypatch.setattr(OneDebt, "take", lambda one, event: (steps.update(["all"]), take(one, event))[1])

        def cost(size):
            steps.clear()
            debts = [debt(f"{n:04}", 10_000, DUE + timedelta(days=n)) for n in range(size)]
            paid = [payment(DUE + timedelta(days=60 + n), 2_500, f"P{n}") for n in range(4 * size)]
            distribute(debts, [("EUR", each) for each in paid], date(2026, 1, 1))
            return steps["all"]

        assert cost(60) < 2.5 * cost(30)

    @given(
        st.lists(st.tuples(st.integers(1, 10**6), st.integers(-60, 200), st.integers(0, 2)), min_size=1, max_size=4),
        st.lists(st.tuples(st.integers(1, 10**6), st.integers(-80, 220)), min_size=1, max_size=3),
    )
    def test_is_never_lost_or_doubled(self, owed, paid):
        base = DUE.toordinal()
        debts = [
            debt(str(n), minor, date.fromordinal(base + late), secured=secured)
            for n, (minor, late, secured) in enumerate(owed)
        ]
        payments = [payment(date.fromordinal(base + late), minor, f"P{n}") for n, (minor, late) in enumerate(paid)]
        found, _ = distribute(debts, [("EUR", each) for each in payments], date(2026, 1, 1))
        for each in payments:
            parts = [entry.amount_minor for one in found for entry in one.entries if entry.id == each.id]
            assert sum(parts) == each.amount_minor


class TestASurplus:
    """100.00 and a payment of 150.00 that names the debt, before it is due."""

    CHARGE = Entry("C", date(2025, 2, 20), "charge", 3_000)

    def told(self, *entries, terms=NONE, paid=15_000, day=date(2025, 2, 28), **more):
        one = debt(principal=10_000, terms=terms, entries=(payment(date(2025, 1, 10), paid), *entries), **more)
        return make_statement([one], day).debts[0]

    def test_pays_a_charge_that_comes_later_as_it_does_in_the_book(self):
        sums = self.told(self.CHARGE).sums
        assert (sums.total, sums.surplus) == (0, 2_000)
        found, left = place([self.told(self.CHARGE).debt], [], date(2025, 2, 28), Free(set(), {}))
        assert described.compute(found, date(2025, 2, 28)).sums["costs_minor"].to_list() == [0]
        assert sum(entry.amount_minor for _, entry in left) == 2_000

    @pytest.mark.parametrize("terms", [CLAUSE, make_terms("de.bgb-288-2", {"confirmed": True})])
    def test_leaves_no_fixed_sum_and_no_interest_to_ask_for(self, terms):
        sums = self.told(self.CHARGE, terms=terms, fixed_sum_minor=4_000).sums
        assert (sums.total, sums.surplus) == (0, 2_000)

    def test_that_is_less_than_the_charge_leaves_the_rest_owed(self):
        sums = self.told(self.CHARGE, paid=12_000).sums
        assert (sums.costs, sums.surplus) == (1_000, 0)

    def test_of_a_credit_note_pays_the_interest_that_is_open(self):
        one = debt(entries=(Entry("G", date(2025, 2, 10), "credit", 1_002_500),))
        sums = make_statement([one], date(2025, 3, 31)).debts[0].sums
        assert (sums.interest, sums.total, sums.surplus) == (0, 0, 500)

    def test_that_pays_says_so_on_the_line_of_the_charge(self):
        line = self.told(self.CHARGE).demanded.events[-1]
        assert (line.kind, line.paid["costs"], line.after["surplus"]) == ("charge", 3_000, 2_000)
        assert event_words(line, "EUR", "en").endswith(
            "costs C EUR 30.00; out of the money that is held: EUR 30.00 to costs"
        )

    def test_is_used_by_a_long_account_as_by_debts_taken_together(self, monkeypatch):
        charges = tuple(Entry(f"C{n}", date(2025, 2, 1) + timedelta(days=n), "charge", 70) for n in range(100))
        one = self.told(*charges, paid=12_000).debt
        apart = described.compute([one], date(2025, 12, 31)).sums
        monkeypatch.setattr(accrual, "FEW", 0)
        assert described.compute([one], date(2025, 12, 31)).sums.equals(apart)
        assert apart["costs_minor"].to_list() == [7_000 - 2_000]


class TestAStatement:
    @given(
        st.integers(1, 10**9),
        st.integers(0, 400),
        st.lists(st.tuples(st.integers(-30, 420), st.integers(1, 10**8)), max_size=5),
    )
    def test_has_lines_and_payments_that_add_up(self, principal, later, paid):
        """All interest is in the lines, all money in the entries: what is open follows by hand."""
        base = DUE.toordinal()
        entries = tuple(payment(date.fromordinal(base + late), minor, f"P{n}") for n, (late, minor) in enumerate(paid))
        terms = make_terms("de.bgb-288-2", {"confirmed": True})
        (told,) = make_statement(
            [debt(principal=principal, terms=terms, entries=entries)], date.fromordinal(base + later)
        ).debts
        interest = sum(line.interest_minor for line in told.demanded.lines)
        to = {
            name: sum(event.paid[name] for event in told.demanded.events) for name in ("costs", "interest", "principal")
        }
        assert told.sums.interest == interest - to["interest"]
        assert told.sums.principal == principal - to["principal"]
        came = sum(event.amount_minor for event in told.demanded.events)
        assert told.sums.surplus == came - sum(to.values())

    @given(
        st.integers(1, 10**8),
        st.integers(0, 800),
        st.lists(
            st.tuples(
                st.integers(-30, 820), st.integers(1, 10**7),
                st.sampled_from(["payment", "payment", "credit", "charge"]),
                st.sampled_from([None, "late_fee", "penalty", "court_cost"]),
            ),
            max_size=6,
        ),
        st.sampled_from([
            ("contract.clause", {"rate": "12", "sum_cap": "2"}),
            ("contract.clause", {"rate": "12", "compound": "quarter", "rounding": "period"}),
            ("contract.clause", {"rate": "12", "sum_cap": "0.5", "rounding": "day", "order": "principal-first"}),
            ("cn.loan-agreed", {"rate": "14"}),
            ("cn.loan-agreed", {"rate": "24", "sum_cap": "5"}),
            ("cn.judgment", {"rate": "3.65"}),
        ]),
        st.sampled_from([0, 4_000]),
        st.integers(0, 3),
        st.booleans(),
    )  # fmt: skip
    def test_has_lines_that_add_up_to_what_is_owed(self, principal, later, happened, held, fixed, part, confirmed):
        base = DUE.toordinal()
        entries = tuple(
            Entry(f"E{n}", date.fromordinal(base + late), kind, minor, charge_kind=of if kind == "charge" else None)
            for n, (late, minor, kind, of) in enumerate(happened)
        )
        one = debt(
            principal=principal, terms=make_terms(held[0], {**held[1], "confirmed": confirmed}), entries=entries,
            contract=date(2024, 10, 20), fixed_sum_minor=fixed, disputed_minor=principal * part // 4,
        )  # fmt: skip
        (told,) = make_statement([one], date.fromordinal(base + later)).debts
        for account in filter(None, (told.demanded, told.informed)):
            shown = one.principal_minor - one.disputed_minor
            shown += sum(line.interest_minor for line in account.lines)
            shown += sum(event.adds_minor for event in account.events)
            assert shown == account.sums.total - account.sums.surplus

    def test_shows_what_a_cap_cuts_off_as_a_line(self):
        terms = make_terms("contract.clause", {"rate": "7.3", "sum_cap": "0.1", "confirmed": True})
        (told,) = make_statement([debt(terms=terms)], date(2025, 2, 20)).debts
        (cut,) = told.demanded.events
        # twenty days at 2.00 are 40.00; a thousandth of 10,000.00 are 10.00
        assert (cut.kind, cut.amount_minor, cut.adds_minor) == ("capped", 3_000, -3_000)
        assert told.sums.interest == 1_000

    def test_shows_no_fixed_sum_where_all_was_paid_in_time(self):
        paid = debt(fixed_sum_minor=4_000, entries=(payment(DUE, 1_000_000),))
        (told,) = make_statement([paid], date(2025, 2, 20)).debts
        assert [event.kind for event in told.demanded.events] == ["payment"]

    def test_says_the_sum_of_each_coming_day_as_that_day_will(self):
        paid = debt(entries=(payment(date(2025, 3, 1), 100_000),))
        told = make_statement([paid], date(2025, 6, 25))
        for day, sums in told.coming:
            assert make_statement([paid], day).totals == sums

    def test_never_adds_currencies(self):
        told = make_statement([debt("1"), replace(debt("2"), currency="USD")], DUE)
        assert told.totals == {"EUR": 1_000_000, "USD": 1_000_000}


class TestTheDayOfAContract:
    @pytest.mark.parametrize("day", [None, date(2014, 7, 28), date(2024, 1, 1)])
    def test_is_said_to_be_missing_only_where_it_is(self, day):
        one = debt(terms=make_terms("de.bgb-288-2", {"confirmed": True}), contract=day)
        (found,) = make_statement([one], date(2025, 3, 1)).debts
        assert any("29 July 2014" in note for note in notes(found, "en")) == (day is None)


class TestARateThatIsAgreed:
    def told(self, regime="contract.clause", days=31, **wishes):
        one = debt(terms=make_terms(regime, {"confirmed": True, **wishes}), contract=date(2024, 10, 21))
        (found,) = make_statement([one], DUE + timedelta(days=days)).debts
        return found.sums.interest, notes(found, "en")

    def test_per_month_is_a_twelfth_of_a_year_and_says_so(self):
        # 10,000.00 x 12 % x 28/365, and a whole year is 1,200.00
        interest, said = self.told(rate="1", per="month", days=28)
        assert interest == 9_205
        assert any("Agreed is 1.00 % a month" in note and "12.00 % a year" in note for note in said)
        assert self.told(rate="1", per="month", days=365)[0] == 120_000

    @pytest.mark.parametrize(("days", "months"), [(28, 1), (59, 2), (365, 12)])
    def test_per_month_with_months_of_thirty_days_bears_the_same_each_month(self, days, months):
        interest, said = self.told(rate="1", per="month", day_count="30/360-feb", days=days)
        assert interest == months * 10_000
        assert any("every whole month bears 1.00 %" in note for note in said)

    def test_per_day_under_a_cap_of_a_year_says_what_it_is_a_year(self):
        _, said = self.told("cn.loan-agreed", rate="0.03", per="day")
        assert any("Agreed is 0.03 % a day" in note and "10.95 % a year" in note for note in said)

    def test_per_day_without_a_cap_needs_no_words(self):
        assert not any("Agreed" in note for note in self.told(rate="0.03", per="day")[1])
        assert not any("Agreed" in note for note in self.told(rate="7.3")[1])


class TestTheEngine:
    def test_of_nothing_says_nothing(self):
        sums = accrual.claims(pl.DataFrame(schema=DEBTS), pl.DataFrame(schema=accrual.ENTRIES), {}, DUE)
        assert sums.is_empty()
        assert dict(sums.schema) == accrual.SUMS

    def test_refuses_one_debt_that_grows_beyond_all_bounds_and_no_other(self):
        wild = make_terms("contract.clause", {"rate": "36", "compound": "month"})
        frame = described.frame([debt("1", 10**13, date(1985, 1, 1), wild), debt("2")])
        entries = described.entry_frame([])
        sums = accrual.claims(frame, entries, {"0": wild, "1": CLAUSE}, date(2025, 2, 10))
        assert sums["refused"].to_list() == ["interest.too_large", None]
        assert sums["interest_minor"].to_list() == [None, 2_000]

    @pytest.mark.parametrize("few", [0, 100], ids=["all debts together", "one debt after the other"])
    def test_refuses_stretches_that_are_in_bounds_one_by_one_and_beyond_them_together(self, monkeypatch, few):
        monkeypatch.setattr(accrual, "FEW", few)
        # ten thousand times the principal a year: no stretch of 29 days leaves the bound, twelve years do
        wild = make_terms("contract.clause", {"rate": "36", "rounding": "period"})
        versions = tuple((day, replace(rate, rate_ppm=10**10), extra) for day, rate, extra in wild.versions)
        wild = replace(wild, versions=versions)
        paid = tuple(payment(date(2025, 2, 1) + timedelta(days=29 * n), 1, f"P{n}") for n in range(150))
        sums = accrual.claims(
            described.frame([debt("1", 10**13, terms=wild, entries=paid), debt("2")]),
            described.entry_frame([debt("1", entries=paid), debt("2")]), {"0": wild, "1": CLAUSE}, date(2037, 1, 1),
        )  # fmt: skip
        assert sums["refused"].to_list() == ["interest.too_large", None]
        assert sums["interest_minor"].to_list()[0] is None

    def test_gives_a_debt_with_a_thousand_payments_the_sums_of_the_debts_taken_together(self, monkeypatch):
        paid = tuple(payment(date(2025, 2, 1) + timedelta(days=n // 3), 100 + n, f"P{n}") for n in range(1_000))
        debts = [debt("1", 10**8, entries=paid), debt("2", entries=paid[:3])]
        one_by_one = described.compute(debts, date(2026, 6, 30), with_lines=True)
        monkeypatch.setattr(accrual, "FEW", 0)
        together = described.compute(debts, date(2026, 6, 30), with_lines=True)
        assert one_by_one.sums.equals(together.sums)
        assert one_by_one.lines.equals(together.lines)
        assert one_by_one.lines.filter(pl.col("debt_id") == 0).height >= 1_000

    def test_gives_a_loan_with_hundreds_of_fees_the_sums_of_the_debts_taken_together(self, monkeypatch):
        loan = TestFeesUnderACeiling().loan(*[(3_000 + n, "late_fee") for n in range(300)], (700, "court_cost"))
        paid = tuple(payment(date(2025, 2, 1) + timedelta(days=n), 4_000, f"P{n}") for n in range(300))
        debts = [replace(loan, entries=loan.entries + paid), replace(debt("2", entries=paid[:3]), currency="CNY")]
        one_by_one = described.compute(debts, date(2026, 1, 31), with_lines=True)
        monkeypatch.setattr(accrual, "FEW", 0)
        together = described.compute(debts, date(2026, 1, 31), with_lines=True)
        assert one_by_one.sums.equals(together.sums)
        assert one_by_one.lines.equals(together.lines)
        assert one_by_one.sums["capped_costs_minor"][0] > 0

    def test_says_in_words_which_debt_grows_beyond_all_bounds(self):
        wild = make_terms("contract.clause", {"rate": "36", "compound": "month"})
        with pytest.raises(DunwellError, match="beyond every bound"):
            described.compute([debt("1", 10**13, date(1985, 1, 1), wild)], date(2025, 1, 1))

    def test_gives_a_large_book_the_same_sums_as_its_parts(self, monkeypatch):
        debts = [debt(str(n), 1_000 * n, entries=(payment(date(2025, 3, 1), 10 * n),)) for n in range(1, 40)]
        whole = described.compute(debts, date(2025, 6, 30)).sums
        monkeypatch.setattr(accrual, "AT_ONCE", 7)
        frame, entries = described.frame(debts), described.entry_frame(debts)
        parts = accrual.claims(
            frame.sample(fraction=1.0, shuffle=True, seed=3), entries, described.terms_of(debts), date(2025, 6, 30)
        )
        assert parts.equals(whole)

    @pytest.mark.parametrize("digits", [0, 3])
    def test_rounds_to_the_smallest_unit_of_any_currency(self, digits):
        currency = {0: "JPY", 3: "KWD"}[digits]
        one = replace(debt(principal=100 * 10**digits), currency=currency)
        # 100 at 7.3 % is 0.02 a day, 1.00 in 50 days
        sums = described.compute([one], date(2025, 3, 22)).sums
        assert sums["interest_minor"].item() == 10**digits


class TestADebtThatIsDueMuchLater:
    def test_is_told_on_each_coming_day(self):
        told = make_statement([debt(due=date(2025, 6, 1))], date(2025, 3, 2), date(2025, 3, 5))
        assert {sums["EUR"] for _, sums in (*told.coming, *told.pay_by)} == {1_000_000}
        assert len(told.coming) == 14


class TestTheFixedSum:
    UK = make_terms("uk.lpcdia-1998", {"confirmed": True})
    BGB = make_terms("de.bgb-288-2", {"confirmed": True})

    def of(self, one):
        return described.with_fixed_sum(one, "business").fixed_sum_minor

    def pounds(self, principal, *entries, **more):
        return replace(
            debt(principal=principal, due=date(2026, 1, 31), terms=self.UK, entries=entries, **more), currency="GBP"
        )

    def test_goes_by_what_was_owed_when_the_debt_became_late(self):
        before, after = date(2026, 1, 15), date(2026, 2, 15)
        assert self.of(self.pounds(1_050_000)) == 10_000
        assert self.of(self.pounds(1_050_000, payment(before, 1_049_900))) == 4_000
        assert self.of(self.pounds(1_050_000, payment(after, 1_049_900))) == 10_000
        assert self.of(self.pounds(100_000, Entry("C", before, "credit", 100))) == 4_000
        assert self.of(self.pounds(1_050_000, disputed_minor=100_000)) == 7_000

    def test_is_none_for_a_contract_that_is_older_than_its_law(self):
        late = debt(due=date(2026, 1, 31), terms=self.BGB)
        assert self.of(late) == 4_000
        assert self.of(replace(late, contract=date(2015, 7, 1))) == 4_000
        assert self.of(replace(late, contract=date(2014, 7, 1))) == 0

    def test_is_met_by_costs_that_were_charged_before(self):
        assert self.of(self.pounds(1_050_000, Entry("C", date(2026, 1, 15), "charge", 2_550))) == 7_450
        assert self.of(self.pounds(1_050_000, Entry("C", date(2026, 1, 15), "charge", 10_000))) == 0

    def late(self, *entries, terms=BGB, **more):
        """100.00 at no rate worth a cent, due on the last day of January."""
        return described.with_fixed_sum(debt(principal=10_000, terms=terms, entries=entries, **more), "business")

    def told(self, one, day=date(2025, 2, 1)):
        (found,) = make_statement([one], day).debts
        return found

    def test_that_was_paid_counts_against_costs_that_are_charged_later(self):
        paid = payment(date(2025, 2, 1), 14_000 + self.told(self.late()).sums.interest)
        sums = self.told(self.late(paid, Entry("C", date(2025, 3, 1), "charge", 15_050)), date(2025, 3, 1)).sums
        # 40.00 are paid; of 150.50 only what exceeds them is owed
        assert (sums.total, sums.surplus) == (11_050, 0)

    def test_counts_once_against_all_costs_together(self):
        charges = [Entry(f"C{n}", date(2025, 2, n), "charge", minor) for n, minor in ((1, 1_500), (2, 3_000), (3, 700))]
        told = self.told(self.late(*charges), date(2025, 2, 3))
        # 40.00 meet 15.00 and 25.00 of the 30.00; 5.00 and 7.00 exceed them
        assert told.sums.costs == 1_500 + 3_000 + 700
        assert [event.covered_minor for event in told.demanded.events] == [0, 1_500, 2_500, 0]
        assert [event.adds_minor for event in told.demanded.events] == [4_000, 0, 500, 700]

    def test_stays_where_a_charge_that_met_it_is_contested(self):
        charge = Entry("C", date(2025, 2, 5), "charge", 5_000, disputed_minor=5_000)
        told = self.told(self.late(charge), date(2025, 2, 5))
        assert (told.sums.costs, told.disputed.costs) == (4_000, 1_000)

    def test_that_did_not_arise_meets_no_costs(self):
        before = payment(DUE, 10_000)
        told = self.told(self.late(before, Entry("C", date(2025, 2, 5), "charge", 1_500)), date(2025, 2, 5))
        assert told.sums.costs == 1_500

    def test_says_how_much_of_a_charge_it_meets(self):
        told = self.told(self.late(Entry("C", date(2025, 2, 5), "charge", 1_500)), date(2025, 2, 5))
        words = [event_words(event, "EUR", "en") for event in told.demanded.events]
        assert any("EUR 15.00 of EUR 15.00 is met by the fixed sum" in each for each in words)

    @pytest.mark.parametrize(
        ("more", "word"),
        [
            ({"contract": date(2014, 7, 1)}, "this contract is of"),
            ({"due": date(2014, 7, 1)}, "this debt became late on"),
            ({"entries": (Entry("C", date(2025, 1, 15), "charge", 4_000),)}, "are as high"),
        ],
    )
    def test_that_is_asked_for_and_not_given_says_why(self, more, word):
        one = described.with_fixed_sum(replace(debt(terms=self.BGB), **more), "business")
        (told,) = make_statement([one], date(2025, 2, 28)).debts
        assert told.sums.costs in (0, 4_000)
        for language in ("en", "zh-Hans", "zh-Hant"):
            assert one.no_fixed_sum.words(language) in notes(told, language)
        assert word in one.no_fixed_sum.words("en")
