"""ISO 20022 account statements: camt.052 (report), camt.053 (statement), camt.054 (notification), all versions.

The versions differ in where a few elements stand (`Dbtr/Nm` or `Dbtr/Pty/Nm`, `Sts` or `Sts/Cd`); all places are looked
at. An entry that holds several payments becomes one line for each if their amounts make the entry's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from dunwell.core.errors import DunwellError
from dunwell.intake.statements.shapes import CREDIT, DEBIT, Balance, Declared, Entries, Head, Taken
from dunwell.intake.xml_nodes import Node, walk

MESSAGES = {"BkToCstmrStmt": "camt.053", "BkToCstmrAcctRpt": "camt.052", "BkToCstmrDbtCdtNtfctn": "camt.054"}
"""Element of the message (without the version that the first ones carried) -> format."""

_STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
_WHOLE = frozenset({"Acct", "Bal", "Ntry", "TxsSummry"})
_NUMBER = re.compile(r"^[0-9]{1,18}(?:\.[0-9]{1,17})?$")
_NOT_GIVEN = frozenset({"NOTPROVIDED", "NONREF", "NOTAVAILABLE", "NA", "N/A"})
"""What banks write into a reference that nobody gave."""
_SIDES = {"CRDT": CREDIT, "DBIT": DEBIT}
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt(data: bytes, file: str) -> Taken:
    """Take a message apart. Refuses what is no camt.052, 053 or 054, or holds no statement."""
    message = _Message(file)
    walk(data, file, whole=_WHOLE, opened=message.opened, closed=message.closed)
    if not message.format:
        raise DunwellError("intake.xml_unknown", file=file, root=message.root[:60] or "-")
    if not message.heads:
        raise DunwellError("intake.statement_none", file=file, format=message.format)
    return Taken(message.format, message.heads, message.entries.frame(), encoding="xml")


@dataclass(frozen=True, slots=True)
class _Money:
    """Amount as text, its currency and side."""

    amount: str
    currency: str
    side: str

    @classmethod
    def of_entry(cls, node: Node) -> Self:
        return cls(*_amount(node.at("Amt")), _SIDES.get(node.get("CdtDbtInd"), ""))

    @classmethod
    def of_part(cls, node: Node, entry: Self) -> Self:
        amount = _amount(node.at("Amt") or node.at("AmtDtls/TxAmt/Amt"))
        return cls(*amount, _SIDES.get(node.get("CdtDbtInd"), entry.side))


def _made_of(entry: _Money, parts: Sequence[_Money]) -> bool:
    """Whether the payments inside an entry are told with amounts that make its own."""
    if not all(_NUMBER.match(one.amount) and one.currency == entry.currency for one in (entry, *parts)):
        return False
    return Decimal(entry.amount) == sum(Decimal(one.amount) * (1 if one.side == entry.side else -1) for one in parts)


class _Message:
    def __init__(self, file: str) -> None:
        self.file = file
        self.format = ""
        self.root = ""
        self.heads: list[Head] = []
        self.entries = Entries()
        self._row = 0
        self._named = False

    def opened(self, name: str) -> None:
        self.root = self.root or name
        plain = re.sub(r"V[0-9]+$", "", name)
        if plain in MESSAGES and not self.format:
            self.format = MESSAGES[plain]
        elif name in _STATEMENTS and self.format:
            self.heads.append(Head(must_balance=self.format == "camt.053"))
            self._named = False

    def closed(self, node: Node) -> None:
        if not self.heads:
            return
        head = self.heads[-1]
        match node.name:
            case "Id":
                # the statement's own: those of accounts and parties stand inside elements that come whole
                if not self._named:
                    head.statement, self._named = node.text.strip(), True
            case "Acct":
                head.account = account_of(node)
                head.currency = node.get("Ccy")
            case "Bal":
                self._balance(node, head)
            case "TxsSummry":
                head.declared += _summary(node)
            case "Ntry":
                self._row += 1
                self._entry(node, len(self.heads) - 1)

    @staticmethod
    def _balance(node: Node, head: Head) -> None:
        kind = node.get("Tp/CdOrPrtry/Cd", "Tp/Cd")
        if node.get("Tp/SubTp/Cd") == "INTM" and kind in _OPENING and head.opening:
            return
        amount, currency = _amount(node.at("Amt"))
        sign = "-" if node.get("CdtDbtInd") == "DBIT" else ""
        told = Balance(sign + amount, currency, _day(node.at("Dt")), 0, kind)
        if kind in _OPENING and (head.opening is None or kind == "OPBD"):
            head.opening = told
        elif kind in _CLOSING:
            head.closing = told

    def _entry(self, node: Node, head: int) -> None:
        entry = _Money.of_entry(node)
        parts = list(node.every("TxDtls"))
        amounts = [_Money.of_part(part, entry) for part in parts]
        if len(parts) > 1 and _made_of(entry, amounts):
            for part, money in zip(parts, amounts, strict=True):
                self._add(node, head, [part], money)
            return
        told = next((one.get("NbOfTxs") for one in node.every("Btch") if one.get("NbOfTxs")), "")
        count = max(len(parts), _count(told) or 0)
        self._add(node, head, parts, entry, batch_of=count if count > 1 else None)

    def _add(
        self, entry: Node, head: int, parts: Sequence[Node], money: _Money, *, batch_of: int | None = None
    ) -> None:
        returned = any(next(part.every("RtrInf"), None) for part in parts)
        reversal = returned or entry.get("RvslInd") in ("true", "1")
        # who had paid stays the payer when his payment is taken back
        inwards = (money.side == CREDIT) != reversal
        value = _day(entry.at("ValDt"))
        self.entries.add(
            row=self._row, head=head, side=money.side, reversal=reversal, batch_of=batch_of,
            booked=entry.get("Sts/Cd", "Sts") in ("BOOK", ""), amount=money.amount, currency=money.currency,
            booking_date=_day(entry.at("BookgDt")) or value, value_date=value,
            bank_reference=given(entry.get("AcctSvcrRef")), end_to_end=given(_of_one(parts, "Refs/EndToEndId")),
            reference=_reference(parts), text=_text(entry, parts), payer=_party(parts, inwards=inwards),
            payer_account=_party_account(parts, inwards=inwards),
        )  # fmt: skip


def account_of(node: Node) -> str:
    """The number of an account: IBAN, else what the bank calls it."""
    return node.get("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC").replace(" ", "")


def _amount(node: Node | None) -> tuple[str, str]:
    return (node.text.strip(), node.attributes.get("Ccy", "").strip()) if node else ("", "")


def _day(node: Node | None) -> str:
    """The day, without its time: the bank's own."""
    return node.get("Dt", "DtTm")[:10] if node else ""


def given(reference: str) -> str:
    """A reference, or nothing where the bank writes that there is none."""
    return "" if reference.upper().replace(" ", "") in _NOT_GIVEN else reference


def _of_one(parts: Sequence[Node], path: str) -> str:
    return parts[0].get(path) if len(parts) == 1 else ""


def _reference(parts: Sequence[Node]) -> str:
    for part in parts if len(parts) == 1 else ():
        for strd in part.every("Strd"):
            found = strd.get("CdtrRefInf/Ref", "CdtrRefInf/CdtrRef", "RfrdDocInf/Nb", "RfrdDocInf/RfrdDocNb")
            if found:
                return found
    return ""


def _text(entry: Node, parts: Sequence[Node]) -> str:
    """Everything that was written about the payment, in the order of use."""
    told: list[str] = []
    for part in parts:
        told += [one.text.strip() for one in part.every("Ustrd")]
        for strd in part.every("Strd"):
            told += [one.text.strip() for name in ("Nb", "RfrdDocNb", "Ref", "AddtlRmtInf") for one in strd.every(name)]
        told += [part.get("AddtlTxInf"), part.get("RtrInf/Rsn/Cd", "RtrInf/AddtlInf")]
    told.append(entry.get("AddtlNtryInf"))
    return " ".join(dict.fromkeys(one for one in told if one))


def _party(parts: Sequence[Node], *, inwards: bool) -> str:
    if len(parts) != 1:
        return ""
    who = "Dbtr" if inwards else "Cdtr"
    paths = [f"RltdPties/{role}{below}/Nm" for role in (who, f"Ultmt{who}") for below in ("", "/Pty")]
    return parts[0].get(*paths)


def _party_account(parts: Sequence[Node], *, inwards: bool) -> str:
    found = parts[0].at(f"RltdPties/{'Dbtr' if inwards else 'Cdtr'}Acct") if len(parts) == 1 else None
    return account_of(found) if found else ""


def _summary(node: Node) -> list[Declared]:
    """What the statement says of its own entries."""
    found = []
    for name, side in (("TtlCdtNtries", CREDIT), ("TtlDbtNtries", DEBIT)):
        told = node.at(name)
        if told:
            count, amount = told.get("NbOfNtries"), told.get("Sum")
            found.append(Declared(name, side, _count(count), amount if _NUMBER.match(amount) else None, 0))
    return found


def _count(text: str) -> int | None:
    return int(text) if re.match(r"^[0-9]{1,8}$", text) else None
