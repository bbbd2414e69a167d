"""Last days by the clock of limitation that lie near, for the facts of a run: only claims old enough are asked.

The clocks of a whole book cost as much as its decisions. A claim about which nobody recorded anything cannot be
time-barred before the shortest period of any law has passed since it fell due; of a living book few are that old.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from dunwell.core.terms import ReceivableKind, ReceivableStatus
from dunwell.engine.facts import SCHEMAS, Facts, empty
from dunwell.engine.limitation.clock import alarms
from dunwell.engine.limitation.stored_clocks import JUDGMENTS, StoredClaims, stored_claims, stored_clocks
from dunwell.engine.limitation.walk import add_months
from dunwell.rulebook.limitation_rules import LimitationRules
from dunwell.rulebook.rank import MOST_DAYS

_SMALL_SHARE = 4
"""Where fewer than one debtor in so many has such a claim, his part of the book is cut out before it is looked at."""


def last_due(rules: LimitationRules, day: date) -> date:
    """Claims that fell due after this day, and about which nobody recorded anything, are in no danger within
    `MOST_DAYS` of `day`."""
    months = min(
        terms.months
        for clock in rules.clocks
        if any(
            kind not in JUDGMENTS and not kind.startswith("guarantee") for cover in clock.covers for kind in cover.kinds
        )
        for terms in clock.versions
    )
    ahead = pl.DataFrame({"day": [day + timedelta(days=MOST_DAYS)]})
    return ahead.select(add_months(pl.col("day"), pl.lit(-months))).item()  # type: ignore[no-any-return]


def last_days(
    facts: Facts, records: Mapping[str, pl.DataFrame], day: date, place: str, rules: LimitationRules
) -> pl.DataFrame:
    """The facts `clocks`: per open item the last day that lies within `MOST_DAYS` of `day`, or has just passed and may
    still be saved (see `limitation.alarms`); of an item and its guarantees the earliest of each kind of alarm.

    facts     as of that day
    records   see `stored_clocks.RECORDS`
    place     whose law a claim falls under where nobody says
    """
    asked = _in_question(facts, records, last_due(rules, day))
    if asked.is_empty():
        return empty("clocks")
    debtors = asked["debtor_id"].unique()
    if debtors.len() * _SMALL_SHARE < facts["debtors"].height:
        facts = part_of(facts, debtors)
    stored = stored_claims(facts, records, day, place)
    mine = stored.claims.join(asked, on="receivable_id", how="semi")
    stored = StoredClaims(mine, stored.events.join(mine, on="claim_id", how="semi"), stored.filings)
    found = stored_clocks(stored, day, rules)
    return (
        alarms(found, MOST_DAYS, stored.filings.join(mine, on="claim_id", how="semi"))
        .join(found.select("claim_id", "receivable_id"), on="claim_id")
        .group_by("receivable_id", "alarm")
        .agg(pl.col("last_date").min())
        .join(asked.select("receivable_id", "debtor_id"), on="receivable_id")
        .select(list(SCHEMAS["clocks"]))
        .sort("receivable_id", "alarm")
    )


def _in_question(facts: Facts, records: Mapping[str, pl.DataFrame], due: date) -> pl.DataFrame:
    """receivable_id, debtor_id of the items that are old enough, or about which something was recorded."""
    filed = records["insolvency_filings"]["debtor_id"]
    told = pl.concat([records[name]["receivable_id"] for name in ("limitation_claims", "guarantees")])
    return (
        facts["receivables"]
        .filter(
            (pl.col("status") == ReceivableStatus.OPEN)
            & ~pl.col("kind").is_in([ReceivableKind.CHARGE, ReceivableKind.CREDIT_NOTE])
            & (
                (pl.col("due_date") <= due)
                | pl.col("receivable_id").is_in(told.unique().implode())
                | pl.col("debtor_id").is_in(filed.unique().implode())
            )
        )
        .select("receivable_id", "debtor_id")
    )


def part_of(facts: Facts, debtors: pl.Series) -> Facts:
    """The facts of these debtors and of all whose money or items bear on theirs, to the end of the chain.

    Contacts and what they name stay with the items.
    """
    receivables, payments = facts["receivables"], facts["payments"]
    items = receivables.select("receivable_id", "debtor_id")
    links = pl.concat([
        payments.join(items, on="receivable_id", suffix="_other"),
        receivables.join(items, left_on="parent_id", right_on="receivable_id", suffix="_other"),
        payments.join(
            payments.select("payment_id", "debtor_id"), left_on="reverses_id", right_on="payment_id", suffix="_other"
        ),
    ], how="diagonal").select("debtor_id", other="debtor_id_other")  # fmt: skip
    links = links.filter(pl.col("debtor_id") != pl.col("other"))
    links = pl.concat([links, links.select(debtor_id="other", other="debtor_id")]).unique()
    known = pl.DataFrame({"debtor_id": debtors.unique()})
    fresh = known
    while not fresh.is_empty():
        fresh = (
            links.join(fresh, on="debtor_id", how="semi").select(debtor_id="other").unique()
            .join(known, on="debtor_id", how="anti")
        )  # fmt: skip
        known = pl.concat([known, fresh])
    kept = dict(facts.frames)
    for name, schema in SCHEMAS.items():
        if "debtor_id" in schema and name not in ("debtors", "contacts"):
            kept[name] = kept[name].join(known, on="debtor_id", how="semi", maintain_order="left")
    kept["contact_items"] = kept["contact_items"].join(
        kept["receivables"], on="receivable_id", how="semi", maintain_order="left"
    )
    kept["contacts"] = kept["contacts"].join(kept["contact_items"], on="contact_id", how="semi", maintain_order="left")
    return Facts(kept)
