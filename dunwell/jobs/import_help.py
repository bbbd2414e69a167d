"""The help of `dunwell import`, from the tables that the program itself reads: fields of files, bounds of lists."""

import textwrap

from dunwell.actions.importing.open_items import FEWEST_ITEMS, LARGEST_SHARE_BP
from dunwell.intake.columns import REQUIRED, fields
from dunwell.intake.shapes import KINDS, STATEMENTS

WIDTH = 78

EXAMPLE = """\
kind = "invoices"
date = "DD/MM/YYYY"       # where 01/02/2026 could be read two ways
decimal = ","             # where 1.250 could be read two ways
[columns]                 # "column of the file" = "field"
"Beleg" = "number"
"Kunde" = "debtor"
[constants]               # what no column tells, the same in every row
currency = "EUR"
"""
"""A mapping file (TOML)."""
TERMS = """\
30, net 30                                 days after the invoice's date
30 days from acceptance                    or receipt, delivery (accepted_date, ...)
end of month + 45 days, 10th of next month
30%: on 2026-01-31; 70%: 60 days           instalments: R1#1, R1#2
30 days roll CN                            moved to the next working day there
"""
"""Payment terms in place of a due date."""


def required(kind: str) -> str:
    """`number, debtor, due_date or terms_days`: what a file of a kind must have."""
    return ", ".join(" or ".join(group) for group in REQUIRED[kind])


def optional(kind: str) -> list[str]:
    """The fields that a file of a kind may have beside."""
    needed = {field for group in REQUIRED[kind] for field in group}
    return [field for field in fields(kind) if field not in needed]


def help_text() -> str:
    """What `dunwell import --help` says."""
    share = f"{LARGEST_SHARE_BP // 100} %" if LARGEST_SHARE_BP % 100 == 0 else f"{LARGEST_SHARE_BP / 100} %"
    parts = [
        (
            "Read customers, contacts, invoices, credit notes, charges, payments, disputes and targets from CSV, XLSX"
            " or Parquet files. Of a workbook the sheet of which most columns are understood is read; other ledgers in"
            " it are named."
        ),
        (
            "Statements of banks and wallets are recognised by themselves: camt.052, camt.053 and camt.054, MT940 and"
            " MT942, OFX, exports of Alipay, WeChat Pay and of banks as CSV or XLSX. Money that came in and names an"
            " invoice becomes its payment; what overlaps with an earlier statement is not counted twice. A statement"
            " that does not make its own closing balance is refused; --accept-rest takes in what can be read. Name a"
            " folder to read all files in it."
        ),
        (
            "E-invoices are recognised too: UBL (Peppol BIS 3, XRechnung), CII (Factur-X, ZUGFeRD; also inside a PDF)"
            " and the Chinese fully digital e-invoice. What is claimed is the payable amount; sums that do not agree to"
            " the last unit are refused. What the document does not tell, the constants of a mapping file do:"
            " terms_days for a due date, debtor for the customer's number."
        ),
        (
            "All files go in together or not at all; repeating an import changes nothing. Exit code 0: done (or nothing"
            " new); 1: rows have errors, nothing was written; 2: a file, or the whole, cannot be used."
        ),
        (
            "With --open-items-as-of, what was open and is not listed any more is taken as paid. A list is not taken in"
            f" without a person's word if more than {share} of what was open is missing from it (of the items, or of"
            f" the money in a currency) and at least {FEWEST_ITEMS} items are, or if it has no invoice left at all:"
            " on a terminal you are asked, elsewhere it ends with code 2 and wants --accept-disappeared. A list may"
            " come in several commands of one day, invoices first: each speaks of the kinds that its own files hold."
        ),
        (
            "Columns are recognised by their names in English, German and Chinese. Where they are not, a mapping file"
            " says what they mean:"
        ),
        "\b\n" + textwrap.indent(EXAMPLE, "  ").rstrip(),
        "An invoice names its due date, or payment terms (terms_days; all of them: docs/payment-terms.md):",
        "\b\n" + textwrap.indent(TERMS, "  ").rstrip(),
        (
            "Fields of each kind of file (in brackets: may be left out; docs/reference/files.md lists the names that"
            " are recognised for each):"
        ),
        *("\b\n" + _fields(kind) for kind in (*KINDS, STATEMENTS)),
    ]
    return "\n\n".join(parts)


def _fields(kind: str) -> str:
    beside = f" [{', '.join(optional(kind))}]" if optional(kind) else ""
    return textwrap.fill(f"{kind}: {required(kind)}{beside}", WIDTH, initial_indent="  ", subsequent_indent="    ")
