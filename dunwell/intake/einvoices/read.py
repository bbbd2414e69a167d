"""Which files are e-invoices, and each of them as a sheet like those of other ledgers."""

import codecs
import hashlib
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from dunwell.core.errors import DunwellError
from dunwell.intake.einvoices.china import read_china
from dunwell.intake.einvoices.cii import read_cii
from dunwell.intake.einvoices.nodes import tree
from dunwell.intake.einvoices.pdf import MOST_XML, attached
from dunwell.intake.einvoices.rows import sheet_of
from dunwell.intake.einvoices.shapes import EInvoice
from dunwell.intake.einvoices.ubl import read_ubl
from dunwell.intake.shapes import Defaults, Known, Mapping
from dunwell.intake.sheet import Sheet
from dunwell.intake.source import open_file
from dunwell.intake.statements.shapes import MOST_BYTES
from dunwell.intake.xml_nodes import Node

_PDF = b"%PDF"
_SAMPLE = 1 << 16
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_READERS: dict[str, Callable[[Node], EInvoice]] = {
    "Invoice": read_ubl,
    "CreditNote": read_ubl,
    "CrossIndustryInvoice": read_cii,
    "CrossIndustryDocument": read_cii,
    "EInvoice": read_china,
}
_ORDERS = ("SCRDMCCBDACIOMessageStructure", "Order", "OrderResponse", "DespatchAdvice", "Quotation", "Reminder")
"""Other documents of the same families: nothing is owed by them."""


class _Found(Exception):
    """The first element of a document was met."""


def is_einvoice(path: Path) -> bool:
    """Whether a file is an e-invoice, or another document of their families, or a PDF, which may carry one."""
    try:
        with open_file(path) as file:
            sample = file.read(_SAMPLE)
    except (DunwellError, OSError):
        return False  # whoever reads the file says why it cannot be read
    return sample.startswith(_PDF) or _root(sample) is not None


def _root(sample: bytes) -> str | None:
    """The name of the first element of XML if it is of the families of e-invoices."""
    if sample.removeprefix(codecs.BOM_UTF8).lstrip()[:1] != b"<" and not sample.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ):
        return None
    met: list[str] = []

    def begin(name: str, _: dict[str, str]) -> None:
        met.append(name)
        raise _Found

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = begin
    try:
        parser.Parse(sample.lstrip() if sample[:1].isspace() else sample, False)
    except _Found:
        pass
    except (expat.ExpatError, ValueError, LookupError):
        return None
    namespace, _, name = met[0].rpartition(" ") if met else ("", "", "")
    if name in ("Invoice", "CreditNote", *_ORDERS[1:]) and not namespace.startswith(_UBL):
        return None
    return name if name in _READERS or name in _ORDERS else None


def read_einvoice(path: Path, index: int, known: Known, defaults: Defaults, mapping: Mapping | None) -> Sheet:
    """One e-invoice as a sheet of one row, or of one for each instalment.

    What is wrong with its amounts is a fault of its row. Refuses, in words, a file that is broken, too large, has a
    document type, or is another document than an invoice.
    """
    file = str(path)
    if defaults.day is not None:
        # every other invoice of the book would be taken as paid
        raise DunwellError("intake.einvoice_in_list", file=file)
    with open_file(path) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DunwellError("intake.einvoice_too_large", file=file, most=MOST_BYTES >> 20)
    sha256 = hashlib.sha256(data).hexdigest()
    is_pdf = data.startswith(_PDF)
    text = attached(data, file) if is_pdf else data
    if len(text) > MOST_XML:
        raise DunwellError("intake.einvoice_too_large", file=file, most=MOST_XML >> 20)
    text = text.lstrip() if text[:1].isspace() else text
    root = _root(text[:_SAMPLE])
    if root is None:
        # no XML of the kind: what is wrong with it as XML is said first
        tree(text, file, "-") if is_pdf else None
        raise DunwellError("intake.einvoice_other", file=file, root="-")
    if root in _ORDERS:
        raise DunwellError("intake.einvoice_other", file=file, root=root)
    invoice = _READERS[root](tree(text, file, root))
    return sheet_of(
        invoice, path, index, sha256, encoding="pdf" if is_pdf else "xml", known=known, defaults=defaults,
        mapping=mapping,
    )  # fmt: skip
