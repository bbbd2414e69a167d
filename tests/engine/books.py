"""Random small books for Hypothesis: few debtors, many coincidences of dates and amounts, awkward references."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.engine.book import DAY, Book, days

CURRENCIES = ("EUR", "EUR", "EUR", "JPY", "KWD")
AMOUNTS = st.sampled_from([1, 100, 499, 500, 501, 600, 700, 1_000, 1_100, 10_000, 33_333])
REASONS = ("cease_request", "insolvency", "deceased", "attorney", "hardship", "talks", "other")
PLACES = (
    ("DE", None),
    ("DE", None),
    ("CN", None),
    ("US", None),
    ("IN", None),
    (None, None),
    ("XX", None),
    (None, "Asia/Kathmandu"),
)

REACHED_BY = (("email", "letter"), ("email",), ("letter",), ("phone",), (), ("email", "letter"))


def around(back: int = 60, ahead: int = 10) -> SearchStrategy[date]:
    """A day in the neighbourhood of the day that is decided."""
    return st.integers(-back, ahead).map(days)


@st.composite
def books(draw: DrawFn, *, debtors: int = 3, ledger: bool = True) -> Book:
    """A book of up to so many debtors, of whom some share a person."""
    book = Book(draw(st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York"])))
    for number in range(draw(st.integers(1, debtors))):
        country, zone = draw(st.sampled_from(PLACES))
        debtor = book.debtor(
            f"D{number}", country=country, zone=zone, person=draw(st.sampled_from([7, 8, None])),
            channels=draw(st.sampled_from(REACHED_BY)),
            preferred=draw(st.sampled_from([None, "email", "letter", "phone"])),
        )  # fmt: skip
        if draw(st.booleans()):
            book.add("contact_points", debtor_id=debtor, channel="email", rank=1, usable=draw(st.booleans()))
        _fill(draw, book, debtor, ledger)
    if draw(st.integers(0, 3)) == 0:
        # contacts keep the person of their day; whose account it is may have been corrected since
        for row in book.rows["contacts"]:
            row["person_id"] = draw(st.sampled_from([7, 8, 9]))
    if ledger and draw(st.booleans()):
        book.open_items(*draw(st.lists(around(40, 3), max_size=3)))
    return book


def _fill(draw: DrawFn, book: Book, debtor: int, ledger: bool) -> None:
    items = []
    for _ in range(draw(st.integers(0, 3))):
        due = draw(around(50, 12))
        invoice = book.invoice(
            debtor, draw(AMOUNTS), due, issued=min(due, days(draw(st.integers(-90, 0)))),
            currency=draw(st.sampled_from(CURRENCIES)),
            kind=draw(st.sampled_from(["invoice", "invoice", "instalment"])),
            status=draw(st.sampled_from(["open"] * 8 + ["cancelled", "written_off"])),
            open_as_of=draw(st.sampled_from([None, None, None, days(-20), days(-5)])) if ledger else None,
        )  # fmt: skip
        items.append(invoice)
        currency = book.rows["receivables"][-1]["currency"]
        for _ in range(draw(st.integers(0, 2))):
            made = draw(around(30, 3))
            money = "USD" if draw(st.integers(0, 15)) == 0 else currency
            items.append(book.charge(debtor, draw(AMOUNTS), made, invoice, currency=money))
    if draw(st.integers(0, 3)) == 0:
        items.append(book.charge(debtor, draw(AMOUNTS), draw(around()), None))
    notes = [
        book.credit_note(
            debtor, draw(AMOUNTS), draw(around()), draw(st.sampled_from([None, *items])),
            currency=draw(st.sampled_from(CURRENCIES)),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    _pay(draw, book, debtor, items, notes, ledger)
    _talk(draw, book, debtor, items)


def _pay(draw: DrawFn, book: Book, debtor: int, items: list[int], notes: list[int], ledger: bool) -> None:
    named = [None, *items, *items, *items, *notes]
    made: list[int] = []
    for _ in range(draw(st.integers(0, 4))):
        receivable = draw(st.sampled_from(named))
        own = book.rows["receivables"][receivable - 1]["currency"] if receivable else draw(st.sampled_from(CURRENCIES))
        kind = draw(st.integers(0, 5))
        if kind == 0 and made:
            original = book.rows["payments"][draw(st.sampled_from(made)) - 1]
            whole = draw(st.booleans())
            book.payment(
                debtor, -original["amount_minor"] if whole else -draw(AMOUNTS), draw(around()),
                original["receivable_id"], currency=original["currency"], reverses=original["payment_id"],
                source=original["source_kind"],
            )  # fmt: skip
            continue
        sign = -1 if kind == 1 or receivable in notes else 1
        source = "ledger" if ledger and receivable and draw(st.booleans()) else "bank"
        currency = "USD" if draw(st.integers(0, 15)) == 0 else own
        made.append(
            book.payment(debtor, sign * draw(AMOUNTS), draw(around()), receivable, currency=currency, source=source)
        )


def _talk(draw: DrawFn, book: Book, debtor: int, items: list[int]) -> None:
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        made = draw(around(30, 2))
        book.promise(
            debtor, draw(AMOUNTS), made, days(draw(st.integers(0, 20)), made),
            currency=draw(st.sampled_from(CURRENCIES)), withdrawn=draw(st.sampled_from([None, None, DAY, days(1)])),
        )  # fmt: skip
    for _ in range(draw(st.integers(0, 2)) if items else 0):
        opened = draw(around(30, 2))
        book.dispute(
            debtor, draw(st.sampled_from(items)), opened, draw(st.sampled_from([None, 100, 500, 1_000])),
            draw(st.sampled_from([None, None, DAY, days(1), days(-1)])),
        )  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        book.hold(
            debtor, draw(st.sampled_from(REASONS)), draw(around(20, 2)),
            draw(st.sampled_from([None, days(-1), DAY, days(5)])),
            receivable=draw(st.sampled_from([None, None, *items])),
            channel=draw(st.sampled_from([None, None, "email", "letter"])),
        )  # fmt: skip
    if draw(st.integers(0, 7)) == 0:
        book.complaint(debtor, draw(around(20, 2)), draw(st.sampled_from([None, DAY, days(1)])))
    for _ in range(draw(st.integers(0, 4))):
        named = draw(st.dictionaries(st.sampled_from(items), st.integers(1, 4), max_size=3)) if items else {}
        on = draw(around(45, 1))
        book.contact(
            debtor, on, named, channel=draw(st.sampled_from(["email", "letter", "phone"])),
            direction=draw(st.sampled_from(["out", "out", "out", "in"])),
            outcome=draw(st.sampled_from(["sent", "sent", "unknown", "undeliverable"])),
            currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
            deadline=draw(st.sampled_from([None, days(10, on)])),
        )  # fmt: skip
