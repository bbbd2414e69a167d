"""Due dates beside the rules of law on payment terms (`legal_terms`): the day where nothing was agreed, and which are
later than a rule lets them be. Nothing here moves a day that was told or agreed."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import polars as pl

from dunwell.core.terms import DebtorKind
from dunwell.rulebook.due_dates import due_dates
from dunwell.rulebook.legal_terms import DEBTORS, LegalTerms, Limits, house_legal_terms
from dunwell.rulebook.payment_terms import BaseDate
from dunwell.rulebook.places import governs, members_of

_DAYS = (BaseDate.RECEIPT.column, BaseDate.DELIVERY.column, BaseDate.ACCEPTANCE.column)
_PLACE = "_place"
BOUNDS: dict[str, pl.DataType] = {"law_rule": pl.String(), "lawful_date": pl.Date(), "law_basis": pl.String()}
"""What `beyond_law` adds; see `rulebook.debt.Bound`."""
GIVEN: dict[str, pl.DataType] = {
    "given_rule": pl.String(), "due_by_law": pl.Date(), "law_terms": pl.String(), "law_lacks": pl.String(),
}  # fmt: skip
"""What `due_by_law` adds."""


def debtor_of(kind: pl.Expr, buyer: pl.Expr) -> pl.Expr:
    """What rules of payment terms call a debtor (`legal_terms.DEBTORS`)."""
    consumer = str(DebtorKind.CONSUMER)
    named = buyer.is_in([each for each in DEBTORS if each not in (DebtorKind.BUSINESS, consumer)])
    return (
        pl.when(kind == consumer).then(pl.lit(consumer)).when(named.fill_null(value=False)).then(buyer)
        .otherwise(pl.lit(str(DebtorKind.BUSINESS)))
    )  # fmt: skip


def beyond_law(rows: pl.DataFrame, creditor: frozenset[str]) -> pl.DataFrame:
    """The rows whose due date is later than a rule of law lets it be, + `BOUNDS`; of several rules the strictest.

    rows       law (whose law governs: country or part of one, String), debtor (`debtor_of`), issue_date, due_date, and
               received_date, delivered_date, accepted_date (Date, may be null)
    creditor   what the creditor is (`creditor_kinds`)

    A missing day that a rule runs from is taken to be the invoice's own; the basis is then `unchecked`.
    """
    found = [pl.DataFrame(schema={**rows.schema, _PLACE: pl.UInt32(), **BOUNDS})]
    for rule, limits, part in _in_scope(rows, creditor):
        if not limits.longest:
            continue
        base = sorted({each.column for longest in limits.longest for each in longest.parts[0].base})
        lacks = pl.any_horizontal(pl.col(day).is_null() for day in base)
        filled = part.with_columns(pl.col(day).fill_null(pl.col("issue_date")) for day in base)
        latest = limits.latest(filled.select("issue_date", *_DAYS, "due_date"))
        hard = pl.lit("cut" if limits.beyond == "forbidden" else "doubtful")
        found.append(
            part.with_columns(
                law_rule=pl.lit(rule.id), lawful_date=latest,
                law_basis=pl.when(lacks).then(pl.lit("unchecked")).otherwise(hard),
            )
            .filter(pl.col("due_date") > pl.col("lawful_date"))
            .select(found[0].columns)
        )  # fmt: skip
    return (
        pl.concat(found)
        .sort(_PLACE, "lawful_date", "law_rule")
        .unique(_PLACE, keep="first", maintain_order=True)
        .drop(_PLACE)
    )


def due_by_law(rows: pl.DataFrame, creditor: frozenset[str]) -> pl.DataFrame:
    """Rows for which nothing was agreed + `GIVEN`: the rule of the law that governs, the day that it gives, its terms,
    and the column that is missing for it. All null where no rule at hand gives a day.

    rows       as for `beyond_law`; due_date is not read
    A directive is no basis: only rules of the country itself count. A rule that needs a notice on the invoice gives
    none, for no file tells of that. Where a rule runs from the day on which payment could be demanded, and nothing was
    agreed of that, it is the later of invoice, delivery and acceptance.
    """
    numbered = rows.with_row_index(_PLACE)
    found = [pl.DataFrame(schema={_PLACE: pl.UInt32(), **GIVEN})]
    for rule, limits, part in _in_scope(rows, creditor):
        if members_of(rule.place) or limits.unless_agreed is None:
            continue
        at_once = part.with_columns(due_date=pl.max_horizontal("issue_date", "delivered_date", "accepted_date"))
        terms = str(limits.unless_agreed)
        counted = due_dates(at_once.select(_PLACE, "issue_date", *_DAYS, "due_date", terms=pl.lit(terms)))
        found.append(
            counted.select(
                _PLACE, given_rule=pl.lit(rule.id), due_by_law="falls_due_date", law_terms="terms", law_lacks="refused"
            )
        )
    given = pl.concat(found).unique(_PLACE, keep="first", maintain_order=True)
    return numbered.join(given, on=_PLACE, how="left", maintain_order="left").drop(_PLACE)


def _in_scope(rows: pl.DataFrame, creditor: frozenset[str]) -> Iterator[tuple[LegalTerms, Limits, pl.DataFrame]]:
    """Each rule with what it says, and the rows (with their place) for which it says it."""
    accepted = pl.col("accepted_date").is_not_null()
    parted = rows.with_row_index(_PLACE).with_columns(_accepted=accepted).partition_by(
        ["law", "debtor", "_accepted"], as_dict=True
    )  # fmt: skip
    for (law, debtor, by_acceptance), part in parted.items():
        for rule in _rules_under(str(law), creditor):
            for start, until in pairwise((*(start for start, _ in rule.values), date.max)):
                limits = rule.limits(str(debtor), start, acceptance_agreed=bool(by_acceptance))
                mine = part.filter((pl.col("issue_date") >= start) & (pl.col("issue_date") < until))
                if limits is not None and mine.height:
                    yield rule, limits, mine.drop("_accepted")


def _rules_under(law: str, creditor: frozenset[str]) -> list[LegalTerms]:
    """The rules that hold under a law, for such a creditor. A directive is told only where no rule of the country
    itself says when money is due: it binds states, and the national law is what a court applies."""
    rules = list(house_legal_terms().values())
    own = [rule for rule in rules if governs(rule.place, law)]
    above = [rule for rule in rules if law[:2] in members_of(rule.place)]
    found = own if any(rule.about == "due" for rule in own) else [*own, *above]
    return [rule for rule in found if not rule.creditors or set(rule.creditors) & creditor]
