"""OFX 1 (SGML, tags left open) and OFX 2 (XML), bank and card statements: read by its tags, whichever it is."""

import html
import re
from collections.abc import Iterator

from dunwell.core.errors import DunwellError
from dunwell.intake.shapes import Note
from dunwell.intake.statements.shapes import CREDIT, DEBIT, Balance, Entries, Head, Taken, Trouble

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._]{0,40})\s*>([^<]*)")
_STATEMENTS = ("STMTRS", "CCSTMTRS")
_CURRENCY = ("CURRENCY", "ORIGCURRENCY")
"""Both tell a currency beside the entry's; only under the first is the amount in it."""


def read_ofx(text: str, file: str) -> Taken:
    """Take a file apart. Refuses one without a bank statement in words: the bank's own, if it reports an error."""
    if re.search(r"<!DOCTYPE|<!ENTITY", text, re.IGNORECASE):
        raise DunwellError("intake.xml_doctype", file=file)
    body = text[max(text.upper().find("<OFX>"), 0) :]
    found = _Statements()
    for end, name, value in _tags(body):
        if end:
            found.end(name)
        else:
            found.begin(name, value)
    if not found.heads:
        if found.error:
            raise DunwellError("intake.statement_bank_error", file=file, reason=found.error[:200])
        raise DunwellError("intake.statement_none", file=file, format="ofx")
    taken = Taken("ofx", found.heads, found.entries.frame(), found.troubles)
    taken.notes.append(Note("intake.note_no_opening", {"format": "OFX"}))
    return taken


def _tags(text: str) -> Iterator[tuple[bool, str, str]]:
    for match in _TAG.finditer(text):
        yield match[1] == "/", match[2].upper(), html.unescape(match[3]).strip()


class _Statements:
    def __init__(self) -> None:
        self.heads: list[Head] = []
        self.entries = Entries()
        self.troubles: list[Trouble] = []
        self.error = ""
        self._inside = False
        self._entry: dict[str, str] | None = None
        self._balance: dict[str, str] | None = None
        self._bad_status = False
        self._row = 0

    def begin(self, name: str, value: str) -> None:
        """A tag opens, or tells its value."""
        if name in _STATEMENTS:
            self.heads.append(Head())
            self._inside = True
        elif name == "STMTTRN" and self._inside:
            self._close_entry()
            self._entry = {}
        elif name == "LEDGERBAL" and self._inside:
            self._close_entry()
            self._balance = {}
        elif name == "SEVERITY":
            self._bad_status = value.upper() == "ERROR"
            self.error = self.error or ("-" if self._bad_status else "")
        elif name == "MESSAGE" and self._bad_status:
            self.error = value or "-"
        elif self._entry is not None:
            if name in _CURRENCY:
                self._entry["@"] = name
            elif name == "CURSYM" and self._entry.get("@") == "CURRENCY":
                self._entry["CURRENCY"] = value[:3]
            elif value:
                self._entry.setdefault(name, value)
        elif self._balance is not None:
            self._balance.setdefault(name, value)
        elif self._inside:
            head = self.heads[-1]
            if name == "CURDEF":
                head.currency = value[:3]
            elif name == "ACCTID":
                head.account = head.account or value[:100]

    def end(self, name: str) -> None:
        """A tag closes."""
        if name == "STMTTRN":
            self._close_entry()
        elif name == "LEDGERBAL":
            self._close_balance()
        elif name in _STATEMENTS:
            self._close_entry()
            self._close_balance()
            self._inside = False

    def _close_balance(self) -> None:
        if self._balance and self._balance.get("BALAMT"):
            amount, day = self._balance["BALAMT"].replace(",", "."), _day(self._balance.get("DTASOF", ""))
            self.heads[-1].closing = Balance(amount, self.heads[-1].currency, day, 0, "LEDGERBAL")
        self._balance = None

    def _close_entry(self) -> None:
        told, self._entry = self._entry, None
        if told is None:
            return
        self._row += 1
        head = self.heads[-1]
        amount = told.get("TRNAMT", "").replace(" ", "")
        names = [told.get(name, "") for name in ("NAME", "MEMO")]
        self.entries.add(
            row=self._row, head=len(self.heads) - 1, side=DEBIT if amount.startswith("-") else CREDIT,
            amount=_point(amount.lstrip("+-")), currency=told.get("CURRENCY") or head.currency,
            booking_date=_day(told.get("DTPOSTED", "")),
            value_date=_day(told.get("DTAVAIL", "")) or _day(told.get("VALUEDATE", "")),
            bank_reference=told.get("FITID", ""), reference=told.get("REFNUM") or told.get("CHECKNUM", ""),
            text=" ".join(dict.fromkeys(one for one in names if one)), payer=told.get("NAME", ""),
            payer_account=told.get("ACCTID", ""),
        )  # fmt: skip


def _point(amount: str) -> str:
    """The decimal mark as a point: OFX has no groups, and either mark."""
    return amount.replace(",", ".") if amount.count(",") == 1 and "." not in amount else amount


def _day(moment: str) -> str:
    """The day of `20110331120000.000[-5:EST]`, as the bank printed it."""
    found = re.match(r"^([0-9]{4})([0-9]{2})([0-9]{2})", moment)
    return f"{found[1]}-{found[2]}-{found[3]}" if found else moment[:30]
