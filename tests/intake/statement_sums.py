"""What becomes of a real file: its entries when it agrees with itself, added up here again, or the reasons why not."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

from dunwell.core.errors import DunwellError
from dunwell.intake import Defaults, Known, read_files
from dunwell.intake.statements import StatementFile, format_of, read_statements


def outcome(path: Path) -> int | list[str]:
    """Number of entries, or codes. A file without errors must make its own balances by a second way of adding up."""
    defaults = Defaults(currency="CNY")
    try:
        if format_of(path) is None:
            read_files([path], known=Known(), defaults=defaults)
            raise AssertionError(f"{path} is neither refused nor a statement")
        [found] = read_statements([path], defaults=defaults)
    except DunwellError as refusal:
        return [refusal.code.removeprefix("intake.")]
    if found.errors.height:
        assert found.errors["reason"].str.len_chars().min() > 10
        return [code.removeprefix("intake.") for code in found.errors["code"]]
    _add_up_again(path, found)
    return found.report.rows


def _add_up_again(path: Path, found: StatementFile) -> None:
    """By plain text search, without the reader: opening, entries and closing of each statement."""
    told = [Decimal(minor) / 100 for minor in found.lines["amount_minor"]]
    text = path.read_bytes().decode("latin-1")
    if ":62F:" in text:
        opened = [_signed(*one) for one in re.findall(r":60[FM]:([CD])\d{6}[A-Z]{3}([\d,]+)", text)]
        closed = [_signed(*one) for one in re.findall(r":62[FM]:([CD])\d{6}[A-Z]{3}([\d,]+)", text)]
        assert sum(closed) - sum(opened) == sum(told), path
    elif "<BkToCstmrStmt>" in text:
        root = ET.fromstring(re.sub(r' xmlns="[^"]*"', "", text).encode("latin-1"))
        for statement in root.iter("Stmt"):
            ends = {bal.findtext("Tp/CdOrPrtry/Cd"): _of(bal) for bal in statement.iter("Bal")}
            entries = [_of(one) for one in statement.findall("Ntry")]
            assert ends.get("OPBD", ends.get("PRCD", 0)) + sum(entries) == ends["CLBD"], path


def _signed(mark: str, amount: str) -> Decimal:
    return Decimal(amount.replace(",", ".")) * (1 if mark == "C" else -1)


def _of(node: ET.Element) -> Decimal:
    return Decimal(node.findtext("Amt") or "0") * (1 if node.findtext("CdtDbtInd") == "CRDT" else -1)
