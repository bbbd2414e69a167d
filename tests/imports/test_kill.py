"""An import that is killed leaves all of it or nothing."""

import random
import time
from pathlib import Path

import pytest

from dunwell.store.models import Creditor
from tests.imports.files import BOOK, content, everything, take_in, write, write_book
from tests.support.book import make_creditor
from tests.support.homes import Home, django_on

SIZE = 4_000
LINES = ("Reading", "Comparing", "Writing persons", "Writing debtors", "Writing receivables", "Settling")


def big_book(folder: Path, amount: str) -> list[Path]:
    customers = [{"customer_id": f"K{n}", "name": f"Kunde {n}", "email": f"k{n}@k.example"} for n in range(SIZE // 4)]
    invoices = [
        {"invoice_id": f"V{n}", "customer_id": f"K{n % (SIZE // 4)}", "issue_date": "2026-01-01",
         "due_date": "2026-02-01", "currency": "EUR", "amount": amount}
        for n in range(SIZE)
    ]  # fmt: skip
    return [
        write(folder, "customers", [*BOOK["customers"], *customers]),
        write(folder, "invoices", [*BOOK["invoices"], *invoices]),
    ]


def killed(home: Home, paths: list[Path], chance: random.Random) -> None:
    """Run the real command and kill it: a random while after a random line of its progress."""
    line_to_die_after, wait = chance.choice(LINES), chance.uniform(0, 0.15)
    process = home.start("import", *map(str, paths))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(line_to_die_after):
            break
    time.sleep(wait)  # where inside the step it dies is what is drawn
    process.kill()
    process.communicate(timeout=60)


def kill_and_look(home: Home, tmp_path: Path, seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    with django_on(home):
        creditor = make_creditor()
        take_in(creditor, *write_book(tmp_path))
    changes = 0
    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths = big_book(folder, f"{number + 1}.00")
        with django_on(home):
            before = everything()
        killed(home, paths, chance)
        with django_on(home):
            after = everything()
            after.pop("sequences"), before.pop("sequences")
            if after == before:
                take_in(Creditor.objects.get(), *paths)
            else:
                changes += 1
            found = content(creditor)["receivables"]
            whole = [row for row in found if str(row[1]).startswith("V")]
            assert len(whole) == SIZE
            assert {row[7] for row in whole} == {(number + 1) * 100}
            assert take_in(Creditor.objects.get(), *paths).nothing_new
    assert changes <= rounds


class TestKilledImport:
    def test_leaves_all_or_nothing(self, home: Home, tmp_path: Path) -> None:
        kill_and_look(home, tmp_path, seed=1, rounds=2)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("seed", [2, 3])
    def test_leaves_all_or_nothing_at_many_moments(self, home: Home, tmp_path: Path, seed: int) -> None:
        kill_and_look(home, tmp_path, seed=seed, rounds=10)
