"""UN/CEFACT Cross Industry Invoice: Factur-X, ZUGFeRD (2 and the first), XRechnung in this syntax.

Source: EN 16931-1 (business terms), its syntax binding to CII, Factur-X 1.0 for lines below lines."""

from dunwell.intake.einvoices.nodes import amount, amount_of, amounts, children, is_true, told
from dunwell.intake.einvoices.shapes import Amount, EInvoice, Part, Party, Told, Totals
from dunwell.intake.xml_nodes import Node

_CREDIT = ("381", "396", "261", "83", "308", "532")
_SETTLEMENT = "ApplicableHeaderTradeSettlement/"
_NOT_COUNTED = ("GROUP", "INFORMATION")
"""Lines that are sums of others, or words only."""


def read_cii(root: Node) -> EInvoice:
    """An element CrossIndustryInvoice (or that of the first ZUGFeRD, CrossIndustryDocument) -> what it says."""
    head = _first(root, "ExchangedDocument", "HeaderExchangedDocument")
    trade = _first(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = _first(trade, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    delivery = _first(trade, "ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")
    settlement = _first(trade, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    code = told(head, "TypeCode", at="ExchangedDocument/")
    terms = list(children(settlement, "SpecifiedTradePaymentTerms"))
    currency = told(settlement, "InvoiceCurrencyCode", at=_SETTLEMENT)
    return EInvoice(
        format="CII",
        number=told(head, "ID", at="ExchangedDocument/"),
        issue_date=_day(head, "IssueDateTime", "ExchangedDocument/"),
        currency=currency,
        type_code=code,
        credit=code.text in _CREDIT,
        seller=_party(agreement, "SellerTradeParty"),
        buyer=_party(agreement, "BuyerTradeParty"),
        totals=_totals(trade, settlement, currency.text),
        due_dates=[one for one in (_due(each) for each in terms) if one.text],
        terms=Told(
            f"{_SETTLEMENT}SpecifiedTradePaymentTerms/Description",
            " ".join(filter(None, (told(one, "Description").text for one in terms))),
        ),
        parts=_parts(terms),
        delivered_date=_day(
            _first(delivery, "ActualDeliverySupplyChainEvent"), "OccurrenceDateTime", "ActualDeliverySupplyChainEvent/"
        ),
        contract=told(agreement, "ContractReferencedDocument/IssuerAssignedID", "ContractReferencedDocument/ID"),
        preceding=[
            told(one, "IssuerAssignedID", "ID", at=f"{_SETTLEMENT}InvoiceReferencedDocument/")
            for one in children(settlement, "InvoiceReferencedDocument")
        ],
    )


def _first(node: Node | None, *names: str) -> Node | None:
    return next((found for name in names for found in children(node, name)), None)


def _day(node: Node | None, name: str, at: str) -> Told:
    """`20260131` of format 102 is already a day that can be read one way only."""
    return told(node, f"{name}/DateTimeString", f"{name}/DateTime", at=at)


def _due(terms: Node) -> Told:
    return _day(terms, "DueDateDateTime", f"{_SETTLEMENT}SpecifiedTradePaymentTerms/")


def _parts(terms: list[Node]) -> list[Part]:
    path = f"{_SETTLEMENT}SpecifiedTradePaymentTerms/"
    found = [Part(_due(one), amount(one, "PartialPaymentAmount", at=path)) for one in terms]
    return found if len(found) > 1 and all(one.due_date.text and one.amount.text for one in found) else []


def _party(agreement: Node | None, at: str) -> Party:
    node, at = _first(agreement, at), f"{at}/"
    registrations = list(children(node, "SpecifiedTaxRegistration/ID"))
    tax = [
        Told(f"{at}SpecifiedTaxRegistration/ID", one.text.strip())
        for one in registrations
        if one.attributes.get("schemeID", "VA") == "VA"
    ]
    numbers = [
        *(told(one, "ID", at=at) for one in [node] if one),
        *tax,
        told(node, "SpecifiedLegalOrganization/ID", "GlobalID", at=at),
        told(node, "URIUniversalCommunication/URIID", at=at),
    ]
    contact = "DefinedTradeContact/"
    return Party(
        name=told(node, "Name", at=at),
        numbers=[one for one in numbers if one.text],
        tax_number=tax[0].text if tax else "",
        about={
            "email": told(node, f"{contact}EmailURIUniversalCommunication/URIID", at=at),
            "phone": told(node, f"{contact}TelephoneUniversalCommunication/CompleteNumber", at=at),
            "contact_name": told(node, f"{contact}PersonName", at=at),
            "street": told(node, "PostalTradeAddress/LineOne", at=at),
            "postcode": told(node, "PostalTradeAddress/PostcodeCode", at=at),
            "city": told(node, "PostalTradeAddress/CityName", at=at),
            "region": told(node, "PostalTradeAddress/CountrySubDivisionName", at=at),
            "country": told(node, "PostalTradeAddress/CountryID", at=at),
        },
    )


def _totals(trade: Node | None, settlement: Node | None, currency: str) -> Totals:
    name = "SpecifiedTradeSettlementHeaderMonetarySummation"
    sums = _first(settlement, name, "SpecifiedTradeSettlementMonetarySummation")
    at = f"{sums.name if sums else name}/"
    return Totals(
        payable=amount(sums, "DuePayableAmount", "GrandTotalAmount", at=at),
        gross=amount(sums, "GrandTotalAmount", at=at),
        net=amount(sums, "TaxBasisTotalAmount", at=at),
        tax=_tax(sums, currency, at),
        lines=amount(sums, "LineTotalAmount", at=at),
        allowances=amount(sums, "AllowanceTotalAmount", at=at),
        charges=amount(sums, "ChargeTotalAmount", at=at),
        prepaid=amount(sums, "TotalPrepaidAmount", at=at),
        rounding=amount(sums, "RoundingAmount", at=at),
        of_line=_lines(trade),
        of_tax=amounts(settlement, "ApplicableTradeTax/CalculatedAmount", _SETTLEMENT),
        of_allowance=_charges(settlement, charge=False),
        of_charge=[
            *_charges(settlement, charge=True),
            *amounts(settlement, "SpecifiedLogisticsServiceCharge/AppliedAmount", _SETTLEMENT),
        ],
    )


def _tax(sums: Node | None, currency: str, at: str) -> Amount:
    """The tax in the currency of the invoice; a second one is the same in the seller's currency of accounting."""
    found = list(children(sums, "TaxTotalAmount"))
    own = [one for one in found if one.attributes.get("currencyID", currency) == currency]
    return amount_of(own[0], f"{at}TaxTotalAmount") if own else amount(None, "TaxTotalAmount", at=at)


def _lines(trade: Node | None) -> list[Amount]:
    """The lines that count. A line below another one is in the sum of that one, unless the document says that the
    upper one only groups."""
    found = []
    for line in children(trade, "IncludedSupplyChainTradeLineItem"):
        document = _first(line, "AssociatedDocumentLineDocument")
        status = told(document, "LineStatusReasonCode").text.upper()
        if status in _NOT_COUNTED or (not status and told(document, "ParentLineID").text):
            continue
        one = amount(
            line,
            "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
            "SpecifiedSupplyChainTradeSettlement/SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
            at="IncludedSupplyChainTradeLineItem/",
        )
        found.append(one)
    return [one for one in found if one.text]


def _charges(settlement: Node | None, *, charge: bool) -> list[Amount]:
    return [
        amount(one, "ActualAmount", at=f"{_SETTLEMENT}SpecifiedTradeAllowanceCharge/")
        for one in children(settlement, "SpecifiedTradeAllowanceCharge")
        if is_true(told(one, "ChargeIndicator/Indicator", "ChargeIndicator").text) == charge
    ]
