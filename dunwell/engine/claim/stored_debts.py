"""Invoices of the book as debts of the claim engine: with their charges, credit notes, payments and terms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from dunwell.core.terms import ReceivableKind, ReceivableStatus
from dunwell.engine.book import cash
from dunwell.engine.book.claims import open_items
from dunwell.engine.claim.described import with_fixed_sums
from dunwell.engine.claim.fees import fixed_sum_per_invoice
from dunwell.engine.facts import Facts
from dunwell.rulebook.debt import Debt, Entry, Held, rests_on_something, with_founded_charges
from dunwell.rulebook.instalments import invoice_of
from dunwell.rulebook.interest_terms import make_terms


def debts_of(
    facts: Facts, day: date, held: Callable[[Mapping[str, Any], Mapping[str, Any]], Held]
) -> dict[int, list[Debt]]:
    """Receivable id of each invoice (or item that stands alone) -> the debts it is, one a currency, as of `day`.

    held   by which terms a debtor (a row of `facts["debtors"]`) owes an item (a row of `facts["receivables"]`)

    A debt that is refused by its terms is there, bears nothing, and says why to whoever computes it
    (`described.as_far_as_told` lets the others be computed).
    All money that names a claim pays it, in the order of its terms; money that names none is not used here. Payments
    are dated by their value date, credit notes and charges by their issue date. A charge in another currency than its
    invoice is a debt of its own, without interest.
    """
    applied = cash.apply_cash(facts)
    debtors = {row["debtor_id"]: row for row in facts["debtors"].rows(named=True)}
    disputed = {
        item: (disputed_minor, open_minor)
        for item, disputed_minor, open_minor in open_items(facts, day)
        .select("receivable_id", "disputed_minor", "open_minor")
        .rows()
    }
    money = applied.came.filter(pl.col("claim").is_not_null()).sort("claim", "value_date", "number", "payment_id")
    came = money.partition_by("claim", as_dict=True)
    found: dict[int, list[Debt]] = {}
    wanted: dict[str, list[tuple[int, int]]] = {}
    for key, rows in _demandable(applied).partition_by("claim", as_dict=True).items():
        paid = _money(came[key].rows(named=True)) if key in came else []
        heads = rows.filter(pl.col("receivable_id") == pl.col("claim_id")).rows(named=True)
        charges = _charges(rows, disputed)
        if heads:
            debtor = debtors[heads[0]["debtor_id"]]
            # costs never bear interest, those that belong to no invoice neither
            stands_alone = heads[0]["kind"] == ReceivableKind.CHARGE
            by = held(debtor, heads[0])
            if stands_alone:
                by = replace(by, terms=make_terms("none"), contract=None, fixed_sum=False, refused=None)
            debt = _debt(heads[0], by, (*charges, *paid), disputed)
            debt = (
                _unless_unfounded(debt, heads, by)
                if stands_alone
                else with_founded_charges(debt, by.charges_law, by.charges_doubt)
            )
            if by.fixed_sum and by.terms.regime.fixed_sum:
                place = (heads[0]["claim_id"], len(found.get(heads[0]["claim_id"], [])))
                wanted.setdefault(debtor["kind"], []).append(place)
        else:
            first = rows.sort("issue_date", "number").row(0, named=True)
            by = held(debtors[first["debtor_id"]], first)
            by = replace(by, terms=make_terms("none"), contract=None, fixed_sum=False, refused=None)
            alone = {**first, "amount_minor": int(rows["amount_minor"].sum())}
            each = [disputed.get(item, (0, 0)) for item in rows["receivable_id"]]
            of_all = {first["receivable_id"]: (sum(part for part, _ in each), sum(owed for _, owed in each))}
            debt = _unless_unfounded(_debt(alone, by, tuple(paid), of_all), rows.rows(named=True), by)
        found.setdefault(rows["claim_id"][0], []).append(debt)
    for kind, places in wanted.items():
        asked = with_fixed_sums([found[claim][n] for claim, n in places], kind)
        for (claim, n), debt in zip(places, asked, strict=True):
            found[claim][n] = debt
    _once_an_invoice(found, applied.items)
    return found


def unfounded_charges(
    facts: Facts, day: date, held: Callable[[Mapping[str, Any], Mapping[str, Any]], Held]
) -> pl.DataFrame:
    """Open charges that may not be claimed, for the law of their debt asks what they rest on and nothing is recorded:
    debtor_id, currency, open_minor. `held` as for `debts_of`."""
    charge = pl.col("kind") == ReceivableKind.CHARGE
    found = open_items(facts, day).filter(charge).select("receivable_id", "claim_id", "currency", "open_minor")
    rows = {row["receivable_id"]: row for row in facts["receivables"].rows(named=True)} if found.height else {}
    debtors = {row["debtor_id"]: row for row in facts["debtors"].rows(named=True)} if rows else {}
    out = []
    for item, claim, currency, minor in found.rows():
        row = rows[item]
        debtor = debtors[row["debtor_id"]]
        if not rests_on_something(row["charge_basis"]) and held(debtor, rows.get(claim, row)).charges_law:
            out.append((row["debtor_id"], currency, minor))
    schema = {"debtor_id": pl.Int64(), "currency": pl.String(), "open_minor": pl.Int64()}
    return pl.DataFrame(out, schema=schema, orient="row")


def _once_an_invoice(found: dict[int, list[Debt]], items: pl.DataFrame) -> None:
    """Where the law gives its fixed sum once an invoice, only the instalment that was late first bears it."""
    parts = items.filter(pl.col("kind") == ReceivableKind.INSTALMENT).with_columns(invoice=invoice_of(pl.col("number")))
    had: set[tuple[int, str, str]] = set()
    for item, debtor, invoice in (
        parts.sort("due_date", "number").select("receivable_id", "debtor_id", "invoice").rows()
    ):
        for place, debt in enumerate(found.get(item, [])):
            if not debt.fixed_sum_minor or not fixed_sum_per_invoice(debt.terms.regime.place):
                continue
            key = (debtor, invoice, debt.currency)
            if key in had:
                found[item][place] = replace(debt, fixed_sum_minor=0)
            had.add(key)


def _demandable(applied: cash.Cash) -> pl.DataFrame:
    """The items; of charges that were written off only what was paid before."""
    paid = applied.paid.group_by("receivable_id").agg(paid_minor=pl.col("amount_minor").sum())
    given_up = (pl.col("kind") == ReceivableKind.CHARGE) & (pl.col("status") != ReceivableStatus.OPEN)
    return (
        applied.items.join(paid, on="receivable_id", how="left", maintain_order="left")
        .with_columns(amount_minor=pl.when(given_up).then(pl.col("paid_minor").fill_null(0)).otherwise("amount_minor"))
        .filter(pl.col("amount_minor") > 0)
        .drop("paid_minor")
    )


def _debt(
    head: Mapping[str, Any], by: Held, entries: tuple[Entry, ...], disputed: Mapping[int, tuple[int, int]]
) -> Debt:
    part, open_minor = disputed.get(head["receivable_id"], (0, 0))
    return Debt(
        number=head["number"], currency=head["currency"], principal_minor=head["amount_minor"], due=head["due_date"],
        terms=by.terms, contract=by.contract, refused=by.refused, entries=entries, charges_law=by.charges_law,
        order_source=by.order_source,
        since=min(head["issue_date"], head["due_date"]), secured=head["secured"] or 0,
        # all that is open is contested: then all of it is, and what was paid stays paid
        disputed_minor=head["amount_minor"] if part and part == open_minor else part,
    )  # fmt: skip


def _unless_unfounded(debt: Debt, charges: Sequence[Mapping[str, Any]], by: Held) -> Debt:
    """`with_founded_charges` of a debt that is charges and nothing else."""
    out = [row for row in charges if not rests_on_something(row["charge_basis"])]
    if out and by.charges_doubt:
        return replace(debt, charges_doubt=by.charges_doubt, doubtful=tuple(row["number"] for row in out))
    if not out or not by.charges_law:
        return debt
    left = debt.principal_minor - sum(row["amount_minor"] for row in out)
    entries = tuple(Entry(row["number"], row["issue_date"], "charge", row["amount_minor"]) for row in out)
    return replace(debt, principal_minor=left, disputed_minor=min(debt.disputed_minor, left), not_claimed=entries)


def _charges(rows: pl.DataFrame, disputed: Mapping[int, tuple[int, int]]) -> list[Entry]:
    """The charges of a claim; one that belongs to no invoice is a claim itself. What is contested of one that is paid
    in part is taken to be what is still open of it."""
    of_invoice = (pl.col("kind") == ReceivableKind.CHARGE) & (pl.col("receivable_id") != pl.col("claim_id"))
    charges = rows.filter(of_invoice).sort("issue_date", "number")
    return [
        Entry(
            row["number"], row["issue_date"], "charge", row["amount_minor"],
            disputed_minor=min(disputed.get(row["receivable_id"], (0, 0))[0], row["amount_minor"]),
            charge_kind=row["charge_kind"], charge_basis=row["charge_basis"],
        )
        for row in charges.rows(named=True)
    ]  # fmt: skip


def _money(rows: list[dict[str, Any]]) -> list[Entry]:
    """Payments and credit notes, earliest first."""
    kept, _ = after_what_went_back(rows)
    return [entry_of(row, minor, place) for place, (row, minor) in enumerate(kept)]


def after_what_went_back(rows: list[dict[str, Any]]) -> tuple[list[tuple[dict[str, Any], int]], int]:
    """Money (rows of `cash.effective_money`, earliest first) with what is left of each; and what went back beyond all.

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
    return kept[::-1], back


def entry_of(row: Mapping[str, Any], minor: int, place: int) -> Entry:
    """Money as an entry; what has no number is called by its place."""
    kind = "payment" if row["credit_note_id"] is None else "credit"
    number = row["number"] or f"#{place + 1}"
    return Entry(number, row["value_date"], kind, minor, row["designation"] if kind == "payment" else None)
