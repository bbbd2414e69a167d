"""Days that follow from notices: their own cases, and what is refused because it cannot be trusted."""

from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dunwell.rulebook.notice_periods import NoticePeriod, notice_periods, read_notice_periods
from dunwell.rulebook.reviews import reviews
from dunwell.rulebook.rules_file import RuleError

PERIODS = notice_periods()
CASES = [
    pytest.param(period, case, id=f"{period.id}: {case['event']}")
    for period in PERIODS.values()
    for case in period.cases
]
DAYS = st.dates(date(2022, 1, 1), date(2035, 12, 31))


def text(**changed: Any) -> str:
    """A file with one period."""
    entry = {
        "id": "one", "title": {"en": "a", "zh-Hans": "b", "zh-Hant": "c"}, "place": "US",
        "values": {date(2020, 1, 1): [{"days": 5}]}, "citation": {"source": "a law", "confidence": "recalled"},
        "review_by": date(2027, 1, 1), "cases": [{"event": date(2026, 1, 1), "last": date(2026, 1, 6)}],
    }  # fmt: skip
    return yaml.safe_dump([{**entry, **changed}])


class TestAPeriod:
    @pytest.mark.parametrize(("period", "case"), CASES)
    def test_ends_as_its_cases_say(self, period: NoticePeriod, case: dict[str, Any]) -> None:
        found = period.last_day(case["event"])
        assert (found and found.day) == case["last"]

    @given(DAYS)
    def test_of_working_days_skips_weekends_and_ends_on_one(self, event: date) -> None:
        found = PERIODS["us.regf.assumed-receipt"].last_day(event)
        assert found is not None
        assert found.working
        assert found.day - event >= timedelta(days=5)
        later = PERIODS["us.regf.assumed-receipt"].last_day(event + timedelta(days=1))
        assert later is not None
        assert later.day >= found.day

    @given(DAYS)
    def test_of_validation_ends_thirty_days_after_the_assumed_receipt(self, event: date) -> None:
        received = PERIODS["us.regf.assumed-receipt"].last_day(event)
        ends = PERIODS["us.regf.validation-period"].last_day(event)
        assert received is not None
        assert ends is not None
        assert ends.day - received.day == timedelta(days=30)

    def test_is_looked_at_again(self) -> None:
        assert set(PERIODS) <= {review.id for review in reviews()}

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"values": {}}, "values are given from a day on"),
            ({"values": {date(2020, 1, 1): []}}, "a step is a number of"),
            ({"values": {date(2020, 1, 1): [{"weeks": 2}]}}, "a step is a number of"),
            ({"values": {date(2020, 1, 1): [{"days": 0}]}}, "a step is a number of"),
            ({"values": {date(2020, 1, 1): [5]}}, "a step is a number of"),
            ({"title": {"en": "a"}}, "a title needs"),
            ({"review_by": "soon"}, "review_by is a day"),
            ({"citation": {"source": ""}}, "source"),
            ({"cases": []}, "has cases"),
            ({"cases": [{"event": "soon", "last": None}]}, "has cases"),
            ({"more": 1}, "exactly the keys"),
        ],
    )
    def test_that_cannot_be_trusted_does_not_load(self, changed: dict[str, Any], says: str) -> None:
        assert list(read_notice_periods({"a.yaml": text()})) == ["one"]
        with pytest.raises(RuleError, match=says):
            read_notice_periods({"a.yaml": text(**changed)})

    def test_stands_once(self) -> None:
        with pytest.raises(RuleError, match="twice"):
            read_notice_periods({"a.yaml": text(), "b.yaml": text()})

    def test_file_is_a_list_of_them(self) -> None:
        for wrong in ("a: 1", "[", "- 3"):
            with pytest.raises(RuleError):
                read_notice_periods({"a.yaml": wrong})
