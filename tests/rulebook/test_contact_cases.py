"""Every contact rule's own cases, asked of the engine as described situations."""

from datetime import date, timedelta
from typing import Any

import pytest

from dunwell.engine.situation import answer
from dunwell.intake.situation_json import situation_of
from dunwell.rulebook.contact_rules import Rule
from dunwell.rulebook.rules_file import house_rules

CASES = [
    pytest.param(rule, case, id=f"{rule.id}: {case['name']}") for rule in house_rules().rules for case in rule.cases
]


def finding(rule: Rule, case: dict[str, Any]) -> str:
    """What a rule says of a case: its effect, or that it says nothing."""
    told = situation_of({name: value for name, value in case.items() if name not in ("name", "finding")})
    [[said]] = answer([told], house_rules())
    asked = rule.excepts if rule.kind == "exception" else rule.id
    return next((each.effect for each in said.findings if each.rule == asked), "allowed")


class TestTheCase:
    @pytest.mark.parametrize(("rule", "case"), CASES)
    def test_of_a_rule_is_what_the_engine_finds(self, rule: Rule, case: dict[str, Any]) -> None:
        assert finding(rule, case) == case["finding"]

    def test_stands_on_both_sides_of_every_rule(self) -> None:
        for rule in house_rules().rules:
            told = {case["finding"] for case in rule.cases}
            assert "allowed" in told and len(told) > 1, rule.id
