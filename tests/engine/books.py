"""Random small books for Hypothesis: few debtors, many coincidences of dates and amounts, awkward references."""

from datetime import UTC, date, datetime, time

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from dunwell.core.terms import Note
from dunwell.rulebook.strategy_columns import OBSERVED
from tests.engine.book import DAY, Book, days

STAGES = (10, 20, 25, 40, 50)
"""What a letter or mail may have said."""
CURRENCIES = ("EUR", "EUR", "EUR", "JPY", "KWD")
AMOUNTS = st.sampled_from([1, 100, 499, 500, 501, 600, 700, 1_000, 1_100, 10_000, 33_333])
REASONS = ("cease_request", "insolvency", "deceased", "attorney", "hardship", "talks", "other")
PLACES = (
    ("DE", None, None, None),
    ("DE", "BY", None, None),
    ("CN", None, None, None),
    ("US", None, None, None),
    ("US", "NY", None, "America/New_York America/Los_Angeles"),
    ("IN", None, None, None),
    (None, None, None, None),
    ("XX", None, None, None),
    (None, None, "Asia/Kathmandu", None),
)
"""Country, region, the debtor's own zone, the zones of his addresses."""
HOLIDAYS = ("DE", "DE-BY", "CN", "US")
OUTCOMES = {
    "email": ("sent", "sent", "unknown", "undeliverable"),
    "letter": ("sent", "sent", "unknown", "undeliverable"),
    "phone": ("reached", "dropped", "message_left", "no_answer", "not_connected", "wrong_person"),
    "visit": ("reached", "no_answer"),
}
TIMED = (
    {},
    {"weekdays": "1 3"},
    {"hours_from": "09:00", "hours_until": "17:30"},
    {"weekdays": "2", "hours_from": "07:00", "hours_until": "24:00"},
)

KINDS = (
    "opt_out", "opt_out", "inconvenient_time", "cooling_off", "breathing_space", "minor", "direct_consent",
    "hours_agreed", "frequency_agreed", "lost_contact", "notice_sent", "inconvenient_place",
)  # fmt: skip

REACHED_BY = (("email", "letter"), ("email",), ("letter",), ("phone",), (), ("email", "letter"))


def around(back: int = 60, ahead: int = 10) -> SearchStrategy[date]:
    """A day in the neighbourhood of the day that is decided."""
    return st.integers(-back, ahead).map(days)


@st.composite
def books(draw: DrawFn, *, debtors: int = 3, ledger: bool = True) -> Book:
    """A book of up to so many debtors, of whom some share a person."""
    book = Book(draw(st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York"])))
    for number in range(draw(st.integers(1, debtors))):
        country, region, zone, zones = draw(st.sampled_from(PLACES))
        debtor = book.debtor(
            f"D{number}", country=country, region=region, zone=zone, zones=zones,
            kind=draw(st.sampled_from(["business", "consumer", "consumer", None])),
            debt_kind=draw(st.sampled_from(["trade", "credit_card", None])), person=draw(st.sampled_from([7, 8, None])),
            channels=draw(st.sampled_from(REACHED_BY)),
            preferred=draw(st.sampled_from([None, "email", "letter", "phone"])),
        )  # fmt: skip
        if draw(st.booleans()):
            book.add("contact_points", debtor_id=debtor, channel="email", rank=1, usable=draw(st.booleans()))
        if draw(st.integers(0, 3)) == 0:
            for channel in ("email", "phone"):
                book.add(
                    "contact_points", debtor_id=debtor, channel=channel, rank=0, usable=False, third_person_id=debtor
                )
        _fill(draw, book, debtor, ledger)
    if draw(st.integers(0, 3)) == 0:
        # contacts keep the person of their day; whose account it is may have been corrected since
        for row in book.rows["contacts"]:
            row["person_id"] = draw(st.sampled_from([7, 8, 9]))
    for place in HOLIDAYS:
        # of the creditor's place too: what falls due on such a day is asked for by the next
        book.day_off(place, *draw(st.lists(around(3, 15), max_size=4, unique=True)))
    book.rows["creditor"][0] |= {
        "kind": draw(st.sampled_from([None, "supplier", "bank"])),
        "collector": draw(st.sampled_from(["own", "agency"])),
    }
    if ledger and draw(st.booleans()):
        book.open_items(*draw(st.lists(around(40, 3), max_size=3)))
    for row in book.rows["receivables"]:
        if draw(st.integers(0, 4)) == 0:
            book.clock(row["receivable_id"], draw(around(30, 90)), draw(st.sampled_from(["limitation", "filing"])))
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
    _wish(draw, book, debtor)


def _wish(draw: DrawFn, book: Book, debtor: int) -> None:
    """What people wished otherwise, now and then about a place where the debtor stands."""
    points = [row["contact_point_id"] for row in book.rows["contact_points"] if row["debtor_id"] == debtor]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        kind = draw(st.sampled_from(["person", "address"] if points else ["person"]))
        book.wish(
            debtor, draw(st.sampled_from(STAGES)), draw(st.integers(0, 2)), kind,
            since=draw(around(10, 2)), until=draw(st.sampled_from([None, None, DAY, days(3)])),
            currency=draw(st.sampled_from(CURRENCIES)),
            point=draw(st.sampled_from(points)) if kind == "address" else None,
        )  # fmt: skip


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
        if draw(st.integers(0, 4)) == 0:
            book.note(len(book.rows["promises"]), draw(around(6, 3)), draw(st.sampled_from(Note)))
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
    for _ in range(draw(st.integers(0, 6))):
        named = draw(st.dictionaries(st.sampled_from(items), st.sampled_from(STAGES), max_size=3)) if items else {}
        on = draw(around(draw(st.sampled_from([4, 10, 45])), 1))
        channel = draw(st.sampled_from(["email", "letter", "phone", "visit"]))
        outcome = draw(st.sampled_from(OUTCOMES[channel]))
        book.contact(
            debtor, on, named, channel=channel,
            direction=draw(st.sampled_from(["out", "out", "out", "in"])), outcome=outcome,
            currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])), deadline=draw(st.sampled_from([None, days(10, on)])),
            clock=draw(st.sampled_from([time(10), time(0), time(23, 59, 59)])),
            talked=tuple(sorted(named))[:1] if outcome == "reached" else (),
            purpose=draw(st.sampled_from([None, "collection", "answer"])),
            addressee=draw(st.sampled_from([None, "debtor", "third_person"])),
            mode=draw(st.sampled_from([None, "interactive", "notification"])),
            at_place=draw(st.sampled_from([None, "home", "work"])),
            contact_point_id=draw(st.sampled_from([None, *_points(book, debtor, channel)])),
            collector=draw(st.sampled_from([None, "own", "agency"])),
        )  # fmt: skip
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        _told(draw, book, debtor)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3])) if items else 0):
        book.add(
            "steps", debtor_id=debtor, receivable_id=draw(st.sampled_from(items)),
            stage=draw(st.sampled_from([30, 30, 60, 70, 80, 90])), done_date=draw(around(20, 1)),
            taken=draw(st.booleans()), withdrawn_date=draw(st.sampled_from([None, None, DAY, days(1)])),
        )  # fmt: skip
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        kind = draw(st.sampled_from(sorted(OBSERVED)))
        book.add(
            "observations", debtor_id=debtor, kind=kind, value=draw(st.sampled_from(OBSERVED[kind])),
            from_date=draw(around(10, 1)), until_date=draw(st.sampled_from([None, None, days(-1), DAY, days(3)])),
        )  # fmt: skip


def _told(draw: DrawFn, book: Book, debtor: int) -> None:
    """An entry of the registers, with the moment it was told at, at times."""
    kind = draw(st.sampled_from(KINDS))
    since = draw(around(12, 1))
    channel = draw(st.sampled_from([None, None, "email", "phone"]))
    timed = draw(st.sampled_from(TIMED)) if kind in ("inconvenient_time", "opt_out") else {}
    addresses = [None, None, *_points(book, debtor, channel)]
    at_noon = kind == "direct_consent" and draw(st.booleans())
    book.register(
        debtor, kind, since, draw(st.sampled_from([None, None, days(0), days(4), since])), channel=channel,
        address_id=draw(st.sampled_from(addresses)) if kind == "opt_out" and not timed else None,
        from_at=datetime.combine(since, time(12), UTC) if at_noon else None,
        purpose=draw(st.sampled_from([None, None, "collection", "placement"])) if not timed else None,
        **timed,
    )  # fmt: skip


def _points(book: Book, debtor: int, channel: str | None) -> list[int]:
    return [
        row["contact_point_id"]
        for row in book.rows["contact_points"]
        if row["debtor_id"] == debtor and channel in (None, row["channel"])
    ]


@st.composite
def _plain_books(draw: DrawFn) -> Book:
    """Two debtors whom little stands against."""
    book = Book()
    for kind in ("business", draw(st.sampled_from(["business", "consumer"]))):
        debtor = book.debtor(
            f"D{len(book.rows['debtors'])}", kind=kind, preferred=draw(st.sampled_from([None, "letter"]))
        )
        if draw(st.integers(0, 3)):
            book.invoice(debtor, draw(st.sampled_from([700, 33_333])), draw(around(40, 3)))
        if draw(st.integers(0, 3)) == 0:
            _told(draw, book, debtor)
        if draw(st.integers(0, 3)) == 0:
            book.contact(debtor, draw(around(9, 0)), {len(book.rows["receivables"]) or 1: 20}, purpose="collection")
        if draw(st.integers(0, 5)) == 0:
            book.complaint(debtor, draw(around(5, 2)))
    return book


@st.composite
def promising_books(draw: DrawFn) -> Book:
    """Books whose debtors promise and pay in the days around `DAY`."""
    book: Book = draw(st.one_of(_plain_books(), _plain_books(), books(debtors=2)))
    for debtor in [row["debtor_id"] for row in book.rows["debtors"]]:
        owed = [row for row in book.rows["receivables"] if row["debtor_id"] == debtor and row["kind"] == "invoice"]
        currency = draw(st.sampled_from([*(row["currency"] for row in owed), "EUR"]))
        if draw(st.booleans()):
            book.invoice(debtor, 90_000, days(draw(st.integers(-60, -1))), currency=currency)
        for _ in range(draw(st.integers(1, 3))):
            _promise_and_pay(draw, book, debtor, currency)
    return book


def _promise_and_pay(draw: DrawFn, book: Book, debtor: int, currency: str) -> None:
    made, minor = days(draw(st.integers(-12, -2))), draw(st.sampled_from([100, 700, 5_000]))
    due = days(draw(st.integers(-4, 8)))
    promise = book.promise(debtor, minor, made, max(made, due), currency=currency)
    if draw(st.integers(0, 3)) == 0:
        book.note(promise, days(draw(st.integers(-6, 1))), draw(st.sampled_from(Note)))
    if draw(st.booleans()):
        parts = draw(st.sampled_from([[minor], [minor], [minor - 50, 50], [minor - 1], [minor, -minor]]))
        for part in parts:
            book.payment(debtor, part, days(draw(st.integers(-9, 3))), currency=currency)
    if draw(st.integers(0, 7)) == 0 and book.rows["payments"]:
        paid = draw(st.sampled_from([row for row in book.rows["payments"] if row["reverses_id"] is None] or [None]))
        if paid is not None and paid["debtor_id"] == debtor:
            book.payment(
                debtor, -paid["amount_minor"], days(draw(st.integers(-2, 3))), currency=paid["currency"],
                reverses=paid["payment_id"],
            )  # fmt: skip
