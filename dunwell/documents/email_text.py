"""E-mails: the same facts and sentences as the letter, as plain text that stands by itself and as simple HTML.

No remote pictures, no tracking, no script, no style sheet to fetch: what is sent is all there is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from importlib import resources
from string import Template

from dunwell.documents.content import Content, content
from dunwell.documents.promise_note import Written
from dunwell.documents.wrap import COLUMNS, display_width, wrapped

_CELL = "padding:6px 10px 6px 0;text-align:{align};vertical-align:top;border-bottom:1px solid #9996"
_ALL_COLUMNS = 6
_FIRST_NUMBER = 3
"""Columns from this one on hold numbers and stand against the right."""


@dataclass(frozen=True, slots=True)
class EmailText:
    """An e-mail's words: the subject is one line without control characters, the text ends with a line break."""

    subject: str
    text: str
    html: str


def render_email(notice: Written) -> EmailText:
    """The e-mail of a notice. The plain text stands in lines of at most 74 columns, as far as words and sums allow."""
    said = content(notice)
    return EmailText(said.mail_subject, _text(said), _html(said))


def _text(said: Content) -> str:
    blocks = [
        *_wrapped(said, _opening(said)),
        "\n".join(_aligned(said, said.debtor_facts)),
        "\n".join(_table(said)) if said.rows else "",
        *_wrapped(said, [said.disputed, said.late]),
        "\n".join((said.pay_title, *_aligned(said, said.pay))) if said.pay else "",
        *_wrapped(said, _ending(said)),
        "\n".join(said.closing),
        "\n".join(_wrapped(said, _signature(said))),
        "-- \n" + "\n".join(_wrapped(said, (said.sender_name, *said.sender_lines, said.tax_id))),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _wrapped(said: Content, paragraphs: Iterable[str]) -> list[str]:
    return [wrapped(paragraph, said.whole) for paragraph in paragraphs if paragraph]


def _html(said: Content) -> str:
    values = {
        "language": escape(said.language),
        "title": escape(said.title),
        "opening": _paragraphs(_opening(replace(said, ask=""))),
        "ask": escape(said.ask),
        "head": "".join(_cell("th", i, label) for i, label in enumerate(said.head)),
        "rows": "\n".join(
            f"<tr>{''.join(_cell('td', i, cell) for i, cell in enumerate(row))}</tr>" for row in _rows(said)
        ),
        "sums": "\n".join(_sum_row(label, value) for label, value in said.sums),
        "payable_label": escape(said.payable[0]),
        "payable": escape(said.payable[1]),
        "disputed": _paragraphs(line for line in (said.disputed, said.late) if line),
        "pay_title": escape(said.pay_title),
        "facts": _pair_rows(said.debtor_facts),
        "pay": _pair_rows(said.pay),
        "ending": _paragraphs(_ending(said)),
        "closing": "<br>".join(escape(line) for line in said.closing),
        "signature": "<br>".join(escape(line) for line in _signature(said)),
        "imprint": escape(" · ".join(part for part in (said.sender_name, *said.sender_lines, said.tax_id) if part)),
    }
    return _template(ask=bool(said.ask), items=bool(said.rows), pay=bool(said.pay)).substitute(values)


@cache
def _template(**parts: bool) -> Template:
    """The template without the parts that a message does not have: from `<!-- name -->` to `<!-- /name -->`."""
    text = resources.files("dunwell.documents").joinpath("templates", "email.html").read_text(encoding="utf-8")
    for name, is_there in parts.items():
        inner = r"\1" if is_there else ""
        text = re.sub(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->\n", inner, text, flags=re.DOTALL)
    return Template(text)


def _opening(said: Content) -> list[str]:
    return [line for line in (said.salutation, said.greeting, said.collector, said.opening, said.ask) if line]


def _ending(said: Content) -> list[str]:
    gap = "" if said.language.startswith("zh") else " "
    reach = said.reach + gap + said.reply
    return [line for line in (said.own, said.personal, said.help, said.object, reach, said.paid, said.opt_out) if line]


def _signature(said: Content) -> list[str]:
    return [line for line in (said.signatory, said.signatory_title, said.sender_name) if line]


def _rows(said: Content) -> list[tuple[str, ...]]:
    return [
        (f"{row.item} ({row.note})" if row.note else row.item, row.issued, row.due, row.days, row.amount, row.open)
        for row in said.rows
    ]


def _table(said: Content) -> list[str]:
    """Head, items, sums: columns of equal width in a fixed-width font, numbers against the right.

    A head of two words may take two lines. What is still too wide for a line gives each item a line of its own, with
    its dates and numbers below it.
    """
    head, rows = [_two_lines(label) for label in said.head], _rows(said)
    widths = [max(*map(display_width, head[i]), *(display_width(row[i]) for row in rows)) for i in range(len(head))]
    whole = sum(widths) + 2 * (len(widths) - 1)
    if whole > COLUMNS:
        whole -= widths[0]
        lines = [said.head[0], *_head(head[1:], widths[1:])]
        below = [line for row in rows for line in (row[0], "  " + _line(row[1:], widths[1:]))]
    else:
        lines = _head(head, widths, named=True)
        below = [_line(row, widths) for row in rows]
    rule = "-" * whole
    sums = [_ends(label, value, whole) for label, value in (*said.sums, said.payable)]
    return [*lines, rule, *below, rule, *sums]


def _two_lines(label: str) -> tuple[str, str]:
    """A label's upper and lower part, e.g. `Amount` over `(EUR)`; a single word stands in the lower line."""
    if label.endswith("）"):
        upper, _, lower = label.rpartition("（")
        return upper, f"（{lower}"
    upper, _, lower = label.rpartition(" ")
    return upper, lower


def _head(labels: Sequence[tuple[str, str]], widths: Sequence[int], *, named: bool = False) -> list[str]:
    indent = "" if named else "  "
    lines = [_line([label[level] for label in labels], widths) for level in (0, 1)]
    return [indent + line for line in lines if line.strip()]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """The last columns of a table: all six, or all but the name of the item."""
    first_number = _FIRST_NUMBER - (_ALL_COLUMNS - len(row))
    cells = [
        _pad(cell, width, right=i >= first_number) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _ends(label: str, value: str, whole: int) -> str:
    return label + " " * max(2, whole - display_width(label) - display_width(value)) + value


def _aligned(said: Content, pairs: Sequence[tuple[str, str]]) -> Iterable[str]:
    widest = max((display_width(label) for label, _ in pairs), default=0)
    return (f"{_pad(label, widest, right=False)}  {_hanging(said, value, widest + 2)}" for label, value in pairs)


def _hanging(said: Content, value: str, indent: int) -> str:
    return wrapped(value, said.whole, COLUMNS - indent).replace("\n", "\n" + " " * indent)


def _pad(text: str, width: int, *, right: bool) -> str:
    blank = " " * (width - display_width(text))
    return blank + text if right else text + blank


def _pair_rows(pairs: Sequence[tuple[str, str]]) -> str:
    return "\n".join(
        f'<tr><td style="padding:2px 16px 2px 0;opacity:.75;white-space:nowrap;vertical-align:top">{escape(label)}</td>'
        f"<td>{escape(value)}</td></tr>"
        for label, value in pairs
    )


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n".join(f'<p style="margin:0 0 12px">{escape(text)}</p>' for text in texts)


def _cell(tag: str, column: int, text: str) -> str:
    number = column >= _FIRST_NUMBER
    style = _CELL.format(align="right" if number else "left") + (";white-space:nowrap" if column else "")
    weight = ";font-weight:normal;font-size:13px;opacity:.75" if tag == "th" else ""
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag}{scope} style="{style}{weight}">{escape(text)}</{tag}>'


def _sum_row(label: str, value: str) -> str:
    style = "padding:4px 10px 4px 0;text-align:right"
    return f'<tr><td colspan="5" style="{style}">{escape(label)}</td><td style="{style}">{escape(value)}</td></tr>'
