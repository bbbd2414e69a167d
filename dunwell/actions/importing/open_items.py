"""Lists of open items: what a ledger no longer shows, or shows lower, was paid; the list does not say by which money.

A list is everything that is open at a creditor as of a day. For each item the payments that lists imply add up so that

    amount - payments implied up to that day = what the list of that day shows open (nothing, if it lacks the item)

so that they are less than nothing together where a list shows more than the amount.

Payments from bank lines do not enter here: the engine lets them replace implied ones (`engine.book.cash`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from dunwell.actions.importing.book import Book
from dunwell.core.terms import PaymentSource, ReceivableKind, ReceivableStatus
from dunwell.engine.book.open_lists import BOOKED_WITHIN_DAYS
from dunwell.rulebook.instalments import invoice_of
from dunwell.store import bulk

LARGEST_SHARE_BP = 2500
"""More than this share of what was open may not disappear from one list to the next without a person's word."""
FEWEST_ITEMS = 3
"""Fewer items than this may disappear in any case: that one or two of three customers pay is an ordinary day."""

REDUCED, CLEARED, REOPENED = "reduced in ledger", "cleared in ledger", "reopened in ledger"
SAID_PAID = "paid in ledger"
NUMBER_PREFIX = "ledger:"
"""Numbers of implied payments begin so; no file may use it."""
_IS_INVOICE = pl.col("kind").is_in([str(ReceivableKind.INVOICE), str(ReceivableKind.INSTALMENT)])
_SETTLED_PREFIX = f"{NUMBER_PREFIX}paid:"
_LONGEST_NUMBER = 120


@dataclass(frozen=True)
class OpenList:
    """A list to be taken in.

    day          the day it speaks of
    kinds        kinds of receivables that the list would hold if they were open (see `list_scope`)
    unreadable   numbers of items whose row has an error: they are in the list, so they have not disappeared
    file         the file that stands for the list in what it says by silence
    credit_notes_of  of credit notes it speaks only as far as files of this kind have told them; None: of all
    """

    day: date
    kinds: frozenset[str]
    unreadable: pl.Series
    file: int
    credit_notes_of: str | None = None


@dataclass(frozen=True, slots=True)
class Disappeared:
    """What was open before and is not in the list: items and minor units by currency, each beside all that was open."""

    items: int
    of_items: int
    sums: Mapping[str, tuple[int, int]]
    no_invoice_left: bool
    """Invoices were open, and the list has none at all: an empty export, or one of another kind."""

    @property
    def too_much(self) -> bool:
        """More than may disappear without a person's word: more than the share, of the items or of the money in any
        currency, and at least the fewest items. One rule for eight invoices and for a million: a small list that
        lacks most of what was open is as likely an incomplete export as a large one."""
        if self.no_invoice_left:
            return True
        shares = [(self.items, self.of_items), *self.sums.values()]
        return self.items >= FEWEST_ITEMS and any(10_000 * gone > LARGEST_SHARE_BP * of for gone, of in shares)


@dataclass(frozen=True)
class Implied:
    """payments: rows as the table `payment` takes them, with file. by_method: method -> (rows, currency -> sum)."""

    day: date
    payments: pl.DataFrame
    disappeared: Disappeared
    by_method: Mapping[str, tuple[int, Mapping[str, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """Rows with the amounts they leave standing.

    fresh, known  the rows, with amount_minor and open_as_of_date as they will stand, and open_minor as it is shown
    late          of known items whose own amount is told at last: what was paid by the day they were first shown
                  (receivable_id, kind, number, debtor_id, currency, file, value_date, amount_minor)
    """

    fresh: pl.DataFrame
    known: pl.DataFrame
    late: pl.DataFrame


def told(fresh: pl.DataFrame, known: pl.DataFrame, book: Book, *, day: date, is_list: bool) -> Told:
    """Tell what an item's amount is apart from what is open of it.

    A row without an amount of its own tells one figure, and so does a row of a list without an open one: what is open
    on `day`. For an item seen first it stands in for the amount; a known amount stays. When another file tells the
    item's own amount later, the difference was paid by the day on which it was first shown: so it does not matter
    which of the two files came first.
    """
    open_only = ~pl.col("amount_told")
    if is_list:
        open_only |= pl.col("open_minor").is_null()
    shown = pl.coalesce("open_minor", "amount_minor")
    was = bulk.read(bulk.RECEIVABLES, book.creditor.pk, ["amount_minor", "open_as_of_date"], ids=known["id"])
    was = was.rename({"amount_minor": "amount_known", "open_as_of_date": "since"})
    known = known.join(was, on="id", how="left", maintain_order="left").with_columns(
        open_minor=shown,
        amount_minor=pl.when(open_only).then("amount_known").otherwise("amount_minor"),
        open_as_of_date=pl.when(open_only).then("since"),
    )
    late = (
        known.filter(pl.col("since").is_not_null() & pl.col("open_as_of_date").is_null())
        .filter((pl.col("since") < day) | pl.lit(value=not is_list))
        .select(
            "kind",
            "number",
            "debtor_id",
            "currency",
            "file",
            receivable_id="id",
            value_date="since",
            amount_minor=pl.col("amount_minor") - pl.col("amount_known"),
        )
        .filter(pl.col("amount_minor") != 0)
    )
    return Told(
        fresh=fresh.with_columns(open_minor=shown, open_as_of_date=pl.when(open_only).then(pl.lit(day))),
        known=known.drop("amount_known", "since"),
        late=late,
    )


def paid_before(late: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Payments (as `Implied.payments`) of items whose own amount came after they were shown open: see `Told.late`."""
    if late.is_empty():
        return pl.DataFrame()
    said = bulk.read(
        bulk.PAYMENTS, book.creditor.pk, ["number", "amount_minor"], ids=late["receivable_id"], by="receivable_id",
        where="source_kind = 'ledger'",
    )  # fmt: skip
    rows = late.with_columns(
        number=pl.Series(
            [payment_number(*row) for row in late.select("kind", "number", "value_date").iter_rows()], dtype=pl.String
        )
    ).join(said.select("number", said_minor="amount_minor"), on="number", how="left", maintain_order="left")
    return _as_payments(
        rows.with_columns(
            pl.col("amount_minor") + pl.col("said_minor").fill_null(0),
            method=pl.when(pl.col("amount_minor") > 0).then(pl.lit(REDUCED)).otherwise(pl.lit(REOPENED)),
        )
    )


def cleared_before(fresh: pl.DataFrame, list_days: Sequence[date]) -> pl.DataFrame:
    """Payments (as `Implied.payments`) of invoices that a file tells for the first time though a list lacked them.

    The list of a day spoke of every invoice that the ledger held by then: one issued more than `BOOKED_WITHIN_DAYS`
    before it, and not in it, was paid, unless its own row says that something is open. `fresh`: new rows that no list
    tells. A later list that shows such an invoice takes the payment back.
    """
    days = pl.DataFrame({"value_date": sorted(set(list_days))}, schema={"value_date": pl.Date})
    rows = (
        fresh.filter(
            _IS_INVOICE
            & (pl.col("status") == ReceivableStatus.OPEN)
            & (pl.col("amount_minor") != 0)
            & pl.col("amount_told")
            & (pl.col("open_minor").fill_null(0) == 0)
        )
        .with_columns(from_date=pl.col("issue_date").dt.offset_by(f"{BOOKED_WITHIN_DAYS + 1}d"))
        .sort("from_date")
        .join_asof(days, left_on="from_date", right_on="value_date", strategy="forward")
        .filter(pl.col("value_date").is_not_null())
        .sort("kind", "number")
    )
    numbers = [payment_number(*row) for row in rows.select("kind", "number", "value_date").iter_rows()]
    return _as_payments(
        rows.with_columns(receivable_id="ref", method=pl.lit(CLEARED), number=pl.Series(numbers, dtype=pl.String))
    )


def settled(fresh: pl.DataFrame, beside: pl.DataFrame, spoken: pl.Expr, book: Book, today: date) -> pl.DataFrame:
    """Payments (as `Implied.payments`) of items whose own row says that they are paid: of what nothing else explains.

    fresh, beside  as in `implied_by`, of an ordinary file, with says_paid
    spoken         which rows speak of a status at all: one that says otherwise takes such a payment back
    One payment per item, dated on the day it was first said; bank lines replace it like any implied payment.
    """
    columns = ["kind", "number", "debtor_id", "currency", "amount_minor", "says_paid", "file"]
    known = beside.filter(spoken & _IS_INVOICE)
    every = pl.concat(
        [
            fresh.filter("says_paid").select(*columns, receivable_id="ref"),
            known.select(*columns, receivable_id="id"),
        ]
    )
    said = bulk.read(
        bulk.PAYMENTS, book.creditor.pk, ["number", "receivable_id", "value_date", "amount_minor"],
        ids=known["id"], by="receivable_id", where="source_kind = 'ledger'",
    )  # fmt: skip
    own = pl.col("number").str.starts_with(_SETTLED_PREFIX)
    by_lists = said.filter(~own).group_by("receivable_id").agg(lists_minor=pl.col("amount_minor").sum())
    before = said.filter(own).select("receivable_id", "value_date", own_minor="amount_minor")
    rows = (
        every.join(by_lists, on="receivable_id", how="left")
        .join(before, on="receivable_id", how="left")
        .with_columns(pl.col("lists_minor", "own_minor").fill_null(0), pl.col("value_date").fill_null(today))
        .with_columns(
            amount_minor=pl.when("says_paid")
            .then((pl.col("amount_minor") - pl.col("lists_minor")).clip(lower_bound=0))
            .otherwise(0)
        )
        .filter(pl.col("amount_minor") != pl.col("own_minor"))
    )
    return _as_payments(
        rows.with_columns(
            method=pl.lit(SAID_PAID),
            number=pl.Series(
                [_short(_SETTLED_PREFIX, kind, number) for kind, number in rows.select("kind", "number").iter_rows()],
                dtype=pl.String,
            ),
        )
    )


def _as_payments(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as the table `payment` takes them: of file, receivable_id, debtor_id, currency, method, number, value_date,
    amount_minor."""
    return rows.select(
        "file",
        "receivable_id",
        "debtor_id",
        "currency",
        "method",
        "number",
        "value_date",
        "amount_minor",
        row=pl.lit(None, pl.Int64),
        frame=pl.lit("implied"),
        reverses_id=pl.lit(None, pl.Int64),
        source_kind=pl.lit(str(PaymentSource.LEDGER)),
        designation=pl.lit(None, pl.String),
    )


def implied_by(
    open_list: OpenList, fresh: pl.DataFrame, beside: pl.DataFrame, late: pl.DataFrame, book: Book
) -> Implied:
    """The payments that a list implies.

    fresh    rows of the list whose receivable is new (ref, number, kind, ..., amount_minor, open_minor)
    beside   the others, as compared with what stands (id, ..., amount_minor and open_minor as they will stand)
    late     what becomes known today as paid before: see `Told.late`
    """
    ledger = bulk.read(
        bulk.PAYMENTS, book.creditor.pk, ["number", "receivable_id", "value_date", "amount_minor"],
        where="source_kind = 'ledger'",
    )  # fmt: skip
    dated = ["receivable_id", "value_date", "amount_minor"]
    # what rows of other files said is no part of what the list of the same day says
    own = pl.col("number").str.starts_with(_SETTLED_PREFIX) & (pl.col("value_date") <= open_list.day)
    others = ledger.filter(own)
    ledger = ledger.filter(~own)
    before = (
        pl.concat(
            [
                ledger.select(dated).filter(pl.col("value_date") < open_list.day),
                others.select(dated),
                late.select(dated).filter(pl.col("value_date") < open_list.day),
            ]
        )
        .group_by("receivable_id")
        .agg(paid_minor=pl.col("amount_minor").sum())
    )
    columns = ["kind", "number", "debtor_id", "currency", "amount_minor", "open_minor", "file"]
    listed = pl.concat([fresh.select(*columns, receivable_id="ref"), beside.select(*columns, receivable_id="id")])
    shown_before = pl.col("amount_minor") - pl.col("paid_minor")
    open_before = (
        _expected(open_list, book)
        .rename({"id": "receivable_id"})
        .join(before, on="receivable_id", how="left")
        .with_columns(pl.col("paid_minor").fill_null(0))
        .filter(shown_before != 0)
    )
    missing = (
        open_before.join(listed.select("receivable_id"), on="receivable_id", how="anti")
        .filter(~_among(open_list.unreadable))
        .with_columns(open_minor=pl.lit(0, pl.Int64), file=pl.lit(open_list.file, pl.Int32))
    )
    listed = listed.join(before, on="receivable_id", how="left").with_columns(pl.col("paid_minor").fill_null(0))
    order = ["receivable_id", "kind", "number", "debtor_id", "currency", "amount_minor", "paid_minor", "open_minor",
             "file"]  # fmt: skip
    every = pl.concat([listed.select(order), missing.select(order)])
    paid = pl.col("amount_minor") - pl.col("paid_minor") - pl.col("open_minor")
    every = every.with_columns(
        implied=paid,
        method=pl.when(pl.col("open_minor") == 0)
        .then(pl.lit(CLEARED))
        .when(paid.sign() == pl.col("amount_minor").sign())
        .then(pl.lit(REDUCED))
        .otherwise(pl.lit(REOPENED)),
        said_today=pl.col("receivable_id").is_in(
            ledger.filter(pl.col("value_date") == open_list.day)["receivable_id"].implode()
        ),
    )
    telling = every.filter((pl.col("implied") != 0) | "said_today").sort("kind", "number")
    payments = _as_payments(
        telling.with_columns(
            number=pl.Series(_numbers(telling, open_list.day), dtype=pl.String),
            value_date=pl.lit(open_list.day),
            amount_minor="implied",
        )
    )
    return Implied(
        day=open_list.day,
        payments=payments,
        disappeared=Disappeared(
            items=missing.height,
            of_items=open_before.height,
            sums=_shares(missing, open_before, shown_before),
            no_invoice_left=bool(missing.filter(_IS_INVOICE).height)
            and not (listed.filter(_IS_INVOICE).height or open_list.unreadable.len()),
        ),
        by_method=_by_method(payments),
    )


def _among(unreadable: pl.Series) -> pl.Expr:
    """Items whose row has an error; of an invoice in instalments the row has the number of the invoice."""
    is_part = pl.col("kind") == ReceivableKind.INSTALMENT
    of_invoice = is_part & invoice_of(pl.col("number")).is_in(unreadable.implode())
    return pl.col("number").is_in(unreadable.implode()) | of_invoice.fill_null(value=False)


def _expected(open_list: OpenList, book: Book) -> pl.DataFrame:
    """Items that the list would hold if they were open: issued by its day, or held by an earlier list."""
    known = bulk.read(
        bulk.RECEIVABLES, book.creditor.pk,
        ["kind", "number", "debtor_id", "currency", "amount_minor", "status", "issue_date"],
    )  # fmt: skip
    items = known.filter(pl.col("kind").is_in(sorted(open_list.kinds)) & (pl.col("status") == ReceivableStatus.OPEN))
    if open_list.credit_notes_of:
        is_credit = pl.col("kind") == ReceivableKind.CREDIT_NOTE
        told = bulk.told_by(
            bulk.RECEIVABLES, f"f.kind = '{open_list.credit_notes_of}'", book.creditor.pk, items.filter(is_credit)["id"]
        )
        items = items.filter(~is_credit | pl.col("id").is_in(told.implode()))
    later = items.filter(pl.col("issue_date") > open_list.day)["id"]
    listed = bulk.told_by(bulk.RECEIVABLES, "f.open_items_date IS NOT NULL", book.creditor.pk, later)
    return items.filter((pl.col("issue_date") <= open_list.day) | pl.col("id").is_in(listed.implode()))


def payment_number(kind: str, number: str, day: date) -> str:
    """`ledger:invoice:4711:2026-11-22`; a long number is cut and told apart by a hash."""
    return _short(NUMBER_PREFIX, kind, number, f":{day.isoformat()}")


def _short(prefix: str, kind: str, number: str, suffix: str = "") -> str:
    name = f"{prefix}{kind}:{number}{suffix}"
    if len(name) <= _LONGEST_NUMBER:
        return name
    digest = hashlib.sha256(number.encode()).hexdigest()[:16]
    return f"{prefix}{kind}:{number[:60]}~{digest}{suffix}"


def _numbers(items: pl.DataFrame, day: date) -> list[str]:
    return [payment_number(kind, number, day) for kind, number in items.select("kind", "number").iter_rows()]


def _shares(missing: pl.DataFrame, before: pl.DataFrame, shown: pl.Expr) -> dict[str, tuple[int, int]]:
    """Currency -> what disappeared and what was open, both without sign: a credit note is worth noticing as well."""

    def sums(frame: pl.DataFrame) -> dict[str, int]:
        grouped = frame.group_by("currency").agg(shown.abs().cast(pl.Int128).sum().alias("sum"))
        return {currency: int(total) for currency, total in grouped.sort("currency").iter_rows()}

    gone = sums(missing)
    return {currency: (gone.get(currency, 0), total) for currency, total in sums(before).items()}


def summed(payments: pl.DataFrame) -> tuple[int, dict[str, int]]:
    """How many payments, and currency -> their sum."""
    rows, total = 0, dict[str, int]()
    for count, sums in _by_method(payments).values():
        rows += count
        total |= {currency: total.get(currency, 0) + minor for currency, minor in sums.items()}
    return rows, total


def _by_method(payments: pl.DataFrame) -> Mapping[str, tuple[int, Mapping[str, int]]]:
    grouped = (
        payments.filter(pl.col("amount_minor") != 0)
        .group_by("method", "currency")
        .agg(pl.len(), pl.col("amount_minor").cast(pl.Int128).sum())
        .sort("method", "currency")
    )
    found: dict[str, tuple[int, Mapping[str, int]]] = {}
    for method, currency, count, total in grouped.iter_rows():
        rows, sums = found.get(method, (0, {}))
        found[method] = (rows + count, {**sums, currency: int(total)})
    return found
