"""The notice by which a US consumer checks a debt: all that 12 CFR 1006.34(c) wants, and nothing that cannot be."""

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader

from dunwell.core.errors import DunwellError
from dunwell.documents.linter import lint_wording
from dunwell.documents.notice import Party
from dunwell.documents.validation_json import _NEEDED
from dunwell.documents.validation_notice import DATE_KINDS, ValidationNotice
from dunwell.documents.validation_page import render_validation_letter, validation_email
from dunwell.jobs.validation_notice import validation_notice

NOTICE = ValidationNotice(
    collector=Party("North South Group", ("P.O. Box 123456", "Pasadena, CA 91111-2222"), "US"),
    consumer=Party("Jordan Q. Person, Jr.", ("2323 Park Street", "Apartment 342", "Bethesda, MD 20815"), "US"),
    creditor_now="Harbor Funding LLC",
    creditor_then="Bank of Rockville",
    account="ending in 5432",
    date_kind="charge_off",
    itemization_date=date(2026, 1, 2),
    day=date(2026, 6, 15),
    currency="USD",
    then_minor=23_456,
    interest_minor=75_00,
    fees_minor=0,
    payments_minor=50_00,
    credits_minor=0,
    now_minor=25_956,
    email="disputes@northsouth.example",
    phone="+1 800 555 0100",
    reference="584-345",
)
DESCRIBED = {
    "day": "2026-06-15", "collector": {"name": "North South Group", "address": ["P.O. Box 1", "Pasadena, CA 91111"]},
    "consumer": {"name": "Jordan Person", "address": ["2323 Park Street", "Bethesda, MD 20815"]},
    "creditor_now": "Harbor Funding LLC", "creditor_then": "Bank of Rockville", "account": "ending in 5432",
    "itemization_date": "2026-01-02", "date_kind": "charge_off", "then_minor": 23456, "interest_minor": 7500,
    "fees_minor": 0, "payments_minor": 5000, "credits_minor": 0, "now_minor": 25956, "financial": True,
    "email": "disputes@northsouth.example",
}  # fmt: skip
REQUIRED = [
    # the collector and the debt: (c)(1), (2)
    "is a debt collector. This is an attempt to collect a debt, and any information obtained will be used for that",
    "P.O. Box 123456", "Pasadena, CA 91111-2222", "Jordan Q. Person, Jr.", "2323 Park Street", "Bethesda, MD 20815",
    "Bank of Rockville", "ending in 5432", "Harbor Funding LLC", "2 January 2026", "USD 234.56", "+ USD 75.00",
    "− USD 50.00", "USD 259.56",
    # what protects the consumer: (c)(3)
    "by 23 July 2026 that you dispute the debt", "verification of the debt or a copy of a judgment",
    "by 23 July 2026 and ask for the name and address of the original creditor",
    "Unless you contact us by 23 July 2026 to dispute the debt, or any part of it, we will assume that it is valid.",
    "www.cfpb.gov/debt-collection",
    # his reply: (c)(4)
    "How do you want to respond?", "Check all that apply:", "I want to dispute the debt because I think:",
    "This is not my debt.", "The amount is wrong.",
    "Other (please describe on reverse or attach additional information).",
    "I want you to send me the name and address of the original creditor.",
]  # fmt: skip


def squeezed(text: str) -> str:
    return "".join(text.split())


def of_letter(notice: ValidationNotice) -> tuple[str, int]:
    pages = PdfReader(io.BytesIO(render_validation_letter(notice))).pages
    return squeezed("".join(page.extract_text() for page in pages)), len(pages)


def told(**changes: object) -> str:
    return json.dumps({**DESCRIBED, **changes})


class TestAValidationNotice:
    def test_holds_every_required_element_on_one_page_of_a_letter(self) -> None:
        said, pages = of_letter(NOTICE)
        for words in REQUIRED:
            assert squeezed(words) in said, words
        assert pages == 1

    def test_holds_every_required_element_in_an_email_and_how_to_answer_and_to_stop(self) -> None:
        said = squeezed(validation_email(NOTICE))
        for words in (
            *REQUIRED,
            "We accept disputes electronically at disputes@northsouth.example.",
            "We accept original creditor information requests electronically at disputes@northsouth.example.",
            "reply with the word STOP",
        ):
            assert squeezed(words) in said, words

    def test_leaves_no_field_blank(self) -> None:
        nothing = replace(NOTICE, interest_minor=0, payments_minor=0, now_minor=23_456)
        lines = [line for line in validation_email(nothing).splitlines() if "since then  " in line]
        rows = [line.split("  ")[0] + "=" + line.split()[-1] for line in lines]
        assert rows == [f"{name} since then=none" for name in ("Interest", "Fees", "Payments", "Credits")]
        assert of_letter(nothing)[0].count("none") == 4

    def test_names_the_creditor_of_then_and_the_bureau_for_financial_products_alone(self) -> None:
        said = validation_email(replace(NOTICE, financial=False, creditor_then=""))
        assert "Bank of Rockville" not in said
        assert "cfpb.gov" not in said
        assert "Creditor on" not in said

    def test_sets_its_prompts_apart_at_the_bottom(self) -> None:
        said = validation_email(NOTICE)
        assert (
            said.index("cfpb.gov") < said.index("How do you want to respond?") < said.index("[ ] This is not my debt.")
        )

    @pytest.mark.parametrize("kind", DATE_KINDS)
    def test_says_which_day_its_itemization_date_is(self, kind: str) -> None:
        assert squeezed(f"2 January 2026 is {DATE_KINDS[kind]}.") in of_letter(replace(NOTICE, date_kind=kind))[0]

    def test_threatens_nothing_and_sets_no_deadline_to_pay(self) -> None:
        said = validation_email(NOTICE)
        # the one word that is else a court's is the law's own: a copy of a judgment
        assert [found.words for found in lint_wording(said, "en")] == ["judgment"]
        assert "pay by" not in said.lower()

    def test_is_the_same_bytes_again(self) -> None:
        assert render_validation_letter(NOTICE) == render_validation_letter(NOTICE)

    def test_stays_on_one_page_where_names_are_long(self) -> None:
        long = replace(
            NOTICE,
            creditor_now="The Consolidated Receivables Acquisition Trust of the East, Series 2026-A",
            creditor_then="First Savings and Loan Association of Upper Montgomery County, National Association",
        )  # fmt: skip
        assert of_letter(long)[1] == 1

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"now_minor": 25_957}, "validation.total_disagrees"),
            ({"payments_minor": 23_456 + 7_500, "now_minor": 0}, "validation.nothing_owed"),
            ({"fees_minor": -1, "now_minor": 25_955}, "validation.negative"),
            ({"itemization_date": date(2026, 6, 16)}, "validation.date_order"),
            ({"date_kind": "birthday"}, "validation.date_kind"),
            ({"creditor_then": " "}, "validation.no_creditor_then"),
            ({"currency": "XYZ"}, "validation.currency"),
            ({"collector": Party("North South Group")}, "validation.no_address"),
            ({"consumer": Party("", ("2323 Park Street",))}, "validation.no_address"),
            ({"itemization_date": date(2020, 1, 2), "day": date(2021, 11, 29)}, "validation.no_period"),
        ],
    )
    def test_that_contradicts_itself_does_not_exist(self, changes: dict[str, object], code: str) -> None:
        with pytest.raises(DunwellError) as refused:
            replace(NOTICE, **changes)  # type: ignore[arg-type]
        assert refused.value.code == code

    def test_by_email_needs_an_address_for_disputes(self) -> None:
        with pytest.raises(DunwellError) as refused:
            validation_email(replace(NOTICE, email=""))
        assert refused.value.code == "validation.no_email"


def run(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(validation_notice, list(arguments), input=text)


class TestTheCommand:
    def test_writes_letter_and_email_and_tells_the_end_of_the_period(self, tmp_path: Path) -> None:
        letter, email = tmp_path / "notice.pdf", tmp_path / "notice.txt"
        done = run(told(), "--letter", str(letter), "--email", str(email))
        assert done.exit_code == 0, done.output
        assert letter.read_bytes().startswith(b"%PDF")
        assert "How do you want to respond?" in email.read_text(encoding="utf-8")
        assert "The validation period ends on 23 July 2026." in done.output

    def test_asks_for_all_that_is_missing_by_name(self, tmp_path: Path) -> None:
        partly = {name: value for name, value in DESCRIBED.items() if not name.endswith("_minor")}
        partly |= {"creditor_then": None, "itemization_date": None}
        done = run(json.dumps(partly), "--letter", str(tmp_path / "n.pdf"))
        assert isinstance(done.exception, DunwellError)
        for name in ("itemization_date", "then_minor", "interest_minor", "fees_minor", "now_minor", "creditor_then"):
            assert name in done.exception.words("zh-Hans")

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "claim.no_json"),
            ("[]", "claim.table"),
            (told(then_minor=1.5), "validation.amount"),
            (told(then_minor=-1), "validation.amount"),
            (told(day="soon"), "claim.day"),
            (told(financial="yes"), "claim.not_one_of"),
            (told(date_kind=7), "claim.not_one_of"),
            (told(collector="us"), "claim.table"),
            (told(collector={"name": "A", "address": []}), "claim.empty_list"),
            (told(more=1), "claim.unknown_field"),
            (told(now_minor=1), "validation.total_disagrees"),
        ],
    )
    def test_refuses_what_is_wrong_in_words(self, tmp_path: Path, text: str, code: str) -> None:
        done = run(text, "--letter", str(tmp_path / "n.pdf"))
        assert isinstance(done.exception, DunwellError)
        assert done.exception.code == code
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("written", ["1e400", "-1E2", "true", "12.50", '"12"'])
    def test_names_a_wrong_amount_as_it_was_written(self, tmp_path: Path, written: str) -> None:
        text = told(then_minor=777).replace("777", written, 1)
        done = run(text, "--letter", str(tmp_path / "n.pdf"))
        assert isinstance(done.exception, DunwellError)
        assert done.exception.words("en").startswith("then_minor: " + written.strip('"') + " is no amount")

    def test_says_where_it_cannot_write_and_wants_a_file(self, tmp_path: Path) -> None:
        for line, code in (
            (["--letter", str(tmp_path / "no" / "n.pdf")], "validation.unwritable"),
            ([], "validation.no_file"),
        ):
            done = run(told(), *line)
            assert isinstance(done.exception, DunwellError)
            assert done.exception.code == code

    def test_tells_its_schema(self) -> None:
        schema = json.loads(run("", "--schema").output)
        jsonschema.validate(DESCRIBED, schema)
        assert schema["required"] == list(_NEEDED)
