"""Late interest on the command line: `statement`, `terms`, `rates`."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from dunwell.actions import interest
from dunwell.actions.business_day import day_start, today
from dunwell.actions.statement import statement_of, statement_of_debtor
from dunwell.core.errors import DunwellError, say
from dunwell.core.money import plain_amount
from dunwell.core.terms import LANGUAGES
from dunwell.documents import statement as words_of
from dunwell.documents.statement_page import Parties, render_statement
from dunwell.jobs.context import language, moment, operator, show, tell, words
from dunwell.jobs.day_option import Day, refuse_early
from dunwell.rulebook.interest_scope import check_scope
from dunwell.rulebook.interest_terms import (
    BUYERS,
    DAY_COUNTS,
    NOT_AT_HAND,
    NOTHING,
    OTHER,
    PAYMENT_DAYS,
    ROUNDINGS,
    Terms,
    house_regimes,
)
from dunwell.rulebook.rates import percent_of
from dunwell.store.reads import creditors, talks
from dunwell.store.reads import interest as read


@click.command("statement")
@click.argument("receivable", nargs=-1)
@click.option("--debtor", help="All open debts of this debtor, instead of receivables by their numbers.")
@click.option("--as-of", type=Day(), help="The day of the statement, itself included (default: today).")
@click.option("--as-known-then", is_flag=True, help="Use only what was known by the end of that day.")
@click.option("--pay-by", type=Day(), help="Say also what it costs if it is paid by this day, and after it.")
@click.option("--json", "as_json", is_flag=True, help="The statement as JSON.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a page for the letter.")
@click.option("--language", "spoken", type=click.Choice(LANGUAGES), help="Default: yours; of the page, the debtor's.")
@click.option("--creditor", "code", help="Whose book.")
def statement(
    receivable: tuple[str, ...],
    debtor: str | None,
    as_of: date | None,
    pay_by: date | None,
    *,
    as_known_then: bool,
    as_json: bool,
    pdf: Path | None,
    spoken: str | None,
    code: str | None,
) -> None:
    """Show what is owed of receivables of one debtor, line by line: from, to, days, balance, rate, interest.

    The terms are those of `dunwell terms`; without any, nothing but what was invoiced and charged is owed. Money that
    names no invoice pays the debtor's debts by the order of docs/claims.md, and says so where it pays.
    """
    creditor = creditors.choose(code)
    day = as_of or today(creditor, moment())
    refuse_early(pay_by, day)
    if bool(receivable) == (debtor is not None):
        raise DunwellError("statement.of_whom")
    known_at = day_start(creditor, day + timedelta(days=1)) if as_known_then else None
    if debtor is not None:
        owner = talks.debtor(creditor, debtor)
        told = statement_of_debtor(creditor=creditor, debtor=owner, as_of=day, pay_by=pay_by, known_at=known_at)
    else:
        told = statement_of(creditor=creditor, numbers=receivable, as_of=day, pay_by=pay_by, known_at=known_at)
    if pdf is not None:
        _write(pdf, render_statement(told.statement, _parties(creditor, told), spoken or told.debtor.language))
        tell("statement.written", path=str(pdf))
    speech = spoken or language()
    if as_json:
        data = words_of.as_data(told.statement, speech)
        data["debtor"] = {"number": told.debtor.number, "name": told.debtor.name}
        data["unallocated"] = {name: plain_amount(minor, name) for name, minor in told.unallocated.items()}
        data["in_doubt"] = {name: plain_amount(minor, name) for name, minor in told.in_doubt.items()}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    elif pdf is None:
        click.echo(say("statement.for", speech, name=told.debtor.name, number=told.debtor.number))
        for line in words_of.as_text(told.statement, speech, told.unallocated, told.in_doubt):
            click.echo(line)


def _parties(creditor: Any, told: Any) -> Parties:
    """Who stands on the page."""
    place = " ".join(part for part in (creditor.postcode, creditor.city) if part)
    account = " ".join(part for part in (creditor.iban or creditor.account, creditor.bic, creditor.bank_name) if part)
    lines = tuple(part for part in (creditor.name, creditor.street, place, account) if part)
    return Parties(lines, told.debtor.name, told.debtor.number, told.unallocated)


def _write(path: Path, page: bytes) -> None:
    try:
        path.write_bytes(page)
    except OSError as error:
        raise DunwellError("statement.not_written", path=str(path), why=error.strerror or str(error)) from error


@click.group("terms")
def terms() -> None:
    """By which terms late interest is claimed: set, show, remove, list the regimes."""


@terms.command("set")
@click.argument("code", metavar="CODE")
@click.option("--regime", required=True, help="See `dunwell terms list`.")
@click.option("--rate", help="The rate that was agreed, in percent.")
@click.option("--per", type=click.Choice(["year", "month", "day"]), help="What the rate is for (default: year).")
@click.option("--multiplier", help="Of the reference rate, where the regime leaves a choice.")
@click.option("--day-count", type=click.Choice(DAY_COUNTS), help="How days of a year count.")
@click.option("--payment-day", type=click.Choice(PAYMENT_DAYS), help="Whether the day of a payment bears interest.")
@click.option("--rounding", type=click.Choice(ROUNDINGS), help="Where interest is rounded.")
@click.option("--order", help="Which component a payment pays first: law, enforcement, principal-first, or four names.")
@click.option("--grace-days", type=int, help="Days after the due date that bear nothing.")
@click.option("--sum-cap", help="The most that interest may come to, in percent of the principal.")
@click.option("--compound", help="When interest bears interest: month, quarter, half-year, year; only if agreed.")
@click.option(
    "--buyer",
    type=click.Choice([*BUYERS, OTHER]),
    help="What the debtor of the contract or invoice is as a buyer, where it is not recorded.",
)
@click.option("--fixed-sum", is_flag=True, help="Claim the fixed sum for late payment that the law gives.")
@click.option(
    "--confirmed", is_flag=True, help="You have checked these terms and answer for them: interest is demanded."
)
@click.option("--creditor", "creditor_code", help="Whose book.")
def set_terms(
    code: str,
    regime: str,
    buyer: str | None,
    *,
    fixed_sum: bool,
    confirmed: bool,
    creditor_code: str | None,
    **given: Any,
) -> None:
    """Set the terms of a kind of debtors, of a contract or of an invoice.

    CODE is business or consumer (all debtors of that kind), business:GB (those of a country), contract:NUMBER or
    invoice:NUMBER. The most specific one holds.

    Example: dunwell terms set business --regime de.bgb-288-2 --confirmed

    Example: dunwell terms set contract:V-17 --regime contract.clause --rate 6 --confirmed

    Without --confirmed the interest of a rule whose official wording is not at hand is computed, not demanded.
    """
    wishes = {name: value for name, value in given.items() if value is not None}
    if "," in wishes.get("order", ""):
        wishes["order"] = [part.strip() for part in wishes["order"].split(",")]
    creditor = creditors.choose(creditor_code)
    interest.set_terms(
        creditor=creditor, code=code, regime=regime, wishes=wishes, buyer=buyer, fixed_sum=fixed_sum,
        confirmed=confirmed, at=moment(), by=operator(),
    )  # fmt: skip
    _show(creditor)


@terms.command("remove")
@click.argument("code")
@click.option("--creditor", "creditor_code", help="Whose book.")
def remove_terms(code: str, creditor_code: str | None) -> None:
    """Take terms away: those of the next code that holds for a debt hold again.

    CODE is what `dunwell terms show` tells first.
    """
    creditor = creditors.choose(creditor_code)
    interest.remove_terms(creditor=creditor, code=code, at=moment(), by=operator())
    tell("terms.removed", code=code)


@terms.command("show")
@click.option("--creditor", "creditor_code", help="Whose book.")
def show_terms(creditor_code: str | None) -> None:
    """Show the terms that are set."""
    _show(creditors.choose(creditor_code))


def _show(creditor: Any) -> None:
    rows = read.all_terms(creditor)
    if not rows:
        tell("terms.none")
    series = read.series_of(creditor)
    for row in rows:
        terms = read.terms_of(row, series)
        tell(
            "terms.row", code=row.code, regime=row.regime, title=terms.regime.title[language()],
            wishes=", ".join(f"{name} {value}" for name, value in sorted(json.loads(row.wishes).items())) or "-",
            source=terms.regime.citation.source, confidence=words(f"confidence.{terms.regime.citation.confidence}"),
        )  # fmt: skip
        tell(f"terms.{_state(terms)}", by=row.confirmed_by)
        if row.fixed_sum:
            tell("terms.fixed_sum")
        _tell_doubts(creditor, row, terms.regime)


def _state(terms: Terms) -> str:
    """Whether interest by terms is demanded, and why."""
    if terms.regime.id == NOTHING:
        return "nothing"
    if terms.claimed:
        return "demanded" if terms.confirmed else "demanded_as_it_stands"
    return "not_demanded" if terms.regime.basis else "no_basis"


def _tell_doubts(creditor: Any, row: Any, regime: Any) -> None:
    """What is doubtful about terms that are set, or has become wrong since."""
    try:
        aim = read.aim_of(creditor, row.code, row.buyer)
        doubts = check_scope(regime, aim.case, whoever_buys=not aim.single)
    except DunwellError as error:
        tell("terms.doubt", why=error.words(language()))
        return
    for code in doubts:
        tell("terms.doubt", why=words(f"interest.warning.{code}"))
    if regime.buyers and not aim.single:
        some, every = read.buyers_under(creditor, row.code, regime)
        tell("terms.buyers", known=", ".join(regime.buyers), some=some, every=every)


@terms.command("list")
def list_regimes() -> None:
    """List the regimes of late interest that are known, with their source."""
    table = Table(*(words(f"terms.column.{name}") for name in ("regime", "title", "source", "confidence", "review")))
    for regime in house_regimes().values():
        table.add_row(
            regime.id, regime.title[language()], regime.citation.source,
            words(f"confidence.{regime.citation.confidence}"), regime.review_by.isoformat(),
        )  # fmt: skip
    show(table)
    tell("terms.not_at_hand", places=", ".join(NOT_AT_HAND))


@click.group("rates")
def rates() -> None:
    """Reference rates: show what is known, take newer ones in."""


@rates.command("show")
@click.option("--creditor", "creditor_code", help="Whose book.")
def show_rates(creditor_code: str | None) -> None:
    """Show each series: the last value, until when it is known, and where newer ones are found."""
    for series in read.series_of(creditors.choose(creditor_code)).values():
        day, value = series.values[-1]
        tell(
            "rates.series", series=series.id, title=series.title[language()], rate=percent_of(value),
            day=day.isoformat(), until=series.known_until.isoformat(),
            confidence=words(f"confidence.{series.citation.confidence}"), source=series.citation.source,
        )  # fmt: skip
        for since, told in sorted(series.told.items()):
            tell(
                "rates.told", day=since.isoformat(), rate=percent_of(series.on(since)), source=told.source,
                on=told.day.isoformat(),
            )  # fmt: skip
        tell("rates.update", where=series.update)


@rates.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="Where the rates come from: an address, a letter, a name.")
@click.option("--replace", is_flag=True, help="A rate that was told before may be replaced by another one.")
@click.option("--creditor", "creditor_code", help="Whose book.")
def import_rates(file: Path, source: str, creditor_code: str | None, *, replace: bool) -> None:
    """Take newer rates in from a CSV file with the columns series,from,rate,known_until.

    known_until is at most the day before the next fixing of the series. A rate that was told before is replaced only
    with --replace; one that came with Dunwell never is.

    Example: de.basiszins,2026-07-01,1.27,2026-12-31
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DunwellError("claim.unreadable", path=str(file), why=str(error)[:100]) from error
    taken = interest.import_rates(
        creditor=creditors.choose(creditor_code),
        rates=interest.read_rates(text),
        source=source,
        replace=replace,
        at=moment(),
        by=operator(),
    )
    tell("rates.taken", count=taken.new, series=", ".join(taken.series))
    for one in taken.replaced:
        tell("rates.replaced", series=one.series, day=one.day.isoformat(), old=one.old, new=one.new)
