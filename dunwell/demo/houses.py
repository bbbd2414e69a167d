"""The three creditors of the demonstration: one in Germany, one in mainland China, one in Taiwan. All invented."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class House:
    """A creditor with its customers.

    share       of the book's debtors
    countries   of its customers, with weights
    currencies  a customer's country -> the currencies it is billed in, with weights
    consumers   share of its customers
    prefix      of its customer numbers
    charge      what it charges for a late payment, per currency in minor units, and its name
    """

    code: str
    fields: dict[str, str]
    share: float
    prefix: str
    countries: dict[str, float]
    currencies: dict[str, dict[str, float]]
    consumers: float
    terms: tuple[int, ...]
    charge: dict[str, int]
    charge_name: str
    invoice_name: str
    credit_name: str


HOUSES = (
    House(
        code="hamburg",
        fields={
            "name": "Beispiel Werkzeugbau GmbH",
            "kind": "supplier",
            "street": "Musterkai 7",
            "postcode": "20457",
            "city": "Hamburg",
            "country": "DE",
            "zone": "Europe/Berlin",
            "language": "en",
            "currency": "EUR",
            "email": "receivables@werkzeugbau.example.com",
            "phone": "+49 30 23125 014",
            "iban": "DE89370400440532013000",
            "bic": "",
            "bank_name": "Musterbank",
            "signatory_name": "Anneke Kestdale",
            "signatory_title": "Head of Receivables",
        },
        share=0.45,
        prefix="1",
        countries={"DE": 0.34, "GB": 0.16, "FR": 0.10, "NL": 0.10, "AT": 0.07, "CH": 0.10, "IE": 0.04, "US": 0.09},
        currencies={"GB": {"GBP": 0.9, "EUR": 0.1}, "CH": {"CHF": 0.9, "EUR": 0.1}, "US": {"USD": 1.0}},
        consumers=0.25,
        terms=(14, 30, 30, 30, 60),
        charge={"EUR": 500, "GBP": 500, "CHF": 500, "USD": 500},
        charge_name="Reminder fee",
        invoice_name="Tools and spare parts",
        credit_name="Returned goods",
    ),
    House(
        code="shanghai",
        fields={
            "name": "示例精密机械（上海）有限公司",
            "kind": "supplier",
            "street": "示范工业园区样板路88号",
            "postcode": "201100",
            "city": "上海市",
            "country": "CN",
            "zone": "Asia/Shanghai",
            "language": "zh-Hans",
            "currency": "CNY",
            "email": "zhangkuan@jingmi.example.com",
            "phone": "+86 21 5550 0188",
            "account": "6200 0000 0000 1234",
            "bank_name": "示例银行上海样板路支行",
            "signatory_name": "林例安",
            "signatory_title": "应收账款主管",
        },
        share=0.30,
        prefix="3",
        countries={"CN": 1.0},
        currencies={"CN": {"CNY": 0.96, "USD": 0.04}},
        consumers=0.15,
        terms=(30, 30, 60, 90),
        charge={"CNY": 5000, "USD": 500},
        charge_name="催款手续费",
        invoice_name="精密机械及配件",
        credit_name="退货",
    ),
    House(
        code="taipei",
        fields={
            "name": "範例電子材料股份有限公司",
            "kind": "supplier",
            "street": "內湖區樣本路66號5樓",
            "postcode": "114",
            "city": "台北市",
            "country": "TW",
            "zone": "Asia/Taipei",
            "language": "zh-Hant",
            "currency": "TWD",
            "email": "zhangkuan@cailiao.example.com",
            "phone": "+886 2 5550 0166",
            "account": "0000-12-345678-9",
            "bank_name": "範例銀行內湖分行",
            "signatory_name": "陳範寧",
            "signatory_title": "應收帳款主任",
        },
        share=0.25,
        prefix="5",
        countries={"TW": 0.7, "HK": 0.3},
        currencies={"TW": {"TWD": 0.86, "JPY": 0.09, "USD": 0.05}, "HK": {"HKD": 0.94, "USD": 0.06}},
        consumers=0.15,
        terms=(30, 30, 45, 60),
        charge={"TWD": 20000, "HKD": 5000, "JPY": 800, "USD": 500},
        charge_name="催收手續費",
        invoice_name="電子材料",
        credit_name="退貨折讓",
    ),
)

UNITS_PER_USD = {"USD": 1.0, "EUR": 0.9, "GBP": 0.8, "CHF": 0.9, "CNY": 7.0, "TWD": 32.0, "HKD": 7.8, "JPY": 150.0}
"""Rough rates: only so that amounts look natural in every currency."""
