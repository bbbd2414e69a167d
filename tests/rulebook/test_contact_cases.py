"""Every contact rule's own cases, asked of the engine as described situations."""

from functools import cache

import pytest

from dunwell.core.errors import catalogue
from dunwell.engine.contact.situation import answer
from dunwell.intake.situation_json import situation_of
from dunwell.jobs.may_contact import with_holidays
from dunwell.rulebook.contact_rules import Rule
from dunwell.rulebook.rules_file import house_rules

CASES = [(rule, case) for rule in house_rules().rules for case in rule.cases]
WITH_NUMBERS = ("hours", "count", "wait", "intensity", "visitors", "promise")


@cache
def found() -> list[str]:
    """What the rule of each case says of it: its effect, or `allowed` where it says nothing. All are asked at once."""
    rules = house_rules()
    told = [
        with_holidays(
            situation_of({name: value for name, value in case.items() if name not in ("name", "finding")}), rules
        )
        for _, case in CASES
    ]
    asked = [rule.excepts if rule.kind == "exception" else rule.id for rule, _ in CASES]
    return [
        next((each.effect for each in said.findings if each.rule == rule_id), "allowed")
        for rule_id, [said] in zip(asked, answer(told, rules), strict=True)
    ]


def ids() -> list[str]:
    return [f"{rule.id}: {case['name']}" for rule, case in CASES]


class TestTheCase:
    @pytest.mark.parametrize("number", range(len(CASES)), ids=ids())
    def test_of_a_rule_is_what_the_engine_finds(self, number: int) -> None:
        _, case = CASES[number]
        assert found()[number] == case["finding"]

    def test_stands_on_both_sides_of_every_rule(self) -> None:
        for rule in house_rules().rules:
            told = {case["finding"] for case in rule.cases}
            assert "allowed" in told, rule.id
            # who wants a recording, but whose wording was not seen, never decides where the house asks for consent
            hearsay = rule.kind == "recording" and not rule.verified
            assert (len(told) == 1) if hearsay else (len(told) > 1), rule.id

    @pytest.mark.parametrize("rule", [r for r in house_rules().rules if r.kind in WITH_NUMBERS], ids=lambda r: r.id)
    def test_stands_twice_on_both_sides_of_every_number(self, rule: Rule) -> None:
        if any(value and value.get("most") == 0 for _, value in rule.values):
            return  # what is never allowed has no bound
        told = [case["finding"] == "allowed" for case in rule.cases]
        assert min(told.count(True), told.count(False)) >= 2

    def test_is_followed_by_words_for_every_code_of_its_rule(self) -> None:
        codes = {
            code
            for rule in house_rules().rules
            for _, value in rule.values
            for name in ("points", "must", "must_not")
            for code in (value or {}).get(name, ())
        } | {code for rule in house_rules().rules for code in rule.rebuttal}
        assert sorted(code for code in codes if f"finding.code.{code}" not in catalogue()) == []
