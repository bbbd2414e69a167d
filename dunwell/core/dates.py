"""Dates as the reader writes them."""

from datetime import date

_MONTHS = "January February March April May June July August September October November December".split()


def format_date(day: date, language: str) -> str:
    """`22 November 2026` in English, `2026年11月22日` in both Chinese scripts: never an ambiguous 11/12."""
    if language.startswith("zh"):
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
