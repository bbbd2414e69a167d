"""Small e-invoices for tests: UBL, CII, the Chinese one, and a PDF that carries one."""

import io
from pathlib import Path

from pypdf import PdfWriter

UBL_NAMES = (
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)
SELLER, BUYER = "Steel Works GmbH", "Müller & Söhne GmbH"


def ubl(
    number: str = "R-77",
    *,
    root: str = "Invoice",
    code: str = "380",
    issued: str = "2026-10-01",
    due: str = "<cbc:DueDate>2026-10-31</cbc:DueDate>",
    lines: tuple[str, ...] = ("60.00", "40.00"),
    net: str = "100.00",
    tax: str = "19.00",
    gross: str = "119.00",
    more_totals: str = "",
    payable: str = "119.00",
    currency: str = "EUR",
    after_parties: str = "",
    buyer: str = "Müller &amp; Söhne GmbH",
    buyer_number: str = "C1",
    seller: str = SELLER,
    email: str = "ap@mueller.example",
) -> str:
    """An invoice or a credit note of Peppol BIS 3, as far as it is read."""
    kind = "CreditNote" if root == "CreditNote" else "Invoice"
    items = "".join(
        f"<cac:{kind}Line><cbc:ID>{n}</cbc:ID><cbc:LineExtensionAmount currencyID='EUR'>{one}</cbc:LineExtensionAmount>"
        f"</cac:{kind}Line>"
        for n, one in enumerate(lines, 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" {UBL_NAMES}>
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate>{due}
<cbc:{kind}TypeCode>{code}</cbc:{kind}TypeCode><cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>{seller}</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party>
<cac:PartyIdentification><cbc:ID>{buyer_number}</cbc:ID></cac:PartyIdentification>
<cac:PostalAddress><cbc:StreetName>Ringstr. 1</cbc:StreetName><cbc:CityName>Berlin</cbc:CityName>
<cbc:PostalZone>10115</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country>
</cac:PostalAddress>
<cac:PartyTaxScheme><cbc:CompanyID>DE811111111</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:PartyTaxScheme>
<cac:PartyLegalEntity><cbc:RegistrationName>{buyer}</cbc:RegistrationName></cac:PartyLegalEntity>
<cac:Contact><cbc:ElectronicMail>{email}</cbc:ElectronicMail></cac:Contact>
</cac:Party></cac:AccountingCustomerParty>{after_parties}
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount><cac:TaxSubtotal>
<cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount>{net}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>{gross}</cbc:TaxInclusiveAmount>
{more_totals}<cbc:PayableAmount>{payable}</cbc:PayableAmount></cac:LegalMonetaryTotal>
{items}</{root}>"""


def terms(*parts: tuple[str, str]) -> str:
    """Payment terms of UBL: a due date and an amount each."""
    return "".join(
        f"<cac:PaymentTerms><cbc:Amount>{amount}</cbc:Amount><cbc:PaymentDueDate>{day}</cbc:PaymentDueDate>"
        "</cac:PaymentTerms>"
        for day, amount in parts
    )


def cii(*, terms: str = "", code: str = "380", due: str = "20261031", number: str = "R-78") -> str:
    """A Factur-X invoice of 119.00 euro."""
    terms = terms or (
        "<SpecifiedTradePaymentTerms><DueDateDateTime><DateTimeString format='102'>"
        f"{due}</DateTimeString></DueDateDateTime></SpecifiedTradePaymentTerms>"
    )
    return f"""<CrossIndustryInvoice xmlns="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100">
<ExchangedDocument><ID>{number}</ID><TypeCode>{code}</TypeCode><IssueDateTime><DateTimeString format="102">20261001\
</DateTimeString></IssueDateTime></ExchangedDocument><SupplyChainTradeTransaction>
<ApplicableHeaderTradeAgreement><SellerTradeParty><Name>{SELLER}</Name></SellerTradeParty>
<BuyerTradeParty><ID>C1</ID><Name>Müller &amp; Söhne GmbH</Name></BuyerTradeParty></ApplicableHeaderTradeAgreement>
<ApplicableHeaderTradeSettlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>{terms}
<SpecifiedTradeSettlementHeaderMonetarySummation><LineTotalAmount>100</LineTotalAmount>
<TaxBasisTotalAmount>100</TaxBasisTotalAmount><TaxTotalAmount currencyID="EUR">19</TaxTotalAmount>
<GrandTotalAmount>119</GrandTotalAmount><DuePayableAmount>119</DuePayableAmount>
</SpecifiedTradeSettlementHeaderMonetarySummation></ApplicableHeaderTradeSettlement>
</SupplyChainTradeTransaction></CrossIndustryInvoice>"""


def partial(day: str, amount: str) -> str:
    """One of several payment terms of CII."""
    return (
        f"<SpecifiedTradePaymentTerms><DueDateDateTime><DateTimeString format='102'>{day}</DateTimeString>"
        f"</DueDateDateTime><PartialPaymentAmount>{amount}</PartialPaymentAmount></SpecifiedTradePaymentTerms>"
    )


def china(*, buyer_number: str = "91310000SYNTH00002", sign: str = "", total: str = "1130.00") -> str:
    """A Chinese fully digital e-invoice of 1130 yuan; with a sign it is a red one."""
    number = f"<BuyerIdNum>{buyer_number}</BuyerIdNum>" if buyer_number else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?><EInvoice><Header><EIid>99000000000000000001</EIid></Header>
<EInvoiceData><SellerInformation><SellerName>合成销售有限公司</SellerName></SellerInformation>
<BuyerInformation>{number}<BuyerName>合成采购有限公司</BuyerName></BuyerInformation>
<BasicInformation><TotalAmWithoutTax>{sign}1000.00</TotalAmWithoutTax><TotalTaxAm>{sign}130.00</TotalTaxAm>
<TotalTax-includedAmount>{sign}{total}</TotalTax-includedAmount></BasicInformation></EInvoiceData>
<TaxSupervisionInfo><InvoiceNumber>99000000000000000001</InvoiceNumber><IssueTime>2026-08-05 13:02:50</IssueTime>
</TaxSupervisionInfo></EInvoice>"""


def pdf(**attached: str | bytes) -> bytes:
    """A PDF of one page with files attached (`factur_x` is `factur-x.xml`)."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    for name, content in attached.items():
        data = content.encode() if isinstance(content, str) else content
        writer.add_attachment(f"{name.replace('_', '-')}.xml", data)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def put(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of a content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
