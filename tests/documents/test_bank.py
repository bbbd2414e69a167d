import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.documents.bank import ReferenceKind, check_bic, check_iban, in_fours, is_qr_iban, reference_kind


class TestIban:
    @pytest.mark.parametrize(
        "written",
        ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "CH93 0076 2011 6238 5295 7", "NO9386011117947"],
    )
    def test_is_accepted_as_people_write_it(self, written):
        assert check_iban(written) == written.replace(" ", "").upper()

    @pytest.mark.parametrize(
        "wrong",
        ["DE89370400440532013001", "DE8937040044053201300", "89370400440532013000", "", "DE89 3704<script>", "ＤＥ89"],
    )
    def test_with_a_wrong_check_digit_or_length_is_refused(self, wrong):
        with pytest.raises(DunwellError) as refused:
            check_iban(wrong)
        assert refused.value.code == "documents.iban_invalid"

    @given(st.integers(4, 21), st.sampled_from("0123456789"))
    def test_with_one_digit_changed_is_never_accepted(self, position, digit):
        good = "DE89370400440532013000"
        bad = good[:position] + digit + good[position + 1 :]
        if bad == good:
            assert check_iban(bad) == good
        else:
            with pytest.raises(DunwellError):
                check_iban(bad)

    def test_is_printed_in_groups_of_four(self):
        assert in_fours("DE89370400440532013000") == "DE89 3704 0044 0532 0130 00"

    def test_of_a_swiss_qr_account_is_known(self):
        assert is_qr_iban("CH4431999123000889012")
        assert not is_qr_iban("CH9300762011623852957")
        assert not is_qr_iban("DE89310400440532013000")


class TestBic:
    def test_has_eight_or_eleven_characters(self):
        assert check_bic("cobadeff xxx") == "COBADEFFXXX"
        with pytest.raises(DunwellError) as refused:
            check_bic("COBADEFFX")
        assert refused.value.code == "documents.bic_invalid"


class TestReference:
    def test_with_good_check_digits_is_a_creditor_reference(self):
        assert reference_kind("RF18 5390 0754 7034") is ReferenceKind.CREDITOR
        assert reference_kind("RF19 5390 0754 7034") is ReferenceKind.PLAIN

    def test_of_27_digits_is_a_qr_reference_when_its_last_digit_agrees(self):
        assert reference_kind("21 00000 00003 13947 14300 09017") is ReferenceKind.QR
        assert reference_kind("21 00000 00003 13947 14300 09018") is ReferenceKind.PLAIN
        assert reference_kind("0" * 27) is ReferenceKind.PLAIN

    def test_of_any_other_shape_is_plain_text(self):
        assert reference_kind("Kunde 10427") is ReferenceKind.PLAIN
        assert reference_kind("") is ReferenceKind.PLAIN
