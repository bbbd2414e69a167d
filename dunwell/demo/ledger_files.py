"""The book as the CSV files a ledger would export: each creditor's in its own way of writing."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunwell.core.money import plain_amount
from dunwell.demo.book import Book, Contest, DemoDebtor, Item, Paid


@dataclass(frozen=True, slots=True)
class Style:
    """How a ledger writes: heads of columns by kind of file, delimiter, encoding, decimal mark, dates, its words."""

    heads: dict[str, tuple[str, ...]]
    words: dict[str, str]
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    decimal: str = "."
    day: str = "%Y-%m-%d"


STYLES = {
    "hamburg": Style(
        heads={
            "customers": (
                "Customer No", "Customer Name", "Customer Type", "Country", "Language", "Time Zone", "Group", "Email",
                "Street", "Postcode", "City", "Region", "Preferred Channel", "Contact Person",
            ),
            "invoices": ("Invoice No", "Customer No", "Invoice Date", "Due Date", "Currency", "Amount", "Description"),
            "credit_notes": ("Credit Note No", "Customer No", "Date", "Related Invoice", "Currency", "Amount", "Description"),
            "charges": ("Charge No", "Customer No", "Invoice No", "Date", "Currency", "Amount", "Description"),
            "payments": ("Payment No", "Customer No", "Invoice No", "Value Date", "Currency", "Amount", "Method", "Reverses"),
            "disputes": (
                "Dispute No", "Customer No", "Invoice No", "Opened", "Closed", "Currency", "Disputed Amount", "Reason", "Outcome",
            ),
        },
        words={},
        delimiter=";",
        decimal=",",
        day="%d.%m.%Y",
    ),
    "shanghai": Style(
        heads={
            "customers": (
                "客户编号", "客户名称", "客户类型", "国家", "语言", "时区", "所属集团", "邮箱", "地址", "邮编", "城市", "省份", "首选渠道",
                "联系人",
            ),
            "invoices": ("发票号码", "客户编号", "开票日期", "到期日", "币种", "金额", "摘要"),
            "credit_notes": ("贷项通知单号", "客户编号", "单据日期", "原发票号", "币种", "贷项金额", "备注"),
            "charges": ("费用编号", "客户编号", "发票号码", "收费日期", "币种", "费用金额", "费用类型"),
            "payments": ("收款单号", "客户编号", "发票号码", "到账日期", "币种", "收款金额", "收款方式", "冲销单号"),
            "disputes": ("争议编号", "客户编号", "发票号码", "提出日期", "关闭日期", "币种", "争议金额", "争议原因", "处理结果"),
        },
        words={
            "business": "企业", "consumer": "个人", "CN": "中国", "zh-Hans": "简体中文", "email": "邮件", "letter": "信函",
            "transfer": "银行转账", "direct debit": "代扣",
        },
        encoding="gb18030",
    ),
    "taipei": Style(
        heads={
            "customers": (
                "客戶編號", "客戶名稱", "客戶類型", "國家", "語言", "時區", "所屬集團", "電子郵件", "地址", "郵遞區號", "縣市", "省份",
                "首選管道", "聯絡人",
            ),
            "invoices": ("發票號碼", "客戶編號", "開立日期", "付款期限", "幣別", "金額", "摘要"),
            "credit_notes": ("折讓單號", "客戶編號", "開立日期", "原發票號碼", "幣別", "折讓金額", "備註"),
            "charges": ("費用編號", "客戶編號", "發票號碼", "收費日期", "幣別", "費用金額", "費用類型"),
            "payments": ("收款單號", "客戶編號", "發票號碼", "入帳日期", "幣別", "收款金額", "收款方式", "沖銷單號"),
            "disputes": ("爭議編號", "客戶編號", "發票號碼", "提出日期", "結案日期", "幣別", "爭議金額", "爭議原因", "處理結果"),
        },
        words={
            "business": "企業", "consumer": "個人", "TW": "臺灣", "HK": "香港", "zh-Hant": "繁體中文", "email": "電郵",
            "letter": "郵寄", "transfer": "匯款", "direct debit": "自動扣款",
        },
        day="%Y/%m/%d",
    ),
}  # fmt: skip
"""By the creditor's code."""


def write_book(folder: Path, book: Book) -> list[Path]:
    """All files of a book into a folder: customers, invoices, credit notes, charges, payments, disputes."""
    return write(
        folder, book.house.code, debtors=book.debtors, items=book.items, payments=book.payments, contests=book.contests
    )


def write(
    folder: Path,
    house: str,
    *,
    debtors: Iterable[DemoDebtor] = (),
    items: Iterable[Item] = (),
    payments: Iterable[Paid] = (),
    contests: Iterable[Contest] = (),
) -> list[Path]:
    """Files with what is given; a kind without rows gets no file. Returns their paths."""
    style = STYLES[house]
    by_kind: dict[str, list[Item]] = {"invoice": [], "credit_note": [], "charge": []}
    for item in items:
        by_kind[item.kind].append(item)
    rows = {
        "customers": [_customer(style, each) for each in debtors],
        "invoices": [_invoice(style, each) for each in by_kind["invoice"]],
        "credit_notes": [_credit_note(style, each) for each in by_kind["credit_note"]],
        "charges": [_charge(style, each) for each in by_kind["charge"]],
        "payments": [_payment(style, each) for each in payments],
        "disputes": [_dispute(style, each) for each in contests],
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{kind}.csv", style, kind, found) for kind, found in rows.items() if found]


def _write(path: Path, style: Style, kind: str, rows: Sequence[tuple[str, ...]]) -> Path:
    with path.open("w", encoding=style.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=style.delimiter)
        writer.writerow(style.heads[kind])
        writer.writerows(rows)
    return path


def _customer(style: Style, each: DemoDebtor) -> tuple[str, ...]:
    say = _words(style)
    return (
        each.number, each.name, say("consumer" if each.consumer else "business"), say(each.place.country),
        say(each.place.language), each.zone, each.person, each.email, each.street, each.postcode, each.city,
        each.region, say(each.preferred_channel), each.contact_name,
    )  # fmt: skip


def _invoice(style: Style, each: Item) -> tuple[str, ...]:
    return (
        each.number, each.debtor, _day(style, each.issued), _day(style, each.due), each.currency,
        _amount(style, each.amount_minor, each.currency), each.text,
    )  # fmt: skip


def _credit_note(style: Style, each: Item) -> tuple[str, ...]:
    return (
        each.number, each.debtor, _day(style, each.issued), each.parent, each.currency,
        _amount(style, -each.amount_minor, each.currency), each.text,
    )  # fmt: skip


def _charge(style: Style, each: Item) -> tuple[str, ...]:
    return (
        each.number, each.debtor, each.parent, _day(style, each.issued), each.currency,
        _amount(style, each.amount_minor, each.currency), each.text,
    )  # fmt: skip


def _payment(style: Style, each: Paid) -> tuple[str, ...]:
    return (
        each.number, each.debtor, each.item, _day(style, each.day), each.currency,
        _amount(style, each.amount_minor, each.currency), _words(style)(each.method), each.reverses,
    )  # fmt: skip


def _dispute(style: Style, each: Contest) -> tuple[str, ...]:
    amount = "" if each.amount_minor is None else _amount(style, each.amount_minor, each.currency)
    return (
        each.number, each.debtor, each.item, _day(style, each.opened), _day(style, each.closed), each.currency, amount,
        each.reason, each.outcome,
    )  # fmt: skip


def _words(style: Style) -> Callable[[str], str]:
    return lambda word: style.words.get(word, word)


def _day(style: Style, day: date | None) -> str:
    return day.strftime(style.day) if day else ""


def _amount(style: Style, minor: int, currency: str) -> str:
    return plain_amount(minor, currency).replace(".", style.decimal)
