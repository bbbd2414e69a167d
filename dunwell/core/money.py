"""Money at the edges: an integer in minor units with its currency. Inside, frames carry the integers.

Digits after the decimal mark and names are those of ISO 4217 (list of active codes, 2026). The columnar
parser of amounts is `dunwell.intake.amounts`.
"""

from dataclasses import dataclass

_DIGITS_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_DIGITS_3 = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS_4 = "CLF UYW"
_DIGITS_2 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP"
    " CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS"
    " INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN"
    " MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE"
    " SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR"
    " ZMW ZWG"
)
DIGITS: dict[str, int] = {
    code: digits
    for digits, codes in ((0, _DIGITS_0), (2, _DIGITS_2), (3, _DIGITS_3), (4, _DIGITS_4))
    for code in codes.split()
}
"""Currency -> digits after the decimal mark: how many minor units make one unit, as a power of ten."""

_WHOLE_IN_USE = frozenset({"TWD"})
"""Currencies whose cents stand in ISO 4217 and that people pay in whole units: whole amounts are shown without."""

LARGEST_MINOR = 10**15
"""An amount beyond this many minor units is refused as absurd: sums of a whole book must fit in 64 bits."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency, e.g. `Money(123450, "EUR")` for 1,234.50 euro. Never a float."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in DIGITS:
            raise ValueError(f"{self.currency!r} is not a currency of ISO 4217")
        if type(self.minor) is not int:
            raise TypeError("minor units are whole numbers")

    def __str__(self) -> str:
        return format_money(self.minor, self.currency, "en")


def plain_amount(minor: int, currency: str) -> str:
    """`123450, "EUR"` -> `1234.50`: for files that other programs read."""
    return _split(minor, currency, "")


def grouped_amount(minor: int, currency: str) -> str:
    """`123450, "EUR"` -> `1,234.50`: for columns whose head names the currency."""
    amount = _split(minor, currency, ",")
    return amount.removesuffix(".00") if currency in _WHOLE_IN_USE else amount


def format_money(minor: int, currency: str, language: str) -> str:
    """An amount in words of a language: `EUR 1,234.50`, `人民币 1,234.50 元`, `新臺幣 1,234 元`."""
    amount = grouped_amount(minor, currency)
    name = _NAMES.get(language, {}).get(currency)
    return f"{name} {amount} 元" if name else f"{currency} {amount}"


_NAMES = {
    "zh-Hans": {"CNY": "人民币", "TWD": "新台币", "HKD": "港币"},
    "zh-Hant": {"CNY": "人民幣", "TWD": "新臺幣", "HKD": "港幣"},
}


def _split(minor: int, currency: str, group: str) -> str:
    digits = DIGITS[currency]
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    text = f"{whole:,}".replace(",", group)
    return f"{sign}{text}.{part:0{digits}d}" if digits else f"{sign}{text}"
