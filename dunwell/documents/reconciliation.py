"""The account reconciliation letter (对账函): what our books say is open, to be returned with seal and signature.

Who confirms it acknowledges the debt; who differs says where, before anybody argues about the rest. It goes with a
letter or mail, as the strategy's treatment says.
"""

import json
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money, grouped_amount
from dunwell.documents.notice import Item, Notice
from dunwell.documents.plain import breakable, plain
from dunwell.documents.press import layout, set_page


def render_reconciliation(notice: Notice) -> bytes:
    """The letter by itself as PDF/A-2b, for messages that are no letters.

    Raises `documents.font_missing`, `documents.letter_failed`.
    """
    data = {"reconciliation": reconciliation_data(notice, "a4")}
    return set_page(
        reconciliation_template(), data, day=notice.day, language=notice.language, debtor=notice.debtor.name
    )


def reconciliation_template() -> bytes:
    """The layout; it reads `reconciliation_data` from its input `reconciliation`."""
    return layout("reconciliation.typ")


def reconciliation_data(notice: Notice, paper: str) -> str:
    """What the layout reads, as JSON."""
    return json.dumps({**_page(notice), "paper": paper}, ensure_ascii=False, sort_keys=True)


def _page(notice: Notice) -> dict[str, Any]:
    language, sender = notice.language, notice.sender

    def words(code: str, **params: str) -> str:
        return say(f"reconciliation.{code}", language, **params)

    def line(text: str, most: int = 200) -> str:
        return breakable(plain(text, most))

    day = format_date(notice.day, language)
    reach = say("explain.comma", language).join(
        line(each, 80) for each in (sender.email, sender.phone) if each
    ) or line(sender.party.name)
    return {
        "language": language,
        "title": words("title"),
        "creditor": line(sender.party.name),
        "creditor_lines": [line(each) for each in (sender.party.name, *sender.party.lines)],
        "to": words("to", name=line(notice.debtor.name)),
        "facts": words("facts", number=line(notice.debtor_number, 60), day=day, currency=notice.currency),
        "asks": words("asks", day=day, creditor=line(sender.party.name), currency=notice.currency),
        "page": say("statement.page_of", language, page="{1}", pages="{2}").split("{1}"),
        "columns": [words(f"column.{name}") for name in ("item", "issued", "due", "amount", "open")],
        "rows": [_row(item, notice) for item in notice.items],
        "sums": [(words("credit"), grouped_amount(-notice.credit_minor, notice.currency))]
        if notice.credit_minor
        else [],
        "total": (words("total"), format_money(notice.total_minor, notice.currency, language)),
        "agree": (words("agree"), words("agree_text")),
        "differ": (words("differ"), words("differ_text")),
        "seal": words("seal"),
        "signature": words("signature"),
        "back": words("back", reach=reach),
        "note": words("note"),
    }


def _credit(notice: Notice) -> list[tuple[str, str]]:
    if not notice.credit_minor:
        return []
    amount = grouped_amount(-notice.credit_minor, notice.currency)
    return [(say("reconciliation.credit", notice.language), amount)]


def _row(item: Item, notice: Notice) -> list[str]:
    kind = say(f"kind.{item.kind}", notice.language)
    number = breakable(plain(item.number, 60))
    return [
        say("reconciliation.item", notice.language, kind=kind, number=number),
        format_date(item.issue_date, notice.language),
        format_date(item.due_date, notice.language),
        grouped_amount(item.amount_minor, notice.currency),
        grouped_amount(item.open_minor, notice.currency),
    ]
