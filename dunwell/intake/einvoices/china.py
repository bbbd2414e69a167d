"""The Chinese fully digital e-invoice (全面数字化的电子发票) as XML: always yuan, never a due date.

No specification of its elements is published; their names are those that public readers of such files use. A red one
has negative amounts."""

from dunwell.intake.einvoices.nodes import amount, amounts, children, told
from dunwell.intake.einvoices.shapes import NOTHING, EInvoice, Party, Told, Totals
from dunwell.intake.xml_nodes import Node


def read_china(root: Node) -> EInvoice:
    """An element EInvoice -> what it says."""
    sums = "EInvoiceData/BasicInformation/"
    total = amount(root, f"{sums}TotalTax-includedAmount")
    net, tax = amount(root, f"{sums}TotalAmWithoutTax"), amount(root, f"{sums}TotalTaxAm")
    item = "EInvoiceData/IssuItemInformation"
    items = sum(1 for _ in children(root, item))
    lines, taxes = amounts(root, f"{item}/Amount"), amounts(root, f"{item}/ComTaxAm")
    return EInvoice(
        format="CN",
        number=told(root, "TaxSupervisionInfo/InvoiceNumber", "Header/EIid"),
        issue_date=told(root, "TaxSupervisionInfo/IssueTime", f"{sums}RequestTime"),
        currency=Told(f"{sums}TotalTax-includedAmount", "CNY"),
        type_code=Told("-"),
        credit=False,
        seller=_party(root, "Seller"),
        buyer=_party(root, "Buyer"),
        totals=Totals(
            payable=total, gross=total, net=net, tax=tax, lines=net if lines else NOTHING, of_line=lines,
            of_tax=taxes if len(taxes) == items else [],
        ),
    )  # fmt: skip


def _party(root: Node, who: str) -> Party:
    at = f"EInvoiceData/{who}Information/{who}"
    number = told(root, f"{at}IdNum")
    return Party(
        name=told(root, f"{at}Name"),
        numbers=[number] if number.text else [],
        tax_number=number.text,
        about={"street": told(root, f"{at}Addr"), "phone": told(root, f"{at}TelNum"), "country": Told(at, "CN")},
    )
