"""One debtor, everything: from the database to the explained decision, with its parts.

    python -m bench.one

Of a book of 2 000 debtors in SQLite, one after another is asked about. `extract` reads his facts, `decide` decides
them, `explain` is all else that `dunwell explain` does: items, findings by channel, contacts, words. Milliseconds.
"""

import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from bench.imports import data_home

ROUNDS = 60
DEBTORS = 2_000


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory(prefix="dunwell-bench-") as folder, data_home(Path(folder), "sqlite") as env:
        root = str(Path(__file__).resolve().parent.parent)
        command = [sys.executable, "-m", "bench.one", "measure"]
        found = subprocess.run(command, env={**env, "PYTHONPATH": root}, check=True, stdout=subprocess.PIPE, text=True)
    wall, cpu = json.loads(found.stdout)
    parts = ", ".join(f"{name} {wall[name]:.1f} ({cpu[name]:.1f})" for name in ("extract", "decide", "explain"))
    print(
        f"\nOne debtor, from the database to the words: median {wall['all']:.1f} ms ({cpu['all']:.1f} of processor):"
        f" {parts} (load {os.getloadavg()[0]:.1f})",
        flush=True,
    )


def measure() -> tuple[dict[str, float], dict[str, float]]:
    """Medians of wall and processor time by part."""
    import django

    django.setup()
    from bench import book
    from bench.runs import MOMENT
    from dunwell.actions.explain import Explanation
    from dunwell.actions.facts import facts_of
    from dunwell.engine.day.decide import decide
    from dunwell.store.models import Creditor, Debtor
    from dunwell.store.reads.house_rules import rules_of
    from dunwell.store.reads.strategies import strategy_of
    from tests.runs import kept

    creditor = Creditor.objects.get()
    kept.write(book.facts(DEBTORS * 10), creditor)
    strategy, rules = strategy_of(creditor, book.DAY), rules_of(creditor)
    walls: dict[str, list[float]] = {name: [] for name in ("extract", "decide", "explain", "all")}
    cpus: dict[str, list[float]] = {name: [] for name in walls}
    for number, debtor in enumerate(Debtor.objects.order_by("pk")[: ROUNDS + 2]):
        marks = [(perf_counter(), process_time())]
        facts = facts_of(creditor, debtors=[debtor.pk], around=book.DAY)
        marks.append((perf_counter(), process_time()))
        decide(facts, strategy, rules, book.DAY, MOMENT)
        marks.append((perf_counter(), process_time()))
        told = Explanation(creditor, debtor, book.DAY, None, None, strategy, rules)
        list(told.words("en"))
        marks.append((perf_counter(), process_time()))
        if number < 2:
            continue  # the first ones fill what is kept
        for took, place in ((walls, 0), (cpus, 1)):
            extract, decided, whole = ((after[place] - before[place]) * 1000 for before, after in pairwise(marks))
            for name, each in zip(took, (extract, decided, whole - extract - decided, whole), strict=True):
                took[name].append(each)
    return tuple({name: median(each) for name, each in took.items()} for took in (walls, cpus))  # type: ignore[return-value]


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(measure()))
    else:
        main()
