"""How the due dates of receivables came about, and what the law says of them."""

from collections.abc import Collection
from datetime import datetime

import polars as pl

from dunwell.rulebook.creditor_kinds import kinds_of
from dunwell.rulebook.debt import Bound, DueBasis
from dunwell.rulebook.lawful_due import beyond_law, debtor_of
from dunwell.store.models import Contract, Creditor, Debtor, Receivable
from dunwell.store.versions import known

_SCHEMA = {
    "id": pl.Int64, "law": pl.String, "kind": pl.String, "buyer_kind": pl.String, "issue_date": pl.Date,
    "due_date": pl.Date, "received_date": pl.Date, "delivered_date": pl.Date, "accepted_date": pl.Date,
}  # fmt: skip


def due_bases(
    creditor: Creditor, debtor: Debtor, items: Collection[int], known_at: datetime | None = None
) -> dict[int, DueBasis]:
    """Row id of a receivable of a debtor -> how its due date came about, where there is something to say of it.

    known_at   as it was known then (None: now)
    """
    rows = [row for row in known(Receivable, known_at, pk__in=list(items)) if row.kind in ("invoice", "instalment")]
    contracts = known(Contract, known_at, pk__in={row.contract_id for row in rows if row.contract_id})
    laws = {row.pk: row.law for row in contracts}
    owner = next(iter(known(Debtor, known_at, pk=debtor.pk)), debtor)
    table = pl.DataFrame(
        [
            (row.pk, laws.get(row.contract_id or 0) or creditor.country, owner.kind, owner.buyer_kind, row.issue_date,
             row.due_date, row.received_date, row.delivered_date, row.accepted_date)
            for row in rows
        ],
        schema=_SCHEMA, orient="row",
    )  # fmt: skip
    late = beyond_law(
        table.with_columns(debtor=debtor_of(pl.col("kind"), pl.col("buyer_kind"))), kinds_of(creditor.kind)
    )
    bounds = {
        item: Bound(rule, latest, basis)
        for item, rule, latest, basis in late.select("id", "law_rule", "lawful_date", "law_basis").rows()
    }
    return {
        row.pk: DueBasis(row.payment_terms, row.due_known is not False, row.due_rule, bounds.get(row.pk))
        for row in rows
        if row.payment_terms or row.due_rule or row.pk in bounds
    }
