"""Random books of one debtor about whom there is news: promises, payments that went back, letters with deadlines."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.engine.book import Book, days

_MINOR = st.sampled_from([30_000, 50_000, 80_000])


@st.composite
def news_books(draw: DrawFn) -> Book:
    """A book around `DAY`: two invoices overdue, what was written and called, what was promised and paid since."""
    book = Book()
    debtor = book.debtor("D1", kind=draw(st.sampled_from(["business", "consumer"])))
    items = [book.invoice(debtor, 100_000, days(-draw(st.integers(1, 50)))) for _ in range(2)]
    for item in items:
        if stage := draw(st.sampled_from([0, 20, 25, 40, 50, 60])):
            on = days(-draw(st.sampled_from([0, 1, 3, 6, 9, 12])))
            named = dict.fromkeys(items if draw(st.booleans()) else [item], stage)
            deadline = draw(st.sampled_from([None, days(2, on), days(8, on)]))
            book.contact(debtor, on, named, deadline=deadline if stage >= 40 or deadline is None else None)
    for item in items:
        if draw(st.integers(0, 3)) == 0:
            book.add(
                "steps", debtor_id=debtor, receivable_id=item, stage=30, done_date=days(-draw(st.integers(0, 8))),
                taken=draw(st.booleans()),
            )  # fmt: skip
    for _ in range(draw(st.integers(0, 2))):
        made = days(-draw(st.integers(2, 14)))
        book.promise(debtor, draw(_MINOR), made, days(draw(st.integers(0, 5)), made))
    for item in items:
        if draw(st.booleans()):
            paid = days(-draw(st.integers(3, 14)))
            minor = draw(_MINOR)
            payment = book.payment(debtor, minor, paid, item)
            book.payment(debtor, -minor, days(draw(st.integers(1, 8)), paid), item, reverses=payment)
    if draw(st.booleans()):
        # a smaller promise, kept: it may take the place of one that was broken
        made = days(draw(st.integers(-4, 3)))
        book.promise(debtor, 10_000, made, made)
        book.payment(debtor, 10_000, made)
    if draw(st.booleans()):
        book.payment(debtor, draw(_MINOR), days(-draw(st.integers(0, 8))), draw(st.sampled_from([None, *items])))
    return book
