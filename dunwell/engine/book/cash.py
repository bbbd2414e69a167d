"""Apply cash: which payment pays which receivable, how much, and why.

A *claim* is an invoice (or an item that stands alone) with the charges that belong to it, in one currency: nothing
is ever converted. Money that names the claim pays its charges first, then the invoice, earliest money first. What
exceeds the claim, and money that names nothing or names it in another currency, is unallocated.

A reversal takes from the payment it reverses. One whose payment is not known (yet) is money that went back by itself.

Payments that lists of open items imply count only so far as no bank line explains them: see `open_lists`.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.core.money import DIGITS
from dunwell.core.terms import PaymentSource, ReceivableKind, ReceivableStatus
from dunwell.engine.book import open_lists
from dunwell.engine.book.instalments import over_instalments
from dunwell.engine.facts import Facts, running_sum

_CURRENCIES = pl.Enum(sorted(DIGITS))
_ROOM = 1 << (len(DIGITS) - 1).bit_length()

MATCHES: dict[str, pl.DataType] = {
    "payment_id": pl.Int64(),
    "receivable_id": pl.Int64(),
    "debtor_id": pl.Int64(),
    "amount_minor": pl.Int64(),
    "reason": pl.String(),
}
"""One row per payment and receivable it pays; amount_minor > 0. Reasons: `named` (the payment names the item),
`amount_cleared` (a bank line that names nothing is exactly what a list of open items implied), `cleared_in_ledger`
(implied by a list of open items)."""


@dataclass(frozen=True, slots=True)
class Cash:
    """What a day's facts say about money, worked out once.

    items   what is owed, item by item: see `components`
    came    what came in, as it counts: see `effective_money`
    paid    one row per money and item it pays: payment_id, credit_note_id, receivable_id, debtor_id, currency,
            amount_minor > 0, source_kind, inferred
    loose   per debtor and currency what pays nothing yet: loose_minor; negative when more went back than came
    """

    items: pl.DataFrame
    came: pl.DataFrame
    paid: pl.DataFrame
    loose: pl.DataFrame


def components(facts: Facts) -> pl.DataFrame:
    """What is owed, item by item: receivable_id, debtor_id, currency, claim_id, claim (see `claim_key`), kind, number,
    issue_date, due_date, amount_minor (> 0; at least what the lists show open), open_as_of_date, status. Credit notes
    are money, not items: see `money`. Cancelled items owe nothing. The charges of an invoice that was cancelled or
    written off go with it.
    """
    above = open_lists.shown_above(facts)
    owed = _with_parents(facts["receivables"]).filter(
        (pl.col("kind") != ReceivableKind.CREDIT_NOTE)
        & (pl.col("status") != ReceivableStatus.CANCELLED)
        & (pl.col("amount_minor") > 0)
    )
    if not above.is_empty():
        owed = (
            owed.join(above.lazy(), on=["receivable_id", "currency"], how="left")
            .with_columns(pl.col("amount_minor") + pl.col("above_minor").fill_null(0))
            .drop("above_minor")
        )
    return owed.with_columns(claim_id=claim_of()).with_columns(claim=claim_key("claim_id")).collect()


def _with_parents(receivables: pl.DataFrame) -> pl.LazyFrame:
    """The items with the status that is theirs: that of the invoice, for its charges."""
    if not (receivables["kind"] == ReceivableKind.CHARGE).any():
        return receivables.lazy()
    ended = (
        receivables.lazy()
        .filter((pl.col("status") != ReceivableStatus.OPEN) & (pl.col("kind") != ReceivableKind.CHARGE))
        .select(parent_id="receivable_id", with_parent="status")
    )
    return (
        receivables.lazy()
        .join(ended, on="parent_id", how="left")
        .with_columns(
            status=pl.when((pl.col("kind") == ReceivableKind.CHARGE) & pl.col("with_parent").is_not_null())
            .then(pl.when(pl.col("status") == ReceivableStatus.CANCELLED).then("status").otherwise("with_parent"))
            .otherwise("status")
        )
        .drop("with_parent")
    )


_MONEY = ["payment_id", "credit_note_id", "debtor_id", "currency", "claim", "named_id", "number", "value_date",
          "amount_minor", "source_kind", "designation"]  # fmt: skip


def money(facts: Facts) -> pl.DataFrame:
    """What came in: payments and credit notes. One row each: payment_id (null for a credit note), credit_note_id
    (null for a payment), debtor_id, currency, claim (null: names nothing), named_id (the receivable it names), number,
    value_date, amount_minor (net of its reversals; may be negative: money that went back), source_kind, designation.
    Money that pays several instalments of an invoice is a row for each: see `instalments.over_instalments`."""
    counts = (
        (pl.col("kind") == ReceivableKind.CREDIT_NOTE)
        & (pl.col("status") != ReceivableStatus.CANCELLED)
        & (pl.col("amount_minor") < 0)
    )
    receivables = facts["receivables"].lazy()
    claims = receivables.select("receivable_id", named_claim=claim_of())
    named = _net_of_reversals(facts["payments"]).lazy().join(claims, on="receivable_id", how="left")
    credit_notes = facts["receivables"].filter(counts)
    if credit_notes.is_empty():
        return _over_instalments(_came(named).collect(), facts)
    notes = credit_notes.lazy()
    payments = named.join(
        notes.select("receivable_id", "currency", on_note=pl.lit(value=True)),
        on=["receivable_id", "currency"],
        how="left",
    ).with_columns(pl.col("on_note").fill_null(value=False))
    # what a ledger says was used of a credit note makes the note smaller; it is no money of its own
    used_of_note = (
        payments.filter(pl.col("on_note")).group_by("receivable_id").agg(used_minor=pl.col("amount_minor").sum())
    )
    came = _came(payments.filter(~pl.col("on_note")))
    credit = (
        notes.join(used_of_note, on="receivable_id", how="left")
        .join(claims, left_on="parent_id", right_on="receivable_id", how="left")
        .select(
            "debtor_id",
            "currency",
            "number",
            payment_id=pl.lit(None, pl.Int64),
            credit_note_id=pl.col("receivable_id"),
            value_date=pl.col("issue_date"),
            source_kind=pl.lit(str(PaymentSource.BANK)),
            designation=pl.lit(None, pl.String),
            claim=claim_key("named_claim"),
            named_id="parent_id",
            amount_minor=-pl.col("amount_minor") + pl.col("used_minor").fill_null(0),
        )
        .select(_MONEY)
    )
    return _over_instalments(pl.concat([came, credit]).collect(), facts)


def _over_instalments(came: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    return over_instalments(came, components(facts)) if _any_instalment(facts) else came


def _any_instalment(facts: Facts) -> bool:
    return bool((facts["receivables"]["kind"] == ReceivableKind.INSTALMENT).any())


def _came(payments: pl.LazyFrame) -> pl.LazyFrame:
    """Payments (named_claim: the claim they name) as rows of `money`."""
    return payments.with_columns(
        credit_note_id=pl.lit(None, pl.Int64), claim=claim_key("named_claim"), named_id=pl.col("receivable_id")
    ).select(_MONEY)


def _net_of_reversals(payments: pl.DataFrame) -> pl.DataFrame:
    """Payments less what was reversed of each. A reversal without its payment stays a row of its own."""
    reversals = payments.filter(pl.col("reverses_id").is_not_null())
    if reversals.is_empty():
        return payments
    pair = ["payment_id", "currency"]
    back = reversals.select("currency", row_id="payment_id", payment_id="reverses_id", back_minor="amount_minor").join(
        payments.filter(pl.col("reverses_id").is_null()), on=pair, how="semi"
    )
    return (
        payments.join(back, left_on="payment_id", right_on="row_id", how="anti")
        .join(back.group_by(pair).agg(pl.col("back_minor").sum()), on=pair, how="left")
        .with_columns(amount_minor=pl.col("amount_minor") + pl.col("back_minor").fill_null(0))
        .drop("back_minor")
    )


def effective_money(facts: Facts) -> pl.DataFrame:
    """`money` as it counts beside the lists of open items: see `open_lists.effective`."""
    return open_lists.effective(money(facts), components(facts), facts)


def apply_cash(facts: Facts, told_until: date | None = None) -> Cash:
    """Pay the items of a day's facts (see `Facts.on`). told_until: see `open_lists.effective`."""
    items = components(facts)
    came = open_lists.effective(money(facts), items, facts, told_until)
    named = came.lazy().filter(pl.col("claim").is_not_null())
    sums = (
        named.group_by("claim")
        .agg(net_minor=pl.col("amount_minor").sum(), several=pl.len() > 1)
        .join(items.lazy().group_by("claim").agg(claim_minor=pl.col("amount_minor").sum()), on="claim")
    )
    # most claims have one item and one payment, and so no order
    paying = named.join(sums, on="claim").collect()
    running = pl.concat([
        paying.filter(~pl.col("several")).with_columns(until=_positive()),
        paying.filter("several")
        .sort("claim", "value_date", "number", "payment_id", "credit_note_id", nulls_last=True)
        .with_columns(until=running_sum(_positive(), ["claim"])),
    ])  # fmt: skip
    # money that went back without saying which payment it was takes from the latest: what stays is a ceiling
    parts = (
        running.lazy()
        .with_columns(ceiling=pl.min_horizontal("net_minor", "claim_minor").clip(lower_bound=0))
        .with_columns(
            since=pl.min_horizontal(pl.col("until") - _positive(), "ceiling"),
            until=pl.min_horizontal("until", "ceiling"),
        )
        .filter(pl.col("until") > pl.col("since"))
    )
    paid = (
        parts.join(_owed(items), on="claim")
        .with_columns(paid_minor=pl.min_horizontal("until", "owed_until") - pl.max_horizontal("since", "owed_since"))
        .filter(pl.col("paid_minor") > 0)
        .select(
            "payment_id",
            "credit_note_id",
            "receivable_id",
            "debtor_id",
            "currency",
            "source_kind",
            "inferred",
            amount_minor=pl.col("paid_minor"),
        )
        .collect()
    )
    used = paid.group_by("debtor_id", "currency").agg(used_minor=pl.col("amount_minor").sum())
    loose = (
        came.group_by("debtor_id", "currency")
        .agg(came_minor=pl.col("amount_minor").sum())
        .join(used, on=["debtor_id", "currency"], how="left")
        .select("debtor_id", "currency", loose_minor=pl.col("came_minor") - pl.col("used_minor").fill_null(0))
    )
    return Cash(items, came, paid, loose)


def _positive() -> pl.Expr:
    return pl.col("amount_minor").clip(lower_bound=0)


def _owed(items: pl.DataFrame) -> pl.LazyFrame:
    """claim, receivable_id, owed_since, owed_until: which stretch of its claim each item is; charges are paid first."""
    charged = items.filter((pl.col("kind") == ReceivableKind.CHARGE).fill_null(value=False))["claim"].unique()
    several = pl.col("claim").is_in(charged.implode())
    alone = items.filter(~several).with_columns(owed_until=pl.col("amount_minor"))
    together = (
        items.filter(several)
        .sort("claim", pl.col("kind") != ReceivableKind.CHARGE, "issue_date", "number")
        .with_columns(owed_until=running_sum(pl.col("amount_minor"), ["claim"]))
    )
    return pl.concat([alone, together]).lazy().select(
        "claim", "receivable_id", "owed_until", owed_since=pl.col("owed_until") - pl.col("amount_minor")
    )  # fmt: skip


def left_out(facts: Facts, applied: Cash) -> pl.DataFrame:
    """Bank payments that count less than they are, because lists of open items had them in view already: payment_id,
    debtor_id, currency, number, value_date, left_minor (> 0). See `open_lists`, step 1."""
    key = ["payment_id", "debtor_id", "currency", "number", "value_date"]
    bank = (pl.col("source_kind") == PaymentSource.BANK) & pl.col("payment_id").is_not_null()
    counts = applied.came.filter(bank).group_by("payment_id").agg(counts=pl.col("amount_minor").sum())
    return (
        money(facts)
        .filter(bank)
        .group_by(key)
        .agg(pl.col("amount_minor").sum())
        .join(counts, on="payment_id")
        .select(*key, left_minor=pl.col("amount_minor") - pl.col("counts"))
        .filter(pl.col("left_minor") > 0)
        .sort("payment_id")
    )


_AHEAD = {
    "receivable_id": pl.Int64, "debtor_id": pl.Int64, "currency": pl.String, "number": pl.String, "list_date": pl.Date,
    "ahead_minor": pl.Int64,
}  # fmt: skip


def ahead_of_lists(facts: Facts, applied: Cash) -> pl.DataFrame:
    """Invoices that the bank says are paid further than the last list of open items shows, though the ledger had time
    to book it: receivable_id, debtor_id, currency, number, list_date, ahead_minor (> 0). The bank's money counts, for
    nobody who paid is to be dunned; a person should have the ledger looked at."""
    last = facts["open_item_days"]["as_of"].max()
    if last is None:
        return pl.DataFrame(schema=_AHEAD)
    bank = (pl.col("source_kind") == PaymentSource.BANK) & pl.col("payment_id").is_not_null()
    booked = pl.col("value_date").dt.offset_by(f"{open_lists.BOOKED_WITHIN_DAYS}d") <= last
    paid = applied.came.filter(bank & booked).group_by("claim").agg(bank_minor=pl.col("amount_minor").sum())
    said = open_lists.paid_by_lists(money(facts), open_lists.shown_above(facts))
    claim_minor = applied.items.group_by("claim").agg(claim_minor=pl.col("amount_minor").sum())
    return (
        applied.items.filter(
            pl.col("kind").is_in([str(ReceivableKind.INVOICE), str(ReceivableKind.INSTALMENT)])
            & (pl.col("issue_date") <= last)
            & (pl.col("status") == ReceivableStatus.OPEN)
        )
        .join(paid, on="claim")
        .join(claim_minor, on="claim")
        .join(said, on="claim", how="left")
        .select(
            "receivable_id",
            "debtor_id",
            "currency",
            "number",
            list_date=pl.lit(last, pl.Date),
            ahead_minor=pl.min_horizontal("bank_minor", "claim_minor") - pl.col("said").fill_null(0),
        )
        .filter(pl.col("ahead_minor") > 0)
        .sort("receivable_id")
    )


def matches(facts: Facts) -> pl.DataFrame:
    """The matches of a day's facts as the table `match` keeps them: see `MATCHES`, sorted by payment and item."""
    return matches_of(apply_cash(facts).paid)


def matches_of(paid: pl.DataFrame) -> pl.DataFrame:
    """The same from what `apply_cash` said is paid."""
    return (
        paid.filter(pl.col("payment_id").is_not_null())
        .select(
            "payment_id",
            "receivable_id",
            "debtor_id",
            "amount_minor",
            reason=pl.when(pl.col("source_kind") == PaymentSource.LEDGER)
            .then(pl.lit("cleared_in_ledger"))
            .when("inferred")
            .then(pl.lit("amount_cleared"))
            .otherwise(pl.lit("named")),
        )
        .sort("payment_id", "receivable_id")
    )


def claim_key(claim_id: str) -> pl.Expr:
    """What tells one claim from another, as one whole number: a column with its id, and the row's `currency`."""
    return pl.col(claim_id) * _ROOM + pl.col("currency").cast(_CURRENCIES).to_physical().cast(pl.Int64)


def claim_of() -> pl.Expr:
    """The claim an item belongs to: a charge to its invoice, everything else to itself."""
    is_charge = pl.col("kind") == ReceivableKind.CHARGE
    return pl.when(is_charge & pl.col("parent_id").is_not_null()).then("parent_id").otherwise("receivable_id")
