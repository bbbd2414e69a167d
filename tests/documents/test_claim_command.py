"""`dunwell claim` as a real process: a described claim in, a statement out; nothing is stored, errors are words."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import jsonschema
import pytest

from dunwell.core.errors import DunwellError
from dunwell.intake.claim_json import read_claim

DEBT = {
    "number": "R-1",
    "currency": "EUR",
    "principal": "10000.00",
    "due": "2023-01-01",
    "terms": {"regime": "de.bgb-288-1", "confirmed": True},
    "entries": [{"id": "P1", "date": "2023-07-01", "kind": "payment", "amount": "328.69"}],
}
CLAIM = {"as_of": "2023-07-01", "debtor": "consumer", "debts": [DEBT]}


def changed(path, value):
    """The claim with one field set, or removed by `...`."""
    copy = json.loads(json.dumps(CLAIM))
    place = copy
    *way, last = path
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copy


def claim(text, *arguments, language="en", tmp_path=None):
    env = {"PATH": os.environ["PATH"], "DUNWELL_HOME": str(tmp_path / "none"), "DUNWELL_LANGUAGE": language}
    return subprocess.run(
        [sys.executable, "-m", "dunwell.jobs.cli", "claim", *arguments],
        input=text, capture_output=True, text=True, env=env, check=False, timeout=60,
    )  # fmt: skip


NO_CLAIMS = [
    "", "{", "[]", "null", '{"debts": []}', "{" * 5000, '{"a":1,"a":2}', '"\\ud800"', "\x00",
    '{"debtor":"business","debts":[{"secured":' + "1" * 5000 + "}]}",
]  # fmt: skip


class TestARefusal:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"debtor": "a", "debtor": "b", "debts": []}', "At the top of the description debtor stands twice."),
            ('{"debtor": "a", "debts": [{}, {"number": 1, "number": 2}]}', "debts[1]: number stands twice."),
            ('{"debts": [{"a": 1, "a": 2}], "debts": []}', "At the top of the description debts stands twice."),
            ('{"debtor": "consumer", "debts": []}', "debts is empty. It must hold at least one entry."),
            ('{"debtor": "consumer"}', "debts is missing."),
            (
                '{"debtor": "consumer", "creditor": ["debt_collector", "other"], "debts": []}',
                (
                    "creditor: other stands beside debt_collector. It says that the creditor is none of the kinds: "
                    "write it alone, or leave it out."
                ),
            ),
            ('{"debtor": true, "debts": []}', "debtor: true is not one of business, consumer."),
        ],
    )
    def test_names_the_fault_and_where_it_is(self, text, words):
        with pytest.raises(DunwellError) as refused:
            read_claim(text)
        assert refused.value.words("en") == words
        assert words not in (refused.value.words("zh-Hans"), refused.value.words("zh-Hant"))

    @pytest.mark.parametrize("principal", ["10000000000000.01", "9" * 40, "1" + "0" * 999])
    def test_of_too_large_an_amount_names_the_bound(self, principal):
        with pytest.raises(DunwellError) as refused:
            read_claim(json.dumps(changed(["debts", 0, "principal"], principal)))
        said = refused.value.words("en")
        assert said == "debts[0].principal (R-1) is more than any claim can be: at most 10,000,000,000,000 EUR."

    def test_of_a_payment_of_nothing_says_that_it_must_be_more(self):
        with pytest.raises(DunwellError) as refused:
            read_claim(json.dumps(changed(["debts", 0, "entries", 0, "amount"], "0.00")))
        assert refused.value.words("en") == "debts[0].entries[0].amount (R-1) must be more than zero."


class TestAllFaults:
    """What cannot be read, what cannot be computed, and what stands twice, in one answer."""

    LOAN: ClassVar = {
        "number": "L", "currency": "CNY", "principal": "1.00", "contract": "2019-08-20", "due": "2025-01-01",
        "terms": {"regime": "cn.loan-agreed", "rate": "24"},
    }  # fmt: skip

    def said(self, tmp_path, **more):
        done = claim(json.dumps({"as_of": "2026-01-01", "debtor": "business", **more}), tmp_path=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr.splitlines()

    def test_of_all_debts_and_payments_are_named_at_once(self, tmp_path):
        unread = {**self.LOAN, "number": "U", "principal": "one"}
        paid = {"id": "P", "date": "2025-02-01", "amount": "1.00", "currency": "CNY"}
        head, *lines = self.said(
            tmp_path, debts=[unread, self.LOAN, unread, {**self.LOAN, "number": "M"}],
            payments=[{**paid, "amount": "0.00"}, paid, paid], pay_by="soon",
        )  # fmt: skip
        assert head == "Nothing is computed: 8 faults were found."
        assert [line.split()[1] for line in lines] == [
            "debts[0].principal", "debts[2].principal", "debts:", "payments[0].amount", "payments:", "pay_by:",
            "L:", "M:",
        ]  # fmt: skip

    def test_are_one_line_where_there_is_one(self, tmp_path):
        (line,) = self.said(tmp_path, debts=[self.LOAN])
        assert line.startswith("L: contract: the regime cn.loan-agreed is known from 2020-08-20 on")
        assert "Ask a lawyer" in line


class TestClaim:
    def test_tells_every_line_of_the_sum(self, tmp_path):
        done = claim(json.dumps(CLAIM), tmp_path=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "2 January 2023 to 30 June 2023 (days: 180) on EUR 10,000.00 at 6.62 % a year" in done.stdout
        assert "EUR 326.47" in done.stdout
        assert "1 July 2023 to 1 July 2023 (days: 1) on EUR 10,000.00 at 8.12 % a year" in done.stdout
        assert "payment P1 EUR 328.69: EUR 328.69 to interest" in done.stdout
        assert "Owed in all: EUR 10,000.00" in done.stdout
        assert not (tmp_path / "none").exists()

    def test_gives_data_whose_lines_add_up(self, tmp_path):
        done = claim(json.dumps(CLAIM), "--json", tmp_path=tmp_path)
        told = json.loads(done.stdout)
        debt = told["debts"][0]
        assert [line["interest"] for line in debt["lines"]] == ["326.47", "2.22"]
        assert told["total"] == {"EUR": "10000.00"}
        assert told["coming_days"][0] == {"day": "2023-07-02", "total": {"EUR": "10002.23"}}
        for line in debt["lines"]:
            by_hand = Decimal(line["balance"]) * Decimal(line["rate"]) / 100 * line["days"] / 365
            assert abs(by_hand - Decimal(line["exact"])) < Decimal("0.0000001")

    def test_says_what_it_costs_by_the_deadline_and_after_it(self, tmp_path):
        done = claim(json.dumps(CLAIM), "--pay-by", "2023-07-11", tmp_path=tmp_path)
        assert "If it is paid by 11 July 2023: EUR 10,022.25" in done.stdout
        assert "On the day after, 12 July 2023: EUR 10,024.47" in done.stdout

    @pytest.mark.parametrize(("language", "words"), [("zh-Hans", "应付总额"), ("zh-Hant", "應付總額")])
    def test_speaks_three_languages(self, tmp_path, language, words):
        assert words in claim(json.dumps(CLAIM), language=language, tmp_path=tmp_path).stdout

    def test_demands_no_interest_that_nobody_confirmed(self, tmp_path):
        done = claim(
            json.dumps(changed(["debts", 0, "terms"], {"regime": "de.bgb-288-1"})), "--json", tmp_path=tmp_path
        )
        debt = json.loads(done.stdout)["debts"][0]
        # the payment pays the principal: interest that is not demanded takes nothing from anybody
        assert debt["demanded"]["total"] == "9671.31"
        assert debt["computed_not_demanded"]["total"] == "10000.00"
        assert any("not demanded" in note for note in debt["notes"])
        # each of the two sums has the lines that lead to it
        assert debt["entries"][0]["paid"] == {"principal": "328.69"}
        assert debt["computed_not_demanded"]["entries"][0]["paid"] == {"interest": "328.69"}

    def test_prints_its_schema(self, tmp_path):
        printed = json.loads(claim("", "--schema", tmp_path=tmp_path).stdout)
        jsonschema.Draft202012Validator.check_schema(printed)
        jsonschema.validate(CLAIM, printed)

    @pytest.mark.parametrize("text", NO_CLAIMS)
    def test_refuses_what_is_no_claim_in_words(self, tmp_path, text):
        done = claim(text, tmp_path=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()


WRONG = [
    (["debtor"], ..., "debtor"),
    (["debtor"], "martian", "debtor"),
    (["debts"], [], "debts"),
    (["as_of"], "2023-02-30", "as_of"),
    (["surprise"], 1, "surprise"),
    (["debts", 0, "currency"], "EURO", "debts[0].currency"),
    (["debts", 0, "principal"], 10000.0, "debts[0].principal"),
    (["debts", 0, "principal"], "10000.001", "debts[0].principal"),
    (["debts", 0, "principal"], "-1", "debts[0].principal"),
    (["debts", 0, "principal"], "NaN", "debts[0].principal"),
    (["debts", 0, "principal"], "1e3", "debts[0].principal"),
    (["debts", 0, "principal"], "1_000", "debts[0].principal"),
    (["debts", 0, "principal"], "１０００", "debts[0].principal"),
    (["debts", 0, "principal"], "9" * 30, "debts[0].principal"),
    (["debts", 0, "terms"], {"regime": "contract.clause", "rate": "1e1"}, "debts[0].terms.rate"),
    (["debts", 0, "terms", "day_count"], "per-day", "debts[0].terms.day_count"),
    (["debts", 0, "terms", "day_count"], "act/360", "debts[0].terms.day_count"),
    (["debts", 0, "fixed_sum"], True, "debts[0].fixed_sum"),
    (["debts", 0, "fixed_sum"], "40.00", "debts[0].fixed_sum"),
    (["debts", 0, "due"], "2025-W01-1", "debts[0].due"),
    (["debts", 0, "entries"], [{"date": "2023-07-01", "kind": "charge", "amount": "9999999999999.99"}] * 2, "debts[0]"),
    (["debts"], [DEBT] * 1001, "debts"),
    (["payments"], [{"id": "P1", "date": "2023-07-01", "amount": "1", "currency": "EUR"}], "payments"),
    (["debts", 0, "disputed"], "10000.01", "debts[0].disputed"),
    (["debts", 0, "due"], ..., "debts[0].due"),
    (["debts", 0, "due"], 20230101, "debts[0].due"),
    (["debts", 0, "interest_from"], "2023-01-01", "debts[0].interest_from"),
    (["debts", 0, "contract"], "2023-01-02", "debts[0].contract"),
    (["debts", 0, "secured"], True, "debts[0].secured"),
    (["debts", 0, "law"], "FR", "debts[0].law"),
    (["debts", 0, "law"], "Bavaria", "debts[0].law"),
    (["debts", 0, "law"], ["DE"], "debts[0].law"),
    (["creditor"], "bank", "creditor"),
    (["creditor"], ["sme", "other"], "creditor"),
    (["creditor"], [1], "creditor"),
    (["creditor"], {}, "creditor"),
    (["buyer"], "government", "buyer"),
    (["debts", 0, "terms"], {"regime": "us.consumer-agreed"}, "creditor"),
    (["debts", 0, "terms"], "law", "debts[0].terms"),
    (["debts", 0, "terms", "regime"], "de.bgb", "debts[0].terms.regime"),
    (["debts", 0, "terms", "rate"], "5", "debts[0].terms.rate"),
    (["debts", 0, "terms", "compound"], "year", "debts[0].terms.compound"),
    (["debts", 0, "terms", "day_count"], "act/999", "debts[0].terms.day_count"),
    (["debts", 0, "terms", "grace_days"], -1, "debts[0].terms.grace_days"),
    (["debts", 0, "terms", "order"], ["costs"], "debts[0].terms.order"),
    (["debts", 0, "terms", "confirmed"], "yes", "debts[0].terms.confirmed"),
    (["debts", 0, "terms"], {"regime": "de.bgb-288-2", "confirmed": True}, "debtor"),
    (["debts", 0, "entries", 0, "kind"], "gift", "debts[0].entries[0].kind"),
    (["debts", 0, "entries", 0, "amount"], "0", "debts[0].entries[0].amount"),
    (["debts", 0, "entries", 0, "reverses"], "P0", "debts[0].entries[0].reverses"),
    (["debts", 0, "entries"], [{"date": "2023-07-01", "kind": "reversal", "amount": "1", "reverses": "X"}], "reverses"),
    (["payments"], [{"id": "U", "date": "2023-07-01", "amount": "1", "currency": "XXX"}], "payments[0].currency"),
]  # fmt: skip


class TestADescription:
    @pytest.mark.parametrize(("path", "value", "field"), WRONG)
    def test_is_refused_by_the_name_of_its_field(self, path, value, field):
        with pytest.raises(DunwellError) as refused:
            read_claim(json.dumps(changed(path, value)))
        for language in ("en", "zh-Hans", "zh-Hant"):
            assert field in refused.value.words(language)

    def test_names_every_debt_with_a_fault_and_its_field_in_one_answer(self, tmp_path):
        bad = [
            {**DEBT, "number": "A", "terms": {"regime": "de.bgb"}},
            {**DEBT, "number": "B"},
            {**DEBT, "number": "C", "interest_from": "2023-01-01"},
        ]
        done = claim(json.dumps({**CLAIM, "debts": bad}), tmp_path=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        first, *others = done.stderr.splitlines()
        assert "2 faults were found" in first
        assert ["debts[0].terms.regime (A)" in others[0], "debts[2].interest_from (C)" in others[1], len(others)] == [
            True, True, 2,
        ]  # fmt: skip

    def test_names_every_debt_whose_rate_is_not_known_in_one_answer(self, tmp_path):
        loan = {"regime": "cn.loan-agreed", "rate": "10"}
        bad = [
            {**DEBT, "number": "A", "due": "2001-01-01", "entries": []},
            {**DEBT, "number": "B", "entries": []},
            {**DEBT, "number": "C", "terms": loan, "entries": []},
            {**DEBT, "number": "D", "terms": loan, "contract": "2019-01-01", "due": "2022-01-01", "entries": []},
        ]
        loose = {"id": "U", "date": "2023-06-01", "amount": "5.00", "currency": "EUR"}
        done = claim(json.dumps({**CLAIM, "debts": bad, "payments": [loose]}), tmp_path=tmp_path)
        _, *others = done.stderr.splitlines()
        assert done.returncode == 2
        assert [line.split(":")[:2] for line in others] == [
            ["- A", " due"], ["- C", " contract"], ["- D", " contract"],
        ]  # fmt: skip
        # nothing is made up about older loans
        assert "Ask a lawyer" in others[2]

    def test_of_a_debt_whose_rate_is_not_known_is_refused_with_the_day(self, tmp_path):
        done = claim(json.dumps(changed(["debts", 0, "due"], "2001-01-01")), tmp_path=tmp_path)
        assert done.returncode == 2
        assert "2001-01-02" in done.stderr

    @pytest.mark.parametrize(
        "entry", [{"amount": "400.00", "reverses": "P1"}, {"amount": "1", "reverses": "P1", "date": "2023-06-01"}]
    )
    def test_never_takes_back_what_did_not_come(self, entry):
        back = {"id": "B", "date": "2023-07-02", "kind": "reversal", **entry}
        with pytest.raises(DunwellError):
            read_claim(json.dumps(changed(["debts", 0, "entries"], [*DEBT["entries"], back])))


class TestTheExampleOfTheDocumentation:
    def test_comes_out_as_it_is_told_there(self, tmp_path):
        page = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
        example = page.partition("```json\n")[2].partition("```")[0]
        said = claim(example, tmp_path=tmp_path).stdout
        for words in (
            "fixed sum for late payment GBP 100.00",
            "(days: 48) on GBP 10,000.00 at 13.25 % a year",
            "GBP 174.25",
            "GBP 3,725.75 to principal",
            "(days: 52) on GBP 6,274.25",
            "GBP 118.43",
            "Owed in all: GBP 6,392.68",
        ):
            assert words in said


class TestPartiesOfADescription:
    """The same facts as the book records, asked by the same function."""

    SME = {
        "debtor": "business", "buyer": "large_enterprise", "creditor": "sme",
        "debts": [{"number": "1", "currency": "CNY", "principal": "500000.00", "due": "2025-08-30", "law": "CN",
                   "terms": {"regime": "cn.sme-payment", "confirmed": True}}],
    }  # fmt: skip

    def test_open_a_regime_that_asks_for_them(self, tmp_path):
        done = claim(json.dumps(self.SME), "--json", "--as-of", "2025-10-08", tmp_path=tmp_path)
        assert json.loads(done.stdout)["debts"][0]["demanded"]["interest"] == "9750.00"

    @pytest.mark.parametrize(
        "other", [{"creditor": "other"}, {"creditor": None}, {"creditor": []}, {"buyer": "other"}, {"buyer": None}]
    )
    def test_close_it_where_they_do_not_fit_or_are_not_told(self, other):
        with pytest.raises(DunwellError) as refused:
            read_claim(json.dumps({**self.SME, **other}))
        assert refused.value.code == f"interest.{next(iter(other))}_out_of_scope"

    def test_that_were_not_told_are_said_beside_a_sum_that_may_rest_on_them(self):
        loan = {"debtor": "consumer", "debts": [{**DEBT, "terms": {"regime": "cn.loan-overdue"}}]}
        assert "creditor_not_recorded" in read_claim(json.dumps(loan)).debts[0].terms.warnings
        told = read_claim(json.dumps({**loan, "creditor": ["sme", "debt_collector"]})).debts[0].terms.warnings
        assert "creditor_not_recorded" not in told

    def test_are_in_the_schema(self):
        from importlib import resources

        schema = json.loads((resources.files("dunwell.intake") / "claim.schema.json").read_text(encoding="utf-8"))
        for creditor in ("sme", ["sme", "licensed_lender"], None):
            jsonschema.validate({**self.SME, "creditor": creditor}, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**self.SME, "creditor": "bank"}, schema)


class TestMoneyOfADescription:
    def test_in_a_currency_without_debt_is_told(self, tmp_path):
        stranger = {"id": "U", "date": "2023-06-01", "amount": "5.00", "currency": "USD"}
        done = claim(json.dumps({**CLAIM, "payments": [stranger]}), tmp_path=tmp_path)
        assert "Payment U of USD 5.00 pays nothing here" in done.stdout

    def test_that_went_back_is_told(self, tmp_path):
        back = {"id": "B", "date": "2023-07-01", "kind": "reversal", "amount": "328.69", "reverses": "P1"}
        done = claim(json.dumps(changed(["debts", 0, "entries"], [*DEBT["entries"], back])), tmp_path=tmp_path)
        assert "of payment P1, EUR 328.69 went back" in done.stdout
        assert "Owed in all: EUR 10,328.69" in done.stdout

    def test_for_a_fixed_sum_is_that_of_the_law(self, tmp_path):
        debt = {**DEBT, "terms": {"regime": "de.bgb-288-2", "confirmed": True}, "fixed_sum": True, "entries": []}
        done = claim(json.dumps({**CLAIM, "debtor": "business", "debts": [debt]}), "--json", tmp_path=tmp_path)
        assert json.loads(done.stdout)["debts"][0]["demanded"]["costs"] == "40.00"

    def test_is_never_promised_for_a_day_whose_rate_is_refused(self, tmp_path):
        loan = {
            **DEBT,
            "due": "2023-07-01",
            "terms": {"regime": "cn.loan-agreed", "rate": "10", "confirmed": True},
            "entries": [],
        }
        told = json.loads(claim(json.dumps({**CLAIM, "debts": [loan]}), "--json", tmp_path=tmp_path).stdout)
        assert told["total"] == {"EUR": "10000.00"}
        assert told["coming_days"] == []

    def test_says_from_when_rates_of_days_ahead_are_assumed(self, tmp_path):
        open_debt = {**CLAIM, "as_of": "2026-06-30", "debts": [{**DEBT, "entries": []}]}
        told = json.loads(claim(json.dumps(open_debt), "--json", tmp_path=tmp_path).stdout)
        assert told["debts"][0]["assumed_since"] is None
        assert told["rates_assumed_from"] == "2026-07-01"


class TestADueDateOfADescription:
    DEBT = {
        "number": "R1", "currency": "CNY", "principal": "100.00", "issued": "2027-04-01",
        "payment_terms": "30 days roll CN",
    }  # fmt: skip

    def read(self, **changes):
        debt = {name: value for name, value in {**self.DEBT, **changes}.items() if value is not None}
        return read_claim(json.dumps({"debtor": "business", "debts": [debt]})).debts[0]

    def test_is_counted_by_its_payment_terms(self):
        debt = self.read(payment_terms="30 days from later of receipt and delivery", received="2026-01-20",
                         delivered="2026-01-31")  # fmt: skip
        assert (debt.due.isoformat(), debt.due_basis.known) == ("2026-03-02", True)

    @pytest.mark.parametrize(("issued", "asks"), [("2025-07-01", True), ("2025-06-30", False)])
    def test_before_the_day_of_issue_stands_and_is_asked_about(self, tmp_path, issued, asks):
        late = {"delivered": "2025-08-01", "received": "2025-08-02", "accepted": "2025-08-03"}
        debt = {"number": "R1", "currency": "EUR", "principal": "1.00", "due": "2025-06-30", "issued": issued, **late}
        text = json.dumps({"debtor": "business", "as_of": "2025-12-01", "debts": [debt]})
        told = json.loads(claim(text, "--json", tmp_path=tmp_path).stdout)["debts"][0]
        assert told["due"] == "2025-06-30"
        assert any("after it fell due" in note for note in told["notes"]) == asks
        for language, words in (("zh-Hans", "晚于到期日"), ("zh-Hant", "晚於到期日")):
            assert (words in claim(text, language=language, tmp_path=tmp_path).stdout) == asks

    def test_says_that_its_calendar_is_not_official_yet(self, tmp_path):
        text = json.dumps({"debtor": "business", "as_of": "2027-06-01", "debts": [self.DEBT]})
        told = json.loads(claim(text, "--json", tmp_path=tmp_path).stdout)["debts"][0]
        assert told["due_basis"]["calendar_official"] is False
        assert "calendar that is not official yet" in told["notes"][0]

    def test_that_is_later_than_the_law_allows_stands_and_it_is_said(self):
        sme = {"debtor": "business", "buyer": "public_institution", "creditor": "sme", "debts": [
            {"number": "R1", "currency": "CNY", "principal": "100.00", "law": "CN", "issued": "2025-07-01",
             "delivered": "2025-07-01", "due": "2025-09-29"}]}  # fmt: skip
        debt = read_claim(json.dumps(sme)).debts[0]
        assert debt.due.isoformat() == "2025-09-29"
        bound = debt.due_basis.beyond
        assert (bound.rule, bound.latest.isoformat(), bound.basis) == ("cn-sme.due", "2025-08-30", "cut")

    @pytest.mark.parametrize(
        ("law", "due", "told"),
        [
            ("FR", "2026-04-10", ("fr-441-10.due", "2026-03-17", "doubtful")),
            ("FR", "2026-03-17", None),
            ("IE", "2026-04-10", ("eu-lpd.due", "2026-03-11", "unchecked")),
        ],
    )
    def test_is_measured_by_the_directive_only_where_no_law_of_the_country_is_at_hand(self, law, due, told):
        debt = self.read(currency="EUR", law=law, due=due, issued="2026-01-10", payment_terms=None)
        bound = debt.due_basis and debt.due_basis.beyond
        assert (bound and (bound.rule, bound.latest.isoformat(), bound.basis)) == told

    @pytest.mark.parametrize(
        ("regime", "currency", "rule"),
        [("uk.lpcdia-1998", "GBP", "uk-lpa.due"), ("fr.c-com-l441-10", "EUR", "fr-441-10.due"), ("none", "EUR", None)],
    )
    def test_is_measured_by_the_law_of_its_regime_where_none_is_told(self, regime, currency, rule):
        debt = self.read(currency=currency, due="2026-04-30", issued="2026-01-10", payment_terms=None,
                         terms={"regime": regime})  # fmt: skip
        assert (debt.due_basis and debt.due_basis.beyond.rule) == rule

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"payment_terms": None}, "claim.missing", "debts[0].due (R1)"),
            ({"due": "2027-05-01"}, "claim.due_twice", "debts[0].payment_terms (R1)"),
            ({"payment_terms": "30 days from delivery"}, "claim.missing", "debts[0].delivered (R1)"),
            ({"payment_terms": "50%: 1 day; 50%: 2 days from delivery"}, "claim.missing", "debts[0].delivered (R1)"),
            ({"payment_terms": "soon"}, "terms.unreadable", "debts[0].payment_terms (R1)"),
            ({"payment_terms": "99999"}, "terms.number", "debts[0].payment_terms (R1)"),
        ],
    )
    def test_that_cannot_be_counted_is_refused(self, changes, code, field):
        with pytest.raises(DunwellError) as refused:
            self.read(**changes)
        assert (refused.value.code, refused.value.params.get("field")) == (code, field)
        assert all(field in refused.value.words(language) for language in ("en", "zh-Hans", "zh-Hant"))

    def test_may_be_told_by_a_number_of_days_alone(self):
        assert self.read(payment_terms=" 30 ").due.isoformat() == "2027-05-01"

    INSTALMENTS = {
        "number": "R1", "currency": "EUR", "principal": "1000.01", "issued": "2026-01-10",
        "payment_terms": "50%: 60 days; 50%: 30 days", "fixed_sum": True,
    }  # fmt: skip

    @pytest.mark.parametrize(("regime", "sums"), [("fr.c-com-l441-10", [0, 40_00]), ("de.bgb-288-2", [40_00, 40_00])])
    def test_of_each_instalment_makes_a_debt_and_the_fixed_sum_is_borne_as_the_law_says(self, tmp_path, regime, sums):
        text = json.dumps({"debtor": "business", "as_of": "2026-06-01", "debts": [
            {**self.INSTALMENTS, "terms": {"regime": regime, "confirmed": True}}]})  # fmt: skip
        told = json.loads(claim(text, "--json", tmp_path=tmp_path).stdout)["debts"]
        assert [(each["number"], each["due"]) for each in told] == [("R1#1", "2026-03-11"), ("R1#2", "2026-02-09")]
        assert [each["demanded"]["principal"] for each in told] == ["500.00", "500.01"]
        assert [round(float(each["demanded"]["costs"]) * 100) for each in told] == sums

    def test_of_instalments_asks_for_a_debt_of_each_where_one_was_paid(self):
        paid = [{"id": "P1", "date": "2026-02-01", "kind": "payment", "amount": "1.00"}]
        with pytest.raises(DunwellError) as refused:
            self.read(**self.INSTALMENTS, entries=paid)
        assert refused.value.code == "claim.instalments_apart"
        assert "R1#1, principal 500.00, due 2026-03-11; R1#2, principal 500.01, due 2026-02-09" in str(refused.value)


class TestARuleOfSeveralTexts:
    SME = {"debtor": "business", "buyer": "large_enterprise", "creditor": "sme"}
    DEBT = {"number": "R1", "currency": "CNY", "principal": "100.00", "terms": {"regime": "cn.sme-payment"}}

    @pytest.mark.parametrize(
        ("due", "cited"), [("2021-03-01", "2020-09-01"), ("2025-05-30", "2020-09-01"), ("2025-05-31", "第802号")]
    )
    def test_is_cited_by_the_text_that_was_in_force_when_interest_began(self, tmp_path, due, cited):
        text = json.dumps({**self.SME, "as_of": "2025-12-01", "debts": [{**self.DEBT, "due": due}]})
        told = json.loads(claim(text, "--json", tmp_path=tmp_path).stdout)["debts"][0]
        assert cited in told["regime_source"]
        assert [note for note in told["notes"] if cited in note]


class TestTheOrderBetweenSeveralDebts:
    """Money that names no debt: one order for all, and the law is cited only where it governs."""

    @pytest.mark.parametrize(
        ("law", "debtor", "order", "words"),
        [
            ("CN", "business", "cn.civil-code-560", "the order of China Civil Code 560"),
            ("DE", "business", "de.bgb-366-2", "as recalled and not checked"),
            ("US-NY", "consumer", "us.consumer-direction", "12 CFR 1006.30(c)"),
            ("US-NY", "business", "house", "the order this house uses"),
            ("FR", "consumer", "house", "the order this house uses"),
            (None, "business", "house", "the order this house uses"),
        ],
    )
    def test_is_said_to_be_of_the_law_that_governs_or_of_the_house(self, law, debtor, order, words, tmp_path):
        debt = {"number": "A", "currency": "USD", "principal": "10.00", "due": "2026-01-31", "law": law}
        text = json.dumps({
            "as_of": "2026-03-01", "debtor": debtor, "debts": [debt],
            "payments": [{"id": "P", "date": "2026-02-01", "amount": "4.00", "currency": "USD"}],
        })  # fmt: skip
        (told,) = json.loads(claim(text, "--json", tmp_path=tmp_path).stdout)["debts"]
        assert told["entries"][0]["placed"]["order"] == order
        said = claim(text, tmp_path=tmp_path).stdout
        assert words in said
        assert ("China" in said) == (law == "CN")
        for language in ("zh-Hans", "zh-Hant"):
            assert ("560" in claim(text, language=language, tmp_path=tmp_path).stdout.replace("五百六十", "560")) == (
                law == "CN"
            )

    def test_is_of_the_law_of_the_terms_where_no_law_is_told(self):
        debt = {"number": "A", "currency": "CNY", "principal": "10.00", "due": "2026-01-31"}
        text = {"debtor": "business", "debts": [{**debt, "terms": {"regime": "cn.sale-lpr"}}]}
        assert read_claim(json.dumps(text)).debts[0].order_source == "cn.civil-code-560"


class TestChargesOfAThirdPartyCollector:
    """12 CFR 1006.22(b): only what the agreement or a law allows is collected from a consumer."""

    DEBT: ClassVar = {
        "number": "A-1", "currency": "USD", "principal": "500.00", "due": "2026-01-31", "law": "US-NY",
        "entries": [
            {"id": "C1", "date": "2026-02-01", "kind": "charge", "amount": "25.00"},
            {"id": "C2", "date": "2026-02-01", "kind": "charge", "amount": "30.00", "charge_basis": "none"},
            {"id": "C3", "date": "2026-02-01", "kind": "charge", "amount": "7.00", "charge_basis": "agreed"},
            {"id": "C4", "date": "2026-02-01", "kind": "charge", "amount": "1.00", "charge_basis": "law"},
        ],
    }  # fmt: skip
    CLAIM: ClassVar = {"as_of": "2026-03-01", "debtor": "consumer", "creditor": "debt_collector", "debts": [DEBT]}

    def told(self, tmp_path, **more):
        (debt,) = json.loads(claim(json.dumps({**self.CLAIM, **more}), "--json", tmp_path=tmp_path).stdout)["debts"]
        return debt

    def test_are_claimed_only_as_far_as_they_rest_on_something(self, tmp_path):
        debt = self.told(tmp_path)
        assert debt["demanded"]["costs"] == "8.00"
        assert [(each["id"], each["amount"], each["law"]) for each in debt["charges_not_claimed"]] == [
            ("C1", "25.00", "12 CFR 1006.22(b)"), ("C2", "30.00", "12 CFR 1006.22(b)"),
        ]  # fmt: skip

    def test_that_are_not_claimed_are_named_with_the_rule(self, tmp_path):
        for language, words in (("en", "Not claimed: C1"), ("zh-Hans", "未主张：C1"), ("zh-Hant", "未主張：C1")):
            said = claim(json.dumps(self.CLAIM), language=language, tmp_path=tmp_path).stdout
            assert words in said
            assert "12 CFR 1006.22(b)" in said

    def test_are_bound_by_the_terms_where_no_law_is_told(self, tmp_path):
        debt = {name: value for name, value in self.DEBT.items() if name != "law"}
        bound = self.told(tmp_path, debts=[{**debt, "terms": {"regime": "us.consumer-agreed"}}])
        assert bound["demanded"]["costs"] == "8.00"

    @pytest.mark.parametrize(
        ("creditor", "law"), [("debt_collector", None), (None, "US-NY"), (None, None)], ids=["law", "creditor", "both"]
    )
    def test_are_claimed_with_a_note_where_what_binds_them_is_not_told(self, creditor, law, tmp_path):
        text = json.dumps({**self.CLAIM, "creditor": creditor, "debts": [{**self.DEBT, "law": law}]})
        for language, words in (
            ("en", "to be looked at: C1; C2."),
            ("zh-Hans", "须核对：C1; C2"),
            ("zh-Hant", "須核對：C1; C2"),
        ):
            said = claim(text, language=language, tmp_path=tmp_path).stdout
            assert words in said
            assert "12 CFR 1006.22(b)" in said
        assert self.told(tmp_path, **json.loads(text))["demanded"]["costs"] == "63.00"

    def test_in_another_currency_are_nothing_to_ask_about_where_no_law_is_told(self, tmp_path):
        told = self.told(tmp_path, debts=[{**self.DEBT, "law": None, "currency": "EUR"}])
        assert not any("1006.22" in note for note in told["notes"])

    @pytest.mark.parametrize(
        "other", [{"creditor": "sme"}, {"creditor": "other"}, {"debtor": "business"}, {"law": "DE"}]
    )
    def test_are_nobody_elses_nor_of_another_law(self, tmp_path, other):
        debt = {**self.DEBT, **({"law": other["law"]} if "law" in other else {})}
        told = self.told(tmp_path, **{**{k: v for k, v in other.items() if k != "law"}, "debts": [debt]})
        assert (told["demanded"]["costs"], told["charges_not_claimed"]) == ("63.00", [])
        assert not any("1006.22" in note for note in told["notes"])
