"""The debts of one debtor with all his money placed: what named a debt on it, all other in the order of the law."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from dunwell.core.terms import PaymentSource, ReceivableStatus
from dunwell.engine.book import cash, open_lists
from dunwell.engine.claim.described import as_far_as_told
from dunwell.engine.claim.several_debts import Free, Money, place
from dunwell.engine.claim.stored_debts import after_what_went_back, debts_of, entry_of
from dunwell.engine.facts import Facts
from dunwell.rulebook.debt import Debt, Held, Placed


@dataclass(frozen=True, slots=True)
class DebtorAccount:
    """What a debtor owes and has paid on a day.

    debts       receivable id of each open invoice (or item that stands alone) -> the debts it is, one a currency;
                paid ones too, cancelled and written-off ones not
    claims      receivable id of every item of those -> the key in `debts`
    unallocated his money that pays nothing, by currency; minor units, above zero
    in_doubt    the part of it that a list of open items may have had in view already (see `open_lists.in_doubt`)
    """

    debts: dict[int, list[Debt]]
    claims: dict[int, int]
    unallocated: dict[str, int]
    in_doubt: dict[str, int]


def account_of(
    facts: Facts, debtor_id: int, day: date, held: Callable[[Mapping[str, Any], Mapping[str, Any]], Held]
) -> DebtorAccount:
    """The account of a debtor as of `day`; `held` as for `stored_debts.debts_of`.

    Money that names no item, or one that is cancelled, written off or in another currency, and what exceeds an item
    with its interest, pays the debts of its currency by `several_debts.place`: on the day on which it was free to. Two
    kinds of money stay aside until a person has looked: bank lines in doubt, and money that no bank line showed, only
    a list of open items, and of no open item. Money that went back without saying which payment it was takes from the
    latest. A debt whose interest cannot be told bears none, lighter than every other when money is placed, and says why
    (`Debt.untold`).
    """
    facts = _of_debtor(facts.on(day), debtor_id)
    applied = cash.apply_cash(facts)
    mine = applied.items.filter((pl.col("debtor_id") == debtor_id) & (pl.col("status") == ReceivableStatus.OPEN))
    claims = dict(mine.select("receivable_id", "claim_id").rows())
    found = debts_of(facts, day, held)
    heads = [(item, debt) for item, debts in found.items() if item in set(claims.values()) for debt in debts]
    loose = _loose(facts, applied, debtor_id, mine)
    foreign = {row for row in applied.came.filter(pl.col("debtor_id") != debtor_id)["number"] if row}
    told = as_far_as_told([debt for _, debt in heads], day)
    # money of another debtor who paid for this one stays where he put it
    debts, left = place(told, loose.money, day, Free(foreign, loose.back))
    account: dict[int, list[Debt]] = {}
    for (item, _), debt in zip(heads, debts, strict=True):
        account.setdefault(item, []).append(debt)
    free = Counter(loose.in_doubt) + Counter(loose.unseen)
    for currency, money in left:
        free[currency] += money.amount_minor
    return DebtorAccount(account, claims, dict(sorted(free.items())), dict(sorted(loose.in_doubt.items())))


@dataclass(frozen=True, slots=True)
class _Loose:
    """Money of a debtor that none of his open items takes.

    money      what may pay other debts
    in_doubt   bank lines that may be paid out already, by currency
    unseen     what only lists of open items imply, by currency
    back       what went back beyond all that came, by currency
    """

    money: list[Money]
    in_doubt: Counter[str]
    unseen: Counter[str]
    back: Counter[str]


def _of_debtor(facts: Facts, debtor_id: int) -> Facts:
    """The facts without those of others, but for what paid his items and what he paid for others."""
    payments = facts["payments"]
    items = facts["receivables"]
    his = items.filter(pl.col("debtor_id") == debtor_id)["receivable_id"]
    paid = payments.filter((pl.col("debtor_id") == debtor_id) | pl.col("receivable_id").is_in(his.implode()))
    named = items.filter(pl.col("receivable_id").is_in(paid["receivable_id"].implode()))
    roots = pl.concat([named["receivable_id"], named["parent_id"]]).drop_nulls()
    kept = items.filter(
        (pl.col("debtor_id") == debtor_id)
        | pl.col("receivable_id").is_in(roots.implode())
        | pl.col("parent_id").is_in(roots.implode())
    )
    whole = payments.filter(
        (pl.col("debtor_id") == debtor_id) | pl.col("receivable_id").is_in(kept["receivable_id"].implode())
    )
    return Facts({**facts.frames, "receivables": kept, "payments": whole})


def _loose(facts: Facts, applied: cash.Cash, debtor_id: int, mine: pl.DataFrame) -> _Loose:
    """His money less what it paid of items that are not open debts of his."""
    key = ["payment_id", "credit_note_id", "claim"]
    used = (
        applied.paid.join(applied.items.select("receivable_id", "claim"), on="receivable_id")
        .group_by(key)
        .agg(used_minor=pl.col("amount_minor").sum())
    )
    his = applied.came.filter(pl.col("debtor_id") == debtor_id)
    on_own = pl.col("claim").is_in(mine["claim"].unique().implode()).fill_null(value=False)
    rows = (
        his.filter(~on_own)
        .join(used, on=key, how="left", nulls_equal=True)
        .with_columns(pl.col("amount_minor") - pl.col("used_minor").fill_null(0))
        .join(facts["receivables"].select(named_id="receivable_id", over="number"), on="named_id", how="left")
        .sort("value_date", "number", "payment_id", "credit_note_id", nulls_last=True)
    )
    doubtful = set(open_lists.doubtful(his, facts)["payment_id"])
    went_back = (
        his.filter(on_own).group_by("currency", "claim").agg(pl.col("amount_minor").sum())
        .filter(pl.col("amount_minor") < 0)
    )  # fmt: skip
    found = _Loose([], Counter(), Counter(), Counter())
    for currency, minor in went_back.select("currency", "amount_minor").rows():
        found.back[currency] -= minor
    for currency in sorted({*rows["currency"], *found.back}):
        of_currency = rows.filter(pl.col("currency") == currency).rows(named=True)
        kept, back = after_what_went_back([*of_currency, {"amount_minor": -found.back[currency]}])
        found.back[currency] = back
        for place_, (row, minor) in enumerate(kept):
            if row["source_kind"] == PaymentSource.LEDGER:
                found.unseen[currency] += minor
            elif row["claim"] is None and row["payment_id"] in doubtful:
                found.in_doubt[currency] += minor
            else:
                entry = entry_of(row, minor, place_)
                placed = Placed(entry.day, row["over"], credit=entry.kind == "credit")
                # a designation for an item that takes nothing says nothing of other items
                designation = entry.designation if row["over"] is None else None
                found.money.append((currency, replace(entry, placed=placed, designation=designation)))
    return found
