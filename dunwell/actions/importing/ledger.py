"""Invoices, credit notes, charges, payments and disputes of checked frames -> what changes in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from dunwell.actions.importing import open_items
from dunwell.actions.importing.book import NAMED, Book, Compared, Said, Spoken, compare, condition, numbered
from dunwell.actions.importing.changes import differences, nothing
from dunwell.actions.importing.contracts import Contracts, plan_contracts
from dunwell.actions.importing.open_items import OpenList
from dunwell.actions.importing.report import no_outcome
from dunwell.core.terms import PaymentSource, ReceivableKind, ReceivableStatus
from dunwell.intake.kinds import kind_of_receivables
from dunwell.store import bulk

_IMPLIED = "implied"
"""In the place of a frame: payments that no row of a file tells."""
_INVOICES = (ReceivableKind.INVOICE, ReceivableKind.INSTALMENT)
KINDS = {
    "invoices": _INVOICES,
    "credit_notes": (ReceivableKind.CREDIT_NOTE,),
    "charges": (ReceivableKind.CHARGE,),
}
"""Frame of intake -> kinds of receivable."""
_OF_INVOICES = {
    "payment_terms": pl.String, "received_date": pl.Date, "delivered_date": pl.Date, "accepted_date": pl.Date,
    "due_known": pl.Boolean, "due_rule": pl.String,
}  # fmt: skip
"""What only invoices have: how their due dates came about."""


@dataclass(frozen=True)
class Ledger:
    """What changes, and what became of each row: file, row, kind (of frame), outcome (new, changed, unchanged).

    differences: what changes of what stands, field by field (`import_changes.CHANGES`).
    absent: payments of invoices that are new to the book though a list of open items lacked them.
    """

    changes: list[bulk.Change]
    outcome: pl.DataFrame
    open_items: open_items.Implied | None
    absent: pl.DataFrame
    differences: pl.DataFrame


def plan_ledger(
    frames: dict[str, pl.DataFrame],
    debtors: pl.DataFrame,
    *,
    book: Book,
    said: Said,
    open_list: OpenList | None,
    list_days: Sequence[date],
    today: date,
) -> Ledger:
    """Compare the frames with the book.

    debtors     number, debtor_id of all debtors, known and new
    list_days   the days of all lists taken in so far
    today       at the creditor's place: an open amount without a list's day is that of today
    open_list   the frames are a list of open items; then payments that it implies are added
    """
    owners = debtors.select("number", id="debtor_id")
    if open_list or any(frames[frame].height for frame in KINDS):
        items = _plan_items(
            frames, debtors, owners, book=book, said=said, open_list=open_list, list_days=list_days, today=today
        )
    else:
        items = _Items(everything=book.receivables.select("number", "kind", receivable_id="id"))
    changes, outcome, different = [*items.changes], [no_outcome(), *items.outcome], [nothing(), *items.differences]
    named = items.everything.select("number", id="receivable_id")
    names = {"debtor_id": owners, "parent_id": named, "receivable_id": named}
    paid = [part for part in items.payments if part.height]
    if frames["payments"].height:
        paid.insert(0, _payments(frames["payments"], debtors, _by_number(items.everything, NAMED), book))
    if items.moved.height:
        paid.append(_moved_along(items.moved, [part["number"] for part in paid], book))
    payments = pl.concat(paid, how="diagonal") if paid else frames["payments"]
    disputes = frames["disputes"]
    if disputes.height:
        disputes = _disputes(disputes, debtors, _by_number(items.everything, _INVOICES))
    of_payments = {
        "receivable_id": "receivable", "reverses_id": "reverses", "method": "method", "designation": "designation",
    }  # fmt: skip
    for table, incoming, fields in (
        (bulk.PAYMENTS, payments, of_payments),
        (bulk.DISPUTES, disputes, {"closed_date": "closed_date", "amount_minor": "amount", "outcome": "outcome"}),
    ):
        if incoming.is_empty():
            continue
        spoken: dict[str, Spoken] = {
            column: (pl.col("frame") == _IMPLIED) | condition(said(field)) for column, field in fields.items()
        }
        change, became, differing = _plan(table, incoming, book, spoken, names)
        changes.append(change)
        outcome.append(became)
        different.append(differing)
    return Ledger(changes, pl.concat(outcome), items.implied, items.absent, differences=pl.concat(different))


@dataclass(frozen=True)
class _Items:
    """Receivables compared. everything: number, kind, receivable_id of all, known and new. payments: what follows from
    them (as `Implied.payments`). moved: receivable_id, debtor_id, file of those that go to another debtor."""

    everything: pl.DataFrame
    changes: Sequence[bulk.Change] = ()
    outcome: Sequence[pl.DataFrame] = ()
    differences: Sequence[pl.DataFrame] = ()
    payments: Sequence[pl.DataFrame] = ()
    moved: pl.DataFrame = field(default_factory=pl.DataFrame)
    implied: open_items.Implied | None = None
    absent: pl.DataFrame = field(default_factory=pl.DataFrame)


def _plan_items(
    frames: dict[str, pl.DataFrame],
    debtors: pl.DataFrame,
    owners: pl.DataFrame,
    *,
    book: Book,
    said: Said,
    open_list: OpenList | None,
    list_days: Sequence[date],
    today: date,
) -> _Items:
    contracts = plan_contracts(frames["invoices"], owners.select("number", "id"), book=book, said=said)
    rows = _receivables(frames, debtors, contracts, book, said)
    if open_list:
        rows = rows.with_columns(open_minor=pl.when("says_paid").then(0).otherwise("open_minor"))
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    known = rows.filter(pl.col("id").is_not_null())
    everything = pl.concat(
        [
            book.receivables.select("number", "kind", receivable_id="id"),
            fresh.select("number", "kind", receivable_id="ref"),
        ]
    )
    invoices = _by_number(everything, _INVOICES).rename({"receivable_id": "parent_id"})
    fresh, known = (part.join(invoices, left_on="parent", right_on="number", how="left", maintain_order="left")
                    for part in (fresh, known))  # fmt: skip
    day = open_list.day if open_list else today
    told = open_items.told(fresh, known, book, day=day, is_list=open_list is not None)
    absent = open_items.cleared_before(fresh if not open_list and said("status") is False else fresh.clear(), list_days)
    fresh = told.fresh
    compared = compare(
        told.known,
        bulk.RECEIVABLES,
        _said_of_receivables(said, frames),
        creditor_id=book.creditor.pk,
        key=("kind", "number"),
    )
    implied = open_items.implied_by(open_list, fresh, compared.rows, told.late, book) if open_list else None
    if open_list or said("status") is False:
        settled = fresh.clear().select()
    else:
        settled = open_items.settled(fresh, compared.rows, condition(said("status")), book, today)
    named = everything.select("number", id="receivable_id")
    names = {"debtor_id": owners, "parent_id": named, "contract_id": contracts.ids}
    return _Items(
        everything=everything,
        changes=[
            *contracts.changes,
            bulk.Change(bulk.RECEIVABLES, fresh.select("ref", *bulk.RECEIVABLES.columns, "file"), compared.changed),
        ],
        outcome=[contracts.outcome, _outcome(fresh, compared)],
        differences=[contracts.differences, differences(compared.beside, bulk.RECEIVABLES, names)],
        payments=[open_items.paid_before(told.late, book), absent, settled, *([implied.payments] if implied else [])],
        moved=compared.rows.filter(pl.col("debtor_id") != pl.col("debtor_id_was")).select(
            "file", "debtor_id", receivable_id="id"
        ),
        implied=implied,
        absent=absent,
    )


def _receivables(
    frames: dict[str, pl.DataFrame], debtors: pl.DataFrame, contracts: Contracts, book: Book, said: Said
) -> pl.DataFrame:
    """All rows that become receivables, with the id of those that are known."""
    parts = []
    for frame in [frame for frame in KINDS if frames[frame].height] or KINDS:
        part = frames[frame].with_columns(frame=pl.lit(frame), kind=kind_of_receivables(frame))
        parts.append(
            part.select(
                "file",
                "row",
                "frame",
                "kind",
                "number",
                "debtor",
                "issue_date",
                "currency",
                "amount_minor",
                "description",
                parent="receivable" if "receivable" in part.columns else pl.lit(None, pl.String),
                due_date="due_date" if "due_date" in part.columns else "issue_date",
                status="status" if "status" in part.columns else pl.lit(str(ReceivableStatus.OPEN)),
                open_minor="open_minor" if "open_minor" in part.columns else pl.lit(None, pl.Int64),
                says_paid="says_paid" if "says_paid" in part.columns else pl.lit(value=False),
                secured="secured" if "secured" in part.columns else pl.lit(None, pl.Int64),
                charge_basis="charge_basis" if "charge_basis" in part.columns else pl.lit(None, pl.String),
                charge_kind="charge_kind" if "charge_kind" in part.columns else pl.lit(None, pl.String),
                contract="contract" if "contract" in part.columns else pl.lit(None, pl.String),
                **{n: n if n in part.columns else pl.lit(None, of) for n, of in _OF_INVOICES.items()},
                # Where a file has no column of amounts, intake gives what is open in its place.
                amount_told=condition(said("amount") if frame != "charges" else True),
            )
        )
    rows = pl.concat(parts)
    del parts
    known = book.receivables.select("id", "kind", "number")
    rows = rows.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left").join(
        known, on=["kind", "number"], how="left", maintain_order="left"
    )
    if contracts.ids.is_empty():
        return rows.with_columns(contract_id=pl.lit(None, pl.Int64)).drop("contract")
    ids = contracts.ids.select(contract="number", contract_id="id")
    return rows.join(ids, on="contract", how="left", maintain_order="left").drop("contract")


def _said_of_receivables(said: Said, frames: dict[str, pl.DataFrame]) -> dict[str, Spoken]:
    invoice = pl.col("frame") == "invoices"
    has_parents = any(frames[frame].height for frame in ("credit_notes", "charges"))
    status, parent, contract, secured = (said(field) for field in ("status", "receivable", "contract", "secured"))
    return {
        "contract_id": contract if contract is False else invoice & condition(contract),
        "parent_id": has_parents and ~invoice & (condition(parent) | (pl.col("frame") == "charges")),
        "status": status if status is False else invoice & condition(status),
        "charge_kind": said("charge_kind"),
        **_said_of_due_dates(said, invoice, any_invoice=frames["invoices"].height > 0),
        "charge_basis": said("charge_basis"),
        "secured": secured if secured is False else invoice & condition(secured),
        "description": said("description"),
    }


def _said_of_due_dates(said: Said, invoice: pl.Expr, *, any_invoice: bool) -> dict[str, Spoken]:
    """A row of an invoice says how its due date came about, also where it names the day and nothing was counted."""
    counted = dict.fromkeys(("payment_terms", "due_known", "due_rule"), invoice if any_invoice else False)
    days = {field: said(field) for field in ("received_date", "delivered_date", "accepted_date")}
    return {**counted, **{field: each if each is False else invoice & condition(each) for field, each in days.items()}}


def _by_number(receivables: pl.DataFrame, kinds: tuple[ReceivableKind, ...]) -> pl.DataFrame:
    """number -> receivable_id, where several kinds bear a number the first of `kinds`."""
    order = {str(kind): place for place, kind in enumerate(kinds)}
    found = receivables.filter(pl.col("kind").is_in(list(order)))
    if found["kind"].n_unique() > 1:
        found = found.sort(pl.col("kind").replace_strict(order, return_dtype=pl.Int8), maintain_order=True)
        found = found.unique("number", keep="first", maintain_order=True)
    return found.select("number", "receivable_id")


def _payments(payments: pl.DataFrame, debtors: pl.DataFrame, receivables: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Bank payments of files, with their references; `reverses_id` may name a payment of the same files."""
    rows = (
        payments.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left")
        .join(receivables, left_on="receivable", right_on="number", how="left", maintain_order="left")
        .join(book.payments.select("number", "id"), on="number", how="left", maintain_order="left")
    )
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    every = pl.concat([book.payments.select("number", reverses_id="id"), fresh.select("number", reverses_id="ref")])
    return (
        rows.join(every, left_on="reverses", right_on="number", how="left", maintain_order="left")
        .with_columns(source_kind=pl.lit(str(PaymentSource.BANK)), frame=pl.lit("payments"))
        .drop("id", "debtor", "receivable", "reverses")
    )


def _moved_along(moved: pl.DataFrame, told: Sequence[pl.Series], book: Book) -> pl.DataFrame:
    """Implied payments follow their receivable when the ledger moves it to another debtor. `told`: numbers of payments
    that say so themselves."""
    found = bulk.read(
        bulk.PAYMENTS, book.creditor.pk, list(bulk.PAYMENTS.columns), ids=moved["receivable_id"], by="receivable_id",
        where="source_kind = 'ledger'",
    ).drop("id", "debtor_id")  # fmt: skip
    return (
        found.join(moved, on="receivable_id")
        .filter(~pl.col("number").is_in(pl.concat([*told, found["number"].clear()]).implode()))
        .with_columns(frame=pl.lit(_IMPLIED), row=pl.lit(None, pl.Int64))
    )


def _disputes(disputes: pl.DataFrame, debtors: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    return (
        disputes.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left")
        .join(invoices, left_on="receivable", right_on="number", how="left", maintain_order="left")
        .with_columns(frame=pl.lit("disputes"))
    )


def _plan(
    table: bulk.Table, incoming: pl.DataFrame, book: Book, said: dict[str, Spoken], names: dict[str, pl.DataFrame]
) -> tuple[bulk.Change, pl.DataFrame, pl.DataFrame]:
    """Compare rows of a table that is keyed by number alone."""
    numbers = book.payments if table is bulk.PAYMENTS else book.disputes
    rows = incoming.join(numbers.select("number", "id"), on="number", how="left", maintain_order="left")
    fresh = numbered(rows.filter(pl.col("id").is_null()))
    known = rows.filter(pl.col("id").is_not_null())
    compared = compare(known, table, said, creditor_id=book.creditor.pk, key=("number",))
    change = bulk.Change(table, fresh.select("ref", *table.columns, "file"), compared.changed)
    payments = pl.concat([book.payments.select("number", "id"), fresh.select("number", id="ref")])
    differing = differences(compared.beside, table, {**names, "reverses_id": payments})
    return change, _outcome(fresh, compared).filter(pl.col("kind") != _IMPLIED), differing


def _outcome(fresh: pl.DataFrame, compared: Compared) -> pl.DataFrame:
    """What became of each row."""
    known = pl.when("differs").then(pl.lit("changed")).otherwise(pl.lit("unchanged"))
    return pl.concat(
        [
            fresh.select("file", "row", kind="frame", outcome=pl.lit("new")),
            compared.rows.select("file", "row", kind="frame", outcome=known),
        ]
    )
