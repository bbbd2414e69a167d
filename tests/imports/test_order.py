"""The order in which files arrive does not matter, as long as each refers to what is known."""

import itertools
import random
from pathlib import Path

import pytest

from dunwell.actions.importing.files import import_files
from tests.imports.files import BOOK, NOW, content, take_in, write_book
from tests.support.book import TESTER, make_creditor

pytestmark = pytest.mark.usefixtures("db")

REFERS_TO = {
    "customers": (),
    "invoices": ("customers",),
    "credit_notes": ("customers", "invoices"),
    "charges": ("invoices",),
    "payments": ("customers", "invoices"),
    "disputes": ("invoices",),
}


def lawful(order: tuple[str, ...]) -> bool:
    return all(order.index(other) < order.index(name) for name in order for other in REFERS_TO[name])


class TestOrderOfArrival:
    def test_does_not_matter_within_one_command(self, tmp_path: Path) -> None:
        paths = write_book(tmp_path)
        found = []
        for place, order in enumerate(random.Random(7).sample(list(itertools.permutations(paths)), 4)):
            creditor = make_creditor(f"c{place}")
            import_files(creditor=creditor, paths=order, by=TESTER, now=NOW)
            found.append(content(creditor))
        assert all(each == found[0] for each in found)

    def test_does_not_matter_between_commands(self, tmp_path: Path) -> None:
        paths = dict(zip(BOOK, write_book(tmp_path), strict=True))
        together = make_creditor("together")
        take_in(together, *paths.values())
        orders = [order for order in itertools.permutations(BOOK) if lawful(order)]
        for place, order in enumerate(random.Random(11).sample(orders, 3)):
            creditor = make_creditor(f"c{place}")
            for name in order:
                take_in(creditor, paths[name])
            assert content(creditor) == content(together), order

    def test_of_an_unlawful_kind_is_refused_with_the_number_that_is_unknown(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        paths = dict(zip(BOOK, write_book(tmp_path), strict=True))
        report = take_in(creditor, paths["payments"])
        assert report.refused
        assert "R1" in report.errors["value"].to_list()
        assert content(creditor)["payments"] == []
