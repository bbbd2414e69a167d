"""An e-invoice -> a sheet of invoices: the same checks, errors and comparisons as for a row of a ledger.

What is claimed is the payable amount: what was paid in advance is deducted, and not booked as a payment, because the
document does not tell when it came."""

import re
from pathlib import Path

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.intake.cells import Cells
from dunwell.intake.columns import Recognition, fields, plain
from dunwell.intake.einvoices.shapes import Amount, EInvoice, Party, Told
from dunwell.intake.einvoices.sums import faults_of
from dunwell.intake.shapes import Defaults, Known, Mapping, Note
from dunwell.intake.sheet import Sheet
from dunwell.rulebook.terms_notation import read_terms

_ROW = 1
_DAY = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*|Z|[+-][0-9]{2}:[0-9]{2})?$")
_WITHIN = re.compile(
    r"^(?:(?:payment|payable|please pay|zahlbar|zahlung) )?(?:within|innerhalb(?: von)?|binnen) ([0-9]{1,3})"
    r" (?:days|tagen)(?: (?:net|netto|rein netto|ohne abzug))?\.?$",
    re.IGNORECASE,
)
"""Words that say days and nothing else: no discount, no other day to count from."""
_CORRECTED = "384"
_PRO_FORMA = "325"


def sheet_of(
    invoice: EInvoice,
    path: Path,
    index: int,
    sha256: str,
    *,
    encoding: str,
    known: Known,
    defaults: Defaults,
    mapping: Mapping | None,
) -> Sheet:
    """The document as raw cells by field, its faults and what a person should know about it."""
    notes: list[Note] = [_summary(invoice)]
    told = _told(invoice, known, notes)
    recognition, headers = _recognised(told, mapping)
    rows = [_cells(told, place, part) for place, part in enumerate(_parts(invoice), 1)]
    schema = {"file": pl.Int32(), "row": pl.Int64(), **{field: pl.String() for field in rows[0]}}
    cells = pl.DataFrame([{"file": index, "row": _ROW, **row} for row in rows], schema=schema)
    faults = [(_ROW, *fault) for fault in [*faults_of(invoice), *_doubts(invoice, defaults)]]
    notes += _about_seller(invoice.seller, defaults)
    return Sheet(
        index=index, path=path, sha256=sha256, encoding=encoding, delimiter="", recognition=recognition,
        headers=headers, cells=cells, faults=faults, rows=1, notes=notes, typed=True,
    )  # fmt: skip


def _summary(invoice: EInvoice) -> Note:
    totals = invoice.totals
    return Note(
        "intake.note_einvoice",
        {
            "format": invoice.format, "number": invoice.number.text or "-", "currency": invoice.currency.text or "-",
            "gross": totals.gross.text or "-", "prepaid": totals.prepaid.text or "0",
            "payable": totals.payable.text or "-",
        },
    )  # fmt: skip


def _told(invoice: EInvoice, known: Known, notes: list[Note]) -> dict[str, Told]:
    """Field of an invoice file -> what the document tells of it, and where; only fields that it tells, and those that
    no invoice may lack."""
    buyer = invoice.buyer
    credit = "credit note" if invoice.credit else "invoice"
    told = {
        "number": invoice.number,
        "debtor": _debtor(buyer, known),
        "issue_date": _day(invoice.issue_date),
        "currency": invoice.currency,
        "amount": Told(invoice.totals.payable.element, _plain(invoice.totals.payable)),
        "doc_type": Told(invoice.type_code.element, credit),
        "debtor_name": buyer.name,
    }
    optional = {
        "delivered_date": _day(invoice.delivered_date),
        "contract": invoice.contract,
        **buyer.about,
        **_due(invoice, notes),
    }
    if invoice.format == "CN" and not buyer.numbers:
        # no tax number: he may be a natural person, and is to have the protection of one until somebody knows better
        optional["debtor_kind"] = Told("EInvoiceData/BuyerInformation/BuyerIdNum", "consumer")
        notes.append(Note("intake.note_einvoice_no_tax_number", {"name": buyer.name.text or "-"}))
    optional |= _preceding(invoice, notes)
    _leave_out(optional, notes)
    return told | {field: one for field, one in optional.items() if one.text}


def _debtor(buyer: Party, known: Known) -> Told:
    """By which number the book knows the buyer, else the likeliest one, else his name."""
    numbers = [*buyer.numbers, buyer.name]
    asked = known.debtors.filter(pl.col("number").cast(pl.String).is_in([one.text for one in numbers]))
    in_book = set(asked["number"].cast(pl.String))
    return next((one for one in numbers if one.text in in_book), numbers[0])


def _due(invoice: EInvoice, notes: list[Note]) -> dict[str, Told]:
    """The day, else the terms where they can be read."""
    days = [_day(one) for one in invoice.due_dates]
    if days:
        if len({one.text for one in days}) > 1 and not invoice.parts:
            params = {"days": ", ".join(sorted({one.text for one in days}))}
            notes.append(Note("intake.note_einvoice_due_dates", params))
        # nobody is to be asked before the last of several days
        return {"due_date": max(days, key=lambda one: one.text)}
    if not invoice.terms.text or invoice.credit:
        return {}
    found = _WITHIN.match(invoice.terms.text)
    if not found:
        # terms that cannot be read are no silence: a day that the law gives would not be theirs
        return {"terms_days": invoice.terms}
    notes.append(Note("intake.note_einvoice_terms", {"terms": invoice.terms.text, "days": found[1]}))
    return {"terms_days": Told(invoice.terms.element, f"{found[1]} days")}


def _can_be_read(terms: str) -> bool:
    if terms.isdecimal():
        return True
    try:
        read_terms(terms)
    except DunwellError:
        return False
    return True


def _preceding(invoice: EInvoice, notes: list[Note]) -> dict[str, Told]:
    """The invoice that a credit note is about, if it is one."""
    named = [one for one in invoice.preceding if one.text]
    if invoice.type_code.text == _CORRECTED and named:
        numbers = ", ".join(one.text for one in named[:5])
        notes.append(Note("intake.note_einvoice_corrects", {"numbers": numbers}))
    is_credit = invoice.credit or (invoice.totals.payable.value or 0) < 0
    return {"receivable": named[0]} if is_credit and len(named) == 1 else {}


def _leave_out(told: dict[str, Told], notes: list[Note]) -> None:
    """Addresses that cannot be used are told, and left out: they make no claim wrong."""
    checks = {"email": Cells.is_email, "phone": Cells.is_phone}
    for field, check in checks.items():
        text = told[field].text if field in told else ""
        if text and not check(pl.Series([text]))[0]:
            notes.append(Note("intake.note_einvoice_left_out", {"element": told[field].element, "text": text[:80]}))
            del told[field]


def _day(told: Told) -> Told:
    """A day of a standard, without its zone: the seller's own."""
    found = _DAY.match(told.text)
    return Told(told.element, found[1]) if found else told


def _plain(amount: Amount) -> str:
    return format(amount.value, "f") if amount.value is not None else ""


def _recognised(told: dict[str, Told], mapping: Mapping | None) -> tuple[Recognition, list[str]]:
    """As if the elements were the columns of a file; constants of a mapping tell what the document does not, and by
    which number the buyer is known."""
    given = dict(mapping.constants) if mapping else {}
    constants = {
        field: value
        for field, value in given.items()
        if field in fields("invoices") and (field not in told or field == "debtor" or _silent(field, told[field]))
    }
    for field in constants:
        told.pop(field, None)
    columns: dict[str, int] = {}
    headers: list[str] = []
    for field, one in told.items():
        # the number of the buyer may be his name; both are told by one element
        columns[field] = len(headers)
        headers.append(one.element if one.element not in (*headers, "-") else f"{one.element} ({field})")
    found = Recognition(
        kind="invoices", columns=columns, constants=constants, ignored=(), missing=(), twice=(), debtor_is_name=False
    )
    return found, headers


def _silent(field: str, told: Told) -> bool:
    """Whether what is told are terms in words that nobody can count with: those of a mapping are as good as agreed."""
    return field == "terms_days" and not _can_be_read(told.text)


def _parts(invoice: EInvoice) -> list[tuple[str, str] | None]:
    """Due date and amount of each instalment; one None where the whole is one."""
    if invoice.credit or not invoice.parts:
        return [None]
    return [(_day(part.due_date).text, _plain(part.amount)) for part in invoice.parts]


def _cells(told: dict[str, Told], place: int, part: tuple[str, str] | None) -> dict[str, str]:
    row = {field: one.text for field, one in told.items()}
    if part is not None:
        due_date, amount = part
        number = f"{row['number']}#{place}" if row.get("number") else ""
        row |= {"number": number, "due_date": due_date, "amount": amount, "instalment": str(place)}
    return row


def _doubts(invoice: EInvoice, defaults: Defaults) -> list[tuple[str, str, str]]:
    """What makes a document no claim of this creditor."""
    found = []
    if invoice.type_code.text == _PRO_FORMA:
        found.append(("intake.einvoice_no_claim", invoice.type_code.text, invoice.type_code.element))
    payable = invoice.totals.payable
    if invoice.credit and payable.value is not None and payable.value < 0:
        found.append(("intake.einvoice_negative_credit", payable.text, payable.element))
    ours = plain(defaults.creditor or "")
    if ours and plain(invoice.buyer.name.text) == ours and plain(invoice.seller.name.text) != ours:
        found.append(("intake.einvoice_to_us", invoice.buyer.name.text, invoice.seller.name.text))
    return found


def _about_seller(seller: Party, defaults: Defaults) -> list[Note]:
    ours = defaults.creditor
    if not ours or plain(seller.name.text) == plain(ours):
        return []
    told = ", ".join(one for one in (seller.name.text, seller.tax_number) if one) or "-"
    return [Note("intake.note_einvoice_seller", {"seller": told, "creditor": ours})]
