"""One list of kinds of creditors serves the rules of late interest and of contact."""

import pytest

from dunwell.actions.creditors import set_creditor
from dunwell.core.errors import Refused
from dunwell.rulebook.contact_rules import SCOPE
from dunwell.rulebook.creditor_kinds import KINDS, OTHER, collector_of, contact_kind_of, interest_kinds_of, kinds_of
from dunwell.rulebook.interest_terms import CREDITORS
from tests.support.rows import MEI, NOW, a_creditor


class TestKinds:
    def test_hold_all_that_any_rule_may_ask(self):
        assert {*CREDITORS, *SCOPE["creditor"]} <= {*KINDS, OTHER}

    @pytest.mark.parametrize(
        ("told", "contact", "interest", "collector"),
        [
            ("", None, set(), "own"),
            ("other", "other", {"other"}, "own"),
            ("bank", "bank", {"bank", "licensed_lender"}, "own"),
            ("bank,debt_collector", "bank", {"bank", "debt_collector", "licensed_lender"}, "agency"),
            ("consumer_finance", "consumer_finance", set(), "own"),
            ("licensed_lender,sme", None, {"licensed_lender", "sme"}, "own"),
            ("bank,supplier", None, {"bank", "supplier", "licensed_lender"}, "own"),
            ("supplier", "supplier", {"supplier"}, "own"),
        ],
    )
    def test_mean_to_each_rule_what_it_asks(self, told, contact, interest, collector):
        kinds = kinds_of(told)
        assert (contact_kind_of(kinds), set(interest_kinds_of(kinds)), collector_of(kinds)) == (
            contact, interest, collector
        )  # fmt: skip


class TestTheCollector:
    def test_is_the_same_fact_as_the_kind(self, db):
        def told(**changes):
            made = set_creditor(code="main", changes=changes, at=NOW, by=MEI)
            return made.kind, made.collector

        a_creditor()
        assert told(collector="agency") == ("debt_collector", "agency")
        assert told(kind="bank,debt_collector") == ("bank,debt_collector", "agency")
        assert told(collector="own") == ("bank", "own")
        assert told(kind="other", collector="agency") == ("debt_collector", "agency")
        for wrong in ({"collector": "me"}, {"kind": "debt_collector", "collector": "own"}):
            with pytest.raises(Refused) as refused:
                told(**wrong)
            assert refused.value.words("zh-Hant")
