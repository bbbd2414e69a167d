from dataclasses import replace
from xml.etree import ElementTree

from dunwell.core.terms import Stage
from dunwell.documents.notice import Party
from dunwell.documents.payment_qr import payment_qr
from tests.documents.samples import DEBTORS, GERMAN, SWISS, TAIWANESE, items, notice

ONE = items(1, Stage.REMINDER)
EPC_STRUCTURED = b"""\
BCD
002
1
SCT
COBADEFFXXX
Rheinwerk Maschinenbau GmbH
DE89370400440532013000
EUR1234.50

RF18539007547034"""
EPC_TEXT = b"""\
BCD
002
1
SCT

Rheinwerk Maschinenbau GmbH
DE89370400440532013000
EUR1234.50


Kunde 10427"""
SWISS_SCOR = """\
SPC
0200
1
CH9300762011623852957
S
Alpina Werkzeuge AG
Bahnhofstrasse
1
8001
Zürich
CH







1234.50
CHF
S
Schreinerei Hofer
Dorfstrasse
22a
3012
Bern
CH
SCOR
RF18539007547034

EPD""".encode()
SWISS_QRR = """\
SPC
0200
1
CH4431999123000889012
S
Alpina Werkzeuge AG
Bahnhofstrasse
1
8001
Zürich
CH







1234.50
EUR







QRR
210000000003139471430009017

EPD""".encode()


def swiss(**changes):
    return payment_qr(notice(items=ONE, **({"currency": "CHF", "sender": SWISS, "country": "CH"} | changes)))


class TestEpcCode:
    def test_carries_the_twelve_elements_of_the_standard(self):
        code = payment_qr(notice(items=ONE))
        assert code.kind == "epc"
        assert code.payload == EPC_STRUCTURED

    def test_puts_a_plain_reference_into_the_text_element(self):
        code = payment_qr(notice(items=ONE, reference="Kunde 10427", sender=replace(GERMAN, bic=None)))
        assert code.payload == EPC_TEXT

    def test_asks_for_what_is_payable_only(self):
        code = payment_qr(notice(items=ONE, credit_minor=3450))
        assert b"\nEUR1200.00\n" in code.payload

    def test_stays_within_331_bytes_whatever_names_there_are(self):
        sender = replace(GERMAN, party=replace(GERMAN.party, name="Ä善" * 200 + "\nEUR999999"))
        code = payment_qr(notice(items=ONE, sender=sender, reference="ß善" * 300))
        assert len(code.payload) <= 331
        assert len(code.payload.split(b"\n")) == 11
        assert code.payload.decode()

    def test_is_offered_for_a_swiss_account_to_a_debtor_elsewhere_in_euro(self):
        assert payment_qr(notice(items=ONE, sender=SWISS)).kind == "epc"


class TestSwissCode:
    def test_carries_a_creditor_reference_as_scor(self):
        code = swiss()
        assert code.kind == "swiss"
        assert code.payload == SWISS_SCOR

    def test_carries_a_qr_reference_to_a_qr_account_as_qrr(self):
        code = swiss(
            sender=replace(SWISS, iban="CH4431999123000889012"),
            reference="21 00000 00003 13947 14300 09017",
            currency="EUR",
            country="US",
        )
        assert code.payload == SWISS_QRR

    def test_carries_any_other_reference_as_a_message(self):
        lines = swiss(reference="Kunde 10427").payload.decode().split("\n")
        assert lines[27:] == ["NON", "", "Kunde 10427", "EPD"]

    def test_sends_a_qr_reference_to_an_ordinary_account_as_a_message(self):
        lines = swiss(reference="210000000003139471430009017").payload.decode().split("\n")
        assert lines[27:] == ["NON", "", "210000000003139471430009017", "EPD"]

    def test_has_thirty_one_lines_and_no_line_that_a_name_made(self):
        hostile = Party("Hofer\nEPD\r\nSPC", ("Dorf 1\n2", "3012 Bern"), "CH")
        lines = swiss(debtor=hostile).payload.decode().split("\n")
        assert len(lines) == 31
        assert lines[20:27] == ["S", "Hofer EPD SPC", "Dorf 1", "2", "3012", "Bern", "CH"]

    def test_leaves_out_a_debtor_in_letters_the_standard_does_not_know(self):
        lines = swiss(debtor=DEBTORS["CN"]).payload.decode().split("\n")
        assert lines[20:27] == [""] * 7

    def test_is_not_made_without_the_creditor_s_town(self):
        assert swiss(sender=replace(SWISS, party=Party("Alpina", ("Zürich",), "CH"))) is None

    def test_bears_the_cross_in_its_middle(self):
        svg = ElementTree.fromstring(swiss().svg)
        squares = svg.findall("{http://www.w3.org/2000/svg}rect")
        size = float(svg.get("viewBox").split()[2])
        assert [square.get("fill") for square in squares] == ["#fff", "#000", "#fff", "#fff"]
        assert all(abs(float(s.get("x")) + float(s.get("width")) / 2 - size / 2) < 0.01 for s in squares)


class TestNoCode:
    def test_is_made_where_no_standard_fits(self):
        assert payment_qr(notice(items=ONE, currency="USD")) is None
        assert payment_qr(notice("zh-Hant", sender=TAIWANESE, country="TW")) is None
        assert payment_qr(notice(items=ONE, sender=replace(GERMAN, iban="AE070331234567890123456"))) is None

    def test_is_made_for_more_than_the_standards_can_say(self):
        assert payment_qr(notice(items=items(1, Stage.REMINDER, cents=10**11))) is None
        assert payment_qr(notice(items=items(1, Stage.REMINDER, cents=10**11 - 1))).kind == "epc"
