"""Notices to try things on: one maker with sensible defaults in three languages."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dunwell.core.terms import Stage
from dunwell.documents.notice import Item, Notice, Party, Sender
from dunwell.engine.claim.statement import make_statement
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_terms import make_terms

DAY = date(2026, 11, 22)

GERMAN = Sender(
    party=Party("Rheinwerk Maschinenbau GmbH", ("Hafenstraße 12", "50667 Köln"), "DE"),
    signatory_name="Katharina Vogt",
    signatory_title="Accounts Receivable",
    email="accounts@rheinwerk.example",
    phone="+49 221 555 0140",
    iban="DE89 3704 0044 0532 0130 00",
    bic="COBADEFFXXX",
    bank_name="Commerzbank Köln",
    tax_id="DE123456789",
)
SWISS = Sender(
    party=Party("Alpina Werkzeuge AG", ("Bahnhofstrasse 1", "8001 Zürich"), "CH"),
    signatory_name="Reto Ammann",
    email="debitoren@alpina.example",
    iban="CH9300762011623852957",
)
CHINESE = Sender(
    party=Party("上海善成机电设备有限公司", ("上海市浦东新区世纪大道100号", "邮编 200120"), "CN"),
    signatory_name="李晓梅",
    signatory_title="应收账款主管",
    email="yingshou@shancheng.example",
    phone="021-5555 0140",
    bank_name="中国工商银行上海浦东支行",
    account="1001 2345 0900 6789 012",
    tax_id="91310115MA1K4X2N7B",
)
TAIWANESE = Sender(
    party=Party("善誠精密股份有限公司", ("臺北市信義區松仁路100號8樓",), "TW"),
    signatory_name="陳怡君",
    signatory_title="應收帳款經理",
    email="ar@shancheng.example.tw",
    phone="02-5555-0140",
    bank_name="臺灣銀行信義分行",
    account="012-345-678901",
    tax_id="24567890",
)
DEBTORS = {
    "DE": Party("Bäckerei Sonnenschein OHG", ("Frau Anna Müller", "Lindenallee 7", "80331 München"), "DE"),
    "US": Party("Blue Harbor Outfitters, Inc.", ("Accounts Payable", "1200 Harbor Drive", "Portland, ME 04101"), "US"),
    "CH": Party("Schreinerei Hofer", ("Dorfstrasse 22a", "3012 Bern"), "CH"),
    "CN": Party("杭州恒远贸易有限公司", ("浙江省杭州市西湖区文三路88号", "邮编 310012"), "CN"),
    "TW": Party("永盛企業有限公司", ("臺中市西屯區臺灣大道三段99號", "407 臺中市"), "TW"),
}
_DAYS = {
    Stage.PERSON: 90,
    Stage.NOTICE: -5,
    Stage.REMINDER: 6,
    Stage.SECOND_REMINDER: 19,
    Stage.FIRST_DUNNING: 21,
    Stage.SECOND_DUNNING: 45,
}


def items(count: int, stage: Stage, cents: int = 123450) -> tuple[Item, ...]:
    """`count` open items, all due or all not yet due, as the stage asks."""
    made = []
    for i in range(count):
        late = _DAYS[stage] + (i if _DAYS[stage] > 0 else -i)
        due = DAY - timedelta(days=late)
        amount = cents + i * 1711
        kind = ("invoice", "invoice", "instalment", "charge")[i % 4]
        made.append(
            Item(f"2026-{1043 + i}", kind, due - timedelta(days=30), due, late, amount, amount - (i % 3) * 5000)
        )
    return tuple(made)


def notice(
    language: str = "en",
    stage: Stage = Stage.REMINDER,
    count: int = 3,
    country: str = "DE",
    sender: Sender | None = None,
    credit_minor: int = 0,
    **changes: Any,
) -> Notice:
    """A valid notice; `changes` replace fields, and `total_minor` follows the items unless given."""
    own = {"zh-Hans": CHINESE, "zh-Hant": TAIWANESE, "en": GERMAN}[language]
    currency = {"zh-Hans": "CNY", "zh-Hant": "TWD", "en": "EUR"}[language]
    listed = changes.pop("items", items(count, stage))
    values: dict[str, Any] = {
        "language": language,
        "stage": stage,
        "sender": sender or own,
        "debtor": DEBTORS[country],
        "debtor_number": "10427",
        "currency": currency,
        "day": DAY,
        "items": listed,
        "credit_minor": credit_minor,
        "total_minor": sum(item.open_minor for item in listed) - credit_minor,
        "pay_by": DAY + timedelta(days=10) if stage >= Stage.REMINDER else None,
        "reference": "RF18539007547034" if language == "en" else "10427-2026-11",
    }
    return Notice(**(values | changes))


def disputed(given: Notice, *numbers: str) -> Notice:
    """The same notice with some items in dispute."""
    return replace(given, items=tuple(replace(item, disputed=item.number in numbers) for item in given.items))


def with_annex(given: Notice) -> Notice:
    """The same notice with late interest at 5 % a year and the statement that shows it."""
    terms = make_terms("contract.clause", {"rate": "5", "confirmed": True})
    debts = [
        Debt(
            number=item.number, currency=given.currency, principal_minor=item.amount_minor, due=item.due_date,
            terms=terms,
            entries=(Entry("P", item.due_date, "payment", item.amount_minor - item.open_minor),)
            if item.amount_minor > item.open_minor
            else (),
        )
        for item in given.items
    ]  # fmt: skip
    annex = make_statement(debts, given.day, given.pay_by)
    return replace(given, late_minor=annex.totals[given.currency] - given.total_minor, annex=annex)
