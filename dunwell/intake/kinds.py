"""The eight kinds of file: raw cells -> the typed frame of the kind, every row of it, and the errors beside."""

import hashlib
from dataclasses import dataclass, replace

import polars as pl

from dunwell.core.terms import ReceivableStatus
from dunwell.intake.cells import LONGEST_KEY, LONGEST_TEXT, Cells
from dunwell.intake.columns import CUSTOMER_FIELDS, names, plain
from dunwell.intake.due import note_assumed, told_days, told_terms, with_due_dates
from dunwell.intake.faults import Faults
from dunwell.intake.links import Links
from dunwell.intake.shapes import FRAMES, Defaults, Mapping
from dunwell.intake.sheet import Sheet
from dunwell.intake.values import words
from dunwell.rulebook.instalments import number_of
from dunwell.rulebook.places import part_of

INVOICE_KINDS = ("invoice", "instalment")
ALL_KINDS = ("invoice", "instalment", "charge", "credit_note")


def kind_of_receivables(frame: str) -> pl.Expr:
    """The kind of receivable that a row of a frame is."""
    kind = pl.lit(frame.removesuffix("s"))
    if frame != "invoices":
        return kind
    return pl.when(pl.col("instalment").is_null()).then(kind).otherwise(pl.lit("instalment"))


_PAID = "paid"
"""What `values.toml` calls a row of which the ledger says that nothing is open: the item stays, and is paid."""


@dataclass(frozen=True)
class Desk:
    """What every kind needs at hand while it is checked."""

    faults: Faults
    links: Links
    defaults: Defaults
    mapping: Mapping | None

    def cells(self, sheet: Sheet, dates: str = "", amounts: str = "") -> Cells:
        """The sheet's cells, told which fields are dates and amounts."""
        return Cells(
            sheet, self.faults, self.defaults, self.mapping,
            dates=tuple(field for field in dates.split() if sheet.has(field)), amounts=tuple(amounts.split()),
        )  # fmt: skip


def _frame(of: str, cells: Cells, /, **columns: pl.Series | pl.Expr) -> pl.DataFrame:
    """A frame of the kind's schema; fields not given are null."""
    schema = FRAMES[of]
    blank = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
        if name not in columns and name not in ("file", "row")
    ]
    return cells.rows.with_columns(*blank).with_columns(**columns).select(
        [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    )  # fmt: skip


def customers(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Customers, from a file of customers."""
    cells = desk.cells(sheet)
    return _frame(
        "customers",
        cells,
        number=cells.key("number"),
        name=cells.text("name", required=True),
        kind=cells.word("kind", "debtor_kind", "intake.unknown_debtor_kind", default=desk.defaults.debtor_kind),
        buyer_kind=cells.word("buyer_kind", "buyer_kind", "intake.unknown_buyer_kind"),
        debt_kind=cells.word("debt_kind", "debt_kind", "intake.unknown_debt_kind"),
        subdivision=_subdivision(cells),
        **_about_customer(cells),
        derived=pl.lit(False),
    )


def _subdivision(cells: Cells) -> pl.Series:
    """The part of the country, as it was told; one that no such country has is an error."""
    told = cells.text("subdivision", longest=100)
    if not cells.given("subdivision"):
        return told
    country = cells.looked_up(cells.raw("country"), "country")
    unknown = [bool(of and part and part_of(of, part) is None) for of, part in zip(country, told, strict=True)]
    cells.fault(pl.Series(unknown, dtype=pl.Boolean), "subdivision", "intake.unknown_subdivision", told)
    return told


def _about_customer(cells: Cells) -> dict[str, pl.Series]:
    return {
        "country": cells.word("country", "country", "intake.unknown_country"),
        "language": cells.language("language"),
        "zone": cells.zone("zone"),
        "person": cells.key("person", required=False),
        "segment": cells.text("segment"),
        "email": cells.email("email"),
        "phone": cells.phone("phone"),
        "street": cells.text("street"),
        "postcode": cells.text("postcode", longest=20),
        "city": cells.text("city"),
        "region": cells.text("region"),
        "preferred_channel": cells.word("preferred_channel", "preferred_channel", "intake.unknown_channel"),
        "contact_name": cells.text("contact_name"),
    }


def customers_of_invoices(sheet: Sheet, desk: Desk) -> pl.DataFrame | None:
    """Customers, from the columns of an invoice file that speak of them; None where there are none."""
    if not any(sheet.has(field) for field in CUSTOMER_FIELDS):
        return None
    cells = desk.cells(sheet)
    debtor = cells.raw("debtor")
    name = cells.text("debtor_name")
    kind = cells.word("debtor_kind", "debtor_kind", "intake.unknown_debtor_kind", default=desk.defaults.debtor_kind)
    about = _about_customer(cells)
    for field, default in (("country", desk.defaults.country), ("language", desk.defaults.language)):
        if default and not cells.given(field):
            about[field] = cells.constant(default, field)
    return _frame(
        "customers",
        cells,
        number=debtor,
        name=pl.select(pl.coalesce(name, debtor)).to_series(),
        kind=kind,
        **about,
        derived=pl.lit(True),
    )


def one_per_debtor(derived: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Of several rows about one debtor the last one that says something wins, field by field; and how many
    debtors had rows that contradict each other."""
    fields = [name for name in FRAMES["customers"] if name not in ("file", "row", "number", "derived")]
    grouped = derived.group_by("number", maintain_order=True).agg(
        pl.col("file", "row").last(),
        *[pl.col(name).drop_nulls().last() for name in fields],
        pl.any_horizontal([pl.col(name).drop_nulls().n_unique() > 1 for name in fields]).alias("contradict"),
        pl.lit(True).alias("derived"),
    )
    return grouped.select(list(FRAMES["customers"])), int(grouped["contradict"].sum())


def contacts(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Contact points: an address of mail, phone or post for a debtor."""
    cells = desk.cells(sheet)
    channel = cells.word("channel", "channel", "intake.unknown_channel")
    cells.fault(cells.raw("channel").is_null(), "channel", "intake.empty_cell")
    debtor = cells.key("debtor")
    desk.links.check_debtor(cells, debtor)
    value = cells.text("value")
    cells.fault(value.is_null() & channel.is_in(["email", "phone"]), "value", "intake.empty_cell")
    for name, check in (("email", cells.is_email(value)), ("phone", cells.is_phone(value))):
        cells.fault((channel == name) & ~check, "value", f"intake.bad_{name}", value)
    street = cells.text("street")
    cells.fault((channel == "letter") & street.is_null() & value.is_null(), "street", "intake.empty_cell")
    return _frame(
        "contacts",
        cells,
        debtor=debtor,
        channel=channel,
        value=value,
        contact_name=cells.text("contact_name"),
        street=street,
        postcode=cells.text("postcode", longest=20),
        city=cells.text("city"),
        region=cells.text("region"),
        country=cells.word("country", "country", "intake.unknown_country"),
    )


def invoices(sheet: Sheet, desk: Desk) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Invoices and, from the same file, credit notes: rows that say so, and negative amounts.

    Whether the debtor exists is asked later: the customers may come from this very file."""
    cells = desk.cells(
        sheet, "issue_date due_date received_date delivered_date accepted_date contract_date", "amount open"
    )
    number, debtor = cells.key("number"), cells.key("debtor")
    issue = cells.date("issue_date", required=True)
    due, terms = cells.date("due_date"), told_terms(cells)
    amount_field = "amount" if cells.given("amount") else "open"
    if amount_field == "open":
        sheet.note("intake.note_open_is_amount", column=sheet.header("open"))
    currency = cells.currency(amount_field)
    amount = cells.amount(amount_field, currency)
    opened = cells.amount("open", currency, required=False)
    status = cells.word("status", "status", "intake.unknown_status", default=ReceivableStatus.OPEN.value)
    says_paid = (status == _PAID).fill_null(False)
    status = status.replace({_PAID: ReceivableStatus.OPEN.value})
    is_credit = (amount < 0).fill_null(False) | _says_credit_note(cells)
    exceeds = ((opened.abs() > amount.abs()) & amount.is_not_null()).sum()
    if exceeds:
        sheet.note("intake.note_open_exceeds", column=sheet.header("open"), count=exceeds)
    description = cells.text("description", longest=LONGEST_TEXT)
    contract = _contract(cells)
    # A credit note has no due date: what was said about a missing one holds for invoices only.
    if due.null_count() and not desk.defaults.due_by_law:
        cells.fault(due.is_null() & _silent_about_due(cells) & ~is_credit, "due_date", "intake.no_due_date")
    frame = _frame(
        "invoices",
        cells,
        number=number,
        debtor=debtor,
        issue_date=issue,
        due_date=due,
        currency=currency,
        amount_minor=amount,
        open_minor=opened,
        status=status,
        says_paid=says_paid,
        description=description,
        payment_terms=terms.set(is_credit, None),
        **told_days(cells),
        secured=cells.secured("secured"),
        # only an e-invoice tells the day and the amount of each instalment
        instalment=cells.raw("instalment").cast(pl.Int16),
        **contract,
    )
    _note_issued(sheet, desk, issue)
    if not is_credit.any():
        return _due(frame, cells), pl.DataFrame(schema=FRAMES["credit_notes"])
    credited = cells.key("receivable", required=False)
    credit_notes = frame.with_columns(
        -pl.col("amount_minor", "open_minor").abs(), receivable=credited
    ).select(list(FRAMES["credit_notes"]))  # fmt: skip
    return _due(frame.filter(~is_credit), cells), credit_notes.filter(is_credit)


def _due(invoices: pl.DataFrame, cells: Cells) -> pl.DataFrame:
    """The invoices with their due dates, and what is to be said of these."""
    found = with_due_dates(invoices, cells, amounts_told=cells.given("amount"))
    note_assumed(found, cells)
    _note_rows_of(cells.sheet, found.filter(pl.col("due_date") < pl.col("issue_date")), "intake.note_due_before_issue")
    return found


def _contract(cells: Cells) -> dict[str, pl.Series]:
    """What a row says of its contract. Days and laws of contracts without a number are nobody's."""
    if not cells.given("contract"):
        for field in ("contract_date", "law"):
            if cells.given(field):
                cells.sheet.note("intake.note_contract_without_number", column=cells.sheet.header(field))
        return {}
    number = cells.key("contract", required=False)
    for field in ("contract_date", "law"):
        cells.fault(number.is_null() & ~cells.is_nothing(field), field, "intake.contract_without_number")
    return {
        "contract": number,
        "contract_date": cells.date("contract_date"),
        "law": cells.word("law", "law", "intake.unknown_law"),
    }


def _silent_about_due(cells: Cells) -> pl.Series:
    """Rows with neither a due date nor terms."""
    return cells.is_nothing("due_date") & cells.is_nothing("terms_days")


def tell_kind_apart(sheet: Sheet) -> None:
    """A column just called "kind" or "type" is that of the debtors where every word in it is a kind of customer.

    What it is cannot be told from its name: exports write the type of document there, and the kind of customer. Read
    for the wrong one, a consumer would be treated as a business."""
    recognition = sheet.recognition
    if not _may_be_either(sheet) or "debtor_kind" in (*recognition.columns, *recognition.constants):
        return
    spoken = sheet.cells["doc_type"].str.strip_chars().unique().drop_nulls()
    spoken = spoken.filter(spoken != "")
    if spoken.is_empty() or not spoken.map_elements(_is_customer_kind, return_dtype=pl.Boolean).all():
        return
    columns = {"debtor_kind" if field == "doc_type" else field: at for field, at in recognition.columns.items()}
    sheet.recognition = replace(recognition, columns=columns)
    sheet.cells = sheet.cells.rename({"doc_type": "debtor_kind"})


def _may_be_either(sheet: Sheet) -> bool:
    """Whether the type of document is read from a column whose name may as well mean the kind of customer."""
    return "doc_type" in sheet.recognition.columns and names("customers").get(plain(sheet.header("doc_type"))) == "kind"


def _is_customer_kind(word: str) -> bool:
    return (plain(word) or word.casefold()) in words("debtor_kind")


def _says_credit_note(cells: Cells) -> pl.Series:
    """Rows whose type of document is a credit note.

    An unknown type is taken for an invoice, and told; but a kind of customer is an error wherever it stands, and so is
    any unknown word of a column that may be about the customer: nobody is to become a business by a misread column."""
    raw = cells.raw("doc_type")
    found = cells.looked_up(raw, "doc_type")
    unknown = raw.is_not_null() & found.is_null()
    about_customer = unknown & cells.looked_up(raw, "debtor_kind").is_not_null()
    refused = unknown if _may_be_either(cells.sheet) else about_customer
    cells.fault(refused, "doc_type", "intake.kind_of_what", raw)
    shown = raw.filter(unknown & ~refused).unique().sort()
    if shown.len():
        shown_words = ", ".join(shown.head(5).str.slice(0, 40))
        cells.sheet.note("intake.note_doc_type", column=cells.sheet.header("doc_type"), values=shown_words)
    return (found == "credit_note").fill_null(False)


def _note_issued(sheet: Sheet, desk: Desk, issue: pl.Series) -> None:
    _note_future(sheet, desk, issue)
    day, today = desk.defaults.day, desk.defaults.today
    if day is not None:
        late = issue > day if today is None else (issue > day) & (issue <= today)
        _note_rows(sheet, late, "intake.note_after_day", day=day.isoformat())


def _note_future(sheet: Sheet, desk: Desk, days: pl.Series) -> None:
    """Rows dated after the creditor's today are in no figure before their day: nobody should wonder where they are."""
    today = desk.defaults.today
    if today is not None:
        _note_rows(sheet, days > today, "intake.note_after_today", today=today.isoformat())


def _note_rows(sheet: Sheet, marks: pl.Series, code: str, **params: str) -> None:
    """Note how many rows are marked, and the first of them."""
    _note_rows_of(sheet, sheet.cells.select("row").filter(marks.fill_null(value=False)), code, **params)


def _note_rows_of(sheet: Sheet, marked: pl.DataFrame, code: str, **params: str) -> None:
    rows = marked["row"].unique(maintain_order=True)
    if rows.len():
        shown = ", ".join(map(str, rows.head(5))) + (", ..." if rows.len() > 5 else "")
        sheet.note(code, count=rows.len(), rows=shown, **params)


def credit_notes(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Credit notes; their amounts are negative whichever sign the file gives them."""
    cells = desk.cells(sheet, "issue_date", "amount open")
    number = cells.key("number")
    receivable = desk.links.named(cells.key("receivable", required=False))
    linked = desk.links.receivable(cells, receivable, INVOICE_KINDS, must_exist=False)
    debtor = _debtor(cells, desk, linked)
    currency = cells.currency("amount", linked["currency"])
    _need_currency(cells, currency)
    desk.links.agree(cells, currency, linked["currency"], "currency", "intake.currency_differs")
    amount = cells.amount("amount", currency)
    if (amount > 0).any() and (amount < 0).any():
        sheet.note("intake.note_both_signs", column=sheet.header("amount"))
    issue = cells.date("issue_date", required=True)
    _note_future(sheet, desk, issue)
    return _frame(
        "credit_notes",
        cells,
        number=number,
        debtor=debtor,
        issue_date=issue,
        receivable=receivable,
        currency=currency,
        amount_minor=-amount.abs(),
        open_minor=-cells.amount("open", currency, required=False).abs(),
        description=cells.text("description", longest=LONGEST_TEXT),
    )


def charges(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Charges on an invoice: postage, penalties, fees."""
    cells = desk.cells(sheet, "date", "amount")
    number, receivable = cells.key("number"), desk.links.named(cells.key("receivable"))
    linked = desk.links.receivable(cells, receivable, INVOICE_KINDS)
    debtor = _debtor(cells, desk, linked)
    currency = cells.currency("amount", linked["currency"])
    _need_currency(cells, currency, unless=receivable.is_not_null() & linked["debtor"].is_null())
    desk.links.agree(cells, currency, linked["currency"], "currency", "intake.currency_differs")
    day = cells.date("date", required=True)
    _note_future(sheet, desk, day)
    kind = cells.charge_kind("charge_kind")
    description = cells.text("description", longest=LONGEST_TEXT)
    return _frame(
        "charges",
        cells,
        number=number,
        debtor=debtor,
        receivable=receivable,
        issue_date=day,
        due_date=day,
        currency=currency,
        amount_minor=cells.amount("amount", currency),
        charge_kind=kind,
        charge_basis=cells.word("charge_basis", "charge_basis", "intake.unknown_charge_basis"),
        # a word that is none of the kinds still says what the charge is about
        description=description.zip_with(
            description.is_not_null() | kind.is_not_null(), cells.text("charge_kind", longest=LONGEST_TEXT)
        ),
    )


def payments(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Payments; a negative one takes back an earlier one. Whether that one exists is asked when all are read."""
    cells = desk.cells(sheet, "value_date", "amount")
    number = cells.key("number")
    receivable = desk.links.named(cells.key("receivable", required=False))
    linked = desk.links.receivable(cells, receivable, ALL_KINDS)
    debtor = _debtor(cells, desk, linked)
    currency = cells.currency("amount", linked["currency"])
    _need_currency(cells, currency, unless=receivable.is_not_null() & linked["debtor"].is_null())
    desk.links.agree(cells, currency, linked["currency"], "currency", "intake.currency_differs")
    day = cells.date("value_date", required=True)
    _note_future(sheet, desk, day)
    return _frame(
        "payments",
        cells,
        number=number,
        debtor=debtor,
        receivable=receivable,
        value_date=day,
        currency=currency,
        amount_minor=cells.amount("amount", currency),
        designation=cells.word("designation", "designation", "intake.unknown_designation"),
        reverses=cells.key("reverses", required=False),
        method=cells.text("method"),
    )


def disputes(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Disputes about an invoice, or about a part of its amount."""
    cells = desk.cells(sheet, "opened_date closed_date", "amount")
    number, told = cells.key("number", required=False), cells.key("receivable")
    receivable = desk.links.named(told)
    linked = desk.links.receivable(cells, receivable, INVOICE_KINDS)
    debtor = _debtor(cells, desk, linked)
    opened, closed = cells.date("opened_date", required=True), cells.date("closed_date")
    currency = cells.currency("amount", linked["currency"])
    desk.links.agree(cells, currency, linked["currency"], "currency", "intake.currency_differs")
    amount = cells.amount("amount", currency, required=False)
    _need_currency(cells, currency, unless=amount.is_null() & cells.is_nothing("amount"))
    _note_rows(sheet, closed < opened, "intake.note_closed_before_opened")
    _note_future(sheet, desk, opened)
    parts = desk.links.instalments(told)
    in_parts = told.is_in(parts["invoice"].implode())
    # which of the parts is contested nobody says: a dispute about all of the invoice is one about each
    cells.fault(in_parts & amount.is_not_null(), "receivable", "intake.dispute_of_instalments", told)
    rows = _frame(
        "disputes",
        cells,
        number=_dispute_number(number, receivable, opened),
        debtor=debtor,
        receivable=receivable,
        opened_date=opened,
        closed_date=closed,
        currency=currency,
        amount_minor=amount,
        reason=cells.text("reason", longest=LONGEST_TEXT, required=True),
        outcome=cells.text("outcome", longest=LONGEST_TEXT),
    )
    return _about_each(rows, told, number, parts) if parts.height else rows


def _about_each(rows: pl.DataFrame, told: pl.Series, number: pl.Series, parts: pl.DataFrame) -> pl.DataFrame:
    """Disputes about a whole invoice in instalments as one about each of these."""
    own = pl.col("own").is_not_null() & pl.col("part").is_not_null()
    each = parts.select("invoice", "instalment", part="number")
    found = rows.with_columns(invoice=told, own=number).join(
        each, on="invoice", how="left", maintain_order="left_right"
    )  # fmt: skip
    made = _dispute_number(found["number"].clear(found.height), found["part"], found["opened_date"])
    return found.with_columns(
        receivable=pl.coalesce("part", "receivable"),
        number=pl.when(own)
        .then(number_of(pl.col("own"), pl.col("instalment")))
        .when(pl.col("part").is_not_null())
        .then(made)
        .otherwise("number"),
    ).select(rows.columns)


def targets(sheet: Sheet, desk: Desk) -> pl.DataFrame:
    """Targets: how much should come of a debtor by a day. One of a debtor and currency is known by both."""
    cells = desk.cells(sheet, "by_date", "amount")
    debtor = cells.key("debtor")
    desk.links.check_debtor(cells, debtor)
    currency = cells.currency("amount")
    amount = cells.amount("amount", currency)
    cells.fault(amount <= 0, "amount", "intake.target_not_positive", cells.raw("amount"))
    return _frame(
        "targets",
        cells,
        number=pl.select(pl.format("{}/{}", debtor, currency)).to_series(),
        debtor=debtor,
        currency=currency,
        amount_minor=amount,
        by_date=cells.date("by_date", required=True),
    )


def _dispute_number(own: pl.Series, receivable: pl.Series, opened: pl.Series) -> pl.Series:
    """`R1/2026-10-05` where a row has no number of its own: the same whenever the dispute is told again, also when it
    is closed or its invoice has moved to another customer. Two disputes of one invoice and day need their own."""
    frame = pl.DataFrame({"own": own, "receivable": receivable, "opened": opened})
    made = pl.format("{}/{}", pl.col("receivable"), pl.col("opened").dt.to_string("%Y-%m-%d"))
    numbers = frame.select(pl.coalesce("own", made)).to_series()
    long = numbers.str.len_chars() > LONGEST_KEY
    long = (long & own.is_null()).fill_null(value=False)
    if not long.any():
        return numbers
    short = [f"{one[:70]}~{hashlib.sha256(one.encode()).hexdigest()[:16]}" for one in numbers.filter(long)]
    return numbers.scatter(long.arg_true(), short)


def _debtor(cells: Cells, desk: Desk, linked: pl.DataFrame) -> pl.Series:
    """The row's debtor: named, or inherited from the invoice; they must agree, and the debtor must exist."""
    own = cells.key("debtor", required=False)
    nowhere = own.is_null() & linked["debtor"].is_null()
    named = cells.raw("receivable").is_not_null()
    # Where the invoice is named but unknown, that has been said already.
    cells.fault(nowhere & ~named, "debtor", "intake.empty_cell")
    desk.links.check_debtor(cells, own)
    return desk.links.agree(cells, own, linked["debtor"], "debtor", "intake.debtor_differs")


def _need_currency(cells: Cells, currency: pl.Series, unless: pl.Series | None = None) -> None:
    """A row without a currency, its own or its invoice's, is an error unless another one says so already."""
    lacking = currency.is_null() & cells.raw("currency").is_null()
    cells.fault(lacking & ~unless if unless is not None else lacking, "currency", "intake.empty_cell")
