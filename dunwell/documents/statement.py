"""The statement of a claim in words of a language: as data for other programs, and as plain text.

Data carry amounts as text in units of the currency, days in ISO form, rates in percent; nothing in them is a float.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import DIGITS, format_money, plain_amount
from dunwell.documents.account import DebtStatement, Event, Line, Statement, Sums
from dunwell.rulebook.interest_terms import COMPONENTS
from dunwell.rulebook.rates import percent_of


def as_data(statement: Statement, language: str) -> dict[str, Any]:
    """The statement as an object for JSON. `total` by currency is what is demanded; each debt says why."""
    return {
        "as_of": statement.as_of.isoformat(),
        "total": _amounts(statement.totals),
        "valid_until": statement.as_of.isoformat(),
        "debts": [_debt_data(each, language) for each in statement.debts],
        "coming_days": [{"day": day.isoformat(), "total": _amounts(sums)} for day, sums in statement.coming],
        "pay_by": [{"day": day.isoformat(), "total": _amounts(sums)} for day, sums in statement.pay_by],
    }


def _debt_data(each: DebtStatement, language: str) -> dict[str, Any]:
    debt = each.debt
    currency = debt.currency
    found = {
        "number": debt.number,
        "currency": currency,
        "due": debt.due.isoformat(),
        "principal": plain_amount(debt.principal_minor, currency),
        "interest_from": each.start.isoformat(),
        "regime": debt.terms.regime.id,
        "demanded": _sums_data(each.sums, currency),
        "lines": [_line_data(line, currency) for line in each.lines],
        "entries": [_event_data(event, currency) for event in each.events],
        "notes": notes(each, language),
        "assumed_since": each.assumed_since.isoformat() if each.assumed_since else None,
    }
    if each.computed is not None:
        found["computed_not_demanded"] = _sums_data(each.computed, currency)
    if each.disputed is not None:
        found["disputed"] = _sums_data(each.disputed, currency)
        found["with_disputed_part"] = plain_amount(each.sums.total + each.disputed.total, currency)
    return found


def _sums_data(sums: Sums, currency: str) -> dict[str, str]:
    parts = {
        "costs": sums.costs, "interest": sums.interest, "second_interest": sums.extra, "principal": sums.principal,
        "total": sums.total, "surplus": sums.surplus, "capped": sums.capped,
    }  # fmt: skip
    return {name: plain_amount(minor, currency) for name, minor in parts.items()}


def _line_data(line: Line, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from": line.first.isoformat(), "to": line.last.isoformat(), "days": line.days,
        "balance": plain_amount(line.balance_minor, currency), "rate": percent_of(line.rate_ppm),
        "per": "day" if line.per_day else "year", "interest": plain_amount(line.interest_minor, currency),
        "exact": exact_amount(*line.exact, currency), "second_interest": line.extra,
    }  # fmt: skip
    if line.series is not None and line.value_ppm is not None:
        found["rate_source"] = {
            "series": line.series.id, "value": percent_of(line.value_ppm), "source": line.series.citation.source,
            "assumed": line.assumed,
        }  # fmt: skip
    return found


def _event_data(event: Event, currency: str) -> dict[str, Any]:
    return {
        "day": event.day.isoformat(), "kind": event.kind, "id": event.id,
        "amount": plain_amount(event.amount_minor, currency),
        "paid": {name: plain_amount(minor, currency) for name, minor in event.paid.items() if minor},
        "open_after": {name: plain_amount(minor, currency) for name, minor in event.after.items()},
    }  # fmt: skip


def _amounts(sums: Mapping[str, int]) -> dict[str, str]:
    return {currency: plain_amount(minor, currency) for currency, minor in sums.items()}


def exact_amount(numerator: int, denominator: int, currency: str) -> str:
    """A fraction of minor units as an amount with six more decimals, cut off: for whoever does the sum by hand."""
    more = 6
    digits = DIGITS[currency] + more
    whole, part = divmod(numerator * 10**more // denominator, 10**digits)
    return f"{whole}.{part:0{digits}d}"


def notes(each: DebtStatement, language: str) -> list[str]:
    """What must be said beside a sum: how far its rule can be trusted, what was assumed, what a court may do."""
    terms = each.debt.terms
    citation = terms.regime.citation
    found = []
    if not terms.claimed:
        found.append(say("statement.not_demanded", language))
    if not citation.verified:
        found.append(say(f"statement.unverified.{citation.confidence}", language, source=citation.source))
    if each.assumed_since is not None:
        found.append(say("statement.assumed", language, day=format_date(each.assumed_since, language)))
    if each.sums.capped:
        capped = format_money(each.sums.capped, each.debt.currency, language)
        found.append(say("statement.capped", language, amount=capped))
    return found + [say(f"interest.warning.{code}", language) for code in terms.regime.warnings]


def as_text(statement: Statement, language: str) -> Iterator[str]:
    """The statement as lines of text for a terminal or a mail; columns are told apart by words, not by spaces."""
    yield say("statement.as_of", language, day=format_date(statement.as_of, language))
    for each in statement.debts:
        yield ""
        yield from _debt_text(each, language)
    yield ""
    for currency, minor in statement.totals.items():
        yield say("statement.total", language, amount=format_money(minor, currency, language))
    tomorrow = statement.coming[0][1] if statement.coming else {}
    for currency, minor in tomorrow.items():
        more = minor - statement.totals[currency]
        if more:
            yield say("statement.tomorrow", language, amount=format_money(more, currency, language))
    for n, (day, sums) in enumerate(statement.pay_by):
        amounts = say("statement.and", language).join(format_money(m, c, language) for c, m in sums.items())
        code = "statement.paid_by" if n == 0 else "statement.paid_after"
        yield say(code, language, day=format_date(day, language), amounts=amounts)


def _debt_text(each: DebtStatement, language: str) -> Iterator[str]:
    debt = each.debt

    def money(minor: int) -> str:
        return format_money(minor, debt.currency, language)

    yield say(
        "statement.debt", language, number=debt.number, principal=money(debt.principal_minor),
        due=format_date(debt.due, language), regime=debt.terms.regime.title[language],
    )  # fmt: skip
    happenings: list[tuple[date, int, str]] = [
        (line.last, 0, line_words(line, debt.currency, language)) for line in each.lines
    ]
    happenings += [(event.day, 1, event_words(event, debt.currency, language)) for event in each.events]
    for _, _, words in sorted(happenings, key=lambda one: one[:2]):
        yield f"  {words}"
    for name, minor in zip(
        COMPONENTS, (each.sums.costs, each.sums.interest, each.sums.extra, each.sums.principal), strict=True
    ):
        if minor or name == "principal":
            yield say("statement.open", language, what=component_words(name, language), amount=money(minor))
    if each.sums.surplus:
        yield say("statement.surplus", language, amount=money(each.sums.surplus))
    yield say("statement.owed", language, amount=money(each.sums.total))
    if each.computed is not None and each.computed.total != each.sums.total:
        yield say("statement.computed", language, amount=money(each.computed.total))
    if each.disputed is not None:
        yield say(
            "statement.disputed", language, amount=money(each.disputed.total),
            whole=money(each.sums.total + each.disputed.total),
        )  # fmt: skip
    for note in notes(each, language):
        yield say("statement.note", language, note=note)


def line_words(line: Line, currency: str, language: str) -> str:
    """A stretch of days in one line: the sum can be done again from it."""
    return say(
        "statement.second_line" if line.extra else "statement.line", language,
        first=format_date(line.first, language), last=format_date(line.last, language), days=line.days,
        balance=format_money(line.balance_minor, currency, language), rate=rate_source_words(line, language),
        interest=format_money(line.interest_minor, currency, language),
    )  # fmt: skip


def event_words(event: Event, currency: str, language: str, *, day: bool = True) -> str:
    """What happened, and where a payment went; with its day and amount, or without where they stand beside."""
    parts = [
        say(
            "statement.to", language, what=component_words(name, language),
            amount=format_money(minor, currency, language),
        )
        for name, minor in event.paid.items()
        if minor
    ]  # fmt: skip
    code = f"statement.event.{event.kind}" if day else f"statement.entry.{event.kind}"
    return say(
        code, language, day=format_date(event.day, language), id=event.id,
        amount=format_money(event.amount_minor, currency, language),
        parts=say("statement.and", language).join(parts) if parts else say("statement.nothing", language),
    )  # fmt: skip


def rate_source_words(line: Line, language: str) -> str:
    """`10.27 % a year (base rate ...: 1.27 %)`."""
    source = ""
    if line.series is not None and line.value_ppm is not None:
        source = say(
            "statement.from_series", language, series=line.series.title[language], value=percent_of(line.value_ppm)
        )
    return rate_words(line, language) + source


def rate_words(line: Line, language: str) -> str:
    """`10.27 % a year`."""
    code = "statement.per_day" if line.per_day else "statement.per_year"
    return say(code, language, percent=percent_of(line.rate_ppm))


def component_words(name: str, language: str) -> str:
    """`interest` -> its name for people."""
    return say(f"statement.component.{name}", language)
