"""The story of one claim: each event with its effect, whether it counts, and both dates after it."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.engine.limitation.story import story
from dunwell.rulebook.limitation_rules import limitation_rules
from tests.engine.limitation_books import NO_DAYS_OFF, answer, book, claim, event, frames


def told(claims: dict[str, Any], events: list[dict[str, Any]], as_of: date) -> list[dict[str, Any]]:
    one, many = frames([claims], events)
    return story(one, many, limitation_rules(), NO_DAYS_OFF, as_of).to_dicts()


class TestAStory:
    @settings(max_examples=10)
    @given(st.integers(0, 2**32))
    def test_ends_where_the_clock_stands_and_has_each_event_of_the_claim_once(self, seed: int) -> None:
        claims, events, as_of = book(seed, claims=4)
        for each in claims:
            mine = [one for one in events if one["claim_id"] == each["claim_id"]]
            found = told(each, events if len(claims) == 1 else mine, as_of)
            assert sorted(row["event_id"] for row in found) == sorted(
                one["event_id"] for one in mine if one["event_date"] <= as_of
            )
            if found:
                clock = answer(each, mine, as_of)
                assert {n: found[-1][n] for n in ("cautious_date", "strict_date", "state")} == {
                    n: clock[n] for n in ("cautious_date", "strict_date", "state")
                }

    def test_says_that_a_demand_before_the_claim_was_late_changes_nothing(self) -> None:
        due = claim()["due_date"]
        early, late = told(
            claim(), [event("demand", due - timedelta(5), 1), event("demand", due + timedelta(40), 2)],
            due + timedelta(90),
        )  # fmt: skip
        assert (early["effect"], early["too_early"]) == ("restarts", True)
        assert late["too_early"] is False
        assert late["cautious_date"] > early["cautious_date"]

    def test_tells_what_each_event_does_and_in_which_reading_it_counts(self) -> None:
        events = [
            event("demand", date(2025, 6, 2), 7, proof=""),
            event("part_payment", date(2025, 9, 1), 3),
            event("payment_order_served", date(2025, 10, 1), 4),
            event("demand", date(2028, 9, 4), 5),
            event("obstacle", date(2029, 1, 1), 6),
        ]
        found = told(claim(), events, date(2028, 12, 31))
        assert [(row["event_id"], row["effect"], row["counts"], row["strict_counts"]) for row in found] == [
            (7, "restarts", False, True),
            (3, "restarts", True, True),
            (4, "nothing", False, False),
            (5, "restarts", False, False),
        ]
        assert [row["cautious_date"].year for row in found] == [2026, 2028, 2028, 2028]
        assert [row["strict_date"].year for row in found] == [2028, 2028, 2028, 2028]

    def test_changes_the_rule_once_a_guarantee_is_saved(self) -> None:
        given_on = claim(kind="guarantee_joint", due_date=date(2026, 1, 31))
        events = [event("demand", date(2026, 3, 2) + timedelta(30 * n), n + 1) for n in range(2)]
        found = told(given_on, events, date(2026, 11, 23))
        assert [(row["rule"], row["effect"]) for row in found] == [
            ("cn.guarantee.joint", "saves"),
            ("cn.limitation", "restarts"),
        ]

    def test_knows_no_effect_where_no_rule_is_at_hand(self) -> None:
        found = told(claim(place="US"), [event("demand", date(2025, 6, 2))], date(2026, 1, 1))
        assert [(row["rule"], row["effect"], row["state"]) for row in found] == [(None, None, "unknown")]

    def test_of_a_claim_without_events_is_empty(self) -> None:
        one, none = frames([claim()], [])
        found = story(one, none, limitation_rules(), NO_DAYS_OFF, date(2026, 1, 1))
        assert found.is_empty()
        assert found.schema["cautious_date"] == pl.Date
