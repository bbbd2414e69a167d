"""The statement of a claim in words of a language: as data for other programs, and as plain text.

Data carry amounts as text in units of the currency, days in ISO form, rates in percent; nothing in them is a float.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import DIGITS, format_money, plain_amount
from dunwell.documents.account import Account, DebtStatement, Event, Line, Statement, Sums
from dunwell.documents.due_words import due_words
from dunwell.documents.plain import plain
from dunwell.rulebook.debt import Debt, DueBasis
from dunwell.rulebook.interest_scope import NOT_THE_BUYER
from dunwell.rulebook.interest_terms import COMPONENTS, Terms
from dunwell.rulebook.rates import percent_of


def as_data(statement: Statement, language: str) -> dict[str, Any]:
    """The statement as an object for JSON. `total` by currency is what is demanded; each debt says why."""
    return {
        "as_of": statement.as_of.isoformat(),
        "total": _amounts(statement.totals),
        "valid_until": max([statement.as_of, *(day for day, _ in statement.coming)]).isoformat(),
        "rates_assumed_from": statement.assumed_ahead.isoformat() if statement.assumed_ahead else None,
        "debts": [_debt_data(each, language) for each in statement.debts],
        "coming_days": [{"day": day.isoformat(), "total": _amounts(sums)} for day, sums in statement.coming],
        "pay_by": [{"day": day.isoformat(), "total": _amounts(sums)} for day, sums in statement.pay_by],
        "not_used": [
            {"id": name, "amount": plain_amount(minor, currency), "currency": currency}
            for currency, name, minor in statement.loose
        ],
    }


def _debt_data(each: DebtStatement, language: str) -> dict[str, Any]:
    debt = each.debt
    currency = debt.currency
    found: dict[str, Any] = {
        "number": debt.number,
        "currency": currency,
        "due": debt.due.isoformat(),
        "due_basis": _due_data(debt.due_basis),
        "principal": plain_amount(debt.principal_minor, currency),
        "interest_from": each.start.isoformat(),
        "regime": debt.terms.regime.id,
        "regime_source": debt.terms.regime.cited_on(each.start).source,
        "agreed_rate": {"rate": percent_of(debt.terms.agreed[0]), "per": debt.terms.agreed[1]}
        if debt.terms.agreed
        else None,
        "demanded": _sums_data(each.sums, currency),
        "lines": [_line_data(line, currency) for line in each.demanded.lines],
        "entries": [_event_data(event, currency) for event in each.demanded.events],
        "notes": notes(each, language),
        "assumed_since": each.assumed_since.isoformat() if each.assumed_since else None,
        "charges_not_claimed": [
            {
                "day": entry.day.isoformat(),
                "id": entry.id,
                "amount": plain_amount(entry.amount_minor, currency),
                "law": debt.charges_law,
            }
            for entry in debt.not_claimed
        ],
        "fixed_sum_not_claimed": _no_fixed_sum(debt, language),
        "without_interest": {"code": debt.untold.code, "why": debt.untold.words(language)} if debt.untold else None,
    }
    if each.informed is not None:
        found["computed_not_demanded"] = {
            **_sums_data(each.informed.sums, currency),
            "lines": [_line_data(line, currency) for line in each.informed.lines],
            "entries": [_event_data(event, currency) for event in each.informed.events],
        }
    if each.disputed is not None:
        found["disputed"] = _sums_data(each.disputed, currency)
        found["with_disputed_part"] = plain_amount(each.sums.total + each.disputed.total, currency)
    return found


def _due_data(basis: DueBasis | None) -> dict[str, Any] | None:
    """How a due date came about; `beyond_law` is the rule that it is later than."""
    if basis is None:
        return None
    late = basis.beyond
    beyond = late and {"rule": late.rule, "latest": late.latest.isoformat(), "basis": late.basis}
    return {
        "terms": basis.terms, "calendar_official": basis.known, "rule": basis.rule, "beyond_law": beyond,
        "issued_after_due": basis.issued_after.isoformat() if basis.issued_after else None,
    }  # fmt: skip


def _no_fixed_sum(debt: Debt, language: str) -> dict[str, str] | None:
    if debt.fixed_sum_in:
        return {"why": "other_currency", "currency": debt.fixed_sum_in}
    if debt.no_fixed_sum is None:
        return None
    return {"why": debt.no_fixed_sum.code.rpartition(".")[2], "words": debt.no_fixed_sum.words(language)}


def _sums_data(sums: Sums, currency: str) -> dict[str, str]:
    parts = {
        "costs": sums.costs, "interest": sums.interest, "second_interest": sums.extra, "principal": sums.principal,
        "total": sums.total, "surplus": sums.surplus, "capped": sums.capped, "capped_costs": sums.capped_costs,
    }  # fmt: skip
    return {name: plain_amount(minor, currency) for name, minor in parts.items()}


def _line_data(line: Line, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from": line.first.isoformat(), "to": line.last.isoformat(), "days": line.days,
        "balance": plain_amount(line.balance_minor, currency), "rate": percent_of(line.rate_ppm),
        "per": "day" if line.per_day else "year", "interest": plain_amount(line.interest_minor, currency),
        "exact": exact_amount(*line.exact, currency), "second_interest": line.extra,
    }  # fmt: skip
    if line.rate.series is not None and line.value_ppm is not None:
        found["rate_source"] = {
            "series": line.rate.series.id, "value": percent_of(line.value_ppm), "assumed": line.assumed,
            "source": line.rate.series.source_of(line.value_day),
            "told_on": told.day.isoformat() if (told := line.rate.series.told_of(line.value_day)) else None,
            "multiplier": f"{line.rate.multiplier / 100:.2f}", "spread": percent_of(line.rate.spread_ppm),
        }  # fmt: skip
    return found


def _event_data(event: Event, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "day": event.day.isoformat(), "kind": event.kind, "id": event.id,
        "amount": plain_amount(event.amount_minor, currency), "adds": plain_amount(event.adds_minor, currency),
        "paid": {name: plain_amount(minor, currency) for name, minor in event.paid.items() if minor},
        "open_after": {name: plain_amount(minor, currency) for name, minor in event.after.items()},
    }  # fmt: skip
    if event.covered_minor:
        found["covered_by_fixed_sum"] = plain_amount(event.covered_minor, currency)
    if event.placed is not None:
        found["placed"] = {
            "received": event.placed.came.isoformat(), "named": event.placed.over,
            "document": "credit_note" if event.placed.credit else "payment", "order": event.order_source,
        }  # fmt: skip
    return found


def _amounts(sums: Mapping[str, int]) -> dict[str, str]:
    return {currency: plain_amount(minor, currency) for currency, minor in sums.items()}


def exact_amount(numerator: int, denominator: int, currency: str) -> str:
    """A fraction of minor units as an amount with six more decimals, cut off: for whoever does the sum by hand."""
    more = 6
    digits = DIGITS[currency] + more
    whole, part = divmod(numerator * 10**more // denominator, 10**digits)
    return f"{whole}.{part:0{digits}d}"


def notes(each: DebtStatement, language: str, *, inside: bool = True) -> list[str]:
    """What must be said beside a sum: how far its rule can be trusted, what was assumed, what a court may do.

    inside   for the creditor's own people: with what they should do about interest that cannot be told
    """
    terms = each.debt.terms
    citation = terms.regime.cited_on(each.start)
    found = due_words(each.debt.due_basis, language, inside=inside)
    if each.debt.untold:
        why = each.debt.untold.words(language)
        number = each.debt.number
        code = "statement.untold" if inside else "statement.untold_part"
        found.append(say(code, language, number=number, why=why))
    if each.debt.fixed_sum_in:
        law, currency = each.debt.fixed_sum_in, each.debt.currency
        found.append(say("statement.fixed_sum_not_claimed", language, law=law, currency=currency))
    if each.debt.no_fixed_sum:
        found.append(each.debt.no_fixed_sum.words(language))
    for entry in each.debt.not_claimed:
        amount = format_money(entry.amount_minor, each.debt.currency, language)
        law = str(each.debt.charges_law)
        found.append(say("statement.charge_not_claimed", language, id=entry.id, amount=amount, law=law))
    if inside and each.debt.doubtful:
        ids, law = "; ".join(each.debt.doubtful), str(each.debt.charges_doubt)
        found.append(say("statement.charges_in_doubt", language, ids=ids, law=law))
    if not each.debt.untold:
        found += _agreed_notes(terms, language)
    if not terms.claimed:
        found.append(say("statement.no_basis" if not terms.regime.basis else "statement.not_confirmed", language))
    if not citation.verified:
        found.append(say(f"statement.unverified.{citation.confidence}", language, source=citation.source))
    if each.assumed_since is not None:
        found.append(say("statement.assumed", language, day=format_date(each.assumed_since, language)))
    shown = each.informed or each.demanded
    if terms.rounding == "once" and len(shown.lines) > 1:
        found.append(say("statement.lines_round", language))
    if each.sums.capped:
        capped = format_money(each.sums.capped, each.debt.currency, language)
        found.append(say("statement.capped", language, amount=capped))
    found += _ceiling_notes(each, language)
    untrue = {*(() if inside else NOT_THE_BUYER), *(_WITHOUT_CONTRACT if each.debt.contract else ())}
    return found + [say(f"interest.warning.{code}", language) for code in terms.warnings if code not in untrue]


_WITHOUT_CONTRACT = ("de_contract_day",)
"""Warnings that say what was assumed because the day of the contract is not told."""


def _agreed_notes(terms: Terms, language: str) -> list[str]:
    """How a rate that was agreed for a month or a day becomes the rate of the lines."""
    rate = terms.versions[-1][1]
    if terms.agreed is None or rate is None or rate.rate_ppm is None or terms.agreed[1] == "year":
        return []
    ppm, per = terms.agreed
    if per == "day":
        code = "" if rate.day_count == "per-day" else "statement.agreed_day"
    else:
        code = "statement.agreed_month." + ("thirty" if rate.day_count.startswith("30/360") else "actual")
    values = {"rate": percent_of(ppm), "yearly": percent_of(rate.rate_ppm), "day_count": rate.day_count}
    return [say(code, language, **values)] if code else []


def _ceiling_notes(each: DebtStatement, language: str) -> list[str]:
    """What a cap on interest and fees together cut off, and which charges it was not held against."""
    found = []
    currency = each.debt.currency
    if each.sums.capped_costs:
        amount = format_money(each.sums.capped_costs, currency, language)
        found.append(say("statement.capped_costs", language, amount=amount))
    charges = [entry for entry in each.debt.entries if entry.kind == "charge" and entry.charge_kind is None]
    if each.debt.terms.ceiling and charges:
        ids = "; ".join(entry.id for entry in charges)
        found.append(say("statement.charge_without_kind", language, ids=ids))
    return found


def as_text(
    statement: Statement,
    language: str,
    unallocated: Mapping[str, int] | None = None,
    in_doubt: Mapping[str, int] | None = None,
) -> Iterator[str]:
    """The statement as lines of text for a terminal or a mail; columns are told apart by words, not by spaces."""
    yield say("statement.as_of", language, day=format_date(statement.as_of, language))
    for each in statement.debts:
        yield ""
        yield from _debt_text(each, language)
    yield ""
    for currency, minor in statement.totals.items():
        yield say("statement.total", language, amount=format_money(minor, currency, language))
    for currency, minor in (unallocated or {}).items():
        yield say("statement.unallocated", language, amount=format_money(minor, currency, language))
    for currency, minor in (in_doubt or {}).items():
        yield say("statement.in_doubt", language, amount=format_money(minor, currency, language))
    tomorrow = statement.coming[0][1] if statement.coming else {}
    for currency, minor in tomorrow.items():
        more = minor - statement.totals[currency]
        if more > 0:
            yield say("statement.tomorrow", language, amount=format_money(more, currency, language))
    for n, (day, sums) in enumerate(statement.pay_by):
        amounts = say("statement.and", language).join(format_money(m, c, language) for c, m in sums.items())
        code = "statement.paid_by" if n == 0 else "statement.paid_after"
        yield say(code, language, day=format_date(day, language), amounts=amounts)
    if statement.assumed_ahead is not None:
        yield say("statement.assumed", language, day=format_date(statement.assumed_ahead, language))
    for currency, name, minor in statement.loose:
        yield say("statement.loose", language, id=name, amount=format_money(minor, currency, language))


def _debt_text(each: DebtStatement, language: str) -> Iterator[str]:
    debt = each.debt

    def money(minor: int) -> str:
        return format_money(minor, debt.currency, language)

    yield say(
        "statement.debt", language, number=debt.number, principal=money(debt.principal_minor),
        due=format_date(debt.due, language), regime=debt.terms.regime.title[language],
    )  # fmt: skip
    yield from _account_text(each.demanded, debt.currency, language)
    if each.informed is not None and each.informed.sums.total != each.sums.total:
        yield say("statement.informed", language)
        yield from (f"  {line}" for line in _account_text(each.informed, debt.currency, language))
    if each.disputed is not None:
        yield say(
            "statement.disputed", language, amount=money(each.disputed.total),
            whole=money(each.sums.total + each.disputed.total),
        )  # fmt: skip
    for note in notes(each, language):
        yield say("statement.note", language, note=note)


def _account_text(account: Account, currency: str, language: str) -> Iterator[str]:
    """What happened in order, and what is open of it."""
    happenings = [(line.last, 0, line_words(line, currency, language)) for line in account.lines]
    happenings += [(event.day, 1, event_words(event, currency, language)) for event in account.events]
    for _, _, words in sorted(happenings, key=lambda one: one[:2]):
        yield f"  {words}"
    sums = account.sums
    parts = (sums.costs, sums.interest, sums.extra, sums.principal)
    for name, minor in zip(COMPONENTS, parts, strict=True):
        if minor or name == "principal":
            amount = format_money(minor, currency, language)
            yield say("statement.open", language, what=component_words(name, language), amount=amount)
    if sums.surplus:
        yield say("statement.surplus", language, amount=format_money(sums.surplus, currency, language))
    yield say("statement.owed", language, amount=format_money(sums.total, currency, language))


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
    kind = "credit_used" if event.kind == "payment" and event.placed and event.placed.credit else event.kind
    code = f"statement.event.{kind}" if day else f"statement.entry.{kind}"
    told = say(
        code, language, day=format_date(event.day, language), id=event.id,
        amount=format_money(event.amount_minor, currency, language),
        parts=say("statement.and", language).join(parts) if parts else say("statement.nothing", language),
    )  # fmt: skip
    if event.covered_minor:
        covered, whole = (format_money(m, currency, language) for m in (event.covered_minor, event.amount_minor))
        told += say("statement.covered", language, amount=covered, whole=whole)
    if parts and event.kind != "payment":
        told += say("statement.from_held", language, parts=say("statement.and", language).join(parts))
    return told + placed_words(event, language) if event.placed else told


def placed_words(event: Event, language: str) -> str:
    """Why money that named no debt, or more than it owed, stands here; when it came in, if that was before."""
    assert event.placed is not None
    how = event.placed
    came = say("statement.placed.came", language, day=format_date(how.came, language)) if how.came < event.day else ""
    order = say(f"statement.order.{event.order_source}", language)
    if how.over is None:
        return say("statement.placed", language, came=came, order=order)
    return say("statement.placed.over", language, came=came, number=how.over, order=order)


def rate_source_words(line: Line, language: str) -> str:
    """`10.27 % a year (base rate ... 1.27 % + 9.00 %)`: how the rate comes about."""
    rate = line.rate
    words = rate_words(line, language)
    if rate.series is not None and line.value_ppm is not None:
        formula = f"{percent_of(line.value_ppm)} %"
        if rate.multiplier != 100:
            formula += f" × {Decimal(rate.multiplier).scaleb(-2).normalize():f}"
        if rate.spread_ppm:
            formula += f" {'+' if rate.spread_ppm > 0 else '−'} {percent_of(abs(rate.spread_ppm))} %"
        told = rate.series.told_of(line.value_day)
        if told is not None:
            day = format_date(told.day, language)
            formula += say("statement.told_by", language, source=plain(told.source, 200), day=day)
        words += say("statement.from_series", language, series=rate.series.title[language], formula=formula)
    elif rate.rate_ppm is not None and rate.rate_ppm > line.rate_ppm:
        words += say("statement.cut_rate", language, agreed=percent_of(rate.rate_ppm))
    return words


def rate_words(line: Line, language: str) -> str:
    """`10.27 % a year`."""
    code = "statement.per_day" if line.per_day else "statement.per_year"
    return say(code, language, percent=percent_of(line.rate_ppm))


def component_words(name: str, language: str) -> str:
    """`interest` -> its name for people."""
    return say(f"statement.component.{name}", language)
