"""`dunwell may-contact` as a real process: a described contact in, an answer out; errors are words with the field."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dunwell.core.errors import DunwellError
from dunwell.intake import situation_json
from dunwell.intake.situation_json import read_situation, situation_of
from dunwell.rulebook.contact_rules import NOTICES
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.situation_holidays import with_holidays
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "contact-rules.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "dunwell" / "intake" / "situation.schema.json").read_text(encoding="utf-8"))
BERLIN = {"kind": "business", "country": "DE", "region": "BY", "zones": ["Europe/Berlin"]}
SITUATION: dict[str, Any] = {"at": "2026-11-21T10:00:00+01:00", "channel": "phone", "debtor": BERLIN}


def asked(told: object, *arguments: str, language: str = "en", home: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "DUNWELL_HOME": str(home / "none"), "DUNWELL_LANGUAGE": language}
    return subprocess.run(
        [sys.executable, "-m", "dunwell.jobs.cli", "may-contact", *arguments],
        input=told if isinstance(told, str) else json.dumps(told),
        capture_output=True, text=True, env=env, check=False, timeout=60,
    )  # fmt: skip


def example() -> dict[str, Any]:
    """The example of the page."""
    [text] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    told: dict[str, Any] = json.loads(text)
    return told


def fields(schema: dict[str, Any]) -> Iterator[str]:
    for name, each in schema["properties"].items():
        yield name
        if name in ("debtor", "debt"):
            yield from (f"{name}.{below}" for below in each["properties"])


class TestTheAnswer:
    def test_tells_rule_numbers_end_page_and_next_window(self, tmp_path: Path) -> None:
        done = asked(SITUATION, home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "phone: Not advisable" in done.stdout
        assert "Outside business hours. Allowed hours at the debtor's place: Monday to Friday 08:00" in done.stdout
        assert "Until 23 November 2026 08:00 (Europe/Berlin)." in done.stdout
        assert "docs/rules/house.md#house-trade-hours" in done.stdout
        assert "Next window: 23 November 2026 08:00 to 18:00 (Europe/Berlin)." in done.stdout
        assert "To be known before it:" in done.stdout
        assert not (tmp_path / "none").exists()

    def test_tells_channels_with_the_same_answer_together(self, tmp_path: Path) -> None:
        done = asked({**SITUATION, "channel": None}, home=tmp_path)
        assert "\ne-mail, SMS, instant message: Not advisable\n" in done.stdout
        assert "\nletter: Allowed\n" in done.stdout

    @pytest.mark.parametrize(("language", "verdict"), [("zh-Hans", "电话：不宜"), ("zh-Hant", "電話：不宜")])
    def test_speaks_chinese_in_both_scripts(self, tmp_path: Path, language: str, verdict: str) -> None:
        assert verdict in asked(SITUATION, language=language, home=tmp_path).stdout

    def test_says_what_was_not_told(self, tmp_path: Path) -> None:
        done = asked({"at": SITUATION["at"]}, home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "Neither a country nor a time zone of the debtor is told" in done.stdout
        assert "Not told, so that the rules of either hold: debtor.kind, debt.kind, creditor_kind." in done.stdout
        several = asked({"at": SITUATION["at"], "debtor": {"country": "US"}}, home=tmp_path)
        assert "No time zone is told: it is asked for all 29 time zones of US." in several.stdout

    def test_is_told_as_data(self, tmp_path: Path) -> None:
        told = json.loads(asked(SITUATION, "--json", home=tmp_path).stdout)
        assert told["rules_of"] == "2026-11-21"
        assert told["rules_hash"] == house_rules().hash
        [channel] = told["channels"]
        assert (channel["channel"], channel["verdict"]) == ("phone", "advice")
        assert (channel["next_from"], channel["next_until"]) == (
            "2026-11-23T08:00:00+01:00", "2026-11-23T18:00:00+01:00",
        )  # fmt: skip
        finding = next(each for each in channel["findings"] if each["rule"] == "house.trade.hours")
        assert finding["until"] == "2026-11-23T08:00:00+01:00"
        assert finding["page"] == "docs/rules/house.md#house-trade-hours"
        assert (finding["strength"], finding["confidence"]) == ("house", "house")
        assert finding["words"].startswith("Not advisable: Outside business hours.")

    def test_knows_the_public_holidays_of_the_debtors_part_of_the_country(self) -> None:
        rules = house_rules()
        epiphany = {**SITUATION, "at": "2027-01-05T10:00:00+01:00"}
        for region, feast in (("BY", True), ("BE", False), (None, False)):
            told = read_situation(json.dumps({**epiphany, "debtor": {**BERLIN, "region": region}}))
            days = with_holidays(told, rules).days_off
            assert days is not None
            assert (date(2027, 1, 6) in days[told.debtor_place or ""]) is feast

    def test_counts_the_holidays_of_the_country_where_its_part_has_no_calendar(self) -> None:
        told = read_situation('{"at": "2026-12-20T10:00:00Z", "debtor": {"country": "GB", "region": "EAW"}}')
        days = with_holidays(told, house_rules()).days_off
        assert days is not None
        assert date(2026, 12, 28) in days["GB-EAW"]  # Boxing Day in lieu
        told = read_situation('{"at": "2026-12-20T10:00:00Z", "debtor": {"country": "MX", "region": "CMX"}}')
        days = with_holidays(told, house_rules()).days_off
        assert days is not None
        assert date(2026, 12, 25) in days["MX-CMX"]


class TestAPart:
    @pytest.mark.parametrize(("country", "region"), [("CA", "PQ"), ("GB", "XYZ"), ("DE", "ZZ"), ("US", "on")])
    def test_that_its_country_does_not_have_is_refused(self, country: str, region: str) -> None:
        told = {"at": "2026-12-20T10:00:00Z", "debtor": {"country": country, "region": region}}
        with pytest.raises(DunwellError, match=r"debtor\.region"):
            read_situation(json.dumps(told))

    def test_may_be_told_by_another_code_of_the_same_law(self) -> None:
        told = read_situation('{"at": "2026-12-20T10:00:00Z", "debtor": {"country": "GB", "region": "ENG"}}')
        assert told.region == "EAW"


class TestTheExampleOfThePage:
    def test_is_answered_as_the_page_says(self, tmp_path: Path) -> None:
        told = json.loads(asked(example(), "--json", home=tmp_path).stdout)
        [channel] = told["channels"]
        found = {each["rule"]: each for each in channel["findings"]}
        assert found["house.natural.contacts"]["count"] == 7
        finding = found["us.regf.seven-in-seven"]
        assert (finding["effect"], finding["count"]) == ("presumed-violation", 7)
        assert finding["until"] == "2026-04-08T00:00:00-04:00"
        assert finding["page"] == "docs/rules/us.md#us-regf-seven-in-seven"
        assert finding["rebuttal"]


class TestAMomentOutOfRange:
    @pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
    @pytest.mark.parametrize("where", ["at", "contacts[0].at", "registers[0].from"])
    def test_is_told_with_the_years_that_are_known(self, at: str, where: str) -> None:
        told = {"at": "2026-11-23T10:00:00+01:00", "channel": "phone"} | ({"at": at} if where == "at" else {})
        if where.startswith("contacts"):
            told["contacts"] = [{"at": at, "outcome": "no_answer"}]
        if where.startswith("registers"):
            told["registers"] = [{"kind": "opt_out", "from": at}]
        with pytest.raises(DunwellError) as refused:
            situation_of(told)
        assert refused.value.code == "situation.moment_range"
        assert where in refused.value.words("en")
        assert "1970 to 2150" in refused.value.words("en")


class TestTheSchema:
    def test_is_printed(self, tmp_path: Path) -> None:
        printed = json.loads(asked("", "--schema", home=tmp_path).stdout)
        jsonschema.Draft202012Validator.check_schema(printed)
        assert printed == SCHEMA

    def test_knows_every_notice_that_the_book_records(self) -> None:
        for purpose in NOTICES:
            told = {**SITUATION, "registers": [{"kind": "notice_sent", "from": "2026-11-20", "purpose": purpose}]}
            jsonschema.validate(told, SCHEMA)
            assert [each.purpose for each in situation_of(told).entries] == [purpose]
        assert {"verification", "original_creditor"} <= set(NOTICES)

    def test_takes_the_example_and_every_case_of_every_rule(self) -> None:
        jsonschema.validate(example(), SCHEMA)
        for rule in house_rules().rules:
            for case in rule.cases:
                told = {name: value for name, value in case.items() if name not in ("name", "finding")}
                jsonschema.validate(told, SCHEMA)

    def test_names_the_fields_of_the_reader(self) -> None:
        below = SCHEMA["$defs"]
        assert set(SCHEMA["properties"]) == situation_json._TOP
        assert set(SCHEMA["properties"]["debtor"]["properties"]) == situation_json._DEBTOR
        assert set(below["contact"]["properties"]) == situation_json._CONTACT
        assert set(below["entry"]["properties"]) == situation_json._ENTRY

    def test_names_the_fields_of_the_page(self) -> None:
        rows = re.findall(r"^\| ((?:`[a-z_.]+`(?:, )?)+) \|", PAGE.split("## The situation")[1].split("\n## ")[0], re.M)
        named = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row)}
        assert named | {"contacts", "registers", "debtor", "debt"} == set(fields(SCHEMA))
        contacts, registers = PAGE.split("## Contacts")[1].split("## Registers")
        for name in SCHEMA["$defs"]["contact"]["properties"]:
            assert f"`{name}`" in contacts, name
        for name in SCHEMA["$defs"]["entry"]["properties"]:
            assert f"`{name}`" in registers, name

    @pytest.mark.parametrize("wrong", [{}, {"at": "today"}, {**SITUATION, "channel": "fax"}, {**SITUATION, "x": 1}])
    def test_refuses_what_the_reader_refuses(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)
        with pytest.raises(DunwellError):
            read_situation(json.dumps(wrong))


CONTACT = {"at": "2026-11-20T10:00:00+01:00", "outcome": "no_answer"}
REFUSED: list[tuple[object, str]] = [
    ({}, "at"),
    ({**SITUATION, "at": "2026-11-21T10:00:00"}, "at"),
    ({**SITUATION, "at": 5}, "at"),
    ({**SITUATION, "channel": "fax"}, "channel"),
    ({**SITUATION, "channel": ["phone"]}, "channel"),
    ({**SITUATION, "chanel": "phone"}, "chanel"),
    ({**SITUATION, "debtor": []}, "debtor"),
    ({**SITUATION, "debtor": {"country": ["DE"]}}, "debtor.country"),
    ({**SITUATION, "debtor": {"country": "XX"}}, "debtor.country"),
    ({**SITUATION, "debtor": {"region": "BY"}}, "debtor.region"),
    ({**SITUATION, "debtor": {"zones": ["Mars/Olympus"]}}, "debtor.zones[0]"),
    ({**SITUATION, "debtor": {"zones": "Europe/Berlin"}}, "debtor.zones"),
    ({**SITUATION, "persons": 0}, "persons"),
    ({**SITUATION, "persons": True}, "persons"),
    ('{"at": "2026-11-21T10:00:00Z", "persons": NaN}', "persons"),
    ('{"at": "2026-11-21T10:00:00Z", "at": "2026-11-22T10:00:00Z"}', "at"),
    ({**SITUATION, "contacts": [CONTACT, {**CONTACT, "at": "2026-11-21T10:00:01+01:00"}]}, "contacts[1].at"),
    ({**SITUATION, "contacts": [{**CONTACT, "outcome": "maybe"}]}, "contacts[0].outcome"),
    ({**SITUATION, "contacts": [{**CONTACT, "debts": "R-1"}]}, "contacts[0].debts"),
    ({"at": SITUATION["at"], "contacts": [CONTACT]}, "contacts[0].channel"),
    ({**SITUATION, "contacts": [CONTACT] * 1001}, "contacts"),
    ({**SITUATION, "registers": [{"kind": "consent"}]}, "registers[0].from"),
    ({**SITUATION, "registers": [{"kind": "wish", "from": "2026-01-01"}]}, "registers[0].kind"),
    ({**SITUATION, "registers": [{"kind": "consent", "from": "2026-02-30"}]}, "registers[0].from"),
    (
        {**SITUATION, "registers": [{"kind": "consent", "from": "2026-02-03", "until": "2026-02-01"}]},
        "registers[0].until",
    ),
    ({**SITUATION, "registers": [{"kind": "consent", "from": "2026-02-03", "weekdays": [8]}]}, "registers[0].weekdays"),
    (
        {**SITUATION, "registers": [{"kind": "consent", "from": "2026-02-03", "hours": ["9", "10"]}]},
        "registers[0].hours",
    ),
    ({**SITUATION, "provider": {"fax": "x"}}, "provider.fax"),
]
"""What is refused, with the field that is named."""
NO_DESCRIPTION = ["", "{", "[]", "null", "[" * 100_000, "\x00", '{"at":' + "1" * 5000 + "}", '"\\ud800"']


class TestARefusal:
    @pytest.mark.parametrize(("told", "field"), REFUSED, ids=[f"{n}: {field}" for n, (_, field) in enumerate(REFUSED)])
    def test_names_the_field(self, told: object, field: str) -> None:
        with pytest.raises(DunwellError) as refused:
            read_situation(told if isinstance(told, str) else json.dumps(told))
        for language in ("en", "zh-Hans", "zh-Hant"):
            assert field in refused.value.words(language)

    @pytest.mark.parametrize("text", NO_DESCRIPTION, ids=range(len(NO_DESCRIPTION)))
    def test_is_told_of_what_is_no_description(self, text: str) -> None:
        with pytest.raises(DunwellError):
            read_situation(text)

    def test_is_told_of_too_long_a_description(self) -> None:
        with pytest.raises(DunwellError) as refused:
            read_situation(" " * 10_000_001)
        assert refused.value.code == "claim.too_long"

    def test_goes_to_standard_error_without_a_traceback(self, tmp_path: Path) -> None:
        done = asked({**SITUATION, "channel": "\x1b[2J"}, home=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "channel: \\x1b[2J is not one of" in done.stderr

    @pytest.mark.parametrize("strange", ["\\ud800", "\\u202eR", "a\\u0007b", "a\\nb", "\\u0000"])
    def test_is_told_of_names_that_no_page_can_show(self, tmp_path: Path, strange: str) -> None:
        for field, told in (("address", f'"{strange}"'), ("account", f'"{strange}"'), ("about[0]", f'["{strange}"]')):
            name = field.removesuffix("[0]")
            done = asked(f'{{"at": "2026-11-21T10:00:00Z", "{name}": {told}}}', home=tmp_path)
            assert (done.returncode, done.stdout) == (2, "")
            assert f"{field} holds control characters" in done.stderr

    def test_is_not_told_of_names_that_look_like_a_formula(self, tmp_path: Path) -> None:
        assert asked('{"at": "2026-11-21T10:00:00Z", "account": "=1+1"}', home=tmp_path).returncode == 0
