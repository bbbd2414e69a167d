"""What may leave without anybody looking at it."""

from collections.abc import Iterable

import polars as pl
import pytest

from dunwell.core.terms import Note, Stage
from dunwell.engine.day.release import is_unusual, usual, waiting
from dunwell.rulebook.release import Release

ROWS = [
    ("a", Stage.SECOND_DUNNING, "EUR", 5_000),
    ("b", Stage.REMINDER, "EUR", 7_000),
    ("c", Stage.REMINDER, "EUR", 90_000),
    ("d", Stage.REMINDER, "USD", 90_000),
    ("e", Stage.FIRST_DUNNING, "EUR", 1_000),
]


def asked(
    release: Release, *, unusual: bool = False, left: int = 0, notes: Iterable[Note] = ()
) -> dict[str, str | None]:
    kinds = {
        "place": pl.String(), "stage": pl.Int16(), "note": pl.String(), "currency": pl.String(),
        "total_minor": pl.Int64(),
    }  # fmt: skip
    rows = [(place, int(stage), None, currency, total) for place, stage, currency, total in ROWS]
    rows += [(note.value, int(Stage.NONE), note.value, "EUR", 10) for note in notes]
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    return dict(waiting(frame, release, unusual=unusual, left=left).select("place", "waits").sort("place").rows())


class TestTheSettingThatComesWithDunwell:
    def test_lets_the_usual_messages_of_a_small_book_leave(self):
        assert set(asked(Release()).values()) == {None}

    def test_keeps_a_message_about_more_than_a_million_euro(self):
        assert Release().most_minor["EUR"] == 100_000_000


class TestAMessage:
    def test_waits_for_a_person_where_nothing_leaves_by_itself(self):
        assert set(asked(Release(automatic=False)).values()) == {"by_hand"}

    def test_of_an_unusual_run_waits_with_all_others(self):
        assert set(asked(Release(), unusual=True).values()) == {"unusual"}

    def test_of_a_stage_that_always_waits_does(self):
        told = asked(Release(waiting_stages=(Stage.SECOND_DUNNING,)))
        assert told == {"a": "stage_waits", "b": None, "c": None, "d": None, "e": None}

    @pytest.mark.parametrize("kind", list(Note))
    def test_about_a_promise_waits_where_its_kind_always_does(self, kind):
        told = asked(Release(waiting_notes=(kind,)), notes=Note)
        assert {place for place, why in told.items() if why} == {kind.value}
        assert told[kind.value] == "note_waits"

    def test_over_the_amount_of_its_currency_waits_and_one_of_another_currency_does_not(self):
        told = asked(Release(most_minor={"EUR": 89_999}))
        assert told == {"a": None, "b": None, "c": "over_amount", "d": None, "e": None}

    def test_at_the_amount_itself_leaves(self):
        assert asked(Release(most_minor={"EUR": 90_000}))["c"] is None

    def test_beyond_the_days_number_waits_the_mildest_and_smallest_first(self):
        told = asked(Release(most_messages=3))
        assert told == {"a": "over_count", "b": None, "c": None, "d": None, "e": "over_count"}

    def test_that_waits_anyway_uses_up_none_of_the_number(self):
        told = asked(Release(most_messages=3, most_minor={"EUR": 89_999}))
        assert told == {"a": "over_count", "b": None, "c": "over_amount", "d": None, "e": None}

    @pytest.mark.parametrize(("left", "leaving"), [(0, 3), (2, 1), (3, 0), (9, 0)])
    def test_counts_with_those_that_left_on_the_day_before(self, left, leaving):
        assert list(asked(Release(most_messages=3), left=left).values()).count(None) == leaving


class TestWhatIsUsual:
    @pytest.mark.parametrize(
        ("counts", "median"), [([], None), ([5, 5], None), ([1, 9, 5], 5), ([4, 2, 8, 6], 6), ([3] * 10, 3)]
    )
    def test_is_the_median_of_at_least_three_days(self, counts, median):
        assert usual(counts) == median

    @pytest.mark.parametrize(
        ("wanted", "usually", "unusual"),
        [(1_500, 300, False), (1_501, 300, True), (1_000, 2, False), (1_001, 2, True), (99_999, None, False)],
    )
    def test_is_exceeded_by_more_than_five_times_of_it_or_of_two_hundred(self, wanted, usually, unusual):
        assert is_unusual(Release(), wanted, usually) is unusual

    def test_is_not_asked_where_the_setting_has_no_such_limit(self):
        assert is_unusual(Release(times_usual=None), 99_999, 1) is False
