"""Payment terms: notation, due dates and instalments, beside an independent count with the standard library alone."""

import calendar
import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.rulebook.due_dates import due_date, due_dates, instalments
from dunwell.rulebook.legal_terms import due_under, house_legal_terms, legal_terms, read_legal_terms
from dunwell.rulebook.payment_terms import LAST_OF_MONTH, BaseDate, Part, PaymentTerms, Step
from dunwell.rulebook.rules_file import RuleError
from dunwell.rulebook.terms_notation import read_terms

INVOICE, RECEIPT, DELIVERY = BaseDate.INVOICE, BaseDate.RECEIPT, BaseDate.DELIVERY

days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
steps = st.one_of(
    st.builds(Step, days=st.integers(0, 3650)),
    st.builds(Step, months=st.integers(1, 120)),
    st.builds(Step, months=st.integers(0, 120), day=st.just(LAST_OF_MONTH)),
    st.builds(Step, months=st.integers(1, 120), day=st.integers(1, 31)),
)
bases = st.sets(st.sampled_from(list(BaseDate)), min_size=1).map(lambda s: tuple(k for k in BaseDate if k in s))


@st.composite
def payment_terms(draw: st.DrawFn, rolls: bool = True) -> PaymentTerms:
    weights = draw(st.lists(st.integers(1, 60), min_size=1, max_size=4))
    parts = tuple(
        Part(Fraction(weight, sum(weights)), (), (), draw(days))
        if draw(st.booleans()) and len(weights) > 1
        else Part(Fraction(weight, sum(weights)), tuple(draw(st.lists(steps, min_size=1, max_size=4))), draw(bases))
        for weight in weights
    )
    return PaymentTerms(parts, draw(st.sampled_from([None, "CN", "DE-BY"])) if rolls else None)


def counted(part: Part, base: dict[BaseDate, date]) -> date:
    """The oracle: one step after the other with `calendar` and `timedelta`."""
    if part.fixed:
        return part.fixed
    day = max(base[kind] for kind in part.base)
    for step in part.steps:
        year, month = day.year, day.month
        for _ in range(step.months):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        length = calendar.monthrange(year, month)[1]
        day = date(year, month, min(step.day or day.day, length)) + timedelta(step.days)
    return day


class TestTheNotation:
    @given(payment_terms())
    def test_reads_back_what_it_prints(self, terms: PaymentTerms) -> None:
        assert read_terms(str(terms)) == terms
        assert read_terms(f"  {str(terms).upper()} ") == terms

    @pytest.mark.parametrize(
        ("written", "printed"),
        [
            ("net 30", "30 days"),
            ("NET 30 DAYS", "30 days"),
            ("net 0", "0 days"),
            ("1days", "1 day"),
            ("eom", "end of month"),
            ("eom+45 days", "end of month + 45 days"),
            ("45 days + end of month", "45 days + end of month"),
            ("10th of next month", "10th of next month"),
            ("22th of 3rd month from receipt", "22nd of 3rd month from receipt"),
            ("31st of 11th month", "end of 11th month"),
            ("1 month", "1 month"),
            ("30 days from invoice", "30 days"),
            ("30 days from later of delivery, receipt", "30 days from later of receipt and delivery"),
            ("12.50%: net 10; 87.5%: 60 days", "12.5%: 10 days; 87.5%: 60 days"),
            ("2/6: 1 day; 2/3: on 2026-12-31", "1/3: 1 day; 2/3: on 2026-12-31"),
            ("30 days ROLL de-by", "30 days roll DE-BY"),
        ],
    )
    def test_has_one_form_for_each_meaning(self, written: str, printed: str) -> None:
        assert str(read_terms(written)) == printed

    @pytest.mark.parametrize(
        ("written", "code", "position"),
        [
            ("", "terms.empty", None),
            (" \n", "terms.empty", None),
            ("1 day " * 1000, "terms.too_long", None),
            ("30", "terms.ends_early", 3),
            ("30 days from", "terms.ends_early", 13),
            ("30 days from later of receipt", "terms.ends_early", 30),
            ("30 dayz", "terms.unreadable", 4),
            ("30 days 5", "terms.unreadable", 9),
            ("-3 days", "terms.unreadable", 1),
            ("30 days\u202e", "terms.unreadable", 8),
            ("３０ days", "terms.unreadable", 1),
            ("10th of month", "terms.unreadable", 9),
            ("=1+1", "terms.unreadable", 1),
            ("99999 days", "terms.number", 1),
            ("3651 days", "terms.number", 1),
            ("121 months", "terms.number", 1),
            ("0 months", "terms.number", 1),
            ("1.5 days", "terms.number", 1),
            ("9" * 3900 + " days", "terms.number", 1),
            ("32nd of next month", "terms.number", 1),
            ("on 2026-02-30", "terms.no_such_day", 4),
            ("on 2100-01-01", "terms.no_such_day", 4),
            ("30 days from pay-day", "terms.unknown_base", 14),
            ("0%: 1 day; 100%: 2 days", "terms.bad_share", 1),
            ("101%: 1 day", "terms.bad_share", 1),
            ("33.333333%: 1 day", "terms.bad_share", 1),
            ("30%: 10 days; 60%: 20 days", "terms.shares", None),
            ("30 days; 40 days", "terms.shares", None),
            ("1 day + 1 day + 1 day + 1 day + 1 day", "terms.too_many", 31),
            ("; ".join(["1/130: 1 day"] * 130), "terms.too_many", None),
            ("30 days roll ZZ", "calendar.unknown_country", None),
        ],
    )
    def test_is_refused_at_the_place_where_it_cannot_be_read(
        self, written: str, code: str, position: int | None
    ) -> None:
        with pytest.raises(DunwellError) as caught:
            read_terms(written)
        assert caught.value.code == code
        assert position is None or caught.value.params["position"] == position
        assert "\u202e" not in caught.value.words("zh-Hant")

    @given(st.text(max_size=40) | st.text(alphabet="0123456789 dayseomnthfr+;:%/,-.", max_size=40))
    def test_refuses_in_words_whatever_is_written(self, written: str) -> None:
        try:
            printed = str(read_terms(written))
        except DunwellError as error:
            printed = error.words("zh-Hans")
            assert len(printed.splitlines()) == 1
        else:
            assert str(read_terms(printed)) == printed


class TestADueDate:
    @pytest.mark.parametrize(
        ("terms", "invoice", "due"),
        [
            ("30 days", date(2024, 1, 30), date(2024, 2, 29)),
            ("30 days", date(2023, 1, 30), date(2023, 3, 1)),
            ("0 days", date(2024, 2, 29), date(2024, 2, 29)),
            ("12 months", date(2024, 2, 29), date(2025, 2, 28)),
            ("48 months", date(2024, 2, 29), date(2028, 2, 29)),
            ("1 month", date(2026, 1, 31), date(2026, 2, 28)),
            ("1 month + 1 month", date(2026, 1, 31), date(2026, 3, 28)),
            ("2 months", date(2026, 12, 31), date(2027, 2, 28)),
            ("end of month", date(2024, 2, 1), date(2024, 2, 29)),
            ("end of month", date(2026, 12, 31), date(2026, 12, 31)),
            ("end of next month", date(2026, 12, 31), date(2027, 1, 31)),
            ("end of month + 45 days", date(2026, 1, 2), date(2026, 3, 17)),
            ("45 days + end of month", date(2026, 1, 2), date(2026, 2, 28)),
            ("10th of next month", date(2026, 12, 31), date(2027, 1, 10)),
            ("31st of 2nd month", date(2025, 12, 15), date(2026, 2, 28)),
            ("30th of next month", date(2024, 1, 31), date(2024, 2, 29)),
            ("on 2026-12-31", date(2026, 1, 1), date(2026, 12, 31)),
        ],
    )
    def test_is_cut_to_the_length_of_its_month(self, terms: str, invoice: date, due: date) -> None:
        assert due_date(terms, {INVOICE: invoice}).due_date == due

    @given(payment_terms(rolls=False), st.fixed_dictionaries(dict.fromkeys(BaseDate, days)))
    def test_is_what_a_plain_count_finds(self, terms: PaymentTerms, base: dict[BaseDate, date]) -> None:
        found = instalments(terms, base)
        assert [each.due_date for each in found] == [counted(part, base) for part in terms.parts]
        assert all(each.known for each in found)

    @given(payment_terms(), st.dates(date(2020, 1, 1), date(2027, 12, 31)))
    def test_is_never_before_the_day_that_its_steps_run_from(self, terms: PaymentTerms, day: date) -> None:
        for part, found in zip(terms.parts, instalments(terms, dict.fromkeys(BaseDate, day)), strict=True):
            assert found.due_date >= (part.fixed or day)

    def test_runs_from_the_later_day_and_needs_both(self) -> None:
        terms = "30 days from later of receipt and delivery"
        early, late = date(2026, 1, 10), date(2026, 1, 20)
        assert due_date(terms, {RECEIPT: early, DELIVERY: late}) == due_date(terms, {RECEIPT: late, DELIVERY: early})
        with pytest.raises(DunwellError, match="delivered_date is missing") as caught:
            due_date(terms, {RECEIPT: early, DELIVERY: None})
        assert caught.value.code == "terms.base_missing"

    def test_of_a_day_out_of_reach_is_refused(self) -> None:
        with pytest.raises(DunwellError, match="issue_date is 9999-12-31"):
            due_date("30 days", {INVOICE: date.max})

    def test_of_terms_in_instalments_is_refused(self) -> None:
        with pytest.raises(DunwellError, match="2 instalments"):
            due_date("50%: 1 day; 50%: 2 days", {INVOICE: date(2026, 1, 1)})

    @pytest.mark.parametrize(
        ("terms", "invoice", "due", "known"),
        [
            ("30 days roll CN", date(2026, 1, 16), date(2026, 2, 24), True),  # the Spring Festival
            ("30 days roll CN", date(2026, 1, 15), date(2026, 2, 14), True),  # a Saturday that is worked
            ("30 days roll DE", date(2026, 11, 25), date(2026, 12, 28), True),
            ("30 days roll CN", date(2026, 12, 2), date(2027, 1, 4), False),  # not announced yet
            ("30 days roll SA", date(2026, 11, 3), date(2026, 12, 3), True),  # a Thursday, worked there
            ("31 days roll SA", date(2026, 11, 3), date(2026, 12, 6), True),
        ],
    )
    def test_moves_to_a_working_day_only_by_a_named_calendar(
        self, terms: str, invoice: date, due: date, known: bool
    ) -> None:
        found = due_date(terms, {INVOICE: invoice})
        assert (found.due_date, found.known) == (due, known)
        unmoved = due_date(terms.partition(" roll")[0], {INVOICE: invoice}).due_date
        assert unmoved == invoice + timedelta(int(terms[:2]))


class TestInstalments:
    @given(payment_terms(rolls=False), st.integers(-(10**15), 10**15))
    def test_add_up_to_the_whole_with_the_remainder_in_the_last(self, terms: PaymentTerms, amount: int) -> None:
        found = [each.amount_minor for each in instalments(terms, dict.fromkeys(BaseDate, date(2026, 1, 1)), amount)]
        sign = -1 if amount < 0 else 1
        expected = [sign * int(abs(amount) * part.share) for part in terms.parts[:-1]]
        assert found == [*expected, amount - sum(expected)]
        assert all(each is not None and each * sign >= 0 for each in found)

    def test_each_have_their_own_day(self) -> None:
        found = instalments("1/3: 30 days; 1/3: 60 days; 1/3: end of 3rd month", {INVOICE: date(2026, 1, 31)}, 1000)
        assert [(each.number, each.amount_minor, each.due_date) for each in found] == [
            (1, 333, date(2026, 3, 2)),
            (2, 333, date(2026, 4, 1)),
            (3, 334, date(2026, 4, 30)),
        ]

    def test_of_a_single_minor_unit_are_never_negative(self) -> None:
        found = instalments("; ".join(["25%: 1 day"] * 4), {INVOICE: date(2026, 1, 1)}, 2)
        assert [each.amount_minor for each in found] == [0, 0, 0, 2]

    def test_without_an_amount_have_none(self) -> None:
        assert [each.amount_minor for each in instalments("net 1", {INVOICE: date(2026, 1, 1)})] == [None]


class TestAFrame:
    def test_says_row_by_row_what_each_row_alone_says(self) -> None:
        texts = ["30 days roll CN", "40%: 10 days; 60%: end of month + 5 days", "1 month from delivery", "30 days"]
        rows = pl.DataFrame(
            {
                "number": range(40),
                "terms": [texts[i % 4] for i in range(40)],
                "amount_minor": [i * 101 for i in range(40)],
                "issue_date": [date(2026, 1, 1) + timedelta(9 * i) for i in range(40)],
                "delivered_date": [date(2026, 1, 31) + timedelta(9 * i) for i in range(40)],
            }
        )
        found = due_dates(rows)
        expected = [
            (row["number"], each.number, each.amount_minor, each.due_date, each.known)
            for row in rows.to_dicts()
            for each in instalments(
                row["terms"], {INVOICE: row["issue_date"], DELIVERY: row["delivered_date"]}, row["amount_minor"]
            )
        ]
        columns = ("number", "instalment", "instalment_minor", "falls_due_date", "falls_due_known")
        assert found.select(columns).rows() == expected
        assert found["instalments"].to_list() == [n for i in range(40) for n in ([2, 2] if i % 4 == 1 else [1])]

    def test_keeps_rows_that_cannot_be_counted_and_names_the_column(self) -> None:
        rows = pl.DataFrame(
            {
                "terms": ["30 days", "30 days", "30 days from receipt", None, "on 2026-05-05", "30 days"],
                "issue_date": [date(2026, 1, 1), None, date(2026, 1, 1), date(2026, 1, 1), None, date(1899, 12, 31)],
            },
            schema={"terms": pl.String, "issue_date": pl.Date},
        )
        found = due_dates(rows)
        assert found["refused"].to_list() == [None, "issue_date", "received_date", "terms", None, "issue_date"]
        assert found["falls_due_date"].to_list() == [date(2026, 1, 31), None, None, None, date(2026, 5, 5), None]
        assert found["falls_due_known"].to_list() == [True, None, None, None, True, None]

    def test_in_hong_kong_stay_on_a_saturday_and_leave_a_sunday(self) -> None:
        rows = pl.DataFrame({"terms": ["30 days roll HK"] * 2, "issue_date": [date(2026, 6, 11), date(2026, 6, 12)]})
        assert due_dates(rows)["falls_due_date"].to_list() == [date(2026, 7, 11), date(2026, 7, 13)]

    def test_of_no_rows_is_empty(self) -> None:
        found = due_dates(pl.DataFrame(schema={"terms": pl.String, "issue_date": pl.Date}))
        assert (found.height, found["falls_due_date"].dtype) == (0, pl.Date)

    def test_with_terms_nobody_can_read_is_refused(self) -> None:
        with pytest.raises(DunwellError, match="dayz"):
            due_dates(pl.DataFrame({"terms": ["30 days", "30 dayz"]}))


def by_law(rule_id: str, debtor: str, on: date, agreed: str | None = None, **given_days: Any) -> dict[str, Any]:
    """One receivable under a rule of the law."""
    accepted, conditions = given_days.pop("accepted", False), given_days.pop("conditions", [])
    limits = legal_terms(rule_id).limits(debtor, on, acceptance_agreed=accepted, conditions=frozenset(conditions))
    if limits is None:
        return {"falls_due_date": None, "basis": "none"}
    schema = {"terms": pl.String} | {kind.column: pl.Date for kind in BaseDate}
    row = {"terms": agreed} | {kind.column: given_days.get(kind.value) for kind in BaseDate}
    return due_under(pl.DataFrame([row], schema=schema), limits).row(0, named=True)


LAW_CASES = [
    pytest.param(rule.id, case, id=f"{rule.id}: {case['name']}")
    for rule in house_legal_terms().values()
    for case in rule.cases
]


class TestTheLaw:
    @pytest.mark.parametrize(("rule_id", "case"), LAW_CASES)
    def test_gives_its_own_cases(self, rule_id: str, case: dict[str, Any]) -> None:
        said = {key: value for key, value in case.items() if key not in ("name", "debtor", "day", "due", "basis")}
        said["due"] = said.pop("due_date", None)
        found = by_law(rule_id, case["debtor"], case["day"], **said)
        assert (found["falls_due_date"], found["basis"]) == (case["due"], case["basis"])

    def test_holds_from_its_first_day_on(self) -> None:
        rule = legal_terms("cn-sme.due")
        assert rule.limits("large_enterprise", date(2025, 5, 31)) is None
        assert rule.limits("large_enterprise", date(2025, 6, 1)) is not None
        assert rule.limits("business", date(2025, 6, 1)) is None

    def test_without_its_wording_is_not_verified_and_keeps_what_was_agreed_beside_a_cut(self) -> None:
        assert not any(rule.citation.verified for rule in house_legal_terms().values())
        found = by_law("cn-sme.due", "state_organ", date(2025, 7, 1), "90 days", delivery=date(2025, 7, 1),
                       invoice=date(2025, 7, 1))  # fmt: skip
        assert (found["basis"], found["agreed_due_date"]) == ("cut", date(2025, 9, 29))
        assert found["falls_due_date"] == date(2025, 8, 30)

    def test_cannot_measure_an_agreed_term_by_a_day_that_is_missing(self) -> None:
        found = by_law("cn-sme.due", "state_organ", date(2025, 7, 1), "90 days", invoice=date(2025, 7, 1))
        assert (found["basis"], found["falls_due_date"]) == ("unchecked", date(2025, 9, 29))
        found = by_law("cn-sme.due", "state_organ", date(2025, 7, 1), invoice=date(2025, 7, 1))
        assert (found["basis"], found["falls_due_date"], found["refused"]) == (None, None, "delivered_date")

    def test_cuts_each_instalment_by_itself(self) -> None:
        limits = legal_terms("cn-sme.due").limits("state_organ", date(2025, 7, 1))
        assert limits is not None
        day = date(2025, 7, 1)
        rows = pl.DataFrame({"terms": ["50%: 20 days; 50%: 80 days"], "issue_date": [day], "delivered_date": [day]})
        found = due_under(rows, limits)
        assert found["basis"].to_list() == ["agreed", "cut"]
        assert found["falls_due_date"].to_list() == [date(2025, 7, 21), date(2025, 8, 30)]

    def test_unknown_is_refused(self) -> None:
        with pytest.raises(DunwellError, match=r"cn-sme\.due, de-286\.due"):
            legal_terms("xx.due")

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"title": {"en": "x"}}, "title in three languages"),
            ({"values": {}}, "values from a day on"),
            ({"values": {date(2026, 1, 1): None}}, "values are a list"),
            ({"values": {date(2026, 1, 1): [{"for": ["business"]}]}}, "unless_agreed or longest"),
            ({"values": {date(2026, 1, 1): [{"for": ["queen"], "unless_agreed": "1 day"}]}}, "for names each of"),
            ({"values": {date(2026, 1, 1): [{"for": ["business"], "unless_agreed": "1 dya"}]}}, "dya"),
            (
                {"values": {date(2026, 1, 1): [{"for": ["business"], "unless_agreed": "1 day", "longest": "2 days"}]}},
                "forbidden or doubtful",
            ),
            (
                {"values": {date(2026, 1, 1): [{"for": ["business"], "unless_agreed": "50%: 1 day; 50%: 2 days"}]}},
                "no instalments",
            ),
            ({"about": "love"}, "about is due or default"),
            ({"acceptance_stands_for": "pay-day"}, "a day that terms run from"),
            ({"review_by": "soon"}, "review_by is a day"),
            ({"cases": []}, "without a case"),
            ({"citation": {}}, "needs the source"),
            ({"extra": 1}, "exactly the keys"),
        ],
    )
    def test_that_cannot_be_trusted_is_refused(self, change: dict[str, Any], why: str) -> None:
        good = {
            "id": "x.due", "title": {"en": "x", "zh-Hans": "x", "zh-Hant": "x"}, "place": "XX", "about": "due",
            "acceptance_stands_for": None,
            "values": {date(2026, 1, 1): [{"for": ["business"], "unless_agreed": "30 days"}]},
            "citation": {"source": "a law", "confidence": "official", "quote": ""},
            "review_by": date(2027, 1, 1), "cases": [{"name": "one"}],
        }  # fmt: skip
        assert read_legal_terms("x.yaml", yaml.safe_dump([good]))[0].id == "x.due"
        with pytest.raises(RuleError, match=why):
            read_legal_terms("x.yaml", yaml.safe_dump([good | change]))
        with pytest.raises(RuleError, match="stands twice"):
            read_legal_terms("x.yaml", yaml.safe_dump([good, good]))

    @pytest.mark.parametrize("text", ["{", "a: 1", "- 5"])
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(RuleError, match=r"x\.yaml"):
            read_legal_terms("x.yaml", text)


class TestTheExamplesOfTheLaw:
    @pytest.fixture
    def examples(self, shared_data: Path) -> dict[str, Any]:
        entries = json.loads((shared_data / "law" / "examples.json").read_text("utf-8"))
        return {entry["id"]: entry for entry in entries}

    def test_in_britain_run_from_the_later_of_invoice_and_delivery(self, examples: dict[str, Any]) -> None:
        given_days, expected = examples["UK-DUE-1"]["inputs"], examples["UK-DUE-1"]["expected"]
        received, delivered = (date.fromisoformat(given_days[key]) for key in ("invoice_received", "delivered"))
        found = by_law("uk-lpa.due", "business", delivered, receipt=received, delivery=delivered)["falls_due_date"]
        assert found == date.fromisoformat(expected["last_day_to_pay"])
        assert found + timedelta(1) == date.fromisoformat(expected["interest_starts"])

    def test_in_china_bind_public_institutions_to_sixty_days(self, examples: dict[str, Any]) -> None:
        given_days, expected = examples["CN-SME-ORG"]["inputs"], examples["CN-SME-ORG"]["expected"]
        delivered = date.fromisoformat(given_days["delivered"])
        agreed = f"{given_days['agreed_days']} days from delivery"
        found = by_law("cn-sme.due", "public_institution", delivered, agreed, delivery=delivered)
        assert (found["falls_due_date"], found["basis"]) == (date.fromisoformat(expected["due"]), "cut")
        limits = legal_terms("cn-sme.due").limits("public_institution", delivered)
        assert limits is not None
        assert str(limits.longest[0]) == f"{expected['max_allowed_days']} days from delivery"

    def test_in_china_give_large_enterprises_sixty_days(self, examples: dict[str, Any]) -> None:
        given_days, expected = examples["CN-SME-INT"]["inputs"], examples["CN-SME-INT"]["expected"]
        delivered, paid = (date.fromisoformat(given_days[key]) for key in ("delivered", "paid"))
        found = by_law("cn-sme.due", "large_enterprise", delivered, delivery=delivered)["falls_due_date"]
        assert found == date.fromisoformat(expected["due"])
        assert (paid - found).days == expected["late_days"]

    def test_in_germany_bring_default_after_thirty_days(self, examples: dict[str, Any]) -> None:
        given_days, expected = examples["DE-286-30"]["inputs"], examples["DE-286-30"]["expected"]
        received = date.fromisoformat(given_days["invoice_received"])
        found = by_law("de-286.due", "business", received, receipt=received, due=received)["falls_due_date"]
        assert found == date.fromisoformat(expected["last_day"])
        assert found + timedelta(1) == date.fromisoformat(expected["default_from"])

    @pytest.mark.parametrize(
        ("name", "start", "terms", "end"),
        [
            ("CN-PO-1", "received_by_debtor", "15 days", "objection_last_day"),
            ("TW-PO", "served", "20 days", "objection_last_day"),
            ("DE-MAHN", "mahnbescheid_served", "14 days", "objection_until"),
            ("DE-MAHN", "mahnbescheid_served", "6 months", "vb_application_latest"),
            ("US-30a-2", "letter_mailed", "15 days", "may_report_from"),
        ],
    )
    def test_count_periods_without_their_first_day(
        self, examples: dict[str, Any], name: str, start: str, terms: str, end: str
    ) -> None:
        found = due_date(terms, {INVOICE: date.fromisoformat(examples[name]["inputs"][start])}).due_date
        assert found == date.fromisoformat(examples[name]["expected"][end])
