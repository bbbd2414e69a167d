"""Working days: whose calendar, which year is known, and arithmetic that a plain walk over the days confirms."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import holidays
import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.rulebook.calendars import (
    add_working_days,
    calendar_named,
    day_in,
    known_until,
    name_of_day,
    table,
    working_day_on_or_after,
    working_days_between,
)
from dunwell.rulebook.official_days import official_days, read_official_days
from dunwell.rulebook.rules_file import RuleError

DAY = timedelta(days=1)
CASES = [
    pytest.param(country, case, id=f"{country}: {case['name']}")
    for country, days in official_days().items()
    for case in days.cases
]
days = st.dates(date(2019, 1, 1), date(2030, 12, 31))
calendars = st.sampled_from(["CN", "TW", "DE", "DE-BY", "GB-SCT", "US", "AE", "SA", "VN"])


def each(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


class TestTheOfficialTable:
    @pytest.mark.parametrize(("country", "case"), CASES)
    def test_answers_its_own_cases(self, country: str, case: dict[str, Any]) -> None:
        found = day_in(country, case["day"])
        assert (found.working, found.known) == (case["working"], case["known"])

    @pytest.mark.parametrize("year", range(2020, 2027))
    def test_of_china_agrees_with_the_library_on_every_day(self, year: int) -> None:
        library = holidays.country_holidays("CN", years=year)
        ours = [day for day in each(date(year, 1, 1), date(year, 12, 31)) if day_in("CN", day).working]
        assert ours == [d for d in each(date(year, 1, 1), date(year, 12, 31)) if library.is_working_day(d)]

    def test_of_taiwan_has_the_announced_120_days_off(self) -> None:
        found = table("TW", date(2026, 1, 1), date(2026, 12, 31))
        assert found.filter(~pl.col("working")).height == 120

    def test_works_only_on_weekend_days_and_cites_every_year(self) -> None:
        for announced in official_days().values():
            for year in announced.years.values():
                assert all(day.weekday() >= 5 for day in year.work)
                assert (year.citation.confidence, year.citation.quote) == ("copy", "")

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ("country: CN", "land: CN", "exactly the keys"),
            ("review_by: 2026-12-31", "review_by: soon", "review_by is a day"),
            ("{en: New Year's Day, zh-Hans: 元旦, zh-Hant: 元旦}", "{en: New Year's Day}", "new-year needs"),
            ("confidence: copy", "confidence: somebody", "2020: confidence is one of"),
            ("[2026-01-01, 2026-01-03]", "[2026-01-03, 2026-01-01]", "2026: new-year lies within"),
            ("[2026-01-01, 2026-01-03]", "[2025-12-31, 2026-01-03]", "2026: new-year lies within"),
            ("[2026-01-01, 2026-01-03]", "2026-01-01", "2026: new-year is its first and its last day"),
            ("2026-09-20, 2026-10-10", "2026-09-20, 2026-10-07", "2026: a day is off or worked, once"),
            ("2026-09-20, 2026-10-10", "2026-09-20, 2025-10-10", "2026: worked is a list of days of the year"),
            ("      national-mid-autumn: [2025", "      victory: [2025", "2025: days_off are called as in names"),
            ("  2026:\n", "  late:\n", "late: a year has exactly"),
        ],
    )
    def test_that_cannot_be_trusted_is_refused(self, old: str, new: str, why: str) -> None:
        text = (Path(read_official_days.__code__.co_filename).parent / "days_off" / "china.yaml").read_text("utf-8")
        assert old in text
        with pytest.raises(RuleError, match=why):
            read_official_days("china.yaml", text.replace(old, new))

    @pytest.mark.parametrize("text", ["", "- a", "{", "5"])
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(RuleError, match=r"x\.yaml"):
            read_official_days("x.yaml", text)

    def test_without_a_case_or_a_name_is_refused(self) -> None:
        text = (Path(read_official_days.__code__.co_filename).parent / "days_off" / "taiwan.yaml").read_text("utf-8")
        entry = yaml.safe_load(text)
        for key, value, why in (
            ("cases", [], "without a case"),
            ("years", {}, "years is a table"),
            ("names", {k: v for k, v in entry["names"].items() if k != "make-up"}, "make-up days need a name"),
        ):
            with pytest.raises(RuleError, match=why):
                read_official_days("x.yaml", yaml.safe_dump(entry | {key: value}, allow_unicode=True))


class TestACalendar:
    def test_knows_each_countrys_own_weekend(self) -> None:
        friday, saturday, sunday = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
        worked = {name: [day_in(name, d).working for d in (friday, saturday, sunday)] for name in ("DE", "SA", "AE")}
        assert worked == {"DE": [True, False, False], "SA": [False, False, True], "AE": [True, False, False]}

    def test_of_a_part_has_days_off_that_the_country_has_not(self) -> None:
        epiphany = date(2026, 1, 6)
        assert day_in("DE", epiphany).working
        assert not day_in("DE-BY", epiphany).working
        assert name_of_day("DE-BY", epiphany) == "Epiphany"

    def test_names_days_in_three_languages(self) -> None:
        day, worked = date(2026, 10, 1), date(2026, 2, 14)
        names = [name_of_day("CN", day, language) for language in ("en", "zh-Hans", "zh-Hant")]
        assert names == ["National Day", "国庆节", "國慶節"]
        assert name_of_day("CN", worked, "zh-Hant") == "調休上班日"
        assert name_of_day("CN", date(2026, 11, 23)) == ""
        assert name_of_day("HK", date(2026, 10, 1), "zh-Hant") != name_of_day("HK", date(2026, 10, 1), "en")

    def test_says_from_when_on_its_schedule_is_not_known(self) -> None:
        assert (known_until("CN"), known_until("TW"), known_until("DE")) == (2026, 2026, None)
        assert day_in("CN", date(2026, 12, 31)).known
        assert not any(day_in("CN", day).known for day in each(date(2027, 1, 1), date(2027, 12, 31)))
        assert all(day_in("DE", day).known for day in each(date(2027, 1, 1), date(2027, 12, 31)))

    def test_doubts_a_feast_that_waits_for_the_moon_and_the_days_beside_it(self) -> None:
        library = holidays.country_holidays("EG", years=2027, language="en_US")
        estimated = [day for day, name in sorted(library.items()) if name.endswith("(estimated)")]
        assert estimated
        for day in estimated:
            assert not any(day_in("EG", near).known for near in (day - DAY, day, day + DAY))
        assert day_in("EG", date(2027, 12, 15)).known

    def test_knows_nothing_beyond_the_librarys_years(self) -> None:
        assert not day_in("DE", date(2150, 1, 1)).known

    @pytest.mark.parametrize("name", ["ZZ", "", "D", "Germany", "CN;", "德国", "de\x1b", "EU", "UK"])
    def test_of_an_unknown_country_is_refused(self, name: str) -> None:
        with pytest.raises(DunwellError) as caught:
            day_in(name, date(2026, 1, 1))
        assert caught.value.code == "calendar.unknown_country"
        assert "\x1b" not in caught.value.words()

    def test_of_an_unknown_part_is_refused_and_names_the_parts_there_are(self) -> None:
        with pytest.raises(DunwellError, match="ENG, NIR, SCT, WLS"):
            calendar_named("GB-LON")
        with pytest.raises(DunwellError, match="Known parts: -"):
            calendar_named("CN-BJ")

    @pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1), date.max, date.min])
    def test_is_not_asked_beyond_its_reach(self, day: date) -> None:
        for ask in (day_in, working_day_on_or_after, lambda name, d: table(name, d, d)):
            with pytest.raises(DunwellError) as caught:
                ask("DE", day)
            assert caught.value.code == "calendar.out_of_reach"

    def test_is_written_in_any_case(self) -> None:
        assert calendar_named(" de-by ") == "DE-BY"


class TestWorkingDays:
    @given(calendars, days, st.integers(-40, 40))
    def test_are_counted_as_a_walk_over_the_days_counts_them(self, name: str, start: date, count: int) -> None:
        step, here, left, known = (DAY if count > 0 else -DAY), start, abs(count), day_in(name, start).known
        while left:
            here += step
            known = known and day_in(name, here).known
            if day_in(name, here).working:
                left -= 1
        found = add_working_days(name, start, count)
        assert (found.day, found.known) == (here, known)
        if count > 0:
            assert found.working
            assert working_days_between(name, start, found.day).days == count

    @given(calendars, days, st.integers(0, 400))
    def test_between_two_days_add_up_over_any_day_between(self, name: str, first: date, length: int) -> None:
        middle, last = first + timedelta(days=length // 3), first + timedelta(days=length)
        whole = working_days_between(name, first, last)
        halves = working_days_between(name, first, middle), working_days_between(name, middle, last)
        assert whole.days == halves[0].days + halves[1].days
        assert whole.known == (halves[0].known and halves[1].known)

    def test_cannot_be_counted_backwards(self) -> None:
        for count in (working_days_between, table):
            with pytest.raises(DunwellError) as caught:
                count("DE", date(2026, 1, 2), date(2026, 1, 1))
            assert caught.value.code == "calendar.out_of_order"

    def test_beyond_the_calendars_are_refused_soon(self) -> None:
        with pytest.raises(DunwellError) as caught:
            add_working_days("DE", date(2190, 1, 1), 10**12)
        assert caught.value.code == "calendar.out_of_reach"

    def test_across_new_year_into_a_year_not_announced_are_assumed(self) -> None:
        found = add_working_days("CN", date(2026, 12, 31), 1)
        assert (found.day, found.known) == (date(2027, 1, 4), False)
        assert add_working_days("CN", date(2026, 12, 30), 1).known

    def test_of_the_spring_festival_begin_after_nine_days(self) -> None:
        assert working_day_on_or_after("CN", date(2026, 2, 15)).day == date(2026, 2, 24)
        assert working_day_on_or_after("CN", date(2026, 2, 14)).day == date(2026, 2, 14)


class TestTheTable:
    @given(calendars, days, st.integers(0, 60))
    def test_says_of_each_day_what_is_said_of_it_alone(self, name: str, first: date, length: int) -> None:
        last = first + timedelta(days=length)
        found = table(name, first, last)
        assert found["day"].to_list() == each(first, last)
        for day, working, known, on, on_known in found.drop("calendar").iter_rows():
            alone, moved = day_in(name, day), working_day_on_or_after(name, day)
            assert (working, known) == (alone.working, alone.known)
            assert (on, on_known) == (moved.day, moved.known)
            assert all(not day_in(name, d).working for d in each(day, on - DAY))
            assert day_in(name, on).working

    def test_has_the_types_that_the_engine_joins(self) -> None:
        assert dict(table("CN", date(2026, 1, 1), date(2026, 1, 1)).schema) == {
            "calendar": pl.String,
            "day": pl.Date,
            "working": pl.Boolean,
            "known": pl.Boolean,
            "working_date": pl.Date,
            "working_known": pl.Boolean,
        }


class TestTheExamplesOfTheLaw:
    @pytest.fixture
    def examples(self, shared_data: Path) -> dict[str, Any]:
        entries = json.loads((shared_data / "law" / "examples.json").read_text("utf-8"))
        return {entry["id"]: entry for entry in entries}

    def test_call_a_saturday_before_the_festival_a_working_day(self, examples: dict[str, Any]) -> None:
        expected = examples["CN-LIM-6"]["expected"]
        day = date.fromisoformat(expected["last_day"])
        found = day_in("CN", day)
        assert expected["is_makeup_workday"] == (found.working and found.known and day.weekday() >= 5)
        assert expected["moved"] == (working_day_on_or_after("CN", day).day != day)

    def test_end_on_a_working_day_of_a_year_that_is_only_assumed(self, examples: dict[str, Any]) -> None:
        day = date.fromisoformat(examples["CN-LIM-4"]["expected"]["new_last_day"])
        assert "is a working day" in examples["CN-LIM-4"]["note"]
        assert (day_in("CN", day).working, day_in("CN", day).known) == (True, False)

    @pytest.mark.parametrize(("name", "sent"), [("US-34b5-a", "notice_sent"), ("US-34b5-2", "second_notice")])
    def test_assume_receipt_after_five_federal_working_days(
        self, examples: dict[str, Any], name: str, sent: str
    ) -> None:
        example = examples[name]
        found = add_working_days("US", date.fromisoformat(example["inputs"][sent]), 5).day
        assert found == date.fromisoformat(example["expected"]["assumed_receipt"])
        assert found + timedelta(days=30) == date.fromisoformat(example["expected"]["period_end"])
