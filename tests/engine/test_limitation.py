"""Until when a claim can be sued for, what would save it, and what must not be said."""

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError, catalogue
from dunwell.engine.limitation.clock import CALENDAR, CLAIMS, CLOCKS, EVENTS, STATES, WHY, alarms, clocks, court_dates
from dunwell.engine.limitation.walk import add_months
from dunwell.rulebook.calendars import table
from dunwell.rulebook.limitation_rules import ACTS, EVENT_KINDS, WHATS, limitation_rules
from tests.engine.limitation_books import (
    FAR,
    NO_DAYS_OFF,
    Rows,
    answer,
    answers,
    book,
    claim,
    days_off,
    event,
    frames,
    warned,
)
from tests.oracles.limitation import clock as oracle
from tests.oracles.limitation import later

RULES: list[dict[str, Any]] = [rule for text in limitation_rules().texts.values() for rule in yaml.safe_load(text)]
FEASTS = [date(2026, 10, n) for n in range(1, 8)] + [date(2027, 10, n) for n in range(1, 8)]
CLOSED = days_off("CN", FEASTS, date(2018, 1, 1), date(2032, 12, 31))
SEEDS = st.integers(0, 2**32)
KNOWN = {(r["calendar"], r["day"]): (r["working_date"], r["working_known"]) for r in CLOSED.to_dicts()}


def compare(seed: int) -> None:
    claims, events, as_of = book(seed)
    found = {row["claim_id"]: row for row in answers(claims, events, as_of, CLOSED).to_dicts()}
    assert len(found) == len(claims)
    for each in claims:
        mine = [one for one in events if one["claim_id"] == each["claim_id"]]
        assert found[each["claim_id"]] == oracle(each, mine, RULES, KNOWN, as_of), (each, mine)


@pytest.fixture(scope="module")
def examples(shared_data: Path) -> dict[str, dict[str, Any]]:
    texts = json.loads((shared_data / "law" / "examples.json").read_text(encoding="utf-8"))
    return {example["id"]: example for example in texts}


class TestTheClock:
    @settings(max_examples=25)
    @given(SEEDS)
    def test_equals_the_oracle(self, seed: int) -> None:
        compare(seed)

    @pytest.mark.long
    @pytest.mark.timeout(1200)
    @settings(max_examples=500)
    @given(SEEDS)
    def test_equals_the_oracle_many_times(self, seed: int) -> None:
        compare(seed)

    def test_is_compared_in_every_state_and_for_every_reason(self) -> None:
        told = pl.concat([answers(*book(seed), CLOSED) for seed in range(16)])
        assert set(told["state"]) == set(STATES)
        assert set(told["why"].explode()) == set(WHY)

    @settings(max_examples=5)
    @given(SEEDS)
    def test_does_not_hang_on_the_order_of_rows(self, seed: int) -> None:
        claims, events, as_of = book(seed)
        random.Random(seed).shuffle(claims)
        assert answers(claims, sorted(events, key=lambda e: -e["event_id"]), as_of).equals(answers(*book(seed)))

    @settings(max_examples=5)
    @given(SEEDS)
    def test_gives_one_claim_alone_the_same_answer(self, seed: int) -> None:
        claims, events, as_of = book(seed)
        alone = answers(claims[:1], [e for e in events if e["claim_id"] == claims[0]["claim_id"]], as_of)
        assert alone.equals(answers(claims, events, as_of).head(1))

    @settings(max_examples=15)
    @given(SEEDS)
    def test_never_ends_later_in_the_cautious_reading_and_tells_only_known_words(self, seed: int) -> None:
        found = answers(*book(seed), CLOSED)
        assert found.filter(pl.col("cautious_date") > pl.col("strict_date")).is_empty()
        for row in found.to_dicts():
            assert {f"limitation.{word}" for word in (*row["why"], *row["saved_by"], row["state"])} <= set(catalogue())

    def test_of_an_empty_book_is_empty(self) -> None:
        found = answers([], [], date(2026, 11, 23))
        assert found.is_empty()
        assert dict(found.schema) == CLOCKS

    def test_of_a_day_knows_nothing_of_later_events(self) -> None:
        known = [event("demand", date(2026, 5, 31))]
        assert answer(claim(), known, date(2026, 5, 30))["cautious_date"] == date(2026, 5, 31)
        assert answer(claim(), known, date(2026, 5, 31))["cautious_date"] == date(2029, 5, 31)

    def test_walks_through_hundreds_of_demands(self) -> None:
        monthly = [event("demand", date(2023, 6, 1) + timedelta(30 * n), n + 1) for n in range(200)]
        found = answer(claim(), monthly)
        assert found["last_event_id"] == 200
        assert found["cautious_date"] == later(monthly[-1]["event_date"], 36)


class TestStates:
    @pytest.mark.parametrize(
        ("day", "state", "barred", "may_be"),
        [
            (date(2026, 5, 31), "running", False, False),
            (date(2026, 6, 1), "doubtful", False, True),
            (date(2026, 6, 2), "expired", True, True),
        ],
    )
    def test_change_on_the_day_after_each_date(self, day: date, state: str, barred: bool, may_be: bool) -> None:
        found = answer(claim(), [], day)
        assert (found["state"], found["time_barred"], found["may_be_time_barred"]) == (state, barred, may_be)

    def test_say_extinguished_in_scotland(self) -> None:
        found = answer(claim(place="UK-SCT", due_date=date(2021, 3, 1)), [], date(2026, 3, 3))
        assert (found["state"], found["may_threaten_suit"], found["saved_by"]) == ("extinguished", False, [])

    def test_say_suspended_while_a_suit_is_pending_and_not_after_it(self) -> None:
        sued = [event("suit", date(2026, 5, 1))]
        found = answer(claim(), sued, date(2026, 11, 23))
        assert (found["state"], found["strict_date"]) == ("suspended", None)
        assert found["cautious_date"] == date(2029, 5, 1), "nobody may have recorded the end: the alarm rings once"
        ended = [*sued, event("proceedings_ended", date(2026, 11, 20), 2)]
        assert answer(claim(), ended, date(2026, 11, 23))["state"] == "running"

    def test_say_suspended_while_an_obstacle_lasts_into_the_last_six_months(self) -> None:
        lasting = [event("obstacle", date(2025, 1, 1))]
        assert answer(claim(), lasting, date(2025, 11, 30))["state"] == "running"
        found = answer(claim(), lasting, date(2026, 1, 15))
        assert (found["state"], found["strict_date"]) == ("suspended", None)
        assert "obstacle_lasts" in found["why"]

    def test_say_unknown_where_no_rule_is_at_hand(self) -> None:
        for place in ("US", "US-OH", "FR"):
            found = answer(claim(place=place), [], date(2026, 11, 23))
            assert (found["state"], found["rule"], found["cautious_date"]) == ("unknown", None, None)
            assert found["why"][0] == "no_rule_at_hand"


class TestATimeBarredDebt:
    @pytest.mark.parametrize("debtor", ["consumer", None])
    def test_of_an_american_consumer_is_never_threatened_with_suit(self, debtor: str | None) -> None:
        found = answer(claim(place="US-OH", debtor_kind=debtor, due_date=date(2015, 1, 1)), [], date(2026, 11, 23))
        assert found["may_threaten_suit"] is False, "the period is not known, so it may be over"
        assert (found["threat_rule"], found["threat_verified"]) == ("us.no-suit-when-barred", True)
        assert "no_suit_threat" in found["why"]

    def test_of_an_american_business_is_outside_that_rule(self) -> None:
        assert answer(claim(place="US-NY"), [], date(2026, 11, 23))["may_threaten_suit"] is True

    @pytest.mark.parametrize(
        ("place", "due", "last"),
        [
            ("US-NY", date(2023, 3, 1), date(2026, 3, 1)),
            ("US-CA", date(2024, 3, 1), date(2026, 3, 1)),
            ("US-TX", date(2022, 3, 1), date(2026, 3, 1)),
            ("US-FL", date(2022, 3, 1), date(2026, 3, 1)),
            ("US-IL", date(2022, 3, 1), date(2026, 3, 1)),
        ],
    )
    def test_of_an_american_consumer_is_threatened_no_more_from_the_day_after_the_shortest_period(
        self, place: str, due: date, last: date
    ) -> None:
        owed = claim(place=place, kind="goods_services", debtor_kind="consumer", due_date=due)
        assert answer(owed, [], last)["may_threaten_suit"] is True
        over = answer(owed, [], last + timedelta(days=1))
        assert (over["may_threaten_suit"], over["threat_rule"]) == (False, "us.no-suit-when-barred")
        assert over["confidence"] == "recalled"

    def test_of_an_american_consumer_is_not_threatened_under_the_law_of_another_country_either(self) -> None:
        owed = claim(place="CN", debtor_kind="consumer", debtor_place="US-NY", due_date=date(2020, 1, 1))
        assert answer(owed, [], date(2026, 11, 23))["may_threaten_suit"] is False
        assert answer({**owed, "debtor_place": "CN"}, [], date(2026, 11, 23))["may_threaten_suit"] is True

    def test_of_an_english_consumer_may_be_threatened_only_before_the_cautious_date_has_passed(self) -> None:
        owed = claim(place="UK-ENG", debtor_kind="consumer", due_date=date(2020, 3, 1))
        assert answer(owed, [], date(2026, 3, 1))["may_threaten_suit"] is True
        assert answer(owed, [], date(2026, 3, 2))["may_threaten_suit"] is False

    def test_of_no_other_place_begins_with_the_same_letters(self) -> None:
        assert answer(claim(place="USX", debtor_kind="consumer"), [], date(2026, 11, 23))["may_threaten_suit"] is True


class TestDaysOff:
    def test_move_the_latest_end_behind_the_national_holidays(self) -> None:
        found = answer(claim(due_date=date(2023, 9, 30)), [], date(2026, 9, 1), CLOSED)
        assert (found["cautious_date"], found["strict_date"]) == (date(2026, 9, 30), date(2026, 10, 8))
        assert "moved_from_day_off" in found["why"]

    def test_leave_an_act_on_the_moved_day_in_time(self) -> None:
        late = [event("demand", date(2026, 10, 8))]
        assert answer(claim(due_date=date(2023, 9, 30)), late, FAR, CLOSED)["strict_date"] == date(2029, 10, 8)

    def test_do_not_move_an_end_on_a_make_up_working_day(self) -> None:
        official = table("CN", date(2026, 1, 1), date(2026, 12, 31))
        found = answer(claim(due_date=date(2023, 2, 27)), [], date(2026, 2, 1), official)
        assert date(2026, 2, 28).weekday() == 5
        assert found["strict_date"] == date(2026, 2, 28)
        assert "days_off_not_known" not in found["why"]

    def test_are_said_to_be_unknown_where_the_calendar_does_not_reach(self) -> None:
        assert "days_off_not_known" in answer(claim(), [], date(2026, 1, 1))["why"]
        assert "days_off_not_known" in answer(claim(due_date=date(2026, 9, 8)), [], date(2027, 1, 1), CLOSED)["why"]

    def test_move_nothing_where_the_text_does_not_say_so(self) -> None:
        sunday = days_off("DE", [], date(2026, 1, 1), date(2028, 1, 31))
        found = answer(claim(place="DE", due_date=date(2024, 5, 1)), [], date(2026, 1, 1), sunday)
        assert found["strict_date"] == date(2027, 12, 31)
        assert "days_off_not_known" not in found["why"]


class TestProof:
    @pytest.mark.parametrize("proof", ["", "  ", None, "\x00\x1b", "\u200b\u202e", "---"])
    def test_without_a_word_is_none(self, proof: str | None) -> None:
        found = answer(claim(), [event("demand", date(2025, 1, 10), proof=proof)])
        assert (found["cautious_date"], found["strict_date"]) == (date(2026, 5, 31), date(2028, 1, 10))
        assert (found["last_event_id"], found["strict_event_id"]) == (None, 1)
        assert "event_unproven" in found["why"]

    @pytest.mark.parametrize("proof", ["回执 12", "=HYPERLINK()", "<b>receipt</b>", "x" * 100_000])
    def test_of_any_kind_counts(self, proof: str) -> None:
        assert answer(claim(), [event("demand", date(2025, 1, 10), proof=proof)])["cautious_date"] == date(2028, 1, 10)

    def test_of_an_end_of_proceedings_is_needed_for_new_time_but_not_for_time_to_run(self) -> None:
        events = [event("suit", date(2025, 2, 3)), event("proceedings_ended", date(2025, 8, 20), 2, proof="")]
        found = answer(claim(), events, date(2026, 1, 1))
        assert (found["cautious_date"], found["strict_date"]) == (date(2028, 2, 3), date(2028, 8, 20))
        assert found["state"] == "running"


class TestWhatSavesAClaim:
    def test_differs_by_place(self) -> None:
        saved = {
            place: answer(claim(place=place, kind="goods_services", due_date=date(2025, 6, 1)), [], date(2026, 1, 1))[
                "saved_by"
            ]
            for place in ("CN", "TW", "DE", "UK-ENG")
        }
        assert "demand" in saved["CN"]
        assert saved["TW"] == ["suit", "payment_order_served", "written_acknowledgment"]
        assert saved["DE"] == ["suit", "payment_order_served", "written_acknowledgment", "part_payment"]
        assert saved["UK-ENG"] == ["suit", "written_acknowledgment", "part_payment"]

    def test_differs_by_kind_of_guarantee(self) -> None:
        def saved(kind: str) -> Any:
            return answer(claim(kind=kind, due_date=date(2026, 1, 31)), [], date(2026, 3, 1))["saved_by"]

        assert saved("guarantee_joint") == ["demand"]
        assert saved("guarantee_general") == saved("guarantee") == ["suit_against_debtor"]

    def test_is_the_suit_alone_in_the_months_after_a_demand(self) -> None:
        owed = claim(place="TW", kind="goods_services", due_date=date(2024, 6, 30))
        found = answer(owed, [event("demand", date(2026, 6, 30))], date(2026, 7, 1))
        assert (found["state"], found["saved_by"]) == ("doubtful", ["suit"])
        assert "demand_lapses" in found["why"]

    def test_is_nothing_when_it_is_too_late(self) -> None:
        assert answer(claim(), [], date(2027, 1, 1))["saved_by"] == []

    def test_once_done_gives_a_guarantee_the_ordinary_clock(self) -> None:
        found = answer(
            claim(kind="guarantee_joint", due_date=date(2026, 1, 31)),
            [event("demand", date(2026, 3, 2)), event("promise", date(2027, 3, 2), 2)],
            date(2028, 1, 1),
        )
        assert (found["rule"], found["cautious_date"]) == ("cn.limitation", date(2030, 3, 2))
        assert "guarantee_saved" in found["why"]

    def test_cannot_be_done_before_the_principal_is_due(self) -> None:
        early = [event("demand", date(2026, 1, 31))]
        found = answer(claim(kind="guarantee_joint", due_date=date(2026, 1, 31)), early, date(2026, 3, 1))
        assert found["cautious_date"] == found["strict_date"] == date(2026, 7, 31)
        assert "event_too_early" in found["why"]

    def test_does_not_mistake_an_agreed_period_that_ends_before_the_debt_is_due(self) -> None:
        owed = claim(kind="guarantee_joint", due_date=date(2026, 1, 31), agreed_until=date(2026, 1, 31))
        found = answer(owed, [], date(2026, 3, 1))
        assert (found["cautious_date"], found["strict_date"]) == (date(2026, 1, 31), date(2026, 7, 31))


class TestAlarms:
    def test_ring_within_the_days_asked_for_and_name_what_would_save_the_claim(self) -> None:
        owed = [claim(1), claim(2, due_date=date(2023, 6, 30)), claim(3, due_date=date(2023, 7, 1))]
        found = warned(owed, [], date(2026, 5, 31), 30)
        assert [(row["claim_id"], row["last_date"], row["days_left"]) for row in found] == [
            (1, date(2026, 5, 31), 0),
            (2, date(2026, 6, 30), 30),
        ]
        assert "demand" in found[0]["saved_by"]
        assert (found[0]["rule"], found[0]["verified"]) == ("cn.limitation", False)

    def test_still_ring_past_the_cautious_date_and_stop_when_all_is_lost(self) -> None:
        assert [row["days_left"] for row in warned([claim()], [], date(2026, 6, 1), 0)] == [-1]
        assert warned([claim()], [], date(2026, 6, 2), 1_000) == []

    def test_tell_of_filing_dates_in_an_insolvency(self) -> None:
        filings = pl.DataFrame({"claim_id": [1, 2], "file_by_date": [date(2026, 1, 20), date(2025, 12, 31)]})
        found = warned([claim(1), claim(2)], [], date(2026, 1, 1), 30, filings)
        assert [(row["claim_id"], row["alarm"], row["days_left"], row["saved_by"]) for row in found] == [
            (1, "filing", 19, ["insolvency_filing"])
        ]

    def test_tell_of_filing_dates_even_where_no_rule_is_at_hand(self) -> None:
        filings = pl.DataFrame({"claim_id": [1], "file_by_date": [date(2026, 1, 1)]})
        found = warned([claim(place="FR")], [], date(2026, 1, 1), 0, filings)
        assert [(row["alarm"], row["state"], row["rule"]) for row in found] == [("filing", "unknown", None)]

    def test_refuse_to_look_back(self) -> None:
        with pytest.raises(DunwellError) as refused:
            warned([claim()], [], date(2026, 1, 1), -1)
        assert refused.value.code == "limitation.negative_days"


class TestABadTable:
    @pytest.mark.parametrize(
        ("claims", "events", "code"),
        [
            ([claim(kind="loan")], [], "limitation.unknown_word"),
            ([claim(debtor_kind="\x1b[31mstate")], [], "limitation.unknown_word"),
            ([claim(due_date=None)], [], "limitation.empty"),
            ([claim(place=None)], [], "limitation.empty"),
            ([claim(due_date=date(1899, 12, 31))], [], "limitation.day_out_of_reach"),
            ([claim(agreed_until=date(9999, 12, 31))], [], "limitation.day_out_of_reach"),
            ([claim(1), claim(1)], [], "limitation.twice"),
            ([claim(last_instalment_date=date(2023, 5, 30))], [], "limitation.last_instalment_first"),
            ([claim()], [event("curse", date(2024, 1, 1))], "limitation.unknown_word"),
            ([claim()], [event("demand", date(2024, 1, 1), claim_id=2)], "limitation.event_of_no_claim"),
            ([claim()], [event("demand", date(2024, 1, 1)), event("suit", date(2024, 1, 1))], "limitation.twice"),
            ([claim()], [event("demand", None)], "limitation.empty"),  # type: ignore[arg-type]
            ([claim()], [event("demand", date(2200, 1, 1))], "limitation.day_out_of_reach"),
            ([claim()], [event("demand", date(2024, 1, 1), until_date=date(2024, 1, 1))], "limitation.wrong_until"),
            ([claim()], [event("obstacle", date(2024, 1, 1), until_date=date(2023, 1, 1))], "limitation.wrong_until"),
        ],
    )
    def test_is_refused_in_words(self, claims: Rows, events: Rows, code: str) -> None:
        with pytest.raises(DunwellError) as refused:
            answers(claims, events, date(2026, 1, 1))
        assert refused.value.code == code
        assert "\x1b" not in str(refused.value)

    def test_without_a_column_or_with_words_for_days_is_refused(self) -> None:
        claims, events = frames([claim()], [])
        for bad, code in [
            (claims.drop("agreed_until"), "limitation.no_column"),
            (claims.with_columns(due_date=pl.lit("2026-01-01")), "limitation.wrong_type"),
        ]:
            with pytest.raises(DunwellError) as refused:
                clocks(bad, events, limitation_rules(), NO_DAYS_OFF, date(2026, 1, 1))
            assert refused.value.code == code

    def test_with_a_day_twice_in_the_calendar_is_refused(self) -> None:
        twice = pl.concat([CLOSED.head(1), CLOSED.head(1)])
        with pytest.raises(DunwellError) as refused:
            answer(claim(), [], date(2026, 1, 1), twice)
        assert refused.value.code == "limitation.twice"

    def test_whose_columns_are_all_empty_is_no_bad_one(self) -> None:
        bare = pl.DataFrame([claim()])
        assert bare.schema["arose_date"] == pl.Null()
        found = clocks(bare, pl.DataFrame(schema=EVENTS), limitation_rules(), NO_DAYS_OFF, date(2026, 1, 1))
        assert found["cautious_date"].item() == date(2026, 5, 31)


class TestMonths:
    @given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(0, 300))
    def test_lead_to_the_corresponding_day_or_the_end_of_the_month(self, day: date, months: int) -> None:
        frame = pl.DataFrame({"day": [day], "months": [months]}, schema_overrides={"months": pl.Int32})
        assert frame.select(add_months(pl.col("day"), pl.col("months"))).item() == later(day, months)

    @pytest.mark.parametrize(
        ("day", "months", "end"),
        [
            (date(2024, 2, 29), 36, date(2027, 2, 28)),
            (date(2024, 2, 29), 48, date(2028, 2, 29)),
            (date(2023, 2, 28), 12, date(2024, 2, 28)),
            (date(2025, 8, 31), 6, date(2026, 2, 28)),
            (date(2025, 12, 31), 2, date(2026, 2, 28)),
            (date(2026, 11, 30), 1, date(2026, 12, 30)),
        ],
    )
    def test_end_where_the_law_says(self, day: date, months: int, end: date) -> None:
        frame = pl.DataFrame({"day": [day]})
        assert frame.select(add_months(pl.col("day"), pl.lit(months, pl.Int32))).item() == end
        assert later(day, months) == end


class TestWords:
    def test_stand_for_every_code_state_and_kind(self) -> None:
        words = {f"limitation.{word}" for word in (*WHY, *STATES, *EVENT_KINDS, *WHATS, "limitation", "filing")}
        assert words | {"limitation.insolvency_filing"} <= set(catalogue())

    def test_of_schemas_name_each_column_once(self) -> None:
        assert not set(CLAIMS) & set(EVENTS) - {"claim_id"}
        assert set(CALENDAR) <= set(table("CN", date(2026, 1, 1), date(2026, 1, 1)).columns)


class TestThePublishedExamples:
    """Worked examples of the texts at hand, each asked of the clock as it stands."""

    def test_are_all_asked(self, examples: dict[str, dict[str, Any]]) -> None:
        about = {"CN-LIMIT-188", "CN-LIMIT-195", "CN-GUARANTEE", "UK-LIMIT", "DE-195"}
        assert {name for name, example in examples.items() if example["rule"] in about} == {
            "CN-LIM-1", "CN-LIM-4", "CN-LIM-5", "CN-LIM-6", "CN-LIM-8", "UK-LIM-1", "DE-LIM",
        }  # fmt: skip

    def test_cn_lim_1_knows_two_readings(self, examples: dict[str, dict[str, Any]]) -> None:
        told, expected = examples["CN-LIM-1"]["inputs"], examples["CN-LIM-1"]["expected"]
        found = answer(claim(due_date=date.fromisoformat(told["due"])), [], date(2026, 1, 1), CLOSED)
        assert str(found["strict_start_date"]) == expected["breach_day"]
        assert str(found["strict_date"]) == expected["last_day_strict"]
        assert str(found["cautious_date"]) == expected["last_day_cautious"]

    def test_cn_lim_4_begins_anew_with_a_part_payment(self, examples: dict[str, dict[str, Any]]) -> None:
        told, expected = examples["CN-LIM-4"]["inputs"], examples["CN-LIM-4"]["expected"]
        paid = [event("part_payment", date.fromisoformat(told["events"][0]["date"]))]
        found = answer(claim(due_date=date.fromisoformat(told["due"])), paid, date(2026, 1, 1), CLOSED)
        assert str(found["cautious_date"]) == str(found["strict_date"]) == expected["new_last_day"]

    def test_cn_lim_5_runs_from_the_last_instalment(self, examples: dict[str, dict[str, Any]]) -> None:
        dates = [date.fromisoformat(day) for day in examples["CN-LIM-5"]["inputs"]["instalments"]]
        expected = examples["CN-LIM-5"]["expected"]
        parts = [claim(n, due_date=day, last_instalment_date=max(dates)) for n, day in enumerate(dates)]
        for row in answers(parts, [], date(2026, 1, 1)).to_dicts():
            assert str(row["start_date"]) == expected["starts_from"]
            assert str(row["cautious_date"]) == expected["last_day_cautious"]

    def test_cn_lim_6_stays_on_a_make_up_working_day(self, examples: dict[str, dict[str, Any]]) -> None:
        # the example gives the first day of the period, ours is the due date before it
        told, expected = examples["CN-LIM-6"]["inputs"], examples["CN-LIM-6"]["expected"]
        due = date.fromisoformat(told["period_start"]) - timedelta(1)
        official = table("CN", date(2026, 1, 1), date(2026, 12, 31))
        found = answer(claim(due_date=due), [], date(2026, 1, 1), official)
        assert str(found["strict_start_date"]) == told["period_start"]
        assert str(found["strict_date"]) == expected["last_day"]
        assert ("moved_from_day_off" in found["why"]) is expected["moved"]

    @pytest.mark.parametrize("kind", ["guarantee_general", "guarantee_joint", "guarantee"])
    def test_cn_lim_8_does_not_extend_a_guarantee_period_by_a_demand(
        self, examples: dict[str, dict[str, Any]], kind: str
    ) -> None:
        told, expected = examples["CN-LIM-8"]["inputs"], examples["CN-LIM-8"]["expected"]
        owed = claim(kind=kind, due_date=date.fromisoformat(told["principal_due"]))
        demanded = [event("demand", date.fromisoformat(told["demand_to_guarantor"]))]
        before = answer(owed, demanded, date(2026, 4, 30))
        assert str(before["cautious_date"]) == expected["guarantee_period_last_day"]
        after = answer(owed, demanded, date(2026, 6, 1))
        # a demand on a joint guarantor does not extend the period, it saves the claim: another clock begins
        assert (after["rule"] == "cn.limitation") is (kind == "guarantee_joint")
        if kind != "guarantee_joint":
            assert str(after["cautious_date"]) == expected["guarantee_period_last_day"]

    def test_uk_lim_1_leaves_the_day_of_accrual_out(self, examples: dict[str, dict[str, Any]]) -> None:
        told, expected = examples["UK-LIM-1"]["inputs"], examples["UK-LIM-1"]["expected"]
        found = answer(claim(place="UK-ENG", due_date=date.fromisoformat(told["due"])), [], date(2026, 1, 1))
        assert str(found["strict_start_date"]) == told["accrual"]
        assert str(found["strict_date"]) == expected["last_day_to_issue"]
        assert found["cautious_date"] == date(2026, 3, 1)

    def test_de_lim_runs_from_the_end_of_the_year(self, examples: dict[str, dict[str, Any]]) -> None:
        told, expected = examples["DE-LIM"]["inputs"], examples["DE-LIM"]["expected"]
        found = answer(claim(place="DE", due_date=date.fromisoformat(told["claim_arose"])), [], date(2026, 1, 1))
        assert f"{found['start_date']} 24:00" == expected["starts"]
        assert str(found["cautious_date"]) == str(found["strict_date"]) == expected["expires"]

    @pytest.mark.parametrize(
        ("name", "place", "told", "expected"),
        [
            ("DE-MAHN", "DE", "mahnbescheid_served", ["vb_application_latest", "objection_until"]),
            ("CN-PO-1", "CN", "received_by_debtor", ["objection_last_day"]),
            ("TW-PO", "TW", "served", ["objection_last_day"]),
        ],
    )
    def test_of_court_papers_give_their_last_days(
        self, examples: dict[str, dict[str, Any]], name: str, place: str, told: str, expected: list[str]
    ) -> None:
        served = date.fromisoformat(examples[name]["inputs"][told])
        found = court_dates(*frames([claim(place=place)], [event("payment_order_served", served)]), limitation_rules())
        assert [str(day) for day in found["last_date"]] == [examples[name]["expected"][key] for key in expected]


class TestCourtDates:
    def test_stand_only_where_a_rule_speaks(self) -> None:
        claims, events = frames([claim(place="FR")], [event("payment_order_served", date(2026, 5, 4))])
        assert court_dates(claims, events, limitation_rules()).is_empty()

    def test_say_whether_the_service_is_proven_and_the_rule_verified(self) -> None:
        claims, events = frames([claim()], [event("payment_order_served", date(2026, 5, 4), proof="")])
        found = court_dates(claims, events, limitation_rules()).to_dicts()
        assert [(row["what"], row["proven"], row["verified"]) for row in found] == [("objection_ends", False, False)]


class TestActs:
    def test_that_would_save_are_never_an_obstacle_or_an_end(self) -> None:
        for row in answers(
            [claim(n, place=p) for n, p in enumerate(("CN", "TW", "DE"))], [], date(2024, 1, 1)
        ).to_dicts():
            assert set(row["saved_by"]) <= set(ACTS)

    def test_do_not_ring_alarms_of_claims_nobody_knows_a_rule_for(self) -> None:
        assert alarms(answers([claim(place="US")], [], date(2026, 1, 1)), 10_000).is_empty()
