"""E-invoices are read as rows of ledgers, their sums checked to the last unit, and refused in words."""

import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.intake import Batch, Defaults, Known, Mapping, read_files
from dunwell.intake.einvoices import is_einvoice, pdf
from tests.intake.einvoices import BUYER, SELLER, china, cii, partial, put, terms, ubl
from tests.intake.einvoices import pdf as pdf_with
from tests.intake.ledgers import DEBTORS, notes, said

DOCTYPE = '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]>'


def read(
    folder: Path,
    content: str | bytes,
    *,
    mapping: Mapping | None = None,
    known: Known | None = None,
    **defaults: object,
) -> Batch:
    name = "e.pdf" if isinstance(content, bytes) and content.startswith(b"%PDF") else "e.xml"
    path = put(folder, name, content)
    assert is_einvoice(path)
    told = Defaults(creditor=SELLER, **defaults)  # type: ignore[arg-type]
    return read_files([path], known=known or Known(), defaults=told, mapping=mapping)


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(DunwellError) as refused:
        read(folder, content)
    assert all(refused.value.words(language) for language in ("en", "zh-Hans", "zh-Hant"))
    return refused.value.code.removeprefix("intake.")


def attempt(path: Path) -> str:
    """What reading a file ends in: the words of its refusal, or how many of its rows are good."""
    try:
        report = read_files([path], known=Known(), defaults=Defaults(creditor=SELLER)).files[0]
    except DunwellError as refused:
        return refused.words("zh-Hant")
    return f"{report.good_rows} of {report.rows}"


class TestAnInvoiceOfUbl:
    def test_is_a_row_with_its_customer(self, tmp_path: Path) -> None:
        batch = read(tmp_path, ubl())
        invoice, customer = (batch.frames[kind].row(0, named=True) for kind in ("invoices", "customers"))
        asked = ("number", "debtor", "issue_date", "due_date", "currency", "amount_minor", "open_minor")
        assert [invoice[one] for one in asked] == [
            "R-77", "C1", date(2026, 10, 1), date(2026, 10, 31), "EUR", 11900, None,
        ]  # fmt: skip
        asked = ("number", "name", "street", "postcode", "city", "country", "email", "kind")
        assert [customer[one] for one in asked] == [
            "C1", BUYER, "Ringstr. 1", "10115", "Berlin", "DE", "ap@mueller.example", "business",
        ]  # fmt: skip
        assert batch.errors.is_empty()
        assert notes(batch) == ["note_einvoice"]

    def test_claims_what_is_left_after_what_was_paid_in_advance(self, tmp_path: Path) -> None:
        paid = "<cbc:PrepaidAmount>19.05</cbc:PrepaidAmount><cbc:PayableRoundingAmount>0.05</cbc:PayableRoundingAmount>"
        batch = read(tmp_path, ubl(more_totals=paid, payable="100.00"))
        assert batch.frames["invoices"]["amount_minor"].to_list() == [10000]
        assert batch.frames["payments"].is_empty()

    def test_in_parts_is_a_row_of_each(self, tmp_path: Path) -> None:
        several = terms(("2026-10-31", "50.00"), ("2026-11-30", "69.00"))
        frame = read(tmp_path, ubl(due="", after_parties=several)).frames["invoices"]
        assert frame.select("number", "due_date", "amount_minor", "instalment").rows() == [
            ("R-77#1", date(2026, 10, 31), 5000, 1),
            ("R-77#2", date(2026, 11, 30), 6900, 2),
        ]

    def test_in_parts_that_do_not_make_the_whole_is_refused(self, tmp_path: Path) -> None:
        several = terms(("2026-10-31", "50.00"), ("2026-11-30", "68.99"))
        assert [code for *_, code in said(read(tmp_path, ubl(after_parties=several)))] == ["einvoice_sum"]

    def test_that_is_negative_is_a_credit_note(self, tmp_path: Path) -> None:
        content = ubl(lines=("-100.00",), net="-100.00", tax="-19.00", gross="-119.00", payable="-119.00")
        content = content.replace("<cbc:LineExtensionAmount>100.00", "<cbc:LineExtensionAmount>-100.00")
        batch = read(tmp_path, content)
        assert batch.frames["credit_notes"]["amount_minor"].to_list() == [-11900]
        assert batch.frames["invoices"].is_empty()

    def test_goes_to_the_customer_whom_the_book_knows_by_one_of_his_numbers(self, tmp_path: Path) -> None:
        assert read(tmp_path, ubl(buyer_number="X9")).frames["invoices"]["debtor"].to_list() == ["X9"]
        known = Known(debtors=pl.DataFrame({"number": ["DE811111111"]}))
        batch = read(tmp_path, ubl(buyer_number="X9"), known=known)
        assert batch.frames["invoices"]["debtor"].to_list() == ["DE811111111"]

    def test_goes_to_the_customer_whom_a_mapping_names(self, tmp_path: Path) -> None:
        batch = read(tmp_path, ubl(), mapping=Mapping(constants={"debtor": "C2"}), known=DEBTORS)
        assert batch.frames["invoices"]["debtor"].to_list() == ["C2"]

    def test_is_read_the_standard_way_whatever_a_mapping_says_of_other_files(self, tmp_path: Path) -> None:
        mapping = Mapping(decimal=",", date="DD/MM/YYYY")
        batch = read(tmp_path, ubl(), mapping=mapping)
        assert batch.frames["invoices"].select("issue_date", "amount_minor").row(0) == (date(2026, 10, 1), 11900)

    @pytest.mark.parametrize(
        ("words", "days"),
        [("30 days", 30), ("Payment within 14 days", 14), ("Zahlbar innerhalb von 10 Tagen ohne Abzug.", 10)],
    )
    def test_without_a_due_date_falls_due_by_its_terms(self, tmp_path: Path, words: str, days: int) -> None:
        note = f"<cac:PaymentTerms><cbc:Note>{words}</cbc:Note></cac:PaymentTerms>"
        frame = read(tmp_path, ubl(due="", after_parties=note)).frames["invoices"]
        assert (frame["due_date"] - frame["issue_date"]).dt.total_days().to_list() == [days]

    def test_with_terms_that_cannot_be_read_is_not_due_by_law(self, tmp_path: Path) -> None:
        note = "<cac:PaymentTerms><cbc:Note>2 % Skonto bei Zahlung in 10 Tagen</cbc:Note></cac:PaymentTerms>"
        content = ubl(due="", after_parties=note)
        assert said(read(tmp_path, content, due_by_law=True)) == [
            (1, "PaymentTerms/Note", "2 % Skonto bei Zahlung in 10 Tagen", "not_days")
        ]
        agreed = Mapping(constants={"terms_days": "20"})
        assert read(tmp_path, content, mapping=agreed).frames["invoices"]["due_date"].to_list() == [date(2026, 10, 21)]

    def test_of_several_days_is_due_on_the_last(self, tmp_path: Path) -> None:
        means = "".join(
            f"<cac:PaymentMeans><cbc:PaymentDueDate>2026-1{n}-01</cbc:PaymentDueDate></cac:PaymentMeans>"
            for n in (2, 1)
        )
        batch = read(tmp_path, ubl(due="", after_parties=means))
        assert batch.frames["invoices"]["due_date"].to_list() == [date(2026, 12, 1)]
        assert "note_einvoice_due_dates" in notes(batch)

    def test_with_an_address_that_cannot_be_used_is_read_without_it(self, tmp_path: Path) -> None:
        batch = read(tmp_path, ubl(email="[e-mail]"))
        assert batch.frames["customers"]["email"].to_list() == [None]
        assert "note_einvoice_left_out" in notes(batch)


class TestACreditNote:
    def test_names_the_invoice_that_it_is_about(self, tmp_path: Path) -> None:
        about = (
            "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>R-70</cbc:ID></cac:InvoiceDocumentReference>"
            "</cac:BillingReference>"
        )
        batch = read(tmp_path, ubl("G-1", root="CreditNote", code="381", due="", after_parties=about))
        assert batch.frames["credit_notes"].select("number", "receivable", "amount_minor").rows() == [
            ("G-1", "R-70", -11900)
        ]

    def test_of_cii_is_one_by_its_code(self, tmp_path: Path) -> None:
        assert read(tmp_path, cii(code="381")).frames["credit_notes"]["amount_minor"].to_list() == [-11900]

    def test_of_less_than_nothing_is_refused(self, tmp_path: Path) -> None:
        content = ubl(root="CreditNote", code="381", payable="-119.00", gross="-119.00", net="-138.00", lines=())
        content = content.replace("<cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount>", "")
        assert "einvoice_negative_credit" in [code for *_, code in said(read(tmp_path, content))]


class TestSumsThatDoNotAgree:
    @pytest.mark.parametrize(
        ("change", "value", "other"),
        [
            (
                {"payable": "119.01"},
                "LegalMonetaryTotal/PayableAmount = 119.01",
                "119.00 (TaxInclusiveAmount) = 119.00",
            ),
            (
                {"gross": "120.00", "payable": "120.00"},
                "LegalMonetaryTotal/TaxInclusiveAmount = 120.00",
                "100.00 (TaxExclusiveAmount) + 19.00 (TaxAmount) = 119.00",
            ),
            (
                {"lines": ("60.00", "39.99")},
                "LegalMonetaryTotal/LineExtensionAmount = 100.00",
                "60.00 (LineExtensionAmount) + 39.99 (LineExtensionAmount) = 99.99",
            ),
        ],
    )
    def test_are_refused_with_the_element_and_what_it_should_be(
        self, tmp_path: Path, change: dict[str, str], value: str, other: str
    ) -> None:
        batch = read(tmp_path, ubl(**change))  # type: ignore[arg-type]
        assert batch.errors.select("code", "value", "other").rows() == [("intake.einvoice_sum", value, other)]
        assert batch.frames["invoices"].is_empty()

    def test_are_not_believed_where_an_amount_is_no_number(self, tmp_path: Path) -> None:
        batch = read(tmp_path, ubl(tax="1.900,00"))
        assert batch.errors["code"].unique().to_list() == ["intake.einvoice_not_a_number"]
        assert "TaxTotal/TaxAmount holds" in batch.errors["reason"][0]


class TestADocumentThatIsNoClaim:
    def test_because_we_are_the_buyer_is_refused(self, tmp_path: Path) -> None:
        content = ubl(buyer=SELLER, seller="Somebody else")
        assert [code for *_, code in said(read(tmp_path, content))] == ["einvoice_to_us"]

    def test_because_it_is_pro_forma_is_refused(self, tmp_path: Path) -> None:
        assert [code for *_, code in said(read(tmp_path, ubl(code="325")))] == ["einvoice_no_claim"]

    def test_because_it_is_an_order_is_refused(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, "<a:SCRDMCCBDACIOMessageStructure xmlns:a='urn:x'/>") == "einvoice_other"

    def test_because_it_lacks_a_currency_is_refused(self, tmp_path: Path) -> None:
        batch = read(tmp_path, ubl(currency=""), currency="EUR")
        assert [code for *_, code in said(batch)] == ["einvoice_lacks"]

    def test_because_somebody_else_sold_is_told(self, tmp_path: Path) -> None:
        assert notes(read(tmp_path, ubl(seller="Somebody else"))) == ["note_einvoice", "note_einvoice_seller"]


class TestAnInvoiceOfCii:
    def test_is_the_same_row(self, tmp_path: Path) -> None:
        frame = read(tmp_path, cii()).frames["invoices"]
        assert frame.select("number", "debtor", "due_date", "amount_minor").rows() == [
            ("R-78", "C1", date(2026, 10, 31), 11900)
        ]

    def test_in_parts_is_a_row_of_each(self, tmp_path: Path) -> None:
        content = cii(terms=partial("20261031", "19") + partial("20261130", "100"))
        assert read(tmp_path, content).frames["invoices"].select("number", "amount_minor").rows() == [
            ("R-78#1", 1900),
            ("R-78#2", 10000),
        ]

    def test_lies_in_a_pdf(self, tmp_path: Path) -> None:
        batch = read(tmp_path, pdf_with(other="<x/>", factur_x=cii()))
        assert batch.frames["invoices"]["amount_minor"].to_list() == [11900]
        assert batch.files[0].encoding == "pdf"

    def test_lies_in_no_pdf_that_has_only_pages(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, pdf_with()) == "pdf_without_xml"

    def test_lies_in_no_pdf_that_is_cut_off(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, pdf_with(factur_x=cii())[:200]) == "pdf_broken"

    def test_in_a_pdf_may_not_be_endless(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pdf, "MOST_XML", 1000)
        assert refusal(tmp_path, pdf_with(factur_x=cii())) == "einvoice_too_large"


class TestAChineseInvoice:
    def test_falls_due_by_the_terms_that_were_agreed(self, tmp_path: Path) -> None:
        assert [code for *_, code in said(read(tmp_path, china()))] == ["no_due_date"]
        frame = read(tmp_path, china(), mapping=Mapping(constants={"terms_days": "30"})).frames["invoices"]
        assert frame.select("number", "debtor", "issue_date", "due_date", "currency", "amount_minor").row(0) == (
            "99000000000000000001", "91310000SYNTH00002", date(2026, 8, 5), date(2026, 9, 4), "CNY", 113000,
        )  # fmt: skip

    def test_that_is_red_is_a_credit_note(self, tmp_path: Path) -> None:
        assert read(tmp_path, china(sign="-")).frames["credit_notes"]["amount_minor"].to_list() == [-113000]

    def test_to_a_buyer_without_tax_number_is_one_to_a_consumer(self, tmp_path: Path) -> None:
        batch = read(tmp_path, china(buyer_number="", sign="-"))
        assert batch.frames["customers"].select("number", "kind").row(0) == ("合成采购有限公司", "consumer")
        assert "note_einvoice_no_tax_number" in notes(batch)

    def test_whose_total_is_not_net_and_tax_is_refused(self, tmp_path: Path) -> None:
        assert "einvoice_sum" in [code for *_, code in said(read(tmp_path, china(total="1130.01")))]


class TestADangerousDocument:
    @pytest.mark.parametrize("content", [ubl(), cii(), china()], ids=["ubl", "cii", "china"])
    def test_with_a_document_type_is_refused_wherever_it_comes_from(self, tmp_path: Path, content: str) -> None:
        at = content.index("?>") + 2 if "?>" in content else 0
        bad = content[:at] + DOCTYPE + content[at:]
        assert refusal(tmp_path, bad) == "xml_doctype"
        assert refusal(tmp_path, pdf_with(factur_x=bad)) == "xml_doctype"

    def test_is_no_part_of_a_list_of_open_items(self, tmp_path: Path) -> None:
        with pytest.raises(DunwellError) as refused:
            read(tmp_path, ubl(), day=date(2026, 11, 1))
        assert refused.value.code == "intake.einvoice_in_list"

    @given(
        which=st.sampled_from([ubl(), cii(), china()]),
        at=st.integers(0, 4000),
        cut=st.integers(0, 200),
        junk=st.sampled_from(["", "<", "</a>", "&x;", "9" * 40, "-", "NaN", "\0", "中", "]]>", "<cbc:ID>", "1e9"]),
        carried=st.booleans(),
    )
    def test_that_is_broken_anywhere_is_read_or_refused_in_words(
        self, tmp_path_factory: pytest.TempPathFactory, which: str, at: int, cut: int, junk: str, *, carried: bool
    ) -> None:
        text = which[: at % len(which)] + junk + which[at % len(which) + cut :]
        folder = tmp_path_factory.getbasetemp()
        path = put(folder, "broken", pdf_with(factur_x=text) if carried else text)
        outcome = attempt(path)
        assert outcome


class TestTheInvoicesOfOthers:
    REFUSED = {
        "order-x-basic.xml": "einvoice_other", "order-x-comfort.xml": "einvoice_other",
        "zugferd-extended.xml": "einvoice_sum", "factur-x-minimum.xml": "no_due_date",
        "zugferd-basic.xml": "no_due_date", "shudian_einvoice_skeleton.xml": "no_due_date",
        "01.02a-INVOICE_ubl.xml": "not_days",
        "01.03a-INVOICE_uncefact.xml": "not_days", "01.06a-INVOICE_uncefact.xml": "not_days",
        "01.19a-INVOICE_uncefact.xml": "not_days", "04.03a-INVOICE_ubl.xml": "not_days",
        "05.01a-INVOICE_ubl.xml": "not_days",
    }  # fmt: skip
    PAYABLE = ("PayableAmount", "DuePayableAmount", "TotalTax-includedAmount", "GrandTotalAmount")

    def by_hand(self, path: Path) -> int:
        """The cents that a document says are to be paid, read with nothing but the standard library."""
        told = {element.tag.rpartition("}")[2]: element.text or "" for element in ET.parse(path).iter()}
        return int(Decimal(next(told[name] for name in self.PAYABLE if name in told)) * 100)

    def test_are_all_read_to_the_cent_or_refused_with_the_reason(self, shared_data: Path) -> None:
        folder = shared_data / "data" / "einvoice"
        if not folder.is_dir():
            pytest.skip(f"no e-invoices in {folder}")
        paths = [path for path in sorted(folder.rglob("*")) if path.suffix in (".xml", ".pdf")]
        assert len(paths) >= 40
        outcomes: dict[str, object] = {}
        for path in paths:
            try:
                batch = read_files([path], known=Known(), defaults=Defaults())
            except DunwellError as refused:
                outcomes[path.name] = refused.code
                continue
            codes = batch.errors["code"].to_list()
            outcomes[path.name] = codes[0] if codes else "read"
            expected = 10490 if path.suffix == ".pdf" else self.by_hand(path)
            assert [abs(total.sum_minor) for total in batch.files[0].totals] == [abs(expected)], path
        refused_ = {name: str(one).removeprefix("intake.") for name, one in outcomes.items() if one != "read"}
        assert refused_ == self.REFUSED
