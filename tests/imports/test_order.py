"""The order in which files arrive does not matter, as long as each refers to what is known."""

import hashlib
import itertools
import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dunwell.actions.facts import facts_of
from dunwell.actions.importing.files import import_files
from dunwell.engine.day.arms import arms_of
from dunwell.engine.facts import Facts
from dunwell.rulebook.strategy import Arm, Experiment
from dunwell.store.models import Creditor
from tests.imports.files import BOOK, NOW, content, take_in, write, write_book
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


HALVES = Experiment("halves", date(2026, 1, 1), date(2026, 12, 31), None, None, (Arm("one", 5_000), Arm("two", 5_000)))
CALLED = [(f"C{each}", f"P{each // 3}" if each % 4 == 0 else "") for each in range(40)]
"""Customers, every fourth with a person of the file's own."""


def arms(creditor: Creditor) -> dict[str, int]:
    """The arm of each debtor, as if the creditor were called acme."""
    frames = facts_of(creditor).frames
    facts = Facts({**frames, "creditor": frames["creditor"].with_columns(code=pl.lit("acme"))})
    found = arms_of(facts, HALVES, facts["debtors"]).join(facts["debtors"], on="debtor_id")
    return dict(found.select("number", "arm").rows())


class TestArmsOfAnExperiment:
    def test_are_the_same_whatever_the_order_of_the_rows_and_of_the_files(self, tmp_path: Path) -> None:
        rows = [{"customer_id": number, "name": number, "person_id": person} for number, person in CALLED]
        found = []
        for place, (first, then) in enumerate(((rows[:20], rows[20:]), (rows[:19:-1], rows[19::-1]))):
            creditor = make_creditor(f"c{place}")
            for name, some in (("a", first), ("b", then)):
                take_in(creditor, write(tmp_path, f"customers-{place}{name}", some))
            found.append(arms(creditor))
        assert found[0] == found[1]
        assert set(found[0].values()) == {0, 1}

    def test_are_those_that_whoever_has_the_files_reckons(self, tmp_path: Path) -> None:
        creditor = make_creditor()
        rows = [{"customer_id": number, "name": number, "person_id": person} for number, person in CALLED]
        take_in(creditor, write(tmp_path, "customers", rows))
        reckoned = {}
        for number, person in CALLED:
            told = f"dunwell experiment\nacme\nhalves\n{person or number}"
            ticket = int(hashlib.sha256(told.encode()).hexdigest()[:16], 16) % 10_000
            reckoned[number] = 0 if ticket < 5_000 else 1
        assert arms(creditor) == reckoned
