"""What an e-invoice says, whichever its format: texts and amounts, each with the element that told it."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Told:
    """A text and the element that holds it; the text is empty where there is none."""

    element: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in units of the currency and the element that holds it. `value` is None where it is not told, or where
    `text` is no number."""

    element: str
    value: Decimal | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return self.value is not None


NOTHING = Amount("-")


@dataclass(slots=True)
class Party:
    """The seller or the buyer. `numbers` are what he is known by, the likeliest first."""

    name: Told
    numbers: list[Told]
    tax_number: str = ""
    about: dict[str, Told] = field(default_factory=dict)
    """Field of a customer (street, email, ...) -> what is told of it."""


@dataclass(slots=True)
class Totals:
    """The sums of a document. Lists hold what the totals beside them are made of; empty: the document does not tell."""

    payable: Amount
    gross: Amount = NOTHING
    net: Amount = NOTHING
    tax: Amount = NOTHING
    lines: Amount = NOTHING
    allowances: Amount = NOTHING
    charges: Amount = NOTHING
    prepaid: Amount = NOTHING
    rounding: Amount = NOTHING
    of_line: list[Amount] = field(default_factory=list)
    of_tax: list[Amount] = field(default_factory=list)
    of_allowance: list[Amount] = field(default_factory=list)
    of_charge: list[Amount] = field(default_factory=list)
    on_top: list[Amount] = field(default_factory=list)
    """Claims of others that are paid together with this one."""


@dataclass(slots=True)
class Part:
    """One of several payments that were agreed."""

    due_date: Told
    amount: Amount


@dataclass(slots=True)
class EInvoice:
    """One document. `type_code` is that of UNTDID 1001 (empty in China); `credit`: it is a credit note."""

    format: str
    number: Told
    issue_date: Told
    currency: Told
    type_code: Told
    credit: bool
    seller: Party
    buyer: Party
    totals: Totals
    due_dates: list[Told] = field(default_factory=list)
    terms: Told = Told("-")
    parts: list[Part] = field(default_factory=list)
    delivered_date: Told = Told("-")
    contract: Told = Told("-")
    preceding: list[Told] = field(default_factory=list)
    """Numbers of the invoices that this document credits or corrects."""
