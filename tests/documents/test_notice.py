from dataclasses import replace
from datetime import timedelta

import pytest

from dunwell.core.errors import DunwellError, catalogue
from dunwell.core.terms import Stage
from dunwell.documents.notice import Item, Party, Sender
from tests.documents.samples import DAY, GERMAN, SWISS, disputed, items, notice, with_annex


def refused(code, **changes):
    with pytest.raises(DunwellError) as error:
        notice(**changes)
    assert error.value.code == f"documents.{code}"
    assert all(error.value.words(language) for language in ("en", "zh-Hans", "zh-Hant"))


class TestNotice:
    def test_refuses_a_total_that_its_items_do_not_make(self):
        refused("total_disagrees", total_minor=1)
        refused("total_disagrees", credit_minor=-5)

    def test_refuses_to_ask_for_nothing(self):
        refused("no_items", items=(), total_minor=0)
        total = sum(item.open_minor for item in items(3, Stage.REMINDER))
        refused("nothing_to_pay", credit_minor=total)

    def test_refuses_to_dun_for_what_is_not_yet_due(self):
        due_today = replace(items(1, Stage.REMINDER)[0], due_date=DAY, days_past_due=0)
        refused("item_not_due", items=(due_today,))
        assert notice(stage=Stage.NOTICE, items=(due_today,)).payable_minor == due_today.open_minor

    def test_refuses_more_days_overdue_than_the_calendar_shows(self):
        refused("days_disagree", items=(replace(items(1, Stage.REMINDER)[0], days_past_due=400),))

    def test_refuses_a_dunning_without_a_deadline_and_a_deadline_that_is_over(self):
        refused("deadline_missing", stage=Stage.FIRST_DUNNING, pay_by=None)
        refused("deadline_missing", stage=Stage.SECOND_DUNNING, pay_by=None)
        refused("deadline_past", pay_by=DAY - timedelta(days=1))

    def test_refuses_a_stage_that_has_no_letter(self):
        refused("stage_unwritten", stage=Stage.PERSON, items=items(1, Stage.REMINDER))

    def test_refuses_unknown_language_currency_and_kind(self):
        one = items(1, Stage.REMINDER)[0]
        with pytest.raises(DunwellError, match="language"):
            replace(notice(), language="de")
        refused("currency_unknown", currency="XXX")
        refused("kind_unknown", items=(replace(one, kind="gift"),))

    def test_refuses_amounts_of_the_wrong_sign(self):
        one = items(1, Stage.REMINDER)[0]
        refused("wrong_sign", items=(replace(one, open_minor=-5),))
        refused("wrong_sign", items=(one, replace(one, kind="credit_note")))

    def test_does_not_demand_what_is_in_dispute(self):
        whole = notice(count=3)
        part = disputed(whole, "2026-1044")
        assert part.total_minor == whole.total_minor
        assert part.disputed_minor == whole.items[1].open_minor
        assert part.payable_minor == whole.total_minor - whole.items[1].open_minor

    def test_demands_late_interest_only_with_a_statement_that_comes_to_the_same(self):
        told = with_annex(notice(stage=Stage.FIRST_DUNNING))
        assert told.payable_minor == told.total_minor + told.late_minor == told.annex.totals["EUR"]
        refused("annex_disagrees", stage=Stage.FIRST_DUNNING, late_minor=5)
        refused("annex_disagrees", stage=Stage.FIRST_DUNNING, late_minor=told.late_minor + 1, annex=told.annex)
        refused("annex_disagrees", stage=Stage.FIRST_DUNNING, annex=told.annex)

    def test_nets_a_credit_note_that_is_listed(self):
        one = items(1, Stage.REMINDER)[0]
        credit = Item("CN-7", "credit_note", DAY, DAY, 0, -20000, -20000)
        netted = notice(items=(one, credit))
        assert netted.payable_minor == one.open_minor - 20000

    def test_refuses_a_qr_account_without_qr_reference(self):
        refused("qr_reference_missing", sender=replace(SWISS, iban="CH4431999123000889012"), currency="CHF")


class TestSender:
    def test_must_have_an_account_and_a_person_who_signs(self):
        for changes, code in (({"iban": None}, "no_account"), ({"signatory_name": " "}, "no_signatory")):
            with pytest.raises(DunwellError) as error:
                replace(GERMAN, **changes)
            assert error.value.code == f"documents.{code}"

    def test_keeps_its_iban_without_spaces(self):
        assert GERMAN.iban == "DE89370400440532013000"

    def test_with_a_mistyped_iban_does_not_come_into_being(self):
        with pytest.raises(DunwellError) as error:
            Sender(Party("A"), "B", iban="DE00370400440532013000")
        assert error.value.code == "documents.iban_invalid"


class TestWordsOfErrors:
    def test_stand_in_all_three_languages(self):
        ours = {code: words for code, words in catalogue().items() if code.startswith("documents.")}
        assert len(ours) >= 20
        assert all(set(words) == {"en", "zh-Hans", "zh-Hant"} for words in ours.values())
