"""When a debtor counts as lost: the cases beside the rule, several debtors at once, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.engine.contact.asked import CONTACTS
from dunwell.engine.contact.lost_contact import NUMBERS, lost_contact
from dunwell.rulebook.lost_contact_terms import house_lost_contact, read_lost_contact
from dunwell.rulebook.rule_error import RuleError

TERMS = house_lost_contact()
CASES = [pytest.param(each, case, id=f"{each.id}: {case['name']}") for each in TERMS for case in each.cases]
WAYS = TERMS[0].on(date(2026, 11, 23))
SHANGHAI = ZoneInfo("Asia/Shanghai")
GOOD = """
- id: x
  title: {en: a, zh-Hans: b, zh-Hant: c}
  applies: {place: [CN]}
  values: {2026-01-30: {dials: {in_a_row: 3, holds_after_days: 1}, in_vain: [no_answer], reached: [reached]}}
  citation: {source: somewhere, confidence: secondary, quote: ""}
  review_by: 2027-05-22
  given: {}
  cases: [{name: none, lost: null}]
"""


def ask(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is found of several described people, each by itself."""
    subjects, contacts, numbers = [], list[Any](), list[Any]()
    for person, told in enumerate(people):
        at = datetime.fromisoformat(told["at"]).astimezone(UTC)
        subjects.append((person, person, at, " ".join(told["zones"])))
        for n, each in enumerate(told.get("contacts", [])):
            moment = datetime.fromisoformat(each["at"]).astimezone(UTC)
            contacts.append((
                person * 1000 + n, None, person, moment, each.get("channel", "phone"), each.get("direction", "out"),
                each["outcome"], None, each.get("to"), None, None, None, None,
            ))  # fmt: skip
        numbers += [(person, n, each.get("invalid")) for n, each in enumerate(told.get("numbers", []))]
    schema = {
        "subject_id": pl.Int64, "person_id": pl.Int64, "at": pl.Datetime("us", "UTC"), "zones": pl.String,
    }  # fmt: skip
    assert WAYS is not None
    return lost_contact(
        pl.DataFrame(subjects, schema=schema, orient="row"),
        pl.DataFrame(contacts, schema=CONTACTS, orient="row"),
        pl.DataFrame(numbers, schema=NUMBERS, orient="row"),
        WAYS,
    ).to_dicts()


def told_of(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not found:
        return None
    [row] = found
    return {"way": row["way"], "from": row["from_date"], "evidence": sorted(row["evidence"])}


class TestALostContact:
    @pytest.mark.parametrize(("terms", "case"), CASES)
    def test_is_found_as_the_cases_of_the_rule_say(self, terms: Any, case: dict[str, Any]) -> None:
        assert told_of(ask([case])) == case["lost"]

    def test_is_found_of_many_as_of_each(self) -> None:
        cases = [case for each in TERMS for case in each.cases]
        together = {row["subject_id"]: row for row in ask(cases)}
        for number, case in enumerate(cases):
            row = together.get(number)
            alone = row and told_of([{**row, "evidence": [each - number * 1000 for each in row["evidence"]]}])
            assert alone == case["lost"], case["name"]

    def test_is_not_known_before_the_guideline(self) -> None:
        assert [each.on(date(2026, 1, 29)) for each in TERMS] == [None]
        assert TERMS[0].on(date(2026, 1, 30)) == WAYS

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 5 * 24),
                st.sampled_from(["phone", "visit", "sms"]),
                st.sampled_from(["no_answer", "not_connected", "reached", "dropped", "wrong_person"]),
                st.sampled_from(["out", "out", "in"]),
            ),
            max_size=12,
        )
    )
    def test_agrees_with_a_walk_through_the_contacts(self, told: list[tuple[int, str, str, str]]) -> None:
        start = datetime(2026, 11, 18, tzinfo=SHANGHAI)
        contacts = [
            {
                "at": (start + timedelta(hours=hour, minutes=n)).isoformat(),
                "channel": on,
                "outcome": came,
                "direction": way,
            }
            for n, (hour, on, came, way) in enumerate(told)
        ]
        case = {"at": "2026-11-23T23:59:59+08:00", "zones": ["Asia/Shanghai"], "contacts": contacts}
        found = told_of(ask([case]))
        assert (found and (found["way"], found["from"])) == walked(contacts)


def walked(contacts: list[dict[str, Any]]) -> tuple[str, date] | None:
    """The same in plain Python: one contact after another."""
    dials: list[date] = []
    days: list[date] = []
    met: date | None = None
    for each in sorted(contacts, key=lambda one: one["at"]):
        day = datetime.fromisoformat(each["at"]).date()
        if each["direction"] == "in" or each["outcome"] in ("reached", "dropped"):
            dials, days, met = [], [], day
            continue
        if each["channel"] == "phone":
            dials.append(day)
        if each["channel"] in ("phone", "visit") and day != met and day not in days:
            days.append(day)
    found = [("dials", dials[2])] if len(dials) >= 3 else []
    rows = [three for three in zip(days, days[1:], days[2:], strict=False) if (three[2] - three[0]).days == 2]
    found += [("days", rows[0][2])] if rows else []
    return min(((way, day + timedelta(days=1)) for way, day in found), key=lambda one: one[1], default=None)


class TestTheTermsOfLostContact:
    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (("in_a_row: 3", "in_a_row: 0"), "at least 1"), (("in_a_row: 3", "in_a_row: x"), "whole numbers"),
            (("[no_answer]", "[nobody]"), "in_vain is a list"),
            (("place: [CN]", "planet: [X]"), "applies names planet"),
            (("confidence: secondary", "confidence: sure"), "confidence is one of"), (("en: a, ", ""), "a title needs"),
            (("dials:", "guesses:"), "some of numbers, dials, days"),
            (("[{name: none, lost: null}]", "[]"), "not trusted"),
            (("given: {}", "gift: {}"), "has the keys"), (("2026-01-30: {dials", "soon: {dials"), "from a day on"),
            (("review_by: 2027-05-22", "review_by: soon"), "review_by is a day"), (("- id: x", "id: ["), "no YAML"),
            (("applies: {place: [CN]}", "applies: [CN]"), "applies is a table"),
        ],
    )  # fmt: skip
    def test_are_refused_in_words_where_something_is_wrong(self, wrong: tuple[str, str], said: str) -> None:
        assert wrong[0] in GOOD
        with pytest.raises(RuleError, match=said):
            read_lost_contact("cn.yaml", GOOD.replace(*wrong))

    def test_are_read_when_all_is_well(self) -> None:
        assert [each.id for each in read_lost_contact("cn.yaml", GOOD)] == ["x"]
