"""What a country alone settles: its currency, its time zone, the language of its letters."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies

from dunwell.core.money import DIGITS

_LANGUAGES = {"CN": "zh-Hans", "HK": "zh-Hant", "MO": "zh-Hant", "TW": "zh-Hant"}

_BEST_KNOWN = {"CN": "Asia/Shanghai", "MY": "Asia/Kuala_Lumpur", "UZ": "Asia/Tashkent"}
"""The whole country keeps this time; the zone database has other names for it (and, for China, Urumqi's unofficial
time)."""


def settled_by(country: str) -> dict[str, str]:
    """`DE` -> `{"currency": "EUR", "zone": "Europe/Berlin", "language": "en"}`; what is ambiguous is left out."""
    country = country.upper()
    found = {"language": _LANGUAGES.get(country, "en")}
    if zone := _zone(country):
        found["zone"] = zone
    currencies = [code for code in get_territory_currencies(country) if code in DIGITS]
    if len(currencies) == 1:
        found["currency"] = currencies[0]
    return found


@cache
def _zone(country: str) -> str | None:
    """The country's zone, when all of its zones keep the same time all year."""
    if country in _BEST_KNOWN:
        return _BEST_KNOWN[country]
    zones = [zone for zone in get_global("territory_zones").get(country, []) if zone in available_timezones()]
    times = {tuple(ZoneInfo(zone).utcoffset(datetime(2026, month, 15)) for month in range(1, 13)) for zone in zones}  # noqa: DTZ001
    return zones[0] if len(times) == 1 else None
