"""Money that names an invoice in instalments: which of them it pays."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from dunwell.core.terms import PaymentSource, ReceivableKind, ReceivableStatus
from dunwell.rulebook.instalments import invoice_of

_GROUP = ["debtor_id", "currency", "invoice"]


def over_instalments(came: pl.DataFrame, owed: pl.DataFrame) -> pl.DataFrame:
    """Bank money and credit notes (see `cash.money`) with what is more than the instalment it names put on the others.

    owed   what is owed: receivable_id, debtor_id, currency, claim (see `cash.claim_key`), kind, number, due_date,
           amount_minor, status

    The named instalment with its charges is paid first, then the others of its invoice, the earliest due first. What
    exceeds all of them stays with the named one. Money that went back takes the same way back. A row that pays several
    becomes a row for each.
    """
    parts = (
        owed.filter((pl.col("kind") == ReceivableKind.INSTALMENT) & (pl.col("status") != ReceivableStatus.CANCELLED))
        .with_columns(invoice=invoice_of(pl.col("number")))
        .filter(pl.col("invoice").is_not_null())
    )
    if parts.is_empty():
        return came
    room = owed.group_by("claim").agg(room=pl.col("amount_minor").sum())
    parts = parts.select(*_GROUP, "claim", "receivable_id", "due_date", "number").join(room, on="claim")
    bank = pl.col("source_kind") == PaymentSource.BANK
    groups = parts.select("claim", *_GROUP, "room")
    mine = came.with_row_index("line").filter(bank).join(groups.drop("debtor_id", "currency"), on="claim")
    much = mine.group_by("claim", "room").agg(net=pl.col("amount_minor").sum()).filter(pl.col("net") > pl.col("room"))
    told = groups.join(much, on="claim", how="semi").select(_GROUP).unique()
    of_group = parts.join(told, on=_GROUP, how="semi").sort(*_GROUP, "due_date", "number", "receivable_id")
    mine = mine.filter(pl.col("claim").is_in(of_group["claim"].implode()))
    if mine.is_empty():
        return came
    spread: list[dict[str, Any]] = []
    order = ["value_date", "number", "payment_id", "credit_note_id"]
    by_group = of_group.partition_by(_GROUP, as_dict=True)
    claims = of_group.select("claim", group=pl.struct(_GROUP))
    for (group,), rows in mine.join(claims, on="claim").sort(order, nulls_last=True).group_by("group"):
        key = tuple(group[name] for name in _GROUP)
        spread += _spread(rows.sort(order, nulls_last=True).rows(named=True), by_group[key].rows(named=True))
    others = came.with_row_index("line").join(mine.select("line"), on="line", how="anti").drop("line")
    return pl.concat([others, pl.DataFrame(spread, schema=came.schema)])


def _spread(rows: list[dict[str, Any]], parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of money of one invoice, each as its shares of the instalments."""
    paid = dict.fromkeys((part["claim"] for part in parts), 0)
    found = []
    for row in rows:
        shares = _shares(row, parts, paid)
        for part in parts:
            share = shares.get(part["claim"], 0)
            if share:
                paid[part["claim"]] += share
                found.append({**row, "claim": part["claim"], "named_id": part["receivable_id"], "amount_minor": share})
    return found


def _shares(row: Mapping[str, Any], parts: list[dict[str, Any]], paid: Mapping[int, int]) -> dict[int, int]:
    """Claim -> what of a row's money it gets; less than nothing of money that went back."""
    left, named = row["amount_minor"], row["claim"]
    back = left < 0
    others = [part for part in (reversed(parts) if back else parts) if part["claim"] != named]
    shares: dict[int, int] = {}
    for part in [next(part for part in parts if part["claim"] == named), *others]:
        claim = part["claim"]
        # money that went back takes no more from an instalment than it got
        share = max(left, -paid[claim]) if back else min(left, max(part["room"] - paid[claim], 0))
        shares[claim] = share
        left -= share
    shares[named] += left
    return shares
