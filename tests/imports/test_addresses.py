"""Addresses: where a debtor is reached, and what becomes of an address that the ledger replaces."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.actions.importing.parties import CLOSED_RANK
from dunwell.actions.sending.addresses import mark_invalid
from dunwell.store.models import ContactPoint, ContactPointPast, Creditor
from tests.imports.files import NOW, counts, everything, take_in, write
from tests.support.book import TESTER, make_creditor

pytestmark = pytest.mark.usefixtures("db")

MINUTE = timedelta(minutes=1)
_CODES = itertools.count()


def customer(**columns: str) -> dict[str, str]:
    return {"customer_id": "1", "name": "a", **columns}


def contact(channel: str, value: str, name: str = "") -> dict[str, str]:
    return {"customer_id": "1", "channel": channel, "value": value, "contact_name": name}


def usable(creditor: Creditor) -> list[tuple[str, int, str]]:
    points = ContactPoint.objects.filter(creditor=creditor, invalid_since=None)
    return list(points.order_by("channel", "rank", "value").values_list("channel", "rank", "value"))


class TestAddress:
    def test_comes_from_the_columns_of_a_customer(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        row = customer(email="a@a.example", phone="+49 30 123456", street="Weg 1", postcode="10115", city="Berlin",
                       country="DE")  # fmt: skip
        take_in(creditor, write(tmp_path, "customers", [row]))
        assert usable(creditor) == [
            ("email", 0, "a@a.example"), ("letter", 0, "Weg 1, 10115, Berlin, DE"), ("phone", 0, "+49 30 123456")
        ]  # fmt: skip
        letter = ContactPoint.objects.get(channel="letter")
        assert (letter.street, letter.postcode, letter.city, letter.country) == ("Weg 1", "10115", "Berlin", "DE")

    def test_needs_a_street(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", [customer(street="", city="Berlin")]))
        assert usable(creditor) == []

    def test_that_is_replaced_is_closed_and_kept(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", [customer(email="old@a.example")]))
        report = take_in(creditor, write(tmp_path, "customers", [customer(email="new@a.example")]))
        assert counts(report) == {"customers": (0, 1, 0)}
        assert usable(creditor) == [("email", 0, "new@a.example")]
        closed = ContactPoint.objects.get(value="old@a.example")
        assert (closed.invalid_since, closed.rank) == (closed.known_from, CLOSED_RANK)
        assert [past.of for past in ContactPointPast.objects.all()] == [closed.pk]

    def test_that_returns_is_opened_again(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        for address in ("one@a.example", "two@a.example", "one@a.example"):
            take_in(creditor, write(tmp_path, "customers", [customer(email=address)]))
        assert usable(creditor) == [("email", 0, "one@a.example")]
        assert ContactPoint.objects.count() == 2

    def test_whose_cell_is_emptied_is_closed(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", [customer(email="a@a.example", phone="030 123")]))
        take_in(creditor, write(tmp_path, "customers", [customer(email="")]))
        assert usable(creditor) == [("phone", 0, "030 123")]

    def test_that_bounced_does_not_come_back_with_the_same_file(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        path = write(tmp_path, "customers", [customer(email="a@a.example")])
        take_in(creditor, path)
        point = ContactPoint.objects.get()
        mark_invalid(contact_point=point.pk, reason="550 unknown", at=NOW, by=TESTER)
        assert take_in(creditor, path).nothing_new
        assert usable(creditor) == []

    def test_may_be_moved_street_by_street(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        row = customer(street="Weg 1", postcode="10115", city="Berlin")
        take_in(creditor, write(tmp_path, "customers", [row]))
        take_in(creditor, write(tmp_path, "customers", [customer(street="Weg 2")]))
        assert usable(creditor) == [("letter", 0, "Weg 2, 10115, Berlin")]

    def test_of_a_thousand_characters_is_taken(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        row = customer(street="长" * 500, postcode="1" * 20, city="c" * 500, region="r" * 500)
        path = write(tmp_path, "customers", [row])
        take_in(creditor, path)
        assert ContactPoint.objects.get().city == "c" * 500
        assert take_in(creditor, path).nothing_new


class TestContactsFile:
    def test_adds_further_addresses_in_its_order(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(
            creditor,
            write(tmp_path, "customers", [customer(email="main@a.example")]),
            write(tmp_path, "contacts", [contact("email", "z@a.example", "Zoe"), contact("email", "b@a.example")]),
        )
        assert usable(creditor) == [
            ("email", 0, "main@a.example"), ("email", 1, "z@a.example"), ("email", 2, "b@a.example")
        ]  # fmt: skip
        assert ContactPoint.objects.get(value="z@a.example").contact_name == "Zoe"

    def test_changes_nothing_when_repeated_in_another_order(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [contact("email", "z@a.example"), contact("email", "b@a.example"), contact("phone", "030 1")]
        take_in(creditor, write(tmp_path, "customers", [customer(email="main@a.example")]))
        first = take_in(creditor, write(tmp_path, "contacts", rows))
        before = everything()
        again = take_in(creditor, write(tmp_path, "contacts", list(reversed(rows))))
        assert (counts(first), counts(again)) == ({"contacts": (3, 0, 0)}, {"contacts": (0, 0, 3)})
        assert everything() == before

    def test_and_the_customers_row_may_name_the_same_address(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        customers = write(tmp_path, "customers", [customer(email="a@a.example")])
        contacts = write(tmp_path, "contacts", [contact("email", "a@a.example", "Al"), contact("email", "a@a.example")])
        take_in(creditor, customers, contacts)
        assert usable(creditor) == [("email", 0, "a@a.example")]
        assert ContactPoint.objects.get().contact_name == "Al"
        assert take_in(creditor, contacts).nothing_new
        assert take_in(creditor, customers).nothing_new

    def test_keeps_an_address_that_the_customers_row_gives_up(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(creditor, write(tmp_path, "customers", [customer(email="a@a.example")]))
        take_in(
            creditor,
            write(tmp_path, "customers", [customer(email="b@a.example")]),
            write(tmp_path, "contacts", [contact("email", "a@a.example")]),
        )
        assert usable(creditor) == [("email", 0, "b@a.example"), ("email", 1, "a@a.example")]

    def test_gives_an_address_that_becomes_the_first(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(
            creditor,
            write(tmp_path, "customers", [customer(email="a@a.example")]),
            write(tmp_path, "contacts", [contact("email", "b@a.example")]),
        )
        take_in(creditor, write(tmp_path, "customers", [customer(email="b@a.example")]))
        assert usable(creditor) == [("email", 0, "b@a.example")]

    def test_may_write_a_postal_address_in_one_cell(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        take_in(
            creditor,
            write(tmp_path, "customers", [customer()]),
            write(tmp_path, "contacts", [contact("letter", "Weg 1, 10115 Berlin")]),
        )
        assert ContactPoint.objects.get().street == "Weg 1, 10115 Berlin"


_POOL = st.sampled_from(["a@x.example", "b@x.example", "c@x.example"])
_STEP = st.one_of(
    st.tuples(st.just("customers"), st.one_of(_POOL, st.just(""))),
    st.tuples(st.just("contacts"), st.lists(_POOL, min_size=1, max_size=3)),
    st.tuples(st.just("bounce"), _POOL),
    st.tuples(st.just("both"), st.tuples(st.one_of(_POOL, st.just("")), st.lists(_POOL, min_size=1, max_size=3))),
)


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
class TestAddressesOverTime:
    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=st.lists(_STEP, min_size=2, max_size=5))
    def test_have_the_ledgers_own_first_and_repeat_to_nothing(
        self, steps: list[tuple[str, Any]], tmp_path: Path
    ) -> None:
        creditor = make_creditor(f"c{next(_CODES)}")
        take_in(creditor, write(tmp_path, "customers", [customer()]))
        main = None
        for what, value in steps:
            paths = []
            if what == "bounce":
                for point in ContactPoint.objects.filter(creditor=creditor, value=value, invalid_since=None):
                    mark_invalid(contact_point=point.pk, reason="550", at=point.known_from + MINUTE / 2, by=TESTER)
                continue
            if what in ("customers", "both"):
                main = value if what == "customers" else value[0]
                paths.append(write(tmp_path, "customers", [customer(email=main)]))
            if what in ("contacts", "both"):
                rows = value if what == "contacts" else value[1]
                paths.append(write(tmp_path, "contacts", [contact("email", one) for one in rows]))
            take_in(creditor, *paths)
            for path in paths:
                assert take_in(creditor, path).nothing_new
            points = ContactPoint.objects.filter(creditor=creditor)
            assert list(points.filter(rank=0).values_list("value", flat=True)) == ([main] if main else [])
            ranks = list(points.exclude(rank=CLOSED_RANK).values_list("rank", flat=True))
            assert len(ranks) == len(set(ranks))
            assert not points.filter(rank=CLOSED_RANK, invalid_since=None).exists()
