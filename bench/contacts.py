"""What all contact rules say of a book, beside a floor that counts contacts of the same windows; and of one debtor.

The *floor* reads the same contacts and counts them per person in windows of 7 and 30 days, without zones, scopes,
registers, exceptions or ends: what any answer costs at least.
"""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter, process_time

import polars as pl

from dunwell.engine.asked import CONTACT_DEBTS, CONTACTS, DEBTS, ENTRIES, SUBJECTS, Asked
from dunwell.engine.contact_findings import say
from dunwell.engine.situation import answer
from dunwell.intake.situation_json import read_situation
from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.places import candidate_zones
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.situation_holidays import with_holidays

AT = datetime(2026, 11, 23, 14, tzinfo=UTC)
CONTACTS_EACH = 20
PLACES = ("US", "CN", "GB", "DE", "TW", "HK", "JP", "IN", "AU", "CA-ON")
_YEAR_SECONDS = 365 * 86_400


def book(count: int) -> Asked:
    """Debtors of ten places, half of them consumers, with twenty contacts each within a year. The same every time."""

    def drawn(below: int, seed: int) -> pl.Expr:
        return (pl.col("row").hash(seed) % below).cast(pl.Int64)

    def word(words: tuple[str, ...], seed: int) -> pl.Expr:
        numbers = range(len(words))
        return drawn(len(words), seed).replace_strict(list(numbers), list(words), return_dtype=pl.String)

    rows = pl.select(row=pl.int_range(count))
    zones = {place: " ".join(candidate_zones(place[:2], None)[:3]) for place in PLACES}
    subjects = rows.select(
        subject_id="row", account_id="row", person_id="row", at=pl.lit(AT),
        debtor=word(("consumer", "business"), 1), place=word(PLACES, 2),
        zones=word(tuple(zones[place] for place in PLACES), 2),
        debt=word(("trade", "online_credit", "credit_card", "consumer_loan"), 3), collector=word(("own", "agency"), 4),
        creditor=word(("bank", "supplier", "other"), 5), purpose=pl.lit("collection"), to=pl.lit("debtor"),
        at_place=pl.lit(None), mode=pl.lit("interactive"), persons=pl.lit(None),
    )  # fmt: skip
    many = pl.select(row=pl.int_range(count * CONTACTS_EACH))
    contacts = many.select(
        contact_id="row", account_id=drawn(count, 6), person_id=drawn(count, 6),
        at=pl.lit(AT) - pl.duration(seconds=drawn(_YEAR_SECONDS, 7)),
        channel=word(("phone", "phone", "phone", "sms", "email", "letter"), 8),
        direction=word(("out", "out", "out", "out", "in"), 9),
        outcome=word(("reached", "no_answer", "no_answer", "message_left", "wrong_person"), 10),
        purpose=pl.lit("collection"), to=pl.lit("debtor"), mode=pl.lit("interactive"), address_id=drawn(count, 6),
        collector=word(("own", "agency"), 4),
    )  # fmt: skip
    some = rows.filter(drawn(20, 11) == 0)
    entries = some.select(
        entry_id="row", account_id="row", person_id="row", kind=word(("opt_out", "consent", "attorney"), 12),
        from_date=pl.lit(date(2026, 6, 1)), channel=pl.lit("sms"),
    )  # fmt: skip
    absent = [pl.lit(None, kind).alias(name) for name, kind in ENTRIES.items() if name not in entries.columns]
    named = contacts.filter(pl.col("contact_id") % 2 == 0).select(
        "contact_id", debt_id="account_id", called=pl.lit(True), talked=pl.col("outcome") == "reached"
    )
    around = (date(2026, 11, 20), date(2027, 1, 5))
    return Asked(
        subjects=_shaped(subjects, SUBJECTS),
        contacts=_shaped(contacts, CONTACTS),
        contact_debts=_shaped(named, CONTACT_DEBTS),
        debts=_shaped(rows.select(account_id="row", debt_id="row"), DEBTS),
        entries=_shaped(entries.with_columns(absent), ENTRIES),
        days_off={place: frozenset(public_holidays(place, *around)) for place in PLACES},
        providers={},
    )


def _shaped(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]


def main() -> None:
    """Print one line per size, and one about a single debtor."""
    print(f"\nContact rules: {len(house_rules().rules)} rules, {CONTACTS_EACH} contacts a debtor in a year")
    _one()
    sizes = [int(size) for size in sys.argv[1:]] if __name__ == "__main__" and sys.argv[1:] else [100_000, 1_000_000]
    for count in sizes:
        _time(count)


def _time(count: int) -> None:
    asked = book(count)
    began = perf_counter()
    _floor(asked.contacts)
    floor = perf_counter() - began
    began, used = perf_counter(), process_time()
    said = say(asked, house_rules(), AT.date())
    wall, cpu = perf_counter() - began, process_time() - used
    peak = getrusage(RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    print(
        f"  {count:>10,} debtors: {wall:6.1f} s, {cpu / count * 1e6:6.1f} CPU-s a million, peak {peak:,.0f} MB;"
        f" floor {floor:.1f} s ({wall / floor:.0f} x); {said.findings.height:,} findings",
        flush=True,
    )


def _floor(contacts: pl.DataFrame) -> None:
    """Contacts of each person in two windows, and the last conversation."""
    contacts.filter(pl.col("direction") == "out").group_by("person_id").agg(
        *((pl.col("at") >= AT - timedelta(days=days)).sum().alias(f"in_{days}") for days in (7, 30)),
        talked_at=pl.col("at").filter(pl.col("outcome") == "reached").max(),
    )


def _one() -> None:
    """One debtor who was called seven times, asked about every channel, without the database."""
    calls = [(AT - timedelta(days=n, hours=1)).isoformat() for n in range(7)]
    told = {
        "at": AT.isoformat(), "collector": "agency",
        "debtor": {"kind": "consumer", "country": "US", "zones": ["America/New_York"]},
        "contacts": [{"at": at, "channel": "phone", "outcome": "no_answer"} for at in calls],
    }  # fmt: skip
    rules = house_rules()
    situation = with_holidays(read_situation(json.dumps(told)), rules)
    answer([situation], rules)
    taken = []
    for _ in range(50):
        began = perf_counter()
        answer([situation], rules)
        taken.append((perf_counter() - began) * 1000)
    print(f"  one debtor, every channel: median {median(taken):.0f} ms, fastest {min(taken):.0f} ms", flush=True)


if __name__ == "__main__":
    main()
