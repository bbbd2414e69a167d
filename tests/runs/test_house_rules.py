"""A creditor sets the house's rules for trade debts: from which day on, what is refused, and what a run keeps of it."""

from datetime import date, timedelta

import pytest

from dunwell.actions.day.runs import inputs_of
from dunwell.actions.explain import explain
from dunwell.actions.house_rules import set_rule, unset_rule
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.rulebook.own_rules import OwnValue, own_values, settable, with_own
from dunwell.rulebook.rules_file import house_rules, read_rules
from dunwell.store.models import HouseRule, JournalEntry
from dunwell.store.reads.house_rules import rules_of
from tests.support.rows import MEI, NOW, a_creditor, a_debtor
from tests.talks.book import a_book

HOURS = "house.trade.hours"
DAY = NOW.date()
OFTEN = "{days: 1, most: 999, outcomes: [sent], per: person}"


def spans(rules, day=DAY):
    [span] = rules.named(HOURS).on(day)["spans"]
    return span["from"], span["until"]


class TestSettingARule:
    def test_changes_its_values_from_that_day_on(self, db):
        creditor = a_creditor()
        set_rule(creditor=creditor, rule=HOURS, wishes={"from": "09:00", "until": "17:00"}, at=NOW, by=MEI)
        rules = rules_of(creditor)
        assert spans(rules) == ("09:00", "17:00")
        assert spans(rules, DAY - timedelta(days=1)) == ("08:00", "18:00")
        assert rules.hash != house_rules().hash
        # nothing else is another rule
        other = {rule.id: rule for rule in house_rules().rules if rule.id != HOURS}
        assert {rule.id: rule for rule in rules.rules if rule.id != HOURS} == other

    def test_is_written_down_and_what_stands_records_nothing(self, db):
        creditor = a_creditor()
        for _ in range(2):
            set_rule(creditor=creditor, rule="house.trade.contacts", wishes={"most": "3"}, at=NOW, by=MEI)
        [entry] = JournalEntry.objects.filter(event="rules.set")
        assert b"house.trade.contacts" in bytes(entry.body)
        assert HouseRule.objects.count() == 1

    def test_is_for_one_creditor_alone(self, db):
        one, other = a_creditor(), a_creditor(code="other")
        set_rule(creditor=one, rule=HOURS, wishes={"from": "09:00"}, at=NOW, by=MEI)
        assert spans(rules_of(one)) == ("09:00", "18:00")
        assert rules_of(other) is house_rules()

    def test_can_be_taken_back(self, db):
        creditor = a_creditor()
        set_rule(creditor=creditor, rule=HOURS, wishes={"from": "09:00"}, at=NOW, by=MEI)
        later = NOW + timedelta(days=2)
        unset_rule(creditor=creditor, rule=HOURS, at=later, by=MEI)
        rules = rules_of(creditor)
        assert spans(rules, DAY + timedelta(days=1)) == ("09:00", "18:00")
        assert spans(rules, DAY + timedelta(days=2)) == ("08:00", "18:00")

    def test_twice_on_one_day_keeps_what_was_known_before(self, db):
        creditor = a_creditor()
        set_rule(creditor=creditor, rule=HOURS, wishes={"from": "09:00"}, at=NOW, by=MEI)
        later = NOW + timedelta(hours=1)
        set_rule(creditor=creditor, rule=HOURS, wishes={"from": "10:00"}, at=later, by=MEI)
        assert spans(rules_of(creditor)) == ("10:00", "18:00")
        assert spans(rules_of(creditor, NOW)) == ("09:00", "18:00")

    def test_is_what_explain_asks(self, db):
        creditor = a_creditor()
        debtor = a_debtor(creditor, country="DE")
        set_rule(creditor=creditor, rule=HOURS, wishes={"from": "10:30", "until": "11:00"}, at=NOW, by=MEI)
        said = "\n".join(explain(creditor=creditor, debtor_number=debtor.number, as_of=DAY, now=NOW).words("en"))
        assert "Monday to Friday 10:30 to 11:00" in said

    @pytest.mark.parametrize(
        ("rule", "wishes", "code"),
        [
            ("house.natural.contacts", {"most": "30"}, "rules.not_settable"),
            ("us.regf.seven-in-seven", {"most": "30"}, "rules.not_settable"),
            ("nothing", {"most": "30"}, "rules.not_settable"),
            (HOURS, {"from": "18:00", "until": "08:00"}, "rules.clock"),
            (HOURS, {"from": "25:00"}, "rules.clock"),
            (HOURS, {"from": "06:59"}, "rules.hours_too_wide"),
            (HOURS, {"until": "21:01"}, "rules.hours_too_wide"),
            (HOURS, {"from": "00:00", "until": "24:00", "weekdays": "1,2,3,4,5,6,7"}, "rules.hours_too_wide"),
            (HOURS, {"weekdays": "1,2,3,4,5,6,7"}, "rules.every_weekday"),
            (HOURS, {"weekdays": "8"}, "rules.weekdays"),
            (HOURS, {"weekdays": ""}, "rules.weekdays"),
            (HOURS, {"weekdays": "Monday"}, "rules.weekdays"),
            (HOURS, {"holidays": "never"}, "rules.holidays"),
            (HOURS, {"most": "3"}, "rules.may_be_set"),
            (HOURS, {}, "rules.may_be_set"),
            ("house.trade.contacts", {"most": "-1"}, "rules.whole_number"),
            ("house.trade.contacts", {"days": "0"}, "rules.whole_number"),
            ("house.trade.contacts", {"most": "9" * 50}, "rules.whole_number"),
            ("house.trade.contacts", {"most": "15"}, "rules.too_many"),
            ("house.trade.contacts", {"days": "2"}, "rules.too_many"),
            ("house.trade.year-end", {"yearly": "12-31:01-01"}, "rules.yearly"),
            ("house.trade.year-end", {"yearly": ","}, "rules.yearly"),
            ("house.trade.spring-festival", {"spans": "soon"}, "rules.spans"),
            ("house.trade.spring-festival", {"spans": "2027-02-12:2027-02-05"}, "rules.spans"),
        ],
    )
    def test_refuses_other_rules_and_values_that_cannot_be(self, db, rule, wishes, code):
        with pytest.raises(Refused) as refused:
            set_rule(creditor=a_creditor(), rule=rule, wishes=wishes, at=NOW, by=MEI)
        assert refused.value.code == code
        assert not HouseRule.objects.exists()

    def test_reaches_its_bounds(self, db):
        creditor = a_creditor()
        widest = {"from": "07:00", "until": "21:00", "weekdays": "1,2,3,4,7,6", "holidays": "open"}
        set_rule(creditor=creditor, rule=HOURS, wishes=widest, at=NOW, by=MEI)
        set_rule(creditor=creditor, rule="house.trade.contacts", wishes={"most": "14"}, at=NOW, by=MEI)
        rules = rules_of(creditor)
        assert spans(rules) == ("07:00", "21:00")
        assert rules.named(HOURS).on(DAY)["spans"][0]["weekdays"] == [1, 2, 3, 4, 6, 7]
        assert rules.named("house.trade.contacts").on(DAY)["most"] == 14

    def test_is_refused_to_whom_it_is_not_permitted(self, db):
        debtor = Actor(ActorKind.DEBTOR, "10001")
        with pytest.raises(Refused):
            set_rule(creditor=a_creditor(), rule=HOURS, wishes={"from": "09:00"}, at=NOW, by=debtor)

    def test_is_kept_by_the_run_that_asked_it(self, db):
        book = a_book()
        set_rule(creditor=book.creditor, rule=HOURS, wishes={"from": "09:00"}, at=NOW, by=MEI)
        kept = inputs_of(book.creditor, DAY).rules
        assert spans(read_rules(kept.texts)) == ("09:00", "18:00")
        assert read_rules(kept.texts).hash == kept.hash


class TestOwnValues:
    def test_hold_whatever_comes_with_a_later_release(self):
        own = OwnValue(
            "house.trade.contacts", date(2019, 1, 1), own_values(settable()["house.trade.contacts"], {"most": "3"})
        )
        values = with_own((own,)).named("house.trade.contacts")
        assert [value["most"] for _, value in values.values] == [3, 3]

    def test_beyond_the_bounds_from_a_time_without_any_do_not_hold(self):
        wide = "{from: '00:00', holidays: open, until: '24:00', weekdays: [1, 2, 3, 4, 5, 6, 7]}"
        rules = with_own((OwnValue(HOURS, DAY, wide), OwnValue("house.trade.contacts", DAY, OFTEN)))
        assert spans(rules) == ("08:00", "18:00")
        assert rules.named("house.trade.contacts").on(DAY)["most"] == 5

    def test_are_soft_rules_of_the_house_alone(self):
        for rule in settable().values():
            assert rule.strength == "house"
            assert rule.effect in ("advice", "note")

    def test_of_seasons_are_days(self):
        text = own_values(settable()["house.trade.year-end"], {"yearly": "12-20:12-31,01-01"})
        own = (OwnValue("house.trade.year-end", DAY, text),)
        value = with_own(own).named("house.trade.year-end").on(DAY)
        assert value is not None
        assert value["yearly"] == [["12-20", "12-31"], ["01-01", "01-01"]]
