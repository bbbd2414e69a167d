"""Random books in which lists of open items meet bank lines, named or nameless, with few amounts."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.engine.book import Book, days

_AMOUNTS = st.sampled_from([20, 30, 50, 50, 100])


@st.composite
def list_books(draw: DrawFn) -> Book:
    """A book of one or two debtors whose ledger exports lists, a few days or weeks apart."""
    book = Book()
    lists = sorted({-draw(st.integers(0, 40)) for _ in range(draw(st.integers(1, 4)))})
    book.open_items(*map(days, lists))
    for number in range(draw(st.integers(1, 2))):
        debtor = book.debtor(f"D{number}")
        items = []
        for _ in range(draw(st.integers(1, 3))):
            first = draw(st.sampled_from([None, None, *lists]))
            invoice = book.invoice(debtor, draw(_AMOUNTS), days(-50), open_as_of=None if first is None else days(first))
            items.append(invoice)
            if draw(st.integers(0, 4)) == 0:
                items.append(book.charge(debtor, draw(_AMOUNTS), days(-45), invoice))
        for _ in range(draw(st.integers(0, 5))):
            back = draw(st.integers(0, 4)) == 0
            book.payment(
                debtor, draw(_AMOUNTS) * (-1 if back else 1), days(draw(st.sampled_from(lists))),
                draw(st.sampled_from(items)), source="ledger",
            )  # fmt: skip
        for _ in range(draw(st.integers(0, 4))):
            book.payment(
                debtor, draw(_AMOUNTS) * draw(st.sampled_from([1, 1, 1, 2, -1])), days(draw(st.integers(-55, 6))),
                draw(st.sampled_from([None, None, *items])),
            )  # fmt: skip
        if draw(st.integers(0, 3)) == 0:
            book.credit_note(debtor, draw(_AMOUNTS), days(-30), draw(st.sampled_from([None, *items])))
    return book
