"""What all contact rules say of a book, beside DuckDB counting the same windows; and of one debtor.

    python -m bench.contacts [DEBTORS ...]

Both read the same Parquet files, each in a process of its own. DuckDB (`bench.contacts_floor`) counts what the rules
in force count, per person, account, number and debt. It is told beforehand which rules speak of whom and when each
window began, and asks nothing else: no zones, scopes, registers, hours, ends. `everything` is all that the rules say;
`counting` the part that does what DuckDB does, with scopes and windows. The counts are compared.
"""

import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter, process_time
from typing import Any

import polars as pl

from bench import contacts_book, contacts_floor
from bench.contacts_book import AT, CONTACTS_EACH
from dunwell.engine.contact import counts as contact_counts
from dunwell.engine.contact import registers
from dunwell.engine.contact.asked import Asked
from dunwell.engine.contact.local_days import with_days
from dunwell.engine.contact.rule_findings import say
from dunwell.engine.contact.scopes import applied, with_profiles
from dunwell.engine.contact.situation import answer
from dunwell.engine.contact.spoken import gathered
from dunwell.intake.situation_json import read_situation
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.situation_holidays import with_holidays

ROUNDS = 100


def main() -> None:
    """Print one line per size, and one about a single debtor."""
    print(f"\nContact rules: {len(house_rules().rules)} rules, {CONTACTS_EACH} contacts a debtor in a year")
    one()
    sizes = [int(size) for size in sys.argv[1:]] if __name__ == "__main__" and sys.argv[1:] else [100_000, 1_000_000]
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="dunwell-bench-") as folder:
            _compare(Path(folder), count)


def _compare(folder: Path, count: int) -> None:
    told = {what: _child(what, folder, count) for what in ("write", "duckdb", "counting", "say")}
    floor, counting, whole = (told[what] for what in ("duckdb", "counting", "say"))
    print(
        f"  {count:>10,} debtors: counting {counting['cpu'] / floor['cpu']:.2f} x DuckDB's processor time,"
        f" everything {whole['cpu'] / floor['cpu']:.2f} x;"
        f" {counts(folder):,} counts agree, {whole['findings']:,} findings",
        flush=True,
    )
    for name, each in (("DuckDB", floor), ("counting", counting), ("everything", whole)):
        print(
            f"    {name:<12}{each['wall']:6.1f} s, {each['cpu'] / count * 1e6:6.2f} CPU-s a million,"
            f" peak {each['peak_mb']:,.0f} MB",
            flush=True,
        )


def _child(what: str, folder: Path, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.contacts", what, str(folder), str(count)]
    read: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return read


def _run(what: str, folder: Path, count: int) -> dict[str, Any]:
    """One of the measured processes; its work begins with the reading of the files."""
    if what == "write":
        contacts_book.write(folder, count)
        contacts_floor.prepare(folder)
        return {}
    house_rules()
    began, used = perf_counter(), process_time()
    if what == "duckdb":
        contacts_floor.count(folder)
        found = 0
    elif what == "counting":
        found = counting(contacts_book.read(folder)).height
    else:
        findings = say(contacts_book.read(folder), house_rules(), AT.date()).findings
        found = findings.height
    took = {"wall": perf_counter() - began, "cpu": process_time() - used, "findings": found}
    if what == "say":
        findings.write_parquet(folder / "said.parquet")
    peak = getrusage(RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {**took, "peak_mb": peak}


def counting(asked: Asked) -> pl.DataFrame:
    """What the rules that count say, and nothing else: `contact_counts.counted`."""
    subjects, profiles = with_profiles(asked.subjects.with_columns(begun=pl.lit(None, pl.String)))
    by_kind = applied(house_rules(), AT.date(), profiles, asked.providers)
    rules = [each for kind in contact_counts.KINDS for each in by_kind.get(kind, ())]
    subjects = with_days(subjects, contact_counts.spans_of(rules))
    consents = registers.spans(asked, registers.of_subjects(asked, subjects))
    return gathered(contact_counts.counted(asked, subjects, rules, consents))


def counts(folder: Path, rules: Rules | None = None) -> int:
    """How many counts of DuckDB's equal ours. RuntimeError with the first that differs."""
    keys = ["subject_id", "rule", "debt_id", "address_id", "count"]
    theirs = contacts_floor.counts(folder, rules).select(keys).unique()
    ours = pl.read_parquet(folder / "said.parquet").filter(pl.col("rule").is_in(theirs["rule"].unique().implode()))
    ours = ours.select(keys).cast(theirs.schema).unique()  # type: ignore[arg-type]
    for name, left, right in (("DuckDB's", theirs, ours), ("ours", ours, theirs)):
        alone = left.join(right, on=keys, how="anti", nulls_equal=True)
        if not alone.is_empty():
            raise RuntimeError(f"{alone.height} counts are {name} alone, as {alone.sort(keys).row(0, named=True)}")
    return theirs.height


PLACES: dict[str, dict[str, Any]] = {
    "in New York, of an agency": {"kind": "consumer", "country": "US", "zones": ["America/New_York"]},
    "of whom nothing is known, all packs": {},
}
"""Where nothing is known of the place, the rules of every pack hold, in all zones of the world."""


def one() -> None:
    """One debtor who was called seven times, asked about every channel, without the database."""
    for name, debtor in PLACES.items():
        _one(name, debtor)


def _one(name: str, debtor: dict[str, Any]) -> None:
    calls = [(AT - timedelta(days=n, hours=1)).isoformat() for n in range(7)]
    told = {
        "at": AT.isoformat(), "collector": "agency", "debtor": debtor,
        "contacts": [{"at": at, "channel": "phone", "outcome": "no_answer"} for at in calls],
    }  # fmt: skip
    rules = house_rules()
    situation = with_holidays(read_situation(json.dumps(told)), rules)
    answer([situation], rules)
    walls, cpus = [], []
    for _ in range(ROUNDS):
        began, used = perf_counter(), process_time()
        answer([situation], rules)
        walls.append((perf_counter() - began) * 1000)
        cpus.append((process_time() - used) * 1000)
    print(
        f"  one debtor {name}, every channel: median {median(walls):.1f} ms ({median(cpus):.1f} ms of processor),"
        f" fastest {min(walls):.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    if len(sys.argv) > 2 and not sys.argv[1].isdigit():
        print(json.dumps(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
