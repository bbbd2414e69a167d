"""UBL 2.1 invoices and credit notes as EN 16931 uses them: Peppol BIS Billing 3, XRechnung.

Source: EN 16931-1 (business terms), its syntax binding to UBL, and the XRechnung extension for claims of others that
are paid together with the invoice (cac:PrepaidPayment)."""

from dunwell.intake.einvoices.nodes import amount, amount_of, amounts, children, is_true, told
from dunwell.intake.einvoices.shapes import EInvoice, Part, Party, Told, Totals
from dunwell.intake.xml_nodes import Node

_EXTENSION = "extension:xrechnung"
_CREDIT = ("381", "396", "261", "83", "308", "532")
"""Codes of UNTDID 1001 that EN 16931 lets credit notes have."""


def read_ubl(root: Node) -> EInvoice:
    """An element Invoice or CreditNote of UBL -> what it says."""
    code = told(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    terms = list(children(root, "PaymentTerms"))
    return EInvoice(
        format="UBL",
        number=told(root, "ID"),
        issue_date=told(root, "IssueDate"),
        currency=told(root, "DocumentCurrencyCode"),
        type_code=code,
        credit=root.name == "CreditNote" or code.text in _CREDIT,
        seller=_party(root, "AccountingSupplierParty/"),
        buyer=_party(root, "AccountingCustomerParty/"),
        totals=_totals(root, told(root, "DocumentCurrencyCode").text),
        due_dates=_due_dates(root, terms),
        terms=Told("PaymentTerms/Note", " ".join(filter(None, (told(one, "Note").text for one in terms)))),
        parts=_parts(terms),
        delivered_date=told(root, "Delivery/ActualDeliveryDate"),
        contract=told(root, "ContractDocumentReference/ID"),
        preceding=[
            told(one, "ID", at="BillingReference/InvoiceDocumentReference/")
            for one in children(root, "BillingReference/InvoiceDocumentReference")
        ],
    )


def _due_dates(root: Node, terms: list[Node]) -> list[Told]:
    own = told(root, "DueDate")
    if own.text:
        return [own]
    means = [told(one, "PaymentDueDate", at="PaymentMeans/") for one in children(root, "PaymentMeans")]
    return [one for one in (*means, *(_day(each) for each in terms)) if one.text]


def _day(terms: Node) -> Told:
    return told(terms, "PaymentDueDate", "InstallmentDueDate", at="PaymentTerms/")


def _parts(terms: list[Node]) -> list[Part]:
    found = [Part(_day(one), amount(one, "Amount", at="PaymentTerms/")) for one in terms]
    return found if len(found) > 1 and all(one.due_date.text and one.amount.text for one in found) else []


def _party(root: Node, at: str) -> Party:
    node = next(children(root, f"{at}Party"), None)
    at += "Party/"
    ids = list(children(node, "PartyIdentification/ID"))
    own = [one for one in ids if not one.attributes.get("schemeID")]
    tax = [
        told(one, "CompanyID", at=f"{at}PartyTaxScheme/")
        for one in children(node, "PartyTaxScheme")
        if told(one, "TaxScheme/ID").text.upper() in ("VAT", "")
    ]
    with_scheme = [one for one in ids if one.attributes.get("schemeID") not in (None, "", "SEPA")]
    numbers = [
        *(Told(f"{at}PartyIdentification/ID", one.text.strip()) for one in own),
        *tax,
        told(node, "PartyLegalEntity/CompanyID", at=at),
        *(Told(f"{at}PartyIdentification/ID", one.text.strip()) for one in with_scheme),
        told(node, "EndpointID", at=at),
    ]
    return Party(
        # the registered name is whom one can sue; the name he trades under may be anything
        name=told(node, "PartyLegalEntity/RegistrationName", "PartyName/Name", at=at),
        numbers=[one for one in numbers if one.text],
        tax_number=tax[0].text if tax else "",
        about={
            "email": told(node, "Contact/ElectronicMail", at=at),
            "phone": told(node, "Contact/Telephone", at=at),
            "contact_name": told(node, "Contact/Name", at=at),
            "street": told(node, "PostalAddress/StreetName", at=at),
            "postcode": told(node, "PostalAddress/PostalZone", at=at),
            "city": told(node, "PostalAddress/CityName", at=at),
            "region": told(node, "PostalAddress/CountrySubentity", at=at),
            "country": told(node, "PostalAddress/Country/IdentificationCode", at=at),
        },
    )


def _totals(root: Node, currency: str) -> Totals:
    at = "LegalMonetaryTotal/"
    sums = next(children(root, "LegalMonetaryTotal"), None)
    # a second total of tax is the same tax in the seller's currency of accounting
    taxes = [
        (one, sum_)
        for one in children(root, "TaxTotal")
        for sum_ in children(one, "TaxAmount")
        if sum_.attributes.get("currencyID", currency) == currency
    ]
    line = "CreditNoteLine" if root.name == "CreditNote" else "InvoiceLine"
    extended = _EXTENSION in told(root, "CustomizationID").text
    return Totals(
        payable=amount(sums, "PayableAmount", at=at),
        gross=amount(sums, "TaxInclusiveAmount", at=at),
        net=amount(sums, "TaxExclusiveAmount", at=at),
        tax=amount_of(taxes[0][1], "TaxTotal/TaxAmount") if taxes else amount(None, "TaxTotal/TaxAmount"),
        lines=amount(sums, "LineExtensionAmount", at=at),
        allowances=amount(sums, "AllowanceTotalAmount", at=at),
        charges=amount(sums, "ChargeTotalAmount", at=at),
        prepaid=amount(sums, "PrepaidAmount", at=at),
        rounding=amount(sums, "PayableRoundingAmount", at=at),
        of_line=amounts(root, f"{line}/LineExtensionAmount"),
        of_tax=amounts(taxes[0][0], "TaxSubtotal/TaxAmount", "TaxTotal/") if taxes else [],
        of_allowance=[amount(one, "Amount", at="AllowanceCharge/") for one in _charges(root, charge=False)],
        of_charge=[amount(one, "Amount", at="AllowanceCharge/") for one in _charges(root, charge=True)],
        on_top=amounts(root, "PrepaidPayment/PaidAmount") if extended else [],
    )


def _charges(root: Node, *, charge: bool) -> list[Node]:
    return [one for one in children(root, "AllowanceCharge") if is_true(told(one, "ChargeIndicator").text) == charge]
