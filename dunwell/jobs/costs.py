"""`dunwell costs`: what a court asks, what an agreed late fee may be, which fixed sum the law gives. No database."""

import json
from datetime import date
from typing import Any

import click
import polars as pl

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import Money, format_money, grouped_amount, plain_amount
from dunwell.core.terms import DebtorKind, ReceivableKind
from dunwell.engine.claim.fees import CourtCost, agreed_fees, court_cost_shown, fixed_sums
from dunwell.intake.amounts import parse_one
from dunwell.jobs.context import language, moment, tell, words
from dunwell.jobs.day_option import Day
from dunwell.rulebook.fees import COLLECTORS, CONTRACTS, FeeRule, house_fees
from dunwell.rulebook.rates import percent_of

PLACE = click.option("--place", required=True, help="The country whose law holds, by its two letters: CN, US, DE.")
CURRENCY = click.option("--currency", help="By its three letters.")
DAY = click.option("--day", type=Day(), help="On which day (default: today).")
JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
DEBTOR = click.option("--debtor", type=click.Choice(list(map(str, DebtorKind))), default="business", show_default=True)


@click.group("costs")
def costs() -> None:
    """Work out court fees, agreed late fees and fixed sums for late payment, with the rule they rest on."""


@costs.command("court")
@PLACE
@click.option("--amount", required=True, help="What is claimed, enforced or to be preserved: 50000.00")
@CURRENCY
@click.option("--act", default="suit", show_default=True, help="suit, payment-order, preservation, enforcement, ...")
@DAY
@JSON
def court(place: str, amount: str, currency: str | None, act: str, day: date | None, *, as_json: bool) -> None:
    """What a court asks for a claim, row by row of its table.

    Example: dunwell costs court --place CN --amount 50000.00 --act payment-order
    """
    known = house_fees().courts(place.upper())
    if not known:
        places = sorted({each for rule in house_fees().of_kind("court-fee") for each in rule.places})
        raise DunwellError("fees.no_court_table", place=place[:20], known=", ".join(places))
    if act not in known:
        raise DunwellError("fees.no_such_act", act=act[:60], place=place.upper(), known=", ".join(sorted(known)))
    rule = known[act]
    asked = Money(_minor(amount, currency or rule.currency), (currency or rule.currency).upper())
    on = day or moment().date()
    if asked.currency != rule.currency:
        raise DunwellError("costs.wrong_currency", currency=rule.currency, value=asked.currency)
    if on < rule.values[0][0]:
        raise DunwellError("costs.not_in_force", first=rule.values[0][0].isoformat(), day=on.isoformat())
    if asked.minor == 0:
        raise DunwellError("costs.not_positive", value=amount[:60])
    shown = court_cost_shown(rule.id, asked, on)
    if as_json:
        _print(_court_data(shown, asked) | {"act": act})
        return
    tell("costs.court", title=rule.title[language()], amount=_money(asked.minor, asked.currency))
    for line in _court_rows(shown):
        click.echo(f"  {line}")
    tell("costs.owed", amount=_money(shown.cost.minor, shown.cost.currency))
    _source(rule)
    if shown.base is not rule:
        _source(shown.base)


def _court_rows(shown: CourtCost) -> list[str]:
    """The rows of the table that the amount reaches, then what was made of their sum."""
    currency = shown.cost.currency

    def money(minor: int) -> str:
        return _money(minor, currency)

    found = []
    for part, begins, inside, bears in shown.rows:
        if part.flat_minor:
            upper = money(part.up_to) if part.up_to else "-"
            found.append(words("costs.row_flat", upper=upper, fee=money(part.flat_minor)))
        else:
            found.append(
                words(
                    "costs.row", begins=money(begins), inside=money(inside), percent=percent_of(part.ppm),
                    fee=_exact(bears, currency),
                )
            )  # fmt: skip
    if shown.capped and shown.cap_minor is not None:
        found.append(words("costs.row_cap", cap=money(shown.cap_minor)))
    if shown.share is not None:
        share = f"{shown.share.numerator}/{shown.share.denominator}"
        found.append(words("costs.row_share", share=share, title=shown.base.title[language()]))
    return found


def _court_data(shown: CourtCost, asked: Money) -> dict[str, Any]:
    currency = shown.cost.currency
    return {
        "amount": plain_amount(asked.minor, currency),
        "currency": currency,
        "fee": plain_amount(shown.cost.minor, currency),
        "rows": [
            {
                "above": plain_amount(begins, currency),
                "up_to": plain_amount(part.up_to, currency) if part.up_to else None,
                "inside": plain_amount(inside, currency),
                "percent": None if part.flat_minor else percent_of(part.ppm),
                "flat": plain_amount(part.flat_minor, currency) if part.flat_minor else None,
                "fee_exact": _exact(bears, currency, plain=True),
            }
            for part, begins, inside, bears in shown.rows
        ],
        "cap": plain_amount(shown.cap_minor, currency) if shown.cap_minor is not None else None,
        "capped": shown.capped,
        "share": f"{shown.share.numerator}/{shown.share.denominator}" if shown.share else None,
        "table_since": shown.since.isoformat(),
        "rule": _rule_data(shown.rule),
        "table": _rule_data(shown.base),
    }


@costs.command("late-fee")
@PLACE
@click.option("--asked", required=True, help="The fee that is to be charged.")
@click.option("--agreed", help="What the agreement names for it (left out: it names none).")
@click.option("--currency", required=True, help="By its three letters.")
@DEBTOR
@click.option("--collector", type=click.Choice(COLLECTORS), default="creditor", show_default=True, help="Who collects.")
@click.option(
    "--contract", type=click.Choice(CONTRACTS), default="other", show_default=True, help="What it comes from."
)
@click.option("--room", help="What a cap on interest leaves, where fees count within it.")
@click.option("--charged", is_flag=True, help="It was charged for the same cause before.")
@DAY
@JSON
def late_fee(
    place: str,
    asked: str,
    agreed: str | None,
    currency: str,
    debtor: str,
    collector: str,
    contract: str,
    room: str | None,
    day: date | None,
    *,
    charged: bool,
    as_json: bool,
) -> None:
    """How much of a late fee or dunning fee may be: as agreed, once for each cause, within the ceilings that are known.

    Example: dunwell costs late-fee --place US --debtor consumer --collector agency --currency USD --asked 25
    """
    row: dict[str, Any] = {
        "debt_id": 1, "cause": "late", "day": day or moment().date(), "currency": currency.upper(),
        "asked_minor": _minor(asked, currency), "agreed_minor": _minor(agreed, currency) if agreed else None,
        "place": place.upper(), "debtor_kind": debtor, "collector": collector, "contract": contract,
        "room_minor": _minor(room, currency) if room else None, "charged": charged,
    }  # fmt: skip
    schema = {"agreed_minor": pl.Int64, "room_minor": pl.Int64}
    found = agreed_fees(pl.DataFrame([row], schema_overrides=schema)).row(0, named=True)
    rule = house_fees().named(found["ceiling"]) if found["ceiling"] else None
    _answer(found["fee_minor"], row["currency"], f"fees.agreed.{found['fee_reason']}", rule, as_json=as_json)
    if rule is None and not as_json:
        tell("fees.no_ceiling")


@costs.command("fixed-sum")
@PLACE
@click.option("--amount", required=True, help="What was owed when it became late.")
@CURRENCY
@click.option("--late-from", type=Day(), help="The first day of lateness (default: the day itself).")
@DEBTOR
@click.option("--costs", "charged_costs", help="Costs of recovery that were charged for the debt already.")
@click.option("--charged", is_flag=True, help="The sum was charged for the debt before.")
@DAY
@JSON
def fixed_sum(
    place: str,
    amount: str,
    currency: str | None,
    late_from: date | None,
    debtor: str,
    charged_costs: str | None,
    day: date | None,
    *,
    charged: bool,
    as_json: bool,
) -> None:
    """The fixed sum that the law gives for a debt paid late, once for each cause.

    Example: dunwell costs fixed-sum --place GB --amount 9999.99 --late-from 2026-01-31
    """
    here = [rule for rule in house_fees().of_kind("fixed-sum") if place.upper() in rule.places]
    if currency is None and not here:
        raise DunwellError("fees.no_currency")
    code = (currency or here[0].currency).upper()
    on = day or moment().date()
    row: dict[str, Any] = {
        "debt_id": 1, "kind": str(ReceivableKind.INVOICE), "place": place.upper(), "debtor_kind": debtor,
        "currency": code, "amount_minor": _minor(amount, code), "late_from": late_from or on, "charged": charged,
        "costs_minor": _minor(charged_costs, code) if charged_costs else 0,
    }  # fmt: skip
    found = fixed_sums(pl.DataFrame([row]), on).row(0, named=True)
    rule = house_fees().named(found["fixed_rule"]) if found["fixed_rule"] else None
    basis = {"claim_basis": found["fixed_claim_basis"]}
    _answer(found["fixed_minor"], code, f"fees.fixed.{found['fixed_reason']}", rule, as_json=as_json, **basis)
    if found["fixed_claim_basis"] is False and not as_json:
        tell("costs.no_basis")


def _answer(minor: int, currency: str, reason: str, rule: FeeRule | None, *, as_json: bool, **more: Any) -> None:
    if as_json:
        found = {"fee": plain_amount(minor, currency), "currency": currency, "reason": reason.rpartition(".")[2]}
        _print(found | more | {"rule": _rule_data(rule) if rule else None})
        return
    tell("costs.owed", amount=_money(minor, currency))
    tell("costs.why", reason=words(reason))
    if rule is not None:
        tell("costs.rule", title=rule.title[language()])
        _source(rule)


def _source(rule: FeeRule) -> None:
    """The source of a rule, how far it can be trusted, and whether it should have been looked at again."""
    cited = rule.citation
    tell("costs.source", source=cited.source, confidence=words(f"confidence.{cited.confidence}"))
    if cited.quote:
        tell("costs.quote", quote=cited.quote)
    if not cited.verified:
        tell("costs.unverified")
    if rule.review_by < moment().date():
        tell("costs.review", day=format_date(rule.review_by, language()))


def _rule_data(rule: FeeRule) -> dict[str, Any]:
    return {
        "id": rule.id, "title": rule.title[language()], "source": rule.citation.source,
        "confidence": rule.citation.confidence, "verified": rule.citation.verified,
        "quote": rule.citation.quote or None, "review_by": rule.review_by.isoformat(),
    }  # fmt: skip


def _minor(text: str, currency: str) -> int:
    """An amount of money as it was typed, not below zero."""
    minor = parse_one(text, currency.upper())
    if minor < 0:
        raise DunwellError("costs.not_positive", value=text[:60])
    return minor


def _money(minor: int, currency: str) -> str:
    return format_money(minor, currency, language())


def _exact(millionths: int, currency: str, *, plain: bool = False) -> str:
    """Millionths of a minor unit as an amount; what is beyond the minor unit stands behind it, where there is any."""
    minor, rest = divmod(millionths, 1_000_000)
    more = f"{rest:06d}".rstrip("0")
    if plain:
        return plain_amount(minor, currency) + more
    return f"{currency} {grouped_amount(minor, currency)}{more}" if more else _money(minor, currency)


def _print(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
