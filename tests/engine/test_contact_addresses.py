"""What was told of one address, and how that address is written: asked of the engine, and of the oracle."""

from datetime import date
from typing import Any

import pytest
import yaml

from dunwell.engine.contact.situation import answer
from dunwell.intake.same_address import canonical, may_be_one
from dunwell.intake.situation_json import situation_of
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.rules_file import read_rules
from tests.oracles import contact
from tests.oracles.contact import Table, World

BERLIN = {"kind": "consumer", "country": "DE", "zones": ["Europe/Berlin"]}


def rule(kind: str, values: Table, **rest: Any) -> Table:
    return {
        "id": f"test.{kind}", "title": dict.fromkeys(("en", "zh-Hans", "zh-Hant"), kind), "applies": {}, "kind": kind,
        "effect": "forbidden", "strength": "law", "values": {date(2020, 1, 1): values},
        "citation": {"source": "none", "confidence": "official", "quote": ""}, "review_by": date(2027, 11, 22),
        "cases": [{"name": "none", "finding": "allowed"}], **rest,
    }  # fmt: skip


OPT_OUT = rule("register", {"entries": ["opt_out"]})
CONSENT = rule("requires", {"entry": "consent"})
SIX = rule("count", {"most": 1, "days": 7, "per": "address", "outcomes": ["no_answer"]})


def verdict(rules: list[Table], **rest: Any) -> str:
    """What engine and oracle both say of a call in Berlin, if nothing else is said."""
    situation = {"at": "2026-11-23T10:00:00+01:00", "channel": "phone", "debtor": BERLIN, **rest}
    read: Rules = read_rules({"test/rules.yaml": yaml.safe_dump(rules)})
    [[told]] = answer([situation_of(situation)], read)
    channel = situation["channel"]
    assert contact.answer(rules, situation, World({"DE": ["Europe/Berlin"]}))[channel].verdict == told.verdict
    return told.verdict


def entry(kind: str, address: str, **rest: Any) -> Table:
    return {"kind": kind, "from": "2026-11-01", "address": address, **rest}


class TestAnOptOutOfAnAddress:
    @pytest.mark.parametrize("written", ["+49 30 5550101", "0049305550101", "030 5550101", "+49 (0)30/555-0101"])
    def test_binds_however_the_number_is_written(self, written: str) -> None:
        told = [entry("opt_out", written)]
        assert verdict([OPT_OUT], registers=told, address="+49305550101") == "forbidden"
        assert verdict([OPT_OUT], registers=told, address="030 555 01 01") == "forbidden"
        assert verdict([OPT_OUT], registers=told, address="+49 30 5550102") == "allowed"

    def test_binds_an_e_mail_address_in_capitals(self) -> None:
        told = [entry("opt_out", "Anna.Meier@Example.com ")]
        assert verdict([OPT_OUT], channel="email", registers=told, address="anna.meier@example.com") == "forbidden"
        assert verdict([OPT_OUT], channel="email", registers=told, address="a.meier@example.com") == "allowed"

    def test_speaks_where_nobody_said_which_address_is_used(self) -> None:
        two = [entry("opt_out", "+49305550101"), entry("verified", "+49305550102")]
        assert verdict([OPT_OUT], registers=two) == "forbidden"

    def test_speaks_of_a_national_number_that_may_be_the_one(self) -> None:
        nowhere = {"kind": "consumer", "zones": ["Europe/Berlin"]}
        told = [entry("opt_out", "030 5550101")]
        assert verdict([OPT_OUT], debtor=nowhere, registers=told, address="+49305550101") == "forbidden"
        assert verdict([OPT_OUT], debtor=nowhere, registers=told, address="+49305550102") == "allowed"


class TestAConsentForAnAddress:
    def test_is_enough_for_that_address_alone(self) -> None:
        given = [entry("consent", "030 5550101")]
        assert verdict([CONSENT], registers=given, address="+49305550101") == "allowed"
        assert verdict([CONSENT], registers=given, address="+49305550102") == "forbidden"

    def test_is_none_where_nobody_said_which_address_is_used(self) -> None:
        assert verdict([CONSENT], registers=[entry("consent", "030 5550101")]) == "forbidden"

    def test_is_none_where_the_number_may_be_another(self) -> None:
        nowhere = {"kind": "consumer", "zones": ["Europe/Berlin"]}
        given = [entry("consent", "030 5550101")]
        assert verdict([CONSENT], debtor=nowhere, registers=given, address="+49305550101") == "forbidden"

    def test_is_none_on_another_channel(self) -> None:
        given = [entry("consent", "+49305550101", channel="sms")]
        assert verdict([CONSENT], registers=given, address="+49305550101") == "forbidden"
        assert verdict([CONSENT], channel="sms", registers=given, address="+49305550101") == "allowed"

    def test_for_the_channel_is_enough_for_each_address(self) -> None:
        given = [{"kind": "consent", "from": "2026-11-01", "channel": "phone"}, entry("consent", "+49305550102")]
        assert verdict([CONSENT], registers=given, address="+49305550101") == "allowed"
        assert verdict([CONSENT], registers=given) == "allowed"


class TestACountPerAddress:
    def test_counts_a_number_that_was_written_differently(self) -> None:
        calls = [{"at": "2026-11-23T09:00:00+01:00", "outcome": "no_answer", "address": "030/5550101"}]
        assert verdict([SIX], contacts=calls, address="+49 30 5550101") == "forbidden"
        assert verdict([SIX], contacts=calls, address="+49 30 5550102") == "allowed"


class TestOneFormOfAnAddress:
    @pytest.mark.parametrize(
        ("written", "country", "form"),
        [
            ("+49 30 1234567", None, "+49301234567"), ("0049301234567", "DE", "+49301234567"),
            ("030 1234567", "DE", "+49301234567"), ("030 1234567", None, "~301234567"),
            ("(212) 555-0109", "US", "+12125550109"), ("1-212-555-0109", "US", "+12125550109"),
            ("\uff0b\uff18\uff16 138 0013 8000", "CN", "+8613800138000"), ("06 1234 5678", "IT", "+390612345678"),
            ("A@B.example", None, "a@b.example"), ("Her  Brother", "DE", "her brother"), ("12", "DE", "12"),
            ("+999 12", "DE", "+99912"),
        ],
    )  # fmt: skip
    def test_is_the_same_for_all_ways_to_write_it(self, written: str, country: str | None, form: str) -> None:
        assert canonical(written, country) == form

    def test_leaves_open_what_may_be_one(self) -> None:
        assert may_be_one("~301234567", "+49301234567")
        assert not may_be_one("~301234567", "+49301234568")
        assert not may_be_one("+301234567", "+49301234567")
