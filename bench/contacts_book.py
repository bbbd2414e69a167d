"""A seeded book of any size as the contact rules are asked about it: ten places, twenty contacts a debtor in a year."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from dunwell.engine.contact.asked import CONTACT_DEBTS, CONTACTS, DEBTS, ENTRIES, SUBJECTS, Asked
from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.places import candidate_zones

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
        collector=word(("own", "agency"), 13), at_place=pl.lit(None),
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
    return Asked(
        subjects=_shaped(subjects, SUBJECTS),
        contacts=_shaped(contacts, CONTACTS),
        contact_debts=_shaped(named, CONTACT_DEBTS),
        debts=_shaped(rows.select(account_id="row", debt_id="row"), DEBTS),
        entries=_shaped(entries.with_columns(absent), ENTRIES),
        days_off=_days_off(),
        providers={},
    )


def _shaped(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]


FRAMES = {
    "subjects": SUBJECTS, "contacts": CONTACTS, "contact_debts": CONTACT_DEBTS, "debts": DEBTS, "entries": ENTRIES,
}  # fmt: skip


def write(folder: Path, count: int) -> None:
    """Keep the frames of a book as Parquet files."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = book(count)
    for name in FRAMES:
        # words as text, as DuckDB reads them too
        getattr(asked, name).cast({pl.Enum: pl.String}).write_parquet(folder / f"{name}.parquet")


def read(folder: Path) -> Asked:
    """The book whose frames lie in a folder."""
    # what a file holds as text is read in pieces and kept by number
    frames = {
        name: pl.scan_parquet(folder / f"{name}.parquet").cast(dict(schema)).collect(engine="streaming")  # type: ignore[arg-type]
        for name, schema in FRAMES.items()
    }
    return Asked(**frames, days_off=_days_off(), providers={})


def _days_off() -> dict[str, frozenset[date]]:
    around = (date(2026, 11, 20), date(2027, 1, 5))
    return {place: frozenset(public_holidays(place, *around)) for place in PLACES}
