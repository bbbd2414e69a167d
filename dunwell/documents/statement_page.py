"""The statement of a claim as a page: the annex of a letter, PDF/A, the same statement gives the same bytes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from threading import Lock
from typing import Any

import typst

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError, say
from dunwell.core.money import format_money, grouped_amount
from dunwell.documents import fonts
from dunwell.documents.account import DebtStatement, Statement
from dunwell.documents.letter import PDF_STANDARD
from dunwell.documents.plain import breakable, plain
from dunwell.documents.statement import component_words, event_words, notes, rate_source_words
from dunwell.rulebook.interest_terms import COMPONENTS

_ONE = Lock()


def render_statement(statement: Statement, creditor: str, language: str) -> bytes:
    """The page (more, where one does not hold all) as PDF/A-2b.

    Raises `documents.font_missing`, `documents.letter_failed`.
    """
    fonts.refuse_after_fork()
    fonts.require(language)
    with _ONE:
        try:
            pdf, warnings = _press().compile_with_warnings(
                _template(),
                format="pdf",
                pdf_standards=[PDF_STANDARD],
                sys_inputs={
                    "data": json.dumps(_page(statement, creditor, language), ensure_ascii=False, sort_keys=True)
                },
                timestamp=datetime(statement.as_of.year, statement.as_of.month, statement.as_of.day, 12, tzinfo=UTC),
            )
        except typst.TypstError as error:
            reason = fonts.missing_text(error) or error.message
            raise DunwellError("documents.letter_failed", debtor=plain(creditor, 60), reason=plain(reason)) from error
    if warnings:
        raise DunwellError("documents.letter_failed", debtor=plain(creditor, 60), reason=warnings[0].message)
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _press() -> typst.Compiler:
    return typst.Compiler(font_paths=fonts.fonts())


@cache
def _template() -> bytes:
    return resources.files("dunwell.documents").joinpath("templates", "statement.typ").read_bytes()


def _page(statement: Statement, creditor: str, language: str) -> dict[str, Any]:
    """What the template reads. With several currencies the days ahead are left to the statement as data."""
    totals = statement.totals
    coming = statement.coming if len(totals) == 1 else ()
    return {
        "language": language,
        "title": say("statement.title", language),
        "creditor": breakable(plain(creditor, 200)),
        "page": say("statement.page", language),
        "as_of": say("statement.as_of", language, day=format_date(statement.as_of, language)),
        "columns": [say(f"statement.column.{name}", language) for name in ("when", "days", "what", "amount")],
        "debts": [_debt(each, language) for each in statement.debts],
        "totals": [
            (say("statement.column.total", language), format_money(minor, currency, language))
            for currency, minor in totals.items()
        ],
        "coming_head": say("statement.coming", language, currency=next(iter(totals), "")),
        "coming": [
            (day.isoformat(), grouped_amount(sums[currency], currency)) for day, sums in coming for currency in sums
        ],
    }


def _debt(each: DebtStatement, language: str) -> dict[str, Any]:
    debt = each.debt

    def money(minor: int) -> str:
        return format_money(minor, debt.currency, language)

    rows = [
        (
            line.last, 0, f"{line.first:%Y-%m-%d} – {line.last:%Y-%m-%d}", str(line.days),
            say("statement.on", language, balance=money(line.balance_minor), rate=rate_source_words(line, language)),
            money(line.interest_minor),
        )
        for line in each.lines
    ]  # fmt: skip
    rows += [
        (
            event.day,
            1,
            f"{event.day:%Y-%m-%d}",
            "",
            plain(event_words(event, debt.currency, language, day=False)),
            _signed(event.kind, money(event.amount_minor)),
        )
        for event in each.events
    ]
    parts: Mapping[str, int] = {
        "costs": each.sums.costs, "interest": each.sums.interest, "extra": each.sums.extra,
        "principal": each.sums.principal,
    }  # fmt: skip
    sums = [
        (say("statement.open_part", language, what=component_words(name, language)), money(parts[name]))
        for name in COMPONENTS
        if parts[name] or name == "principal"
    ]
    if each.sums.surplus:
        sums.append((say("statement.surplus_part", language), money(each.sums.surplus)))
    return {
        "head": say(
            "statement.head", language, number=breakable(plain(debt.number, 120)),
            principal=money(debt.principal_minor), due=format_date(debt.due, language),
        ),
        "regime": debt.terms.regime.title[language],
        "rows": [
            {"when": when, "days": days, "what": breakable(what), "amount": amount}
            for _, _, when, days, what, amount in sorted(rows, key=lambda row: row[:2])
        ],
        "sums": sums,
        "owed": (say("statement.owed_part", language), money(each.sums.total)),
        "notes": _remarks(each, language, money),
    }  # fmt: skip


def _remarks(each: DebtStatement, language: str, money: Any) -> list[str]:
    found = []
    if each.disputed is not None:
        found.append(
            say(
                "statement.disputed", language, amount=money(each.disputed.total),
                whole=money(each.sums.total + each.disputed.total),
            ).strip()
        )  # fmt: skip
    if each.computed is not None and each.computed.total != each.sums.total:
        found.append(say("statement.computed", language, amount=money(each.computed.total)).strip())
    return found + notes(each, language)


def _signed(kind: str, amount: str) -> str:
    return f"− {amount}" if kind in {"payment", "credit"} else amount
