"""Invoices of the book as debts of the claim engine: with their charges, credit notes, payments and terms."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from dunwell.core.terms import ReceivableKind
from dunwell.engine import cash
from dunwell.engine.claims import open_items
from dunwell.engine.facts import Facts
from dunwell.engine.fees import fixed_sums
from dunwell.rulebook.debt import Debt, Entry
from dunwell.rulebook.interest_terms import Terms, make_terms


def debts_of(facts: Facts, day: date, terms: Mapping[str, Terms], fixed_for: Collection[str] = ()) -> dict[int, Debt]:
    """Receivable id of each invoice (or item that stands alone) -> the debt it is, for facts as of `day`.

    terms       by kind of debtor; a kind without terms bears nothing
    fixed_for   kinds of debtors of whom the fixed sum of their terms is claimed

    All money that names a claim pays it, in the order of its terms; money that names none is not used here. Payments
    are dated by their value date, credit notes and charges by their issue date.
    """
    applied = cash.apply_cash(facts)
    kinds = dict(facts["debtors"].select("debtor_id", "kind").rows())
    per_claim = open_items(facts, day).group_by("claim_id", "currency").agg(pl.col("disputed_minor").sum())
    disputed = {(claim, currency): minor for claim, currency, minor in per_claim.rows()}
    money = applied.came.filter(pl.col("claim").is_not_null()).sort("claim", "value_date", "number", "payment_id")
    came = money.partition_by("claim", as_dict=True)
    items = applied.items.partition_by("claim", as_dict=True)
    found: dict[int, Debt] = {}
    for key, rows in items.items():
        heads = rows.filter(pl.col("receivable_id") == pl.col("claim_id")).rows(named=True)
        if not heads:
            continue
        head = heads[0]
        kind = kinds.get(head["debtor_id"], "business")
        agreed = terms.get(kind) or make_terms("none")
        entries = [*_charges(rows), *(_money(came[key].rows(named=True)) if key in came else ())]
        fixed = _fixed_sum(head, kind, agreed, day) if kind in fixed_for else 0
        found[head["receivable_id"]] = Debt(
            number=head["number"], currency=head["currency"], principal_minor=head["amount_minor"],
            due=head["due_date"], terms=agreed, fixed_sum_minor=fixed,
            disputed_minor=min(disputed.get((head["claim_id"], head["currency"]), 0), head["amount_minor"]),
            entries=tuple(entries),
        )  # fmt: skip
    return found


def _charges(rows: pl.DataFrame) -> list[Entry]:
    charges = rows.filter(pl.col("kind") == ReceivableKind.CHARGE).sort("issue_date", "number")
    return [Entry(row["number"], row["issue_date"], "charge", row["amount_minor"]) for row in charges.rows(named=True)]


def _money(rows: list[dict[str, Any]]) -> list[Entry]:
    """Payments and credit notes, earliest first.

    Money that went back without saying which payment it was takes from the latest.
    """
    came = [row for row in rows if row["amount_minor"] > 0]
    back = -sum(row["amount_minor"] for row in rows if row["amount_minor"] < 0)
    kept = []
    for row in reversed(came):
        less = min(back, row["amount_minor"])
        back -= less
        if row["amount_minor"] > less:
            kept.append((row, row["amount_minor"] - less))
    entries = []
    for place, (row, minor) in enumerate(reversed(kept)):
        kind = "payment" if row["credit_note_id"] is None else "credit"
        entries.append(Entry(row["number"] or f"#{place + 1}", row["value_date"], kind, minor))
    return entries


def _fixed_sum(head: dict[str, Any], kind: str, terms: Terms, day: date) -> int:
    """What the law of the terms' place adds to an invoice that is late."""
    row = {
        "debt_id": head["receivable_id"], "kind": head["kind"], "place": terms.regime.place, "debtor_kind": kind,
        "currency": head["currency"], "amount_minor": head["amount_minor"],
        "late_from": head["due_date"] + timedelta(days=1 + terms.grace_days),
    }  # fmt: skip
    return int(fixed_sums(pl.DataFrame([row]), day)["fixed_minor"].item())
