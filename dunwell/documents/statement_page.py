"""The statement of a claim as a page: the annex of a letter, PDF/A, the same statement gives the same bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money, grouped_amount
from dunwell.documents.account import Account, DebtStatement, Statement, Sums
from dunwell.documents.plain import breakable, plain
from dunwell.documents.press import layout, set_page
from dunwell.documents.statement import component_words, event_words, notes, rate_source_words


@dataclass(frozen=True, slots=True)
class Parties:
    """Who stands on the page: the creditor's lines (name first), the debtor, and his money that pays nothing yet."""

    creditor: tuple[str, ...]
    debtor: str
    number: str
    unallocated: Mapping[str, int] = field(default_factory=dict)


def render_statement(statement: Statement, parties: Parties, language: str) -> bytes:
    """The page (more, where one does not hold all) as PDF/A-2b.

    Raises `documents.font_missing`, `documents.letter_failed`.
    """
    data = {"annex": annex_data(statement, parties, language)}
    return set_page(annex_template(), data, day=statement.as_of, language=language, debtor=parties.debtor)


def annex_template() -> bytes:
    """The layout; it reads `annex_data` from its input `annex`."""
    return layout("statement.typ")


def annex_data(statement: Statement, parties: Parties, language: str, paper: str = "a4") -> str:
    """What the layout reads, as JSON."""
    return json.dumps({**_page(statement, parties, language), "paper": paper}, ensure_ascii=False, sort_keys=True)


def _page(statement: Statement, parties: Parties, language: str) -> dict[str, Any]:
    """What the template reads. With several currencies the days ahead are left to the statement as data."""
    totals = statement.totals
    coming = statement.coming if len(totals) == 1 else ()
    said = [
        (say("statement.column.total", language), format_money(minor, currency, language))
        for currency, minor in totals.items()
    ]
    for n, (day, sums) in enumerate(statement.pay_by):
        amounts = say("statement.and", language).join(format_money(m, c, language) for c, m in sums.items())
        code = "statement.pay_by_part" if n == 0 else "statement.pay_after_part"
        said.append((say(code, language, day=format_date(day, language)), amounts))
    foot = [
        say("statement.unallocated", language, amount=format_money(minor, currency, language))
        for currency, minor in parties.unallocated.items()
    ]
    if statement.assumed_ahead is not None:
        foot.append(say("statement.assumed", language, day=format_date(statement.assumed_ahead, language)))
    return {
        "language": language,
        "title": say("statement.title", language),
        "creditor": breakable(plain(parties.creditor[0], 200)),
        "creditor_lines": [breakable(plain(line, 200)) for line in parties.creditor],
        "debtor": say(
            "statement.for", language, name=breakable(plain(parties.debtor, 200)), number=plain(parties.number, 60)
        ),
        "page": say("statement.page_of", language, page="{1}", pages="{2}").split("{1}"),
        "as_of": say("statement.as_of", language, day=format_date(statement.as_of, language)),
        "columns": [say(f"statement.column.{name}", language) for name in ("when", "days", "what", "amount")],
        "debts": [_debt(each, language) for each in statement.debts],
        "totals": said,
        "foot": foot,
        "coming_head": say("statement.coming", language, currency=next(iter(totals), "")),
        "coming": [
            (day.isoformat(), grouped_amount(sums[currency], currency)) for day, sums in coming for currency in sums
        ],
    }


def _debt(each: DebtStatement, language: str) -> dict[str, Any]:
    debt = each.debt
    return {
        "head": say(
            "statement.head", language, number=breakable(plain(debt.number, 120)),
            principal=format_money(debt.principal_minor, debt.currency, language),
            due=format_date(debt.due, language),
        ),
        "regime": debt.terms.regime.title[language],
        "rows": _first_rows(each, language) + _rows(each.demanded, debt.currency, language),
        "sums": _open(each.sums, debt.currency, language),
        "owed": (say("statement.owed_part", language), format_money(each.sums.total, debt.currency, language)),
        "notes": _remarks(each, language),
    }  # fmt: skip


def _first_rows(each: DebtStatement, language: str) -> list[dict[str, str]]:
    """What was owed at the beginning, and what of it is disputed."""
    debt = each.debt
    rows = [("principal", debt.principal_minor), ("disputed", -min(debt.disputed_minor, debt.principal_minor))]
    return [
        {
            "when": debt.due.isoformat() if name == "principal" else "", "days": "",
            "what": say(f"statement.entry.{name}", language, due=format_date(debt.due, language)),
            "amount": _signed(format_money(abs(minor), debt.currency, language), minus=minor < 0),
        }
        for name, minor in rows
        if minor
    ]  # fmt: skip


def _rows(account: Account, currency: str, language: str) -> list[dict[str, str]]:
    """Stretches of days and entries, by the day on which they end."""

    def money(minor: int) -> str:
        return format_money(minor, currency, language)

    rows = [
        (
            line.last, 0, f"{line.first:%Y-%m-%d} – {line.last:%Y-%m-%d}", str(line.days),
            say("statement.on", language, balance=money(line.balance_minor), rate=rate_source_words(line, language)),
            money(line.interest_minor),
        )
        for line in account.lines
    ]  # fmt: skip
    rows += [
        (
            event.day, 1, f"{event.day:%Y-%m-%d}", "", plain(event_words(event, currency, language, day=False)),
            # sums that are told only, in words, do not stand among those that add up
            _signed(money(abs(event.adds_minor)), minus=event.adds_minor < 0) if event.adds_minor else "",
        )
        for event in account.events
    ]  # fmt: skip
    return [
        {"when": when, "days": days, "what": breakable(what), "amount": amount}
        for _, _, when, days, what, amount in sorted(rows, key=lambda row: row[:2])
    ]


def _open(sums: Sums, currency: str, language: str) -> list[tuple[str, str]]:
    parts = {"costs": sums.costs, "interest": sums.interest, "extra": sums.extra, "principal": sums.principal}
    found = [
        (
            say("statement.open_part", language, what=component_words(name, language)),
            format_money(minor, currency, language),
        )
        for name, minor in parts.items()
        if minor or name == "principal"
    ]
    if sums.surplus:
        found.append((say("statement.surplus_part", language), format_money(sums.surplus, currency, language)))
    return found


def _remarks(each: DebtStatement, language: str) -> list[str]:
    def money(minor: int) -> str:
        return format_money(minor, each.debt.currency, language)

    found = []
    if each.disputed is not None:
        found.append(
            say(
                "statement.disputed", language, amount=money(each.disputed.total),
                whole=money(each.sums.total + each.disputed.total),
            ).strip()
        )  # fmt: skip
    if each.informed is not None and each.informed.sums.total != each.sums.total:
        words = say("statement.informed_part", language)
        found.append(f"{words}: {money(each.informed.sums.total)}")
    # the page goes to the debtor: what the house should record is not for him
    return found + notes(each, language, inside=False)


def _signed(amount: str, *, minus: bool) -> str:
    return f"− {amount}" if minus else amount
