"""Statements as tables: exports of banks, Alipay, WeChat Pay, as CSV or XLSX, with what stands above and below them."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from dunwell.core.errors import DunwellError
from dunwell.intake.columns import SEPARATORS, check_mapping, plain
from dunwell.intake.shapes import Mapping, Note
from dunwell.intake.statements.header import Header, is_statement, read_header
from dunwell.intake.statements.lines import lines_of
from dunwell.intake.statements.shapes import (
    CREDIT,
    DEBIT,
    LONGEST,
    Balance,
    Declared,
    Head,
    Taken,
    Trouble,
    tidy,
)
from dunwell.intake.statements.table_cells import TableEntries, understood
from dunwell.intake.workbook import Row

_HEADER_WITHIN = 60
_SAMPLE = 200
_TOTAL = re.compile(r"合计|合計|总计|總計|小计|小計|^(?:sub|grand )?totals?\b|^sum\b|^summe\b|^saldo\b", re.IGNORECASE)
_ACCOUNT = re.compile(
    r"(?:支付宝账户|支付寶帳戶|微信昵称|微信暱稱|账号|帳號|账户|帳戶|卡号|卡號|account(?: no\.?| number)?|iban"
    r"|konto(?:nummer)?)\s*[:：]\s*\[?([^\s,;\]\"]{2,60})",
    re.IGNORECASE,
)
_MONEY = r"([+-]?[0-9][0-9,]*(?:\.[0-9]+)?)"
_COUNT = re.compile(r"共\s*([0-9]{1,7})\s*[笔筆]")
_INCOME = re.compile(rf"收入\s*[:：]\s*([0-9]{{1,7}})\s*[笔筆]\s*[¥￥]?{_MONEY}\s*元")
_SPENDING = re.compile(rf"支出\s*[:：]\s*([0-9]{{1,7}})\s*[笔筆]\s*[¥￥]?{_MONEY}\s*元")
_OPENING = re.compile(
    rf"(?:期初余额|期初餘額|上期余额|承前余额|opening balance|anfangssaldo)[\s:：,\"]*{_MONEY}", re.IGNORECASE
)
_CLOSING = re.compile(rf"(?:期末余额|期末餘額|本期余额|closing balance|endsaldo)[\s:：,\"]*{_MONEY}", re.IGNORECASE)
_MAY_DIFFER = re.compile(r"可能会?和下方统计金额不一致|可能會?和下方統計金額不一致")
_WALLETS = (
    ("alipay", re.compile("支付宝|支付寶|alipay", re.IGNORECASE)),
    ("wechat", re.compile("微信支付|wechat pay", re.IGNORECASE)),
)
_YUAN = re.compile(r"[(（]\s*(?:元|人民币|RMB|CNY)\s*[)）]|人民币")


@dataclass(frozen=True, slots=True)
class Found:
    """A table that is a statement: where its header is, and the rows above it."""

    header: Header
    above: list[str]
    row: int
    """The header's row."""
    rows: Iterable[Row]
    delimiter: str = ""


def in_text(text: str, file: str, mapping: Mapping | None) -> Found | None:
    """Find header and delimiter of a text file together; None: it is no statement."""
    separators = [mapping.delimiter] if mapping and mapping.delimiter else list(SEPARATORS)
    best: tuple[int, Found] | None = None
    for separator in separators:
        head = list(_split(islice(lines_of(text), _SAMPLE), separator, file, partial=True))
        at = _header_at(head, file, mapping)
        if at is None:
            continue
        place, header = at
        if best is None or len(header.columns) > best[0]:
            above = [" ".join(cells).strip() for _, cells in head[:place]]
            found = Found(
                header, above, head[place][0], _after(_split(lines_of(text), separator, file), place), separator
            )
            best = (len(header.columns), found)
    return best[1] if best else None


def in_rows(rows: Iterator[Row], file: str, mapping: Mapping | None) -> Found | None:
    """The same for a sheet of a workbook."""
    head = list(islice(rows, _SAMPLE))
    at = _header_at(head, file, mapping)
    if at is None:
        return None
    place, header = at
    above = [" ".join(cells).strip() for _, cells in head[:place]]
    return Found(header, above, head[place][0], chain(head[place + 1 :], rows))


def _header_at(rows: list[Row], file: str, mapping: Mapping | None) -> tuple[int, Header] | None:
    for place, (_, cells) in enumerate(rows[:_HEADER_WITHIN]):
        if sum(1 for cell in cells if cell.strip()) < 2:
            continue
        header = read_header(cells, mapping)
        if is_statement(header, file, mapping):
            return place, header
    return None


def refusal(text: str, file: str, mapping: Mapping | None) -> DunwellError:
    """What a table that a mapping calls a statement lacks, in words."""
    separator = (mapping.delimiter if mapping else None) or max(SEPARATORS, key=text[:2000].count)
    rows = [
        cells for _, cells in _split(islice(lines_of(text), _SAMPLE), separator, file, partial=True) if len(cells) > 1
    ]
    if rows and mapping and mapping.columns:
        check_mapping(mapping, rows[0], file)
    found = ", ".join(f'"{tidy(one, 60)}"' for one in (rows[0][:40] if rows else [])) or "-"
    return DunwellError("intake.statement_columns", file=file, found=found)


def _split(lines: Iterable[str], separator: str, file: str, *, partial: bool = False) -> Iterator[Row]:
    """Rows with the line each begins on; blank ones are left out."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator)
    began = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield began, cells
            began = reader.line_num + 1
    except csv.Error as problem:
        if not partial:
            raise DunwellError("intake.statement_torn", file=file, row=began, reason=str(problem)) from None


def _after(rows: Iterator[Row], place: int) -> Iterator[Row]:
    for _ in range(place + 1):
        next(rows, None)
    yield from rows


def read_table(found: Found, file: str, *, encoding: str = "") -> Taken:
    """Take a statement that was found apart: its entries, and what the lines above and below say of them."""
    body = _Body(found.header)
    for row, cells in found.rows:
        body.take(row, cells)
    if not len(body.entries):
        raise DunwellError("intake.header_only", file=file)
    around = [*found.above, *body.below]
    about = "\n".join(around)
    format_name = next((name for name, words in _WALLETS if words.search(about)), "table")
    head = _head(about, found, format_name)
    entries, notes = understood(body.entries, head.account)
    if head.account == "table" and entries["account"].eq_missing("table").any():
        notes.append(Note("intake.note_account_unnamed", {}))
    if found.above:
        notes.insert(0, Note("intake.note_preamble", {"lines": len(found.above)}))
    if body.below:
        notes.append(Note("intake.note_below", {"lines": len(body.below), "first": tidy(body.below[0], 60)}))
    constants = dict(found.header.constants)
    named = _YUAN.search(found.header.header("amount")) or format_name != "table"
    if "currency" not in found.header.columns and named:
        constants.setdefault("currency", "CNY")
    taken = Taken(
        format_name, [head], entries, body.troubles, notes, encoding=encoding, delimiter=found.delimiter,
        columns=found.header.by_header, ignored=found.header.ignored, constants=constants, decimal=None,
    )  # fmt: skip
    head.declared += [*_declared(about, found.row), *body.declared]
    return taken


class _Body:
    """The rows below a header: entries, a row of totals, and lines that are no entries."""

    def __init__(self, header: Header) -> None:
        self.entries = TableEntries(header)
        self.below: list[str] = []
        self.troubles: list[Trouble] = []
        self._width = len(header.headers)
        self.declared: list[Declared] = []
        self._columns = header.columns
        self._dates = header.columns["booking_date"]
        self._header = [plain(one) for one in header.headers]

    def take(self, row: int, cells: list[str]) -> None:
        """Sort one row."""
        filled = [cell.strip() for cell in cells if cell.strip()]
        if not filled or all(set(cell) <= set("-=*—_") for cell in filled):
            return
        day = next((cells[index] for index in self._dates if index < len(cells)), "")
        is_day = bool(re.search(r"[0-9０-９]", day))
        if not is_day and (_TOTAL.search(filled[0]) or len(filled) == 1):
            self.below.append(" ".join(filled))
            self._totals(row, cells, filled[0])
        elif [plain(cell) for cell in cells[: self._width]] == self._header:
            return  # exports that were put together repeat it
        elif any(cell.strip() for cell in cells[self._width :]):
            self.troubles.append(Trouble(row, "intake.field_count", "", str(len(cells)), str(self._width)))
            self.entries.add(row, [])
        else:
            self.entries.add(row, cells)

    def _totals(self, row: int, cells: list[str], label: str) -> None:
        """What a row of totals says under the columns of money in and out."""
        for field, side in (("credit", CREDIT), ("debit", DEBIT)):
            for index in self._columns.get(field, ()):
                told = re.match(rf"^{_MONEY}$", cells[index].strip()) if index < len(cells) else None
                if told:
                    self.declared.append(Declared(label, side, None, _plain_amount(told[1]), row))


def _head(about: str, found: Found, format_name: str) -> Head:
    account = _ACCOUNT.search(about)
    told = found.header.constants.get("account") or (account[1] if account else format_name)
    head = Head(account=tidy(told, LONGEST["account"]).replace(" ", ""), row=found.row)
    opening, closing = _OPENING.search(about), _CLOSING.search(about)
    if opening and closing:
        head.opening = Balance(_plain_amount(opening[1]), "", "", found.row, "")
        head.closing = Balance(_plain_amount(closing[1]), "", "", found.row, "")
    return head


def _declared(about: str, row: int) -> list[Declared]:
    """`共66笔记录`, `收入：1笔 28.50元`: the file's own count and sums."""
    firm = not _MAY_DIFFER.search(about)
    found = []
    count = _COUNT.search(about)
    if count:
        found.append(Declared(count[0], "", int(count[1]), None, row))
    for pattern, side in ((_INCOME, CREDIT), (_SPENDING, DEBIT)):
        told = pattern.search(about)
        if told:
            found.append(Declared(told[0], side, int(told[1]), _plain_amount(told[2]), row, firm=firm))
    return found


def _plain_amount(text: str) -> str:
    return text.replace(",", "")
