"""Carry facts from the store to the engine: neither knows the other."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import polars as pl
from django.conf import settings

from dunwell.engine.day.shards import ROWS_PER_SHARD
from dunwell.engine.facts import SCHEMA_VERSION, SCHEMAS, Facts, empty
from dunwell.engine.limitation.last_days import last_days, last_due
from dunwell.engine.limitation.stored_clocks import RECORDS
from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.limitation_rules import limitation_rules
from dunwell.store import extract
from dunwell.store.copies import Copies
from dunwell.store.models import Creditor

_BEFORE, _AHEAD = timedelta(days=3), timedelta(days=60)
"""Public holidays are known around the day that is decided: for hours of contact, and for the deadlines it sets."""


def facts_of(
    creditor: Creditor,
    *,
    known_at: datetime | None = None,
    debtors: Iterable[int] | None = None,
    around: date | None = None,
    clocks: bool = False,
    copies: Copies | None = None,
) -> Facts:
    """The facts of a creditor's book as known at a moment (None: now).

    debtors   these and all others whose facts matter to theirs; pick out the rows of whom you asked for
    around    the day to be decided, whose public holidays belong to the facts (None: nothing is decided)
    clocks    with the last days of limitation that lie near that day, which rank what waits for a person
    copies    of a large book, where most of it is read from (see `copies_of`)
    """
    chosen = None if debtors is None else list(debtors)
    frames = extract.frames(creditor, SCHEMAS, known_at=known_at, debtors=chosen, copies=copies)
    frames["clocks"] = empty("clocks")
    if around is not None:
        places = frames["debtors"].select(
            pl.concat_str("country", "region", separator="-").fill_null(pl.col("country")).alias("place")
        )
        named = {creditor.country, *places["place"].drop_nulls().unique()}
        # some rules are shut on the holidays of the whole country alone
        known = sorted(named | {place.partition("-")[0] for place in named})
        rows = [(place, day) for place in known for day in public_holidays(place, around - _BEFORE, around + _AHEAD)]
        frames["days_off"] = pl.DataFrame(rows, schema=SCHEMAS["days_off"], orient="row")
    found = Facts(frames)
    if around is None or not clocks:
        return found
    return Facts({**frames, "clocks": _clocks(creditor, found.on(around), known_at, chosen, around)})


def copies_of(creditor: Creditor) -> Copies | None:
    """The copies of a large book, from which its run reads what did not change; None for any other."""
    if extract.rows_that_grow(creditor) < ROWS_PER_SHARD:
        return None
    return Copies(settings.DUNWELL.copies / creditor.code, f"{SCHEMA_VERSION} {creditor.pk} {creditor.collector}")


def _clocks(
    creditor: Creditor, facts: Facts, known_at: datetime | None, debtors: list[int] | None, day: date
) -> pl.DataFrame:
    rules = limitation_rules()
    records = extract.records(creditor, RECORDS, known_at=known_at, debtors=debtors, due_by=last_due(rules, day))
    return last_days(facts, records, day, creditor.country, rules)
