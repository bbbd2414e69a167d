"""SWIFT MT940 (customer statement) and MT942 (interim report), as banks write them: each message is one statement.

Fields are found by their tags at the beginning of a line; what a bank adds beside them (`:NS:`, envelopes) is passed
over. A `:61:` that cannot be read is reported with its line and never guessed at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dunwell.core.errors import DunwellError
from dunwell.intake.statements.camt import given
from dunwell.intake.statements.lines import lines_of
from dunwell.intake.statements.shapes import CREDIT, DEBIT, Balance, Declared, Entries, Head, Taken, Trouble
from dunwell.intake.statements.swift_text import Details, details_of

_TAG = re.compile(r"^:([0-9]{2}[A-Z]?|NS):(.*)$")
_BALANCE = re.compile(r"^([CD])([0-9]{6})([A-Z]{3})([0-9]{1,20}(?:,[0-9]{0,6})?)$")
_LINE = re.compile(
    r"^(?P<value>[0-9]{6})(?P<entry>[0-9]{4}|\s{4})?(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?\n?"
    r"(?P<amount>[0-9]{1,20}(?:,[0-9]{0,6})?)(?:(?P<kind>[A-Z][A-Z0-9]{3})(?P<rest>[^\n]*))?(?:\n(?P<more>.*))?$",
    re.DOTALL,
)
_TOTAL = re.compile(r"^([0-9]{1,5})([A-Z]{3})([0-9]{1,20}(?:,[0-9]{0,6})?)$")
_SIDES = {"C": (CREDIT, False), "D": (DEBIT, False), "RC": (DEBIT, True), "RD": (CREDIT, True), "EC": (CREDIT, False),
          "ED": (DEBIT, False)}  # fmt: skip
"""RC takes a credit back, RD a debit; EC and ED are expected, and not booked."""
_RETURNED = "RTI"
_INTERIM = re.compile(r"^:(?:34F|13D|90C|90D):", re.MULTILINE)
_STATEMENT = re.compile(r"^:6[02][FM]:", re.MULTILINE)
_LONGEST_FIELD = 10_000


@dataclass(slots=True)
class _Field:
    tag: str
    text: str
    row: int


def read_swift(text: str, file: str) -> Taken:
    """Take a file of messages apart. Refuses one in which no account is named."""
    found = _Messages("mt942" if _INTERIM.search(text) and not _STATEMENT.search(text) else "mt940")
    for field in _fields(text):
        found.take(field)
    if not found.heads:
        raise DunwellError("intake.statement_none", file=file, format=found.format)
    found.finish()
    return Taken(found.format, found.heads, found.entries.frame(), found.troubles)


def _fields(text: str) -> Iterator[_Field]:
    """Tags with all their lines; an envelope around a message and the dash that ends it are taken away."""
    field: _Field | None = None
    for row, raw in enumerate(lines_of(text), 1):
        line = re.sub(r"^\{1:.*\{4:", "", raw.rstrip("\r"))
        ends = line.startswith("-}") or line.strip() == "-"
        tag = None if ends else _TAG.match(line)
        if ends or tag:
            if field:
                yield field
            field = _Field(tag[1], tag[2], row) if tag else _Field("end", "", row)
        elif field and line.strip() and len(field.text) < _LONGEST_FIELD:
            field.text += "\n" + line
    if field:
        yield field


class _Messages:
    def __init__(self, format_name: str) -> None:
        self.format = format_name
        self.heads: list[Head] = []
        self.entries = Entries()
        self.troubles: list[Trouble] = []
        self._inside = False
        self._named = False
        self._row = 0
        self._line: tuple[re.Match[str], int] | None = None

    def take(self, field: _Field) -> None:
        """One field. Everything before the next `:61:` or balance belongs to the entry that is open."""
        self._row = field.row
        match field.tag:
            case "20":
                self._begin(field.row)
            case "25":
                if not self._inside or self._named:
                    self._begin(field.row)
                self._head().account = _account(field.text)
                self._named = True
            case "28" | "28C":
                self._head().statement = field.text.strip()[:100]
            case "60F" | "60M":
                opening = self._balance(field)
                self._head().opening, self._head().currency = opening, opening.currency
            case "62F" | "62M":
                self._close()
                self._head().closing = self._balance(field)
            case "61":
                self._close()
                self._begin_entry(field)
            case "86":
                self._close(field.text)
            case "90C" | "90D":
                self._close()
                self._total(field)
            case "34F":
                self._head().currency = field.text.strip()[:3]
            case "end":
                self._close()
                self._inside = False

    def finish(self) -> None:
        """The end of the file ends its last entry."""
        self._close()

    def _head(self) -> Head:
        if not self._inside:
            self._begin(self._row)
        return self.heads[-1]

    def _begin(self, row: int) -> None:
        self._close()
        self.heads.append(Head(row=row, must_balance=self.format == "mt940"))
        self._inside, self._named = True, False

    def _balance(self, field: _Field) -> Balance:
        label = f":{field.tag}:"
        found = _BALANCE.match(field.text.strip())
        if not found:
            self.troubles.append(
                Trouble(field.row, "intake.statement_bad_balance", label, field.text.strip()[:200], entry=False)
            )
            return Balance("", self._head().currency, "", field.row, label)
        side, day, currency, amount = found.groups()
        return Balance(("-" if side == "D" else "") + _point(amount), currency, _iso(day), field.row, label)

    def _begin_entry(self, field: _Field) -> None:
        self._head()
        found = _LINE.match(field.text.rstrip())
        if not found:
            self.troubles.append(Trouble(field.row, "intake.statement_bad_line", ":61:", field.text[:200]))
            # it counts as an entry that cannot be read
            self.entries.add(row=field.row, head=len(self.heads) - 1, side="")
            return
        self._line = (found, field.row)

    def _close(self, details: str = "") -> None:
        if self._line is None:
            return
        (found, row), self._line = self._line, None
        side, reversal = _SIDES[found["mark"]]
        told = details_of(details) if details else Details()
        rest, _, bank = (found["rest"] or "").partition("//")
        value = _iso(found["value"])
        self.entries.add(
            row=row, head=len(self.heads) - 1, side=side,
            reversal=reversal or (side == DEBIT and (found["kind"] or "")[1:] == _RETURNED),
            booked=not found["mark"].startswith("E"), amount=_point(found["amount"]), currency=self.heads[-1].currency,
            booking_date=_entry_day(value, found["entry"]), value_date=value, bank_reference=given(bank.strip()),
            end_to_end=given(told.end_to_end), reference=told.reference or given(rest.strip()),
            text=" ".join(one for one in (told.text, _more(found["more"])) if one), payer=told.payer,
            payer_account=told.payer_account,
        )  # fmt: skip

    def _total(self, field: _Field) -> None:
        found = _TOTAL.match(field.text.strip())
        if found:
            side = CREDIT if field.tag == "90C" else DEBIT
            self._head().declared.append(Declared(f":{field.tag}:", side, int(found[1]), _point(found[3]), field.row))
            self._head().currency = self._head().currency or found[2]


def _point(amount: str) -> str:
    """`6800,` -> `6800`; `147,64` -> `147.64`."""
    return amount.replace(",", ".").rstrip(".").lstrip("0").rjust(1, "0") if amount.strip("0,") else "0"


def _iso(day: str) -> str:
    """YYMMDD with the years 1970 to 2069; whether the day exists is asked later."""
    return f"{'19' if day >= '70' else '20'}{day[:2]}-{day[2:4]}-{day[4:]}"


def _entry_day(value: str, entry: str | None) -> str:
    """The booking day: MMDD in the year of the value date, or the one beside it across the turn of a year."""
    if not entry or not entry.strip():
        return value
    year, month = int(value[:4]), int(value[5:7])
    ahead = int(entry[:2]) - month
    year += 1 if ahead < -6 else -1 if ahead > 6 else 0
    return f"{year}-{entry[:2]}-{entry[2:]}"


def _account(text: str) -> str:
    """The account, without the currency that some banks set behind its digits."""
    one = "".join(text.split())
    return re.sub(r"(?<=[0-9])[A-Z]{3}$", "", one.removesuffix("/"))[:100]


def _more(text: str | None) -> str:
    """What stands below `:61:`: the amount in another currency is no text."""
    return " ".join(line for line in (text or "").split("\n") if not re.match(r"^/(?:OCMT|CHGS)/", line))
