"""Who is owed: added and changed by an act, with what was and what is in the journal."""

import json

import pytest

from dunwell.actions.creditors import FIELDS, set_creditor
from dunwell.core.errors import DunwellError, Refused
from dunwell.jobs.countries import settled_by
from dunwell.store.models import Creditor, JournalEntry
from dunwell.store.reads import creditors
from tests.support.rows import ACME, MEI, NOW, a_creditor


def change(**changes):
    return set_creditor(code="main", changes=changes, at=NOW, by=MEI)


def last_entry():
    return json.loads(bytes(JournalEntry.objects.get(event="creditor.changed").body))


class TestACreditor:
    def test_is_added_with_all_that_was_said(self, db):
        a_creditor()
        entry = json.loads(bytes(JournalEntry.objects.get().body))
        assert entry["event"] == "creditor.added"
        assert entry["body"] == {"old": {}, "new": ACME}
        assert {name: getattr(Creditor.objects.get(), name) for name in ACME} == ACME

    def test_is_changed_where_it_differs_and_the_journal_keeps_the_old_values(self, db):
        a_creditor()
        change(name="Acme AG", city="Köln", bank_name="")
        assert last_entry()["body"] == {
            "old": {"name": "Acme GmbH", "bank_name": "Commerzbank"},
            "new": {"name": "Acme AG", "bank_name": ""},
        }

    def test_set_to_what_already_stands_records_nothing(self, db):
        a_creditor()
        a_creditor()
        change(**ACME)
        assert JournalEntry.objects.count() == 1

    def test_is_kept_as_banks_and_registers_write(self, db):
        a_creditor(iban="de89 3704 0044 0532 0130 00", bic="cobadeff xxx", country="de", currency="eur")
        found = Creditor.objects.get()
        assert (found.iban, found.bic) == ("DE89370400440532013000", "COBADEFFXXX")
        assert (found.country, found.currency) == ("DE", "EUR")

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("iban", "DE89370400440532013001", "documents.iban_invalid"),
            ("iban", "DE8937040044053201300", "documents.iban_invalid"),
            ("bic", "COBA", "documents.bic_invalid"),
            ("country", "XX", "creditor.country_unknown"),
            ("country", "ZZ", "creditor.country_unknown"),
            ("country", "001", "creditor.country_unknown"),
            ("country", "Germany", "creditor.country_unknown"),
            ("zone", "Europe/Cologne", "creditor.zone_unknown"),
            ("zone", "../etc/passwd", "creditor.zone_unknown"),
            ("currency", "DM", "creditor.currency_unknown"),
            ("language", "de", "creditor.language_unknown"),
            ("email", "acme", "creditor.email_invalid"),
            ("email", "a@b@c", "creditor.email_invalid"),
            ("email", "a <a@b.example>", "creditor.email_invalid"),
            ("email", "a@-b", "creditor.email_invalid"),
            ("name", "", "creditor.empty"),
            ("name", "  ", "creditor.empty"),
            ("zone", "", "creditor.empty"),
            ("name", "Acme\nBcc: x@y", "creditor.unclean"),
            ("name", "Acme\x00", "creditor.unclean"),
            ("street", "\u202eDCBA", "creditor.unclean"),
            ("name", "x" * 201, "creditor.too_long"),
            ("phone", "0" * 51, "creditor.too_long"),
        ],
    )
    def test_refuses_what_no_letter_could_carry(self, db, field, value, code):
        a_creditor()
        with pytest.raises(DunwellError) as error:
            change(**{field: value})
        assert error.value.code == code
        assert JournalEntry.objects.count() == 1

    @pytest.mark.parametrize("code", ["", "Main", "a b", "../x", "x" * 33, "-x", "主"])
    def test_has_a_short_plain_code(self, db, code):
        with pytest.raises(Refused) as error:
            set_creditor(code=code, changes=ACME, at=NOW, by=MEI)
        assert error.value.code == "creditor.code_invalid"

    @pytest.mark.parametrize("missing", ["name", "country", "zone", "currency"])
    def test_is_not_added_half(self, db, missing):
        with pytest.raises(Refused) as error:
            change(**{name: value for name, value in ACME.items() if name != missing})
        assert error.value.code == "creditor.incomplete"
        assert missing in error.value.words()
        assert Creditor.objects.count() == 0

    def test_is_chosen_by_code_or_by_being_the_only_one(self, db):
        with pytest.raises(DunwellError, match="no creditor yet"):
            creditors.choose()
        a_creditor()
        assert creditors.choose().code == "main"
        a_creditor("second")
        assert creditors.choose("second").code == "second"
        with pytest.raises(DunwellError, match="main, second"):
            creditors.choose()
        with pytest.raises(DunwellError, match="main, second"):
            creditors.choose("third")

    def test_can_be_set_in_every_field(self):
        assert {"name", "iban", "account", "signatory_title", "language"} <= set(FIELDS)
        assert not {"id", "code"} & set(FIELDS)


class TestACountry:
    @pytest.mark.parametrize(
        ("country", "settled"),
        [
            ("DE", {"zone": "Europe/Berlin", "currency": "EUR", "language": "en"}),
            ("ch", {"zone": "Europe/Zurich", "currency": "CHF", "language": "en"}),
            ("CN", {"zone": "Asia/Shanghai", "currency": "CNY", "language": "zh-Hans"}),
            ("TW", {"zone": "Asia/Taipei", "currency": "TWD", "language": "zh-Hant"}),
            ("HK", {"zone": "Asia/Hong_Kong", "currency": "HKD", "language": "zh-Hant"}),
            ("MY", {"zone": "Asia/Kuala_Lumpur", "currency": "MYR", "language": "en"}),
            ("US", {"currency": "USD", "language": "en"}),
            ("ES", {"currency": "EUR", "language": "en"}),
            ("PA", {"zone": "America/Panama", "language": "en"}),
            ("??", {"language": "en"}),
            ("", {"language": "en"}),
        ],
    )
    def test_settles_what_is_unambiguous(self, country, settled):
        assert settled_by(country) == settled
